"""A renderer like the window's, on a context that stays current, for tests without a window."""

import contextlib
from collections.abc import Iterator

from cppn_gl.engines.gl.context import open_context
from cppn_gl.output.renderer import Renderer


@contextlib.contextmanager
def windowless(engine: str = "auto") -> Iterator[Renderer]:
    """A renderer on a context that the caller owns and keeps current, as in the window."""
    context = open_context()
    with context, Renderer(engine, context=context) as renderer:
        yield renderer
    context.release()
