"""Where pixels lie in the plane: stated once, for the reference and the NumPy engine.

x runs to the right, y up, pixel centres are at half-integers, row 0 is on top, and the shorter
side spans [-extent, extent] around the centre.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def pixel_points(
    size: tuple[int, int],
    center: Sequence[float] = (0.0, 0.0),
    extent: float = 1.0,
    *,
    rows: slice = slice(None),
    jitter: tuple[float, float] = (0.0, 0.0),
) -> tuple[Floats, Floats]:
    """x and y at the pixel centres of `rows`, each of shape (rows, width), in float64.

    `jitter` moves the points within their pixels: right and down, in pixels.
    """
    width, height = size
    pixel = 2.0 * extent / min(width, height)
    column = np.arange(width) + 0.5 + jitter[0]
    row = np.arange(height)[rows] + 0.5 + jitter[1]
    x = center[0] + (column - width / 2) * pixel
    y = center[1] - (row - height / 2) * pixel
    grid_x, grid_y = np.meshgrid(x, y)
    return grid_x, grid_y


def sample_jitters(samples: int) -> list[tuple[float, float]]:
    """The centres of samples × samples squares of a pixel, relative to its own centre."""
    steps = [(k + 0.5) / samples - 0.5 for k in range(samples)]
    return [(right, down) for down in steps for right in steps]
