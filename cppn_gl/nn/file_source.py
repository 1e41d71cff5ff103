"""The source of a network whose weights are in a file: `[network] file = "w.safetensors"`.

    [network] table -> File -> the file's Weights -> Chain of layers -> Network

A key of the table wins over the file's own metadata (activations, inputs, omega, hidden_omega,
latent), and these over the defaults.
"""

import dataclasses
import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast

from cppn_gl.nn.draws import SEED
from cppn_gl.nn.encodings import ORDERS, displayed
from cppn_gl.nn.features import PERIOD, TURN, check_inputs, latent_count
from cppn_gl.nn.image_models import check_nodes, sees_pictures
from cppn_gl.nn.layers import MAX_DEPTH, Layer
from cppn_gl.nn.network import Network, output_layer
from cppn_gl.nn.sources import (
    ACTIVATION,
    Boost,
    Random,
    Source,
    activations_of,
    boost_key,
    boosted,
    boosted_layer,
    drawn_latents,
    fitting,
    latent_key,
    omega_key,
    period_key,
)
from cppn_gl.nn.weights import Chain, Weights, read_weights
from cppn_gl.utils.checks import (
    PresetError,
    checked,
    checked_field,
    choice,
    flag,
    integer,
    key,
    line,
    nearest,
    number,
    several,
    show,
    validate,
)
from cppn_gl.utils.origin import USER, Origin

_SHA256 = 64  # hexadecimal digits
_BESIDE = "; it is not in the picture: put it into the same folder"


def _sha256(value: Any) -> str:
    text = line(_SHA256)(value).lower()
    if text and (len(text) != _SHA256 or set(text) - set("0123456789abcdef")):
        raise ValueError(f"{show(value)} is not {_SHA256} hexadecimal digits")
    return text


