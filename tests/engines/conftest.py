"""What several tests of engines share."""

from collections.abc import Iterator

import pytest

from cppn_gl.output.renderer import Renderer


@pytest.fixture(scope="module")
def shared(compute_shaders: None) -> Iterator[Renderer]:
    with Renderer("fragment") as one:
        yield one


@pytest.fixture
def renderer(shared: Renderer) -> Iterator[Renderer]:
    """A renderer whose context is current."""
    assert shared.ctx is not None
    with shared.ctx:
        yield shared
        assert shared.ctx.error == "GL_NO_ERROR"
