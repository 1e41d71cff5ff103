"""What gradient ascent changes: the parameters of a picture. Here its pixels; see fourier.py.

Parametrisation.reset() -> State -> picture() -> (3, rows, columns), values from 0 to 1
State, gradient of the picture -> ascended() -> the State of the next step
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.draws import SYNTHESIS_NOISE, normal, words
from cppn_gl.nn.network import Network
from cppn_gl.nn.vision.recipe import RATES, Recipe
from cppn_gl.nn.vision.robust import faded
from cppn_gl.utils.arrays import Float32

GREY, CONTRAST = 0.5, 0.15  # mean and standard deviation of noise
OCTAVE = 1.4  # ratio of the sizes of two octaves


@dataclass(frozen=True, eq=False)
class State:
    """The state after `step` steps: arrays that are never changed, the parameters first.

    value: what the network said in the step that led here; NaN at step 0.
    """

    step: int
    arrays: tuple[Float32, ...]
    value: float = float("nan")

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in self.arrays)


class Parametrisation(Protocol):
    """A picture as a function of parameters. Its methods are pure: a state is not changed."""

    def reset(self) -> State:
        """The state of step 0."""

    def size(self, step: int) -> tuple[int, int]:
        """Rows and columns of the picture at a step."""

    def shapes(self, step: int) -> list[tuple[int, ...]]:
        """The shapes of a state's arrays at a step."""

    def picture(self, state: State) -> Float32:
        """The picture (3, rows, columns), red first, values from 0 to 1."""

    def ascended(self, state: State, gradient: Float32, value: float) -> State:
        """The state after a step up the gradient (3, rows, columns) of the picture."""

    def network(self, state: State) -> Network | None:
        """The coordinate network that draws the picture at any size; None if none does."""


def noise(seed: int, shape: tuple[int, ...]) -> Float32:
    """Normal numbers of a seed: (planes, rows, columns)."""
    planes, *rest = shape
    drawn = normal(words(seed, 0, SYNTHESIS_NOISE, planes, int(np.prod(rest))))
    return drawn.astype(np.float32).reshape(shape)


def first_picture(recipe: Recipe, size: tuple[int, int]) -> Float32:
    """The noise that a picture of (rows, columns) begins from: white, or alike at all scales."""
    drawn: NDArray[Any] = noise(recipe.seed, (3, *size))
    if recipe.start == "scales":
        # The noise of each octave of wavelengths has the same strength: 1/f, as in photographs.
        spectrum = np.fft.rfft2(drawn) / frequencies(size)
        spectrum[:, 0, 0] = 0
        drawn = np.fft.irfft2(spectrum, size)
        drawn /= drawn.std()
    return np.asarray(np.clip(GREY + CONTRAST * drawn, 0, 1), np.float32)


def frequencies(size: tuple[int, int]) -> NDArray[np.float64]:
    """Cycles a pixel of each wave of a real picture, at least one in its longer side."""
    rows, columns = size
    y, x = np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns)
    return np.asarray(np.maximum(np.sqrt(x * x + y * y), 1 / max(size)))


def resized(picture: Float32, size: tuple[int, int]) -> Float32:
    """A picture (3, rows, columns) at another size, bicubically."""
    from PIL import Image

    if picture.shape[-2:] == size:
        return picture
    planes = (Image.fromarray(np.ascontiguousarray(plane)) for plane in picture)
    method = Image.Resampling.BICUBIC
    return np.stack([np.asarray(plane.resize(size[::-1], method), np.float32) for plane in planes])


class Pixels:
    """The pixels themselves, as in the Wolfram example "Visualize the Insides of a Neural Network".

    A step adds the gradient, scaled so that its largest number is `rate`. With octaves, as in
    DeepDream (Mordvintsev et al. 2015), the picture is small first, and what was added to it is
    enlarged with it.
    """

    def __init__(self, recipe: Recipe, first: Float32):
        self._recipe, self._first = recipe, first
        self._rate = recipe.rate or RATES["pixels"]

    def size(self, step: int) -> tuple[int, int]:
        octaves, of = self._recipe.octaves, self._first.shape[-2:]
        left = octaves - 1 - min(step // self._recipe.octave_steps, octaves - 1)
        rows, columns = (max(8, round(side / OCTAVE**left)) for side in of)
        return rows, columns

    def shapes(self, step: int) -> list[tuple[int, ...]]:
        return [(3, *self.size(step))]

    def network(self, state: State) -> None:
        return None

    def reset(self) -> State:
        return State(0, (resized(self._first, self.size(0)),))

    def picture(self, state: State) -> Float32:
        return state.arrays[0]

    def ascended(self, state: State, gradient: Float32, value: float) -> State:
        recipe, step, (picture,) = self._recipe, state.step, state.arrays
        most = float(np.abs(gradient).max())
        found = picture + gradient * np.float32(self._rate / most if most else 0)
        kept = 1 - faded(recipe.decay, step, recipe.fade)
        found = np.clip(GREY + (found - GREY) * np.float32(kept), 0, 1)
        now, size = found.shape[-2:], self.size(step + 1)
        if now != size:
            added = found - resized(self._first, now)
            found = np.clip(resized(self._first, size) + resized(added, size), 0, 1)
        return State(step + 1, (np.asarray(found, np.float32),), value)
