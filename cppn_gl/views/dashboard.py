"""Where the units' tiles lie: layers in columns, wide ones wrapped into several, and the panel.

(units of each layer, size) -> dashboard() -> box() of a unit, at() a place -> a unit

A unit is (layer, index): layer 0 are the inputs, indices count from 0.
"""

from dataclasses import dataclass
from functools import lru_cache

from cppn_gl.views.cells import Box
from cppn_gl.views.lettering import letters, room

Size = tuple[int, int]
Unit = tuple[int, int]

APART = 0.35, 0.9  # tiles' widths between two layers, without connections and with
FARTHEST = 0.8, 4.0  # the same, where there is more room than tiles need
THIN, BROAD = 0.9, 1.25  # a tile's width by its height, from the least to the most
THINNER, MANY = 0.6, 12  # the least where there are more rows than so many
WRAPPED = 4, 16  # rows; fewer units are not wrapped, without connections and with
PANEL = 0.26  # of the picture's width, or a bit more of its height
SMALLEST = 150  # pixels of the shorter side of a picture with a panel
WHOLE = 3.0  # pixels; where tiles are as far apart they are so by whole pixels


@dataclass(frozen=True)
class Column:
    """A layer's tiles: `rows` to a column, `columns` of them, from `left`, `top` on, in pixels."""

    layer: int
    count: int
    rows: int
    columns: int
    left: float
    top: float


@dataclass(frozen=True)
class Dashboard:
    """The places of all tiles: `tile` pixels large, `pitch` from one to the next."""

    columns: tuple[Column, ...]
    tile: Size
    pitch: tuple[float, float]
    area: Box  # of all tiles
    panel: Box | None
    points: int  # of letters

    def box(self, unit: Unit) -> Box:
        """Where a unit's tile lies."""
        column = self.columns[unit[0] - self.columns[0].layer]
        across, down = divmod(unit[1], column.rows)
        left = round(column.left + across * self.pitch[0])
        top = round(column.top + down * self.pitch[1])
        return left, top, left + self.tile[0], top + self.tile[1]

    def shows(self, unit: Unit) -> bool:
        """Whether there is such a tile."""
        first = self.columns[0].layer
        if not first <= unit[0] < first + len(self.columns):
            return False
        return 0 <= unit[1] < self.columns[unit[0] - first].count

    def at(self, place: tuple[float, float]) -> Unit | None:
        """The unit whose tile holds a pixel; None between tiles and beyond them."""
        for column in self.columns:
            across = int((place[0] - column.left + 0.5) // self.pitch[0])
            down = int((place[1] - column.top + 0.5) // self.pitch[1])
            # Tiles lie at whole pixels, so that one may begin a bit before its place or behind it.
            for right, below in ((0, 0), (-1, 0), (0, -1), (-1, -1)):
                index = self._index(column, across + right, down + below)
                if index is not None and _holds(self.box((column.layer, index)), place):
                    return column.layer, index
        return None

    @staticmethod
    def _index(column: Column, across: int, down: int) -> int | None:
        index = across * column.rows + down
        inside = 0 <= across < column.columns and 0 <= down < column.rows
        return index if inside and index < column.count else None


def _holds(box: Box, place: tuple[float, float]) -> bool:
    return box[0] <= place[0] < box[2] and box[1] <= place[1] < box[3]


@lru_cache(maxsize=64)
def dashboard(
    counts: tuple[int, ...], size: Size, *, first: int = 0, connected: bool = False
) -> Dashboard:
    """Tiles as large as there is room for: `counts` units in the layers from `first` on."""
    points = letters(size)
    area, panel = _parts(size, points)
    wide, high = area[2] - area[0], area[3] - area[1]
    aspect = size[0] / size[1]
    broad = max(BROAD, aspect)
    apart = APART[connected] * (len(counts) - 1)

    def tile(rows: int) -> tuple[float, float]:
        across = sum(-(-count // rows) for count in counts)
        pitch = wide / (across + apart), high / rows
        thin = min(THIN if rows <= MANY else THINNER, aspect)
        return min(pitch[0], pitch[1] * broad), min(pitch[1], pitch[0] / thin)

    least = min(max(counts), WRAPPED[connected])
    most = max(range(least, max(counts) + 1), key=lambda rows: tile(rows)[0] * tile(rows)[1])
    right, down = (float(int(p)) if p >= WHOLE else p for p in tile(most))
    gap = 0 if min(right, down) < WHOLE else max(1, round(min(right, down) / 20))
    blocks = [(count, -(-count // most)) for count in counts]
    left_over = wide - right * sum(block for _, block in blocks)
    between = left_over / max(1, len(counts) - 1)
    between = min(between, right * FARTHEST[connected])
    used = right * sum(block for _, block in blocks) + between * (len(counts) - 1)
    left, columns = area[0] + (wide - used) / 2, []
    for layer, (count, block) in enumerate(blocks, first):
        rows = -(-count // block)
        top = area[1] + (high - rows * down) / 2
        columns.append(Column(layer, count, rows, -(-count // rows), float(int(left)), int(top)))
        left += right * block + between
    size_ = max(1, int(right) - gap), max(1, int(down) - gap)
    return Dashboard(tuple(columns), size_, (right, down), area, panel, points)


def _parts(size: Size, points: int) -> tuple[Box, Box | None]:
    """The area of the tiles, below their heads, and the panel: beside it or beneath it."""
    width, height = size
    margin = max(2, min(size) // 50)
    top = margin + room(points, "")[1] if min(size) >= 60 else margin
    if min(size) < SMALLEST:
        return (margin, top, max(width - margin, margin + 1), max(height - margin, top + 1)), None
    if width >= 0.8 * height:
        edge = width - round(PANEL * width)
        panel = (edge, margin, width - margin, height - margin)
        return (margin, top, edge - 2 * margin, height - margin), panel
    edge = height - round(0.3 * height)
    panel = (margin, edge, width - margin, height - margin)
    return (margin, top, width - margin, edge - 2 * margin), panel
