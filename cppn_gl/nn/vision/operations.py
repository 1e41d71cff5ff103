"""The operations of networks that see whole pictures, forward and backward, in NumPy.

Arrays are (…, channels, rows, columns), row 0 on top, of any float type: float64 is the reference.
Weights are float32, converted to the type of the inputs. A gradient may have more leading axes
than the inputs.

    forward(*inputs) -> output                          the sums, before any activation
    backward(inputs, output, gradient) -> gradients     of each input, from that of the output
    weight_gradients(inputs, gradient) -> {name: array}  summed over the leading axes

Shapes, strides, padding and rounding are those of PyTorch and ONNX.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cppn_gl.nn.activations import activate
from cppn_gl.nn.layers import Array, frozen
from cppn_gl.nn.vision.operation import MAX_CHANNELS as MAX_CHANNELS
from cppn_gl.nn.vision.operation import Gradients, Operation, Weighted, only, quad
from cppn_gl.nn.vision.operation import ImageOperation as ImageOperation
from cppn_gl.nn.vision.operation import Padding as Padding
from cppn_gl.nn.vision.shapes import MAX_SIDE as MAX_SIDE
from cppn_gl.nn.vision.shapes import Shape as Shape
from cppn_gl.nn.vision.windows import AvgPool2d as AvgPool2d
from cppn_gl.nn.vision.windows import Conv2d as Conv2d
from cppn_gl.nn.vision.windows import MaxPool2d as MaxPool2d
from cppn_gl.nn.vision.windows import check_window, padded, unpadded
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.checks import PresetError


@dataclass(frozen=True, eq=False, repr=False)
class Linear(Weighted):
    """A dense layer over all values of its input: weight (out, in), bias (out,) float32.

    The result has the shape (out, 1, 1). Values are counted channel by channel, row by row.
    """

    weight: Float32
    bias: Float32

    names = ("weight", "bias")
    label = "dense"

    def __post_init__(self) -> None:
        for name, ndim in (("weight", 2), ("bias", 1)):
            object.__setattr__(self, name, frozen(getattr(self, name), ndim, name))
        if not self.weight.size or self.bias.shape != self.weight.shape[:1]:
            problem = f"{len(self.bias)} biases for {len(self.weight)} rows of weight"
            raise PresetError(problem, key="bias")

    def shape(self, *shapes: Shape) -> Shape:
        given, wanted = only(shapes), self.weight.shape[1]
        if given.size != wanted:
            raise PresetError(f"has weights for {wanted} values; its input has {given}")
        return Shape(len(self.weight), 1, 1)

    def forward(self, *inputs: Array) -> Array:
        (x,) = inputs
        flat = x.reshape(*x.shape[:-3], -1)
        weight, bias = self.weight.astype(x.dtype, copy=False), self.bias.astype(x.dtype)
        return np.asarray(flat @ weight.T + bias)[..., None, None]

    def backward(self, inputs: Sequence[Array], output: Array, gradient: Array) -> Gradients:
        weight = self.weight.astype(gradient.dtype, copy=False)
        found = gradient[..., 0, 0] @ weight
        return (found.reshape(*gradient.shape[:-3], *inputs[0].shape[-3:]),)

    def weight_gradients(self, inputs: Sequence[Array], gradient: Array) -> dict[str, Array]:
        by = gradient.reshape(-1, len(self.weight))
        return {"weight": by.T @ inputs[0].reshape(len(by), -1), "bias": by.sum(axis=0)}


@dataclass(frozen=True)
class GlobalAvgPool(Operation):
    """The mean of each channel: (channels, 1, 1)."""

    label = "global avg pool"

    def shape(self, *shapes: Shape) -> Shape:
        return Shape(only(shapes).channels, 1, 1)

    def forward(self, *inputs: Array) -> Array:
        (x,) = inputs
        return np.asarray(x.mean(axis=(-2, -1), keepdims=True))

    def backward(self, inputs: Sequence[Array], output: Array, gradient: Array) -> Gradients:
        shape = inputs[0].shape[-3:]
        each = gradient / gradient.dtype.type(shape[1] * shape[2])
        return (np.array(np.broadcast_to(each, (*gradient.shape[:-3], *shape))),)


@dataclass(frozen=True, eq=False, repr=False)
class Scale(Weighted):
    """gain · x + shift, channel by channel: batch normalisation, folded. (channels,) float32."""

    gain: Float32
    shift: Float32

    names = ("gain", "shift")
    label = "scale"

    def __post_init__(self) -> None:
        for name in self.names:
            object.__setattr__(self, name, frozen(getattr(self, name), 1, name))
        if self.gain.shape != self.shift.shape or not self.gain.size:
            problem = f"{len(self.shift)} shifts for {len(self.gain)} gains"
            raise PresetError(problem, key="shift")

    def shape(self, *shapes: Shape) -> Shape:
        given = only(shapes)
        if given.channels != len(self.gain):
            problem = f"scales {len(self.gain)} channels; its input has {given.channels}"
            raise PresetError(problem)
        return given

    def forward(self, *inputs: Array) -> Array:
        (x,) = inputs
        gain, shift = (getattr(self, n).astype(x.dtype)[:, None, None] for n in self.names)
        return np.asarray(gain * x + shift)

    def backward(self, inputs: Sequence[Array], output: Array, gradient: Array) -> Gradients:
        return (gradient * self.gain.astype(gradient.dtype)[:, None, None],)

    def weight_gradients(self, inputs: Sequence[Array], gradient: Array) -> dict[str, Array]:
        axes = tuple(a for a in range(gradient.ndim) if a != gradient.ndim - 3)
        return {"gain": (gradient * inputs[0]).sum(axis=axes), "shift": gradient.sum(axis=axes)}


@dataclass(frozen=True)
class ResponseNorm(Operation):
    """Local response normalisation: x / (bias + alpha / size · Σ x²)^beta.

    The sum is over the `size` neighbouring channels, (size - 1) // 2 of them before, as many as
    there are.
    """

    size: int = 5
    alpha: float = 1e-4
    beta: float = 0.75
    bias: float = 1.0

    label = "response norm"

    def __post_init__(self) -> None:
        if not 1 <= self.size <= MAX_CHANNELS or not self.bias > 0 or self.alpha < 0:
            problem = f"size {self.size}, alpha {self.alpha:g}, bias {self.bias:g}"
            raise PresetError(f"{problem}; expected positive numbers", key="size")

    def shape(self, *shapes: Shape) -> Shape:
        return only(shapes)

    def _summed(self, x: Array, before: int) -> Array:
        """For each channel the sum over its neighbours, `before` of them before it."""
        after = self.size - 1 - before
        *lead, channels, rows, columns = x.shape
        total = np.zeros((*lead, channels + 1, rows, columns), x.dtype)
        np.cumsum(x, axis=-3, out=total[..., 1:, :, :])
        place = np.arange(channels)
        low, high = np.maximum(place - before, 0), np.minimum(place + after + 1, channels)
        return np.asarray(total[..., high, :, :] - total[..., low, :, :])

    def _base(self, x: Array) -> Array:
        sums = self._summed(x * x, (self.size - 1) // 2)
        return np.asarray(x.dtype.type(self.bias) + x.dtype.type(self.alpha / self.size) * sums)

    def forward(self, *inputs: Array) -> Array:
        (x,) = inputs
        return np.asarray(x * self._base(x) ** x.dtype.type(-self.beta))

    def backward(self, inputs: Sequence[Array], output: Array, gradient: Array) -> Gradients:
        (x,), kind = inputs, gradient.dtype.type
        base = self._base(x)
        power = base ** kind(-self.beta)
        across = self._summed(gradient * x * power / base, self.size - 1 - (self.size - 1) // 2)
        factor = kind(2 * self.alpha * self.beta / self.size)
        return (np.asarray(gradient * power - factor * x * across),)


@dataclass(frozen=True)
class Concatenate(Operation):
    """The channels of several inputs, one after another."""

    label = "concat"

    def shape(self, *shapes: Shape) -> Shape:
        if len({shape[1:] for shape in shapes}) != 1:
            raise PresetError(f"joins {' and '.join(map(str, shapes))}; expected equal sides")
        return Shape(sum(shape.channels for shape in shapes), *shapes[0][1:])

    def forward(self, *inputs: Array) -> Array:
        return np.concatenate(inputs, axis=-3)

    def backward(self, inputs: Sequence[Array], output: Array, gradient: Array) -> Gradients:
        ends = np.cumsum([x.shape[-3] for x in inputs])[:-1]
        return tuple(np.ascontiguousarray(part) for part in np.split(gradient, ends, axis=-3))


class Elementwise(Operation):
    """What sums and products share: inputs of equal shapes; sides or channels of 1 are repeated."""

    def shape(self, *shapes: Shape) -> Shape:
        try:
            if not shapes:
                raise ValueError
            return Shape(*np.broadcast_shapes(*shapes))
        except ValueError:
            words = " and ".join(map(str, shapes))
            raise PresetError(f"has inputs of {words}; expected equal shapes") from None

    @staticmethod
    def _summed(gradient: Array, shape: tuple[int, ...]) -> Array:
        """The gradient of an input that was repeated: summed over the axes of 1."""
        axes = tuple(
            axis - 3 for axis in range(3) if shape[axis - 3] == 1 and gradient.shape[axis - 3] > 1
        )
        return np.asarray(gradient.sum(axis=axes, keepdims=True)) if axes else gradient


@dataclass(frozen=True)
class Sum(Elementwise):
    """The sum of several inputs."""

    label = "add"

    def forward(self, *inputs: Array) -> Array:
        first, *others = inputs
        total = first
        for other in others:
            total = total + other
        return total if others else np.array(total)

    def backward(self, inputs: Sequence[Array], output: Array, gradient: Array) -> Gradients:
        return tuple(self._summed(gradient, x.shape[-3:]) for x in inputs)


@dataclass(frozen=True)
class Product(Elementwise):
    """The product of several inputs."""

    label = "multiply"

    def forward(self, *inputs: Array) -> Array:
        first, *others = inputs
        total = first
        for other in others:
            total = total * other
        return total if others else np.array(total)

    def backward(self, inputs: Sequence[Array], output: Array, gradient: Array) -> Gradients:
        found = []
        for place, x in enumerate(inputs):
            by = gradient
            for other, y in enumerate(inputs):
                by = by if other == place else by * y
            found.append(self._summed(by, x.shape[-3:]))
        return tuple(found)


@dataclass(frozen=True)
class Pad2d(Operation):
    """A border: mode constant (of `value`), reflect (without the edge), or edge."""

    padding: Padding
    mode: str = "constant"
    value: float = 0.0

    label = "pad"
    modes = ("constant", "reflect", "edge")

    def __post_init__(self) -> None:
        object.__setattr__(self, "padding", quad(self.padding))
        check_window((1, 1), (1, 1), self.padding)
        if self.mode not in self.modes:
            raise PresetError(f"{self.mode!r}; expected {' '.join(self.modes)}", key="mode")

    def shape(self, *shapes: Shape) -> Shape:
        given = only(shapes)
        top, left, bottom, right = self.padding
        sides = (given.rows, top, bottom), (given.columns, left, right)
        if self.mode == "reflect" and any(max(a, b) >= length for length, a, b in sides):
            raise PresetError(f"reflects {list(self.padding)} of {given}; expected less")
        rows, columns = (sum(side) for side in sides)
        return Shape(given.channels, rows, columns)

    def _places(self, given: Shape) -> tuple[Array, Array]:
        """For each row and column of the output that of the input it repeats."""
        top, left, bottom, right = self.padding
        mode: Any = self.mode
        rows = np.pad(np.arange(given.rows), (top, bottom), mode)
        return rows, np.pad(np.arange(given.columns), (left, right), mode)

    def forward(self, *inputs: Array) -> Array:
        (x,) = inputs
        if self.mode == "constant":
            return np.array(padded(x, self.padding, self.value))
        rows, columns = self._places(Shape(*x.shape[-3:]))
        return np.ascontiguousarray(x[..., rows[:, None], columns])

    def backward(self, inputs: Sequence[Array], output: Array, gradient: Array) -> Gradients:
        if self.mode == "constant":
            return (np.ascontiguousarray(unpadded(gradient, self.padding)),)
        given = Shape(*inputs[0].shape[-3:])
        rows, columns = self._places(given)
        by_row = np.zeros((*gradient.shape[:-2], given.rows, gradient.shape[-1]), gradient.dtype)
        for row, place in enumerate(rows):
            by_row[..., place, :] += gradient[..., row, :]
        found = np.zeros((*by_row.shape[:-1], given.columns), gradient.dtype)
        for column, place in enumerate(columns):
            found[..., place] += by_row[..., column]
        return (found,)


@dataclass(frozen=True)
class Reshape(Operation):
    """The same values, counted channel by channel, row by row, in another shape."""

    target: Shape

    label = "reshape"

    def __post_init__(self) -> None:
        object.__setattr__(self, "target", Shape(*map(int, self.target)))

    def shape(self, *shapes: Shape) -> Shape:
        given = only(shapes)
        if given.size != self.target.size or min(self.target) < 1:
            raise PresetError(f"makes {self.target} of {given}; expected as many values")
        return self.target

    def forward(self, *inputs: Array) -> Array:
        return inputs[0].reshape(*inputs[0].shape[:-3], *self.target)

    def backward(self, inputs: Sequence[Array], output: Array, gradient: Array) -> Gradients:
        return (gradient.reshape(*gradient.shape[:-3], *inputs[0].shape[-3:]),)


@dataclass(frozen=True)
class Flatten(Operation):
    """All values as channels of one place: (values, 1, 1)."""

    def shape(self, *shapes: Shape) -> Shape:
        return Shape(only(shapes).size, 1, 1)

    def forward(self, *inputs: Array) -> Array:
        return inputs[0].reshape(*inputs[0].shape[:-3], -1, 1, 1)

    def backward(self, inputs: Sequence[Array], output: Array, gradient: Array) -> Gradients:
        return (gradient.reshape(*gradient.shape[:-3], *inputs[0].shape[-3:]),)


@dataclass(frozen=True)
class Softmax(Operation):
    """exp(x) / Σ exp(x) over the channels, or its logarithm."""

    log: bool = False

    @property
    def label(self) -> str:
        return "log softmax" if self.log else "softmax"

    def shape(self, *shapes: Shape) -> Shape:
        return only(shapes)

    def forward(self, *inputs: Array) -> Array:
        (x,) = inputs
        moved = x - x.max(axis=-3, keepdims=True)
        shares = np.exp(moved)
        total = shares.sum(axis=-3, keepdims=True)
        return np.asarray(moved - np.log(total) if self.log else shares / total)

    def backward(self, inputs: Sequence[Array], output: Array, gradient: Array) -> Gradients:
        if self.log:
            total = gradient.sum(axis=-3, keepdims=True)
            return (np.asarray(gradient - np.exp(output) * total),)
        mean = (gradient * output).sum(axis=-3, keepdims=True)
        return (np.asarray(output * (gradient - mean)),)


class Curve(Operation):
    """A function of each value alone: an activation with constants, as an operation."""

    def shape(self, *shapes: Shape) -> Shape:
        return only(shapes)

    def slope(self, x: Array) -> Array:
        """The derivative at each value."""
        raise NotImplementedError

    def backward(self, inputs: Sequence[Array], output: Array, gradient: Array) -> Gradients:
        return (np.asarray(gradient * self.slope(inputs[0]), gradient.dtype),)


@dataclass(frozen=True)
class Identity(Curve):
    """The values as they are: what dropout does after training."""

    def forward(self, *inputs: Array) -> Array:
        return inputs[0]

    def backward(self, inputs: Sequence[Array], output: Array, gradient: Array) -> Gradients:
        return (gradient,)


@dataclass(frozen=True)
class Clip(Curve):
    """Values limited to low … high: relu6 is Clip(0, 6)."""

    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise PresetError(f"{self.low:g} to {self.high:g}; expected an ascending range")

    @property
    def label(self) -> str:
        return f"relu{self.high:g}" if self.low == 0 else f"clip {self.low:g} … {self.high:g}"

    def forward(self, *inputs: Array) -> Array:
        (x,) = inputs
        return np.asarray(np.clip(x, x.dtype.type(self.low), x.dtype.type(self.high)))

    def slope(self, x: Array) -> Array:
        return np.asarray((x > self.low) & (x < self.high))


@dataclass(frozen=True)
class LeakyRelu(Curve):
    """x, or slope · x where x < 0."""

    factor: float = 0.01

    @property
    def label(self) -> str:
        return f"leaky relu {self.factor:g}"

    def forward(self, *inputs: Array) -> Array:
        (x,) = inputs
        return np.asarray(np.where(x < 0, x * x.dtype.type(self.factor), x))

    def slope(self, x: Array) -> Array:
        return np.asarray(np.where(x > 0, x.dtype.type(1), x.dtype.type(self.factor)))


@dataclass(frozen=True)
class Elu(Curve):
    """scale · x, or scale · alpha · (exp(x) - 1) where x < 0: SELU has a scale."""

    alpha: float = 1.0
    scale: float = 1.0

    def forward(self, *inputs: Array) -> Array:
        (x,), kind = inputs, inputs[0].dtype.type
        low = kind(self.alpha) * np.expm1(np.minimum(x, 0))
        return np.asarray(kind(self.scale) * np.where(x < 0, low, x))

    def slope(self, x: Array) -> Array:
        low = x.dtype.type(self.alpha) * np.exp(np.minimum(x, 0))
        return np.asarray(x.dtype.type(self.scale) * np.where(x > 0, x.dtype.type(1), low))


@dataclass(frozen=True)
class HardSigmoid(Curve):
    """factor · x + shift, limited to 0 … 1: ONNX's, or PyTorch's with a factor of 1/6."""

    factor: float = 0.2
    shift: float = 0.5

    label = "hard sigmoid"

    def forward(self, *inputs: Array) -> Array:
        (x,), kind = inputs, inputs[0].dtype.type
        return np.asarray(np.clip(kind(self.factor) * x + kind(self.shift), kind(0), kind(1)))

    def slope(self, x: Array) -> Array:
        line = self.factor * x + self.shift
        inside = (line > 0) & (line < 1)
        return np.asarray(np.where(inside, x.dtype.type(self.factor), x.dtype.type(0)))


@dataclass(frozen=True)
class Swish(Curve):
    """x · sigmoid(x), also called SiLU; hard: x · clip(x / 6 + 1/2, 0, 1)."""

    hard: bool = False

    @property
    def label(self) -> str:
        return "hard swish" if self.hard else "swish"

    def _gate(self, x: Array) -> Array:
        if self.hard:
            kind = x.dtype.type
            return np.asarray(np.clip(x / kind(6) + kind(0.5), kind(0), kind(1)))
        return activate("sigmoid", x)

    def forward(self, *inputs: Array) -> Array:
        return np.asarray(inputs[0] * self._gate(inputs[0]))

    def slope(self, x: Array) -> Array:
        gate = self._gate(x)
        if self.hard:
            return np.asarray(gate + np.where((x > -3) & (x < 3), x / x.dtype.type(6), 0))
        return np.asarray(gate + x * gate * (1 - gate))
