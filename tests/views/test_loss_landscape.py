"""The loss landscape as a view: what is in sight, colours, the path, clicks, the surface."""

import math

import numpy as np
import pytest

from cppn_gl import Preset
from cppn_gl.nn.training.landscape import Plane
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.preset.show import LossLandscapeOptions
from cppn_gl.utils.tasks import at_once
from cppn_gl.views import ALL
from cppn_gl.views.losses.landscape import NOW, LossLandscapeView, _on_map, painted
from cppn_gl.views.losses.loss_map import (
    LossMap,
    LossMaps,
    Sight,
    enlarged,
    grid_counts,
    limits_of,
    rows_of,
    sight,
)
from cppn_gl.views.losses.loss_surface import ALONG, camera_of, resampled, trail

LEARNER = Preset().replace(
    depth=3,
    width=6,
    init="glorot_normal",
    view="loss_landscape",
    **{"train.data": "circle", "train.points": 60, "train.steps": 50, "train.rate": 0.1},
)
PATH = LEARNER.replace(plane="path")
SIZE = (320, 200)


def mapped(preset: Preset, size: tuple[int, int] = SIZE) -> LossMap:
    return at_once(LossMaps().steps(scene_of(preset), size, size))


def flat(losses: np.ndarray, limits: tuple[float, float] = (0.01, 1.0)) -> LossMap:
    plane = Plane(np.zeros(3), np.eye(3)[:2], (0,), np.zeros((1, 2)), (0.0, 0.0), components=False)
    return LossMap(plane, Sight((0, 0), (1, 1)), losses, limits, 0.1, math.nan)


def test_only_networks_that_learn_have_a_landscape() -> None:
    view = ALL["loss_landscape"]
    assert view.unfit(LEARNER) == ""
    assert "choose data" in view.unfit(Preset().replace(view="loss_landscape"))


def test_the_shorter_side_of_a_random_plane_is_the_reach_and_a_path_is_in_sight() -> None:
    of = mapped(LEARNER.replace(reach=0.5))
    assert of.sight == Sight((0.0, 0.0), (0.8, 0.5))
    for size in (SIZE, (200, 320), (100, 100)):
        of = mapped(PATH, size)
        local = of.sight.local(of.plane.path)
        assert np.abs(local).max() < 1
        assert np.abs(local).max() > 0.5
        half = of.sight.half
        assert half[0] / half[1] == pytest.approx(size[0] / size[1])
    options = PATH.options(LossLandscapeOptions)
    square = sight(of.plane, LossLandscapeOptions(raised=True), SIZE)
    assert square.half[0] == pytest.approx(square.half[1])
    wide = sight(of.plane, LossLandscapeOptions(plane="path", reach=2 * options.reach), SIZE)
    assert wide.half == pytest.approx(2 * np.array(sight(of.plane, options, SIZE).half))


def test_a_grid_is_as_fine_as_its_picture_within_limits() -> None:
    assert grid_counts((60, 30), 1.0) == (11, 9)
    small, large = grid_counts((320, 180), 1e3), grid_counts((1280, 720), 1e3)
    assert small[0] < large[0]
    assert math.prod(large) < 13_000
    assert math.prod(grid_counts((1280, 720), 1e7)) < 600


def test_the_finer_of_two_grids_is_kept() -> None:
    maps, scene = LossMaps(), scene_of(LEARNER)
    coarse = at_once(maps.steps(scene, (80, 50), SIZE))
    fine = at_once(maps.steps(scene, SIZE, SIZE))
    assert fine.counts > coarse.counts
    assert maps.find(scene, SIZE) is fine
    assert at_once(maps.steps(scene, (80, 50), SIZE)) is fine
    turned = scene_of(LEARNER.replace(turn=70, contours=3, relief=0.1))
    assert at_once(maps.steps(turned, SIZE, SIZE)) is fine
    assert at_once(maps.steps(scene_of(LEARNER.replace(directions=1)), SIZE, SIZE)) is not fine


def test_the_scale_is_round_and_seldom_changes() -> None:
    losses = np.geomspace(0.0123, 3.3, 400)
    assert limits_of(losses, 0.0123) == limits_of(1.02 * losses, 0.0123) == (0.01, 5.0)
    low, high = limits_of(np.array([1e-30, 1.0, np.inf, np.nan, 2.0]), 0.5)
    assert low >= 1e-5
    assert high == 5
    assert limits_of(np.array([np.nan]), math.nan) == (0.1, 1.0)
    assert limits_of(np.zeros(9), 0.0)[0] < limits_of(np.zeros(9), 0.0)[1]


def test_interpolation_goes_through_the_values_and_keeps_planes() -> None:
    grid = np.random.default_rng(1).normal(size=(5, 7)).astype(np.float32)
    assert enlarged(grid, (7, 5)) == pytest.approx(grid, abs=1e-6)
    assert enlarged(grid, (13, 9))[::2, ::2] == pytest.approx(grid, abs=1e-6)
    a, b = np.meshgrid(np.linspace(0, 1, 7), np.linspace(0, 1, 5))
    plane = (2 * a - 3 * b).astype(np.float32)
    u, v = np.meshgrid(np.linspace(0, 1, 40), np.linspace(0, 1, 30))
    assert enlarged(plane, (40, 30)) == pytest.approx(2 * u - 3 * v, abs=1e-5)
    rows = rows_of(plane, 30, 0, 30)
    assert np.array_equal(rows_of(plane, 30, 7, 12), rows[7:12])


