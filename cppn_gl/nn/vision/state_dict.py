"""Networks that see pictures in .safetensors files: state dictionaries, and what a training wrote.

    file, [[network.nodes]] -> read() -> Model

A state dictionary, as PyTorch's, holds tensors by name and says nothing of the layers: tables
`[[network.nodes]]` do (description.py). A layer called `features.0` has the tensors
`features.0.weight` and `features.0.bias`, or those that begin with its key `weights`; a batch_norm
also `running_mean` and `running_var`. Biases that are not there are 0. Tensors that no table names
are left alone, so that the tables may describe the first layers only.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cppn_gl.nn.files import Tensors, read_state, shape_words
from cppn_gl.nn.image_models import NODES
from cppn_gl.nn.vision.description import KEY, Row, described, operation
from cppn_gl.nn.vision.kept import BIAS, WEIGHT, read_network
from cppn_gl.nn.vision.network import ImageNode
from cppn_gl.nn.vision.pieces import PICTURE, Piece, linked, own_bytes
from cppn_gl.nn.vision.source import Model
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.checks import PresetError, nearest, show

MEAN, VARIANCE = "running_mean", "running_var"


def read(source: Path | bytes, nodes: Any = (), size: tuple[int, int] | None = None) -> Model:
    """The network in a file, or in a file's bytes, of the layers `nodes`. Raises PresetError."""
    data, sha256 = own_bytes(source)
    try:
        tensors = read_state(data)
        if not nodes and NODES in tensors.texts:
            return _trained_here(tensors, sha256)
    except PresetError:
        raise
    except ValueError as error:
        raise PresetError(str(error), key="network.file") from None
    if not nodes:
        problem = "holds weights, but not how its layers are connected: list them as nodes"
        raise PresetError(problem, key=KEY)
    rows = described(nodes)
    given = [dict(one) for one in nodes]
    pieces = [_piece(row, table, tensors.arrays) for row, table in zip(rows, given, strict=True)]
    return Model(linked(pieces), sha256, channels=_channels(pieces))


def _trained_here(tensors: Tensors, sha256: str) -> Model:
    """A network that this program has trained, whose file says how it sees pictures."""
    network, how = read_network(tensors)
    nodes = tuple(
        ImageNode(stage.name, stage.operation, stage.activation, stage.inputs)
        for stage in network.stages
    )
    return Model(
        nodes,
        sha256,
        channels=network.channels_in,
        size=network.size,
        classes=network.classes,
        preprocess=how,
        origin="trained by cppn_gl",
    )


def _piece(row: Row, given: Mapping[str, Any], tensors: Mapping[str, Float32]) -> Piece:
    """A layer with its weights. `given`: its table as it was written."""
    arrays = {}
    if row.type == "batch_norm":
        arrays = _folded(row, tensors)
    elif row.weighted:
        arrays = _weights(row, tensors)
        _check_given(row, given, arrays[WEIGHT])
    return Piece(row.name, operation(row, arrays), row.activation, row.inputs)


def _tensor(row: Row, word: str, tensors: Mapping[str, Float32]) -> Float32:
    name = f"{row.weights}.{word}"
    if name not in tensors:
        names = {one.rpartition(".")[0] for one in tensors if one.endswith(f".{word}")}
        hint = nearest(row.weights, sorted(names)) if names else ""
        raise row.error(f"the file has no tensor {show(name)}{hint}")
    return tensors[name]


def _weights(row: Row, tensors: Mapping[str, Float32]) -> dict[str, Float32]:
    """weight and bias of a convolution or a dense layer."""
    weight = _tensor(row, WEIGHT, tensors)
    wanted = (
        ("channels", "inputs / groups", "rows", "columns")
        if row.type == "conv"
        else ("channels", "inputs")
    )
    if row.type == "dense" and weight.ndim == 4 and weight.shape[2:] == (1, 1):
        weight = weight[:, :, 0, 0]
    if weight.ndim != len(wanted):
        problem = f"{row.weights}.{WEIGHT} has shape {shape_words(weight.shape)}"
        raise row.error(f"{problem}; expected ({', '.join(wanted)})")
    absent = not row.values["bias"] or f"{row.weights}.{BIAS}" not in tensors
    bias = np.zeros(len(weight), np.float32) if absent else _tensor(row, BIAS, tensors)
    if bias.shape != weight.shape[:1]:
        problem = f"{row.weights}.{BIAS} has shape {shape_words(bias.shape)}"
        raise row.error(f"{problem}; expected ({len(weight)},)")
    return {WEIGHT: weight, BIAS: bias}


def _check_given(row: Row, given: Mapping[str, Any], weight: Float32) -> None:
    """Raise PresetError where a table's channels or kernel are not those of the file."""
    found = {"channels": len(weight), "kernel": weight.shape[2:]}
    for key, value in found.items():
        if given.get(key) is not None and row.values[key] != value:
            words = shape_words(weight.shape)
            problem = f"{key} {show(given[key])}; {row.weights}.{WEIGHT} has shape {words}"
            raise row.error(problem)


def _folded(row: Row, tensors: Mapping[str, Float32]) -> dict[str, Float32]:
    """gain and shift of a batch normalisation with the mean and variance of its training."""
    mean, variance = (_tensor(row, word, tensors).astype(np.float64) for word in (MEAN, VARIANCE))
    ones, zeros = np.ones_like(mean), np.zeros_like(mean)
    gain = tensors.get(f"{row.weights}.{WEIGHT}", ones)  # without: affine=False
    shift = tensors.get(f"{row.weights}.{BIAS}", zeros)
    if any(one.shape != mean.shape or one.ndim != 1 for one in (variance, gain, shift)):
        raise row.error("mean, variance, weight and bias have other shapes")
    spread = variance + row.values["epsilon"]
    if not (spread > 0).all():
        raise row.error(f"{row.weights}.{VARIANCE} is negative")
    factor = gain / np.sqrt(spread)
    return {
        "gain": factor.astype(np.float32),
        "shift": (shift - mean * factor).astype(np.float32),
    }


def _channels(pieces: Sequence[Piece]) -> int | None:
    """The channels of the pictures, from a convolution that reads them; None without one."""
    for piece in pieces:
        weight = getattr(piece.operation, "weight", None)
        if piece.inputs == (PICTURE,) and weight is not None and weight.ndim == 4:
            return int(weight.shape[1]) * int(getattr(piece.operation, "groups", 1))
    return None
