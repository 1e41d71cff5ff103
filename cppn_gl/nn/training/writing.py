"""Training into a file that can be stopped at any time, and goes on from its last checkpoint.

preset, path, steps -> train_into() -> Run; the file is written every few seconds and at the end
"""

import os
import time as wall
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cppn_gl.nn.training.checkpoint import SUFFIX, Checkpoint, read_checkpoint
from cppn_gl.nn.training.run import Run, run_of
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import CaptureError, Remedy, check_target, remove_parts, write_atomic
from cppn_gl.utils.locks import locked

EVERY = 5.0  # seconds between two checkpoints
PAUSE = 30  # times as long as writing one takes, at least
SLICE = 0.1  # seconds of training between two reports


def train_into(
    preset: Any,
    path: Path,
    steps: int,
    *,
    overwrite: bool = False,
    every: float = EVERY,
    progress: Callable[[int, int], object] | None = None,
) -> Run:
    """Train up to a step, from the checkpoint in `path` if there is one, and return the run.

    Killed at any time, the file holds its last checkpoint, and the same call gives the bytes of an
    undisturbed run. `overwrite`: replaces a file that belongs to something else. Raises PresetError
    if the preset cannot be trained, or diverges, after the file of the last step was written;
    CaptureError; and on SIGINT KeyboardInterrupt, after the file was written.
    """
    check_file(path)
    if not os.path.lexists(preset.train.checkpoint):  # which may be the file that is written
        preset = preset.replace(**{"train.checkpoint": ""})
    lock = path.with_name(f".{path.name}.lock")
    with locked(lock, path, "wait until it is done, or choose another name", "training"):
        run = run_of(preset)
        existing = None if overwrite else _existing(path, run, steps)
        if existing is not None:
            run.start_at(existing)
        if run.problem:
            raise PresetError(run.problem, key="train.data")
        remove_parts(path.parent, path.name)
        _train(run, path, steps, every, progress)
    return run


def check_file(path: Path) -> None:
    """Raise CaptureError if no checkpoint can be written to `path`."""
    if path.suffix.lower() != SUFFIX:
        raise CaptureError(path, f"expected a name that ends in {SUFFIX}")
    check_target(path, overwrite=True)


def _existing(path: Path, run: Run, steps: int) -> Checkpoint | None:
    """The checkpoint in the file; None if there is no file. Raises CaptureError for another one."""
    if not os.path.lexists(path):
        return None
    remedy = Remedy("choose another name, or overwrite it", "overwrite")
    try:
        found = read_checkpoint(path)
    except PresetError as error:
        raise CaptureError(path, error.problem, remedy) from None
    if not run.fits(found):
        raise CaptureError(path, "is of another network, other data or other settings", remedy)
    if found.step > steps:
        raise CaptureError(path, f"holds step {found.step}, which is after {steps}", remedy)
    return found


def _train(
    run: Run,
    path: Path,
    steps: int,
    every: float,
    progress: Callable[[int, int], object] | None,
) -> None:
    written, due, pause = -1, wall.monotonic() + every, every
    try:
        while run.step < steps and not run.problem:
            if progress:
                progress(run.step, steps)
            run.advance(steps - run.step, seconds=SLICE)
            if wall.monotonic() >= due and run.step < steps:
                started = wall.monotonic()
                written = _write(run, path)
                pause = max(every, PAUSE * (wall.monotonic() - started))
                due = wall.monotonic() + pause
    except KeyboardInterrupt:
        if run.step != written:
            _write(run, path)
        raise
    _write(run, path, steps)
    if progress:
        progress(run.step, steps)
    if run.problem and run.step < steps:
        raise PresetError(f"{run.problem}; choose a smaller rate", key="train.rate")


def _write(run: Run, path: Path, step: int | None = None) -> int:
    """Write the checkpoint of a step, by default the newest one."""
    kept = run.checkpoint(run.step if step is None else step)
    write_atomic(path, kept.to_bytes(), overwrite=True)
    return kept.step