@dataclass(frozen=True, eq=False)
class File(Source):
    """A network of weights from a file. Equal sources have equal weights and keys.

    `File("net.safetensors", inputs=("x", "y", "t"))` reads the file; a relative path is relative to
    the current folder. Keys that are None follow from the file. After that `file` is the absolute
    path, or a mere name for weights that came inside a picture.
    """

    redrawable = False
    layout = None
    known = False  # whether it is a model by its name, in a package that is installed

    file: str = key(
        "",
        line(4096),
        "weights from this .safetensors or .npz file, relative to the preset; see A network of "
        "your own; or an image network: an .onnx file, or squeezenet",
        widget="file",
    )
    inputs: tuple[str, ...] = key(
        None, check_inputs, "input features, one for each column of the first weight"
    )
    activation: str | tuple[str, ...] = key(
        None, activations_of, "activation of the hidden layers, one for all or a list"
    )
    output_activation: str = key(None, ACTIVATION, "activation of the last layer")
    omega: float = omega_key()
    hidden_omega: float = key(
        None,
        number(-1e6, 1e6),
        "factor on those of a file's later layers whose activation is sin: ω₀ of a SIREN",
        slider=(1, 60),
    )
    transposed: bool | None = key(
        None,
        flag,
        "whether a file's weights are (in, out); told by their shapes when absent, "
        "(out, in) where both fit",
    )
    fourier_order: str = key(
        None,
        choice(ORDERS),
        "order of the sines and cosines after a file's matrix B of Fourier features; "
        f"omega is its factor, 2π by default: {' '.join(ORDERS)}",
    )
    output_range: tuple[float, float] = key(
        None,
        several(number(-1e6, 1e6), 2, 2),
        "outputs of a file that are displayed as 0 and 1: [-1, 1]; [0, 1] when absent",
    )
    depth: int = key(None, integer(1, MAX_DEPTH), "the first layers of the file only")
    weight_scale: float = key(1.0, number(0, 1000), "factor on the weights", factor=True)
    bias_scale: float | None = key(
        None,
        number(0, 1000),
        "factor on the biases; equals weight_scale when absent",
        factor=True,
    )
    seed: int = key(0, SEED, "seed of the latent constants, if these are drawn")
    latent: tuple[float, ...] | None = latent_key()
    period: float | None = period_key()
    boost: tuple[Boost, ...] = boost_key()
    redistribute: bool = key(
        True,
        flag,
        "whether a saved picture may carry a file's weights; else it names file and sha256",
    )
    sha256: str = key("", _sha256, "a file's SHA-256, in hexadecimal; another file is refused")
    nodes: tuple[Any, ...] = key(
        (),
        check_nodes,
        "[[network.nodes]] tables: the layers of a network that sees pictures, whose weights are "
        "in a .safetensors file",
        widget="nodes",
    )
    weights: Weights = dataclasses.field(default=None, repr=False)  # type: ignore[assignment]
    _missing: frozenset[str] = dataclasses.field(default=frozenset(), init=False, repr=False)

    def __post_init__(self) -> None:
        if self.weights is None:
            path = _named(self.file, USER)
            self._set(weights=_weights(path), file=str(path))
        if self.weights.graph is not None:
            raise self._error("holds a graph; expected File.of, which gives its source")
        named = "activations" in self.weights.texts
        missing = () if named else [n for n in _FOLLOWING if getattr(self, n) is None]
        self._set(_missing=frozenset(missing))
        checks = {field.name: field for field in dataclasses.fields(self)}
        for name in _FOLLOWING:  # activations follow from ω₀
            if getattr(self, name) is None:
                try:
                    value = checked_field(checks[name], self._implied(name), name)
                except ValueError as error:  # a PresetError, too
                    of = "activations" if "activation" in name else name
                    problem = getattr(error, "problem", str(error))
                    raise self._error(f"metadata {of}: {problem}") from None
                self._set(**{name: value})
        validate(self, "network.")
        self._set(depth=self.depth or len(self.chain))
        self._check()

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _check(self) -> None:
        if self.sha256 and self.sha256 != self.weights.sha256:
            found = f"its sha256 is {self.weights.sha256}; expected {self.sha256}"
            raise self._error(f"another file: {found}", "sha256")
        count = len(self.chain)
        if self.depth > count:
            raise self._error(f"{count} layers; expected a depth of 1 to {count}", "depth")
        hidden = count - 1 - self.chain.encoded
        if not isinstance(self.activation, str) and len(self.activation) != hidden:
            problem = f"{len(self.activation)} activations; it has {hidden} hidden layers"
            raise self._error(problem, "activation")
        needed = latent_count(self.inputs)
        if self.latent is not None and len(self.latent) < needed:
            problem = f"{len(self.latent)} values; the inputs need {needed}"
            raise PresetError(problem, key="network.latent")
        try:
            self.network()
        except PresetError as error:
            key = error.key.removeprefix("network.")
            raise self._error(error.problem, key if key in _FOLLOWING else "file") from None

    def _error(self, problem: str, name: str = "file") -> PresetError:
        return PresetError(f"{self.label}: {problem}", key=f"network.{name}")

    def _implied(self, name: str) -> Any:
        """A key's value where the table does not give it: from the file, or the default."""
        text = self.weights.texts.get(name)
        if name in ("activation", "output_activation"):
            return self._implied_activation(name)
        if name == "inputs":
            return check_inputs(names_in(text)) if text else ("x", "y")
        if name == "latent":
            return tuple(map(float, names_in(text))) if text else None
        if name == "fourier_order":
            return text or next(iter(ORDERS))
        if name == "output_range":
            return tuple(map(float, names_in(text))) if text else (0.0, 1.0)
        if name in ("omega", "hidden_omega"):
            turn = name == "omega" and self.weights.fourier is not None
            return float(text) if text else (2 * math.pi if turn else 1.0)
        if name == "period":
            return PERIOD(float(text)) if text else None
        return None

    def _implied_activation(self, name: str) -> Any:
        listed = self.weights.texts.get("activations")
        if listed is None:
            siren = self.omega if self.weights.fourier is None else 1.0
            waves = (siren, self.hidden_omega) != (1.0, 1.0)
            return "identity" if name == "output_activation" else ("sin" if waves else "relu")
        names = [ACTIVATION(one) for one in names_in(listed)]
        if len(names) != len(self.weights.pairs):
            raise ValueError(f"{len(names)} names; expected {len(self.weights.pairs)}, one a layer")
        if name == "output_activation":
            return names[-1]
        return names[0] if len(set(names[:-1])) == 1 else tuple(names[:-1])

    @classmethod
    def describes(cls, table: dict[str, Any]) -> bool:
        return "file" in table

    @classmethod
    def of(cls, values: dict[str, Any], origin: Origin = USER) -> Self:
        """From values by name, with a file that text from `origin` may name. Raises PresetError.

        Of a file that holds a graph it is a GraphFile (graph_source.py).
        """
        saved = ""  # the hash of the network that the text is about
        if origin.network is not None:
            saved = values.get("sha256", "")
            values = {n: v for n, v in values.items() if n != "sha256"}
            values["file"], origin = os.fspath(origin.network), USER
        if sees_pictures(values, origin):
            trained: Any = _trained_source().of(values, origin)
            same = saved and saved == trained.weights_sha256
            return cast(Self, dataclasses.replace(trained, sha256=saved) if same else trained)
        if origin.weights is None:
            path = _named(values["file"], origin)
            found, file = _weights(path, "" if origin.trusted else _BESIDE), str(path)
        else:  # the name is but a name
            found = _carried(origin.weights, origin.sha256)
            file = re.split(r"[/\\]", checked(line(4096), values["file"], "network.file"))[-1]
        kind: type[Any] = cls if found.graph is None else _graph_source()
        random = [field.name for field in dataclasses.fields(Random)]
        for name in values:
            if name not in kind.key_names() and name in (*random, "layers", *cls.key_names()):
                problem = "cannot be set together with file, which determines it"
                raise PresetError(problem, key=f"network.{name}")
            if name not in kind.key_names():
                hint = nearest(name, kind.key_names())
                raise PresetError(f"no such key{hint}", key=f"network.{show(name)[1:-1]}")
        given = {n: tuple(v) if isinstance(v, list) else v for n, v in values.items()}
        source: Self = kind(**{**given, "file": file, "weights": found})
        return source

    @property
    def label(self) -> str:
        """The file's name without its folders."""
        return Path(self.file).name

    @property
    def chain(self) -> Chain:
        """The weights in the file, (out, in), without any factor. Raises PresetError."""
        try:
            return self.weights.chain(len(self.inputs), self.transposed, self.fourier_order)
        except ValueError as error:
            raise self._error(f"{error} ({' '.join(self.inputs)})") from None

    @property
    def digest(self) -> bytes:
        """A hash of the weights in the file."""
        return self.chain.digest

    @property
    def count(self) -> int:
        """The number of layers in the file."""
        return len(self.chain)

    def to_bytes(self) -> bytes:
        """The network file as it is carried, whatever the format of the file it came from."""
        return self.chain.to_bytes(self.texts)

    @property
    def weights_sha256(self) -> str:
        """The SHA-256 of the file, in hexadecimal."""
        return self.weights.sha256

    @property
    def texts(self) -> dict[str, str]:
        """The metadata in the file that this program knows."""
        known = ("activations", *_FOLLOWING)
        return {name: text for name, text in self.weights.texts.items() if name in known}

    @property
    def path(self) -> Path | None:
        """The file; None for weights that came inside a picture."""
        return Path(self.file) if Path(self.file).is_absolute() else None

    @property
    def assumed(self) -> str:
        """Which activations neither the table nor the file names, in words; "" if none."""
        parts = [f"{self.activation} in hidden layers"] if self.guesses_hidden else []
        if "output_activation" in self._missing:
            parts.append(f"{self.output_activation} in the last")
        words = f"{self.label} does not name its activations; taken for "
        return words + ", ".join(parts) if parts else ""

    @property
    def guesses_hidden(self) -> bool:
        """Whether neither the table nor the file names the activation of the hidden layers."""
        hidden = isinstance(self.activation, str) and "activation" in self._missing
        return hidden and self.depth > 1

    @property
    def latents(self) -> tuple[float, ...]:
        return self.latent if self.latent is not None else drawn_latents(self.seed, self.inputs)

    @property
    def hidden_activations(self) -> tuple[str, ...]:
        return self._all_hidden[: self.depth - 1]

    @property
    def _all_hidden(self) -> tuple[str, ...]:
        own, encoded = self.activation, self.chain.encoded
        if isinstance(own, str):
            own = (own,) * (len(self.chain) - 1 - encoded)
        return (*["sin"] * encoded, *own)

    @property
    def summary(self) -> str:
        return f"depth {self.depth}, weights of {self.label}"

    @property
    def draws(self) -> str:
        bias = "" if self.bias_scale is None else f"  bias scale {self.bias_scale:.4g}"
        return f"weight scale {self.weight_scale:.4g}{bias}"

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        return tuple(layer.weight.shape for layer in self._layers()[0])

    def _file_layers(self) -> tuple[Layer, ...]:
        """All layers of the file, with ω₀, without scales and output_range."""
        activations = (*self._all_hidden, self.output_activation)
        return self.chain.layers(activations, self.omega, self.hidden_omega)

    def _scales(self, index: int) -> tuple[float, float]:
        """The factors on the weights and on the biases of a layer, from 0."""
        encoding = index == 0 and self.chain.encoded  # whose biases are angles
        bias = self.weight_scale if self.bias_scale is None else self.bias_scale
        return self.weight_scale, 1.0 if encoding else bias

    def _layers(self) -> tuple[tuple[Layer, ...], list[tuple[float, float]]]:
        """The layers up to `depth`, and their factors.

        Those of the last layer are part of it if there is an output_range, whose shift is no bias.
        """
        layers, scales = self._file_layers(), [self._scales(k) for k in range(self.depth)]
        if self.depth < len(layers):
            layers = (*layers[: self.depth - 1], output_layer(layers, self.depth))
        if self.output_range != (0, 1):
            layers = (*layers[:-1], self._displayed(layers[-1], scales[-1]))
            scales[-1] = (1.0, 1.0)
        return layers, scales

    def _displayed(self, last: Layer, scales: tuple[float, float]) -> Layer:
        """An output layer, effective."""
        effective = last.scaled(*scales)
        try:
            return displayed(effective, *self.output_range)
        except PresetError as error:
            raise PresetError(error.problem, key="network.output_range") from None

    def network(self) -> Network:
        layers, scales = self._layers()
        period = self.period or TURN
        whole = boosted(layers, self.boost)
        return Network(whole, self.inputs, latent=self.latents, period=period, scales=scales)

    def layer_picture(self, layer: int) -> "File":
        """The first `layer` layers, the last one as output layer: see `Network.truncated`."""
        picture: File = self.replace({"depth": layer})
        return picture

    def output_layer(self, depth: int) -> Layer:
        layers = self._file_layers()
        last = output_layer(layers, depth)
        units = [*(len(layer.bias) for layer in layers[: depth - 1]), len(last.bias)]
        last = boosted_layer(last, fitting(self.boost, units), depth, last=True)
        return self._displayed(last, self._scales(depth - 1))

    def replace(self, values: dict[str, Any]) -> Any:
        """With some keys changed. Another file keeps the table's keys, but no sha256 and guess."""
        if "file" in values:
            if _holds_graph(values["file"]):  # to which no key of a chain belongs
                own = {} if self.redistribute else {"redistribute": False}
                return self._from_file({**own, **values})
            left = {"sha256", *self._missing}
            own = {name: value for name, value in self.to_toml().items() if name not in left}
            return self._from_file({**own, **values})
        for name in values:
            if name not in self.key_names():
                problem = f"cannot be changed: the weights are those of {self.label}"
                raise PresetError(problem, key=f"network.{name}")
        if "depth" in values and "boost" not in values:
            cut = dataclasses.replace(self, **values, boost=())
            values = {**values, "boost": fitting(self.boost, [shape[0] for shape in cut.shapes])}
        found = dataclasses.replace(self, **values)
        found._set(_missing=self._missing - values.keys())  # what was guessed still is
        return found

    def to_toml(self) -> dict[str, Any]:
        """The table as TOML values: what does not follow from the file."""
        table = {n: v for n, v in super().to_toml().items() if n in self.key_names()}
        listed = {n: list(v) if isinstance(v := self._default(n), tuple) else v for n in table}
        return {n: v for n, v in table.items() if n == "file" or v != listed[n]}

    def _default(self, name: str) -> Any:
        """The value of a key that need not be written."""
        if name == "depth":
            return len(self.chain)
        if "activation" in name and "activations" not in self.weights.texts:
            return None
        if name in _FOLLOWING:
            try:
                return self._implied(name)
            except ValueError:  # wrong in the file
                return None
        return next(f.default for f in dataclasses.fields(self) if f.name == name)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return self._content == other._content if isinstance(other, File) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._content)

    @property
    def _content(self) -> tuple[Any, ...]:
        skipped = ("file", "transposed", "sha256", "activation")
        others = (getattr(self, name) for name in self.key_names() if name not in skipped)
        return self.chain.digest, self.chain.encoded, self._all_hidden, *others


