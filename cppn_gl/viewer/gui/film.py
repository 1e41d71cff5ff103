"""The dialog of films: what kind, how long, how large, how good; then how far it is.

    rows of choices -> Wishes -> Filming.estimate(), start() -> a bar, and the time left

The mouse reaches everything, and so do the keys: arrows choose a row and its value, Enter begins.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from imgui_bundle import imgui

from cppn_gl.output.films import VideoFormat
from cppn_gl.preset.looping import film_seconds, jumps, loop_of
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import SIZE
from cppn_gl.preset.training_film import trains
from cppn_gl.utils.arrays import Samples, Size
from cppn_gl.utils.checks import pair
from cppn_gl.utils.files import safe_stem
from cppn_gl.viewer import filming
from cppn_gl.viewer.bindings import keys_of
from cppn_gl.viewer.filming import Wishes, duration
from cppn_gl.viewer.gui import drawings
from cppn_gl.viewer.gui.drawings import Vec, accent, ink, tint
from cppn_gl.viewer.gui.widgets import Widgets
from cppn_gl.viewer.layout import Rect
from cppn_gl.viewer.reports import shortened

if TYPE_CHECKING:
    from cppn_gl.viewer.app import App
    from cppn_gl.viewer.gui.base import Gui

# In font sizes:
WIDTH = 30.0
LABEL = 7.0
VALUE = 5.0

DROP = "Backspace"  # the key that drops a film
FRAMES = "frames"  # the kind that is no film: what the window shows, recorded
SIZES: dict[Size, str] = {
    (640, 360): "small",
    (1280, 720): "HD",
    (1920, 1080): "Full HD",
    (3840, 2160): "4K",
    (1080, 1080): "square",
    (1080, 1920): "upright",
}
NOTES = {
    "MP4": "H.264, which plays everywhere",
    "WebM": "VP9, for web pages; smaller than MP4, and slower to make",
    "GIF": "256 colours in all; large; plays everywhere, again and again",
    "WebP": "all colours; plays again and again in browsers",
    FRAMES: "every frame that the window shows, 1/30 s apart, as PNG files, while you use it",
}
# Frames per second: of a GIF, whose frames last hundredths of a second, and of others.
SLOW, USUAL = (10, 20, 25, 50), (24, 25, 30, 60)
SAMPLES: tuple[Samples, ...] = (1, 2, 3, 4, "auto")
WINDOW, OTHER = (0, 0), (-1, -1)  # choices of a size: the window's, and one to be typed


class FilmDialog:
    """The dialog, closed at first. What was chosen stays for the next film."""

    def __init__(self, app: "App"):
        self._app, self._filming = app, app.filming
        self._widgets = Widgets()
        self._open = False
        self.area: Rect | None = None
        self._formats = filming.formats()
        self._missing = filming.missing()
        self._kind = self._formats[0].name if self._formats else FRAMES
        self._seconds: float | None = None  # None: as long as the preset's loop
        self._training = True  # where nothing else moves, films are of the training
        self._fps: float | None = None  # None: the format's usual rate
        self._size: Size = WINDOW
        self._samples: Samples = 2
        self._quality: dict[str, int] = {}
        self._row = -1  # that the arrow keys chose
        self._rows: list[tuple[str, Callable[[int], None]]] = []

    @property
    def open(self) -> bool:
        """Whether it is shown. A process that only estimates ends when it is closed."""
        return self._open

    @open.setter
    def open(self, open: bool) -> None:
        if not open and self._open and not self._filming.busy:
            self._filming.stop()
        if open and not self._open:
            self._row = -1
            self._filming.saved, self._filming.problem = None, ""
        self._open = open

    # What is chosen

    @property
    def _format(self) -> VideoFormat | None:
        return next((one for one in self._formats if one.name == self._kind), None)

    def _wishes(self, format_: VideoFormat) -> Wishes:
        app, view = self._app, self._app.explorer.view
        size = app.picture.size if self._size == WINDOW else self._size
        if format_.even:
            size = max(2, size[0] - size[0] % 2), max(2, size[1] - size[1] % 2)
        usual = format_.quality.usual if format_.quality else None
        return Wishes(
            format_,
            size,
            self._seconds or film_seconds(app.explorer.preset),
            self._fps or format_.fps,
            self._samples if view.by_pixel else view.samples,
            self._quality.get(format_.name, usual),
            self._training and _still(app.explorer.preset) and trains(app.explorer.preset),
        )

    # Keys

    @property
    def keys(self) -> "FilmDialog | None":
        """It takes all keys, but for those that a text field needs."""
        return None if self._widgets.editing else self

    def press(self, key: str, shift: bool) -> None:
        """Choose a row, change its value, or begin."""
        if key in ("Up", "Down") and self._rows:
            by = 1 if key == "Down" else -1
            start = -1 if by > 0 else 0
            self._row = ((start if self._row < 0 else self._row) + by) % len(self._rows)
        elif key in ("Left", "Right") and 0 <= self._row < len(self._rows):
            self._rows[self._row][1](1 if key == "Right" else -1)
        elif key == "Enter" and not self._filming.busy:
            self._begin()
        elif key == DROP and self._filming.busy:
            self._filming.stop()
        elif key in (keys_of("film"), keys_of("pause")):
            self._app.events.perform("film" if key == keys_of("film") else "pause", shift)

    def letter(self, char: str) -> None:
        """Letters mean nothing here."""

    # What it does

    def _begin(self) -> None:
        if self._kind == FRAMES:
            self._app.interface.show("film", False)
            self._app.events.perform("film", large=True)
        elif (format_ := self._format) is not None:
            self._app.make_film(self._wishes(format_))

    # Drawing

    def draw(self, gui: "Gui") -> None:
        """Draw within an imgui frame."""
        covered = self._app.interface.covered
        room = gui.size[0] - (covered.width if covered else 0)
        if room < 0.9 * WIDTH * gui.unit:
            room = gui.size[0]
        width, most = min(WIDTH * gui.unit, 0.96 * room), 0.96 * gui.size[1]
        imgui.set_next_window_pos(Vec(room / 2, gui.size[1] / 2), imgui.Cond_.always, Vec(0.5, 0.5))
        imgui.set_next_window_size_constraints(Vec(width, 0), Vec(width, most))
        self._widgets.begin(gui, round((room - width) / 2))
        of = imgui.WindowFlags_
        flags = of.no_title_bar | of.no_resize | of.no_collapse | of.no_move
        flags |= of.no_saved_settings | of.no_nav | of.always_auto_resize
        if self.area is None or self.area.height < most - 1:  # there is room for all
            flags |= of.no_scrollbar
        pad, ground = 0.9 * gui.unit, imgui.get_style_color_vec4(imgui.Col_.window_bg)
        imgui.push_style_color(
            imgui.Col_.window_bg, imgui.ImVec4(ground.x, ground.y, ground.z, 0.97)
        )
        imgui.push_style_var(imgui.StyleVar_.item_spacing, Vec(0, 0.12 * gui.unit))
        imgui.push_style_var(imgui.StyleVar_.window_padding, Vec(pad, pad))
        imgui.begin("film", None, flags)
        self._rows = []
        if self._filming.job is not None:
            self._progress(gui)
        else:
            self._choices(gui)
        place, size = imgui.get_window_pos(), imgui.get_window_size()
        before, self.area = self.area, Rect(*map(round, (place.x, place.y, size.x, size.y)))
        if self.area != before:  # it fits its content in the next frame, and stands elsewhere then
            gui.places = {n: at for n, at in gui.places.items() if not n.startswith("film ")}
            gui.touch()
        imgui.end()
        imgui.pop_style_var(2)
        imgui.pop_style_color()

    def _heading(self, words: str) -> None:
        widgets, unit = self._widgets, self._widgets.unit
        _, (x, y, width, _) = widgets.area("film heading", widgets.room() - widgets.high)
        widgets.write(words, x, y, ink(), width=width, font=widgets.gui.fonts.bold)
        widgets.next(0)
        if widgets.icon("film close", "close"):
            self._app.interface.show("film", False)
        widgets.tip("close", below="key Esc")
        imgui.dummy(Vec(1, 0.3 * unit))

    def _choices(self, gui: "Gui") -> None:
        self._heading(f"Film of “{self._app.explorer.title}”")
        self._kinds()
        format_ = self._format
        wishes = None if format_ is None else self._wishes(format_)
        problem = ""
        if format_ is not None and wishes is not None:
            self._length(wishes)
            self._rate(format_, wishes)
            self._sides(wishes)
            if self._app.explorer.view.by_pixel:
                self._several()
            self._good(format_, wishes)
            problem = wishes.problem(self._app.folder)
            if not problem:
                self._estimate(wishes)
            self._facts(wishes)
        problem = self._widgets.problem or problem or self._filming.problem
        if problem:
            self._note(problem, tint(drawings.PROBLEM), "film problem")
        elif self._filming.saved is not None:
            self._note(f"saved {shortened(self._filming.saved)}", accent(), "film saved")
        imgui.dummy(Vec(1, 0.5 * self._widgets.unit))
        words = "start recording" if format_ is None else "make the film"
        if self._widgets.chip("film start", words, on=True, key="Enter") and not problem:
            self._begin()
        self._widgets.next(0.5)
        if self._widgets.chip("film cancel", "close", key="Esc"):
            self._app.interface.show("film", False)

    def _estimate(self, wishes: Wishes) -> None:
        """Find out how long it takes, unless something is being changed."""
        shot, events = self._app.film_shot(wishes), self._app.events
        if not (events.held or imgui.is_any_item_active()):
            self._filming.estimate(shot)

    # Rows

    def _label(self, label: str, change: Callable[[int], None], help: str) -> None:
        """The label of a row, which arrow keys may choose; the cursor stands after it."""
        widgets, unit = self._widgets, self._widgets.unit
        chosen = len(self._rows) == self._row
        self._rows.append((label, change))
        wide = min(LABEL * unit, 0.3 * widgets.room())
        _, (x, y, _, height) = widgets.area(f"film label {label}", wide)
        if chosen:
            ends = Vec(x - 0.45 * unit, y + 0.15 * unit), Vec(x - 0.3 * unit, y + height)
            imgui.get_window_draw_list().add_rect_filled(*ends, accent())
            widgets.gui.mark(f"film row {label}")
        widgets.write(label, x, y, accent() if chosen else ink(0.72), width=wide - 0.3 * unit)
        widgets.tip(help, heading=label)
        imgui.same_line(0, 0)
        self._left = imgui.get_cursor_pos_x()

    def _chips(
        self, name: str, now: Any, choices: Sequence[Any], words: Callable[[Any], str] = str
    ) -> Any:
        """Choices side by side, in as many lines as they need; the one that was clicked."""
        chosen, widgets = None, self._widgets
        for number, choice in enumerate(choices):
            if number:
                widgets.next(0.2)
                if not widgets.fits(words(choice)):
                    imgui.new_line()
                    imgui.set_cursor_pos_x(self._left)
            if widgets.chip(f"film {name} {words(choice)}", words(choice), on=choice == now):
                chosen = choice
        return chosen

    def _note(self, words: str, color: int, name: str = "") -> None:
        """A line below a row, or below all."""
        self._widgets.paragraph(words, color)
        if name:
            self._widgets.gui.mark(name)

    def _below(self, words: str) -> None:
        """A note in the column of the values."""
        imgui.set_cursor_pos_x(self._left)
        imgui.begin_group()
        self._widgets.paragraph(words, ink(0.6))
        imgui.end_group()

    def _kinds(self) -> None:
        kinds = [*(one.name for one in self._formats), FRAMES]

        def change(by: int) -> None:
            self._kind = _stepped(kinds, self._kind, by)

        self._label("kind", change, "The kind of file, or frames as you explore.")
        self._kind = self._chips("kind", self._kind, kinds) or self._kind
        self._below(NOTES.get(self._kind, ""))
        if self._missing:
            self._below(self._missing)
            self._widgets.gui.mark("film missing")
        if self._kind == FRAMES:
            self._below(f"{keys_of('film')} stops it; Shift+{keys_of('film')} begins at once")

    def _length(self, wishes: Wishes) -> None:
        widgets, unit = self._widgets, self._widgets.unit
        preset = self._app.explorer.preset
        period = loop_of(preset).period

        def change(by: int) -> None:
            self._seconds = max(1.0, float(round(wishes.seconds) + by))

        self._label("length", change, "In seconds.")
        typed = widgets.value(
            "film seconds",
            f"{wishes.seconds:g} s",
            f"{wishes.seconds:g}",
            VALUE * unit,
            left=True,
            refuse=_no_number,
        )
        if typed is not None:
            self._seconds = _number(typed)
        widgets.next(0.4)
        if period is not None:
            own = self._seconds in (None, period)
            if widgets.chip("film loop", f"one loop, {period:.4g} s", on=own):
                self._seconds = None
            if jumps(wishes.seconds, period):
                self._below("not a whole number of loops: the film jumps where it begins again")
                widgets.gui.mark("film jump")
            return
        if _still(preset) and trains(preset):
            words = f"of the training, to step {preset.train.steps:,}"
            if widgets.chip("film training", words, on=self._training):
                self._training = not self._training
            return
        words = "it never returns" if preset.animated else "nothing moves in this preset"
        _, (x, y, width, _) = widgets.area("film still", widgets.room())
        widgets.write(words, x, y, ink(0.6), width=width)

    def _rate(self, format_: VideoFormat, wishes: Wishes) -> None:
        widgets = self._widgets
        usual = SLOW if format_.fps < USUAL[2] else USUAL

        def change(by: int) -> None:
            self._fps = max(1.0, wishes.fps + by)

        self._label("frames a second", change, "More are smoother, and take longer.")
        typed = widgets.value(
            "film fps",
            f"{wishes.fps:g}",
            f"{wishes.fps:g}",
            VALUE * widgets.unit,
            left=True,
            refuse=_no_number,
        )
        if typed is not None:
            self._fps = _number(typed)
        widgets.next(0.4)
        self._fps = self._chips("fps", wishes.fps, usual) or self._fps

    def _sides(self, wishes: Wishes) -> None:
        widgets = self._widgets
        window = self._app.picture.size
        sizes = [WINDOW, *SIZES]

        def change(by: int) -> None:
            self._size = _stepped(sizes, self._size, by)

        def words(size: Size) -> str:
            return {WINDOW: _sized(window), OTHER: "other …"}.get(size, _sized(size))

        def notes(size: Size) -> str:
            return "as the window" if size == WINDOW else SIZES.get(size, "")

        self._label("size", change, "In pixels: width and height.")
        if widgets.editing == "film size typed":
            typed = widgets.value(
                "film size typed", "", "", widgets.room(), left=True, refuse=_no_size
            )
            self._size = pair((typed or "").replace("×", "x")) or self._size
            return
        chosen = widgets.menu(
            "film size",
            self._size,
            [*sizes, OTHER],
            widgets.room(),
            words=words,
            notes=notes,
            note=notes(self._size),
        )
        if chosen == OTHER:
            widgets.edit("film size typed", _sized(wishes.size, "x"))
        elif chosen is not None:
            self._size = chosen

    def _several(self) -> None:
        def change(by: int) -> None:
            self._samples = _stepped(SAMPLES, self._samples, by)

        help = (
            "Per pixel, N×N: more are smoother, and take longer. Auto: as many as each part needs."
        )
        self._label("samples", change, help)
        self._samples = self._chips("samples", self._samples, SAMPLES) or self._samples

    def _good(self, format_: VideoFormat, wishes: Wishes) -> None:
        quality = format_.quality
        if quality is None or wishes.quality is None:
            return
        widgets, unit = self._widgets, self._widgets.unit
        low, high, now = quality.check.low, quality.check.high, wishes.quality
        falls = quality.name == "crf"  # a lower one is better

        def put(value: int) -> None:
            self._quality[format_.name] = min(max(value, low), high)

        self._label(
            "quality",
            lambda by: put(now - by if falls else now + by),
            f"{quality.words[0].upper()}{quality.words[1:]}.",
        )
        place = (now - low) / (high - low)
        usual = (quality.usual - low) / (high - low)
        moved = widgets.slider(
            "film quality",
            1 - place if falls else place,
            widgets.room() - VALUE * unit,
            mark=1 - usual if falls else usual,
        )
        if moved is not None:
            put(round(low + (1 - moved if falls else moved) * (high - low)))
        widgets.next(0)
        _, (x, y, width, _) = widgets.area("film quality shown", VALUE * unit)
        shown = f"CRF {now}" if falls else f"{now}"
        widgets.write(shown, x + width, y, ink(0.95), right=True)

    def _facts(self, wishes: Wishes) -> None:
        """How many frames, how long it will take, and where it will be saved."""
        imgui.dummy(Vec(1, 0.4 * self._widgets.unit))
        seconds = self._filming.seconds
        time = "…" if seconds is None else f"about {duration(seconds * wishes.frames)} to draw"
        count = "1 frame" if wishes.frames == 1 else f"{wishes.frames:,} frames"
        self._note(f"{count} of {_sized(wishes.size)}, {time}", ink(0.95), "film facts")
        folder = shortened(self._app.folder)
        where = "the current folder" if str(folder) == "." else str(folder)
        stem = safe_stem(self._app.explorer.preset.name)
        self._note(f"saved in {where} as {stem}-DATE-TIME{wishes.suffix}", ink(0.6), "film place")

    # While it is made

    def _progress(self, gui: "Gui") -> None:
        job, widgets, unit = self._filming.job, self._widgets, self._widgets.unit
        assert job is not None
        self._heading("Making a film")
        widgets.paragraph(str(shortened(job.path)), ink(0.72))
        imgui.dummy(Vec(1, 0.4 * unit))
        _, (x, y, width, _) = widgets.area("film bar", widgets.room(), 0.7 * unit)
        draw = imgui.get_window_draw_list()
        ends = Vec(x, y), Vec(x + width, y + 0.6 * unit)
        draw.add_rect_filled(*ends, ink(0.14), 0.3 * unit)
        done = job.done / job.frames
        if done > 0:
            end = Vec(x + max(0.6 * unit, width * done), y + 0.6 * unit)
            draw.add_rect_filled(ends[0], end, accent(), 0.3 * unit)
        imgui.dummy(Vec(1, 0.2 * unit))
        count = f"frame {job.done:,} of {job.frames:,}"
        self._note(f"{count} · {job.words}", ink(0.95), "film progress")
        imgui.dummy(Vec(1, 0.5 * unit))
        if widgets.chip("film cancel", "go on in the background", on=True, key="Esc"):
            self._app.interface.show("film", False)
        widgets.next(0.5)
        if widgets.chip("film stop", "drop the film", key=DROP):
            self._filming.stop()
        if self._app.explorer.moving:
            imgui.dummy(Vec(1, 0.3 * unit))
            pause = keys_of("pause")
            widgets.paragraph(f"{pause} pauses the window: then the film is made sooner", ink(0.6))


def _still(preset: Preset) -> bool:
    """Whether nothing moves with time."""
    return loop_of(preset).period is None and not preset.animated


def _stepped(choices: Sequence[Any], now: Any, by: int) -> Any:
    at = choices.index(now) if now in choices else 0
    return choices[(at + by) % len(choices)]


def _sized(size: Size, times: str = "×") -> str:
    return f"{size[0]}{times}{size[1]}"


def _number(text: str) -> float | None:
    try:
        number = float(text.strip().removesuffix("s").replace(",", "."))
    except ValueError:
        return None
    return number if 0 < number < 1e6 else None


def _no_number(text: str) -> str:
    return "" if _number(text) is not None else "expected a number above 0"


def _no_size(text: str) -> str:
    size = pair(text.replace("×", "x"))
    if size is None:
        return "expected a size in pixels like 1280x720"
    try:
        SIZE(size)
    except ValueError as error:
        return str(error)
    return ""
