"""Forward mode against differences, against a product of Jacobians, and the shader against it."""

from typing import Any

import numpy as np
import pytest
from truth import FACTOR, percentile, pixel_inputs

from cppn_gl import Layer, Network, Preset, Renderer
from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.derivatives import Derivatives
from cppn_gl.engines.geometry import pixel_points
from cppn_gl.engines.gl.drawing import draw
from cppn_gl.nn.activations import ACTIVATIONS, activate, derivative
from cppn_gl.nn.derivatives import (
    at_points,
    first_pre_activations,
    kinked_layers,
    layers,
    pattern_hash,
)
from cppn_gl.preset.scene import scene_of
from cppn_gl.utils import native
from cppn_gl.utils.tasks import at_once
from cppn_gl.views.slopes.gbuffer import GBuffer
from cppn_gl.views.slopes.gradient import DERIVATIVES

SIZE = (24, 14)
H = 1e-6
WAVES = [f"{of}_{2**k}{axis}" for k in range(1, 6) for of in ("sin", "cos") for axis in "xy"]
INPUTS = ["x", "y", "r", "t", "z1", "one", "sin_x", "cos_3y", "x2", "y2", "xy"]


def at_local(preset: Preset) -> Derivatives:
    return Derivatives(preset.network(), preset.view, preset.animation.clock(0.0))


def at_pixels(preset: Preset) -> np.ndarray:
    """`judged`, in float32 over local coordinates."""
    return at_local(preset).outputs(np.arange(SIZE[0] * SIZE[1]), SIZE)


