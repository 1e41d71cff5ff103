"""TOML values: what is one, what is a bare word, and none takes long."""

import pytest

from cppn_gl.utils.toml import load_toml, toml_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        (" .5 ", 0.5),
        ("-5.e1", -50.0),
        ("[1, 2.0]", [1, 2.0]),
        ("true", True),
        ('"a b"', "a b"),
        ("tanh", "tanh"),
        ("", ""),
    ],
)
def test_a_value_or_the_text_itself(text: str, value: object) -> None:
    assert toml_value(text) == value
    assert type(toml_value(text)) is type(value)


def test_a_value_cannot_bring_other_keys_along() -> None:
    assert toml_value("1\nother = 2") == "1\nother = 2"


def test_a_value_nested_too_deep_is_a_text() -> None:
    text = "{" + "a." * 50_000 + "a = 1}"
    assert toml_value(text) == text


def test_too_many_dots_are_refused() -> None:
    with pytest.raises(RecursionError):
        load_toml("a." * 50_000 + "a = 1")
    assert load_toml("a = '" + "a." * 50 + "'") == {"a": "a." * 50}
