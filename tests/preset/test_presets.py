"""The shipped presets: each is well-formed, draws a picture worth having, and moves as it says."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from cppn_gl.nn.features import repeats
from cppn_gl.nn.sources import Random
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.library import DEFAULT, load_preset, shipped
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.sheet import cells
from cppn_gl.preset.show import VIEWS, SurfaceOptions
from cppn_gl.preset.themes import THEMES
from cppn_gl.utils.alpha import on_checks
from cppn_gl.views import view_of

# Of a sheet each cell is small; what else is there has words over it, which need room.
SIZE, SIZE_OF_SHEETS, SIZE_OF_VIEWS = (64, 36), (160, 100), (320, 200)
NAMES = tuple(shipped())
PRESETS = {name: load_preset(name) for name in NAMES}
PICTURES = [name for name in NAMES if PRESETS[name].show.view == "picture"]
MEANT_FLAT = ("order",)  # of which hardly anything of the plane is left
VIEWED = [name for name in NAMES if name not in PICTURES]
ANIMATED = [name for name, preset in PRESETS.items() if preset.animated]
LOOPING = [name for name in ANIMATED if "t" not in PRESETS[name].spec.inputs]
FIXED = (
    *("default", "neylon-01", "neylon-18", "neylon-27", "neylon-40"),
    *("tie-dye", "otoro", "neuralart", "single-sigmoid", "seven-dimensions"),
)
GROWING = ("neylon-18", "neylon-27", "neylon-40")  # one network, growing

every = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer() as shared:
        yield shared


def picture(renderer: Renderer, preset: Preset, time: float = 0.0) -> np.ndarray:
    size = {"picture": SIZE, "sheet": SIZE_OF_SHEETS}.get(preset.show.view, SIZE_OF_VIEWS)
    return renderer.render(preset, size, time, dtype="float32")


def period(preset: Preset) -> float:
    """Seconds after which it begins anew."""
    animation = preset.animation
    if not preset.moves:
        return animation.loop
    return animation.seconds * (2 if animation.ending == "bounce" else 1)


def test_there_are_enough_and_the_fixed_names_are_among_them() -> None:
    assert len(NAMES) >= 45
    assert set(FIXED) <= set(NAMES)
    assert NAMES[0] == DEFAULT


def test_every_view_has_one() -> None:
    assert {preset.show.view for preset in PRESETS.values()} == set(VIEWS)


def test_titles_differ() -> None:
    assert len({preset.title for preset in PRESETS.values()}) == len(NAMES)


def test_something_moves_and_something_loops() -> None:
    assert DEFAULT in ANIMATED
    assert len(LOOPING) >= 2


@every
def test_it_says_what_it_is(name: str) -> None:
    preset = PRESETS[name]
    assert preset.name == name
    assert 0 < len(preset.title) <= 60
    assert "\n" not in preset.title
    assert 0 < len(preset.description) <= 300
    assert preset.theme in THEMES


@every
def test_the_file_is_tidy(name: str) -> None:
    text = shipped()[name].read_text(encoding="utf-8")
    assert text.startswith("format = 1\n")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    lines = text.splitlines()
    assert all(line == line.rstrip() for line in lines)
    for above, line in pairwise(lines):
        assert not line.startswith("[") or above == ""


@every
def test_toml_gives_it_back(name: str) -> None:
    preset = PRESETS[name]
    again = parse_preset(preset.to_toml())
    assert again == preset
    assert again.to_toml() == preset.to_toml()


@pytest.mark.gl
@pytest.mark.parametrize("name", [name for name in PICTURES if name not in MEANT_FLAT])
def test_it_draws_a_picture(name: str, renderer: Renderer) -> None:
    preset = PRESETS[name]
    time = preset.animation.seconds / 2 if preset.moves else 0.0
    drawn = on_checks(picture(renderer, preset, time))
    assert np.isfinite(drawn).all()
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    magenta = (drawn == np.float32((1, 0, 1))).all(axis=-1)
    assert not magenta.any()
    assert drawn.std(axis=(0, 1)).mean() > 0.08  # every channel has something to show
    assert np.ptp(drawn, axis=(0, 1)).mean() > 0.3  # a little of a channel, and much of it


@pytest.mark.gl
@pytest.mark.parametrize("name", VIEWED)
def test_a_view_draws_something(name: str, renderer: Renderer) -> None:
    preset = PRESETS[name]
    if preset.show.view == "synthesis":  # what is seen at its end is seen soon
        preset = preset.replace(**{"synthesis.steps": 24, "synthesis.count": 4})
    drawn = picture(renderer, preset)
    assert np.isfinite(drawn).all()
    magenta = (drawn == np.float32((1, 0, 1))).all(axis=-1)
    assert magenta.mean() < 0.02
    assert drawn.std(axis=(0, 1)).mean() > 0.05
    colors = np.unique((drawn * 15).astype(np.uint8).reshape(-1, 3), axis=0)
    assert len(colors) > 8


@pytest.mark.gl
@pytest.mark.parametrize("name", ANIMATED)
def test_it_moves_smoothly(name: str, renderer: Renderer) -> None:
    preset = PRESETS[name]
    far = 0.4 * period(preset) if name in LOOPING else 5.0
    start, frame, later = (picture(renderer, preset, time) for time in (0.0, 1 / 30, far))
    moved = np.abs(later - start).mean()
    assert moved > 0.02
    assert np.abs(frame - start).mean() < moved / 5


def blurred(drawn: np.ndarray) -> np.ndarray:
    """Means of blocks of about an eighth of the picture's height."""
    side = drawn.shape[0] // 8
    height, width = drawn.shape[0] // side, drawn.shape[1] // side
    blocks = drawn[: height * side, : width * side].reshape(height, side, width, side, 3)
    return blocks.mean(axis=(1, 3))


