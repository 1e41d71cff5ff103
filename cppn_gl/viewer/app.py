"""The live window: events to actions, and one loop that never waits for a picture.

keys, mouse, files -> Explorer -> Scene -> Canvas -> planes -> window, panels over it
                                        -> Takes -> PNG files
"""

import contextlib
import time as wall
from collections import deque
from pathlib import Path
from typing import Any

import glfw

from cppn_gl.capture import CaptureError, free_name, write_atomic
from cppn_gl.library import load_preset, shipped
from cppn_gl.painter import Scene
from cppn_gl.parsing import read_preset
from cppn_gl.picture import Shot
from cppn_gl.preset import Preset
from cppn_gl.renderer import Renderer
from cppn_gl.schema import PresetError
from cppn_gl.shader import ShaderError
from cppn_gl.viewer.bindings import by_key
from cppn_gl.viewer.canvas import Canvas
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.hud import Hud, hud_lines
from cppn_gl.viewer.journal import Journal, default_path
from cppn_gl.viewer.keyboard import Keyboard, key_name, labels
from cppn_gl.viewer.overlay import Overlay
from cppn_gl.viewer.takes import Takes
from cppn_gl.viewer.trace import Trace
from cppn_gl.viewer.watch import Watch, shader_files
from cppn_gl.viewer.window import content_scale, framebuffer_size, open_window, to_local

SLICE = 0.025  # seconds of drawing in one turn of the loop
FRAME = 1 / 60
IDLE_WAIT = 0.1  # seconds; files are looked at this often
SETTLED = 1.5  # seconds without a new picture: time to compile what may come next
WHEEL_GESTURE = 0.6  # seconds between two notches of one turn of the wheel


def run(
    shot: Shot,
    *,
    size: tuple[int, int] | None = None,
    hud: bool = True,
    output_dir: Path | None = None,
    source: Path | None = None,
    fullscreen: bool = False,
) -> int:
    """Open the window on a shot and stay until it is closed; the exit status.

    `source` is the preset file to watch. Raises ContextError where no window can be had.
    """
    window = open_window(size, fullscreen=fullscreen)
    try:
        app = App(window, shot, hud=hud, output_dir=output_dir or Path(), source=source)
        try:
            app.loop()
        finally:
            app.close()
    finally:
        window.destroy()
    return 0


