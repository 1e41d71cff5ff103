"""Where the stages of a graph lie in the network diagram: branches side by side, modules framed.

network -> spots_of() -> Spot of each stage -> graph_plan() -> Plan, as that of dense layers

The stages lie on levels, inputs on top: each below all that it reads. The branches of a module have
columns of their own. A concatenation, whose units are those of its inputs, is a bar without tiles.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.network import Network
from cppn_gl.nn.operations import Concat
from cppn_gl.utils.arrays import Size
from cppn_gl.viewer.network_map import (
    ASPECTS,
    ENDS,
    FARTHEST,
    NUMBERS,
    OUTCOME,
    Frame,
    Link,
    Plan,
    Row,
    counts_of,
    plan,
    shaped,
)

BAR = 0.35  # room of a concatenation, relative to that of other stages
BRANCH = "branch"  # how the name of a branch begins
LEAST_SHARE = 0.8  # of an equal share of the width: the narrowest branch
# In font sizes:
BESIDE = 0.9  # room at the right for connections that pass by other stages
APART = 0.35  # between branches
PADDING = 0.22  # of a module's frame


@dataclass(frozen=True)
class Spot:
    """A stage, as far as its place in the diagram depends on it. inputs: rows, 0 the source."""

    units: int
    inputs: tuple[int, ...]
    modules: tuple[str, ...]
    label: str
    bare: bool
    weighs: bool  # it has weights, whose lines are drawn


def spots_of(network: GraphNetwork) -> tuple[Spot, ...]:
    """The stages' spots; row k + 1 of the diagram is stage k."""
    return tuple(
        Spot(
            stage.units,
            tuple(0 if i == SOURCE else i + 1 for i in stage.inputs),
            stage.modules,
            stage.label,
            isinstance(stage.operation, Concat),
            stage.weight_layer > 0,
        )
        for stage in network.stages
    )


def plan_of(network: Network, size: Size, unit: float, aspect: float = 1.0) -> Plan:
    """The map of a network of any kind: see `plan` and `graph_plan`."""
    if isinstance(network, GraphNetwork):
        return graph_plan(len(network.inputs), spots_of(network), size, unit, aspect)
    return plan(counts_of(network), size, unit, aspect)


@lru_cache(maxsize=16)
def graph_plan(
    inputs: int, spots: tuple[Spot, ...], size: Size, unit: float, aspect: float = 1.0
) -> Plan:
    """The map of the stages `spots` over `inputs` features, for text of `unit` pixels.

    `aspect`: the picture's width by its height.
    """
    width, height = size
    left = min(NUMBERS * unit, 0.12 * width)
    levels = _levels(spots)
    rows_at: list[list[int]] = [[] for _ in range(max(levels) + 1)]
    for row, level in enumerate(levels):
        rows_at[level].append(row)
    beside = BESIDE * unit if any(_passes(spots, levels)) else 0.0
    wide = max(1.0, width - 1.2 * left - beside)
    aspect = min(max(aspect, ASPECTS[0]), ASPECTS[1])
    below = min(OUTCOME * unit, 0.18 * height, wide / aspect)
    free = max(1.0, height - below)
    rooms = [_room(rows, spots, level in (0, len(rows_at) - 1)) for level, rows in
             enumerate(rows_at)]  # fmt: skip
    pitch = free / sum(rooms)
    columns = _columns(spots)
    gap_x = APART * unit

    def shape(row: int, level: int) -> tuple[int, int, int, float, float]:
        count, (start, end) = _units(row, inputs, spots), columns[row]
        broad = max(1.0, (end - start) * wide - (gap_x if (start, end) != (0, 1) else 0))
        if row and spots[row - 1].bare:
            return 1, count, 1, broad / count, max(1.0, min(0.5 * unit, 0.6 * pitch * BAR))
        return shaped(count, broad, pitch * rooms[level], unit, aspect)

    shapes = {row: shape(row, level) for level, rows in enumerate(rows_at) for row in rows}
    highs = [max(shapes[row][2] * shapes[row][4] for row in rows) for rows in rows_at]
    gap = min((free - sum(highs)) / len(rows_at), FARTHEST * unit)
    found: dict[int, Row] = {}
    top = 0.0
    for rows, high in zip(rows_at, highs, strict=True):
        for row in rows:
            step, across, lines, broad, tall = shapes[row]
            start, end = columns[row]
            at = left + wide * (start + end) / 2 - across * broad / 2
            bare = row > 0 and spots[row - 1].bare
            between = 0 if bare or min(broad, tall) < 4 else 1 if min(broad, tall) < 14 else 2
            count = _units(row, inputs, spots)
            down = top + (high - lines * tall) / 2
            found[row] = Row(row, count, step, across, lines, at, down, (broad, tall), between,
                             bare, spots[row - 1].label if row else "")  # fmt: skip
        top += high + gap
    middle = left + wide / 2
    broad = below * aspect
    place = round(middle - broad / 2), round(top), round(middle + broad / 2), round(top + below)
    all_rows = tuple(found[row] for row in range(len(spots) + 1))
    frames = _frames(spots, all_rows, PADDING * unit, gap)
    return Plan(size, all_rows, place, frames, _links(spots, all_rows, left + wide, beside))


