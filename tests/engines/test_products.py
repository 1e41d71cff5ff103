"""Matrix products on all cores: correct pixels, independent of how the work is divided."""

from collections.abc import Iterator

import numpy as np
import pytest
from rows import NUMPY
from threadpoolctl import threadpool_limits
from threads import thread_count
from truth import check_truth

from cppn_gl import Preset, Renderer
from cppn_gl.engines import coloring
from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.evaluator import colors
from cppn_gl.engines.cpu.products import BLOCK, Blocks, Products
from cppn_gl.engines.cpu.trace import trace
from cppn_gl.engines.rates import Rates
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.preset.scene import scene_of
from cppn_gl.utils.tasks import Stepping, at_once

SIZE = (41, 29)
SIZES = [SIZE, (1, 1), (32, 32), (75, 61), (2051, 3), (3, 1025)]
WIDTHS = [1, 9, 30, 90, 130]
PRESET = Preset().replace(depth=4, width=9, inputs=["x", "y", "r", "t"], extent=1.7)


def drawn(
    preset: Preset,
    size: tuple[int, int] = SIZE,
    samples: int = 1,
    part: tuple[int, int, int, int] | None = None,
) -> np.ndarray:
    region = Region.of(size, samples).cut(*part or (0, 0, *size))
    return at_once(coloring.paint(Rates(), scene_of(preset, 0.3), NUMPY, region))


def some(width: int, seed: int = 0) -> Preset:
    inputs = ["x", "y", "r", "t"] if seed % 2 else ["y", "t", "x"]
    return PRESET.replace(width=width, seed=seed, inputs=inputs, weight_scale=0.5)


@pytest.fixture(params=[1, 2, 7])
def cores(request: pytest.FixtureRequest) -> Iterator[int]:
    """Simulate a number of cores."""
    with thread_count(request.param):
        yield request.param


@pytest.mark.parametrize("width", WIDTHS)
def test_pixels_do_not_depend_on_the_number_of_cores(cores: int, width: int) -> None:
    for seed, size in enumerate(SIZES):
        scene = scene_of(some(width, seed), 0.3)
        one, blocks = Products(scene.network, scene.view, scene.clock), Blocks.covering(size)
        expected = np.zeros((size[1], size[0], 3), np.float32)
        for index in range(len(blocks)):
            one.fill(expected, blocks[index : index + 1])
        with threadpool_limits(cores, user_api="blas"):
            assert np.array_equal(drawn(some(width, seed), size), expected), (cores, size)


@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_part_is_a_cut_from_the_whole(width: int, samples: int) -> None:
    random = np.random.default_rng(width)
    for seed, size in enumerate(SIZES):
        preset = some(width, seed)
        whole = drawn(preset, size, samples=samples)
        for _ in range(4):
            left, right = np.sort(random.integers(0, size[0] + 1, 2))
            top, bottom = np.sort(random.integers(0, size[1] + 1, 2))
            right, bottom = max(right, left + 1), max(bottom, top + 1)
            left, top = min(left, size[0] - 1), min(top, size[1] - 1)
            right, bottom = min(right, size[0]), min(bottom, size[1])
            part = int(left), int(top), int(right - left), int(bottom - top)
            cut = drawn(preset, size, samples=samples, part=part)
            assert np.array_equal(cut, whole[top:bottom, left:right]), (size, part)


@pytest.mark.parametrize("rows", [1, 7, 16, 60])
def test_bands_make_up_the_whole(rows: int) -> None:
    size, preset = (75, 61), some(30)
    bands = [
        drawn(preset, size, part=(0, top, size[0], min(rows, size[1] - top)))
        for top in range(0, size[1], rows)
    ]
    assert np.array_equal(np.concatenate(bands), drawn(preset, size))


