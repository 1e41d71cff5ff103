"""Trains the network of a preset, step by step.

Preset -> Trainer(preset) -> step() -> network, loss, accuracy …

What a step is, is common to all networks. Dense layers over points are trained by a DenseTrainer,
networks that see whole pictures by an ImageTrainer (vision/training.py). Every measure is a
function of the weights alone.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from cppn_gl.nn.network import Network
from cppn_gl.nn.training import batches
from cppn_gl.nn.training.checkpoint import data_of, digest_of
from cppn_gl.nn.training.data import Dataset
from cppn_gl.nn.training.schedules import rates
from cppn_gl.nn.training.state import State, Stepper, Trained
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.checks import PresetError

GATHERED = 2**20  # numbers of the batches of one call


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

    start: the network of step 0. problem: what a step solves. state: of the newest step.
    preprocess: the table `[preprocess]` of a network that sees pictures.
    """

    start: Network
    problem: Trained
    state: State
    loss_name: str
    preprocess: Any = None
    _stepper: Stepper

    def __new__(cls, preset: Any) -> "Trainer":
        return super().__new__(_kind_of(preset) if cls is Trainer else cls)

    def __init__(self, preset: Any):
        self.train, self.normalize = preset.train, preset.normalize
        self.dataset: Dataset = data_of(preset)
        self._measured: Measures | None = None
        self._lock = threading.RLock()  # held while `state` is changed or read

    def network_of(self, state: State) -> Network:
        """The network of any state."""
        raise NotImplementedError

    def measuring(self, state: State) -> Iterator[Measures | None]:
        """The measures of a state, after each part of the work None."""
        raise NotImplementedError

    @property
    def effort(self) -> float:
        """The work of a measure, in usual ones: more than 1 of very large networks."""
        raise NotImplementedError

    @property
    def nbytes(self) -> int:
        """The memory of what is learned, in bytes."""
        raise NotImplementedError

    @property
    def _sample(self) -> int:
        """The numbers that one sample of a batch takes."""
        raise NotImplementedError

    @property
    def _masked(self) -> int:
        """The numbers that the masks of dropout of one step take."""
        return 0

    @property
    def activations(self) -> tuple[str, ...]:
        """Of the layers that learn, the output layer's last: as many as measures have columns."""
        raise NotImplementedError

    def _batches(self, chosen: Any) -> tuple[Any, Any]:
        """The inputs and targets of samples (n, batch)."""
        raise NotImplementedError

    def _masks(self, first: int, count: int) -> Float32 | None:
        """What units are multiplied with by dropout in some steps; None without any."""
        return None

    def like(self, network: Network) -> bool:
        """Whether a network may be one of a step: its layers have the same shapes."""
        raise NotImplementedError

    @cached_property
    def digest(self) -> str:
        """A hash, in hexadecimal, of all that the weights of a step depend on."""
        how = self.preprocess or self.normalize
        return digest_of(self.train, how, self.start, self.dataset.digest)

    @property
    def steps(self) -> int:
        """The steps done."""
        return self.state.step

    def chunk(self, steps: int) -> int:
        """How many steps one call of the stepper takes at most."""
        size: int = self.train.batch * self._sample + self._masked
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
        masks = self._masks(first, count)
        inputs, targets = self._batches(chosen)
        self._stepper.advance(state, inputs, targets, rates(train, first, count), masks)

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

    def _measure(self, state: State) -> Measures:
        *_, found = self.measuring(state)
        assert found is not None
        return found


def _kind_of(preset: Any) -> "type[Trainer]":
    if preset.classifies:
        from cppn_gl.nn.vision.training import ImageTrainer

        return ImageTrainer
    from cppn_gl.nn.training.dense_trainer import DenseTrainer

    return DenseTrainer


def _finite(state: State) -> bool:
    """Whether all parameters are finite. Once one is not, it never is again: steps may be cut."""
    low, high = state.parameters.min(), state.parameters.max()  # NaN if there is one
    return bool(np.isfinite(low) and np.isfinite(high))
