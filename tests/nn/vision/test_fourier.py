"""The Fourier basis: its gradient, its start, its colours."""

import numpy as np
import pytest

from cppn_gl.nn.vision.fourier import BACK, COLORS, Fourier, mixed
from cppn_gl.nn.vision.parametrisation import State, first_picture, frequencies
from cppn_gl.nn.vision.recipe import Recipe

SIZES = (12, 16), (13, 9)


@pytest.mark.parametrize("size", SIZES)
def test_the_gradient_of_the_waves_is_that_of_the_picture(size: tuple[int, int]) -> None:
    of, rng = Fourier(Recipe(), size), np.random.default_rng(1)
    state = State(
        0, tuple(a + 0.05 * rng.normal(size=a.shape).astype("f4") for a in of.reset().arrays)
    )
    want = rng.normal(size=(3, *size)).astype(np.float32)
    along = rng.normal(size=state.arrays[0].shape).astype(np.float32)
    found = of.pulled(state, want)

    def said(factor: float) -> float:
        waves = state.arrays[0] + np.float32(factor) * along
        picture = of.picture(State(0, (waves, *state.arrays[1:])))
        return float(np.sum(picture * want, dtype=np.float64))

    slope = (said(1e-3) - said(-1e-3)) / 2e-3
    assert slope == pytest.approx(
        float(np.sum(found * along, dtype=np.float64)), rel=0.01, abs=0.01
    )


@pytest.mark.parametrize("size", SIZES)
def test_it_begins_from_a_picture_as_it_is(size: tuple[int, int]) -> None:
    first = np.random.default_rng(2).uniform(0.05, 0.95, (3, *size)).astype(np.float32)
    of = Fourier(Recipe(), size, first)
    assert np.allclose(of.picture(of.reset()), first, atol=1e-4)


def test_noise_is_grey_and_a_step_is_of_the_rate() -> None:
    of = Fourier(Recipe(rate=0.2, decay=0.0), (32, 32))
    state = of.reset()
    assert np.abs(of.picture(state) - 0.5).mean() < 0.05
    gradient = np.random.default_rng(3).normal(size=(3, 32, 32)).astype(np.float32)
    after = of.ascended(state, gradient, 1.5)
    moved = np.abs(after.arrays[0] - state.arrays[0])
    assert moved.max() == pytest.approx(0.2, rel=1e-3)
    assert (after.step, after.value) == (1, 1.5)


def test_most_of_a_colour_is_brightness() -> None:
    assert np.allclose(COLORS @ BACK, np.eye(3), atol=1e-12)
    bright, _, _ = (np.linalg.norm(COLORS[:, k]) for k in range(3))
    assert bright == pytest.approx(1)
    planes = np.random.default_rng(4).normal(size=(3, 5, 6)).astype(np.float32)
    assert np.allclose(mixed(planes, COLORS), np.einsum("dc,cij->dij", COLORS, planes), atol=1e-5)


def test_scales_are_alike_where_a_picture_begins_with_them() -> None:
    def strength(start: str) -> np.ndarray:
        picture = first_picture(Recipe(start=start), (64, 64))
        spectrum = np.abs(np.fft.rfft2(picture - picture.mean((1, 2), keepdims=True)))
        f = frequencies((64, 64))
        octaves = [(f >= a) & (f < 2 * a) for a in (1 / 32, 1 / 16, 1 / 8)]
        return np.array([np.sqrt((spectrum[:, o] ** 2).sum()) for o in octaves])

    white, scales = strength("noise"), strength("scales")
    assert white[2] / white[0] == pytest.approx(4, rel=0.3)
    assert scales[2] / scales[0] == pytest.approx(1, rel=0.3)
