"""Dear ImGui in the window: its input, its frames, its textures, drawn by its own OpenGL backend.

Events -> mouse, keys, letters -> Gui.frame(): the parts draw -> Gui.render(), over the picture

A frame is built only after input or when something shown has changed, and for a short time after:
imgui needs several frames for one click, and its tooltips appear after a delay.
"""

import time as wall
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import glfw
import moderngl
import numpy as np
from imgui_bundle import imgui
from numpy.typing import NDArray

from cppn_gl.viewer.gui import style
from cppn_gl.viewer.layout import Rect

AWAKE = 0.7  # seconds of frames after input
CALM = 0.1  # seconds between frames for what changes by itself while a network trains
SETTLING = 3  # frames for a move, a press and a release
BLINK = 0.25  # seconds between frames while a text is being typed
# Seconds that a frame counts for imgui, at most: a press, a release and a press take three frames,
# and are a double click within 0.3 s, also on a machine that draws slowly.
FRAME = 0.1

_NAMED = {
    "TAB": "tab",
    "LEFT": "left_arrow",
    "RIGHT": "right_arrow",
    "UP": "up_arrow",
    "DOWN": "down_arrow",
    "PAGE_UP": "page_up",
    "PAGE_DOWN": "page_down",
    "HOME": "home",
    "END": "end",
    "INSERT": "insert",
    "DELETE": "delete",
    "BACKSPACE": "backspace",
    "SPACE": "space",
    "ENTER": "enter",
    "KP_ENTER": "keypad_enter",
    "ESCAPE": "escape",
}
_KEYS = {getattr(glfw, f"KEY_{name}"): getattr(imgui.Key, key) for name, key in _NAMED.items()}
_KEYS |= {getattr(glfw, f"KEY_{c}"): getattr(imgui.Key, c.lower()) for c in "ACVXYZ"}
_MODIFIERS = range(glfw.KEY_LEFT_SHIFT, glfw.KEY_RIGHT_SUPER + 1)
_LEAVE = glfw.KEY_ESCAPE, glfw.KEY_ENTER, glfw.KEY_KP_ENTER
_CURSORS = {
    imgui.MouseCursor_.text_input: glfw.IBEAM_CURSOR,
    imgui.MouseCursor_.hand: glfw.HAND_CURSOR,
    imgui.MouseCursor_.resize_ew: glfw.HRESIZE_CURSOR,
    imgui.MouseCursor_.resize_ns: glfw.VRESIZE_CURSOR,
}


class Part(Protocol):
    """What is drawn in a frame. `area`: where it takes the mouse, in pixels of the window.

    keys: takes the keys pressed while it is open; None for a part that has only widgets.
    """

    open: bool
    area: Rect | None
    keys: "Keys | None"

    def draw(self, gui: "Gui") -> None:
        """Draw within an imgui frame, and set `area`."""


class Keys(Protocol):
    """What takes all keys while its part is open, apart from imgui's own text fields."""

    def press(self, key: str, shift: bool) -> None:
        """A key was pressed or repeats; its name as in the table of bindings."""

    def letter(self, char: str) -> None:
        """A character was typed."""


