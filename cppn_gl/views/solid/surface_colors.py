"""Colours of heights: viridis, and tints for surfaces that stand beside each other."""

import numpy as np

from cppn_gl.utils.colormaps import gradient, named

# Dark to light in one hue each: red, green, blue.
STOPS = (
    ("#45090f", "#a5121d", "#e8473f", "#ffb9a8"),
    ("#0b3019", "#0e7a3c", "#4bbd68", "#c4f0c0"),
    ("#0d1d4f", "#1d52c1", "#5598f0", "#c6e1ff"),
)

# By index; 0 is a surface alone, the others the outputs or units red, green and blue.
TINTS = np.stack([named("viridis"), *map(gradient, STOPS)]).astype(np.float32)
