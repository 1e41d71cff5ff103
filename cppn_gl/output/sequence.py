"""Sequences: numbered frames in a folder, resumable, described by a manifest.

    Sequence -> manifest.json, then frame k at k / fps seconds -> 00000.png, 00001.png …
             -> weights.safetensors, if the network is one of the user's own, from a file

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
from cppn_gl.output.capture import FrameWriter, default_workers
from cppn_gl.output.cluster import Cluster
from cppn_gl.output.formats import check_bits
from cppn_gl.output.manifest import MANIFEST, difference, preset_keys, write_manifest
from cppn_gl.output.manifest import read_manifest as _read_manifest
from cppn_gl.output.png import PNG, is_whole_png
from cppn_gl.preset.network_file import carried
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import BITS, SAMPLES, SIZE, Shot, read_shot
from cppn_gl.utils.arrays import Samples
from cppn_gl.utils.checks import Check, PresetError, checked, integer, line, number, text
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
WAITING_BYTES = 2**30  # limit of pixels drawn but not yet written

WEIGHTS = "weights.safetensors"  # of a network that the frames would carry otherwise

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
        return dataclasses.replace(self.shot(frame, engine), beside=beside)

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
    if not overwrite:
        sequence = _agreeing(sequence, folder, None if any_engine else engine)
    for names in (f"[0-9]*{_SUFFIX}", MANIFEST):
        remove_parts(folder, names)
    done = _done(sequence, folder, engine, overwrite)
    weights = _weights(sequence, folder, overwrite)
    _write_manifest(sequence, folder, engine, overwrite)
    if weights is not None:
        write_atomic(folder / WEIGHTS, weights, overwrite=overwrite)
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
    """Yield the pictures of some frames, or all, in order: (height, width, 3) uint8 or uint16.

    Each is yielded after the next one has been begun. Close the generator if it is not exhausted.
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


def waiting(size: tuple[int, int], bits: int = 8) -> int:
    """How many pictures of a size may wait to be written, including those being encoded.

    Two more are in memory: one being drawn and one read back.
    """
    return max(2, min(default_workers() + 2, WAITING_BYTES // (3 * size[0] * size[1] * bits // 8)))


def _begin(renderer: "Renderer", shot: Shot) -> PendingPicture:
    how: dict[str, Any] = {"samples": shot.samples, "dtype": shot.dtype}
    return renderer.begin(shot.preset, shot.size, shot.time, **how)


def _agreeing(sequence: Sequence, folder: Path, engine: str | None) -> Sequence:
    """The sequence with the name in the folder's manifest. Raises CaptureError if they differ."""
    existing = read_manifest(folder)
    if existing is None:
        if _numbered(folder):
            raise CaptureError(folder, f"contains frames but no {MANIFEST}", _REMEDY)
        return sequence
    existing.setdefault("bits", 8)
    wanted = sequence.manifest(engine or existing["engine"])
    # Several keys may differ; the first in this order is the most informative one.
    keys = ("preset_sha256", "size", "fps", "samples", "bits", "engine", "version")
    if problem := difference(existing, wanted, keys):
        raise CaptureError(folder / MANIFEST, problem, _REMEDY)
    if existing["frames"] > sequence.frames:
        problem = f"frames is {existing['frames']}, not {sequence.frames}: it can only be increased"
        raise CaptureError(folder / MANIFEST, problem, _REMEDY)
    name = Path(existing["name"]).name or sequence.preset.name
    return dataclasses.replace(sequence, preset=dataclasses.replace(sequence.preset, name=name))


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
        expected = sequence.frame(frame, engine)
        if frame < sequence.frames and is_whole_png(path, expected):
            done.add(frame)
            continue
        shot = _shot_in(path)
        if not overwrite:
            other = shot and dataclasses.replace(expected, engine=shot.engine)
            if other is None or frame >= sequence.frames or not is_whole_png(path, other):
                raise CaptureError(path, "is not a complete frame of this sequence", _REMEDY)
            done.add(frame)
        elif shot is not None:  # an old frame: the new sequence may be shorter
            with contextlib.suppress(OSError):
                path.unlink()
    return done


def _weights(sequence: Sequence, folder: Path, overwrite: bool) -> bytes | None:
    """The weights that frames name, if their file has still to be written. Raises CaptureError."""
    weights, path = carried(sequence.preset), folder / WEIGHTS
    if weights is None or not os.path.lexists(path):
        return weights
    with contextlib.suppress(OSError), open_plain(path) as file:
        if file.read(len(weights) + 1) == weights:
            return None
    if not overwrite:
        raise CaptureError(path, "is not of this sequence", _REMEDY)
    spec = sequence.preset.spec
    with contextlib.suppress(OSError):
        if isinstance(spec, File) and spec.path and os.path.samefile(spec.path, path):
            problem = "is the network that is drawn; choose another folder"
            raise CaptureError(path, problem)
    return weights


def _shot_in(path: Path) -> Shot | None:
    """The shot in a picture saved by cppn_gl; None for any other file."""
    try:
        return read_shot(path)
    except PresetError:
        return None


def _write_manifest(sequence: Sequence, folder: Path, engine: str, overwrite: bool) -> None:
    """Write the manifest if it changed; a resumed sequence keeps the engine recorded there."""
    existing = None
    with contextlib.suppress(CaptureError):  # with `overwrite`, an invalid one is replaced
        existing = read_manifest(folder)
    if existing is not None and not overwrite:
        engine = existing["engine"]
    wanted = sequence.manifest(engine)
    if existing != wanted:
        write_manifest(folder, wanted)
