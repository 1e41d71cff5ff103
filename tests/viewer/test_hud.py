"""The text over and below the picture: when it appears and fades, where it lies, that it fits."""

import itertools
from typing import Any

import numpy as np
import pytest
from letters import LONG, SIZES

from cppn_gl.preset.library import load_preset
from cppn_gl.viewer import typeset
from cppn_gl.viewer.bindings import help_rows
from cppn_gl.viewer.captions import Caption
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.hud import (
    FADE_SECONDS,
    IDLE_SECONDS,
    MESSAGE_SECONDS,
    PROGRESS_AFTER,
    SAVED_SECONDS,
    TEXT_INTERVAL,
    Hud,
    Panel,
    Spot,
    Told,
    _beside_corner,
    _fitted,
    font_size,
    spot_at,
)
from cppn_gl.viewer.lesson import Lesson
from cppn_gl.viewer.typeset import Line, Run, says
from cppn_gl.views import text

Size = tuple[int, int]
TOLD = Told(
    "A title",
    (
        ("picture, after sigmoid", "layers not normalised"),
        ("depth 8 × width 16", "tanh"),
        ("x −1 … 1",),
    ),
    "compute-8, measured here; llvmpipe",
)
POINTER = (Run("x 0.5  y −0.25"), Run("   "), Run("red 0.123  green 0.500  blue 0.990"))
TALE = "A unit adds up all values of the layer before, each times a weight, plus a bias. " * 3
EVERY = [*SIZES, (300, 200), (400, 300), (1280, 800), (200, 900)]
GONE = IDLE_SECONDS + FADE_SECONDS * 1.01


def panels(hud: Hud, now: float = 0.0, size: Size = (960, 600)) -> dict[str, Panel]:
    return {panel.name: panel for panel in hud.panels(size, 1.0, now, {})}


def full(**values: Any) -> Hud:
    hud = Hud()
    hud.met = True
    hud.tell(TOLD, 0.0)
    for name, value in values.items():
        setattr(hud, name, value)
    return hud


def page_of_the_tour() -> Caption:
    lesson = Lesson(Explorer(load_preset("default")))
    lesson.start(2)
    lesson.follow()
    return Caption(lesson)


def opened(name: str, *, on: bool = True) -> Hud:
    hud = full(on=on, explanation=tuple(says(TALE) for _ in range(5)))
    getattr(hud, name).toggle()
    return hud


# Coming and going


@pytest.mark.parametrize("size", EVERY)
def test_a_first_visitor_is_told_what_to_press_where_it_has_faded(size: Size) -> None:
    hud = full(met=False)
    hud.touch(100.0)
    assert "invitation" not in panels(hud, 100.0, size)
    half = panels(hud, 100.0 + IDLE_SECONDS + FADE_SECONDS / 2, size)
    assert half["invitation"].alpha == pytest.approx(0.5)
    assert list(panels(hud, 100.0 + GONE, size)) == ["invitation"]
    assert hud.words(100.0 + GONE)["invitation"] == "T a lesson     ? what is this?     H keys"
    spots = panels(hud, 100.0 + GONE, size)["invitation"].spots
    assert {spot.action for spot in spots} == {"toggle_tour", "explain", "toggle_help"}
    hud.met = True
    assert panels(hud, 100.0 + GONE, size) == {}
    hud.met, hud.on = False, False
    assert panels(hud, 100.0 + GONE, size) == {}


def test_it_fades_when_idle_and_comes_back() -> None:
    hud = full()
    hud.touch(100.0)
    assert hud.opacity(100.0 + IDLE_SECONDS) == 1
    half = panels(hud, 100.0 + IDLE_SECONDS + FADE_SECONDS / 2)
    assert half["hud"].alpha == half["buttons"].alpha == pytest.approx(0.5)
    assert panels(hud, 100.0 + GONE) == {}
    assert not hud.wants_lines(100.0 + GONE)
    hud.point(100.0 + GONE)
    assert hud.wants_lines(100.0 + GONE)
    assert panels(hud, 100.0 + GONE)["hud"].alpha == 1


def test_it_is_there_at_the_start_whatever_the_clock_says() -> None:
    hud = Hud()
    assert hud.wants_lines(123456.0)
    hud.tell(TOLD, 123456.0)
    assert panels(hud, 123456.0)["hud"].alpha == 1
    assert hud.opacity(123456.0 + GONE) == 0


