"""What the window shows, in words, and the values at the pointer against the network's own."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cppn_gl.nn.features import features
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.sources import Layers, Random
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.network_file import with_network
from cppn_gl.preset.preset import Preset, Viewport
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.viewer import facts
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.typeset import CHIP, Run
from cppn_gl.views import view_of
from cppn_gl.views.base import Point, plane_point
from cppn_gl.views.text import TIED

SIZE = (320, 200)


def explorer(show: str = "picture", **keys: Any) -> Explorer:
    preset = Preset(spec=Random(**keys), title="A title", name="name")
    return Explorer(preset.replace(**{"show.view": show}))


def told(of: Explorer) -> list[str]:
    return [part for line in facts.facts(of, 1234567, SIZE) for part in line]


def plain(runs: tuple[Run, ...]) -> str:
    return "".join(run.words for run in runs).replace(TIED, " ")


def scene(show: str, **keys: Any) -> Scene:
    return scene_of(explorer(show, **keys).preset)


def reference(of: Scene, x: float, y: float) -> Any:
    inputs = features(of.network.inputs, np.array([x]), np.array([y]), of.clock, of.network.latent)
    return of.network.evaluate(inputs)[0]


def test_the_facts_say_what_is_shown() -> None:
    of = explorer(depth=8, width=16, inputs=("x", "y", "t"), seed=7, weight_scale=0.55)
    of.zoom_in(large=True)
    of.tick(2.5)
    assert told(of) == [
        "picture, after sigmoid",
        "x −0.800 … 0.800   y −0.500 … 0.500",
        "zoom 2×",
        "depth 8 × width 16",
        "tanh",
        "1,234,567 weights and biases",
        "uniform",
        "weight scale 0.55",
        "seed 7",
        "layers not normalised",
        "time 2.5 s",
    ]


def test_what_varies_over_a_sheet_is_left_out() -> None:
    of = explorer("sheet", depth=8, width=16, weight_scale=0.5)
    assert {"layers not normalised", "depth 8 × width 16", "weight scale 0.5"} <= set(told(of))
    assert not any("seed" in part for part in told(of))  # its cells are the next seeds
    of.change(**{"sweep.rows": "which=none,all", "sweep.cols": "depth=2,4"})
    assert told(of) == [
        "sheet",
        "x −1.00 … 1.00   y −1.00 … 1.00",
        "width 16",
        "tanh",
        "uniform",
        "weight scale 0.5",
        "seed 0",
    ]
    of.change(**{"sweep.rows": "extent=1,2", "sweep.cols": "weight_scale=0.5,1 & time=0,1"})
    assert told(of) == [
        "sheet",
        "depth 8 × width 16",
        "tanh",
        "1,234,567 weights and biases",
        "uniform",
        "seed 0",
        "layers not normalised",
    ]


def test_the_facts_follow_every_change() -> None:
    of = explorer(depth=3, inputs=("x", "t"), activation=("tanh", "sin"), bias_scale=0.5)
    of.pause()
    of.layer_down()
    found = told(of)
    assert {"picture, layer 2 of 3, after sigmoid", "tanh, sin", "bias scale 0.5"} <= set(found)
    assert "time 0.0 s, paused" in found
    of.change(**{"normalize.which": "all"})
    assert "all layers normalised" in told(of)


def test_the_period_of_waves_is_told() -> None:
    of = explorer(inputs=("x", "sin_x"))
    assert "period 2π" in told(of)
    of.change(period=2.5)
    assert "period 2.5" in told(of)
    of.change(inputs=["x", "y"])
    assert not any("period" in words for words in told(of))


def test_omega_is_told() -> None:
    of = explorer(omega=30.0, activation="sin")
    assert "omega 30" in told(of)
    of.change(omega=1.0)
    assert not any("omega" in words for words in told(of))


def test_a_view_of_its_own_has_its_option_and_says_before_or_after() -> None:
    of = explorer("units", depth=4)
    assert {"units, after activation", "option connections off"} <= set(told(of))
    of.change(**{"units.before": True})
    assert "units, before activation" in told(of)
    assert "layers, before and after activation" in told(Explorer(load_preset("layers-before")))


def test_the_layer_is_told_once_and_not_as_an_option() -> None:
    found = told(explorer("curves", depth=4))
    assert not [part for part in found if part.startswith("option")]
    of = explorer("curves", depth=4)
    of.change(**{"curves.layer": 2})
    assert [part for part in told(of) if "layer 2" in part] == [
        "curves, layer 2 of 4, after activation"
    ]


def test_the_time_is_within_the_period_if_there_is_one() -> None:
    of = explorer(inputs=("x", "y", "cos_t", "sin_t"))
    of.change(**{"animation.loop": 24.0})
    of.tick(49.9)
    assert "time 1.9 of 24 s" in told(of)


def test_a_network_that_is_given() -> None:
    layer = Layer(np.ones((3, 2), np.float32), np.zeros(3, np.float32), "tanh")
    of = Explorer(Preset(spec=Layers((layer,)), name="name"))
    assert of.title == "name"
    assert "depth 1, fixed weights" in told(of)
    assert "tanh" in told(of)
    assert all(told(of))


def test_a_networks_file_names_its_activation_or_that_it_is_a_guess(tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    np.savez(path, **{"0.weight": np.ones((4, 2)), "1.weight": np.ones((3, 4))})
    named = Explorer(with_network(Preset(), path, {"network.activation": "sin"}))
    assert "sin" in told(named)
    assert "relu (guessed)" in told(Explorer(with_network(Preset(), path)))


@pytest.mark.parametrize(
    ("view", "size", "words"),
    [
        (Viewport((0.0, 0.0), 2.6), (1280, 800), "x −4.16 … 4.16   y −2.60 … 2.60"),
        (Viewport((0.0, 0.0), 1.0), (300, 600), "x −1.00 … 1.00   y −2.00 … 2.00"),
        (Viewport((5e5, 0.0), 1e6), (2, 1), "x −1.5×10⁶ … 2.5×10⁶   y −10⁶ … 10⁶"),
        (Viewport((0.5, -0.25), 1e-3), (1, 1), "x 0.49900 … 0.50100   y −0.25100 … −0.24900"),
    ],
)
def test_the_extent_in_numbers(view: Viewport, size: Any, words: str) -> None:
    assert facts.extent(view, size) == words


def test_no_zero_is_negative() -> None:
    assert facts.fixed(-0.0001, 2) == "0.00"
    assert facts.fixed(-0.5, 2) == "−0.50"


@pytest.mark.parametrize("outputs", [1, 3])
def test_the_outputs_under_the_pointer_are_the_networks(outputs: int) -> None:
    of = scene("picture", depth=4, inputs=("x", "y", "r"), outputs=outputs)
    point = view_of(of.preset).point(of, SIZE, (100.0, 20.0))
    assert point is not None
    assert (point.x, point.y) == pytest.approx((-0.6, 0.8))
    found = facts.values_at(point)
    assert [name for name, _ in found] == (["output"] if outputs == 1 else list(facts.CHANNELS))
    assert [value for _, value in found] == pytest.approx(reference(of, point.x, point.y))
    words = plain(facts.pointer_runs(point, 200, rgb=(10, 20, 30)))
    assert words.startswith("x −0.60  y 0.80   ")
    assert facts._value(found[0][1]) in words


@pytest.mark.parametrize("before", [False, True])
def test_the_value_of_a_unit(before: bool) -> None:
    of = scene("units", depth=3, width=5)
    inputs = features(of.network.inputs, np.array([0.5]), np.array([-1.0]), of.clock)
    for number, (_, pre, units) in enumerate(of.network.walk(inputs), 1):
        wanted = (pre if before else units)[0]
        for index, value in enumerate(wanted):
            point = Point(of, 0.5, -1.0, (number, index), before)
            ((name, found),) = facts.values_at(point)
            assert found == pytest.approx(value)
            assert name == (
                facts.CHANNELS[index] if number == 3 else f"unit {index + 1} of layer {number}"
            )
    assert facts.values_at(Point(of, 0.5, -1.0, (0, 1))) == [("y", -1.0)]


def test_the_words_at_the_pointer_and_the_colour() -> None:
    of = scene("gradient", depth=2)
    runs = facts.pointer_runs(plane_point(of, SIZE, (160, 100)), 200, "gradient 0.3", (1, 2, 3))
    assert plain(runs).startswith("gradient 0.3   x 0.00  y 0.00   red ")
    assert (runs[-1].shape, runs[-1].ink) == (CHIP, (1, 2, 3, 255))
    assert plain(facts.pointer_runs(None, 200, "layer 3")) == "layer 3"
    assert facts.pointer_runs(None, 200) == ()


def test_values_are_short_whatever_they_are() -> None:
    found = [facts._value(v) for v in (0.5, -0.0001234, 12345.678, np.nan, np.inf, -np.inf, 0.0)]
    assert found == ["0.500", "−0.000123", "1.23×10⁴", "not a number", "∞", "−∞", "0.000"]


# Where the plane is in a picture


def corners(of: Scene, box: tuple[int, int, int, int]) -> tuple[Point | None, Point | None]:
    left, top, right, bottom = box
    view = view_of(of.preset)
    places = ((left + 0.01, bottom - 0.01), (right - 0.01, top + 0.01))
    low, high = (view.point(of, SIZE, place) for place in places)
    return low, high


@pytest.mark.parametrize("show", ["picture", "gradient", "sensitivity", "signal"])
def test_views_of_the_plane_have_a_point_at_every_pixel(show: str) -> None:
    of = scene(show, depth=3)
    point = view_of(of.preset).point(of, SIZE, (4.0, 196.0))
    assert point is not None
    assert (point.x, point.y) == pytest.approx((-1.56, -0.96))


def test_a_layers_cell_has_the_outputs_of_the_network_that_ends_there() -> None:
    of = scene("layers", depth=4)
    view: Any = view_of(of.preset)
    for index in range(4):
        low, high = corners(of, view.cells(of, SIZE).box(index))
        assert low is not None
        assert high is not None
        assert high.x - low.x > 1.9
        assert high.y - low.y > 1.9
        assert low.scene.network.depth == index + 1
        assert [v for _, v in facts.values_at(low)] == pytest.approx(
            reference(scene_of(of.preset.layer_picture(index + 1)), low.x, low.y)
        )


def test_a_layers_cell_has_pre_activations_above() -> None:
    of = scene_of(explorer("layers", depth=4).preset.replace(**{"layers.before": True}))
    view: Any = view_of(of.preset)
    left, top, right, bottom = view.cells(of, SIZE).box(2)
    above, below = (view.point(of, SIZE, ((left + right) / 2, y)) for y in (top + 2, bottom - 2))
    assert (above.before, below.before) == (True, False)
    assert above.y > 0.5
    assert below.y < -0.5
    outputs = 1 / (1 + np.exp([-value for _, value in facts.values_at(above)]))
    assert outputs == pytest.approx(reference(above.scene, above.x, above.y))


def test_a_tile_of_the_units_is_a_picture_of_the_plane() -> None:
    from cppn_gl.views.units.units import board_of

    of = scene("units", depth=3, width=4)
    low, high = corners(of, board_of(of, SIZE).box((1, 2)))
    assert low is not None
    assert high is not None
    assert low.unit == high.unit == (1, 2)
    assert min(high.x - low.x, high.y - low.y) == pytest.approx(2, abs=0.1)
    assert view_of(of.preset).point(of, SIZE, (0.0, 0.0)) is None


def test_a_sheets_cell_has_its_own_network() -> None:
    preset = load_preset("scale-sheet")
    of = scene_of(preset)
    view: Any = view_of(preset)
    layout = view.layout(preset, SIZE)
    cell = layout.grid.cells[4]
    left, top, right, bottom = layout.box(cell.row, cell.column)
    point = view.point(of, SIZE, ((left + right) / 2, (top + bottom) / 2))
    assert (point.x, point.y) == pytest.approx((0, 0), abs=0.1)
    wanted = reference(scene_of(cell.preset), point.x, point.y)
    assert [value for _, value in facts.values_at(point)] == pytest.approx(wanted)


@pytest.mark.parametrize("show", ["surface", "curves"])
def test_other_views_have_none(show: str) -> None:
    of = scene(show, depth=3)
    assert view_of(of.preset).point(of, SIZE, (160.0, 100.0)) is None
