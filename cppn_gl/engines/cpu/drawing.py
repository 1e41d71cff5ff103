"""Draws a picture with NumPy into planes, a slice at a time, as `Drawing` does with the shader.

Where the renderer is software anyway, a network of more than some 16 units is faster as matrix
products than as a shader, and nothing has to be compiled first.
"""

import time as wall
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.cpu.products import TILE, Products, colors
from cppn_gl.engines.geometry import sample_jitters
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.names import NUMPY
from cppn_gl.nn.network import Layer
from cppn_gl.preset.scene import Scene, work_per_pixel

KIND = (NUMPY, None)  # under which the painter keeps its rate
FEWEST, MOST = 64, 2048  # pixels at once: more leave the processor's cache
# OpenBLAS multiplies smaller matrices (rows × columns × pixels) in one thread. Its threads wait for
# each other, 20 times as long where another process has one of the processors.
ONE_THREAD = 2**18
WORTH = 128  # pixels at once; if one thread takes so many, more are hardly better
FEW = 16  # fewer cost more than the waiting
RETRY = 2.0  # seconds
SEVERAL = 2048  # pixels; so many are worth the way to the other cores
WHOLE = 8192  # pixels in a picture that is made of whole tiles, to the last bit as it is saved


class Threads:
    """Learns whether several threads are faster now, by their rates and those of one."""

    def __init__(self) -> None:
        self._rates: dict[bool, float] = {}  # by whether it was one
        self._tried = 0.0  # when the slower was tried last

    def one(self, now: float) -> bool:
        """Whether the next pixels are for one thread."""
        if len(self._rates) < 2:
            return True not in self._rates
        best = self._rates[True] > self._rates[False]
        if now - self._tried > RETRY:
            self._tried = now
            return not best
        return best

    def measured(self, one: bool, rate: float) -> None:
        """Remember how fast it went: half of the new, half of the old."""
        self._rates[one] = (rate + self._rates.get(one, rate)) / 2


THREADS = Threads()


class HostDrawing:
    """A picture being drawn, some pixels at a time in reading order, one sample after another."""

    engine = NUMPY

    def __init__(
        self,
        painter: Painter,
        planes: Planes,
        scene: Scene,
        *,
        size: tuple[int, int] | None = None,
        offset: tuple[int, int] = (0, 0),
        samples: int = 1,
        jitters: Sequence[tuple[float, float]] | None = None,
    ):
        self.painter, self.planes, self.scene = painter, planes, scene
        self.size, self.offset = size or planes.size, offset
        self._jitters = list(jitters or sample_jitters(samples))
        self._share = len(self._jitters)
        width, height = planes.size
        self._picture = np.zeros((height, width, 3), np.float32)
        self._next = 0  # pixel
        self._stop = 0  # of the pixels under way
        self._units: NDArray[Any] | None = None  # (pixels, units) of the layer that was last done
        self._layer = 0  # the next
        self._spent = 0.0  # seconds
        self._one = self._learns = False  # for one thread; to be remembered in THREADS
        self._scaled: list[Layer] = []  # the network's layers so far
        self._products = Products(scene.network, scene.view, scene.clock)
        self.done = False

    def step(self, budget: float) -> bool:
        """Draw for about `budget` seconds, one layer at least; True when all is drawn."""
        deadline = wall.perf_counter() + budget
        while not self.done:
            if self._units is None and self._several(deadline):
                if wall.perf_counter() >= deadline:
                    break
                continue
            if self._units is None and not self._begin(deadline - wall.perf_counter()):
                return False
            started = wall.perf_counter()
            whole = self._layers(deadline)
            self._spent += wall.perf_counter() - started
            if whole:
                self._finish()
            if wall.perf_counter() >= deadline:
                break
        return self.done

    def release(self) -> None:
        """There is nothing of its own to free."""

    def _several(self, deadline: float) -> bool:
        """Draw pixels on all cores, where SEVERAL of them fit into the time; False where not."""
        started = wall.perf_counter()
        work = work_per_pixel(self.scene.network)
        count = int((deadline - started) * self.painter.rate(KIND) / work)
        if count < SEVERAL or not self._scale_layers(deadline):
            return False
        left = self._picture.size // 3 - self._next
        values = np.empty((min(count // TILE * TILE, left), 3), np.float32)
        self._products.fill(
            values,
            self._next,
            self.planes.size[0],
            size=self.size,
            offset=self.offset,
            jitter=self._jitters[0],
        )
        self._keep(values, started)
        return True

    def _begin(self, seconds: float) -> bool:
        """Take the next pixels, as many as `seconds` allow; False where layers come first."""
        if not self._scale_layers(wall.perf_counter() + seconds):
            return False
        work = work_per_pixel(self.scene.network)
        count = int(max(seconds, 0.0) * self.painter.rate(KIND) / work)
        pixels = self.planes.size[0] * self.planes.size[1]
        self._stop = min(self._next + min(max(count, FEWEST), self._most()), pixels)
        taken = self._stop - self._next
        if pixels >= WHOLE:
            taken, self._stop = TILE, min(self._next + TILE, pixels)
        self._units = self._products.places(
            self._next + np.arange(taken),
            self.planes.size[0],
            size=self.size,
            offset=self.offset,
            jitter=self._jitters[0],
        )
        self._layer, self._spent = 0, 0.0
        return True

    def _layers(self, deadline: float) -> bool:
        """`Network.evaluate` in float32, until the deadline; True when all layers are done."""
        depth = self.scene.network.depth
        while self._layer < depth:
            assert self._units is not None
            self._units = self._products.apply(self._layer, self._units)
            self._layer += 1
            if self._layer < depth and wall.perf_counter() >= deadline:
                return False
        return True

    def _finish(self) -> None:
        assert self._units is not None
        values, self._units = colors(self._units[: self._stop - self._next]), None
        rate = self._keep(values, wall.perf_counter() - self._spent)
        if self._learns:
            THREADS.measured(self._one, rate)

    def _keep(self, values: NDArray[np.float32], started: float) -> float:
        """Add the next pixels to the picture; multiplications a second since `started`."""
        flat = self._picture.reshape(-1, 3)
        if self._share > 1:
            values = np.clip(values, 0, 1) / np.float32(self._share)
        stop = self._next + len(values)
        flat[self._next : stop] += values
        seconds = wall.perf_counter() - started
        work = len(values) * work_per_pixel(self.scene.network)
        self.painter.measured(KIND, work, seconds)
        self._next = stop
        if stop == len(flat):
            self._next_sample()
        return work / max(seconds, 1e-6)

    def _most(self) -> int:
        """Pixels at once, at most."""
        alone = ONE_THREAD // max(1, self.scene.network.width) ** 2
        self._learns = FEW <= alone < WORTH
        self._one = alone >= WORTH or (self._learns and THREADS.one(wall.perf_counter()))
        return min(MOST, alone) if self._one else MOST

    def _scale_layers(self, deadline: float) -> bool:
        """Draws times scales, which is work for a frame or more where the layers are wide."""
        network = self.scene.network
        if "layers" not in vars(network):
            while len(self._scaled) < network.depth:
                self._scaled.append(network.effective(len(self._scaled)))
                if wall.perf_counter() >= deadline and len(self._scaled) < network.depth:
                    return False
            network.layers = tuple(self._scaled)
        return True

    def _next_sample(self) -> None:
        self._next, self._jitters = 0, self._jitters[1:]
        if not self._jitters:
            self.planes.write(self._picture)
            self.done = True
