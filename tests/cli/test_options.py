"""Options follow from the keys of presets, and their values are TOML or bare words."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppn_gl.cli.options import (
    Parser,
    UsageError,
    add_overrides,
    overrides,
    size_value,
    written,
)
from cppn_gl.preset.preset import TABLES, Preset
from cppn_gl.preset.tables import fields_of
from cppn_gl.utils.checks import PresetError

WORDS = st.text() | st.sampled_from(
    ["1", "-1", "1e400", "nan", "[", "[1", "a,b", "x,y", "''", "=="]
)
DOTTED = [f"{table}.{field.name}" for table in TABLES for field in fields_of(table)]


def parser() -> Parser:
    made = Parser("render")
    made.add_argument("preset", nargs="?")
    made.option("--quiet", action="store_true")
    add_overrides(made)
    return made


def given_by(*words: str) -> dict[str, Any]:
    return overrides(parser().parse(words))


def test_every_short_key_is_an_option_with_its_help() -> None:
    made = parser()
    text = " ".join(made.format_help().split())
    fields = [field for table in TABLES for field in fields_of(table)]
    short = {field.name for field in fields if field.metadata.get("short")}
    for table in TABLES:
        for field in fields_of(table):
            option = "--" + field.name.replace("_", "-")
            if field.metadata.get("short"):
                assert option in made.names
                assert " ".join(field.metadata["help"].split()) in text
            else:
                assert field.name in short or option not in made.names
                assert f"{table}.{written(field)}" in text
    assert "including the output layer, 1 to 64" in text


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--depth", "3"], {"network.depth": 3}),
        (["--weight-scale=.5"], {"network.weight_scale": 0.5}),
        (["--extent", "5."], {"view.extent": 5.0}),
        (["--activation", "tanh"], {"network.activation": "tanh"}),
        (["--activation", "sin,relu"], {"network.activation": ["sin", "relu"]}),
        (["--activation", "['sin']"], {"network.activation": ["sin"]}),
        (["--activation", "[]"], {"network.activation": []}),
        (["--inputs", "x"], {"network.inputs": ["x"]}),
        (["--inputs", "x, y,z0"], {"network.inputs": ["x", "y", "z0"]}),
        (["--inputs", ""], {"network.inputs": []}),
        (["--center", "-0.5,0.25"], {"view.center": [-0.5, 0.25]}),
        (["--center", "-.5,-1e-3"], {"view.center": [-0.5, -1e-3]}),
        (["--center=-1,0"], {"view.center": [-1, 0]}),
        (["--set", "view.center=[-1,0]"], {"view.center": [-1, 0]}),
        (["--set", "network.latent=0.5"], {"network.latent": [0.5]}),
        (["--set", "latent=-1,2"], {"network.latent": [-1, 2]}),
        (["--set", "speed=-2"], {"animation.speed": -2}),
        (["--set", "title=a, b = c"], {"title": "a, b = c"}),
        (["--set", "title='27'"], {"title": "27"}),
        (
            ["--set", "init=normal", "--set", "seed=3"],
            {"network.init": "normal", "network.seed": 3},
        ),
        (["--seed", "your name"], {"network.seed": "your name"}),
        (["--seed", "2026-11-28"], {"network.seed": "2026-11-28"}),
        (["--seed", "true"], {"network.seed": "true"}),
        (["--seed", "-5 apples"], {"network.seed": "-5 apples"}),
        (["--set", "seed='your name'"], {"network.seed": "your name"}),
        (["--seed", "007"], {"network.seed": "007"}),  # for the preset to read
        (["--seed", "-1"], {"network.seed": -1}),  # for the preset to refuse
        (["--extent", "-inf"], {"view.extent": float("-inf")}),
    ],
)
def test_values(words: list[str], expected: dict[str, Any]) -> None:
    assert given_by(*words) == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--dpeth", "3"], "unknown option --dpeth; did you mean --depth?"),
        (["--dep", "3"], "unknown option --dep;"),  # options are written in full
        (["--xyzzy=1"], "unknown option --xyzzy; see"),
        (["a", "b"], "unexpected argument 'b'"),
        (["--depth"], "--depth: expected one argument"),
        (["--palette"], 'expected colours in quotation marks: "#102040,#f0e0c0"'),
        (["--palette", "--quiet"], "--palette: expected colours in quotation marks"),
        (["--hue", "30"], "unknown option --hue; did you mean --set color.hue=VALUE?"),
        (["--hue=30"], "unknown option --hue; did you mean --set color.hue=30?"),
        (["--stretch", "minmax"], "did you mean --set color.stretch=VALUE?"),
        (["--bias-scale=2"], "did you mean --set network.bias_scale=2?"),
        (["--quiet", "-3"], "--quiet"),
        (["--set", "depth"], "--set 'depth': expected table.key=VALUE"),
    ],
)
def test_wrong_words(words: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        given_by(*words)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("words", ["--depth 3 a --width 4", "a --depth 3 --width 4", "--depth 3 a"])
def test_the_preset_stands_anywhere(words: str) -> None:
    assert parser().parse(words.split()).preset == "a"


@pytest.mark.parametrize("key", ["dpeth=1", "network.dpeth=1", "nework.depth=1", ".=1", "a.b.c=1"])
def test_set_names_the_key_that_there_is_not(key: str) -> None:
    with pytest.raises(PresetError, match="no such"):
        given_by("--set", key)


@pytest.mark.parametrize("table", ["color", "show", "animate", "network"])
def test_set_says_that_a_table_is_none(table: str) -> None:
    with pytest.raises(
        PresetError, match=f"^{table}: is a table; write one of its keys, such as {table}"
    ):
        given_by("--set", f"{table}=1")


@pytest.mark.parametrize("quoted", ['animate."network.weight_scale"', "animate.'weight_scale'"])
def test_a_key_may_be_quoted_as_in_a_file(quoted: str) -> None:
    found = given_by("--set", f"{quoted}=[0.4, 0.8]")
    assert found == {"animate.network.weight_scale": [0.4, 0.8]}


@pytest.mark.parametrize(
    "text", ["640", "640x", "x360", "640x-1", "640,360", "1e9x1", "", "9" * 5000, "１０x１０"]
)
def test_wrong_sizes(text: str) -> None:
    with pytest.raises(PresetError, match="--size"):
        size_value(text)


def test_digits_are_those_of_toml() -> None:
    assert given_by("--extent", "５.") == {"view.extent": "５."}


def test_sizes() -> None:
    assert size_value("640x360") == size_value(" 640X360") == size_value("640×360") == (640, 360)


@given(st.sampled_from(DOTTED) | st.text(), WORDS)
def test_whatever_is_set_gives_a_preset_or_an_error(key: str, value: str) -> None:
    with contextlib.suppress(PresetError, UsageError):
        assert Preset().replace(**given_by("--set", f"{key}={value}"))


@given(st.lists(WORDS | st.sampled_from(parser().names[2:]), max_size=4))
def test_whatever_is_typed_gives_arguments_or_an_error(words: list[str]) -> None:
    with contextlib.suppress(PresetError, UsageError):
        given_by(*words)


def test_a_key_given_twice_is_refused() -> None:
    parser = Parser("render")
    add_overrides(parser)
    args = parser.parse(["--depth", "12", "--set", "network.depth=5"])
    with pytest.raises(UsageError, match=r"network\.depth is given twice"):
        overrides(args)
