"""Forward-mode differentiation in NumPy: a network's outputs and their spatial derivatives.

    x, y -> at_points() -> layers() -> values and derivatives by x and y

Arrays are (3, N, k): the values of k units at N points, and their derivatives by x and y. Weights
act on all three alike, biases on the values alone, activations by the chain rule. In float64 this
is the reference for dual.glsl, its counterpart in the shaders.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.activations import ACTIVATIONS, activate, derivative
from cppn_gl.nn.features import Clock, channel, of_image, wave
from cppn_gl.nn.layers import MAX_WIDTH, SOURCE, Node, Operation
from cppn_gl.nn.network import Network
from cppn_gl.utils.elementary import sines

Jets = NDArray[Any]  # (3, N, k): values, derivatives by x, derivatives by y


def at_points(
    network: Network, x: Any, y: Any, clock: Clock | None = None, dtype: Any = np.float64
) -> Jets:
    """The outputs at points x, y, (N,) each, and their derivatives.

    With `dtype=float32` the pre-activations of layer 1 are rounded once, as in `Network.evaluate`.
    """
    return outputs(network, first_pre_activations(network, x, y, clock).astype(dtype))


def first_pre_activations(network: Network, x: Any, y: Any, clock: Clock | None = None) -> Jets:
    """The pre-activations of layer 1 at points x, y, (N,) each, in float64."""
    return _pre_activations(network.effective(0), feature_jets(network, x, y, clock))


def feature_jets(network: Network, x: Any, y: Any, clock: Clock | None = None) -> Jets:
    """The input features at points x, y, (N,) each, and their derivatives, in float64."""
    x, y = (np.asarray(a, np.float64) for a in (x, y))
    clock = clock or Clock()
    inputs = np.zeros((3, len(x), len(network.inputs)))
    inputs[0] = network.features(x, y, clock)
    r = np.maximum(np.hypot(x, y), 1e-300)  # r has no direction at the origin: 0 there
    slopes: dict[str, tuple[Any, Any]] = {
        "x": (1, 0),
        "y": (0, 1),
        "r": (x / r, y / r),
        "x2": (2 * x, 0),
        "y2": (0, 2 * y),
        "xy": (y, x),
    }
    if network.image is not None:
        by_x, by_y = network.image.slopes(x, y)
        slopes |= {n: (channel(n, by_x), channel(n, by_y)) for n in of_image(network.inputs)}
    for column, name in enumerate(network.inputs):
        periodic = wave(name)
        if periodic is not None:
            turns = periodic.turns((x, y)[periodic.axis], network.period)
            steep = 2 * np.pi * periodic.harmonic / network.period
            inputs[1 + periodic.axis, :, column] = steep * sines(turns, periodic.quarter + 1)
        else:
            inputs[1, :, column], inputs[2, :, column] = slopes.get(name, (0, 0))
    return inputs


def layers(network: Network, pre: Jets) -> Iterator[tuple[int, Jets, Jets]]:
    """The forward pass from the pre-activations of layer 1, in their precision.

    Yields each layer's index, its pre-activations and its units; the last units are the outputs.
    """

    def step(node: Node, units: Jets) -> tuple[Jets, Jets]:
        first = node.inputs == (SOURCE,)
        before = pre if first else _pre_activations(node.layer, units)
        return before, chained(node.activation, before)

    walk = network.walk(pre, pre.dtype, step=step)
    return ((number, before, units) for number, (_, before, units) in enumerate(walk))


def outputs(network: Network, pre: Jets) -> Jets:
    """The outputs, from the pre-activations of layer 1."""
    *_, (_, _, units) = layers(network, pre)
    return units


def _pre_activations(layer: Operation, units: Jets) -> Jets:
    """Pre-activations and their derivatives: biases do not act on the latter."""
    with np.errstate(all="ignore"):
        flat = layer.tangent((), (units[1:].reshape(-1, units.shape[2]),))
        slopes = flat.reshape(2, units.shape[1], -1)
        return np.concatenate([layer.pre_activation(units[0])[None], slopes])


def chained(activation: str, pre: Jets) -> Jets:
    """Units from pre-activations, by the chain rule."""
    units = np.empty_like(pre)
    units[0] = activate(activation, pre[0])
    with np.errstate(all="ignore"):
        np.multiply(derivative(activation, pre[0]), pre[1:], out=units[1:])
    return units


def kinked_layers(network: Network) -> list[int]:
    """The indices of the hidden layers with kinked activations (piecewise linear, as relu)."""
    hidden = enumerate(network.drawn[:-1])
    return [n for n, layer in hidden if ACTIVATIONS[layer.activation].kinked]


def pattern_hash(number: int, signs: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Layer `number`'s (from 0) contribution to the hashes of linear regions: (N, rows) to (N,).

    `signs`: which pre-activations are positive. A region's hash is the exclusive or of these over
    all kinked layers. A unit's key is murmur3's finalizer of its number.
    """
    rows = np.arange(signs.shape[1], dtype=np.uint32)
    key = (np.uint32(number * MAX_WIDTH + 1) + rows) * np.uint32(0x9E3779B9)
    key = (key ^ (key >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    key = (key ^ (key >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    key ^= key >> np.uint32(16)
    return np.asarray(np.bitwise_xor.reduce(np.where(signs, key, np.uint32(0)), axis=1), np.uint32)
