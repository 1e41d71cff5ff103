"""All units of all layers at the pixels of a view, from one forward pass, and their statistics.

Scene, size -> trace() -> [LayerTrace of layer 1, …, of the output layer]
            -> inputs() -> the input features
activation, pre-activations -> saturated(), statistics()
activation -> saturation_words(): "|value| > 0.975"

As in pictures, layer 1 has the view folded in, so deep zooms stay sharp.
"""

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.cpu.grid import GridEvaluator
from cppn_gl.engines.cpu.native import evaluator
from cppn_gl.engines.cpu.products import BLOCK, Blocks, in_order
from cppn_gl.engines.geometry import pixel_points
from cppn_gl.nn.activations import ACTIVATIONS, activate, derivative
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.tasks import Steps

Array = NDArray[np.floating[Any]]

SATURATION_SLOPE = 0.05  # a unit is saturated below this fraction of its activation's maximum slope


@dataclass(frozen=True)
class LayerTrace:
    """One layer at N pixels, (N, rows) each. Overflow gives inf and NaN, as in pictures."""

    pre_activations: Float32  # W y + b
    units: Float32  # after the activation


def trace(scene: Scene, size: tuple[int, int], most: int | None = None) -> Steps[list[LayerTrace]]:
    """All layers at the pixel centres of a picture of `size`, in reading order, in float32.

    Those of a network on grids are its stages; with `most`, the first so many units of each. A
    generator that yields its progress between layers and between groups of blocks.
    """
    network, count = scene.network, size[0] * size[1]
    evaluate = evaluator(network, scene.view, scene.clock)
    if isinstance(evaluate, GridEvaluator):
        found = yield from evaluate.units(size, most)
        return [LayerTrace(*(a.reshape(count, -1) for a in stage)) for stage in found]
    blocks = Blocks.covering(size)
    layers = [
        LayerTrace(*(np.empty((len(blocks), BLOCK, len(layer.bias)), np.float32) for _ in range(2)))
        for layer in network.drawn
    ]
    for first in range(0, len(blocks), evaluate.at_once):
        some = slice(first, first + evaluate.at_once)
        y = evaluate.coordinates(blocks[some].pixels, size)
        for layer, (_, z, units) in zip(layers, evaluate.walk(y), strict=True):
            layer.pre_activations[some], layer.units[some] = z, units
            yield first / len(blocks)
    return [
        LayerTrace(in_order(layer.pre_activations, count), in_order(layer.units, count))
        for layer in layers
    ]


def inputs(scene: Scene, size: tuple[int, int]) -> Float32:
    """The input features at the pixels of `trace`, (N, n_inputs)."""
    x, y = pixel_points(size, scene.view.center, scene.view.extent)
    found = scene.network.features(x.ravel(), y.ravel(), scene.clock)
    return found.astype(np.float32)


@functools.cache
def max_slope(name: str) -> float:
    """The maximum of an activation's |derivative|."""
    return float(np.abs(derivative(name, np.linspace(-16, 16, 6401))).max())


def saturated(name: str, z: Array) -> NDArray[np.bool_]:
    """Where pre-activations z saturate: the slope is below SATURATION_SLOPE of its maximum.

    For tanh that is |tanh| > 0.975, for relu z <= 0. The identity and NaN never saturate.
    """
    flat = np.abs(derivative(name, z)) < SATURATION_SLOPE * max_slope(name)
    return np.asarray(flat & ~np.isnan(z))


@functools.cache
def saturation_words(name: str) -> str:
    """Which values of an activation are saturated: "|value| > 0.975"; "" if none ever are."""
    z = np.linspace(-16, 16, 64001)
    flat, values = saturated(name, z), activate(name, z)
    steep = values[~flat]
    if not flat[0] and not flat[-1] and not ACTIVATIONS[name].bounded:
        return ""
    edges = int((flat[1:] != flat[:-1]).sum())
    if edges > 2 or (np.diff(values) < 0).any() or not flat[0]:
        return f"slope under {100 * SATURATION_SLOPE:.0f} % of the steepest"
    low, high = (f"{value:.3g}".replace("-", "−") for value in (steep[0], steep[-1]))
    if not flat[-1]:
        return "value 0" if name == "relu" else f"value < {0 if abs(steep[0]) < 1e-3 else low}"
    return f"|value| > {high}" if low == f"−{high}" else f"value < {low} or > {high}"


@dataclass(frozen=True)
class Statistics:
    """Statistics of units over a view, (rows,) each."""

    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    saturated: NDArray[np.float64]  # fraction of pixels


def statistics(activation: str, z: Float32, values: Float32 | None = None) -> Statistics:
    """Statistics of units with (N, rows) pre-activations z.

    `values`: compute mean and standard deviation of these instead of the units.
    """
    if values is None:
        values = activate(activation, z)
    with np.errstate(all="ignore"):
        mean, std = values.mean(axis=0, dtype=np.float64), values.std(axis=0, dtype=np.float64)
    return Statistics(mean, std, saturated(activation, z).mean(axis=0))
