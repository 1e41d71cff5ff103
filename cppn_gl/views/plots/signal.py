"""The signal view: mean, standard deviation and saturation by layer, over the picture.

Scene -> strength.measure -> Signal -> NamedSignal -> three plots on a card over the picture
the preset with normalisation toggled -> Signal -> NamedSignal -> three more plots beside them
"""

import math
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.utils.arrays import Box, Float64, Size
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.tasks import Stepping, Steps, Task, at_once, during
from cppn_gl.views.base import Hit, Point, Stage, View, Words
from cppn_gl.views.picture import PictureView
from cppn_gl.views.plots import plot
from cppn_gl.views.plots.canvas import PlotCanvas
from cppn_gl.views.plots.plot import Frame, Line, Plot, key_width
from cppn_gl.views.plots.strength import Signal, counterpart, is_normalized, measuring
from cppn_gl.views.text import MIN_FONT, line_height, shorten, significant, variable, width
from cppn_gl.views.ticks import round_up
from cppn_gl.views.units.wiring import is_graph, words_of

_OPAQUE = 232  # alpha of the card, of 255
_KEPT = 2  # cards
_LEAST_STD = 1e-12  # the least shown
_N, _SIGMA = variable("n"), variable("σ")
_GAIN = f"√{_N}·{_SIGMA}"
LINEAR = "no activation"  # what the prediction assumes
FADED, STUCK = 0.01, 0.5  # of the inputs' spread; of the units
SHARE = 0.63  # of the picture's longer side
_STD, _UNIT_STD, _PREDICTED = plot.COLORS[0], plot.COLORS[1], plot.FAINT


@dataclass(frozen=True, eq=False)
class NamedSignal:
    """A signal and the title of its column of plots."""

    name: str
    signal: Signal


def columns(scene: Scene) -> list[NamedSignal]:
    """The signals of the network with and without normalisation; of one that learns, its own."""
    return at_once(measuring_columns(scene))


def measuring_columns(scene: Scene) -> Steps[list[NamedSignal]]:
    """`columns` in short steps."""
    own = yield from measuring(replace(scene, network=scene.network.trained))
    if scene.preset.learns:  # the other would have to be trained
        return [NamedSignal("this network", own)]
    toggled = counterpart(scene.preset)
    kept: list[object] = []  # what was drawn, until the network is made
    if toggled.spec.structured:
        for made in toggled.at(scene.clock.time).prepare():
            kept.append(made)
            yield None
    other = yield from measuring(scene_of(toggled, scene.clock.time))
    if is_normalized(scene.preset):
        return [
            NamedSignal("without normalisation", other),
            NamedSignal("this network, normalised", own),
        ]
    return [NamedSignal("this network", own), NamedSignal("normalised", other)]


def panels(found: list[NamedSignal]) -> list[list[Plot]]:
    """Rows of panels (standard deviation, mean, saturation), a column per signal, shared axes."""
    depth = len(found[0].signal.mean) - 1
    at = np.arange(depth + 1, dtype=np.float64)
    x = (-0.3, depth + 0.3)
    stds = np.concatenate([v for c in found for v in (c.signal.std, c.signal.unit_std)])
    means = np.concatenate([c.signal.mean for c in found])
    limits, high = std_limits(stds), _highest(means)
    falls = limits[0] * limits[1] < 1  # the lines begin in the upper half, so the title fits below
    rows: list[list[Plot]] = [[], [], []]
    for column in found:
        signal = column.signal
        overflow = f"overflow at layer {signal.overflow}" if signal.overflow is not None else ""
        kept = np.full(depth, signal.std[1])
        dots = depth <= 32
        lines = (
            Line(at, signal.predicted, _PREDICTED, 1.2, dashed=True, label=f"{LINEAR}: ×{_GAIN}"),
            Line(at, signal.std, _STD, 2.2, dots=dots, label="all units together"),
            Line(at, signal.unit_std, _UNIT_STD, 2.2, dots=dots, label="each unit alone"),
            # Over the others, which it would else lie under.
            Line(at[1:], kept, plot.INK, 1.0, label=f"kept: {_GAIN} = 1"),
        )
        rows[0].append(
            Plot(
                x,
                limits,
                lines,
                corners=("standard deviation", "std. dev."),
                low=falls,
                note=overflow,
                log=True,
                whole=True,
                x_ticks=False,
            )
        )
        mean = Line(at, signal.mean, plot.COLORS[2], 1.8, dots=dots)
        rows[1].append(
            Plot(x, (-high, high), (mean,), corners=("mean",), low=True, whole=True, x_ticks=False)
        )
        passed = np.isnan(signal.saturated) & ~np.isnan(signal.mean) & (at > 0)
        active = ~passed  # layers with an activation
        share = 100 * signal.saturated[active]
        saturation = Line(at[active], share, plot.COLORS[3], 1.8, dots=dots)
        rows[2].append(
            Plot(
                x,
                (-6.0, 106.0),
                (saturation,),
                corners=("saturated, %", "sat., %"),
                x_word="layer",
                whole=True,
            )
        )
    return rows


