"""Signal strength: mean, standard deviation and saturation of a network's units, by layer.

Scene -> every unit on a small grid of the view -> Signal
preset -> counterpart(): the preset with normalisation toggled -> a Signal to compare with

With n inputs and weights of standard deviation σ, a layer without bias and activation has
E|W x|² = n σ² |x|²: it multiplies the signal by √n·σ, and leaves it constant for σ = 1/√n. Of a
convolution, n are the inputs of a channel at all its taps.
"""

import math
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from cppn_gl.engines.cpu.trace import inputs, saturated, trace
from cppn_gl.nn.network import Network, Stage
from cppn_gl.nn.operations import Add
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.tasks import at_once
from cppn_gl.views.units.wiring import count_of, is_graph, weighted

GRID = 48  # points along a side of the measured square
_LEAST_GRID = 16
_MULTIPLICATIONS = 4e8  # at most, about: large networks are measured at fewer points


@dataclass(frozen=True, eq=False)
class Signal:
    """Statistics of the units, one number for each layer from 0 (the inputs) to the last.

    Layers are the network's stages.

    mean, std: mean and standard deviation over all units and points together.
    unit_std: standard deviation of one unit over the points, as root mean square over the units.
    saturated: fraction of units and points in a flat part of the activation; NaN of the inputs, and
        of a structure's layers without an activation.
    gains: √n·σ of each layer from 1 on; NaN of one without weights.
    predicted: root mean square of the signal as predicted by the gains.
    overflow: the first layer that overflows; statistics are NaN from there on.
    """

    mean: Float64
    std: Float64
    unit_std: Float64
    saturated: Float64
    gains: Float64
    predicted: Float64
    overflow: int | None

    @property
    def growth(self) -> float | None:
        """The factor per hidden layer of `unit_std`, averaged; None if undefined."""
        last = min(len(self.mean) - 2, (self.overflow or len(self.mean)) - 1)
        if last < 2 or not self.unit_std[1] > 0 or not self.unit_std[last] > 0:
            return None
        return float((self.unit_std[last] / self.unit_std[1]) ** (1 / (last - 1)))

    @property
    def gain(self) -> float:
        """√n·σ, as geometric mean over the layers after the first."""
        gains = self.gains[1:] if len(self.gains) > 1 else self.gains
        gains = gains[~np.isnan(gains)]
        return float(np.exp(np.log(np.maximum(gains, 1e-300)).mean()))


def grid_side(network: Network) -> int:
    """Points along a side of the measured square: fewer for a large network."""
    side = int(math.sqrt(_MULTIPLICATIONS / work_per_pixel(network)))
    return min(max(side, _LEAST_GRID), GRID)


def measure(scene: Scene) -> Signal:
    """The signal of a network on the square in the centre of the view."""
    return at_once(measuring(scene))


def measuring(scene: Scene) -> Generator[None, None, Signal]:
    """`measure` in short steps: yields between them."""
    side = grid_side(scene.network)
    size = (side, side)
    fed = inputs(scene, size).astype(np.float64)
    rows = [(*_moments(fed), np.nan)]
    overflow = None
    layers = yield from trace(scene, size)
    stages = scene.network.stages
    for number, (layer, found) in enumerate(zip(stages, layers, strict=True), 1):
        yield
        if overflow is None and not np.isfinite(found.units).all():
            overflow = number
        if overflow is not None:
            rows.append((np.nan,) * 4)
            continue
        fraction = float(saturated(layer.activation, found.pre_activations).mean())
        if layer.activation == "identity" and is_graph(scene.network):
            fraction = math.nan
        rows.append((*_moments(found.units.astype(np.float64)), fraction))
    mean, std, unit_std, fractions = np.array(rows).T
    size_in = math.sqrt(float((fed * fed).mean()))
    gains = np.array([stage_gain(stage) for stage in stages])
    with np.errstate(over="ignore"):
        if is_graph(scene.network):
            predicted = _predicted(scene.network, size_in, gains)
        else:
            predicted = size_in * np.cumprod([1.0, *gains])
    return Signal(mean, std, unit_std, fractions, gains, predicted, overflow)


def stage_gain(stage: Stage) -> float:
    """√n·σ of a stage; NaN if it has no weights."""
    if not weighted(stage):
        return math.nan
    weight = stage.operation.weight.astype(np.float64)  # type: ignore[attr-defined]
    return gain(weight.reshape(len(weight), -1))


def _predicted(network: Network, size_in: float, gains: Float64) -> Float64:
    """The root mean square of each layer, from the inputs on, as predicted without activations.

    A normalised layer has that of its gains and shifts, whatever it reads; a pool keeps the
    signal, a concatenation has the mean square of its parts, a sum the sum of their squares.
    """
    squares = [size_in**2]
    for stage, factor in zip(network.stages, gains, strict=True):
        read = [squares[i + 1] for i in stage.inputs]
        counts = [count_of(network, i + 1) for i in stage.inputs]
        if stage.normalize is not None:
            norm = stage.normalize
            squares.append(float(np.mean(norm.gain**2 + norm.shift**2)))
        elif not math.isnan(factor):
            squares.append(read[0] * factor**2)
        elif isinstance(stage.operation, Add):
            squares.append(sum(read))
        else:
            squares.append(float(np.average(read, weights=counts)))
    return np.sqrt(squares)


def gain(weight: Float64) -> float:
    """√n·σ of a layer's weights, (rows, n): the factor on a signal's root mean square."""
    return math.sqrt(weight.shape[1] * float((weight * weight).mean()))


def _moments(values: Float64) -> tuple[float, float, float]:
    """Mean and standard deviation of (N, rows) values, and the latter per column (RMS)."""
    unit_std = math.sqrt(float(values.var(axis=0).mean()))
    return float(values.mean()), float(values.std()), unit_std


def is_normalized(preset: Preset) -> bool:
    """Whether a preset normalises its layers."""
    return preset.normalize.which != "none"


def counterpart(preset: Preset) -> Preset:
    """The preset without its normalisation, or else normalised over its view."""
    if is_normalized(preset):
        return preset.replace(**{"normalize.which": "none"})
    return preset.replace(
        **{
            "normalize.which": "hidden",
            "normalize.region_center": preset.view.center,
            "normalize.region_extent": preset.view.extent,
        }
    )
