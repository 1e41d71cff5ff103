"""Networks as matrix products on the processor, in float32, on all cores.

    Network, Viewport, Clock -> Products.fill(picture, blocks): display values, on all cores
                            Products.fill_by_layers(): the same as a generator, layer by layer
                            Products.walk(): every layer, as Network.walk; places(): what it takes

A BLAS library may round a row of a product differently at another position or where there are more
rows. So that a picture does not depend on how the work was divided, each pixel has a fixed row in a
product of a fixed shape: the pixels of the whole picture are numbered in reading order, BLOCK of
them form a block, and NumPy's stacked matmul makes one product per block. A part of a picture is
drawn as whole blocks and cut. Each product stays in one thread; the cores share the blocks.

Layer 1 has the view folded in, as for the shaders, so that a deep zoom stays sharp.
"""

import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.fold import first_layer
from cppn_gl.nn.activations import activate
from cppn_gl.nn.features import Clock
from cppn_gl.nn.layers import SOURCE, Layer, Node
from cppn_gl.nn.network import Network, Step
from cppn_gl.preset.color import NOT_A_NUMBER
from cppn_gl.preset.preset import Viewport
from cppn_gl.utils.threads import THREADS, on_all_cores, one_thread

Floats = NDArray[np.float32]
Jitter = tuple[float, float]  # of a sample in its pixel, right and down
Finish = Callable[[Floats], Floats]  # from display values (N, 3) to those added to the picture

BLOCK = 1024  # pixels
MOST = 8  # blocks at once in a thread; more leave the cache, with fewer Python's overhead tells
CACHE = 2**20  # bytes of a layer's units, about
_PLACES: dict[str, Any] = {"tanh": np.tanh, "sin": np.sin, "cos": np.cos, "abs": np.abs}


@dataclass(frozen=True, eq=False)
class Blocks:
    """Blocks of a picture of `size` that cover a part of it: (left, top, width, height)."""

    size: tuple[int, int]
    part: tuple[int, int, int, int]
    numbers: NDArray[np.int64]  # block k holds the pixels from k · BLOCK on

    @classmethod
    def covering(
        cls, size: tuple[int, int], part: tuple[int, int, int, int] | None = None
    ) -> "Blocks":
        """The blocks of a part of a picture, or of the whole, in reading order."""
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
        """The numbers of their pixels, (blocks, BLOCK); the last may lie beyond the picture."""
        return self.numbers[:, None] * BLOCK + np.arange(BLOCK)

    def add(self, values: Floats, picture: Floats) -> None:
        """Add values (blocks · BLOCK, 3) to the picture of the part, (height, width, 3)."""
        left, top, width, height = self.part
        if width == self.size[0]:  # consecutive blocks: one run of pixels
            start = int(self.numbers[0]) * BLOCK - top * width
            run = picture.reshape(-1, 3)[max(start, 0) : start + len(values)]
            run += values[max(-start, 0) :][: len(run)]
            return
        row, column = np.divmod(self.pixels.ravel(), self.size[0])
        row, column = row - top, column - left
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        picture[row[inside], column[inside]] += values[inside]


