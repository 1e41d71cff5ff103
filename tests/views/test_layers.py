"""The layers' pictures: each is the picture of the network cut there, from a single pass."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from cppn_gl import Preset, load_preset
from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.native import evaluator
from cppn_gl.engines.geometry import pixel_points
from cppn_gl.engines.stretch import grid, value_range
from cppn_gl.nn.draws import INITS
from cppn_gl.nn.network import Network
from cppn_gl.nn.sources import Layers
from cppn_gl.preset.color import ValueRange, colored
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.utils.tasks import at_once
from cppn_gl.views.base import painted
from cppn_gl.views.layers import LayersView, pass_through, pre_activation_colors

VIEW = LayersView()
SIZE = (160, 110)
PRESET = Preset().replace(
    view="layers", depth=6, width=7, inputs=["x", "y", "t"], extent=1.6, weight_scale=0.9
)


def evaluated(preset: Preset, size: tuple[int, int], time: float) -> np.ndarray:
    """A preset's outputs by the float64 reference, (height, width, 3)."""
    network = preset.network()
    x, y = pixel_points(size, preset.view.center, preset.view.extent)
    fed = network.features(x.ravel(), y.ravel(), preset.animation.clock(time))
    values = np.broadcast_to(network.evaluate(fed), (fed.shape[0], 3))
    return values.reshape(size[1], size[0], 3)


def check(preset: Preset, time: float = 0.4) -> None:
    scene = scene_of(preset, time)
    picture, cells = painted(VIEW, scene, SIZE), VIEW.cells(scene, SIZE)
    for index in range(scene.network.depth):
        left, top, right, bottom = cells.box(index)
        true = evaluated(preset.layer_picture(index + 1), cells.cell, time)
        shown = picture[top:bottom, left:right]
        assert 0 <= cells.cell[0] - shown.shape[1] <= 1
        assert 0 <= cells.cell[1] - shown.shape[0] <= 1
        assert np.abs(shown - true[: len(shown), : shown.shape[1]]).max() < 2e-4, index + 1


@pytest.mark.parametrize("init", INITS)
def test_each_is_the_picture_of_the_network_of_that_depth(init: str) -> None:
    check(PRESET.replace(init=init))


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"init": "glorot_normal", "bias_scale": 0.3},
        {"init": "he_uniform", "between": [9, 0.3], "outputs": 1},
        {"activation": ["tanh", "sin", "relu", "cos", "gelu"]},
        {"which": "hidden", "init": "lecun_normal"},
        {"which": "all", "gain_spread": 0.5},
    ],
    ids=str,
)
@pytest.mark.parametrize("explicit", [False, True])
def test_an_output_layer_is_that_of_its_picture(explicit: bool, keys: dict[str, Any]) -> None:
    preset = PRESET.replace(**keys)
    if explicit:
        layers = preset.spec.network().layers
        preset = dataclasses.replace(preset, spec=Layers(layers, PRESET.spec.inputs))
    for depth in range(1, 7):
        one, true = preset.output_layer(depth), preset.layer_picture(depth).network().layers[-1]
        assert one.activation == true.activation
        assert np.array_equal(one.weight, true.weight)
        assert np.array_equal(one.bias, true.bias)


