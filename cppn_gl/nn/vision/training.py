"""Trains networks that see whole pictures: see nn/training/trainer.py.

Preset -> ImageTrainer -> step() -> network, loss, accuracy …

A batch is divided into groups of GROUP pictures, whose gradients are summed in their order: the
bits of a step do not depend on the number of threads. They are NumPy's, whose last ones may differ
between machines.

The measures are those over the first pictures of each set, as many as WORK allows, 64 to MEASURED.
"""

import copy
import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.activations import derivative
from cppn_gl.nn.layers import MAX_WEIGHT, Array
from cppn_gl.nn.network import Network
from cppn_gl.nn.training.dense_trainer import FLAT, steepest
from cppn_gl.nn.training.gradients import regularised
from cppn_gl.nn.training.optimizers import MOMENTUM, OPTIMIZERS
from cppn_gl.nn.training.start import first_network
from cppn_gl.nn.training.state import State
from cppn_gl.nn.training.trainer import Measures, Trainer
from cppn_gl.nn.vision.batched import Found, Passed, forward, gradients, scored
from cppn_gl.nn.vision.image_sets import ImageSet, tensors
from cppn_gl.nn.vision.network import ImageNetwork, ImageStage
from cppn_gl.nn.vision.operations import Conv2d, Linear
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.threads import one_thread, shared_out

GROUP = 8  # pictures whose gradient one thread computes
TOGETHER = 16  # groups whose gradients are in memory
MEASURED = 512, 1024  # pictures of the training set, and of the tests
FEWEST = 64
WORK = 4.2e9  # of measures: multiplications of all pictures, three times for gradients
USUAL = 6e8  # of them in a measure, from which there are fewer measures
LIMITS = -MAX_WEIGHT, MAX_WEIGHT


@dataclass(frozen=True, eq=False)
class ImageProblem:
    """All that a step depends on besides parameters, batch and rate.

    stages: up to the scores of the classes, of step 0. Other keys are those of `[train]`.
    """

    stages: tuple[ImageStage, ...]
    optimizer: str = "sgd"
    l1: float = 0.0
    l2: float = 0.0
    momentum: float = MOMENTUM

    @cached_property
    def places(self) -> tuple[tuple[int, str, slice, tuple[int, ...]], ...]:
        """Stage, name, place among all parameters, and shape of each array of weights."""
        found, start = [], 0
        for k, stage in enumerate(self.stages):
            for name in weight_names(stage):
                shape = getattr(stage.operation, name).shape
                end = start + int(np.prod(shape))
                found.append((k, name, slice(start, end), shape))
                start = end
        return tuple(found)

    @property
    def parameters(self) -> int:
        """The number of weights and biases."""
        return self.places[-1][2].stop if self.places else 0

    @property
    def moments(self) -> int:
        """The number of arrays of moments."""
        return OPTIMIZERS[self.optimizer].moments

    @property
    def decoupled(self) -> bool:
        """Whether l2 shrinks the weights themselves, and does not enter the gradient."""
        return OPTIMIZERS[self.optimizer].decoupled

    @cached_property
    def weighted(self) -> tuple[int, ...]:
        """The stages that learn, from 0."""
        return tuple(dict.fromkeys(k for k, *_ in self.places))

    @cached_property
    def multiplications(self) -> int:
        """Of the forward pass of one picture."""
        total = 0
        for stage in self.stages:
            if isinstance(stage.operation, Conv2d | Linear):
                weight = stage.operation.weight
                places = stage.shape.size // len(weight)
                total += weight.size * places
        return max(1, total)

    def split(self, flat: Any) -> list[tuple[Any, Any]]:
        """Views of weights and biases of the layers that have both, for regularisation."""
        views = {(k, name): flat[place] for k, name, place, _ in self.places}
        keys = [k for k, name in views if name == "weight"]
        return [(views[k, "weight"], views[k, "bias"]) for k in keys]

    def bound(self, flat: Any) -> tuple[ImageStage, ...]:
        """The stages with weights that are views of an array of all parameters (P,)."""
        operations: dict[int, Any] = {}
        for k, name, place, shape in self.places:
            if k not in operations:
                operations[k] = copy.copy(self.stages[k].operation)
            # Neither checked nor copied, so that a step changes them in place.
            object.__setattr__(operations[k], name, flat[place].reshape(shape))
        return tuple(
            dataclasses.replace(stage, operation=operations[k]) if k in operations else stage
            for k, stage in enumerate(self.stages)
        )

    def joined(self, found: Found, into: Array) -> None:
        """The gradient by all weights, into an array (P,)."""
        for k, name, place, _ in self.places:
            if k in found.by_weights:
                into[place] = found.by_weights[k][name].reshape(-1)
            else:  # nothing that it computes is used
                into[place] = 0


