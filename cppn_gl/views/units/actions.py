"""What can be done with the selected unit: enlarged, pinned, boosted by clicks on labels.

Scene, Dashboard, unit -> actions_of() -> [Action …] in the panel, while the pointer is in it
"""

from dataclasses import dataclass
from typing import Any

from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import UnitsOptions
from cppn_gl.utils.arrays import Box
from cppn_gl.views.base import Hit
from cppn_gl.views.lettering import room
from cppn_gl.views.units.dashboard import PINNED, Unit
from cppn_gl.views.units.unit_samples import unit_name

LARGEST = 64.0  # factor of a boost by a click


@dataclass(frozen=True)
class Action:
    """A label in the panel and what a click on it does."""

    label: str
    box: Box
    hit: Hit

    def holds(self, place: tuple[float, float]) -> bool:
        left, top, right, bottom = self.box
        return left <= place[0] < right and top <= place[1] < bottom


def hit_of(actions: list[Action], place: tuple[float, float]) -> Hit | None:
    """What a click at a pixel does."""
    return next((action.hit for action in actions if action.holds(place)), None)


def closer(scene: Scene, unit: Unit) -> Hit:
    """Opens a unit, large."""
    name = unit_name(scene.network, unit)
    keys = {"units.unit": (unit[0], unit[1] + 1), "units.zoom": True}
    return Hit(name, opens=scene.preset.replace(**keys))


def factor_of(preset: Preset, unit: Unit) -> float:
    """The factor by which a preset boosts a unit: the product of all that it lists for it."""
    factor = 1.0
    for layer, number, by in preset.spec.boost:
        if (layer, number - 1) == unit:
            factor *= by
    return factor


def boost_to(preset: Preset, unit: Unit, factor: float) -> dict[str, Any]:
    """The keys that give a unit a boost, instead of those that it has."""
    others = [one for one in preset.spec.boost if (one[0], one[1] - 1) != unit]
    mine = [] if factor == 1 else [(unit[0], unit[1] + 1, factor)]
    return {"network.boost": (*others, *mine)}


def actions_of(scene: Scene, unit: Unit, box: Box, font_size: int) -> list[Action]:
    """The actions for a unit, in rows at the bottom of a panel's box."""
    found = _all(scene, unit)
    pad, (_, high) = max(2, font_size // 4), room(font_size, "x")
    step, left = high + pad, box[0]
    rows: list[list[tuple[str, Hit, int]]] = [[]]
    for label, hit in found:
        wide = room(font_size, label)[0] + 2 * pad
        if left + wide > box[2] and rows[-1]:
            rows.append([])
            left = box[0]
        rows[-1].append((label, hit, wide))
        left += wide + pad
    if len(rows) * step > (box[3] - box[1]) / 2:
        return []
    placed = []
    for number, row in enumerate(rows):
        left, top = box[0], box[3] - (len(rows) - number) * step
        for label, hit, wide in row:
            placed.append(Action(label, (left, top, left + wide, top + high), hit))
            left += wide + pad
    return placed


def _all(scene: Scene, unit: Unit) -> list[tuple[str, Hit]]:
    preset, name = scene.preset, unit_name(scene.network, unit)
    options = scene.options(UnitsOptions)
    numbered = unit[0], unit[1] + 1
    found: list[tuple[str, Hit]] = []
    if options.zoom:
        found.append(("all units", Hit("all units", changes={"units.zoom": False})))
    else:
        found.append(("enlarge", closer(scene, unit)))
    kept = options.pinned
    if numbered in kept:
        rest = tuple(one for one in kept if one != numbered)
        found.append(("unpin", Hit(f"{name}: no longer pinned", changes={"units.pinned": rest})))
    elif len(kept) < PINNED:
        more = (*kept, numbered)
        found.append(("pin", Hit(f"{name}: pinned", changes={"units.pinned": more})))
    if unit[0] and not preset.learns:
        now = factor_of(preset, unit)
        for label, factor in (("boost ×2", 2 * now), ("÷2", now / 2), ("×0", 0.0), ("×1", 1.0)):
            if factor != now and abs(factor) <= LARGEST:
                words = f"{name}: boost ×{factor:g}"
                found.append((label, Hit(words, changes=boost_to(preset, unit, factor))))
    return found
