"""Evaluation by single operations of IEEE 754: near the reference, and the same bits always."""

import hashlib

import numpy as np
import pytest

from cppn_gl.nn import exact
from cppn_gl.nn.activations import activate
from cppn_gl.nn.network import Network


@pytest.mark.parametrize("name", exact.ACTIVATIONS)
def test_an_activation_is_that_of_the_table(name: str) -> None:
    x = np.concatenate([np.linspace(-12, 12, 4001), [0.0, 1e-6, -1e-6, 60, -60, 1e4, -1e4]])
    found = exact.ACTIVATIONS[name](x.astype(np.float32))
    assert found.dtype == np.float32
    angle = 1e-7 * np.abs(x) if name in ("sin", "cos") else 0  # float32's own, of the argument
    limit = 2e-6 + angle + 1e-6 * np.abs(x) * (name not in ("sin", "cos"))
    assert (np.abs(found - activate(name, x.astype(np.float32).astype(float))) <= limit).all()


@pytest.mark.parametrize("name", exact.ACTIVATIONS)
def test_outputs_are_those_of_the_reference(name: str) -> None:
    network = Network.random(
        depth=4, width=9, activation=name, init="lecun_normal", inputs=("x", "y", "one"), seed=3
    )
    points = np.random.default_rng(1).uniform(-1, 1, (50, 3))
    assert np.abs(exact.outputs(network, points) - network.evaluate(points)).max() < 1e-5


def test_a_point_has_the_same_bits_in_any_company() -> None:
    network = Network.random(depth=8, width=23, weight_scale=0.9, seed=5)
    points = np.random.default_rng(2).uniform(-2, 2, (300, 2))
    whole = exact.outputs(network, points)
    for part in (slice(0, 1), slice(17, 100), slice(7, None, 13)):
        assert exact.outputs(network, points[part]).tobytes() == whole[part].tobytes()


def test_the_bits_are_these_on_every_machine() -> None:
    network = Network.random(
        depth=6, width=12, activation=["tanh", "sin", "gaussian", "elu", "atan"], seed=7
    )
    x, y = np.meshgrid(np.linspace(-2, 2, 16), np.linspace(-1, 1, 8))
    found = exact.outputs(network, np.stack([x.ravel(), y.ravel()], axis=1))
    assert (
        hashlib.sha256(np.ascontiguousarray(found).tobytes()).hexdigest()[:16] == "fcfe1cdb2a3016a2"
    )


def test_large_numbers_stay_finite() -> None:
    for name in exact.ACTIVATIONS:
        network = Network.random(depth=12, width=16, activation=name, weight_scale=1000.0)
        assert np.isfinite(exact.outputs(network, np.full((3, 2), 1e6))).all()
