"""Draws a picture with NumPy, some blocks at a time.

    Scene, Region -> draw() -> network outputs in a target (Planes or Raster)

Where OpenGL is software too, a network wider than about 16 units is faster as matrix products than
as a shader, and nothing has to be compiled first.
"""

import time as wall
from typing import Any

import numpy as np

from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.products import BLOCK, Blocks, Floats, Products, contribution
from cppn_gl.engines.rates import RateKey, Rates
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.utils.tasks import Steps, left
from cppn_gl.utils.threads import THREADS


def draw(rates: Rates, target: Any, scene: Scene, region: Region, kind: RateKey) -> Steps[None]:
    """Draw a region into a target of its size, on all cores. `kind`: the key of the rate.

    A step draws as many blocks as fit into the time left. If not even one block per core fits, a
    step is one layer of these. The pixels do not depend on the steps.
    """
    products = Products(scene.network, scene.view, scene.clock)
    blocks = Blocks.covering(region.size, (*region.offset, *region.part))
    picture = np.zeros((*region.part[::-1], 3), np.float32)
    work = BLOCK * work_per_pixel(scene.network)

    def finish(values: Floats) -> Floats:
        return contribution(values, len(region.jitters))

    for number, jitter in enumerate(region.jitters):
        start = 0
        while start < len(blocks):
            done = (number + start / len(blocks)) / len(region.jitters)
            deadline = yield done
            started, spent = wall.perf_counter(), 0.0
            fitting = int(left(deadline) * rates.rate(kind) / work)
            piece = blocks[start : start + max(fitting, THREADS)]
            if fitting >= len(piece):
                products.fill(picture, piece, jitter, finish)
            else:
                for _ in products.fill_by_layers(picture, piece, jitter, finish):
                    spent += wall.perf_counter() - started
                    yield done
                    started = wall.perf_counter()
            rates.record(kind, len(piece) * work, spent + wall.perf_counter() - started)
            start += len(piece)
    target.write(picture)
