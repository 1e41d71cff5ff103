"""An output as a lit height field in perspective, coloured by its height or by the picture.

Scene -> plates -> FieldDrawing (the network, on a grid) -> a sheet, a box, lines -> planes

The grid's fields are kept: turning the eye draws the sheet again and evaluates nothing.
"""

from functools import partial
from typing import Any

import moderngl
import numpy as np

from cppn_gl.features import features
from cppn_gl.painter import Painter
from cppn_gl.preset import Preset
from cppn_gl.scene import Scene, work_per_pixel
from cppn_gl.show import Show
from cppn_gl.targets import Planes
from cppn_gl.views.base import Drawing, Hit, Size, Stage, View, Words
from cppn_gl.views.box_axes import Axis, axes_overlay
from cppn_gl.views.camera import LENS, Camera, dragged, zoomed
from cppn_gl.views.easel import Shape, Shelf, easel_of
from cppn_gl.views.field import WEIGHTS, Field, FieldDrawing
from cppn_gl.views.heights import Plate, plates

SIDES = (49, 65, 97, 129, 193, 257, 321, 385)  # of the grid, in points: odd
POINTS = 0.65  # of the grid for each pixel of the shorter side, at most
GRIDS = 3  # index buffers kept
LIGHT = (-0.45, 0.55, 0.7)  # right, up, towards the eye
HIGH, LOW = (0.985, 0.985, 0.98), (0.88, 0.895, 0.92)  # of the background
PANE, RULE = (0.945, 0.95, 0.955), (0.8, 0.815, 0.835)


def grid_side(size: Size) -> int:
    """Points along a side of the grid, for a surface that fills a picture of a size."""
    wanted = POINTS * min(size)
    return max([side for side in SIDES if side <= wanted], default=SIDES[0])


def camera_of(plate: Plate, preset: Preset, size: Size) -> Camera:
    """The eye of a plate, whose own size in pixels is `size`."""
    # Where a plate is no wider than high, the numbers at its sides need room.
    lens = LENS * min(1.0, 0.6 + 0.28 * max(1.0, size[0] / size[1]))
    if plate.overhead:
        return Camera(0.0, 90.0, Show().distance, size, lens)
    return Camera.of(preset.show, size, lens)


class SurfaceView(View):
    """The output as a height field."""

    name = "surface"
    knobs = ("relief", "contours", "turn", "tilt", "distance")

    def begin(self, stage: Stage, planes: Planes, scene: Scene) -> Drawing:
        """Begin to draw."""
        return SurfaceDrawing(stage, planes, scene)

    def work(self, scene: Scene) -> float:
        """The grid has some eighth of the picture's pixels; the sheet costs as much as a few."""
        return 0.12 * work_per_pixel(scene.network) + 150

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """The box's axes, and the titles of plates."""
        words = np.zeros((size[1], size[0], 4), np.uint8)
        relief = scene.preset.show.relief
        for plate in plates(scene, size):
            left, top, width, height = plate.pixels(size)
            part = words[top : top + height, left : left + width]
            if part.size:
                camera = camera_of(plate, scene.preset, (width, height))
                axes_overlay(part, camera, _axes(scene, plate), relief, title=plate.title)
        return words

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """Where the pointer is in the plane, and the value there; on maps only."""
        for plate in plates(scene, size):
            left, top, width, height = plate.pixels(size)
            camera = camera_of(plate, scene.preset, (width, height))
            if camera.tilt != 90:
                continue
            across, high = camera.spread
            u = ((place[0] - left) / width * 2 - 1) * across
            v = (1 - (place[1] - top) / height * 2) * high
            turned = camera.axes[:2, :2].T @ (u, v)
            if max(abs(turned)) <= 1:
                return Hit(_said(scene, plate, *turned))
        return None

    def drag(self, preset: Preset, du: float, dv: float) -> dict[str, Any] | None:
        """Turn and tilt."""
        return dragged(preset.show, du, dv)

    def zoom(self, preset: Preset, steps: int) -> dict[str, Any] | None:
        """The distance of the eye."""
        return zoomed(preset.show, steps)


def _axes(scene: Scene, plate: Plate) -> tuple[Axis, Axis, Axis]:
    (x, y), extent = scene.view.center, scene.view.extent
    return (
        Axis("x", x - extent, x + extent),
        Axis("y", y - extent, y + extent),
        Axis("", *plate.span),
    )


def _said(scene: Scene, plate: Plate, u: float, v: float) -> str:
    """x, y and the value at a place of the square."""
    network, view = plate.network, scene.view
    x, y = view.center[0] + view.extent * u, view.center[1] + view.extent * v
    inputs = features(network.inputs, np.array([x]), np.array([y]), scene.clock, network.latent)
    outputs = np.broadcast_to(network.evaluate(inputs), (1, 3))
    value = float(outputs[0] @ np.array(WEIGHTS[plate.channel]))
    return f"x {x:.4g}  y {y:.4g}  value {value:.3g}"


