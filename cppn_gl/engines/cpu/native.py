"""Evaluates networks by the native library, in float32: the same bits on every machine.

    Network, Viewport, Clock -> evaluator() -> Native, or Products where the library is missing
                             -> Native.pieces(region): a picture or a part, by runs of pixels

A sum is computed in the order of its terms, each multiply-add is rounded once, and the library has
its own activations. So a pixel does not depend on the part, the number of threads or the processor.
"""

import threading
import weakref
from collections.abc import Callable, Generator, Sequence

import numpy as np

from cppn_gl.engines.adaptive import area, coalesced, divided
from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.evaluator import Evaluator
from cppn_gl.engines.cpu.products import MAX_BLOCKS, Products
from cppn_gl.nn.features import Clock
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import work_per_pixel
from cppn_gl.preset.tables import Viewport
from cppn_gl.utils import native
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.native import Dense, Drawing
from cppn_gl.utils.tasks import Stepping, Steps, left, within
from cppn_gl.utils.threads import shared_out, thread_count

RUN_WORK = 1e8  # multiplications per call of the library: some milliseconds
MAX_RUN = 2**14  # pixels per call
CALL = 3e-5  # seconds that a call for a box takes however small it is
RATE = 2e10  # multiplications per second; a low guess
STEP = 0.01  # seconds

_packed: "weakref.WeakKeyDictionary[Layer, Dense]" = weakref.WeakKeyDictionary()
_packing = threading.Lock()


def unsupported(network: Network) -> str:
    """Why the library cannot evaluate a network, to complete "it …"; "" if it can."""
    if network.by_grid:
        from cppn_gl.nn import native_grid  # dense networks need not load it

        return native_grid.unsupported(network.stages)
    library = native.library()
    if library is None:
        return f"needs the native library: {native.problem()}"
    for name in dict.fromkeys(layer.activation for layer in network.drawn):
        if library.activation(name) is None:
            return f"has no activation {name}"
    return ""


def evaluator(network: Network, view: Viewport, clock: Clock) -> Evaluator:
    """The native evaluator if it can evaluate the network, else NumPy's."""
    if network.by_grid:
        from cppn_gl.engines.cpu.grid import GridEvaluator

        return GridEvaluator(network, view, clock)
    return (Products if unsupported(network) else Native)(network, view, clock)


def packed(layer: Layer) -> Dense:
    """A layer with its weights in the library's order, which live as long as the layer."""
    with _packing:
        if layer not in _packed:
            _packed[layer] = _dense(layer.weight, layer.bias, layer.activation)
        return _packed[layer]


def _dense(weight: Float32, bias: Float32 | None, activation: str) -> Dense:
    library = native.library()
    assert library is not None
    return library.dense_layer(weight, bias, activation)


class Native(Evaluator):
    """Evaluates a network by the native library."""

    def __init__(self, network: Network, view: Viewport, clock: Clock):
        super().__init__(network, view, clock)
        library = native.library()
        assert library is not None
        self._library = library
        self._first = _dense(self._fold, None, network.drawn[0].activation)

    @property
    def at_once(self) -> int:
        return MAX_BLOCKS

    def pieces(self, region: Region, rate: Callable[[], float]) -> Steps[Float32]:
        """Draw a region: (height, width, channels) values, in which samples are averaged.

        If it has boxes, the other pixels are 0. Yields the fraction done. `rate()`: the
        multiplications per second that are expected, by which each step fills the time that it is
        given.
        """
        (width, height), channels = region.part, self.network.channels
        if region.boxes is not None:
            values = np.zeros((height, width, channels), np.float32)
            yield from self._boxes(region, values, rate)
            return values
        values = np.empty((height, width, channels), np.float32)
        flat, drawing = values.reshape(-1, channels), self._drawing(region)
        work, run = work_per_pixel(self.network) * len(region.jitters), self.run(region)

        def draw(start: int) -> None:
            self._library.draw(drawing, start, flat[start : min(start + run, stop)])

        start = 0
        while start < len(flat):
            deadline = yield start / len(flat)
            count = int(left(deadline) * rate() / work) // run
            first, stop = start, min(start + max(count, thread_count()) * run, len(flat))
            shared_out(draw, range(first, stop, run))
            start = stop
        return values

    def _boxes(self, region: Region, values: Float32, rate: Callable[[], float]) -> Steps[None]:
        """Draw a region's boxes, each on one core; several with little between them at once."""
        work, drawing = work_per_pixel(self.network) * len(region.jitters), self._drawing(region)
        boxes = coalesced(region.pieces, CALL * rate() / work)
        pieces = [piece for box in boxes for piece in divided(box, self.run(region))]

        def draw(number: int) -> None:
            left, top, right, bottom = pieces[number]
            size = right - left, bottom - top
            one = drawing.of((region.offset[0] + left, region.offset[1] + top), size)
            piece = np.empty((size[1], size[0], drawing.channels), np.float32)
            self._library.draw(one, 0, piece.reshape(-1, drawing.channels))
            values[top:bottom, left:right] = piece

        start = 0
        while start < len(pieces):
            deadline = yield start / len(pieces)
            pixels, stop = left(deadline) * rate() / work, start
            while stop < len(pieces) and (pixels > 0 or stop < start + thread_count()):
                pixels -= area(pieces[stop])
                stop += 1
            shared_out(draw, range(start, stop))
            start = stop

    def run(self, region: Region) -> int:
        """Pixels of a call: a multiple of the library's tile, but not more than MAX_RUN."""
        work = work_per_pixel(self.network) * len(region.jitters)
        tiles = int(RUN_WORK / work) // self._library.tile
        return min(max(tiles, 1) * self._library.tile, MAX_RUN)

    @property
    def _layers(self) -> list[Dense]:
        return [self._first, *map(packed, self.network.layers[1:])]

    def _drawing(self, region: Region) -> Drawing:
        return Drawing(
            self._layers,
            region.size,
            region.offset,
            region.part,
            region.jitters,
            self._view.center,
            self._view.extent,
            [one.numbers for one in self._changes],
            alpha=self.network.alpha_range,
        )

    def picture(self, size: tuple[int, int]) -> Generator[None, None, Float32]:
        task = Stepping(self.pieces(Region.of(size), lambda: RATE))
        while not task.step(within(STEP)):
            yield
        assert task.result is not None
        return task.result

    def pre_activations(self, layer: Layer, y: Float32) -> Float32:
        return self._product(packed(layer), y)

    def first_pre_activations(self, coordinates: Float32) -> Float32:
        return self._product(self._first, coordinates)

    def _product(self, layer: Dense, y: Float32) -> Float32:
        units = np.ascontiguousarray(y, np.float32).reshape(-1, layer.columns)
        out = np.empty((len(units), layer.rows), np.float32)
        run = max(self._library.tile, int(RUN_WORK / layer.packed.size) & -self._library.tile)

        def some(start: int) -> None:
            piece = slice(start, start + run)
            self._library.dense(layer, units[piece], out[piece])

        shared_out(some, range(0, len(units), run))
        return out.reshape(*y.shape[:-1], layer.rows)

    def activate(self, name: str, z: Float32) -> Float32:
        return self._library.activate(name, z)

    def derivatives(
        self, coordinates: Float32, *, hidden: bool
    ) -> tuple[Sequence[Float32], Float32]:
        sums, outputs = self._library.derivatives(self._layers, coordinates, hidden=hidden)
        return [pre.transpose(0, 2, 1) for pre in sums], outputs
