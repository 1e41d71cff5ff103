"""Landscapes of the loss against direct evaluations, exact references and linear algebra."""

from typing import Any

import numpy as np
import pytest

from cppn_gl import Preset
from cppn_gl.nn.training import landscape as land
from cppn_gl.nn.training.dense_trainer import DenseTrainer
from cppn_gl.nn.training.gradients import forward
from cppn_gl.nn.training.landscape import (
    Plane,
    filter_normalised,
    landscape,
    losses_at,
    path_of,
    path_plane,
    points_of,
    random_directions,
    random_plane,
)
from cppn_gl.nn.training.losses import total
from cppn_gl.nn.training.trainer import Trainer
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.tasks import at_once

LEARNER = Preset().replace(
    depth=3,
    width=6,
    init="glorot_normal",
    **{"train.data": "circle", "train.points": 80, "train.steps": 60, "train.rate": 0.1},
)
GRID = np.linspace(-1, 1, 5)


def trainer_of(preset: Preset) -> DenseTrainer:
    trainer = Trainer(preset)
    trainer.step(preset.train.steps)
    assert isinstance(trainer, DenseTrainer)
    return trainer


def plane_of(preset: Preset, kind: str = "random", seed: int = 3) -> Plane:
    make = path_plane if kind == "path" else random_plane
    return make(preset.run.trainer.problem, *path_of(preset.run, preset.train.steps), seed)


def over(preset: Preset, plane: Plane, which: str = "training", dtype: Any = np.float32) -> Float64:
    trainer = trainer_of(preset)
    points = points_of(trainer, which, dtype)
    return at_once(landscape(trainer.problem, plane, GRID, GRID, points))


VARIANTS = {
    "classes": {},
    "values": {"train.data": "plane"},
    "several classes": {"train.data": "blobs", "train.classes": 4},
    "relu": {"activation": "relu", "train.loss": "hinge"},
    "normalised": {"normalize.which": "hidden"},
    "all normalised": {"normalize.which": "all"},
}


@pytest.mark.parametrize("name", VARIANTS)
def test_the_centre_has_the_loss_that_the_trainer_measures(name: str) -> None:
    preset = LEARNER.replace(**VARIANTS[name])
    trainer = trainer_of(preset)
    for kind in ("random", "path"):
        plane = plane_of(preset, kind)
        for which, known in (("training", trainer.loss), ("tests", trainer.test_loss)):
            assert over(preset, plane, which)[2, 2] == pytest.approx(known, rel=2e-5)


def test_along_an_axis_it_is_the_loss_of_the_moved_network() -> None:
    plane, trainer = plane_of(LEARNER), trainer_of(LEARNER)
    exact, fast = over(LEARNER, plane, dtype=np.float64), over(LEARNER, plane)
    training = trainer.measured_points[0]
    inputs = trainer.inputs[training].astype(np.float64)
    for number, place in enumerate(GRID):
        for direction, found in ((0, exact[2, number]), (1, exact[number, 2])):
            moved = plane.center + place * plane.directions[direction]
            last = forward(trainer.problem, moved, inputs)[-1]
            loss = total(trainer.loss_name, last.pre, last.units, trainer.targets[training])
            assert found == pytest.approx(loss, rel=1e-12)
    assert fast == pytest.approx(exact, rel=1e-4)


def test_no_loss_depends_on_how_the_grid_is_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    plane = plane_of(LEARNER)
    found = over(LEARNER, plane)
    monkeypatch.setattr(land, "AT_ONCE", 1.0)
    assert np.array_equal(over(LEARNER, plane), found)
    monkeypatch.setattr(land, "AT_ONCE", 7 * 40 * 63.0)
    assert np.array_equal(over(LEARNER, plane), found)


def test_random_directions_have_the_norms_of_the_units_weights() -> None:
    trainer = trainer_of(LEARNER)
    parameters = trainer.state.parameters
    found = random_directions(trainer.problem, parameters, 7)
    for direction in found:
        pairs = zip(
            trainer.problem.split(direction), trainer.problem.split(parameters), strict=True
        )
        for (part, of_biases), (weight, _) in pairs:
            norms = np.linalg.norm(weight.astype(np.float64), axis=1)
            assert np.linalg.norm(part, axis=1) == pytest.approx(norms, rel=1e-7)
            assert not of_biases.any()
    assert abs(found[0] @ found[1]) < 0.9 * np.linalg.norm(found[0]) * np.linalg.norm(found[1])
    assert np.array_equal(random_directions(trainer.problem, parameters, 7), found)
    assert not np.array_equal(random_directions(trainer.problem, parameters, 8), found)
    # However weights are scaled, a step of 1 is as large as they are.
    scaled = random_directions(trainer.problem, 10 * parameters.astype(np.float64), 7)
    assert scaled == pytest.approx(10 * found, rel=1e-6)


