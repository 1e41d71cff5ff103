"""Opens files that were dropped on the window, in a thread: a large one takes longer than a frame.

paths -> begin() -> read in a thread -> answer() -> what to explore, or what is wrong
"""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cppn_gl.preset.preset import Preset
from cppn_gl.preset.readers import suffixes
from cppn_gl.utils.checks import PresetError
from cppn_gl.viewer.collection import printable
from cppn_gl.viewer.favourites import opened


@dataclass(frozen=True)
class Answer:
    """What a file holds: a preset, and a time in seconds for a picture; or what is wrong with it.

    `words` begin the message of a preset.
    """

    words: str
    preset: Preset | None = None
    time: float | None = None
    problem: str = ""


class Opening:
    """Reads the file that was dropped last."""

    def __init__(self) -> None:
        self._number = 0  # of the last drop
        self._answer: Answer | None = None
        self._lock = threading.Lock()
        self.busy = False  # whether a file is being read, or was

    def begin(self, paths: Sequence[str]) -> str:
        """Begin to read the first of some files; the message."""
        path = Path(paths[0])
        name = printable(path.name)
        words = f"{name}: " if len(paths) == 1 else f"{name}, the first of {len(paths)} files: "
        with self._lock:
            self._number += 1
            self._answer, self.busy = None, True
        work = threading.Thread(
            target=self._read, args=(self._number, path, words), name="cppn_gl-opening", daemon=True
        )
        work.start()
        return f"reading {name} …"

    def _read(self, number: int, path: Path, words: str) -> None:
        answer = read(path, words)
        with self._lock:
            if number == self._number:  # none was dropped since
                self._answer = answer

    def answer(self) -> Answer | None:
        """What was read since the last call."""
        with self._lock:
            answer, self._answer = self._answer, None
            self.busy = self.busy and answer is None
        return answer


def read(path: Path, words: str = "") -> Answer:
    """What a file of unknown origin holds, or in one line what is wrong with it."""
    full = os.path.abspath(path)
    try:
        if path.is_dir():
            raise PresetError(f"a folder; expected {_known()}", source=full)
        if path.suffix.lower() not in (".toml", *suffixes()):
            raise PresetError(f"cannot be opened; expected {_known()}", source=full)
        preset, time = opened(full)
    except PresetError as error:
        return Answer(words, problem=printable(str(error).replace(full, path.name)))
    except OSError as error:
        return Answer(words, problem=printable(f"{path.name}: {error.strerror or error}"))
    return Answer(words, preset, time)


def _known() -> str:
    return f"a file ending in {', '.join(('.toml', *suffixes()))}"
