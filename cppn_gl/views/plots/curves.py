"""The curves view: a network along one line of its input space, as line plots side by side.

Scene -> cut.along -> Curves (units, pre-activations, outputs)
      -> three panels: units of the last hidden layer | output pre-activations | outputs

A network of several inputs is evaluated along the horizontal line through the centre of the view.
"""

from dataclasses import dataclass, replace

import numpy as np

from cppn_gl.engines.base import Region
from cppn_gl.nn.activations import ACTIVATIONS, bounds, derivative
from cppn_gl.nn.displayed import inks_of
from cppn_gl.nn.features import coordinates
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network, Stage
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.preset.show import CurvesOptions
from cppn_gl.utils.arrays import RGB, Float64, Size
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.class_colors import CLASS_COLORS
from cppn_gl.utils.tasks import Steps
from cppn_gl.views import lettering
from cppn_gl.views.base import CPUView, Hit, Picture, Words
from cppn_gl.views.plots import plot
from cppn_gl.views.plots.canvas import PlotCanvas
from cppn_gl.views.plots.cut import Curves, along, shown_depth, tracing
from cppn_gl.views.plots.plot import Frame, Line, Plot
from cppn_gl.views.text import TIED, counted, formula, significant, symbol, variable
from cppn_gl.views.ticks import padded
from cppn_gl.views.units.wiring import is_graph, kernels_of, words_of

_MULTIPLICATIONS = 2e8  # at most, about: a large network is sampled at fewer points
_NEAR = 1.2  # font sizes from the cursor to the curve it selects, at most
_KEPT = 2  # plots
LIGHTER = 0.25  # of the ink that classes' colours are mixed with, to be seen on dark ground
_NAMED = 4  # units that a legend names
_SIMILAR = 2.5  # greatest range of y over the least, for one scale


def panels(scene: Scene, curves: Curves) -> list[Plot]:
    """One to three panels: the units, the output pre-activations, the outputs."""
    network = curves.network
    last, found = network.stages[-1], []
    x = (float(curves.at[0]), float(curves.at[-1]))
    word = _axis_word(scene, curves.axis)
    if curves.units is not None and curves.unit_pre_activations is not None:
        before = scene.options(CurvesOptions).before
        hidden = network.stages[last.inputs[0]]
        values = curves.unit_pre_activations if before else curves.units
        colors = plot.palette(values.shape[1])
        names = _unit_names(network, hidden, before=before)
        width = 1.9 if len(colors) <= 8 else 1.3 if len(colors) <= 30 else 0.9
        lines = [
            Line(curves.at, values[:, k], color, width, label=names[k] if names else "")
            for k, color in enumerate(colors)
        ]
        limits = None if before else bounds(hidden.activation)
        kind = "pre-activations" if before else hidden.activation
        what = "unit"
        if is_graph(network):
            kind = f"{hidden.label}{', pre-activations' if before else ''}"
            what = "channel"
        titles: tuple[str, ...] = (
            f"layer {curves.hidden}: {counted(len(colors), what)}, {kind}",
            f"{counted(len(colors), what)}, {kind}",
            counted(len(colors), what),
        )
        found.append(_panel(x, values, limits, lines, titles, word))
    channels = _channels(network)
    if curves.units is not None or not _is_input(last, network):
        sum_name = _sum_name(network) if curves.units is not None else ""
        lines = [
            Line(
                *(curves.at, curves.pre_activations[:, k], color, 2.1),
                label=name or sum_name,
                sample=bool(name),
            )
            for k, (name, color) in enumerate(channels)
        ]
        many = "s" if len(channels) > 1 else ""
        sums = f"weighted sum{many}"
        if last.operation.radius:  # of units at other points, too
            sums += f" over {last.label.removeprefix('conv ')} taps"
        titles = (
            f"pre-activation{many}: {sums} + bias",
            f"pre-activation{many}: {sums}",
            f"pre-activation{many}",
        )
        found.append(_panel(x, curves.pre_activations, None, lines, titles, word))
    name = last.activation
    lines = [
        Line(curves.at, curves.outputs[:, k], color, 2.1, label=label)
        for k, (label, color) in enumerate(channels)
    ]
    values, limits = curves.outputs, bounds(name)
    many = "s" if len(channels) > 1 else ""
    titles = (f"output{many} = {name}(pre-activation)", f"{name}(pre-activation)", name)
    if not found:
        titles = (formula(f"{name}(x) = {ACTIVATIONS[name].formula}"), name)
        lines, limits = _activation_lines(name, curves), None
        values = np.stack([line.y for line in lines])
    found.append(_panel(x, values, limits, lines, titles, word))
    return _on_one_scale(found)


