"""The pictures of a folder that excite each channel of an image network most.

    network, [preprocess], folder -> top_images() -> TopImages, the same one while it is in use
        .work()        passes every picture through the network, in slices; resumes where it stopped
        .best(k, c)    the pictures that channel c of stage k likes best so far -> [Top]

Of each picture a channel's strongest place counts, so its best pictures are different ones. Only
numbers are kept: values, files and places, a few for each channel. Pictures are read again when
they are shown.

The numbers are written to the user's cache folder now and then, and at the end. A cache is for one
network, one preprocessing and one folder. New pictures in the folder are added to it; if one that
was seen has changed or is gone, it starts again.
"""

import contextlib
import hashlib
import json
import os
import threading
import time as wall
from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.image_file import read_image
from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.nn.vision.preprocess import Preprocess, picture_of
from cppn_gl.nn.vision.running import Pass, forward
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import CaptureError, make_folder, read_plain, write_atomic
from cppn_gl.utils.images import SUFFIXES
from cppn_gl.utils.resources import user_folder
from cppn_gl.utils.tasks import Steps

COUNT = 9  # pictures kept for each channel
MOST_FILES = 200_000
SLICE = 64  # files listed at once
MOST_BYTES = 2**28  # of a cache file
SAVED_SECONDS = 5.0  # between writes of the cache
FORMAT = 1
_HEAD = 2**26  # bytes of a cache's text, at most


class Top(NamedTuple):
    """A picture that excites a channel: its file, the value, and (row, column) of its place."""

    path: Path
    value: float
    place: tuple[int, int]


class Seen(NamedTuple):
    """A picture of the folder: its name there, its bytes, when it was changed; what is wrong."""

    name: str
    bytes: int
    changed: int
    problem: str = ""


def pictures_in(folder: Path) -> Steps[list[Seen]]:
    """The image files in a folder and those inside it, by name, in slices. Raises PresetError.

    Links that lead out of the folder are not followed.
    """
    if not folder.is_dir():
        what = "is a file; expected a folder" if folder.exists() else "no such folder"
        raise PresetError(f"{folder}: {what}", key="top_images.folder")
    root = os.path.realpath(folder)
    found: list[Seen] = []
    for number, path in enumerate(_paths(root)):
        if number % SLICE == 0:
            yield
        if not path.lower().endswith(SUFFIXES) or not _inside(path, root):
            continue
        with contextlib.suppress(OSError):
            status = os.stat(path)
            here = os.path.relpath(path, root).replace(os.sep, "/")
            found.append(Seen(here, status.st_size, status.st_mtime_ns))
        if len(found) > MOST_FILES:
            problem = f"{folder}: more than {MOST_FILES:,} pictures; choose a smaller folder"
            raise PresetError(problem, key="top_images.folder")
    if not found:
        kinds = " ".join(SUFFIXES)
        raise PresetError(f"{folder}: no pictures ({kinds})", key="top_images.folder")
    return sorted(found)


def _paths(root: str) -> Iterator[str]:
    """All files in a folder and those inside it."""
    for inner, _, names in os.walk(root):
        for name in names:
            yield os.path.join(inner, name)


def _inside(path: str, root: str) -> bool:
    if not os.path.islink(path):
        return True
    real = os.path.realpath(path)
    return real.startswith(root + os.sep) and os.path.isfile(real)


