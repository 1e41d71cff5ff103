"""The activation functions: one table. Each has its twin `activation_<name>` in activations.glsl,
and its derivative one in derivatives.glsl, `derivative_<name>`.

To add one: a row here and a function in each of these. The tests compare the two, and the help, the
documentation and the `A` key follow from the table.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Activation:
    """An activation: its formula in words, its NumPy function and derivative, and what it is like.

    `bounded`: whether its range is; an unbounded one can overflow float32 in a deep network, and
    the shader then looks for NaN. `kinked`: whether it is two straight pieces that meet at 0, where
    its derivative is taken to be that of the left piece, or 0 for |x|.
    `span`: what of its range colours are spread over, all of it where it is bounded.
    """

    formula: str
    function: Callable[[Array], Array]
    derivative: Callable[[Array], Array]
    bounded: bool = False
    kinked: bool = False
    span: tuple[float, float] = (-1.0, 1.0)


def _sigmoid(x: Array) -> Array:
    e = np.exp(-np.abs(x))  # never overflows
    return np.asarray(np.where(x < 0, e, 1) / (1 + e))


def _erfc(x: Array) -> Array:
    return np.asarray(np.frompyfunc(math.erfc, 1, 1)(x), dtype=x.dtype)


def _softplus(x: Array) -> Array:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _gaussian(x: Array) -> Array:
    bounded = np.clip(x, -30, 30)  # exp(-900) is 0
    return np.exp(-bounded * bounded)


def _gelu(x: Array) -> Array:
    x = np.maximum(x, -40)  # gelu(-40) is 0 in float32 already; -inf · 0 would be NaN
    return x * x.dtype.type(0.5) * _erfc(-x * x.dtype.type(math.sqrt(0.5)))


# Derivatives. None is 1 - tanh² or the like, of which float32 keeps nothing where it is small.


def _bell(x: Array) -> Array:
    """The derivative of the sigmoid."""
    e = np.exp(-np.abs(x))
    return np.asarray(e / np.square(1 + e))


def _elu_slope(x: Array) -> Array:
    return np.exp(np.minimum(x, 0))


def _gelu_slope(x: Array) -> Array:
    x = np.clip(x, -40, 40)
    half, density = x.dtype.type(0.5), x.dtype.type(1 / math.sqrt(2 * math.pi))
    return half * _erfc(-x * x.dtype.type(math.sqrt(0.5))) + x * density * np.exp(-half * x * x)


ACTIVATIONS: dict[str, Activation] = {
    "identity": Activation("x", lambda x: x, np.ones_like),
    "relu": Activation(
        "max(x, 0)",
        lambda x: np.maximum(x, 0),
        lambda x: np.where(x > 0, 1, 0),
        kinked=True,
        span=(0.0, 1.0),
    ),
    "leaky_relu": Activation(
        "x, or 0.01 x where x < 0",
        lambda x: np.where(x < 0, 0.01, 1) * x,
        lambda x: np.where(x > 0, 1, 0.01),
        kinked=True,
    ),
    "elu": Activation(
        "x, or exp(x) - 1 where x < 0",
        lambda x: np.where(x < 0, np.expm1(np.minimum(x, 0)), x),
        _elu_slope,
    ),
    "gelu": Activation("x Φ(x), Φ the normal distribution, exact", _gelu, _gelu_slope),
    "softplus": Activation("log(1 + exp(x))", _softplus, _sigmoid, span=(0.0, 1.0)),
    "tanh": Activation("tanh(x)", np.tanh, lambda x: 4 * _bell(2 * x), bounded=True),
    "sigmoid": Activation("1 / (1 + exp(-x))", _sigmoid, _bell, bounded=True, span=(0.0, 1.0)),
    "sin": Activation("sin(x)", np.sin, np.cos, bounded=True),
    "cos": Activation("cos(x)", np.cos, lambda x: -np.sin(x), bounded=True),
    "gaussian": Activation(
        "exp(-x²)",
        _gaussian,
        lambda x: -2 * np.clip(x, -30, 30) * _gaussian(x),
        bounded=True,
        span=(0.0, 1.0),
    ),
    "atan": Activation(
        "arctan(x)",
        np.arctan,
        lambda x: 1 / (1 + x * x),
        bounded=True,
        span=(-math.pi / 2, math.pi / 2),
    ),
    "abs": Activation("|x|", np.abs, np.sign, kinked=True, span=(0.0, 1.0)),
}


def activate(name: str, x: Array) -> Array:
    """Apply the activation `name` elementwise, in the precision of `x`. Overflow gives inf, NaN."""
    with np.errstate(all="ignore"):
        return np.asarray(ACTIVATIONS[name].function(x), dtype=x.dtype)


def bounds(name: str) -> tuple[float, float] | None:
    """What the values of the activation `name` lie between; None where nothing bounds them."""
    row = ACTIVATIONS[name]
    return row.span if row.bounded else None


def derivative(name: str, x: Array) -> Array:
    """The derivative of the activation `name` at each of `x`, in the precision of `x`."""
    with np.errstate(all="ignore"):
        return np.asarray(ACTIVATIONS[name].derivative(x), dtype=x.dtype)
