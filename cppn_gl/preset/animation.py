"""Time: the `[animation]` table, and the `[animate]` table of animated keys.

seconds -> Animation.clock() -> input features that depend on time
        -> Animation.fraction() -> fraction of a pass -> animate.py: animated keys, walk of seeds
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cppn_gl.nn.draws import SEED
from cppn_gl.nn.features import Clock
from cppn_gl.utils.checks import (
    PresetError,
    choice,
    key,
    number,
    several,
    show,
    validate,
)
from cppn_gl.utils.elementary import geometric

MAX_MOVING = 64  # keys in [animate]
MAX_VALUES = 256  # per key, and seeds of a walk
TIME = number(-1e9, 1e9)  # a check: seconds

EASINGS: dict[str, Callable[[float], float]] = {
    "linear": lambda s: s,
    "smooth": lambda s: s * s * (3 - 2 * s),
    "in": lambda s: s * s,
    "out": lambda s: s * (2 - s),
}
ENDINGS = ("bounce", "loop", "repeat", "stop")
SPACINGS = ("auto", "steps", "factors")
WALKERS = ("network", "latents")


@dataclass(frozen=True)
class Animation:
    """The `[animation]` table: how input features, keys and networks depend on time."""

    speed: float = key(1.0, number(-1000, 1000), "units of t per second", slider=(-2, 2))
    loop: float = key(
        12.0,
        number(1e-3, 1e6),
        "seconds after which cos_t and sin_t return; a film this long is a seamless loop if "
        "nothing else moves",
        slider=(1, 60),
    )
    duration: float | None = key(
        None,
        number(1e-3, 1e6),
        "seconds of one pass through the values of [animate] and the seeds of a walk; "
        "equals loop when absent",
        slider=(1, 60),
    )
    easing: str = key(
        "smooth", choice(EASINGS), f"easing between values of [animate]: {' '.join(EASINGS)}"
    )
    ending: str = key(
        "bounce",
        choice(ENDINGS),
        "after a pass: bounce reverses, repeat jumps back, stop stays at the end; loop returns to "
        "the first value within each pass. Seamless films: loop in one pass, bounce in two",
    )
    spacing: str = key(
        "auto",
        choice(SPACINGS),
        "interpolation of [animate]: steps (linear), factors (geometric), or auto: factors for "
        "scales and extents",
    )
    walk: tuple[int, ...] = key(
        (),
        several(SEED, 0, MAX_VALUES),
        "two or more seeds: the network turns from one to the next at constant speed",
    )
    walker: str = key(
        "network",
        choice(WALKERS),
        "what a walk changes: network (weights, biases and drawn latents), or latents alone, in "
        "place of latent; [animate] cannot change the same keys",
    )

    def __post_init__(self) -> None:
        validate(self, "animation.")
        if len(self.walk) == 1:
            raise PresetError("one seed; expected two or more", key="animation.walk")

    def clock(self, time: float) -> Clock:
        """The clock of the input features at `time` seconds."""
        return Clock(time, self.speed, self.loop)

    @property
    def seconds(self) -> float:
        """Duration of one pass."""
        return self.loop if self.duration is None else self.duration

    def fraction(self, time: float) -> float:
        """Fraction of a pass at `time` seconds, 0 to 1."""
        passes = time / self.seconds
        if self.ending == "stop":
            return min(max(passes, 0.0), 1.0)
        if self.ending == "bounce":
            return 1 - abs(1 - passes % 2)
        return passes % 1.0

    def ring(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """The values of a pass; a loop returns to the first."""
        return (*values, values[0]) if self.ending == "loop" else tuple(values)


@dataclass(frozen=True)
class Animate:
    """The `[animate]` table: dotted keys, each with the values that it passes through."""

    moving: tuple[tuple[str, tuple[Any, ...]], ...] = key(
        (),
        lambda value: tuple(value),
        'two or more values of a numeric key: "network.weight_scale" = [0.4, 0.8]',
        written='"table.key"',
        widget="animate",
    )

    def __post_init__(self) -> None:
        pairs = tuple((name, _values(name, values)) for name, values in self.moving)
        if len(pairs) > MAX_MOVING:
            raise PresetError(f"{len(pairs)} keys; expected at most {MAX_MOVING}", key="animate")
        if len({name for name, _ in pairs}) < len(pairs):
            raise PresetError("a key is given twice", key="animate")
        object.__setattr__(self, "moving", tuple(sorted(pairs)))

    @property
    def table(self) -> dict[str, tuple[Any, ...]]:
        return dict(self.moving)

    def to_toml(self) -> dict[str, Any]:
        return {name: listed(values) for name, values in self.moving}

    def replace(self, changes: dict[str, Any]) -> "Animate":
        """With some keys changed; None or an empty list removes a key."""
        moving = {n: v for n, v in {**self.table, **changes}.items() if v is not None and v != []}
        return Animate(tuple(moving.items()))


def listed(value: Any) -> Any:
    """Tuples to lists, for TOML, also nested ones."""
    return [listed(item) for item in value] if isinstance(value, tuple) else value


def _values(name: str, values: Any) -> tuple[Any, ...]:
    """The checked values of a key: numbers, or lists of numbers of equal length."""
    where = f"animate.{name}"
    if not isinstance(values, list | tuple) or not 2 <= len(values) <= MAX_VALUES:
        problem = f"{show(values)}; expected a list of 2 to {MAX_VALUES} values"
        raise PresetError(problem, key=where)
    checked = tuple(tuple(v) if isinstance(v, list | tuple) else v for v in values)
    for value in checked:
        if isinstance(value, tuple) != isinstance(checked[0], tuple) or (
            isinstance(value, tuple) and len(value) != len(checked[0])
        ):
            raise PresetError("expected numbers, or lists of equal length", key=where)
        for number_ in value if isinstance(value, tuple) else (value,):
            real = isinstance(number_, int | float) and not isinstance(number_, bool)
            if not real or (isinstance(number_, float) and not math.isfinite(number_)):
                problem = f"{show(number_)} is not a number; only numbers can be animated"
                raise PresetError(problem, key=where)
    return checked


def value_at(values: Sequence[Any], fraction: float, easing: str, *, factors: bool) -> Any:
    """The value at a fraction of a pass; each leg from value to value takes equally long."""
    legs = len(values) - 1
    index = min(int(fraction * legs), legs - 1)
    eased = EASINGS[easing](fraction * legs - index)
    a, b = values[index], values[index + 1]
    if isinstance(a, tuple):
        return tuple(_mixed(x, y, eased, factors) for x, y in zip(a, b, strict=True))
    return _mixed(a, b, eased, factors)


def _mixed(a: float, b: float, fraction: float, factors: bool) -> float:
    """Linear or geometric interpolation, clamped to [a, b]."""
    if a == b or fraction <= 0:
        return a
    if fraction >= 1:
        return b
    if factors and min(a, b) > 0:
        mixed = geometric(a, b, fraction)
    else:
        mixed = (1 - fraction) * a + fraction * b
    return min(max(mixed, min(a, b)), max(a, b))
