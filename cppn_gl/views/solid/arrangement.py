"""Where the subplots of the surface view are: boxes below titles, and the signs between them.

All places are fractions of the picture's sides. The words of all subplots have one size.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cppn_gl.views.solid.box_axes import font_size
from cppn_gl.views.text import MIN_FONT, line_height

Fractions = tuple[float, float, float, float]  # left, top, right, bottom
Places = list[tuple[float, float]]

TITLE = 1.7  # line heights of a title
BROAD = 11  # font sizes of a title that a subplot is wide and high
LARGEST = 13  # font size of titles in pixels, unless the axes' is larger
WIDE, TALL = 2.2, 0.8  # aspect ratios from which on, and up to which, a sum has no two rows
HIGHEST = 1.2  # height of a cell in widths
UNITS = 0.44  # of the height, for the row of units
MARGIN = 0.6  # font sizes below the labels of the lowest subplots
SIGN = 0.06  # of the width, for the sign before the sum


@dataclass(frozen=True)
class Arrangement:
    """The boxes of subplots, the places of signs, font sizes in pixels.

    letters: of the axes; below MIN_FONT they have no words. titles: of titles; 0 for none.
    """

    boxes: list[Fractions]
    signs: Places
    letters: int
    titles: int


def equal(count: int, size: tuple[int, int]) -> Arrangement:
    """Equal boxes along the longer side."""
    wide = size[0] >= size[1]
    cells = [_row(k, count, 0, 1) if wide else _column(k, count, 0, 1) for k in range(count)]
    return _titled(cells, [], size)


def sum_of(count: int, size: tuple[int, int]) -> Arrangement:
    """Boxes of `count` units, of their sum and of its map; places of signs before each but the map.

    The first place is unused; the last is that before the sum.
    """
    aspect = size[0] / size[1]
    if aspect >= WIDE:
        part = 0.5 * count / 3
        units = [_cell(k / count * part, 0, (k + 1) / count * part, 1) for k in range(count)]
        first = part + SIGN / 4
        middle = (first + 1) / 2
        sums = [_cell(first, 0, middle, 1), _cell(middle, 0, 1, 1)]
        equals = part, 0.5
    else:
        tall = aspect <= TALL
        low = 0.28 if tall else UNITS
        units = [_row(k, count, 0, low) for k in range(count)]
        middle = (low + 1) / 2
        if tall:
            sums = [_cell(SIGN, low, 1, middle), _cell(SIGN, middle, 1, 1)]
        else:
            sums = [_cell(SIGN, low, 0.5 + SIGN / 2, 1), _cell(0.5 + SIGN / 2, low, 1, 1)]
        equals = SIGN * 0.8, (sums[0][1] + sums[0][3]) / 2
    signs = [(box[0], (box[1] + box[3]) / 2) for box in units]
    apart = [(left + SIGN / 4, top, right - SIGN / 4, low) for left, top, right, low in units]
    return _titled([*apart, *sums], [*signs, equals], size)


def _cell(left: float, top: float, right: float, bottom: float) -> Fractions:
    return left, top, right, bottom


def _row(k: int, count: int, top: float, bottom: float) -> Fractions:
    return k / count, top, (k + 1) / count, bottom


def _column(k: int, count: int, left: float, right: float) -> Fractions:
    return left, k / count, right, (k + 1) / count


def _titled(cells: Sequence[Fractions], signs: Places, size: tuple[int, int]) -> Arrangement:
    """Cells, or the middle of those much higher than wide, without the room of their titles."""
    middles = [_middle(cell, size) for cell in cells]
    sizes = [
        (round((right - left) * size[0]), round((bottom - top) * size[1]))
        for left, top, right, bottom in middles
    ]
    letters = min(font_size(each, part=True) for each in sizes)
    wide, high = (min(sides) for sides in zip(*sizes, strict=True))
    titles = max(letters, min(LARGEST, wide // BROAD, high // BROAD))
    titles = titles if titles >= MIN_FONT else 0
    room = TITLE * line_height(titles) / size[1]
    low = 1 - MARGIN * letters / size[1]
    boxes = [(left, low * top + room, right, low * bottom) for left, top, right, bottom in middles]
    signs = [(x, low * y) for x, y in signs]
    return Arrangement(boxes, signs, letters, titles)


def _middle(cell: Fractions, size: tuple[int, int]) -> Fractions:
    left, top, right, bottom = cell
    high = min(bottom - top, HIGHEST * (right - left) * size[0] / size[1])
    return left, (top + bottom - high) / 2, right, (top + bottom + high) / 2
