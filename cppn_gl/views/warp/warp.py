"""The warp view: a grid of the plane and the data, followed through the layers of a network.

Scene -> Lattice, data -> travel() -> Journey (cached) -> at(position) -> drawing.py -> a picture
      -> labels.py: title, axes, the bar of the way
"""

import math
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import aggdraw
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cppn_gl.engines.cpu.evaluator import colors as as_colors
from cppn_gl.nn.activations import activate
from cppn_gl.nn.displayed import color_layers
from cppn_gl.nn.features import MAX_LATENTS, Clock, constant
from cppn_gl.preset.color import colored
from cppn_gl.preset.learned import value_span
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, identity, work_per_pixel
from cppn_gl.preset.show import Orbit, WarpOptions
from cppn_gl.preset.value_range import default_range, statistics, stretched_range
from cppn_gl.utils.arrays import Float64, Size
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.class_colors import CLASS_COLORS, HIGH, LOW, PAPER, display
from cppn_gl.utils.tasks import Steps
from cppn_gl.views.base import CPUView, Hit, Picture, Point
from cppn_gl.views.marks import inks
from cppn_gl.views.solid.camera import Camera, dragged, zoomed
from cppn_gl.views.text import significant
from cppn_gl.views.warp import drawing, labels
from cppn_gl.views.warp.cut import cuts_of
from cppn_gl.views.warp.drawing import GROUND, Flat, Solid, relief_of
from cppn_gl.views.warp.journey import Journey, travel
from cppn_gl.views.warp.labels import Layout
from cppn_gl.views.warp.lattice import Lattice
from cppn_gl.views.warp.projection import SHOWN

LATENT = (0.0,) * MAX_LATENTS  # whatever values latent constants have
_KEPT = 48 * MB  # of journeys
REFERENCE = 200  # points of the data whose components are shown
MARKS = 2000  # points drawn at most
_NEAR = 0.9  # font sizes from the cursor to what it points at, at most


@dataclass(frozen=True, eq=False)
class Trip:
    """A journey of a lattice's vertices, of colours (N, 3), and then of the data's points."""

    lattice: Lattice
    marks: "Marks"
    places: Float64
    journey: Journey
    colors: Float64


class WarpView(CPUView):
    """The plane and the data as the layers bend them."""

    colors = True
    coarsens = False  # its time is that of its lines
    clicked = "goes to a place on the bar"

    def colored(self, preset: Preset) -> bool:
        return not classed(preset)

    def problem(self, preset: Preset) -> str:
        """Of a network on a grid, a point has no way through the layers by itself."""
        if preset.spec.structured:
            return "needs a network of dense layers: here units see their neighbours, too"
        return ""

    def __init__(self) -> None:
        self._kept: LRUCache[Any, Trip] = LRUCache(_KEPT, lambda key, trip: trip.journey.bytes)

    def paint(self, scene: Scene, size: Size) -> Steps[Picture]:
        return self.paint_for(scene, size, size)

    def paint_for(self, scene: Scene, size: Size, shape: Size) -> Steps[Picture]:
        trip = yield from self._trip(scene)
        layout = Layout.of(scene, size, shape)
        yield
        view = space_of(scene, trip.journey, layout)
        named = trip.journey.axes(scene.options(WarpOptions).position)
        pen = aggdraw.Draw("RGB", size, GROUND)
        if isinstance(view, Flat):
            labels.draw_plane(pen, view, layout, named)
        yield from _draw(pen, scene, trip, view, layout)
        image = Image.frombytes("RGB", size, pen.tobytes())
        if isinstance(view, Solid):
            labels.draw_box(image, view, layout, named)
        yield
        labels.write_all(image, scene, trip.journey, view, layout)
        return np.asarray(image, np.float32) / np.float32(255)

    def _trip(self, scene: Scene) -> Steps[Trip]:
        key, lattice = _key(scene)
        found = self._kept.find(key)
        if found is None:
            marks = marks_of(scene)
            vertices = lattice.vertices(scene.view)
            places = np.concatenate([vertices, marks.places])
            reference = lattice.reference
            if len(marks.places):
                known = min(len(marks.places), REFERENCE)
                reference = list(range(len(vertices), len(vertices) + known))
            options = scene.options(WarpOptions)
            journey = yield from travel(scene.network, scene.clock, places, reference, options)
            shown = said(scene, journey.outputs[: len(vertices)])
            found = self._kept.put(key, Trip(lattice, marks, places, journey, shown))
        return found

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """A place on the bar, which a click goes to; or a point of the data."""
        position = Layout.of(scene, size, size).position(place)
        if position is not None:
            words = labels.position_words(scene.network, position)
            return Hit(words, changes={"show.position": position})
        near = self._near(scene, size, place)
        if near is None:
            return None
        trip, found = near
        mark = found - trip.lattice.side**2
        if mark < 0:
            return None
        kind = "test" if trip.marks.hollow[mark] else "training"
        return Hit(f"{kind} point, {trip.marks.words[mark]}")

    def point(self, scene: Scene, size: Size, place: tuple[float, float]) -> Point | None:
        """The vertex of the grid, or the point of the data, that is shown near a pixel."""
        near = self._near(scene, size, place)
        return None if near is None else Point(scene, *near[0].places[near[1]].tolist())

    def _near(
        self, scene: Scene, size: Size, place: tuple[float, float]
    ) -> tuple[Trip, int] | None:
        """The foremost of the points near a pixel, once they are drawn."""
        trip = self._kept.find(_key(scene)[0])
        if trip is None:
            return None
        layout = Layout.of(scene, size, size)
        points = trip.journey.at(scene.options(WarpOptions).position)
        pixels, depths = space_of(scene, trip.journey, layout).pixels(points)
        away = np.hypot(*(pixels - place).T)
        near = np.flatnonzero(away < _NEAR * layout.letters)
        if not len(near):
            return None
        return trip, int(near[np.argmin(depths[near] + away[near] / 1e3)])

    def page(self, preset: Preset, steps: int) -> dict[str, Any] | None:
        """To the next whole positions."""
        depth = preset.spec.depth
        now = min(preset.options(WarpOptions).position, float(depth))
        start = math.floor(now) if steps > 0 else math.ceil(now)
        return {"show.position": float(min(max(start + steps, 0), depth))}

    def drag(self, preset: Preset, du: float, dv: float) -> dict[str, Any] | None:
        if is_flat(preset):
            return None
        return dragged(preset.options(WarpOptions), du, dv)

    def zoom(self, preset: Preset, steps: int) -> dict[str, Any] | None:
        return zoomed(preset.options(WarpOptions), steps)


