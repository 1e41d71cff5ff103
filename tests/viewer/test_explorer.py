"""The effect of each key on the preset, the view, the time and the history."""

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.draws import INITS
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.sources import Layers, Random
from cppn_gl.preset.color import MAPPINGS
from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.preset import MAX_EXTENT, MIN_EXTENT, Preset, Viewport
from cppn_gl.preset.show import VIEWS, SurfaceOptions, UnitsOptions
from cppn_gl.preset.surprise import surprise
from cppn_gl.utils.checks import PresetError
from cppn_gl.viewer.bindings import by_key
from cppn_gl.viewer.explorer import MAX_SCALE, MIN_SCALE, Explorer
from cppn_gl.viewer.favourites import Favourites
from cppn_gl.views import ALL
from cppn_gl.views.base import Hit

quick = settings(max_examples=60, deadline=None)


def drawn(**keys: Any) -> Preset:
    return Preset(spec=Random(**keys), name="drawn")


def given_layers(*, animated: bool = False) -> Preset:
    layers = (
        Layer(np.ones((4, 2), np.float32), np.zeros(4, np.float32), "tanh"),
        Layer(np.ones((3, 4), np.float32), np.zeros(3, np.float32), "sigmoid"),
    )
    return Preset(spec=Layers(layers, ("x", "t" if animated else "y")), name="given")


def spec(explorer: Explorer) -> Random:
    assert isinstance(explorer.preset.spec, Random)
    return explorer.preset.spec


def press(explorer: Explorer, action: str, times: int = 1, *, large: bool = False) -> None:
    for _ in range(times):
        explorer.message = ""
        explorer.act(action, large)


# Depth, width, weights


@pytest.mark.parametrize(
    ("up", "down", "key", "low", "high", "large"),
    [("deeper", "shallower", "depth", 1, 64, 5), ("wider", "narrower", "width", 1, 512, 8)],
)
def test_depth_and_width_stop_at_their_limits(
    up: str, down: str, key: str, low: int, high: int, large: int
) -> None:
    explorer = Explorer(drawn(depth=10, width=10))
    press(explorer, up)
    assert getattr(spec(explorer), key) == 11
    press(explorer, up, large=True)
    assert getattr(spec(explorer), key) == 11 + large
    press(explorer, up, 100, large=True)
    assert getattr(spec(explorer), key) == high
    assert explorer.message == f"the {key} ranges from {low} to {high}"
    press(explorer, down)
    assert getattr(spec(explorer), key) == high - 1
    assert explorer.message == f"{key} {high - 1}"
    press(explorer, down, 100, large=True)
    assert getattr(spec(explorer), key) == low


def test_deepening_extends_a_list_of_activations() -> None:
    explorer = Explorer(drawn(depth=3, activation=("sin", "relu")))
    press(explorer, "deeper")
    assert spec(explorer).activation == ("sin", "relu", "relu")
    press(explorer, "shallower", 3)
    assert spec(explorer).activation == ()
    press(explorer, "next_activation")
    assert explorer.preset.network().depth == 1


ladders = [("deeper", "shallower"), ("wider", "narrower"), ("stronger", "weaker")]


@quick
@given(
    pair=st.sampled_from(ladders),
    depth=st.integers(22, 42),
    width=st.integers(162, 350),
    scale=st.floats(0.01, 50) | st.sampled_from([0.55, 1.0, 0.6, 1.1]),
    steps=st.integers(1, 20),
    large=st.booleans(),
)
def test_up_and_down_return_exactly(
    pair: tuple[str, str], depth: int, width: int, scale: float, steps: int, large: bool
) -> None:
    steps = min(steps, 4) if large else steps
    explorer = Explorer(drawn(depth=depth, width=width, weight_scale=scale))
    for there, back in (pair, pair[::-1]):
        press(explorer, there, steps, large=large)
        assert spec(explorer) != drawn(depth=depth, width=width, weight_scale=scale).spec
        press(explorer, back, steps, large=large)
        assert explorer.preset == drawn(depth=depth, width=width, weight_scale=scale)


@quick
@given(
    scale=st.floats(0, 1000),
    way=st.lists(st.tuples(st.sampled_from(ladders[2]), st.booleans()), max_size=30),
)
def test_the_weight_scale_goes_the_way_of_the_key(
    scale: float, way: list[tuple[str, bool]]
) -> None:
    explorer = Explorer(drawn(weight_scale=scale))
    for action, large in way:
        before = spec(explorer).weight_scale
        press(explorer, action, large=large)
        after = spec(explorer).weight_scale
        if after == before:
            assert explorer.message == "the weight scale ranges from 0.0001 to 1000"
        else:
            assert (after > before) == (action == "stronger")
            assert MIN_SCALE <= after <= MAX_SCALE


