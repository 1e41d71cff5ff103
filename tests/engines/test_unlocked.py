"""Long calls of OpenGL: made by ctypes where they can be, with the results of moderngl's own."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import moderngl
import numpy as np
import pytest

from cppn_gl.engines.gl.context import open_context
from cppn_gl.engines.gl.unlocked import dispatch, finish

SHADER = """#version 430
layout(local_size_x = 4) in;
layout(std430, binding = 0) buffer Numbers { uint numbers[]; };
void main() { atomicAdd(numbers[gl_GlobalInvocationID.x], gl_GlobalInvocationID.x); }
"""


@pytest.fixture
def ctx() -> Iterator[moderngl.Context]:
    ctx = open_context()
    with ctx:
        yield ctx
    ctx.release()


@pytest.mark.gl
def test_the_calls_are_made_without_moderngl(
    ctx: moderngl.Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(moderngl.Context, "finish")
    finish(ctx)
    assert ctx.error == "GL_NO_ERROR"


@pytest.mark.gl
def test_a_dispatch_runs_each_group_once(ctx: moderngl.Context) -> None:
    if ctx.version_code < 430:
        pytest.skip(f"compute shaders need OpenGL 4.3, this is {ctx.version_code}")
    numbers = ctx.buffer(bytes(64))
    numbers.bind_to_storage_buffer(0)
    program, other = (ctx.compute_shader(SHADER) for _ in range(2))
    other.run(0)  # leaves itself in use
    dispatch(program, 4)
    assert np.array_equal(np.frombuffer(numbers.read(), np.uint32), np.arange(16))
    dispatch(program, 0, 4)
    assert np.array_equal(np.frombuffer(numbers.read(), np.uint32), np.arange(16))
    assert ctx.error == "GL_NO_ERROR"


@pytest.mark.parametrize(
    "loader", [{}, {"_context": None}, {"_context": SimpleNamespace(load=lambda name: 0)}]
)
def test_without_addresses_moderngl_calls(loader: dict[str, Any]) -> None:
    called: list[Any] = []
    mglo = SimpleNamespace(**loader)
    ctx: Any = SimpleNamespace(mglo=mglo, finish=lambda: called.append("finish"))
    program: Any = SimpleNamespace(ctx=ctx, run=lambda *groups: called.append(groups))
    finish(ctx)
    dispatch(program, 2, 3)
    assert called == ["finish", (2, 3, 1)]
