"""Hyperparameters as axes of a map: what a coordinate stands for, and the keys that it sets.

    AXES["first_rate"].value(1.5) -> 31.6 -> .keys(preset, 31.6) -> {"train.layer_rates": …}

A coordinate is the log10 of the hyperparameter, so that equal distances are equal factors; that of
the momentum m is -log10(1 - m): 0, 1 and 2 stand for 0, 0.9 and 0.99. Values are float32 numbers,
since training computes with those: neighbouring coordinates have the same value where float32 is
too coarse to tell them apart.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cppn_gl.nn.training.options import RATE
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.elementary import exponential

LOG10 = math.log(10)
MOVING = ("momentum", "nesterov")  # optimizers with a momentum
LOWEST = -30.0  # coordinate, below which float32 soon has no more numbers


@dataclass(frozen=True)
class Hyperparameter:
    """An axis of a map of hyperparameters.

    words(preset): its name. keys(preset, value): the keys of a preset with that value.
    low, high: coordinates between which there are values. `momentum`: it is a momentum.
    `starts`: where training starts depends on it; the other ones only change the steps.
    """

    name: str
    words: Callable[[Any], str]
    keys: Callable[[Any, float], dict[str, Any]]
    low: float = LOWEST
    high: float = math.log10(RATE.high)
    momentum: bool = False
    starts: bool = False

    def value(self, coordinate: float) -> float:
        """The hyperparameter at a coordinate: a float32 number. NaN beyond `low` and `high`."""
        if not self.low <= coordinate <= self.high:
            return math.nan
        power = exponential(LOG10 * (-coordinate if self.momentum else coordinate))
        return float(np.float32(1 - power if self.momentum else power))

    def values(self, coordinates: Float64) -> Float64:
        """`value` of each coordinate."""
        return np.array([self.value(one) for one in coordinates.tolist()])

    def coordinate(self, value: float) -> float:
        """The coordinate of a value, for marks on an axis."""
        return -math.log10(1 - value) if self.momentum else math.log10(value)

    def spacing(self, coordinate: float) -> float:
        """The distance of the next float32 value from that of a coordinate, on the axis."""
        value = self.value(coordinate)
        if not math.isfinite(value):
            return 0.0
        gap = float(np.spacing(np.float32(abs(value) or 1e-30)))
        return gap / (LOG10 * ((1 - value) if self.momentum else value))


def depth_of(preset: Any) -> int:
    """The layers that learn."""
    depth: int = preset.spec.depth
    return depth


def factors_of(preset: Any) -> tuple[float, ...]:
    """The factors of `[train] layer_rates`, one for each layer."""
    given, depth = preset.train.layer_rates or (1.0,), depth_of(preset)
    return tuple((*given, *[given[-1]] * depth)[:depth])


def _of_layer(layer: int) -> dict[str, Any]:
    """The fields of the rate of a layer, 0 or -1."""

    def words(preset: Any) -> str:
        number = depth_of(preset) if layer else 1
        what = "learning rate" if preset.train.rate == 1 else "factor on the rate"
        return f"{what} of layer {number}"

    def keys(preset: Any, value: float) -> dict[str, Any]:
        factors = list(factors_of(preset))
        factors[layer] = value
        return {"train.layer_rates": tuple(factors)}

    return {"words": words, "keys": keys, "high": 6.0}


def _plain(words: str, key: str) -> dict[str, Any]:
    """The fields of a hyperparameter that is one key."""
    return {"words": lambda preset: words, "keys": lambda preset, value: {key: value}}


def _momentum_words(preset: Any) -> str:
    optimizer = preset.train.optimizer
    return "momentum" if optimizer in MOVING else f"momentum ({optimizer} has none)"


AXES: dict[str, Hyperparameter] = {
    row.name: row
    for row in (
        Hyperparameter("rate", **_plain("learning rate", "train.rate")),
        Hyperparameter("first_rate", **_of_layer(0)),
        Hyperparameter("last_rate", **_of_layer(-1)),
        Hyperparameter(
            "weight_scale", **_plain("weight scale", "network.weight_scale"), starts=True
        ),
        Hyperparameter("bias_scale", **_plain("bias scale", "network.bias_scale"), starts=True),
        Hyperparameter(
            "momentum",
            _momentum_words,
            lambda preset, value: {"train.momentum": value},
            low=-0.3,
            high=6.0,
            momentum=True,
        ),
    )
}


def pixel_keys(preset: Any, across: str, up: str, x: float, y: float) -> dict[str, Any]:
    """The keys of a preset with the values x and y of two hyperparameters."""
    first = AXES[across].keys(preset, x)
    second = AXES[up].keys(preset, y)
    if "train.layer_rates" in first and "train.layer_rates" in second:
        factors = list(first["train.layer_rates"])
        factors[0 if up == "first_rate" else -1] = y
        second = {"train.layer_rates": tuple(factors)}
    return {**first, **second}
