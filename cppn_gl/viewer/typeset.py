"""Paragraphs of the window: HUD, help, explanations, captions, messages.

Runs of words -> Paragraph -> compose(): Lines of a given width -> columns and pages -> drawn()

Runs may be clickable.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from cppn_gl.views import text
from cppn_gl.views.text import clean, shorten, width, write

Ink = tuple[int, int, int, int]
Action = str | Callable[[], None]

LEAST = 9  # font size in pixels; smaller text is illegible
# Font size at content scale 1: BASE and SLOPE for each pixel of the window's shorter side.
BASE, SLOPE = 8.75, 0.0095
FEWEST = 14  # a window's shorter side holds at least this many font sizes
LEADING = 1.32  # line height in font sizes
GAP = 1.6  # between columns, in font sizes
ASPECT = 1.5  # that columns of a page aim at
WHITE: Ink = text.WHITE
DIM: Ink = text.DIM
ACCENT: Ink = (142, 197, 255, 255)
WARM: Ink = (255, 214, 140, 255)
RED: Ink = (255, 82, 82, 255)
CHIP, DOT = "chip", "dot"


@dataclass(frozen=True)
class Run:
    """Words in one style; or, with `shape`, a square or a dot in the colour `ink`.

    action: of a click on the words, as in Spot. hint: shown while they are pointed at.
    """

    words: str
    style: str = "regular"
    ink: Ink = WHITE
    action: Action = ""
    hint: str = ""
    shape: str = ""


@dataclass(frozen=True)
class Paragraph:
    """Runs to be wrapped, with an optional label to their left.

    label: set in bold at the left edge. indent: of all lines, in font sizes. above: extra space in
    line heights. size: factor on the font size. keep: not the last of a page.
    """

    runs: tuple[Run, ...]
    label: str = ""
    indent: float = 0.0
    above: float = 0.0
    size: float = 1.0
    keep: bool = False


@dataclass(frozen=True)
class Piece:
    """Words at their place in a line: `x` pixels from its left, `width` pixels wide."""

    x: float
    width: float
    run: Run
    size: int


@dataclass(frozen=True)
class Line:
    """A line: its pieces, its height with the space above it, and that space, in pixels."""

    pieces: tuple[Piece, ...]
    height: int
    above: int
    keep: bool = False

    @property
    def width(self) -> float:
        return max((piece.x + piece.width for piece in self.pieces), default=0.0)


@dataclass(frozen=True)
class Target:
    """A clickable rectangle of drawn text, in pixels."""

    x: int
    y: int
    width: int
    height: int
    action: Action
    hint: str


def font_size(size: tuple[int, int], content_scale: float = 1.0) -> int:
    """The font size, in pixels, for a window of `size` pixels: it grows with the shorter side."""
    shorter = min(size)
    fitting = min(BASE * max(1.0, content_scale) + SLOPE * shorter, shorter / FEWEST)
    return max(LEAST, round(fitting))


def line_height(size: int) -> int:
    return math.ceil(size * LEADING)


def says(words: str, style: str = "regular", ink: Ink = WHITE, **keys: float) -> Paragraph:
    """A paragraph of one run."""
    return Paragraph((Run(words, style, ink),), **keys)  # type: ignore[arg-type]


def compose(paragraphs: Iterable[Paragraph], size: int, room: float) -> list[Line]:
    """Paragraphs wrapped to `room` pixels, at spaces where possible."""
    lines: list[Line] = []
    for paragraph in paragraphs:
        lines += _wrapped(paragraph, size, room, first=not lines)
    return lines


def _wrapped(paragraph: Paragraph, size: int, room: float, *, first: bool) -> list[Line]:
    points = max(1, round(size * paragraph.size))
    high = line_height(points)
    indent = min(paragraph.indent * points, room * 0.5)
    rows: list[list[Piece]] = [[]]
    x = indent
    if paragraph.label:
        label = Run(shorten(paragraph.label, points, room, "bold"), "bold")
        wide = width(label.words, points, "bold")
        rows[0].append(Piece(0.0, wide, label, points))
        x = max(indent, wide + points * 0.6)
        if x > room * 0.6 and paragraph.runs:
            rows.append([])
            x = indent
    space, gap = width(" ", points), 0.0
    for run in paragraph.runs:
        for word in _words(run, points, max(room - indent, points * 1.5)):
            bare = replace(word, words=word.words.lstrip(" "))
            gap += space * (len(word.words) - len(bare.words))
            if not (bare.words or run.shape):
                continue  # spaces, before the next run's words
            wide = points * 0.8 if run.shape else width(bare.words, points, run.style)
            if x + gap + wide > room and x > indent:
                rows.append([])
                x = indent
            gap = gap if rows[-1] else 0.0
            _append(rows[-1], Piece(x + gap, wide, bare, points), gap, points)
            x, gap = x + gap + wide, 0.0
    above = 0 if first else round(paragraph.above * high)
    return [
        Line(tuple(row), high + (above if k == 0 else 0), above if k == 0 else 0, paragraph.keep)
        for k, row in enumerate(rows)
    ]


def _append(row: list[Piece], piece: Piece, gap: float, points: int) -> None:
    """Add a piece, joined to the last one if both are of one run, so that fonts kern it."""
    if row and row[-1].run.words and not piece.run.shape:
        last = row[-1]
        same = replace(last.run, words=piece.run.words) == piece.run
        if same and abs(last.x + last.width + gap - piece.x) < 0.01:
            space = width(" ", points)
            words = last.run.words + " " * round(gap / space) + piece.run.words
            wide = piece.x + piece.width - last.x
            row[-1] = Piece(last.x, wide, replace(last.run, words=words), points)
            return
    row.append(piece)


def _words(run: Run, points: int, room: float) -> list[Run]:
    """The run's words, each with the spaces before it; a word wider than `room` in parts."""
    if run.shape:
        return [run]
    found: list[Run] = []
    pending = ""
    for word in clean(run.words).split(" "):
        if not word:
            pending += " "
            continue
        if found or pending:
            pending = pending or " "
        while width(word, points, run.style) > room and len(word) > 1:
            count = max(1, int(len(word) * room / width(word, points, run.style)))
            while count > 1 and width(word[:count], points, run.style) > room:
                count -= 1
            found.append(replace(run, words=pending + word[:count]))
            word, pending = word[count:], ""
        found.append(replace(run, words=pending + word))
        pending = " "
    trailing = len(run.words) - len(run.words.rstrip(" "))
    return [*found, replace(run, words=" " * trailing)] if trailing else found


