"""Many trainings at once: each is, to the bit, what is trained alone."""

import contextlib
import dataclasses
from typing import Any

import numpy as np
import pytest

from cppn_gl import Preset, Trainer
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.training import batches, many
from cppn_gl.nn.training.dense_trainer import DenseTrainer
from cppn_gl.nn.training.losses import LOSSES
from cppn_gl.nn.training.many import Variants, losses, problem_of
from cppn_gl.nn.training.native_steps import NativeSteps
from cppn_gl.nn.training.optimizers import OPTIMIZERS
from cppn_gl.nn.training.schedules import SCHEDULES, rates
from cppn_gl.nn.training.state import State
from cppn_gl.nn.training.trainer import DivergedError
from cppn_gl.utils import native
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.native import PATH, Library
from cppn_gl.utils.tasks import at_once

NETWORK = {
    "network.depth": 2,
    "network.width": 5,
    "network.init": "glorot_uniform",
    "train.data": "moons",
    "train.points": 40,
    "train.data_noise": 0.1,
}


def trainer_of(**keys: Any) -> DenseTrainer:
    named = {name.replace("__", "."): value for name, value in keys.items()}
    found = Trainer(Preset().replace(**NETWORK | named))
    assert isinstance(found, DenseTrainer)
    return found


def variants_of(trainer: DenseTrainer, count: int, seed: int = 0) -> Variants:
    """All that may differ, does; some diverge, at the latest with unbounded activations."""
    rng = np.random.default_rng(seed)
    like = Variants.like(trainer, count)
    scale = rng.uniform(0.5, 2, count).astype(np.float32)
    return Variants(
        starts=like.starts * scale,
        rates=10 ** rng.uniform(-2, 1, count),
        layer_rates=10 ** rng.uniform(-1, 1, like.layer_rates.shape),
        momentum=rng.uniform(-0.2, 0.99, count),
    )


def alone(trainer: DenseTrainer, variants: Variants, which: int, steps: int) -> Float32:
    """The losses of one of them, step by step."""
    problem = dataclasses.replace(
        trainer.problem,
        momentum=float(variants.momentum[which]),
        layer_rates=tuple(variants.layer_rates[:, which]),
    )
    train = trainer.train.replace({"rate": float(variants.rates[which])})
    parameters = np.ascontiguousarray(variants.starts[:, which])
    state = State(0, parameters, np.zeros((problem.moments, len(parameters)), np.float32))
    one, found = NativeSteps(problem, Library(PATH)), np.full(steps, np.inf, np.float32)
    for k in range(steps):
        chosen = batches.samples(train.seed, trainer.dataset.training, train.batch, k, 1)
        one.advance(state, trainer.inputs[chosen], trainer.targets[chosen], rates(train, k, 1))
        if state.step == k:
            break
        found[k] = one.loss
        if not np.isfinite(state.parameters).all():
            break
    return found


def random_keys(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)

    def one_of(*values: Any) -> Any:
        return values[rng.integers(len(values))]

    data = one_of("moons", "blobs", "rings", "saddle")
    loss = one_of(*(name for name in LOSSES if data != "saddle" or name in ("squared", "absolute")))
    return {
        "network__depth": one_of(1, 2, 3, 4),
        "network__width": one_of(1, 3, 4, 8, 13, 33),
        "network__activation": one_of(*ACTIVATIONS),
        "train__data": data,
        "train__points": 500,
        "train__batch": one_of(1, 2, 5, 16, 30, 127, 128, 200),
        "train__loss": loss,
        "train__optimizer": one_of(*OPTIMIZERS),
        "train__l1": one_of(0, 0.01),
        "train__l2": one_of(0, 0.01),
        "train__biases": one_of(True, True, False),
        "train__schedule": one_of(*SCHEDULES),
        "train__schedule_steps": 4,
        "train__changes": one_of([], [[3, 0.2], [5, 0.1]]),
    }


@pytest.mark.native
@pytest.mark.parametrize("seed", range(40))
def test_each_has_the_bits_of_a_training_alone(seed: int) -> None:
    trainer = trainer_of(**random_keys(seed))
    variants = variants_of(trainer, 19, seed)
    found = at_once(losses(trainer, variants, 9, kernel="native"))
    for which in range(variants.count):
        expected = alone(trainer, variants, which, 9)
        assert found[:, which].tobytes() == expected.tobytes(), which
    assert np.isfinite(found[0]).any()


@pytest.mark.native
def test_one_ends_where_its_trainer_stops() -> None:
    """Also where a parameter overflows and the loss, of bounded units, does not."""
    trainer = trainer_of(
        network__activation="relu", train__data="saddle", train__optimizer="nesterov"
    )
    count, steps = 12, 60
    variants = dataclasses.replace(
        Variants.like(trainer, count), rates=np.geomspace(0.001, 100, count)
    )
    found = at_once(losses(trainer, variants, steps))
    ended = []
    for which, rate in enumerate(variants.rates):
        one = trainer_of(
            network__activation="relu",
            train__data="saddle",
            train__optimizer="nesterov",
            train__rate=float(rate),
        )
        finite = int(np.isfinite(found[:, which]).sum())
        assert np.isposinf(found[finite:, which]).all()
        try:
            one.step(steps)
        except DivergedError:
            ended.append(which)
            assert finite - one.steps in (0, 1)  # 1: it is the step that led to no numbers
        else:
            assert finite == steps
    assert 2 < len(ended) < count - 2


