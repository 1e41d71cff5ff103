"""The loss around the weights of a step, over a plane in the space of all parameters.

    a trainer, its weights θ -> random_plane() or path_plane() -> Plane: θ, directions d₁, d₂
    Plane, places a, b       -> landscape() -> the loss at θ + a d₁ + b d₂ for each a and b

Both planes are those of Li, Xu, Taylor, Studer and Goldstein, "Visualizing the Loss Landscape of
Neural Nets" (NeurIPS 2018, arXiv 1712.09913):

- Random directions are normal draws, filter-normalised: for each unit the part of its incoming
  weights is scaled to the norm of these weights, so that a step of 1 is as large as the weights
  themselves, however they are scaled. Biases do not move (as in the authors' code).
- The directions of a path of training are the first two principal components of the differences
  θₖ - θ of earlier weights from those of the last step (their section 7), biases included. They
  have length 1. The components are about θ, not about the mean: the plane goes through θ.

The loss is that which a trainer measures: over the same points, without regularisation and dropout.
A normalised layer takes the statistics of the training points. Every place of the grid is a product
of the same shapes in the same order, so that no loss depends on how the grid is divided.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.draws import DIRECTION, draw
from cppn_gl.nn.training.dense_trainer import DenseTrainer
from cppn_gl.nn.training.gradients import EPSILON, activated
from cppn_gl.nn.training.losses import LOSSES
from cppn_gl.nn.training.run import Run, on_grid
from cppn_gl.nn.training.state import Problem
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.tasks import Steps
from cppn_gl.utils.threads import one_thread

AT_ONCE = 8e6  # multiplications between two yields, which take some milliseconds
UNIT = 12  # multiplications that an activation is worth
TINY = 1e-10  # added to norms, as in the authors' code
STRAIGHT = 1e-12  # a second component with less of the path's squares is none
PER_OCTAVE = 8  # weights of a path in each octave of steps

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane through the weights of a step, and the path that led there.

    center (P,) float64: the weights. directions (2, P) float64. steps (n,): the steps of the path,
    the last one that of `center`. path (n, 2): their places a, b, projected at right angles.
    shares: of each direction, or of what it adds to the first, the share of the squared distances
    of the path from `center`; 0 without a path. components: whether the directions are those of the
    path.
    """

    center: Float64
    directions: Float64
    steps: tuple[int, ...]
    path: Float64
    shares: tuple[float, float]
    components: bool

    @property
    def nbytes(self) -> int:
        return self.center.nbytes + self.directions.nbytes + self.path.nbytes

    @property
    def held(self) -> float:
        """The share, from 0 to 1, of the path's squared distances that lies in the plane."""
        return min(1.0, sum(self.shares))


def path_of(run: Run, step: int) -> tuple[tuple[int, ...], Float64]:
    """The steps of a run's path up to a step, ascending, and their weights, (n, P) float64."""
    state, kept = run.state(step), run.states(step)
    known = {k: kept[k] for k in kept if k < state.step and on_grid(k, PER_OCTAVE)}
    known[state.step] = state.parameters
    steps = tuple(sorted(known))
    return steps, np.stack([known[k] for k in steps]).astype(np.float64)


def random_directions(problem: Problem, parameters: Array, seed: int) -> Float64:
    """Two filter-normalised directions at some weights (P,), (2, P)."""
    found = np.zeros((2, problem.parameters))
    for which, flat in enumerate(found):
        pairs = zip(problem.split(flat), problem.split(parameters), strict=True)
        for layer, ((into, _), (weight, _)) in enumerate(pairs, 1):
            rows, columns = weight.shape
            drawn = draw(seed, layer, DIRECTION + which, rows, columns, "normal")
            into[:] = filter_normalised(drawn.astype(np.float64), weight.astype(np.float64))
    return found


def filter_normalised(direction: Float64, weight: Float64) -> Float64:
    """A direction whose rows have the norms of those of the weights, (out, in) each."""
    wanted, norms = (np.sqrt(np.square(one).sum(axis=1)) for one in (weight, direction))
    scaled: Float64 = direction * (wanted / (norms + TINY))[:, None]
    return scaled


def random_plane(problem: Problem, steps: Sequence[int], path: Float64, seed: int) -> Plane:
    """The plane of two random directions through the last weights of a path (n, P)."""
    directions = random_directions(problem, path[-1], seed)
    places, shares = projected(path - path[-1], directions)
    return Plane(path[-1].copy(), directions, tuple(steps), places, shares, components=False)


def path_plane(problem: Problem, steps: Sequence[int], path: Float64, seed: int) -> Plane:
    """The plane of a path's first two principal components; a random one for a path of one step.

    The first direction is that in which the path goes on the whole, the second that to which it
    bends. Of a straight path the second one is random.
    """
    with one_thread():
        return _path_plane(problem, steps, path, seed)


