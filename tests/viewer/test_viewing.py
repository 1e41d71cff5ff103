"""The explorer's actions on views: choosing one, its options and layers, items under the cursor.

test_explorer.py tests the other actions.
"""

import pytest
from learners import LEARNING
from seers import seen_by
from test_explorer import press

from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.show import VIEWS, SensitivityOptions, SurfaceOptions
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.viewing import LARGE, following
from cppn_gl.views import ALL
from cppn_gl.views.base import Hit, painted

RELU = Preset().replace(depth=5, width=6, inputs=["x", "y", "t"], activation="relu", seed=2)
OWN = [name for name, row in VIEWS.items() if ALL[name].own_layers and not row.images]
OTHERS = sorted(
    name
    for name, row in VIEWS.items()
    if not row.images and name not in (*OWN, "warp", "receptive", *LEARNING)
)


def seeing(view: str, **keys: object) -> Explorer:
    return Explorer(seen_by(view, RELU).replace(**keys))


def test_the_name_after_another_goes_round() -> None:
    names = ["a", "b", "c"]
    assert [following(names, name, False) for name in names] == ["b", "c", "a"]
    assert [following(names, name, True) for name in names] == ["c", "a", "b"]
    assert following(names, "none of them", False) == "a"


def test_a_preset_whose_view_cannot_show_it_is_seen_as_a_picture() -> None:
    explorer = seeing("volume", inputs=["x", "y"])
    assert explorer.view.name == "picture"
    explorer.pan_by(0.5, 0.0)  # it pans, and turns nothing
    assert explorer.preset.view.center == (0.5 * explorer.preset.view.extent, 0.0)
    assert explorer.preset.views == RELU.views
    press(explorer, "next_view")
    assert explorer.preset.show.view == "sheet"
    press(explorer, "next_view", large=True)
    assert explorer.preset.show.view == "picture"


def test_views_that_cannot_show_it_are_passed_over() -> None:
    explorer = Explorer(RELU.replace(inputs=["x", "y"], activation="tanh"))
    seen = set()
    for _ in VIEWS:
        press(explorer, "next_view")
        seen.add(explorer.preset.show.view)
    images = {name for name, row in VIEWS.items() if row.images}
    assert seen == set(VIEWS) - images - {"volume", "regions", *LEARNING}


@pytest.mark.parametrize("view", [name for name in VIEWS if ALL[name].knobs])
def test_every_option_of_every_view_is_turned_by_keys(view: str) -> None:
    explorer = seeing(view)
    for knob in ALL[view].knobs:
        assert explorer.knob == knob
        before, seen = explorer.preset.views, []
        for action, large in (("knob_up", False), ("knob_down", True), ("knob_up", True)):
            press(explorer, action, large=large)
            assert explorer.message.startswith(knob.replace("_", " "))
            seen.append(explorer.preset.views)
        assert any(views != before for views in seen)
        press(explorer, "next_knob")
    assert explorer.knob == ALL[view].knobs[0]
    press(explorer, "next_knob", large=True)
    assert explorer.knob == ALL[view].knobs[-1]


def test_shift_turns_an_option_by_as_much_more() -> None:
    explorer = seeing("surface")
    press(explorer, "next_knob")
    press(explorer, "knob_up", large=True)
    assert explorer.options.contours == SurfaceOptions.contours + LARGE


@pytest.mark.parametrize("view", OWN)
def test_page_up_and_down_choose_the_layer_that_a_view_is_about(view: str) -> None:
    explorer = seeing(view)
    assert explorer.layer == 5
    press(explorer, "layer_down", 2)
    assert explorer.message == "layer 3 of 5"
    assert (explorer.layer, explorer.options.layer) == (3, 3)
    assert explorer.shown == RELU.replace(**{"show.view": view, "show.layer": 3})
    press(explorer, "history_back")
    assert explorer.layer == 4
    press(explorer, "layer_up", large=True)
    assert explorer.options.layer == 0
    assert explorer.message == "the whole network"
    press(explorer, "layer_down", large=True)
    assert explorer.options.layer == 1


@pytest.mark.parametrize("view", OWN)
def test_they_go_on_from_the_layer_that_the_preset_says(view: str) -> None:
    explorer = seeing(view, **{"show.layer": 3})
    assert explorer.layer == 3
    press(explorer, "layer_up")
    assert explorer.options.layer == 4
    press(explorer, "shallower", 3)  # a layer that is there no more is the last
    assert (explorer.layer, explorer.preset.spec.depth) == (2, 2)


@pytest.mark.parametrize("view", OTHERS)
def test_other_views_show_the_network_up_to_a_layer(view: str) -> None:
    explorer = seeing(view, **{"show.layer": 2})
    assert explorer.layer == 5
    press(explorer, "layer_down")
    assert explorer.shown == explorer.preset.replace(depth=4)


def test_a_layer_shown_is_shown_in_the_next_view_too() -> None:
    explorer = seeing("picture")
    press(explorer, "layer_down", 2)
    explorer.change(**{"show.view": "sensitivity"})
    assert explorer.layer == 3
    assert explorer.shown == RELU.replace(**{"show.view": "sensitivity", "show.layer": 3})
    press(explorer, "layer_down")
    assert explorer.shown == RELU.replace(**{"show.view": "sensitivity", "show.layer": 2})


