"""The `[network]` table of trained image networks: `file = "squeezenet"`, .onnx, .safetensors.

    file, nodes -> reader (READERS) -> Model: nodes and what the file says of itself
    Trained (the table), [preprocess] -> ImageNetwork

A name without a suffix is that of a known model, in a package that is installed. Weights of such
networks are named by file and sha256 wherever a preset is saved, and never carried.
"""

import dataclasses
import hashlib
import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

from cppn_gl.nn.file_source import File
from cppn_gl.nn.image_models import KNOWN, SUFFIXES, Known, suffix_of
from cppn_gl.nn.layers import SOURCE, Layer
from cppn_gl.nn.vision.network import ImageNetwork, ImageNode
from cppn_gl.nn.vision.pieces import MAX_FILE
from cppn_gl.nn.vision.preprocess import IMAGENET, Preprocess
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.checks import PresetError, checked, line, nearest, show
from cppn_gl.utils.files import read_plain, stamp_of
from cppn_gl.utils.origin import USER, Origin

PROVISIONAL = (224, 224)  # rows and columns of pictures whose size is not known yet
KEYS = ("file", "nodes", "redistribute", "sha256")
_BESIDE = "; it is not in the picture: put it into the same folder"


@dataclass(frozen=True, eq=False)
class Model:
    """What a reader finds in a file.

    channels: of the input; None if the file does not say. size: (rows, columns), None if any.
    preprocess: of a known model; None: asked for. origin, licence: in words, for display.
    """

    nodes: tuple[ImageNode, ...]
    sha256: str
    channels: int | None = None
    size: tuple[int, int] | None = None
    classes: tuple[str, ...] = ()
    preprocess: Preprocess | None = None
    origin: str = ""
    licence: str = ""

    @cached_property
    def parameters(self) -> int:
        return sum(node.operation.parameters for node in self.nodes)


# Name of a known model, or suffix -> "module:function" of (source, nodes, size) -> Model.
# source: the file's path, or its bytes; None of a known model. nodes: the tables [[network.nodes]]
# of the preset. size: rows and columns of the pictures, if a file leaves them free. Raises
# PresetError: with key "preprocess.size" where the size must be given.
Reader = Callable[[Any, Any, tuple[int, int] | None], Model]
READERS: dict[str, str] = {
    "squeezenet": "cppn_gl.nn.vision.squeezenet:read",
    ".onnx": "cppn_gl.nn.vision.onnx_file:read",
    ".safetensors": "cppn_gl.nn.vision.state_dict:read",
}
_read: LRUCache[Any, Model] = LRUCache(256 * MB, lambda key, model: 4.0 * model.parameters)
_networks: LRUCache[Any, ImageNetwork] = LRUCache(
    256 * MB, lambda key, network: 4.0 * network.parameters + MB
)


def _reader(kind: str) -> Reader:
    module, _, name = READERS[kind].partition(":")
    found: Reader = getattr(importlib.import_module(module), name)
    return found


def read_model(
    name: str,
    source: Path | bytes | None = None,
    nodes: tuple[Any, ...] = (),
    size: tuple[int, int] | None = None,
) -> Model:
    """A known model by its name, or that in a file, or in a file's bytes. Raises PresetError.

    A file is read once. One that leaves the size of its pictures free has a Model without a size.
    """
    if name in KNOWN:
        return _reader(name)(None, nodes, None)
    read = _reader(suffix_of(name))
    here = (source, stamp_of(source)) if isinstance(source, Path) else _digest(source)

    def made() -> Model:
        try:
            return read(source, nodes, size)
        except PresetError as error:
            if size is not None or error.key != "preprocess.size":
                raise
            return dataclasses.replace(read(source, nodes, PROVISIONAL), size=None)

    return _read.get((here, nodes, size), made)


def _digest(data: bytes | None) -> bytes:
    return hashlib.sha256(data or b"").digest()


