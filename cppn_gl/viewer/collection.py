"""The presets that can be chosen: the shipped ones by theme, and files in some folders.

    names -> Entry -> matching(words) -> by theme, in order
    folders -> *.toml, and pictures that hold a preset -> Entry, of the theme OWN

Files are found and read by a thread, since a large picture takes longer than a frame.
"""

import contextlib
import itertools
import os
import queue
import re
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cppn_gl.preset.library import NETWORKS, is_network, is_picture, load_preset, shipped
from cppn_gl.preset.looping import good_time
from cppn_gl.preset.preset import MAX_BYTES, Preset
from cppn_gl.preset.readers import NoPresetError, is_others, suffixes
from cppn_gl.preset.surprise import RANDOM
from cppn_gl.preset.tables import TABLES, TOP
from cppn_gl.preset.themes import THEMES, Theme
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import open_plain
from cppn_gl.utils.toml import load_toml
from cppn_gl.viewer.favourites import opened
from cppn_gl.viewer.thumbnails import Subject

MOST = 200  # files listed, the newest
SEEN = 20_000  # entries of a folder looked at
TRIED = 1000  # files read, the newest: a folder may be full of photographs
OWN = "own"
GROUPS = THEMES | {OWN: Theme("Your files", "Presets and pictures in this folder.")}

Stamp = tuple[str, int, int]
_FIGURE = re.compile(r"Figure (\d+)")


@dataclass(frozen=True)
class Entry:
    """A preset that can be chosen. `source`: a shipped name, or a path.

    problem: why it cannot be read, in one line. time: of a picture, in seconds; None: any.
    """

    source: str
    theme: str
    preset: Preset | None = field(default=None, repr=False)
    time: float | None = None
    problem: str = ""

    @property
    def title(self) -> str:
        """What it is called: by its title, or its file's name."""
        return (self.preset.title if self.preset else "") or self.file or self.source

    @property
    def file(self) -> str:
        """The name of its file, as far as it is text; "" for a shipped preset."""
        return printable(Path(self.source).name) if self.theme == OWN else ""

    @property
    def description(self) -> str:
        """What to look at, or what is wrong."""
        return self.problem or (self.preset.description.strip() if self.preset else "")

    @cached_property
    def subject(self) -> Subject | None:
        """What its thumbnail shows; None if it has no preset."""
        if self.preset is None:
            return None
        return Subject(self.preset, good_time(self.preset) if self.time is None else self.time)

    @cached_property
    def words(self) -> str:
        """All that a search looks through."""
        theme = GROUPS[self.theme].title
        path = self.file or self.source
        return "\n".join((path, self.title, self.description, self.theme, theme)).casefold()

    def matches(self, search: str) -> bool:
        """Whether each word of `search` occurs in its name, title, description or theme."""
        return all(word in self.words for word in search.casefold().split())

    def named(self, search: str) -> bool:
        """Whether each word of `search` occurs in its name or title."""
        name = f"{self.file or self.source}\n{self.title}".casefold()
        return all(word in name for word in search.casefold().split())


