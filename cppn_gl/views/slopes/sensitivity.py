"""The sensitivity view: the change of the output when one layer is randomly perturbed.

    Scene -> the picture, the perturbed network's picture -> sensitivity.frag -> planes
          -> measured(): the mean change for each layer, on a fixed grid in float64 -> bars

nn/perturbation.py defines the perturbation. All layers share one colour scale, so that they can be
compared by stepping from layer to layer; the bars show each layer's mean. The scale ends where at
most 0.5 % of the changes of any layer are larger: at the largest of the layers' 99.5th percentiles.

Every later layer scales the change by a factor that depends on the weights' scale. In tanh networks
of 30 units the early layers matter least below a scale of about 0.45 and most above it: seven times
as much as the last of 27 layers at 0.6.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.grid import GridEvaluator
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.nn.network import Network
from cppn_gl.nn.perturbation import (
    changes,
    changes_work,
    grid_changes,
    perturbed,
    weight_layers,
)
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, identity, work_per_pixel
from cppn_gl.preset.show import SensitivityOptions
from cppn_gl.utils.arrays import Box, Float64, Size
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.tasks import Steps, Task, at_once, during
from cppn_gl.utils.threads import one_thread
from cppn_gl.views.base import Hit, Stage, View, Words
from cppn_gl.views.marks import marks_of
from cppn_gl.views.shading import Shading
from cppn_gl.views.slopes.gbuffer import DeferredShading
from cppn_gl.views.slopes.gradient import (
    FEWEST_DECADES,
    MOST_DECADES,
    SPOT,
    SPOTS_WORK,
    channels,
    far_sighted,
    grid,
    scale_limits,
    spots,
)
from cppn_gl.views.slopes.legend import AXIS, Legend, LegendLayout, bar_at, bar_sides
from cppn_gl.views.slopes.palette import heat
from cppn_gl.views.text import significant
from cppn_gl.views.ticks import short

GRID = 20  # points along a side of the grid for bars and scale
GRID_WORK = 2e8  # multiplications at most
AT_ONCE = 100  # points measured in one step
CLIPPED = 0.995  # quantile of a layer's changes
DIGITS = 3  # of the scale's limits: neither the last bits nor their cause are seen
CACHED = 64  # scenes whose measurements are kept
BAND_PIXELS = 2**20
BARS = 3.6  # height of the bar chart, in lines
COMPACT = 0.26  # fraction of the picture that a legend with bars may cover


@dataclass(frozen=True)
class Sensitivity:
    """The mean change over the grid for each layer, and the limits of the common colour scale."""

    means: tuple[float, ...]
    limits: tuple[float, float]


class SensitivityView(View):
    """The change of the picture when one layer is perturbed."""

    plane = continuous = True
    clicked = "on a bar chooses the layer"

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        painter, other = stage.painter, perturbed_scene(scene)
        engine = stage.engine_for(other.network)
        limits: list[float] = []

        def draw_of(of: Scene) -> Any:
            def draw(target: Planes, band: Region) -> Steps[None]:
                if not limits:
                    limits.extend((yield from measure(scene)).limits)
                yield from during(engine.begin(painter, target, of, band))

            return draw

        def shade(pair: Sequence[Planes], top: int, rows: int) -> None:
            painter.shared(Shading, "sensitivity.frag", heat)(
                planes,
                [*pair[0].textures, *pair[1].textures],
                top,
                rows,
                range=tuple(float(np.log(limit)) for limit in limits),
                channels=channels(scene, scene.options(SensitivityOptions)),
            )

        passes = [draw_of(scene), draw_of(other)]  # both by one engine
        make = partial(Planes, painter.ctx)
        return DeferredShading(
            painter, planes, "sensitivity", make, passes, shade, band_pixels=BAND_PIXELS
        ).task()

    def work(self, scene: Scene) -> float:
        return 2 * work_per_pixel(scene.network)

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """The legend: the perturbed layer, the colour scale, each layer's mean change as bars."""
        layout = _layout(size)
        marks, at = marks_of(scene, size), layout.inner()
        if at is None:
            return marks
        found, layer = measured(scene), shown_layer(scene)
        noise = scene.options(SensitivityOptions).noise
        legend, room, line = Legend(layout), at[2] - at[0], layout.line
        title = f"{_named(scene, layer)} perturbed by {100 * noise:.3g} %"
        legend.fitted(at[0], at[1], title, room=room, bold=True)
        numbers = weight_layers(scene.network)
        shown = numbers.index(layer)
        bars, mean = _bars(layout), short(found.means[shown])
        clipped = f"brightest: {significant(found.limits[1], 2)} or more"
        both = f"mean change {mean}; {clipped}", f"mean {mean}; {clipped}"
        words = [f"mean output change {mean}"] if bars else [*both, f"mean change {mean}"]
        legend.fitted(at[0], at[1] + line, *words, room=room)
        scale = at[0], at[1] + line * 9 // 4, at[2], at[3]
        legend.scale(scale, heat(), *found.limits)
        if bars is not None:
            legend.fitted(
                *(at[0], at[1] + line * 17 // 4),
                *(f"{clipped} ({100 * (1 - CLIPPED):.3g} % of the points)", clipped),
                room=room,
            )
            heading = "mean output change by layer"
            legend.fitted(at[0], at[1] + line * 11 // 2, heading, room=room)
            legend.bars(bars, found.means, shown)
            for number in sorted({0, shown, len(numbers) - 1}):
                _number(legend, bars, numbers, number, shown)
        return legend.over(marks)

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """The layer of a bar and its mean change; a click perturbs that layer."""
        bars = _bars(_layout(size))
        if bars is None or not (bars[0] <= place[0] < bars[2] and bars[1] <= place[1] < bars[3]):
            return None
        numbers = weight_layers(scene.network)
        number = bar_at(bars, len(numbers), place[0])
        if number is None:
            return None
        mean = short(measured(scene).means[number])
        words = f"{_named(scene, numbers[number])}: mean output change {mean}"
        return Hit(words, changes={"show.layer": numbers[number]})

    def page(self, preset: Preset, steps: int) -> dict[str, Any] | None:
        """Of a network on a grid, from one layer with weights to another."""
        if not preset.spec.by_grid:
            return None
        numbers = weight_layers(preset.network())
        now = numbers.index(_layer_of(numbers, preset.options(SensitivityOptions).layer))
        chosen = min(max(now + steps, 0), len(numbers) - 1)
        return {"show.layer": numbers[chosen] if chosen < len(numbers) - 1 else 0}


def shown_layer(scene: Scene) -> int:
    """The layer that is perturbed, from 1: one with weights."""
    return _layer_of(weight_layers(scene.network), scene.options(SensitivityOptions).layer)


def _layer_of(numbers: list[int], layer: int) -> int:
    """The last layer with weights up to `layer`; the last of all for 0."""
    upto = [number for number in numbers if number <= layer or not layer]
    return upto[-1] if upto else numbers[0]


def _named(scene: Scene, layer: int) -> str:
    """A layer by its number, and what it is where that is not the same for all."""
    if not scene.network.by_grid:
        return f"layer {layer}"
    return f"layer {layer}, {scene.network.stages[layer - 1].label}"


def perturbed_scene(scene: Scene) -> Scene:
    noise, seed = scene.options(SensitivityOptions).noise, scene.preset.spec.seed
    network: Network = perturbed(scene.network, shown_layer(scene), noise, seed)
    return Scene(network, scene.view, scene.clock, scene.preset)


_measured: LRUCache[Hashable, Sensitivity] = LRUCache(CACHED)


def measured(scene: Scene) -> Sensitivity:
    """The mean changes and the scale of a scene, on its grid."""
    return at_once(measure(scene))


def measure(scene: Scene) -> Steps[Sensitivity]:
    """`measured`, interruptible.

    It depends on the scene alone: not on the picture's size, its parts, the engine or the threads.
    """
    network, options = scene.network, scene.options(SensitivityOptions)
    seed, shown = scene.preset.spec.seed, channels(scene, options)
    key = identity(network, scene.clock), scene.view, options.noise, seed, shown
    found = _measured.find(key)
    if found is not None:
        return found
    moved = yield from (_moved_on_grid if network.by_grid else _moved)(scene, options.noise, seed)
    with np.errstate(all="ignore"):
        counted = moved * np.array(shown[: network.outputs])
        sizes = np.sqrt(np.square(counted).sum(axis=2))  # (depth, N)
    return _measured.put(key, Sensitivity(tuple(map(_mean, sizes)), _limits(sizes)))


def _moved(scene: Scene, noise: float, seed: int) -> Steps[Float64]:
    """The changes of the outputs at the grid's points, (layers, N, outputs)."""
    network, parts = scene.network, []
    x, y = grid(scene, work_per_pixel(network) * (network.depth + 1) / 2, GRID, GRID_WORK)
    inputs = network.features(x, y, scene.clock)
    for first in range(0, len(inputs), AT_ONCE):
        with one_thread():
            parts.append(changes(network, inputs[first : first + AT_ONCE], noise, seed))
        yield
    return np.concatenate(parts, axis=1)[: network.trained.depth]


def _moved_on_grid(scene: Scene, noise: float, seed: int) -> Steps[Float64]:
    """The same for a network on a grid, at spots."""
    network = scene.network
    if far_sighted(network):
        return (yield from _moved_on_lattice(scene, noise, seed))
    x, y, more = spots(scene, changes_work(network, SPOT), SPOTS_WORK)
    return (yield from grid_changes(network, x, y, scene.clock, noise, seed, more=more))


def _moved_on_lattice(scene: Scene, noise: float, seed: int) -> Steps[Float64]:
    """The same at the pixels of a small picture: networks that see far cost no more there."""
    region, found = Region.of((GRID, GRID)), []
    layers = weight_layers(scene.network)
    others = (perturbed(scene.network, layer, noise, seed) for layer in layers)
    for network in (scene.network, *others):
        outputs = yield from GridEvaluator(network, scene.view, scene.clock).outputs(region)
        found.append(outputs.reshape(-1, network.outputs).astype(np.float64))
    return np.array(found[1:]) - found[0]


def _limits(sizes: Float64) -> tuple[float, float]:
    """The limits of the colour scale for the changes (depth, N), the upper one where it clips."""
    low, _ = scale_limits(sizes)
    tops = [np.quantile(known, CLIPPED) for row in sizes if (known := row[np.isfinite(row)]).size]
    high = max(map(float, tops), default=0.0)
    if high <= 1e-30:
        return 0.1, 1.0  # nothing changes anywhere
    low = min(max(low, high / 10**MOST_DECADES), high / 10**FEWEST_DECADES)
    return float(f"{low:.{DIGITS}g}"), float(f"{high:.{DIGITS}g}")


def _mean(sizes: NDArray[np.float64]) -> float:
    """The mean of the finite sizes; NaN if there are none."""
    known = sizes[np.isfinite(sizes)]
    return float(known.mean()) if known.size else float("nan")


def _layout(size: Size) -> LegendLayout:
    """The legend's layout, with bars if they do not cover too much of the picture."""
    line = LegendLayout(size, 0).line
    tall = LegendLayout(size, 8.6, round(BARS * line), wide=25)
    return tall if 0 < tall.covered <= COMPACT else LegendLayout(size, 4)


def _bars(layout: LegendLayout) -> Box | None:
    """The box of the bars, in a legend that has them."""
    at = layout.inner()
    if at is None or not layout.more:
        return None
    bottom = at[3] - layout.line
    left = at[0] + round(AXIS * layout.font_size)
    return left, bottom - layout.more, at[2], bottom


def _number(legend: Legend, bars: Box, numbers: list[int], bar: int, shown: int) -> None:
    """A layer's number below its bar; the first and last give way to a near highlighted one."""
    left, right = bar_sides(bars, len(numbers), bar)
    apart = abs(bar - shown) * (bars[2] - bars[0]) / len(numbers)
    if bar != shown and apart < 1.5 * legend.layout.font_size:
        return
    anchor = "la" if bar == 0 else "ra" if bar == len(numbers) - 1 else "ma"
    x = {"la": bars[0], "ra": bars[2], "ma": (left + right) / 2}[anchor]
    legend.words(x, bars[3], str(numbers[bar]), bold=bar == shown, anchor=anchor)
