"""Pixel coordinates: the reference for features.glsl and products.py.

x runs to the right, y up, pixel centres are at half-integers, row 0 is on top, and the shorter
side spans [-extent, extent] around the centre.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils.arrays import Float64


def pixel_points(
    size: tuple[int, int],
    center: Sequence[float] = (0.0, 0.0),
    extent: float = 1.0,
    *,
    rows: slice | NDArray[Any] = slice(None),
    columns: slice | NDArray[Any] = slice(None),
    jitter: tuple[float, float] = (0.0, 0.0),
) -> tuple[Float64, Float64]:
    """x and y at the pixel centres of `rows` and `columns`, each (rows, columns), float64.

    `jitter`: offset (right, down) from the pixel centres, in pixels.
    """
    width, height = size
    x = _across(np.arange(width)[columns] + jitter[0], size, center, extent)
    y = _down(np.arange(height)[rows] + jitter[1], size, center, extent)
    grid_x, grid_y = np.meshgrid(x, y)
    return grid_x, grid_y


def _across(
    column: NDArray[Any], size: tuple[int, int], center: Sequence[float], extent: float
) -> Float64:
    pixel = 2.0 * extent / min(size)
    return np.asarray(center[0] + (column + 0.5 - size[0] / 2) * pixel)


def _down(
    row: NDArray[Any], size: tuple[int, int], center: Sequence[float], extent: float
) -> Float64:
    pixel = 2.0 * extent / min(size)
    return np.asarray(center[1] - (row + 0.5 - size[1] / 2) * pixel)


def sample_jitters(samples: int) -> list[tuple[float, float]]:
    """The centres of a pixel's samples × samples squares, relative to the pixel centre."""
    steps = [(k + 0.5) / samples - 0.5 for k in range(samples)]
    return [(right, down) for down in steps for right in steps]
