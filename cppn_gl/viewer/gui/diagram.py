"""The live diagram of the network: units as small pictures, weights as lines that can be dragged.

The picture's Scene -> NetworkMap, Probe -> Diagram.draw(): in a column of an open part's window
mouse -> hover: a unit or a weight in words; click: select; double click: open, or type a number
      -> drag a weight's line or a bias's dot -> Explorer.set_weight, set_bias
"""

import time as wall
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from imgui_bundle import imgui
from numpy.typing import NDArray

from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.preset.given import Unit, fixed_weights_problem
from cppn_gl.preset.scene import Scene, structure
from cppn_gl.preset.show import UnitsOptions
from cppn_gl.utils.arrays import Size
from cppn_gl.viewer.editing import parameter
from cppn_gl.viewer.graph_plan import plan_of
from cppn_gl.viewer.gui.style import ACCENT
from cppn_gl.viewer.gui.unit_words import UnitWords, begin, dim, title
from cppn_gl.viewer.gui.wires import Handle, Wires, at, color, cross, ink
from cppn_gl.viewer.journal import Moment
from cppn_gl.viewer.layout import Rect
from cppn_gl.viewer.network_map import NUMBERS, Drawn, NetworkMap, Plan, Probe, counts_of, lit
from cppn_gl.viewer.window import to_pixel
from cppn_gl.views import view_of
from cppn_gl.views.text import significant
from cppn_gl.views.units.diagram import NEGATIVE, POSITIVE
from cppn_gl.views.units.unit_samples import unit_name
from cppn_gl.views.units.wiring import briefly

if TYPE_CHECKING:
    from cppn_gl.viewer.app import App
    from cppn_gl.viewer.gui.base import Gui

MAP_SLICE, PROBE_SLICE = 0.004, 0.002  # seconds of work a frame
LONG_SLICE = 0.012  # instead, while a network trains, and of networks on grids
LIT = 2.0  # seconds for which units show their values at the pointer after it has moved
BEHIND = 0.35  # opacity of the others while a unit's lines are shown
# In font sizes:
NEAR = 0.4  # distance at which a line is pointed at
TRAVEL = 8.0  # a drag as long as this changes a weight by its layer's largest
DOT = 0.28  # radius of a bias
WORDS_FROM = 7.5, 22.0  # the least width and height of a column with words below

MARKED = 500  # units whose places are noted, at most
FINE = 0.1  # factor of a drag with Shift
GROUT = 0xB0100C08  # between tiles, ABGR
BAR = 0xE0584C40  # of a concatenation
CHANNELS = (235, 80, 80), (80, 200, 100), (90, 130, 255)
GREY = ((190, 190, 190),)
# What a unit's picture shows, where it is not the picture itself.
SAMPLED = {
    "surface": "on the square under the surface",
    "volume": "on the moving slice",
    "curves": "on the plane",
    "signal": "on the plane",
    "sheet": "in the preset itself, on the plane",
}


@dataclass
class Grab:
    """A drag under way: of a number, from a value at a place, and the preset that it made."""

    handle: Handle
    value: float
    x: float
    scale: float  # change for a drag of TRAVEL
    moment: Moment  # of the history, before the drag or by it: with another one, the drag ends


