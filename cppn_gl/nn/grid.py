"""Runs a network's stages over planes: every stage at every position of a grid of taps.

    features on a grid, with a margin -> run() -> the planes of each stage, smaller by its radius

Planes are float32 (channels, height, width). A stage is computed in bands of rows by a kernel:
NumPy's here, or that of the native library (native_grid.py). What a kernel computes at a position
depends on its inputs around that position, and on nothing else of the planes: neither on the band,
nor on the number of threads, nor on what surrounds it.
"""

import time as wall
from collections.abc import Generator, Sequence
from typing import Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cppn_gl.nn.activations import activate
from cppn_gl.nn.layers import SOURCE, Layer
from cppn_gl.nn.network import Stage
from cppn_gl.nn.operations import Add, AvgPool, Concat, Conv, MaxPool
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.threads import on_all_cores, thread_count

Planes = Float32  # (channels, height, width); rows are contiguous, planes and rows may be apart
Found = tuple[int, Planes | None, Planes]  # number of the stage, pre-activations, units

BLOCK = 64  # columns of a product
SCRATCH = 2**21  # bytes of the inputs of products that a thread gathers at once; approximate
FIRST_RATE = 2e9  # multiplications per second before anything is measured


class GridKernel(Protocol):
    """Computes stages over planes."""

    def stage(
        self,
        stage: Stage,
        inputs: Sequence[Planes],
        units: Planes,
        pre: Planes | None,
        left: int,
    ) -> None:
        """Write the units of a stage, and its pre-activations if they are wanted, on all cores.

        `units` and `pre`: (stage.units, height, width). `inputs`: (channels, height + 2 · radius,
        width + 2 · radius) each, with the operation's own radius: they surround the units on all
        sides. All are views of larger planes whose last axis is contiguous. `left`: the column of
        the units in the whole lattice, for kernels whose last bits depend on it.
        """


def run(
    stages: Sequence[Stage],
    source: Planes,
    kernel: GridKernel,
    *,
    pre: bool = False,
    left: int = 0,
    deadline: float | None = None,
) -> Generator[Found | None, float | None, None]:
    """Run the stages over planes of input features, (inputs, height, width); yields each stage.

    A stage's planes are smaller than the source by its radius on each side. `pre`: with
    pre-activations. Yields (number, pre-activations or None, units) of each stage, numbered from
    0. A caller that sends deadlines (see tasks.py), the first as `deadline`, also gets None, each
    time that one has passed within a stage. Planes live until the last stage that reads them, or
    as long as the caller holds them. `left`: the column of the source in the whole lattice. A
    stage in a list may be replaced by another of the same shape until it begins.
    """
    last_use = {i: number for number, stage in enumerate(stages) for i in stage.inputs}
    values: dict[int, tuple[Planes, int]] = {SOURCE: (source, 0)}  # with the radius
    rate = FIRST_RATE
    for number, stage in enumerate(stages):
        inputs = [values[i] for i in stage.inputs]
        reached = max(radius for _, radius in inputs)
        own = stage.operation.radius
        near = [cropped(planes, reached - radius) for planes, radius in inputs]
        height, width = (side - 2 * own for side in near[0].shape[1:])
        units = np.empty((stage.units, height, width), np.float32)
        sums = np.empty_like(units) if pre else None
        work, row = width * stage_work(stage), 0
        while row < height:
            count = height
            if deadline is not None:
                seconds = max(deadline - wall.perf_counter(), 0.0)
                count = max(int(seconds * rate / work), thread_count())
            stop, started = min(row + count, height), wall.perf_counter()
            some = slice(row, stop)
            band = [planes[:, row : stop + 2 * own] for planes in near]
            kernel.stage(
                stage, band, units[:, some], None if sums is None else sums[:, some],
                left + reached + own,
            )  # fmt: skip
            rate = (stop - row) * work / max(wall.perf_counter() - started, 1e-6)
            row = stop
            if row < height and deadline is not None and wall.perf_counter() >= deadline:
                deadline = yield None
        del near, band, inputs
        values[number] = units, reached + own
        for i in {i for i in stage.inputs if last_use[i] == number}:
            del values[i]
        deadline = yield number, sums, units
        if number not in last_use:
            del values[number]


