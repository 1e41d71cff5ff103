"""The optimizers against their formulas, number by number, and the schedules."""

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from cppn_gl.nn.training.optimizers import OPTIMIZERS
from cppn_gl.nn.training.options import Train
from cppn_gl.nn.training.schedules import rates

RATE = 0.1
GRADIENTS = [0.5, -1.0, 2.0, 0.25, 0.0, -3.0]


def sgd() -> Iterator[float]:
    p = 1.0
    for g in GRADIENTS:
        p -= RATE * g
        yield p


def momentum() -> Iterator[float]:
    p = 1.0
    for k in range(len(GRADIENTS)):  # the sum of all gradients so far, each 0.9 times the next
        p -= RATE * sum(0.9 ** (k - i) * g for i, g in enumerate(GRADIENTS[: k + 1]))
        yield p


def nesterov() -> Iterator[float]:
    """Sutskever's form: the gradient at the point looked ahead at; here gradients are given.

    PyTorch's parameters are the point looked ahead at, so that both take the same steps.
    """
    ahead, v = 1.0, 0.0
    for g in GRADIENTS:
        before = ahead + RATE * 0.9 * v  # the parameters themselves
        v = 0.9 * v + g
        after = before - RATE * v
        ahead = after - RATE * 0.9 * v
        yield ahead


def rmsprop() -> Iterator[float]:
    p, v = 1.0, 0.0
    for g in GRADIENTS:
        v = 0.9 * v + 0.1 * g * g
        p -= RATE * g / (math.sqrt(v) + 1e-8)
        yield p


def adam() -> Iterator[float]:
    p = 1.0
    for k in range(len(GRADIENTS)):  # weighted means of all gradients and squares so far
        some = GRADIENTS[: k + 1]
        weights = [0.9 ** (k - i) for i in range(k + 1)]
        squares = [0.999 ** (k - i) for i in range(k + 1)]
        m = sum(w * g for w, g in zip(weights, some, strict=True)) / sum(weights)
        v = sum(w * g * g for w, g in zip(squares, some, strict=True)) / sum(squares)
        p -= RATE * m / (math.sqrt(v) + 1e-8)
        yield p


FORMULAS: dict[str, Callable[[], Iterator[float]]] = {
    "sgd": sgd,
    "momentum": momentum,
    "nesterov": nesterov,
    "rmsprop": rmsprop,
    "adam": adam,
    "adamw": adam,  # with no decay
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_are_those_of_the_formula(name: str) -> None:
    row = OPTIMIZERS[name]
    p, moments = np.ones(1), np.zeros((row.moments, 1))
    found = []
    for step, g in enumerate(GRADIENTS):
        row.update(p, np.array([g]), moments, RATE, step)
        found.append(float(p[0]))
    assert np.allclose(found, list(FORMULAS[name]()), rtol=1e-12)


@pytest.mark.parametrize("name", ["momentum", "nesterov"])
def test_rates_and_momentum_may_differ_by_column(name: str) -> None:
    row = OPTIMIZERS[name]
    rate, decay = np.array([0.1, 0.2, 0.3]), np.array([-0.5, 0.0, 0.99])
    p, moments = np.ones((2, 3)), np.zeros((1, 2, 3))
    alone = [(np.ones((2, 1)), np.zeros((1, 2, 1))) for _ in rate]
    for step, g in enumerate(GRADIENTS):
        row.update(p, np.full_like(p, g), moments, rate, step, decay)
        for k, (one, own) in enumerate(alone):
            row.update(one, np.full_like(one, g), own, float(rate[k]), step, float(decay[k]))
    assert (p == np.hstack([one for one, _ in alone])).all()
    assert (p[:, 1] == 1 - 0.2 * sum(GRADIENTS)).all() or name == "nesterov"


def test_schedules_and_changed_rates() -> None:
    assert rates(Train(rate=0.5), 0, 3).tolist() == [0.5] * 3
    stepwise = Train(rate=1.0, schedule="step", schedule_steps=10, schedule_factor=0.5)
    assert rates(stepwise, 9, 2).tolist() == [1.0, 0.5]
    assert rates(stepwise, 20, 1).tolist() == [0.25]
    cosine = rates(Train(rate=1.0, schedule="cosine", schedule_steps=100), 0, 200)
    assert cosine[0] == 1.0
    assert cosine[50] == pytest.approx(0.5)
    assert (np.diff(cosine) <= 0).all()
    assert not cosine[100:].any()
    warm = rates(Train(rate=1.0, schedule="warm-up", schedule_steps=4), 0, 6)
    assert warm.tolist() == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    turned = Train(rate=1.0, changes=((2, 0.5), (4, 0.25)))
    assert rates(turned, 1, 5).tolist() == [1.0, 0.5, 0.5, 0.25, 0.25]
    assert rates(turned, 3, 2).tolist() == [0.5, 0.25]  # wherever one begins
