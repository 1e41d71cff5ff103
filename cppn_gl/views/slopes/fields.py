"""Pictures drawn in two steps: quantities at every pixel first, then the colours of them.

    Scene -> parts, one after another -> targets of a band's size -> shade() -> a band of the planes

The targets are the painter's, so that nothing is left of a drawing that is dropped half-way. They
are one band's, so that a large picture needs no more of them than a small one.
"""

import time as wall
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.products import BLOCK
from cppn_gl.engines.gl.painter import Painter, Releasable
from cppn_gl.engines.gl.targets import Planes, release_target
from cppn_gl.engines.rates import RateKey
from cppn_gl.utils.tasks import Stepping, Steps, Task, left
from cppn_gl.utils.threads import THREADS, on_all_cores
from cppn_gl.views.base import Size
from cppn_gl.views.pool import Pool

BAND_PIXELS = 2**18  # of a band, about
DRAWINGS = 3  # at once: the window's picture, a screenshot, and one that is beginning
# Pixels that a thread takes at once, fewer for larger networks: a step should be short. It depends
# on the network alone: with other numbers of rows a library rounds differently (see products.py).
TILE_WORK, LEAST_TILE = 1e8, 64

# From the numbers of pixels in reading order and the picture's size to what is at each: three
# arrays (n, 4), as a shader's three targets.
Tile = Callable[[NDArray[np.integer[Any]], Size], Sequence[NDArray[np.float32]]]


class Fields:
    """Three RGBA32F textures, a texel a pixel, row 0 on top."""

    def __init__(self, ctx: moderngl.Context, size: Size):
        self.size = self.texels = size
        self.textures = [ctx.texture(size, 4, dtype="f4") for _ in range(3)]
        for texture in self.textures:
            texture.filter = moderngl.NEAREST, moderngl.NEAREST
        self.target = ctx.framebuffer(self.textures)

    def read(self) -> NDArray[np.float32]:
        """What they hold, (3, height, width, 4)."""
        width, height = self.size
        data = [np.frombuffer(texture.read(), np.float32) for texture in self.textures]
        return np.stack(data).reshape(3, height, width, 4)

    def release(self) -> None:
        """Free the textures."""
        release_target(self.target)
        for texture in self.textures:
            texture.release()


def fill(
    painter: Painter,
    fields: Fields,
    tile: Tile,
    band: Region,
    *,
    kind: RateKey,
    work: float,
) -> Steps[None]:
    """Fill fields by NumPy on all cores with whole rows of a picture, a tile a core at least."""
    size, (_, top) = band.size, band.offset
    first, count = top * size[0], band.part[0] * band.part[1]
    each = max(LEAST_TILE, min(BLOCK, int(TILE_WORK / work) // LEAST_TILE * LEAST_TILE))
    filled = np.empty((3, count, 4), np.float32)

    def some(start: int) -> None:
        stop = min(start + each, count)
        pixels = first + np.arange(start, start + each)  # whole tiles, the last too
        for values, new in zip(filled, tile(pixels, size), strict=True):
            values[start:stop] = new[: stop - start]

    start = 0
    while start < count:
        deadline = yield
        started = wall.perf_counter()
        tiles = max(THREADS, int(left(deadline) * painter.rate(kind) / work) // each)
        stop = min(count, start + tiles * each)
        on_all_cores(some, range(start, stop, each))
        painter.record(kind, (stop - start) * work, wall.perf_counter() - started)
        start = stop
    for texture, values in zip(fields.textures, filled, strict=True):
        texture.write(values.tobytes())


class Scratch:
    """The targets that a drawing has for its own."""

    def __init__(self, targets: list[Any]):
        self.targets = targets

    def release(self) -> None:
        """Free the targets."""
        while self.targets:
            self.targets.pop().release()


def targets(painter: Painter, name: str) -> Pool[Scratch]:
    """The targets of drawings of one name."""
    return Pool(DRAWINGS)


class Shaded:
    """A picture drawn band by band: `parts` onto targets, and `shade` from these to the planes.

    `make(size)` makes a target; a part is called with one and with the band, a region, and draws.
    `shade` is called with the targets, and the band's top and rows.
    """

    def __init__(
        self,
        painter: Painter,
        planes: Planes,
        name: str,
        make: Callable[[Size], Releasable],
        parts: Sequence[Callable[[Any, Region], Steps[None]]],
        shade: Callable[[Sequence[Any], int, int], None],
        *,
        band_pixels: int = BAND_PIXELS,
    ):
        self._planes = planes
        self._painter, self._name = painter, f"{name} targets"
        self._make, self._parts, self._shade = make, parts, shade
        width, height = planes.size
        bands = max(1, -(-width * height // band_pixels))
        self._rows = -(-height // bands)
        self._top = 0
        self._at = 0  # the part under way
        self._part: Task | None = None

    @property
    def fraction(self) -> float:
        """How much is drawn, from 0 to 1."""
        return self._top / self._planes.size[1]

    def step(self, deadline: float) -> bool:
        """Draw until about `deadline`; True when all is in the planes."""
        width, height = self._planes.size
        pool = self._pool()
        while self._top < height:
            size = width, min(self._rows, height - self._top)
            scratch = pool.find(self)
            if scratch is None:  # or taken away, and what was on it is lost
                scratch = pool.take(self, size, partial(self._scratch, size))
                self._part, self._at = None, 0
            if self._part is None:
                band = Region.of(self._planes.size).cut(0, self._top, *size)
                self._part = Stepping(self._parts[self._at](scratch.targets[self._at], band))
            if self._part.step(deadline):
                self._part, self._at = None, self._at + 1
                if self._at == len(self._parts):
                    self._shade(scratch.targets, self._top, size[1])
                    self._at, self._top = 0, self._top + size[1]
                    if min(self._rows, height - self._top) != size[1]:
                        pool.give_back(self)
            if wall.perf_counter() >= deadline:
                break
        return self._top >= height

    def _pool(self) -> Pool[Scratch]:
        return self._painter.shared(targets, self._name)

    def _scratch(self, size: Size) -> Scratch:
        return Scratch([self._make(size) for _ in self._parts])

    def release(self) -> None:
        """The targets are for the next drawing."""
        self._pool().give_back(self)
