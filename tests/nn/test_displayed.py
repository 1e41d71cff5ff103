"""Layers that display outputs: exact, whatever the weights before them."""

import numpy as np
import pytest

from cppn_gl.nn.activations import bounds
from cppn_gl.nn.displayed import (
    Displayed,
    color_layers,
    confidence_layers,
    kept,
    order_layers,
)
from cppn_gl.nn.layers import MAX_DEPTH, Layer
from cppn_gl.nn.network import Network
from cppn_gl.utils.arrays import Float64

PAPER, LOW, HIGH = np.array([[0.95, 0.94, 0.9], [0.9, 0.5, 0.1], [0.1, 0.4, 0.8]])
POINTS = np.random.default_rng(1).uniform(-6, 6, (500, 2))


def trained(outputs: int, activation: str, depth: int = 3, scale: float = 1.0) -> Network:
    drawn = Network.random(depth=depth, width=8, outputs=3, seed=4, output_activation=activation)
    rows = np.arange(outputs) % 3
    last = drawn.effective(depth - 1)
    turn = 1 + 0.1 * np.arange(outputs, dtype=np.float32)
    layer = Layer(scale * turn[:, None] * last.weight[rows], scale * last.bias[rows], activation)
    return Network((*drawn.layers[:-1], layer), drawn.inputs)


def scaled(network: Network, span: tuple[float, float] | None = None) -> Float64:
    """Outputs at the points, scaled to 0…1 over the span, and clamped."""
    low, high = span or bounds(network.drawn[-1].activation) or (-1.0, 1.0)
    outputs = np.asarray(network.evaluate(POINTS), np.float64)
    return np.clip((outputs - low) / (high - low), 0, 1)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "identity"])
@pytest.mark.parametrize("scale", [1.0, 3000.0])
def test_one_output_goes_from_low_through_paper_to_high(activation: str, scale: float) -> None:
    network = trained(1, activation, scale=scale)
    s = 2 * scaled(network) - 1
    expected = PAPER + np.maximum(s, 0) * (HIGH - PAPER) + np.maximum(-s, 0) * (LOW - PAPER)
    shown = Displayed(network, color_layers(network, PAPER, [LOW, HIGH]))
    assert np.abs(shown.evaluate(POINTS) - expected).max() < 1e-5
    assert np.ptp(s) > 0.5
    assert shown.trained is network
    assert network.trained is network


@pytest.mark.parametrize("activation", ["sigmoid", "identity"])
def test_a_span_narrower_than_the_outputs_clamps_them(activation: str) -> None:
    network, span = trained(1, activation), (0.2, 0.6)
    s = 2 * scaled(network, span) - 1
    expected = PAPER + np.maximum(s, 0) * (HIGH - PAPER) + np.maximum(-s, 0) * (LOW - PAPER)
    shown = Displayed(network, color_layers(network, PAPER, [LOW, HIGH], span))
    assert np.abs(shown.evaluate(POINTS) - expected).max() < 1e-5


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "identity"])
@pytest.mark.parametrize("count", [3, 4, 10])
def test_each_output_has_its_colour_where_it_claims_a_point(activation: str, count: int) -> None:
    network = trained(count, activation, scale=4.0)
    colors = np.random.default_rng(2).uniform(0, 1, (count, 3))
    chances = scaled(network)
    claims = np.maximum(2 * chances - chances.sum(axis=1, keepdims=True), 0)
    assert ((claims > 0).sum(axis=1) <= 1).all()
    expected = PAPER + claims @ (colors - PAPER)
    shown = Displayed(network, color_layers(network, PAPER, list(colors)))
    assert np.abs(shown.evaluate(POINTS) - expected).max() < 1e-5
    assert shown.outputs == 3


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "identity"])
@pytest.mark.parametrize("count", [2, 3, 5, 8, 10])
def test_confidence_is_the_largest_output(activation: str, count: int) -> None:
    network = trained(count, activation)
    low, high = bounds(activation) or (-1.0, 1.0)
    outputs = (np.asarray(network.evaluate(POINTS), np.float64) - low) / (high - low)
    shown = Displayed(network, confidence_layers(network))
    assert np.abs(shown.evaluate(POINTS)[:, 0] - np.maximum(outputs, 0).max(axis=1)).max() < 1e-5


def test_order_is_the_place_among_the_classes() -> None:
    network = trained(4, "tanh", scale=50)
    chances = scaled(network)
    shown = Displayed(network, order_layers(network)).evaluate(POINTS)[:, 0]
    assert np.abs(shown - chances @ [0, 1 / 3, 2 / 3, 1]).max() < 1e-5


def test_the_deepest_and_widest_choice_of_classes_is_displayed() -> None:
    layers = [Layer(np.eye(2), np.zeros(2), "tanh")] * (MAX_DEPTH - 1)
    network = Network((*layers, Layer(np.ones((10, 2)), np.zeros(10), "identity")))
    for added in (confidence_layers, lambda of: color_layers(of, PAPER, [HIGH] * 10)):
        shown = Displayed(network, added(network))
        assert shown.trained.depth == MAX_DEPTH
        assert shown.ending(shown.depth, shown.drawn[-1]).digest == shown.digest


def test_a_network_in_use_is_displayed_once_and_forgotten_afterwards() -> None:
    network = trained(1, "tanh")

    def added() -> list[Layer]:
        return color_layers(network, PAPER, [LOW, HIGH])

    first = kept(network, "colors", added)
    assert kept(network, "colors", added) is first
    assert kept(network, "order", added) is not first
    del first
    assert not network.displays
