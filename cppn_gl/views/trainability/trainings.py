"""The trainings of a map's pixels: two hyperparameters vary, all else is the preset's.

    Scene -> Plane.of() -> .variants(values, values) -> nn/training/many.py -> measures of a grid

Each training is that of `preset.replace(...)` with the pixel's values. Where a pixel is smaller
than the distance of two float32 numbers, pixels share a training, which is done once.
"""

import dataclasses
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.base import Region
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.trainings import Trainings
from cppn_gl.nn.network import Network
from cppn_gl.nn.sources import Random
from cppn_gl.nn.training import many
from cppn_gl.nn.training.dense_trainer import DenseTrainer
from cppn_gl.nn.training.many import Variants
from cppn_gl.nn.training.start import start_of
from cppn_gl.nn.training.state import first_state
from cppn_gl.preset.hyperparameters import AXES, Hyperparameter, factors_of, pixel_keys
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import TrainabilityOptions
from cppn_gl.utils.arrays import Float32, Float64, Size
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.tasks import Steps, share
from cppn_gl.views.trainability.measure import LARGEST, LAST, Measuring, Tones, judged

TOGETHER, ON_DEVICE = 2**12, 2**16  # trainings of a call, on the processor and on a GPU
NUMBERS, DEVICE_NUMBERS = 2**22, 2**22  # of their parameters, or losses
DEVICE_STEP = 2e9  # operations of a step of all of them on a GPU: one dispatch
COLUMNS = 16  # starts that are made at once
GRID, LONGEST = 36, 4  # places along the shorter side whose quantiles are the tones; ratio of sides
ROWS = 32  # steps that are measured at once
PASSES = 3  # forward, and two products backward

Drawn = tuple[Float32 | None, Float32 | None]


@dataclass(frozen=True)
class Kernel:
    """What trains. `name`: equal where results are; `most(plane)`: trainings of a call."""

    name: Hashable
    measures: Callable[["Plane", Variants], Steps[Float64]]
    most: Callable[["Plane"], int]


