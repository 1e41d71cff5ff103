"""The tables of a preset, and access to their keys by name; preset.py combines them.

"weight_scale" -> resolve() -> ("network", "weight_scale") -> field_of() -> check, help, default
"""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from cppn_gl.nn.file_source import File
from cppn_gl.nn.image_file import Input
from cppn_gl.nn.normalize import Normalize
from cppn_gl.nn.sources import Random
from cppn_gl.nn.training.options import Train
from cppn_gl.nn.vision.preprocess import Preprocess
from cppn_gl.preset.animation import Animate, Animation, listed
from cppn_gl.preset.axes import Sweep
from cppn_gl.preset.color import Color
from cppn_gl.preset.show import VIEWS, Options, Show, ViewRow, holders
from cppn_gl.preset.themes import THEMES
from cppn_gl.utils.checks import (
    PresetError,
    checked_field,
    choice,
    integer,
    key,
    keys_of,
    line,
    nearest,
    number,
    several,
    text,
    validate,
)

FORMAT = 1
MIN_EXTENT, MAX_EXTENT = 1e-6, 1e6
OF_TRAINING = "steps", "rate"


@dataclass(frozen=True)
class Viewport:
    """The `[view]` table: the part of the plane that is shown."""

    center: tuple[float, float] = key(
        (0.0, 0.0), several(number(-1e6, 1e6), 2, 2), "the point x, y at the centre", short=True
    )
    extent: float = key(
        1.0,
        number(MIN_EXTENT, MAX_EXTENT),
        f"half the shorter side, in input units, {MIN_EXTENT:g} to {MAX_EXTENT:g}",
        short=True,
        factor=True,
        slider=(0.01, 1000),
    )

    def __post_init__(self) -> None:
        validate(self, "view.")


TABLES: dict[str, type] = {
    "network": Random,
    "view": Viewport,
    "animation": Animation,
    "color": Color,
    "show": Show,
    **{row.name: row.options for row in VIEWS.values() if row.options is not None},
    "sweep": Sweep,
    "animate": Animate,
    "normalize": Normalize,
    "input": Input,
    "preprocess": Preprocess,
    "train": Train,
}
TOP: dict[str, tuple[Any, str]] = {
    "format": (integer(1, FORMAT), f"version of the file format: {FORMAT}"),
    "title": (line(200), "title, one line"),
    "description": (text(4000), "what to look at, in a sentence or two"),
    "shows": (line(200), "figures of a text that it shows, separated by ;: Figure 11; Figure 17"),
    "theme": (choice(["", *THEMES]), "theme of a shipped preset: " + " ".join(THEMES)),
}


def register(row: ViewRow) -> None:
    """Add a view to presets, the command line, the window and the documentation.

    Raises ValueError if its name, or its class of options, is in use, or if that class is not a
    frozen dataclass of keys.
    """
    taken = {*TABLES, *TOP, *VIEWS}
    if not row.name.isidentifier() or row.name in taken:
        raise ValueError(
            f"{row.name!r} is not a valid name for a view: in use, or not an identifier"
        )
    if row.options in [*TABLES.values(), Options]:
        raise ValueError(f"{row.options} already has a table; derive a new class from it")
    if row.options is not None and (problem := _options_problem(row.options)):
        raise ValueError(f"{row.options} {problem}")
    VIEWS[row.name] = row
    if row.options is not None:
        TABLES[row.name] = row.options


def _options_problem(options: type) -> str:
    """Why a class cannot be a view's table; "" if it can. Every preset holds every table."""
    if not (isinstance(options, type) and issubclass(options, Options)):
        return "is not derived from Options"
    if "__dataclass_params__" not in vars(options):
        return "is not a dataclass"
    for field in dataclasses.fields(options):
        if "check" not in field.metadata:
            return f"has a field {field.name!r} not made by key()"
        try:
            checked_field(field, field.default, field.name)
        except PresetError as error:
            return f"has an invalid default: {error}"
    return ""


def fields_of(table: str) -> "tuple[dataclasses.Field[Any], ...]":
    """The keys of a table by its name; of `network`, those of `Random`, then those of `File`."""
    return _by_name(TABLES[table])[0]


@functools.cache
def _by_name(of: type) -> "tuple[tuple[dataclasses.Field[Any], ...], tuple[str, ...]]":
    """The keys of a table's class, and their names."""
    fields = {field.name: field for field in keys_of(of)}
    if of is Random:
        fields |= {field.name: field for field in keys_of(File) if field.name not in fields}
    return tuple(fields.values()), tuple(fields)


def plain(table: Any) -> dict[str, Any]:
    """A table as TOML values, without unset keys."""
    if hasattr(table, "to_toml"):
        values: dict[str, Any] = table.to_toml()
        return values
    fields = {field.name: getattr(table, field.name) for field in dataclasses.fields(table)}
    return {name: listed(value) for name, value in fields.items() if value is not None}


