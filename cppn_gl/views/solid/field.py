"""The network on a grid over the square |u|, |v| <= 1, as a texture of colours and heights.

    Scene, side -> draw_square(): outputs -> FieldDrawing.steps() -> Field

The last few textures are cached by everything they depend on, so that moving the camera evaluates
nothing.
"""

import dataclasses
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.passes import Pass
from cppn_gl.engines.gl.recolor import PaletteTexture, color_uniforms, flat_formulas
from cppn_gl.engines.gl.targets import Planes, release_target
from cppn_gl.preset.color import DISPLAY, Color, ValueRange
from cppn_gl.preset.preset import MAX_EXTENT, Viewport
from cppn_gl.preset.scene import Scene, identity
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.tasks import Steps, Task
from cppn_gl.views.base import Stage
from cppn_gl.views.pool import Pool
from cppn_gl.views.solid.triangles import Triangles, adapted

TOLERANCE = 0.15  # of the triangles' heights, in grid steps of a surface as high as it is wide
FIELDS, SCRATCH = 16, 4  # at most: cached textures, planes of squares
PLAIN = Color()
ALL = (1 / 3, 1 / 3, 1 / 3)
WEIGHTS = {"all": ALL, "red": (1.0, 0.0, 0.0), "green": (0.0, 1.0, 0.0), "blue": (0.0, 0.0, 1.0)}


def draw_square(
    user: object, stage: Stage, scene: Scene, side: int, engine: Engine
) -> Steps[Planes]:
    """Draw a square of outputs into planes of a pool, lent to `user`; again if they are released.

    The planes are valid until the next step. The engine is given, because the last bits depend on
    it.
    """
    painter, size = stage.painter, (side, side)
    task: Task | None = None
    while True:
        deadline = yield None if task is None else task.fraction
        pool = painter.shared(squares)
        if task is None or pool.find(user) is None:
            planes = pool.take(user, side, partial(Planes, painter.ctx, size))
            task = engine.begin(painter, planes, scene, Region.of(size))
        if task.step(deadline):
            pool.give_back(user)
            return planes


def squares(painter: Painter) -> Pool[Planes]:
    return Pool(SCRATCH)


@dataclass
class Field:
    """Textures (side, side) of red, green, blue and height, all from 0 to 1, and of slopes.

    The first and last texels are at u, v = -1 and 1. `triangles`: those of its surface, if they
    were wanted.
    """

    texture: Any
    slopes: Any
    triangles: Triangles | None = None

    @property
    def side(self) -> int:
        side: int = self.texture.size[0]
        return side

    def add_triangles(self) -> None:
        """Add triangles that are smaller where the surface bends."""
        texels = np.frombuffer(self.texture.read(), np.float32).reshape(self.side, self.side, 4)
        found = adapted(np.ascontiguousarray(texels[..., 3]), TOLERANCE / self.side)
        self.triangles = Triangles(self.texture.ctx, found)

    def release(self) -> None:
        for part in (self.texture, self.slopes, self.triangles):
            if part is not None:
                part.release()


class FieldCache:
    """The cached fields of a painter, and the program that draws them."""

    def __init__(self, painter: Painter):
        self._ctx = painter.ctx
        folder = painter.programs.folder
        self._pass = Pass.load(painter.ctx, "field.frag", flat_formulas(), folder=folder)
        self._palette = painter.shared(PaletteTexture)
        self.held: LRUCache[Any, Field] = LRUCache(FIELDS, free=Field.release)
        self.made = 0  # in total, for tests

    def make(
        self,
        planes: Planes,
        weight: tuple[float, float, float],
        span: tuple[float, float],
        color: Color,
        value_range: ValueRange,
    ) -> Field:
        """The field of square planes of outputs; `span`: see FieldDrawing."""
        side = planes.size[0]
        texture, slopes = (self._ctx.texture((side, side), k, dtype="f4") for k in (4, 2))
        for one in (texture, slopes):
            one.repeat_x = one.repeat_y = False
        target = self._ctx.framebuffer([texture, slopes])
        self._pass.set(side=side, weight=weight, range=span, **color_uniforms(color, value_range))
        self._pass.set(**planes.samplers, palette=self._palette.of(color))
        self._pass.draw(target, (0, 0, side, side))
        release_target(target)
        self.made += 1
        return Field(texture, slopes)

    def release(self) -> None:
        self.held.clear()
        self._pass.release()


class FieldDrawing:
    """Draws the field of a scene. `span`: the values of height 0 and 1.

    Colours are those of `color`, by default the outputs themselves, over `value_range`. `bends`:
    with triangles that are smaller where the surface bends.
    """

    def __init__(
        self,
        stage: Stage,
        scene: Scene,
        side: int,
        channel: str = "all",
        span: tuple[float, float] = (0.0, 1.0),
        color: Color = PLAIN,
        value_range: ValueRange = DISPLAY,
        *,
        bends: bool = False,
    ):
        view = scene.view
        extent = min(view.extent * side / (side - 1), MAX_EXTENT)  # so that pixel centres reach ±1
        self._stage, self._side, self._bends = stage, side, bends
        self._scene = dataclasses.replace(scene, view=Viewport(view.center, extent))
        self._how = WEIGHTS[channel], span, color, value_range
        self._engine = stage.engine_for(scene.network)
        what = identity(scene.network, scene.clock), self._engine
        self._key = (what, view, side, bends, *self._how)

    def find(self) -> Field | None:
        """The field, if it is cached."""
        return self._stage.painter.shared(FieldCache).held.find(self._key)

    def steps(self) -> Steps[Field]:
        """Draw the field, unless it is cached."""
        found = self.find()
        if found is None:
            planes = yield from draw_square(
                self, self._stage, self._scene, self._side, self._engine
            )
            fields = self._stage.painter.shared(FieldCache)
            found = fields.make(planes, *self._how)
            if self._bends:
                found.add_triangles()
            fields.held.put(self._key, found)
        return found
