"""The processor's cores: work shared out to them, and matrix products that keep to one.

A library's own threads wait for one another at each product, and 20 times as long where another
process has one of the cores. So work is cut up, and each product stays in its thread.
"""

import contextlib
import functools
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from threadpoolctl import ThreadpoolController

MAX_THREADS = 16
THREADS = min(MAX_THREADS, os.cpu_count() or 1)
_filling = threading.RLock()  # the libraries' number of threads is the process's


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, "cppn_gl-cores")


def _forked() -> None:
    """Forget what a child process has no threads of."""
    global _filling
    _filling = threading.RLock()
    _pool.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


@functools.cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """The libraries' matrix products stay in the thread that asks for them."""
    with _filling, _libraries().limit(limits=1, user_api="blas"):
        yield


def on_all_cores(work: Callable[[int], Any], starts: Sequence[int]) -> None:
    """Call `work` with each of `starts`, on all cores; matrix products stay in their thread."""
    with one_thread():
        if len(starts) == 1:
            work(starts[0])
        else:
            list(_pool().map(work, starts))