_FOLLOWING = (
    *("omega", "hidden_omega", "fourier_order", "output_range"),
    *("inputs", "activation", "output_activation", "latent", "period"),
)


def _trained_source() -> Any:
    from cppn_gl.nn.vision.source import Trained

    return Trained


def _graph_source() -> Any:
    from cppn_gl.nn.graph_source import GraphFile

    return GraphFile


def _holds_graph(name: Any) -> bool:
    """Whether a file of the user's can be read and holds a graph."""
    try:
        return _weights(_named(name, USER)).graph is not None
    except PresetError:
        return False


def names_in(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _named(name: Any, origin: Origin) -> Path:
    try:
        return origin.resolve(line(4096)(name))
    except ValueError as error:
        raise PresetError(f"{show(name)}: {error}", key="network.file") from None


def _weights(path: Path, missing: str = "") -> Weights:
    """The weights in a file; `missing` says what to do if there is none. Raises PresetError."""
    try:
        return read_weights(path)
    except PresetError as error:
        hint = missing if not os.path.lexists(path) else ""
        raise PresetError(f"{path.name}: {error.problem}{hint}", key="network.file") from None


def _carried(data: bytes, sha256: str) -> Weights:
    try:
        return Weights(data, ".safetensors", _sha256(sha256))
    except ValueError as error:
        raise PresetError(f"the weights in this file: {error}", key="network.file") from None
