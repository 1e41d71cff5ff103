"""The effective receptive field of units: how much they depend on each input around a point.

    network, points, stage -> measure() -> ReceptiveField: magnitudes at taps, and their extent

A unit of a structured network can see 2 · radius + 1 taps along a side. How much it does depend on
each of them is the derivative by the inputs there, which is largest in the middle: Luo et al.,
"Understanding the effective receptive field in deep convolutional neural networks" (2016).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cppn_gl.nn.features import Clock
from cppn_gl.nn.grid_derivatives import AT_ONCE, gradients, patch, single_threaded
from cppn_gl.nn.network import Network, Stage
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.tasks import Steps

HELD = 0.95  # of the squared derivatives: within the effective square


@dataclass(frozen=True, eq=False)
class ReceptiveField:
    """How much units at a point depend on the inputs around it.

    magnitudes: (side, side), side = 2 · radius + 1, row 0 on top: at each tap the root mean square
    over the points, of the norm of the derivatives of all units that count by all inputs.
    """

    magnitudes: Float64

    @property
    def radius(self) -> int:
        """Taps that are reached to each side."""
        return len(self.magnitudes) // 2

    @property
    def side(self) -> int:
        """Taps along a side of the theoretical box."""
        return len(self.magnitudes)

    @property
    def largest(self) -> float:
        """The largest magnitude; NaN if one is not a number."""
        return float(self.magnitudes.max())

    @property
    def effective(self) -> int:
        """Taps along a side of the smallest centred square with HELD of the squared derivatives."""
        squares, middle = self._shares, self.radius
        for reach in range(middle + 1):
            inner = slice(middle - reach, middle + reach + 1)
            if squares[inner, inner].sum() >= HELD:
                return 2 * reach + 1
        return self.side

    @property
    def spread(self) -> float:
        """The standard deviation along an axis in taps, of squared derivatives about the point."""
        away = np.arange(-self.radius, self.radius + 1) ** 2
        shares = self._shares
        return math.sqrt(float((shares * (away[:, None] + away)).sum()) / 2)

    @property
    def _shares(self) -> Float64:
        """The share of each tap in the sum of the squares."""
        with np.errstate(all="ignore"):
            scaled = self.magnitudes / self.largest
            squares = np.square(np.nan_to_num(scaled))
            return np.asarray(squares / max(squares.sum(), 1e-300))


def measure(
    network: Network,
    x: Float64,
    y: Float64,
    clock: Clock,
    weights: Float32,
    stage: int = -1,
) -> Steps[ReceptiveField]:
    """The field of sums of a stage's units at points x, y, (N,) each, in float32.

    `weights`: (sums, units), the weights of the units in each sum. Yields now and then.
    """
    stages: Sequence[Stage] = network.stages
    side = 2 * stages[stage].radius + 1
    squares = np.zeros((side, side))
    widest = max(one.units for one in stages)
    count = max(1, AT_ONCE // (side * side * widest * (1 + len(weights))))
    for first in range(0, len(x), count):
        some = slice(first, first + count)
        across, down = patch(network, x[some], y[some], side)
        features = network.features(across.ravel(), down.ravel(), clock)
        source = features.reshape(*across.shape, -1).astype(np.float32)
        found = yield from single_threaded(gradients(stages, source, weights, stage))
        with np.errstate(all="ignore"):
            squares += np.square(found.astype(np.float64)).sum(axis=(0, 1, 4))
    return ReceptiveField(np.sqrt(squares / len(x)))
