"""The Pillow image that plots are drawn on: panels, anti-aliased lines, text.

A frame's lines are drawn on a copy of the frame enlarged up to SAMPLES times, which is then reduced
again: this smooths the lines, clips them to the frame and leaves its background unchanged.
"""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cppn_gl.utils.arrays import RGB, Float64
from cppn_gl.views.plots.plot import (
    ALARM,
    AXIS,
    FAINT,
    FIELD,
    GRID,
    GROUND,
    INK,
    Frame,
    Line,
    Plot,
    mix,
    y_ticks,
)
from cppn_gl.views.text import line_height, shorten, width, write
from cppn_gl.views.ticks import tick_words, ticks

SAMPLES = 4
_CROP = 9_000_000  # most pixels of an enlarged copy
_LONG = 150_000  # total vertical length of a frame's lines, in pixels, for full smoothing
_TURNS = 20  # vertical length in frame heights beyond which a line is drawn thinner
_LEAST_FIELD = 3  # pixels; frames with a shorter side are not drawn


class PlotCanvas:
    """An RGB image being drawn, and its font size in pixels."""

    def __init__(self, size: tuple[int, int], font_size: int, ground: RGB = GROUND):
        self.image = Image.new("RGB", size, ground)
        self.font_size = font_size
        self.draw = ImageDraw.Draw(self.image)

    @classmethod
    def over(cls, pixels: NDArray[np.uint8], font_size: int) -> "PlotCanvas":
        """A canvas that starts as a copy of (height, width, 3 or 4) pixels."""
        canvas = cls((1, 1), font_size)
        canvas.image = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
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
        if min(frame.size) < _LEAST_FIELD:
            return
        left, top, right, bottom = frame.box
        self.draw.rectangle((left, top, right - 1, bottom - 1), fill=FIELD)
        across, down = self._grid(frame)
        self.lines(frame, frame.panel.lines)
        self.draw.rectangle((left - 1, top - 1, right, bottom), outline=mix(AXIS, GROUND, 0.4))
        if frame.words:
            self._numbers(frame, across, down)
            self._titles(frame)
        if frame.panel.legend and frame.words:
            self._legend(frame)

    def lines(self, frame: Frame, lines: Iterable[Line]) -> None:
        """Lines, anti-aliased and clipped to the frame."""
        wide, height = frame.size
        if min(wide, height) < _LEAST_FIELD:
            return
        lines = list(lines)
        placed = [np.stack(frame.place(line.x, line.y), axis=1) for line in lines]
        reach = 20 * height
        for points in placed:
            points -= frame.box[:2]
            np.clip(points[:, 1], -reach, reach, out=points[:, 1])
        times = max(1, min(SAMPLES, int(math.sqrt(_CROP / (wide * height)))))
        climbs = [_climb(points) for points in placed]
        if sum(climbs) > _LONG:  # too dense for smoothing to be visible
            times = min(times, 2)
        crop = self.image.crop(frame.box)
        crop = crop.resize((wide * times, height * times), Image.Resampling.NEAREST)
        draw = ImageDraw.Draw(crop)
        unit = max(self.font_size / 9, 0.9) * times
        for line, points, climb in zip(lines, placed, climbs, strict=True):
            finer = min(1.0, max(0.3, _TURNS * height / max(climb, 1.0)))
            _stroke(draw, points * times, line, unit * finer)
        self.image.paste(crop.reduce(times), frame.box[:2])

    def _grid(self, frame: Frame) -> tuple[list[float], list[float]]:
        """Draw grid lines; return the ticks along x and y."""
        panel, (left, top, right, bottom) = frame.panel, frame.box
        wide, height = frame.size
        across = _fitting_ticks(panel, wide, self.font_size)
        up = y_ticks(panel, self.font_size, height)
        for x in frame.place(np.array(across), np.array([0.0] * len(across)))[0]:
            self.draw.line((int(x), top, int(x), bottom - 1), fill=GRID)
        for y in frame.place(np.zeros(len(up)), np.array(up))[1]:
            self.draw.line((left, int(y), right - 1, int(y)), fill=GRID)
        if panel.x[0] < 0 < panel.x[1] and not panel.whole:
            x = int(frame.place(np.zeros(1), np.ones(1))[0][0])
            self.draw.line((x, top, x, bottom - 1), fill=AXIS)
        if panel.y[0] < 0 < panel.y[1] and not panel.log:
            y = int(frame.place(np.zeros(1), np.zeros(1))[1][0])
            self.draw.line((left, y, right - 1, y), fill=AXIS)
        return across, up

    def _numbers(self, frame: Frame, across: list[float], up: list[float]) -> None:
        panel, (left, _, _, bottom) = frame.panel, frame.box
        leading, pad = self.leading, self.font_size * 0.4
        if panel.x_ticks:
            at = frame.place(np.array(across), np.zeros(len(across)))[0]
            for x, words in zip(at, tick_words(across), strict=True):
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
            fits = (t for t in panel.titles if width(t, size, "bold") <= room)
            title = shorten(next(fits, panel.titles[-1]), size, room, "bold")
            self.text((left, top - leading * 1.25), title, INK, bold=True)
        pad = round(size * 0.5)
        inside = room - 2 * pad
        if panel.corner and bottom - top > 1.2 * leading:
            words = shorten(panel.corner, size, inside, "bold")
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

    def _legend(self, frame: Frame) -> None:
        """The names of the lines, in the place that covers the fewest of their points."""
        named = [line for line in frame.panel.lines if line.label]
        leading, size = self.leading, self.font_size
        wide = max((width(line.label, size) for line in named), default=0) + 3.2 * size
        high = len(named) * leading + self.font_size * 0.5
        if not named or wide > frame.size[0] * 0.75 or high > frame.size[1] * 0.5:
            return
        left, top, right, bottom = frame.box
        pad = self.font_size * 0.5
        rows = (top + pad, bottom - pad - high, (top + bottom - high) / 2)
        corners = [(x, y) for y in rows for x in (left + pad, right - pad - wide)]

        def covered(corner: tuple[float, float]) -> int:
            count = 0
            for line in frame.panel.lines:
                x, y = frame.place(line.x, line.y)
                inside = (x > corner[0]) & (x < corner[0] + wide)
                count += int((inside & (y > corner[1]) & (y < corner[1] + high)).sum())
            return count

        x, y = min(corners, key=covered)
        back = (round(x), round(y), round(x + wide), round(y + high))
        self.dim(Frame(frame.panel, back), 0.75)
        for k, line in enumerate(named):
            self.key((x, y + (k + 0.5) * leading), line)

    def key(self, place: tuple[float, float], line: Line) -> float:
        """A legend entry, a line sample and its name, from `place` on; return its right edge."""
        x, y = place
        length, font_size = 2.2 * self.font_size, self.font_size
        box = (round(x), round(y - font_size / 2), round(x + length), round(y + font_size / 2) + 1)
        piece = Line(np.array([0.0, 1.0]), np.zeros(2), line.color, line.width, line.dashed)
        self.lines(Frame(Plot((0, 1), (-1, 1)), box), [piece])
        self.text((x + length + font_size * 0.5, y), line.label, FAINT, anchor="lm")
        return x + length + font_size * 0.5 + width(line.label, font_size)


