"""Forward mode over planes, in float32: values and slopes of every stage at every position.

    stages -> Jets.stages, whose units are three times as many -> nn/grid.run() with Jets as kernel

The planes of c units are (3 c, height, width): their values, their derivatives by x, then by y.
A stage is computed by another kernel, once for the values and, without bias and activation, once
for each direction; the activation's derivative follows.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from cppn_gl.nn.activations import derivative
from cppn_gl.nn.grid import GridKernel, Planes
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Stage
from cppn_gl.nn.operations import Conv, MaxPool
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.threads import shared_out

VALUE, BY_X, BY_Y = range(3)


class Jets:
    """A kernel for tripled planes, by a kernel of plain ones."""

    def __init__(self, stages: Sequence[Stage], kernel: GridKernel):
        self._kernel = kernel
        self._plain = tuple(stages)
        self.stages = tuple(dataclasses.replace(one, units=3 * one.units) for one in stages)
        self._numbers = {id(stage): number for number, stage in enumerate(self.stages)}
        self._linear = tuple(map(linear, stages))

    def stage(
        self,
        stage: Stage,
        inputs: Sequence[Planes],
        units: Planes,
        pre: Planes | None,
        left: int,
    ) -> None:
        """Of a tripled stage, as `GridKernel.stage`."""
        number = self._numbers[id(stage)]
        plain = self._plain[number]
        values, *slopes = ([part(x, k) for x in inputs] for k in range(3))
        sums = np.empty((plain.units, *units.shape[1:]), np.float32)
        self._kernel.stage(plain, values, part(units, VALUE), sums, left)
        if isinstance(plain.operation, MaxPool):
            _max_pool(plain.operation, values[0], [of[0] for of in slopes], units)
        else:
            for k, of in zip((BY_X, BY_Y), slopes, strict=True):
                self._kernel.stage(self._linear[number], of, part(units, k), None, left)
        factors, of_norm = _factors(plain), _of_norm(plain)

        def some(channel: int) -> None:
            with np.errstate(all="ignore"):
                steep = np.asarray(derivative(plain.activation, sums[channel]), np.float32)
                steep *= factors[channel]
                for k in (BY_X, BY_Y):
                    slope = part(units, k)[channel]
                    if pre is not None:
                        np.multiply(slope, of_norm[channel], out=part(pre, k)[channel])
                    slope *= steep

        shared_out(some, range(plain.units))
        if pre is not None:
            part(pre, VALUE)[:] = sums


def part(planes: Planes, k: int) -> Planes:
    """The values, or the derivatives by x or y, of planes of three times as many units."""
    count = len(planes) // 3
    return planes[k * count : (k + 1) * count]


def linear(stage: Stage) -> Stage:
    """A stage's operation alone, without biases: what directions go through."""
    operation = stage.operation
    if isinstance(operation, Conv | Layer):
        bias = np.zeros_like(operation.bias)
        operation = dataclasses.replace(operation, bias=bias)
    return dataclasses.replace(
        stage, operation=operation, activation="identity", normalize=None, boost=None
    )


def _of_norm(stage: Stage) -> Float32:
    """What a stage's normalisation multiplies slopes by, (units,)."""
    if stage.normalize is None:
        return np.ones(stage.units, np.float32)
    return stage.normalize.terms[1]


def _factors(stage: Stage) -> Float32:
    """What slopes are multiplied by besides the activation's derivative, (units,)."""
    found = _of_norm(stage)
    return found if stage.boost is None else found * stage.boost


def _max_pool(pool: MaxPool, values: Planes, slopes: Sequence[Planes], units: Planes) -> None:
    """The slopes of the largest values in a window; of equal ones those of the first.

    Along rows, then along columns: of equal values the first in reading order is left.
    """

    def some(channel: int) -> None:
        grids = [one[channel] for one in (values, *slopes)]
        for axis in (1, 0):
            side = grids[0].shape[axis] - pool.size + 1
            shifted = [[_cut(one, axis, k, side) for one in grids] for k in range(pool.size)]
            grids = [np.array(one) for one in shifted[0]]
            for others in shifted[1:]:
                larger = others[0] > grids[0]
                for best, other in zip(grids, others, strict=True):
                    np.copyto(best, other, where=larger)
        for k, slope in zip((BY_X, BY_Y), grids[1:], strict=True):
            part(units, k)[channel] = slope

    shared_out(some, range(len(values)))


def _cut(plane: Float32, axis: int, start: int, count: int) -> Float32:
    """A part of the rows (axis 0) or columns of a plane."""
    return plane[start : start + count] if axis == 0 else plane[:, start : start + count]
