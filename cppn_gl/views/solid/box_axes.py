"""Axes of a 3D box: edges, ticks, numbers and names, drawn over the picture.

    Camera, three BoxAxis -> axes_overlay() -> RGBA, drawn into a part of an overlay

Only edges of the box's outline on the picture are drawn, just outside of it, with their labels
beyond: whatever is in the box, no axis and no label covers it. A label that does not fit is left
out.
"""

import cmath
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
from cppn_gl.views.text import (
    MIN_FONT,
    fitting,
    line_height,
    minus,
    significant,
    variable,
    width,
    write,
)

INK, PALE = (52, 58, 70), (222, 228, 236)  # on a light, on a dark background
UPRIGHT = 0.3  # pixels by which an upright or level line may lean
TICK = 0.6  # length in font sizes
FLAT_EDGE = 0.12  # of the picture's shorter side: shorter edges have no labels
LEANING, LEFT = 0.02, 0.1  # what a place to the left counts, against one further down
ALIKE = 45  # degrees from an upright edge, from which on others are told from it
BELOW_NAME = 0.1  # of an edge that begins at the top of the upright one
UPRIGHT_COST = 0.8  # of an upright edge along x or y, in shorter sides of the picture further down
SIDE_ROOM, LOW_ROOM = 3.0, 2.3  # font sizes that labels need beside and below a box
APART = 0.4  # font sizes from label to label on a line
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
        # As many decimals while the mark moves, for words of one width.
        text = minus(f"{self.mark:.{max(0, 2 - math.floor(math.log10(span)))}f}")
        return [*(tick for tick in found if abs(tick[0] - at) > ROOM), (at, text, True)]

    @property
    def title(self) -> str:
        """The name; a letter as a variable: "z0" is z with an index."""
        if not (self.name[1:] == "" or self.name[1:].isdigit()):
            return self.name
        letter, digits = (
            self.name.rstrip("0123456789"),
            self.name.lstrip("abcdefghijklmnopqrstuvwxyz"),
        )
        return variable(letter, int(digits) if digits else None)


def _digits(value: float, span: float) -> str:
    """A number with enough digits to resolve `span`; rounding errors become 0."""
    if abs(value) < 1e-9 * span:
        return "0"
    digits = 3 + max(0, math.floor(math.log10(abs(value) / span)))
    return significant(value, min(digits, 12))


def font_size(size: tuple[int, int], *, part: bool = False) -> int:
    """The font size in pixels in a picture of a size; below MIN_FONT no text is drawn.

    part: of a picture; its text is larger beside it, as small as it is.
    """
    small = MIN_FONT if min(size[0] / 20, size[1] / 15) >= MIN_FONT else 0
    most = min(size) / 24 if part else max(13 + min(size) / 200, min(size) / 37.5)
    return fitting(size, small, max(most, small), (26, 18))


def label_room(letters: int) -> tuple[float, float]:
    """Pixels that labels of a font size need left and right, and above and below, of a box."""
    return SIDE_ROOM * letters, LOW_ROOM * letters


def axes_overlay(
    words: Words,
    camera: Camera,
    axes: tuple[BoxAxis, BoxAxis, BoxAxis],
    relief: float,
    *,
    letters: int,
    ink: RGB = INK,
    boxed: bool = False,
) -> None:
    """Draw the axes into `words`, (height, width, 4), a part of an overlay of the camera's size.

    `letters`: the font size in pixels. `boxed`: draw the whole outline.
    """
    labels = Letters(camera.size, letters)
    thickness = labels.thickness
    middle = camera.project([(0, 0, 0)])[0, :2]
    outline = silhouette(camera, relief)
    labels.keep_clear([camera.project([low, high])[:, :2] for _, low, high in outline], middle)
    if boxed:
        for _, low, high in outline:
            beside = Beside.of(camera, low, high, middle, 1.0)
            if beside is not None:
                line(words, *beside.ends, ink, 1.0, 0.45)
    least = max(FLAT_EDGE * min(camera.size), 3 * labels.leading)
    numbered: dict[int, tuple[Beside, list[Tick]]] = {}
    for axis, (low, high) in labelled(camera, relief).items():
        beside = Beside.of(camera, low, high, middle, thickness)
        if beside is None:
            continue
        line(words, *beside.ends, ink, thickness)
        if beside.length < least:
            continue
        ticks = axes[axis].ticks()
        points = [low + (high - low) * (place + 1) / 2 for place, _, _ in ticks]
        pixels = camera.project(points)[:, :2] + beside.offset
        numbered[axis] = (
            beside,
            [
                Tick(*tick, tuple(point), pixel)
                for tick, point, pixel in zip(ticks, points, pixels, strict=True)
            ],
        )
    for axis in _number(labels, axes, numbered) if letters >= MIN_FONT else numbered:
        beside, found = numbered[axis]
        for tick in found:
            end = tick.pixel + beside.across * TICK * labels.font_size
            line(words, tick.pixel, end, ink, thickness)
    overlay_letters(words, labels, ink)