@pytest.mark.gl
@pytest.mark.parametrize("name", ANIMATED)
def test_nothing_flashes(name: str, renderer: Renderer) -> None:
    """A film of 240 frames, or a window at 25 frames a second: small steps all the way round."""
    preset = PRESETS[name]
    whole = period(preset)
    step = whole / 240 if name in LOOPING else 1 / 25
    for start in np.linspace(0, whole, 12, endpoint=False):
        now, then = (picture(renderer, preset, time) for time in (start, start + step))
        if not view_of(preset).by_engine:  # thin lines that move do not flash, nor do coasts
            now, then = (blurred(drawn) for drawn in (now, then))
        moved = np.abs(then - now) * 255
        assert moved.mean() < 8
        assert np.percentile(moved, 99) < 80


@pytest.mark.gl
@pytest.mark.parametrize("name", [name for name in PICTURES if name not in ANIMATED])
def test_a_still_one_keeps_still(name: str, renderer: Renderer) -> None:
    preset = PRESETS[name]
    assert np.array_equal(picture(renderer, preset, 0.0), picture(renderer, preset, 7.0))


@pytest.mark.gl
@pytest.mark.parametrize("name", LOOPING)
def test_it_loops_without_a_seam(name: str, renderer: Renderer) -> None:
    preset = PRESETS[name]
    loop = period(preset)
    assert np.array_equal(picture(renderer, preset, 0.0), picture(renderer, preset, loop))
    before = picture(renderer, preset, loop - 1e-3)
    assert np.abs(before - picture(renderer, preset, 0.0)).mean() < 2e-3


TILES = [name for name in shipped() if repeats(load_preset(name).spec.inputs)]


