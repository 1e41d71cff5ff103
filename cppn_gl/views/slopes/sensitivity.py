"""What a small random change of one layer does to the picture.

    Scene -> the picture, the changed network's picture -> sensitivity.frag -> planes
          -> measured(): the mean change for each layer, on a fixed grid in float64 -> bars

perturbation.py says what is changed. The scale of the colours is one for all layers, so that
stepping from layer to layer compares them; the bars say the same in a number for each.

What is to be seen: each layer behind a change shrinks or enlarges it, by a factor that the weights'
scale sets. Tanh networks of 30 units have early layers that are robust below a scale of some 0.45,
and early layers that matter most above it: seven times as much as the last of 27 at 0.6.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.base import Region
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.nn.features import features
from cppn_gl.nn.network import Network
from cppn_gl.nn.perturbation import changes, perturbed
from cppn_gl.preset.scene import Scene, scene_bytes, work_per_pixel
from cppn_gl.preset.show import SensitivityOptions
from cppn_gl.utils.cache import MB, lru_cache_by_size
from cppn_gl.utils.tasks import Steps, Task, during
from cppn_gl.utils.threads import one_thread
from cppn_gl.views.base import Hit, Size, Stage, View, Words
from cppn_gl.views.shading import Shading
from cppn_gl.views.slopes.fields import DeferredShading
from cppn_gl.views.slopes.gradient import channels, grid, spread
from cppn_gl.views.slopes.legend import Box, Corner, Sheet, bar_at, bar_sides
from cppn_gl.views.slopes.palette import heat
from cppn_gl.views.ticks import short

GRID = 12  # points a side that bars and scale are taken from
GRID_WORK = 2e8  # multiplications that they may take
KEPT = 4 * MB  # of the networks whose measurements are kept
BAND_PIXELS = 2**20
BARS = 3.5  # lines high


@dataclass(frozen=True)
class Measured:
    """For each layer the mean change over the grid; and the ends of the scale for all."""

    means: tuple[float, ...]
    limits: tuple[float, float]


class SensitivityView(View):
    """How far the picture moves when one layer is changed a little."""

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        """Begin to draw: two pictures by one engine, the changed one's, and then their distance."""
        painter, other = stage.painter, changed(scene)
        engine = stage.engine_for(other.network)
        low, high = measured(scene).limits

        def part(of: Scene) -> Any:
            def draw(target: Planes, band: Region) -> Steps[None]:
                return during(engine.begin(painter, target, of, band))

            return draw

        def shade(pair: Sequence[Planes], top: int, rows: int) -> None:
            painter.shared(Shading, "sensitivity.frag", heat)(
                planes,
                [*pair[0].textures, *pair[1].textures],
                top,
                rows,
                range=(float(np.log(low)), float(np.log(high))),
                channels=channels(scene, scene.options(SensitivityOptions)),
            )

        parts = [part(scene), part(other)]
        make = partial(Planes, painter.ctx)
        return DeferredShading(
            painter, planes, "sensitivity", make, parts, shade, band_pixels=BAND_PIXELS
        )

    def work(self, scene: Scene) -> float:
        """Multiplications for one pixel, about."""
        return 2 * work_per_pixel(scene.network)

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """The mean change for each layer as bars, the scale, and the layer's own in words."""
        corner = _corner(size)
        at = corner.inner()
        if at is None:
            return None
        found, layer, noise = (
            measured(scene),
            shown_layer(scene),
            scene.options(SensitivityOptions).noise,
        )
        sheet, room = Sheet(corner), at[2] - at[0]
        sheet.fitted(at[0], at[1], f"layer {layer} changed by {100 * noise:.3g} %", room, bold=True)
        words = f"mean change of colours: {short(found.means[layer - 1])}"
        sheet.fitted(at[0], at[1] + corner.line, words, room)
        scale = at[0], at[1] + corner.line * 9 // 4, at[2], at[3]
        sheet.scale(scale, heat(), *found.limits)
        bars = _bars(corner)
        if bars is not None:
            sheet.fitted(at[0], bars[1] - corner.line, "the same for each layer", room)
            sheet.bars(bars, found.means, layer - 1)
            depth = scene.network.depth
            for number in sorted({1, layer, depth}):
                _number(sheet, bars, depth, number, layer)
        return sheet.pixels()

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """A bar: what its layer does; a click shows it."""
        bars = _bars(_corner(size))
        if bars is None or not (bars[0] <= place[0] < bars[2] and bars[1] <= place[1] < bars[3]):
            return None
        number = bar_at(bars, scene.network.depth, place[0])
        if number is None:
            return None
        mean = short(measured(scene).means[number])
        words = f"layer {number + 1}: a mean change of colours of {mean}"
        return Hit(words, changes={"show.layer": number + 1})


def shown_layer(scene: Scene) -> int:
    """The layer that is changed, from 1; the last for 0."""
    return min(scene.options(SensitivityOptions).layer or scene.network.depth, scene.network.depth)


def changed(scene: Scene) -> Scene:
    """The scene of the changed network."""
    noise, seed = scene.options(SensitivityOptions).noise, scene.preset.spec.seed
    network: Network = perturbed(scene.network, shown_layer(scene), noise, seed)
    return Scene(network, scene.view, scene.clock, scene.preset)


@lru_cache_by_size(KEPT, scene_bytes)
def measured(scene: Scene) -> Measured:
    """The bars and the scale of a scene, on its grid."""
    network = scene.network
    x, y = grid(scene, work_per_pixel(network) * (network.depth + 1) / 2, GRID, GRID_WORK)
    inputs = features(network.inputs, x, y, scene.clock, network.latent)
    options, seed = scene.options(SensitivityOptions), scene.preset.spec.seed
    with one_thread():
        moved = changes(network, inputs, options.noise, seed)
    counted = np.array(channels(scene, options)[: network.outputs])
    with np.errstate(all="ignore"):
        sizes = np.sqrt(np.square(moved * counted).sum(axis=2))  # (depth, N)
    return Measured(tuple(map(_mean, sizes)), spread(sizes))


def _mean(sizes: NDArray[np.float64]) -> float:
    """The mean of what is finite; not a number where nothing is."""
    known = sizes[np.isfinite(sizes)]
    return float(known.mean()) if known.size else float("nan")


def _corner(size: Size) -> Corner:
    """The panel: with bars where there is room for them."""
    line = Corner(size, 0).line
    tall = Corner(size, 6, round(BARS * line), columns=36)
    return tall if tall.box is not None and size[1] >= 16 * line else Corner(size, 4, columns=36)


def _bars(corner: Corner) -> Box | None:
    """Where the bars stand, in a panel that has them."""
    at = corner.inner()
    if at is None or not corner.more:
        return None
    bottom = at[3] - corner.line
    return at[0], bottom - corner.more, at[2], bottom


def _number(sheet: Sheet, bars: Box, depth: int, number: int, layer: int) -> None:
    """A layer's number below its bar; the first's and last's only where the shown one's is far."""
    left, right = bar_sides(bars, depth, number - 1)
    apart = abs(number - layer) * (bars[2] - bars[0]) / depth
    if number != layer and apart < 2 * sheet.corner.points:
        return
    anchor = "la" if number == 1 else "ra" if number == depth else "ma"
    x = {"la": bars[0], "ra": bars[2], "ma": (left + right) / 2}[anchor]
    sheet.words(x, bars[3], str(number), bold=number == layer, anchor=anchor)
