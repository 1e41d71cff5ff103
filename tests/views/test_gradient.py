"""The gradient view: its colours are those of the derivatives, on a scale that is the view's."""

from typing import Any

import numpy as np
import pytest
from viewing import begun, viewed

from cppn_gl import Preset, Renderer
from cppn_gl.engines.geometry import pixel_points
from cppn_gl.nn.derivatives import at_points
from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.show import GradientOptions
from cppn_gl.utils.tasks import within
from cppn_gl.views.slopes import gradient
from cppn_gl.views.slopes.gbuffer import BAND_PIXELS
from cppn_gl.views.slopes.gradient import GradientView, limits, scale_limits
from cppn_gl.views.slopes.palette import heat

VIEW = GradientView()
SIZE = (37, 22)
PRESET = Preset().replace(view="gradient", depth=4, width=8, inputs=["x", "y", "r", "t"])


def expected(preset: Preset, size: tuple[int, int], time: float = 0.0) -> np.ndarray:
    """Colours worked out from the float64 reference, one channel or all."""
    scene = scene_of(preset, time)
    x, y = (a.ravel() for a in pixel_points(size, preset.view.center, preset.view.extent))
    jets = at_points(scene.network, x, y, scene.clock)
    names = ["red", "green", "blue"]
    channel = preset.options(GradientOptions).channel
    kept = slice(None) if channel == "all" or jets.shape[2] == 1 else [names.index(channel)]
    steep = np.linalg.norm(jets[1:][..., kept], axis=(0, 2))
    low, high = limits(scene)
    at = np.clip(np.log(steep / low) / np.log(high / low), 0, 1) * 255
    colors = np.stack([np.interp(at, np.arange(256), heat()[:, k]) for k in range(3)], axis=-1)
    return colors.reshape(size[1], size[0], 3)


@pytest.mark.gl
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"channel": "green"},
        {"outputs": 1},
        {"outputs": 1, "channel": "blue"},
        {"extent": 40.0},
        {"extent": 1e-4, "center": [0.4, 0.2]},
        {"width": 20},  # NumPy's, on a processor
        {"width": 20, "outputs": 1},
        {"depth": 1, "activation": "relu"},
    ],
    ids=str,
)
def test_a_pixel_shows_the_gradient_magnitude(renderer: Renderer, change: dict[str, Any]) -> None:
    preset = PRESET.replace(**change)
    drawn = viewed(renderer, preset, SIZE, 0.3)
    assert np.quantile(np.abs(drawn - expected(preset, SIZE, 0.3)), 0.99) < 0.01
    assert drawn.std() > 0.02


@pytest.mark.gl
@pytest.mark.parametrize("width", [8, 20])
def test_the_pixels_do_not_depend_on_the_steps(renderer: Renderer, width: int) -> None:
    preset = PRESET.replace(width=width)
    whole = viewed(renderer, preset, SIZE, budget=10.0)
    assert np.array_equal(viewed(renderer, preset, SIZE, budget=0.0), whole)


@pytest.mark.gl
def test_shader_and_numpy_draw_alike(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = []
    for on_cpu in (False, True):
        monkeypatch.setattr(gradient, "on_cpu", lambda *_, on_cpu=on_cpu: on_cpu)
        pictures.append(viewed(renderer, PRESET, SIZE))
    assert np.abs(pictures[0] - pictures[1]).max() < 2e-3


@pytest.mark.gl
@pytest.mark.parametrize("width", [8, 20])
def test_a_picture_of_several_bands_is_whole(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    preset, size = PRESET.replace(width=width), (61, 43)
    whole = viewed(renderer, preset, size)
    with begun(renderer, preset, size) as drawing:
        drawing._rows = 8  # type: ignore[attr-defined]
        while not drawing.step(within(0.01)):
            pass
        assert np.allclose(drawing.planes.read(), whole, rtol=0, atol=1e-5)
    assert BAND_PIXELS > 61 * 43


@pytest.mark.gl
def test_two_drawings_by_turns_are_both_right(renderer: Renderer) -> None:
    other = PRESET.replace(seed=5)
    first, second = viewed(renderer, PRESET, SIZE), viewed(renderer, other, SIZE)
    with begun(renderer, PRESET, SIZE) as a, begun(renderer, other, SIZE) as b:
        a.step(0.0)
        while not b.step(0.0):
            pass
        while not a.step(0.0):
            pass
        assert np.array_equal(a.planes.read(), first)
        assert np.array_equal(b.planes.read(), second)


@pytest.mark.gl
def test_nan_is_magenta(renderer: Renderer) -> None:
    for width in (9, 20):
        preset = PRESET.replace(depth=60, width=width, activation="relu", weight_scale=1000)
        assert (viewed(renderer, preset, SIZE) == [1, 0, 1]).all(axis=-1).any()


def test_the_scale_holds_most_of_the_views_gradients() -> None:
    low, high = limits(scene_of(PRESET))
    x, y = (a.ravel() for a in pixel_points((60, 60)))
    jets = at_points(PRESET.network(), x, y)
    steep = np.linalg.norm(jets[1:], axis=(0, 2))
    assert 0.9 < ((steep > low) & (steep < high)).mean() < 1
    assert limits(scene_of(PRESET)) == (low, high)


def test_a_scale_is_never_empty_nor_endless() -> None:
    assert scale_limits(np.zeros(9)) == (0.1, 1.0)
    assert scale_limits(np.full(9, np.nan)) == (0.1, 1.0)
    low, high = scale_limits(np.full(9, 2.0))
    assert low < 2 < high
    low, high = scale_limits(np.logspace(-20, 3, 99))
    assert high / low == pytest.approx(1e4)


@pytest.mark.parametrize("size", [(320, 180), (640, 360), (960, 600), (500, 500), (1920, 1080)])
def test_the_legend_shows_the_scale(size: tuple[int, int]) -> None:
    words = VIEW.overlay(scene_of(PRESET), size)
    assert words is not None
    assert words.shape == (size[1], size[0], 4)
    opaque = words[words[..., 3] == 255][:, :3].astype(float) / 255
    for color in heat()[[8, 128, 250]]:
        assert np.abs(opaque - color).max(axis=1).min() < 0.02
    share = (words[..., 3] > 0).mean()
    assert 0 < share < 0.25
    other = VIEW.overlay(scene_of(PRESET.replace(channel="red")), size)
    assert not np.array_equal(words, other)


def test_a_picture_too_small_has_no_legend() -> None:
    assert VIEW.overlay(scene_of(PRESET), (90, 50)) is None


def test_a_hit_says_the_gradient_magnitude() -> None:
    hit = VIEW.hit(scene_of(PRESET.replace(extent=2.0)), (100, 50), (75.0, 12.5))
    jets = at_points(PRESET.network(), [2.0], [1.0])
    assert hit is not None
    assert hit.words == f"gradient magnitude {np.linalg.norm(jets[1:]):.2g}"
