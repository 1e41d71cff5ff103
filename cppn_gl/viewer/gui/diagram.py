"""The live diagram of the network: units as small pictures, weights as lines that can be dragged.

The picture's Scene -> NetworkMap, Probe -> Diagram.draw(): in a column of an open part's window
mouse -> hover: a unit or a weight in words; click: select; double click: open, or type a number
      -> drag a weight's line or a bias's dot -> Explorer.set_weight, set_bias
"""

import time as wall
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from imgui_bundle import imgui
from numpy.typing import NDArray

from cppn_gl.nn.features import MOVING
from cppn_gl.preset.given import Unit, too_large
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import UnitsOptions
from cppn_gl.utils.tasks import Stepping, within
from cppn_gl.viewer.editing import parameter
from cppn_gl.viewer.gui.style import ACCENT
from cppn_gl.viewer.layout import Rect
from cppn_gl.viewer.network_map import (
    Drawn,
    NetworkMap,
    Plan,
    Probe,
    counts_of,
    lit,
    of_unit,
    plan,
)
from cppn_gl.views.base import quantise
from cppn_gl.views.units.diagram import NEGATIVE, POSITIVE
from cppn_gl.views.units.diverging import tinted
from cppn_gl.views.units.unit_samples import (
    UnitSampleCache,
    UnitSamples,
    UnitSummary,
    sample_size,
    shaded,
    summarize,
    unit_name,
)

if TYPE_CHECKING:
    from cppn_gl.viewer.app import App
    from cppn_gl.viewer.gui.base import Gui

# Seconds of work a frame:
MAP_SLICE, PROBE_SLICE, SAMPLE_SLICE = 0.004, 0.002, 0.003

LIT = 2.0  # seconds for which units show their values at the pointer after it has moved

OF_UNIT = 48  # lines to a unit, and from it
WIDTHS = 0.6, 2.4  # of lines, in pixels at a font size of 15: the weakest, the strongest
FAINT = 0.16  # opacity of the weakest line
BEHIND = 0.35  # opacity of the others while a unit's lines are shown
# In font sizes:
NEAR = 0.4  # distance at which a line is pointed at
TRAVEL = 8.0  # a drag as long as this changes a weight by its layer's largest
ENLARGED = 11.0  # width of the enlarged picture
DOT = 0.28  # radius of a bias
GROUT = 0xB0100C08  # between tiles, ABGR
FINE = 0.1  # factor of a drag with Shift


@dataclass(frozen=True)
class Handle:
    """A number that can be dragged: a weight, or for no source the bias of the target."""

    target: Unit
    source: int | None


@dataclass
class Grab:
    """A drag under way, from a value at a place."""

    handle: Handle
    value: float
    x: float
    scale: float  # change for a drag of TRAVEL


