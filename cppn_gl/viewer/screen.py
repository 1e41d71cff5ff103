"""Presents the canvas's planes and the panels over them in the window, only when they change."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import glfw

from cppn_gl.engines.gl.targets import Planes, Presenter
from cppn_gl.utils.arrays import Box
from cppn_gl.viewer.hud import Panel
from cppn_gl.viewer.layout import Rect
from cppn_gl.viewer.overlay import Overlay
from cppn_gl.views import text

GROUND = tuple(value / 255 for value in text.GROUND)


class Screen:
    """The window's content and title."""

    def __init__(self, window: Any):
        self._window = window
        self._overlay = Overlay(window.ctx)
        self._look: object = None
        self._pixels: list[text.Pixels] = []
        self._title = ""

    def shows(self, changes: int, size: tuple[int, int], panels: list[Panel]) -> bool:
        """Whether the window already shows this content; if not, the caller is to show it.

        `changes`: the canvas's counter of changed planes.
        """
        look = changes, size, [(panel.x, panel.y, panel.alpha) for panel in panels]
        pixels = [panel.pixels for panel in panels]  # held: a freed array's place is used again
        same = look == self._look and all(map(operator.is_, pixels, self._pixels))
        self._look, self._pixels = look, pixels
        return same

    def show(
        self,
        presenter: Presenter,
        planes: Planes | None,
        panels: list[Panel],
        size: tuple[int, int],
        picture: Rect,
        over: Callable[[], None] = lambda: None,
        boxes: Sequence[Box] = (),
    ) -> None:
        """Show planes and panels in a window of `size` pixels, and what `over` draws over them.

        The planes fill `picture`; beside and below it is dark ground, and all over without planes.
        `boxes`: see Presenter.
        """
        screen = self._window.ctx.screen
        if picture.size != size or planes is None:
            screen.use()
            screen.viewport, screen.scissor = (0, 0, *size), None
            screen.clear(*GROUND)
        below = size[1] - picture.y - picture.height
        if planes is not None:
            presenter.show(planes, screen, picture.size, flipped=True, below=below, boxes=boxes)
        self._overlay.draw(panels, screen, size)
        screen.use()
        over()
        glfw.swap_buffers(self._window._window)

    def entitle(self, title: str) -> None:
        if title != self._title:
            self._window.title = self._title = title

    def release(self) -> None:
        """Free the panels' textures."""
        self._overlay.release()
