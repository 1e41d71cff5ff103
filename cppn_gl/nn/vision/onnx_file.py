"""Networks in .onnx files, as PyTorch, Keras (tf2onnx), scikit-learn and others export them.

    bytes -> onnx_wire.read_graph() -> OnnxGraph -> model_of() -> Model

One input, a picture (batch, channels, rows, columns) or (batch, rows, columns, channels), of which
one is seen at a time; the first output; weights in the file. A normalisation after a convolution or
a dense layer is folded into it, and an activation that alone reads a layer becomes part of it.
"""

import dataclasses
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.vision import operations as ops
from cppn_gl.nn.vision.network import MAX_VALUES
from cppn_gl.nn.vision.onnx_wire import OnnxGraph, OnnxNode, Tensor, read_graph
from cppn_gl.nn.vision.operations import ImageOperation
from cppn_gl.nn.vision.pieces import PICTURE, Piece, linked, own_bytes
from cppn_gl.nn.vision.shapes import MAX_SIDE, Shape
from cppn_gl.nn.vision.source import Model
from cppn_gl.utils.checks import PresetError, nearest, one_line, show

MAX_NODES = 4096
MAX_FOLDED = 2**16  # values of a constant that is calculated
# Bytes of all layers and constants that are made of a file's weights, which may be used again.
MAX_MADE, MADE_TIMES = 2**24, 8  # so many, and so many times the file
_NAME = 60  # characters of a layer's name
_REMEDY = "; export the network without it, or only the part before it"
_SIXTH = float(np.float32(1 / 6))
Constant = NDArray[Any]


def read(source: Path | bytes, nodes: Any = (), size: tuple[int, int] | None = None) -> Model:
    """The network in a file, or in a file's bytes, for pictures of (rows, columns).

    Without a size it is that in the file. Raises PresetError.
    """
    if nodes:
        problem = "an .onnx file has its own layers; name a .safetensors file"
        raise PresetError(problem, key="network.nodes")
    data, sha256 = own_bytes(source)
    try:
        return model_of(read_graph(data), size, sha256)
    except PresetError:
        raise
    except ValueError as error:
        raise PresetError(str(error), key="network.file") from None


def model_of(graph: OnnxGraph, size: tuple[int, int] | None = None, sha256: str = "") -> Model:
    """The network of a graph. Raises ValueError, in one line."""
    if len(graph.nodes) > MAX_NODES:
        raise ValueError(f"{len(graph.nodes)} operations; expected {MAX_NODES} at most")
    if not graph.outputs:
        raise ValueError("has no output")
    with np.errstate(all="ignore"):  # infinity and NaN are refused by the layers
        shape, pieces = _Builder(graph, size).built()
    return Model(
        linked(pieces),
        sha256,
        channels=shape.channels,
        size=(shape.rows, shape.columns),
        origin=f"exported by {one_line(graph.producer)[:40]}" if graph.producer else "",
    )


class _Value(NamedTuple):
    """Units, and how the file sees them.

    axes: "NCHW", "NHWC", or "CHW" and "HWC" for all units in a row, counted in that order.
    alone: whether no other operation reads the piece as it is, so that it may be changed.
    """

    piece: str
    shape: Shape
    axes: str
    alone: bool = False

    @property
    def dims(self) -> tuple[int, ...]:
        """The shape in the file, of a batch of one."""
        if len(self.axes) == 3:
            return 1, self.shape.size
        sizes = dict(zip("CHW", self.shape, strict=True))
        return tuple(sizes.get(axis, 1) for axis in self.axes)

    @property
    def order(self) -> str:
        """In which order the file counts the units; the same for both where it does not matter."""
        plain = self.shape.channels == 1 or self.shape.rows * self.shape.columns == 1
        return "CHW" if plain else self.axes.removeprefix("N")


