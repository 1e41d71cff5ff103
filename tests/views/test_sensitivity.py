"""The sensitivity view: the distance between two pictures, and bars that say it layer by layer."""

from typing import Any

import numpy as np
import pytest
from viewing import viewed

from cppn_gl import Network, Preset, Renderer
from cppn_gl.engines.base import Region
from cppn_gl.engines.geometry import pixel_points
from cppn_gl.engines.gl import programs
from cppn_gl.engines.gl.baked import bake
from cppn_gl.nn.features import features
from cppn_gl.nn.perturbation import perturbed
from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.show import SensitivityOptions
from cppn_gl.utils.cache import LRUCache
from cppn_gl.views import text
from cppn_gl.views.slopes import sensitivity
from cppn_gl.views.slopes.gradient import grid
from cppn_gl.views.slopes.legend import Legend
from cppn_gl.views.slopes.palette import heat
from cppn_gl.views.slopes.sensitivity import (
    SensitivityView,
    measure,
    measured,
    shown_layer,
)

VIEW = SensitivityView()
SIZE = (37, 22)
PRESET = Preset().replace(
    view="sensitivity", depth=6, width=9, inputs=["x", "y", "t"], layer=2, noise=0.05
)


def distance(preset: Preset, inputs: np.ndarray, layer: int) -> np.ndarray:
    """How far the outputs move by the float64 reference, one channel or all."""
    network, names = preset.network(), ["all", "red", "green", "blue"]
    other = perturbed(network, layer, preset.options(SensitivityOptions).noise, preset.spec.seed)
    moved = other.evaluate(inputs) - network.evaluate(inputs)
    channel = names.index(preset.options(SensitivityOptions).channel)
    kept = moved if channel == 0 or moved.shape[1] == 1 else moved[:, [channel - 1]]
    return np.linalg.norm(kept, axis=1)


def inputs_at(preset: Preset, x: np.ndarray, y: np.ndarray, time: float) -> np.ndarray:
    network = preset.network()
    return features(network.inputs, x, y, preset.animation.clock(time), network.latent)


@pytest.mark.gl
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"layer": 0},
        {"layer": 1},
        {"channel": "blue"},
        {"outputs": 1},
        {"width": 30},
        {"depth": 1},
    ],
    ids=str,
)
def test_a_pixel_says_how_far_it_moves(renderer: Renderer, change: dict[str, Any]) -> None:
    preset = PRESET.replace(**change)
    drawn = viewed(renderer, preset, SIZE, 0.3)
    x, y = (a.ravel() for a in pixel_points(SIZE))
    layer = min(preset.options(SensitivityOptions).layer or preset.spec.depth, preset.spec.depth)
    assert shown_layer(scene_of(preset)) == layer
    moved = distance(preset, inputs_at(preset, x, y, 0.3), layer)
    low, high = measured(scene_of(preset, 0.3)).limits
    at = np.clip(np.log(moved / low) / np.log(high / low), 0, 1) * 255
    colors = np.stack([np.interp(at, np.arange(256), heat()[:, k]) for k in range(3)], axis=-1)
    assert np.quantile(np.abs(drawn.reshape(-1, 3) - colors), 0.98) < 0.03
    assert drawn.std() > 0.02


