"""The regions view: linear regions of networks with piecewise linear units, such as relu.

    Scene -> regions.frag, or region_fields() in NumPy -> GBuffer -> regions_shown.frag -> planes

A unit bends the network along the line where its pre-activation z is 0. Within a region all z are
affine in x, y, so |z| / |∇z| is the distance to that line (approximately, where some units are
smooth), which gives lines of constant width in pixels. The first layer's lines are straight and on
top; those of later layers bend where they cross an earlier one. The ground is dark and quiet: it
has a tint of the picture in the preset's colours, and each region is shaded by a hash of its
activation pattern.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.derivatives import Derivatives
from cppn_gl.engines.gl.drawing import draw
from cppn_gl.engines.gl.pipeline import Pipeline
from cppn_gl.engines.gl.programs import Program
from cppn_gl.engines.gl.recolor import PaletteTexture, color_uniforms, flat_formulas, formulas
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.stretch import value_range_steps
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.derivatives import (
    Jets,
    first_pre_activations,
    kinked_layers,
    layers,
    pattern_hash,
)
from cppn_gl.nn.layers import MAX_DRAWN
from cppn_gl.preset.color import ValueRange
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.preset.show import RegionsOptions
from cppn_gl.utils.arrays import Float32, Size
from cppn_gl.utils.tasks import Steps, Task
from cppn_gl.views.base import Hit, Stage, View, Words, plane_point
from cppn_gl.views.marks import marks_of
from cppn_gl.views.shading import Shading
from cppn_gl.views.slopes.gbuffer import DeferredShading, GBuffer, fill
from cppn_gl.views.slopes.gradient import DUAL_WORK, on_cpu
from cppn_gl.views.slopes.legend import Legend, LegendLayout
from cppn_gl.views.slopes.palette import inks
from cppn_gl.views.text import width

REGIONS = Pipeline("regions.frag", "regions.frag", 1)
UNIT_WORK = 30  # multiplications that a unit's line costs
FINE = 700  # pixels of the shorter side at which lines have their nominal width
THINNEST = 0.7  # of that width, in smaller pictures
LEAST = np.float32(1e-30)
FAR = np.float32(1e30)


class RegionsView(View):
    """Boundaries of linear regions as lines, coloured by the layer of their unit."""

    by_engine = False
    plane = True
    colors = continuous = True

    def problem(self, preset: Preset) -> str:
        """A smooth network has no linear regions."""
        if preset.spec.by_grid:
            return "needs a network of dense layers, whose units see one point only"
        if any(ACTIVATIONS[name].kinked for name in preset.spec.hidden_activations):
            return ""
        return "needs a hidden layer of relu, leaky_relu or abs"

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        painter, network = stage.painter, scene.network
        lines = Lines(scene, planes.size)
        shape = region.shape if region else planes.size
        color_range: list[ValueRange] = []  # of the picture, measured before the first band

        def boundaries(gbuffer: GBuffer, band: Region) -> Steps[None]:
            if not color_range:
                color_range.append((yield from value_range_steps(scene, shape)))
            if not on_cpu(painter, network):
                yield from draw(painter, gbuffer, scene, band, REGIONS, lines.set)
                return
            derivatives = Derivatives(network, scene.view, scene.clock)
            yield from fill(
                painter,
                gbuffer,
                lambda pixels, of: region_fields(scene, derivatives, lines, pixels, of),
                band,
                kind=(REGIONS.name, None),
                work=self.work(scene),
            )

        def shade(gbuffers: Sequence[GBuffer], top: int, rows: int) -> None:
            head = flat_formulas if scene.preset.color.levels else formulas
            painter.shared(Shading, "regions_shown.frag", head=head)(
                planes,
                gbuffers[0].textures,
                top,
                rows,
                palette=painter.shared(PaletteTexture).of(scene.preset.color),
                **color_uniforms(scene.preset.color, color_range[0]),
            )

        return DeferredShading(
            painter, planes, "G-buffer", partial(GBuffer, painter.ctx), [boundaries], shade
        ).task()

    def work(self, scene: Scene) -> float:
        units = sum(len(layer.bias) for layer in scene.network.drawn[:-1])
        return DUAL_WORK * work_per_pixel(scene.network) + UNIT_WORK * units

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """The legend: the colour of each layer's lines; under it the points that it learns."""
        shown, marks = shown_layers(scene), marks_of(scene, size)
        layout = LegendLayout(size, 5, wide=16.5)
        at = layout.inner()
        if at is None or not shown:
            return marks
        legend, every, line = Legend(layout), all_layers(scene), layout.line
        pure = len(every) == scene.network.trained.depth - 1
        title = "linear regions" if pure else "creases between smooth regions"
        legend.fitted(at[0], at[1], title, room=at[2] - at[0], bold=True)
        area = "a linear function" if pure else "a smooth region"
        for k, words in enumerate(("a line: where a unit switches", f"a shade: {area}"), 1):
            legend.fitted(at[0], at[1] + k * line, words, room=at[2] - at[0])
        top = at[1] + line * 13 // 4
        colors = np.round(inks(len(every)) * 255).astype(int)
        step = (at[2] - at[0]) / len(shown)
        for k in range(len(shown)):
            left, right = at[0] + round(k * step), at[0] + round((k + 1) * step) - 1
            box = (left, top, max(left, right), top + line * 2 // 3)
            legend.draw.rectangle(box, fill=tuple(map(int, colors[k])))
        below = top + line * 5 // 6
        names = [f"layer {number + 1}" for number in shown]
        if max(width(name, layout.font_size) for name in names) + layout.font_size / 2 <= step:
            for k, name in enumerate(names):
                legend.words(at[0] + k * step, below, name)
        else:
            legend.words(at[0], below, names[0])
            legend.words(at[2], below, names[-1], anchor="ra")
        return legend.over(marks)

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """The number of active units at a pixel, and the unit of the boundary there, if any."""
        at = plane_point(scene, size, place)
        active = total = 0
        near: tuple[float, int, int] = (np.inf, 0, 0)
        sums = first_pre_activations(scene.network, [at.x], [at.y], scene.clock)
        for number, z, _ in layers(scene.network.trained, sums):
            if number in shown_layers(scene):
                away = distances(z, np.float64(1))[0]
                near = min(near, (float(away.min()), number + 1, int(away.argmin()) + 1))
                active, total = active + int((z[0] > 0).sum()), total + z.shape[2]
        words = f"{active} of {total} units active"
        if near[0] * min(size) / (2 * scene.view.extent) < 4:  # pixels
            words += f"; boundary of layer {near[1]}, unit {near[2]}"
        return Hit(words)


def all_layers(scene: Scene) -> list[int]:
    """The numbers, from 0, of the layers with boundaries; none of those that display outputs."""
    return kinked_layers(scene.network.trained)


def shown_layers(scene: Scene) -> list[int]:
    """Those up to `[regions] layer`; all for 0."""
    last = scene.options(RegionsOptions).layer or MAX_DRAWN
    return [number for number in all_layers(scene) if number < last]


class Lines:
    """The style of each layer's lines in a picture of a size.

    inks: RGBA, (MAX_DRAWN, 4). widths: half the line width in pixels, 0 for no lines, (MAX_DRAWN,).
    pixels: half the picture's shorter side.
    """

    def __init__(self, scene: Scene, size: Size):
        every = all_layers(scene)
        self.pixels = min(size) / 2
        self.inks = np.zeros((MAX_DRAWN, 4), np.float32)
        self.widths = np.zeros(MAX_DRAWN, np.float32)
        late = np.linspace(0, 1, len(every)) if len(every) > 1 else np.zeros(len(every))
        self.inks[every, :3] = inks(len(every))
        self.inks[every, 3] = 1.0 - 0.25 * late
        shown = [number in shown_layers(scene) for number in every]
        self.widths[every] = (0.95 - 0.4 * late) * max(THINNEST, min(size) / FINE) * shown

    def set(self, program: Program) -> None:
        """Set the uniforms of regions.frag."""
        program.program["inks"].write(self.inks.tobytes())
        program.program["widths"].write(self.widths.tobytes())
        program.program["pixels"].value = self.pixels


def region_fields(
    scene: Scene,
    derivatives: Derivatives,
    lines: Lines,
    pixels: NDArray[np.integer[Any]],
    size: Size,
) -> list[Float32]:
    """The counterpart of regions.frag: lines, picture, region; (N, 4) each."""
    count = len(pixels)
    ink, region = np.zeros((count, 4), np.float32), np.zeros((count, 4), np.float32)
    region[:, 0] = FAR
    pattern = np.zeros(count, np.uint32)
    picture = np.zeros((count, 4), np.float32)
    layers, outputs = derivatives.layers(pixels, size)
    picture[:, :3] = outputs[0]
    picture[:, 3] = ~np.isfinite(outputs[0]).all(axis=1)
    for number, sums in enumerate(layers):
        if lines.widths[number] > 0:
            away = distances(sums, np.float32(lines.pixels))
            nearest = np.fmin.reduce(away, axis=1)
            nearer = nearest < region[:, 0]
            region[nearer, 0], region[nearer, 1] = nearest[nearer], number + 1
            pattern ^= pattern_hash(number, sums[0] > 0)
            each = np.clip(lines.widths[number] + np.float32(0.5) - away, 0, 1)
            clear = np.prod(1 - lines.inks[number, 3] * np.nan_to_num(each), axis=1)
            cover = (1 - clear) * (1 - ink[:, 3])
            ink[:, :3] += cover[:, None] * lines.inks[number, :3]
            ink[:, 3] += cover
    region[:, 2], region[:, 3] = pattern & np.uint32(0xFFFF), pattern >> np.uint32(16)
    return [ink, picture, region]


def distances(sums: Jets, unit: Any) -> NDArray[Any]:
    """`unit` times the distance to the line where each unit's pre-activation is 0, (N, rows).

    FAR for a constant unit, which has no boundary.
    """
    with np.errstate(all="ignore"):
        wide = sums[1:].astype(np.float64)  # not hypot, which libraries round differently
        steep = np.sqrt(np.square(wide).sum(axis=0)).astype(sums.dtype)
        away = unit * np.abs(sums[0]) / steep
    return np.asarray(np.where(steep > LEAST, away, FAR), sums.dtype)
