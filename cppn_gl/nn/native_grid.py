"""Computes the stages of a network over planes by the native library: a GridKernel of grid.py.

What it computes at a position depends on its inputs there alone: the same bits for any band, any
number of threads, and on every machine.
"""

import threading
import weakref
from collections.abc import Sequence

import numpy as np

from cppn_gl.nn.grid import Planes, stage_work
from cppn_gl.nn.layers import Layer, Operation
from cppn_gl.nn.network import Stage
from cppn_gl.nn.operations import Activation, Add, AvgPool, Concat, Conv, MaxPool
from cppn_gl.utils import native
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.native import Library
from cppn_gl.utils.native_conv import Bands, Packed, packed_weight, plane_moments
from cppn_gl.utils.threads import shared_out, thread_count

CALL = 1e8  # multiplications of a call of the library, about: a few milliseconds
SHARE = 2e5  # from which several threads are faster

_KINDS = {MaxPool: "max_pool", AvgPool: "mean_pool", Add: "sum", Concat: "sum", Activation: "sum"}
_packed: "weakref.WeakKeyDictionary[Operation, Float32]" = weakref.WeakKeyDictionary()
_packing = threading.Lock()


def unsupported(stages: Sequence[Stage]) -> str:
    """Why the library cannot compute stages, to complete "it …"; "" if it can."""
    library = native.library()
    if library is None:
        return f"needs the native library: {native.problem()}"
    for stage in stages:
        if library.activation(stage.activation) is None:
            return f"has no activation {stage.activation}"
        if not isinstance(stage.operation, (Layer, Conv, *_KINDS)):
            return f"has no layer {stage.label}"
    return ""


class NativeKernel:
    """A GridKernel. `library`: that of native.library() if it is None."""

    def __init__(self, library: Library | None = None):
        chosen = library or native.library()
        assert chosen is not None
        self._library = chosen

    def stage(
        self,
        stage: Stage,
        inputs: Sequence[Planes],
        units: Planes,
        pre: Planes | None = None,
        left: int = 0,
    ) -> None:
        """Write the units of a stage, and its pre-activations; see GridKernel. For `left` it does
        not matter."""
        height, width = units.shape[1:]
        if units.size == 0:
            return
        bands = Bands(self._library, self._packed(stage, inputs), inputs, units, pre)
        work = stage_work(stage) * width
        threads = thread_count() if work * height > SHARE else 1
        count = -(-height // threads)  # rows of a call
        calls = max(1, round(work * count / CALL))
        count = -(-height // (threads * calls))
        shared_out(lambda row: bands.run(row, min(count, height - row)), range(0, height, count))

    def moments(self, planes: Planes) -> tuple[Float64, Float64]:
        """The mean of each channel over all positions, and its variance: (channels,) float64.

        They depend on the numbers alone, not on the machine.
        """
        found = np.empty((len(planes), 2))

        def channel(number: int) -> None:
            found[number] = plane_moments(self._library, planes[number])

        shared_out(channel, range(len(planes)))
        return found[:, 0], found[:, 1]

    def _packed(self, stage: Stage, inputs: Sequence[Planes]) -> Packed:
        of, activation = stage.operation, self._library.activation(stage.activation)
        assert activation is not None
        norm = None if stage.normalize is None else stage.normalize.terms
        channels = sum(map(len, inputs))
        if not isinstance(of, Layer | Conv):
            size = of.size if isinstance(of, MaxPool | AvgPool) else 1
            return Packed(
                *(_KINDS[type(of)], activation, channels, stage.units),
                size=size, norm=norm, boost=stage.boost,
            )  # fmt: skip
        groups, dilation, size = 1, 1, 1
        if isinstance(of, Conv):
            groups, dilation, size = of.groups, of.dilation, of.kernel
        return Packed(
            *("convolution", activation, channels, stage.units, groups, size, dilation),
            *(self._weight(of, groups), of.bias, norm, stage.boost),
        )

    def _weight(self, of: Layer | Conv, groups: int) -> Float32:
        """Weights in the library's order, which live as long as the layer."""
        with _packing:
            if of not in _packed:
                _packed[of] = packed_weight(self._library, of.weight, groups)
            return _packed[of]
