"""Draws a picture by shaders, tile by tile within a time budget.

Scene, Region, Pipeline -> draw() -> planes
"""

import time as wall
from collections.abc import Callable
from functools import partial

from cppn_gl.engines.adaptive import coalesced
from cppn_gl.engines.base import Region
from cppn_gl.engines.gl.packing import frame_block
from cppn_gl.engines.gl.painter import Painter, draw_nothing
from cppn_gl.engines.gl.pipeline import FRAGMENT, Pipeline
from cppn_gl.engines.gl.programs import Program, Target
from cppn_gl.engines.gl.shader import LANES
from cppn_gl.engines.rates import RateKey
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.utils.arrays import Box
from cppn_gl.utils.tasks import Steps, left, share

CALL = 1e-4  # seconds that a draw call takes however little it draws
STRIP = 4  # rows of tiles narrower than the picture: software renderers draw 4×4 fragments


def draw(
    painter: Painter,
    target: Target,
    scene: Scene,
    region: Region,
    pipeline: Pipeline = FRAGMENT,
    prepare: Callable[[Program], None] | None = None,
) -> Steps[None]:
    """Draw a region into a target of its size, at least one tile per step.

    The pixels do not depend on the tiles. Other scenes may be drawn between two steps. `prepare`
    sets a program's additional uniforms.
    """
    width, height = target.texels

    def loaded(frame: bytes) -> Program:
        program = painter.load(scene, pipeline, additive=region.additive)
        painter.frame(frame)
        if prepare:
            prepare(program)
        if not program.drawn[region.additive]:  # compile before the timing starts
            draw_nothing(program, target, additive=region.additive)
        return program

    kind = pipeline.name, painter.structure(scene.network)
    work = LANES * work_per_pixel(scene.network)  # of a texel
    if region.additive:  # a single sample overwrites
        target.target.scissor = None
        target.target.clear()
    for number, jitter in enumerate(region.jitters):
        frame = frame_block(scene, region, jitter)
        if region.boxes is not None:
            boxes = _draw_boxes(painter, target, region, partial(loaded, frame), kind, work)
            part = 1 / len(region.jitters)
            yield from share(boxes, number * part, (number + 1) * part)
            continue
        x = y = strip = 0
        while y < height:
            sample = (y * width + x * strip) / (width * height)
            deadline = yield (number + sample) / len(region.jitters)
            program = loaded(frame)
            texels = max(1, int(left(deadline) * painter.rate(kind) / work))
            if x == 0:
                strip = min(texels // width or STRIP, height - y)
            whole_rows = x == 0 and texels >= width
            columns = width if whole_rows else min(max(STRIP, texels // strip), width - x)
            started = wall.perf_counter()
            program.draw(target, (x, y, columns, strip), additive=region.additive)
            painter.ctx.finish()
            painter.record(kind, columns * strip * work, wall.perf_counter() - started)
            x += columns
            if x >= width:
                x, y = 0, y + strip


def _draw_boxes(
    painter: Painter,
    target: Target,
    region: Region,
    loaded: Callable[[], Program],
    kind: RateKey,
    work: float,
) -> Steps[None]:
    """Draw a sample of a region's boxes, at least a row of one in each step.

    `work`: multiplications for a texel. Boxes with little between them are drawn in one call.
    """
    call = CALL * painter.rate(kind) / work * LANES
    waiting = [_texels(box) for box in coalesced(region.pieces, call)][::-1]
    count = len(waiting)
    while waiting:
        deadline = yield 1 - len(waiting) / count
        program, texels = loaded(), left(deadline) * painter.rate(kind) / work
        drawn = 0
        while waiting and (not drawn or drawn < texels):
            x, y, width, height = waiting.pop()
            rows = min(max(1, int((texels - drawn) / width)), height)
            program.draw(target, (x, y, width, rows), additive=region.additive)
            drawn += width * rows
            if rows < height:
                waiting.append((x, y + rows, width, height - rows))
        painter.ctx.finish()


def _texels(box: Box) -> tuple[int, int, int, int]:
    """A box in pixels as (left, top, width, height) in texels."""
    left_edge, top, right, bottom = box
    return left_edge // LANES, top, -(-right // LANES) - left_edge // LANES, bottom - top
