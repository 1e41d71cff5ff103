"""The chooser: all presets as pictures over the whole window, by theme, filtered as one types.

    Collection -> entries that match -> rows of tiles and headings -> those in sight are drawn
    keys, mouse -> the entry selected -> App.choose(), Favourites.put()

The mouse selects what it moves over, the arrows what is next to it. Letters always go to the
search. A digit does too, unless the mouse was the last to select: then it sets a favourite.
"""

import bisect
import math
import time as wall
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from imgui_bundle import imgui
from PIL import Image

from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import CaptureError
from cppn_gl.viewer.collection import GROUPS, Entry, printable
from cppn_gl.viewer.gui.style import ACCENT
from cppn_gl.viewer.layout import Rect
from cppn_gl.viewer.thumbnails import SIZE

if TYPE_CHECKING:
    from cppn_gl.viewer.app import App
    from cppn_gl.viewer.gui.base import Gui

TILE = 12.0  # least width of a picture, in font sizes
ACROSS = 8  # pictures in a row of a large window
TEXTURES = 160
UPLOAD_SECONDS = 0.01  # for new pictures in a frame
LINE = 1.1  # height of a title's line, in font sizes
LONGEST = 60  # letters of a search
FLAGS = imgui.WindowFlags_.no_decoration | imgui.WindowFlags_.no_move
FLAGS |= imgui.WindowFlags_.no_saved_settings | imgui.WindowFlags_.no_nav
DIGITS = "123456789"


@dataclass(frozen=True)
class Row:
    """A row of the grid: a heading, or tiles. `top` and `height` in pixels from the grid's top."""

    top: int
    height: int
    heading: str = ""
    count: int = 0
    entries: tuple[Entry, ...] = ()


