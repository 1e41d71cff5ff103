"""Words in pictures and in the window: glyphs, minus signs, italics, measuring, wrapping."""

import re
from pathlib import Path

import numpy as np
import pytest
from letters import LONG, missing
from PIL import Image, ImageDraw, ImageFont

import cppn_gl
from cppn_gl.viewer.bindings import help_rows
from cppn_gl.views import text

RUSSIAN = {"A": "Ф", "S": "Ы", "]": "Ъ", "[": "Х", ",": "Б", ".": "Ю"}
ODD = ("", "\n", "\ud800", "日本語", "e\u0301", "\u202eabc", "\U0001f600" * 200, "\0")
FORMULA = f"√{text.variable('n')}·{text.variable('σ')} = {text.variable('w', 12)} − 3×10⁻⁵ xₙ"


def drawn(words: str, size: int, style: str = "regular", anchor: str = "la") -> np.ndarray:
    """The coverage of words drawn at (60, 40), (120, 600)."""
    image = Image.new("L", (600, 120))
    text.write(ImageDraw.Draw(image), (60, 40), words, size, 255, style, anchor)
    return np.asarray(image)


def box(pixels: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the ink."""
    rows, columns = np.nonzero(pixels > 60)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_a_letter_without_a_glyph_is_noticed() -> None:
    assert missing(["a\u0e01"]) == {"\u0e01"}


def test_no_glyph_of_the_help_is_missing() -> None:
    rows = [*help_rows(), *help_rows(RUSSIAN)]
    assert missing(["Keys", *(word for row in rows for word in row)]) == set()


def test_no_glyph_of_formulas_is_missing() -> None:
    assert missing(["√σ×−±·…–—≥→↑ÄÖÜß´ФΣ●★ⁿ⁻₋", FORMULA]) == set()
    assert missing([text.variable(letter) for letter in "xyrthzwnσθω∂"]) == set()


@pytest.mark.parametrize("style", text.STYLES)
@pytest.mark.parametrize("size", [9, 16, 31])
def test_figures_have_one_width_so_that_numbers_align(size: int, style: str) -> None:
    assert len({text.width(digit * 10, size, style) for digit in "0123456789"}) == 1


@pytest.mark.parametrize(
    ("value", "words"),
    [(-0.5, "−0.5"), (3e-5, "3×10⁻⁵"), (1e7, "10⁷"), (-2.5e12, "−2.5×10¹²"), (12.0, "12")],
)
def test_numbers_have_a_minus_sign_and_powers_of_ten(value: float, words: str) -> None:
    assert text.significant(value) == words


def test_infinity_and_not_a_number_stay_words() -> None:
    assert [text.significant(v) for v in (np.inf, -np.inf, np.nan)] == ["inf", "−inf", "nan"]


def test_a_variable_is_set_in_italics() -> None:
    (one,) = text.pieces(text.variable("x"), 20)
    assert one == (text.face(20, "italic"), "x", 0)
    assert text.variable("h") == "ℎ"
    slanted, index = text.pieces(text.variable("w", 10), 20, "bold")
    assert (slanted[0], slanted[1]) == (text.face(20, "italic"), "w")
    assert index[1] == "₁₀"


@pytest.mark.parametrize(
    ("feature", "words"),
    [("x", "𝑥"), ("z12", "𝑧₁₂"), ("cos_t", "cos{}𝑡"), ("sin_y", "sin{}𝑦"), ("sin_4x", "sin{}4𝑥"),
     ("cos_65536y", "cos{}65536𝑦"), ("one", "one"), ("x2", "𝑥²"), ("xy", "𝑥𝑦")],
)  # fmt: skip
def test_an_input_is_set_as_in_a_formula(feature: str, words: str) -> None:
    assert text.symbol(feature) == words.format(text.TIED)


def test_the_variables_of_a_formula_are_set_in_italics() -> None:
    x = text.variable("x")
    assert text.formula("relu(x) = max(x, 0)") == f"relu({x}) = max({x}, 0)"
    assert text.formula("exp(-x²)") == f"exp(−{x}²)"


@pytest.mark.parametrize("size", [16, 24, 40])
def test_subscripts_stand_lower_and_superscripts_higher(size: int) -> None:
    full = box(drawn("x", size))
    below, above = box(drawn("ₙ", size)), box(drawn("⁻", size))
    assert below[3] > full[3]
    assert below[3] - below[1] < full[3] - full[1]
    assert above[3] < (full[1] + full[3]) / 2


@pytest.mark.parametrize("words", ["Wide", FORMULA, "x", "layer 12"])
@pytest.mark.parametrize("size", [8, 13, 24])
def test_words_are_as_wide_as_measured(words: str, size: int) -> None:
    left, _, right, _ = box(drawn(words, size))
    assert right - left == pytest.approx(text.width(words, size), abs=0.2 * size + 2)


@pytest.mark.parametrize("size", [8, 13, 24])
def test_anchors(size: int) -> None:
    wide = text.width("H", size)
    for anchor, center in (("l", 60 + wide / 2), ("m", 60), ("r", 60 - wide / 2)):
        left, _, right, _ = box(drawn("H", size, anchor=f"{anchor}m"))
        assert (left + right) / 2 == pytest.approx(center, abs=1.5)
    _, top, _, bottom = box(drawn("H", size, anchor="lm"))
    assert (top + bottom) / 2 == pytest.approx(40, abs=1)
    assert box(drawn("H", size, anchor="ls"))[3] == 40
    line = box(drawn("Ågjy|", size)), box(drawn("Ågjy|", size, anchor="ld"))
    assert line[0][1] >= 40 - size // 8  # a line's letters stay in it
    assert line[0][3] <= 40 + text.line_height(size) + 1
    assert line[1][3] <= 41


@pytest.mark.parametrize(
    ("line", "room", "pieces"),
    [
        ("short", "short", ["short"]),
        ("", "x", [""]),
        ("depth 27 width 30", "depth 27 w", ["depth 27", "width 30"]),
        ("exactly ten", "exactly ten", ["exactly ten"]),
        ("one\ntwo\tthree", "one two three", ["one two three"]),
    ],
)
def test_wrap(line: str, room: str, pieces: list[str]) -> None:
    assert text.wrap(line, 16, text.width(room, 16)) == pieces


@pytest.mark.parametrize("room", [0, 30, 77, 150, 400, 2000])
def test_wrap_loses_no_letter_and_keeps_to_the_room(room: int) -> None:
    pieces = text.wrap(LONG, 13, room)
    assert all(text.width(piece, 13) <= room or len(piece) == 1 for piece in pieces)
    assert "".join(pieces).replace(" ", "") == LONG.replace(" ", "")


def test_shorten() -> None:
    assert text.shorten("depth", 14, 500) == "depth"
    short = text.shorten("depth of field", 14, text.width("depth of", 14))
    assert short == "depth…"
    assert text.shorten("depth", 14, 1) == "…"


@pytest.mark.parametrize("words", ODD)
def test_odd_characters_can_be_set(words: str) -> None:
    for line in text.wrap(words, 12, 100):
        drawn(text.shorten(line, 12, 100), 12)


def test_no_system_library_lays_the_letters_out() -> None:
    """Raqm, which Pillow prefers where libfribidi is installed, has other widths."""
    faces = [text.spare(13), *(text.face(13, style) for style in text.STYLES)]
    assert {face.layout_engine for face in faces} == {ImageFont.Layout.BASIC}


def test_fonts_are_loaded_in_one_place() -> None:
    loading = re.compile(r"ImageFont\.(truetype|load|FreeTypeFont\()")
    package = Path(cppn_gl.__file__).parent
    found = [path for path in package.rglob("*.py") if loading.search(path.read_text("utf-8"))]
    assert found == [Path(text.__file__)]
