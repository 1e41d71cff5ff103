"""What operations of image networks are, and what those share that have weights."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

from cppn_gl.nn.layers import Array
from cppn_gl.nn.vision.shapes import MAX_CHANNELS as MAX_CHANNELS
from cppn_gl.nn.vision.shapes import Shape
from cppn_gl.utils.checks import PresetError

Pair = tuple[int, int]  # of rows and of columns
Padding = tuple[int, int, int, int]  # top, left, bottom, right
Gradients = tuple[Array, ...]  # one for each input


class ImageOperation(Protocol):
    """What a stage of an image network computes, before its activation."""

    @property
    def label(self) -> str:
        """What it is, in a word or two: "conv 3×3 / 2"."""

    @property
    def parameters(self) -> int:
        """The number of weights and biases."""

    @property
    def digest(self) -> bytes:
        """A hash of the content: operations with equal digests compute the same."""

    def shape(self, *shapes: Shape) -> Shape:
        """The shape of the output. Raises PresetError if those of the inputs do not fit."""

    def forward(self, *inputs: Array) -> Array:
        """The output, in the precision of the inputs."""

    def backward(self, inputs: Sequence[Array], output: Array, gradient: Array) -> Gradients:
        """Reverse mode: the derivatives by each input, from those by the output."""

    def weight_gradients(self, inputs: Sequence[Array], gradient: Array) -> dict[str, Array]:
        """The derivatives by the weights, by their names; {} without any."""


class Operation:
    """What operations have in common: no weights, and a digest of the name and the options."""

    @property
    def label(self) -> str:
        return type(self).__name__.lower()

    @property
    def parameters(self) -> int:
        return 0

    @property
    def digest(self) -> bytes:
        return repr(self).encode()

    def weight_gradients(self, inputs: Sequence[Array], gradient: Array) -> dict[str, Array]:
        return {}


class Weighted(Operation):
    """What operations with weights have in common. `names`: the arrays, in their order."""

    names: tuple[str, ...]

    @property
    def options(self) -> tuple[Any, ...]:
        """What they compute besides the weights."""
        return ()

    @property
    def parameters(self) -> int:
        return sum(getattr(self, name).size for name in self.names)

    @cached_property
    def digest(self) -> bytes:
        content = hashlib.blake2b(digest_size=16)
        shapes = [getattr(self, name).shape for name in self.names]
        content.update(repr((type(self).__name__, shapes, self.options)).encode())
        for name in self.names:
            content.update(getattr(self, name).tobytes())
        return content.digest()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.label}, {self.parameters} parameters)"


def only(shapes: tuple[Shape, ...]) -> Shape:
    if len(shapes) != 1:
        raise PresetError(f"has {len(shapes)} inputs; expected one")
    return shapes[0]


def pair(value: Any) -> Pair:
    """Two numbers, of rows and columns; one stands for both."""
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))


def quad(value: Any) -> Padding:
    """Four numbers: top, left, bottom, right; one or two (rows, columns) stand for them."""
    if isinstance(value, int):
        return (value,) * 4
    given = tuple(map(int, value))
    return (*given, *given) if len(given) == 2 else given  # type: ignore[return-value]


def flat(array: Array) -> Array:
    """With one leading axis."""
    return array.reshape(-1, *array.shape[-3:])