def weight_names(stage: ImageStage) -> tuple[str, ...]:
    """The arrays of weights of a stage's operation, in their order."""
    return tuple(getattr(stage.operation, "names", ()))


def first_state(problem: ImageProblem) -> State:
    """The state of step 0."""
    arrays = [getattr(problem.stages[k].operation, name) for k, name, *_ in problem.places]
    parameters = np.concatenate([array.reshape(-1) for array in arrays]).astype(np.float32)
    return State(0, parameters, np.zeros((problem.moments, len(parameters)), np.float32))


class ImageSteps:
    """A Stepper (see state.py). Inputs are pictures, targets the numbers of their classes."""

    def __init__(self, problem: ImageProblem):
        self.problem = problem

    def advance(
        self,
        state: State,
        inputs: Float32,
        targets: Any,
        rates: Float32,
        masks: Float32 | None = None,
    ) -> None:
        """Run n steps, in place; fewer, up to the first whose gradient is not finite."""
        problem, optimizer = self.problem, OPTIMIZERS[self.problem.optimizer]
        stages = problem.bound(state.parameters)
        for index, rate in enumerate(rates):
            found = batch_gradient(problem, stages, inputs[index], targets[index])
            if not np.isfinite(found).all():
                return
            with np.errstate(all="ignore"):
                regularised(problem, state.parameters, found)
                if problem.decoupled and problem.l2:
                    for weight, _ in problem.split(state.parameters):
                        weight *= np.float32(1 - float(rate) * problem.l2)
                optimizer.update(
                    state.parameters,
                    found,
                    state.moments,
                    float(rate),
                    state.step,
                    problem.momentum,
                )
            state.step += 1