def test_a_unit_without_weights_has_no_direction() -> None:
    weight = np.array([[0.0, 0.0], [3.0, 4.0]])
    found = filter_normalised(np.array([[1.0, 2.0], [0.0, 2.0]]), weight)
    assert found == pytest.approx(np.array([[0.0, 0.0], [0.0, 5.0]]))


def test_components_of_a_path_are_those_of_a_singular_value_decomposition() -> None:
    problem = trainer_of(LEARNER).problem
    path = np.random.default_rng(5).normal(size=(7, problem.parameters)).cumsum(axis=0)
    plane = path_plane(problem, range(7), path, 0)
    _, values, rows = np.linalg.svd(path - path[-1], full_matrices=False)
    for number in (0, 1):
        assert abs(plane.directions[number] @ rows[number]) == pytest.approx(1, abs=1e-9)
        share = values[number] ** 2 / np.square(values).sum()
        assert plane.shares[number] == pytest.approx(share, rel=1e-9)
    assert plane.path == pytest.approx((path - path[-1]) @ plane.directions.T)
    assert plane.path[0, 0] < 0
    assert plane.path[-1] == pytest.approx((0, 0))
    assert plane.components


def test_a_path_in_a_plane_lies_in_it_and_a_random_plane_holds_little_of_it() -> None:
    problem = trainer_of(LEARNER).problem
    rng = np.random.default_rng(2)
    basis = np.linalg.qr(rng.normal(size=(problem.parameters, 2)))[0].T
    places = rng.normal(size=(6, 2))
    path = rng.normal(size=problem.parameters) + places @ basis
    plane = path_plane(problem, range(6), path, 0)
    assert plane.held == pytest.approx(1)
    assert plane.center + plane.path @ plane.directions == pytest.approx(path)
    other = random_plane(problem, range(6), path, 0)
    assert 0 < other.held < 0.5
    rest = path - path[-1] - other.path @ other.directions
    assert rest @ other.directions.T == pytest.approx(np.zeros((6, 2)), abs=1e-9)


def test_a_straight_path_and_one_of_a_single_step_have_planes_too() -> None:
    problem = trainer_of(LEARNER).problem
    start, step = np.random.default_rng(3).normal(size=(2, problem.parameters))
    straight = path_plane(problem, range(4), start + np.arange(4)[:, None] * step, 1)
    gram = straight.directions @ straight.directions.T
    assert gram == pytest.approx(np.eye(2), abs=1e-9)
    assert straight.shares == pytest.approx((1, 0), abs=1e-9)
    alone = path_plane(problem, (0,), start[None], 1)
    assert not alone.components
    assert alone.held == 0


def test_a_linear_network_with_a_squared_loss_has_an_exactly_quadratic_landscape() -> None:
    keys: dict[str, Any] = {"train.data": "plane", "train.loss": "squared"}
    preset = Preset().replace(depth=1, **{**keys, "train.steps": 3, "train.points": 30})
    trainer, plane = trainer_of(preset), plane_of(preset)
    assert trainer.problem.activations == ("identity",)
    found = over(preset, plane, dtype=np.float64)
    a, b = np.meshgrid(GRID, GRID)
    terms = np.stack([one.ravel() for one in (a**0, a, b, a * a, a * b, b * b)], axis=1)
    fitted = terms @ np.linalg.lstsq(terms, found.ravel(), rcond=None)[0]
    assert found.ravel() == pytest.approx(fitted, rel=1e-11)
    third = np.diff(found, n=3, axis=1)
    assert np.abs(third).max() < 1e-12 * found.max()


def test_the_path_is_that_of_the_run_up_to_the_step() -> None:
    steps, path = path_of(LEARNER.run, 40)
    assert steps[0] == 0
    assert steps[-1] == 40
    LEARNER.run.network(300)
    again = path_of(LEARNER.run, 40)
    assert again[0] == steps
    assert np.array_equal(again[1], path)
    trainer = Trainer(LEARNER)
    trainer.step(steps[3])
    assert np.array_equal(path[3], trainer.state.parameters.astype(np.float64))


def test_where_numbers_are_too_large_the_loss_is_not_finite() -> None:
    preset = LEARNER.replace(**{"activation": "relu", "train.data": "plane"})
    trainer, plane = trainer_of(preset), plane_of(preset)
    far = np.array([0.0, 1e25])
    points = points_of(trainer, "training")
    found = at_once(landscape(trainer.problem, plane, far, far, points))
    assert np.isfinite(found[0, 0])
    assert not np.isfinite(found[1, 1])
    assert losses_at(trainer.problem, trainer.state.parameters[None], points).shape == (1,)
