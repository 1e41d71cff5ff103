"""Keeps two processes from writing the same files: a lock file that the system itself holds.

The lock ends with its process, however that ends. A file that a crash has left holds nobody up.
"""

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from cppn_gl.utils.files import CaptureError

LOOKS = 50  # at a lock that names nobody: it has just been taken, or is being given up
PAUSE = 0.01  # seconds between two
_PLACE = 2**30  # the byte that is locked on Windows, where a locked one cannot be read

# What open and lock say where no lock can be had at all: a read-only folder, an old NFS.
_NO_LOCKS = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP}


@contextlib.contextmanager
def locked(path: Path, target: Path, remedy: str) -> Iterator[None]:
    """Hold the lock file `path` while `target` is written; it is gone afterwards.

    Raises CaptureError, which names the process and ends with `remedy`, where another one holds it.
    Where the file system keeps no locks, the work goes on without.
    """
    try:
        stream = _taken(path)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise CaptureError(path, f"cannot be locked: {error.strerror}") from None
        stream = None
    except _HeldError as held:
        who = f"process {held.pid}" if held.pid else "another process"
        raise CaptureError(target, f"{who} is drawing it; {remedy}") from None
    try:
        yield
    finally:
        if stream is not None:
            if sys.platform == "win32":  # where an open file cannot be removed
                stream.close()
            with contextlib.suppress(OSError):
                path.unlink()
            stream.close()


class _HeldError(Exception):
    """Another process holds the lock. `pid` is "" where it does not say which."""

    def __init__(self, pid: str):
        super().__init__(pid)
        self.pid = pid


def _taken(path: Path) -> IO[bytes]:
    """The lock file, open and held. Raises _HeldError, OSError."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    for _ in range(LOOKS):
        with contextlib.ExitStack() as closing:
            stream = open(os.open(path, flags, 0o666), "r+b", buffering=0)  # noqa: SIM115
            closing.callback(stream.close)
            if not _take(stream):
                pid = stream.read(20)
                if pid.isdigit():
                    raise _HeldError(pid.decode())
            elif _is(path, stream):
                closing.pop_all()
                with contextlib.suppress(OSError):  # a full disk: it is held, by nobody knows whom
                    stream.truncate()
                    stream.write(str(os.getpid()).encode())
                return stream
        time.sleep(PAUSE)
    raise _HeldError("")


def _is(path: Path, stream: IO[bytes]) -> bool:
    """Whether the open file still has its name: whoever held it before has removed it."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(stream.fileno()))
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _take(stream: IO[bytes]) -> bool:
        """Lock an open file; False where another process has. Raises OSError."""
        stream.seek(_PLACE)
        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EDEADLK):
                return False
            raise
        finally:
            stream.seek(0)
        return True

else:
    import fcntl

    def _take(stream: IO[bytes]) -> bool:
        """Lock an open file; False where another process has. Raises OSError."""
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
