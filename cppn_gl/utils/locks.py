"""File locks between processes, so that no two write the same files.

The operating system releases a lock when its process ends, even by a crash. A lock file that is
left behind blocks nobody.
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

ATTEMPTS = 50  # while a held lock names no process: it is being acquired or released
PAUSE = 0.01  # seconds between attempts
_OFFSET = 2**30  # of the byte locked on Windows, where locked bytes cannot be read

# Errors where locking is impossible, such as in a read-only folder or on an old NFS.
_NO_LOCKS = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP}


@contextlib.contextmanager
def locked(path: Path, target: Path, remedy: str, doing: str = "drawing") -> Iterator[None]:
    """Hold the lock file `path` while `target` is written; removes it afterwards.

    If another process holds the lock, raises CaptureError with its number, what it is `doing`, and
    `remedy`. Without support of the file system, nothing is locked.
    """
    try:
        stream = _acquire(path)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise CaptureError(path, f"cannot be locked: {error.strerror}") from None
        stream = None
    except _HeldError as held:
        who = f"process {held.pid}" if held.pid else "another process"
        raise CaptureError(target, f"{who} is {doing} it; {remedy}") from None
    try:
        yield
    finally:
        if stream is not None:
            if sys.platform == "win32":  # which cannot remove an open file
                stream.close()
            with contextlib.suppress(OSError):
                path.unlink()
            stream.close()


class _HeldError(Exception):
    """Another process holds the lock; `pid` is "" if unknown."""

    def __init__(self, pid: str):
        super().__init__(pid)
        self.pid = pid


def _acquire(path: Path) -> IO[bytes]:
    """The lock file, open and locked. Raises _HeldError, OSError."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    for _ in range(ATTEMPTS):
        with contextlib.ExitStack() as closing:
            stream = open(os.open(path, flags, 0o666), "r+b", buffering=0)  # noqa: SIM115
            closing.callback(stream.close)
            if not _try_lock(stream):
                pid = stream.read(20)
                if pid.isdigit():
                    raise _HeldError(pid.decode())
            elif _has_name(stream, path):
                closing.pop_all()
                with contextlib.suppress(OSError):  # a full disk: locked, but without a number
                    stream.truncate()
                    stream.write(str(os.getpid()).encode())
                return stream
        time.sleep(PAUSE)
    raise _HeldError("")


def _has_name(stream: IO[bytes], path: Path) -> bool:
    """Whether the open file is still at `path`; its previous holder may have removed it."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(stream.fileno()))
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _try_lock(stream: IO[bytes]) -> bool:
        """Lock an open file; False if another process holds it. Raises OSError."""
        stream.seek(_OFFSET)
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

    def _try_lock(stream: IO[bytes]) -> bool:
        """Lock an open file; False if another process holds it. Raises OSError."""
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
