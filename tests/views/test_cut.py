"""The numbers of curves: what runs along the axis, and the float64 reference's values there."""

from typing import Any

import numpy as np
import pytest

from cppn_gl.engines.cpu.grid import GridEvaluator
from cppn_gl.nn.activations import activate
from cppn_gl.nn.features import Clock
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.sources import Layers
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.views.plots.cut import along, shown_network, span


def scene(**keys: object) -> Scene:
    base = Preset().replace(depth=4, width=7, seed=5, inputs=("x",), extent=3.0)
    return scene_of(base.replace(**keys), time=2.0)


def test_the_outputs_are_the_references() -> None:
    one = scene(center=(0.5, 0.0))
    found = along(one, 101)
    assert found.at[0] == -2.5
    assert found.at[-1] == 3.5
    assert found.axis == "x"
    assert found.outputs == pytest.approx(one.network.evaluate(found.at[:, None]), abs=1e-14)
    name = one.network.layers[-1].activation
    assert activate(name, found.pre_activations) == pytest.approx(found.outputs, abs=0)


def test_units_and_pre_activations_are_the_networks() -> None:
    one = scene()
    found = along(one, 50)
    y = found.at[:, None]
    for layer in one.network.layers[:-1]:
        before = y @ layer.weight.T.astype(np.float64) + layer.bias
        y = activate(layer.activation, before)
    assert found.units == pytest.approx(y, abs=1e-14)
    assert found.unit_pre_activations == pytest.approx(before, abs=1e-14)
    last = one.network.layers[-1]
    assert found.pre_activations == pytest.approx(
        y @ last.weight.T.astype(np.float64) + last.bias, abs=1e-13
    )


def test_a_layer_asked_for_shows_the_network_up_to_it() -> None:
    one = scene(layer=2)
    found = along(one, 20)
    assert shown_network(one).depth == 2
    truth = one.preset.layer_picture(2).network().evaluate(found.at[:, None])
    assert found.outputs == pytest.approx(truth, abs=1e-14)
    assert along(scene(layer=1), 20).units is None
    assert shown_network(scene(layer=60)).depth == 4


@pytest.mark.parametrize("layer", [1, 2, 3])
@pytest.mark.parametrize(
    "keys",
    [
        {"init": "glorot_normal"},
        {"init": "glorot_uniform", "which": "hidden"},
        {"which": "all", "gain": 2.0},
        {"animate.weight_scale": [0.5, 3.0]},
    ],
    ids=str,
)
def test_the_layers_curves_are_those_of_its_own_picture(keys: dict[str, Any], layer: int) -> None:
    one = scene(layer=layer, **keys)
    found = along(one, 20)
    network = one.preset.layer_picture(layer).network()
    assert found.outputs == pytest.approx(network.evaluate(found.at[:, None]), abs=1e-14)
    assert shown_network(one).layers[-1].weight.tolist() == network.layers[-1].weight.tolist()


@pytest.mark.parametrize("which", ["none", "hidden", "all"])
def test_a_layer_of_a_network_given_by_its_layers(which: str) -> None:
    hidden = [Layer(np.full((4, k), 0.3) - np.eye(4, k), np.arange(4) / 4, "tanh") for k in (1, 4)]
    last = Layer(np.array([[1.0, -2.0, 0.5, 3.0]]), np.array([0.25]), "sigmoid")
    preset = Preset(Layers((*hidden, last), ("x",))).replace(layer=2, which=which)
    found = along(scene_of(preset), 20)
    network = preset.layer_picture(2).network()
    assert found.outputs == pytest.approx(network.evaluate(found.at[:, None]), abs=1e-14)
    if which == "none":
        units = np.tanh(found.at[:, None] @ hidden[0].weight.T.astype(float) + hidden[0].bias)
        sums = units @ hidden[1].weight[:1].T.astype(float) + hidden[1].bias[:1]
        assert found.outputs == pytest.approx(1 / (1 + np.exp(-sums)), abs=1e-14)


