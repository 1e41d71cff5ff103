"""`python -m cppn_gl`."""

import sys

from cppn_gl.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
