"""Fonts, colours, and the monospaced text of views: headings, labels, legends."""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

FONTS = Path(__file__).parents[1] / "fonts"
WHITE = (255, 255, 255, 255)
DIM = (190, 198, 208, 255)
GROUND = (12, 14, 18)  # background where there is no picture
BACKGROUND = (*GROUND, 196)
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