def test_its_text_is_not_made_at_every_frame() -> None:
    hud = full()
    hud.opacity(0.0)
    assert not hud.wants_lines(TEXT_INTERVAL / 2)
    assert hud.wants_lines(TEXT_INTERVAL * 1.01)
    first = panels(hud)["hud"].pixels
    hud.tell(Told(TOLD.title, TOLD.facts, TOLD.engine), 1.0)
    assert panels(hud, 1.0)["hud"].pixels is first
    hud.tell(Told("Another", TOLD.facts), 1.0)
    assert panels(hud, 1.0)["hud"].pixels is not first


def test_a_message_leaves_and_wakes_the_hud() -> None:
    hud = full()
    hud.touch(0.0)
    assert "hud" not in panels(hud, 60.0)
    hud.say("depth 28", 60.0)
    assert {"hud", "message"} <= set(panels(hud, 60.0))
    assert "message" in panels(hud, 60.0 + MESSAGE_SECONDS * 0.99)
    assert "message" not in panels(hud, 60.0 + MESSAGE_SECONDS)
    hud.say("another", 70.0)
    hud.say("", 70.0)
    assert "message" not in panels(hud, 70.0)


def test_a_saved_file_is_told_longer_and_its_whole_path_where_it_is_pointed_at() -> None:
    hud = full(full={"saved a.png": "/somewhere/a.png"})
    hud.say("saved a.png", 0.0)
    (spot,) = panels(hud, SAVED_SECONDS * 0.99)["message"].spots
    assert spot.words == "/somewhere/a.png"
    hud.hint = spot.words
    found = panels(hud, 1.0)
    assert found["hint"].y + len(found["hint"].pixels) <= found["message"].y


def test_a_problem_stays_and_takes_no_message_away() -> None:
    hud = full(problem=LONG)
    assert "problem" in panels(hud, 3600.0)
    hud.say("depth", 3600.0)
    found = panels(hud, 3600.0)
    assert found["message"].y + len(found["message"].pixels) <= found["problem"].y


def test_advice_stays_while_it_is_true() -> None:
    hud = full(advice="the signal has faded: ] raises the weight scale")
    hud.touch(0.0)
    assert set(panels(hud, 3600.0)) == {"advice"}
    hud.advice = ""
    assert panels(hud, 3600.0) == {}


def test_the_red_dot_of_a_recording_stays() -> None:
    hud = full(recording=(72.3, 2169))
    hud.touch(0.0)
    assert set(panels(hud, 3600.0)) == {"recording"}
    assert hud.words(3600.0)["recording"] == "1:12  2169 frames"
    told = panels(hud, 3600.0)["recording"].pixels
    hud.on = False
    alone = panels(hud, 3600.0)["recording"].pixels
    for pixels in (told, alone):
        assert (pixels == typeset.RED).all(axis=2).any()
    assert alone.shape[1] < told.shape[1] / 2


def test_progress_is_told_only_if_it_takes_a_while() -> None:
    hud = full(progress="refining, 40 %")
    assert "progress" not in panels(hud, 100.0)
    assert "progress" in panels(hud, 100.0 + PROGRESS_AFTER)
    hud.progress = ""
    assert "progress" not in panels(hud, 102.0)
    hud.progress = "refining, 1 %"
    assert "progress" not in panels(hud, 103.0)


def test_switched_off_only_problems_and_what_is_opened_show() -> None:
    hud = full(on=False, advice="advice", pointer=POINTER, beside=True)
    hud.say("message", 0.0)
    assert not hud.wants_lines(9.0)
    assert panels(hud) == {}
    assert hud.strip((960, 600), 1.0) == 0
    hud.problem = LONG
    hud.help.toggle()
    assert sorted(panels(hud)) == ["help", "problem"]


