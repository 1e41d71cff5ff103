"""The native library (native/cppn.h): its loader, and its functions on NumPy arrays.

    library() -> Library of this processor's best instruction set, or None
    problem() -> why there is none

`python native/build.py` compiles it to cppn_gl/libcppn.so, .dylib or .dll; wheels contain it.
Calls release the GIL, and may come from several threads.
"""

import copy
import ctypes
import functools
import os
import struct
import sys
import threading
from collections.abc import Sequence
from ctypes import POINTER, byref, c_char_p, c_double, c_float, c_int32, c_int64, c_void_p
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils.arrays import Float32, Float64, Jitter, Size
from cppn_gl.utils.checks import PresetError

ABI = 8  # CPPN_ABI in native/cppn.h
ISAS = ("portable", "avx2", "avx512", "neon")  # in the order of enum cppn_isa
BEST = ("avx512", "avx2", "neon")  # the first that the processor has is used; portable is slow
ISA = "CPPN_GL_ISA"
SWITCH = "CPPN_GL_NATIVE"
MAX_WIDTH = 512  # CPPN_MAX_WIDTH

_SUFFIX = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
PATH = Path(__file__).parents[1] / f"libcppn{_SUFFIX}"
SOURCES = Path(__file__).parents[2] / "native"  # in a checkout


class _Layer(ctypes.Structure):
    _fields_ = (
        ("rows", c_int32),
        ("columns", c_int32),
        ("activation", c_int32),
        ("reserved", c_int32),
        ("packed", c_void_p),
        ("bias", c_void_p),
    )


KINDS = ("r", "wave_x", "wave_y", "x2", "y2", "xy")  # in the order of enum cppn_kind


class _Curved(ctypes.Structure):
    _fields_ = (
        ("kind", c_int32),
        ("sine", c_float),
        ("cosine", c_float),
        ("reserved", c_int32),
        ("half_turns", c_double),
    )


class _Picture(ctypes.Structure):
    _fields_ = (
        ("width", c_int64),
        ("height", c_int64),
        ("left", c_int64),
        ("top", c_int64),
        ("columns", c_int64),
        ("rows", c_int64),
        ("center", c_double * 2),
        ("extent", c_double),
        ("curved_count", c_int32),
        ("depth", c_int32),
        ("samples", c_int32),
        ("reserved", c_int32),
        ("alpha_low", c_float),
        ("alpha_factor", c_float),
        ("curved", POINTER(_Curved)),
        ("jitters", c_void_p),
        ("layers", POINTER(_Layer)),
    )


class Plane(ctypes.Structure):
    """Numbers by row and column: the address of the first, and the distance of rows in floats."""

    _fields_ = (("at", c_void_p), ("row", c_int64))


_SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "abi": (c_int32, ()),
    "isas": (c_int32, ()),
    "activation": (c_int32, (c_char_p,)),
    "pack": (None, (c_int32, c_int32, c_void_p, c_void_p)),
    "tile": (c_int32, ()),
    "scratch": (c_int64, (c_int32,)),
    "draw": (None, (c_int32, POINTER(_Picture), c_int64, c_int64, c_void_p, c_void_p)),
    "quantise": (None, (c_int32, c_int64, c_void_p, c_void_p)),
    "dither": (
        None,
        (c_int32, c_int32, c_int64, c_int64, c_int64, c_int64, c_void_p, c_void_p),
    ),
    "dense": (None, (c_int32, POINTER(_Layer), c_int64, c_void_p, c_void_p, c_void_p)),
    "activate": (None, (c_int32, c_int32, c_int64, c_void_p, c_void_p)),
    "differentiate": (None, (c_int32, c_int32, c_int64, c_void_p, c_void_p)),
    "derivatives": (
        None,
        (c_int32, POINTER(_Layer), c_int32, c_int64, c_void_p, c_void_p, c_void_p, c_void_p),
    ),
    "dense64": (None, (c_int32, c_int32, c_int32, c_void_p, c_int64, c_void_p, c_void_p)),
    # Training: see native_training.py.
    "groups": (c_int32, (c_void_p,)),
    "parts": (c_int32, (c_void_p, c_int32)),
    "training_memory": (c_int64, (c_void_p,)),
    "thread_memory": (c_int64, (c_void_p,)),
    "train": (c_int64, (c_int32, c_void_p, c_int64, c_int64, c_void_p)),
    "train_begin": (None, (c_int32, c_void_p, c_int32, c_void_p)),
    "train_group": (
        None,
        (c_int32, c_void_p, c_int64, c_int32, c_int32, c_int32, c_void_p, c_void_p),
    ),
    "train_loss": (c_float, (c_int32, c_void_p, c_void_p)),
    "train_update": (None, (c_int32, c_void_p, c_int64, c_int32, c_void_p)),
    # Many trainings: see native_many.py.
    "many_memory": (c_int64, (c_void_p,)),
    "train_many": (None, (c_int32, c_void_p, c_int64, c_int64, c_int64, c_int64, c_void_p)),
    # Stages of graphs: see native_conv.py.
    "stage_scratch": (c_int64, (c_void_p,)),
    "stage_rows": (None, (c_int32, c_void_p, c_int64, c_int64, c_void_p)),
    "plane_sums": (None, (c_int32, c_int64, c_int64, Plane, c_double, c_void_p)),
    # Steps of image networks: see native_vision.py.
    "divide": (c_int64, (c_void_p, c_int32)),
    "steps": (None, (c_int32, c_void_p, c_int32, c_void_p, c_void_p)),
    "peak": (c_double, (c_int32, c_int64)),
}


