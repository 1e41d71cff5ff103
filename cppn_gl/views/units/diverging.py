"""Values as colours that part at 0: cold below it, warm above, the more saturated the further.

values, reach -> tinted() -> sRGB     reach: the value that has the full colour

The colours are those of the mapping `diverging`.
"""

import functools

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.activations import bounds
from cppn_gl.preset.color import NOT_A_NUMBER
from cppn_gl.utils.colormaps import DIVERGING, SIZE

Floats = NDArray[np.float32]

STEPS = 256  # of colours on each side of 0
CUT = 0.1  # of the palette at each end, which is too dark for tiles on a dark ground
SPREADS = 2.5  # of an unbounded layer have the full colour, if no value is less than that


@functools.cache
def palette() -> Floats:
    """(2 STEPS + 1, 3) colours from the lowest value to the highest, sRGB; the middle one is 0."""
    places = np.linspace(CUT, 1 - CUT, 2 * STEPS + 1) * (SIZE - 1)
    rows = [np.interp(places, np.arange(SIZE), channel) for channel in DIVERGING.T]
    colors = np.stack(rows, axis=1).astype(np.float32)
    colors.flags.writeable = False
    return colors


def tinted(values: Floats, reach: float) -> Floats:
    """Values of any shape as (…, 3) colours; ±reach and beyond are the ends, NaN is magenta."""
    place = np.clip(values * np.float32(STEPS / reach), -STEPS, STEPS)
    missing = np.isnan(place)
    if not missing.any():
        return np.asarray(palette()[(place + np.float32(STEPS + 0.5)).astype(np.intp)])
    place[missing] = 0
    colors = np.asarray(palette()[(place + np.float32(STEPS + 0.5)).astype(np.intp)])
    colors[missing] = NOT_A_NUMBER
    return colors


def bound(activation: str) -> float | None:
    """The largest size of an activation's values; None where it is unbounded."""
    found = bounds(activation)
    return max(map(abs, found)) if found else None


def reach_of(values: Floats, activation: str | None = None) -> float:
    """What has the full colour in a layer of such values: the bound of its activation.

    Where there is none, and for sums and inputs (no activation), SPREADS times the root mean square
    of the finite values, or the largest of them if that is less. Never 0.
    """
    limit = bound(activation) if activation else None
    if limit is not None:
        return limit
    finite = np.abs(values[np.isfinite(values)]).astype(np.float64)
    if not finite.size or not finite.max():
        return 1.0
    return max(min(float(finite.max()), SPREADS * float(np.sqrt(np.mean(finite**2)))), 1e-30)