def test_the_weight_scale_keeps_its_ladder_at_the_limit() -> None:
    explorer = Explorer(drawn(weight_scale=0.55))
    press(explorer, "stronger", 300)
    assert 940 < spec(explorer).weight_scale <= MAX_SCALE
    assert explorer.message
    press(explorer, "stronger", large=True)
    seen = [0.0]
    while seen[-1] != 0.55:
        press(explorer, "weaker")
        seen.append(spec(explorer).weight_scale)
        assert len(seen) < 400
    press(explorer, "weaker", 300, large=True)
    assert MIN_SCALE <= spec(explorer).weight_scale < 1.05 * MIN_SCALE


def test_sixteen_steps_double_the_weight_scale() -> None:
    explorer = Explorer(drawn(weight_scale=0.55))
    press(explorer, "stronger", 16)
    assert spec(explorer).weight_scale == 1.1
    press(explorer, "weaker", 4, large=True)
    assert spec(explorer).weight_scale == 0.55


def test_a_weight_scale_of_zero_can_be_left() -> None:
    explorer = Explorer(drawn(weight_scale=0.0))
    press(explorer, "weaker")
    assert spec(explorer).weight_scale == 0.0
    assert explorer.message
    press(explorer, "stronger")
    assert spec(explorer).weight_scale == MIN_SCALE


def test_an_unset_bias_scale_follows_the_weight_scale() -> None:
    explorer = Explorer(drawn(weight_scale=0.5))
    press(explorer, "stronger", 16)
    assert spec(explorer).bias_scale is None
    assert {bias for _, bias in explorer.preset.network().scales} == {1.0}


def test_a_given_bias_scale_stays() -> None:
    explorer = Explorer(drawn(weight_scale=0.5, bias_scale=0.25))
    press(explorer, "stronger", 16)
    assert spec(explorer).bias_scale == 0.25


def test_a_new_seed_keeps_the_rest() -> None:
    explorer = Explorer(drawn(depth=5, seed=1))
    seeds = set()
    for _ in range(5):
        press(explorer, "random_seed")
        seeds.add(spec(explorer).seed)
        assert explorer.preset.replace(seed=1) == drawn(depth=5, seed=1)
    assert len(seeds) > 3


def surprised(explorer: Explorer) -> Preset:
    """The preset that Shift+R leads to."""
    press(explorer, "random_seed", large=True)
    while explorer.busy:
        explorer.work(0.0)
    return explorer.preset


def test_a_random_preset_is_one_step_of_the_history() -> None:
    explorer = Explorer(given_layers())
    found = surprised(explorer)
    assert found == surprise(found.spec.seed)
    assert explorer.message == f"random, seed {found.spec.seed}: {found.title}"
    assert explorer.home == found.view
    assert explorer.history.place == (2, 2)
    assert surprised(explorer) != found
    press(explorer, "history_back", 2)
    assert explorer.preset == given_layers()


def test_what_is_chosen_meanwhile_stays() -> None:
    for action in ("deeper", "history_back"):
        explorer = Explorer(drawn(depth=5))
        press(explorer, "wider")
        press(explorer, "random_seed", large=True)
        assert explorer.busy
        press(explorer, action)
        assert not explorer.busy
        assert explorer.preset.name != "random"


@pytest.mark.parametrize(
    ("action", "key", "names"),
    [("next_activation", "activation", ACTIVATIONS), ("next_init", "init", INITS)],
)
def test_a_cycle_goes_through_the_whole_table_and_back(
    action: str, key: str, names: dict[str, Any]
) -> None:
    start = drawn()
    explorer = Explorer(start)
    seen = []
    for _ in names:
        press(explorer, action)
        seen.append(getattr(spec(explorer), key))
        assert seen[-1] in explorer.message
    assert sorted(seen) == sorted(names)
    assert explorer.preset == start
    back = []
    for _ in names:
        back.append(getattr(spec(explorer), key))
        press(explorer, action, large=True)
    assert back == seen[::-1]
    assert explorer.preset == start


def test_activation_sets_all_hidden_layers() -> None:
    explorer = Explorer(drawn(depth=4, activation=("tanh", "sin", "abs")))
    press(explorer, "next_activation")
    assert spec(explorer).hidden_activations == ("sigmoid",) * 3


def test_color_steps_through_the_mappings_and_back() -> None:
    for start in (drawn(), given_layers()):
        explorer, names = Explorer(start), list(MAPPINGS)
        for name in [*names[1:], names[0]]:
            press(explorer, "next_color")
            assert explorer.preset.color.mapping == name
            assert name in explorer.message
            assert MAPPINGS[name].help in explorer.message
        assert explorer.preset == start
        press(explorer, "next_color", large=True)
        assert explorer.preset == start.replace(mapping=names[-1])


def test_where_a_view_has_colours_of_its_own_c_changes_nothing_and_says_so() -> None:
    for start in (drawn(), given_layers()):
        explorer = Explorer(start.replace(view="units"))
        press(explorer, "next_color")
        assert explorer.preset == start.replace(view="units")
        assert explorer.message == "the view units uses its own colours"
        assert explorer.history.place == (1, 1)


