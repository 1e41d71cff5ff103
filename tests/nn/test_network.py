"""Networks: the laws of the draws, how networks nest, and the reference against plain loops."""

import dataclasses
import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from cppn_gl.nn import draws
from cppn_gl.nn.activations import ACTIVATIONS, activate
from cppn_gl.nn.draws import INITS, MAX_SEED
from cppn_gl.nn.features import FEATURES, MAX_LATENTS
from cppn_gl.nn.layers import MAX_DEPTH, MAX_WIDTH, Layer
from cppn_gl.nn.network import Network
from cppn_gl.nn.sources import Random
from cppn_gl.utils.checks import PresetError

PLAIN = ("uniform", "normal")

SCALARS = {
    "identity": lambda x: x,
    "relu": lambda x: max(x, 0.0),
    "leaky_relu": lambda x: x if x > 0 else 0.01 * x,
    "elu": lambda x: x if x > 0 else math.expm1(x),
    "gelu": lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2,
    "softplus": lambda x: max(x, 0.0) + math.log1p(math.exp(-abs(x))),
    "tanh": math.tanh,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "sin": math.sin,
    "cos": math.cos,
    "gaussian": lambda x: math.exp(-x * x),
    "atan": math.atan,
    "abs": abs,
}


def by_loops(network: Network, point: list[float]) -> list[float]:
    """The network at one point, in plain Python."""
    values = point
    for layer in network.layers:
        rows = zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)
        sums = [b + math.fsum(w * v for w, v in zip(row, values, strict=True)) for row, b in rows]
        values = [SCALARS[layer.activation](s) for s in sums]
    return values


def arrays(network: Network) -> list[np.ndarray]:
    return [array for layer in network.layers for array in (layer.weight, layer.bias)]


