"""Tiles as parts of one picture: samples of all units, cut to a tile's shape and resampled.

UnitSamples, layer -> part_of() -> values at the pixels of a tile, (N, units)
"""

import numpy as np

from cppn_gl.utils.arrays import Float32, Size
from cppn_gl.views.units.unit_samples import UnitSamples


def part_of(samples: UnitSamples, layer: int, tile: Size, *, before: bool = False) -> Float32:
    """A layer's values at the pixels of a tile: the largest part of the picture of its shape."""
    width, height = samples.size
    values = samples.values(layer, before=before).reshape(height, width, -1)
    aspect = tile[0] / tile[1]
    part = min(width, height * aspect), min(height, width / aspect)
    return resampled(values, tile, part).reshape(tile[0] * tile[1], -1)


def resampled(values: Float32, size: Size, part: tuple[float, float] | None = None) -> Float32:
    """The middle `part` (width, height in pixels; None: all) of values (H, W, n) at another size.

    Bilinear, at the centres of the pixels; the nearest, where an overflow would spread.
    """
    whole = values.shape[1], values.shape[0]
    exact = bool(np.isfinite(values).all())
    for axis, (pixels, count, length) in enumerate(
        zip(whole[::-1], size[::-1], (part or whole)[::-1], strict=True)
    ):
        at = (np.arange(count) + 0.5) * (length / count) + (pixels - length) / 2 - 0.5
        low = np.clip(np.floor(at if exact else at + 0.5), 0, pixels - 1).astype(np.intp)
        first = values.take(low, axis)
        if exact:
            share = np.clip(at - low, 0, 1).astype(np.float32)
            share = share[:, None, None] if axis == 0 else share[:, None]
            high = values.take(np.minimum(low + 1, pixels - 1), axis)
            first = first + (high - first) * share
        values = first
    return values
