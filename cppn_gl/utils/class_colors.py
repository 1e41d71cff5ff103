"""Colours of classes, of values around a middle, and of the paper between them.

Class k has CLASS_COLORS[k] in pictures, as points and in plots. Any two of the ten differ by at
least 0.09 in OKLab, in normal vision and in simulated protanopia, deuteranopia and tritanopia;
Okabe and Ito's eight differ by at least 0.07. Of two classes the first, the negative one, is orange
and the second is blue.
"""

import numpy as np

from cppn_gl.utils.arrays import RGB, Float64
from cppn_gl.utils.colormaps import hex_rgb

PAPER: RGB = hex_rgb("#f4f1ea")  # where no class claims a point; the middle of values
CLASS_COLORS: tuple[RGB, ...] = tuple(
    map(
        hex_rgb,
        (
            "#f5820a",  # orange
            "#046dcb",  # blue
            "#0ba480",  # green
            "#954298",  # purple
            "#f3cb46",  # yellow
            "#c84433",  # red
            "#7cc4f8",  # sky blue
            "#783f12",  # brown
            "#f996c0",  # pink
            "#2d327e",  # navy
        ),
    )
)
NAMES = ("orange", "blue", "green", "purple", "yellow", "red", "sky", "brown", "pink", "navy")
LOW, HIGH = CLASS_COLORS[:2]  # of values below and above the middle
AREA = 0.72  # opacity of a class's colour in a picture: points of that class stay visible on it


def display(color: RGB) -> Float64:
    """sRGB values from 0 to 1."""
    return np.array(color, np.float64) / 255


def area(color: RGB) -> Float64:
    """The sRGB values of a class's colour in a picture, where the network is sure of it."""
    return display(PAPER) + AREA * (display(color) - display(PAPER))


def scale_color(place: float) -> RGB:
    """The colour of a value, scaled to -1 … 1: LOW, PAPER at 0, HIGH."""
    end = LOW if place < 0 else HIGH
    part = min(abs(place), 1.0)
    r, g, b = (round(p + part * (e - p)) for p, e in zip(PAPER, end, strict=True))
    return r, g, b
