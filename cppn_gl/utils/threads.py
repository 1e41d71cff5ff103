"""Work on all cores: our own thread pool, with single-threaded matrix products.

The threads of BLAS wait for each other at every product, up to 20 times longer when another process
occupies a core. So work is split into pieces instead, and each product runs in one thread.
"""

import contextlib
import functools
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from threadpoolctl import ThreadpoolController

from cppn_gl.utils.checks import checked, integer

VARIABLE = "CPPN_GL_THREADS"
DEFAULT_MAX, MAX = 16, 64  # without the variable, and with it
_limiting = threading.RLock()  # BLAS has one thread limit for the whole process
_own = threading.local()


@functools.cache
def thread_count() -> int:
    """The threads of all work here: one per core, or what CPPN_GL_THREADS says.

    Raises PresetError for a wrong CPPN_GL_THREADS.
    """
    text = os.environ.get(VARIABLE, "")
    if not text:
        return min(DEFAULT_MAX, os.cpu_count() or 1)
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else text
    count: int = checked(integer(1, MAX), value, VARIABLE)
    return count


@functools.cache
def _pool() -> ThreadPoolExecutor:
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    alone = len(cores) == thread_count()
    return ThreadPoolExecutor(
        thread_count(), "cppn_gl-cores", _begin, (iter(cores if alone else ()),)
    )


def _begin(cores: Iterator[int]) -> None:
    """Begin a thread of the pool, on a core of its own if there are as many.

    Linux wakes a thread on the core of the one that wakes it, and takes some 10 ms to move it to an
    idle core: as long as a picture.
    """
    _own.in_pool = True
    with contextlib.suppress(OSError):
        for core in cores:
            os.sched_setaffinity(0, {core})  # of this thread alone
            break


def _forked() -> None:
    """In a forked child: the pool's threads do not exist there, and nobody releases the lock."""
    global _limiting
    _limiting = threading.RLock()
    _pool.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


@functools.cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Matrix products run in the calling thread alone."""
    with _limiting, _libraries().limit(limits=1, user_api="blas"):
        yield


def on_all_cores(work: Callable[[int], Any], starts: Sequence[int]) -> None:
    """Call `work` with each of `starts` on all cores, with single-threaded matrix products."""
    with one_thread():
        if len(starts) == 1:
            work(starts[0])
        else:
            list(_pool().map(work, starts))


def shared_out(work: Callable[[int], Any], starts: Sequence[int]) -> None:
    """Call `work` with each of `starts` on all cores; for work that uses no matrix products.

    An exception ends the work of all threads after their current call. From a thread of the pool,
    which would wait for itself, all calls are made in that thread.
    """
    if len(starts) <= 1 or thread_count() == 1 or hasattr(_own, "in_pool"):
        for start in starts:
            work(start)
        return
    queue = iter(starts)

    def loop() -> None:
        for start in queue:
            work(start)

    loops = [_pool().submit(loop) for _ in range(min(thread_count(), len(starts)))]
    try:
        for one in loops:
            one.result()
    finally:
        for _ in queue:  # after an exception: nothing is left to take
            pass
        wait(loops)
