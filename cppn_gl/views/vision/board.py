"""The layout of the dashboard of an image network.

size, shapes, what there is to show -> board() -> Board: a box for each part

    +-----------------------------------------------+
    | strip: all layers                             |
    +-----------+-----------+-----------------------+
    | input     | channel   | the layer's channels  |
    | classes   | facts     |                       |
    | histogram of the layer|                       |
    | details of the channel| pinned channels       |
    +-----------+-----------+-----------------------+

A high picture has the channels below the rest. Parts for which there is no room are None.
"""

from dataclasses import dataclass
from functools import lru_cache

from cppn_gl.utils.arrays import Box, Size
from cppn_gl.views.text import MIN_FONT, fitting, line_height

MARGIN = 0.016  # of the shorter side, between parts
PANEL = 0.42  # of the width, for all but the channels
WIDE = 0.9  # width by height from which on these stand side by side
PINS = 0.15  # of the height of the channels, for pinned ones
PICTURES = 0.36, 0.42  # of the height below the strip, for the input; high, and wide
BELOW = 0.42  # of the rest of a high picture, for words and details
CLASSES, BAR = 5, 1.3  # shown, and lines from one to the next
HISTOGRAM, DETAILS = (4.2, 9), 4  # lines, and pictures of details in a row, at least
SMALL = 400  # pixels of the width: below, there are no words but the classes'


@dataclass(frozen=True)
class Board:
    """The boxes of the parts of a dashboard of `size`: pictures are below a line of caption.

    The details have room for captions of their own.
    """

    size: Size
    input: Box
    large: Box
    classes: Box | None
    facts: Box | None
    histogram: Box | None
    details: Box | None
    channels: Box
    pins: Box | None

    @property
    def font_size(self) -> int:
        return font_of(self.size)

    @property
    def margin(self) -> int:
        return margin_of(self.size)

    @property
    def leading(self) -> int:
        """The height of a line of text."""
        return line_height(self.font_size)

    @property
    def captioned(self) -> bool:
        return captioned(self.size)


@lru_cache(maxsize=64)
def board(size: Size, aspect: float, top: int, *, classes: bool, pins: bool) -> Board:
    """The layout below `top`, the end of the strip. aspect: the input's width by its height."""
    width, height = size
    font_size, margin = font_of(size), margin_of(size)
    words = captioned(size)
    line = line_height(font_size) if words else 0
    wide = width >= WIDE * height
    top += margin
    right = round(PANEL * width) if wide else width - margin
    column = (right - 2 * margin) // 2  # a picture's width at most
    second = margin + column + margin
    most = round(PICTURES[wide] * (height - top))
    high = max(8, min(round(column / aspect), most))
    across = max(8, min(column, round(high * aspect)))
    level = top + line + high
    source = (margin, top + line, margin + across, level)
    large = (second, top + line, second + across, level)
    end = height - margin if wide else round(level + BELOW * (height - level))
    row = round(BAR * line_height(font_size))
    level += margin // 2
    below = min(level + CLASSES * row if words or classes else level, end)
    named = (margin, level, margin + column, below) if classes and below > level else None
    facts = (second, level, right, below) if words and below - level > 2 * line else None
    histogram = details = None
    beside = round((right - margin - (DETAILS - 1) * margin) / DETAILS / aspect) + line
    spare = end - below - 2 * margin - beside  # what the details leave
    plot = below + margin // 2, below + margin // 2
    plot = plot[0], plot[1] + round(min(max(HISTOGRAM[0] * line, spare), HISTOGRAM[1] * line))
    if words and plot[1] <= end:
        histogram = (margin, plot[0], right, plot[1])
        below = plot[1]
    if end - below - margin > max(2 * line, 16) + line:
        details = (margin, below + margin, right, end)
    first, start = (right + 2 * margin, top) if wide else (margin, end + margin)
    bottom = height - margin
    pinned = None
    if pins:
        upper = bottom - round(PINS * (bottom - start))
        pinned = (first, upper, width - margin, bottom)
        bottom = upper - margin
    channels = (first, start + line, width - margin, max(bottom, start + line + 8))
    return Board(size, source, large, named, facts, histogram, details, channels, pinned)


def font_of(size: Size) -> int:
    """The font size in pixels."""
    return fitting(size, parts=(92, 56) if size[0] >= size[1] else (52, 72))


def margin_of(size: Size) -> int:
    """The pixels between parts, and at the edges."""
    return max(2, round(MARGIN * min(size)))


def captioned(size: Size) -> bool:
    """Whether there is room for captions."""
    return font_of(size) > MIN_FONT or size[0] >= SMALL
