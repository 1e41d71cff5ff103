"""Running stages over planes: NumPy's kernel is true, and its bits depend on nothing around."""

from typing import Any

import numpy as np
import pytest

from cppn_gl.nn import grid
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.grid import BLOCK, NumPyKernel, cropped, run, stage_work
from cppn_gl.nn.layers import Node
from cppn_gl.nn.operations import Activation, Add, AvgPool, Concat, Conv, MaxPool, Norm
from cppn_gl.utils.tasks import within

RNG = np.random.default_rng(5)


def conv(rows: int, columns: int, size: int, **keys: int) -> Conv:
    weight = RNG.normal(size=(rows, columns // keys.get("groups", 1), size, size)) / size
    return Conv(weight.astype("f4"), RNG.normal(size=rows).astype("f4"), **keys)


def norm(units: int) -> Norm:
    return Norm(RNG.normal(size=units), RNG.normal(size=units))


OPERATIONS: dict[str, Any] = {
    "conv 1": conv(5, 6, 1),
    "conv 3": conv(5, 6, 3),
    "conv 11": conv(2, 6, 11),
    "dilated": conv(4, 6, 3, dilation=3),
    "grouped": conv(4, 6, 3, groups=2),
    "depthwise": conv(6, 6, 5, groups=6),
    "depthwise, widening": conv(12, 6, 3, groups=6, dilation=2),
    "max pool": MaxPool(3),
    "avg pool": AvgPool(5),
    "activation": Activation(),
    "normalize": norm(6),
}


def network_of(*nodes: Node) -> GraphNetwork:
    return GraphNetwork(nodes, ("x", "y"), boost=[(1, 2, 1.75)])


def units(network: GraphNetwork, source: np.ndarray, **keys: Any) -> np.ndarray:
    *_, (_, _, found) = run(network.stages, source, NumPyKernel(), **keys)  # type: ignore[misc]
    return found


def planes(side: int) -> np.ndarray:
    return RNG.normal(size=(2, side, side + 5)).astype("f4")


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_stage_is_the_reference(name: str) -> None:
    network = network_of(
        Node(conv(6, 2, 1), "tanh", (-1,)),
        Node(OPERATIONS[name], "sin", (0,)),
        Node(conv(3, OPERATIONS[name].shape(6), 1), "identity", (1,)),
    )
    source = planes(40)
    grid_ = source.transpose(1, 2, 0)
    statistics = network.grid_statistics(grid_, border="none")
    network = network.with_statistics(statistics)
    wanted = network.evaluate_grid(grid_, statistics=statistics, border="none")
    assert np.abs(units(network, source).transpose(1, 2, 0) - wanted).max() < 2e-5


def test_branches_of_different_reach_meet_in_the_middle() -> None:
    network = network_of(
        Node(conv(4, 2, 3), "tanh", (-1,)),
        Node(conv(4, 4, 5), "tanh", (0,)),
        Node(Add(), "relu", (0, 1)),
        Node(Concat(), "identity", (2, 0, -1)),
        Node(conv(1, 10, 1), "identity", (3,)),
    )
    source = planes(20)
    wanted = network.evaluate_grid(source.transpose(1, 2, 0), border="none")
    assert np.allclose(units(network, source).transpose(1, 2, 0), wanted, atol=1e-5)


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name != "normalize"])
def test_tiles_slices_and_scratch_have_no_influence(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = network_of(
        Node(conv(6, 2, 3), "tanh", (-1,)),
        Node(OPERATIONS[name], "sigmoid", (0,)),
        Node(conv(3, OPERATIONS[name].shape(6), 1), "sin", (1,)),
    )
    margin, source = network.radius, planes(2 * BLOCK)
    whole = units(network, source, left=-7)
    monkeypatch.setattr(grid, "SCRATCH", 30_000)
    assert np.array_equal(units(network, source, left=-7), whole)
    top, left, height, width = 9, 13, 30, 71
    part = source[:, top : top + height + 2 * margin, left : left + width + 2 * margin]
    found = units(network, part, left=left - 7)
    assert np.array_equal(found, whole[:, top : top + height, left : left + width])
    steps, given = run(network.stages, source, NumPyKernel(), left=-7, deadline=within(0)), []
    found_ = next(steps, None)
    pauses = 0
    while True:
        pauses += found_ is None
        given.append(found_)
        try:
            found_ = steps.send(within(0))
        except StopIteration:
            break
    assert pauses > 20
    assert np.array_equal(given[-1][2], whole)


def test_pre_activations_come_with_units_and_planes_are_let_go() -> None:
    network = network_of(Node(conv(4, 2, 3), "tanh", (-1,)), Node(conv(3, 4, 3), "sigmoid", (0,)))
    found = list(run(network.stages, planes(16), NumPyKernel(), pre=True))
    for number, pre, units_ in found:  # type: ignore[misc]
        boost = np.array([1, 1.75, 1, 1], "f4")[:, None, None] if number == 0 else np.float32(1)
        shown = np.tanh(pre) if number == 0 else 1 / (1 + np.exp(-pre))
        assert np.allclose(units_, shown * boost, atol=1e-6)


def test_overflow_and_nan_are_those_of_the_reference() -> None:
    network = network_of(Node(MaxPool(3), "identity", (-1,)), Node(conv(1, 2, 1), "relu", (0,)))
    source = planes(12)
    source[0, 5, 5] = np.nan
    assert np.isnan(units(network, source)).sum() == 9


def test_cropping_and_work() -> None:
    assert cropped(planes(9), 2).shape == (2, 5, 10)
    network = network_of(Node(conv(4, 2, 3), "tanh", (-1,)), Node(MaxPool(3), "identity", (0,)))
    assert stage_work(network.stages[0]) == 4 * 2 * 9 + 4 * 8
    assert 0 < stage_work(network.stages[1]) < 50
