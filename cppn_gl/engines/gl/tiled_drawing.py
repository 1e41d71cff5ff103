"""Draws wide networks as matrix products in compute shaders, layer by layer over tiles of pixels.

Scene, Region -> draw() -> for each tile: layer 1, …, outputs -> planes
"""

import time as wall

from cppn_gl.engines.base import Region
from cppn_gl.engines.gl import packing
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.shader import LANES
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.gl.tiled_programs import (
    GROUP_ROWS,
    GROUP_TEXELS,
    OUTPUT_TEXELS,
    RUN,
    TILE_BYTES,
    Kernel,
    TiledPrograms,
)
from cppn_gl.engines.rates import RateKey
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.utils.tasks import Steps, left


def draw(
    painter: Painter, planes: Planes, scene: Scene, region: Region, kind: RateKey
) -> Steps[None]:
    """Draw a region into planes of its size, at least GROUP_TEXELS texels per step.

    The pixels do not depend on the tiles. Other scenes may be drawn between two steps.
    """
    count = planes.texels[0] * planes.texels[1]
    widest = max(len(layer.bias) for layer in scene.network.drawn)
    pitch = TILE_BYTES // (packing.VEC4 * widest) // GROUP_TEXELS * GROUP_TEXELS
    work = LANES * work_per_pixel(scene.network)  # of a texel
    planes.target.scissor = None  # type: ignore[assignment]
    planes.target.clear()
    for number, jitter in enumerate(region.jitters):
        frame = packing.frame_block(scene, region, jitter)
        start = 0
        while start < count:
            deadline = yield (number + start / count) / len(region.jitters)
            programs = painter.tiled_programs
            kernels = programs.load(scene)
            programs.frame(frame)
            for unit, texture in enumerate(planes.textures):
                texture.bind_to_image(unit, read=True, write=True)
            texels = int(left(deadline) * painter.rate(kind) / work)
            end = min(start + max(1, texels // GROUP_TEXELS) * GROUP_TEXELS, count)
            # Tiles of equal size: a short last tile would leave most of a GPU idle.
            tiles = -(-(end - start) // pitch)
            each = -(-(end - start) // (tiles * GROUP_TEXELS)) * GROUP_TEXELS
            started = wall.perf_counter()
            for first in range(start, end, each):
                where = {"start": first, "count": min(each, end - first)}
                _tile(programs, kernels, scene, across=planes.texels[0], pitch=pitch, **where)
            painter.ctx.memory_barrier()  # before the planes are read
            painter.ctx.finish()
            painter.record(kind, (end - start) * work, wall.perf_counter() - started)
            start = end


def _tile(programs: TiledPrograms, kernels: list[Kernel], scene: Scene, **where: int) -> None:
    """Evaluate the network at `count` texels from `start` on."""
    drawn, scales, names = scene.network.drawn, scene.network.scales, list(ACTIVATIONS)
    groups = -(-where["count"] // GROUP_TEXELS)
    for index, layer in enumerate(drawn[:-1] or drawn):
        rows, columns = layer.weight.shape
        kind, quads = names.index(layer.activation), programs.bind(index)
        kernel, run = (kernels[1], GROUP_ROWS) if index else (kernels[0], RUN)
        kernel.run(
            (groups, -(-rows // run)),
            **where,
            rows=rows,
            columns=columns,
            quads=quads,
            kind=kind,
            scale=scales[index],
        )
    last = max(len(drawn) - 1, 1)  # at depth 1, tiled_first has computed the outputs
    columns = drawn[-1].weight.shape[1] if len(drawn) > 1 else 0
    programs.bind(last)
    outputs = -(-where["count"] // OUTPUT_TEXELS)
    kernels[-1].run((outputs, 1), **where, columns=columns, scale=scales[-1])
