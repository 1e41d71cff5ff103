"""Sequences: numbered frames in a folder, resumable, described by a manifest.

    Sequence -> manifest.json, then frame k at k / fps seconds -> 00000.png, 00001.png …
             -> weights.safetensors, if the network is one of the user's own, from a file
             -> input.png, if an image of the user's own is an input

Frames are written atomically, so an existing frame is done. After a crash the same call draws the
missing ones, and the folder has the bytes of an uninterrupted run. Drawing, reading back and
encoding run in parallel, with a bounded number of pictures in between.
"""

import contextlib
import dataclasses
import os
import re
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cppn_gl._version import __version__
from cppn_gl.engines.gl.stream import PendingPicture, pipelined
from cppn_gl.nn.file_source import File
from cppn_gl.output.capture import FrameWriter, waiting
from cppn_gl.output.cluster import Cluster
from cppn_gl.output.formats import check_bits, is_picture
from cppn_gl.output.manifest import MANIFEST, difference, keep_manifest, preset_keys
from cppn_gl.output.manifest import read_manifest as _read_manifest
from cppn_gl.output.png import PNG
from cppn_gl.preset.network_file import carried, carried_image
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import BITS, SAMPLES, SIZE, Shot, shot_in
from cppn_gl.utils.arrays import Samples
from cppn_gl.utils.checks import Check, checked, integer, line, number, text
from cppn_gl.utils.files import (
    CaptureError,
    Remedy,
    make_folder,
    open_plain,
    remove_parts,
    write_atomic,
)
from cppn_gl.utils.locks import locked

if TYPE_CHECKING:
    from cppn_gl.output.renderer import Renderer

FRAMES = integer(1, 100_000)  # five digits in a file's name
FPS = number(0.001, 1000)

WEIGHTS = "weights.safetensors"  # of a network that the frames would carry otherwise
IMAGE = "input.png"  # an image that they would carry

_SUFFIX = PNG.suffixes[0]
_FRAME = re.compile(r"(\d{5})" + re.escape(_SUFFIX), re.ASCII)
_REMEDY = Remedy("choose another folder, or overwrite it", "overwrite")


@dataclass(frozen=True)
class Sequence:
    """`frames` pictures of a preset at `fps` frames per second; the rest is as in Shot."""

    preset: Preset
    frames: int
    fps: float
    size: tuple[int, int] = (640, 360)
    samples: Samples = 1
    bits: int = 8

    def __post_init__(self) -> None:
        checks: dict[str, Check] = {"frames": FRAMES, "fps": FPS, "size": SIZE}
        checks |= {"samples": SAMPLES, "bits": BITS}
        for name, check in checks.items():
            object.__setattr__(self, name, checked(check, getattr(self, name), name))
        check_bits(PNG, self.bits)

    def shot(self, frame: int, engine: str) -> Shot:
        """The shot of a frame, counted from 0."""
        time = frame / self.fps
        return Shot(self.preset, self.size, time, self.samples, engine, bits=self.bits)

    def frame(self, frame: int, engine: str) -> Shot:
        """The shot that a frame's file remembers: weights are in a file beside all of them."""
        beside = WEIGHTS if carried(self.preset) is not None else ""
        image = IMAGE if carried_image(self.preset) is not None else ""
        return dataclasses.replace(self.shot(frame, engine), beside=beside, image_beside=image)

    def manifest(self, engine: str) -> dict[str, Any]:
        """The content of manifest.json. To resume, everything but the name has to match."""
        return {
            "name": self.preset.name,
            "frames": self.frames,
            "fps": self.fps,
            "size": list(self.size),
            "samples": self.samples,
            "bits": self.bits,
            "engine": engine,
            "version": __version__,
            **preset_keys(self.preset),
        }


