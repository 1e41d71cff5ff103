"""The live window: events to actions, and one loop that never waits for a picture.

keys, mouse, files -> Explorer -> Scene -> Canvas -> planes -> window, panels over it
                                        -> Captures -> PNG files
"""

import contextlib
import time as wall
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import glfw

from cppn_gl.engines.gl.shader import ShaderError
from cppn_gl.engines.names import AUTO, STAND_IN, host_engine, wished
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.parsing import read_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.preset.shot import Shot
from cppn_gl.preset.tour import Step
from cppn_gl.utils import memory
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import CaptureError, free_name, write_atomic
from cppn_gl.viewer.engine_selector import EngineSelector
from cppn_gl.viewer.canvas import Canvas
from cppn_gl.viewer.captions import Captions
from cppn_gl.viewer.events import Events
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.hud import Hud, hud_lines, quality
from cppn_gl.viewer.journal import Journal
from cppn_gl.viewer.keyboard import labels
from cppn_gl.viewer.preset_list import list_of
from cppn_gl.viewer.screen import Screen
from cppn_gl.viewer.captures import Captures
from cppn_gl.viewer.trace import Trace
from cppn_gl.viewer.view_words import ViewWords
from cppn_gl.viewer.watch import Watch, shader_files
from cppn_gl.viewer.weights import Weights
from cppn_gl.viewer.window import content_scale, framebuffer_size, to_pixel
from cppn_gl.views import ALL, PICTURE, view_of
from cppn_gl.views.base import Hit

SLICE = 0.018  # seconds of drawing in one turn of the loop; a tile may overrun it
CAPTURE_SLICE = 0.01  # of it for pictures that are kept, while there are any
WEIGHTS_SLICE = 0.01  # seconds of drawing weights; a layer may overrun it
TIDY_SECONDS = 10.0
FRAME = 1 / 60
IDLE_WAIT = 0.1  # seconds; files are looked at this often
SETTLED = 1.5  # seconds without a change: nobody minds a moment of compiling
LEFT_ALONE = 4.0  # the same, while time runs and nothing else happens


