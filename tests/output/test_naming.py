"""Names of the pictures of axes: unique, ordered, safe, and the same on a longer axis."""

import re
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppn_gl.output.naming import LONGEST, names
from cppn_gl.preset.axes import Axis
from cppn_gl.preset.sweep import axis
from cppn_gl.utils.checks import PresetError

NUMBERS = st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6) | st.floats(1e-6, 1e6)
VALUES = st.one_of(
    *(st.lists(one, min_size=1, max_size=6) for one in (NUMBERS, st.booleans())),
    st.lists(st.text(max_size=40), min_size=1, max_size=6),
    st.lists(
        st.sampled_from(["a", "A", "a_b-1", "a_b", "é", "e\u0301", "/", ""]), min_size=1, max_size=6
    ),
    st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=6),
    st.lists(NUMBERS | st.text(max_size=5) | st.booleans(), min_size=1, max_size=6),
)
KEYS = ("network.a", "view.a", "network.a_b", "time")


@st.composite
def axes(draw: st.DrawFn) -> list[Axis]:
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True))
    return [Axis(((key, tuple(draw(VALUES))),)) for key in keys]


def all_names(axes: list[Axis]) -> list[str]:
    found = names(axes)
    steps = product(*(range(one.count) for one in axes))
    return ["_".join(n(k) for n, k in zip(found, step, strict=True)) for step in steps]


def of(*texts: str) -> list[str]:
    return all_names([axis(text, "axes", 10**6) for text in texts])


@given(axes())
def test_names_are_unique_and_safe(axes: list[Axis]) -> None:
    found = all_names(axes)
    assert len({name.casefold() for name in found}) == len(found)
    for name in found:
        assert re.fullmatch(r"[\w.,-]+", name)
        assert not name.startswith((".", "-")) or not name.endswith((".", "-", " "))
        assert len(name) <= LONGEST
        assert len(f"{name}.webp".encode()) <= 3 * LONGEST


@given(st.lists(NUMBERS, min_size=1, max_size=20, unique=True))
def test_numbers_upwards_are_names_upwards(values: list[Any]) -> None:
    found = all_names([Axis((("network.a", tuple(sorted(values))),))])
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["seed=0:2"], ["seed-00000", "seed-00001", "seed-00002"]),
        (
            ["depth=9:10", "activation=tanh"],
            ["depth-09_activation-tanh", "depth-10_activation-tanh"],
        ),
        (["weight_scale=0.5,1,2"], ["weight_scale-0.5", "weight_scale-1.0", "weight_scale-2.0"]),
        (["extent=0.5:8:3:log"], ["extent-0.5", "extent-2.0", "extent-8.0"]),
        (["extent=0.01:100:3:log"], ["extent-000.01", "extent-001.00", "extent-100.00"]),
        (["depth=2:4:2 & width=8:16:2"], ["depth-02_width-08", "depth-04_width-16"]),
        (["depth=2:4:2 & activation=sin"], ["depth-02", "depth-04"]),
        (["center=[0,0],[0.5,-0.25]"], ["center-00-0.0,0.0", "center-01-0.5,-0.25"]),
        (["time=-1:1:3"], ["time-00--1", "time-01-00", "time-02-01"]),
        (["seed='Anna B.',anna"], ["seed-Anna-B", "seed-anna"]),
        (["seed=anna,Anna"], ["seed-00-anna", "seed-01-Anna"]),
        (
            ["surface.turn=5,6", "volume.turn=7"],
            ["surface.turn-5_volume.turn-7", "surface.turn-6_volume.turn-7"],
        ),
        (["dither=true,false"], ["dither-true", "dither-false"]),
    ],
)
def test_they_say_the_values(texts: list[str], expected: list[str]) -> None:
    assert of(*texts) == expected


def test_more_steps_keep_the_names() -> None:
    assert of("seed=0:99999")[:10] == of("seed=0:9")
    assert of("depth=1:40")[:3] == of("depth=1:3")


def test_a_long_axis_is_not_listed() -> None:
    (name,) = names([axis("seed=0:999999", "axes", 10**6)])
    assert name(999_999) == "seed-999999"
    assert name(7) == "seed-000007"


def test_names_that_are_too_long_are_refused() -> None:
    words = ",".join(letter * 32 for letter in "ab")
    many = [axis(f"{key}={words}") for key in ("seed",)] * 6
    with pytest.raises(PresetError, match="vary fewer keys") as caught:
        names(many)
    assert caught.value.key == "axes"
