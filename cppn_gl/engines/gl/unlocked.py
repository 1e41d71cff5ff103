"""Releases Python's global interpreter lock (GIL) during long OpenGL calls.

moderngl holds the GIL during every call. It gets the addresses of OpenGL functions from a glcontext
object. `Loader` wraps this object and, for functions that may take long, returns the addresses of
callbacks that call the driver through ctypes, which releases the GIL.
"""

import ctypes
import os
from typing import Any

_FUNCTION: Any = getattr(ctypes, "WINFUNCTYPE" if os.name == "nt" else "CFUNCTYPE")
_ENUM = _NAME = _BITS = ctypes.c_uint
_COUNT, _SIZE, _ADDRESS = ctypes.c_int, ctypes.c_ssize_t, ctypes.c_void_p

# Compiling and linking; draw calls, which may compile and which a software renderer may execute
# synchronously; and calls that wait for drawing to finish.
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
    """A glcontext context whose long functions release the GIL, for moderngl's `context=`."""

    def __init__(self, context: Any):
        self.context = context
        self._callbacks: list[Any] = []  # must outlive moderngl's use of their addresses

    def load(self, name: str) -> int:
        """The address of an OpenGL function, 0 if the driver does not have it."""
        address = int(self.context.load(name))
        if not address or name not in _LONG:
            return address
        # The callback is a foreign function, not a Python function: no bytecode is executed, in
        # which a signal handler could raise an exception.
        callback = _LONG[name](_LONG[name](address))
        self._callbacks.append(callback)
        return ctypes.cast(callback, ctypes.c_void_p).value or 0

    def release(self) -> None:
        self.context.release()

    def __enter__(self) -> Any:
        return self.context.__enter__()

    def __exit__(self, *error: object) -> Any:
        return self.context.__exit__(*error)


def create_context(glversion: int, mode: str, backend: str | None = None, **settings: Any) -> Any:
    """A moderngl context whose long calls release the GIL.

    `mode`: "standalone", or "detect" for the current context. Other arguments and errors are those
    of `moderngl.create_context`.
    """
    import glcontext  # type: ignore[import-untyped]
    import moderngl

    create = glcontext.get_backend_by_name(backend) if backend else glcontext.default_backend()
    context: Any = Loader(create(glversion=glversion, mode=mode, **settings))
    return moderngl.create_context(glversion, standalone=mode == "standalone", context=context)
