"""Plots: panels of lines with axes, their layout in a picture, and their colours.

Plot (contents) + arrange(box) -> Frame (position) -> canvas.PlotCanvas -> pixels
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cppn_gl.utils.arrays import RGB, Box, Float64
from cppn_gl.views.text import fitting, line_height, width
from cppn_gl.views.ticks import decades, log_ticks, tick_words, ticks

KEY = 1.1  # height of an entry of a legend, in line heights
SAMPLE = 2.0  # length of the line in it, in font sizes

GROUND: RGB = (13, 15, 20)
FIELD: RGB = (20, 23, 30)
GRID: RGB = (38, 43, 53)
AXIS: RGB = (92, 100, 116)
INK: RGB = (232, 236, 242)
FAINT: RGB = (152, 162, 178)
# Okabe and Ito's palette, lightened for a dark background: safe for colour-blind readers.
COLORS: tuple[RGB, ...] = (
    (92, 184, 242),
    (245, 168, 42),
    (52, 200, 154),
    (232, 136, 190),
    (242, 228, 96),
    (240, 106, 66),
    (132, 150, 255),
    (214, 220, 230),
)
ALARM: RGB = COLORS[5]
CHANNELS: dict[str, RGB] = {
    "red": (255, 98, 88),
    "green": (88, 216, 120),
    "blue": (100, 156, 255),
}
# For more lines than colours: lightness increases, so the order is visible without hue.
_RAMP = np.array(
    [
        (112, 96, 236),
        (184, 84, 214),
        (236, 98, 144),
        (252, 148, 88),
        (250, 206, 92),
        (250, 246, 176),
    ]
)


def palette(count: int) -> list[RGB]:
    """`count` colours: distinct ones for a few lines, a ramp for many."""
    if count <= len(COLORS):
        return list(COLORS[:count])
    at, stops = np.linspace(0, 1, count), np.linspace(0, 1, len(_RAMP))
    mixed = np.stack([np.interp(at, stops, _RAMP[:, k]) for k in range(3)], axis=1)
    return [(int(r), int(g), int(b)) for r, g, b in np.round(mixed)]


def mix(color: RGB, other: RGB, fraction: float) -> RGB:
    """Linear interpolation between two colours."""
    r, g, b = (round(a + (b - a) * fraction) for a, b in zip(color, other, strict=True))
    return r, g, b


def font_size(size: tuple[int, int]) -> int:
    """A plot's font size, in pixels, in a picture of `size`."""
    return fitting(size, parts=(56, 34))


@dataclass(frozen=True, eq=False)
class Line:
    """A line through points, interrupted where y is not finite. A `width` of 1 is thin."""

    x: Float64
    y: Float64
    color: RGB
    width: float = 1.5
    dashed: bool = False
    dots: bool = False
    label: str = ""
    sample: bool = True  # the legend shows a piece of it beside the label


