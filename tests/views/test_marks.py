"""Points and the boundary over a picture: where they are, and how they look."""

import numpy as np
import pytest

from cppn_gl import Preset, Renderer
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.utils.arrays import Size
from cppn_gl.views import view_of
from cppn_gl.views.base import Words
from cppn_gl.views.marks import LIGHT, has_marks, inks, marks_of, placed, radius_of

SIZE = (320, 200)
LEARNER = Preset().replace(
    depth=2, width=3, outputs=1, extent=6.0, activation="tanh", **{"train.data": "own"}
)
OWN = [[-3.0, 2.0, 0], [3.0, 2.0, 1], [-3.0, -2.0, 2], [3.0, -2.0, 0], [0.0, 0.0, 1]]
LEARNER = LEARNER.replace(**{"train.own": OWN, "train.test_fraction": 0.4})


def scene(**keys: object) -> Scene:
    return scene_of(LEARNER.replace(**{f"train.{name}": value for name, value in keys.items()}))


def marks(size: Size = SIZE, **keys: object) -> Words:
    words = marks_of(scene(**keys), size)
    assert words is not None
    return words


def at(words: Words, number: int, size: Size = SIZE) -> list[int]:
    x, y = placed(LEARNER.dataset, LEARNER.view, size)[number]
    return [int(value) for value in words[int(y), int(x)]]


@pytest.mark.parametrize("size", [(320, 200), (960, 540), (200, 320)])
def test_training_points_are_filled_and_test_points_hollow(size: Size) -> None:
    data, words = LEARNER.dataset, marks(size)
    assert (data.training, len(data.x)) == (3, 5)
    for number in range(5):
        middle = at(words, number, size)
        assert middle[3] == 255
        expected = inks(data)[number] if number < 3 else LIGHT
        assert np.abs(np.array(middle[:3]) - expected).max() <= 8


def test_a_point_is_where_the_picture_has_its_coordinates() -> None:
    x, y = placed(LEARNER.dataset, LEARNER.view, SIZE).T
    assert np.allclose((x - 160) * 6 / 100, LEARNER.dataset.x)
    assert np.allclose((100 - y) * 6 / 100, LEARNER.dataset.y)


def test_they_are_larger_in_larger_pictures_and_smaller_in_crowds() -> None:
    few, many = (np.random.default_rng(1).uniform(0, 200, (n, 2)) for n in (50, 5000))
    assert radius_of(few, (200, 200)) < radius_of(10 * few, (2000, 2000)) / 8
    assert 1 <= radius_of(many, (200, 200)) < radius_of(few, (200, 200))


def test_fewer_are_shown_as_the_table_says() -> None:
    training = marks(marks="training")
    assert at(training, 0)[3] == 255
    assert at(training, 4)[3] == 0
    assert marks_of(scene(marks="none"), SIZE) is None
    assert not has_marks(LEARNER.replace(**{"train.marks": "none"}))
    assert marks_of(scene_of(Preset()), SIZE) is None


def test_a_part_is_a_cut() -> None:
    box = (40, 30, 290, 130)
    part = marks_of(scene(boundary=True), SIZE, box)
    assert part is not None
    assert np.array_equal(part, marks(boundary=True)[30:130, 40:290])


def test_new_weights_draw_only_the_boundary_again() -> None:
    assert marks(steps=1) is marks(steps=2)
    one, two = (marks(steps=steps, boundary=True, marks="none") for steps in (0, 40))
    assert not np.array_equal(one, two)
    assert 100 < (one[..., 3] > 0).sum() < 0.2 * one[..., 3].size


def test_values_have_colours_of_a_scale() -> None:
    own = [[-3.0, 0.0, -2.0], [0.0, 0.0, 0.5], [3.0, 0.0, 1.5]]
    data = LEARNER.replace(**{"train.own": own, "train.target": "values"}).dataset
    order = np.argsort(np.asarray(data.values)[:, 0])
    colors = inks(data)[order]
    assert colors[0][0] > colors[0][2] + 100  # orange
    assert colors[2][2] > colors[2][0] + 50  # blue, not full: 1.5 of 2


@pytest.mark.gl
def test_they_are_in_pictures_their_parts_and_sheets(renderer: Renderer) -> None:
    bare, found = (renderer.render(scene(marks=marks).preset, SIZE) for marks in ("none", "all"))
    assert np.array_equal(at_place(found, 0), inks(LEARNER.dataset)[0])
    changed = (bare != found).any(axis=2)
    words = marks_of(scene(), SIZE)
    assert words is not None
    assert not changed[words[..., 3] == 0].any()
    part = renderer.render(LEARNER, SIZE, part=(80, 50, 60, 70))
    assert np.array_equal(part, found[50:120, 80:140])
    sheet = LEARNER.replace(view="sheet", cols="network.seed=1:2", rows="")
    pale = sheet.replace(**{"train.marks": "none"})
    assert not np.array_equal(renderer.render(sheet, SIZE), renderer.render(pale, SIZE))


def at_place(picture: np.ndarray, number: int) -> np.ndarray:
    x, y = placed(LEARNER.dataset, LEARNER.view, SIZE)[number]
    return picture[int(y), int(x)]


def test_a_picture_with_them_has_drawn_lines() -> None:
    view = view_of(LEARNER)
    assert view.lettered(LEARNER)
    assert not view.lettered(Preset())
