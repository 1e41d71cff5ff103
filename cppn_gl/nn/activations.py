"""The activation functions: one table, with each function and its derivative in NumPy and in GLSL.

To add one: a row here, and its formula in tests/nn/test_activations.py, the reference for both.
Shaders, pages, help, documentation and the `A` key follow from the table.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Activation:
    """An activation function: its formula as text, and the function in NumPy, GLSL, JavaScript.

    Its derivative is in NumPy and GLSL.

    `glsl`, `glsl_derivative`: an expression of `x`, or statements that end in `return`, of the type
    REAL, which is float, vec2 or vec4 (a unit at 1, 2 or 4 pixels): choose by `step` and `mix`, not
    by `?:`. They may use shaders/math.glsl and the `activation_NAME` of rows above.
    `js`: an expression of the number `x`, in float64, for web pages; it may use JS_FUNCTIONS. A
    page shows no network with an activation that has none.
    `bounded`: whether its range is; unbounded ones can overflow float32 in a deep network, so that
    the shader checks for NaN. `kinked`: whether it is two linear pieces that meet at 0, where the
    derivative is that of the left piece, or 0 for |x|.
    `span`: the range of values that colours cover: its whole range, if bounded.
    """

    formula: str
    function: Callable[[Array], Array]
    derivative: Callable[[Array], Array]
    glsl: str
    glsl_derivative: str
    js: str = ""
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
    x = np.maximum(x, -40)  # gelu(-40) is 0 in float32; -inf · 0 would be NaN
    return x * x.dtype.type(0.5) * _erfc(-x * x.dtype.type(math.sqrt(0.5)))


# Derivatives avoid forms such as 1 - tanh², which cancel in float32 where they are small.


def _bell(x: Array) -> Array:
    """The derivative of the sigmoid."""
    e = np.exp(-np.abs(x))
    return np.asarray(e / np.square(1 + e))


def _gelu_slope(x: Array) -> Array:
    x = np.clip(x, -40, 40)
    half, density = x.dtype.type(0.5), x.dtype.type(1 / math.sqrt(2 * math.pi))
    return half * _erfc(-x * x.dtype.type(math.sqrt(0.5))) + x * density * np.exp(-half * x * x)


ACTIVATIONS: dict[str, Activation] = {
    "identity": Activation("x", lambda x: x, np.ones_like, "x", "REAL(1.0)", "x"),
    "relu": Activation(
        "max(x, 0)",
        lambda x: np.maximum(x, 0),
        lambda x: np.where(x > 0, 1, 0),
        "max(x, REAL(0.0))",
        "positive(x)",
        "Math.max(x, 0)",
        kinked=True,
        span=(0.0, 1.0),
    ),
    "leaky_relu": Activation(
        "x, or 0.01 x where x < 0",
        lambda x: np.where(x < 0, 0.01, 1) * x,
        lambda x: np.where(x > 0, 1, 0.01),
        "max(x, REAL(0.0)) + 0.01 * min(x, REAL(0.0))",
        "mix(REAL(0.01), REAL(1.0), positive(x))",
        "x < 0 ? 0.01 * x : x",
        kinked=True,
    ),
    "elu": Activation(
        "x, or exp(x) - 1 where x < 0",
        lambda x: np.where(x < 0, np.expm1(np.minimum(x, 0)), x),
        lambda x: np.exp(np.minimum(x, 0)),
        "max(x, REAL(0.0)) + expm1_negative(min(x, REAL(0.0)))",
        "exp(clamp(x, REAL(-88.0), REAL(0.0)))",
        "x < 0 ? Math.expm1(x) : x",
    ),
    "gelu": Activation(
        "x Φ(x), Φ the normal distribution, exact",
        _gelu,
        _gelu_slope,
        """
    REAL half_tail = 0.5 * upper_tail(min(abs(x), REAL(20.0)) * 0.70710678);
    return max(x, REAL(0.0)) - min(abs(x), REAL(20.0)) * half_tail;""",
        """
    REAL a = clamp(x, REAL(-13.0), REAL(13.0)); // exp(-a² / 2) is 2e-37 there
    REAL tail = 0.5 * upper_tail(abs(a) * 0.70710678);
    return mix(tail, 1.0 - tail, positive(a)) + 0.39894228 * a * exp(-0.5 * a * a);""",
        "0.5 * Math.max(x, -40) * erfc(-Math.SQRT1_2 * Math.max(x, -40))",
    ),
    "softplus": Activation(
        "log(1 + exp(x))",
        _softplus,
        _sigmoid,
        "max(x, REAL(0.0)) + log1p_unit(exp(-min(abs(x), REAL(88.0))))",
        "1.0 / (1.0 + exp(-clamp(x, REAL(-88.0), REAL(88.0))))",
        "Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))",
        span=(0.0, 1.0),
    ),
    "tanh": Activation(
        "tanh(x)",
        np.tanh,
        lambda x: 4 * _bell(2 * x),
        "rational_tanh(x)",
        "4.0 * bell(exp(-2.0 * min(abs(x), REAL(44.0))))",
        "Math.tanh(x)",
        bounded=True,
    ),
    "sigmoid": Activation(
        "1 / (1 + exp(-x))",
        _sigmoid,
        _bell,
        "1.0 / (1.0 + exp(-clamp(x, REAL(-88.0), REAL(88.0))))",
        "bell(exp(-min(abs(x), REAL(88.0))))",
        "1 / (1 + Math.exp(-x))",
        bounded=True,
        span=(0.0, 1.0),
    ),
    "sin": Activation(
        "sin(x)",
        np.sin,
        np.cos,
        "sine(x, REAL(0.0))",
        "sine(x, REAL(1.0))",
        "Math.sin(x)",
        bounded=True,
    ),
    "cos": Activation(
        "cos(x)",
        np.cos,
        lambda x: -np.sin(x),
        "sine(x, REAL(1.0))",
        "-sine(x, REAL(0.0))",
        "Math.cos(x)",
        bounded=True,
    ),
    "gaussian": Activation(
        "exp(-x²)",
        _gaussian,
        lambda x: -2 * np.clip(x, -30, 30) * _gaussian(x),
        """
    REAL a = clamp(x, REAL(-20.0), REAL(20.0));
    return exp(-min(a * a, REAL(88.0)));""",
        """
    REAL a = clamp(x, REAL(-20.0), REAL(20.0));
    return -2.0 * a * exp(-min(a * a, REAL(88.0)));""",
        "Math.exp(-x * x)",
        bounded=True,
        span=(0.0, 1.0),
    ),
    "atan": Activation(
        "arctan(x)",
        np.arctan,
        lambda x: 1 / (1 + x * x),
        "arctangent(x)",
        """
    REAL a = min(abs(x), REAL(1.0e18)); // whose square float32 holds
    return 1.0 / (1.0 + a * a);""",
        "Math.atan(x)",
        bounded=True,
        span=(-math.pi / 2, math.pi / 2),
    ),
    "abs": Activation(
        "|x|", np.abs, np.sign, "abs(x)", "sign(x)", "Math.abs(x)", kinked=True, span=(0.0, 1.0)
    ),
}

# Functions that `js` may use besides those of Math.
JS_FUNCTIONS = """\
// 1 - erf(x), to 2e-16 of 1: by the series of erf, or a continued fraction.
function erfc(x) {
  if (x < 0) return 2 - erfc(-x);
  const bell = Math.exp(-x * x) / Math.sqrt(Math.PI);
  if (x > 3) {
    let rest = x;
    for (let k = 40; k > 0; k--) rest = x + k / 2 / rest;
    return bell / rest;
  }
  let term = 2 * x * bell;
  let sum = term;
  for (let k = 3; term > 1e-17; k += 2) {
    term *= (2 * x * x) / k;
    sum += term;
  }
  return 1 - sum;
}"""


def glsl_activations() -> str:
    """GLSL functions `REAL activation_NAME(REAL x)` of all rows, in the order of the table."""
    rows = ACTIVATIONS.items()
    return "\n".join(_glsl_function(f"activation_{name}", row.glsl) for name, row in rows)


def glsl_derivatives() -> str:
    """GLSL functions `REAL derivative_NAME(REAL x)` of all rows."""
    rows = ACTIVATIONS.items()
    return "\n".join(
        _glsl_function(f"derivative_{name}", row.glsl_derivative) for name, row in rows
    )


def _glsl_function(name: str, body: str) -> str:
    """A GLSL function of `x`; `body` is an expression, or statements with a `return`."""
    if "return" in body:
        return f"REAL {name}(REAL x) {{{body}\n}}"
    return f"REAL {name}(REAL x) {{ return {body}; }}"


def js_activations() -> str:
    """The text of a JavaScript module with `ACTIVATIONS`: {name: {apply, bounded, span}}.

    In the order of the table. `apply` maps a number to a number; `span` is [low, high].
    """
    rows = [
        f"  {name}: {{ apply: (x) => {row.js or 'NaN'}, bounded: {json.dumps(row.bounded)}, "
        f"span: {json.dumps(row.span)} }},"
        for name, row in ACTIVATIONS.items()
    ]
    table = "\n".join(["export const ACTIVATIONS = {", *rows, "};"])
    return f"// The activation functions, of numbers in float64.\n\n{JS_FUNCTIONS}\n\n{table}\n"


def activate(name: str, x: Array) -> Array:
    """Apply the activation `name` elementwise, in the precision of `x`. Overflow gives inf, NaN."""
    with np.errstate(all="ignore"):
        return np.asarray(ACTIVATIONS[name].function(x), dtype=x.dtype)


def bounds(name: str) -> tuple[float, float] | None:
    """The range of the activation `name`; None if it is unbounded."""
    row = ACTIVATIONS[name]
    return row.span if row.bounded else None


def derivative(name: str, x: Array) -> Array:
    """The derivative of the activation `name`, elementwise, in the precision of `x`."""
    with np.errstate(all="ignore"):
        return np.asarray(ACTIVATIONS[name].derivative(x), dtype=x.dtype)
