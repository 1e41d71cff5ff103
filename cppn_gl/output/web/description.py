"""What a page for browsers shows, as a document that JSON can hold; web/preset.js reads it.

    Shot -> check_page() -> describe() -> the preset's tables, its network, ranges of its keys

The page computes everything from the tables, as this program does: draws, animation, colours. Only
weights that are not drawn travel with it, and those of a normalised network as it is at first.
"""

import base64
import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.features import of_image
from cppn_gl.nn.file_source import File
from cppn_gl.nn.image_file import Input, is_image_file
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network
from cppn_gl.nn.sources import Layers, Random
from cppn_gl.nn.training.options import Train
from cppn_gl.output.web.cells import describe_cells
from cppn_gl.output.web.colors import describe_color
from cppn_gl.preset.preset import ALWAYS, Preset
from cppn_gl.preset.sheet import cells
from cppn_gl.preset.shot import Shot
from cppn_gl.preset.tables import TABLES, field_of, fields_of, plain, whole
from cppn_gl.utils.checks import Integer, Number, OneOf, PresetError, Several, help_of

VIEWS = "picture", "sheet", "layers"  # that a page shows
MAX_WEIGHTS = 2**21  # and biases: the page draws them within seconds, 8 MiB
# Those that travel with the page: as text 6 MiB, and in TOML up to 26. So a page stays below what
# is read back of one (preset/pages.py).
MAX_CARRIED = 2**20
MAX_WALKED = 2**23  # weights of all seeds of a walk, whose angles are measured at first
MAX_EXACT = 2**53  # up to here JavaScript's numbers hold every integer

_TABLES = "network", "view", "animation", "color", "normalize"  # those whose keys a page changes
_HELPED = "network", "view"  # those with sliders: the help of others would only take room
_FIXED = "inputs", "latent", "period", "seed"  # keys of networks whose weights are given

Document = dict[str, Any]


def describe(shot: Shot) -> Document:
    """What the page of a shot shows, for JSON. Raises PresetError for what a page cannot show.

    "tables": the preset as it is in its file, without weights; integers are {"int": "7"}, so that
    all other numbers are floats. "network": that of the preset without animation. "normalized":
    weights of the normalised network at the shot's time. "keys": ranges, defaults and help.
    """
    check_page(shot.preset)
    preset = alone(shot.preset)
    return {
        "name": preset.name,
        "title": preset.title,
        "description": preset.description,
        "time": float(shot.time),
        "size": list(shot.size),
        "tables": _encoded(_tables(preset)),
        "network": describe_network(preset),
        "normalized": _normalized(preset.at(shot.time)),
        "color": describe_color(preset),
        "cells": None if preset.show.view == "picture" else describe_cells(shot),
        "keys": dict(_keys(preset)),
        "most_weights": _most_walked(preset),
    }


def check_page(preset: Preset) -> None:
    """Raise PresetError, in one line, if a page cannot show a preset."""
    view, spec = preset.show.view, preset.spec
    if view not in VIEWS:
        problem = f"a page does not show {view}; it shows {', '.join(VIEWS)}"
        raise PresetError(problem, key="show.view")
    if preset.classifies:
        raise PresetError("a page shows no network that sees pictures", key="network")
    if preset.learns:
        problem = "a page shows no network that learns; export its weights, then a page of them"
        raise PresetError(problem, key="train.data")
    if spec.structured:
        problem = "a page shows networks of dense layers, not structures"
        raise PresetError(problem, key="network.structure")
    if names := of_image(spec.inputs):
        problem = f"a page has no image, which the inputs {' '.join(names)} need"
        raise PresetError(problem, key="network.inputs")
    for name in (*spec.hidden_activations, spec.output_activation):
        if not ACTIVATIONS[name].js:
            problem = f"a page cannot compute {name}, which has no JavaScript in its row"
            raise PresetError(problem, key="network.activation")
    if isinstance(spec, File) and not spec.redistribute:
        problem = "a page carries the weights, which redistribute = false forbids"
        raise PresetError(problem, key="network.redistribute")
    if not isinstance(spec, Random):
        _check_fixed(preset)
    count, most = max(_parameters(one) for one in _largest(preset)), MAX_WEIGHTS
    if preset.normalize.which != "none" or not isinstance(spec, Random):
        most = MAX_CARRIED
    if count > most:
        what = "draws" if most == MAX_WEIGHTS else "carries"
        raise PresetError(f"{count} weights; a page {what} at most {most}", key="network")
    if count > _most_walked(preset):
        problem = f"seeds of {count} weights each; a page draws at most {MAX_WALKED} of them"
        raise PresetError(f"{len(preset.animation.walk)} {problem}", key="animation.walk")
    if view == "sheet":
        for cell in cells(preset).cells:
            check_page(cell.preset)


def _check_fixed(preset: Preset) -> None:
    """Raise PresetError if keys change that a page cannot change of weights that are given."""
    for name, _ in preset.animate.moving:
        table, _, field = name.partition(".")
        if table == "network" and field not in _FIXED:
            problem = "a page does not change this of a network whose weights are given"
            raise PresetError(problem, key=f"animate.{name}")


def _parameters(preset: Preset) -> int:
    return sum(rows * (columns + 1) for rows, columns in preset.spec.shapes)


