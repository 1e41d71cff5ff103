"""`python -m cppn_gl`, and what the installed command calls."""

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; an interruption is silent, even while the program is being loaded."""
    try:
        from cppn_gl.cli import main as cli

        return cli.main(argv)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
