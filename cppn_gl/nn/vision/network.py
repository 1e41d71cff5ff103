"""Networks that see whole pictures: stages with shapes, receptive fields, and the reference.

    ImageNode: name, operation, activation, inputs -> staged() -> ImageStage, with its shape
    ImageNetwork(stages, channels, (rows, columns), classes)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cppn_gl.nn.network import Network, Stage
from cppn_gl.nn.vision.operations import ImageOperation, Shape


class ImageNode(NamedTuple):
    """A layer before the size of the picture is known.

    inputs: indices of earlier nodes, from 0, or SOURCE, the picture. name: as the file calls it.
    """

    name: str
    operation: ImageOperation
    activation: str = "identity"
    inputs: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class ImageStage(Stage):
    """A layer of an image network: units = activation(operation(inputs)), of this shape."""

    name: str = ""
    shape: Shape = Shape(0, 0, 0)


class ReceptiveField(NamedTuple):
    """The pixels that a stage's unit depends on, in (rows, columns) of the input.

    Unit (row, column) sees the pixels from offset + (row, column) · stride, `size` many. Stride is
    0 where all units see the same. They may lie outside the picture, in the padding.
    """

    size: tuple[int, int]
    stride: tuple[int, int]
    offset: tuple[int, int]

    def box(self, row: int, column: int) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of the pixels that unit (row, column) sees, unclipped."""
        top, left = (
            o + place * s
            for o, place, s in zip(self.offset, (row, column), self.stride, strict=True)
        )
        return left, top, left + self.size[1], top + self.size[0]


def staged(nodes: Sequence[ImageNode], channels: int, size: tuple[int, int]) -> list[ImageStage]:
    """The stages of nodes for pictures of (rows, columns). Raises PresetError."""
    raise NotImplementedError


class ImageNetwork(Network):
    """A function of a picture (channels, rows, columns), as a graph of stages.

    logits: the index of the stage whose pre-activations are the classes' scores before softmax.
    classes: their names; () if unknown.
    """

    def __init__(
        self,
        stages: Sequence[ImageStage],
        channels: int,
        size: tuple[int, int],
        classes: Sequence[str] = (),
    ):
        raise NotImplementedError

    def receptive_field(self, stage: int) -> ReceptiveField:
        """What a unit of a stage sees, from 0."""
        raise NotImplementedError