@dataclass(frozen=True, eq=False)
class Trained(File):
    """A network that sees pictures, with weights from a file. Equal ones are the same function.

    `Trained("net.onnx")` reads the file. `weights`: its Model; None of a known model, which is read
    when it is needed: its package may be missing where presets are only listed.
    """

    weights: Model = dataclasses.field(default=None, repr=False)  # type: ignore[assignment]
    content: bytes | None = dataclasses.field(default=None, repr=False)  # that came with a text

    classifies: ClassVar[bool] = True
    layout = None
    draws = ""
    period = None
    latents = ()

    def __post_init__(self) -> None:
        if self.weights is None and not self.known:
            self._set(**_located(self.file, self.nodes, USER))
        if self.sha256 and self.sha256 != self.model.sha256:
            found = f"its sha256 is {self.model.sha256}; expected {self.sha256}"
            raise self._error(f"another file: {found}", "sha256")
        facts = KNOWN.get(self.file) or _facts(self.model)
        self._set(
            **facts._asdict(),
            redistribute=False,
            latent=None,
            boost=(),
            seed=0,
            omega=1.0,
            hidden_omega=1.0,
        )

    @classmethod
    def of(cls, values: dict[str, Any], origin: Origin = USER) -> Self:
        """From values by name, with a file that text from `origin` may name. Raises PresetError."""
        for name in values:
            if name not in KEYS:
                problem = "does not go with a network that sees pictures, which its file determines"
                if name not in {field.name for field in dataclasses.fields(File)}:
                    problem = f"no such key{nearest(name, KEYS)}"
                raise PresetError(problem, key=f"network.{show(name)[1:-1]}")
        if values.get("redistribute") is True:
            problem = "weights of networks that see pictures are named, not carried"
            raise PresetError(problem, key="network.redistribute")
        fields = {field.name: field for field in dataclasses.fields(cls)}
        given: dict[str, Any] = {
            n: checked(fields[n].metadata["check"], v, f"network.{n}")
            for n, v in values.items()
            if n != "redistribute" and v is not None
        }
        file, nodes = str(given["file"]), given.get("nodes", ())
        found: Self = cls(**given | _located(file, nodes, origin))
        return found

    @classmethod
    def key_names(cls) -> tuple[str, ...]:
        return KEYS

    @property
    def model(self) -> Model:
        """What is known of the network. Raises PresetError if its package is missing."""
        return self.weights if self.weights is not None else read_model(self.file)

    @property
    def weights_sha256(self) -> str:
        return self.model.sha256

    @property
    def known(self) -> bool:  # type: ignore[override]
        return self.file in KNOWN

    @property
    def structured(self) -> bool:
        return False

    @property
    def by_grid(self) -> bool:
        return False

    @cached_property
    def digest(self) -> bytes:
        return hashlib.blake2b(repr(self._content).encode(), digest_size=16).digest()

    def preprocessed(self, given: Preprocess) -> Preprocess:
        """The preprocessing: what the table gives, over a known model's. Raises PresetError."""
        found = given.over(self.model.preprocess)
        rows, columns = self.model.size or (0, 0)
        if found.size is None and rows:
            found = dataclasses.replace(found, size=(columns, rows))
        found = found.complete(self.label)
        count = self.model.channels
        if count is not None and count != len(found.planes):
            problem = f"{self.label} sees {count} channels; {show(found.order)} has"
            raise PresetError(f"{problem} {len(found.planes)}", key="preprocess.order")
        return found

    def network_for(self, preprocess: Preprocess) -> ImageNetwork:
        """The network for pictures of a preprocessing that is complete. Raises PresetError."""
        classes = preprocess.labels
        key = self.digest, preprocess.shape, classes
        return _networks.get(key, lambda: self._made(preprocess))

    def _made(self, preprocess: Preprocess) -> ImageNetwork:
        channels, rows, columns = preprocess.shape
        model, source = self.model, self.content or self.path
        try:
            if suffix_of(self.file) in SUFFIXES and model.size != (rows, columns):
                model = read_model(self.label, source, self.nodes, (rows, columns))
            return ImageNetwork.of_nodes(
                model.nodes, channels, (rows, columns), self._classes(preprocess)
            )
        except PresetError as error:
            where = error.key or "preprocess.size"
            problem = f"{self.label} for pictures of {columns}×{rows}: {error.problem}"
            raise PresetError(problem, key=where) from None

    def _classes(self, preprocess: Preprocess) -> tuple[str, ...]:
        labels = preprocess.labels
        if not labels or (self.known and labels == IMAGENET):
            return self.model.classes
        if isinstance(labels, str):
            from cppn_gl.nn.vision.labels import imagenet

            return imagenet()
        return labels

    def network(self) -> ImageNetwork:
        """The network for pictures of its own preprocessing. Raises PresetError without one."""
        return self.network_for(self.preprocessed(Preprocess()))

    @property
    def count(self) -> int:
        return len(self.model.nodes)

    @property
    def texts(self) -> dict[str, str]:
        return {}

    @property
    def hidden_activations(self) -> tuple[str, ...]:
        return tuple(node.activation for node in self.model.nodes[:-1])

    @property
    def summary(self) -> str:
        return f"depth {self.depth}, {self.label}"

    @property
    def assumed(self) -> str:
        return ""

    @property
    def guesses_hidden(self) -> bool:
        return False

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        weights = (getattr(node.operation, "weight", None) for node in self.model.nodes)
        return tuple(weight.shape for weight in weights if weight is not None)

    def layer_picture(self, layer: int) -> "Trained":
        raise self._error("layers of a network that sees pictures have no picture of their own")

    def output_layer(self, depth: int) -> Layer:
        raise self._error("a network that sees pictures has no dense output layers")

    def to_bytes(self) -> bytes:
        """The file as it is, for the user's own processes elsewhere. Raises PresetError."""
        data = self.content if self.path is None else read_plain(self.path, MAX_FILE)
        if data is None or hashlib.sha256(data).hexdigest() != self.model.sha256:
            raise self._error("is not there any more, or has changed")
        return data

    def replace(self, values: dict[str, Any]) -> Any:
        """With some keys changed. Another file keeps none."""
        if "file" in values:
            return self._from_file(values)
        for name in values:
            if name not in KEYS:
                problem = f"cannot be changed: the network is that of {self.label}"
                raise PresetError(problem, key=f"network.{name}")
        return self._from_file({**self.to_toml(), **values})

    def to_toml(self) -> dict[str, Any]:
        table: dict[str, Any] = {"file": self.file}
        if self.sha256:
            table["sha256"] = self.sha256
        return table | ({"nodes": [dict(one) for one in self.nodes]} if self.nodes else {})

    @property
    def _content(self) -> tuple[Any, ...]:
        return (self.file,) if self.known else (self.model.sha256, repr(self.nodes))


