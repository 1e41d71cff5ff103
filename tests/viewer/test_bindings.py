"""The table of key bindings: each key is bound once, and to an action that exists."""

import pytest

from cppn_gl.viewer.app import App
from cppn_gl.viewer.bindings import (
    BINDINGS,
    BUTTONS,
    MOUSE,
    Binding,
    by_key,
    help_rows,
    keys_of,
    markdown_table,
    shown_keys,
)
from cppn_gl.viewer.explorer import Explorer

# The keys of the design, one by one.
DESIGNED = [
    *"][D=-0AIMSCVOKJ,.RZXPTLNBUGFYEW123456789H?Q",
    *("Up", "Down", "Right", "Left", "Alt+Right", "Alt+Left", "Alt+Up", "Alt+Down"),
    *("PageUp", "PageDown", "Tab", "Space", "Enter", "Backspace", "Esc"),
    *("F1", "F2", "F9", "F11", "Ctrl+S", "Ctrl+F", "Ctrl+E"),
    *(f"Ctrl+{number}" for number in range(1, 10)),
]


def test_every_key_of_the_design_is_bound_and_no_other() -> None:
    assert sorted(by_key()) == sorted(DESIGNED)


def test_a_key_bound_twice_is_refused() -> None:
    twice = (Binding(("A",), ("wider",), ""), Binding(("B", "A"), ("deeper", "weaker"), ""))
    with pytest.raises(ValueError, match=r"key A is bound twice: wider and weaker"):
        by_key(twice)


@pytest.mark.parametrize("key", DESIGNED)
def test_every_action_exists(key: str) -> None:
    action, binding = by_key()[key]
    if key[-1] in "123456789" and key[0] != "F":
        assert action == f"{'keep' if key.startswith('Ctrl+') else 'favourite'}_{key[-1]}"
        assert callable(getattr(Explorer, action[:-2]))
    else:
        assert hasattr(Explorer, action) != hasattr(App, f"do_{action}")
    assert binding.help


def test_every_action_of_the_window_has_a_key() -> None:
    actions = {action for action, _ in by_key().values()} | set(BUTTONS)
    assert {name.removeprefix("do_") for name in vars(App) if name.startswith("do_")} <= actions


def test_what_opens_or_writes_does_not_repeat() -> None:
    once = ("F2", "F9", "Ctrl+S", "F11", "H", "Tab", "Space", "Esc", "Q", "Enter")
    assert not any(by_key()[key][1].repeats for key in once)
    held = ("Up", "Down", "Right", "Left", "]", "[", "=", "-", "Alt+Up", ",", ".", "Z", "X")
    assert all(by_key()[key][1].repeats for key in held)


def test_the_help_has_every_binding_and_the_mouse() -> None:
    rows = help_rows()
    assert len(rows) == len(BINDINGS) + len(MOUSE)
    assert [text for _, text in rows[: len(BINDINGS)]] == [b.help for b in BINDINGS]
    assert ("↑ ↓", "depth (layers) ±1 (Shift ±5)") in rows
    assert ("1–9", "favourite preset 1–9") in rows
    assert ("Alt+arrows", "pan") in rows
    assert ("PgUp PgDn", "show next / previous layer") in rows
    assert ("drag", "pan, or rotate a 3D view") in rows


def test_the_help_of_image_networks_has_what_means_something_there() -> None:
    rows = dict(help_rows(seeing=True))
    assert rows["↑ ↓"] == "next / previous layer (Shift ±5)"
    assert rows["→ ←"] == "next / previous channel (Shift ±10)"
    assert not {"] [", "D", "= -", "S", "M", "Alt+arrows", "0"} & set(rows)
    assert "F2" in rows
    assert "the network sees it" in rows["drop"]
    table = markdown_table(seeing=True)
    assert "`↑ ↓`" in table
    assert "F2" not in table


def test_the_help_shows_the_labels_of_the_keyboard() -> None:
    names = {"]": "+", "[": "Ü", "S": "Ы"}
    assert shown_keys(by_key()["]"][1], names) == "+ Ü"
    assert shown_keys(by_key()["Ctrl+S"][1], names) == "Ctrl+Ы"
    assert shown_keys(by_key()["Enter"][1], names) == "Enter"
    assert ("+ Ü", "weight scale up / down") in help_rows(names)


def test_the_key_of_an_action_is_found_as_the_user_sees_it() -> None:
    found = [keys_of(action) for action in ("deeper", "explain", "pan_up", "next_help")]
    assert found == ["↑", "?", "Alt+↑", "F1"]
    assert keys_of("stronger", {"]": "+"}) == "+"
    assert keys_of("favourite_3") == "3"
    assert keys_of("no_action") == "no_action"
