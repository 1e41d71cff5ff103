"""Training steps in NumPy: for every activation, and normalised layers."""

import numpy as np

from cppn_gl.nn.training.gradients import gradient, regularised
from cppn_gl.nn.training.optimizers import OPTIMIZERS
from cppn_gl.nn.training.state import Problem, State
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.threads import one_thread


class NumpySteps:
    """A Stepper of any problem (see state.py)."""

    def __init__(self, problem: Problem):
        self.problem = problem

    def advance(
        self,
        state: State,
        inputs: Float32,
        targets: Float32,
        rates: Float32,
        masks: Float32 | None = None,
    ) -> None:
        """Run n steps, in place; fewer, up to the first whose gradient is not finite."""
        problem, optimizer = self.problem, OPTIMIZERS[self.problem.optimizer]
        with one_thread(), np.errstate(all="ignore"):
            for index, rate in enumerate(rates):
                mask = None if masks is None else masks[index]
                found = gradient(problem, state.parameters, inputs[index], targets[index], mask)
                if not np.isfinite(found).all():
                    return
                regularised(problem, state.parameters, found)
                if problem.decoupled and problem.l2:
                    for weight, _ in problem.split(state.parameters):
                        weight *= np.float32(1 - float(rate) * problem.l2)
                optimizer.update(state.parameters, found, state.moments, float(rate), state.step)
                state.step += 1