class _Builder:
    """Goes through the nodes in the file's order, and makes pieces of them."""

    def __init__(self, graph: OnnxGraph, size: tuple[int, int] | None):
        self.graph, self.size = graph, size
        self.left = MAX_MADE + MADE_TIMES * graph.size
        self.pieces: dict[str, Piece] = {}
        self.values: dict[str, _Value | Constant] = {}
        self.live = _live(graph)
        self.readers = Counter(name for node in self.live for name in node.inputs)
        self.readers[graph.outputs[0]] += 1

    def built(self) -> tuple[Shape, list[Piece]]:
        """The picture's shape, and the pieces."""
        read = {name for node in self.live for name in node.inputs if name}
        for name in read & self.graph.tensors.keys():
            self.values[name] = self.graph.tensors[name].array()
        inputs = [n for n in self.graph.inputs if n in read and n not in self.values]
        if len(inputs) != 1:
            found = f"{len(inputs)} inputs: {show(inputs)}" if inputs else "no input"
            raise ValueError(f"has {found}; expected one, the picture")
        picture = self._picture(inputs[0])
        self.values[inputs[0]] = picture
        for node in self.live:
            self._add(node)
        output = self.values.get(self.graph.outputs[0])
        if not isinstance(output, _Value):
            raise ValueError("has an output that does not depend on the picture")
        if not self.pieces:
            raise ValueError("has no layers")
        return picture.shape, list(self.pieces.values())

    def _picture(self, name: str) -> _Value:
        dims = self.graph.inputs[name]
        first = [node for node in self.live if name in node.inputs]
        if len(dims) == 4:
            turned = any(node.attributes.get("perm") == (0, 3, 1, 2) for node in first)
            last = dims[3] in (1, 3, 4) and dims[1] not in (1, 3, 4)
            axes = "NHWC" if turned or last else "NCHW"
            sizes = dict(zip(axes, dims, strict=True))
            channels, rows, columns = sizes["C"], sizes["H"], sizes["W"]
            if channels is None:
                raise ValueError("does not say how many channels its input has")
        elif len(dims) == 2 and dims[1] is not None:  # a picture as a row of numbers
            axes, rows, columns = "CHW", None, None
            pixels = math.prod(self.size) if self.size else 0
            channels = dims[1] // pixels if pixels else 1
            if self.size and channels * pixels != dims[1]:
                problem = f"its input has {dims[1]} numbers, which no picture of that size has"
                raise PresetError(problem, key="preprocess.size")
        else:
            problem = f"its input has {len(dims)} dimensions"
            raise ValueError(f"{problem}; expected 4: batch, channels, rows, columns")
        given = self.size or (None, None)
        rows, columns = given[0] or rows, given[1] or columns
        if rows is None or columns is None:
            problem = "takes pictures of any size; expected size = [width, height]"
            raise PresetError(problem, key="preprocess.size")
        if not all(1 <= side <= MAX_SIDE for side in (rows, columns)) or channels > 4096:
            problem = f"its input has {channels} channels of {rows}×{columns}"
            raise ValueError(f"{problem}; expected up to 4096 of {MAX_SIDE}×{MAX_SIDE}")
        return _Value(PICTURE, Shape(channels, rows, columns), axes)

    def _add(self, node: OnnxNode) -> None:
        """Make a node's value."""
        where = self.where(node)
        for name in node.inputs:
            if name and name not in self.values:
                raise ValueError(f"{where} reads {show(name)}, which nothing before it gives")
        if node.domain not in ("", "ai.onnx"):
            raise ValueError(f"{where} is of {show(node.domain)}, not of ONNX itself{_REMEDY}")
        try:
            value = self._value(node, where)
        except PresetError as error:
            if error.key.startswith("preprocess."):
                raise
            raise ValueError(f"{where} {error.problem}") from None
        for name in node.outputs[1:]:
            if self.readers[name]:
                raise ValueError(f"{where} has a second output that is read{_REMEDY}")
        if node.outputs and node.outputs[0]:
            name = node.outputs[0]
            if name in self.values:
                raise ValueError(f"{where} gives {show(name)}, which is given twice")
            if isinstance(value, _Value):
                value = value._replace(alone=value.alone and self.readers[name] == 1)
            self.values[name] = value

    def where(self, node: OnnxNode) -> str:
        """A node, in words."""
        name = node.name or (node.outputs[0] if node.outputs else "")
        return f"the operation {one_line(node.op)[:40]} ({one_line(name)[:60]})"

    def _value(self, node: OnnxNode, where: str) -> _Value | Constant:
        constants = [self.values[name] for name in node.inputs if name]
        if node.op in _FOLDED and not any(isinstance(one, _Value) for one in constants):
            return self._folded(node, where)
        if node.op == "Shape":
            return np.array(self.unit(node).dims, np.int64)
        if node.op not in HANDLERS:
            raise ValueError(f"{where} is not known here{nearest(node.op, HANDLERS)}{_REMEDY}")
        return HANDLERS[node.op](self, node)

    def _folded(self, node: OnnxNode, where: str) -> Constant:
        """The value of an operation that depends on constants alone."""
        try:
            found = _FOLDED[node.op](self, node)
        except (IndexError, TypeError, OverflowError, ZeroDivisionError, ValueError) as error:
            problem = getattr(error, "problem", str(error))
            raise ValueError(f"{where} of constants: {problem}") from None
        return self.made(np.asarray(found))

    def made(self, array: Constant) -> Constant:
        """Count an array that was made. Raises ValueError for more than the file can need."""
        self.left -= array.nbytes
        if self.left < 0:
            raise ValueError("uses its weights so often that they would fill the memory")
        return array

    # What handlers ask for

    def unit(self, node: OnnxNode, index: int = 0) -> _Value:
        """An input that depends on the picture."""
        value = self.values.get(node.inputs[index]) if index < len(node.inputs) else None
        if not isinstance(value, _Value):
            raise PresetError(f"has no input {index + 1} that depends on the picture")
        return value

    def grid(self, node: OnnxNode, index: int = 0) -> _Value:
        """An input that is a picture of channels, (batch, channels, rows, columns)."""
        value = self.unit(node, index)
        if value.axes != "NCHW":
            problem = f"reads {show(value.dims)}; expected (batch, channels, rows, columns)"
            raise PresetError(problem)
        return value

    def constant(self, node: OnnxNode, index: int, what: str = "a weight") -> Constant:
        """An input that is in the file."""
        found = self.optional(node, index, what)
        if found is None:
            raise PresetError(f"lacks {what}")
        return found

    def optional(self, node: OnnxNode, index: int, what: str = "a weight") -> Constant | None:
        """The same; None where it is absent."""
        if index >= len(node.inputs) or not node.inputs[index]:
            return None
        value = self.values[node.inputs[index]]
        if isinstance(value, _Value):
            raise PresetError(f"has {what} that is computed; expected one in the file")
        return value

    def integers(self, node: OnnxNode, name: str, index: int | None = None) -> tuple[int, ...]:
        """A list of integers: the attribute, or in later versions an input; () if absent."""
        found = node.attributes.get(name)
        if found is None and index is not None:
            found = self.optional(node, index, name)
        if found is None:
            return ()
        listed = np.atleast_1d(np.asarray(found))
        if listed.dtype.kind != "i" or listed.ndim != 1 or len(listed) > 16:
            raise PresetError(f"has {name} {show(found)}; expected integers")
        return tuple(map(int, listed))

    def piece(self, node: OnnxNode, operation: ImageOperation, *inputs: _Value) -> _Value:
        """A new piece's value. A dense layer of units that the file counts otherwise is turned."""
        shape = operation.shape(*(one.shape for one in inputs))
        if shape.size > MAX_VALUES:
            raise PresetError(f"has {shape} units; expected at most {MAX_VALUES:,}")
        for array in getattr(operation, "names", ()):
            self.made(getattr(operation, array))
        name = self._name(node)
        self.pieces[name] = Piece(name, operation, inputs=tuple(one.piece for one in inputs))
        return _Value(name, shape, inputs[0].axes, alone=True)

    def replaced(self, value: _Value, **changes: Any) -> _Value:
        """The piece of a value, changed."""
        self.pieces[value.piece] = self.pieces[value.piece]._replace(**changes)
        return value

    def plain(self, value: _Value) -> Piece | None:
        """The piece of a value, if nothing else reads it and it has no activation yet."""
        piece = self.pieces.get(value.piece)
        return piece if value.alone and piece and piece.activation == "identity" else None

    def scaled(self, node: OnnxNode, value: _Value, gain: Constant, shift: Constant) -> _Value:
        """gain · units + shift, (channels,) each; folded into the layer before where possible."""
        piece = self.plain(value)
        operation = piece.operation if piece else None
        if isinstance(operation, ops.Conv2d | ops.Linear):
            weight = operation.weight * gain.reshape(-1, *[1] * (operation.weight.ndim - 1))
            changes = {"weight": weight, "bias": operation.bias * gain + shift}
            return self.replaced(value, operation=_with(operation, **changes))
        return self.piece(node, ops.Scale(_float(gain), _float(shift)), value)

    def row(self, node: OnnxNode, value: _Value) -> _Value:
        """Units in a row as channels of one place, in the file's order."""
        if len(value.axes) == 4 or value.shape.size == value.shape.channels:
            return value
        if value.order != "CHW":
            raise PresetError(f"reads units in the order rows, columns, channels{_REMEDY}")
        return self.piece(node, ops.Flatten(), value)

    def _name(self, node: OnnxNode) -> str:
        """A name that a person knows: of its weights, or else of the node or of its output."""
        weights = [n.removesuffix(".weight") for n in node.inputs[1:2] if n.endswith(".weight")]
        own = "" if re.fullmatch(r"n\d+", node.name) else node.name.removeprefix("node_")
        name = (*weights, own, *node.outputs, node.op)
        words = one_line(next(filter(None, name))).strip("/ ") or node.op
        if not weights:
            words = re.sub(rf"/{re.escape(node.op)}(_\d+)?$", "", words)
        words = words[-_NAME:]
        found, number = words, 1
        while found in self.pieces:
            number += 1
            found = f"{words} ({number})"
        return found