def _located(name: str, nodes: tuple[Any, ...], origin: Origin) -> dict[str, Any]:
    """`file`, the absolute path, its Model, and its bytes if these came along; or a model's name.

    Raises PresetError.
    """
    if name in KNOWN:
        if nodes:
            problem = f"{name} has its own layers; name a .safetensors file"
            raise PresetError(problem, key="network.nodes")
        return {"file": name}
    try:
        if origin.weights is not None:  # the name is but a name
            label = re.split(r"[/\\]", line(4096)(name))[-1]
            found = read_model(label, origin.weights, nodes)
            return {"file": label, "weights": found, "content": origin.weights}
        path = origin.resolve(line(4096)(name))
        return {"file": str(path), "weights": read_model(path.name, path, nodes)}
    except PresetError as error:
        missing = not origin.trusted and origin.weights is None and not path.exists()
        key = error.key if error.key == "network.nodes" else "network.file"
        label, hint = re.split(r"[/\\]", name)[-1], _BESIDE if missing else ""
        problem = error.problem.removeprefix(f"{label}: ")
        raise PresetError(f"{label}: {problem}{hint}", key=key) from None
    except ValueError as error:
        raise PresetError(f"{show(name)}: {error}", key="network.file") from None


def _facts(model: Model) -> Known:
    hidden = [node.activation for node in model.nodes if node.activation != "identity"]
    return Known(
        depth=max(_levels(model.nodes), default=0),
        activation=hidden[0] if hidden else "identity",
        output_activation=model.nodes[-1].activation,
        inputs=("grey",) if model.channels == 1 else ("red", "green", "blue"),
    )


def _levels(nodes: tuple[ImageNode, ...]) -> list[int]:
    """For each node the number of those with weights on the longest path to it."""
    levels: list[int] = []
    for node in nodes:
        before = max((0 if i == SOURCE else levels[i] for i in node.inputs), default=0)
        levels.append(before + (getattr(node.operation, "weight", None) is not None))
    return levels
