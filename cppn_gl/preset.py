"""Presets: frozen dataclasses to TOML and back, validation, replace.

    TOML text -> Preset -> Network (drawn) + View (where to look) + Animation (how time runs)

A preset is complete: with a size and a time it determines a picture.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

import tomli_w

from cppn_gl.color import Color
from cppn_gl.features import Clock, latent_count
from cppn_gl.network import (
    MAX_DEPTH,
    MAX_SEED,
    Layer,
    Network,
    NetworkSpec,
    check_inputs,
    drawn_latents,
)
from cppn_gl.schema import (
    PresetError,
    integer,
    key,
    line,
    nearest,
    number,
    several,
    text,
    validate,
)
from cppn_gl.show import Show

FORMAT = 1
MAX_BYTES = 64 * 2**20
MIN_EXTENT, MAX_EXTENT = 1e-6, 1e6


@dataclass(frozen=True)
class View:
    """The `[view]` table: the part of the plane that the picture shows."""

    center: tuple[float, float] = key(
        (0.0, 0.0), several(number(-1e6, 1e6), 2, 2), "the point x, y in the middle", short=True
    )
    extent: float = key(
        1.0,
        number(MIN_EXTENT, MAX_EXTENT),
        f"half the shorter side in input units, {MIN_EXTENT:g} to {MAX_EXTENT:g}",
        short=True,
    )

    def __post_init__(self) -> None:
        validate(self, "view.")


@dataclass(frozen=True)
class Animation:
    """The `[animation]` table: how time becomes input features."""

    speed: float = key(1.0, number(-1000, 1000), "units of t per second")
    loop: float = key(
        12.0,
        number(1e-3, 1e6),
        "seconds for cos_t, sin_t to come round; a sequence this long loops without a seam",
    )

    def __post_init__(self) -> None:
        validate(self, "animation.")

    def clock(self, time: float) -> Clock:
        """What the input features see at `time` seconds."""
        return Clock(time, self.speed, self.loop)


@dataclass(frozen=True)
class LayersSpec:
    """A `[network]` table that gives its layers outright, by `[[network.layers]]`."""

    layers: tuple[Layer, ...]
    inputs: tuple[str, ...] = key(("x", "y"), check_inputs, "input features")
    seed: int = key(0, integer(0, MAX_SEED), "draws the latent constants that are not given")
    latent: tuple[float, ...] | None = key(
        None, several(number(-1e6, 1e6), 0, 64), "z0, z1 …; drawn from U(-1, 1) when absent"
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", tuple(self.layers))
        validate(self, "network.")
        self.network()

    @property
    def latents(self) -> tuple[float, ...]:
        """z0, z1 …: given, or drawn."""
        return self.latent if self.latent is not None else drawn_latents(self.seed, self.inputs)

    def network(self) -> Network:
        """The network of these layers. Raises PresetError where they do not chain."""
        if self.latent is not None and len(self.latent) < latent_count(self.inputs):
            raise PresetError("fewer values than inputs need", key="network.latent")
        try:
            return Network(self.layers, self.inputs, latent=self.latents)
        except PresetError as error:
            raise PresetError(error.problem, key=error.key or "network.layers") from None

    @property
    def depth(self) -> int:
        """The number of layers."""
        return len(self.layers)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, LayersSpec):
            return NotImplemented
        return _plain(self) == _plain(other)

    def __hash__(self) -> int:
        return hash((self.inputs, self.seed, self.latent, len(self.layers)))


TABLES: dict[str, type] = {
    "network": NetworkSpec,
    "view": View,
    "animation": Animation,
    "color": Color,
    "show": Show,
}
ALWAYS = ("network", "view", "animation")  # tables that a file has even where all is as usual
TOP: dict[str, tuple[Any, str]] = {
    "format": (integer(1, FORMAT), f"{FORMAT}: the version of this format"),
    "title": (line(200), "one line"),
    "description": (text(4000), "what to look at, in a sentence or two"),
}
LAYER_KEYS = ("weight", "bias", "activation")


@dataclass(frozen=True)
class Preset:
    """A network, where to look at it, and how it moves. Immutable; `replace` makes another."""

    spec: NetworkSpec | LayersSpec = dataclasses.field(default_factory=NetworkSpec)
    view: View = dataclasses.field(default_factory=View)
    animation: Animation = dataclasses.field(default_factory=Animation)
    color: Color = dataclasses.field(default_factory=Color)
    show: Show = dataclasses.field(default_factory=Show)
    title: str = ""
    description: str = ""
    name: str = dataclasses.field(default="preset", compare=False)  # what files are named after

    def __post_init__(self) -> None:
        for field in ("title", "description"):
            checked(TOP[field][0], getattr(self, field), field)

    def network(self) -> Network:
        """The network that this preset draws."""
        return self.spec.network()

    @property
    def animated(self) -> bool:
        """Whether any input moves with time."""
        return bool({"t", "cos_t", "sin_t"} & set(self.spec.inputs))

    def replace(self, **keys: Any) -> "Preset":
        """Another preset with some keys changed, each by its name or as "table.key".

        A new depth repeats the last entry of an activation list, or cuts it. Raises PresetError.
        """
        changes: dict[str, dict[str, Any]] = {}
        for name, value in keys.items():
            table, field = resolve(name)
            changes.setdefault(table, {})[field] = value
        tables: dict[str, Any] = dict(changes.pop("", {}))
        if "format" in tables:
            raise PresetError("cannot be changed", key="format")
        for table, values in changes.items():
            attribute = _attribute(table)
            old = getattr(self, attribute)
            if isinstance(old, LayersSpec):
                _refuse_explicit(values)
            if isinstance(old, NetworkSpec):
                _fit_activation(old, values)
            tables[attribute] = dataclasses.replace(old, **values)
        return dataclasses.replace(self, **tables)

    def layer_picture(self, layer: int) -> "Preset":
        """The preset of layer `layer`'s picture: the depth-`layer` network."""
        if isinstance(self.spec, NetworkSpec):
            return self.replace(depth=layer)
        cut = self.network().truncated(layer)
        return dataclasses.replace(self, spec=dataclasses.replace(self.spec, layers=cut.drawn))

    def to_toml(self) -> str:
        """The preset as TOML text; `parse_preset` gives it back."""
        document = {"format": FORMAT, "title": self.title, "description": self.description}
        tables = {name: getattr(self, _attribute(name)) for name in TABLES}
        told = {n: _plain(t) for n, t in tables.items() if n in ALWAYS or t != TABLES[n]()}
        return tomli_w.dumps(document | told)


