"""A unit seen closely: its values, statistics and weights are those of the reference."""

import numpy as np
import pytest

from cppn_gl import Preset
from cppn_gl.engines.geometry import pixel_points
from cppn_gl.nn.activations import activate
from cppn_gl.nn.features import features
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.views.units.unit_samples import (
    KEPT,
    PIXELS,
    VALUES,
    UnitSampleCache,
    UnitSamples,
    channel_of,
    sample_size,
    sample_units,
    shaded,
    summarize,
    unit_name,
)

SIZE = (30, 20)
PRESET = Preset().replace(depth=4, width=6, inputs=["x", "t"], extent=1.7, weight_scale=1.5)


def at_once(scene: Scene, size: tuple[int, int] = SIZE) -> UnitSamples:
    steps = sample_units(scene, size)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            samples: UnitSamples = end.value
            return samples


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_a_summary_is_the_reference(before: bool, activation: str) -> None:
    scene = scene_of(PRESET.replace(activation=activation), 0.7)
    samples, network = at_once(scene), scene.network
    x, y = pixel_points(SIZE, scene.view.center, scene.view.extent)
    values = features(network.inputs, x.ravel(), y.ravel(), scene.clock, network.latent)
    for number, layer in enumerate(network.layers, 1):
        sums = values @ layer.weight.astype(float).T + layer.bias
        values = activate(layer.activation, sums)
        for index in range(len(layer.bias)):
            found = summarize(samples, (number, index), before=before)
            true = (sums if before else values)[:, index]
            assert np.allclose(found.values.ravel(), true, atol=1e-4, rtol=1e-4)
            assert found.mean == pytest.approx(true.mean(), abs=1e-4, rel=1e-4)
            assert found.std == pytest.approx(true.std(), abs=1e-4, rel=1e-4)
            assert np.array_equal(found.weights, layer.weight[index])
            assert found.bias == layer.bias[index]
            assert len(found.sources) == len(found.weights)


def test_an_input_has_no_weights_and_never_saturates() -> None:
    found = summarize(at_once(scene_of(PRESET, 2.0)), (0, 1))
    assert found.name == "input t"
    assert (found.values == 2.0).all()
    assert found.saturated is None
    assert not len(found.weights)


def test_what_is_saturated_is_counted() -> None:
    scene = scene_of(PRESET.replace(activation="relu"))
    samples = at_once(scene)
    found = summarize(samples, (1, 2))
    assert found.saturated == pytest.approx((found.values == 0).mean())


def test_names() -> None:
    network = PRESET.network()
    assert unit_name(network, (0, 0)) == "input x"
    assert unit_name(network, (2, 4)) == "layer 2 unit 5"
    assert unit_name(network, (4, 2)) == "output blue"
    assert unit_name(PRESET.replace(outputs=1).network(), (4, 0)) == "output grey"


def test_outputs_are_shown_in_their_channel() -> None:
    network = PRESET.network()
    assert channel_of(network, (4, 1), before=False) == 1
    assert channel_of(network, (4, 1), before=True) is None
    assert channel_of(network, (3, 1), before=False) is None
    assert channel_of(PRESET.replace(outputs=1).network(), (4, 0), before=False) == -1
    values = np.float32([0.5, 2, np.nan])
    assert shaded(values, 1).tolist() == [[0, 0.5, 0], [0, 1, 0], [1, 0, 1]]
    assert shaded(values, -1).tolist() == [[0.5, 0.5, 0.5], [1, 1, 1], [1, 0, 1]]


def test_samples_are_as_many_as_memory_allows() -> None:
    small, large = PRESET.network(), PRESET.replace(depth=64, width=512).network()
    for network in (small, large):
        units = len(network.inputs) + sum(len(layer.bias) for layer in network.drawn)
        for aspect in (0.01, 0.6, 1.0, 1.6, 40.0):
            wide, high = sample_size(network, aspect)
            assert wide * high <= 1.2 * PIXELS
            assert wide * high * units <= 1.2 * VALUES
            if 0.5 < aspect < 2:
                assert wide / high == pytest.approx(aspect, rel=0.15)


def test_samples_are_cached_and_few_of_them() -> None:
    cache, calls = UnitSampleCache(), []

    def get(preset: Preset, time: float = 0.0) -> UnitSamples:
        scene = scene_of(preset, time)
        steps = cache.get(scene, SIZE)
        count = 0
        while True:
            try:
                next(steps)
                count += 1
            except StopIteration as end:
                calls.append(count)
                samples: UnitSamples = end.value
                return samples

    first = get(PRESET)
    assert get(PRESET) is first  # a network drawn again is the same
    assert calls == [4, 0]
    for other in (PRESET.replace(weight_scale=0.7), PRESET.replace(extent=2.0)):
        assert get(other) is not first
    assert get(PRESET, 1.0) is not first
    assert len(cache._kept) == KEPT
