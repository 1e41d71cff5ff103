"""The plots of a training: what they show, and that they show it up to the step."""

import numpy as np
import pytest

from cppn_gl import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.utils.arrays import Size
from cppn_gl.utils.class_colors import CLASS_COLORS
from cppn_gl.views.plots.learning import (
    MARK,
    LearningView,
    across,
    axis_end,
    log_limits,
    panels,
    progress,
    step_marks,
    summary,
)

LEARNER = Preset().replace(depth=3, width=5, extent=6.0, activation="relu", view="learning")
LEARNER = LEARNER.replace(
    **{"train.data": "circle", "train.points": 60, "train.steps": 70, "train.rate": 0.1}
)
VALUES = LEARNER.replace(activation="tanh", **{"train.data": "plane"})
SIZE = (640, 400)


def scene(preset: Preset = LEARNER, **keys: object) -> Scene:
    return scene_of(preset.replace(**{f"train.{name}": value for name, value in keys.items()}))


def test_measures_are_those_of_the_run_up_to_the_step() -> None:
    of = progress(LEARNER)
    LEARNER.run.network(120)
    again = progress(LEARNER)
    assert of.steps[0] == 0
    assert of.steps[-1] <= 70 < LEARNER.run.history["step"][-1]
    assert np.array_equal(of.steps, again.steps)
    assert of.gradients.shape == (len(of.steps), 3)
    assert of.dead.shape == of.saturated.shape == (len(of.steps), 2)
    known = {m: LEARNER.run.measures(int(step)) for m, step in enumerate(of.steps)}
    assert all(of.losses[0][k] == m.loss for k, m in known.items())
    assert all(of.accuracies[1][k] == m.test_accuracy for k, m in known.items())


def test_panels_are_loss_and_accuracy_and_layer_by_layer() -> None:
    left, right = panels(progress(LEARNER))
    assert [panel.titles[-1] for panel in left] == ["loss", "accuracy, %"]
    assert [panel.titles[-1] for panel in right] == ["gradient", "saturated, %", "dead, %"]
    assert [line.label for line in left[0].lines] == ["training", "tests"]
    assert [len(panel.lines) for panel in right] == [3, 2, 2]
    for panel in (*left, *right):
        for line in panel.lines:
            good = line.y[np.isfinite(line.y)]
            assert (good >= panel.y[0]).all()
            assert (good <= panel.y[1]).all()
            assert (line.x <= panel.x[1]).all()
    left, right = panels(progress(VALUES))  # no classes, and no unit of tanh dies
    assert [panel.titles[-1] for panel in (*left, *right)] == ["loss", "gradient", "saturated, %"]


@pytest.mark.parametrize(("steps", "end"), [(0, 10), (10, 10), (11, 20), (70, 100), (4000, 5000)])
def test_the_axis_ends_at_a_round_step(steps: int, end: int) -> None:
    preset = LEARNER.replace(**{"train.steps": steps})
    assert axis_end(preset) == end
    assert step_marks(end)[0] == (0.0, "0")
    assert step_marks(end)[-1][0] <= across(end)
    film = preset.replace(**{"animate.train.steps": [0, 9000]})
    assert axis_end(film) == 10_000


def test_logarithmic_limits_are_round_and_hold_the_values() -> None:
    for values in ([0.3, 0.5], [1e-7, 40.0], [2.0], [np.nan, 0.0]):
        low, high = log_limits(np.array(values))
        good = [value for value in values if value > 0]
        assert all(low < value < high for value in good)
        assert high >= 2 * low
        for end in (low, high):
            assert float(f"{end:.0e}") == pytest.approx(end)
            assert f"{end:.0e}"[0] in "125"


def test_the_summary_has_the_numbers_of_the_step() -> None:
    step, losses, accuracies = summary(progress(LEARNER))
    assert step == "step 70"
    assert losses.startswith("loss ")
    assert " · tests " in losses
    assert accuracies.endswith(" %")
    assert len(summary(progress(VALUES))) == 2
    lost = LEARNER.replace(**{"train.data": "plane", "train.rate": 1000.0, "train.steps": 4000})
    step, why = summary(progress(lost))
    assert step == "step 4,000"
    assert why.startswith("diverged at step ")


def test_tests_are_named_where_there_are_some() -> None:
    panel = panels(progress(LEARNER.replace(**{"train.test_fraction": 0.0})))[0][0]
    assert [line.label for line in panel.lines] == ["training"]


@pytest.mark.parametrize("size", [(640, 400), (320, 200), (1280, 720), (300, 700), (40, 30)])
def test_the_step_is_marked_in_every_plot(size: Size) -> None:
    view = LearningView()
    words = view.overlay(scene(), size)
    assert words is not None
    assert words.shape == (size[1], size[0], 4)
    assert words[..., 3].min() == 255
    if min(size) < 100:
        return
    columns = (np.abs(words[..., :3].astype(int) - MARK).max(axis=2) < 40).sum(axis=0)
    assert np.count_nonzero(columns > size[1] * 0.08) >= 1
    keys = [
        (np.abs(words[..., :3].astype(int) - ink).max(axis=2) < 6).sum() for ink in CLASS_COLORS[:2]
    ]
    assert min(keys) > 4  # what the colours of the classes mean


def test_a_point_of_a_plot_is_a_step_and_a_click_shows_it() -> None:
    view, of = LearningView(), scene()
    hits = {}
    for x in range(0, SIZE[0], 3):
        hit = view.hit(of, SIZE, (x, 120))
        if hit is not None:
            hits[x] = hit
    steps = [hit.changes["train.steps"] for hit in hits.values()]
    assert {0, 64} <= set(steps)
    assert all(
        hit.words.startswith(f"step {step}, loss ")
        for hit, step in zip(hits.values(), steps, strict=True)
    )
    assert view.hit(of, SIZE, (1, 1)) is None
    x = next(x for x, hit in hits.items() if hit.changes["train.steps"] > 3)
    assert not np.array_equal(view.overlay(of, SIZE, (x, 120)), view.overlay(of, SIZE))


def test_more_training_does_not_change_the_picture_of_a_step() -> None:
    fresh = LEARNER.replace(**{"train.seed": 5})
    first = LearningView().overlay(scene(fresh), SIZE)
    fresh.run.network(300)
    assert np.array_equal(LearningView().overlay(scene(fresh), SIZE), first)


def test_a_network_that_does_not_learn_is_refused() -> None:
    assert (
        LearningView().problem(Preset()) == "shows a network that learns: choose data (train.data)"
    )
    assert LearningView().problem(LEARNER) == ""
