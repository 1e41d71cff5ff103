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
from cppn_gl.views.vision.passes import finite
from cppn_gl.views.vision.resampling import nearest, resampled
from cppn_gl.views.vision.shades import STEPS, ember

BETWEEN = 0.22  # of a cell, between groups
LEAST, GAP = 6, 0.06  # pixels of a cell, and of it the gap to the next


@dataclass(frozen=True)
class Strip:
    """The cells of layers, by layer from 0, and the heads: (name, left, right, bottom)."""

    cells: tuple[Box, ...]
    heads: tuple[tuple[str, int, int, int], ...]

    @property
    def bottom(self) -> int:
        return max(box[3] for box in self.cells)

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
def laid_out(names: tuple[str, ...], aspect: float, box: Box, head: int, sides: Size) -> Strip:
    """The cells of all layers, in as few rows as possible, each below a line of heads.

    aspect: width of a cell divided by its height. box: where there is room. sides: the least and
    the greatest side of a cell; where there is no room for the least, cells are as large as can be.
    """
    runs = groups(names)
    wide, high = box[2] - box[0], box[3] - box[1]
    least, most = sides[0] * min(1.0, aspect), sides[1] * max(1.0, aspect)
    best: tuple[float, list[int]] = 0.0, [0] * len(runs)
    for rows in range(1, len(runs) + 1):
        room = (high / rows - head) * aspect
        if room < 1:
            break
        across, placed = _widest(runs, rows, wide)
        across = min(across, room, most)
        if across > best[0]:
            best = across, placed
        if best[0] >= least:
            break
    across, placed = best
    tall = across / aspect
    gap = max(1, round(GAP * across)) if across > LEAST else 0
    cells: list[Box] = []
    heads: list[tuple[str, int, int, int]] = []
    x, row = float(box[0]), 0
    for run, own in zip(runs, placed, strict=True):
        if own != row:
            x, row = float(box[0]), own
        top = round(box[1] + row * (tall + head) + head)
        first = round(x)
        for _ in run:
            left, right = round(x), round(x + across)
            cells.append((left, top, max(left + 1, right - gap), top + max(1, round(tall) - gap)))
            x += across
        heads.append((group_of(names[run[0]]), first, round(x), top))
        x += BETWEEN * across
    return Strip(tuple(cells), tuple(heads))


def _widest(runs: list[list[int]], rows: int, wide: float) -> tuple[float, list[int]]:
    """The greatest width of a cell with which the runs fit into so many rows; each run's row."""
    units = sum(map(len, runs)) + BETWEEN * (len(runs) - 1)
    across = wide / units * rows
    while True:
        placed, row, x = [], 0, 0.0
        for run in runs:
            if x and (x + len(run)) * across > wide + 0.5:
                row, x = row + 1, 0.0
            placed.append(row)
            x += len(run) + BETWEEN
        if row < rows and all(len(run) * across <= wide + 0.5 for run in runs):
            return across, placed
        across *= 0.98


def thumbnail(values: Float32, size: Size) -> Float32:
    """A layer's values (channels, rows, columns) as a small picture (height, width, 3).

    The mean of the magnitudes of its channels, from their least to their largest place; of a layer
    of single numbers, a square of these.
    """
    values = finite(values)
    if values.shape[1:] == (1, 1):
        side = int(np.ceil(np.sqrt(len(values))))
        square = np.zeros(side * side, np.float32)
        square[: len(values)] = np.abs(values.reshape(-1))
        mean = square.reshape(side, side)
        rows, columns = nearest(side, size[1]), nearest(side, size[0])
        small = mean[rows][:, columns]
    else:
        small = resampled(np.abs(values).mean(0)[None], size)[0]
    low, high = float(small.min()), float(small.max())
    part = (small - low) / max(high - low, 1e-12)
    return np.asarray(ember()[:-1].take((part * STEPS + 0.5).astype(np.intp), 0))


def write_heads(draw: ImageDraw.ImageDraw, strip: Strip, font_size: int, chosen: int) -> None:
    """The modules' names above their cells, in the largest size in which all fit, or shortened.

    A name may reach to the next one. That of the chosen layer is brighter.
    """
    place, last = strip.cells[chosen], draw.im.size[0]
    rooms = []
    for number, (_, left, _, top) in enumerate(strip.heads):
        after = strip.heads[number + 1] if number + 1 < len(strip.heads) else None
        end = after[1] if after is not None and after[3] == top else last
        rooms.append(end - left)
    names = [head[0] for head in strip.heads]
    for size in range(font_size, MIN_FONT - 1, -1):
        if all(width(n, size) + size / 4 <= room for n, room in zip(names, rooms, strict=True)):
            break
    for (name, left, right, top), room in zip(strip.heads, rooms, strict=True):
        short = shorten(name, size, room - size / 4)
        if len(short) > 2 or short == name:
            own = left <= place[0] < right and top == place[1]
            write(draw, (left, top - 2), short, size, WHITE if own else DIM, anchor="ld")
