"""Animation of keys between values, and walks between seeds.

Preset, seconds -> moment() -> dotted keys and their values at that time -> Preset.at

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
from cppn_gl.nn.interpolation import DrawLayout
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

# The keys that a walk changes, so that [animate] cannot.
WALKED = {"network": ("network.seed", "network.between"), "latents": ("network.latent",)}


def moment(preset: "Preset", time: float) -> dict[str, Any]:
    """The animated keys by dotted name, with their values at `time` seconds."""
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
    """The nearest integer, or a tuple of them."""
    if isinstance(value, tuple):
        return tuple(map(_rounded, value))
    return value if isinstance(value, int) else math.floor(value + 0.5)


def _walked(animation: Animation, spec: NetworkSource, fraction: float) -> dict[str, Any]:
    """The values of the keys that a walk changes."""
    seeds = animation.ring(animation.walk)
    if animation.walker == "latents" or spec.layout is None:
        layout = DrawLayout((), latent_count(spec.inputs), "uniform")
        index, part = _leg(layout, seeds, fraction)
        latent = interpolation.blended(layout, seeds[index], seeds[index + 1], part)[-1]
        return {"network.latent": tuple(map(float, latent))}
    index, part = _leg(spec.layout, seeds, fraction)
    if part == 1:
        index, part = index + 1, 0.0
    between = (seeds[index + 1], part) if part else None
    return {"network.seed": seeds[index], "network.between": between}


def _leg(layout: DrawLayout, seeds: tuple[int, ...], fraction: float) -> tuple[int, float]:
    """At a fraction of a walk: the leg, from 0, and the fraction of that leg."""
    ends = _leg_ends(layout, seeds)
    angle = fraction * ends[-1]
    start = 0.0
    for index, end in enumerate(ends):
        if angle < end or (index == len(ends) - 1):
            return index, min((angle - start) / (end - start), 1.0) if end > start else 0.0
        start = end
    raise AssertionError("unreachable: a walk has a leg")


@lru_cache(maxsize=64)
def _leg_ends(layout: DrawLayout, seeds: tuple[int, ...]) -> tuple[float, ...]:
    """The cumulative angle at the end of each leg; for a single number, the distance."""
    total, ends = 0.0, []
    for seed, other in pairwise(seeds):
        arc = interpolation.arc(layout, seed, other)
        total += arc.angle if layout.count > 1 else arc.chord
        ends.append(total)
    return tuple(ends)


def checked_animate(animate: Animate, preset: "Preset") -> Animate:
    """[animate] with dotted keys, checked against the preset it belongs to.

    Raises PresetError, naming a key as it was written.
    """
    animation = preset.animation
    if animation.walk:
        _check_walk(animation, preset.spec)
    moving: dict[str, Any] = {}
    for written, values in animate.moving:
        name = movable(written)
        try:
            if f"animate.{name}" in moving:
                raise PresetError("a key is given twice")
            if animation.walk and name in WALKED[animation.walker]:
                raise PresetError("the walk changes it; expected only one of the two")
            for dotted in expand_all({f"animate.{name}": values}):
                _, table, field = dotted.split(".")
                _check_values(f"{table}.{field}", animation.ring(values), preset.table(table))
        except PresetError as error:
            raise PresetError(error.problem, key=f"animate.{written}") from None
        moving[f"animate.{name}"] = values
    return Animate(tuple((n.removeprefix("animate."), v) for n, v in expand_all(moving).items()))


def _check_walk(animation: Animation, spec: NetworkSource) -> None:
    if animation.walker == "latents":
        if not latent_count(spec.inputs):
            raise PresetError("no input is a latent constant z0, z1 …", key="animation.walker")
    elif spec.layout is None:
        problem = 'this network has explicit layers; expected walker = "latents"'
        if spec.classifies:
            problem = "this network has given weights, not seeds to walk between"
        raise PresetError(problem, key="animation.walk")


def _check_values(name: str, values: tuple[Any, ...], table: Any) -> None:
    """Check each value, and the one half way to the next: choices cannot be interpolated."""
    field = name.partition(".")[2]
    halves = [value_at(pair, 0.5, "linear", factors=False) for pair in pairwise(values)]
    for value in (*values, *(map(_rounded, halves) if whole(name) else halves)):
        replaced(table, {field: value})