def height(lines: Sequence[Line]) -> int:
    """The height of lines in pixels; space above the first one does not count."""
    return sum(line.height for line in lines) - (lines[0].above if lines else 0)


def paginate(lines: Sequence[Line], room: int) -> list[list[Line]]:
    """Lines in parts of at most `room` pixels; a line that is to be kept with the next goes on."""
    parts: list[list[Line]] = [[]]
    for line in lines:
        part = parts[-1]
        if part and height([*part, line]) > room:
            moved: list[Line] = []
            while len(part) > len(moved) + 1 and part[-1 - len(moved)].keep:
                moved.insert(0, part[-1 - len(moved)])
            if moved:
                del part[-len(moved) :]
            parts.append([*moved, line])
        else:
            part.append(line)
    return parts


def columns(lines: Sequence[Line], count: int) -> list[list[Line]]:
    """Lines in at most `count` columns of about equal height."""
    low, high = max((line.height for line in lines), default=1), max(1, height(lines))
    while low < high:
        middle = (low + high) // 2
        if len(paginate(lines, middle)) <= count:
            high = middle
        else:
            low = middle + 1
    return paginate(lines, low)


@dataclass(frozen=True)
class Spread:
    """A page: columns of lines, each `room` pixels wide, `gap` apart."""

    columns: tuple[tuple[Line, ...], ...]
    room: int
    gap: int

    @property
    def size(self) -> tuple[int, int]:
        count = len(self.columns)
        wide = self.room * (count - 1) + self.gap * (count - 1)
        last = max((line.width for line in self.columns[-1]), default=0.0)
        used = last if count == 1 else self.room
        return wide + math.ceil(used), max(height(column) for column in self.columns)