@dataclass(frozen=True, eq=False)
class Plane:
    """What the points of a preset's map stand for."""

    preset: Preset
    options: TrainabilityOptions

    @classmethod
    def of(cls, preset: Preset) -> "Plane":
        return cls(preset, preset.options(TrainabilityOptions))

    @cached_property
    def trainer(self) -> DenseTrainer:
        """Of the preset itself. Raises PresetError."""
        trainer = self.preset.run.trainer
        assert isinstance(trainer, DenseTrainer)
        return trainer

    @property
    def axes(self) -> tuple[Hyperparameter, Hyperparameter]:
        """Across, and up."""
        return AXES[self.options.across], AXES[self.options.up]

    @property
    def key(self) -> Hashable:
        """All that trainings depend on, besides the values."""
        of = self.options
        return self.preset.source, self.preset.dataset.digest, of.across, of.up, of.train_steps

    @property
    def work(self) -> float:
        """Multiplications of a training."""
        trainer, train = self.trainer, self.preset.train
        return float(PASSES * trainer.problem.parameters * train.batch * self.options.train_steps)

    def pixel(self, x: float, y: float) -> Preset | None:
        """The preset that is trained at coordinates; None where there is none."""
        values = [axis.value(at) for axis, at in zip(self.axes, (x, y), strict=True)]
        if not all(map(np.isfinite, values)):
            return None
        keys = pixel_keys(self.preset, self.options.across, self.options.up, *values)
        return self.preset.replace(**keys)

    def variants(self, across: Float64, up: Float64, drawn: Drawn, chosen: Any) -> Variants:
        """The trainings `chosen`, by number, of all pairs of values, those across first.

        `drawn`: what `drawn` gives for both.
        """
        row, column = np.divmod(chosen, len(across))
        x, y = across[column], up[row]
        of = {self.options.across: x, self.options.up: y}
        train, count = self.preset.train, len(x)
        factors = np.repeat(np.array(factors_of(self.preset))[:, None], count, axis=1)
        for name, values in of.items():
            if name in ("first_rate", "last_rate"):
                factors[0 if name == "first_rate" else -1] = values
        return Variants(
            self._starts(drawn, row, column),
            of.get("rate", np.full(count, train.rate)),
            factors,
            of.get("momentum", np.full(count, train.momentum)),
        )

    def drawn(self, axis: Hyperparameter, values: Float64) -> Steps[Float32 | None]:
        """The parameters at step 0 for each value, (P, values); None if all are the preset's."""
        if not axis.starts:
            return None
        found = np.empty((len(self._plain), len(values)), np.float32)
        for first in range(0, len(values), COLUMNS):
            for column, value in enumerate(values[first : first + COLUMNS].tolist(), first):
                found[:, column] = self._start(axis.keys(self.preset, value))
            yield
        return found

    def _starts(self, drawn: Drawn, row: Any, column: Any) -> Float32:
        """The parameters at step 0, (P, n)."""
        at_x, at_y = self.axes
        found = np.repeat(self._plain[:, None], len(row), axis=1)
        sides = ((at_x, drawn[0], column), (at_y, drawn[1], row))
        # The biases follow `weight_scale` where `bias_scale` is not set: so it is the first.
        for axis, starts, which in sorted(sides, key=lambda side: side[0].name == "bias_scale"):
            if starts is not None:
                changed = self._biases if axis.name == "bias_scale" else slice(None)
                found[changed] = starts[changed][:, which]
        return found

    @cached_property
    def _plain(self) -> Float32:
        return self._start({})

    @cached_property
    def _biases(self) -> NDArray[np.bool_]:
        """Which parameters are biases, (P,)."""
        found = np.zeros(len(self._plain), bool)
        for _, bias in self.trainer.problem.split(found):
            bias[:] = True
        return found

    @cached_property
    def _first(self) -> Network:
        """The network of step 0, of the preset itself."""
        return start_of(self.preset.spec, self.preset.train, self.trainer.dataset).network()

    def _start(self, keys: dict[str, Any]) -> Float32:
        """The parameters at step 0 with other scales of the same draws, (P,)."""
        network, spec = self._first, self.preset.spec
        if not keys or not isinstance(spec, Random):
            return first_state(self.trainer.problem, network.layers).parameters
        values = {name.partition(".")[2]: value for name, value in keys.items()}
        spec = dataclasses.replace(spec, **values)
        layers = [
            layer.scaled(*spec.scales(*layer.weight.shape, first=number == 0))
            for number, layer in enumerate(network.drawn)
        ]
        return first_state(self.trainer.problem, layers).parameters


