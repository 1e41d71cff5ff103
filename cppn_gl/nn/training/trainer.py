"""Trains the network of a preset, step by step.

Preset -> Trainer -> step() -> network(), loss, accuracy …

The gradient norms, and the fractions of dead and of saturated units, are those over the measured
points: the first of the training set, as many as WORK allows, 128 to 2048. So are losses and
accuracies, those of tests over the first test points. Every measure is a function of the weights
alone.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, TypeVar

import numpy as np

from cppn_gl.nn.activations import derivative
from cppn_gl.nn.features import Clock
from cppn_gl.nn.layers import MAX_WEIGHT, Layer
from cppn_gl.nn.network import Network
from cppn_gl.nn.training import batches, losses
from cppn_gl.nn.training.checkpoint import data_of, digest_of
from cppn_gl.nn.training.data import Dataset, targets
from cppn_gl.nn.training.gradients import Passed, backward_layers, forward_layers
from cppn_gl.nn.training.schedules import rates
from cppn_gl.nn.training.start import loss_of, start_of
from cppn_gl.nn.training.state import BatchNorm, Problem, State, first_state
from cppn_gl.nn.training.stepping import stepper_for
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.threads import one_thread

MEASURED = 128, 2048  # points of each set
WORK = 2e8  # of measures: parameters times points
LIMITS = -MAX_WEIGHT, MAX_WEIGHT  # of a layer; those of a state may be larger
SHORT = 5e6  # of work that takes about a millisecond
GATHERED = 2**20  # numbers of the batches of one call
MASK = 8  # numbers that it takes to draw whether a unit is left out
FLAT = 0.05  # a unit is saturated where its slope is below this fraction of the steepest


T = TypeVar("T")


@dataclass(frozen=True)
class Measures:
    """Measures of a network. Arrays have one entry a layer; accuracies are None without classes.

    dead: fractions of units whose derivative is 0 at every training point. saturated: fractions of
    units and points where it is below 0.05 of the activation's largest.
    """

    step: int
    loss: float
    test_loss: float
    accuracy: float | None
    test_accuracy: float | None
    gradient_norms: Float64
    dead: Float64
    saturated: Float64


class DivergedError(Exception):
    """Training cannot go on: a weight is no longer a number. The message says at which step."""


class Trainer:
    """Trains the network of a preset with `[train]`, from step 0.

    `preset` has the tables `spec`, `train` and `normalize`. Raises PresetError. Its steps, measures
    and networks may be asked for from any thread.
    """

    def __init__(self, preset: Any):
        self.train, self.normalize = preset.train, preset.normalize
        self.dataset: Dataset = data_of(preset)
        source = start_of(preset.spec, self.train, self.dataset)
        self.start = source.network()
        self.loss_name = loss_of(self.train, self.dataset)
        self.problem = _problem(self.start, self.train, self.loss_name, self.normalize, source.seed)
        features = self.start.features(self.dataset.x, self.dataset.y, Clock())
        self.inputs = features.astype(np.float32)
        self.targets = targets(self.dataset, self.loss_name)
        self._stepper = stepper_for(self.problem)
        self.state = first_state(self.problem, self.start.layers)
        self._measured: Measures | None = None
        self._lock = threading.RLock()  # held while `state` is changed or read

    @cached_property
    def digest(self) -> str:
        """A hash, in hexadecimal, of all that the weights of a step depend on."""
        return digest_of(self.train, self.normalize, self.start, self.dataset.digest)

    @property
    def steps(self) -> int:
        """The steps done."""
        return self.state.step

    def chunk(self, steps: int) -> int:
        """How many steps one call of the stepper takes at most."""
        size: int = self.train.batch * (self.inputs.shape[1] + self.targets.shape[1])
        if self.train.dropout:
            size += MASK * self.problem.hidden
        return max(1, min(steps, GATHERED // max(1, size)))

    def step(self, n: int = 1) -> None:
        """Do n steps. Raises DivergedError, in the state before the step that failed."""
        if n < 0:
            raise ValueError(f"{n} steps; expected 0 or more")
        with self._lock:
            self.advance(self.state, n)

    def advance(self, state: State, n: int, same: State | None = None) -> None:
        """Do n steps of any state, in place. Raises DivergedError.

        If it is interrupted, the state is one of a step, too. `same`: a copy of the state, unless
        its step is another one.
        """
        if self.dataset.problem:
            raise PresetError(self.dataset.problem, key="train.data")
        self._check(state)
        end = state.step + n
        while state.step < end:
            count = self.chunk(end - state.step)
            before = same if same and same.step == state.step else state.copy()
            try:
                self._run(state, count)
            except BaseException:
                state.become(before)
                raise
            if state.step < before.step + count or not _finite(state):
                self._to_the_last_finite(state, before)

    def _run(self, state: State, count: int) -> None:
        train, first = self.train, state.step
        training = self.dataset.training
        chosen = batches.samples(train.seed, training, train.batch, first, count)
        hidden = tuple(rows for rows, _ in self.problem.shapes[:-1])
        masks = batches.masks(train.seed, train.dropout, hidden, first, count)
        self._stepper.advance(
            state,
            self.inputs[chosen],
            self.targets[chosen],
            rates(train, first, count),
            masks,
        )

    def _to_the_last_finite(self, state: State, before: State) -> None:
        before = before.copy()
        while True:
            last = before.copy()
            self._run(before, 1)
            if before.step == last.step or not _finite(before):
                break
        state.become(last)
        raise DivergedError(f"training diverged at step {last.step}")

    def has(self, state: State) -> bool:
        """Whether a state may be one of this training: its arrays have the right shapes."""
        count, moments = self.problem.parameters, self.problem.moments
        kept = (state.parameters, (count,)), (state.moments, (moments, count))
        return state.step >= 0 and all(
            array.shape == shape and array.dtype == np.float32 and array.flags.c_contiguous
            for array, shape in kept
        )

    def _check(self, state: State) -> None:
        """Raise ValueError for a state beyond whose arrays a step would write."""
        if not self.has(state):
            raise ValueError("a state of another network or optimizer")

    def restore(self, state: State) -> None:
        """Go on from a copy of a state. Raises ValueError for one of another network."""
        self._check(state)
        with self._lock:
            self.state, self._measured = state.copy(), None

    @property
    def network(self) -> Network:
        """The network of the state."""
        with self._lock:
            return self.network_of(self.state)

    def network_of(self, state: State) -> Network:
        """The network of any state."""
        parts = self.problem.split(state.parameters)
        if any(self.problem.norms):
            parts = self._folded(state)
        layers = [
            Layer(np.clip(weight, *LIMITS), np.clip(bias, *LIMITS), name)
            for (weight, bias), name in zip(parts, self.problem.activations, strict=True)
        ]
        return self.start.of_layers(layers)

    def _folded(self, state: State) -> list[tuple[Any, Any]]:
        """Weights and biases with the statistics of the measured training points folded in."""
        parameters = state.parameters.astype(np.float64)
        inputs = self.inputs[: self._measured_training].astype(np.float64)
        found = []
        passed: list[Passed] = []
        for _ in self._forward(self.problem, parameters, inputs, passed):
            pass
        parts = self.problem.split(parameters)
        for (weight, bias), norm, layer in zip(parts, self.problem.norms, passed, strict=True):
            if norm is not None:
                assert layer.normal is not None
                factor = norm.gains / layer.normal[1]
                mean = layer.inputs.mean(axis=0) @ weight.T
                weight, bias = weight * factor[:, None], bias + norm.shifts - factor * mean
            found.append((np.clip(weight, *LIMITS), np.clip(bias, *LIMITS)))
        return found

    @property
    def _measured_training(self) -> int:
        return min(self.dataset.training, self._most)

    @cached_property
    def _most(self) -> int:
        """The most points of a set that are measured."""
        fewest, most = MEASURED
        return min(most, max(fewest, int(WORK / self.problem.parameters)))

    @property
    def loss(self) -> float:
        return self.measures().loss

    @property
    def test_loss(self) -> float:
        """NaN without test points."""
        return self.measures().test_loss

    @property
    def accuracy(self) -> float | None:
        """The fraction of training points whose class is right; None if there are no classes."""
        return self.measures().accuracy

    @property
    def test_accuracy(self) -> float | None:
        return self.measures().test_accuracy

    @property
    def gradient_norms(self) -> Float64:
        return self.measures().gradient_norms

    @property
    def dead(self) -> Float64:
        return self.measures().dead

    @property
    def saturated(self) -> Float64:
        return self.measures().saturated

    def measures(self, state: State | None = None) -> Measures:
        """The measures of the state, or of another one."""
        if state is not None and state is not self.state:
            return self._measure(state)
        with self._lock:
            if self._measured is None or self._measured.step != self.state.step:
                self._measured = self._measure(self.state)
            return self._measured

    @property
    def effort(self) -> float:
        """The work of a measure, in usual ones: more than 1 of very large networks."""
        return max(1.0, self._most * self.problem.parameters / WORK)

    def _measure(self, state: State) -> Measures:
        *_, found = self.measuring(state)
        assert found is not None
        return found

    def measuring(self, state: State) -> Iterator[Measures | None]:
        """The measures of a state, after the work on each layer None."""
        problem, first, training = self.problem, self._measured_training, self.dataset.training
        points, tests = self.inputs[:first], self.inputs[training : training + self._most]
        wanted, plain, parameters = self.targets[:first], self._without_norms, self._plain(state)
        passed: list[Passed] = []
        yield from self._forward(plain, parameters, points, passed)
        of_tests: list[Passed] = []
        yield from self._forward(plain, parameters, tests, of_tests)
        found = np.empty_like(parameters)
        yield from self._backward(plain, parameters, passed, wanted, found)
        if plain is not problem:  # through the statistics
            own: list[Passed] = []
            yield from self._forward(problem, state.parameters, points, own)
            yield from self._backward(problem, state.parameters, own, wanted, found)
        norms = []
        for weight, bias in problem.split(found):
            norms.append(float(np.sqrt(_squares(weight) + _squares(bias))))
            yield None
        dead, saturated = _slopes(problem.activations, passed)
        tested, those = of_tests[-1], slice(training, training + self._most)
        yield Measures(
            state.step,
            losses.total(self.loss_name, passed[-1].pre, passed[-1].units, wanted),
            losses.total(self.loss_name, tested.pre, tested.units, self.targets[those]),
            self._accuracy(passed[-1].units, slice(0, first)),
            self._accuracy(tested.units, those),
            np.array(norms),
            dead,
            saturated,
        )

    def _forward(
        self, problem: Problem, parameters: Any, inputs: Any, into: list[Passed]
    ) -> Iterator[None]:
        """A forward pass, layer by layer, which are appended."""
        layers = forward_layers(problem, parameters, inputs)
        for layer in _by_one_thread(layers, problem.parameters * len(inputs)):
            into.append(layer)
            yield None

    def _backward(
        self, problem: Problem, parameters: Any, passed: list[Passed], targets: Any, into: Any
    ) -> Iterator[None]:
        """A backward pass, layer by layer."""
        layers = backward_layers(problem, parameters, passed, targets, into)
        for _ in _by_one_thread(layers, problem.parameters * len(targets)):
            yield None

    def _plain(self, state: State) -> Float32:
        if not any(self.problem.norms):
            return state.parameters
        parts = [part.ravel() for pair in self._folded(state) for part in pair]
        return np.concatenate(parts).astype(np.float32)

    @cached_property
    def _without_norms(self) -> Problem:
        if not any(self.problem.norms):
            return self.problem
        return Problem(self.problem.shapes, self.problem.activations, self.problem.loss)

    def _accuracy(self, outputs: Float32, which: slice) -> float | None:
        labels = self.dataset.labels
        if labels is None:
            return None
        if outputs.shape[1] == 1:
            middle = 0.5 if self.problem.activations[-1] == "sigmoid" else 0.0
            chosen = (outputs[:, 0] > middle).astype(np.int64)
        else:
            chosen = outputs.argmax(axis=1)
        return float((chosen == labels[which]).mean()) if len(chosen) else float("nan")


def _problem(network: Network, train: Any, loss: str, normalize: Any, seed: int) -> Problem:
    shapes = tuple((int(a), int(b)) for a, b in (one.weight.shape for one in network.drawn))
    norms: tuple[BatchNorm | None, ...] = ()
    if normalize.which != "none":
        last = len(shapes) - (normalize.which == "hidden")
        norms = tuple(
            BatchNorm(
                normalize.gains(seed, number, rows).astype(np.float64),
                normalize.shifts(seed, number, rows).astype(np.float64),
            )
            if number <= last
            else None
            for number, (rows, _) in enumerate(shapes, 1)
        )
    names = tuple(layer.activation for layer in network.drawn)
    kept = train.optimizer, train.l1, train.l2, train.dropout
    return Problem(shapes, names, loss, *kept, norms=norms)


def _by_one_thread(work: Iterable[T], size: float) -> Iterator[T]:
    """The results of work on layers by BLAS in this thread; `size`: parameters times points.

    If it is long, BLAS is free for other threads between two of them.
    """
    pieces = iter(work)
    if size < SHORT:
        with one_thread():
            done = list(pieces)
        yield from done
        return
    while True:
        with one_thread():
            found = next(pieces, None)
        if found is None:
            return
        yield found


def _finite(state: State) -> bool:
    """Whether all parameters are finite. Once one is not, it never is again: steps may be cut."""
    low, high = state.parameters.min(), state.parameters.max()  # NaN if there is one
    return bool(np.isfinite(low) and np.isfinite(high))


def _squares(array: Any) -> float:
    return float(np.square(array, dtype=np.float64).sum())


@cache
def _steepest(name: str) -> float:
    return float(np.abs(derivative(name, np.linspace(-16, 16, 6401))).max())


def _slopes(activations: Sequence[str], passed: Sequence[Passed]) -> tuple[Float64, Float64]:
    """The fractions of dead and of saturated units, (layers,) each."""
    dead, saturated = [], []
    for name, layer in zip(activations, passed, strict=True):
        assert layer.slopes is not None
        flat = np.abs(layer.slopes) < FLAT * _steepest(name)
        dead.append(float((~layer.slopes.any(axis=0)).mean()))
        saturated.append(float(flat.mean()))
    return np.array(dead), np.array(saturated)
