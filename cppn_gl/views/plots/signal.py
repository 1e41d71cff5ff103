"""The signal view: mean, spread and saturation from layer to layer, over the picture they make.

Scene -> strength.measure -> Signal -> Column -> three plots on a card over the picture
the same preset, normalised or not -> Signal -> Column -> three more beside them
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cppn_gl.engines.base import Engine
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.utils.cache import LRUCache
from cppn_gl.views.base import Hit, Size, View, Words
from cppn_gl.views.picture import PictureView
from cppn_gl.views.plots import plot
from cppn_gl.views.plots.canvas import Canvas
from cppn_gl.views.plots.plot import Box, Floats, Frame, Line, Panel
from cppn_gl.views.plots.strength import Signal, counterpart, is_normalized, measure
from cppn_gl.views.text import MIN_FONT, letter, shorten, significant
from cppn_gl.views.ticks import round_up

_OPAQUE = 232  # of 255: the card lets the picture shine through
_KEPT = 2  # cards
_LEAST_SPREAD = 1e-12  # shown; what is less is as good as none
_SPREAD, _WITHIN, _RULE = plot.COLORS[0], plot.COLORS[1], plot.FAINT


@dataclass(frozen=True, eq=False)
class Column:
    """One network's signal, and what it is called."""

    name: str
    signal: Signal


def columns(scene: Scene) -> list[Column]:
    """The network as drawn, and normalised."""
    own = measure(scene)
    beside = measure(scene_of(counterpart(scene.preset), scene.clock.time))
    if is_normalized(scene.preset):
        return [Column("without normalisation", beside), Column("normalised, as shown", own)]
    return [Column("as shown", own), Column("normalised", beside)]


def panels(found: list[Column]) -> list[list[Panel]]:
    """Rows of panels (spread, mean, saturation), a column for each network, on shared axes."""
    depth = len(found[0].signal.mean) - 1
    at = np.arange(depth + 1, dtype=np.float64)
    x = (-0.3, depth + 0.3)
    spreads = np.concatenate([v for c in found for v in (c.signal.spread, c.signal.within)])
    means = np.concatenate([c.signal.mean for c in found])
    limits, high = spread_limits(spreads), _highest(means)
    falls = limits[0] * limits[1] < 1  # then lines begin in the upper half: below them is room
    rows: list[list[Panel]] = [[], [], []]
    for column in found:
        signal = column.signal
        overflow = f"overflow at layer {signal.overflow}" if signal.overflow is not None else ""
        kept = np.full(depth + 1, signal.rule[0])
        lines = (
            Line(at, kept, plot.AXIS, 1.2, label="kept: σ = 1/√n"),
            Line(at, signal.rule, _RULE, 1.2, dashed=True, label="rule: √n·σ a layer"),
            Line(at, signal.spread, _SPREAD, 1.8, dots=depth <= 32, label="all units"),
            Line(at, signal.within, _WITHIN, 1.8, dots=depth <= 32, label="a unit over the view"),
        )
        dots = depth <= 32
        rows[0].append(
            Panel(
                x,
                limits,
                lines,
                corner="spread",
                low=falls,
                note=overflow,
                log=True,
                whole=True,
                x_ticks=False,
            )
        )
        mean = Line(at, signal.mean, plot.COLORS[2], 1.8, dots=dots)
        rows[1].append(
            Panel(x, (-high, high), (mean,), corner="mean", low=True, whole=True, x_ticks=False)
        )
        share = Line(at, 100 * signal.saturated, plot.COLORS[3], 1.8, dots=dots)
        rows[2].append(
            Panel(x, (-6.0, 106.0), (share,), corner="saturated, %", x_word="layer", whole=True)
        )
    return rows


