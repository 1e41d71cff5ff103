"""The network as a small map: every unit a tiny picture of what it does over the visible window.

(units of each layer, size) -> plan() -> Plan: where each unit lies, at(place) -> unit
Scene, Plan -> NetworkMap.follow(), in slices -> atlas: all units' pictures as one RGBA image
                                              -> outcome: the picture that the outputs make
                                              -> samples: values for statistics; strongest weights
Scene, a place in the picture -> Probe.follow() -> every unit's value there

A unit is (layer, index): layer 0 are the inputs, indices count from 0. A unit's picture shows the
whole visible window, squeezed into its tile.
"""

import dataclasses
import math
import time as wall
from collections.abc import Callable, Generator, Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.cpu.evaluator import Evaluator, channels
from cppn_gl.engines.cpu.native import evaluator
from cppn_gl.engines.cpu.trace import LayerTrace, inputs, trace
from cppn_gl.engines.geometry import pixel_points
from cppn_gl.engines.stretch import value_range_steps
from cppn_gl.nn.displayed import inks_of
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.grid import stage_work
from cppn_gl.nn.network import Network
from cppn_gl.preset.color import colored
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.alpha import on_checks, with_alpha
from cppn_gl.utils.arrays import Box, Float32, Float64, Size
from cppn_gl.utils.quantising import quantise
from cppn_gl.utils.tasks import Stepping, Steps, within
from cppn_gl.views.units.dashboard import Unit
from cppn_gl.views.units.diverging import input_reaches, reach_of, tinted
from cppn_gl.views.units.unit_samples import (
    UnitSamples,
    boost_sizes,
    channel_of,
    outputs_shown,
    shaded,
)
from cppn_gl.views.units.wiring import incoming, weighted

RGB = "rgb", "none"  # the colour mapping and the stretch with which classes have their colours
# In font sizes:
LARGEST = 3.0  # height of a tile
SINGLE = 0.8  # a layer is on one line if its tiles are at least so wide then
UPRIGHT = 0.7  # tiles take the picture's aspect ratio from this height on; lower ones are square
FARTHEST = 7.0  # gap between two layers
NUMBERS = 1.5  # width of the layers' numbers
OUTCOME = 5.0  # height of the picture below the outputs

