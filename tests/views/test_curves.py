"""The curves view: what its panels hold, the pixels they pass through, and what is pointed at."""

import numpy as np
import pytest

from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.sources import Layers
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.views import view_of
from cppn_gl.views.base import lay_over, painted
from cppn_gl.views.plots import plot
from cppn_gl.views.plots.curves import CurvesView, panels
from cppn_gl.views.plots.cut import along
from cppn_gl.views.text import formula, variable

X, U = variable("x"), variable("u")

SIZES = [(1, 1), (20, 20), (3000, 40), (40, 900), (320, 180), (640, 360), (500, 500)]


def figure_4() -> Scene:
    hidden = Layer(np.array([[1.2], [2.5], [-1.8]]), np.array([2.4, -0.5, -3.6]), "tanh")
    last = Layer(np.array([[1.1, -1.6, -1.2]]), np.array([0.1]), "tanh")
    spec = Layers((hidden, last), ("x",))
    return scene_of(Preset(spec=spec).replace(extent=5.0, view="curves"))


def activation(name: str) -> Scene:
    spec = Layers((Layer(np.array([[1.0]]), np.array([0.0]), name),), ("x",))
    return scene_of(Preset(spec=spec).replace(extent=5.0))


def drawn(**keys: object) -> Scene:
    base = Preset().replace(depth=3, width=12, inputs=("x",), extent=3.0, seed=4)
    return scene_of(base.replace(**keys))


def frames(view: CurvesView, scene: Scene, size: tuple[int, int]) -> list[plot.Frame]:
    return view._plot(scene, size).frames


def test_the_view_is_in_the_table() -> None:
    assert isinstance(view_of(figure_4().preset), CurvesView)
    assert view_of(figure_4().preset).problem(Preset()) == ""


def test_figure_4_has_units_pre_activations_and_outputs() -> None:
    scene = figure_4()
    curves = along(scene, 40)
    left, middle, right = panels(scene, curves)
    assert len(left.lines) == 3
    assert len(middle.lines) == len(right.lines) == 1
    x = curves.at
    units = [np.tanh(1.2 * x + 2.4), np.tanh(2.5 * x - 0.5), np.tanh(-1.8 * x - 3.6)]
    for line, truth in zip(left.lines, units, strict=True):
        assert line.y == pytest.approx(truth, abs=1e-6)
    total = 1.1 * units[0] - 1.6 * units[1] - 1.2 * units[2] + 0.1
    assert middle.lines[0].y == pytest.approx(total, abs=1e-6)
    assert right.lines[0].y == pytest.approx(np.tanh(total), abs=1e-6)
    assert [line.label for line in left.lines] == [
        f"{U}₁ = tanh(1.2{X} + 2.4)",
        f"{U}₂ = tanh(2.5{X} − 0.5)",
        f"{U}₃ = tanh(−1.8{X} − 3.6)",
    ]
    assert middle.lines[0].label == f"1.1{U}₁ − 1.6{U}₂ − 1.2{U}₃ + 0.1"
    assert left.y == middle.y == right.y


def test_panels_of_different_ranges_have_scales_of_their_own() -> None:
    scene = drawn(weight_scale=20.0)
    units, sums, outputs = panels(scene, along(scene, 40))
    assert sums.y[1] - sums.y[0] > 4 * (units.y[1] - units.y[0])
    assert outputs.y[1] < 1.5


def test_three_outputs_are_three_curves_in_their_colours() -> None:
    scene = drawn()
    left, middle, right = panels(scene, along(scene, 20))
    assert len(left.lines) == 12
    for panel in (middle, right):
        assert [line.color for line in panel.lines] == list(plot.CHANNELS.values())
        assert [line.label for line in panel.lines] == ["red", "green", "blue"]


def test_pre_activations_are_shown_when_asked_for() -> None:
    scene = drawn(before=True)
    curves = along(scene, 20)
    assert curves.unit_pre_activations is not None
    left = panels(scene, curves)[0]
    assert np.stack([line.y for line in left.lines], axis=1) == pytest.approx(
        curves.unit_pre_activations
    )


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_alone_is_one_panel_with_its_formula_and_derivative(name: str) -> None:
    scene = activation(name)
    curves = along(scene, 4001)
    (panel,) = panels(scene, curves)
    assert panel.titles[0] == formula(f"{name}(x) = {ACTIVATIONS[name].formula}")
    function, steep = panel.lines
    assert function.y == pytest.approx(ACTIVATIONS[name].function(curves.at), abs=1e-12)
    between = (curves.at[1:] + curves.at[:-1]) / 2
    smooth = np.abs(between) > 0.01  # not across a kink
    truth = (np.diff(function.y) / np.diff(curves.at))[smooth]
    assert np.interp(between, curves.at, steep.y)[smooth] == pytest.approx(truth, abs=1e-4)


def test_a_single_layer_with_weights_has_its_pre_activation_beside_it() -> None:
    spec = Layers((Layer(np.array([[0.4]]), np.array([-0.3]), "sigmoid"),), ("x",))
    scene = scene_of(Preset(spec=spec))
    total, sigmoid = panels(scene, along(scene, 11))
    assert total.lines[0].y == pytest.approx(0.4 * total.lines[0].x - 0.3, abs=1e-6)
    assert sigmoid.lines[0].y == pytest.approx(1 / (1 + np.exp(-total.lines[0].y)), abs=1e-6)


