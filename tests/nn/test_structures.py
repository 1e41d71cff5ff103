"""Structures: blocks, what a name stands for, the draws, and what stays when a network grows."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from cppn_gl.nn import draws
from cppn_gl.nn.blocks import KEYS, STRUCTURES, Block
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.network import Network
from cppn_gl.nn.operations import Conv
from cppn_gl.nn.sources import Layers, Random, source_of
from cppn_gl.utils.checks import PresetError

NAMED = tuple(STRUCTURES)[1:]


def labels(**keys: Any) -> list[str]:
    return [stage.label for stage in Random.of(keys).network().stages]


def convs(**keys: Any) -> list[Conv]:
    network = Random.of(keys).network()
    return [node.layer for node in network.nodes if isinstance(node.layer, Conv)]


def weights(network: Network, layer: int) -> Conv:
    """The convolution of weight layer `layer`."""
    return next(s.operation for s in network.stages if s.weight_layer == layer)  # type: ignore[return-value]


def test_vgg_is_stacks_of_two_with_a_pool() -> None:
    stack = ["conv 3×3", "conv 3×3", "max pool 3×3"]
    assert labels(structure="vgg", depth=11) == [*stack * 5, "1×1"]
    assert labels(structure="vgg", depth=4) == [*stack, "conv 3×3", "1×1"]


def test_the_other_names() -> None:
    assert labels(structure="conv", depth=3, kernel=7) == ["conv 7×7", "conv 7×7", "1×1"]
    nin = ["conv 5×5", "1×1", "1×1"]
    assert labels(structure="nin", depth=6, kernel=5) == [*nin, "conv 5×5", "1×1", "1×1"]
    module = ["1×1", "conv 3×3", "conv 5×5", "max pool 3×3", "1×1", "concat"]
    assert labels(structure="inception", depth=3) == [*module, *module, "1×1"]
    assert labels(structure="resnet", depth=5) == [
        "conv 3×3", "conv 3×3", "conv 3×3", "add", "conv 3×3", "1×1",
    ]  # fmt: skip


@pytest.mark.parametrize("structure", NAMED)
@pytest.mark.parametrize("depth", [1, 2, 3, 4, 7])
def test_depth_is_the_number_of_weight_layers_on_the_longest_path(
    structure: str, depth: int
) -> None:
    network = Network.random(structure=structure, depth=depth, width=5)
    assert network.depth == depth
    assert network.width == (5 if depth > 1 else 0)
    assert network.stages[-1].label == "1×1"


def test_an_inception_module_splits_its_width() -> None:
    for width, counts in ((10, [3, 3, 2, 2]), (5, [2, 1, 1, 1]), (2, [1, 1]), (512, [128] * 4)):
        found = [len(c.bias) for c in convs(structure="inception", width=width, depth=2)[:-1]]
        assert found == counts
        assert Network.random(structure="inception", width=width, depth=2).width == width


def test_a_residual_sum_is_activated_after_it() -> None:
    network = Network.random(structure="resnet", depth=4, activation="relu")
    first, inner, outer, total, _ = network.stages
    found = [stage.activation for stage in (first, inner, outer, total)]
    assert found == ["relu", "relu", "identity", "relu"]
    assert total.inputs == (2, 0)


def test_activations_are_listed_by_level() -> None:
    network = Network.random(structure="inception", depth=3, width=8, activation=["sin", "relu"])
    found = [stage.activation for stage in network.stages if stage.weight_layer]
    assert found == ["sin"] * 4 + ["relu"] * 4 + ["sigmoid"]


def test_blocks_say_all_that_a_name_stands_for() -> None:
    stack = [{"type": "vgg"}, {"type": "max_pool"}]
    given = Random.of({"blocks": [*stack, *stack, {"type": "conv"}], "width": 6})
    named = Random.of({"structure": "vgg", "depth": 6, "width": 6})
    assert given.depth == named.depth
    assert given.network().digest == named.network().digest


def test_blocks_of_every_type() -> None:
    blocks = [
        {"type": "conv", "channels": 4, "kernel": 5, "dilation": 2, "activation": "sin"},
        {"type": "conv", "groups": "depthwise", "repeat": 2},
        {"type": "conv", "channels": 6, "groups": 2},
        {"type": "avg_pool", "size": 5},
        {"type": "normalize"},
        {"type": "activation", "activation": "abs"},
        {"type": "concat", "branches": [[], [{"type": "dense", "channels": 2}]]},
        {"type": "add", "branches": [[], [{"type": "max_pool"}]]},
        {"type": "nin", "channels": 5},
        {"type": "vgg", "layers": 3, "channels": 7},
        {"type": "inception", "channels": 9},
        {"type": "residual", "channels": 4},
    ]
    types = {block["type"] for block in blocks}
    assert types | {"dense", "max_pool"} == set(KEYS)
    source = Random.of({"blocks": blocks})
    network = source.network()
    assert isinstance(network, GraphNetwork)
    found = [layer for node in network.nodes if isinstance(layer := node.layer, Conv)]
    assert [c.label for c in found[:4]] == [
        "conv 5×5, 2 apart", "conv 3×3, 4 groups", "conv 3×3, 4 groups", "conv 3×3, 2 groups",
    ]  # fmt: skip
    assert source.depth == network.depth == 1 + 2 + 1 + 1 + 3 + 3 + 1 + 2 + 1
    assert source_of(source.to_toml()) == source
    assert "depth" not in source.to_toml()
    assert source.to_toml()["blocks"] == blocks


def test_modules_are_named_for_the_diagram() -> None:
    network = Random.of({"structure": "inception", "depth": 3}).network()
    assert network.stages[3].modules == ("inception 1", "branch 4")
    assert network.stages[5].modules == ("inception 1",)
    assert network.stages[6].modules == ("inception 2", "branch 1")
    assert network.stages[-1].modules == ()


def test_draws_are_the_documented_function() -> None:
    network = Random.of({"structure": "inception", "depth": 3, "width": 10, "seed": 5}).network()
    counts = [3, 3, 2, 2]
    keys = [c * 4 + branch for branch, count in enumerate(counts) for c in range(count)]
    assert sorted(keys) == list(range(10))
    for layer, kernel in ((5, 1), (6, 3), (7, 5), (8, 1), (9, 1)):  # of the second module
        conv = weights(network, layer)
        block = draws.draw(5, layer, draws.WEIGHT, len(conv.bias), 10 * kernel**2, "uniform")
        row = draws.draw_row(5, layer, draws.BIAS, len(conv.bias), "uniform")
        by_key = block.reshape(len(conv.bias), 10, kernel, kernel)
        np.testing.assert_array_equal(conv.weight, by_key[:, keys])
        np.testing.assert_array_equal(conv.bias, row)


def test_grouped_rows_are_drawn_at_the_columns_of_their_own_inputs() -> None:
    blocks = [{"type": "conv", "channels": 4}, {"type": "conv", "channels": 6, "groups": 2}]
    network = Random.of({"blocks": blocks, "init": "normal", "seed": 3}).network()
    whole = draws.draw(3, 2, draws.WEIGHT, 6, 4 * 9, "normal").reshape(6, 4, 3, 3)
    found = weights(network, 2).weight
    np.testing.assert_array_equal(found[:3], whole[:3, :2])
    np.testing.assert_array_equal(found[3:], whole[3:, 2:])


@pytest.mark.parametrize("structure", NAMED)
def test_deepening_keeps_all_hidden_layers(structure: str) -> None:
    for depth in (2, 3, 4, 5):
        less = Network.random(structure=structure, depth=depth, width=6)
        more = Network.random(structure=structure, depth=depth + 1, width=6)
        for layer in range(1, max(stage.weight_layer for stage in less.stages)):
            one, other = weights(less, layer), weights(more, layer)
            np.testing.assert_array_equal(one.weight, other.weight)
            np.testing.assert_array_equal(one.bias, other.bias)


@pytest.mark.parametrize("structure", ["conv", "nin", "vgg", "resnet"])
def test_widening_keeps_the_weights_between_the_first_channels(structure: str) -> None:
    less = Network.random(structure=structure, depth=6, width=5)
    more = Network.random(structure=structure, depth=6, width=9)
    for layer in range(1, 7):
        one, other = weights(less, layer), weights(more, layer)
        out, columns = one.weight.shape[:2]
        np.testing.assert_array_equal(one.weight, other.weight[:out, :columns])
        np.testing.assert_array_equal(one.bias, other.bias[:out])


def branches(*counts: int) -> GraphNetwork:
    """A concatenation of branches of `counts` channels, read by a 3×3, with a residual sum."""
    lists = [[{"type": "dense", "channels": count}] for count in counts]
    blocks = [
        {"type": "concat", "branches": lists},
        {"type": "residual", "channels": sum(counts)},
        {"type": "conv", "channels": 4},
    ]
    network = Random.of({"blocks": blocks, "activation": "sin"}).network()
    assert isinstance(network, GraphNetwork)
    return network


@pytest.mark.parametrize(("less", "more"), [((3, 2, 1), (3, 5, 1)), ((1, 4), (6, 4))])
def test_widening_one_branch_moves_no_other_channel(
    less: tuple[int, ...], more: tuple[int, ...]
) -> None:
    """The same channels, with further ones that nothing reads, give the same outputs."""
    small, large = branches(*less), branches(*more)
    starts = np.cumsum([0, *more[:-1]])
    kept = [start + c for start, count in zip(starts, less, strict=True) for c in range(count)]
    reader = len(less) + 3  # of the residual sum, after the branches and its own two layers
    for layer in range(1, reader + 1):
        one, other = weights(small, layer), weights(large, layer)
        rows = kept if layer in (reader - 2, reader - 1) else list(range(len(one.bias)))
        columns = kept if layer > len(less) else [0, 1]
        if layer == reader - 1:  # reads channels 0, 1 … of the layer before
            columns = list(range(sum(less)))
        if layer == reader - 2:
            rows = list(range(sum(less)))
        np.testing.assert_array_equal(one.weight, other.weight[np.ix_(rows, columns)])
        np.testing.assert_array_equal(one.bias, other.bias[rows])


@pytest.mark.parametrize("structure", NAMED)
def test_scaling_rescales_the_same_draws(structure: str) -> None:
    one, other = (
        Network.random(structure=structure, depth=4, width=6, weight_scale=scale, bias_scale=2.0)
        for scale in (1.0, 0.25)
    )
    for layer in range(1, 5):
        np.testing.assert_array_equal(
            weights(one, layer).weight * np.float32(0.25), weights(other, layer).weight
        )
        np.testing.assert_array_equal(weights(one, layer).bias, weights(other, layer).bias)


def test_named_initialisations_count_all_taps() -> None:
    (first, second, _) = convs(structure="conv", depth=3, width=64, init="he_normal", kernel=5)
    assert first.weight.std() == pytest.approx(np.sqrt(2 / (2 * 25)), rel=0.05)
    assert second.weight.std() == pytest.approx(np.sqrt(2 / (64 * 25)), rel=0.02)
    blocks = [{"type": "conv", "channels": 64}, {"type": "conv", "groups": "depthwise"}]
    *_, depthwise, _ = convs(blocks=blocks, init="glorot_uniform")
    assert np.abs(depthwise.weight).max() == pytest.approx(np.sqrt(3 * 2 / 18), rel=0.02)


def test_omega_multiplies_what_reads_the_inputs() -> None:
    plain, multiplied = (
        Network.random(structure="inception", depth=3, omega=omega) for omega in (1.0, 30.0)
    )
    for layer in range(1, 9):
        factor = np.float32(30 if layer <= 4 else 1)
        one, other = weights(plain, layer), weights(multiplied, layer)
        np.testing.assert_array_equal(one.weight * factor, other.weight)


def test_seeds_are_interpolated() -> None:
    keys = {"structure": "resnet", "depth": 4, "width": 6}
    start, half, end = (
        Network.random(**keys, seed=1, between=between)
        if between
        else Network.random(**keys, seed=2)
        for between in ((2, 0.0), (2, 0.5), None)
    )
    assert start.digest == Network.random(**keys, seed=1).digest
    assert half.digest not in (start.digest, end.digest)
    assert Network.random(**keys, seed=1, between=(2, 1.0)).digest == end.digest
    norms = [np.linalg.norm(weights(n, 2).weight) for n in (start, half, end)]
    assert norms[1] == pytest.approx((norms[0] + norms[2]) / 2, rel=0.05)


def test_drawing_in_steps_is_what_the_network_uses() -> None:
    source = Random.of({"structure": "inception", "depth": 3, "width": 8, "init": "normal"})
    kept = list(source.draw())
    assert len(kept) == 9 == len(source.shapes)
    assert source.shapes[1] == (2, 2, 3, 3)
    network = source.network()
    assert any(weights(network, 2).weight is array for array in kept[1][0])


def test_tables_keep_only_what_is_not_the_default() -> None:
    assert not {"structure", "kernel", "grid", "blocks", "boost"} & set(Random().to_toml())
    table = Random(structure="nin", kernel=5, grid=128, boost=((1, 2, 3.0),)).to_toml()
    assert table["structure"] == "nin"
    assert table["boost"] == [[1, 2, 3.0]]
    assert source_of(table) == Random(structure="nin", kernel=5, grid=128, boost=((1, 2, 3.0),))


def test_another_structure_takes_the_place_of_blocks() -> None:
    source = Random.of({"blocks": [{"type": "nin"}, {"type": "conv"}], "activation": ["sin"] * 4})
    assert source.depth == 5
    changed = source.replace({"structure": "vgg"})
    assert (changed.structure, changed.blocks, changed.depth) == ("vgg", (), 5)
    back = changed.replace({"blocks": [{"type": "conv"}], "structure": "mlp"})
    assert (back.depth, back.activation) == (2, ("sin",))
    with pytest.raises(PresetError, match="follows from"):
        source.replace({"depth": 3})


def test_what_a_smaller_network_lacks_is_no_longer_boosted() -> None:
    source = Random(structure="vgg", depth=6, width=8, boost=((1, 2, 3.0), (7, 1, 2.0)))
    assert source.replace({"depth": 4}).boost == ((1, 2, 3.0),)
    assert source.replace({"width": 1}).boost == ((7, 1, 2.0),)
    assert source.replace({"seed": 4}).boost == source.boost
    shown = dataclasses.replace(source, last_layer=7)
    assert shown.replace({"depth": 3}).last_layer is None
    assert shown.replace({"structure": "mlp"}).last_layer is None
    assert shown.replace({"depth": 7}).last_layer == 7


def test_a_layer_is_a_picture_by_itself() -> None:
    source = Random(structure="vgg", depth=6, width=8)
    picture = source.layer_picture(2)
    assert source_of(picture.to_toml()) == picture
    network = source.network()
    assert isinstance(network, GraphNetwork)
    assert picture.network().digest == network.truncated(2).digest


def test_boosted_units_of_dense_layers() -> None:
    plain = Network.random(depth=3, width=4, activation="relu", output_activation="identity")
    x = np.random.default_rng(0).normal(size=(20, 2))
    boosted = Network.random(
        depth=3, width=4, activation="relu", output_activation="identity",
        boost=[[2, 3, 2.5], [3, 1, -2.0]],
    )  # fmt: skip
    units = x
    for number, layer in enumerate(plain.layers):
        units = units @ layer.weight.T.astype(float) + layer.bias
        units = np.maximum(units, 0) if number < 2 else units
        if number == 1:
            units = units * [1, 1, 2.5, 1]
    np.testing.assert_allclose(boosted.evaluate(x), units * [-2, 1, 1], rtol=1e-5, atol=1e-6)


B = {"type": "conv"}
WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"blocks": [{"type": "conf"}]}, "blocks", "block 1: type: no 'conf'; did you mean 'conv'?"),
    ({"blocks": [B, {"kernel": 3}]}, "blocks", "block 2 has no type: dense conv"),
    ({"blocks": [{"type": "conv", "kernal": 3}]}, "blocks", "(conv): no such key 'kernal'; did"),
    ({"blocks": [{"type": "conv", "kernel": 4}]}, "blocks", "kernel: 4 is not one of 1, 3, 5"),
    ({"blocks": [{"type": "max_pool", "size": 2}]}, "blocks", "size: 2 is not one of"),
    ({"blocks": [{"type": "conv", "channels": 513}]}, "blocks", "from 1 to 512"),
    ({"blocks": [B, {"type": "concat", "branches": [[B], [{"type": "dens"}]]}]}, "blocks",
     "block 2, branch 2, block 1: type: no 'dens'"),
    ({"blocks": [{"type": "add"}]}, "blocks", "block 1 (add) has no branches"),
    ({"blocks": [{"type": "add", "branches": [[B], []]}]}, "blocks", "branches of 16 and 2"),
    ({"blocks": [{"type": "conv", "groups": 3}]}, "blocks", "groups: 3 do not divide 2 channels"),
    ({"blocks": "conv"}, "blocks", "expected [[network.blocks]] tables"),
    ({"blocks": [B], "structure": "vgg"}, "structure", "cannot be set together"),
    ({"blocks": [B], "depth": 5}, "depth", "5; [[network.blocks]] have depth 2"),
    ({"structure": "vg"}, "structure", "no 'vg'; did you mean 'vgg'?"),
    ({"structure": "conv", "kernel": 4}, "kernel", "4 is not one of"),
    ({"structure": "conv", "grid": 4}, "grid", "from 8 to 1024"),
    ({"structure": "conv", "width": 512, "depth": 64}, "structure", "256 MiB of weights"),
    ({"blocks": [{"type": "residual", "repeat": 40}]}, "blocks", "deeper than 64 weight layers"),
    ({"blocks": [{"type": "conv", "kernel": 11, "dilation": 64, "repeat": 2}]}, "blocks",
     "reaches 640 taps"),
    ({"blocks": [{"type": "max_pool", "size": 1, "repeat": 64}] * 20}, "blocks",
     "more than 1024 nodes"),
    ({"blocks": [{"type": "concat", "branches": [[{"type": "dense", "channels": 1}], []],
                  "repeat": 40}]}, "blocks", "too many concatenations"),
    ({"blocks": [{"type": "concat", "branches": [[], [{"type": "dense", "channels": 512}]]}]},
     "blocks", "514 channels; expected at most 512"),
    ({"boost": [[9, 1, 2.0]]}, "boost", "layer 9; the network has 8"),
    ({"structure": "vgg", "boost": [[1, 17, 2.0]]}, "boost", "unit 17 of layer 1, which has 16"),
    ({"boost": [[1, 2]]}, "boost", "expected a layer, a unit and a factor"),
    ({"structure": "vgg", "last_layer": 40}, "last_layer", "40; the network has 11 layers"),
    ({"last_layer": 2}, "last_layer", "only structures have it"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "key", "problem"), WRONG)
def test_what_is_wrong_is_said_in_one_line(table: dict[str, Any], key: str, problem: str) -> None:
    with pytest.raises(PresetError) as caught:
        Random.of(table)
    assert caught.value.key == f"network.{key}"
    assert problem in caught.value.problem
    assert "\n" not in str(caught.value)


def test_lists_of_blocks_are_not_nested_without_end() -> None:
    block: dict[str, Any] = {"type": "conv"}
    for _ in range(9):
        block = {"type": "concat", "branches": [[block]]}
    with pytest.raises(PresetError, match="nested deeper than 8 lists"):
        Random.of({"blocks": [block]})


def test_blocks_write_only_what_they_say() -> None:
    assert Block("conv").to_toml() == {"type": "conv"}
    assert Block("conv", kernel=5, groups="depthwise").to_toml() == {
        "type": "conv",
        "kernel": 5,
        "groups": "depthwise",
    }


def test_boosted_units_of_layers_that_are_given() -> None:
    plain = Random(depth=3, width=4, seed=3)
    given = Layers(plain.network().layers, ("x", "y"), boost=((2, 3, 2.5),))
    drawn = dataclasses.replace(plain, boost=((2, 3, 2.5),))
    x = np.random.default_rng(0).normal(size=(20, 2))
    np.testing.assert_array_equal(given.network().evaluate(x), drawn.network().evaluate(x))
    assert source_of(given.to_toml()) == given != Layers(given.layers, ("x", "y"))
    for source in (given, drawn):
        assert source.to_toml()["boost"] == [[2, 3, 2.5]]
        picture = source.layer_picture(3).network()
        np.testing.assert_array_equal(picture.layers[-1].weight, source.output_layer(3).weight)
        assert source.layer_picture(1).boost == ()
        assert source.layer_picture(2).boost == ((2, 3, 2.5),)
    with pytest.raises(PresetError, match="unit 5 of layer 1, which has 4"):
        given.replace({"boost": [[1, 5, 2.0]]})
