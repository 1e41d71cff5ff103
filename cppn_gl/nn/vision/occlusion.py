"""Occlusion: how a target changes while a patch moves over the picture (Zeiler and Fergus 2013).

    picture, Target, patch -> Occlusion -> refine(level) -> differences, from few places to many
    cover(picture, fill, box) -> the picture with that box filled

The places of a coarse level are among those of the finer ones, so nothing is computed twice.
"""

from dataclasses import dataclass, field

import numpy as np

from cppn_gl.nn.vision.running import Pass, forward, kernel_of
from cppn_gl.nn.vision.target import Target
from cppn_gl.utils.arrays import Box, Float32, Float64
from cppn_gl.utils.tasks import Steps, share

LEVELS = 3  # each has half as many places along a side as the next


def cover(picture: Float32, fill: Float32, box: Box) -> Float32:
    """A copy of a picture (channels, rows, columns) with the values of `fill` inside a box."""
    left, top, right, bottom = box
    covered = picture.copy()
    covered[:, top:bottom, left:right] = fill[:, top:bottom, left:right]
    return covered


def patch(
    size: tuple[int, int],
    middle: tuple[float, float],
    side: float,
    shape: tuple[int, int] | None = None,
) -> Box:
    """The box of a patch, cut off at the edges of a picture of (rows, columns).

    middle: from 0 to 1, to the right and down. side: in shorter sides. shape: rows and columns of
    the picture in which the patch is a square, if it was stretched to `size`.
    """
    rows, columns = size
    high, wide = shape or size
    half = side * min(high, wide) / 2
    x, y, across, down = middle[0], middle[1], half / wide, half / high
    left, right = (min(max(round((x + across * a) * columns), 0), columns) for a in (-1, 1))
    top, bottom = (min(max(round((y + down * a) * rows), 0), rows) for a in (-1, 1))
    return left, top, right, bottom


@dataclass(eq=False)
class Occlusion:
    """The differences so far, NaN where unknown: value without a patch − value with it there.

    side: of the patch in shorter sides of the picture. fill: what it shows, (channels, rows,
    columns). count: places along each side of the finest level, a multiple of 2 ** (LEVELS − 1).
    shape: of the picture in which the patch is a square; see `patch`.
    """

    target: Target
    fill: Float32
    side: float
    count: int
    shape: tuple[int, int] | None = None
    values: Float32 = field(init=False)

    def __post_init__(self) -> None:
        self.values = np.full((self.count, self.count), np.nan, np.float32)

    def indices(self, level: int) -> range:
        """The places of a level along a side, from 0: the coarsest, to LEVELS − 1: all."""
        step = 2 ** (LEVELS - 1 - level)
        return range(min(1, step - 1), self.count, step)

    def middle(self, row: int, column: int) -> tuple[float, float]:
        """The centre of a patch, from 0 to 1, to the right and down."""
        return (column + 0.5) / self.count, (row + 0.5) / self.count

    def missing(self, level: int) -> list[tuple[int, int]]:
        """The places (row, column) of a level that are not known."""
        along = self.indices(level)
        return [(r, c) for r in along for c in along if np.isnan(self.values[r, c])]

    @property
    def level(self) -> int:
        """The finest level that is known; −1 if none is."""
        return max((k for k in range(LEVELS) if not self.missing(k)), default=-1)

    def refine(self, done: Pass, level: int) -> Steps[None]:
        """Compute what is missing of a level, from a pass of the picture without a patch.

        What is known when it is interrupted stays.
        """
        missing, kernel = self.missing(level), kernel_of(done)
        if missing and kernel is not done.kernel:  # differences are of one kernel's numbers
            until = self.target.stage
            done = yield from forward(done.network, done.source, until=until, kernel=kernel)
        changes = getattr(kernel, "changes", None)  # a kernel that need not compute all again
        again = changes(done, self.target) if changes and missing else None
        whole = self.target.value(done)
        for number, place in enumerate(missing):
            box = patch(done.network.size, self.middle(*place), self.side, self.shape)
            covered = cover(done.source, self.fill, box)
            work = self._whole(done, covered) if again is None else again.value(covered, box)
            value = yield from share(work, number / len(missing), (number + 1) / len(missing))
            self.values[place] = whole - value
            yield (number + 1) / len(missing)

    def _whole(self, done: Pass, covered: Float32) -> Steps[float]:
        """The target's value by a pass of a picture."""
        until, kernel = self.target.stage, done.kernel
        after = yield from forward(done.network, covered, until=until, kernel=kernel)
        return self.target.value(after)

    def map(self, level: int, size: tuple[int, int]) -> Float32:
        """A level's differences between its places, for a picture of (rows, columns).

        Interpolated by cubic splines of Catmull and Rom, within the differences' limits.
        """
        along = np.array(self.indices(level))
        known = self.values[np.ix_(along, along)]
        rows, columns = (_between((along + 0.5) / self.count, count) for count in size)
        found = rows @ known @ columns.T
        return np.asarray(np.clip(found, known.min(), known.max()), np.float32)


def _between(centres: Float64, count: int) -> Float64:
    """Weights (count, centres) of cubic interpolation at `count` pixels, constant beyond."""
    last, step = len(centres) - 1, centres[1] - centres[0]
    at = np.clip(((np.arange(count) + 0.5) / count - centres[0]) / step, 0, last)
    first = np.minimum(at.astype(int), last - 1)
    t, found = at - first, np.zeros((count, last + 1))
    cubics = (
        (-t + 2 * t**2 - t**3) / 2,
        (2 - 5 * t**2 + 3 * t**3) / 2,
        (t + 4 * t**2 - 3 * t**3) / 2,
        (t**3 - t**2) / 2,
    )
    for offset, weights in enumerate(cubics, -1):
        np.add.at(found, (np.arange(count), np.clip(first + offset, 0, last)), weights)
    return found
