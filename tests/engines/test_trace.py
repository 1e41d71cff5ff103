"""All layers from one forward pass, compared with the reference layer by layer."""

import numpy as np
import pytest

from cppn_gl import Network, Preset
from cppn_gl.engines.cpu.products import Blocks, Products
from cppn_gl.engines.cpu.trace import (
    SATURATION_SLOPE,
    inputs,
    max_slope,
    saturated,
    saturation_words,
    statistics,
    trace,
)
from cppn_gl.engines.geometry import pixel_points
from cppn_gl.nn.activations import ACTIVATIONS, activate, derivative
from cppn_gl.nn.features import features
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.utils.tasks import at_once

SIZE = (23, 14)
PRESET = Preset().replace(depth=5, width=9, inputs=["x", "y", "r", "t"], extent=1.7)


def reference(scene: Scene, size: tuple[int, int]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pre-activations and units of each layer, by a plain loop in float64."""
    x, y = pixel_points(size, scene.view.center, scene.view.extent)
    network = scene.network
    one = features(network.inputs, x.ravel(), y.ravel(), scene.clock, network.latent)
    found = []
    for layer in network.layers:
        sums = one @ layer.weight.astype(np.float64).T + layer.bias
        one = activate(layer.activation, sums)
        found.append((sums, one))
    return found


def check(scene: Scene, size: tuple[int, int] = SIZE) -> None:
    for layer, (sums, units) in zip(
        at_once(trace(scene, size)), reference(scene, size), strict=True
    ):
        assert layer.pre_activations.dtype == layer.units.dtype == np.float32
        assert np.allclose(layer.pre_activations, sums, rtol=1e-4, atol=1e-4)
        assert np.allclose(layer.units, units, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_layers_are_those_of_the_reference(activation: str) -> None:
    check(scene_of(PRESET.replace(activation=activation, weight_scale=0.5), 0.3))


@pytest.mark.parametrize("keys", [{"depth": 1}, {"width": 1}, {"outputs": 1}, {"width": 90}])
def test_networks_of_any_shape(keys: dict[str, int]) -> None:
    check(scene_of(PRESET.replace(weight_scale=0.4, **keys)))


def test_more_blocks_than_at_once() -> None:
    scene = scene_of(PRESET.replace(depth=3))
    size = (130, 100)
    one = Products(scene.network, scene.view, scene.clock)
    assert one.at_once < len(Blocks.covering(size))
    check(scene, size)


def test_a_deep_zoom_stays_sharp() -> None:
    scene = scene_of(PRESET.replace(depth=2, extent=1e-5, center=[0.7, -1.3]))
    sums, true = at_once(trace(scene, SIZE))[0].pre_activations, reference(scene, SIZE)[0][0]
    assert np.unique(sums, axis=0).shape[0] > SIZE[0] * SIZE[1] / 2
    assert np.abs(sums - true).max() < 1e-6


def test_it_may_be_interrupted_between_layers() -> None:
    steps = list(trace(scene_of(PRESET), SIZE))
    assert len(steps) == PRESET.network().depth


def test_the_sums_of_a_layer_are_what_its_activation_takes() -> None:
    products = Products(PRESET.network(), PRESET.view, PRESET.animation.clock(0.3))
    for node, sums, units in products.walk(products.coordinates(np.arange(40), SIZE)):
        assert sums is not None
        assert np.allclose(activate(node.activation, sums), units, atol=1e-6)


def test_inputs_are_the_features_at_the_pixels() -> None:
    found = inputs(scene_of(PRESET, 2.0), SIZE)
    assert found.shape == (SIZE[0] * SIZE[1], 4)
    assert found.dtype == np.float32
    x, y, r, t = found.T
    assert np.allclose(np.hypot(x, y), r, atol=1e-5)
    assert (t == t[0]).all()
    assert x[0] < x[1]
    assert y[0] > y[-1]


def test_overflow_is_not_an_exception() -> None:
    scene = scene_of(PRESET.replace(activation="relu", depth=20, weight_scale=1000))
    assert not np.isfinite(at_once(trace(scene, SIZE))[-1].pre_activations).all()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_greatest_slope(name: str) -> None:
    dense = np.abs(derivative(name, np.linspace(-20, 20, 100_001))).max()
    assert max_slope(name) == pytest.approx(dense, rel=1e-4)


def test_saturation_says_where_a_unit_hardly_moves() -> None:
    sums = np.float32([-np.inf, -9, -2, 0, 2, 9, np.inf, np.nan])
    true = {
        "tanh": [1, 1, 0, 0, 0, 1, 1, 0],
        "sigmoid": [1, 1, 0, 0, 0, 1, 1, 0],
        "relu": [1, 1, 1, 1, 0, 0, 0, 0],
        "softplus": [1, 1, 0, 0, 0, 0, 0, 0],
        "identity": [0] * 8,
        "abs": [0, 0, 0, 1, 0, 0, 0, 0],
    }
    for name, expected in true.items():
        assert saturated(name, sums).tolist() == [bool(e) for e in expected], name
    edge = np.arctanh(np.sqrt(1 - SATURATION_SLOPE))
    assert saturated("tanh", np.array([edge - 1e-6, edge + 1e-6])).tolist() == [False, True]


def test_explicit_layers() -> None:
    network = Network(PRESET.replace(depth=3).network().layers, PRESET.spec.inputs)
    check(Scene(network, PRESET.view, PRESET.animation.clock(0.3)))


@pytest.mark.parametrize("name", ["tanh", "relu", "sigmoid"])
def test_statistics_are_those_of_the_reference(name: str) -> None:
    scene = scene_of(PRESET.replace(activation=name, weight_scale=2.5))
    for layer, found, (sums, units) in zip(
        scene.network.layers, at_once(trace(scene, SIZE)), reference(scene, SIZE), strict=True
    ):
        measured = statistics(layer.activation, found.pre_activations)
        assert np.allclose(measured.mean, units.mean(axis=0), atol=1e-4, rtol=1e-4)
        assert np.allclose(measured.std, units.std(axis=0), atol=1e-4, rtol=1e-4)
        share = saturated(layer.activation, sums).mean(axis=0)
        assert np.allclose(measured.saturated, share, atol=0.02)
        of_sums = statistics(layer.activation, found.pre_activations, found.pre_activations)
        assert np.allclose(of_sums.std, sums.std(axis=0), atol=1e-3, rtol=1e-3)
        assert (of_sums.saturated == measured.saturated).all()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("tanh", "|value| > 0.975"),
        ("relu", "value 0"),
        ("sigmoid", "value < 0.0127 or > 0.987"),
        ("sin", "slope under 5 % of the steepest"),
        ("identity", ""),
    ],
)
def test_what_counts_as_saturated_in_words(name: str, words: str) -> None:
    assert saturation_words(name) == words
