"""The look of the window's widgets: typeface, sizes and two sets of colours, dark and light."""

from dataclasses import dataclass
from typing import Any

from imgui_bundle import imgui

from cppn_gl.views import text

ACCENT = (0.36, 0.62, 0.95)  # what can be moved or is chosen, sRGB
CHANGED = (0.95, 0.62, 0.22)  # what differs from the preset as it was loaded


@dataclass(frozen=True)
class Fonts:
    """The typeface by style; a size is given where a font is pushed."""

    regular: Any
    italic: Any
    bold: Any


def load_fonts(size: float) -> Fonts:
    """Load the window's typeface into the current imgui context, `size` pixels by default.

    Symbols that it lacks (arrows, stars, squares) come from the bundled DejaVu Sans Mono.
    """
    fonts = imgui.get_io().fonts
    loaded = {}
    for style in text.STYLES:
        loaded[style] = fonts.add_font_from_file_ttf(str(text.style_file(style)), size)
        merging = imgui.ImFontConfig()
        merging.merge_mode = True
        fonts.add_font_from_file_ttf(str(text.FONTS / "DejaVuSansMono.ttf"), size, merging)
    return Fonts(**loaded)


def apply(unit: float, *, dark: bool, opacity: float) -> None:
    """Set sizes for text of `unit` pixels, and the colours. `opacity`: of the ground, 0 to 1."""
    style = imgui.get_style()
    style.font_size_base = unit
    small, half = round(unit * 0.25), round(unit * 0.5)
    style.window_padding = imgui.ImVec2(half * 1.5, half * 1.5)
    style.frame_padding = imgui.ImVec2(half, small)
    style.item_spacing = imgui.ImVec2(half, small * 1.5)
    style.item_inner_spacing = imgui.ImVec2(half, small)
    style.indent_spacing = unit
    style.scrollbar_size = max(6.0, unit * 0.6)
    style.grab_min_size = max(6.0, unit * 0.6)
    style.window_rounding = style.popup_rounding = half
    style.frame_rounding = style.grab_rounding = style.scrollbar_rounding = small
    style.window_border_size = style.frame_border_size = 0.0
    style.popup_border_size = 1.0
    if dark:
        imgui.style_colors_dark()
        ink, ground, field = (0.92, 0.94, 0.96), (0.055, 0.065, 0.08), (1.0, 1.0, 1.0)
    else:
        imgui.style_colors_light()
        ink, ground, field = (0.09, 0.11, 0.14), (0.97, 0.975, 0.98), (0.0, 0.0, 0.0)
    colors = imgui.Col_
    for color, rgb, alpha in (
        (colors.text, ink, 1.0),
        (colors.text_disabled, ink, 0.6),
        (colors.window_bg, ground, opacity),
        (colors.child_bg, ground, 0.0),
        (colors.popup_bg, ground, 0.98),
        (colors.border, ink, 0.16),
        (colors.frame_bg, field, 0.08),
        (colors.frame_bg_hovered, field, 0.14),
        (colors.frame_bg_active, field, 0.2),
        (colors.button, field, 0.08),
        (colors.button_hovered, field, 0.16),
        (colors.button_active, field, 0.24),
        (colors.header, field, 0.06),
        (colors.header_hovered, field, 0.12),
        (colors.header_active, field, 0.18),
        (colors.check_mark, ACCENT, 1.0),
        (colors.slider_grab, ACCENT, 0.9),
        (colors.slider_grab_active, ACCENT, 1.0),
        (colors.text_selected_bg, ACCENT, 0.4),
        (colors.nav_cursor, ACCENT, 0.9),
        (colors.separator, ink, 0.14),
        (colors.scrollbar_bg, field, 0.0),
        (colors.scrollbar_grab, field, 0.2),
        (colors.scrollbar_grab_hovered, field, 0.3),
        (colors.scrollbar_grab_active, field, 0.4),
    ):
        style.set_color_(color, imgui.ImVec4(*rgb, alpha))
