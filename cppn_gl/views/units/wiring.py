"""How the layers of a network are connected: columns, heads, and the strength of each connection.

Network -> columns() -> layers side by side, from the inputs to the outputs, branches together
        -> incoming() -> (layer read, strengths (units, its units)) of a layer
        -> kernels_of() -> the weights of a layer's units, (units, inputs, ky, kx)

Layers are the network's stages, counted from 1; layer 0 are the inputs. The units of a layer that
sees more than a point are its channels.
"""

import numpy as np

from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.layers import SOURCE, Layer
from cppn_gl.nn.network import Network, Stage
from cppn_gl.nn.operations import AvgPool, Concat, Conv, MaxPool
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.views.units.diverging import bound

Columns = tuple[tuple[tuple[int, int], ...], ...]  # (layer, units) of the layers of each column

# A stage's label in fewer letters, where there is little room.
BRIEF = {
    "conv ": "",
    "max pool": "pool",
    "avg pool": "avg",
    "add": "+",
    "normalize": "norm",
    "activation": "act",
}
SHORTEST = ("pool", "avg")  # before the size of a window


def is_graph(network: Network) -> bool:
    """Whether its layers are those of a structure, with channels instead of units."""
    return isinstance(network, GraphNetwork)


def count_of(network: Network, layer: int) -> int:
    """The units of a layer."""
    return network.stages[layer - 1].units if layer else len(network.inputs)


def columns(network: Network, only: int = 0) -> Columns:
    """The layers from left to right: each as far to the right as what reads it allows.

    So the ends of a module's branches are one below another. `only`: a layer with those it reads.
    """
    stages = network.stages
    if only:
        read = tuple(sorted({i + 1 for i in stages[only - 1].inputs}))
        groups = [read, (only,)]
    else:
        away = [0] * (len(stages) + 1)  # layers on the longest way to the output
        for layer in range(len(stages), 0, -1):
            for i in stages[layer - 1].inputs:
                away[i + 1] = max(away[i + 1], away[layer] + 1)
        groups = [
            tuple(layer for layer, at in enumerate(away) if at == distance)
            for distance in range(max(away), -1, -1)
        ]
    return tuple(tuple((layer, count_of(network, layer)) for layer in group) for group in groups)


def incoming(network: Network, layer: int) -> list[tuple[int, Float32 | Float64]]:
    """The layers that a layer reads, each with the strengths of the connections, (units, units).

    A strength is a weight; for a kernel its norm, with the sign of its sum; and 1 where a unit is
    passed on without a weight.
    """
    stage = network.stages[layer - 1]
    read = [(i + 1, count_of(network, i + 1)) for i in stage.inputs]
    of = stage.operation
    if isinstance(of, Layer):
        return [(read[0][0], of.weight)]
    if isinstance(of, Conv):
        taps = kernels_of(stage)
        assert taps is not None
        strength = np.sqrt(np.square(taps.astype(np.float64)).sum(axis=(2, 3)))
        return [(read[0][0], np.copysign(strength, taps.sum(axis=(2, 3), dtype=np.float64)))]
    if isinstance(of, Concat):
        whole = np.eye(stage.units)
        edges = np.cumsum([0, *(count for _, count in read)])
        return [
            (one, whole[:, a:b]) for (one, _), a, b in zip(read, edges, edges[1:], strict=False)
        ]
    return [(one, np.eye(stage.units, count)) for one, count in read]


def bound_of(network: Network, layer: int) -> float | None:
    """The largest magnitude of a layer's units, without boosts; None if unbounded."""
    if not layer:
        return None
    stage = network.stages[layer - 1]
    passed = isinstance(stage.operation, MaxPool | AvgPool | Concat)
    if stage.activation != "identity" or not passed or stage.normalize is not None:
        return bound(stage.activation)
    limits = [bound_of(network, i + 1) for i in stage.inputs]
    known = [limit for limit in limits if limit is not None]
    return max(known) if len(known) == len(limits) else None


def weighted(stage: Stage) -> bool:
    """Whether a stage has weights; otherwise it passes units on, or mixes them in a fixed way."""
    return isinstance(stage.operation, Layer | Conv)


def kernels_of(stage: Stage) -> Float32 | None:
    """The weights of a stage's units, (units, inputs, ky, kx); None if it has none.

    Between groups they are 0. Those of a dense layer are kernels of 1×1.
    """
    of = stage.operation
    if isinstance(of, Layer):
        return of.weight[:, :, None, None]
    if not isinstance(of, Conv):
        return None
    if of.groups == 1:
        return of.weight
    out, own = of.weight.shape[:2]
    each = out // of.groups
    whole = np.zeros((out, own * of.groups, *of.weight.shape[2:]), np.float32)
    for group in range(of.groups):
        rows, read = (slice(group * n, (group + 1) * n) for n in (each, own))
        whole[rows, read] = of.weight[rows]
    return whole


def layers_with_kernels(network: Network) -> frozenset[int]:
    """The layers whose kernels are pictures of the inputs: convolutions of nothing else."""
    return frozenset(
        layer
        for layer, stage in enumerate(network.stages, 1)
        if stage.inputs == (SOURCE,) and isinstance(stage.operation, Conv)
    )


def words_of(stage: Stage) -> str:
    """What a stage does, in words: "conv 3×3, relu"."""
    parts = [stage.label]
    if stage.normalize is not None and stage.label != "normalize":
        parts.append("normalized")
    if stage.activation != "identity":
        parts.append(stage.activation)
    return ", ".join(parts)


def sees(stage: Stage) -> str:
    """The part of the input that a unit of a stage depends on: "sees 5×5 taps"."""
    side = 2 * stage.radius + 1
    return f"sees {side}×{side} taps" if stage.radius else "sees a point"


def briefly(label: str) -> tuple[str, str]:
    """A label in fewer letters, and in the fewest: "max pool 3×3" is "pool 3×3" and "pool"."""
    short = label.partition(",")[0]
    for long, brief in BRIEF.items():
        short = short.replace(long, brief)
    first = short.partition(" ")[0]
    return short, first if first in SHORTEST else short
