"""Keys: each has a type, a range, a default and one line of help in one place.

A preset table is a frozen dataclass whose fields are made by `key(...)`. The TOML parser, the
error messages, the command-line options and the documentation all read these fields.
"""

import dataclasses
import difflib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from numbers import Integral, Real
from typing import Any

Check = Callable[[Any], Any]

# What breaks a line, moves a terminal's cursor, or cannot be written as UTF-8.
_PAIR = re.compile(r"\s*(\d{1,9})[xX×](\d{1,9})\s*", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class PresetError(ValueError):
    """A wrong preset, in one line: file, line where known, key, what is wrong, what would do."""

    def __init__(self, problem: str, *, key: str = "", source: str = "", line: int | None = None):
        self.problem, self.key, self.source, self.line = problem, key, source, line
        place = f"{source}:{line}" if source and line else source
        whole = ": ".join(part for part in (place, key, problem) if part)
        super().__init__(_CONTROL.sub(lambda found: ascii(found[0])[1:-1], whole))

    def at(self, source: str, line: int | None = None) -> "PresetError":
        """The same error with its file, and its line where known."""
        return PresetError(self.problem, key=self.key, source=source, line=line)


def key(default: Any, check: Check, help: str, **extra: Any) -> Any:
    """A dataclass field with its default, the check that returns the value to keep, and its help.

    `extra`: `short=True` makes it a command-line option of its own; `metavar` names its value.
    """
    metadata = {"check": check, "help": help, **extra}
    return dataclasses.field(default=default, metadata=metadata)


def validate(table: Any, prefix: str = "") -> None:
    """Check every field of a frozen dataclass made of keys, in `__post_init__`."""
    for field in dataclasses.fields(table):
        if "check" in field.metadata:
            value = checked_field(field, getattr(table, field.name), prefix + field.name)
            object.__setattr__(table, field.name, value)


def checked_field(field: "dataclasses.Field[Any]", value: Any, name: str) -> Any:
    """The value to keep of a key: None stays where it is the default. PresetError names `name`."""
    if value is None and field.default is None:
        return None
    try:
        return field.metadata["check"](value)
    except PresetError as error:
        raise PresetError(error.problem, key=name) from None
    except (ValueError, TypeError) as error:
        raise PresetError(str(error), key=name) from None


def help_of(field: "dataclasses.Field[Any]") -> str:
    """The help of a key, with the names to choose from where it does not say them itself."""
    text, check = str(field.metadata["help"]), field.metadata["check"]
    if isinstance(check, Choice) and not all(str(name) in text for name in check.known):
        text += f": {' '.join(map(str, check.known))}"
    return text


def nearest(name: str, names: Iterable[str]) -> str:
    """Say which of `names` was probably meant: "; did you mean …?", or all of them if few."""
    known = list(names)
    close = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(known)}" if len(known) <= 24 else ""


def show(value: Any, limit: int = 60) -> str:
    """A short, one-line form of a value for a message."""
    try:
        text = repr(list(value) if isinstance(value, tuple) else value)  # a list, as TOML has it
    except (ValueError, RecursionError):  # an integer of too many digits, a list too deep
        return f"this {type(value).__name__}"
    return text if len(text) <= limit else text[: limit - 1] + "…"


# Checks. Each returns the value to keep or raises ValueError with what would be right.


@dataclasses.dataclass(frozen=True)
class Integer:
    """The check of an integer in [low, high]."""

    low: int
    high: int

    def __call__(self, value: Any) -> int:
        """The integer, or ValueError."""
        good = isinstance(value, Integral) and not isinstance(value, bool)
        if not good or not self.low <= value <= self.high:
            raise ValueError(f"{show(value)} is not an integer from {self.low} to {self.high}")
        return int(value)


def integer(low: int, high: int) -> Integer:
    """An integer in [low, high]."""
    return Integer(low, high)


@dataclasses.dataclass(frozen=True)
class Number:
    """The check of a finite number in [low, high], kept as a float."""

    low: float
    high: float

    def __call__(self, value: Any) -> float:
        """The number, or ValueError."""
        good = isinstance(value, Real) and not isinstance(value, bool)
        if not good or not self.low <= value <= self.high:  # which NaN is not
            raise ValueError(f"{show(value)} is not a number from {self.low:g} to {self.high:g}")
        return float(value)


def pair(text: str) -> tuple[int, int] | None:
    """(640, 360) from "640x360"; None for another text."""
    match = _PAIR.fullmatch(text)
    return (int(match[1]), int(match[2])) if match else None


def number(low: float, high: float) -> Number:
    """A finite number in [low, high], kept as a float."""
    return Number(low, high)


@dataclasses.dataclass(frozen=True)
class Choice:
    """The check of one of a few names or numbers."""

    known: Collection[Any]

    def __call__(self, value: Any) -> Any:
        """The name or number, or ValueError."""
        known = list(self.known)
        if isinstance(value, str) and value not in known:
            raise ValueError(f"no {show(value)}{nearest(value, map(str, known))}")
        whole = isinstance(value, Integral) and not isinstance(value, bool)
        if not (whole or isinstance(value, str)) or value not in known:
            raise ValueError(f"{show(value)} is not one of {', '.join(map(str, known))}")
        return known[known.index(value)]


def choice(names: Iterable[Any]) -> Choice:
    """One of a few names or numbers; of a table, the names that it has when a value is checked."""
    return Choice(names if isinstance(names, Mapping) else tuple(names))


def flag(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError(f"{show(value)} is neither true nor false")
    return value


def text(limit: int) -> Check:
    """One line or a few sentences, `limit` characters at the most."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or len(value) > limit:
            raise ValueError(f"{show(value)} is not a text of at most {limit} characters")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError("not a text that can be written as UTF-8") from None
        return value

    return check


def line(limit: int) -> Check:
    """A text of one line."""
    any_text = text(limit)

    def check(value: Any) -> str:
        if _CONTROL.search(any_text(value)):
            raise ValueError(f"{show(value)} is not a text of one line")
        return str(value)

    return check


def several(check_one: Check, low: int, high: int) -> Check:
    """A list of `low` to `high` values that each pass `check_one`; kept as a tuple."""

    def check(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise ValueError(f"{show(value)} is not a list")
        if not low <= len(value) <= high:
            count = f"{low}" if low == high else f"{low} to {high}"
            raise ValueError(f"a list of {len(value)} where {count} would be right")
        return tuple(check_one(item) for item in value)

    return check
