"""`python -m cppn_gl`, and what the installed command calls."""

import os
import sys
from collections.abc import Sequence

__all__ = ["main"]

INTERRUPTED = (130, 143)  # by SIGINT, SIGTERM


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; an interruption is silent, even while the program is being loaded.

    Without `argv` the process is the command's own: interrupted, it ends at once, and does not
    wait for threads that still work, as the interpreter would.
    """
    try:
        from cppn_gl.utils.interrupts import interruptible

        with interruptible(leaving=argv is None):
            from cppn_gl.cli import main as cli

            status = cli.main(argv)
    except KeyboardInterrupt as error:
        status = INTERRUPTED[type(error) is not KeyboardInterrupt]
    if argv is None and status in INTERRUPTED:
        os._exit(status)
    return status


if __name__ == "__main__":
    sys.exit(main())
