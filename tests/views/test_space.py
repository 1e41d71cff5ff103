"""Three inputs as a space: which third input, its block, and voxels that equal the outputs."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rows import NUMPY
from solids import staged

from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.features import features
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.color import DISPLAY, colored
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.utils.tasks import Stepping, at_once, within
from cppn_gl.views.solid.space import (
    AMBIENT,
    Ranges,
    VolumeSlices,
    fix_input,
    ranges,
    shades,
    third_input,
    third_name,
)

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
    third = third_input(scene_of(BASE, time))
    assert third.now == pytest.approx(0.5 * time)
    assert third.high - third.low == 4.0
    assert third.low % 4 == 2.0
    assert -1 <= third.place <= 1
    assert third.value(third.place) == pytest.approx(third.now)


@pytest.mark.parametrize("name", ["t", "z0", "z2"])
def test_the_third_input_can_be_fixed(name: str) -> None:
    preset = Preset().replace(inputs=("x", name, "y", "z1"), depth=3, width=5, seed=3)
    network, clock = preset.network(), preset.animation.clock(0.7)
    held = fix_input(network, name, 0.37)
    x, y = np.random.default_rng(0).uniform(-1, 1, (2, 20))
    inputs = features(network.inputs, x, y, clock, network.latent)
    inputs[:, network.inputs.index(name)] = 0.37
    given = features(held.inputs, x, y, clock, held.latent)
    assert held.evaluate(given) == pytest.approx(network.evaluate(inputs))
    assert held.drawn is network.drawn


def voxels(renderer: Renderer, scene: Scene, side: int, channel: str) -> tuple:
    """Densities, colours before lighting (side, side, side, …), and their ranges."""
    seen = []
    with staged(renderer) as stage:
        found = at_once(ranges(scene, channel))
        slices = VolumeSlices(stage, scene, side, channel, found)
        keep = slices._seen
        slices._seen = lambda values: seen.append(keep(values)) or seen[-1]
        task = Stepping(slices.steps())
        while not task.step(within(0.01)):
            pass
    much, colors = (np.stack(part) for part in zip(*seen, strict=True))
    bytes_ = slices.voxels / 255
    assert bytes_[..., 3] == pytest.approx(much, abs=0.6 / 255)
    assert (bytes_[..., :3] <= colors + 0.6 / 255).all()
    assert (bytes_[..., :3] >= AMBIENT * colors - 0.6 / 255).all()
    return much, colors, found


def outputs(scene: Scene, side: int) -> np.ndarray:
    """Those of a network of x, y, t on side³ points, by the reference."""
    extent = scene.view.extent
    axis = extent * (2 * np.arange(side) + 1 - side) / side
    t, y, x = (c.ravel() for c in np.meshgrid(axis, axis, axis, indexing="ij"))
    found = scene.network.evaluate(np.stack([x, y, t], axis=1))
    return np.broadcast_to(found, (side**3, 3)).reshape(side, side, side, 3)


@pytest.mark.gl
@pytest.mark.parametrize("channel", ["all", "green"])
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "atan", "identity", "relu"])
def test_density_is_the_outputs_fraction_of_their_range(
    renderer: Renderer, channel: str, name: str
) -> None:
    side, scene = 9, scene_of(BASE.replace(output_activation=name, weight_scale=1.3), 0.2)
    much, colors, found = voxels(renderer, scene, side, channel)
    values, (low, high) = outputs(scene, side), found.span
    fine = outputs(scene, 25)[..., [1] if channel == "green" else [0, 1, 2]]
    if ACTIVATIONS[name].bounded:
        assert found.span == ACTIVATIONS[name].span
    else:
        assert found.span == pytest.approx((fine.min(), fine.max()), rel=1e-4, abs=1e-4)
    fractions = np.clip((values - low) / (high - low), 0, 1)
    if channel == "green":
        assert much == pytest.approx(fractions[..., 1], abs=1e-4)
        assert colors == pytest.approx(np.repeat(fractions[..., 1:2], 3, axis=3), abs=1e-4)
    else:
        assert much == pytest.approx(np.ptp(fractions, axis=3), abs=1e-4)
        assert colors == pytest.approx(np.clip(values, 0, 1), abs=1e-4)
    assert np.ptp(much) > 0.1


@pytest.mark.gl
@pytest.mark.parametrize("stretch", ["none", "minmax", "percentile"])
@pytest.mark.parametrize("mapping", ["viridis", "lab"])
def test_colours_are_stretched_over_the_block_and_move_nothing(
    renderer: Renderer, mapping: str, stretch: str
) -> None:
    side, preset = 9, BASE.replace(mapping=mapping, stretch=stretch)
    scene = scene_of(preset, 0.2)
    much, colors, found = voxels(renderer, scene, side, "all")
    plain, _, _ = voxels(renderer, scene_of(BASE, 0.2), side, "all")
    assert np.array_equal(much, plain)
    fine = outputs(scene, 25).reshape(-1, 3)
    cut = {"none": None, "minmax": [0, 100], "percentile": [2, 98]}[stretch]
    if cut is None:
        expected = np.array([[0.0] * 3, [1.0] * 3])
    elif mapping == "lab":
        expected = np.percentile(fine, cut, axis=0)
    else:
        expected = np.percentile(fine.mean(axis=1), cut)[:, None].repeat(3, axis=1)
    assert np.allclose([found.value_range.low, found.value_range.high], expected, atol=1e-4)
    values = outputs(scene, side).astype(np.float32).reshape(-1, 3)
    true = colored(values, preset.color, found.value_range).reshape(colors.shape)
    assert colors == pytest.approx(true, abs=2e-3)


@pytest.mark.gl
def test_nan_is_magenta_and_opaque(renderer: Renderer) -> None:
    layers = [
        Layer(np.array([[1e30, 0, 0], [0, 1, 0]]), np.zeros(2), "relu"),
        Layer(np.array([[1e30, 1.0]]), np.zeros(1), "identity"),
    ]
    for color in ({}, {"mapping": "viridis"}, {"mapping": "grey", "stretch": "minmax"}):
        scene = scene_of(BASE.replace(**color), 0.0, Network(layers, ("x", "y", "t")))
        much, colors, found = voxels(renderer, scene, 8, "all")
        assert (colors[..., 4:, :] == (1, 0, 1)).all()  # x > 0: infinite
        assert (much[..., 4:] == 1).all()
        assert found.span == pytest.approx((0, 2), abs=0.1)
        assert np.ptp(much[..., :4]) > 0.5


@pytest.mark.gl
def test_ranges_are_the_same_for_volumes_of_all_sizes(renderer: Renderer) -> None:
    scene = scene_of(BASE.replace(output_activation="identity", stretch="minmax"), 0.2)
    found = [voxels(renderer, scene, side, "all")[2] for side in (5, 9, 16)]
    assert found[0] == found[1] == found[2]


@pytest.mark.gl
def test_what_falls_towards_the_light_is_brighter(renderer: Renderer) -> None:
    def shade(weight: float) -> np.ndarray:
        layer = Layer(np.array([[0, 0, weight]]), np.zeros(1), "sigmoid")
        network = Network([layer], ("x", "y", "t"))
        with staged(renderer) as stage:
            scene = scene_of(BASE, 0.0, network)
            slices = VolumeSlices(stage, scene, 16, "all", at_once(ranges(scene, "all")))
            at_once(slices.steps())
        lit, there = slices.voxels[8, ..., 0] / 255, slices.voxels[8, ..., 3] / 255
        return (lit / there - AMBIENT) / (1 - AMBIENT)

    up, down = shade(-3.0), shade(3.0)
    assert up.min() > down.max() + 0.2
    assert up == pytest.approx(up[0, 0], abs=0.01)


def test_where_nothing_slopes_a_place_has_its_own_colour() -> None:
    flat = np.zeros((3, 3))
    assert shades(flat, flat, flat) == pytest.approx(1)


def test_the_key_is_the_same_for_any_time_within_a_block_and_another_for_the_next() -> None:
    network = BASE.network()
    stage: Any = SimpleNamespace(engine_for=lambda network: NUMPY)

    def key(time: float, **keys):
        scene = scene_of(BASE.replace(**keys), time, network)
        return VolumeSlices(stage, scene, 8, "all", Ranges((0.0, 1.0), DISPLAY)).key

    assert key(0.0) == key(3.0) == key(0.0, turn=77.0, opacity=3.0)
    assert key(0.0) != key(5.0)
    assert key(0.0) != key(0.0, extent=1.9)
    assert key(0.0) != key(0.0, mapping="viridis")
