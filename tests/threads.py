"""Runs jobs in threads that switch as often as possible, to provoke race conditions."""

import sys
import threading
from collections.abc import Callable, Sequence

SWITCH = 1e-6  # seconds


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
