"""Networks that see whole pictures: stages with shapes, receptive fields, and the reference.

    ImageNode: name, operation, activation, inputs -> staged() -> ImageStage, with its shape
    ImageNetwork(stages, channels, (rows, columns), classes)

Such a network is a function of a picture, not of a point: no engine draws it, views show what it
computes.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, NoReturn
from weakref import WeakValueDictionary

import numpy as np

from cppn_gl.nn.activations import ACTIVATIONS, activate
from cppn_gl.nn.features import TURN
from cppn_gl.nn.image_input import ImageInput
from cppn_gl.nn.layers import SOURCE, Array, Layer, Node
from cppn_gl.nn.network import Network, Stage
from cppn_gl.nn.vision.operations import (
    MAX_CHANNELS,
    AvgPool2d,
    Conv2d,
    Flatten,
    GlobalAvgPool,
    Identity,
    ImageOperation,
    Linear,
    MaxPool2d,
    Pad2d,
    Reshape,
    Softmax,
)
from cppn_gl.nn.vision.shapes import MAX_SIDE, Shape
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.checks import PresetError, choice

MAX_STAGES = 2048
MAX_VALUES = 2**26  # of one stage, and of a picture
MAX_ALL_VALUES = 2**28  # of all stages: 1 GiB
COLORS = {1: ("grey",), 3: ("red", "green", "blue")}  # the names of a picture's channels


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

    operation: ImageOperation  # type: ignore[assignment]  # of another protocol
    name: str = ""
    shape: Shape = None  # type: ignore[assignment]  # given by `staged`


class ReceptiveField(NamedTuple):
    """The pixels that a stage's units depend on, in (rows, columns) of the input.

    Unit (row, column) sees the pixels from offset + (row, column) · stride, `size` many. Stride is
    0 where all units see the same. They may lie outside the picture, in the padding.
    """

    size: tuple[int, int]
    stride: tuple[int, int]
    offset: tuple[int, int]

    def box(self, row: int, column: int) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of the pixels that unit (row, column) sees, unclipped."""
        top = self.offset[0] + row * self.stride[0]
        left = self.offset[1] + column * self.stride[1]
        return left, top, left + self.size[1], top + self.size[0]


def staged(
    nodes: Sequence[ImageNode], channels: int, size: tuple[int, int]
) -> tuple[ImageStage, ...]:
    """The stages of nodes for pictures of (rows, columns). Raises PresetError, naming the layer."""
    picture = _picture(channels, size)
    if not 1 <= len(nodes) <= MAX_STAGES:
        raise PresetError(f"{len(nodes)} layers; expected 1 to {MAX_STAGES}")
    found: list[ImageStage] = []
    weights, total = 0, 0
    for number, node in enumerate(nodes):
        where = f"layer {number + 1}, {node.name!r}," if node.name else f"layer {number + 1}"
        if not node.inputs or not all(SOURCE <= i < number for i in node.inputs):
            raise PresetError(f"{where} reads {node.inputs}; expected earlier layers")
        try:
            choice(ACTIVATIONS)(node.activation)
            shape = node.operation.shape(
                *(picture if i == SOURCE else found[i].shape for i in node.inputs)
            )
        except PresetError as error:
            raise PresetError(f"{where} {error.problem}") from None
        except ValueError as error:
            raise PresetError(f"{where} has the activation {error}") from None
        total += shape.size
        if not 1 <= shape.channels <= MAX_CHANNELS or shape.size > MAX_VALUES:
            raise PresetError(f"{where} gives {shape} values; expected at most {MAX_VALUES}")
        if total > MAX_ALL_VALUES:
            raise PresetError(f"more than {MAX_ALL_VALUES} values in layers 1 to {number + 1}")
        weights += _weighted(node.operation)
        found.append(
            ImageStage(
                operation=node.operation,
                activation=node.activation,
                inputs=tuple(node.inputs),
                units=shape.channels,
                label=node.operation.label,
                weight_layer=weights if _weighted(node.operation) else 0,
                name=node.name,
                shape=shape,
            )
        )
    return tuple(found)


def _picture(channels: int, size: tuple[int, int]) -> Shape:
    shape = Shape(channels, *size)
    if not (1 <= channels <= MAX_CHANNELS and 1 <= min(size) <= max(size) <= MAX_SIDE):
        raise PresetError(f"pictures of {shape}; expected sides of 1 to {MAX_SIDE}")
    if shape.size > MAX_VALUES:
        raise PresetError(f"pictures of {shape}; expected at most {MAX_VALUES} values")
    return shape


