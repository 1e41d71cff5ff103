"""Tooltips: beside what they describe, wholly in the window.

begin(gui, beside) -> text and pictures -> imgui.end_tooltip()
"""

from typing import TYPE_CHECKING

from imgui_bundle import imgui

from cppn_gl.viewer.layout import Rect, popup_rect

if TYPE_CHECKING:
    from cppn_gl.viewer.gui.base import Gui

GAP = 0.4  # between a tooltip and what it describes, in font sizes


def begin(gui: "Gui", beside: Rect, middle: float | None = None) -> None:
    """Begin a tooltip at the left of a rectangle of the window, else at its right, else below.

    It starts at the rectangle's top, or lies about the height `middle`. It leaves the HUD in sight
    if it can.
    """
    gap = round(GAP * gui.unit)
    width, height = gui.tip_size
    left, top = beside.x - gap - width, beside.y
    if middle is not None:
        top = round(middle - height / 2)
    if left < 0:
        left = beside.x + beside.width + gap
    if left + width > gui.size[0]:
        left, top = round(imgui.get_io().mouse_pos.x), beside.y + beside.height + gap
        if top + height > gui.size[1]:
            top = beside.y - height - gap
    place = popup_rect(gui.size, Rect(left, top, width, height), gui.kept)
    imgui.set_next_window_pos(imgui.ImVec2(place.x, place.y), imgui.Cond_.always)
    imgui.begin_tooltip()
    gui.places["tooltip"] = place
    size = imgui.get_window_size()  # that of the content of the frame before
    gui.tip_size = round(size.x), round(size.y)
