"""The text of an axis: lists, ranges, keys together; and any other text is one line of error."""

import itertools
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppn_gl.preset.axes import MAX_CELLS, Axis, Sweep, axis_text, cell_size, parse_axis
from cppn_gl.utils.checks import PresetError


def values(text: str) -> tuple[object, ...]:
    return parse_axis(text).parts[0][1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("depth=1:4", (1, 2, 3, 4)),
        ("depth = 4 : 1", (4, 3, 2, 1)),
        ("depth=3:3", (3,)),
        ("depth=-1:1", (-1, 0, 1)),
        ("extent=0:1:5", (0.0, 0.25, 0.5, 0.75, 1.0)),
        ("extent=1:0:3", (1.0, 0.5, 0.0)),
        ("extent=2:5:1", (2.0,)),
        ("extent=1:16:5:log", (1.0, 2.0, 4.0, 8.0, 16.0)),
        ("extent=40:0.15625:9:log", tuple(40 / 2**k for k in range(9))),
        ("activation=tanh,relu", ("tanh", "relu")),
        ("activation='tanh', relu", ("tanh", "relu")),
        ("depth=1:3,5,10:8", (1, 2, 3, 5, 10, 9, 8)),
        ("extent=.5,1.,2e-3", (0.5, 1.0, 0.002)),
        ("center=[0, 0.5],[1, -1]", ((0, 0.5), (1, -1))),
        ("inputs=['x'],['x', 'y']", (("x",), ("x", "y"))),
        ("slice=true,false", (True, False)),
        ("title='a=b & c:d'", ("a=b & c:d",)),
    ],
)
def test_values(text: str, expected: tuple[object, ...]) -> None:
    assert values(text) == pytest.approx(expected) if "log" in text else values(text) == expected


def test_ends_of_a_range_are_exact() -> None:
    assert values("s=0.1:0.7:7:log")[::6] == (0.1, 0.7)
    assert values("s=0.1:0.7:7")[::6] == (0.1, 0.7)


def test_keys_vary_together_and_one_value_holds_for_all() -> None:
    axis = parse_axis("depth=5:20:4 & activation=relu & seed=1,2,3,4", lambda name: name == "depth")
    assert axis.keys == ("depth", "activation", "seed")
    assert axis.count == 4
    assert axis.step(2) == {"depth": 15, "activation": "relu", "seed": 3}


def test_numbers_of_a_range_are_rounded_where_they_must_be_whole() -> None:
    assert parse_axis("width=10:400:4:log", lambda _: True).parts[0][1] == (10, 34, 117, 400)


def test_nothing_is_an_axis_of_one_step() -> None:
    assert parse_axis("  ") == Axis()
    assert (Axis().count, Axis().step(0)) == (1, {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("depth", "'depth' is not an axis such as depth=1:10 or seed=3,5,8"),
        ("=1:3", "is not an axis"),
        ("1a=3", "is not an axis"),
        ("depth=1:3 &", "is not an axis"),
        ("depth=", "a value is missing"),
        ("depth=1,,2", "a value is missing"),
        ("s=0.5:1", "is not two integers; for n numbers write a:b:n"),
        ("s=a:b", "is not two integers"),
        ("s=0:1:0", "expected a count from 1 to 1024"),
        ("s=0:1:1.5", "expected a count from 1 to 1024"),
        ("s=0:1:99999", "expected a count from 1 to 1024"),
        ("s=0:1:3:lin", "is not a range a:b, a:b:n or a:b:n:log"),
        ("s=0:1:3:log:4", "is not a range"),
        ("s=0:1:3:log", "expected two positive numbers"),
        ("s=-1:1:3:log", "expected two positive numbers"),
        ("s=x:1:3", "'x' is not a number"),
        ("s=1e999:1:3", "is not a number"),
        ("s=nan:1:3", "is not a number"),
        ("seed=1:2000", "more than 1024 values"),
        ("seed=1:1000,1:1000", "more than 1024 values"),
        ("s=@", "'@' is neither a value nor a range"),
        ("a=1,2 & b=1,2,3", "2 values of a; expected 3 or 1"),
        ("a=1,2 & a=1,2", "a key is given twice"),
    ],
)
def test_what_is_wrong_is_said(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)) as caught:
        parse_axis(text)
    assert "\n" not in str(caught.value)


