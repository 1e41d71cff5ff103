"""How layers are connected: columns with branches together, and the strengths of connections."""

import numpy as np
import pytest

from cppn_gl import Layer, Network, Preset
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.layers import Node
from cppn_gl.nn.operations import Add, AvgPool, Concat, Conv, MaxPool
from cppn_gl.views.units.wiring import (
    bound_of,
    briefly,
    columns,
    count_of,
    incoming,
    is_graph,
    kernels_of,
    layers_with_kernels,
    sees,
    words_of,
)


def conv(out: int, read: int, kernel: int = 3, groups: int = 1, seed: int = 0) -> Conv:
    shape = out, read // groups, kernel, kernel
    weight = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    return Conv(weight, np.zeros(out, np.float32), groups=groups)


def branched() -> GraphNetwork:
    """x, y → 3×3 → (1×1 | max pool → 3×3) → concat → + the 1×1 … → output."""
    nodes = [
        Node(conv(4, 2), "tanh", (-1,)),
        Node(conv(2, 4, 1), "tanh", (0,)),
        Node(MaxPool(3), "identity", (0,)),
        Node(conv(2, 4, 3, groups=2), "tanh", (2,)),
        Node(Concat(), "identity", (1, 3)),
        Node(Add(), "identity", (0, 4)),
        Node(conv(3, 4, 1), "sigmoid", (5,)),
    ]
    return GraphNetwork(nodes, ("x", "y"))


def test_a_chain_has_a_column_for_each_layer() -> None:
    network = Preset().replace(depth=3, width=5).network()
    assert columns(network) == (((0, 2),), ((1, 5),), ((2, 5),), ((3, 3),))
    assert columns(network, 2) == (((1, 5),), ((2, 5),))
    assert not is_graph(network)
    assert layers_with_kernels(network) == frozenset()


def test_the_ends_of_branches_are_in_one_column() -> None:
    network = branched()
    assert columns(network) == (
        ((0, 2),),
        ((1, 4),),
        ((3, 4),),
        ((2, 2), (4, 2)),
        ((5, 4),),
        ((6, 4),),
        ((7, 3),),
    )
    assert columns(network, 6) == (((1, 4), (5, 4)), ((6, 4),))
    assert layers_with_kernels(network) == {1}
    assert [count_of(network, k) for k in (0, 1, 4)] == [2, 4, 2]


def test_a_connection_s_strength_is_its_kernel_s_norm_with_the_sign_of_its_sum() -> None:
    network = branched()
    ((read, strength),) = incoming(network, 1)
    weight = network.stages[0].operation.weight.astype(float)  # type: ignore[attr-defined]
    assert read == 0
    assert np.abs(strength) == pytest.approx(np.sqrt((weight**2).sum(axis=(2, 3))))
    assert (np.sign(strength) == np.sign(weight.sum(axis=(2, 3)))).all()


def test_a_weight_is_its_own_strength() -> None:
    network = Network([Layer(np.float32([[2, -1]]), np.zeros(1, np.float32), "tanh")])
    ((read, strength),) = incoming(network, 1)
    assert (read, strength.tolist()) == (0, [[2, -1]])
    ((_, one),) = incoming(branched(), 2)
    weight = branched().stages[1].operation.weight[:, :, 0, 0]  # type: ignore[attr-defined]
    assert one == pytest.approx(weight)


def test_groups_read_only_their_own_inputs() -> None:
    ((_, strength),) = incoming(branched(), 4)
    assert (strength != 0).tolist() == [[True, True, False, False], [False, False, True, True]]
    kernels = kernels_of(branched().stages[3])
    assert kernels is not None
    assert kernels.shape == (2, 4, 3, 3)
    assert not kernels[0, 2:].any()


def test_what_has_no_weights_passes_units_on() -> None:
    network = branched()
    assert [(k, s.tolist()) for k, s in incoming(network, 3)] == [(1, np.eye(4).tolist())]
    first, second = incoming(network, 5)
    assert np.hstack([first[1], second[1]]).tolist() == np.eye(4).tolist()
    assert [first[0], second[0]] == [2, 4]
    assert [k for k, _ in incoming(network, 6)] == [1, 5]
    assert kernels_of(network.stages[2]) is None


def test_pools_and_concatenations_have_the_bounds_of_what_they_read() -> None:
    network = branched()
    assert [bound_of(network, k) for k in range(8)] == [None, 1, 1, 1, 1, 1, None, 1]


@pytest.mark.parametrize(
    ("label", "short", "shortest"),
    [
        ("conv 3×3", "3×3", "3×3"),
        ("1×1", "1×1", "1×1"),
        ("max pool 3×3", "pool 3×3", "pool"),
        ("concat", "concat", "concat"),
        ("add", "+", "+"),
        ("conv 3×3, 2 groups", "3×3", "3×3"),
        (AvgPool(5).label, "avg 5×5", "avg"),
    ],
)
def test_short_labels(label: str, short: str, shortest: str) -> None:
    assert briefly(label) == (short, shortest)


def test_words() -> None:
    stages = branched().stages
    assert words_of(stages[0]) == "conv 3×3, tanh"
    assert words_of(stages[4]) == "concat"
    assert [sees(stage) for stage in (stages[0], stages[3])] == ["sees 3×3 taps", "sees 7×7 taps"]
    assert sees(Preset().network().stages[0]) == "sees a point"
