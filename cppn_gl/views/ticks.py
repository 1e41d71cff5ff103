"""Round numbers for axes, and their labels."""

import itertools
import math
from collections.abc import Sequence

import numpy as np

from cppn_gl.utils.arrays import Float64
from cppn_gl.views.text import minus


def ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` round numbers in [low, high]: multiples of 1, 2 or 5 × a power of ten."""
    span = high - low
    if most < 1 or not 0 < span < math.inf:
        return []
    power = 10.0 ** math.floor(math.log10(span / most))
    for step in (m * power for m in (1, 2, 5, 10, 20, 50)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            return [k * step for k in range(first, last + 1)]
    return []


def decades(low: float, high: float, most: int) -> list[float]:
    """At most `most` powers of ten in [low, high], evenly spaced on a logarithmic scale."""
    if most < 1 or not 0 < low < high < math.inf:
        return []
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    step = next(s for s in range(1, 1000) if last // s - -(-first // s) < most)
    return [10.0**k for k in range(-(-first // step) * step, last + 1, step)]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` round numbers in [low, high], both positive, for a logarithmic scale."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        found = [step * 10.0**k for k in decades for step in steps]
        found = [value for value in found if low <= value <= high]
        if len(found) <= most:
            return found
    return found[:: -(-len(found) // max(1, most))]


def short(value: float) -> str:
    """A number for a tick or a caption: 0.02, −1.5, 40, 3×10⁻⁵."""
    if value and math.isfinite(value) and not 1e-3 <= abs(value) < 1e5:
        mantissa, _, exponent = f"{value:.1e}".partition("e")
        return minus(f"{float(mantissa):g}e{exponent}")
    return minus(f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}")


def tick_words(values: Sequence[float], *, log: bool = False) -> list[str]:
    """Labels for ticks, with as many digits as distinguish them."""
    return [minus(word) for word in _tick_words(values, log)]


def _tick_words(values: Sequence[float], log: bool) -> list[str]:
    if log:
        return [f"{value:g}" if 0.9e-3 < value < 1.1e4 else f"{value:.0e}" for value in values]
    largest = max(map(abs, values), default=0.0)
    step = min((b - a for a, b in itertools.pairwise(values)), default=largest)
    if largest == 0 or step == 0:
        return [f"{value:g}" for value in values]
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    if largest >= 1e5 or digits > 6:
        wanted = max(1, math.floor(math.log10(largest)) - math.floor(math.log10(step)) + 1)
        return [f"{0.0 if abs(value) < step / 2 else value:.{wanted}g}" for value in values]
    return [f"{round(value, digits) + 0.0:.{digits}f}" for value in values]


def round_up(value: float) -> float:
    """A positive value rounded up to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= value * (1 - 1e-9))


def padded(values: Float64, *, least: float = 1e-9, margin: float = 0.06) -> tuple[float, float]:
    """Limits of an axis that holds all finite values, with a margin; (-1, 1) without any."""
    finite = np.asarray(values)[np.isfinite(values)]
    if not finite.size:
        return -1.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    room = max((high - low) * margin, least, 1e-6 * max(abs(low), abs(high)))
    return low - room, high + room
