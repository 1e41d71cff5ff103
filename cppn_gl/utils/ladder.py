"""Steps that return exactly: up and down a ladder, there and back in the plane."""

import math


def ladder(value: float, base: float, factor: float, steps: int) -> float:
    """`value` moved by `steps` rungs base·factor^n, so that up and down return exactly.

    The rungs are rounded to six digits. A value between rungs is moved by the factor itself.
    """
    if not on_ladder(value, base, factor):
        return float(f"{value * factor**steps:.6g}")
    return rung(base, factor, round(math.log(value / base, factor)) + steps)


def rung(base: float, factor: float, number: int) -> float:
    """Rung `number` of the ladder base·factor^number, to six digits."""
    return base if number == 0 else float(f"{base * factor**number:.6g}")


def on_ladder(value: float, base: float, factor: float) -> bool:
    """Whether a value is one of the rungs."""
    if value <= 0 or base <= 0:
        return False
    return value == rung(base, factor, round(math.log(value / base, factor)))


def tidy(coordinate: float) -> float:
    """A coordinate within bounds, to about the digits that a float holds: 0.3, not 0.30…04."""
    digits = 15 - math.floor(math.log10(max(1.0, abs(coordinate))))
    return min(max(round(coordinate, digits), -1e6), 1e6)
