"""The favourites: the presets that the keys 1 to 9 open, in a TOML file that a person may edit.

    format = 1
    [favourites]
    3 = "agate"                  the name of a shipped preset, or the path of a file

A number that is not in the file keeps its default. The file is read again when it changes, and
changed one number at a time under a lock, so that several windows do not undo each other's.
"""

import contextlib
import os
import time as wall
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tomli_w

from cppn_gl.preset.library import is_picture, load_preset, shipped, usable
from cppn_gl.preset.network_file import save_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import read_shot
from cppn_gl.utils.checks import line, show
from cppn_gl.utils.files import (
    CaptureError,
    free_name,
    make_folder,
    open_plain,
    stamp_of,
    write_atomic,
)
from cppn_gl.utils.locks import locked
from cppn_gl.utils.resources import NO_HOME, user_folder
from cppn_gl.utils.toml import load_toml

FORMAT = 1
NUMBERS = range(1, 10)
MAX_BYTES = 2**16
PATIENCE = 0.25  # seconds to wait for another window that is writing
HEADING = "# The presets that the keys 1 to 9 open: names of shipped presets, or paths of files.\n"
_SOURCE = line(4096)


def default_path() -> Path | None:
    """The file in the user's configuration folder; None for a user without a home directory."""
    folder = user_folder("config")
    return folder and folder / "favourites.toml"


class Favourites:
    """The favourites by number; only the defaults without a file.

    problem: why the file cannot be used, in one line; "" if it can.
    """

    def __init__(self, path: Path | None = None):
        self.path, self.problem = path, ""
        self._set: dict[int, str] = {}
        self._stamp: object = None

    @property
    def folder(self) -> Path | None:
        """Where presets are kept that are favourites and no files yet."""
        return self.path and self.path.parent / "favourites"

    def table(self) -> dict[int, str]:
        """What each number opens: a shipped name, or the path of a file."""
        self._look()
        return dict(zip(NUMBERS, shipped(), strict=False)) | self._set

    def put(self, number: int, source: str) -> None:
        """Let a number open `source`, and keep that in the file. Raises CaptureError."""
        if self.path is None:
            raise CaptureError("favourites", f"not saved: {NO_HOME}")
        try:
            _SOURCE(source)
        except ValueError as error:
            raise CaptureError(self.path, str(error)) from None
        make_folder(self.path.parent)
        with _alone(self.path):
            self._read()
            if self.problem:  # what a person has written is not overwritten
                problem = self.problem.removeprefix(f"{self.path}: ")
                raise CaptureError(self.path, f"not changed: {problem}")
            values = {str(n): s for n, s in sorted((self._set | {number: source}).items())}
            text = HEADING + tomli_w.dumps({"format": FORMAT, "favourites": values})
            write_atomic(self.path, text.encode(), overwrite=True)
            self._read()

    def keep(self, preset: Preset) -> str:
        """Save a preset as a file beside the favourites; its source. Raises CaptureError."""
        if self.folder is None:
            raise CaptureError("favourites", f"not saved: {NO_HOME}")
        make_folder(self.folder)
        path = free_name(self.folder, preset.name, ".toml")
        save_preset(path, preset)
        return str(path)

    def _look(self) -> None:
        """Read the file if it has changed."""
        if self.path is not None and self._stamped() != self._stamp:
            self._read()

    def _stamped(self) -> object:
        return stamp_of(self.path) if self.path is not None else None

    def _read(self) -> None:
        assert self.path is not None
        self._stamp = self._stamped()
        self._set, self.problem = {}, ""
        try:
            with open_plain(self.path) as file:
                content = file.read(MAX_BYTES + 1)
            if len(content) > MAX_BYTES:
                raise ValueError(f"larger than {MAX_BYTES} bytes")
            self._set = _favourites(load_toml(content.decode("utf-8-sig")))
        except FileNotFoundError:
            pass
        except OSError as error:
            self.problem = f"{self.path}: {error.strerror or error}"
        except UnicodeDecodeError:
            self.problem = f"{self.path}: not UTF-8"
        except tomllib.TOMLDecodeError as error:
            self.problem = f"{self.path}: not TOML: {error}"
        except (ValueError, RecursionError) as error:
            self.problem = f"{self.path}: {error}"


def opened(source: str, *, trusted: bool = True) -> tuple[Preset, float | None]:
    """The preset of a source, and the time that a picture shows. Raises PresetError.

    `trusted`: whether a TOML file is the user's own, and not one that was dropped.
    """
    if is_picture(source):
        shot = read_shot(Path(source))
        return shot.preset, shot.time
    preset = load_preset(Path(source) if os.sep in source else source, trusted=trusted)
    return usable(preset), None


def _favourites(document: dict[str, Any]) -> dict[int, str]:
    """The sources by number. Raises ValueError for a document of another form."""
    if document.get("format", FORMAT) != FORMAT:
        raise ValueError(f"format {show(document['format'])}; this program reads {FORMAT}")
    if unknown := [name for name in document if name not in ("format", "favourites")]:
        raise ValueError(f"no such key {show(unknown[0])}")
    table = document.get("favourites", {})
    if not isinstance(table, dict):
        raise ValueError(f"favourites: {show(table)} is not a table")
    found = {}
    for name, source in table.items():
        if name not in map(str, NUMBERS):
            raise ValueError(f"favourites: {show(name)} is not a number from 1 to 9")
        try:
            found[int(name)] = _SOURCE(source)
        except ValueError as error:
            raise ValueError(f"favourites.{name}: {error}") from None
    return found


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock of the file, for which another window is waited for a moment."""
    deadline = wall.monotonic() + PATIENCE
    with contextlib.ExitStack() as held:
        while True:
            try:
                lock = locked(path.with_suffix(".lock"), path, "press the key again", "changing")
                held.enter_context(lock)
                break
            except CaptureError:
                if wall.monotonic() > deadline:
                    raise
            wall.sleep(0.005)
        yield
