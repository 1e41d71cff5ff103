"""The editors of a preset's keys: for each kind of widget, how a field is shown and changed.

Field -> Editors.draw(): widgets in the room of a row -> Explorer.change: a step of the history
"""

import dataclasses
import json
import math
import time as wall
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgui_bundle import imgui

from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.draws import INITS
from cppn_gl.nn.features import FEATURES, described, doubled, latent_count, latent_index, wave
from cppn_gl.nn.file_source import File
from cppn_gl.nn.files import format_of
from cppn_gl.nn.image_models import KNOWN, SUFFIXES, suffix_of
from cppn_gl.preset.color import MAPPINGS, MAX_COLORS, Color
from cppn_gl.preset.surprise import fresh_seed
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.colormaps import hex_rgb
from cppn_gl.utils.toml import toml_value
from cppn_gl.viewer import fields
from cppn_gl.viewer.bindings import keys_for
from cppn_gl.viewer.fields import Field
from cppn_gl.viewer.gui import drawings
from cppn_gl.viewer.gui.drawings import Box, Vec, accent, ink
from cppn_gl.viewer.gui.seeing import SeeingEditors
from cppn_gl.viewer.gui.structures import StructureEditors
from cppn_gl.viewer.gui.widgets import Widgets

if TYPE_CHECKING:
    from cppn_gl.viewer.app import App

VALUE = 4.0  # width of a number, in font sizes
CELL = 2.3  # of a layer's activation
KEEPING = ("network.activation", "network.init")  # may come with another weight scale


