"""The receptive view: the box, the square that counts, and what is said of them."""

from typing import Any

import numpy as np
import pytest

from cppn_gl import Preset, Renderer
from cppn_gl.nn.normalize import Normalize
from cppn_gl.nn.receptive import ReceptiveField
from cppn_gl.nn.sources import Random
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.views.slopes import receptive
from cppn_gl.views.slopes.receptive import HELD, Card, ReceptiveView, settled_point, words

VIEW = ReceptiveView()
SIZE = (640, 360)
PRESET = Preset().replace(structure="vgg", depth=4, width=6, view="receptive", seed=2)


def said(preset: Preset) -> str:
    scene = scene_of(preset)
    rows = words(scene, VIEW.field(scene, settled_point(scene)), 12, 1e9)
    return "\n".join(row.words for row in rows)


def card_of(preset: Preset, size: tuple[int, int]) -> Card | None:
    scene = scene_of(preset)
    field = VIEW.field(scene, settled_point(scene))
    return Card.of(scene, field, size, (size[0] / 2, size[1] / 2))


def test_words_say_what_can_be_seen_and_what_is() -> None:
    found = said(PRESET)
    assert "what an output point sees" in found
    assert "can see 9 × 9 taps, 0.07 × 0.07" in found
    field = VIEW.field(scene_of(PRESET), (0.0, 0.0))
    assert f"95 % of the squared derivatives: {field.effective} × {field.effective}" in found
    assert "statistics" not in found
    assert "statistics held fixed" in said(PRESET.replace(**{"normalize.which": "hidden"}))
    assert "3 × 3 points" in said(PRESET.replace(averaged=3))


def test_a_dense_network_sees_one_point_only() -> None:
    found = said(Preset().replace(view="receptive", depth=3, width=5))
    assert "this one point and no other" in found
    assert "taps" not in found.partition("derivative")[0]


def test_a_unit_that_is_off_sees_nothing() -> None:
    dead = PRESET.replace(activation="relu", bias_scale=0, extent=1e-3, center=[0.0, 0.0])
    scene = scene_of(dead.replace(weight_scale=0))
    assert "nothing changes it here" in said(scene.preset)


@pytest.mark.parametrize(
    ("unit", "what", "side"),
    [
        (None, "an output point", 9),
        ((1, 0), "layer 1, conv 3×3,", 3),
        ((2, 4), "unit 4 of layer 2", 5),
    ],
)
def test_units_of_other_layers_look(unit: Any, what: str, side: int) -> None:
    found = said(PRESET.replace(**{"receptive.unit": unit}))
    assert f"what {what} sees" in found
    assert f"{side} × {side} taps" in found


def test_layers_are_paged_through() -> None:
    preset, seen = PRESET, []
    while True:
        changes = VIEW.page(preset, -1)
        assert changes is not None
        preset = preset.replace(**changes)
        if seen[-1:] == [preset]:
            break
        seen.append(preset)
    layers = len(PRESET.network().stages)
    units = [preset.options(receptive.ReceptiveOptions).unit for preset in seen]
    assert units == [(layer, 0) for layer in range(layers - 1, 0, -1)]
    assert VIEW.page(preset, 1000) == {"receptive.unit": None}


@pytest.mark.parametrize("unit", [(0, 1), (9, 1), (1, 7)])
def test_a_unit_that_is_not_there_is_refused(unit: tuple[int, int]) -> None:
    assert VIEW.problem(PRESET) == ""
    assert VIEW.problem(PRESET.replace(**{"receptive.unit": unit})).startswith("needs a ")


def test_a_click_keeps_the_point_and_another_lets_it_go() -> None:
    scene = scene_of(PRESET)
    hit = VIEW.hit(scene, SIZE, (100, 50))
    assert hit is not None
    kept = PRESET.replace(**hit.changes)
    x, y = settled_point(scene_of(kept))
    assert (x, y) == pytest.approx((-220 / 180, 130 / 180))
    again = VIEW.hit(scene_of(kept), SIZE, (101, 50))
    assert again is not None
    assert again.changes == {"receptive.point": None}


