"""Child processes that run a module of this package and end with their parent."""

import contextlib
import ctypes
import signal
import subprocess
import sys
from typing import Any

from cppn_gl.utils.resources import child_environment

PR_SET_PDEATHSIG = 1


def start(module: str, **options: Any) -> "subprocess.Popen[bytes]":
    """Run a module of this package, with pipes to its stdin and from its stdout.

    `options` are passed to Popen. Raises OSError if the process cannot be started.
    """
    low: Any = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
    given: dict[str, Any] = {"stderr": subprocess.DEVNULL} | options
    given["creationflags"] = low | getattr(subprocess, "CREATE_NO_WINDOW", 0)
    process: subprocess.Popen[bytes] = subprocess.Popen(
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=child_environment(),
        **given,
    )
    return process


def end_with_parent() -> None:
    """In the child: ignore SIGINT, and on Linux die with the parent.

    On other systems the child has to end when its stdin is closed.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it too, and ends this process
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
