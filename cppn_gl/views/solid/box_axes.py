"""Axes of a 3D box: edges, ticks, numbers and names, drawn over the picture.

    Camera, three BoxAxis -> axes_overlay() -> RGBA, drawn into a part of an overlay

Only edges that nothing in the box can hide are drawn: the nearest along x and along y, and a
vertical one at the side. A label that does not fit is left out.
"""

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cppn_gl.utils.arrays import RGB
from cppn_gl.views.base import Words
from cppn_gl.views.solid.camera import Camera
from cppn_gl.views.text import MIN_FONT, fitting, line_height, significant, width, write

INK, PALE = (52, 58, 70), (222, 228, 236)  # on a light, on a dark background
TICK = 0.6  # length in font sizes
FLAT_EDGE = 0.12  # of the picture's shorter side: shorter edges have no labels
ROOM = 0.22  # ticks nearer to a mark than this, in half sides, are left out


@dataclass(frozen=True)
class BoxAxis:
    """An axis' name, the values at its two ends, and a value to mark."""

    name: str
    low: float
    high: float
    mark: float | None = None

    def ticks(self) -> list[tuple[float, str, bool]]:
        """(position from -1 to 1, label, whether it is the mark) of each tick."""
        middle = (self.low + self.high) / 2
        span = self.high - self.low
        places = ((-1.0, self.low), (0.0, middle), (1.0, self.high))
        found = [(place, _digits(value, span), False) for place, value in places]
        if self.mark is None:
            return found
        at = 2 * (self.mark - self.low) / (self.high - self.low) - 1
        text = f"{self.name} = {_digits(self.mark, span)}"
        return [*(tick for tick in found if abs(tick[0] - at) > ROOM), (at, text, True)]


def _digits(value: float, span: float) -> str:
    """A number with enough digits to resolve `span`; rounding errors become 0."""
    if abs(value) < 1e-9 * span:
        return "0"
    digits = 3 + max(0, math.floor(math.log10(abs(value) / span)))
    return significant(value, min(digits, 12))


def font_size(size: tuple[int, int]) -> int:
    """The font size in pixels in a picture of a size; below MIN_FONT no text is drawn."""
    small = MIN_FONT if min(size[0] / 20, size[1] / 15) >= MIN_FONT else 0
    return fitting(size, small, 13 + min(size) / 200, (34, 26))


def axes_overlay(
    words: Words,
    camera: Camera,
    axes: tuple[BoxAxis, BoxAxis, BoxAxis],
    relief: float,
    *,
    title: str = "",
    ink: RGB = INK,
    boxed: bool = False,
) -> None:
    """Draw the axes into `words`, (height, width, 4), a part of an overlay of the camera's size.

    `boxed`: draw all edges that do not meet in the farthest corner.
    """
    if boxed:
        for low, high in near_edges(camera, relief):
            ends = camera.project([low, high])[:, :2]
            if np.isfinite(ends).all():
                line(words, ends[0], ends[1], ink, 1.0, 0.45)
    letters = Letters(camera.size)
    thickness = 0.9 if letters.font_size < 14 else 1.3
    middle = camera.project([(0, 0, 0)])[0, :2]
    for axis, (low, high) in outline(camera, relief).items():
        ends = camera.project([low, high])[:, :2]
        if not np.isfinite(ends).all():
            continue
        line(words, ends[0], ends[1], ink, thickness)
        length = float(np.hypot(*(ends[1] - ends[0])))
        if length < max(FLAT_EDGE * min(camera.size), 3 * letters.leading):
            continue
        across = np.array([ends[1][1] - ends[0][1], ends[0][0] - ends[1][0]]) / length
        if across @ (ends.mean(axis=0) - middle) < 0:
            across = -across
        for place, number, bold in axes[axis].ticks():
            at = np.asarray(low) + (np.asarray(high) - np.asarray(low)) * (place + 1) / 2
            pixel = camera.project([at])[0, :2]
            line(words, pixel, pixel + across * TICK * letters.font_size, ink, thickness)
            # Where two axes meet at a corner, each moves its number back along itself.
            aside = -place * (ends[1] - ends[0]) / length * 0.55 * letters.leading
            letters.beside(pixel + aside, across, number, bold=bold)
        if axes[axis].name and axes[axis].mark is None:
            letters.beside(ends[0] * 0.27 + ends[1] * 0.73, across, axes[axis].name, bold=True)
    if title:
        letters.heading(title)
    _over(words, letters.mask, ink)


