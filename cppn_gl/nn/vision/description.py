"""The layers of a network that sees pictures, as the tables `[[network.nodes]]` list them.

    tables -> described() -> Rows: name, type, checked values, names of inputs
    Row, arrays of weights -> operation() -> ImageOperation    weights of a file, or drawn
    stages -> tables_of() -> tables that describe them         what a trained file carries

A table has a `type` and the keys of this type (KEYS). `name` is its own; without one it is the type
with a number: conv1, conv2. `inputs` are names of earlier layers, or "picture"; without any it
reads the one before. `weights` is what the names of its tensors begin with in a file, its name if
it is not given. A table is a tuple of (key, value)s, as image_models.py checks it.
"""

import dataclasses
import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.vision import operations as of
from cppn_gl.nn.vision.network import ImageStage
from cppn_gl.nn.vision.operation import Padding
from cppn_gl.nn.vision.operations import MAX_CHANNELS, ImageOperation
from cppn_gl.nn.vision.pieces import PICTURE
from cppn_gl.nn.vision.shapes import MAX_SIDE, Shape
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.checks import (
    PresetError,
    checked,
    choice,
    flag,
    integer,
    line,
    nearest,
    number,
    several,
    show,
)

SOURCE_NAME = "picture"  # of the picture, among `inputs`
SAME = "same"  # padding with which the output has the size of the input, at stride 1
WEIGHTED = ("conv", "dense", "batch_norm")
KEY = "network.nodes"

# The keys of each type of layer, besides type, name, inputs and activation, and their defaults;
# None: none, must be given, or follows.
KEYS: dict[str, dict[str, Any]] = {
    "conv": {
        "channels": None,
        "kernel": 3,
        "stride": 1,
        "padding": 0,
        "dilation": 1,
        "groups": 1,
        "bias": True,
        "weights": None,
    },
    "dense": {"channels": None, "bias": True, "weights": None},
    "batch_norm": {"epsilon": 1e-5, "weights": None},
    "max_pool": {"size": 2, "stride": None, "padding": 0, "ceil": False},
    "avg_pool": {"size": 2, "stride": None, "padding": 0, "ceil": False, "count_padding": True},
    "global_avg_pool": {},
    "response_norm": {"size": 5, "alpha": 1e-4, "beta": 0.75, "k": 1.0},
    "concat": {},
    "add": {},
    "multiply": {},
    "pad": {"padding": 1, "mode": "constant", "value": 0.0},
    "flatten": {},
    "reshape": {"shape": None},
    "softmax": {"log": False},
    "clip": {"low": 0.0, "high": 6.0},
    "leaky_relu": {"slope": 0.01},
    "elu": {"alpha": 1.0, "scale": 1.0},
    "hard_sigmoid": {"factor": 0.2, "shift": 0.5},
    "swish": {"hard": False},
    "activation": {},
    "dropout": {},
}
SEVERAL = ("concat", "add", "multiply")  # types with more than one input
_NUMBER = number(-1e6, 1e6)


def _sides(low: int) -> Callable[[Any], tuple[int, int]]:
    """A check: a number, or two, of rows and of columns."""

    def check(value: Any) -> tuple[int, int]:
        if isinstance(value, list | tuple):
            rows, columns = several(integer(low, MAX_SIDE), 2, 2)(value)
            return rows, columns
        return (integer(low, MAX_SIDE)(value),) * 2

    return check


def _padding(value: Any) -> Any:
    """A check: "same", a number, [rows, columns], or [top, left, bottom, right]."""
    if value == SAME:
        return value
    if isinstance(value, list | tuple):
        given = several(integer(0, MAX_SIDE), 2, 4)(value)
        if len(given) == 3:
            raise ValueError(f"{show(value)}; expected [top, left, bottom, right]")
        return (*given, *given) if len(given) == 2 else given
    return (integer(0, MAX_SIDE)(value),) * 4


