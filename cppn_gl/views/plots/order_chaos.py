"""The order_chaos view: a map of weight and bias scales, measured, with the theory's edge of chaos.

    Scene -> subject(): the draws at scales 1 -> nn/order_chaos.py at a lattice of places -> a field
          -> the map: colours between the lattice's places; small pictures of networks at marks
    nn/mean_field.py -> the edge's curve, numbers of the dot -> overlay: axes, curves, dot, words

The map's coordinates are those of [view]: log10 of the weight scale to the right, log10 of the bias
scale up. What was measured is kept: moving the dot measures only the dot.
"""

import math
from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.native import evaluator
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.mean_field import MeanField, edge_steps, mean_field
from cppn_gl.nn.network import Network
from cppn_gl.nn.order_chaos import Probe, points_of, sigmas
from cppn_gl.nn.sources import Random
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, identity, scene_of, work_per_pixel
from cppn_gl.preset.show import OrderChaosOptions
from cppn_gl.utils.arrays import Box, Float32, Float64, Size
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.tasks import Steps, at_once, share
from cppn_gl.views import lettering
from cppn_gl.views.base import CPUView, Hit, Picture, Words, mean_of_samples
from cppn_gl.views.plots.order_chaos_drawing import (
    GROUND,
    Overlay,
    colors,
    scale_words,
    theory_words,
)
from cppn_gl.views.plots.order_chaos_map import (
    MOST,
    Coordinates,
    Layout,
    Place,
    layout,
    marks,
)

STEP, ACROSS = 4, 112  # pixels of the map's lattice at least; places along its longer side
WORK, FEWEST = 2e10, 40  # multiplications of a map, about; places along it at least
ROWS_AT_ONCE = 48  # coloured in one step
SMALLEST = -9.0  # log10 of the smallest scale
SAMPLES, COSTLY = 2, 3e5  # N of the N×N samples per pixel of a small picture; 1 from so much work
KEPT = 32 * MB


@dataclass(frozen=True, eq=False)
class Subject:
    """What is measured: a preset's draws at scales 1, and the theory's numbers there.

    sigmas: sigma_w and sigma_b at scales 1. dot: log10 of the preset's scales, -inf for 0.
    """

    probe: Probe
    key: Hashable
    activation: str
    sigmas: tuple[float, float]
    dot: Place
    measure: str

    def theory(self, place: Place) -> MeanField:
        """What the theory says of a place."""
        across, along = (10 ** max(at, SMALLEST) for at in place)
        return _theory(self.activation, across * self.sigmas[0], along * self.sigmas[1])

    def measuring(self, places: Float64) -> Steps[Float64]:
        """The map's values at places (N, 2)."""
        weight, bias = 10 ** np.clip(places, SMALLEST, MOST).T
        return (self.probe.growth if self.measure == "growth" else self.probe.depth_scale)(
            weight, bias
        )


@lru_cache(maxsize=512)
def _theory(activation: str, sigma_w: float, sigma_b: float) -> MeanField:
    return mean_field(activation, sigma_w, sigma_b)


def measured_source(preset: Preset) -> Random:
    """The network that is measured, at scales 1: as deep and wide as the preset's, or more."""
    spec, options = preset.spec, preset.options(OrderChaosOptions)
    assert isinstance(spec, Random)
    changes = {
        "depth": max(spec.depth, options.measured_depth),
        "width": max(spec.width, options.measured_width),
        "weight_scale": 1.0,
        "bias_scale": 1.0,
    }
    made: Random = spec.replace(changes)
    return made


def scales(preset: Preset) -> tuple[float, float]:
    """A preset's weight scale and bias scale."""
    spec = preset.spec
    assert isinstance(spec, Random)
    bias = spec.weight_scale if spec.bias_scale is None else spec.bias_scale
    return spec.weight_scale, bias


def _log(value: float) -> float:
    return math.log10(value) if value > 0 else -math.inf


def changes_to(place: Place) -> dict[str, Any]:
    """The keys that move the dot to a place, with four significant digits."""
    across, along = (float(f"{10 ** min(max(at, SMALLEST), MOST):.4g}") for at in place)
    return {"network.weight_scale": across, "network.bias_scale": along}


