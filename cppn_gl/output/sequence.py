"""Numbered frames in a folder, with a manifest that says what they are and lets them resume.

    Sequence -> manifest.json, then frame k at k / fps seconds -> 00000.png, 00001.png …

Frames are written whole or not at all, so a frame that is there is done: after a crash the same
call draws the missing ones, and the folder holds the bytes of an undisturbed run. Drawing, reading
back and encoding go on at once, with a few pictures between them and never more.
"""

import contextlib
import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cppn_gl._version import __version__
from cppn_gl.engines.gl.stream import PendingPicture, pipelined
from cppn_gl.output.capture import FrameWriter, default_workers
from cppn_gl.output.manifest import MANIFEST, difference, preset_keys, write_manifest
from cppn_gl.output.manifest import read_manifest as _read_manifest
from cppn_gl.output.png import PNG, is_whole_png
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import SAMPLES, SIZE, Shot, read_shot
from cppn_gl.utils.checks import Check, PresetError, integer, line, number, text
from cppn_gl.utils.files import CaptureError, Remedy, make_folder, remove_parts
from cppn_gl.utils.locks import locked

if TYPE_CHECKING:
    from cppn_gl.output.renderer import Renderer

FRAMES = integer(1, 100_000)  # five digits sort
FPS = number(0.001, 1000)
WAITING_BYTES = 2**30  # of pixels, drawn and not yet written

_SUFFIX = PNG.suffixes[0]
_FRAME = re.compile(r"(\d{5})" + re.escape(_SUFFIX), re.ASCII)
_REMEDY = Remedy("choose another folder, or overwrite it", "overwrite")


@dataclass(frozen=True)
class Sequence:
    """`frames` pictures of a preset, `fps` to a second; `size` in pixels, `samples` as in Shot."""

    preset: Preset
    frames: int
    fps: float
    size: tuple[int, int] = (640, 360)
    samples: int = 1

    def __post_init__(self) -> None:
        checks: dict[str, Check] = {"frames": FRAMES, "fps": FPS, "size": SIZE, "samples": SAMPLES}
        for name, check in checks.items():
            try:
                value = check(getattr(self, name))
            except ValueError as error:
                raise PresetError(str(error), key=name) from None
            object.__setattr__(self, name, value)

    def shot(self, frame: int, engine: str) -> Shot:
        """What frame number `frame` shows, counted from 0."""
        return Shot(self.preset, self.size, frame / self.fps, self.samples, engine)

    def manifest(self, engine: str) -> dict[str, Any]:
        """What manifest.json says. All but the name has to agree when a sequence goes on."""
        return {
            "name": self.preset.name,
            "frames": self.frames,
            "fps": self.fps,
            "size": list(self.size),
            "samples": self.samples,
            "engine": engine,
            "version": __version__,
            **preset_keys(self.preset),
        }


def frame_path(folder: Path, frame: int) -> Path:
    """The file of a frame, counted from 0."""
    return folder / f"{frame:05d}{_SUFFIX}"


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """What a folder's manifest says; None where there is none. Raises CaptureError."""
    checks: dict[str, Check] = {"name": line(200), "engine": text(40), "frames": FRAMES}
    return _read_manifest(folder, checks, _REMEDY)


