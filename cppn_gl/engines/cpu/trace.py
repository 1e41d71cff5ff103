"""Every layer of a network at once: one pass, all units, at the pixels of a view.

Scene, size -> trace() -> [LayerTrace of layer 1, …, of the last]     sums, and what becomes of them
            -> inputs() -> the features that layer 1 is fed
activation, sums -> slope() -> saturated()                            where it hardly moves any more

Layer 1 has the view folded in, as for pictures, so that a deep zoom stays sharp.
"""

import functools
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.cpu.products import BLOCK, Blocks, Products, in_order
from cppn_gl.engines.geometry import pixel_points
from cppn_gl.nn.activations import activate, derivative
from cppn_gl.nn.features import features
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.tasks import at_once

Floats = NDArray[np.float32]
Array = NDArray[np.floating[Any]]

SATURATION_SLOPE = 0.05  # of an activation's greatest slope; where it has less, a unit is saturated


@dataclass(frozen=True)
class LayerTrace:
    """One layer at N pixels. Overflow gives inf and NaN, as in pictures."""

    sums: Floats  # (N, rows): W y + b, before the activation
    units: Floats  # (N, rows): after it


def trace(scene: Scene, size: tuple[int, int]) -> Generator[None, None, list[LayerTrace]]:
    """Layers 1 to depth at the pixel centres of a view of `size`, in reading order, in float32.

    It yields between the layers, and between groups of blocks.
    """
    network, count = scene.network, size[0] * size[1]
    products = Products(network, scene.view, scene.clock)
    blocks = Blocks.covering(size)
    found = [
        LayerTrace(*(np.empty((len(blocks), BLOCK, len(layer.bias)), np.float32) for _ in range(2)))
        for layer in network.drawn
    ]
    for first in range(0, len(blocks), products.at_once):
        some = slice(first, first + products.at_once)
        y = products.coordinates(blocks[some].pixels, size)
        for into, (_, sums, units) in zip(found, products.walk(y), strict=True):
            into.sums[some], into.units[some] = sums, units
            yield
    return [LayerTrace(in_order(one.sums, count), in_order(one.units, count)) for one in found]


def traced(scene: Scene, size: tuple[int, int]) -> list[LayerTrace]:
    """The same, at once."""
    return at_once(trace(scene, size))


def inputs(scene: Scene, size: tuple[int, int]) -> Floats:
    """The input features at the same pixels, (N, n_inputs)."""
    x, y = pixel_points(size, scene.view.center, scene.view.extent)
    network = scene.network
    found = features(network.inputs, x.ravel(), y.ravel(), scene.clock, network.latent)
    return found.astype(np.float32)


@functools.cache
def max_slope(name: str) -> float:
    """The greatest size of an activation's derivative."""
    return float(np.abs(derivative(name, np.linspace(-16, 16, 6401))).max())


def saturated(name: str, sums: Array) -> NDArray[np.bool_]:
    """Where a unit hardly moves with its sum: its slope is under SATURATION_SLOPE of the activation's greatest.

    For tanh that is |tanh| > 0.975, for relu every sum up to 0; the identity never saturates, nor
    does a sum that is no number.
    """
    flat = np.abs(derivative(name, sums)) < SATURATION_SLOPE * max_slope(name)
    return np.asarray(flat & ~np.isnan(sums))


@dataclass(frozen=True)
class Statistics:
    """What units do over a view, each (rows,): mean, standard deviation, share of saturated."""

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    saturated: NDArray[np.float64]


def statistics(activation: str, sums: Floats, values: Floats | None = None) -> Statistics:
    """Of the units with these (N, rows) sums, or of other `values` of theirs, such as the sums."""
    if values is None:
        values = activate(activation, sums)
    with np.errstate(all="ignore"):
        mean, spread = values.mean(axis=0, dtype=np.float64), values.std(axis=0, dtype=np.float64)
    return Statistics(mean, spread, saturated(activation, sums).mean(axis=0))
