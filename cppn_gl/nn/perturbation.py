"""Random perturbation of one layer, and the change of the outputs that it causes.

    Network, layer -> perturbed() -> another Network
    Network, inputs -> changes() -> change of the outputs, for each layer perturbed, in float64

The layer's weights W and biases b become W + noise · rms · Δ, b + noise · rms · δ, where rms is the
root mean square of all its weights and biases, and Δ, δ are drawn from N(0, 1): the perturbation is
`noise` relative to the layer, whatever its size.

Of a network on a grid, a layer is a stage, from 1, that has weights; kernels are perturbed in the
same way. The statistics of normalisations stay what they are.
"""

import dataclasses
import itertools
from typing import Any

import numpy as np

from cppn_gl.nn import draws
from cppn_gl.nn.activations import activate
from cppn_gl.nn.displayed import Displayed
from cppn_gl.nn.features import Clock
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.grid_derivatives import (
    activated,
    ancestors,
    patch,
    points_work,
    pre_activations,
    single_threaded,
)
from cppn_gl.nn.layers import MAX_WEIGHT, SOURCE, Array, Layer, Node, Operation
from cppn_gl.nn.network import Network, Stage, network_bytes
from cppn_gl.nn.operations import Conv
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.cache import MB, lru_cache_by_size
from cppn_gl.utils.tasks import Steps

CACHE_LIMIT = 4 * MB


@lru_cache_by_size(CACHE_LIMIT, network_bytes)
def perturbed(network: Network, layer: int, noise: float, seed: int) -> Network:
    """The network with layer `layer`, from 1, perturbed; deterministic."""
    if isinstance(network, Displayed):
        return network.of(perturbed(network.trained, layer, noise, seed))
    if isinstance(network, GraphNetwork):
        return _perturbed_graph(network, layer, noise, seed)
    changed = perturbed_layer(network, layer, noise, seed)
    drawn, scales = list(network.drawn), list(network.scales)
    drawn[layer - 1], scales[layer - 1] = changed, (1.0, 1.0)
    return network.of_layers(drawn, scales)


def weight_layers(network: Network) -> list[int]:
    """The layers, from 1, that can be perturbed: those with weights."""
    if not network.by_grid:
        return list(range(1, network.trained.depth + 1))
    return [k for k, stage in enumerate(network.stages, 1) if stage.weight_layer]


def _perturbed_graph(network: GraphNetwork, layer: int, noise: float, seed: int) -> Network:
    stages = list(network.stages)
    changed = perturbed_operation(stages[layer - 1], noise, seed)
    stages[layer - 1] = dataclasses.replace(stages[layer - 1], operation=changed)
    return network.restaged(stages)


def perturbed_operation(stage: Stage, noise: float, seed: int) -> Operation:
    """The operation of a stage with weights, perturbed."""
    old = stage.operation
    assert isinstance(old, Conv | Layer)
    weight, bias = _perturbed(old.weight, old.bias, stage.weight_layer, noise, seed)
    return dataclasses.replace(old, weight=weight, bias=bias)


def perturbed_layer(network: Network, layer: int, noise: float, seed: int) -> Layer:
    """Layer `layer`, from 1, perturbed; a narrower layer gets the corner of the same draws."""
    old = network.layers[layer - 1]
    weight, bias = _perturbed(old.weight, old.bias, layer, noise, seed)
    return Layer(weight, bias, old.activation)


def _perturbed(
    weights: Float32, biases: Float32, layer: int, noise: float, seed: int
) -> tuple[Float32, Float32]:
    """Weights (out, ...) and biases of a layer, perturbed."""
    weight, bias = weights.astype(np.float64), biases.astype(np.float64)
    count = weight.size + bias.size
    size = noise * np.sqrt((np.square(weight).sum() + np.square(bias).sum()) / count)
    rows, columns = len(weight), weight[0].size
    drawn = draws.draw(seed, layer, draws.NOISE_WEIGHT, rows, columns, "normal")
    weight += size * drawn.reshape(weight.shape)
    bias += size * draws.draw_row(seed, layer, draws.NOISE_BIAS, len(bias), "normal")
    weight, bias = (np.clip(one, -MAX_WEIGHT, MAX_WEIGHT) for one in (weight, bias))
    return weight.astype(np.float32), bias.astype(np.float32)


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


def grid_changes(
    network: Network,
    x: Float64,
    y: Float64,
    clock: Clock,
    noise: float,
    seed: int,
    *,
    more: int = 0,
) -> Steps[Float64]:
    """`changes` of a network on a grid at points, (layers, N · (more + 1)², outputs), in float32.

    Of each layer of `weight_layers`. `more`: at the taps around each point, too; see
    grid_derivatives.at_points. Yields between stages.
    """
    stages, numbers = network.stages, [k - 1 for k in weight_layers(network)]
    side = 2 * stages[-1].radius + 1 + more
    across, down = patch(network, x, y, side)
    features = network.features(across.ravel(), down.ravel(), clock)
    values: dict[int, Array] = {SOURCE: features.reshape(*across.shape, -1).astype(np.float32)}
    needed = ancestors(stages, len(stages) - 1)
    for number in needed:
        values[number] = yield from _units(stages[number], values)
    last, moved = needed[-1], []
    for number in numbers:
        other: dict[int, Array] = {}
        for later in needed:
            stage = stages[later]
            if later == number:
                operation = perturbed_operation(stage, noise, seed)
                stage = dataclasses.replace(stage, operation=operation)
            elif not any(i in other for i in stage.inputs):
                continue
            other[later] = yield from _units(stage, values | other)
        change = other[last] - values[last] if last in other else np.zeros_like(values[last])
        moved.append(change.reshape(-1, network.outputs).astype(np.float64))
    return np.array(moved)


def _units(stage: Stage, values: dict[int, Array]) -> Steps[Array]:
    pre = yield from single_threaded(pre_activations(stage, values))
    return activated(stage, pre)


def changes_work(network: Network, more: int = 0) -> float:
    """Multiplications of `grid_changes` at a point, about."""
    return points_work(network, more, sums=(len(weight_layers(network)) + 1) / 2 + 1)
