"""The orbiting camera: where points land, what the mouse changes."""

import numpy as np
import pytest

from cppn_gl.preset.show import Orbit
from cppn_gl.views.solid.camera import GROWTH, LENS, Camera, dragged, zoomed


def seen(camera: Camera, point: np.ndarray) -> tuple[float, float]:
    """An independent formula: rotate, step back, divide; x right and y up in half shorter sides."""
    turn, tilt = np.radians(camera.turn), np.radians(camera.tilt)
    x = point[0] * np.cos(turn) - point[1] * np.sin(turn)
    y = point[0] * np.sin(turn) + point[1] * np.cos(turn)
    up = y * np.sin(tilt) + point[2] * np.cos(tilt)
    towards = -y * np.cos(tilt) + point[2] * np.sin(tilt)
    back = 1 / max(np.cos(tilt), 1e-3)
    away = camera.distance * back - towards
    lens = LENS * back * (1 + GROWTH * (1 - np.cos(tilt)))
    return lens * x / away, lens * up / away


@pytest.mark.parametrize("turn_tilt", [(0, 0), (30, 35), (200, -20), (359, 80), (0, 90), (77, -90)])
@pytest.mark.parametrize("size", [(640, 360), (200, 300)])
def test_points_land_where_trigonometry_says(turn_tilt: tuple, size: tuple) -> None:
    camera = Camera(*turn_tilt, 4.0, size)
    points = np.random.default_rng(1).uniform(-1, 1, (20, 3))
    half = min(size) / 2
    for point, pixel in zip(points, camera.project(points), strict=True):
        x, y = seen(camera, point)
        assert pixel[:2] == pytest.approx((size[0] / 2 + x * half, size[1] / 2 - y * half))


def test_seen_from_above_the_box_is_a_map_with_x_to_the_right_and_y_up() -> None:
    camera = Camera(0, 90, 4.0, (400, 400))
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