def _on_one_scale(panels: list[Plot]) -> list[Plot]:
    """The panels with the same limits of y, if those are similar."""
    low, high = (pick(one.y[k] for one in panels) for k, pick in ((0, min), (1, max)))
    if high - low > _SIMILAR * min(one.y[1] - one.y[0] for one in panels):
        return panels
    return [replace(one, y=(low, high)) for one in panels]


def _activation_lines(name: str, curves: Curves) -> list[Line]:
    """An activation function, and its derivative as a thinner line."""
    steep = np.asarray(derivative(name, curves.pre_activations[:, 0]), np.float64)
    return [
        Line(curves.at, curves.outputs[:, 0], plot.COLORS[0], 2.4, label=name),
        Line(curves.at, steep, plot.COLORS[1], 1.2, dashed=True, label="derivative"),
    ]


def _panel(
    x: tuple[float, float],
    values: Float64,
    limits: tuple[float, float] | None,
    lines: list[Line],
    titles: tuple[str, ...],
    word: str,
) -> Plot:
    finite = bool(np.isfinite(values).all())
    low, high = padded(values if limits is None else np.array(limits))
    note = "" if finite else "overflow"
    return Plot(x, (low, high), tuple(lines), titles, word, note=note, legend=True)


def _channels(network: Network) -> list[tuple[str, RGB]]:
    """Name and colour of each output; a single output has no name."""
    inks, count = inks_of(network), network.outputs
    if len(inks) > 1:
        return [
            (ink.name, plot.mix(color, plot.INK, LIGHTER))
            for ink, color in zip(inks, CLASS_COLORS, strict=False)
        ]
    return list(plot.CHANNELS.items()) if count == 3 else [("", plot.INK)]


def _is_input(stage: Stage, network: Network) -> bool:
    """Whether layer 1 is the identity on its only input, before the activation."""
    layer = stage.operation
    if not isinstance(layer, Layer):
        return False
    return layer.weight.tolist() == [[1.0]] and layer.bias.tolist() == [0.0] and network.depth == 1


def _unit_names(network: Network, stage: Stage, *, before: bool) -> list[str]:
    """A few units of one input as formulas, for the legend; `before` their activation, or after."""
    hidden = stage.operation
    if network.depth != 2 or len(network.inputs) != 1 or stage.units > _NAMED:
        return []
    if not isinstance(hidden, Layer):
        return []
    name = network.inputs[0]
    names: list[str] = []
    for weight, bias in zip(hidden.weight[:, 0], hidden.bias, strict=True):
        sign = "−" if bias < 0 else "+"
        inside = f"{significant(weight)}{TIED if '_' in name else ''}{symbol(name)}"
        inside += f" {sign} {significant(abs(bias))}" if bias else ""
        inside = inside if before else f"{hidden.activation}({inside})"
        names.append(f"{variable('u', len(names) + 1)} = {inside}")
    return names