class App:
    """The window and what is explored in it."""

    def __init__(
        self,
        window: Any,
        shot: Shot,
        *,
        hud: bool,
        output_dir: Path,
        source: Path | None,
        engine: str = AUTO,
    ):
        self.window, self._source, self._folder = window, source, output_dir
        host = host_engine(wished() if engine == AUTO else engine)
        # What needs no OpenGL to be drawn is still shown by it.
        self.renderer = Renderer(STAND_IN.name if host else engine, context=window.ctx)
        self.engines = EngineSelector(self.renderer, host=host)
        info = self.renderer.info.context
        assert info is not None
        most = min(info.max_texture_size, *info.max_viewport)
        self.canvas = Canvas(window.ctx, self.engines, most)
        self.screen = Screen(window)
        self.captures = Captures(window.ctx, self.renderer, self.engines)
        self.journal = Journal.of_user()
        presets = [lambda name=name: load_preset(name) for name in shipped()]
        self.explorer = Explorer(shot.preset, journal=self.journal, time=shot.time, presets=presets)
        self.explorer.pointed = self._pointed
        self.words = ViewWords()
        self.hud = Hud(on=hud)
        self.events = Events(window, self.explorer, self.hud, self)
        self._names: dict[str, str] = {}
        self._weights = Weights()
        self._shown = self._weights.follow(shot.preset, 0.0)
        self._wanted_at = wall.perf_counter()  # when another picture was last wanted
        self._seen = 0  # of the canvas's changes
        self._longest = 0.0  # seconds of a turn, since the last picture
        self._turn_at = 0.0
        self._tidied = wall.perf_counter(), 0  # when, and the canvas's changes by then
        self.captions = Captions()
        self._strip = 0  # pixels beneath the picture, for a caption
        self._problems: dict[str, str] = {}  # what stays on the screen until it is mended
        self._trace = Trace()
        self._helped = self._showing = False
        self._views = list(ALL)  # that are not imported yet
        self._drawn = deque([wall.perf_counter()], maxlen=30)  # when pictures were finished
        self._preset_watch = Watch(lambda: [source] if source else [])
        self._shader_watch = Watch(shader_files)

    def take_tour(self, tour: Sequence[Step], number: int) -> None:
        """Let P step through these, with their captions; from one on, by its number from 1."""
        if tour:
            self.captions = Captions(tour)
            self.explorer.guided = True
            self.explorer.presets = list_of([one.preset for one in tour], number)

    # Actions of the window; the explorer has the others

    def do_quit(self) -> None:
        """Close the window."""
        self.window.is_closing = True

    def do_escape(self) -> None:
        """Close the help where it is open, or else the window."""
        if self.hud.help:
            self.do_toggle_help()
        else:
            self.do_quit()

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
        self._try(lambda: self.captures.still(self._shot(), self._scene(), self._folder))

    def do_record(self) -> None:
        """Start to keep every frame, or stop."""
        if self.captures.recording:
            self.explorer.message = self.captures.stop()
            return
        self._try(lambda: self.captures.start(self._shot(), self._folder))

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
        self._turn_at = now
        self.events.turn(now)
        self._watch(now)
        size = framebuffer_size(self.window)
        if min(size) < 1:
            return
        self._keep(now, elapsed)
        self._shown = self._weights.follow(self._fitting(), WEIGHTS_SLICE)
        self.hud.caption = self.captions.of(self.explorer)
        self._strip = self.hud.strip(size, content_scale(self.window))
        self.events.below = self._strip / size[1]
        self.canvas.want(self._scene(), self._size())
        # Not both in one turn: on a software renderer showing takes as long as a slice.
        self._showing = not self._showing and self._present(size, now)
        if not self._showing and not self._weights.busy:
            self._take(now)
            self._draw(now)
            self._prepare(now)
        self._longest = max(self._longest, wall.perf_counter() - now)
        self._tidy(now)

    def _tidy(self, now: float) -> None:
        """Now and then give memory back that pictures have left."""
        if now - self._tidied[0] > TIDY_SECONDS and self.canvas.changes != self._tidied[1]:
            self._tidied = now, self.canvas.changes
            memory.return_freed()

    def _fitting(self) -> Preset:
        """The preset to show, as it is now: as a picture, where its view cannot show it."""
        preset = self.explorer.shown.at(self.explorer.time)
        self._problems.pop("view", None)
        problem = view_of(preset).problem(preset)
        if problem:
            self._problems["view"] = f"the view {preset.show.view} {problem}"
            return preset.replace(**{"show.view": PICTURE})
        return preset

    def _draw(self, now: float) -> None:
        self.engines.update()
        if not self.canvas.current:
            self._wanted_at = now
        budget = SLICE - CAPTURE_SLICE if self.captures.busy else SLICE
        try:
            if self.canvas.advance(budget, still=self._still(), rest=self._at_rest(now)):
                self._drawn.append(wall.perf_counter())
                self._problems.pop("shader", None)
        except (ShaderError, PresetError) as error:  # the last good picture stays
            self._problems["shader"] = str(error)

    def _still(self) -> bool:
        """Whether nothing moves and nothing is kept: finer pictures are worth while."""
        return not (self.explorer.moving or self.events.held or self.captures.busy)

    def _at_rest(self, now: float) -> bool:
        """Whether a moment of compiling holds nobody up, as far as can be known."""
        touched = now - self.events.touched
        if self.explorer.moving and not (self.events.held or self.captures.busy):
            return touched > LEFT_ALONE
        return self._still() and min(touched, now - self._wanted_at) > SETTLED

    def _prepare(self, now: float) -> None:
        """Once something is shown: let what may come next be compiled, here only at rest."""
        if self.canvas.front is None:
            return
        if self._views:  # imported one at a turn, and not all when a key first asks for the next
            ALL[self._views.pop()]
        preset, network = self._shown
        if not self._helped:
            self._helped = True
            self.engines.start()
        scene = self.canvas.shown
        if scene is not None and scene.network is network:
            self.engines.want(preset, scene, self._size())
        if self._at_rest(now):
            with contextlib.suppress(ShaderError):  # said when it is needed
                self.engines.prepare(preset, network)

    def _keep(self, now: float, elapsed: float) -> None:
        """Let time pass: by the clock, or frame by frame while recording."""
        if self.captures.recording and not self.captures.fits(self._size()):
            self.hud.say(f"the window's size changed: {self.captures.stop()}", now)
        if not self.captures.recording:
            self.explorer.tick(elapsed)
        elif self.captures.ready:
            self.captures.frame(self._shot(), self._scene())
            self.explorer.tick(self.captures.frame_seconds)

    def _take(self, now: float) -> None:
        """Draw what is kept."""
        try:
            message = self.captures.advance(CAPTURE_SLICE)
        except CaptureError as error:
            message = str(error)
        if message:
            self.hud.say(message, now)

    def _wait(self, seconds: float) -> None:
        """Let events come until the next frame; longer where nothing is to be drawn."""
        minimised = min(framebuffer_size(self.window)) < 1
        if minimised or self._resting():
            glfw.wait_events_timeout(IDLE_WAIT)
        elif seconds > 0.001 and not (self.canvas.busy or self._unshown or self._weights.busy):
            glfw.wait_events_timeout(seconds)
        else:
            glfw.poll_events()

    def _resting(self) -> bool:
        busy = self.events.held or self.captures.busy or not self.canvas.rests(self._still())
        fading = self.hud.on and 0 < self.hud.opacity(wall.perf_counter()) < 1
        busy = busy or self._unshown or self._weights.busy
        return not (self.explorer.moving or busy or fading)

    @property
    def _unshown(self) -> bool:
        """Whether the canvas has something that the window does not show yet."""
        return self.canvas.changes != self._seen

    def _scene(self) -> Scene:
        """What is to be seen, as far as its weights are drawn."""
        preset, network = self._shown
        return scene_of(preset, self.explorer.time, network)

    def _size(self) -> tuple[int, int]:
        """Of the picture in pixels: the window, less what a caption takes."""
        width, height = framebuffer_size(self.window)
        return width, max(0, height - self._strip)

    def _shot(self) -> Shot:
        size = self._size()
        scene = self._scene()
        engine = str(self.engines.pick(scene).engine)
        view = view_of(scene.preset)
        # What is drawn by pixel is drawn again from its file with as many as anybody wants.
        samples = 1 if view.by_pixel else view.samples
        return Shot(self._shown[0], size, self.explorer.time, samples, engine)

    def _pointed(self) -> Hit | None:
        """What lies under the cursor, in the picture shown."""
        scene, size = self.canvas.shown, self._size()
        if scene is None or min(size) < 1:
            return None
        return view_of(scene.preset).hit(scene, size, to_pixel(self.explorer.cursor, size))

    def _present(self, size: tuple[int, int], now: float) -> bool:
        """Show what has changed; False where nothing has."""
        for name, problem in (("journal", self.journal.problem), ("helper", self.engines.problem)):
            self._problems.pop(name, None)
            if problem:
                self._problems[name] = problem
        self.hud.problem = " · ".join(self._problems.values())
        hit = self._pointed() if self.events.pointing and self.explorer.view.uses_cursor else None
        self.hud.pointed = hit.words if hit is not None else ""
        if self.hud.wants_lines(now):
            self.hud.lines(self._lines(now), now)
        words = self.words.panels(self.canvas.shown, self._size(), self._cursor())
        panels = [*words, *self.hud.panels(size, content_scale(self.window), now, self._names)]
        front = self.canvas.front
        if front is None:
            return False
        if self.screen.shows(self.canvas.changes, size, panels) and not self.events.exposed:
            return False
        self._seen, self.events.exposed = self.canvas.changes, False
        self.screen.entitle(f"{self.explorer.preset.title or self.explorer.preset.name} – cppn_gl")
        self.screen.show(self.renderer.presenter, front, panels, size, self._strip)
        if self._trace.on:
            shown, time = self.canvas.shown, self.explorer.time
            longest = 1000 * max(self._longest, wall.perf_counter() - self._turn_at)
            time = shown.clock.time if shown else time
            if self._trace.picture(
                self.canvas, self._shown[0], self._size(), longest=longest, time=time
            ):
                self._longest = 0.0
        return True

    def _cursor(self) -> tuple[float, float] | None:
        """The pixel pointed at, while somebody points."""
        if not self.events.pointing:
            return None
        return to_pixel(self.explorer.cursor, self._size())

    def _lines(self, now: float) -> list[str]:
        canvas, moving = self.canvas, self.explorer.moving or self.events.held
        span = now - self._drawn[0]
        fps = (len(self._drawn) - 1) / span if moving and span > 0 else 0.0
        return hud_lines(
            self.explorer,
            self._shown[1].parameters,
            fps=fps,
            quality=quality(canvas.scale, canvas.samples, canvas.progress),
            engine=self.engines.words(self._scene()),
            renderer=self.renderer.info.renderer,
            recording=self.captures.status,
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
        self.events.new_gesture()
        self.explorer.reload(preset)
        self.hud.say(f"{source.name} read again", now)

    def _reload_shaders(self, now: float) -> None:
        try:
            self.renderer.reload(self._scene().network)
        except ShaderError as error:
            self._problems["shader"] = str(error)
            return
        self._problems.pop("shader", None)
        self.engines.forget()
        self.canvas.invalidate()
        self.hud.say("shaders read again", now)

    def close(self) -> None:
        """Finish what is being kept, and free everything."""
        self._trace.close()
        self.engines.close()
        self.window.visible = False  # what is still to be drawn needs no window
        self.explorer.history.finish()
        try:
            self.captures.close()
        finally:
            self.canvas.release()
            self.screen.release()
            self.renderer.release()
