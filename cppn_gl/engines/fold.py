"""Layer 1 with view and constant inputs folded into its weights, in float64: sharp at any zoom.

Network, centre, extent, Clock -> first_layer() -> (MAX_WIDTH, 4) float32, folded in float64
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.features import Clock, constant
from cppn_gl.nn.layers import MAX_WIDTH
from cppn_gl.nn.network import Network


def first_layer(
    network: Network, center: Sequence[float], extent: float, clock: Clock
) -> NDArray[np.float32]:
    """Layer 1 as coefficients (A, B, C, R) of local coordinates: (MAX_WIDTH, 4) float32.

    A unit's pre-activation is A u + B v + C + R d. The local coordinates u, v span [-1, 1] along
    the shorter side; d = r - r0 is the distance from the origin minus that of the view's centre.
    Folding in float64 keeps a deep zoom sharp, since float32 only sees u, v and d, which are small.
    Rows beyond the layer's width repeat its last row.
    """
    layer = network.effective(0)
    weight = layer.weight.astype(np.float64)
    folded = np.zeros((MAX_WIDTH, 4))
    rows = folded[: len(weight)]
    rows[:, 2] = layer.bias
    for column, name in zip(weight.T, network.inputs, strict=True):
        value = constant(name, clock, network.latent)
        if value is not None:
            rows[:, 2] += column * value
        elif name == "r":
            rows[:, 3] += column
            x, y = center
            rows[:, 2] += column * math.sqrt(x * x + y * y)  # libraries round hypot differently
        else:
            axis = ("x", "y").index(name)
            rows[:, axis] += column * extent
            rows[:, 2] += column * center[axis]
    folded[len(weight) :] = rows[-1]
    return np.clip(folded, -3e38, 3e38).astype(np.float32)
