"""Runs: step k is the same whatever was asked before, from any thread, within bounds of memory."""

import threading
from typing import Any

import numpy as np
import pytest

from cppn_gl import Preset, Trainer
from cppn_gl.nn.training import dense_trainer
from cppn_gl.nn.training import run as runs
from cppn_gl.nn.training.run import GRID, Run, next_on_grid, on_grid, run_of

KEYS = {
    "network.depth": 3,
    "network.width": 5,
    "network.init": "glorot_uniform",
    "train.data": "xor",
    "train.points": 60,
    "train.optimizer": "momentum",
}


def preset(steps: int = 0, **keys: Any) -> Preset:
    given = {n.replace("__", "."): v for n, v in keys.items()}
    return Preset().replace(**KEYS | {"train.steps": steps} | given)


def weights(steps: int, **keys: Any) -> np.ndarray:
    """Those of an undisturbed training."""
    alone = Trainer(preset(**keys))
    alone.step(steps)
    return alone.state.parameters


def flat(network: Any) -> np.ndarray:
    parts = [part.ravel() for layer in network.layers for part in (layer.weight, layer.bias)]
    return np.concatenate(parts)


def test_a_presets_network_is_that_of_its_step() -> None:
    for steps in (300, 7, 0, 299, 301):
        assert (flat(preset(steps).network()) == weights(steps)).all()


def test_what_is_shown_does_not_matter_and_what_is_learned_does() -> None:
    run = run_of(preset())
    assert run_of(preset(50, train__marks="none", view__extent=6.0)) is run
    assert run_of(preset(network__outputs=1)) is run
    assert run_of(preset(train__rate=0.5)) is not run
    assert run_of(preset(network__seed=5)) is not run


def test_a_large_run_leaves_room_for_a_small_one_but_not_for_a_large_one(monkeypatch: Any) -> None:
    runs._runs.clear()
    run_of(preset())
    monkeypatch.setattr(Run, "nbytes", 10 * runs.RUNS)
    run_of(preset(network__seed=11))
    assert len(runs._runs) == 2
    run_of(preset(network__seed=12))
    assert len(runs._runs) == 1
    runs._runs.clear()


def test_animated_steps_are_a_film_of_a_training() -> None:
    film = preset().replace(**{"animate.train.steps": [0, 200], "animation.easing": "linear"})
    assert film.animated
    assert film.network_moves
    half = film.at(film.animation.seconds / 2)
    assert half.train.steps == 100
    assert (flat(half.network()) == weights(100)).all()


def test_snapshots_and_history_are_on_a_geometric_grid() -> None:
    run = Run(preset())
    run.advance(steps=400)
    kept = [step for step in range(401) if on_grid(step, GRID)]
    assert list(run.snapshots) == kept
    assert kept[:34] == [*range(33), 34]
    assert len(kept) <= GRID * (400).bit_length()
    assert [next_on_grid(step, GRID) for step in kept[:-1]] == kept[1:]
    history = run.history
    assert history["step"].tolist() == kept
    assert history["gradient_norms"].shape == (len(kept), 3)
    again = Run(preset())
    for steps in (3, 60, 1, 336):
        again.advance(steps=steps)
    for name, values in again.history.items():
        assert np.array_equal(values, history[name], equal_nan=True), name
    alone = Trainer(preset())
    alone.step(kept[20])
    assert history["loss"][20] == alone.loss


def test_snapshots_are_thinned_where_they_would_take_too_much(monkeypatch: Any) -> None:
    run = Run(preset())
    monkeypatch.setattr(runs, "MEMORY", 20 * Trainer(preset()).state.nbytes)
    run.advance(steps=500)
    assert 10 <= len(run.snapshots) <= 20
    assert run.snapshots[0] == 0
    assert (flat(run.network(333)) == weights(333)).all()
    monkeypatch.setattr(runs, "MEMORY", 3 * Trainer(preset()).state.nbytes)
    run.advance(steps=600)
    assert run.snapshots == (0, 512, 1024)
    assert (flat(run.network(700)) == weights(700)).all()


def test_steps_are_prepared_in_slices_that_say_how_far_they_are() -> None:
    run = Run(preset())
    run._pace = runs.SLICE  # one step a slice at first
    fractions = list(run.prepare(500))
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] <= 1
    assert run.ready(500)
    assert list(run.prepare(500)) == []
    assert (flat(run.network(500)) == weights(500)).all()
    assert run.step == 500
    assert (flat(run.latest) == weights(500)).all()