def spread_limits(spreads: Floats) -> tuple[float, float]:
    """Of a logarithmic axis: 0.01 to 10 with some room, and decades more where values need them."""
    good = spreads[np.isfinite(spreads) & (spreads > 0)]
    low = max(float(good.min(initial=1.0)), _LEAST_SPREAD)
    high = float(good.max(initial=1.0))
    first, last = min(-2, math.floor(math.log10(low))), max(1, math.ceil(math.log10(high)))
    return 10.0 ** (first - 0.2), 10.0 ** (last + 0.2)


def _highest(means: Floats) -> float:
    """How far the axis of means goes from 0: 1, or a round number over them, with room."""
    largest = float(np.abs(means[np.isfinite(means)]).max(initial=0.0))
    return 1.15 * round_up(max(1.0, largest))


def words(signal: Signal, *, short: bool = False) -> list[str]:
    """A signal in up to four lines."""
    last, growth = len(signal.mean) - 1, signal.growth
    lines = []
    if growth is not None:
        lines.append(f"{'a' if short else 'each'} layer: ×{_digits(growth)}")
    lines.append(f"√n·σ{'' if short else ' would give'}: ×{_digits(signal.gain)}")
    if signal.overflow is not None:
        return [*lines, f"overflow at layer {signal.overflow}"]
    mean, spread = _digits(signal.mean[-1]), _digits(signal.spread[-1])
    share = f"{100 * signal.saturated[-1]:.0f} %"
    if short:
        return [*lines, f"end: {mean} ± {spread}", f"{share} saturated"]
    lines.append(f"layer {last}: mean {mean}, spread {spread}")
    return [*lines, f"{share} of layer {last} saturated"]


def _digits(value: float) -> str:
    """Three digits."""
    fixed = 0.01 <= abs(value) < 10 or value == 0
    return f"{value:.2f}".replace("-", "−") if fixed else significant(value)


@dataclass(frozen=True, eq=False)
class _Card:
    """The plots of a scene at a size, drawn: where they lie, and their pixels."""

    box: Box
    frames: list[list[Frame]]
    canvas: Canvas
    found: list[Column]


class SignalView(PictureView):
    """The picture, and over it how mean, spread and saturation go from layer to layer."""

    samples = View.samples
    points = True
    by_pixel = samples_itself = False  # its plots are not

    def __init__(self) -> None:
        self._measured: LRUCache[Scene, list[Column]] = LRUCache(_KEPT)
        self._cards: LRUCache[tuple[Scene, Size], _Card] = LRUCache(_KEPT)

    def on_cpu(self, engine: Engine) -> bool:
        """Never."""
        return False

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """The card with the plots; the layer under the cursor is marked in all of them."""
        card = self._card(scene, size)
        layer = None if cursor is None else _layer_at(card, cursor)
        canvas = card.canvas
        if layer is not None:
            canvas = Canvas.over(canvas.pixels, canvas.points)
            for frame in (frame for row in card.frames for frame in row):
                x = np.array([layer, layer], np.float64)
                canvas.lines(frame, [Line(x, np.array(frame.panel.y), plot.INK, 0.7)])
        overlay = np.zeros((size[1], size[0], 4), np.uint8)
        left, top, right, bottom = card.box
        part = overlay[top:bottom, left:right]
        part[..., :3] = canvas.pixels[top:bottom, left:right]
        part[..., 3] = _rounded((right - left, bottom - top), canvas.points)
        for frame in (frame for row in card.frames for frame in row):
            x0, y0, x1, y1 = frame.box
            overlay[max(y0, 0) : y1, max(x0, 0) : x1, 3] = 255
        return overlay

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """The layer under a pixel of a plot, in numbers."""
        card = self._card(scene, size)
        layer = _layer_at(card, place)
        if layer is None:
            return None
        index = next(k for row in card.frames for k, f in enumerate(row) if f.holds(place))
        signal = card.found[index].signal
        what = "the inputs" if layer == 0 else f"layer {layer}"
        if signal.overflow is not None and layer >= signal.overflow:
            return Hit(f"{what}: overflow")
        numbers = (
            f"mean {_digits(signal.mean[layer])}, spread {_digits(signal.spread[layer])}, "
            f"{_digits(signal.within[layer])} within a unit"
        )
        if layer == 0:
            return Hit(f"{what}: {numbers}")
        share = f"{100 * signal.saturated[layer]:.0f} % saturated"
        return Hit(f"{what}: {numbers}, {share}, √n·σ = {_digits(signal.gains[layer - 1])}")

    def _card(self, scene: Scene, size: Size) -> _Card:
        def draw() -> _Card:
            return _draw(self._measured.get(scene, lambda: columns(scene)), size)

        return self._cards.get((scene, size), draw)


