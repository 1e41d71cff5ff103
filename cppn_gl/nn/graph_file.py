"""Graphs in files of weights: the tensors of their layers, and a text that says how they lie.

    GraphNetwork -> graph_tensors() -> Tensors -> read_graph() -> Graph -> network()

Tensors are `layers.N.weight` (out, in / groups, ky, kx) and `layers.N.bias` of the convolutions, N
from 0 in the order of the nodes, and `norms.N.gain`, `.shift`, `.mean` and `.std` (float64) of the
normalisations, the last two only if these have been measured. The text `graph` is JSON:

    {"grid": 256, "region": [0, 0, 1], "boost": [[layer, unit, factor]], "nodes": [
        {"type": "conv", "inputs": [-1], "activation": "relu", "dilation": 1, "groups": 1},
        {"type": "max_pool", "inputs": [0], "size": 3}, …]}

Nodes are in topological order, -1 stands for the input features, and keys with default values may
be missing. Nothing in it is trusted.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.blocks import MAX_BRANCHES, MAX_NODES
from cppn_gl.nn.features import TURN
from cppn_gl.nn.files import GRAPH, MAX_GRAPH, Tensors, unique
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.layers import MAX_WIDTH, SIZES, Layer, Node, Operation
from cppn_gl.nn.network import Region
from cppn_gl.nn.operations import (
    Activation,
    Add,
    AvgPool,
    Concat,
    Conv,
    MaxPool,
    Norm,
    Statistics,
)
from cppn_gl.nn.sources import check_boost
from cppn_gl.nn.structures import MAX_RADIUS
from cppn_gl.utils.checks import PresetError, choice, integer, nearest, number, several, show

KINDS: dict[str, Any] = {
    "conv": Conv,
    "max_pool": MaxPool,
    "avg_pool": AvgPool,
    "normalize": Norm,
    "activation": Activation,
    "concat": Concat,
    "add": Add,
}
_POOLS = ("max_pool", "avg_pool")
_TERMS = ("gain", "shift", "mean", "std")
_MODULE, _NESTING = 60, 16  # characters of a module's name, and modules in each other
_BELOW = re.compile(r"(layers|norms)\.(0|[1-9]\d{0,3})\.(weight|bias|gain|shift|mean|std)")


@dataclass(frozen=True, eq=False)
class Graph:
    """The content of a file: nodes, and what a network has besides its inputs."""

    nodes: tuple[Node, ...]
    modules: tuple[tuple[str, ...], ...]
    grid: int
    region: Region
    boost: tuple[tuple[int, int, float], ...]

    @cached_property
    def digest(self) -> bytes:
        about = self.modules, self.grid, tuple(self.region), self.boost
        content = hashlib.blake2b(repr(about).encode(), digest_size=16)
        for node in self.nodes:
            content.update(repr((node.activation, node.inputs)).encode() + node.layer.digest)
        return content.digest()

    def network(self, inputs: tuple[str, ...], **keys: Any) -> GraphNetwork:
        """The network. `keys`: latent, period, boost …. Raises PresetError if it does not fit."""
        own: dict[str, Any] = {"grid": self.grid, "region": self.region, "boost": self.boost}
        network = GraphNetwork(self.nodes, inputs, modules=self.modules, **(own | keys))
        if network.radius > MAX_RADIUS:
            problem = f"reaches {network.radius} taps to each side; expected at most {MAX_RADIUS}"
            raise PresetError(problem)
        return network


def graph_tensors(network: GraphNetwork) -> Tensors:
    """A network as the content of a file."""
    arrays: dict[str, Any] = {}
    nodes = []
    counts = {"layers": 0, "norms": 0}
    for node, modules in zip(network.nodes, network.modules, strict=True):
        layer = node.layer
        if isinstance(layer, Layer):
            layer = Conv(layer.weight[..., None, None], layer.bias)
        kind = next((name for name, cls in KINDS.items() if type(layer) is cls), None)
        if kind is None:
            raise PresetError(f"a file cannot hold the layer {layer.label!r}")
        entry: dict[str, Any] = {"type": kind, "inputs": list(node.inputs)}
        if node.activation != "identity":
            entry["activation"] = node.activation
        if isinstance(layer, Conv):
            entry |= {n: v for n in ("dilation", "groups") if (v := getattr(layer, n)) != 1}
            _add(arrays, counts, "layers", {"weight": layer.weight, "bias": layer.bias})
        elif isinstance(layer, Norm):
            terms = (layer.gain, layer.shift, *(layer.statistics or ()))
            _add(arrays, counts, "norms", dict(zip(_TERMS, terms, strict=False)))
        elif isinstance(layer, MaxPool | AvgPool):
            entry["size"] = layer.size
        nodes.append(entry | ({"modules": list(modules)} if modules else {}))
    graph: dict[str, Any] = {"grid": network.grid}
    if network.region != Region():
        graph["region"] = [*network.region.center, network.region.extent]
    if network.boost:
        graph["boost"] = [list(one) for one in network.boost]
    text = json.dumps(graph | {"nodes": nodes}, separators=(",", ":"), ensure_ascii=False)
    if len(text) > MAX_GRAPH:
        raise PresetError(f"{len(nodes)} nodes, which are too many for a file")
    texts = {GRAPH: text, "inputs": ",".join(network.inputs)}
    if network.latent:
        texts["latent"] = ",".join(map(repr, network.latent))
    if network.period != TURN:
        texts["period"] = repr(network.period)
    return Tensors(arrays, texts)


def _add(arrays: dict[str, Any], counts: dict[str, int], kind: str, parts: dict[str, Any]) -> None:
    arrays |= {f"{kind}.{counts[kind]}.{name}": array for name, array in parts.items()}
    counts[kind] += 1


def read_graph(tensors: Tensors) -> Graph:
    """The graph in a file's content. Raises ValueError, in one line."""
    try:
        found = json.loads(
            tensors.texts[GRAPH], object_pairs_hook=unique, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        words = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise ValueError(f"its graph is not JSON: {words}") from None
    table = _table(found, ("grid", "region", "boost", "nodes"), "its graph")
    entries = table.get("nodes")
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_NODES:
        raise ValueError(f"its graph has no nodes; expected a list of 1 to {MAX_NODES}")
    x, y, extent = _checked(_region, table.get("region", [0, 0, 1]), "region")
    left, counts = dict(tensors.arrays), {"layers": 0, "norms": 0}
    for name in left:
        if not _BELOW.fullmatch(name):
            raise ValueError(f"{show(name)} belongs to no node of its graph")
    nodes, modules = [], []
    for index, entry in enumerate(entries):
        node, path = _node(entry, index, left, counts)
        nodes.append(node)
        modules.append(path)
    read = {i for node in nodes for i in node.inputs}
    for index in range(len(nodes) - 1):
        if index not in read:
            raise ValueError(f"no node reads node {index + 1}, which is not the last one")
    if left:
        raise ValueError(f"{show(next(iter(left)))} belongs to no node of its graph")
    return Graph(
        tuple(nodes),
        tuple(modules),
        _checked(integer(8, 1024), table.get("grid", 256), "grid"),
        Region((x, y), extent),
        _checked(check_boost, table.get("boost", []), "boost"),
    )


def _node(
    entry: Any, index: int, left: dict[str, Any], counts: dict[str, int]
) -> tuple[Node, tuple[str, ...]]:
    """A node, and the path of its modules; its tensors are taken out of `left`."""
    where = f"node {index + 1}"
    known = ("type", "inputs", "activation", "dilation", "groups", "size", "modules")
    table = _table(entry, known, where)
    kind = _checked(choice(KINDS), table.get("type"), f"{where}: type")
    own = {"conv": ("dilation", "groups")} | dict.fromkeys(_POOLS, ("size",))
    for name in table:
        if name in ("dilation", "groups", "size") and name not in own.get(kind, ()):
            raise ValueError(f"{where} ({kind}): no such key {show(name)}")
    inputs = _checked(
        several(integer(-1, index - 1), 1, MAX_BRANCHES), table.get("inputs"), f"{where}: inputs"
    )
    activation = _checked(
        choice(ACTIVATIONS), table.get("activation", "identity"), f"{where}: activation"
    )
    modules = _checked(several(_module, 0, _NESTING), table.get("modules", []), f"{where}: modules")
    try:
        return Node(_layer(kind, table, left, counts, where), activation, inputs), modules
    except PresetError as error:
        raise ValueError(f"{where} ({kind}): {error.problem}") from None


def _layer(
    kind: str, table: dict[str, Any], left: dict[str, Any], counts: dict[str, int], where: str
) -> Operation:
    size: Any = _checked(choice(SIZES), table.get("size", 3), f"{where}: size")
    if kind == "conv":
        weight, bias = _taken(left, counts, "layers", ("weight", "bias"), where)
        if weight.ndim != 4 or bias.ndim != 1:
            raise ValueError(f"{where}: expected weight (out, in, rows, columns) and bias (out,)")
        numbers = {
            name: _checked(integer(1, most), table.get(name, 1), f"{where}: {name}")
            for name, most in (("dilation", 64), ("groups", MAX_WIDTH))
        }
        return Conv(weight, bias, **numbers)
    if kind == "normalize":
        measured = f"norms.{counts['norms']}.mean" in left
        terms = _taken(left, counts, "norms", _TERMS[: 4 if measured else 2], where)
        if any(term.ndim != 1 or term.shape != terms[0].shape for term in terms):
            raise ValueError(f"{where}: expected one gain, shift, mean and std for each channel")
        gain, shift, *rest = (term.astype(np.float64) for term in terms)
        if rest and not (rest[1] > 0).all():
            raise ValueError(f"{where}: a standard deviation that is not above 0")
        return Norm(gain, shift, Statistics(*rest) if rest else None)
    operation: Operation = KINDS[kind](size) if kind in _POOLS else KINDS[kind]()
    return operation


def _taken(
    left: dict[str, Any], counts: dict[str, int], kind: str, names: tuple[str, ...], where: str
) -> list[Any]:
    """The tensors of the next layer, or normalisation, which are no longer in `left`."""
    found = []
    for name in names:
        whole = f"{kind}.{counts[kind]}.{name}"
        if whole not in left:
            raise ValueError(f"{where}: {whole} is missing")
        found.append(left.pop(whole))
    counts[kind] += 1
    return found


def _table(value: Any, known: tuple[str, ...], where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{where}: {show(value)}; expected an object of JSON")
    for name in value:
        if name not in known:
            raise ValueError(f"{where}: no such key {show(name)}{nearest(name, known)}")
    return dict(value)


def _region(value: Any) -> tuple[float, float, float]:
    x, y, extent = several(number(-1e6, 1e6), 3, 3)(value)
    return x, y, number(1e-6, 1e6)(extent)


def _module(value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= _MODULE:
        raise ValueError(f"{show(value)} is no name of at most {_MODULE} characters")
    return value


def _checked(check: Any, value: Any, where: str) -> Any:
    try:
        return check(value)
    except (ValueError, TypeError, OverflowError) as error:
        problem = error.problem if isinstance(error, PresetError) else error
        raise ValueError(f"{where}: {problem}") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")
