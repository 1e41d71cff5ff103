"""The surface view's heights: pre-activations, units, value ranges, the subplots of a picture."""

import numpy as np
import pytest

from cppn_gl.nn.features import features
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.views.solid.heights import (
    hidden_units,
    measured,
    pre_activation_network,
    rounded,
    subplots,
)

NETWORK = Network.random(depth=3, width=7, inputs=("x", "y"), seed=4, weight_scale=1.3)
POINTS = np.random.default_rng(2).uniform(-1, 1, (50, 2))


def shown(**keys) -> Scene:
    return scene_of(Preset().replace(depth=3, width=7, seed=4, **keys))


def test_pre_activations_are_what_the_output_activation_is_given() -> None:
    before = pre_activation_network(NETWORK).evaluate(POINTS)
    assert NETWORK.evaluate(POINTS) == pytest.approx(1 / (1 + np.exp(-before)))


def test_units_are_the_last_hidden_layers_first() -> None:
    few, count = hidden_units(NETWORK)
    y = POINTS
    for layer in NETWORK.layers[:-1]:
        y = np.tanh(y @ layer.weight.T.astype(float) + layer.bias)
    assert count == 3
    assert few.evaluate(POINTS) == pytest.approx(y[:, :3], rel=1e-6)


@pytest.mark.parametrize(("width", "count", "outputs"), [(1, 1, 1), (2, 2, 3), (3, 3, 3)])
def test_a_narrow_layer_has_fewer(width: int, count: int, outputs: int) -> None:
    found = hidden_units(Network.random(depth=2, width=width))
    assert found is not None
    assert found[1] == count
    assert found[0].outputs == outputs
    assert hidden_units(Network.random(depth=1)) is None


@pytest.mark.parametrize("channel", ["all", "red", "green", "blue"])
def test_the_span_holds_all_values_and_hardly_more(channel: str) -> None:
    scene = shown(weight_scale=2.0, extent=1.4)
    network = pre_activation_network(scene.network)
    low, high = measured(network, scene.view, scene.clock, channel)
    axis = np.linspace(-1.4, 1.4, 33)
    x, y = (c.ravel() for c in np.meshgrid(axis, axis))
    values = network.evaluate(features(("x", "y"), x, y, scene.clock))
    of = values.mean(axis=1) if channel == "all" else values[:, "rgb".index(channel[0])]
    assert low <= of.min() + 1e-3
    assert high >= of.max() - 1e-3
    assert high - low < 1.35 * np.ptp(of)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(-1.19, 1.99, (-1.2, 2.0)), (-7.3, 6.7, (-8.0, 8.0)), (0.0, 1.0, (0.0, 1.0))],
)
def test_spans_end_at_round_numbers(low: float, high: float, expected: tuple) -> None:
    assert rounded(low, high) == expected


def test_a_constant_lies_in_the_middle_of_its_span() -> None:
    scene = shown(weight_scale=0.0, bias_scale=0.0)
    low, high = measured(pre_activation_network(scene.network), scene.view, scene.clock, "all")
    assert (low + high) / 2 == pytest.approx(0, abs=0.1)
    assert high > low


def test_heights_are_outputs_over_the_range_of_their_activation() -> None:
    for name, span in (("sigmoid", (0, 1)), ("tanh", (-1, 1)), ("atan", (-np.pi / 2, np.pi / 2))):
        scene = shown(output_activation=name)
        (subplot,) = subplots(scene, (640, 360))
        assert subplot.network is scene.network
        assert subplot.span == span
        assert subplot.pixels((640, 360)) == (0, 0, 640, 360)


@pytest.mark.parametrize("name", ["identity", "relu", "softplus"])
def test_heights_of_outputs_without_bounds_are_measured(name: str) -> None:
    scene = shown(output_activation=name, weight_scale=2.5, channel="green")
    (subplot,) = subplots(scene, (640, 360))
    u, v = (c.ravel() for c in np.meshgrid(np.linspace(-1, 1, 33), np.linspace(-1, 1, 33)))
    values = scene.network.evaluate(np.stack([u, v], axis=1) * scene.view.extent)[:, 1]
    low, high = subplot.span
    assert low <= values.min() + 1e-3
    assert high >= values.max() - 1e-3
    assert high - low < 1.35 * np.ptp(values)
    assert high > 1.2  # beyond what a picture shows


