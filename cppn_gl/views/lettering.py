"""Text of overlays: the font size for a picture, and labels legible on any background."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cppn_gl.utils.arrays import Box, Size
from cppn_gl.views.text import (
    DIM,
    GROUND,
    MIN_FONT,
    WHITE,
    fitting,
    line_height,
    width,
    write,
)

Ink = tuple[int, int, int, int]

CHIP: Ink = (*GROUND, 190)

__all__ = [
    "CHIP",
    "DIM",
    "GROUND",
    "MIN_FONT",
    "WHITE",
    "canvas",
    "chip",
    "letters",
    "room",
]


def letters(size: Size) -> int:
    """The font size, in pixels, of text over a picture."""
    return fitting(size, parts=(64, 40))


def blank(size: Size, ground: tuple[int, int, int] = GROUND) -> NDArray[np.float32]:
    """A picture (height, width, 3) of the background colour."""
    color = np.array(ground, np.float32) / np.float32(255)
    return np.broadcast_to(color, (size[1], size[0], 3)).copy()


def frame(draw: ImageDraw.ImageDraw, box: Box, edge: int, ink: Ink) -> None:
    """A frame of `edge` pixels round a box, whose right and bottom are exclusive."""
    left, top, right, bottom = box
    outer = (left - edge, top - edge, right + edge - 1, bottom + edge - 1)
    draw.rectangle(outer, outline=ink, width=edge)


def canvas(size: Size) -> Image.Image:
    """A transparent overlay."""
    return Image.new("RGBA", (max(1, size[0]), max(1, size[1])), (0, 0, 0, 0))


def room(font_size: int, text: str) -> tuple[int, int]:
    """(width, height) of a line of text in pixels."""
    return math.ceil(width(text, font_size)), line_height(font_size)


def chip(draw: ImageDraw.ImageDraw, place: tuple[float, float], text: str, font_size: int) -> None:
    """A label on a dark background, its upper left corner at `place`."""
    wide, high = room(font_size, text)
    x, y = place
    pad = max(2, font_size // 4)
    box = (x, y, x + wide + 2 * pad - 1, y + high - 1)
    draw.rounded_rectangle(box, radius=pad, fill=CHIP)
    write(draw, (x + pad, y), text, font_size)
