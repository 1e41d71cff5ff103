"""The training steps of the native library: see `cppn_training` in native/cppn.h."""

import ctypes
from collections.abc import Sequence
from ctypes import byref, c_float, c_int32, c_void_p
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.native import MAX_WIDTH, Library, pointer

LOSSES = ("cross-entropy", "squared", "hinge", "absolute")  # in the order of enum cppn_loss
OPTIMIZERS = ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw")  # cppn_optimizer
MAX_OUTPUTS = 16  # CPPN_MAX_OUTPUTS
RATES = 4  # numbers of cppn_rate

Memory = NDArray[np.uint8]


class Shape(ctypes.Structure):
    _fields_ = (
        ("rows", c_int32),
        ("columns", c_int32),
        ("activation", c_int32),
        ("reserved", c_int32),
    )


class Struct(ctypes.Structure):
    _fields_ = (
        ("depth", c_int32),
        ("batch", c_int32),
        ("loss", c_int32),
        ("optimizer", c_int32),
        ("l1", c_float),
        ("l2", c_float),
        ("momentum", c_float),
        ("fixed", c_int32),
        ("shapes", ctypes.POINTER(Shape)),
        ("inputs", c_void_p),
        ("targets", c_void_p),
        ("rates", c_void_p),
        ("masks", c_void_p),
        ("parameters", c_void_p),
        ("moments", c_void_p),
        ("report", c_void_p),
    )


def problem(
    library: Library,
    shapes: Sequence[tuple[int, int]],
    activations: Sequence[str],
    loss: str,
    optimizer: str,
) -> str:
    """Why the library cannot train a network, in words; "" if it can."""
    unknown = [name for name in activations if library.activation(name) is None]
    if unknown:
        return f"it has no activation {unknown[0]!r}"
    if max(map(max, shapes)) > MAX_WIDTH:
        return f"a layer has more than {MAX_WIDTH} units"
    if shapes[-1][0] > MAX_OUTPUTS:
        return f"there are more than {MAX_OUTPUTS} outputs"
    if loss not in LOSSES or optimizer not in OPTIMIZERS:
        return f"it does not know {loss!r} with {optimizer!r}"
    if loss == "cross-entropy" and activations[-1] != "sigmoid":
        return "cross-entropy is of sigmoids"
    return ""


def rows_of(
    library: Library, shapes: Sequence[tuple[int, int]], activations: Sequence[str]
) -> ctypes.Array[Shape]:
    """The layers as the library reads them: shapes (out, in), and activations."""
    numbers = [library.activation(name) for name in activations]
    rows = [Shape(*shape, number, 0) for shape, number in zip(shapes, numbers, strict=True)]
    return (Shape * len(rows))(*rows)


class Training:
    """A training of batches of one size. Not for several threads at a time, but for `group`.

    shapes: (out, in) of each layer. `bind` says what is trained, and on what.
    """

    def __init__(
        self,
        library: Library,
        shapes: Sequence[tuple[int, int]],
        activations: Sequence[str],
        batch: int,
        loss: str,
        optimizer: str,
        l1: float = 0,
        l2: float = 0,
        momentum: float = 0,
        biases: bool = True,
    ):
        assert not problem(library, shapes, activations, loss, optimizer)
        self._library = library
        self._shapes = rows_of(library, shapes, activations)
        self.report = np.zeros(len(shapes) + 1, np.float32)
        numbers = LOSSES.index(loss), OPTIMIZERS.index(optimizer)
        self._struct = Struct(
            *(len(shapes), batch, *numbers, l1, l2, momentum, not biases),
            self._shapes,
            report=self.report.ctypes.data,
        )
        self._at = byref(self._struct)
        call = library.function
        self.groups: int = call("groups")(self._at)
        self.parts: list[int] = [call("parts")(self._at, group) for group in range(self.groups)]
        self._thread_bytes: int = call("thread_memory")(self._at)
        size = call("training_memory")(self._at) + self._thread_bytes
        self._memory = np.empty(size, np.uint8)
        self._bound: tuple[Any, ...] = ()

    @property
    def depth(self) -> int:
        return len(self._shapes)

    def bind(
        self,
        parameters: Float32,
        moments: Float32,
        inputs: Float32,
        targets: Float32,
        rates: Float32,
        masks: Float32 | None,
    ) -> None:
        """The arrays of the steps to come: parameters (P,) and moments (m, P), changed in place;
        inputs (n, batch, n_in), targets (n, batch, n_out), rates (n, layers, RATES), masks
        (n, hidden)."""
        arrays: dict[str, Float32 | None]
        arrays = {"parameters": parameters, "moments": moments, "inputs": inputs}
        arrays |= {"targets": targets, "rates": rates, "masks": masks}
        for name, array in arrays.items():
            setattr(self._struct, name, None if array is None else pointer(array))
        self._bound = tuple(arrays.values())  # they live as long as the struct points to them

    def run(self, first: int, count: int) -> int:
        """Do bound steps first … first + count - 1. Returns how many were done: fewer before a
        step whose loss is not finite."""
        done: int = self._call("train", first, count, pointer(self._memory))
        return done

    def begin(self, layer: int) -> None:
        """Before the steps that are done by `group`, `loss` and `update`: for layer 0, then for the
        others."""
        self._call("train_begin", layer, pointer(self._memory))

    def thread_memory(self) -> Memory:
        """Memory for the calls of `group` of one thread."""
        return np.empty(self._thread_bytes, np.uint8)

    def group(self, step: int, group: int, first: int, count: int, own: Memory) -> None:
        """Do parts first … first + count - 1 of a group's work on a bound step."""
        self._call("train_group", step, group, first, count, pointer(self._memory), pointer(own))

    def loss(self) -> float:
        """The loss of the step whose groups are done."""
        loss: float = self._call("train_loss", pointer(self._memory))
        return loss

    def update(self, step: int, layer: int) -> None:
        """Change the parameters of a layer by the gradients of all groups."""
        self._call("train_update", step, layer, pointer(self._memory))

    def _call(self, name: str, *values: Any) -> Any:
        return self._library.function(name)(self._library.number, self._at, *values)
