"""Networks: explicit or drawn layers, and their evaluation in float64, the judge of every picture.

    y_1 = a_1(W_1 x + b_1), …, y_depth = a_depth(W_depth y_(depth-1) + b_depth)

A drawn network keeps its draws apart from their scales: turning the weight scale rescales the
same draws, so that the renderer sends a few numbers and no weights.
"""

import dataclasses
import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn import draws, interpolation
from cppn_gl.nn.activations import ACTIVATIONS, activate
from cppn_gl.nn.features import FEATURES, MAX_LATENTS, latent_count, latent_index
from cppn_gl.utils.checks import (
    PresetError,
    choice,
    integer,
    key,
    nearest,
    number,
    several,
    show,
    validate,
)

MAX_DEPTH = 64
MAX_WIDTH = 512
MAX_SEED = 2**63 - 1
MAX_WEIGHT = 1e30  # of an explicit layer: no sum of bounded activations overflows float32

# Initialisation: the law of the draws, and the standard variance for (fan in, fan out); None for
# the plain ones, whose draws are the weights. Biases follow the law alone.
INITS: dict[str, tuple[str, Any]] = {
    "uniform": ("uniform", None),
    "normal": ("normal", None),
    "glorot_uniform": ("uniform", lambda fan_in, fan_out: 2 / (fan_in + fan_out)),
    "glorot_normal": ("normal", lambda fan_in, fan_out: 2 / (fan_in + fan_out)),
    "he_uniform": ("uniform", lambda fan_in, fan_out: 2 / fan_in),
    "he_normal": ("normal", lambda fan_in, fan_out: 2 / fan_in),
    "lecun_uniform": ("uniform", lambda fan_in, fan_out: 1 / fan_in),
    "lecun_normal": ("normal", lambda fan_in, fan_out: 1 / fan_in),
}


