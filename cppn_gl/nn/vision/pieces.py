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

MAX_FILE = 600 * 2**20  # bytes: VGG-19 in float32 has 575 MB
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


def own_bytes(path: Path) -> tuple[bytes, str]:
    """The bytes of a user's file, and their SHA-256. Raises PresetError with the file."""
    data = read_plain(path, MAX_FILE)
    if data is None:
        raise PresetError(f"larger than {MAX_FILE >> 20} MiB", source=str(path))
    return data, hashlib.sha256(data).hexdigest()
