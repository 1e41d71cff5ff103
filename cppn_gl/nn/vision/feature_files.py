"""Synthesised pictures in files of the user's cache folder, so that none is made twice.

    keep(key, Kept)       -> a file of a finished picture, or of a state to go on from
    kept(key, step)       -> that picture; kept(key): that state; None without a file

A file that is damaged, or of another program, counts as none. The oldest are removed when there are
more than MOST bytes.
"""

import contextlib
import io
import os
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cppn_gl.nn.vision.preprocess import Pixels
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.cache import MB
from cppn_gl.utils.files import CaptureError, read_plain, write_atomic
from cppn_gl.utils.resources import user_folder

MOST = 512 * MB
LARGEST = 128 * MB  # of one file
MAX_ARRAYS = 8
SUFFIX = ".npz"


class Kept(NamedTuple):
    """The picture of a step, what the network said before it, and a state's arrays, if any."""

    step: int
    pixels: Pixels
    values: Float32
    arrays: tuple[Float32, ...] = ()


def folder() -> Path | None:
    """Where they are; None without a home."""
    cache = user_folder("cache")
    return None if cache is None else cache / "features"


def _path(key: str, step: int | None) -> Path | None:
    at = folder()
    return None if at is None else at / f"{key}{'' if step is None else f'-{step}'}{SUFFIX}"


def keep(key: str, found: Kept, step: int | None = None) -> None:
    """Write a file of a step, or of a state; without one nothing but time is lost, so that no error
    is told."""
    path = _path(key, step)
    if path is None:
        return
    content = io.BytesIO()
    arrays: dict[str, Any] = {f"array{k}": one for k, one in enumerate(found.arrays)}
    np.savez(content, step=found.step, pixels=found.pixels, values=found.values, **arrays)
    with contextlib.suppress(OSError, CaptureError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, content.getvalue(), overwrite=True)
        _thin(path.parent)


def kept(key: str, step: int | None = None) -> Kept | None:
    """What a file keeps of a step, or as a state to go on from."""
    path = _path(key, step)
    if path is None or not path.is_file():
        return None
    with contextlib.suppress(OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        data = read_plain(path, LARGEST)
        if data is None:
            return None
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            names = [f"array{k}" for k in range(MAX_ARRAYS) if f"array{k}" in file]
            arrays = tuple(np.asarray(file[name], np.float32) for name in names)
            found = Kept(int(file["step"]), file["pixels"], file["values"], arrays)
        shaped = found.pixels.dtype == np.uint8 and found.pixels.shape[2:] == (3,)
        if shaped and found.values.ndim == 1 and step in (None, found.step):
            with contextlib.suppress(OSError):
                os.utime(path)  # it is used
            return found
    return None


def _thin(at: Path) -> None:
    """Remove the files that were used longest ago, if there are too many."""
    files = sorted(
        ((one.stat().st_mtime, one.stat().st_size, one) for one in at.glob(f"*{SUFFIX}")),
        reverse=True,
    )
    total = 0
    for _, size, file in files:
        total += size
        if total > MOST:
            file.unlink(missing_ok=True)