def batch_gradient(
    problem: ImageProblem, stages: Sequence[ImageStage], pictures: Float32, labels: Any
) -> Float32:
    """The gradient (P,) of the mean loss of a batch, in groups on all cores."""
    starts = range(0, len(pictures), GROUP)
    parts = np.empty((min(len(starts), TOGETHER), problem.parameters), pictures.dtype)
    total = np.zeros(problem.parameters, pictures.dtype)

    def group(start: int) -> None:
        some = slice(start, start + GROUP)
        found = gradients(stages, pictures[some], labels[some], factor=1 / len(pictures))
        problem.joined(found, parts[start // GROUP % TOGETHER])

    with one_thread(), np.errstate(all="ignore"):
        for first in range(0, len(starts), TOGETHER):
            some = starts[first : first + TOGETHER]
            shared_out(group, some)
            for part in parts[: len(some)]:
                total += part
    return total


class ImageTrainer(Trainer):
    """Trains a network that sees pictures with classes."""

    problem: ImageProblem
    start: ImageNetwork
    dataset: ImageSet

    def __init__(self, preset: Any):
        super().__init__(preset)
        train = self.train
        for name in ("dropout", "data_noise"):
            if getattr(train, name):
                problem = "0 expected: a network that sees pictures learns without"
                raise PresetError(problem, key=f"train.{name}")
        if train.layer_rates:
            problem = "none expected: all layers of a network that sees pictures have one rate"
            raise PresetError(problem, key="train.layer_rates")
        if not train.biases:
            problem = "true expected: biases of a network that sees pictures learn"
            raise PresetError(problem, key="train.biases")
        if train.loss not in ("", "cross-entropy"):
            problem = f"{train.loss}; pictures with classes have cross-entropy (of a softmax)"
            raise PresetError(problem, key="train.loss")
        self.loss_name = "cross-entropy"
        self.start, self.preprocess = cast(Any, first_network(preset, self.dataset))
        stages = self.start.stages[: self.start.logits + 1]
        self.problem = ImageProblem(stages, train.optimizer, train.l1, train.l2, train.momentum)
        if not self.problem.parameters:
            raise PresetError("the network has no weights to train", key="network")
        self._stepper = ImageSteps(self.problem)
        self._answers: dict[int, NDArray[np.int16]] = {}  # of measured steps
        self.state = first_state(self.problem)

    @property
    def nbytes(self) -> int:
        return self.dataset.pictures.nbytes

    @property
    def _sample(self) -> int:
        return self.start.picture.size

    @property
    def activations(self) -> tuple[str, ...]:
        return tuple(self.problem.stages[k].activation for k in self.problem.weighted)

    def _batches(self, chosen: Any) -> tuple[Float32, NDArray[np.int64]]:
        labels = self.dataset.labels
        assert labels is not None
        return self._tensors(chosen), labels[chosen]

    def _tensors(self, which: Any) -> Float32:
        data = self.dataset
        return tensors(data.pictures[which], self.preprocess)

    def like(self, network: Network) -> bool:
        if not isinstance(network, ImageNetwork) or network.picture != self.start.picture:
            return False
        pairs = network.stages, self.start.stages
        return len(pairs[0]) == len(pairs[1]) and all(map(_alike, *pairs))

    def network_of(self, state: State) -> ImageNetwork:
        stages = list(self.start.stages)
        arrays: dict[int, dict[str, Any]] = {}
        for k, name, place, shape in self.problem.places:
            found = np.clip(state.parameters[place].reshape(shape), *LIMITS)
            arrays.setdefault(k, {})[name] = found
        for k, given in arrays.items():
            operation: Any = dataclasses.replace(stages[k].operation, **given)  # type: ignore[type-var]
            stages[k] = dataclasses.replace(stages[k], operation=operation)
        start = self.start
        return ImageNetwork(stages, start.channels_in, start.size, start.classes)

    @cached_property
    def _counts(self) -> tuple[int, int]:
        """The pictures of the training set and of the tests that are measured."""
        data, each = self.dataset, WORK / self.problem.multiplications / 4
        there = data.training, len(data) - data.training
        wanted = (min(most, max(FEWEST, int(each))) for most in MEASURED)
        return tuple(min(a, b) for a, b in zip(there, wanted, strict=True))  # type: ignore[return-value]

    @property
    def effort(self) -> float:
        training, tests = self._counts
        return max(1.0, self.problem.multiplications * (3 * training + tests) / USUAL)

    def measuring(self, state: State) -> Iterator[Measures | None]:
        """The measures of a state, after the work on some pictures None."""
        problem, (training, tests) = self.problem, self._counts
        stages = problem.bound(state.parameters.copy())
        labels, first = self.dataset.labels, self.dataset.training
        assert labels is not None
        total = np.zeros(problem.parameters)
        loss, right = 0.0, 0
        units = _Units(problem)
        for some in _groups(0, training):
            with one_thread(), np.errstate(all="ignore"):
                one = gradients(
                    stages, self._tensors(some), labels[some], factor=1 / training, watch=units
                )
            part = np.empty(problem.parameters, np.float32)
            problem.joined(one, part)
            total += part
            loss, right = loss + one.loss, right + one.right
            yield None
        test_loss, test_right = 0.0, 0
        answers = []
        for some in _groups(first, first + tests):
            with one_thread():
                scores = self.scores(stages, some)
            answers.append(scores.argmax(axis=1))
            _, one = scored(scores, labels[some])
            test_loss, test_right = test_loss + one.loss, test_right + one.right
            yield None
        if answers:
            self._answers[state.step] = np.concatenate(answers).astype(np.int16)
        norms = dict.fromkeys(problem.weighted, 0.0)
        for k, _, place, _ in problem.places:
            norms[k] += float(np.square(total[place]).sum())
        dead, saturated = units.shares()
        yield Measures(
            state.step,
            loss / max(1, training),
            test_loss / tests if tests else float("nan"),
            right / max(1, training) if training else None,
            test_right / tests if tests else float("nan"),
            np.sqrt(np.array([norms[k] for k in problem.weighted])),
            dead,
            saturated,
        )

    def answers(self, network: ImageNetwork, step: int, measured: int) -> Iterator[Any]:
        """What a network answers to the first tests: (places in the data, classes), at the end.

        Yields None before, in slices. Those of the measured step, if they are known: that is the
        last one up to `step`, whose network it is.
        """
        first, tests = self.dataset.training, self._counts[1]
        which = np.arange(first, first + tests)
        known = self._answers.get(measured)
        if known is None:
            stages = network.stages[: network.logits + 1]
            parts: list[Array] = [np.zeros(0, np.int16)]
            for some in _groups(first, first + tests):
                with one_thread():
                    parts.append(self.scores(stages, some).argmax(axis=1).astype(np.int16))
                yield None
            known = self._answers.setdefault(step, np.concatenate(parts))
        yield which, known

    def scores(self, stages: Sequence[ImageStage], which: Any) -> Array:
        """The classes' scores of some pictures, (N, classes)."""
        *_, last = forward(stages, self._tensors(which))
        return last.pre.reshape(len(last.pre), -1)


def _groups(start: int, end: int) -> Iterator[slice]:
    """The pictures that are measured between two interruptions."""
    return (slice(k, min(end, k + GROUP)) for k in range(start, end, GROUP))


def _alike(one: ImageStage, other: ImageStage) -> bool:
    """Whether two stages differ by no more than the numbers of their weights."""
    if one.activation != other.activation or one.inputs != other.inputs or one.name != other.name:
        return False
    names = weight_names(one)
    if names != weight_names(other) or type(one.operation) is not type(other.operation):
        return False
    if not names:
        return one.operation.digest == other.operation.digest
    shapes = ([getattr(stage.operation, name).shape for name in names] for stage in (one, other))
    options = (getattr(stage.operation, "options", ()) for stage in (one, other))
    return next(shapes) == next(shapes) and next(options) == next(options)


class _Units:
    """Counts dead and saturated units of the stages that learn: channels at all their places."""

    def __init__(self, problem: ImageProblem):
        self._stages, self._weighted = problem.stages, problem.weighted
        self._alive: dict[int, Array] = {}
        self._flat: dict[int, list[int]] = {}

    def __call__(self, number: int, one: Passed) -> None:
        if number not in self._weighted:
            return
        name = self._stages[number].activation
        slopes: Array = np.abs(derivative(name, one.pre)) if name != "relu" else one.units > 0
        alive: Any = slopes.any(axis=(0, 2, 3))
        known = self._alive.get(number)
        self._alive[number] = alive if known is None else known | alive
        flat = ~slopes if name == "relu" else slopes < FLAT * steepest(name)
        count = self._flat.setdefault(number, [0, 0])
        count[0] += int(np.count_nonzero(flat))
        count[1] += flat.size

    def shares(self) -> tuple[Array, Array]:
        """The fractions of dead channels, and of saturated units, of each stage that learns."""
        dead = [float((~self._alive[k]).mean()) for k in self._weighted]
        flat = [self._flat[k][0] / max(1, self._flat[k][1]) for k in self._weighted]
        return np.array(dead), np.array(flat)