def write_sequence(
    renderer: "Renderer",
    sequence: Sequence,
    folder: Path,
    *,
    overwrite: bool = False,
    any_engine: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Draw the frames that `folder` lacks, and return how many those were.

    Raises CaptureError where the folder holds another sequence, which `overwrite` replaces, where
    a file cannot be written, or where another process is drawing there. `any_engine` goes on with
    another engine than the manifest's.
    `progress(done, frames)` is called after each frame.
    """
    engine = renderer.engine_for(sequence.preset).engine
    _check(renderer, sequence)
    make_folder(folder)
    with locked(folder / ".lock", folder, "wait until it is done, or choose another folder"):
        return _write(renderer, sequence, folder, engine, overwrite, any_engine, progress)


def _write(
    renderer: "Renderer",
    sequence: Sequence,
    folder: Path,
    engine: str,
    overwrite: bool,
    any_engine: bool,
    progress: Callable[[int, int], None] | None,
) -> int:
    """As write_sequence, in a folder that is there and held."""
    if not overwrite:
        sequence = _agreeing(sequence, folder, None if any_engine else engine)
    for names in (f"[0-9]*{_SUFFIX}", MANIFEST):
        remove_parts(folder, names)
    done = _done(sequence, folder, engine, overwrite)
    _write_manifest(sequence, folder, engine, overwrite)
    lacking = (sequence.shot(k, engine) for k in range(sequence.frames) if k not in done)
    pictures = pipelined(partial(_begin, renderer), lacking)
    with (
        FrameWriter(overwrite=overwrite, waiting=waiting(sequence.size)) as writer,
        contextlib.closing(pictures),
    ):
        for frame in range(sequence.frames):
            if frame not in done:
                path, shot = frame_path(folder, frame), sequence.shot(frame, engine)
                pixels = next(pictures)
                while not writer.submit(path, pixels, shot, wait=0.2):
                    pass
            if progress:
                progress(frame + 1, sequence.frames)
    return sequence.frames - len(done)


def _check(renderer: "Renderer", sequence: Sequence) -> None:
    """Raise what any frame would be refused for, before anything is written."""
    preset = sequence.preset
    for frame in range(sequence.frames if preset.moves else 1):
        renderer.check(preset.at(frame / sequence.fps), sequence.size, sequence.samples)


def waiting(size: tuple[int, int]) -> int:
    """How many pictures of a size wait to be written, those being encoded included.

    Two more are alive: one being drawn, and one drawn.
    """
    return max(2, min(default_workers() + 2, WAITING_BYTES // (3 * size[0] * size[1])))


def _begin(renderer: "Renderer", shot: Shot) -> PendingPicture:
    return renderer.begin(shot.preset, shot.size, shot.time, samples=shot.samples)


def _agreeing(sequence: Sequence, folder: Path, engine: str | None) -> Sequence:
    """The sequence with the name in the folder's manifest, if the two agree, or CaptureError."""
    found = read_manifest(folder)
    if found is None:
        if _numbered(folder):
            raise CaptureError(folder, f"holds frames and no {MANIFEST}", _REMEDY)
        return sequence
    wanted = sequence.manifest(engine or found["engine"])
    # A preset of another version differs in more than one key; the most telling one is named.
    keys = ("preset_sha256", "size", "fps", "samples", "engine", "version")
    if problem := difference(found, wanted, keys):
        raise CaptureError(folder / MANIFEST, problem, _REMEDY)
    if found["frames"] > sequence.frames:
        problem = f"frames is {found['frames']}, not {sequence.frames}: a sequence can only grow"
        raise CaptureError(folder / MANIFEST, problem, _REMEDY)
    name = Path(found["name"]).name or sequence.preset.name
    return dataclasses.replace(sequence, preset=dataclasses.replace(sequence.preset, name=name))


def _numbered(folder: Path) -> dict[int, Path]:
    """Number to path of the files that are named as frames are."""
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise CaptureError(folder, f"cannot be listed: {error.strerror}") from None
    matches = ((_FRAME.fullmatch(path.name), path) for path in paths)
    return {int(match[1]): path for match, path in matches if match}


def _done(sequence: Sequence, folder: Path, engine: str, overwrite: bool) -> set[int]:
    """The frames that are there; with `overwrite` the others of their names are removed.

    Without, a frame by another engine counts: the person was told when it was drawn.
    """
    done = set()
    for frame, path in _numbered(folder).items():
        expected = sequence.shot(frame, engine)
        if frame < sequence.frames and is_whole_png(path, expected):
            done.add(frame)
            continue
        found = _shot_in(path)
        if not overwrite:
            other = found and dataclasses.replace(expected, engine=found.engine)
            if other is None or frame >= sequence.frames or not is_whole_png(path, other):
                raise CaptureError(path, "is not a whole frame of this sequence", _REMEDY)
            done.add(frame)
        elif found is not None:  # a picture of ours: an old frame, which may outlast the new ones
            with contextlib.suppress(OSError):
                path.unlink()
    return done


def _shot_in(path: Path) -> Shot | None:
    """The shot in a picture by cppn_gl; None for any other file."""
    try:
        return read_shot(path)
    except PresetError:
        return None


def _write_manifest(sequence: Sequence, folder: Path, engine: str, overwrite: bool) -> None:
    """Write the manifest unless it is there; a sequence that goes on keeps its engine."""
    found = None
    with contextlib.suppress(CaptureError):  # with `overwrite`, a broken one is replaced
        found = read_manifest(folder)
    if found is not None and not overwrite:
        engine = found["engine"]
    wanted = sequence.manifest(engine)
    if found != wanted:
        write_manifest(folder, wanted)
