"""What makes synthesised pictures robust: random shifts, scales and rotations, and blurs.

    seed, step -> move_of() -> Move;  moved(picture, move) -> the network's input
                                      returned(gradient, move) -> the gradient of the picture
    blurred(gradient, sigma)

Without them gradient ascent finds fine patterns that excite a network at one place only. Pictures
(3, rows, columns) are periodic: what leaves at one side enters at the other.
"""

import functools
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.draws import SYNTHESIS_MOVE, uniform, words
from cppn_gl.utils.arrays import Float32


class Move(NamedTuple):
    """A shift in pixels (rows, columns), a factor on the scale, and an angle in radians."""

    down: float = 0.0
    right: float = 0.0
    scale: float = 1.0
    angle: float = 0.0

    @property
    def shifts(self) -> bool:
        """Whether it only shifts, by whole pixels."""
        whole = self.down == round(self.down) and self.right == round(self.right)
        return whole and self.scale == 1 and self.angle == 0


def move_of(seed: int, step: int, jitter: float, scale: float, rotation: float) -> Move:
    """The move of a step, of at most `jitter` pixels, by a part `scale`, by `rotation` degrees."""
    draws = uniform(words(seed, step, SYNTHESIS_MOVE, 1, 4))[0].tolist()
    down, right = (float(round(jitter * draw)) for draw in draws[:2])
    return Move(down, right, 1 + scale * draws[2], math.radians(rotation * draws[3]))


def moved(picture: Float32, move: Move) -> Float32:
    """A picture shifted, scaled about its middle and rotated, bilinearly."""
    if move.shifts:
        return np.roll(picture, (int(move.down), int(move.right)), (-2, -1))
    corners, parts = _taps(picture.shape[-2:], move)
    flat = picture.reshape(len(picture), -1)
    found = sum(flat[:, at] * part for at, part in zip(corners, parts, strict=True))
    return np.asarray(found, np.float32).reshape(picture.shape)


def returned(gradient: Float32, move: Move) -> Float32:
    """The gradient of the picture from that of the moved one: the transpose of `moved`."""
    if move.shifts:
        return np.roll(gradient, (-int(move.down), -int(move.right)), (-2, -1))
    corners, parts = _taps(gradient.shape[-2:], move)
    at = np.concatenate(corners)
    found = np.empty(gradient.shape, np.float32)
    for plane, into in zip(gradient.reshape(len(gradient), -1), found, strict=True):
        weights = np.concatenate([plane * part for part in parts])
        into[:] = np.bincount(at, weights, into.size).reshape(into.shape)
    return found


@functools.lru_cache(maxsize=1)
def _taps(shape: tuple[int, int], move: Move) -> tuple[list[NDArray[np.intp]], list[Float32]]:
    """The four pixels around the place that each moved pixel is taken from, and their parts."""
    rows, columns = shape
    y, x = (np.arange(n) + 0.5 - n / 2 for n in shape)
    cos, sin = (f(move.angle) / move.scale for f in (math.cos, math.sin))
    down = (y[:, None] - move.down) * cos - (x - move.right) * sin + rows / 2 - 0.5
    across = (y[:, None] - move.down) * sin + (x - move.right) * cos + columns / 2 - 0.5
    top, left = np.floor(down), np.floor(across)
    below, beside = (down - top).ravel(), (across - left).ravel()
    above, right_of = top.astype(np.intp).ravel(), left.astype(np.intp).ravel()
    corners, parts = [], []
    for i, vertical in ((0, 1 - below), (1, below)):
        for j, horizontal in ((0, 1 - beside), (1, beside)):
            corners.append((above + i) % rows * columns + (right_of + j) % columns)
            parts.append((vertical * horizontal).astype(np.float32))
    return corners, parts


def blurred(picture: Float32, sigma: float) -> Float32:
    """A periodic picture under a Gaussian of standard deviation `sigma` pixels."""
    if not sigma:
        return picture
    rows, columns = picture.shape[-2:]
    y, x = np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns)
    pass_ = np.exp(-2 * (math.pi * sigma) ** 2 * (x * x + y * y)).astype(np.float32)
    found = np.fft.irfft2(np.fft.rfft2(picture) * pass_, (rows, columns))
    return found.astype(np.float32)


def faded(value: float, step: int, fade: int) -> float:
    """A value that is halved every `fade` steps; 0: constant."""
    return float(value * 0.5 ** (step / fade)) if fade else value
