"""Opens a moderngl-window window on glfw; every failure becomes a ContextError."""

import logging
import warnings
from typing import Any

import glfw

from cppn_gl.engines.gl.context import REQUIRED_VERSION, ContextError, explain
from cppn_gl.engines.gl.unlocked import create_context
from cppn_gl.utils import memory
from cppn_gl.viewer import DEFAULT_SIZE

TRIED = "a window with glfw"


def open_window(size: tuple[int, int] | None, *, fullscreen: bool = False) -> Any:
    """A moderngl-window window whose OpenGL 3.3 core context is current.

    `size` is in screen coordinates. Raises ContextError.
    """
    memory.share_heaps()
    logging.getLogger("moderngl_window").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # glfw warns before the error is raised; PyGLM on import
        try:
            import moderngl_window
            from moderngl_window.context.glfw.window import Window

            window = Window(
                title="cppn_gl",
                gl_version=(3, 3),
                size=size or DEFAULT_SIZE,
                resizable=True,
                fullscreen=fullscreen,
                vsync=True,
                aspect_ratio=None,  # or it letterboxes
                context_creation_func=lambda: create_context(REQUIRED_VERSION, "detect"),
            )
            moderngl_window.activate_context(window=window)
        except ContextError:
            raise
        except Exception as error:  # the libraries raise exceptions of many types
            raise explain(error, tried=TRIED) from error
    # All keys are bound in bindings.py.
    window.exit_key = None
    window.fullscreen_key = None
    return window


def framebuffer_size(window: Any) -> tuple[int, int]:
    """The window's size in pixels, (0, 0) when minimised. moderngl-window's value may be stale."""
    if glfw.get_window_attrib(window._window, glfw.ICONIFIED):
        return 0, 0
    width, height = glfw.get_framebuffer_size(window._window)
    return int(width), int(height)


def content_scale(window: Any) -> float:
    """The monitor's scale factor for text: 2.0 on a typical HiDPI monitor."""
    return max(float(s) for s in glfw.get_window_content_scale(window._window))


def to_pixel(place: tuple[float, float], size: tuple[int, int]) -> tuple[float, float]:
    """The pixel (x, y down) at local coordinates (u, v) in a picture of `size`."""
    half = min(size) / 2
    return size[0] / 2 + place[0] * half, size[1] / 2 - place[1] * half


def to_framebuffer(window: Any, x: float, y: float) -> tuple[float, float]:
    """The pixel of the framebuffer (y down) at a point of the window in screen coordinates."""
    width, height = glfw.get_window_size(window._window)
    pixels = glfw.get_framebuffer_size(window._window)
    return x * pixels[0] / max(1, width), y * pixels[1] / max(1, height)
