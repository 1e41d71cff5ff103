"""The panel's parts for trained image networks: a class chosen by its name, and what is asked.

network's class names, a search -> matching() -> a list to click
Asking -> AskingBox.draw(): fields, recipes, and a button that opens the network
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from imgui_bundle import imgui

from cppn_gl.nn.vision.preprocess import ORDERS
from cppn_gl.viewer import fields
from cppn_gl.viewer.asking import ASKED, KEYS, RECIPES
from cppn_gl.viewer.fields import Field
from cppn_gl.viewer.gui import drawings
from cppn_gl.viewer.gui.drawings import Vec, accent, ink, tint
from cppn_gl.viewer.gui.widgets import Widgets
from cppn_gl.viewer.sight import share

if TYPE_CHECKING:
    from cppn_gl.viewer.app import App
    from cppn_gl.viewer.explorer import Explorer

LISTED = 12  # classes that are listed at a time
PROBABLE = "the most probable"
MENU = 16.0  # width of the list, in font sizes


class SeeingEditors:
    """The part of the editors that is about image networks."""

    _explorer: "Explorer"
    _widgets: Widgets
    _sought = ""  # in the list of classes

    def set(self, key: str, **keys: Any) -> None:
        """Change keys as a gesture of its own."""
        raise NotImplementedError

    def say(self) -> None:
        """Show the explorer's message."""
        raise NotImplementedError

    def _class(self, field: Field, width: float) -> None:
        """The class by its name: a menu with a search, first those that are most probable."""
        widgets, dotted = self._widgets, field.dotted
        names = self._explorer.eye.classes if self._explorer.sees else ()
        now = str(fields.value(self._explorer.moment, field) or "")
        clicked, box = widgets.area(dotted, width)
        widgets.ground(box, 0.07)
        x, y, width, height = box
        unit = widgets.unit
        right = x + width - 1.1 * unit
        drawings.icon("down", (right, y + height / 2 - 0.4 * unit, 0.8 * unit, 0), ink(0.5))
        best = self._explorer.sight.top(1)
        shown = now or (f"{PROBABLE}: {best[0][0]}" if best else PROBABLE)
        left = x + 0.45 * unit
        widgets.write(shown, left, y, ink(0.95 if now else 0.7), width=right - left)
        if clicked:
            self._sought = ""
            imgui.open_popup(dotted)
        place = x, y + height, max(width, MENU * unit)
        chosen = self._listed(dotted, now, names, place)
        if chosen is not None and chosen != now:
            self.set(dotted, **{dotted: chosen})

    def _unit(self, field: Field, width: float) -> None:
        """The layer and the channel looked at, as two numbers."""
        widgets, explorer = self._widgets, self._explorer
        now, dotted = explorer.unit, field.dotted
        words = "layer", "channel"
        gap = 0.3 * widgets.unit
        room = (width - sum(map(widgets.width_of, words)) - 5 * gap) / 2
        for index, word in enumerate(words):
            if index:
                imgui.same_line(0, gap)
            wide = widgets.width_of(word)
            _, (x, y, _, _) = widgets.area(f"{dotted} {word}", wide)
            widgets.write(word, x, y, ink(0.55))
            imgui.same_line(0, gap)
            text = str(now[index])
            typed = widgets.value(
                f"{dotted} {index}", text, text, max(1.0, room), left=True, refuse=_no_number
            )
            if typed is not None and typed.strip() != text:
                wanted = [*now]
                wanted[index] = int(typed)
                widgets.gui.gesture()
                explorer.look_at(wanted[0], wanted[1] if index else None)
                widgets.gui.finish()
                self.say()

    def _order(self, field: Field, width: float) -> None:
        """A menu of the orders of channels that have a name."""
        now = fields.value(self._explorer.moment, field)
        now = fields.automatic(self._explorer.moment, field) if now is None else now
        chosen = self._widgets.menu(field.dotted, now, tuple(ORDERS), width, words=_joined)
        if chosen is not None and chosen != now:
            self.set(field.dotted, **{field.dotted: chosen})

    def _labels(self, field: Field, width: float) -> None:
        """The names of the classes: what they are called together, or the path of a file."""
        now = fields.value(self._explorer.moment, field)
        now = now or fields.automatic(self._explorer.moment, field)
        named = now if isinstance(now, str) else f"{len(now):,} names"
        typed = self._widgets.value(
            field.dotted,
            named,
            now if isinstance(now, str) else "",
            width,
            left=True,
            hint="imagenet, or a text file",
        )
        if typed is not None and typed.strip() != now:
            self.set(field.dotted, **{field.dotted: typed.strip()})

    def _listed(
        self, dotted: str, now: str, names: Sequence[str], place: tuple[float, float, float]
    ) -> str | None:
        """The open list of classes; the one that was chosen, "" for the most probable."""
        if not imgui.is_popup_open(dotted):
            return None
        widgets, gui = self._widgets, self._widgets.gui
        unit, (x, y, width) = widgets.unit, place
        high = min((LISTED + 2.5) * (widgets.high + 1), gui.size[1] * 0.92)
        width = min(width, gui.size[0] * 0.96)
        x = max(min(x, gui.size[0] - width - 4), 4)
        y = max(min(y, gui.size[1] - high - 4), 4)
        imgui.set_next_window_pos(Vec(x, y), imgui.Cond_.appearing)
        imgui.set_next_window_size(Vec(width, high))
        pad, chosen = 0.5 * unit, None
        imgui.push_style_var(imgui.StyleVar_.window_padding, Vec(pad, pad))
        if imgui.begin_popup(dotted):
            imgui.push_style_var(imgui.StyleVar_.item_spacing, Vec(0, 1))
            if imgui.is_window_appearing():
                imgui.set_keyboard_focus_here()
            imgui.set_next_item_width(widgets.room())
            entered, self._sought = imgui.input_text_with_hint(
                f"##{dotted} search",
                f"search {len(names):,} classes",
                self._sought,
                imgui.InputTextFlags_.enter_returns_true,
            )
            gui.mark(f"{dotted} search")
            gui.typing = True
            shares = dict(self._explorer.sight.top(LISTED))
            found = matching(names, self._sought, list(shares))
            rows = [*([""] if not self._sought else []), *found[:LISTED]]
            for choice in rows:
                clicked, (left, top, long, tall) = widgets.area(
                    f"{dotted} {choice or PROBABLE}", widgets.room()
                )
                widgets.ground((left, top, long, tall))
                if choice == now:
                    ends = Vec(left, top), Vec(left + 0.16 * unit, top + tall)
                    imgui.get_window_draw_list().add_rect_filled(*ends, accent())
                start = left + pad + widgets.write(choice or PROBABLE, left + pad, top, ink(0.95))
                if choice in shares:
                    end = left + long - pad
                    room = max(1.0, end - start - pad)
                    widgets.write(share(shares[choice]), end, top, ink(0.5), right=True, width=room)
                if clicked:
                    chosen = choice
            if len(found) > LISTED:
                widgets.paragraph(f"and {len(found) - LISTED:,} more: type to search", ink(0.6))
            elif self._sought and not found:
                widgets.paragraph("no class has that in its name", ink(0.6))
            if entered and found:
                chosen = found[0]
            if chosen is not None or imgui.is_key_pressed(imgui.Key.escape):
                imgui.close_current_popup()
            imgui.pop_style_var()
            imgui.end_popup()
        imgui.pop_style_var()
        return chosen


