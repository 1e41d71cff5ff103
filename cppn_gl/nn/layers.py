"""Layers: the protocol `Operation` of what a node of a network computes, and the dense layer.

Node(layer, activation, inputs): units = activation(layer.pre_activation(*units of its inputs))
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.activations import ACTIVATIONS, activate
from cppn_gl.utils.checks import PresetError, choice

MAX_DEPTH = 64
MAX_DRAWN = MAX_DEPTH + 6  # layers that engines draw: with those that display outputs
MAX_WIDTH = 512
MAX_KERNEL = 11  # taps per side of a kernel or of the window of a pool
SIZES = tuple(range(1, MAX_KERNEL + 1, 2))
MAX_WEIGHT = 1e30  # pre-activations from bounded units cannot overflow float32 below it
SOURCE = -1  # in a node's inputs: the input features

Array = NDArray[Any]


class Operation(Protocol):
    """What a node computes from the units of other nodes, before its activation.

    Arrays are (..., units); leading axes are points, or the rows and columns of a grid, for those
    that see more than one point: see operations.py. A new kind of layer implements this.
    """

    @property
    def pointwise(self) -> bool:
        """Whether outputs at a point depend on that point alone, so that a shader can draw it."""

    @property
    def radius(self) -> int:
        """How many taps' distances it reaches to each side; 0 if it is pointwise."""

    @property
    def label(self) -> str:
        """What it is, in a word or two: "conv 3×3", "1×1", "concat"."""

    @property
    def parameters(self) -> int:
        """The number of weights and biases."""

    @property
    def digest(self) -> bytes:
        """A hash of the content: operations with equal digests compute the same."""

    def shape(self, *inputs: int) -> int:
        """The number of units, from those of the inputs. Raises PresetError if they do not fit."""

    def pre_activation(self, *inputs: Array, spacing: int = 1) -> Array:
        """The pre-activations, (..., units), in the precision of the inputs.

        `spacing`: how many positions of a grid lie between neighbouring taps. Of a grid (H, W,
        units) the result is smaller by radius · spacing on each side.
        """

    def tangent(self, inputs: Sequence[Array], directions: Sequence[Array]) -> Array:
        """Forward mode: the derivative of the pre-activations along directions of the inputs.

        One direction, (..., units), for each input; directions may have more leading axes.
        """

    def backward(self, inputs: Sequence[Array], gradient: Array) -> tuple[Array, ...]:
        """Reverse mode: the derivatives by each input, from those by the pre-activations.

        A gradient may have more leading axes than the inputs.
        """


@dataclass(frozen=True)
class Node:
    """A layer in a network's graph. `inputs`: indices of earlier nodes, or SOURCE."""

    layer: Operation
    activation: str
    inputs: tuple[int, ...]

    def forward(self, *inputs: Array) -> tuple[Array, Array]:
        """Pre-activations and units, (..., units) each. Overflow gives inf and NaN."""
        with np.errstate(all="ignore"):
            pre = self.layer.pre_activation(*inputs)
        return pre, activate(self.activation, pre)


@dataclass(frozen=True, eq=False)
class Layer:
    """A dense layer: weight (out, in) float32, bias (out,) float32, the activation's name.

    Raises PresetError if these do not fit each other or exceed a limit.
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    activation: str

    pointwise = True
    radius = 0

    def __post_init__(self) -> None:
        for name, ndim in (("weight", 2), ("bias", 1)):
            object.__setattr__(self, name, frozen(getattr(self, name), ndim, name))
        if self.bias.shape != self.weight.shape[:1]:
            raise PresetError(
                f"{len(self.bias)} biases for {len(self.weight)} rows of weight", key="bias"
            )
        try:
            choice(ACTIVATIONS)(self.activation)
        except ValueError as error:
            raise PresetError(str(error), key="activation") from None

    def scaled(self, weight_scale: float, bias_scale: float) -> "Layer":
        """The layer with its weights and its biases multiplied, in float32."""
        if (weight_scale, bias_scale) == (1.0, 1.0):
            return self
        weight = self.weight * np.float32(weight_scale)
        return Layer(weight, self.bias * np.float32(bias_scale), self.activation)

    @property
    def parameters(self) -> int:
        return self.weight.size + self.bias.size

    @cached_property
    def digest(self) -> bytes:
        content = hashlib.blake2b(digest_size=16)
        content.update(repr((self.activation, self.weight.shape)).encode())
        content.update(self.weight.tobytes())
        content.update(self.bias.tobytes())
        return content.digest()

    def shape(self, *inputs: int) -> int:
        """The number of rows, if there are as many inputs as columns. Raises PresetError."""
        rows, columns = map(int, self.weight.shape)
        if inputs != (columns,):
            raise PresetError(f"has {columns} columns of weight; expected {inputs[0]}")
        return rows

    @property
    def label(self) -> str:
        return "dense"

    def pre_activation(self, *inputs: Array, spacing: int = 1) -> Array:
        """W y + b for y (..., in): (..., out), in the precision of y."""
        pre = self.tangent(inputs, inputs)
        return np.asarray(pre + self.bias.astype(pre.dtype))

    def tangent(self, inputs: Sequence[Array], directions: Sequence[Array]) -> Array:
        """W y for y (..., in): (..., out), in the precision of y."""
        (y,) = directions
        return np.asarray(y @ self.weight.T.astype(y.dtype, copy=False))

    def backward(self, inputs: Sequence[Array], gradient: Array) -> tuple[Array, ...]:
        """Wᵀ g for g (..., out): (..., in)."""
        return (np.asarray(gradient @ self.weight.astype(gradient.dtype, copy=False)),)

    def __repr__(self) -> str:
        rows, columns = self.weight.shape
        return f"Layer({columns} → {rows}, {self.activation})"


def frozen(array: Any, ndim: int, name: str) -> NDArray[np.float32]:
    """Weights or biases as a read-only float32 array; a copy, unless they are one already.

    Raises PresetError with key `name` if they are not numbers, or exceed MAX_WEIGHT.
    """
    if not _frozen(array):  # a copy, which the caller cannot change
        try:
            with np.errstate(over="ignore"):
                array = np.array(array, dtype=np.float32)
        except (ValueError, TypeError) as error:
            raise PresetError(f"not an array of numbers: {error}", key=name) from None
    if array.ndim != ndim or not (np.abs(array) <= MAX_WEIGHT).all():
        problem = f"expected a {ndim}-dimensional array of numbers up to ±{MAX_WEIGHT:g}"
        raise PresetError(problem, key=name)
    array.flags.writeable = False
    found: NDArray[np.float32] = array
    return found


def _frozen(array: Any) -> bool:
    """Whether an array is float32, and neither it nor its base is writeable."""
    if not isinstance(array, np.ndarray) or array.dtype != np.float32:
        return False
    while isinstance(array, np.ndarray) and not array.flags.writeable:
        array = array.base
    return array is None
