"""The Pillow image that plots are drawn on: panels, lines, text."""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cppn_gl.utils.arrays import RGB
from cppn_gl.views.plots.plot import (
    ALARM,
    AXIS,
    FAINT,
    FIELD,
    GRID,
    GROUND,
    INK,
    KEY,
    SAMPLE,
    Frame,
    Line,
    Plot,
    key_width,
    mix,
    y_ticks,
)
from cppn_gl.views.strokes import Stroke, draw_strokes
from cppn_gl.views.text import line_height, shorten, width, write
from cppn_gl.views.ticks import tick_words, ticks

_TURNS = 20  # vertical length in frame heights beyond which a line is drawn thinner
_APART = 2.7  # line widths between dots, at least
_LEAST_FIELD = 3  # pixels; frames with a shorter side are not drawn


class PlotCanvas:
    """An RGB image being drawn, and its font size in pixels."""

    def __init__(self, size: tuple[int, int], font_size: int, ground: RGB = GROUND):
        self.image = Image.new("RGB", size, ground)
        self.font_size = font_size
        self.draw = ImageDraw.Draw(self.image)

    def copy(self) -> "PlotCanvas":
        canvas = PlotCanvas((1, 1), self.font_size)
        canvas.image = self.image.copy()
        canvas.draw = ImageDraw.Draw(canvas.image)
        return canvas

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """(height, width, 3)."""
        return np.asarray(self.image)

    def dim(self, frame: Frame, amount: float) -> None:
        """Fade a frame's contents towards its background by `amount`, 0 to 1."""
        field = Image.new("RGB", frame.size, FIELD)
        self.image.paste(Image.blend(self.image.crop(frame.box), field, amount), frame.box[:2])

    def text(
        self,
        place: tuple[float, float],
        words: str,
        color: RGB = INK,
        *,
        anchor: str = "la",
        bold: bool = False,
    ) -> None:
        """Text at a pixel; `anchor` is Pillow's text anchor."""
        style = "bold" if bold else "regular"
        write(self.draw, place, words, self.font_size, color, style, anchor)

    @property
    def leading(self) -> int:
        """The line height in pixels."""
        return line_height(self.font_size)

    def panel(self, frame: Frame) -> None:
        """A whole panel: background, grid, lines, tick labels, titles, legend."""
        if min(frame.size) >= _LEAST_FIELD:
            self.field(frame)
            self.surround(frame)

    def field(self, frame: Frame) -> None:
        """The background of a panel, its grid and its lines."""
        across, up = self._ticks(frame)
        strokes = [*self._grid(frame, across, up), *self._strokes(frame, frame.panel.lines)]
        draw_strokes(self.image, frame.box, strokes, FIELD)

    def surround(self, frame: Frame) -> None:
        """The frame of a panel, tick labels, titles and legend."""
        if min(frame.size) < _LEAST_FIELD:
            return
        across, up = self._ticks(frame)
        left, top, right, bottom = frame.box
        edge = self.hair
        outer = (left - edge, top - edge, right + edge - 1, bottom + edge - 1)
        self.draw.rectangle(outer, outline=mix(AXIS, GROUND, 0.4), width=edge)
        if frame.words:
            self._numbers(frame, across, up)
            self._titles(frame)
        self._legend(frame)

    def lines(self, frame: Frame, lines: Iterable[Line]) -> None:
        """Lines, clipped to the frame."""
        if min(frame.size) >= _LEAST_FIELD:
            draw_strokes(self.image, frame.box, list(self._strokes(frame, lines)))

    @property
    def unit(self) -> float:
        """The width in pixels of a line of width 1."""
        return max(self.font_size / 10, 0.9)

    @property
    def hair(self) -> int:
        """The width in pixels of grid lines and frames."""
        return max(1, round(self.font_size / 16))

    def _strokes(self, frame: Frame, lines: Iterable[Line]) -> Iterator[Stroke]:
        for line in lines:
            points = np.stack(frame.place(line.x, line.y), axis=1)
            inside = np.clip(points[:, 1], *frame.box[1::2])
            climb = float(np.nansum(np.abs(np.diff(inside))))
            finer = min(1.0, max(0.3, _TURNS * frame.size[1] / max(climb, 1.0)))
            width = line.width * self.unit * finer
            dash = 4.5 * self.unit if line.dashed else 0.0
            apart = frame.size[0] / max(1, len(points) - 1)
            dots = width * 1.25 if line.dots and apart > _APART * width else 0.0
            yield Stroke(points, line.color, width, dash, dots)

    def _ticks(self, frame: Frame) -> tuple[list[float], list[float]]:
        """The ticks along x and y."""
        across = _fitting_ticks(frame.panel, frame.size[0], self.font_size)
        return across, y_ticks(frame.panel, self.font_size, frame.size[1])

    def _grid(self, frame: Frame, across: list[float], up: list[float]) -> Iterator[Stroke]:
        """Grid lines and axes, on whole pixels."""
        panel, (left, top, right, bottom) = frame.panel, frame.box
        axes = (
            [0.0] if panel.x[0] < 0 < panel.x[1] and not panel.whole else [],
            [0.0] if panel.y[0] < 0 < panel.y[1] and not panel.log else [],
        )
        for ink, (xs, ys) in ((GRID, (across, up)), (AXIS, axes)):
            for x in frame.place(np.array(xs), np.ones(len(xs)))[0]:
                x = round(x - self.hair / 2) + self.hair / 2
                yield Stroke(np.array([(x, top), (x, bottom)]), ink, self.hair)
            for y in frame.place(np.zeros(len(ys)), np.array(ys))[1]:
                y = round(y - self.hair / 2) + self.hair / 2
                yield Stroke(np.array([(left, y), (right, y)]), ink, self.hair)

    def _numbers(self, frame: Frame, across: list[float], up: list[float]) -> None:
        panel, (left, _, _, bottom) = frame.panel, frame.box
        leading, pad = self.leading, self.font_size * 0.4
        if panel.x_ticks:
            at = frame.place(np.array(across), np.zeros(len(across)))[0]
            marks = dict(panel.x_marks)
            labels = [marks[x] for x in across] if marks else tick_words(across)
            for x, words in zip(at, labels, strict=True):
                self.text((x, bottom + pad), words, FAINT, anchor="ma")
        at = frame.place(np.zeros(len(up)), np.array(up))[1]
        for y, words in zip(at, tick_words(up, log=panel.log), strict=True):
            self.text((left - pad, y), words, FAINT, anchor="rm")
        if panel.x_word and panel.x_ticks and frame.named:
            middle = (frame.box[0] + frame.box[2]) / 2
            self.text((middle, bottom + pad + leading), panel.x_word, FAINT, anchor="ma")

    def _titles(self, frame: Frame) -> None:
        panel, (left, top, right, bottom) = frame.panel, frame.box
        leading, size, room = self.leading, self.font_size, right - left
        if panel.titles:
            title = self._fitting(panel.titles, room)
            self.text((left, top - leading * 1.25), title, INK, bold=True)
        pad = round(size * 0.5)
        inside = room - 2 * pad
        if panel.corners and bottom - top > 1.2 * leading:
            words = self._fitting(panel.corners, inside)
            start = bottom - 1 - leading if panel.low else top + 1
            end = (left + 2 * pad + round(width(words, size, "bold")), start + leading)
            self.dim(Frame(panel, (left, start, *end)), 0.7)
            self.text((left + pad, start), words, INK, bold=True)
        if panel.note and bottom - top > 1.5 * leading:
            words = shorten(panel.note, size, inside, "bold")
            y = round(top + 0.65 * (bottom - top))
            start = right - 2 * pad - round(width(words, size, "bold"))
            self.dim(Frame(panel, (start, y - leading // 2, right, y + leading // 2)), 0.7)
            self.text((right - pad, y), words, ALARM, anchor="rm", bold=True)

    def _fitting(self, titles: Sequence[str], room: float) -> str:
        """The first title that fits into `room` pixels, else the last, truncated."""
        fits = (t for t in titles if width(t, self.font_size, "bold") <= room)
        return shorten(next(fits, titles[-1]), self.font_size, room, "bold")

    def _legend(self, frame: Frame) -> None:
        """The names of the lines, in rows below the axis."""
        panel, (left, _, _, bottom) = frame.panel, frame.box
        lines = (1 if panel.x_ticks else 0) + (1 if panel.x_word and frame.named else 0)
        y = bottom + self.font_size * 0.4 + (lines + KEY * 0.6) * self.leading
        for row in frame.keys:
            x = float(left)
            for line in row:
                x = self.key((x, y), line) + self.font_size
            y += KEY * self.leading

    def key(self, place: tuple[float, float], line: Line) -> float:
        """A legend entry, a line sample and its name, from `place` on; return its right edge."""
        x, y = place
        font_size = self.font_size
        if not line.sample:
            self.text(place, line.label, FAINT, anchor="lm")
            return x + key_width(line, font_size)
        length = SAMPLE * font_size
        box = (round(x), round(y - font_size / 2), round(x + length), round(y + font_size / 2) + 1)
        piece = Line(np.array([0.0, 1.0]), np.zeros(2), line.color, line.width, line.dashed)
        self.lines(Frame(Plot((0, 1), (-1, 1)), box), [piece])
        self.text((x + length + font_size * 0.5, y), line.label, FAINT, anchor="lm")
        return x + key_width(line, font_size)


def _fitting_ticks(panel: Plot, wide: int, font_size: int) -> list[float]:
    """As many round numbers along x as their labels have room for, at most nine."""
    if panel.x_marks:
        widest = max(width(words, font_size) for _, words in panel.x_marks) + 1.2 * font_size
        span = panel.x[1] - panel.x[0]
        apart = min(b[0] - a[0] for a, b in pairwise(panel.x_marks)) if panel.x_marks[1:] else span
        step = max(1, math.ceil(widest / max(1e-9, apart / span * wide)))
        return [place for place, _ in panel.x_marks[::step]]
    for most in range(9, 0, -1):
        found = ticks(*panel.x, most)
        if panel.whole:
            found = [t for t in found if abs(t - round(t)) < 1e-9]
        widest = max((width(word, font_size) for word in tick_words(found)), default=0)
        if len(found) * (widest + 1.2 * font_size) <= wide:
            return found
    return []
