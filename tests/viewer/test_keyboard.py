"""Key names on the user's layout, and key repeats by the clock."""

from collections.abc import Callable

import glfw
import pytest

from cppn_gl.viewer import keyboard
from cppn_gl.viewer.bindings import by_key, help_rows
from cppn_gl.viewer.keyboard import FIRST_REPEAT, NEXT_REPEAT, TYPED, Keyboard, key_name, labels

Layout = Callable[..., None]

US = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", strict=True))
US |= {"RIGHT_BRACKET": "]", "LEFT_BRACKET": "[", "EQUAL": "=", "MINUS": "-", "COMMA": ","}
US |= {"PERIOD": ".", "SLASH": "/", "SEMICOLON": ";", "APOSTROPHE": "'", "BACKSLASH": "\\"}
US |= {"GRAVE_ACCENT": "`"}

AZERTY = {"A": "q", "Q": "a", "W": "z", "Z": "w", "M": ",", "SEMICOLON": "m", "COMMA": ";"}
AZERTY |= {"PERIOD": ":", "MINUS": ")", "LEFT_BRACKET": "^", "RIGHT_BRACKET": "$"}

_POSITIONS = ["MINUS", "EQUAL", *"QWERTYUIOP", "LEFT_BRACKET", "RIGHT_BRACKET", *"ASDFGHJKL"]
_POSITIONS += ["SEMICOLON", "APOSTROPHE", *"ZXCVBNM", "COMMA", "PERIOD", "SLASH"]
DVORAK = dict(zip(_POSITIONS, "[]',.pyfgcrl/=aoeuidhtns-;qjkxbmwvz", strict=True))
RUSSIAN = dict(zip(_POSITIONS[2:], "йцукенгшщзхъфывапролджэячсмитьбю.", strict=True))
GERMAN = {"Y": "z", "Z": "y", "MINUS": "ß", "EQUAL": "´", "RIGHT_BRACKET": "+", "SLASH": "-"}
GERMAN |= {"LEFT_BRACKET": "ü", "SEMICOLON": "ö", "APOSTROPHE": "ä"}


def code(name: str) -> int:
    return int(getattr(glfw, f"KEY_{name}"))


@pytest.fixture
def layout(monkeypatch: pytest.MonkeyPatch) -> Layout:
    """Simulate a keyboard layout, given by its differences from the US layout."""

    def put(**changes: str | None) -> None:
        printed = {code(name): label for name, label in (US | changes).items()}
        monkeypatch.setattr(glfw, "get_key_name", lambda key, scancode: printed.get(key))
        monkeypatch.setattr(glfw, "get_key_scancode", lambda key: key)

    put()
    return put


def bound_by(name: str) -> list[str]:
    """US key names to the names of the binding table that they give."""
    return [key for key in US if key_name(code(key)) == name]


def test_a_us_keyboard_types_what_it_says(layout: Layout) -> None:
    for key, label in US.items():
        expected = label.upper() if len(key) == 1 or label in "][=-,." else None
        assert key_name(code(key)) == expected


def test_keys_without_a_letter(layout: Layout) -> None:
    names = {"UP": "Up", "PAGE_DOWN": "PageDown", "TAB": "Tab", "SPACE": "Space", "F2": "F2"}
    names |= {"ENTER": "Enter", "KP_ENTER": "Enter", "BACKSPACE": "Backspace", "ESCAPE": "Esc"}
    names |= {"0": "0", "9": "9", "KP_3": "3", "F11": "F11", "KP_ADD": "=", "KP_SUBTRACT": "-"}
    assert {key: key_name(code(key)) for key in names} == names
    assert key_name(code("LEFT_SHIFT")) is None
    assert key_name(glfw.KEY_UNKNOWN) is None


def test_modifiers_stand_before_the_key(layout: Layout) -> None:
    assert key_name(code("S"), ctrl=True) == "Ctrl+S"
    assert key_name(code("UP"), alt=True) == "Alt+Up"
    assert key_name(code("UP"), ctrl=True, alt=True) == "Ctrl+Alt+Up"
    assert key_name(code("LEFT_CONTROL"), ctrl=True) is None


def test_letters_go_by_their_label(layout: Layout) -> None:
    layout(**AZERTY)
    assert key_name(code("A")) == "Q"
    assert key_name(code("Q")) == "A"
    assert key_name(code("SEMICOLON")) == "M"
    assert key_name(code("M")) is None  # a comma is printed on it; M is elsewhere


