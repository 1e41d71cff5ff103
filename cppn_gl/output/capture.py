"""Writes pictures to disk: one at a time, or a stream of them on worker threads.

pixels + Shot -> the format named by the file's suffix -> bytes -> write_atomic
"""

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from cppn_gl.output.formats import SUFFIX, encode, format_of
from cppn_gl.output.png import PNG, Pixels
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.files import write_atomic, write_new

MAX_WORKERS = 16
WAITING_BYTES = 2**30  # limit of pixels drawn but not yet written
NICER = 10  # niceness of worker threads, above that of the drawing thread


def default_workers() -> int:
    """The number of encoding threads: one per core, up to MAX_WORKERS."""
    return min(MAX_WORKERS, os.cpu_count() or 1)


def waiting(size: tuple[int, int], bits: int = 8) -> int:
    """How many pictures of a size may wait to be written, including those being encoded.

    Two more are in memory: one being drawn and one read back.
    """
    return max(2, min(default_workers() + 2, WAITING_BYTES // (3 * size[0] * size[1] * bits // 8)))


def save_picture(path: Path, pixels: Pixels, shot: Shot, *, overwrite: bool = False) -> None:
    """Write (height, width, 3 or 4) pixels and their shot, in the format of the path's suffix.

    Raises CaptureError.
    """
    write_atomic(path, encode(format_of(path), pixels, shot), overwrite=overwrite)


def save_new_picture(folder: Path, pixels: Pixels, shot: Shot) -> Path:
    """Write a picture named after its preset, the date and the time, and return its path."""
    return write_new(folder, shot.preset.name, SUFFIX, encode(PNG, pixels, shot))


def _give_way() -> None:
    """Lower this thread's priority, so that encoding does not slow down drawing on the CPU."""
    if sys.platform == "linux":  # elsewhere niceness applies to the whole process
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):
            niceness = os.getpriority(os.PRIO_PROCESS, thread) + NICER
            os.setpriority(os.PRIO_PROCESS, thread, niceness)


class Workers:
    """Runs tasks on a bounded pool of threads, so that drawing continues meanwhile.

    `waiting` limits the tasks held, the running ones included. As a context manager it finishes
    all tasks on exit, or drops the pending ones if the block raised. `errors` are those of failed
    tasks, `written` is the number of completed ones.
    """

    def __init__(self, *, workers: int | None = None, waiting: int | None = None):
        workers = workers or default_workers()
        self.errors: list[Exception] = []
        self.written = 0
        self._slots = threading.Semaphore(waiting or workers + 2)
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(workers, "cppn_gl-writing", _give_way)

    def take(self, task: Callable[[], None], *, wait: float = 0.0) -> bool:
        """Queue a task; False if the queue is still full after `wait` seconds.

        Raises the first error of an earlier task (CaptureError).
        """
        self._raise()
        if not self._slots.acquire(timeout=wait):
            self._raise()
            return False
        self._pool.submit(self._do, task)
        return True

    def _do(self, task: Callable[[], None]) -> None:
        try:
            if not self._stopped.is_set():
                task()
                with self._lock:
                    self.written += 1
        except Exception as error:  # raised again in the drawing thread
            self.errors.append(error)
            self._stopped.set()
        finally:
            self._slots.release()

    def _raise(self) -> None:
        if self.errors:
            raise self.errors[0]

    def close(self) -> None:
        """Wait until all tasks are done. Raises the first error."""
        self._pool.shutdown()
        self._raise()

    def abort(self) -> None:
        """Drop pending tasks and wait for the running ones."""
        self._stopped.set()
        self._pool.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abort()


class FrameWriter(Workers):
    """Workers that encode and write pictures."""

    def __init__(
        self, *, overwrite: bool = False, workers: int | None = None, waiting: int | None = None
    ):
        super().__init__(workers=workers, waiting=waiting)
        self.overwrite = overwrite

    def submit(self, path: Path, pixels: Pixels, shot: Shot, *, wait: float = 0.0) -> bool:
        """Queue a picture, as `take` does. The pixels are not copied: do not change them."""
        task = partial(save_picture, path, pixels, shot, overwrite=self.overwrite)
        return self.take(task, wait=wait)

    def put(self, path: Path, content: bytes, *, wait: float = 0.0) -> bool:
        """Queue a file that is encoded already."""
        return self.take(partial(write_atomic, path, content, overwrite=self.overwrite), wait=wait)
