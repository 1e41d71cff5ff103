"""The protocol of views. A view is a way of looking at a preset, drawn into planes.

Scene -> View.begin() -> a Task, step by step -> planes         (any size: coarse ones come first)
      -> View.overlay() -> lines and text over them             (always at full size)
a pixel -> View.hit() -> what is there, and what a click does
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.nn.network import Network
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.preset.show import VIEWS, ViewRow, knobs, option_fields
from cppn_gl.utils.arrays import Box, Samples, Size
from cppn_gl.utils.tasks import Stepping, Steps, Task, at_once

Picture = NDArray[np.float32]  # (height, width, 3) display values, row 0 on top
LETTERS = "has text and lines drawn by libraries, whose versions may differ"
Words = NDArray[np.uint8]  # (height, width, 4) RGBA, not premultiplied
SPARSE = 0.1  # of the pixels: an overlay that covers less is blended there only


@dataclass(frozen=True)
class Stage:
    """What a view draws with: the painter of a context, and the choice of a network's engine."""

    painter: Painter
    engine_for: Callable[[Network], Engine]


@dataclass(frozen=True)
class Hit:
    """What is at a pixel: a description, and the preset that a click opens or the keys it changes.

    `time`: the time in seconds at which the opened preset is shown; None: the current time.
    `enters`: the preset that the key Enter opens, if it does not do the same as a click.
    """

    words: str
    opens: Preset | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    time: float | None = None
    enters: Preset | None = None


@dataclass(frozen=True)
class Point:
    """A point of the plane that is shown at a pixel, and the scene whose outputs it has.

    `unit`: the unit shown there, if not the outputs: its layer (0: the inputs) and its index from
    0. `before`: its pre-activation is shown.
    """

    scene: Scene
    x: float
    y: float
    unit: tuple[int, int] | None = None
    before: bool = False


def plane_point(
    scene: Scene,
    size: Size,
    place: tuple[float, float],
    unit: tuple[int, int] | None = None,
    *,
    before: bool = False,
) -> Point:
    """The point at a pixel (x to the right, y down) of a picture of the plane of `size`."""
    scale = 2 * scene.view.extent / max(1, min(size))
    x = scene.view.center[0] + (place[0] - size[0] / 2) * scale
    y = scene.view.center[1] + (size[1] / 2 - place[1]) * scale
    return Point(scene, x, y, unit, before)


