"""The keys: one table. The help overlay, docs/keys.md and the tests are made from it.

A key is named "A" … "Z" and "0" … "9" by its label, "]" "=" "," … by its place on a US keyboard,
or by its name ("Up", "PageDown", "F2"). "Shift" makes a step large and is no part of a binding;
"Ctrl+" and "Alt+" are.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Binding:
    """Keys and what they do: `actions` in the order of `keys`, each a method of the explorer
    or the window. `repeats`: whether holding the key repeats it."""

    keys: tuple[str, ...]
    actions: tuple[str, ...]
    help: str
    repeats: bool = False


def _bind(keys: str, actions: str, help: str, *, repeats: bool = False) -> Binding:
    return Binding(tuple(keys.split()), tuple(actions.split()), help, repeats)


BINDINGS: tuple[Binding, ...] = (
    _bind("Up Down", "deeper shallower", "depth ±1 (Shift ±5)", repeats=True),
    _bind("Right Left", "wider narrower", "width ±1 (Shift ±8)", repeats=True),
    _bind("] [", "stronger weaker", "weight scale up / down", repeats=True),
    _bind("= -", "zoom_in zoom_out", "zoom about the cursor", repeats=True),
    _bind(
        "Alt+Right Alt+Left Alt+Up Alt+Down",
        "pan_right pan_left pan_up pan_down",
        "pan",
        repeats=True,
    ),
    _bind("PageUp PageDown", "layer_up layer_down", "layer shown", repeats=True),
    _bind("0", "reset_view", "reset view"),
    _bind("A", "next_activation", "next activation", repeats=True),
    _bind("I", "next_init", "next initialisation", repeats=True),
    _bind("C", "next_color", "next colour mapping", repeats=True),
    _bind("V", "next_view", "next view (Shift: previous)", repeats=True),
    _bind("O", "next_knob", "next option of the view (Shift: previous)", repeats=True),
    _bind("K J", "knob_up knob_down", "that option up / down", repeats=True),
    _bind("Tab", "toggle_hud", "HUD on / off"),
    _bind("Space", "pause", "pause / run time"),
    _bind(", .", "time_back time_on", "step time back / on", repeats=True),
    _bind("R", "random_seed", "new random seed", repeats=True),
    _bind("Z X", "history_back history_on", "back / on through what you have seen", repeats=True),
    _bind("P", "next_preset", "next preset (Shift: previous)", repeats=True),
    _bind(
        "1 2 3 4 5 6 7 8 9",
        " ".join(f"preset_{n}" for n in range(1, 10)),
        "preset by number",
    ),
    _bind("Enter Backspace", "enter leave", "open what is pointed at, or the layer shown; go back"),
    _bind("F2", "screenshot", "screenshot"),
    _bind("F9", "record", "start / stop recording frames"),
    _bind("Ctrl+S", "save_preset", "save the preset as TOML"),
    _bind("F11", "toggle_fullscreen", "fullscreen"),
    _bind("H F1", "toggle_help toggle_help", "help"),
    _bind("Esc Q", "escape quit", "quit (Esc closes the help first)"),
)

MOUSE: tuple[tuple[str, str], ...] = (
    ("click", "open what is pointed at, or keep it selected"),
    ("drag", "pan, or turn a surface or volume"),
    ("wheel", "zoom about the cursor"),
)

_SYMBOLS = {"Up": "↑", "Down": "↓", "Left": "←", "Right": "→", "PageUp": "PgUp"}
_SYMBOLS |= {"PageDown": "PgDn"}


def by_key(bindings: Iterable[Binding] = BINDINGS) -> dict[str, tuple[str, Binding]]:
    """Key to (action, binding). Raises ValueError where a key is bound twice."""
    table: dict[str, tuple[str, Binding]] = {}
    for binding in bindings:
        for key, action in zip(binding.keys, binding.actions, strict=True):
            if key in table:
                raise ValueError(f"key {key} is bound twice: {table[key][0]} and {action}")
            table[key] = (action, binding)
    return table


def shown_keys(binding: Binding, names: dict[str, str] | None = None) -> str:
    """The keys of a binding as a person reads them: "↑ ↓", "Alt+arrows", "1–9".

    `names` gives the labels of keys that are bound by their place, on the person's keyboard.
    """
    if binding.keys[0] == "Alt+Right":
        return "Alt+arrows"
    if binding.keys[:2] == ("1", "2"):
        return "1–9"
    labels = _SYMBOLS | (names or {})
    return " ".join(_label(key, labels) for key in binding.keys)


def _label(key: str, labels: dict[str, str]) -> str:
    """ "Ctrl+S", with the label of S."""
    held, plus, last = key.rpartition("+")
    return held + plus + labels.get(last, last)


def help_rows(names: dict[str, str] | None = None) -> list[tuple[str, str]]:
    """(keys, what they do) for every binding, and the mouse."""
    return [(shown_keys(b, names), b.help) for b in BINDINGS] + list(MOUSE)


def markdown_table() -> str:
    """The table of keys for the documentation."""
    rows = [f"| `{keys}` | {text} |" for keys, text in help_rows()]
    return "\n".join(["| key | does |", "|---|---|", *rows])
