"""Matrix products on all cores: the same pixels however they are shared out, and true ones."""

from typing import Any

import numpy as np
import pytest
from truth import check_truth

from cppn_gl import Preset, Renderer
from cppn_gl.engines.cpu import products
from cppn_gl.engines.cpu.products import Products
from cppn_gl.nn.activations import ACTIVATIONS

SIZE = (41, 29)
PRESET = Preset().replace(depth=4, width=9, inputs=["x", "y", "r", "t"], extent=1.7)


def filled(preset: Preset, first: int, count: int, **keys: Any) -> np.ndarray:
    one = Products(preset.network(), preset.view, preset.animation.clock(0.3))
    values = np.empty((count, 3), np.float32)
    one.fill(values, first, SIZE[0], size=SIZE, **keys)
    return values


@pytest.mark.parametrize("width", [1, 9, 30, 90])
def test_pixels_do_not_depend_on_how_they_are_shared_out(
    monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    preset, count = PRESET.replace(width=width), SIZE[0] * SIZE[1]
    whole = filled(preset, 0, count)
    monkeypatch.setattr(products, "THREADS", 1)
    assert np.array_equal(filled(preset, 0, count), whole)
    for first, number in ((500, 77), (0, 1), (1, 1000), (100, 1025)):
        part = filled(preset, first, number)
        assert np.array_equal(part, whole[first : first + number])


def test_layer_by_layer_is_the_same() -> None:
    network = PRESET.network()
    one = Products(network, PRESET.view, PRESET.animation.clock(0.3))
    units = one.places(np.arange(50, 90), SIZE[0], size=SIZE)
    for number in range(network.depth):
        units = one.apply(number, units)
    assert np.allclose(products.colors(units), filled(PRESET, 50, 40), rtol=0, atol=1e-6)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_each_activation_is_true(activation: str) -> None:
    preset = PRESET.replace(activation=activation, weight_scale=0.5)
    with Renderer("numpy") as renderer:
        check_truth(renderer, preset, SIZE, 0.3)


def test_a_deep_zoom_stays_sharp() -> None:
    preset = PRESET.replace(extent=1e-5, center=[0.7, -1.3])
    with Renderer("numpy") as renderer:
        check_truth(renderer, preset, SIZE, folded=True)


def test_the_weights_given_are_left_alone() -> None:
    network = PRESET.network()
    before = [layer.weight.copy() for layer in network.layers]
    filled(PRESET, 0, 100)
    for layer, weight in zip(network.layers, before, strict=True):
        assert np.array_equal(layer.weight, weight)
