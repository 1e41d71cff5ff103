"""A surface being drawn: fields on a grid, then a box and a lit sheet, part by part.

    Scene -> plates -> FieldDrawing (the network, on a grid) -> Workshop: box, sheet -> planes

A step draws parts until its time is over. Other drawings may come between: what they take away,
or new shaders, begins it again.
"""

import time as wall
from collections.abc import Callable
from functools import partial
from typing import Any

import moderngl
import numpy as np

from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.passes import Pass, Rect
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.stretch import value_range_steps
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import SurfaceOptions
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.colormaps import SIZE, VIRIDIS
from cppn_gl.utils.tasks import Stepping
from cppn_gl.views.base import Size, Stage
from cppn_gl.views.solid.camera import LENS, Camera
from cppn_gl.views.solid.easel import Easel, Target
from cppn_gl.views.solid.field import Field, FieldDrawing
from cppn_gl.views.solid.heights import Plate, plates

SIDES = (49, 65, 97, 129, 193, 257, 321, 385)  # of the grid, in points: odd
POINTS = 0.65  # of the grid for each pixel of the shorter side, at most
SQUARE = (1, 1)  # the picture that a sheet shows
GRIDS = 3  # index buffers kept
CELLS = 4096  # of a grid, drawn at once
LIGHT = (-0.45, 0.55, 0.7)  # right, up, towards the eye
HIGH, LOW = (0.985, 0.985, 0.98), (0.88, 0.895, 0.92)  # of the background
PANE, RULE = (0.945, 0.95, 0.955), (0.8, 0.815, 0.835)


def painted(preset: Preset) -> bool:
    """Whether the sheet has the picture's colours, and not those of its heights."""
    return preset.options(SurfaceOptions).paint == "picture"


def grid_side(size: Size) -> int:
    """Points along a side of the grid, for a surface that fills a picture of a size."""
    wanted = POINTS * min(size)
    return max([side for side in SIDES if side <= wanted], default=SIDES[0])


def camera_of(plate: Plate, preset: Preset, size: Size) -> Camera:
    """The eye of a plate, whose own size in pixels is `size`."""
    # Where a plate is no wider than high, the numbers at its sides need room.
    lens = LENS * min(1.0, 0.6 + 0.28 * max(1.0, size[0] / size[1]))
    if plate.overhead:
        return Camera(0.0, 90.0, SurfaceOptions.distance, size, lens)
    return Camera.of(preset.options(SurfaceOptions), size, lens)


class Workshop:
    """The programs of surfaces, and the index buffers of their grids."""

    def __init__(self, painter: Painter):
        self._ctx = painter.ctx
        load = partial(Pass.load, painter.ctx, folder=painter.programs.folder)
        self.sheet = load("surface.frag", vertex="surface.vert")
        self.box = load("box.frag", vertex="box.vert", corners=30)
        self.backdrop = load("backdrop.frag")
        self.palette = painter.ctx.texture((SIZE, 1), 3, VIRIDIS.tobytes(), dtype="f4")
        self.palette.repeat_x = False
        self._grids: LRUCache[int, Grid] = LRUCache(GRIDS, free=Grid.release)

    def grid(self, side: int) -> "Grid":
        """The triangles of the sheet of a field of side × side points."""
        across = (side + 1) // 2
        return self._grids.get(across, partial(Grid, self._ctx, self.sheet.program, across))

    def release(self) -> None:
        """Free everything."""
        self._grids.clear()
        for one in (self.sheet, self.box, self.backdrop, self.palette):
            one.release()