def replaced(table: Any, values: dict[str, Any]) -> Any:
    """A table with some keys changed. Raises PresetError."""
    if hasattr(table, "replace"):
        return table.replace(values)
    return dataclasses.replace(table, **values)


def resolve(name: str) -> tuple[str, str]:
    """("network", "depth") for "depth" or "network.depth"; ("", "title") for a top-level key.

    A key of [animate] contains a key: ("animate", "network.depth") for "animate.depth". An option
    of several views is ("show", "turn"), see `expand`. A name in several tables needs its table.
    Raises PresetError for an unknown key.
    """
    name = name.replace('"', "").replace("'", "")  # TOML may quote the parts of a key
    if name.startswith("animate."):
        return "animate", movable(name.removeprefix("animate."))
    tables = [table for table, cls in TABLES.items() if cls is not Animate]
    names = {table: _by_name(TABLES[table])[1] for table in tables}
    options = [field for t, fields in names.items() if t in VIEWS for field in fields]
    table, dot, field = name.rpartition(".")
    if not dot and name in TOP:
        return "", name
    if not dot:
        table = _holder(name, names, options)
    elif table not in names:
        raise PresetError(f"no such table{nearest(table, names)}", key=name)
    if field in names[table]:
        return table, field
    known = [*names[table], *dict.fromkeys(options)] if table == "show" else names[table]
    if field not in known:
        raise PresetError(f"no such key{nearest(field, known)}", key=name)
    views = holders(field)
    return (views[0] if len(views) == 1 else "show"), field


def _holder(name: str, names: Mapping[str, Sequence[str]], options: Sequence[str]) -> str:
    """The table of a key; "show" for an option of views.

    A key of [train] that another table or a view has, too, needs its table: `seed` is that of
    [network]. So does one of [preprocess]. So does [network] grid: `grid` alone is that of
    [normalize], which is older.
    """
    holding = [t for t, fields in names.items() if t not in VIEWS and name in fields]
    if name == "grid":
        holding.remove("network")
    if "preprocess" in holding and (len(holding) > 1 or name in options):
        holding.remove("preprocess")
    if name in OF_TRAINING:
        return "train"
    if "train" in holding and (len(holding) > 1 or name in options):
        holding.remove("train")
    if len(holding) > 1:
        dotted = " or ".join(f"{t}.{name}" for t in holding)
        raise PresetError(f"in several tables; write {dotted}", key=name)
    if holding or name in options:
        return holding[0] if holding else "show"
    if name in TABLES:
        first = next(iter(names.get(name, ["network.weight_scale"])))
        raise PresetError(f"is a table; write one of its keys, such as {name}.{first}", key=name)
    everything = [*TOP, *dict.fromkeys(field for fields in names.values() for field in fields)]
    raise PresetError(f"no such key{nearest(name, everything)}", key=name)


def expand(dotted: str) -> tuple[str, ...]:
    """The keys of a dotted name: ("surface.turn", "volume.turn") for "show.turn"."""
    table, _, field = dotted.rpartition(".")
    if table.removeprefix("animate.") != "show" or field == "view":
        return (dotted,)
    return tuple(f"{table.removesuffix('show')}{view}.{field}" for view in holders(field))


def expand_all(keys: dict[str, Any]) -> dict[str, Any]:
    """Values by dotted key, with options of `[show]` replaced by those of each view that has them.

    Views that cannot take the value are skipped; PresetError, with the key as given, if none can. A
    view's own table takes precedence.
    """
    own: dict[str, Any] = {}
    shared: dict[str, Any] = {}
    for name, value in keys.items():
        if expand(name) == (name,):
            own[name] = value
            continue
        animated = name.startswith("animate.")
        values = [value] if not animated else value if isinstance(value, list | tuple) else []
        fitting, problems = [], []
        for dotted in expand(name):
            try:
                for tried in values:
                    checked_field(field_of(dotted.removeprefix("animate.")), tried, name)
                fitting.append(dotted)
            except PresetError as error:
                problems.append(error)
        if not fitting:
            raise problems[0]
        shared |= dict.fromkeys(fitting, value)
    return shared | own


def movable(name: str) -> str:
    """The dotted form of a key of [animate]. Raises PresetError, with "animate." before the key."""
    try:
        table, field = resolve(name)
    except PresetError as error:
        raise PresetError(error.problem, key=f"animate.{name}") from None
    if table in ("", "animation", "animate", "sweep", "preprocess"):
        raise PresetError("cannot be animated; numbers of other tables can", key=f"animate.{name}")
    return f"{table}.{field}"


def field_of(dotted: str) -> "dataclasses.Field[Any]":
    """The field of a key, with its check, help and default."""
    table, _, name = expand(dotted)[0].partition(".")
    return next(field for field in fields_of(table) if field.name == name)


def whole(dotted: str) -> bool:
    """Whether a key takes integers, or lists of them."""
    kinds = _kinds(field_of(dotted).type)
    return int in kinds and float not in kinds


def _kinds(kind: Any) -> set[Any]:
    return {kind}.union(*map(_kinds, get_args(kind)))
