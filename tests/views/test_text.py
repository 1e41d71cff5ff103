"""Words as pictures: every letter has a glyph, long lines wrap, nothing leaves its panel."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from letters import LONG, SIZES, missing
from PIL import ImageDraw, ImageFont

import cppn_gl
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.sheet import cells
from cppn_gl.viewer.bindings import help_rows
from cppn_gl.views import text
from cppn_gl.views.sheet_layout import natural_size

RUSSIAN = {"A": "Ф", "S": "Ы", "]": "Ъ", "[": "Х", ",": "Б", ".": "Ю"}


def ink(pixels: text.Pixels) -> tuple[int, int, int, int]:
    """left, top, right, bottom of the letters, which are lighter than any background."""
    rows, columns = np.nonzero(pixels[..., :3].min(axis=2) > 120)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


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


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("points", [8, 15, 30])
def test_a_panel_stays_in_its_room(size: tuple[int, int], points: int) -> None:
    lines = ["A title", LONG, "x" * 500, *["a line"] * 40]
    pixels = text.panel(lines, points, width=size[0], height=size[1])
    height, width = pixels.shape[:2]
    assert width <= size[0]
    assert height <= size[1]
    left, top, right, bottom = ink(pixels)
    assert 1 <= left < right <= width - 1
    assert 1 <= top < bottom <= height - 1


def test_a_panel_is_as_small_as_its_words() -> None:
    small = text.panel(["hi"], 15, width=800, height=600)
    advance, leading = text.letter(15)
    assert small.shape[1] <= 2 * advance + 22
    assert small.shape[0] <= leading + 20
    assert len(text.panel(["hi"] * 3, 15, width=800, height=600)) == len(small) + 2 * leading


def test_what_is_left_out_is_marked() -> None:
    _, leading = text.letter(15)
    room: dict[str, Any] = {"width": 800, "height": 3 * leading + 20}
    three = text.panel(["a", "b", "c"], 15, **room)
    five = text.panel(["a", "b", "c", "d", "e"], 15, **room)
    marked = text.panel(["a", "b", "c …"], 15, **room)
    assert three.shape[0] == five.shape[0]
    assert np.array_equal(five, marked)


def test_whether_a_line_fits() -> None:
    height = len(text.panel(["hi"], 15, width=800, height=600))
    assert text.fits(15, height)
    assert not text.fits(15, height - 1)


def test_corners_are_round_and_the_middle_is_readable() -> None:
    pixels = text.panel(["title", "words"], 15, width=400, height=300)
    assert pixels[0, 0, 3] == 0
    assert tuple(pixels[pixels.shape[0] // 2, 3]) == text.BACKGROUND
    assert pixels[..., :3].max() == 255
    alarm = text.panel(["wrong"], 15, width=400, height=300, background=text.ALARM)
    assert tuple(alarm[alarm.shape[0] // 2, 3]) == text.ALARM


def test_odd_text_ends_in_no_exception() -> None:
    for word in ("", "\n", "\ud800", "日本語", "e\u0301", "\u202eabc", "\U0001f600" * 200, "\0"):
        text.panel([word, word], 8, width=60, height=60)
    text.panel([], 8, width=60, height=60)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("largest", [8, 15, 30])
def test_the_table_fits(size: tuple[int, int], largest: int) -> None:
    pixels = text.table(help_rows(), "Keys", size, largest)
    height, width = pixels.shape[:2]
    assert width <= size[0]
    assert height <= size[1]
    left, top, right, bottom = ink(pixels)
    assert 2 <= left < right <= width - 2
    assert 2 <= top < bottom <= height - 2


def test_the_table_is_whole_where_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    draw = ImageDraw.ImageDraw.text

    def spy(self: ImageDraw.ImageDraw, xy: object, words: str, *args: object, **kw: object) -> None:
        drawn.append(words)
        draw(self, xy, words, *args, **kw)  # type: ignore[arg-type]

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", spy)
    for size in SIZES[2:]:
        drawn.clear()
        text.table(help_rows(), "Keys", size, 15)
        assert drawn == ["Keys", *(word for row in help_rows() for word in row)]
    for size in SIZES[:2]:
        drawn.clear()
        text.table(help_rows(), "Keys", size, 15)
        assert drawn[:2] == ["Keys", "↑ ↓"]
        assert drawn[-2].startswith("… all in")


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (30, 30)])
def test_a_tiny_window_is_no_error(size: tuple[int, int]) -> None:
    assert text.table(help_rows(), "Keys", size, 15).shape[2] == 4
    assert text.panel(["words"], 8, width=size[0], height=size[1]).shape[2] == 4


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