@dataclass(frozen=True, eq=False)
class Dense:
    """A dense layer: weights (rows · columns,) in the library's order, biases (rows,) or none."""

    packed: Float32
    bias: Float32 | None
    rows: int
    activation: int  # the library's number

    @property
    def columns(self) -> int:
        return self.packed.size // self.rows

    @cached_property
    def struct(self) -> _Layer:
        """What the library reads. It points to the arrays."""
        bias = None if self.bias is None else self.bias.ctypes.data
        return _Layer(self.rows, self.columns, self.activation, 0, self.packed.ctypes.data, bias)


class Drawing:
    """A network over a rectangle of a picture, as Library.draw takes it.

    `size`: of the whole picture; `offset` and `part`: of the rectangle, in pixels. `curved`: the
    features of layer 1's columns from the fourth on, each its kind, and a wave's sine, cosine and
    half turns (see cppn.h). `center` and `extent` of the view are used for the kind "r" only.
    `alpha`: low and factor, for a last layer of four rows.
    """

    def __init__(
        self,
        layers: Sequence[Dense],
        size: Size,
        offset: Size,
        part: Size,
        jitters: Sequence[Jitter],
        center: Sequence[float],
        extent: float,
        curved: Sequence[tuple[str, float, float, float]] = (),
        alpha: tuple[float, float] = (0.0, 1.0),
    ):
        assert layers[0].columns == 3 + len(curved)
        self.widest = max(layers[0].columns, *(layer.rows for layer in layers))
        self.channels = 4 if layers[-1].rows == 4 else 3
        self.pixels = part[0] * part[1]
        rows = (_Layer * len(layers))(*(layer.struct for layer in layers))
        offsets = np.array(jitters, np.float64)
        bent = (_Curved * len(curved))(*(_curved(*one) for one in curved))
        self._kept = layers, rows, offsets, bent
        self.struct = _Picture(
            *(*size, *offset, *part),
            (c_double * 2)(*center),
            extent,
            len(curved),
            len(layers),
            len(offsets),
            0,
            *alpha,
            bent,
            offsets.ctypes.data,
            rows,
        )

    def of(self, offset: Size, part: Size) -> "Drawing":
        """The same network over another rectangle of the picture."""
        other = copy.copy(self)
        other.pixels = part[0] * part[1]
        other.struct = _Picture.from_buffer_copy(self.struct)
        other.struct.left, other.struct.top = offset
        other.struct.columns, other.struct.rows = part
        return other


def _curved(kind: str, sine: float, cosine: float, half_turns: float) -> _Curved:
    return _Curved(KINDS.index(kind), sine, cosine, 0, half_turns)


