"""Points on their way through a network: exact at whole positions and thirds, without a jump."""

import dataclasses

import numpy as np
import pytest

from cppn_gl import Network
from cppn_gl.nn.features import Clock
from cppn_gl.nn.layers import Layer
from cppn_gl.preset.show import WarpOptions
from cppn_gl.utils.tasks import at_once
from cppn_gl.views.warp.journey import REST, Journey, Stage, eased, travel

PLACES = np.random.default_rng(0).uniform(-2, 2, (120, 2))
AUTO = WarpOptions()
CLOCK = Clock(0.4)


def network(*, width: int = 3, inputs: tuple[str, ...] = ("x", "y"), **keys: object) -> Network:
    keys = {"depth": 4, "activation": "tanh", "seed": 4, "weight_scale": 0.9} | keys
    return Network.random(width=width, inputs=list(inputs), **keys)


def journey(of: Network, options: WarpOptions = AUTO) -> Journey:
    return at_once(travel(of, CLOCK, PLACES, range(60), options))


def layers(of: Network) -> list[tuple[np.ndarray, np.ndarray]]:
    features = of.features(PLACES[:, 0], PLACES[:, 1], CLOCK)
    return [(pre, units) for _, pre, units in of.walk(features)]


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("activation", ["tanh", "relu", "sin"])
def test_whole_positions_are_the_units_of_a_walk_and_thirds_its_sums(
    width: int, activation: str
) -> None:
    of = network(width=width, activation=activation)
    found = journey(of)
    assert (found.at(0)[:, :2] == PLACES).all()
    for number, (pre, units) in enumerate(layers(of)):
        count = units.shape[1]
        bias = of.layers[number].bias
        assert found.at(number + 1)[:, :count] == pytest.approx(units, abs=1e-12)
        assert found.at(number + 2 / 3)[:, :count] == pytest.approx(pre, abs=1e-6)
        assert found.at(number + 1 / 3)[:, :count] == pytest.approx(pre - bias, abs=1e-6)
    assert found.flat == (width < 3 and of.outputs < 3)


def test_the_outputs_are_those_of_the_reference() -> None:
    of = network(width=5)
    features = of.features(PLACES[:, 0], PLACES[:, 1], CLOCK)
    assert journey(of).outputs == pytest.approx(of.evaluate(features), abs=1e-6)


@pytest.mark.parametrize(
    ("of", "options"),
    [
        (network(width=2, outputs=1), AUTO),
        (network(width=3, outputs=1), AUTO),
        (network(width=1, outputs=1), AUTO),
        (network(width=9), AUTO),
        (network(width=9), WarpOptions(units=(1, 4))),
        (network(width=3), WarpOptions(project="components")),
        (network(width=4, inputs=("x", "y", "r", "sin_x", "t")), AUTO),
        (network(width=30, depth=7, activation="relu"), AUTO),
    ],
)
def test_nothing_jumps(of: Network, options: WarpOptions) -> None:
    """Neither points nor the frame: where one movement ends and the next begins, and within."""
    found, near = journey(of, options), 1e-7
    for position in np.arange(1, 60 * of.depth) / 60:
        before, after = found.frame(position - near), found.frame(position + near)
        size = float(before.half.max())
        step = found.at(position + near) - found.at(position - near)
        assert np.abs(step).max() < 1e-3 * size, position
        assert np.abs(after.center - before.center).max() < 1e-3 * size, position
        assert after.half == pytest.approx(before.half, rel=1e-3)


def test_the_frame_is_the_same_while_w_and_b_move_and_always_holds_the_points() -> None:
    found = journey(network(width=3))
    for layer in range(found.depth):
        own = found.passages[layer].frame
        for part in np.linspace(REST / 3 + 1e-6, 2 / 3, 30):
            assert found.frame(layer + part) is own
        for part in np.linspace(0, 1, 61):
            frame, points = found.frame(layer + part), found.at(layer + part)
            assert (np.abs(points - frame.center) <= frame.half * 1.0001).all()
        assert (np.abs(own.center) <= own.half).all()  # the origin


