"""The keys of a preset as the fields of a panel: in groups, each with the widget that edits it.

TABLES, TOP -> fields() -> Field: label, help, widget, range -> groups(): what to show, and where

Without any toolkit: viewer/gui/panel.py draws the fields.
"""

import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cppn_gl.nn.draws import deviation
from cppn_gl.nn.features import TURN, latent_index, of_image, wave
from cppn_gl.nn.file_source import File
from cppn_gl.nn.sources import Random
from cppn_gl.preset.preset import TABLES, TOP, Preset
from cppn_gl.preset.show import VIEWS
from cppn_gl.preset.tables import fields_of, whole
from cppn_gl.utils.checks import Check, Integer, Number, OneOf, Several, Text, flag, help_of
from cppn_gl.utils.toml import toml_value
from cppn_gl.viewer.explorer import CHANGED

# The keys shown first, in this order, and their labels.
COMMON = {
    "network.structure": "structure",
    "network.depth": "depth",
    "network.width": "width",
    "network.activation": "activation",
    "network.init": "init",
    "network.weight_scale": "weight scale",
    "network.seed": "seed",
    "network.inputs": "inputs",
    "view.extent": "extent",
    "color.mapping": "colours",
}
FILE = ("network.file",)  # before these, for a network whose weights are in one
# The same of a trained image network.
SEEING = {
    "input.image": "picture",
    "channels.unit": "looked at",
    "attribution.class_name": "class",
    "network.file": "file",
}
LABELS = (
    COMMON | SEEING | {"network.output_activation": "last activation", "animate.moving": "keys"}
)
# Tables, and keys, about networks of the plane only, and about those that see pictures.
PLANE = ("view", "color", "animation", "animate", "normalize", "sweep")
PLANE_KEYS = ("input.fit", "input.encoding")
PICTURES = ("preprocess",)
TITLES = {
    "network": "Network",
    "train": "Training",
    "preprocess": "How the picture is read",
    "input": "Image",
    "view": "Viewport",
    "color": "Colours",
    "animation": "Time",
    "animate": "Animated keys",
    "normalize": "Normalisation",
    "sweep": "Sheet",
    "": "Title and text",
}
OWN = {"sheet": "sweep"}  # the table of a view whose options are not a table of its name
HEAD = ("show.view",)  # shown above all groups
# The parts of keys that are lists of a fixed length.
PARTS = {
    "view.center": ("x", "y"),
    "normalize.region_center": ("x", "y"),
    "units.unit": ("layer", "unit"),
    "sweep.cell": ("wide", "high"),
}
# Actions of the window that change a key, see bindings.py.
ACTIONS = {
    "network.structure": ("next_structure",),
    "network.depth": ("deeper", "shallower"),
    "network.width": ("wider", "narrower"),
    "network.activation": ("next_activation",),
    "network.init": ("next_init",),
    "network.weight_scale": ("stronger", "weaker"),
    "network.seed": ("random_seed",),
    "view.extent": ("zoom_in", "zoom_out"),
    "view.center": ("reset_view",),
    "color.mapping": ("next_color",),
    "train.rate": ("rate_up",),
    "train.boundary": ("toggle_boundary",),
    "show.view": ("next_view",),
    "channels.unit": ("deeper", "shallower", "wider", "narrower"),
    "channels.pinned": ("pin",),
}
NOT_EDITED = ("format", "network.sha256", "network.nodes")
LOOKED_AT = (
    "unit",
    "layer",
    "position",
)  # options of views that say what of the network is looked at
STOPS = 200  # of a linear slider: as finely as a mouse can place it
DIGITS = 3  # of a logarithmic slider
STEP_FACTOR = 2 ** (1 / 8)  # of a logarithmic key, for a press of an arrow key
WIDGETS = (
    *("slider", "numbers", "menu", "flag", "text", "prose", "seed", "activations"),
    *("inputs", "between", "animate", "axis", "colors", "file", "list", "data"),
    *("structure", "blocks", "boosts", "image", "class", "unit", "order", "labels"),
)


