"""Colour maps as lookup tables for values from 0 to 1, used by NumPy and by the shaders.

    stops (a few colours) -> interpolated in OKLab (perceptually uniform) -> (SIZE, 3) sRGB values

The stops of viridis, magma and inferno are every fifteenth colour of the maps by Stéfan van der
Walt and Nathaniel Smith (2015, public domain, CC0). Those of cividis are sampled from the map by
Jamie Nuñez, Christopher Anderton and Ryan Renslow (PLoS ONE 13(7), 2018), which looks alike with
and without a colour vision deficiency. The others are our own.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.elementary import cosine, polynomial, power, sine

Palette = NDArray[np.float32]  # (SIZE, 3) sRGB values from 0 to 1

SIZE = 257  # entries, odd so that there is a middle one; lookups interpolate linearly

# OKLab by Björn Ottosson (https://bottosson.github.io/posts/oklab, public domain): L, a, b to cube
# roots of cone responses, and cone responses to linear red, green and blue.
ROOTS = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
LINEAR = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


# Of t = x^(1/8), for the curve 1.055 x^(1 / 2.4) - 0.055 where it is used: within 1e-8, fitted at
# Chebyshev nodes.
CURVE = (
    0.012893519296816716,
    -0.091482745711504637,
    0.41830983932507698,
    0.80761692512440209,
    -0.10846841736729246,
    0.017567249593133778,
    -0.056436363596071626,
)


def encode(linear: NDArray[np.floating]) -> NDArray[np.floating]:
    """Linear light to sRGB values (IEC 61966-2-1); clips to the gamut."""
    inside = np.clip(linear, 0, 1)
    root = np.sqrt(inside)
    for _ in range(2):
        np.sqrt(root, out=root)
    curve = polynomial(root, CURVE)
    return np.asarray(np.where(inside <= 0.0031308, 12.92 * inside, curve))


def decode(display: Float64) -> Float64:
    """sRGB values to linear light."""
    curve = _each(lambda x: power(x, 2.4), (display + 0.055) / 1.055)
    return np.where(display <= 0.04045, display / 12.92, curve)


def from_oklab(lab: NDArray[np.floating]) -> NDArray[np.floating]:
    """OKLab (…, 3), lightness from 0 to 1, to sRGB values."""
    roots = transformed(lab, ROOTS)
    return encode(transformed(roots * roots * roots, LINEAR))


def transformed(colors: NDArray[np.floating], matrix: Float64) -> NDArray[np.floating]:
    """Colours (…, 3) times a matrix (3, 3), in their precision.

    Not a BLAS product, whose rounding for one colour depends on its position in the array.
    """
    columns = matrix.T.astype(colors.dtype)
    one, two, three = (colors[..., k : k + 1] * columns[k] for k in range(3))
    return np.asarray(one + two + three)


def oklch(lightness: Any, chroma: Any, hue: Any) -> Palette:
    """OKLCh to sRGB values (n, 3): lightness and chroma from 0 to 1, hue in degrees."""
    lightness, chroma, hue = np.broadcast_arrays(*np.atleast_1d(lightness, chroma, hue))
    angle = np.radians(hue)
    lab = np.stack([lightness, chroma * _each(cosine, angle), chroma * _each(sine, angle)], axis=-1)
    return from_oklab(np.asarray(lab, np.float64)).astype(np.float32)


def to_oklab(display: Float64) -> Float64:
    """sRGB values (…, 3) to OKLab."""
    cones = transformed(decode(display), _inverse(LINEAR))
    roots = _each(lambda x: power(x, 1 / 3), cones)
    return np.asarray(transformed(roots, _inverse(ROOTS)))


def _each(function: Callable[[float], float], values: Any) -> Float64:
    """A function of each number of an array."""
    array = np.asarray(values, np.float64)
    return np.array([function(x) for x in array.ravel().tolist()]).reshape(array.shape)


def _inverse(matrix: Float64) -> Float64:
    """The inverse of a matrix (3, 3), by its cofactors: LAPACK rounds by processor."""
    a, b, c = matrix
    cofactors = np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)], axis=1)
    return np.asarray(cofactors / (a * cofactors[:, 0]).sum())


def _row(stops: str) -> Palette:
    """A palette through evenly spaced stops, written as hexadecimal RRGGBB."""
    colors = np.array([list(bytes.fromhex(stop)) for stop in stops.split()]) / 255
    lab, places = to_oklab(colors), np.linspace(0, len(colors) - 1, SIZE)
    below = np.minimum(places.astype(int), len(lab) - 2)
    rest = (places - below)[:, None]
    return from_oklab(lab[below] * (1 - rest) + lab[below + 1] * rest).astype(np.float32)


def _circle() -> Palette:
    """The largest circle about a grey in OKLab within sRGB, light at yellow and dark at blue.

    Equal steps are equal distances, and the ends meet. Tilting the circle makes it a fifth larger
    and gives its two halves different lightness.
    """
    tilt, toward, middle, radius = math.radians(40), math.radians(160), 0.71, 0.147
    flat = cosine(tilt)
    up = np.array([sine(tilt), flat * cosine(toward), flat * sine(toward)])
    across = np.array([0.0, -sine(toward), cosine(toward)])
    angle = (
        2 * np.pi * (np.arange(SIZE) % (SIZE - 1)) / (SIZE - 1)
    )  # the last entry equals the first
    lab = radius * (_each(cosine, angle)[:, None] * up + _each(sine, angle)[:, None] * across)
    return from_oklab(lab + np.array([middle, 0, 0])).astype(np.float32)


VIRIDIS = _row(
    "440154 481769 472a7a 433d84 3d4e8a 355e8d 2e6d8e 297b8e 23898e"
    " 1f978b 21a585 2eb37c 46c06f 65cb5e 89d548 b0dd2f d8e219 fde725"
)
MAGMA = _row(
    "000004 090720 1a1042 311165 4a1079 621980 792282 912b81 aa337d"
    " c23b75 d9466b ec5860 f7725c fc8e64 feaa74 fec68a fde2a3 fcfdbf"
)
INFERNO = _row(
    "000004 0a0722 1e0c45 380962 510e6c 69166e 801f6c 982766 b0315b"
    " c63d4d d94d3d e9612b f47918 fa9407 fcb014 f8cd37 f2ea69 fcffa4"
)
CIVIDIS = _row(
    "00224e 002d68 163770 2e416d 3f4c6c 4e566c 5c616e 696b71 767676"
    " 838179 928c78 a09875 afa471 bfb06b cfbd62 dfca57 f0d846 fee838"
)
# Blue below the middle, red above, light grey at the middle.
DIVERGING = _row("0b2f6b 2367ab 5aa0d3 a9cfe8 f3f1ee f3c3a5 e08a63 bd4a38 7a1020")
CYCLIC = _circle()
