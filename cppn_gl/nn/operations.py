"""The operations of structured networks: convolutions, pools, normalisation, concatenation, sums.

They work on grids (..., rows, columns, channels), row 0 on top, and give "valid" results: smaller
by `radius` · `spacing` on each side. Their protocol, `Operation`, and the dense layer, which is the
1×1 convolution, are in layers.py.

`spacing` is how many positions of a grid lie between neighbouring taps: on a grid k times as fine
as the taps it is k, and the same function is evaluated at more points.

What is computed here is the reference, in the precision of its inputs; engines have their own code.
"""

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from cppn_gl.nn.layers import MAX_KERNEL, MAX_WEIGHT, SIZES, Array, frozen
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.checks import PresetError

# A channel whose standard deviation is below this fraction of its root mean square is constant but
# for float32's rounding: it is only shifted.
FLAT = 1e-6


def common(*grids: Array) -> tuple[Array, ...]:
    """Grids (..., H, W, channels) cut to the size of the smallest, around the common centre."""
    height = min(grid.shape[-3] for grid in grids)
    width = min(grid.shape[-2] for grid in grids)
    return tuple(cropped(grid, height, width) for grid in grids)


def cropped(grid: Array, height: int, width: int) -> Array:
    """The middle of a grid. Its own size is larger by an even number."""
    top, left = (grid.shape[-3] - height) // 2, (grid.shape[-2] - width) // 2
    return grid[..., top : top + height, left : left + width, :]


def _surrounded(grid: Array, height: int, width: int) -> Array:
    """The opposite: a grid in the middle of a larger one of zeros."""
    if grid.shape[-3:-1] == (height, width):
        return grid
    whole = np.zeros((*grid.shape[:-3], height, width, grid.shape[-1]), grid.dtype)
    cropped(whole, *grid.shape[-3:-1])[:] = grid
    return whole


def _windows(grid: Array, size: int, step: int) -> list[Array]:
    """The grid as each of size² taps sees it, row by row: those of a valid window, cut out."""
    reach = (size - 1) * step
    height, width = grid.shape[-3] - reach, grid.shape[-2] - reach
    if height < 1 or width < 1:
        raise ValueError(f"a grid of {grid.shape[-3:-1]} is smaller than the window: {reach + 1}")
    places = itertools.product(range(0, reach + 1, step), repeat=2)
    return [grid[..., y : y + height, x : x + width, :] for y, x in places]


def _product(grid: Array, matrix: Array) -> Array:
    """grid @ matrix, as one product: a stack of small ones takes several times as long."""
    flat = grid.reshape(-1, grid.shape[-1]) @ matrix
    return np.asarray(flat.reshape(*grid.shape[:-1], -1))


class Pointwise:
    """What operations have in common whose outputs at a point depend on their inputs there."""

    radius = 0
    pointwise = True

    @property
    def parameters(self) -> int:
        return 0

    @property
    def digest(self) -> bytes:
        return type(self).__name__.encode()