CHECKS: dict[str, Callable[[Any], Any]] = {
    "channels": integer(1, MAX_CHANNELS),
    "kernel": _sides(1),
    "size": _sides(1),
    "stride": _sides(1),
    "dilation": _sides(1),
    "padding": _padding,
    "groups": integer(1, MAX_CHANNELS),
    "bias": flag,
    "ceil": flag,
    "count_padding": flag,
    "log": flag,
    "hard": flag,
    "mode": choice(of.Pad2d.modes),
    "shape": several(integer(1, 2**26), 3, 3),
    "weights": line(200),
    "epsilon": number(0, 1),
    **dict.fromkeys(
        ("alpha", "beta", "k", "value", "low", "high", "slope", "scale", "factor", "shift"), _NUMBER
    ),
}


@dataclass(frozen=True)
class Row:
    """A checked table. values: all keys of its type. inputs: names of earlier rows, or PICTURE."""

    name: str
    type: str
    activation: str
    inputs: tuple[str, ...]
    values: Mapping[str, Any]

    @property
    def weights(self) -> str:
        """What the names of its tensors begin with."""
        return self.values.get("weights") or self.name

    @property
    def weighted(self) -> bool:
        """Whether it has tensors."""
        return self.type in WEIGHTED

    def error(self, problem: str) -> PresetError:
        return PresetError(f"{self.name} ({self.type}): {problem}", key=KEY)


def described(tables: Iterable[Any]) -> tuple[Row, ...]:
    """The rows of tables, each a mapping or (key, value)s. Raises PresetError, naming the layer."""
    rows: list[Row] = []
    counts: dict[str, int] = {}
    names = {SOURCE_NAME}
    for place, given in enumerate(tables, 1):
        table = dict(given)
        where = f"node {place}"
        if "type" not in table:
            raise PresetError(f"{where} has no type: {' '.join(KEYS)}", key=KEY)
        kind = _checked(choice(KEYS), table.pop("type"), f"{where}: type")
        counts[kind] = counts.get(kind, 0) + 1
        name = _checked(line(100), table.pop("name", f"{kind}{counts[kind]}"), f"{where}: name")
        where = f"{name} ({kind})"
        if not name or name in names:
            raise PresetError(f"node {place}: the name {show(name)} is taken", key=KEY)
        before = rows[-1].name if rows else SOURCE_NAME
        inputs = _inputs(table.pop("inputs", None), before, names, where, kind)
        activation = table.pop("activation", "identity")
        activation = _checked(choice(ACTIVATIONS), activation, f"{where}: activation")
        values = dict(KEYS[kind])
        for key, value in table.items():
            if key not in values:
                known = (*values, "type", "name", "inputs", "activation")
                raise PresetError(f"{where}: no such key {show(key)}{nearest(key, known)}", key=KEY)
            values[key] = _checked(CHECKS[key], value, f"{where}: {key}")
        for key, default in KEYS[kind].items():
            if default is not None and key not in table:
                values[key] = CHECKS[key](default)
        if kind == "reshape" and values["shape"] is None:
            raise PresetError(f"{where} has no shape: [channels, rows, columns]", key=KEY)
        names.add(name)
        rows.append(Row(name, kind, activation, inputs, values))
    if not rows:
        raise PresetError("no nodes; expected tables with a type", key=KEY)
    return tuple(rows)


def _checked(check: Any, value: Any, where: str) -> Any:
    try:
        return checked(check, value, "")
    except PresetError as error:
        raise PresetError(f"{where}: {error.problem}", key=KEY) from None


def _inputs(value: Any, before: str, names: set[str], where: str, kind: str) -> tuple[str, ...]:
    given = (before,) if value is None else value if isinstance(value, list | tuple) else (value,)
    most = 64 if kind in SEVERAL else 1
    if not 1 <= len(given) <= most or not all(isinstance(one, str) for one in given):
        count = "1 to 64 names" if kind in SEVERAL else "one name"
        raise PresetError(f"{where}: inputs: {show(value)}; expected {count}", key=KEY)
    for one in given:
        if one not in names:
            problem = f"{where}: inputs: no earlier layer {show(one)}{nearest(one, names)}"
            raise PresetError(problem, key=KEY)
    return tuple(PICTURE if one == SOURCE_NAME else one for one in given)


