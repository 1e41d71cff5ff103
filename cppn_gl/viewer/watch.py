"""Notices that files have changed, by looking at them: an editor may write, rename or replace."""

from collections.abc import Callable, Iterable
from pathlib import Path

from cppn_gl.utils.resources import resource

INTERVAL = 0.1  # seconds between looks

Stamp = tuple[int, int, int] | None


def shader_files() -> list[Path]:
    """The shader files, and not what an editor keeps beside them."""
    found = resource("shaders").iterdir()
    return sorted(path for path in found if path.suffix in (".glsl", ".frag", ".vert", ".comp"))


class Watch:
    """Files to look at. `files` is asked anew at each look, so that new files count."""

    def __init__(self, files: Callable[[], Iterable[Path]]):
        self._files = files
        self._stamps = self._look()
        self._due = 0.0

    def changed(self, now: float) -> bool:
        """Whether anything has changed since the last look; looks at most every INTERVAL."""
        if now < self._due:
            return False
        self._due = now + INTERVAL
        stamps = self._look()
        if stamps == self._stamps:
            return False
        self._stamps = stamps
        return True

    def _look(self) -> dict[Path, Stamp]:
        return {path: _stamp(path) for path in self._files()}


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
