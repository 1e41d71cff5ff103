"""The layout of the units view: tiles by layer, wide layers in several columns, and the panel.

(units of each layer, size) -> dashboard() -> box(unit), at(pixel) -> unit
columns of layers side by side -> arranged() -> the same, branches one below another

A unit is (layer, index): layer 0 are the inputs, indices count from 0.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from cppn_gl.utils.arrays import Box, Size
from cppn_gl.views.lettering import letters
from cppn_gl.views.text import line_height

Unit = tuple[int, int]
Floats4 = tuple[float, float, float, float]

# Pairs indexed by `connected`: without and with lines between the layers.
APART = 0.35, 0.9  # least distance between two layers, in tile widths
FARTHEST = 0.8, 4.0  # greatest distance
WRAPPED = 4, 16  # layers of up to so many units are not wrapped
THIN, BROAD = 0.9, 1.25  # least and greatest aspect ratio of a tile
THINNER, MANY = 0.6, 12  # least aspect ratio with more than MANY rows
PANEL, BENEATH = 0.26, 0.3  # fraction of the width for a panel beside, of the height for one below
MARGIN, HEADS = 0.02, 0.055  # fractions of the shorter side: margin, and room for column heads
APART_FROM = 3.0  # least pitch in pixels with a gap between tiles
BRANCHES = 0.032  # between branches one below another, in shorter sides: room for a head
STRIP = 0.2  # fraction of the height for pinned units
PINNED = 8  # units, at most

# Tiles are rounded to whole pixels: a pixel may belong to a neighbour of the tile computed for it.
NEAR = [(0, 0), *((a, b) for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b)]


@dataclass(frozen=True)
class LayerTiles:
    """A layer's tiles, in columns of `rows` each; `left`, `top` in pixels."""

    layer: int
    count: int
    rows: int
    columns: int
    left: float
    top: float


