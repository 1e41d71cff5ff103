"""Sources of networks: the `[network]` table of a preset.

    table of TOML values -> source_of() -> NetworkSource -> network()

`Random` draws its layers, `Layers` lists them, `File` (file_source.py) reads them. A new source is
one class and one entry in `source_of`; presets, sweeps, the window and the parser use the protocol.
"""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn import draws, interpolation
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.blocks import MAX_NODES, STRUCTURES, Block, blocks_of, check_blocks
from cppn_gl.nn.draws import INITS, SEED
from cppn_gl.nn.features import (
    MAX_LATENTS,
    PERIOD,
    TURN,
    check_inputs,
    latent_count,
    of_image,
)
from cppn_gl.nn.layers import MAX_DEPTH, MAX_WEIGHT, MAX_WIDTH, SIZES, Layer
from cppn_gl.nn.network import OUTPUTS, Network, Region, output_layer
from cppn_gl.utils.checks import (
    PresetError,
    choice,
    integer,
    key,
    keys_of,
    nearest,
    number,
    several,
    show,
    validate,
)
from cppn_gl.utils.origin import NOWHERE, USER, Origin

if TYPE_CHECKING:
    from cppn_gl.nn.structures import Planned

MLP = next(iter(STRUCTURES))
LAYER_KEYS = ("weight", "bias", "activation")

MAX_BOOSTED = 64
Boost = tuple[int, int, float]  # layer and unit, from 1, and the factor
# Keys that are only written where they have other values than the default ones.
STRUCTURE_KEYS = ("structure", "kernel", "grid", "blocks", "boost", "last_layer")

ACTIVATION = choice(ACTIVATIONS)


class NetworkSource(Protocol):
    """A `[network]` table: a frozen dataclass of keys. Equal sources give the same network."""

    @property
    def redrawable(self) -> bool:
        """Whether the keys of `Random` exist and can be changed."""

    @classmethod
    def key_names(cls) -> tuple[str, ...]:
        """The keys that can be changed."""

    @property
    def layout(self) -> interpolation.DrawLayout | None:
        """Which numbers a seed draws, for interpolation between seeds; None if nothing is drawn."""

    @property
    def summary(self) -> str:
        """The structure in words: "depth 8 × width 16"."""

    @property
    def boost(self) -> "tuple[Boost, ...]":
        """The units that are multiplied: layer, unit and factor of each."""

    @property
    def structured(self) -> bool:
        """Whether its network is a graph of layers, not a chain of dense ones."""

    @property
    def by_grid(self) -> bool:
        """Whether its network is drawn by engines that evaluate whole grids."""

    @property
    def label(self) -> str:
        """What messages call it: the name of its file; "" if it has none."""

    @property
    def classifies(self) -> bool:
        """Whether its network sees whole pictures, and not points."""

    @property
    def region(self) -> Region | None:
        """The declared region, if it is part of the table, and not of [normalize]."""

    @property
    def draws(self) -> str:
        """The initialisation in words; "" if nothing is drawn."""

    @property
    def seed(self) -> int:
        """The seed of all draws."""

    @property
    def latent(self) -> tuple[float, ...] | None:
        """z0, z1 …, if the table lists them."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The input features."""

    @property
    def period(self) -> float | None:
        """The period of sin_x, cos_4y and the like; None stands for 2π."""

    @property
    def depth(self) -> int:
        """The number of layers on the longest path, including the output layer."""

    @property
    def hidden_activations(self) -> tuple[str, ...]:
        """One name for each hidden layer."""

    @property
    def output_activation(self) -> str:
        """The activation of the last layer."""

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shape of each layer's weights, (out, in), without drawing them."""

    def network(self) -> Network:
        """The network. Raises PresetError if the table is inconsistent."""

    def draw(self) -> Iterator[object]:
        """Prepare the draws for `network`, one layer per step: millions of draws take a second.

        Keep what it yields until then, or large layers are drawn again.
        """

    def layer_picture(self, layer: int) -> "NetworkSource":
        """The source of the network of depth `layer`, which draws that layer's picture."""

    def output_layer(self, depth: int) -> Layer:
        """The effective output layer of the same network at another depth."""

    def replace(self, values: dict[str, Any]) -> "NetworkSource":
        """With some keys changed. Raises PresetError."""

    def to_toml(self) -> dict[str, Any]:
        """The table as TOML values; unset keys are left out."""


