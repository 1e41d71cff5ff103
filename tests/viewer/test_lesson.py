"""The tour in the window: its pages lead where they say, and it begins, goes on and ends."""

import re
from collections.abc import Iterator

import pytest
from lessons import PRESSES, begun, close, done, press, turn

from cppn_gl.preset.library import load_preset
from cppn_gl.preset.tour import Page, pages
from cppn_gl.viewer.bindings import BINDINGS
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.lesson import Lesson
from cppn_gl.viewer.measures import UNKNOWN

PAGES = pages()
NUMBERS = range(1, len(PAGES) + 1)
ACTIONS = {action for binding in BINDINGS for action in binding.actions}


@pytest.fixture(autouse=True)
def _trains_no_further() -> Iterator[None]:
    yield
    close()


def shown(lesson: Lesson) -> Page:
    assert lesson.page is not None
    return lesson.page


@pytest.mark.parametrize("number", NUMBERS)
def test_the_key_leads_to_the_answer(number: int) -> None:
    explorer, lesson = begun(number)
    page = shown(lesson)
    assert page == PAGES[number - 1]
    assert not done(lesson)
    explorer.tick(2.0)
    for _ in range(PRESSES):
        press(explorer, lesson, page.action, page.large)
        if done(lesson):
            break
    words = lesson.words()
    assert words is not None
    assert words.answered
    assert lesson.answered == {number}
    for text in (words.text, words.asked, words.watch):
        assert not re.search(r"[{}]|nan|inf\b|None", text)
        assert UNKNOWN not in text.replace("3 … 10", "")


@pytest.mark.parametrize("number", NUMBERS)
def test_every_key_named_exists(number: int) -> None:
    page = PAGES[number - 1]
    named = re.findall(r"<([^<>]*)>", f"{page.text}{page.ask}{page.answer}")
    assert {name.removeprefix("Shift+") for name in named} <= ACTIONS
    assert page.action in ACTIONS


def test_the_text_keeps_the_numbers_of_the_start_and_the_answer_follows() -> None:
    number = next(n for n in NUMBERS if PAGES[n - 1].heading == "Why this picture died")
    explorer, lesson = begun(number)
    first = lesson.words()
    assert first is not None
    assert "0.98 times" in first.text
    assert "×0.88" in first.text
    for _ in range(12):
        press(explorer, lesson, "stronger")
    words = lesson.words()
    assert words is not None
    assert words.text == first.text
    assert f"Weight scale {explorer.preset.spec.weight_scale:.2g}" in words.asked  # type: ignore[attr-defined]
    press(explorer, lesson, "weaker")
    later = lesson.words()
    assert later is not None
    assert later.answered
    assert later.asked != words.asked


def test_the_numbers_to_watch_follow_each_press_until_the_answer() -> None:
    number = next(n for n in NUMBERS if PAGES[n - 1].heading == "What is special about 1/√n")
    explorer, lesson = begun(number)
    seen = []
    while not done(lesson):
        words = lesson.words()
        assert words is not None
        seen.append(words.watch)
        press(explorer, lesson, "wider")
    assert seen[0] == "n = 30, σ = 0.33, √n·σ = 1.8"
    assert seen[-1].startswith("n = 36, σ = 0.3")
    assert len(set(seen)) == len(seen) == 7
    words = lesson.words()
    assert words is not None
    assert words.watch == ""


def test_it_goes_on_and_back_by_key_and_by_number() -> None:
    explorer, lesson = begun()
    press(explorer, lesson, "next_preset")
    assert lesson.number == 2
    assert explorer.preset == PAGES[1].preset
    press(explorer, lesson, "next_preset", large=True)
    assert lesson.number == 1
    lesson.go(12)
    turn(explorer, lesson)
    assert lesson.number == 12
    press(explorer, lesson, "next_preset")
    assert lesson.number == 13
    lesson.back()
    turn(explorer, lesson)
    lesson.forward()
    turn(explorer, lesson)
    assert lesson.number == 13


def test_the_key_goes_on_to_pages_that_train() -> None:
    number = next(k for k, page in enumerate(PAGES, 1) if page.trains)
    explorer, lesson = begun(number - 1)
    press(explorer, lesson, "next_preset")
    assert explorer.preset.train.steps != shown(lesson).preset.train.steps  # it begins at step 0
    assert lesson.number == number


def test_the_page_follows_the_history() -> None:
    explorer, lesson = begun(8)
    press(explorer, lesson, "zoom_in")
    press(explorer, lesson, "next_preset")
    press(explorer, lesson, "deeper")
    assert lesson.number == 9
    for number in (9, 8, 8):
        press(explorer, lesson, "history_back")
        assert lesson.number == number
    assert explorer.preset == PAGES[7].preset
    press(explorer, lesson, "history_back")  # to what was explored before the tour
    assert lesson.page is None
    assert lesson.words() is None
    press(explorer, lesson, "history_on")
    assert lesson.number == 8
    press(explorer, lesson, "next_preset")  # goes on from the page shown
    assert lesson.number == 9


def test_another_preset_is_outside_the_tour_until_it_goes_on() -> None:
    explorer, lesson = begun(8)
    explorer.gesture = object()
    explorer.load(load_preset("otoro"))
    turn(explorer, lesson)
    assert lesson.page is None
    press(explorer, lesson, "stronger")
    assert lesson.page is None
    press(explorer, lesson, "next_preset")
    assert lesson.number == 9


def test_it_returns_to_what_was_explored_and_resumes() -> None:
    explorer = Explorer(load_preset("loop"), presets=[lambda: load_preset("otoro")])
    explorer.act("wider")
    explorer.act("pause")
    explorer.time = 3.5
    before, presets = explorer.preset, explorer.presets
    lesson = Lesson(explorer)
    lesson.start()
    lesson.go(7)
    explorer.tick(2.0)
    turn(explorer, lesson)
    lesson.leave()
    assert not lesson.on
    assert lesson.page is None
    assert (explorer.preset, explorer.time, explorer.running) == (before, 3.5, False)
    assert explorer.presets is presets
    assert not explorer.guided
    lesson.start()
    turn(explorer, lesson)
    assert lesson.number == 7


def test_after_the_last_page_it_ends() -> None:
    explorer, lesson = begun(len(PAGES))
    lesson.forward()
    assert not lesson.on
    assert explorer.preset == load_preset("embers")


def test_begun_by_itself_it_leaves_the_picture_as_it_is() -> None:
    explorer = Explorer(PAGES[2].preset)
    lesson = Lesson(explorer)
    lesson.start(3, keep=False)
    turn(explorer, lesson)
    assert lesson.number == 3
    lesson.leave()
    assert explorer.preset == PAGES[2].preset