def test_v_goes_through_all_views_that_can_show_the_preset() -> None:
    explorer = Explorer(drawn())
    seen = ["picture"]
    while True:
        press(explorer, "next_view")
        if explorer.preset.show.view == "picture":
            break
        seen.append(explorer.preset.show.view)
        assert explorer.message.startswith(f"{seen[-1]}: ")
    assert seen == [name for name in VIEWS if not ALL[name].unfit(drawn())]
    press(explorer, "next_view", large=True)
    assert explorer.preset.show.view == seen[-1]


def test_the_options_of_a_view_are_turned() -> None:
    explorer = Explorer(drawn().replace(view="surface"))
    assert explorer.knob == explorer.view.knobs[0]
    while explorer.knob != "contours":
        press(explorer, "next_knob")
    before = explorer.preset.options(SurfaceOptions).contours
    press(explorer, "knob_up")
    assert explorer.preset.options(SurfaceOptions).contours == before + 1
    assert explorer.message == f"contours {before + 1}"
    press(explorer, "knob_down")
    assert explorer.preset.options(SurfaceOptions).contours == before
    press(explorer, "history_back")
    assert explorer.preset.options(SurfaceOptions).contours == before + 1


def test_the_picture_has_no_options() -> None:
    explorer = Explorer(drawn())
    for action in ("next_knob", "knob_up", "knob_down"):
        press(explorer, action)
        assert "no options" in explorer.message
    assert explorer.preset == drawn()


def test_a_click_opens_or_keeps_what_is_pointed_at() -> None:
    explorer = Explorer(drawn().replace(view="units"))
    explorer.click()  # nothing is pointed at
    assert explorer.preset == drawn().replace(view="units")
    explorer.pointed = lambda: Hit("unit 2", changes={"show.unit": (1, 2)})
    explorer.click()
    assert explorer.preset.options(UnitsOptions).unit == (1, 2)
    other = drawn().replace(seed=9)
    explorer.pointed = lambda: Hit("another", opens=other)
    explorer.click()
    assert explorer.preset == other
    assert "Backspace" in explorer.message
    press(explorer, "leave")
    assert explorer.preset.options(UnitsOptions).unit == (1, 2)
    explorer.pointed = lambda: Hit("unit 2", changes={"units.unit": (2, 2)}, enters=other)
    press(explorer, "enter")  # opens what a click would only keep
    assert explorer.preset == other
    press(explorer, "leave")
    assert explorer.preset.options(UnitsOptions).unit == (1, 2)


def test_what_is_solid_is_turned_by_dragging_and_neared_by_the_wheel() -> None:
    explorer = Explorer(drawn().replace(view="surface"))
    start = explorer.preset
    explorer.pan_by(0.25, 0.0)
    assert explorer.preset.options(SurfaceOptions).turn != start.options(SurfaceOptions).turn
    assert explorer.preset.view == start.view
    explorer.zoom_by(2)
    assert explorer.preset.options(SurfaceOptions).distance < start.options(SurfaceOptions).distance
    assert explorer.preset.view == start.view


# Where to look

coordinates = st.floats(-3, 3).map(lambda c: round(c, 4))
cursors = st.tuples(st.floats(-2, 2), st.floats(-1, 1))
views = st.builds(
    Viewport,
    center=st.tuples(coordinates, coordinates),
    extent=st.floats(0.01, 100).map(lambda e: float(f"{e:.3g}")),
)


def under(explorer: Explorer) -> tuple[float, float]:
    """The point of the input plane under the cursor."""
    view, (u, v) = explorer.preset.view, explorer.cursor
    return view.center[0] + u * view.extent, view.center[1] + v * view.extent


@quick
@given(view=views, cursor=cursors, steps=st.integers(-20, 40), stride=st.integers(1, 5))
def test_zoom_keeps_the_point_under_the_cursor(
    view: Viewport, cursor: tuple[float, float], steps: int, stride: int
) -> None:
    explorer = Explorer(Preset(view=view))
    explorer.cursor = cursor
    place = under(explorer)
    for _ in range(abs(steps)):
        before = explorer.preset.view.extent
        explorer.zoom_by(int(math.copysign(stride, steps)))
        after = explorer.preset.view.extent
        if after == before:
            assert "extent" in explorer.message
            return
        assert (after < before) == (steps > 0)
        if max(map(abs, explorer.preset.view.center)) == MAX_EXTENT:
            return  # no centre is farther out
        rounding = 8 * math.ulp(max(map(abs, (*view.center, view.extent))))
        assert math.dist(under(explorer), place) <= 1e-9 * after + rounding


