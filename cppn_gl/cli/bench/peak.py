"""The peak arithmetic rate of this machine in GFLOP/s, measured: what "of peak" refers to.

On the CPU a loop of fused multiply-adds in the native library, with its instruction set, or without
the library a large float32 matrix product by NumPy's BLAS; on a GPU a loop of multiply-adds in a
compute shader, or in a fragment shader if compute shaders are not available.
"""

import time
from collections.abc import Callable

import moderngl
import numpy as np

from cppn_gl.engines.gl.context import open_context
from cppn_gl.engines.gl.passes import Pass
from cppn_gl.engines.gl.shader import Source
from cppn_gl.utils import native
from cppn_gl.utils.threads import shared_out, thread_count

SIDES = (512, 1024, 2048)  # of square matrices
ACCUMULATORS = 4  # vec4s with independent dependency chains, to hide latency
STEPS = 16  # multiply-adds per accumulator and iteration of the loop
FLOP = 2 * 4 * ACCUMULATORS * STEPS  # per invocation and iteration
PIECES = 4  # for each thread, so that all end at about the same time
SHORT = 0.02  # seconds; a shorter run would mostly measure the overhead of the call
MAX_TURNS = 2**20
GROUP, GROUPS = 256, 4096  # invocations of a compute shader
SIDE = 1024  # pixels a side of the fragment shader's target

_LOOP = f"""
uniform int turns;
vec4 spin(float seed) {{
    vec4 y[{ACCUMULATORS}];
    for (int k = 0; k < {ACCUMULATORS}; ++k) y[k] = vec4(seed, 1.0, 2.0, 3.0) + float(k);
    vec4 a = vec4(0.999 - 1e-9 * seed), b = vec4(0.001);
    for (int turn = 0; turn < turns; ++turn) {{
        {" ".join(f"y[{k}] = y[{k}] * a + b;" for k in range(ACCUMULATORS)) * STEPS}
    }}
    return {" + ".join(f"y[{k}]" for k in range(ACCUMULATORS))};
}}
"""
_COMPUTE = f"""#version 430
layout(local_size_x = {GROUP}) in;
layout(std430, binding = 0) buffer Out {{ vec4 result[]; }};
{_LOOP}
void main() {{
    result[gl_GlobalInvocationID.x] = spin(float(gl_GlobalInvocationID.x));
}}
"""
_VERTEX = """#version 330
void main() { gl_Position = vec4(ivec2(gl_VertexID & 1, gl_VertexID >> 1) * 4 - 1, 0.0, 1.0); }
"""
_FRAGMENT = f"""#version 330
out vec4 result;
{_LOOP}
void main() {{ result = spin(gl_FragCoord.x); }}
"""


def cpu_peak(seconds: float) -> tuple[float, str]:
    """GFLOP/s of all cores, the best run in about `seconds`, and a description of it."""
    library = native.library()
    return _products(seconds) if library is None else _multiply_adds(library, seconds)


def _multiply_adds(library: native.Library, seconds: float) -> tuple[float, str]:
    done: list[float] = []  # operations of each piece

    def run(turns: int) -> float:
        done.clear()
        shared_out(lambda _: done.append(library.peak(turns)), range(PIECES * thread_count()))
        return sum(done)

    return _rate(run, seconds), f"float32 fused multiply-adds in registers, {library.isa}"


def _products(seconds: float) -> tuple[float, str]:
    best, side, ends = 0.0, SIDES[0], time.perf_counter() + seconds
    for n in SIDES:
        if best and 2 * n**3 / best / 1e9 > ends - time.perf_counter():
            break
        a, b = (np.full((n, n), value, np.float32) for value in (0.5, 0.25))
        out = a @ b  # warms the threads up
        for _ in range(100):
            started = time.perf_counter()
            np.matmul(a, b, out=out)
            elapsed = time.perf_counter() - started
            if (rate := 2 * n**3 / elapsed / 1e9) > best:
                best, side = rate, n
            left = (ends - time.perf_counter()) / (1 if n == SIDES[-1] else 2)
            if elapsed > left:
                break
    return best, f"float32 matrix product {side} × {side}, NumPy"


def gpu_peak(seconds: float) -> tuple[float, str]:
    """GFLOP/s of multiply-adds in a shader, the best run in about `seconds`, and a description.

    Raises ContextError without OpenGL.
    """
    ctx = open_context()
    try:
        if ctx.version_code >= 430:
            return _compute(ctx, seconds), "multiply-add loop in a compute shader"
        return _fragment(ctx, seconds), "multiply-add loop in a fragment shader"
    finally:
        ctx.release()


def _compute(ctx: moderngl.Context, seconds: float) -> float:
    shader = ctx.compute_shader(_COMPUTE)
    result = ctx.buffer(reserve=GROUP * GROUPS * 16)
    result.bind_to_storage_buffer(0)

    def run(turns: int) -> float:
        shader["turns"] = turns
        shader.run(GROUPS)
        ctx.finish()
        return FLOP * turns * GROUP * GROUPS

    return _rate(run, seconds)


def _fragment(ctx: moderngl.Context, seconds: float) -> float:
    shader = Pass(ctx, Source(_VERTEX, ()), Source(_FRAGMENT, ()))
    target = ctx.framebuffer([ctx.texture((SIDE, SIDE), 4, dtype="f4")])

    def run(turns: int) -> float:
        shader.set(turns=turns)
        shader.draw(target, (0, 0, SIDE, SIDE))
        ctx.finish()
        return FLOP * turns * SIDE * SIDE

    return _rate(run, seconds)


def _rate(run: Callable[[int], float], seconds: float) -> float:
    """GFLOP/s of `run(turns)`, which returns its operations, at the best number of turns."""
    ends, best, turns = time.perf_counter() + seconds, 0.0, 1
    run(turns)  # compiles, and starts threads
    while True:
        started = time.perf_counter()
        operations = run(turns)
        elapsed = time.perf_counter() - started
        best = max(best, operations / elapsed / 1e9)
        if time.perf_counter() > ends:
            return best
        if elapsed < SHORT and turns < MAX_TURNS:
            turns *= 2
