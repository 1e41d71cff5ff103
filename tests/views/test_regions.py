"""The regions view: lines stand where signs change, and nowhere else; a hash is a pattern."""

from typing import Any

import numpy as np
import pytest
from truth import reference
from viewing import viewed

from cppn_gl import Preset, Renderer
from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.derivatives import Derivatives
from cppn_gl.engines.geometry import pixel_points
from cppn_gl.engines.gl.drawing import draw
from cppn_gl.engines.stretch import value_range
from cppn_gl.preset.color import colored
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.preset.show import RegionsOptions
from cppn_gl.utils.tasks import at_once
from cppn_gl.views.slopes.gbuffer import GBuffer
from cppn_gl.views.slopes.palette import inks
from cppn_gl.views.slopes.regions import REGIONS, Lines, RegionsView, region_fields, shown_layers

VIEW = RegionsView()
SIZE = (90, 60)
PRESET = Preset().replace(
    view="regions", depth=4, width=8, activation="relu", init="he_uniform", bias_scale=0.6, seed=3
)
CASES: list[dict[str, Any]] = [
    {},
    {"activation": "leaky_relu"},
    {"activation": "abs", "depth": 3},
    {"activation": ["relu", "tanh", "abs"]},
    {"width": 20, "depth": 3},
    {"layer": 2},
    {"extent": 40.0},
    {"inputs": ["x", "y", "r", "t"]},
]


def signs(preset: Preset) -> np.ndarray:
    """Whether each unit's pre-activation is positive at each pixel, by the float64 reference."""
    network, view = preset.network(), preset.view
    x, y = (a.ravel() for a in pixel_points(SIZE, view.center, view.extent))
    known = {"x": x, "y": y, "r": np.hypot(x, y), "t": np.zeros_like(x)}
    value, found = np.stack([known[name] for name in network.inputs], axis=1), []
    for number, layer in enumerate(network.layers[:-1], 1):
        z = value @ layer.weight.T.astype(float) + layer.bias
        if layer.activation != "tanh" and number <= (preset.options(RegionsOptions).layer or 99):
            found.append(z > 0)
        activated = {"relu": np.maximum(z, 0), "abs": np.abs(z), "tanh": np.tanh(z)}
        activated["leaky_relu"] = np.where(z < 0, 0.01, 1) * z
        value = activated[layer.activation]
    return np.concatenate(found, axis=1).reshape(SIZE[1], SIZE[0], -1)


def by_shader(renderer: Renderer, preset: Preset) -> np.ndarray:
    """What regions.frag makes, (3, height, width, 4)."""
    assert renderer.ctx is not None
    with renderer.ctx as ctx:
        fields, scene = GBuffer(ctx, SIZE), scene_of(preset)
        lines = Lines(scene, SIZE)
        at_once(draw(renderer.painter, fields, scene, Region.of(SIZE), REGIONS, lines.set))
        found = fields.read()
        fields.release()
    return found


def by_numpy(preset: Preset) -> np.ndarray:
    scene = scene_of(preset)
    derivatives = Derivatives(scene.network, scene.view, scene.clock)
    pixels = np.arange(SIZE[0] * SIZE[1])
    found = region_fields(scene, derivatives, Lines(scene, SIZE), pixels, SIZE)
    return np.stack(found).reshape(3, SIZE[1], SIZE[0], 4)


@pytest.fixture(params=["shader", "numpy"])
def made(request: pytest.FixtureRequest) -> Any:
    if request.param == "numpy":
        return by_numpy
    renderer = request.getfixturevalue("renderer")
    return lambda preset: by_shader(renderer, preset)


@pytest.mark.gl
@pytest.mark.parametrize("change", CASES, ids=str)
def test_a_line_is_drawn_exactly_between_pixels_of_other_signs(
    made: Any, change: dict[str, Any]
) -> None:
    preset = PRESET.replace(**change)
    pattern, distance = signs(preset), made(preset)[2, ..., 0]
    across = (pattern[:, 1:] != pattern[:, :-1]).any(axis=-1)
    down = (pattern[1:] != pattern[:-1]).any(axis=-1)
    nearer_across = np.minimum(distance[:, 1:], distance[:, :-1])
    nearer_down = np.minimum(distance[1:], distance[:-1])
    assert across.sum() + down.sum() > 100
    # Where signs differ a boundary is between, half a pixel or less from one of the two.
    smooth = "tanh" in preset.spec.activation or "r" in preset.spec.inputs
    most = 0.6 if smooth else 0.501  # what bends is not quite where its tangent says
    missed = (nearer_across[across] > most).sum() + (nearer_down[down] > most).sum()
    assert missed <= (0.01 * (across.sum() + down.sum()) if smooth else 0)
    # And where a line goes through a pixel's middle, one of its neighbours has other signs.
    other = np.zeros(distance.shape, bool)
    other[:, 1:] |= across
    other[:, :-1] |= across
    other[1:] |= down
    other[:-1] |= down
    inner = np.zeros_like(other)
    inner[1:-1, 1:-1] = True
    through = (distance < 0.45) & inner
    assert through.sum() > 50
    assert (through & ~other).sum() <= 0.01 * through.sum()