@dataclass(frozen=True)
class Beside:
    """An edge on the picture, moved out of the box by its thickness: unit vectors, pixels."""

    ends: tuple[Any, Any]
    along: NDArray[Any]
    across: NDArray[Any]  # away from the box
    offset: NDArray[Any]
    length: float

    @classmethod
    def of(
        cls, camera: Camera, low: Any, high: Any, middle: NDArray[Any], thickness: float
    ) -> "Beside | None":
        """None for an edge that is behind the eye or is seen as a point."""
        start, end = camera.project([low, high])[:, :2]
        length = float(np.hypot(*(end - start)))
        if not length > 0.5:
            return None
        along = (end - start) / length
        across = np.array([along[1], -along[0]])
        if across @ ((start + end) / 2 - middle) < 0:
            across = -across
        out = thickness / 2 + 0.5
        ends = start + out * (across - along), end + out * (across + along)
        return cls(ends, along, across, out * across, length)


class Letters:
    """Labels in a picture of a size, as a mask. Labels that do not fit or overlap are left out."""

    def __init__(self, size: tuple[int, int], font_size: int):
        self._size = size
        self.font_size = font_size
        self.leading = line_height(max(self.font_size, MIN_FONT))
        self.written: list[tuple[tuple[float, float, float, float], str, str]] = []
        self._sides: list[tuple[float, float, float]] = []  # unit normal, distance

    @property
    def thickness(self) -> float:
        """The width of axes in pixels."""
        return 0.9 if self.font_size < 14 else self.font_size / 12.5

    @property
    def image(self) -> Image.Image:
        """The coverage of each pixel."""
        image = Image.new("L", self._size, 0)
        pen = ImageDraw.Draw(image)
        for (left, top, right, bottom), text, style in self.written:
            place = (left + right) / 2, (top + bottom) / 2
            write(pen, place, text, self.font_size, 255, style, "mm")
        return image

    @property
    def count(self) -> int:
        """The number of labels written."""
        return len(self.written)

    def forget(self, start: int) -> None:
        """Take back all labels but the first `start`."""
        del self.written[start:]

    def keep_clear(self, outline: list[NDArray[Any]], middle: NDArray[Any]) -> None:
        """Names keep out of a convex outline: its sides as pairs of pixels, and a pixel in it."""
        for start, end in outline:
            normal = np.array([end[1] - start[1], start[0] - end[0]])
            normal = normal if normal @ (start - middle) > 0 else -normal
            length = float(np.hypot(*normal))
            if length > 0.5:
                across, down = (float(part) / length for part in normal)
                self._sides.append((across, down, float(normal @ start) / length))

    def named(self, edge: Beside, name: str, *, upright: bool = False) -> bool:
        """Write an axis' name, if there is room.

        It is between the numbers or farther out; upright: rather above the axis, or below it.
        """
        start, end = edge.ends
        if upright:
            wide = self._width(name, "regular") / 2
            out = -1.0 if edge.across[0] < 0 else 1.0
            asides = np.array((0.0, wide / 2, wide - 0.6 * self.font_size, wide + self.font_size))
            for (x, y), down in ((end, -1.0), (start, 1.0)):
                for rows, aside in itertools.product((1.0, 1.5, 2.0, 3.0), out * asides):
                    at = min(max(float(x + aside), wide + 1), self._size[0] - wide - 1)
                    if self.write(name, at, float(y + down * rows * self.leading)):
                        return True
        for away, place in itertools.product((0.0, 0.9, 1.8), (0.73, 0.27)):
            at = start + place * (end - start) + away * self.font_size * edge.across
            if self.beside(at, edge.across, name):
                return True
        return False

    def beside(
        self, place: NDArray[Any], across: NDArray[Any], text: str, *, style: str = "regular"
    ) -> bool:
        """Write beside a place, in the direction `across`; whether there was room."""
        wide, high = self._width(text, style), float(self.leading)
        # The distance is that of the nearest corner or side of the text's box.
        reach = 0.95 * self.font_size + abs(across[0]) * wide / 2 + abs(across[1]) * high / 2
        x, y = place + across * reach
        return self.write(text, float(x), float(y), style=style)

    def write(self, text: str, x: float, y: float, *, style: str = "regular") -> bool:
        """Write centred at a pixel; whether there was room."""
        wide, high = self._width(text, style) / 2, self.leading * 0.4
        box = (x - wide, y - high, x + wide, y + high)
        inside = box[0] >= 0 and box[1] >= 0 and box[2] <= self._size[0] and box[3] <= self._size[1]
        gap = APART * self.font_size
        free = not any(
            box[0] - gap < b[2] and b[0] < box[2] + gap and box[1] < b[3] and b[1] < box[3]
            for b, _, _ in self.written
        )
        clear = not self._sides or any(
            across * x + down * y - abs(across) * wide - abs(down) * high > side
            for across, down, side in self._sides
        )
        if not (text and self.font_size >= MIN_FONT and inside and free and clear):
            return False
        self.written.append((box, text, style))
        return True

    def _width(self, text: str, style: str) -> float:
        return width(text, max(self.font_size, MIN_FONT), style)