def cropped(planes: Planes, margin: int) -> Planes:
    """Planes without a margin on each side."""
    height, width = planes.shape[1:]
    return planes[:, margin : height - margin, margin : width - margin]


def stage_work(stage: Stage) -> float:
    """Estimated multiplications of a stage per position, an activation counting as 8."""
    of = stage.operation
    if isinstance(of, Layer | Conv):
        return float(of.weight.size + 8 * stage.units)
    return float(stage.units * (4 if isinstance(of, MaxPool | AvgPool) else 2))


class NumPyKernel:
    """Stages by NumPy, in float32.

    A BLAS library may round a column of a product differently at another place, or with another
    number of columns. So products have BLOCK columns each, which begin at multiples of BLOCK in the
    whole lattice, and a row of the planes is a stack of products of the same shape.
    """

    def stage(
        self,
        stage: Stage,
        inputs: Sequence[Planes],
        units: Planes,
        pre: Planes | None,
        left: int,
    ) -> None:
        of = stage.operation
        height = units.shape[1]
        if isinstance(of, Layer | Conv) and not _depthwise(of):
            self._products(stage, of, inputs[0], units, pre, left)
            return
        count = max(1, min(SCRATCH // max(1, 4 * units[:, 0].size), -(-height // thread_count())))

        def some(start: int) -> None:
            rows = slice(start, min(start + count, height))
            near = [x[:, start : rows.stop + 2 * of.radius] for x in inputs]
            with np.errstate(all="ignore"):
                _finish(stage, _elementwise(of, near), units[:, rows], _rows(pre, rows), 2)

        on_all_cores(some, range(0, height, count))

    def moments(self, planes: Planes) -> tuple[Float64, Float64]:
        """The mean of each channel over all positions, and its variance: (channels,) float64."""
        means, variances = np.empty(len(planes)), np.empty(len(planes))
        with np.errstate(all="ignore"):
            for channel, plane in enumerate(planes):
                values = plane.astype(np.float64)
                means[channel] = values.mean()
                variances[channel] = np.square(values - means[channel]).mean()
        return means, variances

    def _products(
        self,
        stage: Stage,
        of: Layer | Conv,
        x: Planes,
        units: Planes,
        pre: Planes | None,
        left: int,
    ) -> None:
        """A dense layer or a convolution: inputs are gathered, then multiplied."""
        weight = of.weight.reshape(*of.weight.shape[:2], *(of.weight.shape[2:] or (1, 1)))
        groups, (rows_out, columns, kernel, _) = getattr(of, "groups", 1), weight.shape
        height, width = units.shape[1:]
        first = left % BLOCK
        blocks = -(-(first + width) // BLOCK)
        taps = columns * groups * kernel * kernel
        across = max(1, min(blocks, SCRATCH // (4 * taps * BLOCK)))
        down = max(1, min(SCRATCH // (4 * taps * BLOCK * across), -(-height // thread_count())))
        factors = weight.reshape(groups, rows_out // groups, -1)
        step = getattr(of, "dilation", 1)
        windows = sliding_window_view(x, (step * (kernel - 1) + 1,) * 2, axis=(1, 2))
        windows = windows[..., ::step, ::step].transpose(1, 0, 3, 4, 2)  # rows, in, ky, kx, columns
        pieces = [(y, b) for y in range(0, height, down) for b in range(0, blocks, across)]

        def some(number: int) -> None:
            y, block = pieces[number]
            rows = slice(y, min(y + down, height))
            count = min(across, blocks - block)
            begin, end = block * BLOCK - first, (block + count) * BLOCK - first
            inside = slice(max(begin, 0), min(end, width))
            near = np.zeros((rows.stop - y, columns * groups, kernel, kernel, count * BLOCK), "f4")
            near[..., inside.start - begin : inside.stop - begin] = windows[rows, ..., inside]
            near = near.reshape(len(near), groups, -1, count, BLOCK).transpose(0, 3, 1, 2, 4)
            with np.errstate(all="ignore"):
                z = np.matmul(factors, near).reshape(len(near), count, rows_out, BLOCK)
                z += of.bias[:, None]

                def place(values: Float32, into: Planes) -> None:
                    flat = values.transpose(2, 0, 1, 3).reshape(rows_out, len(values), -1)
                    into[:, rows, inside] = flat[..., inside.start - begin : inside.stop - begin]

                z = normalized(stage, z, 1)
                if pre is not None:
                    place(z, pre)
                place(_activated(stage, z, 1), units)

        on_all_cores(some, range(len(pieces)))


def _rows(planes: Planes | None, rows: slice) -> Planes | None:
    return None if planes is None else planes[:, rows]


def _depthwise(of: object) -> bool:
    return isinstance(of, Conv) and of.weight.shape[1] == 1 and of.groups > 1


def _elementwise(of: object, inputs: Sequence[Planes]) -> Float32:
    """The pre-activations of an operation that is no product, before a normalisation."""
    (x, *more) = inputs
    if isinstance(of, MaxPool | AvgPool):
        return _pooled(x, of.size, np.maximum if isinstance(of, MaxPool) else np.add)
    if isinstance(of, Conv):
        return _depthwise_sums(of, x)
    if isinstance(of, Concat):
        return np.concatenate(inputs)
    z = np.array(x)
    if isinstance(of, Add):
        for y in more:
            z += y
    return z


def _pooled(x: Planes, size: int, join: np.ufunc) -> Float32:
    """The maximum or the mean over squares of size × size; of NaN it is NaN."""
    height, width = (side - size + 1 for side in x.shape[1:])
    down = np.array(x[:, :height])
    for row in range(1, size):
        join(down, x[:, row : row + height], out=down)
    z = np.array(down[..., :width])
    for column in range(1, size):
        join(z, down[..., column : column + width], out=z)
    if join is np.add:
        z *= np.float32(1 / size**2)
    return z


def _depthwise_sums(of: Conv, x: Planes) -> Float32:
    """A convolution of each channel by itself: shifted products, in a fixed order."""
    rows_out, _, kernel, _ = of.weight.shape
    x = np.repeat(x, rows_out // of.groups, axis=0) if rows_out > of.groups else x
    height, width = (side - 2 * of.radius for side in x.shape[1:])
    z = np.repeat(of.bias, height * width).reshape(rows_out, height, width)
    for ky in range(kernel):
        for kx in range(kernel):
            row, column = ky * of.dilation, kx * of.dilation
            shifted = x[:, row : row + height, column : column + width]
            z += of.weight[:, 0, ky, kx, None, None] * shifted
    return z


def normalized(stage: Stage, z: Float32, axes: int) -> Float32:
    """Pre-activations after the stage's normalisation, if it has one.

    `axes`: the number of axes of z after that of the units.
    """
    if stage.normalize is None:
        return z
    mean, factor, shift = (term.reshape(-1, *[1] * axes) for term in stage.normalize.terms)
    return np.asarray((z - mean) * factor + shift)


def _activated(stage: Stage, z: Float32, axes: int) -> Float32:
    units = np.asarray(activate(stage.activation, z), np.float32)
    if stage.boost is not None:
        units = units * stage.boost.reshape(-1, *[1] * axes)
    return units


def _finish(stage: Stage, z: Float32, units: Planes, pre: Planes | None, axes: int) -> None:
    """Normalise, activate and store pre-activations (units, rows, columns)."""
    z = normalized(stage, z, axes)
    if pre is not None:
        pre[:] = z
    units[:] = _activated(stage, z, axes)
