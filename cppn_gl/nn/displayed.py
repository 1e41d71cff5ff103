"""Learning networks as pictures: their outputs become colours by further dense layers.

    trained network -> two to four layers -> red, green, blue

These are ordinary layers, exact, so every engine draws them at any zoom, and new weights are
uploaded like any network's. With outputs scaled to s from -1 to 1:

    one output:  paper + relu(s) (high - paper) + relu(-s) (low - paper)
    k outputs:   paper + Σ relu(2 pₖ - Σ p) (colourₖ - paper),  pₖ = (sₖ + 1) / 2

So where no class claims a point, or several do, there is paper: only one of the relu is not 0.
Outputs without bounds are clamped first, each part r by 1 - relu(1 - r).
"""

from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.activations import activate, bounds
from cppn_gl.nn.layers import MAX_DRAWN, Layer
from cppn_gl.nn.network import Network
from cppn_gl.utils.arrays import Float32, Float64

Span = tuple[float, float]
Color = tuple[float, float, float]
SIGNED = (-1.0, 1.0)  # the targets of unbounded outputs


class Ink(NamedTuple):
    """The colours of one output of a network that learns: sRGB values from 0 to 1.

    colors: evenly spaced along the output's values from span[0] to span[1].
    """

    name: str
    colors: tuple[Color, ...]
    span: Span

    def of(self, values: NDArray[np.floating]) -> Float32:
        """Values (…) as display values (…, 3)."""
        places = np.linspace(*self.span, len(self.colors))
        mixed = [np.interp(values, places, band) for band in zip(*self.colors, strict=True)]
        return np.stack(mixed, axis=-1).astype(np.float32)


class Displayed(Network):
    """A network followed by layers that display it; `trained` is the network without them.

    inks: of the trained network's outputs.
    """

    most_layers = MAX_DRAWN
    channels = 3  # a fourth output is a class

    def __init__(self, trained: Network, added: Sequence[Layer], inks: Sequence[Ink] = ()):
        self._trained, self.inks = trained, tuple(inks)
        super().__init__(
            (*trained.drawn, *added),
            trained.inputs,
            latent=trained.latent,
            period=trained.period,
            image=trained.image,
            scales=(*trained.scales, *((1.0, 1.0) for _ in added)),
        )

    @property
    def trained(self) -> Network:
        return self._trained

    def ending(self, depth: int, last: Layer) -> Network:
        own = self._trained.depth
        if depth <= own:
            return super().ending(depth, last)
        return Displayed(self._trained, [*self.drawn[own : depth - 1], last], self.inks)

    def shown(self, outputs: Float32) -> Float32:
        """Outputs (N, n) of the trained network, or like those, as displayed: (N, 3 or 1)."""
        return through(self.drawn[self._trained.depth :], outputs)

    def of(self, trained: Network) -> "Displayed":
        """Another network of the same shape, displayed by the same layers."""
        return Displayed(trained, self.drawn[self._trained.depth :], self.inks)


def kept(
    network: Network,
    key: Hashable,
    added: Callable[[], Sequence[Layer]] = tuple,
    inks: Sequence[Ink] = (),
) -> Network:
    """The network followed by some layers: the same object for the same key, while it is in use."""
    found = network.displays.get((key, inks))
    if found is None:
        made = Displayed(network, added(), inks)
        found = network.displays.setdefault((key, inks), made)
    return found


def inks_of(network: Network) -> tuple[Ink, ...]:
    """The inks of the outputs, if it learns classes or values."""
    return network.inks if isinstance(network, Displayed) else ()


def span_of(network: Network) -> Span | None:
    """The range of the only output of a network that learns, itself or of what displays it."""
    inks = inks_of(network)
    if network.outputs > 1 or not inks:
        return None
    return inks[0].span if network.depth == network.trained.depth else (0.0, 1.0)


