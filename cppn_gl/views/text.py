"""Text as pictures: the lines of the HUD, the help and the messages, drawn by Pillow."""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

FONTS = Path(__file__).parents[1] / "fonts"
WHITE = (255, 255, 255, 255)
DIM = (190, 198, 208, 255)
GROUND = (12, 14, 18)  # background where there is no picture
BACKGROUND = (*GROUND, 176)
CLEAR = (0, 0, 0, 0)
ALARM = (150, 20, 30, 225)
MIN_FONT = 8  # pixels; smaller text is illegible

Pixels = NDArray[np.uint8]


def fitting(
    size: tuple[float, float],
    least: float,
    most: float,
    parts: tuple[float, float] = (52, 26),
) -> int:
    """The font size in pixels: width / parts[0] or height / parts[1], the smaller, within limits.

    By default a picture holds 26 lines of about 90 letters.
    """
    return round(min(max(min(size[0] / parts[0], size[1] / parts[1]), least), most))


def significant(value: float, digits: int = 3) -> str:
    """A number with so many significant digits, and a typographic minus sign."""
    return f"{value:.{digits}g}".replace("-", "−")


def counted(number: int, what: str) -> str:
    """A number of things: "1 unit", "3 units"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


@cache
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The font at `size` pixels.

    The layout is fixed: Raqm, Pillow's default where libfribidi is installed, has other widths.
    """
    name = "DejaVuSansMono-Bold.ttf" if bold else "DejaVuSansMono.ttf"
    return ImageFont.truetype(FONTS / name, size, layout_engine=ImageFont.Layout.BASIC)


STYLES = {"regular": "Regular", "italic": "Italic", "bold": "SemiBold"}


def style_file(style: str) -> Path:
    """The file of the window's typeface in a style: regular, italic or bold.

    Its figures have one width, so that columns of numbers align.
    """
    return FONTS / f"IBMPlexSans-{STYLES[style]}.ttf"


@cache
def face(size: int, style: str = "regular") -> ImageFont.FreeTypeFont:
    """The window's typeface at `size` pixels."""
    return ImageFont.truetype(style_file(style), size, layout_engine=ImageFont.Layout.BASIC)


def letter(size: int) -> tuple[float, int]:
    """(width, line height) of a letter in pixels; the font is monospaced."""
    face = font(size)
    ascent, descent = face.getmetrics()
    return face.getlength("M" * 16) / 16, ascent + descent


def wrap(line: str, columns: int) -> list[str]:
    """A line split into pieces of at most `columns` letters, at spaces where possible."""
    columns, pieces = max(columns, 4), []
    line = "".join(c if c.isprintable() else " " for c in line)  # no line ends, no surrogates
    while len(line) > columns:
        at = line.rfind(" ", 1, columns + 1)
        at = at if at > 0 else columns
        pieces.append(line[:at])
        line = line[at:].lstrip()
    return [*pieces, line]


def shorten(line: str, columns: int) -> str:
    """A line truncated to `columns` letters, with an ellipsis where it was longer."""
    return line if len(line) <= columns else line[: max(0, columns - 1)].rstrip(" …") + "…"


def _pad(size: int) -> int:
    return max(2, size * 2 // 3)


def fits(size: int, height: int) -> bool:
    """Whether a panel of one line is at most `height` pixels high."""
    return letter(size)[1] + 2 * _pad(size) <= height


def panel(
    lines: list[str],
    size: int,
    *,
    width: int,
    height: int,
    background: tuple[int, int, int, int] = BACKGROUND,
    heading: bool = True,
) -> Pixels:
    """Lines in a rounded panel of at most `width` by `height` pixels, as (…, …, 4) RGBA.

    With `heading` the first line is bold. Long lines are wrapped; an ellipsis replaces lines that
    do not fit.
    """
    advance, leading = letter(size)
    pad = _pad(size)
    columns = int((width - 2 * pad) / advance)
    pieces = [(p, heading and i == 0) for i, line in enumerate(lines) for p in wrap(line, columns)]
    room = max(1, (height - 2 * pad) // leading)
    if len(pieces) > room:
        last, bold = pieces[room - 1]
        pieces = [*pieces[: room - 1], (shorten(f"{last} …", columns), bold)]
    longest = max((len(piece) for piece, _ in pieces), default=1)
    box = (min(width, int(longest * advance) + 2 * pad + 1), len(pieces) * leading + 2 * pad)
    image = Image.new("RGBA", (max(1, box[0]), max(1, box[1])), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, box[0] - 1, box[1] - 1), radius=pad, fill=background)
    for row, (piece, bold) in enumerate(pieces):
        plain = background in (BACKGROUND, CLEAR) and heading and not bold
        color = DIM if plain else WHITE
        draw.text((pad, pad + row * leading), piece, fill=color, font=font(size, bold))
    return np.asarray(image)


def table(rows: list[tuple[str, str]], title: str, size: tuple[int, int], largest: int) -> Pixels:
    """A table of two columns in one to three blocks, as large as fits into `size` pixels.

    In a window too small for it the table is truncated, with a note.
    """
    left = max(len(a) for a, _ in rows)
    right = max(len(b) for _, b in rows)
    for font_size in range(largest, MIN_FONT - 1, -1):
        advance, height = letter(font_size)
        for blocks in (1, 2, 3):
            per = -(-len(rows) // blocks)
            columns = blocks * (left + 2 + right) + 4 * (blocks - 1)
            wide, high = int(columns * advance) + 4 * font_size, (per + 2) * height + 3 * font_size
            if wide <= size[0] and high <= size[1]:
                return _table(rows, title, font_size, per, (wide, high), left + right + 6, left)
    advance, height = letter(MIN_FONT)
    room = max(0, (size[1] - 2 * MIN_FONT) // height - 3)
    columns = max(8, int((size[0] - 4 * MIN_FONT) / advance))
    left = min(left, columns * 2 // 5)
    cut = [(shorten(a, left), shorten(b, columns - left - 2)) for a, b in rows[:room]]
    note = shorten("… all in a larger window", columns)
    return _table([*cut, (note, "")], title, MIN_FONT, room + 1, size, columns, left)


def _table(
    rows: list[tuple[str, str]],
    title: str,
    font_size: int,
    per_block: int,
    box: tuple[int, int],
    columns: int,
    left: int,
) -> Pixels:
    advance, height = letter(font_size)
    pad = 2 * font_size
    image = Image.new("RGBA", box, (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    fill = (*BACKGROUND[:3], 215)
    draw.rounded_rectangle((0, 0, box[0] - 1, box[1] - 1), radius=font_size, fill=fill)
    draw.text((pad, font_size), title, fill=WHITE, font=font(font_size, True))
    for i, (key, what) in enumerate(rows):
        x = pad + (i // per_block) * columns * advance
        y = font_size + (i % per_block + 2) * height
        draw.text((x, y), key, fill=WHITE, font=font(font_size, True))
        draw.text((x + (left + 2) * advance, y), what, fill=DIM, font=font(font_size))
    return np.asarray(image)
