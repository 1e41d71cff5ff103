"""Pictures that excite a part of an image network, by gradient ascent.

    Recipe, unit -> Objective: a number of a Pass, and its derivative by the stages' units
    Ascent(network, preprocess, recipe, …): State -> step() -> State of the next step
        the picture, moved at random -> the network -> the gradient, moved back and blurred
        -> Parametrisation.ascended()

Step k is a pure function of the network, the recipe and the picture it begins from: all random
numbers are draws by (seed, step).
"""

import hashlib
from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from cppn_gl.nn.vision.coordinate import Coordinate
from cppn_gl.nn.vision.fourier import Fourier
from cppn_gl.nn.vision.network import ImageNetwork, ImageNode
from cppn_gl.nn.vision.parametrisation import (
    Parametrisation,
    Pixels,
    State,
    first_picture,
    resized,
)
from cppn_gl.nn.vision.preprocess import Preprocess
from cppn_gl.nn.vision.recipe import Recipe
from cppn_gl.nn.vision.robust import blurred, faded, move_of, moved, returned
from cppn_gl.nn.vision.running import Pass, backward, best_kernel, forward
from cppn_gl.nn.vision.target import Target, class_index
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.colormaps import LUMA

ALGORITHM = 1  # the number of a change of any picture, for files that keep them
GREYS = np.array(LUMA, np.float32)

Term = tuple[int, int, float]  # stage and channel, from 0, and a factor


