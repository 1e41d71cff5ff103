"""Input features: each at known points, and the clock that moves them."""

import math

import numpy as np
import pytest

from cppn_gl.nn.features import (
    FEATURES,
    MAX_LATENTS,
    Clock,
    constant,
    features,
    latent_count,
    latent_index,
)
from cppn_gl.utils.resources import resource

X, Y = np.array([0.0, 3.0, -1.5]), np.array([0.0, -4.0, 2.0])


def test_each_feature_is_what_it_says() -> None:
    clock = Clock(time=5.0, speed=-0.5, loop=8.0)
    turn = 2 * math.pi * 5 / 8
    expected = {
        "x": X,
        "y": Y,
        "r": np.array([0.0, 5.0, 2.5]),
        "t": np.full(3, -2.5),
        "cos_t": np.full(3, math.cos(turn)),
        "sin_t": np.full(3, math.sin(turn)),
        "one": np.ones(3),
    }
    assert list(expected) == list(FEATURES)
    for name, values in expected.items():
        assert np.allclose(features([name], X, Y, clock), values[:, None], rtol=1e-15), name


def test_columns_follow_the_order_of_the_inputs() -> None:
    table = features(["y", "z1", "x", "one", "z0"], X, Y, Clock(), latent=(0.25, -7.0))
    assert table.shape == (3, 5)
    assert table[1].tolist() == [-4.0, -7.0, 3.0, 1.0, 0.25]


def test_no_points_are_no_rows() -> None:
    none = np.zeros(0)
    assert features(["x", "r", "one"], none, none, Clock()).shape == (0, 3)


@pytest.mark.parametrize("time", [0.0, 0.1, 5.9, 1e6, -3.0])
@pytest.mark.parametrize("speed", [1.0, -250.0])
def test_a_loop_comes_round_whatever_the_speed(time: float, speed: float) -> None:
    now, later = Clock(time, speed, 12.0).constants, Clock(time + 12, speed, 12.0).constants
    for name in ("cos_t", "sin_t"):
        assert now[name] == pytest.approx(later[name], abs=1e-8)
    assert later["t"] - now["t"] == pytest.approx(12 * speed)


def test_only_x_y_and_r_differ_from_pixel_to_pixel() -> None:
    varying = [name for name in FEATURES if constant(name, Clock(), ()) is None]
    assert varying == ["x", "y", "r"]
    assert constant("z1", Clock(), (4.0, 5.0)) == 5.0


def test_r_has_a_twin_in_the_shaders() -> None:
    assert "REAL radius_change(" in (resource("shaders") / "features.glsl").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "index"),
    [("z0", 0), ("z9", 9), ("z10", 10), (f"z{MAX_LATENTS - 1}", MAX_LATENTS - 1)],
)
def test_latent_constants_are_numbered(name: str, index: int) -> None:
    assert latent_index(name) == index


@pytest.mark.parametrize(
    "name", ["z", "z00", "z01", "z-1", f"z{MAX_LATENTS}", "Z0", "z0 ", "x", ""]
)
def test_other_names_are_no_latent_constants(name: str) -> None:
    assert latent_index(name) is None


def test_as_many_latents_are_needed_as_the_largest_index_says() -> None:
    assert latent_count(["x", "y"]) == 0
    assert latent_count(["z3", "x", "z1"]) == 4
