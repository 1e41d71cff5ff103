"""Networks as matrix products on the processor: tiles of pixels on all cores, in float32.

    Network, View, Clock -> Products.fill(): pixels' display values, on all cores
                            places(), apply() layer by layer, colors(): the same in steps
                            sums(): what apply() does before the activation

Layer 1 has the view folded in, as for the shaders, so that a deep zoom stays sharp. Each core takes
tiles of its own, and its matrix products stay in its thread: a library's own threads would wait for
one another at each layer.
"""

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.gl.packing import first_layer
from cppn_gl.nn.activations import activate
from cppn_gl.nn.features import Clock
from cppn_gl.nn.network import Network
from cppn_gl.preset.color import NOT_A_NUMBER
from cppn_gl.preset.preset import View
from cppn_gl.utils.threads import THREADS, on_all_cores

Floats = NDArray[np.float32]

# Pixels are multiplied in multiples of TILE, the last ones filled up: for other numbers a library
# adds in another order, and a picture's last bits would tell how it was shared out.
TILE = 1024
MOST = 8 * TILE  # at once in a thread; more leave the cache, fewer cost Python more than they do it
CACHE = 2**20  # bytes of a layer's units, about
_PLACES: dict[str, Any] = {"tanh": np.tanh, "sin": np.sin, "cos": np.cos, "abs": np.abs}


class Products:
    """A network at a view and a time."""

    def __init__(self, network: Network, view: View, clock: Clock):
        self._network, self._view = network, view
        self._radius = "r" in network.inputs
        self._widest = max(3, network.width)
        columns = 4 if self._radius else 3
        fold = first_layer(network, view.center, view.extent, clock)
        self._fold = fold[: len(network.drawn[0].bias), :columns]
        self._own = threading.local()

    @property
    def tile(self) -> int:
        """Pixels that a thread takes at once, at most; a multiple of TILE."""
        return max(TILE, min(MOST, CACHE // (4 * self._widest) // TILE * TILE))

    def fill(
        self,
        values: Floats,
        first: int,
        width: int,
        *,
        size: tuple[int, int],
        offset: tuple[int, int] = (0, 0),
        jitter: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Write display values, not clamped, into `values` (N, 3).

        They are N pixels in reading order from number `first` on, of a part `width` wide that lies
        at `offset` in a picture of `size`; `jitter` of the sample in its pixel, right and down.
        """
        share = -(-len(values) // THREADS // TILE) * TILE
        tile = max(TILE, min(self.tile, share))
        starts = range(0, len(values), tile)

        def work(start: int) -> None:
            piece = values[start : start + tile]
            pixels = first + start + np.arange(-(-len(piece) // TILE) * TILE)
            places = self.places(pixels, width, size=size, offset=offset, jitter=jitter)
            self._tile(piece, places)

        on_all_cores(work, starts)

    def _tile(self, values: Floats, places: Floats) -> None:
        y = places
        for number, layer in enumerate(self._network.drawn):
            y = self.apply(number, y, self._buffer(number % 2, len(y), len(layer.bias)))
        values[:] = colors(y)[: len(values)]

    def apply(self, number: int, y: Floats, out: Floats | None = None) -> Floats:
        """A layer's units, (N, rows), from the last one's, or from places for layer 0."""
        with np.errstate(all="ignore"):
            z = self.sums(number, y, out)
            return activate_in_place(self._network.drawn[number].activation, z)

    def sums(self, number: int, y: Floats, out: Floats | None = None) -> Floats:
        """A layer's sums before its activation, from what `apply` takes. Overflow gives inf, NaN,
        and NumPy's warning where np.errstate does not say otherwise.
        """
        if number == 0:
            return np.asarray(np.matmul(y, self._fold.T, out=out))
        layer = self._network.layers[number]
        z = np.matmul(y, layer.weight.T, out=out)
        z += layer.bias
        return np.asarray(z)

    def places(
        self,
        pixels: NDArray[np.integer],
        width: int,
        *,
        size: tuple[int, int],
        offset: tuple[int, int] = (0, 0),
        jitter: tuple[float, float] = (0.0, 0.0),
    ) -> Floats:
        """What layer 1 is folded for, at N pixels: u, v, 1, and r less the centre's where it is
        an input. The other arguments are those of `fill`.
        """
        row, column = np.divmod(pixels, width)
        u = (2 * (column + offset[0]) + 1 - size[0] + 2 * jitter[0]) / min(size)
        v = (size[1] - 2 * (row + offset[1]) - 1 - 2 * jitter[1]) / min(size)
        parts = [u, v, np.ones(len(u))]
        if self._radius:
            x, y = self._view.center
            du, dv = self._view.extent * u, self._view.extent * v
            top = du * (2 * x + du) + dv * (2 * y + dv)
            parts.append(top / np.maximum(np.hypot(x + du, y + dv) + np.hypot(x, y), 1e-30))
        return np.stack(parts, axis=1).astype(np.float32)

    def _buffer(self, side: int, rows: int, columns: int) -> Floats:
        """Memory of this thread for a layer's units."""
        buffers: dict[int, Floats] = self._own.__dict__.setdefault("buffers", {})
        if side not in buffers or buffers[side].size < rows * columns:
            buffers[side] = np.empty(rows * self._widest, np.float32)
        return np.asarray(buffers[side][: rows * columns].reshape(rows, columns))


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