def test_while_space_bends_the_frame_changes_by_equal_factors() -> None:
    """However much smaller the values are than their sums, no moment rushes past."""
    of = network(weight_scale=20.0)
    found = journey(of)
    sizes = [float(found.frame(part).half.max()) for part in np.linspace(2 / 3, 1, 41)]
    factors = np.array(sizes[1:]) / sizes[:-1]
    assert sizes[0] / sizes[-1] > 10
    assert factors.min() > (sizes[-1] / sizes[0]) ** (1.6 / 40)


def test_at_whole_positions_the_frame_fits() -> None:
    found = journey(network(width=3))
    for layer in range(found.depth + 1):
        frame, points = found.frame(layer), found.at(layer)
        wide = np.ptp(points, axis=0)
        largest = int(np.argmax(wide))
        assert 2 * frame.half[largest] == pytest.approx(1.06 * wide[largest])


def test_every_movement_is_on_its_own() -> None:
    for position in np.linspace(0, 3, 601):
        stage = Stage.of(position, 3)
        parts = stage.turned, stage.stretched, stage.shifted, stage.bent
        assert sum(0 < part < 1 for part in (*parts, stage.framed)) <= 1
        assert list(parts) == sorted(parts, reverse=True)
    assert Stage.of(2.0, 3).layer == 2
    assert Stage.of(99, 3) == Stage.of(3, 3)
    assert eased(-1) == 0
    assert eased(2) == 1


def test_constant_inputs_are_part_of_the_biases() -> None:
    of = network(width=3, inputs=("x", "t", "y", "one"))
    found = journey(of)
    assert (found.at(0)[:, :2] == PLACES).all()
    assert found.projections[0].names == ("𝑥", "𝑦")
    for number, (_, units) in enumerate(layers(of), 1):
        assert found.at(number)[:, : units.shape[1]] == pytest.approx(units, abs=1e-12)


def test_more_inputs_lift_the_plane() -> None:
    of = network(width=3, inputs=("x", "y", "r"))
    assert journey(of).at(0) == pytest.approx(of.features(*PLACES.T, CLOCK))
    many = journey(network(width=3, inputs=("x", "y", "r", "sin_x", "cos_y")))
    assert many.projections[0].components
    only = journey(network(width=3, inputs=("r",)))
    assert only.at(0)[:, 0] == pytest.approx(np.hypot(*PLACES.T))


def test_a_layer_of_wider_ones_is_moved_by_the_map_that_fits_best() -> None:
    """What is left over is small where components show nearly all."""
    of = network(width=8, weight_scale=0.3)
    found = journey(of)
    for before, passage in enumerate(found.passages[:-1]):
        assert found.projections[before + 1].part > 0.95
        assert np.abs(passage.left_over).max() < 0.2 * np.abs(passage.weighted).max()


def test_components_hardly_change_with_the_weights() -> None:
    """As from one step of a training to the next."""
    of = network(width=8)
    before = journey(of)
    draws = np.random.default_rng(1)
    moved = [
        dataclasses.replace(
            layer, weight=layer.weight + 1e-4 * draws.normal(size=layer.weight.shape)
        )
        for layer in of.layers
    ]
    after = journey(Network(moved, ["x", "y"]))
    for position in np.linspace(0, 4, 49):
        assert np.abs(after.at(position) - before.at(position)).max() < 0.02


def test_overflow_is_left_out() -> None:
    huge = Layer(np.full((4, 2), 1e30), np.zeros(4), "identity")
    more = Layer(np.full((4, 4), 1e30), np.zeros(4), "identity")
    last = Layer(np.full((3, 4), 1e30), np.zeros(3), "identity")
    found = journey(Network([huge, *[more] * 12, last], ["x", "y"]))
    for position in np.linspace(0, 14, 43):
        assert np.isfinite(found.frame(position).half).all()
        assert (found.frame(position).half > 0).all()
