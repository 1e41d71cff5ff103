"""The live window's main loop, which never blocks on drawing or compiling.

keys, mouse, files -> Explorer -> Scene -> Canvas -> planes -> window, with panels over it
                                        -> Captures -> PNG files
"""

import contextlib
import dataclasses
import time as wall
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import glfw

from cppn_gl.engines.gl.shader import ShaderError
from cppn_gl.engines.names import AUTO, STAND_IN, cpu_engine, requested_engine
from cppn_gl.nn.file_source import File
from cppn_gl.nn.network import Network
from cppn_gl.output.renderer import Renderer, check_cpu_engine
from cppn_gl.preset.library import load_preset, names, usable
from cppn_gl.preset.network_file import save_preset
from cppn_gl.preset.parsing import read_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.preset.shot import Shot
from cppn_gl.preset.surprise import RANDOM
from cppn_gl.preset.training_film import last_moment, training_film, trains
from cppn_gl.utils import memory
from cppn_gl.utils.camera import is_camera
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import CaptureError, free_name, write_new
from cppn_gl.viewer.advice import Adviser
from cppn_gl.viewer.canvas import Canvas
from cppn_gl.viewer.captions import Caption
from cppn_gl.viewer.captures import Captures
from cppn_gl.viewer.collection import Collection, Entry
from cppn_gl.viewer.engine_selector import EngineSelector
from cppn_gl.viewer.events import Events
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.favourites import Favourites
from cppn_gl.viewer.favourites import default_path as favourites_path
from cppn_gl.viewer.filling import Filling
from cppn_gl.viewer.filming import Filming, Wishes
from cppn_gl.viewer.hud import Booklet, Hud, font_size
from cppn_gl.viewer.interface import Interface
from cppn_gl.viewer.journal import Journal
from cppn_gl.viewer.keyboard import labels
from cppn_gl.viewer.layout import Rect, picture_rect
from cppn_gl.viewer.lesson import Lesson
from cppn_gl.viewer.opening import Answer, Opening
from cppn_gl.viewer.reports import Reports, recorded_words, saved_words
from cppn_gl.viewer.screen import Screen
from cppn_gl.viewer.thumbnails import Thumbnails
from cppn_gl.viewer.thumbnails import default_folder as thumbnails_folder
from cppn_gl.viewer.trace import Trace
from cppn_gl.viewer.view_words import ViewWords
from cppn_gl.viewer.watch import Watch, shader_files
from cppn_gl.viewer.weights import PATIENCE, Weights, alike
from cppn_gl.viewer.window import content_scale, framebuffer_size, to_pixel
from cppn_gl.views import ALL, plain_view, view_of
from cppn_gl.views.base import Hit

if TYPE_CHECKING:
    from cppn_gl.viewer.asking import Asking

# Time budgets in seconds for each turn of the loop. A tile, or a layer, may overrun them.
SLICE = 0.018  # drawing
CAPTURE_SLICE = 0.01  # the part of SLICE for pending captures
WORK_SLICE = 0.01  # looking for a random preset
WEIGHTS_SLICE = 0.01  # drawing random weights
MEASURE_SLICE = 0.005  # measuring what a page of the tour tells
TIDY_SECONDS = 10.0
FRAME = 1 / 60
QUIET = 0.3  # seconds for which a network's file must not change before it is read again
IDLE_WAIT = 0.1  # seconds; changed files are noticed this often
LEADING = 1.2  # Dear ImGui's font size, which is a line's height, in the HUD's font sizes
# Seconds without input after which a short pause for compiling is acceptable.
SETTLED = 1.5
LEFT_ALONE = 4.0  # while an animation runs
CLOSE_AGAIN = 6.0  # seconds in which the window must be closed again to drop a film


def _usable(name: str) -> Preset:
    """A shipped preset that can be shown. Raises PresetError."""
    return usable(load_preset(name))