class App:
    """The window and what is explored in it."""

    def __init__(
        self, window: Any, shot: Shot, *, hud: bool, output_dir: Path, source: Path | None
    ):
        self.window, self._source, self._folder = window, source, output_dir
        self.renderer = Renderer(context=window.ctx)
        self.painter = self.renderer.painter
        info = self.renderer.info.context
        assert info is not None
        most = min(info.max_texture_size, *info.max_viewport)
        self.canvas = Canvas(window.ctx, self.painter, most, software=info.software)
        self.overlay = Overlay(window.ctx)
        self.takes = Takes(window.ctx, self.painter, self.renderer)
        self.journal = Journal(default_path())
        presets = [lambda name=name: load_preset(name) for name in shipped()]
        self.explorer = Explorer(shot.preset, journal=self.journal, time=shot.time, presets=presets)
        self.hud = Hud(on=hud)
        self.keyboard = Keyboard()
        self._keys = by_key()
        self._names: dict[str, str] = {}
        self._shown: tuple[Preset, Any] | None = None
        self._gesture = 0
        self._wheel_at = 0.0
        self._exposed = True
        self._signature: object = None
        self._title = ""
        self._problems: dict[str, str] = {}  # what stays on the screen until it is mended
        self._trace = Trace()
        self._traced = 0
        self._drawn = deque([wall.perf_counter()], maxlen=30)  # when pictures were finished
        self._preset_watch = Watch(lambda: [source] if source else [])
        self._shader_watch = Watch(shader_files)
        self._connect()

    def _connect(self) -> None:
        window = self.window
        window.key_event_func = self._on_key
        window.mouse_position_event_func = self._on_move
        window.mouse_drag_event_func = self._on_drag
        window.mouse_press_event_func = self._on_press
        window.mouse_release_event_func = self._on_release
        window.mouse_scroll_event_func = self._on_scroll
        glfw.set_window_refresh_callback(window._window, self._on_refresh)
        glfw.set_window_focus_callback(window._window, self._on_focus)

    # Events

    def _on_key(self, code: int, action: int, modifiers: Any) -> None:
        now = wall.perf_counter()
        self.hud.touch(now)
        if action == glfw.RELEASE:
            self.keyboard.release(code)
            if not self.keyboard.any:
                self.explorer.history.finish()
            return
        key = key_name(code, ctrl=modifiers.ctrl, alt=modifiers.alt)
        if action != glfw.PRESS or key not in self._keys:
            return
        if self._keys[key][1].repeats:
            self.keyboard.press(code, key, modifiers.shift, now)
        self._gesture += 1
        self._act(key, modifiers.shift)

    def _act(self, key: str, large: bool) -> None:
        action = self._keys[key][0]
        self.explorer.gesture = self._gesture
        self.explorer.message = ""
        if hasattr(self, f"do_{action}"):
            getattr(self, f"do_{action}")()
        else:
            self.explorer.act(action, large)
        self.hud.say(self.explorer.message, wall.perf_counter())

    def _on_move(self, x: int, y: int, dx: int, dy: int) -> None:
        self.explorer.cursor = to_local(self.window, x, y)
        self.hud.touch(wall.perf_counter())

    def _on_press(self, x: int, y: int, button: int) -> None:
        self._gesture += 1

    def _on_drag(self, x: int, y: int, dx: int, dy: int) -> None:
        self._on_move(x, y, dx, dy)
        origin, moved = to_local(self.window, 0, 0), to_local(self.window, dx, dy)
        self.explorer.gesture = self._gesture
        self.explorer.pan_by(origin[0] - moved[0], origin[1] - moved[1])

    def _on_release(self, x: int, y: int, button: int) -> None:
        self.explorer.history.finish()

    def _on_scroll(self, dx: float, dy: float) -> None:
        now = wall.perf_counter()
        self.hud.touch(now)
        if now - self._wheel_at > WHEEL_GESTURE:
            self._gesture += 1
        self._wheel_at = now
        self.explorer.gesture = self._gesture
        steps = round(dy) or (1 if dy > 0 else -1 if dy < 0 else 0)
        if steps:
            self.explorer.zoom_by(steps)

    def _on_refresh(self, window: Any) -> None:
        self._exposed = True

    def _on_focus(self, window: Any, focused: int) -> None:
        if not focused:
            self.keyboard.release_all()
            self.explorer.history.finish()

    # Actions of the window; the explorer has the others

    def do_quit(self) -> None:
        """Close the window."""
        self.window.is_closing = True

    def do_toggle_hud(self) -> None:
        """The HUD on or off."""
        self.hud.on = not self.hud.on

    def do_toggle_help(self) -> None:
        """All keys, or none."""
        self.hud.help = not self.hud.help
        self._names = labels()

    def do_toggle_fullscreen(self) -> None:
        """Fullscreen, or a window again."""
        self.window.fullscreen = not self.window.fullscreen

    def do_screenshot(self) -> None:
        """Keep the picture, at the window's full resolution and without the HUD."""
        self._try(lambda: self.takes.still(self._shot(), self._scene(), self._folder))

    def do_record(self) -> None:
        """Start to keep every frame, or stop."""
        if self.takes.recording:
            self.explorer.message = self.takes.stop()
            return
        self._try(lambda: self.takes.start(self._shot(), self._folder))

    def do_save_preset(self) -> None:
        """Keep the preset as a TOML file."""
        preset = self.explorer.shown

        def save() -> str:
            path = free_name(self._folder, preset.name, ".toml")
            write_atomic(path, preset.to_toml().encode(), overwrite=False)
            return f"saved {path}"

        self._try(save)

    def _try(self, keep: Any) -> None:
        try:
            self.explorer.message = keep()
        except CaptureError as error:
            self.explorer.message = str(error)

    # The loop

    def loop(self) -> None:
        """Turn until the window is closed."""
        last = wall.perf_counter()
        while not self.window.is_closing:
            now = wall.perf_counter()
            self._turn(now, min(now - last, 0.25))
            last = now
            self._wait(FRAME - (wall.perf_counter() - now))

    def _turn(self, now: float, elapsed: float) -> None:
        for key, large in self.keyboard.due(now):
            self._act(key, large)
            self.hud.touch(now)
        self._watch(now)
        size = framebuffer_size(self.window)
        if min(size) < 1:
            return
        self._keep(now, elapsed)
        if self._wheel_at and now - self._wheel_at > WHEEL_GESTURE:
            self._wheel_at = 0.0
            self.explorer.history.finish()
        self.canvas.want(self._scene(), size)
        try:
            if self.canvas.advance(SLICE):
                self._drawn.append(wall.perf_counter())
                self._problems.pop("shader", None)
        except ShaderError as error:
            self._problems["shader"] = str(error)
        self._present(size, now)
        settled = now - self._drawn[-1] > SETTLED and self._resting()
        if settled and self.canvas.front is not None:
            with contextlib.suppress(ShaderError):  # said when it is needed
                self.painter.prepare(self._scene().network, self.canvas.front)

    def _keep(self, now: float, elapsed: float) -> None:
        """Let time pass: by the clock, or frame by frame while recording."""
        if self.takes.recording and not self.takes.fits(framebuffer_size(self.window)):
            self.hud.say(f"the window's size changed: {self.takes.stop()}", now)
        if not self.takes.recording:
            self.explorer.tick(elapsed)
        elif self.takes.ready:
            self.takes.frame(self._shot(), self._scene())
            self.explorer.tick(self.takes.frame_seconds)
        try:
            message = self.takes.advance(SLICE)
        except CaptureError as error:
            message = str(error)
        if message:
            self.hud.say(message, now)

    def _wait(self, seconds: float) -> None:
        """Let events come until the next frame; longer where nothing is to be drawn."""
        minimised = min(framebuffer_size(self.window)) < 1
        if minimised or self._resting():
            glfw.wait_events_timeout(IDLE_WAIT)
        elif seconds > 0.001 and not self.canvas.busy:
            glfw.wait_events_timeout(seconds)
        else:
            glfw.poll_events()

    def _resting(self) -> bool:
        busy = self.keyboard.any or self.takes.busy or not self.canvas.finished
        fading = self.hud.on and 0 < self.hud.opacity(wall.perf_counter()) < 1
        return not (self.explorer.moving or busy or fading)

    def _scene(self) -> Scene:
        preset = self.explorer.shown
        if self._shown is None or self._shown[0] != preset:
            old = self._shown
            # The same network object where only the view differs: nothing is packed again.
            same = old is not None and old[0].spec == preset.spec
            self._shown = (preset, old[1] if same and old else preset.network())
        time = self.explorer.time
        return Scene(self._shown[1], preset.view, preset.animation.clock(time))

    def _shot(self) -> Shot:
        size = framebuffer_size(self.window)
        engine = self.renderer.info.engine
        return Shot(self.explorer.shown, size, self.explorer.time, 1, engine)

    def _present(self, size: tuple[int, int], now: float) -> None:
        if self.journal.problem:
            self._problems["journal"] = self.journal.problem
        self.hud.problem = " · ".join(self._problems.values())
        if self.hud.wants_lines(now):
            self.hud.lines(self._lines(now), now)
        panels = self.hud.panels(size, content_scale(self.window), now, self._names)
        look = (self.canvas.pictures, size, [(id(p.pixels), p.x, p.y, p.alpha) for p in panels])
        if self.canvas.front is None or (look == self._signature and not self._exposed):
            return
        self._signature, self._exposed = look, False
        screen = self.window.ctx.screen
        self.renderer.presenter.show(self.canvas.front, screen, size, flipped=True)
        self.overlay.draw(panels, screen, size)
        title = f"{self.explorer.preset.title or self.explorer.preset.name} – cppn_gl"
        if title != self._title:
            self.window.title = self._title = title
        glfw.swap_buffers(self.window._window)
        if self._trace.on and self.canvas.pictures != self._traced:
            self._traced = self.canvas.pictures
            self._trace_picture(size)

    def _trace_picture(self, size: tuple[int, int]) -> None:
        shown, time = self.canvas.shown, self.explorer.time
        self._trace.event(
            "picture",
            scale=self.canvas.scale,
            finished=self.canvas.finished,
            wanted=self.canvas.current,
            size=size,
            time=shown.clock.time if shown else time,
            preset=self.explorer.shown.to_toml(),
        )

    def _lines(self, now: float) -> list[str]:
        moving = self.explorer.moving or self.keyboard.any
        span = now - self._drawn[0]
        fps = (len(self._drawn) - 1) / span if moving and span > 0 else 0.0
        return hud_lines(
            self.explorer,
            self._shown[1].parameters if self._shown else 0,
            fps=fps,
            scale=self.canvas.scale,
            renderer=self.renderer.info.renderer,
            recording=self.takes.status,
        )

    # Files that change

    def _watch(self, now: float) -> None:
        if self._source and self._preset_watch.changed(now):
            self._reload_preset(self._source, now)
        if self._shader_watch.changed(now):
            self._reload_shaders(now)

    def _reload_preset(self, source: Path, now: float) -> None:
        try:
            preset = read_preset(source)
        except PresetError as error:
            self._problems["preset"] = str(error)
            return
        self._problems.pop("preset", None)
        self._gesture += 1
        self.explorer.gesture = self._gesture
        self.explorer.reload(preset)
        self.hud.say(f"{source.name} read again", now)

    def _reload_shaders(self, now: float) -> None:
        try:
            self.renderer.reload(self._scene().network)
        except ShaderError as error:
            self._problems["shader"] = str(error)
            return
        self._problems.pop("shader", None)
        self.canvas.invalidate()
        self.hud.say("shaders read again", now)

    def close(self) -> None:
        """Finish what is being kept, and free everything."""
        self._trace.close()
        self.window.visible = False  # what is still to be drawn needs no window
        self.explorer.history.finish()
        try:
            self.takes.close()
        finally:
            self.canvas.release()
            self.overlay.release()
            self.renderer.release()