def test_small_losses_are_dark_lines_are_drawn_and_what_is_not_finite_is_magenta() -> None:
    losses = np.tile(np.geomspace(0.01, 1, 9), (9, 1))
    plain = scene_of(LEARNER.replace(contours=0))
    picture = at_once(painted(flat(losses), plain, (90, 60)))
    lightness = picture.mean(axis=(0, 2))
    assert (np.diff(lightness) > -0.01).all()
    assert lightness[-1] > 2 * lightness[0]
    lined = at_once(painted(flat(losses), scene_of(LEARNER.replace(contours=5)), (90, 60)))
    assert (np.abs(lined - picture).max(axis=(0, 2)) > 0.05).sum() >= 4
    losses[6:] = np.inf
    broken = at_once(painted(flat(losses), plain, (90, 60)))
    assert broken[2, 45] == pytest.approx((1, 0, 1))  # the upper rows are the last of the grid
    assert broken[50, 45] == pytest.approx(picture[50, 45])
    assert flat(losses).heights[6:].min() == 1


def test_pixels_do_not_depend_on_the_bands_but_for_last_bits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of, scene = mapped(LEARNER), scene_of(LEARNER)
    whole = at_once(painted(of, scene, SIZE))
    monkeypatch.setattr("cppn_gl.views.losses.landscape.BAND", 1)
    assert at_once(painted(of, scene, SIZE)) == pytest.approx(whole, abs=4e-3)


@pytest.mark.parametrize("raised", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (60, 40), (320, 180), (640, 360), (180, 320)])
def test_it_has_words_at_any_size(size: tuple[int, int], raised: bool) -> None:
    view, scene = LossLandscapeView(), scene_of(PATH.replace(raised=raised))
    words = view.overlay(scene, size)
    assert words is not None
    assert words.shape == (size[1], size[0], 4)
    assert view.overlay(scene, size) is words
    if min(size) > 100:
        assert words[..., 3].any()


def where(scene: Scene, view: LossLandscapeView, number: int) -> tuple[float, float]:
    of = view.found(scene, SIZE)
    x, y = _on_map(of.sight.local(of.plane.path), SIZE)[number]
    return float(x), float(y)


def test_the_step_shown_is_the_orange_dot_and_a_click_on_another_goes_there() -> None:
    view, scene = LossLandscapeView(), scene_of(PATH)
    x, y = where(scene, view, -1)
    words = view.overlay(scene, SIZE)
    assert words is not None
    assert tuple(words[int(y), int(x), :3]) == NOW
    start = view.hit(scene, SIZE, where(scene, view, 0))
    assert start is not None
    assert start.changes == {"train.steps": 0}
    assert start.words.startswith("step 0, loss ")
    beside = view.hit(scene, SIZE, (5, 5))
    assert beside is not None
    assert beside.words.startswith("loss ")
    assert not beside.changes
    assert view.hit(scene, SIZE, (-50, 5)) is None


def test_the_wheel_changes_the_reach_there_and_back_and_dragging_turns_a_surface() -> None:
    view = ALL["loss_landscape"]
    nearer = view.zoom(LEARNER, 3)
    assert nearer is not None
    assert nearer["loss_landscape.reach"] < 1
    assert view.zoom(LEARNER.replace(**nearer), -3) == {"loss_landscape.reach": 1.0}
    assert view.drag(LEARNER, 0.5, 0.1) == {}
    turned = view.drag(LEARNER.replace(raised=True), 0.5, 0.0)
    assert turned is not None
    assert turned["show.turn"] == 75


def test_a_hill_hides_the_path_behind_it() -> None:
    losses = np.full((33, 33), 0.01)
    losses[14:19, :] = 1.0  # a wall along a, in the middle of b
    options = LossLandscapeOptions(raised=True, turn=0.0, tilt=20.0, relief=0.5)
    camera = camera_of(options, (640, 360))
    places = np.array([[0.0, -0.8], [0.0, 0.0], [0.0, 0.35], [0.0, 5.0]])
    pixels, seen = trail(flat(losses), camera, options.relief, places)
    assert seen[:3].tolist() == [True, True, False]
    assert np.isfinite(pixels[:3]).all()
    assert not np.isfinite(pixels[3]).any()
    path = resampled(places[:3])
    assert len(path) > ALONG - 3
    assert path[0] == pytest.approx(places[0])
    assert path[-1] == pytest.approx(places[2])


@pytest.mark.gl
def test_picture_and_surface_are_rendered_and_change_with_the_step(renderer: Renderer) -> None:
    for preset in (PATH, PATH.replace(raised=True)):
        first = renderer.render(preset, (240, 160))
        again = renderer.render(preset, (240, 160))
        assert np.array_equal(first, again)
        other = renderer.render(preset.replace(**{"train.steps": 20}), (240, 160))
        assert (first != other).mean() > 0.05
        assert len(np.unique(first.reshape(-1, 3), axis=0)) > 200


@pytest.mark.gl
def test_a_surface_turned_evaluates_nothing_again(renderer: Renderer) -> None:
    preset = LEARNER.replace(raised=True)
    first = renderer.render(preset, (240, 160))
    view = ALL["loss_landscape"]
    assert isinstance(view, LossLandscapeView)
    known = view.maps.find(scene_of(preset), (240, 160))
    assert known is not None
    turned = renderer.render(preset.replace(turn=100.0), (240, 160))
    assert (first != turned).any()
    assert view.maps.find(scene_of(preset.replace(turn=100.0)), (240, 160)) is known