class Library:
    """The library's functions for one instruction set, `isa`, whose number is `number`; `isas`: all
    that can be used."""

    def __init__(self, path: Path, isa: str | None = None):
        self._functions = _load(path)
        have = self._functions.cppn_isas()
        self.isas = tuple(name for bit, name in enumerate(ISAS) if have >> bit & 1)
        best = next((name for name in BEST if name in self.isas), "portable")
        self.isa = isa or best
        if self.isa not in self.isas:
            names = " ".join(self.isas)
            raise PresetError(
                f"{self.isa!r} is not one of {names}, which this processor has", key=ISA
            )
        self.number = ISAS.index(self.isa)
        self.tile: int = self._functions.cppn_tile()
        self._own = threading.local()
        self._sizes: dict[int, int] = {}

    @property
    def fused(self) -> bool:
        """Whether the processor multiplies and adds in one step; otherwise the library is slow."""
        return any(name in self.isas for name in BEST)

    def function(self, name: str) -> Any:
        """A function of the library, without the prefix of its name."""
        return getattr(self._functions, f"cppn_{name}")

    def activation(self, name: str) -> int | None:
        """The number of an activation; None if the library lacks it."""
        number: int = self._functions.cppn_activation(name.encode())
        return number if number >= 0 else None

    def dense_layer(self, weight: Float32, bias: Float32 | None, activation: str) -> Dense:
        """A layer of weights (rows, columns) and biases (rows,), or of none."""
        weight = np.ascontiguousarray(weight, np.float32)
        if bias is not None:
            bias = np.ascontiguousarray(bias, np.float32)
        number = self.activation(activation)
        assert number is not None
        packed = np.empty(weight.size, np.float32)
        self._functions.cppn_pack(*weight.shape, pointer(weight), pointer(packed))
        return Dense(packed, bias, len(weight), number)

    def draw(self, drawing: Drawing, first: int, values: Float32) -> None:
        """Write the values of pixels from `first` on, in reading order, (count, channels)."""
        assert 0 <= first <= drawing.pixels - len(values)
        assert values.shape[1] == drawing.channels
        self._functions.cppn_draw(
            self.number,
            byref(drawing.struct),
            first,
            len(values),
            pointer(values),
            self._scratch(drawing.widest),
        )

    def quantise(self, values: Float32, out: NDArray[np.uint8]) -> None:
        """Write display values as 8-bit values, round(255 v), clamped."""
        assert values.size == out.size
        self._functions.cppn_quantise(self.number, values.size, pointer(values), pointer(out))

    def dither(
        self, picture: Float32, out: NDArray[np.uint8], origin: tuple[int, int] = (0, 0)
    ) -> None:
        """8-bit values with noise of (height, width, 3 or 4) values; `origin`: the first pixel."""
        assert picture.shape == out.shape
        height, width, channels = picture.shape
        self._functions.cppn_dither(
            self.number, channels, width, height, *origin, pointer(picture), pointer(out)
        )

    def dense(self, layer: Dense, units: Float32, out: Float32) -> None:
        """Write pre-activations (count, rows) of units (count, columns)."""
        assert (units.shape, out.shape[1:]) == ((len(out), layer.columns), (layer.rows,))
        scratch = self._scratch(max(layer.rows, layer.columns))
        self._functions.cppn_dense(
            self.number, byref(layer.struct), len(units), pointer(units), pointer(out), scratch
        )

    def activate(self, name: str, x: Float32) -> Float32:
        """An activation of an array."""
        return self._elementwise(self._functions.cppn_activate, name, x)

    def differentiate(self, name: str, x: Float32) -> Float32:
        """The derivative of an activation of an array."""
        return self._elementwise(self._functions.cppn_differentiate, name, x)

    def _elementwise(self, function: Any, name: str, x: Float32) -> Float32:
        x = np.ascontiguousarray(x, np.float32)
        y = np.empty_like(x)
        function(self.number, self.activation(name), x.size, pointer(x), pointer(y))
        return y

    def derivatives(
        self, layers: Sequence[Dense], jets: Float32, *, hidden: bool
    ) -> tuple[list[Float32], Float32]:
        """Forward mode from the variables of layer 1 with derivatives by two coordinates.

        `jets`: (3, count, columns). Returns (3, count, rows) outputs, and with `hidden` before them
        the pre-activations of the other layers, (3, rows, count) each.
        """
        jets = np.ascontiguousarray(jets, np.float32)
        count, rows = jets.shape[1], [layer.rows for layer in layers]
        outputs = np.empty((3, count, rows[-1]), np.float32)
        before = np.empty((3 * sum(rows[:-1]) if hidden else 0, count), np.float32)
        self._functions.cppn_derivatives(
            self.number,
            (_Layer * len(layers))(*(layer.struct for layer in layers)),
            len(layers),
            count,
            pointer(jets),
            pointer(outputs),
            pointer(before) if hidden else None,
            self._scratch(3 * max(*rows, jets.shape[2])),
        )
        ends = 3 * np.cumsum(rows[:-1])
        parts = np.split(before, ends[:-1]) if hidden and len(layers) > 1 else []
        return [part.reshape(3, -1, count) for part in parts], outputs

    def dense64(self, weight: Float64, units: Float64) -> Float64:
        """The products (count, rows) of units (count, columns) and weights, in float64."""
        weight, units = (np.ascontiguousarray(a, np.float64) for a in (weight, units))
        (rows, columns), count = weight.shape, len(units)
        assert units.shape == (count, columns)
        assert columns <= MAX_WIDTH
        out = np.empty((count, rows))
        self._functions.cppn_dense64(
            self.number, rows, columns, pointer(weight), count, pointer(units), pointer(out)
        )
        return out

    def peak(self, count: int) -> float:
        """Run `count` rounds of independent multiply-adds; the number of operations."""
        operations: float = self._functions.cppn_peak(self.number, count)
        return operations

    def _scratch(self, width: int) -> c_void_p:
        """This thread's working memory for layers of up to `width` units."""
        if width not in self._sizes:  # a call would give up the GIL, and wait for it
            self._sizes[width] = self._functions.cppn_scratch(width)
        size = self._sizes[width]
        if getattr(self._own, "size", 0) < size:
            self._own.memory, self._own.size = np.empty(size, np.uint8), size
        return pointer(self._own.memory)


