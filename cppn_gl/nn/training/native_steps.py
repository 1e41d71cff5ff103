"""Training steps in the native library: chains of dense layers, without normalisation.

Their bits depend neither on the machine nor on threads, nor on how many steps a call does.
"""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from cppn_gl.nn.training.optimizers import corrections
from cppn_gl.nn.training.state import Problem, State
from cppn_gl.utils import native_training
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.native import Library
from cppn_gl.utils.native_training import Memory, Training
from cppn_gl.utils.threads import shared_out, thread_count

CALL = 1e8  # operations of one call of the library, about: some 2 ms
LAYER = 2e4  # operations that take as long as the rest of the work on a layer
SHARED = 1.5e7  # operations of a step from which several threads are faster
WIDE = 1e5  # parameters from which this is so for their update


def problem_of(problem: Problem, library: Library) -> str:
    """Why the library cannot run the steps of a problem, in words; "" if it can."""
    if any(norm is not None for norm in problem.norms):
        return "normalised layers"
    return native_training.problem(
        library, problem.shapes, problem.activations, problem.loss, problem.optimizer
    )


class NativeSteps:
    """A Stepper (see state.py).

    norms (layers,) float32: of the gradient of each layer in the last step, without regularisation;
    loss: of its batch, before that step.
    """

    def __init__(self, problem: Problem, library: Library):
        self.problem, self._library = problem, library
        self.norms: Float32 = np.zeros(len(problem.shapes), np.float32)
        self.loss = float("nan")
        self._training: Training | None = None
        self._batch = 0
        self._free: list[Memory] = []  # memories of threads
        self._lock = threading.Lock()

    def advance(
        self,
        state: State,
        inputs: Float32,
        targets: Float32,
        rates: Float32,
        masks: Float32 | None = None,
    ) -> None:
        """Run n steps, in place; fewer, up to the first whose loss is not finite."""
        with self._lock:
            training = self._of(inputs.shape[1])
            training.bind(
                state.parameters,
                state.moments,
                np.ascontiguousarray(inputs, np.float32),
                np.ascontiguousarray(targets, np.float32),
                self._rates(state.step, rates),
                None if masks is None else np.ascontiguousarray(masks, np.float32),
            )
            work = 6.0 * self.problem.parameters * self._batch + LAYER * training.depth
            shared = training.groups > 1 and thread_count() > 1 and work > SHARED
            if shared or work > CALL:
                done = self._piecewise(training, len(rates), work)
            else:
                done = _run(training, len(rates), int(CALL / work))
            if done:
                self.norms, self.loss = training.report[:-1].copy(), float(training.report[-1])
            state.step += done

    def _of(self, batch: int) -> Training:
        if self._training is None or self._batch != batch:
            problem = self.problem
            self._batch, self._free = batch, []
            self._training = Training(
                self._library,
                problem.shapes,
                problem.activations,
                batch,
                problem.loss,
                problem.optimizer,
                problem.l1,
                problem.l2,
                problem.momentum,
                problem.biases,
            )
        return self._training

    def _rates(self, step: int, rates: Float32) -> Float32:
        """The numbers of cppn_rate, (n, layers, 4), of n steps from `step` on."""
        rate = rates.astype(np.float64)[:, None] * self.problem.rate_factors
        first, second = np.ones((2, len(rates)))
        if self.problem.moments == 2:
            first, second = corrections(np.arange(step, step + len(rates)))
        columns = (rate, rate / first[:, None], 1 / second[:, None], 1 - rate * self.problem.l2)
        return np.stack(np.broadcast_arrays(*columns), 2).astype(np.float32)

    def _piecewise(self, training: Training, steps: int, work: float) -> int:
        """The same as _run, by all threads."""
        layers = range(training.depth)
        each = shared_out if self.problem.parameters > WIDE else _one_by_one
        training.begin(0)
        each(training.begin, layers[1:])
        for step in range(steps):
            shared_out(partial(self._group, training, step, work), range(training.groups))
            if not np.isfinite(loss := training.loss()):
                return step
            each(partial(training.update, step), layers)
            training.report[-1] = loss
        return steps

    def _group(self, training: Training, step: int, work: float, group: int) -> None:
        parts = training.parts[group]
        some = max(1, int(parts * CALL * training.groups / work))
        own = self._free.pop() if self._free else training.thread_memory()
        for first in range(0, parts, some):
            training.group(step, group, first, min(some, parts - first), own)
        self._free.append(own)


def _run(training: Training, steps: int, some: int) -> int:
    """Do steps, so many in a call. Returns how many there were before one without a loss."""
    for first in range(0, steps, some):
        count = min(some, steps - first)
        done = training.run(first, count)
        if done < count:
            return first + done
    return steps


def _one_by_one(work: Callable[[int], Any], starts: range) -> None:
    for start in starts:
        work(start)
