"""Text in pictures and in the window: the typeface, colours, measuring, wrapping, drawing.

All words are set in IBM Plex Sans: `face`, `width`, `line_height`, `shorten`, `wrap`, `write`.
Typography is in the characters of a string, so that every function takes plain strings:

- italics, for variables, are Unicode's mathematical italic letters: variable("x") is "\U0001d465";
- subscripts and superscripts are Unicode's, "w₁" and "10⁻⁵"; those without a glyph are set smaller;
- a minus sign is U+2212: `minus`, `significant` and `cppn_gl.views.ticks` write it.

A character without a glyph comes from DejaVu Sans Mono.
"""

import math
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ImageDraw, ImageFont

from cppn_gl.nn.features import PRODUCTS

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
    least: float = MIN_FONT,
    most: float = math.inf,
    parts: tuple[float, float] = (52, 26),
) -> int:
    """The font size in pixels: width / parts[0] or height / parts[1], the smaller, within limits.

    By default a picture holds 26 lines of about 90 letters.
    """
    return round(min(max(min(size[0] / parts[0], size[1] / parts[1]), least), most))


def significant(value: float, digits: int = 3) -> str:
    """A number with so many significant digits: −0.5, 1.2, 3×10⁻⁵."""
    return minus(f"{value:.{digits}g}")


def minus(number: str) -> str:
    """A number as Python writes it, with a minus sign and a power of ten: "−0.5", "3×10⁻⁵"."""
    mantissa, e, exponent = number.replace("-", "−").partition("e")
    if not (e and exponent.lstrip("+−").isdigit()):
        return number.replace("-", "−")
    power = "10" + str(int(exponent.replace("−", "-"))).translate(_RAISED)
    return mantissa[:-1] + power if mantissa in ("1", "−1") else f"{mantissa}×{power}"


def counted(number: int, what: str) -> str:
    """A number of things: "1 unit", "3 units"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


STYLES = {"regular": "Regular", "italic": "Italic", "bold": "SemiBold"}
LEADING = 1.25  # line height in font sizes
CAPITAL = 0.698  # height of capitals and figures in font sizes
TIED = "\u00a0"  # a space at which no line is broken
_NO_CHARACTER = "\U000f0000"
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
# Subscripts and superscripts without a glyph: the character, and its rise in font sizes.
_SMALL = {
    "⁻": ("−", 0.3),
    "⁺": ("+", 0.3),
    "ⁿ": ("n", 0.34),
    "₋": ("−", -0.14),
    "₊": ("+", -0.14),
    "ᵢ": ("i", -0.14),
    "ⱼ": ("j", -0.14),
    "ₖ": ("k", -0.14),
    "ₗ": ("l", -0.14),
    "ₘ": ("m", -0.14),
    "ₙ": ("n", -0.14),
    "ₓ": ("x", -0.14),
}
_SMALLER = 0.66  # their font size
_UPRIGHT = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_GREEK = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡϴΣΤΥΦΧΨΩ∇αβγδεζηθικλμνξοπρςστυφχψω∂"
_SLANTED = {
    letter: "ℎ" if letter == "h" else chr(first + k)
    for first, letters in ((0x1D434, _UPRIGHT), (0x1D6E2, _GREEK))
    for k, letter in enumerate(letters)
}
_ITALIC = {slanted: letter for letter, slanted in _SLANTED.items()}

Font = ImageFont.FreeTypeFont


def style_file(style: str) -> Path:
    """The file of the typeface in a style: regular, italic or bold.

    Its figures have one width, so that columns of numbers align.
    """
    return FONTS / f"IBMPlexSans-{STYLES[style]}.ttf"


def _load(path: Path, size: int) -> Font:
    """Fix the layout: Raqm, Pillow's default where libfribidi is installed, has other widths."""
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


@cache
def face(size: int, style: str = "regular") -> Font:
    """The typeface at `size` pixels."""
    return _load(style_file(style), size)


@cache
def spare(size: int) -> Font:
    """The font for characters that the typeface lacks."""
    return _load(FONTS / "DejaVuSansMono.ttf", size)


def line_height(size: int) -> int:
    """The distance between two lines' baselines in pixels."""
    return math.ceil(size * LEADING)


def variable(name: str, index: int | None = None) -> str:
    """A variable in italics, with an index as a subscript: 𝑥, 𝜎, 𝑤₁."""
    below = "" if index is None else "".join("₀₁₂₃₄₅₆₇₈₉"[int(k)] for k in str(index))
    return "".join(_SLANTED.get(letter, letter) for letter in name) + below


def formula(words: str) -> str:
    """A formula with its variables, the letters that stand alone, in italics, and minus signs."""
    alone = r"(?<![a-zA-Z])[a-zA-Zα-ω](?![a-zA-Z])"
    return re.sub(alone, lambda found: variable(found[0]), words).replace("-", "−")


