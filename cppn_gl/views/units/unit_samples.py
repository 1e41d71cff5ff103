"""One unit in detail: its values at more pixels than its tile has, with statistics.

Scene -> sample_units() -> UnitSamples: pre-activations of all units at some thousand pixels
UnitSamples, unit -> summarize() -> UnitSummary: values, statistics, incoming weights
Scene, size -> saturated_shares() -> the saturated fraction of every unit
"""

from collections.abc import Generator, Hashable
from dataclasses import dataclass

import numpy as np

from cppn_gl.engines.cpu.evaluator import colors
from cppn_gl.engines.cpu.trace import inputs, saturated, saturation_words, statistics, trace
from cppn_gl.nn.activations import activate
from cppn_gl.nn.displayed import Ink, ink_layers, inks_of, through
from cppn_gl.nn.features import Clock
from cppn_gl.nn.network import Network, Stage
from cppn_gl.nn.operations import Conv
from cppn_gl.preset.color import NOT_A_NUMBER
from cppn_gl.preset.preset import Viewport
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.arrays import Float32, Float64, Size
from cppn_gl.utils.cache import LRUCache
from cppn_gl.views.units.dashboard import Unit
from cppn_gl.views.units.diverging import input_reaches, reach_of, reach_within
from cppn_gl.views.units.wiring import (
    bound_of,
    count_of,
    incoming,
    is_graph,
    kernels_of,
    sees,
    words_of,
)

PIXELS = 8192  # at most
VALUES = 2**23  # pixels times units, at most
KEPT = 2  # cached networks
ENOUGH = 1024  # pixels, about, for a layer's root mean square

Channel = int | Ink
COLORS = {1: ("grey",), 3: ("red", "green", "blue"), 4: ("red", "green", "blue", "alpha")}
OF_IMAGES: dict[str, Channel] = {"red": 0, "green": 1, "blue": 2, "grey": -1}  # inputs


@dataclass(frozen=True)
class UnitSamples:
    """Each layer's pre-activations, (N, rows), at the N pixels of a picture of `size`."""

    network: Network
    view: Viewport
    clock: Clock
    size: Size
    inputs: Float32
    pre_activations: tuple[Float32, ...]

    def outputs(self) -> Float32:
        """The network's outputs, (N, 1, 3 or 4)."""
        return self.values(len(self.pre_activations))

    def values(
        self, layer: int, units: slice = slice(None), *, before: bool = False, step: int = 1
    ) -> Float32:
        """Values of some units of a layer, (N, units), or of every `step`-th pixel."""
        if layer == 0:
            return self.inputs[::step, units]
        z = self.pre_activations[layer - 1][::step, units]
        return z if before else boosted(self.network.stages[layer - 1], z, units)


def boost_sizes(stage: Stage, *, before: bool = False) -> Float32:
    """How much larger boosts make a stage's units, (units,), 1 where they are switched off.

    Colour scales grow with them, so that a boosted unit's tile stays as it is. `before`: of
    pre-activations, which are not boosted.
    """
    if before or stage.boost is None:
        return np.ones(stage.units, np.float32)
    return np.where(stage.boost == 0, np.float32(1), np.abs(stage.boost)).astype(np.float32)


def boosted(stage: Stage, z: Float32, units: slice = slice(None)) -> Float32:
    """The units of pre-activations z (N, units): after the activation, and boosted."""
    values = activate(stage.activation, z)
    return values if stage.boost is None else values * stage.boost[units]


