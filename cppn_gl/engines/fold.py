"""Layer 1 with view and constant inputs folded into its weights, in float64: sharp at any zoom.

    Network, centre, extent, Clock -> first_layer() -> coefficients of local coordinates, float32
    Network, centre, extent        -> changes()     -> how each curved feature follows from them

Local coordinates u, v span [-1, 1] along the shorter side. A curved feature (r, sin_x …) enters as
the change from its value at the view's centre, which is small in a deep zoom:

    r - r0  and  sin(a + d) - sin(a) = 2 sin(d/2) (cos a cos d/2 - sin a sin d/2)

where the angle a at the centre is reduced in float64, and d is proportional to u or v. With
d/2 reduced before it is rounded to float32, the change's error is below 4e-7 + 2⁻⁵² d for any d.

A product has an affine part, which is folded like x and y. What is left is u², v² or u v, of a
relative error below 2⁻²², as a product of float32; its weight is scaled by extent²:

    x² = c² + 2 c extent u + extent² u²
    x y = c e + (e u + c v) extent + extent² u v    (c, e: x and y at the centre)
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.features import PRODUCTS, Clock, Wave, constant, curved, wave
from cppn_gl.nn.layers import MAX_WIDTH
from cppn_gl.nn.network import Network
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.elementary import around, sines

Slope = Float64 | float

AFFINE = 3  # coefficients of u, v and 1; those of the changes of curved features follow


def first_layer(
    network: Network, center: Sequence[float], extent: float, clock: Clock
) -> NDArray[np.float32]:
    """Layer 1 as coefficients (A, B, C, R …) of local coordinates: (MAX_WIDTH, 4 or more) float32.

    A unit's pre-activation is A u + B v + C + R d + …: the changes d … of the curved features are
    in the order of `curved`. Without any there is a column of zeros. Folding in float64 keeps a
    deep zoom sharp, since float32 only sees u, v and d, which are small. Rows beyond the layer's
    width repeat its last row.
    """
    layer, names = network.effective(0), curved(network.inputs)
    bent = changes(network, center, extent)
    weight = layer.weight.astype(np.float64)
    folded = np.zeros((MAX_WIDTH, AFFINE + max(len(names), 1)))
    rows = folded[: len(weight)]
    rows[:, 2] = layer.bias
    for column, name in zip(weight.T, network.inputs, strict=True):
        value = constant(name, clock, network.latent)
        if value is not None:
            rows[:, 2] += column * value
        elif name in names:
            index = names.index(name)
            change = bent[index]
            rows[:, 2] += column * change.start
            if isinstance(change, Product):
                rows[:, :2] += column[:, None] * change.affine
                column = column * change.factor
            rows[:, AFFINE + index] += column
        else:
            axis = ("x", "y").index(name)
            rows[:, axis] += column * extent
            rows[:, 2] += column * center[axis]
    folded[len(weight) :] = rows[-1]
    return np.clip(folded, -3e38, 3e38).astype(np.float32)


class Change:
    """How a curved feature differs from its value at the view's centre."""

    @property
    def kind(self) -> str:
        """See `features.kinds`."""
        raise NotImplementedError

    @property
    def start(self) -> float:
        """The feature's value at the centre."""
        raise NotImplementedError

    @property
    def numbers(self) -> tuple[str, float, float, float]:
        """The kind, and a wave's sine and cosine at the centre and half turns; 0 for others."""
        return self.kind, 0.0, 0.0, 0.0

    def at(self, u: Float64, v: Float64) -> NDArray[np.floating[Any]]:
        """The change at local coordinates, to the bit as in the native library."""
        raise NotImplementedError

    def slopes(self, u: Float64, v: Float64) -> tuple[Slope, Slope]:
        """Its derivatives by u and v."""
        raise NotImplementedError


def changes(network: Network, center: Sequence[float], extent: float) -> tuple[Change, ...]:
    """The changes of the network's curved features in a view, in the order of `curved`."""
    return changes_of(curved(network.inputs), (center[0], center[1]), extent, network.period)


