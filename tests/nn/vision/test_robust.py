"""Random moves of pictures and their transposes; blurs."""

import math

import numpy as np
import pytest

from cppn_gl.nn.vision.robust import Move, blurred, faded, move_of, moved, returned

MOVES = (
    Move(),
    Move(3, -2),
    Move(0.5, 0.25),
    Move(0, 0, 1.3),
    Move(0, 0, 1, 0.4),
    Move(-4, 7, 0.8, -1.2),
)


def picture(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(3, 14, 17)).astype(np.float32)


@pytest.mark.parametrize("move", MOVES)
def test_the_way_back_is_the_transpose(move: Move) -> None:
    x, y = picture(1), picture(2)
    there, back = (
        float(np.sum(a * b, dtype=np.float64))
        for a, b in ((moved(x, move), y), (x, returned(y, move)))
    )
    assert there == pytest.approx(back, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("move", MOVES)
def test_a_constant_stays(move: Move) -> None:
    assert np.allclose(moved(np.full((3, 9, 11), 0.3, np.float32), move), 0.3, atol=1e-6)


def test_shifts_go_down_and_right_and_round() -> None:
    x = picture()
    assert np.array_equal(moved(x, Move(2, 3)), np.roll(x, (2, 3), (1, 2)))
    near = Move(2, 3, 1 + 1e-12)  # by interpolation
    assert np.allclose(moved(x, near), moved(x, Move(2, 3)), atol=1e-5)


def test_a_quarter_turn_of_a_square() -> None:
    x = np.random.default_rng(4).normal(size=(3, 12, 12)).astype(np.float32)
    turned = moved(x, Move(0, 0, 1, math.pi / 2))
    assert np.allclose(turned, np.rot90(x, 1, (1, 2)), atol=1e-5) or np.allclose(
        turned, np.rot90(x, -1, (1, 2)), atol=1e-5
    )


def test_moves_are_draws_within_bounds() -> None:
    moves = [move_of(5, step, 4.0, 0.1, 20.0) for step in range(200)]
    assert moves[:9] == [move_of(5, step, 4.0, 0.1, 20.0) for step in range(9)]
    assert moves != [move_of(6, step, 4.0, 0.1, 20.0) for step in range(200)]
    assert {move.down for move in moves} == set(range(-4, 5))
    assert all(0.9 < move.scale < 1.1 and abs(move.angle) < math.radians(20) for move in moves)
    assert move_of(5, 3, 4.0, 0.0, 0.0).shifts


def test_a_blur_keeps_the_mean_and_spreads_a_point() -> None:
    point = np.zeros((1, 32, 32), np.float32)
    point[0, 16, 16] = 1
    soft = blurred(point, 2.0)[0]
    assert soft.sum() == pytest.approx(1, abs=1e-5)
    places = np.arange(32) - 16
    assert (soft.sum(0) * places**2).sum() == pytest.approx(4, rel=0.01)
    assert np.array_equal(blurred(point, 0.0), point)


def test_what_fades_is_halved() -> None:
    assert faded(0.8, 30, 0) == 0.8
    assert faded(0.8, 30, 10) == pytest.approx(0.1)