def pointer(array: NDArray[Any]) -> c_void_p:
    """The address of an array that is C-contiguous."""
    assert array.flags.c_contiguous
    return c_void_p(array.ctypes.data)


class NativeError(Exception):
    """The library cannot be used. The message is one line, and says how to mend it."""


def _load(path: Path) -> ctypes.CDLL:
    """The library in a file. Raises NativeError."""
    if SOURCES.is_dir():
        again = "`make native` builds it, or a C compiler and `python native/build.py`"
    else:
        again = "install a C compiler, then cppn_gl again"
    if not path.exists():
        raise NativeError(f"{path.name} is missing: {again}")
    if not _complete(path):
        raise NativeError(f"{path.name} is cut off: {again}")
    try:
        functions = ctypes.CDLL(str(path))
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(functions, f"cppn_{name}")
            function.restype, function.argtypes = result, arguments
            if name == "abi" and function() != ABI:
                raise NativeError(f"{path.name} belongs to another version of cppn_gl: {again}")
    except (OSError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise NativeError(f"{path.name} cannot be loaded ({reason}): {again}") from None
    return functions


def _complete(path: Path) -> bool:
    """Whether a 64-bit ELF file, as on Linux, has its end; loading it without would be a crash.

    The loaders of macOS and Windows check it themselves.
    """
    try:
        with path.open("rb") as stream:
            header = stream.read(64)
    except OSError:
        return True  # the loader says why
    if header[:6] != b"\x7fELF\2\1" or len(header) < 64:
        return True
    (start,) = struct.unpack_from("<Q", header, 0x28)  # the table of sections is the last part
    size, count = struct.unpack_from("<HH", header, 0x3A)
    return bool(path.stat().st_size >= start + size * count)


@functools.cache
def _found() -> tuple[Library | None, str]:
    if os.environ.get(SWITCH) == "0":
        return None, f"switched off by {SWITCH}=0"
    isa = os.environ.get(ISA) or None
    if isa is not None and isa not in ISAS:
        raise PresetError(f"no instruction set {isa!r}; one of {' '.join(ISAS)}", key=ISA)
    try:
        library = Library(PATH, isa)
    except NativeError as error:
        return None, str(error)
    if isa is None and not library.fused:
        return None, "this processor has no fused multiply-add"
    return library, ""


def library() -> Library | None:
    """The library, or None if it cannot be used. Raises PresetError for a wrong CPPN_GL_ISA."""
    return _found()[0]


def problem() -> str:
    """Why there is no library, in one line; "" if there is one."""
    return _found()[1]
