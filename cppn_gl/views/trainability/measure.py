"""How fast a training converged, or diverged, as one number; and its colour.

    losses (steps, n) -> measure() -> (n,), below 0 where it converged -> tones() -> 0 … 1

The measure is that of Sohl-Dickstein, "The boundary of neural network trainability is fractal"
(2024, arXiv 2402.06184). With v_k = loss_k / loss_0, or 1e6 where that is larger or no number, a
training converged if the mean of its last v_k, 20 at most, is below 1. Then the measure is -Σ v_k,
larger for faster ones; else it is Σ 1 / v_k, larger for those that diverged later, in which 1 / v_k
is at most 1e6.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.colormaps import Palette, oklch
from cppn_gl.utils.elementary import logarithm

LARGEST = 1e6  # v of a training that has diverged
LAST = 20  # steps at the end that decide
COLORS = 512
FEWEST = 8  # trainings of a kind from which their quantiles are used
OUTSIDE = (0.105, 0.11, 0.125)  # where there are no hyperparameters


class Measuring:
    """The measure of n trainings, from their losses step by step."""

    def __init__(self, count: int, steps: int):
        self._first = np.zeros(count)
        self._sum, self._inverse, self._last = np.zeros((3, count))
        self._step, self._from = 0, max(0, steps - LAST)

    def add(self, losses: Float32) -> None:
        """The losses of the next steps, (m, n)."""
        with np.errstate(all="ignore"):
            for row in losses.astype(np.float64):
                if self._step == 0:
                    self._first = row
                v = np.where((row == 0) & (self._first == 0), 0, row / self._first)
                v = np.where(v <= LARGEST, v, LARGEST)  # NaN is not
                self._sum += v
                self._inverse += 1 / np.maximum(v, 1 / LARGEST)
                if self._step >= self._from:
                    self._last += v
                self._step += 1

    def found(self) -> Float64:
        """The measure, (n,)."""
        return judged(self._sum, self._inverse, self._last, self._step)


def judged(total: Float64, inverse: Float64, last: Float64, steps: int) -> Float64:
    """The measure, (n,), from the sums of v, of 1 / v, and of the last LAST of `steps` v."""
    return np.where(last < min(LAST, steps), -total, inverse)


def measure(losses: Float32) -> Float64:
    """The measure of trainings, (n,), from the losses before each of their steps, (steps, n)."""
    measuring = Measuring(losses.shape[1], len(losses))
    measuring.add(losses)
    return measuring.found()


def diverged_at(losses: Sequence[float]) -> int | None:
    """The first step whose loss is more than LARGEST times the first one, or no number."""
    for step, loss in enumerate(losses):
        if not (math.isfinite(loss) and loss <= LARGEST * losses[0]):
            return step
    return None


@dataclass(frozen=True, eq=False)
class Tones:
    """How bright measures are: by their quantiles in the whole picture, or by themselves.

    Pairs (measures, ascending; their places, 0 … 1) of those that converged and that diverged;
    None where there are too few: then by the measure itself.
    """

    steps: int
    converged: tuple[Float64, Float64] | None = None
    diverged: tuple[Float64, Float64] | None = None

    @classmethod
    def of(cls, steps: int, found: Float64) -> "Tones":
        """From the measures of trainings all over the picture."""
        return cls(steps, _quantiles(found[found < 0]), _quantiles(found[found >= 0]))

    def of_converged(self, found: Float64) -> Float64:
        """From 0, slow, to 1, fast."""
        if self.converged is not None:
            return np.interp(found, *self.converged)
        return 1 - np.sqrt(np.clip(-found / self.steps, 0, 1))

    def of_diverged(self, found: Float64) -> Float64:
        """From 0, at once, to 1, late."""
        if self.diverged is not None:
            return np.interp(found, *self.diverged)
        most = max(2, self.steps)
        marks = np.linspace(0, 1, 65)
        powers = np.array([1 + (most - 1) * t * t for t in marks])
        places = np.array([logarithm(p) for p in powers.tolist()]) / logarithm(float(most))
        return np.interp(found, powers, places)


def _quantiles(found: Float64) -> tuple[Float64, Float64] | None:
    """The distinct values and their mean ranks, from 0 to 1; None for too few."""
    values, counts = np.unique(found, return_counts=True)
    if len(found) < FEWEST or len(values) < 2:
        return None
    ranks = np.searchsorted(np.sort(found), values) + (counts - 1) / 2
    return values, ranks / (len(found) - 1)


@cache
def converged_colors() -> Palette:
    """From nearly black through blue and teal to pale cyan: ascending lightness."""
    t = np.linspace(0, 1, COLORS)
    hue = np.interp(t, [0, 0.35, 0.7, 1], [285, 255, 215, 190])
    chroma = np.interp(t, [0, 0.3, 0.65, 1], [0.04, 0.115, 0.115, 0.055])
    return _kept(oklch(0.16 + 0.80 * t, chroma, hue))


@cache
def diverged_colors() -> Palette:
    """From nearly black through wine red and orange to pale yellow: ascending lightness."""
    t = np.linspace(0, 1, COLORS)
    hue = np.interp(t, [0, 0.35, 0.7, 1], [5, 25, 55, 92])
    chroma = np.interp(t, [0, 0.3, 0.65, 1], [0.04, 0.135, 0.155, 0.10])
    return _kept(oklch(0.14 + 0.80 * t, chroma, hue))


def _kept(colors: Palette) -> Palette:
    colors.flags.writeable = False
    return colors


def colored(found: Float64, tones: Tones) -> Float32:
    """The colours (…, 3) of measures; those that are no number have none: OUTSIDE."""
    picture = np.empty((*found.shape, 3), np.float32)
    picture[...] = OUTSIDE
    for which, place, colors in (
        (found < 0, tones.of_converged, converged_colors()),
        (found >= 0, tones.of_diverged, diverged_colors()),
    ):
        picture[which] = _looked_up(place(found[which]), colors)
    return picture


def _looked_up(places: Float64, colors: Palette) -> Any:
    at = np.clip(places, 0, 1) * (len(colors) - 1)
    below = np.minimum(at.astype(np.int64), len(colors) - 2)
    part = (at - below).astype(np.float32)[:, None]
    return colors[below] * (1 - part) + colors[below + 1] * part
