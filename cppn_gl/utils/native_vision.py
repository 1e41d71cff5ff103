"""Steps of image networks in the native library: see `cppn_step` in native/cppn.h."""

import ctypes
import threading
from collections.abc import Sequence
from ctypes import c_void_p

import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.native import Library, pointer
from cppn_gl.utils.threads import shared_out

KINDS = (  # in the order of enum cppn_step_kind
    *("convolve", "dense", "dense_back", "pool", "unpool", "mean", "mean_back"),
    *("scale", "copy", "add", "multiply", "clip", "clip_back"),
)
RULES = ("gradient", "guided", "deconvnet")  # in the order of enum cppn_rule

_INTEGERS = (
    *("kind", "activation", "slope", "rule", "samples", "inputs", "outputs", "groups"),
    *("rows_in", "columns_in", "rows", "columns", "rows_out", "columns_out"),
    *("stride_y", "stride_x", "top", "left", "size_y", "size_x"),
    *("out_y", "out_x", "out_stride_y", "out_stride_x", "taps", "adds"),
    *("counts", "bottom", "right", "tile", "parts", "first", "items"),
)
POINTERS = ("tap", "in", "weight", "bias", "other", "out", "pre", "switches")
STEP = np.dtype(
    [
        *((name, np.int32) for name in _INTEGERS),
        *((name, np.float32) for name in ("low", "high")),
        *((name, np.int64) for name in ("in_sample", "out_sample", "other_sample")),
        *((name, np.uintp) for name in POINTERS),
    ],
    align=True,
)
DEFAULTS = {
    "slope": -1,
    "samples": 1,
    "groups": 1,
    "taps": 1,
    **dict.fromkeys(("stride_y", "stride_x", "size_y", "size_x"), 1),
    **dict.fromkeys(("out_stride_y", "out_stride_x"), 1),
}


def divide(library: Library, steps: NDArray[np.void], threads: int) -> int:
    """Divide steps into pieces for so many threads; the bytes of working memory of one."""
    function, at = library.function("divide"), steps.ctypes.data
    return max((function(at + k * STEP.itemsize, threads) for k in range(len(steps))), default=0)


def run(library: Library, steps: NDArray[np.void], size: int, threads: int) -> None:
    """Do steps that are divided, one after the other, by so many threads.

    `size`: bytes of working memory. All that the steps point to must live until the end.
    """
    shared = np.zeros(2 * len(steps), np.int32)
    function, arguments = library.function("steps"), (len(steps), pointer(shared))
    at = c_void_p(steps.ctypes.data)

    def work(_: int) -> None:
        function(library.number, at, *arguments, _scratch(size))

    shared_out(work, range(threads))


_own = threading.local()


def _scratch(size: int) -> c_void_p:
    """This thread's working memory."""
    if getattr(_own, "size", 0) < size:
        _own.memory, _own.size = np.empty(size, np.uint8), size
    return c_void_p(_own.memory.ctypes.data)


def packed(library: Library, weight: Float32) -> Float32:
    """Weights (groups, rows, columns) in the order of convolutions."""
    weight = np.ascontiguousarray(weight, np.float32)
    found = np.empty_like(weight)
    if weight.size:
        for one, to in zip(weight, found, strict=True):
            library.function("pack")(*one.shape, pointer(one), pointer(to))
    return found


def taps(places: Sequence[tuple[int, int]]) -> NDArray[np.int32]:
    """Taps (count, 2): row and column of each, relative to the first input of a result."""
    return np.array(places, np.int32).reshape(-1, 2)


assert ctypes.sizeof(c_void_p) == np.dtype(np.uintp).itemsize
