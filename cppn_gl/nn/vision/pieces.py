"""Layers that name their inputs: what readers of files make, and ImageNodes of them.

    [Piece("conv1", Conv2d(…), "relu", (PICTURE,)), …] -> linked() -> ImageNodes
"""

from collections.abc import Iterable
from typing import NamedTuple

from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.vision.network import ImageNode
from cppn_gl.nn.vision.operations import ImageOperation

PICTURE = ""  # in a piece's inputs: the picture


class Piece(NamedTuple):
    """A layer, which reads earlier ones by their names, or the picture."""

    name: str
    operation: ImageOperation
    activation: str = "identity"
    inputs: tuple[str, ...] = (PICTURE,)


def linked(pieces: Iterable[Piece]) -> tuple[ImageNode, ...]:
    """The same layers with inputs by index. Names are unique, and inputs stand before."""
    places, nodes = {PICTURE: SOURCE}, []
    for piece in pieces:
        inputs = tuple(places[name] for name in piece.inputs)
        places[piece.name] = len(nodes)
        nodes.append(ImageNode(piece.name, piece.operation, piece.activation, inputs))
    return tuple(nodes)