@dataclass(frozen=True)
class Field:
    """A key: its table ("" for the top level), name, label, check, help, and the widget's kind.

    `slider` is the range of a slider, which can be smaller than what the check allows. `optional`:
    the key can be unset.
    """

    table: str
    name: str
    label: str
    help: str
    widget: str
    check: Check
    slider: tuple[float, float] = (0.0, 0.0)
    factor: bool = False
    whole: bool = False
    optional: bool = False
    step: float | None = None

    @property
    def dotted(self) -> str:
        return f"{self.table}.{self.name}" if self.table else self.name

    @property
    def choices(self) -> tuple[Any, ...]:
        """The values of a menu."""
        return tuple(self.check.known) if isinstance(self.check, OneOf) else ()

    def matches(self, text: str) -> bool:
        """Whether each word of a search occurs in the key's name, label, help or choices."""
        everything = f"{self.dotted} {self.label} {self.help} {self.choices}".lower()
        return all(word in everything for word in text.lower().split())


@dataclass(frozen=True)
class Group:
    """Fields under a title; `views` of another view are folded away."""

    name: str
    title: str
    fields: tuple[Field, ...]
    other: bool = False


def fields() -> tuple[Field, ...]:
    """All keys of all tables, registered ones too, but for the version of the format."""
    return _fields(tuple(TABLES.items()))


@lru_cache(maxsize=4)
def _fields(tables: tuple[tuple[str, type], ...]) -> tuple[Field, ...]:
    listed = [
        _field(table, field.name, field.metadata, help_of(field), optional=field.default is None)
        for table, _ in tables
        for field in fields_of(table)
        if f"{table}.{field.name}" not in NOT_EDITED
    ]
    top = [
        _field("", name, {"check": check}, words)
        for name, (check, words) in TOP.items()
        if name not in NOT_EDITED
    ]
    return (*listed, *top)


def _field(table: str, name: str, metadata: Any, words: str, *, optional: bool = False) -> Field:
    check = metadata["check"]
    dotted = f"{table}.{name}"
    widget = metadata.get("widget") or _widget(check)
    span = metadata.get("slider")
    if span is None and isinstance(check, Integer | Number):
        span = (check.low, check.high)
    return Field(
        table,
        name,
        LABELS.get(dotted, name.replace("_", " ")),
        words,
        widget,
        check,
        slider=span or (0.0, 0.0),
        factor=bool(metadata.get("factor")),
        whole=bool(table) and widget != "animate" and whole(dotted),
        optional=optional,
        step=metadata.get("step"),
    )


def _widget(check: Check) -> str:
    """The kind of widget that edits values of a check. Raises ValueError if none does."""
    if check is flag:
        return "flag"
    if isinstance(check, OneOf):
        return "menu"
    if isinstance(check, Integer | Number):
        return "slider"
    if isinstance(check, Text):
        return "text" if check.one_line else "prose"
    if isinstance(check, Several) and isinstance(check.check_one, Integer | Number):
        return "numbers"
    if isinstance(check, Several) and isinstance(check.check_one, Several):
        return "list"
    raise ValueError(f"no widget for the check {check}; name one by key(…, widget=)")


def groups(preset: Preset) -> tuple[Group, ...]:
    """The common keys, those of the view shown, the other tables, and the other views' tables.

    Of an image network those that are about such networks, of others those that are not.
    """
    own, sees = OWN.get(preset.show.view, preset.show.view), preset.classifies
    first = FILE if isinstance(preset.spec, File) else ()
    other: tuple[str, ...] = PICTURES
    if sees:
        other = PLANE if preset.learns else (*PLANE, "train")
    fitting = tuple(
        (name, table)
        for name, table in TABLES.items()
        if name not in other and (name not in VIEWS or VIEWS[name].images == sees)
    )
    common, without = (tuple(SEEING), PLANE_KEYS) if sees else ((*first, *COMMON), ())
    return _groups(fitting, own, common, without)


@lru_cache(maxsize=32)
def _groups(
    held: tuple[tuple[str, type], ...],
    own: str,
    listed: tuple[str, ...],
    without: tuple[str, ...],
) -> tuple[Group, ...]:
    tables: dict[str, list[Field]] = {}
    common: dict[str, Field] = {}
    for field in _fields(held):
        if field.dotted in listed:
            common[field.dotted] = field
        elif field.dotted not in (*HEAD, *without):
            tables.setdefault(field.table, []).append(field)
    order = [own, *(name for name in TITLES if name != own)]
    views = [name for name in tables if name not in order]
    return (
        Group("common", "", tuple(common[dotted] for dotted in listed if dotted in common)),
        *(Group(name, title(name), tuple(tables[name])) for name in order if name in tables),
        *(Group(name, title(name), tuple(tables[name]), other=True) for name in views),
    )