def color_layers(
    network: Network, paper: Float64, colors: Sequence[Float64], span: Span | None = None
) -> list[Layer]:
    """Layers from outputs to sRGB values.

    `colors`: of each output; of a single one, those of its low and of its high end. `span`: the
    outputs at these ends, by default the range of the output activation, or SIGNED.
    """
    limits, count = bounds(network.drawn[-1].activation), len(network.drawn[-1].bias)
    low, high = span or limits or SIGNED
    inks = np.array(colors, np.float64) - paper  # (parts, 3)
    if count == 1:  # the parts below and above the middle
        weight = np.array([[-2.0], [2.0]]) / (high - low)
        bias = -weight[:, 0] * (low + high) / 2
    else:
        weight = np.eye(count) / (high - low)
        bias = np.full(count, -low / (high - low))
    found, parts = [], len(inks)
    if limits is None or limits[0] < low or high < limits[1]:
        found += [_layer(weight, bias, "relu"), _layer(-np.eye(parts), np.ones(parts), "relu")]
        weight, bias = -np.eye(parts), np.ones(parts)
    if count > 1:
        claim = 2 * np.eye(count) - 1
        weight, bias = claim @ weight, claim @ bias
    if count > 1 or not found:
        found.append(_layer(weight, bias, "relu"))
        weight, bias = np.eye(parts), np.zeros(parts)
    return [*found, _layer(inks.T @ weight, paper + inks.T @ bias)]


def ink_layers(network: Network, inks: Sequence[Ink]) -> list[Layer]:
    """Layers from the outputs, which have these inks, to the colours of the picture."""
    colors = [np.array(color) for color in inks[0].colors]
    if len(inks) == 1:
        return color_layers(network, colors[1], [colors[0], colors[2]], inks[0].span)
    ends = [np.array(ink.colors[-1]) for ink in inks]
    return color_layers(network, colors[0], ends, inks[0].span)


def through(layers: Sequence[Layer], outputs: Float32) -> Float32:
    """Outputs (N, n) through further layers."""
    y = outputs
    for layer in layers:
        y = activate(layer.activation, layer.pre_activation(y))
    return y


def order_layers(network: Network) -> list[Layer]:
    """A layer from k outputs to one: 0 where the first class is sure, 1 where the last one is."""
    count = len(network.drawn[-1].bias)
    low, high = bounds(network.drawn[-1].activation) or SIGNED
    weight = np.arange(count)[None] / ((count - 1) * (high - low))
    return [_layer(weight, -low * weight.sum(axis=1))]


def confidence_layers(network: Network) -> list[Layer]:
    """Layers from k outputs to the largest, 0 to 1, by max(a, b) = relu(a - b) + b, pair by pair.

    Outputs below 0, which only unbounded ones are, count as 0.
    """
    count = len(network.drawn[-1].bias)
    limits = bounds(network.drawn[-1].activation)
    low, high = limits or SIGNED
    before, bias = np.eye(count) / (high - low), np.full(count, -low / (high - low))
    found = []
    if limits is None:
        found.append(_layer(before, bias, "relu"))
        before, bias = np.eye(count), np.zeros(count)
    while count > 1:
        pairs, rest = divmod(count, 2)
        apart = np.zeros((2 * pairs + rest, count))  # a - b, and b, of each pair
        whole = np.zeros((pairs + rest, 2 * pairs + rest))
        for k in range(pairs):
            apart[2 * k, 2 * k : 2 * k + 2] = 1, -1
            apart[2 * k + 1, 2 * k + 1] = 1
            whole[k, 2 * k : 2 * k + 2] = 1
        if rest:
            apart[-1, -1] = whole[-1, -1] = 1
        found.append(_layer(apart @ before, apart @ bias, "relu"))
        before, bias, count = whole, np.zeros(len(whole)), len(whole)
    return [*found, _layer(before, bias)]


def _layer(weight: Float64, bias: Float64, activation: str = "identity") -> Layer:
    return Layer(weight.astype(np.float32), bias.astype(np.float32), activation)