@pytest.fixture(params=["native", "numpy"])
def arithmetic(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether there is a native library."""
    if request.param == "numpy":
        monkeypatch.setattr(native, "library", lambda: None)
    elif native.library() is None:
        pytest.skip(native.problem())


def judged(preset: Preset, time: float = 0.0, dtype: Any = np.float64) -> np.ndarray:
    """Outputs and derivatives by local coordinates at the pixels, (3, pixels, outputs)."""
    x, y = (a.ravel() for a in pixel_points(SIZE, preset.view.center, preset.view.extent))
    jets = at_points(preset.network(), x, y, preset.animation.clock(time), dtype)
    jets[1:] *= preset.view.extent
    return jets


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_derivatives_are_what_differences_come_near(activation: str) -> None:
    preset = Preset().replace(
        depth=4, width=7, inputs=INPUTS, activation=activation, weight_scale=0.6, seed=5
    )
    network, clock = preset.network(), preset.animation.clock(0.4)
    x, y = np.random.default_rng(1).uniform(-1.5, 1.5, (2, 200))

    def values(dx: float, dy: float) -> np.ndarray:
        return network.evaluate(network.features(x + dx, y + dy, clock))

    jets = at_points(network, x, y, clock)
    assert np.allclose(jets[0], values(0, 0), rtol=0, atol=1e-13)
    right = (values(H, 0) - values(-H, 0)) / (2 * H)
    up = (values(0, H) - values(0, -H)) / (2 * H)
    wrong = ~np.isclose(jets[1:], [right, up], rtol=1e-5, atol=1e-7)
    assert wrong.sum() <= (3 if ACTIVATIONS[activation].kinked else 0)  # a kink within H


def test_derivatives_are_the_product_of_jacobians() -> None:
    draw = np.random.default_rng(2)
    shapes, names = [(5, 3), (4, 5), (3, 4)], ["tanh", "gelu", "sigmoid"]
    given = [
        Layer(draw.normal(size=shape), draw.normal(size=shape[0]), name)
        for shape, name in zip(shapes, names, strict=True)
    ]
    network = Network(given, ("x", "y", "r"))
    for x, y in draw.uniform(-1, 1, (20, 2)):
        r = np.hypot(x, y)
        value, product = np.array([x, y, r]), np.array([[1, 0], [0, 1], [x / r, y / r]])
        for layer in given:
            z = layer.weight.astype(float) @ value + layer.bias
            product = np.diag(derivative(layer.activation, z)) @ layer.weight @ product
            value = activate(layer.activation, z)
        jets = at_points(network, [x], [y])
        assert np.allclose(jets[1:, 0], product.T, rtol=1e-12)


def test_at_the_origin_r_has_no_direction() -> None:
    network = Network.random(depth=2, width=4, inputs=["r"])
    assert (at_points(network, [0.0], [0.0])[1:] == 0).all()


def test_constants_have_no_derivatives() -> None:
    network = Network.random(depth=3, width=4, inputs=["t", "z0", "one", "cos_t"])
    assert (at_points(network, [0.3], [0.7])[1:] == 0).all()


def test_overflow_gives_no_exception_and_no_number() -> None:
    network = Network.random(
        depth=60, width=9, activation="identity", weight_scale=1000, output_activation="identity"
    )
    jets = at_points(network, [0.3], [0.7], dtype=np.float32)
    assert not np.isfinite(jets).all()


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"inputs": INPUTS},
        {"extent": 1e-5, "center": [0.7, -1.3]},
        {"inputs": ["r"], "depth": 1},
        {"inputs": ["sin_1000x", "cos_y"], "extent": 20.0, "period": 2.0, "weight_scale": 0.1},
    ],
    ids=["x, y", "all", "deep", "r alone", "thousands of turns"],
)
@pytest.mark.usefixtures("arithmetic")
def test_at_local_coordinates_they_are_the_same(change: dict[str, Any]) -> None:
    preset = Preset().replace(depth=5, width=9, weight_scale=0.7).replace(**change)
    found, expected = at_pixels(preset), judged(preset)
    assert found.dtype == np.float32
    scale = np.abs(expected).max(axis=(1, 2), keepdims=True)
    assert (np.abs(found - expected) <= 2e-5 * scale).all()


def test_the_pattern_is_that_of_signs() -> None:
    network = Network.random(depth=4, width=6, activation=["relu", "tanh", "abs"])
    assert kinked_layers(network) == [0, 2]
    x, y = np.random.default_rng(3).uniform(-2, 2, (2, 300))
    hashes, signs = np.zeros(300, np.uint32), []
    for number, sums, _ in layers(network, first_pre_activations(network, x, y)):
        if number in (0, 2):
            signs.append(sums[0] > 0)
            hashes ^= pattern_hash(number, sums[0] > 0)
    patterns = ["".join("01"[int(b)] for b in row) for row in np.concatenate(signs, axis=1)]
    assert len(set(patterns)) > 20
    assert len(set(zip(patterns, hashes.tolist(), strict=True))) == len(set(patterns))
    assert len(set(hashes.tolist())) == len(set(patterns))


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.usefixtures("arithmetic")
def test_at_local_coordinates_every_activation_has_its_derivative(activation: str) -> None:
    preset = Preset().replace(
        depth=4, width=9, inputs=INPUTS, activation=activation, weight_scale=0.5, seed=8
    )
    found, expected = at_pixels(preset), judged(preset)
    near = np.abs(found - expected) <= 2e-5 * np.abs(expected).max(axis=(1, 2), keepdims=True)
    assert near.mean() > (0.99 if ACTIVATIONS[activation].kinked else 0.9999)


@pytest.mark.skipif(native.library() is None, reason=native.problem())
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_the_library_gives_a_pixel_the_same_bytes_in_any_tile(activation: str) -> None:
    preset = Preset().replace(depth=5, width=33, activation=activation, inputs=INPUTS)
    derivatives, count = at_local(preset), SIZE[0] * SIZE[1]
    whole = derivatives.outputs(np.arange(count), SIZE)
    for each in (1, 7, 64, 100):
        for start in range(0, count, 5 * each):
            tile = derivatives.outputs(np.arange(start, min(start + each, count)), SIZE)
            assert tile.tobytes() == whole[:, start : start + each].tobytes()


# The shader.


def drawn(renderer: Renderer, preset: Preset, time: float = 0.0) -> np.ndarray:
    """What derivatives.frag makes: (3, pixels, 3) as at_points gives it."""
    assert renderer.ctx is not None
    with renderer.ctx as ctx:
        fields: Any = GBuffer(ctx, SIZE)
        scene = scene_of(preset, time)
        at_once(draw(renderer.painter, fields, scene, Region.of(SIZE), DERIVATIVES))
        found = fields.read().reshape(3, -1, 4)
        fields.release()
    assert ctx.error == "GL_NO_ERROR"
    return np.moveaxis(found[..., :3], (0, 1, 2), (2, 1, 0))


def check(renderer: Renderer, preset: Preset, time: float = 0.0, *, deep: bool = False) -> None:
    """The shader is as near to float64 as float32 arithmetic, times a factor."""
    found, double = drawn(renderer, preset, time), judged(preset, time)
    found = found[..., : double.shape[2]]
    if deep:  # float32 has no coordinates there
        single = judged(preset, time, np.float32)
    else:
        inputs = pixel_inputs(preset, SIZE, time)  # coordinates in float32, too
        names = preset.network().inputs
        x, y = (inputs[:, names.index(n)].astype(np.float32) for n in "xy")
        single = (
            at_points(preset.network(), x, y, preset.animation.clock(time), np.float32)
            * np.array([1, preset.view.extent, preset.view.extent])[:, None, None]
        )
    kinked = bool(kinked_layers(preset.network()))
    for plane in range(3):
        finite = np.isfinite(single[plane]) & np.isfinite(found[plane])
        assert finite.mean() > 0.9
        error, known = (np.abs(a[plane][finite] - double[plane][finite]) for a in (found, single))
        floor = 4e-6 * max(1.0 if plane == 0 else 0.0, np.abs(double[plane][finite]).max())
        if kinked:  # slopes jump where a sum is near 0, for both, but not for the same points
            limit = max(FACTOR * np.quantile(known, 0.97), floor)
            assert np.quantile(error, 0.95) <= limit, (plane, np.quantile(error, 0.95), limit)
        else:
            limit = max(FACTOR * percentile(known), floor)
            assert percentile(error) <= limit, (plane, percentile(error), limit)


@pytest.mark.gl
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_shader_has_every_activation(renderer: Renderer, activation: str) -> None:
    preset = Preset().replace(
        depth=4, width=9, inputs=INPUTS, activation=activation, weight_scale=0.5, seed=8
    )
    check(renderer, preset.replace(output_activation=activation), 0.7)


@pytest.mark.gl
@pytest.mark.parametrize("depth", [1, 2, 9, 27])
@pytest.mark.parametrize("width", [1, 6, 31])
def test_the_shader_draws_any_shape(renderer: Renderer, depth: int, width: int) -> None:
    check(renderer, Preset().replace(depth=depth, width=width, weight_scale=0.55))


@pytest.mark.gl
def test_the_shader_draws_looped_layers(renderer: Renderer) -> None:
    check(renderer, Preset().replace(depth=4, width=66, weight_scale=0.3, outputs=1))
    check(renderer, Preset().replace(depth=3, width=66, init="he_normal", activation="relu"))


@pytest.mark.gl
def test_the_shader_stays_sharp_in_a_deep_zoom(renderer: Renderer) -> None:
    preset = Preset().replace(depth=6, width=12, inputs=INPUTS, extent=1e-5, center=[0.7, -1.3])
    check(renderer, preset, deep=True)


@pytest.mark.gl
@pytest.mark.parametrize("width", [9, 66])
@pytest.mark.parametrize(
    "inputs",
    [
        ["x", "y", "sin_x"],
        ["x", "y", "cos_100x", "r", *WAVES],
        ["x", "y", "x2"],
        ["xy", "x", "y", "y2", "x2"],
    ],
    ids=["a wave", "many", "a square", "products"],
)
def test_the_shader_has_the_slopes_of_curved_inputs(
    renderer: Renderer, inputs: list[str], width: int
) -> None:
    change = {"inputs": inputs, "weight_scale": 0.2, "period": 2.0, "width": width}
    check(renderer, Preset().replace(depth=3, **change))
    deep = {"extent": 1e-5, "center": [0.7, -1.3]}
    check(renderer, Preset().replace(depth=3, **change, **deep), deep=True)


@pytest.mark.gl
def test_the_shader_says_what_is_not_a_number(renderer: Renderer) -> None:
    preset = Preset().replace(depth=60, width=9, activation="relu", weight_scale=1000)
    found, single = drawn(renderer, preset), judged(preset, dtype=np.float32)
    broken = ~np.isfinite(single).all(axis=(0, 2))
    assert broken.any()
    assert not np.isfinite(found[:, broken]).all(axis=(0, 2)).any()
