"""Layers that name their inputs: what readers of files make, and ImageNodes of them.

[Piece("conv1", Conv2d(…), "relu", (PICTURE,)), …] -> linked() -> ImageNodes
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.vision.network import ImageNode
from cppn_gl.nn.vision.operations import ImageOperation
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import read_plain

MAX_FILE = 1024 * 2**20  # bytes
PICTURE = ""  # in a piece's inputs: the picture


class Piece(NamedTuple):
    """A layer, which reads earlier ones by their names, or the picture."""

    name: str
    operation: ImageOperation
    activation: str = "identity"
    inputs: tuple[str, ...] = (PICTURE,)


def linked(pieces: Iterable[Piece]) -> tuple[ImageNode, ...]:
    """The same layers with inputs by index. Names are unique, and inputs stand before."""
    places = {PICTURE: SOURCE}
    nodes: list[ImageNode] = []
    for piece in pieces:
        inputs = tuple(places[name] for name in piece.inputs)
        places[piece.name] = len(nodes)
        nodes.append(ImageNode(piece.name, piece.operation, piece.activation, inputs))
    return tuple(nodes)


def own_bytes(source: Path | bytes) -> tuple[bytes, str]:
    """The bytes of a user's file, and their SHA-256. Raises PresetError with key network.file."""
    try:
        data = source if isinstance(source, bytes) else read_plain(source, MAX_FILE)
    except PresetError as error:
        raise PresetError(error.problem, key="network.file") from None
    if data is None:
        raise PresetError(f"larger than {MAX_FILE >> 20} MiB", key="network.file")
    return data, hashlib.sha256(data).hexdigest()