@dataclass(frozen=True, eq=False)
class Plot:
    """One plot: its axes' limits, lines and texts. The first of `titles` that fits is shown.

    `corners` are titles inside the frame, `note` a message in it. `x_marks`: ticks along x, each a
    place and its label, instead of round numbers; every n-th, if all do not fit.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    lines: tuple[Line, ...] = ()
    titles: tuple[str, ...] = ()
    x_word: str = ""
    corners: tuple[str, ...] = ()
    low: bool = False  # the corner title is at the bottom
    note: str = ""
    log: bool = False
    whole: bool = False  # only integer ticks along x
    x_ticks: bool = True
    legend: bool = False
    x_marks: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, eq=False)
class Frame:
    """The box of a panel's plotting area in pixels.

    `words`: there is room for tick labels and titles around it; `named`: also for the axis' name;
    `keys`: the rows of the legend below it.
    """

    panel: Plot
    box: Box
    words: bool = False
    named: bool = False
    keys: tuple[tuple[Line, ...], ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        return self.box[2] - self.box[0], self.box[3] - self.box[1]

    def place(self, x: Float64, y: Float64) -> tuple[Float64, Float64]:
        """Pixels (x to the right, y down) of points; NaN where y is not finite."""
        (x0, x1), (y0, y1) = self.panel.x, self.panel.y
        y = np.where(np.isfinite(y), y, np.nan)
        with np.errstate(all="ignore"):
            if self.panel.log:
                y, y0, y1 = np.log10(np.maximum(y, 0)), math.log10(y0), math.log10(y1)
            across = self.box[0] + (np.asarray(x) - x0) / (x1 - x0) * self.size[0]
            down = self.box[3] - (y - y0) / (y1 - y0) * self.size[1]
        return across, down

    def value(self, across: float) -> float:
        """The x coordinate at a pixel."""
        low, high = self.panel.x
        return low + (across - self.box[0]) / self.size[0] * (high - low)

    def holds(self, place: tuple[float, float]) -> bool:
        left, top, right, bottom = self.box
        return left <= place[0] < right and top <= place[1] < bottom


def arrange(
    rows: Sequence[Sequence[Plot]],
    box: Box,
    font_size: int,
    *,
    tallest: float = 1.15,
    heights: Sequence[float] = (),
) -> list[list[Frame]]:
    """Frames for rows of panels in a box, none more than `tallest` times as high as wide.

    `heights`: the rows' relative heights; equal by default.
    """
    leading = line_height(font_size)
    left, top, right, bottom = box
    columns = max((len(row) for row in rows), default=1)
    cell = ((right - left) / columns, (bottom - top) / max(len(rows), 1))
    words = cell[0] >= 10 * font_size and cell[1] >= 5 * leading
    gap = font_size * 0.9 if words else min(2.0, cell[0] / 4, cell[1] / 4)
    margin = gap / 2
    if words:
        labels = [w for row in rows for p in row for w in _y_words(p, font_size, cell[1])]
        widest = max((width(label, font_size) for label in labels), default=0.0)
        margin = max(2.4 * font_size, widest) + font_size * 0.8
    above = [leading * 1.4 if words and any(p.titles for p in row) else gap / 2 for row in rows]
    named = words and cell[1] >= 7 * leading
    wide = max(cell[0] - margin - gap, 0)
    keys = [[legend(panel, font_size, wide) if words else () for panel in row] for row in rows]
    if max((len(rows_) for row in keys for rows_ in row), default=0) * leading > 0.3 * cell[1]:
        keys = [[()] * len(row) for row in rows]
    below = [
        _below(row, named, leading, max(map(len, found))) if words else gap / 2
        for row, found in zip(rows, keys, strict=True)
    ]
    high = max((bottom - top - sum(above) - sum(below)) / max(len(rows), 1), 0)
    row_height = min(high, max(tallest * wide, 1))
    parts = heights or [1.0] * len(rows)
    y = top + (high - row_height) * len(rows) / 2
    found = []
    for row, over, under, part, named_ in zip(rows, above, below, parts, keys, strict=True):
        y += over
        tall = row_height * len(rows) * part / sum(parts)
        indent = (columns - len(row)) * cell[0] / 2
        starts = [left + indent + (k + 1) * cell[0] - gap - wide for k in range(len(row))]
        edges = [(round(x), round(y), round(x + wide), round(y + tall)) for x in starts]
        placed = zip(row, edges, named_, strict=True)
        found.append([Frame(panel, edge, words, named, key) for panel, edge, key in placed])
        y += tall + under
    return found


def legend(panel: Plot, font_size: int, wide: float) -> tuple[tuple[Line, ...], ...]:
    """The lines that a panel's legend names, in rows that fit into `wide` pixels: all or none."""
    rows: list[list[Line]] = []
    x = math.inf
    for line in (line for line in panel.lines if panel.legend and line.label):
        needed = key_width(line, font_size)
        if needed > wide:
            return ()
        if x + needed > wide:
            rows.append([])
            x = 0.0
        rows[-1].append(line)
        x += needed + font_size
    return tuple(map(tuple, rows))


def key_width(line: Line, font_size: int) -> float:
    """The width of an entry of a legend in pixels."""
    return (SAMPLE + 0.5) * font_size * line.sample + width(line.label, font_size)


def _below(row: Sequence[Plot], named: bool, leading: float, keys: int) -> float:
    """Room for the labels under a row of panels, and for `keys` rows of legends."""
    legends = (0.3 + KEY * keys) * leading if keys else 0.0
    if not any(panel.x_ticks for panel in row):
        return leading * 0.6 + legends
    return leading * (2.3 if named and any(panel.x_word for panel in row) else 1.4) + legends


def y_ticks(panel: Plot, font_size: int, high: float) -> list[float]:
    """Round numbers along y of a plotting area `high` pixels high."""
    most = max(3, int(high / (line_height(font_size) * 1.8)))
    if not panel.log:
        return ticks(*panel.y, min(most, 9))
    found = decades(*panel.y, min(most, 9))
    return found if len(found) > 1 else log_ticks(*panel.y, min(most, 9))


def _y_words(panel: Plot, font_size: int, high: float) -> list[str]:
    return tick_words(y_ticks(panel, font_size, high), log=panel.log)
