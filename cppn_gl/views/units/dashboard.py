"""The layout of the units view: tiles by layer, wide layers in several columns, and the panel.

(units of each layer, size) -> dashboard() -> box(unit), at(pixel) -> unit

A unit is (layer, index): layer 0 are the inputs, indices count from 0.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

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

    columns: tuple[LayerTiles, ...]
    pitch: tuple[float, float]
    gap: int
    area: Box  # of all tiles
    panel: Box  # beside the tiles its title is level with their heads
    font_size: int  # in pixels

    @property
    def tile(self) -> Size:
        """The size of the largest tile; others may be a pixel smaller."""
        wide, high = (max(1, math.ceil(pitch) - self.gap) for pitch in self.pitch)
        return wide, high

    def box(self, unit: Unit) -> Box:
        column = self.columns[unit[0] - self.columns[0].layer]
        across, down = divmod(unit[1], column.rows)
        left, right = self._sides(column.left, across, 0)
        top, bottom = self._sides(column.top, down, 1)
        return left, top, right, bottom

    def _sides(self, first: float, place: int, axis: int) -> tuple[int, int]:
        low, high = (round(first + k * self.pitch[axis]) for k in (place, place + 1))
        return low, min(max(low + 1, high - self.gap), low + self.tile[axis])

    def shows(self, unit: Unit) -> bool:
        """Whether a unit has a tile here."""
        first = self.columns[0].layer
        if not first <= unit[0] < first + len(self.columns):
            return False
        return 0 <= unit[1] < self.columns[unit[0] - first].count

    def at(self, place: tuple[float, float]) -> Unit | None:
        """The unit whose tile contains a pixel; None between tiles and outside."""
        for column in self.columns:
            across = int((place[0] - column.left) // self.pitch[0])
            down = int((place[1] - column.top) // self.pitch[1])
            for right, below in NEAR:
                index = self._index(column, across + right, down + below)
                if index is not None and _holds(self.box((column.layer, index)), place):
                    return column.layer, index
        return None

    @staticmethod
    def _index(column: LayerTiles, across: int, down: int) -> int | None:
        index = across * column.rows + down
        inside = 0 <= across < column.columns and 0 <= down < column.rows
        return index if inside and index < column.count else None


def _holds(box: Box, place: tuple[float, float]) -> bool:
    return box[0] <= place[0] < box[2] and box[1] <= place[1] < box[3]


@lru_cache(maxsize=64)
def dashboard(
    counts: tuple[int, ...], size: Size, *, first: int = 0, connected: bool = False
) -> Dashboard:
    """The layout with the largest tiles: `counts` units in the layers from `first` on."""
    area, panel = _parts(size)
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
    right, down = tile(most)
    gap = 0 if min(right, down) < APART_FROM else max(1, round(min(right, down) / 20))
    blocks = [(count, -(-count // most)) for count in counts]
    left_over = wide - right * sum(block for _, block in blocks)
    between = left_over / max(1, len(counts) - 1)
    between = min(between, right * FARTHEST[connected])
    used = right * sum(block for _, block in blocks) + between * (len(counts) - 1)
    left, columns = area[0] + (wide - used) / 2, []
    for layer, (count, block) in enumerate(blocks, first):
        rows = -(-count // block)
        top = area[1] + (high - rows * down) / 2
        columns.append(LayerTiles(layer, count, rows, -(-count // rows), left, top))
        left += right * block + between
    font_size = letters(size)
    if panel[1] < area[1]:  # beside the tiles
        first_row = min(column.top for column in columns)
        level = first_row if first_row < area[1] + high / 4 else area[1]
        panel = (panel[0], max(panel[1], level - line_height(font_size)), *panel[2:])
    places = _whole(area), _whole(panel)
    return Dashboard(tuple(columns), (right, down), gap, *places, font_size)


def _whole(box: Floats4) -> Box:
    left, top, right, bottom = map(round, box)
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _parts(size: Size) -> tuple[Floats4, Floats4]:
    """The boxes of the tiles (below their heads) and of the panel (beside or below them)."""
    width, height = size
    margin = MARGIN * min(size)
    top = margin + HEADS * min(size)
    if width >= 0.8 * height:
        edge = (1 - PANEL) * width
        panel = (edge, margin, width - margin, height - margin)
        return (margin, top, edge - 2 * margin, height - margin), panel
    edge = (1 - BENEATH) * height
    panel = (margin, edge, width - margin, height - margin)
    return (margin, top, width - margin, edge - 2 * margin), panel