@dataclass(frozen=True, eq=False)
class Conv:
    """A convolution, as neural networks call it: z[o] = bias[o] + Σ weight[o, c, i, j] · y[c].

    weight (out, in / groups, ky, kx) float32, bias (out,) float32; kernels are square, of an odd
    size up to 11. Tap i, j is `dilation` · (i - radius, j - radius) rows and columns away: i = 0 is
    the upper row. With `groups` g, the first out / g outputs see the first in / g inputs, and so
    on; depthwise, there are as many groups as inputs. Raises PresetError if these do not fit.
    """

    weight: Float32
    bias: Float32
    dilation: int = 1
    groups: int = 1

    def __post_init__(self) -> None:
        for name, ndim in (("weight", 4), ("bias", 1)):
            object.__setattr__(self, name, frozen(getattr(self, name), ndim, name))
        out, _, rows, columns = self.weight.shape
        if rows != columns or rows not in SIZES:
            problem = f"a kernel of {rows}×{columns}; expected 1×1, 3×3 … {MAX_KERNEL}×{MAX_KERNEL}"
            raise PresetError(problem, key="weight")
        if self.bias.shape != (out,):
            raise PresetError(f"{len(self.bias)} biases for {out} rows of weight", key="bias")
        if self.dilation < 1 or self.groups < 1 or out % self.groups:
            raise PresetError(f"{out} channels in {self.groups} groups", key="groups")

    @property
    def kernel(self) -> int:
        """Taps per side."""
        return int(self.weight.shape[2])

    @property
    def radius(self) -> int:
        """How many taps' distances it reaches to each side."""
        return self.kernel // 2 * self.dilation

    @property
    def pointwise(self) -> bool:
        return self.radius == 0

    @property
    def parameters(self) -> int:
        return self.weight.size + self.bias.size

    @cached_property
    def digest(self) -> bytes:
        content = hashlib.blake2b(digest_size=16)
        content.update(repr((self.weight.shape, self.dilation, self.groups)).encode())
        content.update(self.weight.tobytes())
        content.update(self.bias.tobytes())
        return content.digest()

    @property
    def label(self) -> str:
        size = f"{self.kernel}×{self.kernel}"
        if self.kernel == 1 and self.groups == 1:
            return size
        apart = f", {self.dilation} apart" if self.dilation > 1 else ""
        split = f", {self.groups} groups" if self.groups > 1 else ""
        return f"conv {size}{apart}{split}"

    def shape(self, *inputs: int) -> int:
        """The number of outputs, if there are as many inputs as weights. Raises PresetError."""
        out, columns = int(self.weight.shape[0]), int(self.weight.shape[1]) * self.groups
        if _only(inputs) != columns:
            raise PresetError(f"has weights for {columns} inputs; expected {inputs[0]}")
        return out

    def scaled(self, weight_scale: float, bias_scale: float) -> "Conv":
        """With its weights and its biases multiplied, in float32."""
        if (weight_scale, bias_scale) == (1.0, 1.0):
            return self
        weight = self.weight * np.float32(weight_scale)
        return Conv(weight, self.bias * np.float32(bias_scale), self.dilation, self.groups)

    def pre_activation(self, *inputs: Array, spacing: int = 1) -> Array:
        """The sums, (H, W, out), of a grid (H + 2 r, W + 2 r, in), r = radius · spacing."""
        (y,) = inputs
        pre = self._sums(y, spacing)
        return np.asarray(pre + self.bias.astype(pre.dtype))

    def _sums(self, y: Array, spacing: int) -> Array:
        """The sums without the biases."""
        groups, out = self.groups, len(self.weight)
        weight = self.weight.astype(y.dtype, copy=False)
        total: Any = 0
        taps = weight.reshape(out, -1, self.kernel**2)
        for tap, seen in enumerate(_windows(y, self.kernel, self.dilation * spacing)):
            parts = np.split(seen, groups, axis=-1), np.split(taps[:, :, tap], groups)
            total = total + np.concatenate(
                [_product(part, rows.T) for part, rows in zip(*parts, strict=True)], axis=-1
            )
        return np.asarray(total)

    def tangent(self, inputs: Sequence[Array], directions: Sequence[Array]) -> Array:
        (direction,) = directions
        return self._sums(direction, 1)

    def backward(self, inputs: Sequence[Array], gradient: Array) -> tuple[Array, ...]:
        """Each input gets the gradients of all sums that it is part of, through its weights."""
        (y,), out = inputs, len(self.weight)
        weight = self.weight.astype(gradient.dtype, copy=False).reshape(out, -1, self.kernel**2)
        found = np.zeros((*gradient.shape[:-3], *y.shape[-3:]), gradient.dtype)
        split = np.split(gradient, self.groups, axis=-1)
        for tap, into in enumerate(_windows(found, self.kernel, self.dilation)):
            columns = zip(split, np.split(weight[:, :, tap], self.groups), strict=True)
            into += np.concatenate([_product(part, rows) for part, rows in columns], axis=-1)
        return (found,)

    def __repr__(self) -> str:
        out, columns = self.weight.shape[:2]
        return f"Conv({columns * self.groups} → {out}, {self.label})"


@dataclass(frozen=True)
class Pool:
    """The shared part of pools: a window of `size`² taps (odd, 1 to 11), at every position."""

    size: int = 3

    pointwise = False
    parameters = 0

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise PresetError(f"{self.size}; expected an odd number up to {MAX_KERNEL}", key="size")

    @property
    def radius(self) -> int:
        return self.size // 2

    @property
    def digest(self) -> bytes:
        return repr(self).encode()

    def shape(self, *inputs: int) -> int:
        return _only(inputs)


