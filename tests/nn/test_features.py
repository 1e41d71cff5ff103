"""Input features: each at known points, and the clock that moves them."""

import math
from fractions import Fraction

import numpy as np
import pytest

from cppn_gl.nn.features import (
    CHANNELS,
    FEATURES,
    MAX_HARMONIC,
    MAX_LATENTS,
    TURN,
    Clock,
    check_inputs,
    constant,
    coordinates,
    curved,
    features,
    kinds,
    latent_count,
    latent_index,
    repeats,
    wave,
)
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.resources import resource

X, Y = np.array([0.0, 3.0, -1.5]), np.array([0.0, -4.0, 2.0])


def test_each_feature_is_what_it_says() -> None:
    clock = Clock(time=5.0, speed=-0.5, loop=8.0)
    turn = 2 * math.pi * 5 / 8
    expected = {
        "x": X,
        "y": Y,
        "r": np.array([0.0, 5.0, 2.5]),
        "x2": np.array([0.0, 9.0, 2.25]),
        "y2": np.array([0.0, 16.0, 4.0]),
        "xy": np.array([0.0, -12.0, -3.0]),
        "sin_x": np.sin(X),
        "cos_x": np.cos(X),
        "sin_y": np.sin(Y),
        "cos_y": np.cos(Y),
        "t": np.full(3, -2.5),
        "cos_t": np.full(3, math.cos(turn)),
        "sin_t": np.full(3, math.sin(turn)),
        "one": np.ones(3),
    }
    assert [*expected, *CHANNELS] == list(FEATURES)
    for name, values in expected.items():
        assert np.allclose(
            features([name], X, Y, clock), values[:, None], rtol=1e-15, atol=1e-15
        ), name


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


def test_only_features_of_x_and_y_differ_from_pixel_to_pixel() -> None:
    varying = [name for name in FEATURES if constant(name, Clock(), ()) is None]
    plane = ["x", "y", "r", "x2", "y2", "xy", "sin_x", "cos_x", "sin_y", "cos_y"]
    assert varying == [*plane, *CHANNELS]
    assert constant("z1", Clock(), (4.0, 5.0)) == 5.0


def test_r_has_a_twin_in_the_shaders() -> None:
    assert "REAL radius_change(" in (resource("shaders") / "features.glsl").read_text("utf-8")


# Periodic features.


@pytest.mark.parametrize("harmonic", [1, 2, 3, 10, 1000, MAX_HARMONIC])
@pytest.mark.parametrize("period", [TURN, 1.0, 2.0, 0.3, 1e6])
def test_waves_and_their_harmonics(harmonic: int, period: float) -> None:
    number = "" if harmonic == 1 else str(harmonic)
    names = [f"{of}_{number}{axis}" for of in ("sin", "cos") for axis in "xy"]
    x, y = np.random.default_rng(harmonic).uniform(-3, 3, (2, 50)) * period
    table = features(names, x, y, Clock(), (), period)
    turns = [[Fraction(a) * harmonic / Fraction(period) for a in axis] for axis in (x, y)]
    angles = [[2 * math.pi * float(a - round(a)) for a in axis] for axis in turns]
    expected = np.concatenate([np.sin(angles), np.cos(angles)]).T
    assert np.abs(table - expected).max() < 1e-15 + harmonic * math.pi * 2**-52


@pytest.mark.parametrize("period", [1.0, 2.0, 0.375, 7.0])
def test_a_wave_at_x_and_a_period_further_is_the_same_number(period: float) -> None:
    names = ["sin_x", "cos_3x", "sin_77x", f"cos_{MAX_HARMONIC}x"]
    x = np.arange(-1000, 1000) / 64  # whose sums with periods are exact
    here = features(names, x, x, Clock(), (), period)
    for periods in (1, -1, 3, 12345):
        there = features(names, x + periods * period, x, Clock(), (), period)
        away = np.abs(there - here)[np.abs(np.fmod(x, period)) != period / 2]  # -π and π
        assert away.max() == 0


@pytest.mark.parametrize(
    "name",
    ["sin_1x", "sin_0x", "sin_02x", "sin_65537x", "sin_-2x", "sin_2", "sin2x", "sin_x ", "tan_x",
     "sin_xy", "cos_2r", "Sin_x", "sin_2.5x"],
)  # fmt: skip
def test_other_names_are_no_waves(name: str) -> None:
    assert wave(name) is None
    with pytest.raises(PresetError, match="no input"):
        check_inputs([name])


def test_r_and_products_come_first_of_the_curved_features() -> None:
    inputs = ["x", "sin_4y", "z0", "xy", "cos_x", "one", "x2", "r", "y"]
    assert curved(inputs) == ("r", "xy", "x2", "sin_4y", "cos_x")
    assert kinds(inputs) == ("r", "xy", "x2", "wave_y", "wave_x")
    assert curved(["x", "t"]) == ()


@pytest.mark.parametrize(
    ("inputs", "varying", "tile"),
    [(["x2"], "x", False), (["y2", "sin_y"], "y", False), (["xy", "t"], "xy", False),
     (["sin_2x", "cos_y"], "xy", True), (["r", "one"], "r", False)],
)  # fmt: skip
def test_what_inputs_depend_on(inputs: list[str], varying: str, tile: bool) -> None:
    assert coordinates(inputs) == set(varying)
    assert repeats(inputs) == tile


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
