"""The dashboard of an image network: a picture, all layers, one layer's channels, one of these.

Scene -> pass_of() -> every layer's values -> painted into the boxes of a Board by NumPy
      -> overlay: names, numbers, frames; the channel under the pointer in place of the chosen one
"""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.nn.vision.running import Pass
from cppn_gl.nn.vision.target import class_key
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import ChannelsOptions
from cppn_gl.utils.arrays import Box, Float32, Size
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.quantising import quantise
from cppn_gl.utils.tasks import Steps, at_once
from cppn_gl.views.base import Hit, Picture, Words
from cppn_gl.views.lettering import DIM, GROUND, WHITE, blank, canvas, frame
from cppn_gl.views.text import counted, line_height, shorten, width, write
from cppn_gl.views.vision import bars, strip
from cppn_gl.views.vision.board import CLASSES, Board, board, captioned, font_of, margin_of
from cppn_gl.views.vision.closeup import (
    Detail,
    amount,
    details,
    facts_of,
    kernels_of,
    words_of,
)
from cppn_gl.views.vision.drawing import LaidOut, caption, fitted, holds, put, text_lines
from cppn_gl.views.vision.found import known, looked_up
from cppn_gl.views.vision.grid import TileGrid, tiled
from cppn_gl.views.vision.passes import (
    Unit,
    key_of,
    network_of,
    pass_at_once,
    pass_of,
    shown_of,
    unit_of,
    values_of,
)
from cppn_gl.views.vision.resampling import resampled
from cppn_gl.views.vision.shades import Shade, reaches, shade_of, tinted_input

FIELD = (255, 206, 92, 255)  # of the frame of what the largest place sees
KEPT = 32 * MB  # bytes of strips, of backgrounds
PINNED = 8
VEIL = 200  # opacity, of 255, over what is about another channel
MORE_ROWS = 1.15  # so much larger have details to be for another row of them
STRIP, CELL = 0.22, (0.026, 0.075)  # of the height, at most; of the shorter side, a cell's side


@dataclass(frozen=True)
class Look:
    """What a scene's dashboard shows: the unit, and where everything is."""

    network: ImageNetwork
    options: ChannelsOptions
    unit: Unit
    board: Board
    strip: strip.Strip
    grid: TileGrid
    pins: tuple[tuple[Unit, Box], ...]

    @property
    def before(self) -> bool:
        return self.options.before

    @property
    def kernels(self) -> Float32 | None:
        """The kernels that are shown instead of the layer's channels."""
        if self.options.tiles != "kernels":
            return None
        return kernels_of(self.network, self.unit[0])


_orders: WeakKeyDictionary[Pass, dict[Any, NDArray[np.intp]]] = WeakKeyDictionary()


def order_of(look: Look, done: Pass) -> NDArray[np.intp] | None:
    """The channels of the tiles in their order; None by number."""
    if look.options.sort == "number":
        return None

    known, key = _orders.setdefault(done, {}), (look.unit[0], look.before)
    if key not in known:
        values = values_of(done, look.unit[0], before=look.before)
        largest = np.nan_to_num(values.reshape(len(values), -1).max(1))
        known[key] = np.argsort(-largest, kind="stable")
    return known[key]


def look_of(scene: Scene, size: Size) -> Look:
    """The layout of a scene's dashboard of `size`."""
    network, options = network_of(scene), scene.options(ChannelsOptions)
    unit = unit_of(scene.preset, network)
    height, wide = network.size
    pinned = pinned_units(network, options)
    cells = strip_of(network, size)
    where = board(
        size, wide / height, cells.bottom, classes=has_classes(network), pins=bool(pinned)
    )
    shape = network.stages[unit[0]].shape
    aspect = shape.columns / shape.rows
    if options.tiles == "kernels" and (found := kernels_of(network, unit[0])) is not None:
        aspect = found.shape[3] / found.shape[2]
    grid = tiled(shape.channels, min(max(aspect, 1 / 8), 8.0), where.channels)
    if shape[1:] == (1, 1):
        grid = bars.listed(shape.channels, where.channels, where.font_size) or grid
    boxes = pin_boxes(where, len(pinned), wide / height)
    return Look(network, options, unit, where, cells, grid, tuple(zip(pinned, boxes, strict=True)))


