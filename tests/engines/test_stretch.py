"""Value ranges: as computed from the reference, independent of engine and size."""

from collections.abc import Generator
from functools import partial

import numpy as np
import pytest
from threads import at_once
from truth import pixel_inputs

from cppn_gl.engines import stretch
from cppn_gl.engines.cpu import native
from cppn_gl.engines.cpu.products import WIDE
from cppn_gl.engines.stretch import POINTS, grid, value_range, value_range_steps
from cppn_gl.nn.activations import ACTIVATIONS, activate
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network
from cppn_gl.preset.color import colored
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.preset.value_range import HUGE, default_range

SIZE = (640, 360)
PRESET = Preset().replace(depth=5, width=12, seed=4, center=[0.3, -0.2], extent=1.7)


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    stretch._cache.clear()


def wanted(preset: Preset, size: tuple[int, int] = SIZE, time: float = 0.0) -> np.ndarray:
    """(low, high) of each channel, by NumPy's percentiles of the float64 reference."""
    values = preset.network().evaluate(pixel_inputs(preset, grid(size), time))
    cut = {"minmax": [0, 100], "percentile": [2, 98]}[preset.color.stretch]
    return np.percentile(values, cut, axis=0)


def found(preset: Preset, size: tuple[int, int] = SIZE, time: float = 0.0) -> np.ndarray:
    ends = value_range(scene_of(preset, time), size)
    return np.array([ends.low, ends.high])


@pytest.mark.parametrize("kind", ["minmax", "percentile"])
@pytest.mark.parametrize("output", ["sigmoid", "tanh", "identity"])
def test_each_channel_has_the_references_range(kind: str, output: str) -> None:
    preset = PRESET.replace(stretch=kind, output_activation=output)
    assert np.allclose(found(preset), wanted(preset), rtol=1e-4, atol=1e-5)
    assert np.allclose(found(preset.replace(mapping="lab")), wanted(preset), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["minmax", "percentile"])
def test_mappings_of_one_value_have_the_range_of_the_mean(kind: str) -> None:
    preset = PRESET.replace(stretch=kind, mapping="viridis")
    inputs = pixel_inputs(preset, grid(SIZE))
    mean = preset.network().evaluate(inputs).mean(axis=1)
    cut = [0, 100] if kind == "minmax" else [2, 98]
    assert np.allclose(found(preset), np.percentile(mean, cut)[:, None], rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("without_native")
def test_wide_networks_are_measured_alike_in_smaller_steps() -> None:
    preset = PRESET.replace(width=WIDE + 2, depth=3, weight_scale=0.2, stretch="minmax")
    assert np.allclose(found(preset), wanted(preset), rtol=1e-4, atol=1e-5)


def test_a_signed_mapping_keeps_its_middle() -> None:
    preset = PRESET.replace(mapping="diverging", stretch="minmax")
    for output, middle in (("sigmoid", 0.5), ("tanh", 0.0)):
        there = preset.replace(output_activation=output)
        values = there.network().evaluate(pixel_inputs(there, grid(SIZE))).mean(axis=1)
        low, high = found(there)[:, 0]
        assert (low + high) / 2 == pytest.approx(middle, abs=1e-7)
        assert high - middle == pytest.approx(np.abs(values - middle).max(), rel=1e-4)


def test_the_size_of_the_picture_does_not_matter_but_its_shape_does() -> None:
    preset = PRESET.replace(stretch="percentile")
    assert np.array_equal(found(preset, (640, 360)), found(preset, (16, 9)))
    assert np.array_equal(found(preset, (640, 360)), found(preset, (3840, 2160)))
    assert not np.array_equal(found(preset, (640, 360)), found(preset, (360, 640)))


@pytest.mark.parametrize("shape", [(640, 360), (1, 1), (500, 500), (1080, 1920), (7, 3)])
def test_the_grid_has_as_many_points_for_each_shape(shape: tuple[int, int]) -> None:
    across, down = grid(shape)
    assert abs(across * down - POINTS) < 0.02 * POINTS
    assert across / down == pytest.approx(shape[0] / shape[1], rel=0.02)


def test_a_picture_of_one_row_has_a_grid_of_bounded_size() -> None:
    for shape in ((100_000, 1), (1, 100_000)):
        assert 1 <= min(grid(shape)) <= max(grid(shape)) <= stretch.MAX_SIDE


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_without_a_stretch_it_is_the_span_of_the_activation(name: str) -> None:
    preset = PRESET.replace(output_activation=name)
    assert default_range(scene_of(preset)).low == (0.0,) * 3  # the mapping rgb
    assert default_range(scene_of(preset)).high == (1.0,) * 3
    ends = value_range(scene_of(preset.replace(mapping="grey")), SIZE)
    low, high = ends.low[0], ends.high[0]
    values = activate(name, np.linspace(-1e4, 1e4, 200_001))
    if ACTIVATIONS[name].bounded:
        assert (low, high) == pytest.approx((values.min(), values.max()), abs=2e-3)
    else:
        assert (low, high) == (0 if values.min() >= 0 else -1, 1)


@pytest.mark.parametrize("name", ["red", "green", "blue"])
@pytest.mark.parametrize("output", ["tanh", "atan", "identity", "sigmoid"])
def test_one_colour_alone_has_the_range_of_all_three(name: str, output: str) -> None:
    preset = PRESET.replace(output_activation=output)
    scenes = [scene_of(preset.replace(mapping=mapping)) for mapping in ("rgb", name)]
    assert default_range(scenes[1]) == default_range(scenes[0])
    values = np.random.default_rng(2).uniform(-1.5, 1.5, (99, 3)).astype(np.float32)
    all_three, alone = (colored(values, s.preset.color, default_range(s)) for s in scenes)
    channel = "rgb".index(name[0])
    assert np.array_equal(alone[:, channel], all_three[:, channel])
    assert not np.delete(alone, channel, axis=1).any()


def test_it_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    moving = PRESET.replace(inputs=["x", "y", "t"])
    scene = scene_of(PRESET.replace(stretch="minmax"))
    value_range(scene, SIZE)

    def again(*values: object) -> None:
        raise AssertionError("measured again")

    with monkeypatch.context() as patch:
        patch.setattr(stretch, "_values", again)
        for time, mapping, kind in ((0.0, "hsv", "minmax"), (2.0, "magma", "percentile")):
            other = PRESET.replace(mapping=mapping, stretch=kind)
            value_range(scene_of(other, time), (1280, 720))  # the network does not depend on time
        with pytest.raises(AssertionError, match="again"):
            value_range(scene_of(PRESET.replace(stretch="minmax", weight_scale=1.1)), SIZE)
        with pytest.raises(AssertionError, match="again"):
            value_range(scene_of(PRESET.replace(stretch="minmax", extent=1.0)), SIZE)
    several = [found(moving.replace(stretch="minmax"), time=t) for t in (0.0, 2.0)]
    assert not np.array_equal(*several)
    for k in range(2 * stretch.MAX_CACHED):
        found(PRESET.replace(stretch="minmax", seed=k, depth=1))
    assert len(stretch._cache) == stretch.MAX_CACHED


def test_it_can_be_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "MAX_RUN", 64)
    monkeypatch.setattr(native, "RATE", 1.0)
    monkeypatch.setattr(native, "STEP", 0.0)
    steps = list(value_range_steps(scene_of(PRESET.replace(stretch="minmax")), SIZE))
    assert len(steps) >= 2


