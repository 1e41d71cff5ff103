"""Each activation against a formula of its own, at ordinary and at impossible arguments."""

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pytest

from cppn_gl.engines.gl.passes import build
from cppn_gl.engines.gl.shader import compose
from cppn_gl.engines.gl.targets import release_target
from cppn_gl.nn.activations import ACTIVATIONS, Activation, activate, bounds, derivative
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.library import load_preset

FORMULAS: dict[str, Callable[[float], float]] = {
    "identity": lambda x: x,
    "relu": lambda x: x if x > 0 else 0.0,
    "leaky_relu": lambda x: x if x > 0 else x / 100,
    "elu": lambda x: x if x > 0 else 2 * math.exp(x / 2) * math.sinh(x / 2),
    "gelu": lambda x: x * NormalDist().cdf(x),
    "softplus": lambda x: math.log(1 + math.exp(x)) if x < 30 else x,
    "tanh": lambda x: 1 - 2 / (math.exp(2 * x) + 1),
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "sin": lambda x: math.cos(x - math.pi / 2),
    "cos": lambda x: math.sin(x + math.pi / 2),
    "gaussian": lambda x: math.exp(-(x**2)),
    "atan": lambda x: math.copysign(math.acos(1 / math.sqrt(1 + x * x)), x),
    "abs": lambda x: math.sqrt(x * x),
}

# At minus infinity and at infinity.
LIMITS = {
    "identity": (-math.inf, math.inf),
    "relu": (0, math.inf),
    "leaky_relu": (-math.inf, math.inf),
    "elu": (-1, math.inf),
    "gelu": (0, math.inf),
    "softplus": (0, math.inf),
    "tanh": (-1, 1),
    "sigmoid": (0, 1),
    "sin": (math.nan, math.nan),
    "cos": (math.nan, math.nan),
    "gaussian": (0, 0),
    "atan": (-math.pi / 2, math.pi / 2),
    "abs": (math.inf, math.inf),
}


def test_every_activation_of_the_table_is_tested() -> None:
    assert set(ACTIVATIONS) == set(FORMULAS), "FORMULAS above wants a formula for each"
    assert set(ACTIVATIONS) == set(LIMITS), "LIMITS above wants the limits of each"


