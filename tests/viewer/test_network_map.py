"""The network's map: where units lie, what their pictures show, how long it takes."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cppn_gl.nn.sources import Random
from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.utils.tasks import Stepping, at_once, within
from cppn_gl.viewer.network_map import (
    LINES,
    SHARE,
    SMALLEST,
    Drawn,
    NetworkMap,
    Plan,
    Probe,
    cells,
    counts_of,
    draw,
    grid_of,
    lit,
    of_unit,
    plan,
    probed,
    strongest,
)
from cppn_gl.views.units.unit_samples import summarize

SIZE = (640, 400)
COLUMN = (200, 700)


def scene(**keys: object) -> Scene:
    return scene_of(Preset(spec=Random(**keys)), 0.0)  # type: ignore[arg-type]


def planned(of: Scene, column: tuple[int, int] = COLUMN, unit: float = 16.0) -> Plan:
    return plan(counts_of(of.network), column, unit, 1.6)


def drawn(of: Scene, column: tuple[int, int] = COLUMN) -> Drawn:
    return at_once(draw(of, planned(of, column), SIZE))


@settings(max_examples=100, deadline=None)
@given(
    counts=st.lists(st.integers(1, 512), min_size=1, max_size=64),
    ends=st.tuples(st.integers(1, 12), st.sampled_from([1, 3])),
    column=st.tuples(st.integers(40, 400), st.integers(150, 1500)),
    unit=st.floats(8, 40),
    aspect=st.floats(0.2, 5),
)
def test_tiles_lie_in_the_column_apart_and_are_found_where_they_are(
    counts: list[int],
    ends: tuple[int, int],
    column: tuple[int, int],
    unit: float,
    aspect: float,
) -> None:
    board = plan((ends[0], *counts, ends[1]), column, unit, aspect)
    above = 0.0
    for row in board.rows:
        assert row.top >= above - 1e-6
        above = row.bottom
        assert row.across * row.lines >= row.shown > row.across * (row.lines - 1)
        for index in {0, row.count // 2, row.count - 1}:
            left, top, right, bottom = board.box((row.layer, index))
            assert -1 <= left < right <= column[0] + 1
            assert -1 <= top < bottom <= column[1] + 1
            found = board.at((row.left + row.pitch[0] / 2, row.top + row.pitch[1] / 2))
            assert found == (row.layer, 0)
    left, top, right, bottom = board.outcome
    assert above - 1 <= top < bottom <= column[1] + 1
    assert left < right


def test_27_layers_of_30_and_14_of_400_show_every_unit() -> None:
    for width, depth, least in ((30, 27, 7), (400, 14, 3)):
        board = plan((2, *(width,) * (depth - 1), 3), COLUMN, 16.0, 1.6)
        for row in board.rows:
            assert row.step == 1
            assert min(row.pitch) >= least
            seen = {board.at(_middle(board.box((row.layer, k)))) for k in range(row.count)}
            assert seen == {(row.layer, k) for k in range(row.count)}


def test_a_layer_without_room_shows_a_stated_part_of_its_units() -> None:
    board = plan((2, *(512,) * 63, 3), (100, 300), 10.0, 1.6)
    row = board.rows[20]
    assert row.step > 1
    assert row.shown == math.ceil(512 / row.step)
    assert min(row.pitch) <= SMALLEST
    assert board.box((20, 1)) == board.box((20, 0))


def _middle(box: tuple[int, int, int, int]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def test_tiles_show_the_units_values_over_the_whole_window() -> None:
    of = scene(depth=4, width=6, seed=3)
    found, grid = drawn(of), grid_of(planned(of), of.network)
    x = (np.floor((np.arange(grid[0]) + 0.5) * SIZE[0] / grid[0]) + 0.5 - SIZE[0] / 2) / 200
    y = (SIZE[1] / 2 - np.floor((np.arange(grid[1]) + 0.5) * SIZE[1] / grid[1]) - 0.5) / 200
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    for (_, pre, _), own in zip(
        of.network.walk(points), found.samples.pre_activations, strict=True
    ):
        np.testing.assert_allclose(own, pre, atol=1e-5)
    np.testing.assert_allclose(found.samples.inputs, points, atol=1e-6)
    assert summarize(found.samples, (2, 3)).name == "layer 2 unit 4"
    left, top, right, bottom = found.plan.box((0, 0))  # x, from blue to red
    tile = found.atlas[top:bottom, left:right].astype(int)
    assert (tile[..., 3] == 255).all()
    assert (tile[:, 0, 2] > tile[:, 0, 0]).all()
    assert (tile[:, -1, 0] > tile[:, -1, 2]).all()


def test_what_lies_between_the_tiles_is_clear() -> None:
    found = drawn(scene(depth=5, width=9))
    covered = np.zeros(found.atlas.shape[:2], bool)
    for row in found.plan.rows:
        for index in range(row.count):
            left, top, right, bottom = found.plan.box((row.layer, index))
            covered[top:bottom, left:right] = True
    np.testing.assert_array_equal(found.atlas[..., 3] == 255, covered)


def test_the_picture_below_is_the_networks_picture_in_its_colours() -> None:
    plain = drawn(scene_of(load_preset("default"), 0.0))
    toned = drawn(scene_of(load_preset("default").replace(mapping="viridis"), 0.0))
    assert plain.outcome.shape == toned.outcome.shape
    assert (plain.outcome != toned.outcome).any()
    of = scene_of(load_preset("single-sigmoid"), 0.0)
    grey = drawn(of).outcome
    assert (grey[..., 0] == grey[..., 1]).all()
    high, wide = grey.shape[:2]
    column, row = int(0.5 * SIZE[0] / wide), int(0.5 * SIZE[1] / high)
    extent = of.view.extent / 200
    corner = [(column + 0.5 - 320) * extent, (200 - row - 0.5) * extent]
    value = float(of.network.evaluate(np.array([corner]))[0, 0])
    assert abs(int(grey[0, 0, 0]) - 255 * value) <= 1


def test_the_strongest_weights_are_the_largest() -> None:
    network = scene(depth=3, width=20).network
    layer, best = network.effective(1), strongest(network, 2, 15)
    largest = np.sort(np.abs(layer.weight).ravel())[-15:] / np.abs(layer.weight).max()
    np.testing.assert_allclose(np.abs(best.weights), largest, rtol=1e-6)
    assert len(strongest(network, 2, 10**6).weights) == 400
    for source, target, weight in zip(best.sources, best.targets, best.weights, strict=True):
        assert np.sign(layer.weight[target, source]) == np.sign(weight)


def test_a_units_lines_are_those_to_it_and_from_it() -> None:
    network = scene(depth=4, width=6).network
    lines = of_unit(network, (2, 4), 100)
    assert {(target, source) for target, source, _ in lines} == {
        *(((2, 4), (1, k)) for k in range(6)),
        *(((3, k), (2, 4)) for k in range(6)),
    }
    assert len(of_unit(network, (2, 4), 2)) == 4
    assert {target for target, _, _ in of_unit(network, (0, 1), 99)} == {(1, k) for k in range(6)}
    assert {target for target, _, _ in of_unit(network, (4, 2), 99)} == {(4, 2)}


@pytest.mark.parametrize("keys", [{"depth": 27, "width": 30}, {"depth": 14, "width": 400}])
def test_it_is_drawn_in_many_steps(keys: dict[str, int]) -> None:
    """Each step does at most one layer's work, so that no frame waits for the whole."""
    of = scene(**keys)
    task, steps = Stepping(draw(of, planned(of), SIZE)), 0
    while not task.step(within(0.0)):
        steps += 1
    assert steps > 2 * keys["depth"]
    assert task.result is not None
    points = math.prod(task.result.samples.size)
    assert points * of.network.parameters < 5e8


