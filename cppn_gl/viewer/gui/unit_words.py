"""A unit of the network diagram in words and numbers, with its picture enlarged: a tooltip.

Drawn, unit -> UnitWords.draw()     samples of many points follow, computed in slices
"""

from collections.abc import Hashable
from typing import TYPE_CHECKING

import numpy as np
from imgui_bundle import imgui
from numpy.typing import NDArray

from cppn_gl.engines.cpu.trace import saturated, saturation_words
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.preset.given import Unit
from cppn_gl.utils.quantising import quantise
from cppn_gl.utils.tasks import Stepping, within
from cppn_gl.viewer.gui import tips
from cppn_gl.viewer.gui.wires import cross
from cppn_gl.viewer.layout import Rect
from cppn_gl.viewer.network_map import Drawn, Probe, last_layer
from cppn_gl.views.text import significant
from cppn_gl.views.units.diverging import tinted
from cppn_gl.views.units.unit_samples import (
    UnitSampleCache,
    UnitSamples,
    UnitSummary,
    sample_size,
    shaded,
    summarize,
    unit_name,
)
from cppn_gl.views.units.wiring import sees, words_of

if TYPE_CHECKING:
    from cppn_gl.viewer.gui.base import Gui

SLICE = 0.003  # seconds of work a frame
# In font sizes:
WIDTH = 11.0  # of the enlarged picture
LINES = 11.0  # height of the words, at most

_Look = tuple[UnitSamples, Unit, NDArray[np.uint8], UnitSummary]


class UnitWords:
    """Describes the unit pointed at."""

    def __init__(self) -> None:
        self._cache = UnitSampleCache()
        self._task: tuple[Hashable, Stepping[UnitSamples]] | None = None
        self._shown: _Look | None = None
        self._layer: tuple[object, int, NDArray[np.float64]] = (None, 0, np.zeros(0))

    def draw(self, gui: "Gui", rect: Rect, drawn: Drawn, unit: Unit, probe: Probe) -> None:
        """Draw it beside `rect`. `probe`: the values at the place pointed at last."""
        samples = self._samples(gui, drawn)
        _, _, pixels, summary = self._look(samples, unit)
        begin(gui, rect, title(drawn, unit))
        size, corner = drawn.size, imgui.get_cursor_screen_pos()
        high = min(WIDTH * gui.unit * size[1] / size[0], max(1, gui.size[1] - LINES * gui.unit))
        wide = high * size[0] / size[1]
        imgui.image(gui.texture("network unit", pixels), imgui.ImVec2(wide, high))
        if probe.of(drawn):
            x, y = (place / side for place, side in zip(probe.place, size, strict=True))
            if 0 <= x <= 1 and 0 <= y <= 1:
                marked = imgui.ImVec2(corner.x + x * wide, corner.y + y * high)
                cross(imgui.get_window_draw_list(), marked, gui.unit)
            at = ", ".join(significant(place) for place in probe.point)
            value = significant(probe.values[unit[0]][unit[1]])
            imgui.text(f"{value} at the cross, ({at})")
        if unit[0] > 0:
            pre = samples.pre_activations[unit[0] - 1][:, unit[1]].astype(np.float64)
            with np.errstate(all="ignore"):
                mean, std = significant(pre.mean()), significant(pre.std())
                imgui.text(f"before the activation {mean} ± {std}")
            imgui.text(f"saturated on {100 * (summary.saturated or 0):.0f} % of the picture")
            if summary.bias is not None:
                imgui.text(f"bias {significant(summary.bias)}")
        hint = "click: its lines, and its bias as a dot; twice: open it"
        if isinstance(drawn.scene.network, GraphNetwork):
            hint = "click: its lines; twice: this unit alone"
        dim(gui, hint if unit[0] > 0 else "click: keep its lines")
        imgui.end_tooltip()

    def draw_layer(self, gui: "Gui", rect: Rect, drawn: Drawn, layer: int) -> None:
        """Describe a layer from 1 beside `rect`: its saturated units, the most saturated first."""
        samples, network = self._samples(gui, drawn), drawn.scene.network
        stage, last = network.stages[layer - 1], last_layer(network)
        activation = stage.activation
        if self._layer[0] is not samples or self._layer[1] != layer:
            shares = saturated(activation, samples.pre_activations[layer - 1]).mean(axis=0)
            self._layer = samples, layer, shares
        shares = self._layer[2]
        units = f"{len(shares)} unit" + "s" * (len(shares) > 1)
        graph = isinstance(network, GraphNetwork)
        begin(gui, rect, f"layer {layer}, {units}, {words_of(stage) if graph else activation}")
        if graph:
            imgui.text(", in ".join((sees(stage), *reversed(stage.modules))))
        order = [int(unit) for unit in np.argsort(-shares, kind="stable") if shares[unit] >= 0.005]
        words = [f"{unit + 1} {100 * shares[unit]:.0f} %" for unit in order]
        imgui.push_text_wrap_pos(imgui.get_cursor_pos_x() + 1.6 * WIDTH * gui.unit)
        most = max(1, int((gui.size[1] / gui.unit - 9) * 3))
        listed = ",  ".join(words[:most]) + (" …" if len(words) > most else "")
        imgui.text_wrapped(f"unit, saturated on: {listed}" if words else "no unit is saturated")
        imgui.pop_text_wrap_pos()
        shown = "its units" if graph else "this layer" if layer < last else "the whole network"
        dim(gui, f"saturated: {saturation_words(activation) or 'never'}. Click: show {shown}")
        imgui.end_tooltip()

    def _look(self, samples: UnitSamples, unit: Unit) -> _Look:
        """The enlarged picture, RGBA, and the statistics."""
        if self._shown is None or self._shown[0] is not samples or self._shown[1] != unit:
            found = summarize(samples, unit)
            if found.channel is None:
                colors = tinted(found.values, found.reach)
            else:
                colors = shaded(found.values, found.channel)
            pixels = np.full((*found.values.shape, 4), 255, np.uint8)
            pixels[..., :3] = quantise(np.ascontiguousarray(colors))
            self._shown = samples, unit, pixels, found
        return self._shown

    def _samples(self, gui: "Gui", drawn: Drawn) -> UnitSamples:
        """Samples of all units: many points as soon as they are computed, else those of tiles."""
        scene, size = drawn.scene, drawn.size
        key = scene.network.digest, scene.view, scene.clock, size
        if self._task is None or self._task[0] != key:
            points = sample_size(scene.network, size[0] / size[1])
            self._task = key, Stepping(self._cache.get(scene, points))
        task = self._task[1]
        if not task.done:
            task.step(within(SLICE))
            gui.go_on()
        return task.result if task.result is not None else drawn.samples


def title(drawn: Drawn, unit: Unit) -> str:
    """A unit's name: "layer 3, unit 7"."""
    return unit_name(drawn.scene.network, unit).replace(" unit", ", unit")


def begin(gui: "Gui", rect: Rect, heading: str) -> None:
    """Begin a tooltip about the mouse's height, beside a rectangle, which it does not cover."""
    tips.begin(gui, rect, imgui.get_io().mouse_pos.y)
    imgui.push_font(gui.fonts.bold, 0)
    imgui.text(heading)
    imgui.pop_font()


def dim(gui: "Gui", words: str) -> None:
    """Small words below the others."""
    imgui.push_text_wrap_pos(imgui.get_cursor_pos_x() + WIDTH * gui.unit)
    imgui.push_font(gui.fonts.italic, 0.85 * gui.unit)
    imgui.text_disabled(words)
    imgui.pop_font()
    imgui.pop_text_wrap_pos()
