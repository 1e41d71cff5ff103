"""Where the parts of the attribution view are: panes, their captions, bars of classes, the legend.

(size of the picture, aspect of a pane, panes) -> arranged() -> Layout

Of the ways to place them, the one with the largest panes is taken.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from cppn_gl.utils.arrays import Box, Size
from cppn_gl.views import text

LEAST = 150  # pixels of the shorter side with any words
CAPTIONED = 56  # pixels of a pane's width with a caption
BARS, LEGEND, HEAD = 8.2, 6.4, 2.7  # heights in lines
SIDE, BESIDE = 21.0, 44.0  # widths in font sizes: of a panel; of one with its parts side by side
LESS = 0.6  # what the area of a pane counts that is not the first


@dataclass(frozen=True)
class Layout:
    """Boxes in pixels; None where there is no room.

    panes: the first one is the largest. captions: the height above each pane.
    """

    size: Size
    letters: int
    panes: tuple[Box, ...]
    caption: int = 0
    head: Box | None = None
    bars: Box | None = None
    legend: Box | None = None

    @property
    def line(self) -> int:
        return text.line_height(self.letters)

    def pane_at(self, place: tuple[float, float]) -> int | None:
        """The pane that contains a pixel."""
        return next((k for k, box in enumerate(self.panes) if holds(box, place)), None)


def holds(box: Box, place: tuple[float, float]) -> bool:
    """Whether a pixel is in a box."""
    return box[0] <= place[0] < box[2] and box[1] <= place[1] < box[3]


def within(box: Box, place: tuple[float, float]) -> tuple[float, float]:
    """A pixel's place in a box, from 0 to 1, to the right and down."""
    left, top, right, bottom = box
    x, y = (place[0] + 0.5 - left) / (right - left), (place[1] + 0.5 - top) / (bottom - top)
    return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)


@lru_cache(maxsize=64)
def arranged(size: Size, aspect: float, panes: int, bars: bool) -> Layout:
    """The layout with the largest panes; `aspect`: their width divided by their height."""
    letters = text.fitting(size, parts=(76, 42))
    line = text.line_height(letters)
    if min(size) < LEAST:
        gap = max(1, min(size) // 60)
        found = _largest((0, 0, *size), aspect, panes, gap, 0)
        return Layout(size, letters, found)
    margin, gap = round(1.1 * letters), round(0.9 * letters)
    head = margin, round(0.8 * margin), size[0] - margin, round(0.8 * margin + HEAD * line)
    room = margin, head[3], size[0] - margin, size[1] - margin
    best: tuple[float, Layout] | None = None
    for area, bar_box, legend in _panels(room, letters, line, bars):
        if min(area[2] - area[0], area[3] - area[1]) < 4 * letters:
            continue
        caption = line
        found = _largest(area, aspect, panes, gap, caption)
        if min(box[2] - box[0] for box in found) < CAPTIONED:
            caption = 0
            found = _largest(area, aspect, panes, gap, 0)
        # What is below the panes, and the title, begins and ends where they do.
        left, right = min(box[0] for box in found), max(box[2] for box in found)
        beside = bar_box is not None and bar_box[2] <= legend[0]
        if legend[1] >= area[3] and right - left >= SIDE * letters * (1 + beside):
            if bar_box is not None and beside:
                middle = left + round((right - left) * 0.55)
                bar_box = left, bar_box[1], middle, bar_box[3]
                legend = middle + 2 * gap, legend[1], right, legend[3]
            else:
                bar_box = bar_box and (left, bar_box[1], right, bar_box[3])
                legend = left, legend[1], right, legend[3]
        title = left if legend[1] >= area[3] else margin, head[1], head[2], head[3]
        layout = Layout(size, letters, found, caption, title, bar_box, legend)
        if best is None or _score(found) > best[0]:
            best = _score(found), layout
    if best is None:
        return Layout(size, letters, _largest(room, aspect, panes, gap, 0), 0, head)
    return best[1]


def _panels(
    room: Box, letters: int, line: int, bars: bool
) -> Iterator[tuple[Box, Box | None, Box]]:
    """Ways to take the bars and the legend from a box: what is left for the panes, and both."""
    left, top, right, bottom = room
    gap = round(1.3 * letters)
    high, legend = (round(BARS * line) if bars else 0), round(LEGEND * line)
    wide = round(SIDE * letters)
    if bottom - top >= high + legend + gap:  # at the right, one below the other
        inner, first = right - wide, top + line
        area = left, top, inner - gap, bottom
        below = first + high + (gap if bars else 0)
        yield (
            area,
            (inner, first, right, first + high) if bars else None,
            (inner, below, right, bottom),
        )
    if right - left >= BESIDE * letters and bars:  # below, side by side
        level = bottom - max(high, legend)
        middle = left + round((right - left - 2 * gap) * 0.55)
        yield (
            (left, top, right, level - gap),
            (left, level, middle, bottom),
            (middle + 2 * gap, level, right, bottom),
        )
        return
    level = bottom - legend  # below, one below the other
    above = level - high - (gap if bars else 0)
    yield (
        (left, top, right, above - gap),
        (left, above, right, above + high) if bars else None,
        (left, level, right, bottom),
    )


def _score(boxes: tuple[Box, ...]) -> float:
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in boxes]
    return areas[0] + LESS * sum(areas[1:])


