"""Networks that see pictures in .safetensors files: what a training writes, and its reader.

    ImageNetwork, Preprocess -> image_tensors() -> Tensors -> read_network() -> the same

Tensors are NAME.weight and NAME.bias of each layer by its name, in the shapes of PyTorch; those of
a batch_norm are its gain and shift. The texts: `image_nodes`, the tables of description.py in JSON;
`image_shape`, [channels, rows, columns]; `preprocess`, the table in JSON; `names`, of the classes.
Nothing in them is trusted.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cppn_gl.nn.files import Tensors
from cppn_gl.nn.image_models import NODES, check_nodes
from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.vision.description import (
    WEIGHTED,
    Row,
    described,
    names_of,
    operation,
    tables_of,
)
from cppn_gl.nn.vision.network import ImageNetwork, ImageNode, ImageStage
from cppn_gl.nn.vision.operations import Scale
from cppn_gl.nn.vision.pieces import PICTURE
from cppn_gl.nn.vision.preprocess import Preprocess
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.checks import PresetError, one_line

SHAPE, PREPROCESS, NAMES = "image_shape", "preprocess", "names"
WEIGHT, BIAS = "weight", "bias"  # the last words of tensors' names


def tensor_names(stages: Sequence[ImageStage]) -> dict[str, tuple[int, str]]:
    """The tensors of stages: their names, and the stage and the name of the array of each."""
    found = {}
    for k, (name, stage) in enumerate(zip(names_of(stages), stages, strict=True)):
        for array, word in zip(getattr(stage.operation, "names", ()), (WEIGHT, BIAS), strict=False):
            found[f"{name}.{word}"] = k, array
    return found


def image_tensors(network: ImageNetwork, how: Preprocess) -> Tensors:
    """The content of a file. `how`: the whole table `[preprocess]`."""
    stages = network.stages
    arrays = {
        name: getattr(stages[k].operation, array)
        for name, (k, array) in tensor_names(stages).items()
    }
    table = {n: v for n, v in how.to_toml().items() if n != "labels"}
    texts = {
        NODES: _json(tables_of(stages)),
        SHAPE: _json(list(network.picture)),
        PREPROCESS: _json(table),
        NAMES: _json(list(network.classes)),
    }
    return Tensors(arrays, texts)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def read_network(tensors: Tensors) -> tuple[ImageNetwork, Preprocess]:
    """The network of a file's content, and how it sees pictures. Raises ValueError, in one line."""
    texts = tensors.texts
    try:
        rows = described(check_nodes(json.loads(texts[NODES])))
        channels, *size = (int(side) for side in json.loads(texts[SHAPE]))
        names = tuple(one_line(str(name)) for name in json.loads(texts[NAMES]))
        table = {n: _listed(v) for n, v in json.loads(texts[PREPROCESS]).items()}
        how = Preprocess.of({**table, "labels": names})
        places = {PICTURE: SOURCE, **{row.name: k for k, row in enumerate(rows)}}
        nodes = []
        for row in rows:
            inputs = tuple(places[name] for name in row.inputs)
            found = operation(row, _arrays(row, tensors.arrays))
            nodes.append(ImageNode(row.name, found, row.activation, inputs))
        rows_, columns = size
        network = ImageNetwork.of_nodes(nodes, channels, (rows_, columns), names)
    except PresetError:
        raise
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        problem = f"a damaged description of layers: {type(error).__name__}"
        raise ValueError(problem) from None
    if how.complete("the network").shape != network.picture:
        raise ValueError("a damaged description: its [preprocess] is of other pictures")
    return network, how


def _listed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _arrays(row: Row, tensors: Mapping[str, Float32]) -> dict[str, Float32]:
    if row.type not in WEIGHTED:
        return {}
    names = Scale.names if row.type == "batch_norm" else (WEIGHT, BIAS)
    words = (WEIGHT, BIAS)
    return {name: tensors[f"{row.weights}.{w}"] for name, w in zip(names, words, strict=True)}
