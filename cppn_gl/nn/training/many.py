"""Many trainings of one problem side by side, which differ in start, rates and momentum.

DenseTrainer, Variants of n trainings -> losses() -> the loss of each before each step, (steps, n)

Each is the training that a Trainer with these hyperparameters does alone: with the native library
to the bit, whatever the others are, and whatever the threads and slices. It ends where that one
stops: at the first loss that is not finite, or after the step that leads to such a parameter.
"""

import time as wall
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.activations import activate, derivative
from cppn_gl.nn.training import batches, native_steps
from cppn_gl.nn.training import losses as loss_table
from cppn_gl.nn.training.dense_trainer import DenseTrainer
from cppn_gl.nn.training.optimizers import OPTIMIZERS, corrections
from cppn_gl.nn.training.schedules import factors
from cppn_gl.utils import native
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.native import Library
from cppn_gl.utils.native_many import LANES, PACE, Crowd
from cppn_gl.utils.tasks import Steps, left
from cppn_gl.utils.threads import one_thread, shared_out, thread_count

KERNELS = ("auto", "native", "numpy")
BLOCK = 64  # trainings that NumPy does together
CROWD = 128  # trainings of a block of the native library, at most
CALL = 4e7  # operations of one call of it, about: some 2 ms
STEP = 1e8  # the most of one step of LANES trainings: some 5 ms
FEWER = 0.75  # of a block's trainings: if no more are going on, the others are left out
GATHERED = 2**17  # numbers of the batches that are in memory


@dataclass(frozen=True, eq=False)
class Variants:
    """Hyperparameters of n trainings of one problem: the same points and batches.

    starts (P, n) float32: the parameters of step 0. rates (n,) float64: `[train] rate`, which
    `changes` replace. layer_rates (layers, n) float64: factors on it. momentum (n,) float64.
    """

    starts: Float32
    rates: Float64
    layer_rates: Float64
    momentum: Float64

    @property
    def count(self) -> int:
        return len(self.rates)

    @classmethod
    def like(cls, trainer: DenseTrainer, count: int) -> Self:
        """`count` times what the trainer itself does from step 0: arrays to be changed."""
        problem = trainer.problem
        return cls(
            np.repeat(start_of(trainer)[:, None], count, 1),
            np.full(count, float(trainer.train.rate)),
            np.repeat(problem.rate_factors[:, None], count, 1),
            np.full(count, float(problem.momentum)),
        )

    def of(self, which: Any) -> "Variants":
        """Some of them, by indices, a mask or a slice."""
        return Variants(
            self.starts[:, which],
            self.rates[which],
            self.layer_rates[:, which],
            self.momentum[which],
        )


def start_of(trainer: DenseTrainer) -> Float32:
    """The parameters of step 0, (P,)."""
    parts = [part.ravel() for layer in trainer.start.layers for part in (layer.weight, layer.bias)]
    return np.concatenate(parts).astype(np.float32)


def problem_of(trainer: Any) -> str:
    """Why trainings cannot run side by side, in words; "" if they can."""
    if not isinstance(trainer, DenseTrainer):
        return "networks that see pictures are trained one at a time"
    if any(norm is not None for norm in trainer.problem.norms):
        return "normalised layers are trained one network at a time"
    if trainer.train.dropout:
        return "networks with dropout are trained one at a time"
    if step_work(trainer) * LANES > STEP:
        return "the network and its batch are too large for many trainings at once"
    return trainer.dataset.problem


def losses(
    trainer: DenseTrainer, variants: Variants, steps: int, *, kernel: str = "auto"
) -> Steps[Float32]:
    """The losses of the batch before each step, (steps, n) float32: +inf from where one ends.

    kernel: native, numpy, or auto for the native library where it can. Yields often, with its
    progress; uses all threads. Raises ValueError where `problem_of` says why, for arrays of other
    shapes, and for a kernel that cannot.
    """
    if why := problem_of(trainer):
        raise ValueError(why)
    _check(trainer, variants, steps)
    if kernel not in KERNELS:
        raise ValueError(f"no kernel {kernel!r}; expected one of {' '.join(KERNELS)}")
    library = native.library()
    why = native.problem() if library is None else native_steps.problem_of(trainer.problem, library)
    if kernel == "native" and why:
        raise ValueError(f"the native library cannot train these: {why}")
    if kernel == "numpy" or library is None or why:
        return (yield from _numpy(trainer, variants, steps))
    return (yield from _native(library, trainer, variants, steps))


def step_work(trainer: DenseTrainer) -> float:
    """The operations of a step, about: 6 of each parameter and sample, 40 of each activation."""
    problem = trainer.problem
    units = sum(rows for rows, _ in problem.shapes)
    batch: int = trainer.train.batch
    return batch * (6.0 * problem.parameters + 40.0 * units)


