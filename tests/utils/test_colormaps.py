"""Palettes: as even and as monotonic as they claim, judged by CIE's lightness and by OKLab."""

import colorsys

import numpy as np
import pytest

from cppn_gl.preset.color import MAPPINGS
from cppn_gl.utils import colormaps

ROWS = {name: m.palette for name, m in MAPPINGS.items() if m.palette is not None}
RISING = ["viridis", "magma", "inferno", "cividis"]


def lightness(palette: np.ndarray) -> np.ndarray:
    """CIE L*, from the luminance of linear light."""
    linear = [
        [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in p] for p in palette
    ]
    y = np.array(linear) @ [0.2126, 0.7152, 0.0722]
    return np.where(y > 216 / 24389, 116 * np.cbrt(y) - 16, y * 24389 / 27)


def steps(palette: np.ndarray) -> np.ndarray:
    """The distance from each entry to the next, in OKLab."""
    return np.linalg.norm(np.diff(colormaps.to_oklab(palette.astype(float)), axis=0), axis=1)


@pytest.mark.parametrize("name", ROWS)
def test_a_palette_is_a_table_of_display_values(name: str) -> None:
    palette = ROWS[name]
    assert palette is not None
    assert palette.shape == (colormaps.SIZE, 3)
    assert palette.dtype == np.float32
    assert 0 <= palette.min() <= palette.max() <= 1


@pytest.mark.parametrize("name", RISING)
def test_lightness_rises_all_the_way_and_evenly(name: str) -> None:
    light = lightness(ROWS[name])
    assert (np.diff(light) > 0).all()
    straight = np.linspace(light[0], light[-1], len(light))
    assert np.abs(light - straight).max() < 6


def test_diverging_is_lightest_and_grey_in_the_middle_and_falls_to_both_sides() -> None:
    light = lightness(colormaps.DIVERGING)
    half = len(light) // 2
    assert (np.diff(light[: half + 1]) > 0).all()
    assert (np.diff(light[half:]) < 0).all()
    assert np.ptp(colormaps.DIVERGING[half]) < 0.03
    assert colormaps.DIVERGING[0].argmax() == 2  # blue
    assert colormaps.DIVERGING[-1].argmax() == 0  # red
    assert abs(light[0] - light[-1]) < 6  # neither sign outweighs the other


def test_cyclic_closes_and_its_steps_are_even() -> None:
    assert np.array_equal(colormaps.CYCLIC[0], colormaps.CYCLIC[-1])
    around = steps(colormaps.CYCLIC)
    assert around.max() / around.min() < 1.01
    hues = {
        round(colorsys.rgb_to_hsv(*map(float, color))[0] * 12) % 12 for color in colormaps.CYCLIC
    }
    assert len(hues) == 12  # all round


def test_oklab_is_as_published() -> None:
    # https://bottosson.github.io/posts/oklab gives them to three places, as XYZ and OKLab.
    white = colormaps.to_oklab(np.ones((1, 3)))
    assert np.allclose(white, [[1, 0, 0]], atol=1e-4)
    red = colormaps.to_oklab(np.array([[1.0, 0, 0]]))
    assert np.allclose(red, [[0.628, 0.225, 0.126]], atol=1e-3)


def test_there_and_back() -> None:
    colors = np.random.default_rng(0).random((100, 3))
    assert np.allclose(colormaps.from_oklab(colormaps.to_oklab(colors)), colors, atol=1e-6)
    assert np.allclose(colormaps.encode(colormaps.decode(colors)), colors, atol=1e-6)
