"""The choice of what runs the steps of a problem: the one place that knows of both."""

from cppn_gl.nn.training.numpy_steps import NumpySteps
from cppn_gl.nn.training.state import Problem, Stepper


def stepper_for(problem: Problem) -> Stepper:
    """What runs the steps of a problem fastest."""
    return NumpySteps(problem)