def test_punctuation_goes_by_position(layout: Layout) -> None:
    layout(**AZERTY)
    assert key_name(code("RIGHT_BRACKET")) == "]"
    assert key_name(code("COMMA")) == ","
    layout(**GERMAN)
    assert key_name(code("MINUS")) == "-"
    assert key_name(code("SLASH")) is None


def test_a_letter_on_the_place_of_punctuation_wins(layout: Layout) -> None:
    layout(**DVORAK)
    assert bound_by("V") == ["PERIOD"]
    assert bound_by("W") == ["COMMA"]
    assert bound_by("Q") == ["X"]  # and not the apostrophe on the place of Q
    assert bound_by(".") == ["E"]
    assert bound_by(",") == ["W"]
    assert bound_by("]") == ["RIGHT_BRACKET"]


@pytest.mark.parametrize("keys", [{}, AZERTY, DVORAK, RUSSIAN, GERMAN, dict.fromkeys(US)])
def test_every_binding_is_in_reach_of_exactly_one_key(
    layout: Layout, keys: dict[str, str | None]
) -> None:
    layout(**keys)
    typed = set(TYPED)
    for name in [key for key in {*by_key()} - typed if len(key) == 1 and not key.isdigit()]:
        assert len(bound_by(name)) == 1, name


def test_a_key_that_types_a_question_mark_does_nothing_else(layout: Layout) -> None:
    layout(**GERMAN)
    assert key_name(code("MINUS"), shift=True) is None
    assert key_name(code("MINUS")) == "-"
    layout(**DVORAK)
    assert key_name(code("LEFT_BRACKET"), shift=True) is None
    layout(**US)
    assert key_name(code("LEFT_BRACKET"), shift=True) == "["
    assert key_name(code("MINUS"), shift=True) == "-"
    assert key_name(code("SLASH"), shift=True) is None


def test_letters_of_another_alphabet_go_by_position(layout: Layout) -> None:
    layout(**RUSSIAN)
    assert key_name(code("A")) == "A"
    assert key_name(code("Z")) == "Z"
    assert key_name(code("LEFT_BRACKET")) == "["
    assert key_name(code("S"), ctrl=True) == "Ctrl+S"


def test_the_labels_of_keys_bound_by_position(layout: Layout) -> None:
    assert labels().items() >= {"]": "]", "-": "-", "A": "A"}.items()
    layout(**GERMAN)
    assert labels().items() >= {"]": "+", "[": "Ü", "-": "ß", "=": "´", "Z": "Z"}.items()
    layout(**RUSSIAN)
    assert labels().items() >= {"A": "Ф", "S": "Ы", "]": "Ъ", ",": "Б"}.items()
    assert ("Ctrl+Ы", "save the preset as TOML") in help_rows(labels())
    layout(**dict.fromkeys(US))
    assert labels() == {}


def test_a_key_that_the_keyboard_lacks_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(key: int, scancode: int) -> str:
        raise AssertionError("glfw would print an error")

    monkeypatch.setattr(glfw, "get_key_scancode", lambda key: -1)
    monkeypatch.setattr(glfw, "get_key_name", refuse)
    assert key_name(code("A")) == "A"
    assert keyboard.labels() == {}


def test_a_held_key_repeats_by_the_clock() -> None:
    keys = Keyboard()
    assert not keys.any
    keys.press(1, "Up", False, now=10.0)
    assert keys.any
    assert keys.due(10.0 + FIRST_REPEAT * 0.99) == []
    assert keys.due(10.0 + FIRST_REPEAT) == [("Up", False)]
    assert keys.due(10.0 + FIRST_REPEAT) == []
    assert keys.due(10.0 + FIRST_REPEAT + NEXT_REPEAT * 1.01) == [("Up", False)]


def test_a_slow_frame_repeats_once() -> None:
    keys = Keyboard()
    keys.press(1, "Up", True, now=0.0)
    assert keys.due(60.0) == [("Up", True)]
    assert keys.due(60.0 + NEXT_REPEAT / 2) == []


def test_released_keys_are_still() -> None:
    keys = Keyboard()
    keys.press(1, "Up", False, now=0.0)
    keys.press(2, "]", False, now=0.0)
    keys.release(1)
    keys.release(1)  # twice does no harm
    assert keys.due(9.0) == [("]", False)]
    keys.release_all()
    assert not keys.any
    assert keys.due(99.0) == []