@pytest.mark.gl
@pytest.mark.parametrize("change", CASES, ids=str)
def test_hashes_are_equal_where_signs_are(made: Any, change: dict[str, Any]) -> None:
    preset = PRESET.replace(**change)
    pattern, fields = signs(preset).reshape(SIZE[0] * SIZE[1], -1), made(preset)
    region = fields[2].reshape(-1, 4)
    sure = region[:, 0] > 1e-3  # pixels; nearer to a line float32 may be on its other side
    assert sure.mean() > 0.97
    low, high = region[sure, 2], region[sure, 3]
    assert (low == np.round(low)).all()
    assert max(low.max(), high.max()) < 65536
    hashes = (low + 65536.0 * high.astype(float)).tolist()
    patterns = [row.tobytes() for row in np.packbits(pattern[sure], axis=1)]
    pairs = set(zip(hashes, patterns, strict=True))
    assert len(pairs) == len(set(hashes)) == len(set(patterns)) > 15


@pytest.mark.gl
@pytest.mark.parametrize("change", [*CASES, {"width": 70, "depth": 3}], ids=str)
def test_shader_and_numpy_agree(renderer: Renderer, change: dict[str, Any]) -> None:
    preset = PRESET.replace(**change)
    shader, cpu = by_shader(renderer, preset), by_numpy(preset)
    assert np.quantile(np.abs(shader[0] - cpu[0]), 0.99) < 0.01
    assert np.quantile(np.abs(shader[1] - cpu[1]), 0.99) < 1e-4
    same = (shader[2, ..., 1:] == cpu[2, ..., 1:]).all(axis=-1)
    assert same.mean() > 0.99


def test_the_nearest_line_is_of_the_layer_that_the_hit_names() -> None:
    preset = PRESET.replace(depth=3)
    scene, fields = scene_of(preset), by_numpy(preset)
    one = by_numpy(preset.replace(layer=1))
    nearest_first = fields[2, ..., 1] == 1
    assert 0.1 < nearest_first.mean() < 0.9
    assert np.array_equal(nearest_first, one[2, ..., 0] <= fields[2, ..., 0])
    assert shown_layers(scene) == [0, 1]
    assert shown_layers(scene_of(preset.replace(layer=1))) == [0]


def test_the_first_layer_s_lines_are_straight_lines() -> None:
    preset = PRESET.replace(layer=1)
    layer = preset.network().layers[0]
    x, y = (a.ravel() for a in pixel_points(SIZE))
    z = np.stack([x, y], axis=1) @ layer.weight.T.astype(float) + layer.bias
    away = np.abs(z) / np.linalg.norm(layer.weight.astype(float), axis=1) * min(SIZE) / 2
    assert np.allclose(by_numpy(preset)[2, ..., 0].ravel(), away.min(axis=1), rtol=1e-4, atol=1e-4)


def test_units_that_never_change_have_no_line() -> None:
    preset = PRESET.replace(inputs=["one"], depth=3)
    fields = by_numpy(preset)
    assert not fields[0].any()
    assert (fields[2, ..., 0] > 1e20).all()


@pytest.mark.gl
def test_lines_are_visible_over_dark_colours(renderer: Renderer) -> None:
    for width in (8, 20):
        preset = PRESET.replace(width=width)
        drawn, fields = viewed(renderer, preset, SIZE), by_numpy(preset)
        clear, crossed = fields[0, ..., 3] == 0, fields[2, ..., 1] == 1
        crossed &= fields[2, ..., 0] < 0.3
        assert drawn[clear].max() < 0.35
        assert np.abs(drawn[crossed] - inks(3)[0]).mean() < 0.12


def luminance(color: np.ndarray) -> np.ndarray:
    """The relative luminance of display values, by WCAG 2."""
    linear = np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.gl
def test_the_ground_is_quiet_and_lines_stand_out_the_earlier_the_more(renderer: Renderer) -> None:
    drawn, fields = viewed(renderer, PRESET, SIZE), by_numpy(PRESET)
    ground = luminance(drawn[fields[0, ..., 3] == 0].astype(float))
    assert 0.003 < ground.std() < 0.03
    contrast = (luminance(inks(4).astype(float)) + 0.05) / (ground.mean() + 0.05)
    assert contrast[0] > 10
    assert contrast[-1] > 3
    assert (np.diff(contrast) < 0).all()


