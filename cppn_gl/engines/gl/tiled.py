"""Draws wide networks as matrix products in compute shaders, layer by layer over tiles of pixels.

Scene, TiledPrograms -> TiledDrawing.step(budget) -> for each tile: layer 1, …, outputs -> planes
"""

import time as wall
from collections.abc import Sequence

from cppn_gl.engines.geometry import sample_jitters
from cppn_gl.engines.gl import packing
from cppn_gl.engines.gl.packing import frame_block
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
from cppn_gl.engines.names import TILED
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.preset.scene import Scene, work_per_pixel

KIND = (TILED, None)  # under which the painter keeps its rate


class TiledDrawing:
    """A picture being drawn, some texels at a time in reading order; `Drawing` by other means.

    The pixels do not depend on the tiles, and another scene may be drawn between two steps.
    `programs` are shared by all drawings of a context.
    """

    engine = TILED

    def __init__(
        self,
        painter: Painter,
        planes: Planes,
        scene: Scene,
        *,
        programs: TiledPrograms,
        size: tuple[int, int] | None = None,
        offset: tuple[int, int] = (0, 0),
        samples: int = 1,
        jitters: Sequence[tuple[float, float]] | None = None,
    ):
        self.painter, self.planes, self.scene, self.programs = painter, planes, scene, programs
        self.size, self.offset = size or planes.size, offset
        self._jitters = list(jitters or sample_jitters(samples))
        self._samples = len(self._jitters)
        self._texels = planes.texels[0] * planes.texels[1]
        self._next = 0  # texel
        widest = max(len(layer.bias) for layer in scene.network.drawn)
        self._pitch = TILE_BYTES // (packing.VEC4 * widest) // GROUP_TEXELS * GROUP_TEXELS
        self.done = False
        planes.target.scissor = None  # type: ignore[assignment]
        planes.target.clear()

    @property
    def fraction(self) -> float:
        """How much is drawn, from 0 to 1."""
        left = len(self._jitters) - self._next / self._texels
        return 1 - left / self._samples

    def step(self, budget: float) -> bool:
        """Draw for about `budget` seconds, GROUP_TEXELS texels at least; True when all is drawn."""
        if self.done:
            return True
        kernels = self.programs.load(self.scene)
        for unit, texture in enumerate(self.planes.textures):
            texture.bind_to_image(unit, read=True, write=True)
        self._frame()
        deadline = wall.perf_counter() + budget
        while not self.done:
            self._tiles(kernels, max(deadline - wall.perf_counter(), 0.0))
            if wall.perf_counter() >= deadline:
                break
        return self.done

    def release(self) -> None:
        """There is nothing of its own to free."""

    def _tiles(self, kernels: list[Kernel], seconds: float) -> None:
        """As many tiles as fill the time, with one wait at the end."""
        work = LANES * work_per_pixel(self.scene.network)
        texels = int(seconds * self.painter.rate(KIND) / work)
        whole = max(GROUP_TEXELS, texels // GROUP_TEXELS * GROUP_TEXELS)
        begin, end = self._next, min(self._next + whole, self._texels)
        # Alike, rather than a short one at the end that leaves most of a GPU idle.
        tiles = -(-(end - begin) // self._pitch)
        each = -(-(end - begin) // (tiles * GROUP_TEXELS)) * GROUP_TEXELS
        started = wall.perf_counter()
        for start in range(begin, end, each):
            self._tile(kernels, start, min(each, end - start))
        self.painter.ctx.memory_barrier()  # whatever reads the planes next
        self.painter.ctx.finish()
        self.painter.measured(KIND, (end - begin) * work, wall.perf_counter() - started)
        self._next = end
        if end == self._texels:
            self._next_sample()

    def _tile(self, kernels: list[Kernel], start: int, count: int) -> None:
        """The whole network at `count` texels."""
        drawn, names = self.scene.network.drawn, list(ACTIVATIONS)
        where = {"start": start, "count": count, "across": self.planes.texels[0]}
        groups = -(-count // GROUP_TEXELS)
        for index, layer in enumerate(drawn[:-1] or drawn):
            rows, columns = layer.weight.shape
            kind, quads = names.index(layer.activation), self.programs.bind(index)
            kernel, run = (kernels[1], GROUP_ROWS) if index else (kernels[0], RUN)
            kernel.run(
                (groups, -(-rows // run)),
                **where,
                pitch=self._pitch,
                rows=rows,
                columns=columns,
                quads=quads,
                kind=kind,
                scale=self.scene.network.scales[index],
            )
        last = max(len(drawn) - 1, 1)  # at depth 1 the sums are there already, layer 1's
        columns = drawn[-1].weight.shape[1] if len(drawn) > 1 else 0
        self.programs.bind(last)
        kernels[-1].run(
            (-(-count // OUTPUT_TEXELS), 1),
            **where,
            pitch=self._pitch,
            columns=columns,
            scale=self.scene.network.scales[-1],
        )

    def _next_sample(self) -> None:
        self._next, self._jitters = 0, self._jitters[1:]
        self.done = not self._jitters
        if not self.done:
            self._frame()

    def _frame(self) -> None:
        frame = frame_block(self.scene, self.size, self.offset, self._jitters[0], self._samples)
        self.programs.frame(frame)
