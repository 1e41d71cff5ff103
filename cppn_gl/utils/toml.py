"""TOML text to values, with a bound on the time that it may take."""

import re
import tomllib
from typing import Any

# tomllib's time grows with the square of the dots in a key: a.a.a… is refused before it.
_QUOTED = re.compile(
    r'''#[^\n]*+|"""(?:[^"\\]++|\\.?|"(?!""))*+(?:"{3,5}|\Z)|"(?:[^"\\\n]++|\\.?)*+"?'''
    r"""|'''(?:[^']++|'(?!''))*+(?:'{3,5}|\Z)|'[^'\n]*+'?""",
    re.DOTALL,
)
_DEEP = re.compile(r"(?:\.[^.=,\[\]{}\n]*+){17}")
_POINT_ONLY = re.compile(r"[+-]?(\.\d+|\d+\.)([eE][+-]?\d+)?", re.ASCII)


def load_toml(toml: str) -> dict[str, Any]:
    """What TOML text says. Raises ValueError, and RecursionError where it is nested too deep."""
    if _DEEP.search(_QUOTED.sub("", toml)):
        raise RecursionError("a key of more than 16 dots")
    return tomllib.loads(toml)


def toml_value(text: str) -> Any:
    """A TOML value, or the text itself where it is none: a bare word. .5 and 5. are numbers too."""
    text = text.strip()
    if _POINT_ONLY.fullmatch(text):
        return float(text)
    try:
        document = load_toml(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return document["value"] if len(document) == 1 else text
