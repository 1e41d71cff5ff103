"""The window with nothing but the network diagram in its panel, for test_network_diagram.py."""

import sys
from typing import Any

from imgui_bundle import imgui

from cppn_gl.__main__ import main
from cppn_gl.viewer import interface
from cppn_gl.viewer.gui.diagram import Diagram
from cppn_gl.viewer.layout import Rect


class Column:
    """A panel that holds the diagram."""

    def __init__(self, app: Any):
        self.open = False
        self.area: Rect | None = None
        self.keys = None
        self._diagram = Diagram(app)

    def draw(self, gui: Any) -> None:
        width = round(12 * gui.unit)
        self.area = Rect(gui.size[0] - width, 0, width, gui.size[1])
        imgui.set_next_window_pos(imgui.ImVec2(self.area.x, 0))
        imgui.set_next_window_size(imgui.ImVec2(*self.area.size))
        imgui.begin("column", None, imgui.WindowFlags_.no_decoration | imgui.WindowFlags_.no_move)
        self._diagram.draw(gui, self.area)
        imgui.end()


if __name__ == "__main__":
    interface.PARTS = {"panel": (Column.__module__, Column.__qualname__)}
    sys.exit(main())