@pytest.mark.parametrize("name", FORMULAS)
def test_an_activation_is_its_formula(name: str) -> None:
    x = np.concatenate([np.linspace(-9, 9, 181), [-1e-3, 1e-3, -0.01, 25.0, -25.0]])
    expected = [FORMULAS[name](float(value)) for value in x]
    assert np.allclose(activate(name, x), expected, rtol=1e-12, atol=1e-13)
    single = activate(name, x.astype(np.float32))
    assert single.dtype == np.float32
    assert np.allclose(single, expected, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_argument_is_too_large(name: str, dtype: type) -> None:
    large = np.array([-np.inf, -1e30, -1e5, -89, 89, 1e5, 1e30, np.inf], dtype)
    values = activate(name, large)
    low, high = (np.array(limit, dtype) for limit in LIMITS[name])
    assert values.dtype == dtype
    np.testing.assert_equal(values[[0, -1]], np.array([low, high]))
    assert np.isfinite(values[1:-1]).all()
    if ACTIVATIONS[name].bounded:
        assert np.abs(values[1:-1]).max() <= 1.5708


@pytest.mark.parametrize("name", FORMULAS)
def test_what_is_not_a_number_stays_none(name: str) -> None:
    assert np.isnan(activate(name, np.array([np.nan]))).all()


def test_an_empty_array_stays_empty() -> None:
    for name in ACTIVATIONS:
        assert activate(name, np.zeros((0, 3))).shape == (0, 3)


def test_bounded_says_whether_the_range_is() -> None:
    for name, (low, high) in LIMITS.items():
        assert ACTIVATIONS[name].bounded == (not math.isinf(low) and not math.isinf(high))


@pytest.mark.parametrize("name", FORMULAS)
def test_bounds_are_what_its_values_come_near_and_never_leave(name: str) -> None:
    values = activate(name, np.concatenate([np.linspace(-4, 4, 40_001), [-1e9, 0, 1e9]]))
    found = bounds(name)
    if found is None:
        assert not ACTIVATIONS[name].bounded
        return
    assert found == pytest.approx((values.min(), values.max()), abs=1e-6)
    assert found[0] <= values.min()
    assert values.max() <= found[1]


def test_each_row_says_its_formula_in_words() -> None:
    assert all(row.formula for row in ACTIVATIONS.values())


# Derivatives.


@pytest.mark.parametrize("name", FORMULAS)
def test_a_derivative_is_what_differences_come_near(name: str) -> None:
    x = np.concatenate([np.linspace(-9, 9, 182), [-1e-3, 1e-3, 25.0, -25.0]])
    h = 1e-5
    differences = (activate(name, x + h) - activate(name, x - h)) / (2 * h)
    assert np.allclose(derivative(name, x), differences, rtol=1e-8, atol=1e-9)
    single = derivative(name, x.astype(np.float32))
    assert single.dtype == np.float32
    assert np.allclose(single, derivative(name, x.astype(np.float32).astype(float)), atol=1e-6)


@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_small_derivatives_keep_their_digits(name: str) -> None:
    x = np.array([-30.0, -12.0, 12.0, 30.0])
    expected = [4 / (math.exp(v) + math.exp(-v)) ** 2 for v in x]  # of tanh
    if name == "sigmoid":
        expected = [1 / (math.exp(v / 2) + math.exp(-v / 2)) ** 2 for v in x]
    assert np.allclose(derivative(name, x), expected, rtol=1e-12, atol=0)
    assert np.allclose(derivative(name, x.astype(np.float32)), expected, rtol=1e-5, atol=0)


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_argument_is_too_large_for_a_derivative(name: str, dtype: type) -> None:
    slopes = derivative(name, np.array([-1e30, -1e5, -89, 89, 1e5, 1e30], dtype))
    assert slopes.dtype == dtype
    assert np.isfinite(slopes).all()
    assert np.abs(slopes).max() <= 1.2


def test_kinked_says_what_has_two_straight_pieces() -> None:
    x = np.linspace(-5, 5, 40)
    for name, row in ACTIVATIONS.items():
        slopes = derivative(name, x)
        straight = len({*slopes[x < 0].tolist()}) == len({*slopes[x > 0].tolist()}) == 1
        assert row.kinked == (straight and name != "identity"), name


def in_the_shader(renderer: Renderer, function: str, x: np.ndarray) -> np.ndarray:
    """What a function of the generated GLSL makes of float32 values, (n, 4), four at once."""
    head = f"#define REAL vec4\n#define PRECISE\n#define FUNCTION {function}"
    body = (
        '#include "math.glsl"\n#include <activations>\n#include <derivatives>\n'
        "uniform sampler2D x; out vec4 result;\n"
        "void main() { result = FUNCTION(texelFetch(x, ivec2(gl_FragCoord.xy), 0)); }"
    )
    assert renderer.ctx is not None
    with renderer.ctx as ctx:
        source = compose("try.frag", head, replaced={"try.frag": body})
        program = build(ctx, compose("full.vert"), source)
        texture, result = (ctx.texture((len(x), 1), 4, x.tobytes(), dtype="f4") for _ in range(2))
        target, triangle = ctx.framebuffer([result]), ctx.vertex_array(program, [])
        target.use()
        texture.use(0)
        triangle.render(vertices=3)
        found = np.frombuffer(result.read(), np.float32).reshape(-1, 4)
        release_target(target)
        for thing in (triangle, program, texture, result):
            thing.release()
    return found


def shader_arguments() -> np.ndarray:
    """Ordinary and large arguments, (48, 4), in float32."""
    x = np.concatenate([np.linspace(-9, 9, 182), [0, 1e-3, -25, 25, -80, 80, -1e5, 1e5, 1e30]])
    return np.resize(x, (48, 4)).astype(np.float32)


@pytest.mark.gl
@pytest.mark.parametrize("name", FORMULAS)
def test_the_shader_has_the_same_function(renderer: Renderer, name: str) -> None:
    x = shader_arguments()
    found = in_the_shader(renderer, f"activation_{name}", x)
    sure = (np.abs(x) < 1e4) | (name not in ("sin", "cos"))  # of whose angle nothing is left
    assert np.allclose(found[sure], activate(name, x.astype(float))[sure], rtol=1e-5, atol=2e-6)


@pytest.mark.gl
@pytest.mark.parametrize("name", FORMULAS)
def test_the_shader_has_the_same_derivative(renderer: Renderer, name: str) -> None:
    x = shader_arguments()
    found = in_the_shader(renderer, f"derivative_{name}", x)
    expected = derivative(name, x.astype(float))
    sure = (np.abs(x) < 1e4) | (name not in ("sin", "cos"))
    assert np.allclose(found[sure], expected[sure], rtol=1e-5, atol=2e-6)
    if name in ("tanh", "sigmoid"):
        small = (np.abs(x) > 8) & (np.abs(x) < 40)
        assert np.allclose(found[small], expected[small], rtol=1e-4, atol=0)


@pytest.mark.gl
def test_a_row_from_outside_is_an_activation_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Activation(
        "x / (1 + |x|)",
        lambda x: x / (1 + np.abs(x)),
        lambda x: 1 / np.square(1 + np.abs(x)),
        "x / (1.0 + abs(x))",
        "1.0 / ((1.0 + abs(x)) * (1.0 + abs(x)))",
        bounded=True,
    )
    monkeypatch.setitem(ACTIVATIONS, "softsign", row)
    preset = load_preset("default").replace(activation="softsign", depth=3)
    network = preset.network()
    assert network.layers[0].activation == "softsign"
    for view in ("picture", "gradient"):
        drawn = []
        for engine in ("numpy", "fragment", "baked"):
            with Renderer(engine) as one:
                drawn.append(one.render(preset.replace(view=view), (24, 16)).astype(int))
        assert np.ptp(drawn[0]) > 20
        assert all(np.abs(drawn[0] - other).max() <= 1 for other in drawn[1:])
