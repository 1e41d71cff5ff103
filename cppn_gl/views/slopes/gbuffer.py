"""Deferred shading: quantities at every pixel first (the G-buffer), then their colours.

    Scene -> passes, one after another -> G-buffers of a band -> shade() -> a band of the planes

A picture is drawn in bands of rows, so that a large one needs no larger buffers. The buffers belong
to the painter: a drawing dropped half-way leaks nothing.
"""

import time as wall
from collections.abc import Callable, Sequence
from contextlib import ExitStack
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
from cppn_gl.utils.arrays import Size
from cppn_gl.utils.tasks import Stepping, Steps, Task, left
from cppn_gl.utils.threads import on_all_cores, thread_count
from cppn_gl.views.pool import Pool

BAND_PIXELS = 2**18  # pixels of a band, about
DRAWINGS = 3  # concurrent ones: the window's picture, a screenshot, and the next picture
# Pixels of a tile: fewer for larger networks, so that a step is short. The number depends on the
# network alone, because BLAS rounds differently with other numbers of rows (see products.py).
TILE_WORK, LEAST_TILE = 1e8, 64

# (pixel numbers in reading order (n,), the picture's size) -> three arrays (n, 4), the contents of
# the G-buffer's three textures.
Tile = Callable[[NDArray[np.integer[Any]], Size], Sequence[NDArray[np.float32]]]


class GBuffer:
    """Three RGBA32F textures, one texel per pixel, row 0 on top."""

    def __init__(self, ctx: moderngl.Context, size: Size):
        self.size = self.texels = size
        self.textures = [ctx.texture(size, 4, dtype="f4") for _ in range(3)]
        for texture in self.textures:
            texture.filter = moderngl.NEAREST, moderngl.NEAREST
        self.target = ctx.framebuffer(self.textures)

    def read(self) -> NDArray[np.float32]:
        """The contents, (3, height, width, 4)."""
        width, height = self.size
        data = [np.frombuffer(texture.read(), np.float32) for texture in self.textures]
        return np.stack(data).reshape(3, height, width, 4)

    def release(self) -> None:
        release_target(self.target)
        for texture in self.textures:
            texture.release()


def fill(
    painter: Painter,
    gbuffer: GBuffer,
    tile: Tile,
    band: Region,
    *,
    kind: RateKey,
    work: float,
) -> Steps[None]:
    """Fill a G-buffer with a band of a picture by NumPy, on all cores."""
    size, (_, top) = band.size, band.offset
    first, count = top * size[0], band.part[0] * band.part[1]
    each = max(LEAST_TILE, min(BLOCK, int(TILE_WORK / work) // LEAST_TILE * LEAST_TILE))
    filled = np.empty((3, count, 4), np.float32)

    def some(start: int) -> None:
        stop = min(start + each, count)
        pixels = first + np.arange(start, start + each)  # whole tiles, including the last
        for values, new in zip(filled, tile(pixels, size), strict=True):
            values[start:stop] = new[: stop - start]

    start = 0
    while start < count:
        deadline = yield start / count
        started = wall.perf_counter()
        tiles = max(thread_count(), int(left(deadline) * painter.rate(kind) / work) // each)
        stop = min(count, start + tiles * each)
        on_all_cores(some, range(start, stop, each))
        painter.record(kind, (stop - start) * work, wall.perf_counter() - started)
        start = stop
    for texture, values in zip(gbuffer.textures, filled, strict=True):
        texture.write(values.tobytes())


class BandTargets:
    """The render targets of one drawing."""

    def __init__(self, targets: list[Any]):
        self.targets = targets

    def release(self) -> None:
        while self.targets:
            self.targets.pop().release()


def targets(painter: Painter, name: str) -> Pool[BandTargets]:
    """The pool of render targets shared by drawings of this name."""
    return Pool(DRAWINGS)


class DeferredShading:
    """A picture drawn band by band: `passes` draw onto targets, `shade` from these to the planes.

    `make(size)` makes a target. Pass k is called with target k and the band (a region), `shade`
    with all targets and the band's first row and number of rows.
    """

    def __init__(
        self,
        painter: Painter,
        planes: Planes,
        name: str,
        make: Callable[[Size], Releasable],
        passes: Sequence[Callable[[Any, Region], Steps[None]]],
        shade: Callable[[Sequence[Any], int, int], None],
        *,
        band_pixels: int = BAND_PIXELS,
    ):
        self._planes = planes
        self._painter, self._name = painter, f"{name} targets"
        self._make, self._passes, self._shade = make, passes, shade
        width, height = planes.size
        bands = max(1, -(-width * height // band_pixels))
        self._rows = -(-height // bands)

    def task(self) -> Task:
        """The task that draws the picture."""
        owned = ExitStack()
        owned.callback(lambda: self._pool().give_back(self))
        return Stepping(self._steps(), owned)

    def _steps(self) -> Steps[None]:
        width, height = self._planes.size
        top = index = 0  # the band's first row, and its next pass
        draw_pass: Task | None = None
        while top < height:
            done = index + (0.0 if draw_pass is None else draw_pass.fraction)
            deadline = (
                yield (top + done / len(self._passes) * min(self._rows, height - top)) / height
            )
            pool, size = self._pool(), (width, min(self._rows, height - top))
            scratch = pool.find(self)
            if scratch is None:  # none yet, or they were released and their contents lost
                scratch = pool.take(self, size, partial(self._scratch, size))
                draw_pass, index = None, 0
            if draw_pass is None:
                band = Region.of(self._planes.size).cut(0, top, *size)
                draw_pass = Stepping(self._passes[index](scratch.targets[index], band))
            if draw_pass.step(deadline):
                draw_pass, index = None, index + 1
            if index == len(self._passes):
                self._shade(scratch.targets, top, size[1])
                index, top = 0, top + size[1]
                if min(self._rows, height - top) != size[1]:
                    pool.give_back(self)

    def _pool(self) -> Pool[BandTargets]:
        return self._painter.shared(targets, self._name)

    def _scratch(self, size: Size) -> BandTargets:
        return BandTargets([self._make(size) for _ in self._passes])
