"""The subplots of the surface view: the network, the output and the value range of each.

Scene, size -> subplots() -> parts of the picture (arrangement.py), each with its own surface
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.grid import GridEvaluator
from cppn_gl.engines.cpu.native import evaluator
from cppn_gl.nn.activations import bounds
from cppn_gl.nn.features import Clock
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.layers import SOURCE, Layer
from cppn_gl.nn.network import Network, Stage, network_bytes
from cppn_gl.nn.operations import Conv
from cppn_gl.preset.color import broken
from cppn_gl.preset.preset import Viewport
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import SurfaceOptions
from cppn_gl.preset.value_range import HUGE
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.cache import MB, lru_cache_by_size
from cppn_gl.utils.tasks import Steps, at_once
from cppn_gl.views.solid import arrangement
from cppn_gl.views.solid.arrangement import Fractions
from cppn_gl.views.solid.box_axes import font_size
from cppn_gl.views.solid.field import WEIGHTS
from cppn_gl.views.text import significant, variable

GRID = 33  # points along a side of the grid that value ranges are measured on
NAMES = ("red", "green", "blue")  # of outputs; units have these colours too

Span = tuple[float, float]


@dataclass(frozen=True)
class Subplot:
    """A part of the picture with a surface of its own, or with a plot of a cut through one.

    box: left, top, right, bottom as fractions of the picture's sides. span: the values of height 0
    and 1. quantity: what the heights are, in a word or two. color: of heights, an index of
    surface_colors.TINTS. overhead: seen from above, whatever the preset's tilt. cut: "line" for a
    line on it where it is cut, along y through the view's centre; "plot" for a plot of the heights
    there instead of the surface. title: drawn above it. sign: an operator drawn before it, and its
    centre as fractions. letters, titles: font sizes of the axes and of the title in pixels (see
    Arrangement).
    """

    box: Fractions
    network: Network
    channel: str
    span: Span
    quantity: str
    letters: int
    titles: int = 0
    color: int = 0
    overhead: bool = False
    cut: str = ""
    title: str = ""
    sign: tuple[str, float, float] | None = None

    def pixels(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Left, top, width, height in a picture of a size, in pixels."""
        left, top, right, bottom = (
            round(part * side) for part, side in zip(self.box, (*size, *size), strict=True)
        )
        return left, top, max(1, right - left), max(1, bottom - top)


def pre_activation_network(network: Network) -> Network:
    """The network whose outputs are the output layer's pre-activations."""
    if isinstance(network, GraphNetwork):
        *before, end = network.stages
        return network.restaged((*before, dataclasses.replace(end, activation="identity")))
    last = network.drawn[-1]
    return network.ending(network.depth, Layer(last.weight, last.bias, "identity"))


def hidden_units(network: Network) -> tuple[Network, int] | None:
    """The network whose outputs are units of the last hidden layer, and their number, 1 to 3."""
    if network.depth < 2:
        return None
    if isinstance(network, GraphNetwork):
        return _hidden_channels(network)
    last = network.drawn[-2]
    count = min(3, len(last.bias))
    rows = [0] if count == 1 else [0, 1, count - 1]
    cut = Layer(last.weight[rows], last.bias[rows], last.activation)
    return network.ending(network.depth - 1, cut), count


def _hidden_channels(network: GraphNetwork) -> tuple[Network, int] | None:
    """`hidden_units` of a graph: of the stage that its last convolution reads."""
    *before, end = network.stages
    (read,) = end.inputs
    if read == SOURCE or not isinstance(end.operation, Conv) or end.operation.radius:
        return None
    count = min(3, before[read].units)
    rows = [0] if count == 1 else [0, 1, count - 1]
    chosen = np.eye(before[read].units, dtype=np.float32)[rows][..., None, None]
    select = Stage(Conv(chosen, np.zeros(count, np.float32)), "identity", (read,), count)
    return network.restaged((*before[: read + 1], select)), count


def last_weights(network: Network) -> tuple[Float32, Float32]:
    """The weights (outputs, units) and biases of the output layer."""
    last = network.stages[-1].operation if network.by_grid else network.drawn[-1]
    assert isinstance(last, Conv | Layer)
    return last.weight.reshape(len(last.bias), -1), last.bias


def values_at(network: Network, x: Float64, y: Float64, clock: Clock) -> NDArray[Any]:
    """The outputs at points x, y, (N,) each: (N, outputs)."""
    if network.by_grid:
        return GridEvaluator(network, Viewport(), clock).values(x, y)
    return network.evaluate(network.features(x, y, clock))


def prepare(scene: Scene) -> Steps[None]:
    """Measure, step by step, what `subplots` would wait for: networks on grids take long."""
    if not scene.network.by_grid:
        return
    options = scene.options(SurfaceOptions)
    networks = [scene.network]
    if options.before or options.panels == "sum":
        networks.append(pre_activation_network(scene.network))
    if options.panels == "sum" and (few := hidden_units(scene.network)):
        networks.append(few[0])
    for network in networks:
        if bounds(network.output_activation) is None:
            evaluator, region = _measuring(network, scene.view, scene.clock)
            yield from evaluator.outputs(region)  # which it keeps


def _measuring(network: Network, view: Viewport, clock: Clock) -> tuple[GridEvaluator, Region]:
    """What evaluates a network on a grid for `measured`, on the lattice that surfaces have."""
    wide = dataclasses.replace(view, extent=min(view.extent * GRID / (GRID - 1), 1e6))
    return GridEvaluator(network, wide, clock), Region.of((GRID - 1, GRID - 1))


