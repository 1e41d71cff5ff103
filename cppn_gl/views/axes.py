"""Axes of a box in space: lines at its outline, ticks, numbers and names, over the picture.

    Camera, three Axis -> axes_overlay() -> RGBA, drawn into the part of an overlay

Only edges that nothing in the box can hide are drawn: the nearest along x and along y, and an
upright one at the side. A label that has no room is left out.
"""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cppn_gl.viewer.text import MIN_FONT, font, letter
from cppn_gl.views.base import Words
from cppn_gl.views.camera import Camera

INK, PALE = (52, 58, 70), (222, 228, 236)  # on light, and on dark
TICK = 0.6  # length, in heights of a letter
FLAT_EDGE = 0.12  # of the picture's shorter side: an edge shorter than this has no labels

Color = tuple[int, int, int]


@dataclass(frozen=True)
class Axis:
    """A name, and the values at the two ends of a side of the box."""

    name: str
    low: float
    high: float

    def ticks(self) -> list[tuple[float, str]]:
        """Places from -1 to 1, each with its number."""
        middle = (self.low + self.high) / 2
        scale = max(abs(self.low), abs(self.high))
    


def _number(value: float, scale: float) -> str:
    """A number in few digits; a rounding error of a larger `scale` is 0."""
    text = f"{0.0 if abs(value) < 1e-9 * scale else value:.3g}"
    return text.replace("-", "−")


def points_for(size: tuple[int, int]) -> int:
    """Pixels of letters in a picture of a size; below MIN_FONT there is no room for any."""
    fitting = min(size[0] / 34, size[1] / 26)
    small = MIN_FONT if min(size[0] / 20, size[1] / 15) >= MIN_FONT else 0
    return round(max(min(fitting, 13 + min(size) / 200), small))


def axes_overlay(
    words: Words,
    camera: Camera,
    axes: tuple[Axis, Axis, Axis],
    relief: float,
    *,
    title: str = "",
    ink: Color = INK,
) -> None:
    """Draw the axes into `words`, (height, width, 4): a part of an overlay, the camera's size."""
    points = points_for(camera.size)
    edges = outline(camera, relief)
    middle = camera.project([(0, 0, 0)])[0, :2]
    legible = points >= MIN_FONT
    image = Image.new("L", camera.size, 0)
    pen = ImageDraw.Draw(image)
    advance, leading = letter(max(points, MIN_FONT))
    for axis, (low, high) in edges.items():
        ends = camera.project([low, high])[:, :2]
        if not np.isfinite(ends).all():
            continue
        line(words, ends[0], ends[1], ink, 0.9 if points < 14 else 1.3)
        length = float(np.hypot(*(ends[1] - ends[0])))
        if not legible or length < max(FLAT_EDGE * min(camera.size), 3 * leading):
            continue
        across = np.array([ends[1][1] - ends[0][1], ends[0][0] - ends[1][0]]) / length
        if across @ (ends.mean(axis=0) - middle) < 0:
            across = -across
        for place, number in axes[axis].ticks():
            at = np.asarray(low) + (np.asarray(high) - np.asarray(low)) * (place + 1) / 2
            pixel = camera.project([at])[0, :2]
            line(words, pixel, pixel + across * TICK * points, ink, 0.9 if points < 14 else 1.3)
            # At a corner two axes' numbers meet: each steps back along its own.
            aside = -place * (ends[1] - ends[0]) / length * 0.55 * leading
            _write(pen, number, pixel + aside, across, points, (advance, leading))
        name = axes[axis].name
        if name:
            there = ends[0] * 0.27 + ends[1] * 0.73
            _write(pen, name, there, across, points, (advance, leading), bold=True)
    if title and legible:
        pen.text((camera.size[0] / 2, points * 0.6), title, 255, font(points, True), anchor="ma")
    _over(words, np.asarray(image), ink)


def _write(
    pen: ImageDraw.ImageDraw,
    text: str,
    place: NDArray[Any],
    across: NDArray[Any],
    points: int,
    box: tuple[float, float],
    *,
    bold: bool = False,
) -> None:
    """Write beside a place, to where `across` points, if all of it is inside the picture."""
    wide, high = len(text) * box[0], box[1]
    away = TICK * points + 0.35 * points
    # The nearest corner or side of the text's box keeps the distance.
    reach = away + abs(across[0]) * wide / 2 + abs(across[1]) * high / 2
    x, y = place + across * reach
    width, height = pen.im.size
    if wide / 2 <= x <= width - wide / 2 and high / 2 <= y <= height - high / 2:
        pen.text((x, y), text, 255, font(points, bold), anchor="mm")


def outline(camera: Camera, relief: float) -> dict[int, tuple[Any, Any]]:
    """Edges of the box to draw, by their axis: (low end, high end), in the box's coordinates."""
    found: dict[int, tuple[Any, Any]] = {}
    for axis in (0, 1):
        other = 1 - axis
        near = []
        for side in (-1.0, 1.0):
            low, high = np.zeros(3), np.zeros(3)
            low[axis], high[axis] = -1.0, 1.0
            low[other] = high[other] = side
            low[2] = high[2] = -relief if camera.tilt >= 0 else relief
            near.append((low, high))
        # The lower one in the picture is the nearer; the first where they are level, seen from above
        tilt = -1 if camera.tilt >= 0 else 1
        keys = [tilt * float((camera.axes[1] @ (a + b))) for a, b in near]
        if abs(keys[0] - keys[1]) < 1e-6:
            keys = [-float(camera.axes[0] @ (a + b)) for a, b in near]
        found[axis] = near[int(np.argmax(keys))]
    corners = [np.array((x, y, 0.0)) for x, y in itertools.product((-1.0, 1.0), repeat=2)]
    left = min(corners, key=lambda c: (round(float(camera.axes[0] @ c), 6), camera.axes[2] @ c))
    found[2] = (left - (0, 0, relief), left + (0, 0, relief))
    return found


def line(words: Words, start: Any, end: Any, ink: Color, width: float) -> None:
    """A smooth line of a width in pixels, laid over RGBA pixels; only along the line is any work."""
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
    ends = np.minimum(x + 1, x1) - np.maximum(x, x0)  # how much of the column the line has
    reach = int(np.ceil(width / lean / 2 + 1))
    for offset in range(-reach, reach + 1):
        row = np.floor(y).astype(int) + offset
        away = np.abs(row + 0.5 - y) * lean
        cover = np.clip(width / 2 + 0.5 - away, 0, 1) * np.clip(ends, 0, 1)
        good = (row >= 0) & (row < height) & (cover > 0)
        rows, columns = (x[good], row[good]) if steep else (row[good], x[good])
        alpha = (cover[good] * 255).astype(np.uint8)
        words[rows, columns, :3] = ink
        words[rows, columns, 3] = np.maximum(words[rows, columns, 3], alpha)


def _over(words: Words, mask: NDArray[np.uint8], ink: Color) -> None:
    """Lay letters over an overlay."""
    inked = mask > 0
    words[inked, :3] = ink
    words[..., 3] = np.maximum(words[..., 3], mask)
