"""Structures explored by keys: the next one, blocks, layers, units."""

import pytest

from cppn_gl.nn.blocks import STRUCTURES, Block, blocks_of
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.show import UnitsOptions
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.facts import facts
from cppn_gl.viewer.structuring import block_words, layer_count

KEYS = {"depth": 4, "width": 4, "network.grid": 16, "activation": "relu"}
BLOCKS = (Block("conv", kernel=5), Block("inception", repeat=2), Block("max_pool"))


def explorer(**keys: object) -> Explorer:
    own = {name: value for name, value in KEYS.items() if name != "depth" or "blocks" not in keys}
    return Explorer(Preset().replace(**own, **keys))


def test_the_key_steps_through_all_structures_and_back() -> None:
    of = explorer()
    names = list(STRUCTURES)
    for name in (*names[1:], names[0]):
        of.act("next_structure")
        assert of.preset.spec.structure == name
        assert of.message == f"structure {name}: {STRUCTURES[name]}"
        assert (of.preset.spec.depth, of.preset.spec.width) == (4, 4)
    of.act("next_structure", large=True)
    assert of.preset.spec.structure == names[-1]
    of.act("history_back")
    assert of.preset.spec.structure == names[0]


def test_blocks_make_room_for_a_structure_and_come_back() -> None:
    of = explorer(blocks=BLOCKS)
    of.act("next_structure")
    assert of.preset.spec.structure == "conv"
    assert of.preset.spec.blocks == ()
    assert "in place of the blocks, Z brings them back" in of.message
    of.act("history_back")
    assert of.preset.spec.blocks == BLOCKS


def test_the_depth_of_blocks_is_theirs() -> None:
    of = explorer(blocks=BLOCKS)
    before = of.preset
    for action in ("deeper", "shallower"):
        of.act(action)
        assert of.preset == before
        assert of.message == "the depth, 4, is that of its blocks: the panel lists them"
    of.act("wider")
    assert of.preset.spec.width == 5


def test_a_network_that_is_given_has_no_other_structure() -> None:
    of = Explorer(Preset().replace(depth=2, width=2))
    of.set_weight((1, 0), 0, 0.5)
    of.act("next_structure")
    assert "setting a weight fixes the weights" in of.message


@pytest.mark.parametrize("structure", list(STRUCTURES))
def test_layers_are_stages(structure: str) -> None:
    of = explorer(structure=structure)
    network = of.preset.network()
    assert of.layers == layer_count(of.preset.spec) == len(network.stages)
    of.act("layer_down")
    assert of.layer == of.layers - 1
    assert of.shown.network().outputs in (1, 3)
    of.change(**{"show.view": "units"})
    of.show_stage(2)
    assert (of.stage, of.view.name) == (2, "units")
    of.show_stage(2)
    assert of.stage == 0
    for action in ("next_activation", "next_init", "stronger", "zoom_in", "random_seed"):
        of.act(action)
        assert of.preset.network().stages


def test_a_unit_alone_and_back() -> None:
    of = explorer(structure="vgg")
    of.zoom_to_unit((2, 3))
    shown = of.preset.options(UnitsOptions)
    assert (of.preset.show.view, shown.unit, shown.zoom) == ("units", (2, 3), True)
    of.act("leave")
    assert of.preset.show.view == "picture"


def test_the_signal_of_structures_is_not_searched() -> None:
    """It would take too long: A keeps the weight scale."""
    of = explorer(structure="conv", weight_scale=0.7)
    of.act("next_activation")
    assert of.preset.spec.weight_scale == 0.7
    assert "keeps the signal" not in of.message
    of.act("toggle_keeping")
    of.act("toggle_keeping")
    assert "of structures they keep the scale" in of.message


def test_facts_tell_the_structure() -> None:
    of = explorer(structure="vgg", inputs=("red", "green"))
    words = [" · ".join(line) for line in facts(of, 1234, (64, 40))]
    assert "vgg · depth 4 × width 4 · relu · 1,234 weights and biases" in words
    assert "an output sees 9×9 taps of a grid of 16 · image cat" in words
    of.change(structure="mlp", inputs=("x", "y"))
    assert not any("taps" in line or "image" in line for line in map(str, facts(of, 1, (64, 40))))


def test_blocks_in_words() -> None:
    assert block_words(Block("max_pool", size=5)) == ("max pool 5×5", "")
    assert block_words(Block("conv", kernel=3, dilation=2, groups="depthwise", channels=8)) == (
        "conv 3×3",
        "8 channels · taps 2 apart · depthwise",
    )
    both = Block(
        "concat", branches=((Block("dense"),), (Block("max_pool"), Block("vgg", repeat=2)))
    )
    assert block_words(both)[1] == "2 branches: dense | max pool 3×3 → vgg × 2"
    assert block_words(Block("add", branches=((Block("conv"),), ())))[1].endswith("conv | identity")
    for structure in STRUCTURES:
        assert all(block_words(one)[0] for one in blocks_of(structure, 8, 3))
