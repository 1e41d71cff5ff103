"""A grid of equal cells in reading order: how many columns, and where each lies."""

import math
from dataclasses import dataclass
from functools import lru_cache

Size = tuple[int, int]
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels; the last two not inside

EMPTY = 0.5  # how bad it is if all cells are empty, against one e times as long as is good
TOLERANCE = 1.25  # beyond square, and beyond the picture's own proportions


@dataclass(frozen=True)
class Cells:
    """`count` cells of `cell` pixels in `columns` columns, `gap` pixels apart."""

    count: int
    columns: int
    cell: Size
    gap: int
    origin: tuple[int, int]

    def box(self, index: int) -> Box:
        """Where a cell lies, counted from 0 in reading order."""
        row, column = divmod(index, self.columns)
        left = self.origin[0] + column * (self.cell[0] + self.gap)
        top = self.origin[1] + row * (self.cell[1] + self.gap)
        return left, top, left + self.cell[0], top + self.cell[1]

    def at(self, place: tuple[float, float]) -> int | None:
        """The cell that holds a pixel; None for the gaps and what is beyond."""
        column, right = divmod(place[0] - self.origin[0], self.cell[0] + self.gap)
        row, down = divmod(place[1] - self.origin[1], self.cell[1] + self.gap)
        if right >= self.cell[0] or down >= self.cell[1] or not 0 <= column < self.columns:
            return None
        index = int(row) * self.columns + int(column)
        return index if 0 <= index < self.count else None


@lru_cache(maxsize=64)
def arranged(count: int, size: Size, stacked: int = 1) -> Cells:
    """Cells that fill a picture: each, cut into `stacked` pictures one above the other, such that
    these are square to as wide as the whole, and few cells stay empty.
    """
    aspect = size[0] / size[1]
    low, high = min(1.0, aspect) / TOLERANCE, max(1.0, aspect) * TOLERANCE

    def badness(columns: int) -> float:
        rows = -(-count // columns)
        one = aspect * rows * stacked / columns
        off = max(0.0, math.log(low / one), math.log(one / high))
        return off + EMPTY * (rows * columns - count) / count

    columns = min(range(1, count + 1), key=badness)
    rows = -(-count // columns)
    gap = max(1, round(min(size) / 150))
    while gap > 0 and min(size[0] // columns, size[1] // rows) < 4 * gap:
        gap -= 1
    cell = ((size[0] - gap) // columns - gap, (size[1] - gap) // rows - gap)
    cell = (max(1, cell[0]), max(1, cell[1]))
    used = (columns * (cell[0] + gap) - gap, rows * (cell[1] + gap) - gap)
    return Cells(count, columns, cell, gap, ((size[0] - used[0]) // 2, (size[1] - used[1]) // 2))