SMALLEST = 2.0  # pixels; a layer with smaller tiles shows only some of its units
FILLED = 0.68  # of the distance between two layers: the rest is for the lines
ENDS = 1.6  # times as much room for the inputs and the outputs
ASPECTS = 0.6, 1.7  # of tiles
GRID = 48, 32  # points of a unit's picture, at most
WORK = 4e8  # multiplications for all units' pictures, at most
VALUES = 2**21  # points times units, at most
OUTCOME_WORK = 2e9  # multiplications for the picture below the outputs
POINT_WORK = 4e9  # multiplications for the values at a point, at most
LINES = 300  # the strongest weights shown, in all
FEWEST_LINES = 6  # of a layer
FRAMED = 12  # pixels; in tiles from this size on a value at the pointer leaves the edge free
MIDDLE = 0.62  # of such a tile's sides
SHARE = 0.25  # of the time, at most, that a moving network's pictures take

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """A layer's tiles, on `lines` lines of `across` tiles, in reading order.

    Every `step`-th unit is shown. `pitch`: pixels from tile to tile, with `gap` between them.
    `bare`: the tiles are not painted. `label`: what a stage of a graph is, in a word.
    """

    layer: int
    count: int
    step: int
    across: int
    lines: int
    left: float
    top: float
    pitch: tuple[float, float]
    gap: int
    bare: bool = False
    label: str = ""

    @property
    def shown(self) -> int:
        """The number of units shown."""
        return -(-self.count // self.step)

    @property
    def bottom(self) -> float:
        return self.top + self.lines * self.pitch[1]

    @property
    def right(self) -> float:
        return self.left + self.across * self.pitch[0]

    @property
    def middle(self) -> float:
        """Half way from the left to the right."""
        return (self.left + self.right) / 2

    def box(self, index: int) -> Box:
        """The tile of a unit, or of the shown one before it."""
        down, right = divmod(index // self.step, self.across)
        left, top = self.left + right * self.pitch[0], self.top + down * self.pitch[1]
        sides = round(left), round(top)
        ends = round(left + self.pitch[0]) - self.gap, round(top + self.pitch[1]) - self.gap
        return *sides, max(sides[0] + 1, ends[0]), max(sides[1] + 1, ends[1])

    def at(self, place: tuple[float, float]) -> int | None:
        """The index of the unit at a place; gaps belong to the tile before them."""
        right = math.floor((place[0] - self.left) / self.pitch[0])
        down = math.floor((place[1] - self.top) / self.pitch[1])
        number = down * self.across + right
        inside = 0 <= right < self.across and 0 <= down < self.lines and number < self.shown
        return number * self.step if inside else None


@dataclass(frozen=True)
class Frame:
    """The frame of a module around its stages; `level`: 1 for one that lies in no other."""

    name: str
    box: Box
    level: int


@dataclass(frozen=True)
class Link:
    """A connection without weights, between two stages; `skips`: past others, at their right."""

    points: tuple[tuple[float, float], ...]
    skips: bool


@dataclass(frozen=True)
class Plan:
    """Where everything lies in a map of `size` pixels, inputs on top.

    The last row are the outputs. Of graphs, `frames` and `links`: see graph_plan.py.
    """

    size: Size
    rows: tuple[Row, ...]
    outcome: Box  # of the picture below the outputs
    frames: tuple[Frame, ...] = ()
    links: tuple[Link, ...] = ()

    def box(self, unit: Unit) -> Box:
        return self.rows[unit[0]].box(unit[1])

    def has(self, unit: Unit | None) -> bool:
        """Whether a unit exists."""
        return (
            unit is not None
            and 0 <= unit[0] < len(self.rows)
            and 0 <= unit[1] < self.rows[unit[0]].count
        )

    def at(self, place: tuple[float, float]) -> Unit | None:
        """The unit at a place."""
        for row in self.rows:
            index = row.at(place)
            if index is not None:
                return row.layer, index
        return None

    @property
    def tile(self) -> Size:
        """The size of the largest tile."""
        wide, high = (max(math.ceil(row.pitch[k]) - row.gap for row in self.rows) for k in (0, 1))
        return wide, high


@lru_cache(maxsize=16)
def plan(counts: tuple[int, ...], size: Size, unit: float, aspect: float = 1.0) -> Plan:
    """The map of layers of `counts` units, inputs first, for text of `unit` pixels.

    `aspect`: the picture's width by its height.
    """
    width, height = size
    left = min(NUMBERS * unit, 0.12 * width)
    wide = max(1.0, width - 1.2 * left)
    aspect = min(max(aspect, ASPECTS[0]), ASPECTS[1])
    below = min(OUTCOME * unit, 0.18 * height, wide / aspect)
    free = max(1.0, height - below)
    ends = {0, len(counts) - 1}
    pitch = free / (len(counts) + len(ends) * (ENDS - 1))
    shapes = [
        shaped(count, wide, pitch * (ENDS if layer in ends else 1), unit, aspect)
        for layer, count in enumerate(counts)
    ]
    filled = sum(lines * high for _, _, lines, _, high in shapes)
    gap = min((free - filled) / len(counts), FARTHEST * unit)
    rows, top = [], 0.0
    for layer, (count, (step, across, lines, broad, high)) in enumerate(
        zip(counts, shapes, strict=True)
    ):
        start = left + (wide - across * broad) / 2
        between = 0 if min(broad, high) < 4 else 1 if min(broad, high) < 14 else 2
        rows.append(Row(layer, count, step, across, lines, start, top, (broad, high), between))
        top += lines * high + gap
    middle = left + wide / 2
    broad = below * aspect
    place = round(middle - broad / 2), round(top), round(middle + broad / 2), round(top + below)
    return Plan(size, tuple(rows), place)


def shaped(
    count: int, wide: float, pitch: float, unit: float, aspect: float
) -> tuple[int, int, int, float, float]:
    """A layer's step, tiles across, lines, and tile width and height."""
    room, largest = FILLED * pitch, LARGEST * unit
    high = min(room, wide / count / aspect, largest)
    if high >= UPRIGHT * unit:
        return 1, count, 1, high * aspect, high
    side = min(room, wide / count, largest)
    if side >= min(SINGLE * unit, room):
        return 1, count, 1, side, side

    def tile(lines: int) -> tuple[float, float]:
        across = wide / -(-count // lines)
        side = min(room / lines, across)
        return min(across, max(side, side * aspect)), side

    lines = max(range(1, min(count, max(1, int(room))) + 1), key=lambda n: math.prod(tile(n)))
    step, (broad, high) = 1, tile(lines)
    if high < SMALLEST:
        broad = high = min(SMALLEST, max(room, 1.0))
        lines = max(1, int(room / high))
        step = -(-count // (lines * max(1, int(wide / broad))))
    shown = -(-count // step)
    across = -(-shown // lines)
    return step, across, -(-shown // across), broad, high


@dataclass(frozen=True)
class Cells:
    """The pixels of a row's tiles: their flat indices in the atlas, units, and points.

    `middle`: which of them are not at a tile's edge; all of them in small tiles.
    """

    pixels: NDArray[np.intp]
    units: NDArray[np.intp]
    points: NDArray[np.intp]
    middle: NDArray[np.bool_]


@lru_cache(maxsize=4)
def cells(of: Plan, grid: Size) -> tuple[Cells, ...]:
    """For each layer the pixels of its tiles, and the point of the grid that each shows."""
    found = []
    for row in of.rows:
        x, column, u = _along(row.left, row.pitch[0], row.gap, row.across, of.size[0])
        y, line, v = _along(row.top, row.pitch[1], row.gap, row.lines, of.size[1])
        number = line[:, None] * row.across + column
        shown = number < row.shown
        pixels = y[:, None] * of.size[0] + x
        points = (v * grid[1]).astype(np.intp)[:, None] * grid[0] + (u * grid[0]).astype(np.intp)
        middle = shown | True
        if min(row.pitch) - row.gap >= FRAMED:
            inner = [np.abs(place - 0.5) < MIDDLE / 2 for place in (v, u)]
            middle = inner[0][:, None] & inner[1]
        each = (pixels[shown], number[shown] * row.step, points[shown], middle[shown])
        found.append(Cells(*each))
    return tuple(found)


def _along(
    first: float, pitch: float, gap: int, count: int, limit: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Along one axis the pixels of `count` tiles, the tile of each, and the place in it, 0 to 1."""
    edges = np.rint(first + pitch * np.arange(count + 1)).astype(np.intp)
    starts, ends = edges[:-1], np.maximum(edges[1:] - gap, edges[:-1] + 1)
    tile = np.repeat(np.arange(count), ends - starts)
    pixels = np.concatenate([np.arange(*pair) for pair in zip(starts, ends, strict=True)])
    place = (pixels - starts[tile] + 0.5) / (ends - starts)[tile]
    inside = (pixels >= 0) & (pixels < limit)
    return pixels[inside], tile[inside], place[inside]


def grid_of(of: Plan, network: Network) -> Size:
    """The points of each unit's picture: those of the largest tile, within the bounds of work."""
    wide, high = min(of.tile[0], GRID[0]), min(of.tile[1], GRID[1])
    units = sum(row.count for row in of.rows)
    most = max(16.0, min(WORK / network.parameters, VALUES / units))
    scale = min(1.0, math.sqrt(most / (wide * high)))
    return max(2, round(wide * scale)), max(2, round(high * scale))


def counts_of(network: Network) -> tuple[int, ...]:
    """The units of each layer, inputs first; of a graph, of each stage."""
    if isinstance(network, GraphNetwork):
        return (len(network.inputs), *(stage.units for stage in network.stages))
    return (len(network.inputs), *(len(layer.bias) for layer in network.drawn))


def last_layer(network: Network) -> int:
    """The number of the layer that gives the outputs: of a graph, that of its last stage."""
    return len(network.stages) if isinstance(network, GraphNetwork) else network.depth


@dataclass(frozen=True)
class Strongest:
    """Weights of a layer of largest magnitude, weakest first: (N,) each.

    `weights`: relative to the layer's largest, -1 to 1. `layer`: whose units the sources are.
    """

    sources: NDArray[np.intp]
    targets: NDArray[np.intp]
    weights: Floats
    layer: int


def couplings(network: Network, layer: int) -> list[tuple[int, Float32 | Float64]]:
    """What layer `layer`, from 1, reads: each layer with the strengths, (units, its units)."""
    if isinstance(network, GraphNetwork):
        return incoming(network, layer)
    return [(layer - 1, network.effective(layer - 1).weight)]


def strongest(network: Network, layer: int, most: int) -> Strongest:
    """The `most` strongest weights of a layer, from 1; none of one without weights."""
    if isinstance(network, GraphNetwork) and not weighted(network.stages[layer - 1]):
        none = np.zeros(0, np.intp)
        return Strongest(none, none, np.zeros(0), 0)
    ((row, weight),) = couplings(network, layer)
    flat = np.abs(weight).ravel()
    best = np.arange(flat.size)
    if flat.size > most:
        best = np.argpartition(flat, flat.size - most)[-most:]
    best = best[np.argsort(flat[best], kind="stable")]
    targets, sources = np.divmod(best, weight.shape[1])
    scale = max(float(flat.max(initial=0.0)), 1e-30)
    return Strongest(sources, targets, weight.ravel()[best].astype(np.float64) / scale, row)


def of_unit(network: Network, unit: Unit, most: int) -> list[tuple[Unit, Unit, float]]:
    """A unit's strongest weights, weakest first: (target, source, relative weight).

    `most` of those to it and `most` of those from it; relative to the layer's largest.
    """
    layer, index = unit
    found: list[tuple[Unit, Unit, float]] = []

    def add(
        weights: Float32 | Float64, scale: float, line: Callable[[int], tuple[Unit, Unit]]
    ) -> None:
        some = np.argsort(-np.abs(weights), kind="stable")[:most]
        found.extend((*line(int(k)), float(weights[k]) / scale) for k in some)

    graph = isinstance(network, GraphNetwork)
    readers = last_layer(network) if graph else min(layer + 1, network.depth)
    for reader in range(layer + 1, readers + 1):
        for row, weight in couplings(network, reader):
            if row == layer:
                scale = max(float(np.abs(weight).max()), 1e-30)
                add(weight[:, index], scale, lambda k, r=reader: ((r, k), unit))  # type: ignore[misc]
    for row, weight in couplings(network, layer) if layer > 0 else ():
        scale = max(float(np.abs(weight).max()), 1e-30)
        add(weight[index], scale, lambda k, r=row: (unit, (r, k)))  # type: ignore[misc]
    shown = [line for line in found if line[2] or not graph]
    return sorted(shown, key=lambda line: abs(line[2]))


@dataclass(frozen=True)
class Drawn:
    """The map of a scene, complete."""

    scene: Scene
    plan: Plan
    size: Size  # of the picture of the plane that they show, in pixels
    atlas: NDArray[np.uint8]  # (height, width, 4), clear between the tiles
    outcome: NDArray[np.uint8]  # (height, width, 4)
    samples: UnitSamples
    reaches: tuple[float | Float64, ...]  # of each layer's colour scale; first of each input's
    lines: tuple[Strongest, ...]  # of each layer from 1


class NetworkMap:
    """Follows a changing scene. A map once begun is finished, so that a held key shows some."""

    def __init__(self, clock: Callable[[], float] = wall.perf_counter) -> None:
        self.drawn: Drawn | None = None
        self.number = 0  # of maps drawn
        self.spent = 0.0  # seconds of work in the last map, or in the one under way
        self._clock = clock
        self._task: Stepping[Drawn] | None = None
        self._wanted: Hashable = None
        self._begun: Hashable = None
        self._done: Hashable = None
        self._rest_until = 0.0

    @property
    def busy(self) -> bool:
        """Whether the map wanted last is not drawn yet."""
        return self._wanted != self._done

    def follow(self, scene: Scene, of: Plan, size: Size, seconds: float) -> bool:
        """Work for about `seconds` on the map of a scene shown at `size` pixels; True if finished.

        Continuous changes take at most SHARE of the time.
        """
        self._wanted = scene, of, size
        started = self._clock()
        if not self.busy or (self._task is None and started < self._rest_until):
            return False
        if self._task is None:
            self._begun = self._wanted
            self._task = Stepping(draw(scene, of, size))
            self.spent = 0.0
        done = self._task.step(within(seconds))
        now = self._clock()
        self.spent += now - started
        if not done:
            return False
        self.drawn, self._task, self._done = self._task.result, None, self._begun
        self.number += 1
        self._rest_until = now + self.spent * (1 / SHARE - 1)
        return True


def draw(scene: Scene, of: Plan, size: Size) -> Steps[Drawn]:
    """Draw the map of a scene shown at `size` pixels; yields between layers."""
    network, grid = scene.network, grid_of(of, scene.network)
    if network.by_grid:
        return (yield from _draw_grid(scene, of, size))
    evaluate = evaluator(network, scene.view, scene.clock)
    rows, columns = _pixel_rows(grid[1], size[1]), _pixel_rows(grid[0], size[0])
    points = (rows[:, None] * size[0] + columns).ravel()
    x, y = pixel_points(size, scene.view.center, scene.view.extent, rows=rows, columns=columns)
    values = network.features(x.ravel(), y.ravel(), scene.clock)
    fed = values.astype(np.float32)
    atlas = np.zeros((of.size[1] * of.size[0], 4), np.uint8)
    tiles = cells(of, grid)
    yield
    reaches: list[float | Float64] = [input_reaches(network.inputs, fed)]
    pre_activations, lines = [], []
    _tint(atlas, tiles[0], fed, reaches[0], None)
    most = max(FEWEST_LINES, LINES // network.depth)
    for number, (node, pre, units) in enumerate(
        evaluate.walk(evaluate.coordinates(points, size)), 1
    ):
        assert pre is not None
        reaches.append(reach_of(units, node.activation))
        _tint(
            atlas, tiles[number], units, reaches[-1], network if number == network.depth else None
        )
        pre_activations.append(pre)
        yield
        lines.append(strongest(network, number, most))
        yield
    samples = UnitSamples(network, scene.view, scene.clock, grid, fed, tuple(pre_activations))
    outcome = yield from _outcome(scene, evaluate, of, size)
    image = atlas.reshape(of.size[1], of.size[0], 4)
    return Drawn(scene, of, size, image, outcome, samples, tuple(reaches), tuple(lines))


def _draw_grid(scene: Scene, of: Plan, size: Size) -> Steps[Drawn]:
    """`draw` of a network that whole grids are evaluated of, all of them once."""
    network = scene.network
    left, top, right, bottom = of.outcome
    most = max(16.0, VALUES / sum(row.count for row in of.rows))
    scale = min(1.0, math.sqrt(most / max(1, (right - left) * (bottom - top))))
    grid = max(2, round(scale * (right - left))), max(2, round(scale * (bottom - top)))
    layers = yield from trace(scene, grid)
    fed = inputs(scene, grid)
    atlas = np.zeros((of.size[1] * of.size[0], 4), np.uint8)
    tiles = cells(of, grid)
    yield
    reaches: list[float | Float64] = [input_reaches(network.inputs, fed)]
    _tint(atlas, tiles[0], fed, reaches[0], None)
    most, lines = max(FEWEST_LINES, LINES // network.depth), []
    last = len(layers)
    for number, (layer, stage) in enumerate(zip(layers, network.stages, strict=True), 1):
        sizes = boost_sizes(stage)
        plain = layer.units if stage.boost is None else layer.units / sizes
        one = reach_of(plain, stage.activation)
        reaches.append(one if stage.boost is None else one * sizes.astype(np.float64))
        if not of.rows[number].bare:
            shown = network if number == last else None
            _tint(atlas, tiles[number], layer.units, reaches[-1], shown)
        yield
        lines.append(strongest(network, number, most))
        yield
    before = tuple(layer.pre_activations for layer in layers)
    samples = UnitSamples(network, scene.view, scene.clock, grid, fed, before)
    outcome = yield from _coloured(scene, layers[-1].units, grid, size)
    image = atlas.reshape(of.size[1], of.size[0], 4)
    return Drawn(scene, of, size, image, outcome, samples, tuple(reaches), tuple(lines))


def _pixel_rows(count: int, pixels: int) -> NDArray[np.intp]:
    """`count` pixels spread evenly over a side of a picture."""
    return ((np.arange(count) + 0.5) * pixels / count).astype(np.intp)


def _tint(
    atlas: NDArray[np.uint8],
    tiles: Cells,
    units: Float32,
    reach: float | Float64,
    network: Network | None,
) -> None:
    """Colour the pixels of a layer's tiles from its units (points, rows), of one reach or each.

    `network`: that whose outputs they are, if any.
    """
    values = units[tiles.points, tiles.units]
    if network is None:
        shown = tinted(values, reach[tiles.units] if isinstance(reach, np.ndarray) else reach)
    else:
        shown = np.zeros((len(values), 3), np.float32)
        last = last_layer(network)
        for unit in range(units.shape[1]):
            own, channel = tiles.units == unit, channel_of(network, (last, unit), before=False)
            assert channel is not None
            shown[own] = shaded(values[own], channel)
    atlas[tiles.pixels, :3] = quantise(np.ascontiguousarray(shown))
    atlas[tiles.pixels, 3] = 255


def _outcome(
    scene: Scene, evaluate: Evaluator, of: Plan, size: Size
) -> Generator[Any, Any, NDArray[np.uint8]]:
    """The network's picture in the preset's colours, small."""
    left, top, right, bottom = of.outcome
    wide, high = max(1, right - left), max(1, bottom - top)
    most = max(16.0, OUTCOME_WORK / scene.network.parameters)
    scale = min(1.0, math.sqrt(most / (wide * high)))
    grid = max(2, round(wide * scale)), max(2, round(high * scale))
    points = _pixel_rows(grid[1], size[1])[:, None] * size[0] + _pixel_rows(grid[0], size[0])
    outputs: Float32 = np.zeros((0, 1), np.float32)
    for step in evaluate.walk(evaluate.coordinates(points.ravel(), size)):
        outputs = step[2]
        yield
    return (yield from _coloured(scene, outputs, grid, size))


def _coloured(
    scene: Scene, outputs: Float32, grid: Size, size: Size
) -> Generator[Any, Any, NDArray[np.uint8]]:
    """Outputs at the points of `grid` in the preset's colours, (height, width, 4)."""
    network, color = scene.network, scene.preset.color
    inked = inks_of(network) and (network.outputs > 1 or (color.mapping, color.stretch) == RGB)
    found = outputs_shown(network, outputs) if inked else channels(outputs, network)
    values = found[:, :3]
    if not inked and not color.plain:
        span = yield from value_range_steps(scene, size)
        values = colored(values, scene.preset.color, span)
    shown = np.ascontiguousarray(with_alpha(values, found)).reshape(grid[1], grid[0], -1)
    pixels = np.full((grid[1], grid[0], 4), 255, np.uint8)
    pixels[..., :3] = quantise(on_checks(shown))
    return pixels


class Probe:
    """Every unit's value at one place of the picture; follows the pointer.

    place: in pixels, x to the right and y down. point: x and y there, in input units.
    """

    def __init__(self) -> None:
        self.values: tuple[Float32, ...] = ()  # of each layer, inputs first
        self.place = self.point = (0.0, 0.0)
        self.number = 0  # of places evaluated
        self._done: Hashable = None
        self._begun: Hashable = None
        self._task: Stepping[Probed] | None = None

    @property
    def busy(self) -> bool:
        """Whether values are being computed."""
        return self._task is not None

    def of(self, drawn: Drawn) -> bool:
        """Whether the values are those of a network of the same shape."""
        return [len(own) for own in self.values] == [row.count for row in drawn.plan.rows]

    def follow(self, scene: Scene, size: Size, place: tuple[float, float], seconds: float) -> bool:
        """Work for about `seconds` on the values at a place; True if they are new."""
        wanted = scene, size, place
        if wanted == self._done:
            return False
        if self._task is None:
            self._begun, self._task = wanted, Stepping(probed(scene, size, place))
        if not self._task.step(within(seconds)):
            return False
        assert self._task.result is not None
        self.values, self.place, self.point = self._task.result
        self._task, self._done = None, self._begun
        self.number += 1
        return True


Probed = tuple[tuple[Float32, ...], tuple[float, float], tuple[float, float]]


def probed(scene: Scene, size: Size, place: tuple[float, float]) -> Steps[Probed]:
    """All units' values at a place of a picture of `size`, the place, and x and y there."""
    network, view = scene.network, scene.view
    jitter = place[0] - 0.5, place[1] - 0.5
    first = np.zeros(1, np.intp)
    x, y = pixel_points(size, view.center, view.extent, rows=first, columns=first, jitter=jitter)
    values = [network.features(x[0], y[0], scene.clock)[0]]
    if network.by_grid:
        there = at_point(scene, float(x[0, 0]), float(y[0, 0]))
        values += [layer.units[0] for layer in (yield from trace(there, (1, 1)))]
        found = tuple(np.asarray(layer, np.float32) for layer in values)
        return found, place, (float(x[0, 0]), float(y[0, 0]))
    evaluate = evaluator(network, view, scene.clock)
    for _, _, units in evaluate.walk(evaluate.coordinates(first, size, jitter)):
        values.append(units[0])
        yield
    found = tuple(np.asarray(layer, np.float32) for layer in values)
    return found, place, (float(x[0, 0]), float(y[0, 0]))


def at_point(scene: Scene, x: float, y: float) -> Scene:
    """A scene whose picture of one pixel is a point of the plane, and one tap wide."""
    view = dataclasses.replace(scene.view, center=(x, y), extent=scene.network.step / 2)
    return dataclasses.replace(scene, view=view)


class PointValues:
    """All layers at a point, of a network that whole grids are evaluated of; in slices."""

    def __init__(self) -> None:
        self.layers: list[LayerTrace] = []  # at the point asked for last; none before it is known
        self._of: Hashable = None
        self._task: Stepping[list[LayerTrace]] | None = None

    @property
    def busy(self) -> bool:
        """Whether they are being computed."""
        return self._task is not None

    def follow(self, scene: Scene, x: float, y: float) -> None:
        """Ask for a point; what reaches too far for a moment's work is left out."""
        of = scene.network.digest, scene.clock, x, y
        if of == self._of:
            return
        self._of, self.layers, self._task = of, [], None
        if scene.network.by_grid and point_work(scene.network) <= POINT_WORK:
            self._task = Stepping(trace(at_point(scene, x, y), (1, 1)))

    def forget(self) -> None:
        """Ask for no point."""
        self._of, self._task, self.layers = None, None, []

    def advance(self, seconds: float) -> bool:
        """Compute for about so many seconds; True when they are complete."""
        if self._task is None or not self._task.step(within(seconds)):
            return False
        self.layers, self._task = self._task.result or [], None
        return True


def point_work(network: Network) -> float:
    """Multiplications for all layers at one point, at most."""
    side = 2 * network.radius + 1
    return float(side * side * sum(stage_work(stage) for stage in network.stages))


def lit(drawn: Drawn, values: Sequence[Float32]) -> NDArray[np.uint8]:
    """The atlas with each tile in the one colour of its unit's value in `values`, by layer.

    Large tiles keep their pictures at the edges.
    """
    of, network = drawn.plan, drawn.scene.network
    atlas = drawn.atlas.reshape(-1, 4).copy()
    for tiles, own, reach, row in zip(
        cells(of, drawn.samples.size), values, drawn.reaches, of.rows, strict=True
    ):
        if row.bare:
            continue
        some = tiles.middle
        flat = Cells(
            tiles.pixels[some], tiles.units[some], np.zeros_like(tiles.points[some]), some[some]
        )
        _tint(atlas, flat, own[None], reach, network if row.layer == last_layer(network) else None)
    return atlas.reshape(of.size[1], of.size[0], 4)
