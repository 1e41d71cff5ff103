"""Presets with structures: their text, changes, animation, and when they are measured."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cppn_gl.nn.blocks import STRUCTURES
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.operations import Conv
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.sheet import cells
from cppn_gl.utils.checks import PresetError

NAMED = tuple(STRUCTURES)[1:]
SMALL = "[network]\ngrid = 16\nwidth = 5\n"


def preset(structure: str = "vgg", more: str = "", **keys: Any) -> Preset:
    return parse_preset(f'{SMALL}structure = "{structure}"\ndepth = 4\n{more}').replace(**keys)


def graph(of: Preset) -> GraphNetwork:
    network = of.network()
    assert isinstance(network, GraphNetwork)
    return network


BLOCKS = st.recursive(
    st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("conv")},
            optional={
                "channels": st.integers(1, 9),
                "kernel": st.sampled_from([1, 3, 5]),
                "dilation": st.integers(1, 3),
                "activation": st.sampled_from(["relu", "sin"]),
                "groups": st.just("depthwise"),
            },
        ).filter(lambda block: not {"groups", "channels"} <= block.keys()),
        st.fixed_dictionaries({"type": st.sampled_from(["max_pool", "normalize", "residual"])}),
        st.fixed_dictionaries(
            {"type": st.sampled_from(["inception", "nin"])}, optional={"repeat": st.integers(2, 3)}
        ),
    ),
    lambda inner: st.fixed_dictionaries(
        {
            "type": st.just("concat"),
            "branches": st.lists(st.lists(inner, max_size=2), min_size=1, max_size=3),
        }
    ),
    max_leaves=6,
)


@given(st.lists(BLOCKS, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_blocks_come_back_from_text(blocks: list[dict[str, Any]]) -> None:
    one = Preset().replace(blocks=blocks, width=4)
    text = one.to_toml()
    again = parse_preset(text)
    assert again == one
    assert again.spec.depth == one.spec.depth
    assert again.spec.network().digest == one.spec.network().digest
    assert text == again.to_toml()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[network]\nstructure = "vg"\n', "a.toml:2: network.structure: no 'vg'; did you mean"),
        ('[[network.blocks]]\ntype = "conv"\n[[network.blocks]]\ntype = "conf"\n',
         "a.toml:3: network.blocks: block 2: type: no 'conf'; did you mean 'conv'?"),
        ('[[network.blocks]]\ntype = "add"\n', "a.toml:1: network.blocks: block 1 (add) has no"),
        ('[network]\nstructure = "vgg"\n[train]\ndata = "xor"\n',
         "a.toml:2: network.structure: a network that learns consists of dense layers"),
        ('[network]\nboost = [[1, 1, 2.0]]\n[train]\ndata = "xor"\n',
         "a.toml:2: network.boost: the units of a network that learns are not boosted"),
    ],
)  # fmt: skip
def test_errors_name_line_and_key(text: str, place: str) -> None:
    with pytest.raises(PresetError) as caught:
        parse_preset(text, source="a.toml")
    assert str(caught.value).startswith(place)


def test_a_structure_can_be_set_and_unset() -> None:
    one = Preset().replace(**{"network.structure": "nin", "network.grid": 64, "kernel": 5})
    assert 'structure = "nin"' in one.to_toml()
    assert parse_preset(one.to_toml()) == one
    back = one.replace(structure="mlp", kernel=3, **{"network.grid": 256})
    assert back == Preset()
    assert back.to_toml() == Preset().to_toml()


def test_grid_alone_is_that_of_normalize() -> None:
    assert Preset().replace(grid=5).normalize.grid == 5


def test_structures_side_by_side_in_a_sheet() -> None:
    sheet = parse_preset(
        '[network]\ndepth = 3\nwidth = 4\n[show]\nview = "sheet"\n'
        '[sweep]\nrows = "network.structure = mlp, nin, inception"\ncols = "seed = 1, 2"\n'
    )
    found = [cell.preset.spec for cell in cells(sheet).cells]
    assert [spec.structure for spec in found] == ["mlp"] * 2 + ["nin"] * 2 + ["inception"] * 2


def test_the_weight_scale_of_a_structure_moves() -> None:
    moving = preset(more="[animate]\nnetwork.weight_scale = [0.5, 2.0]\n")
    start, later = graph(moving.at(0)), graph(moving.at(3))
    factor = moving.at(3).spec.weight_scale / moving.at(0).spec.weight_scale
    one, other = (network.stages[1].operation for network in (start, later))
    assert isinstance(one, Conv)
    assert isinstance(other, Conv)
    np.testing.assert_allclose(one.weight * factor, other.weight, rtol=1e-6)


def test_a_walk_leads_from_seed_to_seed() -> None:
    walking = preset(more="[animation]\nwalk = [3, 4]\n")
    assert graph(walking.at(0)).digest == graph(preset(seed=3)).digest
    assert walking.at(2).spec.between is not None
    assert graph(walking.at(2)).digest != graph(walking.at(0)).digest


NORMALIZED = '[normalize]\nwhich = "hidden"\ngain = 3.0\nshift_spread = 2.0\n'


@pytest.mark.parametrize("structure", NAMED)
def test_statistics_do_not_depend_on_what_is_shown(structure: str) -> None:
    one = preset(structure, NORMALIZED, inputs=["x", "y", "t"])
    other = one.replace(extent=7.0, center=(3.0, 1.0), speed=2.0)
    assert other.network() is one.network()
    assert graph(one.at(5.0)) is graph(one)
    assert one.replace(region_extent=2.0).network() is not one.network()


def test_a_network_is_prepared_in_slices_and_kept() -> None:
    one = preset("inception", NORMALIZED, seed=77)
    kept = list(one.prepare())
    assert len(kept) > 20
    assert kept[-1] is one.network()
    assert graph(one).statistics is not None
    assert len(list(one.prepare())) < len(kept)  # nothing is measured again


def test_the_picture_of_a_layer_keeps_its_normalisation() -> None:
    one = preset("vgg", NORMALIZED)
    third = one.layer_picture(4)  # two convolutions, the pool, the third convolution
    network = graph(third)
    assert [s.normalize is not None for s in network.stages] == [True, True, False, True]
    assert network.statistics is not None
    assert graph(one).statistics is not None
    for own, whole in zip(network.statistics, graph(one).statistics or (), strict=False):
        np.testing.assert_array_equal(own.mean, whole.mean[: len(own.mean)])
    assert parse_preset(third.to_toml()) == third


def test_channels_follow_the_outputs() -> None:
    assert preset(outputs=1).channels == 3
    assert preset(outputs=4).channels == 4
    assert graph(preset(outputs=4)).opaque.outputs == 3


def test_a_structure_is_at_hand_once_it_is_made() -> None:
    text = '[network]\nstructure = "vgg"\ndepth = 3\ngrid = 16\n[normalize]\nwhich = "hidden"'
    preset = parse_preset(text)
    assert not preset.at_hand
    network = preset.network()
    assert preset.at_hand
    assert preset.network() is network
    assert Preset().at_hand