def _live(graph: OnnxGraph) -> list[OnnxNode]:
    """The nodes that the output depends on, in the file's order."""
    needed, found = {graph.outputs[0]}, []
    for node in reversed(graph.nodes):
        if needed & set(node.outputs):
            needed.update(filter(None, node.inputs))
            found.append(node)
    return found[::-1]


def _float(array: Any) -> NDArray[np.float32]:
    return np.asarray(array, np.float32)


def _with(operation: Any, **changes: Any) -> Any:
    return dataclasses.replace(operation, **{n: _float(v) for n, v in changes.items()})


# Operations, by name: each returns the value of a node


def _conv(build: _Builder, node: OnnxNode) -> _Value:
    value, weight = build.grid(node), build.constant(node, 1)
    if weight.ndim != 4:
        raise PresetError(f"has a kernel of {weight.ndim - 2} dimensions; expected 2")
    bias = build.optional(node, 2, "a bias")
    window = _Window(build, node, value, weight.shape[2:])
    operation = ops.Conv2d(
        _float(weight),
        _float(np.zeros(len(weight)) if bias is None else bias),
        window.stride,
        window.padding,
        window.dilation,
        _count(node, "group", 1),
    )
    return build.piece(node, operation, value)


class _Window:
    """Stride, padding and dilation of a convolution or of a pool."""

    def __init__(self, builder: _Builder, node: OnnxNode, value: _Value, kernel: Sequence[int]):
        self.stride = self._two(builder.integers(node, "strides"), "strides")
        self.dilation = self._two(builder.integers(node, "dilations"), "dilations")
        pads = builder.integers(node, "pads") or (0, 0, 0, 0)
        if len(pads) != 4:
            raise PresetError(f"has pads {show(pads)}; expected four")
        auto = node.attributes.get("auto_pad") or "NOTSET"
        if auto in ("SAME_UPPER", "SAME_LOWER"):
            sides = zip(value.shape[1:], kernel, self.stride, self.dilation, strict=True)
            totals = [max(0, (-(-n // s) - 1) * s + (k - 1) * d + 1 - n) for n, k, s, d in sides]
            small, large = [total // 2 for total in totals], [-(-total // 2) for total in totals]
            pads = (*small, *large) if auto == "SAME_UPPER" else (*large, *small)
        elif auto not in ("NOTSET", "VALID"):
            raise PresetError(f"has auto_pad {show(auto)}")
        elif auto == "VALID":
            pads = (0, 0, 0, 0)
        self.padding: Any = pads

    @staticmethod
    def _two(given: tuple[int, ...], what: str) -> tuple[int, int]:
        if len(given) not in (0, 2) or not all(1 <= one <= MAX_SIDE for one in given):
            raise PresetError(f"has {what} {show(given)}; expected two numbers above 0")
        return (given[0], given[1]) if given else (1, 1)


def _count(node: OnnxNode, name: str, default: int) -> int:
    value = node.attributes.get(name, default)
    if not isinstance(value, int):
        raise PresetError(f"has {name} {show(value)}; expected an integer")
    return value


def _real(node: OnnxNode, name: str, default: float) -> float:
    value = node.attributes.get(name, default)
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise PresetError(f"has {name} {show(value)}; expected a number")
    return float(value)


def _pool(build: _Builder, node: OnnxNode) -> _Value:
    value, kernel = build.grid(node), build.integers(node, "kernel_shape")
    if len(kernel) != 2:
        raise PresetError(f"has a window of {len(kernel)} dimensions; expected 2")
    window = _Window(build, node, value, kernel)
    if window.dilation != (1, 1):
        raise PresetError(f"has dilations {show(window.dilation)}; expected 1{_REMEDY}")
    given: Any = {
        "stride": window.stride,
        "padding": window.padding,
        "ceil": bool(_count(node, "ceil_mode", 0)),
    }
    size = kernel[0], kernel[1]
    if node.op == "MaxPool":
        return build.piece(node, ops.MaxPool2d(size, **given), value)
    counts = bool(_count(node, "count_include_pad", 0))
    return build.piece(node, ops.AvgPool2d(size, **given, count_padding=counts), value)


def _global_average(build: _Builder, node: OnnxNode) -> _Value:
    return build.piece(node, ops.GlobalAvgPool(), build.grid(node))


def _mean(build: _Builder, node: OnnxNode) -> _Value:
    """ReduceMean over rows and columns is GlobalAveragePool."""
    value = build.unit(node)
    axes = {axis % 4 for axis in build.integers(node, "axes", 1)}
    if len(value.axes) != 4 or axes != {value.axes.index("H"), value.axes.index("W")}:
        raise PresetError(f"has the axes {show(sorted(axes))}; expected rows and columns")
    found = build.piece(node, ops.GlobalAvgPool(), value)
    return found if _count(node, "keepdims", 1) else found._replace(axes="CHW")


def _normalized(build: _Builder, node: OnnxNode) -> _Value:
    if _count(node, "training_mode", 0):
        raise PresetError("is in training mode; export the network for inference: model.eval()")
    value = build.unit(node)
    if value.axes == "NHWC":
        build.grid(node)  # which says why not
    gain, shift, mean, variance = (_vector(build.constant(node, i)) for i in range(1, 5))
    factor = gain / np.sqrt(variance + _real(node, "epsilon", 1e-5))
    if not len({len(factor), len(shift), len(mean)}) == 1 or not np.isfinite(factor).all():
        raise PresetError("has a variance that is negative, or terms of other lengths")
    value = build.row(node, value)
    return build.scaled(node, value, factor, shift - mean * factor)


def _vector(array: Constant) -> NDArray[np.float64]:
    if array.ndim != 1:
        raise PresetError(f"has terms of {array.ndim} dimensions; expected 1")
    return array.astype(np.float64)


def _gemm(build: _Builder, node: OnnxNode) -> _Value:
    weight, bias = build.constant(node, 1), build.optional(node, 2, "a bias")
    if _count(node, "transA", 0):
        raise PresetError(f"reads its units transposed{_REMEDY}")
    if not _count(node, "transB", 0):
        weight = weight.T
    alpha, beta = _real(node, "alpha", 1.0), _real(node, "beta", 1.0)
    return _dense(build, node, weight if alpha == 1 else alpha * weight, bias, beta)


def _product(build: _Builder, node: OnnxNode) -> _Value:
    if not isinstance(build.values.get(next(iter(node.inputs), "")), _Value):
        raise PresetError(f"multiplies its units from the left{_REMEDY}")
    return _dense(build, node, build.constant(node, 1).T, None, 1.0)


def _dense(
    build: _Builder, node: OnnxNode, weight: Constant, bias: Constant | None, beta: float
) -> _Value:
    """A dense layer of weight (out, in)."""
    value = build.unit(node)
    if len(value.axes) == 4 and value.axes != "NHWC":
        raise PresetError(f"reads {show(value.dims)}; expected (batch, numbers)")
    if weight.ndim != 2:
        raise PresetError(f"has weights of {weight.ndim} dimensions; expected 2")
    out = len(weight)
    if bias is None:
        bias = np.zeros(out)
    elif bias.size not in (1, out):
        raise PresetError(f"has {bias.size} biases; expected {out}")
    bias = _float(np.broadcast_to(beta * bias.reshape(-1), (out,)))
    if len(value.axes) == 4:  # at each place: a 1×1 convolution
        return build.piece(node, ops.Conv2d(_float(weight)[..., None, None], bias), value)
    if value.order == "HWC" and weight.shape[1] == value.shape.size:
        channels, rows, columns = value.shape
        turned = weight.reshape(out, rows, columns, channels).transpose(0, 3, 1, 2)
        weight = turned.reshape(out, -1)
    found = build.piece(node, ops.Linear(_float(weight), bias), value)
    return found._replace(axes="CHW")


def _joined(build: _Builder, node: OnnxNode) -> _Value:
    values = [build.row(node, build.unit(node, index)) for index in range(len(node.inputs))]
    axes = values[0].axes
    axis = _count(node, "axis", 1) % len(values[0].dims)
    if any(one.axes != axes for one in values) or axis != (
        axes.index("C") if len(axes) == 4 else 1
    ):
        raise PresetError(f"joins along axis {axis}; expected that of the channels")
    return build.piece(node, ops.Concatenate(), *values)


def _arithmetic(build: _Builder, node: OnnxNode) -> _Value:
    """Add, Sub, Mul, Div: of two units, or of units and constants, channel by channel."""
    found = [build.values[name] for name in node.inputs if name]
    if len(found) != 2:
        raise PresetError(f"has {len(found)} inputs; expected 2")
    units = [one for one in found if isinstance(one, _Value)]
    if len(units) == 2:
        if node.op not in ("Add", "Mul"):
            raise PresetError(f"of two layers is not known here{_REMEDY}")
        if units[0].axes != units[1].axes:
            raise PresetError(f"has inputs of {show(units[0].dims)} and {show(units[1].dims)}")
        if node.op == "Add":
            return build.piece(node, ops.Sum(), *units)
        return _gated(build, *units) or build.piece(node, ops.Product(), *units)
    (value,) = units
    number = next(one for one in found if not isinstance(one, _Value))
    value = build.row(node, value)
    each = _per_channel(number, value)
    one, zero = np.ones_like(each), np.zeros_like(each)
    first = found[0] is not value and not isinstance(found[0], _Value)
    if node.op == "Add":
        return build.scaled(node, value, one, each)
    if node.op == "Sub":
        return build.scaled(node, value, -one if first else one, each if first else -each)
    if node.op == "Mul":
        return build.scaled(node, value, each, zero)
    if first or not each.all():
        raise PresetError(f"divides by units, or by 0{_REMEDY}")
    return build.scaled(node, value, 1 / each, zero)


def _gated(build: _Builder, a: _Value, b: _Value) -> _Value | None:
    """x · sigmoid(x) as one layer, which exporters write as two; None for another product."""
    for units, gate in ((a, b), (b, a)):
        piece = build.pieces.get(gate.piece)
        if piece and gate.alone and piece.inputs == (units.piece,):
            if isinstance(piece.operation, ops.Identity) and piece.activation == "sigmoid":
                return build.replaced(gate, operation=ops.Swish(), activation="identity")
            if piece.operation == ops.HardSigmoid(_SIXTH, 0.5) and piece.activation == "identity":
                return build.replaced(gate, operation=ops.Swish(hard=True))
    return None


def _per_channel(number: Constant, value: _Value) -> NDArray[np.float64]:
    """A constant as one number for each channel."""
    channels, dims = value.shape.channels, value.dims
    place = value.axes.index("C") if len(value.axes) == 4 else 1
    shape = [1] * (len(dims) - number.ndim) + list(number.shape)
    expected = [1] * len(dims)
    expected[place] = channels
    if shape not in (expected, [1] * len(dims)):
        words = f"is with {show(number.shape)} numbers"
        raise PresetError(f"{words}; expected one, or one for each of {channels} channels")
    return np.array(np.broadcast_to(number.reshape(-1), (channels,)), np.float64)


def _activation(name: str) -> "Handler":
    """An activation of this program: part of the layer that it alone reads."""

    def handler(build: _Builder, node: OnnxNode) -> _Value:
        value = build.unit(node)
        if build.plain(value):
            return build.replaced(value, activation=name)
        found = build.piece(node, ops.Identity(), value)
        return build.replaced(found, activation=name)

    return handler


def _curve(make: Callable[[OnnxNode], ImageOperation]) -> "Handler":
    return lambda build, node: build.piece(node, make(node), build.unit(node))


def _leaky(build: _Builder, node: OnnxNode) -> _Value:
    return build.piece(node, ops.LeakyRelu(_real(node, "alpha", 0.01)), build.unit(node))


def _parametric(build: _Builder, node: OnnxNode) -> _Value:
    """PRelu with one slope for all channels."""
    slopes = np.unique(build.constant(node, 1, "a slope"))
    if len(slopes) != 1:
        raise PresetError(f"has a slope for each channel{_REMEDY}")
    return build.piece(node, ops.LeakyRelu(float(slopes[0])), build.unit(node))


def _elu(build: _Builder, node: OnnxNode) -> _Value:
    alpha = _real(node, "alpha", 1.0)
    if alpha == 1:
        return _activation("elu")(build, node)
    return build.piece(node, ops.Elu(alpha), build.unit(node))


def _selu(node: OnnxNode) -> ImageOperation:
    return ops.Elu(_real(node, "alpha", 1.67326319), _real(node, "gamma", 1.05070102))


def _gelu(build: _Builder, node: OnnxNode) -> _Value:
    if node.attributes.get("approximate", "none") != "none":
        raise PresetError(f"is approximated{_REMEDY}")
    return _activation("gelu")(build, node)


def _clipped(build: _Builder, node: OnnxNode) -> _Value:
    limits = []
    for index, (name, default) in enumerate((("min", -math.inf), ("max", math.inf)), 1):
        given = build.optional(node, index, name)
        found = node.attributes.get(name, default) if given is None else given
        if np.size(found) != 1 or not isinstance(found, int | float | np.ndarray):
            raise PresetError(f"has for {name} what is not one number")
        limits.append(float(np.reshape(found, ())))
    if limits == [0, math.inf]:
        return _activation("relu")(build, node)
    return build.piece(node, ops.Clip(*limits), build.unit(node))


def _softmax(build: _Builder, node: OnnxNode) -> _Value:
    value = build.row(node, build.unit(node))
    default = 1 if build.graph.version < 13 else -1
    axis = _count(node, "axis", default) % len(value.dims)
    single = value.shape.size == value.shape.channels
    place = value.axes.index("C") if len(value.axes) == 4 else 1
    if axis != place and not (build.graph.version < 13 and axis == 1 and single):
        raise PresetError(f"is along axis {axis}; expected that of the channels")
    return build.piece(node, ops.Softmax(node.op == "LogSoftmax"), value)


def _neighbours(build: _Builder, node: OnnxNode) -> _Value:
    operation = ops.ResponseNorm(
        _count(node, "size", 0),
        _real(node, "alpha", 1e-4),
        _real(node, "beta", 0.75),
        _real(node, "bias", 1.0),
    )
    return build.piece(node, operation, build.grid(node))


def _padded(build: _Builder, node: OnnxNode) -> _Value:
    value = build.grid(node)
    pads = build.integers(node, "pads", 1)
    if len(node.inputs) > 3 and node.inputs[3]:
        raise PresetError(f"names the axes that it pads{_REMEDY}")
    if len(pads) != 8 or any(pads[i] for i in (0, 1, 4, 5)):
        raise PresetError(f"has pads {show(pads)}; expected rows and columns only")
    fill = build.optional(node, 2, "a value")
    if fill is not None and (fill.size != 1 or not np.isfinite(fill).all()):
        raise PresetError("has no value to fill with that is a number")
    filled = _real(node, "value", 0.0) if fill is None else float(fill.reshape(()))
    mode = node.attributes.get("mode") or "constant"
    return build.piece(node, ops.Pad2d((pads[2], pads[3], pads[6], pads[7]), mode, filled), value)


def _same(build: _Builder, node: OnnxNode) -> _Value:
    return build.unit(node)


def _flattened(build: _Builder, node: OnnxNode) -> _Value:
    value = build.unit(node)
    axis = _count(node, "axis", 1)
    if axis not in (1, 1 - len(value.dims)):
        raise PresetError(f"is from axis {axis}; expected 1")
    return value._replace(axes=value.order)


def _reshaped(build: _Builder, node: OnnxNode) -> _Value:
    value = build.unit(node)
    wanted = list(build.integers(node, "shape", 1))
    for place, side in enumerate(wanted):
        if side == 0 and place < len(value.dims) and not _count(node, "allowzero", 0):
            wanted[place] = value.dims[place]
    return _as_dims(build, node, value, wanted)


def _as_dims(build: _Builder, node: OnnxNode, value: _Value, wanted: list[int]) -> _Value:
    """Units in another shape, which the file says."""
    size, words = value.shape.size, f"makes {show(tuple(wanted))} of {show(value.dims)}"
    known = math.prod(side for side in wanted if side > 0)
    if wanted.count(-1) == 1 and known and size % known == 0:
        wanted[wanted.index(-1)] = size // known
    if len(wanted) in (2, 4) and wanted[0] not in (1, -1) and math.prod(wanted[1:]) == size:
        wanted[0] = 1  # a fixed batch
    if any(side < 1 for side in wanted) or math.prod(wanted) != size:
        raise PresetError(f"{words}{_REMEDY}")
    if tuple(wanted) == value.dims:
        return value
    if wanted == [1, size]:
        return value._replace(axes=value.order)
    if len(wanted) == 4 and wanted[0] == 1:
        _, channels, rows, columns = wanted
        if (channels, rows, columns) == value.shape and value.order == "CHW":
            return value._replace(axes="NCHW")
        if (columns, channels, rows) == value.shape and value.order == "HWC":
            return value._replace(axes="NHWC")
        if value.order == "CHW":
            shape = Shape(channels, rows, columns)
            return build.piece(node, ops.Reshape(shape), value)._replace(axes="NCHW")
    raise PresetError(f"{words}{_REMEDY}")


def _turned(build: _Builder, node: OnnxNode) -> _Value:
    value, order = build.unit(node), build.integers(node, "perm")
    if len(order) == len(value.axes) == 4 and sorted(order) == [0, 1, 2, 3]:
        axes = "".join(value.axes[place] for place in order)
        if axes in ("NCHW", "NHWC"):
            return value._replace(axes=axes)
    if len(value.axes) == 3 and order == (0, 1):
        return value
    raise PresetError(f"turns the axes of {show(value.dims)} to {show(order)}{_REMEDY}")


def _squeezed(build: _Builder, node: OnnxNode) -> _Value:
    """Squeeze and Unsqueeze of axes with one place."""
    value, axes = build.unit(node), build.integers(node, "axes", 1)
    dims = list(value.dims)
    if node.op == "Unsqueeze":
        places = sorted(axis % (len(dims) + len(axes)) for axis in axes)
        for axis in places:
            dims.insert(axis, 1)
    else:
        places = sorted({axis % len(dims) for axis in axes}, reverse=True)
        if not axes or any(dims[axis] != 1 for axis in places):
            raise PresetError(f"of {show(value.dims)} along {show(axes)}{_REMEDY}")
        for axis in places:
            del dims[axis]
    return _as_dims(build, node, value, dims)


Handler = Callable[[_Builder, OnnxNode], _Value]
HANDLERS: dict[str, Handler] = {
    "Conv": _conv,
    "Gemm": _gemm,
    "MatMul": _product,
    "MaxPool": _pool,
    "AveragePool": _pool,
    "GlobalAveragePool": _global_average,
    "ReduceMean": _mean,
    "BatchNormalization": _normalized,
    "LRN": _neighbours,
    "Concat": _joined,
    **dict.fromkeys(("Add", "Sub", "Mul", "Div"), _arithmetic),
    "Relu": _activation("relu"),
    "Sigmoid": _activation("sigmoid"),
    "Tanh": _activation("tanh"),
    "Softplus": _activation("softplus"),
    "Sin": _activation("sin"),
    "Cos": _activation("cos"),
    "Abs": _activation("abs"),
    "Gelu": _gelu,
    "Elu": _elu,
    "Selu": _curve(_selu),
    "LeakyRelu": _leaky,
    "PRelu": _parametric,
    "Clip": _clipped,
    "HardSigmoid": _curve(
        lambda node: ops.HardSigmoid(_real(node, "alpha", 0.2), _real(node, "beta", 0.5))
    ),
    "HardSwish": _curve(lambda node: ops.Swish(hard=True)),
    "Swish": _curve(lambda node: ops.Swish()),
    "Softmax": _softmax,
    "LogSoftmax": _softmax,
    "Pad": _padded,
    "Flatten": _flattened,
    "Reshape": _reshaped,
    "Squeeze": _squeezed,
    "Unsqueeze": _squeezed,
    "Transpose": _turned,
    **dict.fromkeys(("Identity", "Dropout", "Cast"), _same),
}


# Constants that the file computes: shapes, mostly


def _given(build: _Builder, node: OnnxNode) -> Constant:
    tensor = node.attributes.get("value")
    if isinstance(tensor, Tensor):
        return tensor.array()
    for name in ("value_float", "value_int", "value_floats", "value_ints"):
        found = node.attributes.get(name)
        if isinstance(found, int | float | tuple):
            return np.asarray(found)
    raise ValueError("has no value that is a number")


def _args(build: _Builder, node: OnnxNode) -> list[Any]:
    return [build.values[name] for name in node.inputs if name]


def _small(*arrays: Constant) -> None:
    """Raise ValueError where the result of arithmetic might be large."""
    if math.prod(np.broadcast_shapes(*(array.shape for array in arrays))) > MAX_FOLDED:
        raise ValueError(f"more than {MAX_FOLDED} numbers")


def _calculated(function: Callable[[Constant, Constant], Constant]) -> "Fold":
    def fold(build: _Builder, node: OnnxNode) -> Constant:
        a, b = _args(build, node)
        _small(a, b)
        return function(a, b)

    return fold


def _quotient(a: Constant, b: Constant) -> Constant:
    if not np.all(b):
        raise ValueError("divides by 0")
    return np.asarray(a // b if a.dtype.kind == b.dtype.kind == "i" else a / b)


def _cast(build: _Builder, node: OnnxNode) -> Constant:
    (array,) = _args(build, node)
    kinds = {1: np.float32, 10: np.float32, 11: np.float64, 6: np.int64, 7: np.int64}
    kind: Any = kinds.get(_count(node, "to", 1))
    if kind is None:
        raise ValueError(f"to type {node.attributes.get('to')}; expected numbers")
    return np.asarray(array.astype(kind))


def _picked(build: _Builder, node: OnnxNode) -> Constant:
    array, index = _args(build, node)
    if array.ndim != 1 or index.size > 64:
        raise ValueError("expected a list and an index")
    return np.asarray(array[index])


def _cut(build: _Builder, node: OnnxNode) -> Constant:
    array = _args(build, node)[0]
    starts, ends = build.integers(node, "starts", 1), build.integers(node, "ends", 2)
    steps = build.integers(node, "steps", 4)
    if array.ndim != 1 or len(starts) != 1 or len(ends) != 1 or steps not in ((), (1,)):
        raise ValueError("expected a part of a list")
    return np.asarray(array[starts[0] : ends[0]])


def _put_together(build: _Builder, node: OnnxNode) -> Constant:
    parts = _args(build, node)
    if sum(part.size for part in parts) > MAX_FOLDED:
        raise ValueError(f"more than {MAX_FOLDED} numbers")
    return np.concatenate(parts, axis=_count(node, "axis", 0))


def _moved(build: _Builder, node: OnnxNode) -> Constant:
    array, order = _args(build, node)[0], build.integers(node, "perm")
    return np.transpose(array, order or None)


def _shaped(build: _Builder, node: OnnxNode) -> Constant:
    return np.asarray(np.reshape(_args(build, node)[0], build.integers(node, "shape", 1)))


def _expanded(build: _Builder, node: OnnxNode) -> Constant:
    return np.expand_dims(_args(build, node)[0], build.integers(node, "axes", 1))


def _reduced(build: _Builder, node: OnnxNode) -> Constant:
    return np.asarray(np.squeeze(_args(build, node)[0], build.integers(node, "axes", 1) or None))


Fold = Callable[[_Builder, OnnxNode], Constant]
_FOLDED: dict[str, Fold] = {
    "Constant": _given,
    "Identity": lambda build, node: _args(build, node)[0],
    "Cast": _cast,
    "Gather": _picked,
    "Slice": _cut,
    "Concat": _put_together,
    "Transpose": _moved,
    "Reshape": _shaped,
    "Squeeze": _reduced,
    "Unsqueeze": _expanded,
    "Add": _calculated(np.add),
    "Sub": _calculated(np.subtract),
    "Mul": _calculated(np.multiply),
    "Div": _calculated(_quotient),
}