def strip_of(network: ImageNetwork, size: Size) -> strip.Strip:
    """The strip of a network's layers at the top of a picture of `size`."""
    margin, (height, wide) = margin_of(size), network.size
    head = line_height(font_of(size)) if captioned(size) else 0
    box = margin, max(2, margin - head // 2), size[0] - margin, round(STRIP * size[1])
    sides = round(CELL[0] * min(size)), round(CELL[1] * min(size))
    return strip.laid_out(names_of(network), wide / height, box, head, sides)


def has_classes(network: ImageNetwork) -> bool:
    """Whether a network's last values are shares of classes: it ends in single numbers."""
    shape = network.stages[network.logits].shape
    return len(network.classes) > 1 or (
        shape.channels > 1 and network.stages[-1].shape[1:] == (1, 1)
    )


def names_of(network: ImageNetwork) -> tuple[str, ...]:
    return tuple(stage.name for stage in network.stages)


def pinned_units(network: ImageNetwork, options: ChannelsOptions) -> list[Unit]:
    """The channels of `[channels] pinned` that the network has, from 0."""
    found = dict.fromkeys((layer - 1, channel - 1) for layer, channel in options.pinned)
    stages = network.stages
    return [
        (layer, channel)
        for layer, channel in found
        if layer < len(stages) and channel < stages[layer].shape.channels
    ]


def pin_boxes(where: Board, count: int, aspect: float) -> list[Box]:
    """The boxes of pinned channels, below a line of names."""
    if where.pins is None:
        return []
    left, top, right, bottom = where.pins
    head = where.leading if where.captioned else 0
    gap = max(2, where.margin // 2)
    high = min(bottom - top - head, ((right - left + gap) / PINNED - gap) / aspect)
    wide = max(1, round(high * aspect))
    starts = [left + k * (wide + gap) for k in range(count)]
    return [(x, top + head, x + wide, top + head + max(1, round(high))) for x in starts]


class ChannelsView(LaidOut):
    """The dashboard. It keeps the strips of the last pictures, and what does not change."""

    clicked = "looks at a layer, a channel or a class"
    uses_cursor = True

    def __init__(self) -> None:
        self._strips: LRUCache[Hashable, list[Float32]] = LRUCache(
            KEPT, lambda key, found: float(sum(one.nbytes for one in found))
        )
        self._details: LRUCache[Hashable, list[Detail]] = LRUCache(
            KEPT, lambda key, found: float(sum(one.pixels.nbytes for one in found))
        )
        self._backgrounds: LRUCache[Hashable, Image.Image] = LRUCache(4)

    def paint(self, scene: Scene, size: Size) -> Steps[Picture]:
        look, done = look_of(scene, size), (yield from pass_of(scene))
        picture: Picture = blank(size)
        where = look.board
        self._strip(picture, scene, look, done)
        put(picture, where.input, fitted(shown_of(scene).colors, where.input))
        yield
        values = values_of(done, look.unit[0], before=look.before)
        shade = shade_of(values, look.options)
        put(picture, where.large, large(look, values, shade, look.unit[1]))
        _paint_tiles(picture, look, scene, done, values, shade)
        yield
        if where.classes is not None:
            boxes = bars.bar_boxes(where.classes, CLASSES, where.font_size)
            bars.paint_bars(picture, boxes, [one.share for one in guesses_of(look, done)])
        if where.histogram is not None:
            box = _plot_box(where, where.histogram)
            bars.paint_histogram(picture, box, values, values[look.unit[1]], shade)
        for unit, box in look.pins:
            own = values_of(done, unit[0], before=look.before)
            put(picture, box, channel_picture(own, unit[1], shade_of(own, look.options), box))
        if where.details is not None:
            yield
            found = yield from self._detailed(scene, look)
            for one, box in detail_boxes(where, found):
                put(picture, box, fitted(one.pixels, box, smooth=one.smooth))
        return picture

    def _strip(self, picture: Picture, scene: Scene, look: Look, done: Pass) -> None:
        """The small pictures of all layers, which do not change with the unit."""

        def made() -> list[Float32]:
            return [
                strip.thumbnail(values, (right - left, bottom - top))
                for (left, top, right, bottom), values in zip(
                    look.strip.cells, done.units, strict=True
                )
            ]

        small = self._strips.get((key_of(scene), look.strip), made)
        for box, one in zip(look.strip.cells, small, strict=True):
            put(picture, box, one)

    def _detailed(self, scene: Scene, look: Look) -> Steps[list[Detail]]:
        yield from looked_up(scene)
        key = self._key(scene, look)
        found = self._details.find(key)
        if found is None:
            made = yield from details(scene, look.unit, before=look.before)
            found = self._details.put(key, made)
        return found

    def _key(self, scene: Scene, look: Look) -> Hashable:
        """What the details depend on."""
        of = known(scene)
        best = None if of is None else (of.key, of.revision)
        grown = look.options.feature
        return key_of(scene), look.unit, look.before, scene.preset.preprocess, best, grown

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        look, done = look_of(scene, size), pass_at_once(scene)
        image = self._background(scene, look).copy()
        draw = ImageDraw.Draw(image)
        where, small = look.board, look.board.font_size
        pointed = self._pointed(look, done, cursor)
        unit = pointed or look.unit
        values = values_of(done, unit[0], before=look.before)
        if pointed is not None and pointed != look.unit:
            pixels = large(look, values, shade_of(values, look.options), pointed[1])
            image.paste(Image.fromarray(quantise(pixels)), where.large[:2])
        facts = facts_of(done, unit, before=look.before)
        edge = max(1, small // 8)
        if values.shape[1:] != (1, 1):
            _mark_place(draw, look, values.shape[1:], facts.place, facts.field)
        if where.captioned:
            caption(draw, where.large, channel_name(look, unit), small, WHITE, "bold")
            if where.facts is not None:
                text_lines(draw, where.facts, words_of(look.network, unit, facts), small)
        for box in (
            look.grid.box(_tile_of(look, done, look.unit[1])),
            look.strip.cells[look.unit[0]],
        ):
            frame(draw, box, 2 * edge, (*GROUND, 255))
            frame(draw, box, edge, WHITE)
        if is_list(look) and where.captioned:
            _write_values(draw, look, done)
        if where.classes is not None:
            boxes = bars.bar_boxes(where.classes, CLASSES, small)
            bars.write_bars(draw, boxes, guesses_of(look, done), small)
        if where.histogram is not None and where.captioned:
            _write_histogram(draw, where, done, look)
        if where.details is not None and pointed not in (None, look.unit):
            draw.rectangle(where.details, (*GROUND, VEIL))  # they are of another channel
        elif where.details is not None and where.captioned:
            found = at_once(self._detailed(scene, look))
            for one, box in detail_boxes(where, found):
                caption(draw, box, one.caption, small, DIM)
        if pointed is not None and pointed[0] == look.unit[0]:
            index = _tile_of(look, done, pointed[1])
            frame(draw, look.grid.box(index), edge, FIELD)
        return np.asarray(image)

    def _background(self, scene: Scene, look: Look) -> Image.Image:
        """What does not change with the picture: heads and captions."""
        where = look.board

        def drawn() -> Image.Image:
            image = canvas(where.size)
            if not where.captioned:
                return image
            draw, small = ImageDraw.Draw(image), where.font_size
            strip.write_heads(draw, look.strip, small, look.unit[0])
            height, wide = look.network.size
            words = f"{scene.preset.input.label}, {wide} × {height} pixels"
            caption(draw, where.input, words, small, DIM)
            caption(draw, where.channels, layer_words(look), small, WHITE)
            for unit, box in look.pins:
                caption(draw, box, f"{unit[0] + 1}: {unit[1] + 1}", small, DIM)
            return image

        key = look.network.digest, look.unit[0], look.options, where, scene.preset.input.label
        return self._backgrounds.get(key, drawn)

    def _pointed(self, look: Look, done: Pass, cursor: tuple[float, float] | None) -> Unit | None:
        """The channel under the pointer: a tile, or a pinned one."""
        if cursor is None:
            return None
        index = look.grid.at(cursor)
        if index is not None:
            order = order_of(look, done)
            return look.unit[0], index if order is None else int(order[index])
        return next((unit for unit, box in look.pins if holds(box, cursor)), None)

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """A click on a tile or a layer looks at it; on the channel looked at, it is pinned."""
        look = look_of(scene, size)
        where = look.board
        layer = look.strip.at(place)
        if layer is not None:
            channels = look.network.stages[layer].shape.channels
            unit = layer + 1, min(look.unit[1] + 1, channels)
            return Hit(stage_words(look.network, layer), changes={"channels.unit": unit})
        done = pass_at_once(scene)
        for unit, box in look.pins:
            if holds(box, place):
                words = f"{value_words(look, done, unit)}: a click lets it go"
                return Hit(words, changes=_pins_without(look, unit), enters=None)
        pointed = self._pointed(look, done, place)
        if pointed is not None:
            words = value_words(look, done, pointed)
            if pointed == look.unit:
                return Hit(words, changes=_pinned(look, pointed))
            return Hit(words, changes={"channels.unit": (pointed[0] + 1, pointed[1] + 1)})
        if holds(where.large, place):
            word = "lets it go" if look.unit in dict(look.pins) else "keeps it in sight"
            words = f"{value_words(look, done, look.unit)}: a click {word}"
            return Hit(words, changes=_pinned(look, look.unit))
        if where.classes is not None:
            boxes = bars.bar_boxes(where.classes, CLASSES, where.font_size)
            for guess, box in zip(guesses_of(look, done), boxes, strict=False):
                if holds(box, place):
                    words = f"{guess.name}: {bars.percent(guess.share)}; a click asks why"
                    return Hit(words, opens=scene.preset.replace(**why(look.network, guess)))
        if where.details is not None:
            shown = self._details.find(self._key(scene, look)) or []
            for one, box in detail_boxes(where, shown):
                if holds(box, place):
                    return Hit(one.caption, opens=scene.preset.replace(**one.keys))
        return None


def why(network: ImageNetwork, guess: bars.Guess) -> dict[str, Any]:
    """The keys of the view that explains a class."""
    return {
        "show.view": "attribution",
        "attribution.of": "class",
        "attribution.class_name": class_key(network, guess.index),
    }


def guesses_of(look: Look, done: Pass) -> list[bars.Guess]:
    return bars.ranked(done.probabilities, look.network.classes, CLASSES)


def channel_name(look: Look, unit: Unit) -> str:
    """A channel's name: "channel 17 of fire3/expand3x3", or the name of its class."""
    stage = look.network.stages[unit[0]]
    classes = look.network.classes
    if unit[0] >= look.network.logits and len(classes) == stage.shape.channels:
        return f"{stage.name}: {classes[unit[1]]}"
    return f"{stage.name} · channel {unit[1] + 1}"


def value_words(look: Look, done: Pass, unit: Unit) -> str:
    """A channel and its values in a line: for the pointer."""
    values = values_of(done, unit[0], before=look.before)[unit[1]]
    name = channel_name(look, unit)
    if values.shape == (1, 1):
        return f"{name}: {amount(float(values[0, 0]))}"
    largest, mean = (amount(float(x)) for x in (values.max(), values.mean()))
    return f"{name}: largest {largest}, mean {mean}"


def stage_words(network: ImageNetwork, layer: int) -> str:
    """A layer in a line: "layer 7, fire3/expand3x3: conv 3×3, relu, 64 channels of 56 × 56"."""
    stage = network.stages[layer]
    done = stage.label if stage.activation == "identity" else f"{stage.label}, {stage.activation}"
    channels, rows, columns = stage.shape
    each = "" if (rows, columns) == (1, 1) else f" of {columns} × {rows}"
    what = "value" if not each else "channel"
    return f"layer {layer + 1}, {stage.name}: {done}, {counted(channels, what)}{each}"


def layer_words(look: Look) -> str:
    """The head over the tiles."""
    words = stage_words(look.network, look.unit[0])
    words = words[0].upper() + words[1:]
    if look.kernels is not None:
        return f"{words}: their kernels"
    return f"{words}, before its activation" if look.before else words


def large(look: Look, values: Float32, shade: Shade, channel: int) -> Float32:
    """The channel looked at, at the size of its box; of single numbers, all of them as bars."""
    box = look.board.large
    if values.shape[1:] == (1, 1):
        return _spectrum(values.reshape(-1), channel, box)
    return channel_picture(values, channel, shade, box, own=look.options.scale == "channel")


def channel_picture(
    values: Float32, channel: int, shade: Shade, box: Box, *, own: bool = False
) -> Float32:
    """A channel at the size of a box; `own`: by its own largest value."""
    maps = values[channel : channel + 1]
    if own:
        shade = replace(shade, reach=float(reaches(maps)[0, 0, 0]))
    size = box[2] - box[0], box[3] - box[1]
    return shade.colors(resampled(maps, size)[0])


def _spectrum(values: Float32, channel: int, box: Box) -> Float32:
    """All values of a layer of single numbers as columns from 0, the chosen one in front."""
    wide, high = box[2] - box[0], box[3] - box[1]
    picture = blank((wide, high))
    picture[:] = bars.TROUGH
    finite = np.nan_to_num(values)
    low, top = min(0.0, float(finite.min())), max(float(finite.max()), 1e-12)
    scale = (high - 1) / max(top - low, 1e-12)
    at = np.minimum(np.arange(wide) * len(values) // wide, len(values) - 1)
    ends = np.minimum(at + max(1, len(values) // wide), len(values))
    tall = np.array([finite[a:b].max() for a, b in zip(at, ends, strict=True)])
    zero = high - 1 - round(-low * scale)
    level = high - 1 - np.round((tall - low) * scale).astype(int)
    row = np.arange(high)[:, None]
    inside = (row >= np.minimum(level, zero)) & (row <= np.maximum(level, zero))
    picture[inside] = bars.LAYER * np.float32(1.5)
    left = round(channel * wide / len(values))
    right = max(left + 2, round((channel + 1) * wide / len(values)))
    own = high - 1 - round((float(finite[channel]) - low) * scale)
    picture[min(own, zero) : max(own, zero) + 1, left:right] = bars.CHANNEL
    return picture


def _paint_tiles(
    picture: Picture, look: Look, scene: Scene, done: Pass, values: Float32, shade: Shade
) -> None:
    """All channels of the layer, or its kernels, in the order of the tiles."""
    grid, order = look.grid, order_of(look, done)
    kernels = look.kernels
    if kernels is not None:
        shown = kernels if order is None else kernels[order]
        planes = scene.preset.preprocess.planes
        for index, kernel in enumerate(shown):
            box = grid.box(index)
            largest = max(float(np.abs(kernel).max()), 1e-30)
            put(picture, box, fitted(tinted_input(kernel, planes, largest), box, smooth=False))
        return
    if order is not None:
        values = values[order]
    if is_list(look):
        boxes = [grid.box(k) for k in range(grid.count)]
        bars.paint_values(picture, boxes, values.reshape(-1))
        return
    reach = reaches(values) if look.options.scale == "channel" else None
    places = shade.places(resampled(values, grid.tile), reach)
    pixels = grid.painted(places, shade.palette, shade.ground)
    left, top = grid.left, grid.top
    put(picture, (left, top, left + pixels.shape[1], top + pixels.shape[0]), pixels)


def is_list(look: Look) -> bool:
    """Whether the layer's single numbers are shown as bars, one below another."""
    return look.grid.columns == 1 and look.network.stages[look.unit[0]].shape[1:] == (1, 1)


def detail_boxes(where: Board, found: list[Detail]) -> list[tuple[Detail, Box]]:
    """The details in a row, each below its caption, in the shape of its picture."""
    assert where.details is not None
    if not found:
        return []
    left, top, right, bottom = where.details
    gap, head = where.margin, where.leading if where.captioned else 0
    aspects = [one.pixels.shape[1] / one.pixels.shape[0] for one in found]
    most = 0.0
    for rows in range(1, len(found) + 1):
        each = -(-len(found) // rows)
        across = max(sum(aspects[k : k + each]) for k in range(0, len(found), each))
        high = min((bottom - top) / rows - head, (right - left - gap * (each - 1)) / across)
        if high > most * MORE_ROWS:
            most, columns = high, each
    boxes = []
    for number, one in enumerate(found):
        row, place = divmod(number, columns)
        before = aspects[row * columns : number]
        x = left + sum(before) * most + place * gap
        y = top + row * (most + head) + head
        boxes.append(
            (one, (round(x), round(y), round(x + aspects[number] * most), round(y + most)))
        )
    return boxes


def _plot_box(where: Board, box: Box) -> Box:
    return box[0], box[1], box[2], box[3] - where.leading


def _write_histogram(draw: ImageDraw.ImageDraw, where: Board, done: Pass, look: Look) -> None:
    """The ends of the histogram's axis below it."""
    assert where.histogram is not None
    values = values_of(done, look.unit[0], before=look.before)
    left, _, right, bottom = where.histogram
    low, high = bars.span_of(values)
    size, y = where.font_size, bottom - where.leading
    write(draw, (left, y), amount(low), size, DIM)
    middle = (left + right) / 2
    for words in ("values of the layer, and of the channel; without zeros", "values"):
        if width(words, size) < 0.7 * (right - left):
            write(draw, (middle, y), words, size, DIM, anchor="ma")
            break
    write(draw, (right, y), amount(high), size, DIM, anchor="ra")


def _write_values(draw: ImageDraw.ImageDraw, look: Look, done: Pass) -> None:
    """The names and values over the bars of a layer of a few single numbers."""
    layer, size, order = look.unit[0], look.board.font_size, order_of(look, done)
    values = values_of(done, layer, before=look.before).reshape(-1)
    for index in range(look.grid.count):
        channel = index if order is None else int(order[index])
        left, top, right, bottom = look.grid.box(index)
        name = channel_name(look, (layer, channel)).partition(": ")[2] or str(channel + 1)
        ink, middle = (WHITE if channel == look.unit[1] else DIM), (top + bottom) / 2
        number, pad = amount(float(values[channel])), max(2, size // 3)
        room = right - left - 3 * pad - width(number, size)
        write(draw, (left + pad, middle), shorten(name, size, room), size, ink, anchor="lm")
        write(draw, (right - pad, middle), number, size, ink, anchor="rm")


def _mark_place(
    draw: ImageDraw.ImageDraw, look: Look, shape: Any, place: tuple[int, int], field: Box
) -> None:
    """The largest place in the channel, and in the input what it sees."""
    edge = max(1, look.board.font_size // 8)
    for box, whole, of in (
        (look.board.large, shape, (place[1], place[0], place[1] + 1, place[0] + 1)),
        (look.board.input, look.network.size, field),
    ):
        left, top, right, bottom = box
        across, down = (right - left) / whole[1], (bottom - top) / whole[0]
        a = max(left, round(left + of[0] * across)), max(top, round(top + of[1] * down))
        b = min(right, round(left + of[2] * across)), min(bottom, round(top + of[3] * down))
        if min(b[0] - a[0], b[1] - a[1]) < 4 * edge:
            middle = (a[0] + b[0]) // 2, (a[1] + b[1]) // 2
            r = 3 * edge
            draw.ellipse(
                (middle[0] - r, middle[1] - r, middle[0] + r, middle[1] + r),
                outline=FIELD,
                width=edge,
            )
        else:
            draw.rectangle((*a, b[0] - 1, b[1] - 1), outline=FIELD, width=edge)


def _tile_of(look: Look, done: Pass, channel: int) -> int:
    """The tile of a channel."""
    order = order_of(look, done)
    return channel if order is None else int(np.flatnonzero(order == channel)[0])


def _pinned(look: Look, unit: Unit) -> dict[str, Any]:
    """The keys that pin a channel, or let it go."""
    units = [one for one, _ in look.pins]
    if unit in units:
        return _pins_without(look, unit)
    if len(units) >= PINNED:
        return {}
    return {"channels.pinned": tuple((a + 1, b + 1) for a, b in (*units, unit))}


def _pins_without(look: Look, unit: Unit) -> dict[str, Any]:
    rest = tuple((a + 1, b + 1) for (a, b), _ in look.pins if (a, b) != unit)
    return {"channels.pinned": rest}
