"""Preset keys: type, range, default and help of each, declared once; and the checks of values.

A preset table is a frozen dataclass whose fields are made by `key(...)`. The TOML parser, error
messages, command-line options and documentation read these fields.
"""

import dataclasses
import difflib
import functools
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from numbers import Integral, Real
from typing import Any

Check = Callable[[Any], Any]

_PAIR = re.compile(r"\s*(\d{1,9})[xX×](\d{1,9})\s*", re.ASCII)
# Line breaks, terminal control characters, and surrogates, which UTF-8 cannot encode.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class PresetError(ValueError):
    """An invalid preset, in one line: file, line if known, key, problem, and what is expected."""

    def __init__(self, problem: str, *, key: str = "", source: str = "", line: int | None = None):
        self.problem, self.key, self.source, self.line = problem, key, source, line
        place = f"{source}:{line}" if source and line else source
        whole = ": ".join(part for part in (place, key, problem) if part)
        super().__init__(_CONTROL.sub(lambda match: ascii(match[0])[1:-1], whole))

    def at(self, source: str, line: int | None = None) -> "PresetError":
        """The same error with the file, and the line if known."""
        return PresetError(self.problem, key=self.key, source=source, line=line)


def key(default: Any, check: Check, help: str, **extra: Any) -> Any:
    """A dataclass field with a default, a check (returns the value to store, or raises) and help.

    `extra`: `short=True` gives the key a command-line option; `metavar` names the option's value.
    For the panel of the window, `slider=(low, high)` is the useful part of a wide range, `factor`
    makes it logarithmic, and `widget` names what edits a key whose check does not tell.
    """
    metadata = {"check": check, "help": help, **extra}
    return dataclasses.field(default=default, metadata=metadata)


def validate(table: Any, prefix: str = "") -> None:
    """In `__post_init__` of a frozen dataclass: check each key and store what its check returns."""
    for field in keys_of(type(table)):  # type: ignore[arg-type]  # mypy: classes are not hashable
        value = checked_field(field, getattr(table, field.name), prefix + field.name)
        object.__setattr__(table, field.name, value)


@functools.cache
def keys_of(table: type) -> "tuple[dataclasses.Field[Any], ...]":
    """The fields of a dataclass that are made by `key`."""
    return tuple(field for field in dataclasses.fields(table) if "check" in field.metadata)


def checked_field(field: "dataclasses.Field[Any]", value: Any, name: str) -> Any:
    """A key's checked value; None passes if it is the default. Raises PresetError for `name`."""
    if value is None and field.default is None:
        return None
    return checked(field.metadata["check"], value, name)


def checked(check: Check, value: Any, name: str) -> Any:
    """The value that a check returns. Raises PresetError with key `name`."""
    try:
        return check(value)
    except PresetError as error:
        raise PresetError(error.problem, key=name) from None
    except (ValueError, TypeError, OverflowError) as error:
        raise PresetError(str(error), key=name) from None


def help_of(field: "dataclasses.Field[Any]") -> str:
    """The help of a key; the choices are added if the text does not list them."""
    text, check = str(field.metadata["help"]), field.metadata["check"]
    if isinstance(check, OneOf) and not all(str(name) in text for name in check.known):
        text += f": {' '.join(map(str, check.known))}"
    return text


def nearest(name: str, names: Iterable[str]) -> str:
    """The end of an error message: "; did you mean …?", or all known names if they are few."""
    known = list(names)
    close = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(filter(None, known))}" if len(known) <= 24 else ""


def show(value: Any, limit: int = 60) -> str:
    """A short, one-line form of a value for an error message."""
    try:
        text = repr(list(value) if isinstance(value, tuple) else value)  # tuples as TOML lists
    except (ValueError, RecursionError):  # an integer with too many digits, a list nested too deep
        return f"this {type(value).__name__}"
    return text if len(text) <= limit else text[: limit - 1] + "…"


def one_line(text: str) -> str:
    """The text on one line: white space as single spaces, without control characters."""
    return " ".join(_CONTROL.sub("", " ".join(text.split())).split())


# Checks: each returns the value to store, or raises ValueError that says what is expected.


@dataclasses.dataclass(frozen=True)
class Integer:
    """Checks for an integer in [low, high]."""

    low: int
    high: int

    def __call__(self, value: Any) -> int:
        good = isinstance(value, Integral) and not isinstance(value, bool)
        if not good or not self.low <= value <= self.high:
            raise ValueError(f"{show(value)} is not an integer from {self.low} to {self.high}")
        return int(value)


def integer(low: int, high: int) -> Integer:
    return Integer(low, high)


@dataclasses.dataclass(frozen=True)
class Number:
    """Checks for a finite number in [low, high]; returns a float."""

    low: float
    high: float

    def __call__(self, value: Any) -> float:
        good = isinstance(value, Real) and not isinstance(value, bool)
        if not good or not self.low <= value <= self.high:  # false for NaN
            raise ValueError(f"{show(value)} is not a number from {self.low:g} to {self.high:g}")
        return float(value)


def pair(text: str) -> tuple[int, int] | None:
    """(640, 360) from "640x360"; None for another text."""
    match = _PAIR.fullmatch(text)
    return (int(match[1]), int(match[2])) if match else None


def number(low: float, high: float) -> Number:
    return Number(low, high)


@dataclasses.dataclass(frozen=True)
class OneOf:
    """Checks for one of the known names or numbers."""

    known: Collection[Any]

    def __call__(self, value: Any) -> Any:
        known = list(self.known)
        named = isinstance(value, str) and any(isinstance(name, str) for name in known)
        if named and value not in known:
            raise ValueError(f"no {show(value)}{nearest(value, map(str, known))}")
        whole = isinstance(value, Integral) and not isinstance(value, bool)
        if not (whole or isinstance(value, str)) or value not in known:
            raise ValueError(f"{show(value)} is not one of {', '.join(map(str, known))}")
        return known[known.index(value)]


def choice(names: Iterable[Any]) -> OneOf:
    """One of `names`. A mapping is looked up at each check, so that names can be registered."""
    return OneOf(names if isinstance(names, Mapping) else tuple(names))


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{show(value)} is neither true nor false")
    return value


@dataclasses.dataclass(frozen=True)
class Text:
    """Checks for a string of at most `limit` characters, `one_line` without control characters.

    `numbers`: whole numbers are taken as their digits.
    """

    limit: int
    one_line: bool = False
    numbers: bool = False

    def __call__(self, value: Any) -> str:
        if self.numbers and type(value) is int and abs(value) < 2**63:
            value = str(value)
        if not isinstance(value, str) or len(value) > self.limit:
            raise ValueError(f"{show(value)} is not a text of at most {self.limit} characters")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError("not a text that UTF-8 can encode") from None
        if self.one_line and _CONTROL.search(value):
            raise ValueError(f"{show(value)} is not a text of one line")
        return value


def text(limit: int) -> Text:
    return Text(limit)


def line(limit: int, *, numbers: bool = False) -> Text:
    return Text(limit, one_line=True, numbers=numbers)


@dataclasses.dataclass(frozen=True)
class Several:
    """Checks for a list of `low` to `high` values that each pass `check_one`; returns a tuple."""

    check_one: Check
    low: int
    high: int

    def __call__(self, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise ValueError(f"{show(value)} is not a list")
        if not self.low <= len(value) <= self.high:
            count = f"{self.low}" if self.low == self.high else f"{self.low} to {self.high}"
            raise ValueError(f"a list of {len(value)}; expected {count}")
        return tuple(self.check_one(item) for item in value)


def several(check_one: Check, low: int, high: int) -> Several:
    return Several(check_one, low, high)
