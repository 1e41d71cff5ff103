"""The receptive view: what one output point, or one unit, sees of the input.

    Scene, point -> nn/receptive.py -> ReceptiveField, cached
                 -> card(): its taps enlarged, the theoretical box, the effective square, words
                 -> the box on the picture, where it is, in its true size

Magnitudes are derivatives by the inputs at each tap, on a logarithmic scale. The picture below is
the network's own, drawn by its engine.
"""

from collections.abc import Hashable
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from cppn_gl.engines.base import Region
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.nn.receptive import ReceptiveField, measure, work
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, identity
from cppn_gl.preset.show import CHANNELS, ReceptiveOptions
from cppn_gl.utils.arrays import Box, Float32, Size
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.tasks import Stepping, Steps, Task, at_once, during
from cppn_gl.views import text
from cppn_gl.views.base import Hit, Stage, View, Words, plane_point
from cppn_gl.views.lettering import canvas
from cppn_gl.views.picture import PictureView
from cppn_gl.views.slopes.legend import FILL, LEAST, draw_scale
from cppn_gl.views.slopes.palette import heat

MOST_SUMS = 64  # units of a layer that are looked at
AT_CURSOR = 3e8  # multiplications of a measurement that a frame waits for
DECADES = 4.0  # of the scale
AROUND = 2  # taps shown beyond the box of a network that sees one point
KEPT = 16 * MB
SIDE = 0.5  # of the picture's height: the enlarged taps, at most
WIDE = 1.25  # width by height from which the card is at the right
BOX, HELD = (255, 255, 255, 255), (255, 196, 84, 255)  # of the two frames
UNSEEN = (30, 33, 40)

Point = tuple[float, float]


class ReceptiveView(PictureView):
    """The picture, and over it what a point of it depends on."""

    bakes = by_part = by_pixel = False
    letters = uses_cursor = True
    clicked = "keeps the point"

    overlay_of = View.overlay_of

    def __init__(self) -> None:
        self._fields: LRUCache[Hashable, ReceptiveField] = LRUCache(
            KEPT, lambda key, field: field.magnitudes.nbytes
        )

    def problem(self, preset: Preset) -> str:
        unit = preset.options(ReceptiveOptions).unit
        if unit is None:
            return ""
        stages = preset.network().stages
        if not 1 <= unit[0] <= len(stages):
            return f"has no layer {unit[0]}; this network has layers 1 to {len(stages)}"
        if unit[1] > stages[unit[0] - 1].units:
            return f"has no unit {unit[1]}; layer {unit[0]} has {stages[unit[0] - 1].units}"
        return ""

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        owned = ExitStack()
        task = super().begin(stage, planes, scene, region)

        def steps() -> Steps[None]:
            """Measure first: the overlay is drawn at once."""
            yield from self._measure(scene, settled_point(scene))
            yield from during(task, owned)

        return Stepping(steps(), owned)

    def _measure(self, scene: Scene, point: Point) -> Steps[ReceptiveField]:
        key = _key(scene, point)
        found = self._fields.find(key)
        if found is not None:
            return found
        x, y = _points(scene, point)
        network, weights, stage = scene.network, _weights(scene), _stage(scene)
        field = yield from measure(network, x, y, scene.clock, weights, stage)
        return self._fields.put(key, field)

    def field(self, scene: Scene, point: Point) -> ReceptiveField:
        """What the scene's units see at a point."""
        return at_once(self._measure(scene, point))

    def looked_from(self, scene: Scene, size: Size, cursor: tuple[float, float] | None) -> Point:
        """The point under the cursor, if it is measured fast enough, or else the settled one."""
        if cursor is None or scene.options(ReceptiveOptions).averaged:
            return settled_point(scene)
        if work(scene.network, len(_weights(scene)), _stage(scene)) > AT_CURSOR:
            return settled_point(scene)
        at = plane_point(scene, size, cursor)
        return at.x, at.y

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """The box on the picture and the card with what is in it."""
        point = self.looked_from(scene, size, cursor)
        field = self.field(scene, point)
        image = canvas(size)
        place = _pixel(scene, size, point)
        card = Card.of(scene, field, size, place)
        draw = ImageDraw.Draw(image)
        _mark(draw, scene, field, size, place, card)
        if card is not None:
            card.draw(image, draw, field)
        found = np.asarray(image)
        below = super().overlay(scene, size, cursor)
        if below is None:
            return found
        return np.asarray(Image.alpha_composite(Image.fromarray(below), image))

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """The measures at a pixel; a click keeps the point, or on the point kept lets it go."""
        point = self.looked_from(scene, size, place)
        card = Card.of(scene, self.field(scene, point), size, _pixel(scene, size, point))
        if card is not None and card.holds(place):
            return None
        at = plane_point(scene, size, place)
        chosen = scene.options(ReceptiveOptions).point
        if chosen is not None:
            across, down = _pixel(scene, size, chosen)
            if max(abs(across - place[0]), abs(down - place[1])) < max(4, min(size) / 90):
                return Hit("the point kept", changes={"receptive.point": None})
        return Hit(
            "what this point sees" if point == (at.x, at.y) else "a click measures here",
            changes={"receptive.point": (at.x, at.y)},
        )

    def page(self, preset: Preset, steps: int) -> dict[str, Any] | None:
        """To another layer: all its units; after the last one the outputs."""
        last = len(preset.network().stages)
        unit = preset.options(ReceptiveOptions).unit
        layer = min(max((last if unit is None else unit[0]) + steps, 1), last)
        return {"receptive.unit": None if layer == last else (layer, 0)}