@quick
@given(view=views, cursor=cursors, steps=st.lists(st.integers(-4, 4), max_size=12))
def test_zooming_there_and_back_is_the_same_view(
    view: Viewport, cursor: tuple[float, float], steps: list[int]
) -> None:
    explorer = Explorer(Preset(view=view))
    explorer.cursor = cursor
    seen = [explorer.preset.view]
    for step in steps:
        explorer.zoom_by(step)
        seen.append(explorer.preset.view)
    for step, expected in zip(steps[::-1], seen[-2::-1], strict=True):
        explorer.zoom_by(-step)
        assert explorer.preset.view == expected


@quick
@given(digits=st.floats(-1, 1), cursor=cursors, steps=st.integers(1, 70))
def test_an_odd_centre_comes_back_too(
    digits: float, cursor: tuple[float, float], steps: int
) -> None:
    view = Viewport((digits, -0.7436438870371587), 2.6)
    explorer = Explorer(Preset(view=view))
    explorer.cursor = cursor
    press(explorer, "zoom_in", steps)
    press(explorer, "zoom_out", steps // 4, large=True)
    press(explorer, "zoom_out", steps % 4)
    assert explorer.preset.view == view


def test_zoom_after_a_pan_starts_from_there() -> None:
    explorer = Explorer(Preset(view=Viewport((0.1, 0.2), 1.0)))
    explorer.cursor = (0.5, -0.5)
    press(explorer, "zoom_in", 4)
    assert explorer.preset.view == Viewport((0.35, -0.05), 0.5)
    press(explorer, "pan_right")
    assert explorer.preset.view == Viewport((0.4125, -0.05), 0.5)
    press(explorer, "zoom_in", 4)
    assert explorer.preset.view == Viewport((0.5375, -0.175), 0.25)
    explorer.cursor = (0.0, 0.0)
    press(explorer, "zoom_out", 4)
    assert explorer.preset.view == Viewport((0.5375, -0.175), 0.5)


def test_zoom_is_told_against_home() -> None:
    explorer = Explorer(Preset(view=Viewport((0.0, 0.0), 2.6)))
    press(explorer, "zoom_in", 8)
    assert explorer.zoom == 4.0
    press(explorer, "zoom_in", large=True)
    assert explorer.zoom == 8.0
    press(explorer, "zoom_out", 4, large=True)
    assert explorer.zoom == 0.5


@pytest.mark.parametrize(
    ("extent", "action"), [(2 * MIN_EXTENT, "zoom_in"), (MAX_EXTENT / 2, "zoom_out")]
)
def test_the_range_of_extent_is_refused_beyond(extent: float, action: str) -> None:
    explorer = Explorer(Preset(view=Viewport((0.25, 0.5), extent)))
    explorer.cursor = (0.3, 0.1)
    press(explorer, action, 20)
    last = explorer.preset
    assert explorer.message == "the extent ranges from 1e-06 to 1e+06"
    press(explorer, action, large=True)
    assert explorer.preset is last
    press(explorer, {"zoom_in": "zoom_out", "zoom_out": "zoom_in"}[action], 4)
    assert explorer.preset.view == Viewport((0.25, 0.5), extent)


def test_pan_moves_by_the_shorter_side_and_back() -> None:
    start = Preset(view=Viewport((0.1, 0.3), 0.8))
    explorer = Explorer(start)
    for there, back, moved in (
        ("pan_right", "pan_left", (0.2, 0.3)),
        ("pan_up", "pan_down", (0.1, 0.4)),
    ):
        press(explorer, there)
        assert explorer.preset.view == Viewport(moved, 0.8)
        press(explorer, there, large=True)
        press(explorer, back, 5)
        assert explorer.preset == start
    explorer.pan_by(-0.5, 0.25)
    assert explorer.preset.view == Viewport((-0.3, 0.5), 0.8)


def test_pan_ends_at_the_edge_of_the_plane() -> None:
    explorer = Explorer(Preset(view=Viewport((0.9e6, 0.0), MAX_EXTENT)))
    press(explorer, "pan_right", 9, large=True)
    assert explorer.preset.view.center == (1e6, 0.0)


def test_reset_returns_to_the_presets_view() -> None:
    start = Preset(view=Viewport((0.1, 0.3), 0.8))
    explorer = Explorer(start)
    press(explorer, "deeper")
    press(explorer, "zoom_in", 3)
    press(explorer, "pan_up")
    press(explorer, "reset_view")
    assert explorer.preset == start.replace(depth=9)
    explorer.load(Preset(view=Viewport((5.0, 5.0), 2.0)))
    press(explorer, "pan_up")
    press(explorer, "reset_view")
    assert explorer.preset.view == Viewport((5.0, 5.0), 2.0)
    press(explorer, "history_back", 3)  # home travels with the history
    press(explorer, "zoom_in")
    press(explorer, "reset_view")
    assert explorer.preset.view == start.view


# Layers


def test_layers_one_by_one() -> None:
    explorer = Explorer(drawn(depth=7))
    press(explorer, "layer_up")
    assert (explorer.layer, explorer.message) == (7, "the whole network")
    press(explorer, "layer_down")
    assert (explorer.layer, explorer.message) == (6, "layer 6 of 7")
    assert explorer.shown == drawn(depth=6)
    assert explorer.shown is explorer.shown  # worked out once
    press(explorer, "layer_down", large=True)
    press(explorer, "layer_down")
    assert explorer.layer == 1
    assert explorer.shown == drawn(depth=1)
    assert explorer.preset == drawn(depth=7)
    press(explorer, "layer_up", 6)
    assert explorer.shown is explorer.preset


def test_the_layer_shown_stays_while_the_network_changes() -> None:
    explorer = Explorer(drawn(depth=4))
    press(explorer, "layer_down")
    press(explorer, "zoom_in")
    press(explorer, "next_activation")
    assert explorer.layer == 3
    press(explorer, "shallower")
    assert explorer.layer == 3
    assert explorer.shown is explorer.preset
    press(explorer, "deeper")
    assert explorer.layer == 4


def test_enter_and_back() -> None:
    explorer = Explorer(drawn(depth=9))
    press(explorer, "enter")
    assert "PgDn" in explorer.message
    press(explorer, "leave")
    assert explorer.message == "nothing was opened that Backspace could return from"
    press(explorer, "layer_down", 3)
    press(explorer, "enter")
    assert explorer.preset == drawn(depth=6)
    press(explorer, "layer_down")
    press(explorer, "enter")
    assert explorer.preset == drawn(depth=5)
    press(explorer, "leave")
    assert (explorer.preset, explorer.layer) == (drawn(depth=6), 5)
    press(explorer, "leave")
    assert (explorer.preset, explorer.layer) == (drawn(depth=9), 6)
    press(explorer, "leave")
    assert explorer.message == "nothing was opened that Backspace could return from"


# A network given by its layers

NOT_FOR_GIVEN = [
    "deeper",
    "shallower",
    "wider",
    "narrower",
    "stronger",
    "weaker",
    "random_seed",
    "next_activation",
    "next_init",
]


@pytest.mark.parametrize("action", NOT_FOR_GIVEN)
def test_given_layers_cannot_be_drawn_anew(action: str) -> None:
    start = given_layers()
    explorer = Explorer(start)
    press(explorer, action)
    if action != "random_seed":  # Shift+R leaves the preset
        press(explorer, action, large=True)
    assert explorer.preset is start
    assert "fixes the weights" in explorer.message
    assert explorer.history.place == (1, 1)


def test_given_layers_can_be_looked_at() -> None:
    explorer = Explorer(given_layers())
    press(explorer, "zoom_in")
    press(explorer, "pan_up")
    press(explorer, "layer_down")
    assert explorer.shown.network().depth == 1
    press(explorer, "enter")
    assert explorer.preset.spec.depth == 1
    press(explorer, "leave")
    press(explorer, "layer_up")
    press(explorer, "reset_view")
    assert explorer.preset == given_layers()


@quick
@given(
    animated=st.booleans(),
    explicit=st.booleans(),
    keys=st.lists(st.tuples(st.sampled_from(sorted(by_key())), st.booleans()), max_size=25),
)
def test_no_row_of_keys_ends_in_an_exception(
    animated: bool, explicit: bool, keys: list[tuple[str, bool]]
) -> None:
    inputs = ("x", "y", "t") if animated else ("x", "r")
    start = given_layers(animated=animated) if explicit else drawn(depth=3, inputs=inputs)
    explorer = Explorer(start, presets=[drawn, given_layers, broken])
    for key, large in keys:
        action = by_key()[key][0]
        if hasattr(explorer, action) or action.startswith("preset_"):
            explorer.message = ""
            explorer.act(action, large)
        assert 1 <= explorer.layer <= explorer.layers
        if not explorer.preset.spec.structured:  # whose layers are stages
            assert explorer.shown.spec.depth == explorer.layer


# Time


def test_time_runs_and_pauses() -> None:
    explorer = Explorer(drawn(inputs=("x", "y", "t")), time=1.0)
    explorer.tick(0.5)
    assert explorer.time == 1.5
    press(explorer, "pause")
    assert explorer.message == "paused"
    explorer.tick(0.5)
    assert explorer.time == 1.5
    press(explorer, "pause")
    assert explorer.message == ""
    explorer.tick(0.5)
    assert explorer.time == 2.0


def test_time_steps_stop_the_clock() -> None:
    explorer = Explorer(drawn(inputs=("x", "cos_t")))
    explorer.tick(0.33)
    press(explorer, "time_on")
    assert explorer.time == 0.5
    assert "0.5" in explorer.message
    explorer.tick(1.0)
    press(explorer, "time_on", large=True)
    assert explorer.time == 1.0
    press(explorer, "time_back", 9)
    assert explorer.time == -0.125
    press(explorer, "time_on")
    assert explorer.time == 0.0


@pytest.mark.parametrize("action", ["pause", "time_on", "time_back"])
def test_a_still_picture_says_that_nothing_moves(action: str) -> None:
    explorer = Explorer(drawn())
    press(explorer, action)
    explorer.tick(1.0)
    assert explorer.time == 0.0
    assert "nothing moves" in explorer.message
    explorer.load(drawn(inputs=("t",)))  # and no pause is remembered
    explorer.tick(1.0)
    assert explorer.time == 1.0


def test_walking_over_a_still_picture_does_not_stop_time() -> None:
    explorer = Explorer(drawn(inputs=("t",)))
    explorer.load(drawn())
    explorer.load(drawn(inputs=("sin_t",)))
    press(explorer, "history_back", 2)
    explorer.tick(1.0)
    assert explorer.time == 1.0
    press(explorer, "pause")
    press(explorer, "history_on", 2)
    explorer.tick(1.0)
    assert explorer.time == 1.0


def test_a_reload_keeps_the_time_and_the_pause() -> None:
    explorer = Explorer(drawn(inputs=("t",)), time=3.0)
    explorer.reload(drawn(inputs=("t",), depth=2))
    explorer.tick(1.0)
    press(explorer, "pause")
    explorer.reload(drawn(inputs=("t",), depth=3))
    explorer.tick(1.0)
    assert explorer.time == 4.0
    assert explorer.preset.spec.depth == 3


# Presets


def broken() -> Preset:
    raise PresetError("no such key", key="network.dept", source="broken.toml", line=3)


def shelf() -> list[Callable[[], Preset]]:
    """Three presets."""
    return [partial(Preset, title=f"T{n}", name=f"p{n}") for n in (1, 2, 3)]


def test_the_next_preset_and_the_one_before() -> None:
    explorer = Explorer(drawn(), presets=shelf())
    names = []
    for large in (False, False, False, False, True, True):
        press(explorer, "next_preset", large=large)
        names.append(explorer.preset.name)
    assert names == ["p1", "p2", "p3", "p1", "p3", "p2"]
    assert explorer.message == "2  T2"


def test_the_next_preset_counts_from_the_one_opened() -> None:
    explorer = Explorer(Preset(title="T2", name="p2").replace(depth=3), presets=shelf())
    press(explorer, "next_preset")
    assert explorer.preset.name == "p3"
    explorer = Explorer(shelf()[0](), presets=[broken, *shelf()])
    press(explorer, "next_preset")
    assert explorer.preset.name == "p2"


def test_the_one_before_the_first_is_the_last() -> None:
    explorer = Explorer(drawn(), presets=shelf())
    press(explorer, "next_preset", large=True)
    assert explorer.preset.name == "p3"


def test_favourites_by_number(tmp_path: Path) -> None:
    favourites = Favourites(tmp_path / "favourites.toml")
    explorer = Explorer(
        drawn(), presets=shelf(), names=["p1", "agate", "p3"], favourites=favourites
    )
    press(explorer, "favourite_2")
    assert explorer.preset == load_preset(list(shipped())[1])
    favourites.put(2, "agate")
    press(explorer, "favourite_2")
    assert (explorer.preset, explorer.preset.name) == (load_preset("agate"), "agate")
    assert explorer.message == "favourite 2: Agate"
    press(explorer, "next_preset")
    assert explorer.preset.name == "p3"
    press(explorer, "history_back")
    assert explorer.preset.name == "agate"


def test_a_favourite_that_is_gone_says_so_and_changes_nothing(tmp_path: Path) -> None:
    favourites = Favourites(tmp_path / "favourites.toml")
    favourites.put(3, "agatte")
    favourites.put(4, str(tmp_path / "gone.toml"))
    explorer = Explorer(drawn(), favourites=favourites)
    before = explorer.preset
    press(explorer, "favourite_3")
    assert explorer.message == "favourite 3: no preset 'agatte'; did you mean 'agate'?"
    press(explorer, "favourite_4")
    assert "gone.toml: No such file" in explorer.message
    assert explorer.preset is before


def test_a_bad_file_of_favourites_says_so_and_the_defaults_open(tmp_path: Path) -> None:
    path = tmp_path / "favourites.toml"
    path.write_text("[favourites]\n0 = 'agate'")
    explorer = Explorer(drawn(), favourites=Favourites(path))
    press(explorer, "favourite_1")
    assert explorer.preset == load_preset()
    assert "'0' is not a number from 1 to 9" in explorer.message


def test_what_is_shown_becomes_a_favourite(tmp_path: Path) -> None:
    explorer = Explorer(load_preset("agate"), favourites=Favourites(tmp_path / "favourites.toml"))
    press(explorer, "keep_5")
    assert explorer.favourites.table()[5] == "agate"
    assert explorer.message == "the key 5 now opens Agate"
    press(explorer, "deeper")
    changed = explorer.preset
    press(explorer, "keep_6")
    assert explorer.favourites.table()[6] not in shipped()
    press(explorer, "favourite_5")
    press(explorer, "favourite_6")
    assert explorer.preset == changed


def test_without_a_place_for_favourites_it_says_so() -> None:
    explorer = Explorer(load_preset("agate"))
    press(explorer, "keep_5")
    assert "no home directory" in explorer.message


def test_random_as_a_favourite_is_another_one_each_time(tmp_path: Path) -> None:
    favourites = Favourites(tmp_path / "favourites.toml")
    favourites.put(1, "random")
    explorer = Explorer(drawn(), favourites=favourites)
    seen = []
    for _ in range(2):
        press(explorer, "favourite_1")
        while explorer.busy:
            explorer.work(0.0)
        seen.append(explorer.preset)
    assert seen[0] != seen[1]
    assert explorer.preset.name == "random"


def test_no_presets_at_all() -> None:
    explorer = Explorer(drawn())
    press(explorer, "next_preset")
    assert explorer.message == "there are 0 presets"


def test_a_broken_preset_says_so_and_is_passed_over() -> None:
    first, second, third = shelf()
    explorer = Explorer(drawn(), presets=[first, broken, second, third])
    press(explorer, "next_preset")
    press(explorer, "next_preset")
    assert explorer.message == "broken.toml:3: network.dept: no such key"
    assert explorer.preset.name == "p1"
    press(explorer, "next_preset")
    assert explorer.preset.name == "p2"


# History


def test_each_change_is_one_step() -> None:
    explorer = Explorer(drawn(depth=5))
    actions = ["deeper", "zoom_in", "pan_up", "next_color", "layer_down", "random_seed"]
    seen = [explorer.history.now]
    for gesture, action in enumerate(actions):
        explorer.gesture = gesture
        press(explorer, action)
        seen.append(explorer.history.now)
    assert explorer.history.place == (7, 7)
    for expected in seen[-2::-1]:
        press(explorer, "history_back")
        assert explorer.history.now == expected
    assert explorer.message == "depth 5 · history: 1 of 7"
    press(explorer, "history_back")
    assert explorer.message == "start of the history"
    press(explorer, "history_on", 6)
    assert explorer.history.now == seen[-1]
    press(explorer, "history_on")
    assert explorer.message == "end of the history"


def test_every_change_is_told_in_a_few_words() -> None:
    explorer = Explorer(drawn(depth=5, weight_scale=0.55))
    explorer.keep_signal = False
    told = []
    for action in (
        "deeper",
        "wider",
        "stronger",
        "zoom_in",
        "pan_right",
        "reset_view",
        "next_activation",
        "next_init",
        "layer_down",
    ):
        press(explorer, action)
        told.append(explorer.message)
    width = spec(explorer).width
    assert told == [
        "depth 6",
        f"width {width}",
        "weight scale 0.5744",
        "extent 0.8409",
        "centre 0.105112, 0",
        "extent 1",
        "activation sigmoid",
        "initialisation normal",
        "layer 5 of 6",
    ]
    press(explorer, "random_seed")
    assert explorer.message == f"seed {spec(explorer).seed}"


def test_a_held_key_is_one_step() -> None:
    explorer = Explorer(drawn(depth=5))
    explorer.gesture = "held"
    press(explorer, "deeper", 10)
    assert explorer.history.place == (2, 2)
    explorer.gesture = "another"
    press(explorer, "deeper", 10)
    assert explorer.history.place == (3, 3)
    press(explorer, "history_back")
    assert spec(explorer).depth == 15
    press(explorer, "history_back")
    assert spec(explorer).depth == 5


def test_what_changes_nothing_is_no_step() -> None:
    explorer = Explorer(drawn(depth=1))
    press(explorer, "shallower")
    press(explorer, "reset_view")
    press(explorer, "layer_up")
    assert explorer.history.place == (1, 1)


def test_walking_back_and_changing_loses_nothing() -> None:
    explorer = Explorer(drawn(depth=5))
    for gesture in range(3):
        explorer.gesture = gesture
        press(explorer, "deeper")
    press(explorer, "history_back", 2)
    explorer.gesture = "then"
    press(explorer, "wider")
    assert spec(explorer) == drawn(depth=6, width=17).spec
    depths = []
    for _ in range(4):
        press(explorer, "history_back")
        depths.append((spec(explorer).depth, spec(explorer).width))
    assert depths == [(8, 16), (7, 16), (6, 16), (5, 16)]


# Weight scale: doubling, halving, keeping the signal


@pytest.mark.parametrize("scale", [0.55, 1.0, 0.1, 1 / 3, 0.0123])
def test_doubling_and_halving_the_weight_scale_cancel_exactly(scale: float) -> None:
    explorer = Explorer(drawn(weight_scale=scale))
    press(explorer, "double_scale")
    assert spec(explorer).weight_scale == 2 * scale
    assert "weight scale" in explorer.message
    press(explorer, "double_scale", 2, large=True)
    assert spec(explorer).weight_scale == scale / 2
    press(explorer, "double_scale")
    assert spec(explorer).weight_scale == scale


@pytest.mark.parametrize(
    ("large", "word", "end"), [(False, "doubled", 1000), (True, "halved", 1e-4)]
)
def test_doubling_and_halving_stop_at_the_limits(large: bool, word: str, end: float) -> None:
    explorer = Explorer(drawn())
    press(explorer, "double_scale", 40, large=large)
    assert explorer.message.startswith("the weight scale ranges from 0.0001 to 1000: ")
    assert explorer.message.endswith(f"cannot be {word}")
    assert abs(math.log2(spec(explorer).weight_scale / end)) < 1


@pytest.mark.parametrize(
    ("action", "key"), [("next_activation", "activation"), ("next_init", "init")]
)
def test_another_activation_or_init_keeps_the_signal_in_one_step(action: str, key: str) -> None:
    start = drawn(depth=20, width=24, weight_scale=0.55, seed=7)
    explorer = Explorer(start)
    press(explorer, action)
    assert spec(explorer).weight_scale != 0.55
    assert "weight scale 0.55 → " in explorer.message
    assert "keeps the signal" in explorer.message
    assert explorer.history.place == (2, 2)
    press(explorer, "history_back")
    assert explorer.preset == start


def test_keeping_the_signal_is_an_option() -> None:
    explorer = Explorer(drawn(depth=20, width=24, weight_scale=0.55))
    press(explorer, "toggle_keeping")
    assert not explorer.keep_signal
    assert "no longer" in explorer.message
    press(explorer, "next_activation")
    assert spec(explorer).weight_scale == 0.55
    assert "scale" not in explorer.message
    press(explorer, "toggle_keeping")
    assert explorer.keep_signal
    assert "keeps the signal" in explorer.message


def test_an_animated_or_swept_weight_scale_is_not_replaced() -> None:
    moving = drawn(depth=12, weight_scale=0.5).replace(
        **{"animate.network.weight_scale": [0.4, 0.8]}
    )
    swept = drawn(depth=12).replace(**{"show.view": "sheet", "sweep.rows": "weight_scale=0.5,1"})
    for preset in (moving, swept):
        explorer = Explorer(preset)
        press(explorer, "next_activation")
        assert explorer.preset.animate == preset.animate
        assert spec(explorer).weight_scale == cast(Random, preset.spec).weight_scale


# Titles


def titled(title: str = "27 layers of 30", **keys: Any) -> Preset:
    return Preset(spec=Random(depth=27, width=30, **keys), title=title, name="neylon")


def test_a_title_says_that_the_network_was_changed_until_it_is_changed_back() -> None:
    explorer = Explorer(titled())
    press(explorer, "deeper")
    assert explorer.title == "27 layers of 30, changed"
    assert explorer.shown.title == explorer.title  # in saved files, too
    press(explorer, "wider")
    assert explorer.title == "27 layers of 30, changed"
    press(explorer, "narrower")
    press(explorer, "shallower")
    assert explorer.title == "27 layers of 30"
    assert explorer.preset == titled()


@pytest.mark.parametrize(
    "action", ["zoom_in", "pan_up", "next_color", "next_view", "time_on", "double_scale"]
)
def test_a_title_stays_true_for_another_view_of_the_same_network(action: str) -> None:
    explorer = Explorer(titled(inputs=("x", "y", "t")))
    press(explorer, action)
    assert explorer.title == "27 layers of 30" + ", changed" * (action == "double_scale")


def test_a_layer_shown_or_entered_is_not_the_network_of_the_title() -> None:
    explorer = Explorer(titled())
    press(explorer, "layer_down", 3)
    assert explorer.title == "27 layers of 30, changed"
    assert explorer.preset.title == "27 layers of 30"
    press(explorer, "enter")
    assert explorer.title == "27 layers of 30, changed"
    press(explorer, "leave")
    press(explorer, "layer_up", 3)
    assert explorer.title == "27 layers of 30"


def test_what_is_opened_has_a_title_of_its_own() -> None:
    explorer = Explorer(titled())
    words = "layer 5 of 27: output of the depth-5 network"
    explorer.pointed = lambda: Hit(words, opens=titled().layer_picture(5))
    explorer.click()
    assert explorer.title == "27 layers of 30: layer 5 of 27"


def test_a_changed_title_is_that_of_the_history_and_of_another_preset() -> None:
    explorer = Explorer(titled())
    press(explorer, "random_seed")
    press(explorer, "history_back")
    assert explorer.title == "27 layers of 30"
    press(explorer, "history_on")
    assert explorer.title == "27 layers of 30, changed"
    explorer.load(titled("another"))
    assert explorer.title == "another"


def test_a_preset_saved_as_changed_is_marked_once() -> None:
    explorer = Explorer(titled("27 layers of 30, changed"))
    press(explorer, "deeper")
    assert explorer.title == "27 layers of 30, changed"


def test_without_a_title_the_name_is_shown() -> None:
    explorer = Explorer(drawn())
    press(explorer, "deeper")
    assert explorer.title == "drawn"
