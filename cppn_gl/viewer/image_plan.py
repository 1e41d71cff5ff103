"""Where the layers of a trained image network lie in its diagram: bars on levels, modules framed.

network -> bits_of() -> Bit of each stage -> image_plan() -> Board: bars, names, links

A layer is a bar with a stripe for each channel; it lies below all that it reads. Layers of one
level lie side by side. A module is what the layers' names have before their last slash.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from cppn_gl.utils.arrays import Box, Size

if TYPE_CHECKING:
    from cppn_gl.nn.vision.network import ImageNetwork

SOURCE = 0  # the row of the picture; that of layer k is k
# In font sizes:
NAMES = 3.6  # the column of names at the left
BESIDE = 0.8  # room at the right for connections that pass by other layers
HIGHEST = 1.5  # of a bar
APART = 0.25  # between bars of a level
PICTURE = 5.5  # the side of the picture on top, at most
CLASSES = 1.05  # a line of the classes below
MOST_CLASSES = 3
FILLED = 0.62  # of a level: the rest is for the lines between
LEAST_SHARE = 0.7  # of an equal share of the width: the narrowest bar of a level


@dataclass(frozen=True)
class Bit:
    """A stage, as far as its place in the diagram depends on it. inputs: rows, 0 the picture."""

    name: str
    channels: int
    inputs: tuple[int, ...]
    joins: bool = False  # it hands on what it reads, side by side: a thin bar

    @property
    def module(self) -> str:
        return self.name.rpartition("/")[0]


@dataclass(frozen=True)
class Name:
    """A name in the column at the left: of a module or of a layer, which a click leads to."""

    words: str
    layer: int
    middle: float


@dataclass(frozen=True)
class Board:
    """Where everything lies in a column of `size` pixels, the picture on top.

    bars: the box of each layer, from layer 1. frames: of modules. links: connections that pass by
    other layers, as corners of a line. classes: the box of the lines below.
    """

    size: Size
    picture: Box
    bars: tuple[Box, ...]
    counts: tuple[int, ...]
    names: tuple[Name, ...]
    frames: tuple[Box, ...]
    links: tuple[tuple[tuple[float, float], ...], ...]
    classes: Box

    def at(self, place: tuple[float, float]) -> tuple[int, int] | None:
        """The layer and the channel at a place, from 1; a bar takes half the gap around it."""
        for layer, (left, top, right, bottom) in enumerate(self.bars, 1):
            if left <= place[0] < right and top - 1 <= place[1] < bottom + 1:
                return layer, self.channel(layer, place[0])
        return None

    def channel(self, layer: int, x: float) -> int:
        """The channel of a layer whose stripe is at a place across."""
        left, _, right, _ = self.bars[layer - 1]
        count = self.counts[layer - 1]
        return 1 + min(max(int((x - left) / (right - left) * count), 0), count - 1)

    def stripe(self, layer: int, channel: int) -> tuple[float, float]:
        """The left and the right end of a channel's stripe."""
        left, _, right, _ = self.bars[layer - 1]
        wide = (right - left) / self.counts[layer - 1]
        return left + (channel - 1) * wide, left + channel * wide


def bits_of(network: "ImageNetwork") -> tuple[Bit, ...]:
    """The stages of a network."""
    from cppn_gl.nn.vision.operations import Concatenate

    return tuple(
        Bit(
            stage.name,
            stage.shape[0],
            tuple(max(0, i + 1) for i in stage.inputs),
            isinstance(stage.operation, Concatenate),
        )
        for stage in network.stages
    )


