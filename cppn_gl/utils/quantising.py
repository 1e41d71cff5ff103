"""Integer values of pictures: rounding, and dithering, which hides the steps of slow gradients.

    display values -> quantise(picture)        -> round(255 v)
                   -> quantise(picture, boxes) -> within the boxes, noise is added before rounding
                   -> sixteen_bits(picture)    -> round(65535 v)

The noise is triangular, from -1 to 1 level, and a hash of the pixel's place alone: the same in
every part of a picture, on every frame and on every machine. Alpha has noise of its own. It is the
sum of two uniform values, which makes mean and variance of the rounding error independent of the
value (Wannamaker et al., A Theory of Nonsubtractive Dither, IEEE Trans. Signal Processing 48(2),
2000): no steps remain.
Within half a level of black and of white it is uniform, from -1/2 to 1/2, so that nothing need be
clamped: the mean stays right, and 0 and 1 stay 0 and 255. native/kernel.c and shaders/dither.glsl
compute the same.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils import native
from cppn_gl.utils.arrays import Box, Float32, Size

Bytes = NDArray[np.uint8]

# A place as one number, modulo 2³²: x + ROW y + CHANNEL c. Two pixels of one channel with the same
# number are at least 51,000 pixels apart.
ROW, CHANNEL = np.uint32(0x9E3779B1), np.uint32(0x85EBCA77)
# An integer hash by Wellons: github.com/skeeto/hash-prospector, lowbias32.
FACTORS = np.uint32(0x7FEB352D), np.uint32(0x846CA68B)
LEVEL = 2**16  # the unit of the noise is a level / LEVEL
ROWS_AT_ONCE = 2**18  # values that NumPy dithers at once


def hashes(origin: tuple[int, int], size: Size, channels: int = 3) -> NDArray[np.uint32]:
    """The hash of each channel of each pixel, (height, width, channels); `origin`: the first."""
    x, y = (
        np.arange(start, start + side, dtype=np.int64).astype(np.uint32)
        for start, side in zip(origin, size, strict=True)
    )
    channel = np.arange(channels, dtype=np.uint32)
    h: NDArray[np.uint32] = (x + (y * ROW)[:, None])[..., None] + channel * CHANNEL
    h ^= h >> 16
    h *= FACTORS[0]
    h ^= h >> 15
    h *= FACTORS[1]
    h ^= h >> 16
    return h


def dithered(picture: Float32, origin: tuple[int, int] = (0, 0)) -> Bytes:
    """(height, width, 3 or 4) values as 8-bit values, with noise; `origin`: the first pixel."""
    height, width, channels = picture.shape
    bytes_ = np.empty(picture.shape, np.uint8)
    rows = max(1, ROWS_AT_ONCE // (channels * max(width, 1)))
    for top in range(0, height, rows):
        piece = picture[top : top + rows]
        # fmax and fmin: NaN becomes 0.
        clamped = np.fmin(np.fmax(piece, np.float32(0)), np.float32(1))
        levels = (clamped * np.float32(255 * LEVEL)).astype(np.int32)
        h = hashes((origin[0], origin[1] + top), (width, len(piece)), channels)
        near = np.minimum(levels, 255 * LEVEL - levels) < LEVEL // 2
        other = np.where(near, LEVEL // 2, (h & np.uint32(LEVEL - 1)).astype(np.int32))
        levels += (h >> 16).astype(np.int32) - other + LEVEL // 2
        bytes_[top : top + rows] = levels >> 16
    return bytes_


def shifted(boxes: Sequence[Box], offset: tuple[int, int]) -> tuple[Box, ...]:
    """Boxes of a picture as boxes of its part from `offset` on; they may reach beyond it."""
    x, y = offset
    return tuple((left - x, top - y, right - x, bottom - y) for left, top, right, bottom in boxes)


def inside(box: Box, size: Size) -> Box | None:
    """The part of a box inside a picture of `size`; None if there is none."""
    left, top = max(box[0], 0), max(box[1], 0)
    right, bottom = min(box[2], size[0]), min(box[3], size[1])
    return (left, top, right, bottom) if left < right and top < bottom else None


def covering(boxes: Sequence[Box], size: Size) -> Box | None:
    """The only box, if it covers a picture of `size`."""
    return boxes[0] if len(boxes) == 1 and inside(boxes[0], size) == (0, 0, *size) else None


def quantise(picture: Float32, boxes: Sequence[Box] = ()) -> Bytes:
    """Display values as 8-bit values: round(255 v), clamped.

    Within `boxes` of a (height, width, 3 or 4) picture, dithered: a pixel's noise depends on its
    place in the box.
    """
    if not boxes:
        return _rounded(picture)
    size = picture.shape[1], picture.shape[0]
    whole = covering(boxes, size)
    if whole is not None:
        return _dithered(picture, (-whole[0], -whole[1]))
    eight = _rounded(picture)
    for box in boxes:
        part = inside(box, size)
        if part is not None:
            left, top, right, bottom = part
            pixels = np.ascontiguousarray(picture[top:bottom, left:right])
            eight[top:bottom, left:right] = _dithered(pixels, (left - box[0], top - box[1]))
    return eight


def _rounded(picture: Float32) -> Bytes:
    library = native.library()
    if library is not None and picture.flags.c_contiguous:
        eight = np.empty(picture.shape, np.uint8)
        library.quantise(picture, eight)
        return eight
    rounded = np.clip(picture, 0, 1)
    rounded *= np.float32(255)
    rounded += np.float32(0.5)
    return rounded.astype(np.uint8)  # truncates


def _dithered(picture: Float32, origin: tuple[int, int]) -> Bytes:
    library = native.library()
    if library is None or not picture.flags.c_contiguous:
        return dithered(picture, origin)
    eight = np.empty(picture.shape, np.uint8)
    library.dither(picture, eight, origin)
    return eight


def sixteen_bits(picture: Float32) -> NDArray[np.uint16]:
    """Display values as 16-bit values: round(65535 v), clamped."""
    rounded = np.clip(picture, 0, 1)
    rounded *= np.float32(65535)
    rounded += np.float32(0.5)
    return rounded.astype(np.uint16)  # truncates
