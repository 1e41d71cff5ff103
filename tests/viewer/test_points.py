"""Points that a network learns, edited by mouse."""

from collections.abc import Iterator

import numpy as np
import pytest

from cppn_gl.preset.preset import Preset
from cppn_gl.viewer.explorer import Explorer

PIXEL = 0.02


@pytest.fixture
def explorer() -> Iterator[Explorer]:
    keys = {"depth": 2, "width": 4, "train.data": "xor", "train.points": 40, "extent": 6.0}
    explorer = Explorer(Preset().replace(**keys, view="picture"))
    explorer.edit_points()
    yield explorer
    explorer.learning.close()


def point(explorer: Explorer, x: float, y: float) -> None:
    explorer.pointed_place = lambda: (x, y, PIXEL)


def test_a_click_adds_a_point_and_makes_the_data_the_presets_own(explorer: Explorer) -> None:
    before = explorer.preset.dataset
    point(explorer, 0.0, 0.01)
    explorer.edit_points()  # class 1
    assert explorer.press_point()
    train = explorer.preset.train
    assert (train.data, train.target, train.test_fraction) == ("own", "classes", 0)
    assert train.own[-1] == (0, 0.01, 1)
    assert len(train.own) == 41
    found = explorer.preset.dataset
    assert found.training == 41
    assert set(np.round(found.x, 9)) == {*np.round(before.x, 9), 0.0}
    explorer.history_back()
    assert explorer.preset.train.data == "xor"


def test_a_point_is_moved_and_removed(explorer: Explorer) -> None:
    x, y, third = explorer.own_points[7]
    point(explorer, x + 3 * PIXEL, y)
    assert explorer.press_point()
    assert explorer.preset.train.data == "xor"  # nothing has changed yet
    point(explorer, -5.5, 0.25)
    assert explorer.drag_point()
    assert explorer.release_point()
    assert not explorer.drag_point()
    assert explorer.preset.train.own[7] == (-5.5, 0.25, third)
    assert explorer.remove_point()
    assert len(explorer.preset.train.own) == 39
    assert not explorer.remove_point()  # nothing is there now


def test_a_drag_ends_when_another_preset_is_opened(explorer: Explorer) -> None:
    point(explorer, *explorer.own_points[7][:2])
    assert explorer.press_point()
    other = explorer.preset.replace(seed=5)
    explorer.load(other)
    assert not explorer.drag_point()
    assert explorer.preset.train.data == "xor"


def test_the_network_is_trained_again_to_the_same_step(explorer: Explorer) -> None:
    explorer.seek(50)
    point(explorer, 0.0, 0.0)
    explorer.press_point()
    assert explorer.step == 50


def test_classes_follow_each_other_and_a_new_one_can_be_added(explorer: Explorer) -> None:
    point(explorer, 0.0, 0.0)
    assert explorer.brushes == (0, 1, 2)
    explorer.edit_points()
    explorer.edit_points()
    assert "class 2, green (new)" in explorer.message
    explorer.press_point()
    assert explorer.preset.dataset.classes == 3
    explorer.edit_points(large=True)
    assert not explorer.press_point()


def test_points_of_a_regression_have_values(explorer: Explorer) -> None:
    explorer.choose_data("plane")
    assert explorer.brushes == (-1, 0, 1)
    point(explorer, 0.0, 0.0)
    explorer.press_point()
    assert explorer.preset.train.target == "values"
    assert explorer.preset.dataset.kind == "values"


def test_own_points_begin_with_those_there_are(explorer: Explorer) -> None:
    explorer.choose_data("own")
    assert len(explorer.preset.train.own) == 40
    assert explorer.preset.dataset.classes == 2


def test_there_must_be_points_to_edit() -> None:
    explorer = Explorer(Preset())
    explorer.edit_points()
    assert "no data" in explorer.message
    assert not explorer.press_point()