@pytest.mark.parametrize("samples", [1, 2, 8])
@pytest.mark.parametrize("width", WIDTHS)
def test_squares_do_not_depend_on_other_squares(width: int, samples: int) -> None:
    scene, size = scene_of(some(width), 0.3), (45, 29)
    products = Products(scene.network, scene.view, scene.clock)
    region = Region.of(size, samples)
    corners = [(x, y) for y in range(0, 29, 8) for x in range(0, 45, 8)]
    whole = np.zeros((32, 48, 3), np.float32)
    products.fill_squares(whole, corners, 8, region)
    expected = drawn(some(width), size, samples)
    assert np.abs(whole[:29, :45] - expected).max() < 1e-5
    part = region.cut(16, 8, 29, 21)
    found = np.zeros((24, 32, 3), np.float32)
    for x, y in ((24, 0), (0, 0), (8, 16)):
        products.fill_squares(found, [(x, y)], 8, part)
        there = whole[y + 8 : y + 16, x + 16 : x + 24]
        assert np.array_equal(found[y : y + 8, x : x + 8], there)


def test_pixels_do_not_depend_on_interruptions() -> None:
    size, preset = (75, 61), some(30)
    task = Stepping(coloring.paint(Rates(), scene_of(preset, 0.3), NUMPY, Region.of(size)))
    while not task.step(0.0):
        pass
    assert np.array_equal(drawn(preset, size), task.result)


@pytest.mark.parametrize("mapping", ["lab", "oklch", "hsv", "viridis"])
def test_neither_do_their_colours(mapping: str) -> None:
    size, preset = (75, 61), some(30).replace(mapping=mapping, stretch="minmax")
    whole, part = drawn(preset, size), (11, 5, 40, 30)
    assert np.array_equal(drawn(preset, size, part=part), whole[5:35, 11:51])


@pytest.mark.usefixtures("without_native")
@pytest.mark.parametrize("width", WIDTHS)
def test_layer_by_layer_is_the_same(width: int) -> None:
    size, scene = (75, 61), scene_of(some(width, 1), 0.3)
    one, blocks = Products(scene.network, scene.view, scene.clock), Blocks.covering(size)
    whole = drawn(some(width, 1), size)
    for count in (1, 2, 5):
        picture = np.zeros_like(whole)
        for start in range(0, len(blocks), count):
            steps = list(one.fill_by_layers(picture, blocks[start : start + count]))
            assert len(steps) == scene.network.depth - 1
        assert np.array_equal(picture, whole)
    assert np.array_equal(colors(at_once(trace(scene, size))[-1].units), whole.reshape(-1, 3))


def test_blocks_cover_a_part_and_no_more() -> None:
    assert len(Blocks.covering((64, 64))) == 64 * 64 // BLOCK
    assert Blocks.covering((BLOCK, 9), (3, 2, 5, 4)).numbers.tolist() == [2, 3, 4, 5]
    assert Blocks.covering((64, 99), (3, 20, 5, 13)).numbers.tolist() == [1, 2]
    far = Blocks.covering((10**6, 10**6), (5 * 10**5, 5 * 10**5, 8, 4))
    assert len(far) == 4


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_each_activation_is_true(activation: str) -> None:
    preset = PRESET.replace(activation=activation, weight_scale=0.5)
    with Renderer("numpy") as renderer:
        check_truth(renderer, preset, SIZE, 0.3)


def test_a_deep_zoom_stays_sharp() -> None:
    preset = PRESET.replace(extent=1e-5, center=[0.7, -1.3])
    with Renderer("numpy") as renderer:
        check_truth(renderer, preset, SIZE, folded=True)


def test_the_weights_given_are_left_alone() -> None:
    network = PRESET.network()
    before = [layer.weight.copy() for layer in network.layers]
    Products(network, PRESET.view, PRESET.animation.clock(0.3)).fill(
        np.zeros((*SIZE[::-1], 3), np.float32), Blocks.covering(SIZE)
    )
    for layer, weight in zip(network.layers, before, strict=True):
        assert np.array_equal(layer.weight, weight)
