"""The views' fonts: every letter has a glyph, and long lines wrap."""

import re
from pathlib import Path

import pytest
from letters import LONG, missing
from PIL import ImageFont

import cppn_gl
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.sheet import cells
from cppn_gl.viewer.bindings import help_rows
from cppn_gl.views import text
from cppn_gl.views.sheet_layout import natural_size

RUSSIAN = {"A": "Ф", "S": "Ы", "]": "Ъ", "[": "Х", ",": "Б", ".": "Ю"}


def test_a_letter_without_a_glyph_is_noticed() -> None:
    assert missing(["a\u0e01"]) == {"\u0e01"}


def test_no_glyph_of_the_help_is_missing() -> None:
    rows = [*help_rows(), *help_rows(RUSSIAN)]
    assert missing(["Keys", *(word for row in rows for word in row)]) == set()
    assert missing(["×", "–", "—", "↑", "…", "±", "ÄÖÜß´", "Σ"]) == set()


@pytest.mark.parametrize("points", [8, 11, 15, 30])
def test_letters_stand_on_a_grid(points: int) -> None:
    advance, _ = text.letter(points)
    for bold in (False, True):
        assert text.font(points, bold).getlength("iW↑" * 10) == pytest.approx(30 * advance, abs=1)


@pytest.mark.parametrize(
    ("line", "columns", "pieces"),
    [
        ("short", 10, ["short"]),
        ("", 10, [""]),
        ("depth 27 width 30", 9, ["depth 27", "width 30"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("exactly ten", 11, ["exactly ten"]),
        ("anything", 0, ["anyt", "hing"]),
        ("one\ntwo\tthree\x00", 40, ["one two three "]),
    ],
)
def test_wrap(line: str, columns: int, pieces: list[str]) -> None:
    assert text.wrap(line, columns) == pieces


def test_wrap_loses_no_word() -> None:
    for columns in range(4, 100):
        pieces = text.wrap(LONG, columns)
        assert all(0 < len(piece) <= columns for piece in pieces)
        assert "".join(pieces).replace(" ", "") == LONG.replace(" ", "")


@pytest.mark.parametrize(
    ("line", "columns", "short"),
    [("depth", 5, "depth"), ("depth", 4, "dep…"), ("a bc", 3, "a…"), ("depth", 1, "…")],
)
def test_shorten(line: str, columns: int, short: str) -> None:
    assert text.shorten(line, columns) == short


def test_no_system_library_lays_the_letters_out() -> None:
    """Raqm, which Pillow prefers where libfribidi is installed, has other widths."""
    for bold in (False, True):
        assert text.font(13, bold).layout_engine == ImageFont.Layout.BASIC
    assert [text.letter(points)[0] for points in (8, 11, 13, 15)] == [5, 7, 8, 9]
    preset = load_preset("depth-by-width")
    assert natural_size(preset, cells(preset)) == (672, 540)


def test_fonts_are_loaded_in_one_place() -> None:
    loading = re.compile(r"ImageFont\.(truetype|load|FreeTypeFont\()")
    package = Path(cppn_gl.__file__).parent
    found = [path for path in package.rglob("*.py") if loading.search(path.read_text("utf-8"))]
    assert found == [Path(text.__file__)]
