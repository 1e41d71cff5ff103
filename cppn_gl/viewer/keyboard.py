"""Maps key events to key names of the binding table, and repeats held keys.

Letters are bound by their label on the user's layout, punctuation by position. If one key is both,
it is the letter, and the punctuation is bound by its label. A letter that labels no key (on a
Cyrillic layout, say) is bound by position. Some platforms send no repeats, so a held key is
repeated here by the clock, at most once per frame.
"""

from dataclasses import dataclass

import glfw

TYPED = ("?",)  # bound by the character that is typed, wherever a layout has it
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
# All keys that may print a character, except digits and the keypad.
_PRINTING = {*_PLACES, glfw.KEY_APOSTROPHE, glfw.KEY_SLASH, glfw.KEY_SEMICOLON, glfw.KEY_BACKSLASH}
_PRINTING |= {glfw.KEY_GRAVE_ACCENT}
# (key, label) that types ? with Shift: it is then not the key of its position.
_QUESTION = {*(("-", label) for label in "ß+'"), *((key, "/") for key in "-=[],.")}


def key_name(
    code: int, *, ctrl: bool = False, alt: bool = False, shift: bool = False
) -> str | None:
    """The binding table's name of a key; None for a key that cannot be bound."""
    name = _CODES.get(code) or _names(_labels()).get(code)
    if name is None or (shift and (name, _labels().get(code)) in _QUESTION):
        return None
    return ("Ctrl+" if ctrl else "") + ("Alt+" if alt else "") + name


def labels() -> dict[str, str]:
    """The user's labels of the keys: name in the binding table to what the keyboard prints."""
    printed = _labels()
    return {name: printed[code] for code, name in _names(printed).items() if printed.get(code)}


def _labels() -> dict[int, str]:
    """Key code to the key's label, in capitals."""
    printed = {}
    for code in _PRINTING:
        exists = glfw.get_key_scancode(code) >= 0  # or asking for its name is an error
        label = (glfw.get_key_name(code, 0) if exists else None) or ""
        printed[code] = label.upper() if len(label.upper()) == 1 else label  # ß has no capital
    return printed


def _names(printed: dict[int, str]) -> dict[int, str]:
    """Key code to the key's name in the binding table; `printed` is what `_labels` returns."""
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
    """The keys held down, and when each repeats next."""

    def __init__(self) -> None:
        self._held: dict[int, _Held] = {}

    def press(self, code: int, key: str, large: bool, now: float) -> None:
        self._held[code] = _Held(key, large, now + FIRST_REPEAT)

    def release(self, code: int) -> None:
        self._held.pop(code, None)

    def release_all(self) -> None:
        """Release all keys: a window without the focus gets no release events."""
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
        return bool(self._held)