class Gui:
    """Dear ImGui's context for one window.

    size: of the window in pixels. unit: the font size in pixels. dark: light text on dark ground.
    opacity: of the panel's ground. frames: how many were built; it only increases.
    """

    def __init__(self, window: Any):
        self._window = window
        imgui.create_context()
        io = imgui.get_io()
        io.set_ini_filename("")  # nothing is remembered in files
        io.set_log_filename("")
        io.config_error_recovery_enable_assert = False  # an error in a part is raised as it is
        io.config_input_trickle_event_queue = True
        imgui.backends.opengl3_init("#version 330")
        self._clipboard()
        self.size, self.unit, self.dark, self.opacity = (1, 1), 15.0, True, 0.9
        self.fonts = style.load_fonts(self.unit)
        self.parts: Sequence[Part] = ()
        self.frames = 0
        self.gesture: Callable[[], None] = lambda: None  # what follows is one history step
        self.finish: Callable[[], None] = lambda: None  # the step is complete
        self.editing = False  # a value is being typed, which Tab completes
        self.typing = False  # a part has opened a text field, which takes imgui some frames
        self.typed = False  # the same, as the last frame or an event since then has left it
        self.places: dict[str, Rect] = {}  # where the marked items of the last frame lie
        self.kept: Sequence[Rect] = ()  # what tooltips leave in sight if they can
        self.tip_size = (0, 0)  # of the last tooltip, in pixels
        self._quiet: tuple[float, float] | None = None  # the cursor when a key was pressed
        self._textures: dict[str, tuple[object, moderngl.Texture]] = {}
        self._awake_until = self._last = 0.0
        self._working = False  # the last frame has begun work that the next one goes on with
        self._shown: object = None
        self._cursor = glfw.ARROW_CURSOR
        self._cursors: dict[int, Any] = {}
        self._held: set[int] = set()  # mouse buttons pressed over a part
        self._at = self._framed_at = (-1.0, -1.0)  # the cursor now, and in the last frame
        # A mouse button, or a key that ends a text, was pressed since keys were last handled.
        self._pressed = False
        # A press that waits for a frame with the cursor where it is, and what follows it.
        self._late: list[Callable[[], None]] = []

    def _clipboard(self) -> None:
        io = imgui.get_platform_io()
        handle = self._window._window
        io.platform_set_clipboard_text_fn = lambda _, text: glfw.set_clipboard_string(handle, text)

        def get(context: object) -> str:
            text = glfw.get_clipboard_string(handle)
            return text.decode(errors="replace") if isinstance(text, bytes) else text or ""

        io.platform_get_clipboard_text_fn = get

    # Input, from the window's events

    @property
    def quiet(self) -> bool:
        """Whether a key was pressed since the mouse moved, so that no help is shown."""
        return self._quiet == self._at

    @property
    def wants_mouse(self) -> bool:
        """Whether the mouse is over a part, or was pressed there."""
        if self._held:
            return True
        over = any(part.area is not None and self._at in part.area for part in self._open)
        return bool(self._open) and (over or imgui.is_popup_open("", _ANY_POPUP))

    @property
    def wants_text(self) -> bool:
        """Whether a text is being typed, which takes the keys."""
        return self.keys is not None or self._in_field or (self.typing and bool(self._open))

    @property
    def _in_field(self) -> bool:
        """Whether one of imgui's text fields is in use."""
        return bool(self._open) and bool(imgui.get_io().want_text_input)

    @property
    def keys(self) -> Keys | None:
        """What takes all keys."""
        return next((part.keys for part in reversed(self._open) if part.keys is not None), None)

    @property
    def _open(self) -> list[Part]:
        return [part for part in self.parts if part.open]

    def touch(self) -> None:
        """Keep building frames for a moment."""
        self._awake_until = wall.perf_counter() + AWAKE

    def go_on(self) -> None:
        """Build another frame, which goes on with work of this one."""
        self._working = True

    def mouse(self, x: float, y: float) -> None:
        """The cursor is at a pixel of the window."""
        before, self._at = self.wants_mouse, (x, y)
        if self._open:
            self._send(lambda: imgui.get_io().add_mouse_pos_event(x, y))
            if before or self.wants_mouse:
                self.touch()

    def mouse_away(self) -> None:
        """The cursor has left the window; a drag goes on outside."""
        if not self._held:
            self.mouse(-1.0, -1.0)

    def button(self, button: int, down: bool) -> bool:
        """A mouse button, numbered from 0, was pressed or released; whether it is the gui's."""
        if down and not self.wants_mouse:
            if self._open:
                imgui.set_window_focus(None)
                self.touch()
            return False
        if not down and button not in self._held:
            return False
        (self._held.add if down else self._held.discard)(button)
        self._pressed = True
        # An item has to be hovered for a frame before it can be pressed.
        self._send(
            lambda: imgui.get_io().add_mouse_button_event(button, down),
            later=self._framed_at != self._at,
        )
        self.touch()
        return True

    def _send(self, event: Callable[[], None], *, later: bool = False) -> None:
        """Tell imgui of an event: after the next frame if `later`, and never before another."""
        if self._late or later:
            self._late.append(event)
        else:
            event()

    def wheel(self, dx: float, dy: float) -> bool:
        """The wheel has turned; whether over a part."""
        if not self.wants_mouse:
            return False
        imgui.get_io().add_mouse_wheel_event(dx, dy)
        self.touch()
        return True

    def key(self, code: int, down: bool, *, ctrl: bool, shift: bool, alt: bool) -> None:
        """A key was pressed or released."""
        if not self._open:
            return
        io = imgui.get_io()
        for key, held in (("mod_ctrl", ctrl), ("mod_shift", shift), ("mod_alt", alt)):
            io.add_key_event(getattr(imgui.Key, key), held)
        if code in _KEYS and (code != glfw.KEY_TAB or self.editing):  # imgui's Tab leaves a text
            io.add_key_event(_KEYS[code], down)
        self._pressed = self._pressed or (down and code in _LEAVE)
        if down and code not in _MODIFIERS:
            self._quiet = self._at
        self.touch()

    def letter(self, char: str) -> None:
        """A character was typed."""
        if self.keys is not None:
            self.keys.letter(char)
        elif self.wants_text:
            imgui.get_io().add_input_characters_utf8(char)
        else:
            return
        self.touch()

    def release_keys(self) -> None:
        """The window has lost the focus: releases are not reported, so keys and buttons are up."""
        imgui.get_io().add_focus_event(False)  # a True before the next frame would cancel it
        self._held.clear()
        self._late.clear()
        self.touch()

    # Frames

    def settle(self) -> None:
        """Handle what the mouse, or a key, did to a text field before the next key.

        imgui needs several frames for it.
        """
        for _ in range(SETTLING if self._open and self._pressed else 0):
            self.frame(wall.perf_counter(), self._shown)
        self._pressed = bool(self._held)

    def leave(self) -> bool:
        """Close an open menu, or leave the text field in use; whether there was one."""
        typing = self._in_field or self.typing
        if not self._open or not (typing or imgui.is_popup_open("", _ANY_POPUP)):
            return False
        self.touch()  # imgui itself has received the key
        return True

    def let_go(self) -> None:
        """A part opens or closes: leave the text field or the slider in use.

        While no part is open no frames are built; imgui would take old events for new ones later.
        """
        io = imgui.get_io()
        io.clear_events_queue()
        io.clear_input_keys()
        io.clear_input_mouse()
        io.add_mouse_pos_event(*self._at)
        imgui.internal.clear_active_id()
        self.typing = self.editing = False
        self._held.clear()
        self._late.clear()
        self._pressed = True  # frames before the next key, for imgui to notice

    def due(self, now: float, shown: object, *, calm: bool = False) -> bool:
        """Whether a frame is to be built: `shown` compares what the parts show.

        calm: that changes by itself; without input there are a few frames a second.
        """
        if not self._open:
            return False
        if now < self._awake_until:
            return True
        if shown != self._shown or self._working:
            return not calm or now - self._last >= CALM
        return self._in_field and now - self._last > BLINK

    @property
    def restless(self) -> bool:
        """Whether frames are due soon without further input."""
        return bool(self._open) and (self._working or wall.perf_counter() < self._awake_until)

    def frame(self, now: float, shown: object) -> None:
        """Build a frame of the open parts."""
        io = imgui.get_io()
        io.display_size = imgui.ImVec2(*self.size)
        io.delta_time = min(max(now - self._last, 1e-4), FRAME)
        self._last, self._shown, self._framed_at = now, shown, self._at
        self._working = False
        style.apply(self.unit, dark=self.dark, opacity=self.opacity)
        imgui.backends.opengl3_new_frame()
        imgui.new_frame()
        self.places = {}
        self.typed, self.typing, self.editing = self.typing, False, False
        for part in self._open:
            part.draw(self)
        imgui.render()
        for event in self._late:
            event()
        self._late.clear()
        self.frames += 1
        self._point()

    def _point(self) -> None:
        """Show the mouse cursor that the item under it asks for."""
        shape = imgui.MouseCursor_(imgui.get_mouse_cursor())
        wanted = _CURSORS.get(shape, glfw.ARROW_CURSOR) if self.wants_mouse else glfw.ARROW_CURSOR
        if wanted != self._cursor:
            self._cursor = wanted
            if wanted not in self._cursors:
                self._cursors[wanted] = glfw.create_standard_cursor(wanted)
            glfw.set_cursor(self._window._window, self._cursors[wanted])

    def render(self) -> None:
        """Draw the last frame into the framebuffer in use; nothing if no part is open."""
        if self._open and self.frames:
            imgui.backends.opengl3_render_draw_data(imgui.get_draw_data())

    def mark(self, name: str) -> None:
        """Note where the last item lies, under a name, for those who drive the window."""
        low, high = imgui.get_item_rect_min(), imgui.get_item_rect_max()
        sides = round(high.x - low.x), round(high.y - low.y)
        self.places[name] = Rect(round(low.x), round(low.y), *sides)

    def texture(self, name: str, pixels: NDArray[np.uint8], key: object = None) -> Any:
        """A texture of (height, width, 4) RGBA pixels, uploaded when its `key` has changed.

        Without a key the array itself is compared by identity.
        """
        key = pixels if key is None else key
        cached = self._textures.get(name)
        if cached is not None and (cached[0] is key or (key is not pixels and cached[0] == key)):
            return imgui.ImTextureRef(cached[1].glo)
        height, width = pixels.shape[:2]
        if cached is not None and cached[1].size == (width, height):
            cached[1].write(np.ascontiguousarray(pixels).tobytes())
            texture = cached[1]
        else:
            if cached is not None:
                cached[1].release()
            texture = self._window.ctx.texture((width, height), 4, pixels.tobytes())
            texture.filter = moderngl.LINEAR, moderngl.LINEAR
        self._textures[name] = key, texture
        return imgui.ImTextureRef(texture.glo)

    def release(self) -> None:
        """Free the textures and imgui's context."""
        for _, texture in self._textures.values():
            texture.release()
        self._textures.clear()
        for cursor in self._cursors.values():
            glfw.destroy_cursor(cursor)
        imgui.backends.opengl3_shutdown()
        imgui.destroy_context()


_ANY_POPUP = imgui.PopupFlags_.any_popup_id | imgui.PopupFlags_.any_popup_level
