"""Perceptually uniform colours, of magnitudes and of layers."""

from functools import cache

import numpy as np

from cppn_gl.utils.colormaps import Palette, oklch


@cache
def heat() -> Palette:
    """256 colours from nearly black through violet, red and orange to pale yellow."""
    t = np.linspace(0, 1, 256)
    hue = np.interp(t, [0, 0.3, 0.55, 0.8, 1], [-80, -40, 22, 65, 100])
    chroma = np.interp(t, [0, 0.3, 0.6, 0.85, 1], [0.03, 0.14, 0.19, 0.15, 0.07])
    colors = oklch(0.13 + 0.85 * t, chroma, hue)
    colors.flags.writeable = False
    return colors


def inks(count: int) -> Palette:
    """Colours of `count` layers' lines on a dark ground: ivory, apricot, rose, and late blue."""
    t = np.linspace(0, 1, count) ** 0.6 if count > 1 else np.zeros(count)  # the first differ most
    chroma = np.interp(t, [0, 0.4, 1], [0.045, 0.115, 0.115])
    hue = np.interp(t, [0, 0.4, 0.7, 1], [92, 58, 0, -85])
    return oklch(0.94 - 0.32 * t, chroma, hue)
