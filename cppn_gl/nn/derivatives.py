"""Forward mode in NumPy: a network's outputs and their derivatives; the judge, in float64.

    x, y -> at_points() -> layers() -> values and derivatives by x and y
    u, v -> Places      -> layers() -> the same by local coordinates, with the view folded in

All goes through arrays of three planes, (3, N, k): values of k units at N points, and their
derivatives to the right and up. What is linear in a network acts on the three alike; biases are for
the values alone, and an activation follows the chain rule. dual.glsl is the twin in the shaders.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.cpu.products import Products
from cppn_gl.engines.gl.packing import first_layer
from cppn_gl.nn.activations import ACTIVATIONS, activate, derivative
from cppn_gl.nn.features import Clock, features
from cppn_gl.nn.network import MAX_WIDTH, Network
from cppn_gl.preset.preset import View

Jets = NDArray[Any]  # (3, N, k): values, derivatives to the right, and up


def at_points(
    network: Network, x: Any, y: Any, clock: Clock | None = None, dtype: Any = np.float64
) -> Jets:
    """The outputs at points x, y (each of shape (N,)), and their derivatives by x and by y.

    With `dtype=float32` the sums of layer 1 are rounded once, as in `Network.evaluate`.
    """
    return outputs(network, first_sums(network, x, y, clock).astype(dtype))


def first_sums(network: Network, x: Any, y: Any, clock: Clock | None = None) -> Jets:
    """The sums of layer 1 at points, in float64."""
    x, y = (np.asarray(a, np.float64) for a in (x, y))
    clock = clock or Clock()
    inputs = np.zeros((3, len(x), len(network.inputs)))
    inputs[0] = features(network.inputs, x, y, clock, network.latent)
    r = np.maximum(np.hypot(x, y), 1e-300)  # no direction at the origin: 0 there
    slopes: dict[str, tuple[Any, Any]] = {"x": (1, 0), "y": (0, 1), "r": (x / r, y / r)}
    for column, name in enumerate(network.inputs):
        inputs[1, :, column], inputs[2, :, column] = slopes.get(name, (0, 0))
    layer = network.layers[0]
    return _sums(inputs, layer.weight.astype(np.float64), layer.bias.astype(np.float64))


def layers(network: Network, sums: Jets) -> Iterator[tuple[int, Jets, Jets]]:
    """From the sums of layer 1 through the network, in their precision.

    Gives each layer's number from 0, its sums, and its units: the last are the outputs.
    """
    units = sums
    for number, layer in enumerate(network.layers):
        if number > 0:
            sums = _sums(units, layer.weight.astype(sums.dtype), layer.bias.astype(sums.dtype))
        units = chained(layer.activation, sums)
        yield number, sums, units


def outputs(network: Network, sums: Jets) -> Jets:
    """The outputs, from the sums of layer 1."""
    *_, (_, _, units) = layers(network, sums)
    return units


def _sums(units: Jets, weight: NDArray[Any], bias: NDArray[Any]) -> Jets:
    with np.errstate(all="ignore"):
        flat = units.reshape(-1, units.shape[2]) @ weight.T  # one product for the three
        sums = np.asarray(flat.reshape(3, units.shape[1], len(weight)))
        sums[0] += bias
    return sums


def chained(activation: str, sums: Jets) -> Jets:
    """Units from sums: the activation's value, and its derivative times theirs."""
    units = np.empty_like(sums)
    units[0] = activate(activation, sums[0])
    with np.errstate(all="ignore"):
        np.multiply(derivative(activation, sums[0]), sums[1:], out=units[1:])
    return units


class Places:
    """Layer 1 at a view and a time, in float32 and local coordinates: a deep zoom stays sharp.

    u runs to the right and v up, and the shorter side of the picture spans [-1, 1].
    """

    def __init__(self, network: Network, view: View, clock: Clock):
        self._products, self._view = Products(network, view, clock), view
        fold = first_layer(network, view.center, view.extent, clock)
        self._radius = "r" in network.inputs
        self._fold = fold[: len(network.drawn[0].bias)]

    def first_sums(self, pixels: NDArray[np.integer], size: tuple[int, int]) -> Jets:
        """The sums of layer 1 at pixels of a picture, by their number in reading order."""
        places = self._products.places(pixels, size[0], size=size)
        jets = np.zeros((3, len(pixels), 4 if self._radius else 3), np.float32)
        jets[0] = places
        jets[1, :, 0] = jets[2, :, 1] = 1
        if self._radius:
            u, v = places[:, 0].astype(np.float64), places[:, 1].astype(np.float64)
            center, extent = self._view.center, self._view.extent
            x, y = center[0] + extent * u, center[1] + extent * v
            r = np.maximum(np.hypot(x, y), 1e-30)
            jets[1, :, 3], jets[2, :, 3] = extent * x / r, extent * y / r
        with np.errstate(all="ignore"):
            return np.asarray(jets @ self._fold[:, : jets.shape[2]].T)


def kinked_layers(network: Network) -> list[int]:
    """The numbers, from 0, of the hidden layers that bend the network along lines."""
    hidden = enumerate(network.drawn[:-1])
    return [n for n, layer in hidden if ACTIVATIONS[layer.activation].kinked]


def pattern_hash(number: int, signs: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """The part of layer `number` (from 0) in the hash of points' regions: (N, rows) to (N,).

    A region's hash is the exclusive or of these over all kinked layers, where `signs` are whether
    sums are positive. The keys are murmur3's finalizer of the unit's number.
    """
    rows = np.arange(signs.shape[1], dtype=np.uint32)
    key = (np.uint32(number * MAX_WIDTH + 1) + rows) * np.uint32(0x9E3779B9)
    key = (key ^ (key >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    key = (key ^ (key >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    key ^= key >> np.uint32(16)
    return np.asarray(np.bitwise_xor.reduce(np.where(signs, key, np.uint32(0)), axis=1), np.uint32)
