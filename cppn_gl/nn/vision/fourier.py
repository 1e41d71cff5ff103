"""A picture as waves in decorrelated colours (Olah, Mordvintsev, Schubert: "Feature Visualization",
Distill 2017; the numbers are those of their library lucid).

    waves (3, rows, columns // 2 + 1, 2) / frequency -> inverse transform -> colours -> sigmoid

In that basis steepest ascent treats all scales and colours alike, as photographs have them: 1/f,
and with most of the variance in brightness. In pixels it makes fine patterns of loud colours.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.training.optimizers import OPTIMIZERS
from cppn_gl.nn.vision.parametrisation import State, frequencies, noise
from cppn_gl.nn.vision.recipe import RATES, Recipe
from cppn_gl.nn.vision.robust import faded
from cppn_gl.utils.arrays import Float32

# The root of the correlation matrix of colours in ImageNet's photographs.
COLORS = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
COLORS /= np.sqrt((COLORS**2).sum(0)).max()
BACK = np.linalg.inv(COLORS)
DEVIATION = 0.01  # of the waves at step 0
GAIN = 0.25  # of the picture before the sigmoid
MIDDLE = 1 / 16  # cycles a pixel of waves whose strength no smoothness changes
DARKEST = 0.02  # of a picture to begin from: a sigmoid reaches neither 0 nor 1


class Fourier:
    """The waves of a picture of (rows, columns), changed by Adam; a `first` picture or noise."""

    def __init__(self, recipe: Recipe, size: tuple[int, int], first: Float32 | None = None):
        self._recipe, self._size, self._first = recipe, size, first
        self._rate = recipe.rate or RATES["fourier"]
        rows, columns = size
        slope = (MIDDLE / frequencies(size)) ** recipe.smoothness / MIDDLE
        self._strength = (GAIN * math.sqrt(rows * columns) * slope).astype(np.float32)
        # Waves that have no conjugate in the half that is stored count once, the others twice.
        once = np.full(columns // 2 + 1, 2.0, np.float32)
        once[0] = 1
        if columns % 2 == 0:
            once[-1] = 1
        self._back = self._strength * (once / np.float32(rows * columns))

    def size(self, step: int) -> tuple[int, int]:
        return self._size

    def network(self, state: State) -> None:
        return None

    def shapes(self, step: int) -> list[tuple[int, ...]]:
        return [(3, *self._strength.shape, 2)] * 3

    def reset(self) -> State:
        shape = (3, *self._strength.shape)
        if self._first is None:
            waves = noise(self._recipe.seed, (6, *shape[1:])) * np.float32(DEVIATION)
            waves = np.stack([waves[:3], waves[3:]], axis=-1)
        else:
            values = np.clip(self._first.astype(np.float64), DARKEST, 1 - DARKEST)
            plain = mixed(np.log(values / (1 - values)), BACK)
            waves = _split(np.fft.rfft2(plain) / self._strength)
        still = np.zeros_like(waves)
        return State(0, (waves, still, still))

    def picture(self, state: State) -> Float32:
        found = 1 / (1 + np.exp(-mixed(self._plain(state), COLORS)))
        return np.asarray(found, np.float32)

    def _plain(self, state: State) -> Float32:
        """The picture in decorrelated colours, before the sigmoid."""
        waves = state.arrays[0].view(np.complex64)[..., 0]
        return np.fft.irfft2(waves * self._strength, self._size).astype(np.float32)

    def pulled(self, state: State, gradient: Float32) -> Float32:
        """The gradient of the waves from that of the picture."""
        picture = self.picture(state)
        plain = mixed(gradient * picture * (1 - picture), COLORS.T)
        return _split(np.fft.rfft2(plain) * self._back)

    def ascended(self, state: State, gradient: Float32, value: float) -> State:
        recipe, step = self._recipe, state.step
        waves, moments = state.arrays[0].copy(), np.stack(state.arrays[1:])
        adam = OPTIMIZERS["adam"].update
        adam(waves, -self.pulled(state, gradient), moments, self._rate, step)
        waves *= np.float32(1 - faded(recipe.decay, step, recipe.fade))
        return State(step + 1, (waves, *moments), value)


def mixed(picture: NDArray[Any], matrix: NDArray[np.float64]) -> Float32:
    """Planes (3, …) times a matrix; by sums, whose bits depend on no threads."""
    rows = matrix.astype(np.float32)
    planes = [sum(f * p for f, p in zip(row, picture, strict=True)) for row in rows]
    return np.asarray(planes, np.float32)


def _split(waves: NDArray[Any]) -> Float32:
    """Complex numbers as pairs of real and imaginary parts."""
    return np.ascontiguousarray(np.stack([waves.real, waves.imag], axis=-1), np.float32)
