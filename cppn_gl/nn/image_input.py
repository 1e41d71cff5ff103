"""An image as an input: its colours at any point of the plane.

    StoredImage, fit, encoding, square -> placed() -> ImageInput -> sample(x, y): red, green, blue
                                                                 -> slopes(x, y): by x and by y
                                                                 -> averaged(step) for taps

The image lies over a square of the plane, that of `[normalize]`: its centre at the square's centre,
row 0 on top. Between the centres of its pixels values are interpolated bilinearly, and beyond its
edges it is mirrored, so that it has a value everywhere. For a network with taps, which sees the
image `step` apart, pixels that are finer are averaged to about that distance once, by area and in
the chosen encoding, so that it does not alias. A dense network sees all pixels.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.image_file import Input, StoredImage
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.cache import MB, LRUCache

_AT_KINK = 1e-6  # of a pixel: slopes at a pixel's centre are the mean of those on both sides


@dataclass(frozen=True, eq=False)
class ImageInput:
    """Pixels (height, width, 3 or 1) float32 in [0, 1] on the plane, row 0 on top.

    center: of the image, in input units; pixel: a pixel's width and height there. Images with equal
    digests are the same function.
    """

    pixels: Float32
    center: tuple[float, float]
    pixel: tuple[float, float]

    @cached_property
    def digest(self) -> bytes:
        content = hashlib.blake2b(repr((self.pixels.shape, self.center, self.pixel)).encode())
        content.update(self.pixels.tobytes())
        return content.digest()[:16]

    def averaged(self, step: float) -> "ImageInput":
        """The image for samples `step` apart; itself if its pixels are not finer."""
        height, width = self.pixels.shape[:2]
        across, down = self.pixel
        columns, rows = _count(width, across, step), _count(height, down, step)
        if (rows, columns) == (height, width):
            return self

        def made() -> ImageInput:
            narrow = averaged_rows(self.pixels.swapaxes(0, 1), columns).swapaxes(0, 1)
            pixels = averaged_rows(narrow, rows).astype(np.float32)
            pixels.flags.writeable = False
            pixel = across * width / columns, down * height / rows
            return ImageInput(pixels, self.center, pixel)

        return _kept.get((self.digest, rows, columns), made)

    def sample(self, x: Float64, y: Float64) -> Float64:
        """Red, green and blue at points x, y, which are broadcast to (…): (…, 3).

        Quickest for grids: x (…, 1, width) and y (…, height, 1).
        """
        (rows, down, _), (columns, right, _) = self._places(x, y)
        if x.ndim > 1 and x.shape[-2] == 1 and y.shape[-1] == 1:
            first = min(map(np.min, columns))
            columns = [column - first for column in columns]
            strip = self.pixels[:, first : first + max(map(np.max, columns)) + 1]
            lines = _between(strip[rows[0][..., 0]], strip[rows[1][..., 0]], down)
            leading = np.ix_(*map(np.arange, (*lines.shape[:-2], 1)))[:-1]
            left, other = (lines[(*leading, column)] for column in columns)
        else:
            left, other = (
                _between(self.pixels[rows[0], column], self.pixels[rows[1], column], down)
                for column in columns
            )
        found = left + right[..., None] * (other - left)
        return np.broadcast_to(found, (*found.shape[:-1], 3))

    def slopes(self, x: Float64, y: Float64) -> tuple[Float64, Float64]:
        """The derivatives of red, green and blue by x and by y, (…, 3) each.

        At a pixel's centre, where they jump, the mean of both sides.
        """
        sides = [self._slopes(x + dx, y + dy) for dx, dy in self._sides]
        by_x, by_y = (sum(found) / len(sides) for found in zip(*sides, strict=True))
        return by_x, by_y

    @property
    def _sides(self) -> list[tuple[float, float]]:
        dx, dy = (_AT_KINK * side for side in self.pixel)
        return [(dx, dy), (dx, -dy), (-dx, dy), (-dx, -dy)]

    def _slopes(self, x: Float64, y: Float64) -> tuple[Float64, Float64]:
        (rows, down, turned), (columns, right, mirrored) = self._places(x, y)
        corners = [[self.pixels[row, column] for column in columns] for row in rows]
        (a, b), (c, d) = (tuple(one.astype(np.float64) for one in row) for row in corners)
        down, right = down[..., None], right[..., None]
        by_column = (b - a) + down * ((d - c) - (b - a))
        by_row = (c - a) + right * ((d - b) - (c - a))
        shape = (*by_column.shape[:-1], 3)
        return (
            np.broadcast_to(by_column * (mirrored / self.pixel[0])[..., None], shape),
            np.broadcast_to(by_row * (-turned / self.pixel[1])[..., None], shape),
        )

    def _places(self, x: Float64, y: Float64) -> tuple[Any, Any]:
        """Of rows, then of columns: the two next pixels, where between them, and the direction."""
        height, width = self.pixels.shape[:2]
        across = (np.asarray(x, np.float64) - self.center[0]) / self.pixel[0] + width / 2
        below = (self.center[1] - np.asarray(y, np.float64)) / self.pixel[1] + height / 2
        return _mirrored(below, height), _mirrored(across, width)


def _between(one: Float32, other: Float32, part: Float64) -> Float64:
    """From one to the other, (…, channels), by a part (…) of the way."""
    start = one.astype(np.float64)
    return np.asarray(start + part[..., None] * (other - start))


def _mirrored(place: Float64, count: int) -> tuple[Any, Float64, Float64]:
    """Of a place in pixels from the first edge, mirrored at both edges of `count` pixels.

    The two pixels whose centres are next to it, how far it is from the first of them to the second,
    0 to 1, and the direction: -1 where it is mirrored an odd number of times.
    """
    turn = np.fmod(np.abs(place), 2.0 * count)
    inside = np.minimum(turn, 2.0 * count - turn) - 0.5
    low = np.floor(inside)
    first = low.astype(np.intp)
    both = np.maximum(first, 0), np.minimum(first + 1, count - 1)
    return both, inside - low, np.where((turn > count) == (place < 0), 1.0, -1.0)


def placed(
    stored: StoredImage,
    fit: str = "cover",
    encoding: str = "srgb",
    *,
    center: Sequence[float] = (0.0, 0.0),
    extent: float = 1.0,
) -> ImageInput:
    """An image over the square `center` ± `extent`. fit: one of FITS; encoding: of ENCODINGS."""

    def made() -> ImageInput:
        height, width = stored.pixels.shape[:2]
        sides = {"cover": (min(width, height),) * 2, "contain": (max(width, height),) * 2}
        across, down = (2 * extent / count for count in sides.get(fit, (width, height)))
        pixels = stored.values(encoding)
        pixels.flags.writeable = False
        return ImageInput(pixels, (float(center[0]), float(center[1])), (across, down))

    return _kept.get((stored.digest, fit, encoding, tuple(center), extent), made)


def default_image(center: Sequence[float] = (0.0, 0.0), extent: float = 1.0) -> ImageInput:
    """The image of a preset that names none, over a square."""
    return placed(Input().stored, center=center, extent=extent)


_kept: LRUCache[Any, ImageInput] = LRUCache(64 * MB, lambda key, found: found.pixels.nbytes)


def _count(count: int, pixel: float, step: float) -> int:
    """The pixels of a side with `count` of them, so that none is much narrower than `step`."""
    return count if pixel >= step else max(1, round(count * pixel / step))


def averaged_rows(rows: NDArray[Any], count: int) -> Float64:
    """Rows (n, …) as `count` <= n of them, each the mean over its part of the length."""
    n = len(rows)
    total = np.concatenate([np.zeros((1, *rows.shape[1:])), np.cumsum(rows, 0, np.float64)])
    ends = np.arange(count + 1) * (n / count)
    whole = np.minimum(np.floor(ends), n - 1).astype(np.intp)
    part = (ends - whole).reshape(-1, *[1] * (rows.ndim - 1))
    until = total[whole] + part * rows[whole]
    return np.asarray((until[1:] - until[:-1]) * (count / n))