def test_it_finishes_what_it_began_and_then_follows_the_newest() -> None:
    first, second, third = (scene(depth=4, width=6, seed=seed) for seed in (1, 2, 3))
    board, network_map = planned(first), NetworkMap()
    assert not network_map.follow(first, board, SIZE, 0.0)
    assert network_map.busy
    for wanted in (second, third):
        network_map.follow(wanted, board, SIZE, 0.0)
    seen = []
    while network_map.busy:
        if network_map.follow(third, board, SIZE, 1.0):
            assert network_map.drawn is not None
            seen.append(network_map.drawn.scene)
    assert seen == [first, third]
    assert network_map.number == 2
    assert not network_map.follow(third, board, SIZE, 1.0)


def test_continuous_changes_leave_most_of_the_time_to_others() -> None:
    first, second = scene(depth=4, width=6, seed=1), scene(depth=4, width=6, seed=2)
    now, calls = [0.0], 0
    network_map, board = NetworkMap(lambda: now[0]), planned(first)
    while not network_map.follow(first, board, SIZE, 0.0):
        now[0] += 0.0
        calls += 1
        network_map.spent += 0.01
    spent = network_map.spent
    assert calls > 4
    now[0] = spent * (1 / SHARE - 1) - 1e-6
    assert not network_map.follow(second, board, SIZE, 1.0)
    assert network_map.number == 1
    now[0] += 1e-5
    while not network_map.follow(second, board, SIZE, 1.0):
        pass
    assert network_map.number == 2