def _most_walked(preset: Preset) -> int:
    """How many weights a seed of the walk may have, or without one the network."""
    walk = preset.animation.walk if preset.animation.walker == "network" else ()
    return min(MAX_WEIGHTS, MAX_WALKED // len(walk)) if walk else MAX_WEIGHTS


def _largest(preset: Preset) -> Iterator[Preset]:
    """The preset, and those of the values of an animated depth and width."""
    yield preset
    sizes = {
        name: max(values)
        for name, values in preset.animate.moving
        if name in ("network.depth", "network.width")
    }
    if sizes:
        yield preset.replace(**sizes)


def alone(preset: Preset) -> Preset:
    """The preset as a page holds it: it names no files, and has a file's network as layers."""
    spec, changes = preset.spec, dict[str, Any]()
    if isinstance(spec, File):
        network = spec.network()
        changes["spec"] = Layers(network.layers, spec.inputs, spec.seed, spec.latent, spec.period)
    if is_image_file(preset.input.image):  # no input sees it
        changes["input"] = Input()
    if preset.train != Train():  # it learns nothing
        changes["train"] = Train()
    return dataclasses.replace(preset, **changes) if changes else preset


def _tables(preset: Preset) -> Document:
    """The preset's tables as they are written, without the layers of [network]."""
    document: Document = {"title": preset.title, "description": preset.description}
    document |= {name: value for name in ("shows", "theme") if (value := getattr(preset, name))}
    for name, kind in TABLES.items():
        table = preset.table(name)
        if name in ALWAYS or table != kind():
            document[name] = plain(table)
    document["network"].pop("layers", None)
    return document


def _encoded(value: Any) -> Any:
    """TOML values for JSON, with integers told from floats, and exact."""
    if isinstance(value, dict):
        return {name: _encoded(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_encoded(one) for one in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return {"int": str(value)}
    return value


def describe_network(preset: Preset) -> Document:
    """The network of a preset of dense layers, without animation and normalisation, for JSON."""
    spec = alone(preset).spec
    if isinstance(spec, Random):
        between = None if spec.between is None else [str(spec.between[0]), spec.between[1]]
        return {
            "kind": "random",
            "depth": spec.depth,
            "width": spec.width,
            "inputs": list(spec.inputs),
            "outputs": spec.outputs,
            "activation": list(spec.hidden_activations),
            "output_activation": spec.output_activation,
            "init": spec.init,
            "weight_scale": spec.weight_scale,
            "bias_scale": spec.bias_scale,
            "omega": spec.omega,
            "seed": str(spec.seed),
            "between": between,
            "latent": None if spec.latent is None else list(spec.latent),
            "boost": [list(one) for one in spec.boost],
            "period": spec.period,
        }
    assert isinstance(spec, Layers)
    return {
        "kind": "given",
        "inputs": list(spec.inputs),
        "seed": str(spec.seed),
        "latent": None if spec.latent is None else list(spec.latent),
        "boost": [list(one) for one in spec.boost],
        "period": spec.period,
        "layers": [
            {
                "rows": layer.weight.shape[0],
                "columns": layer.weight.shape[1],
                "activation": layer.activation,
            }
            for layer in spec.layers
        ],
        "weights": weights_of(spec.layers),
    }


def weights_of(layers: Iterable[Layer]) -> str:
    """The float32 numbers, little-endian, in base64: of each layer the weight, then the bias."""
    arrays = (array for layer in layers for array in (layer.weight, layer.bias))
    data = b"".join(np.ascontiguousarray(array, "<f4").tobytes() for array in arrays)
    return base64.b64encode(data).decode()


def _normalized(preset: Preset) -> str | None:
    """The weights of the network of a preset, if it is normalised; not of a sheet's cells."""
    if preset.normalize.which == "none" or preset.show.view == "sheet":
        return None
    network: Network = preset.network()
    return weights_of(network.layers)


def _keys(preset: Preset) -> Iterator[tuple[str, Document]]:
    """The keys that a page changes, by dotted name: numbers, and names.

    Of other animated keys only how they are interpolated.
    """
    names = Random.key_names() if isinstance(preset.spec, Random) else Layers.key_names()
    for table in _TABLES:
        for field in fields_of(table):
            if (table != "network" or field.name in names) and (row := _ranges(field)):
                if table in _HELPED and "least" in row:
                    row["help"] = help_of(field)
                if table not in ALWAYS and field.default is not None:
                    row["default"] = field.default
                yield f"{table}.{field.name}", row | _passing(f"{table}.{field.name}")
    for name, _ in preset.animate.moving:
        if name.partition(".")[0] not in _TABLES:
            yield name, _passing(name)


def _passing(dotted: str) -> Document:
    """How a key is interpolated."""
    factor = bool(field_of(dotted).metadata.get("factor"))
    return {name: True for name, true in (("whole", whole(dotted)), ("factor", factor)) if true}


def _ranges(field: "dataclasses.Field[Any]") -> Document:
    """Range and useful range of a key of numbers; choices of names; empty for others."""
    check, slider = field.metadata["check"], field.metadata.get("slider")
    check = check.check_one if isinstance(check, Several) else check
    row: Document = {}
    if isinstance(check, Integer | Number):
        row |= {"least": check.low, "most": _exact(check.high)}
    elif isinstance(check, OneOf):
        row["choices"] = list(check.known)
    else:
        return {}
    if slider is not None:
        row |= {"low": slider[0], "high": slider[1]}
    return row


def _exact(value: Any) -> Any:
    """A number as it is, unless JavaScript's numbers would not hold it."""
    return _encoded(value) if type(value) is int and value > MAX_EXACT else value