@dataclass(frozen=True)
class Tick:
    """A number at a place of an axis from -1 to 1, at a point of the box and at a pixel."""

    place: float
    number: str
    bold: bool
    point: tuple[float, ...]
    pixel: NDArray[Any]


def _number(
    labels: Letters,
    axes: tuple[BoxAxis, BoxAxis, BoxAxis],
    numbered: dict[int, tuple[Beside, list[Tick]]],
) -> list[int]:
    """Write the numbers and the name of each axis, or neither where one has no room: which have."""
    shared: set[tuple[str, tuple[float, ...]]] = set()
    for (one, some), (other, more) in itertools.combinations(numbered.values(), 2):
        for a, b in itertools.product(some, more):  # a number of two axes at their corner: once
            if (a.number, a.point) == (b.number, b.point) and not (a.bold or b.bold):
                outwards = one.across + other.across
                outwards /= max(float(np.hypot(*outwards)), 1e-9)
                if labels.beside((a.pixel + b.pixel) / 2, outwards, a.number):
                    shared.add((a.number, a.point))
    done = []
    for axis in sorted(numbered, reverse=True):
        beside, ticks = numbered[axis]
        title, start = axes[axis].title, labels.count
        # A name above an upright axis stays there, whatever moves along the axis.
        for name_first in (True,) if axis == 2 else (False, True):
            named = name_first and labels.named(beside, title, upright=axis == 2)
            with_numbers = False
            for tick in ticks:
                if (tick.number, tick.point) in shared:
                    with_numbers = True
                    continue
                # Where two axes meet at a corner, each moves its number back along itself.
                aside = -tick.place * beside.along * 0.55 * labels.leading
                style = "bold" if tick.bold else "regular"
                at = tick.pixel + aside
                with_numbers |= labels.beside(at, beside.across, tick.number, style=style)
            if with_numbers and (named or (not name_first and labels.named(beside, title))):
                done.append(axis)
                break
            labels.forget(start)
    return done


