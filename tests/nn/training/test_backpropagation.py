"""Gradients of training against central differences, for every activation and loss."""

import itertools
from typing import Any

import numpy as np
import pytest

from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.training import losses
from cppn_gl.nn.training.gradients import forward, gradient, regularised
from cppn_gl.nn.training.losses import LOSSES
from cppn_gl.nn.training.state import BatchNorm, Problem

POINTS = 12
STEP = 1e-6
# One direction for each combination: a wrong derivative of any parameter changes it.
EVERY = [*itertools.product(ACTIVATIONS, LOSSES)]


def problem(activation: str, loss: str, **keys: Any) -> Problem:
    output = {"cross-entropy": "sigmoid", "hinge": "identity"}.get(loss, "tanh")
    other = "sin" if activation != "sin" else "tanh"
    activations = (activation, other, activation, output)
    return Problem(((5, 3), (4, 5), (6, 4), (2, 6)), activations, loss, **keys)


def example(of: Problem, seed: int) -> tuple[Any, Any, Any]:
    """Parameters, inputs and targets: random ones."""
    rng = np.random.default_rng(seed)
    parameters = rng.normal(0, 0.7, of.parameters)
    low = 0.0 if of.loss == "cross-entropy" else -1.0
    return parameters, rng.normal(0, 1, (POINTS, 3)), rng.choice([low, 1.0], (POINTS, 2))


def smooth(of: Problem, parameters: Any, inputs: Any, targets: Any, mask: Any) -> bool:
    """Whether no kink is near: then differences converge."""
    passed = forward(of, parameters, inputs, mask)
    kinks = [
        np.abs(layer.pre).min()
        for name, layer in zip(of.activations, passed, strict=True)
        if ACTIVATIONS[name].kinked
    ]
    if of.loss == "hinge":
        kinks.append(np.abs(1 - targets * passed[-1].units).min())
    if of.loss == "absolute":
        kinks.append(np.abs(targets - passed[-1].units).min())
    return min(kinks, default=1.0) > 1e-4


def loss(of: Problem, parameters: Any, inputs: Any, targets: Any, mask: Any) -> float:
    last = forward(of, parameters, inputs, mask)[-1]
    return losses.total(of.loss, last.pre, last.units, targets)


def check(of: Problem, mask: Any = None) -> None:
    seeds = itertools.count()
    found = next(each for each in (example(of, seed) for seed in seeds) if smooth(of, *each, mask))
    parameters, inputs, targets = found
    exact = gradient(of, parameters, inputs, targets, mask)
    assert exact.dtype == np.float64
    rng = np.random.default_rng(1)
    for _ in range(2):
        along = rng.normal(0, 1, of.parameters)
        ends = [
            loss(of, parameters + sign * STEP * along, inputs, targets, mask) for sign in (1, -1)
        ]
        difference = (ends[0] - ends[1]) / (2 * STEP)
        scale = np.abs(exact) @ np.abs(along)
        assert abs(exact @ along - difference) < 1e-7 * max(scale, 1.0)
    single = [array.astype(np.float32) for array in found]
    close = gradient(of, *single, None if mask is None else mask.astype(np.float32))
    assert close.dtype == np.float32
    assert np.abs(close - exact).max() < 2e-5 * max(1.0, np.abs(exact).max())


@pytest.mark.parametrize(("activation", "name"), EVERY)
def test_gradients_are_those_of_central_differences(activation: str, name: str) -> None:
    check(problem(activation, name))


@pytest.mark.parametrize("name", ["tanh", "relu", "sin"])
def test_gradients_with_units_left_out(name: str) -> None:
    of = problem(name, "squared")
    mask = np.random.default_rng(2).choice([0.0, 2.0], of.hidden)
    check(of, mask)
    parameters, inputs, targets = example(of, 0)
    (weight, bias), *_ = of.split(gradient(of, parameters, inputs, targets, mask))
    assert not weight[mask[:5] == 0].any()
    assert not bias[mask[:5] == 0].any()


@pytest.mark.parametrize("name", ["tanh", "relu", "gaussian"])
@pytest.mark.parametrize("loss_name", ["cross-entropy", "squared"])
def test_gradients_flow_through_the_statistics_of_a_batch(name: str, loss_name: str) -> None:
    rng = np.random.default_rng(3)
    norms = tuple(BatchNorm(rng.normal(1, 0.2, n), rng.normal(0, 0.2, n)) for n in (5, 4, 6))
    of = problem(name, loss_name, norms=(*norms, None))
    check(of)
    parameters, inputs, _ = example(of, 0)
    for norm, layer, (_, bias) in zip(
        norms, forward(of, parameters, inputs), of.split(parameters), strict=False
    ):
        assert np.allclose(layer.pre.mean(axis=0), norm.shifts + bias)
        assert np.allclose(layer.pre.std(axis=0), np.abs(norm.gains), rtol=1e-3)


def test_regularisation_is_of_weights_alone() -> None:
    of = problem("tanh", "squared", l1=0.25, l2=0.5)
    parameters = example(of, 0)[0]
    found = np.zeros_like(parameters)
    regularised(of, parameters, found)
    for (weight, _), (into, bias) in zip(of.split(parameters), of.split(found), strict=True):
        assert np.allclose(into, 0.25 * np.sign(weight) + 0.5 * weight)
        assert not bias.any()
    decoupled = problem("tanh", "squared", l2=0.5, optimizer="adamw")
    found[:] = 0
    regularised(decoupled, parameters, found)
    assert not found.any()
