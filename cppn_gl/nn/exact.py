"""Evaluation of small networks that gives the same bits on every machine.

Math libraries, NumPy's own loops and products of matrices round differently by version and
processor. Here every sum has a fixed order and every step is one correctly rounded operation of
IEEE 754, so that a decision about a picture is the same everywhere. It needs no native library, is
several times slower than one, and is as precise as float32 needs for that: about 1e-6.
"""

import math
from collections.abc import Callable

import numpy as np

from cppn_gl.nn.layers import SOURCE, Layer
from cppn_gl.nn.network import Network
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.elementary import arctangents, around, exponentials

LIMIT = np.float32(1e5)  # to which pre-activations are clipped: no overflow, and no NaN
_TURNS = np.float32(1 / (2 * math.pi))


def _sigmoid(x: Float32) -> Float32:
    return np.asarray(np.float32(1) / (1 + exponentials(-x)))


ACTIVATIONS: dict[str, Callable[[Float32], Float32]] = {
    "identity": lambda x: x,
    "relu": lambda x: np.maximum(x, np.float32(0)),
    "leaky_relu": lambda x: np.where(x < 0, np.float32(0.01) * x, x),
    "elu": lambda x: np.where(x < 0, exponentials(np.minimum(x, np.float32(0))) - 1, x),
    "tanh": lambda x: 2 * _sigmoid(2 * x) - 1,
    "sigmoid": _sigmoid,
    "sin": lambda x: around(x * _TURNS)[1],
    "cos": lambda x: around(x * _TURNS)[0],
    "gaussian": lambda x: exponentials(-x * x),
    "atan": arctangents,
    "abs": np.abs,
}


def outputs(network: Network, features: Float64) -> Float32:
    """The outputs (N, n_outputs) at features (N, n_inputs).

    Raises KeyError for an activation that is not in ACTIVATIONS.
    """
    values: dict[int, Float32] = {SOURCE: features.T.astype(np.float32)}
    for index, node in enumerate(network.nodes):
        (before,) = node.inputs
        assert isinstance(node.layer, Layer)
        values = {index: ACTIVATIONS[node.activation](_sums(node.layer, values[before]))}
    return values[index].T


def _sums(layer: Layer, units: Float32) -> Float32:
    """The pre-activations (rows, N) of units (columns, N), added column by column."""
    total = np.repeat(layer.bias[:, None], units.shape[1], axis=1)
    term = np.empty_like(total)
    for column, row in zip(layer.weight.T, units, strict=True):
        total += np.multiply(column[:, None], row, out=term)
    return np.clip(total, -LIMIT, LIMIT, out=total)
