"""The values of outputs that become 0 and 1 in a picture, without and with a stretch.

outputs (N, 3) -> statistics() -> Statistics -> stretched_range() -> ValueRange
"""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.displayed import span_of
from cppn_gl.preset.color import ENDLESS, ValueRange, broken, single
from cppn_gl.preset.scene import Scene

CLIPPED_PERCENT = 2.0  # clipped on each side by the percentile stretch
MIN_WIDTH = 1e-5  # of a range, relative to its values: smaller differences are rounding errors
HUGE = 1e37  # limit of a range's bounds: float32 must hold their difference

# For each stretch the bounds (2, 4): low and high of red, green, blue and their mean.
Statistics = dict[str, NDArray[np.float64]]


def default_range(scene: Scene) -> ValueRange:
    """The value range without a stretch: of the colour mapping, or of the output activation.

    Of a network that learns, that of its classes or of the data's values.
    """
    own = scene.preset.color.row.span or span_of(scene.network)
    last = ACTIVATIONS[scene.network.output_activation]
    low, high = own or last.span
    return ValueRange((low,) * 3, (high,) * 3, last.span if last.bounded else ENDLESS)


def statistics(values: NDArray[np.float32]) -> Statistics:
    """The statistics of outputs (N, 3); those marked as NaN do not count."""
    good = values[~broken(values)].astype(np.float64)
    four = np.concatenate([good, single(good)], axis=1)
    if not len(four):
        four = np.full((1, 4), np.nan)
    return {
        "minmax": np.stack([four.min(axis=0), four.max(axis=0)]),
        "percentile": np.percentile(four, [CLIPPED_PERCENT, 100 - CLIPPED_PERCENT], axis=0),
    }


def stretched_range(scene: Scene, statistics: Statistics) -> ValueRange:
    """The value range of a scene with a stretch, from the statistics of its values."""
    default, color = default_range(scene), scene.preset.color
    mapping, bounds = color.row, statistics[color.stretch]
    low, high = bounds[:, :3] if mapping.channels == 3 else bounds[:, 3:].repeat(3, axis=1)
    if not (np.isfinite(low) & np.isfinite(high)).all():  # no finite value in the view
        return default
    center = (default.low[0] + default.high[0]) / 2 if mapping.signed else None
    return dataclasses.replace(_widened(low, high, center), ends=default.ends)


def _widened(low: NDArray[Any], high: NDArray[Any], center: float | None) -> ValueRange:
    """A range of at least MIN_WIDTH, symmetric about `center` if given."""
    low, high = np.clip(low, -HUGE, HUGE), np.clip(high, -HUGE, HUGE)
    middle = (low + high) / 2 if center is None else np.full(3, center)
    least = MIN_WIDTH * np.maximum(np.maximum(np.abs(low), np.abs(high)), MIN_WIDTH)
    half = np.maximum(np.maximum(high - middle, middle - low), least)
    low, high = middle - half, middle + half
    return ValueRange(tuple(low.tolist()), tuple(high.tolist()))
