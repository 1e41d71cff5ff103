"""From outputs to sRGB values: the `[color]` table, and the table of colour mappings.

    outputs (N, 3) -> ValueRange, mapped to 0..1 -> a mapping's palette or formula -> invert

To add a mapping: a row of MAPPINGS. A formula also needs its counterpart `mapping_<name>` in
mappings.glsl, which the tests compare with it. The help, the `C` key and the documentation follow
from the table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils import colormaps
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.checks import choice, flag, key, validate
from cppn_gl.utils.elementary import around

# Magenta: marks outputs that are not finite, where they are passed on and shown. Engines give
# finite outputs of this colour at least BESIDE as green, so that none is taken for it: `marked`
# in NumPy, broken.glsl and color.glsl in GLSL, kernel.c in C.
NOT_A_NUMBER = (1.0, 0.0, 1.0)
BESIDE = 2.0**-100
# CIE XYZ to linear sRGB; WHITE is the white point D65.
XYZ = np.array(
    [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.9692660, 1.8760108, 0.0415560],
        [0.0556434, -0.2040259, 1.0572252],
    ]
)
WHITE = np.array([0.95047, 1.0, 1.08883])
UNIT = (0.0, 1.0)


def _hsv(hsv: Float32) -> Float32:
    hue, saturation, value = hsv[:, :1], hsv[:, 1:2], hsv[:, 2:]
    turn = hue + np.array([1, 2 / 3, 1 / 3], np.float32)
    tent = np.clip(np.abs((turn - np.floor(turn)) * 6 - 3) - 1, 0, 1)
    return np.asarray(value * (1 - saturation * (1 - tent)), np.float32)


def _lab(lab: Float32) -> Float32:
    """CIE 15: L* from 0 to 100, a* and b*, with white point D65."""
    y = (lab[:, 0] + 16) / 116
    f = np.stack([y + lab[:, 1] / 500, y, y - lab[:, 2] / 200], axis=1)
    xyz = np.where(f > 6 / 29, f * f * f, (f - 4 / 29) * (3 * (6 / 29) ** 2)).astype(np.float32)
    return np.asarray(colormaps.encode(colormaps.transformed(xyz, XYZ * WHITE)), np.float32)


def _oklch(lch: Float32) -> Float32:
    cos, sin = around(lch[:, 2])
    lab = np.stack([lch[:, 0], lch[:, 1] * cos, lch[:, 1] * sin], axis=1)
    return np.asarray(colormaps.from_oklab(lab), np.float32)


@dataclass(frozen=True, eq=False)
class Mapping:
    """How values from 0 to 1 become colours, by a palette or a formula, or unchanged.

    `channels`: 3, or 1 for the mean of three outputs. `formula` takes (N, 3) values in its own
    units; `box` gives the units that 0 and 1 are mapped to. `span`: the value range without a
    stretch; None: the range of the output activation. `signed`: a stretch keeps the middle of the
    value range in the middle.
    """

    help: str
    channels: int = 1
    palette: colormaps.Palette | None = None
    formula: Callable[[Float32], Float32] | None = None
    box: tuple[tuple[float, float], ...] = ((0, 1),) * 3
    span: tuple[float, float] | None = None
    signed: bool = False

    def __call__(self, values: Float32) -> Float32:
        """(N, 3) values from 0 to 1 to sRGB values; for one channel the three are equal."""
        if self.palette is not None:
            place = values[:, 0] * np.float32(colormaps.SIZE - 1)
            below = np.minimum(place.astype(np.int64), colormaps.SIZE - 2)
            rest = (place - below.astype(np.float32))[:, None]
            return np.asarray(self.palette[below] * (1 - rest) + self.palette[below + 1] * rest)
        low, high = np.array(self.box, np.float32).T
        scaled = low + values * (high - low)
        return self.formula(scaled) if self.formula else scaled


MAPPINGS: dict[str, Mapping] = {
    "rgb": Mapping("the outputs as red, green and blue", 3, span=UNIT),
    "red": Mapping("the first output only", 3, box=((0, 1), (0, 0), (0, 0)), span=UNIT),
    "green": Mapping("the second output only", 3, box=((0, 0), (0, 1), (0, 0)), span=UNIT),
    "blue": Mapping("the third output only", 3, box=((0, 0), (0, 0), (0, 1)), span=UNIT),
    "grey": Mapping("light where the mean output is high"),
    "diverging": Mapping(
        "red above the middle, blue below", palette=colormaps.DIVERGING, signed=True
    ),
    "cyclic": Mapping("cyclic, with equal perceptual steps", palette=colormaps.CYCLIC),
    "viridis": Mapping("violet, green, yellow", palette=colormaps.VIRIDIS),
    "magma": Mapping("black, purple, cream", palette=colormaps.MAGMA),
    "inferno": Mapping("black, red, yellow", palette=colormaps.INFERNO),
    "cividis": Mapping("blue to yellow; colour-blind safe", palette=colormaps.CIVIDIS),
    "hsv": Mapping("hue, saturation, value", 3, formula=_hsv, box=((0, 1), (0.35, 1), (0.35, 1))),
    "lab": Mapping("CIE L*, a*, b*", 3, formula=_lab, box=((20, 95), (-60, 60), (-60, 60))),
    "oklch": Mapping(
        "OKLCh: lightness, chroma, hue", 3, formula=_oklch, box=((0.35, 0.95), (0.02, 0.2), (0, 1))
    ),
}
STRETCHES = {
    "none": "no",
    "minmax": "from the minimum to the maximum",
    "percentile": "from the 2nd percentile to the 98th",
}


@dataclass(frozen=True)
class Color:
    """The `[color]` table."""

    mapping: str = key(
        "rgb", choice(MAPPINGS), f"how outputs become colours: {' '.join(MAPPINGS)}", short=True
    )
    invert: bool = key(False, flag, "invert the colours")
    stretch: str = key(
        "none",
        choice(STRETCHES),
        f"values stretched to the full colour range, measured over the view: {' '.join(STRETCHES)}",
    )
    dither: bool = key(
        False,
        flag,
        "noise of up to a level before colours become 8 bits: slow gradients show no steps",
        short=True,
        metavar="[true|false]",
    )

    def __post_init__(self) -> None:
        validate(self, "color.")

    @property
    def plain(self) -> bool:
        """Whether outputs are shown unchanged, except for noise."""
        return self in _PLAIN


_PLAIN = (Color(), Color(dither=True))


@dataclass(frozen=True)
class ValueRange:
    """The values that become 0 and 1: per output, or for their mean three times."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]

    @property
    def affine(self) -> tuple[Float32, Float32]:
        """(low, factor) in float32: (value - low) · factor is from 0 to 1."""
        low, high = np.array(self.low), np.array(self.high)
        return low.astype(np.float32), (1 / (high - low)).astype(np.float32)


