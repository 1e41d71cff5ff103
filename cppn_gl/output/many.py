"""Many pictures: one file for each combination of values along axes, resumable.

    Many -> manifest.json, then a picture for each step of each axis -> seed-00042.png …

Pictures are enumerated as they are drawn, by one renderer, so that memory does not grow with their
number. Files are written atomically: an existing whole file of the same shot is done. After a crash
the same call draws the missing ones, and the folder has the bytes of an uninterrupted run.
"""

import contextlib
import dataclasses
import math
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cppn_gl._version import __version__
from cppn_gl.engines.gl.stream import PendingPicture, pipelined
from cppn_gl.output.capture import FrameWriter, waiting
from cppn_gl.output.formats import Format, format_named, is_picture, pixel_type
from cppn_gl.output.manifest import MANIFEST, difference, keep_manifest, preset_keys, read_manifest
from cppn_gl.output.naming import Words, names
from cppn_gl.output.png import PNG
from cppn_gl.preset.axes import Axis
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.sheet import varied
from cppn_gl.preset.shot import Shot, shot_in
from cppn_gl.preset.sweep import axis, twice
from cppn_gl.utils.checks import Check, PresetError, checked, line, several, text
from cppn_gl.utils.files import CaptureError, Remedy, make_folder, remove_parts
from cppn_gl.utils.locks import locked

if TYPE_CHECKING:
    from cppn_gl.output.renderer import Renderer

MAX_PICTURES = 1_000_000
MAX_AXES = 8
SEED = "network.seed"

_AXES = several(line(2**20), 1, MAX_AXES)
_REMEDY = Remedy("choose another folder, or overwrite it", "overwrite")


def axes_of(texts: Iterable[str]) -> list[Axis]:
    """The axes of texts as in `preset.axes`. Raises PresetError with key "axes"."""
    found = [axis(text, "axes", MAX_PICTURES) for text in texts]
    if not all(one.parts for one in found):
        raise PresetError("an empty axis; expected one such as depth=1:10", key="axes")
    return found


@dataclass(frozen=True)
class Many:
    """Pictures of a shot whose preset varies along axes: all combinations, the last axis fastest.

    `axes` are texts as in `preset.axes`. `drawn`: the preset of a seed, where that determines more
    than the network, as for the preset `random`. Raises PresetError with key "axes".
    """

    shot: Shot
    axes: tuple[str, ...]
    format: Format = PNG
    drawn: Callable[[Any], Preset] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "axes", checked(_AXES, self.axes, "axes"))
        if key := twice(*self.parsed):
            raise PresetError(f"{key} varies along two of them", key="axes")
        if self.count > MAX_PICTURES:
            raise PresetError(f"{self.count} pictures; expected at most {MAX_PICTURES}", key="axes")
        _ = self.names  # which may be too long

    @cached_property
    def parsed(self) -> list[Axis]:
        return axes_of(self.axes)

    @cached_property
    def names(self) -> list[Words]:
        """The name of each step of each axis."""
        return names(self.parsed)

    @cached_property
    def count(self) -> int:
        """The number of pictures."""
        return math.prod(one.count for one in self.parsed)

    def steps(self, number: int) -> list[int]:
        """The step of each axis of a picture, all counted from 0."""
        steps = []
        for one in reversed(self.parsed):
            number, step = divmod(number, one.count)
            steps.append(step)
        return steps[::-1]

    def name(self, number: int) -> str:
        """A picture's file name."""
        parts = (name(k) for name, k in zip(self.names, self.steps(number), strict=True))
        return "_".join(parts) + self.format.suffixes[0]

    def picture(self, steps: Sequence[int]) -> Shot:
        """The shot of a picture. Raises PresetError with key "axes"."""
        values: dict[str, Any] = {}
        for one, step in zip(self.parsed, steps, strict=True):
            values |= one.step(step)
        preset = self.shot.preset
        if self.drawn is not None and SEED in values:
            preset = self.drawn(values.pop(SEED))
        preset, time = varied(preset, {"axes": values})
        time = self.shot.time if time is None else time
        return dataclasses.replace(self.shot, preset=preset, time=time)

    def telling(self) -> Iterator[Shot]:
        """The pictures that tell whether all can be drawn: any valid seed can."""
        few = [1 if one.keys == (SEED,) else one.count for one in self.parsed]
        return map(self.picture, product(*map(range, few)))

    def manifest(self, engine: str) -> dict[str, Any]:
        """The content of manifest.json. To resume, everything but name and axes has to match."""
        shot = self.shot
        return {
            "name": shot.preset.name,
            "axes": list(self.axes),
            "pictures": self.count,
            "size": list(shot.size),
            "time": shot.time,
            "samples": shot.samples,
            "bits": shot.bits,
            "format": self.format.name,
            "engine": engine,
            "version": __version__,
            **preset_keys(shot.preset),
        }


def read_many(folder: Path) -> dict[str, Any] | None:
    """The manifest of a folder of pictures; None if there is none. Raises CaptureError."""
    checks: dict[str, Check] = {"name": line(200), "axes": _AXES}
    checks |= {"format": text(40), "engine": text(40)}
    return read_manifest(folder, checks, _REMEDY)


