"""Atomic writing: a file appears complete or not at all, and no existing file is lost.

data -> a temporary `.part` file beside the target -> fsync -> rename to the target's name
"""

import contextlib
import errno
import itertools
import os
import secrets
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from cppn_gl.utils.checks import PresetError

PART = ".part"
Stamp = tuple[int, int, int]  # of a file: it changes when the file is written or replaced
_unfinished: set[Path] = set()  # temporary files that are being written
_opening = threading.Lock()

# Errors of os.link on a file system without hard links.
_NO_LINKS = {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EINVAL, errno.EMLINK, errno.ENOTSUP}

_REASONS = {
    errno.EACCES: "no permission to write here; choose another folder",
    errno.EPERM: "no permission to write here; choose another folder",
    errno.EROFS: "this disk is read-only; choose another folder",
    errno.ENOSPC: "the disk is full; free some space and run it again",
    errno.EDQUOT: "your disk quota is full; free some space and run it again",
    errno.EFBIG: "exceeds the limit on file sizes; raise it (ulimit -f)",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.ELOOP: "its symbolic links form a loop",
    errno.EMFILE: "too many files are open; raise the limit (ulimit -n)",
}


@dataclass(frozen=True)
class Remedy:
    """How to fix an error, and the name of the function argument that fixes it, if any.

    The command line replaces the argument by its own option.
    """

    words: str
    argument: str = ""


class CaptureError(RuntimeError):
    """A file that cannot be written, in one line: path, problem, remedy.

    `taken`: a file of that name already exists.
    """

    def __init__(
        self, path: str | Path, problem: str, remedy: Remedy | None = None, *, taken: bool = False
    ):
        words = f"{problem}; {remedy.words}" if remedy else problem
        super().__init__(f"{path}: {words}")
        self.path, self.problem, self.taken = Path(path), words, taken
        self.argument = remedy.argument if remedy else ""


def open_plain(path: Path) -> BinaryIO:
    """Open a regular file for reading. Raises OSError for anything else: a pipe may never end."""
    _check_plain(os.stat(path))
    file = open(path, "rb", opener=_open_nonblocking)  # noqa: SIM115
    try:
        _check_plain(os.fstat(file.fileno()))  # it may have been replaced since
    except OSError:
        file.close()
        raise
    return file


def read_plain(path: Path, most: int) -> bytes | None:
    """The bytes of a regular file; None for more than `most`. Raises PresetError with the file."""
    try:
        with open_plain(path) as file:
            if os.fstat(file.fileno()).st_size > most:
                return None
            data = file.read(most + 1)
            return data if len(data) <= most else None
    except OSError as error:
        raise PresetError(error.strerror or str(error), source=str(path)) from None
    except ValueError as error:  # a path with a null character
        raise PresetError(str(error), source=str(path)) from None


