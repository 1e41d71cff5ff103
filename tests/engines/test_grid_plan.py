"""Plans of networks on grids: where channels are, what is copied, how weights are packed."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from cppn_gl.engines.gl.grid_plan import HEAD, QUAD, Limits, Pass, Plan, Step, pack, plain, plan
from cppn_gl.nn.activations import activate
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.layers import Node
from cppn_gl.nn.operations import Add, AvgPool, Concat, Conv, MaxPool, Norm, Statistics

BY_COMPUTE, BY_FRAGMENT = Limits(1, 2, 4096), Limits(4, 4, 4096)


def conv(inputs: int, outputs: int, kernel: int = 3, *, dilation: int = 1, groups: int = 1) -> Conv:
    g = np.random.default_rng(inputs + 100 * outputs)
    shape = outputs, inputs // groups, kernel, kernel
    weight = g.normal(size=shape) / np.sqrt(np.prod(shape[1:]))
    return Conv(weight, g.normal(size=outputs), dilation, groups)


def planned(*nodes: tuple[object, str, Sequence[int]], inputs: int = 2) -> Plan:
    names = ("x", "y", "r", "t", "one")[:inputs]
    made = [Node(layer, name, tuple(of)) for layer, name, of in nodes]  # type: ignore[arg-type]
    return plan(GraphNetwork(made, names).stages, inputs)


INCEPTION = (
    (conv(2, 10), "relu", (-1,)),
    (conv(10, 3, 1), "relu", (0,)),
    (conv(10, 3, 3), "relu", (0,)),
    (conv(10, 2, 5), "relu", (0,)),
    (MaxPool(3), "identity", (0,)),
    (conv(10, 2, 1), "relu", (4,)),
    (Concat(), "identity", (1, 2, 3, 5)),
    (conv(10, 3, 1), "sigmoid", (6,)),
)


def test_what_a_concatenation_joins_is_written_where_it_is_read() -> None:
    made = planned(*INCEPTION)
    assert [step.kind for step in made.steps] == ["conv"] * 4 + ["max", "conv", "conv"]
    joined = made.steps[-1].inputs[0]
    assert {step.value.storage for step in made.steps[1:4]} == {joined.storage}
    places = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (3, 0), (3, 1)]
    assert list(joined.places) == places
    assert [step.value.first for step in made.steps[:6]] == [0, 0, 1, 2, 0, 3]


def test_a_stage_is_evaluated_as_far_as_it_is_read() -> None:
    made = planned(*INCEPTION)
    assert made.radius == 3
    assert [step.value.need for step in made.steps] == [2, 0, 0, 0, 0, 0, 0]


def test_a_storage_is_free_when_nothing_reads_it_any_more() -> None:
    made = planned(*INCEPTION)
    assert made.source.storage.last == 0
    assert made.steps[0].value.storage.last == 4
    assert made.steps[4].value.storage.last == 5
    assert made.steps[1].value.storage.last == 6


DENSE = (
    (conv(2, 5), "relu", (-1,)),
    (conv(5, 3), "relu", (0,)),
    (Concat(), "identity", (0, 1)),
    (conv(8, 3), "relu", (2,)),
    (Concat(), "identity", (2, 3, -1, 3)),
    (MaxPool(3), "tanh", (4,)),
    (conv(16, 4), "identity", (5,)),
    (conv(16, 4, 1), "identity", (4,)),
    (Add(), "relu", (6, 7, 6, 7, 6, 7)),
    (Add(), "identity", (4, 5)),
    (Concat(), "sin", (8, 9)),
    (conv(20, 1, 1), "identity", (10,)),
)


@pytest.mark.parametrize("nodes", [INCEPTION, DENSE], ids=["inception", "dense"])
def test_no_step_reads_and_writes_one_storage(nodes: tuple[tuple[Conv, str, list[int]]]) -> None:
    made = planned(*nodes)
    known = {made.source}
    for step in made.steps:
        assert step.value.storage not in [value.storage for value in step.inputs]
        for value in step.inputs:
            assert value in known or set(value.parts) <= known
            known.add(value)
        known.add(step.value)
        assert step.value.first + step.value.groups <= step.value.storage.groups
    assert made.steps[-1].value.places == plain(len(made.steps[-1].value.places))


def test_sums_have_few_inputs_in_the_same_places() -> None:
    made = planned(*DENSE)
    for step in made.steps:
        if step.kind == "sum":
            assert len(step.inputs) <= 4
            assert {value.places for value in step.inputs} == {step.value.places}


# What is packed, evaluated as the shaders do.


def terms(one: Pass, memory: dict[bool, np.ndarray]) -> np.ndarray:
    return memory[one.textured][one.start :]


def evaluated(made: Plan, limits: Limits, source: np.ndarray) -> np.ndarray:
    """The outputs, (rows, columns, channels), from features with a margin."""
    packed = pack(made, limits)
    memory = {False: packed.blocks, True: packed.texels}
    groups = made.source.storage.groups
    padded = np.zeros((*source.shape[:2], groups * QUAD), np.float32)
    padded[..., : source.shape[2]] = source
    kept = {made.source.storage: padded.reshape(*source.shape[:2], groups, QUAD)}
    for one in packed.passes:
        step, storage = one.step, one.step.value.storage
        shape = *source.shape[:2], storage.groups, QUAD
        into = kept.setdefault(storage, np.full(shape, np.nan, np.float32))
        inner = slice(step.radius, -step.radius or None)
        near = [kept[value.storage] for value in step.inputs]
        for g in range(one.count):
            of = terms(one, memory)
            sums = _sums(one, step, near, g, of, limits)
            head = of[g * HEAD : (g + 1) * HEAD]
            z = ((sums + head[0]) - head[1]) * head[2] + head[3]
            into[inner, inner, one.first + g] = activate(step.activation, z) * head[4]
    last = made.steps[-1].value
    out = kept[last.storage].reshape(*source.shape[:2], -1)[..., : len(last.places)]
    inner = slice(made.radius, -made.radius or None)
    return out[inner, inner]


def _sums(
    one: Pass, step: Step, near: list[np.ndarray], group: int, of: np.ndarray, limits: Limits
) -> np.ndarray:
    height, width = (side - 2 * step.radius for side in near[0].shape[:2])
    taps = list(itertools.product(range(step.kernel), repeat=2))

    def window(grid: np.ndarray, row: int, column: int) -> np.ndarray:
        y, x = row * step.dilation, column * step.dilation
        return grid[y : y + height, x : x + width]

    if step.kind != "conv":
        first = one.first - step.value.first + group
        grids = [x[:, :, v.first + first] for x, v in zip(near, step.inputs, strict=True)]
        if step.kind == "sum":
            return np.sum(grids, axis=0)
        windows = [window(grids[0], *tap) for tap in taps]
        return np.max(windows, axis=0) if step.kind == "max" else np.mean(windows, axis=0)
    low = one.read[0] // limits.banks * limits.banks
    sums = np.zeros((height, width, QUAD), np.float32)
    n = HEAD * one.count
    for read in range(low, -(-one.read[1] // limits.banks) * limits.banks):
        for row, column in taps:
            if one.read[0] <= read < one.read[1]:
                weights = of[n + group * QUAD : n + (group + 1) * QUAD]
                sums += window(near[0][:, :, read], row, column) @ weights
            n += one.count * QUAD
    return sums


@pytest.mark.parametrize("limits", [BY_COMPUTE, BY_FRAGMENT, Limits(1, 4, 64), Limits(4, 3, 100)])
@pytest.mark.parametrize("number", range(3))
def test_what_is_packed_is_the_network(limits: Limits, number: int) -> None:
    g = np.random.default_rng(number)
    norm = Norm(g.normal(size=10), g.normal(size=10), Statistics(g.normal(size=10), np.full(10, 2)))
    networks = [
        INCEPTION,
        DENSE,
        (
            (conv(2, 10, 3, dilation=2), "identity", (-1,)),
            (norm, "relu", (0,)),
            (conv(10, 20, 3, groups=10), "tanh", (1,)),
            (conv(20, 30, 1, groups=5), "tanh", (2,)),
            (AvgPool(5), "identity", (3,)),
            (conv(30, 4, 1), "sigmoid", (4,)),
        ),
    ]
    nodes = [Node(layer, name, tuple(of)) for layer, name, of in networks[number]]
    network = GraphNetwork(nodes, ("x", "y"), boost=[(1, 2, 3.0)])
    margin = network.radius
    source = g.normal(size=(7 + 2 * margin, 9 + 2 * margin, 2)).astype(np.float32)
    expected = network.evaluate_grid(source, border="none", statistics=network.statistics)
    found = evaluated(plan(network.stages, 2), limits, source)
    assert found.shape == expected.shape
    assert expected.std() > 0.01
    assert np.abs(found - expected).max() < 2e-5 * max(1, np.abs(expected).max())


@pytest.mark.parametrize("limits", [BY_COMPUTE, BY_FRAGMENT, Limits(4, 4, 1024)])
def test_passes_fit_blocks_and_banks(limits: Limits) -> None:
    made = planned(
        (conv(2, 70), "relu", (-1,)), (conv(70, 70), "relu", (0,)), (conv(70, 3), "relu", (1,))
    )
    packed = pack(made, limits)
    for one in packed.passes:
        assert one.start % 16 == 0
        assert one.count <= limits.most
        assert limits.banks == 1 or one.first % limits.banks + one.count <= limits.banks
        low, high = one.read[0] // limits.banks, -(-one.read[1] // limits.banks)
        size = one.count * (HEAD + (high - low) * limits.banks * QUAD * 9)
        assert one.textured == (size > limits.block)
        assert not one.textured or one.count == 1
    of = [one for one in packed.passes if one.step is made.steps[1]]
    assert [one.first + k for one in of for k in range(one.count)] == list(range(18))


def test_a_pass_of_a_depthwise_convolution_reads_its_own_groups() -> None:
    first, deep, last = conv(2, 32), conv(32, 32, groups=32), conv(32, 3)
    made = planned((first, "relu", (-1,)), (deep, "relu", (0,)), (last, "relu", (1,)))
    for one in [one for one in pack(made, BY_COMPUTE).passes if one.step is made.steps[1]]:
        assert one.read == (one.first, one.first + one.count)
