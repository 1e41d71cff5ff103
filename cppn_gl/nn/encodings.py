"""Encodings of the plane that are put before a network, as a layer or as input features.

Fourier features, sin and cos of B·x (Tancik et al. 2020), are a dense layer of sines:

    cos(z) = sin(z + π/2), so that  [sin 2πBx; cos 2πBx] = sin([2πB; 2πB] x + [0; π/2])

NeRF's positional encoding, sin and cos of 2ᵏ π x for k = 0, 1 … (Mildenhall et al. 2020), are input
features of period 2: sin_x, cos_x, sin_2x, cos_2x, sin_4x …
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cppn_gl.nn.layers import MAX_WIDTH, Array, Layer
from cppn_gl.utils.checks import PresetError, nearest, show

# The order of the columns of the layer after Fourier features, n of each.
ORDERS = {
    "sin,cos": "all sines, then all cosines",
    "cos,sin": "all cosines, then all sines",
    "interleaved": "sine and cosine of each row of B in turn",
}
# The order of the features of a positional encoding, by the code that has it.
LAYOUTS = {
    "nerf": "x y, then for each frequency sin x, sin y, cos x, cos y",
    "nerfstudio": "all sines, then all cosines, each by coordinate, then by frequency; then x y",
    "tiny-cuda-nn": "by coordinate, then by frequency, sine and cosine in turn; no x y",
}

# The names of B in a file, without what stands before the last dot.
FOURIER_NAMES = ("B", "B_gauss", "gaussian_matrix", "fourier_matrix")


def fourier_name(arrays: Mapping[str, Any]) -> str | None:
    """The name of the tensor that is B, by FOURIER_NAMES; None if there is none."""
    for name, array in arrays.items():
        if name.rpartition(".")[2].strip("_") in FOURIER_NAMES and np.ndim(array) == 2:
            return name
    return None


def fourier_rows(B: Array, inputs: int) -> Array:
    """B as (n, inputs), one row for each frequency.

    (inputs, n) is recognised by its shape, unless it is square. Raises PresetError for another
    shape, or more than MAX_WIDTH units.
    """
    rows = B.T if B.ndim == 2 and B.shape[1] != inputs == B.shape[0] else B
    if rows.ndim != 2 or rows.shape[1] != inputs:
        shape = " × ".join(map(str, B.shape))
        raise PresetError(f"B has shape {shape or '()'}; expected n × {inputs}")
    if 2 * len(rows) > MAX_WIDTH:
        raise PresetError(f"B has {len(rows)} frequencies; expected up to {MAX_WIDTH // 2}")
    return rows


def fourier_layer(
    B: Any, inputs: int, *, order: str = "sin,cos", factor: float = 2 * math.pi
) -> Layer:
    """The layer sin(factor·B·x), cos(factor·B·x), in the order of its name in ORDERS.

    `B` is as for `fourier_rows`. Raises PresetError as that, and for numbers that are not finite.
    """
    if order not in ORDERS:
        raise PresetError(f"no order {show(order)}{nearest(order, ORDERS)}", key="order")
    rows = fourier_rows(np.asarray(B, np.float64), inputs)
    sines, cosines = np.zeros(len(rows)), np.full(len(rows), math.pi / 2)
    if order == "interleaved":
        weight, bias = np.repeat(rows, 2, axis=0), np.stack([sines, cosines], axis=1).ravel()
    else:
        weight = np.concatenate([rows, rows])
        bias = np.concatenate([sines, cosines] if order == "sin,cos" else [cosines, sines])
    with np.errstate(over="ignore"):
        return Layer((factor * weight).astype(np.float32), bias.astype(np.float32), "sin")


def positional_inputs(
    frequencies: int, layout: str = "nerf", *, inputs: Sequence[str] = ("x", "y")
) -> tuple[str, ...]:
    """The input features of a positional encoding with 2⁰ … 2^(frequencies - 1), by its LAYOUTS.

    Their period is 2 where the code multiplies x by 2ᵏ π, 1 where by 2π 2ᵏ, 2π where by 2ᵏ.
    Raises PresetError for an unknown layout.
    """
    if layout not in LAYOUTS:
        raise PresetError(f"no layout {show(layout)}{nearest(layout, LAYOUTS)}", key="layout")
    steps = [2**k if k else "" for k in range(frequencies)]
    if layout == "nerf":
        waves = [f"{f}_{k}{v}" for k in steps for f in ("sin", "cos") for v in inputs]
        return (*inputs, *waves)
    if layout == "nerfstudio":
        return (*(f"{f}_{k}{v}" for f in ("sin", "cos") for v in inputs for k in steps), *inputs)
    return tuple(f"{f}_{k}{v}" for v in inputs for k in steps for f in ("sin", "cos"))


def displayed(last: Layer, low: float, high: float) -> Layer:
    """The last layer, with outputs from `low` to `high` brought to 0 … 1, which is displayed.

    Its activation is identity, or tanh from -1 to 1, which becomes (tanh(z) + 1) / 2 =
    sigmoid(2 z). Raises PresetError for others.
    """
    if (low, high) == (0, 1):
        return last
    if not low < high:
        raise PresetError(f"{show([low, high])}; expected the lower value first")
    if last.activation == "identity":
        factor, shift, activation = 1 / (high - low), -low / (high - low), "identity"
    elif (last.activation, low, high) == ("tanh", -1, 1):
        factor, shift, activation = 2.0, 0.0, "sigmoid"
    else:
        problem = f"outputs of {last.activation} cannot be brought to 0 … 1"
        raise PresetError(f"{problem}; expected those of identity, or of tanh with [-1, 1]")
    with np.errstate(over="ignore", invalid="ignore"):  # which Layer refuses
        weight = (factor * last.weight.astype(np.float64)).astype(np.float32)
        bias = (factor * last.bias.astype(np.float64) + shift).astype(np.float32)
    return Layer(weight, bias, activation)