@dataclass(frozen=True)
class Objective:
    """What is made large: the sum of `terms`, or the mean square of all units of a stage.

    middle: at the middle place of each channel, not the mean over all. before: of pre-activations.
    """

    terms: tuple[Term, ...] = ()
    stage: int | None = None
    middle: bool = False
    before: bool = True

    @property
    def last(self) -> int:
        """The last stage that it needs."""
        if self.stage is not None:
            return self.stage
        return max(stage for stage, _, _ in self.terms)

    def value(self, done: Pass) -> float:
        """The number that is made large."""
        if self.stage is not None:
            units = self._values(done, self.stage)
            return float(np.mean(np.square(units), dtype=np.float64))
        return sum(factor * target.value(done) for target, factor in self._targets(done))

    def seeds(self, done: Pass) -> dict[int, Float32]:
        """Its derivative by the units of each stage, or by their pre-activations if `before`."""
        if self.stage is not None:
            units = self._values(done, self.stage)
            return {self.stage: units * np.float32(2 / units.size)}
        found: dict[int, Float32] = {}
        for target, factor in self._targets(done):
            for stage, seed in target.seed(done).items():
                seed = seed * np.float32(factor)
                found[stage] = found[stage] + seed if stage in found else seed
        return found

    def _values(self, done: Pass, stage: int) -> Float32:
        return (done.pre if self.before else done.units)[stage]

    def _targets(self, done: Pass) -> list[tuple[Target, float]]:
        stages = done.network.stages
        return [
            (Target(stage, channel, self._place(stages[stage].shape), self.before), factor)
            for stage, channel, factor in self.terms
        ]

    def _place(self, shape: Any) -> tuple[int, int] | None:
        return (shape.rows // 2, shape.columns // 2) if self.middle else None


def objective_of(network: ImageNetwork, recipe: Recipe, unit: tuple[int, int]) -> Objective:
    """What a recipe excites; `unit`: layer and channel looked at, from 1. Raises PresetError."""
    before = not recipe.activated
    if recipe.of == "class":
        try:
            index = class_index(network, recipe.class_name)
        except PresetError as error:
            raise PresetError(error.problem, key="synthesis.class_name") from None
        target = Target.of_class(network, index)
        return Objective(((target.stage, target.channel, 1.0),), before=before)
    if recipe.of == "direction":
        if not recipe.direction:
            raise PresetError("empty: [[layer, channel, factor], …]", key="synthesis.direction")
        terms = tuple((layer - 1, channel - 1, f) for layer, channel, f in recipe.direction)
    else:
        terms = ((unit[0] - 1, unit[1] - 1, 1.0),)
    for stage, channel, _ in terms:
        Target(stage, channel).checked(network)
    if recipe.of == "layer":
        return Objective(stage=unit[0] - 1, before=False)
    return Objective(terms, middle=recipe.of == "unit", before=before)


def excerpt(network: ImageNetwork, last: int, size: tuple[int, int]) -> ImageNetwork:
    """The stages up to number `last`, for pictures of (rows, columns).

    Raises PresetError if they do not fit, as with dense layers, which need their own size.
    """
    nodes = [
        ImageNode(stage.name, stage.operation, stage.activation, stage.inputs)
        for stage in network.stages[: last + 1]
    ]
    return ImageNetwork.of_nodes(nodes, network.channels_in, size)


class Ascent:
    """One synthesis. Its methods are pure, so that any thread may call them.

    `image`: pixels (rows, columns, 3) in 8 bits, for a recipe that begins from a picture. Raises
    PresetError.
    """

    def __init__(
        self,
        network: ImageNetwork,
        preprocess: Preprocess,
        recipe: Recipe,
        unit: tuple[int, int] = (1, 1),
        image: Any = None,
    ):
        self.network, self.preprocess, self.recipe = network, preprocess, recipe
        self.objective = objective_of(network, recipe, unit)
        self._image = image if recipe.start == "picture" else None
        self._networks: dict[tuple[int, int], ImageNetwork] = {}
        self._low, high = preprocess.complete().bounds()
        self._span = np.asarray(high - self._low, np.float32)
        self.parameters: Parametrisation = self._parametrisation(self._size())

    def _size(self) -> tuple[int, int]:
        """Rows and columns of the picture: the recipe's size, or the network's own if it must."""
        rows = columns = self.recipe.size
        if self._image is not None:
            high, wide = self._image.shape[:2]
            longer = max(high, wide)
            rows, columns = (max(16, round(side * rows / longer)) for side in (high, wide))
        try:
            excerpt(self.network, self.objective.last, (rows, columns))
        except PresetError:
            return self.network.size
        return rows, columns

    def _parametrisation(self, size: tuple[int, int]) -> Parametrisation:
        recipe, first = self.recipe, None
        if self._image is not None:
            pixels = np.moveaxis(self._image, -1, 0) / np.float32(255)
            first = np.clip(resized(pixels, size), 0, 1)
        elif recipe.start == "scales" or recipe.basis == "pixels":
            first = first_picture(recipe, size)
        if recipe.basis == "network":
            return Coordinate(recipe, size)
        if recipe.basis == "pixels":
            assert first is not None
            return Pixels(recipe, first)
        return Fourier(recipe, size, first)

    @cached_property
    def digest(self) -> str:
        """A hash of all that step k depends on, in hexadecimal."""
        content = hashlib.sha256(self.network.digest)
        recipe = replace(self.recipe, steps=0)
        content.update(repr((ALGORITHM, recipe, self.objective, self.preprocess)).encode())
        if self._image is not None:
            content.update(repr(self._image.shape).encode() + self._image.tobytes())
        return content.hexdigest()

    def first(self) -> State:
        """The state of step 0."""
        return self.parameters.reset()

    def picture(self, state: State) -> Float32:
        """The picture (3, rows, columns) of a state, from 0 to 1."""
        with np.errstate(all="ignore"):
            return self.parameters.picture(state)

    def pixels(self, state: State) -> Any:
        """The picture in 8 bits, (rows, columns, 3)."""
        levels = np.rint(np.clip(np.nan_to_num(self.picture(state)), 0, 1) * np.float32(255))
        return np.ascontiguousarray(np.moveaxis(levels, 0, -1).astype(np.uint8))

    def step(self, state: State) -> Generator[None, Any, State]:
        """The state of the next step, in slices."""
        recipe = self.recipe
        move = move_of(recipe.seed, state.step, recipe.jitter, recipe.scale, recipe.rotation)
        picture = moved(self.picture(state), move)
        value, gradient = yield from self.gradient(picture)
        gradient = returned(gradient, move)
        yield
        with np.errstate(all="ignore"):
            gradient = blurred(gradient, faded(recipe.blur, state.step, recipe.fade))
            return self.parameters.ascended(state, gradient, value)

    def gradient(self, picture: Float32) -> Generator[None, Any, tuple[float, Float32]]:
        """What the network says of a picture (3, rows, columns), and its derivative by that."""
        network = self._network_at(picture.shape[-2:])
        kernel, last = best_kernel(), self.objective.last  # never a device's: steps are in files
        done = yield from forward(network, self._tensor(picture), until=last, kernel=kernel)
        with np.errstate(all="ignore"):
            value, seeds = self.objective.value(done), self.objective.seeds(done)
        found = yield from backward(done, seeds, before=self.objective.before)
        with np.errstate(all="ignore"):
            return value, self._colors(found * self._span)

    def _network_at(self, size: tuple[int, int]) -> ImageNetwork:
        if size not in self._networks:
            self._networks[size] = excerpt(self.network, self.objective.last, size)
        return self._networks[size]

    def _tensor(self, picture: Float32) -> Float32:
        """A picture as the network's input."""
        planes = dict(zip(("red", "green", "blue"), picture, strict=True))
        planes["grey"] = sum(f * p for f, p in zip(GREYS, picture, strict=True))
        planes["zero"] = np.zeros_like(picture[0])
        values = np.stack([planes[name] for name in self.preprocess.planes])
        return np.ascontiguousarray(values * self._span + self._low, np.float32)

    def _colors(self, gradient: Float32) -> Float32:
        """The derivative by red, green and blue from that by the input's channels, in its units."""
        found = np.zeros((3, *gradient.shape[1:]), np.float32)
        for name, plane in zip(self.preprocess.planes, gradient, strict=True):
            if name == "grey":
                found += GREYS[:, None, None] * plane
            elif name != "zero":
                found[("red", "green", "blue").index(name)] += plane
        return found
