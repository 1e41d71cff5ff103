"""Returning freed memory to the system, with glibc; other C libraries need no help.

glibc keeps freed memory in a heap (arena) per thread and does not return it by itself: after much
drawing, a window held twice the memory that it used.
"""

import ctypes
import functools
import sys
from typing import Any

ARENAS = 2  # heaps shared by all threads
M_ARENA_MAX = -8  # of mallopt(3)


@functools.cache
def _glibc() -> Any:
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") else None


def share_heaps() -> None:
    """Limit the number of heaps for threads that start from now on."""
    if _glibc() is not None:
        _glibc().mallopt(M_ARENA_MAX, ARENAS)


def return_freed() -> None:
    """Return freed memory to the system; takes milliseconds."""
    if _glibc() is not None:
        _glibc().malloc_trim(0)