def _path_plane(problem: Problem, steps: Sequence[int], path: Float64, seed: int) -> Plane:
    away = path - path[-1]
    values, vectors = np.linalg.eigh(away @ away.T)
    if not values[-1] > 0:
        return random_plane(problem, steps, path, seed)
    first = _unit(away.T @ vectors[:, -1])
    first = first if away[0] @ first <= 0 else -first
    if len(values) > 1 and values[-2] > STRAIGHT * values[-1]:
        second = away.T @ vectors[:, -2]
    else:
        second = random_directions(problem, path[-1], seed)[0]
    second = _unit(second - (second @ first) * first)
    second = second if (away @ second).sum() >= 0 else -second
    directions = np.stack([first, second])
    places, shares = projected(away, directions)
    return Plane(path[-1].copy(), directions, tuple(steps), places, shares, components=True)


def _unit(direction: Float64) -> Float64:
    return direction / max(float(np.sqrt(direction @ direction)), 1e-300)


def projected(away: Float64, directions: Float64) -> tuple[Float64, tuple[float, float]]:
    """Differences (n, P) from the centre projected on a plane: places (n, 2), and its shares."""
    whole = float(np.square(away).sum())
    gram = directions @ directions.T
    if not whole > 0 or np.linalg.det(gram) <= 0:
        return np.zeros((len(away), 2)), (0.0, 0.0)
    dots = away @ directions.T
    places: Float64 = np.asarray(np.linalg.solve(gram, dots.T).T, np.float64)
    both = float((places * dots).sum()) / whole
    first = float(np.square(dots[:, 0]).sum()) / float(gram[0, 0]) / whole
    return places, (first, max(0.0, both - first))


@dataclass(frozen=True, eq=False)
class Points:
    """The points that a loss is measured over: inputs (n_in, N) and targets (n_out, N).

    Those before `first` only give the statistics of normalised layers, which are those of the first
    `counted` ones.
    """

    inputs: Array
    targets: Array
    first: int
    counted: int


def points_of(trainer: DenseTrainer, which: str, dtype: Any = np.float32) -> Points:
    """The training points or the tests that a trainer measures; training points without tests."""
    training, tests = trainer.measured_points
    chosen = tests if which == "tests" and tests.stop > tests.start else training
    rows = np.arange(chosen.start, chosen.stop)
    first, counted = 0, len(rows)
    if chosen is tests and any(trainer.problem.norms):
        first = counted = training.stop
        rows = np.concatenate([np.arange(training.stop), rows])
    inputs, targets = (np.ascontiguousarray(a[rows].T, dtype) for a in _both(trainer))
    return Points(inputs, targets, first, counted)


def _both(trainer: DenseTrainer) -> tuple[Any, Any]:
    return trainer.inputs, trainer.targets


def losses_at(problem: Problem, parameters: Array, points: Points) -> Float64:
    """The loss at some weights (G, P), in their precision: (G,) float64; not finite where it is."""
    count, start = len(parameters), 0
    units: Any = points.inputs
    pre: Any = units
    with np.errstate(all="ignore"), one_thread():
        for index, (rows, columns) in enumerate(problem.shapes):
            middle, end = start + rows * columns, start + rows * columns + rows
            weight = parameters[:, start:middle].reshape(count, rows, columns)
            pre = np.matmul(weight, units)
            norm = problem.norms[index] if problem.norms else None
            if norm is not None:
                counted = pre[:, :, : points.counted]
                mean = counted.mean(axis=2, keepdims=True)
                deviation = np.sqrt(counted.var(axis=2, keepdims=True) + pre.dtype.type(EPSILON))
                gains, shifts = (a.astype(pre.dtype)[:, None] for a in (norm.gains, norm.shifts))
                pre = gains * ((pre - mean) / deviation) + shifts
            pre += parameters[:, middle:end, None]
            units, start = activated(problem.activations[index], pre), end
        shown = slice(points.first, None)
        values = LOSSES[problem.loss].value(
            pre[:, :, shown], units[:, :, shown], points.targets[:, shown]
        )
        found: Float64 = values.sum(axis=1, dtype=np.float64).mean(axis=1)
    return found


def landscape(
    problem: Problem, plane: Plane, across: Float64, up: Float64, points: Points
) -> Steps[Float64]:
    """The loss at places `across` (n,) and `up` (m,) of a plane: (m, n), in the points' precision.

    Yields its progress.
    """
    dtype, count = points.inputs.dtype, len(across) * len(up)
    found = np.empty(count)
    work = (problem.parameters + UNIT * problem.hidden) * points.inputs.shape[1]
    at_once = max(1, int(AT_ONCE / work))
    for first in range(0, count, at_once):
        row, column = np.divmod(np.arange(first, min(count, first + at_once)), len(across))
        # Not a product: its last bits would depend on how many rows it has.
        moved = across[column, None] * plane.directions[0] + up[row, None] * plane.directions[1]
        found[first : first + len(row)] = losses_at(
            problem, (plane.center + moved).astype(dtype), points
        )
        yield (first + len(row)) / count
    return found.reshape(len(up), len(across))
