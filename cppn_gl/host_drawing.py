"""Draws a picture with NumPy into planes, a slice at a time, as `Drawing` does with the shader.

Where the renderer is software anyway, a wide network is faster as matrix products than as a shader
(six to nine times at widths 120 and 400 on two cores), and nothing has to be compiled first.
"""

import time as wall

import numpy as np

from cppn_gl.geometry import pixel_points_at
from cppn_gl.numpy_engine import values_at
from cppn_gl.painter import Painter, Scene, work_per_pixel
from cppn_gl.targets import Planes

KIND = "numpy"  # under which the painter keeps its rate
FEWEST, MOST = 64, 8192  # pixels at once


class HostDrawing:
    """A picture being drawn, some pixels at a time in reading order."""

    def __init__(self, painter: Painter, planes: Planes, scene: Scene):
        self.painter, self.planes, self.scene = painter, planes, scene
        width, height = planes.size
        self._picture = np.zeros((height, width, 3), np.float32)
        self._next = 0  # pixel
        self.done = False

    def step(self, budget: float) -> bool:
        """Draw for about `budget` seconds, FEWEST pixels at least; True when all is drawn."""
        flat = self._picture.reshape(-1, 3)
        work = work_per_pixel(self.scene.network)
        deadline = wall.perf_counter() + budget
        while not self.done:
            started = wall.perf_counter()
            left = max(deadline - started, 0.0)
            count = int(left * self.painter.rate(KIND) / work)
            stop = min(self._next + min(max(count, FEWEST), MOST), len(flat))
            flat[self._next : stop] = self._values(self._next, stop)
            now = wall.perf_counter()
            self.painter.measured(KIND, (stop - self._next) * work, now - started)
            self._next = stop
            if stop == len(flat):
                self.planes.write(self._picture)
                self.done = True
            elif now >= deadline:
                break
        return self.done

    def _values(self, start: int, stop: int) -> np.ndarray:
        scene, view = self.scene, self.scene.view
        pixels = np.arange(start, stop)
        x, y = pixel_points_at(pixels, self.planes.size, view.center, view.extent)
        return values_at(scene.network, x, y, scene.clock)