def _check(trainer: DenseTrainer, variants: Variants, steps: int) -> None:
    problem, n = trainer.problem, variants.count
    shapes = {
        "starts": (problem.parameters, n),
        "rates": (n,),
        "layer_rates": (len(problem.shapes), n),
        "momentum": (n,),
    }
    for name, shape in shapes.items():
        found = getattr(variants, name).shape
        if found != shape:
            raise ValueError(f"{name} of shape {found}; expected {shape}")
    if steps < 0:
        raise ValueError(f"{steps} steps; expected 0 or more")


@dataclass(frozen=True, eq=False)
class Plan:
    """What steps first … have in common for all trainings.

    inputs (k, batch, n_in), targets (k, batch, n_out). rates (k,): what replaces the rate of each
    training, or NaN; factors (k,): of the schedule.
    """

    first: int
    inputs: Float32
    targets: Float32
    rates: Float64
    factors: Float64


def planned(trainer: DenseTrainer, first: int, steps: int) -> Plan:
    """The plan of some steps, fewer than asked for if they are large."""
    train, size = trainer.train, trainer.inputs.shape[1] + trainer.targets.shape[1]
    count = max(1, min(steps, GATHERED // (train.batch * size)))
    chosen = batches.samples(train.seed, trainer.dataset.training, train.batch, first, count)
    return Plan(
        first, trainer.inputs[chosen], trainer.targets[chosen], *factors(train, first, count)
    )


class _Crowd:
    """A block of trainings in the native library. Those that have ended leave it.

    done: the steps of the plan that are done.
    """

    def __init__(self, crowd: Crowd, moments: int, variants: Variants, first: int):
        self.done = 0
        self._crowd = crowd
        self._places = np.arange(first, first + variants.count)  # columns of the results
        self._parameters = np.array(variants.starts, np.float32, order="C")
        self._moments = np.zeros((moments, *self._parameters.shape), np.float32)
        self._rates = np.ascontiguousarray(variants.rates, np.float64)
        self._layer_rates = np.ascontiguousarray(variants.layer_rates, np.float64)
        self._momentum = np.ascontiguousarray(variants.momentum, np.float32)

    @property
    def count(self) -> int:
        """The trainings that are still here."""
        return len(self._places)

    def advance(self, plan: Plan, paces: NDArray[np.void], work: float, into: Float32) -> None:
        """Do one call's steps of a plan; `into` (steps, n): the losses of all trainings."""
        room = max(1, int(CALL / work / max(LANES, self.count)))
        some = slice(self.done, min(self.done + room, len(paces)))
        losses = np.empty((some.stop - some.start, self.count), np.float32)
        self._crowd.train(
            plan.inputs[some],
            plan.targets[some],
            paces[some],
            (self._rates, self._layer_rates, self._momentum),
            self._parameters,
            self._moments,
            losses,
        )
        into[some, self._places] = losses
        self.done = some.stop
        going = np.isfinite(self._parameters[0])
        if going.sum() <= FEWER * self.count:
            self._places, self._rates = self._places[going], self._rates[going]
            self._momentum = self._momentum[going]
            for name in ("_parameters", "_moments", "_layer_rates"):
                setattr(self, name, np.ascontiguousarray(getattr(self, name)[..., going]))


def _native(
    library: Library, trainer: DenseTrainer, variants: Variants, steps: int
) -> Steps[Float32]:
    """By the native library, block by block, on all threads."""
    problem, n, work = trainer.problem, variants.count, step_work(trainer)
    how = problem.loss, problem.optimizer, problem.l1, problem.l2, problem.biases
    crowd = Crowd(library, problem.shapes, problem.activations, trainer.train.batch, *how)
    found = np.full((steps, n), np.inf, np.float32)
    fit = min(int(CALL / work / LANES), -(-n // thread_count() // LANES))
    size = max(LANES, min(CROWD, fit * LANES))
    blocks = [
        _Crowd(crowd, problem.moments, variants.of(slice(k, k + size)), k)
        for k in range(0, n, size)
    ]
    deadline, first = (yield 0.0), 0
    while first < steps and (rest := [block for block in blocks if block.count]):
        plan = planned(trainer, first, steps - first)
        count, paces = len(plan.rates), _paces(plan, problem.moments == 2)
        into = found[first : first + count]
        for block in rest:
            block.done = 0
        together = thread_count()
        while rest:
            start = wall.perf_counter()
            some = rest[:together]
            call = partial(_advance, some, plan, paces, work, into)
            shared_out(call, range(len(some)))
            rest = [block for block in rest if block.done < count and block.count]
            taken = wall.perf_counter() - start
            open_steps = sum(count - block.done for block in rest) / len(blocks)
            deadline = yield (first + count - open_steps) / steps
            rounds = max(1, int(left(deadline) * len(some) / thread_count() / taken))
            together = thread_count() * rounds
        first += count
    return found


def _advance(
    blocks: list[_Crowd],
    plan: Plan,
    paces: NDArray[np.void],
    work: float,
    into: Float32,
    number: int,
) -> None:
    blocks[number].advance(plan, paces, work, into)


def _paces(plan: Plan, adam: bool) -> NDArray[np.void]:
    """What makes the rates of each step of a plan in the native library."""
    paces = np.zeros(len(plan.rates), PACE)
    first, second = np.ones((2, len(paces)))
    if adam:
        first, second = corrections(np.arange(plan.first, plan.first + len(paces)))
    columns = {"rate": plan.rates, "factor": plan.factors, "first": first, "second": 1 / second}
    for name, column in columns.items():
        paces[name] = column
    return paces


def _numpy(trainer: DenseTrainer, variants: Variants, steps: int) -> Steps[Float32]:
    """The same formulas in NumPy, in float32, BLOCK trainings at a time."""
    found = np.full((steps, variants.count), np.inf, np.float32)
    first = 0
    blocks = [
        _Block(trainer, variants.of(slice(k, k + BLOCK))) for k in range(0, variants.count, BLOCK)
    ]
    while first < steps:
        plan = planned(trainer, first, steps - first)
        for number, block in enumerate(blocks):
            into = found[first : first + len(plan.rates), number * BLOCK :][:, :BLOCK]
            for k in range(len(plan.rates)):
                if not block.ended.all():
                    with one_thread(), np.errstate(all="ignore"):
                        into[k] = block.step(plan, k)
                done = number + (k + 1) / len(plan.rates)
                yield (first + len(plan.rates) * done / len(blocks)) / steps
        first += len(plan.rates)
    return found


class _Block:
    """Some trainings, with arrays (…, n)."""

    def __init__(self, trainer: DenseTrainer, variants: Variants):
        self._problem, self._variants = trainer.problem, variants
        self._parameters = variants.starts.copy()
        shape = (self._problem.moments, *self._parameters.shape)
        self._moments = np.zeros(shape, np.float32)
        self.ended: NDArray[np.bool_] = np.zeros(variants.count, bool)

    def step(self, plan: Plan, k: int) -> Float32:
        """Do a step of a plan; the losses before it, (n,)."""
        problem, variants, n = self._problem, self._variants, len(self.ended)
        self.ended |= ~np.isfinite(self._parameters).all(axis=0)
        layers = []
        start = 0
        for rows, columns in problem.shapes:
            middle, end = start + rows * columns, start + rows * (columns + 1)
            layers.append((slice(start, middle), slice(middle, end)))
            start = end
        units: Any = np.repeat(plan.inputs[k][..., None], n, 2)  # (batch, n_in, n)
        passed = []
        for (rows, columns), (w, b), name in zip(
            problem.shapes, layers, problem.activations, strict=True
        ):
            weight = self._parameters[w].reshape(rows, columns, n)
            pre = np.einsum("rcn,scn->srn", weight, units) + self._parameters[b]
            passed.append((units, pre))
            units = activate(name, pre).astype(np.float32)
        targets, size = plan.targets[k][..., None], np.float32(len(plan.targets[k]))
        row = loss_table.LOSSES[problem.loss]
        value = row.value(passed[-1][1], units, targets).sum(axis=(0, 1)) / size
        d = loss_table.delta(
            problem.loss, derivative(problem.activations[-1], passed[-1][1]), units, targets
        )
        d = np.asarray(d / size, np.float32)
        gradient = np.empty_like(self._parameters)
        for index in range(len(layers) - 1, -1, -1):
            (rows, columns), (w, b) = problem.shapes[index], layers[index]
            units, _ = passed[index]
            gradient[w] = np.einsum("srn,scn->rcn", d, units).reshape(-1, n)
            gradient[b] = d.sum(axis=0)
            if index:
                weight = self._parameters[w].reshape(rows, columns, n)
                d = np.einsum("srn,rcn->scn", d, weight)
                before = derivative(problem.activations[index - 1], passed[index - 1][1])
                d = np.asarray(d * before, np.float32)
        base = variants.rates if np.isnan(plan.rates[k]) else np.full(n, plan.rates[k])
        rate = (base * plan.factors[k]).astype(np.float32).astype(np.float64)
        for index, (w, b) in enumerate(layers):
            self._update(w, b, gradient, rate * variants.layer_rates[index], plan.first + k)
        self.ended |= ~np.isfinite(value)
        return np.where(self.ended, np.float32(np.inf), value)

    def _update(self, w: slice, b: slice, gradient: Any, rate: Float64, step: int) -> None:
        problem, weight = self._problem, self._parameters[w]
        if problem.l1:
            gradient[w] += np.float32(problem.l1) * np.sign(weight)
        if problem.l2 and not problem.decoupled:
            gradient[w] += np.float32(problem.l2) * weight
        if problem.l2 and problem.decoupled:
            weight *= (1 - rate * problem.l2).astype(np.float32)
        learned = slice(w.start, b.stop if problem.biases else w.stop)
        OPTIMIZERS[problem.optimizer].update(
            self._parameters[learned],
            gradient[learned],
            self._moments[:, learned],
            rate,
            step,
            self._variants.momentum,
        )