@dataclass(frozen=True, eq=False)
class Layer:
    """One weight layer: weight (out, in) float32, bias (out,) float32, the activation's name."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    activation: str

    def __post_init__(self) -> None:
        for name, ndim in (("weight", 2), ("bias", 1)):
            array = getattr(self, name)
            if not _frozen(array):  # a copy, so that nobody changes it from outside
                try:
                    with np.errstate(over="ignore"):
                        array = np.array(array, dtype=np.float32)
                except (ValueError, TypeError) as error:
                    raise PresetError(f"not an array of numbers: {error}", key=name) from None
            if array.ndim != ndim or not (np.abs(array) <= MAX_WEIGHT).all():
                problem = f"{ndim}-dimensional, of numbers up to ±{MAX_WEIGHT:g} would be right"
                raise PresetError(problem, key=name)
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        if self.bias.shape != self.weight.shape[:1]:
            raise PresetError(
                f"{len(self.bias)} biases for {len(self.weight)} rows of weight", key="bias"
            )
        try:
            choice(ACTIVATIONS)(self.activation)
        except ValueError as error:
            raise PresetError(str(error), key="activation") from None

    def scaled(self, weight_scale: float, bias_scale: float) -> "Layer":
        """The layer with its weights and its biases multiplied, in float32."""
        if (weight_scale, bias_scale) == (1.0, 1.0):
            return self
        weight = self.weight * np.float32(weight_scale)
        return Layer(weight, self.bias * np.float32(bias_scale), self.activation)

    def __repr__(self) -> str:
        rows, columns = self.weight.shape
        return f"Layer({columns} → {rows}, {self.activation})"


def _frozen(array: Any) -> bool:
    """Whether an array is float32 and neither it nor what it is a view of can be written."""
    if not isinstance(array, np.ndarray) or array.dtype != np.float32:
        return False
    while isinstance(array, np.ndarray) and not array.flags.writeable:
        array = array.base
    return array is None


class Network:
    """A feedforward network from input features to 1 (grey) or 3 (RGB) outputs.

    `Network(layers, inputs)` takes explicit layers; `Network.random(...)` draws them. `latent`
    holds z0, z1 …, one for each up to the largest that `inputs` names. Raises PresetError (a
    ValueError) where the shapes do not chain or a limit is passed.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        inputs: Sequence[str] = ("x", "y"),
        *,
        latent: Sequence[float] = (),
        scales: Sequence[tuple[float, float]] | None = None,
    ):
        self.inputs = check_inputs(list(inputs))
        self.latent = tuple(map(float, latent))
        self.drawn = tuple(layers)
        # Factors are float32 numbers, as the shader's are, so that both multiply alike.
        pairs = scales if scales is not None else [(1.0, 1.0)] * len(self.drawn)
        self.scales = tuple((float(np.float32(w)), float(np.float32(b))) for w, b in pairs)
        self._check()

    def _check(self) -> None:
        if not 1 <= len(self.drawn) <= MAX_DEPTH:
            raise PresetError(f"{len(self.drawn)} layers where 1 to {MAX_DEPTH} would be right")
        if len(self.latent) < latent_count(self.inputs):
            needed = latent_count(self.inputs)
            raise PresetError(f"{len(self.latent)} latent constants where inputs need {needed}")
        fan_in = len(self.inputs)
        for number_, layer in enumerate(self.drawn, 1):
            rows, columns = layer.weight.shape
            if columns != fan_in:
                raise PresetError(
                    f"layer {number_} has {columns} columns of weight where {fan_in} would be right"
                )
            if not 1 <= rows <= MAX_WIDTH:
                raise PresetError(
                    f"layer {number_} has {rows} units; 1 to {MAX_WIDTH} are possible"
                )
            fan_in = rows
        if fan_in not in (1, 3):
            raise PresetError(f"the last layer has {fan_in} outputs where 1 or 3 would be right")

    @classmethod
    def random(cls, **keys: Any) -> "Network":
        """Draw a network. Takes every `[network]` key of a preset by name, with its default."""
        known = [field.name for field in dataclasses.fields(NetworkSpec)]
        for name in keys:
            if name not in known:
                raise PresetError(f"no such key{nearest(name, known)}", key=name)
        return NetworkSpec(**keys).network()

    @property
    def depth(self) -> int:
        """The number of weight layers, the output layer included."""
        return len(self.drawn)

    @property
    def width(self) -> int:
        """The units of the widest hidden layer; 0 for a network of depth 1."""
        return max((len(layer.bias) for layer in self.drawn[:-1]), default=0)

    @property
    def outputs(self) -> int:
        """1 (grey) or 3 (RGB)."""
        return len(self.drawn[-1].bias)

    @property
    def parameters(self) -> int:
        """The number of weights and biases."""
        return sum(layer.weight.size + layer.bias.size for layer in self.drawn)

    @property
    def identity(self) -> Hashable:
        """What tells it from other networks: its arrays' ids, as long as it is kept; the rest."""
        arrays = tuple((id(one.weight), id(one.bias), one.activation) for one in self.drawn)
        return arrays, self.scales, self.inputs, self.latent

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The effective layers: draws times scales, rounded to float32."""
        return tuple(self.effective(index) for index in range(self.depth))

    def effective(self, index: int) -> Layer:
        """The effective layer at `index`, counted from 0."""
        return self.drawn[index].scaled(*self.scales[index])

    def evaluate(self, inputs: Any, dtype: Any = np.float64) -> NDArray[Any]:
        """The reference: features (N, n_inputs) to outputs (N, n_outputs), in float64.

        With `dtype=float32` the sums of layer 1 are rounded once and the rest runs in float32:
        the errors that float32 itself makes. Overflow gives inf and NaN, no exception.
        """
        y: NDArray[Any] = np.asarray(inputs, np.float64)
        if y.ndim != 2 or y.shape[1] != len(self.inputs):
            raise ValueError(f"inputs of shape {y.shape} where (N, {len(self.inputs)}) is right")
        with np.errstate(all="ignore"):
            for number_, layer in enumerate(self.layers):
                kind = np.float64 if number_ == 0 else dtype
                y = y @ layer.weight.T.astype(kind, copy=False) + layer.bias.astype(kind)
                y = activate(layer.activation, y.astype(dtype, copy=False))
        return y

    def truncated(self, depth: int) -> "Network":
        """Layers 1 to `depth`, the last cut to as many rows as there are outputs.

        It takes the output activation: layer k's picture of an explicit network.
        """
        kept = (*self.drawn[: depth - 1], output_layer(self.drawn, depth))
        return Network(kept, self.inputs, latent=self.latent, scales=self.scales[:depth])

    def __repr__(self) -> str:
        shape = " → ".join(str(len(layer.bias)) for layer in self.drawn)
        return f"Network({'+'.join(self.inputs)} → {shape}, {self.parameters} parameters)"


def output_layer(layers: Sequence[Layer], depth: int) -> Layer:
    """The last of layers 1 to `depth`, cut to as many rows as all of them have outputs, or one."""
    last, rows = layers[depth - 1], len(layers[-1].bias)
    if len(last.bias) < rows:
        rows = 1
    return Layer(last.weight[:rows], last.bias[:rows], layers[-1].activation)


def check_inputs(value: Any) -> tuple[str, ...]:
    """The names of the input features, each known and none twice."""
    try:
        names: tuple[str, ...] = several(lambda name: name, 1, 64)(value)
    except ValueError as error:
        raise PresetError(str(error), key="inputs") from None
    for name in names:
        if not isinstance(name, str) or (name not in FEATURES and latent_index(name) is None):
            hint = nearest(str(name), [*FEATURES, "z0"])
            raise PresetError(f"no input {show(name)}{hint}", key="inputs")
    if len(set(names)) < len(names):
        raise PresetError("an input stands twice", key="inputs")
    return names


def _activations(value: Any) -> Any:
    one = choice(ACTIVATIONS)
    return one(value) if isinstance(value, str) else several(one, 0, MAX_DEPTH - 1)(value)


def _between(value: Any) -> tuple[int, float]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError(f"{show(value)} is not a seed and a number from 0 to 1")
    return integer(0, MAX_SEED)(value[0]), number(0, 1)(value[1])


@dataclass(frozen=True)
class NetworkSpec:
    """The `[network]` table: what to draw. Equal specs draw equal networks, on any machine."""

    depth: int = key(
        8, integer(1, MAX_DEPTH), "weight layers, the output layer included", short=True
    )
    width: int = key(16, integer(1, MAX_WIDTH), "units in each hidden layer", short=True)
    inputs: tuple[str, ...] = key(
        ("x", "y"),
        check_inputs,
        "input features, in the order of W₁'s columns: x y r t cos_t sin_t z0 z1 … one",
        short=True,
    )
    outputs: int = key(3, choice([1, 3]), "1 = grey, 3 = RGB")
    activation: str | tuple[str, ...] = key(
        "tanh",
        _activations,
        f"of the hidden layers, one for all or a list: {' '.join(ACTIVATIONS)}",
        short=True,
    )
    output_activation: str = key("sigmoid", choice(ACTIVATIONS), "of the last layer")
    init: str = key(
        "uniform", choice(INITS), f"the law of the draws: {' '.join(INITS)}", short=True
    )
    weight_scale: float = key(
        1.0, number(0, 1000), "factor on the drawn weights, 0 to 1000", short=True, factor=True
    )
    bias_scale: float | None = key(
        None,
        number(0, 1000),
        "factor on the drawn biases; follows weight_scale when absent",
        factor=True,
    )
    seed: int = key(0, integer(0, MAX_SEED), "which network, 0 to 2⁶³ - 1", short=True)
    latent: tuple[float, ...] | None = key(
        None,
        several(number(-1e6, 1e6), 0, MAX_LATENTS),
        "z0, z1 …; drawn from U(-1, 1) when absent",
    )
    between: tuple[int, float] | None = key(
        None,
        _between,
        "another seed, and how far the draws have turned towards it, 0 to 1, as [9, 0.25]",
    )

    def __post_init__(self) -> None:
        validate(self, "network.")
        if not isinstance(self.activation, str) and len(self.activation) != self.depth - 1:
            raise PresetError(
                f"{len(self.activation)} activations where depth {self.depth} has "
                f"{self.depth - 1} hidden layers",
                key="network.activation",
            )
        needed = latent_count(self.inputs)
        if self.latent is not None and len(self.latent) < needed:
            raise PresetError(
                f"{len(self.latent)} values where inputs need {needed}", key="network.latent"
            )

    @property
    def hidden_activations(self) -> tuple[str, ...]:
        """One name for each of the depth - 1 hidden layers."""
        if isinstance(self.activation, str):
            return (self.activation,) * (self.depth - 1)
        return self.activation

    @property
    def kind(self) -> interpolation.Kind:
        """What numbers it draws, whatever the seed."""
        return self._kind(self.depth)

    def _kind(self, depth: int) -> interpolation.Kind:
        sizes = (len(self.inputs), *(self.width,) * (depth - 1), self.outputs)
        shapes = tuple(zip(sizes[1:], sizes[:-1], strict=True))
        return interpolation.Kind(shapes, latent_count(self.inputs), INITS[self.init][0])

    @property
    def latents(self) -> tuple[float, ...]:
        """z0, z1 …: given, or drawn."""
        if self.latent is not None or self.between is None:
            drawn = drawn_latents(self.seed, self.inputs)
            return drawn if self.latent is None else self.latent
        return tuple(map(float, self._drawn()[-1]))

    def _drawn(self) -> list[NDArray[np.float32]]:
        """Weight and bias of each layer, and then the latent constants, before any scale."""
        if self.between is None:
            return self.kind.arrays(self.seed)
        return interpolation.blended(self.kind, self.seed, *self.between)

    def network(self) -> Network:
        """Draw it."""
        *drawn, latent = self._drawn()
        layers, scales = [], []
        for number_, name in enumerate((*self.hidden_activations, self.output_activation)):
            weight, bias = drawn[2 * number_ : 2 * number_ + 2]
            layers.append(Layer(weight, bias, name))
            scales.append(self._scales(*weight.shape))
        latents = tuple(map(float, latent)) if self.latent is None else self.latent
        return Network(layers, self.inputs, latent=latents, scales=scales)

    def output_layer(self, depth: int) -> Layer:
        """The effective output layer of the same network at another depth."""
        kind = self._kind(depth)
        if self.between is None:
            weight, bias = kind.layer(self.seed, depth)
        else:
            weight, bias = interpolation.blended_layer(kind, self.seed, *self.between, depth)
        layer = Layer(weight, bias, self.output_activation)
        return layer.scaled(*self._scales(*weight.shape))

    def _scales(self, rows: int, fan_in: int) -> tuple[float, float]:
        """Factors on a layer's drawn weights and biases."""
        law, variance = INITS[self.init]
        factor = self.weight_scale
        if variance is not None:  # U(-1, 1) has variance 1/3
            factor *= math.sqrt(variance(fan_in, rows) * (3 if law == "uniform" else 1))
        return factor, self.weight_scale if self.bias_scale is None else self.bias_scale


def drawn_latents(seed: int, inputs: Sequence[str]) -> tuple[float, ...]:
    """The latent constants that `inputs` need, from U(-1, 1)."""
    count = latent_count(inputs)
    return tuple(map(float, draws.draw_row(seed, 0, draws.LATENT, count, "uniform")))
