"""The picture without OpenGL: matrix products in float32 on all cores, and its colours."""

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.products import Products
from cppn_gl.engines.stretch import ended
from cppn_gl.preset.color import colored
from cppn_gl.preset.scene import Scene

PIXELS_AT_ONCE = 2**20  # an interruption is heeded in between


def draw(scene: Scene, region: Region) -> NDArray[np.float32]:
    """A region of the picture as (height, width, 3) display values."""
    width, height = region.part
    products = Products(scene.network, scene.view, scene.clock)
    color = scene.preset.color
    ends = None if color.plain else ended(scene, region.shape)
    picture = np.zeros((height * width, 3), np.float32)
    one = picture if not region.adds else np.empty_like(picture)
    for jitter in region.jitters:
        for first in range(0, len(picture), PIXELS_AT_ONCE):
            piece = one[first : first + PIXELS_AT_ONCE]
            products.fill(
                piece, first, width, size=region.size, offset=region.offset, jitter=jitter
            )
            if ends is not None:
                piece[:] = colored(piece, color, ends)
        if region.adds:
            picture += np.clip(one, 0, 1, out=one) / len(region.jitters)
    return picture.reshape(height, width, 3)


def quantise(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Display values as 8 bits: round(255 v), clamped."""
    rounded = np.clip(picture, 0, 1)
    rounded *= np.float32(255)
    rounded += np.float32(0.5)
    return rounded.astype(np.uint8)  # which cuts off