def test_nan_is_not_measured() -> None:
    layers = [
        Layer(np.array([[1e30, 0.0], [0.0, 1.0]]), np.zeros(2), "relu"),
        Layer(np.array([[1e30, 3.0]]), np.zeros(1), "identity"),
    ]
    scene = scene_of(Preset().replace(view="surface"), 0.0, Network(layers))
    (subplot,) = subplots(scene, (640, 360))  # infinite where x > 0
    assert subplot.span[0] <= 0
    assert subplot.span[1] == pytest.approx(3, abs=0.3)
    large = [Layer(np.full((1, n), 1e30), np.full(1, 1e30), "relu") for n in (2, 1)]
    nowhere = [*large, Layer(np.ones((1, 1)), np.zeros(1), "identity")]
    (subplot,) = subplots(
        scene_of(Preset().replace(view="surface"), 0.0, Network(nowhere)), (64, 36)
    )
    assert subplot.span[0] < subplot.span[1]
    assert np.isfinite(subplot.span).all()


def test_before_the_activation_they_are_pre_activations() -> None:
    (subplot,) = subplots(shown(before=True), (640, 360))
    assert subplot.network.drawn[-1].activation == "identity"
    assert subplot.span[1] > subplot.span[0]


@pytest.mark.parametrize("panels", ["channels", "sum", "cut"])
@pytest.mark.parametrize("size", [(640, 360), (361, 640), (500, 500), (900, 300)])
def test_subplots_lie_apart_and_equals_are_equal(panels: str, size: tuple[int, int]) -> None:
    covered = np.zeros((size[1], size[0]), int)
    boxes = []
    for subplot in subplots(shown(panels=panels), size):
        left, top, width, height = subplot.pixels(size)
        covered[top : top + height, left : left + width] += 1
        assert min(left, top, size[0] - left - width, size[1] - top - height) >= 0
        boxes.append((width, height))
    assert covered.max() == 1
    assert covered.mean() > 0.3
    for same in (boxes,) if panels != "sum" else (boxes[:3], boxes[3:]):
        assert np.ptp(same, axis=0).max() <= 1


@pytest.mark.parametrize("panels", ["channels", "sum", "cut"])
@pytest.mark.parametrize("size", [(300, 200), (400, 900), (640, 400), (1200, 300), (2560, 1440)])
def test_words_of_subplots_have_one_size(panels: str, size: tuple[int, int]) -> None:
    found = subplots(shown(panels=panels), size)
    assert len({(one.letters, one.titles) for one in found}) == 1
    assert found[0].titles >= 8


def test_a_sum_is_written_with_its_signs_weights_and_colours() -> None:
    layers = [
        Layer(np.array([[1.6, 0.5], [-0.9, 1.5], [0.3, 1.8]]), np.zeros(3), "sigmoid"),
        Layer(np.array([[1.2, 1.0, -1.4]]), np.array([0.2]), "sigmoid"),
    ]
    scene = scene_of(Preset().replace(view="surface", panels="sum"), 0.0, Network(layers))
    found = subplots(scene, (640, 400))
    assert [one.sign and one.sign[0] for one in found] == [None, "+", "+", "=", None]
    assert [one.color for one in found] == [1, 2, 3, 0, 0]
    assert [one.title for one in found[:4]] == [
        "unit 1 × 1.2",
        "unit 2 × 1",
        "unit 3 × −1.4",
        "sum + bias 0.2",
    ]
    values = [one.network.evaluate(POINTS) for one in found]
    units = [values[k][:, k] for k in range(3)]
    total = 1.2 * units[0] + units[1] - 1.4 * units[2] + 0.2
    assert values[3][:, 0] == pytest.approx(total, rel=1e-6)


def test_a_sum_of_more_units_says_so() -> None:
    found = subplots(shown(panels="sum"), (640, 400))
    assert found[3].sign is not None
    assert found[3].sign[0] == "+ … ="


def test_a_cut_shows_one_network_three_times_over_one_range() -> None:
    plot, surface, above = subplots(shown(panels="cut"), (640, 400))
    assert plot.network is surface.network is above.network
    assert plot.span == surface.span == above.span
    assert [one.cut for one in (plot, surface, above)] == ["plot", "line", "line"]
    assert [one.overhead for one in (plot, surface, above)] == [True, False, True]


def test_one_channel_or_one_layer_has_one_subplot() -> None:
    assert len(subplots(shown(panels="channels", outputs=1), (640, 360))) == 1
    assert len(subplots(scene_of(Preset().replace(depth=1, panels="sum")), (640, 360))) == 1


def test_the_same_scene_has_the_same_networks() -> None:
    scene = shown(panels="sum")
    first, second = subplots(scene, (640, 360)), subplots(scene, (320, 180))
    assert all(a.network is b.network for a, b in zip(first, second, strict=True))
