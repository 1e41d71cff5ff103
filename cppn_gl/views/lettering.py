"""Words of overlays: how large letters are for a picture, and labels that any ground lets read."""

from PIL import Image, ImageDraw

from cppn_gl.text import DIM, GROUND, MIN_FONT, WHITE, font, letter

Size = tuple[int, int]
Ink = tuple[int, int, int, int]

CHIP: Ink = (*GROUND, 190)
MOST = 15.0  # pixels of letters in a picture of up to about 1000 pixels' height

__all__ = [
    "CHIP",
    "DIM",
    "GROUND",
    "MIN_FONT",
    "WHITE",
    "canvas",
    "chip",
    "font",
    "letters",
    "room",
]


def letters(size: Size) -> int:
    """Pixels of the letters over a picture: legible in a small one, not loud in a large one."""
    fitting = min(size[0] / 52, size[1] / 26)
    return round(min(max(fitting, MIN_FONT), max(MOST, size[1] / 64)))


def canvas(size: Size) -> Image.Image:
    """A clear overlay."""
    return Image.new("RGBA", (max(1, size[0]), max(1, size[1])), (0, 0, 0, 0))


def room(points: int, text: str) -> tuple[int, int]:
    """(width, height) of a line of letters in pixels."""
    advance, height = letter(points)
    return round(advance * len(text)), height


def chip(draw: ImageDraw.ImageDraw, place: tuple[float, float], text: str, points: int) -> None:
    """A label on a dark ground, its upper left corner at `place`."""
    wide, high = room(points, text)
    x, y = place
    pad = max(2, points // 4)
    box = (x, y, x + wide + 2 * pad - 1, y + high - 1)
    draw.rounded_rectangle(box, radius=pad, fill=CHIP)
    draw.text((x + pad, y), text, fill=WHITE, font=font(points))