class Grid:
    """The triangles of side × side points, as indices: (side - 1)² cells of two."""

    def __init__(self, ctx: moderngl.Context, program: Any, side: int):
        corner = np.arange(side * side, dtype="u4").reshape(side, side)[:-1, :-1].ravel()
        cell = np.array([0, 1, side + 1, 0, side + 1, side], "u4")
        self._indices = ctx.buffer((corner[:, None] + cell).tobytes())
        self._vertices = ctx.vertex_array(program, [], index_buffer=self._indices)
        self._count = 6 * len(corner)
        self.parts = -(-self._count // (6 * CELLS))

    def draw(self, target: moderngl.Framebuffer, viewport: Rect, part: int) -> None:
        """Draw part number `part` of `parts`, which are about as much work each."""
        first = part * 6 * CELLS
        count = min(6 * CELLS, self._count - first)
        target.use()
        target.viewport = viewport
        self._vertices.render(moderngl.TRIANGLES, vertices=count, first=first)

    def release(self) -> None:
        """Free the buffer."""
        self._vertices.release()
        self._indices.release()


class SurfaceDrawing:
    """A surface being drawn: the fields of all plates, then the boxes and sheets, part by part."""

    fraction = 0.0  # it does not tell

    def __init__(self, stage: Stage, planes: Planes, scene: Scene):
        self._planes = planes
        self._stage, self._scene = stage, scene
        self._plates = plates(scene, planes.size)
        self._picture = Stepping(value_range_steps(scene, SQUARE))
        self._fields: list[list[FieldDrawing]] = []
        self._made_of: list[Any] = []  # what the parts are drawn with
        self._jobs: list[Callable[[], None]] = []  # parts not yet drawn, the last one first
        self._done = False

    def _drawings(self, plate: Plate) -> list[FieldDrawing]:
        """The drawings of a plate's heights, and of its colours where these are others."""
        scene, ends = self._scene, self._picture.result
        side = grid_side(plate.pixels(self._planes.size)[2:])
        shown = Scene(plate.network, scene.view, scene.clock, scene.preset)
        heights = partial(FieldDrawing, self._stage, shown, side, plate.channel, plate.span)
        if not painted(scene.preset) or ends is None:
            return [heights()]
        color = scene.preset.color
        if plate.network is scene.network:
            return [heights(color=color, ends=ends)]
        return [heights(), FieldDrawing(self._stage, scene, side, color=color, ends=ends)]

    def step(self, deadline: float) -> bool:
        """Draw until about `deadline`; True when all is drawn."""
        while not self._done:
            if not self._fields:
                needed = painted(self._scene.preset)
                if needed and not self._picture.step(deadline):
                    return False
                self._fields = [self._drawings(plate) for plate in self._plates]
            for one in (one for few in self._fields for one in few):
                if one.step(deadline) is None:
                    return False
            self._part()
            if wall.perf_counter() >= deadline:
                break
        return self._done

    def release(self) -> None:
        """All that it draws with is kept, for the next."""

    def _part(self) -> None:
        """Draw the next part. What another drawing, or new shaders, took away is begun again."""
        painter = self._stage.painter
        workshop = painter.shared(Workshop)
        easel = painter.shared(Easel)
        fields = []
        for drawings in self._fields:
            few = [field for field in (one.step(0.0) for one in drawings) if field is not None]
            if len(few) < len(drawings):
                return  # dropped while others were drawn
            fields.append(few)
        target = easel.find(self)
        made_of = [workshop, target, *(field for few in fields for field in few)]
        if target is None or [*map(id, made_of)] != [*map(id, self._made_of)]:
            target = easel.target(self, self._planes.size, depth=True)
            self._made_of = [workshop, target, *made_of[2:]]
            self._jobs = self._plan(workshop, target, fields)[::-1]
        painter.ctx.enable(moderngl.DEPTH_TEST)
        try:
            self._jobs.pop()()
        finally:
            painter.ctx.disable(moderngl.DEPTH_TEST)
        if not self._jobs:
            easel.spread(target, self._planes)
            easel.give_back(self)
            self._made_of, self._done = [], True
        painter.ctx.finish()

    def _plan(
        self, workshop: Workshop, target: Target, fields: list[list[Field]]
    ) -> list[Callable[[], None]]:
        jobs: list[Callable[[], None]] = [partial(self._backdrop, workshop, target)]
        for plate, few in zip(self._plates, fields, strict=True):
            heights, colors = few[0], few[-1]
            of = (workshop, target, plate, heights, colors)
            jobs.append(partial(self._box, *of[:3]))
            parts = range(workshop.grid(heights.texture.size[0]).parts)
            jobs += [partial(self._sheet, *of, part) for part in parts]
        return jobs

    def _backdrop(self, workshop: Workshop, target: Target) -> None:
        drawn, size = target.drawn, self._planes.size
        drawn.clear(depth=1.0)
        # As far away as can be, and no part of what is measured.
        self._stage.painter.ctx.disable(moderngl.DEPTH_TEST)
        workshop.backdrop.set(target_size=size, high=HIGH, low=LOW)
        workshop.backdrop.draw(drawn, (0, 0, *size))

    def _look(self, plate: Plate) -> tuple[Camera, Rect]:
        """The eye of a plate, and where it is drawn."""
        left, top, width, height = plate.pixels(self._planes.size)
        viewport = left, self._planes.size[1] - top - height, width, height
        return camera_of(plate, self._scene.preset, (width, height)), viewport

    def _box(self, workshop: Workshop, target: Target, plate: Plate) -> None:
        camera, viewport = self._look(plate)
        workshop.box.set(
            relief=self._scene.options(SurfaceOptions).relief,
            matrix=camera.matrix.astype("f4").tobytes(),
            pane=PANE,
            rule=RULE,
            stroke=stroke_of(camera.size),
        )
        workshop.box.draw(target.drawn, viewport)

    def _sheet(
        self,
        workshop: Workshop,
        target: Target,
        plate: Plate,
        heights: Field,
        colors: Field,
        part: int,
    ) -> None:
        (camera, viewport), options = self._look(plate), self._scene.options(SurfaceOptions)
        side = heights.texture.size[0]
        light = np.array(LIGHT) @ camera.axes
        workshop.sheet.set(
            heights=heights.texture,
            colors=colors.texture,
            palette=workshop.palette,
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
        workshop.grid(side).draw(target.drawn, viewport, part)


def stroke_of(size: Size) -> float:
    """Half the width of lines in a picture of a size, in pixels."""
    return max(0.25, min(size) / 1400)
