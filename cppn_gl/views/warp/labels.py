"""Words and lines around a warped space: title, axes with their names, the bar of the way."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import aggdraw
import numpy as np
from PIL import Image, ImageDraw

from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import WarpOptions
from cppn_gl.utils.arrays import RGB, Box, Size
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.views.marks import LEAST, RADIUS
from cppn_gl.views.solid import box_axes
from cppn_gl.views.solid.box_axes import BoxAxis, axes_overlay
from cppn_gl.views.strokes import Stroke, draw_strokes
from cppn_gl.views.text import MIN_FONT, fitting, line_height, variable, width, write
from cppn_gl.views.ticks import tick_words, ticks
from cppn_gl.views.warp.drawing import AXIS, FAINT, GRID, GROUND, INK, Flat, Pens, Solid
from cppn_gl.views.warp.journey import Journey, Stage
from cppn_gl.views.warp.projection import Projection

# Drawn while the frame stays the same.
_boxes: LRUCache[Any, Image.Image] = LRUCache(
    32 * MB, lambda key, image: 4.0 * image.width * image.height
)
_PLACES = 24  # of a layer on the bar: a click goes to the nearest


@dataclass(frozen=True)
class Layout:
    """Where things are in a picture of a size, in pixels.

    letters: the font size; 0: no words. field: where space is drawn. bar: from the input at its
    left end to the output at its right.
    """

    size: Size
    letters: int
    field: Box
    bar: Box
    depth: int

    @classmethod
    def of(cls, scene: Scene, size: Size, shape: Size) -> "Layout":
        """For a picture of `size` that represents one of `shape`."""
        letters = fitting(shape, parts=(52, 30))
        words = shape[0] >= 14 * letters and shape[1] >= 12 * line_height(letters)
        letters = max(1, round(letters * size[0] / max(1, shape[0])))
        leading = line_height(letters)
        wide, high = size
        if not words:
            edge = min(max(1, letters // 4), wide // 8, high // 8)
            return cls(size, 0, (edge, edge, wide - edge, high - edge), (0, high, 0, high), 1)
        under = round(2.5 * leading)
        side = round(1.5 * letters)
        bar = (side, high - round(1.9 * leading), wide - side, high - round(1.55 * leading))
        field = (0, round(1.2 * leading), wide, high - under)
        return cls(size, letters, field, bar, scene.network.depth)

    @property
    def leading(self) -> int:
        return line_height(max(1, self.letters))

    @property
    def inner(self) -> tuple[float, float, float, float]:
        """The part of the field that a plane's numbers leave free."""
        left, top, right, bottom = self.field
        room = 1.3 * self.letters
        return left + room, top + room / 4, right - 3 * room, bottom - 1.2 * room

    @property
    def small(self) -> int:
        """The font size of numbers and names of axes."""
        return max(min(MIN_FONT, self.letters), round(0.85 * self.letters))

    @property
    def pens(self) -> Pens:
        shorter = min(self.size)
        return Pens(max(shorter / 560, 0.7), max(0.72 * RADIUS * shorter, LEAST))

    @property
    def room(self) -> tuple[float, float]:
        """Pixels for labels beside, and above and below, the box of space."""
        return box_axes.label_room(self.letters)

    def position(self, place: tuple[float, float]) -> float | None:
        """The position at a pixel of the bar."""
        left, top, right, bottom = self.bar
        near = 0.8 * self.letters
        if right <= left or not (top - near <= place[1] <= bottom + 2 * near):
            return None
        if not left - near <= place[0] <= right + near:
            return None
        along = (place[0] - left) / (right - left) * self.depth
        return min(max(round(along * _PLACES) / _PLACES, 0.0), float(self.depth))

    def along(self, position: float) -> float:
        """The pixel of a position on the bar."""
        left, _, right, _ = self.bar
        return left + (right - left) * min(max(position / self.depth, 0.0), 1.0)


def title(journey: Journey, network: Network, position: float) -> str:
    """What happens at a position."""
    depth = network.depth
    position = min(max(position, 0.0), float(depth))
    if position == 0:
        return "the input"
    stage = Stage.of(position, depth)
    if not stage.turned:  # so far only the frame changes
        return title(journey, network, stage.layer - 1)
    layer, of = stage.layer, network.drawn[stage.layer - 1]
    name = f"layer {layer}" if layer < depth else "output layer"
    if stage.bent > 0:
        return f"{name}: {of.activation}"
    if stage.shifted > 0:
        return f"{name}: + {variable('b')}"
    word = variable("W")
    morph = journey.passages[layer - 1].morph
    if stage.stretched > 0:
        return f"{name}: {word} stretches"
    angle = f"{math.degrees(morph.angle):.0f}°"
    return f"{name}: {word} turns by {angle}"


