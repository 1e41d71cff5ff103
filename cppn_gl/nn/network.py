"""Networks: a graph of layers over input features, and the float64 reference evaluation.

    y_1 = a_1(W_1 x + b_1), …, y_depth = a_depth(W_depth y_(depth-1) + b_depth)

    Network.evaluate(x)  the float64 reference, independent of the forward pass
    Network.walk(x)      the forward pass, node by node, used by everything else

A random network stores draws and scales separately: another weight scale rescales the same draws,
so that the renderer sends a few numbers to the GPU and no weights.
"""

import hashlib
import os
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from cppn_gl.nn.activations import activate, bounds
from cppn_gl.nn.features import (
    PERIOD,
    TURN,
    Clock,
    check_inputs,
    features,
    latent_count,
    of_image,
)
from cppn_gl.nn.image_input import ImageInput, default_image
from cppn_gl.nn.layers import MAX_DEPTH, MAX_WIDTH, SOURCE, Array, Layer, Node, Operation
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.checks import PresetError, checked

if TYPE_CHECKING:
    from cppn_gl.nn.operations import Norm

OUTPUTS = (1, 3, 4)  # of networks that engines draw
MAX_OUTPUTS = 10  # of networks that learn classes
OVERHEAD = 2000  # bytes of a layer besides its parameters

Step = Callable[..., tuple[Any, Any]]  # node, units of its inputs -> pre-activations, units


class Region(NamedTuple):
    """The declared region of a network: the square `center` ± `extent`, in input units."""

    center: tuple[float, float] = (0.0, 0.0)
    extent: float = 1.0


@dataclass(frozen=True, eq=False)
class Stage:
    """A layer as engines and views see it: units = boost · activation(normalize(operation(…))).

    inputs: indices of earlier stages, or SOURCE. units: the number of its units, or channels.
    radius: how many taps they reach to each side of a point. modules: the path of the modules it
    belongs to, outer ones first. weight_layer: the number of its draws, from 1; 0 without any.
    boost: factors on its units, (units,); None for all 1.
    """

    operation: Operation
    activation: str
    inputs: tuple[int, ...]
    units: int
    normalize: "Norm | None" = None
    radius: int = 0
    label: str = "dense"
    boost: Float32 | None = None
    modules: tuple[str, ...] = ()
    weight_layer: int = 0


