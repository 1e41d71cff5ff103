"""What a network that learns pictures answers, in the view learning."""

import numpy as np
import pytest
from stripes import learner, stripes

import cppn_gl
from cppn_gl.preset.preset import Preset
from cppn_gl.views.plots.answers import Answers, answers_of, paint
from cppn_gl.views.plots.canvas import PlotCanvas


@pytest.fixture(scope="module")
def preset(tmp_path_factory: pytest.TempPathFactory) -> Preset:
    folder = stripes(tmp_path_factory.mktemp("answers") / "stripes")
    return learner(folder, **{"show.view": "learning", "train.rate": 0.003})


def found(preset: Preset) -> Answers:
    *_, last = answers_of(preset, preset.network())
    assert last is not None
    return last


def test_each_test_is_counted_once(preset: Preset) -> None:
    for step in (0, 3, 40):
        there = preset.replace(**{"train.steps": step})
        of, measures = found(there), there.run.measures(step)
        assert of.counts.sum() == 10
        assert np.trace(of.counts) == pytest.approx(10 * measures.test_accuracy)
        assert len(of.wrong) == len(of.classes) == 10 - np.trace(of.counts)
        assert (of.classes != of.answers).all()
        assert of.names == ("across", "up")


def test_answers_of_a_step_between_measures_are_those_of_the_last_measure(preset: Preset) -> None:
    run = preset.run
    run.network(48)
    measured = set(run.history["step"].tolist())
    between = next(step for step in range(33, 48) if step not in measured)
    before = max(step for step in measured if step < between)
    one, other = (found(preset.replace(**{"train.steps": step})) for step in (between, before))
    np.testing.assert_array_equal(one.counts, other.counts)


def test_the_table_and_wrong_pictures_are_drawn(preset: Preset) -> None:
    of = found(preset)
    assert len(of.wrong)
    canvas = PlotCanvas((480, 300), 12)
    ground = canvas.pixels.copy()
    paint(canvas, (0, 0, 480, 300), of)
    changed = (canvas.pixels != ground).any(axis=2)
    assert changed[:, :200].any()
    assert changed[:, 360:].any()
    small = PlotCanvas((40, 20), 12)
    paint(small, (0, 0, 40, 20), of)


def test_the_view_shows_them_beside_the_curves(preset: Preset) -> None:
    with cppn_gl.Renderer("numpy") as renderer:
        for size in ((640, 400), (300, 420), (64, 48)):
            trained = renderer.render(preset.replace(**{"train.steps": 40}), size=size)
            start = renderer.render(preset, size=size)
            assert trained.shape == (size[1], size[0], 3)
            assert (trained != start).any()
