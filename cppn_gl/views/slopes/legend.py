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
from cppn_gl.views.ticks import log_ticks, short

FILL = (12, 14, 18, 205)
LEAST = (200, 120)  # pixels of the smallest picture with a legend


@dataclass(frozen=True)
class LegendLayout:
    """A panel in the lower right corner of a picture: `lines` of text and `more` pixels high."""

    size: Size
    lines: int
    more: int = 0
    wide: float = 19.0  # in font sizes

    @property
    def font_size(self) -> int:
        """In pixels."""
        return text.fitting(self.size, text.MIN_FONT + 1, 22)

    @property
    def line(self) -> int:
        """The line height in pixels."""
        return text.line_height(self.font_size)

    @property
    def box(self) -> Box | None:
        """The panel's box; None if it does not fit."""
        if self.size[0] < LEAST[0] or self.size[1] < LEAST[1]:
            return None
        pad, margin = self.font_size * 2 // 3, self.font_size
        wide = min(round(self.font_size * self.wide), self.size[0] - 2 * margin)
        high = self.lines * self.line + self.more + 2 * pad
        if high > self.size[1] - 2 * margin:
            return None
        right, bottom = self.size[0] - margin, self.size[1] - margin
        return right - wide, bottom - high, right, bottom

    def inner(self) -> Box | None:
        """The box of the panel's contents, without padding."""
        if self.box is None:
            return None
        pad = self.font_size * 2 // 3
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
        radius = layout.font_size // 2
        self.draw.rounded_rectangle(
            (box[0], box[1], box[2] - 1, box[3] - 1), radius=radius, fill=FILL
        )

    def words(
        self, x: float, y: float, line: str, *, bold: bool = False, anchor: str = "la"
    ) -> None:
        ink, style = (text.WHITE, "bold") if bold else (text.DIM, "regular")
        text.write(self.draw, (x, y), line, self.layout.font_size, ink, style, anchor)

    def fitted(self, x: float, y: float, line: str, room: float, *, bold: bool = False) -> None:
        """Write a line, truncated to `room` pixels."""
        style = "bold" if bold else "regular"
        self.words(x, y, text.shorten(line, self.layout.font_size, room, style), bold=bold)

    def scale(self, at: Box, palette: NDArray[np.float32], low: float, high: float) -> None:
        """A colour bar, logarithmic from low to high, with numbers below it."""
        left, top, right, _ = at
        height = self.layout.line * 2 // 3
        across = np.linspace(0, len(palette) - 1, right - left).round().astype(int)
        row = np.round(palette[across] * 255).astype(np.uint8)
        bar = np.broadcast_to(row, (height, *row.shape))
        self.image.paste(Image.fromarray(np.ascontiguousarray(bar)), (left, top))
        font_size, last = self.layout.font_size, -math.inf
        for value in log_ticks(low, high, max(2, int((right - left) / (3.6 * font_size)))):
            fraction = math.log(value / low) / math.log(high / low)
            x = left + fraction * (right - left - 1)
            self.draw.line((x, top + height, x, top + height * 4 // 3), fill=text.DIM)
            label = short(value)
            half = text.width(label, font_size) / 2
            place = min(max(x, left + half), right - half)
            if place - half > last + 0.6 * font_size:
                self.words(place, top + height * 4 // 3, label, anchor="ma")
                last = place + half

    def bars(self, at: Box, heights: Sequence[float], shown: int) -> None:
        """A bar chart; the highest bar fills the box, bar `shown` (from 0) is highlighted."""
        most = max([h for h in heights if math.isfinite(h)], default=0) or 1.0
        for number, height in enumerate(heights):
            left, right = bar_sides(at, len(heights), number)
            fraction = min(max(height / most, 0.0), 1.0) if math.isfinite(height) else 1.0
            top = at[3] - max(1, round(fraction * (at[3] - at[1])))
            fill = (255, 196, 84, 255) if number == shown else (112, 132, 160, 255)
            if not math.isfinite(height):
                fill = (255, 0, 255, 255)
            self.draw.rectangle((left, top, max(left, right - 1), at[3] - 1), fill=fill)

    def pixels(self) -> Words:
        return np.asarray(self.image)


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
