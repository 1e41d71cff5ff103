"""Spherical interpolation between random draws: one network turns into another at constant speed.

All numbers that a seed draws (weights, biases, latent constants) form one vector. Between vectors a
and b, at a fraction s of the angle between them, the interpolated vector is

    w(s) = |w|(s) · (sin((1-s) angle) · a / |a|  +  sin(s angle) · b / |b|) / sin(angle)

where |w|(s) is linear between |a| and |b| (Shoemake, "Animating rotation with quaternion curves",
1985). The draws of two seeds are almost orthogonal, so on a straight line weights would be smaller
by √2 half way. Normal draws stay normal throughout; uniform draws keep their variance, but half way
their distribution is triangular on ±√2.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn import draws
from cppn_gl.utils.elementary import arctangent, cosine, sine

MIN_SINE = 1e-6  # of the angle; below it the interpolation is linear


@dataclass(frozen=True)
class DrawLayout:
    """Which numbers a seed draws: shapes (rows, columns) of the layers, how many latents."""

    shapes: tuple[tuple[int, ...], ...]
    latents: int
    distribution: str

    @property
    def count(self) -> int:
        return sum(rows * (columns + 1) for rows, columns in self.shapes) + self.latents

    def arrays(self, seed: int) -> list[NDArray[np.float32]]:
        """The draws of a seed: weight and bias of each layer, then the latent constants."""
        drawn: list[NDArray[np.float32]] = []
        for layer in range(1, len(self.shapes) + 1):
            drawn += self.layer(seed, layer)
        drawn.append(draws.draw_row(seed, 0, draws.LATENT, self.latents, "uniform"))
        return drawn

    def layer(self, seed: int, layer: int) -> list[NDArray[np.float32]]:
        """Weight and bias of layer `layer`, from 1."""
        rows, columns = self.shapes[layer - 1]
        weight = draws.draw(seed, layer, draws.WEIGHT, rows, columns, self.distribution)
        return [weight, draws.draw_row(seed, layer, draws.BIAS, rows, self.distribution)]


@dataclass(frozen=True)
class Arc:
    """The lengths of two vectors and the angle between them, in radians."""

    start: float
    end: float
    angle: float

    @property
    def chord(self) -> float:
        """The Euclidean distance between the two."""
        squares = self.start**2 + self.end**2 - 2 * self.start * self.end * cosine(self.angle)
        return math.sqrt(max(squares, 0.0))

    def factors(self, fraction: float) -> tuple[float, float]:
        """Factors on the two vectors at a fraction of the angle: (1, 0) at 0, (0, 1) at 1."""
        whole = sine(self.angle)
        if whole < MIN_SINE or self.start == 0 or self.end == 0:
            return 1 - fraction, fraction
        length = (1 - fraction) * self.start + fraction * self.end
        one = sine((1 - fraction) * self.angle) / whole
        other = sine(fraction * self.angle) / whole
        return one * (length / self.start), other * (length / self.end)


@lru_cache(maxsize=256)
def arc(layout: DrawLayout, seed: int, other: int) -> Arc:
    """The arc between the draws of two seeds."""
    return between(layout.arrays(seed), layout.arrays(other))


def between(a: Sequence[NDArray[Any]], b: Sequence[NDArray[Any]]) -> Arc:
    """The arc between two vectors, each given as several arrays."""
    start, end = (math.sqrt(_total(map(_dot, vector, vector))) for vector in (a, b))
    if start == 0 or end == 0:
        return Arc(start, end, 0.0)
    # 2 arctangent(|a' - b'|, |a' + b'|) of unit vectors a', b' is accurate for small angles too.
    pairs = [(x.astype(float) / start, y.astype(float) / end) for x, y in zip(a, b, strict=True)]
    apart = math.sqrt(_total(_dot(x - y, x - y) for x, y in pairs))
    along = math.sqrt(_total(_dot(x + y, x + y) for x, y in pairs))
    return Arc(start, end, 2 * arctangent(apart, along))


def _dot(a: NDArray[Any], b: NDArray[Any]) -> float:
    x, y = a.astype(np.float64, copy=False).ravel(), b.astype(np.float64, copy=False).ravel()
    return float((x * y).sum())  # in a fixed order, unlike BLAS


def _total(values: Iterable[float]) -> float:
    """The sum in order; Python's own rounds in another way since 3.12."""
    total = 0.0
    for value in values:
        total += value
    return total


def blended(
    layout: DrawLayout, seed: int, other: int, fraction: float
) -> list[NDArray[np.float32]]:
    """`DrawLayout.arrays`, interpolated from one seed to another; read-only."""
    factors = arc(layout, seed, other).factors(fraction)
    return _mixed(layout.arrays(seed), layout.arrays(other), factors)


def blended_layer(
    layout: DrawLayout, seed: int, other: int, fraction: float, layer: int
) -> list[NDArray[np.float32]]:
    """The weight and bias of layer `layer`, from 1, as `blended` gives them."""
    factors = arc(layout, seed, other).factors(fraction)
    return _mixed(layout.layer(seed, layer), layout.layer(other, layer), factors)


def _mixed(
    start: list[NDArray[np.float32]], end: list[NDArray[np.float32]], factors: tuple[float, float]
) -> list[NDArray[np.float32]]:
    one, two = factors
    arrays = []
    for a, b in zip(start, end, strict=True):
        mixed = (a * np.float64(one) + b * np.float64(two)).astype(np.float32)
        mixed.flags.writeable = False
        arrays.append(mixed)
    return arrays
