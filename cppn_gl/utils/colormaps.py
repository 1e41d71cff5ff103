"""Colour maps as lookup tables for values from 0 to 1, used by NumPy and by the shaders.

    the name of a map of the library cmap, or a few colours -> (SIZE, 3) sRGB values

Colours are interpolated in OKLab, which is perceptually uniform. cmap is imported when one of its
maps is first used: it takes longer than the rest of this package.
"""

import functools
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.checks import show
from cppn_gl.utils.elementary import cosine, polynomial, power, sine

Palette = NDArray[np.float32]  # (SIZE, 3) sRGB values from 0 to 1

LUMA = 0.299, 0.587, 0.114  # of red, green and blue in a grey (Rec. ITU-R BT.601)
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


def hex_rgb(text: str) -> tuple[int, int, int]:
    """(16, 32, 64) from "#102040". Raises ValueError."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        raise ValueError(f'{show(text)} is not a colour like "#f0a030"')
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue


def display(colors: Sequence[str]) -> Float64:
    """Colours such as "#102040" as (n, 3) sRGB values."""
    return np.array([hex_rgb(color) for color in colors], np.float64) / 255


@functools.lru_cache(maxsize=256)
def gradient(colors: Sequence[str]) -> Palette:
    """A palette through evenly spaced colours such as "#102040"."""
    lab, places = to_oklab(display(colors)), np.linspace(0, len(colors) - 1, SIZE)
    return _fixed(from_oklab(between(lab, places)))


def diverging() -> Palette:
    """Blue below the middle, red above, light grey at the middle.

    Its two ends differ in lightness by 0.05 (crameri's vik: 0.08), and its longest step is 1.5
    times its shortest (cmocean's balance: 1.5, vik: 2.7); from those it differs by 60 levels.
    """
    stops = "0b2f6b 2367ab 5aa0d3 a9cfe8 f3f1ee f3c3a5 e08a63 bd4a38 7a1020"
    return gradient(tuple(f"#{stop}" for stop in stops.split()))


@functools.lru_cache(maxsize=256)
def ink(hue: float) -> Palette:
    """Ink of a hue, an angle in OKLab in degrees, on paper of nearly the same: dark to light.

    The darkest is not black, so that a single flat ink on paper shows its hue.
    """
    place = np.linspace(0, 1, SIZE)
    full = np.sqrt(1 - place * place)  # of chroma: 1 in the full ink, 0 in the paper
    return _fixed(oklch(0.34 + 0.63 * place, 0.015 + 0.11 * full, hue))


@functools.cache
def library() -> Any:
    """The catalogue of the library cmap."""
    from cmap import Catalog

    return Catalog()


def in_library(name: str) -> bool:
    """Whether cmap has a map of that name, or of the name without "_r", which reverses it."""
    try:
        library().resolve(name.removesuffix("_r"))
    except KeyError:
        return False
    return True


def category(name: str) -> str:
    """The kind of a map of cmap: sequential, diverging, cyclic, qualitative, miscellaneous."""
    return str(library()[library().resolve(name.removesuffix("_r"))].category)


@functools.lru_cache(maxsize=256)
def named(name: str) -> Palette:
    """The palette of a map in cmap's catalogue; one with steps keeps them."""
    from cmap import Colormap

    found = Colormap(library().resolve(name.removesuffix("_r")))
    stops = np.asarray(found.color_stops, np.float64)[:, :4]  # places from 0 to 1, and colours
    places = np.linspace(0, 1, SIZE)
    if found.interpolation == "nearest":
        colors = stops[np.minimum((places * len(stops)).astype(int), len(stops) - 1), 1:]
    else:
        below = np.clip(np.searchsorted(stops[:, 0], places, "right") - 1, 0, len(stops) - 2)
        low, high = stops[below], stops[below + 1]
        width = np.maximum(high[:, :1] - low[:, :1], 1e-12)
        rest = np.clip((places[:, None] - low[:, :1]) / width, 0, 1)
        colors = low[:, 1:] * (1 - rest) + high[:, 1:] * rest
    return _fixed(colors[::-1] if name.endswith("_r") else colors)


def between(colors: NDArray[np.floating], places: NDArray[np.floating]) -> NDArray[np.floating]:
    """Colours (n, 3) interpolated linearly at places (…) from 0 to n - 1."""
    below = np.minimum(places.astype(np.int64), len(colors) - 2)
    rest = (places - below.astype(places.dtype))[..., None]
    return np.asarray(colors[below] * (1 - rest) + colors[below + 1] * rest)


def _fixed(colors: NDArray[np.floating]) -> Palette:
    """A palette that cannot be changed, since it is shared."""
    palette: Palette = np.clip(colors, 0, 1).astype(np.float32)
    palette.flags.writeable = False
    return palette


@functools.cache
def cyclic() -> Palette:
    """The largest circle about a grey in OKLab within sRGB, light at yellow and dark at blue.

    Equal steps are equal distances, and the ends meet, which no cyclic map of cmap achieves: their
    longest step is at least 1.4 times their shortest. Tilting the circle makes it a fifth larger
    and gives its two halves different lightness.
    """
    tilt, toward, middle, radius = math.radians(40), math.radians(160), 0.71, 0.147
    flat = cosine(tilt)
    up = np.array([sine(tilt), flat * cosine(toward), flat * sine(toward)])
    across = np.array([0.0, -sine(toward), cosine(toward)])
    place = np.arange(SIZE) % (SIZE - 1)  # the last entry equals the first
    angle = 2 * np.pi * place / (SIZE - 1)
    lab = radius * (_each(cosine, angle)[:, None] * up + _each(sine, angle)[:, None] * across)
    return _fixed(from_oklab(lab + np.array([middle, 0, 0])))
