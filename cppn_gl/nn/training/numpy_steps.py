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
                start = 0
                for factor, (rows, columns) in zip(
                    problem.rate_factors, problem.shapes, strict=True
                ):
                    weights, end = start + rows * columns, start + rows * (columns + 1)
                    learned = slice(start, end if problem.biases else weights)
                    own = float(rate) * float(factor)
                    parameters, moments = state.parameters[learned], state.moments[:, learned]
                    if problem.decoupled and problem.l2:
                        state.parameters[start:weights] *= np.float32(1 - own * problem.l2)
                    optimizer.update(
                        parameters, found[learned], moments, own, state.step, problem.momentum
                    )
                    start = end
                state.step += 1
