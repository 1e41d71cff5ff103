"""Colours of heights: viridis, and tints for surfaces that stand beside each other."""

import numpy as np

from cppn_gl.utils.colormaps import SIZE, Palette, from_oklab, named, to_oklab

# Dark to light in one hue each: red, green, blue.
STOPS = (
    "45090f a5121d e8473f ffb9a8",
    "0b3019 0e7a3c 4bbd68 c4f0c0",
    "0d1d4f 1d52c1 5598f0 c6e1ff",
)


def tint(stops: str) -> Palette:
    """A palette through evenly spaced stops, interpolated in OKLab."""
    lab = to_oklab(np.array([list(bytes.fromhex(stop)) for stop in stops.split()]) / 255)
    places, ends = np.linspace(0, 1, SIZE), np.linspace(0, 1, len(lab))
    found = np.stack([np.interp(places, ends, part) for part in lab.T], axis=1)
    return np.asarray(from_oklab(found), np.float32)


# By index; 0 is a surface alone, the others the outputs or units red, green and blue.
TINTS = np.stack([named("viridis"), *map(tint, STOPS)]).astype(np.float32)
