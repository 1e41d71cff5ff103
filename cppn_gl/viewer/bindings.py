"""The table of key bindings, from which the help overlay and docs/keys.md are generated.

Keys are named by their label ("A" … "Z", "0" … "9"), by their position on a US keyboard ("]", "=",
","), by the character they type ("?"), or by name ("Up", "PageDown", "F2"). A binding may include
"Ctrl+" and "Alt+", but not Shift, which makes the step larger.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Binding:
    """Keys and their actions, in the same order: method names of the explorer or the window.

    `repeats`: whether holding the key repeats the action. `touring`: what it does in the tour, if
    that is something else. `seeing`: the same of a trained image network; PLANE: nothing there.
    """

    keys: tuple[str, ...]
    actions: tuple[str, ...]
    help: str
    repeats: bool = False
    touring: str = ""
    seeing: str = ""


PLANE = "–"  # a key that is about networks of the plane only


def _bind(
    keys: str,
    actions: str,
    help: str,
    *,
    repeats: bool = False,
    touring: str = "",
    seeing: str = "",
) -> Binding:
    return Binding(tuple(keys.split()), tuple(actions.split()), help, repeats, touring, seeing)


BINDINGS: tuple[Binding, ...] = (
    _bind(
        "Up Down",
        "deeper shallower",
        "depth (layers) ±1 (Shift ±5)",
        repeats=True,
        seeing="next / previous layer (Shift ±5)",
    ),
    _bind(
        "Right Left",
        "wider narrower",
        "width (units) ±1 (Shift ±8)",
        repeats=True,
        seeing="next / previous channel (Shift ±10)",
    ),
    _bind("] [", "stronger weaker", "weight scale up / down", repeats=True, seeing=PLANE),
    _bind("D", "double_scale", "weight scale ×2 (Shift ÷2)", repeats=True, seeing=PLANE),
    _bind("= -", "zoom_in zoom_out", "zoom in / out at the cursor", repeats=True, seeing=PLANE),
    _bind(
        "Alt+Right Alt+Left Alt+Up Alt+Down",
        "pan_right pan_left pan_up pan_down",
        "pan",
        repeats=True,
        seeing=PLANE,
    ),
    _bind("PageUp PageDown", "layer_up layer_down", "show next / previous layer", repeats=True),
    _bind(
        "W",
        "pin",
        "keep this unit in sight / release it",
        seeing="keep this channel in sight / release; occlusion: cover",
    ),
    _bind("0", "reset_view", "reset zoom and position", seeing=PLANE),
    _bind(
        "A",
        "next_activation",
        "next activation function",
        repeats=True,
        seeing="what a unit sees: next method (Shift: previous)",
    ),
    _bind(
        "I",
        "next_init",
        "next weight initialisation",
        repeats=True,
        seeing="next picture, as input (Shift: previous)",
    ),
    _bind(
        "M",
        "next_structure",
        "next structure: mlp conv nin vgg … (Shift: previous)",
        repeats=True,
        seeing=PLANE,
    ),
    _bind("S", "toggle_keeping", "A and I keep the signal, on / off", seeing=PLANE),
    _bind("C", "next_color", "next colour mapping", repeats=True, seeing=PLANE),
    _bind("V", "next_view", "next view (Shift: previous)", repeats=True),
    _bind("O", "next_knob", "next view option (Shift: previous)", repeats=True),
    _bind("K J", "knob_up knob_down", "change that option up / down", repeats=True),
    _bind("Ctrl+F", "find", "find a preset key in the panel"),
    _bind("Tab", "next_overlay", "text (HUD) / panel / nothing (Shift: presets as pictures)"),
    _bind("Space", "pause", "pause / resume time"),
    _bind(", .", "time_back time_on", "step time back / forward", repeats=True),
    _bind("L", "train", "train the network / pause", seeing="train, or let a picture grow / pause"),
    _bind(
        "N",
        "train_step",
        "train one step (Shift: 100)",
        repeats=True,
        seeing="one step of these (Shift: 100, of a picture 10)",
    ),
    _bind("B", "train_back", "back to steps trained before (Shift: forward)", repeats=True),
    _bind("U", "train_reset", "back to step 0 of the training"),
    _bind("G", "rate_up", "learning rate up (Shift: down)", repeats=True),
    _bind("F", "faster", "train faster (Shift: slower)", repeats=True),
    _bind("Y", "toggle_boundary", "boundary between classes, on / off", seeing=PLANE),
    _bind("E", "edit_points", "edit points by mouse / next class (Shift: end)", seeing=PLANE),
    _bind("R", "random_seed", "new random network (seed; Shift: new everything)", repeats=True),
    _bind("Z X", "history_back history_on", "back / forward in the history", repeats=True),
    _bind(
        "P",
        "next_preset",
        "next preset (Shift: previous)",
        repeats=True,
        touring="next page of the tour (Shift: the page before)",
    ),
    _bind("T", "toggle_tour", "the tour, a lesson in pages; again: leave it"),
    _bind(
        "1 2 3 4 5 6 7 8 9",
        " ".join(f"favourite_{n}" for n in range(1, 10)),
        "favourite preset 1–9",
    ),
    _bind(
        " ".join(f"Ctrl+{n}" for n in range(1, 10)),
        " ".join(f"keep_{n}" for n in range(1, 10)),
        "make this a favourite, number 1–9",
    ),
    _bind("Enter", "enter", "open or select item under cursor, or open layer shown"),
    _bind("Backspace", "leave", "return from what was opened"),
    _bind("F2", "screenshot", "save the picture, to open or draw larger"),
    _bind("F9", "film", "make a film (Shift: record every frame, start / stop)"),
    _bind("Ctrl+S", "save_preset", "save the preset as TOML"),
    _bind("Ctrl+E", "save_page", "save a web page that shows it live"),
    _bind("F11", "toggle_fullscreen", "fullscreen"),
    _bind("H F1", "toggle_help next_help", "this help (F1 again: what am I seeing?)"),
    _bind("?", "explain", "what am I seeing?"),
    _bind("Esc Q", "escape quit", "quit (Esc first closes what is open, or leaves the tour)"),
)

# Actions of buttons in the window, and the keys that lead to the same.
BUTTONS = {"toggle_panel": "Tab", "toggle_chooser": "Shift+Tab"}

MOUSE: tuple[tuple[str, str], ...] = (
    ("click", "open or select item under cursor"),
    ("drag", "pan, or rotate a 3D view"),
    ("wheel", "zoom in / out at the cursor"),
)

SEEING_MOUSE: tuple[tuple[str, str], ...] = (
    ("click", "look at the layer, channel, class or place under the cursor"),
    ("drop", "a picture: the network sees it; an .onnx file: your network"),
)

_SYMBOLS = {"Up": "↑", "Down": "↓", "Left": "←", "Right": "→", "PageUp": "PgUp"}
_SYMBOLS |= {"PageDown": "PgDn"}


def by_key(bindings: Iterable[Binding] = BINDINGS) -> dict[str, tuple[str, Binding]]:
    """Key to (action, binding). Raises ValueError if a key is bound twice."""
    table: dict[str, tuple[str, Binding]] = {}
    for binding in bindings:
        for key, action in zip(binding.keys, binding.actions, strict=True):
            if key in table:
                raise ValueError(f"key {key} is bound twice: {table[key][0]} and {action}")
            table[key] = (action, binding)
    return table


def shown_keys(binding: Binding, names: dict[str, str] | None = None) -> str:
    """The keys of a binding as the help writes them: "↑ ↓", "Alt+arrows", "1–9".

    `names`: the user's labels of keys that are bound by position.
    """
    if binding.keys[0] == "Alt+Right":
        return "Alt+arrows"
    if binding.keys[0].endswith("1") and len(binding.keys) == 9:
        return f"{binding.keys[0]}–9"
    labels = _SYMBOLS | (names or {})
    return " ".join(_label(key, labels) for key in binding.keys)


def keys_of(action: str, names: Mapping[str, str] | None = None) -> str:
    """The key of an action, or the action's name if it has no key.

    `names`: the user's labels of keys that are bound by position.
    """
    for binding in BINDINGS:
        if action in binding.actions:
            labels = _SYMBOLS | dict(names or {})
            return _label(binding.keys[binding.actions.index(action)], labels)
    return action


def keys_for(*actions: str, names: Mapping[str, str] | None = None) -> str:
    """The keys of actions, also of buttons: "] ["; "" if they have none. `names`: as `keys_of`."""
    keys = (BUTTONS.get(action) or keys_of(action, names) for action in actions)
    return " ".join(key for key in keys if key not in actions)


def _label(key: str, labels: dict[str, str]) -> str:
    modifiers, plus, last = key.rpartition("+")
    return modifiers + plus + labels.get(last, last)


def help_rows(
    names: dict[str, str] | None = None, *, touring: bool = False, seeing: bool = False
) -> list[tuple[str, str]]:
    """(keys, description) of every binding and mouse action. `touring`: in the tour.

    `seeing`: of those that do something where a trained image network is shown.
    """
    rows = [
        (shown_keys(b, names), (touring and b.touring) or (seeing and b.seeing) or b.help)
        for b in BINDINGS
        if not (seeing and b.seeing == PLANE)
    ]
    return rows + list(SEEING_MOUSE if seeing else MOUSE)


def markdown_table(*, seeing: bool = False) -> str:
    """The table of keys in Markdown, for docs/keys.md.

    `seeing`: only what is something else where a trained image network is shown.
    """
    rows = help_rows(seeing=seeing)
    if seeing:
        rows = [row for row in rows if row not in help_rows()]
    listed = [f"| `{keys}` | {text} |" for keys, text in rows]
    return "\n".join(["| key | does |", "|---|---|", *listed])
