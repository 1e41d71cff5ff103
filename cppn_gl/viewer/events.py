"""Turns key and mouse events into actions of the explorer and of the window itself."""

import math
import time as wall
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import glfw

from cppn_gl.viewer.bindings import by_key
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.hud import Hud, Panel, Spot, spot_at
from cppn_gl.viewer.keyboard import TYPED, Keyboard, key_name
from cppn_gl.viewer.layout import Rect
from cppn_gl.viewer.window import to_framebuffer

if TYPE_CHECKING:
    from cppn_gl.viewer.gui.base import Gui

LEFT, RIGHT = 1, 2  # the buttons' numbers in moderngl-window
CLICK = 4  # screen coordinates; a shorter move between press and release is a click, not a drag
WHEEL_GESTURE = 0.6  # seconds; wheel steps closer together than this are one gesture


class Actions(Protocol):
    """The window's own actions: do_<action> methods of the binding table, and this."""

    def drop(self, paths: Sequence[str]) -> None:
        """Files were dropped on the window: at least one."""


class Events:
    """Handles the window's events and performs `actions`.

    All changes of one gesture (a held key, a drag, a turn of the wheel) are one history entry.
    """

    def __init__(self, window: Any, explorer: Explorer, hud: Hud, actions: "Actions"):
        self._window, self._explorer, self._hud, self._actions = window, explorer, hud, actions
        self._keys = by_key()
        self._keyboard = Keyboard()
        self._buttons: set[int] = set()  # mouse buttons held down
        self._at: tuple[int, int] | None = None  # the cursor at the last move event
        self._pressed_at: tuple[int, int] | None = None  # None once the press became a drag
        self._gesture = 0
        self._wheel_at = 0.0  # when the wheel last turned; 0 when its gesture has ended
        self._spot: Spot | None = None  # pressed
        self.picture = Rect(0, 0, 1, 1)  # where the picture lies in the window
        self.panels: Sequence[Panel] = ()  # over the picture, with spots to click
        self.gui: Gui | None = None  # takes input before the picture does
        self.pointing = False  # the cursor is over the window
        self.exposed = True  # the window system wants the window redrawn
        self.touched = wall.perf_counter()  # time of the last input
        self._connect()

    def _connect(self) -> None:
        window = self._window
        window.key_event_func = self._on_key
        window.mouse_position_event_func = self._on_move
        window.mouse_drag_event_func = self._on_drag
        window.mouse_press_event_func = self._on_press
        window.mouse_release_event_func = self._on_release
        window.mouse_scroll_event_func = self._on_scroll
        window.unicode_char_entered_func = self._on_letter
        glfw.set_window_refresh_callback(window._window, self._on_refresh)
        glfw.set_window_focus_callback(window._window, self._on_focus)
        glfw.set_cursor_enter_callback(window._window, self._on_enter)
        glfw.set_drop_callback(window._window, self._on_drop)  # type: ignore[arg-type]

    @property
    def held(self) -> bool:
        """Whether a repeating key or a button is held, or the wheel is turning."""
        return self._keyboard.any or bool(self._buttons) or self._wheel_at > 0

    def turn(self, now: float) -> None:
        """Repeat held keys; end the wheel's gesture once the wheel rests."""
        for key, large in self._keyboard.due(now):
            if self.gui is not None and self.gui.keys is not None:
                self.gui.keys.press(key, large)
            else:
                self._act(key, large)
            self._touch(now)
        if self._wheel_at and now - self._wheel_at > WHEEL_GESTURE:
            self._wheel_at = 0.0
            self._explorer.history.finish()

    def new_gesture(self) -> None:
        """Let the next change be a history entry of its own."""
        self._gesture += 1
        self._explorer.gesture = self._gesture

    def _touch(self, now: float) -> None:
        self.touched = now
        self._hud.touch(now)

    def _on_key(self, code: int, action: int, modifiers: Any) -> None:
        now = wall.perf_counter()
        self._touch(now)
        ctrl, shift, alt = modifiers.ctrl, modifiers.shift, modifiers.alt
        if self.gui is not None:
            self.gui.settle()
            self.gui.key(code, action != glfw.RELEASE, ctrl=ctrl, shift=shift, alt=alt)
        if action == glfw.RELEASE:
            self._keyboard.release(code)
            if not self._keyboard.any:
                self._explorer.history.finish()
            return
        self._hud.met = True
        if self._taken_key(code, action, modifiers, now):
            return
        key = key_name(code, ctrl=ctrl, alt=alt, shift=shift)
        typing = self.gui is not None and self.gui.wants_text
        if action != glfw.PRESS or key not in self._keys or (typing and not _while_typing(key)):
            return
        if self._keys[key][1].repeats:
            self._keyboard.press(code, key, shift, now)
        self._gesture += 1
        self._act(key, shift)

    def _taken_key(self, code: int, action: int, modifiers: Any, now: float) -> bool:
        """Whether an open part takes a pressed key: all but those that close it."""
        keys = self.gui.keys if self.gui is not None else None
        key = key_name(code, ctrl=modifiers.ctrl, alt=modifiers.alt) or ""
        if keys is None or key in ("Esc", "F11") or (key == "Tab" and modifiers.shift):
            return False
        if action == glfw.PRESS and key:
            if key == "Backspace" or (key in self._keys and self._keys[key][1].repeats):
                self._keyboard.press(code, key, modifiers.shift, now)
            keys.press(key, modifiers.shift)
        return True

    def _on_letter(self, char: str) -> None:
        typing = self.gui is not None and self.gui.wants_text
        if self.gui is not None:
            self.gui.letter(char)
        if char in TYPED and not typing:
            self._gesture += 1
            self._act(char, False)

    def _act(self, key: str, large: bool) -> None:
        if not self._hud.turn_page(key):
            self.perform(self._keys[key][0], large)

    def perform(self, action: str, large: bool = False) -> None:
        """Perform an action of the binding table: the window's own, or the explorer's."""
        self._explorer.gesture = self._gesture
        self._explorer.message = ""
        own = getattr(self._actions, f"do_{action}", None)
        if own is not None:
            own(large)
        else:
            self._explorer.act(action, large)
        if self._explorer.sees:  # a resting mouse does not hide the channel that a key goes to
            self.pointing = False
        self._hud.say(self._explorer.message, wall.perf_counter())

    def _on_move(self, x: int, y: int, dx: int, dy: int) -> None:
        self._at = x, y
        place = to_framebuffer(self._window, x, y)
        if self.gui is not None:
            self.gui.mouse(*place)
        self.pointing = not self._taken
        if not self.pointing:
            return
        self._explorer.cursor = self.picture.local(*place)
        self._hud.point(wall.perf_counter())

    @property
    def _taken(self) -> bool:
        """Whether the mouse is over a widget, or was pressed there."""
        return self.gui is not None and self.gui.wants_mouse

    @property
    def pointed_spot(self) -> Spot | None:
        """The spot under the cursor."""
        if self._at is None or self._taken:
            return None
        return spot_at(self.panels, *to_framebuffer(self._window, *self._at))

    def _on_press(self, x: int, y: int, button: int) -> None:
        # x and y are the cursor's position now, which after a long frame may be far from the press.
        self._at = self._at or (x, y)
        self._hud.met = True
        if self.gui is not None:
            self.gui.mouse(*to_framebuffer(self._window, *self._at))
            if self.gui.button(button - 1, True):
                return
        self._gesture += 1
        self._spot = self.pointed_spot if button == LEFT else None
        if self._spot is not None:
            return
        if self._edited(button):
            return
        self._buttons.add(button)
        self._pressed_at = self._at

    def _edited(self, button: int) -> bool:
        """Whether a press edits the points that a network learns."""
        explorer = self._explorer
        if button not in (LEFT, RIGHT) or not explorer.editing_points:
            return False
        explorer.gesture, explorer.message = self._gesture, ""
        removes = button == RIGHT or self._window.modifiers.shift
        taken = explorer.remove_point() if removes else explorer.press_point()
        if taken:
            self._touch(wall.perf_counter())
            self._hud.say(explorer.message, wall.perf_counter())
        return taken

    def _on_drag(self, x: int, y: int, dx: int, dy: int) -> None:
        self._on_move(x, y, dx, dy)
        if self._taken:
            return
        self._explorer.gesture = self._gesture
        if self._explorer.drag_point():
            self.touched = wall.perf_counter()
            self._hud.say(self._explorer.message, wall.perf_counter())
            return
        if not self._buttons:
            return
        if self._pressed_at is not None:
            if math.dist(self._pressed_at, (x, y)) < CLICK:
                return
            started, self._pressed_at = self._pressed_at, None
            dx, dy = x - int(started[0]), y - int(started[1])
        self.touched = wall.perf_counter()
        places = (to_framebuffer(self._window, *by) for by in ((0, 0), (dx, dy)))
        origin, moved = (self.picture.local(*place) for place in places)
        self._explorer.gesture = self._gesture
        self._explorer.pan_by(origin[0] - moved[0], origin[1] - moved[1])
        self._hud.say(self._explorer.message, wall.perf_counter())

    def _on_release(self, x: int, y: int, button: int) -> None:
        if self.gui is not None and self.gui.button(button - 1, False):
            return
        spot, self._spot = self._spot, None
        if spot is not None:
            self._touch(wall.perf_counter())
            if spot == self.pointed_spot:
                self.click(spot)
            return
        if button == LEFT and self._explorer.release_point():
            self._explorer.history.finish()
            return
        self._buttons.discard(button)
        clicked, self._pressed_at = self._pressed_at, None
        if clicked is not None and button == LEFT:
            self._touch(wall.perf_counter())
            self._explorer.gesture, self._explorer.message = self._gesture, ""
            self._explorer.click()
            self._hud.say(self._explorer.message, wall.perf_counter())
        self._explorer.history.finish()

    def click(self, spot: Spot) -> None:
        """Do what a click on a spot does."""
        if isinstance(spot.action, str):
            self.perform(spot.action)
            return
        self._explorer.gesture, self._explorer.message = self._gesture, ""
        spot.action()
        self._hud.say(self._explorer.message, wall.perf_counter())

    def _on_scroll(self, dx: float, dy: float) -> None:
        now = wall.perf_counter()
        self._touch(now)
        if self.gui is not None and self.gui.wheel(dx, dy):
            return
        if now - self._wheel_at > WHEEL_GESTURE:
            self._gesture += 1
        self._wheel_at = now
        self._explorer.gesture = self._gesture
        steps = round(dy) or (1 if dy > 0 else -1 if dy < 0 else 0)
        if steps:
            self._explorer.message = ""
            self._explorer.zoom_by(steps)
            self._hud.say(self._explorer.message, now)

    def _on_refresh(self, window: Any) -> None:
        self.exposed = True

    def _on_enter(self, window: Any, entered: int) -> None:
        self.pointing = bool(entered) and not self._taken
        if not entered and self.gui is not None:
            self.gui.mouse_away()

    def _on_drop(self, window: Any, paths: Sequence[str]) -> None:
        if paths:
            self._touch(wall.perf_counter())
            self._hud.met = True
            self._actions.drop(paths)

    def _on_focus(self, window: Any, focused: int) -> None:
        if not focused:
            self._keyboard.release_all()
            if self.gui is not None:
                self.gui.release_keys()
            self._buttons.clear()
            self._pressed_at = None
            self._explorer.release_point()
            self._explorer.history.finish()


def _while_typing(key: str) -> bool:
    """Whether a key acts while a text is being typed: those that no text field uses."""
    return key == "Esc" or (key[0] == "F" and key[1:].isdigit()) or key in ("Ctrl+S", "Ctrl+E")
