"""A network along a line of its input space: the numbers of the curves view.

Scene -> span (which input runs, from where to where) -> along -> Curves, in float64
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.features import MOVING, features
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import CurvesOptions
from cppn_gl.utils.threads import one_thread

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curves:
    """`network` along a line: `at` (N,) is what runs, named `axis`; the rest one column a curve.

    `units` and `unit_sums` (N, rows) are of the layer before the last, None where the depth is 1;
    `sums` and `outputs` (N, 1 or 3) are of the last, before and after its activation.
    """

    network: Network
    axis: str
    at: Floats
    units: Floats | None
    unit_sums: Floats | None
    sums: Floats
    outputs: Floats


def shown_depth(scene: Scene) -> int:
    """The layers that are shown: up to `[curves] layer`; all for 0."""
    return min(scene.options(CurvesOptions).layer or scene.network.depth, scene.network.depth)


def shown_network(scene: Scene) -> Network:
    """The network of the picture of the layer that `[curves] layer` says; the whole for 0."""
    depth = shown_depth(scene)
    if depth < scene.network.depth:
        return scene.preset.layer_picture(depth).network()
    return scene.network


def span(scene: Scene) -> tuple[str, float, float]:
    """What runs along the axis, from where to where: x, or y, r or the time where x is no input."""
    inputs, view = set(scene.network.inputs), scene.view
    (x, y), extent = view.center, view.extent
    if "x" in inputs:
        return "x", x - extent, x + extent
    if "y" in inputs:
        return "y", y - extent, y + extent
    if "r" in inputs:
        return ("r", max(0.0, x - extent), x + extent) if x + extent > 0 else ("r", 0.0, extent)
    if inputs & set(MOVING):
        return "time", 0.0, scene.clock.loop
    return "x", x - extent, x + extent


def along(scene: Scene, count: int) -> Curves:
    """The network at `count` points along its axis, in float64."""
    axis, low, high = span(scene)
    at = np.linspace(low, high, count)
    network = shown_network(scene)
    hidden = None, None
    with one_thread():
        for number, (_, sums, units) in enumerate(
            network.walk(_inputs(scene, network, axis, at)), 1
        ):
            if number == network.depth - 1:
                hidden = units, sums
    return Curves(network, axis, at, *hidden, sums, units)


def _inputs(scene: Scene, network: Network, axis: str, at: Floats) -> Floats:
    """The input features along an axis: (N, n_inputs)."""
    inputs, latent = network.inputs, network.latent
    x, y = (np.full_like(at, c) for c in scene.view.center)
    if axis == "time":
        one = slice(0, 1)
        clocks = [replace(scene.clock, time=float(time)) for time in at]
        rows = [features(inputs, x[one], y[one], clock, latent) for clock in clocks]
        return np.concatenate(rows)
    if axis == "r":
        x, y = at, np.zeros_like(at)
    elif axis == "y":
        y = at
    else:
        x = at
    return features(inputs, x, y, scene.clock, latent)
