"""Spatial normalisation: each unit's pre-activation gets mean 0 and standard deviation 1.

network, region -> pre-activations on a grid, layer by layer in float64 -> mean, std of each unit
                -> folded into weights and biases -> an ordinary Network

Batch normalisation with the points of a region of the plane as the batch (Ioffe and Szegedy 2015;
NNComplexity). A unit's pre-activation z = w·y + b becomes

    gain · (z - mean) / std + shift,  with  w gain / std,  (b - mean) gain / std + shift

as its weights and bias. The next layer is measured on the outputs of the folded one, so that errors
do not accumulate.

The native library computes products, in float64, and activations, in float32: with it, a network is
the same to the bit on every machine. NumPy's sums over points have a fixed order.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from cppn_gl.nn import draws
from cppn_gl.nn.activations import activate
from cppn_gl.nn.features import Clock
from cppn_gl.nn.layers import MAX_WEIGHT, Array, Layer, Node
from cppn_gl.nn.network import Network
from cppn_gl.utils import native
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.checks import choice, integer, key, number, several, validate
from cppn_gl.utils.threads import one_thread, shared_out

WHICH = ("none", "hidden", "all")
# A unit whose standard deviation is below this fraction of its terms is constant but for rounding:
# it is only shifted.
ROUNDING = 1e-9
PRODUCT_WORK = 2e6  # multiplications per call of the library: a millisecond


@dataclass(frozen=True)
class Normalize:
    """The `[normalize]` table. Inputs that depend on time are measured at time 0."""

    which: str = key(
        "none",
        choice(WHICH),
        "layers whose units are normalised, to mean 0 and standard deviation 1: none hidden all",
    )
    region_center: tuple[float, float] = key(
        (0.0, 0.0),
        several(number(-1e6, 1e6), 2, 2),
        "centre of the declared region, the square that is measured",
    )
    region_extent: float = key(
        1.0,
        number(1e-6, 1e6),
        "half the side of that square, in input units; [network] grid taps of convolutions lie "
        "along a side",
        factor=True,
        slider=(0.1, 100),
    )
    grid: int = key(
        32, integer(2, 128), "points per side of that square; structures have [network] grid"
    )
    gain: float = key(
        1.0,
        number(0, 1000),
        "standard deviation of each unit after normalisation",
        factor=True,
        slider=(0.05, 10),
    )
    gain_spread: float = key(
        0.0,
        number(0, 1000),
        "standard deviation of a random number added to each unit's gain; a negative gain "
        "inverts the unit",
        slider=(0, 3),
    )
    shift: float = key(
        0.0, number(-1000, 1000), "mean of each unit after normalisation", slider=(-3, 3)
    )
    shift_spread: float = key(
        0.0,
        number(0, 1000),
        "standard deviation of a random number added to each unit's shift",
        slider=(0, 3),
    )

    def __post_init__(self) -> None:
        validate(self, "normalize.")

    def points(self) -> tuple[Float64, Float64]:
        """x and y of the grid's cell centres, (grid²,) each."""
        steps = ((np.arange(self.grid) + 0.5) / self.grid * 2 - 1) * self.region_extent
        x, y = np.meshgrid(self.region_center[0] + steps, self.region_center[1] - steps)
        return x.ravel(), y.ravel()

    def gains(self, seed: int, layer: int, units: int) -> Float64:
        """The gains of a layer's units, (units,). Layers count from 1."""
        drawn = draws.draw_row(seed, layer, draws.GAIN, units, "normal")
        return self.gain + self.gain_spread * drawn.astype(np.float64)

    def shifts(self, seed: int, layer: int, units: int) -> Float64:
        """The shifts of a layer's units, (units,). Layers count from 1."""
        drawn = draws.draw_row(seed, layer, draws.SHIFT, units, "normal")
        return self.shift + self.shift_spread * drawn.astype(np.float64)


def normalized(network: Network, how: Normalize, clock: Clock, seed: int = 0) -> Network:
    """The network with its units normalised; the same network if `how` normalises none.

    `clock` gives the values of the constant inputs; `seed` draws gains and shifts.
    """
    if how.which == "none":
        return network
    x = network.features(*how.points(), clock)
    last = network.depth - (how.which == "hidden")
    layers: list[Layer] = []

    def step(node: Node, y: Float64) -> tuple[Array, Array]:
        layer = network.effective(len(layers))
        of = seed, len(layers) + 1, len(layer.bias)
        folded, pre = _folded(layer, y, how.gains(*of), how.shifts(*of))
        layers.append(folded)
        return pre, _units(node.activation, pre)

    with one_thread(), np.errstate(all="ignore"):
        for _ in itertools.islice(network.walk(x, step=step), last):
            pass
    together = [*layers, *network.layers[last:]]
    return network.of_layers(together)


def _folded(layer: Layer, y: Float64, gains: Float64, shifts: Float64) -> tuple[Layer, Float64]:
    """The layer with pre-activations of std |gains|, mean `shifts`, (rows,); and these, (N, rows).

    `y` (N, columns) are its inputs. A unit that is constant there keeps its weights.
    """
    mean = y.mean(axis=0)
    centred = y - mean  # the old bias, and all that points have in common, cancel
    weight = layer.weight.astype(np.float64)
    std = np.sqrt(np.mean(np.square(_product(weight, centred)), axis=0))
    size = _product(np.abs(weight), np.abs(y).max(axis=0, keepdims=True))[0]
    flat = ~(std > ROUNDING * size)  # NaN, too
    weight = weight * np.where(flat, 1.0, gains / np.where(flat, 1.0, std))[:, None]
    # The bias is computed from the rounded weights, so that their rounding shifts no unit.
    rounded = np.clip(weight, -MAX_WEIGHT, MAX_WEIGHT).astype(np.float32)
    exact = rounded.astype(np.float64)
    middle = _product(exact, mean[None])[0]
    bias = np.clip(np.nan_to_num(shifts - middle), -MAX_WEIGHT, MAX_WEIGHT)
    folded = Layer(rounded, bias.astype(np.float32), layer.activation)
    return folded, _product(exact, centred) + (middle + folded.bias)


def _product(weight: Float64, y: Float64) -> Float64:
    """y (N, columns) times the transpose of `weight` (rows, columns): (N, rows)."""
    library = native.library()
    if library is None:
        return np.asarray(y @ weight.T)
    product = np.empty((len(y), len(weight)))
    run = max(1, int(PRODUCT_WORK / weight.size))

    def some(start: int) -> None:
        product[start : start + run] = library.dense64(weight, y[start : start + run])

    shared_out(some, range(0, len(y), run))
    return product


def _units(activation: str, pre: Float64) -> Array:
    library = native.library()
    if library is None or library.activation(activation) is None:
        return np.asarray(activate(activation, pre), np.float64)
    return np.asarray(library.activate(activation, pre.astype(np.float32)), np.float64)
