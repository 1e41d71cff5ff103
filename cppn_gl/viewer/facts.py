"""What the window shows, in words: for the HUD, and for the page that explains it.

Explorer, picture's size -> facts(): lines of short parts, the most important first
Point under the pointer  -> pointer_runs(): x, y, outputs or the unit's value, and the colour
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from cppn_gl.engines.cpu.trace import LayerTrace
from cppn_gl.nn.displayed import inks_of
from cppn_gl.nn.features import of_image, wave
from cppn_gl.nn.file_source import File
from cppn_gl.nn.sources import Random
from cppn_gl.preset.looping import loop_of
from cppn_gl.preset.preset import Preset, Viewport
from cppn_gl.preset.sheet import cells
from cppn_gl.preset.show import CHANNELS
from cppn_gl.utils.arrays import Size
from cppn_gl.utils.checks import PresetError
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.growing import is_sheet, step_of
from cppn_gl.viewer.knobs import turned
from cppn_gl.viewer.network_map import last_layer
from cppn_gl.viewer.seeing import spec_label, unit_words
from cppn_gl.viewer.sight import operation_words, reads_words, share
from cppn_gl.viewer.synthesizing import by_time
from cppn_gl.viewer.training import rate_words, timed
from cppn_gl.viewer.typeset import ACCENT, CHIP, DIM, Run
from cppn_gl.views.base import Point
from cppn_gl.views.text import TIED, significant

LARGE = 500_000  # parameters; larger networks are evaluated at the pointer in float32
NORMALISED = {
    "none": "layers not normalised",
    "hidden": "hidden layers normalised",
    "all": "all layers normalised",
}

STRUCTURE = ("structure", "depth", "width")  # the parts of a structure in words
DRAWN = "drawn "  # begins what is told of initialisation and seed

Lines = tuple[tuple[str, ...], ...]


def fixed(value: float, decimals: int) -> str:
    """A number with so many decimals, and a typographic minus sign."""
    if abs(value) >= 1e6:
        return significant(value, 6)
    written = f"{value:.{decimals}f}"
    return (written.lstrip("-") if float(written) == 0 else written).replace("-", "−")


def facts(explorer: Explorer, parameters: int, size: Size) -> Lines:
    """What is shown: view, network, extent, draws, and time, each as parts of a line.

    What varies over a sheet is left out. `parameters`: of the network. `size`: of the picture in
    pixels.
    """
    if explorer.sees:
        return seeing(explorer)
    preset, varying = explorer.moment, _varying(explorer.moment)
    said = {kind: words for kind, words in _said(preset).items() if kind not in varying}
    where = (extent(preset.view, size if explorer.view.plane else (1, 1)), *_zoom(explorer))
    structure = " × ".join(words for kind, words in said.items() if kind in STRUCTURE[1:])
    plain, normalised = preset.normalize.which == "none", said.get("normalised", "")
    lines = [
        _parts(shown(explorer), "" if plain else normalised),
        () if "place" in varying else where,
        _parts(
            said.get("structure", ""),
            structure,
            said.get("activation", ""),
            said.get("period", ""),
            "" if "parameters" in varying else weights(parameters),
        ),
        _parts(said.get("sees", ""), said.get("image", "")),
        _parts(
            *(words for kind, words in said.items() if kind.startswith(DRAWN)),
            normalised if plain else "",
        ),
        () if "time" in varying else _time(explorer),
    ]
    lines[1:1] = training(explorer)
    if not explorer.view.by_pixel and explorer.knob not in ("", "layer"):
        lines.insert(1, (f"option {turned(explorer.options, explorer.knob)}",))
    return tuple(line for line in lines if line)


def seeing(explorer: Explorer) -> Lines:
    """Of a trained image network: the view, the unit looked at, what is seen, the network."""
    preset, network = explorer.moment, explorer.eye
    stage = network.stages[explorer.unit[0] - 1]
    named = [f"{name} {share(part)}".replace(" ", TIED) for name, part in explorer.sight.top(3)]
    rows, columns = network.size
    option = f"option {turned(explorer.options, explorer.knob)}" if explorer.knob else ""
    unit: Lines = (
        (explorer.view.name, unit_words(network, explorer.unit)),
        _parts(operation_words(stage), reads_words(network, explorer.unit[0])),
    )
    if getattr(explorer.options, "of", "unit") not in ("unit", "channel", "layer"):
        unit = ((explorer.view.name,),)  # it is not about the unit looked at
    seen: Lines = (
        tuple(named),
        _parts(f"image {preset.input.label}", f"seen as {columns}×{rows} pixels"),
    )
    lines = [
        *unit,
        *(seen if _shows_input(explorer) else ()),
        _parts(option),
        (spec_label(preset), weights(network.parameters)),
    ]
    lines[1:1] = (*training(explorer), *growing(explorer))
    return tuple(line for line in lines if line)


def _shows_input(explorer: Explorer) -> bool:
    """Whether the view is about the picture that the network is given."""
    start = getattr(explorer.options, "start", "picture")  # of a picture that grows
    return start == "picture" and explorer.view.name != "top_images"


def growing(explorer: Explorer) -> Lines:
    """The step of a picture that grows, and how fast it goes."""
    if is_sheet(explorer.preset):
        done = explorer.growing.fraction
        return ((f"growing, {100 * done:.0f} %",),) if done < 1 else ()
    if not explorer.grows:
        return ()
    growing, state = explorer.growing, "paused"
    if by_time(explorer.preset):
        state = "by the time"
    elif growing.playing:
        state = f"{growing.speed:,.0f} steps a second" if growing.speed else "growing"
    return ((f"step {step_of(explorer.moment):,}", state),)


def training(explorer: Explorer) -> Lines:
    """The step of a training, how fast it goes, its rate; losses and accuracies, tests last.

    Of a sheet only the first two: its cells have their own.
    """
    learning, preset = explorer.learning, explorer.moment
    if not preset.learns:
        return ()
    ready = learning.ready
    if learning.seeking:
        done = f", {100 * learning.fraction:.0f} %" if learning.fraction else ""
        state = f"training up to it{done}"
    elif timed(explorer.preset):
        state = "by the time"
    else:
        state = f"{learning.speed:,.0f} steps a second" if learning.playing else "paused"
    first: tuple[str, ...] = (f"step {preset.train.steps:,}", state)
    if explorer.view.name == "sheet":
        return (first,)
    first = (*first, f"rate {rate_words(preset)}")
    if explorer.editing_points:
        first = (f"clicks add points of {explorer.brush_words}", *first)
    if ready is None:
        return (first,)
    found = ready.measures
    both = (found.loss, found.test_loss), (found.accuracy, found.test_accuracy)
    return first, _parts(measured("loss", *both[0]), measured("accuracy", *both[1], shares=True))


def measured(name: str, value: float | None, test: float | None, *, shares: bool = False) -> str:
    """A measure of the training set and of the tests: "loss 0.012, tests 0.034"."""
    written = [
        percent(one).replace(" ", TIED) if shares else significant(one, 3)
        for one in (value, test)
        if one is not None and not math.isnan(one)
    ]
    return f"{name} {', tests '.join(written)}" if written else ""


def percent(value: float) -> str:
    """A fraction as it is written of an accuracy."""
    return f"{100 * value:.1f} %"


def _parts(*words: str) -> tuple[str, ...]:
    return tuple(filter(None, words))


def _said(preset: Preset) -> dict[str, str]:
    """What is told of a preset, by what it is about; of place and parameters, what decides them."""
    spec = preset.spec
    found = {"normalised": NORMALISED[preset.normalize.which]}
    summary = spec.summary
    if isinstance(spec, Random) and spec.structured:
        summary = summary.partition(", ")[0]
        found["structure"] = "blocks" if spec.blocks else spec.structure
        found["sees"] = sight(spec)
    found |= dict(zip(STRUCTURE[1:], summary.split(" × "), strict=False))
    if of_image(spec.inputs):
        found["image"] = f"image {preset.input.label}"
    found["activation"] = ", ".join(activations(preset)).replace(", …", " …")
    if isinstance(spec, File) and spec.guesses_hidden:
        found["activation"] += " (guessed)"
    if any(wave(name) is not None for name in spec.inputs):
        found["period"] = "period 2π" if spec.period is None else f"period {spec.period:.4g}"
    for words in filter(None, spec.draws.split("  ")):
        found[DRAWN + words.rpartition(" ")[0]] = words
    return found | {"place": f"{preset.view}", "parameters": f"{spec.shapes}"}


def sight(spec: Random) -> str:
    """How many taps of a structure's grid an output sees."""
    side = 2 * spec.plan[-1].reach + 1
    if side == 1:
        return "an output sees one point"
    return f"an output sees {side}×{side} taps of a grid of {spec.grid}"


