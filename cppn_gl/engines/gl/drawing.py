"""A picture being drawn by shaders, tile by tile within a time budget.

    Scene, Engine -> Drawing.step(budget) -> planes

The pixels do not depend on the tiles. `begin` gives the drawing that an engine needs.
"""

import time as wall
from collections.abc import Sequence
from typing import Generic, TypeVar

from cppn_gl.engines.cpu.drawing import HostDrawing
from cppn_gl.engines.geometry import sample_jitters
from cppn_gl.engines.gl.packing import frame_block
from cppn_gl.engines.gl.painter import Painter, draw_nothing
from cppn_gl.engines.gl.programs import Program, Target
from cppn_gl.engines.gl.shader import LANES
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.gl.tiled import TiledDrawing
from cppn_gl.engines.names import FRAGMENT, TILED, Engine
from cppn_gl.preset.scene import Scene, work_per_pixel

T = TypeVar("T", bound=Target)
Jitters = Sequence[tuple[float, float]]  # right and down from a pixel's centre, in pixels

STRIP = 4  # rows of a tile narrower than the picture; software renderers draw 4×4 fragments


class Drawing(Generic[T]):
    """A picture being drawn, tile by tile. The pixels do not depend on the tiles.

    `size` is the whole picture's, `offset` (pixels) where the planes lie in it. `jitters` are the
    places of the samples in a pixel, where they are not those of N×N. Another scene may be drawn
    between two steps.
    """

    def __init__(
        self,
        painter: Painter,
        planes: T,
        scene: Scene,
        *,
        size: tuple[int, int] | None = None,
        offset: tuple[int, int] = (0, 0),
        samples: int = 1,
        jitters: Jitters | None = None,
        engine: Engine = FRAGMENT,
    ):
        self.painter, self.planes, self.scene = painter, planes, scene
        self.engine = engine
        self.size, self.offset = size or planes.size, offset
        self._jitters = list(jitters or sample_jitters(samples))
        self._samples = len(self._jitters)
        self._x = self._y = 0  # the next tile, in texels
        self._strip = 0
        self.done = False
        if self._samples > 1:  # which add up; one sample writes over what is there
            planes.target.scissor = None
            planes.target.clear()

    @property
    def work_per_texel(self) -> float:
        """Multiplications for one texel of LANES pixels; an activation counts as a few."""
        return LANES * work_per_pixel(self.scene.network)

    @property
    def fraction(self) -> float:
        """How much is drawn, from 0 to 1."""
        width, height = self.planes.texels
        sample = (self._y * width + self._x * self._strip) / (width * height)
        return (self._samples - len(self._jitters) + sample) / self._samples

    def step(self, budget: float) -> bool:
        """Draw for about `budget` seconds, one tile at least; True when all is drawn."""
        if self.done:
            return True
        added = self._samples > 1
        program = self.painter.load(self.scene, self.engine, added=added)
        self._kind = self.painter.kind(self.engine, self.scene.network)
        self._frame()
        if not program.drawn[added]:  # or compiling is taken for the speed of drawing
            draw_nothing(program, self.planes, added=added)
        deadline = wall.perf_counter() + budget
        while not self.done:
            self._tile(program, max(deadline - wall.perf_counter(), 0.0))
            if wall.perf_counter() >= deadline:
                break
        return self.done

    def release(self) -> None:
        """There is nothing of its own to free."""

    def _tile(self, program: Program, seconds: float) -> None:
        width, height = self.planes.texels
        texels = max(1, int(seconds * self.painter.rate(self._kind) / self.work_per_texel))
        if self._x == 0:
            rows = texels // width
            self._strip = min(rows, height - self._y) if rows else min(STRIP, height - self._y)
            columns = width if rows else max(STRIP, texels // self._strip)
        else:
            columns = max(STRIP, texels // self._strip)
        columns = min(columns, width - self._x)
        rect = (self._x, self._y, columns, self._strip)
        started = wall.perf_counter()
        program.draw(self.planes, rect, added=self._samples > 1)
        self.painter.ctx.finish()
        elapsed = wall.perf_counter() - started
        self.painter.measured(self._kind, columns * self._strip * self.work_per_texel, elapsed)
        self._x += columns
        if self._x >= width:
            self._x, self._y = 0, self._y + self._strip
        if self._y >= height:
            self._next_sample()

    def _next_sample(self) -> None:
        self._y = 0
        self._jitters = self._jitters[1:]
        if self._jitters:
            self._frame()
        else:
            self.done = True

    def _frame(self) -> None:
        frame = frame_block(self.scene, self.size, self.offset, self._jitters[0], self._samples)
        self.painter.frame(frame)


AnyDrawing = Drawing[Planes] | HostDrawing | TiledDrawing


def begin(
    painter: Painter,
    planes: Planes,
    scene: Scene,
    engine: Engine = FRAGMENT,
    *,
    size: tuple[int, int] | None = None,
    offset: tuple[int, int] = (0, 0),
    samples: int = 1,
    jitters: Jitters | None = None,
) -> AnyDrawing:
    """The drawing of a scene by an engine; the arguments are those of `Drawing`."""
    if engine.on_host:
        return HostDrawing(
            painter, planes, scene, size=size, offset=offset, samples=samples, jitters=jitters
        )
    if engine == TILED:
        return TiledDrawing(
            painter,
            planes,
            scene,
            programs=painter.tiled_programs,
            size=size,
            offset=offset,
            samples=samples,
            jitters=jitters,
        )
    return Drawing(
        painter,
        planes,
        scene,
        size=size,
        offset=offset,
        samples=samples,
        jitters=jitters,
        engine=engine,
    )
