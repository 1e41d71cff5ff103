"""The history of what was seen, on disk: one line of JSON for each moment, appended as it passes.

A line is written whole or not at all, several windows may append to one file, and a line that
cannot be read is passed over: a crash loses nothing but the gesture under way.
"""

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from cppn_gl.preset import Preset, View, parse_preset
from cppn_gl.schema import PresetError

KEPT = 500  # moments read back at the start
MAX_BYTES = 4 * 2**20  # beyond this the file is cut to the moments kept


@dataclass(frozen=True)
class Moment:
    """One thing seen: a preset with its view, the layer shown (None for all), the home view."""

    preset: Preset
    home: View
    layer: int | None = None

    def to_line(self) -> str:
        """The moment as a line of JSON."""
        home = [*self.home.center, self.home.extent]
        document = {
            "name": self.preset.name,
            "layer": self.layer,
            "home": home,
            "preset": self.preset.to_toml(),
        }
        return json.dumps(document, ensure_ascii=False) + "\n"


def parse_moment(line: str) -> Moment | None:
    """The moment on a line; None where the line is broken or not of this program."""
    try:
        document = json.loads(line)
        x, y, extent = document["home"]
        preset = parse_preset(document["preset"], name=str(document["name"]))
        layer = document["layer"]
        if layer is not None and not 1 <= layer <= preset.spec.depth:
            return None
        return Moment(preset, View((x, y), extent), layer)
    except (ValueError, KeyError, TypeError, RecursionError, PresetError):
        return None


def default_path() -> Path:
    """Where this system keeps a program's state."""
    return Path(platformdirs.user_state_dir("cppn_gl", appauthor=False)) / "history.jsonl"


class Journal:
    """Moments on disk. `path` None keeps nothing. Failing to write is said once in `problem`."""

    def __init__(self, path: Path | None):
        self.path = path
        self.problem = ""

    def read(self) -> list[str]:
        """The last lines of earlier sessions, oldest first; `parse_moment` reads one."""
        if self.path is None:
            return []
        try:
            lines = self.path.read_text("utf-8", errors="replace").splitlines()[-KEPT:]
            if self.path.stat().st_size > MAX_BYTES:
                self._cut(lines)
        except OSError:
            return []
        return lines

    def _cut(self, lines: list[str]) -> None:
        assert self.path is not None
        part = self.path.with_suffix(f".{os.getpid()}.part")
        with contextlib.suppress(OSError):
            part.write_text("".join(f"{line}\n" for line in lines), "utf-8")
            os.replace(part, self.path)

    def append(self, moment: Moment) -> None:
        """Write a moment, in one write at the end of the file."""
        if self.path is None:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(descriptor, moment.to_line().encode())
            finally:
                os.close(descriptor)
        except OSError as error:
            self.problem = f"history is not kept: {self.path}: {error.strerror}"
            self.path = None