def explicit(weight: list[list[float]], bias: list[float]) -> Scene:
    network = Network([Layer(np.array(weight), np.array(bias), "identity")])
    return scene_of(PRESET.replace(stretch="minmax"), 0.0, network)


def test_a_constant_output_is_in_the_middle() -> None:
    ends = value_range(explicit([[0, 0], [0, 0], [1, 0]], [0.4, 0, 0]), SIZE)
    for low, high, value in zip(ends.low, ends.high, (0.4, 0.0), strict=False):
        assert low < value < high
        assert (low + high) / 2 == pytest.approx(value)
    assert np.isfinite(ends.affine[1]).all()


def test_what_is_no_number_is_not_measured() -> None:
    scene = explicit([[1e30, 0], [0, 1], [0, 0]], [0, 0, 0.5])
    usual = value_range(scene, SIZE)
    assert max(usual.high) <= HUGE * 2  # so that float32 holds the difference
    assert (usual.affine[1] > 0).all()
    big = Layer(np.full((1, 2), 1e30), np.zeros(1), "identity")
    over = Layer(np.full((3, 1), 1e30), np.zeros(3), "identity")
    scene = scene_of(PRESET.replace(stretch="minmax"), 0.0, Network([big, over]))
    assert value_range(scene, SIZE) == default_range(scene)  # no finite value in the view


def test_several_threads_may_measure_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def values(scene: Scene, size: tuple[int, int]) -> Generator[None, None, np.ndarray]:
        yield
        return np.repeat([[0.0], [scene.network.scales[0][0]]], 3, axis=1)

    monkeypatch.setattr(stretch, "_values", values)
    scenes = [scene_of(PRESET.replace(stretch="minmax", weight_scale=0.5 + k)) for k in range(12)]

    def measure(start: int) -> None:
        for k in range(start, start + 1200):
            assert value_range(scenes[k * 5 % 12], SIZE).high[0] == 0.5 + k * 5 % 12

    at_once([partial(measure, start) for start in range(4)])
    assert len(stretch._cache) == stretch.MAX_CACHED
