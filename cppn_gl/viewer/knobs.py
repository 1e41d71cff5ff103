"""Steps a view's options: the next value of an option, and how the HUD writes it."""

import dataclasses
from typing import Any

from cppn_gl.preset.show import Options
from cppn_gl.utils.checks import Integer, Number, OneOf, flag

DIGITS = 6  # numbers are rounded to this many decimals: 0.3, not 0.30000000000000004


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
    value = getattr(options, name)
    if isinstance(value, bool):
        return f"{name} {'on' if value else 'off'}"
    return f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
