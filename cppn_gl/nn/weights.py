"""The weights of a network in a file: which of its tensors is which layer, and which way round.

    Tensors by name -> Weights -> chain(inputs, transposed) -> Chain: weight (out, in), bias (out,)
                               -> Chain.layers(activations, omega, hidden_omega) -> Layers

Names are those of a PyTorch state dict: `0.weight`, `0.bias`, `2.weight` …, whatever stands before
or between (`net.0.linear.weight`, `layers.3.weight`, `fc1.weight`, `W1` and `b1`). Layers are
sorted by the integers in their names. Without such names matrices and vectors alternate.
A matrix B of Fourier features is a layer of its own, before the others: see encodings.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cppn_gl.nn.encodings import FOURIER_NAMES, fourier_layer, fourier_name, fourier_rows
from cppn_gl.nn.features import TURN
from cppn_gl.nn.files import (
    GRAPH,
    HISTORY,
    MOMENTS,
    RAW,
    WRITERS,
    Floats,
    Tensors,
    format_of,
    read_bytes,
    read_tensors,
    shape_words,
)
from cppn_gl.nn.layers import MAX_DEPTH, Layer
from cppn_gl.nn.network import Network
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.checks import PresetError, show
from cppn_gl.utils.files import Stamp, stamp_of, write_atomic

if TYPE_CHECKING:
    from cppn_gl.nn.graph_file import Graph

_WEIGHT = ("weight", "weights", "w", "kernel")
_BIAS = ("bias", "biases", "b")
_TRANSPOSED = "kernel"  # in Flax and Keras, (in, out)
# Words in the name of a layer that has no number, or stands beside numbered ones.
_FIRST = ("first", "in", "input", "initial")
_LAST = ("last", "out", "output", "final", "head")
TRAINING = (MOMENTS, RAW, HISTORY)  # tensors of a checkpoint (training/checkpoint.py)
_KEPT = 128 * MB  # of files that were read lately
_MADE = 4 * MAX_DEPTH  # layers of one file kept: with other activations, other factors


@dataclass(frozen=True, eq=False)
class Pair:
    """A layer's weight and bias as the file has them, with the tensors' names."""

    name: str
    weight: Floats
    bias_name: str = ""
    bias: Floats | None = None

    def turned(self, transposed: bool) -> "Pair":
        """With weight (out, in)."""
        weight = np.ascontiguousarray(self.weight.T) if transposed else self.weight
        weight.flags.writeable = False
        return Pair(self.name, weight, self.bias_name, self.bias)


@dataclass(frozen=True, eq=False)
class Chain:
    """Layers' weights (out, in) and biases (out,), which fit each other. `digest`: of them.

    `fourier`: the matrix B (n, inputs) if the first pair is its layer of Fourier features, whose
    biases are angles.
    """

    pairs: tuple[tuple[Floats, Floats], ...]
    digest: bytes
    fourier: Floats | None = None
    _made: LRUCache[object, Layer] = field(default_factory=lambda: LRUCache(_MADE), repr=False)

    def __len__(self) -> int:
        return len(self.pairs)

    @property
    def encoded(self) -> bool:
        """Whether the first layer is of Fourier features."""
        return self.fourier is not None

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        return tuple(weight.shape for weight, _ in self.pairs)

    def layers(
        self, activations: Sequence[str], omega: float = 1.0, hidden_omega: float = 1.0
    ) -> tuple[Layer, ...]:
        """The layers: the first one multiplied by `omega`, later ones of sines by `hidden_omega`.

        SIREN (Sitzmann et al. 2020) computes sin(ω₀ (W x + b)) = sin(ω₀ W x + ω₀ b).
        """
        factors = [omega, *(hidden_omega if name == "sin" else 1.0 for name in activations[1:])]
        keys = zip(range(len(self)), activations, factors, strict=True)
        return tuple(self._made.get(key, partial(self._layer, *key)) for key in keys)

    def _layer(self, index: int, activation: str, factor: float) -> Layer:
        weight, bias = self.pairs[index]
        if factor != 1:
            with np.errstate(over="ignore"):  # which Layer refuses
                weight = (factor * weight.astype(np.float64)).astype(np.float32)
                if not (self.encoded and index == 0):
                    bias = (factor * bias.astype(np.float64)).astype(np.float32)
        return Layer(weight, bias, activation)

    def to_bytes(self, texts: dict[str, str] | None = None) -> bytes:
        """A .safetensors file of the weights, with texts as its metadata."""
        encoding = {} if self.fourier is None else {FOURIER_NAMES[0]: self.fourier}
        own = named_layers(self.pairs[self.encoded :])
        return WRITERS[".safetensors"](Tensors({**encoding, **own}, texts or {}))


class Weights:
    """The weights and texts in the bytes of a file. `sha256` is that of the bytes, unless given.

    `graph`: what a file of a graph holds instead of a chain of layers. `size`: of the arrays.

    Raises ValueError, in one line, if the bytes are no network.
    """

    def __init__(self, data: bytes, suffix: str, sha256: str = ""):
        tensors = read_tensors(data, suffix)
        self.sha256 = sha256 or hashlib.sha256(data).hexdigest()
        self.texts = tensors.texts
        self.pairs: tuple[Pair, ...] = ()
        self.fourier: Floats | None = None  # B of Fourier features
        self.graph: Graph | None = None  # instead of pairs
        self._chains: dict[tuple[int, bool | None, str], Chain] = {}
        if GRAPH in self.texts:
            from cppn_gl.nn.graph_file import read_graph

            self.graph = read_graph(tensors)
            self.size = sum(array.nbytes for array in tensors.arrays.values())
            return
        arrays = {n: a for n, a in tensors.arrays.items() if not n.startswith(TRAINING)}
        name = fourier_name(arrays)
        self.fourier = None if name is None else arrays.pop(name)
        self.pairs = _pairs(arrays)
        parts = [part for pair in self.pairs for part in (pair.weight, pair.bias)]
        parts.append(self.fourier)
        self.size = sum(part.nbytes for part in parts if part is not None)

    def chain(
        self, inputs: int, transposed: bool | None = None, fourier_order: str = "sin,cos"
    ) -> Chain:
        """The layers for a number of inputs. Raises ValueError if they do not fit.

        `transposed`: whether weights are (in, out); None tells by the shapes, and takes (out, in)
        where both fit, unless the tensors are called `kernel`. `fourier_order`: of the units of
        Fourier features, which are the first layer if the file has their matrix B.
        """
        key = inputs, transposed, fourier_order
        if key not in self._chains:
            self._chains[key] = self._chained(*key)
        return self._chains[key]

    def _chained(self, inputs: int, transposed: bool | None, fourier_order: str) -> Chain:
        encoding: list[tuple[Floats, Floats]] = []
        fourier = None if self.fourier is None else fourier_rows(self.fourier, inputs)
        if fourier is not None:
            first = fourier_layer(fourier, inputs, order=fourier_order, factor=1.0)
            encoding, inputs = [(first.weight, first.bias)], len(first.bias)
        kernels = _words(self.pairs[0].name)[-1:] == [_TRANSPOSED]
        ways = [kernels, not kernels] if transposed is None else [transposed]
        problems = []
        for way in ways:
            turned = [pair.turned(way) for pair in self.pairs]
            problem, layer = _misfit(turned, inputs)
            if not problem:
                biases = [_zeros(p) if p.bias is None else p.bias for p in turned]
                own = zip((pair.weight for pair in turned), biases, strict=True)
                pairs = (*encoding, *own)
                content = hashlib.blake2b(digest_size=16)
                for part in (part for pair in pairs for part in pair):
                    content.update(repr(part.shape).encode() + part.tobytes())
                return Chain(pairs, content.digest(), fourier)
            problems.append((-layer, problem))
        raise ValueError(min(problems, key=lambda found: found[0])[1])  # of what fits longest


_read: LRUCache[tuple[Path, Stamp | None], Weights] = LRUCache(_KEPT, lambda key, w: 2.0 * w.size)


def read_weights(path: Path) -> Weights:
    """The weights in a file, .safetensors or .npz. Raises PresetError with the file.

    A file that has not changed is read once.
    """
    try:
        suffix = format_of(path.name)
        return _read.get((path, stamp_of(path)), lambda: Weights(read_bytes(path), suffix))
    except PresetError:
        raise
    except ValueError as error:
        raise PresetError(str(error), source=str(path)) from None


def save_network(network: Network, path: Path) -> None:
    """Write a network to a .safetensors or .npz file, or raise PresetError or CaptureError."""
    suffix = path.suffix.lower()
    if suffix not in WRITERS:
        raise PresetError(f"expected a name that ends in {' or '.join(WRITERS)}", source=str(path))
    write_atomic(path, WRITERS[suffix](tensors_of(network)), overwrite=True)


def tensors_of(network: Network) -> Tensors:
    """The effective weights of a network as `layers.N.weight` (out, in) and `layers.N.bias`.

    Texts: activations, one a layer, and inputs, separated by commas; latent constants and period,
    if any. Of a graph they are those of graph_file.py.
    """
    from cppn_gl.nn.graph import GraphNetwork

    if isinstance(network, GraphNetwork):
        from cppn_gl.nn.graph_file import graph_tensors

        return graph_tensors(network)
    layers = network.layers
    texts = {
        "activations": ",".join(layer.activation for layer in layers),
        "inputs": ",".join(network.inputs),
    }
    if network.latent:
        texts["latent"] = ",".join(map(repr, network.latent))
    if network.period != TURN:
        texts["period"] = repr(network.period)
    return Tensors(named_layers([(layer.weight, layer.bias) for layer in layers]), texts)


def named_layers(pairs: Sequence[tuple[Floats, Floats]]) -> dict[str, Floats]:
    """Tensors `layers.N.weight` and `layers.N.bias` of layers, by name."""
    named = {}
    for number, (weight, bias) in enumerate(pairs):
        named[f"layers.{number}.weight"] = weight
        named[f"layers.{number}.bias"] = bias
    return named


def _words(name: str) -> list[str]:
    """The words of a tensor's name in lower case, without a number at the end: W1, weight_1."""
    words: list[str] = re.findall(r"[a-z]+", name.lower())
    return words


