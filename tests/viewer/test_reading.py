"""The tour as it reads: words with numbers and keys, and the presets before and after."""

import re
from dataclasses import replace

from cppn_gl.preset.tour import Page, pages
from cppn_gl.viewer import reading
from cppn_gl.viewer.measures import UNKNOWN
from cppn_gl.viewer.reading import read_tour

PAGES = pages()


def page(heading: str) -> Page:
    return next(page for page in PAGES if page.heading == heading)


def test_a_page_reads_as_the_window_tells_it() -> None:
    (found,) = read_tour((page("Twelve networks of one layer"),))
    assert (found.chapter, found.presses, found.time) == ("Layers", 1, 0.0)
    assert "here it is 1" in found.text
    assert found.ask == "Press <D> to double the weight scale."
    assert found.answer.startswith("At weight scale 2 the ramps are steeper")
    assert "<[> and <]> change the scale" in found.answer
    assert found.before == page("Twelve networks of one layer").preset
    assert found.after is not None
    assert found.after.spec == found.before.replace(weight_scale=2.0).spec


def test_a_key_is_pressed_until_the_page_is_answered() -> None:
    (found,) = read_tour((page("What is special about 1/√n"),))
    assert found.presses == 7
    assert "n = 37" in found.answer


def test_what_trains_goes_on_after_the_answer() -> None:
    (found,) = read_tour((page("Too fast"),))
    assert found.after is not None
    step = re.search(r"step ([\d,]+)", found.answer)
    assert found.after.train.steps > 0
    assert step is None or int(step[1].replace(",", "")) == found.after.train.steps


def test_a_layer_below_is_what_is_shown_after() -> None:
    (found,) = read_tour((page("Twenty-seven layers"),))
    assert found.after is not None
    assert found.after.spec.depth == 14


def test_no_number_is_left_open_and_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    some = tuple(PAGES[k] for k in (0, 1, 7, 13))
    scenes = read_tour(some, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    for scene in scenes:
        for text in (scene.text, scene.ask, scene.answer):
            assert text
            assert not re.search(r"[{}]|<[a-z]+_", text)
            assert UNKNOWN not in text.replace("3 … 10", "")


def test_a_page_that_finds_no_answer_reads_without_one() -> None:
    never = page("Nobody drew this")
    (found,) = read_tour((_with(never, value=10**9),))
    assert found.presses == reading.PRESSES
    assert (found.answer, found.after) == ("", None)


def _with(page: Page, value: int) -> Page:
    return replace(page, done=replace(page.done, name="depth", test="above", value=value))
