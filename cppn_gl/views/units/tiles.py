"""Tiles as parts of one picture: samples of all units, cut to a tile's shape and resampled.

UnitSamples, layer -> part_of() -> values at the pixels of a tile, (N, units)
"""

import numpy as np

from cppn_gl.utils.arrays import Float32, Float64, Size
from cppn_gl.views.units.unit_samples import UnitSamples


def part_of(samples: UnitSamples, layer: int, tile: Size, *, before: bool = False) -> Float32:
    """A layer's values at the pixels of a tile: the largest part of the picture of its shape."""
    width, height = samples.size
    values = samples.values(layer, before=before).reshape(height, width, -1)
    aspect = tile[0] / tile[1]
    part = min(width, height * aspect), min(height, width / aspect)
    return resampled(values, tile, part).reshape(tile[0] * tile[1], -1)


def resampled(values: Float32, size: Size, part: tuple[float, float] | None = None) -> Float32:
    """The middle `part` (width, height in pixels; default: all) of values (H, W, n) at another size.

    Bilinear, at the centres of the pixels; where they are reduced, the mean of what each covers.
    """
    whole = values.shape[1], values.shape[0]
    wide, high = part or whole
    rows = _weights(whole[1], high, size[1])
    columns = _weights(whole[0], wide, size[0])
    with np.errstate(all="ignore"):
        across = np.einsum("xw,hwn->hxn", columns, values, optimize=True)
        return np.asarray(np.einsum("yh,hxn->yxn", rows, across, optimize=True), np.float32)