def _sum_name(network: Network) -> str:
    """The pre-activation of a single output as a sum over a few named units, for the legend."""
    if network.depth != 2 or not _unit_names(network, network.stages[0], before=False):
        return ""
    last = network.layers[-1]
    numbers = [*last.weight[0].tolist(), float(last.bias[0])]
    names = [*(variable("u", k + 1) for k in range(len(numbers) - 1)), ""]
    terms = [
        f"{'−' if number < 0 else '+'} {significant(abs(number))}{name}"
        for number, name in zip(numbers, names, strict=True)
        if number
    ]
    words = " ".join(terms)
    return words.removeprefix("+ ") if words.startswith("+") else words.replace(" ", "", 1)


def _axis_word(scene: Scene, axis: str) -> str:
    """The name of the axis, with the coordinate that is fixed along it."""
    if axis == "time":
        return "time (s)"
    inputs, (x, y) = scene.network.inputs, scene.view.center
    fixed = {"x": ("y", y), "y": ("x", x)}.get(axis)
    if fixed and ({fixed[0], "r"} & set(coordinates(inputs))):
        return f"{variable(axis)}, at {variable(fixed[0])} = {significant(fixed[1], 4)}"
    return variable(axis)


@dataclass(frozen=True, eq=False)
class _Plot:
    """The cached plot of a scene at a size; moving the cursor does not draw it again."""

    frames: list[Frame]
    curves: Curves
    canvas: PlotCanvas


class CurvesView(CPUView):
    """A network along a line of its input space, as line plots."""

    uses_cursor = True

    def __init__(self) -> None:
        self._kept: LRUCache[tuple[Scene, Size], _Plot] = LRUCache(_KEPT)

    def effort(self, scene: Scene, region: Region) -> float:
        """Of a network on grids that of a line, with what its points see."""
        if not scene.network.by_grid:
            return super().effort(scene, region)
        rows = 2 * scene.network.radius + 1
        return rows * _points(scene, region.shape) * work_per_pixel(scene.network)

    def paint(self, scene: Scene, size: Size) -> Steps[Picture]:
        return self.paint_for(scene, size, size)

    def paint_for(self, scene: Scene, size: Size, shape: Size) -> Steps[Picture]:
        """The plain background; the plots are an overlay, which is drawn at full size.

        What an overlay shows of a network on grids is evaluated here, in steps.
        """
        yield
        if scene.network.by_grid and self._kept.find((scene, shape)) is None:
            curves = yield from tracing(scene, _points(scene, shape))
            self._kept.put((scene, shape), _draw(scene, shape, curves))
        return lettering.blank(size, plot.GROUND)

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """The plots; the curve under the cursor is highlighted."""
        drawn = self._plot(scene, size)
        canvas = drawn.canvas
        found = None if cursor is None else pointed(drawn.frames, canvas.font_size, cursor)
        if found is not None and cursor is not None:
            canvas = canvas.copy()
            _highlight(canvas, drawn, found, cursor)
        return np.asarray(canvas.image.convert("RGBA"))

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """The curve near a pixel: the unit's number, and its value there."""
        drawn = self._plot(scene, size)
        found = pointed(drawn.frames, drawn.canvas.font_size, place)
        if found is None:
            return None
        which, index = found
        frame = drawn.frames[which]
        line, at = frame.panel.lines[index], frame.value(place[0])
        value = float(np.interp(at, line.x, line.y))
        where = f"{significant(value, 4)} at {drawn.curves.axis} = {significant(at, 4)}"
        if which == 0 and drawn.curves.units is not None:
            layer, of = drawn.curves.hidden, drawn.curves.network
            if is_graph(of):
                stage = of.stages[of.stages[-1].inputs[0]]
                return Hit(f"channel {index + 1} of layer {layer}, {words_of(stage)}: {where}")
            return Hit(f"unit {index + 1} of layer {layer}: {where}")
        if len(drawn.frames) == 1:
            return Hit(f"{line.label}: {where}")
        label = drawn.frames[-1].panel.lines[index].label
        name = f"{label} output" if label else "output"
        after = which == len(drawn.frames) - 1
        return Hit(f"{name}: {where}" if after else f"{name}, pre-activation: {where}")

    def _plot(self, scene: Scene, size: Size) -> _Plot:
        return self._kept.get((scene, size), lambda: _draw(scene, size))


