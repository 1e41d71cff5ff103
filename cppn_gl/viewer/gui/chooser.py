"""The chooser: all presets as pictures."""

from typing import TYPE_CHECKING

from cppn_gl.viewer.layout import Rect

if TYPE_CHECKING:
    from cppn_gl.viewer.app import App
    from cppn_gl.viewer.gui.base import Gui


class Chooser:
    """The chooser, closed at first."""

    def __init__(self, app: "App"):
        self.open = False
        self.area: Rect | None = None

    def draw(self, gui: "Gui") -> None:
        self.area = Rect(0, 0, *gui.size)
