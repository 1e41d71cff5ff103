"""Parsing of TOML text in bounded time."""

import re
import tomllib
from typing import Any

# tomllib takes time quadratic in the dots of a key such as a.a.a…: long ones are rejected first.
_QUOTED = re.compile(
    r'''#[^\n]*+|"""(?:[^"\\]++|\\.?|"(?!""))*+(?:"{3,5}|\Z)|"(?:[^"\\\n]++|\\.?)*+"?'''
    r"""|'''(?:[^']++|'(?!''))*+(?:'{3,5}|\Z)|'[^'\n]*+'?""",
    re.DOTALL,
)
_DEEP = re.compile(r"(?:\.[^.=,\[\]{}\n]*+){17}")
_BARE_POINT = re.compile(r"[+-]?(\.\d+|\d+\.)([eE][+-]?\d+)?", re.ASCII)


def load_toml(toml: str) -> dict[str, Any]:
    """The document. Raises ValueError; RecursionError if it is nested too deep."""
    if _DEEP.search(_QUOTED.sub("", toml)):
        raise RecursionError("a key of more than 16 dots")
    return tomllib.loads(toml)


def toml_value(text: str) -> Any:
    """A TOML value, or the text itself if it is not one (a bare word). .5 and 5. are numbers."""
    text = text.strip()
    if _BARE_POINT.fullmatch(text):
        return float(text)
    try:
        document = load_toml(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return document["value"] if len(document) == 1 else text