@lru_cache(maxsize=8)
def _varying(preset: Preset) -> frozenset[str]:
    """What the cells of a sheet do not have in common; nothing of another view."""
    if preset.show.view != "sheet":
        return frozenset()
    try:
        found = cells(preset).cells
    except PresetError:  # told by the view
        return frozenset()
    values: dict[str, set[str]] = {}
    for cell in found:
        for kind, words in _said(cell.preset).items():
            values.setdefault(kind, set()).add(words)
    varying = {kind for kind, words in values.items() if len(words) > 1}
    return frozenset(
        varying | ({"time"} if any(cell.time is not None for cell in found) else set())
    )


def weights(parameters: int) -> str:
    """The number of parameters in plain words."""
    return f"{parameters:,} weights and biases"


def activations(preset: Preset) -> list[str]:
    """The activations of the hidden layers, or of the only layer: at most three, and "…"."""
    spec = preset.spec
    names = list(dict.fromkeys(spec.hidden_activations)) or [spec.output_activation]
    return [*names[:3], *["…"] * (len(names) > 3)]


def shown(explorer: Explorer) -> str:
    """The view, the layer, and whether values are shown before or after the activation."""
    preset, view, layer = explorer.moment, explorer.view, explorer.layer
    last = explorer.layers
    words = view.name
    if layer < last:
        words += f", layer {layer} of {last}"
    before = getattr(explorer.options, "before", None)
    if before is not None:
        both = " and after" if view.name == "layers" else ""
        return f"{words}, {f'before{both}' if before else 'after'} activation"
    return f"{words}, after {preset.spec.output_activation}" if view.by_pixel else words