def _open_nonblocking(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _check_plain(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "a device or a pipe; expected a regular file")


def check_target(path: Path, *, overwrite: bool) -> None:
    """Raise CaptureError early, before any work, if `path` cannot be written."""
    if os.path.isdir(path):
        raise CaptureError(path, "is a folder; expected a file name")
    if not os.path.isdir(path.parent):
        what = (
            "is not a folder" if os.path.lexists(path.parent) else "does not exist; make it first"
        )
        raise CaptureError(path, f"the folder {path.parent} {what}")
    if os.path.lexists(path):
        if not overwrite:
            raise CaptureError(path, "already exists; not overwritten", taken=True)
        if os.path.exists(path) and not os.path.isfile(path):
            raise CaptureError(path, "is a device or a pipe; expected a regular file")


def write_atomic(path: Path, data: bytes, *, overwrite: bool) -> None:
    """Write a file completely, or raise CaptureError and leave nothing behind.

    Without `overwrite` an existing file is never replaced, not even one that another process
    creates meanwhile. With `overwrite` symbolic links are followed.
    """
    with writing(path, overwrite=overwrite) as stream:
        stream.write(data)


@contextlib.contextmanager
def writing(path: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """As write_atomic, for data that does not fit in memory: yields a stream to write and read.

    The file gets its name when the block ends. If the block raises, there is no file.
    """
    check_target(path, overwrite=overwrite)
    try:
        target = Path(os.path.realpath(path)) if overwrite else path
        part = _part(target)
        try:
            with _opened_part(part) as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            _publish(part, target, overwrite)
        finally:
            with contextlib.suppress(OSError):
                part.unlink()
            _unfinished.discard(part)
    except FileExistsError:
        raise CaptureError(path, "already exists; not overwritten", taken=True) from None
    except OSError as error:
        raise CaptureError(path, reason(error)) from None
    except ValueError as error:
        if "\0" not in str(path):
            raise
        raise CaptureError(repr(str(path)), f"no name for a file: {error}") from None


def _opened_part(part: Path) -> BinaryIO:
    """A new file for writing, which abandon_parts removes while it is unfinished."""
    with _opening:
        _unfinished.add(part)
        return open(part, "x+b", opener=_open_umask)


def abandon_parts(seconds: float) -> None:
    """Remove all unfinished files and block new ones, right before the process ends.

    Waits at most `seconds` for a file that is being opened.
    """
    _opening.acquire(timeout=seconds)
    for part in list(_unfinished):
        with contextlib.suppress(OSError):
            part.unlink()


def _open_umask(path: str, flags: int) -> int:
    return os.open(path, flags, 0o666)  # minus the umask; os.open's own default is 0o777


def _part(target: Path) -> Path:
    # Hidden, so that *.png does not match it; unique among processes and threads.
    return target.with_name(f".{target.name[:40]}.{os.getpid()}-{secrets.token_hex(4)}{PART}")


def _publish(part: Path, target: Path, overwrite: bool) -> None:
    """Rename the finished file to its target. Raises FileExistsError without `overwrite`."""
    if overwrite:
        os.replace(part, target)
    elif os.name == "nt":
        os.rename(part, target)  # never replaces on Windows
    else:
        try:
            os.link(part, target)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # Reserve the name, then replace it: a crash between the two leaves an empty file.
            os.close(os.open(target, os.O_CREAT | os.O_EXCL, 0o666))
            os.replace(part, target)


def reason(error: OSError) -> str:
    """Why a file cannot be written, and a remedy where one is known."""
    return _REASONS.get(error.errno or 0) or f"cannot be written: {error.strerror or error}"


def make_folder(folder: Path) -> None:
    """Make a folder and its parents, if needed. Raises CaptureError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise CaptureError(folder, "is a file; expected a folder") from None
    except NotADirectoryError:
        raise CaptureError(folder, "one of the folders above it is a file") from None
    except OSError as error:
        raise CaptureError(folder, reason(error)) from None


def remove_parts(folder: Path, names: str) -> None:
    """Remove temporary files left by a killed process; `names` is a glob pattern of targets."""
    for part in folder.glob(f".{names}.*{PART}"):
        with contextlib.suppress(OSError):
            part.unlink()


def free_name(folder: Path, stem: str, suffix: str, *, when: datetime | None = None) -> Path:
    """An unused path in `folder`: stem, date and time (now), and -2, -3 … if needed.

    Other characters of the stem than letters, digits, `-`, `_` and `.` become `-`. `suffix`
    includes its dot, or is empty for a folder.
    """
    return next(_free_names(folder, stem, suffix, when))


def write_new(
    folder: Path, stem: str, suffix: str, data: bytes, *, when: datetime | None = None
) -> Path:
    """Write a new file as `free_name` names it, and return its path. Raises CaptureError."""
    for path in _free_names(folder, stem, suffix, when):
        try:
            write_atomic(path, data, overwrite=False)
        except CaptureError as error:
            if not error.taken:  # created meanwhile: try the next name
                raise
        else:
            return path
    raise AssertionError("unreachable: names never run out")


def nameable(letter: str) -> bool:
    """Whether a file name may contain it; some locales cannot encode every letter."""
    try:
        os.fsencode(letter)
    except UnicodeEncodeError:
        return False
    return letter.isalnum() or letter in "-_."


def safe_stem(stem: str) -> str:
    """The stem as `free_name` writes it."""
    safe = "".join(c if nameable(c) else "-" for c in stem).strip("-.")
    return safe[:48] or "picture"


def _free_names(folder: Path, stem: str, suffix: str, when: datetime | None) -> Iterator[Path]:
    start = f"{safe_stem(stem)}-{when or datetime.now():%Y-%m-%d-%H%M%S}"
    for number in itertools.count(1):
        path = folder / f"{start}{f'-{number}' if number > 1 else ''}{suffix}"
        if not os.path.lexists(path):
            yield path


def stamp_of(path: Path) -> Stamp | None:
    """The stamp of a file, to be compared with a later one; None if there is no such file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
