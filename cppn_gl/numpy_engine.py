"""The picture without OpenGL: the reference's arithmetic in float32, a few rows at a time."""

import numpy as np
from numpy.typing import NDArray

from cppn_gl.features import Clock, Floats, features
from cppn_gl.geometry import pixel_points, sample_jitters
from cppn_gl.network import Network
from cppn_gl.preset import View

NOT_A_NUMBER = (1.0, 0.0, 1.0)  # magenta, as in color.glsl
PIXELS_AT_ONCE = 16_384  # keeps the activations of a layer within the cache


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
    picture = np.zeros((height, width, 3), np.float32)
    step = max(1, PIXELS_AT_ONCE // width)
    for jitter in sample_jitters(samples):
        for start in range(0, height, step):
            stop = min(start + step, height)
            rows, columns = slice(top + start, top + stop), slice(left, left + width)
            x, y = pixel_points(
                size, view.center, view.extent, rows=rows, columns=columns, jitter=jitter
            )
            values = values_at(network, x.ravel(), y.ravel(), clock).reshape(*x.shape, 3)
            picture[start:stop] += values if samples == 1 else np.clip(values, 0, 1) / samples**2
    return picture


def values_at(network: Network, x: Floats, y: Floats, clock: Clock) -> NDArray[np.float32]:
    """The display values, (N, 3), at points x, y of shape (N,); not clamped."""
    inputs = features(network.inputs, x, y, clock, network.latent)
    return colors(network.evaluate(inputs, dtype=np.float32))


def colors(outputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, 1 or 3) outputs as (N, 3): grey repeated, magenta where one is not a finite number."""
    rgb = np.broadcast_to(outputs, (len(outputs), 3)).copy()
    rgb[~np.isfinite(outputs).all(axis=1)] = NOT_A_NUMBER
    return rgb


def quantise(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Display values as 8 bits: round(255 v), clamped."""
    rounded = np.floor(np.clip(picture, 0, 1) * np.float32(255) + np.float32(0.5))
    return np.asarray(rounded, np.uint8)
