"""What a surface's heights are: which network, which of its outputs, and their lowest and highest.

Preset, network -> plates() -> parts of the picture, each with its Heights
"""

import dataclasses
import math
from dataclasses import dataclass

import numpy as np

from cppn_gl.engines.cpu.products import Blocks, Products
from cppn_gl.engines.stretch import HUGE
from cppn_gl.nn.activations import bounds
from cppn_gl.nn.features import Clock
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network, network_bytes
from cppn_gl.preset.color import broken
from cppn_gl.preset.preset import Viewport
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import SurfaceOptions
from cppn_gl.utils.cache import MB, lru_cache_by_size
from cppn_gl.views.solid.field import WEIGHTS

GRID = 33  # points along a side, on which values are measured, whatever the picture's size is
SHARE = 0.24  # of a picture for the column, or row, of units

Span = tuple[float, float]


@dataclass(frozen=True)
class Plate:
    """A part of the picture with a surface of its own.

    box: left, top, right, bottom as shares of the picture; span: the values of height 0 and 1;
    overhead: seen from above, whatever the preset says; title: over it, where there are several.
    """

    box: tuple[float, float, float, float]
    network: Network
    channel: str
    span: Span
    overhead: bool = False
    title: str = ""

    def pixels(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Left, top, width, height in a picture of a size."""
        left, top, right, bottom = (
            round(share * side) for share, side in zip(self.box, (*size, *size), strict=True)
        )
        return left, top, max(1, right - left), max(1, bottom - top)


def sums(network: Network) -> Network:
    """The network whose outputs are the sums before the output activation."""
    last = network.drawn[-1]
    return network.ending(network.depth, Layer(last.weight, last.bias, "identity"))


def units(network: Network) -> tuple[Network, int] | None:
    """The network whose outputs are the last hidden layer's first units, and how many: up to 3."""
    if network.depth < 2:
        return None
    last = network.drawn[-2]
    count = min(3, len(last.bias))
    rows = [0] if count == 1 else [0, 1, count - 1]
    cut = Layer(last.weight[rows], last.bias[rows], last.activation)
    return network.ending(network.depth - 1, cut), count


@lru_cache_by_size(2 * MB, network_bytes)
def measured(network: Network, view: Viewport, clock: Clock, channel: str) -> Span:
    """Round numbers below and above all values over the square of a view, on GRID × GRID points.

    What is no number is none of them.
    """
    wide = dataclasses.replace(view, extent=min(view.extent * GRID / (GRID - 1), 1e6))
    picture = np.zeros((GRID, GRID, 3), np.float32)
    Products(network, wide, clock).fill(picture, Blocks.covering((GRID, GRID)))
    values = picture.reshape(-1, 3)
    shown = values[~broken(values)].astype(np.float64) @ np.array(WEIGHTS[channel])
    if not len(shown):
        return -1.0, 1.0
    low, high = (float(np.clip(end, -HUGE, HUGE)) for end in (shown.min(), shown.max()))
    return rounded(*apart(low, high))


def apart(low: float, high: float) -> Span:
    """Two ends, or others about them where these are nearly the same."""
    size = max(abs(low), abs(high))
    if high - low < 1e-6 * max(1.0, size):
        half = max(0.5, 1e-3 * size)
        return low - half, high + half
    return low, high


def span_of(network: Network, view: Viewport, clock: Clock, channel: str) -> Span:
    """The values of height 0 and 1: the ends of the activation's range, or what is measured."""
    return bounds(network.drawn[-1].activation) or measured(network, view, clock, channel)


def rounded(low: float, high: float) -> Span:
    """A span a little wider whose ends and middle are numbers of two digits or so."""
    least = (high - low) / 16
    power = 10.0 ** math.floor(math.log10(least))
    step = next((m * power for m in (1, 2, 5) if m * power >= least * 0.99), 10 * power)
    bottom, top = math.floor(low / step + 1e-3), math.ceil(high / step - 1e-3)
    top += (top - bottom) % 2
    return float(f"{bottom * step:.6g}"), float(f"{top * step:.6g}")


@lru_cache_by_size(2 * MB, network_bytes)
def _variants(network: Network) -> tuple[Network, tuple[Network, int] | None]:
    return sums(network), units(network)


def plates(scene: Scene, size: tuple[int, int]) -> list[Plate]:
    """The parts of a picture of a size, from left to right and top to bottom."""
    options, network = scene.options(SurfaceOptions), scene.network
    summed, few = _variants(network)

    def heights(channel: str, *, before: bool) -> tuple[Network, str, Span]:
        of = summed if before else network
        return of, channel, span_of(of, scene.view, scene.clock, channel)

    wide = size[0] >= size[1]
    if options.panels == "channels" and network.outputs == 3:
        return [
            Plate(_cut(k / 3, (k + 1) / 3, wide), *heights(name, before=options.before), title=name)
            for k, name in enumerate(("red", "green", "blue"))
        ]
    if options.panels == "sum" and few is not None:
        below, count = few
        found = []
        for k, name in zip(range(count), ("red", "green", "blue"), strict=False):
            span = span_of(below, scene.view, scene.clock, name)
            cell = _within(_cut(0, SHARE, wide), _cut(k / count, (k + 1) / count, not wide), wide)
            found.append(Plate(cell, below, name, span, title=f"unit {k + 1}"))
        both = heights(options.channel, before=True)
        middle = SHARE + (1 - SHARE) * 0.55
        found.append(Plate(_cut(SHARE, middle, wide), *both, title="their sum"))
        found.append(Plate(_cut(middle, 1, wide), *both, overhead=True, title="from above"))
        return found
    return [Plate((0.0, 0.0, 1.0, 1.0), *heights(options.channel, before=options.before))]


def _cut(low: float, high: float, wide: bool) -> tuple[float, float, float, float]:
    """The part between two shares of the longer side."""
    return (low, 0.0, high, 1.0) if wide else (0.0, low, 1.0, high)


def _within(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float], wide: bool
) -> tuple[float, float, float, float]:
    """Where a column and a row meet."""
    across, down = (one, other) if wide else (other, one)
    return across[0], down[1], across[2], down[3]