class OrderChaosView(CPUView):
    """Growth or depth scale over weight scale and bias scale, with the edge of chaos."""

    clicked = "moves the dot"
    continuous = True

    def __init__(self) -> None:
        self._networks: LRUCache[Hashable, Network] = LRUCache(4)
        self._probes: LRUCache[Hashable, Probe] = LRUCache(4)
        self._fields: LRUCache[Hashable, Float64] = LRUCache(KEPT, lambda key, f: f.nbytes)
        self._values: LRUCache[Hashable, Float64] = LRUCache(256)
        self._grounds: LRUCache[Hashable, Overlay] = LRUCache(3)
        self._pictures: LRUCache[Hashable, Picture] = LRUCache(KEPT, lambda key, p: p.nbytes)

    def problem(self, preset: Preset) -> str:
        spec = preset.spec
        if not isinstance(spec, Random) or spec.structured:
            return "needs a network of dense layers whose weights are drawn"
        if spec.by_grid:
            return "needs a network that sees points, not an image"
        if preset.learns:
            return "needs a network that does not learn: it is about the draws of step 0"
        if preset.normalize.which != "none":
            return "needs layers that are not normalised, which have neither order nor chaos"
        if len(set(measured_source(preset).hidden_activations)) > 1:
            return "needs one activation for all hidden layers, as its theory does"
        return ""

    def dithered(self, preset: Preset, size: Size) -> tuple[Box, ...]:
        """The map, and each small picture as its own."""
        if not preset.color.noisy:
            return ()
        of = layout(size, preset.options(OrderChaosOptions).pictures)
        return of.box, *of.pictures

    def subject(self, scene: Scene) -> Subject:
        """What of a scene is measured."""
        return at_once(self._subject(scene))

    def _subject(self, scene: Scene) -> Steps[Subject]:
        preset, options = scene.preset, scene.options(OrderChaosOptions)
        source, own = measured_source(preset), preset.spec
        assert isinstance(own, Random)
        network = self._networks.find(source)
        if network is None:
            held = []
            for layer in source.draw():
                held.append(layer)
                yield 0.0
            network = self._networks.put(source, source.network())
        key = identity(network, scene.clock), options.square, own.width
        probe = self._probes.find(key)
        if probe is None:
            wanted, has = (sigmas(source.init, units)[0] for units in (own.width, source.width))
            probe = Probe(network, scene.clock, options.square, wanted / has)
            probe = self._probes.put(key, probe)
        across, along = scales(preset)
        return Subject(
            probe,
            key,
            source.hidden_activations[0],
            sigmas(own.init, own.width),
            (_log(across), _log(along)),
            options.measure,
        )

    # The map

    def paint_for(self, scene: Scene, size: Size, shape: Size) -> Steps[Picture]:
        """The map and the small pictures; a coarse one has a coarser lattice."""
        of = layout(shape, scene.options(OrderChaosOptions).pictures)
        ratio = size[0] / shape[0], size[1] / shape[1]
        picture = lettering.blank(size, GROUND)
        subject = yield from share(self._subject(scene), 0.0, 0.02)
        curve = yield from self._curve(subject)
        box = _scaled(of.box, ratio, size)
        if scene.options(OrderChaosOptions).edges == "all":
            for name in ACTIVATIONS:
                yield from self._curve(subject, name)
        subject.theory(subject.dot)  # kept for the overlay, which is drawn at once
        yield 0.04
        yield from self._readings(scene, subject, of, curve)
        field = yield from share(self._field(scene, subject, of, size), 0.05, 0.8)
        yield from _colored(picture, box, field, subject.measure)
        for number, place in enumerate(self._marks(scene, of, curve)):
            left, top, right, bottom = _scaled(of.pictures[number], ratio, size)
            drawn = yield from self._pictured(scene, place, (right - left, bottom - top))
            picture[top:bottom, left:right] = drawn
            yield 0.8 + 0.2 * number / len(of.pictures)
        return picture

    def paint(self, scene: Scene, size: Size) -> Steps[Picture]:
        return self.paint_for(scene, size, size)

    def _field(self, scene: Scene, subject: Subject, of: Layout, size: Size) -> Steps[Float64]:
        """The values at the lattice of a picture of `size`, (rows, columns), the top row first."""
        limits, columns, rows = self._lattice(scene, of, size)
        key = subject.key, subject.measure, limits, columns, rows
        found = self._fields.find(key)
        if found is None:
            x = np.linspace(*limits[:2], columns)
            y = np.linspace(*limits[:1:-1], rows)
            places = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
            values = yield from subject.measuring(places)
            found = self._fields.put(key, values.reshape(rows, columns))
        return found

    def _lattice(
        self, scene: Scene, of: Layout, size: Size
    ) -> tuple[tuple[float, float, float, float], int, int]:
        """The limits of the map, and the columns and rows of its lattice."""
        wide, high = of.box[2] - of.box[0], of.box[3] - of.box[1]
        ratio = min(1.0, size[0] / of.size[0])
        affordable = math.sqrt(WORK / self._place_work(scene) * max(wide, high) / min(wide, high))
        across = min(max(int(affordable), FEWEST), ACROSS)
        pixels = max(STEP, max(wide, high) * ratio / across)
        columns, rows = (max(2, round(side * ratio / pixels) + 1) for side in (wide, high))
        return Coordinates(of.size, scene.view).limits(of.box), columns, rows

    def _curve(self, subject: Subject, activation: str = "") -> Steps[Float64]:
        """The edge in theory, coordinates (N, 2) of the map."""
        points = yield from edge_steps(activation or subject.activation)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log10(points / np.array(subject.sigmas)))

    def _marks(self, scene: Scene, of: Layout, curve: Float64) -> tuple[Place, ...]:
        if not of.pictures:
            return ()
        return marks(Coordinates(of.size, scene.view).limits(of.box), curve, upright=of.upright)

    def _readings(
        self, scene: Scene, subject: Subject, of: Layout, curve: Float64
    ) -> Steps[tuple[float, list[float]]]:
        """The map's values at the dot and at the marks."""
        found = []
        for places in ([subject.dot], list(self._marks(scene, of, curve))):
            key = subject.key, subject.measure, tuple(places)
            values = self._values.find(key)
            if values is None:
                values = np.empty(0)
                if places:
                    values = yield from subject.measuring(np.array(places))
                values = self._values.put(key, values)
            found.append(values)
        return float(found[0][0]), found[1].tolist()

    def _pictured(self, scene: Scene, place: Place, size: Size) -> Steps[Picture]:
        """A small picture of the network with the scales of a place."""
        there = scene_of(pictured(scene.preset, place), scene.clock.time)
        key = identity(there.network, there.clock), there.view, size
        found = self._pictures.find(key)
        if found is None:
            samples = SAMPLES if work_per_pixel(there.network) < COSTLY else 1
            fine = size[0] * samples, size[1] * samples
            drawn = yield from evaluator(there.network, there.view, there.clock).picture(fine)
            shown = np.asarray(np.nan_to_num(drawn, nan=0.0), np.float32)
            found = self._pictures.put(key, mean_of_samples(shown, samples))
        return found

    def work(self, scene: Scene) -> float:
        """Multiplications of the places measured, per pixel of a picture of usual size."""
        return self._place_work(scene) / STEP**2

    def _place_work(self, scene: Scene) -> float:
        """Multiplications of a place of the map, an activation counting as 60."""
        options, spec = scene.options(OrderChaosOptions), scene.preset.spec
        assert isinstance(spec, Random)
        units = max(spec.width, options.measured_width)
        depth = max(spec.depth, options.measured_depth)
        return 2.0 * points_of(units) * depth * units * (units + 60)

    def effort(self, scene: Scene, region: Region) -> float:
        """Little, once the map has been measured."""
        of = layout(region.shape, scene.options(OrderChaosOptions).pictures)
        if self._networks.find(measured_source(scene.preset)) is None:
            return super().effort(scene, region)  # a large one takes long to draw
        subject = self.subject(scene)
        limits, columns, rows = self._lattice(scene, of, region.size)
        if self._fields.find((subject.key, subject.measure, limits, columns, rows)) is not None:
            return 1e5
        return super().effort(scene, region)

    # What is over it

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """Axes, curves, marks, the dot, and what they say."""
        options = scene.options(OrderChaosOptions)
        of, subject = layout(size, options.pictures), self.subject(scene)
        curve = at_once(self._curve(subject))
        value, marked = at_once(self._readings(scene, subject, of, curve))
        look = (
            subject.key,
            subject.measure,
            options.edges,
            scene.view,
            size,
            scene.preset.spec.summary,
        )
        ground = self._grounds.find(look)
        if ground is None:
            over = Overlay(of, Coordinates(size, scene.view), subject)
            others: dict[str, Float64] = {}
            if options.edges == "all" and of.worded:
                names = [name for name in ACTIVATIONS if name != subject.activation]
                others = {name: at_once(self._curve(subject, name)) for name in names}
            over.other_curves(others)
            if options.edges != "none":
                over.curve(curve)
            over.names(others)
            over.lines(self._marks(scene, of, curve))
            if of.worded:
                over.regions(curve)
                over.axes()
                over.scale()
                over.title(scene.preset)
                over.captions(marked)
            ground = self._grounds.put(look, over)
        return np.asarray(ground.with_dot(subject, value))

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """The scales at a pixel of the map; a click moves the dot there, Enter opens the picture.

        A click on a small picture opens it.
        """
        of, subject = layout(size, scene.options(OrderChaosOptions).pictures), self.subject(scene)
        if _holds(of.box, place):
            there = Coordinates(size, scene.view).place(*place)
            if not all(SMALLEST <= at <= MOST for at in there):
                return None
            words = f"{scale_words(there)}: {theory_words(subject.theory(there))}"
            opens = pictured(scene.preset, there, view="picture")
            return Hit(words, changes=changes_to(there), enters=opens)
        for number, box in enumerate(of.pictures):
            if _holds(box, place):
                curve = at_once(self._curve(subject))
                there = self._marks(scene, of, curve)[number]
                words = f"the network with {scale_words(there)}"
                return Hit(words, opens=pictured(scene.preset, there, view="picture"))
        return None

    def drag(self, preset: Preset, du: float, dv: float) -> dict[str, Any] | None:
        """The scales change so that the dot moves with the pointer."""
        if self.problem(preset):
            return None
        view = preset.view
        below = view.center[0] - 2 * view.extent, view.center[1] - 2 * view.extent
        logs = zip(scales(preset), below, strict=True)  # a scale of 0 comes from beyond the map
        now = [_log(scale) if scale else low for scale, low in logs]
        moved = now[0] + du * view.extent, now[1] + dv * view.extent
        changes = changes_to(moved)
        if dv == 0 and preset.spec.bias_scale is not None:  # type: ignore[attr-defined]
            del changes["network.bias_scale"]
        return changes


