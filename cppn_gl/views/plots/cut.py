"""A network along a line of its input space: the data of the curves view.

Scene -> span (which input varies, and its limits) -> along -> Curves, in float64
"""

from dataclasses import dataclass, replace

import numpy as np

from cppn_gl.nn.features import MOVING, coordinates
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import CurvesOptions
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.threads import one_thread
from cppn_gl.views.layers import depth_network


@dataclass(frozen=True, eq=False)
class Curves:
    """`network` along a line: `at` (N,) are the values of the input named `axis`.

    `units` and `unit_pre_activations` (N, rows) are of the last hidden layer, None at depth 1;
    `pre_activations` and `outputs` (N, 1 or 3) are of the output layer.
    """

    network: Network
    axis: str
    at: Float64
    units: Float64 | None
    unit_pre_activations: Float64 | None
    pre_activations: Float64
    outputs: Float64


def shown_depth(scene: Scene) -> int:
    """The depth of the network shown: `[curves] layer`; 0 stands for all layers."""
    return min(scene.options(CurvesOptions).layer or scene.network.depth, scene.network.depth)


def shown_network(scene: Scene) -> Network:
    """The depth-k network for k = `[curves] layer`; the whole network for 0."""
    depth = shown_depth(scene)
    if depth < scene.network.depth:
        found = depth_network(scene, depth)
        return found if scene.preset.learns else found.opaque
    return scene.network


def span(scene: Scene) -> tuple[str, float, float]:
    """What varies, and its limits: the first of x, y, r and time that an input depends on."""
    inputs, view = scene.network.inputs, scene.view
    (x, y), extent = view.center, view.extent
    varying = coordinates(inputs)
    if "x" in varying:
        return "x", x - extent, x + extent
    if "y" in varying:
        return "y", y - extent, y + extent
    if "r" in varying:
        return ("r", max(0.0, x - extent), x + extent) if x + extent > 0 else ("r", 0.0, extent)
    if set(inputs) & set(MOVING):
        return "time", 0.0, scene.clock.loop
    return "x", x - extent, x + extent


def along(scene: Scene, count: int) -> Curves:
    """The network at `count` points along its axis, in float64."""
    axis, low, high = span(scene)
    at = np.linspace(low, high, count)
    network = shown_network(scene)
    hidden = None, None
    with one_thread():
        for number, (_, before, units) in enumerate(
            network.walk(_inputs(scene, network, axis, at)), 1
        ):
            if number == network.depth - 1:
                hidden = units, before
    return Curves(network, axis, at, *hidden, before, units)


def _inputs(scene: Scene, network: Network, axis: str, at: Float64) -> Float64:
    """The input features along an axis, (N, n_inputs)."""
    x, y = (np.full_like(at, c) for c in scene.view.center)
    if axis == "time":
        one = slice(0, 1)
        clocks = [replace(scene.clock, time=float(time)) for time in at]
        rows = [network.features(x[one], y[one], clock) for clock in clocks]
        return np.concatenate(rows)
    if axis == "r":
        x, y = at, np.zeros_like(at)
    elif axis == "y":
        y = at
    else:
        x = at
    return network.features(x, y, scene.clock)
