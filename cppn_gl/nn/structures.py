"""Structures: networks of convolutions and their like, from blocks.

    blocks (blocks.py) -> plan() -> nodes without weights -> draws -> nodes_of()

The output layer, a 1×1 convolution, follows by itself.

Weight layers are numbered from 1 in the order of the plan. The weights of an output channel are row
`channel` of the draws of its layer (draws.py), in column (key · kernel + ky) · kernel + kx, where
`key` is that of the input channel: its number, or, of channel c of branch i of b that are
concatenated, c' · b + i, where c' is its key in the branch. So more channels, in one branch or in
all, change no weight that was there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cppn_gl.nn import draws
from cppn_gl.nn.blocks import DEPTHWISE, MAX_NODES, POOLS, Block
from cppn_gl.nn.graph import fused
from cppn_gl.nn.interpolation import DrawLayout
from cppn_gl.nn.layers import MAX_DEPTH, MAX_WIDTH, SOURCE, Node, Operation
from cppn_gl.nn.operations import Activation, Add, AvgPool, Concat, Conv, MaxPool, Norm
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.cache import lru_cache_by_size
from cppn_gl.utils.checks import PresetError

MAX_RADIUS = 512  # taps to each side
MAX_BYTES = 256 * 2**20  # of weights
MAX_COLUMN = 2**32  # of draws


@dataclass(frozen=True)
class Weights:
    """The weights of a convolution before they are drawn.

    rows, columns: the keys of its output and of its input channels. level: weight layers on the
    longest path to it, its own included.
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    kernel: int = 1
    dilation: int = 1
    groups: int = 1
    level: int = 1

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return len(self.rows), len(self.columns) // self.groups, self.kernel, self.kernel

    @property
    def fans(self) -> tuple[int, int]:
        """The terms of an output's sum, and the sums that an input is a term of."""
        taps = self.kernel**2
        return len(self.columns) // self.groups * taps, len(self.rows) // self.groups * taps

    @property
    def count(self) -> int:
        return int(np.prod(self.shape)) + len(self.rows)

    def draw(self, seed: int, layer: int, distribution: str) -> list[Float32]:
        """Weight (out, in / groups, ky, kx) and bias (out,) of weight layer `layer`, from 1."""
        taps = self.kernel**2
        rows = np.array(self.rows)
        columns = (np.array(self.columns)[:, None] * taps + np.arange(taps)).ravel()
        weight = draws.draw_places(
            seed, layer, draws.WEIGHT, rows, columns, distribution, self.groups
        ).reshape(self.shape)
        bias = draws.draw_places(seed, layer, draws.BIAS, np.zeros(1, int), rows, distribution)[0]
        return [weight, bias]


_NORM = Norm(np.ones(0), np.zeros(0))


@dataclass(frozen=True)
class Planned:
    """A node before its weights are drawn. `operation` is None for a normalisation."""

    operation: Weights | Operation | None
    activation: str
    inputs: tuple[int, ...]
    modules: tuple[str, ...]
    keys: tuple[int, ...]  # of its channels
    level: int
    reach: int

    @property
    def layer(self) -> object:
        return _NORM if self.operation is None else self.operation


@dataclass(frozen=True)
class GraphLayout(DrawLayout):
    """Which numbers a seed draws for a structure."""

    weights: tuple[Weights, ...] = ()

    @property
    def count(self) -> int:
        return sum(weights.count for weights in self.weights) + self.latents

    def layer(self, seed: int, layer: int) -> list[Float32]:
        return _drawn(self.weights[layer - 1], seed, layer, self.distribution)


def layout_of(nodes: Sequence[Planned], latents: int, distribution: str) -> GraphLayout:
    """Which numbers a seed draws for a plan."""
    weights = tuple(n.operation for n in nodes if isinstance(n.operation, Weights))
    return GraphLayout(tuple(w.shape for w in weights), latents, distribution, weights)


def _drawn_bytes(weights: Weights, *others: object) -> float:
    return 4 * weights.count + draws.OVERHEAD


class Drawn(list[Float32]):
    """Weight and bias; a list that a weak cache can hold."""


@lru_cache_by_size(draws.CACHE_LIMIT, _drawn_bytes, weak=True)
def _drawn(weights: Weights, seed: int, layer: int, distribution: str) -> Drawn:
    return Drawn(weights.draw(seed, layer, distribution))


@dataclass(frozen=True)
class Sizes:
    """What a plan depends on besides its blocks."""

    inputs: int
    outputs: int
    width: int
    kernel: int
    activations: tuple[str, ...] | str  # of the hidden layers, by level
    output_activation: str