@pytest.mark.gl
@pytest.mark.parametrize("name", TILES)
def test_a_tile_has_no_seam(name: str, renderer: Renderer) -> None:
    preset = load_preset(name)
    half = preset.network().period / 2
    one = preset.replace(extent=half, stretch="none", inks=0)
    tile = renderer.render(one, size=(64, 64), time=1.0)
    middle = renderer.render(one.replace(center=[half, half]), size=(64, 64), time=1.0)
    moved = np.roll(tile.astype(int), (32, 32), axis=(0, 1))
    assert tile.std() > 5
    assert np.abs(moved - middle).max() <= 1
    assert preset.view.extent == 2 * half  # two by two tiles are shown


def test_there_are_tiles_that_keep_still_and_one_that_moves() -> None:
    assert len({load_preset(name).animated for name in TILES}) == 2


@pytest.mark.gl
def test_a_tile_of_cosines_is_its_own_mirror_image(renderer: Renderer) -> None:
    tile = renderer.render(load_preset("azulejo"), size=(64, 64)).astype(int)
    assert np.abs(tile - tile[::-1]).max() <= 1
    assert np.abs(tile - tile[:, ::-1]).max() <= 1


@pytest.mark.gl
def test_the_default_lives_on(renderer: Renderer) -> None:
    """A window left open for an hour still shows a picture, and another one."""
    start = picture(renderer, PRESETS[DEFAULT])
    for time in (60.0, 600.0, 3600.0):
        drawn = picture(renderer, PRESETS[DEFAULT], time)
        assert drawn.std(axis=(0, 1)).mean() > 0.15
        assert np.abs(drawn - start).mean() > 0.1


def test_the_default_is_cheap() -> None:
    assert PRESETS[DEFAULT].network().parameters < 3000


def test_the_growing_network_is_one_network() -> None:
    specs = [PRESETS[name].spec for name in GROWING]
    assert len({spec.seed for spec in specs}) == 1
    assert [spec.depth for spec in specs] == [18, 27, 40]
    assert len({PRESETS[name].view for name in GROWING}) == 1
    networks = [PRESETS[name].network() for name in GROWING]
    for small, large in pairwise(networks):
        for one, other in zip(small.layers[:-1], large.layers, strict=False):
            assert np.array_equal(one.weight, other.weight)
            assert np.array_equal(one.bias, other.bias)
        assert np.array_equal(small.layers[-1].weight, large.layers[small.depth - 1].weight[:3])


@pytest.mark.gl
def test_layer_pictures_of_the_growing_network_are_the_shallower_presets(
    renderer: Renderer,
) -> None:
    layer = PRESETS["neylon-40"].layer_picture(18)
    assert np.array_equal(picture(renderer, layer), picture(renderer, PRESETS["neylon-18"]))


@pytest.mark.gl
def test_the_single_sigmoid_is_its_formula(renderer: Renderer) -> None:
    preset = PRESETS["single-sigmoid"]
    width, height = SIZE
    unit = preset.view.extent / (min(SIZE) / 2)  # input units a pixel
    x = (np.arange(width) + 0.5 - width / 2) * unit + preset.view.center[0]
    y = (height / 2 - np.arange(height) - 0.5) * unit + preset.view.center[1]
    formula = 1 / (1 + np.exp(-(0.4 * x[None, :] + y[:, None] - 0.3)))
    drawn = picture(renderer, preset)
    assert np.abs(drawn - formula[..., None]).max() <= 2e-6


def showing(figure: str) -> Preset:
    found = [p for p in PRESETS.values() if figure in map(str.strip, p.shows.split(";"))]
    assert len(found) == 1, figure
    return found[0]


def along(figure: str, key: str) -> list[object]:
    """The values of a key in the cells of a sheet, in reading order."""
    table, _, name = key.partition(".")
    grid = cells(showing(figure)).cells
    return [getattr(getattr(c.preset, "spec" if table == "network" else table), name) for c in grid]


def essay(number: int) -> Preset:
    return showing(f"Figure {number}")


def drawn(preset: Preset) -> tuple[object, ...]:
    """What the draws of a network depend on, but for its depth and width."""
    spec = preset.spec
    assert isinstance(spec, Random)
    return spec.seed, spec.init, spec.inputs, spec.outputs, spec.activation, spec.output_activation