def title(table: str) -> str:
    return TITLES.get(table) or f"View: {table}"


# Values


def value(preset: Preset, field: Field) -> Any:
    """A key's value; None if it is unset, or if the preset's network has no such key."""
    holder = preset.table(field.table) if field.table else preset
    return getattr(holder, field.name, None)


def fixed(preset: Preset, field: Field) -> bool:
    """Whether the network has no such key: what is given determines it, or there is no file."""
    if field.table != "network" or field.name == "file":
        return False
    if field.name == "seed" and not seeded(preset):
        return True
    spec = preset.spec
    if field.name == "depth" and isinstance(spec, Random) and spec.blocks:
        return True  # they determine it
    return field.name not in spec.key_names()


def seeded(preset: Preset) -> bool:
    """Whether the seed determines anything."""
    spec, how = preset.spec, preset.normalize
    latents = spec.latent is None and any(latent_index(name) is not None for name in spec.inputs)
    drawn = how.which != "none" and bool(how.gain_spread or how.shift_spread)
    return spec.redrawable or latents or drawn


def fact(preset: Preset, field: Field) -> str:
    """What a given network determines instead of a fixed key; "" if that says nothing."""
    spec = preset.spec
    if preset.classifies:
        return ""
    if field.name == "depth":
        return str(spec.depth)
    if field.name == "width":
        return " ".join(dict.fromkeys(str(shape[0]) for shape in spec.shapes[:-1]))
    if field.name == "outputs":
        return str(spec.shapes[-1][0])
    if field.name == "activation":
        return " ".join(dict.fromkeys(spec.hidden_activations))
    return spec.output_activation if field.name == "output_activation" else ""


def automatic(preset: Preset, field: Field) -> Any:
    """The value that is used while an optional key is unset; None if there is none."""
    if field.dotted == "network.bias_scale":
        return getattr(preset.spec, "weight_scale", None)
    if field.dotted == "network.latent":
        return getattr(preset.spec, "latents", None) or None
    if field.dotted == "network.period":
        return TURN
    if field.dotted == "network.omega":
        return 1.0
    if field.dotted == "color.isolines":
        return 0.0
    if field.table == "preprocess":
        return getattr(preset.preprocess, field.name) if preset.classifies else None
    return preset.animation.seconds if field.dotted == "animation.duration" else None


def sigma(preset: Preset, init: str) -> float:
    """The standard deviation of weights between hidden layers, if drawn by an initialisation."""
    spec = preset.spec
    fan_out, fan_in, *taps = spec.shapes[len(spec.shapes) > 2]
    area = math.prod(taps)
    fan_out, fan_in = fan_out * area, fan_in * area
    return float(getattr(spec, "weight_scale", 1.0) * deviation(init, fan_in, fan_out))


def changed(preset: Preset, loaded: Preset, field: Field) -> bool:
    """Whether a key's value differs from the loaded preset's; what is only looked at does not."""
    if field.table in VIEWS and (field.name in LOOKED_AT or preset.views == loaded.views):
        return False
    if field.dotted == "title" and preset.title == loaded.title + CHANGED:
        return False
    if field.dotted == "train.steps" or fixed(preset, field) or fixed(loaded, field):
        return False
    return bool(value(preset, field) != value(loaded, field))


def edited(preset: Preset, loaded: Preset) -> bool:
    """Whether any key was changed, or weights."""
    tables = (one.name for one in dataclasses.fields(preset) if one.name not in ("title", "views"))
    shown = dataclasses.replace(preset, train=preset.train.at_step(loaded.train.steps))
    if any(getattr(shown, name) != getattr(loaded, name) for name in tables):
        return True
    return any(changed(preset, loaded, one) for one in fields() if one.table in ("", *VIEWS))


