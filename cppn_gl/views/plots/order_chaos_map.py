"""Where the parts of the order_chaos view lie, and which places of its map have small pictures.

size, viewport -> Layout: the map, its coordinates, boxes of small pictures
edge in theory -> marks() -> places of small pictures: order, edge, chaos, far in chaos
"""

from dataclasses import dataclass

import numpy as np

from cppn_gl.preset.tables import Viewport
from cppn_gl.utils.arrays import Box, Float64, Size
from cppn_gl.views.text import MIN_FONT, fitting, line_height

LEAST = (200, 120)  # pixels of the smallest picture with words
PICTURED = (480, 270)  # with small pictures
DUAL = 15  # font size from which sigma_w and sigma_b have axes, too
ROWS = (0.27, 0.77)  # of the map's height, from its top: places with pictures
MOST = 3.0  # log10 of the largest scale
SIDE = 4  # small pictures on each side

Place = tuple[float, float]  # log10 of weight scale and bias scale


@dataclass(frozen=True)
class Layout:
    """The parts of a picture of `size`; `worded`: there is room for words.

    box: the map. pictures: boxes of small pictures, those of the first side first, or none.
    """

    size: Size
    font_size: int
    worded: bool
    dual: bool
    box: Box
    pictures: tuple[Box, ...]
    upright: bool  # the small pictures are at the left and right, not above and below

    @property
    def line(self) -> int:
        return line_height(self.font_size)

    @property
    def edge(self) -> int:
        return max(4, round(0.7 * self.font_size))


def layout(size: Size, pictures: bool) -> Layout:
    """The layout of a picture of a size, with small pictures if there is room for them."""
    width, height = size
    if width < LEAST[0] or height < LEAST[1]:
        return Layout(size, MIN_FONT, False, False, (0, 0, width, height), (), True)
    font = fitting(size, parts=(64, 38))
    line, edge = line_height(font), max(4, round(0.7 * font))
    dual = font >= DUAL
    head = edge + round(1.75 * line)
    foot = edge + round(2.3 * line)
    left, right = edge + round(3.1 * font), edge + round((2.9 if dual else 0.4) * font)
    top, bottom = head + (round(1.2 * line) if dual else edge // 2), height - foot
    boxes: list[Box] = []
    upright = width >= height
    if pictures and width >= PICTURED[0] and height >= PICTURED[1]:
        gap, words = round(0.6 * font), round(1.25 * line)
        if upright:
            room = (height - head - edge - (SIDE - 1) * gap) / SIDE - words
            side = round(min(room, 0.17 * width))
            for x in (edge, width - edge - side):
                for k in range(SIDE):
                    y = round(head + k * (room + words + gap))
                    boxes.append((x, y, x + side, y + side))
            left, right = left + side + edge, right + side + edge
        else:
            side = round(min((width - 2 * edge - (SIDE - 1) * gap) / SIDE, 0.15 * height))
            pitch = (width - 2 * edge - side) / (SIDE - 1)
            for y in (head, height - edge - side - words):
                for k in range(SIDE):
                    x = round(edge + k * pitch)
                    boxes.append((x, y, x + side, y + side))
            top, bottom = top + side + words + line, bottom - side - words - line
    box = (left, top, max(left + 1, width - right), max(top + 1, bottom))
    return Layout(size, font, True, dual, box, tuple(boxes), upright)


@dataclass(frozen=True)
class Coordinates:
    """Pixels of a whole picture and coordinates of its map: log10 of the two scales."""

    size: Size
    view: Viewport

    @property
    def scale(self) -> float:
        """Coordinates per pixel."""
        return 2 * self.view.extent / max(1, min(self.size))

    def place(self, x: float, y: float) -> Place:
        """The coordinates at a pixel, y down."""
        across = self.view.center[0] + (x - self.size[0] / 2) * self.scale
        return across, self.view.center[1] + (self.size[1] / 2 - y) * self.scale

    def pixels(self, points: Float64) -> Float64:
        """Pixels (N, 2), y down, of coordinates (N, 2)."""
        away = (points - np.array(self.view.center)) / self.scale * (1, -1)
        return np.asarray(away + np.array(self.size) / 2)

    def limits(self, box: Box) -> tuple[float, float, float, float]:
        """The coordinates of a box: left, right, bottom, top."""
        (left, top), (right, bottom) = self.place(*box[:2]), self.place(*box[2:])
        return left, right, bottom, top


def crossing(curve: Float64, height: float) -> float | None:
    """Where a curve, coordinates (N, 2) that rise, is at a height; None where it is not."""
    good = curve[np.isfinite(curve).all(axis=1)]
    if not len(good) or not good[0, 1] <= height <= good[-1, 1]:
        return None
    return float(np.interp(height, good[:, 1], good[:, 0]))


def marks(
    limits: tuple[float, float, float, float], curve: Float64, *, upright: bool
) -> tuple[Place, ...]:
    """The places of the small pictures, in the order of their boxes: lines to them do not cross.

    Of each row of places one in order, one at the edge, one near it in chaos and one far from it.
    Where the edge is not in sight, the places are evenly spaced.
    """
    left, right, bottom, top = limits
    wide, found = right - left, []
    for row in ROWS:
        height = top - row * (top - bottom)
        at = crossing(curve, height)
        if at is None or not left + 0.1 * wide < at < right - 0.1 * wide:
            at = left + 0.4 * wide
        order = left + 0.42 * (at - left)
        near, far = at + 0.3 * (right - at), at + 0.75 * (right - at)
        found.append([(min(x, MOST), min(height, MOST)) for x in (at, order, near, far)])
    (a, b, c, d), (e, f, g, h) = found
    return (a, b, f, e, c, d, h, g) if upright else (b, a, c, d, f, e, g, h)