def weight_shapes(row: Row, shapes: Sequence[Shape]) -> dict[str, tuple[int, ...]]:
    """The shapes of the arrays that `operation` needs, for inputs of these shapes.

    {} for a row without weights. Raises PresetError if it has no channels.
    """
    if not row.weighted:
        return {}
    given = shapes[0]
    if row.type == "batch_norm":
        return {"gain": (given.channels,), "shift": (given.channels,)}
    out = row.values["channels"]
    if out is None:
        raise row.error("has no channels")
    if row.type == "dense":
        return {"weight": (out, given.size), "bias": (out,)}
    groups = row.values["groups"]
    if given.channels % groups:
        raise row.error(f"{groups} groups of {given.channels} channels")
    weight = (out, given.channels // groups, *row.values["kernel"])
    return {"weight": weight, "bias": (out,)}


def operation(row: Row, arrays: Mapping[str, Float32]) -> ImageOperation:
    """The operation of a row with its arrays of weights. Raises PresetError, naming the layer.

    weight and bias of conv and dense, gain and shift of batch_norm; others have none.
    """
    try:
        found: ImageOperation = _MAKERS[row.type](row.values, arrays)
        return found
    except PresetError as error:
        raise row.error(error.problem) from None


def _conv(values: Mapping[str, Any], arrays: Mapping[str, Float32]) -> of.Conv2d:
    weight = arrays["weight"]
    kernel = tuple(map(int, weight.shape[2:]))
    padding = _resolved(values["padding"], kernel, values["dilation"])
    return of.Conv2d(
        weight, arrays["bias"], values["stride"], padding, values["dilation"], values["groups"]
    )


def _resolved(padding: Any, size: Sequence[int], dilation: Sequence[int] = (1, 1)) -> Padding:
    """The padding (top, left, bottom, right); "same" of windows of a size."""
    if padding != SAME:
        top, left, bottom, right = padding
        return top, left, bottom, right
    rows, columns = ((n - 1) * d for n, d in zip(size, dilation, strict=True))
    return rows // 2, columns // 2, rows - rows // 2, columns - columns // 2


def _pool(kind: Any) -> Any:
    def made(values: Mapping[str, Any], arrays: Mapping[str, Float32]) -> ImageOperation:
        size, stride = values["size"], values["stride"] or values["size"]
        more = {"count_padding": values["count_padding"]} if "count_padding" in values else {}
        padding = _resolved(values["padding"], size)
        found: ImageOperation = kind(size, stride, padding, values["ceil"], **more)
        return found

    return made


def _pad(values: Mapping[str, Any], arrays: Mapping[str, Float32]) -> of.Pad2d:
    if values["padding"] == SAME:
        raise PresetError(f"padding {SAME!r} is of windows; expected numbers")
    return of.Pad2d(values["padding"], values["mode"], values["value"])


def _of(kind: Any, *names: str) -> Any:
    return lambda values, arrays: kind(*(values[name] for name in names))


_MAKERS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Float32]], Any]] = {
    "conv": _conv,
    "dense": lambda values, arrays: of.Linear(arrays["weight"], arrays["bias"]),
    "batch_norm": lambda values, arrays: of.Scale(arrays["gain"], arrays["shift"]),
    "max_pool": _pool(of.MaxPool2d),
    "avg_pool": _pool(of.AvgPool2d),
    "global_avg_pool": _of(of.GlobalAvgPool),
    "response_norm": lambda values, arrays: of.ResponseNorm(
        values["size"][0], values["alpha"], values["beta"], values["k"]
    ),
    "concat": _of(of.Concatenate),
    "add": _of(of.Sum),
    "multiply": _of(of.Product),
    "pad": _pad,
    "flatten": _of(of.Flatten),
    "reshape": lambda values, arrays: of.Reshape(Shape(*values["shape"])),
    "softmax": _of(of.Softmax, "log"),
    "clip": _of(of.Clip, "low", "high"),
    "leaky_relu": _of(of.LeakyRelu, "slope"),
    "elu": _of(of.Elu, "alpha", "scale"),
    "hard_sigmoid": _of(of.HardSigmoid, "factor", "shift"),
    "swish": _of(of.Swish, "hard"),
    "activation": _of(of.Identity),
    "dropout": _of(of.Identity),
}


