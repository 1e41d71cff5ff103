"""Options turned by keys: every kind of key, to its ends and round."""

import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppn_gl.preset.preset import Preset
from cppn_gl.preset.show import Show
from cppn_gl.utils.checks import Choice, Integer, Number
from cppn_gl.viewer.knobs import turn, turned
from cppn_gl.views import ALL

FIELDS = {field.name: field.metadata for field in dataclasses.fields(Show)}
KNOBS = sorted(set(itertools.chain.from_iterable(view.knobs for view in ALL.values())))
NUMBERS = [name for name in KNOBS if isinstance(FIELDS[name]["check"], Integer | Number)]


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_step_up_and_down_and_stop_at_their_ends(name: str) -> None:
    check, step, start = FIELDS[name]["check"], FIELDS[name]["step"], getattr(Show(), name)
    up = turn(Show(), name, 1)
    assert up == pytest.approx(min(start + step, check.high))
    assert type(up) is type(start)
    if up != start:  # else it began at its end
        assert turn(dataclasses.replace(Show(), **{name: up}), name, -1) == start
    assert turn(Show(), name, 10**9) == check.high
    assert turn(Show(), name, -(10**9)) == check.low


@pytest.mark.parametrize("name", [n for n in KNOBS if isinstance(FIELDS[n]["check"], Choice)])
def test_names_go_round(name: str) -> None:
    known, show = FIELDS[name]["check"].known, Show()
    seen = []
    for _ in known:
        show = dataclasses.replace(show, **{name: turn(show, name, 1)})
        seen.append(getattr(show, name))
    assert show == Show()
    assert sorted(seen) == sorted(known)
    back = dataclasses.replace(show, **{name: turn(show, name, -1)})
    assert turn(back, name, 4) == getattr(Show(), name)  # Shift steps by one name, too


def test_flags_turn_over_either_way() -> None:
    assert turn(Show(), "before", 1) is turn(Show(), "before", -4) is True
    assert turn(Show(before=True), "before", 1) is False


@given(name=st.sampled_from(NUMBERS), steps=st.lists(st.sampled_from([-4, -1, 1, 4]), max_size=30))
def test_a_turned_number_is_written_short_and_comes_back(name: str, steps: list[int]) -> None:
    check, show = FIELDS[name]["check"], Show()
    for by in steps:
        value = turn(show, name, by)
        assert len(f"{value:g}") <= 7
        show = dataclasses.replace(show, **{name: value})
        if check.low < value < check.high:
            again = dataclasses.replace(show, **{name: turn(show, name, -by)})
            assert turn(again, name, by) == value


def test_options_in_words() -> None:
    preset = Preset().replace(**{"show.relief": 0.30000000000000004, "show.before": True})
    assert turned(preset, "relief") == "relief 0.3"
    assert turned(preset, "before") == "before on"
    assert turned(preset, "connections") == "connections off"
    assert turned(preset, "contours") == "contours 10"
    assert turned(preset, "channel") == "channel all"
