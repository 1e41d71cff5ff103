"""The content of an .onnx file, as it stands there: nodes, tensors, inputs and outputs by name.

    bytes -> read_graph() -> OnnxGraph

ONNX is a message of Protocol Buffers (onnx.proto, version 3; the wire format is theirs). It is read
here, without the library onnx: nothing has to be installed, and nothing is allocated that the
file's own size does not bound. Numbers stay where they are in the file's bytes until a tensor is
asked for. Nothing is trusted: every fault is a ValueError, in one line.
"""

import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils.checks import show

MAX_FIELDS = 400_000  # of the messages that are read, all together
MAX_INTS = 2**16  # numbers in a list of integers
MAX_NAME = 4000  # bytes
_DAMAGED = "not an ONNX file, or a damaged one"
_EXTERNAL = 1  # TensorProto.data_location
# TensorProto.data_type -> the type of raw data, and the field of other data. bfloat16 is the upper
# half of a float32.
_TYPES: dict[int, tuple[str, int]] = {
    1: ("<f4", 4),
    6: ("<i4", 5),
    7: ("<i8", 7),
    9: ("|b1", 5),
    10: ("<f2", 5),
    11: ("<f8", 10),
    16: ("<u2", 5),
}
_BFLOAT16 = 16


@dataclass(frozen=True, eq=False)
class Tensor:
    """Numbers in the file: their shape, type, and where they are."""

    name: str
    dims: tuple[int, ...]
    kind: int
    data: memoryview
    packed: bool  # raw bytes; else a list of integers of variable length
    external: bool = False

    def array(self) -> NDArray[Any]:
        """The numbers: float32, float64, int64 or bool. Raises ValueError if they do not fit."""
        where = show(self.name)
        if self.external:
            raise ValueError(f"{where} is in another file; save the network as a single file")
        if self.kind not in _TYPES:
            raise ValueError(f"{where} is of type {self.kind}; expected float or integer numbers")
        count = math.prod(self.dims)
        if self.packed:
            kind = np.dtype(_TYPES[self.kind][0])
            if len(self.data) != count * kind.itemsize:
                problem = f"{len(self.data)} bytes; its shape {show(self.dims)} has {count} numbers"
                raise ValueError(f"{where} has {problem}")
            flat = np.frombuffer(self.data, kind)
        else:
            flat = _from_integers(list(_varints(self.data)), self.kind)
            if len(flat) != count:
                raise ValueError(f"{where} has {len(flat)} numbers; its shape {show(self.dims)}")
        if self.kind == _BFLOAT16:
            flat = (flat.astype(np.uint32) << 16).view(np.float32)
        elif flat.dtype.kind == "i":
            flat = flat.astype(np.int64)
        elif flat.dtype == np.float16:
            flat = flat.astype(np.float32)
        return flat.reshape(self.dims)


@dataclass(frozen=True, eq=False)
class OnnxNode:
    """An operation: what it reads and gives, by name, and its attributes."""

    op: str
    name: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class OnnxGraph:
    """A file's graph. inputs: their sizes; None for one that is free. version: of the operators.

    size: bytes of the file.
    """

    nodes: tuple[OnnxNode, ...]
    tensors: Mapping[str, Tensor]
    inputs: Mapping[str, tuple[int | None, ...]]
    outputs: tuple[str, ...]
    version: int
    producer: str
    size: int


class _Reader:
    """Reads the fields of messages, and counts them."""

    def __init__(self) -> None:
        self.most = self.left = MAX_FIELDS

    def fields(self, data: memoryview) -> Iterator[tuple[int, Any]]:
        """Number and value of each field: an integer, or the bytes that it takes."""
        at, end = 0, len(data)
        while at < end:
            self.left -= 1
            if self.left < 0:
                raise ValueError(f"more than {self.most} entries, which no network has")
            key, at = _varint(data, at)
            number, wire = key >> 3, key & 7
            if wire == 0:
                value, at = _varint(data, at)
                yield number, value
                continue
            if wire == 2:
                length, at = _varint(data, at)
            elif wire in (1, 5):
                length = 8 if wire == 1 else 4
            else:
                raise ValueError(_DAMAGED)
            if at + length > end or not number:
                raise ValueError(_DAMAGED)
            yield number, data[at : at + length]
            at += length

    def grouped(self, data: memoryview, *wanted: int) -> dict[int, list[Any]]:
        """The values of the wanted fields, by number, each a list in the file's order."""
        found: dict[int, list[Any]] = {number: [] for number in wanted}
        for number, value in self.fields(data):
            if number in found:
                found[number].append(value)
        return found


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """An unsigned integer of at most ten bytes, and where the next field begins."""
    value = 0
    for place in range(10):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 127) << 7 * place
        if byte < 128:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
    raise ValueError(_DAMAGED)


def _varints(data: memoryview) -> Iterator[int]:
    """The signed integers of a packed list."""
    at = count = 0
    while at < len(data):
        count += 1
        if count > MAX_INTS:
            raise ValueError(f"a list of more than {MAX_INTS} integers; expected raw data")
        value, at = _varint(data, at)
        yield _signed(value)


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


def _from_integers(values: list[int], kind: int) -> NDArray[Any]:
    name = _TYPES[kind][0]
    if kind in (10, 16):  # the bits of a number with 16
        return np.array([value & 0xFFFF for value in values], np.uint16).view(name)
    return np.array(values, np.int64).astype(name)


