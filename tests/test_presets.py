"""The shipped presets: each is well-formed, draws a picture worth having, and moves as it says."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from cppn_gl.library import DEFAULT, load_preset, shipped
from cppn_gl.parsing import parse_preset
from cppn_gl.preset import Preset
from cppn_gl.renderer import Renderer

SIZE = (64, 36)
NAMES = tuple(shipped())
PRESETS = {name: load_preset(name) for name in NAMES}
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
    with Renderer("fragment") as shared:
        yield shared


def picture(renderer: Renderer, preset: Preset, time: float = 0.0) -> np.ndarray:
    return renderer.render(preset, SIZE, time, dtype="float32")


def test_there_are_enough_and_the_fixed_names_are_among_them() -> None:
    assert len(NAMES) >= 16
    assert set(FIXED) <= set(NAMES)
    assert NAMES[0] == DEFAULT


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
@every
def test_it_draws_a_picture(name: str, renderer: Renderer) -> None:
    drawn = picture(renderer, PRESETS[name])
    assert np.isfinite(drawn).all()
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    magenta = (drawn == np.float32((1, 0, 1))).all(axis=-1)
    assert not magenta.any()
    assert drawn.std(axis=(0, 1)).mean() > 0.08  # every channel has something to show
    assert np.ptp(drawn.mean(axis=-1)) > 0.3  # dark and light


@pytest.mark.gl
@pytest.mark.parametrize("name", ANIMATED)
def test_it_moves_smoothly(name: str, renderer: Renderer) -> None:
    preset = PRESETS[name]
    start, frame, later = (picture(renderer, preset, time) for time in (0.0, 1 / 30, 5.0))
    moved = np.abs(later - start).mean()
    assert moved > 0.02
    assert np.abs(frame - start).mean() < moved / 5


@pytest.mark.gl
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ANIMATED])
def test_a_still_one_keeps_still(name: str, renderer: Renderer) -> None:
    preset = PRESETS[name]
    assert np.array_equal(picture(renderer, preset, 0.0), picture(renderer, preset, 7.0))


@pytest.mark.gl
@pytest.mark.parametrize("name", LOOPING)
def test_it_loops_without_a_seam(name: str, renderer: Renderer) -> None:
    preset = PRESETS[name]
    loop = preset.animation.loop
    assert np.array_equal(picture(renderer, preset, 0.0), picture(renderer, preset, loop))
    before = picture(renderer, preset, loop - 1e-3)
    assert np.abs(before - picture(renderer, preset, 0.0)).mean() < 2e-3


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
