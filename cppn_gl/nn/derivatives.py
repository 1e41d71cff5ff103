"""Forward mode in NumPy: a network's outputs and their derivatives; the judge, in float64.

    x, y -> at_points() -> layers() -> values and derivatives by x and y

All goes through arrays of three planes, (3, N, k): values of k units at N points, and their
derivatives to the right and up. What is linear in a network acts on the three alike; biases are for
the values alone, and an activation follows the chain rule. dual.glsl is the twin in the shaders.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.activations import ACTIVATIONS, activate, derivative
from cppn_gl.nn.features import Clock, features
from cppn_gl.nn.layers import MAX_WIDTH, SOURCE, Node, Operation
from cppn_gl.nn.network import Network

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
    return _sums(network.effective(0), inputs)


def layers(network: Network, sums: Jets) -> Iterator[tuple[int, Jets, Jets]]:
    """From the pre-activations of layer 1 through the network, in their precision.

    Gives each layer's number from 0, its pre-activations, and its units: the last are the outputs.
    """

    def step(node: Node, units: Jets) -> tuple[Jets, Jets]:
        first = node.inputs == (SOURCE,)
        before = sums if first else _sums(node.layer, units)
        return before, chained(node.activation, before)

    walk = network.walk(sums, sums.dtype, step=step)
    return ((number, before, units) for number, (_, before, units) in enumerate(walk))


def outputs(network: Network, sums: Jets) -> Jets:
    """The outputs, from the sums of layer 1."""
    *_, (_, _, units) = layers(network, sums)
    return units


def _sums(layer: Operation, units: Jets) -> Jets:
    """Pre-activations of values and derivatives: a layer is linear but for its biases."""
    with np.errstate(all="ignore"):
        flat = layer.tangent(units[1:].reshape(-1, units.shape[2]))
        slopes = flat.reshape(2, units.shape[1], -1)
        return np.concatenate([layer.pre_activation(units[0])[None], slopes])


def chained(activation: str, sums: Jets) -> Jets:
    """Units from sums: the activation's value, and its derivative times theirs."""
    units = np.empty_like(sums)
    units[0] = activate(activation, sums[0])
    with np.errstate(all="ignore"):
        np.multiply(derivative(activation, sums[0]), sums[1:], out=units[1:])
    return units


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