# Over the picture


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("size", EVERY)
@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("caption", [False, True])
def test_every_panel_lies_in_the_window_and_covers_no_other(
    size: Size, scale: float, beside: bool, caption: bool
) -> None:
    hud = full(beside=beside, pointer=POINTER, advice=LONG, hint=LONG, handle=True)
    hud.recording, hud.problem = (12.0, 360), f"{LONG} {LONG}"
    hud.caption = page_of_the_tour() if caption else None
    hud.progress = "refining, 40 %"
    hud.panels(size, scale, -1.0, {})
    hud.say(f"saved {LONG}", 0.0)
    found = hud.panels(size, scale, 0.0, {})
    boxes = []
    for panel in found:
        high, wide = panel.pixels.shape[:2]
        assert 0 <= panel.x <= panel.x + wide <= size[0], panel.name
        assert 0 <= panel.y <= panel.y + high <= size[1], panel.name
        for spot in panel.spots:
            assert 0 <= spot.x < wide
            assert 0 <= spot.y < high
        boxes.append((panel.x, panel.y, panel.x + wide, panel.y + high, panel.name))
    for a, b in itertools.combinations(boxes, 2):
        names = {a[4], b[4]}
        if names & {"buttons"} and not names & {"strip", "caption"}:
            continue  # thin, and only while the mouse moves
        apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
        assert apart or min(size) < 160, (a, b)


@pytest.mark.parametrize("size", EVERY[2:])
def test_nothing_is_left_out_of_a_usual_window(size: Size) -> None:
    hud = full(problem=LONG)
    hud.say("saved", 0.0)
    assert sorted(panels(hud, size=size)) == ["buttons", "hud", "message", "problem"]


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (20, 20)])
@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("name", ["help", "explain", ""])
def test_a_tiny_window_is_no_error(size: Size, beside: bool, name: str) -> None:
    hud = opened(name) if name else full()
    hud.problem, hud.beside, hud.caption = LONG, beside, page_of_the_tour()
    hud.say("saved", 0.0)
    assert all(panel.pixels.size for panel in hud.panels(size, 1.0, 0.0, {}))


def test_the_values_at_the_pointer_are_added_and_the_width_does_not_tremble() -> None:
    hud = full()
    plain = panels(hud)["hud"].pixels
    hud.pointer = POINTER
    pointed = panels(hud)["hud"].pixels
    assert len(pointed) > len(plain)
    hud.pointer = (Run("x 0.5  y −0.24"), *POINTER[1:])
    assert panels(hud)["hud"].pixels.shape == pointed.shape


def test_an_open_panel_at_the_right_is_left_free() -> None:
    hud = full(covered=400, handle=True)
    hud.say("depth 28", 0.0)
    for panel in hud.panels((960, 600), 1.0, 0.0, {}):
        assert panel.x + panel.pixels.shape[1] <= 560


def test_nothing_shines_through_a_panel_that_leaves_no_room() -> None:
    hud = full(covered=250, handle=True)
    hud.say("depth 28", 0.0)
    assert panels(hud, size=(300, 200)) == {}
    assert hud.crowded((300, 200), 11)
    hud.help.toggle()
    assert list(panels(hud, size=(300, 200))) == ["help"]


def test_the_buttons_open_what_there_is() -> None:
    hud = full()
    assert [spot.action for spot in panels(hud)["buttons"].spots] == ["toggle_tour", "explain"]
    hud.handle = True
    buttons = panels(hud)["buttons"]
    wanted = ["toggle_panel", "toggle_chooser", "toggle_tour", "explain"]
    assert [spot.action for spot in buttons.spots] == wanted
    assert all(spot.words for spot in buttons.spots)
    assert buttons.x + buttons.pixels.shape[1] == 960
    hud.beside = True
    strip = panels(hud)["strip"]
    assert set(wanted) <= {spot.action for spot in strip.spots}


def test_what_draws_is_told_only_where_it_is_pointed_at() -> None:
    hud = full()
    engine = [spot for spot in panels(hud)["hud"].spots if "compute-8" in spot.words]
    assert len(engine) == 1
    assert not any("compute" in part for line in TOLD.facts for part in line)


def test_the_frontmost_spot_is_found() -> None:
    pixels = np.zeros((20, 20, 4), np.uint8)
    back = Panel("back", pixels, 10, 10, spots=(Spot(0, 0, 20, 20, "back"),))
    front = Panel("front", pixels, 20, 20, spots=(Spot(5, 5, 5, 5, "front"),))
    places = [(12, 12), (26, 26), (22, 22), (40, 40)]
    found = [spot_at([back, front], x, y) for x, y in places]
    assert [spot and spot.action for spot in found] == ["back", "front", "back", None]


# Below a figure


def test_a_figure_with_words_of_its_own_is_not_covered() -> None:
    for size in EVERY[1:]:
        hud = full(beside=True, pointer=POINTER, advice="advice")
        hud.recording = (3.0, 90)
        hud.say("depth 28", 0.0)
        strip = hud.strip(size, 1.0)
        assert 0 < strip < 0.25 * size[1]
        for panel in panels(hud, size=size).values():
            assert panel.y >= size[1] - strip