@dataclass(frozen=True)
class Dashboard:
    """The positions of all tiles: `pitch` pixels from tile to tile, with `gap` between.

    Positions scale with the picture's size, so that a coarse picture fits the full-size overlay.
    """

    columns: tuple[LayerTiles, ...]  # by layer
    pitch: tuple[float, float]
    gap: int
    area: Box  # of all tiles
    panel: Box  # beside the tiles its title is level with their heads
    font_size: int  # in pixels
    kernels: tuple[LayerTiles, ...] = ()  # tiles of the layers' kernels, at the left of their units
    strip: Box | None = None  # of the pinned units

    @property
    def tile(self) -> Size:
        """The size of the largest tile; others may be a pixel smaller."""
        wide, high = (max(1, math.ceil(pitch) - self.gap) for pitch in self.pitch)
        return wide, high

    @cached_property
    def _places(self) -> dict[int, LayerTiles]:
        return {column.layer: column for column in self.columns}

    def box(self, unit: Unit) -> Box:
        return self.box_in(self._places[unit[0]], unit[1])

    def kernel_box(self, unit: Unit) -> Box | None:
        """The box of the tile with the kernel of a unit; None if it has none."""
        found = next((one for one in self.kernels if one.layer == unit[0]), None)
        return None if found is None else self.box_in(found, unit[1])

    def box_in(self, column: LayerTiles, index: int) -> Box:
        """The box of tile `index` of a block of tiles."""
        across, down = divmod(index, column.rows)
        left, right = self._sides(column.left, across, 0)
        top, bottom = self._sides(column.top, down, 1)
        return left, top, right, bottom

    def _sides(self, first: float, place: int, axis: int) -> tuple[int, int]:
        low, high = (round(first + k * self.pitch[axis]) for k in (place, place + 1))
        return low, min(max(low + 1, high - self.gap), low + self.tile[axis])

    def shows(self, unit: Unit) -> bool:
        """Whether a unit has a tile here."""
        column = self._places.get(unit[0])
        return column is not None and 0 <= unit[1] < column.count

    def at(self, place: tuple[float, float]) -> Unit | None:
        """The unit whose tile contains a pixel; None between tiles and outside."""
        return self._at(self.columns, place)

    def kernel_at(self, place: tuple[float, float]) -> Unit | None:
        """The unit whose kernel's tile contains a pixel."""
        return self._at(self.kernels, place)

    def _at(self, columns: Sequence[LayerTiles], place: tuple[float, float]) -> Unit | None:
        for column in columns:
            across = int((place[0] - column.left) // self.pitch[0])
            down = int((place[1] - column.top) // self.pitch[1])
            for right, below in NEAR:
                index = self._index(column, across + right, down + below)
                if index is not None and _holds(self.box_in(column, index), place):
                    return column.layer, index
        return None

    @staticmethod
    def _index(column: LayerTiles, across: int, down: int) -> int | None:
        index = across * column.rows + down
        inside = 0 <= across < column.columns and 0 <= down < column.rows
        return index if inside and index < column.count else None


def _holds(box: Box, place: tuple[float, float]) -> bool:
    return box[0] <= place[0] < box[2] and box[1] <= place[1] < box[3]


def dashboard(
    counts: tuple[int, ...], size: Size, *, first: int = 0, connected: bool = False
) -> Dashboard:
    """The layout with the largest tiles: `counts` units in the layers from `first` on."""
    return arranged(tuple(((k, n),) for k, n in enumerate(counts, first)), size, connected)


@lru_cache(maxsize=64)
def arranged(
    groups: tuple[tuple[tuple[int, int], ...], ...],
    size: Size,
    connected: bool = False,
    *,
    kernels: frozenset[int] = frozenset(),
    lines: int = 1,
    pinned: int = 0,
) -> Dashboard:
    """The layout with the largest tiles: (layer, units) of layers, in groups from left to right.

    The layers of a group are branches, one below another. `kernels`: layers with a tile for each
    unit's kernel; `lines`: lines of heads above; `pinned`: units in the strip below the tiles.
    """
    area, panel, strip = _parts(size, lines, pinned)
    wide, high = area[2] - area[0], area[3] - area[1]
    aspect = size[0] / size[1]
    broad = max(BROAD, aspect)
    apart = APART[connected] * (len(groups) - 1)
    lane = (
        BRANCHES * min(size) if all(len(g) * BRANCHES * min(size) < high for g in groups) else 0.0
    )
    twice = [1 + any(layer in kernels for layer, _ in group) for group in groups]

    def beside(group: tuple[tuple[int, int], ...], rows: int) -> int:
        """The columns that a group needs if there is room for so many rows."""
        counts = [count for _, count in group]
        if len(group) > 1:
            rows = max(1, int(rows * (1 - (len(group) - 1) * lane / high)))
        found = -(-sum(counts) // rows)
        while found < max(counts) and sum(-(-count // found) for count in counts) > rows:
            found += 1
        return found

    def tile(rows: int) -> tuple[float, float]:
        across = sum(beside(g, rows) * times for g, times in zip(groups, twice, strict=True))
        pitch = wide / (across + apart), high / rows
        thin = min(THIN if rows <= MANY else THINNER, aspect)
        return min(pitch[0], pitch[1] * broad), min(pitch[1], pitch[0] / thin)

    highest = max(_rows(group, lane / high) for group in groups)
    most_units = max(sum(count for _, count in group) for group in groups)
    branches = max(_rows(tuple((k, 1) for k, _ in group), lane / high) for group in groups)
    least = min(highest, max(min(most_units, WRAPPED[connected]), branches))
    most = max(range(least, highest + 1), key=lambda rows: tile(rows)[0] * tile(rows)[1])
    right, down = tile(most)
    gap = 0 if min(right, down) < APART_FROM else max(1, round(min(right, down) / 20))
    blocks = [beside(group, most) for group in groups]
    taken = sum(block * times for block, times in zip(blocks, twice, strict=True))
    left_over = wide - right * taken
    between = left_over / max(1, len(groups) - 1)
    between = min(between, right * FARTHEST[connected])
    used = right * taken + between * (len(groups) - 1)
    left = area[0] + (wide - used) / 2
    columns: list[LayerTiles] = []
    kernel_columns: list[LayerTiles] = []
    for group, block, times in zip(groups, blocks, twice, strict=True):
        rows = [-(-count // block) for _, count in group]
        top = area[1] + (high - sum(rows) * down - (len(group) - 1) * lane) / 2
        for (layer, count), own in zip(group, rows, strict=True):
            shape = layer, count, own, -(-count // own)
            columns.append(LayerTiles(*shape, left + right * block * (times - 1), top))
            if layer in kernels:
                kernel_columns.append(LayerTiles(*shape, left, top))
            top += own * down + lane
        left += right * block * times + between
    font_size = letters(size)
    if panel[1] < area[1]:  # beside the tiles
        first_row = min(column.top for column in columns)
        level = first_row if first_row < area[1] + high / 4 else area[1]
        panel = (panel[0], max(panel[1], level - line_height(font_size)), *panel[2:])
    columns.sort(key=lambda column: column.layer)
    return Dashboard(
        tuple(columns),
        (right, down),
        gap,
        _whole(area),
        _whole(panel),
        font_size,
        tuple(kernel_columns),
        strip and _whole(strip),
    )


def _rows(group: tuple[tuple[int, int], ...], lane: float) -> int:
    """The rows of a picture in which a group has room side by side, with lanes between branches.

    `lane` is a fraction of the height.
    """
    free = max(1 - (len(group) - 1) * lane, 1e-3)
    return math.ceil(sum(count for _, count in group) / free)


def _whole(box: Floats4) -> Box:
    left, top, right, bottom = map(round, box)
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _parts(size: Size, lines: int, pinned: int) -> tuple[Floats4, Floats4, Floats4 | None]:
    """The boxes of the tiles (below their heads), of the panel (beside or below them), and of the
    strip of pinned units.
    """
    width, height = size
    margin = MARGIN * min(size)
    top = margin + HEADS * min(size) * lines
    if width >= 0.8 * height:
        edge = (1 - PANEL) * width
        panel = (edge, margin, width - margin, height - margin)
        area = (margin, top, edge - 2 * margin, height - margin)
    else:
        edge = (1 - BENEATH) * height
        panel = (margin, edge, width - margin, height - margin)
        area = (margin, top, width - margin, edge - 2 * margin)
    if not pinned:
        return area, panel, None
    level = area[3] - STRIP * (area[3] - area[1]) - margin
    strip = (area[0], level + margin, area[2], area[3])
    return (*area[:3], level), panel, strip


def pins(strip: Box, count: int, aspect: float) -> list[Box]:
    """The boxes of `count` pinned units in their strip, with the shape of a picture."""
    left, top, right, bottom = strip
    gap = max(2, (bottom - top) // 12)
    wide = min((bottom - top) * aspect, (right - left - gap * (count - 1)) / count)
    high = min(bottom - top, wide / aspect)
    start = (right + left - (wide + gap) * count + gap) / 2
    down = (bottom + top - high) / 2
    edges = [start + k * (wide + gap) for k in range(count)]
    return [_whole((x, down, x + wide, down + high)) for x in edges]