def sample_size(network: Network, aspect: float, least: int = 0) -> Size:
    """The largest size of about this aspect ratio within PIXELS (or `least`) and VALUES."""
    units = len(network.inputs) + sum(stage.units for stage in network.stages)
    pixels = max(16, min(max(PIXELS, least), VALUES // units))
    aspect = min(max(aspect, 0.1), 10.0)
    high = max(1, round((pixels / aspect) ** 0.5))
    return max(1, round(high * aspect)), high


def sample_units(scene: Scene, size: Size) -> Generator[None, None, UnitSamples]:
    """Evaluate all units at the pixels of `size`; yields between layers."""
    layers = yield from trace(scene, size)
    before = tuple(layer.pre_activations for layer in layers)
    return UnitSamples(scene.network, scene.view, scene.clock, size, inputs(scene, size), before)


def saturated_shares(scene: Scene, aspect: float) -> Generator[None, None, list[Float64]]:
    """The saturated fraction of the view of each unit, (rows,), layer by layer from 1.

    At the pixels that `summarize` has of a picture of this aspect ratio. Yields between layers.
    """
    samples = yield from sample_units(scene, sample_size(scene.network, aspect))
    found = []
    for stage, z in zip(scene.network.stages, samples.pre_activations, strict=True):
        found.append(np.asarray(saturated(stage.activation, z).mean(axis=0), np.float64))
        yield
    return found


class UnitSampleCache:
    """The last few samples, so that moving the cursor evaluates nothing."""

    def __init__(self) -> None:
        self._kept: LRUCache[Hashable, UnitSamples] = LRUCache(KEPT)

    def get(self, scene: Scene, size: Size) -> Generator[None, None, UnitSamples]:
        key = (scene.network.digest, scene.view, scene.clock, size)
        samples = self._kept.find(key)
        return samples or self._kept.put(key, (yield from sample_units(scene, size)))


@dataclass(frozen=True)
class UnitSummary:
    """What the panel shows of a unit."""

    name: str
    values: Float32  # (height, width)
    reach: float  # of the colour scale
    channel: "Channel | None"  # of an output shown in the picture's colours; see channel_of
    mean: float
    std: float
    saturated: float | None  # fraction of the view; None for an input
    saturates: str  # which values are saturated, in words; "" if none are
    weights: Float32  # incoming; empty for an input
    bias: float | None
    sources: tuple[str, ...]  # names of the weights' sources
    about: str = ""  # what its layer does, and how much of the input it sees
    kernels: Float32 | None = None  # its weights as pictures (inputs, ky, kx), if they are some
    largest: float = 0.0  # of its layer's weights
    boost: float = 1.0


def summarize(samples: UnitSamples, unit: Unit, *, before: bool = False) -> UnitSummary:
    """A unit (layer, index from 0); `before`: its pre-activation instead of its activation."""
    layer, index = unit
    shape, network = samples.size[::-1], samples.network
    if layer == 0:
        column = samples.inputs[:, index]
        return UnitSummary(
            f"input {network.inputs[index]}",
            column.reshape(shape),
            float(input_reaches(network.inputs, samples.inputs)[index]),
            channel_of(network, unit, before=False),
            float(column.mean(dtype=np.float64)),
            float(column.std(dtype=np.float64)),
            None,
            "",
            np.zeros(0, np.float32),
            None,
            (),
        )
    stage, one = network.stages[layer - 1], slice(index, index + 1)
    unit_values = samples.pre_activations[layer - 1][:, one]
    values = samples.values(layer, one, before=before)
    found = statistics(stage.activation, unit_values, values)
    if before:
        reach = reach_of(samples.pre_activations[layer - 1])
    else:
        step = max(1, len(values) // ENOUGH)
        sizes = boost_sizes(stage)
        plain = samples.values(layer, step=step)
        plain = plain if stage.boost is None else plain / sizes
        reach = reach_within(plain, bound_of(network, layer)) * float(sizes[index])
    weights, largest, sources, pictures = _weights(network, unit)
    graph = is_graph(network)
    return UnitSummary(
        unit_name(network, unit),
        values.reshape(shape),
        reach,
        channel_of(network, unit, before=before),
        float(found.mean[0]),
        float(found.std[0]),
        float(found.saturated[0]),
        saturation_words(stage.activation),
        weights,
        float(bias[index])
        if (bias := getattr(stage.operation, "bias", None)) is not None
        else None,
        sources,
        about=f"{words_of(stage)}: {sees(stage)}" if graph else "",
        kernels=pictures,
        largest=largest,
        boost=1.0 if stage.boost is None else float(stage.boost[index]),
    )


def _weights(
    network: Network, unit: Unit
) -> tuple[Float32, float, tuple[str, ...], Float32 | None]:
    """A unit's weights, the largest of its layer, the names of their sources, and its kernels."""
    layer, index = unit
    stage = network.stages[layer - 1]
    every = kernels_of(stage)
    if every is None:
        return np.zeros(0, np.float32), 0.0, (), None
    (source, _), *_ = incoming(network, layer)
    count = count_of(network, source)
    names = network.inputs if source == 0 else tuple(str(k + 1) for k in range(count))
    largest, own = float(np.abs(every).max()), every[index]
    if isinstance(stage.operation, Conv) and stage.operation.groups > 1:  # only those of its group
        out, count = stage.operation.weight.shape[:2]
        first = index * stage.operation.groups // out * count
        own, names = own[first : first + count], names[first : first + count]
    if own.shape[-1] == 1:
        return own[:, 0, 0], largest, names, None
    return np.zeros(0, np.float32), largest, names, own


def channel_of(network: Network, unit: Unit, *, before: bool) -> Channel | None:
    """The channel of the picture that a unit is: 0 to 3 (alpha), or -1 for grey; else None.

    Of a network that learns, the ink of its output. The inputs of an image are its channels.
    """
    if unit[0] == 0:
        return OF_IMAGES.get(network.inputs[unit[1]])
    if before or unit[0] != len(network.stages):
        return None
    if inks := _inks(network):
        return inks[unit[1]]
    return unit[1] if network.outputs > 1 else -1


def _inks(network: Network) -> tuple[Ink, ...]:
    """The inks of the outputs, unless further layers have made colours of them."""
    return inks_of(network) if len(network.stages) == len(network.trained.stages) else ()


def output_names(network: Network) -> tuple[str, ...]:
    """The names of the outputs."""
    return tuple(ink.name for ink in _inks(network)) or COLORS[network.outputs]


def shaded(values: Float32, channel: Channel) -> Float32:
    """Values of any shape as (…, 3) display values in one channel; in all for -1 and alpha."""
    if isinstance(channel, Ink):
        return channel.of(values)
    picture = np.zeros((*values.shape, 3), np.float32)
    inked = slice(channel, channel + 1) if 0 <= channel < 3 else slice(None)
    picture[..., inked] = np.clip(values, 0, 1)[..., None]
    picture[~np.isfinite(values)] = NOT_A_NUMBER
    return picture


def ends_of(channel: Channel) -> tuple[float, float]:
    """The outputs of a channel's first and last colour."""
    return channel.span if isinstance(channel, Ink) else (0.0, 1.0)


def outputs_shown(network: Network, outputs: Float32) -> Float32:
    """Outputs (N, n) as the colours of the picture, (N, 3)."""
    inks = _inks(network)
    return through(ink_layers(network, inks), outputs) if inks else colors(outputs)


def unit_name(network: Network, unit: Unit) -> str:
    """A unit's name: "layer 2 unit 5", "layer 2 channel 5"."""
    layer, index = unit
    if layer == 0:
        return f"input {network.inputs[index]}"
    if layer == len(network.stages):
        return f"output {output_names(network)[index]}"
    return f"layer {layer} {'channel' if is_graph(network) else 'unit'} {index + 1}"
