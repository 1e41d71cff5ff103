"""Legends in the lower right corner of a picture: text, a colour bar, a bar chart to click.

The layout depends on the picture's size alone; what does not fit is left out.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cppn_gl.utils.arrays import Box, Size
from cppn_gl.views import text
from cppn_gl.views.base import Words
from cppn_gl.views.ticks import log_ticks, short, ticks

FILL = (12, 14, 18, 215)
LEAST = (200, 120)  # pixels of the smallest picture with a legend
PAD, MARGIN = 0.85, 1.1  # in font sizes: around the contents, and around the panel
SMALL = 0.8  # font size of the numbers in a chart, relative to the text
AXIS = 3.2  # room for them, in font sizes of the text
GRID_LINE = (96, 104, 116, 255)
BAR, CHOSEN, MISSING = (112, 132, 160, 255), (255, 196, 84, 255), (255, 0, 255, 255)


@dataclass(frozen=True)
class LegendLayout:
    """A panel in the lower right corner of a picture: `lines` of text and `more` pixels high."""

    size: Size
    lines: float
    more: int = 0
    wide: float = 19.0  # in font sizes

    @property
    def font_size(self) -> int:
        """In pixels."""
        most = max(15.0, self.size[1] / 60)
        return text.fitting(self.size, text.MIN_FONT + 1, most, (58, 32))

    @property
    def line(self) -> int:
        """The line height in pixels."""
        return text.line_height(self.font_size)

    @property
    def box(self) -> Box | None:
        """The panel's box; None if it does not fit."""
        if self.size[0] < LEAST[0] or self.size[1] < LEAST[1]:
            return None
        pad, margin = round(PAD * self.font_size), round(MARGIN * self.font_size)
        wide = min(round(self.wide * self.font_size), self.size[0] - 2 * margin)
        high = round(self.lines * self.line) + self.more + 2 * pad
        if high > self.size[1] - 2 * margin:
            return None
        right, bottom = self.size[0] - margin, self.size[1] - margin
        return right - wide, bottom - high, right, bottom

    @property
    def covered(self) -> float:
        """The fraction of the picture under the panel; 0 without one."""
        if self.box is None:
            return 0.0
        left, top, right, bottom = self.box
        return (right - left) * (bottom - top) / (self.size[0] * self.size[1])

    def inner(self) -> Box | None:
        """The box of the panel's contents, without padding."""
        if self.box is None:
            return None
        pad = round(PAD * self.font_size)
        left, top, right, bottom = self.box
        return left + pad, top + pad, right - pad, bottom - pad


class Legend:
    """A transparent image of the picture's size with the panel on it, to draw on."""

    def __init__(self, layout: LegendLayout):
        self.layout = layout
        self.image = Image.new("RGBA", layout.size, (0, 0, 0, 0))
        self.draw = ImageDraw.Draw(self.image)
        box = layout.box
        assert box is not None
        edges = (box[0], box[1], box[2] - 1, box[3] - 1)
        self.draw.rounded_rectangle(edges, radius=layout.font_size // 3, fill=FILL)

    def words(
        self,
        x: float,
        y: float,
        line: str,
        *,
        bold: bool = False,
        anchor: str = "la",
        size: int | None = None,
    ) -> None:
        ink, style = (text.WHITE, "bold") if bold else (text.DIM, "regular")
        text.write(self.draw, (x, y), line, size or self.layout.font_size, ink, style, anchor)

    def fitted(self, x: float, y: float, *lines: str, room: float, bold: bool = False) -> None:
        """Write the first of some lines that fits into `room` pixels, or the last one truncated."""
        style, size = "bold" if bold else "regular", self.layout.font_size
        line = next((one for one in lines if text.width(one, size, style) <= room), lines[-1])
        self.words(x, y, text.shorten(line, size, room, style), bold=bold)

    def scale(self, at: Box, palette: NDArray[np.float32], low: float, high: float) -> None:
        """A colour bar, logarithmic from low to high, with numbers below it: two lines high."""
        left, top, right, _ = at
        font_size, line = self.layout.font_size, self.layout.line
        height, tick = line * 2 // 3, max(2, line // 5)
        across = np.linspace(0, len(palette) - 1, right - left).round().astype(int)
        row = np.round(palette[across] * 255).astype(np.uint8)
        bar = np.broadcast_to(row, (height, *row.shape))
        self.image.paste(Image.fromarray(np.ascontiguousarray(bar)), (left, top))
        last = -math.inf
        for value in log_ticks(low, high, max(2, int((right - left) / (3 * font_size)))):
            fraction = math.log(value / low) / math.log(high / low)
            x = left + fraction * (right - left - 1)
            self._line(x, top + height, x, top + height + tick)
            label = short(value)
            half = text.width(label, font_size) / 2
            place = min(max(x, left + half), right - half)
            if place - half > last + font_size / 2:
                self.words(place, top + height + tick, label, anchor="ma")
                last = place + half

    def _line(self, *ends: float, ink: tuple[int, int, int, int] = text.DIM) -> None:
        self.draw.line(ends, fill=ink, width=max(1, self.layout.font_size // 15))

    def bars(self, at: Box, heights: Sequence[float], shown: int) -> None:
        """A bar chart; the highest bar fills the box, bar `shown` (from 0) is highlighted.

        Lines across the chart have round values, to the left of the box: AXIS font sizes at most.
        """
        known = [h for h in heights if math.isfinite(h)]
        most, count = max(known, default=0) or 1.0, len(heights)
        size = max(text.MIN_FONT, round(SMALL * self.layout.font_size))
        for value in ticks(0, most, 4)[1:]:
            y = at[3] - value / most * (at[3] - at[1])
            self._line(at[0], y, at[2] - 1, y, ink=GRID_LINE)
            self.words(at[0] - size / 2, y, short(value), anchor="rm", size=size)
        for number, height in enumerate(heights):
            left, right = bar_sides(at, count, number)
            fraction = min(max(height / most, 0.0), 1.0) if math.isfinite(height) else 1.0
            top = at[3] - max(1, round(fraction * (at[3] - at[1])))
            fill = CHOSEN if number == shown else BAR
            fill = fill if math.isfinite(height) else MISSING
            self.draw.rectangle((left, top, max(left, right - 1), at[3] - 1), fill=fill)

    def pixels(self) -> Words:
        return np.asarray(self.image)

    def over(self, words: Words | None) -> Words:
        """The pixels over those of another overlay of the same size, if there is one."""
        if words is None:
            return self.pixels()
        return np.asarray(Image.alpha_composite(Image.fromarray(words), self.image))


def bar_sides(at: Box, count: int, number: int) -> tuple[int, int]:
    """Left and right of a bar in pixels; there is a gap between wide bars."""
    step = (at[2] - at[0]) / count
    left = at[0] + number * step
    gap = max(1.0, step / 5) if step >= 3 else 0.0
    return round(left), max(round(left) + 1, round(left + step - gap))


def bar_at(at: Box, count: int, x: float) -> int | None:
    """The number, from 0, of the bar at x."""
    number = math.floor((x - at[0]) / (at[2] - at[0]) * count)
    return number if 0 <= number < count else None
