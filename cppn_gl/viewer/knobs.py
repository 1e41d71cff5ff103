"""Steps a view's options; and how the window writes keys and their values, in a few words."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from cppn_gl.preset.preset import TABLES, Preset, resolve
from cppn_gl.preset.show import Options
from cppn_gl.utils.checks import Integer, Number, OneOf, flag
from cppn_gl.views.text import significant

MOST = 4  # keys, or entries of a list, that are written
WRITTEN = {"center": "centre", "init": "initialisation", "view": "view"}
DIGITS = 6  # numbers are rounded to this many decimals: 0.3, not 0.30000000000000004
UNTOLD = ("steps", "checkpoint")  # a step of training is no step of the history


def turn(options: Options, name: str, steps: int) -> Any:
    """The value of an option after `steps` steps: numbers are clamped, choices are cyclic."""
    metadata = {field.name: field.metadata for field in dataclasses.fields(options)}[name]
    check, value = metadata["check"], getattr(options, name)
    if check is flag:
        return not value
    if isinstance(check, OneOf):
        names = list(check.known)
        return names[(names.index(value) + (1 if steps > 0 else -1)) % len(names)]
    assert isinstance(check, Integer | Number), f"{name} cannot be turned"
    turned = value + steps * metadata["step"]
    clamped = min(max(round(turned, DIGITS), check.low), check.high)
    return int(clamped) if isinstance(check, Integer) else float(clamped)


def turned(options: Options, name: str) -> str:
    """An option and its value as text: "slice on", "opacity 12"."""
    return key_words(name, getattr(options, name))


def key_words(name: str, value: Any) -> str:
    """A key and its value in a few words: "weight scale 0.57", "slice on", "centre 0.5, −1"."""
    if name == "own":
        return f"{len(value):,} points of its own" if value else "no points of its own"
    if name == "changes":
        step, rate = value[-1] if value else (0, None)
        return "one rate" if rate is None else f"rate {significant(rate)} from step {step:,} on"
    return f"{WRITTEN.get(name, name.replace('_', ' '))} {_value_words(value)}"


def _value_words(value: Any, digits: int = 4) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if value is None or value == ():
        return "none"
    if isinstance(value, float):
        return significant(value, digits)
    if isinstance(value, list | tuple):
        listed = ", ".join(_value_words(one, DIGITS) for one in value[:MOST])
        return listed + (" …" if len(value) > MOST else "")
    return str(value).replace("-", "−") if isinstance(value, int) else str(value)


def change_words(before: Preset, keys: Mapping[str, Any]) -> str:
    """What a change of `keys` does to a preset, in a few words: "depth 28", "extent 0.5"."""
    named = {resolve(name): value for name, value in keys.items()}
    differs = {
        (table, field): value
        for (table, field), value in named.items()
        if table in ("show", "animate", "") or getattr(before.table(table), field, None) != value
    }
    words = {
        f"animated {field.rpartition('.')[2]}" if table == "animate" else field: value
        for (table, field), value in (differs or named).items()
    }
    return _listed(words)


def difference(before: Preset, after: Preset) -> str:
    """The keys in which `after` differs from `before`, with its values; "" if it is in none."""
    found: dict[str, Any] = {}
    for name in TABLES:
        old, new = before.table(name), after.table(name)
        if type(old) is not type(new):
            return after.title or after.name
        if old != new:
            for field in (one for one in dataclasses.fields(new) if "check" in one.metadata):
                if (
                    getattr(old, field.name) != getattr(new, field.name)
                    and field.name not in UNTOLD
                ):
                    found[field.name] = getattr(new, field.name)
    many = len(found) > MOST
    return (after.title or after.name) if many else _listed(found)


def _listed(keys: Mapping[str, Any]) -> str:
    """Keys and values; of a zoom only the extent, since the centre follows from it."""
    names = [name for name in keys if not (name == "center" and "extent" in keys)]
    return ", ".join(key_words(name, keys[name]) for name in names)