@pytest.mark.native
def test_bits_depend_on_no_neighbour_slice_thread_or_instruction_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys: dict[str, Any] = {"network__activation": "relu", "train__optimizer": "momentum"}
    trainer = trainer_of(**keys, train__batch=130, train__points=400, network__width=7)
    variants = variants_of(trainer, 83)
    expected = at_once(losses(trainer, variants, 40))
    ended = np.isinf(expected[-1])
    assert 10 < ended.sum() < 73

    order = np.random.default_rng(1).permutation(83)
    some = at_once(losses(trainer, variants.of(order[:50]), 40))
    assert some.tobytes() == expected[:, order[:50]].tobytes()
    for name, value in (("CALL", 1e5), ("GATHERED", 3000), ("CROWD", 32), ("FEWER", 0.99)):
        monkeypatch.setattr(many, name, value)
    for isa in Library(PATH).isas:
        for threads in (1, 2):
            monkeypatch.setattr(native, "library", lambda isa=isa: Library(PATH, isa))
            monkeypatch.setattr(many, "thread_count", lambda threads=threads: threads)
            again = at_once(losses(trainer, variants, 40))
            assert again.tobytes() == expected.tobytes()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_numpy_does_the_same_up_to_rounding(optimizer: str) -> None:
    keys: dict[str, Any] = {"train__optimizer": optimizer, "train__schedule": "cosine"}
    keys |= {"train__l1": 0.001, "train__l2": 0.01, "train__biases": optimizer != "sgd"}
    trainer = trainer_of(**keys, network__depth=3)
    variants = dataclasses.replace(variants_of(trainer, 70), rates=np.geomspace(1e-4, 1e-2, 70))
    found = at_once(losses(trainer, variants, 8, kernel="numpy"))
    for which in (0, 33, 69):
        train = trainer.train.replace({"rate": float(variants.rates[which])})
        problem = dataclasses.replace(
            trainer.problem,
            momentum=float(variants.momentum[which]),
            layer_rates=tuple(variants.layer_rates[:, which]),
        )
        expected = alone_by_numpy(trainer, train, problem, variants.starts[:, which], 8)
        np.testing.assert_allclose(found[:, which], expected, rtol=1e-5, atol=1e-6)
    if native.library() is not None:
        fast = at_once(losses(trainer, variants, 8, kernel="native"))
        np.testing.assert_allclose(found, fast, rtol=2e-5, atol=1e-6)


def alone_by_numpy(
    trainer: DenseTrainer, train: Any, problem: Any, start: Any, steps: int
) -> list[float]:
    """In float64, by the reference."""
    from cppn_gl.nn.training.gradients import forward
    from cppn_gl.nn.training.losses import total
    from cppn_gl.nn.training.numpy_steps import NumpySteps

    moments = np.zeros((problem.moments, len(start)))
    doubles: Any = start.astype(np.float64), moments
    state, found = State(0, *doubles), []
    for k in range(steps):
        chosen = batches.samples(train.seed, trainer.dataset.training, train.batch, k, 1)
        inputs, targets = (a[chosen].astype(np.float64) for a in (trainer.inputs, trainer.targets))
        last = forward(problem, state.parameters, inputs[0])[-1]
        found.append(total(problem.loss, last.pre, last.units, targets[0]))
        NumpySteps(problem).advance(state, inputs, targets, rates(train, k, 1))
    return found


def test_numpy_says_what_diverges() -> None:
    trainer = trainer_of(network__activation="relu", train__data="saddle")
    variants = dataclasses.replace(Variants.like(trainer, 2), rates=np.array([0.01, 100.0]))
    found = at_once(losses(trainer, variants, 30, kernel="numpy"))
    assert np.isfinite(found[:, 0]).all()
    assert np.isposinf(found[-1, 1])


def test_progress_rises_to_the_end_in_many_pieces() -> None:
    trainer = trainer_of(network__width=16)
    steps = losses(trainer, Variants.like(trainer, 300), 400)
    seen = [next(steps)]
    with contextlib.suppress(StopIteration):
        while True:
            seen.append(steps.send(0))
    assert seen == sorted(seen)
    assert len(seen) > 3
    assert 0 <= seen[0] <= seen[-1] <= 1


def test_no_trainings_and_no_steps() -> None:
    trainer = trainer_of()
    assert at_once(losses(trainer, Variants.like(trainer, 0), 3)).shape == (3, 0)
    assert at_once(losses(trainer, Variants.like(trainer, 3), 0)).shape == (0, 3)


def test_what_cannot_be_trained_side_by_side_is_said() -> None:
    assert problem_of(trainer_of()) == ""
    for keys, words in (
        ({"train__dropout": 0.5}, "dropout"),
        ({"normalize__which": "all"}, "normalised"),
        ({"network__width": 512, "network__depth": 4, "train__batch": 4096}, "too large"),
    ):
        trainer = trainer_of(**keys)
        assert words in problem_of(trainer)
        with pytest.raises(ValueError, match=words):
            at_once(losses(trainer, Variants.like(trainer, 2), 1))


def test_wrong_arrays_are_refused() -> None:
    trainer = trainer_of()
    variants = Variants.like(trainer, 2)
    for wrong in (
        dataclasses.replace(variants, starts=variants.starts[1:]),
        dataclasses.replace(variants, layer_rates=variants.layer_rates[1:]),
        dataclasses.replace(variants, momentum=variants.momentum[1:]),
    ):
        with pytest.raises(ValueError, match="of shape"):
            at_once(losses(trainer, wrong, 1))
    with pytest.raises(ValueError, match="no kernel"):
        at_once(losses(trainer, variants, 1, kernel="cuda"))