def _same(*names: str) -> dict[str, Callable[[Any], Any]]:
    """Keys that are called as the operation's own."""
    return {name: operator.attrgetter(name) for name in names}


# The keys of an operation's table, and where its values are.
_WRITTEN: dict[type, tuple[str, dict[str, Callable[[Any], Any]]]] = {
    of.Conv2d: (
        "conv",
        {
            "channels": lambda op: len(op.weight),
            "kernel": lambda op: op.kernel,
            "stride": lambda op: op.stride,
            "padding": lambda op: op.padding,
            "dilation": lambda op: op.dilation,
            "groups": lambda op: op.groups,
        },
    ),
    of.Linear: ("dense", {"channels": lambda op: len(op.weight)}),
    of.Scale: ("batch_norm", {"epsilon": lambda op: 0.0}),
    of.MaxPool2d: ("max_pool", _same(*KEYS["max_pool"])),
    of.AvgPool2d: ("avg_pool", _same(*KEYS["avg_pool"])),
    of.GlobalAvgPool: ("global_avg_pool", {}),
    of.ResponseNorm: (
        "response_norm",
        {
            "size": lambda op: op.size,
            "alpha": lambda op: op.alpha,
            "beta": lambda op: op.beta,
            "k": lambda op: op.bias,
        },
    ),
    of.Concatenate: ("concat", {}),
    of.Sum: ("add", {}),
    of.Product: ("multiply", {}),
    of.Pad2d: ("pad", _same(*KEYS["pad"])),
    of.Flatten: ("flatten", {}),
    of.Reshape: ("reshape", {"shape": lambda op: op.target}),
    of.Softmax: ("softmax", {"log": lambda op: op.log}),
    of.Clip: ("clip", {"low": lambda op: op.low, "high": lambda op: op.high}),
    of.LeakyRelu: ("leaky_relu", {"slope": lambda op: op.factor}),
    of.Elu: ("elu", {"alpha": lambda op: op.alpha, "scale": lambda op: op.scale}),
    of.HardSigmoid: (
        "hard_sigmoid",
        {"factor": lambda op: op.factor, "shift": lambda op: op.shift},
    ),
    of.Swish: ("swish", {"hard": lambda op: op.hard}),
    of.Identity: ("activation", {}),
}


def names_of(stages: Sequence[ImageStage]) -> tuple[str, ...]:
    """A name for each stage, of its own or its type with a number; all of them different."""
    found: list[str] = []
    for number_, stage in enumerate(stages, 1):
        kind = _WRITTEN[type(stage.operation)][0]
        name = stage.name or f"{kind}{number_}"
        while name in found or name == SOURCE_NAME:
            name += "_"
        found.append(name)
    return tuple(found)


def tables_of(stages: Sequence[ImageStage]) -> list[dict[str, Any]]:
    """The tables that describe stages: with `described` and `operation` they are made again.

    Infinite limits of `clip` become ±1e6.
    """
    names, tables = names_of(stages), []
    for name, stage in zip(names, stages, strict=True):
        kind, written = _WRITTEN[type(stage.operation)]
        table: dict[str, Any] = {"type": kind, "name": name}
        table["inputs"] = [SOURCE_NAME if i < 0 else names[i] for i in stage.inputs]
        if stage.activation != "identity":
            table["activation"] = stage.activation
        for key, get in written.items():
            value = get(stage.operation)
            if isinstance(value, float) and math.isinf(value):
                value = math.copysign(1e6, value)
            table[key] = list(value) if isinstance(value, tuple) else value
        tables.append(table)
    return tables


def renamed(row: Row, **values: Any) -> Row:
    """A row with other values, which have been checked."""
    return dataclasses.replace(row, values={**row.values, **values})
