"""Work in several threads: as many as a test wants, and with race conditions provoked."""

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from cppn_gl.utils import threads as shared

SWITCH = 1e-6  # seconds


@contextlib.contextmanager
def thread_count(count: int) -> Iterator[None]:
    """Engines on the processor use so many threads meanwhile, as by CPPN_GL_THREADS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(shared.VARIABLE, str(count))
        forget_threads()
        try:
            yield
        finally:
            forget_threads()
    forget_threads()


def forget_threads() -> None:
    """Let the next work read CPPN_GL_THREADS and start its threads."""
    shared.thread_count.cache_clear()
    shared._pool.cache_clear()


def at_once(jobs: Sequence[Callable[[], object]]) -> None:
    """Run jobs in threads that start together; raises the first error of any job."""
    barrier, errors = threading.Barrier(len(jobs)), []

    def run(job: Callable[[], object]) -> None:
        barrier.wait()
        try:
            job()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    usual = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(usual)
    if errors:
        raise errors[0]
