"""The axes of a sheet, written as text, and the `[sweep]` table that holds two of them.

"depth=5:20:4 & activation=tanh" -> parse_axis() -> Axis: keys, each with a value per step

    axis   = part { "&" part }           keys that vary together; a single value is repeated
    part   = key "=" item { "," item }
    item   = a:b          integers from a to b inclusive, upwards or downwards
           | a:b:n        n numbers in equal steps
           | a:b:n:log    n numbers with equal factors
           | value        as in TOML, or a bare word

This is the syntax only; sweep.py checks keys and values.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cppn_gl.utils.checks import (
    PresetError,
    choice,
    flag,
    integer,
    key,
    line,
    pair,
    several,
    show,
    validate,
)
from cppn_gl.utils.elementary import geometric
from cppn_gl.utils.toml import toml_value

MAX_CELLS = 1024
MAX_TEXT = 2000  # characters per axis

_WHOLE = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_KEY = re.compile(r"[A-Za-z_][\w.]*", re.ASCII)
_BARE = re.compile(r"[A-Za-z_][\w ]*", re.ASCII)
_TOML_WORDS = ("true", "false", "inf", "nan")


@dataclass(frozen=True)
class Axis:
    """Keys, each with one value per step."""

    parts: tuple[tuple[str, Sequence[Any]], ...] = ()

    @property
    def count(self) -> int:
        """The number of steps; 1 for an empty axis."""
        return len(self.parts[0][1]) if self.parts else 1

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.parts)

    def step(self, index: int) -> dict[str, Any]:
        """The value of each key at a step, from 0."""
        return {name: values[index] for name, values in self.parts}

    def __str__(self) -> str:
        """Text that parses to the same axis."""
        return " & ".join(f"{name}={','.join(map(_written, v))}" for name, v in self.parts)


def parse_axis(
    text: str, whole: Callable[[str], bool] = lambda name: False, limit: int = MAX_CELLS
) -> Axis:
    """The axis of a text such as "depth=1:10"; empty for "". Raises ValueError.

    `whole(key)`: whether the numbers of a range are rounded to integers. It has at most `limit`
    steps. A long range a:b stays a `range`.
    """
    if not text.strip():
        return Axis()
    parts = [_part(part, whole, limit) for part in _split(text, "&")]
    count = max(len(values) for _, values in parts)
    for name, values in parts:
        if len(values) not in (1, count):
            raise ValueError(f"{len(values)} values of {name}; expected {count} or 1")
    if len({name for name, _ in parts}) < len(parts):
        raise ValueError("a key is given twice on one axis")
    return Axis(tuple((n, v if len(v) == count else (v[0],) * count) for n, v in parts))


def _part(text: str, whole: Callable[[str], bool], limit: int) -> tuple[str, Sequence[Any]]:
    name, equals, values = text.partition("=")
    name = name.strip()
    if not equals or not _KEY.fullmatch(name):
        raise ValueError(f"{show(text.strip())} is not an axis such as depth=1:10 or seed=3,5,8")
    items = _split(values, ",")
    listed: list[Any] = []
    for item in items:
        found = _item(item.strip(), whole=whole(name), limit=limit)
        if isinstance(found, range) and len(items) == 1 and len(found) > MAX_CELLS:
            return name, found
        listed += found
        if len(listed) > limit:
            raise ValueError(f"more than {limit} values of {name}")
    return name, tuple(listed)


def _split(text: str, mark: str) -> list[str]:
    """The text split at a mark outside quotes and brackets."""
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        else:
            depth += (letter in "[{") - (letter in "]}")
        if letter == mark and not quote and depth <= 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _item(text: str, *, whole: bool, limit: int) -> Sequence[Any]:
    if not text:
        raise ValueError("a value is missing before or after a comma")
    fields = text.split(":")
    if len(fields) == 1 or text[0] in "\"'[{":
        return [_value(text)]
    if len(fields) == 2:
        if not all(_WHOLE.fullmatch(field.strip()) for field in fields):
            raise ValueError(f"{show(text)} is not two integers; for n numbers write a:b:n")
        return _whole(int(fields[0]), int(fields[1]), limit)
    log = len(fields) == 4 and fields[3].strip() == "log"
    if len(fields) > 3 and not log:
        raise ValueError(f"{show(text)} is not a range a:b, a:b:n or a:b:n:log")
    a, b = (_number(field.strip()) for field in fields[:2])
    if not _WHOLE.fullmatch(fields[2].strip()) or not 1 <= int(fields[2]) <= limit:
        raise ValueError(f"{show(text)}: expected a count from 1 to {limit} as third number")
    numbers = _spaced(a, b, int(fields[2]), log=log)
    return [math.floor(n + 0.5) for n in numbers] if whole else numbers


def _whole(a: int, b: int, limit: int) -> range:
    if abs(b - a) >= limit:
        raise ValueError(f"{a}:{b} is more than {limit} values; for n of them write a:b:n")
    step = 1 if a <= b else -1
    return range(a, b + step, step)


def _spaced(a: float, b: float, count: int, *, log: bool) -> list[float]:
    """`count` numbers from a to b, both exact; only a for a count of 1."""
    if log and (a == 0 or b == 0 or (a < 0) != (b < 0)):
        raise ValueError(f"{a:g}:{b:g} with equal factors: expected two positive numbers")
    numbers = [a]
    for k in range(1, count):
        s = k / (count - 1)
        factor = geometric(abs(a), abs(b), s) if log else 0.0
        numbers.append(math.copysign(factor, a) if log else (1 - s) * a + s * b)
    if count > 1:
        numbers[-1] = b
    return numbers


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise ValueError(f"{show(text)} is not a number")
    return float(text)


def _value(text: str) -> Any:
    """A TOML value, or a bare word."""
    if _NUMBER.fullmatch(text) and not _WHOLE.fullmatch(text):
        return _number(text)  # which is finite
    value = toml_value(text)
    if value == text and not _BARE.fullmatch(text):
        raise ValueError(f"{show(text)} is neither a value nor a range")
    return tuple(value) if isinstance(value, list) else value


def _written(value: Any) -> str:
    """A value as text that `_value` reads."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        plain = _BARE.fullmatch(value) and value == value.strip() and value not in _TOML_WORDS
        return value if plain else f"'{value}'" if "'" not in value else f'"{value}"'
    if isinstance(value, tuple | list):
        return f"[{', '.join(_in_list(item) for item in value)}]"
    return repr(value)


