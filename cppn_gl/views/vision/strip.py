"""The strip of all layers: a small picture of each, in groups by module.

Pass -> thumbnails: the mean of each layer's channels -> painted over the strip's cells
names "fire2/expand1x1" -> groups "fire2" -> heads above the cells
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import ImageDraw

from cppn_gl.utils.arrays import Box, Float32, Size
from cppn_gl.views.text import DIM, MIN_FONT, WHITE, shorten, width, write
from cppn_gl.views.vision.resampling import nearest, resampled
from cppn_gl.views.vision.shades import STEPS, ember

BETWEEN = 0.22  # of a cell, between groups
LEAST, GAP = 6, 0.06  # pixels of a cell, and of it the gap to the next
CELLS = 0.75  # of the strip's height in its cells, below the heads of several rows


@dataclass(frozen=True)
class Strip:
    """The cells of layers, by layer from 0, and the heads: (name, left, right, bottom)."""

    cells: tuple[Box, ...]
    heads: tuple[tuple[str, int, int, int], ...]

    def at(self, place: tuple[float, float]) -> int | None:
        """The layer, from 0, whose cell contains a pixel."""
        return next((k for k, box in enumerate(self.cells) if _near(box, place)), None)


def _near(box: Box, place: tuple[float, float]) -> bool:
    return box[0] <= place[0] < box[2] and box[1] <= place[1] < box[3]


def group_of(name: str) -> str:
    """The module of a layer's name: "fire2" of "fire2/expand1x1"; the name itself without one."""
    for mark in ("/", "."):
        head, found, _ = name.partition(mark)
        if found:
            return head
    return name


def groups(names: tuple[str, ...]) -> list[list[int]]:
    """The layers, from 0, in runs of the same module."""
    found: list[list[int]] = []
    for layer, name in enumerate(names):
        if layer and group_of(names[layer - 1]) == group_of(name):
            found[-1].append(layer)
        else:
            found.append([layer])
    return found


@lru_cache(maxsize=64)
def laid_out(names: tuple[str, ...], aspect: float, box: Box, head: int) -> Strip:
    """The cells with the largest pictures, in as many rows as that takes; `head`: a line above.

    The first row's heads stand above the box.
    """
    runs = groups(names)
    wide, high = box[2] - box[0], box[3] - box[1]
    units = len(names) + BETWEEN * (len(runs) - 1)
    best, rows = (0.0, 0.0), 1
    for count in range(1, len(runs) + 1):
        room = (high - (count - 1) * (head + 2)) / count
        across = min(wide / (units / count + (1 if count > 1 else 0)), room * aspect)
        if room < 4:
            break
        if across > best[0]:
            best, rows = (across, room), count
        else:
            break
    across, room = best
    cells: list[Box] = []
    heads: list[tuple[str, int, int, int]] = []
    x, row = float(box[0]), 0
    for run in runs:
        if x > box[0] and x + len(run) * across > box[2] + 1 and row < rows - 1:
            x, row = float(box[0]), row + 1
        top = box[1] + round(row * (room + head + 2))
        first = round(x)
        for _ in run:
            left, right = round(x), round(x + across)
            gap = max(0, round(GAP * across)) if across > LEAST else 0
            tall = max(1, min(round((right - left) / aspect), round(room)))
            cells.append((left, top, max(left + 1, right - gap), top + tall))
            x += across
        heads.append((group_of(names[run[0]]), first, round(x), top))
        x += BETWEEN * across
    return Strip(tuple(cells), tuple(heads))


def thumbnail(values: Float32, size: Size) -> Float32:
    """A layer's values (channels, rows, columns) as a small picture (height, width, 3).

    The mean of the magnitudes of its channels, from their least to their largest place; of a layer
    of single numbers, a square of these.
    """
    if values.shape[1:] == (1, 1):
        side = int(np.ceil(np.sqrt(len(values))))
        square = np.zeros(side * side, np.float32)
        square[: len(values)] = np.abs(values.reshape(-1))
        mean = square.reshape(side, side)
        rows, columns = nearest(side, size[1]), nearest(side, size[0])
        small = mean[rows][:, columns]
    else:
        small = resampled(np.abs(values).mean(0)[None], size)[0]
    small = np.nan_to_num(small)
    low, high = float(small.min()), float(small.max())
    part = (small - low) / max(high - low, 1e-12)
    return np.asarray(ember()[:-1].take((part * STEPS + 0.5).astype(np.intp), 0))


def paint(picture: Float32, strip: Strip, layers: list[Float32]) -> None:
    """Paint the small picture of each layer's values into its cell."""
    for (left, top, right, bottom), values in zip(strip.cells, layers, strict=True):
        picture[top:bottom, left:right] = thumbnail(values, (right - left, bottom - top))


def write_heads(draw: ImageDraw.ImageDraw, strip: Strip, font_size: int, chosen: int) -> None:
    """The modules' names above their cells, where they fit; that of the chosen layer always."""
    for size in range(font_size, MIN_FONT - 1, -1):
        if all(width(name, size) <= right - left for name, left, right, _ in strip.heads):
            break
    place = strip.cells[chosen]
    end = -1.0
    for name, left, right, top in strip.heads:
        own = left <= place[0] < right and top == place[1]
        room = right - left if not own else max(right - left, width(name, size))
        if left < end or (width(name, size) > room and not own):
            if width(shorten(name, size, room), size) > room or room < 3 * size:
                continue
            name = shorten(name, size, room)
        write(draw, (left, top - 2), name, size, WHITE if own else DIM, anchor="ld")
        end = left + width(name, size) + size / 3 if top == place[1] else -1.0
