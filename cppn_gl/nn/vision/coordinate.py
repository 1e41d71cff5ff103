"""A picture as the output of a coordinate network, whose weights gradient ascent changes
(Mordvintsev, Pezzotti, Schubert, Olah: "Differentiable Image Parameterizations", Distill 2018).

    Recipe -> drawn weights -> a Network of x and y -> the picture at any size
    gradient of the picture -> back through the layers -> gradient of the weights -> Adam

What grows is a function of the plane: it is drawn at any size and zoom, like any other network.
Products are those of the native library where it is, whose bits depend neither on threads nor on
the machine: sums over pixels are made in float64, by CHUNK pixels, in their order.
"""

from functools import cached_property

import numpy as np

from cppn_gl.nn.features import Clock
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network
from cppn_gl.nn.training.gradients import activated, slopes
from cppn_gl.nn.training.optimizers import OPTIMIZERS
from cppn_gl.nn.training.pictures import pixel_centers
from cppn_gl.nn.vision.fourier import COLORS, mixed
from cppn_gl.nn.vision.parametrisation import State
from cppn_gl.nn.vision.recipe import RATES, Recipe
from cppn_gl.utils import native
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.threads import shared_out

CHUNK = 512  # pixels of a sum
SHARE = 4096  # pixels of a piece of a thread's work
EXTENT = 3**0.5  # half the picture's shorter side, in input units: x and y have variance 1
INPUTS = "x", "y"
OUTPUT = "sigmoid"
BIAS = 0.1  # standard deviation of the biases


class Coordinate:
    """A Parametrisation: the weights and biases of a dense network, changed by Adam."""

    def __init__(self, recipe: Recipe, size: tuple[int, int]):
        self._size = size
        self._rate = recipe.rate or RATES["network"]
        self._drawn = Network.random(
            depth=recipe.network_depth,
            width=recipe.network_width,
            inputs=INPUTS,
            activation=recipe.network_activation,
            output_activation=OUTPUT,
            init="lecun_normal",
            weight_scale=recipe.network_scale,
            bias_scale=BIAS,
            seed=recipe.seed,
        )
        shapes = [layer.weight.shape for layer in self._drawn.layers]
        self._names = [layer.activation for layer in self._drawn.layers]
        self._shapes = [(rows, columns) for rows, columns in shapes]

    def size(self, step: int) -> tuple[int, int]:
        return self._size

    def shapes(self, step: int) -> list[tuple[int, ...]]:
        return [(sum(rows * (columns + 1) for rows, columns in self._shapes),)] * 3

    def reset(self) -> State:
        parts = [np.column_stack([one.weight, one.bias]).ravel() for one in self._drawn.layers]
        weights = np.concatenate(parts)
        still = np.zeros_like(weights)
        return State(0, (weights, still, still))

    def network(self, state: State) -> Network:
        """The network of a state, to be drawn at any size around the origin, extent EXTENT."""
        parts = self._split(state.arrays[0])
        layers = [
            Layer(part[:, :-1], part[:, -1], name)
            for part, name in zip(parts, self._names, strict=True)
        ]
        return Network(layers, INPUTS)

    def picture(self, state: State) -> Float32:
        *_, (_, units) = self._forward(state)
        return np.ascontiguousarray(units.T).reshape(3, *self._size)

    def ascended(self, state: State, gradient: Float32, value: float) -> State:
        step = state.step
        weights, moments = state.arrays[0].copy(), np.stack(state.arrays[1:])
        found = self.pulled(state, gradient)
        OPTIMIZERS["adam"].update(weights, -found, moments, self._rate, step)
        return State(step + 1, (weights, *moments), value)

    def pulled(self, state: State, gradient: Float32) -> Float32:
        """The gradient of the weights from that of the picture."""
        passed = self._forward(state)
        parts = self._split(state.arrays[0])
        found: list[Float32] = []
        d = np.ascontiguousarray(gradient.reshape(3, -1).T)
        for k in range(len(parts) - 1, -1, -1):
            pre, _ = passed[k]
            d = np.asarray(d * slopes(self._names[k], pre), np.float32)
            below = self._features if k == 0 else passed[k - 1][1]
            found.append(_outer(d, below).ravel())
            if k:
                d = _dense(np.ascontiguousarray(parts[k][:, :-1].T), None, d)
        found[0] = mixed(found[0].reshape(3, -1), COLORS.T).ravel()
        return np.concatenate(found[::-1])

    def _forward(self, state: State) -> list[tuple[Float32, Float32]]:
        """The pre-activations and the units of each layer, (pixels, units) each."""
        y, found = self._features, []
        for part, name in zip(self._split(state.arrays[0]), self._names, strict=True):
            z = _dense(np.ascontiguousarray(part[:, :-1]), part[:, -1], y)
            y = activated(name, z)
            found.append((z, y))
        return found

    def _split(self, flat: Float32) -> list[Float32]:
        """The weights of each layer, with the biases as the last column.

        The last layer's are of decorrelated colours: see fourier.py.
        """
        ends = np.cumsum([rows * (columns + 1) for rows, columns in self._shapes])
        parts = np.split(flat, ends[:-1])
        found = [p.reshape(rows, -1) for p, (rows, _) in zip(parts, self._shapes, strict=True)]
        found[-1] = mixed(found[-1], COLORS)
        return found

    @cached_property
    def _features(self) -> Float32:
        """The inputs of the network at the pixels, in reading order: (pixels, inputs)."""
        rows, columns = self._size
        x, y = pixel_centers(columns, rows, EXTENT)
        return np.ascontiguousarray(self._drawn.features(x, y, Clock()), np.float32)


def _dense(weight: Float32, bias: Float32 | None, y: Float32) -> Float32:
    """W y + b of units (pixels, columns): (pixels, rows)."""
    library = native.library()
    if library is None:
        z = y @ weight.T
        return z if bias is None else z + bias
    layer = library.dense_layer(weight, bias, "identity")
    out = np.empty((len(y), len(weight)), np.float32)

    def some(start: int) -> None:
        library.dense(layer, y[start : start + SHARE], out[start : start + SHARE])

    shared_out(some, range(0, len(y), SHARE))
    return out


def _outer(d: Float32, y: Float32) -> Float32:
    """The sums over pixels of d yᵀ, and of d as the last column: (rows, columns + 1)."""
    library, starts = native.library(), range(0, len(d), CHUNK)
    found = np.empty((len(starts), d.shape[1], y.shape[1] + 1))

    def some(number: int) -> None:
        pixels = slice(starts[number], starts[number] + CHUNK)
        left = np.ascontiguousarray(d[pixels].T, np.float64)
        right = np.ones((y.shape[1] + 1, left.shape[1]))
        right[:-1] = y[pixels].T
        found[number] = left @ right.T if library is None else library.dense64(right, left)

    shared_out(some, range(len(starts)))
    return np.asarray(np.add.reduce(found), np.float32)