@pytest.mark.parametrize("which", ["none", "hidden"])
def test_networks_are_not_drawn_for_their_last_layer(
    monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    layers = PRESET.network().layers
    explicit = dataclasses.replace(PRESET, spec=Layers(layers, PRESET.spec.inputs))
    for preset in (PRESET, explicit):
        scene, depths = scene_of(preset.replace(which=which)), []

        def counted(self: Preset, network: Any = Preset.network, depths: Any = depths) -> Network:
            depths.append(self.spec.depth)
            return network(self)

        with monkeypatch.context() as patch:
            patch.setattr(Preset, "network", counted)
            painted(VIEW, scene, SIZE)
        assert depths == [1]  # whose first layer is the view's own


@pytest.mark.parametrize(
    "keys",
    [{"outputs": 1}, {"depth": 1}, {"bias_scale": 0.2}, {"output_activation": "cos"}, {"width": 2}],
)
def test_so_for_other_networks(keys: dict[str, object]) -> None:
    check(PRESET.replace(init="glorot_normal", **keys))


def test_so_for_networks_that_see_an_image() -> None:
    check(PRESET.replace(inputs=["red", "x", "grey"], which="hidden"))


def test_so_for_activations_that_differ() -> None:
    check(PRESET.replace(activation=["sin", "relu", "tanh", "gaussian", "abs"]))


@pytest.mark.parametrize("outputs", [1, 3])
def test_so_for_a_network_of_explicit_layers(outputs: int) -> None:
    layers = PRESET.replace(outputs=outputs).network().layers
    spec = Layers(layers, PRESET.spec.inputs)
    check(dataclasses.replace(PRESET, spec=spec))


def test_a_deep_zoom_stays_sharp() -> None:
    check(PRESET.replace(extent=1e-5, center=[0.7, -1.3], depth=4))


def test_one_pass_draws_no_layer_twice() -> None:
    scene = scene_of(PRESET)
    found = list(pass_through(scene, (5, 4)))
    assert len(found) == 2 * scene.network.depth  # one step for its end, one for its units


@pytest.mark.parametrize("stretch", ["none", "minmax", "percentile"])
@pytest.mark.parametrize(
    ("mapping", "output"), [("viridis", "tanh"), ("diverging", "identity"), ("lab", "sigmoid")]
)
def test_each_is_in_the_colours_of_the_picture_that_a_click_opens(
    mapping: str, output: str, stretch: str
) -> None:
    preset = PRESET.replace(mapping=mapping, stretch=stretch, output_activation=output, depth=4)
    scene = scene_of(preset, 0.4)
    picture, cells = painted(VIEW, scene, SIZE), VIEW.cells(scene, SIZE)
    for index in range(scene.network.depth):
        left, top, right, bottom = cells.box(index)
        hit = VIEW.hit(scene, SIZE, ((left + right) / 2, (top + bottom) / 2))
        assert hit is not None
        assert hit.opens is not None
        opened = scene_of(hit.opens, 0.4)
        values = evaluated(hit.opens, cells.cell, 0.4).astype(np.float32)
        ends = value_range(opened, cells.cell)  # of the picture as large as the cell
        true = colored(values.reshape(-1, 3), preset.color, ends).reshape(values.shape)
        shown = picture[top:bottom, left:right]
        assert np.ptp(shown) > 0.2
        assert np.abs(shown - true[: len(shown), : shown.shape[1]]).max() < 2e-3, index + 1


def test_inverted_colours_and_no_numbers() -> None:
    preset = PRESET.replace(invert=True)
    dark, light = (painted(VIEW, scene_of(one), SIZE) for one in (PRESET, preset))
    left, top, right, bottom = VIEW.cells(scene_of(preset), SIZE).box(3)
    cell = np.s_[top:bottom, left:right]
    assert np.allclose(dark[cell] + light[cell], 1, atol=1e-5)
    broken = PRESET.replace(activation="relu", weight_scale=1000, depth=30, mapping="magma")
    for stretch in ("none", "percentile"):
        scene = scene_of(broken.replace(stretch=stretch))
        left, top, _, _ = VIEW.cells(scene, SIZE).box(29)
        assert painted(VIEW, scene, SIZE)[top, left].tolist() == [1, 0, 1]


def test_pre_activations_are_in_the_mapping_on_their_own_scale() -> None:
    preset = PRESET.replace(before=True, mapping="diverging", stretch="minmax")
    cells = VIEW.cells(scene_of(preset), SIZE)
    half = VIEW.cell_picture_size(scene_of(preset), SIZE)[1]
    left, top, right, _ = cells.box(2)
    cell = np.s_[top : top + half - 1, left:right]
    plain = painted(VIEW, scene_of(preset.replace(mapping="rgb", stretch="none")), SIZE)[cell]
    unit = ValueRange((0.0,) * 3, (1.0,) * 3)
    expected = colored(plain.reshape(-1, 3), preset.color, unit).reshape(plain.shape)
    assert np.allclose(painted(VIEW, scene_of(preset), SIZE)[cell], expected, atol=1e-4)


def test_layers_are_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    preset = PRESET.replace(mapping="magma", stretch="minmax")
    scene, asked = scene_of(preset), []

    def spy(of: Scene, size: tuple[int, int]) -> object:
        asked.append(size)
        return pass_through(of, size)

    monkeypatch.setattr("cppn_gl.views.layers.pass_through", spy)
    coarse = painted(VIEW, scene, (40, 28), SIZE)
    painted(VIEW, scene, SIZE)
    assert coarse.shape == (28, 40, 3)
    cell = VIEW.cells(scene, SIZE).cell
    assert asked == [grid(cell), VIEW.cells(scene, (40, 28), SIZE).cell, cell]


def test_pre_activations_are_above_outputs() -> None:
    preset = PRESET.replace(before=True, output_activation="identity")
    scene = scene_of(preset)
    picture, cells = painted(VIEW, scene, SIZE), VIEW.cells(scene, SIZE)
    half = VIEW.cell_picture_size(scene, SIZE)[1]
    for index in range(scene.network.depth):
        left, top, right, bottom = cells.box(index)
        true = evaluated(preset.layer_picture(index + 1), (cells.cell[0], half), 0.0)
        after, above = picture[bottom - half : bottom, left:right], picture[top:, left:right]
        assert np.abs(after - true[:, : right - left]).max() < 1e-4
        sums = pre_activation_colors(true.reshape(-1, 3).astype(np.float32)).reshape(true.shape)
        rows = half - 1  # clear of the other, also where the cell is a pixel smaller
        assert np.allclose(above[:rows], sums[:rows, : right - left], atol=1e-4)


def test_the_first_layer_is_flat_before_its_activation() -> None:
    """A plane's second differences are 0 where it is not cut off."""
    preset = PRESET.replace(before=True, depth=1)
    cells = VIEW.cells(scene_of(preset), SIZE)
    half = VIEW.cell_picture_size(scene_of(preset), SIZE)[1]
    left, top, right, _ = cells.box(0)
    plane = painted(VIEW, scene_of(preset), SIZE)[top : top + half, left:right]
    inside = (plane[:, 1:-1] > 0.01) & (plane[:, 1:-1] < 0.99)
    bend = plane[:, :-2] - 2 * plane[:, 1:-1] + plane[:, 2:]
    assert inside.mean() > 0.5
    assert np.abs(bend[inside & (plane[:, 2:] < 0.99) & (plane[:, :-2] > 0.01)]).max() < 1e-3


def test_pre_activations_are_grey_at_zero_and_full_at_a_multiple_of_their_rms() -> None:
    sums = np.float32([[0, 1, -1], [1, -1, np.nan], [-1, 1, 0]])
    shown = pre_activation_colors(sums)
    assert shown[0, 0] == pytest.approx(0.5)
    assert shown[1].tolist() == [1, 0, 1]  # not a number
    assert 0.6 < shown[0, 1] < 0.8
    assert (pre_activation_colors(np.zeros((2, 1), np.float32)) == 0.5).all()
    assert (pre_activation_colors(np.float32([[np.nan]])) == [1, 0, 1]).all()


def test_a_click_opens_the_layer() -> None:
    preset = load_preset("neylon-18").replace(view="layers")
    scene = scene_of(preset)
    cells = VIEW.cells(scene, (960, 600))
    for index in (0, 6, 17):
        left, top, right, bottom = cells.box(index)
        hit = VIEW.hit(scene, (960, 600), ((left + right) / 2, (top + bottom) / 2))
        assert hit is not None
        assert hit.opens == preset.layer_picture(index + 1).replace(view="picture")
        assert hit.words.startswith(
            f"layer {index + 1} of 18: output of the depth-{index + 1} network"
        )
    assert VIEW.hit(scene, (960, 600), (1.0, 100.0)) is None


def test_cells_of_a_picture_twice_as_large_lie_at_twice_the_place() -> None:
    """So that samples can be averaged, and words lie over a coarse picture."""
    scene = scene_of(PRESET.replace(depth=27))
    size, twice = (957, 601), (2 * 957, 2 * 601)
    one, two = VIEW.cells(scene, size), VIEW.cells(scene, twice, size)
    for index in range(27):
        pairs = zip(one.box(index), two.box(index), strict=True)
        assert all(abs(2 * a - b) <= 2 for a, b in pairs)


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("size", [(300, 200), (640, 400), (960, 600), (3840, 2160)])
def test_each_picture_has_a_caption_above_it_or_each_cell_a_number(
    size: tuple[int, int], before: bool
) -> None:
    scene = scene_of(PRESET.replace(before=before, depth=12))
    cells, words = VIEW.cells(scene, size), VIEW.overlay(scene, size)
    assert words is not None
    high, inked = VIEW.cell_picture_size(scene, size)[1], words[..., 3] > 0
    captioned = round(cells.caption)
    assert captioned or min(size) < 500
    for index in range(12):
        left, top, right, bottom = cells.box(index)
        if not captioned:
            assert inked[top:bottom, left:right].any()
            continue
        for edge in (top, bottom - high)[: 1 + before]:
            assert inked[edge - captioned : edge, left:right].any()
            assert not inked[edge : edge + high - 1, left:right].any()
    between = (left + right) / 2, top + high + cells.gap / 2
    assert not before or VIEW.point(scene, size, between) is None


@pytest.mark.parametrize("size", [(320, 180), (960, 600), (500, 500), (60, 40), (7, 3)])
@pytest.mark.parametrize("before", [False, True])
def test_any_size(size: tuple[int, int], before: bool) -> None:
    scene = scene_of(PRESET.replace(before=before, depth=40))
    picture = painted(VIEW, scene, size)
    assert picture.shape == (size[1], size[0], 3)
    assert picture.dtype == np.float32
    words = VIEW.overlay(scene, size, (size[0] / 2, size[1] / 2))
    assert words is not None
    assert words.shape == (size[1], size[0], 4)


def test_an_overflow_is_magenta() -> None:
    preset = PRESET.replace(activation="relu", weight_scale=1000, depth=30)
    scene = scene_of(preset)
    left, top, _, _ = VIEW.cells(scene, SIZE).box(29)
    assert painted(VIEW, scene, SIZE)[top, left].tolist() == [1, 0, 1]


def test_the_network_of_a_scene_is_left_alone() -> None:
    scene = scene_of(PRESET)
    one = Scene(
        Network(scene.network.layers, scene.network.inputs), scene.view, scene.clock, PRESET
    )
    before = [layer.weight.copy() for layer in one.network.layers]
    painted(VIEW, one, (60, 40))
    for layer, weight in zip(one.network.layers, before, strict=True):
        assert np.array_equal(layer.weight, weight)


@pytest.mark.parametrize("keys", [{}, {"normalize.which": "hidden"}, {"outputs": 1}])
def test_the_picture_of_a_structure_s_layer_is_that_which_it_opens(keys: dict[str, Any]) -> None:
    """The layer's first channels, evaluated with the others, and alone."""
    preset = Preset().replace(
        view="layers", structure="inception", depth=3, width=6, **keys, **{"network.grid": 24}
    )
    scene, size = scene_of(preset), (36, 24)  # a pixel a tap
    found = at_once(pass_through(scene, size))
    assert len(found) == len(scene.network.stages)
    for layer, one in enumerate(found, 1):
        opened = scene_of(preset.layer_picture(layer).replace(**{"show.view": "picture"}))
        evaluate = evaluator(opened.network, opened.view, opened.clock)
        true = at_once(evaluate.outputs(Region.of(size)))
        assert one.values == pytest.approx(true.reshape(len(one.values), -1), abs=1e-5)


def test_a_structure_s_layers_have_cells_and_words() -> None:
    preset = Preset().replace(
        view="layers", structure="vgg", depth=4, width=5, **{"network.grid": 24}
    )
    scene = scene_of(preset)
    cells = VIEW.cells(scene, SIZE)
    assert cells.count == len(scene.network.stages) == 5
    assert painted(VIEW, scene, SIZE).shape == (SIZE[1], SIZE[0], 3)
    assert VIEW.overlay(scene, SIZE) is not None
    left, top, right, bottom = cells.box(2)
    hit = VIEW.hit(scene, SIZE, ((left + right) / 2, (top + bottom) / 2))
    assert hit is not None
    assert hit.words == "layer 3 of 5, max pool 3×3: its first 3 channels as outputs, sees 7×7 taps"
    assert hit.opens is not None
    assert len(VIEW.dithered(preset.replace(dither=True), SIZE)) == 5
