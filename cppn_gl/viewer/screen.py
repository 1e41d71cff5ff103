"""What the window shows: the canvas's planes, panels over them, a title. Only changes are drawn."""

from typing import Any

import glfw

from cppn_gl.targets import Planes, Presenter
from cppn_gl.viewer.hud import Panel
from cppn_gl.viewer.overlay import Overlay


class Screen:
    """The window's pixels."""

    def __init__(self, window: Any):
        self._window = window
        self._overlay = Overlay(window.ctx)
        self._signature: object = None
        self._title = ""

    def shows(self, changes: int, size: tuple[int, int], panels: list[Panel]) -> bool:
        """Whether this is what the window shows already; if not, it is expected to be shown now.

        `changes` counts those of the planes.
        """
        look = (changes, size, [(id(p.pixels), p.x, p.y, p.alpha) for p in panels])
        same = look == self._signature
        self._signature = look
        return same

    def show(
        self, presenter: Presenter, planes: Planes, panels: list[Panel], size: tuple[int, int]
    ) -> None:
        """Show planes and panels at a size in pixels."""
        screen = self._window.ctx.screen
        presenter.show(planes, screen, size, flipped=True)
        self._overlay.draw(panels, screen, size)
        glfw.swap_buffers(self._window._window)

    def entitle(self, title: str) -> None:
        """Give the window a title."""
        if title != self._title:
            self._window.title = self._title = title

    def release(self) -> None:
        """Free the textures of panels."""
        self._overlay.release()