def test_the_height_of_the_strip_depends_on_the_window_alone() -> None:
    hud = full(beside=True)
    for size in EVERY:
        heights = set()
        for now, message, pointer, told in (
            (0.0, "", (), TOLD),
            (1.0, LONG, POINTER, Told("T", ())),
            (99.0, "", POINTER, Told(LONG * 9, TOLD.facts * 9)),
        ):
            hud.tell(told, now)
            hud.say(message, now)
            hud.pointer = pointer
            heights.add(hud.strip(size, 1.0))
            drawn = [p for p in hud.panels(size, 1.0, now, {}) if p.name == "strip"]
            assert all(len(panel.pixels) == hud.strip(size, 1.0) for panel in drawn)
        assert len(heights) == 1


def test_the_strip_does_not_fade() -> None:
    hud = full(beside=True)
    hud.touch(0.0)
    assert panels(hud, 3600.0)["strip"].alpha == 1
    assert hud.wants_lines(3600.0)


def test_facts_without_room_are_left_out_and_none_is_cut() -> None:
    parts = tuple(part for line in TOLD.facts for part in line)
    for widths in ([2000.0], [300.0, 300.0], [220.0, 200.0, 90.0], [60.0]):
        rows = _fitted(("A title", parts), 16, widths)
        assert len(rows) <= len(widths)
        told = [run.words.strip(" ·") for row in rows for run in row if run.words.strip(" ·")]
        assert set(told) <= {"A title", *parts}
        for row, wide in zip(rows, widths, strict=False):
            assert sum(text.width(run.words, 16, run.style) for run in row) <= wide
    assert len(_fitted(("A title", parts), 16, [2000.0])[0]) == 1 + len(parts)


def test_advice_uses_the_whole_width_below_the_buttons() -> None:
    words = "signal has faded: ] raises the weight scale (0.25 → about 0.6)"
    lines = _beside_corner(Run(words), 16, [120.0, 440.0])
    assert " ".join(run_of(line) for line in lines) == words
    assert lines[0].width <= 120
    assert lines[1].width <= 440
    assert lines[0].pieces[0].size == 16
    smaller = _beside_corner(Run(words), 16, [120.0, 250.0])
    assert " ".join(run_of(line) for line in smaller) == words
    assert smaller[0].pieces[0].size < 16
    blank, whole = _beside_corner(Run(words), 16, [10.0, 900.0])
    assert (run_of(blank), run_of(whole)) == ("", words)
    (short,) = _beside_corner(Run(words), 16, [120.0])
    assert run_of(short).endswith("…")
    assert short.width <= 120


def run_of(line: Line) -> str:
    return "".join(piece.run.words for piece in line.pieces)


def test_a_message_and_the_pointers_values_take_turns_in_the_last_row() -> None:
    hud = full(beside=True, pointer=POINTER)
    rows = [panels(hud, size=(300, 200))["strip"].pixels]
    hud.say("depth 28", 1.0)
    rows.append(panels(hud, 1.0, (300, 200))["strip"].pixels)
    hud.point(3.0)  # it moves on
    rows.append(panels(hud, 3.0, (300, 200))["strip"].pixels)
    assert not np.array_equal(rows[0], rows[1])
    assert np.array_equal(rows[0], rows[2])


def test_a_caption_has_a_place_below_the_picture_with_a_row_for_messages() -> None:
    hud = full(caption=page_of_the_tour())
    for size in ((960, 600), (640, 400), (300, 200)):
        hud.say("", 0.0)
        strip, found = hud.strip(size, 1.0), panels(hud, size=size)
        assert 0 < strip <= 0.65 * size[1]
        assert {"caption", "strip"} <= set(found)
        assert "hud" not in found
        hud.say("depth 28", 0.0)
        assert hud.strip(size, 1.0) == strip
        assert "depth 28" in hud.words(0.0)["message"]
        assert not np.array_equal(panels(hud, size=size)["strip"].pixels, found["strip"].pixels)
        for panel in panels(hud, size=size).values():
            assert panel.y >= size[1] - strip
    hud.on = False
    assert hud.strip((960, 600), 1.0) == 0


# Help and explanation


