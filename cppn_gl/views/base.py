"""What a view is: a way of looking at a preset, drawn into planes like the picture itself.

Scene -> View.begin() -> a Task, step by step -> planes         (any size: coarse ones come first)
      -> View.overlay() -> lines and words over them             (at full size always)
a place in the picture -> View.hit() -> what lies there, and what a click does
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.nn.network import Network
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.preset.show import ViewRow, knobs, option_fields
from cppn_gl.utils.tasks import Stepping, Steps, Task, at_once

Picture = NDArray[np.float32]  # (height, width, 3) display values, row 0 on top
Words = NDArray[np.uint8]  # (height, width, 4) RGBA, not premultiplied
Size = tuple[int, int]  # width, height in pixels


@dataclass(frozen=True)
class Stage:
    """What a view draws with: the painter of a context, and the engine that draws a network."""

    painter: Painter
    engine_for: Callable[[Network], Engine]


@dataclass(frozen=True)
class Hit:
    """What lies at a place: words for it, the preset that a click opens, or the keys it changes.

    `time`: the seconds at which what opens is seen there; None: the picture's.
    """

    words: str
    opens: Preset | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    time: float | None = None


class View:
    """A way of looking at a preset. One object serves all presets, sizes and contexts.

    `row` is its row of preset.show.VIEWS, set when it is made from there. `samples`: N for the N×N
    samples a pixel that the window draws at rest.
    `points`: whether its overlay heeds the cursor. `by_engine`: whether the engine chosen for a
    network draws it; `bakes`: it draws the preset's own network alone, so that one baked program
    serves all frames; `by_pixel`: moreover that engine draws each pixel by itself, so that any part
    can be drawn alone, with any number of samples, as fast as the engine is. `samples_itself`:
    whether it draws several samples a pixel, and need not be drawn larger for them. `own_shaders`:
    whether it draws by shaders beside the engines'. `colors`: whether it shows the network's
    picture, which is then in the colours that the preset says; without it the view has colours of
    its own.
    """

    row = ViewRow("", "", "")
    samples = 2
    points = False
    by_engine = True
    bakes = False
    by_pixel = False
    samples_itself = False
    own_shaders = True
    colors = False

    @property
    def own_layers(self) -> bool:
        """Whether it has an option `layer`, instead of being a view of the depth-k network."""
        return "layer" in (field.name for field in option_fields(self.row))

    @property
    def name(self) -> str:
        """Its name."""
        return self.row.name

    @property
    def knobs(self) -> tuple[str, ...]:
        """The options that keys of the window turn."""
        return knobs(self.row)

    def problem(self, preset: Preset) -> str:
        """Why a preset cannot be seen so, in words that complete "this view …"; "" if it can."""
        return ""

    def colored(self, preset: Preset) -> bool:
        """Whether it is in the colours that this preset says."""
        return self.colors

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        """Begin to draw a region, or else the whole of a picture, into planes of its size.

        It is a part only where the view draws `by_pixel`, and has several samples only where it
        `samples_itself`; sampling.begin takes any number of them.
        """
        raise NotImplementedError

    def on_cpu(self, engine: Engine) -> bool:
        """Whether `paint_region` draws it, without OpenGL, where `engine` draws the network."""
        return False

    def paint_region(self, scene: Scene, engine: Engine, region: Region) -> Steps[Picture]:
        """Paint a region of its picture, as `begin`, without OpenGL."""
        raise NotImplementedError

    def work(self, scene: Scene) -> float:
        """Multiplications for one pixel, about: what coarse pictures are chosen by."""
        return work_per_pixel(scene.network)

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """Lines and words to lay over a picture of `size`, all of it; None for nothing.

        `cursor`: the pixel (x to the right, y down) that is pointed at, if any.
        """
        return None

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """What lies at a pixel (x to the right, y down) of a picture of `size`."""
        return None

    def drag(self, preset: Preset, du: float, dv: float) -> dict[str, Any] | None:
        """Keys that dragging by du to the right, dv up changes; None: it pans.

        Half the shorter side is 1.
        """
        return None

    def zoom(self, preset: Preset, steps: int) -> dict[str, Any] | None:
        """Keys that `steps` of the wheel or of = and - change; None: the extent."""
        return None


class CPUView(View):
    """A view that NumPy and Pillow paint: it needs no OpenGL, and compiles nothing."""

    samples = 1
    by_engine = False
    own_shaders = False

    def paint(self, scene: Scene, size: Size) -> Steps[Picture]:
        """Paint a picture of `size`; yields wherever it may be interrupted for a while."""
        raise NotImplementedError

    def paint_for(self, scene: Scene, size: Size, shape: Size) -> Steps[Picture]:
        """Paint a picture of `size`, a coarse or a finer one of a picture of `shape`."""
        return self.paint(scene, size)

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        """Begin to paint into planes."""
        shape = region.shape if region else planes.size

        def steps() -> Steps[None]:
            planes.write((yield from self.paint_for(scene, planes.size, shape)))

        return Stepping(steps())

    def on_cpu(self, engine: Engine) -> bool:
        """Always."""
        return True

    def paint_region(self, scene: Scene, engine: Engine, region: Region) -> Steps[Picture]:
        """Paint the whole picture, averaged from one that is N times as large."""
        (width, height), samples = region.part, region.samples
        size = width * samples, height * samples
        fine = np.asarray((yield from self.paint_for(scene, size, region.shape)), np.float32)
        return fine if samples == 1 else mean_of_samples(fine, samples)

    def work(self, scene: Scene) -> float:
        """So little that the first picture is a fine one."""
        return 100.0


def lay_over(picture: NDArray[Any], words: Words | None) -> NDArray[Any]:
    """A picture, float32 or uint8, with an overlay blended over it.

    What is behind words is what a screen shows: clamped.
    """
    if words is None:
        return picture
    alpha = words[..., 3:].astype(np.float32) / np.float32(255)
    top = words[..., :3].astype(np.float32)
    if picture.dtype == np.uint8:
        return np.asarray(np.round(picture * (1 - alpha) + top * alpha), np.uint8)
    behind = np.where(alpha > 0, np.clip(picture, 0, 1), picture)
    return np.asarray(behind * (1 - alpha) + top / np.float32(255) * alpha, np.float32)


def painted(view: CPUView, scene: Scene, size: Size, shape: Size | None = None) -> Picture:
    """A host view's picture of `size`, at once; `shape` where it stands for one of that size."""
    return np.asarray(at_once(view.paint_for(scene, size, shape or size)), np.float32)


def mean_of_samples(fine: Picture, samples: int) -> Picture:
    """A picture of N times the size as one of its own size: clamped, then averaged."""
    height, width = fine.shape[0] // samples, fine.shape[1] // samples
    boxes = np.clip(fine, 0, 1).reshape(height, samples, width, samples, 3)
    return np.asarray(boxes.mean(axis=(1, 3), dtype=np.float32))