def test_a_network_of_two_inputs_is_cut_through_the_middle_of_the_view() -> None:
    one = scene(inputs=("x", "y", "r", "t"), center=(1.0, -2.0))
    found = along(one, 9)
    y = np.full(9, -2.0)
    fed = np.stack([found.at, y, np.hypot(found.at, y), np.full(9, 2.0)], axis=1)
    assert found.outputs == pytest.approx(one.network.evaluate(fed), abs=1e-14)


@pytest.mark.parametrize(
    ("inputs", "axis"),
    [
        (("x", "y"), "x"),
        (("y",), "y"),
        (("t", "r"), "r"),
        (("cos_t", "sin_t"), "time"),
        (("one",), "x"),
        (("z0",), "x"),
        (("cos_2y", "sin_x"), "x"),
        (("cos_2y", "r"), "y"),
    ],
)
def test_the_input_that_varies_is_one_of_the_network(inputs: tuple[str, ...], axis: str) -> None:
    one = scene(inputs=inputs)
    assert span(one)[0] == axis
    found = along(one, 12)
    assert np.isfinite(found.outputs).all()
    varies = bool(np.ptp(found.outputs) > 1e-3)
    assert varies or inputs[0] in ("one", "z0")


def test_along_the_time_the_features_are_those_of_each_moment() -> None:
    one = scene(inputs=("cos_t", "sin_t"), loop=8.0)
    found = along(one, 5)  # 0, 2, 4, 6, 8 seconds
    turns = np.array([[1, 0], [0, 1], [-1, 0], [0, -1], [1, 0]])
    assert found.outputs == pytest.approx(one.network.evaluate(turns), abs=1e-12)
    assert one.clock == Clock(2.0, 1.0, 8.0)


def test_r_is_never_negative() -> None:
    assert span(scene(inputs=("r",), extent=2.0)) == ("r", 0.0, 2.0)
    assert span(scene(inputs=("r",), extent=2.0, center=(-5.0, 0.0))) == ("r", 0.0, 2.0)
    found = along(scene(inputs=("r",), extent=2.0), 7)
    assert found.outputs == pytest.approx(scene(inputs=("r",)).network.evaluate(found.at[:, None]))


@pytest.mark.parametrize("axis", ["x", "y"])
def test_a_structure_along_a_line_has_the_values_of_its_points(axis: str) -> None:
    one = scene(
        inputs=(axis,), structure="vgg", extent=1.0, center=(0.2, -0.1), **{"network.grid": 24}
    )
    found = along(one, 48)  # half the distance of the taps: nothing is interpolated
    assert found.axis == axis
    assert found.hidden == len(one.network.stages) - 1
    x, y = (np.full_like(found.at, c) for c in one.view.center)
    x, y = (found.at, y) if axis == "x" else (x, found.at)
    true = GridEvaluator(one.network, one.view, one.clock).values(x, y)
    assert found.outputs == pytest.approx(true, abs=2e-5)
    assert found.units is not None
    assert found.units.shape == (len(found.at), 7)


def test_a_structure_s_layer_along_a_line() -> None:
    one = scene(
        inputs=("x", "y"),
        structure="vgg",
        extent=1.0,
        layer=2,
        view="curves",
        **{"network.grid": 24},
    )
    found = along(one, 30)
    assert found.hidden == 1
    assert found.outputs.shape == (len(found.at), 3)
    whole = along(scene(inputs=("x", "y"), structure="vgg", extent=1.0, **{"network.grid": 24}), 30)
    assert whole.at == pytest.approx(found.at)


def test_a_structure_without_places_runs_in_time() -> None:
    one = scene(inputs=("cos_t", "sin_t"), structure="conv", **{"network.grid": 24})
    found = along(one, 500)
    assert found.axis == "time"
    assert found.outputs.std() > 0.01
