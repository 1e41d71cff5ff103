"""The attribution view: what in the picture a class or a unit depends on.

    Scene -> explaining.py: a method's map -> attribution_drawing.py: panes, classes, legend

A coarse drawing of the window asks for the first level of a slow method, its refinements for the
others. All that is seen is in the overlay, which shows the finest level that is known.
"""

from types import MappingProxyType
from typing import Any, cast

from cppn_gl.engines.base import Region
from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import AttributionOptions
from cppn_gl.utils.arrays import Size
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.tasks import Steps, share
from cppn_gl.views import lettering
from cppn_gl.views.base import CPUView, Hit, Picture, Words
from cppn_gl.views.vision.attribution_drawing import drawn, hit_at, layout_of
from cppn_gl.views.vision.explaining import (
    answer,
    covering,
    explain,
    level_of,
    methods_of,
    named_class,
    passes,
)
from cppn_gl.views.vision.passes import network_of, work_of

LEAST_SIDE, LARGEST_SIDE = 0.02, 1.0  # of the patch, in shorter sides of the picture


class AttributionView(CPUView):
    """What a class or a unit depends on."""

    clicked = "explains a class, or a place of the picture"
    evolves = True
    on_channel = MappingProxyType({"attribution.of": "unit"})

    def __init__(self) -> None:
        self._pane = (1.0, 1.0)  # size of the picture under the pointer, in half shorter sides

    def problem(self, preset: Preset) -> str:
        network = cast(ImageNetwork, preset.network())
        options = preset.options(AttributionOptions)
        try:
            if options.of == "class" and options.class_name:
                named_class(network, options.class_name)
            if options.cam_layer > (most := len(network.stages)):
                raise PresetError(
                    f"needs a layer from 1 to {most}; attribution.cam_layer is {options.cam_layer}"
                )
        except PresetError as error:
            return error.problem
        return ""

    def on_lattice(self, scene: Scene) -> bool:
        return False

    def effort(self, scene: Scene, region: Region) -> float:
        """The passes that are missing, as if all were needed for the coarsest picture, too."""
        return max(
            1e6, passes(scene, level_of(region.part, region.shape)) * work_of(network_of(scene))
        )

    def paint(self, scene: Scene, size: Size) -> Steps[Picture]:
        return (yield from self.paint_for(scene, size, size))

    def paint_for(self, scene: Scene, size: Size, shape: Size) -> Steps[Picture]:
        """The plain background: all else is an overlay, whose maps are computed here."""
        level = level_of(size, shape)
        methods = methods_of(scene, level)
        for number, method in enumerate(methods):
            work = explain(scene, method, level)
            yield from share(work, number / len(methods), (number + 1) / len(methods))
        yield from answer(scene)
        if covering(scene) is not None:
            yield from answer(scene, covered=True)
        return lettering.blank(size)

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """All that is seen."""
        return drawn(scene, size)

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """What is at a pixel; a click chooses a class, a place, a method, or where the patch is."""
        left, top, right, bottom = layout_of(scene, size).panes[0]
        half = min(size) / 2
        self._pane = (right - left) / half, (bottom - top) / half
        return hit_at(scene, size, place)

    def drag(self, preset: Preset, du: float, dv: float) -> dict[str, Any] | None:
        """Move the patch that stays, as far as the pointer moves over the picture."""
        cover = preset.options(AttributionOptions).cover
        if preset.options(AttributionOptions).method != "occlusion" or cover is None:
            return {}
        x, y = cover[0] + du / self._pane[0], cover[1] - dv / self._pane[1]
        moved = (round(min(max(at, 0.0), 1.0), 4) for at in (x, y))
        return {"attribution.cover": (*moved, cover[2])}

    def zoom(self, preset: Preset, steps: int) -> dict[str, Any] | None:
        """The size of the patch."""
        options = preset.options(AttributionOptions)
        if options.method != "occlusion":
            return {}
        factor = 1.1**-steps
        if options.cover is not None:
            x, y, side = options.cover
            return {"attribution.cover": (x, y, min(max(side * factor, LEAST_SIDE), LARGEST_SIDE))}
        return {"attribution.patch": min(max(options.patch * factor, LEAST_SIDE), LARGEST_SIDE)}
