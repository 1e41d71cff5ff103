"""Networks as graphs of layers: what a structured network is, and its float64 reference.

    nodes  -> `evaluate_grid`  the reference, node by node
           -> `stages`         what engines and views use: a layer with its normalisation and its
                               activation in one

The function of such a network is f(x, y, t) on the whole plane: its taps lie at p + step · (i, j),
step = 2 · extent / grid, where the declared region is the square `center` ± `extent`. See
docs/structures.md.
"""

import dataclasses
import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn, Protocol, Self

import numpy as np

from cppn_gl.nn.activations import activate
from cppn_gl.nn.features import TURN
from cppn_gl.nn.image_input import ImageInput
from cppn_gl.nn.layers import MAX_WIDTH, SOURCE, Array, Layer, Node, Operation
from cppn_gl.nn.network import MAX_OUTPUTS, OUTPUTS, Network, Region, Stage
from cppn_gl.nn.operations import Activation, Conv, Norm, Statistics, cropped
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.checks import PresetError

BORDERS = ("continue", "none")
PLAIN = Region()


@dataclass(frozen=True)
class Shape:
    """What is known of a node before anything is computed."""

    units: int
    reach: int  # taps that its units reach to each side of a point
    level: int  # weight layers on the longest path to it, its own included


def shapes_of(nodes: Sequence[Node], inputs: int) -> list[Shape]:
    """The shapes of nodes in topological order, over `inputs` features. Raises PresetError."""
    shapes: list[Shape] = []
    source = Shape(inputs, 0, 0)
    for number, node in enumerate(nodes):
        if not node.inputs or not all(SOURCE <= i < number for i in node.inputs):
            raise PresetError(f"node {number + 1} reads {node.inputs}; expected earlier nodes")
        before = [source if i == SOURCE else shapes[i] for i in node.inputs]
        try:
            units = node.layer.shape(*(one.units for one in before))
        except PresetError as error:
            raise PresetError(f"node {number + 1} {error.problem}") from None
        if not 1 <= units <= MAX_WIDTH:
            problem = f"node {number + 1} has {units} channels; expected 1 to {MAX_WIDTH}"
            raise PresetError(problem)
        reach = node.layer.radius + max(one.reach for one in before)
        level = max(one.level for one in before) + isinstance(node.layer, Conv)
        shapes.append(Shape(units, reach, level))
    return shapes


class Linked(Protocol):
    """What a node tells of itself before its weights are drawn, too."""

    @property
    def layer(self) -> object:
        """Its operation."""

    @property
    def activation(self) -> str:
        """Its activation."""

    @property
    def inputs(self) -> tuple[int, ...]:
        """The earlier nodes that it reads, or SOURCE."""


def fused(nodes: Sequence[Linked]) -> list[tuple[int, ...]]:
    """The stages of nodes: each is an operation, its normalisation and its activation in a row.

    The last node of a stage gives its units. Stages stand in the order of these.
    """
    readers: dict[int, list[int]] = {}
    for number, node in enumerate(nodes):
        for i in node.inputs:
            readers.setdefault(i, []).append(number)
    taken: set[int] = set()
    found = []
    for number, node in enumerate(nodes):
        if number in taken:
            continue
        run, normalized = [number], isinstance(node.layer, Norm)
        while nodes[run[-1]].activation == "identity":
            after = readers.get(run[-1], [])
            follows = nodes[after[0]].layer if len(after) == 1 else None
            if not isinstance(follows, Activation) and (
                normalized or not isinstance(follows, Norm)
            ):
                break
            normalized = normalized or isinstance(follows, Norm)
            run.append(after[0])
        taken.update(run)
        found.append(tuple(run))
    return sorted(found, key=lambda run: run[-1])


