"""Long OpenGL calls release the GIL, and otherwise work as in moderngl."""

import subprocess
import sys
from collections.abc import Iterator

import moderngl
import numpy as np
import pytest

from cppn_gl.engines.gl.context import open_context
from cppn_gl.engines.gl.unlocked import Loader

SHADER = """#version 430
layout(local_size_x = 4) in;
layout(std430, binding = 0) buffer Numbers { uint numbers[]; };
void main() { atomicAdd(numbers[gl_GlobalInvocationID.x], gl_GlobalInvocationID.x); }
"""

# The C library's read() replaces the OpenGL function: it returns once another Python thread has
# written. Like moderngl, the test calls it with the GIL held, which another thread would get only
# after a switch interval.
BLOCKING = """
import ctypes, os, sys, threading
from cppn_gl.engines.gl.unlocked import Loader

class Context:
    def load(self, name):
        return ctypes.cast(ctypes.CDLL(None).read, ctypes.c_void_p).value

size, address = ctypes.c_ssize_t, ctypes.c_void_p
prototype = ctypes.PYFUNCTYPE(None, ctypes.c_uint, size, size, address)
loader = Loader(Context())
call = prototype(loader.load("glGetBufferSubData"))
come, go = os.pipe()
begun, buffer = threading.Event(), ctypes.create_string_buffer(1)

def write():
    begun.wait()
    os.write(go, b"x")

threading.Thread(target=write).start()
sys.setswitchinterval(1000.0)
begun.set()
call(come, ctypes.addressof(buffer), 1, None)
print(buffer.raw.decode())
"""


@pytest.fixture
def ctx() -> Iterator[moderngl.Context]:
    ctx = open_context()
    with ctx:
        yield ctx
    ctx.release()


@pytest.mark.skipif(sys.platform == "win32", reason="does not heed: no read() of the C library")
def test_other_threads_run_within_a_long_call() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BLOCKING], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "x\n", "")


@pytest.mark.gl
def test_contexts_are_opened_so(ctx: moderngl.Context) -> None:
    assert isinstance(ctx.mglo._context, Loader)
    assert ctx.error == "GL_NO_ERROR"


@pytest.mark.gl
def test_a_dispatch_runs_each_group_once(ctx: moderngl.Context) -> None:
    if ctx.version_code < 430:
        pytest.skip(f"compute shaders need OpenGL 4.3, this is {ctx.version_code}")
    numbers = ctx.buffer(bytes(64))
    numbers.bind_to_storage_buffer(0)
    program, other = (ctx.compute_shader(SHADER) for _ in range(2))
    other.run(0)  # leaves itself in use
    program.run(4)
    assert np.array_equal(np.frombuffer(numbers.read(), np.uint32), np.arange(16))
    program.run(0, 4)
    assert np.array_equal(np.frombuffer(numbers.read(), np.uint32), np.arange(16))
    assert ctx.error == "GL_NO_ERROR"


@pytest.mark.gl
def test_pixels_and_texels_are_read_as_they_are(ctx: moderngl.Context) -> None:
    texture = ctx.texture((3, 2), 4, bytes(range(24)))
    target = ctx.framebuffer([texture])
    assert texture.read() == target.read(components=4) == bytes(range(24))
    target.clear(1.0, 0.0, 1.0, 0.0)
    assert target.read(components=4) == bytes([255, 0, 255, 0] * 6)


class Context:
    """A glcontext without functions that records how it was exited."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def load(self, name: str) -> int:
        return 0

    def release(self) -> None:
        self.calls.append("release")

    def __enter__(self) -> None:
        self.calls.append("enter")

    def __exit__(self, *error: object) -> None:
        self.calls.append("exit")


def test_what_a_driver_lacks_is_lacking_and_all_else_is_the_contexts() -> None:
    context = Context()
    loader = Loader(context)
    assert loader.load("glFinish") == loader.load("glEnable") == 0
    with loader:
        pass
    loader.release()
    assert context.calls == ["enter", "exit", "release"]