def _points(scene: Scene, size: Size) -> int:
    """The points along the axis at which a network is evaluated, at most."""
    wide = size[0] if _stacked(size) or shown_depth(scene) == 1 else size[0] / 3
    few = _MULTIPLICATIONS / work_per_pixel(scene.network)
    return int(np.clip(2 * wide, 64, np.clip(few, 64, 1600)))


def _stacked(size: Size) -> bool:
    """Whether the panels are one below another."""
    return size[1] > 1.2 * size[0]


def _draw(scene: Scene, size: Size, curves: Curves | None = None) -> _Plot:
    font_size, stacked = plot.font_size(size), _stacked(size)
    curves = curves or along(scene, _points(scene, size))
    found = panels(scene, curves)
    rows = [[panel] for panel in found] if stacked else [found]
    edge = min(font_size, size[0] // 16, size[1] // 16)
    box = (edge // 2, edge, size[0] - edge, size[1] - edge)
    tallest = 1.5 if len(found) > 1 else 0.75
    frames = [f for row in plot.arrange(rows, box, font_size, tallest=tallest) for f in row]
    canvas = PlotCanvas(size, font_size)
    for frame in frames:
        canvas.panel(frame)
    return _Plot(frames, curves, canvas)


def pointed(
    frames: list[Frame], font_size: int, place: tuple[float, float]
) -> tuple[int, int] | None:
    """The panel and the line nearest to a pixel, if it is within _NEAR."""
    for which, frame in enumerate(frames):
        if not frame.holds(place):
            continue
        at = np.array([frame.value(place[0])])
        values = np.array([np.interp(at, line.x, line.y)[0] for line in frame.panel.lines])
        away = np.abs(frame.place(np.broadcast_to(at, values.shape), values)[1] - place[1])
        if np.isnan(away).all():
            return None
        nearest = int(np.nanargmin(away))
        return (which, nearest) if away[nearest] <= _NEAR * font_size else None
    return None


def _highlight(
    canvas: PlotCanvas, drawn: _Plot, found: tuple[int, int], cursor: tuple[float, float]
) -> None:
    """Dim all lines of a panel but one, and mark the cursor's position in all panels."""
    which, index = found
    frame = drawn.frames[which]
    line, at = frame.panel.lines[index], frame.value(cursor[0])
    if len(frame.panel.lines) > 1:
        canvas.dim(frame, 0.62)
    canvas.lines(frame, [replace(line, width=2.6)])
    terms = _terms(drawn, found)
    if terms:
        canvas.lines(drawn.frames[1], terms)
    for other, lines in enumerate(f.panel.lines for f in drawn.frames):
        marked = [line] if other == which else list(lines) if len(lines) <= 3 else []
        low, high = drawn.frames[other].panel.y
        hair = Line(np.array([at, at]), np.array([low, high]), plot.FAINT, 0.6)
        dots = [
            Line(np.array([at]), np.array([np.interp(at, m.x, m.y)]), plot.INK, 2.2) for m in marked
        ]
        canvas.lines(drawn.frames[other], [hair, *dots])


def _terms(drawn: _Plot, found: tuple[int, int]) -> list[Line]:
    """A unit's contribution to each output pre-activation, as thin lines."""
    which, index = found
    if which != 0 or drawn.curves.units is None:
        return []
    kernels = kernels_of(drawn.curves.network.stages[-1])
    if kernels is None or kernels.shape[-1] > 1:  # sums over other points, too
        return []
    weights = kernels[:, index, 0, 0]
    color = drawn.frames[0].panel.lines[index].color
    unit = drawn.curves.units[:, index]
    with np.errstate(all="ignore"):
        return [Line(drawn.curves.at, unit * weight, color, 1.2, dashed=True) for weight in weights]