class App:
    """Connects the window with the explorer, the canvas, captures and the HUD."""

    def __init__(
        self,
        window: Any,
        shot: Shot,
        *,
        hud: bool,
        output_dir: Path,
        source: Path | None,
        engine: str = AUTO,
        larger: str = "",
        film: str = "",
    ):
        self.larger = larger  # the command that draws a saved file larger, see explaining.py
        self._film = film  # the command that makes a film of a file
        self.window, self._source, self.folder = window, source, output_dir
        cpu = cpu_engine(requested_engine() if engine == AUTO else engine)
        if cpu is not None:
            check_cpu_engine(cpu)
        # The window presents pictures with OpenGL, even those of an engine without it.
        self.renderer = Renderer(STAND_IN.name if cpu else engine, context=window.ctx)
        self.engines = EngineSelector(self.renderer, cpu=cpu)
        info = self.renderer.info.context
        assert info is not None
        most = min(info.max_texture_size, *info.max_viewport)
        self.canvas = Canvas(window.ctx, self.engines, most)
        self.screen = Screen(window)
        self.captures = Captures(window.ctx, self.renderer, self.engines)
        self.filming = Filming(engine)
        self._leaving_at = float("-inf")  # when the window was to be closed during a film
        self.journal = Journal.of_user()
        self.explorer = Explorer(
            shot.preset,
            journal=self.journal,
            time=shot.time,
            presets=[partial(_usable, name) for name in names()],
            names=names(),
            favourites=Favourites(favourites_path()),
        )
        self.explorer.pointed = self._pointed
        self.explorer.pointed_place = self._pointed_place
        self.words = ViewWords()
        self.filling = Filling()
        self.hud = Hud(on=hud)
        self.events = Events(window, self.explorer, self.hud, self)
        self.thumbnails = Thumbnails(window.ctx, self.renderer, self.engines, thumbnails_folder())
        kept = self.explorer.favourites.folder
        near = [output_dir, Path(), *([source.parent] if source else []), *([kept] if kept else [])]
        self.collection = Collection(near)
        self.interface = Interface(self)
        self._opening = Opening()
        # Why the network file that was named could not be opened; None if none was.
        self.network_problem: str | None = None
        self.image_problem: str | None = None  # the same of an image
        self.asking: Asking | None = None  # about a network whose file does not say enough
        self.reports = Reports(self)
        self.names: dict[str, str] = {}  # the user's labels of keys bound by position
        self.adviser = Adviser()
        self._weights = Weights()
        self._shown = self._weights.follow(self.explorer.preset, 0.0)
        self.explorer.learning.wake = self.explorer.growing.wake = glfw.post_empty_event
        self._wanted_at = wall.perf_counter()  # when a different picture was last requested
        self._seen = 0  # the value of canvas.changes that the window shows
        self._longest = 0.0  # seconds of the longest turn since the last picture
        self._turn_at = 0.0
        # When the window shows its words alone, if the first picture takes so long.
        self._patient_until = wall.perf_counter() + PATIENCE
        self._tidied = wall.perf_counter(), 0  # when, and canvas.changes then
        self.lesson = Lesson(self.explorer)
        self.hud.caption = self.caption = Caption(self.lesson)
        self._strip = 0  # height of the caption below the picture, in pixels
        self.picture = Rect(0, 0, 1, 1)  # where the picture lies in the window
        self._lightness_of = -1  # the value of canvas.pictures when it was last measured
        self._looked_for: object = None  # the preset for which the widgets' colours were chosen
        self._problems: dict[str, str] = {}  # shown until they are fixed
        self._trace = Trace()
        self._saver = ThreadPoolExecutor(1, "cppn_gl-saving")
        self._saving: Future[str] | None = None
        self._helper_started = self._presented = False
        self._views = list(ALL)  # not imported yet
        self._drawn = deque([wall.perf_counter()], maxlen=30)  # finish times, for the frame rate
        self._preset_watch = Watch(lambda: [source] if source else [])
        self._shader_watch = Watch(shader_files)
        self._network_watch = Watch(lambda: filter(None, [self._network_file]))
        self._reread_at: float | None = None  # when the changed network file is to be read

    def take_tour(self, number: int) -> None:
        """Begin the tour at a page, from 1. The page's preset is shown already."""
        self.names = self.caption.names = labels()
        self.lesson.start(number, keep=False)

    # Actions of the window; those of the exploration are methods of Explorer

    def do_quit(self, large: bool = False) -> None:
        self.window.is_closing = True

    def do_escape(self, large: bool = False) -> None:
        """Close what is open over the picture, or leave the tour, or else close the window."""
        if self.interface.close_one() or self.hud.close_one():
            return
        if self.lesson.on:
            self.lesson.leave()
        else:
            self.do_quit()

    def do_next_overlay(self, large: bool = False) -> None:
        """Show the HUD, the panel, or nothing, in turn (Shift: the chooser)."""
        if large:
            self.do_toggle_chooser()
        elif self.interface.is_open("panel"):
            self.interface.show("panel", False)
            self.hud.on = False
        elif self.hud.on and self.interface.load():
            self.do_toggle_panel()
        else:
            self.hud.on = not self.hud.on
            self.explorer.message = self.interface.problem

    def do_toggle_panel(self, large: bool = False) -> None:
        """Open the panel, or close it."""
        self.hud.on = True
        if not self.interface.show("panel", not self.interface.is_open("panel")):
            self.explorer.message = self.interface.problem

    def do_find(self, large: bool = False) -> None:
        """Open the panel, and let the keyboard search its keys."""
        if not self.interface.find():
            self.explorer.message = self.interface.problem

    def do_toggle_chooser(self, large: bool = False) -> None:
        """Open the chooser of presets, or close it."""
        if not self.interface.show("chooser", not self.interface.is_open("chooser")):
            self.explorer.message = self.interface.problem

    def do_toggle_tour(self, large: bool = False) -> None:
        """Begin the tour, or go on where it was left; or leave it."""
        self.names = self.caption.names = labels()
        if self.lesson.on:
            self.lesson.leave()
        else:
            self.hud.on = True
            self.lesson.start()

    def choose(self, entry: Entry) -> bool:
        """Explore what the chooser lists, as one step; whether it can be read."""
        self.events.new_gesture()
        chosen = True
        if entry.source == RANDOM and entry.preset is not None:  # the one in the picture
            self.explorer.choose(entry.preset)
        else:
            chosen = self.explorer.take(entry.source)
        self.explorer.history.finish()
        self.hud.say(self.explorer.message, wall.perf_counter())
        return chosen

    def drop(self, paths: Sequence[str]) -> None:
        """Open the first of some files that were dropped on the window."""
        self.network_problem = self.image_problem = None
        self.hud.say(self._opening.drop(paths, self.explorer.preset), wall.perf_counter())

    def open_network(self, path: Path, given: dict[str, Any] | None = None) -> None:
        """Open a network file of the user's, with the view and colours that are shown.

        `given`: keys of [preprocess], by dotted name.
        """
        self.network_problem = ""
        now = wall.perf_counter()
        self.hud.say(self._opening.network(path, self.explorer.preset, given), now)

    def ask(self, path: Path, problem: str) -> None:
        """Ask in the panel how a network reads pictures, of which its file says nothing."""
        from cppn_gl.viewer.asking import Asking  # most sessions need none

        if self.asking is None or self.asking.path != path:
            self.asking = Asking(path, problem)
        self.asking.problem = problem
        self.interface.show("panel")

    def answer_asked(self) -> None:
        """Open the network that was asked about, as answered; or say what is missing."""
        asking = self.asking
        if asking is None:
            return
        try:
            self.open_network(asking.path, asking.keys())
        except PresetError as error:
            asking.problem = str(error)

    def open_image(self, path: Path) -> None:
        """Let an image file of the user's, or a camera, be the input of what is shown."""
        if is_camera(name := str(path)):
            self.explorer.change(name, **{"input.image": name})
            self.image_problem = None
            return
        self.image_problem = ""
        self.hud.say(self._opening.image(path, self.explorer.preset), wall.perf_counter())

    def _open_read(self, now: float) -> None:
        """Explore a file that has been read, as one step; or say what is wrong with it."""
        answer = self._opening.answer()
        if answer is None:
            return
        if answer.again:
            self._refresh(answer, now)
            return
        message = answer.problem
        if self.image_problem is not None:
            self.image_problem = answer.problem
        if self.network_problem is not None:
            self.network_problem = answer.problem
        if answer.asks is not None:
            self.ask(answer.asks, answer.problem)
        elif answer.preset is not None:
            self.asking = None
        if answer.preset is not None:
            self.interface.show("chooser", False)
            self.events.new_gesture()
            self.explorer.choose(answer.preset, answer.time, answer.words)
            self.explorer.history.finish()
            message = "; ".join(filter(None, (self.explorer.message, answer.note)))
        self.hud.say(message, now)

    def connect(self, gui: Any) -> None:
        """Let the widgets take input, and their edits be history steps."""
        self.names = labels()
        gui.gesture, gui.finish = self.events.new_gesture, self.explorer.history.finish
        self.events.gui = gui

    def do_toggle_help(self, large: bool = False) -> None:
        self.hud.explain.close()
        self._toggle(self.hud.help)

    def do_explain(self, large: bool = False) -> None:
        """Explain what is shown, or close the explanation."""
        self.hud.help.close()
        self._toggle(self.hud.explain)

    def _toggle(self, booklet: Booklet) -> None:
        """Open or close pages over the picture; a panel that leaves no room for them is closed."""
        booklet.toggle()
        self.names = labels()  # the keyboard layout may have changed
        size = framebuffer_size(self.window)
        if booklet.open and self.hud.crowded(size, font_size(size, content_scale(self.window))):
            self.interface.show("panel", False)

    def do_next_help(self, large: bool = False) -> None:
        """Show the help, the explanation, or neither, in turn."""
        if self.hud.help.open or self.hud.explain.open:
            self.do_explain()
        else:
            self.do_toggle_help()

    def do_toggle_fullscreen(self, large: bool = False) -> None:
        self.window.fullscreen = not self.window.fullscreen

    def do_screenshot(self, large: bool = False) -> None:
        """Save the picture at the window's full resolution, without the HUD."""
        self._try(lambda: self.captures.still(self._shot(), self.scene, self.folder))

    def do_film(self, large: bool = False) -> None:
        """Open or close the dialog of films; without it, or with Shift, record frames."""
        shown = not self.interface.is_open("film")
        if not (large or self.captures.recording):
            self.explorer.learning.pause()  # the film is of the step shown
        if large or self.captures.recording or not self.interface.show("film", shown):
            self._record()

    def film_shot(self, wishes: Wishes) -> Shot:
        """What a film shows: its preset, size and samples."""
        preset = self._viewable()
        if wishes.training and trains(preset):
            preset = training_film(preset, last_moment(wishes.frames, wishes.fps))
        return Shot(preset, wishes.size, samples=wishes.samples)

    def make_film(self, wishes: Wishes) -> None:
        """Begin to make a film of what is shown."""
        try:
            self.filming.start(self.film_shot(wishes), wishes, self.folder)
        except CaptureError as error:
            self.filming.problem = str(error)

    def _record(self) -> None:
        """Start recording every frame, or stop."""
        if self.captures.recording:
            frames = (self.captures.recorded or (0.0, 0))[1]
            self.explorer.message = self.captures.stop()
            folder = self.captures.folder
            if folder is not None and frames:
                self.explorer.message = self.reports.keep(
                    folder, recorded_words(folder, frames, self._film)
                )
            return
        self._try(lambda: self.captures.start(self._shot(), self.folder))

    def do_save_preset(self, large: bool = False) -> None:
        """Save the preset as a TOML file."""
        preset, note = self.explorer.shown, ""
        spec = preset.spec
        if isinstance(spec, File) and not self._file_is_good(spec):
            if spec.redistribute:  # the weights shown get a file of their own
                spec = dataclasses.replace(spec, file=spec.label, sha256="")
                preset, note = dataclasses.replace(preset, spec=spec), " with the weights shown"
            else:
                note = f" (it opens once {spec.label} can be read)"

        def save() -> str:
            path = free_name(self.folder, preset.name, ".toml")
            save_preset(path, preset)
            words = saved_words(path, self.picture.size, self.larger, note)
            return self.reports.keep(path, words)

        if preset.learns:  # its weights may have to be trained again first
            self._saving = self._saver.submit(save)
            self.explorer.message = "saving …"
        else:
            self._try(save)

    def do_save_page(self, large: bool = False) -> None:
        """Save a web page that shows live what is shown, as it is at this moment."""
        if self._saving is not None:
            self.explorer.message = "still saving …"
            return
        shot, size = self._shot(), self.picture.size
        spec = shot.preset.spec
        if isinstance(spec, File) and not self._file_is_good(spec):
            self.explorer.message = f"no page before {spec.label} can be read"
            return

        def save() -> str:
            from cppn_gl.output.web.page import page_of  # most sessions need none

            path = write_new(self.folder, shot.preset.name, ".html", page_of(shot))
            return self.reports.keep(path, saved_words(path, size))

        self._saving = self._saver.submit(save)
        self.explorer.message = "saving a web page …"

    def _finish_saving(self, now: float) -> None:
        """Tell what became of a file that was saved in a thread."""
        saving = self._saving
        if saving is not None and saving.done():
            self._saving = None
            self.explorer.message = ""
            self._try(saving.result)
            self.hud.say(self.explorer.message, now)

    def _try(self, action: Callable[[], str]) -> None:
        """Show the action's message, or its error."""
        try:
            self.explorer.message = action()
        except (CaptureError, PresetError) as error:
            self.explorer.message = str(error)

    def _file_is_good(self, spec: File) -> bool:
        """Whether a network's file can be read, as far as is known."""
        return spec.path is None or ("network" not in self._problems and spec.path.exists())

    # The loop

    def loop(self) -> None:
        """Run until the window is closed."""
        last = wall.perf_counter()
        spec = self.explorer.preset.spec
        if isinstance(spec, File):
            self.hud.say(spec.assumed, last)
        while not self._leaves():
            now = wall.perf_counter()
            self._turn(now, min(now - last, 0.25))
            last = now
            self._wait(FRAME - (wall.perf_counter() - now))

    def _leaves(self) -> bool:
        """Whether the window is to close: during a film only when it is closed twice."""
        if not self.window.is_closing or not self.filming.busy:
            return bool(self.window.is_closing)
        now = wall.perf_counter()
        again = now - self._leaving_at < CLOSE_AGAIN
        self.window.is_closing, self._leaving_at = again, now
        return again

    def _follow_film(self, now: float) -> None:
        """Tell how far the film is that is being made, and where it was saved."""
        path = self.filming.turn(now)
        job = self.filming.job
        self.hud.film = f"film {job.words}" if job is not None else ""
        if path is not None:
            words = saved_words(path, self.picture.size)
            self.hud.say(self.reports.keep(path, words), now)
        elif self.filming.problem and not self.interface.is_open("film"):
            self.hud.say(self.filming.problem, now)
            self.filming.problem = ""
        self._problems.pop("film", None)
        if job is not None and now - self._leaving_at < CLOSE_AGAIN:
            self._problems["film"] = f"a film is being made ({job.words}): close again to drop it"

    def _turn(self, now: float, elapsed: float) -> None:
        self._turn_at = now
        self.events.turn(now)
        self._watch(now)
        self._open_read(now)
        self._follow_film(now)
        self._finish_saving(now)
        size = framebuffer_size(self.window)
        if min(size) < 1:
            self._follow_camera(now, shown=False)
            return
        self._pass_time(now, elapsed)
        if self.explorer.busy:
            self.explorer.work(now + WORK_SLICE)
            self.hud.say(self.explorer.message, now)
        self._follow_network(now)
        self.lesson.follow()
        self.lesson.advance(MEASURE_SLICE)
        self.hud.seeing = self.explorer.sees
        self.hud.beside = not view_of(self._shown[0]).by_pixel
        self.hud.covered = covered.width if (covered := self.interface.covered) else 0
        self._strip = self.hud.strip(size, content_scale(self.window))
        self._lay_out(size)
        self.explorer.window = self.picture.size
        self.canvas.want(self.scene, self.picture.size)
        # Not both in one turn: a software renderer takes as long to present as a slice.
        self._presented = not self._presented and self._present(size, now)
        if self._weights.busy and self.canvas.front is None:
            self._draw(now)  # something while the first network is measured
        elif not self._presented and not self._weights.busy:
            self._capture(now)
            self._draw(now)
            self._prepare(now)
            self._advise()
            self._see()
            self._draw_thumbnails()
            if self.canvas.finished and self.filling.advance(SLICE):
                self.canvas.repaint()
        self._longest = max(self._longest, wall.perf_counter() - now)
        self._tidy(now)

    def _follow_network(self, now: float) -> None:
        """Train what learns, and find the network to show."""
        explorer = self.explorer
        explorer.learning.hold(self._choosing)
        explorer.growing.hold(self._choosing)
        explorer.follow_training()
        explorer.follow_growth()
        if words := explorer.training_words() or explorer.growing_words():
            self.hud.say(words, now)
        self._problems.pop("growing", None)
        if explorer.growing.problem:
            self._problems["growing"] = explorer.growing.problem
        self._follow_camera(now, shown=True)
        self._problems.pop("training", None)
        if explorer.learning.problem:
            self._problems["training"] = explorer.learning.problem
        ready = explorer.learning.ready
        self._shown = self._weights.follow(self._fitting(), WEIGHTS_SLICE, ready)
        if words := self._weights.message:
            self.hud.say(words, now)
        self.filling.follow(*self._shown)

    def _follow_camera(self, now: float, *, shown: bool) -> None:
        """Read the camera that is the input of what is shown, if it is one."""
        live, running = self.explorer.live, shown and self.explorer.running
        drawn = self.canvas.current and not self._choosing
        if words := live.follow(self.explorer.preset, running=running, drawn=drawn):
            self.hud.say(words, now)
        self._problems.pop("camera", None)
        if live.problem:
            self._problems["camera"] = live.problem

    def _lay_out(self, size: tuple[int, int]) -> None:
        """Find the picture's place in a window of `size` pixels."""
        covers = view_of(self._shown[0]).by_pixel
        self.picture = picture_rect(size, panel=self.hud.covered, strip=self._strip, covers=covers)
        self.events.picture = self.picture

    def _tidy(self, now: float) -> None:
        """Return freed memory to the system every TIDY_SECONDS."""
        if now - self._tidied[0] > TIDY_SECONDS and self.canvas.changes != self._tidied[1]:
            self._tidied = now, self.canvas.changes
            memory.return_freed()

    def _fitting(self) -> Preset:
        """The preset at the current time, with a view that can show it."""
        return self.explorer.growth_shown(self._viewable().at(self.explorer.time))

    def _viewable(self) -> Preset:
        """The preset, with the view for any of its kind if its own cannot show it."""
        preset = self.explorer.shown
        self._problems.pop("view", None)
        problem = view_of(preset).unfit(preset.at(self.explorer.time))
        if problem:
            self._problems["view"] = f"the view {preset.show.view} {problem}"
            return preset.replace(**{"show.view": plain_view(preset).name})
        return preset

    def _draw(self, now: float) -> None:
        self.engines.update()
        if not self.canvas.current:
            self._wanted_at = now
        budget = SLICE - CAPTURE_SLICE if self.captures.busy else SLICE
        try:
            if self.canvas.advance(budget, still=self._still(), rest=self._at_rest(now)):
                self._drawn.append(wall.perf_counter())
                self.filling.drawn(self.words)
                self._problems.pop("shader", None)
        except (ShaderError, PresetError) as error:  # the last good picture stays on the screen
            self._problems["shader"] = str(error)

    def _draw_thumbnails(self) -> None:
        """Draw for the open chooser, while the picture under it is complete."""
        if self._choosing:
            complete = self.canvas.rests(still=False) or "shader" in self._problems
            self.thumbnails.advance(SLICE, draws=complete and not self.captures.busy)

    @property
    def _choosing(self) -> bool:
        """Whether the chooser covers the picture, for which time stands still."""
        return self.interface.is_open("chooser")

    def _still(self) -> bool:
        """Whether nothing moves and nothing is captured, so that refinement is worthwhile."""
        busy = self.explorer.changing or self.events.held or self.captures.busy
        return not (busy or self._choosing)

    def _at_rest(self, now: float) -> bool:
        """Whether the user has been idle long enough for a short pause to compile."""
        touched = now - self.events.touched
        if self.explorer.learning.busy or self.explorer.growing.busy:
            return False
        if self.explorer.moving and not (self.events.held or self.captures.busy):
            return touched > LEFT_ALONE
        return self._still() and min(touched, now - self._wanted_at) > SETTLED

    def _advise(self) -> None:
        """Measure what is shown, and say what is wrong with it."""
        if self.explorer.sees:
            self.hud.advice = ""
        elif self.hud.on and self.canvas.current:
            self.adviser.follow(self.explorer, *self._shown, labels)
            self.adviser.advance()
            self.hud.advice = self.adviser.words

    def _see(self) -> None:
        """Compute what an image network makes of its picture, once the view has shown it.

        While it learns there is always another one to be shown.
        """
        shown = self.canvas.current or self.explorer.learning.playing
        if not self.explorer.sees:
            self.explorer.sight.forget()
        elif shown and self.explorer.network is not None and self.explorer.see(MEASURE_SLICE):
            self.hud.touch(wall.perf_counter())

    def _prepare(self, now: float) -> None:
        """Once a picture is shown, have programs compiled ahead: here only while at rest."""
        if self.canvas.front is None:
            return
        if self.hud.on and self._at_rest(now):
            self.interface.load()  # before it is first opened
        if self._views:  # imported one per turn, so that the first press of V does not import all
            ALL[self._views.pop()]
        preset, network = self._shown
        if preset.classifies:  # no shader draws it
            return
        if not self._helper_started:
            self._helper_started = True
            self.engines.start()
        scene = self.canvas.shown
        same = scene is not None and (
            scene.preset.source == preset.source if preset.learns else scene.network is network
        )
        if scene is not None and same:
            self.engines.want(preset, scene, self.picture.size)
        if self._at_rest(now):
            with contextlib.suppress(ShaderError):  # reported when the program is needed
                self.engines.prepare(preset, network)

    def _pass_time(self, now: float, elapsed: float) -> None:
        """Advance the time by the clock, or by a fixed step for each frame while recording."""
        if self.captures.recording and not self.captures.fits(self.picture.size):
            self.hud.say(f"recording stopped: window resized; {self.captures.stop()}", now)
        if not self.captures.recording:
            self.explorer.tick(0.0 if self._choosing else elapsed)
        elif self.captures.ready:
            self.captures.frame(self._shot(), self.scene)
            self.explorer.tick(self.captures.frame_seconds)

    def _capture(self, now: float) -> None:
        """Work on pending captures."""
        try:
            message = self.captures.advance(CAPTURE_SLICE)
        except CaptureError as error:
            message = str(error)
        path, self.captures.saved = self.captures.saved, None
        if path is not None:
            message = self.reports.keep(path, saved_words(path, self.picture.size, self.larger))
        if message:
            self.hud.say(message, now)

    def _wait(self, seconds: float) -> None:
        """Handle events until the next frame is due; wait longer if nothing is to be drawn."""
        try:
            self._handle(seconds)
        except UnicodeDecodeError:  # of glfw, which decodes what is dropped
            words = "the dropped file's name is not UTF-8: rename the file, then drop it again"
            self.hud.say(words, wall.perf_counter())

    def _handle(self, seconds: float) -> None:
        minimised = min(framebuffer_size(self.window)) < 1
        if minimised or self._resting():
            glfw.wait_events_timeout(IDLE_WAIT)
        elif seconds > 0.001 and not (self.canvas.busy or self._unshown or self._working):
            glfw.wait_events_timeout(seconds)
        else:
            glfw.poll_events()

    def _resting(self) -> bool:
        busy = self.events.held or self.captures.busy or not self.canvas.rests(self._still())
        fading = self.hud.on and 0 < self.hud.opacity(wall.perf_counter()) < 1
        busy = busy or self._unshown or self._working or self.adviser.busy or self._opening.busy
        busy = busy or self._saving is not None
        if self._choosing:
            return not (busy or self.thumbnails.busy or self.interface.restless)
        return not (self.explorer.changing or busy or fading or self.interface.restless)

    @property
    def follows_network(self) -> bool:
        """Whether the network explored is not drawn yet, so that another one is shown."""
        return self._weights.busy or not alike(self._shown[0], self.explorer.preset)

    @property
    def _working(self) -> bool:
        """Whether the preset or its weights are being drawn, or numbers of a page measured."""
        weights = self._weights.busy
        weights = weights or (self.explorer.sees and self.explorer.sight.busy)
        busy = weights or self.explorer.busy or self.lesson.busy or self.reports.busy
        return busy or self.filling.busy

    @property
    def _unshown(self) -> bool:
        """Whether the canvas has changes that the window does not show yet."""
        return self.canvas.changes != self._seen

    @property
    def scene(self) -> Scene:
        """The scene to show: the newest whose random weights are complete."""
        preset, network = self._shown
        return scene_of(preset, self.explorer.time, network)

    def _shot(self) -> Shot:
        size = self.picture.size
        scene = self.scene
        engine = str(self.engines.pick(scene).engine)
        view = view_of(scene.preset)
        # Views drawn pixel by pixel can be rendered again from the file with any sample count.
        samples = 1 if view.by_pixel else view.samples
        return Shot(self._shown[0], size, self.explorer.time, samples, engine)

    def _pointed(self) -> Hit | None:
        """The item under the cursor in the picture shown."""
        scene, size = self.canvas.shown, self.picture.size
        if scene is None or min(size) < 1:
            return None
        return view_of(scene.preset).hit(scene, size, to_pixel(self.explorer.cursor, size))

    def _pointed_place(self) -> tuple[float, float, float] | None:
        """x and y under the cursor in the plane shown, and how much a pixel is there."""
        scene, size = self.canvas.shown, self.picture.size
        if scene is None or min(size) < 1:
            return None
        point = view_of(scene.preset).point(scene, size, to_pixel(self.explorer.cursor, size))
        return None if point is None else (point.x, point.y, 2 * scene.view.extent / min(size))

    def _present(self, size: tuple[int, int], now: float) -> bool:
        """Update the window; False if nothing has changed."""
        for name, problem in (("journal", self.journal.problem), ("helper", self.engines.problem)):
            self._problems.pop(name, None)
            if problem:
                self._problems[name] = problem
        self.hud.problem = " · ".join(self._problems.values())
        self.reports.update(now)
        words = self.words.panels(
            self.canvas.shown, self.picture.size, self._cursor(), self.canvas.pictures
        )
        scale = content_scale(self.window)
        panels = [*words, *self.hud.panels(size, scale, now, self.names)]
        self.events.panels = panels
        front = self.canvas.front
        if front is None and now < self._patient_until:
            return False
        unit = LEADING * font_size(size, scale)
        calm = self.explorer.learning.playing
        self.interface.frame(now, size, unit, self._interface_look(), calm=calm)
        changes = self.canvas.changes + self.interface.frames
        if self.screen.shows(changes, size, panels) and not self.events.exposed:
            return False
        self._seen, self.events.exposed = self.canvas.changes, False
        self.screen.entitle(f"{self.explorer.title} – cppn_gl")
        over = self.interface.render
        boxes = self.canvas.dithered(self.picture.size)
        self.screen.show(self.renderer.presenter, front, panels, size, self.picture, over, boxes)
        if self._trace.on and front is not None:
            self._trace.clickable(self.interface.places, panels)
            self._trace.told(self.hud.words(now))
            shown, time = self.canvas.shown, self.explorer.time
            longest = 1000 * max(self._longest, wall.perf_counter() - self._turn_at)
            time = shown.clock.time if shown else time
            if self._trace.picture(
                self.canvas, self._shown[0], self.picture.size, longest=longest, time=time
            ):
                self._longest = 0.0
        return True

    def _interface_look(self) -> object:
        """What the widgets show, to be compared: they are drawn again when it changes."""
        explorer = self.explorer
        time = round(explorer.time, 1) if explorer.moving else explorer.time
        self._follow_lightness()
        pointed = explorer.cursor if self.events.pointing else None
        drawn = self.canvas.pictures, self.thumbnails.version, self.collection.version
        film = self.filming.version, explorer.sight.number
        return explorer.history.now, time, explorer.running, drawn, pointed, film

    def _follow_lightness(self) -> None:
        """Choose the widgets' colours for the picture under them: once, if it is not another."""
        covered, front, shown = self.interface.covered, self.canvas.front, self.canvas.shown
        if covered is None:
            self._looked_for = None
        if covered is None or front is None or shown is None:
            return
        chosen = self._looked_for is self.explorer.loaded
        over = covered.x < self.picture.width  # not beside the picture
        if chosen:
            moves = self.explorer.changing or self.events.held or not self.canvas.current
            if moves or not over or self._lightness_of == self.canvas.pictures:
                return
        elif shown.preset.title != self.explorer.shown.title:  # the picture of the preset before
            return
        self._lightness_of = self.canvas.pictures
        lightness = front.lightness(covered.x / max(1, self.picture.width)) if over else 0.0
        self.interface.follow(lightness, chosen=chosen)
        self._looked_for = self.explorer.loaded

    def _cursor(self) -> tuple[float, float] | None:
        """The pixel under the cursor; None while the mouse is outside the window."""
        if not self.events.pointing:
            return None
        return to_pixel(self.explorer.cursor, self.picture.size)

    def rate_words(self, now: float) -> str:
        """How many pictures a second are drawn while something moves, for the HUD."""
        span = now - self._drawn[0]
        if not (self.explorer.changing or self.events.held) or span <= 0:
            return ""
        rate = (len(self._drawn) - 1) / span
        return f"; {rate:.{0 if rate >= 10 else 1}f} pictures a second"

    @property
    def shown_network(self) -> Network:
        """The network to show."""
        return self._shown[1]

    # Files that change

    def _watch(self, now: float) -> None:
        if self._source and self._preset_watch.changed(now):
            self._reload_preset(self._source, now)
        if self._shader_watch.changed(now):
            self._reload_shaders(now)
        self._watch_network(now)

    @property
    def _network_file(self) -> Path | None:
        """The file of the network shown, if its weights are in one."""
        spec = self.explorer.preset.spec
        return spec.path if isinstance(spec, File) else None

    def _watch_network(self, now: float) -> None:
        """Read the network's file again once it has changed, and rests: it may be half written."""
        if self._network_watch.changed(now):
            self._reread_at = now + QUIET
            self._problems.pop("network", None)
        path = self._network_file
        if self._reread_at is None or now < self._reread_at or self._opening.busy:
            return
        self._reread_at = None
        if path is not None and path.exists():
            self._opening.again(path, self.explorer.preset)

    def _refresh(self, answer: Answer, now: float) -> None:
        """Show the network whose file has changed; of one that cannot be read, say why."""
        shown = self.explorer.preset.spec
        if answer.preset is None:
            self._problems["network"] = f"the last good network is shown: {answer.problem}"
            return
        spec = cast(File, answer.preset.spec)
        if isinstance(shown, File) and shown.path == spec.path and shown != spec:
            self.explorer.refresh(spec)
            self.hud.say(f"reloaded {spec.label}", now)

    def _reload_preset(self, source: Path, now: float) -> None:
        try:
            preset = read_preset(source)
        except PresetError as error:
            self._problems["preset"] = str(error)
            return
        self._problems.pop("preset", None)
        self.events.new_gesture()
        self.explorer.reload(preset)
        self.hud.say(f"reloaded {source.name}", now)

    def _reload_shaders(self, now: float) -> None:
        try:
            self.renderer.reload(self.scene.network)
        except ShaderError as error:
            self._problems["shader"] = str(error)
            return
        self._problems.pop("shader", None)
        self.engines.forget()
        self.canvas.invalidate()
        self.hud.say("reloaded the shaders", now)

    def close(self) -> None:
        """Finish pending captures and free everything."""
        self._trace.close()
        self.engines.close()
        self.filming.close()
        self.window.visible = False  # pending captures are drawn without it
        self.explorer.history.finish()
        try:
            self.captures.close()
            self.explorer.learning.close()
            self.explorer.growing.close()
            self.filling.close()
            self.explorer.live.close()
            self._saver.shutdown()
        finally:
            self.canvas.release()
            self.collection.release()
            self.thumbnails.release()
            self.interface.release()
            self.screen.release()
            self.renderer.release()