def by_processor(kernel: str = "auto") -> Kernel:
    """The kernel of nn/training/many.py of this name."""

    def measures(plane: Plane, variants: Variants) -> Steps[Float64]:
        steps = plane.options.train_steps
        losses = yield from many.losses(plane.trainer, variants, steps, kernel=kernel)
        measuring = Measuring(variants.count, steps)
        for first in range(0, steps, ROWS):
            measuring.add(losses[first : first + ROWS])
            yield
        return measuring.found()

    def most(plane: Plane) -> int:
        size = max(plane.trainer.problem.parameters, plane.options.train_steps)
        return max(1, min(TOGETHER, NUMBERS // size))

    return Kernel(kernel, measures, most)


def by_shader(painter: Painter) -> Kernel:
    """The compute shader of a context."""
    shared = painter.shared(Trainings)

    def measures(plane: Plane, variants: Variants) -> Steps[Float64]:
        steps = plane.options.train_steps
        last = min(LAST, steps)
        sums = yield from shared.sums(plane.trainer, variants, steps, last, LARGEST)
        return judged(*sums, steps)

    def most(plane: Plane) -> int:
        trainer = plane.trainer
        fit = DEVICE_NUMBERS // trainer.problem.parameters
        return max(1, min(ON_DEVICE, fit, int(DEVICE_STEP / many.step_work(trainer))))

    return Kernel(painter.ctx.info["GL_RENDERER"], measures, most)


def measures_of(plane: Plane, kernel: Kernel, across: Float64, up: Float64) -> Steps[Float64]:
    """The measures at coordinates, (rows up, columns across); NaN where there are no values."""
    values = [axis.values(at) for axis, at in zip(plane.axes, (across, up), strict=True)]
    inside = [np.unique(one[np.isfinite(one)]) for one in values]
    x_starts = yield from plane.drawn(plane.axes[0], inside[0])
    drawn = x_starts, (yield from plane.drawn(plane.axes[1], inside[1]))
    total = len(inside[0]) * len(inside[1])
    found = np.empty(total)
    most = kernel.most(plane)
    for first in range(0, total, most):
        last = min(first + most, total)
        variants = plane.variants(inside[0], inside[1], drawn, np.arange(first, last))
        work = share(kernel.measures(plane, variants), first / total, last / total)
        found[first:last] = yield from work
        yield last / total
    picture = np.full((len(up), len(across)), np.nan)
    rows, columns = (np.isfinite(one) for one in reversed(values))
    y, x = (np.searchsorted(inside[k], values[k][np.isfinite(values[k])]) for k in (1, 0))
    grid = found.reshape(len(inside[1]), len(inside[0]))
    picture[np.ix_(rows, columns)] = grid[np.ix_(y, x)]
    return picture


def coordinates(scene: Scene, region: Region) -> tuple[Float64, Float64]:
    """The coordinates of a region's columns and rows, of all samples: ascending, descending."""
    view, (width, height) = scene.view, region.size
    scale = 2 * view.extent / min(width, height)
    right, down = (sorted({jitter[k] for jitter in region.jitters}) for k in (0, 1))
    across = region.offset[0] + np.arange(region.part[0]) + 0.5
    rows = region.offset[1] + np.arange(region.part[1]) + 0.5
    x = (across[:, None] + right).ravel() - width / 2
    y = height / 2 - (rows[:, None] + down).ravel()
    left, middle = view.center
    return np.asarray(left + x * scale), np.asarray(middle + y * scale)


_measured: LRUCache[Hashable, Float64] = LRUCache(96 * MB, lambda key, found: found.nbytes)
_tones: LRUCache[Hashable, Tones] = LRUCache(64)


def measured(scene: Scene, kernel: Kernel, region: Region) -> Steps[Float64]:
    """The measures of a region's samples, (rows, columns), kept."""
    plane = Plane.of(scene.preset)
    grid = region.size, region.offset, region.part, region.jitters
    key = plane.key, kernel.name, scene.view, grid
    known = _measured.find(key)
    if known is not None:
        return known
    found = yield from measures_of(plane, kernel, *coordinates(scene, region))
    return _measured.put(key, found)


def grid_of(shape: Size) -> Size:
    """The places, across and down, whose trainings tell the tones of a picture of this shape."""
    wide = min(max(shape[0] / shape[1], 1 / LONGEST), LONGEST)
    return (round(GRID * wide), GRID) if wide >= 1 else (GRID, round(GRID / wide))


def tones(scene: Scene, kernel: Kernel, shape: Size) -> Steps[Tones]:
    """The tones of a whole picture of a shape: the same for all its parts and resolutions."""
    plane = Plane.of(scene.preset)
    if plane.options.tone == "fixed":
        return Tones(plane.options.train_steps)
    size = grid_of(shape)
    key = plane.key, kernel.name, scene.view, size
    known = _tones.find(key)
    if known is not None:
        return known
    found = yield from measures_of(plane, kernel, *coordinates(scene, Region.of(size)))
    return _tones.put(key, Tones.of(plane.options.train_steps, found[np.isfinite(found)]))


def losses_at(preset: Preset, x: float, y: float) -> Steps[Float32]:
    """The losses of the training at coordinates where there are values, (steps,)."""
    plane = Plane.of(preset)
    values = [np.array([a.value(at)]) for a, at in zip(plane.axes, (x, y), strict=True)]
    x_starts = yield from plane.drawn(plane.axes[0], values[0])
    drawn = x_starts, (yield from plane.drawn(plane.axes[1], values[1]))
    variants = plane.variants(values[0], values[1], drawn, np.arange(1))
    found = yield from many.losses(plane.trainer, variants, plane.options.train_steps)
    return np.asarray(found[:, 0])