class GraphNetwork(Network):
    """A network whose layers form a graph, with convolutions, pools and normalisation.

    `nodes` in topological order; the last one gives the outputs. `modules`: for each node the path
    of the modules it belongs to, outer ones first, such as ("inception 2", "branch 3"). `grid` is
    the number of taps over the side of the declared `region`. `boost`: (layer, unit, factor), the
    units of stages that are multiplied. Raises PresetError.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        inputs: Sequence[str] = ("x", "y"),
        *,
        latent: Sequence[float] = (),
        period: float = TURN,
        image: ImageInput | None = None,
        grid: int = 256,
        region: Region = PLAIN,
        modules: Sequence[tuple[str, ...]] = (),
        weight_layers: Sequence[int] = (),
        boost: Sequence[tuple[int, int, float]] = (),
    ):
        self._graph = tuple(nodes)
        self.modules = tuple(modules) or ((),) * len(self._graph)
        self.weight_layers = tuple(weight_layers) or _counted(self._graph)
        self.grid, self.region, self.boost = grid, region, tuple(boost)
        self._take_inputs(inputs, latent, period, image)
        self._check()
        self._whole_image = self.image
        if self.image is not None and self.radius:
            self.image = self.image.averaged(self.step)

    def _check(self) -> None:
        if not self._graph:
            raise PresetError("a network without layers")
        units = self._shapes[-1].units
        if units > MAX_OUTPUTS:
            raise PresetError(f"the last layer has {units} outputs; expected at most {MAX_OUTPUTS}")
        _ = self._boosts

    def changed(self, **parts: Any) -> Self:
        """With other arguments of the constructor."""
        given = {
            "nodes": self._graph,
            "inputs": self.inputs,
            "latent": self.latent,
            "period": self.period,
            "image": self._whole_image,
            "grid": self.grid,
            "region": self.region,
            "modules": self.modules,
            "weight_layers": self.weight_layers,
            "boost": self.boost,
        }
        return type(self)(**(given | parts))

    @cached_property
    def _shapes(self) -> list[Shape]:
        return shapes_of(self._graph, len(self.inputs))

    @property
    def by_grid(self) -> bool:
        return True

    @property
    def nodes(self) -> tuple[Node, ...]:
        return self._graph

    @property
    def links(self) -> tuple[tuple[int, ...], ...]:
        return tuple(node.inputs for node in self._graph)

    @property
    def depth(self) -> int:
        """The number of weight layers on the longest path, including the output layer."""
        return self._shapes[-1].level

    @property
    def width(self) -> int:
        """The channels of the widest hidden node; 0 if there are none."""
        hidden = (shape.units for shape in self._shapes[:-1])
        return max(hidden, default=0)

    @property
    def outputs(self) -> int:
        return self._shapes[-1].units

    @property
    def radius(self) -> int:
        return max(shape.reach for shape in self._shapes)

    @property
    def output_activation(self) -> str:
        return self._graph[-1].activation

    @property
    def opaque(self) -> Network:
        if self.outputs < 4:
            return self
        return self._opaque

    @cached_property
    def _opaque(self) -> Network:
        last = self.stages[-1]
        activation = last.activation if _cuttable(last) else "identity"
        return self.restaged(_with_outputs(self.stages, 3, activation))

    @property
    def parameters(self) -> int:
        return sum(node.layer.parameters for node in self._graph)

    @cached_property
    def pointwise(self) -> bool:
        return all(node.layer.pointwise for node in self._graph)

    @cached_property
    def digest(self) -> bytes:
        content = hashlib.blake2b(digest_size=16)
        about = self.inputs, self.latent, self.period, self.grid, self.region, self.boost
        content.update(repr(about).encode())
        content.update(b"" if self.image is None else self.image.digest)
        for node in self._graph:
            content.update(repr((node.activation, node.inputs)).encode())
            content.update(node.layer.digest)
        return content.digest()

    # The stages.

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        found = []
        for index, nodes in enumerate(self._fused):
            first, last = self._graph[nodes[0]], nodes[-1]
            norms = [layer for n in nodes if isinstance(layer := self._graph[n].layer, Norm)]
            own = first.layer if not isinstance(first.layer, Norm) else Activation()
            shape = self._shapes[last]
            found.append(
                Stage(
                    operation=own,
                    normalize=norms[0] if norms else None,
                    activation=self._graph[last].activation,
                    inputs=tuple(self._stage_of[i] for i in first.inputs),
                    units=shape.units,
                    radius=shape.reach,
                    label=first.layer.label,
                    boost=self._boosts.get(index),
                    modules=self.modules[nodes[0]],
                    weight_layer=self.weight_layers[nodes[0]],
                )
            )
        return tuple(found)

    @cached_property
    def _fused(self) -> list[tuple[int, ...]]:
        return fused(self._graph)

    @cached_property
    def _stage_of(self) -> dict[int, int]:
        """The stage whose units are those of a node; SOURCE is itself."""
        return {SOURCE: SOURCE} | {nodes[-1]: n for n, nodes in enumerate(self._fused)}

    @cached_property
    def _boosts(self) -> dict[int, Float32]:
        """The factors on the units of each boosted stage, by its index from 0."""
        found: dict[int, Float32] = {}
        for layer, unit, factor in self.boost:
            if layer > len(self._fused):
                problem = f"layer {layer}; the network has {len(self._fused)}"
                raise PresetError(problem, key="network.boost")
            units = self._shapes[self._fused[layer - 1][-1]].units
            if unit > units:
                problem = f"unit {unit} of layer {layer}, which has {units}"
                raise PresetError(problem, key="network.boost")
            factors = found.setdefault(layer - 1, np.ones(units, np.float32))
            factors[unit - 1] *= np.float32(factor)
        for factors in found.values():
            factors.flags.writeable = False
        return found

    def node_of(self, stage: int) -> int:
        """The node whose units are those of a stage, both counted from 0."""
        return self._fused[stage][-1]

    # The reference.

    def evaluate_grid(
        self,
        array: Any,
        *,
        spacing: int = 1,
        statistics: Sequence[Statistics] | None = None,
        border: str = "continue",
    ) -> Float64:
        """The reference: features (H, W, n_inputs) on a grid to outputs (H, W, n_outputs), float64.

        Row 0 is on top. Taps are `spacing` positions apart. border: "continue" continues the array
        on straight lines beyond its edges, as far as the taps reach; "none" gives the outputs
        whose taps all lie on the array. `statistics`: of each normalisation, in the order of the
        nodes; None measures them over the array's own positions. Overflow gives inf and NaN.
        Raises ValueError for an array that does not fit.
        """
        *_, (_, _, outputs) = self._reference(array, spacing, statistics, border)
        return np.ascontiguousarray(outputs)

    def grid_statistics(
        self, array: Any, *, spacing: int = 1, border: str = "continue"
    ) -> tuple[Statistics, ...]:
        """The statistics of each normalisation over the positions of an array, in float64."""
        steps = self._reference(array, spacing, None, border)
        return tuple(found for _, found, _ in steps if found is not None)

    def _reference(
        self, array: Any, spacing: int, statistics: Sequence[Statistics] | None, border: str
    ) -> Iterator[tuple[Node, Statistics | None, Float64]]:
        """Each node with the statistics it normalises by, and its units in float64."""
        values = np.asarray(array, np.float64)
        if values.ndim != 3 or values.shape[2] != len(self.inputs) or not values.size:
            wanted = f"expected (rows, columns, {len(self.inputs)})"
            raise ValueError(f"an array of shape {values.shape}; {wanted}")
        if border not in BORDERS or spacing < 1:
            raise ValueError(f"border {border!r}, spacing {spacing}; expected {BORDERS}, 1 or more")
        rows, columns = values.shape[:2]
        across = 2 * self.radius * spacing + 1
        if border == "none" and min(rows, columns) < across:
            raise ValueError(f"an array of {rows}×{columns}; border 'none' needs {across}×{across}")
        if border == "continue":
            values = continued(values, self.radius * spacing)
        given = iter(statistics) if statistics is not None else None
        boosts = {self._fused[stage][-1]: factors for stage, factors in self._boosts.items()}
        grids: dict[int, Float64] = {SOURCE: values}
        last_use = {i: number for number, node in enumerate(self._graph) for i in node.inputs}
        for number, node in enumerate(self._graph):
            before = [grids[i] for i in node.inputs]
            found = None
            layer: Operation = node.layer
            with np.errstate(all="ignore"):
                if isinstance(layer, Norm):
                    own = cropped(
                        before[0], min(rows, len(before[0])), min(columns, before[0].shape[1])
                    )
                    found = next(given) if given is not None else Statistics.of(own)
                    layer = dataclasses.replace(layer, statistics=found)
                pre = layer.pre_activation(*before, spacing=spacing)
                units: Float64 = np.asarray(activate(node.activation, pre), np.float64)
                if number in boosts:
                    units = units * boosts[number]
            grids[number] = units
            last = number == len(self._graph) - 1
            if last and border == "continue":
                units = cropped(units, rows, columns)
            yield node, found, units
            for i in {i for i in node.inputs if last_use[i] == number}:
                del grids[i]

    @property
    def statistics(self) -> tuple[Statistics, ...] | None:
        """Those that its normalisations use, in the order of the nodes; None before measuring."""
        norms = [node.layer for node in self._graph if isinstance(node.layer, Norm)]
        found = tuple(norm.statistics for norm in norms if norm.statistics is not None)
        return found if len(found) == len(norms) else None

    def with_statistics(self, statistics: Sequence[Statistics]) -> Self:
        """The network with these statistics, one for each normalisation."""
        given = iter(statistics)
        nodes = [
            dataclasses.replace(n, layer=dataclasses.replace(n.layer, statistics=next(given)))
            if isinstance(n.layer, Norm)
            else n
            for n in self._graph
        ]
        return self.changed(nodes=nodes)

    def seeing(self, image: ImageInput | None) -> Network:
        return self if image is None or self.image is None else self.changed(image=image)

    def complete(self) -> Network:
        return self if self.statistics is not None else self._completed

    @cached_property
    def _completed(self) -> Network:
        from cppn_gl.nn.statistics import complete

        return complete(self)

    def restaged(self, stages: Sequence[Stage]) -> Self:
        """The network of these stages, with the same inputs."""
        nodes: list[Node] = []
        modules, numbers, boost = [], [], []
        ends = {SOURCE: SOURCE}
        for index, stage in enumerate(stages):
            layers = [stage.operation, *([] if stage.normalize is None else [stage.normalize])]
            if isinstance(layers[0], Activation):
                layers = layers[1:] or layers
            inputs = tuple(ends[i] for i in stage.inputs)
            for layer in layers:
                name = stage.activation if layer is layers[-1] else "identity"
                nodes.append(Node(layer, name, inputs))
                numbers.append(stage.weight_layer if isinstance(layer, Conv) else 0)
                modules.append(stage.modules)
                inputs = (len(nodes) - 1,)
            ends[index] = len(nodes) - 1
            factors = [] if stage.boost is None else stage.boost.tolist()
            boost += [(index + 1, u, factor) for u, factor in enumerate(factors, 1) if factor != 1]
        return self.changed(nodes=nodes, modules=modules, weight_layers=numbers, boost=boost)

    def truncated(self, depth: int) -> "GraphNetwork":
        """The picture of layer `depth`, from 1: the first units of that layer as outputs.

        These are of as many channels as the outputs, or fewer, before the layer's activation;
        instead of it they have that of the outputs.
        """
        last = self.stages[depth - 1]
        count = max(n for n in OUTPUTS if n <= min(self.outputs, last.units))
        wanted = {depth - 1}
        for index in range(depth - 1, -1, -1):
            wanted.update(self.stages[index].inputs if index in wanted else ())
        kept = sorted(wanted - {SOURCE})
        places = {SOURCE: SOURCE} | {old: new for new, old in enumerate(kept)}
        stages = [
            dataclasses.replace(stage, inputs=tuple(places[i] for i in stage.inputs))
            for stage in map(self.stages.__getitem__, kept)
        ]
        if not _cuttable(last):
            stages[-1] = dataclasses.replace(stages[-1], activation="identity")
        stages = _with_outputs(stages, count, self.output_activation)
        return self.restaged(stages)

    # What only chains of dense layers have.

    def _dense(self, what: str, instead: str) -> NoReturn:
        problem = f"this network is a graph of layers, which has no {what}; use {instead}"
        raise PresetError(problem, key="network.structure")

    @property
    def drawn(self) -> tuple[Layer, ...]:  # type: ignore[override]
        self._dense("list of dense layers", "nodes or stages")

    @property
    def scales(self) -> tuple[tuple[float, float], ...]:  # type: ignore[override]
        self._dense("list of scales", "nodes or stages")

    @property
    def layers(self) -> tuple[Layer, ...]:
        self._dense("list of dense layers", "nodes or stages")

    def effective(self, index: int) -> Layer:
        self._dense("list of dense layers", "nodes or stages")

    def walk(self, *args: Any, **named: Any) -> Iterator[tuple[Node, Any, Any]]:
        self._dense("value at single points", "evaluate_grid")

    def evaluate(self, inputs: Any, dtype: Any = np.float64) -> Array:
        self._dense("value at single points", "evaluate_grid")

    def ending(self, depth: int, last: Layer) -> Network:
        self._dense("list of dense layers", "stages")

    def __repr__(self) -> str:
        names = " → ".join(stage.label for stage in self.stages)
        return f"GraphNetwork({'+'.join(self.inputs)} → {names}, {self.parameters} parameters)"


def _cuttable(stage: Stage) -> bool:
    """Whether its first units can be had alone: a convolution's that is not in groups."""
    return isinstance(stage.operation, Conv) and stage.operation.groups == 1