def std_limits(stds: Float64) -> tuple[float, float]:
    """Limits of the logarithmic axis: 0.01 to 10 with a margin, extended to hold all values."""
    good = stds[np.isfinite(stds) & (stds > 0)]
    low = max(float(good.min(initial=1.0)), _LEAST_STD)
    high = float(good.max(initial=1.0))
    first, last = min(-2, math.floor(math.log10(low))), max(1, math.ceil(math.log10(high)))
    return 10.0 ** (first - 0.2), 10.0 ** (last + 0.2)


def _highest(means: Float64) -> float:
    """The limit ± of the axis of means: 1 or the next round number, with a margin."""
    largest = float(np.abs(means[np.isfinite(means)]).max(initial=0.0))
    return 1.15 * round_up(max(1.0, largest))


def words(signal: Signal, *, short: bool = False) -> list[str]:
    """A signal summarised in up to four lines: factors per layer, then the last layer."""
    last, growth = len(signal.mean) - 1, signal.growth
    lines = []
    if growth is not None:
        lines.append(f"{'' if short else 'signal '}per layer: ×{_digits(growth)}")
    lines.append(f"{_GAIN} = {_digits(signal.gain)}")
    if not short:
        lines[-1] = f"with {LINEAR}: ×{_digits(signal.gain)}"
    if signal.overflow is not None:
        return [*lines, f"overflow at layer {signal.overflow}"]
    mean, std = _digits(signal.mean[-1]), _digits(signal.std[-1])
    share = signal.saturated[-1]
    saturation = [] if math.isnan(share) else [f"{100 * share:.0f} % saturated"]
    if short:
        return [*lines, f"last: {mean} ± {std}", *saturation]
    lines.append(f"layer {last}: mean {mean} ± {std}")
    return [*lines, *(f"layer {last}: {words_}" for words_ in saturation)]


def verdict(signal: Signal) -> str:
    """What a signal that fades or saturates means for training; "" for one that does neither."""
    last = len(signal.mean) - 2  # the last hidden layer
    if last < 2 or signal.overflow is not None or not signal.unit_std[0] > 0:
        return ""
    left = float(signal.unit_std[last] / signal.unit_std[0])
    if left < FADED:
        return f"fades: layer {last} hardly sees its input"
    if np.nanmean(signal.saturated[1:]) > STUCK:
        return "saturated: most units hardly move"
    return ""


def _digits(value: float) -> str:
    fixed = 0.01 <= abs(value) < 10 or value == 0
    return f"{value:.2f}".replace("-", "−") if fixed else significant(value)


@dataclass(frozen=True, eq=False)
class _Card:
    """The cached plots of a scene at a size: their frames and pixels."""

    box: Box
    frames: list[list[Frame]]
    canvas: PlotCanvas
    found: list[NamedSignal]


class SignalView(PictureView):
    """The picture, and over it mean, standard deviation and saturation by layer."""

    samples = View.samples
    uses_cursor = True
    by_part = by_pixel = samples_itself = False  # because of the plots
    letters = True

    overlay_of = View.overlay_of

    def __init__(self) -> None:
        self._measured: LRUCache[Scene, list[NamedSignal]] = LRUCache(_KEPT)
        self._cards: LRUCache[tuple[Scene, Size], _Card] = LRUCache(_KEPT)

    def on_cpu(self, engine: Engine) -> bool:
        return False

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        """Draw the picture. First measure a structure, which takes a while, for the overlay."""
        if not is_graph(scene.network):
            return super().begin(stage, planes, scene, region)
        owned = ExitStack()
        draw = super().begin

        def steps() -> Steps[None]:
            if self._measured.find(scene) is None:
                self._measured.put(scene, (yield from measuring_columns(scene)))
            yield from during(draw(stage, planes, scene, region), owned)
            owned.close()

        return Stepping(steps(), owned)

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """The card with the plots; the layer under the cursor is marked in all of them."""
        card = self._card(scene, size)
        layer = None if cursor is None else _layer_at(card, cursor)
        canvas = card.canvas
        if layer is not None:
            canvas = canvas.copy()
            for frame in (frame for row in card.frames for frame in row):
                x = np.array([layer, layer], np.float64)
                canvas.lines(frame, [Line(x, np.array(frame.panel.y), plot.INK, 0.7)])
        overlay = np.zeros((size[1], size[0], 4), np.uint8)
        left, top, right, bottom = card.box
        part = overlay[top:bottom, left:right]
        part[..., :3] = canvas.pixels[top:bottom, left:right]
        part[..., 3] = _rounded((right - left, bottom - top), canvas.font_size)
        for frame in (frame for row in card.frames for frame in row):
            x0, y0, x1, y1 = frame.box
            overlay[max(y0, 0) : y1, max(x0, 0) : x1, 3] = 255
        return overlay

    def point(self, scene: Scene, size: Size, place: tuple[float, float]) -> Point | None:
        """The point beside the plots."""
        return None if self.hit(scene, size, place) else super().point(scene, size, place)

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """The statistics of the layer under a pixel of a plot."""
        card = self._card(scene, size)
        layer = _layer_at(card, place)
        if layer is None:
            return None
        index = next(k for row in card.frames for k, f in enumerate(row) if f.holds(place))
        signal = card.found[index].signal
        what = "the inputs" if layer == 0 else f"layer {layer}"
        if layer and is_graph(scene.network):
            what += f", {words_of(scene.network.stages[layer - 1])}"
        if signal.overflow is not None and layer >= signal.overflow:
            return Hit(f"{what}: overflow")
        numbers = (
            f"mean {_digits(signal.mean[layer])}, standard deviation {_digits(signal.std[layer])} "
            f"({_digits(signal.unit_std[layer])} per unit)"
        )
        if layer == 0:
            return Hit(f"{what}: {numbers}")
        share, factor = signal.saturated[layer], signal.gains[layer - 1]
        saturation = "" if math.isnan(share) else f", {100 * share:.0f} % saturated"
        gain = "" if math.isnan(factor) else f", √n·σ = {_digits(factor)}"
        return Hit(f"{what}: {numbers}{saturation}{gain}")

    def _card(self, scene: Scene, size: Size) -> _Card:
        def draw() -> _Card:
            return _draw(self._measured.get(scene, lambda: columns(scene)), size)

        return self._cards.get((scene, size), draw)