@dataclass(frozen=True)
class MaxPool(Pool):
    """The largest value in a window, channel by channel. It is NaN if one of them is."""

    @property
    def label(self) -> str:
        return f"max pool {self.size}×{self.size}"

    def pre_activation(self, *inputs: Array, spacing: int = 1) -> Array:
        (y,) = inputs
        first, *others = _windows(y, self.size, spacing)
        best = first
        for seen in others:
            best = np.maximum(best, seen)
        return best

    def _chosen(self, y: Array) -> Iterator[tuple[int, Array]]:
        """Each tap of the window, and where its value is the result: the first of equal ones."""
        best = self.pre_activation(y)
        free = np.ones(best.shape, bool)
        for tap, seen in enumerate(_windows(y, self.size, 1)):
            here = free & ((seen == best) | np.isnan(seen))
            free &= ~here
            yield tap, here

    def tangent(self, inputs: Sequence[Array], directions: Sequence[Array]) -> Array:
        """The direction of the largest value; of equal ones that of the first, row by row."""
        (y,), (direction,) = inputs, directions
        windows = _windows(direction, self.size, 1)
        total: Any = 0
        for tap, here in self._chosen(y):
            total = np.where(here, windows[tap], total)
        return np.asarray(total)

    def backward(self, inputs: Sequence[Array], gradient: Array) -> tuple[Array, ...]:
        (y,) = inputs
        found = np.zeros((*gradient.shape[:-3], *y.shape[-3:]), gradient.dtype)
        windows = _windows(found, self.size, 1)
        for tap, here in self._chosen(y):
            windows[tap][...] += np.where(here, gradient, 0)
        return (found,)


@dataclass(frozen=True)
class AvgPool(Pool):
    """The mean of a window, channel by channel."""

    @property
    def label(self) -> str:
        return f"avg pool {self.size}×{self.size}"

    def pre_activation(self, *inputs: Array, spacing: int = 1) -> Array:
        (y,) = inputs
        total: Any = 0
        for seen in _windows(y, self.size, spacing):
            total = total + seen
        return np.asarray(total / y.dtype.type(self.size**2))

    def tangent(self, inputs: Sequence[Array], directions: Sequence[Array]) -> Array:
        return self.pre_activation(*directions)

    def backward(self, inputs: Sequence[Array], gradient: Array) -> tuple[Array, ...]:
        (y,) = inputs
        found = np.zeros((*gradient.shape[:-3], *y.shape[-3:]), gradient.dtype)
        each = gradient / gradient.dtype.type(self.size**2)
        for into in _windows(found, self.size, 1):
            into += each
        return (found,)


class Statistics(NamedTuple):
    """The mean and the standard deviation of each channel, (channels,) each."""

    mean: Float64
    std: Float64

    @classmethod
    def of(cls, grid: Array) -> "Statistics":
        """Those of a grid (H, W, channels), over all its positions, in float64.

        The standard deviation of a channel that is constant, but for float32's rounding, or that is
        not finite, is 1: normalisation only shifts it.
        """
        values = np.asarray(grid, np.float64).reshape(-1, grid.shape[-1])
        with np.errstate(all="ignore"):
            mean = values.mean(axis=0)
            return cls.from_moments(mean, np.mean(np.square(values - mean), axis=0))

    @classmethod
    def from_moments(cls, mean: Float64, variance: Float64) -> "Statistics":
        """From means and variances, (channels,) each."""
        with np.errstate(all="ignore"):
            std = np.sqrt(variance)
            size = np.sqrt(np.square(mean) + variance)
            flat = ~((std > FLAT * size) & np.isfinite(size))
        return cls(np.nan_to_num(mean, posinf=0, neginf=0), np.where(flat, 1.0, std))


