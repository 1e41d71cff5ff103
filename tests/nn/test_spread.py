"""The spread of a network's outputs over a window, measured at a few points."""

import numpy as np
import pytest

from cppn_gl.nn.features import Clock
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network
from cppn_gl.nn.spread import FEWEST, POINTS, Spread, Window, points_for, spread_steps
from cppn_gl.utils.tasks import at_once

WINDOW = Window((0.0, 0.0), 1.0, (200, 100))


def one_layer(weight: float, bias: float = 0.0, activation: str = "sigmoid") -> Network:
    layer = Layer(np.array([[weight, 0.0]] * 3), np.full(3, bias), activation)
    return Network([layer])


def measured(network: Network, window: Window = WINDOW, **how: object) -> Spread:
    return at_once(spread_steps(network, window, Clock(), **how))  # type: ignore[arg-type]


def test_points_cover_the_window_and_neighbours_are_a_pixel_away() -> None:
    found = measured(one_layer(1.0, activation="identity"))
    x, beside = found.outputs[:, 0], found.neighbours[:, 0]
    assert x.min() < -1.9
    assert x.max() > 1.9
    assert x.std() == pytest.approx(4 / np.sqrt(12), rel=0.05)
    apart = np.abs(beside - x)
    assert set(np.round(apart, 6)) == {0.0, 0.02}  # above, or to the right


def test_the_spread_of_pre_activations_is_measured() -> None:
    assert measured(one_layer(3.0)).before == pytest.approx(3 * 4 / np.sqrt(12), rel=0.05)


def test_a_smooth_picture_has_contrast_and_no_noise() -> None:
    look = measured(one_layer(1.0)).seen()
    assert look.range > 0.6
    assert look.noise < 0.01


def test_a_picture_without_contrast() -> None:
    look = measured(one_layer(1e-4, 0.3)).seen()
    assert look.range < 1e-3
    assert measured(one_layer(1e-4, 0.3)).seen(stretch=True).range == pytest.approx(1)


def test_outputs_stuck_at_an_end() -> None:
    found = measured(one_layer(1.0, 40.0))
    assert found.stuck == 1
    assert found.seen().range == 0


def test_static_is_noise() -> None:
    layer = Layer(np.array([[12345.0, 7007.0]] * 3), np.zeros(3), "sin")
    assert measured(Network([layer])).seen(-1, 1).noise > 0.8


def test_overflow_is_not_finite() -> None:
    layers = [Layer(np.full((3, 2 if k == 0 else 3), 1e30), np.zeros(3), "relu") for k in range(3)]
    found = measured(Network(layers))
    assert found.finite < 1
    assert found.seen().range >= 0


def test_factors_scale_weights_and_biases() -> None:
    scaled = measured(one_layer(3.0, 0.5))
    factors = measured(one_layer(1.0, 0.25), factors=[(3.0, 2.0)])
    assert np.allclose(scaled.outputs, factors.outputs)


def test_large_networks_are_measured_at_fewer_points() -> None:
    small, large = Network.random(depth=3, width=8), Network.random(depth=14, width=400)
    assert points_for(small) == POINTS
    assert points_for(large) == FEWEST


def test_a_layer_per_step() -> None:
    network = Network.random(depth=5, width=8)
    assert len(list(spread_steps(network, WINDOW, Clock()))) == 5