def limits(view: Viewport, size: Size) -> tuple[float, float, float, float]:
    """left, right, bottom, top of a viewport in a picture of `size`."""
    (x, y), half = view.center, max(1, min(size)) / 2
    across, up = (view.extent * side / 2 / half for side in size)
    return x - across, x + across, y - up, y + up


def extent(view: Viewport, size: Size) -> str:
    """The part of the plane shown, in numbers."""
    decimals = min(12, max(0, 2 - math.floor(math.log10(view.extent))))
    left, right, low, high = (fixed(value, decimals) for value in limits(view, size))
    return f"x {left} … {right}   y {low} … {high}"


def _zoom(explorer: Explorer) -> list[str]:
    return [] if explorer.zoom == 1 else [f"zoom {explorer.zoom:.4g}×"]


def _time(explorer: Explorer) -> tuple[str, ...]:
    if not explorer.preset.animated:
        return ()
    period = loop_of(explorer.preset).period
    now = f"{explorer.time % period:.1f} of {period:g}" if period else f"{explorer.time:.1f}"
    return (f"time {now} s" + ("" if explorer.running else ", paused"),)


def values_at(point: Point, layers: Sequence[LayerTrace] = ()) -> list[tuple[str, float]]:
    """The outputs at a point, or the value of its unit, by name; in float64.

    `layers`: all layers there, of a network that whole grids are evaluated of, if they are known.
    """
    scene = point.scene
    inks, network = inks_of(scene.network), scene.network.trained
    last = last_layer(network)
    layer, index = point.unit or (last, None)
    inputs = network.features(np.array([point.x]), np.array([point.y]), scene.clock)
    if layer == 0 and index is not None:
        return [(network.inputs[index], float(inputs[0, index]))]
    dtype = np.float64 if network.parameters < LARGE else np.float32
    if network.by_grid:
        if layer > len(layers):
            return []
        of = layers[layer - 1]
        found = (of.pre_activations if point.before else of.units)[0]
    elif index is None and not point.before:
        found = network.evaluate(inputs, dtype)[0]
    else:
        walked = list(zip(range(layer), network.walk(inputs, dtype), strict=False))
        _, pre, units = walked[-1][1]
        found = (pre if point.before else units)[0]
    if index is not None and layer < last:
        return [(f"unit {index + 1} of layer {layer}", float(found[index]))]
    names = tuple(ink.name for ink in inks)
    names = names or ((*CHANNELS, "alpha")[: len(found)] if len(found) > 1 else ("output",))
    named = [(name, float(value)) for name, value in zip(names, found, strict=True)]
    return named if index is None else [named[index]]


def place(point: Point, side: int) -> str:
    """x and y of a point, to the pixel of a picture whose shorter side has `side` pixels."""
    unit = 2 * point.scene.view.extent / max(1, side)
    decimals = min(15, max(0, math.ceil(-math.log10(unit))))
    return f"x {fixed(point.x, decimals)}  y {fixed(point.y, decimals)}"


def pointer_runs(
    point: Point | None,
    side: int,
    said: str = "",
    rgb: Sequence[int] | None = None,
    layers: Sequence[LayerTrace] = (),
) -> tuple[Run, ...]:
    """What is under the pointer: the view's words `said`, x and y, values, and the colour.

    `side`: the shorter side of the picture in pixels. `rgb`: the colour shown, 0 to 255 each.
    `layers`: see `values_at`.
    """
    parts: list[Run] = []
    if point is not None:
        parts.append(Run(place(point, side), ink=DIM))
        values = values_at(point, layers)
        before = " before activation" if point.before else ""
        words = "  ".join(f"{name} {_value(value)}".replace(" ", TIED) for name, value in values)
        parts += [Run(words + before)] if values else []
        if rgb is not None:
            red, green, blue = (int(value) for value in rgb)
            parts.append(Run("", ink=(red, green, blue, 255), shape=CHIP))
    if said and not (point is not None and point.unit is not None):
        parts.insert(0, Run(said, ink=ACCENT))
    spaced: list[Run] = []
    for part in parts:
        spaced += [Run("   "), part] if spaced else [part]
    return tuple(spaced)


def _value(value: float) -> str:
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "∞" if value > 0 else "−∞"
    return fixed(value, 3) if 1e-3 <= abs(value) < 1000 or value == 0 else significant(value)
