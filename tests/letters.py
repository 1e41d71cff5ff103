"""Helpers for tests of text: window sizes, a long line, and a check for missing glyphs."""

from cppn_gl.views import text

SIZES = [(160, 120), (320, 200), (640, 360), (960, 600), (1920, 1080), (3840, 2160)]
LONG = "/home/somebody/pictures/first.toml:14: network.activation: no 'tahn'; did you mean 'tanh'?"


def missing(lines: list[str]) -> set[str]:
    """The characters that neither the typeface nor the spare font has a glyph for."""
    return {c for c in set("".join(lines)) - {" "} for style in text.STYLES if not drawn(c, style)}


def drawn(letter: str, style: str = "regular") -> bool:
    """Whether every piece of a letter has a glyph of its own."""
    parts = text.pieces(letter, 24, style)
    return all(glyph(font, part) != glyph(font, "\U000f0000") for font, part, _ in parts)


def glyph(font: text.Font, letter: str) -> bytes:
    return bytes(font.getmask(letter))
