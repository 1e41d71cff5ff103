"""Three inputs as a space: which third input, its block, and voxels that equal the outputs."""

import numpy as np
import pytest
from solids import staged

from cppn_gl.features import features
from cppn_gl.network import Layer, Network
from cppn_gl.preset import Preset
from cppn_gl.renderer import Renderer
from cppn_gl.scene import scene_of
from cppn_gl.views.solid.space import VolumeSlices, level, shades, third_name, third_of

BASE = Preset().replace(depth=3, width=6, inputs=("x", "y", "t"), speed=0.5, extent=2.0, seed=8)


@pytest.mark.parametrize(
    ("inputs", "name"),
    [
        (("x", "y"), None),
        (("x", "y", "r", "one"), None),
        (("x", "y", "t"), "t"),
        (("z3", "x", "y", "z1"), "z3"),
        (("z0", "x", "y", "t"), "t"),
        (("x", "y", "cos_t", "sin_t"), None),
    ],
)
def test_the_third_input_is_t_or_the_first_latent(inputs: tuple, name: str | None) -> None:
    assert third_name(inputs) == name


@pytest.mark.parametrize("time", [-9.0, -4.1, 0.0, 0.3, 3.9, 4.1, 1000.3])
def test_the_moving_slice_is_in_the_block_that_is_shown(time: float) -> None:
    third = third_of(scene_of(BASE, time))
    assert third.now == pytest.approx(0.5 * time)
    assert third.high - third.low == 4.0
    assert third.low % 4 == 2.0
    assert -1 <= third.place <= 1
    assert third.value(third.place) == pytest.approx(third.now)


@pytest.mark.parametrize("name", ["t", "z0", "z2"])
def test_a_level_is_the_network_with_the_third_input_held(name: str) -> None:
    preset = Preset().replace(inputs=("x", name, "y", "z1"), depth=3, width=5, seed=3)
    network, clock = preset.network(), preset.animation.clock(0.7)
    held = level(network, name, 0.37)
    x, y = np.random.default_rng(0).uniform(-1, 1, (2, 20))
    inputs = features(network.inputs, x, y, clock, network.latent)
    inputs[:, network.inputs.index(name)] = 0.37
    given = features(held.inputs, x, y, clock, held.latent)
    assert held.evaluate(given) == pytest.approx(network.evaluate(inputs))
    assert held.drawn is network.drawn


@pytest.mark.gl
@pytest.mark.parametrize("channel", ["all", "green"])
def test_voxels_are_the_outputs(renderer: Renderer, channel: str) -> None:
    side, scene = 9, scene_of(BASE, 0.2)
    with staged(renderer) as stage:
        slices = VolumeSlices(stage, scene, side, channel)
        while not slices.step(0.01):
            pass
    axis = 2.0 * (2 * np.arange(side) + 1 - side) / side
    t, y, x = (c.ravel() for c in np.meshgrid(axis, axis, axis, indexing="ij"))
    expected = scene.network.evaluate(np.stack([x, y, t], axis=1))
    if channel == "green":
        expected = np.repeat(expected[:, 1:2], 3, axis=1)
    voxels = slices.voxels[..., :3].reshape(-1, 3) / 255
    assert voxels == pytest.approx(expected, abs=0.6 / 255 + 1e-4)


@pytest.mark.gl
def test_what_falls_towards_the_light_is_brighter(renderer: Renderer) -> None:
    def shade(weight: float) -> np.ndarray:
        layer = Layer(np.array([[0, 0, weight]]), np.zeros(1), "sigmoid")
        network = Network([layer], ("x", "y", "t"))
        with staged(renderer) as stage:
            slices = VolumeSlices(stage, scene_of(BASE, 0.0, network), 16, "all")
            while not slices.step(1.0):
                pass
        return slices.voxels[8, ..., 3] / 255

    up, down = shade(-3.0), shade(3.0)
    assert up.min() > down.max() + 0.2
    assert up == pytest.approx(up[0, 0], abs=0.01)


def test_where_nothing_slopes_a_place_has_its_own_colour() -> None:
    flat = np.zeros((3, 3))
    assert shades(flat, flat, flat) == pytest.approx(1)


def test_the_key_is_the_same_for_any_time_within_a_block_and_another_for_the_next() -> None:
    network = BASE.network()

    def key(time: float, **keys):
        return VolumeSlices(None, scene_of(BASE.replace(**keys), time, network), 8, "all").key  # type: ignore[arg-type]

    assert key(0.0) == key(3.0) == key(0.0, turn=77.0, opacity=3.0)
    assert key(0.0) != key(5.0)
    assert key(0.0) != key(0.0, extent=1.9)
