"""A landscape of the loss as a lit surface, and the path of training on it.

LossMap -> HeightDrawing: textures of heights and slopes -> LossSurface, drawn as any surface
LossMap, Camera -> trail(): the path in pixels, and where the surface hides it
"""

import math

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.base import Region
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.preset.color import NOT_A_NUMBER
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import LossLandscapeOptions
from cppn_gl.utils.arrays import Float64, Size
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.tasks import Steps
from cppn_gl.utils.threads import one_thread
from cppn_gl.views.base import Stage
from cppn_gl.views.losses.loss_map import LossMap, enlarged
from cppn_gl.views.solid.box_axes import BoxAxis, font_size, label_room
from cppn_gl.views.solid.camera import Camera
from cppn_gl.views.solid.field import Field
from cppn_gl.views.solid.heights import Subplot
from cppn_gl.views.solid.mesh import Relief, SurfaceDrawing, grid_side
from cppn_gl.views.ticks import log_ticks, short

FIELDS = 4  # cached textures
FINER = 3  # points of the surface for each of the grid, at most
ALONG = 240  # points of the path as it is drawn
LOOKS, SHALLOW = 64, 0.012  # places towards the eye, and the height of what hides nothing


def camera_of(options: LossLandscapeOptions, size: Size) -> Camera:
    """The camera of a surface in a picture of `size`."""
    return Camera.framing(options, size, options.relief, label_room(font_size(size)))


class _LossAxis(BoxAxis):
    """A logarithmic axis."""

    def ticks(self) -> list[tuple[float, str, bool]]:
        span = math.log(self.high / self.low)
        found = log_ticks(self.low, self.high, 5)
        return [(2 * math.log(v / self.low) / span - 1, short(v), False) for v in found]


def axes_of(of: LossMap) -> tuple[BoxAxis, BoxAxis, BoxAxis]:
    """The axes of the box: both directions, and the logarithm of the loss."""
    (a, b), (wide, high) = of.sight.center, of.sight.half
    names = ("1st component", "2nd component") if of.plane.components else ("a", "b")
    return (
        BoxAxis(names[0], a - wide, a + wide),
        BoxAxis(names[1], b - high, b + high),
        _LossAxis("loss", *of.limits),
    )


class _Heights:
    """The cached textures of a painter."""

    def __init__(self, painter: Painter):
        self.held: LRUCache[tuple[int, int, bool], tuple[LossMap, Field]] = LRUCache(
            FIELDS, free=lambda pair: pair[1].release()
        )

    def release(self) -> None:
        self.held.clear()


class HeightDrawing:
    """Makes the field of a landscape. `bends`: with triangles that are smaller where it bends."""

    def __init__(self, stage: Stage, of: LossMap, side: int, *, bends: bool):
        self._painter, self._of, self._side, self._bends = stage.painter, of, side, bends

    def find(self) -> Field | None:
        """The field, if it is cached."""
        found = self._painter.shared(_Heights).held.find(self._key)
        return found[1] if found else None

    @property
    def _key(self) -> tuple[int, int, bool]:
        return (
            id(self._of),
            self._side,
            self._bends,
        )  # which the cache holds, so that ids are unique

    def steps(self) -> Steps[Field]:
        """Make the field, unless it is cached."""
        found = self.find()
        if found is None:
            yield None
            found = self._make()
            self._painter.shared(_Heights).held.put(self._key, (self._of, found))
        return found

    def _make(self) -> Field:
        side, ctx = self._side, self._painter.ctx
        with one_thread():
            heights = np.clip(enlarged(self._of.heights, (side, side)), 0, 1)
            broken = enlarged(self._of.broken.astype(np.float32), (side, side)) > 0.5
        along = np.gradient(heights, axis=1), np.gradient(heights, axis=0)
        slopes = np.stack(along, axis=2) * ((side - 1) / 2)
        texels = np.zeros((side, side, 4), np.float32)
        texels[..., 3] = heights
        texels[broken, :3] = NOT_A_NUMBER[0], -1.0, NOT_A_NUMBER[2]  # see field.frag
        both = []
        for array in (texels, slopes.astype(np.float32)):
            texture = ctx.texture((side, side), array.shape[2], array.tobytes(), dtype="f4")
            texture.repeat_x = texture.repeat_y = False
            both.append(texture)
        field = Field(both[0], both[1])
        if self._bends:
            field.add_triangles()
        return field


class LossSurface(SurfaceDrawing):
    """Draws the surface of a landscape."""

    def __init__(self, stage: Stage, planes: Planes, scene: Scene, region: Region, of: LossMap):
        super().__init__(stage, planes, scene, region)
        self._of = of

    def _planned(self) -> Steps[list[HeightDrawing]]:
        letters, low_top = font_size(self._overlay), (0.0, 1.0)
        whole = Subplot((0, 0, 1, 1), self._scene.network, "all", low_top, "", letters)
        self._subplots = [whole]
        wanted = grid_side(self._planes.size, smooth=self._smooth)
        most = max(FINER * min(self._of.counts), grid_side((1, 1)))
        side = wanted
        while side > most:
            side = (side - 1) // 2 + 1
        yield None
        return [HeightDrawing(self._stage, self._of, side, bends=self._smooth)] * 2

    @property
    def _options(self) -> Relief:
        return self._scene.options(LossLandscapeOptions)

    @property
    def _painted(self) -> bool:
        return False

    def _camera(self, subplot: Subplot, size: Size) -> Camera:
        return camera_of(self._scene.options(LossLandscapeOptions), size)


def trail(
    of: LossMap, camera: Camera, relief: float, local: Float64
) -> tuple[Float64, NDArray[np.bool_]]:
    """Places (n, 2) from -1 to 1 on the surface: their pixels, and whether one can see them.

    Out of sight they are not a number.
    """
    heights = of.height_at(local)
    points = np.column_stack([local, relief * (2 * heights - 1)])
    pixels = camera.project(points)[:, :2]
    towards = camera.eye - points
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    away = np.linspace(0.01, 2.0, LOOKS)[:, None, None]
    places = (points + away * towards).reshape(-1, 3)
    ground = relief * (2 * of.height_at(places[:, :2]) - 1)
    with np.errstate(all="ignore"):
        hides = ground > places[:, 2] + SHALLOW
    seen: NDArray[np.bool_] = np.asarray(~hides.reshape(LOOKS, -1).any(axis=0))
    return pixels, seen


def resampled(places: Float64) -> Float64:
    """A path (n, 2) with ALONG points or more, its own among them."""
    if len(places) < 2:
        return places
    each = max(1, ALONG // (len(places) - 1))
    t = np.arange(each)[:, None, None] / each
    between = places[:-1] * (1 - t) + places[1:] * t
    found: Float64 = np.concatenate([between.transpose(1, 0, 2).reshape(-1, 2), places[-1:]])
    return found
