"""Drawing of surfaces: the network on a grid, then a box and a lit surface of triangles.

    Scene -> subplots -> FieldDrawing (heights, colours) -> box, surface (SurfacePrograms) -> planes

A step draws parts until its deadline. Other drawings may run in between: if they release this
one's buffers, or the shaders are reloaded, it starts again.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import moderngl
import numpy as np

from cppn_gl.engines.base import Region
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
from cppn_gl.utils.tasks import Steps
from cppn_gl.views.base import Stage
from cppn_gl.views.solid.box_axes import label_room
from cppn_gl.views.solid.camera import Camera
from cppn_gl.views.solid.cut_plot import CUT, cut_stroke
from cppn_gl.views.solid.field import Field, FieldDrawing
from cppn_gl.views.solid.heights import Subplot, prepare, subplots
from cppn_gl.views.solid.render_targets import MULTISAMPLES, RenderTarget, RenderTargets
from cppn_gl.views.solid.surface_colors import TINTS
from cppn_gl.views.solid.triangles import Triangles, uniform

# Of the grid, in points: powers of two times a small number, plus 1. Those of drafts, all.
DRAFTS = (49, 65, 97, 129, 193, 257, 321, 385)
SIDES = (*DRAFTS, 513, 641, 769, 1025)
POINTS = 0.65  # grid points per pixel of the shorter side, at most
FINE = 2  # a smooth picture is drawn so many times as large, and averaged
LARGE = 200_000  # pixels of a draft from which on it is multisampled, which doubles the time
MOST = 2**24  # samples drawn at once
SQUARE = (1, 1)  # the shape of the picture on the surface
GRIDS = 3  # cached index buffers
LIGHT = (-0.45, 0.55, 0.7)  # its direction: right, up, towards the camera
HIGH, LOW = (0.985, 0.985, 0.98), (0.88, 0.895, 0.92)  # of the background
PANE, RULE = (0.945, 0.95, 0.955), (0.8, 0.815, 0.835)


def painted(preset: Preset) -> bool:
    """Whether the surface is coloured by the picture, not by height."""
    return preset.options(SurfaceOptions).paint == "picture"


def grid_side(size: Size, *, smooth: bool = True) -> int:
    """Points along a side of the grid, for a surface in a picture of a size."""
    wanted, sides = POINTS * min(size), SIDES if smooth else DRAFTS
    return max([side for side in sides if side <= wanted], default=sides[0])


def camera_of(subplot: Subplot, preset: Preset, size: Size) -> Camera:
    """The camera of a subplot of `size` pixels."""
    options = preset.options(SurfaceOptions)
    orbit = Orbit(0.0, 90.0) if subplot.overhead else options
    return Camera.framing(orbit, size, options.relief, label_room(subplot.letters))


class SurfacePrograms:
    """The programs of surfaces, and cached triangles of their drafts."""

    def __init__(self, painter: Painter):
        self._ctx = painter.ctx
        load = partial(Pass.load, painter.ctx, folder=painter.programs.folder)
        self.surface = load("surface.frag", vertex="surface.vert")
        self.box = load("box.frag", vertex="box.vert", corners=30)
        self.backdrop = load("backdrop.frag")
        self.palettes = painter.ctx.texture(TINTS.shape[1::-1], 3, TINTS.tobytes(), dtype="f4")
        self.palettes.repeat_x = self.palettes.repeat_y = False
        self._grids: LRUCache[int, Triangles] = LRUCache(GRIDS, free=Triangles.release)

    def triangles(self, field: Field) -> Triangles:
        """The triangles of a field: its own, or equal ones between every second texel."""
        if field.triangles is not None:
            return field.triangles
        return self._grids.get(field.side, lambda: Triangles(self._ctx, uniform(field.side, 2)))

    def release(self) -> None:
        self._grids.clear()
        for resource in (self.surface, self.box, self.backdrop, self.palettes):
            resource.release()


@dataclass(frozen=True)
class Strip:
    """Rows `top` to `bottom` of a picture of a size, drawn `fine` times as large."""

    size: Size
    top: int
    bottom: int
    fine: int

    @property
    def origin(self) -> tuple[int, int]:
        """The first pixel drawn, in the enlarged picture with row 0 at the bottom."""
        return 0, (self.size[1] - self.bottom) * self.fine

    def viewport(self, box: Rect) -> Rect:
        """Of a part (left, top, width, height) of the picture."""
        left, top, width, height = (side * self.fine for side in box)
        return left, (self.bottom * self.fine) - top - height, width, height


def strips(size: Size, fine: int, samples: int) -> list[Strip]:
    """About equal strips of a picture, each with about MOST samples at most."""
    count = -(-size[0] * size[1] * fine**2 * max(1, samples) // MOST)
    rows = -(-size[1] // count)
    return [Strip(size, top, min(top + rows, size[1]), fine) for top in range(0, size[1], rows)]


class Relief(Protocol):
    """Options of a surface: see SurfaceOptions."""

    @property
    def relief(self) -> float: ...

    @property
    def contours(self) -> int: ...


class SurfaceDrawing:
    """Draws a surface: the fields of all subplots, then boxes and surfaces, part by part.

    Other than a draft it has supersampled edges, and a finer grid that follows the surface.
    """

    def __init__(self, stage: Stage, planes: Planes, scene: Scene, region: Region):
        self._planes, self._overlay, self._smooth = planes, region.overlay, not region.draft
        self._stage, self._scene = stage, scene
        width, height = planes.size
        largest = int(stage.painter.ctx.info["GL_MAX_TEXTURE_SIZE"])
        enlarged = width > region.overlay[0]  # for several samples per pixel
        finer = self._smooth and not enlarged and FINE * max(planes.size) <= largest
        self._samples = MULTISAMPLES if self._smooth or width * height >= LARGE else 0
        self._strips = strips(planes.size, FINE if finer else 1, self._samples)

    def _drawings(
        self, subplot: Subplot, value_range: ValueRange | None
    ) -> tuple[FieldDrawing, FieldDrawing]:
        """The drawings of a subplot's heights and of its colours, which may be the same one."""
        scene = self._scene
        side = grid_side(subplot.pixels(self._planes.size)[2:], smooth=self._smooth)
        shown = Scene(subplot.network, scene.view, scene.clock, scene.preset)
        heights = partial(
            FieldDrawing,
            *(self._stage, shown, side, subplot.channel, subplot.span),
            bends=self._smooth,
        )
        if value_range is None:
            return (heights(),) * 2
        how: Any = {"color": scene.preset.color, "value_range": value_range}
        if subplot.network is scene.network:
            return (heights(**how),) * 2
        return heights(), FieldDrawing(self._stage, scene, side, **how)

    def _planned(self) -> Steps[list[Any]]:
        """Lay out the subplots: the drawings of heights and of colours of each."""
        value_range = None
        yield from prepare(self._scene)
        laid_out = subplots(self._scene, self._overlay)
        self._subplots = [subplot for subplot in laid_out if subplot.cut != "plot"]
        if painted(self._scene.preset):
            value_range = yield from value_range_steps(self._scene, SQUARE)
        return [one for part in self._subplots for one in self._drawings(part, value_range)]

    @property
    def _options(self) -> Relief:
        """How the surface looks."""
        return self._scene.options(SurfaceOptions)

    @property
    def _painted(self) -> bool:
        """Whether colours are those of the picture, not of the height."""
        return painted(self._scene.preset)

    def _camera(self, subplot: Subplot, size: Size) -> Camera:
        """The camera of a subplot of `size` pixels."""
        return camera_of(subplot, self._scene.preset, size)

    def steps(self) -> Steps[None]:
        """Draw the picture; begin again if a buffer or program was replaced between two steps."""
        painter = self._stage.painter
        drawings = yield from self._planned()
        waiting = list(self._strips)

        def parts() -> list[Any]:
            """What the jobs draw with; None for what has been released."""
            target = painter.shared(RenderTargets).find(self)
            return [painter.shared(SurfacePrograms), target, *(one.find() for one in drawings)]

        while waiting:
            yield
            strip, first = waiting[0], self._strips[0]
            for drawing in drawings:
                yield from drawing.steps()
            size = first.size[0] * first.fine, first.bottom * first.fine
            targets = painter.shared(RenderTargets)
            targets.target(self, size, depth=True, samples=self._samples)
            planned = parts()
            jobs = self._jobs(strip, *planned) if all(part is not None for part in planned) else []
            while jobs and all(a is b for a, b in zip(parts(), planned, strict=True)):
                painter.ctx.enable(moderngl.DEPTH_TEST)
                try:
                    jobs.pop()()
                finally:
                    painter.ctx.disable(moderngl.DEPTH_TEST)
                if not jobs:
                    rows = strip.top, strip.bottom
                    painter.shared(RenderTargets).copy(planned[1], self._planes, rows, strip.fine)
                    waiting.pop(0)
                painter.ctx.finish()
                yield 1 - len(waiting) / len(self._strips)
        painter.shared(RenderTargets).give_back(self)

    def _jobs(
        self, strip: Strip, programs: SurfacePrograms, target: RenderTarget, *fields: Field
    ) -> list[Callable[[], None]]:
        """The parts of a strip, last one first, from each subplot's heights and colours."""
        jobs: list[Callable[[], None]] = [partial(self._backdrop, strip, programs, target)]
        for subplot, heights, colors in zip(self._subplots, fields[::2], fields[1::2], strict=True):
            camera, viewport = self._look(strip, subplot)
            if viewport[1] >= target.texture.size[1] or viewport[1] + viewport[3] <= 0:
                continue
            jobs.append(partial(self._box, programs, target, camera, viewport))
            of = programs, target, subplot, camera, viewport, heights, colors
            parts = range(programs.triangles(heights).parts)
            jobs += [partial(self._surface, *of, part) for part in parts]
        return jobs[::-1]

    def _backdrop(self, strip: Strip, programs: SurfacePrograms, target: RenderTarget) -> None:
        drawn, fine = target.drawn, strip.fine
        drawn.clear(depth=1.0)
        # The backdrop is behind everything and writes no depth.
        self._stage.painter.ctx.disable(moderngl.DEPTH_TEST)
        size = strip.size[0] * fine, strip.size[1] * fine
        programs.backdrop.set(target_size=size, origin=strip.origin, high=HIGH, low=LOW)
        programs.backdrop.draw(drawn, (0, 0, *target.texture.size))

    def _look(self, strip: Strip, subplot: Subplot) -> tuple[Camera, Rect]:
        """The camera of a subplot, and its viewport on a strip."""
        box, (*_, width, height) = (subplot.pixels(of) for of in (self._planes.size, self._overlay))
        camera = self._camera(subplot, (width, height))
        return dataclasses.replace(camera, size=box[2:]), strip.viewport(box)

    def _box(
        self, programs: SurfacePrograms, target: RenderTarget, camera: Camera, viewport: Rect
    ) -> None:
        programs.box.set(
            relief=self._options.relief,
            matrix=camera.matrix.astype("f4").tobytes(),
            pane=PANE,
            rule=RULE,
            stroke=stroke_of(viewport[2:]),
        )
        programs.box.draw(target.drawn, viewport)

    def _surface(
        self,
        programs: SurfacePrograms,
        target: RenderTarget,
        subplot: Subplot,
        camera: Camera,
        viewport: Rect,
        heights: Field,
        colors: Field,
        part: int,
    ) -> None:
        options = self._options
        light = np.array(LIGHT) @ camera.axes
        programs.surface.set(
            heights=heights.texture,
            slopes=heights.slopes,
            colors=colors.texture,
            palettes=programs.palettes,
            tint=subplot.color,
            side=heights.side,
            relief=options.relief,
            matrix=camera.matrix.astype("f4").tobytes(),
            painted=self._painted,
            contours=options.contours,
            cut=cut_stroke(viewport[2:]) if subplot.cut else 0.0,
            cut_ink=tuple(np.array(CUT) / 255),
            stroke=stroke_of(viewport[2:]),
            lit=min(1.0, 3 * (1 - camera.flat)),
            light=tuple(light / np.linalg.norm(light)),
            towards=tuple(camera.axes[2]),
        )
        target.drawn.use()
        target.drawn.viewport = viewport
        programs.triangles(heights).draw(programs.surface.program, part)


def stroke_of(size: Size) -> float:
    """Half the width of lines in a picture of a size, in pixels."""
    return max(0.25, min(size) / 1400)
