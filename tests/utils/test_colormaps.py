"""Palettes: as even and as monotonic as they claim, judged by CIE's lightness and by OKLab."""

import colorsys
import subprocess
import sys

import numpy as np
import pytest

from cppn_gl.preset.color import MAPPINGS, Color
from cppn_gl.utils import colormaps

ROWS = {name: table for name in MAPPINGS if (table := Color(name).table) is not None}
EVEN = ["viridis", "magma", "inferno", "cividis", "plasma", "mako", "rocket", "batlow"]
PARTING = ["cyclic", "twilight", "diverging", "berlin", "strata"]  # neither rising nor falling
RISING = [name for name in ROWS if name not in PARTING]
RANGE = 0.55  # of OKLab's lightness, which is from 0 to 1


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
def test_lightness_rises_all_the_way_from_dark_to_light(name: str) -> None:
    light = colormaps.to_oklab(ROWS[name].astype(float))[:, 0]
    assert (np.diff(light) > 0).all()
    assert light[-1] - light[0] > RANGE


@pytest.mark.parametrize("name", EVEN)
def test_lightness_rises_evenly(name: str) -> None:
    light = lightness(ROWS[name])
    straight = np.linspace(light[0], light[-1], len(light))
    assert np.abs(light - straight).max() < 8


def test_strata_are_dark_and_light_by_turns() -> None:
    light = colormaps.to_oklab(ROWS["strata"].astype(float))[:, 0]
    turns = light[np.linspace(0, colormaps.SIZE - 1, 5).astype(int)]
    assert (np.abs(np.diff(turns)) > 0.3).all()
    assert (np.diff(np.sign(np.diff(turns))) != 0).all()


@pytest.mark.parametrize("hue", [0, 90, 142, 250, 360])
def test_an_ink_has_its_hue_and_the_paper_hardly_any(hue: float) -> None:
    lab = colormaps.to_oklab(colormaps.ink(hue).astype(float))
    middle, paper = lab[colormaps.SIZE // 2], lab[-1]
    found = np.degrees(np.arctan2(middle[2], middle[1]))
    assert abs((found - hue + 180) % 360 - 180) < 8
    assert np.hypot(*middle[1:]) > 0.07
    assert np.hypot(*paper[1:]) < 0.03
    assert (np.diff(lab[:, 0]) > 0).all()


def test_old_names_are_the_maps_that_everyone_knows() -> None:
    """The ends and the middle as matplotlib's documentation lists them."""
    for name, colors in {
        "viridis": "#440154 #21918c #fde725",
        "magma": "#000004 #b73779 #fcfdbf",
        "inferno": "#000004 #bc3754 #fcffa4",
        "plasma": "#0d0887 #cc4778 #f0f921",
    }.items():
        found = ROWS[name][[0, colormaps.SIZE // 2, -1]] * 255
        assert np.abs(found - 255 * colormaps.display(colors.split())).max() < 1.5, name


def test_maps_of_the_library_are_read_by_name() -> None:
    assert colormaps.in_library("batlowK")
    assert colormaps.in_library("crameri:vik_r")
    assert not colormaps.in_library("no such map")
    forward, backward = colormaps.named("vik"), colormaps.named("vik_r")
    assert np.array_equal(forward, backward[::-1])
    assert colormaps.category("vik_r") == "diverging"
    flat = colormaps.named("tab10")  # ten colours, not blended
    assert len(np.unique(flat, axis=0)) == 10


def test_a_gradient_passes_through_its_colours() -> None:
    colors = ("#102040", "#c04010", "#00ff80", "#f0e0c0", "#ffffff")
    places = np.arange(5) * (colormaps.SIZE - 1) // 4
    found = colormaps.gradient(colors)[places]
    assert np.abs(found - colormaps.display(colors)).max() < 1e-5


@pytest.mark.parametrize("text", ["102040", "#10204", "#10204g", "red", "", "#1020400"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r'is not a colour like "#f0a030"'):
        colormaps.hex_rgb(text)


def test_the_library_is_not_loaded_before_its_maps_are_used() -> None:
    script = """
import sys
import cppn_gl.cli.commands
from cppn_gl.preset.library import load_preset, shipped
for name in shipped():
    load_preset(name)
print("cmap" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


def test_diverging_is_lightest_and_grey_in_the_middle_and_falls_to_both_sides() -> None:
    palette = colormaps.diverging()
    light = lightness(palette)
    half = len(light) // 2
    assert (np.diff(light[: half + 1]) > 0).all()
    assert (np.diff(light[half:]) < 0).all()
    assert np.ptp(palette[half]) < 0.03
    assert palette[0].argmax() == 2  # blue
    assert palette[-1].argmax() == 0  # red
    assert abs(light[0] - light[-1]) < 6  # neither sign outweighs the other


def test_cyclic_closes_and_its_steps_are_even() -> None:
    palette = colormaps.cyclic()
    assert np.array_equal(palette[0], palette[-1])
    around = steps(palette)
    assert around.max() / around.min() < 1.01
    hues = {round(colorsys.rgb_to_hsv(*map(float, color))[0] * 12) % 12 for color in palette}
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