def _in_list(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else _written(value)


def axis_text(value: Any) -> str:
    """A check: the text of an axis."""
    text = str(line(MAX_TEXT)(value)).strip()
    parse_axis(text)
    return text


def cell_size(value: Any) -> tuple[int, int]:
    """A check: a cell's size in pixels, [160, 120] or "160x120"."""
    size = pair(value) if isinstance(value, str) else value
    if size is None:
        raise ValueError(f"{show(value)} is not a size in pixels like 160x120")
    width, height = several(integer(8, 4096), 2, 2)(size)
    return width, height


@dataclass(frozen=True)
class Sweep:
    """The `[sweep]` table: the rows and columns of a sheet of networks."""

    rows: str = key(
        "",
        axis_text,
        "keys that vary from row to row: key=a:b, key=a:b:n, key=a,b,c",
        widget="axis",
    )
    cols: str = key(
        "",
        axis_text,
        "keys that vary from column to column: weight_scale=0.5:1:9:log",
        widget="axis",
    )
    wrap: int = key(
        0,
        integer(0, MAX_CELLS),
        "columns into which a sheet with only rows or only cols is wrapped; 0: no wrapping",
        slider=(0, 32),
    )
    seeds: str = key(
        "shared",
        choice(["shared", "varying"]),
        "shared: one seed; varying: each cell has its own, counting up from network.seed",
    )
    cell: tuple[int, int] = key(
        (160, 160),
        cell_size,
        "size of a cell in pixels; in the window, its aspect ratio",
        widget="numbers",
    )
    gap: int = key(4, integer(0, 256), "pixels between cells", slider=(0, 32))
    labels: bool = key(True, flag, "label rows and columns")

    def __post_init__(self) -> None:
        validate(self, "sweep.")
        row_count, column_count = parse_axis(self.rows).count, parse_axis(self.cols).count
        if row_count * column_count > MAX_CELLS:
            problem = f"{row_count} × {column_count} cells; expected at most {MAX_CELLS}"
            raise PresetError(problem, key="sweep.rows")
