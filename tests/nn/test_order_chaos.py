"""What random networks do to small differences, measured: against the network, and the theory."""

import math

import numpy as np
import pytest

from cppn_gl.nn.draws import INITS
from cppn_gl.nn.features import Clock
from cppn_gl.nn.mean_field import mean_field
from cppn_gl.nn.network import Network
from cppn_gl.nn.order_chaos import BLOCK, ENDLESS, NONE, Probe, sigmas
from cppn_gl.utils import native
from cppn_gl.utils.tasks import Stepping, at_once, within

SCALES = np.array([0.4, 0.9, 1.3, 2.0, 4.0]), np.array([0.3, 0.1, 0.0, 0.5, 1.2])


def drawn(**keys: object) -> Network:
    plain = {"depth": 8, "width": 12, "activation": "tanh", "init": "lecun_normal", "seed": 5}
    return Network.random(**{**plain, "weight_scale": 1.0, "bias_scale": 1.0, **keys})


def probe(**keys: object) -> Probe:
    return Probe(
        drawn(**keys), Clock(0.3, 1.0, 4.0) if "t" in keys.get("inputs", ()) else Clock(), 1.0
    )


@pytest.mark.parametrize("init", INITS)
@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu"])
def test_the_units_are_those_of_the_network_with_these_scales(init: str, activation: str) -> None:
    """Draws times scales, layer by layer: equal but for the rounding of float32."""
    keys = {"init": init, "activation": activation, "omega": 1.5}
    measured = Probe(drawn(**keys), Clock(), 1.0)
    weight, bias = np.float32([0.7, 1.6]), np.float32([0.25, 0.0])
    layers = [(pre, units) for _, pre, units in measured._through(4, weight, bias)]
    count = np.arange(1, 5)[:, None] * np.array([0.7548776662466927, 0.5698402909980532])
    points = (0.5 + count) % 1 * 2 - 1
    for k in range(2):
        network = Network.random(
            depth=8,
            width=12,
            seed=5,
            weight_scale=float(weight[k]),
            bias_scale=float(bias[k]),
            **keys,
        )
        walk = network.walk(network.features(*points.T, Clock()))
        for (pre, units), (_, before, after) in zip(layers, walk, strict=False):
            scale = float(np.abs(before).max()) + 1e-3
            assert np.abs(pre[k] - before).max() < 2e-5 * scale
            assert np.abs(units[k] - after).max() < 2e-5 * max(scale, 1)
    assert len(layers) == 7  # all hidden layers


def test_growth_is_that_of_small_finite_differences() -> None:
    """The same tangents, by differences in float64."""
    measured = probe(depth=3, width=40)
    weight, bias = 1.4, 0.3
    network = drawn(depth=3, width=40, weight_scale=weight, bias_scale=bias)
    count = measured.points
    places = (0.5 + np.arange(1, count + 1)[:, None] * [0.7548776662466927, 0.5698402909980532]) % 1
    points = places * 2 - 1
    angle = 2.399963229728653 * np.arange(count)
    step = 1e-6 * np.stack([np.cos(angle), np.sin(angle)])

    def units(at: np.ndarray) -> list[np.ndarray]:
        return [u for _, _, u in network.walk(network.features(*at, Clock()))][:2]

    ends = zip(units(points.T + step), units(points.T - step), strict=True)
    first, second = (np.square(one - other).sum(axis=1) for one, other in ends)
    expected = math.sqrt(float((second / first).mean()))
    found = at_once(measured.growth(np.array([weight]), np.array([bias])))
    assert found[0] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("activation", "sigma_w", "sigma_b"),
    [
        ("tanh", 0.7, 0.3),
        ("tanh", 2.5, 0.3),
        ("relu", 1.2, 0.3),
        ("sin", 1.6, 0.3),
        ("atan", 4.0, 1.0),
    ],
)
def test_wide_networks_grow_as_in_theory(activation: str, sigma_w: float, sigma_b: float) -> None:
    found = [
        at_once(
            probe(activation=activation, width=512, depth=20, seed=seed).growth(
                np.array([sigma_w]), np.array([sigma_b])
            )
        )[0]
        for seed in range(3)
    ]
    theory = mean_field(activation, sigma_w, sigma_b)
    error = float(np.std(found, ddof=1)) / math.sqrt(3)
    assert abs(float(np.mean(found)) - theory.growth) < 5 * error + 0.01 * theory.growth


