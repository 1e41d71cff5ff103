"""Colours of the order_chaos view's map, and what is drawn over it: axes, curves, marks, the dot.

Layout, Coordinates, theory -> Overlay -> an RGBA image
"""

import copy
import functools
import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from PIL import Image, ImageDraw

from cppn_gl.nn.mean_field import MeanField
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.arrays import RGB, Box, Float32, Float64
from cppn_gl.utils.colormaps import SIZE, Palette
from cppn_gl.utils.colormaps import diverging as blue_to_red
from cppn_gl.views import lettering
from cppn_gl.views.plots import plot
from cppn_gl.views.plots.order_chaos_map import Coordinates, Layout, Place, crossing
from cppn_gl.views.slopes.palette import heat
from cppn_gl.views.strokes import Disc, Stroke, layer_of_strokes
from cppn_gl.views.text import DIM, WHITE, shorten, significant, variable, width, write
from cppn_gl.views.ticks import log_ticks, tick_words, ticks

GROUND: RGB = plot.GROUND
FACTOR, CUT = 3.0, 0.04  # growth with the most saturated colour; of the palette, at each end
SHORTEST, LONGEST = 0.5, 100.0  # depth scales with the darkest and the brightest colour
NEAR_EDGE = 0.015  # of the growth, from 1: neither order nor chaos
NARROW = 4.0  # factor between the ends of an axis, below which its ticks are evenly spaced
CURVE: RGB = (14, 16, 22)
PALE: RGB = (250, 250, 248)
DOT: RGB = (255, 206, 84)
INKS = {  # of the words
    "order": (134, 196, 250, 255),
    "edge": (255, 255, 255, 255),
    "chaos": (252, 160, 118, 255),
}
CARD = (*GROUND, 226)
LINE: RGB = (226, 230, 238)
SIGMA_W, SIGMA_B, CHI = variable("σ") + "w", variable("σ") + "b", variable("χ") + "₁"


class Measured(Protocol):
    """What the overlay knows of the subject."""

    @property
    def activation(self) -> str:
        """Of the hidden layers."""

    @property
    def sigmas(self) -> tuple[float, float]:
        """sigma_w and sigma_b at scales 1."""

    @property
    def dot(self) -> Place:
        """log10 of the preset's scales."""

    @property
    def measure(self) -> str:
        """growth or length."""

    def theory(self, place: Place) -> MeanField:
        """What the theory says of a place."""


@functools.cache
def growths() -> Palette:
    """Colours of growth, from FACTOR less to FACTOR more, the middle one for 1."""
    places = np.linspace(CUT, 1 - CUT, SIZE) * (SIZE - 1)
    rows = [np.interp(places, np.arange(SIZE), channel) for channel in blue_to_red().T]
    return np.stack(rows, axis=1).astype(np.float32)


def palette(measure: str) -> tuple[Palette, float, float]:
    """The colours of a measure, and the values of the first and the last one."""
    if measure == "growth":
        return growths(), 1 / FACTOR, FACTOR
    return heat(), SHORTEST, LONGEST


def colors(values: Float32, measure: str) -> Float32:
    """Values above 0 as colours (…, 3)."""
    found, low, high = palette(measure)
    at = np.log(values / np.float32(low)) / np.float32(math.log(high / low))
    place = np.clip(at, 0, 1) * np.float32(len(found) - 1)
    return np.asarray(found[(place + np.float32(0.5)).astype(np.intp)])


def phase(growth: float) -> str:
    """order, edge or chaos, by the growth of a small difference per layer."""
    if abs(growth - 1) < NEAR_EDGE:
        return "edge"
    return "chaos" if growth > 1 else "order"


def times(value: float) -> str:
    """A factor in words: ×1.24."""
    return f"×{value:.2f}" if 0.1 <= value < 100 else f"×{significant(value, 2)}"


def layers(value: float) -> str:
    """A depth scale in words: 8.2 layers."""
    if not value < LONGEST:
        return f"over {LONGEST:.0f} layers"
    return f"{value:.1f} layers" if value < 10 else f"{value:.0f} layers"


def scale_words(place: Place) -> str:
    """A place of the map: weight scale 1.2, bias scale 0.3."""
    weight, bias = (significant(10**at, 3) for at in place)
    return f"weight scale {weight}, bias scale {bias}"


def theory_words(theory: MeanField) -> str:
    """What the theory says of a place, in one line."""
    words = f"in theory {phase(theory.growth)}, √{CHI} = {significant(theory.growth, 3)}"
    return words + (", units grow without bound" if math.isinf(theory.length) else "")


