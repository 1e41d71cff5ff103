"""One unit seen closely: its values at more pixels than its tile has, and what they amount to.

Scene -> ground() -> Lens: the sums of all units at some thousand pixels    (kept by Lenses)
Lens, unit -> reading() -> Reading: values, statistics, incoming weights
"""

from collections.abc import Generator, Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.cpu.trace import inputs, statistics, trace
from cppn_gl.nn.activations import activate
from cppn_gl.nn.features import Clock
from cppn_gl.nn.network import Network
from cppn_gl.preset.color import NOT_A_NUMBER
from cppn_gl.preset.preset import Viewport
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.cache import LRUCache
from cppn_gl.views.units.dashboard import Unit
from cppn_gl.views.units.diverging import reach_of

Floats = NDArray[np.float32]
Size = tuple[int, int]

PIXELS = 8192  # of a lens, at most
VALUES = 2**23  # in a lens, at most: pixels times units
KEPT = 2  # lenses

COLORS = {1: ("grey",), 3: ("red", "green", "blue")}


@dataclass(frozen=True)
class Lens:
    """A network over a view, at the pixels of a picture of `size`: (N, rows) sums of each layer."""

    network: Network
    view: Viewport
    clock: Clock
    size: Size
    inputs: Floats
    sums: tuple[Floats, ...]

    def outputs(self) -> Floats:
        """The network's outputs, (N, 1 or 3)."""
        return activate(self.network.drawn[-1].activation, self.sums[-1])


def lens_size(network: Network, aspect: float) -> Size:
    """A size about so many times as wide as high, as large as a lens may be."""
    units = len(network.inputs) + sum(len(layer.bias) for layer in network.drawn)
    pixels = max(16, min(PIXELS, VALUES // units))
    aspect = min(max(aspect, 0.1), 10.0)
    high = max(1, round((pixels / aspect) ** 0.5))
    return max(1, round(high * aspect)), high


def ground(scene: Scene, size: Size) -> Generator[None, None, Lens]:
    """Make a lens; yields between layers."""
    layers = yield from trace(scene, size)
    sums = tuple(layer.pre_activations for layer in layers)
    return Lens(scene.network, scene.view, scene.clock, size, inputs(scene, size), sums)


class Lenses:
    """The last few lenses, so that a moving cursor asks for no network twice."""

    def __init__(self) -> None:
        self._kept: LRUCache[Hashable, Lens] = LRUCache(KEPT)

    def get(self, scene: Scene, size: Size) -> Generator[None, None, Lens]:
        """A scene's lens, ground where it is not at hand."""
        key = (scene.network.digest, scene.view, scene.clock, size)
        lens = self._kept.find(key)
        return lens or self._kept.put(key, (yield from ground(scene, size)))


@dataclass(frozen=True)
class Reading:
    """A unit over a view: what the panel shows of it."""

    name: str
    values: Floats  # (height, width)
    reach: float  # that has the full colour
    channel: int | None  # of an output that is shown as the picture has it
    mean: float
    spread: float
    saturated: float | None  # share of the view; None for an input
    weights: Floats  # incoming, in the order of the layer before; none for an input
    bias: float
    sources: tuple[str, ...]  # what they come from


def reading(lens: Lens, unit: Unit, *, before: bool = False) -> Reading:
    """What a unit (layer, index from 0) does; `before`: its sum, before the activation."""
    layer, index = unit
    shape = lens.size[::-1]
    if layer == 0:
        column = lens.inputs[:, index]
        return Reading(
            f"input {lens.network.inputs[index]}",
            column.reshape(shape),
            reach_of(lens.inputs),
            None,
            float(column.mean(dtype=np.float64)),
            float(column.std(dtype=np.float64)),
            None,
            np.zeros(0, np.float32),
            0.0,
            (),
        )
    one = lens.network.drawn[layer - 1]
    sums = lens.sums[layer - 1][:, index : index + 1]
    values = sums if before else activate(one.activation, sums)
    found = statistics(one.activation, sums, values)
    effective = lens.network.layers[layer - 1]
    if before:
        reach = reach_of(lens.sums[layer - 1])
    else:
        reach = layer_reach(lens.sums[layer - 1], one.activation)
    return Reading(
        unit_name(lens.network, unit),
        values.reshape(shape),
        reach,
        channel_of(lens.network, unit, before=before),
        float(found.mean[0]),
        float(found.std[0]),
        float(found.saturated[0]),
        effective.weight[index],
        float(effective.bias[index]),
        lens.network.inputs
        if layer == 1
        else tuple(str(k + 1) for k in range(effective.weight.shape[1])),
    )


def channel_of(network: Network, unit: Unit, *, before: bool) -> int | None:
    """The channel of the picture that a unit is: 0, 1, 2, or -1 for grey; None for the others."""
    if before or unit[0] != network.depth:
        return None
    return unit[1] if network.outputs == 3 else -1


def shaded(values: Floats, channel: int) -> Floats:
    """Values of any shape as (…, 3) display values in a channel alone, or in all for -1."""
    picture = np.zeros((*values.shape, 3), np.float32)
    picture[..., slice(None) if channel < 0 else channel] = (
        np.clip(values, 0, 1)[..., None] if channel < 0 else np.clip(values, 0, 1)
    )
    picture[~np.isfinite(values)] = NOT_A_NUMBER
    return picture


def layer_reach(sums: Floats, activation: str) -> float:
    """What has the full colour among a layer's units."""
    few = sums[:: max(1, len(sums) // 1024)]  # enough to tell the spread by
    return reach_of(activate(activation, few), activation)


def unit_name(network: Network, unit: Unit) -> str:
    """A unit in words."""
    layer, index = unit
    if layer == 0:
        return f"input {network.inputs[index]}"
    if layer == network.depth:
        return f"output {COLORS[network.outputs][index]}"
    return f"layer {layer} unit {index + 1}"
