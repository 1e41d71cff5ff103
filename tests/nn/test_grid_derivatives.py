"""Derivatives of networks that see a neighbourhood, against differences and against each other."""

from typing import Any

import numpy as np
import pytest

from cppn_gl.nn import grid_derivatives
from cppn_gl.nn.features import Clock
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.grid_derivatives import ancestors, at_points, forward, gradients, patch, points_work
from cppn_gl.nn.layers import Node
from cppn_gl.nn.network import Network
from cppn_gl.nn.operations import Activation, Add, AvgPool, Concat, Conv, MaxPool, Norm
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.tasks import at_once

H = 1e-6
DRAW = np.random.default_rng(3)


def conv(out: int, inputs: int, size: int, dilation: int = 1, groups: int = 1) -> Conv:
    weight = DRAW.normal(size=(out, inputs // groups, size, size)) / np.sqrt(inputs * size**2)
    return Conv(weight, 0.3 * DRAW.normal(size=out), dilation, groups)


def every_kind() -> GraphNetwork:
    """All operations: dilated, grouped and depthwise kernels, branches of unlike radius, boosts."""
    nodes = [
        Node(conv(6, 3, 3), "tanh", (-1,)),
        Node(conv(4, 6, 1), "relu", (0,)),
        Node(conv(4, 6, 3, 2, 2), "identity", (0,)),
        Node(Norm(DRAW.normal(size=4), DRAW.normal(size=4)), "sigmoid", (2,)),
        Node(MaxPool(3), "identity", (0,)),
        Node(conv(3, 6, 1), "tanh", (4,)),
        Node(Concat(), "identity", (1, 3, 5)),
        Node(conv(11, 11, 5, 1, 11), "sin", (6,)),
        Node(AvgPool(3), "identity", (7,)),
        Node(Add(), "gelu", (6, 8)),
        Node(Activation(), "softplus", (9,)),
        Node(conv(3, 11, 1), "sigmoid", (10,)),
    ]
    network = GraphNetwork(nodes, ("x", "y", "r"), grid=16, boost=[(3, 2, 1.7)])
    return network.with_statistics(network.grid_statistics(DRAW.normal(size=(30, 30, 3))))


NETWORK = every_kind()
SIDE = 2 * NETWORK.radius + 1


def outputs(source: Any) -> Float64:
    """The reference, at the middle of a patch."""
    found = NETWORK.evaluate_grid(source, statistics=NETWORK.statistics, border="none")
    return np.asarray(found[0, 0])


def reverse(source: Any, weights: Any, stage: int = -1) -> Any:
    return at_once(gradients(NETWORK.stages, source, weights, stage))


def test_reverse_mode_is_what_differences_come_near() -> None:
    source = DRAW.normal(size=(SIDE, SIDE, 3))
    found = reverse(source[None], np.eye(3))[:, 0]
    assert np.abs(found).max() > 1e-3
    for row, column, channel in DRAW.integers(0, (SIDE, SIDE, 3), (60, 3)):
        step = np.zeros_like(source)
        step[row, column, channel] = H
        slope = (outputs(source + step) - outputs(source - step)) / (2 * H)
        assert np.allclose(found[:, row, column, channel], slope, rtol=1e-5, atol=1e-9)


def test_forward_and_reverse_mode_agree() -> None:
    source = DRAW.normal(size=(3, SIDE, SIDE, 3))
    *_, (_, before, units) = filter(None, forward(NETWORK.stages, source))
    assert np.allclose(units[0, 0, 0], outputs(source[0]), rtol=0, atol=1e-14)
    back = reverse(source[:1], np.eye(3))[:, 0]
    assert np.allclose(units[1:, 0, 0], np.einsum("ohwc,dhwc->do", back, source[1:]), atol=1e-14)
    assert before.shape == units.shape


def test_points_and_sums_are_independent_of_each_other() -> None:
    source = DRAW.normal(size=(4, SIDE, SIDE, 3))
    weights = DRAW.normal(size=(2, 3))
    found = reverse(source, weights)
    assert found.shape == (2, 4, SIDE, SIDE, 3)
    for k in range(4):
        assert np.allclose(found[:, k : k + 1], reverse(source[k : k + 1], weights), atol=1e-15)
    assert np.allclose(found, np.einsum("so,opijc->spijc", weights, reverse(source, np.eye(3))))


def test_float32_is_close_to_the_reference() -> None:
    source = DRAW.normal(size=(1, SIDE, SIDE, 3))
    wanted = reverse(source, np.eye(3))
    found = reverse(source.astype(np.float32), np.eye(3, dtype=np.float32))
    assert found.dtype == np.float32
    assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max()


def test_bands_of_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    source = DRAW.normal(size=(1, SIDE, SIDE, 3))
    jets = DRAW.normal(size=(3, SIDE + 2, SIDE + 2, 3))

    def found() -> tuple[Any, Any]:
        *_, (_, _, units) = filter(None, forward(NETWORK.stages, jets))
        return reverse(source, np.eye(3)), units

    whole = found()
    monkeypatch.setattr(grid_derivatives, "SLICE", 1.0)
    for one, other in zip(found(), whole, strict=True):
        assert np.allclose(one, other, rtol=0, atol=1e-14)


def test_a_hidden_unit_sees_no_more_than_its_stage_reaches() -> None:
    for number, stage in enumerate(NETWORK.stages):
        side = 2 * stage.radius + 1
        source = DRAW.normal(size=(1, side, side, 3))
        found = reverse(source, np.eye(stage.units), number)
        assert found.shape == (stage.units, 1, side, side, 3)


def test_slopes_by_x_and_y_are_what_differences_come_near() -> None:
    clock = Clock(0.4)
    x, y = DRAW.uniform(-1, 1, (2, 20))

    def values(dx: float, dy: float) -> Float64:
        found = []
        for a, b in zip(x + dx, y + dy, strict=True):
            across, down = (one[0].ravel() for one in patch(NETWORK, *np.array([[a], [b]]), SIDE))
            source = NETWORK.features(across, down, clock).reshape(SIDE, SIDE, -1)
            found.append(outputs(source))
        return np.array(found)

    jets = at_once(at_points(NETWORK, x, y, clock))
    assert np.allclose(jets[0], values(0, 0), rtol=0, atol=1e-13)
    right = (values(H, 0) - values(-H, 0)) / (2 * H)
    up = (values(0, H) - values(0, -H)) / (2 * H)
    wrong = ~np.isclose(jets[1:], [right, up], rtol=1e-5, atol=1e-7)
    assert wrong.sum() <= 6  # a kink, or another largest value, within H


def test_points_around_a_point_are_those_a_tap_away() -> None:
    x, y = np.array([0.3]), np.array([-0.2])
    many = at_once(at_points(NETWORK, x, y, Clock(), more=2)).reshape(3, 3, 3, -1)
    right = at_once(at_points(NETWORK, x + NETWORK.step, y, Clock()))
    above = at_once(at_points(NETWORK, x, y + NETWORK.step, Clock()))
    assert np.allclose(many[:, 1, 2], right[:, 0], atol=1e-12)
    assert np.allclose(many[:, 0, 1], above[:, 0], atol=1e-12)
    assert points_work(NETWORK, more=2) > points_work(NETWORK)


def test_dense_networks_see_one_point() -> None:
    network = Network.random(depth=3, width=5, seed=2)
    source = DRAW.normal(size=(4, 1, 1, 2))
    found = at_once(gradients(network.stages, source, np.eye(3)))
    for axis in range(2):
        step = H * np.eye(2)[axis]
        ends = (network.evaluate(source[:, 0, 0] + sign * step) for sign in (1, -1))
        slope = np.subtract(*ends) / (2 * H)
        assert np.allclose(found[:, :, 0, 0, axis].T, slope, rtol=1e-5)


def test_of_equal_values_the_first_is_the_largest() -> None:
    pool, y = MaxPool(3), np.zeros((3, 3, 1))
    direction = np.arange(9.0).reshape(3, 3, 1)
    assert pool.tangent((y,), (direction,)) == 0
    (back,) = pool.backward((y,), np.ones((1, 1, 1)))
    assert back[0, 0, 0] == back.sum() == 1
    y[1, 2] = np.nan  # what is not a number is the result
    assert pool.tangent((y,), (direction,)) == 5


def test_what_the_outputs_do_not_depend_on_is_not_computed() -> None:
    nodes = [
        Node(conv(2, 2, 3), "tanh", (-1,)),
        Node(conv(2, 2, 5), "tanh", (0,)),
        Node(conv(1, 2, 1), "tanh", (0,)),
    ]
    network = GraphNetwork(nodes)
    assert ancestors(network.stages, 2) == [0, 2]
    found = at_once(at_points(network, np.zeros(1), np.zeros(1), Clock()))
    assert found.shape == (3, 1, 1)


def test_statistics_that_are_not_measured_have_no_derivative() -> None:
    norm = Norm(np.ones(2), np.zeros(2))
    with pytest.raises(ValueError, match="measured"):
        norm.backward((np.zeros((1, 1, 2)),), np.zeros((1, 1, 2)))
