"""The orbiting camera: where points land, how the box fills the picture, what the mouse changes."""

import itertools

import numpy as np
import pytest

from cppn_gl.preset.show import Orbit
from cppn_gl.views.solid.camera import FILL, WIDEST, Camera, dragged, zoomed

LENS = 2.35


def seen(camera: Camera, point: np.ndarray) -> tuple[float, float]:
    """An independent formula: rotate, step back, divide; x right and y up in half shorter sides."""
    turn, tilt = np.radians(camera.turn), np.radians(camera.tilt)
    x = point[0] * np.cos(turn) - point[1] * np.sin(turn)
    y = point[0] * np.sin(turn) + point[1] * np.cos(turn)
    up = y * np.sin(tilt) + point[2] * np.cos(tilt)
    towards = -y * np.cos(tilt) + point[2] * np.sin(tilt)
    back = 1 / max(np.cos(tilt), 1e-3)
    away = camera.distance * back - towards
    lens = LENS * back
    return lens * x / away, lens * up / away


@pytest.mark.parametrize("turn_tilt", [(0, 0), (30, 35), (200, -20), (359, 80), (0, 90), (77, -90)])
@pytest.mark.parametrize("size", [(640, 360), (200, 300)])
def test_points_land_where_trigonometry_says(turn_tilt: tuple, size: tuple) -> None:
    camera = Camera(*turn_tilt, 4.0, size, LENS)
    points = np.random.default_rng(1).uniform(-1, 1, (20, 3))
    half = min(size) / 2
    for point, pixel in zip(points, camera.project(points), strict=True):
        x, y = seen(camera, point)
        assert pixel[:2] == pytest.approx((size[0] / 2 + x * half, size[1] / 2 - y * half))


def test_seen_from_above_the_box_is_a_map_with_x_to_the_right_and_y_up() -> None:
    camera = Camera(0, 90, 4.0, (400, 400), LENS)
    low, high = camera.project([(1, 0.5, -1), (1, 0.5, 1)])
    assert low[:2] == pytest.approx(high[:2], abs=0.2)  # heights move nothing
    assert low[0] > 300
    assert low[1] < 200


def test_the_nearer_is_nearer_in_depth() -> None:
    front, back = Camera(0, 10, 4.0, (400, 400)).project([(0, -1, 0), (0, 1, 0)])
    assert front[2] < back[2]


def test_axes_and_half_size_are_those_of_the_matrix() -> None:
    camera = Camera(40, 25, 5.0, (300, 200))
    right, up, towards = camera.axes
    across, high = camera.half_size
    corner = camera.project([right * across + up * high])[0]
    assert corner[:2] == pytest.approx((300, 0))
    assert camera.eye == pytest.approx(towards * 5.0 / np.cos(np.radians(25)))


def test_points_behind_the_camera_are_nan() -> None:
    camera = Camera(0, 0, 1.0, (100, 100))
    assert np.isnan(camera.project([(0, -2, 0)])).all()


def test_the_ground_is_where_a_map_shows_it() -> None:
    camera = Camera.framing(Orbit(turn=40.0, tilt=90.0), (300, 200), 0.5, (20.0, 10.0))
    for point in ((0.3, -0.7), (-1.0, 1.0)):
        place = camera.project([(*point, 0.0)])[0]
        assert camera.ground((place[0], place[1])) == pytest.approx(point, abs=1e-6)


def bounds(camera: Camera, relief: float) -> tuple[np.ndarray, np.ndarray]:
    """The box's first and last pixel, (x, y)."""
    corners = list(itertools.product((-1, 1), (-1, 1), (-relief, relief)))
    seen = camera.project(corners)[:, :2]
    return seen.min(axis=0), seen.max(axis=0)


@pytest.mark.parametrize("relief", [0.0, 0.5, 1.0, 5.0])
@pytest.mark.parametrize("size", [(320, 200), (600, 600), (400, 900), (1920, 600)])
def test_the_box_fills_the_picture_from_every_side_and_is_centred(
    relief: float, size: tuple[int, int]
) -> None:
    room = (30.0, 12.0)
    for turn, tilt in itertools.product(range(0, 360, 24), (-90, -60, -20, 0, 5, 30, 60, 85, 90)):
        camera = Camera.framing(Orbit(float(turn), float(tilt)), size, relief, room)
        low, high = bounds(camera, relief)
        assert (low + high) / 2 == pytest.approx(np.array(size) / 2, abs=0.5)
        most = np.minimum((WIDEST, FILL) * np.array(size), np.array(size) - 2 * np.array(room))
        assert ((high - low) / most).max() == pytest.approx(1, abs=1e-3)


def test_another_distance_enlarges_about_the_middle() -> None:
    size = (640, 400)
    near, far = (
        bounds(Camera.framing(Orbit(30.0, 30.0, away), size, 0.5), 0.5) for away in (3.0, 8.0)
    )
    assert near[0].min() < 0
    assert (far[1] - far[0])[1] / size[1] == pytest.approx(FILL / 2, abs=0.06)
    assert sum(far) / 2 == pytest.approx(np.array(size) / 2, abs=0.04 * size[1])


def test_dragging_turns_what_is_seen_after_the_pointer() -> None:
    orbit = Orbit(turn=10, tilt=30)
    changes = dragged(orbit, 0.2, 0.1)
    assert changes == {"show.turn": 28.0, "show.tilt": 21.0}
    front = np.array([(0, -1.0, 0)])
    before = Camera(10, 30, 4, (400, 400)).project(front)[0]
    after = Camera(28, 21, 4, (400, 400)).project(front)[0]
    assert after[0] > before[0]
    assert after[1] < before[1]


def test_the_tilt_stops_at_the_poles_and_the_turn_goes_round() -> None:
    assert dragged(Orbit(turn=350, tilt=80), 0.5, -1)["show.tilt"] == 90
    assert dragged(Orbit(turn=350, tilt=80), 0.5, -1)["show.turn"] == 35
    assert dragged(Orbit(tilt=-80), 0, 1)["show.tilt"] == -90


def test_the_wheel_comes_back_exactly_and_stops_at_the_limits() -> None:
    orbit = Orbit()
    near = zoomed(orbit, 3)["show.distance"]
    assert near < orbit.distance
    assert zoomed(Orbit(distance=near), -3)["show.distance"] == orbit.distance
    assert zoomed(Orbit(distance=99), -10)["show.distance"] == 100
    assert zoomed(orbit, 100)["show.distance"] == 1
