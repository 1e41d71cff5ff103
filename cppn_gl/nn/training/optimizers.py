"""Optimizers: one table, each with its formula. All state is in arrays of the parameters' size.

With parameters p, gradient g, rate r, momentum μ and the step's number k, from 0:

    sgd       p -= r g
    momentum  v = μ v + g;  p -= r v                            (Polyak 1964)
    nesterov  v = μ v + g;  p -= r (g + μ v)                    (Sutskever et al. 2013, as PyTorch)
    rmsprop   v = 0.9 v + 0.1 g²;  p -= r g / (√v + ε)          (Tieleman and Hinton 2012)
    adam      m = 0.9 m + 0.1 g;  v = 0.999 v + 0.001 g²        (Kingma and Ba 2015)
              p -= r m/(1 - 0.9^(k+1)) / (√(v/(1 - 0.999^(k+1))) + ε)
    adamw     weights w -= r l2 w, then as adam without l2      (Loshchilov and Hutter 2019)

ε = 1e-8. Moments start at 0. μ is `[train] momentum`, 0.9 unless it is given.
"""

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

MOMENTUM = 0.9  # the default of `[train] momentum`
SQUARES = 0.9  # decay of rmsprop
BETAS = 0.9, 0.999  # decays of adam
EPSILON = 1e-8


class Update(Protocol):
    """Changes parameters and moments in place.

    rate and momentum: numbers, or one for each column of parameters (…, n), n trainings.
    """

    def __call__(
        self, p: Array, g: Array, moments: Array, rate: Any, step: int, momentum: Any = MOMENTUM
    ) -> None: ...


class Optimizer(NamedTuple):
    """`update(parameters, gradient, moments, rate, step, momentum)`: see Update.

    moments: how many arrays of moments there are. `decoupled`: l2 shrinks the weights themselves
    and does not enter the gradient.
    """

    moments: int
    update: Update
    decoupled: bool = False


def _sgd(
    p: Array, g: Array, moments: Array, rate: Any, step: int, momentum: Any = MOMENTUM
) -> None:
    p -= _as(p, rate) * g


def _momentum(
    p: Array, g: Array, moments: Array, rate: Any, step: int, momentum: Any = MOMENTUM
) -> None:
    (v,) = moments
    v *= _as(p, momentum)
    v += g
    p -= _as(p, rate) * v


def _nesterov(
    p: Array, g: Array, moments: Array, rate: Any, step: int, momentum: Any = MOMENTUM
) -> None:
    (v,) = moments
    v *= _as(p, momentum)
    v += g
    p -= _as(p, rate) * (g + _as(p, momentum) * v)


def _rmsprop(
    p: Array, g: Array, moments: Array, rate: Any, step: int, momentum: Any = MOMENTUM
) -> None:
    (v,) = moments
    v *= _as(p, SQUARES)
    v += _as(p, 1 - SQUARES) * np.square(g)
    p -= _as(p, rate) * g / (np.sqrt(v) + _as(p, EPSILON))


def _adam(
    p: Array, g: Array, moments: Array, rate: Any, step: int, momentum: Any = MOMENTUM
) -> None:
    m, v = moments
    first, second = corrections(step)
    m *= _as(p, BETAS[0])
    m += _as(p, 1 - BETAS[0]) * g
    v *= _as(p, BETAS[1])
    v += _as(p, 1 - BETAS[1]) * np.square(g)
    p -= _as(p, rate / first) * m / (np.sqrt(v * _as(p, 1 / second)) + _as(p, EPSILON))


def _as(array: Array, value: Any) -> Any:
    return array.dtype.type(value)


def corrections(step: Any) -> tuple[Any, Any]:
    """Adam's bias corrections 1 - β^(k+1) of a step k, or of steps, in float64."""
    return 1 - powers(BETAS[0], step + 1), 1 - powers(BETAS[1], step + 1)


def powers(base: float, exponent: Any) -> Any:
    """base^exponent by squaring, exponents whole: products alone, the same on every machine."""
    exponent = np.asarray(exponent, np.int64)
    power = np.ones(exponent.shape)
    for bit in range(int(exponent.max()).bit_length()):
        power = np.where(exponent >> bit & 1, power * base, power)
        base *= base
    return power


OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": Optimizer(0, _sgd),
    "momentum": Optimizer(1, _momentum),
    "nesterov": Optimizer(1, _nesterov),
    "rmsprop": Optimizer(1, _rmsprop),
    "adam": Optimizer(2, _adam),
    "adamw": Optimizer(2, _adam, decoupled=True),
}
