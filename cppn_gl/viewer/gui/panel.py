"""The panel at the window's right side: every key of the preset as a widget.

    head: search, view, layer, time | groups of keys | foot: buttons, each with its key

Its left edge, `diagram_width` pixels wide, is for the network's diagram.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgui_bundle import imgui

from cppn_gl.nn.file_source import File
from cppn_gl.preset.show import VIEWS
from cppn_gl.utils.checks import Integer, Number
from cppn_gl.viewer import fields
from cppn_gl.viewer.bindings import keys_for
from cppn_gl.viewer.explaining_images import origin_words
from cppn_gl.viewer.fields import Field, Group
from cppn_gl.viewer.gui import drawings
from cppn_gl.viewer.gui.diagram import Diagram
from cppn_gl.viewer.gui.drawings import Vec, accent, changed, ink, tint
from cppn_gl.viewer.gui.editors import Editors
from cppn_gl.viewer.gui.image_diagram import ImageDiagram
from cppn_gl.viewer.gui.seeing import AskingBox
from cppn_gl.viewer.gui.training import Training
from cppn_gl.viewer.gui.widgets import Widgets
from cppn_gl.viewer.layout import LEAST, Rect
from cppn_gl.views import ALL

if TYPE_CHECKING:
    from cppn_gl.viewer.app import App
    from cppn_gl.viewer.gui.base import Gui

IDLE = 0.45  # opacity of a key without effect
# In font sizes:
WIDTH = 21.5  # of the panel without the diagram
DIAGRAM = 10.0
LABEL = 6.8
LEFT = 12.0  # a narrower rest of the window is covered, too
MARK = 0.9  # of the mark of a changed key
TALL, TALLER = 24.0, 34.0  # windows in which the head, and also the foot, stay in place
WIDEST = 0.66  # of the window, of panel and diagram together, where they lie over the picture
# Buttons of the foot: words and actions of the binding table.
BUTTONS = (
    ("presets", "toggle_chooser", "all presets as pictures"),
    ("help", "toggle_help", "all keys"),
    ("explain", "explain", "what is shown, and how to read it"),
    (
        "save picture",
        "screenshot",
        "save the picture; the file can be opened again, or drawn larger",
    ),
    ("film", "film", "make a film of what is shown"),
    ("save preset", "save_preset", "save the preset as TOML"),
    ("save page", "save_page", "save a web page that shows it live"),
)
FIXED = "The weights are given: what draws them cannot be changed."


class Panel:
    """The panel, closed at first."""

    def __init__(self, app: "App"):
        self._app, self._explorer = app, app.explorer
        self.open = False
        self.area: Rect | None = None
        self.keys = None
        self.diagram = Diagram(app)  # at the left edge
        self._image_diagram = ImageDiagram(app)  # that of image networks
        self._widgets = Widgets()
        self._training = Training(app, self._widgets, self._labelled)
        self._editors = Editors(app, self._widgets, self._training.data_menu)
        self._asking = AskingBox(app, self._widgets)
        self._open: dict[str, bool] = {}
        self._heights: dict[str, float] = {}  # of rows, from the last frame
        self._foot_high = 0.0  # of the foot, from the last frame: its buttons fill two rows or more
        self._search = ""
        self._focus = False  # the search is to take the keyboard
        self._row = 0  # the row that the arrow keys chose, while searching
        self._rows: list[Field] = []  # in the order shown
        self._searching = False
        self._follow = False  # scroll to the chosen row

    def find(self) -> None:
        """Let the keyboard search, and choose a key."""
        self._focus = True

    def diagram_width(self, gui: "Gui") -> int:
        """The width of the diagram at the left edge, in pixels; 0 in a narrow window."""
        widest = WIDEST if self._explorer.view.by_pixel else 1 - LEAST
        room = widest * gui.size[0] - WIDTH * gui.unit
        return round(min(DIAGRAM * gui.unit, room)) if room > 5 * gui.unit else 0

    def draw(self, gui: "Gui") -> None:
        beside = self.diagram_width(gui)
        width = min(round(WIDTH * gui.unit) + beside, gui.size[0])
        if gui.size[0] - width < LEFT * gui.unit:
            width = gui.size[0]
        self.area = Rect(gui.size[0] - width, 0, width, gui.size[1])
        imgui.set_next_window_pos(Vec(self.area.x, self.area.y))
        imgui.set_next_window_size(Vec(*self.area.size))
        self._widgets.begin(gui, self.area.x)
        self._editors.begin()
        of = imgui.WindowFlags_
        flags = of.no_decoration | of.no_move | of.no_saved_settings | of.no_nav
        imgui.push_style_var(imgui.StyleVar_.window_rounding, 0.0)
        imgui.push_style_var(imgui.StyleVar_.item_spacing, Vec(0, 0))
        pad = 0.7 * gui.unit
        imgui.push_style_var(imgui.StyleVar_.window_padding, Vec(pad, pad))
        imgui.begin("panel", None, flags)
        if beside:
            edge = round(0.4 * gui.unit)
            rect = Rect(self.area.x + edge, edge, beside - edge, gui.size[1] - 2 * edge)
            diagram = self._image_diagram if self._explorer.sees else self.diagram
            diagram.draw(gui, rect)
            imgui.set_cursor_pos(Vec(pad + beside, pad))
        imgui.begin_child("keys", Vec(0, 0), 0, imgui.WindowFlags_.no_background)
        self._draw(gui)
        imgui.end_child()
        imgui.end()
        imgui.pop_style_var(3)

    def _draw(self, gui: "Gui") -> None:
        tall, taller = (gui.size[1] >= high * gui.unit for high in (TALL, TALLER))
        self._find()
        foot = (self._foot_high or 4 * self._widgets.high + gui.unit) if taller else 0.0
        if tall:
            self._head()
        imgui.begin_child("rows", Vec(0, imgui.get_content_region_avail().y - foot))
        if not tall:
            self._head()
        self._groups()
        if not taller:
            self._foot()
        imgui.dummy(Vec(1, gui.unit))
        imgui.end_child()
        if taller:
            self._foot()

    # The head

    def _find(self) -> None:
        """The search, which leads the keyboard to every key."""
        widgets, unit = self._widgets, self._widgets.unit
        x, y = imgui.get_cursor_screen_pos()
        side = widgets.high
        drawings.icon("search", (x + 0.1 * unit, y + 0.2 * unit, 0.9 * unit, 0), ink(0.6))
        imgui.set_cursor_screen_pos(Vec(x + 1.2 * unit, y))
        imgui.set_next_item_width(widgets.room() - side - 0.3 * unit)
        if self._focus:  # until it has it: a window's first frame gives none
            imgui.set_keyboard_focus_here()
            widgets.gui.typing = True
        hint = f"search all keys   {keys_for('find')}"
        before = self._search
        entered, self._search = imgui.input_text_with_hint(
            "##search", hint, self._search, imgui.InputTextFlags_.enter_returns_true
        )
        self._searching = imgui.is_item_active()
        self._focus = self._focus and not self._searching
        widgets.gui.typing = widgets.gui.typing or self._searching
        widgets.gui.mark("typing search" if self._searching else "search")
        widgets.tip("↑ ↓ choose a key, Page Up and Down change it, Enter lets its value be typed")
        if self._search != before:
            self._row = 0
        if imgui.is_item_deactivated() and imgui.is_key_pressed(imgui.Key.escape):
            self._search = ""
        if entered:
            self._enter()
        elif self._searching:
            self._walk()
        imgui.same_line(0, 0.3 * unit)
        if widgets.icon("close panel", "close"):
            if self._search:
                self._search = ""
            else:
                self._app.events.perform("toggle_panel")
        widgets.tip("close the panel", below=f"key {keys_for('next_overlay')}")
        imgui.dummy(Vec(1, 0.35 * unit))

    def _walk(self) -> None:
        """Choose a row, or change its value, by keys while the search has the keyboard."""
        if not self._rows:
            return
        pressed = imgui.is_key_pressed
        by = pressed(imgui.Key.down_arrow) - pressed(imgui.Key.up_arrow)
        self._row, self._follow = self._row + by, self._follow or by != 0
        self._row = min(max(self._row, 0), len(self._rows) - 1)
        steps = pressed(imgui.Key.page_up) - pressed(imgui.Key.page_down)
        if steps:
            self._step(self._rows[self._row], 5 * steps if imgui.get_io().key_shift else steps)

    def _step(self, field: Field, steps: int) -> None:
        preset = self._explorer.moment
        now = fields.value(preset, field)
        new = fields.stepped(field, now, steps, preset)
        if new != now:
            self._editors.set(field.dotted, **{field.dotted: new})

    def _enter(self) -> None:
        """Type the value of the chosen row; switch it, if it is a flag."""
        self._focus = True
        if not self._rows:
            return
        field = self._rows[min(self._row, len(self._rows) - 1)]
        preset = self._explorer.moment
        if fields.fixed(preset, field):
            return
        now = fields.value(preset, field)
        if field.widget in ("slider", "seed", "text", "axis"):
            now = fields.automatic(preset, field) if now is None else now
            name = f"{field.dotted} value" if field.widget == "slider" else field.dotted
            self._widgets.edit(name, fields.written(now))
            self._focus = False
        elif field.widget in ("numbers",) and now:
            self._widgets.edit(f"{field.dotted} 0", fields.written(now[0]))
            self._focus = False
        else:
            self._step(field, 1)

    def _head(self) -> None:
        self._title()
        self._view()
        self._layer()
        self._time()
        self._rule()

    def _rule(self, gap: float = 0.45) -> None:
        """A thin line."""
        unit = self._widgets.unit
        imgui.dummy(Vec(1, gap * unit))
        x, y = imgui.get_cursor_screen_pos()
        drawings.polyline(((x, y), (x + self._widgets.room(), y)), ink(0.12), 1)
        imgui.dummy(Vec(1, gap * unit))

    def _title(self) -> None:
        """The preset's title, and one click back to the preset as it was loaded."""
        widgets, preset = self._widgets, self._explorer.preset
        words = "undo all"
        back = fields.edited(preset, self._explorer.loaded)
        room = widgets.room()
        side = widgets.width_of(words) + 1.1 * widgets.unit if back else 0.0
        _, (x, y, width, _) = widgets.area("title of the preset", room - side)
        title = preset.title or preset.name
        widgets.write(
            title, x, y, ink(), width=width - 0.4 * widgets.unit, font=widgets.gui.fonts.bold
        )
        widgets.tip(preset.description, heading=title)
        if back:
            widgets.next(0)
            if widgets.chip("undo all", words):
                self._restore()
            widgets.tip("back to the preset as it was loaded")

    def _restore(self, *, network: bool = False) -> None:
        """Back to the loaded preset, or its network, in a step of its own."""
        gui = self._widgets.gui
        gui.gesture()
        self._explorer.restore(network=network)
        gui.finish()
        self._editors.say()

    def _labelled(self, label: str, name: str, help: str, keys: str = "") -> float:
        """The label of a row of the head; the room beside it."""
        widgets, unit = self._widgets, self._widgets.unit
        indent = self._indent
        _, (x, y, _, _) = widgets.area(f"label {name}", indent - 0.3 * unit)
        widgets.write(label, x + MARK * unit, y, ink(0.72), width=indent - (MARK + 0.4) * unit)
        widgets.tip(help, heading=label, below=f"key {keys}" if keys else "")
        imgui.same_line(0, 0.3 * unit)
        return widgets.room()

    @property
    def _indent(self) -> float:
        """The width of the column of labels."""
        content = self._widgets.room()
        return min(LABEL * self._widgets.unit, 0.4 * content)

    def _view(self) -> None:
        widgets, preset = self._widgets, self._explorer.preset
        room = self._labelled("view", "view", VIEWS[preset.show.view].help, keys_for("next_view"))
        chosen = widgets.menu(
            "view menu",
            self._explorer.view.name,
            tuple(VIEWS),
            room,
            notes=lambda name: ALL[name].unfit(preset) or VIEWS[name].help,
            faint=lambda name: bool(ALL[name].unfit(preset)),
        )
        if chosen is not None and chosen != preset.show.view:
            self._editors.set("show.view", **{"show.view": chosen})

    def _layer(self) -> None:
        widgets, unit, explorer = self._widgets, self._widgets.unit, self._explorer
        depth, layer = explorer.layers, explorer.layer
        if depth < 2:
            return
        keys = keys_for("layer_up", "layer_down")
        room = self._labelled("layer", "layer", "The layer shown, as a picture of its own.", keys)
        if widgets.icon("layer before", "left"):
            self._act("layer_down")
        widgets.next(0)
        value = 4.0 * unit
        moved = widgets.slider("layer", (layer - 1) / (depth - 1), room - 2 * widgets.high - value)
        if moved is not None:
            wanted = 1 + round(moved * (depth - 1))
            if wanted != layer:
                explorer.show_layer(wanted)
        widgets.next(0)
        if widgets.icon("layer after", "right"):
            self._act("layer_up")
        widgets.next(0)
        _, (x, y, width, _) = widgets.area("layer shown", value)
        words = f"{layer} of {depth}"
        widgets.write(words, x + width - 0.35 * unit, y, ink(0.95), right=True)

    def _time(self) -> None:
        """Pause, and time along a loop."""
        widgets, unit, explorer = self._widgets, self._widgets.unit, self._explorer
        preset = explorer.preset
        help = "Time in seconds; the slider is one loop."
        if not preset.animated:
            return
        room = self._labelled("time", "time", help, keys_for("pause"))
        if widgets.icon("pause", "pause" if explorer.moving else "play"):
            self._act("pause")
        widgets.next(0)
        value = 4.0 * unit
        span = preset.animation.seconds
        span *= 2 if preset.animation.ending == "bounce" and preset.moves else 1
        place = explorer.time % span / span
        moved = widgets.slider("time", place, room - widgets.high - value)
        if moved is not None:
            explorer.running = False
            explorer.time = round((explorer.time // span + moved) * span, 2)
        widgets.next(0)
        typed = widgets.value(
            "time value",
            f"{explorer.time:.1f} s",
            fields.written(round(explorer.time, 3)),
            value,
            refuse=lambda text: "" if _seconds(text) is not None else "not a number of seconds",
        )
        if typed is not None:
            explorer.running, explorer.time = False, _seconds(typed) or 0.0

    def _keep(self) -> None:
        """Whether another activation or initialisation keeps the signal."""
        help = "Another activation or initialisation comes with a weight scale that keeps contrast."
        self._labelled("keep signal", "keep", help, keys_for("toggle_keeping"))
        if self._widgets.switch("keep signal", self._explorer.keep_signal):
            self._act("toggle_keeping")

    def _act(self, action: str) -> None:
        self._widgets.gui.gesture()
        self._app.events.perform(action)
        self._widgets.gui.finish()

    # The groups

    def _groups(self) -> None:
        preset = self._explorer.preset
        self._rows = []
        found = 0
        if self._asking.draw():
            self._rule()
        if preset.learns and not self._search:
            self._training.draw()
            self._rule()
        for group in fields.groups(preset):
            chosen = [one for one in group.fields if one.matches(self._search)]
            if self._search:
                found += len(chosen)
                if chosen:
                    self._heading(group, chosen, True)
                    self._list(chosen)
            elif not group.other:
                self._group(group, preset.show.view)
        if self._search and not found:
            self._widgets.paragraph(f"No key has “{self._search}” in its name or help.", ink(0.7))
        if not self._search:
            self._others([group for group in fields.groups(preset) if group.other])

    def _group(self, group: Group, view: str) -> None:
        own = group.name == fields.OWN.get(view, view)
        opened = self._open.get(group.name, own or group.name == "common")
        if group.title:
            opened = self._heading(group, group.fields, opened)
        if opened:
            self._list(group.fields)

    def _others(self, groups: list[Group]) -> None:
        everything = tuple(one for group in groups for one in group.fields)
        if self._heading(Group("others", "Other views", everything), everything, None):
            for group in groups:
                self._group(group, "")

    def _heading(self, group: Group, chosen: Sequence[Field], opened: bool | None) -> bool:
        """The title of a group, which opens and closes it; whether it is open."""
        widgets, unit = self._widgets, self._widgets.unit
        opened = self._open.get(group.name, False) if opened is None else opened
        if not group.title:
            return True
        preset, loaded = self._explorer.preset, self._explorer.loaded
        back = fields.restored(preset, loaded, chosen) if preset is not loaded else {}
        imgui.dummy(Vec(1, 0.25 * unit))
        side = widgets.high + 0.2 * unit if back else 0.0
        clicked, box = widgets.area(f"group {group.name}", widgets.room() - side)
        widgets.ground(box)
        x, y, _width, height = box
        icon = "down" if opened else "right"
        drawings.icon(icon, (x, y + (height - 0.75 * unit) / 2, 0.75 * unit, 0), ink(0.55))
        widgets.write(group.title, x + MARK * unit, y, ink(0.95), font=widgets.gui.fonts.bold)
        if back:
            widgets.next(0)
            if widgets.icon(f"back {group.name}", "undo", color=changed()):
                self._editors.set("", **back)
            widgets.tip(
                f"back to the preset: {', '.join(key.partition('.')[2] or key for key in back)}"
            )
        if clicked and not self._search:
            self._open[group.name] = opened = not opened
        return opened

    def _list(self, chosen: Sequence[Field]) -> None:
        preset = self._explorer.preset
        given = not preset.spec.redrawable
        if given and any(fields.fixed(preset, field) for field in chosen):
            imgui.dummy(Vec(MARK * self._widgets.unit, 1))
            imgui.same_line(0, 0)
            self._widgets.paragraph(origin_words(preset) or FIXED, ink(0.6))
            loaded = self._explorer.loaded.spec
            if type(loaded) is not type(preset.spec):
                imgui.dummy(Vec(MARK * self._widgets.unit, 1))
                imgui.same_line(0, 0)
                which = "file's" if isinstance(loaded, File) else "drawn"
                if self._widgets.chip("network again", f"back to the {which} network"):
                    self._restore(network=True)
        for field in chosen:
            self._field(field)
            keeps = preset.spec.redrawable and not (preset.learns or preset.spec.structured)
            if field.dotted == "network.init" and keeps:
                self._keep()

    def _field(self, field: Field) -> None:
        """A row: mark, label, widgets, and what is wrong with the last value."""
        if fields.fixed(self._explorer.preset, field) and not fields.fact(
            self._explorer.preset, field
        ):
            return
        widgets = self._widgets
        self._rows.append(field)
        chosen = self._searching and len(self._rows) - 1 == self._row
        high = self._heights.get(field.dotted, widgets.high)
        start = imgui.get_cursor_screen_pos()
        typed = widgets.editing.startswith(field.dotted)
        if not (chosen or typed or imgui.is_rect_visible(Vec(1, high))):
            imgui.dummy(Vec(1, high))
            return
        if chosen:
            ends = Vec(start.x, start.y), Vec(start.x + widgets.room(), start.y + high)
            imgui.get_window_draw_list().add_rect_filled(*ends, accent(0.16), 0.3 * widgets.unit)
            if self._follow and not imgui.is_rect_visible(*ends):
                imgui.set_scroll_here_y(0.5)
            self._follow = False
        imgui.begin_group()
        self._label(field)
        imgui.same_line(0, 0)
        imgui.begin_group()
        if fields.fixed(self._explorer.preset, field):
            fact = fields.fact(self._explorer.preset, field)
            width = widgets.room()
            _, (x, y, _, _) = widgets.area(f"fact {field.dotted}", width)
            widgets.write(fact, x + 0.45 * widgets.unit, y, ink(0.7), width=width)
        else:
            idle = fields.idle(self._explorer.preset, field)
            imgui.push_style_var(imgui.StyleVar_.alpha, IDLE if idle else 1.0)
            self._editors.draw(field, widgets.room())
            imgui.pop_style_var()
        problem = self._editors.problems.get(field.dotted, "")
        if typed and widgets.problem:
            problem = widgets.problem
        if problem:
            widgets.paragraph(problem, tint(drawings.PROBLEM))
            widgets.gui.mark(f"problem {field.dotted}")
        imgui.end_group()
        imgui.end_group()
        self._heights[field.dotted] = imgui.get_item_rect_size().y
        if chosen:
            widgets.gui.mark(f"chosen {field.dotted}")

    def _label(self, field: Field) -> None:
        """A key's label, and the mark of a changed one, which leads back to the preset's value."""
        widgets, unit = self._widgets, self._widgets.unit
        preset, loaded = self._explorer.preset, self._explorer.loaded
        marked = fields.changed(preset, loaded, field)
        moving = field.dotted in preset.animate.table
        indent = self._indent
        clicked, (x, y, _, _) = widgets.area(f"label {field.dotted}", indent)
        hovered = imgui.is_item_hovered()
        if marked and hovered:
            imgui.set_mouse_cursor(imgui.MouseCursor_.hand)
            side = 0.85 * unit
            drawings.icon("undo", (x - 0.05 * unit, y + 0.22 * unit, side, 0), changed())
        elif marked:
            draw = imgui.get_window_draw_list()
            draw.add_circle_filled(
                Vec(x + 0.4 * unit, y + widgets.high / 2), 0.17 * unit, changed()
            )
        elif moving:
            widgets.write("~", x + 0.15 * unit, y, accent())
        idle = fields.idle(preset, field)
        color = changed() if marked else ink(0.95 if hovered else IDLE if idle else 0.8)
        left = x + MARK * unit
        widgets.write(field.label, left, y, color, width=indent - (MARK + 0.3) * unit)
        help = f"{field.help[0].upper()}{field.help[1:]}."
        notes = [f"without effect here: {idle}"] if idle else []
        notes.append(field.dotted)
        if isinstance(field.check, Integer | Number):
            notes.append(
                f"{fields.shown(float(field.check.low))} to {fields.shown(float(field.check.high))}"
            )
        actions = fields.ACTIONS.get(field.dotted, ())
        if actions and self._explorer.changes(field.dotted):
            notes.append(f"key {keys_for(*actions, names=self._app.names)}")
        if field.dotted == "network.init":
            notes.append(self._sigma())
        if marked:
            before = fields.shown(fields.value(loaded, field)) or "unset"
            notes.append(f"click: back to {widgets.shortened(before, 12 * unit)}")
        if moving:
            notes.append("animated: a change ends that")
        widgets.tip(help, heading=field.label, below="\n".join(notes))
        if clicked and marked:
            back = fields.restored(preset, loaded, (field,))
            self._editors.set(field.dotted, **back)

    def _sigma(self) -> str:
        """The spread of the hidden weights, and what a layer multiplies that of its inputs by."""
        preset = self._explorer.moment
        sigma = fields.sigma(preset, getattr(preset.spec, "init", "uniform"))
        inputs = math.prod(preset.spec.shapes[len(preset.spec.shapes) > 2][1:])
        gain = math.sqrt(inputs) * sigma
        return f"hidden weights: σ {sigma:.3f}, √n·σ {gain:.2f} (n = {inputs} inputs of a unit)"

    # The foot

    def _foot(self) -> None:
        widgets, unit = self._widgets, self._widgets.unit
        top = imgui.get_cursor_pos_y()
        self._rule(0.3)
        first = True
        for words, action, help in BUTTONS:
            key = keys_for(action)
            if not key:
                continue
            if not first:
                widgets.next(0.3)
                if not widgets.fits(f"{words}  {key}"):
                    imgui.new_line()
            first = False
            if widgets.chip(f"button {action}", words, key=key):
                self._app.events.perform(action)
            widgets.tip(help)
        gui = widgets.gui
        room = self._labelled("opacity", "opacity", "How opaque the panel is.")
        moved = widgets.slider("opacity", gui.opacity, room - 3 * unit)
        if moved is not None:
            gui.opacity = max(0.2, round(moved, 2))
        widgets.next(0)
        _, (x, y, width, _) = widgets.area("opacity shown", 3 * unit)
        widgets.write(f"{gui.opacity:.0%}", x + width - 0.35 * unit, y, ink(0.95), right=True)
        self._foot_high = imgui.get_cursor_pos_y() - top + 0.4 * unit


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text.strip().removesuffix("s"))
    except ValueError:
        return None
    return seconds if abs(seconds) < 1e6 else None