class Letters:
    """Labels in a picture of a size, as a mask. Labels that do not fit or overlap are left out."""

    def __init__(self, size: tuple[int, int]):
        self._size = size
        self.font_size = font_size(size)
        self.leading = line_height(max(self.font_size, MIN_FONT))
        self._image = Image.new("L", size, 0)
        self._pen = ImageDraw.Draw(self._image)
        self._taken: list[tuple[float, float, float, float]] = []

    @property
    def mask(self) -> NDArray[np.uint8]:
        """The coverage of each pixel, (height, width)."""
        return np.asarray(self._image)

    def beside(
        self, place: NDArray[Any], across: NDArray[Any], text: str, *, bold: bool = False
    ) -> None:
        """Write beside a place, in the direction `across`."""
        wide, high = self._width(text, bold), float(self.leading)
        # The distance is that of the nearest corner or side of the text's box.
        reach = 0.95 * self.font_size + abs(across[0]) * wide / 2 + abs(across[1]) * high / 2
        x, y = place + across * reach
        self._write(text, float(x), float(y), bold)

    def heading(self, text: str) -> None:
        """Write centred at the top."""
        self._write(text, self._size[0] / 2, self.leading * 0.9, True)

    def _write(self, text: str, x: float, y: float, bold: bool) -> None:
        wide, high = self._width(text, bold) / 2, self.leading * 0.4
        box = (x - wide, y - high, x + wide, y + high)
        inside = box[0] >= 0 and box[1] >= 0 and box[2] <= self._size[0] and box[3] <= self._size[1]
        free = not any(
            box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in self._taken
        )
        if self.font_size >= MIN_FONT and inside and free:
            self._taken.append(box)
            write(self._pen, (x, y), text, self.font_size, 255, _style(bold), "mm")

    def _width(self, text: str, bold: bool) -> float:
        return width(text, max(self.font_size, MIN_FONT), _style(bold))


def _style(bold: bool) -> str:
    return "bold" if bold else "regular"


def outline(camera: Camera, relief: float) -> dict[int, tuple[Any, Any]]:
    """The edges with labels, by axis: (low end, high end), in the box's coordinates."""
    found: dict[int, tuple[Any, Any]] = {}
    for axis in (0, 1):
        other = 1 - axis
        near = []
        for side in (-1.0, 1.0):
            low, high = np.zeros(3), np.zeros(3)
            low[axis], high[axis] = -1.0, 1.0
            low[other] = high[other] = side
            low[2] = high[2] = -relief
            near.append((low, high))
        # The edge nearer to the camera; if equal, the left one.
        right = camera.axes[0]
        towards = np.array([right[1], -right[0], 0.0])
        keys = [float(towards @ (a + b)) for a, b in near]
        if abs(keys[0] - keys[1]) < 1e-6:
            keys = [-float(right @ (a + b)) for a, b in near]
        found[axis] = near[int(np.argmax(keys))]
    corners = [np.array((x, y, 0.0)) for x, y in itertools.product((-1.0, 1.0), repeat=2)]
    across = np.nan_to_num(camera.project(corners)[:, 0], nan=np.inf)
    left = corners[int(np.argmin(np.round(across, 6)))]
    up = np.array([0.0, 0.0, relief])
    found[2] = (left - up, left + up)
    return found


def near_edges(camera: Camera, relief: float) -> list[tuple[Any, Any]]:
    """All edges of the box except those that meet in the corner farthest from the camera."""
    corners = [np.array(c) * (1, 1, relief) for c in itertools.product((-1.0, 1.0), repeat=3)]
    farthest = min(corners, key=lambda c: float(camera.axes[2] @ c))
    return [
        (a, b)
        for a, b in itertools.combinations(corners, 2)
        if (a != b).sum() == 1 and a is not farthest and b is not farthest
    ]


def line(words: Words, start: Any, end: Any, ink: RGB, width: float, strength: float = 1.0) -> None:
    """Draw an anti-aliased line on RGBA pixels, in time proportional to its length."""
    height, across = words.shape[:2]
    (x0, y0), (x1, y1) = start, end
    steep = abs(y1 - y0) > abs(x1 - x0)
    if steep:
        x0, y0, x1, y1, across, height = y0, x0, y1, x1, height, across
    if x0 > x1:
        x0, y0, x1, y1 = x1, y1, x0, y0
    run = max(x1 - x0, 1e-9)
    slope = (y1 - y0) / run
    first, last = max(0, int(np.floor(x0))), min(across - 1, int(np.floor(x1)))
    if last < first:
        return
    x = np.arange(first, last + 1)
    y = y0 + (np.clip(x + 0.5, x0, x1) - x0) * slope
    lean = 1 / np.hypot(1.0, slope)
    ends = np.minimum(x + 1, x1) - np.maximum(x, x0)  # coverage along the line's ends
    reach = int(np.ceil(width / lean / 2 + 1))
    for offset in range(-reach, reach + 1):
        row = np.floor(y).astype(int) + offset
        away = np.abs(row + 0.5 - y) * lean
        cover = np.clip(width / 2 + 0.5 - away, 0, 1) * np.clip(ends, 0, 1)
        good = (row >= 0) & (row < height) & (cover > 0)
        rows, columns = (x[good], row[good]) if steep else (row[good], x[good])
        alpha = (cover[good] * 255 * strength).astype(np.uint8)
        words[rows, columns, :3] = ink
        words[rows, columns, 3] = np.maximum(words[rows, columns, 3], alpha)


def _over(words: Words, mask: NDArray[np.uint8], ink: RGB) -> None:
    """Draw a mask of letters over an overlay."""
    inked = mask > 0
    words[inked, :3] = ink
    words[..., 3] = np.maximum(words[..., 3], mask)
