"""The widgets of the panel: sliders, values to type, menus, switches, buttons.

Each is drawn at imgui's cursor, in sizes of gui.unit, and returns what was done to it. One drag, or
one value typed or chosen, is one gesture: gui.gesture() before the change, gui.finish() after it.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from imgui_bundle import imgui

from cppn_gl.viewer.gui import drawings, tips
from cppn_gl.viewer.gui.drawings import Box, Vec, accent, changed, ink
from cppn_gl.viewer.layout import Rect

if TYPE_CHECKING:
    from cppn_gl.viewer.gui.base import Gui

HIGH = 1.3  # of a row, in font sizes
TIP = 19.0  # width of a tooltip's text
MENU = 17.0  # least width of a menu

Picture = Callable[[Any, Box, int], None]  # draws a choice in a box, in a colour


class Widgets:
    """Draws widgets; remembers the value that is being typed."""

    def __init__(self) -> None:
        self.editing = ""  # the id of the value being typed
        self.problem = ""  # why it is refused
        self._text = ""
        self._focus = False
        self._hold = False  # the field was in use in the last frame
        self._drawn = False  # the field was drawn in this frame

    def begin(self, gui: "Gui", left: int) -> None:
        """Start a frame; tooltips stand beside the widgets, whose left edge is at `left` pixels."""
        self._left = left
        if self.editing and not (self._drawn and gui.typed):  # its row, or all, was closed
            self.editing = self.problem = ""
        gui.typing, gui.editing = (
            gui.typing or bool(self.editing),
            gui.editing or bool(self.editing),
        )
        self._drawn = False
        self.gui, self.unit = gui, gui.unit
        self.high = round(HIGH * gui.unit)

    # Text

    def width_of(self, text: str) -> float:
        return float(imgui.calc_text_size(text).x)

    def write(
        self,
        text: str,
        x: float,
        y: float,
        color: int,
        *,
        width: float = 0.0,
        right: bool = False,
        font: Any = None,
    ) -> float:
        """Text in a row whose top is y, at x or, for `right`, up to x; returns its width.

        Text wider than `width` is shortened.
        """
        if font is not None:
            imgui.push_font(font, 0)
        if width:
            text = self.shortened(text, width)
        long = self.width_of(text)
        top = y + (self.high - self.unit) / 2
        draw = imgui.get_window_draw_list()
        draw.add_text(Vec(round(x - long * right), round(top)), color, text)
        if font is not None:
            imgui.pop_font()
        return long

    def shortened(self, text: str, width: float) -> str:
        """The text, with an ellipsis if it is wider than `width` pixels."""
        if self.width_of(text) <= width:
            return text
        while text and self.width_of(text + "…") > width:
            text = text[:-1]
        return text.rstrip() + "…"

    def paragraph(self, text: str, color: int, width: float = 0.0) -> None:
        """Wrapped text."""
        imgui.push_style_color(imgui.Col_.text, color)
        imgui.push_text_wrap_pos(imgui.get_cursor_pos_x() + width if width else 0.0)
        imgui.text_unformatted(text)
        imgui.pop_text_wrap_pos()
        imgui.pop_style_color()

    def tip(self, text: str, heading: str = "", below: str = "") -> None:
        """Help for the last item while it is pointed at."""
        hovered = imgui.is_item_hovered(imgui.HoveredFlags_.for_tooltip)
        if not text or not hovered or self.gui.quiet:
            return
        low, high = imgui.get_item_rect_min(), imgui.get_item_rect_max()
        wide, tall = self.gui.size[0] - self._left, round(high.y - low.y)
        tips.begin(self.gui, Rect(self._left, round(low.y), wide, tall))
        imgui.push_text_wrap_pos(min(TIP * self.unit, self.gui.size[0] * 0.8))
        if heading:
            imgui.push_font(self.gui.fonts.bold, 0)
            imgui.text_unformatted(heading)
            imgui.pop_font()
        imgui.text_unformatted(text)
        if below:
            imgui.push_style_color(imgui.Col_.text, ink(0.6))
            imgui.text_unformatted(below)
            imgui.pop_style_color()
        imgui.pop_text_wrap_pos()
        imgui.end_tooltip()

    # Places

    def area(self, name: str, width: float, height: float = 0.0) -> tuple[bool, Box]:
        """An invisible button: whether it was clicked, and its box."""
        clicked = imgui.invisible_button(name, Vec(max(1.0, width), height or self.high))
        self.gui.mark(name)
        low = imgui.get_item_rect_min()
        return clicked, (low.x, low.y, max(1.0, width), height or self.high)

    def ground(self, box: Box, strength: float = 0.0) -> None:
        """The ground of a button; lighter while it is pointed at."""
        lift = 0.1 * imgui.is_item_hovered() + 0.06 * imgui.is_item_active()
        if strength + lift > 0:
            x, y, width, height = box
            inset = 0.08 * self.unit
            ends = Vec(x, y + inset), Vec(x + width, y + height - inset)
            draw = imgui.get_window_draw_list()
            draw.add_rect_filled(*ends, ink(strength + lift), 0.25 * self.unit)

    def room(self) -> float:
        """The width left in the line."""
        return float(imgui.get_content_region_avail().x)

    def next(self, gap: float = 0.3) -> None:
        """Stay on the line, `gap` font sizes on."""
        imgui.same_line(0, gap * self.unit)

    # Buttons

    def icon(self, name: str, picture: str, *, color: int = 0, ground: float = 0.0) -> bool:
        """A square button with an icon."""
        clicked, box = self.area(name, self.high)
        self.ground(box, ground)
        if imgui.is_item_hovered():
            imgui.set_mouse_cursor(imgui.MouseCursor_.hand)
        x, y, width, height = box
        pad = (width - 0.9 * self.unit) / 2
        drawings.icon(
            picture,
            (x + pad, y + pad, 0.9 * self.unit, height),
            color or ink(0.9 if imgui.is_item_hovered() else 0.65),
        )
        return clicked

    def chip(self, name: str, text: str, *, on: bool | None = None, key: str = "") -> bool:
        """A small button, with the key that does the same; `on`: one that is switched."""
        long = self.width_of(text) + (self.width_of(f"  {key}") if key else 0)
        clicked, box = self.area(name, long + 0.9 * self.unit)
        self.ground(box, 0.06)
        x, y, width, height = box
        if on:
            inset = 0.08 * self.unit
            ends = Vec(x, y + inset), Vec(x + width, y + height - inset)
            draw = imgui.get_window_draw_list()
            draw.add_rect_filled(*ends, accent(0.28), 0.25 * self.unit)
        strong = on is None or on
        wide = self.write(text, x + 0.45 * self.unit, y, ink(0.95 if strong else 0.6))
        if key:
            self.write(f"  {key}", x + 0.45 * self.unit + wide, y, ink(0.5))
        return clicked

    def fits(self, text: str) -> bool:
        """Whether another chip with this text fits into the line."""
        return self.room() > self.width_of(text) + 1.2 * self.unit

    def switch(self, name: str, on: bool, words: str = "") -> bool:
        """A checkbox; whether it was clicked."""
        wide = self.width_of(words) + 0.5 * self.unit if words else 0.0
        clicked, (x, y, _, height) = self.area(name, self.high + wide)
        hovered = imgui.is_item_hovered()
        side = 0.85 * self.unit
        top = y + (height - side) / 2
        ends = Vec(x, top), Vec(x + side, top + side)
        draw = imgui.get_window_draw_list()
        draw.add_rect_filled(
            *ends, accent(0.9) if on else ink(0.2 if hovered else 0.12), 0.22 * self.unit
        )
        if on:
            drawings.icon("check", (x, top, side, side), drawings.tint((1, 1, 1)))
        else:
            draw.add_rect(*ends, ink(0.85 if hovered else 0.6), 0.22 * self.unit)
        if words:
            self.write(words, x + side + 0.45 * self.unit, y, ink(0.9))
        return clicked

    # Values

    def slider(
        self,
        name: str,
        place: float,
        width: float,
        *,
        origin: float = 0.0,
        mark: float | None = None,
        dim: bool = False,
    ) -> float | None:
        """A slider at a place from 0 to 1; the new place while it is dragged.

        `origin`: where the bar begins. `mark`: the place of the preset's value.
        """
        _, (x, y, width, height) = self.area(name, width)
        active, hovered = imgui.is_item_active(), imgui.is_item_hovered()
        if imgui.is_item_activated():
            self.gui.gesture()
        radius = 0.34 * self.unit
        left, long, middle = x + radius, width - 2 * radius, round(y + height / 2)
        moved = None
        if active and (imgui.is_item_activated() or self._moves()):  # a key may have changed it
            moved = min(max((imgui.get_mouse_pos().x - left) / long, 0.0), 1.0)
            moved = None if abs(moved - place) * long < 0.5 else moved
        shown = min(max(place if moved is None else moved, 0.0), 1.0)
        draw = imgui.get_window_draw_list()
        half = max(1.0, round(0.07 * self.unit))
        start, end = left + long * min(origin, shown), left + long * max(origin, shown)
        draw.add_rect_filled(Vec(left, middle - half), Vec(left + long, middle + half), ink(0.16))
        if not dim:
            draw.add_rect_filled(Vec(start, middle - half), Vec(end, middle + half), accent(0.85))
        if mark is not None:
            at = left + long * min(max(mark, 0.0), 1.0)
            low, high = middle - 0.36 * self.unit, middle + 0.36 * self.unit
            drawings.polyline(((at, low), (at, high)), changed(0.9), max(1.5, 0.1 * self.unit))
        size = radius * (1.1 if active or hovered else 0.9)
        color = ink(0.45) if dim else accent() if active or hovered else ink(0.92)
        draw.add_circle_filled(Vec(left + long * shown, middle), size, color, 24)
        if imgui.is_item_deactivated():
            self.gui.finish()
        return moved

    @staticmethod
    def _moves() -> bool:
        """Whether the mouse has moved since the last frame."""
        delta = imgui.get_io().mouse_delta
        return bool(delta.x or delta.y)

    def edit(self, name: str, text: str) -> None:
        """Begin to type a value."""
        self.editing, self._text, self.problem = name, text, ""
        self._focus, self._hold, self._drawn = True, False, True
        self.gui.typing = self.gui.editing = True
        self.gui.touch()

    def value(
        self,
        name: str,
        shown: str,
        text: str,
        width: float,
        *,
        refuse: Callable[[str], str] = lambda text: "",
        left: bool = False,
        faint: bool = False,
        hint: str = "",
    ) -> str | None:
        """A value that a click turns into a text field; returns the text when it is complete.

        `shown` is displayed and `text` edited. `refuse`: why a text is no value, in one line; such
        a text is not returned.
        """
        if self.editing == name:
            return self._typed(name, width, refuse, hint)
        clicked, box = self.area(name, width)
        x, y, width, _ = box
        if imgui.is_item_hovered():
            imgui.set_mouse_cursor(imgui.MouseCursor_.text_input)
        self.ground(box, 0.05 if left else 0.0)
        pad = 0.35 * self.unit
        color = ink(0.5 if faint or not shown else 0.95)
        self.write(
            shown or hint,
            x + pad if left else x + width - pad,
            y,
            color,
            width=width - 2 * pad,
            right=not left,
            font=self.gui.fonts.italic if faint or not shown else None,
        )
        if clicked:
            self.edit(name, text)
        return None

    def _typed(
        self, name: str, width: float, refuse: Callable[[str], str], hint: str
    ) -> str | None:
        before, self._drawn = self._text, True
        imgui.set_next_item_width(width)
        if self._focus:
            imgui.set_keyboard_focus_here()
            self._focus = False
        flags = imgui.InputTextFlags_
        entered, self._text = imgui.input_text_with_hint(
            f"##{name}", hint, self._text, flags.auto_select_all | flags.enter_returns_true
        )
        if self._text != before:
            self.problem = refuse(self._text)
        entered = entered or imgui.is_key_pressed(imgui.Key.tab)
        self._hold = self._hold or imgui.is_item_active()
        self.gui.mark(f"typing {name}" if imgui.is_item_active() else name)
        left = self._hold and imgui.is_item_deactivated()
        left = left or imgui.is_key_pressed(imgui.Key.escape)
        if not (entered or left):
            return None
        self.gui.touch()
        self.problem = refuse(self._text)
        if self.problem and entered:  # stay, to mend it
            self._focus, self._hold = True, False
            return None
        refused, self.problem, self.editing = self.problem, "", ""
        return None if refused or imgui.is_key_pressed(imgui.Key.escape) else self._text

    # Menus

    def menu(
        self,
        name: str,
        now: Any,
        choices: Sequence[Any],
        width: float,
        *,
        words: Callable[[Any], str] = str,
        notes: Callable[[Any], str] = lambda choice: "",
        picture: Picture | None = None,
        aspect: float = 1.5,
        faint: Callable[[Any], bool] = lambda choice: False,
        note: str = "",
    ) -> Any:
        """A menu; the choice that was made, or None.

        `notes`: dim words at the right of a choice. `picture` is drawn before the words, `aspect`
        times as wide as high. `note`: dim words at the right of the closed menu.
        """
        clicked, box = self.area(name, width)
        self.ground(box, 0.07)
        x, y, width, height = box
        pad = 0.45 * self.unit
        right = x + width - 1.1 * self.unit
        drawings.icon(
            "down", (right, y + height / 2 - 0.4 * self.unit, 0.8 * self.unit, 0), ink(0.5)
        )
        if note:
            right -= self.write(note, right - 0.3 * self.unit, y, ink(0.6), right=True) + pad
        left = x + pad + self._picture(picture, now, (x + pad, y), aspect, ink(0.9))
        self.write(words(now), left, y, ink(0.95), width=right - left)
        if clicked:
            imgui.open_popup(name)
        return self.popup(
            name,
            now,
            choices,
            (x, y + height, max(width, MENU * self.unit)),
            words=words,
            notes=notes,
            picture=picture,
            aspect=aspect,
            faint=faint,
        )

    def _picture(
        self, picture: Picture | None, what: Any, at: tuple[float, float], aspect: float, color: int
    ) -> float:
        """Draw the picture of a choice in a row at (x, y); returns the width it takes."""
        if picture is None:
            return 0.0
        high = 0.92 * self.unit
        picture(what, (at[0], at[1] + (self.high - high) / 2, high * aspect, high), color)
        return high * aspect + 0.5 * self.unit

    def popup(
        self,
        name: str,
        now: Any,
        choices: Sequence[Any],
        place: tuple[float, float, float],
        *,
        words: Callable[[Any], str] = str,
        notes: Callable[[Any], str] = lambda choice: "",
        picture: Picture | None = None,
        aspect: float = 1.5,
        faint: Callable[[Any], bool] = lambda choice: False,
    ) -> Any:
        """The list of a menu at (x, y), at least `width` wide, if it is open; the choice made."""
        if not imgui.is_popup_open(name):
            return None
        x, y, width = place
        window = self.gui.size
        rows = [(choice, words(choice), notes(choice)) for choice in choices]
        pictured = 0.92 * self.unit * aspect + 0.5 * self.unit if picture else 0.0
        wide = max((self.width_of(text) + self.width_of(note) for _, text, note in rows), default=0)
        width = min(max(width, wide + pictured + 2.8 * self.unit), window[0] * 0.96)
        high = min(len(rows) * (self.high + 1) + self.unit, window[1] * 0.92)
        x = max(min(x, window[0] - width - 4), 4)
        y = max(min(y, window[1] - high - 4), 4)
        imgui.set_next_window_pos(Vec(x, y), imgui.Cond_.appearing)
        imgui.set_next_window_size(Vec(width, high))
        chosen = None
        pad = 0.5 * self.unit
        imgui.push_style_var(imgui.StyleVar_.window_padding, Vec(pad, pad))
        if imgui.begin_popup(name):
            imgui.push_style_var(imgui.StyleVar_.item_spacing, Vec(0, 1))
            for choice, text, note in rows:
                clicked, box = self.area(f"{name} {text}", self.room())
                self.ground(box)
                left, top, long, height = box
                color = ink(0.45 if faint(choice) else 0.95)
                if choice == now:
                    ends = Vec(left, top), Vec(left + 0.16 * self.unit, top + height)
                    draw = imgui.get_window_draw_list()
                    draw.add_rect_filled(*ends, accent())
                    if imgui.is_window_appearing():
                        imgui.set_scroll_here_y()
                start = left + pad
                start += self._picture(
                    picture, choice, (start, top), aspect, accent() if choice == now else color
                )
                start += self.write(text, start, top, color) + pad
                end = left + long - pad
                self.write(note, end, top, ink(0.5), right=True, width=max(1.0, end - start))
                if clicked:
                    chosen = choice
                    imgui.close_current_popup()
            imgui.pop_style_var()
            if imgui.is_key_pressed(imgui.Key.escape):
                imgui.close_current_popup()
            imgui.end_popup()
        imgui.pop_style_var()
        return chosen
