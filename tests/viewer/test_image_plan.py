"""The diagram of an image network: bars that do not overlap, names, links, places."""

import itertools

import pytest
from seers import grey

from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.image_plan import Bit, bits_of, image_plan, levels_of

FIRE = (
    Bit("conv1", 8, (0,)),
    Bit("fire2/squeeze", 4, (1,)),
    Bit("fire2/one", 16, (2,)),
    Bit("fire2/three", 16, (2,)),
    Bit("fire2/concat", 32, (3, 4), joins=True),
    Bit("conv10", 1000, (5,)),
)
RESIDUAL = (Bit("a", 8, (0,)), Bit("b", 8, (1,)), Bit("c", 8, (2,)), Bit("sum", 8, (1, 3)))


@pytest.mark.parametrize("bits", [FIRE, RESIDUAL])
@pytest.mark.parametrize("size", [(150, 700), (90, 260), (60, 120)])
def test_bars_lie_in_order_and_do_not_overlap(bits: tuple[Bit, ...], size: tuple[int, int]) -> None:
    board = image_plan(bits, size, 15.0, 1.0, 3)
    for one, other in itertools.combinations(board.bars, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart
    for bar in board.bars:
        assert 0 <= bar[0] < bar[2] <= size[0]
        assert board.picture[3] <= bar[1] < bar[3] <= board.classes[1] + 1
    assert levels_of(bits)[1:] == sorted(levels_of(bits)[1:])


def test_a_place_is_a_layer_and_a_channel_and_back() -> None:
    board = image_plan(FIRE, (400, 700), 15.0, 1.0, 0)
    for layer, count in enumerate(board.counts, 1):
        for channel in (1, count // 2, count):
            left, right = board.stripe(layer, channel)
            _, top, _, bottom = board.bars[layer - 1]
            found = board.at(((left + right) / 2, (top + bottom) / 2))
            assert found == (layer, channel)
    assert board.at((0, 0)) is None


def test_a_module_has_one_name_and_a_frame_and_a_layer_alone_its_own() -> None:
    board = image_plan(FIRE, (150, 700), 15.0, 1.0, 3)
    assert [(name.words, name.layer) for name in board.names] == [
        ("conv1", 1),
        ("fire2", 5),
        ("conv10", 6),
    ]
    ((left, top, right, bottom),) = board.frames
    for bar in board.bars[1:5]:
        assert left < bar[0] < bar[2] < right
        assert top < bar[1] < bar[3] < bottom


def test_a_connection_past_other_layers_goes_round_them() -> None:
    board = image_plan(RESIDUAL, (150, 400), 15.0, 1.0, 0)
    (round_,) = (link for link in board.links if len(link) == 4)
    assert min(x for x, _ in round_[1:3]) > max(bar[2] for bar in board.bars)


def test_the_stages_of_a_network() -> None:
    bits = bits_of(Explorer(grey()).eye)
    assert [bit.channels for bit in bits] == [6, 6, 3, 3, 4]
    assert [bit.inputs for bit in bits] == [(0,), (1,), (2,), (3,), (4,)]
    assert bits[0].module == bits[1].module == "block"