def pictured(preset: Preset, place: Place, *, view: str = "") -> Preset:
    """The preset with the scales of a place, and the square that is measured in sight."""
    view = view or preset.show.view
    side = preset.options(OrderChaosOptions).square
    seen = {"view.center": (0.0, 0.0), "view.extent": side, "show.view": view}
    return preset.replace(**changes_to(place), **seen)


def _holds(box: Box, place: tuple[float, float]) -> bool:
    return box[0] <= place[0] < box[2] and box[1] <= place[1] < box[3]


def _scaled(box: Box, ratio: tuple[float, float], size: Size) -> Box:
    """A box in a coarser or finer picture of `size`."""
    left, right = (min(round(x * ratio[0]), size[0]) for x in box[0::2])
    top, bottom = (min(round(y * ratio[1]), size[1]) for y in box[1::2])
    left, top = min(left, size[0] - 1), min(top, size[1] - 1)
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _colored(picture: Picture, box: Box, field: Float64, measure: str) -> Steps[None]:
    """Paint a field over a box: between its places, by linear interpolation of logarithms."""
    left, top, right, bottom = box
    with np.errstate(divide="ignore"):
        logs = np.log(np.clip(np.nan_to_num(field, nan=1e9, posinf=1e9), 1e-9, 1e9))
    values = logs.astype(np.float32)
    values = _between(values.T, right - left).T
    for first in range(top, bottom, ROWS_AT_ONCE):
        last = min(first + ROWS_AT_ONCE, bottom)
        rows = _between(values, bottom - top, slice(first - top, last - top))
        picture[first:last, left:right] = colors(np.exp(rows), measure)
        yield None


def _between(values: Float32, count: int, part: slice = slice(None)) -> Float32:
    """Rows of an array interpolated at the centres of `count` pixels, or of a part of them."""
    at = (np.arange(count)[part] + 0.5) / count * (len(values) - 1)
    low = np.minimum(at.astype(int), len(values) - 2)
    share = (at - low).astype(np.float32)[:, None]
    return np.asarray(values[low] * (1 - share) + values[low + 1] * share, np.float32)
