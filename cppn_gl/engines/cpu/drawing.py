"""Draws a picture with NumPy into planes, some blocks at a time, as `Drawing` does with the shader.

Where the renderer is software anyway, a network of more than some 16 units is faster as matrix
products than as a shader, and nothing has to be compiled first.
"""

import time as wall
from collections.abc import Generator, Sequence

import numpy as np

from cppn_gl.engines.cpu.products import BLOCK, Blocks, Floats, Products, contribution
from cppn_gl.engines.geometry import sample_jitters
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.names import NUMPY
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.utils.threads import THREADS

KIND = (NUMPY, None)  # under which the painter keeps its rate


class HostDrawing:
    """A picture being drawn on all cores, some blocks at a time, one sample after another.

    Its pixels are those of `numpy_engine.draw`, to the last bit, whatever the steps.
    """

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
        self._steps = _draw(painter, planes, scene, self.size, self.offset, jitters, samples)
        self.fraction = next(self._steps)  # how much is drawn, from 0 to 1
        self.done = False

    def step(self, budget: float) -> bool:
        """Draw for about `budget` seconds, a layer of a block a core at least; True when all is
        drawn.
        """
        deadline = wall.perf_counter() + budget
        while not self.done:
            try:
                self.fraction = self._steps.send(deadline)
            except StopIteration:
                self.done, self.fraction = True, 1.0
            if wall.perf_counter() >= deadline:
                break
        return self.done

    def release(self) -> None:
        """There is nothing of its own to free."""


def _draw(
    painter: Painter,
    planes: Planes,
    scene: Scene,
    size: tuple[int, int],
    offset: tuple[int, int],
    jitters: Sequence[tuple[float, float]] | None,
    samples: int,
) -> Generator[float, float, None]:
    """Draw into planes, yielding how much is drawn. Each step is sent its deadline, and draws the
    blocks that fit into the time left; where not even a block a core fits, one layer of these.
    """
    products = Products(scene.network, scene.view, scene.clock)
    blocks = Blocks.covering(size, (*offset, *planes.size))
    picture = np.zeros((*blocks.part[:1:-1], 3), np.float32)
    jitters = jitters or sample_jitters(samples)
    work = BLOCK * work_per_pixel(scene.network)

    def finish(values: Floats) -> Floats:
        return contribution(values, len(jitters))

    for number, jitter in enumerate(jitters):
        start = 0
        while start < len(blocks):
            done = (number + start / len(blocks)) / len(jitters)
            deadline = yield done
            started, spent = wall.perf_counter(), 0.0
            fitting = int((deadline - started) * painter.rate(KIND) / work)
            piece = blocks[start : start + max(fitting, THREADS)]
            if fitting >= len(piece):
                products.fill(picture, piece, jitter, finish)
            else:
                for _ in products.fill_by_layers(picture, piece, jitter, finish):
                    spent += wall.perf_counter() - started
                    yield done
                    started = wall.perf_counter()
            painter.measured(KIND, len(piece) * work, spent + wall.perf_counter() - started)
            start += len(piece)
    planes.write(picture)
