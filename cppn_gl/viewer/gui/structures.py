"""The editors of structures in the panel: blocks, boosted units, and the image that is an input."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from imgui_bundle import imgui

from cppn_gl.nn.blocks import KEYS, STRUCTURES, Block, blocks_of
from cppn_gl.nn.image_file import SHIPPED
from cppn_gl.nn.sources import MLP, Random
from cppn_gl.preset.show import UnitsOptions
from cppn_gl.utils.camera import NAME as CAMERA
from cppn_gl.utils.camera import is_camera
from cppn_gl.utils.images import SUFFIXES
from cppn_gl.viewer import fields
from cppn_gl.viewer.fields import Field
from cppn_gl.viewer.gui.drawings import ink
from cppn_gl.viewer.gui.widgets import Widgets
from cppn_gl.viewer.structuring import BOOSTS, block_words
from cppn_gl.views.units.actions import boost_to, factor_of

if TYPE_CHECKING:
    from cppn_gl.viewer.app import App
    from cppn_gl.viewer.explorer import Explorer

MOST_REPEATS = 64
# Blocks that can be added by a click; those with branches are written in the preset's file.
ADDED = tuple(kind for kind in KEYS if "branches" not in KEYS[kind] and kind != "activation")
FILE = "a file …"


class StructureEditors:
    """The part of the editors that is about structures."""

    _app: "App"
    _explorer: "Explorer"
    _widgets: Widgets
    problems: dict[str, str]

    def change(self, key: str, **keys: Any) -> None:
        """Change keys, within the gesture."""
        raise NotImplementedError

    def set(self, key: str, **keys: Any) -> None:
        """Change keys as a gesture of its own."""
        raise NotImplementedError

    def _structure(self, field: Field, width: float) -> None:
        """A menu of the structures; blocks that are listed make room for the one chosen."""
        spec = cast(Random, self._explorer.moment.spec)
        now = "blocks" if spec.blocks else spec.structure
        chosen = self._widgets.menu(
            field.dotted, now, tuple(STRUCTURES), width, notes=lambda name: STRUCTURES[name]
        )
        if chosen is not None and chosen != now:
            self.set(field.dotted, **{field.dotted: chosen})

    def _blocks(self, field: Field, width: float) -> None:
        """The blocks in words, each repeated or removed by clicks, and a menu of more."""
        widgets, dotted = self._widgets, field.dotted
        spec = cast(Random, self._explorer.moment.spec)
        blocks = spec.blocks
        if not blocks:
            if widgets.chip(f"{dotted} list", f"take {spec.structure} apart"):
                listed = blocks_of(spec.structure, spec.depth, spec.kernel)
                if listed:
                    self.set(dotted, **{dotted: listed, "network.structure": MLP})
            widgets.tip("list its blocks, which can then be repeated, removed and added one by one")
            return
        for number, block in enumerate(blocks):
            self._block(field, blocks, number, block, width)
        if widgets.chip(f"{dotted} more", "add a block …"):
            imgui.open_popup(f"{dotted} kinds")
        low, high = imgui.get_item_rect_min(), imgui.get_item_rect_max()
        chosen = widgets.popup(
            f"{dotted} kinds",
            None,
            ADDED,
            (low.x, high.y, 0.0),
            words=lambda kind: kind.replace("_", " "),
        )
        if chosen is not None:
            self.set(dotted, **{dotted: (*blocks, Block(chosen))})

    def _block(
        self, field: Field, blocks: tuple[Block, ...], number: int, block: Block, width: float
    ) -> None:
        """A row: the block in words, fewer and more of it, and without it."""
        widgets, unit, dotted = self._widgets, self._widgets.unit, field.dotted
        name = f"{dotted} {number}"
        repeats = "repeat" in KEYS[block.type]
        side = (3 if repeats else 1) * widgets.high + (2.2 * unit if repeats else 0) + 0.3 * unit
        words, details = block_words(block)
        _, (x, y, wide, _) = widgets.area(name, width - side)
        long = widgets.write(words, x, y, ink(0.95), width=wide)
        if details and wide - long > 2 * unit:
            widgets.write(details, x + long + 0.5 * unit, y, ink(0.55), width=wide - long - unit)
        widgets.tip(details, heading=words)

        def put(*new: Block) -> None:
            self.set(dotted, **{dotted: (*blocks[:number], *new, *blocks[number + 1 :])})

        if repeats:
            times = block.repeat
            for word, picture, by in (("fewer", "left", -1), ("more", "right", 1)):
                widgets.next(0)
                if widgets.icon(f"{name} {word}", picture) and 1 <= times + by <= MOST_REPEATS:
                    put(_repeated(block, times + by))
                widgets.tip(f"{word} of it")
                if by < 0:
                    widgets.next(0)
                    _, (x, y, wide, _) = widgets.area(f"{name} times", 2.2 * unit)
                    ending = x + wide - 0.2 * unit
                    widgets.write(f"× {times}", ending, y, ink(0.9), right=True)
        widgets.next(0)
        if widgets.icon(f"{name} remove", "close"):
            put()
        widgets.tip("without it")

    def _boosts(self, field: Field, width: float) -> None:
        """A slider for the selected unit, and for each that is boosted."""
        widgets, unit, dotted = self._widgets, self._widgets.unit, field.dotted
        preset = self._explorer.moment
        spec = cast(Random, preset.spec)
        selected = preset.options(UnitsOptions).unit
        listed = list(dict.fromkeys(one[:2] for one in spec.boost))
        if selected is not None and selected[0] > 0 and selected not in listed:
            listed.insert(0, selected)
        if not listed:
            _, (x, y, _, _) = widgets.area(f"{dotted} none", width)
            widgets.write("select a unit to boost it", x, y, ink(0.55), width=width)
            widgets.tip("click a unit in the view units, or in the diagram at the left")
            return
        for layer, number in listed:
            name, now = f"{dotted} {layer}.{number}", factor_of(preset, (layer, number - 1))
            label, high = 4.2 * unit, widgets.high
            _, (x, y, _, _) = widgets.area(f"{name} unit", label)
            shade = ink(0.95 if (layer, number) == selected else 0.7)
            widgets.write(f"{layer} · {number}", x, y, shade, width=label)
            widgets.tip(f"unit {number} of layer {layer}: what it gives on, times this factor")
            widgets.next(0)
            low, most = min(BOOSTS[0], now), max(BOOSTS[1], now)
            moved = widgets.slider(
                name,
                (now - low) / (most - low),
                max(2 * unit, width - label - 2.8 * unit - high),
                mark=(1 - low) / (most - low),
            )
            if moved is not None:
                factor = round(low + moved * (most - low), 2)
                if factor != now:
                    self.change(dotted, **boost_to(preset, (layer, number - 1), factor))
            widgets.next(0)
            _, (x, y, wide, _) = widgets.area(f"{name} factor", 2.8 * unit)
            widgets.write(fields.shown(now), x + wide - 0.3 * unit, y, ink(0.9), right=True)
            widgets.next(0)
            if now != 1 and widgets.icon(f"{name} remove", "close"):
                self.set(dotted, **boost_to(preset, (layer, number - 1), 1.0))

    def _image(self, field: Field, width: float) -> None:
        """A menu of pictures and the camera, and a field for a file, read in a thread."""
        widgets, dotted = self._widgets, field.dotted
        of = self._explorer.moment.input
        shipped = of.image in SHIPPED
        now = of.image if shipped else of.label
        choices = tuple(dict.fromkeys((*(() if shipped else (now,)), *SHIPPED, CAMERA)))
        chosen = widgets.menu(dotted, now, choices, width)
        if chosen is not None and chosen != now:
            self.set(dotted, **{dotted: chosen})
        widgets.tip("or drop a file on the window")
        typed = widgets.value(
            f"{dotted} file",
            FILE if shipped else of.label,
            "" if shipped else of.image,
            width,
            left=True,
            faint=shipped,
            refuse=_no_image,
            hint="camera, or a file, or drop it on the window",
        )
        if typed is not None and typed.strip() and typed.strip() != of.image:
            self._app.open_image(Path(typed.strip()).expanduser())
        if problem := self._app.image_problem:
            self.problems[dotted] = problem


def _repeated(block: Block, times: int) -> Block:
    return Block(**{**vars(block), "repeat": times})


def _no_image(text: str) -> str:
    """Why a typed path is not that of an image; "" if it may be one."""
    name = text.strip()
    if not name or is_camera(name) or name.lower().endswith(SUFFIXES):
        return ""
    return f"expected camera, or a file ending in {' '.join(SUFFIXES)}"