def write_many(
    renderer: "Renderer",
    many: Many,
    folder: Path,
    *,
    overwrite: bool = False,
    any_engine: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Draw the pictures missing from `folder`, and return their number.

    More steps of the same axes extend an existing folder. Raises CaptureError if it contains other
    pictures (which `overwrite` replaces), a file cannot be written, or another process is drawing
    there. `any_engine` resumes with an engine other than the manifest's. `progress(done, pictures)`
    is called after each picture.
    """
    renderer.report("checking", None)
    for shot in many.telling():
        _ = shot.preset.start  # the data that it learns, if any
        renderer.check(shot.preset.at(shot.time), shot.size, shot.samples)
    make_folder(folder)
    with locked(folder / ".lock", folder, "wait until it is done, or choose another folder"):
        return _write(renderer, many, folder, overwrite, any_engine, progress)


def _write(
    renderer: "Renderer",
    many: Many,
    folder: Path,
    overwrite: bool,
    any_engine: bool,
    progress: Callable[[int, int], None] | None,
) -> int:
    """As write_many, in an existing and locked folder."""
    engine = renderer.engine_for(many.picture(many.steps(0)).preset).engine
    if overwrite:
        _clear(many, folder)
    else:
        many, engine = _agreeing(many, folder, engine, any_engine)
    for pattern in (f"{many.name(0).partition('-')[0]}-*", MANIFEST):
        remove_parts(folder, pattern)
    renderer.report("looking for finished pictures", None)
    done = _done(renderer, many, folder, overwrite)
    keep_manifest(folder, many.manifest(engine))
    return _draw(renderer, many, folder, done, overwrite, progress)


def _draw(
    renderer: "Renderer",
    many: Many,
    folder: Path,
    done: bytearray,
    overwrite: bool,
    progress: Callable[[int, int], None] | None,
) -> int:
    begun: deque[tuple[Path, Shot]] = deque()
    already = done.count(1)

    def shots() -> Iterator[Shot]:
        for number in range(many.count):
            if not done[number]:
                shot = _drawn_by(renderer, many.picture(many.steps(number)))
                begun.append((folder / many.name(number), shot))
                yield shot

    def begin(shot: Shot) -> PendingPicture:
        how: dict[str, Any] = {"samples": shot.samples, "dtype": pixel_type(many.format, shot)}
        return renderer.begin(shot.preset, shot.size, shot.time, **how)

    renderer.report("drawing", None)
    if progress and already:
        progress(already, many.count)
    pictures = pipelined(begin, shots())
    held = waiting(many.shot.size, 32 if many.format.floats else many.shot.bits)
    with FrameWriter(overwrite=overwrite, waiting=held) as writer, contextlib.closing(pictures):
        for drawn, pixels in enumerate(pictures, already + 1):
            path, shot = begun.popleft()
            while not writer.submit(path, pixels, shot, wait=0.2):
                pass
            if progress:
                progress(drawn, many.count)
    return many.count - already


def _drawn_by(renderer: "Renderer", shot: Shot) -> Shot:
    """The shot with the engine that draws it."""
    return dataclasses.replace(shot, engine=renderer.engine_for(shot.preset).engine)


def _agreeing(many: Many, folder: Path, engine: str, any_engine: bool) -> tuple[Many, str]:
    """The pictures with the name in the folder's manifest, and the engine there.

    Raises CaptureError if they are others.
    """
    existing = read_many(folder)
    if existing is None:
        return many, engine
    engine = existing["engine"] if any_engine else engine
    keys = ("preset_sha256", "size", "time", "samples", "bits", "format", "engine", "version")
    if problem := difference(existing, many.manifest(engine), keys):
        raise CaptureError(folder / MANIFEST, problem, _REMEDY)
    _check_extends(many, existing["axes"], folder)
    name = Path(existing["name"]).name or many.shot.preset.name
    preset = dataclasses.replace(many.shot.preset, name=name)
    return dataclasses.replace(many, shot=dataclasses.replace(many.shot, preset=preset)), engine


def _check_extends(many: Many, axes: list[str], folder: Path) -> None:
    """Raise CaptureError unless all pictures of the old axes are also pictures of the new ones."""
    if tuple(axes) == many.axes:
        return
    before, now = " × ".join(axes), " × ".join(many.axes)
    try:
        old = dataclasses.replace(many, axes=tuple(axes))
    except PresetError:
        raise CaptureError(folder / MANIFEST, f"axes are not axes: {before}", _REMEDY) from None
    pairs = zip(_steps(old), _steps(many), strict=False)
    if len(axes) != len(many.axes) or not all(few <= more for few, more in pairs):
        problem = f"its pictures are {before}, not {now}: axes can only become longer"
        raise CaptureError(folder / MANIFEST, problem, _REMEDY)


def _steps(many: Many) -> Iterator[set[tuple[str, str]]]:
    """The name and the values of each step, axis by axis."""
    for one, name in zip(many.parsed, many.names, strict=True):
        yield {(name(k), repr(one.step(k))) for k in range(one.count)}


def _done(renderer: "Renderer", many: Many, folder: Path, overwrite: bool) -> bytearray:
    """1 for each finished picture, 0 for the others. Without `overwrite`, others' files are errors.

    A picture drawn by another engine is finished, unless it is to be overwritten.
    """
    done = bytearray(many.count)
    for number in range(many.count):
        path = folder / many.name(number)
        if not os.path.lexists(path):
            continue
        shot = _drawn_by(renderer, many.picture(many.steps(number)))
        done[number] = is_picture(many.format, path, shot, any_engine=not overwrite)
        if not done[number] and not overwrite:
            raise CaptureError(path, "is not one of these pictures, or not complete", _REMEDY)
    return done


def _clear(many: Many, folder: Path) -> None:
    """Remove the pictures of other axes, which the folder's manifest names."""
    with contextlib.suppress(CaptureError, PresetError):  # of a manifest that is none
        existing = read_many(folder) or many.manifest("")
        format_ = format_named(existing["format"].lower())
        old = dataclasses.replace(many, axes=tuple(existing["axes"]), format=format_)
        if (old.axes, old.format) == (many.axes, many.format):
            return
        for path in (folder / old.name(number) for number in range(old.count)):
            if os.path.lexists(path) and shot_in(path) is not None:
                with contextlib.suppress(OSError):
                    path.unlink()