def _fitting_ticks(panel: Plot, wide: int, font_size: int) -> list[float]:
    """As many round numbers along x as their labels have room for, at most nine."""
    for most in range(9, 0, -1):
        found = ticks(*panel.x, most)
        if panel.whole:
            found = [t for t in found if abs(t - round(t)) < 1e-9]
        widest = max((width(word, font_size) for word in tick_words(found)), default=0)
        if len(found) * (widest + 1.2 * font_size) <= wide:
            return found
    return []


def _climb(points: Float64) -> float:
    """The total vertical length of a line in pixels; NaN is ignored."""
    return float(np.nansum(np.abs(np.diff(points[:, 1]))))


def _stroke(draw: ImageDraw.ImageDraw, points: Float64, line: Line, unit: float) -> None:
    """One line on an enlarged copy, interrupted where it is not finite."""
    thick = max(1, round(line.width * unit))
    bad = ~np.isfinite(points).all(axis=1)
    for piece in np.split(points, np.flatnonzero(bad)):
        piece = piece[np.isfinite(piece).all(axis=1)]
        parts = _dashes(piece, 4.5 * unit) if line.dashed else [piece]
        for part in parts:
            if len(part) > 1:
                part = _thinned(part, thick)
                draw.line(np.round(part).ravel().tolist(), fill=line.color, width=thick)
        if line.dots or len(piece) == 1:
            radius = thick * 1.25
            for x, y in piece:
                draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=line.color)


def _thinned(points: Float64, length: float) -> Float64:
    """Drop points closer than `length`: short segments, rounded to pixels, look knotted."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    kept = np.diff(along // length, prepend=-1.0) > 0
    kept[-1] = True
    return points[kept]


def _dashes(points: Float64, length: float) -> list[Float64]:
    """A line cut into dashes and gaps of `length` pixels."""
    if len(points) < 2:
        return []
    steps = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    starts = np.arange(0, along[-1], 2 * length)[:2000]
    parts = []
    for start in starts:
        end = min(start + length, along[-1])
        inner = points[(along > start) & (along < end)]
        ends = [[np.interp(s, along, points[:, k]) for k in (0, 1)] for s in (start, end)]
        parts.append(np.concatenate([[ends[0]], inner, [ends[1]]]))
    return parts
