"""The thread that trains what is explored: what it makes ready, and when it stops."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from desktop import wait_for

from cppn_gl.nn.training.trainer import Trainer
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.sheet import cells
from cppn_gl.utils.checks import PresetError
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.facts import training
from cppn_gl.viewer.learning import MAX_PACE, Ready, at_step
from cppn_gl.viewer.training import rate_words
from cppn_gl.viewer.weights import Weights

LEARNS = Preset().replace(
    **{"depth": 3, "width": 5, "train.data": "gauss", "train.points": 60, "train.steps": 300}
)


@pytest.fixture
def explore() -> Iterator[Callable[[Preset], Explorer]]:
    explorers: list[Explorer] = []

    def start(preset: Preset) -> Explorer:
        explorers.append(Explorer(preset))
        explorers[-1].learning.set_pace(MAX_PACE)
        return explorers[-1]

    yield start
    for explorer in explorers:
        explorer.learning.close()


def ready(explorer: Explorer, what: Callable[[Ready], object] = lambda ready: True) -> Ready:
    """Turn the loop until a network is ready that passes a test."""

    def look() -> Ready | None:
        found = explorer.follow_training()
        return found if found is not None and what(found) else None

    found = wait_for(look, "a network that is ready")
    assert isinstance(found, Ready)
    return found


def shown(explorer: Explorer) -> Ready:
    """Turn the loop until the step that is wanted is shown."""
    return ready(explorer, lambda ready: ready.final and ready.step == explorer.step)


def assert_trained(one: Ready, preset: Preset) -> None:
    """That a network is the one that its step has without a window."""
    trainer = Trainer(preset)
    trainer.step(one.step)
    assert one.network.digest == trainer.network.digest


def test_a_preset_begins_at_step_0_and_trains_to_its_own(
    explore: Callable[[Preset], Explorer],
) -> None:
    explorer = explore(LEARNS)
    assert explorer.step == 0
    assert ready(explorer).step == 0
    assert_trained(ready(explorer, lambda one: one.step == 300), LEARNS)
    assert explorer.preset == LEARNS
    assert not explorer.learning.playing
    assert explorer.training_words() == "trained to step 300; L trains on"
    assert len(explorer.history) == 1  # a step of training is no step of the history


def test_training_goes_on_beyond_it_and_pauses(explore: Callable[[Preset], Explorer]) -> None:
    explorer = explore(at_step(LEARNS, 0))  # nothing is trained by itself
    assert ready(explorer).step == 0
    explorer.train()
    ready(explorer, lambda one: one.step > 300)
    explorer.train()
    assert explorer.message == "training paused"
    wait_for(lambda: (explorer.follow_training(), not explorer.learning.busy)[1], "the pause")
    assert_trained(explorer.learning.ready, LEARNS)  # type: ignore[arg-type]
    assert explorer.follow_training() is None


def test_other_steps_are_shown_again_and_snapshots_found(
    explore: Callable[[Preset], Explorer],
) -> None:
    explorer = explore(LEARNS)
    ready(explorer, lambda one: one.step == 300)
    explorer.seek(123)
    assert_trained(shown(explorer), LEARNS)
    explorer.train_back()
    found = shown(explorer)
    assert 100 < found.step < 123
    assert found.step in found.snapshots
    explorer.train_back(large=True)
    assert shown(explorer).step > found.step
    explorer.train_step(large=True)
    assert_trained(shown(explorer), LEARNS)
    explorer.train_reset()
    assert shown(explorer).step == 0
    explorer.train_back()
    assert explorer.message == "this is step 0"


def test_a_rate_counts_from_its_step_on(explore: Callable[[Preset], Explorer]) -> None:
    explorer = explore(LEARNS)
    ready(explorer, lambda one: one.step == 300)
    explorer.seek(200)
    before = shown(explorer).network
    explorer.rate_up()
    assert explorer.preset.train.changes == ((200, 0.1),)
    assert shown(explorer).network.digest == before.digest
    assert 300 not in explorer.learning.ready.snapshots  # type: ignore[union-attr]
    explorer.train_step(large=True)
    assert_trained(shown(explorer), explorer.preset)
    explorer.history_back()
    assert_trained(shown(explorer), LEARNS)


def test_what_changes_the_weights_begins_again_and_goes_on(
    explore: Callable[[Preset], Explorer],
) -> None:
    explorer = explore(LEARNS)
    ready(explorer, lambda one: one.step == 300)
    explorer.set_rate(0.5)
    explorer.deeper()
    assert explorer.step == 0
    assert explorer.preset.train.rate == 0.5
    assert not explorer.preset.train.changes
    assert shown(explorer).step == 0
    explorer.train()
    ready(explorer, lambda one: one.step > 10)
    explorer.change(**{"train.l2": 0.01})
    assert explorer.step == 0
    assert_trained(ready(explorer, lambda one: one.step > 10), explorer.preset)
    explorer.change(extent=2.0)  # only looked at
    assert explorer.step > 10


def test_trained_weights_of_a_file_are_shown_at_their_step(
    explore: Callable[[Preset], Explorer],
) -> None:
    kept = LEARNS.run.checkpoint(300)
    explorer = explore(at_step(LEARNS, 300).__class__(**vars(LEARNS) | {"kept": kept}))
    assert explorer.step == 300
    assert_trained(shown(explorer), LEARNS)
    assert not explorer.learning.playing


def test_what_cannot_be_trained_is_told_and_the_last_picture_stays(
    explore: Callable[[Preset], Explorer], tmp_path: Path
) -> None:
    explorer, weights = explore(LEARNS), Weights()
    before = weights.follow(explorer.preset, 0.0)
    (tmp_path / "wrong.csv").write_text("x,y,class\n1,2\n")
    explorer.choose_data(str(tmp_path / "wrong.csv"))
    wait_for(lambda: (explorer.follow_training(), explorer.learning.problem)[1], "the problem")
    assert explorer.learning.problem.startswith("train.data: wrong.csv:2: ")
    assert weights.follow(explorer.preset, 0.0, explorer.learning.ready)[1] is before[1]
    explorer.history_back()
    shown(explorer)
    assert not explorer.learning.problem


def test_divergence_is_told_and_the_last_network_shown(
    explore: Callable[[Preset], Explorer],
) -> None:
    wild = {"train.data": "plane", "activation": "relu", "train.rate": 1000, "train.steps": 200}
    explorer = explore(LEARNS.replace(**wild))
    wait_for(lambda: (explorer.follow_training(), not explorer.learning.playing)[1], "the end")
    words = explorer.training_words()
    assert words.startswith("training diverged at step ")
    assert words.endswith("a lower learning rate helps, Shift+G")
    network = explorer.learning.ready.network  # type: ignore[union-attr]
    assert all(np.isfinite(layer.weight).all() for layer in network.drawn)


def test_the_thread_ends_and_an_unforeseen_error_is_raised(
    explore: Callable[[Preset], Explorer], monkeypatch: pytest.MonkeyPatch
) -> None:
    explorer = explore(LEARNS)
    ready(explorer)
    thread = explorer.learning._thread
    assert thread is not None
    explorer.learning.close()
    assert not thread.is_alive()
    other = explore(LEARNS)
    monkeypatch.setattr("cppn_gl.viewer.learning.run_of", lambda preset: preset.nothing)
    with pytest.raises(AttributeError, match="nothing"):
        ready(other)


def test_where_a_schedule_has_ended_it_is_said_that_nothing_changes(
    explore: Callable[[Preset], Explorer],
) -> None:
    explorer = explore(LEARNS.replace(schedule="cosine", schedule_steps=300))
    assert rate_words(at_step(explorer.preset, 150)) == "0.015 (cosine of 0.03)"
    ready(explorer, lambda one: one.step == 300)
    assert explorer.training_words() == (
        "trained to step 300, where the rate has become 0; U starts again"
    )
    nothing = "but nothing changes: the rate is 0 since step 300 (train.schedule cosine)"
    explorer.train()
    assert explorer.message == f"training, {nothing}"
    explorer.train()
    explorer.rate_up()
    assert explorer.message.endswith(nothing)


def test_it_goes_on_through_what_was_trained_before_at_any_pace(
    explore: Callable[[Preset], Explorer], monkeypatch: pytest.MonkeyPatch
) -> None:
    preset = LEARNS.replace(seed=77)  # which no other test has trained
    explorer = explore(preset)
    ready(explorer, lambda one: one.step == 300)
    monkeypatch.setattr("cppn_gl.viewer.learning.CHUNK_SECONDS", 1e-9)  # as if steps took long
    explorer.seek(256)
    shown(explorer)
    explorer.learning.set_pace(20.0)  # 2 steps within BEHIND; the next snapshot is 16 later
    explorer.train()
    assert ready(explorer, lambda one: one.step > 256).step == 272
    explorer.seek(256)
    shown(explorer)
    explorer.learning.set_pace(200.0)
    explorer.learning.play(281)  # no snapshot
    assert_trained(ready(explorer, lambda one: one.step == 281), preset)


def test_data_of_a_file_that_vanishes_stay_while_they_are_learned(
    explore: Callable[[Preset], Explorer], tmp_path: Path
) -> None:
    path = tmp_path / "points.csv"
    path.write_text("0,1,0\n1,0,1\n2,2,0\n3,1,1\n")
    preset = LEARNS.replace(**{"train.data": str(path)})
    explorer = explore(preset)
    before = ready(explorer).preset.dataset
    path.unlink()
    assert explorer.preset.dataset is before
    assert_trained(ready(explorer, lambda one: one.step == 300), preset)
    explorer.learning.close()
    with pytest.raises(PresetError, match=r"points\.csv"):
        assert preset.dataset


def test_with_an_animated_step_time_leads_and_the_keys_say_so(
    explore: Callable[[Preset], Explorer],
) -> None:
    explorer = explore(LEARNS.replace(**{"animate.train.steps": (0, 200)}))
    ready(explorer)
    for action in (explorer.train, explorer.train_step, explorer.train_back, explorer.train_reset):
        explorer.message = ""
        action()
        assert "the time says which step is shown" in explorer.message
        assert not explorer.learning.playing
    assert training(explorer)[0][1] == "by the time"


def test_the_cells_of_a_sheet_train_with_it(explore: Callable[[Preset], Explorer]) -> None:
    sheet = LEARNS.replace(
        **{"show.view": "sheet", "sweep.cols": "train.rate=0.01,0.1", "train.steps": 120}
    )
    own = [cell.preset.run for cell in cells(sheet).cells]
    explorer = explore(sheet)
    one = ready(explorer, lambda ready: ready.step == 120)
    assert_trained(one, sheet)
    assert all(run.ready(120) for run in own)
    assert own[0].network(120).digest != own[1].network(120).digest
    explorer.change(**{"sweep.cols": "train.steps=20,40"})  # each has a step of its own
    explorer.learning.play()
    ready(explorer, lambda ready: ready.step > 130)
    explorer.change(**{"sweep.cols": "network.depth=2,4", "show.view": "picture"})
    ready(explorer, lambda ready: ready.step > 150)
    other = cells(explorer.preset.replace(**{"show.view": "sheet"})).cells[0].preset
    assert other.run.step == 0
    explorer.learning.pause()


def test_a_sheet_with_a_cell_that_cannot_be_trains_alone(
    explore: Callable[[Preset], Explorer],
) -> None:
    sheet = LEARNS.replace(
        **{"show.view": "sheet", "sweep.cols": 'train.data="gauss","nowhere.csv"'}
    )
    assert ready(explore(sheet), lambda ready: ready.step == 300).final