def equal(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and np.array_equal(a, b)


# The draws.


@pytest.mark.parametrize("init", INITS)
def test_weights_and_biases_are_draws_times_their_scales(init: str) -> None:
    network = Network.random(
        depth=3, width=20, init=init, weight_scale=0.6, bias_scale=0.25, seed=5
    )
    law = "uniform" if init.endswith("uniform") else "normal"
    fans = [(2, 20), (20, 20), (20, 3)]
    for number, (layer, (fan_in, fan_out)) in enumerate(zip(network.layers, fans, strict=True), 1):
        variance = {
            "glorot": 2 / (fan_in + fan_out),
            "he": 2 / fan_in,
            "lecun": 1 / fan_in,
        }.get(init.partition("_")[0])
        factor = 1.0 if variance is None else math.sqrt(variance * (3 if law == "uniform" else 1))
        weight = draws.draw(5, number, draws.WEIGHT, fan_out, fan_in, law)
        bias = draws.draw(5, number, draws.BIAS, 1, fan_out, law)[0]
        assert np.allclose(layer.weight, 0.6 * factor * weight.astype(float), rtol=2e-7)
        assert np.allclose(layer.bias, 0.25 * bias.astype(float), rtol=2e-7)  # no fan in it


@pytest.mark.parametrize("init", INITS)
def test_the_drawn_weights_have_the_variance_of_their_law(init: str) -> None:
    wide = Network.random(depth=3, width=256, init=init, seed=3).layers[1].weight
    plain = {"uniform": 1 / 3, "normal": 1.0}
    fan = {"glorot": 2 / 512, "he": 2 / 256, "lecun": 1 / 256}
    expected = plain[init] if init in plain else fan[init.partition("_")[0]]
    assert wide.astype(float).var() == pytest.approx(expected, rel=0.03)
    if init.endswith("uniform"):
        assert np.abs(wide).max() <= math.sqrt(3 * expected) * (1 + 1e-6)


def test_bias_scale_follows_weight_scale_unless_given() -> None:
    one, two = (Network.random(weight_scale=s, seed=1) for s in (1.0, 0.5))
    assert equal(two.layers[0].bias, one.layers[0].bias * np.float32(0.5))
    for s in (1.0, 0.5):
        kept = Network.random(weight_scale=s, bias_scale=1.0, seed=1)
        assert equal(kept.layers[0].bias, one.layers[0].bias)


def test_omega_scales_layer_1_without_new_draws() -> None:
    keys: dict[str, Any] = {"depth": 3, "width": 7, "init": "he_uniform", "bias_scale": 0.5}
    plain, one = Network.random(**keys), Network.random(**keys, omega=1.0)
    assert plain.digest == one.digest
    several = Network.random(**keys, omega=30.0)
    assert all(a.weight is b.weight for a, b in zip(plain.drawn, several.drawn, strict=True))
    first, *others = zip(plain.layers, several.layers, strict=True)
    assert np.allclose(first[1].weight, 30 * first[0].weight, rtol=1e-6)
    assert np.allclose(first[1].bias, 30 * first[0].bias, rtol=1e-6)
    assert all(a.digest == b.digest for a, b in others)
    alone = Random(depth=1, omega=30.0)
    assert np.allclose(alone.network().layers[0].weight, alone.output_layer(1).weight)
    assert "omega" not in Random().to_toml()


def test_omega_gives_the_layers_of_a_siren() -> None:
    """Sitzmann et al. 2020: W₁ ~ U(-1/n, 1/n) · ω₀, then U(-√(6/n), √(6/n)) with the factor in."""
    siren = Network.random(
        depth=3, width=300, activation="sin", init="he_uniform", omega=30 / math.sqrt(12)
    )
    first, second, _ = (np.abs(layer.weight).max() for layer in siren.layers)
    assert first == pytest.approx(30 / 2, rel=0.02)
    assert second == pytest.approx(math.sqrt(6 / 300), rel=0.01)


def test_scale_0_leaves_nothing() -> None:
    assert all(not a.any() for a in arrays(Network.random(weight_scale=0)))


# How networks nest, exactly.


@pytest.mark.parametrize("init", INITS)
def test_a_deeper_network_has_the_same_hidden_layers(init: str) -> None:
    networks = [Network.random(depth=d, width=7, init=init, seed=9) for d in (1, 2, 3, 9, 40)]
    for shallow, deep in pairwise(networks):
        for a, b in zip(shallow.layers[:-1], deep.layers, strict=False):
            assert equal(a.weight, b.weight)
            assert equal(a.bias, b.bias)


@pytest.mark.parametrize("init", INITS)
def test_the_output_layer_is_the_first_rows_of_the_layer_it_would_be(init: str) -> None:
    for depth in (1, 2, 5):
        output = Network.random(depth=depth, width=7, init=init, seed=9).drawn[-1]
        hidden = Network.random(depth=depth + 1, width=7, init=init, seed=9).drawn[depth - 1]
        assert equal(output.weight, hidden.weight[:3])
        assert equal(output.bias, hidden.bias[:3])
    if init in PLAIN:
        shallow, deep = (Network.random(depth=d, width=7, init=init, seed=9) for d in (4, 5))
        assert equal(shallow.layers[3].weight, deep.layers[3].weight[:3])


def test_grey_is_the_first_row_of_colour() -> None:
    grey, colour = (Network.random(outputs=n, seed=2) for n in (1, 3))
    assert equal(grey.layers[-1].weight, colour.layers[-1].weight[:1])


def test_alpha_is_one_row_more() -> None:
    clear, colour = (Network.random(depth=4, width=5, outputs=n, seed=2) for n in (4, 3))
    assert (clear.channels, colour.channels) == (4, 3)
    assert equal(clear.drawn[-1].weight[:3], colour.drawn[-1].weight)
    assert clear.opaque.digest == colour.digest
    assert clear.opaque is clear.opaque
    assert colour.opaque is colour


def test_layers_with_fewer_units_than_outputs_show_as_many_as_make_a_picture() -> None:
    rng = np.random.default_rng(1)
    shapes = [(3, 2), (2, 3), (6, 2), (4, 6)]
    layers = [Layer(rng.normal(size=s), rng.normal(size=s[0]), "tanh") for s in shapes]
    network = Network(layers)
    assert [network.truncated(depth).outputs for depth in (1, 2, 3, 4)] == [3, 1, 4, 4]


@pytest.mark.parametrize(
    ("activation", "ends"), [("sigmoid", (0, 1)), ("tanh", (-1, 1)), ("identity", (0, 1))]
)
def test_alpha_covers_the_range_of_the_output_activation(
    activation: str, ends: tuple[float, float]
) -> None:
    low, factor = Network.random(outputs=4, output_activation=activation).alpha_range
    assert [(end - low) * factor for end in ends] == [0, 1]


@pytest.mark.parametrize("init", INITS)
def test_a_wider_network_has_the_same_corner(init: str) -> None:
    narrow, wide = (Network.random(depth=4, width=w, init=init, seed=9) for w in (10, 20))
    for a, b in zip(narrow.drawn, wide.drawn, strict=True):
        rows, columns = a.weight.shape
        assert equal(a.weight, b.weight[:rows, :columns])
        assert equal(a.bias, b.bias[:rows])
    if init in PLAIN:
        assert equal(narrow.layers[1].weight, wide.layers[1].weight[:10, :10])


def test_another_input_keeps_the_columns_before_it() -> None:
    two = Network.random(inputs=("x", "y"), seed=4).layers[0].weight
    three = Network.random(inputs=("x", "y", "t"), seed=4).layers[0].weight
    assert equal(two, three[:, :2])


@pytest.mark.parametrize("init", INITS)
def test_scaling_rescales_the_same_draws(init: str) -> None:
    one, other = (Network.random(init=init, seed=9, weight_scale=s) for s in (1.0, 0.37))
    for a, b in zip(one.drawn, other.drawn, strict=True):
        assert a.weight is b.weight  # so that the renderer sends nothing
        assert a.bias is b.bias
    for (wa, ba), (wb, bb) in zip(one.scales, other.scales, strict=True):
        assert (wb / wa, bb / ba) == pytest.approx((0.37, 0.37), rel=2e-7)


def test_equal_keys_draw_equal_networks_and_seeds_differ() -> None:
    one, same, other = (arrays(Network.random(seed=s)) for s in (1, 1, 2))
    assert all(map(equal, one, same))
    assert not any(map(equal, one, other))


# Latent constants.


def test_latents_are_drawn_for_the_inputs_that_need_them() -> None:
    network = Network.random(inputs=("x", "z2"), seed=6)
    assert network.latent == tuple(draws.draw(6, 0, draws.LATENT, 1, 3, "uniform")[0].tolist())
    assert Network.random(inputs=("z0", "x", "z2"), seed=6).latent == network.latent
    assert Network.random(seed=6).latent == ()


def test_given_latents_are_kept_and_too_few_refused() -> None:
    assert Network.random(inputs=("z1", "x"), latent=[3, -4.5]).latent == (3.0, -4.5)
    with pytest.raises(PresetError, match=r"network\.latent: 1 values; the inputs need 2"):
        Network.random(inputs=("z1", "x"), latent=[3])


# The reference.

STRUCTURES: list[dict[str, Any]] = [
    {"depth": 1},
    {"depth": 1, "activation": [], "outputs": 1, "output_activation": "identity"},
    {"depth": 2, "width": 1},
    {
        "depth": 6,
        "width": 5,
        "activation": ["sin", "relu", "gelu", "atan", "cos"],
        "init": "normal",
    },
    {"depth": 3, "width": 9, "inputs": list(FEATURES), "outputs": 1},
    {"depth": 4, "width": 8, "inputs": ["z1", "y", "z0", "r"], "init": "he_normal"},
    *({"depth": 3, "width": 4, "activation": a, "output_activation": a} for a in ACTIVATIONS),
]


@pytest.mark.parametrize("keys", STRUCTURES, ids=str)
def test_evaluate_agrees_with_plain_loops(keys: dict[str, Any]) -> None:
    network = Network.random(seed=8, **keys)
    points = np.random.default_rng(0).normal(size=(6, len(network.inputs)))
    outputs = network.evaluate(points)
    assert outputs.dtype == np.float64
    assert outputs.shape == (6, network.outputs)
    for point, output in zip(points.tolist(), outputs.tolist(), strict=True):
        assert by_loops(network, point) == pytest.approx(output, rel=1e-11, abs=1e-13)


def test_evaluate_agrees_with_plain_loops_on_explicit_layers() -> None:
    g = np.random.default_rng(1)
    shapes = [(5, 3), (1, 5), (7, 1), (3, 7)]
    names = ["softplus", "abs", "tanh", "elu"]
    layers = [
        Layer(g.normal(size=s), g.normal(size=s[0]), n) for s, n in zip(shapes, names, strict=True)
    ]
    network = Network(layers, inputs=("y", "x", "one"))
    point = [0.3, -0.7, 1.0]
    assert by_loops(network, point) == pytest.approx(
        network.evaluate([point])[0].tolist(), rel=1e-12
    )


def test_float32_makes_the_errors_of_float32() -> None:
    network = Network.random(depth=5, width=12, seed=1)
    points = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    single = network.evaluate(points, dtype=np.float32)
    assert single.dtype == np.float32
    assert 0 < np.abs(single - network.evaluate(points)).max() < 1e-5


def test_no_points_give_no_rows() -> None:
    assert Network.random().evaluate(np.zeros((0, 2))).shape == (0, 3)


@pytest.mark.parametrize("shape", [(2,), (3, 1), (3, 3), (1, 2, 2), ()])
def test_inputs_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected \(N, 2\)"):
        Network.random().evaluate(np.zeros(shape))


def test_overflow_gives_what_is_no_number_and_no_warning() -> None:
    network = Network.random(
        depth=64,
        width=8,
        activation="relu",
        init="normal",
        weight_scale=1000,
        output_activation="sin",
    )
    values = network.evaluate(np.ones((4, 2)), dtype=np.float32)
    assert not np.isfinite(values).any()


# Explicit layers.


def test_the_exact_figure() -> None:
    layer = Layer([[0.4, 1.0]], [-0.3], "sigmoid")
    output = Network([layer], inputs=("x", "y")).evaluate([[0.5, -0.25]])
    assert output.item() == pytest.approx(1 / (1 + math.exp(0.35)), abs=1e-7)


def test_layers_are_float32_and_cannot_be_changed_from_outside() -> None:
    weight, bias = np.ones((3, 2)), np.zeros(3, np.float32)
    view = bias.view()
    view.flags.writeable = False
    layer = Layer(weight, view, "tanh")
    weight[:], bias[:] = 5, 5
    assert layer.weight.dtype == layer.bias.dtype == np.float32
    assert layer.weight.max() == 1
    assert layer.bias.max() == 0
    with pytest.raises(ValueError, match="read-only"):
        layer.weight[0, 0] = 2


ZEROS2 = np.zeros((3, 2))


@pytest.mark.parametrize(
    ("weight", "bias", "activation", "words"),
    [
        (np.zeros(3), np.zeros(3), "tanh", "weight: expected a 2-dimensional"),
        (ZEROS2, np.zeros((3, 1)), "tanh", "bias: expected a 1-dimensional"),
        (ZEROS2, np.zeros(2), "tanh", "bias: 2 biases for 3 rows"),
        (ZEROS2 * np.nan, np.zeros(3), "tanh", "weight: "),
        (ZEROS2 + np.inf, np.zeros(3), "tanh", "weight: "),
        (ZEROS2 + 1e31, np.zeros(3), "tanh", r"up to ±1e\+30"),
        ([[1e300, 0]], [0], "tanh", r"up to ±1e\+30"),
        ([[1], [1, 2]], [0, 0], "tanh", "weight: not an array"),
        ([["a", "b"]], [0], "tanh", "weight: not an array"),
        (ZEROS2, np.zeros(3), "tan", "activation: no 'tan'; did you mean 'tanh'"),
        (ZEROS2, np.zeros(3), ["tanh"], "activation: "),
        (ZEROS2, np.zeros(3), None, "activation: "),
    ],
)
def test_a_wrong_layer_is_refused(weight: Any, bias: Any, activation: Any, words: str) -> None:
    with pytest.raises(PresetError, match=words):
        Layer(weight, bias, activation)


def layer(rows: int, columns: int) -> Layer:
    return Layer(np.zeros((rows, columns)), np.zeros(rows), "tanh")


@pytest.mark.parametrize(
    ("layers", "inputs", "words"),
    [
        ([], ("x",), "0 layers; expected 1 to 64"),
        ([layer(3, 3)] * (MAX_DEPTH + 1), ("x", "y", "r"), "65 layers"),
        ([layer(3, 2)], ("x",), "layer 1 has 2 columns of weight; expected 1"),
        ([layer(4, 2), layer(3, 5)], ("x", "y"), "layer 2 has 5 columns of weight; expected 4"),
        ([layer(11, 2)], ("x", "y"), "11 outputs; expected at most 10"),
        ([layer(MAX_WIDTH + 1, 2), layer(3, MAX_WIDTH + 1)], ("x", "y"), "layer 1 has 513 units"),
        ([layer(3, 2)], ("x", "z0"), "0 latent constants; the inputs need 1"),
        ([layer(3, 2)], ("x", "x"), "an input is listed twice"),
        ([layer(3, 2)], ("x", "q"), "no input 'q'"),
        ([layer(3, 0)], (), "a list of 0"),
    ],
)
def test_layers_that_do_not_chain_are_refused(
    layers: list[Layer], inputs: tuple[str, ...], words: str
) -> None:
    with pytest.raises(PresetError, match=words):
        Network(layers, inputs)


def test_a_layers_picture_of_an_explicit_network_is_its_beginning() -> None:
    network = Network.random(depth=5, width=6, activation="relu", seed=3)
    plain = Network(network.layers, network.inputs)
    points = np.random.default_rng(0).uniform(-1, 1, (9, 2))
    for depth in range(1, 6):
        expected = Network.random(depth=depth, width=6, activation="relu", seed=3).evaluate(points)
        assert np.allclose(plain.truncated(depth).evaluate(points), expected, rtol=1e-6)
    narrow = Network([layer(2, 2), layer(3, 2)])
    assert narrow.truncated(1).outputs == 1


# Names, limits, types.


def test_properties_tell_the_structure() -> None:
    network = Network.random(depth=3, width=5, inputs=("x", "y", "r"), outputs=1)
    assert (network.depth, network.width, network.outputs) == (3, 5, 1)
    assert network.parameters == (3 * 5 + 5) + (5 * 5 + 5) + (5 + 1)
    assert repr(network) == "Network(x+y+r → 5 → 5 → 1, 56 parameters)"
    assert repr(network.layers[0]) == "Layer(3 → 5, tanh)"
    assert Network.random(depth=1).width == 0


@pytest.mark.parametrize(
    ("depth", "width"), [(1, 1), (1, MAX_WIDTH), (MAX_DEPTH, 1), (2, MAX_WIDTH)]
)
def test_the_limits_themselves_are_possible(depth: int, width: int) -> None:
    network = Network.random(depth=depth, width=width, seed=MAX_SEED)
    assert network.evaluate(np.zeros((1, 2))).shape == (1, 3)


def test_every_key_is_taken_by_name() -> None:
    keys: dict[str, Any] = {
        "depth": 2,
        "width": 3,
        "inputs": ["z0", "x"],
        "outputs": 1,
        "activation": ["sin"],
        "output_activation": "abs",
        "init": "he_normal",
        "weight_scale": 2,
        "bias_scale": 0.5,
        "seed": 12,
        "latent": [0.5],
        "between": [13, 0.0],
        "period": 3.5,
        "omega": 30.0,
        "structure": "mlp",
        "kernel": 5,
        "grid": 64,
        "blocks": [],
        "boost": [],
        "last_layer": None,
    }
    assert set(keys) == {field.name for field in dataclasses.fields(Random)}
    network = Network.random(**keys)
    assert [x.activation for x in network.layers] == ["sin", "abs"]
    assert network.scales[0] == (pytest.approx(30 * 2 * math.sqrt(2 / 2)), 30 * 0.5)


def test_numbers_of_numpy_are_numbers() -> None:
    network = Network.random(
        depth=np.int64(3),
        width=np.uint8(4),
        outputs=np.int32(1),
        seed=np.int64(5),
        weight_scale=np.float32(0.5),
        latent=(np.float64(1), np.int16(2)),
        inputs=("z1", "x"),
    )
    same = Network.random(
        depth=3, width=4, outputs=1, seed=5, weight_scale=0.5, latent=(1, 2), inputs=("z1", "x")
    )
    assert all(map(equal, arrays(network), arrays(same)))


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"dept": 3}, "dept: no such key; did you mean 'depth'"),
        ({"zzz": 3}, "zzz: no such key; known: depth, width"),
        ({"depth": 0}, r"network\.depth: 0 is not an integer from 1 to 64"),
        ({"depth": 65}, "65 is not"),
        ({"depth": 3.0}, "3.0 is not an integer"),
        ({"depth": True}, "True is not an integer"),
        ({"width": 513}, "513 is not an integer from 1 to 512"),
        ({"width": "8"}, "'8' is not an integer"),
        ({"outputs": 2}, "2 is not one of 1, 3"),
        ({"outputs": True}, "True is not one of"),
        ({"inputs": []}, "a list of 0; expected 1 to 64"),
        ({"inputs": "xy"}, "'xy' is not a list"),
        ({"inputs": ["x", "x"]}, r"network\.inputs: an input is listed twice"),
        ({"inputs": ["x", "cost"]}, "no input 'cost'; did you mean 'cos_t'"),
        ({"inputs": [f"z{MAX_LATENTS}"]}, "no input 'z64'"),
        ({"inputs": [3]}, "no input 3"),
        ({"activation": "rely"}, "no 'rely'; did you mean 'relu'"),
        ({"activation": ["tanh"]}, "1 activations; depth 8 has 7 hidden layers"),
        ({"activation": []}, "0 activations; depth 8"),
        ({"activation": [["tanh"]] * 7}, "is not one of identity"),
        ({"activation": 3}, "3 is not a list"),
        ({"output_activation": "Tanh"}, "did you mean 'tanh'"),
        ({"init": "xavier"}, "no 'xavier'; known: uniform"),
        ({"weight_scale": -1}, "-1 is not a number from 0 to 1000"),
        ({"weight_scale": math.nan}, "nan is not a number"),
        ({"weight_scale": math.inf}, "inf is not a number"),
        ({"weight_scale": 10**400}, "is not a number"),
        ({"weight_scale": None}, "None is not a number"),
        ({"bias_scale": "1"}, "'1' is not a number"),
        ({"seed": -1}, "-1 is not an integer"),
        ({"seed": 2**63}, "9223372036854775808 is not an integer"),
        ({"latent": [math.inf]}, "inf is not a number"),
        ({"latent": 3}, "3 is not a list"),
    ],
)
def test_a_wrong_key_is_refused_with_what_would_be_right(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(PresetError, match=words) as caught:
        Network.random(**keys)
    assert len(str(caught.value).splitlines()) == 1


def test_networks_are_told_apart_by_their_digests() -> None:
    spec = Random(depth=4, width=6, inputs=("x", "t", "z0"), weight_scale=1.5)
    one, again = spec.network(), spec.network()
    assert one.digest == again.digest
    for keys in (
        {"seed": 9},
        {"depth": 5},
        {"activation": "sin"},
        {"output_activation": "tanh"},
        {"weight_scale": 2.0},
        {"inputs": ("x", "y", "z0")},
        {"latent": (0.5,)},
    ):
        assert dataclasses.replace(spec, **keys).network().digest != one.digest  # type: ignore[arg-type]


@pytest.mark.parametrize("keys", STRUCTURES, ids=str)
def test_a_walk_is_the_evaluation_node_by_node(keys: dict[str, Any]) -> None:
    network = Network.random(seed=8, **keys)
    points = np.random.default_rng(0).normal(size=(6, len(network.inputs)))
    walked = list(network.walk(points))
    assert [node.inputs for node, _, _ in walked] == [(k - 1,) for k in range(network.depth)]
    assert [node.layer for node, _, _ in walked] == list(network.layers)
    assert [node.layer for node in network.nodes] == list(network.layers)
    before = points
    for node, sums, units in walked:
        np.testing.assert_array_equal(sums, node.layer.pre_activation(before))
        np.testing.assert_array_equal(units, activate(node.activation, sums))
        before = units
    np.testing.assert_allclose(before, network.evaluate(points), rtol=1e-13, atol=1e-15)


def test_a_walk_keeps_the_precision_that_is_asked_for() -> None:
    network = Network.random(depth=3, width=5)
    for dtype in (np.float32, np.float64):
        for _, sums, units in network.walk(np.zeros((4, 2)), dtype):
            assert sums.dtype == units.dtype == dtype


def test_a_network_of_dense_layers_is_pointwise() -> None:
    assert Network.random(depth=3, width=5).pointwise


def test_equal_layers_have_equal_digests() -> None:
    weight, bias = np.eye(3), np.zeros(3)
    one = Layer(weight, bias, "tanh")
    assert one.digest == Layer(weight.copy(), bias.copy(), "tanh").digest
    others = [Layer(weight, bias, "sin"), Layer(weight, bias + 1, "tanh")]
    others += [Layer(weight * 2, bias, "tanh"), Layer(np.eye(3, 4), bias, "tanh")]
    assert len({one.digest, *(layer.digest for layer in others)}) == 5


def test_an_effective_layer_is_made_once() -> None:
    network = Network.random(depth=4, width=5, weight_scale=0.3)
    one = network.effective(2)
    assert network.effective(2) is one
    assert network.layers[2] is one
