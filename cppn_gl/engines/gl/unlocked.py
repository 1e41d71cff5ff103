"""OpenGL's long calls, made with Python's lock released, so that other threads go on meanwhile.

moderngl holds the lock through every call. It asks its context for the addresses of OpenGL's
functions; `Loader` stands in for that context and answers, for those that may take long, with
callbacks which call the driver by ctypes, and ctypes releases the lock.
"""

import ctypes
import os
from typing import Any

_FUNCTION: Any = getattr(ctypes, "WINFUNCTYPE" if os.name == "nt" else "CFUNCTYPE")
_ENUM = _NAME = _BITS = ctypes.c_uint
_COUNT, _SIZE, _ADDRESS = ctypes.c_int, ctypes.c_ssize_t, ctypes.c_void_p

# Compiling and linking; draws, which compile at first and which a software renderer may finish
# within the call; and what waits until all is drawn.
_LONG = {
    "glCompileShader": _FUNCTION(None, _NAME),
    "glLinkProgram": _FUNCTION(None, _NAME),
    "glDrawArraysInstanced": _FUNCTION(None, _ENUM, _COUNT, _COUNT, _COUNT),
    "glDrawElementsInstanced": _FUNCTION(None, _ENUM, _COUNT, _ENUM, _ADDRESS, _COUNT),
    "glDispatchCompute": _FUNCTION(None, ctypes.c_uint, ctypes.c_uint, ctypes.c_uint),
    "glClear": _FUNCTION(None, _BITS),
    "glFlush": _FUNCTION(None),
    "glFinish": _FUNCTION(None),
    "glReadPixels": _FUNCTION(None, _COUNT, _COUNT, _COUNT, _COUNT, _ENUM, _ENUM, _ADDRESS),
    "glGetTexImage": _FUNCTION(None, _ENUM, _COUNT, _ENUM, _ENUM, _ADDRESS),
    "glGetBufferSubData": _FUNCTION(None, _ENUM, _SIZE, _SIZE, _ADDRESS),
}


class Loader:
    """A glcontext context whose long functions release Python's lock: `context=` of moderngl."""

    def __init__(self, context: Any):
        self.context = context
        self._callbacks: list[Any] = []  # alive as long as moderngl has their addresses

    def load(self, name: str) -> int:
        """The address of a function, 0 where there is none."""
        address = int(self.context.load(name))
        if not address or name not in _LONG:
            return address
        # A foreign function is called without any bytecode in between, where a signal's handler
        # could raise.
        callback = _LONG[name](_LONG[name](address))
        self._callbacks.append(callback)
        return ctypes.cast(callback, ctypes.c_void_p).value or 0

    def release(self) -> None:
        """Destroy the context."""
        self.context.release()

    def __enter__(self) -> Any:
        return self.context.__enter__()

    def __exit__(self, *error: object) -> Any:
        return self.context.__exit__(*error)


def create_context(glversion: int, mode: str, backend: str | None = None, **settings: Any) -> Any:
    """A moderngl context whose long calls release Python's lock.

    `mode`: "standalone", or "detect" for the context that is current. The rest is as for
    `moderngl.create_context`, and so are the errors.
    """
    import glcontext  # type: ignore[import-untyped]
    import moderngl

    create = glcontext.get_backend_by_name(backend) if backend else glcontext.default_backend()
    context: Any = Loader(create(glversion=glversion, mode=mode, **settings))
    return moderngl.create_context(glversion, standalone=mode == "standalone", context=context)