def _units(row: int, inputs: int, spots: Sequence[Spot]) -> int:
    return spots[row - 1].units if row else inputs


def _levels(spots: Sequence[Spot]) -> list[int]:
    """The level of each row: one below the lowest that it reads."""
    levels = [0]
    for spot in spots:
        levels.append(1 + max(levels[i] for i in spot.inputs))
    return levels


def _passes(spots: Sequence[Spot], levels: Sequence[int]) -> list[bool]:
    """For each row from 1 whether one of its inputs passes by others on the way: a skip."""
    return [
        len(spot.inputs) > 1
        and any(levels[row] - levels[i] > 1 and not _inside(spots, i, spot) for i in spot.inputs)
        for row, spot in enumerate(spots, 1)
    ]


def _inside(spots: Sequence[Spot], row: int, of: Spot) -> bool:
    """Whether a row is part of a branch that ends in a stage: it has a column of its own."""
    own = spots[row - 1].modules if row else ()
    inner = own[len(of.modules) :]
    return own[: len(of.modules)] == of.modules and bool(inner) and inner[0].startswith(BRANCH)


def _room(rows: Sequence[int], spots: Sequence[Spot], end: bool) -> float:
    """The room of a level, relative to that of a stage."""
    if end:
        return ENDS
    return BAR if all(spots[row - 1].bare for row in rows) else 1.0


def _columns(spots: Sequence[Spot]) -> list[tuple[float, float]]:
    """The part of the width of each row, from 0 to 1: branches share that of their module."""
    ends: dict[tuple[str, ...], int] = {}  # the units that each branch gives, by its path
    for spot in spots:
        for count, name in enumerate(spot.modules, 1):
            if name.startswith(BRANCH):
                ends[spot.modules[:count]] = spot.units
    parts: dict[tuple[str, ...], tuple[float, float]] = {}
    for module in dict.fromkeys(path[:-1] for path in ends):
        branches = [path for path in ends if path[:-1] == module]
        total = float(sum(ends[path] for path in branches))
        least = LEAST_SHARE / len(branches)
        shares = [max(least, ends[path] / total) for path in branches]
        edges = [sum(shares[:k]) / sum(shares) for k in range(len(shares) + 1)]
        parts |= dict(zip(branches, itertools.pairwise(edges), strict=True))
    found: list[tuple[float, float]] = [(0.0, 1.0)]
    for spot in spots:
        start, end = 0.0, 1.0
        for count in range(1, len(spot.modules) + 1):
            if own := parts.get(spot.modules[:count]):
                start, end = start + own[0] * (end - start), start + own[1] * (end - start)
        found.append((start, end))
    return found


def _frames(
    spots: Sequence[Spot], rows: Sequence[Row], padding: float, gap: float
) -> tuple[Frame, ...]:
    """The frames of modules with more than one stage, outer ones first."""
    members: dict[tuple[str, ...], list[Row]] = {}
    for row, spot in zip(rows[1:], spots, strict=True):
        for end in range(1, len(spot.modules) + 1):
            members.setdefault(spot.modules[:end], []).append(row)
    found = []
    for path, own in sorted(members.items(), key=lambda item: len(item[0])):
        if len(own) < 2 or path[-1].startswith(BRANCH):
            continue
        aside = padding * max(0.3, 1 - 0.35 * (len(path) - 1))
        above = min(aside, 0.45 * gap)
        box = (
            round(min(row.left for row in own) - aside),
            round(min(row.top for row in own) - above),
            round(max(row.right for row in own) + aside),
            round(max(row.bottom for row in own) + above),
        )
        found.append(Frame(path[-1], box, len(path)))
    return tuple(found)


def _links(
    spots: Sequence[Spot], rows: Sequence[Row], right: float, beside: float
) -> tuple[Link, ...]:
    """The connections without weights of their own: to pools, concatenations and sums."""
    levels, found = _levels(spots), []
    for row, spot in zip(rows[1:], spots, strict=True):
        for i in spot.inputs:
            source = rows[i]
            start, end = (source.middle, source.bottom), (row.middle, row.top)
            skips = len(spot.inputs) > 1 and levels[row.layer] - levels[i] > 1
            if skips and not _inside(spots, i, spot):
                x = right + 0.5 * beside
                middle = (source.top + source.bottom) / 2, (row.top + row.bottom) / 2
                points = (
                    (source.right, middle[0]), (x, middle[0]), (x, middle[1]),
                    (row.right, middle[1]),
                )  # fmt: skip
                found.append(Link(points, True))
            elif len(spot.inputs) > 1 or not spot.weighs:
                over = start[0] if row.bare and row.left <= start[0] <= row.right else end[0]
                found.append(Link((start, (over, end[1])), False))
    return tuple(found)