@pytest.mark.parametrize(
    ("activation", "sigma_w", "sigma_b"),
    [
        ("tanh", 0.5, 0.3),
        ("tanh", 0.8, 0.3),
        ("tanh", 1.2, 0.3),
        ("relu", 1.1, 0.3),
        ("tanh", 4.0, 0.3),
    ],
)
def test_wide_networks_settle_as_in_theory(activation: str, sigma_w: float, sigma_b: float) -> None:
    """Within a third: near the edge correlations approach their fixed point slowly at first."""
    found = [
        at_once(
            probe(activation=activation, width=200, depth=48, seed=seed).depth_scale(
                np.array([sigma_w]), np.array([sigma_b])
            )
        )[0]
        for seed in range(4)
    ]
    theory = mean_field(activation, sigma_w, sigma_b).correlation_scale
    assert float(np.mean(found)) == pytest.approx(theory, rel=0.33)


def test_order_is_below_and_chaos_above_the_edge_and_the_scale_is_longest_there() -> None:
    measured = probe(width=60, depth=40)
    weight = np.geomspace(0.3, 6, 25)
    bias = np.full(25, 0.2)
    growth = at_once(measured.growth(weight, bias))
    scale = at_once(measured.depth_scale(weight, bias))
    edge = 1.304  # of tanh in theory, at this bias scale
    assert (growth[weight < 0.9 * edge] < 1).all()
    assert (growth[weight > 1.15 * edge] > 1).all()
    assert abs(math.log(weight[scale.argmax()] / edge)) < 0.3


@pytest.mark.parametrize("width", [7, 30, 130])
def test_neither_blocks_nor_slices_change_a_bit(width: int) -> None:
    measured = probe(width=width, depth=6)
    rng = np.random.default_rng(1)
    count = 2 * BLOCK + 37
    weight, bias = 10 ** rng.uniform(-1, 1, (2, count))
    for measure in (measured.growth, measured.depth_scale):
        expected = at_once(measure(weight, bias))
        task = Stepping(measure(weight, bias))
        while not task.step(within(0.0)):
            pass
        assert np.array_equal(task.result, expected)
        if native.library() is not None:  # whose products know nothing of their neighbours
            some = slice(BLOCK - 3, BLOCK + 40)
            assert np.array_equal(at_once(measure(weight[some], bias[some])), expected[some])


def test_numpy_and_the_native_library_measure_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [at_once(probe().growth(*SCALES)), at_once(probe().depth_scale(*SCALES))]
    monkeypatch.setattr(native, "library", lambda: None)
    plain = probe()
    assert plain._library is None
    assert at_once(plain.growth(*SCALES)) == pytest.approx(found[0], rel=1e-3)
    assert at_once(plain.depth_scale(*SCALES)) == pytest.approx(found[1], rel=2e-2)


@pytest.mark.parametrize("activation", ["tanh", "relu", "softplus", "gaussian", "sigmoid", "sin"])
def test_any_scales_have_a_value(activation: str) -> None:
    """Also where everything dies, saturates or overflows."""
    measured = probe(activation=activation, depth=64, width=5)
    weight, bias = (a.ravel() for a in np.meshgrid([0.0, 1e-9, 1.0, 30.0, 1e3], [0.0, 1.0, 1e3]))
    growth, scale = (
        at_once(measured.growth(weight, bias)),
        at_once(measured.depth_scale(weight, bias)),
    )
    assert np.isfinite(growth).all()
    assert (growth >= 0).all()
    assert ((scale >= NONE) & (scale <= ENDLESS)).all()


def test_a_relu_that_overflows_is_chaos() -> None:
    growth = at_once(
        probe(activation="relu", depth=64, width=30).growth(np.array([1e3]), np.array([1.0]))
    )
    assert growth[0] > 100


def test_sigmas_are_standard_deviations() -> None:
    for init in INITS:
        network = drawn(init=init, width=300, depth=3)
        layer = network.layers[1]
        sigma_w, sigma_b = sigmas(init, 300)
        assert float(layer.weight.std()) * math.sqrt(300) == pytest.approx(sigma_w, rel=0.02)
        assert float(layer.bias.std()) == pytest.approx(sigma_b, rel=0.2)
