"""The engine `numpy`: matrix products on the CPU, some blocks of pixels at a time.

Where OpenGL is software too, a network wider than about 16 units is faster as matrix products than
as a shader, and nothing has to be compiled first.
"""

import time as wall
from typing import Any

import numpy as np

from cppn_gl.engines.base import SIDE, SURE, Device, Engine, Region
from cppn_gl.engines.cpu.products import BLOCK, Blocks, Products, contribution
from cppn_gl.engines.gl.pipeline import wide
from cppn_gl.engines.rates import RateKey, Rates
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.tasks import Stepping, Steps, Task, left
from cppn_gl.utils.threads import thread_count

FEW_UNITS = 16  # up to this width a shader on the CPU is as fast as matrix products


class NumPy(Engine):
    """Draws every network with NumPy, without compiling."""

    name = "numpy"
    title = "NumPy"
    help = "matrix products on all cores of the processor, without OpenGL"
    on_cpu = grids = True
    differs = "draws with matrix products, whose last bits depend on the processor"

    @property
    def renderer(self) -> str:
        return f"NumPy {np.__version__}"

    def rank(self, network: Network, device: Device) -> float:
        """First choice with software OpenGL: for wide networks far faster than shaders."""
        if not device.software:
            return 0.0
        if network.by_grid:
            return 0.05
        return SURE if wide(network) else 0.7 if network.width > FEW_UNITS else 0.05

    def forget(self, painter: Any) -> None:
        from cppn_gl.engines.grid import lattices

        lattices.clear()

    def begin(self, painter: Any, target: Any, scene: Scene, region: Region) -> Task:
        kind = self.rate_key(painter, scene.network)
        if scene.network.by_grid:
            from cppn_gl.engines.cpu.grid import drawn
            from cppn_gl.nn.grid import NumPyKernel

            return Stepping(drawn(painter, target, scene, region, kind, NumPyKernel()))
        return Stepping(_draw(painter, target, scene, region, kind))


def _draw(rates: Rates, target: Any, scene: Scene, region: Region, kind: RateKey) -> Steps[None]:
    """Draw a region into a target of its size, on all cores. `kind`: the key of the rate.

    A step draws as many blocks as fit into the time left. If not even one block per core fits, a
    step is one layer of these. The pixels do not depend on the steps.
    """
    products = Products(scene.network, scene.view, scene.clock)
    if region.boxes is not None:
        target.write((yield from _boxes(rates, products, region, kind)))
        return
    blocks = Blocks.covering(region.size, (*region.offset, *region.part))
    picture = np.zeros((*region.part[::-1], scene.network.channels), np.float32)
    work = BLOCK * work_per_pixel(scene.network)

    def finish(values: Float32) -> Float32:
        return contribution(values, len(region.jitters))

    for number, jitter in enumerate(region.jitters):
        start = 0
        while start < len(blocks):
            done = (number + start / len(blocks)) / len(region.jitters)
            deadline = yield done
            started, spent = wall.perf_counter(), 0.0
            fitting = int(left(deadline) * rates.rate(kind) / work)
            piece = blocks[start : start + max(fitting, thread_count())]
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


def _boxes(rates: Rates, products: Products, region: Region, kind: RateKey) -> Steps[Float32]:
    """Draw a region's boxes: (height, width, channels) values, in which samples are averaged.

    Each block of SIDE × SIDE pixels with all its samples is one product, so that its values do not
    depend on what else is drawn.
    """
    width, height = region.part
    channels = products.network.channels
    picture = np.zeros((height + SIDE, width + SIDE, channels), np.float32)  # squares are whole
    corners = [
        (x, y)
        for left, top, right, bottom in region.pieces
        for y in range(top, bottom, SIDE)
        for x in range(left, right, SIDE)
    ]
    work = work_per_pixel(products.network) * len(region.jitters) * SIDE**2
    start = 0
    while start < len(corners):
        deadline = yield start / len(corners)
        fitting = int(left(deadline) * rates.rate(kind) / work)
        some = corners[start : start + max(fitting, thread_count())]
        products.fill_squares(picture, some, SIDE, region)
        start += len(some)
    return picture[:height, :width]
