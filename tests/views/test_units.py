"""The units view: tiles are the units' values, the panel is one of them, a click keeps it."""

from functools import partial
from typing import Any

import numpy as np
import pytest
from threads import at_once

from cppn_gl import Preset, Renderer, load_preset
from cppn_gl.engines.cpu.trace import trace
from cppn_gl.engines.geometry import pixel_points
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.nn.activations import activate
from cppn_gl.nn.features import features
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.utils.tasks import at_once as at_once_
from cppn_gl.utils.tasks import within
from cppn_gl.views import view_of
from cppn_gl.views.base import Stage, painted
from cppn_gl.views.text import line_height
from cppn_gl.views.units.closeup import closeup
from cppn_gl.views.units.diverging import reach_of, tinted
from cppn_gl.views.units.unit_samples import sample_units, shaded, summarize
from cppn_gl.views.units.units import (
    UnitsView,
    board_of,
    enlarged_unit,
    pinned_boxes,
    selected_unit,
)

VIEW = UnitsView()
SIZE = (640, 360)
PRESET = Preset().replace(
    view="units", depth=4, width=6, inputs=["x", "y", "r"], extent=1.7, weight_scale=1.5
)


def reference(scene: Scene, size: tuple[int, int]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pre-activations and units of the inputs and of each layer, in float64."""
    network = scene.network
    x, y = pixel_points(size, scene.view.center, scene.view.extent)
    one = features(network.inputs, x.ravel(), y.ravel(), scene.clock, network.latent)
    found = [(one, one)]
    for layer in network.layers:
        before_values = one @ layer.weight.astype(float).T + layer.bias
        one = activate(layer.activation, before_values)
        found.append((before_values, one))
    return found


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("keys", [{}, {"activation": "relu"}, {"outputs": 1}, {"layer": 3}])
def test_tiles_are_the_units_values(before: bool, keys: dict[str, Any]) -> None:
    scene = scene_of(PRESET.replace(before=before, **keys))
    board, picture = board_of(scene, SIZE), painted(VIEW, scene, SIZE)
    network, layers = scene.network, reference(scene, board.tile)
    for column in board.columns:
        before_values, units = (values.astype(np.float32) for values in layers[column.layer])
        name = network.layers[column.layer - 1].activation if column.layer else None
        for index in range(column.count):
            values = (before_values if before else units)[:, index]
            if column.layer == network.depth and not before:
                true = shaded(values, index if network.outputs == 3 else -1)
            else:
                reach = reach_of(before_values if before else units, None if before else name)
                true = tinted(values, reach)
            left, top, right, bottom = board.box((column.layer, index))
            tile = picture[top:bottom, left:right]
            true = true.reshape(board.tile[1], board.tile[0], 3)[: bottom - top, : right - left]
            assert np.abs(tile - true).max() < 0.02, (column.layer, index)


@pytest.mark.parametrize("size", [(160, 100), (300, 200), (640, 400), (960, 600), (3840, 2160)])
@pytest.mark.parametrize("keys", [{}, {"depth": 12, "width": 12}, {"depth": 40}, {"outputs": 1}])
def test_heads_and_names_are_all_there_or_none(size: tuple[int, int], keys: dict[str, Any]) -> None:
    scene = scene_of(PRESET.replace(**keys))
    board, words = board_of(scene, size), VIEW.overlay(scene, size)
    assert words is not None
    first = min(column.top for column in board.columns)
    heads = words[: round(first), : board.panel[0], 3].any(axis=0)
    spread = board.pitch[0] * 0.6
    headed = [
        heads[round(max(0, column.left - spread)) : round(column.left + spread * 2)].any()
        for column in board.columns
    ]
    assert all(headed) or not any(headed)
    units = [(0, k) for k in range(3)] + [
        (scene.network.depth, k) for k in range(scene.network.outputs)
    ]
    boxes = [board.box(unit) for unit in units]
    named = [words[top:bottom, left:right, 3].any() for left, top, right, bottom in boxes]
    assert all(named) or not any(named)
    if min(size) > 500 and "depth" not in keys:
        assert all([*headed, *named])


@pytest.mark.parametrize("size", [(640, 400), (960, 600), (1920, 1080)])
def test_the_panel_s_picture_is_level_with_the_first_tiles(size: tuple[int, int]) -> None:
    board = board_of(scene_of(PRESET), size)
    first = min(board.box((column.layer, 0))[1] for column in board.columns)
    assert board.panel[1] + line_height(board.font_size) == pytest.approx(first, abs=1)


def test_one_layer_and_the_one_before_it() -> None:
    board = board_of(scene_of(PRESET.replace(layer=2)), SIZE)
    assert [column.layer for column in board.columns] == [1, 2]
    assert not board.shows((0, 0))
    assert board.shows((2, 5))
    beyond = board_of(scene_of(PRESET.replace(layer=60)), SIZE)
    assert len(beyond.columns) == 5


def test_a_click_selects_a_unit_and_another_deselects_it() -> None:
    preset, scene = PRESET, scene_of(PRESET)
    board = board_of(scene, SIZE)
    left, top, right, bottom = board.box((2, 4))
    middle = ((left + right) / 2, (top + bottom) / 2)
    hit = VIEW.hit(scene, SIZE, middle)
    assert hit is not None
    assert hit.changes == {"units.unit": (2, 5)}
    assert hit.words == "layer 2 unit 5"
    preset = preset.replace(**hit.changes)
    kept = scene_of(preset)
    assert selected_unit(kept, board) == (2, 4)
    again, ground = VIEW.hit(kept, SIZE, middle), VIEW.hit(kept, SIZE, (1.0, 1.0))
    for hit in (again, ground):
        assert hit is not None
        assert preset.replace(**hit.changes) == PRESET
    assert VIEW.hit(scene, SIZE, (1.0, 1.0)) is None
    assert VIEW.hit(kept, SIZE, (board.panel[0] + 5.0, 100.0)) is None


def panel(preset: Preset, cursor: tuple[float, float] | None = None) -> np.ndarray:
    scene = scene_of(preset)
    words, box = VIEW.overlay(scene, SIZE, cursor), board_of(scene, SIZE).panel
    assert words is not None
    return words[box[1] : box[3], box[0] : box[2]]


def test_the_panel_is_of_the_unit_pointed_at_or_else_of_the_selected_one() -> None:
    board = board_of(scene_of(PRESET), SIZE)
    left, top, right, bottom = board.box((1, 2))
    place = ((left + right) / 2, (top + bottom) / 2)
    kept, nothing = panel(PRESET.replace(unit=[3, 1])), panel(PRESET)
    pointed = panel(PRESET, place)
    assert not np.array_equal(kept, nothing)
    assert not np.array_equal(pointed, nothing)
    assert np.array_equal(panel(PRESET.replace(unit=[3, 1]), place), pointed)
    assert np.array_equal(panel(PRESET.replace(unit=[3, 1]), (0.0, 0.0)), kept)
    assert np.array_equal(panel(PRESET.replace(unit=[9, 1])), nothing)  # no such unit


def test_the_panel_enlarges_the_unit() -> None:
    """Its picture has the colours of the reference at its middle row, up to the enlargement."""
    preset = PRESET.replace(unit=[1, 1], width=1)
    scene = scene_of(preset)
    shown = panel(preset)[..., :3] / 255
    board = board_of(scene, SIZE)
    top = line_height(board.font_size)
    wide = shown.shape[1]
    high = round(wide * SIZE[1] / SIZE[0])
    _, units = reference(scene, (wide, high))[1]
    true = tinted(units[:, 0].astype(np.float32), 1.0).reshape(high, wide, 3)
    found = shown[top : top + high]
    assert np.median(np.abs(found - true)) < 0.05


@pytest.mark.parametrize("connected", [False, True])
def test_connections_are_drawn_on_demand(connected: bool) -> None:
    scene = scene_of(PRESET.replace(connections=connected))
    board, words = board_of(scene, SIZE), VIEW.overlay(scene, SIZE)
    assert words is not None
    right, left = board.box((0, 0))[2], board.box((1, 0))[0]
    between = words[board.area[1] : board.area[3], right + 2 : left - 2, 3]
    assert between.any() == connected


@pytest.mark.parametrize(
    "size", [(320, 180), (960, 600), (500, 500), (300, 700), (60, 40), (9, 3), (1920, 1080)]
)
@pytest.mark.parametrize("keys", [{}, {"connections": True, "unit": [1, 1]}, {"layer": 2}])
def test_any_size(size: tuple[int, int], keys: dict[str, Any]) -> None:
    scene = scene_of(PRESET.replace(**keys))
    picture = painted(VIEW, scene, size)
    assert picture.shape == (size[1], size[0], 3)
    assert picture.dtype == np.float32
    for cursor in (None, (size[0] / 3, size[1] / 2), (size[0] / 2, size[1] / 2)):
        words = VIEW.overlay(scene, size, cursor)
        assert words is not None
        assert words.shape == (size[1], size[0], 4)


def test_places_between_two_pixels_are_rounded_to_no_larger_tile() -> None:
    explicit = load_preset("two-layers").replace(width=3, outputs=1, view="units")
    for connected in (False, True):
        for width in range(950, 970):
            scene = scene_of(explicit.replace(connections=connected))
            assert painted(VIEW, scene, (width, 600)).shape == (600, width, 3)


@pytest.mark.parametrize("keys", [{"depth": 1}, {"depth": 40, "width": 400}, {"depth": 64}])
def test_networks_of_any_shape(keys: dict[str, Any]) -> None:
    scene = scene_of(PRESET.replace(**keys, weight_scale=0.1))
    assert np.isfinite(painted(VIEW, scene, (320, 180))).all()
    assert VIEW.overlay(scene, (320, 180), (50.0, 90.0)) is not None


def test_an_overflow_is_magenta_and_no_exception() -> None:
    scene = scene_of(PRESET.replace(activation="relu", weight_scale=1000, depth=30, unit=[30, 1]))
    picture = painted(VIEW, scene, SIZE)
    left, top, _, _ = board_of(scene, SIZE).box((29, 0))
    assert picture[top, left].tolist() == [1, 0, 1]
    assert VIEW.overlay(scene, SIZE) is not None


def test_pictures_do_not_depend_on_what_was_looked_at_before() -> None:
    view, preset = UnitsView(), PRESET.replace(connections=True)
    before = VIEW.overlay(scene_of(preset), SIZE), painted(VIEW, scene_of(preset), SIZE)
    painted(VIEW, scene_of(preset.replace(seed=5)), SIZE)
    VIEW.overlay(scene_of(preset.replace(seed=5)), SIZE, (200.0, 150.0))
    for one in (VIEW, view):
        after = one.overlay(scene_of(preset), SIZE), painted(one, scene_of(preset), SIZE)
        assert np.array_equal(before[0], after[0])
        assert np.array_equal(before[1], after[1])


@pytest.mark.parametrize("keys", [{}, {"depth": 10, "width": 100}])
def test_a_moving_cursor_evaluates_no_network(
    keys: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = scene_of(load_preset("neylon-27").replace(view="units", connections=True, **keys))
    size = (960, 600)
    painted(VIEW, scene, size)
    board = board_of(scene, size)
    monkeypatch.setattr(Network, "walk", None)
    for index in range(12):
        left, top, right, bottom = board.box((3, index))
        VIEW.overlay(scene, size, ((left + right) / 2, (top + bottom) / 2))


@pytest.mark.gl
def test_it_is_painted_into_planes(renderer: Renderer) -> None:
    scene, view = scene_of(PRESET), view_of(PRESET)
    assert view.name == "units"
    assert renderer.ctx is not None
    with renderer.ctx:
        planes = Planes(renderer.ctx, (97, 60))
        stage = Stage(renderer.painter, lambda network: renderer.engine_for(network).engine)
        drawing = view.begin(stage, planes, scene)
        while not drawing.step(within(0.001)):
            pass
        assert np.array_equal(planes.read(), painted(VIEW, scene, (97, 60)))
        planes.release()


def test_another_thread_may_look_at_it_meanwhile() -> None:
    view, size = UnitsView(), (64, 36)
    scene, other = (scene_of(PRESET.replace(seed=seed)) for seed in (1, 2))
    true = UnitsView().overlay(scene, size)
    left = 0

    class Interrupted(Scene):
        """Another thread's turn comes when the network is asked for the n-th time."""

        def __getattribute__(self, name: str) -> Any:
            nonlocal left
            if name == "network":
                left -= 1
                if left == 0:
                    view.overlay(other, (40, 60))
            return super().__getattribute__(name)

    torn = Interrupted(scene.network, scene.view, scene.clock, scene.preset)
    for number in range(1, 12):
        left = 0
        view.overlay(scene, size)
        left = number
        assert np.array_equal(view.overlay(torn, size), true)  # type: ignore[arg-type]


def test_several_threads_may_look_at_it_at_once() -> None:
    view = UnitsView()
    scene, other = (scene_of(PRESET.replace(seed=seed)) for seed in (1, 2))
    jobs = [(scene, (64, 36)), (scene, (40, 60)), (other, (64, 36))]
    truth = [UnitsView().overlay(*job) for job in jobs]

    def look(number: int) -> None:
        for _ in range(50):
            seen, true = view.overlay(*jobs[number]), truth[number]
            assert np.array_equal(seen, true)  # type: ignore[arg-type]

    at_once([partial(look, k % 3) for k in range(4)])


def test_a_coarse_picture_leaves_nothing_to_evaluate_for_its_overlay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    view, scene, shape = UnitsView(), scene_of(PRESET), (637, 401)
    for _ in view.paint_for(scene, (40, 26), shape):
        pass
    monkeypatch.setattr("cppn_gl.views.units.unit_samples.sample_units", None)
    assert view.overlay(scene, shape) is not None


STRUCTURE = Preset().replace(
    view="units", structure="inception", depth=3, width=6, init="he_normal", **{"network.grid": 24}
)


def middle(box: tuple[int, int, int, int]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


@pytest.mark.parametrize("before", [False, True])
def test_tiles_of_a_structure_are_its_channels(before: bool) -> None:
    """At the middle of each tile, the value of the channel that was evaluated alone."""
    scene = scene_of(STRUCTURE.replace(before=before))
    board, picture = board_of(scene, SIZE), painted(VIEW, scene, SIZE)
    values = at_once_(trace(scene, (SIZE[0] // 4, SIZE[1] // 4)))
    place = SIZE[1] // 8 * (SIZE[0] // 4) + SIZE[0] // 8
    for layer, found in enumerate(values[:-1], 1):
        units = found.pre_activations if before else found.units
        reach = reach_of(units, None if before else scene.network.stages[layer - 1].activation)
        for index in range(units.shape[1]):
            x, y = middle(board.box((layer, index)))
            true = tinted(units[place, index], reach)
            assert np.abs(picture[int(y), int(x)] - true).max() < 0.15, (layer, index)


@pytest.mark.parametrize("size", [(320, 200), (640, 480), (1280, 720), (300, 500), (20, 9)])
@pytest.mark.parametrize(
    "keys",
    [
        {"connections": True},
        {"structure": "resnet", "depth": 6, "units.pinned": [[1, 1], [3, 2], [50, 1]]},
        {"structure": "vgg", "layer": 3, "units.unit": [2, 1], "network.boost": [[2, 1, 3.0]]},
    ],
)
def test_structures_at_any_size(size: tuple[int, int], keys: dict[str, Any]) -> None:
    scene = scene_of(STRUCTURE.replace(**keys))
    assert painted(VIEW, scene, size).shape == (size[1], size[0], 3)
    board = board_of(scene, size)
    for cursor in (None, middle(board.box((2, 0))), middle(board.panel)):
        words = VIEW.overlay(scene, size, cursor)
        assert words is not None
        assert words.shape == (size[1], size[0], 4)


def test_pointing_at_a_channel_says_what_it_sees() -> None:
    scene = scene_of(STRUCTURE.replace(structure="vgg", depth=4))
    board = board_of(scene, SIZE)
    hit = VIEW.hit(scene, SIZE, middle(board.box((2, 2))))
    assert hit is not None
    assert hit.words == "channel 3 of layer 2, conv 3×3, tanh in vgg 1: sees 5×5 taps"
    kernel = board.kernel_box((1, 0))
    assert kernel is not None
    hit = VIEW.hit(scene, SIZE, middle(kernel))
    assert hit is not None
    assert hit.changes == {"units.unit": (1, 1)}
    assert VIEW.point(scene, SIZE, middle(kernel)) is None


def test_a_point_of_a_channel_s_tile_is_that_of_the_picture() -> None:
    scene = scene_of(STRUCTURE.replace(extent=1.7, center=(0.3, -0.2)))
    board = board_of(scene, SIZE)
    left, top, right, bottom = board.box((2, 0))
    corners = [
        VIEW.point(scene, SIZE, place) for place in ((left, top), (right - 1e-6, bottom - 1e-6))
    ]
    assert all(corner is not None and corner.unit == (2, 0) for corner in corners)
    wide, high = corners[1].x - corners[0].x, corners[0].y - corners[1].y  # type: ignore[union-attr]
    assert wide <= 2 * 1.7 * SIZE[0] / SIZE[1] + 1e-3
    assert high == pytest.approx(2 * 1.7, rel=1e-3)
    at = VIEW.point(scene, SIZE, middle(board.box((2, 0))))
    assert at is not None
    assert (at.x, at.y) == pytest.approx((0.3, -0.2), abs=1e-6)


@pytest.mark.parametrize("preset", [PRESET, STRUCTURE])
def test_enter_opens_a_unit_and_pages_turn_to_the_next(preset: Preset) -> None:
    scene = scene_of(preset)
    hit = VIEW.hit(scene, SIZE, middle(board_of(scene, SIZE).box((2, 0))))
    assert hit is not None
    assert hit.enters is not None
    alone = scene_of(hit.enters)
    assert enlarged_unit(alone) == (2, 0)
    assert VIEW.page(hit.enters, 1) == {"units.unit": (2, 2)}
    assert VIEW.page(hit.enters, -1) == {"units.unit": (2, 1)}
    assert VIEW.page(preset, 1) is None
    point = VIEW.point(alone, SIZE, middle(closeup(SIZE).picture))
    assert point is not None
    assert (point.unit, point.x, point.y) == (
        (2, 0),
        pytest.approx(0, abs=0.02),
        pytest.approx(0, abs=0.02),
    )


def test_pinned_units_stay_while_the_pointer_moves() -> None:
    scene = scene_of(STRUCTURE.replace(**{"units.pinned": [[2, 1]]}))
    board = board_of(scene, SIZE)
    ((unit, box),) = pinned_boxes(scene, board, SIZE[0] / SIZE[1])
    picture = painted(VIEW, scene, SIZE)
    tile = picture[box[1] + 8 : box[3] - 8, box[0] + 8 : box[2] - 8]
    assert unit == (2, 0)
    assert tile.std() > 0.01
    hit = VIEW.hit(scene, SIZE, middle(box))
    assert hit is not None
    assert hit.changes == {"units.unit": (2, 1)}
    assert VIEW.point(scene, SIZE, middle(box)) is not None


def test_a_boost_is_marked_and_changes_what_follows() -> None:
    plain, boosted = (
        scene_of(STRUCTURE.replace(**keys)) for keys in ({}, {"boost": [[2, 1, 4.0]]})
    )
    left, top, right, bottom = board_of(plain, SIZE).box((2, 0))
    marks = [VIEW.overlay(scene, SIZE)[top:bottom, left:right] for scene in (plain, boosted)]  # type: ignore[index]
    assert not marks[0].any()
    assert marks[1].any()
    one, other = (painted(VIEW, scene, SIZE) for scene in (plain, boosted))
    a, b, c, d = board_of(plain, SIZE).box((6, 2))  # after the two channels of the first branch
    assert not np.array_equal(one[b:d, a:c], other[b:d, a:c])


def test_a_unit_of_a_group_has_the_kernels_of_its_group() -> None:
    blocks = [{"type": "conv", "channels": 6}, {"type": "conv", "channels": 9, "groups": 3}]
    scene = scene_of(Preset().replace(blocks=blocks, **{"network.grid": 16}))
    found = summarize(at_once_(sample_units(scene, (20, 20))), (2, 4))
    weight = scene.network.stages[1].operation.weight  # type: ignore[attr-defined]
    assert found.sources == ("3", "4")
    np.testing.assert_array_equal(found.kernels, weight[4])


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_a_boosted_tile_stays_as_it_is(activation: str) -> None:
    plain, boosted = (
        scene_of(STRUCTURE.replace(activation=activation, boost=boost))
        for boost in ((), [[2, 1, 4.0]])
    )
    left, top, right, bottom = board_of(plain, SIZE).box((2, 0))
    one, other = (painted(VIEW, scene, SIZE)[top:bottom, left:right] for scene in (plain, boosted))
    assert np.abs(one.astype(int) - other.astype(int)).max() <= 1
    summaries = [
        summarize(at_once_(sample_units(scene, (20, 20))), (2, 0)) for scene in (plain, boosted)
    ]
    assert summaries[1].reach == pytest.approx(4 * summaries[0].reach)


def test_a_moving_cursor_evaluates_no_structure(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = scene_of(STRUCTURE.replace(connections=True))
    painted(VIEW, scene, SIZE)
    board = board_of(scene, SIZE)
    monkeypatch.setattr("cppn_gl.views.units.unit_samples.sample_units", None)
    for layer in range(len(scene.network.stages) + 1):
        VIEW.overlay(scene, SIZE, middle(board.box((layer, 0))))