def _weighted(operation: Any) -> bool:
    return isinstance(operation, Conv2d | Linear)


class ImageNetwork(Network):
    """A function of a picture (channels, rows, columns), as a graph of stages.

    The last stage gives the outputs. `classes`: their names; () if they are unknown, or if there
    are not as many. Raises PresetError.
    """

    def __init__(
        self,
        stages: Sequence[ImageStage],
        channels: int,
        size: tuple[int, int],
        classes: Sequence[str] = (),
    ):
        self.picture = _picture(channels, size)
        self._stages = tuple(stages)
        if not self._stages:
            raise PresetError("a network without layers")
        self.inputs = COLORS.get(channels) or tuple(f"channel {n + 1}" for n in range(channels))
        self.latent, self.period, self.image = (), TURN, None
        self.displays = WeakValueDictionary()
        self.classes = tuple(classes)
        if self.classes and len(self.classes) != self.scores:
            problem = f"{len(self.classes)} names of classes; the network has {self.scores} scores"
            raise PresetError(problem, key="preprocess.labels")

    @classmethod
    def of_nodes(
        cls,
        nodes: Sequence[ImageNode],
        channels: int,
        size: tuple[int, int],
        classes: Sequence[str] = (),
    ) -> "ImageNetwork":
        """The network of nodes for pictures of (rows, columns). Raises PresetError."""
        return cls(staged(nodes, channels, size), channels, size, classes)

    @property
    def stages(self) -> tuple[ImageStage, ...]:
        return self._stages

    @property
    def channels_in(self) -> int:
        """The channels of the pictures that it sees."""
        return self.picture.channels

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the pictures that it sees."""
        return self.picture.rows, self.picture.columns

    @cached_property
    def logits(self) -> int:
        """The stage whose pre-activations are the classes' scores before softmax, from 0."""
        index = len(self._stages) - 1
        while index > 0:
            stage = self._stages[index]
            moves = isinstance(stage.operation, Softmax | Identity | Flatten | Reshape)
            if not moves or stage.activation != "identity" or stage.inputs == (SOURCE,):
                break
            index = stage.inputs[0]
        return index

    @property
    def scores(self) -> int:
        """The number of classes: of the channels of the stage `logits`."""
        return self._stages[self.logits].shape.size

    def class_name(self, index: int) -> str:
        """The name of a class, from 0; "class 5" for the fifth if names are unknown."""
        return self.classes[index] if self.classes else f"class {index + 1}"

    @property
    def outputs(self) -> int:
        return self._stages[-1].shape.size

    @cached_property
    def depth(self) -> int:
        """The number of stages with weights on the longest path."""
        levels: list[int] = []
        for stage in self._stages:
            before = max(0 if i == SOURCE else levels[i] for i in stage.inputs)
            levels.append(before + _weighted(stage.operation))
        return max(levels)

    @property
    def width(self) -> int:
        """The channels of the widest stage before the last one."""
        return max((stage.units for stage in self._stages[:-1]), default=0)

    @property
    def channels(self) -> int:
        return 3

    @property
    def output_activation(self) -> str:
        return self._stages[-1].activation

    @property
    def parameters(self) -> int:
        return sum(stage.operation.parameters for stage in self._stages)

    @property
    def values(self) -> int:
        """The values of all stages: what a pass holds, at least."""
        return sum(stage.shape.size for stage in self._stages)

    @property
    def by_grid(self) -> bool:
        return False

    @property
    def on_plane(self) -> Network:
        """A network of one layer, black: no engine draws this one."""
        return _BLACK

    @property
    def pointwise(self) -> bool:
        return False

    @property
    def opaque(self) -> Network:
        return self

    @property
    def radius(self) -> int:
        return 0

    @property
    def nodes(self) -> tuple[Node, ...]:
        self._none("nodes of layers over points")

    @property
    def links(self) -> tuple[tuple[int, ...], ...]:
        return tuple(stage.inputs for stage in self._stages)

    @cached_property
    def digest(self) -> bytes:
        content = hashlib.blake2b(b"image network", digest_size=16)
        content.update(repr((tuple(self.picture), self.classes)).encode())
        for stage in self._stages:
            content.update(repr((stage.activation, stage.inputs, stage.name)).encode())
            content.update(stage.operation.digest)
        return content.digest()

    # The reference.

    def evaluate_image(self, tensor: Any) -> tuple[Float64, ...]:
        """The reference: the units of every stage, in float64, for a picture (channels, H, W).

        More leading axes are pictures of their own. Overflow gives inf and NaN. Raises ValueError.
        """
        return tuple(units for _, units in self.reference(tensor))

    def reference(self, tensor: Any, dtype: Any = np.float64) -> Iterator[tuple[Array, Array]]:
        """The pre-activations and units of each stage, one by one, in `dtype`."""
        values = np.asarray(tensor, dtype)
        if values.shape[-3:] != tuple(self.picture):
            raise ValueError(f"a picture of shape {values.shape}; expected {self.picture}")
        found: list[Array] = []
        for stage in self._stages:
            before = [values if i == SOURCE else found[i] for i in stage.inputs]
            with np.errstate(all="ignore"):
                pre = stage.operation.forward(*before)
            units = pre if stage.activation == "identity" else activate(stage.activation, pre)
            found.append(units)
            yield pre, units

    def receptive_field(self, stage: int) -> ReceptiveField:
        """What the units of a stage see, from 0."""
        rows, columns = (field[stage] for field in self._fields)
        return ReceptiveField(
            (rows.end - rows.start, columns.end - columns.start),
            (rows.stride, columns.stride),
            (rows.start, columns.start),
        )

    @cached_property
    def _fields(self) -> tuple[list["_Span"], list["_Span"]]:
        """The span that unit 0 of each stage sees, of rows and of columns."""
        found: tuple[list[_Span], list[_Span]] = ([], [])
        for stage in self._stages:
            for axis, spans in enumerate(found):
                source = _Span(0, 1, 1)
                parts = [
                    _seen(
                        stage.operation,
                        source if i == SOURCE else spans[i],
                        (self.picture if i == SOURCE else self._stages[i].shape)[axis + 1],
                        axis,
                    )
                    for i in stage.inputs
                ]
                spans.append(
                    _Span(
                        min(part.start for part in parts),
                        max(part.end for part in parts),
                        max(part.stride for part in parts),
                    )
                )
        return found

    # What only networks of points have.

    def _none(self, what: str) -> NoReturn:
        problem = f"this network sees pictures: it has no {what}; use stages or evaluate_image"
        raise PresetError(problem, key="network.file")

    @property
    def drawn(self) -> tuple[Layer, ...]:  # type: ignore[override]
        self._none("list of dense layers")

    @property
    def scales(self) -> tuple[tuple[float, float], ...]:  # type: ignore[override]
        self._none("list of scales")

    @property
    def layers(self) -> tuple[Layer, ...]:
        self._none("list of dense layers")

    def effective(self, index: int) -> Layer:
        self._none("list of dense layers")

    def walk(self, *args: Any, **named: Any) -> Iterator[tuple[Node, Any, Any]]:
        self._none("value at single points")

    def evaluate(self, inputs: Any, dtype: Any = np.float64) -> Array:
        self._none("value at single points")

    def evaluate_grid(self, *args: Any, **named: Any) -> Float64:
        self._none("value on a grid of points")

    def features(self, *args: Any) -> Float64:
        self._none("input features")

    def ending(self, depth: int, last: Layer) -> Network:
        self._none("list of dense layers")

    def truncated(self, depth: int) -> Network:
        self._none("picture of a layer")

    def seeing(self, image: ImageInput | None) -> Network:
        return self

    def __repr__(self) -> str:
        names = " → ".join(stage.label for stage in self._stages)
        return f"ImageNetwork({self.picture} → {names}, {self.parameters} parameters)"


_BLACK = Network((Layer(np.zeros((3, 2), np.float32), np.zeros(3, np.float32), "identity"),))


class _Span(NamedTuple):
    """The rows, or columns, that unit 0 sees, and how far those of the next unit are away."""

    start: int
    end: int
    stride: int


def _seen(operation: Any, before: _Span, length: int, axis: int) -> _Span:
    """What units see that an operation makes of units that see `before`, `length` of them."""
    if isinstance(operation, GlobalAvgPool | Linear | Flatten | Reshape):
        return _Span(before.start, before.end + (length - 1) * before.stride, 0)
    start, end, stride = before
    if isinstance(operation, Pad2d):
        moved = operation.padding[axis] * stride
        return _Span(start - moved, end - moved, stride)
    if isinstance(operation, Conv2d | MaxPool2d | AvgPool2d):
        reach = operation.reach if isinstance(operation, Conv2d) else operation.size
        start -= operation.padding[axis] * stride
        return _Span(
            start,
            start + (reach[axis] - 1) * stride + before.end - before.start,
            stride * operation.stride[axis],
        )
    return before
