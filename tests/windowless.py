"""The live window's parts without the window: a renderer on a context that stays current."""

import contextlib
from collections.abc import Iterator

from cppn_gl.engines.gl.context import open_context
from cppn_gl.output.renderer import Renderer


@contextlib.contextmanager
def windowless() -> Iterator[Renderer]:
    """A renderer as the window has one: the context is the caller's, and current."""
    context = open_context()
    with context, Renderer(context=context) as renderer:
        yield renderer
    context.release()
