"""Input features: the inputs of layer 1 at a point. One table, and the latent constants z0, z1 ….

Features that are affine in x and y (constants included) are folded into layer 1 by `packing.py` in
float64, which keeps deep zooms sharp; the others have a counterpart in features.glsl.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.checks import PresetError, nearest, several, show
from cppn_gl.utils.elementary import cosine, sine

FEATURES: dict[str, str] = {
    "x": "horizontal coordinate, to the right",
    "y": "vertical coordinate, up",
    "r": "distance from the origin, √(x² + y²)",
    "t": "[animation] speed × time",
    "cos_t": "cos(2π time / loop)",
    "sin_t": "sin(2π time / loop)",
    "one": "constant 1",
}

MOVING = ("t", "cos_t", "sin_t")  # these depend on time
MAX_LATENTS = 64
_LATENT = re.compile(r"z(0|[1-9]\d?)")


def latent_index(name: str) -> int | None:
    """3 for "z3"; None if `name` is not a latent constant (z0 … z63)."""
    match = _LATENT.fullmatch(name)
    index = int(match.group(1)) if match else MAX_LATENTS
    return index if index < MAX_LATENTS else None


def latent_count(inputs: Sequence[str]) -> int:
    """The number of latent constants that `inputs` need: one more than the largest index."""
    return max((i + 1 for i in map(latent_index, inputs) if i is not None), default=0)


@dataclass(frozen=True)
class Clock:
    """Time (s), speed of t (units per second), and period of cos_t and sin_t (s)."""

    time: float = 0.0
    speed: float = 1.0
    loop: float = 12.0

    @property
    def constants(self) -> dict[str, float]:
        """The values of the features that are the same at every point."""
        angle = 2 * np.pi * ((self.time / self.loop) % 1.0)
        return {
            "t": self.speed * self.time,
            "cos_t": cosine(angle),
            "sin_t": sine(angle),
            "one": 1.0,
        }


def constant(name: str, clock: Clock, latent: Sequence[float]) -> float | None:
    """The value of a feature that is the same at every point; None for the others."""
    index = latent_index(name)
    return float(latent[index]) if index is not None else clock.constants.get(name)


def features(
    inputs: Sequence[str], x: Float64, y: Float64, clock: Clock, latent: Sequence[float] = ()
) -> Float64:
    """The features at points x, y, (N,) each: (N, len(inputs))."""
    columns = []
    for name in inputs:
        value = constant(name, clock, latent)
        if value is not None:
            columns.append(np.full_like(x, value))
        elif name == "r":
            columns.append(np.sqrt(x * x + y * y))
        else:
            columns.append({"x": x, "y": y}[name])
    return np.stack(columns, axis=-1)


def check_inputs(value: Any) -> tuple[str, ...]:
    """A check: names of input features, all known, none twice. Raises PresetError."""
    try:
        names: tuple[str, ...] = several(lambda name: name, 1, 64)(value)
    except ValueError as error:
        raise PresetError(str(error), key="inputs") from None
    for name in names:
        if not isinstance(name, str) or (name not in FEATURES and latent_index(name) is None):
            hint = nearest(str(name), [*FEATURES, "z0"])
            raise PresetError(f"no input {show(name)}{hint}", key="inputs")
    if len(set(names)) < len(names):
        raise PresetError("an input is listed twice", key="inputs")
    return names
