"""Stages of graphs on planes in the native library: see `cppn_stage` in native/cppn.h."""

import ctypes
import threading
from collections.abc import Sequence
from ctypes import byref, c_int32, c_int64, c_void_p
from dataclasses import dataclass

import numpy as np

from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.native import Library, Plane, pointer

KINDS = ("convolution", "max_pool", "mean_pool", "sum")  # in the order of enum cppn_stage_kind


class Struct(ctypes.Structure):
    _fields_ = (
        ("kind", c_int32),
        ("activation", c_int32),
        ("inputs", c_int32),
        ("outputs", c_int32),
        ("groups", c_int32),
        ("size", c_int32),
        ("dilation", c_int32),
        ("reserved", c_int32),
        ("width", c_int64),
        ("height", c_int64),
        ("planes", ctypes.POINTER(Plane)),
        ("packed", c_void_p),
        ("bias", c_void_p),
        ("mean", c_void_p),
        ("scale", c_void_p),
        ("shift", c_void_p),
        ("boost", c_void_p),
        ("pre", c_void_p),
        ("units", c_void_p),
        ("pre_row", c_int64),
        ("pre_plane", c_int64),
        ("units_row", c_int64),
        ("units_plane", c_int64),
    )


@dataclass(frozen=True, eq=False)
class Packed:
    """What a stage computes, in the library's order.

    kind: one of KINDS. inputs, outputs: channels. weight: of a convolution, made by `convolution`.
    norm: mean, scale and shift, (outputs,) each. bias and boost: (outputs,).
    """

    kind: str
    activation: int  # the library's number
    inputs: int
    outputs: int
    groups: int = 1
    size: int = 1
    dilation: int = 1
    weight: Float32 | None = None
    bias: Float32 | None = None
    norm: tuple[Float32, Float32, Float32] | None = None
    boost: Float32 | None = None

    @property
    def margin(self) -> int:
        """How many rows and columns the inputs have more than the results."""
        return (self.size - 1) * self.dilation


def packed_weight(library: Library, weight: Float32, groups: int) -> Float32:
    """Weights (outputs, inputs / groups, size, size) in the library's order."""
    weight = np.ascontiguousarray(weight, np.float32).reshape(groups, len(weight) // groups, -1)
    packed = np.empty_like(weight)
    for one, to in zip(weight, packed, strict=True):
        library.function("pack")(*one.shape, pointer(one), pointer(to))
    return packed


class Bands:
    """A stage over planes: its units, and pre-activations if there is a place for them.

    inputs: (channels, height + margin, width + margin) each, the channels one after the other;
    units, pre: (outputs, height, width). Of all these only the last axis need be contiguous. The
    inputs may be the same planes, but not the results. Threads may compute rows at the same time.
    """

    def __init__(
        self,
        library: Library,
        packed: Packed,
        inputs: Sequence[Float32],
        units: Float32,
        pre: Float32 | None = None,
    ):
        outputs, height, width = units.shape
        sides = height + packed.margin, width + packed.margin
        assert outputs == packed.outputs
        assert sum(len(planes) for planes in inputs) == packed.inputs
        assert all(planes.shape[1:] == sides for planes in inputs), (sides, inputs[0].shape)
        assert pre is None or pre.shape == units.shape
        planes = (Plane * packed.inputs)()
        number = 0
        for some in inputs:
            plane, row = _distances(some)
            for channel in range(len(some)):
                planes[number] = Plane(some.ctypes.data + 4 * plane * channel, row)
                number += 1
        units_plane, units_row = _distances(units)
        pre_plane, pre_row = (0, 0) if pre is None else _distances(pre)
        self._kept = packed, inputs, units, pre, planes
        self._library = library
        self._struct = Struct(
            *(KINDS.index(packed.kind), packed.activation, packed.inputs, outputs, packed.groups),
            *(packed.size, packed.dilation, 0, width, height, planes),
            *map(_address, (packed.weight, packed.bias, *(packed.norm or [None] * 3))),
            *(_address(packed.boost), None if pre is None else pre.ctypes.data, units.ctypes.data),
            *(pre_row, pre_plane, units_row, units_plane),
        )
        self._at = byref(self._struct)
        self._bytes: int = library.function("stage_scratch")(self._at)

    def run(self, first: int, count: int) -> None:
        """Compute so many rows."""
        self._library.function("stage_rows")(
            self._library.number, self._at, first, count, _scratch(self._bytes)
        )


def plane_moments(library: Library, plane: Float32) -> tuple[float, float]:
    """The mean of a plane's numbers (height, width), and their variance, in float64.

    They depend on the numbers alone, not on the machine.
    """
    height, width = plane.shape
    at, sums = Plane(plane.ctypes.data, _distances(plane[None])[1]), np.empty(2)
    mean = 0.0
    for _ in range(2):  # the second time around the mean, so that the variance is exact
        library.function("plane_sums")(library.number, width, height, at, mean, pointer(sums))
        off, square = (float(number) / plane.size for number in sums)
        mean += off
    return mean, max(square - off * off, 0.0) if square == square else square


_own = threading.local()


def _scratch(size: int) -> c_void_p:
    """This thread's working memory."""
    if getattr(_own, "size", 0) < size:
        _own.memory, _own.size = np.empty(size, np.uint8), size
    return pointer(_own.memory)


def _address(array: Float32 | None) -> int | None:
    return None if array is None else pointer(array).value


def _distances(planes: Float32) -> tuple[int, int]:
    """The distances of planes and of rows, in floats."""
    assert planes.dtype == np.float32
    plane, row, column = planes.strides
    assert column == 4 or planes.shape[2] < 2
    assert plane % 4 == row % 4 == 0
    return plane // 4, row // 4