def silhouette(camera: Camera, relief: float) -> list[tuple[int, Any, Any]]:
    """The edges of the box's outline on the picture: (axis, low end, high end).

    They are those between a face that is turned to the eye and one that is not. There are none if
    the eye is in the box.
    """
    half = np.array((1.0, 1.0, relief))
    # Whether the low and the high face of each axis are turned to the eye.
    turned = [(-camera.eye[k] > half[k], camera.eye[k] > half[k]) for k in range(3)]
    found = []
    for axis in range(3):
        one, other = (k for k in range(3) if k != axis)
        for side, back in itertools.product((0, 1), repeat=2):
            if turned[one][side] != turned[other][back]:
                low = np.zeros(3)
                low[one], low[other] = (2 * side - 1) * half[one], (2 * back - 1) * half[other]
                high = low.copy()
                low[axis], high[axis] = -half[axis], half[axis]
                found.append((axis, low, high))
    return found


def labelled(camera: Camera, relief: float) -> dict[int, tuple[Any, Any]]:
    """The edges of the outline with labels, by axis.

    They are low along x and y, and a left vertical, unless they would be hard to tell apart: an
    edge along x or y that is nearly upright, or nearly in line with the vertical it meets.
    """
    found: dict[int, list[Edge]] = {}
    for axis, low, high in silhouette(camera, relief):
        seen = np.nan_to_num(camera.project([low, high])[:, :2]) / min(camera.size)
        start, end = (complex(*at) for at in seen)
        found.setdefault(axis, []).append(Edge(axis, tuple(low), tuple(high), start, end))
    best = min(itertools.product(*found.values()), key=_confusion)
    return {edge.axis: (np.array(edge.low), np.array(edge.high)) for edge in best}


@dataclass(frozen=True)
class Edge:
    """An edge of the box, and its ends on the picture in units of its shorter side, y down."""

    axis: int
    low: tuple[float, ...]
    high: tuple[float, ...]
    start: complex
    end: complex

    @property
    def short(self) -> bool:
        return abs(self.end - self.start) < FLAT_EDGE

    def bend(self, other: "Edge") -> float:
        """Degrees from being in line with an edge that it meets; 90 for one that it does not."""
        for corner, far in ((self.start, self.end), (self.end, self.start)):
            for its_corner, its_far in ((other.start, other.end), (other.end, other.start)):
                if abs(corner - its_corner) < 1e-6:
                    angle = abs(cmath.phase((far - corner) * (its_far - its_corner).conjugate()))
                    return 180 - math.degrees(angle)
        return 90.0


def _confusion(edges: tuple[Edge, ...]) -> float:
    """How hard edges of different axes are to read together."""
    found = 0.0
    upright = next((edge for edge in edges if edge.axis == 2 and not edge.short), None)
    for edge in edges:
        middle, along = (edge.start + edge.end) / 2, edge.end - edge.start
        found += float(edge.short)
        if edge.axis == 2:
            found += LEFT * middle.real
            continue
        found += LEANING * middle.real - middle.imag
        if upright is not None and not edge.short:
            lean = math.degrees(math.atan2(abs(along.real), abs(along.imag)))
            found += UPRIGHT_COST * max(0.0, 1 - lean / ALIKE)
            found += max(0.0, 1 - edge.bend(upright) / ALIKE)
            # Above an upright axis is its name.
            found += BELOW_NAME * (upright.high in (edge.low, edge.high))
    return found


def line(words: Words, start: Any, end: Any, ink: RGB, width: float, strength: float = 1.0) -> None:
    """Draw an anti-aliased line on RGBA pixels, in time proportional to its length."""
    height, across = words.shape[:2]
    (x0, y0), (x1, y1) = start, end
    if abs(x1 - x0) < UPRIGHT:  # in the middle of a column, or below of a row, of pixels
        x0 = x1 = np.floor((x0 + x1) / 2) + 0.5
    if abs(y1 - y0) < UPRIGHT:
        y0 = y1 = np.floor((y0 + y1) / 2) + 0.5
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


def overlay_letters(words: Words, letters: Letters, ink: RGB) -> None:
    """Draw labels over an overlay of their size."""
    image = letters.image
    if (box := image.getbbox()) is None:
        return
    left, top, right, bottom = box
    mask, part = np.asarray(image.crop(box)), words[top:bottom, left:right]
    part[mask > 0, :3] = ink
    np.maximum(part[..., 3], mask, out=part[..., 3])
