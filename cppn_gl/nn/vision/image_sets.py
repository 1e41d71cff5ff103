"""Pictures with classes, to learn from: Fashion-MNIST, files of that format, folders of folders.

    `[train] data` -> image_set_of() -> ImageSet: pictures in a drawn order, the training set first

"fashion-mnist" is Debian's package dataset-fashion-mnist. A folder holds either the four files of
that format (LeCun, Cortes and Burges 1998: train-images-idx3-ubyte and so on, packed by gzip or
not), or a folder of pictures for each class. The first have tests of their own; of the others
`test_fraction` are kept for tests.
"""

import dataclasses
import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.draws import ORDER, words
from cppn_gl.nn.training.data import FASHION, IMAGES, Dataset, Settings, data_label, label
from cppn_gl.nn.vision.preprocess import Preprocess
from cppn_gl.nn.vision.shapes import Shape
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.checks import PresetError, one_line, show
from cppn_gl.utils.files import open_plain, stamp_of
from cppn_gl.utils.images import SUFFIXES, opened_image, pixels_of

Pictures = NDArray[np.uint8]

PLACE = Path("/usr/share/datasets/fashion-mnist")
FASHION_CLASSES = (
    *("T-shirt", "trousers", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
)
MAX_CLASSES = 1000
MAX_PICTURES = 2**18
MAX_VALUES = 2**28  # of all pictures together, in bytes
MAX_SIDE = 512
LARGEST = 2**22  # pixels of a file that are looked at; more are averaged down
FILES = {True: "train", False: "t10k"}  # prefixes of the training set's files and of the tests'
STAMPED = 32  # classes whose folders are looked at for changes
TOGETHER = 1024  # pictures that are counted in one call
_CHUNK = 2**20


@dataclass(frozen=True, eq=False)
class ImageSet(Dataset):
    """Pictures (N, rows, columns, 1 or 3) of 8 bits, sRGB, row 0 on top, with a class each.

    mean, std: of each channel over the training set, of values from 0 to 1. skipped: the files
    that could not be read, in words; "" for none.
    """

    pictures: Pictures = field(default_factory=lambda: np.zeros((0, 1, 1, 1), np.uint8), repr=False)
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    skipped: str = ""

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of each picture."""
        return self.pictures.shape[2], self.pictures.shape[1]

    @property
    def outputs(self) -> int:
        """One for each class, also for two."""
        return self.classes

    @property
    def order(self) -> str:
        """The channels, as `[preprocess] order` names them."""
        return "grey" if self.pictures.shape[3] == 1 else "rgb"


_sets: LRUCache[Any, ImageSet] = LRUCache(2.0, weak=True)


def image_set_of(train: Settings, how: Preprocess) -> ImageSet:
    """The pictures of a `[train]` table. Raises PresetError, in one line.

    `how`: the table `[preprocess]`, whose size and order folders of pictures need.
    """
    folder = PLACE if train.data == FASHION else Path(train.data)
    if not folder.is_absolute():
        problem = f"{show(data_label(train.data))} is not there: put the folder beside the preset"
        raise PresetError(problem, key="train.data")
    if not folder.is_dir():
        raise PresetError(missing(train.data), key="train.data")
    seen = how.size, how.order, how.fit, how.resample
    settings = train.test_fraction, train.seed, train.target, train.classes
    key = folder, seen, settings, _stamps(folder)
    return _sets.get(key, lambda: _made(train, folder, how))


def absent_images(
    shape: Shape, names: tuple[str, ...], digest: str, how: Preprocess, problem: str
) -> ImageSet:
    """A set whose pictures are not there, as `absent` of data.py. shape: of each picture."""
    none: Float64 = np.zeros(0)
    return ImageSet(
        IMAGES,
        none,
        none,
        np.zeros(0, np.int64),
        None,
        len(names),
        0,
        digest,
        names,
        problem=problem,
        pictures=np.zeros((0, shape.rows, shape.columns, shape.channels), np.uint8),
        mean=how.mean or (),
        std=how.std or (),
    )


def preprocessing(data: ImageSet, how: Preprocess) -> Preprocess:
    """The whole table `[preprocess]` of a network that learns these pictures.

    What the preset does not give follows from the data.
    """
    given: dict[str, Any] = {
        "size": data.size,
        "order": data.order,
        "range": 1.0,
        "mean": data.mean,
        "std": data.std,
        "labels": data.names,
    }
    missing = {n: v for n, v in given.items() if getattr(how, n) in (None, "")}
    return dataclasses.replace(how, **missing).complete()


def missing(data: str) -> str:
    """What to do where the pictures of a `[train] data` are not there."""
    if data == FASHION:
        return (
            f"{FASHION} is not in {PLACE}: install Debian's dataset-fashion-mnist, or name a folder"
            " with its four .gz files, or one with a folder of pictures for each class"
        )
    return f"{show(label(data))} is no folder: expected one with a folder of pictures a class"


def _stamps(folder: Path) -> tuple[Any, ...]:
    """Changes when pictures are added to a folder, or taken away."""
    try:
        return stamp_of(folder), *(stamp_of(one) for one in sorted(folder.iterdir())[:STAMPED])
    except OSError:
        return ()


def _made(train: Settings, folder: Path, how: Preprocess) -> ImageSet:
    if train.target not in ("auto", "classes"):
        raise PresetError(f"{data_label(train.data)} has classes", key="train.target")
    if train.classes:
        raise PresetError("0 expected: the folders are the classes", key="train.classes")
    if train.data == FASHION or _idx(folder, FILES[True], "images-idx3") is not None:
        return _of_idx(train, folder, how)
    return _of_folders(train, folder, how)


# Files in the format IDX


def _idx(folder: Path, prefix: str, what: str) -> Path | None:
    """A file of the format, packed or not; None if there is none."""
    names = (f"{prefix}-{what}-ubyte{end}" for end in (".gz", ""))
    return next((folder / name for name in names if os.path.lexists(folder / name)), None)


def _of_idx(train: Settings, folder: Path, how: Preprocess) -> ImageSet:
    found: list[Pictures] = []
    labels: list[NDArray[np.uint8]] = []
    for prefix in FILES.values():
        parts = []
        for what, axes in (("images-idx3", 3), ("labels-idx1", 1)):
            path = _idx(folder, prefix, what)
            if path is None:
                raise PresetError(
                    f"{folder.name}: there is no {prefix}-{what}-ubyte.gz", key="train.data"
                )
            parts.append(read_idx(path, axes))
        if len(parts[0]) != len(parts[1]):
            problem = f"{prefix}: {len(parts[0])} pictures and {len(parts[1])} labels"
            raise PresetError(f"{folder.name}: {problem}", key="train.data")
        found.append(parts[0])
        labels.append(parts[1])
    if found[0].shape[1:] != found[1].shape[1:]:
        raise PresetError(f"{folder.name}: pictures of different sizes", key="train.data")
    rows, columns = found[0].shape[1:]
    for name, wanted in (("size", (columns, rows)), ("order", "grey")):
        if getattr(how, name) not in (None, wanted):
            problem = f"{data_label(train.data)} has grey pictures of {columns} × {rows}"
            raise PresetError(f"{problem}: leave out this key", key=f"preprocess.{name}")
    if not len(found[0]):
        raise PresetError(f"{folder.name}: no pictures", key="train.data")
    classes = int(max(one.max(initial=0) for one in labels)) + 1
    if classes < 2:
        raise PresetError(f"{folder.name}: all pictures are of one class", key="train.data")
    names = FASHION_CLASSES if folder == PLACE else tuple(map(str, range(classes)))
    return _image_set(train, found[0], labels[0], names, tests=(found[1], labels[1]))


def test_picture(number: int) -> Pictures:
    """Picture `number` of Fashion-MNIST's tests, from 0: (28, 28, 1). Raises PresetError."""
    return np.ascontiguousarray(_test(number, "images-idx3", 3)[..., None])


def test_class(number: int) -> str:
    """What is in a picture of Fashion-MNIST's tests. Raises PresetError."""
    found = int(_test(number, "labels-idx1", 1))
    return FASHION_CLASSES[found] if found < len(FASHION_CLASSES) else str(found)


def _test(number: int, what: str, axes: int) -> Any:
    path = _idx(PLACE, FILES[False], what) if PLACE.is_dir() else None
    if path is None:
        raise PresetError(missing(FASHION))
    found = _tests.get((path, stamp_of(path)), lambda: read_idx(path, axes))
    if number >= len(found):
        raise PresetError(f"{FASHION} has tests 0 to {len(found) - 1}")
    return found[number]


_tests: LRUCache[Any, Pictures] = LRUCache(2)


def read_idx(path: Path, axes: int) -> NDArray[np.uint8]:
    """The bytes of an IDX file with so many axes. Raises PresetError, in one line.

    No more is unpacked than its head announces, and no more than MAX_VALUES.
    """
    try:
        with open_plain(path) as plain:
            packed = path.suffix == ".gz"
            file: Any = gzip.GzipFile(fileobj=plain) if packed else plain
            return _idx_array(file, axes)
    except (OSError, EOFError, zlib.error) as error:
        problem = getattr(error, "strerror", None) or "damaged: it does not unpack"
    except ValueError as error:
        problem = str(error)
    raise PresetError(f"{path.name}: {problem}", key="train.data")


def _idx_array(file: BinaryIO, axes: int) -> NDArray[np.uint8]:
    head = file.read(4 + 4 * axes)
    if len(head) < 4 + 4 * axes or head[:4] != bytes([0, 0, 8, axes]):
        raise ValueError("not a file of pictures or labels in the format IDX")
    shape = tuple(int(n) for n in np.frombuffer(head[4:], ">u4"))
    count = 1
    for side in shape:
        count *= side
    if count > MAX_VALUES or shape[0] > MAX_PICTURES or max(shape[1:], default=1) > MAX_SIDE:
        raise ValueError(f"its head announces {'×'.join(map(str, shape))} values; too many")
    found = np.empty(count, np.uint8)  # not touched before it is filled
    done = 0
    while done < count:
        part = file.read(min(_CHUNK, count - done))
        if not part:
            raise ValueError(f"ends after {done:,} of {count:,} values")
        found[done : done + len(part)] = np.frombuffer(part, np.uint8)
        done += len(part)
    if file.read(1):  # which also compares the checksum of a packed file
        raise ValueError("holds more than its head announces")
    return found.reshape(shape)


# Folders of folders


def _of_folders(train: Settings, folder: Path, how: Preprocess) -> ImageSet:
    size = how.size
    if size is None or how.order is None:
        problem = "a folder of pictures needs size and order of the network's input, as "
        raise PresetError(problem + 'size = [32, 32], order = "rgb"', key="preprocess")
    if how.order not in ("rgb", "grey"):
        raise PresetError("expected rgb or grey of pictures to learn", key="preprocess.order")
    if max(size) > MAX_SIDE:
        problem = f"at most {MAX_SIDE} pixels a side for a network that learns"
        raise PresetError(problem, key="preprocess.size")
    channels = len(how.planes)
    whole = dataclasses.replace(how, range=255.0, mean=(0.0,) * channels, std=(1.0,) * channels)
    classes = _classes(folder)
    value = size[0] * size[1] * channels
    most = min(MAX_PICTURES, MAX_VALUES // value)
    files = [(k, path) for k, one in enumerate(classes) for path in _files(folder / one)]
    if len(files) > most:
        limit = f"at most {most:,} of {size[0]} × {size[1]}"
        problem = f"{data_label(train.data)}: {len(files):,} pictures; {limit}"
        raise PresetError(problem, key="train.data")
    pictures = np.empty((len(files), size[1], size[0], channels), np.uint8)
    labels = np.empty(len(files), np.uint8 if len(classes) <= 256 else np.uint16)
    count, broken = 0, []
    for number, path in files:
        try:
            pictures[count] = read_picture(path, whole)
        except PresetError as error:
            broken.append(f"{path.parent.name}/{path.name}: {error.problem}")
            continue
        labels[count], count = number, count + 1
    pictures, labels = pictures[:count], labels[:count]
    empty = [name for k, name in enumerate(classes) if not (labels == k).any()]
    if empty:
        some = f" ({broken[0]})" if broken else ""
        problem = f"{data_label(train.data)}: no picture in {show(empty[0])}{some}"
        raise PresetError(problem, key="train.data")
    skipped = ""
    if broken:
        more = f", and {len(broken) - 1} more" if len(broken) > 1 else ""
        skipped = one_line(f"skipped {broken[0]}{more}")
    return _image_set(train, pictures, labels, tuple(classes), skipped=skipped)


def _classes(folder: Path) -> list[str]:
    """The names of the classes' folders, sorted."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(e.name for e in entries if e.is_dir() and not e.name.startswith("."))
    except OSError as error:
        raise PresetError(f"{folder.name}: {error.strerror}", key="train.data") from None
    if not 2 <= len(names) <= MAX_CLASSES:
        problem = f"{folder.name}: {len(names)} folders; expected one for each class, 2 to "
        raise PresetError(problem + str(MAX_CLASSES), key="train.data")
    return names


def _files(folder: Path) -> Iterator[Path]:
    """The pictures of a class, sorted by name."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(e.name for e in entries if e.name.lower().endswith(SUFFIXES))
    except OSError as error:
        raise PresetError(f"{folder.name}: {error.strerror}", key="train.data") from None
    return (folder / name for name in names)


def read_picture(path: Path, how: Preprocess) -> Pictures:
    """A picture as a network sees it, (rows, columns, channels): `how` gives 0 to 255.

    Raises PresetError.
    """
    with opened_image(path) as image:
        pixels = np.rint(pixels_of(image, LARGEST) * 255).astype(np.uint8)
    return np.moveaxis(how.tensor(pixels), 0, -1).astype(np.uint8)


def _image_set(
    train: Settings,
    pictures: Pictures,
    labels: NDArray[Any],
    names: tuple[str, ...],
    *,
    tests: tuple[Pictures, NDArray[Any]] | None = None,
    skipped: str = "",
) -> ImageSet:
    """The pictures in a drawn order; tests of their own stay behind the others."""
    shape = (-1, *pictures.shape[1:3], pictures.shape[3] if pictures.ndim == 4 else 1)
    count = len(pictures)
    order = np.argsort(words(train.seed, 0, ORDER, 1, count)[0], kind="stable")
    pictures, labels = pictures.reshape(shape)[order], labels[order]
    training = count - min(round(count * train.test_fraction), count - 1)
    if tests is not None:
        training = count
        pictures = np.concatenate([pictures, tests[0].reshape(shape)])
        labels = np.concatenate([labels, tests[1]])
    labels = labels.astype(np.int64)
    content = hashlib.sha256(repr((IMAGES, names, training, pictures.shape)).encode())
    for array in (pictures, labels):
        array.flags.writeable = False
        content.update(np.ascontiguousarray(array).data)
    mean, std = _moments(pictures[:training])
    none: Float64 = np.zeros(0)
    return ImageSet(
        IMAGES,
        none,
        none,
        labels,
        None,
        len(names),
        training,
        content.hexdigest(),
        tuple(map(one_line, names)),
        pictures=pictures,
        mean=mean,
        std=std,
        skipped=skipped,
    )


def _moments(pictures: Pictures) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel, of values from 0 to 1, to four digits.

    By sums of integers: the same on every machine.
    """
    means, stds = [], []
    for channel in range(pictures.shape[3]):
        counts = [0] * 256
        for first in range(0, len(pictures), TOGETHER):
            some = pictures[first : first + TOGETHER, ..., channel].ravel()
            found = np.bincount(some, minlength=256).tolist()
            counts = [a + b for a, b in zip(counts, found, strict=True)]
        total = sum(counts)
        mean = sum(value * n for value, n in enumerate(counts)) / total
        second = sum(value * value * n for value, n in enumerate(counts))
        spread = max(0.0, second / total - mean * mean) ** 0.5
        means.append(round(mean / 255, 4))
        stds.append(max(round(spread / 255, 4), 0.01))
    return tuple(means), tuple(stds)


def tensors(pictures: Pictures, how: Preprocess) -> Float32:
    """Pictures (…, rows, columns, channels) as inputs (…, channels, rows, columns).

    As `Preprocess.tensor` gives them, to the bit.
    """
    values: Float32 = pictures.astype(np.float32)
    if how.range == 1:
        values /= np.float32(255)
    else:
        values *= np.float32((how.range or 1) / 255)
    values -= np.asarray(how.mean, np.float32)
    values /= np.asarray(how.std, np.float32)
    return np.ascontiguousarray(np.moveaxis(values, -1, -3))
