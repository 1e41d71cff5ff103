"""Trains chains of dense layers over points: see trainer.py.

The gradient norms, and the fractions of dead and of saturated units, are those over the measured
points: the first of the training set, as many as WORK allows, 128 to 2048. So are losses and
accuracies, those of tests over the first test points.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from typing import Any, TypeVar

import numpy as np

from cppn_gl.nn.activations import derivative
from cppn_gl.nn.features import Clock
from cppn_gl.nn.layers import MAX_WEIGHT, Layer
from cppn_gl.nn.network import Network
from cppn_gl.nn.training import batches, losses
from cppn_gl.nn.training.data import targets
from cppn_gl.nn.training.gradients import Passed, backward_layers, forward_layers
from cppn_gl.nn.training.start import loss_of, start_of
from cppn_gl.nn.training.state import BatchNorm, Problem, State, first_state
from cppn_gl.nn.training.stepping import stepper_for
from cppn_gl.nn.training.trainer import Measures, Trainer
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.threads import one_thread

MEASURED = 128, 2048  # points of each set
WORK = 2e8  # of measures: parameters times points
LIMITS = -MAX_WEIGHT, MAX_WEIGHT  # of a layer; those of a state may be larger
SHORT = 5e6  # of work that takes about a millisecond
MASK = 8  # numbers that it takes to draw whether a unit is left out
FLAT = 0.05  # a unit is saturated where its slope is below this fraction of the steepest


T = TypeVar("T")


class DenseTrainer(Trainer):
    """Trains dense layers, step by step."""

    problem: Problem

    def __init__(self, preset: Any):
        super().__init__(preset)
        source = start_of(preset.spec, self.train, self.dataset)
        self.start = source.network()
        self.loss_name = loss_of(self.train, self.dataset)
        self.problem = _problem(self.start, self.train, self.loss_name, self.normalize, source.seed)
        features = self.start.features(self.dataset.x, self.dataset.y, Clock())
        self.inputs = features.astype(np.float32)
        self.targets = targets(self.dataset, self.loss_name)
        self._stepper = stepper_for(self.problem)
        self.state = first_state(self.problem, self.start.layers)

    @property
    def nbytes(self) -> int:
        return self.inputs.nbytes + self.targets.nbytes

    @property
    def _sample(self) -> int:
        return int(self.inputs.shape[1] + self.targets.shape[1])

    @property
    def _masked(self) -> int:
        return MASK * self.problem.hidden if self.train.dropout else 0

    @property
    def activations(self) -> tuple[str, ...]:
        return self.problem.activations

    def _batches(self, chosen: Any) -> tuple[Float32, Float32]:
        return self.inputs[chosen], self.targets[chosen]

    def _masks(self, first: int, count: int) -> Float32 | None:
        hidden = tuple(rows for rows, _ in self.problem.shapes[:-1])
        return batches.masks(self.train.seed, self.train.dropout, hidden, first, count)

    def like(self, network: Network) -> bool:
        layers, problem = network.layers, self.problem
        return (
            tuple(layer.weight.shape for layer in layers) == problem.shapes
            and tuple(layer.activation for layer in layers) == problem.activations
            and network.inputs == self.start.inputs
        )

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
    def measured_points(self) -> tuple[slice, slice]:
        """Which points are measured, those of training and those of tests."""
        training = self.dataset.training
        end = min(len(self.inputs), training + self._most)
        return slice(0, self._measured_training), slice(training, max(training, end))

    @property
    def _measured_training(self) -> int:
        return min(self.dataset.training, self._most)

    @cached_property
    def _most(self) -> int:
        """The most points of a set that are measured."""
        fewest, most = MEASURED
        return min(most, max(fewest, int(WORK / self.problem.parameters)))

    @property
    def effort(self) -> float:
        """The work of a measure, in usual ones: more than 1 of very large networks."""
        return max(1.0, self._most * self.problem.parameters / WORK)

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
    how = train.momentum, train.layer_rates, train.biases
    return Problem(shapes, names, loss, *kept, norms, *how)


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


def _squares(array: Any) -> float:
    return float(np.square(array, dtype=np.float64).sum())


@cache
def steepest(name: str) -> float:
    return float(np.abs(derivative(name, np.linspace(-16, 16, 6401))).max())


def _slopes(activations: Sequence[str], passed: Sequence[Passed]) -> tuple[Float64, Float64]:
    """The fractions of dead and of saturated units, (layers,) each."""
    dead, saturated = [], []
    for name, layer in zip(activations, passed, strict=True):
        assert layer.slopes is not None
        flat = np.abs(layer.slopes) < FLAT * steepest(name)
        dead.append(float((~layer.slopes.any(axis=0)).mean()))
        saturated.append(float(flat.mean()))
    return np.array(dead), np.array(saturated)