def _no_number(text: str) -> str:
    """Why a text is no number of a layer or a channel; "" if it is."""
    text = text.strip()
    return "" if text.isascii() and text.isdigit() and len(text) < 7 else "not a number from 1 on"


def matching(names: Sequence[str], sought: str, first: Sequence[str] = ()) -> list[str]:
    """The names that contain all words of a search; those of `first` stand first, in their order.

    Then those with the search as a word of its own, then shorter ones. Without a search: `first`,
    then all others.
    """
    words = sought.casefold().split()
    if not words:
        return [*first, *(name for name in dict.fromkeys(names) if name not in set(first))]
    found = [n for n in dict.fromkeys(names) if all(word in n.casefold() for word in words)]

    def rank(name: str) -> tuple[int, bool, int]:
        place = first.index(name) if name in first else len(first)
        return place, not set(words) <= set(name.casefold().split()), len(name)

    return sorted(found, key=rank)


def _joined(order: str | tuple[str, ...]) -> str:
    return order if isinstance(order, str) else " ".join(order)


class AskingBox:
    """What the panel asks about a network whose file does not say how it reads pictures."""

    def __init__(self, app: "App", widgets: Widgets):
        self._app, self._widgets = app, widgets

    def draw(self) -> bool:
        """Draw it at the head of the rows, if something is asked; whether it is."""
        asking, widgets = self._app.asking, self._widgets
        if asking is None:
            return False
        unit = widgets.unit
        bold = widgets.gui.fonts.bold
        _, (x, y, _, _) = widgets.area("asked heading", widgets.room())
        widgets.write(
            f"How does {asking.name} read a picture?", x, y, ink(), width=widgets.room(), font=bold
        )
        widgets.paragraph(
            "Its file does not say. A network sees nonsense unless a picture reaches it as in its "
            "training: choose what its makers write, or fill it in.",
            ink(0.75),
        )
        imgui.dummy(Vec(1, 0.3 * unit))
        for number, recipe in enumerate(RECIPES):
            if number:
                widgets.next(0.3)
                if not widgets.fits(recipe.name):
                    imgui.new_line()
            if widgets.chip(f"recipe {recipe.name}", recipe.name):
                asking.take(recipe)
            widgets.tip(recipe.help)
        imgui.dummy(Vec(1, 0.3 * unit))
        label = 4.0 * unit
        for name in KEYS:
            help, example = ASKED[name]
            _, (x, y, _, _) = widgets.area(f"asked label {name}", label)
            widgets.write(name, x, y, ink(0.8), width=label)
            widgets.tip(help, heading=name, below=f"preprocess.{name}")
            imgui.same_line(0, 0)
            typed = widgets.value(
                f"asked {name}",
                asking.answers[name],
                asking.answers[name],
                widgets.room(),
                left=True,
                hint=example,
            )
            if typed is not None:
                asking.answers[name] = typed
        if asking.problem:
            widgets.paragraph(asking.problem, tint(drawings.PROBLEM))
        imgui.dummy(Vec(1, 0.2 * unit))
        if widgets.chip("asked open", "open it", on=True):
            self._app.answer_asked()
        widgets.next(0.3)
        if widgets.chip("asked never", "not now"):
            self._app.asking = None
        return True