plain = (
    st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.sampled_from(["tanh", "he_normal", "a b", "x:y", "a,b", "true", "3", "it's", "a&b=c", ""])
)
items = plain | st.lists(st.floats(-1e3, 1e3) | st.sampled_from(["x", "z0"]), max_size=3).map(tuple)
keys = st.sampled_from(["depth", "network.seed", "show.view", "time"])


@st.composite
def axes(draw: st.DrawFn) -> Axis:
    names, count = draw(st.lists(keys, unique=True, max_size=3)), draw(st.integers(1, 6))
    several = st.lists(items, min_size=count, max_size=count).map(tuple)
    return Axis(tuple((name, draw(several)) for name in names))


@given(axes())
def test_an_axis_comes_back_from_its_text(axis: Axis) -> None:
    again = parse_axis(str(axis))
    assert again == axis
    assert [type(v) for _, vs in again.parts for v in vs] == [
        type(v) for _, vs in axis.parts for v in vs
    ]


numbers = st.floats(1e-3, 1e3)


@given(numbers, numbers, st.integers(1, 40), st.booleans())
def test_a_range_is_even_and_stays_within_its_ends(a: float, b: float, n: int, log: bool) -> None:
    found = values(f"s={a!r}:{b!r}:{n}{':log' if log else ''}")
    assert len(found) == n
    assert found[0] == a
    assert n == 1 or found[-1] == b
    low, high = min(a, b), max(a, b)
    assert all(low * (1 - 1e-12) <= v <= high * (1 + 1e-12) for v in found)  # type: ignore[operator]
    where = [math.log(v) if log else v for v in found]  # type: ignore[arg-type]
    steps = [y - x for x, y in itertools.pairwise(where)]
    assert steps == pytest.approx([steps[0]] * len(steps), abs=1e-9) if steps else True


@given(st.text(max_size=40) | st.text("ab=:,&[]'\"0123456789.-elog ", max_size=40))
def test_no_text_ends_in_anything_but_an_axis_or_one_line(text: str) -> None:
    problem = ""
    try:
        axis = axis_text(text)
    except ValueError as error:
        problem = str(error)
        with pytest.raises(PresetError):
            Sweep(rows=text)
    else:
        assert 1 <= parse_axis(axis).count <= MAX_CELLS
        assert Sweep(rows=text).rows == axis
    assert len(problem.splitlines()) <= 1


def test_a_text_nested_too_deep_is_refused() -> None:
    with pytest.raises(PresetError, match=r"sweep\.rows: "):
        Sweep(rows="a=" + "[" * 1900)


@pytest.mark.parametrize("size", [[160, 120], (160, 120), "160x120", " 160×120 "])
def test_a_cells_size(size: object) -> None:
    assert cell_size(size) == (160, 120)
    assert Sweep(cell=size).cell == (160, 120)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"cell": "160"}, r"sweep\.cell: '160' is not a size in pixels like 160x120"),
        ({"cell": [160]}, r"sweep\.cell: a list of 1; expected 2"),
        ({"cell": "1x1"}, r"sweep\.cell: 1 is not an integer from 8"),
        ({"gap": -1}, r"sweep\.gap: -1 is not"),
        ({"seeds": "varing"}, r"sweep\.seeds: no 'varing'; did you mean 'varying'"),
        ({"rows": 3}, r"sweep\.rows: 3 is not a text"),
        (
            {"rows": "a=1:40", "cols": "b=1:40"},
            r"sweep\.rows: 40 × 40 cells; expected at most 1024",
        ),
    ],
)
def test_a_wrong_table_names_its_key(keys: dict[str, object], words: str) -> None:
    with pytest.raises(PresetError, match=words):
        Sweep(**keys)  # type: ignore[arg-type]
