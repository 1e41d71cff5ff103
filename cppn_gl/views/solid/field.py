"""The network on a grid over the square |u|, |v| <= 1, as a texture of colours and heights.

    Scene, side -> Square: outputs -> FieldDrawing.step() -> Field

The last few textures are cached by everything they depend on, so that moving the camera evaluates
nothing.
"""

import dataclasses
from dataclasses import dataclass
from functools import partial
from typing import Any

from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.passes import Pass
from cppn_gl.engines.gl.recolor import color_uniforms, formulas, palettes
from cppn_gl.engines.gl.targets import Planes, release_target
from cppn_gl.preset.color import DISPLAY, Color, ValueRange
from cppn_gl.preset.preset import MAX_EXTENT, Viewport
from cppn_gl.preset.scene import Scene, identity
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.tasks import Task
from cppn_gl.views.base import Stage
from cppn_gl.views.pool import Pool

FIELDS, SCRATCH = 16, 4  # at most: cached textures, planes of squares
PLAIN = Color()
ALL = (1 / 3, 1 / 3, 1 / 3)
WEIGHTS = {"all": ALL, "red": (1.0, 0.0, 0.0), "green": (0.0, 1.0, 0.0), "blue": (0.0, 0.0, 1.0)}


class Square:
    """A square of outputs being drawn into planes of a pool, again if these are released meanwhile.

    The engine is fixed, because the last bits depend on it.
    """

    def __init__(self, stage: Stage, scene: Scene, side: int, engine: Engine | None = None):
        self._stage, self._scene, self._side = stage, scene, side
        self.engine = engine or stage.engine_for(scene.network)
        self._drawing: Task | None = None

    def step(self, deadline: float) -> Planes | None:
        """Draw until about `deadline`; the planes when complete, valid until the next drawing."""
        painter = self._stage.painter
        scratch = painter.shared(squares)
        if self._drawing is None or scratch.find(self) is None:
            size = (self._side, self._side)
            self._planes = scratch.take(self, self._side, partial(Planes, painter.ctx, size))
            self._drawing = self.engine.begin(painter, self._planes, self._scene, Region.of(size))
        if not self._drawing.step(deadline):
            return None
        scratch.give_back(self)
        self._drawing = None
        return self._planes


def squares(painter: Painter) -> Pool[Planes]:
    return Pool(SCRATCH)


@dataclass
class Field:
    """A texture (side, side) of red, green, blue and height, all from 0 to 1.

    The first and last texels are at u, v = -1 and 1.
    """

    texture: Any

    def release(self) -> None:
        self.texture.release()


class FieldCache:
    """The cached fields of a painter, and the program that draws them."""

    def __init__(self, painter: Painter):
        self._ctx = painter.ctx
        folder = painter.programs.folder
        self._pass = Pass.load(painter.ctx, "field.frag", formulas(), folder=folder)
        self._palettes = painter.shared(palettes)
        self.held: LRUCache[Any, Field] = LRUCache(FIELDS, free=Field.release)
        self.made = 0  # in total, for tests

    def make(
        self,
        planes: Planes,
        weight: tuple[float, float, float],
        span: tuple[float, float],
        color: Color,
        ends: ValueRange,
    ) -> Field:
        """The field of square planes of outputs; `span`: see FieldDrawing."""
        side = planes.size[0]
        texture = self._ctx.texture((side, side), 4, dtype="f4")
        texture.repeat_x = texture.repeat_y = False
        target = self._ctx.framebuffer([texture])
        self._pass.set(side=side, weight=weight, range=span, **color_uniforms(color, ends))
        self._pass.set(**planes.samplers, palettes=self._palettes)
        self._pass.draw(target, (0, 0, side, side))
        release_target(target)
        self.made += 1
        return Field(texture)

    def release(self) -> None:
        self.held.clear()
        self._pass.release()


class FieldDrawing:
    """The field of a scene being drawn. `span`: the values of height 0 and 1.

    Colours are those of `color`, by default the outputs themselves, over the range `ends`.
    """

    def __init__(
        self,
        stage: Stage,
        scene: Scene,
        side: int,
        channel: str = "all",
        span: tuple[float, float] = (0.0, 1.0),
        color: Color = PLAIN,
        ends: ValueRange = DISPLAY,
    ):
        view = scene.view
        extent = min(view.extent * side / (side - 1), MAX_EXTENT)  # so that pixel centres reach ±1
        self._scene = dataclasses.replace(scene, view=Viewport(view.center, extent))
        self._how = WEIGHTS[channel], span, color, ends
        self._painter = stage.painter
        self._square = Square(stage, self._scene, side)
        what = identity(scene.network, scene.clock), self._square.engine
        self._key = (what, view, side, *self._how)

    def step(self, deadline: float) -> Field | None:
        """Draw until about `deadline`; the field when complete."""
        painter = self._painter
        fields = painter.shared(FieldCache)
        found = fields.held.find(self._key)
        if found is not None:
            return found
        planes = self._square.step(deadline)
        if planes is None:
            return None
        made = fields.make(planes, *self._how)
        return fields.held.put(self._key, made)
