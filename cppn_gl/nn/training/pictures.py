"""Pictures as data: colours, or the signed distance to the outline of what is dark.

    file -> read_colors() -> (height, width, 3), or 1 for grey: sRGB values in [0, 1]
         -> read_distances() -> (height, width, 1): distances in input units, negative inside
    pixel_centers() -> x, y of the pixels, row by row

The shorter side spans [-1, 1], y points up, and pixels are known at their centres. Larger pictures
are averaged down.
"""

from pathlib import Path

import numpy as np

from cppn_gl.nn.training.distances import signed_distances
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.colormaps import LUMA
from cppn_gl.utils.images import opened_image, pixels_of

MAX_COLORS = 2**18  # pixels that are learned: 512 × 512
MAX_DISTANCES = 2**16


def pixel_centers(width: int, height: int, extent: float = 1.0) -> tuple[Float64, Float64]:
    """x and y of a picture's pixels in input units, (height · width,), from the top left.

    The shorter side spans ± `extent`.
    """
    unit = 2 * extent / min(width, height)
    x = (np.arange(width) + 0.5 - width / 2) * unit
    y = (height / 2 - 0.5 - np.arange(height)) * unit
    return np.tile(x, height), np.repeat(y, width)


def read_colors(path: Path) -> Float32:
    """The colours of a picture. Raises PresetError with the file."""
    with opened_image(path) as image:
        colors = pixels_of(image, MAX_COLORS)
    grey = (colors[..., :1] == colors).all()
    return np.ascontiguousarray(colors[..., :1]) if grey else colors


def read_distances(path: Path) -> Float32:
    """The distances to the outline between dark and light. Raises PresetError with the file.

    What most of the picture's border shows is outside, so that a dark shape on light ground and a
    light one on dark ground are the same.
    """
    with opened_image(path) as image:
        colors = pixels_of(image, MAX_DISTANCES).astype(np.float64)
    red, green, blue = LUMA  # one after the other: a matrix product's last bits depend on BLAS
    light = red * colors[..., 0] + green * colors[..., 1] + blue * colors[..., 2] - 0.5
    height, width = light.shape
    border = np.concatenate([light[0], light[-1], light[1:-1, 0], light[1:-1, -1]])
    outside_is_light = np.count_nonzero(border >= 0) * 2 >= len(border)
    found = signed_distances(light if outside_is_light else -light)
    if found is None:
        problem = "has no outline: expected a dark shape on a light ground, or a light one on dark"
        raise PresetError(problem, source=str(path))
    return np.asarray(found * (2 / min(width, height)), np.float32)[..., None]
