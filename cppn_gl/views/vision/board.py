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
STRIP = 0.105  # of the height
PINS = 0.15  # of the height of the channels, for pinned ones
PICTURES = 0.42  # of the height, for the input and the channel, at most
CLASSES = 5  # shown
DETAIL_LINES = 1.25  # of a caption
HISTOGRAM = 3.2  # lines
SMALL = 400  # pixels of the width: below, there are no words but the classes'


@dataclass(frozen=True)
class Board:
    """The boxes of the parts of a dashboard of `size`, and the font size in pixels.

    strip, input, large, channels: pictures; the caption of each is a line above it.
    """

    size: Size
    font_size: int
    margin: int
    strip: Box
    input: Box
    large: Box
    classes: Box | None
    facts: Box | None
    histogram: Box | None
    details: Box | None
    channels: Box
    pins: Box | None

    @property
    def leading(self) -> int:
        """The height of a line of text."""
        return line_height(self.font_size)

    @property
    def captioned(self) -> bool:
        """Whether there is room for captions."""
        return self.font_size > MIN_FONT or self.size[0] >= SMALL


@lru_cache(maxsize=64)
def board(size: Size, aspect: float, *, classes: bool, pins: bool) -> Board:
    """The layout. aspect: width of the input divided by its height."""
    width, height = size
    font_size = fitting(size, parts=(92, 56) if width >= height else (52, 72))
    margin = max(2, round(MARGIN * min(size)))
    words = font_size > MIN_FONT or width >= SMALL
    line = line_height(font_size) if words else 0
    wide = width >= 0.9 * height
    strip = (margin, margin + line, width - margin, margin + line + round(STRIP * height))
    top = strip[3] + margin
    right = round(PANEL * width) if wide else width - margin
    column = (right - margin - margin) // 2  # a picture's width at most
    most = round(PICTURES * (height - top)) if wide else round(0.26 * height)
    high = max(8, min(round(column / aspect), most))
    column_wide = max(8, min(column, round(high * aspect)))
    below = top + line + high
    left = margin
    second = margin + column + margin
    source = (left, top + line, left + column_wide, below)
    large = (second, top + line, second + column_wide, below)
    end = height - margin if wide else below + round(0.17 * height)
    rows = _rows(below + margin // 2, end, line or line_height(font_size), classes, words)
    facts = (second, rows[0], right, rows[1]) if words and rows[1] - rows[0] > 2 * line else None
    named = (left, rows[0], left + column, rows[1]) if classes and rows[1] > rows[0] else None
    histogram = (left, rows[1] + margin // 2, right, rows[2]) if rows[2] > rows[1] else None
    details = (left, rows[2] + margin, right, end) if end - rows[2] > 3 * line + margin else None
    if not wide:
        details = histogram = None
    grid_left, grid_top = (right + 2 * margin, top) if wide else (margin, end + margin)
    bottom = height - margin
    pinned = None
    if pins:
        level = bottom - round(PINS * (bottom - grid_top))
        pinned = (grid_left, level, width - margin, bottom)
        bottom = level - margin
    channels = (grid_left, grid_top + line, width - margin, max(bottom, grid_top + line + 8))
    return Board(
        size,
        font_size,
        margin,
        strip,
        source,
        large,
        named,
        facts,
        histogram,
        details,
        channels,
        pinned,
    )


def _rows(top: int, end: int, line: int, classes: bool, words: bool) -> tuple[int, int, int]:
    """The top and the bottom of the classes and facts, and the bottom of the histogram."""
    first = min(top + CLASSES * round(1.3 * line), end)
    if not words and not classes:
        first = top
    second = first + round(HISTOGRAM * line)
    if not words or second + 2 * line > end:
        second = first
    return top, first, second