def symbol(feature: str) -> str:
    """An input feature as it is set: 𝑥, 𝑥², 𝑧₁, cos 𝑡, sin 4𝑥; words, as "one", upright."""
    if feature in PRODUCTS:
        return variable(feature.replace("2", "²"))
    function, _, of = feature.rpartition("_")
    letter, index = of[:1], of[1:]
    if function and letter.isdigit():
        return f"{function}{TIED}{of[:-1]}{variable(of[-1])}"
    if letter.isalpha() and (not index or index.isdigit()):
        of = variable(letter, int(index) if index else None)
    return f"{function}{TIED}{of}" if function else of


@lru_cache(maxsize=1024)
def _has(character: str, style: str) -> bool:
    """Whether the typeface has a glyph of its own for a character."""
    known = face(24, style)
    return bytes(known.getmask(character)) != bytes(known.getmask(_NO_CHARACTER))


@lru_cache(maxsize=8192)
def pieces(words: str, size: int, style: str = "regular") -> tuple[tuple[Font, str, int], ...]:
    """Words in parts: (font, characters, rise of the baseline in pixels)."""
    parts: list[tuple[Font, str, int]] = []
    for character in words:
        used, rise = face(size, style), 0
        if character in _ITALIC:
            character = _ITALIC[character]
            used = face(size, "italic")
        elif character in _SMALL:
            character, raised = _SMALL[character]
            used, rise = face(max(1, round(size * _SMALLER)), style), round(raised * size)
        elif character not in (" ", TIED) and not _has(character, style):
            used = spare(size)
        if parts and parts[-1][0] is used and parts[-1][2] == rise:
            parts[-1] = used, parts[-1][1] + character, rise
        else:
            parts.append((used, character, rise))
    return tuple(parts)


@lru_cache(maxsize=8192)
def width(words: str, size: int, style: str = "regular") -> float:
    """The width of words in pixels."""
    return sum(font.getlength(part) for font, part, _ in pieces(words, size, style))


def clean(words: str) -> str:
    """Words without line ends and lone surrogates, which no font can draw."""
    return "".join(c if c.isprintable() or c == TIED else " " for c in words)


def shorten(words: str, size: int, room: float, style: str = "regular") -> str:
    """Words truncated to `room` pixels, with an ellipsis where they were longer."""
    words = clean(words)
    if width(words, size, style) <= room:
        return words
    return words[: _fitting(words, size, room, style, "…")].rstrip() + "…"


def _fitting(words: str, size: int, room: float, style: str, end: str = "") -> int:
    """How many of the first characters fit into `room` pixels, with `end` after them."""
    low, high = 0, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        if width(words[:middle].rstrip() + end, size, style) <= room:
            low = middle
        else:
            high = middle - 1
    return low


def wrap(words: str, size: int, room: float, style: str = "regular") -> list[str]:
    """Words in lines of at most `room` pixels, at spaces where possible."""
    words, lines = clean(words), []
    while width(words, size, style) > room and len(words) > 1:
        most = max(1, _fitting(words, size, room, style))
        at = words.rfind(" ", 1, most + 1)
        at = at if at > 0 else most
        lines.append(words[:at].rstrip())
        words = words[at:].lstrip()
    return [*lines, words]


def write(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
    words: str,
    size: int,
    ink: Any = WHITE,
    style: str = "regular",
    anchor: str = "la",
) -> None:
    """Draw words at a pixel; `ink` is a colour of the image's mode.

    anchor: left, middle or right (l, m, r) of the words; then the top of the line (a), the middle
    of its capitals (m), its baseline (s) or its bottom (d).
    """
    x, y = place
    high, capital = line_height(size), CAPITAL * size
    base = (
        y
        + {"a": (high + capital) / 2, "m": capital / 2, "s": 0, "d": (capital - high) / 2}[
            anchor[1]
        ]
    )
    x -= {"l": 0.0, "m": 0.5, "r": 1.0}[anchor[0]] * width(words, size, style)
    x, base = round(x), round(base)
    if "√" in words:
        _overlines(draw, (x, base), words, size, ink, style)
    for font, part, rise in pieces(words, size, style):
        draw.text((x, base - rise), part, fill=ink, font=font, anchor="ls")
        x += font.getlength(part)


def _overlines(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], words: str, size: int, ink: Any, style: str
) -> None:
    """The line over each letter under a root, without which a small √ looks like a v."""
    thick = max(1, round(size / 14))
    for found in re.finditer(r"√(\w)", words):
        left, right = (at[0] + round(width(words[:end], size, style)) for end in found.span(1))
        root, letter = (
            font.getbbox(part, anchor="ls")[1]
            for word in ("√", found[1])
            for font, part, _ in pieces(word, size, style)
        )
        top = at[1] + round(min(root, letter - thick - 1))
        draw.rectangle((left - 1, top, right - 1, top + thick - 1), fill=ink)
