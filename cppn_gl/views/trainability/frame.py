"""What is written over a map of hyperparameters: both axes, and what the colours mean.

    scene, size, part -> layout of the whole picture -> words and lines of that part of it

The layout depends on the picture's size alone; what does not fit is left out.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image, ImageDraw

from cppn_gl.preset.hyperparameters import Hyperparameter
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.tables import Viewport
from cppn_gl.utils.arrays import Box, Size
from cppn_gl.utils.colormaps import Palette
from cppn_gl.views import text
from cppn_gl.views.base import Words
from cppn_gl.views.lettering import canvas
from cppn_gl.views.ticks import log_ticks, tick_words, ticks
from cppn_gl.views.trainability.measure import converged_colors, diverged_colors

LEAST = (200, 112)  # pixels of the smallest picture with words
STRIP = (12, 14, 18, 178)
PANEL = (12, 14, 18, 222)
MARK = (255, 255, 255, 150)
PARTS = (60, 34)  # letters of the font's size across and down the picture
ACROSS, DOWN = 8.0, 4.5  # least distance of ticks, in font sizes
MOST = 9  # ticks of an axis
DIGITS = 7  # a float32 number's
COVERED = 0.16  # of the picture, by a panel with all its words


@dataclass(frozen=True)
class Tick:
    """A value of an axis, in pixels from the left or the top."""

    place: float
    words: str


def axis_ticks(axis: Hyperparameter, low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Round values between two coordinates, and their words."""
    whole = high - low
    low, high = max(low, axis.low), min(high, axis.high)
    most = round(most * (high - low) / whole)  # what is left of the side has less room
    if most < 1 or not low < high:
        return []
    if high - low >= 1:
        if axis.momentum:
            marks = range(math.ceil(low), math.floor(high) + 1)
            every = max(1, math.ceil(len(marks) / most))
            return [(float(mark), _momentum(mark)) for mark in marks[::every]]
        values = log_ticks(axis.value(low), axis.value(high), most)
        if len(values) > 1:
            return [(axis.coordinate(value), _short(value)) for value in values]
    values = [v for v in ticks(axis.value(low), axis.value(high), most) if v > 0 or axis.momentum]
    names = tick_words(values)
    found = [(axis.coordinate(v), name) for v, name in zip(values, names, strict=True)]
    return [one for one in found if low <= one[0] <= high]


def _short(value: float) -> str:
    """A round number: 0.02, 5000, 10⁻⁷."""
    return text.minus(f"{value:.0e}" if not 0.9e-3 < value < 2e4 else f"{value:g}")


def _momentum(mark: int) -> str:
    """1 - 10^-mark: 0, 0.9, 0.99 …"""
    return f"{1 - 10.0**-mark:.{max(mark, 0)}f}"


