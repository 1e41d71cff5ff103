"""The picture without OpenGL: matrix products in float32 on all cores, and its colours."""

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.cpu.products import Products
from cppn_gl.engines.geometry import sample_jitters
from cppn_gl.engines.stretch import ended
from cppn_gl.preset.color import colored
from cppn_gl.preset.scene import Scene

PIXELS_AT_ONCE = 2**20  # an interruption is heeded in between


def draw(
    scene: Scene,
    size: tuple[int, int],
    samples: int = 1,
    part: tuple[int, int, int, int] | None = None,
) -> NDArray[np.float32]:
    """The picture, or (left, top, width, height) of it, as (height, width, 3) display values."""
    left, top, width, height = part or (0, 0, *size)
    products = Products(scene.network, scene.view, scene.clock)
    color = scene.preset.color
    ends = None if color.plain else ended(scene, size)
    picture = np.zeros((height * width, 3), np.float32)
    one = picture if samples == 1 else np.empty_like(picture)
    for jitter in sample_jitters(samples):
        for first in range(0, len(picture), PIXELS_AT_ONCE):
            piece = one[first : first + PIXELS_AT_ONCE]
            products.fill(piece, first, width, size=size, offset=(left, top), jitter=jitter)
            if ends is not None:
                piece[:] = colored(piece, color, ends)
        if samples > 1:
            picture += np.clip(one, 0, 1, out=one) / samples**2
    return picture.reshape(height, width, 3)


def quantise(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Display values as 8 bits: round(255 v), clamped."""
    rounded = np.clip(picture, 0, 1)
    rounded *= np.float32(255)
    rounded += np.float32(0.5)
    return rounded.astype(np.uint8)  # which cuts off