def test_a_click_on_the_card_does_nothing() -> None:
    preset = PRESET.replace(averaged=2)  # else the card gives way to the cursor
    card = card_of(preset, SIZE)
    assert card is not None
    left, top, right, bottom = card.box
    assert VIEW.hit(scene_of(preset), SIZE, ((left + right) / 2, (top + bottom) / 2)) is None


@pytest.mark.parametrize("size", [(640, 360), (300, 480), (500, 500), (260, 150), (1920, 1080)])
@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_the_card_is_in_the_picture_and_not_over_the_point(
    size: tuple[int, int], place: float
) -> None:
    scene = scene_of(PRESET)
    field = VIEW.field(scene, (0.0, 0.0))
    at = place * size[0], place * size[1]
    card = Card.of(scene, field, size, at)
    assert card is not None
    left, top, right, bottom = card.box
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]
    assert not card.covers(at)
    edges = card.square[0] + card.square[2], card.square[1] + card.square[2]
    assert left < card.square[0] < edges[0] <= right
    assert top < card.square[1] < edges[1] <= bottom


def test_a_small_picture_has_the_frames_alone() -> None:
    assert card_of(PRESET, (120, 80)) is None
    found = VIEW.overlay(scene_of(PRESET), (120, 80))
    assert found is not None
    assert found[..., 3].any()


def test_the_frames_on_the_picture_have_their_true_size() -> None:
    """Of the declared region's 32 taps a side, 9 are seen."""
    preset = PRESET.replace(**{"network.grid": 32})
    found = VIEW.overlay(scene_of(preset), (80, 80))  # without a card
    assert found is not None
    white = np.flatnonzero((found[40] > 140).all(axis=1))
    assert white.min() == pytest.approx(40 - 9 / 32 * 80 / 2, abs=1.5)
    assert white.max() == pytest.approx(40 + 9 / 32 * 80 / 2, abs=1.5)


def test_the_colours_are_those_of_the_magnitudes() -> None:
    values = np.geomspace(1e-4, 1, 25).reshape(5, 5)
    image = np.asarray(receptive.enlarged(ReceptiveField(values), 50))
    assert image.shape == (50, 50, 3)
    light = image[5::10, 5::10].astype(int).sum(axis=2).ravel()
    assert (np.diff(light) > 0).all()


def test_the_point_under_the_cursor_is_measured_if_that_is_quick() -> None:
    scene, at = scene_of(PRESET), (400.0, 100.0)
    assert VIEW.looked_from(scene, SIZE, at) == pytest.approx((80 / 180, 80 / 180))
    slow = scene_of(PRESET.replace(structure="conv", kernel=11, depth=9, width=64))
    assert VIEW.looked_from(slow, SIZE, at) == (0.0, 0.0)
    assert VIEW.looked_from(scene, SIZE, (at[0], SIZE[1])) == (0.0, 0.0)  # below the picture
    many = scene_of(PRESET.replace(averaged=2))
    assert VIEW.looked_from(many, SIZE, at) == (0.0, 0.0)


def test_it_is_drawn_over_the_picture() -> None:
    with Renderer("native") as renderer:
        preset = load_preset("receptive").replace(width=6, depth=4)
        plain = renderer.render(preset.replace(view="picture"), (200, 120))
        shown = renderer.render(preset, (200, 120))
    changed = (plain != shown).any(axis=2)
    assert 0.1 < changed.mean() < 0.5
    assert (shown.reshape(-1, 3) == HELD[:3]).all(axis=1).any()


def test_what_takes_too_long_is_refused_in_a_line() -> None:
    huge = PRESET.replace(structure="conv", kernel=11, depth=60, width=16)
    assert VIEW.problem(huge).startswith("needs fewer taps or channels: 591 × 591 taps")
    assert VIEW.problem(huge.replace(**{"receptive.unit": (2, 1)})) == ""


def test_whether_it_can_be_shown_is_known_before_statistics_are_measured() -> None:
    spec = Random(structure="vgg", depth=3, width=5, seed=77)
    preset = Preset(spec=spec, normalize=Normalize("all"))
    assert ReceptiveView().problem(preset) == ""
    assert not preset.at_hand
