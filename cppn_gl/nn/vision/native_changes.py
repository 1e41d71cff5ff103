"""A pass again for a picture that differs in a box: only what may differ is computed.

    _NativePass, Target -> Changes.of() -> value(picture, box) -> the target's value

Each convolution computes the places whose field meets what has changed before it; all else is there
from the first pass. Of the target's own stage only its channel is computed. The numbers are to the
bit those of a whole pass, because a result does not depend on which others are computed.
"""

import time as wall
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.vision.network import ImageNetwork, ImageStage
from cppn_gl.nn.vision.operations import (
    AvgPool2d,
    Clip,
    Concatenate,
    Conv2d,
    Identity,
    MaxPool2d,
    Product,
    Scale,
    Shape,
    Sum,
)
from cppn_gl.nn.vision.plans import BLOCK, PICTURE, aliases
from cppn_gl.nn.vision.running import Slices, Tensor
from cppn_gl.nn.vision.target import Target
from cppn_gl.utils.arrays import Box, Float32
from cppn_gl.utils.native import Library
from cppn_gl.utils.native_vision import KINDS, divide, packed, run
from cppn_gl.utils.native_vision import taps as tap_table

WHOLE = 0.7  # of a plane's places: above it all are computed, which is as quick
SLICE = 0.006  # seconds of a slice, about
CONVOLVE = KINDS.index("convolve")
_PLACE_BY_PLACE = Concatenate, Sum, Product, Scale, Clip, Identity


class Changes:
    """What may be computed again of a pass, up to a target. Not for several threads at once."""

    def __init__(
        self, library: Library, threads: int, network: ImageNetwork, memory: Any, target: Target
    ):
        self._library, self._threads, self._network = library, threads, network
        self._memory, self._plan, self._target = memory, memory.plan, target
        self._block: Float32 = memory.block.copy()
        self._rate = 5e9
        self._reached = _before(network, target.stage)
        operation = network.stages[target.stage].operation
        self._alone: Float32 | None = None  # the weights of the target's channel
        if isinstance(operation, Conv2d) and operation.groups == 1:
            one = operation.weight[target.channel].reshape(1, 1, -1)
            self._alone = packed(library, one)

    @classmethod
    def of(
        cls, library: Library, threads: int, network: ImageNetwork, memory: Any, target: Target
    ) -> "Changes | None":
        """None if something on the way is not computed by the library."""
        plan, stage = memory.plan, target.stage
        if any(isinstance(part, int) and part in _before(network, stage) for part in plan.parts):
            return None
        kept = network.stages[stage].activation == "identity" or stage in plan.pre
        if aliases(network.stages[stage]) or (target.before and not kept):
            return None
        return cls(library, threads, network, memory, target)

    def value(self, picture: Tensor, box: Box) -> Slices[float]:
        """The target's value for a picture that differs from the known one in a box."""
        picture = np.ascontiguousarray(picture, np.float32)
        windows: dict[int, Box | None] = {SOURCE: box if box[0] < box[2] else None}
        kept: list[Any] = [picture]
        steps, work = self._steps(picture, windows, kept)
        try:
            size = divide(self._library, steps, self._threads) if len(steps) else 0
            for first, stop in self._slices(work):
                started = wall.perf_counter()
                run(self._library, steps[first:stop], size, self._threads)
                taken = max(wall.perf_counter() - started, 1e-6)
                self._rate = sum(work[first:stop]) / taken
                yield
            return self._seen()
        finally:
            self._restore(windows)

    def _seen(self) -> float:
        target, plan = self._target, self._plan
        before = target.before and target.stage in plan.pre
        values = self._view(target.stage, self._block, before=before)[target.channel]
        return float(
            values.mean(dtype=np.float64) if target.place is None else values[target.place]
        )

    def _view(self, k: int, block: Float32, *, before: bool = False) -> Tensor:
        """The units, or pre-activations, of a stage in a block."""
        shape = self._network.stages[k].shape
        base, at = (self._plan.pre if before else self._plan.places)[k]
        assert base == BLOCK
        return block[at : at + shape.size].reshape(shape)

    def _restore(self, windows: dict[int, Box | None]) -> None:
        """Make the block that of the first pass again."""
        for k, window in windows.items():
            if k == SOURCE or window is None or aliases(self._network.stages[k]):
                continue
            left, top, right, bottom = window
            for before in (False, True) if k in self._plan.pre else (False,):
                new, old = (
                    self._view(k, block, before=before)[:, top:bottom, left:right]
                    for block in (self._block, self._memory.block)
                )
                new[:] = old

    def _steps(
        self, picture: Tensor, windows: dict[int, Box | None], kept: list[Any]
    ) -> tuple[NDArray[np.void], list[float]]:
        """The steps for what may change, and their work. Fills `windows` by stage."""
        every = self._plan.placed({BLOCK: self._block.ctypes.data, PICTURE: picture.ctypes.data})
        every["switches"] = 0
        chosen: list[int] = []
        work: list[float] = []
        for k in self._reached:
            stage = self._network.stages[k]
            windows[k] = window = window_of(stage, [windows[i] for i in stage.inputs])
            for row in self._plan.of_stage.get(k, ()) if window is not None else ():
                step = every[row]
                part = 1.0
                if window is not None and int(step["kind"]) == CONVOLVE:
                    assert isinstance(stage.operation, Conv2d)
                    if k == self._target.stage and self._alone is not None:
                        self._one_channel(step, stage)
                        part /= stage.shape.channels
                    part *= _narrow(step, stage.operation, stage.shape, window, kept)
                chosen.append(row)
                work.append(max(self._plan.work[row] * part, 1.0))
        return every[chosen], work

    def _one_channel(self, step: Any, stage: ImageStage) -> None:
        assert self._alone is not None
        channel = self._target.channel
        at = 4 * channel * stage.shape.rows * stage.shape.columns
        step["outputs"], step["weight"] = 1, self._alone.ctypes.data
        step["bias"] += 4 * channel
        step["out"] += at
        if step["pre"]:
            step["pre"] += at

    def _slices(self, work: Sequence[float]) -> Iterator[tuple[int, int]]:
        """Steps first … stop − 1 that take about SLICE together."""
        first = 0
        while first < len(work):
            stop, sum_ = first + 1, work[first]
            while stop < len(work) and sum_ + work[stop] <= self._rate * SLICE:
                sum_ += work[stop]
                stop += 1
            yield first, stop
            first = stop


