"""Learning rates by step: the rate of `[train]` and its changes, times a schedule's factor.

With n = schedule_steps, at step k:

    constant  1
    step      schedule_factor ^ floor(k / n)
    cosine    ½ (1 + cos(π min(k / n, 1)))        (Loshchilov and Hutter 2017, one period)
    warm-up   min((k + 1) / n, 1)                 (Goyal et al. 2017)
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from cppn_gl.nn.training.optimizers import powers
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.elementary import sines

# All of them the same to the bit on every machine.
# Functions of steps k, (n,) float64, schedule_steps and schedule_factor.
SCHEDULES: dict[str, Callable[[Float64, int, float], Float64]] = {
    "constant": lambda k, n, factor: np.ones_like(k),
    "step": lambda k, n, factor: powers(factor, k // n),
    "cosine": lambda k, n, factor: 0.5 * (1 + sines(0.5 * np.minimum(k / n, 1), 1)),
    "warm-up": lambda k, n, factor: np.minimum((k + 1) / n, 1),
}


def rates(train: Any, first: int, count: int) -> Float32:
    """The rates of steps first … first + count - 1 of a `[train]` table, (count,)."""
    changed, by = factors(train, first, count)
    base = np.where(np.isnan(changed), train.rate, changed)
    return (base * by).astype(np.float32)


def factors(train: Any, first: int, count: int) -> tuple[Float64, Float64]:
    """What makes the rates of steps first … of the rate of step 0, (count,) each.

    The rate that has replaced it, or NaN; and the factor of the schedule.
    """
    steps = np.arange(first, first + count, dtype=np.float64)
    changed = np.full(count, np.nan)
    for step, rate in train.changes:
        changed[steps >= step] = rate
    by = SCHEDULES[train.schedule](steps, train.schedule_steps, train.schedule_factor)
    return changed, by
