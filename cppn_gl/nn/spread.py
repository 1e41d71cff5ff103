"""How much a network's outputs vary over a window of the plane, from a few hundred points.

    network, Window, clock -> spread_steps() -> Spread -> seen() -> Seen      (a layer per step)

Each point has a neighbour one pixel away: where the two differ as much as any two points do, the
picture is noise at that resolution.
"""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np

from cppn_gl.nn.activations import activate, bounds
from cppn_gl.nn.features import Clock
from cppn_gl.nn.layers import Node
from cppn_gl.nn.network import Network
from cppn_gl.utils import native
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.threads import one_thread

POINTS, FEWEST = 200, 8  # each with a neighbour
MULTIPLICATIONS = 1e7  # at most, about: large networks are measured at fewer points
END = 1 / 255  # outputs closer to an end of their activation's range are stuck there
FLAT_CONTRAST, FLAT_RANGE = 0.025, 0.15
STATIC = 0.45  # noise
# Multiples of these, modulo 1, fill a square evenly (powers of the plastic number; Roberts 2018).
_STEP = np.array([0.7548776662466927, 0.5698402909980532])


@dataclass(frozen=True)
class Window:
    """A window of the plane: its centre, half its shorter side, its size in pixels."""

    center: tuple[float, float]
    extent: float
    size: tuple[int, int]


@dataclass(frozen=True)
class Seen:
    """What a picture of the outputs looks like.

    contrast: standard deviation of displayed values over the points. range: their largest minus
    smallest, of the channel where that is largest. noise: the mean squared difference of
    neighbours, relative to that of any two points: 0 for a smooth picture, 1 for static.
    """

    contrast: float
    range: float
    noise: float

    @property
    def flat(self) -> bool:
        """Whether there is hardly any contrast, nor a detail that stands out."""
        return self.contrast < FLAT_CONTRAST and self.range < FLAT_RANGE

    @property
    def static(self) -> bool:
        """Whether most neighbours are unrelated."""
        return self.noise > STATIC


@dataclass(frozen=True, eq=False)
class Spread:
    """Outputs at the points of a window, and how they vary.

    outputs, neighbours: (N, outputs), at the points and one pixel beside them.
    before: standard deviation of the outputs' pre-activations over the points, as root mean square
    over the outputs. stuck: fraction of outputs at an end of their activation's range.
    finite: fraction of points with finite outputs.
    """

    outputs: Float64
    neighbours: Float64
    before: float
    stuck: float
    finite: float

    def seen(self, low: float = 0.0, high: float = 1.0, *, stretch: bool = False) -> Seen:
        """The look of a picture whose display values 0 and 1 are outputs `low` and `high`.

        With `stretch`, they are each output's smallest and largest value instead.
        """
        good = np.isfinite(self.outputs).all(axis=1) & np.isfinite(self.neighbours).all(axis=1)
        if good.sum() < 2:
            return Seen(0.0, 0.0, 0.0)
        outputs, neighbours = self.outputs[good], self.neighbours[good]
        ends = np.array([low]), np.array([high])
        if stretch:
            ends = outputs.min(axis=0), outputs.max(axis=0)
        width = ends[1] - ends[0]
        flat = width <= 1e-5 * np.maximum(np.abs(ends[0]), np.abs(ends[1]))  # rounding errors
        width = np.where(flat, np.inf, width)
        a, b = (np.clip((values - ends[0]) / width, 0.0, 1.0) for values in (outputs, neighbours))
        variance = float(a.var(axis=0).mean())
        apart = float(np.square(a - b).mean()) / 2
        noise = apart / variance if variance > 1e-12 else 0.0
        return Seen(math.sqrt(variance), float(np.ptp(a, axis=0).max()), noise)


def points_for(network: Network, most: int = POINTS) -> int:
    """The number of points for a network: fewer for a large one."""
    affordable = int(MULTIPLICATIONS / (2 * max(1, network.parameters)))
    return min(max(affordable, FEWEST), most)


def spread_steps(
    network: Network,
    window: Window,
    clock: Clock,
    *,
    count: int | None = None,
    factors: Sequence[tuple[float, float]] | None = None,
) -> Generator[None, None, Spread]:
    """Measure a network over a window, at `count` points; yields after each layer. Deterministic.

    `factors`: by which the weights and the biases of each layer are multiplied.
    """
    count = count or points_for(network)
    x, y = _points(window, count)
    inputs = network.features(x, y, clock).astype(np.float32)
    scales = iter(factors or [(1.0, 1.0)] * network.depth)

    def step(node: Node, *units: Float32) -> tuple[Float32, Float32]:
        weight, bias = map(np.float32, next(scales))
        with one_thread(), np.errstate(all="ignore"):
            pre = node.layer.tangent(units, units)
            constant = node.layer.pre_activation(*(np.zeros_like(u[:1]) for u in units))
            pre = np.asarray(weight * pre + bias * constant, np.float32)
        return pre, _activated(node.activation, pre)

    pre = units = inputs
    for node, pre, units in network.walk(inputs, np.float32, step=step):  # noqa: B007
        yield
    outputs = units.astype(np.float64)
    ends = bounds(node.activation)
    with np.errstate(all="ignore"):
        before = math.sqrt(float(pre[:count].astype(np.float64).var(axis=0).mean()))
        stuck = 0.0 if ends is None else float((_from_end(outputs[:count], *ends) < END).mean())
    finite = float(np.isfinite(outputs).all(axis=1).mean())
    return Spread(outputs[:count], outputs[count:], before, stuck, finite)


def _from_end(values: Float64, low: float, high: float) -> Float64:
    """The distance of values from the nearer end, as a fraction of the range."""
    return np.asarray(np.minimum(values - low, high - values) / (high - low))


def _points(window: Window, count: int) -> tuple[Float64, Float64]:
    """x and y of the points, at centres of pixels, then those of their neighbours.

    A neighbour is to the right of its point, or above it, by turns.
    """
    width, height = window.size
    pixel = 2 * window.extent / min(window.size)
    fractions = (0.5 + np.arange(1, count + 1)[:, None] * _STEP) % 1
    column, row = np.floor(fractions * (width, height)).T
    x = window.center[0] + (column + 0.5 - width / 2) * pixel
    y = window.center[1] + (row + 0.5 - height / 2) * pixel
    right = np.arange(count) % 2 * pixel
    return np.concatenate([x, x + right]), np.concatenate([y, y + (pixel - right)])


def _activated(name: str, pre: Float32) -> Float32:
    """An activation, by the native library if there is one: gelu takes long in NumPy."""
    library = native.library()
    if library is None or library.activation(name) is None:
        return np.asarray(activate(name, pre), np.float32)
    return library.activate(name, pre)