def test_the_probe_gives_every_units_value_at_the_pointer() -> None:
    of, probe = scene(depth=5, width=7, inputs=("x", "y", "r"), seed=2), Probe()
    place = (200.25, 90.5)
    while not probe.follow(of, SIZE, place, 0.01):
        pass
    x, y = (200.25 - 320) / 200, (200 - 90.5) / 200
    assert probe.point == pytest.approx((x, y))
    assert probe.place == place
    values = [np.array([x, y, math.hypot(x, y)])]
    values += [units[0] for _, _, units in of.network.walk(values[0][None])]
    for own, expected in zip(probe.values, values, strict=True):
        np.testing.assert_allclose(own, expected, atol=1e-5)
    assert probe.of(drawn(of))
    assert not probe.of(drawn(scene(depth=5, width=8)))
    assert not probe.follow(of, SIZE, place, 0.01)


def test_units_are_lit_in_the_colours_of_their_values() -> None:
    of = scene(depth=8, width=300, seed=2)
    found = drawn(of)
    values, _, _ = at_once(probed(of, SIZE, (10.0, 20.0)))
    atlas = lit(found, values)
    np.testing.assert_array_equal(atlas[..., 3], found.atlas[..., 3])
    for index in range(300):  # small tiles have one colour: blue below 0, red above
        left, top, right, bottom = found.plan.box((2, index))
        tile = atlas[top:bottom, left:right].reshape(-1, 4).astype(int)
        assert (tile == tile[0]).all()
        if abs(values[2][index]) > 0.05:
            assert (tile[0, 0] > tile[0, 2]) == (values[2][index] > 0)
    left, top, _, _ = found.plan.box((0, 0))
    np.testing.assert_array_equal(atlas[top, left], found.atlas[top, left])  # a large one's edge


def test_each_tile_has_every_point_of_the_grid_or_an_even_part_of_them() -> None:
    of = scene(depth=3, width=5)
    board = planned(of)
    grid = grid_of(board, of.network)
    for row, tiles in zip(board.rows, cells(board, grid), strict=True):
        for index in range(row.count):
            left, top, right, bottom = board.box((row.layer, index))
            own = tiles.units == index
            assert own.sum() == (right - left) * (bottom - top)
            columns = np.unique(tiles.points[own] % grid[0])
            assert len(columns) == min(grid[0], right - left)


def test_few_lines_are_shown_of_large_networks() -> None:
    found = drawn(scene(depth=30, width=50))
    assert sum(len(lines.weights) for lines in found.lines) <= LINES + 30


# Networks that see pictures have another diagram: see test_image_plan.py.
OF_THE_PLANE = [n for n, path in shipped().items() if "squeezenet" not in path.read_text("utf-8")]
OF_THE_PLANE.remove("train-fashion")


@pytest.mark.parametrize("name", OF_THE_PLANE)
def test_every_preset_has_a_map(name: str) -> None:
    of = scene_of(load_preset(name), 0.5)
    found = drawn(of)
    shown = sum(row.shown for row in found.plan.rows)
    assert shown == sum(row.count for row in found.plan.rows)
    assert all(np.isfinite(reach).all() for reach in found.reaches)
    assert found.outcome[..., 3].all()
    values, _, _ = at_once(probed(of, SIZE, (3.0, 4.0)))
    assert lit(found, values).shape == found.atlas.shape