@pytest.mark.parametrize("name", ["help", "explain"])
def test_a_page_ends_above_a_caption_or_takes_its_place(name: str) -> None:
    for size in ((1280, 800), (640, 400), (300, 200)):
        hud = full(caption=page_of_the_tour())
        top = size[1] - hud.strip(size, 1.0)
        getattr(hud, name).toggle()
        hud.explanation = (says("What is seen."),) * 20
        found = panels(hud, size=size)
        page = found[name]
        assert page.y + len(page.pixels) <= (top if "caption" in found else size[1])
        assert ("caption" in found) == (size[1] > 400)
        assert ("strip" in found) == ("caption" in found)


def test_the_help_of_a_tour_says_how_to_turn_its_pages() -> None:
    hud = full(caption=page_of_the_tour())
    hud.help.toggle()
    assert dict(help_rows(touring=True))["P"] == "next page of the tour (Shift: the page before)"
    touring = panels(hud, size=(1280, 800))["help"].pixels
    hud.caption = None
    other = panels(hud, size=(1280, 800))["help"].pixels
    assert touring.shape != other.shape or (touring != other).any()


@pytest.mark.parametrize("name", ["help", "explain"])
@pytest.mark.parametrize("size", EVERY)
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_all_pages_fit_the_window(name: str, size: Size, scale: float) -> None:
    hud = opened(name)
    booklet = getattr(hud, name)
    hud.panels(size, scale, 0.0, {})
    for number in range(booklet.pages):
        assert booklet.page == number
        panel = hud.panels(size, scale, 0.0, {})[-1]
        high, wide = panel.pixels.shape[:2]
        assert 0 <= panel.x <= panel.x + wide <= size[0]
        assert 0 <= panel.y <= panel.y + high <= size[1]
        assert hud.turn_page("Space")
    assert booklet.page == 0


@pytest.mark.parametrize("size", [(300, 200), (400, 300), (640, 400), (1280, 800), (3840, 2160)])
def test_the_help_is_complete_at_every_size(size: Size, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    draw_lines = typeset.draw_lines

    def spy(image: Any, lines: Any, left: float, top: float) -> Any:
        drawn.extend(piece.run.words for line in lines for piece in line.pieces)
        return draw_lines(image, lines, left, top)

    monkeypatch.setattr(typeset, "draw_lines", spy)
    hud = opened("help")
    for _ in range(hud.help.pages + 20):
        panels(hud, size=size)
        hud.turn_page("PageDown")
        if hud.help.page == 0:
            break
    told = " ".join(drawn)
    for keys, words in help_rows():
        assert keys in told
        assert all(word in told for word in words.split())
    assert (hud.help.pages == 1) == (size[0] >= 1280)


def test_pages_are_turned_by_keys_and_by_clicks_and_closed_one_by_one() -> None:
    hud = opened("help")
    hud.explain.toggle()
    size = (300, 200)
    panels(hud, size=size)
    assert hud.explain.pages > 1
    assert hud.turn_page("Space")
    assert (hud.explain.page, hud.help.page) == (1, 0)
    assert hud.turn_page("PageUp")
    assert not hud.turn_page("Up")
    more, close = panels(hud, size=size)["explain"].spots
    assert callable(more.action)
    assert callable(close.action)
    more.action()
    assert hud.explain.page == 1
    close.action()
    assert not hud.explain.open
    assert hud.close_one()
    assert not hud.help.open
    assert not hud.close_one()
    assert not hud.turn_page("Space")


def test_what_is_opened_takes_the_place_of_the_hud() -> None:
    found = panels(opened("help"))
    assert list(found) == ["help"]
    high, wide = found["help"].pixels.shape[:2]
    assert (found["help"].x, found["help"].y) == ((960 - wide) // 2, (600 - high) // 2)


def test_help_shows_the_labels_of_the_keyboard() -> None:
    hud = opened("help")
    first = panels(hud)["help"].pixels
    assert panels(hud)["help"].pixels is first
    (other,) = hud.panels((960, 600), 1.0, 0.0, {"]": "+"})
    assert not np.array_equal(first, other.pixels)


def test_letters_are_legible_and_follow_the_shorter_side() -> None:
    sizes = [font_size(size, 1.0) for size in SIZES]
    assert sizes == sorted(sizes)
    assert sizes[0] >= typeset.LEAST
    assert font_size((1920, 1080), 2.0) > font_size((1920, 1080), 1.0)
