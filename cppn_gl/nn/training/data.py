"""What a network learns: points with a class, a value or a colour, from the `[train]` table.

    Train -> dataset_of() -> Dataset: points in a drawn order, the training set first
                             targets() -> (N, outputs): what the network's outputs should be

`data` names a drawn set (data_sets.py), the preset's `own` points, a table of points (.csv .tsv
.txt, see point_files.py), or a picture, which is learned pixel by pixel or as a distance field
(pictures.py). Pictures with classes, for networks that see whole pictures, are in a folder, or in
a package: see vision/image_sets.py.
"""

import contextlib
import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.draws import ORDER, words
from cppn_gl.nn.training.data_sets import DATA_SETS, MAX_CLASSES, DrawnSet, Draws
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.checks import PresetError, Text, nearest, show
from cppn_gl.utils.files import stamp_of
from cppn_gl.utils.images import SUFFIXES as PICTURES
from cppn_gl.utils.origin import Origin

OWN = "own"
FASHION = "fashion-mnist"
KINDS = ("classes", "values", "picture", "distance")
IMAGES = "images"  # the kind of pictures with classes
TARGETS = ("auto", *KINDS)
MAX_OWN = 10_000  # points in a preset
# What reads files is imported when a file is read: help does not need it.
TABLES = (".csv", ".tsv", ".txt")
_FILES = (*TABLES, *PICTURES)
_NAME = Text(4096, one_line=True)