class Collection:
    """The entries, in the order in which they are shown; `version` increases with each more.

    own: the entries of files. complete: whether all folders have been read.
    """

    def __init__(self, folders: Sequence[Path] = ()):
        self.folders = list(folders)
        self.shipped: list[Entry] = []
        self.surprise: list[Entry] = []  # the preset `random`, another one each time
        self.own: list[Entry] = []
        self.version = 0
        self.complete = True
        self._read: dict[Stamp, Entry | None] = {}  # by path, time of change and size
        self._thread: threading.Thread | None = None
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._stop = threading.Event()

    def prepare(self) -> None:
        """Begin to read the shipped presets, before the rest is needed."""
        self._begin(self._read_shipped)

    def refresh(self) -> None:
        """Begin to read what is not read yet, and the folders again."""
        self.complete = False
        self._begin(self._scan)

    def _begin(self, work: Callable[[], None]) -> None:
        """Do some work after what is being done, in a thread."""
        self._work.put(work)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="cppn_gl-files", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._work.get()()

    def _read_shipped(self) -> None:
        if not self.shipped:
            found = _shipped()
            for entry in found:  # computed here, where no frame waits for it
                _ = entry.words, entry.subject and entry.subject.digest
            self.shipped = found
            self.version += 1

    def _scan(self) -> None:
        """Draw a surprise, and read the files of all folders, the newest first."""
        try:
            self._read_all()
        finally:
            self.complete = True

    def _read_all(self) -> None:
        self._read_shipped()
        self.surprise = [Entry(RANDOM, "pictures", load_preset(RANDOM))]
        self.version += 1
        found: list[Entry] = []
        seen: dict[Stamp, Entry | None] = {}
        known = len(self.own)
        for stamp in _files(self.folders):
            if self._stop.is_set() or len(found) >= MOST:
                break
            entry = self._read[stamp] if stamp in self._read else _own(stamp[0])
            seen[stamp] = entry
            if entry is not None:
                found.append(entry)
                if len(found) > known:  # more than before are shown as they are read
                    self.own = list(found)
                    self.version += 1
        self._read = seen
        if self.own != found:
            self.own = found
            self.version += 1

    @property
    def all(self) -> list[Entry]:
        """All entries, in order within each theme."""
        return [*self.shipped, *self.surprise, *self.own]

    def matching(self, search: str) -> dict[str, list[Entry]]:
        """The entries that match, by theme, without empty themes."""
        entries = [entry for entry in self.all if entry.matches(search)]
        groups = {name: [e for e in entries if e.theme == name] for name in GROUPS}
        return {name: group for name, group in groups.items() if group}

    def release(self) -> None:
        """Stop reading."""
        self._stop.set()
        self._work.put(lambda: None)  # wakes the thread


def printable(words: str) -> str:
    """Words without what cannot be shown: of a file's name, bytes that are no text."""
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in words)


def _shipped() -> list[Entry]:
    """The shipped presets: by the figures that they show, else in the order of the library."""
    found = []
    for name in shipped():
        try:
            preset = load_preset(name)
        except PresetError as error:
            found.append(Entry(name, "pictures", problem=str(error)))
        else:
            found.append(Entry(name, preset.theme or "pictures", preset))
    return sorted(found, key=_figure)


def _figure(entry: Entry) -> int:
    """The number of the first figure that an entry shows."""
    match = _FIGURE.search(entry.preset.shows) if entry.preset else None
    return int(match[1]) if match else sys.maxsize


def _files(folders: Sequence[Path]) -> Iterator[Stamp]:
    """The TOML files and pictures in the folders, the newest first."""
    found: dict[str, tuple[int, int]] = {}
    endings = (".toml", *suffixes(), *NETWORKS)
    known = {os.path.realpath(path.parent) for path in shipped().values()}
    for folder in dict.fromkeys(Path(os.path.abspath(folder)) for folder in folders):
        if os.path.realpath(folder) in known:
            continue
        try:
            with os.scandir(folder) as entries:
                for entry in itertools.islice(entries, SEEN):
                    # A loop of links, or a file that is deleted meanwhile, is passed over.
                    with contextlib.suppress(OSError):
                        if entry.name.lower().endswith(endings) and entry.is_file():
                            status = entry.stat()
                            found[entry.path] = status.st_mtime_ns, status.st_size
        except OSError:  # a folder that cannot be read has nothing to show
            continue
    newest = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))
    for path, (changed, size) in newest[:TRIED]:
        yield path, changed, size


def _own(path: str) -> Entry | None:
    """The entry of a file; None if it is of another program."""
    try:
        if not is_network(path) and (
            is_others(Path(path)) if is_picture(path) else _is_other(path)
        ):
            return None
        preset, time = opened(path)
        return Entry(path, OWN, preset, time)
    except NoPresetError:
        return None
    except PresetError as error:
        if is_network(path):  # other arrays
            return None
        problem = str(error).replace(path, Path(path).name)
        return Entry(path, OWN, problem=printable(problem))
    except OSError as error:
        return Entry(path, OWN, problem=printable(f"{Path(path).name}: {error.strerror or error}"))


def _is_other(path: str) -> bool:
    """Whether a TOML file is no preset: it has none of a preset's keys and tables."""
    with open_plain(Path(path)) as file:
        content = file.read(MAX_BYTES)
    try:
        document = load_toml(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return False
    return not any(name in TABLES or name in TOP for name in document)
