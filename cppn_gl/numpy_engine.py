"""The picture without OpenGL: matrix products in float32 on all cores."""

import numpy as np
from numpy.typing import NDArray

from cppn_gl.features import Clock
from cppn_gl.geometry import sample_jitters
from cppn_gl.network import Network
from cppn_gl.preset import View
from cppn_gl.products import Products

PIXELS_AT_ONCE = 2**20  # an interruption is heeded in between


def draw(
    network: Network,
    view: View,
    clock: Clock,
    size: tuple[int, int],
    samples: int = 1,
    part: tuple[int, int, int, int] | None = None,
) -> NDArray[np.float32]:
    """The picture, or (left, top, width, height) of it, as (height, width, 3) display values."""
    left, top, width, height = part or (0, 0, *size)
    products = Products(network, view, clock)
    picture = np.zeros((height * width, 3), np.float32)
    one = picture if samples == 1 else np.empty_like(picture)
    for jitter in sample_jitters(samples):
        for first in range(0, len(picture), PIXELS_AT_ONCE):
            products.fill(
                one[first : first + PIXELS_AT_ONCE],
                first,
                width,
                size=size,
                offset=(left, top),
                jitter=jitter,
            )
        if samples > 1:
            picture += np.clip(one, 0, 1, out=one) / samples**2
    return picture.reshape(height, width, 3)


def quantise(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Display values as 8 bits: round(255 v), clamped."""
    rounded = np.clip(picture, 0, 1)
    rounded *= np.float32(255)
    rounded += np.float32(0.5)
    return rounded.astype(np.uint8)  # which cuts off
