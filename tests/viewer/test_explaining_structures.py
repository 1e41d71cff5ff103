"""What the explanation says of structures, with their own numbers."""

import pytest

from cppn_gl.nn.blocks import STRUCTURES, Block
from cppn_gl.preset.preset import Preset
from cppn_gl.viewer.explaining import explanation, network_words
from cppn_gl.viewer.explorer import Explorer


def words(**keys: object) -> str:
    keys |= {} if "blocks" in keys else {"depth": 5}
    preset = Preset().replace(width=6, activation="relu", **{"network.grid": 20}, **keys)
    return " ".join(network_words(preset, preset.network()))


def test_a_convolution_in_numbers() -> None:
    said = words(structure="conv", kernel=5)
    assert "4 convolutions of 5×5, one after another" in said
    assert "6 channels at 5×5 points, its taps, each times a weight of its own (150 in all)" in said
    assert "20 over the side of its square" in said
    assert "an output sees 17×17 taps: 85 % of that side" in said
    assert "nothing keeps the signal" in said


@pytest.mark.parametrize("name", [name for name in STRUCTURES if name != "mlp"])
def test_every_structure_is_explained(name: str) -> None:
    preset = Preset().replace(structure=name, depth=4, width=5, **{"network.grid": 12})
    for view in ("picture", "units"):
        explorer = Explorer(preset.replace(view=view))
        page = explanation(explorer, preset.network())
        assert sum(len(run.words) for one in page for run in one.runs) > 1000


def test_blocks_boosts_normalisation_and_the_image() -> None:
    blocks = (Block("conv", kernel=7), Block("avg_pool"), Block("dense", repeat=2))
    said = words(
        blocks=blocks,
        inputs=("grey",),
        boost=((2, 1, 3.0),),
        **{"normalize.which": "hidden", "normalize.gain": 3.0, "normalize.shift_spread": 2.0},
    )
    assert "Its blocks: conv 7×7, avg pool 3×3, dense × 2." in said
    assert "Boosted, so that all that reads it sees more of it: unit 1 of layer 2 × 3." in said
    assert (
        "mean 0 and more or less, drawn for each and standard deviation 3, over all 20×20" in said
    )
    assert "Its input grey is the lightness of the picture cat, filling the square" in said
