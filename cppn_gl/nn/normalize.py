"""Spatial normalisation: every unit's sum gets mean 0 and spread 1 over a region of the plane.

network, region -> sums on a grid, layer by layer in float64 -> mean, spread of each unit
                -> folded into weights and biases -> a Network as any other

Batch normalisation with the pixels of one picture as the batch (Ioffe and Szegedy 2015;
NNComplexity). A unit's sum s = w·y + b becomes

    gain · (s - mean) / spread + shift,  by  w gain / spread,  (b - mean) gain / spread + shift

and the next layer is measured on what the folded one gives, so that errors do not add up.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn import draws
from cppn_gl.nn.activations import activate
from cppn_gl.nn.features import Clock, features
from cppn_gl.nn.layers import MAX_WEIGHT, Array, Layer, Node
from cppn_gl.nn.network import Network
from cppn_gl.utils.checks import choice, integer, key, number, several, validate
from cppn_gl.utils.threads import one_thread

Floats = NDArray[np.float64]

WHICH = ("none", "hidden", "all")
# A spread below so much of what was added up is rounding: the unit is constant, and only moved.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Normalize:
    """The `[normalize]` table. Inputs that move are taken as they are at time 0."""

    which: str = key(
        "none",
        choice(WHICH),
        "layers whose units get mean 0 and spread 1 before the activation: none hidden all",
    )
    region_center: tuple[float, float] = key(
        (0.0, 0.0), several(number(-1e6, 1e6), 2, 2), "the middle of the square it is measured on"
    )
    region_extent: float = key(
        1.0, number(1e-6, 1e6), "half that square's side, in input units", factor=True
    )
    grid: int = key(32, integer(2, 128), "points on a side of that square")
    gain: float = key(1.0, number(0, 1000), "the spread of each unit then", factor=True)
    gain_spread: float = key(
        0.0,
        number(0, 1000),
        "a number drawn from N(0, gain_spread) for each unit is added to gain; below 0 it turns "
        "the unit over",
    )
    shift: float = key(0.0, number(-1000, 1000), "the mean of each unit then")
    shift_spread: float = key(
        0.0,
        number(0, 1000),
        "a number drawn from N(0, shift_spread) for each unit is added to shift",
    )

    def __post_init__(self) -> None:
        validate(self, "normalize.")

    def points(self) -> tuple[Floats, Floats]:
        """x and y of the grid, of shape (grid²,) each: the middles of its cells."""
        steps = ((np.arange(self.grid) + 0.5) / self.grid * 2 - 1) * self.region_extent
        x, y = np.meshgrid(self.region_center[0] + steps, self.region_center[1] - steps)
        return x.ravel(), y.ravel()

    def gains(self, seed: int, layer: int, units: int) -> Floats:
        """What a layer's units are multiplied by then, (units,). Layers count from 1."""
        drawn = draws.draw_row(seed, layer, draws.GAIN, units, "normal")
        return self.gain + self.gain_spread * drawn.astype(np.float64)

    def shifts(self, seed: int, layer: int, units: int) -> Floats:
        """The means that a layer's units are given, (units,). Layers count from 1."""
        drawn = draws.draw_row(seed, layer, draws.SHIFT, units, "normal")
        return self.shift + self.shift_spread * drawn.astype(np.float64)


def normalized(network: Network, how: Normalize, clock: Clock, seed: int = 0) -> Network:
    """The network with its units normalised; itself where `how` says none.

    `clock` gives the values of inputs that are the same at every point; `seed` draws the gains and
    the shifts.
    """
    if how.which == "none":
        return network
    x = features(network.inputs, *how.points(), clock, network.latent)
    last = network.depth - (how.which == "hidden")
    layers: list[Layer] = []

    def step(node: Node, y: Floats) -> tuple[Array, Array]:
        layer = network.effective(len(layers))
        of = seed, len(layers) + 1, len(layer.bias)
        folded, sums = _folded(layer, y, how.gains(*of), how.shifts(*of))
        layers.append(folded)
        return sums, activate(node.activation, sums)

    with one_thread(), np.errstate(all="ignore"):
        for _ in itertools.islice(network.walk(x, step=step), last):
            pass
    return Network([*layers, *network.layers[last:]], network.inputs, latent=network.latent)


def _folded(layer: Layer, y: Floats, gains: Floats, shifts: Floats) -> tuple[Layer, Floats]:
    """A layer whose sums at inputs y, (N, columns), have spreads |gains|, means `shifts`, (rows,).

    And these sums, (N, rows). A unit that is constant there keeps its weights, and is moved.
    """
    middle = y.mean(axis=0)
    apart = y - middle  # so that the old bias, and what all points have in common, are gone
    weight = layer.weight.astype(np.float64)
    spread = np.sqrt(np.mean(np.square(apart @ weight.T), axis=0))
    size = np.abs(weight) @ np.abs(y).max(axis=0)
    flat = ~(spread > ROUNDING * size)  # not a number, too
    weight = weight * np.where(flat, 1.0, gains / np.where(flat, 1.0, spread))[:, None]
    # What float32 keeps of the weights has its own mean: their rounding moves nothing.
    kept = np.clip(weight, -MAX_WEIGHT, MAX_WEIGHT).astype(np.float32)
    exact = kept.astype(np.float64)
    bias = np.clip(np.nan_to_num(shifts - exact @ middle), -MAX_WEIGHT, MAX_WEIGHT)
    folded = Layer(kept, bias.astype(np.float32), layer.activation)
    return folded, apart @ exact.T + (exact @ middle + folded.bias)