def _attribute(table: str) -> str:
    """The field of a Preset that holds a table."""
    return "spec" if table == "network" else table


def _plain(table: Any) -> dict[str, Any]:
    """A table as TOML values: unset keys left out, layers as tables."""
    plain: dict[str, Any] = {}
    for field in dataclasses.fields(table):
        value = getattr(table, field.name)
        if field.name == "layers":
            continue
        if value is not None:
            plain[field.name] = list(value) if isinstance(value, tuple) else value
    if isinstance(table, LayersSpec):
        plain["layers"] = [
            {
                "weight": [_shortest(row) for row in layer.weight],
                "bias": _shortest(layer.bias),
                "activation": layer.activation,
            }
            for layer in table.layers
        ]
    return plain


def _shortest(values: Any) -> list[float]:
    return [float(str(value)) for value in values]  # 0.4, not float32's 0.4000000059604645


def checked(check: Any, value: Any, name: str) -> Any:
    """The value that a check returns, or PresetError naming the key."""
    try:
        return check(value)
    except (ValueError, TypeError) as error:
        raise PresetError(str(error), key=name) from None


def _refuse_explicit(values: dict[str, Any]) -> None:
    known = [field.name for field in dataclasses.fields(LayersSpec)]
    for name in values:
        if name not in known:
            problem = "cannot be changed: this network is given by its layers"
            raise PresetError(problem, key=f"network.{name}")


def _fit_activation(old: NetworkSpec, values: dict[str, Any]) -> None:
    """A changed depth lengthens or shortens a list of activations that is not itself changed."""
    names, depth = old.activation, values.get("depth", old.depth)
    if "activation" in values or isinstance(names, str) or depth not in range(1, MAX_DEPTH + 1):
        return
    tail = names[-1:] or (NetworkSpec().activation,)
    values["activation"] = (*names, *(tail * depth))[: depth - 1]


def resolve(name: str) -> tuple[str, str]:
    """("network", "depth") for "depth" or "network.depth"; ("", "title") for a top-level key."""
    table, dot, field = name.rpartition(".")
    names = {t: [f.name for f in dataclasses.fields(cls)] for t, cls in TABLES.items()}
    if dot:
        if table not in names:
            raise PresetError(f"no such table{nearest(table, names)}", key=name)
        if field not in names[table]:
            raise PresetError(f"no such key{nearest(field, names[table])}", key=name)
        return table, field
    if name in TOP:
        return "", name
    holders = [t for t, fields in names.items() if name in fields]
    if len(holders) > 1:
        dotted = " or ".join(f"{t}.{name}" for t in holders)
        raise PresetError(f"stands in several tables; write {dotted}", key=name)
    if not holders:
        everything = [*TOP, *(field for fields in names.values() for field in fields)]
        raise PresetError(f"no such key{nearest(name, everything)}", key=name)
    return holders[0], name
