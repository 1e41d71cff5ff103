"""The operations of networks that see whole pictures, forward and backward, in NumPy.

Arrays are (…, channels, rows, columns), row 0 on top, of any float type: float64 is the reference.
Weights are float32, converted to the type of the inputs. A gradient may have more leading axes
than the inputs.

    forward(*inputs) -> output                          the sums, before any activation
    backward(inputs, output, gradient) -> gradients     of each input, from that of the output
    weight_gradients(inputs, gradient) -> {name: array}  summed over the leading axes

Shapes, strides, padding and rounding are those of PyTorch and ONNX.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cppn_gl.nn.activations import activate
from cppn_gl.nn.layers import Array, frozen
from cppn_gl.nn.vision.shapes import MAX_SIDE
from cppn_gl.nn.vision.shapes import Shape as Shape  # for those who make operations
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.checks import PresetError

Pair = tuple[int, int]  # of rows and of columns
Padding = tuple[int, int, int, int]  # top, left, bottom, right
Gradients = tuple[Array, ...]  # one for each input

MAX_CHANNELS = 65536
BAND = 2**21  # values of unrolled windows that are multiplied at a time


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


def _only(shapes: tuple[Shape, ...]) -> Shape:
    if len(shapes) != 1:
        raise PresetError(f"has {len(shapes)} inputs; expected one")
    return shapes[0]


def _pair(value: Any) -> Pair:
    """Two numbers, of rows and columns; one stands for both."""
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))


def _quad(value: Any) -> Padding:
    """Four numbers: top, left, bottom, right; one or two (rows, columns) stand for them."""
    if isinstance(value, int):
        return (value,) * 4
    given = tuple(map(int, value))
    return (*given, *given) if len(given) == 2 else given  # type: ignore[return-value]


def _flat(array: Array) -> Array:
    """With one leading axis."""
    return array.reshape(-1, *array.shape[-3:])


# Windows: what convolutions and pools share.


def _padded(x: Array, padding: Padding, value: float = 0.0) -> Array:
    top, left, bottom, right = padding
    if padding == (0, 0, 0, 0):
        return x
    *lead, rows, columns = x.shape
    whole = np.full((*lead, rows + top + bottom, columns + left + right), value, x.dtype)
    whole[..., top : top + rows, left : left + columns] = x
    return whole


def _unpadded(x: Array, padding: Padding) -> Array:
    top, left, bottom, right = padding
    return x[..., top : x.shape[-2] - bottom, left : x.shape[-1] - right]


def _count(length: int, before: int, after: int, kernel: int, stride: int, ceil: bool) -> int:
    """How many windows of `kernel` lie on a padded side. With `ceil` the last may overhang.

    It begins within the side or the padding before it.
    """
    space = length + before + after - kernel
    if space < 0:
        return 0
    count = (-(-space // stride) if ceil else space // stride) + 1
    if ceil and (count - 1) * stride >= length + before:
        count -= 1
    return count


def _window_shape(
    shape: Shape, kernel: Pair, stride: Pair, padding: Padding, ceil: bool = False
) -> Pair:
    """The rows and columns of windows of a picture. Raises PresetError if there are none."""
    top, left, bottom, right = padding
    rows = _count(shape.rows, top, bottom, kernel[0], stride[0], ceil)
    columns = _count(shape.columns, left, right, kernel[1], stride[1], ceil)
    if rows < 1 or columns < 1:
        sizes = f"{kernel[0]}×{kernel[1]} on {shape.rows}×{shape.columns}"
        raise PresetError(f"a window of {sizes}, which is smaller")
    return rows, columns


def _check_window(kernel: Pair, stride: Pair, padding: Padding, dilation: Pair = (1, 1)) -> None:
    """Raise PresetError for sizes that are none."""
    for name, values, low in (
        ("kernel", kernel, 1),
        ("stride", stride, 1),
        ("dilation", dilation, 1),
        ("padding", padding, 0),
    ):
        wanted = 4 if name == "padding" else 2
        if len(values) != wanted or not all(low <= value <= MAX_SIDE for value in values):
            expected = f"expected {wanted} numbers from {low} to {MAX_SIDE}"
            raise PresetError(f"{name} {list(values)}; {expected}", key=name)


def _sized(kernel: Pair, stride: Pair, padding: Padding) -> str:
    """What a label says of a window: "3×3 / 2"."""
    step = "" if stride == (1, 1) else f" / {'×'.join(map(str, dict.fromkeys(stride)))}"
    return f"{kernel[0]}×{kernel[1]}{step}"


@dataclass(frozen=True, eq=False)
class Conv2d(Weighted):
    """A convolution: z[o] = bias[o] + Σ weight[o, c, i, j] · x[c], stride and zero padding.

    weight (out, in / groups, rows, columns) float32, bias (out,) float32; stride, dilation (rows,
    columns); padding (top, left, bottom, right). Raises PresetError if they do not fit.
    """

    weight: Float32
    bias: Float32
    stride: Pair = (1, 1)
    padding: Padding = (0, 0, 0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1

    names = ("weight", "bias")

    def __post_init__(self) -> None:
        for name, ndim in (("weight", 4), ("bias", 1)):
            object.__setattr__(self, name, frozen(getattr(self, name), ndim, name))
        for name, found in (
            ("stride", _pair(self.stride)),
            ("dilation", _pair(self.dilation)),
            ("padding", _quad(self.padding)),
        ):
            object.__setattr__(self, name, found)
        out = len(self.weight)
        if self.bias.shape != (out,):
            raise PresetError(f"{len(self.bias)} biases for {out} rows of weight", key="bias")
        if self.groups < 1 or not out or out % self.groups or not self.weight.size:
            raise PresetError(f"{out} channels in {self.groups} groups", key="groups")
        _check_window(self.kernel, self.stride, self.padding, self.dilation)

    @property
    def options(self) -> tuple[Any, ...]:
        return self.stride, self.padding, self.dilation, self.groups

    @property
    def kernel(self) -> Pair:
        """Taps: rows and columns."""
        return int(self.weight.shape[2]), int(self.weight.shape[3])

    @property
    def reach(self) -> Pair:
        """The rows and columns that its taps lie on."""
        (rows, columns), (down, right) = self.kernel, self.dilation
        return (rows - 1) * down + 1, (columns - 1) * right + 1

    @property
    def label(self) -> str:
        size = _sized(self.kernel, self.stride, self.padding)
        apart = f", {self.dilation[0]} apart" if self.dilation != (1, 1) else ""
        split = f", {self.groups} groups" if self.groups > 1 else ""
        return f"conv {size}{apart}{split}"

    def shape(self, *shapes: Shape) -> Shape:
        given, wanted = _only(shapes), int(self.weight.shape[1]) * self.groups
        if given.channels != wanted:
            problem = f"has weights for {wanted} channels; its input has {given.channels}"
            raise PresetError(problem)
        return Shape(len(self.weight), *_window_shape(given, self.reach, self.stride, self.padding))

    def forward(self, *inputs: Array) -> Array:
        (x,) = inputs
        out = self.shape(Shape(*x.shape[-3:]))
        weight = self._matrices(x.dtype)
        bias = self.bias.astype(x.dtype)[:, None]
        found = np.empty((math.prod(x.shape[:-3]), *out), x.dtype)
        for one, sums in zip(_flat(x), found, strict=True):
            for rows, columns in self._unrolled(one, out):
                part = np.matmul(weight, columns).reshape(out.channels, -1) + bias
                sums[:, rows] = part.reshape(out.channels, -1, out.columns)
        return found.reshape(*x.shape[:-3], *out)

    def _matrices(self, dtype: Any) -> Array:
        """The weights (groups, out / groups, taps of all channels)."""
        per = len(self.weight) // self.groups
        return self.weight.astype(dtype, copy=False).reshape(self.groups, per, -1)

    def _bands(self, out: Shape) -> list[slice]:
        """Rows of the output whose windows are unrolled at a time."""
        taps = int(np.prod(self.weight.shape[1:])) * self.groups
        count = max(1, BAND // max(1, taps * out.columns))
        return [slice(top, min(out.rows, top + count)) for top in range(0, out.rows, count)]

    def _unrolled(self, x: Array, out: Shape) -> Any:
        """For each band of rows its windows: (groups, taps of all channels, places)."""
        (down, right), channels = self.stride, x.shape[0]
        plain = self.kernel == (1, 1) and self.stride == (1, 1) and not any(self.padding)
        if plain:
            yield slice(0, out.rows), x.reshape(self.groups, channels // self.groups, -1)
            return
        padded = _padded(x, self.padding)
        reach, (apart, across) = self.reach, self.dilation
        windows = sliding_window_view(padded, reach, axis=(-2, -1))[
            :, ::down, ::right, ::apart, ::across
        ]  # channels, rows, columns, taps, taps
        for rows in self._bands(out):
            seen = windows[:, rows, : out.columns].transpose(0, 3, 4, 1, 2)
            places = (rows.stop - rows.start) * out.columns
            yield rows, seen.reshape(self.groups, -1, places)

    def backward(self, inputs: Sequence[Array], output: Array, gradient: Array) -> Gradients:
        given = Shape(*inputs[0].shape[-3:])
        return (self.transposed(gradient, given),)

    def transposed(self, gradient: Array, given: Shape) -> Array:
        """The derivatives by an input of shape `given`: the transposed convolution."""
        out = Shape(*gradient.shape[-3:])
        top, left, bottom, right = self.padding
        weight = self._matrices(gradient.dtype).transpose(0, 2, 1)
        whole = (given.channels, given.rows + top + bottom, given.columns + left + right)
        lead = gradient.shape[:-3]
        found = np.zeros((math.prod(lead), *whole), gradient.dtype)
        (rows, columns), (down, over) = self.kernel, self.stride
        for one, into in zip(_flat(gradient), found, strict=True):
            for band in self._bands(out):
                count = band.stop - band.start
                part = np.ascontiguousarray(one[:, band]).reshape(
                    self.groups, -1, count * out.columns
                )
                spread = np.matmul(weight, part)
                spread = spread.reshape(given.channels, rows, columns, count, out.columns)
                first = band.start * down
                for i in range(rows):
                    at = first + i * self.dilation[0]
                    for j in range(columns):
                        side = j * self.dilation[1]
                        into[
                            :,
                            at : at + (count - 1) * down + 1 : down,
                            side : side + (out.columns - 1) * over + 1 : over,
                        ] += spread[:, i, j]
        return np.ascontiguousarray(_unpadded(found, self.padding)).reshape(*lead, *given)

    def weight_gradients(self, inputs: Sequence[Array], gradient: Array) -> dict[str, Array]:
        (x,) = inputs
        out = Shape(*gradient.shape[-3:])
        total = np.zeros(self._matrices(gradient.dtype).shape, gradient.dtype)
        for one, by in zip(_flat(x), _flat(gradient), strict=True):
            for rows, columns in self._unrolled(one, out):
                part = np.ascontiguousarray(by[:, rows]).reshape(self.groups, -1, columns.shape[-1])
                total += np.matmul(part, columns.transpose(0, 2, 1))
        axes = tuple(a for a in range(gradient.ndim) if a != gradient.ndim - 3)
        return {"weight": total.reshape(self.weight.shape), "bias": gradient.sum(axis=axes)}


@dataclass(frozen=True, eq=False)
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
        given, wanted = _only(shapes), self.weight.shape[1]
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
class Pool(Operation):
    """What pools share: windows of `size`, channel by channel. `ceil`: the last may overhang."""

    size: Pair
    stride: Pair = None  # type: ignore[assignment]  # the size
    padding: Padding = (0, 0, 0, 0)
    ceil: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", _pair(self.size))
        stride = self.size if self.stride is None else _pair(self.stride)
        object.__setattr__(self, "stride", stride)
        object.__setattr__(self, "padding", _quad(self.padding))
        _check_window(self.size, self.stride, self.padding)
        top, left, bottom, right = self.padding
        if max(top, bottom) >= self.size[0] or max(left, right) >= self.size[1]:
            problem = f"padding {list(self.padding)} of a window of {self.size[0]}×{self.size[1]}"
            raise PresetError(f"{problem}; expected less than the window", key="padding")

    def shape(self, *shapes: Shape) -> Shape:
        given = _only(shapes)
        return Shape(
            given.channels,
            *_window_shape(given, self.size, self.stride, self.padding, self.ceil),
        )

    def _covering(self, given: Shape) -> Padding:
        """The padding, enlarged by what the last windows overhang."""
        out = self.shape(given)
        top, left, bottom, right = self.padding
        rows = (out.rows - 1) * self.stride[0] + self.size[0] - top - given.rows
        columns = (out.columns - 1) * self.stride[1] + self.size[1] - left - given.columns
        return top, left, max(bottom, rows), max(right, columns)

    def _taps(self, padded: Array, out: Shape) -> list[Array]:
        """The padded picture as each tap of the windows sees it, row by row: views."""
        (rows, columns), (down, right) = self.size, self.stride
        return [
            padded[
                ...,
                i : i + (out.rows - 1) * down + 1 : down,
                j : j + (out.columns - 1) * right + 1 : right,
            ]
            for i in range(rows)
            for j in range(columns)
        ]

    @property
    def label(self) -> str:
        return f"{self.word} {_sized(self.size, self.stride, self.padding)}"

    word = "pool"


@dataclass(frozen=True)
class MaxPool2d(Pool):
    """The largest value in a window; NaN if one of them is. Its padding is smaller than any."""

    word = "max pool"

    def forward(self, *inputs: Array) -> Array:
        (x,) = inputs
        given = Shape(*x.shape[-3:])
        out = self.shape(given)
        first, *others = self._taps(_padded(x, self._covering(given), -np.inf), out)
        best = np.array(first)
        for seen in others:
            np.maximum(best, seen, out=best)
        return best

    def switches(self, x: Array, output: Array) -> Array:
        """Which tap of each window is its result, row by row: the first of equal ones. uint16."""
        given = Shape(*x.shape[-3:])
        taps = self._taps(_padded(x, self._covering(given), -np.inf), self.shape(given))
        found = np.zeros(output.shape, np.uint16)
        for tap in range(len(taps) - 1, -1, -1):
            found[(taps[tap] == output) | np.isnan(taps[tap])] = tap
        return found

    def backward(self, inputs: Sequence[Array], output: Array, gradient: Array) -> Gradients:
        switches = self.switches(inputs[0], output)
        return (self.unpooled(switches, gradient, Shape(*inputs[0].shape[-3:])),)

    def unpooled(self, switches: Array, gradient: Array, given: Shape) -> Array:
        """The gradient at the places of `switches`, of an input of shape `given`."""
        padding = self._covering(given)
        top, left, bottom, right = padding
        whole = (given.channels, given.rows + top + bottom, given.columns + left + right)
        found = np.zeros((*gradient.shape[:-3], *whole), gradient.dtype)
        for tap, into in enumerate(self._taps(found, Shape(*gradient.shape[-3:]))):
            into += np.where(switches == tap, gradient, gradient.dtype.type(0))
        return np.ascontiguousarray(_unpadded(found, padding))


@dataclass(frozen=True)
class AvgPool2d(Pool):
    """The mean of a window. count_padding: whether zeros of the padding count as values.

    What the last windows overhang never counts.
    """

    count_padding: bool = True

    word = "avg pool"

    def _weights(self, given: Shape, dtype: Any) -> Array:
        """1 / the number of values in each window: (rows, columns)."""
        out, counts = self.shape(given), []
        top, left, bottom, right = self.padding
        sides = ((given.rows, top, bottom), (given.columns, left, right))
        for axis, (length, before, after) in enumerate(sides):
            starts = np.arange(out[axis + 1]) * self.stride[axis] - before
            low, high = (-before, length + after) if self.count_padding else (0, length)
            ends = np.minimum(starts + self.size[axis], high)
            counts.append(np.maximum(ends - np.maximum(starts, low), 1))
        return np.asarray(1 / np.outer(*counts)).astype(dtype)

    def forward(self, *inputs: Array) -> Array:
        (x,) = inputs
        given = Shape(*x.shape[-3:])
        first, *others = self._taps(_padded(x, self._covering(given)), self.shape(given))
        total = np.array(first)
        for seen in others:
            total += seen
        return np.asarray(total * self._weights(given, x.dtype))

    def backward(self, inputs: Sequence[Array], output: Array, gradient: Array) -> Gradients:
        given = Shape(*inputs[0].shape[-3:])
        padding = self._covering(given)
        top, left, bottom, right = padding
        whole = (given.channels, given.rows + top + bottom, given.columns + left + right)
        found = np.zeros((*gradient.shape[:-3], *whole), gradient.dtype)
        each = gradient * self._weights(given, gradient.dtype)
        for into in self._taps(found, Shape(*gradient.shape[-3:])):
            into += each
        return (np.ascontiguousarray(_unpadded(found, padding)),)


@dataclass(frozen=True)
class GlobalAvgPool(Operation):
    """The mean of each channel: (channels, 1, 1)."""

    label = "global avg pool"

    def shape(self, *shapes: Shape) -> Shape:
        return Shape(_only(shapes).channels, 1, 1)

    def forward(self, *inputs: Array) -> Array:
        (x,) = inputs
        return np.asarray(x.mean(axis=(-2, -1), keepdims=True))

    def backward(self, inputs: Sequence[Array], output: Array, gradient: Array) -> Gradients:
        shape = inputs[0].shape[-3:]
        each = gradient / gradient.dtype.type(shape[1] * shape[2])
        return (np.array(np.broadcast_to(each, (*gradient.shape[:-3], *shape))),)


@dataclass(frozen=True, eq=False)
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
        given = _only(shapes)
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
        return _only(shapes)

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
        object.__setattr__(self, "padding", _quad(self.padding))
        _check_window((1, 1), (1, 1), self.padding)
        if self.mode not in self.modes:
            raise PresetError(f"{self.mode!r}; expected {' '.join(self.modes)}", key="mode")

    def shape(self, *shapes: Shape) -> Shape:
        given = _only(shapes)
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
            return np.array(_padded(x, self.padding, self.value))
        rows, columns = self._places(Shape(*x.shape[-3:]))
        return np.ascontiguousarray(x[..., rows[:, None], columns])

    def backward(self, inputs: Sequence[Array], output: Array, gradient: Array) -> Gradients:
        if self.mode == "constant":
            return (np.ascontiguousarray(_unpadded(gradient, self.padding)),)
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
        given = _only(shapes)
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
        return Shape(_only(shapes).size, 1, 1)

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
        return _only(shapes)

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
        return _only(shapes)

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
