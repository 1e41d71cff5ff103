"""The window's typeface: words are wrapped by width, lose nothing, and stay in their room."""

import numpy as np
import pytest
from letters import LONG, SIZES

from cppn_gl.viewer import typeset
from cppn_gl.viewer.typeset import (
    CHIP,
    LEAST,
    RED,
    Line,
    Paragraph,
    Run,
    columns,
    compose,
    font_size,
    paginate,
    panel,
    says,
    spreads,
)
from cppn_gl.views import text
from cppn_gl.views.text import TIED, shorten, width

TALE = "A unit adds up all values of the layer before, each times a weight, plus a bias. " * 8
ODD = ("", "\n", "\ud800", "日本語", "e\u0301", "\u202eabc", "\U0001f600" * 200, "\0")


def words(lines: list[Line]) -> str:
    return " ".join(piece.run.words for line in lines for piece in line.pieces)


def ink(pixels: text.Pixels) -> tuple[int, int, int, int]:
    """left, top, right, bottom of the letters, which are lighter than any background."""
    rows, across = np.nonzero(pixels[..., :3].min(axis=2) > 120)
    return across.min(), rows.min(), across.max() + 1, rows.max() + 1


@pytest.mark.parametrize("room", [40, 77, 150, 400, 2000])
def test_wrapping_loses_no_word_and_keeps_to_the_room(room: int) -> None:
    given = [says(TALE), Paragraph((Run(LONG, "italic"), Run(" and "), Run("more", "bold")))]
    lines = compose(given, 13, room)
    assert max(line.width for line in lines) <= room
    wanted = f"{TALE} {LONG} and more"
    assert words(lines).replace(" ", "") == wanted.replace(" ", "")


def test_a_line_is_broken_at_a_space_if_it_can_be() -> None:
    lines = compose([says("depth 27 width 30")], 16, width("depth 27 wid", 16))
    assert [line.pieces[0].run.words for line in lines] == ["depth 27", "width 30"]
    tied = compose([says(f"the red{TIED}0.5")], 16, width("the red ", 16))
    assert [line.pieces[0].run.words for line in tied] == ["the", f"red{TIED}0.5"]


def test_spaces_between_words_and_runs_are_kept() -> None:
    (line,) = compose([says("x 1   y 2")], 16, 1000)
    assert line.width == pytest.approx(width("x 1   y 2", 16))
    (line,) = compose([Paragraph((Run("H", "bold"), Run("   "), Run("?")))], 16, 1000)
    assert line.pieces[1].x == pytest.approx(width("H", 16, "bold") + width("   ", 16))


def test_a_label_stands_to_the_left_of_all_lines() -> None:
    lines = compose([Paragraph((Run(TALE),), label="PgUp", indent=6)], 16, 400)
    assert lines[0].pieces[0].run == Run("PgUp", "bold")
    assert [line.pieces[-1].x for line in lines] == [96.0] * len(lines)
    narrow = compose([Paragraph((Run("words"),), label="a long label", indent=3)], 16, 100)
    assert [line.pieces[0].x for line in narrow] == [0.0, 48.0]  # on a line of its own


@pytest.mark.parametrize("room", [1, 20, 55, 100])
def test_shortened_words_fit(room: int) -> None:
    short = shorten(LONG, 14, room)
    assert short.endswith("…")
    assert width(short, 14) <= max(room, width("…", 14))
    assert shorten("depth", 14, 500) == "depth"


def test_pages_hold_all_lines_and_no_heading_ends_one() -> None:
    page = [
        part for k in range(9) for part in (says(f"Heading {k}", "bold", keep=True), says(TALE))
    ]
    lines = compose(page, 12, 240)
    for room in (40, 90, 300, 10000):
        parts = paginate(lines, room)
        assert [line for part in parts for line in part] == lines
        assert all(typeset.height(part) <= room for part in parts)
        assert not any(part[-1].keep for part in parts)


def test_columns_are_about_equally_high() -> None:
    lines = compose([says(TALE) for _ in range(6)], 12, 240)
    for count in (1, 2, 3):
        found = columns(lines, count)
        assert len(found) <= count
        tall = max(map(typeset.height, found))
        assert tall <= typeset.height(lines) / count + 3 * typeset.line_height(12)


