"""Files of numbers: .safetensors and .npz, read within bounds and without pickle, and written.

    bytes -> read_tensors() -> Tensors (float32 arrays by name, texts by name)
    Tensors -> safetensors_bytes(), npz_bytes() -> the same bytes every time

Nothing in a file is trusted: names, shapes, types and sizes are checked before memory is allocated,
so that what is allocated is a small multiple of the file's size at most.
"""

import io
import json
import math
import re
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.image_models import KNOWN, NODES, SUFFIXES
from cppn_gl.nn.layers import MAX_DEPTH, MAX_WEIGHT, MAX_WIDTH
from cppn_gl.utils.checks import PresetError, show
from cppn_gl.utils.files import read_plain

MAX_FILE = 272 * 2**20  # bytes; the largest network in training, four times in float32: 269 MB
MAX_UNPACKED = 144 * 2**20  # of an .npz file; the largest network in float64 has 134.5 MB
MAX_TENSORS = 8 * MAX_DEPTH + 16
MAX_GRAPH_TENSORS = 4096  # of a network that is a graph, in a .safetensors file
MAX_HEADER = 2**20  # bytes of a safetensors header or a zip directory
MAX_NAME, MAX_TEXT = 200, 4000  # characters
GRAPH, MAX_GRAPH = "graph", 99_999  # a longer text (graph_file.py), and its characters
LONG = (GRAPH, NODES, "names")  # texts that may be as long
NORMS = "norms."  # tensors of normalisations, which stay float64
_KERNELS = re.compile(r"layers\.\d{1,4}\.weight")  # of a graph: of four dimensions
_MAX_TAPS = 11
MOMENTS, RAW = "moments.", "raw."  # tensors of an optimizer, and parameters as it has them
HISTORY, MAX_HISTORY = "history.", 2**13  # tensors of measures, not of layers, and their rows

Floats = NDArray[np.float32]

