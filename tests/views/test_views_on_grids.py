"""Views of networks whose units see their neighbours: gradient, sensitivity, surface, volume."""

from typing import Any

import numpy as np
import pytest
from viewing import viewed

from cppn_gl import Preset, Renderer
from cppn_gl.engines.cpu.grid import GridEvaluator
from cppn_gl.engines.geometry import pixel_points
from cppn_gl.nn.features import Clock
from cppn_gl.nn.grid_derivatives import at_points
from cppn_gl.nn.network import Network
from cppn_gl.nn.perturbation import grid_changes, perturbed, weight_layers
from cppn_gl.preset.preset import Viewport
from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.show import VIEWS
from cppn_gl.utils.tasks import at_once
from cppn_gl.views import view_of
from cppn_gl.views.slopes import gradient, sensitivity
from cppn_gl.views.slopes.palette import heat
from cppn_gl.views.solid.cut_plot import cut_values
from cppn_gl.views.solid.heights import (
    hidden_units,
    last_weights,
    measured,
    pre_activation_network,
    subplots,
    values_at,
)
from cppn_gl.views.solid.space import fix_input, ranges, third_input

SIZE = (32, 20)
PRESET = Preset().replace(
    structure="vgg",
    depth=4,
    width=6,
    inputs=["x", "y", "t"],
    seed=3,
    **{"network.grid": 20},
)
KINDS: dict[str, dict[str, Any]] = {
    "pools": {},
    "branches": {"structure": "inception"},
    "normalised": {"structure": "conv", "normalize.which": "hidden"},
    "image": {
        "structure": "mlp",
        "inputs": ["x", "grey", "t"],
        "input.image": "chelsea",
        "network.grid": 256,
    },
}
VIEWS_OF = {
    "pools": ["gradient", "sensitivity", "surface", "volume", "receptive"],
    "branches": ["gradient"],
    "normalised": ["sensitivity"],
    "image": ["gradient", "sensitivity", "surface", "volume"],
}
POINTS = np.random.default_rng(1).uniform(-1, 1, (2, 12))


def of(kind: str, view: str, **more: Any) -> Preset:
    return PRESET.replace(view=view, **(KINDS[kind] | more))


def values(network: Network, time: float = 0.0) -> Any:
    return GridEvaluator(network, Viewport(), Clock(time)).values(*POINTS)


@pytest.mark.gl
@pytest.mark.parametrize(
    ("kind", "view"), [(kind, view) for kind, views in VIEWS_OF.items() for view in views]
)
def test_it_is_drawn_the_same_in_any_steps(renderer: Renderer, kind: str, view: str) -> None:
    preset = of(kind, view)
    assert view_of(preset).problem(preset) == ""
    size = SIZE if view != "volume" else (16, 16)
    whole = viewed(renderer, preset, size, 0.3, budget=10.0)
    assert np.isfinite(whole).all()
    assert whole.std() > 0.01
    assert view_of(preset).overlay(scene_of(preset, 0.3), (260, 160)) is not None
    if view != "volume":
        assert np.array_equal(viewed(renderer, preset, size, 0.3, budget=0.0), whole)


@pytest.mark.parametrize("view", ["regions", "warp"])
def test_views_of_points_say_that_they_need_dense_layers(view: str) -> None:
    preset = of("pools", view, activation="relu")
    assert view_of(preset).problem(preset).startswith("needs a network of dense layers")
    assert VIEWS[view].help


@pytest.mark.gl
@pytest.mark.parametrize("kind", ["pools", "normalised"])
def test_a_pixel_shows_the_gradient_magnitude(renderer: Renderer, kind: str) -> None:
    preset = of(kind, "gradient", channel="green")  # a tap is a pixel
    scene = scene_of(preset, 0.3)
    x, y = (a.ravel() for a in pixel_points(SIZE, (0, 0), 1.0))
    jets = at_once(at_points(scene.network, x, y, scene.clock))
    steep = np.hypot(*jets[1:, :, 1])
    low, high = gradient.limits(scene)
    at = np.clip(np.log(steep / low) / np.log(high / low), 0, 1) * 255
    colors = np.stack([np.interp(at, np.arange(256), heat()[:, k]) for k in range(3)], axis=-1)
    drawn = viewed(renderer, preset, SIZE, 0.3).reshape(-1, 3)
    assert np.quantile(np.abs(drawn - colors), 0.98) < 0.01
    hit = view_of(preset).hit(scene, SIZE, (0.5, 0.5))
    assert hit is not None
    assert hit.words.startswith("gradient magnitude")