class Network:
    """A feedforward network from input features to 1 (grey), 3 (RGB) or 4 outputs (RGB, alpha).

    One that learns classes has an output for each, up to 10, and is drawn in their colours.

    `Network(layers, inputs)` takes explicit layers; `Network.random(...)` draws them. `latent`
    holds z0, z1 …, up to the largest that `inputs` names; `period` is that of sin_x, cos_4y and the
    like; `image` that of the inputs red, green, blue and grey, which otherwise see the default of
    `[input]`. `scales` are factors on the weights and on the biases of each layer. Raises
    PresetError (a ValueError) if the shapes of consecutive layers do not match or a limit is
    exceeded.
    """

    most_layers = MAX_DEPTH
    grid = 256  # taps over the side of the declared region
    region = Region()

    def __init__(
        self,
        layers: Sequence[Layer],
        inputs: Sequence[str] = ("x", "y"),
        *,
        latent: Sequence[float] = (),
        period: float = TURN,
        image: ImageInput | None = None,
        scales: Sequence[tuple[float, float]] | None = None,
    ):
        self._take_inputs(inputs, latent, period, image)
        self.drawn = tuple(layers)
        # Rounded to float32, as in the shader, so that both multiply by the same factors.
        pairs = scales if scales is not None else [(1.0, 1.0)] * len(self.drawn)
        self.scales = tuple((float(np.float32(w)), float(np.float32(b))) for w, b in pairs)
        self._effective: dict[int, Layer] = {}
        self._check()

    def _take_inputs(
        self,
        inputs: Sequence[str],
        latent: Sequence[float],
        period: float,
        image: ImageInput | None = None,
    ) -> None:
        """What all kinds of networks begin with. Raises PresetError."""
        self.inputs = check_inputs(list(inputs))
        self.image = (image or default_image(*self.region)) if of_image(self.inputs) else None
        self.period = checked(PERIOD, period, "period")
        self.latent = tuple(map(float, latent))
        self.displays: WeakValueDictionary[Hashable, Network] = WeakValueDictionary()
        if len(self.latent) < latent_count(self.inputs):
            needed = latent_count(self.inputs)
            raise PresetError(f"{len(self.latent)} latent constants; the inputs need {needed}")

    def _check(self) -> None:
        if not 1 <= len(self.drawn) <= self.most_layers:
            raise PresetError(f"{len(self.drawn)} layers; expected 1 to {self.most_layers}")
        units = len(self.inputs)
        for number, layer in enumerate(self.drawn, 1):
            try:
                units = layer.shape(units)
            except PresetError as error:
                raise PresetError(f"layer {number} {error.problem}") from None
            if not 1 <= units <= MAX_WIDTH:
                raise PresetError(f"layer {number} has {units} units; expected 1 to {MAX_WIDTH}")
        if units > MAX_OUTPUTS:
            problem = f"expected at most {MAX_OUTPUTS}"
            raise PresetError(f"the last layer has {units} outputs; {problem}")

    @classmethod
    def random(cls, **keys: Any) -> "Network":
        """Draw a network. Takes the keys of a preset's `[network]` table, with their defaults."""
        from cppn_gl.nn.sources import Random

        network = Random.of(keys).network()
        return network.complete()

    def complete(self) -> "Network":
        """The network with all that it needs to be drawn: statistics, if it normalises."""
        return self

    @classmethod
    def load(cls, path: str | Path, **keys: Any) -> "Network":
        """The network in a .safetensors or .npz file, as `save` or PyTorch has written it.

        Takes the keys of a preset's `[network]` table that go with `file`: `inputs`, `activation`,
        `output_activation`, `omega`, `hidden_omega`, `transposed` …. Raises PresetError.
        """
        from cppn_gl.nn.file_source import File

        try:
            return File.of({"file": os.fspath(path), **keys}).network()
        except PresetError as error:
            raise PresetError(error.problem, key=error.key.removeprefix("network.")) from None

    def save(self, path: str | Path) -> None:
        """Write the effective weights to a .safetensors or .npz file.

        Tensors `layers.N.weight` (out, in) and `layers.N.bias`, N from 0; metadata `activations`,
        one a layer, and `inputs`. `load` reads it. Raises PresetError, and CaptureError, a
        RuntimeError, if the file cannot be written; there is no half file.
        """
        from cppn_gl.nn.weights import save_network

        save_network(self, Path(path))

    @property
    def depth(self) -> int:
        """The number of layers on the longest path, including the output layer."""
        return len(self.drawn)

    @property
    def width(self) -> int:
        """The units of the widest hidden layer; 0 at depth 1."""
        return max((len(layer.bias) for layer in self.drawn[:-1]), default=0)

    @property
    def outputs(self) -> int:
        """1 (grey), 3 (RGB), 4 (RGB and alpha), or as many as the classes that it learns."""
        return len(self.drawn[-1].bias)

    @property
    def channels(self) -> int:
        """The channels of its picture: 3 (red, green, blue), or 4 with alpha."""
        return 4 if self.outputs == 4 else 3

    @property
    def trained(self) -> "Network":
        """The network without layers that only display its outputs; itself if it has none."""
        return self

    @property
    def alpha_range(self) -> tuple[float, float]:
        """(low, factor), in float32: alpha is (output 4 - low) · factor, clamped to 0…1.

        So alpha is 0 to 1 over the range of the output activation, -1 to 1 of tanh, whatever the
        colours are. The fourth output of an unbounded activation is alpha itself.
        """
        low, high = bounds(self.output_activation) or (0.0, 1.0)
        return float(np.float32(low)), float(np.float32(1 / (high - low)))

    @cached_property
    def opaque(self) -> "Network":
        """The network without a fourth output; itself if it has none."""
        if self.outputs < 4:
            return self
        last = self.drawn[-1]
        three = Layer(last.weight[:3], last.bias[:3], last.activation)
        return self.ending(self.depth, three)

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.drawn)

    @cached_property
    def pointwise(self) -> bool:
        """Whether outputs at a point depend on that point alone."""
        return all(layer.pointwise for layer in self.drawn)

    @property
    def by_grid(self) -> bool:
        """Whether engines that evaluate whole grids draw it, not points one by one."""
        return self.image is not None

    @property
    def on_plane(self) -> "Network":
        """What engines are chosen for: itself, unless it sees whole pictures, which none draws."""
        return self

    @property
    def radius(self) -> int:
        """How many taps its outputs at a point reach to each side."""
        return 0

    @property
    def step(self) -> float:
        """The distance between neighbouring taps, in input units."""
        return 2 * self.region.extent / self.grid

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The layers as engines of grids and views see them. Here, a chain."""
        layers = enumerate(self.layers)
        return tuple(
            Stage(layer, layer.activation, (k - 1,), len(layer.bias), weight_layer=k + 1)
            for k, layer in layers
        )

    @property
    def output_activation(self) -> str:
        """The activation of the last layer."""
        return self.drawn[-1].activation

    @cached_property
    def digest(self) -> bytes:
        """A hash of the content: networks with equal digests are the same function."""
        content = hashlib.blake2b(digest_size=16)
        content.update(repr((self.scales, self.inputs, self.latent, self.period)).encode())
        content.update(b"" if self.image is None else self.image.digest)
        for layer in self.drawn:
            content.update(layer.digest)
        return content.digest()

    def features(self, x: Float64, y: Float64, clock: Clock) -> Float64:
        """The input features at points x, y, (N,) each: (N, n_inputs)."""
        return features(self.inputs, x, y, clock, self.latent, self.period, self.image)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The effective layers: draws times scales, rounded to float32."""
        return tuple(self.effective(index) for index in range(self.depth))

    def effective(self, index: int) -> Layer:
        """The effective layer at `index`, from 0; computed on first use."""
        if index not in self._effective:
            layer = self.drawn[index].scaled(*self.scales[index])
            return self._effective.setdefault(index, layer)  # or another thread's, if first
        return self._effective[index]

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The graph in topological order; the last node gives the outputs."""
        return tuple(self._nodes())

    @property
    def links(self) -> tuple[tuple[int, ...], ...]:
        """The inputs of each node: indices of earlier nodes, or SOURCE. Here, a chain."""
        return tuple((index - 1 if index else SOURCE,) for index in range(self.depth))

    def _nodes(self) -> Iterator[Node]:
        """The nodes, one at a time: scaling wide layers takes a while."""
        for index, inputs in enumerate(self.links):
            layer = self.effective(index)
            yield Node(layer, layer.activation, inputs)

    def walk(
        self, x: Array, dtype: Any = np.float64, *, step: Step = Node.forward
    ) -> Iterator[tuple[Node, Any, Any]]:
        """The forward pass: yields each node with its pre-activations and its units, in order.

        `x` (..., n_inputs) are the features, converted to `dtype`. `step(node, *units of its
        inputs)` replaces the computation of a node, for example to add derivatives.
        """
        last_use = {i: index for index, inputs in enumerate(self.links) for i in inputs}
        values: dict[int, Any] = {SOURCE: np.asarray(x, dtype)}
        for index, node in enumerate(self._nodes()):
            pre, units = step(node, *(values[i] for i in node.inputs))
            yield node, pre, units
            values[index] = units
            for i in {i for i in node.inputs if last_use[i] == index}:
                del values[i]

    def evaluate(self, inputs: Any, dtype: Any = np.float64) -> Array:
        """The reference: features (N, n_inputs) to outputs (N, n_outputs), in float64.

        With `dtype=float32` layer 1's pre-activations are rounded, and the rest runs in float32:
        the error of float32 itself. Overflow gives inf and NaN, no exception.
        """
        y: Array = np.asarray(inputs, np.float64)
        if y.ndim != 2 or y.shape[1] != len(self.inputs):
            raise ValueError(f"inputs of shape {y.shape}; expected (N, {len(self.inputs)})")
        with np.errstate(all="ignore"):
            for number, layer in enumerate(self.layers):
                kind = np.float64 if number == 0 else dtype
                y = y @ layer.weight.T.astype(kind, copy=False) + layer.bias.astype(kind)
                y = activate(layer.activation, y.astype(dtype, copy=False))
        return y

    def evaluate_grid(
        self, array: Any, *, spacing: int = 1, statistics: Any = None, border: str = "continue"
    ) -> Float64:
        """The reference on a grid: features (H, W, n_inputs) to outputs (H, W, n_outputs).

        Of dense layers, which see single points, the other arguments do not matter; of others see
        `GraphNetwork.evaluate_grid`.
        """
        values = np.asarray(array, np.float64)
        if values.ndim != 3:
            wanted = f"expected (rows, columns, {len(self.inputs)})"
            raise ValueError(f"an array of shape {values.shape}; {wanted}")
        outputs = self.evaluate(values.reshape(-1, values.shape[2]))
        return outputs.reshape(*values.shape[:2], self.outputs)

    def to_numpy_source(self, **options: Any) -> str:
        """A NumPy program of the network, as text. Options: those of `source_code`.

        It runs without cppn_gl, and saves a picture. Raises PresetError for what it cannot express.
        """
        return _source_code(self, "numpy", options)

    def to_torch_source(self, **options: Any) -> str:
        """The PyTorch program, with an nn.Module of nn.Linear: see `to_numpy_source`."""
        return _source_code(self, "torch", options)

    def to_jax_source(self, **options: Any) -> str:
        """The JAX program: see `to_numpy_source`."""
        return _source_code(self, "jax", options)

    def ending(self, depth: int, last: Layer) -> "Network":
        """Layers 1 to `depth` - 1, followed by `last` instead of the draws of layer `depth`."""
        return self.of_layers((*self.drawn[: depth - 1], last), self.scales[:depth])

    def of_layers(
        self, layers: Sequence[Layer], scales: Sequence[tuple[float, float]] | None = None
    ) -> "Network":
        """Other dense layers with the same inputs."""
        return Network(
            layers,
            self.inputs,
            latent=self.latent,
            period=self.period,
            image=self.image,
            scales=scales,
        )

    def seeing(self, image: ImageInput | None) -> "Network":
        """The network with another image; itself if none of its inputs is taken from one."""
        if image is None or self.image is None or image.digest == self.image.digest:
            return self
        return Network(
            self.drawn,
            self.inputs,
            latent=self.latent,
            period=self.period,
            image=image,
            scales=self.scales,
        )

    def truncated(self, depth: int) -> "Network":
        """Layers 1 to `depth`, the last one as output layer, with its first rows only.

        This is layer `depth`'s picture of an explicit network.
        """
        return self.ending(depth, output_layer(self.drawn, depth))

    def __repr__(self) -> str:
        shape = " → ".join(str(len(layer.bias)) for layer in self.drawn)
        return f"Network({'+'.join(self.inputs)} → {shape}, {self.parameters} parameters)"


def _source_code(network: Network, language: str, options: dict[str, Any]) -> str:
    from cppn_gl.nn.source_code import source_code

    return source_code(network, language, **options)


def output_layer(layers: Sequence[Layer], depth: int) -> Layer:
    """Layer `depth` as an output layer: its first rows, as many as there are outputs, or fewer."""
    last = layers[depth - 1]
    most = min(len(last.bias), len(layers[-1].bias))
    rows = max(count for count in OUTPUTS if count <= most)
    return Layer(last.weight[:rows], last.bias[:rows], layers[-1].activation)


def network_bytes(network: Network, *args: object, **named: object) -> float:
    """The memory of a network in bytes: draws and effective layers. Ignores other arguments."""
    return 8 * network.parameters + OVERHEAD * network.depth