def _rounded(size: Size, radius: int) -> NDArray[np.uint8]:
    """How opaque a card with round corners is, (height, width)."""
    image = Image.new("L", size, 0)
    if min(size) > 0:
        box = (0, 0, size[0] - 1, size[1] - 1)
        ImageDraw.Draw(image).rounded_rectangle(box, radius=min(radius, *size), fill=_OPAQUE)
    return np.asarray(image)


def _layer_at(card: _Card, place: tuple[float, float]) -> int | None:
    """The layer nearest to a pixel of a plot."""
    for frame in (frame for row in card.frames for frame in row):
        if frame.holds(place):
            last = len(card.found[0].signal.mean) - 1
            return min(max(round(frame.value(place[0])), 0), last)
    return None


def card_box(size: Size, points: int, columns: int) -> Box:
    """Where the card of one or two columns lies: to the right in a wide picture, else below."""
    (width, height), share = size, 0.52 + 0.08 * columns
    gap = min(points, width // 20, height // 20)
    if width >= height:
        wide = min(
            width - 2 * gap, max(round(share * width), round(32 * columns * letter(points)[0]))
        )
        return width - gap - wide, gap, width - gap, height - gap
    high = min(height - 2 * gap, max(round(0.62 * height), 26 * letter(points)[1]))
    return gap, height - gap - high, width - gap, height - gap


def _draw(found: list[Column], size: Size) -> _Card:
    points = max(MIN_FONT, round(plot.font_points(size) * 0.8))
    box = card_box(size, points, len(found))
    canvas = Canvas(size, points)
    advance, leading = letter(points)
    left, top, right, bottom = box
    pad = min(points // 2, (right - left) // 16)
    roomy = right - left >= 40 * advance and bottom - top >= 22 * leading
    head = leading * 1.5 if roomy and found[0].name else 0
    said = 4.6 * leading if roomy else 0
    keys = 2.5 * leading if roomy else 0
    inner = (left + pad, round(top + pad + head), right - pad, round(bottom - pad - keys - said))
    frames = plot.arrange(panels(found), inner, points, tallest=1.6, shares=(2, 1, 1))
    for row in frames:
        for frame in row:
            canvas.panel(frame)
    if roomy:
        room = int(frames[0][0].size[0] / advance)
        short = any(len(line) > room for column in found for line in words(column.signal))
        for k, column in enumerate(found):
            x = frames[0][k].box[0]
            canvas.text((x, top + pad), shorten(column.name, room), bold=True)
            for number, line in enumerate(words(column.signal, short=short)):
                canvas.text((x, inner[3] + (number + 0.3) * leading), shorten(line, room))
        _keys(canvas, frames[0][0], (frames[0][0].box[0], bottom - pad - keys + leading * 0.6))
    return _Card(box, frames, canvas, found)


def _keys(canvas: Canvas, frame: Frame, place: tuple[float, float]) -> None:
    """The names of the lines of the spread, two in a row."""
    advance, leading = letter(canvas.points)
    for k, line in enumerate(frame.panel.lines[i] for i in (2, 3, 1, 0)):
        x = place[0] + (k % 2) * 27 * advance
        canvas.key((x, place[1] + (k // 2) * leading * 1.1), line)
