"""When a picture returns, against pictures at times a period apart."""

from typing import Any

import numpy as np
import pytest

from cppn_gl.nn.sources import Random
from cppn_gl.preset.looping import SECONDS, film_seconds, jumps, loop_of
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.views.plots.strength import measure

TURNING = ("x", "y", "cos_t", "sin_t")


def preset(*inputs: str, **keys: Any) -> Preset:
    spec = Random(inputs=inputs or ("x", "y"), depth=3, width=4)
    return Preset(spec=spec).replace(**{name.replace("__", "."): v for name, v in keys.items()})


def signal(of: Preset, time: float) -> np.ndarray:
    return measure(scene_of(of.at(time), time)).std


@pytest.mark.parametrize(
    ("inputs", "keys", "period"),
    [
        (TURNING, {"animation__loop": 24.0}, 24),
        (("x", "sin_t"), {}, 12),
        ((), {"animate": {"weight_scale": [0.4, 0.8]}}, 24),
        ((), {"animate": {"weight_scale": [0.4, 0.8]}, "animation__ending": "loop"}, 12),
        ((), {"animate": {"weight_scale": [0.4, 0.8]}, "animation__ending": "repeat"}, 12),
        (TURNING, {"animate": {"weight_scale": [0.4, 0.8]}, "animation__duration": 9.0}, 36),
        ((), {"animation__walk": (1, 2, 3), "animation__duration": 7.5}, 15),
    ],
)
def test_the_picture_returns_after_its_period(inputs: Any, keys: Any, period: float) -> None:
    keys = dict(keys)
    moving = keys.pop("animate", {})
    of = preset(*inputs, **keys, **{f"animate__network.{k}": v for k, v in moving.items()})
    loop = loop_of(of)
    assert loop.period == pytest.approx(period)
    assert f"every frame returns after {period:g} s" in loop.words
    for time in (0.0, 1.3, 4.9):
        assert signal(of, time) == pytest.approx(signal(of, time + period), rel=1e-5)
    others = [signal(of, 1.3 + period * part) for part in (0.2, 1 / 3, 0.5)]
    assert all(not np.allclose(other, signal(of, 1.3), rtol=1e-6) for other in others)


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (preset("x", "t"), "t grows with time"),
        (preset("x", "cos_t", "t"), "t grows with time"),
        (
            preset(animation__ending="stop", **{"animate__network.bias_scale": [0, 1]}),
            "stays at the end",
        ),
        (
            preset(
                "x",
                "cos_t",
                animation__duration=3.0000123,
                **{"animate__network.bias_scale": [0, 1]},
            ),
            "no short common period",
        ),
        (preset(), ""),
    ],
)
def test_what_never_returns(of: Preset, words: str) -> None:
    loop = loop_of(of)
    assert loop.period is None
    assert words in loop.words


def test_a_film_is_as_long_as_the_loop() -> None:
    assert film_seconds(preset("cos_t", animation__loop=7.0)) == 7
    for of in (preset("x", "t"), preset("x")):
        assert loop_of(of).period is None
        assert film_seconds(of) == SECONDS


@pytest.mark.parametrize(
    ("seconds", "jump"), [(2.4, False), (24.0, False), (1.2, True), (6.0, True), (2.5, True)]
)
def test_a_film_that_is_no_whole_number_of_loops_jumps(seconds: float, jump: bool) -> None:
    assert jumps(seconds, 2.4) is jump
