"""A diverging colour scale for units: blue below 0, white at 0, red above.

values, reach -> tinted() -> sRGB     reach: the value with the most saturated colour

The colours are those of the mapping `diverging`.
"""

import functools
from collections.abc import Sequence

import numpy as np

from cppn_gl.nn.activations import bounds
from cppn_gl.nn.features import PRODUCTS
from cppn_gl.preset.color import NOT_A_NUMBER
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.colormaps import SIZE, diverging

STEPS = 256  # colours on each side of 0
CUT = 0.1  # fraction cut off at each end of the palette, too dark for a dark background
RMS_RANGE = 2.5  # the reach of an unbounded layer in root mean squares, or less


@functools.cache
def palette() -> Float32:
    """(2 STEPS + 1, 3) sRGB colours from -reach to reach; the middle one is 0."""
    places = np.linspace(CUT, 1 - CUT, 2 * STEPS + 1) * (SIZE - 1)
    rows = [np.interp(places, np.arange(SIZE), channel) for channel in diverging().T]
    colors = np.stack(rows, axis=1).astype(np.float32)
    colors.flags.writeable = False
    return colors


def tinted(values: Float32, reach: float | Float64) -> Float32:
    """Values of any shape as (…, 3) colours, clipped to ±reach; NaN is magenta.

    An array of reaches is broadcast with the values.
    """
    place = np.clip(values * np.asarray(STEPS / reach, np.float32), -STEPS, STEPS)
    missing = np.isnan(place)
    if not missing.any():
        return np.asarray(palette()[(place + np.float32(STEPS + 0.5)).astype(np.intp)])
    place[missing] = 0
    colors = np.asarray(palette()[(place + np.float32(STEPS + 0.5)).astype(np.intp)])
    colors[missing] = NOT_A_NUMBER
    return colors


def bound(activation: str) -> float | None:
    """The largest magnitude of an activation's values; None if unbounded."""
    found = bounds(activation)
    return max(map(abs, found)) if found else None


def reach_of(values: Float32, activation: str | None = None) -> float:
    """The reach of a layer's colour scale: the bound of its activation, see `reach_within`.

    Pre-activations and inputs have no activation.
    """
    return reach_within(values, bound(activation) if activation else None)


def reach_within(values: Float32, limit: float | None) -> float:
    """The reach of a colour scale: the `limit` of the values.

    If there is none: RMS_RANGE times the root mean square of the finite values, or their largest
    magnitude if that is less. Always positive.
    """
    if limit is not None:
        return limit
    finite = np.abs(values[np.isfinite(values)]).astype(np.float64)
    if not finite.size or not finite.max():
        return 1.0
    return max(min(float(finite.max()), RMS_RANGE * float(np.sqrt(np.mean(finite**2)))), 1e-30)


def input_reaches(names: Sequence[str], values: Float32) -> Float64:
    """The reach of each input's colour scale, from their values (N, inputs).

    It is the same for all, except with products: x² is much larger than x far from the origin.
    """
    if not set(names) & set(PRODUCTS):
        return np.full(len(names), reach_of(values))
    return np.array([reach_of(column) for column in values.T])