@functools.lru_cache(maxsize=256)  # a picture is drawn in many steps
def changes_of(
    names: tuple[str, ...], center: tuple[float, float], extent: float, period: float
) -> tuple[Change, ...]:
    """The changes of curved features by their names, in a view."""
    waves = [of for of in map(wave, names) if of is not None]
    angles = np.array([of.turns(np.asarray(center[of.axis]), period) for of in waves])
    quarters = np.array([of.quarter for of in waves], np.int64)
    values = zip(
        sines(angles, quarters).tolist(), sines(angles, quarters + 1).tolist(), strict=True
    )
    of_waves = (
        WaveChange(of, of.harmonic * (extent / period) / 2, *value)
        for of, value in zip(waves, values, strict=True)
    )
    return tuple(
        Radius(center, extent)
        if name == "r"
        else Product(name, center, extent)
        if name in PRODUCTS
        else next(of_waves)
        for name in names
    )


@dataclass(frozen=True)
class Radius(Change):
    """r - r0, the distance from the origin minus that of the view's centre."""

    center: tuple[float, float]
    extent: float

    @property
    def kind(self) -> str:
        return "r"

    @property
    def start(self) -> float:
        x, y = self.center
        return math.sqrt(x * x + y * y)  # libraries round hypot differently

    def at(self, u: Float64, v: Float64) -> Float64:
        x, y = self.center
        du, dv = self.extent * u, self.extent * v
        top = du * (2 * x + du) + dv * (2 * y + dv)  # without cancellation
        below = np.sqrt((x + du) * (x + du) + (y + dv) * (y + dv)) + self.start
        return np.asarray(top / np.maximum(below, 1e-30))

    def slopes(self, u: Float64, v: Float64) -> tuple[Float64, Float64]:
        """0 at the origin, where r is not differentiable."""
        u, v = u.astype(np.float32), v.astype(np.float32)  # so precise is enough
        x, y = (
            c + self.extent * a.astype(np.float64) for c, a in zip(self.center, (u, v), strict=True)
        )
        r = np.maximum(np.sqrt(x * x + y * y), 1e-30)
        return self.extent * x / r, self.extent * y / r


@dataclass(frozen=True)
class Product(Change):
    """u², v² or u v. The feature is start + affine · (u, v) + factor · at(u, v)."""

    name: str
    center: tuple[float, float]
    extent: float

    @property
    def kind(self) -> str:
        return self.name

    @property
    def start(self) -> float:
        one, other = PRODUCTS[self.name]
        return self.center[one] * self.center[other]

    @property
    def affine(self) -> tuple[float, float]:
        one, other = PRODUCTS[self.name]
        slopes = [0.0, 0.0]
        slopes[one] += self.extent * self.center[other]
        slopes[other] += self.extent * self.center[one]
        return slopes[0], slopes[1]

    @property
    def factor(self) -> float:
        return self.extent * self.extent

    def at(self, u: Float64, v: Float64) -> Float64:
        one, other = PRODUCTS[self.name]
        return np.asarray((u, v)[one] * (u, v)[other])

    def slopes(self, u: Float64, v: Float64) -> tuple[Slope, Slope]:
        pairs: dict[str, tuple[Slope, Slope]]
        pairs = {"x2": (2 * u, 0.0), "y2": (0.0, 2 * v), "xy": (v, u)}
        return pairs[self.name]


@dataclass(frozen=True)
class WaveChange(Change):
    """sin(a + d) - sin(a) of a wave.

    half_turns: d/2 in turns at the local coordinate 1. sine, cosine: of a, in float64.
    """

    wave: Wave
    half_turns: float
    sine: float
    cosine: float

    @property
    def kind(self) -> str:
        return self.wave.kind

    @property
    def start(self) -> float:
        return self.sine

    @property
    def numbers(self) -> tuple[str, float, float, float]:
        return self.kind, self.sine, self.cosine, self.half_turns

    def _half(self, u: Float64, v: Float64) -> tuple[Float32, Float32]:
        """cos(d/2) and sin(d/2)."""
        return around(self.half_turns * (u, v)[self.wave.axis])

    def at(self, u: Float64, v: Float64) -> Float32:
        c, s = self._half(u, v)
        return np.asarray((s + s) * (np.float32(self.cosine) * c - np.float32(self.sine) * s))

    def slopes(self, u: Float64, v: Float64) -> tuple[Slope, Slope]:
        c, s = (a.astype(np.float64) for a in self._half(u, v))
        slope = self.cosine * (1 - 2 * s * s) - self.sine * (2 * s * c)
        slope *= 4 * math.pi * self.half_turns
        return (slope, 0.0) if self.wave.axis == 0 else (0.0, slope)