def test_lines_are_antialiased_and_as_wide_as_they_should_be() -> None:
    """Summed across a line of the first layer, its opacity is its width."""
    size = (240, 160)
    preset = PRESET.replace(layer=1, width=1, depth=2)
    scene = scene_of(preset)
    lines, derivatives = Lines(scene, size), Derivatives(scene.network, scene.view, scene.clock)
    ink = region_fields(scene, derivatives, lines, np.arange(240 * 160), size)[0][:, 3]
    ink = ink.reshape(160, 240)
    a, b = scene.network.layers[0].weight[0].astype(float)
    axis, steep = (1, abs(a)) if abs(a) > abs(b) else (0, abs(b))  # across the line
    across = ink.sum(axis=axis) * steep / np.hypot(a, b)
    inner = across[across > 0.9 * across.max()]
    assert len(inner) > 20
    assert inner.mean() == pytest.approx(2 * lines.widths[0] * lines.inks[0, 3], rel=0.1)
    assert len(np.unique(np.round(ink[ink > 0], 3))) > 20


@pytest.mark.gl
def test_far_out_the_lines_are_a_star(renderer: Renderer) -> None:
    far = PRESET.replace(extent=400.0, bias_scale=0.5)
    fields = by_shader(renderer, far)
    y, x = np.nonzero((fields[2, ..., 0] < 0.5) & (fields[2, ..., 1] == 1))
    right, up = x + 0.5 - SIZE[0] / 2, SIZE[1] / 2 - y - 0.5
    rays = np.linalg.norm([right, up], axis=0) > 12
    weight = far.network().layers[0].weight.astype(float)
    normal = weight / np.linalg.norm(weight, axis=1, keepdims=True)
    off = np.abs(normal @ np.stack([right, up]))[:, rays].min(axis=0)
    assert rays.sum() > 30
    assert off.max() < 1.0  # pixels from a line through the middle


@pytest.mark.gl
def test_nan_is_magenta(renderer: Renderer) -> None:
    for width in (9, 20):
        preset = PRESET.replace(depth=60, width=width, weight_scale=1000)
        assert (viewed(renderer, preset, SIZE) == [1, 0, 1]).all(axis=-1).any()


@pytest.mark.gl
@pytest.mark.parametrize(
    "color",
    [
        {},
        {"mapping": "viridis"},
        {"mapping": "oklch", "stretch": "percentile"},
        {"mapping": "grey", "stretch": "minmax", "invert": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("width", [8, 20])
def test_the_picture_behind_is_in_its_colours(
    renderer: Renderer, color: dict[str, Any], width: int
) -> None:
    """Between lines a pixel is the ground with a tint, and a shade equal in red, green and blue."""
    preset = PRESET.replace(width=width, depth=2, **color)
    pixels, clear = viewed(renderer, preset, SIZE), by_numpy(preset)[0, ..., 3] == 0
    assert clear.mean() > 0.2
    outputs = reference(preset, SIZE).reshape(-1, 3).astype(np.float32)
    ends = value_range(scene_of(preset), SIZE)
    full = np.clip(colored(outputs, preset.color, ends), 0, 1).reshape(*clear.shape, 3)
    grey = full @ [0.2126, 0.7152, 0.0722]
    tint = 0.075 * (full - grey[..., None]) + 0.06 * (grey[..., None] - 0.4)
    shade = ((pixels - [0.128, 0.142, 0.175] - tint) / 0.11)[clear]
    assert np.quantile(np.ptp(shade, axis=1), 0.99) < 0.02
    assert np.abs(shade).max() < 0.52
    assert np.ptp(shade) > 0.3


def test_a_smooth_network_is_refused_with_the_activations_that_work() -> None:
    assert VIEW.problem(PRESET) == ""
    for preset in (PRESET.replace(activation="tanh"), PRESET.replace(depth=1)):
        assert VIEW.problem(preset) == "needs a hidden layer of relu, leaky_relu or abs"


@pytest.mark.parametrize("size", [(320, 180), (640, 360), (500, 500), (1920, 1080)])
def test_the_legend_has_each_layer_s_colour(size: tuple[int, int]) -> None:
    words = VIEW.overlay(scene_of(PRESET), size)
    assert words is not None
    assert words.shape == (size[1], size[0], 4)
    opaque = words[words[..., 3] == 255][:, :3].astype(float) / 255
    for color in inks(3):
        assert np.abs(opaque - color).max(axis=1).min() < 0.01
    limited = VIEW.overlay(scene_of(PRESET.replace(layer=1)), size)
    assert not np.array_equal(words, limited)


def test_a_place_says_which_units_are_active() -> None:
    scene: Scene = scene_of(PRESET)
    hit = VIEW.hit(scene, SIZE, (30.5, 20.5))
    assert hit is not None
    assert hit.words.startswith(f"{signs(PRESET)[20, 30].sum()} of 24 units active")
