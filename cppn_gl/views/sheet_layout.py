"""The layout of a sheet: its cells and labels.

Preset, Grid -> natural_size(): each cell has the size in pixels that the preset gives
             -> sheet_layout(): the same, scaled to fit a picture of another size, centred

Words never get smaller than MIN_FONT: below that their room stays, or they and their room go.
"""

import math
from dataclasses import dataclass, replace

from cppn_gl.preset.axes import Sweep
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.sheet import Cell, Grid
from cppn_gl.utils.arrays import Box, Size
from cppn_gl.views.text import MIN_FONT, fitting, line_height, width, wrap

LETTERS = 7.5  # font sizes in a cell's shorter side
MOST = 14  # largest font size in pixels, at the natural size
LEAST = 2.5  # font sizes in the shorter side of a cell that has labels
EMPTY = 30  # a sheet with a side up to so many pixels has no labels
MARGIN = 3  # around the sheet, in gaps
CAPTION = 1.6  # height of the words above a cell or a column, in font sizes
BESIDE = 0.75  # width of the words left of a row, in cells, at which they are broken

Rooms = tuple[float, float, float]  # pixels left of the rows, above the columns, above each cell


@dataclass(frozen=True)
class SheetLayout:
    """A sheet in a picture. `heads`: room for row labels (left) and for column labels (above).

    `pitch`: pixels from cell to cell. `caption`: room above each cell for its own label, in a
    folded sheet. `rows`: the lines of each row's label, broken where it is long.
    """

    grid: Grid
    cell: tuple[float, float]
    gap: float
    heads: tuple[float, float]
    caption: float
    origin: tuple[float, float]
    pitch: tuple[float, float]
    font_size: int  # in pixels; 0 for no labels
    rows: tuple[tuple[str, ...], ...]

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

    def scaled(self, size: Size, shape: Size) -> "SheetLayout":
        """This layout of a picture of size `shape` in a coarser or finer one of `size`."""
        if size == shape:
            return self
        across, down = size[0] / shape[0], size[1] / shape[1]

        def place(pair: tuple[float, float]) -> tuple[float, float]:
            return pair[0] * across, pair[1] * down

        return replace(
            self,
            cell=place(self.cell),
            gap=self.gap * down,
            heads=place(self.heads),
            caption=self.caption * down,
            origin=place(self.origin),
            pitch=place(self.pitch),
        )


def broken(label: str, font_size: int, room: float) -> tuple[str, ...]:
    """A label in lines, broken between words only."""
    widest = max((width(word, font_size) for word in label.split()), default=0.0)
    return tuple(wrap(label, font_size, max(room, math.ceil(widest))))


def folded(grid: Grid) -> bool:
    """Whether an axis wraps over several rows, so that each cell has its own label."""
    return not any(grid.row_labels) and not any(grid.column_labels)


@dataclass(frozen=True)
class _Sheet:
    """A preset's sheet before it is laid out: its grid, its labels in lines, its sides in pixels.

    bare: without labels, each cell as large as the preset says.
    """

    sweep: Sweep
    grid: Grid
    rows: tuple[tuple[str, ...], ...]
    font_size: int
    bare: Size

    @classmethod
    def of(cls, preset: Preset, grid: Grid) -> "_Sheet":
        sweep = preset.sweep
        (wide, high), gap = sweep.cell, sweep.gap
        font_size = fitting(sweep.cell, MIN_FONT, MOST, (LETTERS, LETTERS)) if sweep.labels else 0
        rows = tuple(broken(label, font_size or 1, BESIDE * wide) for label in grid.row_labels)
        margins = 2 * MARGIN * gap - gap
        bare = grid.columns * (wide + gap) + margins, grid.rows * (high + gap) + margins
        return cls(sweep, grid, rows, font_size, bare)

    def rooms(self, font_size: int) -> Rooms:
        """The room that labels of a font size need."""
        if not font_size:
            return 0, 0, 0
        above = round(CAPTION * font_size)
        if folded(self.grid):
            return 0, 0, above if any(cell.label for cell in self.grid.cells) else 0
        widest = max(math.ceil(width(line, font_size)) for lines in self.rows for line in lines)
        left = widest + font_size if widest else 0
        return left, above if any(self.grid.column_labels) else 0, 0

    def whole(self, rooms: Rooms, scale: float = 1) -> tuple[float, float]:
        """Its sides with cells `scale` times as large."""
        left, above, caption = rooms
        return scale * self.bare[0] + left, scale * self.bare[1] + above + self.grid.rows * caption

    def filling(self, size: Size, rooms: Rooms) -> float:
        """The scale of the cells of a sheet that fills a picture."""
        needed = self.whole(rooms, 0)
        return min((size[k] - needed[k]) / self.bare[k] for k in (0, 1))

    def fits(self, scale: float, font_size: int) -> bool:
        """Whether all labels have the room that cells `scale` times as large leave them."""
        (wide, high), gap = self.sweep.cell, self.sweep.gap
        if scale * min(wide, high) < LEAST * font_size:
            return False
        widest = max(width(label, font_size) for label in self.grid.column_labels)
        if folded(self.grid):
            widest = max(width(cell.label, font_size) for cell in self.grid.cells)
        lines = max(map(len, self.rows)) * line_height(font_size)
        room = scale * (wide + gap), scale * (high + gap)
        return widest + 0.6 * font_size <= room[0] and lines <= room[1]

    def layout(self, size: Size, scale: float, rooms: Rooms, font_size: int) -> SheetLayout:
        """The sheet in the middle of a picture."""
        (wide, high), gap = self.sweep.cell, self.sweep.gap
        cell, (left, above, caption) = (wide * scale, high * scale), rooms
        used = self.whole(rooms, scale)
        return SheetLayout(
            self.grid,
            cell,
            gap * scale,
            (left, above),
            caption,
            (
                (size[0] - used[0]) / 2 + MARGIN * gap * scale,
                (size[1] - used[1]) / 2 + MARGIN * gap * scale,
            ),
            (cell[0] + gap * scale, cell[1] + gap * scale + caption),
            font_size,
            self.rows,
        )


def natural_size(preset: Preset, grid: Grid) -> Size:
    """The size of a sheet whose cells have the size that the preset gives."""
    sheet = _Sheet.of(preset, grid)
    wide, high = sheet.whole(sheet.rooms(sheet.font_size))
    return int(wide), int(high)


def sheet_layout(preset: Preset, grid: Grid, size: Size) -> SheetLayout:
    """The sheet scaled to fit a picture of `size`, centred."""
    sheet = _Sheet.of(preset, grid)
    rooms = sheet.rooms(sheet.font_size)
    whole = sheet.whole(rooms)
    scale = min(size[0] / whole[0], size[1] / whole[1])
    font_size = math.floor(sheet.font_size * scale)
    if font_size >= MIN_FONT or not sheet.font_size:
        left, above, caption = rooms
        return sheet.layout(size, scale, (left * scale, above * scale, caption * scale), font_size)
    for font_size in (MIN_FONT, 0):
        rooms = sheet.rooms(font_size)
        scale = sheet.filling(size, rooms)
        if not font_size or (min(size) > EMPTY and sheet.fits(scale, font_size)):
            break
    return sheet.layout(size, scale, rooms, font_size)
