"""Opens the window: moderngl-window on glfw, every failure one ContextError."""

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
    """A moderngl-window window with an OpenGL 3.3 core context, current.

    `size` is in screen coordinates. Raises ContextError.
    """
    memory.share_heaps()
    logging.getLogger("moderngl_window").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # glfw warns of what is then raised; PyGLM of itself
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
        except Exception as error:  # the libraries raise without pattern
            raise explain(error, tried=TRIED) from error
    # Keys are the binding table's alone.
    window.exit_key = None
    window.fullscreen_key = None
    return window


def framebuffer_size(window: Any) -> tuple[int, int]:
    """Pixels of the window; (0, 0) when it is minimised. moderngl-window's own may be stale."""
    if glfw.get_window_attrib(window._window, glfw.ICONIFIED):
        return 0, 0
    width, height = glfw.get_framebuffer_size(window._window)
    return int(width), int(height)


def content_scale(window: Any) -> float:
    """How much larger this monitor's content is to be drawn: 2.0 on a HiDPI one."""
    return max(float(s) for s in glfw.get_window_content_scale(window._window))


def to_pixel(place: tuple[float, float], size: tuple[int, int]) -> tuple[float, float]:
    """Local coordinates u, v as a pixel of a picture of `size`, y down."""
    half = min(size) / 2
    return size[0] / 2 + place[0] * half, size[1] / 2 - place[1] * half


def to_local(window: Any, x: float, y: float, below: float = 0.0) -> tuple[float, float]:
    """A place in the window (screen coordinates) as local coordinates u, v of the picture.

    `below`: the share of the window's height that lies beneath the picture.
    """
    width, height = glfw.get_window_size(window._window)
    high = height * (1 - below)
    shorter = max(1, min(width, high))
    return (2 * x - width) / shorter, (high - 2 * y) / shorter
