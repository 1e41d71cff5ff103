"""What the C library keeps of memory that was freed, where it is glibc: elsewhere nothing is done.

It keeps freed memory for each of many threads, and never looks at it again by itself: a window that
has drawn much held twice of what it used.
"""

import ctypes
import functools
import sys
from typing import Any

ARENAS = 2  # heaps that threads share
M_ARENA_MAX = -8


@functools.cache
def _glibc() -> Any:
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") else None


def share_heaps() -> None:
    """Let threads that start from now on share a few heaps."""
    if _glibc() is not None:
        _glibc().mallopt(M_ARENA_MAX, ARENAS)


def return_freed() -> None:
    """Give freed memory back to the system; takes milliseconds."""
    if _glibc() is not None:
        _glibc().malloc_trim(0)
