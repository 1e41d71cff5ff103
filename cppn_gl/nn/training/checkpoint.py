"""Checkpoints: the weights of one step in a .safetensors file, from which training goes on.

    Run -> checkpoint(step) -> Checkpoint <-> bytes: layers.N.weight, layers.N.bias, moments …
    preset -> checkpoint_of() -> the Checkpoint that it carries or names, if it belongs to it
           -> data_of()       -> its Dataset; without points if only the checkpoint is there

As a file of weights it is opened like any other. The other tensors are `moments.M.layers.N.weight`
and `.bias` of the optimizer; `raw.layers.N…` of the parameters, if the layers are others, since
normalised units are folded into them; and `history.NAME` (steps, columns), with -1 where there is
no number. The metadata are those of `tensors_of`, and `step`, `digest`, and of the data `data` (a
digest), `kind`, `classes`, `names`. Of a network that sees pictures the tensors and the other
texts are those of vision/kept.py.
"""

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.features import TURN
from cppn_gl.nn.files import (
    HISTORY,
    MAX_FILE,
    MOMENTS,
    RAW,
    Tensors,
    read_bytes,
    read_tensors,
    safetensors_bytes,
)
from cppn_gl.nn.image_models import NODES
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network
from cppn_gl.nn.training.data import (
    IMAGES,
    KINDS,
    Dataset,
    absent,
    dataset_of,
    has_pictures,
    is_file,
    is_folder,
)
from cppn_gl.nn.training.data_sets import MAX_CLASSES
from cppn_gl.nn.training.options import MAX_STEPS, Train
from cppn_gl.nn.training.start import first_network
from cppn_gl.nn.training.state import State
from cppn_gl.nn.weights import tensors_of
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.checks import PresetError, one_line
from cppn_gl.utils.files import Stamp, stamp_of

SUFFIX = ".safetensors"
LARGEST = 1e30  # of a measure that is kept
_KEPT = MAX_FILE  # bytes of checkpoints read lately

PER_LAYER = ("gradient_norms", "dead", "saturated")  # measures with a column for each layer
_ORDER = ("step", "loss", "test_loss", "accuracy", "test_accuracy", *PER_LAYER)  # in a file

M = TypeVar("M")
History = Mapping[str, NDArray[Any]]  # (rows,) or (rows, layers), by the names of Measures


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The weights of a step of one training. `digest`: of all that they depend on.

    `network` is that of `state`. `data`: the digest of the data set, whose `kind`, `classes` and
    `names` are known without it. `history`: measures up to this step. `preprocess`: of a network
    that sees pictures, the whole table.
    """

    state: State
    network: Network
    digest: str
    data: str
    kind: str
    classes: int
    names: tuple[str, ...]
    history: History
    preprocess: Any = None

    @property
    def step(self) -> int:
        return self.state.step

    @property
    def nbytes(self) -> int:
        return 2 * self.state.nbytes

    def rows(self, kind: Callable[..., M]) -> list[M]:
        """The history as rows of a kind, such as `Measures`, which has these names."""
        columns = {name: list(array) for name, array in self.history.items()}
        count = min(map(len, columns.values()), default=0)
        return [
            kind(**{n: self._measure(n, c[k]) for n, c in columns.items()}) for k in range(count)
        ]

    def _measure(self, name: str, value: Any) -> Any:
        """A measure; None for an accuracy where there are no classes."""
        if "accuracy" in name and self.kind not in ("classes", IMAGES):
            return None
        return value if isinstance(value, np.ndarray) else value.item()

    def _tensors(self) -> Tensors:
        """The network's own, in the order of the parameters."""
        if self.kind != IMAGES:
            return tensors_of(self.network)
        from cppn_gl.nn.vision.kept import image_tensors

        return image_tensors(cast(Any, self.network), self.preprocess)

    def to_bytes(self) -> bytes:
        """The file: equal checkpoints have equal bytes."""
        found = self._tensors()
        arrays = dict(found.arrays)
        shapes = {name: array.shape for name, array in arrays.items()}
        raw = _split(self.state.parameters, shapes)
        if any((raw[name] != arrays[name]).any() for name in raw):
            arrays |= {RAW + name: array for name, array in raw.items()}
        for number, moments in enumerate(self.state.moments):
            parts = _split(moments, shapes).items()
            arrays |= {f"{MOMENTS}{number}.{name}": array for name, array in parts}
        for name in sorted(self.history, key=_place):
            if len(array := self.history[name]):
                columns = array.reshape(len(array), -1)
                arrays[HISTORY + name] = _encoded(columns)
        texts = found.texts | {
            "step": str(self.step),
            "digest": self.digest,
            "data": self.data,
            "kind": self.kind,
            "classes": str(self.classes),
            "names": json.dumps(self.names, ensure_ascii=False),
        }
        return safetensors_bytes(Tensors(arrays, texts))