class Overlay:
    """What is drawn over a map, on a transparent image of the picture's size."""

    def __init__(self, of: Layout, at: Coordinates, subject: Measured):
        self.of, self.at, self.subject = of, at, subject
        self.image = lettering.canvas(of.size)
        self.hair = max(1.0, of.font_size / 13)
        self.marked: list[tuple[float, float]] = []

    @property
    def draw(self) -> ImageDraw.ImageDraw:
        return ImageDraw.Draw(self.image)

    def _over(self, box: Box, strokes: Sequence[Stroke], discs: Sequence[Disc] = ()) -> None:
        """Draw lines and discs, clipped to a box."""
        if box[2] > box[0] and box[3] > box[1]:
            layer = layer_of_strokes(box, strokes, discs)
            self.image.alpha_composite(layer, (max(0, box[0]), max(0, box[1])))

    def _inside(self, curve: Float64) -> Float64:
        """Pixels of a curve, interrupted far from the map."""
        places = self.at.pixels(np.clip(np.nan_to_num(curve, neginf=-1e4, posinf=1e4), -1e4, 1e4))
        places[~np.isfinite(curve).any(axis=1)] = np.nan
        far = 4.0 * max(self.of.size)
        return np.asarray(np.clip(places, -far, far))

    def curve(self, curve: Float64) -> None:
        """The edge in theory, dark with a pale rim, crisp on any ground."""
        line = self._inside(curve)
        wide = 1.9 * self.hair
        rim = Stroke(line, PALE, wide + 2 * self.hair, opacity=0.85)
        self._over(self.of.box, [rim, Stroke(line, CURVE, wide)])

    def other_curves(self, curves: Mapping[str, Float64]) -> None:
        """Thin curves of other activations."""
        strokes = []
        for curve in curves.values():
            line = self._inside(curve)
            strokes += [
                Stroke(line, PALE, 2.2 * self.hair, opacity=0.5),
                Stroke(line, CURVE, self.hair),
            ]
        if strokes:
            self._over(self.of.box, strokes)

    def names(self, curves: Mapping[str, Float64]) -> None:
        """The names of other activations' curves, one below the other, each on its curve."""
        left, top, right, bottom = self.of.box
        lines = {name: self._inside(curve) for name, curve in curves.items()}
        size = max(8, round(0.85 * self.of.font_size))
        row = top + 0.75 * self.of.line
        for names in _alike(lines, row):
            x, words = _across(lines[names[0]], row), ", ".join(names)
            if not left < x < right or row > bottom - self.of.line:
                continue
            half = width(words, size) / 2 + size / 2
            x = min(max(x, left + half), right - half)
            box = (x - half, row - 0.6 * size, x + half, row + 0.75 * size)
            self.draw.rounded_rectangle(box, radius=size // 3, fill=(*GROUND, 215))
            write(self.draw, (x, row), words, size, WHITE, anchor="mm")
            row += 1.25 * self.of.line

    def lines(self, marks: Sequence[Place]) -> None:
        """Lines from the small pictures to their marks, frames, and the marks."""
        if not marks:
            return
        strokes, discs = [], []
        places = self.at.pixels(np.array(marks))
        self.marked = [(float(x), float(y)) for x, y in places]
        for box, place in zip(self.of.pictures, places, strict=True):
            start = _nearest(box, self.of)
            ends = np.array([start, place])
            strokes.append(Stroke(ends, CURVE, 2.6 * self.hair, opacity=0.35))
            strokes.append(Stroke(ends, LINE, 1.1 * self.hair, opacity=0.9))
            at = (float(place[0]), float(place[1]))
            discs += [Disc(at, 3.2 * self.hair, CURVE), Disc(at, 2.2 * self.hair, PALE)]
        self._over((0, 0, *self.of.size), strokes, discs)
        for box in self.of.pictures:
            lettering.frame(self.draw, box, max(1, round(self.hair)), (*LINE, 150))

    def captions(self, values: Sequence[float]) -> None:
        """Below each small picture, what its place is."""
        size = max(8, round(0.88 * self.of.font_size))
        for number, (box, value) in enumerate(zip(self.of.pictures, values, strict=False)):
            if self.subject.measure == "growth":
                word, rest = phase(value), times(value)
                at_edge = (0, 3) if self.of.upright else (1, 5)
                if number in at_edge and abs(value - 1) < 0.12:
                    word = "edge"
            else:
                word, rest = "", layers(value)
            x, y = box[0], box[3] + round(0.15 * self.of.line)
            if word:
                write(self.draw, (x, y), word, size, INKS[word], "bold")
                x += round(width(word + " ", size, "bold"))
            write(self.draw, (x, y), shorten(rest, size, box[2] - x), size, DIM)

    def regions(self, curve: Float64) -> None:
        """The words order and chaos on the map, at both sides of the edge."""
        if self.subject.measure != "growth":
            return
        left, right, bottom, top = self.at.limits(self.of.box)
        middle = (bottom + top) / 2
        at = crossing(curve, middle)
        size = round(1.7 * self.of.font_size)
        least = 6 * size * self.at.scale
        row = top - 0.52 * (top - bottom)
        if at is None or not left < at < right:
            if at is None:
                return
            at = min(max(at, left), right)
        for word, low, high in (("order", left, at), ("chaos", at, right)):
            if high - low < least:
                continue
            x, y = self.at.pixels(np.array([[(low + high) / 2, row]]))[0]
            half = width(word, size)
            self.marked += [(float(x + by), float(y)) for by in (-half / 2, half / 2)]
            spaced = "\u2009".join(word.upper())
            write(self.draw, (x + 1, y + 1), spaced, size, (*CURVE, 120), "bold", "mm")
            write(self.draw, (x, y), spaced, size, (255, 255, 255, 235), "bold", "mm")

    def axes(self) -> None:
        """Scales below and at the left; sigma_w and sigma_b above and at the right."""
        of = self.of
        left, top, right, bottom = of.box
        lettering.frame(self.draw, of.box, 1, (*plot.AXIS, 255))
        low_x, high_x, low_y, high_y = self.at.limits(of.box)
        small = max(8, round(0.88 * of.font_size))
        axes = [(1.0, 1.0, False)]
        if of.dual:
            axes.append((*self.subject.sigmas, True))
        for across, along, second in axes:
            for x, word in self._ticks(low_x, high_x, across, right - left, 4.2 * small):
                end = top if second else bottom
                by = -1 if second else 1
                self.draw.line((x, end, x, end + by * small // 3), fill=(*plot.AXIS, 255))
                place = (x, end + by * small // 2)
                write(self.draw, place, word, small, DIM, anchor="md" if second else "ma")
            for y, word in self._ticks(low_y, high_y, along, bottom - top, 2.4 * small):
                y = bottom + top - y + left - top  # _ticks counts from the left, and to the right
                end, by = (right, 1) if second else (left, -1)
                self.draw.line((end, y, end + by * small // 3, y), fill=(*plot.AXIS, 255))
                beside = (end + by * small // 2, y)
                write(self.draw, beside, word, small, DIM, anchor="lm" if second else "rm")
        below = bottom + small // 2 + round(1.05 * of.line)
        if of.size[1] - below >= 0.9 * of.line:
            write(
                self.draw, ((left + right) / 2, below), "weight scale →", small, WHITE, anchor="ma"
            )
            words = "↑ bias scale"
            x = left - 3.0 * small
            write(self.draw, (x, below), words, small, WHITE, anchor="la")
        if of.dual:
            above = (left - round(1.7 * small), top - small // 2)  # beside the first tick
            write(self.draw, above, SIGMA_W, small, WHITE, anchor="rd")
            under = right + small // 2, bottom + small // 2
            write(self.draw, under, SIGMA_B, small, WHITE, anchor="la")

    def _ticks(
        self, low: float, high: float, factor: float, pixels: int, apart: float
    ) -> list[tuple[float, str]]:
        """Places in pixels from the map's left, and words, of round values · factor."""
        ends = 10 ** max(low, -9.0) * factor, 10 ** min(high, 6.0) * factor
        if not ends[0] < ends[1]:
            return []
        part = math.log10(ends[1] / ends[0]) / (high - low)  # of the side
        most, near = max(2, int(part * pixels / apart)), ends[1] < NARROW * ends[0]
        values = ticks(*ends, most) if near else log_ticks(*ends, most)
        words = tick_words(values, log=not near)
        start = self.of.box[0]
        found = []
        for value, word in zip(values, words, strict=True):
            at = (math.log10(value / factor) - low) / (high - low)
            found.append((start + at * pixels, word))
        return found

    def title(self, preset: Preset) -> None:
        """What is shown, above the map."""
        of, subject = self.of, self.subject
        what = "growth of a small difference" if subject.measure == "growth" else "depth scale"
        words = [f"Order and chaos: {subject.activation}, {preset.spec.summary}"]
        words += [f"Order and chaos: {subject.activation}", subject.activation]
        room = self._scale_box()[0] - of.edge - of.font_size
        if of.size[0] < 480:
            words = [f"{subject.activation}: {what}", what, "growth"]
        line = next((w for w in words if width(w, of.font_size, "bold") <= room), "")
        write(self.draw, (of.edge, of.edge), line, of.font_size, WHITE, "bold")

    def _scale_box(self) -> Box:
        """The box of the colour scale, at the top right."""
        of = self.of
        long = round(min(12.0 * of.font_size, 0.34 * of.size[0]))
        right = of.size[0] - of.edge - round(1.6 * of.font_size)
        top = of.edge + round(0.1 * of.line)
        return right - long, top, right, top + max(4, round(0.5 * of.line))

    def scale(self) -> None:
        """The colour scale with numbers, and what it is a scale of."""
        of = self.of
        found, low, high = palette(self.subject.measure)
        left, top, right, bottom = self._scale_box()
        across = np.linspace(0, len(found) - 1, right - left).round().astype(int)
        row = np.round(found[across] * 255).astype(np.uint8)
        bar = np.broadcast_to(row, (bottom - top, *row.shape))
        self.image.paste(Image.fromarray(np.ascontiguousarray(bar)).convert("RGBA"), (left, top))
        small = max(8, round(0.8 * of.font_size))
        growth = self.subject.measure == "growth"
        for value in (0.4, 1.0, 2.5) if growth else (1.0, 10.0, 100.0):
            x = left + math.log(value / low) / math.log(high / low) * (right - left)
            word = f"×{value:g}" if growth else f"{value:g}"
            write(self.draw, (x, bottom + 1), word, small, DIM, anchor="ma")
        long = (
            "growth of a small difference, per layer"
            if growth
            else "layers until correlations settle"
        )
        brief = "growth per layer" if growth else "depth scale, layers"
        title = "Order and chaos: " + self.subject.activation
        room = left - of.edge - 2 * of.font_size - width(title, of.font_size, "bold")
        words = next((w for w in (long, brief) if width(w, small) <= room), "")
        write(self.draw, (left - 0.7 * small, (top + bottom) / 2), words, small, DIM, anchor="rm")

    def with_dot(self, subject: Measured, value: float) -> Image.Image:
        """A copy with the dot of another preset, at which the map has a value."""
        over = copy.copy(self)
        over.subject, over.image = subject, self.image.copy()
        over.dot(value)
        return over.image

    def dot(self, value: float) -> None:
        """The preset's network: a dot, or an arrow towards it at the map's edge, and its words."""
        left, top, right, bottom = self.of.box
        away = np.clip(np.nan_to_num(np.array([self.subject.dot]), neginf=-1e4), -1e4, 1e4)
        x, y = self.at.pixels(away)[0]
        radius = max(2.5, 0.42 * self.of.font_size)
        inset = 2.2 * radius
        place = min(max(x, left + inset), right - inset), min(max(y, top + inset), bottom - inset)
        inside = left <= x <= right and top <= y <= bottom
        if inside:
            place = float(x), float(y)
        rings = [Disc(place, radius * k, ink) for k, ink in
                 ((1.55, CURVE), (1.3, PALE), (0.98, CURVE), (0.8, DOT))]  # fmt: skip
        strokes = []
        if not inside:
            to = np.array([x - place[0], y - place[1]])
            to /= max(float(np.hypot(*to)), 1e-9)
            side = np.array([-to[1], to[0]])
            tip = np.array(place) + 2.0 * radius * to
            head = np.array([tip - radius * (to + side), tip, tip - radius * (to - side)])
            strokes = [Stroke(head, CURVE, 4 * self.hair), Stroke(head, DOT, 2 * self.hair)]
        near = math.ceil(4 * radius)
        around = (
            max(left, round(place[0]) - near),
            max(top, round(place[1]) - near),
            min(right, round(place[0]) + near),
            min(bottom, round(place[1]) + near),
        )
        self._over(around, strokes, rings)
        if self.of.worded:
            self._dot_card(place, radius, value)

    def _dot_card(self, place: tuple[float, float], radius: float, value: float) -> None:
        of = self.of
        left, _, right, _ = of.box
        size = of.font_size
        small = max(8, round(0.88 * size))
        room = min(0.62 * (right - left), 24 * size)
        heads, lines = self._dot_words(value)
        head = next((w for w in heads if width(w[1], size, "bold") <= room), heads[-1])
        told = [next((w for w in one if width(w, small) <= room), "") for one in lines]
        told = [w for w in told if w] if of.size[1] >= 240 else []
        pad = round(0.5 * size)
        wide = max([width(head[1], size, "bold"), *(width(w, small) for w in told)]) + 2 * pad
        high = round((0.95 + 0.85 * len(told)) * of.line) + pad
        x, y = self._card_corner(place, 2.2 * radius, wide, high)
        self.draw.rounded_rectangle((x, y, x + wide, y + high), radius=pad, fill=CARD)
        y += pad / 2
        write(self.draw, (x + pad, y), head[1], size, INKS.get(head[0], WHITE), "bold")
        for k, words in enumerate(told):
            write(self.draw, (x + pad, y + (0.98 + 0.85 * k) * of.line), words, small, DIM)

    def _card_corner(
        self, place: tuple[float, float], gap: float, wide: float, high: float
    ) -> tuple[float, float]:
        """Where a card beside the dot covers the fewest marks, and is inside the map."""
        left, top, right, bottom = self.of.box
        found: list[tuple[bool, int, int, float, float]] = []
        for across, down in ((1, 1), (-1, 1), (1, -1), (-1, -1)):
            x = place[0] + gap if across > 0 else place[0] - gap - wide
            y = place[1] + gap if down > 0 else place[1] - gap - high
            inside = left + 2 <= x <= right - 2 - wide and top + 2 <= y <= bottom - 2 - high
            x = min(max(x, left + 2), right - 2 - wide)
            y = min(max(y, top + 2), bottom - 2 - high)
            covered = sum(x - 8 < a < x + wide + 8 and y - 8 < b < y + high + 8
                          for a, b in self.marked)  # fmt: skip
            found.append((not inside, covered, len(found), x, y))
        return min(found)[3:]

    def _dot_words(self, value: float) -> tuple[list[tuple[str, str]], list[list[str]]]:
        """The card's first line, in several lengths with its kind, and the other lines."""
        subject = self.subject
        theory = subject.theory(subject.dot)
        weight, bias = (
            significant(10**at * sigma, 3)
            for at, sigma in zip(subject.dot, subject.sigmas, strict=True)
        )
        place = f"{SIGMA_W} = {weight}, {SIGMA_B} = {bias}"
        endless = math.isinf(theory.length)
        if subject.measure == "growth":
            kind, factor = phase(value), times(value)
            does = {"order": "shrink", "chaos": "grow", "edge": "persist"}[kind]
            heads = [f"{kind}: differences {does}, {factor}", f"{kind}: {factor}", factor]
            says = f"per layer; theory {times(theory.growth)}, {CHI} = {significant(theory.chi, 3)}"
        else:
            kind = ""
            heads = [f"correlations settle in {layers(value)}", layers(value)]
            known = theory.correlation_scale
            says = "in theory none: units grow without bound" if math.isnan(known) else ""
            says = says or f"in theory {layers(known)}, {CHI} = {significant(theory.chi, 3)}"
        lines = [[says], [place]]
        if endless and subject.measure == "growth":
            lines.append(["in theory units grow without bound"])
        return [(kind, words) for words in heads], lines


def _nearest(box: Box, of: Layout) -> tuple[float, float]:
    """The middle of the side of a small picture that faces the map."""
    left, top, right, bottom = box
    if of.upright:
        return (right if left < of.box[0] else left), (top + bottom) / 2
    return (left + right) / 2, (bottom if top < of.box[1] else top)


def _across(line: Float64, row: float) -> float:
    """Where a curve that rises, in pixels, crosses a row; -1 where it does not."""
    good = line[np.isfinite(line).all(axis=1)]
    if not len(good) or not good[:, 1].min() <= row <= good[:, 1].max():
        return -1.0
    return float(np.interp(-row, -good[:, 1], good[:, 0]))


def _alike(lines: Mapping[str, Float64], row: float) -> list[list[str]]:
    """Names of curves in order of where they cross a row; those within two pixels together."""
    at = {name: _across(line, row) for name, line in lines.items()}
    groups: list[list[str]] = []
    for name in sorted(at, key=lambda name: at[name]):
        if groups and at[name] - at[groups[-1][0]] < 2:
            groups[-1].append(name)
        else:
            groups.append([name])
    return groups
