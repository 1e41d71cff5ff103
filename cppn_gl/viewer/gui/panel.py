"""The panel at the window's right side: every key of the preset as a widget."""

from typing import TYPE_CHECKING

from imgui_bundle import imgui

from cppn_gl.viewer.layout import Rect

if TYPE_CHECKING:
    from cppn_gl.viewer.app import App
    from cppn_gl.viewer.gui.base import Gui

WIDTH = 24.0  # of the panel, in font sizes


class Panel:
    """The panel, closed at first."""

    def __init__(self, app: "App"):
        self._explorer = app.explorer
        self.open = False
        self.area: Rect | None = None

    def draw(self, gui: "Gui") -> None:
        width = min(round(WIDTH * gui.unit), gui.size[0])
        self.area = Rect(gui.size[0] - width, 0, width, gui.size[1])
        imgui.set_next_window_pos(imgui.ImVec2(self.area.x, self.area.y))
        imgui.set_next_window_size(imgui.ImVec2(*self.area.size))
        flags = imgui.WindowFlags_
        imgui.begin("panel", None, flags.no_decoration | flags.no_move | flags.no_saved_settings)
        preset = self._explorer.preset
        imgui.push_font(gui.fonts.bold, 0)
        imgui.text_wrapped(preset.title or preset.name)
        imgui.pop_font()
        imgui.push_font(gui.fonts.italic, 0)
        imgui.text("weight scale")
        imgui.pop_font()
        changed, value = imgui.slider_float(
            "##s", getattr(preset.spec, "weight_scale", 0.0), 0.0, 2.0, "%.3f"
        )
        gui.mark("network.weight_scale")
        if imgui.is_item_activated():
            gui.gesture()
        if changed:
            self._explorer.change(weight_scale=value)
        if imgui.is_item_deactivated():
            gui.finish()
        imgui.end()