def _with_outputs(stages: Sequence[Stage], count: int, activation: str) -> list[Stage]:
    """The stages with the first units of the last one as outputs, with an activation.

    Where that one cannot be cut, a 1×1 convolution chooses them, from its activated units.
    """
    *others, last = stages
    if _cuttable(last):
        return [*others, _first(last, count, activation)]
    chosen = Conv(
        np.eye(count, last.units, dtype=np.float32)[..., None, None], np.zeros(count, np.float32)
    )
    return [*stages, Stage(chosen, activation, (len(stages) - 1,), count)]


def _first(stage: Stage, count: int, activation: str) -> Stage:
    """A convolution's stage with its first units alone, and another activation."""
    conv, norm, boost = stage.operation, stage.normalize, stage.boost
    assert isinstance(conv, Conv)
    if norm is not None:
        norm = norm.first(count)
    return dataclasses.replace(
        stage,
        operation=dataclasses.replace(conv, weight=conv.weight[:count], bias=conv.bias[:count]),
        normalize=norm,
        activation=activation,
        units=count,
        boost=None if boost is None else boost[:count],
    )


def _counted(nodes: Sequence[Node]) -> tuple[int, ...]:
    """For each node the number of its weights, from 1; 0 without any."""
    weights = [isinstance(node.layer, Conv) for node in nodes]
    counts = itertools.accumulate(weights)
    return tuple(count if has else 0 for count, has in zip(counts, weights, strict=True))


def continued(array: Float64, margin: int) -> Float64:
    """An array (H, W, …) continued by `margin` on each side, on straight lines.

    A side of one position is constant.
    """
    for axis in (0, 1):
        moved = np.moveaxis(array, axis, 0)
        first, last = moved[:1], moved[-1:]
        slopes = (moved[1:2] - first, last - moved[-2:-1]) if len(moved) > 1 else (0.0, 0.0)
        far = np.arange(1, margin + 1).reshape(-1, *(1,) * (moved.ndim - 1))
        parts = [first - far[::-1] * slopes[0], moved, last + far * slopes[1]]
        array = np.moveaxis(np.concatenate(parts), 0, axis)
    return array