DISPLAY = ValueRange((0.0,) * 3, (1.0,) * 3)  # of sRGB values


def marked(outputs: Float32) -> Float32:
    """(N, 3) outputs of a network, those that are not finite as NOT_A_NUMBER, and only those."""
    shown = outputs.copy()
    same = (shown[:, 0] == NOT_A_NUMBER[0]) & (shown[:, 2] == NOT_A_NUMBER[2])
    shown[same & (np.abs(shown[:, 1]) < BESIDE), 1] = BESIDE
    shown[~np.isfinite(outputs).all(axis=1)] = NOT_A_NUMBER
    return shown


def broken(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of (N, 3) values are marked as NaN, by the colour NOT_A_NUMBER."""
    return np.asarray((values == np.array(NOT_A_NUMBER, np.float32)).all(axis=1))


def single(values: NDArray[Any]) -> NDArray[Any]:
    """The mean of three outputs, (N, 1); of thirds, since a sum could overflow."""
    thirds = values / values.dtype.type(3)
    return np.asarray(thirds[:, :1] + thirds[:, 1:2] + thirds[:, 2:])


def colored(values: Float32, color: Color, span: ValueRange) -> Float32:
    """(N, 3) outputs to (N, 3) sRGB values; values marked as NaN stay so."""
    mapping, (low, factor) = MAPPINGS[color.mapping], span.affine
    with np.errstate(over="ignore"):
        used = single(values) if mapping.channels == 1 else values
        shown = mapping(np.clip((used - low) * factor, 0, 1))
    shown = 1 - shown if color.invert else shown.copy()
    shown[broken(values)] = NOT_A_NUMBER
    return shown
