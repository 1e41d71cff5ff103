"""The classes that a network is most sure of, and the histogram of a layer's values.

probabilities, names -> ranked() -> [Guess] -> painted as bars, with names and shares as text
values -> histogram() -> painted as columns: the layer, and in front of it one channel
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import ImageDraw

from cppn_gl.utils.arrays import Box, Float32, Float64
from cppn_gl.views.text import DIM, WHITE, line_height, shorten, width, write
from cppn_gl.views.vision.board import BAR
from cppn_gl.views.vision.grid import TileGrid
from cppn_gl.views.vision.shades import Shade

FIRST = np.array([0.20, 0.42, 0.66], np.float32)  # the most probable class
OTHER = np.array([0.17, 0.25, 0.35], np.float32)
TROUGH = np.array([0.075, 0.085, 0.105], np.float32)
LAYER = np.array([0.26, 0.29, 0.35], np.float32)
CHANNEL = np.array([0.97, 0.62, 0.36], np.float32)
BINS = 130  # at most, of three pixels at least
COUNTED = 2**17  # values of a layer, at most


@dataclass(frozen=True)
class Guess:
    """A class, from 0, its name, and its share, from 0 to 1."""

    index: int
    name: str
    share: float


def ranked(probabilities: Float64, names: tuple[str, ...], count: int) -> list[Guess]:
    """The `count` most probable classes, the first of equal ones first."""
    order = np.argsort(-probabilities, kind="stable")[:count]
    return [
        Guess(int(k), names[k] if k < len(names) else f"class {k + 1}", float(probabilities[k]))
        for k in order
    ]


def bar_boxes(box: Box, count: int, font_size: int) -> list[Box]:
    """The boxes of `count` bars in a box, one below another, as many as fit."""
    left, top, right, bottom = box
    pitch = round(BAR * line_height(font_size))
    fit = max(0, min(count, (bottom - top + 1) // pitch))
    gap = max(1, pitch // 8)
    return [(left, top + k * pitch, right, top + (k + 1) * pitch - gap) for k in range(fit)]


def paint_bars(picture: Float32, boxes: list[Box], shares: list[float]) -> None:
    """A bar for each share, as long as that part of its box."""
    for number, ((left, top, right, bottom), share) in enumerate(zip(boxes, shares, strict=False)):
        end = left + round(min(max(0.0, share), 1.0) * (right - left))  # 0 of NaN
        picture[top:bottom, left:right] = TROUGH
        picture[top:bottom, left:end] = OTHER if number else FIRST


def write_bars(
    draw: ImageDraw.ImageDraw, boxes: list[Box], guesses: list[Guess], font_size: int
) -> None:
    """The names of the classes and their shares, over the bars."""
    for number, ((left, top, right, bottom), guess) in enumerate(zip(boxes, guesses, strict=False)):
        ink, middle = (DIM if number else WHITE), (top + bottom) / 2
        share, pad = percent(guess.share), max(2, font_size // 3)
        room = right - left - 3 * pad - width(share, font_size)
        name = shorten(guess.name, font_size, room)
        write(draw, (left + pad, middle), name, font_size, ink, anchor="lm")
        write(draw, (right - pad, middle), share, font_size, ink, anchor="rm")


def percent(share: float) -> str:
    """A share in percent: "49 %", "0.5 %", "< 0.1 %"; "NaN"."""
    value = 100 * share
    if math.isnan(value):
        return "NaN"
    if value >= 9.95:
        return f"{value:.0f} %"
    return f"{value:.1f} %" if value >= 0.05 or value == 0 else "< 0.1 %"


def listed(count: int, box: Box, font_size: int) -> TileGrid | None:
    """Bars of single numbers, one below another; None if there are too many for a box."""
    left, top, right, bottom = box
    pitch = round(BAR * line_height(font_size))
    if count * pitch > bottom - top:
        return None
    gap = max(1, pitch // 8)
    return TileGrid(count, 1, (right - left, pitch - gap), gap, left, top)


def paint_values(picture: Float32, boxes: list[Box], values: Float32) -> None:
    """A bar for each value, from where 0 is: to the left if it is negative."""
    low, high = span_of(values)
    for (left, top, right, bottom), value in zip(boxes, values.tolist(), strict=True):
        zero, end = (round((x - low) / (high - low) * (right - left)) for x in (0.0, value))
        picture[top:bottom, left:right] = TROUGH
        picture[top:bottom, left + min(zero, end) : left + max(zero, end)] = (
            OTHER if value < 0 else FIRST
        )


def histogram(values: Float32, bins: int, span: tuple[float, float]) -> Float64:
    """The number of values in each of `bins` over a span; those that are 0 or not finite apart."""
    kept = values[np.isfinite(values) & (values != 0)]
    return np.asarray(np.histogram(kept, bins, span)[0], np.float64)


def span_of(values: Float32) -> tuple[float, float]:
    """The axis of a histogram: from the least value, or 0, to the largest."""
    finite = values[np.isfinite(values)]
    low, high = float(finite.min(initial=0.0)), float(finite.max(initial=0.0))
    return low, high if high > low else low + 1


def paint_histogram(
    picture: Float32, box: Box, layer: Float32, channel: Float32, shade: Shade
) -> None:
    """The layer's values as grey columns, the channel's as a bright line, their colours below.

    Heights are roots of the numbers, so that rare large values are seen.
    """
    left, top, right, bottom = box
    ramp = max(2, (bottom - top) // 8)
    bottom -= ramp
    wide, high = right - left, bottom - top
    bins = max(4, min(wide // 3, BINS))
    span = span_of(layer)
    some = layer.reshape(-1)[:: max(1, layer.size // COUNTED)]
    at = np.minimum(np.arange(wide) * bins // wide, bins - 1)
    row = np.arange(high)[:, None]
    picture[top:bottom, left:right] = TROUGH
    field = picture[top:bottom, left:right]
    for values, color in ((some, LAYER), (channel.reshape(-1), CHANNEL)):
        counts = np.sqrt(histogram(values, bins, span))
        level = high - np.round(counts / max(float(counts.max()), 1) * (high - 2)).astype(int)[at]
        if color is LAYER:
            field[row >= level] = color
            continue
        before = np.concatenate([[high], level[:-1]])
        low, up = np.maximum(before, level), np.minimum(before, level)
        thick = max(1, high // 60)
        field[(row >= up - thick) & (row < np.maximum(low, up + 1)) & (row < high)] = color
    line = shade.colors(np.linspace(*span, wide, dtype=np.float32))
    picture[bottom : bottom + ramp, left:right] = line
