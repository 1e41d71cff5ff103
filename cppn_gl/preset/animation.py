"""How time runs: the `[animation]` table, and the `[animate]` table of keys that move.

seconds -> Animation.clock() -> the input features that move
        -> Animation.fraction() -> how much of a pass is over -> Animate.at() -> keys and values
                                                           -> animate.py: the walk between seeds
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cppn_gl.nn.draws import MAX_SEED
from cppn_gl.nn.features import Clock
from cppn_gl.utils.checks import (
    PresetError,
    choice,
    integer,
    key,
    number,
    several,
    show,
    validate,
)

MAX_MOVING = 64  # keys of [animate]
MAX_VALUES = 256  # of one of them, and seeds of a walk

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
    """The `[animation]` table: how time becomes input features, values and networks."""

    speed: float = key(1.0, number(-1000, 1000), "units of t per second")
    loop: float = key(
        12.0,
        number(1e-3, 1e6),
        "seconds for cos_t, sin_t to come round; a sequence this long loops without a seam",
    )
    duration: float | None = key(
        None,
        number(1e-3, 1e6),
        "seconds of a pass through the values of [animate] and the seeds of a walk; "
        "follows loop when absent",
    )
    easing: str = key(
        "smooth", choice(EASINGS), f"from value to value of [animate]: {' '.join(EASINGS)}"
    )
    ending: str = key(
        "bounce",
        choice(ENDINGS),
        "after a pass: bounce goes back, repeat starts anew, stop stays; loop: each pass ends "
        "where it began",
    )
    spacing: str = key(
        "auto",
        choice(SPACINGS),
        "between values of [animate]: steps, factors, or auto: factors for scales and extents",
    )
    walk: tuple[int, ...] = key(
        (),
        several(integer(0, MAX_SEED), 0, MAX_VALUES),
        "two or more seeds: the network turns from one to the next at constant speed",
    )
    walker: str = key(
        "network",
        choice(WALKERS),
        "what walks: network, its weights, biases and drawn latents; or latents alone, whatever "
        "latent says; [animate] cannot move the same",
    )

    def __post_init__(self) -> None:
        validate(self, "animation.")
        if len(self.walk) == 1:
            raise PresetError("one seed where two or more would be a walk", key="animation.walk")

    def clock(self, time: float) -> Clock:
        """What the input features see at `time` seconds."""
        return Clock(time, self.speed, self.loop)

    @property
    def seconds(self) -> float:
        """Of one pass."""
        return self.loop if self.duration is None else self.duration

    def fraction(self, time: float) -> float:
        """How much of a pass is over at `time` seconds, 0 to 1."""
        passes = time / self.seconds
        if self.ending == "stop":
            return min(max(passes, 0.0), 1.0)
        if self.ending == "bounce":
            return 1 - abs(1 - passes % 2)
        return passes % 1.0

    def ring(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """The values that a pass goes through: back to the first where it is a loop."""
        return (*values, values[0]) if self.ending == "loop" else tuple(values)


@dataclass(frozen=True)
class Animate:
    """The `[animate]` table: dotted keys of a preset, each with the values it passes through."""

    moving: tuple[tuple[str, tuple[Any, ...]], ...] = key(
        (),
        lambda value: tuple(value),
        'two or more values of any numeric key, as "network.weight_scale" = [0.4, 0.8]',
        written='"table.key"',
    )

    def __post_init__(self) -> None:
        pairs = tuple((name, _values(name, values)) for name, values in self.moving)
        if len(pairs) > MAX_MOVING:
            raise PresetError(f"{len(pairs)} keys where {MAX_MOVING} are possible", key="animate")
        if len({name for name, _ in pairs}) < len(pairs):
            raise PresetError("a key stands twice", key="animate")
        object.__setattr__(self, "moving", tuple(sorted(pairs)))

    @property
    def table(self) -> dict[str, tuple[Any, ...]]:
        """Each key's values."""
        return dict(self.moving)

    def to_toml(self) -> dict[str, Any]:
        """The table as TOML values."""
        return {name: listed(values) for name, values in self.moving}

    def replace(self, changes: dict[str, Any]) -> "Animate":
        """With some keys changed; a value of None or an empty list takes its key out."""
        kept = {n: v for n, v in {**self.table, **changes}.items() if v is not None and v != []}
        return Animate(tuple(kept.items()))


def listed(value: Any) -> Any:
    """Tuples, nested ones too, as the lists that TOML has."""
    return [listed(item) for item in value] if isinstance(value, tuple) else value


def _values(name: str, values: Any) -> tuple[Any, ...]:
    """The values of a key: numbers, or lists of as many numbers each."""
    where = f"animate.{name}"
    if not isinstance(values, list | tuple) or not 2 <= len(values) <= MAX_VALUES:
        problem = f"{show(values)} where a list of 2 to {MAX_VALUES} values would be right"
        raise PresetError(problem, key=where)
    kept = tuple(tuple(v) if isinstance(v, list | tuple) else v for v in values)
    for value in kept:
        if isinstance(value, tuple) != isinstance(kept[0], tuple) or (
            isinstance(value, tuple) and len(value) != len(kept[0])
        ):
            raise PresetError("numbers, or lists of equal length, would be right", key=where)
        for one in value if isinstance(value, tuple) else (value,):
            real = isinstance(one, int | float) and not isinstance(one, bool)
            if not real or (isinstance(one, float) and not math.isfinite(one)):
                problem = f"{show(one)} is not a number, and only numbers can move"
                raise PresetError(problem, key=where)
    return kept


def value_at(values: Sequence[Any], fraction: float, easing: str, *, factors: bool) -> Any:
    """What a fraction of the pass through values comes to; each leg takes as long as the others."""
    legs = len(values) - 1
    index = min(int(fraction * legs), legs - 1)
    eased = EASINGS[easing](fraction * legs - index)
    a, b = values[index], values[index + 1]
    if isinstance(a, tuple):
        return tuple(_mixed(x, y, eased, factors) for x, y in zip(a, b, strict=True))
    return _mixed(a, b, eased, factors)


def _mixed(a: float, b: float, fraction: float, factors: bool) -> float:
    """Between two numbers, and never outside."""
    if a == b or fraction <= 0:
        return a
    if fraction >= 1:
        return b
    if factors and min(a, b) > 0:
        mixed = math.exp((1 - fraction) * math.log(a) + fraction * math.log(b))
    else:
        mixed = (1 - fraction) * a + fraction * b
    return min(max(mixed, min(a, b)), max(a, b))
