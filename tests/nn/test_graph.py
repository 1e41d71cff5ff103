"""Networks as graphs of layers: the reference, the stages, and what such a network is not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from cppn_gl.nn.activations import activate
from cppn_gl.nn.graph import GraphNetwork, continued
from cppn_gl.nn.layers import SOURCE, Node
from cppn_gl.nn.network import Network, Region
from cppn_gl.nn.operations import Activation, Add, AvgPool, Concat, Conv, MaxPool, Norm
from cppn_gl.nn.sources import Random
from cppn_gl.utils.checks import PresetError

STRUCTURES = ("conv", "nin", "vgg", "inception", "resnet")
Grid = NDArray[np.float64]


def conv(inputs: int, outputs: int, kernel: int = 3, seed: int = 0) -> Conv:
    rng = np.random.default_rng(seed)
    shape = outputs, inputs, kernel, kernel
    return Conv(rng.normal(size=shape) / kernel, rng.normal(size=outputs))


def branched() -> GraphNetwork:
    """conv, normalised → (max pool, conv 5×5) → concat → add of itself, pooled → 1×1."""
    norm = Norm(np.array([1.0, -2.0, 3.0]), np.array([0.0, 0.5, 1.0]))
    return GraphNetwork(
        [
            Node(conv(2, 3), "identity", (SOURCE,)),
            Node(norm, "tanh", (0,)),
            Node(MaxPool(3), "identity", (1,)),
            Node(conv(3, 2, 5, 1), "relu", (1,)),
            Node(Concat(), "identity", (2, 3)),
            Node(AvgPool(3), "identity", (4,)),
            Node(Add(), "identity", (4, 5)),
            Node(Activation(), "sin", (6,)),
            Node(conv(5, 3, 1, 2), "sigmoid", (7,)),
        ]
    )


def slope(x: Grid, y: Grid) -> Grid:
    return np.stack(np.meshgrid(x, y), axis=-1)


def looped(network: GraphNetwork, array: Grid) -> Grid:
    """The outputs whose taps all lie on the array, position by position."""
    grids = {SOURCE: (array, 0)}
    for number, node in enumerate(network.nodes):
        reach = max(grids[i][1] for i in node.inputs)
        radius, layer = node.layer.radius, node.layer
        cut = [g[reach - r : len(g) - reach + r, reach - r : g.shape[1] - reach + r]
               for g, r in (grids[i] for i in node.inputs)]  # fmt: skip
        side, across = len(cut[0]) - 2 * radius, cut[0].shape[1] - 2 * radius
        rows = []
        for row in range(side):
            for column in range(across):
                w = [c[row : row + 2 * radius + 1, column : column + 2 * radius + 1] for c in cut]
                if isinstance(layer, Conv):
                    value = np.einsum("ockl,klc->o", layer.weight.astype(float), w[0]) + layer.bias
                elif isinstance(layer, MaxPool):
                    value = w[0].max(axis=(0, 1))
                elif isinstance(layer, AvgPool):
                    value = w[0].mean(axis=(0, 1))
                elif isinstance(layer, Add):
                    value = sum(one[0, 0] for one in w)
                else:
                    value = np.concatenate([one[0, 0] for one in w])
                rows.append(value)
        z = np.array(rows).reshape(side, across, -1)
        if isinstance(layer, Norm):
            z = layer.gain * (z - z.mean(axis=(0, 1))) / z.std(axis=(0, 1)) + layer.shift
        grids[number] = activate(node.activation, z), reach + radius
    return grids[len(network.nodes) - 1][0]


def test_the_reference_is_what_a_loop_over_positions_computes() -> None:
    network = branched()
    array = np.random.default_rng(3).normal(size=(14, 13, 2))
    found = network.evaluate_grid(array, border="none")
    assert network.radius == 4
    assert found.shape == (6, 5, 3)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, looped(network, array), atol=1e-12)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_picture_k_times_as_fine_has_the_same_points(structure: str) -> None:
    network = Random(structure=structure, depth=6, width=6).network()
    x, y = np.linspace(-1, 1, 9), np.linspace(0.7, -0.5, 7)
    fine_x, fine_y = np.linspace(-1, 1, 25), np.linspace(0.7, -0.5, 19)
    coarse = network.evaluate_grid(slope(x, y))
    fine = network.evaluate_grid(slope(fine_x, fine_y), spacing=3)
    np.testing.assert_allclose(fine[::3, ::3], coarse, atol=1e-12)
    assert np.abs(np.diff(fine, axis=1)).max() > 1e-3


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_pan_by_one_tap_moves_the_picture(structure: str) -> None:
    network = Random(structure=structure, depth=6, width=6, inputs=("x", "y")).network()
    x, y = np.arange(12) / 8, np.arange(9)[::-1] / 8
    here = network.evaluate_grid(slope(x, y))
    there = network.evaluate_grid(slope(x + 1 / 8, y - 1 / 8))
    np.testing.assert_allclose(there[:-1, :-1], here[1:, 1:], atol=1e-12)


def test_the_border_is_the_input_continued() -> None:
    network = Random(structure="vgg", depth=4, width=5).network()
    wide = slope(np.arange(-6, 16) / 9, np.arange(14, -6, -1) / 9)
    margin = network.radius
    inner = wide[margin:-margin, margin:-margin]
    np.testing.assert_allclose(
        network.evaluate_grid(inner), network.evaluate_grid(wide, border="none"), atol=1e-12
    )
    np.testing.assert_allclose(continued(inner, margin), wide, atol=1e-12)
    assert continued(inner[:1, :1], 2).shape == (5, 5, 2)


def test_statistics_are_of_the_array_itself_or_as_given() -> None:
    network = branched()
    array = np.random.default_rng(3).normal(size=(12, 12, 2))
    (found,) = network.grid_statistics(array)
    padded = continued(array, network.radius)
    z = network.nodes[0].layer.pre_activation(padded)
    own = z[network.radius - 1 : -network.radius + 1, network.radius - 1 : -network.radius + 1]
    np.testing.assert_allclose(found.mean, own.mean(axis=(0, 1)))
    np.testing.assert_allclose(found.std, own.std(axis=(0, 1)))
    whole = network.evaluate_grid(array)
    part = network.evaluate_grid(array[:9], statistics=[found])
    np.testing.assert_allclose(part[: 9 - network.radius], whole[: 9 - network.radius], atol=1e-12)


def test_stages_join_a_layer_its_normalisation_and_its_activation() -> None:
    stages = branched().stages
    assert [stage.label for stage in stages] == [
        "conv 3×3", "max pool 3×3", "conv 5×5", "concat", "avg pool 3×3", "add", "1×1",
    ]  # fmt: skip
    assert [stage.inputs for stage in stages] == [
        (SOURCE,), (0,), (0,), (1, 2), (3,), (3, 4), (5,),
    ]  # fmt: skip
    assert [stage.activation for stage in stages] == [
        "tanh", "identity", "relu", "identity", "identity", "sin", "sigmoid",
    ]  # fmt: skip
    assert [stage.units for stage in stages] == [3, 3, 2, 5, 5, 5, 3]
    assert [stage.radius for stage in stages] == [1, 2, 3, 3, 4, 4, 4]
    assert [stage.weight_layer for stage in stages] == [1, 0, 2, 0, 0, 0, 3]
    assert [stage.normalize is not None for stage in stages] == [True, *[False] * 6]


def test_the_last_stage_gives_the_outputs_although_nothing_reads_another() -> None:
    nodes = [
        Node(conv(2, 3), "identity", (SOURCE,)),
        Node(conv(2, 1, 5), "tanh", (SOURCE,)),
        Node(Activation(), "sin", (0,)),
    ]
    assert [stage.activation for stage in GraphNetwork(nodes).stages] == ["tanh", "sin"]


def test_the_network_of_its_stages_is_the_same_function() -> None:
    network = branched()
    array = np.random.default_rng(5).normal(size=(9, 10, 2))
    again = network.restaged(network.stages)
    np.testing.assert_array_equal(again.evaluate_grid(array), network.evaluate_grid(array))
    assert [s.label for s in again.stages] == [s.label for s in network.stages]


def test_a_chain_of_dense_layers_has_stages_as_well() -> None:
    network = Network.random(depth=3, width=4)
    assert [stage.units for stage in network.stages] == [4, 4, 3]
    assert [stage.inputs for stage in network.stages] == [(SOURCE,), (0,), (1,)]
    assert [stage.weight_layer for stage in network.stages] == [1, 2, 3]
    assert not network.by_grid
    assert network.radius == 0


def test_dense_layers_can_be_evaluated_on_a_grid() -> None:
    network = Network.random(depth=3, width=4)
    array = np.random.default_rng(0).normal(size=(3, 5, 2))
    found = network.evaluate_grid(array)
    np.testing.assert_array_equal(found[2, 1], network.evaluate(array[2, 1:2])[0])
    with pytest.raises(ValueError, match=r"expected \(rows, columns, 2\)"):
        network.evaluate_grid(array[0])


def test_depth_counts_weight_layers_on_the_longest_path() -> None:
    network = branched()
    assert (network.depth, network.width, network.outputs) == (3, 5, 3)
    assert network.by_grid
    assert not network.pointwise


@pytest.mark.parametrize("structure", STRUCTURES)
def test_nodes_stand_in_topological_order(structure: str) -> None:
    network = Random(structure=structure, depth=9, width=8).network()
    for number, node in enumerate(network.nodes):
        assert all(SOURCE <= i < number for i in node.inputs)
    read = {i for node in network.nodes for i in node.inputs}
    assert read == set(range(-1, len(network.nodes) - 1))  # all but the last one


@pytest.mark.parametrize("what", ["drawn", "layers", "scales", "effective", "walk", "evaluate"])
def test_what_only_dense_chains_have_is_a_clear_error(what: str) -> None:
    def use() -> None:
        getattr(branched(), what)(0)

    with pytest.raises(PresetError, match=r"a graph of layers, which has no .*; use"):
        use()


def test_the_picture_of_a_layer_is_its_first_units_with_the_output_activation() -> None:
    network = Random(structure="inception", depth=4, width=10).network()
    array = slope(np.arange(12) / 5, np.arange(10) / 5)
    stages = network.stages
    third = network.truncated(3)  # the 5×5 branch of the first module
    assert [stage.label for stage in third.stages] == ["conv 5×5"]
    kernel = stages[2].operation
    pre = kernel.pre_activation(continued(array, kernel.radius))
    shown = activate("sigmoid", pre[..., : third.outputs])
    np.testing.assert_allclose(third.evaluate_grid(array), shown, atol=1e-12)
    joined = network.truncated(6)  # the concatenation
    assert joined.outputs == 3
    assert joined.stages[-2].label == "concat"
    assert {stage.weight_layer for stage in third.stages} == {3}


def test_a_boosted_unit_is_multiplied() -> None:
    *nodes, last = branched().nodes
    nodes[7] = Node(Activation(), "identity", (6,))  # so that the last layer is linear in the units
    network = branched().changed(nodes=[*nodes, last])
    weight = np.array(last.layer.weight)  # type: ignore[attr-defined]
    weight[:, 4] *= 3  # channel 5 is unit 2 of the branch, layer 3, and its mean
    multiplied = Conv(weight, last.layer.bias)  # type: ignore[attr-defined]
    other = network.changed(nodes=[*nodes, Node(multiplied, "sigmoid", (7,))])
    boosted = network.changed(boost=[(3, 2, 3.0)])
    array = np.random.default_rng(5).normal(size=(9, 10, 2))
    np.testing.assert_allclose(boosted.evaluate_grid(array), other.evaluate_grid(array), atol=1e-6)
    assert boosted.stages[2].boost is not None
    assert boosted.stages[2].boost.tolist() == [1, 3]
    assert boosted.digest != network.digest
    with pytest.raises(PresetError, match="unit 3 of layer 3, which has 2"):
        network.changed(boost=[(3, 3, 2.0)])


def test_digests_follow_the_content() -> None:
    networks = [
        Random(structure="vgg", depth=4).network(),
        Random(structure="vgg", depth=4, seed=1).network(),
        Random(structure="conv", depth=4).network(),
        Random(structure="vgg", depth=4, grid=64).network(),
        Random(structure="vgg", depth=4).network().changed(region=Region((0.0, 0.0), 2.0)),
    ]
    assert len({network.digest for network in networks}) == 5
    assert networks[0].digest == Random(structure="vgg", depth=4).network().digest


def test_taps_lie_a_grid_over_the_declared_region_apart() -> None:
    network = Random(structure="conv", grid=128).network()
    assert network.step == 2 / 128
    assert network.changed(region=Region((1.0, 0.0), 3.0)).step == 6 / 128


def test_alpha_can_be_left_out() -> None:
    network = Random(structure="vgg", depth=4, outputs=4).network()
    array = slope(np.arange(8) / 5, np.arange(8) / 5)
    opaque = network.opaque
    assert (network.channels, opaque.channels) == (4, 3)
    np.testing.assert_array_equal(
        opaque.evaluate_grid(array), network.evaluate_grid(array)[..., :3]
    )


def test_alpha_can_be_left_out_where_the_last_layer_cannot_be_cut() -> None:
    nodes = [Node(conv(2, 2), "tanh", (SOURCE,)), Node(Concat(), "sin", (0, SOURCE))]
    network = GraphNetwork(nodes)
    array = slope(np.arange(8) / 5, np.arange(8) / 5)
    np.testing.assert_allclose(
        network.opaque.evaluate_grid(array), network.evaluate_grid(array)[..., :3], atol=1e-12
    )


@pytest.mark.parametrize(
    ("nodes", "problem"),
    [
        ([], "without layers"),
        ([Node(conv(2, 3), "tanh", (0,))], "node 1 reads"),
        ([Node(conv(3, 3), "tanh", (SOURCE,))], "weights for 3 inputs; expected 2"),
        ([Node(conv(2, 11), "tanh", (SOURCE,))], "11 outputs; expected at most 10"),
        ([Node(conv(2, 3), "tanh", (SOURCE, SOURCE))], "node 1 has 2 inputs; expected one"),
    ],
)
def test_graphs_that_do_not_fit_together_are_refused(nodes: list[Node], problem: str) -> None:
    with pytest.raises(PresetError, match=problem):
        GraphNetwork(nodes)


def test_arrays_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected \(rows, columns, 2\)"):
        branched().evaluate_grid(np.zeros((4, 4, 3)))
    with pytest.raises(ValueError, match="needs 9×9"):
        branched().evaluate_grid(np.zeros((4, 4, 2)), border="none")
