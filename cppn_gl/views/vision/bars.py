"""The classes that a network is most sure of, and the histogram of a layer's values.

probabilities, names -> ranked() -> [Guess] -> painted as bars, with names and shares as text
values -> histogram() -> painted as columns: the layer, and in front of it one channel
"""

from dataclasses import dataclass

import numpy as np
from PIL import ImageDraw

from cppn_gl.utils.arrays import Box, Float32, Float64
from cppn_gl.views.text import DIM, WHITE, line_height, shorten, width, write

BAR = np.array([0.20, 0.42, 0.66], np.float32)  # the most probable class
OTHER = np.array([0.17, 0.25, 0.35], np.float32)
TROUGH = np.array([0.075, 0.085, 0.105], np.float32)
LAYER = np.array([0.26, 0.29, 0.35], np.float32)
CHANNEL = np.array([0.97, 0.62, 0.36], np.float32)
PITCH = 1.3  # lines from bar to bar
BINS = 4  # pixels of a bin


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
    pitch = round(PITCH * line_height(font_size))
    fit = max(0, min(count, (bottom - top + 1) // pitch))
    gap = max(1, pitch // 8)
    return [(left, top + k * pitch, right, top + (k + 1) * pitch - gap) for k in range(fit)]


def paint_bars(picture: Float32, boxes: list[Box], shares: list[float]) -> None:
    """A bar for each share, as long as that part of its box."""
    for number, ((left, top, right, bottom), share) in enumerate(zip(boxes, shares, strict=False)):
        end = left + round(min(max(share, 0.0), 1.0) * (right - left))
        picture[top:bottom, left:right] = TROUGH
        picture[top:bottom, left:end] = OTHER if number else BAR


def write_bars(
    draw: ImageDraw.ImageDraw, boxes: list[Box], guesses: list[Guess], font_size: int
) -> None:
    """The names of the classes and their shares, over the bars."""
    for number, ((left, top, right, bottom), guess) in enumerate(
        zip(boxes, guesses, strict=False)
    ):
        ink, middle = (DIM if number else WHITE), (top + bottom) / 2
        share, pad = percent(guess.share), max(2, font_size // 3)
        room = right - left - 3 * pad - width(share, font_size)
        name = shorten(guess.name, font_size, room)
        write(draw, (left + pad, middle), name, font_size, ink, anchor="lm")
        write(draw, (right - pad, middle), share, font_size, ink, anchor="rm")


def percent(share: float) -> str:
    """A share in percent: "49 %", "0.5 %", "< 0.1 %"."""
    value = 100 * share
    if value >= 9.95:
        return f"{value:.0f} %"
    return f"{value:.1f} %" if value >= 0.05 or value == 0 else "< 0.1 %"


def histogram(values: Float32, bins: int, low: float, high: float) -> Float64:
    """The part of the finite values in each of `bins` from low to high, clipped to these."""
    finite = values[np.isfinite(values)]
    counts = np.histogram(np.clip(finite, low, high), bins, (low, high))[0]
    return np.asarray(counts / max(1, finite.size), np.float64)


def paint_histogram(
    picture: Float32, box: Box, layer: Float32, channel: Float32, span: tuple[float, float]
) -> None:
    """The layer's values as grey columns, the channel's as a bright line over them.

    Heights are roots of the parts, so that rare large values are seen.
    """
    left, top, right, bottom = box
    bins = max(4, (right - left) // BINS)
    edges = np.linspace(left, right, bins + 1).round().astype(int)
    both = [np.sqrt(histogram(one, bins, *span)) for one in (layer, channel)]
    picture[top:bottom, left:right] = TROUGH
    rows = np.arange(bottom, top, -1)[:, None] - bottom + (bottom - top)
    at = np.repeat(np.arange(bins), np.diff(edges))
    for parts, color, filled in ((both[0], LAYER, True), (both[1], CHANNEL, False)):
        high = np.round(parts / max(float(parts.max()), 1e-12) * (bottom - top)).astype(int)
        level = bottom - top - high[at]
        row = np.arange(bottom - top)[:, None]
        if filled:
            shown = row >= level
        else:
            before = np.concatenate([level[:1], level[:-1]])
            low, top_ = np.maximum(before, level), np.minimum(before, level)
            shown = (row >= np.maximum(top_ - 1, 0)) & (row <= np.minimum(low, bottom - top - 1))
        del rows
        rows = row
        picture[top:bottom, left:right][shown] = color
