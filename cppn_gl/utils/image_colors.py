"""The main colours of an image file: the same on every machine.

    file -> bins of similar pixels -> k-means in OKLab -> colours such as "#102040", dark to light

The bins count by the square root of their pixels, so that a small part of another colour counts
against a large ground. Two of the colours are those of the darkest and the lightest bins, so that
the palette has the image's contrast. The other centres begin one after the other where the most
weight is farthest from those before (k-means++ without chance).
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.colormaps import from_oklab, to_oklab
from cppn_gl.utils.images import opened_image

AT_MOST = 2**20  # pixels that are counted: evenly spaced rows and columns
BITS = 4  # of each channel, that tell bins apart
ROUNDS = 40  # of k-means, at most
SAME = 1e-6  # squared distance times weight, of colours that are the same
END = 0.04  # of the weights: the darkest and the lightest


def image_colors(path: Path, count: int) -> tuple[str, ...]:
    """The `count` main colours of an image, or all if it has fewer. Raises PresetError."""
    with opened_image(path) as image:
        pixels = _pixels(image)
    colors, weights = _bins(pixels)
    centers = _centers(to_oklab(colors), weights, count)
    light = centers[np.argsort(centers[:, 0], kind="stable")]
    shown = np.floor(from_oklab(light) * 255 + 0.5).astype(np.uint8)
    found = tuple(dict.fromkeys(f"#{bytes(color).hex()}" for color in shown))
    if len(found) < 2:
        raise PresetError(f"has only the colour {found[0]}; expected 2 or more", source=str(path))
    return found


def _pixels(image: Any) -> NDArray[np.uint8]:
    """The opaque pixels (n, 3) of an image, some of them if there are many."""
    rgba = np.asarray(_eight_bits(image).convert("RGBA")).reshape(-1, 4)
    opaque = rgba[rgba[:, 3] >= 128, :3]
    if not len(opaque):
        raise ValueError("has no opaque pixel")
    return np.asarray(opaque, np.uint8)


def _eight_bits(image: Any) -> Any:
    """An image with at most about AT_MOST of the pixels, of 8 bits, ready to be converted."""
    from PIL import Image

    if image.mode == "F":
        raise ValueError("an image of floating-point values; expected 8 or 16 bits per channel")
    scale = min(1.0, float(np.sqrt(AT_MOST / (image.width * image.height))))
    size = (max(1, round(side * scale)) for side in image.size)
    small = image.resize(tuple(size), Image.Resampling.NEAREST)
    if small.mode.startswith("I"):  # 16 bits, which `convert` would clamp to 255
        small = Image.fromarray((np.clip(np.asarray(small), 0, 0xFFFF) >> 8).astype(np.uint8))
    return small


def _bins(pixels: NDArray[np.uint8]) -> tuple[Float64, Float64]:
    """The mean colours (n, 3) from 0 to 1 of similar pixels, and their weights."""
    high = (pixels >> (8 - BITS)).astype(np.int64)
    numbers = (high[:, 0] << 2 * BITS) + (high[:, 1] << BITS) + high[:, 2]
    counts = np.bincount(numbers)
    used = np.flatnonzero(counts)
    sums = [np.bincount(numbers, weights=pixels[:, k])[used] for k in range(3)]
    colors = np.stack(sums, axis=1) / counts[used, None] / 255
    return colors, np.sqrt(counts[used].astype(np.float64))


def _centers(lab: Float64, weights: Float64, count: int) -> Float64:
    """The centres (k, 3) of at most `count` clusters of weighted points (n, 3)."""
    order = np.argsort(lab[:, 0], kind="stable")
    ends = np.stack(
        [_end(lab[order], weights[order]), _end(lab[order[::-1]], weights[order[::-1]])]
    )
    centers = ends
    for _ in range(count - 2):
        far = weights * np.stack([_apart(lab, center) for center in centers]).min(axis=0)
        if far.max() < SAME:
            break
        centers = np.concatenate([centers, lab[[np.argmax(far)]]])
    for _ in range(ROUNDS):
        before, many = centers, len(centers)
        labels = np.stack([_apart(lab, center) for center in centers]).argmin(axis=0)
        total = np.bincount(labels, weights, many)[:, None]
        sums = [np.bincount(labels, weights * lab[:, k], many) for k in range(3)]
        means = np.stack(sums, axis=1) / np.maximum(total, 1e-12)
        centers = np.concatenate([ends, np.where(total > 0, means, centers)[2:]])
        if (centers == before).all():
            break
    return centers


def _end(lab: Float64, weights: Float64) -> Float64:
    """The mean of the first END of points in order. bincount adds in order, as sums need not."""
    inside = np.cumsum(weights) <= END * weights.sum()
    inside[0] = True
    zeros, some = np.zeros(inside.sum(), np.int64), weights[inside]
    sums = [np.bincount(zeros, some * lab[inside, k])[0] for k in range(3)]
    return np.asarray(np.array(sums) / np.bincount(zeros, some)[0])


def _apart(lab: Float64, center: Float64) -> Float64:
    """The squared distances of points (n, 3) from a centre."""
    away = lab - center
    return np.asarray(away[:, 0] ** 2 + away[:, 1] ** 2 + away[:, 2] ** 2)