class Workshop:
    """The programs of surfaces, and the index buffers of their grids."""

    def __init__(self, painter: Painter):
        self._ctx = painter.ctx
        self.sheet = Shape(painter, "surface.vert", "surface.frag")
        self.box = Shape(painter, "box.vert", "box.frag", corners=30)
        self.backdrop = Shape(painter, "full.vert", "backdrop.frag")
        self._grids: Shelf[Grid] = Shelf(GRIDS)

    def draw_sheet(self, side: int) -> None:
        """Draw the sheet of a field of side × side points."""
        across = (side + 1) // 2
        make = partial(Grid, self._ctx, self.sheet.program, across)
        self._grids.get(across, make).vertices.render(moderngl.TRIANGLES)

    def release(self) -> None:
        """Free everything."""
        self._grids.release()
        for shape in (self.sheet, self.box, self.backdrop):
            shape.release()


class Grid:
    """The triangles of side × side points, as indices: (side - 1)² cells of two."""

    def __init__(self, ctx: moderngl.Context, program: Any, side: int):
        corner = np.arange(side * side, dtype="u4").reshape(side, side)[:-1, :-1].ravel()
        cell = np.array([0, 1, side + 1, 0, side + 1, side], "u4")
        self._indices = ctx.buffer((corner[:, None] + cell).tobytes())
        self.vertices = ctx.vertex_array(program, [], index_buffer=self._indices)

    def release(self) -> None:
        """Free the buffer."""
        self.vertices.release()
        self._indices.release()


class SurfaceDrawing:
    """A surface being drawn: the fields of all plates, then the sheets at once."""

    def __init__(self, stage: Stage, planes: Planes, scene: Scene):
        self.planes = planes
        self._stage, self._scene = stage, scene
        self._plates = plates(scene, planes.size)
        self._done = False
        self._fields = [self._drawings(plate) for plate in self._plates]

    def _drawings(self, plate: Plate) -> list[FieldDrawing]:
        """The drawings of a plate's heights, and of its colours where these are others."""
        scene, show = self._scene, self._scene.preset.show
        side = grid_side(plate.pixels(self.planes.size)[2:])
        shown = Scene(plate.network, scene.view, scene.clock, scene.preset)
        found = [FieldDrawing(self._stage, shown, side, plate.channel, plate.span)]
        if show.paint == "picture" and plate.network is not scene.network:
            found.append(FieldDrawing(self._stage, scene, side))
        return found

    def step(self, budget: float) -> bool:
        """Draw for about `budget` seconds; True when all is drawn."""
        if self._done:
            return True
        for drawings in self._fields:
            for one in drawings:
                if one.step(budget) is None:
                    return False
        fields = [[one.step(0.0) for one in drawings] for drawings in self._fields]
        self._done = all(one is not None for few in fields for one in few)  # none was dropped
        if self._done:
            self._draw([[one for one in few if one is not None] for few in fields])
        return self._done

    def release(self) -> None:
        """All that it draws with is kept, for the next."""

    def _draw(self, fields: list[list[Field]]) -> None:
        painter = self._stage.painter
        ctx, size = painter.ctx, self.planes.size
        workshop = painter.kept("surface", lambda: Workshop(painter))
        easel = easel_of(painter)
        target = easel.target(self, size, depth=True)
        target.drawn.use()
        target.drawn.scissor = None  # type: ignore[assignment]
        target.drawn.viewport = (0, 0, *size)
        target.drawn.clear(depth=1.0)
        workshop.backdrop.set(target_size=size, high=HIGH, low=LOW)
        workshop.backdrop.draw()
        ctx.enable(moderngl.DEPTH_TEST)
        try:
            for plate, few in zip(self._plates, fields, strict=True):
                left, top, width, height = plate.pixels(size)
                target.drawn.viewport = (left, size[1] - top - height, width, height)
                camera = camera_of(plate, self._scene.preset, (width, height))
                self._plate(workshop, camera, few[0], few[-1])
        finally:
            ctx.disable(moderngl.DEPTH_TEST)
        easel.spread(target, self.planes)
        easel.give_back(self)

    def _plate(self, workshop: Workshop, camera: Camera, heights: Field, colors: Field) -> None:
        show = self._scene.preset.show
        stroke = stroke_of(camera.size)
        matrix = camera.matrix.astype("f4").tobytes()
        workshop.box.set(relief=show.relief, matrix=matrix, pane=PANE, rule=RULE, stroke=stroke)
        workshop.box.draw()
        heights.texture.use(0)
        colors.texture.use(1)
        side = heights.texture.size[0]
        light = np.array(LIGHT) @ camera.axes
        workshop.sheet.set(heights=0, colors=1, side=side, relief=show.relief, matrix=matrix)
        workshop.sheet.set(
            painted=show.paint == "picture",
            contours=show.contours,
            stroke=stroke,
            lit=min(1.0, 3 * (1 - camera.flat)),
            light=tuple(light / np.linalg.norm(light)),
            towards=tuple(camera.axes[2]),
        )
        workshop.draw_sheet(side)


def stroke_of(size: Size) -> float:
    """Half the width of lines in a picture of a size, in pixels."""
    return max(0.25, min(size) / 1400)
