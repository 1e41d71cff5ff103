"""Input features: the inputs of layer 1 at a point. One table, and the latent constants z0, z1 ….

Features that are affine in x and y (constants included) are folded into layer 1 by `fold.py` in
float64, which keeps deep zooms sharp. The others are `curved`: each has a counterpart in
features.glsl and in native/kernel.c.
"""

import functools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.checks import PresetError, nearest, number, several, show
from cppn_gl.utils.elementary import cosine, sine, sines

if TYPE_CHECKING:
    from cppn_gl.nn.image_input import ImageInput

FEATURES: dict[str, str] = {
    "x": "horizontal coordinate, to the right",
    "y": "vertical coordinate, up",
    "r": "distance from the origin, √(x² + y²)",
    "x2": "x²",
    "y2": "y²",
    "xy": "x · y",
    "sin_x": "sin(2π x / period)",
    "cos_x": "cos(2π x / period)",
    "sin_y": "sin(2π y / period)",
    "cos_y": "cos(2π y / period)",
    "t": "[animation] speed × time",
    "cos_t": "cos(2π time / loop)",
    "sin_t": "sin(2π time / loop)",
    "one": "constant 1",
    "red": "red of the image of [input], 0 to 1",
    "green": "green of the image",
    "blue": "blue of the image",
    "grey": "0.2126 red + 0.7152 green + 0.0722 blue: luma, or luminance of linear values",
}

PRODUCTS = {"x2": (0, 0), "y2": (1, 1), "xy": (0, 1)}  # of which axes: 0 for x, 1 for y
MOVING = ("t", "cos_t", "sin_t")  # these depend on time
# Of red, green and blue (Rec. ITU-R BT.709): what each feature of an image is.
CHANNELS = {
    "red": (1.0, 0.0, 0.0),
    "green": (0.0, 1.0, 0.0),
    "blue": (0.0, 0.0, 1.0),
    "grey": (0.2126, 0.7152, 0.0722),
}
MAX_INPUTS = MAX_LATENTS = 64
_LATENT = re.compile(r"z(0|[1-9]\d?)")

TURN = 2 * math.pi  # the default period: sin_x is sin(x)
PERIOD = number(1e-3, 1e6)  # a check
MAX_HARMONIC = 2**16
_WAVE = re.compile(r"(sin|cos)_([1-9]\d{0,4})?([xy])")


@dataclass(frozen=True)
class Wave:
    """A periodic feature: the sine or the cosine of 2π harmonic · x / period, or of y.

    axis: 0 for x, 1 for y. A cosine is a sine that is `quarter` = 1 quarter of a turn ahead.
    """

    axis: int
    harmonic: int
    quarter: int

    @property
    def kind(self) -> str:
        return f"wave_{'xy'[self.axis]}"

    def turns(self, x: Float64, period: float) -> Float64:
        """The angle at values of x, or y, in turns, from -1/2 to 1/2 before the quarter.

        x is reduced by multiples of the period without rounding. The error is below
        harmonic · 2⁻⁵³ turns.
        """
        rest = np.fmod(x, period)
        rest -= np.where(np.abs(rest) > period / 2, np.copysign(period, rest), 0.0)
        turns = rest / period * self.harmonic
        return np.asarray(turns - np.rint(turns))


@functools.lru_cache(maxsize=1024)
def wave(name: str) -> Wave | None:
    """The wave of "sin_x" or "cos_4y"; None if `name` is not one (harmonics are 2 … 2¹⁶)."""
    match = _WAVE.fullmatch(name)
    if match is None or match[2] == "1" or int(match[2] or 1) > MAX_HARMONIC:
        return None
    return Wave("xy".index(match[3]), int(match[2] or 1), int(match[1] == "cos"))


def of_image(inputs: Sequence[str]) -> tuple[str, ...]:
    """Those of the inputs that are taken from an image. Engines of points do not know them."""
    return tuple(name for name in inputs if name in CHANNELS)


def curved(inputs: Sequence[str]) -> tuple[str, ...]:
    """Those of the inputs that are not affine in x and y: r, the products, then the waves."""
    products = [name for name in inputs if name in PRODUCTS]
    waves = [name for name in inputs if wave(name) is not None]
    return (*(["r"] if "r" in inputs else []), *products, *waves)


def latent_index(name: str) -> int | None:
    """3 for "z3"; None if `name` is not a latent constant (z0 … z63)."""
    match = _LATENT.fullmatch(name)
    index = int(match.group(1)) if match else MAX_LATENTS
    return index if index < MAX_LATENTS else None


def latent_count(inputs: Sequence[str]) -> int:
    """The number of latent constants that `inputs` need: one more than the largest index."""
    return max((i + 1 for i in map(latent_index, inputs) if i is not None), default=0)