def idle(preset: Preset, field: Field) -> str:
    """Why a key has no effect on this preset, as the end of a sentence; "" if it may have one."""
    inputs, moves, timing = preset.spec.inputs, preset.moves, preset.animation
    keys, still = bool(preset.animate.moving), "no key is animated"
    turns = "cos_t" in inputs or "sin_t" in inputs or (moves and timing.duration is None)
    conditions = {
        "animation.speed": ("t" in inputs, "the network has no input t"),
        "animation.loop": (turns, f"the network has no input cos_t or sin_t, and {still}"),
        "animation.duration": (moves, still),
        "animation.ending": (moves, still),
        "animation.easing": (keys, still),
        "animation.spacing": (keys, still),
        "animation.walker": (bool(timing.walk), "there is no walk"),
        "network.period": (
            any(wave(name) is not None for name in inputs),
            "no input is periodic, as sin_x",
        ),
        "network.width": (preset.spec.depth > 1, "there is no hidden layer"),
        "network.activation": (preset.spec.depth > 1, "there is no hidden layer"),
        "network.kernel": (_kernels(preset), "no convolution takes its size from it"),
        "network.last_layer": (preset.spec.structured, "only structures have it"),
        "network.grid": (preset.spec.structured, "there is no convolution"),
        "input": (
            bool(of_image(inputs)) or preset.classifies,
            "no input is of the image: red, green, blue or grey",
        ),
        "color.hue": (preset.color.mapping == "ink", "only the mapping ink has a hue"),
        "color.dither": (not preset.color.levels, "flat colours (inks) are not dithered"),
        "normalize": (preset.normalize.which != "none", "no layer is normalised"),
        "train": (preset.learns, "nothing is trained: data is empty"),
        "sweep": (preset.show.view == "sheet", "only the view sheet shows it"),
    }
    effective, why = conditions.get(field.dotted) or conditions.get(field.table) or (True, "")
    return "" if effective or field.dotted in ("normalize.which", "train.data") else why


def _kernels(preset: Preset) -> bool:
    """Whether the key `kernel` matters."""
    spec = preset.spec
    if not isinstance(spec, Random) or not spec.structured:
        return False
    if spec.blocks:
        return any(block.type in ("conv", "nin") and block.kernel is None for block in spec.blocks)
    return spec.structure in ("conv", "nin", "resnet")


def restored(preset: Preset, loaded: Preset, chosen: Iterable[Field]) -> dict[str, Any]:
    """The changes that give fields the values of the loaded preset again."""
    keys: dict[str, Any] = {}
    for field in chosen:
        if not changed(preset, loaded, field):
            continue
        if field.widget == "animate":
            old, new = loaded.animate.table, preset.animate.table
            keys |= {f"animate.{n}": old.get(n) for n in {**old, **new} if old.get(n) != new.get(n)}
        else:
            keys[field.dotted] = value(loaded, field)
    if "network.depth" in keys and preset.spec.redrawable:  # a list of activations belongs to it
        keys.setdefault("network.activation", loaded.spec.activation)  # type: ignore[attr-defined]
    return keys


# Keys that move, or vary along an axis


def movable(preset: Preset) -> list[Field]:
    """The numbers that [animate] and [sweep] can change; of views, those of the view shown."""
    still = (
        "",
        "animation",
        "animate",
        "sweep",
        *(name for name in VIEWS if name != preset.show.view),
    )
    return [
        one
        for one in fields()
        if one.widget == "slider" and one.table not in still and not fixed(preset, one)
    ]


def swung(field: Field, preset: Preset) -> list[float]:
    """Two values for a key that begins to be animated: its own, and one a little farther on."""
    now = value(preset, field)
    now = automatic(preset, field) if now is None else now
    ends = span(field, now, preset)
    now = ends[0] if now is None else now
    at = place(field, now, ends)
    return [now, at_place(field, at + (0.15 if at < 0.6 else -0.15), ends)]


def varied(field: Field) -> str:
    """An axis along which a key varies over its slider: "depth=1:12"."""
    low, high = field.slider
    if field.whole and high - low < 12:
        return f"{field.dotted}={low:g}:{high:g}"
    log = ":log" if field.factor else ""
    return f"{field.dotted}={low:g}:{high:g}:8{log}"


# Sliders


def span(field: Field, now: float | None, preset: Preset) -> tuple[float, float]:
    """The range of a slider, extended to the value it shows."""
    low, high = field.slider
    if field.name in ("layer", "position"):
        high = preset.spec.depth
    if field.dotted == "network.depth" and isinstance(preset.spec, File):
        high = preset.spec.count
    if now is not None and (now > 0 or not field.factor):
        low, high = min(low, now), max(high, now)
    return low, high