class Diagram:
    """The diagram of the picture's network, drawn within the window of an open part."""

    def __init__(self, app: "App"):
        self._app, self._explorer = app, app.explorer
        self._map, self._probe = NetworkMap(), Probe()
        self._cache = UnitSampleCache()
        self._sampling: tuple[Any, Stepping[UnitSamples]] | None = None
        self._samples: UnitSamples | None = None  # of the unit enlarged, with many points
        self._grab: Grab | None = None
        self._typing: Handle | None = None
        self._typed = 0.0
        self._lit: tuple[Any, NDArray[np.uint8]] | None = None
        self._pointed: tuple[Any, float] = (None, 0.0)  # the pointer's place, and since when
        self._lines: dict[bool, tuple[Any, _Lines]] = {}  # by whether they are those of one unit
        self._enlarged: tuple[Any, NDArray[np.uint8], UnitSummary] | None = None

    # What is shown

    def draw(self, gui: "Gui", rect: Rect) -> None:
        """Draw within `rect` of the window, in an imgui window; handle the mouse over it."""
        scene, size = self._app.canvas.shown, self._app.picture.size
        if scene is None or min(size) < 1 or min(rect.size) < 16:
            return
        foot = self._foot(gui, rect, scene)
        board = plan(
            counts_of(scene.network),
            (rect.width, rect.height - foot),
            gui.unit,
            round(size[0] / size[1], 2),
        )
        self._map.follow(scene, board, size, MAP_SLICE)
        drawn = self._map.drawn
        if self._map.busy:
            gui.touch()
        if drawn is None:
            return
        self._follow_pointer(gui, drawn.scene, size)
        imgui.set_cursor_screen_pos(imgui.ImVec2(rect.x, rect.y))
        imgui.invisible_button("##network", imgui.ImVec2(*rect.size))
        hovered, active = imgui.is_item_hovered(), imgui.is_item_active()
        mouse = imgui.get_io().mouse_pos
        place = mouse.x - rect.x, mouse.y - rect.y
        unit = drawn.plan.at(place) if hovered and self._grab is None else None
        selected = self._selected(drawn.plan)
        lines = self._lines_of(drawn, self._grab_unit() or unit or selected)
        handle = None
        if self._grab is not None:
            handle = self._grab.handle
        elif hovered and unit is None:
            handle = self._bias_at(gui, drawn.plan, selected, place) or lines.at(
                place, NEAR * gui.unit
            )
        self._paint(gui, rect, drawn, lines, unit, selected, handle)
        self._mouse(gui, drawn, unit, selected, handle, active=active, x=mouse.x)
        if self._grab is not None or (handle is not None and hovered):
            assert handle is not None
            self._describe_weight(gui, rect, drawn, handle)
        elif unit is not None:
            self._describe(gui, rect, drawn, unit, size)
        self._type(gui, drawn)

    def _foot(self, gui: "Gui", rect: Rect, scene: Scene) -> int:
        """Write what the tiles are, at the bottom of the column; the height in pixels."""
        unit = gui.unit
        if rect.height < 22 * unit:
            return 0
        words = "Each tile is a unit: its value over the picture,"
        moving = [name for name in scene.network.inputs if name in MOVING]
        if moving and scene.preset.show.view in ("volume", "surface", "space"):
            words = f"Each tile is a unit: its value in the plane at {scene.clock.time:.1f} s,"
        words += " blue below 0, red above."
        imgui.push_font(gui.fonts.italic, 0.8 * unit)
        wide = max(1.0, rect.width - 0.5 * unit)
        high = round(imgui.calc_text_size(words, False, wide).y)
        at = imgui.ImVec2(rect.x + 0.25 * unit, rect.y + rect.height - high)
        ink = imgui.get_color_u32(imgui.Col_.text_disabled)
        font = imgui.get_font()
        imgui.get_window_draw_list().add_text(font, 0.8 * unit, at, ink, words, wide)
        imgui.pop_font()
        return high + round(0.4 * unit)

    def _follow_pointer(self, gui: "Gui", scene: Scene, size: tuple[int, int]) -> None:
        """Evaluate all units at the place of the picture pointed at last."""
        half = min(size) / 2
        u, v = self._explorer.cursor
        x, y = size[0] / 2 + u * half, size[1] / 2 - v * half
        pixel = min(max(int(x), 0), size[0] - 1), min(max(int(y), 0), size[1] - 1)
        self._probe.follow(scene, size, pixel, PROBE_SLICE)
        if self._pointed[0] != pixel:
            self._pointed = pixel, wall.perf_counter()
        if self._probe.busy or self._lighting:
            gui.touch()

    @property
    def _lighting(self) -> bool:
        """Whether units show their values at the pointer, which moves over the picture."""
        lately = wall.perf_counter() - self._pointed[1] < LIT
        return lately and self._app.events.pointing and bool(self._probe.values)

    def _lines_of(self, drawn: Drawn, unit: Unit | None) -> "_Lines":
        """The lines of a unit, or the strongest of all."""
        key = self._map.number, unit
        cached = self._lines.get(unit is None)
        if cached is None or cached[0] != key:
            cached = self._lines[unit is None] = key, _Lines(drawn, unit)
        return cached[1]

    def _selected(self, board: Plan) -> Unit | None:
        found = self._explorer.preset.options(UnitsOptions).unit
        unit = None if found is None else (found[0], found[1] - 1)
        return unit if board.has(unit) else None

    def _grab_unit(self) -> Unit | None:
        return self._grab.handle.target if self._grab is not None else None

    def _bias_at(
        self, gui: "Gui", board: Plan, unit: Unit | None, place: tuple[float, float]
    ) -> Handle | None:
        if unit is None or unit[0] == 0:
            return None
        x, y = _dot(gui, board, unit)
        near = (place[0] - x) ** 2 + (place[1] - y) ** 2 <= (1.8 * DOT * gui.unit) ** 2
        return Handle(unit, None) if near else None

    # Drawing

    def _paint(
        self,
        gui: "Gui",
        rect: Rect,
        drawn: Drawn,
        lines: "_Lines",
        unit: Unit | None,
        selected: Unit | None,
        handle: Handle | None,
    ) -> None:
        pen, board = imgui.get_window_draw_list(), drawn.plan
        strengths = self._strengths(drawn)
        if not lines.dense:
            self._lines_of(drawn, None).paint(pen, rect, gui.unit, strengths, None, BEHIND)
        lines.paint(pen, rect, gui.unit, strengths, handle)
        self._paint_ends(pen, rect, drawn, gui.unit)
        corner = imgui.ImVec2(rect.x, rect.y)
        end = imgui.ImVec2(rect.x + board.size[0], rect.y + board.size[1])
        for row in board.rows:
            wide, high = row.across * row.pitch[0], row.lines * row.pitch[1]
            low = _at(rect, round(row.left) - 1, round(row.top) - 1)
            high_ = _at(
                rect, round(row.left + wide) - row.gap + 1, round(row.top + high) - row.gap + 1
            )
            pen.add_rect_filled(low, high_, GROUT)
        pen.add_image(gui.texture("network", self._atlas(drawn)), corner, end)
        left, top, right, bottom = board.outcome
        picture = gui.texture("network outcome", drawn.outcome)
        low, high = _at(rect, left, top), _at(rect, right, bottom)
        pen.add_image_rounded(picture, low, high, (0, 0), (1, 1), 0xFFFFFFFF, 0.25 * gui.unit)
        self._number_layers(gui, rect, board)
        for framed, color in ((selected, _color(ACCENT, 1)), (unit, _ink(1))):
            if framed is not None:
                box = board.box(framed)
                thick = max(1.5, gui.unit / 9)
                pen.add_rect(
                    _at(rect, box[0] - thick / 2, box[1] - thick / 2),
                    _at(rect, box[2] + thick / 2, box[3] + thick / 2),
                    color,
                    0.0,
                    thickness=thick,
                )
        focus = self._grab_unit() or selected
        if focus is not None and focus[0] > 0:
            held = handle is not None and handle.source is None
            self._paint_bias(gui, rect, drawn, focus, held=held)
        if self._lighting:
            self._mark(rect, gui.unit, board.outcome)

    def _atlas(self, drawn: Drawn) -> NDArray[np.uint8]:
        values = self._probe.values
        fits = [len(own) for own in values] == [row.count for row in drawn.plan.rows]
        if not self._lighting or not fits:
            return drawn.atlas
        key = drawn, self._probe.number
        if self._lit is None or self._lit[0] != key:
            self._lit = key, lit(drawn, values)
        return self._lit[1]

    def _strengths(self, drawn: Drawn) -> list[NDArray[np.float64]] | None:
        """While the pointer is over the picture, the magnitude of each unit there, 0 to 1."""
        if not self._lighting or len(self._probe.values) != len(drawn.reaches):
            return None
        pairs = zip(self._probe.values, drawn.reaches, strict=True)
        with np.errstate(all="ignore"):
            return [np.clip(np.abs(v.astype(np.float64)) / reach, 0, 1) for v, reach in pairs]

    def _paint_ends(self, pen: Any, rect: Rect, drawn: Drawn, unit: float) -> None:
        """Lines from the outputs to the picture that they make."""
        board = drawn.plan
        row = board.rows[-1]
        left, top, right, _ = board.outcome
        inks = [(235, 80, 80), (80, 200, 100), (90, 130, 255)] if row.count == 3 else [(190,) * 3]
        for index, ink in zip(range(row.count), inks, strict=False):
            box = board.box((row.layer, index))
            start = _at(rect, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
            end = _at(rect, left + (right - left) * (index + 0.5) / row.count, top + 2)
            pen.add_line(start, end, _color([c / 255 for c in ink], 0.8), max(1.0, unit / 10))

    def _number_layers(self, gui: "Gui", rect: Rect, board: Plan) -> None:
        """The layers' numbers at the left, as many as there is room for, and the inputs' names."""
        pen, small = imgui.get_window_draw_list(), 0.78 * gui.unit
        last, free = len(board.rows) - 1, -1e9
        shown = self._explorer.layer if self._explorer.layer <= last else last
        for row in board.rows:
            middle = (row.top + row.bottom) / 2
            words = {0: "in", last: "out"}.get(row.layer, str(row.layer))
            must = row.layer in (0, last) or row.layer == shown
            if middle - free < 0.95 * small and not must:
                continue
            if row.layer != last and last - row.layer < 3 and not must:
                after = (board.rows[last].top + board.rows[last].bottom) / 2
                if after - middle < 0.95 * small:
                    continue
            free = middle
            bright = row.layer == shown and shown < last
            font = gui.fonts.bold if bright else gui.fonts.regular
            ink = _ink(1.0 if bright else 0.55)
            pen.add_text(font, small, _at(rect, 0, middle - small / 2), ink, words)
            if row.step > 1:
                words = f"1 of {row.step}"
                pen.add_text(
                    gui.fonts.italic,
                    0.7 * small,
                    _at(rect, 0, middle + small / 2),
                    _ink(0.5),
                    words,
                )
        network = self._map.drawn.scene.network if self._map.drawn else None
        if network is None:
            return
        for index, name in enumerate(network.inputs):
            box = board.box((0, index))
            if box[2] - box[0] > 0.5 * small * len(name) + 6 and box[3] - box[1] > 1.1 * small:
                for offset, ink in ((1, 0xC0000000), (0, 0xFFFFFFFF)):
                    where = _at(rect, box[0] + 3 + offset, box[1] + offset)
                    pen.add_text(gui.fonts.italic, small, where, ink, name)

    def _paint_bias(self, gui: "Gui", rect: Rect, drawn: Drawn, unit: Unit, *, held: bool) -> None:
        """A unit's bias as a dot beside its tile, in the colour of its sign."""
        pen, (x, y) = imgui.get_window_draw_list(), _dot(gui, drawn.plan, unit)
        value = parameter(drawn.scene.network.effective(unit[0] - 1), unit[1], None)
        color = [c / 255 for c in (POSITIVE if value > 0 else NEGATIVE)]
        box = drawn.plan.box(unit)
        start, end = _at(rect, x, y), _at(rect, box[0] + 1, (box[1] + box[3]) / 2)
        pen.add_line(start, end, _color(color, 0.9), max(1.0, gui.unit / 9))
        pen.add_circle_filled(start, DOT * gui.unit * (1.3 if held else 1), _color(color, 1))
        pen.add_circle(start, DOT * gui.unit * (1.3 if held else 1), _ink(0.9))

    def _mark(self, rect: Rect, unit: float, box: tuple[int, int, int, int]) -> None:
        """The place pointed at, in the small picture."""
        size, (u, v) = self._app.picture.size, self._explorer.cursor
        half = min(size) / 2
        x = box[0] + (size[0] / 2 + u * half) / size[0] * (box[2] - box[0])
        y = box[1] + (size[1] / 2 - v * half) / size[1] * (box[3] - box[1])
        _cross(imgui.get_window_draw_list(), _at(rect, x, y), unit)

    # The mouse

    def _mouse(
        self,
        gui: "Gui",
        drawn: Drawn,
        unit: Unit | None,
        selected: Unit | None,
        handle: Handle | None,
        *,
        active: bool,
        x: float,
    ) -> None:
        left = imgui.MouseButton_.left
        if handle is not None:
            imgui.set_mouse_cursor(imgui.MouseCursor_.resize_ew)
        elif unit is not None:
            imgui.set_mouse_cursor(imgui.MouseCursor_.hand)
        if self._grab is not None:
            self._drag(gui, drawn, x, active=active)
            return
        if not active or not imgui.is_mouse_clicked(left):
            return
        twice = imgui.is_mouse_double_clicked(left)
        if unit is not None and twice:
            gui.gesture()
            self._say(lambda: self._explorer.open_unit(unit))
        elif unit is not None:
            gui.gesture()
            self._say(lambda: self._select(drawn, unit, selected))
        elif handle is not None:
            problem = too_large(drawn.scene.network)
            if problem:
                self._app.hud.say(problem, wall.perf_counter())
            elif twice:
                self._typing, self._typed = handle, self._value(drawn, handle)
                imgui.open_popup("##weight")
            else:
                gui.gesture()
                layer = drawn.scene.network.effective(handle.target[0] - 1)
                scale = float(np.abs(layer.weight).max()) or 1.0
                self._grab = Grab(handle, self._value(drawn, handle), x, scale)

    def _select(self, drawn: Drawn, unit: Unit, selected: Unit | None) -> None:
        """Select a unit, or the selected one no more: as a click in the view `units` does."""
        chosen = None if unit == selected else (unit[0], unit[1] + 1)
        words = unit_name(drawn.scene.network, unit)
        self._explorer.change(words, **{"units.unit": chosen})

    def _drag(self, gui: "Gui", drawn: Drawn, x: float, *, active: bool) -> None:
        grab = self._grab
        assert grab is not None
        if not active:
            self._grab = None
            gui.finish()
            return
        fine = FINE if imgui.get_io().key_shift else 1.0
        change = (x - grab.x) / (TRAVEL * gui.unit) * grab.scale * fine
        if change:
            grab.value, grab.x = grab.value + change, x
            self._say(lambda: self._set(grab.handle, float(f"{grab.value:.4g}")))

    def _set(self, handle: Handle, value: float) -> None:
        if handle.source is None:
            self._explorer.set_bias(handle.target, value)
        else:
            self._explorer.set_weight(handle.target, handle.source, value)

    def _say(self, action: Any) -> None:
        """Do something and show the explorer's message about it."""
        self._explorer.message = ""
        action()
        self._app.hud.say(self._explorer.message, wall.perf_counter())

    def _value(self, drawn: Drawn, handle: Handle) -> float:
        layer = drawn.scene.network.effective(handle.target[0] - 1)
        return parameter(layer, handle.target[1], handle.source)

    def _type(self, gui: "Gui", drawn: Drawn) -> None:
        """The field in which a weight is typed, where its line was double-clicked."""
        if not imgui.begin_popup("##weight"):
            self._typing = None
            return
        handle = self._typing
        if handle is not None:
            imgui.text(_named(drawn, handle))
            if imgui.is_window_appearing():
                imgui.set_keyboard_focus_here()
            imgui.set_next_item_width(8 * gui.unit)
            flags = imgui.InputTextFlags_.auto_select_all | imgui.InputTextFlags_.enter_returns_true
            done, self._typed = imgui.input_double("##value", self._typed, 0.0, 0.0, "%.6g", flags)
            if done:
                gui.gesture()
                typed = self._typed
                self._say(lambda: self._set(handle, typed))
                gui.finish()
                imgui.close_current_popup()
        imgui.end_popup()

    # Words

    def _describe_weight(self, gui: "Gui", rect: Rect, drawn: Drawn, handle: Handle) -> None:
        value = self._grab.value if self._grab is not None else self._value(drawn, handle)
        self._begin_words(gui, rect)
        imgui.push_font(gui.fonts.bold, 0)
        imgui.text(f"{_named(drawn, handle)}:  {value:.3g}")
        imgui.pop_font()
        problem = too_large(drawn.scene.network)
        hint = problem or "drag left or right to change (Shift: finely), double-click to type"
        self._dim(gui, hint)
        imgui.end_tooltip()

    def _describe(
        self, gui: "Gui", rect: Rect, drawn: Drawn, unit: Unit, size: tuple[int, int]
    ) -> None:
        """A unit in words and numbers, with its picture enlarged."""
        samples = self._sampled(gui, drawn, size)
        key = samples, unit
        if self._enlarged is None or self._enlarged[0] != key:
            summary = summarize(samples, unit)
            if summary.channel is None:
                colors = tinted(summary.values, summary.reach)
            else:
                colors = shaded(summary.values, summary.channel)
            pixels = np.full((*summary.values.shape, 4), 255, np.uint8)
            pixels[..., :3] = quantise(np.ascontiguousarray(colors))
            self._enlarged = key, pixels, summary
        _, pixels, summary = self._enlarged
        self._begin_words(gui, rect)
        imgui.push_font(gui.fonts.bold, 0)
        imgui.text(summary.name.replace(" unit", ", unit"))
        imgui.pop_font()
        wide = ENLARGED * gui.unit
        high = wide * size[1] / size[0]
        corner = imgui.get_cursor_screen_pos()
        imgui.image(gui.texture("network unit", pixels), imgui.ImVec2(wide, high))
        if self._probe.values and self._probe.values[unit[0]].size > unit[1]:
            half, (u, v) = min(size) / 2, self._explorer.cursor
            x = corner.x + (size[0] / 2 + u * half) / size[0] * wide
            y = corner.y + (size[1] / 2 - v * half) / size[1] * high
            if corner.x <= x <= corner.x + wide and corner.y <= y <= corner.y + high:
                _cross(imgui.get_window_draw_list(), imgui.ImVec2(x, y), gui.unit)
            value, (at_x, at_y) = self._probe.values[unit[0]][unit[1]], self._probe.place
            imgui.text(f"{value:.3g} at ({at_x:.3g}, {at_y:.3g}), the cross")
        if unit[0] > 0:
            pre = samples.pre_activations[unit[0] - 1][:, unit[1]].astype(np.float64)
            with np.errstate(all="ignore"):
                imgui.text(f"before its activation: {pre.mean():.3g} ± {pre.std():.3g}")
            imgui.text(f"saturated on {100 * (summary.saturated or 0):.0f} % of the picture")
        imgui.dummy(imgui.ImVec2(0, 0.1 * gui.unit))
        self._dim(gui, "click: keep its lines" + ("; twice: open it" if unit[0] > 0 else ""))
        imgui.end_tooltip()

    def _sampled(self, gui: "Gui", drawn: Drawn, size: tuple[int, int]) -> UnitSamples:
        """Samples of all units: many points as soon as they are computed, else those of tiles."""
        scene = drawn.scene
        key = scene.network.digest, scene.view, scene.clock, size
        if self._sampling is None or self._sampling[0] != key:
            points = sample_size(scene.network, size[0] / size[1])
            self._sampling = key, Stepping(self._cache.get(scene, points))
        task = self._sampling[1]
        if not task.done:
            task.step(within(SAMPLE_SLICE))
            gui.touch()
        return task.result if task.done and task.result is not None else drawn.samples

    def _begin_words(self, gui: "Gui", rect: Rect) -> None:
        """A tooltip beside the diagram, not over it."""
        mouse = imgui.get_io().mouse_pos
        room = rect.x > (ENLARGED + 2) * gui.unit
        x = rect.x - 0.4 * gui.unit if room else rect.x + rect.width + 0.4 * gui.unit
        imgui.set_next_window_pos(
            imgui.ImVec2(x, mouse.y), imgui.Cond_.always, imgui.ImVec2(1.0 if room else 0.0, 0.5)
        )
        imgui.begin_tooltip()

    def _dim(self, gui: "Gui", words: str) -> None:
        imgui.push_text_wrap_pos(imgui.get_cursor_pos_x() + ENLARGED * gui.unit)
        imgui.push_font(gui.fonts.italic, 0.85 * gui.unit)
        imgui.text_disabled(words)
        imgui.pop_font()
        imgui.pop_text_wrap_pos()


class _Lines:
    """The lines shown: those of one unit, or the strongest of each layer. Weakest first."""

    def __init__(self, drawn: Drawn, unit: Unit | None):
        board = drawn.plan
        found: list[tuple[int, int, int, float]] = []  # layer, target, source, relative weight
        self.dense = unit is None
        if unit is not None:
            of = of_unit(drawn.scene.network, unit, OF_UNIT)
            found = [(target[0], target[1], source, weight) for target, source, weight in of]
        else:
            for layer, strong in enumerate(drawn.lines, 1):
                columns = strong.targets, strong.sources, strong.weights
                found += [
                    (layer, int(t), int(s), float(w)) for t, s, w in zip(*columns, strict=True)
                ]
        self._of = [line for line in found if line[3]]
        starts = [_middle(board, (layer - 1, source)) for layer, _, source, _ in self._of]
        ends = [_middle(board, (layer, target)) for layer, target, _, _ in self._of]
        self._starts = np.array(starts, np.float64).reshape(-1, 2)
        self._ends = np.array(ends, np.float64).reshape(-1, 2)

    def at(self, place: tuple[float, float], near: float) -> Handle | None:
        """The line at a place; of several, the nearest."""
        if not self._of:
            return None
        along = self._ends - self._starts
        from_start = np.array(place) - self._starts
        length = np.maximum((along**2).sum(axis=1), 1e-9)
        part = np.clip((from_start * along).sum(axis=1) / length, 0, 1)
        apart = np.hypot(*(from_start - part[:, None] * along).T)
        best = int(apart.argmin())
        if apart[best] > near:
            return None
        layer, target, source, _ = self._of[best]
        return Handle((layer, target), source)

    def paint(
        self,
        pen: Any,
        rect: Rect,
        unit: float,
        strengths: Sequence[NDArray[np.float64]] | None,
        handle: Handle | None,
        opacity: float = 1.0,
    ) -> None:
        """Draw them; `strengths`: of the units at the pointer, which light up their lines."""
        scale = unit / 15
        colors = [[c / 255 for c in color] for color in (NEGATIVE, POSITIVE)]
        faint = opacity * (0.55 if self.dense else 1.0)
        held = None
        for line, start, end in zip(self._of, self._starts, self._ends, strict=True):
            layer, target, source, weight = line
            strength = abs(weight)
            visible = (FAINT + (1 - FAINT) * strength) * faint
            if strengths is not None and source < len(strengths[layer - 1]):
                visible *= 0.15 + 1.1 * float(strengths[layer - 1][source])
            thick = scale * (WIDTHS[0] + (WIDTHS[1] - WIDTHS[0]) * strength)
            if handle == Handle((layer, target), source):
                held = start, end, colors[weight > 0]
                continue
            ink = _color(colors[weight > 0], min(visible, 1.0))
            pen.add_line(_at(rect, *start), _at(rect, *end), ink, thick)
        if held is not None:
            start, end, color = held
            pen.add_line(_at(rect, *start), _at(rect, *end), _ink(0.9), scale * 4.5)
            pen.add_line(_at(rect, *start), _at(rect, *end), _color(color, 1), scale * 2.5)


def _named(drawn: Drawn, handle: Handle) -> str:
    """A number in words: "weight from unit 3", "bias"."""
    network, layer = drawn.scene.network, handle.target[0]
    to = unit_name(network, handle.target).replace(" unit", ", unit")
    if handle.source is None:
        return f"bias of {to}"
    if layer == 1:
        return f"weight from input {network.inputs[handle.source]} to {to}"
    return f"weight from unit {handle.source + 1} to {to}"


def _middle(board: Plan, unit: Unit) -> tuple[float, float]:
    left, top, right, bottom = board.box(unit)
    return (left + right) / 2, (top + bottom) / 2


def _dot(gui: "Gui", board: Plan, unit: Unit) -> tuple[float, float]:
    """The place of a unit's bias: above its tile's left corner."""
    left, top, _, _ = board.box(unit)
    return max(left - 0.45 * gui.unit, DOT * gui.unit), top - 0.45 * gui.unit


def _at(rect: Rect, x: float, y: float) -> Any:
    return imgui.ImVec2(rect.x + x, rect.y + y)


def _color(rgb: Sequence[float], opacity: float) -> int:
    return int(imgui.get_color_u32(imgui.ImVec4(rgb[0], rgb[1], rgb[2], opacity)))


def _ink(opacity: float) -> int:
    """The colour of text."""
    return int(imgui.get_color_u32(imgui.Col_.text, opacity))


def _cross(pen: Any, place: Any, unit: float) -> None:
    arm = 0.35 * unit
    for color, thick in ((0xC0000000, 3.0), (0xFFFFFFFF, 1.2)):
        for dx, dy in ((arm, 0.0), (0.0, arm)):
            start = imgui.ImVec2(place.x - dx, place.y - dy)
            pen.add_line(start, imgui.ImVec2(place.x + dx, place.y + dy), color, thick)