class View:
    """A way of looking at a preset. One object serves all presets, sizes and contexts.

    row: its row of preset.show.VIEWS, set when it is created from there.
    samples: N of the N×N samples per pixel of the window's final picture.
    auto: N where the samples are "auto", if it is neither `samples` nor up to each pixel.
    plane: the whole picture shows the plane, as far as the viewport reaches.
    uses_cursor: the overlay depends on the cursor.
    by_engine: the network's engine draws it.
    bakes: it draws only the preset's own network, so one baked program serves all frames.
    by_part: any region can be drawn alone, with the same values as in the whole picture.
    by_pixel: the engine draws each pixel independently, so any region can be drawn alone, with any
        number of samples, at the engine's speed, and the whole may exceed what is drawn at once.
    unbounded: the whole may exceed what is drawn at once, part by part.
    samples_itself: it draws several samples per pixel; it is not drawn enlarged for them.
    own_shaders: it uses shaders other than the engines'.
    colors: it shows the network's picture, coloured by the preset's [color]; otherwise the view
        has its own colours.
    letters: its picture or its overlay always has text and lines drawn by libraries.
    continuous: its picture has continuous tones, which `[color] dither` dithers; a drawing on flat
        ground has none.
    coarsens: a coarse picture takes less time than a fine one, and is drawn first where that helps.
    evolves: the overlay shows what has been computed so far, more with each refinement.
    on_channel: keys that change with the channel looked at: then the view is about that channel.
    clicked: what a click on an item does, such as "opens a cell"; "" without such items.
    """

    row = ViewRow("", "", "")
    samples = 2
    auto = 0
    plane = False
    uses_cursor = False
    by_engine = True
    bakes = False
    by_part = False
    by_pixel = False
    unbounded = False
    samples_itself = False
    own_shaders = True
    colors = False
    letters = True
    continuous = False
    coarsens = True
    evolves = False
    on_channel: Mapping[str, Any] = MappingProxyType({})
    clicked = ""

    @property
    def own_layers(self) -> bool:
        """Whether it has an option `layer`; otherwise it shows the depth-k network."""
        return "layer" in (field.name for field in option_fields(self.row))

    @property
    def name(self) -> str:
        return self.row.name

    @property
    def knobs(self) -> tuple[str, ...]:
        """The options that can be changed by keys in the window."""
        return knobs(self.row)

    def problem(self, preset: Preset) -> str:
        """Why it cannot show a preset, as the end of a sentence "this view …"; "" if it can.

        Ask `unfit`: this is asked only about networks of the kind that its row names.
        """
        return ""

    @final
    def unfit(self, preset: Preset) -> str:
        """Why it cannot show a preset, as `problem`, or a network of its kind."""
        if self.row.images is not None and self.row.images != preset.classifies:
            if not preset.classifies:
                return "shows networks that see whole pictures; this one sees points of the plane"
            fitting = ", ".join(name for name, row in VIEWS.items() if row.images)
            kind = "shows networks of points of the plane; this one sees whole pictures"
            return f"{kind}: see {fitting}"
        return self.problem(preset)

    def differs(self, preset: Preset, engine: Engine, samples: Samples) -> str:
        """Why its pixels, without the overlay, may differ between machines; "" if they do not."""
        return f"the view {self.name} is drawn with OpenGL, whose last bits depend on the driver"

    def parts(self, preset: Preset, size: Size) -> list[Box]:
        """Parts of a picture of `size`, which cover it, to be drawn one by one if it is by_part."""
        return [(0, 0, *size)]

    def colored(self, preset: Preset) -> bool:
        """Whether it uses this preset's colour mapping."""
        return self.colors

    def dithered(self, preset: Preset, size: Size) -> tuple[Box, ...]:
        """The boxes of a preset's picture of `size` that are dithered, each as its own picture."""
        return ((0, 0, *size),) if self.continuous and preset.color.noisy else ()

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        """Begin to draw a region, by default the whole picture, into planes of its size.

        Only `by_part` views accept part of a picture, and only `samples_itself` views accept
        several samples per pixel; sampling.begin handles any number for all views.
        """
        raise NotImplementedError

    def on_cpu(self, engine: Engine) -> bool:
        """Whether `paint_region` can draw it with this engine, without OpenGL."""
        return False

    def paint_region(self, scene: Scene, engine: Engine, region: Region) -> Steps[Picture]:
        """Paint a region of its picture without OpenGL."""
        raise NotImplementedError

    def work(self, scene: Scene) -> float:
        """Approximate multiplications per pixel; it decides how coarse the first picture is."""
        return work_per_pixel(scene.network)

    def on_lattice(self, scene: Scene) -> bool:
        """Whether all taps in view are evaluated, however coarse a picture is."""
        return scene.network.by_grid

    def effort(self, scene: Scene, region: Region) -> float:
        """Approximate multiplications of a region of its picture."""
        if scene.network.by_grid:  # a lattice costs no less for fewer pixels than taps
            from cppn_gl.engines.grid import picture_work  # dense networks need not load it

            whole = picture_work(scene.network, scene.view, region)
            return max(1.0, self.work(scene) / work_per_pixel(scene.network)) * whole
        return region.part[0] * region.part[1] * len(region.jitters) * self.work(scene)

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """Lines and text to blend over a picture of `size`, (height, width, 4); None for nothing.

        `cursor`: the pixel (x to the right, y down) under the pointer, if any.
        """
        return None

    def overlay_of(self, scene: Scene, size: Size, part: Box) -> Words | None:
        """The overlay over a part of a picture of `size`."""
        words, (left, top, right, bottom) = self.overlay(scene, size), part
        return None if words is None else words[top:bottom, left:right]

    def lettered(self, preset: Preset) -> bool:
        """Whether a preset's picture or its overlay has text and lines drawn by libraries."""
        return self.letters

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """What is at a pixel (x to the right, y down) of a picture of `size`."""
        return None

    def point(self, scene: Scene, size: Size, place: tuple[float, float]) -> Point | None:
        """The point of the plane at a pixel of a picture of `size`; None where there is none."""
        return plane_point(scene, size, place) if self.plane else None

    def drag(self, preset: Preset, du: float, dv: float) -> dict[str, Any] | None:
        """The keys changed by dragging by du to the right, dv up; None: dragging pans.

        The unit is half the shorter side.
        """
        return None

    def zoom(self, preset: Preset, steps: int) -> dict[str, Any] | None:
        """The keys changed by `steps` of the wheel, or of = and -; None: the extent changes."""
        return None

    def page(self, preset: Preset, steps: int) -> dict[str, Any] | None:
        """The keys changed by `steps` of PgUp, or of PgDn if negative; None: the layer shown."""
        return None


