"""The entry point of `python -m cppn_gl` and of the installed command."""

import os
import sys
from collections.abc import Sequence

__all__ = ["main"]

INTERRUPTED = {"HungUp": 129, "KeyboardInterrupt": 130, "Terminated": 143}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return the exit status. An interruption prints nothing.

    Without `argv` the command owns the process: when interrupted it exits at once, without waiting
    for running threads as the interpreter would.
    """
    try:
        from cppn_gl.utils.interrupts import interruptible

        with interruptible(leaving=argv is None):
            from cppn_gl.cli import main as cli

            status = cli.main(argv)
    except KeyboardInterrupt as error:
        status = INTERRUPTED[type(error).__name__]
    if argv is None and status in INTERRUPTED.values():
        os._exit(status)
    return status


if __name__ == "__main__":
    sys.exit(main())
