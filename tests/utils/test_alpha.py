"""Alpha: means of samples have no dark fringe, and grounds show through."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppn_gl.utils.alpha import (
    CHECKS,
    FLOOR,
    checkerboard,
    on_checks,
    over,
    straight,
    visible,
    weighted,
    with_alpha,
)

SEEDS = st.integers(0, 2**32 - 1)


def samples(seed: int, count: int = 9) -> np.ndarray:
    """Samples of some pixels, with transparent and opaque ones among them."""
    numbers = np.random.default_rng(seed).random((count, 5, 4)).astype(np.float32)
    numbers[..., 3] = np.clip(numbers[..., 3] * 2 - 0.5, 0, 1)
    return numbers


@given(SEEDS)
def test_a_mean_shows_what_its_samples_show(seed: int) -> None:
    """Over any ground, within FLOOR."""
    some = samples(seed)
    mean = straight(weighted(some).mean(axis=0))
    ground = np.random.default_rng(seed).random(3)
    apart = over(mean, ground) - over(some, ground).mean(axis=0)
    assert np.abs(apart).max() <= FLOOR + 1e-6
    assert np.allclose(mean[..., 3], some[..., 3].mean(axis=0), atol=1e-6)


def test_an_edge_keeps_the_colour_of_what_is_opaque() -> None:
    edge = np.array([[1, 0.5, 0.25, 1], [0, 0, 0, 0]], np.float32)[:, None]
    assert np.allclose(straight(weighted(edge).mean(axis=0)), [1, 0.5, 0.25, 0.5], atol=4e-5)


def test_where_all_is_transparent_colours_are_averaged() -> None:
    none = np.array([[1, 0.5, 0, 0], [0, 0.5, 0.5, 0]], np.float32)[:, None]
    assert np.allclose(straight(weighted(none).mean(axis=0)), [0.5, 0.5, 0.25, 0], atol=1e-6)


def test_three_channels_are_left_alone() -> None:
    picture = samples(1)[..., :3]
    assert over(picture) is picture
    assert on_checks(picture) is picture
    assert visible(picture) is picture
    assert straight(picture) is picture
    assert with_alpha(picture, picture) is picture


@pytest.mark.parametrize(("dtype", "most"), [("uint8", 255), ("uint16", 65535), ("float32", 1)])
def test_pictures_of_every_type_lie_on_a_ground(dtype: str, most: int) -> None:
    exact = samples(2)
    picture = (exact * most + (most > 1) / 2).astype(dtype)
    for ground in ((0.0, 0.0, 0.0), (1.0, 0.5, 0.25)):
        shown = over(picture, ground)
        assert (shown.dtype, shown.shape) == (dtype, (9, 5, 3))
        wanted = exact[..., :3] * exact[..., 3:] + (1 - exact[..., 3:]) * ground
        assert np.abs(shown / most - wanted).max() <= (1.5 / most if most > 1 else 1e-6)
    opaque = picture.copy()
    opaque[..., 3] = most
    assert np.array_equal(over(opaque, (0.3, 0.4, 0.5)), opaque[..., :3])


def test_the_checkerboard_alternates() -> None:
    board = checkerboard((900, 450))[..., 0]
    side = 10
    assert board[0, 0] == np.float32(CHECKS[0])
    assert board[0, side] == board[side, 0] == np.float32(CHECKS[1])
    assert board[side, side] == board[side - 1, side - 1] == board[0, 2 * side] == board[0, 0]
    clear = np.zeros((450, 900, 4), np.float32)
    assert np.allclose(on_checks(clear), checkerboard((900, 450)))


def test_what_is_seen_of_a_transparent_colour_is_nothing() -> None:
    values = np.array([[0.9, 0.1, 0.4, 0.0], [0.9, 0.1, 0.4, 0.5]], np.float32)
    assert np.allclose(visible(values), [[0, 0, 0, 0], [0.45, 0.05, 0.2, 0.5]])