def _before(network: ImageNetwork, stage: int) -> list[int]:
    """A stage and those on which it depends, in their order."""
    found = {stage}
    for k in range(stage, -1, -1):
        if k in found:
            found |= {i for i in network.stages[k].inputs if i != SOURCE}
    return sorted(found)


def window_of(stage: ImageStage, changed: Sequence[Box | None]) -> Box | None:
    """The places of a stage that may change, given those of its inputs; None if none may."""
    boxes = [box for box in changed if box is not None]
    if not boxes:
        return None
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    box, of, shape = (
        (min(lefts), min(tops), max(rights), max(bottoms)),
        stage.operation,
        stage.shape,
    )
    if isinstance(of, _PLACE_BY_PLACE):
        return box
    if isinstance(of, Conv2d):
        reach = tuple((n - 1) * d + 1 for n, d in zip(of.kernel, of.dilation, strict=True))
    elif isinstance(of, MaxPool2d | AvgPool2d):
        reach = of.size
    else:
        return 0, 0, shape.columns, shape.rows
    (down, across), (top, left) = of.stride, of.padding[:2]
    sides = (
        *_reached(box[0], box[2], across, left, reach[1], shape.columns),
        *_reached(box[1], box[3], down, top, reach[0], shape.rows),
    )
    low, high = (sides[0], sides[2]), (sides[1], sides[3])
    if low[0] >= high[0] or low[1] >= high[1]:
        return None
    return *low, *high


def _reached(
    low: int, high: int, stride: int, padding: int, reach: int, count: int
) -> tuple[int, int]:
    """The first result that sees any of the inputs low … high − 1, and the one after the last."""
    first = -(-(low + padding - reach + 1) // stride)
    return max(first, 0), min((high - 1 + padding) // stride + 1, count)


def _narrow(step: Any, of: Conv2d, shape: Shape, window: Box, kept: list[Any]) -> float:
    """Make a convolution compute a window of its places; which part of all these is."""
    left, top, right, bottom = window
    part = (right - left) * (bottom - top) / (shape.rows * shape.columns)
    if part > WHOLE:
        return 1.0
    rows, columns = of.kernel
    down, across = (first * stride for first, stride in zip((top, left), of.stride, strict=True))
    taps = tap_table(
        [
            (i * of.dilation[0] - of.padding[0] + down, j * of.dilation[1] - of.padding[1] + across)
            for i in range(rows)
            for j in range(columns)
        ]
    )
    kept.append(taps)
    step["tap"] = taps.ctypes.data
    step["rows"], step["columns"] = bottom - top, right - left
    if right - left == shape.columns:  # whole rows, which the library writes as they come
        for name in ("out", "pre"):
            if step[name]:
                step[name] += 4 * top * shape.columns
    else:
        step["out_y"], step["out_x"] = top, left
    return part
