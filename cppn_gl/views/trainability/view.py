"""The view `trainability`: a picture whose every pixel is a training with two hyperparameters.

    Scene, Region -> trainings.py: measures of all samples -> measure.py: colours -> picture
                  -> frame.py: axes and the colours' meaning, over it

After Sohl-Dickstein, "The boundary of neural network trainability is fractal" (2024, arXiv
2402.06184). Pictures are the same for any parts, samples and threads: each training is a function
of its two hyperparameters alone, and colours depend on a grid over the whole picture.
"""

import math
from collections.abc import Hashable
from typing import Any

import numpy as np

from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.gl.trainings import available, problem_of
from cppn_gl.nn.training import many
from cppn_gl.preset.hyperparameters import AXES
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import TrainabilityOptions
from cppn_gl.utils import native
from cppn_gl.utils.arrays import Box, Float32, Samples, Size
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.tasks import Stepping, Steps, Task, at_once, share
from cppn_gl.views.base import Hit, Picture, Stage, View, Words, mean_of_samples, plane_point
from cppn_gl.views.text import significant
from cppn_gl.views.trainability.frame import Frame
from cppn_gl.views.trainability.measure import colored, diverged_at, measure
from cppn_gl.views.trainability.trainings import (
    Kernel,
    Plane,
    by_processor,
    by_shader,
    grid_of,
    losses_at,
    measured,
    tones,
)

SAMPLES = 2  # N of the N×N trainings of a pixel of a final picture
AT_CURSOR = 1e7  # multiplications of a training that a frame waits for
SHORT = 100  # steps, by NumPy
AROUND = 1.15  # the data's reach, in the picture that a click opens
KEPT = 256  # trainings at the cursor


