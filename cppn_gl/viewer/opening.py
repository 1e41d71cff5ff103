"""Opens files that are dropped or named, in a thread: a large one takes longer than a frame.

a file of unknown origin  -> drop()    -> read in a thread -> answer() -> what to explore,
a network's file          -> network()                                    or what is wrong
the same, when it changes -> again()
"""

import contextlib
import dataclasses
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from cppn_gl.nn.file_source import File
from cppn_gl.output.sequence import frame_path
from cppn_gl.preset.library import NETWORKS, is_network, is_picture
from cppn_gl.preset.network_file import with_image, with_network
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.readers import NoPresetError, suffixes
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.images import SUFFIXES as IMAGES
from cppn_gl.viewer.collection import printable
from cppn_gl.viewer.favourites import opened


@dataclass(frozen=True)
class Answer:
    """What a file holds: a preset, and a time in seconds for a picture; or what is wrong with it.

    `words` begin the message of a preset, and `note` ends it. `again`: the file of the network
    shown was read again. `changes`: keys of the preset shown, instead of another preset. `asks`:
    the file of a network that sees pictures, if it does not say how it reads them.
    """

    words: str = ""
    note: str = ""
    preset: Preset | None = None
    time: float | None = None
    problem: str = ""
    again: bool = False
    changes: dict[str, Any] = field(default_factory=dict)
    asks: Path | None = None


class Opening:
    """Reads the file that was asked for last."""

    def __init__(self) -> None:
        self._number = 0  # of the last file
        self._answer: Answer | None = None
        self._lock = threading.Lock()
        self.busy = False  # whether a file is being read, or was

    def drop(self, paths: Sequence[str], shown: Preset) -> str:
        """Begin to read the first of some files, for one who sees `shown`; the message."""
        path = Path(paths[0])
        name = printable(path.name)
        words = f"{name}: " if len(paths) == 1 else f"{name}, the first of {len(paths)} files: "
        return self._begin(name, lambda: read(path, shown, words))

    def network(self, path: Path, shown: Preset, given: dict[str, Any] | None = None) -> str:
        """Begin to read a network file, to be shown as `shown` is; the message.

        `given`: keys of [preprocess], by dotted name.
        """
        name = printable(path.name)
        return self._begin(name, lambda: _network(path, shown, given=given))

    def image(self, path: Path, shown: Preset) -> str:
        """Begin to read an image file of the user's, to be the input of what is shown."""
        name, keys = printable(path.name), {"input.image": os.path.abspath(path)}

        def work() -> Answer:
            answer = _told(path, lambda: (shown.replace(**keys), None))
            return answer if answer.problem else Answer(f"image {name}", changes=keys)

        return self._begin(name, work)

    def again(self, path: Path, shown: Preset) -> None:
        """Begin to read the file of the network shown again."""

        def find() -> tuple[Preset, None]:
            return shown.replace(**{"network.file": str(path)}), None

        self._begin(path.name, lambda: dataclasses.replace(_told(path, find), again=True))

    def _begin(self, name: str, work: Callable[[], Answer]) -> str:
        with self._lock:
            self._number += 1
            number, self._answer, self.busy = self._number, None, True

        def run() -> None:
            answer = work()
            with self._lock:
                if number == self._number:  # no other file since
                    self._answer = answer

        threading.Thread(target=run, name="cppn_gl-opening", daemon=True).start()
        return f"reading {name} …"

    def answer(self) -> Answer | None:
        """What was read since the last call."""
        with self._lock:
            answer, self._answer = self._answer, None
            self.busy = self.busy and answer is None
        return answer


def read(path: Path, shown: Preset, words: str = "") -> Answer:
    """What a file of unknown origin holds, or in one line what is wrong with it.

    Of a network it is that network, with the view and colours of the preset `shown`; of an image
    without a preset the network of `shown`, which sees it; of the folder of a sequence its first
    frame.
    """
    known = (".toml", *dict.fromkeys((*suffixes(), *IMAGES)), *NETWORKS)

    def found() -> tuple[Preset, float | None]:
        if path.is_dir():
            first = frame_path(path, 0)
            if first.is_file():
                return opened(os.path.abspath(first), trusted=False)
            what = f"{', '.join(known)}, or the folder of a sequence"
            raise PresetError(f"a folder; expected a file ending in {what}")
        if path.suffix.lower() not in known:
            raise PresetError(f"cannot be opened; expected a file ending in {', '.join(known)}")
        is_image = path.suffix.lower() in IMAGES
        try:
            if is_picture(path.name) or not is_image:
                return opened(os.path.abspath(path), trusted=False)
        except NoPresetError:
            if not is_image:
                raise
        return with_image(shown, os.path.abspath(path)), None

    if is_network(path.name) and not path.is_dir():
        return _network(path, shown, words)
    answer = _told(path, found, words)
    return _seen(path, answer)


def _seen(path: Path, answer: Answer) -> Answer:
    """The answer, which says so if the network sees the image in the file."""
    sees = answer.preset is not None and answer.preset.input.path == Path(os.path.abspath(path))
    return dataclasses.replace(answer, note="the network sees this image") if sees else answer


def _image(path: Path, shown: Preset) -> Answer:
    """An image as the input of the preset `shown`."""
    return _seen(path, _told(path, lambda: (with_image(shown, os.path.abspath(path)), None), ""))


def _network(
    path: Path, shown: Preset, words: str = "", given: dict[str, Any] | None = None
) -> Answer:
    """The network in a file, with the view and colours of the preset `shown`.

    `given`: keys of [preprocess], by dotted name.
    """
    answer = _told(path, lambda: (with_network(shown, path, given), None), words)
    if answer.preset is None:
        return answer
    if answer.preset.classifies:  # nothing of a network of the plane is left to be seen
        return answer
    spec, kept = cast(File, answer.preset.spec), shown.title or shown.name
    note = f"view and colours of “{kept}”" if kept != answer.preset.title else ""
    return dataclasses.replace(answer, note="; ".join(filter(None, (note, spec.assumed))))


def _told(path: Path, find: Callable[[], tuple[Preset, float | None]], words: str = "") -> Answer:
    """What is found at a path, or the error in one line that begins with the file's short name."""
    try:
        preset, time = find()
        if preset.reads_much:
            with contextlib.suppress(PresetError):  # which the window shows
                preset.run  # noqa: B018  its pictures are kept for the window
    except (PresetError, OSError, MemoryError) as error:
        said = str(error) or "not enough memory"
        if isinstance(error, OSError):
            said = error.strerror or said
        asks = isinstance(error, PresetError) and error.key.startswith("preprocess")
        if isinstance(error, PresetError) and asks:
            said = error.problem  # that names the keys
        said = said.replace(os.path.abspath(path), path.name)
        return Answer(
            problem=printable(said if said.startswith(path.name) else f"{path.name}: {said}"),
            asks=path if asks else None,
        )
    return Answer(words, preset=preset, time=time)
