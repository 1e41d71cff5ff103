"""Maps of many channels at another size, all at once.

(channels, rows, columns), size -> resampled() -> (channels, height, width)
"""

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils.arrays import Float32, Size
from cppn_gl.utils.threads import one_thread

SMOOTH = 3.0  # enlarged by more than that, an element is a square; by less, it is interpolated


def resampled(maps: Float32, size: Size) -> Float32:
    """Maps at `size` (width, height): each pixel the mean over its part of the map.

    Enlarged little they are interpolated; enlarged more, each element is a rectangle.
    """
    height, width = maps.shape[-2:]
    if (width, height) == size:
        return maps
    out = maps
    with one_thread():
        for axis, (count, pixels) in enumerate(((height, size[1]), (width, size[0]))):
            if pixels > SMOOTH * count:
                continue
            weights = _weights(count, pixels)
            out = np.matmul(weights, out) if axis == 0 else np.matmul(out, weights.T)
    for axis, (count, pixels) in enumerate(((height, size[1]), (width, size[0]))):
        if pixels > SMOOTH * count:
            out = out.take(nearest(count, pixels), axis - 2)
    return np.asarray(out, np.float32)


def nearest(count: int, pixels: int) -> NDArray[np.intp]:
    """Of each of `pixels` pixels the element under its centre, of `count`."""
    return ((np.arange(pixels) + 0.5) * (count / pixels)).astype(np.intp)


@lru_cache(maxsize=64)
def _weights(count: int, pixels: int) -> Float32:
    """(pixels, count): the part that each element has in each pixel."""
    found = np.zeros((pixels, count))
    if pixels < count:
        edges = np.arange(pixels + 1) * (count / pixels)
        for pixel, (low, high) in enumerate(pairwise(edges.tolist())):
            first, last = int(low), min(int(np.ceil(high)), count)
            ends = np.clip(np.arange(first, last + 1), low, high)
            found[pixel, first:last] = np.diff(ends)
    else:
        at = np.clip((np.arange(pixels) + 0.5) * (count / pixels) - 0.5, 0, count - 1)
        low = np.minimum(at.astype(int), max(count - 2, 0))
        found[np.arange(pixels), low] = 1 - (at - low)
        if count > 1:
            found[np.arange(pixels), low + 1] = at - low
    found /= found.sum(1, keepdims=True)
    return found.astype(np.float32)
