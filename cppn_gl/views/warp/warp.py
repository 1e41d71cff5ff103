"""The warp view: a grid of the plane and the data, followed through the layers of a network.

Scene -> Lattice, data -> travel() -> Journey (cached) -> at(position) -> drawing.py -> a picture
      -> labels.py: title, axes, the bar of the way
"""

from dataclasses import dataclass
from typing import Any

import aggdraw
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cppn_gl.engines.cpu.evaluator import colors as as_colors
from cppn_gl.preset.color import colored
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, identity, work_per_pixel
from cppn_gl.preset.show import WarpOptions
from cppn_gl.preset.value_range import default_range, statistics, stretched_range
from cppn_gl.utils.arrays import Float32, Float64, Size
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.tasks import Steps, at_once
from cppn_gl.views.base import CPUView, Hit, Picture
from cppn_gl.views.solid.camera import Camera, dragged, zoomed
from cppn_gl.views.text import significant
from cppn_gl.views.warp import drawing, labels
from cppn_gl.views.warp.drawing import GROUND, Flat, Solid, relief_of
from cppn_gl.views.warp.journey import Journey, travel
from cppn_gl.views.warp.labels import Layout
from cppn_gl.views.warp.lattice import Lattice

_KEPT = 48 * MB  # of journeys
_NEAR = 0.9  # font sizes from the cursor to what it points at, at most


@dataclass(frozen=True, eq=False)
class Trip:
    """A journey of a lattice and of data, and the colours (N, 3) of its points."""

    lattice: Lattice
    places: Float64
    journey: Journey
    colors: Float64


class WarpView(CPUView):
    """The plane and the data as the layers bend them."""

    colors = True

    def __init__(self) -> None:
        self._kept: LRUCache[Any, Trip] = LRUCache(_KEPT, lambda key, trip: trip.journey.bytes)

    def paint(self, scene: Scene, size: Size) -> Steps[Picture]:
        return self.paint_for(scene, size, size)

    def paint_for(self, scene: Scene, size: Size, shape: Size) -> Steps[Picture]:
        trip = yield from self._trip(scene)
        layout = Layout.of(scene, size, shape)
        image = Image.new("RGB", size, GROUND)
        yield
        _draw(image, scene, trip, layout)
        yield
        labels.write_all(image, scene, trip.journey, layout)
        return np.asarray(image, np.float32) / np.float32(255)

    def _trip(self, scene: Scene) -> Steps[Trip]:
        options = scene.options(WarpOptions)
        lattice = Lattice.of(options.lines, work_per_pixel(scene.network))
        how = options.project, options.units
        colors = scene.preset.color
        key = identity(scene.network, scene.clock), scene.view, lattice, how, colors
        found = self._kept.find(key)
        if found is None:
            places = lattice.vertices(scene.view)
            journey = yield from travel(
                scene.network, scene.clock, places, lattice.reference, options
            )
            shown = _colors(scene, journey.outputs.astype(np.float32))
            found = self._kept.put(key, Trip(lattice, places, journey, shown))
        return found

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """A place on the bar, which a click goes to; or the point of the plane at a pixel."""
        layout = Layout.of(scene, size, size)
        position = layout.position(place)
        if position is not None:
            words = labels.position_words(scene.network, position)
            return Hit(words, changes={"show.position": position})
        trip = at_once(self._trip(scene))
        now = scene.options(WarpOptions).position
        pixels, depths = view_of(scene, trip.journey, layout).pixels(trip.journey.at(now))
        away = np.hypot(*(pixels - place).T)
        near = np.flatnonzero(away < _NEAR * layout.letters)
        if not len(near):
            return None
        found = int(near[np.argmin(depths[near] + away[near] / 1e3)])
        x, y = (significant(float(value), 3) for value in trip.places[found])
        outputs = ", ".join(significant(float(v), 3) for v in trip.journey.outputs[found][:4])
        return Hit(f"x {x}, y {y}: output {outputs}")

    def drag(self, preset: Preset, du: float, dv: float) -> dict[str, Any] | None:
        return dragged(preset.options(WarpOptions), du, dv)

    def zoom(self, preset: Preset, steps: int) -> dict[str, Any] | None:
        return zoomed(preset.options(WarpOptions), steps)


def _colors(scene: Scene, outputs: Float32) -> Float64:
    """The colours (N, 3) of outputs (N, k)."""
    values = as_colors(outputs)
    if scene.preset.color.stretch == "none":
        span = default_range(scene)
    else:
        span = stretched_range(scene, statistics(values))
    return np.asarray(colored(values, scene.preset.color, span), np.float64)


def view_of(scene: Scene, journey: Journey, layout: Layout) -> Flat | Solid:
    """How space is seen at the scene's position."""
    options = scene.options(WarpOptions)
    frame = journey.frame(options.position)
    if journey.flat:
        return Flat(frame, layout.field)
    left, top, right, bottom = layout.field
    size = max(1, right - left), max(1, bottom - top)
    camera = Camera.framing(options, size, relief_of(frame), layout.room)
    return Solid(frame, camera, (left, top))


def _draw(image: Image.Image, scene: Scene, trip: Trip, layout: Layout) -> None:
    options, journey = scene.options(WarpOptions), trip.journey
    view = view_of(scene, journey, layout)
    labels.draw_axes(image, journey, options.position, view, layout)
    found = drawing.things(
        trip.lattice,
        journey.at(options.position),
        trip.colors,
        view,
        sheet=options.sheet,
        lines=options.lines > 0,
        plain=True,
    )
    pen = aggdraw.Draw(image)
    drawing.draw(pen, found, layout.pens)
    pen.flush()