def test_the_scale_holds_most_of_the_picture() -> None:
    scene = scene_of(of("pools", "gradient"))
    low, high = gradient.limits(scene)
    x, y = (a.ravel() for a in pixel_points((16, 16), (0, 0), 1.0))
    jets = at_once(at_points(scene.network, x, y, scene.clock))
    steep = np.sqrt(np.square(jets[1:]).sum(axis=(0, 2)))
    assert (steep < 1.05 * high).mean() > 0.9
    assert (steep > 0.9 * low).mean() > 0.9


@pytest.mark.parametrize("kind", ["branches", "normalised"])
def test_changes_are_the_difference_of_two_networks(kind: str) -> None:
    network = of(kind, "sensitivity").network()
    found = at_once(grid_changes(network, *POINTS, Clock(), 0.05, 7))
    layers = weight_layers(network)
    assert found.shape == (len(layers), 12, 3)
    before = values(network)
    for layer, change in zip(layers, found, strict=True):
        other = perturbed(network, layer, 0.05, 7)
        assert np.allclose(values(other) - before, change, atol=2e-5)
        assert np.abs(change).max() > 1e-4
    assert np.array_equal(values(perturbed(network, layers[0], 0.0, 7)), before)


def test_layers_without_weights_are_not_perturbed() -> None:
    preset = of("pools", "sensitivity")
    layers = [stage.weight_layer > 0 for stage in preset.network().stages]
    assert layers == [True, True, False, True, True]
    assert [sensitivity.shown_layer(scene_of(preset.replace(layer=k))) for k in range(6)] == [
        *(5, 1, 2, 2, 4, 5)
    ]
    view, seen = view_of(preset), []
    for _ in range(4):
        seen.append(preset.options(sensitivity.SensitivityOptions).layer)
        changes = view.page(preset, -1)
        assert changes is not None
        preset = preset.replace(**changes)
    assert seen == [0, 4, 2, 1]
    assert view.page(Preset().replace(view="sensitivity"), 1) is None


def test_a_bar_names_its_layer() -> None:
    scene, view, size = (
        scene_of(of("pools", "sensitivity")),
        sensitivity.SensitivityView(),
        (640, 360),
    )
    bars = sensitivity._bars(sensitivity._layout(size))
    assert bars is not None
    hit = view.hit(scene, size, (bars[0] + 0.6 * (bars[2] - bars[0]), bars[1] + 2))
    assert hit is not None
    assert hit.words.startswith("layer 4, conv 3×3: mean output change")
    assert hit.changes == {"show.layer": 4}


@pytest.mark.parametrize("kind", ["pools", "branches", "normalised"])
def test_a_weighted_sum_of_hidden_units_is_the_sum_before_the_activation(kind: str) -> None:
    network = of(kind, "surface", width=3).network()
    few = hidden_units(network)
    assert few is not None
    units, count = values(few[0]), few[1]
    assert count == units.shape[1] == 3
    weight, bias = last_weights(network)
    if weight.shape[1] == 3:
        sums = values(pre_activation_network(network))
        assert np.allclose(units @ weight.T + bias, sums, atol=1e-4)
    ends = measured(pre_activation_network(network), Viewport(), Clock(), "all")
    assert ends[0] < ends[1]


def test_a_cut_has_the_values_of_the_surface() -> None:
    scene = scene_of(of("pools", "surface", panels="cut"))
    places = np.linspace(-1, 1, 41)
    (plot, *_) = subplots(scene, (640, 360))
    found = cut_values(scene, plot, places)
    exact = values_at(scene.network, np.zeros(41), places, scene.clock).mean(axis=1)
    assert np.abs(found - exact).max() < 0.02


def test_a_slice_of_the_volume_is_the_picture_of_that_time() -> None:
    network = PRESET.network()
    assert np.array_equal(values(fix_input(network, "t", 0.4)), values(network, 0.4))
    scene = scene_of(PRESET.replace(view="volume", output_activation="identity"))
    found = at_once(ranges(scene, "all"))
    assert third_input(scene).name == "t"
    now = values(scene.network)
    assert found.span[0] < np.median(now) < found.span[1]


@pytest.mark.parametrize("view", [gradient.GradientView, sensitivity.SensitivityView])
def test_a_network_that_sees_far_is_measured_on_a_lattice(
    view: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = scene_of(of("branches", view.__module__.rpartition(".")[2]))
    measure = gradient.measure if view is gradient.GradientView else sensitivity.measure
    near = at_once(measure(scene))
    monkeypatch.setattr(gradient, "FAR", 0)
    gradient._measured.clear()
    sensitivity._measured.clear()
    far = at_once(measure(scene))
    ends = (near, far) if isinstance(near, tuple) else (near.limits, far.limits)
    assert np.allclose(np.log(ends[0]), np.log(ends[1]), atol=0.7)
