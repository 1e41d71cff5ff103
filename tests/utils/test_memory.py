"""Memory that was freed goes back to the system."""

import subprocess
import sys

import pytest

from cppn_gl.utils import memory

CODE = """
import os
import numpy as np
from cppn_gl.utils import memory
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
memory.share_heaps()
kept = [np.ones(12_000) for _ in range(1000)]  # each below what is mapped by itself
last = np.ones(10)
full = resident()
del kept
memory.return_freed()
assert resident() < full - 5e7, (full, resident())
"""


@pytest.mark.skipif(memory._glibc() is None, reason="needs glibc")
def test_what_was_freed_is_returned() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_elsewhere_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_glibc", lambda: None)
    memory.share_heaps()
    memory.return_freed()