class Settings(Protocol):
    """The keys of `[train]` that a data set depends on."""

    @property
    def data(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def own(self) -> tuple[tuple[float, float, float], ...]: ...
    @property
    def classes(self) -> int: ...
    @property
    def points(self) -> int: ...
    @property
    def test_fraction(self) -> float: ...
    @property
    def data_noise(self) -> float: ...
    @property
    def seed(self) -> int: ...


@dataclass(frozen=True, eq=False)
class Dataset:
    """Points in input units and what is to be learned there; arrays are read-only.

    The first `training` points are the training set, the others the test set. `problem`: why there
    are no points, if only what was learned from them is known.
    """

    kind: str  # one of KINDS, or IMAGES
    x: Float64  # (N,)
    y: Float64
    labels: NDArray[np.int64] | None  # (N,), from 0, of classes
    values: Float32 | None  # (N, k), of the other kinds
    classes: int  # their number, 2 or more; 0 for values
    training: int
    digest: str  # of all of it, in hexadecimal
    names: tuple[str, ...] = ()  # of the classes
    picture: Float32 | None = field(default=None, repr=False)  # (height, width, k), row 0 on top
    problem: str = ""

    def __len__(self) -> int:
        return len(self.x)

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of a picture in pixels."""
        return None if self.picture is None else (self.picture.shape[1], self.picture.shape[0])

    @property
    def outputs(self) -> int:
        """The outputs of a network that learns it: 1 for two classes, else one a class."""
        if self.values is not None:
            return int(self.values.shape[1])
        return 1 if self.classes == 2 else self.classes


def absent(
    kind: str, classes: int, names: tuple[str, ...], outputs: int, digest: str, problem: str
) -> Dataset:
    """A data set whose points are not there: see `Dataset.problem`."""
    none = np.zeros(0)
    labels = none.astype(np.int64) if kind == "classes" else None
    values = None if kind == "classes" else np.zeros((0, outputs), np.float32)
    return Dataset(kind, none, none, labels, values, classes, 0, digest, names, problem=problem)


def targets(dataset: Dataset, loss: str) -> Float32:
    """What a network's outputs should be, (N, outputs).

    Of classes 1 for the point's own, and for the others 0 (cross-entropy) or -1; the one output
    for two classes is that of class 1.
    """
    if dataset.values is not None:
        return dataset.values
    assert dataset.labels is not None
    own = dataset.labels[:, None] == np.arange(dataset.classes)
    mine = own[:, 1:] if dataset.classes == 2 else own
    return np.where(mine, 1, 0 if loss == "cross-entropy" else -1).astype(np.float32)


def check_data(value: Any) -> str:
    """A check: "", a data set's name, `own`, or the name of a file."""
    name: str = _NAME(value)
    if name in ("", OWN, *DATA_SETS) or is_file(name) or has_pictures(name):
        return name
    known = (*DATA_SETS, OWN, FASHION)
    files = f"; files end in {' '.join(_FILES)}" if "." in name else nearest(name, known)
    files += "; the name of a folder of pictures ends in /"
    raise ValueError(f"no data {show(name)}{files}")


def is_file(name: str) -> bool:
    """Whether `data` names a file."""
    return name.lower().endswith(_FILES)


def is_folder(name: str) -> bool:
    """Whether `data` names a folder of pictures: its name has a slash."""
    return bool(re.search(r"[/\\]", name)) and not is_file(name)


def has_pictures(name: str) -> bool:
    """Whether `data` are pictures with classes, for networks that see whole pictures."""
    return name == FASHION or is_folder(name)


def is_picture(name: str) -> bool:
    """Whether `data` names a picture."""
    return name.lower().endswith(PICTURES)


def located(name: str, origin: Origin) -> str:
    """`data` of a text from `origin`: a file by its absolute path, if the text may name it.

    Files that come with the package are found by their names. A text from elsewhere may not name
    every file: those are mere names, without folders, and so are files that are not there. Such a
    network cannot be trained on, but its weights may be known.
    """
    if not is_file(name) and not is_folder(name):
        return name
    if origin.data is not None:
        return str(origin.data)
    found = _found(name, origin, "data")
    return f"{found}/" if is_folder(name) and not is_folder(found) else found


def located_checkpoint(name: str, origin: Origin) -> str:
    """As `located`, for `checkpoint`."""
    return _found(name, origin, "checkpoint") if name else name


def _found(name: str, origin: Origin, key: str) -> str:
    shipped = _presets() / label(name)
    try:
        path = origin.resolve(name)
        if os.path.lexists(path):
            return str(path)
    except ValueError as error:
        if origin.trusted:
            raise PresetError(f"{show(name)}: {error}", key=f"train.{key}") from None
        path = None
    if name in (label(name), str(shipped)) and shipped.is_file():
        return str(shipped)
    return str(path) if path is not None and origin.trusted else label(name)


def is_shipped(path: Path) -> bool:
    """Whether a file comes with the package, so that its name finds it everywhere."""
    return path.parent == _presets()


def _presets() -> Path:
    from cppn_gl.utils.resources import resource

    return resource("presets")


def label(name: str) -> str:
    """A file's name without the folders it is in, of any system."""
    return re.split(r"[/\\]", name.rstrip("/\\"))[-1]


def data_label(name: str) -> str:
    """`data` without the folders it is in; that of a folder ends in /."""
    return f"{label(name)}/" if is_folder(name) else label(name)


_read: LRUCache[Any, Dataset] = LRUCache(64 * MB, lambda key, data: _bytes(data))
_held: dict[Any, Dataset] = {}


def _bytes(dataset: Dataset) -> float:
    arrays = (dataset.x, dataset.y, dataset.labels, dataset.values, dataset.picture)
    return 500.0 + sum(array.nbytes for array in arrays if array is not None)


def dataset_of(train: Settings) -> Dataset:
    """The data set of a `[train]` table. Raises PresetError, in one line.

    A file is read again when it has changed, unless it is held.
    """
    key = _asked(train)
    held = _held.get(key)
    if held is not None:
        return held
    stamp = stamp_of(Path(train.data)) if is_file(train.data) else None
    return _read.get((*key, stamp), lambda: _made(train))


def hold(train: Settings | None) -> None:
    """Keep the data of a file as they are now, whatever becomes of it; those held before no longer.

    A window shows them while they are learned. None, and data that cannot be read: hold nothing.
    """
    key = None if train is None else _asked(train)
    for other in [one for one in _held if one != key]:
        _held.pop(other, None)
    if train is not None and is_file(train.data):
        with contextlib.suppress(PresetError):
            _held[key] = dataset_of(train)


def _asked(train: Settings) -> tuple[Any, ...]:
    """All settings that the data depend on."""
    drawn = (train.points, train.data_noise) if train.data in DATA_SETS else ()
    own = train.own if train.data == OWN else ()
    return (
        train.data,
        train.target,
        train.classes,
        train.test_fraction,
        train.seed,
        own,
        drawn,
    )


def _made(train: Settings) -> Dataset:
    if not train.data:
        raise PresetError('nothing to learn: data is ""', key="train.data")
    if train.data in DATA_SETS:
        return _drawn(train, DATA_SETS[train.data])
    if train.data == OWN:
        return _own(train)
    path = Path(train.data)
    if not path.is_absolute():
        problem = f"{show(path.name)} is not there: put it beside the preset to go on training"
        raise PresetError(problem, key="train.data")
    return _picture(train, path) if is_picture(path.name) else _table(train, path)


def _drawn(train: Settings, row: DrawnSet) -> Dataset:
    if train.target == "values" and row.regression:
        row = DATA_SETS[row.regression]
    if train.target not in ("auto", row.kind):
        raise PresetError(f"{row.name} has {row.kind}", key="train.target")
    if train.classes and not 2 <= train.classes <= row.most:
        count = "two classes" if row.most == 2 else f"2 to {row.most} classes"
        has = count if row.classes else "values, no classes"
        raise PresetError(f"{row.name} has {has}", key="train.classes")
    classes = train.classes or row.classes
    draws = Draws(train.seed, train.points)
    x, y, third = row.make(train.points, classes, train.data_noise, draws)
    return _dataset(train, row.kind, x, y, third, classes)


def _own(train: Settings) -> Dataset:
    if not train.own:
        raise PresetError("no points; expected a list of [x, y, class or value]", key="train.own")
    x, y, third = np.array(train.own, np.float64).T
    whole = (third == np.floor(third)) & (third >= 0) & (third < MAX_CLASSES)
    _check_target(train, "own points", "classes", "values")
    if train.target == "values" or (train.target == "auto" and not whole.all()):
        return _dataset(train, "values", x, y, third, 0)
    if not whole.all():
        wrong = int(np.argmin(whole))
        problem = (
            f"point {wrong + 1}: {third[wrong]:g} is no class; expected 0 to {MAX_CLASSES - 1}"
        )
        raise PresetError(problem, key="train.own")
    classes = _classes(train, int(third.max()) + 1, "train.own")
    return _dataset(train, "classes", x, y, third.astype(np.int64), classes)


def _table(train: Settings, path: Path) -> Dataset:
    from cppn_gl.nn.training.point_files import read_points

    _check_target(train, path.name, "classes", "values")
    try:
        column = read_points(path, train.target)
    except PresetError as error:
        raise _of_file(error, path) from None
    labels = column.labels
    kind, third = ("values", column.values) if labels is None else ("classes", labels)
    classes = _classes(train, len(column.names), "train.data") if kind == "classes" else 0
    return _dataset(train, kind, column.x, column.y, third, classes, column.names)


def _classes(train: Settings, found: int, key: str) -> int:
    """The number of classes of points that have `found`, at least two."""
    if train.classes and train.classes < max(found, 2):
        raise PresetError(f"{train.classes}; the points have {found}", key="train.classes")
    if found > MAX_CLASSES:
        raise PresetError(f"{found} classes; at most {MAX_CLASSES}", key=key)
    return train.classes or max(found, 2)


def _picture(train: Settings, path: Path) -> Dataset:
    from cppn_gl.nn.training.pictures import pixel_centers, read_colors, read_distances

    _check_target(train, path.name, "picture", "distance")
    kind = "distance" if train.target == "distance" else "picture"
    try:
        pixels = read_distances(path) if kind == "distance" else read_colors(path)
    except PresetError as error:
        raise _of_file(error, path) from None
    height, width, channels = pixels.shape
    x, y = pixel_centers(width, height)
    return _dataset(train, kind, x, y, pixels.reshape(-1, channels), 0, picture=pixels)


def _check_target(train: Settings, what: str, *kinds: str) -> None:
    if train.target not in ("auto", *kinds):
        problem = f"{what}: expected {' or '.join(kinds)}, not {train.target}"
        raise PresetError(problem, key="train.target")


def _of_file(error: PresetError, path: Path) -> PresetError:
    place = f"{path.name}:{error.line}" if error.line else path.name
    return PresetError(f"{place}: {error.problem}", key="train.data")


def _dataset(
    train: Settings,
    kind: str,
    x: Float64,
    y: Float64,
    third: Any,
    classes: int,
    names: tuple[str, ...] = (),
    picture: Float32 | None = None,
) -> Dataset:
    """The points in a drawn order, divided into a training set and a test set."""
    count = len(x)
    order = np.argsort(words(train.seed, 0, ORDER, 1, count)[0], kind="stable")
    tests = min(round(count * train.test_fraction), count - 1)
    labels = third[order].astype(np.int64) if classes else None
    values = None if classes else third[order].astype(np.float32).reshape(count, -1)
    x, y = x[order], y[order]
    content = hashlib.sha256(f"{kind} {classes} {count - tests}".encode())
    for array in (x, y, labels, values, picture):
        if array is not None:
            array.flags.writeable = False
            content.update(repr(array.shape).encode() + np.ascontiguousarray(array).tobytes())
    if not names:
        names = tuple(map(str, range(classes)))
    # Of classes that no point has.
    names += tuple(f"empty {k + 1}" for k in range(classes - len(names)))
    return Dataset(
        kind, x, y, labels, values, classes, count - tests, content.hexdigest(), names, picture
    )
