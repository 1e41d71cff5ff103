"""Many trainings side by side in the native library: see `cppn_many` in native/cppn.h."""

import ctypes
import threading
from collections.abc import Sequence
from ctypes import POINTER, byref, c_double, c_int64, c_void_p, pointer

import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils import native
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.native import Library
from cppn_gl.utils.native_training import LOSSES, OPTIMIZERS, Struct, problem, rows_of

PACE = np.dtype(
    [
        *((name, np.float64) for name in ("rate", "factor", "first")),
        ("second", np.float32),
        ("reserved", np.int32),
    ],
    align=True,
)
LANES = 16  # the most trainings of one vector

_own = threading.local()


class _Many(ctypes.Structure):
    _fields_ = (
        ("problem", POINTER(Struct)),
        ("count", c_int64),
        ("l2", c_double),
        ("paces", c_void_p),
        ("rates", c_void_p),
        ("layer_rates", c_void_p),
        ("momentum", c_void_p),
        ("parameters", c_void_p),
        ("moments", c_void_p),
        ("losses", c_void_p),
    )


class Crowd:
    """Trainings of batches of one size. Calls may come from several threads.

    shapes: (out, in) of each layer.
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
        biases: bool = True,
    ):
        assert not problem(library, shapes, activations, loss, optimizer)
        self._library, self._l2 = library, l2
        self._shapes = rows_of(library, shapes, activations)
        numbers = LOSSES.index(loss), OPTIMIZERS.index(optimizer)
        self._problem = Struct(*(len(shapes), batch, *numbers, l1, l2, 0, not biases), self._shapes)
        self._bytes: int = library.function("many_memory")(
            byref(_Many(pointer(self._problem), 0, l2))
        )

    def train(
        self,
        inputs: Float32,
        targets: Float32,
        paces: NDArray[np.void],
        hyper: tuple[Float64, Float64, Float32],
        parameters: Float32,
        moments: Float32,
        losses: Float32,
    ) -> None:
        """Do k steps of n trainings.

        inputs (k, batch, n_in), targets (k, batch, n_out), paces (k,) of PACE; `hyper`: rates (n,),
        layer_rates (layers, n), momentum (n,). parameters (P, n) and moments (m, P, n) change; the
        losses are written to (k, n).
        """
        task = Struct.from_buffer_copy(self._problem)
        task.shapes = self._shapes
        task.inputs, task.targets = native.pointer(inputs), native.pointer(targets)
        arrays = (paces, *hyper, parameters, moments, losses)
        many = _Many(pointer(task), len(hyper[0]), self._l2, *map(native.pointer, arrays))
        self._library.function("train_many")(
            *(self._library.number, byref(many), 0, len(paces), 0, many.count, self._scratch())
        )

    def _scratch(self) -> c_void_p:
        """This thread's working memory."""
        if getattr(_own, "size", 0) < self._bytes:
            _own.memory, _own.size = np.empty(self._bytes, np.uint8), self._bytes
        return native.pointer(_own.memory)
