"""The attribution view drawn: the picture under the map, the map, its colours, classes, legend.

scene, size -> drawn(): RGBA pixels of the whole picture      scene, size, pixel -> hit_at()
map, percentile -> reach_of(): the value with the most saturated colour
map, photograph, mix -> laid(): the map over the photograph
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from cppn_gl.nn.vision.attribution import METHODS
from cppn_gl.nn.vision.target import class_key
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import AttributionOptions
from cppn_gl.utils.arrays import Box, Float32, Size
from cppn_gl.utils.colormaps import LUMA
from cppn_gl.utils.quantising import quantise
from cppn_gl.utils.tasks import at_once
from cppn_gl.views import lettering, text
from cppn_gl.views.base import Hit, Words
from cppn_gl.views.ticks import short
from cppn_gl.views.units import diverging
from cppn_gl.views.vision.attribution_layout import Layout, arranged, holds, within
from cppn_gl.views.vision.bars import percent
from cppn_gl.views.vision.channels import has_classes
from cppn_gl.views.vision.explaining import (
    Answer,
    Explained,
    Pixels,
    answer,
    cover_box,
    covered_picture,
    covering,
    explain,
    known,
    methods_of,
    photograph,
)
from cppn_gl.views.vision.passes import network_of
from cppn_gl.views.vision.shades import tinted_input

GREYED = 0.75  # of the photograph's colour that a map at mix 1 takes away
NEAR = 0.03  # of the picture: a click so near to what was chosen lets it go
ACCENT: lettering.Ink = (255, 196, 84, 255)
BAR, AFTER, TROUGH = (58, 84, 122), (255, 196, 84), (24, 28, 36)
FRAME: lettering.Ink = (255, 255, 255, 255)
WAITING = (26, 29, 36)  # a pane whose map is not there yet
SMOOTH = 8  # times that a map is enlarged, from which on it is bicubic: no edges are seen
NAMES = 0.4  # of the width of a bar, for its name, where there are two in it
PITCH = 1.38  # lines from bar to bar


@dataclass(frozen=True)
class Pane:
    """What a pane shows. kind, of a map: over, map, colours, covered; plain: the picture."""

    kind: str
    method: str
    caption: str


def panes_of(scene: Scene) -> tuple[Pane, ...]:
    """The panes of a scene, the most important one first."""
    options = scene.options(AttributionOptions)
    if options.method == "all":
        cells = [
            Pane("map" if method.of_values else "over", name, method.label)
            for name, method in METHODS.items()
        ]
        return Pane("plain", "", "the picture"), *cells
    method = options.method
    first = Pane("over", method, "the map over the picture")
    if covering(scene) is not None:
        first = Pane("covered", method, "the picture with the patch")
    found = [first, Pane("map", method, "the map")]
    if METHODS[method].of_values:
        found.append(Pane("colours", method, "by colour"))
    return tuple(found)


def layout_of(scene: Scene, size: Size) -> Layout:
    rows, columns = photograph(scene).shape[:2]
    network = network_of(scene)
    return arranged(size, columns / rows, len(panes_of(scene)), has_classes(network))


def drawn(scene: Scene, size: Size) -> Words:
    """All that is seen."""
    layout, panes, options = (
        layout_of(scene, size),
        panes_of(scene),
        scene.options(AttributionOptions),
    )
    found = {method: known(scene, method) for method in methods_of(scene)}
    if all(one is None for one in found.values()):
        found = {method: at_once(explain(scene, method)) for method in found}
    said = at_once(answer(scene))
    image = Image.new("RGBA", size, (*lettering.GROUND, 255))
    draw = ImageDraw.Draw(image)
    for pane, box in zip(panes, layout.panes, strict=True):
        _pane(image, scene, options, pane, found.get(pane.method), box)
        if layout.caption:
            room = box[2] - box[0]
            fits = text.width(pane.caption, layout.letters) <= room or pane.kind == "plain"
            brief = pane.caption if fits or options.method != "all" else pane.method
            words = text.shorten(brief, layout.letters, room)
            place = box[0], box[1] - layout.caption
            text.write(draw, place, words, layout.letters, text.DIM)
    first = next(one for one in found.values() if one is not None)
    if layout.head is not None:
        _head(draw, scene, layout, first, said)
    if layout.bars is not None:
        _bars(draw, scene, layout, first, said)
    if layout.legend is not None:
        _legend(image, draw, scene, layout, first)
    return np.asarray(image)


def _pane(
    image: Image.Image,
    scene: Scene,
    options: AttributionOptions,
    pane: Pane,
    found: Explained | None,
    box: Box,
) -> None:
    """Draw a pane."""
    size = box[2] - box[0], box[3] - box[1]
    if pane.kind == "plain":
        pixels = resized(photograph(scene), size)
    elif found is None:
        image.paste((*WAITING, 255), box)
        return
    elif pane.kind == "covered":
        pixels = _covered(scene, size)
    else:
        values = enlarged(found.map, size)
        reach = found.reach(options.percentile)
        if pane.kind == "over":
            pixels = laid(resized(photograph(scene), size), values, reach, options.mix)
        elif pane.kind == "map":
            pixels = quantise(diverging.tinted(values, reach))
        else:
            pixels = _colours(scene, found, options, size)
    image.paste(Image.fromarray(np.ascontiguousarray(pixels)), box[:2])
    marks = ImageDraw.Draw(image)
    edge = max(1, min(image.size) // 400)
    if covering(scene) is not None and pane.kind in ("map", "covered"):
        rows, columns = network_of(scene).size
        _outline(marks, _scaled(cover_box(scene), (columns, rows), box), edge)
    target = found.target if found is not None else None
    if target is not None and target.place is not None and pane.kind in ("over", "map"):
        rows, columns = network_of(scene).size
        seen = network_of(scene).receptive_field(target.stage).box(*target.place)
        _outline(marks, _scaled(seen, (columns, rows), box), edge)


def _scaled(part: Box, size: Size, box: Box) -> Box:
    """A part of the network's input, of `size`, in a pane's box, clipped to it."""
    left, top, right, bottom = box
    across, down = (right - left) / size[0], (bottom - top) / size[1]
    return (
        max(left, left + round(part[0] * across)),
        max(top, top + round(part[1] * down)),
        min(right, left + round(part[2] * across)),
        min(bottom, top + round(part[3] * down)),
    )


def _outline(draw: ImageDraw.ImageDraw, box: Box, edge: int) -> None:
    """A frame inside a box, light on dark."""
    left, top, right, bottom = box[0], box[1], box[2] - 1, box[3] - 1
    if right - left < 4 * edge or bottom - top < 4 * edge:
        x, y, r = (left + right) // 2, (top + bottom) // 2, 3 * edge
        left, top, right, bottom = x - r, y - r, x + r, y + r
    outer = left - edge, top - edge, right + edge, bottom + edge
    draw.rectangle(outer, outline=(12, 14, 18, 255), width=3 * edge)
    draw.rectangle((left, top, right, bottom), outline=FRAME, width=edge)


def resized(pixels: Pixels, size: Size) -> Pixels:
    """Pixels at another size."""
    how = Image.Resampling.BICUBIC if size[0] > pixels.shape[1] else Image.Resampling.LANCZOS
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).resize(size, how))


def enlarged(values: Float32, size: Size) -> Float32:
    """A map at another size, smooth where it is enlarged; within its own limits."""
    image = Image.fromarray(np.ascontiguousarray(values, np.float32))
    times = size[0] / values.shape[1]
    how = Image.Resampling.BICUBIC if times > SMOOTH else Image.Resampling.BILINEAR
    if times < 1:
        how = Image.Resampling.BOX
    found = np.asarray(image.resize(size, how), np.float32)
    return np.asarray(np.clip(found, values.min(), values.max()))


def laid(photo: Pixels, values: Float32, reach: float, mix: float) -> Pixels:
    """A map over a photograph of the same size: opaque where it is large, clear where it is 0.

    mix: from 0, the photograph, to 1, the map. In between the photograph loses some colour.
    """
    if mix <= 0:
        return photo
    if mix >= 1:
        return quantise(diverging.tinted(values, reach))
    place = values * np.float32(diverging.STEPS / reach)
    place += np.float32(diverging.STEPS + 0.5)
    np.clip(np.nan_to_num(place, copy=False), 0, 2 * diverging.STEPS, out=place)
    veil = Image.fromarray(_veil(mix).take(place.astype(np.uint16), 0))
    kept = 1 - GREYED * mix
    rows = [
        [GREYED * mix * part + kept * (a == b) for b, part in enumerate(LUMA)] for a in range(3)
    ]
    below = Image.fromarray(photo).convert("RGB", tuple(c for row in rows for c in (*row, 0)))
    below.paste(veil, mask=veil)
    return np.asarray(below)


@lru_cache(maxsize=16)
def _veil(mix: float) -> Pixels:
    """For each place of the palette its colour over a photograph, and its opacity.

    Faint values are clear, not white: their colour is between the palette's and that of its end.
    """
    colors, places = diverging.palette(), np.arange(-diverging.STEPS, diverging.STEPS + 1)
    opaque = (np.abs(places) / diverging.STEPS) ** ((1 - mix) / mix)
    ends = np.where(places[:, None] < 0, colors[0], colors[-1])
    return quantise(
        np.concatenate([(colors + ends) / 2, opaque[:, None]], axis=1, dtype=np.float32)
    )


def _colours(scene: Scene, found: Explained, options: AttributionOptions, size: Size) -> Pixels:
    """What the method gives for each colour, around mid grey."""
    assert found.values is not None
    planes = scene.preset.preprocess.planes
    reach = found.reach(options.percentile, colours=True)
    return resized(quantise(tinted_input(found.values, planes, reach)), size)


def _covered(scene: Scene, size: Size) -> Pixels:
    """The picture with the patch that stays."""
    pixels = resized(photograph(scene), size).copy()
    rows, columns = network_of(scene).size
    left, top, right, bottom = _scaled(cover_box(scene), (columns, rows), (0, 0, *size))
    patched = resized(scene.preset.preprocess.pixels(covered_picture(scene)), size)
    pixels[top:bottom, left:right] = patched[top:bottom, left:right]
    return pixels


def title(scene: Scene, found: Explained, said: Answer) -> tuple[str, ...]:
    """What is explained, in words: the longest form first."""
    network, target = network_of(scene), found.target
    number = text.significant(score_of(scene, found), 3)
    if scene.options(AttributionOptions).of == "class" and has_classes(network):
        name = network.class_name(target.channel)
        share = percent(float(said.shares[target.channel]))
        return f"{name}: score {number}, share {share}", f"{name}: {share}", name
    stage = network.stages[target.stage]
    name = f"{stage.name}, channel {target.channel + 1}"
    return f"{name} of {stage.shape.channels}: {number}", f"{name}: {number}", name


def score_of(scene: Scene, found: Explained) -> float:
    """The number that is explained."""
    from cppn_gl.views.vision.passes import pass_at_once

    return found.target.value(pass_at_once(scene))


def where_words(found: Explained) -> str:
    """Which places of its channel are explained."""
    if found.target.place is None:
        return ""
    row, column = found.target.place
    return f"at row {row + 1}, column {column + 1} of its channel"


def _head(
    draw: ImageDraw.ImageDraw, scene: Scene, layout: Layout, found: Explained, said: Answer
) -> None:
    assert layout.head is not None
    left, top, right, _ = layout.head
    room, small = right - left, layout.letters
    large = round(1.2 * small)
    forms = title(scene, found, said)
    words = next((form for form in forms if text.width(form, large, "bold") <= room), forms[-1])
    text.write(draw, (left, top), text.shorten(words, large, room, "bold"), large, style="bold")
    method = scene.options(AttributionOptions).method
    label = "all methods, each with its own scale"
    if method != "all":
        label = f"{METHODS[method].label}: {METHODS[method].meaning}"
        if where := where_words(found):
            label += f"; {where}"
    if (after := _after(scene)) is not None and after.top:
        best = after.top[0]
        share = percent(float(after.shares[best]))
        label = f"with the patch: {network_of(scene).class_name(best)}, {share}"
    label = text.shorten(label, small, room)
    text.write(draw, (left, top + text.line_height(large)), label, small, text.DIM)


def listed(scene: Scene, said: Answer, after: Answer | None) -> list[int]:
    """The classes with bars: the most probable ones; with a patch, that of the covered picture."""
    found = said.top
    if after is not None and after.top[0] not in found:
        found = [*found[:-1], after.top[0]]
    return found


def bar_boxes(layout: Layout, count: int) -> list[Box]:
    """The boxes of the bars of classes, as many as fit."""
    assert layout.bars is not None
    left, top, right, bottom = layout.bars
    pitch, top = round(PITCH * layout.line), top + round(1.2 * layout.line)
    gap = max(1, pitch // 8)
    fit = min(count, (bottom - top + gap) // pitch)
    return [(left, top + k * pitch, right, top + (k + 1) * pitch - gap) for k in range(fit)]


def _after(scene: Scene) -> Answer | None:
    return None if covering(scene) is None else at_once(answer(scene, covered=True))


def _bars(
    draw: ImageDraw.ImageDraw, scene: Scene, layout: Layout, found: Explained, said: Answer
) -> None:
    """The most probable classes with their shares; with a patch, before and with it."""
    assert layout.bars is not None
    small, after, network = layout.letters, _after(scene), network_of(scene)
    left, top, right, _ = layout.bars
    words = "what the network sees" if after is None else "before, and with the patch"
    text.write(draw, (left, top), text.shorten(words, small, right - left), small, text.DIM)
    rows = listed(scene, said, after)
    chosen = found.target.channel
    if scene.options(AttributionOptions).of != "class":
        chosen = -1
    for index, box in zip(rows, bar_boxes(layout, len(rows)), strict=False):
        style, ink = ("bold", text.WHITE) if index == chosen else ("regular", text.DIM)
        shares = [float(said.shares[index])]
        if after is not None:
            shares.append(float(after.shares[index]))
        told = " → ".join(percent(share) for share in shares)
        x, y, end, base = box
        draw.rectangle((x, y, end - 1, base - 1), fill=TROUGH)
        pad, first, last = max(2, small // 3), x, end
        if after is not None:  # no words over two bars
            first = x + round(NAMES * (end - x))
            last = round(end - 2 * pad - text.width("100 % → 100 %", small, style))
        for number, share in enumerate(shares):
            wide = round(min(max(share, 0.0), 1.0) * (last - first))
            low = y + (base - y) * number // len(shares)
            high = y + (base - y) * (number + 1) // len(shares)
            if wide:
                fill = AFTER if number else BAR
                draw.rectangle((first, low, first + wide - 1, high - 1), fill=fill)
        middle = (y + base) / 2
        room = end - x - 3 * pad - text.width(told, small, style)
        room = room if after is None else first - x - 2 * pad
        name = text.shorten(network.class_name(index), small, room, style)
        text.write(draw, (x + pad, middle), name, small, ink, style, "lm")
        text.write(draw, (end - pad, middle), told, small, ink, style, "rm")
        if index == chosen:
            lettering.frame(draw, box, max(1, small // 10), ACCENT)


def _legend(
    image: Image.Image, draw: ImageDraw.ImageDraw, scene: Scene, layout: Layout, found: Explained
) -> None:
    """The colour scale with numbers, its percentile, and what the method says of itself."""
    assert layout.legend is not None
    small, line, options = layout.letters, layout.line, scene.options(AttributionOptions)
    left, top, right, bottom = layout.legend
    wide = min(right - left, 24 * small)
    signed = bool((found.map < 0).any()) or options.method == "all"
    reach = found.reach(options.percentile)
    colors = diverging.palette() if signed else diverging.palette()[diverging.STEPS :]
    places = np.linspace(0, len(colors) - 1, wide).round().astype(int)
    high = max(3, line * 2 // 3)
    bar = np.broadcast_to(quantise(colors[places]), (high, wide, 3))
    image.paste(Image.fromarray(np.ascontiguousarray(bar)), (left, top))
    below = top + high + max(1, line // 8)
    ends = (-reach, 0.0, reach) if signed else (0.0, reach)
    for number, value in enumerate(ends):
        at = left + wide * number / (len(ends) - 1)
        anchor = "l" if not number else "r" if number == len(ends) - 1 else "m"
        word = short(value)
        if options.method == "all":
            word = ("against it", "0", "for it")[number]
        text.write(draw, (at, below), word, small, text.WHITE, anchor=f"{anchor}a")
    whose = "each map's" if options.method == "all" else "the"
    notes = [f"full colour: the {options.percentile:g}th percentile of {whose} magnitudes"]
    if options.method != "all" and found.note:
        notes.append(found.note)
    y = below + line * 1.15
    for note in notes:
        for words in text.wrap(note, small, right - left):
            if y + line > bottom + 1:
                return
            text.write(draw, (left, y), words, small, text.DIM)
            y += line


def hit_at(scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
    """What is at a pixel; a click chooses a class, a place, a method, or where the patch is."""
    layout, options = layout_of(scene, size), scene.options(AttributionOptions)
    if layout.bars is not None and holds(layout.bars, place):
        return _class_hit(scene, layout, place)
    number = layout.pane_at(place)
    if number is None:
        return None
    pane, at = panes_of(scene)[number], within(layout.panes[number], place)
    if options.method == "all":
        if not pane.method:
            return None
        words = f"{pane.caption}: {METHODS[pane.method].meaning}"
        return Hit(words, changes={"attribution.method": pane.method})
    found = known(scene, pane.method)
    words = "" if found is None else value_words(found, at)
    if options.method == "occlusion":
        near = options.cover is not None and _near(options.cover[:2], at)
        if near:
            return Hit(
                f"{words}; a click takes the patch away", changes={"attribution.cover": None}
            )
        side = options.patch if options.cover is None else options.cover[2]
        keys: dict[str, Any] = {"attribution.cover": (*_tidy(at), side)}
        return Hit(f"{words}; a click covers this", changes=keys)
    if options.where == "place" and _near(options.place, at):
        words += "; a click explains the whole channel"
        return Hit(words, changes={"attribution.where": "channel"})
    keys = {"attribution.where": "place", "attribution.place": _tidy(at)}
    return Hit(f"{words}; a click explains this place", changes=keys)


def _class_hit(scene: Scene, layout: Layout, place: tuple[float, float]) -> Hit | None:
    said, after, network = at_once(answer(scene)), _after(scene), network_of(scene)
    rows = listed(scene, said, after)
    for index, box in zip(rows, bar_boxes(layout, len(rows)), strict=False):
        if holds(box, place):
            name = network.class_name(index)
            words = f"{name}: {percent(float(said.shares[index]))}"
            if after is not None:
                words += f", with the patch {percent(float(after.shares[index]))}"
            keys = {
                "attribution.of": "class",
                "attribution.class_name": class_key(network, index),
            }
            return Hit(words, changes=keys)
    return None


def value_words(found: Explained, at: tuple[float, float]) -> str:
    """The map's value at a point, in words."""
    rows, columns = found.map.shape
    row, column = min(int(at[1] * rows), rows - 1), min(int(at[0] * columns), columns - 1)
    value = float(found.map[row, column])
    if found.method == "occlusion":
        what = "falls" if value >= 0 else "rises"
        return f"covered here, the score {what} by {text.significant(abs(value), 2)}"
    return f"{METHODS[found.method].label} {text.significant(value, 2)}"


def _near(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) < NEAR


def _tidy(at: tuple[float, float]) -> tuple[float, float]:
    return round(at[0], 3), round(at[1], 3)