def _split(flat: Float32, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Float32]:
    """Tensors by name of a flat array of all parameters."""
    found, start = {}, 0
    for name, shape in shapes.items():
        end = start + math.prod(shape)
        found[name] = flat[start:end].reshape(shape)
        start = end
    return found


def _place(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER)), name


def _encoded(columns: NDArray[Any]) -> Float32:
    known = np.nan_to_num(columns.astype(np.float64), nan=-1, posinf=LARGEST, neginf=-1)
    return np.minimum(known, LARGEST).astype(np.float32)


def read(data: bytes) -> Checkpoint:
    """The checkpoint in a file's bytes. Raises ValueError, in one line."""
    tensors = read_tensors(data, SUFFIX)
    texts, arrays = tensors.texts, tensors.arrays
    try:
        step, digest = int(texts["step"]), texts["digest"]
        kind, classes = texts["kind"], int(texts["classes"])
        names = tuple(one_line(str(name)) for name in json.loads(texts["names"]))
        if not 0 <= step <= MAX_STEPS or len(names) != classes:
            raise ValueError
        preprocess: Any = None
        if NODES in texts:
            network, preprocess, names_of, depth = _of_pictures(tensors)
            if kind != IMAGES or network.scores != classes:
                raise ValueError
        else:
            network, names_of = _of_points(tensors, kind, classes)
            depth = network.depth
        raw = RAW if f"{RAW}{names_of[0]}" in arrays else ""
        shapes = {name: arrays[name].shape for name in names_of}
        parameters = _flat(arrays, raw, shapes)
        count = len({name.split(".")[1] for name in arrays if name.startswith(MOMENTS)})
        moments = [_flat(arrays, f"{MOMENTS}{m}.", shapes) for m in range(count)]
    except PresetError:
        raise
    except (KeyError, ValueError, TypeError, RecursionError):
        raise ValueError("weights, but no checkpoint of a training") from None
    stacked = np.stack(moments) if moments else np.zeros((0, len(parameters)), np.float32)
    columns = {n.removeprefix(HISTORY): a for n, a in arrays.items() if n.startswith(HISTORY)}
    if not _measured(columns, depth, step):
        raise ValueError("a damaged checkpoint: its measures are not those of its steps")
    history = {name: _decoded(array, name) for name, array in columns.items()}
    state = State(step, parameters, stacked)
    about = digest, texts["data"], kind, classes, names, history
    return Checkpoint(state, network, *about, preprocess=preprocess)


def _of_points(tensors: Tensors, kind: str, classes: int) -> tuple[Network, list[str]]:
    """A network of dense layers, and the names of its tensors. Raises ValueError, KeyError."""
    texts, arrays = tensors.texts, tensors.arrays
    if kind not in KINDS or not (kind != "classes" or 2 <= classes <= MAX_CLASSES):
        raise ValueError
    activations, inputs = texts["activations"].split(","), texts["inputs"].split(",")
    depth = len(activations)
    if depth != sum(name.startswith("layers.") for name in arrays) / 2:
        raise ValueError
    layers = [
        Layer(arrays[f"layers.{k}.weight"], arrays[f"layers.{k}.bias"], name)
        for k, name in enumerate(activations)
    ]
    latent = tuple(map(float, texts["latent"].split(","))) if "latent" in texts else ()
    network = Network(layers, inputs, latent=latent, period=float(texts.get("period", TURN)))
    if network.outputs not in _outputs(kind, classes):
        raise ValueError
    return network, [f"layers.{k}.{part}" for k in range(depth) for part in ("weight", "bias")]


def _of_pictures(tensors: Tensors) -> tuple[Any, Any, list[str], int]:
    """A network that sees pictures, [preprocess], names of tensors, and layers that learn."""
    from cppn_gl.nn.vision.kept import read_network, tensor_names

    network, preprocess = read_network(tensors)
    names = tensor_names(network.stages[: network.logits + 1])
    return network, preprocess, list(names), len({stage for stage, _ in names.values()})


def _outputs(kind: str, classes: int) -> tuple[int, ...]:
    """The numbers of outputs that a network of this kind of data may have."""
    if kind == "classes":
        return (1 if classes == 2 else classes,)
    return (1, 3) if kind == "picture" else (1,)


