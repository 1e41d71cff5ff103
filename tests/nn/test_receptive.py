"""The effective receptive field, where it is known: linear networks of equal weights."""

import numpy as np
import pytest

from cppn_gl.nn.features import Clock
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.layers import Node
from cppn_gl.nn.network import Network
from cppn_gl.nn.operations import Conv
from cppn_gl.nn.receptive import ReceptiveField, measure
from cppn_gl.utils.tasks import at_once


def blurs(count: int) -> GraphNetwork:
    """Means over 3×3 taps, one after another, of one input."""
    mean = Conv(np.full((1, 1, 3, 3), 1 / 9), np.zeros(1))
    nodes = [Node(mean, "identity", (k - 1,)) for k in range(count)]
    return GraphNetwork(nodes, ("x",))


def field(network: Network, points: int = 1, stage: int = -1) -> ReceptiveField:
    units = network.stages[stage].units
    x = np.linspace(-1, 1, points)
    weights = np.eye(units, dtype=np.float32)
    return at_once(measure(network, x, x, Clock(), weights, stage))


def test_magnitudes_of_means_of_means_are_those_of_a_product() -> None:
    found = field(blurs(3))
    once = np.ones(3) / 3
    line = np.convolve(np.convolve(once, once), once)
    assert found.radius == 3
    assert found.side == 7
    assert np.allclose(found.magnitudes, line[:, None] * line, rtol=1e-5)
    assert found.largest == pytest.approx(line[3] ** 2, rel=1e-5)


def test_one_mean_sees_all_nine_taps_alike() -> None:
    found = field(blurs(1))
    assert found.effective == 3
    assert found.spread == pytest.approx(np.sqrt(2 / 3), rel=1e-5)


def test_it_grows_with_the_root_of_depth() -> None:
    """Luo et al., section 2: of n layers it is O(√n), while the box is O(n)."""
    few, many = field(blurs(4)), field(blurs(16))
    assert many.radius == 4 * few.radius
    assert many.spread / few.spread == pytest.approx(2, rel=0.05)
    assert many.effective < 0.5 * many.side


def test_directions_are_those_of_a_picture() -> None:
    """A tap above is a row above: the first."""
    weight = np.zeros((1, 1, 3, 3), np.float32)
    weight[0, 0, 0, 2] = 1
    found = field(GraphNetwork([Node(Conv(weight, np.zeros(1)), "identity", (-1,))], ("y",)))
    assert found.magnitudes[0, 2] == found.magnitudes.sum() == 1


def test_a_dense_network_sees_one_point() -> None:
    found = field(Network.random(depth=4, width=6), points=5)
    assert (found.side, found.effective, found.spread) == (1, 1, 0.0)
    assert found.largest > 0


def test_the_mean_over_points_is_that_of_squares() -> None:
    network = Network.random(depth=3, width=6, structure="conv", seed=3)
    x = np.linspace(-1, 1, 3)
    each = [
        at_once(measure(network, x[k : k + 1], x[k : k + 1], Clock(), np.eye(3, dtype="f4")))
        for k in range(3)
    ]
    squares = np.mean([one.magnitudes**2 for one in each], axis=0)
    assert np.allclose(field(network, 3).magnitudes ** 2, squares, rtol=1e-4)


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_what_is_nothing_or_no_number_has_measures(value: float) -> None:
    found = ReceptiveField(np.full((5, 5), value))
    assert found.effective == 5
    assert found.spread == 0
