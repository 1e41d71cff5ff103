"""The layout of a sheet: its cells and labels.

Preset, Grid -> natural_size(): each cell has the size in pixels that the preset gives
             -> sheet_layout(): the same, scaled to fit a picture of another size, centred
"""

import math
from dataclasses import dataclass

from cppn_gl.preset.preset import Preset
from cppn_gl.preset.sheet import Cell, Grid
from cppn_gl.utils.arrays import Box, Size
from cppn_gl.views.text import MIN_FONT, fitting, width, wrap

LETTERS = 7.5  # font sizes in a cell's shorter side
MOST = 14  # largest font size in pixels, at the natural size
EMPTY = 30  # a sheet with a side up to so many pixels has no labels
MARGIN = 3  # around the sheet, in gaps
CAPTION = 1.6  # height of the words above a cell or a column, in font sizes
BESIDE = 0.75  # width of the words left of a row, in cells, at which they are broken


@dataclass(frozen=True)
class SheetLayout:
    """A sheet in a picture. `heads`: room for row labels (left) and for column labels (above).

    `caption`: room above each cell for its own label, in a folded sheet.
    """

    grid: Grid
    cell: tuple[float, float]
    gap: float
    heads: tuple[float, float]
    caption: float
    origin: tuple[float, float]
    font_size: int  # in pixels; 0 for no labels

    @property
    def pitch(self) -> tuple[float, float]:
        """Pixels from cell to cell."""
        return self.cell[0] + self.gap, self.cell[1] + self.gap + self.caption

    def box(self, row: int, column: int) -> Box:
        left = self.origin[0] + self.heads[0] + column * self.pitch[0]
        top = self.origin[1] + self.heads[1] + row * self.pitch[1] + self.caption
        x, y = round(left), round(top)
        wide, high = round(left + self.cell[0]), round(top + self.cell[1])
        return x, y, max(x + 1, wide), max(y + 1, high)

    def at(self, place: tuple[float, float]) -> Cell | None:
        """The cell that contains a pixel; None in gaps and outside."""
        start = (
            self.origin[0] + self.heads[0],
            self.origin[1] + self.heads[1] + self.caption,
        )
        column, row = (self._index(place[k] - start[k], k) for k in (0, 1))
        if row is None or column is None:
            return None
        return self.grid.at(row, column)

    def _index(self, distance: float, axis: int) -> int | None:
        index, rest = divmod(distance, self.pitch[axis])
        return int(index) if rest < self.cell[axis] else None

    def row_label(self, row: int) -> list[str]:
        """The lines of a row's label, broken where it is long."""
        label, room = self.grid.row_labels[row], BESIDE * self.cell[0]
        return _broken(label, self.font_size, room)


def _broken(label: str, font_size: int, room: float) -> list[str]:
    """A label in lines, broken between words only."""
    widest = max((width(word, font_size) for word in label.split()), default=0.0)
    return wrap(label, font_size, max(room, math.ceil(widest)))


def folded(grid: Grid) -> bool:
    """Whether an axis wraps over several rows, so that each cell has its own label."""
    return not any(grid.row_labels) and not any(grid.column_labels)


def _natural(preset: Preset, grid: Grid) -> tuple[SheetLayout, Size]:
    sweep = preset.sweep
    (wide, high), gap = sweep.cell, sweep.gap
    font_size = fitting(sweep.cell, MIN_FONT, MOST, (LETTERS, LETTERS)) if sweep.labels else 0
    left = above = caption = 0
    if font_size and folded(grid):
        caption = round(CAPTION * font_size) if any(cell.label for cell in grid.cells) else 0
    elif font_size:
        lines = [
            line for label in grid.row_labels for line in _broken(label, font_size, BESIDE * wide)
        ]
        widest = max(math.ceil(width(line, font_size)) for line in lines)
        left = widest + font_size if widest else 0
        above = round(CAPTION * font_size) if any(grid.column_labels) else 0
    margin = MARGIN * gap
    size = (
        left + grid.columns * (wide + gap) - gap + 2 * margin,
        above + grid.rows * (high + gap + caption) - gap + 2 * margin,
    )
    origin = (float(margin), float(margin))
    return SheetLayout(grid, (wide, high), gap, (left, above), caption, origin, font_size), size


def natural_size(preset: Preset, grid: Grid) -> Size:
    """The size of a sheet whose cells have the size that the preset gives."""
    return _natural(preset, grid)[1]


def sheet_layout(preset: Preset, grid: Grid, size: Size) -> SheetLayout:
    """The sheet scaled to fit a picture of `size`, centred."""
    natural, whole = _natural(preset, grid)
    scale = min(size[0] / whole[0], size[1] / whole[1])
    if scale == 1 and size == whole:
        return natural
    font_size = max(math.floor(natural.font_size * scale), MIN_FONT) if natural.font_size else 0
    slack = tuple((side - scale * used) / 2 for side, used in zip(size, whole, strict=True))
    return SheetLayout(
        grid,
        (natural.cell[0] * scale, natural.cell[1] * scale),
        natural.gap * scale,
        (natural.heads[0] * scale, natural.heads[1] * scale),
        natural.caption * scale,
        (slack[0] + natural.origin[0] * scale, slack[1] + natural.origin[1] * scale),
        font_size if min(size) > EMPTY else 0,
    )
