"""Layer 1 with view and constant inputs folded into its weights, in float64: sharp at any zoom.

    Network, centre, extent, Clock -> first_layer() -> coefficients of local coordinates, float32
    Network, centre, extent        -> changes()     -> how each curved feature follows from them

Local coordinates u, v span [-1, 1] along the shorter side. A curved feature (r, sin_x …) enters as
the change from its value at the view's centre, which is small in a deep zoom:

    r - r0  and  sin(a + d) - sin(a) = 2 sin(d/2) (cos a cos d/2 - sin a sin d/2)

where the angle a at the centre is reduced in float64, and d is proportional to u or v. With
d/2 reduced before it is rounded to float32, the change's error is below 4e-7 + 2⁻⁵² d for any d.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.features import Clock, Wave, constant, curved, wave
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
    layer, bent = network.effective(0), curved(network.inputs)
    weight = layer.weight.astype(np.float64)
    folded = np.zeros((MAX_WIDTH, AFFINE + max(len(bent), 1)))
    rows = folded[: len(weight)]
    rows[:, 2] = layer.bias
    for column, name in zip(weight.T, network.inputs, strict=True):
        value = constant(name, clock, network.latent)
        if value is not None:
            rows[:, 2] += column * value
        elif name in bent:
            rows[:, AFFINE + bent.index(name)] += column
            rows[:, 2] += column * change(name, center, extent, network.period).start
        else:
            axis = ("x", "y").index(name)
            rows[:, axis] += column * extent
            rows[:, 2] += column * center[axis]
    folded[len(weight) :] = rows[-1]
    return np.clip(folded, -3e38, 3e38).astype(np.float32)


class Change(Protocol):
    """How a curved feature differs from its value at the view's centre."""

    @property
    def kind(self) -> str:
        """See `features.kinds`."""

    @property
    def start(self) -> float:
        """The feature's value at the centre."""

    @property
    def numbers(self) -> tuple[str, float, float, float]:
        """The kind, and a wave's sine and cosine at the centre and half turns; 0 for others."""

    def at(self, u: Float64, v: Float64) -> NDArray[np.floating[Any]]:
        """The change at local coordinates, to the bit as in the native library."""

    def slopes(self, u: Float64, v: Float64) -> tuple[Slope, Slope]:
        """Its derivatives by u and v."""


def changes(network: Network, center: Sequence[float], extent: float) -> tuple[Change, ...]:
    """The changes of the network's curved features, in the order of `curved`."""
    names = curved(network.inputs)
    return tuple(change(name, center, extent, network.period) for name in names)


def change(name: str, center: Sequence[float], extent: float, period: float) -> Change:
    """The change of a curved feature in a view."""
    return _change(name, (center[0], center[1]), extent, period)


@functools.lru_cache(maxsize=1024)  # a picture is drawn in many steps
def _change(name: str, center: tuple[float, float], extent: float, period: float) -> Change:
    periodic = wave(name)
    if periodic is None:
        return Radius(center, extent)
    return WaveChange.of(periodic, center, extent, period)


@dataclass(frozen=True)
class Radius:
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

    @property
    def numbers(self) -> tuple[str, float, float, float]:
        return self.kind, 0.0, 0.0, 0.0

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
class WaveChange:
    """sin(a + d) - sin(a) of a wave along `axis`.

    half_turns: d/2 in turns at the local coordinate 1. sine, cosine: of a, in float64.
    """

    axis: int
    half_turns: float
    sine: float
    cosine: float

    @classmethod
    def of(
        cls, periodic: Wave, center: Sequence[float], extent: float, period: float
    ) -> "WaveChange":
        angle = periodic.turns(np.array([center[periodic.axis]], np.float64), period)
        sine, cosine = (float(sines(angle, periodic.quarter + k)[0]) for k in (0, 1))
        return cls(periodic.axis, periodic.harmonic * (extent / period) / 2, sine, cosine)

    @property
    def kind(self) -> str:
        return ("wave_x", "wave_y")[self.axis]

    @property
    def start(self) -> float:
        return self.sine

    @property
    def numbers(self) -> tuple[str, float, float, float]:
        return self.kind, self.sine, self.cosine, self.half_turns

    def _half(self, u: Float64, v: Float64) -> tuple[Float32, Float32]:
        """cos(d/2) and sin(d/2)."""
        return around(self.half_turns * (u, v)[self.axis])

    def at(self, u: Float64, v: Float64) -> Float32:
        c, s = self._half(u, v)
        return np.asarray((s + s) * (np.float32(self.cosine) * c - np.float32(self.sine) * s))

    def slopes(self, u: Float64, v: Float64) -> tuple[Slope, Slope]:
        c, s = (a.astype(np.float64) for a in self._half(u, v))
        slope = self.cosine * (1 - 2 * s * s) - self.sine * (2 * s * c)
        slope *= 4 * math.pi * self.half_turns
        return (slope, 0.0) if self.axis == 0 else (0.0, slope)
