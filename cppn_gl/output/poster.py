"""Posters: pictures of any size, drawn band by band in bounded memory, and resumable.

    Shot -> bands of rows, each drawn and stored in a folder beside the target -> one file

A band's file is written atomically, so an intact one is done. After a crash the same call draws the
missing bands, and the result has the bytes of an uninterrupted run. The folder's manifest says what
its bands belong to. Bands of another picture, engine or version are neither used nor deleted: they
are an error that names the folder. The folder is removed when the file is complete.
"""

import contextlib
import dataclasses
import glob
import os
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import tee
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cppn_gl.output.bands import band_rows, compress, is_intact
from cppn_gl.output.capture import Workers
from cppn_gl.output.cluster import Cluster
from cppn_gl.output.formats import BandedFormat, format_of
from cppn_gl.output.manifest import MANIFEST, difference, preset_keys, read_manifest, write_manifest
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.checks import text
from cppn_gl.utils.files import (
    CaptureError,
    Remedy,
    make_folder,
    remove_parts,
    write_atomic,
    writing,
)
from cppn_gl.utils.locks import locked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cppn_gl.output.renderer import Renderer

AT_ONCE = 2**24  # samples of the largest picture drawn whole: 4096×4096 pixels at one sample each
MAX_RATIO = 1000  # compression ratio: deflate's limit is 1032; smooth pictures reach 15 to 100

_KEYS = (
    *("preset_sha256", "size", "time", "samples", "bits"),
    *("engine", "renderer", "version", "rows"),
)


def is_poster(path: Path, shot: Shot) -> bool:
    """Whether a picture is drawn in bands: over AT_ONCE samples, and its format supports it."""
    return shot.points > AT_ONCE and isinstance(format_of(path), BandedFormat)


@dataclass(frozen=True)
class Band:
    """Rows of a picture and the file that stores them; `length` in bytes, uncompressed."""

    path: Path
    top: int
    rows: int
    length: int

    def is_done(self) -> bool:
        """Whether the band's file exists and is intact."""
        return is_intact(self.path, self.length)