class Chooser:
    """The chooser, closed at first."""

    def __init__(self, app: "App"):
        self._app = app
        self._collection, self._thumbnails = app.collection, app.thumbnails
        self._collection.prepare()
        self._favourites = app.explorer.favourites
        self._open = False
        self.area: Rect | None = None
        self.keys = self
        self._search = ""
        self._said = ""  # the answer to the last key
        self._selected = ""  # the source of an entry
        self._column = 0  # that Up and Down keep to
        self._pointing = False  # the mouse was the last to select
        self._scrolls = False  # to what is selected
        self._at: tuple[float, float] | None = None  # the mouse in the last frame
        self._numbers: dict[str, list[int]] = {}  # the favourites of each source
        self._shown: tuple[object, dict[str, list[Entry]]] = (None, {})
        self._rows: list[Row] = []
        self._tops: list[int] = []
        self._tile = self._picture = (0, 0)  # sizes in pixels
        self._gap = 0
        self._slots: OrderedDict[str, tuple[int, tuple[int, int]]] = OrderedDict()
        self._fitted: dict[tuple[str, int, float], str] = {}
        self._broken: dict[tuple[str, int, float], list[str]] = {}
        self._offset = 0.0  # the grid's scrolled height
        self._page = 1.0  # height of the grid in sight

    @property
    def open(self) -> bool:
        """Whether it is shown. Opening begins a new search at the preset explored."""
        return self._open

    @open.setter
    def open(self, open: bool) -> None:
        if open and not self._open:
            self._collection.refresh()
            self._search = self._said = ""
            self._selected = self._app.explorer.preset.name
            self._pointing, self._at, self._scrolls = False, None, True
        elif not open:
            self._thumbnails.want([])
        self._open = open

    # What is listed

    @property
    def _groups(self) -> dict[str, list[Entry]]:
        """The entries that match the search, by theme."""
        key = self._search, self._collection.version
        if self._shown[0] != key:
            self._shown = key, self._collection.matching(self._search)
        return self._shown[1]

    @property
    def _entries(self) -> list[Entry]:
        return [entry for group in self._groups.values() for entry in group]

    @property
    def _current(self) -> Entry | None:
        """The entry selected: the first if that one does not match."""
        entries = self._entries
        found = (entry for entry in entries if entry.source == self._selected)
        return next(found, entries[0] if entries else None)

    # Keys

    def letter(self, char: str) -> None:
        """Search for more, or set a favourite."""
        entry = self._current
        if self._pointing and char in DIGITS and entry is not None:
            self._set_favourite(int(char), entry)
        elif char.isprintable() and len(self._search) < LONGEST:
            self._look_for((self._search + char).lstrip())

    def press(self, key: str, shift: bool) -> None:
        """Select, open, or edit the search."""
        moves = {"Left": self._left, "Right": self._right, "Up": self._up, "Down": self._down}
        moves |= {"PageUp": self._page_up, "PageDown": self._page_down, "Tab": self._next_theme}
        entry = self._current
        if key == "Enter" and entry is not None:
            self._choose(entry)
        elif key == "Backspace":
            self._look_for(self._search[:-1])
        elif key in ("Ctrl+Backspace", "Ctrl+U"):
            self._look_for("")
        elif key == "Ctrl+V":
            text = "".join(filter(str.isprintable, imgui.get_clipboard_text() or ""))
            self._look_for((self._search + text)[:LONGEST])
        elif key.startswith("Ctrl+") and key[5:] in DIGITS and entry is not None:
            self._set_favourite(int(key[5:]), entry)
        elif key in moves:
            self._said, self._pointing, self._scrolls = "", False, True
            moves[key]()

    def _look_for(self, search: str) -> None:
        self._search, self._said, self._pointing, self._scrolls = search, "", False, True
        entries = self._entries
        if entries and (search or all(entry.source != self._selected for entry in entries)):
            self._select(next((e for e in entries if e.named(search)), entries[0]))

    def _choose(self, entry: Entry) -> None:
        if entry.problem:
            self._said = entry.problem
        elif self._app.choose(entry):
            self.open = False
        else:
            self._said = self._app.explorer.message

    def _set_favourite(self, number: int, entry: Entry) -> None:
        if entry.problem:
            self._said = f"not a favourite: {entry.problem}"
            return
        before = self._favourites.table().get(number, "")
        try:
            self._favourites.put(number, entry.source)
        except (CaptureError, PresetError) as error:
            self._said = str(error)
            return
        was = "" if before == entry.source else f", in place of {_short(before)}"
        self._said = f"The key {number} now opens {entry.title}{was}."

    # Movement

    def _left(self) -> None:
        self._move(-1)

    def _right(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        entries = self._entries
        if entries:
            at = entries.index(self._current or entries[0])
            self._select(entries[min(max(at + by, 0), len(entries) - 1)])

    def _select(self, entry: Entry) -> None:
        self._selected = entry.source
        for row in self._rows:
            if entry in row.entries:
                self._column = row.entries.index(entry)

    def _up(self) -> None:
        self._step(-1)

    def _down(self) -> None:
        self._step(1)

    def _page_up(self) -> None:
        self._step(-max(1, int(self._page // (self._tile[1] + self._gap))))

    def _page_down(self) -> None:
        self._step(max(1, int(self._page // (self._tile[1] + self._gap))))

    def _step(self, by: int) -> None:
        """Select the entry some rows of tiles down, or up, in the same column if there is one."""
        rows = [row for row in self._rows if row.entries]
        current = self._current
        at = next((k for k, row in enumerate(rows) if current in row.entries), None)
        if at is not None:
            entries = rows[min(max(at + by, 0), len(rows) - 1)].entries
            self._selected = entries[min(self._column, len(entries) - 1)].source

    def _next_theme(self) -> None:
        """Select the first entry of the next theme."""
        current, groups = self._current, list(self._groups.values())
        for place, group in enumerate(groups):
            if current in group:
                self._select(groups[(place + 1) % len(groups)][0])
                return

    # Drawing

    def draw(self, gui: "Gui") -> None:
        """Draw within an imgui frame."""
        width, height = gui.size
        unit = gui.unit
        self.area = Rect(0, 0, width, height)
        self._numbers = {}
        for number, source in self._favourites.table().items():
            self._numbers.setdefault(source, []).append(number)
        ground = imgui.get_style_color_vec4(imgui.Col_.window_bg)
        imgui.push_style_color(imgui.Col_.window_bg, imgui.ImVec4(ground.x, ground.y, ground.z, 1))
        imgui.push_style_var(imgui.StyleVar_.window_padding, imgui.ImVec2(0, 0))
        imgui.push_style_var(imgui.StyleVar_.window_rounding, 0.0)
        imgui.set_next_window_pos(imgui.ImVec2(0, 0))
        imgui.set_next_window_size(imgui.ImVec2(width, height))
        imgui.begin("chooser", None, FLAGS)
        pad = round(min(1.4 * unit, 0.03 * width))
        top = round((2.9 if height > 20 * unit else 2.4) * unit)
        lines = 2 if height > 30 * unit else 1
        foot = round((1.2 * lines + 2) * unit) if height > 20 * unit else round(1.8 * unit)
        self._draw_search(gui, pad, top, width)
        self._draw_grid(gui, Rect(0, top, width, max(1, height - top - foot)), pad)
        self._draw_foot(gui, Rect(0, height - foot, width, foot), pad, lines)
        imgui.end()
        imgui.pop_style_var(2)
        imgui.pop_style_color()
        pointer = imgui.get_io().mouse_pos
        self._at = pointer.x, pointer.y

    def _draw_search(self, gui: "Gui", pad: int, top: int, width: int) -> None:
        """The search field, how many match, and the button that closes."""
        unit, draw = gui.unit, imgui.get_window_draw_list()
        high = round(1.9 * unit)
        y = (top - high) // 2
        closing = imgui.ImVec2(width - pad - high, y)
        right = round(closing.x - 0.5 * unit)
        low, far = imgui.ImVec2(pad, y), imgui.ImVec2(right, y + high)
        draw.add_rect_filled(low, far, _color(imgui.Col_.frame_bg), unit * 0.4)
        ink, dim = _color(imgui.Col_.text), _color(imgui.Col_.text_disabled)
        center, radius = imgui.ImVec2(pad + 0.95 * unit, y + high / 2 - 0.1 * unit), 0.36 * unit
        stroke = max(1.0, unit * 0.1)
        draw.add_circle(center, radius, dim, 0, stroke)
        slope = radius * 0.72
        handle = imgui.ImVec2(center.x + slope, center.y + slope)
        draw.add_line(handle, imgui.ImVec2(handle.x + slope, handle.y + slope), dim, stroke)
        x, base = round(pad + 1.9 * unit), y + round((high - imgui.get_text_line_height()) / 2)
        total = len(self._collection.all)
        found = len(self._entries)
        count = f"{found} of {total}" if self._search else ""
        room = round(right - 0.7 * unit - imgui.calc_text_size(count).x)
        draw.add_text(imgui.ImVec2(room, base), dim, count)
        draw.push_clip_rect(imgui.ImVec2(x, y), imgui.ImVec2(room - 0.5 * unit, y + high), True)
        wide = imgui.calc_text_size(self._search).x
        start = min(x, room - 0.8 * unit - wide)  # the end of a long search stays in sight
        draw.add_text(imgui.ImVec2(start, base), ink, self._search)
        caret = start + wide + 1
        draw.add_line(
            imgui.ImVec2(caret, y + 0.4 * unit),
            imgui.ImVec2(caret, y + high - 0.4 * unit),
            imgui.get_color_u32(imgui.ImVec4(*ACCENT, 1)),
            max(1.0, round(unit * 0.1)),
        )
        if not self._search:
            words = f"Search {total} presets by name, title or theme"
            wide = round(room - x - 0.5 * unit)
            draw.add_text(imgui.ImVec2(caret + 0.3 * unit, base), dim, self._fit(words, wide, unit))
        draw.pop_clip_rect()
        imgui.set_cursor_pos(closing)
        if imgui.invisible_button("close", imgui.ImVec2(high, high)):
            self.open = False
        gui.mark("close")
        color = ink if imgui.is_item_hovered() else dim
        middle, arm = imgui.ImVec2(closing.x + high / 2, y + high / 2), 0.38 * unit
        for sign in (-1, 1):
            draw.add_line(
                imgui.ImVec2(middle.x - arm, middle.y - sign * arm),
                imgui.ImVec2(middle.x + arm, middle.y + sign * arm),
                color,
                stroke,
            )

    def _draw_grid(self, gui: "Gui", area: Rect, pad: int) -> None:
        """The headings and tiles in sight, and what is to be drawn for them."""
        self._page = area.height
        self._lay_out(gui.unit, area.width - 2 * pad - round(imgui.get_style().scrollbar_size))
        bottom = self._rows[-1].top + self._rows[-1].height + pad if self._rows else 0
        self._scroll(area.height, bottom)
        imgui.set_cursor_pos(imgui.ImVec2(area.x, area.y))
        imgui.begin_child(
            "grid",
            imgui.ImVec2(*area.size),
            imgui.ChildFlags_.none,
            imgui.WindowFlags_.no_nav | imgui.WindowFlags_.no_background,
        )
        imgui.dummy(imgui.ImVec2(1, bottom))
        scroll = self._offset = imgui.get_scroll_y()
        shown: list[Entry] = []
        deadline = wall.perf_counter() + UPLOAD_SECONDS
        first = max(0, bisect.bisect_right(self._tops, scroll) - 1)
        for row in self._rows[first:]:
            if row.top > scroll + area.height:
                break
            if row.heading:
                self._draw_heading(gui, row, pad)
            for column, entry in enumerate(row.entries):
                left = pad + column * (self._tile[0] + self._gap)
                self._draw_tile(gui, entry, left, row, deadline)
            shown += row.entries
        if not self._rows:
            words = f"Nothing matches “{self._search}”."
            wide = imgui.calc_text_size(words).x
            imgui.set_cursor_pos(imgui.ImVec2(max(pad, (area.width - wide) / 2), area.height * 0.4))
            imgui.text_disabled(words)
        imgui.end_child()
        seen = {entry.source for entry in shown}
        rest = [entry for entry in self._entries if entry.source not in seen]
        self._thumbnails.want([e.subject for e in (*shown, *rest) if e.subject is not None])

    def _lay_out(self, unit: float, width: int) -> None:
        """Find the rows of a grid that is `width` pixels wide."""
        gap = self._gap = max(4, round(0.7 * unit))
        target = min(max(TILE * unit, width / ACROSS), max(7 * unit, (width - gap) / 2))
        columns = max(1, int((width + gap) // (target + gap)))
        side = (width + gap) // columns - gap
        picture = side, round(side * SIZE[1] / SIZE[0])
        self._picture, self._tile = picture, (side, picture[1] + round(1.45 * unit))
        self._rows, top = [], 0
        for name, entries in self._groups.items():
            high = round(2.1 * unit)
            self._rows.append(Row(top, high, GROUPS[name].title, len(entries)))
            top += high
            for start in range(0, len(entries), columns):
                row = tuple(entries[start : start + columns])
                lines = max(len(self._lines(e.file or e.title, side, unit)) for e in row)
                high = self._tile[1] + round((lines - 1) * LINE * unit)
                self._rows.append(Row(top, high, entries=row))
                top += high + round(0.45 * unit)
            top += round(0.5 * unit)
        self._tops = [row.top for row in self._rows]

    def _scroll(self, height: int, bottom: int) -> None:
        """Bring what is selected into sight, with its heading if it is in the first row of it.

        In this frame: otherwise imgui would show the new rows at the old place first.
        """
        imgui.set_next_window_content_size(imgui.ImVec2(0, bottom))
        current = self._current
        if current is None or not self._scrolls:
            return
        self._scrolls = False
        for above, row in zip([None, *self._rows], self._rows, strict=False):
            if current not in row.entries:
                continue
            top = above.top if above is not None and above.heading else row.top
            if row.top + row.height - top > height:
                top = row.top
            scroll = max(min(self._offset, top), row.top + row.height + self._gap - height)
            scroll = min(max(scroll, 0), max(0, bottom - height))
            imgui.set_next_window_scroll(imgui.ImVec2(0, scroll))

    def _draw_heading(self, gui: "Gui", row: Row, pad: int) -> None:
        imgui.set_cursor_pos(imgui.ImVec2(pad, row.top + round(0.5 * gui.unit)))
        imgui.push_font(gui.fonts.bold, gui.unit * 1.1)
        count = f"  {row.count}"
        wide = self._picture[0] if len(self._rows) == 1 else imgui.get_window_width() - 2 * pad
        room = round(wide - imgui.calc_text_size(count).x)
        imgui.text(self._fit(row.heading, room, gui.unit * 1.1))
        imgui.pop_font()
        imgui.same_line(0, 0)
        imgui.set_cursor_pos_y(row.top + round(0.6 * gui.unit))
        imgui.text_disabled(count)

    def _draw_tile(self, gui: "Gui", entry: Entry, left: int, row: Row, deadline: float) -> None:
        """A picture with its title, its numbers as a favourite, and a frame if it is selected."""
        unit, draw = gui.unit, imgui.get_window_draw_list()
        imgui.set_cursor_pos(imgui.ImVec2(left, row.top))
        low = imgui.get_cursor_screen_pos()
        sides = imgui.ImVec2(self._tile[0], row.height)
        pressed = imgui.invisible_button(ascii(entry.source), sides)
        gui.mark(f"preset {entry.file or entry.source}")
        if imgui.is_item_hovered():
            imgui.set_mouse_cursor(imgui.MouseCursor_.hand)
            pointer = imgui.get_io().mouse_pos
            if self._at is not None and self._at != (pointer.x, pointer.y):
                self._select(entry)
                self._pointing, self._said = True, self._said * (entry == self._current)
        if self._pointing and entry == self._current:
            gui.mark("pointed")
        if pressed:
            self._choose(entry)
        wide, high = self._picture
        far = imgui.ImVec2(low.x + wide, low.y + high)
        rounding = unit * 0.3
        reference = self._texture(gui, entry, deadline)
        if reference is None:
            draw.add_rect_filled(low, far, _color(imgui.Col_.header), rounding)
        else:
            corner = imgui.ImVec2(0, 0), imgui.ImVec2(1, 1)
            draw.add_image_rounded(reference, low, far, *corner, 0xFFFFFFFF, rounding)
            draw.add_rect(low, far, _color(imgui.Col_.border), rounding)
        selected = entry == self._current
        if entry.preset is None:
            self._draw_words(gui, entry, low, far)
        if selected:
            grow = max(1.0, round(unit * 0.12))
            frame = (
                imgui.ImVec2(low.x - grow, low.y - grow),
                imgui.ImVec2(far.x + grow, far.y + grow),
            )
            accent = imgui.get_color_u32(imgui.ImVec4(*ACCENT, 1))
            draw.add_rect(*frame, accent, rounding + grow, 2 * grow)
        self._draw_numbers(gui, entry, low)
        color = _color(imgui.Col_.text if selected else imgui.Col_.text_disabled)
        for number, line in enumerate(self._lines(entry.file or entry.title, wide, unit)):
            place = imgui.ImVec2(low.x, far.y + round((0.22 + LINE * number) * unit))
            draw.add_text(place, color, line)

    def _draw_words(self, gui: "Gui", entry: Entry, low: Any, far: Any) -> None:
        """What a tile without a picture says."""
        draw, inset = imgui.get_window_draw_list(), 0.6 * gui.unit
        draw.push_clip_rect(low, imgui.ImVec2(far.x, far.y - 0.3 * gui.unit), True)
        place = imgui.ImVec2(low.x + inset, low.y + inset)
        wrap = max(1.0, far.x - low.x - 2 * inset)
        color = _color(imgui.Col_.text_disabled)
        draw.add_text(imgui.get_font(), 0.0, place, color, entry.description, wrap_width=wrap)
        draw.pop_clip_rect()

    def _draw_numbers(self, gui: "Gui", entry: Entry, low: Any) -> None:
        """The numbers of an entry that is a favourite, in the picture's corner."""
        unit, draw = gui.unit, imgui.get_window_draw_list()
        side = 1.25 * unit
        x, y = low.x + 0.35 * unit, low.y + 0.35 * unit
        imgui.push_font(gui.fonts.bold, unit * 0.9)
        for number in self._numbers.get(entry.source, []):
            words = str(number)
            size = imgui.calc_text_size(words)
            draw.add_rect_filled(
                imgui.ImVec2(x, y), imgui.ImVec2(x + side, y + side), 0xD0201810, unit * 0.3
            )
            place = imgui.ImVec2(round(x + (side - size.x) / 2), round(y + (side - size.y) / 2))
            draw.add_text(place, 0xFFFFFFFF, words)
            x += side + 0.2 * unit
        imgui.pop_font()

    def _texture(self, gui: "Gui", entry: Entry, deadline: float) -> Any:
        """The picture of an entry at the size of its tile; None while there is none."""
        subject = entry.subject
        pixels = self._thumbnails.find(subject) if subject is not None else None
        if subject is None or pixels is None:
            return None
        known = self._slots.get(subject.digest)
        if known is not None and (known[1] == self._picture or wall.perf_counter() > deadline):
            slot, size = known
            if size != self._picture:
                gui.touch()  # the finer one follows
        elif wall.perf_counter() > deadline:
            gui.touch()
            return None
        else:
            if known is not None:
                slot = known[0]
            elif len(self._slots) < TEXTURES:
                slot = len(self._slots)
            else:
                slot = self._slots.popitem(last=False)[1][0]
            size = self._picture
            pixels = _resized(pixels, size)
        self._slots[subject.digest] = slot, size
        self._slots.move_to_end(subject.digest)
        return gui.texture(f"thumbnail {slot}", pixels, (subject.digest, size))

    def _draw_foot(self, gui: "Gui", area: Rect, pad: int, lines: int) -> None:
        """What is selected, in words; or the answer to the last key."""
        unit, draw = gui.unit, imgui.get_window_draw_list()
        edge = imgui.ImVec2(area.x, area.y), imgui.ImVec2(area.x + area.width, area.y)
        draw.add_line(*edge, _color(imgui.Col_.separator))
        entry = self._current
        if entry is None:
            return
        width, y = area.width - 2 * pad, area.y + round(0.4 * unit)
        if area.height < 2.2 * unit:  # one line
            words = printable(self._said) or f"{entry.title}. {entry.description}"
            draw.add_text(
                imgui.ImVec2(pad, y), _color(imgui.Col_.text), self._fit(words, width, unit)
            )
            return
        hint = "Enter: open   Ctrl+1–9: favourite   Esc: close"
        room = imgui.calc_text_size(hint).x
        if room > 0.5 * width:
            hint, room = "", 0.0
        draw.add_text(
            imgui.ImVec2(area.width - pad - room, y), _color(imgui.Col_.text_disabled), hint
        )
        imgui.push_font(gui.fonts.bold, unit)
        title = self._fit(entry.title, round(width - room - unit), unit)
        draw.add_text(imgui.ImVec2(pad, y), _color(imgui.Col_.text), title)
        beside = round(pad + imgui.calc_text_size(title).x + unit)
        imgui.pop_font()
        name = entry.file or entry.source
        if (
            name != entry.title
            and beside + imgui.calc_text_size(name).x < pad + width - room - unit
        ):
            draw.add_text(imgui.ImVec2(beside, y), _color(imgui.Col_.text_disabled), name)
        words = printable(self._said) or entry.description
        color = (
            imgui.get_color_u32(imgui.ImVec4(*ACCENT, 1)) if self._said else _color(imgui.Col_.text)
        )
        top = y + round(1.2 * unit)
        draw.push_clip_rect(
            imgui.ImVec2(pad, top), imgui.ImVec2(pad + width, top + lines * 1.12 * unit), True
        )
        shown = words if lines > 1 else self._fit(words, width, unit)
        wrap = min(width, 60 * unit)
        draw.add_text(
            imgui.get_font(),
            0.0,
            imgui.ImVec2(pad, top),
            color,
            shown,
            wrap_width=wrap if lines > 1 else 0,
        )
        draw.pop_clip_rect()

    def _lines(self, words: str, width: int, size: float) -> list[str]:
        """Words on one line or two, the last shortened if it is too long."""
        key = words, width, size
        if key not in self._broken:
            if len(self._broken) > 2000:
                self._broken.clear()
            parts = words.split()
            ends = range(len(parts), 0, -1)
            first = next((n for n in ends if _width(" ".join(parts[:n])) <= width), len(parts))
            lines = [" ".join(parts[:first]), " ".join(parts[first:])]
            self._broken[key] = [self._fit(line, width, size) for line in lines if line]
        return self._broken[key]

    def _fit(self, words: str, width: int, size: float) -> str:
        """Words of one line, shortened by an ellipsis to `width` pixels of the current font."""
        words = words.replace("\n", " ")
        if imgui.calc_text_size(words).x <= width:
            return words
        key = words, width, size
        if key not in self._fitted:
            if len(self._fitted) > 2000:
                self._fitted.clear()
            ends = range(len(words))
            fits = bisect.bisect_right(ends, width, key=lambda n: _width(words[:n].rstrip() + "…"))
            self._fitted[key] = words[: max(0, fits - 1)].rstrip() + "…"
        return self._fitted[key]


def _width(words: str) -> int:
    return math.ceil(imgui.calc_text_size(words).x)


def _color(color: imgui.Col_) -> int:
    return int(imgui.get_color_u32(color))


def _short(source: str) -> str:
    """A source in a sentence: the file's name only."""
    return source.replace("\\", "/").rpartition("/")[2] or "nothing"


def _resized(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A thumbnail at the size of its tile, as RGBA; at its own if that is about as large."""
    image = Image.fromarray(pixels)
    if size[0] < 0.8 * image.width:
        image = image.resize(size, Image.Resampling.LANCZOS)
    return np.asarray(image.convert("RGBA"))