@lru_cache(maxsize=16)
def image_plan(bits: tuple[Bit, ...], size: Size, unit: float, aspect: float, lines: int) -> Board:
    """The diagram of layers in a column of `size` pixels, for text of `unit` pixels.

    `aspect`: the picture's width by its height. `lines`: of classes, below.
    """
    width, height = size
    levels = levels_of(bits)
    names = min(NAMES * unit, 0.3 * width)
    passing = [_passes(bits, levels, row) for row in range(1, len(bits) + 1)]
    beside = BESIDE * unit if any(passing) else 0.2 * unit
    wide = max(1.0, width - names - beside)
    side = min(PICTURE * unit, 0.16 * height, wide / aspect)
    below = min(lines, MOST_CLASSES) * CLASSES * unit + (0.4 * unit if lines else 0)
    top = side + 0.5 * unit
    at_level: list[list[int]] = [[] for _ in range(max(levels) + 1)]
    for row, level in enumerate(levels):
        at_level[level].append(row)
    rooms = [1.0 if not all(bits[row - 1].joins for row in rows) else 0.5 for rows in at_level[1:]]
    pitch = max(1.0, (height - top - below) / max(1.0, sum(rooms)))
    boxes: dict[int, Box] = {}
    for rows, room in zip(at_level[1:], rooms, strict=True):
        high = max(1.0, min(FILLED * pitch * room, HIGHEST * unit * room))
        middle = top + pitch * room / 2
        for row, (start, end) in zip(rows, _shares(bits, rows), strict=True):
            gap = APART * unit / 2 if len(rows) > 1 else 0.0
            left = names + wide * start + (gap if start > 0 else 0)
            right = names + wide * end - (gap if end < 1 else 0)
            low = round(middle - high / 2)
            boxes[row] = (
                round(left),
                low,
                max(round(left) + 1, round(right)),
                low + max(1, round(high)),
            )
        top += pitch * room
    bars = tuple(boxes[row] for row in range(1, len(bits) + 1))
    across = round(names + wide / 2 - side * aspect / 2)
    picture = across, 0, across + round(side * aspect), round(side)
    frames = _frames(bits, bars, 0.25 * unit)
    return Board(
        size,
        picture,
        bars,
        tuple(bit.channels for bit in bits),
        _names(bits, bars),
        frames,
        _links(bits, levels, bars, picture, names + wide + 0.5 * beside),
        (0, round(height - below), width, height),
    )


def levels_of(bits: Sequence[Bit]) -> list[int]:
    """The level of each row, that of the picture first: one below the lowest that it reads."""
    levels = [0]
    for bit in bits:
        levels.append(1 + max((levels[i] for i in bit.inputs), default=0))
    return levels


def _shares(bits: Sequence[Bit], rows: Sequence[int]) -> list[tuple[float, float]]:
    """The parts of the width, 0 to 1, of the layers of a level."""
    counts = [bits[row - 1].channels for row in rows]
    least = LEAST_SHARE * sum(counts) / len(counts)
    sides = [max(least, count) for count in counts]
    total, found, start = sum(sides), [], 0.0
    for one in sides:
        found.append((start / total, (start + one) / total))
        start += one
    return found


def _passes(bits: Sequence[Bit], levels: Sequence[int], row: int) -> list[int]:
    """The rows that a layer reads past a whole level of others."""
    return [i for i in bits[row - 1].inputs if levels[row] - levels[i] > 1]


def _names(bits: Sequence[Bit], bars: Sequence[Box]) -> tuple[Name, ...]:
    """The modules' names, and those of the layers that are in none; a click leads to the last."""
    members: dict[str, list[int]] = {}
    for row, bit in enumerate(bits, 1):
        members.setdefault(bit.module or bit.name, []).append(row)
    found = []
    for words, rows in members.items():
        low = min(bars[row - 1][1] for row in rows)
        high = max(bars[row - 1][3] for row in rows)
        found.append(Name(words.rpartition("/")[2], rows[-1], (low + high) / 2))
    return tuple(found)


def _frames(bits: Sequence[Bit], bars: Sequence[Box], pad: float) -> tuple[Box, ...]:
    members: dict[str, list[Box]] = {}
    for bit, bar in zip(bits, bars, strict=True):
        if bit.module:
            members.setdefault(bit.module, []).append(bar)
    found = []
    for boxes in members.values():
        if len(boxes) > 1:
            left, top, right, bottom = zip(*boxes, strict=True)
            across = round(pad)
            up = max(1, round(0.6 * pad))
            found.append((min(left) - across, min(top) - up, max(right) + across, max(bottom) + up))
    return tuple(found)


def _links(
    bits: Sequence[Bit], levels: Sequence[int], bars: Sequence[Box], picture: Box, beside: float
) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Lines from layer to layer; those that pass by others go round them at the right."""
    boxes = picture, *bars
    found: list[tuple[tuple[float, float], ...]] = []
    for row in range(1, len(bits) + 1):
        target = boxes[row]
        for i in bits[row - 1].inputs:
            source = boxes[i]
            if i in _passes(bits, levels, row):
                out, into = (source[1] + source[3]) / 2, (target[1] + target[3]) / 2
                found.append(((source[2], out), (beside, out), (beside, into), (target[2], into)))
            else:
                found.append(
                    (
                        ((source[0] + source[2]) / 2, source[3]),
                        ((target[0] + target[2]) / 2, target[1]),
                    )
                )
    return tuple(found)
