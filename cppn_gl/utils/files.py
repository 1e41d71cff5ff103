"""Files are written whole or not at all, and none is lost that was there.

data -> a `.part` file beside the target -> disk -> the target's name, in one step
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

PART = ".part"
_unfinished: set[Path] = set()  # what is being written now
_beginning = threading.Lock()

# What a file system without hard links says to os.link.
_NO_LINKS = {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EINVAL, errno.EMLINK, errno.ENOTSUP}

_REASONS = {
    errno.EACCES: "no permission to write here; choose another folder",
    errno.EPERM: "no permission to write here; choose another folder",
    errno.EROFS: "this disk is read-only; choose another folder",
    errno.ENOSPC: "the disk is full; free some space and run it again",
    errno.EDQUOT: "your share of the disk is full; free some space and run it again",
    errno.EFBIG: "larger than a file may be here; raise the limit (ulimit -f)",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.ELOOP: "its symbolic links go in a circle",
    errno.EMFILE: "too many files are open; raise the limit (ulimit -n)",
}


@dataclass(frozen=True)
class Remedy:
    """What would put an error right, and the argument of the function called that does it, if any.

    A front end, as the command line, says what it calls that argument.
    """

    words: str
    argument: str = ""


class CaptureError(RuntimeError):
    """A file that cannot be written, in one line: where, what is wrong, what would be right.

    `taken`: because a file has that name already.
    """

    def __init__(
        self, path: str | Path, problem: str, remedy: Remedy | None = None, *, taken: bool = False
    ):
        words = f"{problem}; {remedy.words}" if remedy else problem
        super().__init__(f"{path}: {words}")
        self.path, self.problem, self.taken = Path(path), words, taken
        self.argument = remedy.argument if remedy else ""


def open_plain(path: Path) -> BinaryIO:
    """Open a file to be read. Raises OSError where it is no plain one: a pipe may never end."""
    _check_plain(os.stat(path))
    file = open(path, "rb", opener=_at_once)  # noqa: SIM115
    try:
        _check_plain(os.fstat(file.fileno()))  # another may have taken its name meanwhile
    except OSError:
        file.close()
        raise
    return file


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _check_plain(found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(found.st_mode):
        problem = "a device or a pipe, where a plain file would be right"
        raise OSError(errno.EINVAL, problem)


def check_target(path: Path, *, overwrite: bool) -> None:
    """Raise CaptureError where `path` plainly cannot be written, before any work is done for it."""
    if os.path.isdir(path):
        raise CaptureError(path, "is a folder, where the name of a file would be right")
    if not os.path.isdir(path.parent):
        what = "is no folder" if os.path.lexists(path.parent) else "does not exist; make it first"
        raise CaptureError(path, f"the folder {path.parent} {what}")
    if os.path.lexists(path):
        if not overwrite:
            raise CaptureError(path, "is there already and stays as it is", taken=True)
        if os.path.exists(path) and not os.path.isfile(path):
            raise CaptureError(path, "is a device or a pipe; a plain file would be right")


def write_atomic(path: Path, data: bytes, *, overwrite: bool) -> None:
    """Write a file whole, or raise CaptureError and leave nothing behind.

    Without `overwrite` a file of that name is never replaced, not even one that another process
    makes meanwhile. A symbolic link is followed.
    """
    with writing(path, overwrite=overwrite) as stream:
        stream.write(data)


@contextlib.contextmanager
def writing(path: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """As write_atomic, for what is too large to be at hand at once: a stream to write to.

    The file gets its name when the block ends. Where the block raises there is no file.
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
        raise CaptureError(path, "is there already and stays as it is", taken=True) from None
    except OSError as error:
        raise CaptureError(path, _reason(error)) from None
    except ValueError as error:
        if "\0" not in str(path):
            raise
        raise CaptureError(repr(str(path)), f"no name for a file: {error}") from None


def _opened_part(part: Path) -> BinaryIO:
    """A new file to write to, which abandon_parts removes while it is unfinished."""
    with _beginning:
        _unfinished.add(part)
        return open(part, "xb", opener=_usual_mode)


def abandon_parts(seconds: float) -> None:
    """Remove the files that are being written, and let none be begun: the process ends.

    Waits at most `seconds` for one that is being begun.
    """
    _beginning.acquire(timeout=seconds)
    for part in list(_unfinished):
        with contextlib.suppress(OSError):
            part.unlink()


def _usual_mode(path: str, flags: int) -> int:
    return os.open(path, flags, 0o666)  # less the umask; os.open by itself makes programs


def _part(target: Path) -> Path:
    # Hidden, so that *.png does not find it; the number keeps processes and threads apart.
    return target.with_name(f".{target.name[:40]}.{os.getpid()}-{secrets.token_hex(4)}{PART}")


def _publish(part: Path, target: Path, overwrite: bool) -> None:
    """Give the finished file its name. Raises FileExistsError where it is taken."""
    if overwrite:
        os.replace(part, target)
    elif os.name == "nt":
        os.rename(part, target)  # on Windows it never replaces
    else:
        try:
            os.link(part, target)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # Claim the name, then fill it: the one step where a crash leaves an empty file.
            os.close(os.open(target, os.O_CREAT | os.O_EXCL, 0o666))
            os.replace(part, target)


def _reason(error: OSError) -> str:
    return _REASONS.get(error.errno or 0) or f"cannot be written: {error.strerror or error}"


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, unless it is there. Raises CaptureError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise CaptureError(folder, "is a file, where a folder would be right") from None
    except NotADirectoryError:
        raise CaptureError(folder, "one of the folders above it is a file") from None
    except OSError as error:
        raise CaptureError(folder, _reason(error)) from None


def remove_parts(folder: Path, names: str) -> None:
    """Remove what a killed process left of writing the files whose names match a glob pattern."""
    for part in folder.glob(f".{names}.*{PART}"):
        with contextlib.suppress(OSError):
            part.unlink()


def free_name(folder: Path, stem: str, suffix: str, *, when: datetime | None = None) -> Path:
    """A path in `folder` that no file has: stem, date and time (now), and -2, -3 … if need be.

    Letters, digits, `-`, `_` and `.` of the stem are kept, where file names can have them.
    `suffix` has its dot, or is empty for a folder.
    """
    return next(_free_names(folder, stem, suffix, when))


def write_new(
    folder: Path, stem: str, suffix: str, data: bytes, *, when: datetime | None = None
) -> Path:
    """Write a new file under a free name, and return its path. Raises CaptureError."""
    for path in _free_names(folder, stem, suffix, when):
        try:
            write_atomic(path, data, overwrite=False)
        except CaptureError as error:
            if not error.taken:  # taken since we looked: the next name, then
                raise
        else:
            return path
    raise AssertionError("names never run out")


def _nameable(letter: str) -> bool:
    """Whether a letter can stand in a file's name: an old locale may not be able to write it."""
    try:
        os.fsencode(letter)
    except UnicodeEncodeError:
        return False
    return letter.isalnum() or letter in "-_."


def _free_names(folder: Path, stem: str, suffix: str, when: datetime | None) -> Iterator[Path]:
    safe = "".join(c if _nameable(c) else "-" for c in stem).strip("-.")
    start = f"{safe[:48] or 'picture'}-{when or datetime.now():%Y-%m-%d-%H%M%S}"
    for number in itertools.count(1):
        path = folder / f"{start}{f'-{number}' if number > 1 else ''}{suffix}"
        if not os.path.lexists(path):
            yield path