@pytest.mark.parametrize("number", range(1, 21))
def test_each_figure_of_the_essay_has_one_preset(number: int) -> None:
    preset = essay(number)
    assert preset.title
    assert 40 < len(preset.description) <= 300


def test_figures_2_and_4_have_the_inputs_and_outputs_that_they_say() -> None:
    assert essay(2).spec.inputs == ("x", "y", "cos_t", "sin_t")
    assert essay(2).spec.outputs == 3
    curves = essay(4).network()
    assert curves.inputs == ("x",)
    assert [layer.weight.shape for layer in curves.layers] == [(3, 1), (1, 3)]
    assert [layer.activation for layer in curves.layers] == ["tanh", "tanh"]


def test_figure_3_is_its_formula_as_a_curve_a_surface_and_from_above() -> None:
    x = np.random.default_rng(3).uniform(-4, 4, (50, 2))
    formula = 1 / (1 + np.exp(-0.4 * x[:, 0] - x[:, 1] + 0.3))
    figure = essay(3)
    assert np.abs(figure.network().evaluate(x)[:, 0] - formula).max() < 1e-7
    assert (figure.show.view, figure.options(SurfaceOptions).panels) == ("surface", "cut")
    assert figure.options(SurfaceOptions).paint == "picture"


def test_figures_5_and_6_are_three_sigmoid_planes() -> None:
    summed, planes = essay(5), essay(6)
    assert [len(layer.bias) for layer in summed.network().layers] == [3, 1]
    assert summed.network().layers[0].activation == "sigmoid"
    assert (summed.show.view, summed.options(SurfaceOptions).panels) == ("surface", "sum")
    assert [layer.activation for layer in planes.network().layers] == ["sigmoid"]
    assert along("Figure 6", "color.mapping") == ["red", "green", "blue", "rgb"]


def test_figures_7_to_9_have_the_depths_that_they_say() -> None:
    assert set(along("Figure 7", "network.depth")) == {1}
    assert set(along("Figure 8", "network.depth")) == {2}
    assert set(along("Figure 8", "network.width")) == {10}
    assert along("Figure 9", "network.depth") == [*range(1, 11)] * 4
    seeds = along("Figure 9", "network.seed")
    assert all(len(set(seeds[row * 10 : row * 10 + 10])) == 1 for row in range(4))
    assert len(set(seeds)) == 4


def test_figures_10_to_12_and_17_to_20_are_one_network() -> None:
    figures = [essay(number) for number in (10, 11, 12, 17, 18, 19, 20)]
    assert len({drawn(preset) for preset in figures}) == 1
    assert [preset.spec.depth for preset in figures] == [18, 27, 40, 27, 27, 27, 27]
    assert {preset.spec.width for preset in figures} == {30}
    assert len({preset.spec.weight_scale for preset in figures[:5]}) == 1
    assert essay(10).show.view == "layers"
    assert essay(17).view.extent == 2.6


def test_figure_13_is_relu() -> None:
    network = essay(13).network()
    assert network.evaluate(np.array([[-2.0], [0.5], [3.0]]))[:, 0].tolist() == [0, 0.5, 3]


def test_figure_14_has_rows_of_tanh_and_relu_and_five_layers_more_a_column() -> None:
    activations = along("Figure 14", "network.activation")
    depths = np.array(along("Figure 14", "network.depth")).reshape(2, -1)
    assert activations == ["tanh"] * depths.shape[1] + ["relu"] * depths.shape[1]
    assert (np.diff(depths) == 5).all()
    assert len(set(along("Figure 14", "network.seed"))) == 1
    assert set(along("Figure 14", "network.output_activation")) == {"sigmoid"}