def position_words(network: Network, position: float) -> str:
    """A position in words."""
    stage = Stage.of(position, network.depth)
    if position <= 0:
        return "the input"
    done = position - stage.layer + 1
    third = min(2, int(3 * done + 1e-9))
    what = ("W", "b", network.drawn[stage.layer - 1].activation)[third]
    if done >= 1 - 1e-9:
        return "the output" if stage.layer == network.depth else f"after layer {stage.layer}"
    return f"layer {stage.layer}: {what}"


class _Rounds(BoxAxis):
    """An axis of the box with round numbers."""

    def ticks(self) -> list[tuple[float, str, bool]]:
        found = ticks(self.low, self.high, 5)
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        words = tick_words(found)
        return [((v - middle) / half, w, False) for v, w in zip(found, words, strict=True)]

    @property
    def title(self) -> str:
        return self.name


def draw_box(image: Image.Image, view: Solid, layout: Layout, named: Projection) -> None:
    """The box of space, with its axes."""
    if not layout.letters:
        return
    left, top, right, bottom = box = layout.field
    half = view.half * np.array([1.0, 1.0, view.relief])
    limits = (*(view.frame.center - half).tolist(), *(view.frame.center + half).tolist())

    def draw() -> Image.Image:
        words = np.zeros((bottom - top, right - left, 4), np.uint8)
        names = (*named.names, "", "", "")
        x, y, z = (_Rounds(names[k], limits[k], limits[k + 3]) for k in range(3))
        letters = layout.small
        axes_overlay(
            words, view.camera, (x, y, z), view.relief, letters=letters, ink=FAINT, boxed=True
        )
        return Image.fromarray(words)

    drawn = _boxes.get((limits, view.camera, layout, named.names), draw)
    image.paste(drawn, box, drawn)


def _limits(view: Flat) -> tuple[tuple[float, float], tuple[float, float]]:
    """What of both axes the field shows."""
    left, top, right, bottom = view.box
    (x, y), (across, down) = view.frame.center[:2].tolist(), view.middle
    return (
        (x + (left - across) / view.scale, x + (right - across) / view.scale),
        (y + (down - bottom) / view.scale, y + (down - top) / view.scale),
    )


def _numbers(view: Flat, layout: Layout, named: Projection) -> Iterator[tuple[int, float, str]]:
    """The axis (0 or 1), the pixel along it, and the word of every round number in a plane."""
    middle, center = view.middle, view.frame.center
    apart = 6.5 * max(layout.small, MIN_FONT)  # pixels from number to number
    for axis, (low, high) in enumerate(_limits(view)[: named.axes]):
        found = ticks(low, high, max(2, min(9, int((high - low) * view.scale / apart))))
        sign = 1 - 2 * axis
        for value, words in zip(found, tick_words(found), strict=True):
            yield axis, middle[axis] + sign * (value - float(center[axis])) * view.scale, words


def draw_plane(pen: aggdraw.Draw, view: Flat, layout: Layout, named: Projection) -> None:
    """Lines at round numbers of both axes, and the axes."""
    left, top, right, bottom = view.box
    hair = max(1.0, layout.letters / 14)
    found = list(_numbers(view, layout, named))
    for zero, ink in ((False, GRID), (True, AXIS)):
        tool = aggdraw.Pen(ink, hair)
        for axis, at, words in found:
            if zero == (not words.strip("0.")):
                pen.line((at, top, at, bottom) if axis == 0 else (left, at, right, at), tool)


def _write_numbers(pen: ImageDraw.ImageDraw, view: Flat, layout: Layout, named: Projection) -> None:
    """Numbers at the right and lower edge, and the names of the axes."""
    _, top, right, bottom = view.box
    size, pad = layout.small, round(0.35 * layout.small)
    high = line_height(size)
    places = (right - pad, bottom - pad - 1.5 * high), (right - pad, top + size)
    for place, name in zip(places, named.names, strict=False):
        _on_plate(pen, place, name, size, INK, (right, place[1] + high / 2))
    for axis, at, words in _numbers(view, layout, named):
        half = width(words, size) / 2
        if axis == 0 and view.box[0] + half + pad < at < right - half - 4 * pad:
            _on_plate(pen, (at + half, bottom - pad - high / 2), words, size, FAINT, (0, bottom))
        elif axis == 1 and top + 2 * size < at < bottom - 3.4 * size:
            _on_plate(pen, (right - pad, at), words, size, FAINT, (right, 0))