@dataclass(frozen=True)
class Poster:
    """A picture drawn band by band: its shot, its file, and the rows per band (0: the default)."""

    shot: Shot
    path: Path
    rows: int = 0

    def __post_init__(self) -> None:
        rows = min(self.rows, self.shot.size[1]) or band_rows(self.shot)
        object.__setattr__(self, "rows", rows)

    @cached_property
    def format(self) -> BandedFormat:
        """The file's format. Raises CaptureError if it does not support bands."""
        format_ = format_of(self.path)
        if not isinstance(format_, BandedFormat):
            raise CaptureError(self.path, f"a {format_.name} cannot be written band by band")
        return format_

    @cached_property
    def target(self) -> Path:
        """The file with symbolic links resolved: the bands are stored on its disk."""
        return Path(os.path.realpath(self.path)) if self.path.is_symlink() else self.path

    @cached_property
    def folder(self) -> Path:
        """The folder of the bands until the file is complete."""
        return self.target.with_name(f"{self.target.name}.bands")

    @cached_property
    def bands(self) -> list[Band]:
        """The bands, from the top."""
        height, bands = self.shot.size[1], []
        for number, top in enumerate(range(0, height, self.rows)):
            rows = min(self.rows, height - top)
            length = self.length // height * rows
            bands.append(Band(self.folder / f"{number:06d}.zlib", top, rows, length))
        return bands

    @property
    def count(self) -> int:
        """The number of bands, without listing them: there may be very many."""
        return -(-self.shot.size[1] // self.rows)

    @property
    def length(self) -> int:
        """The size of all rows in bytes, uncompressed."""
        width, height = self.shot.size
        return height * (self.format.lead + self.shot.channels * width * self.shot.bits // 8)

    def manifest(self, renderer: str) -> dict[str, Any]:
        """The folder's manifest. To resume, everything but the name has to match."""
        shot = self.shot
        return {
            "name": shot.preset.name,
            "size": list(shot.size),
            "time": shot.time,
            "samples": shot.samples,
            "bits": shot.bits,
            "rows": self.rows,
            "engine": shot.engine,
            "renderer": renderer,
            "version": shot.version,
            **preset_keys(shot.preset),
        }

    def begun(self) -> dict[str, Any] | None:
        """The manifest of existing bands; None if there are no bands.

        Raises CaptureError if the folder is not a poster's.
        """
        manifest = read_manifest(self.folder, {"engine": text(40)}, self._remedy)
        if manifest is None and any(not name.startswith(".") for name in _names(self.folder)):
            raise CaptureError(self.folder, f"contains files but no {MANIFEST}", self._remedy)
        return manifest if any(_drawn(self.folder)) else None

    @property
    def _remedy(self) -> Remedy:
        return Remedy(
            f"remove the folder {self.folder.name}, or choose a name other than {self.path.name}"
        )

    def check_space(self) -> None:
        """Raise CaptureError if the disk cannot hold the bands and the file, however small."""
        least = 2 * self.length // MAX_RATIO
        _check_space(self, least - sum(path.stat().st_size for path in _drawn(self.folder)))

    def check_agrees(self, wanted: dict[str, Any]) -> None:
        """Raise CaptureError if existing bands are not this picture's."""
        existing = self.begun()
        if existing is not None:
            existing.setdefault("bits", 8)
        if existing and (problem := difference(existing, wanted, _KEYS)):
            problem = f"contains bands of another picture: {problem}"
            raise CaptureError(self.folder, problem, self._remedy)


def write_poster(
    renderer: "Renderer | Cluster",
    poster: Poster,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Draw the missing bands, assemble the file, and return the number of bands drawn.

    An existing file of that name is replaced. Raises CaptureError if existing bands belong to
    another picture, the disk is too small, a file cannot be written, or another process is drawing
    the same file. `progress(done, bands)` is called after each band.
    """
    shot = dataclasses.replace(poster.shot, engine=renderer.engine_for(poster.shot.preset).engine)
    poster = dataclasses.replace(poster, shot=shot)
    lock = poster.target.with_name(f".{poster.target.name}.lock")
    with locked(lock, poster.path, "wait until it is done, or choose another name"):
        return _write(renderer, poster, progress)


def _write(
    renderer: "Renderer | Cluster", poster: Poster, progress: Callable[[int, int], None] | None
) -> int:
    """As write_poster, once the file is locked and the shot has its engine."""
    shot = poster.shot
    from cppn_gl.engines.names import cpu_engine  # needs OpenGL's library, which help does not

    # An engine of the processor draws the same whether OpenGL is there or not.
    drawer = cpu_engine(shot.engine)
    manifest = poster.manifest(drawer.renderer if drawer else renderer.info.renderer)
    poster.check_agrees(manifest)
    poster.check_space()
    make_folder(poster.folder)
    remove_parts(poster.folder, "*")
    remove_parts(poster.target.parent, glob.escape(poster.target.name[:40]))
    write_manifest(poster.folder, manifest)
    drawn = _draw(renderer, poster, progress)
    _check_space(poster, sum(path.stat().st_size for path in _drawn(poster.folder)))
    with writing(poster.path, overwrite=True) as file:
        poster.format.write_bands(file, shot, poster.rows, _streams(poster))
    _clear(poster.folder)
    return drawn


def _draw(
    renderer: "Renderer | Cluster", poster: Poster, progress: Callable[[int, int], None] | None
) -> int:
    """Draw the missing bands; threads compress and write them. Return the number drawn."""
    drawn = 0
    bands, same = tee((band, band.is_done()) for band in poster.bands)
    found = _pictures(renderer, poster, (band for band, done in same if not done))
    with Workers() as workers, contextlib.closing(found):
        for number, (band, done) in enumerate(bands, 1):
            if not done:
                task = partial(_write_band, poster.format, band, next(found))
                while not workers.take(task, wait=0.2):
                    pass
                drawn += 1
            if progress:
                progress(number, poster.count)
    return drawn


def _pictures(
    renderer: "Renderer | Cluster", poster: Poster, bands: Iterable[Band]
) -> "Generator[bytes | NDArray[Any], None, None]":
    """Yield the bands' pixels, or their streams."""
    shot = poster.shot
    if isinstance(renderer, Cluster):
        places = ((band.top, band.rows) for band in bands)
        yield from renderer.bands(shot, places, poster.format.name)
        return
    how: dict[str, Any] = {"samples": shot.samples, "dtype": shot.dtype}
    for band in bands:
        part = (0, band.top, shot.size[0], band.rows)
        yield renderer.render(shot.preset, shot.size, shot.time, part=part, **how)


def _write_band(format_: BandedFormat, band: Band, found: "bytes | NDArray[Any]") -> None:
    """Write the file of a band's pixels, or of its stream."""
    if band.path.is_symlink():  # not made by this program: do not overwrite its target
        band.path.unlink(missing_ok=True)
    stream = found if isinstance(found, bytes) else compress(format_.filtered(found).data)
    write_atomic(band.path, stream, overwrite=True)


def _streams(poster: Poster) -> Iterator[bytes]:
    for band in poster.bands:
        try:
            yield band.path.read_bytes()
        except OSError as error:
            raise CaptureError(band.path, f"cannot be read: {error.strerror}") from None


def _check_space(poster: Poster, needed: int) -> None:
    """Raise CaptureError if the disk has fewer than `needed` bytes free."""
    try:
        free = shutil.disk_usage(poster.target.parent).free
    except OSError:  # not every file system reports it
        return
    if free < needed:
        problem = f"needs at least {needed / 1e9:.1f} GB, but only {free / 1e9:.1f} GB are free"
        remedy = Remedy("free some space, or choose another disk or a smaller size", "size")
        raise CaptureError(poster.path, problem, remedy)


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise CaptureError(folder, f"cannot be listed: {error.strerror}") from None


def _drawn(folder: Path) -> Iterator[Path]:
    """The bands' files, intact or not."""
    return folder.glob("[0-9]*.zlib")


def _clear(folder: Path) -> None:
    """Remove the bands and the manifest, and the folder if nothing else is in it."""
    remove_parts(folder, "*")
    with contextlib.suppress(OSError):
        for path in [*_drawn(folder), folder / MANIFEST]:
            path.unlink()
        folder.rmdir()