def test_figures_15_and_16_have_the_widths_and_the_zoom_that_they_say() -> None:
    assert along("Figure 15", "network.width") == [10, 20, 40, 80, 120, 400]
    assert set(along("Figure 15", "network.depth")) == {14}
    assert set(along("Figure 15", "view.extent")) == {1.0}
    last = cells(essay(15)).cells[-1].preset
    assert essay(16).spec == last.spec
    assert essay(16).view.extent == pytest.approx(1 / 30)


def test_figure_18_halves_the_extent_nine_times_from_40() -> None:
    assert along("Figure 18", "view.extent") == pytest.approx([40 / 2**k for k in range(9)])
    assert set(along("Figure 18", "network.seed")) == {essay(17).spec.seed}


def test_figures_19_and_20_have_the_weight_scales_that_they_say() -> None:
    scales = along("Figure 19", "network.weight_scale")
    assert scales == pytest.approx([0.5 * 2 ** (k / 8) for k in range(9)])
    moving = essay(20)
    scales = moving.animate.table["network.weight_scale"]
    assert (scales[0], scales[-1]) == (0.4, 0.8)
    assert list(scales) == sorted(scales)
    assert moving.at(0).spec.weight_scale == 0.4
    assert moving.at(moving.animation.seconds).spec.weight_scale == 0.8


def test_tie_dye_grids_are_32_networks_of_three_layers_ever_wider() -> None:
    widths = []
    for words in ("few", "more", "many"):
        figure = f"Tie-dye: {words} hidden units"
        assert len(set(along(figure, "network.seed"))) == 32
        assert set(along(figure, "network.depth")) == {3}
        (width,) = set(along(figure, "network.width"))
        widths.append(width)
    assert widths == sorted(set(widths))
    for figure in ("few hidden units", "deeper networks", "one output, grey"):
        spec = showing(f"Tie-dye: {figure}").spec
        assert (spec.init, spec.weight_scale, spec.inputs) == ("normal", 1.0, ("x", "y"))
        assert len(cells(showing(f"Tie-dye: {figure}")).cells) == 32
    assert showing("Tie-dye: deeper networks").spec.depth > 3
    assert showing("Tie-dye: one output, grey").spec.outputs == 1


def test_tie_dye_depth_and_width_vary_independently() -> None:
    figure = "Tie-dye: depth and width independently"
    pairs = list(zip(along(figure, "network.depth"), along(figure, "network.width"), strict=True))
    assert len(set(pairs)) == len({d for d, _ in pairs}) * len({w for _, w in pairs}) >= 25


@pytest.mark.parametrize(("word", "outputs"), [("grey", 1), ("colour", 3)])
def test_tie_dye_volumes_and_slices_have_three_inputs(word: str, outputs: int) -> None:
    volume = showing(f"Tie-dye: three inputs as a volume, {word}")
    moving = showing(f"Tie-dye: a slice moving, {word}")
    for preset in (volume, moving):
        assert len(preset.spec.inputs) == 3
        assert preset.spec.outputs == outputs
        assert preset.animated
    assert volume.show.view == "volume"
    shallow, deep = along(f"Tie-dye: a slice moving, {word}", "network.depth")
    assert deep > 2 * shallow


@pytest.mark.parametrize("activation", ["ReLU", "sigmoid"])
def test_complexity_is_1_layer_of_100_or_10_of_10_normalised(activation: str) -> None:
    wide = showing(f"NNComplexity: 1 layer × 100, {activation}")
    deep = showing(f"NNComplexity: 10 layers × 10, {activation}")
    assert (wide.spec.depth, wide.spec.width) == (2, 100)
    assert (deep.spec.depth, deep.spec.width) == (11, 10)
    for preset in (wide, deep):
        assert preset.spec.activation == activation.lower()
        assert preset.normalize.which == "hidden"
        assert (preset.normalize.gain, preset.normalize.shift_spread) == (3.0, 2.0)
        assert preset.view.extent == preset.normalize.region_extent == 0.5
