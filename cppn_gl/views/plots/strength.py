"""Signal strength: mean, spread and saturation of a network's units, layer by layer.

Scene -> every unit on a small grid of the view -> Signal
preset -> counterpart(): the same normalised, or not -> a Signal to compare with

With n inputs and weights of standard deviation σ, a layer without bias and activation has
E|W x|² = n σ² |x|²: it multiplies the spread by √n·σ, and keeps it where σ = 1/√n.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.cpu.trace import inputs, saturated, traced
from cppn_gl.nn.network import Network
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, work_per_pixel

Floats = NDArray[np.float64]

GRID = 48  # points on a side of the square measured
_LEAST_GRID = 16
_MULTIPLICATIONS = 4e8  # for a measurement, about: wide networks are measured on fewer points


@dataclass(frozen=True, eq=False)
class Signal:
    """What comes through, one number for each layer from 0 (the inputs) to the last.

    `mean` and `spread` (standard deviation) are of all units at all points together; `within` is
    the spread of one unit over the points, the root mean square over the units: what a picture
    shows of a layer. `saturated` is the share of units in a flat part of their activation. `rule`
    is the size that √n·σ predicts. Not-a-number from the layer on that overflows, `overflow`.
    """

    mean: Floats
    spread: Floats
    within: Floats
    saturated: Floats
    gains: Floats  # √n·σ of each layer, from 1 on
    rule: Floats
    overflow: int | None

    @property
    def growth(self) -> float | None:
        """By what a hidden layer multiplies `within`, on average; None where that says nothing."""
        last = min(len(self.mean) - 2, (self.overflow or len(self.mean)) - 1)
        if last < 2 or not self.within[1] > 0 or not self.within[last] > 0:
            return None
        return float((self.within[last] / self.within[1]) ** (1 / (last - 1)))

    @property
    def gain(self) -> float:
        """√n·σ, the geometric mean over the layers that have a hidden layer before them."""
        gains = self.gains[1:] if len(self.gains) > 1 else self.gains
        return float(np.exp(np.log(np.maximum(gains, 1e-300)).mean()))


def grid_side(network: Network) -> int:
    """Points on a side of the square that a network is measured on: fewer if it is wide."""
    side = int(math.sqrt(_MULTIPLICATIONS / work_per_pixel(network)))
    return min(max(side, _LEAST_GRID), GRID)


def measure(scene: Scene) -> Signal:
    """The signal of a network on the square in the middle of the view."""
    side = grid_side(scene.network)
    size = (side, side)
    fed = inputs(scene, size).astype(np.float64)
    rows = [(*_moments(fed), np.nan)]
    overflow = None
    for number, (layer, found) in enumerate(
        zip(scene.network.drawn, traced(scene, size), strict=True), 1
    ):
        if overflow is None and not np.isfinite(found.units).all():
            overflow = number
        if overflow is not None:
            rows.append((np.nan,) * 4)
            continue
        share = float(saturated(layer.activation, found.pre_activations).mean())
        rows.append((*_moments(found.units.astype(np.float64)), share))
    mean, spread, within, shares = np.array(rows).T
    gains = np.array([gain(layer.weight.astype(np.float64)) for layer in scene.network.layers])
    size_in = math.sqrt(float((fed * fed).mean()))
    with np.errstate(over="ignore"):
        rule = size_in * np.cumprod([1.0, *gains])
    return Signal(mean, spread, within, shares, gains, rule, overflow)


def gain(weight: Floats) -> float:
    """√n·σ of a layer's weights, (rows, n): by what they multiply the size of a signal."""
    return math.sqrt(weight.shape[1] * float((weight * weight).mean()))


def _moments(values: Floats) -> tuple[float, float, float]:
    """Mean and spread of (N, rows) values, and the spread within a column."""
    within = math.sqrt(float(values.var(axis=0).mean()))
    return float(values.mean()), float(values.std()), within


def is_normalized(preset: Preset) -> bool:
    """Whether a preset normalises any layer."""
    return preset.normalize.which != "none"


def counterpart(preset: Preset) -> Preset:
    """The same preset normalised over its view, or not normalised where it is."""
    if is_normalized(preset):
        return preset.replace(**{"normalize.which": "none"})
    return preset.replace(
        **{
            "normalize.which": "hidden",
            "normalize.region_center": preset.view.center,
            "normalize.region_extent": preset.view.extent,
        }
    )
