"""From a window's key events to the keys of the binding table, with repeats of our own.

Letters go by their label on the person's layout, punctuation by position: where one place has
both, the letter wins, and the punctuation goes by its label. A letter that no key is labelled with
(Cyrillic) goes by position. Some platforms never send repeats, so a held key is repeated by the
clock, once a frame at the most.
"""

from dataclasses import dataclass

import glfw

FIRST_REPEAT = 0.35  # seconds
NEXT_REPEAT = 0.06

_NAMED = {
    "UP": "Up",
    "DOWN": "Down",
    "LEFT": "Left",
    "RIGHT": "Right",
    "PAGE_UP": "PageUp",
    "PAGE_DOWN": "PageDown",
    "TAB": "Tab",
    "SPACE": "Space",
    "ENTER": "Enter",
    "KP_ENTER": "Enter",
    "BACKSPACE": "Backspace",
    "ESCAPE": "Esc",
    "KP_ADD": "=",
    "KP_SUBTRACT": "-",
}
_MARKS = {"RIGHT_BRACKET": "]", "LEFT_BRACKET": "[", "EQUAL": "=", "MINUS": "-"}
_MARKS |= {"COMMA": ",", "PERIOD": "."}
_CODES: dict[int, str] = {getattr(glfw, f"KEY_{name}"): key for name, key in _NAMED.items()}
_CODES |= {getattr(glfw, f"KEY_{n}"): str(n) for n in range(10)}
_CODES |= {getattr(glfw, f"KEY_KP_{n}"): str(n) for n in range(10)}
_CODES |= {getattr(glfw, f"KEY_F{n}"): f"F{n}" for n in range(1, 13)}
_PLACES: dict[int, str] = {getattr(glfw, f"KEY_{name}"): key for name, key in _MARKS.items()}
_PLACES |= {getattr(glfw, f"KEY_{c}"): c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
# Every key that may print something, digits and the keypad apart.
_PRINTING = {*_PLACES, glfw.KEY_APOSTROPHE, glfw.KEY_SLASH, glfw.KEY_SEMICOLON, glfw.KEY_BACKSLASH}
_PRINTING |= {glfw.KEY_GRAVE_ACCENT}


def key_name(code: int, *, ctrl: bool = False, alt: bool = False) -> str | None:
    """The name of a key in the binding table; None for one that has no name there."""
    name = _CODES.get(code) or _names(_labels()).get(code)
    if name is None:
        return None
    return ("Ctrl+" if ctrl else "") + ("Alt+" if alt else "") + name


def labels() -> dict[str, str]:
    """The labels, on this keyboard, of the keys that are bound by position."""
    printed = _labels()
    return {name: printed[code] for code, name in _names(printed).items() if printed.get(code)}


def _labels() -> dict[int, str]:
    """What is printed on the keys, in capitals."""
    found = {}
    for code in _PRINTING:
        there = glfw.get_key_scancode(code) >= 0  # to ask for the name of another is an error
        label = (glfw.get_key_name(code, 0) if there else None) or ""
        found[code] = label.upper() if len(label.upper()) == 1 else label  # no capital of ß
    return found


def _names(printed: dict[int, str]) -> dict[int, str]:
    """The name in the binding table of each key, by what is printed on all of them."""
    names = {c: label for c, label in printed.items() if len(label) == 1 and "A" <= label <= "Z"}
    letters = set(names.values())
    for code, name in _PLACES.items():
        if code in names and name not in letters:
            code = next((c for c, label in printed.items() if label == name), code)
        if name not in letters:
            names.setdefault(code, name)
    return names


@dataclass
class _Held:
    key: str
    large: bool
    due: float


class Keyboard:
    """The keys held down, and when each is due to repeat."""

    def __init__(self) -> None:
        self._held: dict[int, _Held] = {}

    def press(self, code: int, key: str, large: bool, now: float) -> None:
        """A key went down at `now` seconds."""
        self._held[code] = _Held(key, large, now + FIRST_REPEAT)

    def release(self, code: int) -> None:
        """A key went up."""
        self._held.pop(code, None)

    def release_all(self) -> None:
        """The window lost the keyboard: no release will come."""
        self._held.clear()

    def due(self, now: float) -> list[tuple[str, bool]]:
        """(key, large) of each held key that repeats at `now`."""
        repeats = []
        for held in self._held.values():
            if now >= held.due:
                held.due = now + NEXT_REPEAT
                repeats.append((held.key, held.large))
        return repeats

    @property
    def any(self) -> bool:
        """Whether a key is held."""
        return bool(self._held)