@pytest.mark.parametrize("box", [(280, 150), (380, 260), (1200, 700), (3800, 2100)])
def test_a_text_is_set_on_few_pages_without_loss(box: tuple[int, int]) -> None:
    page = [says("Title", "bold", keep=True), *(says(TALE) for _ in range(4))]
    pages = spreads(page, 13, box, 33)
    for spread in pages:
        assert spread.size[0] <= box[0]
        assert spread.size[1] <= box[1]
    found = [line for spread in pages for column in spread.columns for line in column]
    assert words(found).replace(" ", "") == f"Title{TALE * 4}".replace(" ", "")
    assert (len(pages) == 1) == (box[0] >= 1200)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("points", [9, 15, 30])
def test_a_panel_stays_in_its_room(size: tuple[int, int], points: int) -> None:
    lines = [says("A title", "bold"), says(LONG), says("x" * 500), *[says("a line")] * 60]
    pixels, _ = panel(lines, points, size)
    high, wide = pixels.shape[:2]
    assert wide <= size[0]
    assert high <= size[1]
    left, top, right, bottom = ink(pixels)
    assert 1 <= left < right <= wide - 1
    assert 1 <= top < bottom <= high - 1


def test_a_panel_is_as_small_as_its_words_and_its_width_may_keep_to_steps() -> None:
    small, _ = panel([says("hi")], 15, (800, 600))
    assert small.shape[1] <= width("hi", 15) + 2 * typeset.pad_of(15) + 1
    stepped, _ = panel([says("hi")], 15, (800, 600), step=30)
    assert stepped.shape[1] % 30 == 0
    assert small.shape[1] <= stepped.shape[1] < small.shape[1] + 30


def test_what_is_left_out_of_a_panel_is_marked() -> None:
    room = 800, 3 * typeset.line_height(15) + 2 * typeset.pad_of(15)
    five, _ = panel([says(word) for word in "abcde"], 15, room)
    marked, _ = panel([says(word) for word in ("a", "b", "c …")], 15, room)
    assert np.array_equal(five, marked)


def test_a_run_with_an_action_can_be_clicked_where_it_stands() -> None:
    runs = Run("H keys", action="toggle_help"), Run("   "), Run("more", hint="of it", action="x")
    pixels, (keys, more) = panel([says("Title", "bold"), Paragraph(runs)], 15, (800, 600))
    assert (keys.action, more.action, more.hint) == ("toggle_help", "x", "of it")
    assert keys.y == more.y >= typeset.line_height(15)
    assert keys.x + keys.width < more.x < more.x + more.width <= pixels.shape[1]
    part = pixels[more.y : more.y + more.height, more.x : more.x + more.width]
    assert part[..., :3].max() > 200  # its letters are in it


def test_a_chip_has_its_colour() -> None:
    pixels, _ = panel([Paragraph((Run("red "), Run("", ink=RED, shape=CHIP)))], 16, (300, 100))
    assert (pixels == RED).all(axis=2).sum() >= 40


@pytest.mark.parametrize("word", ODD)
def test_odd_text_ends_in_no_exception(word: str) -> None:
    page = [says(word), Paragraph((Run(word, "bold"), Run(word)), label=word, indent=3)]
    assert panel(page, 9, (60, 60))[0].size
    assert spreads(page, 9, (60, 60), 33)
    assert panel([], 9, (60, 60))[0].size


def test_sizes_follow_the_shorter_side_and_the_monitor() -> None:
    sizes = [font_size(size) for size in ((300, 200), (640, 400), (1280, 800), (3840, 2160))]
    assert sizes == sorted(sizes)
    assert sizes[0] == 11
    assert 15 <= sizes[2] <= 18
    assert sizes[-1] >= 28
    assert font_size((2160, 3840)) == sizes[-1]
    assert font_size((2560, 1600), 2.0) == pytest.approx(2 * sizes[2], abs=1)
    assert font_size((20, 20), 2.0) == LEAST
    for size in SIZES:  # a small window on a fine monitor still holds lines
        assert font_size(size, 2.0) <= max(LEAST, min(size) / 14)
