"""Random perturbation of one layer, and the change of the outputs that it causes.

    Network, layer -> perturbed() -> another Network
    Network, inputs -> changes() -> change of the outputs, for each layer perturbed, in float64

The layer's weights W and biases b become W + noise · rms · Δ, b + noise · rms · δ, where rms is the
root mean square of all its weights and biases, and Δ, δ are drawn from N(0, 1): the perturbation is
`noise` relative to the layer, whatever its size.
"""

import itertools
from typing import Any

import numpy as np

from cppn_gl.nn import draws
from cppn_gl.nn.activations import activate
from cppn_gl.nn.displayed import Displayed
from cppn_gl.nn.layers import MAX_WEIGHT, Array, Layer, Node
from cppn_gl.nn.network import Network, network_bytes
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.cache import MB, lru_cache_by_size

CACHE_LIMIT = 4 * MB


@lru_cache_by_size(CACHE_LIMIT, network_bytes)
def perturbed(network: Network, layer: int, noise: float, seed: int) -> Network:
    """The network with layer `layer`, from 1, perturbed; deterministic."""
    if isinstance(network, Displayed):
        return network.of(perturbed(network.trained, layer, noise, seed))
    changed = perturbed_layer(network, layer, noise, seed)
    drawn, scales = list(network.drawn), list(network.scales)
    drawn[layer - 1], scales[layer - 1] = changed, (1.0, 1.0)
    return network.of_layers(drawn, scales)


def perturbed_layer(network: Network, layer: int, noise: float, seed: int) -> Layer:
    """Layer `layer`, from 1, perturbed; a narrower layer gets the corner of the same draws."""
    old = network.layers[layer - 1]
    weight, bias = old.weight.astype(np.float64), old.bias.astype(np.float64)
    count = weight.size + bias.size
    size = noise * np.sqrt((np.square(weight).sum() + np.square(bias).sum()) / count)
    rows, columns = weight.shape
    weight += size * draws.draw(seed, layer, draws.NOISE_WEIGHT, rows, columns, "normal")
    bias += size * draws.draw_row(seed, layer, draws.NOISE_BIAS, len(bias), "normal")
    limits = -MAX_WEIGHT, MAX_WEIGHT
    return Layer(np.clip(weight, *limits), np.clip(bias, *limits), old.activation)


def changes(network: Network, inputs: Any, noise: float, seed: int) -> Float64:
    """Outputs with each layer perturbed in turn, minus the outputs: (depth, N, outputs)."""
    numbers = itertools.count(1)

    def step(node: Node, y: Float64) -> tuple[Array, Array]:
        """`y` (1 + k, N, in): the units of the network, then of each perturbed network so far."""
        other = perturbed_layer(network, next(numbers), noise, seed)
        pre = np.concatenate([node.layer.pre_activation(y), other.pre_activation(y[:1])])
        return pre, activate(node.activation, pre)

    with np.errstate(all="ignore"):
        *_, (_, _, y) = network.walk(np.asarray(inputs)[None], step=step)
        return np.asarray(y[1:] - y[0])
