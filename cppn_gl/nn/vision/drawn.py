"""Networks that see pictures with drawn weights: `[[network.nodes]]` tables without a file.

    [network] nodes, seed -> Drawn -> ImageNetwork for pictures of a shape

Weights are N(0, 2 / fan in) (He et al. 2015), those of the last layer, which gives the scores,
N(0, 1 / fan in); biases are 0. The draws are those of draws.py with kind WEIGHT: layer = the number
of the layer with weights, from 1, row = output channel, column = (input channel · ky + row) · kx +
column of the tap. Scales of batch_norm are 1, shifts 0. A last layer without `channels` has one for
each class.
"""

import dataclasses
import hashlib
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from cppn_gl.nn.draws import SEED, WEIGHT, draw
from cppn_gl.nn.image_models import check_nodes
from cppn_gl.nn.layers import SOURCE, Layer
from cppn_gl.nn.sources import Source
from cppn_gl.nn.vision.description import Row, described, operation, renamed, weight_shapes
from cppn_gl.nn.vision.network import ImageNetwork, ImageNode
from cppn_gl.nn.vision.pieces import PICTURE
from cppn_gl.nn.vision.preprocess import Preprocess
from cppn_gl.nn.vision.shapes import Shape
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.checks import PresetError, key, validate

MAX_PARAMETERS = 2**24  # that are drawn: 64 MiB
_networks: LRUCache[Any, ImageNetwork] = LRUCache(
    128 * MB, lambda key, network: 4.0 * network.parameters + MB
)


@dataclass(frozen=True)
class Drawn(Source):
    """A network that sees pictures, with drawn weights. Equal tables draw equal networks."""

    nodes: tuple[Any, ...] = key(
        (),
        check_nodes,
        "[[network.nodes]] tables: the layers of a network that sees pictures",
        widget="nodes",
    )
    seed: int = key(
        0, SEED, "seed of the drawn weights", short=True, metavar="N|WORDS", widget="seed"
    )

    classifies: ClassVar[bool] = True
    redrawable = False
    layout = None
    latent = None
    period = None
    boost = ()
    inputs = ("red", "green", "blue")
    draws = "he_normal"

    def __post_init__(self) -> None:
        validate(self, "network.")
        _ = self.rows

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The checked tables. Raises PresetError."""
        return described(self.nodes)

    @property
    def label(self) -> str:
        return "the network"

    @property
    def by_grid(self) -> bool:
        return False

    @property
    def depth(self) -> int:
        """The number of layers with weights on the longest path."""
        levels = {PICTURE: 0}
        for row in self.rows:
            levels[row.name] = max(levels[name] for name in row.inputs) + row.weighted
        return max(levels.values())

    @property
    def hidden_activations(self) -> tuple[str, ...]:
        return tuple(row.activation for row in self.rows[:-1])

    @property
    def output_activation(self) -> str:
        return self.rows[-1].activation

    @property
    def summary(self) -> str:
        return f"depth {self.depth}, {len(self.rows)} layers"

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        return ()

    @cached_property
    def digest(self) -> bytes:
        return hashlib.blake2b(repr((self.nodes, self.seed)).encode(), digest_size=16).digest()

    def preprocessed(self, given: Preprocess) -> Preprocess:
        """The preprocessing: all of it must be given. Raises PresetError."""
        return given.complete(self.label)

    def network_for(self, preprocess: Preprocess) -> ImageNetwork:
        """The network for pictures of a preprocessing that is complete. Raises PresetError."""
        labels = preprocess.labels
        return self.classifying(preprocess.shape, labels if isinstance(labels, tuple) else ())

    def network(self) -> ImageNetwork:
        """Raises PresetError: only with pictures or a preprocessing it is known what it sees."""
        return self.network_for(self.preprocessed(Preprocess()))

    def classifying(self, picture: Shape, classes: tuple[str, ...] = ()) -> ImageNetwork:
        """The network for pictures of a shape and classes of these names. Raises PresetError."""
        made = self.digest, picture, classes
        return _networks.get(made, lambda: self._made(picture, classes))

    def _made(self, picture: Shape, classes: tuple[str, ...]) -> ImageNetwork:
        shapes, places = {PICTURE: picture}, {PICTURE: SOURCE}
        last = max((k for k, row in enumerate(self.rows) if _has_channels(row)), default=-1)
        nodes: list[ImageNode] = []
        count, number = 0, 0
        for k, row in enumerate(self.rows):
            if k == last and row.values["channels"] is None and classes:
                row = renamed(row, channels=len(classes))
            before = [shapes[name] for name in row.inputs]
            wanted = weight_shapes(row, before)
            count += sum(math.prod(shape) for shape in wanted.values())
            if count > MAX_PARAMETERS:
                raise row.error(f"more than {MAX_PARAMETERS:,} weights up to here")
            number += _has_channels(row)
            found = operation(row, self._arrays(wanted, number, output=k == last))
            try:
                shapes[row.name] = found.shape(*before)
            except PresetError as error:
                raise row.error(error.problem) from None
            inputs = tuple(places[name] for name in row.inputs)
            places[row.name] = k
            nodes.append(ImageNode(row.name, found, row.activation, inputs))
        return ImageNetwork.of_nodes(
            nodes, picture.channels, (picture.rows, picture.columns), classes
        )

    def _arrays(
        self, wanted: dict[str, tuple[int, ...]], number: int, *, output: bool
    ) -> dict[str, Float32]:
        """The weights of a layer, by their names and shapes."""
        arrays = {name: np.zeros(shape, np.float32) for name, shape in wanted.items()}
        if "gain" in arrays:
            arrays["gain"][:] = 1
        if "weight" in arrays:
            shape = wanted["weight"]
            fan_in = math.prod(shape[1:])
            drawn = draw(self.seed, number, WEIGHT, shape[0], fan_in, "normal")
            scale = math.sqrt((1 if output else 2) / fan_in)
            arrays["weight"] = (drawn * np.float32(scale)).reshape(shape)
        return arrays

    def layer_picture(self, layer: int) -> "Drawn":
        problem = "layers of a network that sees pictures have no picture of their own"
        raise PresetError(problem, key="network.nodes")

    def output_layer(self, depth: int) -> Layer:
        problem = "a network that sees pictures has no dense output layers"
        raise PresetError(problem, key="network.nodes")

    def replace(self, values: dict[str, Any]) -> Any:
        """With some keys changed. Raises PresetError."""
        if values.get("file") is not None:
            return self._from_file(values)
        for name in values:
            if name not in self.key_names():
                problem = "does not go with [[network.nodes]], which list the layers"
                raise PresetError(problem, key=f"network.{name}")
        return dataclasses.replace(self, **values)

    def to_toml(self) -> dict[str, Any]:
        return {"seed": self.seed, "nodes": [_table(one) for one in self.nodes]}


def _has_channels(row: Row) -> bool:
    return "channels" in row.values


def _table(pairs: Any) -> dict[str, Any]:
    return {name: list(v) if isinstance(v, tuple) else v for name, v in pairs}