def frame_path(folder: Path, frame: int) -> Path:
    """The file of a frame, counted from 0."""
    return folder / f"{frame:05d}{_SUFFIX}"


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The content of a folder's manifest; None if there is none. Raises CaptureError."""
    checks: dict[str, Check] = {"name": line(200), "engine": text(40), "frames": FRAMES}
    return _read_manifest(folder, checks, _REMEDY)


def write_sequence(
    renderer: "Renderer | Cluster",
    sequence: Sequence,
    folder: Path,
    *,
    overwrite: bool = False,
    any_engine: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Draw the frames missing from `folder`, and return their number.

    Raises CaptureError if the folder contains another sequence (which `overwrite` replaces), a file
    cannot be written, or another process is drawing there. `any_engine` resumes with an engine
    other than the manifest's. `progress(done, frames)` is called after each frame.
    """
    engine = renderer.engine_for(sequence.preset).engine
    check_frames(renderer, sequence)
    make_folder(folder)
    with locked(folder / ".lock", folder, "wait until it is done, or choose another folder"):
        return _write(renderer, sequence, folder, engine, overwrite, any_engine, progress)


def _write(
    renderer: "Renderer | Cluster",
    sequence: Sequence,
    folder: Path,
    engine: str,
    overwrite: bool,
    any_engine: bool,
    progress: Callable[[int, int], None] | None,
) -> int:
    """As write_sequence, in an existing and locked folder."""
    recorded = engine
    if not overwrite:
        sequence, recorded = _agreeing(sequence, folder, engine, any_engine)
    beside = _new_files(sequence.preset, folder, overwrite)
    for names in (f"[0-9]*{_SUFFIX}", MANIFEST):
        remove_parts(folder, names)
    done = _done(sequence, folder, engine, overwrite)
    keep_manifest(folder, sequence.manifest(recorded))
    for name, data in beside.items():
        write_atomic(folder / name, data, overwrite=overwrite)
    missing = (k for k in range(sequence.frames) if k not in done)
    pictures = drawn(renderer, sequence, missing, files=True)
    with (
        FrameWriter(overwrite=overwrite, waiting=waiting(sequence.size, sequence.bits)) as writer,
        contextlib.closing(pictures),
    ):
        for frame in range(sequence.frames):
            if frame not in done:
                path, picture = frame_path(folder, frame), next(pictures)
                if isinstance(picture, bytes):
                    submit = partial(writer.put, path, picture)
                else:
                    submit = partial(writer.submit, path, picture, sequence.frame(frame, engine))
                while not submit(wait=0.2):
                    pass
            if progress:
                progress(frame + 1, sequence.frames)
    return sequence.frames - len(done)


def _new_files(preset: Preset, folder: Path, overwrite: bool) -> dict[str, bytes]:
    """The files beside the frames that are not in the folder already, by name.

    Raises CaptureError if others are there, which `overwrite` replaces; never the file that is
    drawn itself, which may hold more than what the frames would carry.
    """
    spec, image = preset.spec, preset.input.path
    network = spec.path if isinstance(spec, File) else None
    files = {
        WEIGHTS: (carried(preset), network, "network that is drawn"),
        IMAGE: (carried_image(preset), image, "image that is an input"),
    }
    return {
        name: data
        for name, (data, own, what) in files.items()
        if data is not None and not _is_there(folder / name, data, own, what, overwrite)
    }


def _is_there(path: Path, data: bytes, own: Path | None, what: str, overwrite: bool) -> bool:
    """Whether a file has this content already. Raises CaptureError as `_new_files`."""
    if not os.path.lexists(path):
        return False
    try:
        with open_plain(path) as file:
            if file.read(len(data) + 1) == data:
                return True
    except OSError as error:
        raise CaptureError(path, f"cannot be read: {error.strerror}") from None
    if own is not None and os.path.realpath(own) == os.path.realpath(path):
        remedy = Remedy("choose another folder")
        raise CaptureError(path, f"is the {what}", remedy)
    if not overwrite:
        raise CaptureError(path, "is not of this sequence", _REMEDY)
    return False


def check_frames(renderer: "Renderer | Cluster", sequence: Sequence) -> None:
    """Raise the error of any frame that cannot be drawn, before anything is written."""
    preset = sequence.preset
    for frame in range(sequence.frames if preset.moves else 1):
        renderer.check(preset.at(frame / sequence.fps), sequence.size, sequence.samples)


def drawn(
    renderer: "Renderer | Cluster",
    sequence: Sequence,
    frames: Iterable[int] | None = None,
    *,
    files: bool = False,
) -> Generator[Any, None, None]:
    """Yield the pictures of some frames, or all, in order.

    They are (height, width, 3 or 4) uint8 or uint16. Each is yielded after the next one has been
    begun. Close the generator if it is not exhausted.
    `files`: a cluster's workers encode them, if they can, and their files' bytes are yielded.
    """
    engine = renderer.engine_for(sequence.preset).engine
    numbers = range(sequence.frames) if frames is None else frames
    if isinstance(renderer, Cluster):
        times = ((k, sequence.shot(k, engine).time) for k in numbers)
        if files:
            return renderer.frames(sequence.frame(0, engine), times, PNG.name)
        return renderer.frames(sequence.shot(0, engine), times)
    return pipelined(partial(_begin, renderer), (sequence.shot(k, engine) for k in numbers))


def _begin(renderer: "Renderer", shot: Shot) -> PendingPicture:
    how: dict[str, Any] = {"samples": shot.samples, "dtype": shot.dtype}
    return renderer.begin(shot.preset, shot.size, shot.time, **how)


def _agreeing(
    sequence: Sequence, folder: Path, engine: str, any_engine: bool
) -> tuple[Sequence, str]:
    """The sequence with the name in the folder's manifest, and the engine there.

    Raises CaptureError if it is another one.
    """
    existing = read_manifest(folder)
    if existing is None:
        if _numbered(folder):
            raise CaptureError(folder, f"contains frames but no {MANIFEST}", _REMEDY)
        return sequence, engine
    existing.setdefault("bits", 8)
    engine = existing["engine"] if any_engine else engine
    wanted = sequence.manifest(engine)
    # Several keys may differ; the first in this order is the most informative one.
    keys = ("preset_sha256", "size", "fps", "samples", "bits", "engine", "version")
    if problem := difference(existing, wanted, keys):
        raise CaptureError(folder / MANIFEST, problem, _REMEDY)
    if existing["frames"] > sequence.frames:
        problem = f"frames is {existing['frames']}, not {sequence.frames}: it can only be increased"
        raise CaptureError(folder / MANIFEST, problem, _REMEDY)
    name = Path(existing["name"]).name or sequence.preset.name
    preset = dataclasses.replace(sequence.preset, name=name)
    return dataclasses.replace(sequence, preset=preset), engine


def _numbered(folder: Path) -> dict[int, Path]:
    """Frame number to path of all files named like frames."""
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise CaptureError(folder, f"cannot be listed: {error.strerror}") from None
    matches = ((_FRAME.fullmatch(path.name), path) for path in paths)
    return {int(match[1]): path for match, path in matches if match}


def _done(sequence: Sequence, folder: Path, engine: str, overwrite: bool) -> set[int]:
    """The numbers of the finished frames; with `overwrite`, other frames' files are removed.

    Without it, a frame drawn by another engine counts as finished.
    """
    done = set()
    for frame, path in _numbered(folder).items():
        shot = sequence.frame(frame, engine)
        wanted = frame < sequence.frames
        if wanted and is_picture(PNG, path, shot, any_engine=not overwrite):
            done.add(frame)
        elif not overwrite:
            raise CaptureError(path, "is not a complete frame of this sequence", _REMEDY)
        elif shot_in(path) is not None:  # an old frame: the new sequence may be shorter
            with contextlib.suppress(OSError):
                path.unlink()
    return done
