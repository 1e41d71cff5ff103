"""Connections: the strongest of them, by sign and strength, from tile to tile."""

import numpy as np

from cppn_gl import Layer, Network, Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.views.units.dashboard import dashboard
from cppn_gl.views.units.diagram import NEGATIVE, POSITIVE, connections, drawn
from cppn_gl.views.units.units import board_of

NETWORK = Network(
    [
        Layer(np.float32([[0.5, -1.0], [0.25, 0.0]]), np.zeros(2, np.float32), "tanh"),
        Layer(np.float32([[-8.0, 2.0]]), np.zeros(1, np.float32), "sigmoid"),
    ]
)
BOARD = dashboard((2, 2, 1), (960, 600), connected=True)


def test_all_of_a_small_network_relative_to_the_layers_largest() -> None:
    found = {(c.source, c.target): c.weight for c in connections(NETWORK, BOARD)}
    assert found == {
        ((0, 0), (1, 0)): 0.5,
        ((0, 1), (1, 0)): -1.0,
        ((0, 0), (1, 1)): 0.25,
        ((1, 0), (2, 0)): -1.0,
        ((1, 1), (2, 0)): 0.25,
    }  # a weight of 0 connects nothing


def test_the_weakest_come_first_so_that_the_strongest_lie_on_top() -> None:
    strengths = [abs(c.weight) for c in connections(NETWORK, BOARD)]
    assert strengths == sorted(strengths)


def test_those_of_one_unit() -> None:
    found = connections(NETWORK, BOARD, (1, 1))
    assert {(c.source, c.target) for c in found} == {((0, 0), (1, 1)), ((1, 1), (2, 0))}


def test_the_strongest_of_many() -> None:
    scene = scene_of(Preset().replace(depth=4, width=40, connections=True))
    board = board_of(scene, (960, 600))
    found = connections(scene.network, board, most=50)
    assert len(found) == 50
    shares = [np.abs(layer.weight) / np.abs(layer.weight).max() for layer in scene.network.layers]
    every = np.sort(np.concatenate([share.ravel() for share in shares]))
    assert np.allclose([abs(c.weight) for c in found], every[-50:])
    for line in found:
        weight = scene.network.layers[line.target[0] - 1].weight[line.target[1], line.source[1]]
        assert np.sign(weight) == np.sign(line.weight)
        assert line.source[0] == line.target[0] - 1


def test_lines_run_from_tile_to_tile_in_the_colour_of_their_sign() -> None:
    for unit, color in (((0, 0), POSITIVE), ((0, 1), NEGATIVE)):
        line = next(c for c in connections(NETWORK, BOARD, unit) if c.target == (1, 0))
        picture = np.asarray(drawn([line], BOARD, (960, 600)))
        source, target = BOARD.box(line.source), BOARD.box(line.target)
        x = (source[2] + target[0]) // 2
        y = (source[1] + source[3] + target[1] + target[3]) // 4
        near = picture[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 4)
        strongest = near[near[:, 3].argmax()]
        assert strongest[3] > 60
        assert np.abs(strongest[:3].astype(int) - color).max() < 16
        drawn_columns = np.flatnonzero(picture[..., 3].any(axis=0))
        assert abs(drawn_columns[0] - source[2]) <= 3
        assert abs(drawn_columns[-1] - target[0]) <= 3


def test_stronger_lines_are_more_opaque() -> None:
    lines = connections(NETWORK, BOARD)
    weak, strong = lines[0], lines[-1]
    peak = [np.asarray(drawn([line], BOARD, (960, 600)))[..., 3].max() for line in (weak, strong)]
    assert peak[0] < peak[1] - 60


def test_no_lines_are_no_lines() -> None:
    assert not np.asarray(drawn([], BOARD, (96, 60))).any()
