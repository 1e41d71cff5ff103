"""The source of a network whose file holds a graph of layers: see graph_file.py.

    [network] file -> File.of() -> GraphFile -> GraphNetwork

The file determines the network: inputs, layers, normalisations and their statistics, the declared
region and its grid. The table says how its latent constants are drawn, which units are boosted, and
which layer's picture is shown.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cppn_gl.nn.blocks import MAX_NODES
from cppn_gl.nn.features import TURN, check_inputs, latent_count
from cppn_gl.nn.file_source import File, names_in
from cppn_gl.nn.files import WRITERS
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.graph_file import Graph, graph_tensors
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Region
from cppn_gl.nn.operations import Conv
from cppn_gl.nn.sources import check_boost, drawn_latents
from cppn_gl.utils.checks import PresetError, checked, integer, key

KEYS = ("file", "boost", "last_layer", "seed", "latent", "redistribute", "sha256")


@dataclass(frozen=True, eq=False)
class GraphFile(File):
    """A graph of weights from a file. Equal sources have equal graphs and keys."""

    boost: tuple[tuple[int, int, float], ...] = key(None, check_boost, "as of random networks")
    last_layer: int | None = key(None, integer(1, MAX_NODES), "as of random networks")

    def __post_init__(self) -> None:
        texts = self.weights.texts
        try:
            inputs = check_inputs(names_in(texts.get("inputs", "x,y")))
            latent = tuple(map(float, names_in(texts["latent"]))) if "latent" in texts else None
            period = float(texts["period"]) if "period" in texts else None
        except ValueError as error:
            raise self._error(f"metadata: {getattr(error, 'problem', error)}") from None
        try:
            stages = self.graph.network(inputs, latent=(0.0,) * latent_count(inputs)).stages
        except PresetError as error:
            raise self._error(error.problem) from None
        if not isinstance(stages[-1].operation, Conv):
            problem = f"its last layer is {stages[-1].label!r}; expected a conv, with the outputs"
            raise self._error(problem)
        hidden = [stage.activation for stage in stages[:-1] if stage.activation != "identity"]
        self._set(
            inputs=inputs,
            latent=self.latent if self.latent is not None else latent,
            period=period,
            boost=self.graph.boost if self.boost is None else self.boost,
            activation=hidden[0] if hidden else "identity",
            output_activation=stages[-1].activation,
        )
        names = {field.name: field for field in dataclasses.fields(self)}
        for name in KEYS:
            if getattr(self, name) is not None:
                value = checked(
                    names[name].metadata["check"], getattr(self, name), f"network.{name}"
                )
                self._set(**{name: value})
        if self.sha256 and self.sha256 != self.weights.sha256:
            found = f"its sha256 is {self.weights.sha256}; expected {self.sha256}"
            raise self._error(f"another file: {found}", "sha256")
        needed = latent_count(inputs)
        if self.latent is not None and len(self.latent) < needed:
            problem = f"{len(self.latent)} values; the inputs need {needed}"
            raise PresetError(problem, key="network.latent")
        if self.last_layer is not None and self.last_layer > len(stages):
            problem = f"{self.last_layer}; the network has {len(stages)} layers"
            raise PresetError(problem, key="network.last_layer")
        try:
            self._set(depth=self.network().depth)
        except PresetError as error:
            own = error.key.removeprefix("network.")
            raise self._error(error.problem, own if own in KEYS else "file") from None

    @classmethod
    def key_names(cls) -> tuple[str, ...]:
        return KEYS

    @property
    def structured(self) -> bool:
        return True

    @property
    def graph(self) -> Graph:
        assert self.weights.graph is not None
        return self.weights.graph

    @property
    def digest(self) -> bytes:
        return self.graph.digest

    @property
    def region(self) -> Region:
        """The declared region, which the file determines."""
        return self.graph.region

    @cached_property
    def _network(self) -> GraphNetwork:
        latent, period = self.latents, self.period or TURN
        network = self.graph.network(self.inputs, latent=latent, period=period, boost=self.boost)
        return network if self.last_layer is None else network.truncated(self.last_layer)

    def network(self) -> GraphNetwork:
        return self._network

    @property
    def latents(self) -> tuple[float, ...]:
        return self.latent if self.latent is not None else drawn_latents(self.seed, self.inputs)

    @property
    def count(self) -> int:
        return len(self._network.stages)

    @property
    def hidden_activations(self) -> tuple[str, ...]:
        return tuple(stage.activation for stage in self._network.stages[:-1])

    @property
    def summary(self) -> str:
        return f"depth {self.depth}, a graph of {self.label}"

    @property
    def draws(self) -> str:
        return ""

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        layers: Sequence[Any] = [node.layer for node in self._network.nodes]
        return tuple(layer.weight.shape for layer in layers if isinstance(layer, Conv))

    @property
    def guesses_hidden(self) -> bool:
        return False

    def layer_picture(self, layer: int) -> "GraphFile":
        return dataclasses.replace(self, last_layer=layer)

    def output_layer(self, depth: int) -> Layer:
        raise PresetError("a graph has no dense output layers", key="network.file")

    def to_bytes(self) -> bytes:
        """The file, without boosts and changes of this table."""
        whole = self.graph.network(self.inputs, latent=self.latents, period=self.period or TURN)
        return WRITERS[".safetensors"](graph_tensors(whole))

    def replace(self, values: dict[str, Any]) -> Any:
        """With some keys changed. Another file keeps none but `redistribute`."""
        if "file" in values:
            own = {"redistribute": self.redistribute} if not self.redistribute else {}
            return self._from_file({**own, **values})
        for name in values:
            if name not in KEYS:
                problem = f"cannot be changed: the network is the graph of {self.label}"
                raise PresetError(problem, key=f"network.{name}")
        return dataclasses.replace(self, **values)

    def to_toml(self) -> dict[str, Any]:
        table: dict[str, Any] = {"file": self.file}
        if self.boost != self.graph.boost:
            table["boost"] = [list(one) for one in self.boost]
        if self.last_layer is not None:
            table["last_layer"] = self.last_layer
        if self.seed:
            table["seed"] = self.seed
        if self.latent is not None and "latent" not in self.weights.texts:
            table["latent"] = list(self.latent)
        if not self.redistribute:
            table["redistribute"] = False
        return table | ({"sha256": self.sha256} if self.sha256 else {})

    @cached_property
    def _content(self) -> tuple[Any, ...]:
        of = self.graph.digest, self.inputs, self.latents, self.period
        return *of, self.boost, self.last_layer, self.redistribute
