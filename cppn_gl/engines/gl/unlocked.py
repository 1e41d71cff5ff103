"""OpenGL's long calls, made so that Python's other threads go on meanwhile.

moderngl keeps Python's lock through every call. ctypes gives it up; the addresses are those that
moderngl's own loader finds. Where it finds none, moderngl calls. The context has to be current.
"""

import ctypes
import os
from collections.abc import Callable
from typing import Any

import moderngl

_VOID: Any = getattr(ctypes, "WINFUNCTYPE" if os.name == "nt" else "CFUNCTYPE")
_FINISH = _VOID(None)
_DISPATCH = _VOID(None, *[ctypes.c_uint] * 3)


def finish(ctx: moderngl.Context) -> None:
    """Wait until all that was asked for is drawn."""
    call = _function(ctx, "glFinish", _FINISH)
    (call or ctx.finish)()


def dispatch(program: moderngl.ComputeShader, x: int, y: int = 1, z: int = 1) -> None:
    """Run x, y and z groups of a compute shader; a software renderer does so within the call."""
    call = _function(program.ctx, "glDispatchCompute", _DISPATCH)
    if call is None:
        program.run(x, y, z)
    else:
        program.run(0, 0, 0)  # makes it the program in use, and runs nothing
        call(x, y, z)


def _function(ctx: moderngl.Context, name: str, prototype: Any) -> Callable[..., None] | None:
    """A function of the current context; None where its address is not to be had."""
    load = getattr(getattr(ctx.mglo, "_context", None), "load", None)
    address = load(name) if callable(load) else 0
    return prototype(address) if address else None
