"""The native library's steps: those of the float64 reference, with the same bits everywhere."""

import itertools
import math
from typing import Any

import numpy as np
import pytest

from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.training import native_steps
from cppn_gl.nn.training.gradients import gradient
from cppn_gl.nn.training.losses import LOSSES
from cppn_gl.nn.training.native_steps import NativeSteps
from cppn_gl.nn.training.numpy_steps import NumpySteps
from cppn_gl.nn.training.optimizers import OPTIMIZERS
from cppn_gl.nn.training.state import BatchNorm, Problem, State
from cppn_gl.nn.training.stepping import stepper_for
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.native import PATH, Library

pytestmark = pytest.mark.native

LAST = {"cross-entropy": "sigmoid", "hinge": "identity"}


def problem(*widths: int, hidden: str = "tanh", loss: str = "squared", **keys: Any) -> Problem:
    """A network from inputs to outputs, with all else as `[train]` calls it."""
    shapes = tuple((out, before) for before, out in itertools.pairwise(widths))
    names = (*(hidden for _ in shapes[1:]), LAST.get(loss, "tanh"))
    return Problem(shapes, names, loss, **keys)


def first(problem: Problem, seed: int = 1) -> State:
    rng, parts = np.random.default_rng(seed), []
    for rows, columns in problem.shapes:
        parts += [rng.standard_normal(rows * columns) / math.sqrt(columns)]
        parts += [rng.standard_normal(rows) / 10]
    parameters = np.concatenate(parts).astype(np.float32)
    return State(0, parameters, np.zeros((problem.moments, parameters.size), np.float32))


def batches(problem: Problem, steps: int, batch: int) -> tuple[Float32, ...]:
    """Inputs, targets and rates; and masks, with dropout."""
    rng = np.random.default_rng(2)
    low = 0 if problem.loss == "cross-entropy" else -1
    inputs = rng.uniform(-1, 1, (steps, batch, problem.shapes[0][1])).astype(np.float32)
    targets = rng.choice([low, 1], (steps, batch, problem.shapes[-1][0])).astype(np.float32)
    rates = np.geomspace(0.02, 0.01, steps).astype(np.float32)
    masks = rng.choice([0, 2], (steps, problem.hidden)).astype(np.float32)
    return inputs, targets, rates, *([masks] if problem.dropout else [])


def native(problem: Problem, isa: str | None = None) -> NativeSteps:
    return NativeSteps(problem, Library(PATH, isa))


def exact(state: State) -> Any:
    """In float64, for the reference."""
    doubles: Any = state.parameters.astype(np.float64), state.moments.astype(np.float64)
    return State(state.step, *doubles)