@pytest.mark.parametrize("size", [(960, 600), (320, 180), (400, 900)])
def test_curves_pass_through_the_pixels_of_the_references_values(size: tuple[int, int]) -> None:
    view, scene = CurvesView(), figure_4()
    overlay = view.overlay(scene, size)
    assert overlay is not None
    assert overlay.shape == (size[1], size[0], 4)
    right = frames(view, scene, size)[2]
    x = np.linspace(-4.5, 4.5, 25)
    truth = scene.network.evaluate(x[:, None])[:, 0]
    across, down = right.place(x, truth)
    for column, row in zip(across, down, strict=True):
        near = overlay[int(row) - 1 : int(row) + 2, int(column), :3].astype(int)
        assert (np.abs(near - plot.INK).max(axis=1) < 60).any()


@pytest.mark.parametrize("size", SIZES)
def test_any_size_is_drawn_and_is_covered_whole(size: tuple[int, int]) -> None:
    view = CurvesView()
    for scene in (drawn(), figure_4(), activation("relu")):
        overlay = view.overlay(scene, size, (size[0] / 3, size[1] / 2))
        assert overlay is not None
        assert overlay.shape == (size[1], size[0], 4)
        assert (overlay[..., 3] == 255).all()
        view.hit(scene, size, (size[0] / 3, size[1] / 2))


def test_the_ground_needs_no_gl_and_is_that_of_the_plots() -> None:
    picture = painted(CurvesView(), drawn(), (32, 20))
    assert picture.shape == (20, 32, 3)
    assert picture.dtype == np.float32
    assert np.round(picture[3, 3] * 255).tolist() == list(plot.GROUND)
    overlay = CurvesView().overlay(drawn(), (32, 20))
    assert lay_over(picture, overlay).shape == picture.shape


def test_nothing_is_written_outside_the_picture() -> None:
    view = CurvesView()
    for size in ((640, 360), (320, 180), (500, 500)):
        overlay = view.overlay(drawn(), size)
        assert overlay is not None
        edge = [overlay[0], overlay[-1], overlay[:, 0], overlay[:, -1]]
        assert all((side[:, :3] == plot.GROUND).all() for side in edge)


def test_the_unit_under_the_cursor_is_named_with_its_value_and_stands_out() -> None:
    view, scene, size = CurvesView(), figure_4(), (960, 600)
    left = frames(view, scene, size)[0]
    value = float(np.tanh(2.5 * 0.1 - 0.5))
    across, down = (float(v[0]) for v in left.place(np.array([0.1]), np.array([value])))
    hit = view.hit(scene, size, (across, down))
    assert hit is not None
    assert hit.words.startswith("unit 2 of layer 1: −0.24")
    assert "at x = 0.1" in hit.words
    plain, pointed = view.overlay(scene, size), view.overlay(scene, size, (across, down))
    assert plain is not None
    assert pointed is not None
    assert (plain != pointed).any()
    again = view.overlay(scene, size)
    assert again is not None
    assert (again == plain).all()
    assert view.hit(scene, size, (1.0, 1.0)) is None


def test_the_output_under_the_cursor_is_named() -> None:
    view, scene, size = CurvesView(), drawn(), (960, 600)
    _, middle, right = frames(view, scene, size)
    curves = along(scene, 3)
    for frame, values, words in (
        (middle, curves.pre_activations, "green output, pre-activation"),
        (right, curves.outputs, "green output: "),
    ):
        across, down = frame.place(np.array([0.0]), values[1:2, 1])
        hit = view.hit(scene, size, (float(across[0]), float(down[0])))
        assert hit is not None
        assert hit.words.startswith(words)


def test_overflow_is_reported_and_drawn_without_a_warning() -> None:
    wide = Layer(np.full((4, 1), 1e30), np.zeros(4), "relu")
    more = [Layer(np.full((4, 4), 1e30), np.zeros(4), "relu") for _ in range(12)]
    spec = Layers((wide, *more, Layer(np.ones((1, 4)), np.zeros(1), "identity")), ("x",))
    scene = scene_of(Preset(spec=spec))
    assert [p.note for p in panels(scene, along(scene, 30))] == ["overflow"] * 3
    assert CurvesView().overlay(scene, (320, 180), (60, 90)) is not None


@pytest.mark.parametrize("size", [(640, 360), (300, 500), (20, 20)])
@pytest.mark.parametrize("keys", [{}, {"layer": 4}, {"layer": 1}, {"before": True}])
def test_curves_of_a_structure(size: tuple[int, int], keys: dict[str, object]) -> None:
    scene = drawn(
        inputs=("x", "y"),
        structure="vgg",
        extent=1.0,
        view="curves",
        **keys,
        **{"network.grid": 24},
    )
    view = CurvesView()
    assert painted(view, scene, size).shape == (size[1], size[0], 3)
    assert view.overlay(scene, size, (size[0] / 6, size[1] / 2)) is not None


def test_pointing_at_a_channel_names_its_layer() -> None:
    scene = drawn(
        inputs=("x", "y"), structure="vgg", depth=4, view="curves", **{"network.grid": 24}
    )
    view, size = CurvesView(), (960, 540)
    frame = frames(view, scene, size)[0]
    line = frame.panel.lines[0]
    at = len(line.x) // 2
    across, down = frame.place(line.x[at : at + 1], line.y[at : at + 1])
    hit = view.hit(scene, size, (float(across[0]), float(down[0])))
    assert hit is not None
    assert "of layer 4, conv 3×3, tanh: " in hit.words