class CPUView(View):
    """A view painted by NumPy and Pillow: it needs no OpenGL and compiles no shader."""

    samples = 1
    by_engine = False
    own_shaders = False

    def differs(self, preset: Preset, engine: Engine, samples: Samples) -> str:
        return f"the view {self.name} {LETTERS}"

    def paint(self, scene: Scene, size: Size) -> Steps[Picture]:
        """Paint a picture of `size`; yields wherever it may be interrupted."""
        raise NotImplementedError

    def paint_for(self, scene: Scene, size: Size, shape: Size) -> Steps[Picture]:
        """Paint a picture of `size` that represents one of size `shape`: coarse or enlarged."""
        return self.paint(scene, size)

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        shape = region.shape if region else planes.size

        def steps() -> Steps[None]:
            painting = self.paint_for(scene, planes.size, shape)
            if scene.preset.classifies:
                from cppn_gl.engines.gl.vision import Choice
                from cppn_gl.nn.vision.running import under

                network: Any = scene.network
                kernel = yield from stage.painter.shared(Choice).kernel_for(network)
                painting = under(kernel, painting)
            planes.write((yield from painting))

        return Stepping(steps())

    def on_cpu(self, engine: Engine) -> bool:
        return True

    def paint_region(self, scene: Scene, engine: Engine, region: Region) -> Steps[Picture]:
        """Paint the whole picture, averaged from one N times as large."""
        (width, height), samples = region.part, region.samples
        size = width * samples, height * samples
        fine = np.asarray((yield from self.paint_for(scene, size, region.shape)), np.float32)
        return fine if samples == 1 else mean_of_samples(fine, samples)

    def work(self, scene: Scene) -> float:
        """Little enough for the first picture to have full resolution."""
        return 100.0


def lay_over(picture: NDArray[Any], words: Words | None) -> NDArray[Any]:
    """A picture, float32 or uint8, with an overlay blended over it.

    Values under the overlay are clamped to 0..1 first, as on a screen.
    """
    if words is None:
        return picture
    covered = words[..., 3] > 0
    if np.count_nonzero(covered) > SPARSE * covered.size:
        return _blended(picture, words)
    laid = np.array(picture)
    laid[covered] = _blended(picture[covered], words[covered])
    return laid


def _blended(picture: NDArray[Any], words: Words) -> NDArray[Any]:
    """Pixels (…, 3) with those of an overlay (…, 4) over them."""
    alpha = words[..., 3:].astype(np.float32) / np.float32(255)
    top = words[..., :3].astype(np.float32)
    if picture.dtype == np.uint8:
        return np.asarray(np.round(picture * (1 - alpha) + top * alpha), np.uint8)
    behind = np.where(alpha > 0, np.clip(picture, 0, 1), picture)
    return np.asarray(behind * (1 - alpha) + top / np.float32(255) * alpha, np.float32)


def painted(view: CPUView, scene: Scene, size: Size, shape: Size | None = None) -> Picture:
    """The picture of `size`, painted without interruption; `shape`: see `paint_for`."""
    return np.asarray(at_once(view.paint_for(scene, size, shape or size)), np.float32)


def mean_of_samples(fine: Picture, samples: int) -> Picture:
    """An N times enlarged picture reduced to its own size: clamped, then averaged."""
    height, width = fine.shape[0] // samples, fine.shape[1] // samples
    boxes = np.clip(fine, 0, 1).reshape(height, samples, width, samples, 3)
    return np.asarray(boxes.mean(axis=(1, 3), dtype=np.float32))