def test_a_click_on_a_layer_counts_whatever_layer_was_shown_before() -> None:
    explorer = seeing("picture")
    press(explorer, "layer_down", 2)
    explorer.change(**{"show.view": "sensitivity"})
    explorer.pointed = lambda: Hit("layer 1", changes={"show.layer": 1})
    explorer.click()
    assert explorer.shown.options(SensitivityOptions).layer == 1


def test_the_layer_is_turned_no_further_than_the_network_is_deep() -> None:
    explorer = seeing("sensitivity")
    press(explorer, "knob_up", 20, large=True)
    assert explorer.options.layer == 5
    assert explorer.message == "layer 5"


@pytest.mark.parametrize("view", OWN)
def test_enter_goes_into_the_layer_shown(view: str) -> None:
    explorer = seeing(view)
    press(explorer, "enter")
    assert "PgDn" in explorer.message
    press(explorer, "layer_down", 2)
    press(explorer, "enter")
    assert explorer.preset == RELU.replace(**{"show.view": view, "depth": 3})
    press(explorer, "leave")
    assert (explorer.preset.spec.depth, explorer.layer) == (5, 3)


def test_clicks_open_and_keys_return_through_several() -> None:
    explorer = seeing("sheet")
    cell = RELU.replace(seed=9)
    explorer.pointed = lambda: Hit("seed 9", opens=cell)
    press(explorer, "enter")
    assert (explorer.preset, explorer.message) == (cell, "seed 9; Backspace returns")
    explorer.pointed = lambda: Hit("layer 2", opens=cell.layer_picture(2))
    explorer.click()
    press(explorer, "leave")
    assert explorer.preset == cell
    press(explorer, "leave")
    assert explorer.preset.show.view == "sheet"
    press(explorer, "leave")
    assert explorer.message == "nothing was opened that Backspace could return from"


@pytest.mark.parametrize("action", ["enter", "click"])
def test_what_has_a_time_of_its_own_is_opened_at_it(action: str) -> None:
    explorer = seeing("sheet", rows="time=2,5", cols="seed=1:2")
    explorer.time = 0.75
    scene, size = scene_of(explorer.preset, explorer.time), (400, 300)
    explorer.pointed = lambda: ALL["sheet"].hit(scene, size, (300, 220))
    getattr(explorer, action)()
    assert (explorer.preset.spec.seed, explorer.time) == (2, 5.0)
    explorer.tick(0.5)
    explorer.pointed = lambda: Hit("layer 2", opens=RELU)
    getattr(explorer, action)()
    assert explorer.time == 5.5
    explorer.tick(0.5)
    press(explorer, "leave")
    assert explorer.time == 6.0
    press(explorer, "leave")
    assert (explorer.preset.show.view, explorer.time) == ("sheet", 0.75)


def test_what_is_only_told_changes_nothing() -> None:
    explorer = seeing("gradient")
    explorer.pointed = lambda: Hit("how steep it is there")
    explorer.click()
    assert explorer.preset.show.view == "gradient"
    assert len(explorer.history) == 1


@pytest.mark.parametrize("action", ["enter", "click"])
def test_enter_selects_and_opens_what_a_click_does(action: str) -> None:
    explorer = seeing("units")
    explorer.pointed = lambda: Hit("unit 2 of layer 1", changes={"units.unit": (1, 2)})
    getattr(explorer, action)()
    assert explorer.message == "unit 2 of layer 1"
    assert explorer.options.unit == (1, 2)
    explorer.pointed = lambda: Hit("layer 2", opens=RELU.layer_picture(2))
    getattr(explorer, action)()
    assert explorer.preset.spec.depth == 2


@pytest.mark.parametrize("action", ["enter", "click"])
@pytest.mark.parametrize("view", VIEWS)
def test_where_nothing_is_to_be_opened_words_say_so(view: str, action: str) -> None:
    explorer = seeing("picture")
    explorer.change(**{"show.view": view})
    explorer.message = ""
    getattr(explorer, action)()
    assert explorer.message.startswith("nothing")
    assert (ALL[explorer.view.name].clicked or explorer.view.name) in explorer.message


@pytest.mark.parametrize("view", VIEWS)
def test_views_say_what_a_click_does_if_it_does_anything(view: str) -> None:
    preset = seen_by(view, RELU.replace(inputs=("x", "y", "t")))
    if view == "synthesis":  # whose sheets are clicked
        preset = preset.replace(**{"synthesis.form": "sheet"})
    if ALL[view].unfit(preset):
        pytest.skip("cannot show it")
    scene, size = scene_of(preset), (480, 300)
    if VIEWS[view].images:
        painted(ALL[view], scene, size)  # type: ignore[arg-type]
    places = [(x + 0.5, y + 0.5) for x in range(0, 480, 24) for y in range(0, 300, 20)]
    hits = [ALL[view].hit(scene, size, place) for place in places]
    acts = any(hit is not None and (hit.opens or hit.changes) for hit in hits)
    assert acts == bool(ALL[view].clicked)
