"""Pictures of any size, drawn band by band: memory does not grow with them, and they resume.

    Shot -> bands of rows, each drawn and kept in a folder beside the target -> one file

A band is written whole or not at all, so one that is there and sound is done: after a crash the
same call draws the others, and the file has the bytes of an undisturbed run. The folder's manifest
says what its bands belong to. Bands of another picture, engine or version are never mixed in, nor
thrown away unasked: they are refused, and the folder is named. It goes when the file is whole.
"""

import contextlib
import dataclasses
import glob
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cppn_gl.output.bands import band_rows, compress, is_sound
from cppn_gl.output.capture import Workers
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

AT_ONCE = 2**24  # points in a picture drawn as one: 4096×4096 pixels of one sample
SHRINKS = 1000  # times at the most, by deflate (1032); 15 to 100 is what smooth pictures do

_KEYS = ("preset_sha256", "size", "time", "samples", "engine", "renderer", "version", "rows")


def is_poster(path: Path, shot: Shot) -> bool:
    """The one rule: of more than AT_ONCE points (pixels × samples²), in a banded format."""
    return shot.points > AT_ONCE and isinstance(format_of(path), BandedFormat)


@dataclass(frozen=True)
class Band:
    """Rows of a picture, and the file that keeps them. `length` is that of its bytes, unpacked."""

    path: Path
    top: int
    rows: int
    length: int

    def is_done(self) -> bool:
        """Whether it is drawn, and its file sound."""
        return is_sound(self.path, self.length)


@dataclass(frozen=True)
class Poster:
    """A picture drawn band by band: what it shows, the file it goes to, the rows of a band."""

    shot: Shot
    path: Path
    rows: int = 0

    def __post_init__(self) -> None:
        rows = min(self.rows, self.shot.size[1]) or band_rows(self.shot)
        object.__setattr__(self, "rows", rows)

    @cached_property
    def format(self) -> BandedFormat:
        """The file's format. Raises CaptureError where it has no bands."""
        found = format_of(self.path)
        if not isinstance(found, BandedFormat):
            raise CaptureError(self.path, f"a {found.name} cannot be written band by band")
        return found

    @cached_property
    def target(self) -> Path:
        """The file, behind a link: its folder and its disk are those that count."""
        return Path(os.path.realpath(self.path)) if self.path.is_symlink() else self.path

    @cached_property
    def folder(self) -> Path:
        """Where the bands are until the file is whole."""
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
        """How many bands there are: there may be too many to list before the disk is looked at."""
        return -(-self.shot.size[1] // self.rows)

    @property
    def length(self) -> int:
        """How many bytes all rows are, before they are compressed."""
        width, height = self.shot.size
        return height * (self.format.lead + 3 * width)

    def manifest(self, renderer: str) -> dict[str, Any]:
        """What the folder's manifest says. All but the name has to agree when it goes on."""
        shot = self.shot
        return {
            "name": shot.preset.name,
            "size": list(shot.size),
            "time": shot.time,
            "samples": shot.samples,
            "rows": self.rows,
            "engine": shot.engine,
            "renderer": renderer,
            "version": shot.version,
            **preset_keys(shot.preset),
        }

    def begun(self) -> dict[str, Any] | None:
        """The manifest of the bands that are there; None where there are none.

        Raises CaptureError where the folder is not one of ours.
        """
        found = read_manifest(self.folder, {"engine": text(40)}, self._remedy)
        if found is None and any(not name.startswith(".") for name in _names(self.folder)):
            raise CaptureError(self.folder, f"holds files and no {MANIFEST}", self._remedy)
        return found if any(_drawn(self.folder)) else None

    @property
    def _remedy(self) -> Remedy:
        return Remedy(
            f"remove the folder {self.folder.name}, or choose another name than {self.path.name}"
        )

    def check_agrees(self, wanted: dict[str, Any]) -> None:
        """Raise CaptureError where the bands that are there are not this picture's."""
        found = self.begun()
        if found and (problem := difference(found, wanted, _KEYS)):
            problem = f"holds bands of another picture: {problem}"
            raise CaptureError(self.folder, problem, self._remedy)


def write_poster(
    renderer: "Renderer", poster: Poster, *, progress: Callable[[int, int], None] | None = None
) -> int:
    """Draw the bands that lack, make the file of them all, and return how many were drawn.

    An older file of that name is replaced. Raises CaptureError where the bands that are there are
    another picture's, where the disk cannot hold it, where a file cannot be written, or where
    another process is drawing it.
    `progress(done, bands)` is called after each band.
    """
    shot = dataclasses.replace(poster.shot, engine=renderer.engine_for(poster.shot.preset).engine)
    poster = dataclasses.replace(poster, shot=shot)
    lock = poster.target.with_name(f".{poster.target.name}.lock")
    with locked(lock, poster.path, "wait until it is done, or choose another name"):
        return _write(renderer, poster, progress)


def _write(
    renderer: "Renderer", poster: Poster, progress: Callable[[int, int], None] | None
) -> int:
    """As write_poster, of a file that is held, by the renderer's engine."""
    shot = poster.shot
    manifest = poster.manifest(renderer.info.renderer)
    poster.check_agrees(manifest)
    least = 2 * poster.length // SHRINKS  # the bands, and the file
    _check_space(poster, least - sum(path.stat().st_size for path in _drawn(poster.folder)))
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


def _draw(renderer: "Renderer", poster: Poster, progress: Callable[[int, int], None] | None) -> int:
    """Draw the bands that lack; threads compress and write them. Returns how many those were."""
    shot, drawn = poster.shot, 0
    with Workers() as workers:
        for number, band in enumerate(poster.bands, 1):
            if not band.is_done():
                part = (0, band.top, shot.size[0], band.rows)
                pixels = renderer.render(
                    shot.preset, shot.size, shot.time, samples=shot.samples, part=part
                )
                keep = partial(_keep, poster.format, band, pixels)
                while not workers.take(keep, wait=0.2):
                    pass
                drawn += 1
            if progress:
                progress(number, poster.count)
    return drawn


def _keep(format_: BandedFormat, band: Band, pixels: "NDArray[Any]") -> None:
    if band.path.is_symlink():  # none of ours: what it points at is not to be written over
        band.path.unlink(missing_ok=True)
    write_atomic(band.path, compress(format_.filtered(pixels).data), overwrite=True)


def _streams(poster: Poster) -> Iterator[bytes]:
    for band in poster.bands:
        try:
            yield band.path.read_bytes()
        except OSError as error:
            raise CaptureError(band.path, f"cannot be read: {error.strerror}") from None


def _check_space(poster: Poster, needed: int) -> None:
    """Raise CaptureError where the disk plainly cannot hold that many bytes more."""
    try:
        free = shutil.disk_usage(poster.target.parent).free
    except OSError:  # a file system that does not tell
        return
    if free < needed:
        problem = f"needs {needed / 1e9:.1f} GB at the least, and {free / 1e9:.1f} GB are free"
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
    """The files of bands, sound or not."""
    return folder.glob("[0-9]*.zlib")


def _clear(folder: Path) -> None:
    """Remove what is ours from a folder, and the folder unless something else is in it."""
    remove_parts(folder, "*")
    with contextlib.suppress(OSError):
        for path in [*_drawn(folder), folder / MANIFEST]:
            path.unlink()
        folder.rmdir()
