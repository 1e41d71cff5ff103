"""Signal strength: the statistics are NumPy's over the reference's units."""

import math

import numpy as np
import pytest

from cppn_gl.engines.cpu.trace import trace
from cppn_gl.engines.geometry import pixel_points
from cppn_gl.nn.activations import activate
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.sources import Layers
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.utils.tasks import at_once
from cppn_gl.views.plots.strength import GRID, counterpart, gain, grid_side, is_normalized, measure
from cppn_gl.views.units.wiring import weighted


def scene(**keys: object) -> Scene:
    base = Preset().replace(depth=5, width=11, seed=3, extent=2.0, center=(0.3, -0.2))
    return scene_of(base.replace(**keys))


def reference(one: Scene) -> list[np.ndarray]:
    """The inputs and every layer's units in float64, at the points that are measured."""
    side = grid_side(one.network)
    x, y = pixel_points((side, side), one.view.center, one.view.extent)
    units = [np.stack([x.ravel(), y.ravel()], axis=1)]
    for layer in one.network.layers:
        sums = units[-1] @ layer.weight.T.astype(np.float64) + layer.bias
        units.append(activate(layer.activation, sums))
    return units


@pytest.mark.parametrize("activation", ["tanh", "relu", "sin"])
def test_mean_and_standard_deviation_are_those_of_the_reference(activation: str) -> None:
    one = scene(activation=activation)
    found = measure(one)
    for layer, units in enumerate(reference(one)):
        assert found.mean[layer] == pytest.approx(units.mean(), abs=1e-4)
        assert found.std[layer] == pytest.approx(units.std(), rel=1e-4)
        within = math.sqrt((units.std(axis=0) ** 2).mean())
        assert found.unit_std[layer] == pytest.approx(within, rel=1e-4)
    assert found.overflow is None


def test_saturation_is_the_fraction_of_units_in_a_flat_part() -> None:
    one = scene(activation="relu")
    found, units = measure(one), reference(one)
    for layer in range(1, 5):
        assert found.saturated[layer] == pytest.approx((units[layer] == 0).mean(), abs=2e-3)
    assert np.isnan(found.saturated[0])  # inputs have no activation


def test_the_prediction_multiplies_by_root_n_times_sigma() -> None:
    rng = np.random.default_rng(5)
    weight = rng.normal(0, 0.3, (4000, 50))
    assert gain(weight) == pytest.approx(math.sqrt(50) * 0.3, rel=0.01)
    x = rng.normal(size=50)
    measured = np.linalg.norm(weight @ x) / np.linalg.norm(x) / math.sqrt(4000 / 50)
    assert measured == pytest.approx(gain(weight), rel=0.05)  # E|y|² = n σ² |x|², a row each
    one = scene()
    found = measure(one)
    size = math.sqrt((reference(one)[0] ** 2).mean())
    for layer, predicted in enumerate(found.predicted):
        assert predicted == pytest.approx(size, rel=1e-5)
        size *= found.gains[layer] if layer < len(found.gains) else 1


def test_sigma_1_over_root_n_keeps_the_size_of_a_linear_network() -> None:
    keys = {"activation": "identity", "output_activation": "identity", "bias_scale": 0.0}
    found = measure(scene(depth=12, width=200, init="lecun_normal", **keys))
    assert found.gain == pytest.approx(1, abs=0.03)
    assert found.std[1:12] == pytest.approx(found.predicted[1:12], rel=0.5)
    assert found.growth == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(("scale", "low", "high"), [(0.3, 0.4, 0.9), (3.0, 1.1, 4.0)])
def test_growth_tells_vanishing_from_exploding(scale: float, low: float, high: float) -> None:
    keys = {"activation": "relu", "init": "he_normal", "depth": 20, "width": 60}
    growth = measure(scene(weight_scale=scale, bias_scale=0.0, **keys)).growth
    assert growth is not None
    assert low * 0.5 < growth < high
    assert (growth < 1) == (scale < 1)


def test_growth_says_nothing_of_a_network_of_one_hidden_layer() -> None:
    assert measure(scene(depth=2)).growth is None
    assert measure(scene(depth=1)).growth is None


def test_overflow_is_found_at_its_layer_without_a_warning() -> None:
    first = Layer(np.full((3, 2), 1e15), np.zeros(3), "relu")
    more = [Layer(np.full((3, 3), 1e15), np.zeros(3), "relu") for _ in range(4)]
    last = Layer(np.ones((1, 3)), np.zeros(1), "sigmoid")
    found = measure(scene_of(Preset(spec=Layers((first, *more, last)))))
    assert found.overflow == 3  # 1e45 passes 3.4e38
    assert np.isfinite(found.std[:3]).all()
    assert np.isnan(found.std[3:]).all()
    assert np.isnan(found.mean[3:]).all()
    assert np.isnan(found.saturated[3:]).all()


def test_a_wide_network_is_measured_on_fewer_points() -> None:
    assert grid_side(scene().network) == GRID
    wide = scene(depth=14, width=400).network
    assert 16 <= grid_side(wide) < GRID


def test_the_counterpart_is_the_same_preset_normalised_or_not() -> None:
    preset = scene().preset
    other = counterpart(preset)
    assert is_normalized(other)
    assert not is_normalized(preset)
    assert other.spec == preset.spec
    assert other.view == preset.view
    back = counterpart(other)
    assert not is_normalized(back)
    found = measure(scene_of(other))
    assert (found.unit_std[1:5] > 0.2).all()


def test_a_structure_is_measured_layer_by_layer() -> None:
    one = scene(structure="inception", depth=3, width=8, activation="relu", **{"network.grid": 24})
    found, stages = measure(one), one.network.stages
    assert len(found.mean) == len(stages) + 1
    side = grid_side(one.network)
    for layer, values in enumerate(at_once(trace(one, (side, side))), 1):
        assert found.mean[layer] == pytest.approx(values.units.mean(dtype=np.float64))
        assert found.std[layer] == pytest.approx(values.units.std(dtype=np.float64))
    weights = np.array([weighted(stage) for stage in stages])
    assert (np.isnan(found.gains) == ~weights).all()
    assert (np.isnan(found.saturated[1:]) == [s.activation == "identity" for s in stages]).all()
    kernel = stages[1].operation.weight.astype(float)  # type: ignore[attr-defined]
    fan_in = kernel[0].size
    assert found.gains[1] == pytest.approx(math.sqrt(fan_in * (kernel**2).mean()))


def test_the_prediction_follows_a_structure_s_branches() -> None:
    """With no activations and random signs, the parts of a sum add their squares."""
    one = scene(structure="resnet", depth=4, width=8, activation="identity", **{"network.grid": 24})
    found, stages = measure(one), one.network.stages
    adds = [k for k, stage in enumerate(stages) if stage.label == "add"]
    for k in adds:
        read = [found.predicted[i + 1] for i in stages[k].inputs]
        assert found.predicted[k + 1] == pytest.approx(math.hypot(*read))
    normalized = measure(scene_of(counterpart(one.preset)))
    assert normalized.predicted[1] == pytest.approx(1)