PICKLES = (".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".bin")  # refused: see format_of
_TYPES = {"F16": "<f2", "BF16": "<u2", "F32": "<f4", "F64": "<f8"}
# Files of other programs, and what can be read instead.
OTHERS = {
    **dict.fromkeys(
        (".h5", ".keras", ".pb", ".tflite"),
        "tf2onnx.convert.from_keras(model, output_path='net.onnx')",
    ),
    ".mlmodel": "export the network it was made of as .onnx",
    ".pt2": "torch.onnx.export(model, (picture,), 'net.onnx')",
}
_CONVERT = """\
import torch, safetensors.torch
model = torch.load("net.pt", weights_only=True)  # a state dict, or a dict that holds one
safetensors.torch.save_file(model, "net.safetensors")"""


@dataclass(frozen=True)
class Tensors:
    """The content of a file: float32 arrays of one or two dimensions, and texts, by name.

    Kernels of a graph have four dimensions, and its normalisations are float64.
    """

    arrays: dict[str, Floats]
    texts: dict[str, str] = field(default_factory=dict)


def read_bytes(path: Path) -> bytes:
    """The bytes of a regular file of at most MAX_FILE. Raises PresetError with the file."""
    data = read_plain(path, MAX_FILE)
    if data is None:
        largest = f"{MAX_DEPTH} layers of {MAX_WIDTH} units"
        problem = f"larger than {MAX_FILE >> 20} MiB, which no network of up to {largest} is"
        raise PresetError(problem, source=str(path))
    return data


def format_of(name: str) -> str:
    """The suffix of a network file, in lower case. Raises ValueError if it cannot be read."""
    suffix = Path(name).suffix.lower()
    if suffix in READERS:
        return suffix
    if suffix in PICKLES:
        convert = "; ".join(line.partition("  #")[0] for line in _CONVERT.splitlines())
        raise ValueError(f"a pickle can run any program, so none is read; convert it: {convert}")
    named = ", ".join((*READERS, *SUFFIXES))
    raise ValueError(f"not the name of a network; expected {named}, or {' or '.join(KNOWN)}")


def read_tensors(data: bytes, suffix: str) -> Tensors:
    """The content of a file's bytes. Raises ValueError, in one line."""
    return READERS[suffix](data)


def read_state(data: bytes) -> Tensors:
    """The content of a .safetensors file that holds a network of pictures, of any layers.

    Arrays of integers, which count batches, are left out. Raises ValueError, in one line.
    """
    return _read_safetensors(data, pictures=True)


def _numbers(name: str, raw: NDArray[Any]) -> Floats:
    """An array as float32. Raises ValueError for numbers that no layer can hold.

    Those of a training may be larger: the squares that an optimizer keeps, up to infinity.
    """
    if name.startswith(NORMS) and raw.dtype.kind == "f":
        if not np.isfinite(raw).all():
            raise ValueError(f"{show(name)} holds NaN or infinity")
        return cast(Floats, np.array(raw, np.float64))
    if raw.dtype.kind == "u":  # bfloat16: the upper half of a float32
        raw = (raw.astype(np.uint32) << 16).view(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        array = np.array(raw, np.float32, order="C")
        if name.startswith((RAW, MOMENTS)) and not np.isnan(raw).any():
            array.flags.writeable = False
            return array
        if not np.isfinite(raw).all():
            raise ValueError(f"{show(name)} holds NaN or infinity")
        if not (np.abs(array) <= MAX_WEIGHT).all():
            raise ValueError(f"{show(name)} holds numbers beyond ±{MAX_WEIGHT:g}")
    array.flags.writeable = False
    return array


def _check_shape(name: str, shape: tuple[int, ...], pictures: bool = False) -> None:
    """`pictures`: of a network that sees them, whose layers have other limits."""
    if pictures and len(shape) <= 4 and all(1 <= side <= MAX_FILE for side in shape):
        return
    if name.startswith(HISTORY) and len(shape) == 2 and max(shape) <= MAX_HISTORY:
        return
    if len(shape) == 4 and _KERNELS.fullmatch(name):
        most = (MAX_WIDTH, MAX_WIDTH, _MAX_TAPS, _MAX_TAPS)
        if all(1 <= side <= limit for side, limit in zip(shape, most, strict=True)):
            return
    if len(shape) not in (1, 2) or not all(1 <= side <= MAX_WIDTH for side in shape):
        problem = f"expected a matrix or a vector with up to {MAX_WIDTH} units a layer"
        raise ValueError(f"{show(name)} has shape {shape_words(shape)}; {problem}")


def shape_words(shape: Iterable[int]) -> str:
    """(64, 2), also of a list, and not too long."""
    return show(tuple(shape)).replace("[", "(").replace("]", ")")


def _check_name(name: str) -> None:
    if len(name) > MAX_NAME or not name.isprintable():
        raise ValueError(f"{show(name)} is no name for a tensor")


# safetensors: 8 bytes with the length of the header, the header in JSON, the numbers


def _read_safetensors(data: bytes, *, pictures: bool = False) -> Tensors:
    from safetensors import SafetensorError, deserialize

    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > len(data) - 8:
        raise ValueError("not a safetensors file, or cut short")
    if length > MAX_HEADER:
        raise ValueError(f"a header of {length} bytes; a network has {MAX_HEADER} at most")
    try:
        header = json.loads(data[8 : 8 + length].decode(), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        words = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise ValueError(f"not a safetensors file: its header: {words}") from None
    if not isinstance(header, dict):
        raise ValueError("not a safetensors file: its header is no JSON object")
    texts = _texts(header.pop("__metadata__", {}))
    counters = {n for n, one in header.items() if pictures and _is_counter(one)}
    pictures = pictures or NODES in texts
    if not pictures and GRAPH not in texts and any(map(_is_kernel, header.values())):
        problem = "kernels of convolutions: the weights of a network that sees pictures"
        raise ValueError(f"{problem}; list its layers in a preset, as [[network.nodes]]")
    for name, entry in header.items():
        _check_name(name)
        if name not in counters:
            _check_entry(name, entry, pictures)
    most = MAX_GRAPH_TENSORS if pictures or GRAPH in texts else MAX_TENSORS
    if len(header) > most:
        raise ValueError(f"{len(header)} tensors; a network has {most} at most")
    try:
        # Which checks that the parts fit the file and each other.
        found = deserialize(data)  # type: ignore[no-untyped-call]
    except (SafetensorError, ValueError, OverflowError) as error:
        raise ValueError(f"a damaged safetensors file: {_first_line(error)}") from None
    arrays = {name: _array(name, entry) for name, entry in found if name not in counters}
    return Tensors(arrays, texts)


def _is_kernel(entry: Any) -> bool:
    """Whether an entry has the shape of a convolution's kernels."""
    shape = entry.get("shape") if isinstance(entry, dict) else None
    return isinstance(shape, list) and len(shape) == 4


def _is_counter(entry: Any) -> bool:
    """Whether an entry is of integers, such as a normalisation's number of batches."""
    kind = entry.get("dtype") if isinstance(entry, dict) else None
    return isinstance(kind, str) and kind.startswith(("I", "U"))


def _array(name: str, entry: Mapping[str, Any]) -> Floats:
    raw = np.frombuffer(entry["data"], _TYPES[entry["dtype"]]).reshape(entry["shape"])
    return _numbers(name, raw)


def _first_line(error: Exception) -> str:
    return show(str(error).partition("\n")[0], 160)[1:-1]


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{show(name)} occurs twice")
        found[name] = value
    return found


def _texts(metadata: Any) -> dict[str, str]:
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise ValueError("its metadata are not texts")
    return {name: value for name, value in metadata.items() if len(value) <= _longest(name)}


def _longest(name: str) -> int:
    """The characters that a text of this name can have."""
    return MAX_GRAPH if name in LONG else MAX_TEXT


def _check_entry(name: str, entry: Any, pictures: bool) -> None:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"{show(name)}: expected dtype, shape and data_offsets")
    kind, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(kind, str) or kind not in _TYPES:
        raise ValueError(f"{show(name)} is of type {show(kind)}; expected {', '.join(_TYPES)}")
    if not all(isinstance(n, list) and all(type(i) is int for i in n) for n in (shape, offsets)):
        raise ValueError(f"{show(name)}: shape and data_offsets are not lists of integers")
    _check_shape(name, tuple(shape), pictures)


def safetensors_bytes(tensors: Tensors) -> bytes:
    """A .safetensors file: float32 (normalisations float64), in the order of the names.

    The library's own writer orders metadata by chance; files of the same network are the same here.
    """
    entries: dict[str, Any] = {}
    if tensors.texts:
        entries["__metadata__"] = dict(sorted(tensors.texts.items()))
    start, parts = 0, []
    for name, array in tensors.arrays.items():
        kind = "F64" if name.startswith(NORMS) else "F32"
        part = np.ascontiguousarray(array, _TYPES[kind]).tobytes()
        offsets = [start, start + len(part)]
        entries[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": offsets}
        start += len(part)
        parts.append(part)
    header = json.dumps(entries, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)  # so that the numbers are aligned
    return b"".join((len(header).to_bytes(8, "little"), header, *parts))


# npz: a zip archive of .npy files, each a header that looks like a Python dict, and the numbers

_END, _ENTRY, _LOCAL = b"PK\x05\x06", b"PK\x01\x02", b"PK\x03\x04"
_STORED, _DEFLATED = 0, 8
_NPY = re.compile(
    rb"\{\s*'descr':\s*(?P<descr>'[^']{1,16}'|\[.*\]),\s*'fortran_order':\s*(?P<order>True|False),"
    rb"\s*'shape':\s*\((?P<shape>[\d, ]{0,80})\),?\s*\}\s*",
    re.DOTALL,
)
_NPY_HEADER = 12 + 2**12  # bytes at most
_MEMBER = 8 * MAX_WIDTH**2 + 2**16  # bytes of a member at most


def _read_npz(data: bytes) -> Tensors:
    arrays, texts = {}, {}
    for name, content in _members(data):
        name = name.removesuffix(".npy")
        _check_name(name)
        if name in arrays or name in texts:
            raise ValueError(f"{show(name)} occurs twice")
        found = _read_npy(name, content)
        if isinstance(found, str):
            texts[name] = found
        else:
            arrays[name] = found
    return Tensors(arrays, texts)


def _members(data: bytes) -> Iterator[tuple[str, "_Member"]]:
    """The members of a zip archive by name, from its directory at the end."""
    end = len(data) - 22
    if end < 0 or data[end : end + 4] != _END:
        raise ValueError("not an npz file, or cut short")
    count, size, start = struct.unpack("<HII", data[end + 10 : end + 20])
    if count > MAX_TENSORS or size > MAX_HEADER:
        raise ValueError(f"{count} arrays; a network has {MAX_TENSORS} at most")
    if start + size != end:
        raise ValueError("a damaged npz file: its directory is not where it says")
    at, total = start, 0
    for _ in range(count):
        if at + 46 > end or data[at : at + 4] != _ENTRY:
            raise ValueError("a damaged npz file: its directory is cut short")
        flags, method = struct.unpack("<HH", data[at + 8 : at + 12])
        crc, packed, unpacked, name, extra, comment = struct.unpack(
            "<IIIHHH", data[at + 16 : at + 34]
        )
        (local,) = struct.unpack("<I", data[at + 42 : at + 46])
        try:
            word = data[at + 46 : at + 46 + name].decode("utf-8" if flags & 0x800 else "cp437")
        except UnicodeDecodeError:
            raise ValueError("a damaged npz file: a name is not UTF-8") from None
        if flags & 1 or method not in (_STORED, _DEFLATED):
            raise ValueError(f"{show(word)} is encrypted, or not compressed by deflate")
        if packed > _MEMBER or unpacked > _MEMBER:
            raise ValueError(
                f"{show(word)} is larger than any layer: {max(packed, unpacked)} bytes"
            )
        total += unpacked
        if total > MAX_UNPACKED:
            raise ValueError(f"its arrays have more than {MAX_UNPACKED >> 20} MiB")
        yield word, _Member(data, local, packed, unpacked, method == _DEFLATED, crc)
        at += 46 + name + extra + comment
    if at != end:
        raise ValueError("a damaged npz file: its directory does not end where it says")


@dataclass(frozen=True)
class _Member:
    """A member of a zip archive, of which never more is unpacked than what is asked for."""

    data: bytes
    local: int
    packed: int
    unpacked: int
    deflated: bool
    crc: int

    def read(self, limit: int) -> bytes:
        """The first bytes, up to `limit`; checked by their CRC if these are all."""
        head = self.data[self.local : self.local + 30]
        if len(head) < 30 or head[:4] != _LOCAL:
            raise ValueError("a damaged npz file: a member is not where it should be")
        name, extra = struct.unpack("<HH", head[26:30])
        start = self.local + 30 + name + extra
        if start + self.packed > len(self.data):
            raise ValueError("a damaged npz file: a member is cut short")
        content = memoryview(self.data)[start : start + self.packed]
        if self.deflated:
            try:
                unpacked = zlib.decompressobj(-15).decompress(content, limit)
            except zlib.error as error:
                raise ValueError(f"a damaged npz file: {error}") from None
        else:
            unpacked = bytes(content[:limit])
        if len(unpacked) == limit < self.unpacked:
            return unpacked
        if len(unpacked) != self.unpacked or zlib.crc32(unpacked) != self.crc:
            raise ValueError("a damaged npz file: a member is not what its checksum says")
        return unpacked


def _read_npy(name: str, member: _Member) -> Floats | str:
    """An array of numbers; a single text is a text."""
    head = member.read(_NPY_HEADER)
    wide = 4 if head[6:7] > b"\1" else 2
    length = int.from_bytes(head[8 : 8 + wide], "little")
    start = 8 + wide + length
    matched = _NPY.fullmatch(head, 8 + wide, start) if start <= len(head) else None
    if not head.startswith(b"\x93NUMPY") or matched is None:
        raise ValueError(f"{show(name)} is not an array (.npy)")
    descr = matched["descr"].decode("ascii", "replace").strip("'")
    shape = tuple(int(side) for side in re.findall(r"\d+", matched["shape"].decode()))
    text = re.fullmatch(r"[<>|=]?U(\d{1,5})", descr)
    if text and shape in ((), (1,)) and int(text[1]) <= _longest(name):
        raw = _exactly(name, member, start, 4 * int(text[1]))
        order: Any = "utf-32-be" if descr[0] == ">" else "utf-32-le"
        try:
            return raw.decode(order).rstrip("\0")
        except UnicodeDecodeError:
            raise ValueError(f"{show(name)} is not a text") from None
    if descr.endswith("O"):
        raise ValueError(f"{show(name)} holds Python objects (pickle), which are never read")
    kind = re.fullmatch(r"[<>|=]?f([248])", descr)
    if kind is None:
        raise ValueError(f"{show(name)} is of type {show(descr)}; expected float16, 32 or 64")
    if not shape:  # a single number, as in metadata
        (value,) = np.frombuffer(_exactly(name, member, start, int(kind[1])), descr)
        return repr(float(value))
    _check_shape(name, shape)
    raw = _exactly(name, member, start, int(kind[1]) * math.prod(shape))
    order = "F" if matched["order"] == b"True" else "C"
    return _numbers(name, np.frombuffer(raw, descr).reshape(shape, order=order))


def _exactly(name: str, member: _Member, start: int, count: int) -> bytes:
    """The `count` bytes of an array after its header. Raises ValueError if there are others."""
    if member.unpacked != start + count:
        raise ValueError(f"{show(name)} has {member.unpacked - start} bytes; expected {count}")
    return member.read(start + count)[start:]


def npz_bytes(tensors: Tensors) -> bytes:
    """An .npz file: as `safetensors_bytes`, with the texts as arrays of one text.

    Raises PresetError for arrays that are too many, or too large, to be read again.
    """
    import zipfile

    largest = max((array.nbytes for array in tensors.arrays.values()), default=0)
    if len(tensors.arrays) + len(tensors.texts) > MAX_TENSORS or largest > _MEMBER - 2**12:
        raise PresetError("a network too large for .npz; expected a name that ends in .safetensors")

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        texts = {name: np.array(text) for name, text in sorted(tensors.texts.items())}
        for name, array in (tensors.arrays | texts).items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.asanyarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue())  # of 1980
    return buffer.getvalue()


READERS: dict[str, Callable[[bytes], Tensors]] = {
    ".safetensors": _read_safetensors,
    ".npz": _read_npz,
}
WRITERS: dict[str, Callable[[Tensors], bytes]] = {
    ".safetensors": safetensors_bytes,
    ".npz": npz_bytes,
}