def is_flat(preset: Preset) -> bool:
    """Whether no layer is drawn with more than two axes, so that there is nothing to turn."""
    options = preset.options(WarpOptions)
    if options.units and len(options.units) == 2 and options.project != "components":
        return True
    varying = [name for name in preset.spec.inputs if constant(name, Clock(), LATENT) is None]
    return max(len(varying), *(rows for rows, _ in preset.start.shapes)) < SHOWN


def _key(scene: Scene) -> tuple[Hashable, Lattice]:
    """All that a trip depends on, and its lattice."""
    options, preset = scene.options(WarpOptions), scene.preset
    lattice = Lattice.of(options.lines, work_per_pixel(scene.network))
    how = options.project, options.units, options.dots, preset.color
    learned = (preset.dataset.digest, preset.train.marks) if preset.learns else None
    return (identity(scene.network, scene.clock), scene.view, lattice, how, learned), lattice


def said(scene: Scene, outputs: Float64) -> Float64:
    """The colours (N, 3) of outputs (N, k): those of a network that learns, or of the picture."""
    preset, network = scene.preset, scene.network
    if not classed(preset):
        values = as_colors(outputs.astype(np.float32))
        span = default_range(replace(scene, network=network.trained))
        if preset.color.stretch != "none":
            span = stretched_range(scene, statistics(values))
        return np.asarray(colored(values, preset.color, span), np.float64)
    found = CLASS_COLORS[: network.outputs] if network.outputs > 1 else (LOW, HIGH)
    limits = None if preset.dataset.values is None else value_span(preset.dataset)
    for layer in color_layers(network, display(PAPER), [display(c) for c in found], limits):
        outputs = np.asarray(activate(layer.activation, layer.pre_activation(outputs)), np.float64)
    return outputs


def classed(preset: Preset) -> bool:
    """Whether its network learns the classes or values of points."""
    return preset.learns and preset.dataset.kind in ("classes", "values")


@dataclass(frozen=True, eq=False)
class Marks:
    """Points of the data: places (N, 2), colours (N, 3), and which are for tests, drawn hollow."""

    places: Float64
    colors: Float64
    hollow: NDArray[np.bool_]
    words: tuple[str, ...]


def marks_of(scene: Scene) -> Marks:
    """The points of the data that are drawn; none where nothing is learned, or a picture."""
    preset = scene.preset
    if not scene.options(WarpOptions).dots or not classed(preset) or preset.train.marks == "none":
        return Marks(np.zeros((0, 2)), np.zeros((0, 3)), np.zeros(0, bool), ())
    data = preset.dataset
    count = data.training if preset.train.marks == "training" else len(data.x)
    count = min(count, MARKS)
    if data.labels is not None:
        words = tuple(f"class {k}" for k in data.labels[:count].tolist())
    else:
        assert data.values is not None
        words = tuple(f"value {significant(value)}" for value in data.values[:count, 0].tolist())
    colors = inks(data)[:count] / 255
    places = np.stack([data.x[:count], data.y[:count]], axis=1)
    return Marks(places, colors, np.arange(count) >= data.training, words)


def space_of(scene: Scene, journey: Journey, layout: Layout) -> Flat | Solid:
    """How space is seen at the scene's position."""
    options = scene.options(WarpOptions)
    frame = journey.frame(options.position)
    if journey.flat:
        return Flat(frame, layout.field, layout.inner, Orbit.distance / options.distance)
    left, top, right, bottom = layout.field
    size = max(1, right - left), max(1, bottom - top)
    camera = Camera.framing(options, size, relief_of(frame), layout.room)
    return Solid(frame, camera, (left, top))


def _draw(
    pen: aggdraw.Draw, scene: Scene, trip: Trip, view: Flat | Solid, layout: Layout
) -> Steps[None]:
    options, journey = scene.options(WarpOptions), trip.journey
    points = journey.at(options.position)
    plain = not classed(scene.preset)
    found = drawing.grid(
        trip.lattice,
        points,
        trip.colors,
        view,
        sheet=options.sheet,
        lines=options.lines > 0,
        plain=plain,
    )
    data = points[trip.lattice.side**2 :]
    found += drawing.dots(data, trip.marks.colors, trip.marks.hollow, view)
    cuts = [] if plain else cuts_of(scene, journey, options.position)
    yield from drawing.draw(pen, found, cuts, view, layout.pens)