class TopImages:
    """The best pictures of a folder for all channels of a network, as far as they are known.

    done: the pictures passed through the network, or found to be broken. total: those in the
    folder; 0 until it has been listed. revision: counts changes. live: the window works on it.
    """

    def __init__(self, network: ImageNetwork, preprocess: Preprocess, folder: Path):
        self.network, self.preprocess = network, preprocess
        self.folder = Path(os.path.realpath(folder))
        counts = [stage.shape.channels for stage in network.stages]
        self._starts = np.concatenate([[0], np.cumsum(counts)]).tolist()
        self._lock = threading.Lock()
        self.live = False
        self.revision = 0
        self._listed: list[Seen] | None = None
        self._order: dict[str, int] = {}  # the place of each name among these
        self._seen: list[Seen] = []
        self._names: set[str] = set()  # of these
        self._ranked = array("q")  # of _seen
        rows = self._starts[-1]
        self._values = np.zeros((rows, COUNT), np.float32)  # 0: no picture
        self._files = np.full((rows, COUNT), -1, np.int32)  # indices of _seen
        self._places = np.zeros((rows, COUNT), np.int32)  # row · columns + column

    @property
    def total(self) -> int:
        return len(self._listed or ())

    @property
    def done(self) -> int:
        """The number of pictures that have been seen."""
        return len(self._seen)

    @property
    def finished(self) -> bool:
        return self._listed is not None and self.done >= self.total

    @property
    def broken(self) -> dict[str, str]:
        """The files that were skipped, and what is wrong with each."""
        with self._lock:
            return {one.name: one.problem for one in self._seen if one.problem}

    def best(self, stage: int, channel: int, count: int = COUNT) -> list[Top]:
        """The pictures that excite channel `channel` of stage `stage` most, both from 0."""
        row, columns = self._starts[stage] + channel, self.network.stages[stage].shape.columns
        with self._lock:
            found = zip(
                self._values[row].tolist(),
                self._files[row].tolist(),
                self._places[row].tolist(),
                strict=True,
            )
            return [
                Top(self.folder / self._seen[file].name, value, divmod(place, columns))
                for value, file, place in found
                if file >= 0
            ][:count]

    def look_up(self) -> Steps[None]:
        """List the folder, and take what is cached, once. Raises PresetError."""
        if self._listed is not None:
            return
        listed = yield from pictures_in(self.folder)
        cached = self._cached({one.name: one for one in listed})
        with self._lock:
            if self._listed is None:
                self._order = {one.name: rank for rank, one in enumerate(listed)}
                if cached is not None:
                    self._seen, (self._values, self._files, self._places) = cached
                    self._names = {one.name for one in self._seen}
                self._listed = listed
                self.revision += 1

    def work(self) -> Steps[None]:
        """Pass the pictures that have not been seen through the network; yields the progress.

        Raises PresetError if there are none.
        """
        yield from self.look_up()
        assert self._listed is not None
        saved = wall.monotonic()
        unsaved = False
        try:
            for picture in self._listed:
                if picture.name in self._names:
                    continue
                yield self.done / self.total
                try:
                    image = read_image(self.folder / picture.name)
                    yield
                    tensor = self.preprocess.tensor(picture_of(image))
                    done = yield from forward(self.network, tensor)
                except PresetError as error:
                    self._add(picture._replace(problem=error.problem), None)
                else:
                    self._add(picture, done)
                unsaved = True
                if wall.monotonic() > saved + SAVED_SECONDS:
                    self.save()
                    saved, unsaved = wall.monotonic(), False
        finally:
            if unsaved:
                self.save()

    def _add(self, picture: Seen, done: Pass | None) -> None:
        """Count a picture as seen; with a pass, enter it where it excites a channel enough."""
        values, places = strongest(done.units) if done else (np.zeros(0, np.float32),) * 2
        with self._lock:
            if picture.name in self._names:  # by another thread
                return
            index = len(self._seen)
            self._seen.append(picture)
            self._names.add(picture.name)
            self.revision += 1
            if done is None:
                return
            # Of equal ones the first by name; pictures may be added in another order.
            least = self._values[:, -1]
            rows = np.flatnonzero((values > 0) & (values >= least))
            if not len(rows):
                return
            pools = [
                np.concatenate([old[rows], np.asarray(new, old.dtype)[:, None]], axis=1)
                for old, new in (
                    (self._values, values[rows]),
                    (self._files, np.full(len(rows), index)),
                    (self._places, places[rows]),
                )
            ]
            rank = np.where(pools[1] >= 0, self._ranks()[pools[1]], self.total)
            best = np.lexsort((rank, -pools[0]), axis=1)[:, :COUNT]
            for old, pool in zip((self._values, self._files, self._places), pools, strict=True):
                old[rows] = np.take_along_axis(pool, best, axis=1)

    def _ranks(self) -> NDArray[np.intp]:
        """The place of each picture seen in the folder's order."""
        for one in self._seen[len(self._ranked) :]:
            self._ranked.append(self._order[one.name])
        return np.frombuffer(self._ranked, np.int64)

    # The cache

    @property
    def path(self) -> Path | None:
        """The file of the cache; None without a home directory."""
        folder = user_folder("cache")
        return None if folder is None else folder / "top-images" / f"{self.key}.bin"

    @cached_property
    def key(self) -> str:
        """A name for the network, the preprocessing and the folder."""
        what = repr((FORMAT, self.network.digest, self.preprocess, str(self.folder)))
        return hashlib.blake2b(what.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()

    def save(self) -> None:
        """Write the cache; where that is impossible, it is not kept."""
        path = self.path
        if path is None:
            return
        with self._lock:
            head = json.dumps({"format": FORMAT, "rows": self._starts[-1], "seen": self._seen})
            arrays = (self._values, self._files, self._places)
            text = head.encode("utf-8", "surrogateescape") + b"\n"
            data = text + b"".join(one.tobytes() for one in arrays)
        with contextlib.suppress(CaptureError):
            make_folder(path.parent)
            write_atomic(path, data, overwrite=True)

    def _cached(self, listed: Mapping[str, Seen]) -> tuple[list[Seen], Any] | None:
        """What is cached, if the pictures seen are still the same."""
        path = self.path
        if path is None:
            return None
        try:
            data = read_plain(path, MOST_BYTES)
            if data is None:
                return None
            text, _, rest = data.partition(b"\n")
            head = json.loads(text[:_HEAD].decode("utf-8", "surrogateescape"))
            seen = [Seen(str(a), int(b), int(c), str(d)) for a, b, c, d in head["seen"]]
            arrays = _arrays(rest, self._starts[-1], len(seen))
        except (PresetError, ValueError, KeyError, TypeError, RecursionError):
            return None
        same = all(listed.get(one.name) == one._replace(problem="") for one in seen)
        return (seen, arrays) if same else None


def strongest(layers: Sequence[Float32]) -> tuple[Float32, NDArray[np.int32]]:
    """The largest value of each channel of all layers, and its place, row · columns + column."""
    values, places = [], []
    for units in layers:
        flat = units.reshape(len(units), -1)
        place = flat.argmax(1)
        values.append(flat[np.arange(len(flat)), place])
        places.append(place)
    found = np.nan_to_num(np.concatenate(values), posinf=3e38)
    return found.astype(np.float32), np.concatenate(places).astype(np.int32)


def _arrays(data: bytes, rows: int, files: int) -> tuple[Float32, Any, Any]:
    """Values, files and places from a cache's bytes. Raises ValueError."""
    size = 4 * rows * COUNT
    if len(data) != 3 * size:
        raise ValueError
    parts = [
        np.frombuffer(data[k * size : (k + 1) * size], kind).reshape(rows, COUNT).copy()
        for k, kind in enumerate(("<f4", "<i4", "<i4"))
    ]
    if parts[1].size and not -1 <= parts[1].min() <= parts[1].max() < files:
        raise ValueError
    if parts[2].min(initial=0) < 0 or not np.isfinite(parts[0]).all():
        raise ValueError
    return parts[0], parts[1], parts[2]


_shared: dict[Any, TopImages] = {}
_sharing = threading.Lock()
SHARED = 4


def top_images(network: ImageNetwork, preprocess: Preprocess, folder: str | Path) -> TopImages:
    """The top pictures of a folder, shared by all who ask for the same. Raises PresetError."""
    key = network.digest, preprocess, os.path.realpath(folder)
    with _sharing:
        if key not in _shared:
            made = TopImages(network, preprocess, Path(folder))
            while len(_shared) >= SHARED:
                _shared.pop(next(iter(_shared)))
            _shared[key] = made
        return _shared[key]