def _integers(values: list[Any]) -> tuple[int, ...]:
    """A repeated field of integers, one by one or packed."""
    found: list[int] = []
    for value in values:
        found += [_signed(value)] if isinstance(value, int) else list(_varints(value))
    return tuple(found)


def _text(values: list[Any]) -> str:
    """A field of text: its last value counts; "" without any."""
    if not values:
        return ""
    value = values[-1]
    if isinstance(value, int) or len(value) > MAX_NAME:
        raise ValueError(_DAMAGED)
    try:
        return bytes(value).decode()
    except UnicodeDecodeError:
        raise ValueError(f"{_DAMAGED}: a name is not UTF-8") from None


def _message(values: list[Any]) -> memoryview:
    """A field that is a message: one, and not several that would have to be merged."""
    if len(values) > 1 or any(isinstance(value, int) for value in values):
        raise ValueError(_DAMAGED)
    return values[0] if values else memoryview(b"")


def _number(values: list[Any], default: int = 0) -> int:
    """A field that is an integer."""
    if values and not isinstance(values[-1], int):
        raise ValueError(_DAMAGED)
    return _signed(values[-1]) if values else default


def read_graph(data: bytes) -> OnnxGraph:
    """The graph in a file's bytes. Raises ValueError."""
    read = _Reader()
    model = read.grouped(memoryview(data), 2, 7, 8)
    graph = read.grouped(_message(model[7]), 1, 5, 11, 12, 15)
    if not graph[1]:
        raise ValueError("not an ONNX file, or one without a network")
    if graph[15]:
        raise ValueError("holds sparse tensors; expected plain ones")
    tensors = [_tensor(read, one) for one in graph[5]]
    inputs = dict(_input(read, one) for one in graph[11])
    outputs = [_text(read.grouped(_message([one]), 1)[1]) for one in graph[12]]
    return OnnxGraph(
        tuple(_node(read, one) for one in graph[1]),
        {tensor.name: tensor for tensor in tensors},
        inputs,
        tuple(outputs),
        _version(read, model[8]),
        _text(model[2]),
        len(data),
    )


def _version(read: _Reader, sets: list[Any]) -> int:
    """The version of ONNX's own operators."""
    for one in sets:
        found = read.grouped(_message([one]), 1, 2)
        if _text(found[1]) in ("", "ai.onnx"):
            return _number(found[2])
    return 1


def _input(read: _Reader, data: Any) -> tuple[str, tuple[int | None, ...]]:
    """The name of an input, and its sizes."""
    found = read.grouped(_message([data]), 1, 2)
    tensor = _message(read.grouped(_message(found[2]), 1)[1])
    shape = _message(read.grouped(tensor, 2)[2])
    sizes: list[int | None] = []
    for one in read.grouped(shape, 1)[1]:
        value = _number(read.grouped(_message([one]), 1)[1])
        sizes.append(value if value > 0 else None)
    return _text(found[1]), tuple(sizes)


def _node(read: _Reader, data: Any) -> OnnxNode:
    found = read.grouped(_message([data]), 1, 2, 3, 4, 5, 7)
    attributes = dict(_attribute(read, one) for one in found[5])
    return OnnxNode(
        _text(found[4]),
        _text(found[3]),
        _text(found[7]),
        tuple(_text([one]) for one in found[1]),
        tuple(_text([one]) for one in found[2]),
        attributes,
    )


# AttributeProto.type -> the field of the value
_FLOAT, _INT, _STRING, _TENSOR, _FLOATS, _INTS = 1, 2, 3, 4, 6, 7


def _attribute(read: _Reader, data: Any) -> tuple[str, Any]:
    """Name and value of an attribute; None for a value that no known operation has."""
    found = read.grouped(_message([data]), 1, 2, 3, 4, 5, 7, 8, 20)
    name, kind = _text(found[1]), _number(found[20])
    if kind == _FLOAT:
        return name, _floats(found[2] or [memoryview(bytes(4))])[-1]
    if kind == _INT:
        return name, _number(found[3])
    if kind == _STRING:
        return name, _text(found[4])
    if kind == _TENSOR:
        return name, _tensor(read, _message(found[5]))
    if kind == _FLOATS:
        return name, _floats(found[7])
    if kind == _INTS:
        return name, _integers(found[8])
    return name, None


def _floats(values: list[Any]) -> tuple[float, ...]:
    found: list[float] = []
    for value in values:
        if isinstance(value, int) or len(value) % 4 or len(value) > 4 * MAX_INTS:
            raise ValueError(_DAMAGED)
        found += struct.unpack(f"<{len(value) // 4}f", value)
    return tuple(found)


def _tensor(read: _Reader, data: Any) -> Tensor:
    found = read.grouped(_message([data]), 1, 2, 4, 5, 7, 8, 9, 10, 13, 14)
    name, kind = _text(found[8]), _number(found[2])
    dims = _integers(found[1])
    if len(dims) > 8 or any(side < 0 for side in dims):
        raise ValueError(f"{show(name)} has the shape {show(dims)}")
    external = bool(found[13]) or _number(found[14]) == _EXTERNAL
    if found[9]:
        return Tensor(name, dims, kind, _message(found[9]), packed=True, external=external)
    other = found[_TYPES[kind][1]] if kind in _TYPES else []
    packed = kind in (1, 11)
    return Tensor(name, dims, kind, _message(other), packed=packed, external=external)
