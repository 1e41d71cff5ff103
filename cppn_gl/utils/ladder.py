"""Stepping of values without drift: as many steps back as forth give the same number again."""

import math


def ladder(value: float, base: float, factor: float, steps: int) -> float:
    """`value` moved by `steps` rungs of the geometric ladder base·factor^n; exactly reversible.

    Rungs have six significant digits. A value between rungs is multiplied by factor^steps.
    """
    if not on_ladder(value, base, factor):
        return float(f"{value * factor**steps:.6g}")
    return rung(base, factor, round(math.log(value / base, factor)) + steps)


def rung(base: float, factor: float, number: int) -> float:
    """base·factor^number, to six significant digits."""
    return base if number == 0 else float(f"{base * factor**number:.6g}")


def on_ladder(value: float, base: float, factor: float) -> bool:
    if value <= 0 or base <= 0:
        return False
    return value == rung(base, factor, round(math.log(value / base, factor)))


def tidy(coordinate: float) -> float:
    """A coordinate clamped to ±1e6, without rounding noise: 0.3, not 0.30000000000000004."""
    digits = 15 - math.floor(math.log10(max(1.0, abs(coordinate))))
    return min(max(round(coordinate, digits), -1e6), 1e6)
