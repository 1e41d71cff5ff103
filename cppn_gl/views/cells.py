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
    """`count` cells in `columns` columns, `pitch` pixels from one to the next, `gap` pixels apart.

    `cell` is the size of the largest; others are a pixel smaller, so that all lie in proportion
    in a picture of any size.
    """

    count: int
    columns: int
    pitch: tuple[float, float]
    gap: int

    @property
    def cell(self) -> Size:
        """The size of the largest cell."""
        wide, high = (max(1, math.ceil(pitch) - self.gap) for pitch in self.pitch)
        return wide, high

    def box(self, index: int) -> Box:
        """Where a cell lies, counted from 0 in reading order."""
        row, column = divmod(index, self.columns)
        left, right = self._sides(column, 0)
        top, bottom = self._sides(row, 1)
        return left, top, right, bottom

    def _sides(self, place: int, axis: int) -> tuple[int, int]:
        low, high = (round(k * self.pitch[axis]) for k in (place, place + 1))
        low += self.gap
        return low, min(max(low + 1, high), low + self.cell[axis])

    def at(self, place: tuple[float, float]) -> int | None:
        """The cell that holds a pixel; None for the gaps and what is beyond."""
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
    return Cells(count, columns, ((size[0] - gap) / columns, (size[1] - gap) / rows), gap)