def _flat(
    arrays: Mapping[str, Float32], before: str, shapes: Mapping[str, tuple[int, ...]]
) -> Float32:
    """All parameters of tensors whose names begin so. Raises ValueError for other shapes."""
    parts = []
    for name, shape in shapes.items():
        array = arrays[before + name]
        if array.shape != shape:
            raise ValueError
        parts.append(array.ravel())
    return np.concatenate(parts)


def _measured(columns: Mapping[str, Float32], depth: int, last: int) -> bool:
    """Whether the columns of a history are those of all measures, at steps up to the last."""
    if not columns:
        return True
    rows = len(next(iter(columns.values())))
    shapes = {name: (rows, depth if name in PER_LAYER else 1) for name in _ORDER}
    if {name: array.shape for name, array in columns.items()} != shapes:
        return False
    steps = columns["step"][:, 0]
    return bool((np.diff(steps) > 0).all() and steps[0] >= 0 and steps[-1] <= last)


def _decoded(array: Float32, name: str) -> NDArray[Any]:
    if name == "step":
        return np.asarray(array[:, 0].astype(np.int64))
    known = np.where(array < 0, np.nan, array.astype(np.float64))
    return known if name in PER_LAYER else known[:, 0]


def digest_of(train: Train, normalize: Any, start: Network, data: str) -> str:
    """A hash, in hexadecimal, of all that the weights of a step depend on.

    `start`: the network of step 0. `data`: the digest of the data set. Of the tables only what
    differs from the defaults, so that new keys change no old digest.
    """
    keys = {n: v for n, v in _changed(train.learning).items() if n not in ("data", "own")}
    parts = (sorted(keys.items()), sorted(_changed(normalize).items()), start.digest, data)
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def _changed(table: Any) -> dict[str, Any]:
    fields = (
        (field.name, getattr(table, field.name), field) for field in dataclasses.fields(table)
    )
    return {name: value for name, value, field in fields if value != field.default}


_read: LRUCache[tuple[Path, Stamp | None], Checkpoint] = LRUCache(_KEPT, lambda key, c: c.nbytes)


def read_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in a file. Raises PresetError with the file."""
    try:
        return _read.get((path, stamp_of(path)), lambda: read(read_bytes(path)))
    except PresetError as error:
        raise error if error.source else PresetError(error.problem, source=str(path)) from None
    except ValueError as error:
        raise PresetError(str(error), source=str(path)) from None


def known_checkpoint(preset: Any) -> Checkpoint | None:
    """The checkpoint that a preset carries, or that of its file; None if it has none.

    It may be of another training: see `Run`. Raises PresetError if its file cannot be read.
    """
    carried: Checkpoint | None = getattr(preset, "kept", None)
    path = Path(preset.train.checkpoint)
    if carried is not None or not path.is_absolute():
        return carried
    try:
        return read_checkpoint(path)
    except PresetError as error:
        raise PresetError(f"{path.name}: {error.problem}", key="train.checkpoint") from None


def data_of(preset: Any) -> Dataset:
    """The data of a preset; without points, and with a `problem`, if only its checkpoint is there.

    So it is, too, if a file of this name is there, but not the one that was learned. Raises
    PresetError if there is no checkpoint either.
    """
    train, kept = preset.train, getattr(preset, "kept", None)
    of_files = is_file(train.data) or has_pictures(train.data)
    try:
        found = _found(preset)
    except PresetError as error:
        kept = kept or known_checkpoint(preset)
        if kept is None or not of_files:
            raise
        return _alone(kept, error.problem)
    if kept is None or found.digest == kept.data or not of_files:
        return found
    what = "folder" if is_folder(train.data) else "file"
    alone = _alone(kept, f"{Path(train.data).name} is not the {what} that was learned")
    start, how = first_network(preset, alone)
    same = digest_of(train, how, start, kept.data) == kept.digest
    return alone if same else found


def _found(preset: Any) -> Dataset:
    if not has_pictures(preset.train.data):
        return dataset_of(preset.train)
    from cppn_gl.nn.vision.image_sets import image_set_of

    return image_set_of(preset.train, preset.preparation)


def _alone(kept: Checkpoint, problem: str) -> Dataset:
    if kept.kind == IMAGES:
        from cppn_gl.nn.vision.image_sets import absent_images

        shape = cast(Any, kept.network).picture
        return absent_images(shape, kept.names, kept.data, kept.preprocess, problem)
    outputs = kept.network.outputs
    return absent(kept.kind, kept.classes, kept.names, outputs, kept.data, problem)
