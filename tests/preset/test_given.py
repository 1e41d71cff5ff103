"""Presets with explicit weights made from others show the same picture, but for what is set."""

import numpy as np
import pytest

from cppn_gl.nn.sources import Layers
from cppn_gl.preset.given import (
    MAX_GIVEN,
    fixed_weights_problem,
    given,
    unit_picture,
    with_bias,
    with_weight,
)
from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.utils.checks import PresetError

POINTS = np.random.default_rng(1).uniform(-2, 2, (200, 64))


def values(preset: Preset, time: float = 0.0) -> np.ndarray:
    network = scene_of(preset, time).network
    return network.evaluate(POINTS[:, : len(network.inputs)])


def small(preset: Preset) -> bool:
    return not fixed_weights_problem(preset.network())


@pytest.mark.parametrize("name", shipped())
def test_given_weights_compute_what_the_preset_computes_and_can_be_written(name: str) -> None:
    preset = load_preset(name)
    if preset.spec.structured or (preset.classifies and preset.learns):
        with pytest.raises(PresetError, match="weights of a structure"):
            given(preset)
        return
    if preset.classifies:
        with pytest.raises(PresetError, match="cannot be changed: redistribute = false"):
            given(preset)
        return
    if not small(preset):
        with pytest.raises(
            PresetError, match=r"weights; in networks of up to 65,536|a graph of layers"
        ):
            given(preset)
        return
    fixed = given(preset, 1.5)
    assert isinstance(fixed.spec, Layers)
    np.testing.assert_array_equal(values(fixed, 1.5), values(preset, 1.5))
    assert parse_preset(fixed.to_toml(), name=name) == fixed
    assert given(fixed) is fixed


def test_latent_constants_go_on_moving_and_nothing_else_of_the_network_does() -> None:
    walk = given(load_preset("walk"))
    assert not walk.animation.walk
    assert not walk.network_moves
    latent = given(load_preset("latent"))
    assert latent.moves == load_preset("latent").moves


def test_the_period_goes_on_moving() -> None:
    keys = {"animate.network.period": (1.0, 2.0), "animate.network.weight_scale": (1.0, 1.5)}
    fixed = given(Preset().replace(depth=3, inputs=["sin_x", "cos_y"], **keys), 2.0)
    assert dict(fixed.animate.moving) == {"network.period": (1.0, 2.0)}
    assert fixed.at(0.0).network().period == 1.0 < fixed.at(2.0).network().period


def test_one_weight_or_bias_changes_alone() -> None:
    preset = given(load_preset("default"))
    before = preset.network().layers
    changed = with_bias(with_weight(preset, (3, 5), 2, 0.625), (3, 4), -0.5)
    after = changed.network().layers
    assert after[2].weight[5, 2] == np.float32(0.625)
    assert after[2].bias[4] == np.float32(-0.5)
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        assert (old.weight != new.weight).sum() == (number == 2)
        assert (old.bias != new.bias).sum() == (number == 2)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e31, -1e300])
def test_numbers_beyond_the_limit_are_refused(value: float) -> None:
    preset = given(load_preset("default"))
    with pytest.raises(PresetError):
        with_weight(preset, (1, 0), 0, value)
    with pytest.raises(PresetError):
        with_bias(preset, (1, 0), value)


@pytest.mark.parametrize("name", ["default", "relu", "neylon-27", "scale-animated"])
def test_a_units_picture_is_the_units_activation(name: str) -> None:
    preset = load_preset(name)
    layer, unit = preset.spec.depth // 2 + 1, 2
    opened = unit_picture(preset, (layer, unit), 1.0)
    network = preset.at(1.0).network()
    steps = list(network.walk(POINTS[:, : len(network.inputs)]))
    np.testing.assert_allclose(values(opened)[:, 0], steps[layer - 1][2][:, unit], atol=1e-6)
    assert opened.spec.depth == layer
    assert opened.network().outputs == 1
    assert opened.title.startswith(f"unit 3 of layer {layer}: ")
    assert parse_preset(opened.to_toml()) == opened


def test_an_input_has_no_picture_of_its_own() -> None:
    with pytest.raises(PresetError):
        unit_picture(load_preset("default"), (0, 1))


def test_the_limit_admits_27_layers_of_30_and_not_14_of_400() -> None:
    assert load_preset("neylon-27").network().parameters < MAX_GIVEN
    assert not fixed_weights_problem(load_preset("neylon-40").network())
    assert "1,927,203 weights" in fixed_weights_problem(load_preset("wide-400-zoom").network())


@pytest.mark.parametrize("unit", [(0, 0), (99, 0), (1, 14), (1, -1)])
def test_there_is_no_such_unit(unit: tuple[int, int]) -> None:
    preset = given(load_preset("default"))
    for change in (lambda: with_bias(preset, unit, 1.0), lambda: unit_picture(preset, unit)):
        with pytest.raises(PresetError):
            change()
    with pytest.raises(PresetError, match="has 14 inputs"):
        with_weight(preset, (2, 0), 14, 1.0)
