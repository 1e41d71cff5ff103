"""Colours of channels, of layers, and of what lies in the input's own colours.

values -> Shade.indices() -> places in a palette -> colours     0 is dark, or white where values are
                                                                signed
gradient at the input -> tinted_input() -> a picture on mid grey
"""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cppn_gl.preset.show import ChannelsOptions
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.colormaps import gradient
from cppn_gl.views.text import GROUND
from cppn_gl.views.units import diverging
from cppn_gl.views.units.kernels import COLORED

Places = NDArray[np.uint16]

STEPS = 256  # colours on each side of 0
EMBER = ("#14161c", "#2c2150", "#6b2a72", "#b5406b", "#ea6d52", "#f9ae5f", "#fff3cf")
CLIPPED = 99.8  # percentile of a layer's magnitudes that has the brightest colour
STRONG = 99.5  # of gradients at the input
SAMPLED = 2**16  # values of which it is taken, at most
FAINT = 1e-12


@functools.cache
def ember() -> Float32:
    """(STEPS + 1, 3) sRGB colours from 0, almost the background, to bright; then the background."""
    places = np.linspace(0, 256, STEPS + 1).round().astype(int)
    return _with_ground(gradient(EMBER)[places])


@functools.cache
def signed() -> Float32:
    """(2 STEPS + 1, 3) colours from blue over white, which is 0, to red; then the background."""
    return _with_ground(diverging.palette())


def _with_ground(colors: Float32) -> Float32:
    ground = np.array([GROUND], np.float32) / np.float32(255)
    return np.concatenate([colors, ground]).astype(np.float32)


@dataclass(frozen=True)
class Shade:
    """A palette and its scale: `reach` has the brightest colour, and what is larger has it, too.

    signed: values below 0 are blue, 0 is white. boost: a factor on values. gamma: the power to
    which they are raised, as part of `reach`: below 1, faint ones are brighter.
    """

    reach: float
    signed: bool = False
    boost: float = 1.0
    gamma: float = 1.0

    @property
    def palette(self) -> Float32:
        return signed() if self.signed else ember()

    @property
    def ground(self) -> int:
        """The place of the background in the palette."""
        return len(self.palette) - 1

    def places(self, values: Float32, reach: Float32 | float | None = None) -> Places:
        """Places in the palette. NaN is at 0. `reach`: others than its own, broadcast."""
        reach = np.maximum(self.reach if reach is None else reach, FAINT)
        part = np.multiply(values, np.asarray(self.boost / reach, np.float32), dtype=np.float32)
        np.nan_to_num(part, copy=False)
        np.clip(part, -1 if self.signed else 0, 1, out=part)
        if self.gamma != 1:
            part = np.copysign(np.abs(part) ** np.float32(self.gamma), part)
        part *= STEPS
        part += np.float32(STEPS + 0.5 if self.signed else 0.5)
        return part.astype(np.uint16)

    def colors(self, values: Float32, reach: Float32 | float | None = None) -> Float32:
        """sRGB colours (…, 3)."""
        return np.asarray(self.palette.take(self.places(values, reach), 0))


def is_signed(values: Float32) -> bool:
    """Whether values are shown with 0 in the middle: some are negative."""
    return bool(values.size and values.min() < 0)


def shade_of(values: Float32, options: ChannelsOptions) -> Shade:
    """The shade of a layer's values (channels, rows, columns)."""
    return Shade(reach_of(values), is_signed(values), options.boost, options.gamma)


def reach_of(values: Float32, percentile: float = CLIPPED) -> float:
    """The percentile of the magnitudes that are not 0, of at most SAMPLED of them."""
    flat = values.reshape(-1)
    some = np.abs(flat[:: max(1, flat.size // SAMPLED)])
    some = some[np.isfinite(some) & (some > 0)]
    if not some.size:
        return max(float(np.nan_to_num(np.abs(flat)).max(initial=0)), FAINT)
    return max(float(np.percentile(some, percentile)), FAINT)


def reaches(values: Float32) -> Float32:
    """The largest magnitude of each channel, (channels, 1, 1)."""
    flat = values.reshape(len(values), -1)
    largest = np.maximum(flat.max(1), -flat.min(1))
    found = np.maximum(np.nan_to_num(largest), FAINT)
    return np.asarray(found[:, None, None], np.float32)


def tinted_input(values: Float32, planes: tuple[str, ...], largest: float | None = None) -> Float32:
    """Signed values (channels, H, W) in the input's colours, (H, W, 3): 0 is mid grey.

    planes: the colour of each channel, see `Preprocess.planes`. `largest`: has the most saturated
    colour; by default what few exceed.
    """
    largest = largest or reach_of(values, STRONG)
    colors = in_color(values, planes)
    return np.asarray(np.clip(0.5 + colors / np.float32(2 * largest), 0, 1), np.float32)


def in_color(values: Float32, planes: tuple[str, ...]) -> Float32:
    """Channels (n, H, W) as red, green and blue, (H, W, 3); without these three, their sum."""
    if set(COLORED) <= set(planes):
        return np.stack([values[planes.index(name)] for name in COLORED], axis=-1)
    return np.asarray(np.repeat(values.sum(0)[..., None], 3, axis=-1))
