"""Pictures with an alpha channel, (…, 4): alpha is straight, as in PNG, not premultiplied.

    samples -> weighted() -> their mean -> straight() -> a picture with alpha
    a picture with alpha -> over(ground) -> an opaque one

A mean of samples is that of what they show: a transparent sample's colour must not count, or edges
would have a dark fringe. So each colour is weighted by its alpha, and the sum of them divided by
that of the weights. Every weight is larger by FLOOR: where all samples are transparent, the mean
is that of their colours, as at a single sample. What is seen, colour times alpha, changes by less
than FLOOR: a level of 16 bits. native/kernel.c and shaders/alpha.glsl compute the same.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils.arrays import Float32, Size

FLOOR = np.float32(2**-16)

# The checkerboard that is shown behind a picture with alpha: its two greys, and the squares along
# the shorter side. White and black, and most colours between, can be told from both.
CHECKS, SQUARES, MIN_SQUARE = (0.6, 0.65), 45, 4
CHECKERED = (sum(CHECKS) / 2,) * 3  # its mean


def weighted(values: Float32) -> Float32:
    """(…, 4) values with their colours multiplied by alpha + FLOOR."""
    found = values.copy()
    found[..., :3] *= values[..., 3:] + FLOOR
    return found


def straight(means: Float32) -> Float32:
    """The mean of `weighted` values with its colours divided again: in place. (…, 3) stay."""
    if means.shape[-1] == 4:
        means[..., :3] /= means[..., 3:] + FLOOR
    return means


def over(picture: NDArray[Any], ground: Sequence[float] | NDArray[Any] = (0, 0, 0)) -> NDArray[Any]:
    """A picture (height, width, 4) on an opaque ground, as (height, width, 3) of its type.

    `ground`: display values from 0 to 1, (3,) or (height, width, 3), black by default. Values are
    clamped, and mixed as display values. A picture of three channels is returned as it is.
    """
    if picture.shape[-1] == 3:
        return picture
    whole = picture.dtype.kind == "u"
    most = np.float32(np.iinfo(picture.dtype).max if whole else 1)
    alpha = np.clip(picture[..., 3:].astype(np.float32) / most, 0, 1)
    behind = np.asarray(ground, np.float32) * most
    shown = np.clip(picture[..., :3].astype(np.float32), 0, most) * alpha + behind * (1 - alpha)
    return np.asarray(shown + np.float32(0.5) if whole else shown).astype(picture.dtype)


def with_alpha(colors: Float32, values: Float32) -> Float32:
    """Colours (…, 3) with the alpha of values (…, 4); without, if these have none."""
    return colors if values.shape[-1] == 3 else np.concatenate([colors, values[..., 3:]], axis=-1)


def visible(picture: Float32) -> Float32:
    """What is seen of display values, to compare pictures: with alpha, what it lets through."""
    if picture.shape[-1] == 3:
        return picture
    return with_alpha(picture[..., :3] * picture[..., 3:], picture)


def on_checks(picture: NDArray[Any]) -> NDArray[Any]:
    """A picture (height, width, 3 or 4) on the checkerboard, as (height, width, 3)."""
    if picture.shape[-1] == 3:
        return picture
    return over(picture, checkerboard((picture.shape[1], picture.shape[0])))


def square_of(size: Size) -> int:
    """The side of a square of the checkerboard behind a picture of `size`, in pixels."""
    return max(MIN_SQUARE, min(size) // SQUARES)


def checkerboard(size: Size) -> Float32:
    """The checkerboard behind a picture of `size`, (height, width, 3): as shaders/present.frag."""
    column, row = (np.arange(side) // square_of(size) for side in size)
    greys = np.array(CHECKS, np.float32)[(column + row[:, None]) & 1]
    return np.repeat(greys[..., None], 3, axis=-1)
