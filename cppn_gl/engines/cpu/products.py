"""Evaluates networks as matrix products on the CPU, in float32, on all cores.

    Network, Viewport, Clock -> Products.fill(picture, blocks): display values
                            Products.fill_by_layers(): the same as a generator, layer by layer
                            Products.walk(coordinates()): every layer, as Network.walk

A BLAS library may round a row of a product differently at another position or with another number
of rows. So that a picture does not depend on how the work is divided, each pixel has a fixed row in
a product of a fixed shape: the pixels of the whole picture are numbered in reading order, BLOCK of
them form a block, and NumPy's stacked matmul computes one product per block. A part of a picture is
computed as whole blocks and cropped. Each product runs in one thread; blocks are distributed over
the cores.

As in the shaders, layer 1 has the view folded in, so deep zooms stay sharp.
"""

import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.evaluator import Evaluator, channels, dense
from cppn_gl.nn.activations import activate
from cppn_gl.nn.derivatives import layers
from cppn_gl.nn.features import Clock
from cppn_gl.nn.layers import SOURCE, Layer, Node
from cppn_gl.nn.network import Network
from cppn_gl.preset.preset import Viewport
from cppn_gl.utils.alpha import weighted
from cppn_gl.utils.arrays import Float32, Jitter, Size
from cppn_gl.utils.threads import on_all_cores, one_thread, thread_count

# Maps display values (N, channels) to those added to the picture.
Finish = Callable[[Float32], Float32]

BLOCK = 1024  # pixels
MAX_BLOCKS = 8  # per task: more exceed the cache, fewer have too much Python overhead
CACHE = 2**20  # approximate bytes of a layer's units per task
WIDE = 128  # units; pictures of wider networks are computed layer by layer, to keep steps short
_IN_PLACE: dict[str, Any] = {"tanh": np.tanh, "sin": np.sin, "cos": np.cos, "abs": np.abs}


@dataclass(frozen=True, eq=False)
class Blocks:
    """Blocks of a picture of `size` that cover `part`, the rectangle (left, top, width, height)."""

    size: tuple[int, int]
    part: tuple[int, int, int, int]
    numbers: NDArray[np.int64]  # block k holds pixels k · BLOCK to (k + 1) · BLOCK - 1

    @classmethod
    def covering(
        cls, size: tuple[int, int], part: tuple[int, int, int, int] | None = None
    ) -> "Blocks":
        """The blocks of a rectangle of a picture (default: all of it), in reading order."""
        left, top, width, height = part = part or (0, 0, *size)
        starts = np.arange(top, top + height, dtype=np.int64) * size[0] + left
        first, last = starts // BLOCK, (starts + width - 1) // BLOCK
        numbers = first[:, None] + np.arange((last - first).max() + 1)
        return cls(size, part, np.unique(np.minimum(numbers, last[:, None])))

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, some: slice) -> "Blocks":
        return Blocks(self.size, self.part, self.numbers[some])

    @property
    def pixels(self) -> NDArray[np.int64]:
        """Pixel indices (blocks, BLOCK); those of the last block may exceed the picture."""
        return self.numbers[:, None] * BLOCK + np.arange(BLOCK)

    def add(self, values: Float32, picture: Float32) -> None:
        """Add values (blocks · BLOCK, n) to the (height, width, n) picture of the part."""
        left, top, width, height = self.part
        if width == self.size[0]:  # consecutive blocks are one run of pixels
            start = int(self.numbers[0]) * BLOCK - top * width
            run = picture.reshape(-1, values.shape[1])[max(start, 0) : start + len(values)]
            run += values[max(-start, 0) :][: len(run)]
            return
        row, column = np.divmod(self.pixels.ravel(), self.size[0])
        row, column = row - top, column - left
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        picture[row[inside], column[inside]] += values[inside]