def test_threads_that_want_different_steps_all_get_them() -> None:
    run, found, wanted = Run(preset()), {}, (150, 20, 400, 77, 333)

    def ask(step: int) -> None:
        found[step] = flat(run.network(step))

    threads = [threading.Thread(target=ask, args=(step,)) for step in wanted]
    threads.append(threading.Thread(target=run.advance, args=(300,)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert run.step >= 400
    for step in wanted:
        assert (found[step] == weights(step)).all(), step


def test_a_checkpoint_taken_over_before_waits_for_no_slice() -> None:
    run = Run(preset())
    kept = run.checkpoint(20)
    run.start_at(kept)
    asking = threading.Thread(target=run.start_at, args=(kept,), daemon=True)
    with run._turn():
        asking.start()
        asking.join(30)
        assert not asking.is_alive()


def test_a_changed_rate_goes_on_from_what_was_trained() -> None:
    run = Run(preset())
    run.advance(steps=100)
    changed = preset(train__changes=[[100, 0.3]])
    other = Run(changed)
    other.adopt(run, 100)
    assert other.step == 100
    assert other.history["step"].tolist() == run.history["step"].tolist()
    expected = weights(150, train__changes=[[100, 0.3]])
    assert (flat(other.network(150)) == expected).all()


def test_an_interrupted_slice_leaves_a_steps_state(monkeypatch: Any) -> None:
    run = Run(preset())
    run.advance(steps=40)
    inner = run.trainer._stepper.advance

    def interrupted(state: Any, *arguments: Any) -> None:
        inner(state, *arguments)
        state.parameters += 1
        raise KeyboardInterrupt

    monkeypatch.setattr(run.trainer._stepper, "advance", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.network(60)
    monkeypatch.undo()
    assert (flat(run.network(60)) == weights(60)).all()


def test_an_interrupted_measure_is_taken_all_the_same(monkeypatch: Any) -> None:
    run, expected = Run(preset()), Run(preset())
    run.advance(steps=20)
    expected.advance(steps=30)

    def interrupted(state: Any) -> Any:
        yield None
        raise KeyboardInterrupt

    monkeypatch.setattr(run.trainer, "measuring", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.network(30)
    monkeypatch.undo()
    run.network(30)
    assert run.history["loss"].tolist() == expected.history["loss"].tolist()


def test_measures_of_large_networks_are_fewer_and_taken_in_pieces(monkeypatch: Any) -> None:
    monkeypatch.setattr(dense_trainer, "MEASURED", (30, 2048))
    monkeypatch.setattr(dense_trainer, "WORK", 1)
    monkeypatch.setattr(dense_trainer, "SHORT", 0)
    monkeypatch.setattr(runs, "SLICE", 1e-5)
    run = Run(preset())
    slices = sum(1 for _ in run.prepare(5))
    assert run.history["step"].tolist() == [0, 1, 2, 4]
    layers = len(run.trainer.problem.shapes)
    assert slices >= 3 * 3 * layers
    assert [runs._measured_grid(effort) for effort in (1, 1.1, 2, 7.9, 99)] == [16, 8, 8, 2, 1]


def test_a_divergence_ends_a_run_at_the_last_finite_step() -> None:
    of = preset(2000, train__data="plane", train__rate=50.0, network__activation="identity")
    run = run_of(of)
    network = of.network()
    assert run.problem.startswith("training diverged at step ")
    assert 0 < run.step < 2000
    assert run.advance(steps=5) == 0
    assert run.network(10**6) is network
    assert run.ready(2000)


def test_progress_is_told_to_those_who_listen() -> None:
    told: list[float] = []
    run = Run(preset())
    with runs.reporting(lambda doing, fraction: told.append(fraction)):
        run._pace = runs.SLICE
        run.network(200)
    assert told
    assert told == sorted(told)
    count = len(told)
    run.network(210)
    assert len(told) == count


def test_only_whole_steps_can_be_asked_for() -> None:
    run = preset().run
    with pytest.raises(ValueError, match="step -1; expected 0 or more"):
        run.network(-1)
    with pytest.raises(TypeError):
        run.network(2.5)  # type: ignore[arg-type]
    assert run.network(np.int64(2)).digest == run.network(2).digest  # type: ignore[arg-type]