def same(one: State, other: State) -> bool:
    pairs = ((one.parameters, other.parameters), (one.moments, other.moments))
    return one.step == other.step and all(a.tobytes() == b.tobytes() for a, b in pairs)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_a_step_follows_the_gradient_of_the_reference(hidden: str, loss: str) -> None:
    what = problem(3, 7, 5, 2, hidden=hidden, loss=loss)
    inputs, targets, _ = batches(what, 1, 29)
    state = first(what)
    before, steps = exact(state), native(what)
    steps.advance(state, inputs, targets, np.ones(1, np.float32))
    expected = gradient(
        what, before.parameters, *(a[0].astype(np.float64) for a in (inputs, targets))
    )
    np.testing.assert_allclose(before.parameters - state.parameters, expected, rtol=0, atol=5e-7)
    norms = [math.hypot(*w.ravel(), *b) for w, b in what.split(expected)]
    np.testing.assert_allclose(steps.norms, norms, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_many_steps_stay_near_those_of_the_reference(optimizer: str, biases: bool) -> None:
    keys: dict[str, Any] = {"optimizer": optimizer, "l1": 1e-3, "l2": 1e-2, "dropout": 0.5}
    keys |= {"momentum": 0.7, "layer_rates": (0.5, 2.0), "biases": biases}
    what = problem(2, 8, 9, 1, loss="cross-entropy", **keys)
    arrays = batches(what, 50, 10)
    state = first(what)
    reference = exact(state)
    native(what).advance(state, *arrays)
    doubles: Any = [a.astype(np.float64) for a in arrays]
    NumpySteps(what).advance(reference, *doubles)
    assert state.step == reference.step == 50
    np.testing.assert_allclose(state.parameters, reference.parameters, rtol=0, atol=2e-4)
    np.testing.assert_allclose(state.moments, reference.moments, rtol=1e-3, atol=1e-5)
    fixed = [
        before[1] == bias
        for before, (_, bias) in zip(
            what.split(first(what).parameters), what.split(state.parameters), strict=True
        )
    ]
    assert np.concatenate(fixed).any() != biases
    assert np.concatenate(fixed).all() != biases


@pytest.mark.parametrize("regular", [0.0, 0.01])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_layers_have_rates_of_their_own(optimizer: str, regular: float) -> None:
    """Each layer takes the step that it would take at this rate, and none at 0."""
    keys: dict[str, Any] = {"optimizer": optimizer, "l2": regular}
    several = problem(2, 5, 4, 3, 1, layer_rates=(0.5, 0.0, 2.0), **keys)
    inputs, targets, _ = batches(several, 1, 10)
    state = first(several)
    native(several).advance(state, inputs, targets, np.full(1, 0.25, np.float32))
    for layer, rate in enumerate((0.125, 0.0, 0.5, 0.5)):
        plain = problem(2, 5, 4, 3, 1, **keys)
        alone = first(plain)
        native(plain).advance(alone, inputs, targets, np.full(1, rate, np.float32))
        for one, other in zip(
            several.split(state.parameters)[layer],
            plain.split(alone.parameters)[layer],
            strict=True,
        ):
            assert one.tobytes() == other.tobytes()


def test_the_default_keys_are_those_of_old_steps() -> None:
    what = problem(2, 8, 1, optimizer="nesterov")
    same_as = problem(2, 8, 1, optimizer="nesterov", momentum=0.9, layer_rates=(1.0,))
    one, other = first(what), first(same_as)
    arrays = batches(what, 5, 10)
    native(what).advance(one, *arrays)
    native(same_as).advance(other, *arrays)
    assert same(one, other)


@pytest.mark.parametrize("widths", [(2, 8, 8, 1), (2, 20, 20, 3), (5, 33, 2), (2, 512, 1)])
def test_bits_depend_on_no_instruction_set_and_on_no_cut(widths: tuple[int, ...]) -> None:
    what = problem(*widths, optimizer="adam", l2=0.01)
    arrays = batches(what, 3, 10)
    states = []
    for isa in Library(PATH).isas:
        states += [first(what), first(what)]
        native(what, isa).advance(states[-2], *arrays)
        for step in range(3):
            native(what, isa).advance(states[-1], *(a[step : step + 1] for a in arrays))
    assert all(same(state, states[0]) for state in states)


def test_bits_do_not_depend_on_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    what = problem(2, 20, 20, 3, optimizer="adam")
    arrays = batches(what, 3, 1000)
    one, other = first(what), first(what)
    monkeypatch.setattr(native_steps, "SHARED", math.inf)
    native(what).advance(one, *arrays)
    for name, value in (("SHARED", 0), ("WIDE", 0), ("CALL", 1e6)):
        monkeypatch.setattr(native_steps, name, value)
    monkeypatch.setattr(native_steps, "thread_count", lambda: 2)
    native(what).advance(other, *arrays)
    assert same(one, other)


def test_a_loss_that_is_not_finite_stops_before_its_step() -> None:
    what = problem(2, 4, 1, hidden="relu", loss="hinge")
    inputs, targets, rates = batches(what, 5, 10)
    inputs[3, 7] = np.nan
    state, finite = first(what), first(what)
    steps = native(what)
    steps.advance(state, inputs, targets, rates)
    native(what).advance(finite, inputs[:3], targets[:3], rates[:3])
    assert state.step == 3
    assert same(state, finite)
    assert math.isfinite(steps.loss)


def test_numpy_does_what_the_library_cannot() -> None:
    what = problem(2, 4, 1)
    norm = BatchNorm(np.ones(4), np.zeros(4))
    assert isinstance(stepper_for(what), NativeSteps)
    for other in (
        Problem(what.shapes, what.activations, norms=(norm, None)),
        problem(2, 513, 1),
        problem(2, 4, 17),
    ):
        assert native_steps.problem_of(other, Library(PATH))
        assert isinstance(stepper_for(other), NumpySteps)
