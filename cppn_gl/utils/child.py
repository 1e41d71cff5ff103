"""Processes of this package that work for another one, and end with it."""

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

    `options` are Popen's. Raises OSError where no process can be started.
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
    """In such a process: leave SIGINT to the parent, and die with it where the system sees to that.

    Elsewhere the end of stdin tells.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and ends this
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