def _on_plate(
    pen: ImageDraw.ImageDraw,
    place: tuple[float, float],
    words: str,
    size: int,
    ink: RGB,
    end: tuple[float, float],
) -> None:
    """Words whose right end is at a place, on a plate that hides lines: to `end` at least."""
    (x, y), room, half = place, 0.2 * size, line_height(size) / 2
    corner = max(x + room, end[0]), max(y + half, end[1])
    pen.rectangle((x - width(words, size) - room, y - half, *corner), fill=GROUND)
    write(pen, place, words, size, ink, anchor="rm")


def write_all(
    image: Image.Image, scene: Scene, journey: Journey, view: Flat | Solid, layout: Layout
) -> None:
    """The title, a plane's numbers and names, and the bar."""
    if not layout.letters:
        return
    position = scene.options(WarpOptions).position
    pen = ImageDraw.Draw(image)
    words = title(journey, scene.network, position)
    pad = round(0.7 * layout.letters)
    top = round(0.3 * layout.leading)
    write(pen, (pad, top), words, layout.letters, INK, "bold")
    named = journey.axes(position)
    share = f"{100 * named.part:.0f} % of the variance" if named.components else ""
    left = 3 * pad + width(words, layout.letters, "bold")
    if left + width(share, layout.small) + pad < layout.size[0]:
        down = top + layout.leading - line_height(layout.small)
        write(pen, (left, down), share, layout.small, FAINT)
    if isinstance(view, Flat):
        _write_numbers(pen, view, layout, journey.axes(position))
    draw_bar(image, scene.network, position, layout)


def draw_bar(image: Image.Image, network: Network, position: float, layout: Layout) -> None:
    """The way from the input to the output, a part for each layer, and where we are on it."""
    left, top, right, bottom = layout.bar
    y = (top + bottom) / 2
    thick = max(1.0, layout.letters / 5)
    strokes = [Stroke(np.array([(left, y), (right, y)]), GRID, thick)]
    at = layout.along(position)
    strokes.append(Stroke(np.array([(left, y), (max(at, left + 0.1), y)]), AXIS, thick))
    high = 0.35 * layout.letters
    part = (right - left) / network.depth
    for layer in range(network.depth + 1):
        x = layout.along(layer)
        strokes.append(Stroke(np.array([(x, y - high), (x, y + high)]), FAINT, thick / 2))
        for third in (1, 2) if layer < network.depth and part > 4 * layout.letters else ():
            x = layout.along(layer + third / 3)
            strokes.append(
                Stroke(np.array([(x, y - high / 2), (x, y + high / 2)]), FAINT, thick / 2)
            )
    strokes.append(Stroke(np.array([(at, y)]), INK, 1.0, dots=0.45 * layout.letters))
    box = (
        0,
        max(0, int(y - layout.letters)),
        image.width,
        min(image.height, int(y + layout.letters)),
    )
    draw_strokes(image, box, strokes)
    pen = ImageDraw.Draw(image)
    under, small = y + 0.55 * layout.letters, layout.small
    taken: list[tuple[float, float]] = []
    for start, words, ink in _bar_words(network, position, layout):
        end, gap = start + width(words, small), 0.6 * small
        if all(end + gap < low or high + gap < start for low, high in taken):
            write(pen, (start, under), words, small, ink)
            taken.append((start, end))


def _bar_words(
    network: Network, position: float, layout: Layout
) -> Iterator[tuple[float, str, RGB]]:
    """Left ends of words under the bar, the most important first, of which some may not fit.

    What the current layer does in turn, the ends of the way, numbers of layers.
    """
    depth, small = network.depth, layout.small
    part = layout.along(1) - layout.along(0)
    layer = Stage.of(position, depth).layer
    turns = (variable("W"), variable("b"), network.drawn[layer - 1].activation)
    named = max(width(f" {words} ", small) for words in turns) < part / 3
    for third, words in enumerate(turns) if named else ():
        x = layout.along(layer - 1 + (third + 0.5) / 3)
        yield x - width(words, small) / 2, words, INK
    yield layout.bar[0], "input", FAINT
    yield layout.bar[2] - width("output", small), "output", FAINT
    for number in range(1, depth):
        near = named and number in (layer - 1, layer)
        if part > 1.2 * width(f" {depth} ", small) and not near:
            yield layout.along(number) - width(str(number), small) / 2, str(number), FAINT