class Editors(StructureEditors, SeeingEditors):
    """Shows fields of the explorer's preset, and changes them."""

    def __init__(self, app: "App", widgets: Widgets, data_menu: Callable[[str, float], None]):
        self._app, self._explorer, self._widgets = app, app.explorer, widgets
        self._data_menu = data_menu
        self.problems: dict[str, str] = {}  # why the last value of a key was refused
        self._ends: dict[str, tuple[float, float]] = {}  # of the slider that is dragged
        # A longer text while it is being written: its key, the value before, the text.
        self._writing = "", "", ""

    def begin(self) -> None:
        """Start a frame."""
        self.moment, self.loaded = self._explorer.moment, self._explorer.loaded

    def draw(self, field: Field, width: float) -> None:
        """The widgets of a field, in a row of this width."""
        getattr(self, f"_{field.widget}")(field, width)

    # Changes

    def change(self, key: str, **keys: Any) -> None:
        """Change keys, within the gesture; a value that is refused is reported for `key`."""
        self.problems.clear()
        problem = self._refused(keys)
        if problem:
            self.problems[key] = problem
            return
        ((name, value),) = keys.items() if len(keys) == 1 else ((key, None),)
        if name in KEEPING and isinstance(value, str):
            self._explorer.redraw(**{name.rpartition(".")[2]: value})
        else:
            self._explorer.change(**keys)
        self.say()

    def say(self) -> None:
        """Show the explorer's message."""
        self._app.hud.say(self._explorer.message, wall.perf_counter())

    def set(self, key: str, **keys: Any) -> None:
        """Change keys as a gesture of its own."""
        gui = self._widgets.gui
        gui.gesture()
        self.change(key, **keys)
        gui.finish()
        gui.touch()

    def _refused(self, keys: dict[str, Any]) -> str:
        try:
            self._explorer.preset.replace(**keys)
        except PresetError as error:
            return error.problem
        return ""

    def _refuse(self, dotted: str, value: Callable[[str], Any]) -> Callable[[str], str]:
        """Why a typed text is no value of a key; "" if it is one."""
        return lambda text: self._refused({dotted: value(text)})

    # Numbers

    def _slider(self, field: Field, width: float) -> None:
        widgets, unit = self._widgets, self._widgets.unit
        now = fields.value(self.moment, field)
        shown = fields.automatic(self.moment, field) if now is None else now
        auto = widgets.width_of("auto") + 1.2 * unit if field.optional else 0.0
        ends = self._ends.get(field.dotted) or fields.span(field, shown, self.moment)
        length = width - VALUE * unit - auto - 0.2 * unit
        if length > 2.5 * unit:
            self._bar(field, now, shown, ends, length)
            widgets.next(0.2)
        typed = widgets.value(
            f"{field.dotted} value",
            fields.shown(shown),
            fields.written(shown),
            VALUE * unit,
            refuse=self._refuse(field.dotted, lambda text: fields.typed(field, text)),
            faint=now is None,
        )
        if typed is not None:
            self.set(field.dotted, **{field.dotted: fields.typed(field, typed)})
        if field.optional:
            widgets.next(0.2)
            self._auto(field, now, shown)

    def _bar(
        self, field: Field, now: Any, shown: Any, ends: tuple[float, float], length: float
    ) -> None:
        number = ends[0] if shown is None else shown
        straddles = not field.factor and ends[0] < 0 < ends[1]
        mark = fields.value(self.loaded, field)
        marked = fields.changed(self.moment, self.loaded, field) and mark is not None
        moved = self._widgets.slider(
            field.dotted,
            fields.place(field, number, ends),
            length,
            origin=fields.place(field, 0.0, ends) if straddles else 0.0,
            mark=fields.place(field, mark, ends) if marked else None,
            dim=now is None,
        )
        if imgui.is_item_active():
            self._ends[field.dotted] = ends
        else:
            self._ends.pop(field.dotted, None)
        if moved is not None:
            number = fields.at_place(field, moved, ends)
            if number != now:
                self.change(field.dotted, **{field.dotted: number})

    def _auto(self, field: Field, now: Any, instead: Any) -> None:
        """A switch that unsets an optional key, or sets it to `instead`."""
        widgets = self._widgets
        word = "none" if fields.automatic(self.moment, field) is None else "auto"
        if widgets.chip(f"{field.dotted} auto", word, on=now is None):
            self.set(field.dotted, **{field.dotted: instead if now is None else None})
        widgets.tip("on: the key is left out, and another value takes its place")

    def _numbers(self, field: Field, width: float) -> None:
        widgets, unit = self._widgets, self._widgets.unit
        now = fields.value(self.moment, field)
        shown = fields.automatic(self.moment, field) if now is None else now
        if field.optional:
            start = shown or tuple(1 for _ in range(getattr(field.check, "low", 0)))
            self._auto(field, now, start)
        values = tuple(shown or ())
        parts = fields.PARTS.get(field.dotted, ())
        each = VALUE * unit + (widgets.width_of(max(parts, key=len)) if parts else 0)
        for index in range(len(values)):
            if (index or field.optional) and widgets.room() - each > 0:
                widgets.next()
            self._number(field, values, index, parts[index] if parts else "", faint=now is None)
            if index < len(values) - 1:
                imgui.same_line(0, 0.2 * unit)
                self._break(each)
        if now is not None and getattr(field.check, "high", 0) > getattr(field.check, "low", 0):
            self._count(field, values)

    def _break(self, width: float) -> None:
        """Go on in a new line if the next item does not fit into this one."""
        if self._widgets.room() < width:
            imgui.new_line()

    def _number(
        self, field: Field, values: tuple[Any, ...], index: int, part: str, *, faint: bool
    ) -> None:
        widgets, unit = self._widgets, self._widgets.unit

        def placed(text: str) -> tuple[Any, ...]:
            return (*values[:index], fields.typed(field, text), *values[index + 1 :])

        if part:
            wide = widgets.width_of(part)
            _, (x, y, _, _) = widgets.area(f"{field.dotted} {part}", wide)
            widgets.write(part, x, y, ink(0.55))
            widgets.next(0.1)
        typed = widgets.value(
            f"{field.dotted} {index}",
            fields.shown(values[index]),
            fields.written(values[index]),
            VALUE * unit,
            refuse=self._refuse(field.dotted, placed),
            left=True,
            faint=faint,
        )
        if typed is not None:
            self.set(field.dotted, **{field.dotted: placed(typed)})

    def _count(self, field: Field, values: tuple[Any, ...]) -> None:
        """Buttons that lengthen and shorten a list."""
        widgets = self._widgets
        last = values[-1] if values else 0
        low = getattr(field.check, "low", 0)
        if values:
            widgets.next()
            self._break(2.4 * widgets.high)
        if widgets.icon(f"{field.dotted} more", "plus"):
            new = fresh_seed() if field.whole else last
            longer = (*values, new) if len(values) != 0 or not field.whole else (*values, 0, new)
            self.set(field.dotted, **{field.dotted: longer})
        widgets.tip("one more")
        if len(values) > low:
            widgets.next(0.1)
            if widgets.icon(f"{field.dotted} fewer", "close"):
                self.set(field.dotted, **{field.dotted: values[:-1] if len(values) > 2 else ()})
            widgets.tip("one fewer")

    def _seed(self, field: Field, width: float) -> None:
        widgets = self._widgets
        now = fields.value(self.moment, field)
        typed = widgets.value(
            field.dotted,
            fields.shown(now),
            fields.written(now),
            width - widgets.high - 0.2 * widgets.unit,
            refuse=self._refuse(field.dotted, fields.seed),
            left=True,
            hint="a number, or any words",
        )
        if typed is not None:
            self.set(field.dotted, **{field.dotted: fields.seed(typed)})
        widgets.next(0.2)
        if widgets.icon(f"{field.dotted} dice", "dice", ground=0.06):
            self.set(field.dotted, **{field.dotted: fresh_seed()})
        if self.moment.spec.redrawable:
            key = keys_for("random_seed")
            widgets.tip("another random network: a new seed", below=f"key {key}")
        else:
            widgets.tip("a new seed")

    def _between(self, field: Field, width: float) -> None:
        widgets, unit = self._widgets, self._widgets.unit
        now = fields.value(self.moment, field)
        self._auto(field, now, (getattr(self.moment.spec, "seed", 0) + 1, 0.5))
        if now is None:
            return
        seed, part = now
        dotted = field.dotted
        widgets.next()
        typed = widgets.value(
            f"{dotted} seed",
            str(seed),
            str(seed),
            VALUE * 1.2 * unit,
            refuse=self._refuse(dotted, lambda text: (fields.seed(text), part)),
            left=True,
        )
        if typed is not None:
            self.set(dotted, **{dotted: (fields.seed(typed), part)})
        moved = widgets.slider(f"{dotted} part", part, width - VALUE * unit)
        if moved is not None:
            self.change(dotted, **{dotted: (seed, round(moved, 3))})
        widgets.next(0.2)
        typed = widgets.value(
            f"{dotted} fraction",
            fields.shown(part),
            fields.written(part),
            VALUE * 0.9 * unit,
            refuse=self._refuse(dotted, lambda text: (seed, fields.typed(field, text))),
        )
        if typed is not None:
            self.set(dotted, **{dotted: (seed, fields.typed(field, typed))})

    # Choices

    def _flag(self, field: Field, width: float) -> None:
        on = bool(fields.value(self.moment, field))
        if self._widgets.switch(field.dotted, on):
            self.set(field.dotted, **{field.dotted: not on})

    def _menu(self, field: Field, width: float) -> None:
        now = fields.value(self.moment, field)
        chosen = self._choose(field, field.dotted, now, width)
        if chosen is not None and chosen != now:
            self.set(field.dotted, **{field.dotted: chosen})

    def _choose(self, field: Field, name: str, now: Any, width: float) -> Any:
        """A menu of the choices of a field, with pictures of those that have some."""
        known = getattr(field.check, "known", ACTIVATIONS)
        pictured: dict[str, Any] = {}
        if known is ACTIVATIONS:
            pictured = {"picture": drawings.curve, "notes": lambda n: ACTIVATIONS[n].formula}
        elif known is MAPPINGS:
            color = self.moment.color
            pictured = {
                "picture": lambda n, box, _: self._strip(
                    dataclasses.replace(color, mapping=n), box
                ),
                "notes": lambda n: dataclasses.replace(color, mapping=n).row.help,
                "aspect": 3.2,
            }
        elif known is INITS:
            pictured = self._densities(now)
        return self._widgets.menu(
            name,
            now,
            tuple(known),
            width,
            words=lambda n: fields.chosen(field, n),
            **pictured,
        )

    def _strip(self, color: Color, box: Box) -> None:
        x, y, width, height = box
        inset = 0.12 * height
        box = (x, y + inset, width, height - 2 * inset)
        drawings.color_strip(self._widgets.gui, color, box)

    def _colors(self, field: Field, width: float) -> None:
        """Colours of one's own: a click on one opens a picker."""
        widgets, dotted = self._widgets, field.dotted
        now = tuple(fields.value(self.moment, field))
        for index, color in enumerate(now):
            if index:
                widgets.next(0.15)
                self._break(widgets.high)
            clicked, (x, y, side, _) = widgets.area(f"{dotted} {index}", widgets.high)
            ends = Vec(x, y), Vec(x + side, y + side)
            draw, (red, green, blue) = imgui.get_window_draw_list(), hex_rgb(color)
            draw.add_rect_filled(*ends, 0xFF000000 | blue << 16 | green << 8 | red, side * 0.2)
            draw.add_rect(*ends, ink(0.25), side * 0.2)
            widgets.tip(color)
            if clicked:
                imgui.open_popup(f"{dotted} {index}")
            self._picked(field, now, index, (x, y))
        if len(now) < MAX_COLORS:
            if now:
                widgets.next()
                self._break(2.4 * widgets.high)
            if widgets.icon(f"{dotted} more", "plus"):
                self.set(dotted, **{dotted: (*now, now[-1]) if now else self.moment.color.colors})
            widgets.tip("one more colour" if now else "colours of your own")
        if now:
            widgets.next(0.1)
            if widgets.icon(f"{dotted} fewer", "close"):
                self.set(dotted, **{dotted: now[:-1] if len(now) > 2 else ()})
            widgets.tip("one fewer")

    def _picked(
        self, field: Field, now: tuple[str, ...], index: int, at: tuple[float, float]
    ) -> None:
        """The picker of a colour, if it is open, below its swatch or above; a drag is a gesture."""
        widgets, dotted = self._widgets, field.dotted
        (x, y), unit, room = at, widgets.unit, widgets.gui.size
        wide, high = 13.4 * unit, 14 * unit
        below = y + widgets.high + high < room[1]
        place = Vec(min(x, room[0] - wide - 4), y + widgets.high if below else max(y - high, 4))
        imgui.set_next_window_pos(place, imgui.Cond_.appearing)
        if not imgui.begin_popup(f"{dotted} {index}"):
            return

        def placed(color: str) -> tuple[str, ...]:
            return (*now[:index], color.strip(), *now[index + 1 :])

        flags = imgui.ColorEditFlags_
        bare = flags.no_inputs | flags.no_side_preview | flags.no_small_preview | flags.no_label
        imgui.set_next_item_width(12 * widgets.unit)
        shown = [part / 255 for part in hex_rgb(now[index])]
        moved, new = imgui.color_picker3(f"##{dotted}", shown, bare)
        widgets.gui.mark(f"{dotted} picker")
        if imgui.is_item_activated():
            widgets.gui.gesture()
        if moved:
            color = "#" + bytes(round(255 * part) for part in new[:3]).hex()
            self.change(dotted, **{dotted: placed(color)})
        if imgui.is_item_deactivated():
            widgets.gui.finish()
        if imgui.is_key_pressed(imgui.Key.escape) and not widgets.editing:  # Esc first ends a text
            imgui.close_current_popup()
        typed = widgets.value(
            f"{dotted} typed",
            now[index],
            now[index],
            12 * widgets.unit,
            refuse=self._refuse(dotted, placed),
            left=True,
        )
        if typed is not None:
            self.set(dotted, **{dotted: placed(typed)})
        imgui.end_popup()

    def _densities(self, now: str) -> dict[str, Any]:
        sigmas = {name: fields.sigma(self.moment, name) for name in INITS}
        widest = max(sigmas.values()) or 1.0
        return {
            "picture": lambda n, box, color: drawings.density(
                INITS[n][0], math.sqrt(sigmas[n] / widest), box, color
            ),
            "notes": lambda n: f"σ {sigmas[n]:.3f}",
            "note": f"σ {sigmas[now]:.3f}",
            "aspect": 1.7,
        }

    def _activations(self, field: Field, width: float) -> None:
        widgets, unit = self._widgets, self._widgets.unit
        now = fields.value(self.moment, field)
        hidden = self.moment.spec.hidden_activations
        listed = not isinstance(now, str)
        chip = widgets.width_of("each layer") + 1.2 * unit
        different = tuple(dict.fromkeys(hidden)) or ("tanh",)
        first = now if not listed else different if len(different) > 1 else different[0]
        chosen = self._choose(field, field.dotted, first, width - chip)
        if chosen is not None and chosen != first:
            self.set(field.dotted, **{field.dotted: chosen})
        widgets.next(0.2)
        if widgets.chip(f"{field.dotted} each", "each layer", on=listed):
            new = hidden if not listed else (hidden or ("tanh",))[0]
            self.set(field.dotted, **{field.dotted: new})
        widgets.tip("on: a list of activations, one for each hidden layer")
        if listed:
            self._each_layer(field, hidden, width)

    def _each_layer(self, field: Field, hidden: Sequence[str], width: float) -> None:
        """A cell with the curve of each hidden layer; a click opens a menu."""
        widgets = self._widgets
        side = CELL * widgets.unit
        across = max(1, int(width // (side + 1)))
        imgui.push_style_var(imgui.StyleVar_.item_spacing, Vec(1, 1))
        for index, name in enumerate(hidden):
            if index % across:
                imgui.same_line(0, 1)
            cell = f"{field.dotted} {index}"
            clicked, box = widgets.area(cell, side, side * 0.72)
            x, y, wide, high = box
            widgets.ground((x, y - 0.08 * widgets.unit, wide, high + 0.16 * widgets.unit), 0.05)
            inset = 0.14 * high
            drawings.curve(
                name, (x + inset, y + inset, wide - 2 * inset, high - 2 * inset), accent()
            )
            widgets.tip(f"layer {index + 1}: {name}")
            if clicked:
                imgui.open_popup(cell)
            chosen = widgets.popup(
                cell,
                name,
                tuple(ACTIVATIONS),
                (x, y + high, 0.0),
                picture=drawings.curve,
                notes=lambda n: ACTIVATIONS[n].formula,
            )
            if chosen is not None:
                changed = (*hidden[:index], chosen, *hidden[index + 1 :])
                self.set(field.dotted, **{field.dotted: changed})
        imgui.pop_style_var()

    def _inputs(self, field: Field, width: float) -> None:
        widgets = self._widgets
        now = tuple(fields.value(self.moment, field) or ())
        harmonics = [name for name in now if name not in FEATURES and wave(name) is not None]
        latents = [name for name in now if latent_index(name) is not None]
        more = f"z{latent_count(now)}"
        for number, name in enumerate((*FEATURES, *harmonics, *latents, more)):
            if number:
                widgets.next(0.15)
                self._break(widgets.width_of(name) + 0.9 * widgets.unit)
            on = name in now
            if widgets.chip(f"{field.dotted} {name}", name if name != more else f"+ {name}", on=on):
                new = tuple(n for n in now if n != name) if on else (*now, name)
                self.set(field.dotted, **{field.dotted: new})
            place = f"; input {now.index(name) + 1} of {len(now)}" if on else ""
            widgets.tip(f"{described(name)}{place}", heading=name)
        if higher := doubled(now):
            text = f"+ {higher[0]}" + (" …" if len(higher) > 1 else "")
            widgets.next(0.15)
            self._break(widgets.width_of(text) + 0.9 * widgets.unit)
            if widgets.chip(f"{field.dotted} higher", text):
                self.set(field.dotted, **{field.dotted: (*now, *higher)})
            widgets.tip("the waves at twice the highest frequency", heading=" ".join(higher))
        self._named_input(field, now)

    def _named_input(self, field: Field, now: tuple[str, ...]) -> None:
        """A field for the names of further inputs, as sin_3x."""
        widgets = self._widgets

        def names(text: str) -> tuple[str, ...]:
            return (*now, *text.replace(",", " ").split())

        width = 4.5 * widgets.unit
        widgets.next(0.15)
        self._break(width)
        typed = widgets.value(
            f"{field.dotted} name",
            "name",
            "",
            width,
            refuse=self._refuse(field.dotted, names),
            left=True,
            faint=True,
            hint="sin_3x",
        )
        widgets.tip("add inputs by name: sin_3x is the third harmonic of sin_x")
        if typed is not None and names(typed) != now:
            self.set(field.dotted, **{field.dotted: names(typed)})

    # Text

    def _text(self, field: Field, width: float) -> None:
        now = str(fields.value(self.moment, field) or "")
        typed = self._widgets.value(
            field.dotted,
            now,
            now,
            width,
            refuse=self._refuse(field.dotted, str.strip),
            left=True,
            hint="none",
        )
        if typed is not None and typed.strip() != now:
            self.set(field.dotted, **{field.dotted: typed.strip()})

    def _list(self, field: Field, width: float) -> None:
        """A list of lists, as TOML writes it."""
        now = json.dumps(fields.value(self.moment, field))
        typed = self._widgets.value(
            field.dotted,
            "" if now == "[]" else now,
            now,
            width,
            refuse=self._refuse(field.dotted, toml_value),
            left=True,
            hint="none",
        )
        if typed is not None and typed.strip() != now:
            self.set(field.dotted, **{field.dotted: toml_value(typed)})

    def _data(self, field: Field, width: float) -> None:
        self._data_menu(field.dotted, width)

    def _file(self, field: Field, width: float) -> None:
        """The file of a network: its name; to be typed, its path. It is read in a thread."""
        spec = self.moment.spec
        now = str(fields.value(self.moment, field) or "")
        typed = self._widgets.value(
            field.dotted,
            spec.label if isinstance(spec, File) else "",
            now,
            width,
            left=True,
            refuse=_no_network,
            hint="a .safetensors, .npz or .onnx file",
        )
        if typed is not None and typed.strip() and typed.strip() != now:
            self._app.open_network(Path(typed.strip()).expanduser())
        self.problems.pop(field.dotted, None)
        if problem := self._app.network_problem:
            self.problems[field.dotted] = problem

    def _prose(self, field: Field, width: float) -> None:
        now = str(fields.value(self.moment, field))
        size = Vec(width, 6 * self._widgets.unit)
        flags = imgui.InputTextFlags_
        own = self._writing[:2] == (field.dotted, now)
        shown = self._writing[2] if own else now
        wrap = flags.word_wrap | flags.ctrl_enter_for_new_line
        _, text = imgui.input_text_multiline(f"##{field.dotted}", shown, size, wrap)
        if imgui.is_item_active():
            self._writing = field.dotted, now, text
            self._widgets.gui.typing = True
        elif own:
            self._writing = "", "", ""
            if shown != now and not imgui.is_key_pressed(imgui.Key.escape):
                self.set(field.dotted, **{field.dotted: shown})

    def _axis(self, field: Field, width: float) -> None:
        widgets = self._widgets
        now = str(fields.value(self.moment, field))
        typed = widgets.value(
            field.dotted,
            now,
            now,
            width - widgets.high - 0.2 * widgets.unit,
            refuse=self._refuse(field.dotted, str.strip),
            left=True,
            hint="nothing varies",
        )
        if typed is not None:
            self.set(field.dotted, **{field.dotted: typed.strip()})
        widgets.next(0.2)
        if widgets.icon(f"{field.dotted} key", "down", ground=0.06):
            imgui.open_popup(f"{field.dotted} keys")
        widgets.tip("choose what varies")
        chosen = self._keys(f"{field.dotted} keys", fields.movable(self.moment), "nothing")
        if chosen is not None:
            text = "" if chosen == "nothing" else fields.varied(chosen)
            self.set(field.dotted, **{field.dotted: text})

    def _keys(self, name: str, offered: Sequence[Field], none: str = "") -> Any:
        """A menu of keys at the last item, if it is open; `none`: a choice besides them."""
        low, high = imgui.get_item_rect_min(), imgui.get_item_rect_max()
        choices: list[Any] = [*([none] if none else ()), *offered]
        return self._widgets.popup(
            name,
            None,
            choices,
            (low.x, high.y, 0.0),
            words=lambda one: one if isinstance(one, str) else one.label,
            notes=lambda one: "" if isinstance(one, str) else one.table,
        )

    def _animate(self, field: Field, width: float) -> None:
        widgets = self._widgets
        animate = self._explorer.preset.animate
        offered = [one for one in fields.movable(self.moment) if one.dotted not in animate.table]
        by_name = {one.dotted: one for one in fields.movable(self.moment)}
        for dotted, values in animate.moving:
            self._moving(dotted, values, by_name.get(dotted), width)
        if widgets.chip("animate more", "animate a key …"):
            imgui.open_popup("animate keys")
        chosen = self._keys("animate keys", offered)
        if chosen is not None:
            key = f"animate.{chosen.dotted}"
            self.set(key, **{key: fields.swung(chosen, self.moment)})

    def _moving(
        self, dotted: str, values: tuple[Any, ...], field: Field | None, width: float
    ) -> None:
        """An animated key: its name and the values it passes through."""
        widgets, unit = self._widgets, self._widgets.unit
        key = f"animate.{dotted}"
        _, (x, y, _, _) = widgets.area(key, width - widgets.high - 0.2 * unit)
        widgets.write(field.label if field else dotted, x, y, ink(0.9), width=width - 1.5 * unit)
        widgets.tip(f"[animate] {dotted}")
        widgets.next(0.2)
        if widgets.icon(f"{key} remove", "close"):
            self.set(key, **{key: None})
        widgets.tip("no longer animate it")
        for index, one in enumerate(values):
            if index:
                widgets.next(0.2)
                self._break(VALUE * unit)
                widgets.write(
                    "→", imgui.get_cursor_screen_pos().x, imgui.get_cursor_screen_pos().y, ink(0.5)
                )
                imgui.same_line(0, 1.2 * unit)
            self._passed(key, values, index, one)
        if self.problems.get(key):
            widgets.paragraph(self.problems[key], drawings.tint(drawings.PROBLEM))

    def _passed(self, key: str, values: tuple[Any, ...], index: int, one: Any) -> None:
        """One of the values that a key passes through."""
        several = isinstance(one, tuple)
        field = Field("", key, key, "", "numbers" if several else "slider", lambda value: value)

        def placed(text: str) -> list[Any]:
            new: Any = fields.typed(field, text)
            if several:
                new = tuple(fields.typed(field, part) for part in text.split(","))
            return [*values[:index], new, *values[index + 1 :]]

        typed = self._widgets.value(
            f"{key} {index}",
            fields.shown(one),
            fields.listed(one) if several else fields.written(one),
            VALUE * self._widgets.unit * (len(one) if several else 1),
            refuse=self._refuse(key, placed),
            left=True,
        )
        if typed is not None:
            self.set(key, **{key: placed(typed)})


def _no_network(text: str) -> str:
    """Why a typed path is not that of a network file; "" if it may be one."""
    name = text.strip()
    if not name or name in KNOWN or suffix_of(name) in SUFFIXES:
        return ""
    try:
        format_of(name)
    except ValueError as error:
        return str(error)
    return ""
