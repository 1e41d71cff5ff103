"""Helpers for tests of text: window sizes, a long line, and a check for missing glyphs."""

from PIL import Image, ImageDraw

from cppn_gl.views import text

SIZES = [(160, 120), (320, 200), (640, 360), (960, 600), (1920, 1080), (3840, 2160)]
LONG = "/home/somebody/pictures/first.toml:14: network.activation: no 'tahn'; did you mean 'tanh'?"


def glyph(letter: str, *, bold: bool = False) -> bytes:
    image = Image.new("L", (40, 40))
    ImageDraw.Draw(image).text((4, 4), letter, fill=255, font=text.font(24, bold))
    return image.tobytes()


def missing(lines: list[str]) -> set[str]:
    """The characters for which the font has no glyph."""
    letters = set("".join(lines)) - {" "}
    return {c for c in letters for bold in (False, True) if glyph(c, bold=bold) == tofu(bold)}


def tofu(bold: bool) -> bytes:
    return glyph("\U000f0000", bold=bold)
