"""The history on disk: one line of JSON for each moment, appended when the moment is complete.

Each line is one write, so several windows may append to the same file, and a crash loses only the
current gesture. Lines that cannot be read are skipped.
"""

import contextlib
import dataclasses
import errno
import json
import os
from dataclasses import dataclass
from pathlib import Path

from cppn_gl.nn.file_source import File
from cppn_gl.preset.network_file import packed, unpacked
from cppn_gl.preset.preset import Preset, Viewport
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.origin import USER
from cppn_gl.utils.resources import NO_HOME, user_folder
from cppn_gl.viewer.structuring import layer_count

KEPT = 500  # moments read at the start
MAX_PARAMETERS = 5000  # of a network with explicit weights: about 100 kB of text
MAX_BYTES = 4 * 2**20  # a larger file is cut to the last KEPT moments


@dataclass(frozen=True)
class Moment:
    """An entry of the history: a preset, the viewport that key 0 returns to, and the layer shown.

    `layer` is None for the whole network. `loaded` is the preset that was changed to this one; None
    for the preset itself, and for moments of earlier sessions.
    """

    preset: Preset
    home: Viewport
    layer: int | None = None
    loaded: Preset | None = dataclasses.field(default=None, compare=False, repr=False)

    @property
    def saved(self) -> bool:
        """Whether it is written to disk: large weights only if in a file, or drawn.

        Nor is one that opens a camera: it would do so again whenever it is returned to.
        """
        spec = self.preset.spec
        if self.preset.input.live:
            return False
        in_file = isinstance(spec, File) and (spec.known or spec.path is not None)
        if spec.classifies:
            return in_file or not isinstance(spec, File)
        return spec.redrawable or in_file or spec.network().parameters <= MAX_PARAMETERS

    def to_line(self) -> str:
        home = [*self.home.center, self.home.extent]
        document = {
            "name": self.preset.name,
            "layer": self.layer,
            "home": home,
            **packed(self.preset, local=True),
        }
        return json.dumps(document) + "\n"  # ASCII, without other line ends or lone surrogates


def parse_moment(line: str, lost: set[str] | None = None) -> Moment | None:
    """The moment on a line; None if the line is broken or of another program.

    It is also None if its network's file is another one now, or gone, which is added to `lost`.
    """
    try:
        document = json.loads(line)
        x, y, extent = document["home"]
        name = str(document["name"]).encode(errors="replace").decode()[:100]
        preset = unpacked(document, name=name, origin=USER)
        layer = document["layer"]
        if layer is not None and (type(layer) is not int or layer < 1):
            return None
        if layer is not None and layer > layer_count(preset.spec):
            return None
        return Moment(preset, Viewport((x, y), extent), layer)
    except PresetError as error:
        if lost is not None and error.key in ("network.file", "network.sha256"):
            lost.add(error.problem.partition(": ")[0])
        return None
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return None


def default_path() -> Path | None:
    """The file in the user's state folder; None for a user without a home."""
    folder = user_folder("state")
    return folder and folder / "history.jsonl"


class Journal:
    """Moments on disk, or none for the path None. After a failed write, `problem` says why."""

    @classmethod
    def of_user(cls) -> "Journal":
        """The journal in the user's own folder."""
        journal = cls(default_path())
        if journal.path is None and not journal.problem:
            journal.problem = f"history is not saved: {NO_HOME}"
        return journal

    def __init__(self, path: Path | None):
        self.path = path
        self.problem = ""
        if path is not None and path.exists() and not path.is_file():
            self.path, self.problem = None, f"history is not saved: {path} is not a regular file"
        self._torn = False  # whether the file ends with an incomplete line

    def read(self) -> list[str]:
        """The last KEPT lines of earlier sessions, oldest first, for `parse_moment`."""
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
        if start:  # the first line may be incomplete
            data = data[data.find(b"\n") + 1 :] if b"\n" in data else b""
        self._torn = not data.endswith(b"\n") and size > 0
        text = data.decode("utf-8", errors="replace").split("\n")
        lines = [line for line in text if line.strip()][-KEPT:]
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
        except OSError:  # the file stays long
            with contextlib.suppress(OSError):
                part.unlink()

    def append(self, moment: Moment) -> None:
        """Append a moment in one write."""
        if self.path is None or not moment.saved:
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
            self.problem = f"history is not saved: {self.path}: {error.strerror}"
            self.path = None