@dataclass(frozen=True)
class Frame:
    """Axes and panel of a picture of `size`."""

    preset: Preset
    axes: tuple[Hyperparameter, Hyperparameter]
    view: Viewport
    size: Size
    steps: int
    note: str = ""  # where float32 ends; "" where it does not

    @property
    def fits(self) -> bool:
        return self.size[0] >= LEAST[0] and self.size[1] >= LEAST[1]

    @property
    def font(self) -> int:
        """Its size in pixels."""
        return text.fitting(self.size, text.MIN_FONT + 1, max(15.0, self.size[1] / 56), PARTS)

    @property
    def line(self) -> int:
        return text.line_height(self.font)

    @property
    def pad(self) -> int:
        return max(3, round(0.45 * self.font))

    @property
    def bottom(self) -> int:
        """The top of the strip below."""
        return self.size[1] - self.line - self.pad

    @cached_property
    def left(self) -> int:
        """The right side of the strip at the left."""
        widest = max((text.width(tick.words, self.font) for tick in self.up), default=0.0)
        return math.ceil(widest) + 2 * self.pad + max(3, self.font // 3)

    @cached_property
    def across(self) -> list[Tick]:
        """The ticks below."""
        half = self.size[0] / min(self.size) * self.view.extent
        low, high = self.view.center[0] - half, self.view.center[0] + half
        most = min(MOST, int(self.size[0] / (ACROSS * self.font)))
        scale = self.size[0] / (high - low)
        found = axis_ticks(self.axes[0], low, high, most)
        return [Tick((mark - low) * scale, words) for mark, words in found]

    @cached_property
    def up(self) -> list[Tick]:
        """The ticks at the left."""
        half = self.size[1] / min(self.size) * self.view.extent
        low, high = self.view.center[1] - half, self.view.center[1] + half
        most = min(MOST, int(self.size[1] / (DOWN * self.font)))
        scale = self.size[1] / (high - low)
        found = axis_ticks(self.axes[1], low, high, most)
        return [Tick((high - mark) * scale, words) for mark, words in found]

    def covers(self, place: tuple[float, float]) -> bool:
        """Whether words are at a pixel."""
        if not self.fits:
            return False
        box = self.panel
        inside = box[0] <= place[0] < box[2] and box[1] <= place[1] < box[3]
        return inside or place[0] < self.left or place[1] >= self.bottom

    @cached_property
    def rows(self) -> list[str]:
        """The words above the colours: fewer in small pictures."""
        full = [f"each pixel: a training of {text.counted(self.steps, 'step')}"]
        if self.note:
            full += text.wrap(self.note, self.font, self._wide(True) - 2 * self.pad)
        high = self._high(len(full))
        return full if self._wide(True) * high <= COVERED * self.size[0] * self.size[1] else []

    def _wide(self, full: bool) -> int:
        return round((20.5 if full else 9.5) * self.font)

    def _high(self, lines: int) -> int:
        full = lines > 0
        return round((lines + (4.1 if full else 2.0)) * self.line) + 2 * self.pad

    @cached_property
    def panel(self) -> Box:
        """The box of the colours' meaning, at the upper right, where large rates diverge."""
        wide, high = self._wide(bool(self.rows)), self._high(len(self.rows))
        right, top = self.size[0] - 2 * self.pad, 2 * self.pad
        return right - wide, top, right, top + high

    def drawn(self, part: Box) -> Words | None:
        """The words over a part of the picture; None where there are none."""
        if not self.fits:
            return None
        left, top, right, bottom = part
        image = canvas((right - left, bottom - top))
        pen = _Pen(image, -left, -top, self.font)
        self._strips(pen)
        self._panel(pen)
        return np.asarray(image)

    def _strips(self, pen: "_Pen") -> None:
        width, height = self.size
        pen.box((0, 0, self.left, height), STRIP)
        pen.box((self.left, self.bottom, width, height), STRIP)
        mark = max(3, self.font // 3)
        name = self.axes[0].words(self.preset)
        room = width - 2 * self.pad - text.width(name, self.font, "bold")
        middle = self.bottom + (height - self.bottom) / 2
        pen.words(width - 2 * self.pad, middle, name, "rm", bold=True)
        for tick in self.across:
            half = text.width(tick.words, self.font) / 2
            if tick.place < self.left or tick.place > width - 2:
                continue
            pen.line((tick.place, self.bottom - mark, tick.place, self.bottom))
            if self.left <= tick.place - half and tick.place + half < room - self.font:
                pen.words(tick.place, middle, tick.words, "mm")
        name = self.axes[1].words(self.preset)
        wide = text.width(name, self.font, "bold") + 2 * self.pad
        below = self.line + self.pad
        pen.box((self.left, 0, self.left + math.ceil(wide), below), STRIP)
        pen.words(self.left + self.pad, below / 2, name, "lm", bold=True)
        for tick in self.up:
            if tick.place > self.bottom - 1:
                continue
            pen.line((self.left, tick.place, self.left + mark, tick.place))
            if self.line / 2 < tick.place < self.bottom - self.line / 3:
                pen.words(self.left - self.pad, tick.place, tick.words, "rm")

    def _panel(self, pen: "_Pen") -> None:
        left, top, right, _ = self.panel
        pen.box(self.panel, PANEL, round_=self.font // 3)
        x, y, end = left + self.pad, top + self.pad, right - self.pad
        for number, row in enumerate(self.rows):
            pen.words(x, y, row, "la", bold=number == 0)
            y += self.line
        full = bool(self.rows)
        y += round(0.2 * self.line) if full else 0
        for name, ends, colors in (
            ("converged", ("slowly", "fast"), converged_colors()),
            ("diverged", ("at once", "late"), diverged_colors()),
        ):
            if not full:
                bar = x + round(5.2 * self.font)
                pen.words(x, y, name, "la")
                pen.ramp((bar, y + self.line // 4, end, y + self.line * 3 // 4), colors)
                y += self.line
                continue
            bar = x + round(5.6 * self.font)
            pen.words(x, y + 0.1 * self.line, name, "la", bold=True)
            pen.ramp((bar, y + self.line // 4, end, y + self.line * 7 // 8), colors)
            pen.words(bar, y + 0.95 * self.line, ends[0], "la")
            pen.words(end, y + 0.95 * self.line, ends[1], "ra")
            y += round(1.95 * self.line)


class _Pen:
    """Draws on an image whose origin is elsewhere in the picture."""

    def __init__(self, image: Image.Image, right: int, down: int, font: int):
        self._image, self._right, self._down, self._font = image, right, down, font
        self._draw = ImageDraw.Draw(image)

    def box(self, at: Box, fill: tuple[int, int, int, int], *, round_: int = 0) -> None:
        left, top, right, bottom = self._moved(at)
        edges = left, top, right - 1, bottom - 1
        if round_:
            self._draw.rounded_rectangle(edges, radius=round_, fill=fill)
        else:
            self._draw.rectangle(edges, fill=fill)

    def _moved(self, at: Box) -> Box:
        return at[0] + self._right, at[1] + self._down, at[2] + self._right, at[3] + self._down

    def line(self, ends: tuple[float, float, float, float]) -> None:
        right, down = self._right, self._down
        x0, y0, x1, y1 = (round(end) for end in ends)
        moved = x0 + right, y0 + down, x1 + right, y1 + down
        self._draw.line(moved, fill=MARK, width=max(1, self._font // 14))

    def words(self, x: float, y: float, words: str, anchor: str, *, bold: bool = False) -> None:
        ink, style = (text.WHITE, "bold") if bold else (text.DIM, "regular")
        # Rounded before they are moved, so that parts of a picture fit together.
        part = {"l": 0.0, "m": 0.5, "r": 1.0}[anchor[0]]
        left = round(x - part * text.width(words, self._font, style))
        place = left + self._right, round(y) + self._down
        text.write(self._draw, place, words, self._font, ink, style, f"l{anchor[1]}")

    def ramp(self, at: Box, colors: Palette) -> None:
        left, top, right, bottom = at
        across = np.linspace(0, len(colors) - 1, right - left).round().astype(int)
        row = np.round(colors[across] * 255).astype(np.uint8)
        bar = np.ascontiguousarray(np.broadcast_to(row, (bottom - top, *row.shape)))
        self._image.paste(Image.fromarray(bar), self._moved(at)[:2])
