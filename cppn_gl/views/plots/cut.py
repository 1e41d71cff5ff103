"""A network along a line of its input space: the data of the curves view.

Scene -> span (which input varies, and its limits) -> along -> Curves, in float64

A structure is evaluated at the pixels of a picture that is one pixel high, in float32: see
`tracing`, which does so in steps.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from cppn_gl.engines.cpu.trace import LayerTrace, trace
from cppn_gl.nn.features import MOVING, coordinates
from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.network import Network
from cppn_gl.preset.preset import MIN_EXTENT
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import CurvesOptions
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.tasks import Steps, at_once
from cppn_gl.utils.threads import one_thread
from cppn_gl.views.layers import depth_network

FINE = 2  # points between two taps, at most
MOMENTS = 64  # points along time, at most, of a network on grids


@dataclass(frozen=True, eq=False)
class Curves:
    """`network` along a line: `at` (N,) are the values of the input named `axis`.

    `units` and `unit_pre_activations` (N, rows) are of the last hidden layer, whose number is
    `hidden`, None at depth 1; `pre_activations` and `outputs` (N, 1 or 3) are of the output layer.
    """

    network: Network
    axis: str
    at: Float64
    units: Float64 | None
    unit_pre_activations: Float64 | None
    pre_activations: Float64
    outputs: Float64
    hidden: int = 0


def shown_depth(scene: Scene) -> int:
    """The layers of the network shown: `[curves] layer`; 0 stands for all layers."""
    count = len(scene.network.stages)
    return min(scene.options(CurvesOptions).layer or count, count)


def shown_network(scene: Scene) -> Network:
    """The depth-k network for k = `[curves] layer`; the whole network for 0."""
    depth = shown_depth(scene)
    if depth < len(scene.network.stages):
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
    """The network at `count` points along its axis, in float64; of a structure, see `tracing`."""
    if scene.network.by_grid:
        return at_once(tracing(scene, count))
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
    return Curves(network, axis, at, *hidden, before, units, network.depth - 1)


def tracing(scene: Scene, count: int) -> Steps[Curves]:
    """A network on grids at up to `count` points along its axis, at most FINE between two taps."""
    axis, low, high = span(scene)
    network = shown_network(scene)
    if axis == "time":
        at = np.linspace(low, high, min(count, MOMENTS))
        found = []
        for time in at.tolist():
            clock = replace(scene.clock, time=time)
            moment = replace(scene, network=network, clock=clock)
            found.append((yield from trace(moment, (1, 1))))
        layers = [_joined(list(parts)) for parts in zip(*found, strict=True)]
    else:
        most = (high - low) * FINE / network.step if network.radius else count
        count = max(2, min(count, math.ceil(most), int((high - low) / (2 * MIN_EXTENT))))
        middle, (x, y) = (low + high) / 2, scene.view.center
        center = {"x": (middle, y), "y": (x, middle), "r": (middle, 0.0)}[axis]
        view = replace(scene.view, center=center, extent=(high - low) / (2 * count))
        size = (1, count) if axis == "y" else (count, 1)
        layers = yield from trace(replace(scene, network=network, view=view), size)
        if axis == "y":  # row 0 is on top
            layers = [_joined([LayerTrace(a.pre_activations[::-1], a.units[::-1])]) for a in layers]
        at = low + (np.arange(count) + 0.5) * (high - low) / count
    (source, *_), last = network.stages[-1].inputs, layers[-1]
    hidden: tuple[Float64 | None, Float64 | None] = None, None
    if source != SOURCE:
        one = layers[source]
        hidden = one.units.astype(np.float64), one.pre_activations.astype(np.float64)
    sums = last.pre_activations.astype(np.float64), last.units.astype(np.float64)
    number = scene.network.stages[shown_depth(scene) - 1].inputs[0] + 1
    return Curves(network, axis, at, *hidden, *sums, number)


def _joined(parts: list[LayerTrace]) -> LayerTrace:
    return LayerTrace(
        np.concatenate([one.pre_activations for one in parts]),
        np.concatenate([one.units for one in parts]),
    )


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
