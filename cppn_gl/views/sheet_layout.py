"""The layout of a sheet: its cells and labels.

Preset, Grid -> natural_size(): each cell has the size in pixels that the preset gives
             -> sheet_layout(): the same, scaled to fit a picture of another size, centred
"""

from dataclasses import dataclass

from cppn_gl.preset.preset import Preset
from cppn_gl.preset.sheet import Cell, Grid
from cppn_gl.utils.arrays import Box, Size
from cppn_gl.views.lettering import MIN_FONT, room
from cppn_gl.views.text import fitting

LETTERS = 11  # font sizes in a cell's shorter side
MOST = 22  # largest font size in pixels
EMPTY = 30  # a sheet with a side up to so many pixels has no labels


@dataclass(frozen=True)
class SheetLayout:
    """A sheet in a picture. `heads`: room for row labels (left) and for column labels (above)."""

    grid: Grid
    cell: tuple[float, float]
    gap: float
    heads: tuple[float, float]
    origin: tuple[float, float]
    font_size: int  # in pixels; 0 for no labels

    def box(self, row: int, column: int) -> Box:
        left = self.origin[0] + self.heads[0] + column * (self.cell[0] + self.gap)
        top = self.origin[1] + self.heads[1] + row * (self.cell[1] + self.gap)
        x, y = round(left), round(top)
        wide, high = round(left + self.cell[0]), round(top + self.cell[1])
        return x, y, max(x + 1, wide), max(y + 1, high)

    def at(self, place: tuple[float, float]) -> Cell | None:
        """The cell that contains a pixel; None in gaps and outside."""
        column = self._index(place[0] - self.origin[0] - self.heads[0], self.cell[0])
        row = self._index(place[1] - self.origin[1] - self.heads[1], self.cell[1])
        if row is None or column is None:
            return None
        return self.grid.at(row, column)

    def _index(self, distance: float, side: float) -> int | None:
        index, rest = divmod(distance, side + self.gap)
        return int(index) if rest < side else None


def folded(grid: Grid) -> bool:
    """Whether an axis wraps over several rows, so that each cell has its own label."""
    return not any(grid.row_labels) and not any(grid.column_labels)


def _natural(preset: Preset, grid: Grid) -> tuple[SheetLayout, Size]:
    sweep = preset.sweep
    (wide, high), gap = sweep.cell, sweep.gap
    font_size = fitting(sweep.cell, MIN_FONT, MOST, (LETTERS, LETTERS)) if sweep.labels else 0
    left = above = 0
    if font_size and not folded(grid):
        widest = max(room(font_size, label)[0] for label in grid.row_labels)
        left = widest + font_size if widest else 0
        above = room(font_size, "m")[1] + font_size // 2 if any(grid.column_labels) else 0
    size = (
        left + grid.columns * (wide + gap) + gap,
        above + grid.rows * (high + gap) + gap,
    )
    origin = (float(gap), float(gap))
    return SheetLayout(grid, (wide, high), gap, (left, above), origin, font_size), size


def natural_size(preset: Preset, grid: Grid) -> Size:
    """The size of a sheet whose cells have the size that the preset gives."""
    return _natural(preset, grid)[1]


def sheet_layout(preset: Preset, grid: Grid, size: Size) -> SheetLayout:
    """The sheet scaled to fit a picture of `size`, centred."""
    natural, whole = _natural(preset, grid)
    scale = min(size[0] / whole[0], size[1] / whole[1])
    if scale == 1 and size == whole:
        return natural
    font_size = round(natural.font_size * scale)
    if natural.font_size:
        font_size = min(MOST, max(font_size, MIN_FONT))
    slack = tuple((side - scale * used) / 2 for side, used in zip(size, whole, strict=True))
    return SheetLayout(
        grid,
        (natural.cell[0] * scale, natural.cell[1] * scale),
        natural.gap * scale,
        (natural.heads[0] * scale, natural.heads[1] * scale),
        (slack[0] + natural.gap * scale, slack[1] + natural.gap * scale),
        font_size if min(size) > EMPTY else 0,
    )
