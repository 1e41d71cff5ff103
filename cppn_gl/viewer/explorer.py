"""The state of an exploration and the actions that the keys are bound to, without OpenGL.

Every action is a method whose only argument is `large` (Shift is held). A change makes a new
Preset and adds it to the history. An action that is not possible changes nothing and sets
`message`.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, cast

from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.draws import INITS
from cppn_gl.nn.file_source import File
from cppn_gl.nn.sources import Layers, NetworkSource, Random
from cppn_gl.preset.axes import parse_axis
from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.preset import MAX_EXTENT, MIN_EXTENT, Preset, Viewport
from cppn_gl.preset.surprise import RANDOM, fresh_seed, surprise_steps
from cppn_gl.preset.tables import resolve
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import CaptureError
from cppn_gl.utils.ladder import ladder, on_ladder, tidy
from cppn_gl.utils.tasks import Stepping
from cppn_gl.viewer.bindings import keys_of
from cppn_gl.viewer.editing import Editing
from cppn_gl.viewer.favourites import Favourites, opened
from cppn_gl.viewer.history import History
from cppn_gl.viewer.journal import Journal, Moment
from cppn_gl.viewer.keeping import MAX_SCALE, MIN_SCALE, Keeper
from cppn_gl.viewer.knobs import change_words, difference
from cppn_gl.viewer.learning import at_step
from cppn_gl.viewer.live import Live, unseeing
from cppn_gl.viewer.points import PointEditing
from cppn_gl.viewer.preset_list import PresetList
from cppn_gl.viewer.seeing import Seeing
from cppn_gl.viewer.structuring import Structuring, layer_count
from cppn_gl.viewer.synthesizing import Synthesizing
from cppn_gl.viewer.viewing import LARGE, Viewing, following

ZOOM_STEP = 2 ** (1 / 4)
SCALE_STEP = 2 ** (1 / 16)
PAN_STEP = 0.125  # extents
TIME_STEP = 0.125  # seconds
UNITS, CHANNELS = 8, 10  # with Shift
MAX_TITLE = 200
# Actions whose keys also change a network whose weights are in a file.
CHANGES_FILE = ("deeper", "shallower", "stronger", "weaker", "next_activation")
CHANGED = ", changed"  # after the title of a preset whose network has been changed


class Explorer(Viewing, Structuring, Seeing, Editing, PointEditing, Synthesizing):
    """The preset being explored, its history, time, layer shown and the last message."""

    def __init__(
        self,
        preset: Preset,
        *,
        journal: Journal | None = None,
        time: float = 0.0,
        presets: Sequence[Callable[[], Preset]] = (),
        names: Sequence[str] | None = None,
        favourites: Favourites | None = None,
    ):
        super().__init__()
        self.live = Live()
        self.history = History(self._first(preset), journal or Journal(None))
        self.time = time
        self.running = True  # not paused, whether or not anything depends on time
        self.message = ""
        self.gesture: object = None  # identifies the held key or drag; None outside a gesture
        self.cursor = (0.0, 0.0)  # local coordinates (u, v), the fixed point of a zoom
        self.presets = PresetList(presets, names)
        self.favourites = favourites or Favourites()
        self.guided = False  # captions name the presets
        self.keep_signal = True  # when the activation or the initialisation changes
        self.window = (640, 360)  # the picture's size in pixels
        self._keeper = Keeper()
        self._surprise: Stepping[Preset] | None = None
        self._entered: list[tuple[Moment, float | None]] = []  # to return to, with their times
        self._scale_base = 0.0  # the weight scale that the ladder of steps started from
        # The viewport where a zoom began, its cursor, and the viewport now.
        self._zoom: tuple[Viewport, tuple[float, float], Viewport] | None = None
        self._shown: tuple[Moment, Preset] | None = None

    # What is shown

    @property
    def preset(self) -> Preset:
        return self.live.seeing(self.history.now.preset)

    @property
    def moment(self) -> Preset:
        """The preset with its animated keys at their current values."""
        return self.preset.at(self.time)

    @property
    def home(self) -> Viewport:
        """The viewport that key 0 returns to."""
        return self.history.now.home

    @property
    def loaded(self) -> Preset:
        """The preset as it was loaded or opened, before changes."""
        return self.history.now.loaded or self.preset

    @property
    def layer(self) -> int:
        """The layer shown, from 1; the last one if the whole network is shown."""
        if self.sees:
            return self.unit[0]
        own, last = getattr(self.options, "layer", 0), self.layers
        return min(self.history.now.layer or own or last, last)

    @property
    def layers(self) -> int:
        """The number of layers that can be shown: the depth; of a graph, that of its stages."""
        if self.sees:
            return len(self.eye.stages)
        return layer_count(self.preset.spec)

    @property
    def shown(self) -> Preset:
        """The preset of the picture on the screen."""
        now = self.history.now
        if not now.layer:
            return self.preset
        if self._shown is None or self._shown[0] is not now:
            if self.view.own_layers:
                shown = now.preset.replace(**{"show.layer": now.layer})
            else:
                shown = titled(self._trained().layer_picture(now.layer), self.loaded)
            self._shown = (now, shown)
        return self._shown[1]

    @property
    def title(self) -> str:
        """The title of what is shown, or its name; it says so if the network has been changed."""
        return self.shown.title or self.preset.name

    @property
    def moving(self) -> bool:
        """Whether time runs and the picture depends on it."""
        return self.running and self.preset.animated

    @property
    def changing(self) -> bool:
        """Whether the picture changes by itself: time, a camera, a training or a growth runs."""
        return self.moving or self.learning.busy or self.growing.busy or self.live.busy

    @property
    def zoom(self) -> float:
        """The magnification relative to `home`."""
        return self.home.extent / self.moment.view.extent

    def load(self, preset: Preset) -> None:
        """Explore another preset, starting at its own viewport."""
        self._entered.clear()
        self.release_point()
        self._look(self._first(preset))
        self.running = True

    def _first(self, preset: Preset) -> Moment:
        """The moment in which a preset is explored first."""
        begun = self.begun(preset)
        return Moment(begun, begun.view, loaded=None if begun is preset else preset)

    def reload(self, preset: Preset) -> None:
        """Show the changed preset file at its own viewport and the current time.

        A training goes on if the file changes only what is shown of it.
        """
        before = self.preset
        if preset.learns and preset.source == before.source:
            now = at_step(preset, before.train.steps)
            self._look(Moment(now, preset.view, loaded=preset))
        else:
            self._look(self._first(preset))

    def refresh(self, spec: NetworkSource) -> None:
        """Show what a network's file holds now in the same moment: it is no step of the history.

        So a network that is saved every minute of its training does not fill the history.
        """
        now = self.history.now
        preset, loaded = (
            old and dataclasses.replace(old, spec=spec) for old in (now.preset, now.loaded)
        )
        assert preset is not None
        layer = now.layer if now.layer and now.layer < layer_count(spec) else None
        self.history.replace(Moment(preset, now.home, layer, loaded))

    def revisit(self, moment: Moment) -> None:
        """Explore what was explored before, with the layer that was shown."""
        self._entered.clear()
        self._look(moment)

    @property
    def busy(self) -> bool:
        """Whether `work` has something to do."""
        return self._surprise is not None

    def work(self, deadline: float) -> None:
        """Go on until about `deadline` with what takes several frames: looking for a surprise."""
        if self._surprise is not None and self._surprise.step(deadline):
            preset = self._surprise.result
            assert preset is not None
            self.load(preset)
            self.message = f"random, seed {preset.spec.seed}: {preset.title}"

    def _look(self, moment: Moment) -> None:
        """Make a moment the current one; its title says if the network was changed."""
        if moment.loaded is not None:
            preset = titled(moment.preset, moment.loaded)
            moment = dataclasses.replace(moment, preset=preset)
        self._surprise = None  # what is chosen meanwhile stays
        bare, loaded = unseeing(moment.preset), moment.loaded and unseeing(moment.loaded)
        if bare is not moment.preset or loaded is not moment.loaded:
            moment = dataclasses.replace(moment, preset=bare, loaded=loaded)
        self.history.add(moment, self.gesture)

    def open(self, preset: Preset, words: str, time: float | None = None) -> None:
        """Explore a preset that was selected, at `time` if given; `leave` returns."""
        self._entered.append((self.history.now, None if time is None else self.time))
        self.time = self.time if time is None else time
        other = preset.source != self.preset.source
        if other and preset.title and preset.title == self.preset.title:
            title = f"{preset.title}: {words.partition(':')[0]}"
            preset = preset.replace(title=title[:MAX_TITLE])
        self._look(Moment(preset, preset.view))
        self.message = f"{words}; {keys_of('leave')} returns"

    def change(self, say: str = "", **keys: Any) -> None:
        """Change keys of the preset; the message is `say`, or the keys and their values in words.

        An invalid value only sets the message.
        """
        before = self.preset
        if [".".join(resolve(name)) for name in keys] == ["train.steps"]:
            self.seek(*keys.values())
            return
        try:
            preset = self.restarted(before, before.replace(**keys), keys)
        except PresetError as error:
            self.message = str(error)
            return
        keep = self.history.now.layer
        if keep is not None and (keep >= layer_count(preset.spec) or "show.layer" in keys):
            keep = None
        self._look(Moment(preset, self.home, keep, self.loaded))
        self.message = say or change_words(before, keys)

    def restore(self, *, network: bool = False) -> None:
        """Back to the loaded preset, or to its network only."""
        loaded = self.loaded
        now = self.preset
        back = dataclasses.replace(now, spec=loaded.spec) if network else loaded
        if back.learns:
            back = at_step(back, now.train.steps if back.source == now.source else 0)
        self.message = "nothing was changed"
        if back != now:
            self._look(Moment(back, self.home, None, loaded))
            self.message = "the preset's network" if network else "the preset as it was loaded"

    def changes(self, key: str) -> bool:
        """Whether the network has a key, such as network.depth, that changes it."""
        table, _, name = key.rpartition(".")
        spec = self.moment.spec
        drawn = spec.redrawable or spec.classifies
        has = name in spec.key_names() and (name != "seed" or drawn)
        if name == "depth" and isinstance(spec, Random) and spec.blocks:
            has = False  # it follows from them
        return has or table != "network"

    def _has(self, name: str) -> bool:
        """Whether the network has a key to change; if not, the message says why."""
        if self.changes(f"network.{name}"):
            return True
        spec = self.moment.spec
        if self.sees:
            self.message = self.nothing_drawn()
            return False
        if name == "depth" and isinstance(spec, Random) and spec.blocks:
            self.message = f"the depth, {spec.depth}, is that of its blocks: the panel lists them"
            return False
        self.message = "this preset fixes the weights: only the view and time can be changed"
        if isinstance(spec, File):
            keys = " ".join(keys_of(one) for one in CHANGES_FILE)
            self.message = f"the weights are those of {spec.label}; {keys} change it"
        elif not isinstance(self.loaded.spec, Layers):
            self.message = (
                f"setting a weight fixes the weights: {keys_of('history_back')} takes it back"
            )
        return False

    def _step(self, name: str, by: int) -> None:
        if self._has(name):
            spec = self.moment.spec
            metadata = {f.name: f.metadata for f in dataclasses.fields(spec)}[name]  # type: ignore[arg-type]
            check, old = metadata["check"], getattr(spec, name)
            high = spec.count if isinstance(spec, File) else check.high
            value = min(max(old + by, check.low), high)
            end = f"the {name} ranges from {check.low} to {high}" if value == old else ""
            self.change(end, **{name: value})

    # Depth, width, weights

    def deeper(self, large: bool = False) -> None:
        """Add one layer (Shift: 5); of a network that sees pictures, look at the next."""
        self._deepen(5 if large else 1)

    def shallower(self, large: bool = False) -> None:
        """Remove one layer (Shift: 5); or look at the one before."""
        self._deepen(-5 if large else -1)

    def _deepen(self, by: int) -> None:
        if self.sees:
            self.walk_layers(by)
        else:
            self._step("depth", by)

    def wider(self, large: bool = False) -> None:
        """Add one unit to each hidden layer (Shift: 8); or look at the next channel."""
        self._widen(1, large)

    def narrower(self, large: bool = False) -> None:
        """Remove one unit from each hidden layer (Shift: 8); or look at the channel before."""
        self._widen(-1, large)

    def _widen(self, sign: int, large: bool) -> None:
        if self.sees:
            self.walk_channels(sign * (CHANNELS if large else 1))
        else:
            self._step("width", sign * (UNITS if large else 1))

    def stronger(self, large: bool = False) -> None:
        """Increase the weight scale."""
        self._scale(LARGE if large else 1)

    def weaker(self, large: bool = False) -> None:
        """Decrease the weight scale."""
        self._scale(-LARGE if large else -1)

    def _scale(self, steps: int) -> None:
        if not self._has("weight_scale"):
            return
        old, sign = self._weight_scale, 1 if steps > 0 else -1
        if old < MIN_SCALE and steps > 0:
            self.change(weight_scale=MIN_SCALE)
            return
        if not on_ladder(old, self._scale_base, SCALE_STEP):
            self._scale_base = old
        for count in range(abs(steps), 0, -1):  # as many of the steps as the limits allow
            scale = ladder(old, self._scale_base, SCALE_STEP, sign * count)
            if MIN_SCALE <= scale <= MAX_SCALE:
                self.change(weight_scale=scale)
                return
        self.message = f"the weight scale ranges from {MIN_SCALE:g} to {MAX_SCALE:g}"

    def double_scale(self, large: bool = False) -> None:
        """Double the weight scale (Shift: halve it)."""
        if not self._has("weight_scale"):
            return
        old = self._weight_scale
        scale = old * (0.5 if large else 2.0)  # exact: one undoes the other
        if MIN_SCALE <= scale <= MAX_SCALE:
            self.change(weight_scale=scale)
            return
        limits = f"the weight scale ranges from {MIN_SCALE:g} to {MAX_SCALE:g}"
        verb = "halved" if large else "doubled"
        self.message = f"{limits}: {old:.4g} cannot be {verb}"

    @property
    def _weight_scale(self) -> float:
        return float(self.moment.spec.weight_scale)  # type: ignore[attr-defined]

    def random_seed(self, large: bool = False) -> None:
        """A new random seed: another network of the same structure (Shift: the preset `random`)."""
        if large:
            self._surprise = self._surprise or Stepping(surprise_steps(fresh_seed()))
        elif self.grows:
            self.other_noise(fresh_seed())
        elif self._has("seed"):
            self.change(seed=fresh_seed())

    def next_activation(self, large: bool = False) -> None:
        """The next activation function for all hidden layers (Shift: the previous).

        Of a network that sees pictures, the next method of telling what a unit sees.
        """
        if self.sees:
            self.next_method(large)
        elif self._has("activation"):
            spec = cast(Random | File, self.moment.spec)
            first = spec.hidden_activations[0] if spec.depth > 1 else spec.activation
            name = following(list(ACTIVATIONS), first, large)
            self.redraw(activation=name)

    def next_init(self, large: bool = False) -> None:
        """The next weight initialisation (Shift: the previous).

        Of a network that sees pictures, the next picture.
        """
        if self.sees:
            self.next_picture(large)
        elif self._has("init"):
            name = following(list(INITS), cast(Random, self.moment.spec).init, large)
            self.redraw(init=name)

    def toggle_keeping(self, large: bool = False) -> None:
        """Switch whether A and I keep the signal by another weight scale."""
        if self.sees:
            self.message = self.nothing_drawn()
            return
        self.keep_signal = not self.keep_signal
        says = "choose a weight scale that keeps" if self.keep_signal else "no longer keep"
        but = " (of structures they keep the scale)" if self.preset.spec.structured else ""
        self.message = f"activation and initialisation keys {says} the signal{but}"

    def redraw(self, **key: str) -> None:
        """Change the activation or the initialisation, and the weight scale to keep the signal."""
        words = change_words(self.preset, key)
        if not self._keeps:
            self.change(words, **key)
            return
        old = self.shown.at(self.time)
        new = old.replace(**key)
        kept = self._keeper.scale(old, new, self.time, self.window)
        if kept is None:
            self.change(words, **key)
            return
        scale, says = kept
        change = f"weight scale {cast(Random, old.spec).weight_scale:.4g} → {scale:.4g}"
        self.change(f"{words}, {change} {says}", **key, weight_scale=scale)

    @property
    def _keeps(self) -> bool:
        """Whether another weight scale may keep the signal: none that varies is replaced."""
        sweep = self.preset.sweep
        swept = {key for text in (sweep.rows, sweep.cols) for key in parse_axis(text).keys}
        varies = self.view.name == "sheet" and bool(
            swept & {"weight_scale", "network.weight_scale"}
        )
        drawn = self.preset.spec.redrawable and not self.preset.network_moves
        drawn = drawn and not self.preset.spec.structured  # those would take too long to measure
        return self.keep_signal and drawn and not varies and not self.preset.learns

    # Zoom and pan

    def zoom_in(self, large: bool = False) -> None:
        self.zoom_by(LARGE if large else 1)

    def zoom_out(self, large: bool = False) -> None:
        self.zoom_by(-LARGE if large else -1)

    def zoom_by(self, steps: int) -> None:
        """Zoom in by `steps`, or out by negative ones; the point under the cursor stays fixed."""
        changes = self.view.zoom(self.preset, steps)
        if changes is not None:
            self.change(**changes)
            return
        if self._is_whole():
            return
        view = self.moment.view
        extent = ladder(view.extent, self.home.extent, ZOOM_STEP, -steps)
        if not MIN_EXTENT <= extent <= MAX_EXTENT:
            self.message = f"the extent ranges from {MIN_EXTENT:g} to {MAX_EXTENT:g}"
            return
        # Computed from where the zoom about this cursor began, so that in and out cancel exactly.
        if self._zoom is None or self._zoom[1:] != (self.cursor, view):
            self._zoom = (view, self.cursor, view)
        start = self._zoom[0]
        center = start.center
        if extent != start.extent:
            shift = start.extent - extent
            x, y = (c + w * shift for c, w in zip(start.center, self.cursor, strict=True))
            center = (tidy(x), tidy(y))
        self.change(center=center, extent=extent)
        self._zoom = (start, self.cursor, self.preset.view)

    def pan_by(self, du: float, dv: float) -> None:
        """Move the centre by (du, dv) in local coordinates: 1 is half the shorter side."""
        changes = self.view.drag(self.preset, -du, -dv)
        if changes is not None:
            self.change(**changes)
            return
        if self._is_whole():
            return
        view = self.moment.view
        x, y = view.center
        self.change(center=(tidy(x + du * view.extent), tidy(y + dv * view.extent)))

    def pan_right(self, large: bool = False) -> None:
        self.pan_by(PAN_STEP * (LARGE if large else 1), 0)

    def pan_left(self, large: bool = False) -> None:
        self.pan_by(-PAN_STEP * (LARGE if large else 1), 0)

    def pan_up(self, large: bool = False) -> None:
        self.pan_by(0, PAN_STEP * (LARGE if large else 1))

    def pan_down(self, large: bool = False) -> None:
        self.pan_by(0, -PAN_STEP * (LARGE if large else 1))

    def reset_view(self, large: bool = False) -> None:
        """Back to the preset's own viewport."""
        if not self._is_whole():
            self.change(center=self.home.center, extent=self.home.extent)

    def _is_whole(self) -> bool:
        """Whether a network sees the whole picture, so that nothing is zoomed; the message."""
        if self.sees:
            self.message = "the network sees the whole picture, which is neither zoomed nor moved"
        return self.sees

    # Layers

    def layer_up(self, large: bool = False) -> None:
        """Show the next layer (Shift: 5 layers on)."""
        self._page(5 if large else 1)

    def layer_down(self, large: bool = False) -> None:
        """Show the previous layer (Shift: 5 layers back)."""
        self._page(-5 if large else -1)

    def _page(self, steps: int) -> None:
        changes = self.view.page(self.moment, steps)
        if changes is None:
            self.show_layer(self.layer + steps)
        else:
            self.change(**changes)

    def show_layer(self, layer: int) -> None:
        """Show a layer's picture, or the whole network for the last one."""
        if self.sees:
            self.look_at(layer)
            return
        last = self.layers
        layer = min(max(layer, 1), last)
        words = f"layer {layer} of {last}" if layer < last else "the whole network"
        if self.view.own_layers:
            self.change(words, **{"show.layer": layer if layer < last else 0})
            return
        self._look(Moment(self.preset, self.home, layer if layer < last else None, self.loaded))
        self.message = words

    def enter(self, large: bool = False) -> None:
        """Open or select what is under the cursor, or else open the layer shown as a network."""
        hit = self.pointed()
        if hit is not None and hit.enters is not None:
            self.open(hit.enters, hit.words)
            return
        if self._take(hit):
            return
        if self.sees:
            self.message = self._nothing
            return
        if self.layer == self.layers:
            self.message = (
                f"{self._nothing}; choose a layer with {keys_of('layer_down')}: "
                f"{keys_of('enter')} opens it as a network"
            )
            return
        opened = self.preset.layer_picture(self.layer)
        if self.view.own_layers:
            opened = opened.replace(**{"show.layer": 0})
        self._entered.append((self.history.now, None))
        self._look(Moment(opened, self.home, loaded=self.loaded))
        depth = self.preset.spec.depth
        self.message = f"now a network of depth {depth}; {keys_of('leave')} returns"

    def leave(self, large: bool = False) -> None:
        """Return from what was opened last."""
        if not self._entered:
            self.message = f"nothing was opened that {keys_of('leave')} could return from"
            return
        moment, time = self._entered.pop()
        self.time = self.time if time is None else time
        self._look(moment)

    # Time

    def pause(self, large: bool = False) -> None:
        """Pause or resume time."""
        if not self._moves():
            return
        self.running = not self.running
        self.message = "" if self.running else "paused"

    def _moves(self) -> bool:
        moves = self.preset.animated or self.preset.input.live
        if not moves:
            self.message = "nothing moves: no time input (t, cos_t, sin_t) and no animated key"
        return moves

    def time_on(self, large: bool = False) -> None:
        """Pause, and step time forward to a multiple of TIME_STEP."""
        self._step_time(LARGE if large else 1)

    def time_back(self, large: bool = False) -> None:
        """Pause, and step time back."""
        self._step_time(-LARGE if large else -1)

    def _step_time(self, steps: int) -> None:
        if not self._moves():
            return
        self.running = False
        self.time = round(self.time / TIME_STEP + steps) * TIME_STEP
        self.message = f"time {self.time:g} s"

    def tick(self, seconds: float) -> None:
        """Advance the time, unless it is paused."""
        if self.moving:
            self.time += seconds

    # History and presets

    def history_back(self, large: bool = False) -> None:
        self._walk(-1)

    def history_on(self, large: bool = False) -> None:
        self._walk(1)

    def _walk(self, by: int) -> None:
        self._surprise = None
        before = self.preset
        moved = self.history.step(by)
        place, count = self.history.place
        end = "start of the history" if by < 0 else "end of the history"
        changed = difference(before, self.preset) if moved else ""
        words = f"history: {place} of {count}" if moved else end
        if lost := sorted(self.history.lost):
            state = "is" if len(lost) == 1 else "are"
            words += f"; skipped what needs {', '.join(lost)}, which changed or {state} gone"
        self.message = f"{changed} · {words}" if changed else words

    def next_preset(self, large: bool = False) -> None:
        """The next preset of the list (Shift: the previous)."""
        self.number_preset(self.presets.next(-1 if large else 1, self.preset.name))

    def number_preset(self, number: int) -> None:
        """Explore preset `number` of the list, from 1."""
        try:
            preset = self.presets.take(number)
        except PresetError as error:
            self.message = str(error)
            return
        self.load(preset)
        self.message = "" if self.guided else f"{number}  {preset.title or preset.name}"

    def take(self, source: str, words: str = "") -> bool:
        """Explore the preset of a name or a file; whether it could be read.

        The message is `words` and its title, or what is wrong.
        """
        if source == RANDOM:
            self.random_seed(large=True)
            return True
        try:
            preset, time = opened(source)
        except PresetError as error:
            self.message = f"{words}{error}"
            return False
        self.choose(preset, time, words)
        return True

    def choose(self, preset: Preset, time: float | None = None, words: str = "") -> None:
        """Explore a preset, at `time` if given; P goes on from there."""
        self.time = self.time if time is None else time
        self.presets.number = 0
        self.load(preset)
        self.message = "" if self.guided else f"{words}{preset.title or preset.name}"

    def favourite(self, number: int) -> None:
        """Explore favourite `number`, from 1 to 9."""
        self.take(self.favourites.table()[number], f"favourite {number}: ")
        if self.favourites.problem:
            self.message = f"{self.message} · {self.favourites.problem}"

    def keep(self, number: int) -> None:
        """Make what is shown favourite `number`: by its name, or else as a file of its own."""
        shown = self.shown
        try:
            same = shown.name in shipped() and load_preset(shown.name) == shown
            source = shown.name if same else self.favourites.keep(shown)
            self.favourites.put(number, source)
        except (CaptureError, PresetError) as error:
            self.message = str(error)
        else:
            self.message = f"the key {number} now opens {shown.title or shown.name}"

    def act(self, action: str, large: bool = False) -> None:
        """Perform an action of the binding table: favourite_3 and keep_3 have a number."""
        verb, _, number = action.rpartition("_")
        if number.isdigit():
            getattr(self, verb)(int(number))
        else:
            getattr(self, action)(large)


def titled(preset: Preset, loaded: Preset) -> Preset:
    """The preset, its title marked as CHANGED if its network is not that of the `loaded` one.

    A title that was edited stays.
    """
    marked = loaded.title if loaded.title.endswith(CHANGED) else loaded.title + CHANGED
    if not loaded.title or preset.title not in (loaded.title, marked) or len(marked) > MAX_TITLE:
        return preset
    same = preset.source == loaded.source
    title = loaded.title if same else marked
    return preset if title == preset.title else preset.replace(title=title)