def spreads(
    paragraphs: Sequence[Paragraph], size: int, box: tuple[int, int], measure: float
) -> list[Spread]:
    """Paragraphs set into pages of at most `box` pixels, in columns of at most `measure` font
    sizes: on one page if there is room for it.
    """
    gap = round(GAP * size)
    room = max(1, min(round(measure * size), box[0]))
    most = max(1, min(3, (box[0] + gap) // (room + gap)))
    lines = compose(paragraphs, size, room)
    fitting = []
    for count in range(1, most + 1):
        found = columns(lines, count)
        if max(map(height, found)) <= box[1]:
            spread = Spread(tuple(map(tuple, found)), room, gap)
            wide, high = spread.size
            fitting.append((abs(math.log(max(1, wide) / max(1, high) / ASPECT)), count, spread))
    if fitting:
        return [min(fitting)[2]]
    parts = paginate(lines, box[1])
    groups = [parts[k : k + most] for k in range(0, len(parts), most)]
    return [Spread(tuple(map(tuple, group)), room, gap) for group in groups]


def draw_lines(image: Image.Image, lines: Sequence[Line], left: float, top: float) -> list[Target]:
    """Draw lines with their upper left corner at a place; the clickable rectangles of them."""
    draw, targets, y = ImageDraw.Draw(image), [], top - (lines[0].above if lines else 0)
    for line in lines:
        y += line.above
        high = line.height - line.above
        for piece in line.pieces:
            x, run = left + piece.x, piece.run
            # One baseline for all fonts: figures and words of two fonts stand level.
            base = y + (high + piece.size * 0.7) / 2
            if run.shape:
                _draw_shape(draw, run, x, base, piece.size)
            else:
                write(draw, (x, base), run.words, piece.size, run.ink, run.style, "ls")
            if run.action or run.hint:
                wide = math.ceil(piece.width)
                targets.append(Target(round(x), round(y), wide, high, run.action, run.hint))
        y += high
    return targets


def _draw_shape(draw: ImageDraw.ImageDraw, run: Run, x: float, base: float, size: int) -> None:
    side = size * 0.72
    box = (x, base - side, x + side, base)
    if run.shape == DOT:
        draw.ellipse(box, fill=run.ink)
    else:
        draw.rounded_rectangle(box, radius=max(1, size // 8), fill=run.ink, outline=DIM)


def blank(size: tuple[int, int], background: Ink, radius: int) -> Image.Image:
    """A rounded rectangle on a transparent ground."""
    wide, high = max(1, size[0]), max(1, size[1])
    image = Image.new("RGBA", (wide, high), text.CLEAR)
    if background[3]:
        draw = ImageDraw.Draw(image)
        draw.rounded_rectangle((0, 0, wide - 1, high - 1), radius=radius, fill=background)
    return image


def pad_of(size: int) -> int:
    """The space between a panel's edge and its words."""
    return max(3, round(size * 0.7))


def panel(
    paragraphs: Sequence[Paragraph],
    size: int,
    room: tuple[int, int],
    background: Ink = text.BACKGROUND,
    pad: int | None = None,
    step: int = 1,
) -> tuple[text.Pixels, list[Target]]:
    """Paragraphs in a rounded panel of at most `room` pixels, and its clickable rectangles.

    An ellipsis replaces lines that do not fit. The width is a multiple of `step`, so that it does
    not tremble with every digit.
    """
    pad = pad_of(size) if pad is None else pad
    inner = max(1, room[0] - 2 * pad), max(1, room[1] - 2 * pad)
    lines = compose(paragraphs, size, inner[0])
    kept = paginate(lines, inner[1])[0] if lines else []
    if len(kept) < len(lines):
        kept = [*kept[:-1], _cut(kept[-1], inner[0])]
    wide = math.ceil(max((line.width for line in kept), default=0)) + 2 * pad
    wide = -(-wide // step) * step
    box = min(room[0], wide), min(room[1], height(kept) + 2 * pad)
    image = blank(box, background, pad)
    targets = draw_lines(image, kept, pad, pad)
    return np.asarray(image), targets


def _cut(line: Line, room: float) -> Line:
    """A line that ends with an ellipsis."""
    if not line.pieces:
        return line
    last = line.pieces[-1]
    words = shorten(f"{last.run.words} …", last.size, max(1, room - last.x), last.run.style)
    wide = width(words, last.size, last.run.style)
    piece = replace(last, run=replace(last.run, words=words), width=wide)
    return replace(line, pieces=(*line.pieces[:-1], piece))
