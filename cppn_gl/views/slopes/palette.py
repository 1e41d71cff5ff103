"""Colours evenly spaced to the eye: OKLCh (Björn Ottosson, "A perceptual color space", 2020)."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Colors = NDArray[np.float32]  # (n, 3) display values

_TO_LMS = np.array(
    [
        [1, 0.3963377774, 0.2158037573],
        [1, -0.1055613458, -0.0638541728],
        [1, -0.0894841775, -1.2914855480],
    ]
)
_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


def oklch(lightness: Any, chroma: Any, hue: Any) -> Colors:
    """Display values of colours: lightness and chroma from 0 to 1, hue in degrees; cut to sRGB."""
    lightness, chroma, hue = np.broadcast_arrays(*np.atleast_1d(lightness, chroma, hue))
    angle = np.radians(hue)
    lab = np.stack([lightness, chroma * np.cos(angle), chroma * np.sin(angle)], axis=-1)
    linear = np.clip((lab @ _TO_LMS.T) ** 3 @ _TO_RGB.T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(encoded, np.float32)


@cache
def heat() -> Colors:
    """256 colours from nearly black through violet, red and orange to pale yellow."""
    t = np.linspace(0, 1, 256)
    hue = np.interp(t, [0, 0.3, 0.55, 0.8, 1], [-80, -40, 22, 65, 100])
    chroma = np.interp(t, [0, 0.3, 0.6, 0.85, 1], [0.03, 0.14, 0.19, 0.15, 0.07])
    colors = oklch(0.13 + 0.85 * t, chroma, hue)
    colors.flags.writeable = False
    return colors


def inks(count: int) -> Colors:
    """Colours of `count` layers' lines: warm and light for the first, cool for the last."""
    t = np.linspace(0, 1, count) ** 0.6 if count > 1 else np.zeros(count)  # the first are apart
    hue = np.interp(t, [0, 0.35, 0.65, 1], [85, 35, -20, -100])
    return oklch(0.86 - 0.26 * t, 0.16 - 0.02 * t, hue)
