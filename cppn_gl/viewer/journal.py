"""The history of what was seen, on disk: one line of JSON for each moment, appended as it passes.

A line is written whole or not at all, several windows may append to one file, and a line that
cannot be read is passed over: a crash loses nothing but the gesture under way.
"""

import contextlib
import errno
import json
import os
from dataclasses import dataclass
from pathlib import Path

from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset, Viewport
from cppn_gl.utils.resources import NO_HOME, user_folder

KEPT = 500  # moments read back at the start
MAX_PARAMETERS = 5000  # of layers given outright: about 100 kB of text
MAX_BYTES = 4 * 2**20  # beyond this the file is cut to the moments kept


@dataclass(frozen=True)
class Moment:
    """One thing seen: a preset with its view, the layer shown (None for all), the home view."""

    preset: Preset
    home: Viewport
    layer: int | None = None

    @property
    def kept(self) -> bool:
        """Whether it goes to disk: a large network given by its layers has a file of its own."""
        spec = self.preset.spec
        return spec.redrawable or spec.network().parameters <= MAX_PARAMETERS

    def to_line(self) -> str:
        """The moment as a line of JSON."""
        home = [*self.home.center, self.home.extent]
        document = {
            "name": self.preset.name,
            "layer": self.layer,
            "home": home,
            "preset": self.preset.to_toml(),
        }
        return json.dumps(document) + "\n"  # ASCII: no other line ends, no stray surrogates


def parse_moment(line: str) -> Moment | None:
    """The moment on a line; None where the line is broken or not of this program."""
    try:
        document = json.loads(line)
        x, y, extent = document["home"]
        name = str(document["name"]).encode(errors="replace").decode()[:100]
        preset = parse_preset(document["preset"], name=name)
        layer = document["layer"]
        if layer is not None and (type(layer) is not int or not 1 <= layer <= preset.spec.depth):
            return None
        return Moment(preset, Viewport((x, y), extent), layer)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return None


def default_path() -> Path | None:
    """The file in the user's state folder; None for a user without a home."""
    folder = user_folder("state")
    return folder and folder / "history.jsonl"


class Journal:
    """Moments on disk. `path` None keeps nothing. Failing to write is said once in `problem`."""

    @classmethod
    def of_user(cls) -> "Journal":
        """The journal in the user's own folder."""
        journal = cls(default_path())
        if journal.path is None and not journal.problem:
            journal.problem = f"history is not kept: {NO_HOME}"
        return journal

    def __init__(self, path: Path | None):
        self.path = path
        self.problem = ""
        if path is not None and path.exists() and not path.is_file():
            self.path, self.problem = None, f"history is not kept: {path} is no plain file"
        self._torn = False  # whether the file ends in the middle of a line

    def read(self) -> list[str]:
        """The last lines of earlier sessions, oldest first; `parse_moment` reads one."""
        if self.path is None:
            return []
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                start = max(0, size - MAX_BYTES)
                file.seek(max(0, start - 1))
                data = file.read()
        except OSError:
            return []
        if start:  # the first line may have lost its beginning
            data = data[data.find(b"\n") + 1 :] if b"\n" in data else b""
        self._torn = not data.endswith(b"\n") and size > 0
        found = data.decode("utf-8", errors="replace").split("\n")
        lines = [line for line in found if line.strip()][-KEPT:]
        if start and lines:
            self._cut(lines)
        return lines

    def _cut(self, lines: list[str]) -> None:
        assert self.path is not None
        part = self.path.with_suffix(f".{os.getpid()}.part")
        try:
            part.write_text("".join(f"{line}\n" for line in lines), "utf-8")
            part.chmod(0o600)
            os.replace(part, self.path)
            self._torn = False
        except OSError:  # it stays long
            with contextlib.suppress(OSError):
                part.unlink()

    def append(self, moment: Moment) -> None:
        """Write a moment, in one write at the end of the file."""
        if self.path is None or not moment.kept:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            line = ("\n" * self._torn + moment.to_line()).encode()
            try:
                whole = os.write(descriptor, line) == len(line)
            finally:
                os.close(descriptor)
            if not whole:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._torn = False
        except OSError as error:
            self.problem = f"history is not kept: {self.path}: {error.strerror}"
            self.path = None
