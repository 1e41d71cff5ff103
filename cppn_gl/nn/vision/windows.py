"""Operations that see windows of a picture: convolutions and pools."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cppn_gl.nn.layers import Array, frozen
from cppn_gl.nn.vision.operation import (
    Gradients,
    Operation,
    Padding,
    Pair,
    Weighted,
    flat,
    only,
    pair,
    quad,
)
from cppn_gl.nn.vision.shapes import MAX_SIDE, Shape
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.checks import PresetError

MAX_TAPS = 2**16 - 1  # of a window with switches, which are uint16
BAND = 2**21  # values of unrolled windows that are multiplied at a time


def padded(x: Array, padding: Padding, value: float = 0.0) -> Array:
    top, left, bottom, right = padding
    if padding == (0, 0, 0, 0):
        return x
    *lead, rows, columns = x.shape
    whole = np.full((*lead, rows + top + bottom, columns + left + right), value, x.dtype)
    whole[..., top : top + rows, left : left + columns] = x
    return whole


def unpadded(x: Array, padding: Padding) -> Array:
    top, left, bottom, right = padding
    return x[..., top : x.shape[-2] - bottom, left : x.shape[-1] - right]


def _count(length: int, before: int, after: int, kernel: int, stride: int, ceil: bool) -> int:
    """How many windows of `kernel` lie on a padded side. With `ceil` the last may overhang.

    It begins within the side or the padding before it.
    """
    space = length + before + after - kernel
    if space < 0 and not (ceil and -space < stride):
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


def check_window(kernel: Pair, stride: Pair, padding: Padding, dilation: Pair = (1, 1)) -> None:
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


@dataclass(frozen=True, eq=False, repr=False)
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
            ("stride", pair(self.stride)),
            ("dilation", pair(self.dilation)),
            ("padding", quad(self.padding)),
        ):
            object.__setattr__(self, name, found)
        out = len(self.weight)
        if self.bias.shape != (out,):
            raise PresetError(f"{len(self.bias)} biases for {out} rows of weight", key="bias")
        if self.groups < 1 or not out or out % self.groups or not self.weight.size:
            raise PresetError(f"{out} channels in {self.groups} groups", key="groups")
        check_window(self.kernel, self.stride, self.padding, self.dilation)

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
        given, wanted = only(shapes), int(self.weight.shape[1]) * self.groups
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
        for one, sums in zip(flat(x), found, strict=True):
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
        whole = padded(x, self.padding)
        reach, (apart, across) = self.reach, self.dilation
        windows = sliding_window_view(whole, reach, axis=(-2, -1))[
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
        for one, into in zip(flat(gradient), found, strict=True):
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
        return np.ascontiguousarray(unpadded(found, self.padding)).reshape(*lead, *given)

    def weight_gradients(self, inputs: Sequence[Array], gradient: Array) -> dict[str, Array]:
        (x,) = inputs
        out = Shape(*gradient.shape[-3:])
        total = np.zeros(self._matrices(gradient.dtype).shape, gradient.dtype)
        for one, by in zip(flat(x), flat(gradient), strict=True):
            for rows, columns in self._unrolled(one, out):
                part = np.ascontiguousarray(by[:, rows]).reshape(self.groups, -1, columns.shape[-1])
                total += np.matmul(part, columns.transpose(0, 2, 1))
        axes = tuple(a for a in range(gradient.ndim) if a != gradient.ndim - 3)
        return {"weight": total.reshape(self.weight.shape), "bias": gradient.sum(axis=axes)}


@dataclass(frozen=True)
class Pool(Operation):
    """What pools share: windows of `size`, channel by channel. `ceil`: the last may overhang."""

    size: Pair
    stride: Pair = None  # type: ignore[assignment]  # the size
    padding: Padding = (0, 0, 0, 0)
    ceil: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", pair(self.size))
        stride = self.size if self.stride is None else pair(self.stride)
        object.__setattr__(self, "stride", stride)
        object.__setattr__(self, "padding", quad(self.padding))
        check_window(self.size, self.stride, self.padding)
        top, left, bottom, right = self.padding
        if max(top, bottom) >= self.size[0] or max(left, right) >= self.size[1]:
            problem = f"padding {list(self.padding)} of a window of {self.size[0]}×{self.size[1]}"
            raise PresetError(f"{problem}; expected less than the window", key="padding")

    def shape(self, *shapes: Shape) -> Shape:
        given = only(shapes)
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

    def _taps(self, whole: Array, out: Shape) -> list[Array]:
        """The padded picture as each tap of the windows sees it, row by row: views."""
        (rows, columns), (down, right) = self.size, self.stride
        return [
            whole[
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

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size[0] * self.size[1] >= MAX_TAPS:
            problem = f"a window of {self.size[0]}×{self.size[1]}"
            raise PresetError(f"{problem}; expected fewer than {MAX_TAPS:,} places", key="kernel")

    def forward(self, *inputs: Array) -> Array:
        (x,) = inputs
        given = Shape(*x.shape[-3:])
        out = self.shape(given)
        first, *others = self._taps(padded(x, self._covering(given), -np.inf), out)
        best = np.array(first)
        for seen in others:
            np.maximum(best, seen, out=best)
        return best

    def switches(self, x: Array, output: Array) -> Array:
        """Which tap of each window is its result, row by row: the first of equal ones. uint16."""
        given = Shape(*x.shape[-3:])
        taps = self._taps(padded(x, self._covering(given), -np.inf), self.shape(given))
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
        return np.ascontiguousarray(unpadded(found, padding))


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
        first, *others = self._taps(padded(x, self._covering(given)), self.shape(given))
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
        return (np.ascontiguousarray(unpadded(found, padding)),)