def _place(name: str) -> tuple[object, ...]:
    """Where a tensor's layer stands among others, by name; equal for its weight and its bias."""
    words, numbers = _words(name)[:-1], tuple(map(int, re.findall(r"\d{1,9}", name)))
    if any(word in _FIRST for word in words):
        group = 0
    elif any(word in _LAST for word in words):
        group = 3
    else:
        group = 1 if numbers else 2
    return group, numbers, ".".join(words)


def _pairs(arrays: dict[str, Floats]) -> tuple[Pair, ...]:
    """The layers in a file, in order. Raises ValueError for what is none."""
    kinds = {name: (_words(name) or [""])[-1] for name in arrays}
    unknown = [name for name, kind in kinds.items() if kind not in (*_WEIGHT, *_BIAS)]
    if not arrays:
        raise ValueError("no weights")
    if len(unknown) == len(arrays):
        pairs = _alternating(arrays)
    elif unknown:
        problem = "is neither the weight nor the bias of a layer: expected names such as 0.weight"
        raise ValueError(f"{show(unknown[0])} {problem}")
    else:
        pairs = _by_names(arrays, [name for name, kind in kinds.items() if kind in _WEIGHT])
    if not 1 <= len(pairs) <= MAX_DEPTH:
        raise ValueError(f"{len(pairs)} layers; expected 1 to {MAX_DEPTH}")
    for pair in pairs:
        if pair.weight.ndim != 2:
            shape = shape_words(pair.weight.shape)
            raise ValueError(f"{show(pair.name)} has shape {shape}; expected a matrix (out, in)")
    return pairs


