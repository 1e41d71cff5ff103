"""A grid of equal cells in reading order: the number of columns, each cell's box, its caption."""

import math
from dataclasses import dataclass
from functools import lru_cache

from cppn_gl.utils.arrays import Box, Size

EMPTY = 0.5  # cost of the fraction of empty cells, relative to a cell e times too long
TOLERANCE = 1.25  # factor by which a cell may be longer than square or than the picture
GAP, MARGIN = 0.0125, 2.0  # gap in shorter sides, margin in gaps
LEAST = 5  # gaps in the side of a cell


@dataclass(frozen=True)
class Cells:
    """`count` cells of `side` in `columns` columns, `pitch` pixels from cell to cell.

    `gap`: between cells; `caption`: height of the words above each cell, 0 for none. Places are
    fractions of pixels, so that they scale with the picture's size; boxes are rounded.
    """

    count: int
    columns: int
    origin: tuple[float, float]
    pitch: tuple[float, float]
    side: tuple[float, float]
    gap: float
    caption: float = 0.0

    @property
    def cell(self) -> Size:
        """The size of the largest cell in pixels; others may be a pixel smaller."""
        wide, high = (max(1, math.ceil(side)) for side in self.side)
        return wide, high

    def box(self, index: int) -> Box:
        """The box of a cell; `index` counts from 0 in reading order."""
        row, column = divmod(index, self.columns)
        left, right = self._sides(column, 0)
        top, bottom = self._sides(row, 1)
        return left, top, right, bottom

    def _sides(self, place: int, axis: int) -> tuple[int, int]:
        start = self.origin[axis] + place * self.pitch[axis]
        low = math.floor(start + 0.5)
        return low, max(low + 1, math.floor(start + self.side[axis] + 0.5))

    def at(self, place: tuple[float, float]) -> int | None:
        """The index of the cell that contains a pixel; None in gaps and outside."""
        near = [
            math.floor((x - first) / pitch)
            for x, first, pitch in zip(place, self.origin, self.pitch, strict=True)
        ]
        for row in (near[1], near[1] - 1, near[1] + 1):
            for column in (near[0], near[0] - 1, near[0] + 1):
                index = row * self.columns + column
                if row >= 0 and 0 <= column < self.columns and index < self.count:
                    left, top, right, bottom = self.box(index)
                    if left <= place[0] < right and top <= place[1] < bottom:
                        return index
        return None

    def scaled(self, size: Size, shape: Size) -> "Cells":
        """These cells of a picture of size `shape` in a coarser or finer one of `size`."""
        if size == shape:
            return self
        across, down = size[0] / shape[0], size[1] / shape[1]

        def place(pair: tuple[float, float]) -> tuple[float, float]:
            return pair[0] * across, pair[1] * down

        return Cells(
            self.count,
            self.columns,
            place(self.origin),
            place(self.pitch),
            place(self.side),
            self.gap * down,
            self.caption * down,
        )


@lru_cache(maxsize=64)
def arranged(count: int, size: Size, stacked: int = 1, caption: float = 0.0) -> Cells:
    """Cells that fill a picture, with few of them empty. Each is divided into `stacked` pictures,
    one above the other, whose aspect ratio is between square and that of the whole, and each of
    these has a caption above it.
    """
    aspect = size[0] / size[1]
    low, high = min(1.0, aspect) / TOLERANCE, max(1.0, aspect) * TOLERANCE

    def cost(columns: int) -> float:
        rows = -(-count // columns)
        cell = aspect * rows * stacked / columns
        off = max(0.0, math.log(low / cell), math.log(cell / high))
        return off + EMPTY * (rows * columns - count) / count

    columns = min(range(1, count + 1), key=cost)
    rows = -(-count // columns)
    gap = min(size) * GAP
    if min(size[0] / columns, size[1] / rows / stacked) < LEAST * gap or gap < 0.5:
        gap = 0.0
    margin = MARGIN * gap
    pitch = (size[0] - 2 * margin + gap) / columns, (size[1] - 2 * margin + gap) / rows
    side = pitch[0] - gap, pitch[1] - gap - caption
    return Cells(count, columns, (margin, margin + caption), pitch, side, gap, caption)