def place(field: Field, number: float, ends: tuple[float, float]) -> float:
    """Where a value lies on a slider from `ends[0]` to `ends[1]`: 0 to 1."""
    low, high = ends
    if high <= low:
        return 0.0
    if field.factor:
        number = max(number, low)
        return math.log(number / low) / math.log(high / low)
    return (min(max(number, low), high) - low) / (high - low)


def at_place(field: Field, where: float, ends: tuple[float, float]) -> float:
    """The value at a place of a slider, with no more digits than the place determines."""
    low, high = ends
    where = min(max(where, 0.0), 1.0)
    if where in (0, 1):
        number = ends[int(where)]
        return int(number) if field.whole else float(number)
    if field.factor:
        number = float(f"{low * (high / low) ** where:.{DIGITS}g}")
        return math.floor(number + 0.5) if field.whole else number
    if field.whole:
        return math.floor(low + where * (high - low) + 0.5)
    return _snapped(low + where * (high - low), resolution(low, high))


def resolution(low: float, high: float) -> float:
    """The distance between the values of a linear slider: 1, 2 or 5 times a power of ten."""
    exact = (high - low) / STOPS
    power = 10.0 ** math.floor(math.log10(exact))
    return float(max(n * power for n in (1, 2, 5) if n * power <= exact * (1 + 1e-9)))


def _snapped(number: float, step: float) -> float:
    return float(f"{round(number / step) * step:.12g}")


def stepped(field: Field, now: Any, steps: int, preset: Preset) -> Any:
    """The value after `steps` presses of an arrow key: numbers stay in the key's range.

    A value that cannot be stepped stays as it is.
    """
    if field.widget == "flag":
        return not now
    if field.choices:
        at = field.choices.index(now) if now in field.choices else 0
        return field.choices[(at + steps) % len(field.choices)]
    if not isinstance(field.check, Integer | Number) or isinstance(now, bool):
        return now
    if now is None:
        now = automatic(preset, field)
    if now is None:
        return now
    low, high = span(field, now, preset)
    if field.factor:
        moved = float(f"{max(now, low) * STEP_FACTOR**steps:.{DIGITS}g}")
        if field.whole:  # by at least 1
            moved = min(round(moved), now + steps) if steps < 0 else max(round(moved), now + steps)
    elif field.whole:
        moved = now + steps * int(field.step or 1)
    else:
        step = field.step or resolution(low, high) * 4
        moved = float(f"{now + steps * step:.12g}")
    return type(moved)(min(max(moved, field.check.low), field.check.high))


# Text


def shown(number: Any) -> str:
    """A value as a panel writes it: numbers with four digits."""
    if number is None:
        return ""
    if isinstance(number, bool):
        return "on" if number else "off"
    if isinstance(number, float):
        return f"{number:.4g}".replace("-", "−")
    if isinstance(number, tuple):
        return "  ".join(map(shown, number))
    return str(number)


def chosen(field: Field, choice: Any) -> str:
    """A choice of a menu in words."""
    if field.dotted == "color.inks" and not choice:
        return "none"
    return "mixed" if isinstance(choice, tuple) else str(choice).replace("_", " ")


def written(number: Any) -> str:
    """A value as it is edited: with all its digits."""
    if isinstance(number, float):
        return f"{number:.12g}" if float(f"{number:.12g}") == number else repr(number)
    return "" if number is None else str(number)


def typed(field: Field, text: str) -> Any:
    """What was typed for a number, as a value to be checked; None for no text in an optional key.

    Text that is not a number stays text, which the check refuses with what it expects.
    """
    text = text.strip().replace("−", "-").replace(",", ".")
    if not text and field.optional:
        return None
    number = toml_value(text)
    whole_number = isinstance(number, float) and number.is_integer() and abs(number) < 2**53
    return int(number) if field.whole and whole_number else number


def seed(text: str) -> Any:
    """What was typed for a seed: a number, or words."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 30 else text


def listed(values: Sequence[float]) -> str:
    """Numbers as they are edited in one field."""
    return ", ".join(map(written, values))