@dataclass(frozen=True)
class Clock:
    """Time (s), speed of t (units per second), and period of cos_t and sin_t (s)."""

    time: float = 0.0
    speed: float = 1.0
    loop: float = 12.0

    @property
    def constants(self) -> dict[str, float]:
        """The values of the features that are the same at every point."""
        angle = 2 * np.pi * ((self.time / self.loop) % 1.0)
        return {
            "t": self.speed * self.time,
            "cos_t": cosine(angle),
            "sin_t": sine(angle),
            "one": 1.0,
        }


def constant(name: str, clock: Clock, latent: Sequence[float]) -> float | None:
    """The value of a feature that is the same at every point; None for the others."""
    index = latent_index(name)
    return float(latent[index]) if index is not None else clock.constants.get(name)


def described(name: str) -> str:
    """An input feature in words, or as a formula."""
    of = wave(name)
    if of is not None and of.harmonic > 1:
        return f"{name[:3]}(2π · {of.harmonic}{name[-1]} / period)"
    return FEATURES.get(name, "a latent constant: the same number at every point")


def doubled(inputs: Sequence[str]) -> tuple[str, ...]:
    """The waves at twice the highest harmonic of the inputs, of the same axes and functions.

    Empty if there are no waves, or no such harmonic.
    """
    waves = {name: of for name in inputs if (of := wave(name)) is not None}
    highest = max((of.harmonic for of in waves.values()), default=MAX_HARMONIC)
    if 2 * highest > MAX_HARMONIC:
        return ()
    return tuple(
        f"{name[:4]}{2 * highest}{name[-1]}" for name, of in waves.items() if of.harmonic == highest
    )


def coordinates(inputs: Sequence[str]) -> frozenset[str]:
    """Those of x, y and r that any of the inputs is a function of."""
    plain = {"x", "y", "r"} & set(inputs)
    products = {"xy"[axis] for name in inputs for axis in PRODUCTS.get(name, ())}
    waves = {"xy"[of.axis] for of in map(wave, inputs) if of is not None}
    return frozenset(plain | products | waves | ({"x", "y"} if of_image(inputs) else set()))


def repeats(inputs: Sequence[str]) -> bool:
    """Whether inputs depend on x and y by waves alone: a period is then a tile without a seam."""
    return bool(curved(inputs)) and not {"x", "y", "r", *PRODUCTS, *CHANNELS} & set(inputs)


def kinds(inputs: Sequence[str]) -> tuple[str, ...]:
    """The kinds of the curved inputs, in the order of `curved`: wave_x, wave_y, or their names.

    Features of a kind differ in numbers, and have the same code.
    """
    return tuple(name if (of := wave(name)) is None else of.kind for name in curved(inputs))


def features(
    inputs: Sequence[str],
    x: Float64,
    y: Float64,
    clock: Clock,
    latent: Sequence[float] = (),
    period: float = TURN,
    image: "ImageInput | None" = None,
) -> Float64:
    """The features at points x, y, which are broadcast to (…): (…, len(inputs)).

    Those of an image need one. On a grid, x (…, 1, width) and y (…, height, 1), they are quickest.
    """
    columns: list[Float64] = []
    sampled = image.sample(x, y) if image is not None and of_image(inputs) else None
    for name in inputs:
        value, periodic = constant(name, clock, latent), wave(name)
        if value is not None:
            columns.append(np.full_like(x, value, np.float64))
        elif periodic is not None:
            turns = periodic.turns((x, y)[periodic.axis], period)
            columns.append(sines(turns, periodic.quarter))
        elif name in PRODUCTS:
            one, other = ((x, y)[axis] for axis in PRODUCTS[name])
            columns.append(one * other)
        elif name == "r":
            columns.append(np.sqrt(x * x + y * y))
        elif name in CHANNELS:
            assert sampled is not None
            columns.append(channel(name, sampled))
        else:
            columns.append({"x": x, "y": y}[name])
    shape = np.broadcast_shapes(x.shape, y.shape)
    return np.stack([np.broadcast_to(column, shape) for column in columns], axis=-1)


def channel(name: str, sampled: Float64) -> Float64:
    """A feature (N,) of red, green and blue (N, 3), or its slope of theirs."""
    red, green, blue = CHANNELS[name]
    if name != "grey":
        return sampled[..., (red, green, blue).index(1.0)]
    return red * sampled[..., 0] + green * sampled[..., 1] + blue * sampled[..., 2]


def check_inputs(value: Any) -> tuple[str, ...]:
    """A check: names of input features, all known, none twice. Raises PresetError."""
    try:
        names: tuple[str, ...] = several(lambda name: name, 1, MAX_INPUTS)(value)
    except ValueError as error:
        raise PresetError(str(error), key="inputs") from None
    for name in names:
        if not isinstance(name, str) or not _known(name):
            hint = nearest(str(name), [*FEATURES, "z0", "sin_2x"])
            raise PresetError(f"no input {show(name)}{hint}", key="inputs")
    if len(set(names)) < len(names):
        raise PresetError("an input is listed twice", key="inputs")
    return names


def _known(name: str) -> bool:
    return name in FEATURES or latent_index(name) is not None or wave(name) is not None
