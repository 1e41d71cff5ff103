"""The words over the tiles of the units view: heads of the columns, names, modules, marks.

Network, Dashboard -> write_heads() -> drawn into an overlay
"""

import math
from collections.abc import Iterator
from itertools import product

from PIL import ImageDraw

from cppn_gl.nn.network import Network
from cppn_gl.utils.arrays import Box
from cppn_gl.views.lettering import DIM, chip, room
from cppn_gl.views.text import MIN_FONT, line_height, significant, symbol, width, write
from cppn_gl.views.units.dashboard import Dashboard, LayerTiles, Unit
from cppn_gl.views.units.unit_samples import output_names
from cppn_gl.views.units.wiring import briefly, is_graph

MODULE = (92, 102, 116, 255)  # of the line under a module's name
BOOST = (255, 206, 92, 255)  # of a boosted unit's frame


def write_heads(draw: ImageDraw.ImageDraw, network: Network, board: Dashboard) -> None:
    """Heads above the layers, and names on the tiles of inputs and outputs: of each all or none."""
    if is_graph(network):
        _write_labels(draw, network, board)
        _write_modules(draw, network, board)
    else:
        _write_numbers(draw, network, board)
    sizes = range(board.font_size, MIN_FONT - 1, -1)
    for short, size in product((False, True), sizes):
        names = _names(network, board, short=short)
        inset = max(2, size // 4)
        rooms = [room(size, label) for label in names.values()]
        least = min(board.tile[0] - wide for wide, _ in rooms) if rooms else 0
        if least >= 4 * inset and line_height(size) * 1.6 < board.tile[1]:
            for unit, label in names.items():
                left, above, _, _ = board.box(unit)
                chip(draw, (left + inset, above + inset), label, size)
            break


def _write_numbers(draw: ImageDraw.ImageDraw, network: Network, board: Dashboard) -> None:
    top = min(column.top for column in board.columns)
    sizes = range(board.font_size, MIN_FONT - 1, -1)
    for size, words in product(sizes, _heads(network, board)):
        places = _head_places(board, words, size)
        if places and top >= line_height(size):
            for x, word in zip(places, words, strict=True):
                write(draw, (x, top), word, size, DIM, anchor="ld")
            break


def _names(network: Network, board: Dashboard, *, short: bool) -> dict[Unit, str]:
    """The names of the inputs and outputs that have tiles; `short`: R, G, B."""
    names = output_names(network)
    brief = [name.rpartition("class ")[2][:1].upper() for name in names]
    outputs = brief if short else names
    both = (0, list(map(symbol, network.inputs))), (len(network.stages), outputs)
    return {
        (layer, index): label
        for layer, labels in both
        for index, label in enumerate(labels)
        if board.shows((layer, index))
    }


def _heads(network: Network, board: Dashboard) -> list[list[str]]:
    """The words above the columns, from longer to shorter ones."""
    ends = {0: ("inputs", "in"), len(network.stages): ("outputs", "out")}
    numbers = [(str(column.layer),) * 2 for column in board.columns]
    words = [ends.get(c.layer, n) for c, n in zip(board.columns, numbers, strict=True)]
    return [[pair[k] for pair in words] for k in range(2)]


def _head_places(board: Dashboard, words: list[str], size: int) -> list[float] | None:
    """The left of each column's head, centred; None if one would touch another or the edges."""
    places: list[float] = []
    end, beside = 0.0, board.panel[0] if board.panel[1] < board.area[3] else math.inf
    for column, word in zip(board.columns, words, strict=True):
        used = (column.columns - 1) * board.pitch[0] + board.tile[0]
        wide = width(word, size)
        place = max(column.left + (used - wide) / 2, end)
        if place > column.left + max(0.0, (used - wide) / 2) + size / 2:
            return None
        places.append(place)
        end = place + wide + size / 3
    return places if end <= min(beside - size / 2, board.area[2] + 2 * size) else None


# Of graphs: each layer's label above its own tiles.


def _write_labels(draw: ImageDraw.ImageDraw, network: Network, board: Dashboard) -> None:
    """The label of each layer, with its number where there is room, in the largest size."""
    forms = _labels(network, board)
    for size, labels in product(range(board.font_size, MIN_FONT - 1, -1), forms):
        if _fit(board, labels, size):
            for column, label in zip(board.columns, labels, strict=True):
                _over(draw, board, column, label, size)
            for column in board.kernels:
                if width("kernels", size) <= _wide(board, column) + size / 2:
                    _over(draw, board, column, "kernels", size)
            break


def _labels(network: Network, board: Dashboard) -> list[list[str]]:
    """The heads of the layers, from longer to shorter ones."""
    ends = {
        0: ("inputs", "inputs", "in", "in"),
        len(network.stages): ("outputs",) * 2 + ("out",) * 2,
    }
    found = []
    for column in board.columns:
        layer = column.layer
        if layer in ends:
            found.append(ends[layer])
            continue
        label = network.stages[layer - 1].label
        short, shortest = briefly(label)
        found.append((f"{layer}  {label}", f"{layer}  {short}", short, shortest))
    lists = [[forms[k] for forms in found] for k in range(4)]
    numbers = [str(column.layer) for column in board.columns]
    named = [ends[c.layer][-1] if c.layer in ends else str(c.layer) for c in board.columns]
    return [*lists, named, numbers]


def _wide(board: Dashboard, column: LayerTiles) -> float:
    return (column.columns - 1) * board.pitch[0] + board.tile[0]


def _fit(board: Dashboard, labels: list[str], size: int) -> bool:
    """Whether labels of this size touch neither each other nor a tile."""
    high = line_height(size)
    taken: list[tuple[float, float, float]] = []
    for column, label in zip(board.columns, labels, strict=True):
        wide = max(width(label, size), 1.0)
        left = column.left + (_wide(board, column) - wide) / 2
        taken.append((left, left + wide, column.top))
    edge = board.panel[0] if board.panel[1] < board.area[3] else board.area[2] + 2 * size
    blocks = [
        (c.left, c.left + _wide(board, c), c.top, c.top + c.rows * board.pitch[1])
        for c in (*board.columns, *board.kernels)
    ]
    for number, (left, right, top) in enumerate(taken):
        if left < 0 or right > edge - size / 2 or top < high:
            return False
        for other in taken[:number]:
            beside = left < other[1] + 0.7 * size and other[0] < right + 0.7 * size
            if beside and abs(top - other[2]) < high:
                return False
        for x0, x1, y0, y1 in blocks:
            if left < x1 and x0 < right and top - high < y1 - 1 and y0 < top - 1:
                return False
    return True


def _over(
    draw: ImageDraw.ImageDraw, board: Dashboard, column: LayerTiles, label: str, size: int
) -> None:
    middle = column.left + _wide(board, column) / 2
    write(draw, (middle, column.top), label, size, DIM, anchor="md")


def _write_modules(draw: ImageDraw.ImageDraw, network: Network, board: Dashboard) -> None:
    """The name of each module over its columns, with a line under it: all names or only lines."""
    spans = list(module_spans(network, board))
    if not spans:
        return
    base = min(column.top for column in board.columns) - line_height(board.font_size)
    thick = max(1, board.font_size // 12)
    for size in range(board.font_size, MIN_FONT - 1, -1):
        forms = ([name for name, *_ in spans], [name.rpartition(" ")[2] for name, *_ in spans])
        rooms = [right - left for _, left, right in spans]
        for words in forms:
            fits = all(width(w, size) <= room_ for w, room_ in zip(words, rooms, strict=True))
            if fits and base - 2 * thick >= line_height(size):
                for word, (_, left, right) in zip(words, spans, strict=True):
                    at = (left + right) / 2, base - 2 * thick
                    write(draw, at, word, size, DIM, anchor="md")
                break
        else:
            continue
        break
    for _, left, right in spans:
        draw.rectangle((round(left), base - thick, round(right) - 1, base - 1), fill=MODULE)


def module_spans(network: Network, board: Dashboard) -> Iterator[tuple[str, float, float]]:
    """Each outer module that has tiles: its name, and its left and right edges in pixels."""
    edges: dict[str, tuple[float, float]] = {}
    for column in board.columns:
        modules = network.stages[column.layer - 1].modules if column.layer else ()
        if modules:
            left, right = column.left, column.left + _wide(board, column)
            low, high = edges.get(modules[0], (left, right))
            edges[modules[0]] = min(low, left), max(high, right)
    for name, (left, right) in edges.items():
        yield name, left, right


def mark_boost(draw: ImageDraw.ImageDraw, box: Box, factor: float, font_size: int) -> None:
    """The frame and the factor of a boosted unit's tile."""
    left, top, right, bottom = box
    edge = max(1, min(font_size // 6, (bottom - top) // 6))
    draw.rectangle((left, top, right - 1, bottom - 1), outline=BOOST, width=edge)
    words = f"×{significant(factor, 2)}"
    for size in range(font_size, MIN_FONT - 1, -1):
        wide, high = room(size, words)
        pad = 2 * max(2, size // 4)
        if wide + pad <= right - left - 2 * edge and high <= bottom - top - 2 * edge:
            place = right - edge - wide - pad, bottom - edge - high
            chip(draw, place, words, size)
            return
