"""A small random change of one layer: how large it is, and what it does."""

import numpy as np
import pytest

from cppn_gl import Network
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.perturbation import changes, perturbed, perturbed_layer

NETWORK = Network.random(depth=5, width=40, weight_scale=0.6, seed=3)


@pytest.mark.parametrize("layer", [2, 3, 4])
@pytest.mark.parametrize("noise", [0.01, 0.3])
def test_a_layer_is_changed_by_a_share_of_itself(layer: int, noise: float) -> None:
    old, new = NETWORK.layers[layer - 1], perturbed_layer(NETWORK, layer, noise, 1)

    def flat(one: Layer) -> np.ndarray:
        return np.append(one.weight.ravel(), one.bias).astype(float)

    share = np.linalg.norm(flat(new) - flat(old)) / np.linalg.norm(flat(old))
    assert share == pytest.approx(noise, rel=0.1)


def test_nothing_else_is_changed() -> None:
    other = perturbed(NETWORK, 3, 0.1, 7)
    for number, (old, new) in enumerate(zip(NETWORK.layers, other.layers, strict=True), 1):
        assert np.array_equal(old.weight, new.weight) == (number != 3)
        assert np.array_equal(old.bias, new.bias) == (number != 3)
        assert old.activation == new.activation


def test_it_is_the_same_again_and_another_for_another_seed_or_layer() -> None:
    one = perturbed_layer(NETWORK, 2, 0.1, 7)
    assert np.array_equal(one.weight, perturbed_layer(NETWORK, 2, 0.1, 7).weight)
    assert not np.array_equal(one.weight, perturbed_layer(NETWORK, 2, 0.1, 8).weight)
    moved = [
        perturbed_layer(NETWORK, k, 0.1, 7).weight - NETWORK.layers[k - 1].weight for k in (2, 3)
    ]
    assert abs(np.corrcoef(moved[0].ravel(), moved[1].ravel())[0, 1]) < 0.1


def test_no_layer_of_zeros_and_no_huge_one_is_refused() -> None:
    zeros = Network.random(depth=3, width=4, weight_scale=0)
    assert not perturbed_layer(zeros, 2, 0.1, 0).weight.any()
    huge = Network([Layer(np.full((1, 2), 1e30), np.zeros(1), "tanh")])
    assert np.abs(perturbed_layer(huge, 1, 1.0, 0).weight).max() <= 1e30


def test_changes_are_the_difference_of_two_networks() -> None:
    inputs = np.random.default_rng(4).uniform(-1, 1, (50, 2))
    found = changes(NETWORK, inputs, 0.05, 9)
    assert found.shape == (5, 50, 3)
    for layer in range(1, 6):
        other = perturbed(NETWORK, layer, 0.05, 9)
        difference = other.evaluate(inputs) - NETWORK.evaluate(inputs)
        assert np.allclose(found[layer - 1], difference, rtol=0, atol=1e-13)


@pytest.mark.parametrize(("scale", "early"), [(0.25, False), (1.0, True)])
def test_large_weights_make_early_layers_the_sensitive_ones(scale: float, early: bool) -> None:
    inputs = np.random.default_rng(4).uniform(-2, 2, (100, 2))
    for seed in range(4):
        network = Network.random(depth=12, width=20, weight_scale=scale, seed=seed)
        means = np.abs(changes(network, inputs, 0.02, seed)).mean(axis=(1, 2))
        first, last = means[:3].mean(), means[-3:].mean()
        assert (first > 2 * last) if early else (last > 2 * first)
