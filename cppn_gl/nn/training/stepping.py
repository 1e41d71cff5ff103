"""The choice of what runs the steps of a problem: the one place that knows of both."""

from cppn_gl.nn.training import native_steps
from cppn_gl.nn.training.numpy_steps import NumpySteps
from cppn_gl.nn.training.state import Problem, Stepper
from cppn_gl.utils.native import library


def stepper_for(problem: Problem) -> Stepper:
    """What runs the steps of a problem fastest."""
    native = library()
    if native is not None and not native_steps.problem_of(problem, native):
        return native_steps.NativeSteps(problem, native)
    return NumpySteps(problem)