def source_of(table: dict[str, Any], origin: Origin = NOWHERE) -> NetworkSource:
    """The source described by a table of TOML values from `origin`. Raises PresetError."""
    from cppn_gl.nn.file_source import File

    if not isinstance(table, dict):
        raise PresetError(f"{show(table)}; expected a table [network]", key="network")
    if table.get("nodes") and "file" not in table:
        from cppn_gl.nn.vision.drawn import Drawn  # most networks are of points

        return Drawn.of(table, origin)
    kinds: tuple[type[Any], ...] = (Layers, File, Random)  # the first that describes it
    kind = next(cls for cls in kinds if cls.describes(table))
    source: NetworkSource = kind.of(table, origin)
    return source


@dataclass(frozen=True)
class Source:
    """Shared code of sources that are dataclasses of keys."""

    classifies: ClassVar[bool] = False

    @property
    def label(self) -> str:
        return ""

    @property
    def structured(self) -> bool:
        return False

    @property
    def region(self) -> Region | None:
        return None

    @property
    def by_grid(self: NetworkSource) -> bool:
        return self.structured or bool(of_image(self.inputs))

    @classmethod
    def key_names(cls) -> tuple[str, ...]:
        """The keys that can be changed."""
        return tuple(field.name for field in keys_of(cls))  # type: ignore[arg-type]

    @classmethod
    def of(cls, values: dict[str, Any], origin: Origin = NOWHERE) -> Self:
        """From values by name; `origin` of the text says which files it may name.

        Raises PresetError for an unknown name.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        for name in values:
            if name not in known:
                problem = f"no such key{nearest(name, known)}"
                raise PresetError(problem, key=f"network.{show(name)[1:-1]}")
        return cls(**{n: tuple(v) if isinstance(v, list) else v for n, v in values.items()})

    @staticmethod
    def _from_file(values: dict[str, Any]) -> "NetworkSource":
        """The source that a new value of `file` gives: this one's keys do not belong to it."""
        from cppn_gl.nn.file_source import File

        return File.of({n: v for n, v in values.items() if v is not None}, USER)

    def draw(self) -> Iterator[object]:
        return iter(())

    def to_toml(self) -> dict[str, Any]:
        """The table as TOML values; unset keys are left out."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        given = {name: value for name, value in fields.items() if value is not None}
        if not given.get("boost"):
            given.pop("boost", None)
        return {n: _listed(v) for n, v in given.items()}


def _listed(value: Any) -> Any:
    """A tuple as a list, also within tuples."""
    return [_listed(one) for one in value] if isinstance(value, tuple) else value


def latent_key() -> Any:
    """The key `latent` of every source."""
    return key(
        None,
        several(number(-1e6, 1e6), 0, MAX_LATENTS),
        "z0, z1 …; drawn from U(-1, 1) when absent",
    )


def period_key() -> Any:
    """The key `period` of every source."""
    return key(
        None,
        PERIOD,
        "period of sin_x, cos_y and the like, in input units; 2π when absent: sin_x is then sin(x)",
        factor=True,
        slider=(0.5, 20),
    )


def omega_key() -> Any:
    """The key `omega` of random networks and of those in files."""
    return key(
        None,
        number(-1e6, 1e6),
        "factor on the weights and biases of layer 1: ω₀ of a SIREN; 1 when absent",
        factor=True,
        slider=(0.5, 60),
    )


def activations_of(value: Any) -> Any:
    if isinstance(value, str):
        return ACTIVATION(value)
    return several(ACTIVATION, 0, MAX_DEPTH - 1)(value)


def _between(value: Any) -> tuple[int, float]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError(f"{show(value)}; expected a seed and a number from 0 to 1")
    return SEED(value[0]), number(0, 1)(value[1])


def check_boosted(boost: Sequence[Boost], units: Sequence[int]) -> None:
    """Raise PresetError if a boosted unit is none of layers with so many units."""
    for layer, unit, _ in boost:
        if layer > len(units):
            problem = f"layer {layer}; the network has {len(units)}"
            raise PresetError(problem, key="network.boost")
        if unit > units[layer - 1]:
            problem = f"unit {unit} of layer {layer}, which has {units[layer - 1]}"
            raise PresetError(problem, key="network.boost")


def fitting(boost: Sequence[Boost], units: Sequence[int]) -> tuple[Boost, ...]:
    """Those boosted units that layers with so many units have."""
    return tuple(one for one in boost if one[0] <= len(units) and one[1] <= units[one[0] - 1])


def boosted(layers: Sequence[Layer], boost: Sequence[Boost]) -> list[Layer]:
    """Dense layers with units multiplied: see `boosted_layer`. Raises PresetError."""
    if not boost:
        return list(layers)
    check_boosted(boost, [len(layer.bias) for layer in layers])
    count = len(layers)
    numbered = enumerate(layers, 1)
    return [boosted_layer(layer, boost, k, last=k == count) for k, layer in numbered]


def boosted_layer(layer: Layer, boost: Sequence[Boost], number: int, *, last: bool) -> Layer:
    """Layer `number` with the weights of the boosted units that it reads multiplied.

    Of the last layer, whose units no other reads, the rows of its own are multiplied as well.
    """
    read = [one for one in boost if one[0] == number - 1]
    own = [one for one in boost if last and one[0] == number]
    if not read and not own:
        return layer
    weight, bias = np.array(layer.weight), np.array(layer.bias)
    for _, unit, factor in read:
        weight[:, unit - 1] *= np.float32(factor)
    for _, unit, factor in own:
        weight[unit - 1] *= np.float32(factor)
        bias[unit - 1] *= np.float32(factor)
    return Layer(weight, bias, layer.activation)


def boost_key() -> Any:
    """The key `boost` of every source."""
    return key(
        (),
        check_boost,
        "units that are multiplied: layer, unit and factor of each, as [[2, 1, 3.0]]",
        widget="boosts",
    )


def check_boost(value: Any) -> tuple[Boost, ...]:
    """The units that are boosted: (layer, unit, factor) of each."""
    if not isinstance(value, list | tuple) or len(value) > MAX_BOOSTED:
        raise ValueError(f"{show(value)}; expected at most {MAX_BOOSTED} lists")
    return tuple(map(_boosted, value))


def _boosted(value: Any) -> Boost:
    if not isinstance(value, list | tuple) or len(value) != 3:
        raise ValueError(f"{show(value)}; expected a layer, a unit and a factor, as [2, 1, 3.0]")
    layer, unit, factor = value
    return integer(1, MAX_NODES)(layer), integer(1, MAX_WIDTH)(unit), number(-1e6, 1e6)(factor)


@dataclass(frozen=True)
class Random(Source):
    """A random network. Equal keys draw equal networks, on any machine."""

    redrawable = True

    depth: int = key(
        8,
        integer(1, MAX_DEPTH),
        "number of layers, including the output layer",
        short=True,
        slider=(1, 40),
    )
    width: int = key(
        16, integer(1, MAX_WIDTH), "units in each hidden layer", short=True, slider=(1, 64)
    )
    inputs: tuple[str, ...] = key(
        ("x", "y"),
        check_inputs,
        "input features, in the order of layer 1's columns: "
        "x y r x2 y2 xy sin_x cos_x sin_y cos_y sin_2x … t cos_t sin_t z0 z1 … one "
        "red green blue grey (of an image)",
        short=True,
        widget="inputs",
    )
    outputs: int = key(3, choice(OUTPUTS), "1 = grey, 3 = RGB, 4 = RGB and alpha")
    activation: str | tuple[str, ...] = key(
        "tanh",
        activations_of,
        f"activation of the hidden layers, one for all or a list: {' '.join(ACTIVATIONS)}",
        short=True,
        widget="activations",
    )
    output_activation: str = key("sigmoid", ACTIVATION, "activation of the output layer")
    init: str = key(
        "uniform", choice(INITS), f"distribution of the draws: {' '.join(INITS)}", short=True
    )
    weight_scale: float = key(
        1.0,
        number(0, 1000),
        "factor on the drawn weights, 0 to 1000",
        short=True,
        factor=True,
        slider=(0.05, 10),
    )
    bias_scale: float | None = key(
        None,
        number(0, 1000),
        "factor on the drawn biases; equals weight_scale when absent",
        factor=True,
        slider=(0.01, 10),
    )
    seed: int = key(
        0,
        SEED,
        "seed of the random draws: 0 to 2⁶³ - 1, or any words",
        short=True,
        metavar="N|WORDS",
        widget="seed",
    )
    latent: tuple[float, ...] | None = latent_key()
    between: tuple[int, float] | None = key(
        None,
        _between,
        "another seed, and the fraction of the way towards its draws, 0 to 1, as [9, 0.25]",
        widget="between",
    )
    period: float | None = period_key()
    omega: float | None = omega_key()
    structure: str = key(
        MLP,
        choice(STRUCTURES),
        "what the layers are: mlp (dense layers), or convolutions: conv nin vgg inception resnet",
        short=True,
        widget="structure",
    )
    kernel: int = key(
        3, choice(SIZES), "taps per side of the kernels of conv, nin and the first of resnet, odd"
    )
    grid: int = key(
        256,
        integer(8, 1024),
        "taps of convolutions over the side of the region that [normalize] declares",
        slider=(32, 512),
    )
    blocks: tuple[Block, ...] = key(
        (),
        check_blocks,
        "[[network.blocks]] tables, instead of structure and depth: type, and its keys",
        widget="blocks",
    )
    boost: tuple[Boost, ...] = boost_key()
    last_layer: int | None = key(
        None,
        integer(1, MAX_NODES),
        "of structures: the layer whose first units are the outputs, from 1; the last when absent",
        slider=(1, 64),
    )

    def __post_init__(self) -> None:
        validate(self, "network.")
        if self.structured:
            _ = self.plan
        if self.blocks:
            self._check_blocks()
        if not isinstance(self.activation, str) and len(self.activation) != self.depth - 1:
            raise PresetError(
                f"{len(self.activation)} activations; depth {self.depth} has "
                f"{self.depth - 1} hidden layers",
                key="network.activation",
            )
        needed = latent_count(self.inputs)
        if self.latent is not None and len(self.latent) < needed:
            raise PresetError(
                f"{len(self.latent)} values; the inputs need {needed}", key="network.latent"
            )

        if self.boost or self.last_layer is not None:
            self._check_stages()

    def _check_blocks(self) -> None:
        if self.structure != MLP:
            problem = "cannot be set together with [[network.blocks]]"
            raise PresetError(problem, key="network.structure")
        object.__setattr__(self, "depth", self.plan[-1].level)

    def _check_stages(self) -> None:
        """Raise PresetError if `boost` or `last_layer` names what does not exist."""
        units, last = self.stage_units, self.last_layer
        if last is not None and not self.structured:
            problem = "only structures have it; a network of dense layers has a depth"
            raise PresetError(problem, key="network.last_layer")
        if last is not None and last > len(units):
            problem = f"{last}; the network has {len(units)} layers"
            raise PresetError(problem, key="network.last_layer")
        check_boosted(self.boost, units)

    @property
    def stage_units(self) -> tuple[int, ...]:
        """The units of each layer, as views and `boost` count them: see `Network.stages`."""
        if self.structured:
            from cppn_gl.nn.structures import stage_units  # dense networks need not load it

            return stage_units(self.plan)
        return (*(self.width,) * (self.depth - 1), self.outputs)

    @classmethod
    def describes(cls, table: dict[str, Any]) -> bool:
        """Whether a table is of this kind: any that no other source describes."""
        return True

    @classmethod
    def of(cls, values: dict[str, Any], origin: Origin = NOWHERE) -> Self:
        """From values by name. A depth beside blocks must be theirs."""
        made = super().of(values, origin)
        if made.blocks and values.get("depth", made.depth) != made.depth:
            problem = f"{show(values['depth'])}; [[network.blocks]] have depth {made.depth}"
            raise PresetError(problem, key="network.depth")
        return made

    @property
    def structured(self) -> bool:
        return bool(self.blocks) or self.structure != MLP

    @cached_property
    def plan(self) -> "tuple[Planned, ...]":
        """The nodes of a structure, before their weights are drawn."""
        from cppn_gl.nn.structures import Sizes, plan

        blocks = self.blocks or blocks_of(self.structure, self.depth, self.kernel)
        sizes = Sizes(
            len(self.inputs),
            self.outputs,
            self.width,
            self.kernel,
            self.activation,
            self.output_activation,
        )
        return plan(blocks, sizes, "" if self.blocks else self.structure)

    @property
    def hidden_activations(self) -> tuple[str, ...]:
        """One name for each of the depth - 1 hidden layers."""
        if isinstance(self.activation, str):
            return (self.activation,) * (self.depth - 1)
        return self.activation

    @property
    def summary(self) -> str:
        words = f"depth {self.depth}" + (f" × width {self.width}" if self.depth > 1 else "")
        if self.blocks:
            return f"{words}, blocks"
        return words if self.structure == MLP else f"{words}, {self.structure}"

    @property
    def draws(self) -> str:
        bias = "" if self.bias_scale is None else f"  bias scale {self.bias_scale:.4g}"
        omega = "" if self.omega in (None, 1) else f"  omega {self.omega:.4g}"
        scales = f"weight scale {self.weight_scale:.4g}{bias}{omega}"
        return f"{self.init}  {scales}  seed {self.seed}"

    @property
    def layout(self) -> interpolation.DrawLayout:
        if self.structured:
            from cppn_gl.nn.structures import layout_of

            return layout_of(self.plan, latent_count(self.inputs), INITS[self.init][0])
        return self._layout(self.depth)

    def _layout(self, depth: int) -> interpolation.DrawLayout:
        sizes = (len(self.inputs), *(self.width,) * (depth - 1), self.outputs)
        shapes = tuple(zip(sizes[1:], sizes[:-1], strict=True))
        return interpolation.DrawLayout(shapes, latent_count(self.inputs), INITS[self.init][0])

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        return self.layout.shapes

    @property
    def latents(self) -> tuple[float, ...]:
        """The latent constants z0, z1 …, listed or drawn."""
        if self.latent is not None or self.between is None:
            drawn = drawn_latents(self.seed, self.inputs)
            return drawn if self.latent is None else self.latent
        return tuple(map(float, self._drawn()[-1]))

    def _drawn(self) -> list[NDArray[np.float32]]:
        """Weight and bias of each layer, then the latent constants, all unscaled."""
        if self.between is None:
            return self.layout.arrays(self.seed)
        return interpolation.blended(self.layout, self.seed, *self.between)

    def network(self) -> Network:
        *drawn, latent = self._drawn()
        if self.structured:
            return self._graph(drawn, latent)
        layers, scales = [], []
        for number_, name in enumerate((*self.hidden_activations, self.output_activation)):
            weight, bias = drawn[2 * number_ : 2 * number_ + 2]
            layers.append(Layer(weight, bias, name))
            scales.append(self.scales(*weight.shape, first=number_ == 0))
        layers = boosted(layers, self.boost)
        latents = tuple(map(float, latent)) if self.latent is None else self.latent
        period = self.period or TURN
        return Network(layers, self.inputs, latent=latents, period=period, scales=scales)

    def _graph(self, drawn: list[NDArray[np.float32]], latent: NDArray[np.float32]) -> Network:
        from cppn_gl.nn.graph import GraphNetwork
        from cppn_gl.nn.structures import Weights, nodes_of

        weights = [one.operation for one in self.plan if isinstance(one.operation, Weights)]
        scales = [
            self.scales(fan_out, fan_in, first=one.level == 1)
            for one in weights
            for fan_in, fan_out in [one.fans]
        ]
        network = GraphNetwork(
            tuple(nodes_of(self.plan, drawn, scales)),
            self.inputs,
            latent=tuple(map(float, latent)) if self.latent is None else self.latent,
            period=self.period or TURN,
            grid=self.grid,
            modules=[one.modules for one in self.plan],
            boost=self.boost,
        )
        return network if self.last_layer is None else network.truncated(self.last_layer)

    def to_toml(self) -> dict[str, Any]:
        """The table as TOML values, without unset keys and structures that it does not have."""
        table = super().to_toml()
        for field in dataclasses.fields(self):
            if field.name in STRUCTURE_KEYS and getattr(self, field.name) == field.default:
                table.pop(field.name, None)
        if self.blocks:
            del table["depth"]
            table["blocks"] = [block.to_toml() for block in self.blocks]
        return table

    def draw(self) -> Iterator[object]:
        for layer in range(1, len(self.shapes) + 1):
            seeds = self.seed, *(self.between or ())[:1]
            yield [self.layout.layer(seed, layer) for seed in seeds]

    def layer_picture(self, layer: int) -> "Random":
        if self.structured:
            return dataclasses.replace(self, last_layer=layer)
        picture: Random = self.replace({"depth": layer})
        return picture

    def replace(self, values: dict[str, Any]) -> Any:
        """With some keys changed; with `file`, the source of that file and the other keys given.

        For a new depth a list of activations is cut, or its last entry repeated.
        """
        if "file" in values:
            return self._from_file(values)
        for name in values:
            if name not in self.key_names():
                problem = "only a network whose weights are in a file has this key"
                raise PresetError(problem, key=f"network.{name}")
        if "blocks" not in values and "structure" in values:
            values = {**values, "blocks": ()}  # a structure takes their place
        elif "depth" in values and values.get("blocks", self.blocks):
            raise PresetError("follows from [[network.blocks]]", key="network.depth")
        values = self._without_missing(values)
        depth = values.get("depth", self.depth)
        if values.get("blocks"):
            depth = dataclasses.replace(self, **{**values, "activation": "tanh"}).depth
        listed = not isinstance(self.activation, str) and "activation" not in values
        if listed and depth in range(1, MAX_DEPTH + 1):
            tail = self.activation[-1:] or (Random().activation,)
            values = {**values, "activation": (*self.activation, *(tail * depth))[: depth - 1]}
        return dataclasses.replace(self, **values)

    def _without_missing(self, values: dict[str, Any]) -> dict[str, Any]:
        """Changes, with `boost` and `last_layer` unset where these name what is no more."""
        dependent = {"boost": (), "last_layer": None}
        kept = {n: v for n, v in dependent.items() if n not in values and getattr(self, n) != v}
        if not kept or not {"structure", "blocks", "depth", "width", "outputs"} & set(values):
            return values
        made = self.replace({**dependent, **values})
        units = made.stage_units
        if "last_layer" in kept:
            fits = made.structured and (self.last_layer or 0) <= len(units)
            values = {**values, "last_layer": self.last_layer if fits else None}
        return {"boost": fitting(self.boost, units), **values}

    def output_layer(self, depth: int) -> Layer:
        if self.structured:
            problem = "a structure has no dense output layers"
            raise PresetError(problem, key="network.structure")
        layout = self._layout(depth)
        if self.between is None:
            weight, bias = layout.layer(self.seed, depth)
        else:
            weight, bias = interpolation.blended_layer(layout, self.seed, *self.between, depth)
        whole = Layer(weight, bias, self.output_activation)
        boost = fitting(self.boost, (*(self.width,) * (depth - 1), self.outputs))
        layer = boosted_layer(whole, boost, depth, last=True)
        return layer.scaled(*self.scales(*weight.shape, first=depth == 1))

    def scales(self, rows: int, fan_in: int, *, first: bool = False) -> tuple[float, float]:
        """Factors on the drawn weights and biases of a layer, from its weights' shape.

        `first`: of layer 1, which has `omega` as a factor.
        """
        distribution, variance = INITS[self.init]
        factor = self.weight_scale
        if variance is not None:  # U(-1, 1) has variance 1/3
            factor *= math.sqrt(variance(fan_in, rows) * (3 if distribution == "uniform" else 1))
        omega = self.omega if first and self.omega is not None else 1.0
        bias = self.weight_scale if self.bias_scale is None else self.bias_scale
        return omega * factor, omega * bias


@dataclass(frozen=True)
class Layers(Source):
    """A network with explicit layers, by `[[network.layers]]`."""

    redrawable = False
    layout = None
    draws = ""

    layers: tuple[Layer, ...]
    inputs: tuple[str, ...] = key(("x", "y"), check_inputs, "input features")
    seed: int = key(0, SEED, "seed of the latent constants, if these are drawn")
    latent: tuple[float, ...] | None = latent_key()
    period: float | None = period_key()
    boost: tuple[Boost, ...] = boost_key()

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", tuple(self.layers))
        validate(self, "network.")
        self.network()

    @classmethod
    def describes(cls, table: dict[str, Any]) -> bool:
        return "layers" in table

    @classmethod
    def of(cls, values: dict[str, Any], origin: Origin = NOWHERE) -> Self:
        """From values by name; layers may be tables of weight, bias and activation."""
        tables = values["layers"]
        if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
            problem = "expected [[network.layers]] tables, each with weight, bias, activation"
            raise PresetError(problem, key="network.layers")
        known = [field.name for field in dataclasses.fields(cls)]
        random = [field.name for field in dataclasses.fields(Random)]
        for name in values:
            if name not in known and name in random:
                problem = "cannot be set together with [[network.layers]], which determine it"
                raise PresetError(problem, key=f"network.{name}")
        return super().of(
            {**values, "layers": tuple(map(_layer, tables, range(1, 1 + len(tables))))}
        )

    @property
    def latents(self) -> tuple[float, ...]:
        return self.latent if self.latent is not None else drawn_latents(self.seed, self.inputs)

    @property
    def depth(self) -> int:
        return len(self.layers)

    @property
    def summary(self) -> str:
        return f"depth {self.depth}, fixed weights"

    @property
    def hidden_activations(self) -> tuple[str, ...]:
        return tuple(layer.activation for layer in self.layers[:-1])

    @property
    def output_activation(self) -> str:
        return self.layers[-1].activation

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        return tuple(layer.weight.shape for layer in self.layers)

    def network(self) -> Network:
        """The network. Raises PresetError if the shapes of consecutive layers do not match."""
        if self.latent is not None and len(self.latent) < latent_count(self.inputs):
            raise PresetError("fewer values than the inputs need", key="network.latent")
        try:
            layers = boosted(self.layers, self.boost)
            return Network(layers, self.inputs, latent=self.latents, period=self.period or TURN)
        except PresetError as error:
            raise PresetError(error.problem, key=error.key or "network.layers") from None

    def layer_picture(self, layer: int) -> "Layers":
        """The first `layer` layers, the last one as output layer: see `Network.truncated`."""
        layers = (*self.layers[: layer - 1], output_layer(self.layers, layer))
        boost = fitting(self.boost, [len(one.bias) for one in layers])
        return dataclasses.replace(self, layers=layers, boost=boost)

    def output_layer(self, depth: int) -> Layer:
        return self.layer_picture(depth).network().effective(depth - 1)

    def replace(self, values: dict[str, Any]) -> Any:
        """With other inputs, seed, latents or file. Raises PresetError for other keys."""
        if "file" in values:
            return self._from_file(values)
        known = [field.name for field in dataclasses.fields(self)]
        for name in values:
            if name not in known:
                problem = "cannot be changed: this network has explicit layers"
                raise PresetError(problem, key=f"network.{name}")
        return dataclasses.replace(self, **values)

    def to_toml(self) -> dict[str, Any]:
        tables = [
            {
                "weight": [_shortest(row) for row in layer.weight],
                "bias": _shortest(layer.bias),
                "activation": layer.activation,
            }
            for layer in self.layers
        ]
        others = super().to_toml()
        del others["layers"]
        return {**others, "layers": tables}

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Layers):
            return NotImplemented
        return self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)

    @property
    def _content(self) -> tuple[Any, ...]:
        digests = tuple(layer.digest for layer in self.layers)
        return digests, self.inputs, self.seed, self.latent, self.period, self.boost


def _layer(table: dict[str, Any], number_: int) -> Layer:
    """The layer of table `number_`, from 1, of `[[network.layers]]`."""
    where = "network.layers"
    for field in table:
        if field not in LAYER_KEYS:
            hint = nearest(field, LAYER_KEYS)
            raise PresetError(f"layer {number_}: no such key {show(field)}{hint}", key=where)
    for field in LAYER_KEYS:
        if field not in table:
            raise PresetError(f"layer {number_} has no {field}", key=where)
    values = number(-MAX_WEIGHT, MAX_WEIGHT)
    try:
        weight = several(several(values, 1, MAX_WIDTH), 1, MAX_WIDTH)(table["weight"])
        bias = several(values, 1, MAX_WIDTH)(table["bias"])
        if len({len(row) for row in weight}) > 1:
            raise ValueError("rows of weight differ in length")
        activation = ACTIVATION(table["activation"])
        return Layer(np.array(weight, np.float32), np.array(bias, np.float32), activation)
    except PresetError as error:
        raise PresetError(f"layer {number_}: {error.key}: {error.problem}", key=where) from None
    except (ValueError, TypeError) as error:
        raise PresetError(f"layer {number_}: {error}", key=where) from None


def _shortest(values: Any) -> list[float]:
    """Values in the shortest form: 0.4, not 0.4000000059604645 as float64 has float32's 0.4."""
    return [float(str(value)) for value in values]


def drawn_latents(seed: int, inputs: Sequence[str]) -> tuple[float, ...]:
    """The latent constants that `inputs` need, drawn from U(-1, 1)."""
    count = latent_count(inputs)
    return tuple(map(float, draws.draw_row(seed, 0, draws.LATENT, count, "uniform")))
