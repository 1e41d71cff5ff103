"""What moves in a preset besides its inputs: keys between values, and walks between seeds.

Preset, seconds -> moment() -> dotted keys and their values then -> Preset.at

A walk follows great circles (interpolation.py). A pass through all of them takes
`animation.duration` seconds; each leg's duration is proportional to its angle, so that the angular
speed is constant.
"""

import math
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from cppn_gl.nn import interpolation
from cppn_gl.nn.features import latent_count
from cppn_gl.nn.sources import NetworkSource
from cppn_gl.preset.animation import Animate, Animation, value_at
from cppn_gl.preset.tables import (
    expand_all,
    field_of,
    movable,
    replaced,
    whole,
)
from cppn_gl.utils.checks import PresetError

if TYPE_CHECKING:
    from cppn_gl.preset.preset import Preset

# What a walk moves, which nothing else can then.
WALKED = {"network": ("network.seed", "network.between"), "latents": ("network.latent",)}


def moment(preset: "Preset", time: float) -> dict[str, Any]:
    """The keys that move, each by its dotted name, and their values at `time` seconds."""
    animation = preset.animation
    fraction = animation.fraction(time)
    changes = {
        name: _value(animation, name, values, fraction) for name, values in preset.animate.moving
    }
    if animation.walk:
        changes |= _walked(animation, preset.spec, fraction)
    return changes


def _value(animation: Animation, name: str, values: tuple[Any, ...], fraction: float) -> Any:
    spacing = animation.spacing
    factors = spacing == "factors" or (
        spacing == "auto" and bool(field_of(name).metadata.get("factor"))
    )
    value = value_at(animation.ring(values), fraction, animation.easing, factors=factors)
    return _rounded(value) if whole(name) else value


def _rounded(value: Any) -> Any:
    """The nearest whole number, or a list of them; integers as they are."""
    if isinstance(value, tuple):
        return tuple(map(_rounded, value))
    return value if isinstance(value, int) else math.floor(value + 0.5)


def _walked(animation: Animation, spec: NetworkSource, fraction: float) -> dict[str, Any]:
    """The keys that say where a walk is."""
    seeds = animation.ring(animation.walk)
    if animation.walker == "latents" or spec.kind is None:
        kind = interpolation.Kind((), latent_count(spec.inputs), "uniform")
        index, part = _leg(kind, seeds, fraction)
        latent = interpolation.blended(kind, seeds[index], seeds[index + 1], part)[-1]
        return {"network.latent": tuple(map(float, latent))}
    index, part = _leg(spec.kind, seeds, fraction)
    if part == 1:
        index, part = index + 1, 0.0
    between = (seeds[index + 1], part) if part else None
    return {"network.seed": seeds[index], "network.between": between}


def _leg(kind: interpolation.Kind, seeds: tuple[int, ...], fraction: float) -> tuple[int, float]:
    """The leg of a walk, from 0, and how much of it is behind at a fraction of the whole way."""
    ends = _ends(kind, seeds)
    way = fraction * ends[-1]
    start = 0.0
    for index, end in enumerate(ends):
        if way < end or (index == len(ends) - 1):
            return index, min((way - start) / (end - start), 1.0) if end > start else 0.0
        start = end
    raise AssertionError("a walk has a leg")


@lru_cache(maxsize=64)
def _ends(kind: interpolation.Kind, seeds: tuple[int, ...]) -> tuple[float, ...]:
    """The angle turned from the first seed to the end of each leg; the way of a number alone."""
    total, ends = 0.0, []
    for seed, other in pairwise(seeds):
        arc = interpolation.arc(kind, seed, other)
        total += arc.angle if kind.count > 1 else arc.chord
        ends.append(total)
    return tuple(ends)


def checked_animate(animate: Animate, preset: "Preset") -> Animate:
    """[animate] with the whole name of each key, if they and a walk suit a preset.

    Raises PresetError, which names a key as it is written.
    """
    animation = preset.animation
    if animation.walk:
        _check_walk(animation, preset.spec)
    moving: dict[str, Any] = {}
    for written, values in animate.moving:
        name = movable(written)
        try:
            if f"animate.{name}" in moving:
                raise PresetError("a key stands twice")
            if animation.walk and name in WALKED[animation.walker]:
                raise PresetError("the walk moves it; one of the two would be right")
            for one in expand_all({f"animate.{name}": values}):
                _, table, field = one.split(".")
                _check_values(f"{table}.{field}", animation.ring(values), preset.table(table))
        except PresetError as error:
            raise PresetError(error.problem, key=f"animate.{written}") from None
        moving[f"animate.{name}"] = values
    return Animate(tuple((n.removeprefix("animate."), v) for n, v in expand_all(moving).items()))


def _check_walk(animation: Animation, spec: NetworkSource) -> None:
    if animation.walker == "latents":
        if not latent_count(spec.inputs):
            raise PresetError("no input is a latent constant z0, z1 …", key="animation.walker")
    elif spec.kind is None:
        problem = 'this network is given by its layers; walker = "latents" would be right'
        raise PresetError(problem, key="animation.walk")


def _check_values(name: str, values: tuple[Any, ...], table: Any) -> None:
    """Try each value, and half way to the next: what is no range of numbers cannot move."""
    field = name.partition(".")[2]
    halves = [value_at(pair, 0.5, "linear", factors=False) for pair in pairwise(values)]
    for value in (*values, *(map(_rounded, halves) if whole(name) else halves)):
        replaced(table, {field: value})
