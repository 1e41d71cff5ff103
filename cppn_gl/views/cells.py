"""A grid of equal cells in reading order: the number of columns, and each cell's box."""

import math
from dataclasses import dataclass
from functools import lru_cache

from cppn_gl.utils.arrays import Box, Size

EMPTY = 0.5  # cost of the fraction of empty cells, relative to a cell e times too long
TOLERANCE = 1.25  # factor by which a cell may be longer than square or than the picture


@dataclass(frozen=True)
class Cells:
    """`count` cells in `columns` columns, `pitch` pixels from cell to cell, with `gap` between.

    `cell` is the size of the largest. Others may be a pixel smaller, so that positions scale with
    the picture's size.
    """

    count: int
    columns: int
    pitch: tuple[float, float]
    gap: int

    @property
    def cell(self) -> Size:
        wide, high = (max(1, math.ceil(pitch) - self.gap) for pitch in self.pitch)
        return wide, high

    def box(self, index: int) -> Box:
        """The box of a cell; `index` counts from 0 in reading order."""
        row, column = divmod(index, self.columns)
        left, right = self._sides(column, 0)
        top, bottom = self._sides(row, 1)
        return left, top, right, bottom

    def _sides(self, place: int, axis: int) -> tuple[int, int]:
        low, high = (round(k * self.pitch[axis]) for k in (place, place + 1))
        low += self.gap
        return low, min(max(low + 1, high), low + self.cell[axis])

    def at(self, place: tuple[float, float]) -> int | None:
        """The index of the cell that contains a pixel; None in gaps and outside."""
        near = [int(x // pitch) for x, pitch in zip(place, self.pitch, strict=True)]
        for row in (near[1], near[1] - 1, near[1] + 1):
            for column in (near[0], near[0] - 1, near[0] + 1):
                index = row * self.columns + column
                if 0 <= column < self.columns and 0 <= index < self.count:
                    left, top, right, bottom = self.box(index)
                    if left <= place[0] < right and top <= place[1] < bottom:
                        return index
        return None


@lru_cache(maxsize=64)
def arranged(count: int, size: Size, stacked: int = 1) -> Cells:
    """Cells that fill a picture, with few of them empty. Each is divided into `stacked` pictures,
    one above the other, whose aspect ratio is between square and that of the whole.
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
    gap = max(1, round(min(size) / 150))
    while gap > 0 and min(size[0] // columns, size[1] // rows) < 4 * gap:
        gap -= 1
    return Cells(count, columns, ((size[0] - gap) / columns, (size[1] - gap) / rows), gap)