def _rounded(size: Size, radius: int) -> NDArray[np.uint8]:
    """The alpha of a card with rounded corners, (height, width)."""
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


def card_box(size: Size, font_size: int) -> Box:
    """The card's box: on the right in a landscape picture, else at the bottom."""
    across, down = size
    gap = min(font_size, across // 20, down // 20)
    if across >= down:
        return across - gap - round(SHARE * across), gap, across - gap, down - gap
    return gap, down - gap - round(SHARE * down), across - gap, down - gap


def _draw(found: list[NamedSignal], size: Size) -> _Card:
    font_size = max(MIN_FONT, round(plot.font_size(size) * 0.8))
    box = card_box(size, font_size)
    canvas = PlotCanvas(size, font_size)
    leading = line_height(font_size)
    left, top, right, bottom = box
    pad = min(font_size // 2, (right - left) // 16)
    has_text = right - left >= 24 * font_size and bottom - top >= 22 * leading
    named = found[0].name and bottom - top >= 14 * leading
    head = leading * 1.5 if named else 0
    told = [verdict(column.signal) for column in found]
    summary = (5.7 if any(told) else 4.6) * leading if has_text else 0
    keys = 2.5 * leading if has_text else 0
    inner = (left + pad, round(top + pad + head), right - pad, round(bottom - pad - keys - summary))
    frames = plot.arrange(panels(found), inner, font_size, tallest=1.6, heights=(2, 1, 1))
    for row in frames:
        for frame in row:
            canvas.panel(frame)
    room = frames[0][0].size[0]
    for frame, column in zip(frames[0], found if named else [], strict=False):
        name = shorten(column.name, font_size, room, "bold")
        canvas.text((frame.box[0], top + pad), name, bold=True)
    if has_text:
        every = [line for column in found for line in words(column.signal)]
        short = max(width(line, font_size) for line in every) > room
        for k, column in enumerate(found):
            x = frames[0][k].box[0]
            for number, line in enumerate(words(column.signal, short=short)):
                line = shorten(line, font_size, room)
                canvas.text((x, inner[3] + (number + 0.3) * leading), line)
            end = shorten(told[k], font_size, room, "bold")
            canvas.text((x, inner[3] + 4.4 * leading), end, bold=True)
        _keys(canvas, frames[0][0], bottom - pad - keys + leading * 0.6, (left + pad, right - pad))
    return _Card(box, frames, canvas, found)


def _keys(canvas: PlotCanvas, frame: Frame, y: float, limits: tuple[int, int]) -> None:
    """The legend of the panel of standard deviations, two entries in a row, within limits of x."""
    lines, font_size = [frame.panel.lines[i] for i in (1, 2, 0, 3)], canvas.font_size
    for short in (False, True):
        if short:
            lines = [replace(line, label=line.label.split(",")[0]) for line in lines]
        first, second = (max(key_width(one, font_size) for one in lines[k::2]) for k in (0, 1))
        needed = first + font_size + second
        if needed <= limits[1] - frame.box[0]:
            break
    left = max(limits[0], min(frame.box[0], limits[1] - needed))
    pitch = max(first + font_size, min(16 * font_size, limits[1] - left - second))
    for k, line in enumerate(lines):
        place = left + (k % 2) * pitch, y + (k // 2) * canvas.leading * 1.1
        canvas.key(place, line)
