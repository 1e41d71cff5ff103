"""Keys of the page: the same as in the window, and the steps of its actions too."""

from typing import Any

import pytest
from browser import modules

from cppn_gl.preset.tables import MAX_EXTENT, MIN_EXTENT
from cppn_gl.utils.ladder import ladder, tidy
from cppn_gl.viewer import explorer, keeping, viewing
from cppn_gl.viewer.bindings import by_key

pytestmark = pytest.mark.browser

KEYS = "Array.from(modules.keys.byKey(), ([key, { action }]) => [key, action])"
NEW = "`"  # the page's own key: Tab belongs to the browser


def layers() -> int:
    """The window's steps of the depth with Shift, which have no name: ask it."""
    asked: list[int] = []

    class Window(explorer.Explorer):
        def __init__(self) -> None:
            pass

        def _deepen(self, by: int) -> None:
            asked.append(by)

    Window().deeper(True)
    return asked[0]


def test_a_key_does_what_it_does_in_the_window(page: Any) -> None:
    window = {key: action for key, (action, _) in by_key().items()}
    keys = dict(modules(page).evaluate(KEYS))
    own = {key: action for key, action in keys.items() if window.get(key) != action}
    assert own == {NEW: window["Tab"]}
    assert NEW not in window


def test_holding_a_key_repeats_what_it_repeats_in_the_window(page: Any) -> None:
    window = {key: binding.repeats for key, (_, binding) in by_key().items()}
    table = "Array.from(modules.keys.byKey(), ([key, one]) => [key, !!one.binding.repeats])"
    keys = dict(modules(page).evaluate(table))
    assert {key: again for key, again in keys.items() if key != NEW} == {
        key: window[key] for key in keys if key != NEW
    }


def test_every_action_of_a_key_is_one_of_the_page(page: Any) -> None:
    lacking = """() => {
      const names = [...modules.keys.byKey().values()].map(({ action }) => action);
      const own = modules.ui.ACTIONS;
      return names.filter((name) => !(name in modules.explorer.Explorer.prototype)
        && !own.includes(name));
    }"""
    assert modules(page).evaluate(lacking) == []


def test_steps_are_those_of_the_window(page: Any) -> None:
    constants = "Object.fromEntries(Object.entries(modules.explorer).filter(([n, v]) => +v === v))"
    assert modules(page).evaluate(constants) == {
        "ZOOM_STEP": explorer.ZOOM_STEP,
        "SCALE_STEP": explorer.SCALE_STEP,
        "PAN_STEP": explorer.PAN_STEP,
        "TIME_STEP": explorer.TIME_STEP,
        "LARGE": viewing.LARGE,
        "LAYERS": layers(),
        "UNITS": explorer.UNITS,
        "MIN_SCALE": keeping.MIN_SCALE,
        "MAX_SCALE": keeping.MAX_SCALE,
        "MIN_EXTENT": MIN_EXTENT,
        "MAX_EXTENT": MAX_EXTENT,
    }


@pytest.mark.parametrize("factor", [2 ** (1 / 4), 2 ** (1 / 16)])
def test_steps_of_a_ladder_are_the_numbers_of_the_window(page: Any, factor: float) -> None:
    cases = [
        (value, base, factor, steps)
        for value, base in [(1.0, 1.0), (2.8, 2.8), (1.05, 1.05), (0.3, 2.8), (1e-4, 7.3)]
        for steps in (-40, -4, -1, 1, 3, 16)
    ]
    cases += [(ladder(value, base, f, steps), base, f, -steps) for value, base, f, steps in cases]
    found = modules(page).evaluate("(all) => all.map((of) => modules.ladder.ladder(...of))", cases)
    assert found == [ladder(*case) for case in cases]


def test_coordinates_are_tidied_as_in_the_window(page: Any) -> None:
    numbers = [0.1 + 0.2, -1.1 * 3, 12345.678901234567, 1e7, -1e7, 0.0, 1 / 3, 123456.7 / 3]
    found = modules(page).evaluate("(all) => all.map(modules.ladder.tidy)", numbers)
    assert found == [tidy(number) for number in numbers]


EVENTS = [
    ("ArrowUp", "ArrowUp", {}, "Up"),
    ("ArrowLeft", "ArrowLeft", {"altKey": True}, "Alt+Left"),
    ("D", "KeyD", {}, "D"),
    ("a", "KeyQ", {}, "A"),  # AZERTY: by the label
    ("в", "KeyD", {}, "D"),  # Cyrillic: by the position
    ("+", "BracketRight", {}, "]"),  # German: by the position
    ("ü", "BracketLeft", {}, "["),
    ("s", "KeyS", {"ctrlKey": True}, "Ctrl+S"),
    ("s", "KeyS", {"metaKey": True}, "Ctrl+S"),
    ("w", "Comma", {}, "W"),  # Dvorak: a letter is one
    (",", "KeyW", {}, ","),  # and what it takes the place of is where its label is
    ("?", "Minus", {}, "?"),  # German
    ("à", "Digit0", {}, "0"),  # AZERTY
    ("=", "Equal", {}, "="),
    ("Dead", "Backquote", {}, "`"),
    ("-", "NumpadSubtract", {}, "-"),
    ("Shift", "ShiftLeft", {}, ""),
    ("F5", "F5", {}, ""),
]


def test_letters_are_bound_by_label_and_punctuation_by_position(page: Any) -> None:
    events = [{"key": key, "code": code, **more} for key, code, more, _ in EVENTS]
    found = modules(page).evaluate("(all) => all.map(modules.keys.keyName)", events)
    assert found == [name for *_, name in EVENTS]


def test_what_has_the_focus_keeps_the_keys_that_it_uses(page: Any) -> None:
    uses = """() => {
      const element = (html) => {
        const parent = document.createElement("div");
        parent.innerHTML = html;
        return parent.firstChild;
      };
      const of = { text: element("<input type=text>"), slider: element("<input type=range>"),
        button: element("<button>"), canvas: element("<canvas>") };
      const keys = ["Space", "Up", "R", "Esc", "Ctrl+S"];
      return Object.fromEntries(Object.entries(of).map(([name, one]) =>
        [name, keys.filter((key) => modules.keys.usesKey(one, key))]));
    }"""
    assert modules(page).evaluate(uses) == {
        "text": ["Space", "Up", "R"],
        "slider": ["Up"],
        "button": ["Space"],
        "canvas": [],
    }


def test_the_help_lists_every_key(page: Any) -> None:
    rows = modules(page).evaluate("modules.keys.helpRows({ ']': '+' })")
    assert ["drag", "move the picture"] in rows
    assert ["+ [", "weight scale up / down"] in rows
    assert ["Alt+arrows", "pan"] in rows
    count = page.evaluate("modules.keys.BINDINGS.length + modules.keys.GESTURES.length")
    assert len(rows) == count