@dataclass(frozen=True, eq=False)
class Norm(Pointwise):
    """Normalisation over all positions: z → gain · (z - mean) / std + shift, channel by channel.

    gain, shift (channels,) float64. `statistics` are those over the declared region, whatever is
    shown; None before they are measured.
    """

    gain: Float64
    shift: Float64
    statistics: Statistics | None = None

    label = "normalize"

    @property
    def parameters(self) -> int:
        return self.gain.size + self.shift.size

    def first(self, count: int) -> "Norm":
        """That of the first channels alone."""
        found = self.statistics
        cut = None if found is None else Statistics(found.mean[:count], found.std[:count])
        return Norm(self.gain[:count], self.shift[:count], cut)

    @property
    def mean(self) -> Float64 | None:
        return None if self.statistics is None else self.statistics.mean

    @property
    def std(self) -> Float64 | None:
        return None if self.statistics is None else self.statistics.std

    @cached_property
    def terms(self) -> tuple[Float32, Float32, Float32]:
        """mean, factor, shift, (channels,) each: engines compute (z - mean) · factor + shift."""
        if self.statistics is None:
            raise PresetError("normalisation that has not been measured")
        mean, std = self.statistics
        return _narrow(mean), _narrow(self.gain / std), _narrow(self.shift)

    @cached_property
    def digest(self) -> bytes:
        content = hashlib.blake2b(b"normalize", digest_size=16)
        for array in (self.gain, self.shift, *(self.statistics or ())):
            content.update(array.tobytes())
        return content.digest()

    def shape(self, *inputs: int) -> int:
        if _only(inputs) != len(self.gain):
            raise PresetError(f"normalises {len(self.gain)} channels; expected {inputs[0]}")
        return len(self.gain)

    def pre_activation(self, *inputs: Array, spacing: int = 1) -> Array:
        """By its statistics, or those of this grid."""
        (z,) = inputs
        mean, std = self.statistics or Statistics.of(z)
        return np.asarray((self.gain * (z - mean) / std + self.shift).astype(z.dtype, copy=False))

    def tangent(self, inputs: Sequence[Array], directions: Sequence[Array]) -> Array:
        """With the statistics held fixed: they are constants of the network. Raises PresetError."""
        (direction,) = directions
        return self.factored(direction)

    def backward(self, inputs: Sequence[Array], gradient: Array) -> tuple[Array, ...]:
        return (self.factored(gradient),)

    def factored(self, slopes: Array) -> Array:
        """Slopes, or gradients, times gain / std."""
        if self.statistics is None:
            raise PresetError("normalisation that has not been measured")
        factor = (self.gain / self.statistics.std).astype(slopes.dtype)
        return np.asarray(slopes * factor)


@dataclass(frozen=True)
class Activation(Pointwise):
    """Nothing but its node's activation."""

    label = "activation"

    def shape(self, *inputs: int) -> int:
        return _only(inputs)

    def pre_activation(self, *inputs: Array, spacing: int = 1) -> Array:
        (y,) = inputs
        return y

    def tangent(self, inputs: Sequence[Array], directions: Sequence[Array]) -> Array:
        return self.pre_activation(*directions)

    def backward(self, inputs: Sequence[Array], gradient: Array) -> tuple[Array, ...]:
        return (gradient,)


@dataclass(frozen=True)
class Concat(Pointwise):
    """The channels of several inputs, one after another."""

    label = "concat"

    def shape(self, *inputs: int) -> int:
        return sum(inputs)

    def pre_activation(self, *inputs: Array, spacing: int = 1) -> Array:
        return np.concatenate(common(*inputs), axis=-1)

    def tangent(self, inputs: Sequence[Array], directions: Sequence[Array]) -> Array:
        return self.pre_activation(*directions)

    def backward(self, inputs: Sequence[Array], gradient: Array) -> tuple[Array, ...]:
        ends = np.cumsum([y.shape[-1] for y in inputs])[:-1]
        parts = np.split(gradient, ends, axis=-1)
        return tuple(
            _surrounded(part, *y.shape[-3:-1]) for part, y in zip(parts, inputs, strict=True)
        )


@dataclass(frozen=True)
class Add(Pointwise):
    """The sum of several inputs, channel by channel."""

    label = "add"

    def shape(self, *inputs: int) -> int:
        if len(set(inputs)) != 1:
            counts = " and ".join(map(str, inputs))
            raise PresetError(f"adds inputs of {counts} channels; expected equal numbers")
        return inputs[0]

    def pre_activation(self, *inputs: Array, spacing: int = 1) -> Array:
        first, *others = common(*inputs)
        total = first
        for other in others:
            total = total + other
        return total

    def tangent(self, inputs: Sequence[Array], directions: Sequence[Array]) -> Array:
        return self.pre_activation(*directions)

    def backward(self, inputs: Sequence[Array], gradient: Array) -> tuple[Array, ...]:
        return tuple(_surrounded(gradient, *y.shape[-3:-1]) for y in inputs)


def _narrow(term: Float64) -> Float32:
    return np.clip(np.nan_to_num(term), -MAX_WEIGHT, MAX_WEIGHT).astype(np.float32)


def _only(inputs: tuple[int, ...]) -> int:
    if len(inputs) != 1:
        raise PresetError(f"has {len(inputs)} inputs; expected one")
    return inputs[0]