def _by_names(arrays: dict[str, Floats], weights: list[str]) -> tuple[Pair, ...]:
    places: dict[tuple[object, ...], str] = {}
    biases: dict[tuple[object, ...], str] = {}
    for name in arrays:
        of = places if name in weights else biases
        place = _place(name)
        if place in of:
            raise ValueError(f"{show(of[place])} and {show(name)} are of the same layer")
        of[place] = name
    for place in biases:
        if place not in places:
            raise ValueError(f"{show(biases[place])} has no weight")
    found = []
    for place in sorted(places):
        bias = biases.get(place, "")
        found.append(Pair(places[place], arrays[places[place]], bias, _bias(arrays, bias)))
    return tuple(found)


def _bias(arrays: dict[str, Floats], name: str) -> Floats | None:
    """A bias, which may be a row or a column."""
    if not name:
        return None
    array = arrays[name]
    return array.reshape(-1) if 1 in array.shape else array


def _alternating(arrays: dict[str, Floats]) -> tuple[Pair, ...]:
    """Matrices, each with the vector after it, if any, in the order of the numbers in the names."""
    order = sorted(arrays, key=lambda name: [int(n) for n in re.findall(r"\d{1,9}", name)])
    found: list[Pair] = []
    for name in order:
        array = arrays[name]
        if array.ndim == 2:
            found.append(Pair(name, array))
        elif not found or found[-1].bias is not None:
            raise ValueError(f"{show(name)} is a vector (a bias) that follows no matrix (a weight)")
        else:
            found[-1] = Pair(found[-1].name, found[-1].weight, name, array)
    return tuple(found)


def _misfit(pairs: Sequence[Pair], inputs: int) -> tuple[str, int]:
    """What does not fit in weights (out, in), and the index of that layer; "" if all fits."""
    before, what = inputs, f"one for each of the {inputs} inputs"
    for index, pair in enumerate(pairs):
        rows, columns = pair.weight.shape
        if columns != before:
            has = f"{show(pair.name)} is {rows}×{columns} (out, in)"
            return f"{has}: {columns} columns; expected {before}, {what}", index
        if pair.bias is not None and pair.bias.shape != (rows,):
            has = f"{show(pair.bias_name)} has shape {shape_words(pair.bias.shape)}"
            return f"{has}; expected ({rows},), one for each row of {show(pair.name)}", index
        before, what = rows, f"one for each row of {show(pair.name)}"
    return "", len(pairs)


def _zeros(pair: Pair) -> Floats:
    zeros = np.zeros(len(pair.weight), np.float32)
    zeros.flags.writeable = False
    return zeros