class TrainabilityView(View):
    """Which hyperparameters train, and how fast."""

    samples = SAMPLES
    plane = True
    by_part = samples_itself = unbounded = True
    by_engine = own_shaders = False
    continuous = True
    clicked = "opens the training of that pixel"

    def __init__(self) -> None:
        self._losses: LRUCache[Hashable, Float32] = LRUCache(KEPT)

    def problem(self, preset: Preset) -> str:
        """A network that does not learn, or one by one, or whose weights are given.

        One hyperparameter on both axes is no problem: upwards counts.
        """
        options = preset.options(TrainabilityOptions)
        if not preset.learns:
            return "shows trainings: choose data (train.data)"
        chosen = {options.across, options.up}
        if any(AXES[name].starts for name in chosen) and not preset.spec.redrawable:
            return "needs drawn weights for the axes weight_scale and bias_scale"
        try:
            return _cannot(preset)
        except PresetError as error:
            return f"cannot train: {error}"

    def differs(self, preset: Preset, engine: Engine, samples: Samples) -> str:
        if engine.name == "native":
            return ""
        return (
            f"trainings by the engine {engine} may differ in their last bits, and so in their end"
        )

    def on_cpu(self, engine: Engine) -> bool:
        return engine.on_cpu

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        engine, painter = stage.engine_for(scene.network), stage.painter
        kernel = by_processor()
        if _by_shader(painter, engine, scene):
            kernel = by_shader(painter)
        part = region or Region.of(planes.size)

        def steps() -> Steps[None]:
            planes.write((yield from _painted(scene, kernel, part)))

        return Stepping(steps())

    def paint_region(self, scene: Scene, engine: Engine, region: Region) -> Steps[Picture]:
        name = "numpy" if engine.name == "numpy" else "auto"
        return (yield from _painted(scene, by_processor(name), region))

    def parts(self, preset: Preset, size: Size) -> list[Box]:
        rows = max(1, 2**16 // size[0])
        return [(0, top, size[0], min(top + rows, size[1])) for top in range(0, size[1], rows)]

    def work(self, scene: Scene) -> float:
        return Plane.of(scene.preset).work

    def on_lattice(self, scene: Scene) -> bool:
        return False

    def effort(self, scene: Scene, region: Region) -> float:
        """Of the trainings of a region, and of the grid that tells its colours."""
        wide, high = grid_of(region.shape)
        pixels = region.part[0] * region.part[1] * len(region.jitters)
        return (pixels + wide * high) * self.work(scene)

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """The axes with their values, and what the colours mean."""
        return frame_of(scene, size).drawn((0, 0, *size))

    def overlay_of(self, scene: Scene, size: Size, part: Box) -> Words | None:
        return frame_of(scene, size).drawn(part)

    def point(self, scene: Scene, size: Size, place: tuple[float, float]) -> None:
        """A pixel is no point of the network's plane."""

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """A pixel's values and how its training went; a click opens it."""
        if frame_of(scene, size).covers(place):
            return None
        at = plane_point(scene, size, place)
        plane = Plane.of(scene.preset)
        pixel = plane.pixel(at.x, at.y)
        if pixel is None:
            return None
        values = [
            f"{axis.words(scene.preset)} {significant(axis.value(where), _digits(scene, size))}"
            for axis, where in zip(plane.axes, (at.x, at.y), strict=True)
        ]
        outcome = self._outcome(plane, at.x, at.y)
        return Hit(f"{', '.join(values)}{outcome}", opens=opened(pixel, plane.options.train_steps))

    def _outcome(self, plane: Plane, x: float, y: float) -> str:
        slow = native.library() is None and plane.options.train_steps > SHORT
        if plane.work > AT_CURSOR or slow:
            return ""
        key = plane.key, x, y
        losses = self._losses.get(key, lambda: at_once(losses_at(plane.preset, x, y)))
        return f": {outcome(losses)}"


def _by_shader(painter: Painter, engine: Engine, scene: Scene) -> bool:
    """Whether the compute shader trains: on a GPU, and where the engine is a compute shader."""
    if not available(painter.ctx) or problem_of(Plane.of(scene.preset).trainer):
        return False
    return not painter.programs.software or engine.family == "compute"


def outcome(losses: Float32) -> str:
    """How a training went, in words."""
    step, last = diverged_at(losses.tolist()), float(losses[-1])
    if step is not None and diverged_at([losses[0], losses[step:].min()]) is not None:
        return f"diverged at step {step}"
    if measure(losses[:, None])[0] < 0:
        return f"converged, loss {significant(last, 2)} at step {len(losses) - 1}"
    return f"not converged, loss {significant(last, 2)} at step {len(losses) - 1}"


def opened(pixel: Preset, steps: int) -> Preset:
    """The training of a pixel, as a preset that shows how it went."""
    data = pixel.dataset
    reach = max(1e-3, float(np.abs([data.x, data.y]).max(initial=0.0)) * AROUND)
    keys: dict[str, Any] = {"view.center": (0.0, 0.0), "view.extent": float(f"{reach:.3g}")}
    return pixel.replace(**{"train.steps": steps, "show.view": "learning", **keys})


def frame_of(scene: Scene, size: Size) -> Frame:
    """The axes and legend over a scene's picture of `size`."""
    plane = Plane.of(scene.preset)
    note = float32_note(scene, size)
    return Frame(scene.preset, plane.axes, scene.view, size, plane.options.train_steps, note)


def float32_note(scene: Scene, size: Size) -> str:
    """Where pixels are smaller than the distance of two float32 numbers, in words; else ""."""
    pixel = 2 * scene.view.extent / min(size)
    axes, center = Plane.of(scene.preset).axes, scene.view.center
    wide, high = (a.spacing(c) / pixel for a, c in zip(axes, center, strict=True))
    if max(wide, high) <= 1:
        return ""
    blocks = f"{max(1, round(wide))} × {max(1, round(high))}"
    return f"float32 ends here: {blocks} pixels are one training"


def _digits(scene: Scene, size: Size) -> int:
    """The significant digits that tell a pixel from the next."""
    pixel = 2 * scene.view.extent / min(size)
    return min(9, max(3, 1 - math.floor(math.log10(pixel * math.log(10)))))


def _cannot(preset: Preset) -> str:
    why = many.problem_of(preset.run.trainer)
    return f"cannot train side by side: {why}" if why else ""


def _painted(scene: Scene, kernel: Kernel, region: Region) -> Steps[Picture]:
    """The colours of a region, averaged over its samples."""
    if region.adaptive:
        region = region.sampled(SAMPLES)
    how = yield from share(tones(scene, kernel, region.shape), 0.0, 0.05)
    found = yield from share(measured(scene, kernel, region), 0.05, 1.0)
    picture = np.empty((*found.shape, 3), np.float32)
    rows = max(1, 2**16 // found.shape[1])
    for top in range(0, len(found), rows):
        picture[top : top + rows] = colored(found[top : top + rows], how)
        yield
    return picture if region.samples == 1 else mean_of_samples(picture, region.samples)
