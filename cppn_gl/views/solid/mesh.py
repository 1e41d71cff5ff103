"""Drawing of surfaces: the network on a grid, then a box and a lit surface of triangles.

    Scene -> subplots -> FieldDrawing (heights, colours) -> box, surface (SurfacePrograms) -> planes

A step draws parts until its deadline. Other drawings may run in between: if they release this
one's buffers, or the shaders are reloaded, it starts again.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import moderngl
import numpy as np

from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.passes import Pass, Rect
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.stretch import value_range_steps
from cppn_gl.preset.color import ValueRange
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import Orbit, SurfaceOptions
from cppn_gl.utils.arrays import Size
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.colormaps import SIZE, VIRIDIS
from cppn_gl.utils.tasks import Steps
from cppn_gl.views.base import Stage
from cppn_gl.views.solid.box_axes import label_room
from cppn_gl.views.solid.camera import Camera
from cppn_gl.views.solid.field import Field, FieldDrawing
from cppn_gl.views.solid.heights import Subplot, subplots
from cppn_gl.views.solid.render_targets import RenderTarget, RenderTargets

SIDES = (49, 65, 97, 129, 193, 257, 321, 385)  # of the grid, in points; odd
POINTS = 0.65  # grid points per pixel of the shorter side, at most
SQUARE = (1, 1)  # the shape of the picture on the surface
GRIDS = 3  # cached index buffers
CELLS = 4096  # of a grid, drawn in one call
LIGHT = (-0.45, 0.55, 0.7)  # its direction: right, up, towards the camera
HIGH, LOW = (0.985, 0.985, 0.98), (0.88, 0.895, 0.92)  # of the background
PANE, RULE = (0.945, 0.95, 0.955), (0.8, 0.815, 0.835)


def painted(preset: Preset) -> bool:
    """Whether the surface is coloured by the picture, not by height."""
    return preset.options(SurfaceOptions).paint == "picture"


def grid_side(size: Size) -> int:
    """Points along a side of the grid, for a surface in a picture of a size."""
    wanted = POINTS * min(size)
    return max([side for side in SIDES if side <= wanted], default=SIDES[0])


def camera_of(subplot: Subplot, preset: Preset, size: Size) -> Camera:
    """The camera of a subplot of `size` pixels."""
    options = preset.options(SurfaceOptions)
    orbit = Orbit(0.0, 90.0) if subplot.overhead else options
    return Camera.framing(orbit, size, options.relief, label_room(size))


class SurfacePrograms:
    """The programs of surfaces, and cached index buffers of their grids."""

    def __init__(self, painter: Painter):
        self._ctx = painter.ctx
        load = partial(Pass.load, painter.ctx, folder=painter.programs.folder)
        self.surface = load("surface.frag", vertex="surface.vert")
        self.box = load("box.frag", vertex="box.vert", corners=30)
        self.backdrop = load("backdrop.frag")
        self.palette = painter.ctx.texture((SIZE, 1), 3, VIRIDIS.tobytes(), dtype="f4")
        self.palette.repeat_x = False
        self._grids: LRUCache[int, TriangleGrid] = LRUCache(GRIDS, free=TriangleGrid.release)

    def grid(self, side: int) -> "TriangleGrid":
        """The triangles of a field of side × side texels."""
        across = (side + 1) // 2
        return self._grids.get(
            across, partial(TriangleGrid, self._ctx, self.surface.program, across)
        )

    def release(self) -> None:
        self._grids.clear()
        for resource in (self.surface, self.box, self.backdrop, self.palette):
            resource.release()


class TriangleGrid:
    """An index buffer of the triangles between side × side points, two per cell."""

    def __init__(self, ctx: moderngl.Context, program: Any, side: int):
        corner = np.arange(side * side, dtype="u4").reshape(side, side)[:-1, :-1].ravel()
        cell = np.array([0, 1, side + 1, 0, side + 1, side], "u4")
        self._indices = ctx.buffer((corner[:, None] + cell).tobytes())
        self._vertices = ctx.vertex_array(program, [], index_buffer=self._indices)
        self._count = 6 * len(corner)
        self.parts = -(-self._count // (6 * CELLS))

    def draw(self, target: moderngl.Framebuffer, viewport: Rect, part: int) -> None:
        """Draw one of `parts` parts, which take about the same time."""
        first = part * 6 * CELLS
        count = min(6 * CELLS, self._count - first)
        target.use()
        target.viewport = viewport
        self._vertices.render(moderngl.TRIANGLES, vertices=count, first=first)

    def release(self) -> None:
        self._vertices.release()
        self._indices.release()


class SurfaceDrawing:
    """Draws a surface: the fields of all subplots, then boxes and surfaces, part by part."""

    def __init__(self, stage: Stage, planes: Planes, scene: Scene):
        self._planes = planes
        self._stage, self._scene = stage, scene
        self._subplots = subplots(scene, planes.size)

    def _drawings(
        self, subplot: Subplot, value_range: ValueRange | None
    ) -> tuple[FieldDrawing, FieldDrawing]:
        """The drawings of a subplot's heights and of its colours, which may be the same one."""
        scene = self._scene
        side = grid_side(subplot.pixels(self._planes.size)[2:])
        shown = Scene(subplot.network, scene.view, scene.clock, scene.preset)
        heights = partial(FieldDrawing, self._stage, shown, side, subplot.channel, subplot.span)
        if value_range is None:
            return (heights(),) * 2
        how: Any = {"color": scene.preset.color, "value_range": value_range}
        if subplot.network is scene.network:
            return (heights(**how),) * 2
        return heights(), FieldDrawing(self._stage, scene, side, **how)

    def steps(self) -> Steps[None]:
        """Draw the picture; begin again if a buffer or program was replaced between two steps."""
        painter, value_range = self._stage.painter, None
        if painted(self._scene.preset):
            value_range = yield from value_range_steps(self._scene, SQUARE)
        drawings = [one for part in self._subplots for one in self._drawings(part, value_range)]

        def parts() -> list[Any]:
            """What the jobs draw with; None for what has been released."""
            target = painter.shared(RenderTargets).find(self)
            return [painter.shared(SurfacePrograms), target, *(one.find() for one in drawings)]

        while True:
            yield
            for drawing in drawings:
                yield from drawing.steps()
            painter.shared(RenderTargets).target(self, self._planes.size, depth=True)
            planned = parts()
            jobs = self._jobs(*planned) if all(part is not None for part in planned) else []
            while jobs and all(a is b for a, b in zip(parts(), planned, strict=True)):
                painter.ctx.enable(moderngl.DEPTH_TEST)
                try:
                    jobs.pop()()
                finally:
                    painter.ctx.disable(moderngl.DEPTH_TEST)
                if not jobs:
                    painter.shared(RenderTargets).copy(planned[1], self._planes)
                    painter.shared(RenderTargets).give_back(self)
                painter.ctx.finish()
                if not jobs:
                    return
                yield

    def _jobs(
        self, programs: SurfacePrograms, target: RenderTarget, *fields: Field
    ) -> list[Callable[[], None]]:
        """The parts of the picture, last one first, from each subplot's heights and colours."""
        jobs: list[Callable[[], None]] = [partial(self._backdrop, programs, target)]
        for subplot, heights, colors in zip(self._subplots, fields[::2], fields[1::2], strict=True):
            of = (programs, target, subplot, heights, colors)
            jobs.append(partial(self._box, *of[:3]))
            parts = range(programs.grid(heights.texture.size[0]).parts)
            jobs += [partial(self._surface, *of, part) for part in parts]
        return jobs[::-1]

    def _backdrop(self, programs: SurfacePrograms, target: RenderTarget) -> None:
        drawn, size = target.drawn, self._planes.size
        drawn.clear(depth=1.0)
        # The backdrop is behind everything and writes no depth.
        self._stage.painter.ctx.disable(moderngl.DEPTH_TEST)
        programs.backdrop.set(target_size=size, high=HIGH, low=LOW)
        programs.backdrop.draw(drawn, (0, 0, *size))

    def _look(self, subplot: Subplot) -> tuple[Camera, Rect]:
        """The camera of a subplot, and its viewport."""
        left, top, width, height = subplot.pixels(self._planes.size)
        viewport = left, self._planes.size[1] - top - height, width, height
        return camera_of(subplot, self._scene.preset, (width, height)), viewport

    def _box(self, programs: SurfacePrograms, target: RenderTarget, subplot: Subplot) -> None:
        camera, viewport = self._look(subplot)
        programs.box.set(
            relief=self._scene.options(SurfaceOptions).relief,
            matrix=camera.matrix.astype("f4").tobytes(),
            pane=PANE,
            rule=RULE,
            stroke=stroke_of(camera.size),
        )
        programs.box.draw(target.drawn, viewport)

    def _surface(
        self,
        programs: SurfacePrograms,
        target: RenderTarget,
        subplot: Subplot,
        heights: Field,
        colors: Field,
        part: int,
    ) -> None:
        (camera, viewport), options = self._look(subplot), self._scene.options(SurfaceOptions)
        side = heights.texture.size[0]
        light = np.array(LIGHT) @ camera.axes
        programs.surface.set(
            heights=heights.texture,
            colors=colors.texture,
            palette=programs.palette,
            side=side,
            relief=options.relief,
            matrix=camera.matrix.astype("f4").tobytes(),
            painted=painted(self._scene.preset),
            contours=options.contours,
            stroke=stroke_of(camera.size),
            lit=min(1.0, 3 * (1 - camera.flat)),
            light=tuple(light / np.linalg.norm(light)),
            towards=tuple(camera.axes[2]),
        )
        programs.grid(side).draw(target.drawn, viewport, part)


def stroke_of(size: Size) -> float:
    """Half the width of lines in a picture of a size, in pixels."""
    return max(0.25, min(size) / 1400)