class Diagram:
    """The diagram of the picture's network, drawn within the window of an open part."""

    def __init__(self, app: "App"):
        self._app, self._explorer = app, app.explorer
        self._map, self._probe, self._words = NetworkMap(), Probe(), UnitWords()
        self._grab: Grab | None = None
        self._typing: Handle | None = None
        self._typed = 0.0
        self._names: dict[int, tuple[float, float, float, float]] = {}  # of stages, where written
        self._lit: tuple[object, NDArray[np.uint8]] | None = None
        self._point: tuple[float, float] | None = None  # of the plane, pointed at last
        self._moved_at = -LIT  # when it was
        self._places: tuple[object, dict[str, Rect]] = (None, {})  # of units, by name
        self._wires: dict[bool, tuple[object, Wires]] = {}  # of all units or not

    def draw(self, gui: "Gui", rect: Rect) -> None:
        """Draw within `rect` of the window, in an imgui window; handle the mouse over it."""
        scene = self._app.canvas.shown
        if scene is None or min(self._app.picture.size) < 1 or min(rect.size) < 16:
            return
        scene = structure(scene)
        size = sampled_size(scene, self._app.picture.size)
        foot = self._write_foot(gui, rect, scene)
        room = rect.width, rect.height - foot
        board = plan_of(scene.network, room, gui.unit, round(size[0] / size[1], 2))
        # There are fewer frames while a network trains, and one on a grid takes longer.
        long = self._explorer.learning.playing or scene.network.by_grid
        self._map.follow(scene, board, size, LONG_SLICE if long else MAP_SLICE)
        drawn = self._map.drawn
        if self._map.busy:
            gui.go_on()
        if drawn is None:
            return
        self._let_go(gui, drawn)
        self._follow_pointer(gui, drawn)
        imgui.set_cursor_screen_pos(imgui.ImVec2(rect.x, rect.y))
        imgui.invisible_button("##network", imgui.ImVec2(*rect.size))
        gui.mark("network")
        gui.places.update(self._unit_places(rect, drawn))
        hovered, active = imgui.is_item_hovered(), imgui.is_item_active()
        mouse = imgui.get_io().mouse_pos
        place = mouse.x - rect.x, mouse.y - rect.y
        grab, selected = self._grab, self._selected(drawn.plan)
        unit = drawn.plan.at(place) if hovered and grab is None else None
        if unit is not None and drawn.plan.rows[unit[0]].bare:
            unit = None
        wires = self._wires_of(drawn, grab.handle.target if grab else unit or selected)
        handle = grab.handle if grab else None
        if hovered and grab is None and unit is None:
            if not isinstance(drawn.scene.network, GraphNetwork):
                handle = self._bias_at(gui, drawn.plan, selected, place)
            handle = handle or wires.at(place, NEAR * gui.unit)
        layer = None
        if hovered and grab is None and unit is None and handle is None:
            layer = self._layer_at(gui, drawn.plan, place)
        self._paint(gui, rect, drawn, wires, unit, selected, handle)
        if layer is not None:
            imgui.set_mouse_cursor(imgui.MouseCursor_.hand)
            if active and imgui.is_mouse_clicked(imgui.MouseButton_.left):
                gui.gesture()
                self._say(lambda: self._show_layer(drawn, layer))
                gui.finish()
        self._press(gui, drawn, unit, selected, handle, active=active, x=mouse.x)
        if handle is not None:
            self._describe(gui, rect, drawn, handle)
        elif unit is not None:
            self._words.draw(gui, rect, drawn, unit, self._probe)
        elif hovered and place in Rect(*map(round, _sides(drawn.plan.outcome))):
            self._describe_outcome(gui, rect, drawn)
        elif layer is not None:
            self._words.draw_layer(gui, rect, drawn, layer)
        self._type(gui, drawn)

    def _write_foot(self, gui: "Gui", rect: Rect, scene: Scene) -> int:
        """Write what the tiles are, at the bottom of the column; the height in pixels."""
        if any(side < least * gui.unit for side, least in zip(rect.size, WORDS_FROM, strict=True)):
            return 0
        where = SAMPLED.get(scene.preset.show.view, "over the picture")
        words = f"A tile is a unit: its value {where}, blue below 0, red above."
        drawn = self._map.drawn
        step = max((row.step for row in drawn.plan.rows), default=1) if drawn else 1
        if step > 1:
            words += f" Of wide layers, 1 unit in {step}."
        small, wide = 0.8 * gui.unit, max(1.0, rect.width - 0.5 * gui.unit)
        imgui.push_font(gui.fonts.italic, small)
        high = round(imgui.calc_text_size(words, False, 0.95 * wide).y)
        place = at(rect, 0.25 * gui.unit, rect.height - high)
        pen = imgui.get_window_draw_list()
        pen.add_text(gui.fonts.italic, small, place, ink(0.6), words, wide)
        imgui.pop_font()
        return high + round(0.4 * gui.unit)

    def _let_go(self, gui: "Gui", drawn: Drawn) -> None:
        """End a drag, or typing, when the network is another one meanwhile."""
        grab, typing = self._grab, self._typing
        left = imgui.MouseButton_.left
        held = imgui.is_mouse_down(left) or imgui.is_mouse_released(left)
        same = grab is not None and grab.moment is self._explorer.history.now
        if grab is not None and not (held and same and _has(drawn, grab.handle)):
            self._grab = None
            gui.finish()
        if typing is not None and not _has(drawn, typing):
            self._typing = None

    def _follow_pointer(self, gui: "Gui", drawn: Drawn) -> None:
        """Evaluate all units at the point of the plane that was pointed at last."""
        scene, app = self._app.canvas.shown, self._app
        if scene is not None and app.events.pointing and scene.preset.show.view != "sheet":
            place = to_pixel(self._explorer.cursor, app.picture.size)
            point = view_of(scene.preset).point(scene, app.picture.size, place)
            if point is not None and (point.x, point.y) != self._point:
                if self._point is not None:  # otherwise the diagram has just been opened
                    self._moved_at = wall.perf_counter()
                self._point = point.x, point.y
        view, half = drawn.scene.view, min(drawn.size) / 2
        x, y = (
            (there - center) / view.extent * half
            for there, center in zip(self._point or view.center, view.center, strict=True)
        )
        at_pixel = drawn.size[0] / 2 + x, drawn.size[1] / 2 - y
        self._probe.follow(drawn.scene, drawn.size, at_pixel, PROBE_SLICE)
        if self._lighting(drawn):
            gui.touch()
        if self._probe.busy:
            gui.go_on()

    def _lighting(self, drawn: Drawn) -> bool:
        """Whether units show their values at the pointer, which moves over the picture."""
        lately = wall.perf_counter() - self._moved_at < LIT
        return lately and self._app.events.pointing and self._probe.of(drawn)

    def _wires_of(self, drawn: Drawn, unit: Unit | None) -> Wires:
        """The lines of a unit, or the strongest of all."""
        key, cached = (self._map.number, unit), self._wires.get(unit is None)
        if cached is None or cached[0] != key:
            cached = self._wires[unit is None] = key, Wires(drawn, unit)
        return cached[1]

    def _unit_places(self, rect: Rect, drawn: Drawn) -> dict[str, Rect]:
        """Where the units lie in the window, of networks that are not too large."""
        key = rect, drawn.plan
        if self._places[0] != key:
            counts = counts_of(drawn.scene.network)
            names: dict[str, Rect] = {}
            for layer, count in enumerate(counts if sum(counts) <= MARKED else ()):
                for unit in ((layer, index) for index in range(count)):
                    left, top, right, bottom = drawn.plan.box(unit)
                    box = Rect(rect.x + left, rect.y + top, right - left, bottom - top)
                    names[unit_name(drawn.scene.network, unit)] = box
            self._places = key, names
        return self._places[1]

    def _selected(self, board: Plan) -> Unit | None:
        found = self._explorer.preset.options(UnitsOptions).unit
        unit = None if found is None else (found[0], found[1] - 1)
        return unit if board.has(unit) else None

    # Drawing

    def _paint(
        self,
        gui: "Gui",
        rect: Rect,
        drawn: Drawn,
        wires: Wires,
        unit: Unit | None,
        selected: Unit | None,
        handle: Handle | None,
    ) -> None:
        pen, board = imgui.get_window_draw_list(), drawn.plan
        self._paint_modules(gui, rect, board)
        lighting = self._lighting(drawn)
        strengths = self._strengths(drawn) if lighting else None
        if not wires.dense:
            self._wires_of(drawn, None).paint(pen, rect, gui.unit, strengths, None, BEHIND)
        wires.paint(pen, rect, gui.unit, strengths, handle)
        self._paint_outcome(gui, rect, drawn)
        for row in board.rows:
            right = row.left + row.across * row.pitch[0] - row.gap
            low = at(rect, round(row.left) - 1, round(row.top) - 1)
            high = at(rect, round(right) + 1, round(row.bottom) - row.gap + 1)
            pen.add_rect_filled(low, high, BAR if row.bare else GROUT)
        atlas = self._lit_atlas(drawn) if lighting else drawn.atlas
        corner, end = at(rect, 0, 0), at(rect, *board.size)
        pen.add_image(gui.texture("network", atlas), corner, end)
        self._number_layers(gui, rect, board)
        self._name_inputs(gui, rect, drawn)
        self._name_stages(gui, rect, board)
        for framed, shade in ((selected, color(ACCENT, 1)), (unit, ink(1))):
            if framed is not None:
                self._frame(gui, rect, board, framed, shade)
        focus = self._grab.handle.target if self._grab else selected
        graph = isinstance(drawn.scene.network, GraphNetwork)
        if focus is not None and focus[0] > 0 and not graph:
            held = handle is not None and handle.source is None
            self._paint_bias(gui, rect, drawn, focus, held=held)
        if lighting:
            left, top, right_, bottom = board.outcome
            x, y = (part / side for part, side in zip(self._probe.place, drawn.size, strict=True))
            place = at(rect, left + x * (right_ - left), top + y * (bottom - top))
            cross(pen, place, gui.unit)

    def _paint_modules(self, gui: "Gui", rect: Rect, board: Plan) -> None:
        """The frames of modules, and the connections that have no weights."""
        pen = imgui.get_window_draw_list()
        for frame in board.frames:
            left, top, right, bottom = frame.box
            low, high = at(rect, left, top), at(rect, right, bottom)
            rounding = 0.3 * gui.unit
            pen.add_rect_filled(low, high, ink(0.05), rounding)
            pen.add_rect(low, high, ink(0.22), rounding)
        for link in board.links:
            points = [at(rect, *point) for point in link.points]
            shade = color(ACCENT, 0.85) if link.skips else ink(0.35)
            pen.add_polyline(points, shade, max(1.0, gui.unit / (8 if link.skips else 11)), 0)

    def _name_stages(self, gui: "Gui", rect: Rect, board: Plan) -> None:
        """What the stages of a graph are, above their tiles, where there is room for words."""
        pen, font, small = imgui.get_window_draw_list(), gui.fonts.regular, 0.62 * gui.unit
        self._names.clear()
        taken = [(row.left, row.top, row.right, row.bottom) for row in board.rows if not row.bare]
        imgui.push_font(font, small)
        for row in board.rows:
            for words in briefly(row.label) if row.label else ():
                wide = imgui.calc_text_size(words).x
                left, top = row.middle - wide / 2, row.top - small - 1
                if row.bare:
                    top = row.top + (row.bottom - row.top - small) / 2
                box = left - 2, top, left + wide + 2, top + small
                inside = left > NUMBERS * gui.unit and box[2] < board.size[0]
                if not inside or any(_overlap(box, other) for other in taken):
                    continue
                taken.append(box)
                self._names[row.layer] = box
                place = at(rect, *box[:2])
                sides = round(box[2] - box[0]), round(box[3] - box[1])
                name = f"name of layer {row.layer}"
                gui.places[name] = Rect(round(place.x), round(place.y), *sides)
                pen.add_rect_filled(at(rect, *box[:2]), at(rect, *box[2:]), GROUT, small / 4)
                pen.add_text(font, small, at(rect, left, top), 0xFFD8D8D8, words)
                break
        for frame in board.frames:  # at the right, above the frame
            left, top, right, _ = frame.box
            wide = imgui.calc_text_size(frame.name).x
            box = right - wide - 2, top - small - 1, right + 2, top - 1
            if frame.level == 1 and box[0] > left and not any(_overlap(box, one) for one in taken):
                pen.add_text(font, small, at(rect, box[0] + 2, box[1]), ink(0.6), frame.name)
        imgui.pop_font()

    def _lit_atlas(self, drawn: Drawn) -> NDArray[np.uint8]:
        key = self._map.number, self._probe.number
        if self._lit is None or self._lit[0] != key:
            self._lit = key, lit(drawn, self._probe.values)
        return self._lit[1]

    def _strengths(self, drawn: Drawn) -> list[NDArray[np.float64]]:
        """The magnitude of each unit at the pointer, 0 to 1."""
        pairs = zip(self._probe.values, drawn.reaches, strict=True)
        with np.errstate(all="ignore"):
            return [np.clip(np.abs(v.astype(np.float64)) / reach, 0, 1) for v, reach in pairs]

    def _paint_outcome(self, gui: "Gui", rect: Rect, drawn: Drawn) -> None:
        """The picture that the outputs make, and lines to it."""
        pen, board = imgui.get_window_draw_list(), drawn.plan
        row, (left, top, right, bottom) = board.rows[-1], board.outcome
        inks = (*CHANNELS, *GREY)[: row.count] if row.count > 1 else GREY
        for index, rgb in enumerate(inks):
            box = board.box((row.layer, index))
            start = at(rect, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
            end = at(rect, left + (right - left) * (index + 0.5) / row.count, top + 2)
            pen.add_line(start, end, color([c / 255 for c in rgb], 0.8), max(1.0, gui.unit / 10))
        picture, white = gui.texture("network outcome", drawn.outcome), 0xFFFFFFFF
        low, high = at(rect, left, top), at(rect, right, bottom)
        pen.add_image_rounded(picture, low, high, (0, 0), (1, 1), white, 0.25 * gui.unit)

    def _frame(self, gui: "Gui", rect: Rect, board: Plan, unit: Unit, shade: int) -> None:
        left, top, right, bottom = board.box(unit)
        thick = max(1.5, gui.unit / 9)
        low = at(rect, left - thick / 2, top - thick / 2)
        high = at(rect, right + thick / 2, bottom + thick / 2)
        imgui.get_window_draw_list().add_rect(low, high, shade, 0.0, thickness=thick)

    def _number_layers(self, gui: "Gui", rect: Rect, board: Plan) -> None:
        """The layers' numbers at the left, as many as there is room for; the one shown is bold."""
        pen, small = imgui.get_window_draw_list(), 0.78 * gui.unit
        last = len(board.rows) - 1
        shown = min(self._explorer.layer, last)
        if board.rows[-1].label:  # of a graph
            shown = self._explorer.stage or last
        middles = [(row.top + row.bottom) / 2 for row in board.rows]
        written: list[float] = []
        for layer in (0, last, shown, *range(1, last)):  # in order of importance
            middle = middles[layer]
            if any(abs(middle - other) < 0.95 * small for other in written):
                continue
            written.append(middle)
            words = {0: "in", last: "out"}.get(layer, str(layer))
            bright = layer == shown < last
            font, shade = (gui.fonts.bold, ink(1)) if bright else (gui.fonts.regular, ink(0.55))
            place = at(rect, 0, middle - small / 2)
            pen.add_text(font, small, place, shade, words)
            sides = round(NUMBERS * gui.unit), round(small)
            gui.places[f"number of layer {layer}"] = Rect(round(place.x), round(place.y), *sides)

    def _name_inputs(self, gui: "Gui", rect: Rect, drawn: Drawn) -> None:
        """The inputs' names in their tiles, smaller where they do not fit otherwise."""
        pen, font = imgui.get_window_draw_list(), gui.fonts.italic
        for index, name in enumerate(drawn.scene.network.inputs):
            left, top, right, bottom = drawn.plan.box((0, index))
            for small in (0.78 * gui.unit, 0.68 * gui.unit, 0.58 * gui.unit):
                imgui.push_font(font, small)
                wide = imgui.calc_text_size(name).x
                imgui.pop_font()
                if right - left > wide + 4 and bottom - top > 1.05 * small:
                    for offset, shade in ((1, 0xC0000000), (0, 0xFFFFFFFF)):
                        place = at(rect, left + 3 + offset, top + offset)
                        pen.add_text(font, small, place, shade, name)
                    break

    def _paint_bias(self, gui: "Gui", rect: Rect, drawn: Drawn, unit: Unit, *, held: bool) -> None:
        """A unit's bias as a dot beside its tile, in the colour of its sign."""
        pen, (x, y) = imgui.get_window_draw_list(), _dot(gui, drawn.plan, unit)
        value = parameter(drawn.scene.network.effective(unit[0] - 1), unit[1], None)
        rgb = [c / 255 for c in (POSITIVE if value > 0 else NEGATIVE)]
        left, top, _, bottom = drawn.plan.box(unit)
        start, end = at(rect, x, y), at(rect, left + 1, (top + bottom) / 2)
        side = round(2 * DOT * gui.unit)
        gui.places["bias"] = Rect(
            round(start.x) - side // 2, round(start.y) - side // 2, side, side
        )
        radius = DOT * gui.unit * (1.3 if held else 1)
        pen.add_line(start, end, color(rgb, 0.9), max(1.0, gui.unit / 9))
        pen.add_circle_filled(start, radius, color(rgb, 1))
        pen.add_circle(start, radius, ink(0.9))
        small = 0.7 * gui.unit
        word = imgui.ImVec2(start.x + radius + 0.2 * gui.unit, start.y - 0.65 * small)
        halo = imgui.get_color_u32(imgui.Col_.popup_bg)
        for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            place = imgui.ImVec2(word.x + dx, word.y + dy)
            pen.add_text(gui.fonts.italic, small, place, halo, "bias")
        pen.add_text(gui.fonts.italic, small, word, ink(1), "bias")

    # The mouse

    def _layer_at(self, gui: "Gui", board: Plan, place: tuple[float, float]) -> int | None:
        """The layer whose number or name is at a place."""
        for layer, box in self._names.items():
            if place in Rect(*map(round, _sides(box))):
                return layer
        if place[0] > NUMBERS * gui.unit:
            return next((r.layer for r in board.rows if r.bare and r.at(place) is not None), None)
        found = min(board.rows[1:], key=lambda row: abs((row.top + row.bottom) / 2 - place[1]))
        near = max(found.bottom - found.top, 0.8 * gui.unit) / 2
        return found.layer if abs((found.top + found.bottom) / 2 - place[1]) <= near else None

    def _show_layer(self, drawn: Drawn, layer: int) -> None:
        """Show a layer; of a graph, the units of a stage."""
        if isinstance(drawn.scene.network, GraphNetwork):
            self._explorer.show_stage(layer)
            return
        last = layer == len(drawn.plan.rows) - 1  # perhaps of the layer shown
        self._explorer.show_layer(self._explorer.preset.spec.depth if last else layer)

    def _bias_at(
        self, gui: "Gui", board: Plan, unit: Unit | None, place: tuple[float, float]
    ) -> Handle | None:
        if unit is None or unit[0] == 0:
            return None
        x, y = _dot(gui, board, unit)
        near = (place[0] - x) ** 2 + (place[1] - y) ** 2 <= (1.8 * DOT * gui.unit) ** 2
        return Handle(unit, None) if near else None

    def _press(
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
            self._drag(gui, self._grab, x, active=active)
            return
        if not active or not imgui.is_mouse_clicked(left):
            return
        twice = imgui.is_mouse_double_clicked(left)
        if unit is not None:
            gui.gesture()
            if twice:
                self._say(lambda: self._open(drawn, unit))
            else:
                self._say(lambda: self._select(drawn, unit, selected))
            gui.finish()
        elif handle is not None and (problem := fixed_weights_problem(drawn.scene.network)):
            self._app.hud.say(problem, wall.perf_counter())
        elif handle is not None and twice:
            self._typing, self._typed = handle, _value(drawn, handle)
            imgui.open_popup("##weight")
        elif handle is not None:
            gui.gesture()
            layer = drawn.scene.network.effective(handle.target[0] - 1)
            scale = float(np.abs(layer.weight).max()) or 1.0
            moment = self._explorer.history.now
            self._grab = Grab(handle, _value(drawn, handle), x, scale, moment)

    def _open(self, drawn: Drawn, unit: Unit) -> None:
        """Open a unit as a network of its own; of a graph, show it alone."""
        if isinstance(drawn.scene.network, GraphNetwork):
            self._explorer.zoom_to_unit((unit[0], unit[1] + 1))
        else:
            self._explorer.open_unit(unit)

    def _select(self, drawn: Drawn, unit: Unit, selected: Unit | None) -> None:
        """Select a unit, or the selected one no more: as a click in the view `units` does."""
        chosen = None if unit == selected else (unit[0], unit[1] + 1)
        words = unit_name(drawn.scene.network, unit)
        self._explorer.change(words, **{"units.unit": chosen})

    def _drag(self, gui: "Gui", grab: Grab, x: float, *, active: bool) -> None:
        fine = FINE if imgui.get_io().key_shift else 1.0
        change = (x - grab.x) / (TRAVEL * gui.unit) * grab.scale * fine
        if change:
            grab.value, grab.x = grab.value + change, x
            self._say(lambda: self._set(grab.handle, float(f"{grab.value:.4g}")))
            grab.moment = self._explorer.history.now
        if not active:  # released, perhaps in the frame of the last move
            self._grab = None
            gui.finish()

    def _set(self, handle: Handle, value: float) -> None:
        if handle.source is None:
            self._explorer.set_bias(handle.target, value)
        else:
            self._explorer.set_weight(handle.target, handle.source, value)

    def _say(self, action: Callable[[], None]) -> None:
        """Do something, and show the explorer's message about it."""
        self._explorer.message = ""
        action()
        self._app.hud.say(self._explorer.message, wall.perf_counter())

    # Words

    def _describe(self, gui: "Gui", rect: Rect, drawn: Drawn, handle: Handle) -> None:
        value = self._grab.value if self._grab is not None else _value(drawn, handle)
        begin(gui, rect, f"{_named(drawn, handle)}:  {significant(value)}")
        hint = "drag left or right to change (Shift: finely), double-click to type"
        dim(gui, fixed_weights_problem(drawn.scene.network) or hint)
        imgui.end_tooltip()

    def _describe_outcome(self, gui: "Gui", rect: Rect, drawn: Drawn) -> None:
        begin(gui, rect, "the picture")
        mapping = drawn.scene.preset.color.mapping
        count = drawn.scene.network.outputs
        made = f"the {'output' if count == 1 else 'three outputs'} above as colours"
        if count == 4:
            made = "the first three outputs above as colours, the fourth as alpha"
        if mapping != "rgb":
            made += f", by the mapping {mapping}"
        dim(gui, f"What the network computes at every point: {made}.")
        imgui.end_tooltip()

    def _type(self, gui: "Gui", drawn: Drawn) -> None:
        """The field in which a weight is typed, where its line was double-clicked."""
        if not imgui.begin_popup("##weight"):
            self._typing = None
            return
        handle, flags = self._typing, imgui.InputTextFlags_
        if handle is None or not _holds(drawn, handle):  # of a network that has been replaced
            imgui.close_current_popup()
        else:
            imgui.text(_named(drawn, handle))
            if imgui.is_window_appearing():
                imgui.set_keyboard_focus_here()
            imgui.set_next_item_width(8 * gui.unit)
            how = flags.auto_select_all | flags.enter_returns_true
            done, self._typed = imgui.input_double("##value", self._typed, 0.0, 0.0, "%.6g", how)
            gui.mark("weight typed")
            if done:
                gui.gesture()
                self._say(lambda: self._set(handle, self._typed))
                gui.finish()
                imgui.close_current_popup()
        imgui.end_popup()


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two boxes, left, top, right and bottom, overlap."""
    (a, b, c, d), (e, f, g, h) = one, other
    return a < g and e < c and b < h and f < d


def sampled_size(scene: Scene, size: Size) -> Size:
    """The size of the picture of the plane that the units' pictures show."""
    solid = scene.preset.show.view in ("surface", "volume")  # they stand on |u|, |v| <= 1
    return (min(size), min(size)) if solid else size


def _sides(box: tuple[float, ...]) -> tuple[float, float, float, float]:
    """Left, top, width and height."""
    return box[0], box[1], box[2] - box[0], box[3] - box[1]


def _has(drawn: Drawn, handle: Handle) -> bool:
    """Whether the network drawn has a weight or bias."""
    layer, source = handle.target[0], handle.source
    inputs = counts_of(drawn.scene.network)[:-1]
    return drawn.plan.has(handle.target) and (source is None or source < inputs[layer - 1])


def _value(drawn: Drawn, handle: Handle) -> float:
    layer = drawn.scene.network.effective(handle.target[0] - 1)
    return parameter(layer, handle.target[1], handle.source)


def _holds(drawn: Drawn, handle: Handle) -> bool:
    """Whether the network drawn has a number."""
    counts, (layer, index) = counts_of(drawn.scene.network), handle.target
    return (
        layer < len(counts) and index < counts[layer] and (handle.source or 0) < counts[layer - 1]
    )


def _named(drawn: Drawn, handle: Handle) -> str:
    """A number in words: "weight from unit 3 to layer 4, unit 7"."""
    to = title(drawn, handle.target)
    if handle.source is None:
        return f"bias of {to}"
    if handle.target[0] == 1:
        return f"weight from input {drawn.scene.network.inputs[handle.source]} to {to}"
    return f"weight from unit {handle.source + 1} to {to}"


def _dot(gui: "Gui", board: Plan, unit: Unit) -> tuple[float, float]:
    """The place of a unit's bias: above its tile's left corner."""
    left, top, _, _ = board.box(unit)
    return max(left - 0.45 * gui.unit, DOT * gui.unit), top - 0.45 * gui.unit