@lru_cache(maxsize=64)
def plan(blocks: tuple[Block, ...], sizes: Sizes, name: str = "") -> tuple[Planned, ...]:
    """The nodes of a structure, in topological order, the output layer last.

    `name`: of the structure that the blocks stand for; "" if they are given. Raises PresetError for
    blocks that do not fit together or exceed a limit. Nothing is drawn.
    """
    builder = _Builder(sizes, name)
    end = builder.run(blocks, Place(SOURCE, tuple(range(sizes.inputs)), 0, 0), (), "")
    builder.where = "the output layer"
    builder.conv(end, sizes.outputs, 1, (), activation=sizes.output_activation)
    return tuple(builder.nodes)


@dataclass(frozen=True)
class Place:
    """A node that others can read, or the source: its index, keys, level and reach."""

    index: int
    keys: tuple[int, ...]
    level: int
    reach: int


class _Builder:
    """Makes nodes of blocks. Errors name the block that is being built."""

    def __init__(self, sizes: Sizes, name: str):
        self.sizes, self._structure = sizes, name
        self.nodes: list[Planned] = []
        self.where = ""
        self._bytes = 0
        self._names: dict[tuple[tuple[str, ...], str], int] = {}

    def run(
        self, blocks: Sequence[Block], at: Place, modules: tuple[str, ...], where: str
    ) -> Place:
        """One block after another, from a place."""
        before = f"{where}, " if where else ""
        for number, block in enumerate(blocks, 1):
            for _ in range(block.repeat):
                self.where = f"{before}block {number} ({block.type})"
                at = self._block(block, at, modules, f"{before}block {number}")
        return at

    def _refuse(self, problem: str) -> None:
        if self._structure:
            raise PresetError(f"{self._structure}: {problem}", key="network.structure")
        raise PresetError(f"{self.where}: {problem}", key="network.blocks")

    def _block(self, block: Block, at: Place, modules: tuple[str, ...], where: str) -> Place:
        kind, channels = block.type, block.channels or self.sizes.width
        kernel = block.kernel or self.sizes.kernel
        own, inner = block.activation, (*modules, self._name(modules, kind))
        if kind == "dense":
            return self.conv(at, channels, 1, modules, activation=own)
        if kind == "conv":
            groups = len(at.keys) if block.groups == DEPTHWISE else int(block.groups)
            if block.groups == DEPTHWISE and block.channels is None:
                channels = len(at.keys)
            return self.conv(
                *(at, channels, kernel, modules),
                activation=own,
                dilation=block.dilation,
                groups=groups,
            )
        if kind in POOLS:
            pool = MaxPool if kind == "max_pool" else AvgPool
            return self._add(pool(block.size), [at], modules, at.keys)
        if kind == "normalize":
            return self._add(None, [at], modules, at.keys, own or "identity")
        if kind == "activation":
            return self._add(Activation(), [at], modules, at.keys, own or "identity")
        if kind == "nin":
            for size in (kernel, 1, 1):
                at = self.conv(at, channels, size, inner, activation=own)
            return at
        if kind == "vgg":
            for _ in range(block.layers):
                at = self.conv(at, channels, block.kernel or 3, inner, activation=own)
            return at
        if kind == "inception":
            return self._inception(at, channels, own, inner)
        if kind == "residual":
            return self._residual(at, channels, block.kernel or 3, own, inner)
        ends = []
        for number, branch in enumerate(block.branches, 1):
            path = (*inner, f"branch {number}")
            ends.append(self.run(branch, at, path, f"{where}, branch {number}"))
        self.where = f"{where} ({kind})"
        if kind == "concat":
            return self._concat(ends, inner, own or "identity")
        counts = list(dict.fromkeys(len(end.keys) for end in ends))
        if len(counts) > 1:
            found = " and ".join(map(str, counts))
            self._refuse(f"branches of {found} channels; a sum needs equal numbers")
        return self._add(Add(), ends, inner, ends[0].keys, own or "identity")

    def _name(self, modules: tuple[str, ...], kind: str) -> str:
        number = self._names[modules, kind] = self._names.get((modules, kind), 0) + 1
        return f"{kind} {number}"

    def _inception(
        self, at: Place, channels: int, activation: str | None, modules: tuple[str, ...]
    ) -> Place:
        """Branches 1×1, 3×3, 5×5 and max pool with 1×1, of `channels` together."""
        ends = []
        for branch, size in enumerate((1, 3, 5, 1)):
            count = -(-(channels - branch) // 4)
            if not count:
                continue
            path = (*modules, f"branch {branch + 1}")
            before = self._add(MaxPool(3), [at], path, at.keys) if branch == 3 else at
            ends.append(self.conv(before, count, size, path, activation=activation))
        return self._concat(ends, modules, "identity", 4)

    def _residual(
        self,
        at: Place,
        channels: int,
        kernel: int,
        activation: str | None,
        modules: tuple[str, ...],
    ) -> Place:
        """Two convolutions, added to what came before, or to a 1×1 of it with as many channels."""
        skip = at
        if len(at.keys) != channels:
            skip = self.conv(at, channels, 1, (*modules, "skip"), activation="identity")
        inner = self.conv(at, channels, kernel, modules, activation=activation)
        # Its rows are those of what it is added to, so that more channels move no pair.
        inner = self.conv(inner, channels, kernel, modules, activation="identity", rows=skip.keys)
        after = activation or self._activation(max(inner.level, skip.level))
        return self._add(Add(), [inner, skip], modules, skip.keys, after)

    def _concat(
        self, ends: Sequence[Place], modules: tuple[str, ...], activation: str, branches: int = 0
    ) -> Place:
        count = branches or len(ends)
        keys = tuple(key * count + i for i, end in enumerate(ends) for key in end.keys)
        return self._add(Concat(), ends, modules, keys, activation)

    def _activation(self, level: int) -> str:
        """The network's activation of a level of hidden layers."""
        listed = self.sizes.activations
        if isinstance(listed, str):
            return listed
        return listed[level - 1] if level <= len(listed) else "identity"

    def conv(
        self,
        at: Place,
        channels: int,
        kernel: int,
        modules: tuple[str, ...],
        *,
        activation: str | None = None,
        dilation: int = 1,
        groups: int = 1,
        rows: tuple[int, ...] | None = None,
    ) -> Place:
        if groups > 1 and (len(at.keys) % groups or channels % groups):
            found = f"{len(at.keys)} channels in, {channels} out"
            self._refuse(f"groups: {groups} do not divide {found}")
        level = at.level + 1
        keys = rows or tuple(range(channels))
        weights = Weights(keys, at.keys, kernel, dilation, groups, level)
        self._bytes += 4 * weights.count
        if self._bytes > MAX_BYTES:
            self._refuse(f"more than {MAX_BYTES >> 20} MiB of weights; expected fewer channels")
        if max(at.keys) * kernel**2 >= MAX_COLUMN:
            self._refuse("too many concatenations inside each other")
        name = self._activation(level) if activation is None else activation
        return self._add(weights, [at], modules, keys, name)

    def _add(
        self,
        operation: Weights | Operation | None,
        before: Sequence[Place],
        modules: tuple[str, ...],
        keys: tuple[int, ...],
        activation: str = "identity",
    ) -> Place:
        weights = operation if isinstance(operation, Weights) else None
        radius = 0 if operation is None else _radius(operation)
        level = max(place.level for place in before) + (weights is not None)
        reach = max(place.reach for place in before) + radius
        if len(keys) > MAX_WIDTH:
            self._refuse(f"{len(keys)} channels; expected at most {MAX_WIDTH}")
        if level > MAX_DEPTH:
            self._refuse(f"deeper than {MAX_DEPTH} weight layers")
        if len(self.nodes) == MAX_NODES:
            self._refuse(f"more than {MAX_NODES} nodes")
        if reach > MAX_RADIUS:
            self._refuse(f"reaches {reach} taps to each side; expected at most {MAX_RADIUS}")
        inputs = tuple(place.index for place in before)
        self.nodes.append(Planned(operation, activation, inputs, modules, keys, level, reach))
        return Place(len(self.nodes) - 1, keys, level, reach)


def _radius(operation: Weights | Operation) -> int:
    if isinstance(operation, Weights):
        return operation.kernel // 2 * operation.dilation
    return operation.radius


@lru_cache(maxsize=64)
def stage_units(planned: tuple[Planned, ...]) -> tuple[int, ...]:
    """The units of each stage of a plan: see `GraphNetwork.stages`."""
    return tuple(len(planned[run[-1]].keys) for run in fused(planned))


def nodes_of(
    planned: Sequence[Planned], drawn: Sequence[Float32], scales: Sequence[tuple[float, float]]
) -> Iterator[Node]:
    """The nodes with their weights: `drawn` are weight and bias of each weight layer in turn.

    `scales`: factors on weights and biases of each weight layer.
    """
    weighted = iter(zip(drawn[::2], drawn[1::2], scales, strict=True))
    for one in planned:
        weights = one.operation
        layer: Operation
        if isinstance(weights, Weights):
            weight, bias, factors = next(weighted)
            layer = Conv(weight, bias, weights.dilation, weights.groups).scaled(*factors)
        elif weights is None:
            layer = Norm(np.ones(len(one.keys)), np.zeros(len(one.keys)))
        else:
            layer = weights
        yield Node(layer, one.activation, one.inputs)
