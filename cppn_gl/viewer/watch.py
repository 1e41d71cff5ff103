"""Watches files by polling them, which notices writes, renames and replacements alike."""

from collections.abc import Callable, Iterable
from pathlib import Path

from cppn_gl.utils.files import Stamp, stamp_of
from cppn_gl.utils.resources import resource

INTERVAL = 0.1  # seconds between polls


def shader_files() -> list[Path]:
    """The shader files, without an editor's backup files."""
    found = resource("shaders").iterdir()
    return [path for path in found if path.suffix in (".glsl", ".frag", ".vert", ".comp")]


class Watch:
    """Polls files for changes. `files` lists them at each poll, so that new files are noticed."""

    def __init__(self, files: Callable[[], Iterable[Path]]):
        self._files = files
        self._stamps = self._look()
        self._due = 0.0

    def changed(self, now: float) -> bool:
        """Whether any file has changed since the last poll; polls at most every INTERVAL."""
        if now < self._due:
            return False
        self._due = now + INTERVAL
        stamps = self._look()
        if stamps == self._stamps:
            return False
        self._stamps = stamps
        return True

    def _look(self) -> dict[Path, Stamp | None]:
        return {path: stamp_of(path) for path in self._files()}
