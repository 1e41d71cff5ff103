"""From a window's key events to the keys of the binding table, with repeats of our own.

Letters go by their label on the person's layout, punctuation by position. Some platforms never
send repeats, so a held key is repeated by the clock, once a frame at the most.
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
    "RIGHT_BRACKET": "]",
    "LEFT_BRACKET": "[",
    "EQUAL": "=",
    "MINUS": "-",
    "KP_ADD": "=",
    "KP_SUBTRACT": "-",
    "COMMA": ",",
    "PERIOD": ".",
}
_CODES: dict[int, str] = {getattr(glfw, f"KEY_{name}"): key for name, key in _NAMED.items()}
_CODES |= {getattr(glfw, f"KEY_{n}"): str(n) for n in range(10)}
_CODES |= {getattr(glfw, f"KEY_KP_{n}"): str(n) for n in range(10)}
_CODES |= {getattr(glfw, f"KEY_F{n}"): f"F{n}" for n in range(1, 13)}
_LETTERS: dict[int, str] = {getattr(glfw, f"KEY_{c}"): c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def key_name(code: int, *, ctrl: bool = False, alt: bool = False) -> str | None:
    """The name of a key in the binding table; None for one that has no name there."""
    name = _CODES.get(code) or _letter(code)
    if name is None:
        return None
    return ("Ctrl+" if ctrl else "") + ("Alt+" if alt else "") + name


def _letter(code: int) -> str | None:
    """A letter by its label, on any key; by position where the label is not A to Z."""
    if code <= 0:
        return None
    label = (glfw.get_key_name(code, 0) or "").upper()
    if len(label) == 1 and "A" <= label <= "Z":
        return label
    return _LETTERS.get(code)


def labels() -> dict[str, str]:
    """The labels, on this keyboard, of the keys that are bound by position."""
    found = {}
    for code, name in _CODES.items():
        label = glfw.get_key_name(code, 0) if name in ("]", "[", "=", "-", ",", ".") else None
        if label and code not in (glfw.KEY_KP_ADD, glfw.KEY_KP_SUBTRACT):
            found[name] = label.upper()
    return found


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
