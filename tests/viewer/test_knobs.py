"""Steps of a view's options: every kind of option, at its limits and cyclic."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppn_gl.preset.library import load_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.show import VIEWS, Options, SurfaceOptions, UnitsOptions, knobs
from cppn_gl.utils.checks import Check, Integer, Number, OneOf
from cppn_gl.viewer.knobs import change_words, difference, turn, turned

KNOBS = [(row.options, name) for row in VIEWS.values() if row.options for name in knobs(row)]


def check_of(kind: type[Options], name: str) -> Check:
    return {field.name: field.metadata["check"] for field in dataclasses.fields(kind)}[name]


NUMBERS = [knob for knob in KNOBS if isinstance(check_of(*knob), Integer | Number)]
NAMES = [knob for knob in KNOBS if isinstance(check_of(*knob), OneOf)]


@pytest.mark.parametrize(("kind", "name"), NUMBERS)
def test_numbers_step_up_and_down_and_stop_at_their_ends(kind: type[Options], name: str) -> None:
    check, start = check_of(kind, name), getattr(kind(), name)
    assert isinstance(check, Integer | Number)
    up = turn(kind(), name, 1)
    assert up > start or start == check.high
    assert type(up) is type(start)
    if up != start:  # else it began at its end
        assert turn(dataclasses.replace(kind(), **{name: up}), name, -1) == start
    assert turn(kind(), name, 10**9) == check.high
    assert turn(kind(), name, -(10**9)) == check.low


def test_a_step_is_what_the_key_says() -> None:
    assert turn(SurfaceOptions(), "relief", 1) == pytest.approx(0.55)
    assert turn(SurfaceOptions(), "contours", -2) == 8


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_names_go_round(kind: type[Options], name: str) -> None:
    check, options = check_of(kind, name), kind()
    assert isinstance(check, OneOf)
    seen = []
    for _ in check.known:
        options = dataclasses.replace(options, **{name: turn(options, name, 1)})
        seen.append(getattr(options, name))
    assert options == kind()
    assert sorted(seen) == sorted(check.known)
    back = dataclasses.replace(options, **{name: turn(options, name, -1)})
    assert turn(back, name, 4) == getattr(kind(), name)  # Shift steps by one name, too


def test_flags_turn_over_either_way() -> None:
    assert turn(UnitsOptions(), "before", 1) is turn(UnitsOptions(), "before", -4) is True
    assert turn(UnitsOptions(before=True), "before", 1) is False


@given(knob=st.sampled_from(NUMBERS), steps=st.lists(st.sampled_from([-4, -1, 1, 4]), max_size=30))
def test_a_turned_number_is_written_short_and_comes_back(
    knob: tuple[type[Options], str], steps: list[int]
) -> None:
    (kind, name), check = knob, check_of(*knob)
    assert isinstance(check, Integer | Number)
    options = kind()
    for by in steps:
        value = turn(options, name, by)
        assert len(f"{value:g}") <= 7
        options = dataclasses.replace(options, **{name: value})
        if check.low < value < check.high:
            again = dataclasses.replace(options, **{name: turn(options, name, -by)})
            assert turn(again, name, by) == value


def test_options_in_words() -> None:
    preset = Preset().replace(**{"show.relief": 0.30000000000000004, "show.before": True})
    surface, units = preset.options(SurfaceOptions), preset.options(UnitsOptions)
    assert turned(surface, "relief") == "relief 0.3"
    assert turned(surface, "before") == "before on"
    assert turned(units, "connections") == "connections off"
    assert turned(surface, "contours") == "contours 10"
    assert turned(surface, "channel") == "channel all"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"depth": 9}, "depth 9"),
        ({"weight_scale": 0.123456}, "weight scale 0.1235"),
        ({"extent": 0.5, "center": (0.25, 0.0)}, "extent 0.5"),
        ({"center": (-0.25, 0.0)}, "centre −0.25, 0"),
        ({"center": (1.0, 0.0), "extent": 1.0}, "centre 1, 0"),  # the extent is the old one
        ({"units.connections": True}, "connections on"),
        ({"show.turn": 35.0, "show.tilt": 20.0}, "turn 35, tilt 20"),
        ({"units.unit": (2, 3)}, "unit 2, 3"),
        ({"units.unit": None}, "unit none"),
        ({"activation": ("sin",) * 7}, "activation sin, sin, sin, sin …"),
        ({"depth": 8}, "depth 8"),  # as before
        ({"train.own": ((0, 0, 1), (1, 2, 0))}, "2 points of its own"),
        ({"train.changes": ((10, 0.1), (1024, 0.3))}, "rate 0.3 from step 1,024 on"),
        ({"train.changes": ()}, "one rate"),
    ],
)
def test_a_change_in_words(keys: dict[str, Any], words: str) -> None:
    assert change_words(Preset(), keys) == words


def test_a_difference_in_words() -> None:
    preset = Preset(title="A title")
    assert difference(preset, preset) == ""
    assert difference(preset, preset.replace(depth=9, seed=4)) == "depth 9, seed 4"
    assert difference(preset, preset.replace(extent=0.5, center=(1, 2))) == "extent 0.5"
    many = {"depth": 9, "seed": 4, "width": 3, "init": "normal", "extent": 3.0}
    assert difference(preset, preset.replace(**many)) == "A title"
    assert difference(load_preset("single-sigmoid"), preset) == "A title"


def test_an_animated_key_is_named() -> None:
    assert change_words(Preset(), {"animate.depth": [4, 9]}) == "animated depth 4, 9"
    assert change_words(Preset(), {"animate.network.depth": None}) == "animated depth none"