@pytest.mark.gl
def test_no_program_is_compiled_for_another_change(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    baked: list[Network] = []

    def counted(network: Network) -> str:
        baked.append(network)
        return bake(network)

    monkeypatch.setattr(programs, "bake", counted)
    with Renderer("baked") as one:
        drawn = [
            one.render(PRESET.replace(noise=noise), SIZE, 0.3, dtype="float32")
            for noise in (0.05, 0.06, 0.07)
        ]
    assert baked == []
    assert drawn[0] != pytest.approx(drawn[2], abs=1e-3)
    truth = renderer.render(PRESET, SIZE, 0.3, dtype="float32")
    assert np.quantile(np.abs(drawn[0] - truth), 0.98) < 0.03


def test_bars_are_the_mean_of_what_evaluate_says() -> None:
    for channel in ("all", "green"):
        preset = PRESET.replace(channel=channel)
        scene = scene_of(preset, 0.3)
        x, y = grid(scene, 1.0, side=20)
        means = measured(scene).means
        assert len(means) == 6
        for layer, mean in enumerate(means, 1):
            moved = distance(preset, inputs_at(preset, x, y, 0.3), layer)
            assert mean == pytest.approx(moved.mean(), rel=1e-9)


@pytest.mark.parametrize("keys", [{}, {"channel": "blue"}, {"outputs": 1}, {"depth": 12}], ids=str)
def test_colours_are_clipped_at_a_quantile_of_the_reference(keys: dict[str, Any]) -> None:
    """Of no layer more than 0.5 % of the changes are beyond the scale, and of one as many."""
    preset = PRESET.replace(**keys)
    scene = scene_of(preset, 0.3)
    x, y = grid(scene, 1.0, side=20)
    fed, layers = inputs_at(preset, x, y, 0.3), range(1, preset.spec.depth + 1)
    tops = [np.quantile(distance(preset, fed, layer), 0.995) for layer in layers]
    low, high = measured(scene).limits
    assert high == pytest.approx(max(tops), rel=0.005)  # rounded
    assert high == float(f"{high:.3g}")
    assert 1e-4 <= low / high <= 0.33


def test_the_scale_does_not_depend_on_how_it_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    deep = PRESET.replace(depth=18, width=30, weight_scale=0.62)
    found = []
    for at_once in (400, 100, 33):
        monkeypatch.setattr(sensitivity, "AT_ONCE", at_once)
        monkeypatch.setattr(sensitivity, "_measured", LRUCache(4))
        steps = measure(scene_of(deep))
        assert len(list(steps)) == -(-400 // at_once)
        found.append(measured(scene_of(deep)).limits)
    assert len(set(found)) == 1


@pytest.mark.gl
def test_a_coarse_picture_has_the_colours_of_the_fine_one(renderer: Renderer) -> None:
    fine = viewed(renderer, PRESET, (96, 60), 0.3).reshape(15, 4, 24, 4, 3).mean(axis=(1, 3))
    region = Region.of((24, 15), shape=(96, 60))
    coarse = viewed(renderer, PRESET, (24, 15), 0.3, region=region)
    assert np.abs(fine - coarse).mean() < 0.03


@pytest.mark.parametrize("size", [(300, 200), (640, 360), (960, 600)])
def test_the_legend_says_where_colours_are_clipped(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(text, "write", lambda draw, place, words, *rest: said.append(words))
    VIEW.overlay(scene_of(PRESET), size)
    clipped = text.significant(measured(scene_of(PRESET)).limits[1], 2)
    assert any(f"brightest: {clipped} or more" in words and "…" not in words for words in said)


def test_the_scale_is_one_for_all_layers() -> None:
    assert len({measured(scene_of(PRESET.replace(layer=k))).limits for k in range(7)}) == 1


@pytest.mark.parametrize("size", [(640, 360), (960, 600), (500, 500), (1920, 1080)])
def test_a_click_on_a_bar_picks_its_layer(size: tuple[int, int]) -> None:
    preset = PRESET.replace(depth=27, layer=20)
    scene = scene_of(preset)
    words = VIEW.overlay(scene, size)
    assert words is not None
    assert words.shape == (size[1], size[0], 4)
    y, x = np.nonzero((words == (255, 196, 84, 255)).all(axis=-1))
    hit = VIEW.hit(scene, size, (float(np.median(x)), float(y.max())))
    assert hit is not None
    assert hit.changes == {"show.layer": 20}
    picked = set()
    for column in range(size[0]):
        hit = VIEW.hit(scene, size, (float(column), float(y.max())))
        picked |= {hit.changes["show.layer"]} if hit else set()
    assert picked == set(range(1, 28))
    assert VIEW.hit(scene, size, (3.0, 3.0)) is None


def test_a_small_picture_has_a_smaller_panel_or_none() -> None:
    small = VIEW.overlay(scene_of(PRESET), (320, 180))
    assert small is not None
    assert (small[..., 3] > 0).mean() < 0.3
    assert VIEW.overlay(scene_of(PRESET), (90, 50)) is None
    assert VIEW.hit(scene_of(PRESET), (90, 50), (45.0, 25.0)) is None


@pytest.mark.gl
def test_overflow_is_magenta_and_stops_nothing(renderer: Renderer) -> None:
    preset = PRESET.replace(depth=60, activation="relu", weight_scale=1000)
    assert (viewed(renderer, preset, SIZE) == [1, 0, 1]).all(axis=-1).any()
    assert VIEW.overlay(scene_of(preset), (640, 360)) is not None


@pytest.mark.parametrize("size", [(200, 140), (300, 200), (480, 300), (640, 400)])
def test_no_number_of_the_legend_is_shortened(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr(Legend, "words", lambda self, x, y, line, **how: written.append(line))
    VIEW.overlay(scene_of(Preset().replace(depth=1, view="sensitivity")), size)
    assert any("mean" in line for line in written)
    assert not any(line.endswith("…") for line in written)