def _largest(area: Box, aspect: float, count: int, gap: int, caption: int) -> tuple[Box, ...]:
    """Panes in a box, with captions above them: equal ones in rows, or one and smaller ones."""
    wide, high = max(area[2] - area[0], 1), max(area[3] - area[1], 1)
    ways = [
        _grid(wide, high, aspect, count, columns, gap, caption) for columns in range(1, count + 1)
    ]
    if count == 3:
        ways += [
            _beside(wide, high, aspect, gap, caption),
            _beneath(wide, high, aspect, gap, caption),
        ]
    panes = max(ways, key=_score)
    right = max(box[2] for box in panes)
    x = area[0] + max(wide - right, 0) // 2
    y = area[1]
    return tuple((a + x, b + y, c + x, d + y) for a, b, c, d in panes)


def _box(left: float, top: float, wide: float, aspect: float) -> Box:
    high = max(1, round(wide / aspect))
    return round(left), round(top), round(left) + max(1, round(wide)), round(top) + high


def _grid(
    wide: int, high: int, aspect: float, count: int, columns: int, gap: int, caption: int
) -> tuple[Box, ...]:
    rows = -(-count // columns)
    each = (wide - (columns - 1) * gap) / columns
    each = max(1.0, min(each, ((high - (rows - 1) * gap) / rows - caption) * aspect))
    down = each / aspect + caption + gap
    return tuple(
        _box(k % columns * (each + gap), k // columns * down + caption, each, aspect)
        for k in range(count)
    )


def _beside(wide: int, high: int, aspect: float, gap: int, caption: int) -> tuple[Box, ...]:
    """One pane, and two at its right, together as high."""
    tall = min(high - caption, (wide - gap + aspect * (caption + gap) / 2) / (1.5 * aspect))
    tall = max(tall, 1.0)
    small = max((tall - caption - gap) / 2, 1.0)
    left = tall * aspect + gap
    second = _box(left, caption, small * aspect, aspect)
    third = _box(left, caption + tall - small, small * aspect, aspect)
    return _box(0, caption, tall * aspect, aspect), second, third


def _beneath(wide: int, high: int, aspect: float, gap: int, caption: int) -> tuple[Box, ...]:
    """One pane, and two below it, together as wide."""
    free = high - 2 * caption - gap + gap / (2 * aspect)
    broad = max(min(wide, free * aspect / 1.5), 1.0)
    small = max((broad - gap) / 2, 1.0)
    top = caption + broad / aspect + gap + caption
    second, third = (_box(x, top, small, aspect) for x in (0, broad - small))
    return _box(0, caption, broad, aspect), second, third
