"""What views show of a network that learns."""

import numpy as np
import pytest

from cppn_gl import Preset, Renderer, load_preset
from cppn_gl.engines.cpu.native import evaluator
from cppn_gl.nn.displayed import inks_of
from cppn_gl.preset.learned import value_span
from cppn_gl.preset.scene import scene_of, shown_network, structure
from cppn_gl.preset.value_range import default_range
from cppn_gl.utils.class_colors import CLASS_COLORS, HIGH, LOW, PAPER, area, display
from cppn_gl.utils.tasks import at_once

BASE = Preset().replace(depth=3, width=6, extent=6.0, activation="tanh", init="glorot_uniform")
TAUGHT = {"train.points": 60, "train.steps": 60, "train.rate": 0.1, "train.marks": "none"}
TWO = BASE.replace(**TAUGHT, **{"train.data": "circle"})
FIVE = BASE.replace(**TAUGHT | {"train.data": "blobs", "train.classes": 5, "train.steps": 400})
FOUR = FIVE.replace(**{"train.classes": 4})
VALUES = BASE.replace(**TAUGHT, **{"train.data": "plane"})
SIZE = (48, 30)


def colors(preset: Preset, size: tuple[int, int] = SIZE) -> np.ndarray:
    scene = scene_of(preset)
    return np.asarray(at_once(evaluator(scene.network, scene.view, scene.clock).picture(size)))


def outputs(preset: Preset, size: tuple[int, int] = SIZE) -> np.ndarray:
    """The trained network's outputs at the pixels, (height, width, n), in float64."""
    scene, (wide, high) = scene_of(preset), size
    scale = 2 * scene.view.extent / min(size)
    across, down = np.meshgrid(np.arange(wide) + 0.5, np.arange(high) + 0.5)
    x = scene.view.center[0] + (across - wide / 2) * scale
    y = scene.view.center[1] + (high / 2 - down) * scale
    network = preset.network()
    found = network.evaluate(network.features(x.ravel(), y.ravel(), scene.clock))
    return np.asarray(found, np.float64).reshape(high, wide, -1)


def mixed(s: np.ndarray) -> np.ndarray:
    """-1 … 1 to colours from LOW through PAPER to HIGH."""
    low, paper, high = area(LOW), display(PAPER), area(HIGH)
    return paper + np.maximum(s, 0) * (high - paper) + np.maximum(-s, 0) * (low - paper)


@pytest.mark.parametrize("loss", ["cross-entropy", "squared", "hinge", "absolute"])
def test_two_classes_are_orange_and_blue_and_paper_between(loss: str) -> None:
    preset = TWO.replace(**{"train.loss": loss})
    found = outputs(preset)
    s = np.clip(2 * found - 1 if loss == "cross-entropy" else found, -1, 1)
    assert np.abs(colors(preset) - mixed(s)).max() < 1e-5
    assert np.ptp(s) > 0.3


def test_several_classes_have_a_colour_each() -> None:
    for preset, count in ((FIVE, 5), (FOUR, 4)):
        areas = np.array([area(color) for color in CLASS_COLORS[:count]])
        chances = outputs(preset)
        claims = np.maximum(2 * chances - chances.sum(axis=2, keepdims=True), 0)
        expected = display(PAPER) + claims @ (areas - display(PAPER))
        assert np.abs(colors(preset) - expected).max() < 1e-5
        assert scene_of(preset).network.channels == 3


def test_values_have_the_scale_of_the_data() -> None:
    low, high = value_span(VALUES.dataset)
    assert low == -high == pytest.approx(-np.abs(VALUES.dataset.values).max())
    s = np.clip(outputs(VALUES) / high, -1, 1)
    assert np.abs(colors(VALUES) - mixed(s[..., :1])).max() < 1e-5


def test_another_colour_map_takes_the_output_or_the_order_of_the_classes() -> None:
    mapped = TWO.replace(mapping="viridis")
    assert scene_of(mapped).network.trained is mapped.network()
    assert scene_of(mapped).network.digest == mapped.network().digest
    for preset, low, high in ((mapped, 0, 1), (FIVE.replace(mapping="viridis"), 0, 1)):
        span = default_range(scene_of(preset))
        assert (span.low[0], span.high[0]) == (low, high)
    span = default_range(scene_of(VALUES.replace(mapping="viridis")))
    assert (span.low[0], span.high[0]) == value_span(VALUES.dataset)
    order = colors(FIVE.replace(mapping="viridis"))[..., 0]
    assert np.abs(order - outputs(FIVE) @ np.arange(5) / 4).max() < 1e-5


def test_views_of_structure_get_the_trained_network_itself() -> None:
    for preset in (TWO, FOUR, FIVE, VALUES):
        for name in ("units", "curves", "learning"):
            network = scene_of(preset.replace(view=name)).network
            assert network.digest == preset.network().digest
            assert network.channels == 3
            assert network.trained is preset.network()
        assert structure(scene_of(preset)).network.digest == preset.network().digest
    plain = scene_of(BASE)
    assert structure(plain) is plain


def test_a_surface_is_as_high_as_the_output_or_the_largest_one() -> None:
    high = scene_of(TWO.replace(view="surface")).network
    assert high.digest == TWO.network().digest
    tall = colors(FIVE.replace(view="surface"))[..., 0]
    assert np.abs(tall - outputs(FIVE).max(axis=2)).max() < 1e-5


def test_the_same_weights_are_the_same_object() -> None:
    one = scene_of(TWO)
    assert scene_of(TWO) == one
    assert scene_of(TWO, network=one.network).network is one.network
    assert shown_network(TWO, TWO.network()) is one.network


def test_inks_name_outputs_and_give_them_their_colours() -> None:
    (ink,) = inks_of(scene_of(TWO).network)
    assert ink.name == "class 1"
    shown = ink.of(np.array([0.0, 0.5, 1.0]))
    assert np.abs(shown - [area(LOW), display(PAPER), area(HIGH)]).max() < 1e-6
    names = [ink.name for ink in inks_of(scene_of(FIVE.replace(view="units")).network)]
    assert names == [f"class {k}" for k in range(5)]
    assert [ink.name for ink in inks_of(scene_of(VALUES).network)] == ["value"]
    assert inks_of(scene_of(BASE).network) == ()


def test_a_distance_is_named_in_views_of_structure_and_orange_inside() -> None:
    shape = load_preset("anchor").replace(**{"train.steps": 0, "train.checkpoint": ""})
    (ink,) = inks_of(scene_of(shape.replace(view="units")).network)
    assert ink.name == "distance"
    assert ink.span == (-ink.span[1], ink.span[1])
    assert ink.span[0] == pytest.approx(shape.dataset.values.min())
    assert np.abs(ink.of(np.array(ink.span)) - [area(LOW), area(HIGH)]).max() < 1e-6
    assert inks_of(scene_of(shape.replace(view="picture")).network) == ()  # its own colours


@pytest.mark.gl
@pytest.mark.parametrize("extent", [6.0, 1e-6])
def test_every_engine_draws_it_at_any_zoom(extent: float, renderer: Renderer) -> None:
    for preset in (TWO, FIVE):
        preset = preset.replace(center=[1.1, 2.7], extent=extent)
        expected = np.clip(colors(preset), 0, 1)
        for name in ("native", "numpy", "fragment"):
            with Renderer(name) as other:
                found = other.render(preset, SIZE, dtype="float32")
            assert np.abs(np.clip(found, 0, 1) - expected).max() < 2e-5
        assert np.ptp(expected, axis=(0, 1)).max() > (0.2 if extent > 1 else 0)
