"""The line between classes: where it must be, whatever the grid."""

import numpy as np
import pytest

from cppn_gl.nn.features import Clock
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network
from cppn_gl.preset.preset import Viewport
from cppn_gl.utils.arrays import Float64
from cppn_gl.views.boundary import Lines, boundary, chained, lines

SIDE = 21


def disc(places: Float64, radius: float = 7.3) -> Float64:
    """Two classes at places of the grid: in a disc round the middle, and outside."""
    inside = radius**2 - np.square(places - (SIDE - 1) / 2).sum(axis=-1)
    return np.stack([-inside, inside], axis=-1)


def sectors(places: Float64) -> Float64:
    """Three classes that meet at a point off the grid."""
    turns = 2 * np.pi * np.arange(3) / 3 + 0.3
    return (places - [9.4, 10.3]) @ np.stack([np.cos(turns), np.sin(turns)])


def grid() -> Float64:
    across, down = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    return np.stack([across, down], axis=-1).astype(np.float64)


def length(found: Lines) -> float:
    return sum(float(np.hypot(*np.diff(line, axis=0).T).sum()) for line in found)


def test_a_disc_has_one_closed_line_exactly_at_its_edge() -> None:
    (line,) = lines(disc(grid()), disc)
    assert np.array_equal(line[0], line[-1])
    assert np.abs(np.hypot(*(line - (SIDE - 1) / 2).T) - 7.3).max() < 2e-3
    assert length([line]) == pytest.approx(2 * np.pi * 7.3, rel=0.01)


def test_three_classes_meet_where_three_lines_end() -> None:
    found = lines(sectors(grid()), sectors)
    ends = np.concatenate([line[[0, -1]] for line in found])
    near = np.hypot(*(ends - [9.4, 10.3]).T) < 0.7
    assert (len(found), near.sum()) == (3, 3)
    every = np.sort(sectors(np.concatenate(found)), axis=1)
    assert np.abs(every[:, 2] - every[:, 1]).max() < 0.6  # the meeting point is inside a cell
    assert np.median(every[:, 2] - every[:, 1]) < 1e-9


def test_the_middle_of_a_cell_decides_between_two_lines_through_it() -> None:
    for middle, same in ((0.4, True), (-0.4, False)):
        corner = np.array([[1.0, -0.5], [-0.5, 1.0]]) + middle
        found = lines(np.stack([corner, -corner], axis=-1))
        assert len(found) == 2
        upper = min(found, key=lambda line: line[:, 1].mean())
        assert (upper[:, 0].mean() > 0.5) == same  # around the upper right corner, or the left


def test_nothing_but_one_class_has_no_line() -> None:
    assert lines(np.stack([np.ones((5, 5)), np.zeros((5, 5))], axis=-1)) == []


def test_chains_are_as_long_as_they_can_be() -> None:
    found = chained([(1, 2), (4, 3), (2, 3), (7, 8), (8, 9), (9, 7), (4, 10), (4, 11)])
    assert sorted(map(len, found)) == [2, 2, 4, 4]


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "identity"])
@pytest.mark.parametrize("extent", [6.0, 1e-4])
def test_of_a_network_it_is_where_the_output_is_in_its_middle(
    activation: str, extent: float
) -> None:
    layer = Layer(np.array([[2.0, 1.0]]), np.array([-0.5]), activation)
    view = Viewport((0.2, 0.1), extent)
    (line,) = boundary(Network([layer]), view, Clock(), (320, 200))
    x = 0.2 + (line[:, 0] - 160) * extent / 100
    y = 0.1 - (line[:, 1] - 100) * extent / 100
    assert np.abs(2 * x + y - 0.5).max() < 1e-5 * extent
    assert line[:, 1].min() < 0
    assert line[:, 1].max() > 200