class Products:
    """A network at a view and a time."""

    def __init__(self, network: Network, view: Viewport, clock: Clock):
        self._network, self._view = network, view
        self._radius = "r" in network.inputs
        self._widest = max(3, network.width)
        columns = 4 if self._radius else 3
        fold = first_layer(network, view.center, view.extent, clock)
        self._fold = fold[: len(network.drawn[0].bias), :columns]
        self._own = threading.local()

    @property
    def at_once(self) -> int:
        """Blocks that a thread takes at once, at most."""
        return max(1, min(MOST, CACHE // (4 * self._widest * BLOCK)))

    def fill(
        self,
        picture: Floats,
        blocks: Blocks,
        jitter: Jitter = (0.0, 0.0),
        finish: Finish | None = None,
    ) -> None:
        """Add the display values in some blocks, not clamped, to a picture (height, width, 3).

        The picture is that of `blocks.part`. `finish` is called by several threads.
        """
        count = min(self.at_once, -(-len(blocks) // THREADS))
        _ = self._network.layers  # scaled once, not by each thread

        def work(start: int) -> None:
            piece = blocks[start : start + count]
            *_, (_, _, y) = self.walk(
                self.coordinates(piece.pixels, piece.size, jitter), self._reusing
            )
            _add(y, picture, piece, finish)

        on_all_cores(work, range(0, len(blocks), count))

    def fill_by_layers(
        self,
        picture: Floats,
        blocks: Blocks,
        jitter: Jitter = (0.0, 0.0),
        finish: Finish | None = None,
    ) -> Generator[None, None, None]:
        """The same; it yields between the layers. For few blocks of a wide network."""
        places = self.coordinates(blocks.pixels, blocks.size, jitter)
        for number, step in enumerate(self.walk(places, self._sharing), 1):
            units = step[2]
            if number < self._network.depth:
                yield
        _add(units, picture, blocks, finish)

    def walk(
        self, places: Floats, step: Step | None = None
    ) -> Iterator[tuple[Node, Floats | None, Floats]]:
        """`Network.walk` in float32, from places (…, 3 or 4): nodes, pre-activations, units.

        The bits of (BLOCK, rows) units do not depend on how many such blocks there are.
        """
        return self._network.walk(places, np.float32, step=step or self._keeping)

    def _keeping(self, node: Node, y: Floats) -> tuple[Floats, Floats]:
        """A step that gives the pre-activations too."""
        with one_thread(), np.errstate(all="ignore"):
            sums = self.sums(node, y)
            return sums, activate_in_place(node.activation, sums.copy())

    def _reusing(self, node: Node, y: Floats) -> tuple[None, Floats]:
        """A step that overwrites the units of the layer before the last, in this thread."""
        self._own.side = 1 - getattr(self._own, "side", 0)
        shape = *y.shape[:-1], len(_dense(node).bias)
        with np.errstate(all="ignore"):
            sums = self.sums(node, y, self._buffer(self._own.side, shape))
            return None, activate_in_place(node.activation, sums)

    def _sharing(self, node: Node, y: Floats) -> tuple[None, Floats]:
        """A step on all cores, one block at a time."""
        units = np.empty((*y.shape[:-1], len(_dense(node).bias)), np.float32)

        def work(index: int) -> None:
            with np.errstate(all="ignore"):
                sums = self.sums(node, y[index], units[index])
                units[index] = activate_in_place(node.activation, sums)

        on_all_cores(work, range(len(y)))
        return None, units

    def sums(self, node: Node, y: Floats, out: Floats | None = None) -> Floats:
        """A node's pre-activations, from the units of its input, or from places for layer 1."""
        if _is_first(node):
            return np.asarray(np.matmul(y, self._fold.T, out=out))
        layer = _dense(node)
        z = np.matmul(y, layer.weight.T, out=out)
        z += layer.bias
        return np.asarray(z)

    def coordinates(
        self, pixels: NDArray[np.integer], size: tuple[int, int], jitter: Jitter = (0.0, 0.0)
    ) -> Floats:
        """What layer 1 is folded for, (…, 3 or 4), at pixels (…) of a picture of `size`: u, v, 1,
        and r less the centre's where it is an input. Pixels are numbered in reading order.
        """
        row = pixels // size[0]
        column = pixels - row * size[0]
        u = (2 * column + 1 - size[0] + 2 * jitter[0]) / min(size)
        v = (size[1] - 2 * row - 1 - 2 * jitter[1]) / min(size)
        places = np.ones((*pixels.shape, self._fold.shape[1]), np.float32)
        places[..., 0], places[..., 1] = u, v
        if self._radius:
            x, y = self._view.center
            du, dv = self._view.extent * u, self._view.extent * v
            top = du * (2 * x + du) + dv * (2 * y + dv)
            below = np.maximum(np.hypot(x + du, y + dv) + np.hypot(x, y), 1e-30)
            places[..., 3] = top / below
        return places

    def _buffer(self, side: int, shape: tuple[int, ...]) -> Floats:
        """Memory of this thread for the units of some blocks."""
        buffers: dict[int, Floats] = self._own.__dict__.setdefault("buffers", {})
        count = int(np.prod(shape))
        if side not in buffers or buffers[side].size < count:
            buffers[side] = np.empty(count // shape[-1] * self._widest, np.float32)
        return np.asarray(buffers[side][:count].reshape(shape))


def _is_first(node: Node) -> bool:
    return node.inputs == (SOURCE,)


def _dense(node: Node) -> Layer:
    return cast(Layer, node.layer)


def _add(outputs: Floats, picture: Floats, blocks: Blocks, finish: Finish | None) -> None:
    values = colors(outputs.reshape(-1, outputs.shape[-1]))
    blocks.add(finish(values) if finish else values, picture)


def activate_in_place(name: str, z: Floats) -> Floats:
    """An activation in place, where NumPy has it so; `activate` says what it is."""
    if name in _PLACES:
        return np.asarray(_PLACES[name](z, out=z))
    if name == "relu":
        return np.asarray(np.maximum(z, 0, out=z))
    return np.asarray(activate(name, z), np.float32)


def colors(outputs: Floats) -> Floats:
    """(N, 1 or 3) outputs as (N, 3): grey repeated, magenta where one is not a finite number."""
    rgb = np.broadcast_to(outputs, (len(outputs), 3)).copy()
    rgb[~np.isfinite(outputs).all(axis=1)] = NOT_A_NUMBER
    return rgb


def contribution(values: Floats, samples: int) -> Floats:
    """One of `samples` samples' values as its share of a pixel, clamped; a lone one as it is."""
    return values if samples == 1 else np.asarray(np.clip(values, 0, 1) / np.float32(samples))


def in_order(units: Floats, count: int) -> Floats:
    """Units (blocks, BLOCK, rows) of a whole picture of `count` pixels as (count, rows)."""
    return units.reshape(-1, units.shape[-1])[:count]