@lru_cache_by_size(2 * MB, network_bytes)
def measured(network: Network, view: Viewport, clock: Clock, channel: str) -> Span:
    """Round numbers that enclose all values over the square of a view, on GRID × GRID points.

    Values that are not finite are ignored.
    """
    if network.by_grid:
        grid, region = _measuring(network, view, clock)
        picture = at_once(grid.outputs(region))
        picture = np.broadcast_to(picture, (*picture.shape[:2], 3))
    else:
        wide = dataclasses.replace(view, extent=min(view.extent * GRID / (GRID - 1), 1e6))
        picture = at_once(evaluator(network, wide, clock).picture((GRID, GRID)))
    values = picture.reshape(-1, 3)
    shown = values[~broken(values)].astype(np.float64) @ np.array(WEIGHTS[channel])
    if not len(shown):
        return -1.0, 1.0
    low, high = (float(np.clip(end, -HUGE, HUGE)) for end in (shown.min(), shown.max()))
    return rounded(*apart(low, high))


def apart(low: float, high: float) -> Span:
    """The range itself, or a wider one around it if it is nearly empty."""
    size = max(abs(low), abs(high))
    if high - low < 1e-6 * max(1.0, size):
        half = max(0.5, 1e-3 * size)
        return low - half, high + half
    return low, high


def span_of(network: Network, view: Viewport, clock: Clock, channel: str) -> Span:
    """The values of height 0 and 1: the activation's bounds, or the measured range."""
    return bounds(network.output_activation) or measured(network, view, clock, channel)


def rounded(low: float, high: float) -> Span:
    """A slightly wider range whose ends and middle have about two digits."""
    least = (high - low) / 16
    power = 10.0 ** math.floor(math.log10(least))
    step = next((m * power for m in (1, 2, 5) if m * power >= least * 0.99), 10 * power)
    bottom, top = math.floor(low / step + 1e-3), math.ceil(high / step - 1e-3)
    top += (top - bottom) % 2
    return float(f"{bottom * step:.6g}"), float(f"{top * step:.6g}")


@lru_cache_by_size(2 * MB, network_bytes)
def _variants(network: Network) -> tuple[Network, tuple[Network, int] | None]:
    return pre_activation_network(network), hidden_units(network)


def subplots(scene: Scene, size: tuple[int, int]) -> list[Subplot]:
    """The subplots of a picture of a size, in reading order."""
    options, network = scene.options(SurfaceOptions), scene.network
    unactivated, few = _variants(network)

    def heights(channel: str, *, before: bool) -> tuple[Network, str, Span, str]:
        of = unactivated if before else network
        output = "pre-activation" if before else "output"
        of_all = f"mean of {output}s" if network.outputs == 3 else output
        if network.trained.outputs > network.outputs:
            of_all = "largest output"
        name = of_all if channel == "all" else channel
        return of, channel, span_of(of, scene.view, scene.clock, channel), name

    three = arrangement.equal(3, size)
    fonts = three.letters, three.titles
    if options.panels == "channels" and network.outputs == 3:
        return [
            Subplot(box, *heights(name, before=options.before), *fonts, color=k + 1, title=name)
            for k, (name, box) in enumerate(zip(NAMES, three.boxes, strict=True))
        ]
    if options.panels == "cut":
        shown = heights(options.channel, before=options.before)
        across = variable("x")
        titles = f"cut at {across} = {significant(scene.view.center[0])}", "surface", "from above"
        kinds: tuple[dict[str, Any], ...] = ({"cut": "plot"}, {"cut": "line"}, {"cut": "line"})
        return [
            Subplot(box, *shown, *fonts, title=title, overhead=k != 1, **kind)
            for k, (box, title, kind) in enumerate(zip(three.boxes, titles, kinds, strict=True))
        ]
    if options.panels == "sum" and few is not None:
        return _summands(scene, size, few, heights(options.channel, before=True)[:3])
    whole = heights(options.channel, before=options.before)
    return [Subplot((0.0, 0.0, 1.0, 1.0), *whole, font_size(size))]


def _summands(
    scene: Scene, size: tuple[int, int], few: tuple[Network, int], both: tuple[Network, str, Span]
) -> list[Subplot]:
    """Hidden units with the signs of a sum between them, and their sum twice."""
    below, count = few
    found = arrangement.sum_of(count, size)
    boxes, signs, fonts = found.boxes, found.signs, (found.letters, found.titles)
    weight, biases = last_weights(scene.network)
    weights = np.array(WEIGHTS[both[1]]) @ np.broadcast_to(weight, (3, weight.shape[1]))
    more = len(weights) > count
    summands = []
    for k, name in enumerate(NAMES[:count]):
        span = span_of(below, scene.view, scene.clock, name)
        title = f"unit {k + 1} × {significant(float(weights[k]), 2)}"
        sign = ("+", *signs[k]) if k else None
        summands.append(
            Subplot(boxes[k], below, name, span, "output", *fonts, k + 1, title=title, sign=sign)
        )
    sign = ("+ … =" if more else "=", *signs[count])
    bias = float(np.array(WEIGHTS[both[1]]) @ np.broadcast_to(biases, 3))
    title = f"sum + bias {significant(bias, 2)}"
    return [
        *summands,
        Subplot(boxes[count], *both, "sum", *fonts, title=title, sign=sign),
        Subplot(boxes[count + 1], *both, "sum", *fonts, overhead=True, title="from above"),
    ]