class Products(Evaluator):
    """Evaluates a network by NumPy's matrix products."""

    def __init__(self, network: Network, view: Viewport, clock: Clock):
        super().__init__(network, view, clock)
        self._widest = max(network.channels, network.width)
        self._own = threading.local()

    @property
    def at_once(self) -> int:
        """Maximum number of blocks per task of a thread."""
        return max(1, min(MAX_BLOCKS, CACHE // (4 * self._widest * BLOCK)))

    def fill(
        self,
        picture: Float32,
        blocks: Blocks,
        jitter: Jitter = (0.0, 0.0),
        finish: Finish | None = None,
    ) -> None:
        """Add the unclamped display values of blocks to `picture`.

        `picture`: the (height, width, channels) pixels of `blocks.part`. `finish` is applied to the
        values first, in several threads.
        """
        count = min(self.at_once, -(-len(blocks) // thread_count()))
        _ = self.network.layers  # scaled here once, not in each thread

        def work(start: int) -> None:
            piece = blocks[start : start + count]
            *_, (_, _, y) = self.walk(
                self.coordinates(piece.pixels, piece.size, jitter), self._in_place_step
            )
            self._add(y, picture, piece, finish)

        on_all_cores(work, range(0, len(blocks), count))

    def fill_by_layers(
        self,
        picture: Float32,
        blocks: Blocks,
        jitter: Jitter = (0.0, 0.0),
        finish: Finish | None = None,
    ) -> Generator[None, None, None]:
        """`fill` as a generator that yields between layers, for few blocks of a wide network."""
        coordinates = self.coordinates(blocks.pixels, blocks.size, jitter)
        for number, step in enumerate(self.walk(coordinates, self._parallel_step), 1):
            units = step[2]
            if number < self.network.depth:
                yield
        self._add(units, picture, blocks, finish)

    def _add(
        self, outputs: Float32, picture: Float32, blocks: Blocks, finish: Finish | None
    ) -> None:
        values = self._channels(outputs)
        blocks.add(finish(values) if finish else values, picture)

    def _channels(self, outputs: Float32) -> Float32:
        return channels(outputs.reshape(-1, outputs.shape[-1]), self.network)

    def fill_squares(
        self, picture: Float32, corners: Sequence[Size], side: int, region: Region
    ) -> None:
        """Write the display values of squares of side × side pixels, with the samples averaged.

        `picture`: of the region's part, or larger; `corners`: (left, top) of each square in it.
        """
        samples = len(region.jitters)
        count = max(1, self.at_once * BLOCK // (side * side * samples))
        right, down = np.array(region.jitters).T
        _ = self.network.layers  # scaled here once, not in each thread
        x, y = np.arange(side), np.arange(side)[:, None]

        def work(start: int) -> None:
            some = np.array(corners[start : start + count])
            rows = some[:, 1, None, None] + region.offset[1] + y
            pixels = rows * region.size[0] + some[:, 0, None, None] + region.offset[0] + x
            values = self.coordinates(pixels.reshape(len(some), -1, 1), region.size, (right, down))
            values = values.reshape(len(some), side * side * samples, -1)
            *_, (_, _, units) = self.walk(values, self._in_place_step)
            each = contribution(self._channels(units), samples)
            found = each.reshape(len(some), side, side, samples, -1).sum(axis=3)
            for (left, top), square in zip(some.tolist(), found, strict=True):
                picture[top : top + side, left : left + side] = square

        on_all_cores(work, range(0, len(corners), count))

    def picture(self, size: tuple[int, int]) -> Generator[None, None, Float32]:
        values = np.zeros((size[1], size[0], self.network.channels), np.float32)
        blocks = Blocks.covering(size)
        count = thread_count()
        for first in range(0, len(blocks), count):
            piece = blocks[first : first + count]
            if self.network.width > WIDE:
                yield from self.fill_by_layers(values, piece)
            else:
                self.fill(values, piece)
            yield
        return values

    def _step(self, node: Node, y: Float32) -> tuple[Float32, Float32]:
        with one_thread():
            return super()._step(node, y)

    def pre_activations(self, layer: Layer, y: Float32, out: Float32 | None = None) -> Float32:
        z = self._product(y, layer.weight, out)
        with np.errstate(all="ignore"):
            z += layer.bias
        return z

    def first_pre_activations(self, coordinates: Float32, out: Float32 | None = None) -> Float32:
        return self._product(coordinates, self._fold, out)

    def _product(self, y: Float32, weight: Float32, out: Float32 | None = None) -> Float32:
        with np.errstate(all="ignore"):
            return np.asarray(np.matmul(y, weight.T, out=out))

    def activate(self, name: str, z: Float32) -> Float32:
        return np.asarray(activate(name, z), np.float32)

    def derivatives(
        self, coordinates: Float32, *, hidden: bool
    ) -> tuple[Sequence[Float32], Float32]:
        *before, (_, _, outputs) = layers(self.network, self.first_pre_activations(coordinates))
        return [pre for _, pre, _ in before if hidden], outputs

    def _in_place_step(self, node: Node, y: Float32) -> tuple[None, Float32]:
        """A step without pre-activations that alternates between two buffers of this thread."""
        self._own.side = 1 - getattr(self._own, "side", 0)
        shape = *y.shape[:-1], len(dense(node).bias)
        with np.errstate(all="ignore"):
            z = self._pre_activations(node, y, self._buffer(self._own.side, shape))
            return None, activate_in_place(node.activation, z)

    def _parallel_step(self, node: Node, y: Float32) -> tuple[None, Float32]:
        """A step without pre-activations on all cores, one block per task."""
        units = np.empty((*y.shape[:-1], len(dense(node).bias)), np.float32)

        def work(index: int) -> None:
            with np.errstate(all="ignore"):
                z = self._pre_activations(node, y[index], units[index])
                units[index] = activate_in_place(node.activation, z)

        on_all_cores(work, range(len(y)))
        return None, units

    def _pre_activations(self, node: Node, y: Float32, out: Float32) -> Float32:
        if node.inputs == (SOURCE,):
            return self.first_pre_activations(y, out)
        return self.pre_activations(dense(node), y, out)

    def _buffer(self, side: int, shape: tuple[int, ...]) -> Float32:
        """This thread's buffer number `side`, as an array of `shape`."""
        buffers: dict[int, Float32] = self._own.__dict__.setdefault("buffers", {})
        count = int(np.prod(shape))
        if side not in buffers or buffers[side].size < count:
            buffers[side] = np.empty(count // shape[-1] * self._widest, np.float32)
        return np.asarray(buffers[side][:count].reshape(shape))


def activate_in_place(name: str, z: Float32) -> Float32:
    """`activate`, overwriting `z` where NumPy supports that."""
    if name in _IN_PLACE:
        return np.asarray(_IN_PLACE[name](z, out=z))
    if name == "relu":
        return np.asarray(np.maximum(z, 0, out=z))
    return np.asarray(activate(name, z), np.float32)


def contribution(values: Float32, samples: int) -> Float32:
    """The values of one of `samples` samples, clamped and weighted; a single sample unchanged.

    Colours with alpha are weighted by it: the sum of the samples is for `straight`.
    """
    if samples == 1:
        return values
    shown = np.clip(values, 0, 1)
    return np.asarray((weighted(shown) if shown.shape[-1] == 4 else shown) / np.float32(samples))


def in_order(units: Float32, count: int) -> Float32:
    """Units (blocks, BLOCK, rows) of a whole picture as (count, rows), for its `count` pixels."""
    return units.reshape(-1, units.shape[-1])[:count]
