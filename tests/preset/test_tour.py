"""The tour's file: its pages, and one line for what is wrong in it."""

import re

import pytest

from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.tour import FILE, MEASURES, Condition, Page, figures, pages, parse_tour, shown
from cppn_gl.utils.checks import PresetError

PAGES = pages()
IDS = [f"{number}-{page.preset.name}" for number, page in enumerate(PAGES, 1)]
GOOD = """
[[chapter]]
title = "Depth"
[[chapter.page]]
preset = "neylon-27"
change = { depth = 3, "view.extent" = 2.0 }
heading = "A heading"
text = "Depth {depth}, gain {gain}."
ask = "Press <deeper>."
action = "deeper"
done = { key = "depth", above = 4 }
answer = "Now {network.depth}."
"""


def test_every_figure_of_the_essay_is_shown() -> None:
    assert {number for page in PAGES for number in figures(page.preset)} == set(range(1, 21))


def test_no_page_comes_twice() -> None:
    presets = [page.preset for page in PAGES]
    assert all(presets.count(preset) == 1 for preset in presets)
    assert len({page.heading for page in PAGES}) == len(PAGES)


def test_chapters_hold_together() -> None:
    chapters = [page.chapter for page in PAGES]
    assert chapters == sorted(chapters, key=chapters.index)
    assert len(set(chapters)) >= 8


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_captions_are_short(page: Page) -> None:
    sentences = re.findall(r"[.?!:](?: |$)", f"{page.text} {page.ask}")
    assert 2 <= len(sentences) <= 7
    assert len(page.heading) <= 40
    assert len(page.text) <= 290
    assert len(page.ask) <= 60
    assert len(page.answer) <= 215


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_each_page_asks_for_its_key(page: Page) -> None:
    assert re.findall(r"<([^<>]*)>", page.ask) == ["Shift+" * page.large + page.action]


@pytest.mark.parametrize(
    ("text", "parts", "numbers"),
    [
        ("", [], []),
        ("Figure 3", ["Figure 3"], [3]),
        ("Figure 11; Figure 17", ["Figure 11", "Figure 17"], [11, 17]),
        (" Figure 2 ;; tie-dye ", ["Figure 2", "tie-dye"], [2]),
        ("Figure 2b; a Figure 4; figure 5", ["Figure 2b", "a Figure 4", "figure 5"], []),
    ],
)
def test_what_a_preset_shows(text: str, parts: list[str], numbers: list[int]) -> None:
    preset = Preset(shows=text)
    assert shown(preset) == parts
    assert figures(preset) == numbers


def test_a_page_is_a_preset_with_changes() -> None:
    (page,), absent = parse_tour(GOOD)
    assert not absent
    assert page.chapter == "Depth"
    assert page.preset == load_preset("neylon-27").replace(depth=3, extent=2.0)
    assert page.preset.name == "neylon-27"
    assert page.done == Condition("depth", "above", 4)
    assert not page.large


@pytest.mark.parametrize(
    ("condition", "met", "missed", "before"),
    [
        (Condition("depth", "above", 4), 5, 4, 1),
        (Condition("depth", "below", 4), 3, 4, 9),
        (Condition("init", "is", "normal"), "normal", "uniform", "uniform"),
        (Condition("seed", "changed"), 8, 7, 7),
        (Condition("gain", "above", 1.0, measured=True), 1.1, None, None),
    ],
)
def test_conditions(condition: Condition, met: object, missed: object, before: object) -> None:
    assert condition.met(met, before)
    assert not condition.met(missed, before)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('title = "Depth"', "", "title: missing"),
        ('preset = "neylon-27"', 'preset = "neylon-72"', "page 1: no preset 'neylon-72'"),
        ("depth = 3", "depth = 0", "page 1: network.depth: 0 is not an integer"),
        ("depth = 3", "dept = 3", "page 1: dept: no such key; did you mean 'depth'?"),
        ("{gain}", "{gian}", "page 1: text: gian: no such key"),
        ('heading = "A heading"', "", "page 1: heading: missing"),
        ('heading = "A heading"', "heading = 3", "page 1: heading: expected a text"),
        ('heading = "A', 'headnig = "A', "page 1: headnig: no such key; did you mean 'heading'?"),
        ('action = "deeper"', 'action = "deeper"\nlarge = 1', "large: 1 is neither true nor false"),
        ('action = "deeper"', 'action = "deeper"\ntrains = 1', "trains: 1 is neither true"),
        ("above = 4", 'above = "x"', "done: above: 'x'; expected a number"),
        ("above = 4", "changed = false", "done: changed: False; expected true"),
        ("above = 4", "above = 4, below = 5", "done: expected a key or a measure, and one of"),
        ('key = "depth"', 'measure = "depth"', "done: depth: no such measure"),
        ('key = "depth", ', "", "done: expected a key or a measure"),
        ('key = "depth"', 'key = "layers"', "done: layers: is a table"),
        ("[[chapter.page]]", "[chapter.page]", "page: expected tables [[page]]"),
        ("[[chapter]]", "[[chapters]]", "chapters: no such key"),
        ("done = {", "done = [{", "not TOML"),
        ("change = {", "change = 3 #", "change: 3; expected a table"),
        ('title = "Depth"', 'title = "Depth"\nneeds = "nfd"', "needs: no such library"),
    ],
)
def test_what_is_wrong_in_one_line(old: str, new: str, problem: str) -> None:
    assert GOOD.count(old) >= 1
    with pytest.raises(PresetError, match=re.escape(problem)) as caught:
        parse_tour(GOOD.replace(old, new), source="t.toml")
    assert str(caught.value).startswith("t.toml: ")
    assert "\n" not in str(caught.value)


def test_a_chapter_without_its_library_is_left_out_and_says_what_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = GOOD.replace('title = "Depth"', 'title = "Depth"\nneeds = "av"')
    monkeypatch.setattr("cppn_gl.utils.extras.find_spec", lambda library: None)
    found, (problem,) = parse_tour(text + GOOD)
    assert len(found) == 1
    assert problem.startswith("the chapter “Depth” needs the library av, of the extra video: ")


def test_the_file_is_beside_its_parser_and_names_measures_that_exist() -> None:
    assert parse_tour(FILE.read_text("utf-8"))[0] == PAGES
    assert all(page.done.name in MEASURES for page in PAGES if page.done.measured)
    assert {page.preset.name for page in PAGES} <= set(shipped())
