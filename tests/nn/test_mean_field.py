"""The mean-field theory: integrals with closed forms, and wide random networks as the judge."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cppn_gl.nn.activations import ACTIVATIONS, activate, derivative
from cppn_gl.nn.mean_field import (
    correlation_map,
    edge,
    fixed_length,
    hermite_squares,
    mean_field,
    mean_square,
    mean_square_slope,
    nodes,
)
from cppn_gl.utils.arrays import Float64

LENGTHS = np.array([1e-6, 1e-3, 0.1, 1.0, 7.0, 100.0, 3600.0])


def test_weights_are_those_of_a_normal_distribution() -> None:
    z, weights = nodes()
    assert np.array_equal(z, -z[::-1])
    for power, moment in ((0, 1), (2, 1), (4, 3), (6, 15), (8, 105)):
        assert float((weights * z**power).sum()) == pytest.approx(moment, rel=1e-12)
    half = float((weights * np.maximum(z, 0)).sum())  # a kink at 0
    assert half == pytest.approx(1 / math.sqrt(2 * math.pi), rel=1e-13)


@pytest.mark.parametrize(
    ("activation", "square", "slope"),
    [
        ("identity", lambda q: q, lambda q: 1 + 0 * q),
        ("relu", lambda q: q / 2, lambda q: 0.5 + 0 * q),
        ("leaky_relu", lambda q: q * 1.0001 / 2, lambda q: 1.0001 / 2 + 0 * q),
        ("abs", lambda q: q, lambda q: 1 + 0 * q),
        ("sin", lambda q: -np.expm1(-2 * q) / 2, lambda q: (1 + np.exp(-2 * q)) / 2),
        ("cos", lambda q: (1 + np.exp(-2 * q)) / 2, lambda q: -np.expm1(-2 * q) / 2),
        ("gaussian", lambda q: (1 + 4 * q) ** -0.5, lambda q: 4 * q * (1 + 4 * q) ** -1.5),
    ],
)
def test_integrals_are_those_with_a_closed_form(
    activation: str, square: object, slope: object
) -> None:
    assert mean_square(activation, LENGTHS) == pytest.approx(square(LENGTHS), rel=1e-9)  # type: ignore[operator]
    assert mean_square_slope(activation, LENGTHS) == pytest.approx(slope(LENGTHS), rel=1e-8)  # type: ignore[operator]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_integrals_are_those_of_a_fine_sum(activation: str) -> None:
    """A plain sum over half a million steps, which knows nothing of panels."""
    z = np.linspace(-10, 10, 500_001)
    z += (z[1] - z[0]) / 2 * 0.731  # no node at a kink
    weights = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) * (z[1] - z[0])
    for q in (0.04, 2.0, 50.0):
        x = math.sqrt(q) * z
        for mean, values in (
            (mean_square, activate(activation, x)),
            (mean_square_slope, derivative(activation, x).astype(np.float64)),
        ):
            expected = float((values**2 * weights).sum())
            assert float(mean(activation, q)) == pytest.approx(expected, rel=2e-5)


def test_correlations_are_those_with_a_closed_form() -> None:
    c = np.array([-0.9, -0.3, 0.0, 0.4, 0.9, 0.99])
    q = 1.7
    angle = np.arccos(c)  # the arc-cosine kernel of Cho and Saul 2009
    relu = q / (2 * np.pi) * (np.sin(angle) + (np.pi - angle) * c)
    sine = (np.exp(-q * (1 - c)) - np.exp(-q * (1 + c))) / 2
    bell = ((1 + 2 * q) ** 2 - (2 * q * c) ** 2) ** -0.5
    for activation, expected, within in (
        ("relu", relu, 1e-4),  # whose series ends late
        ("sin", sine, 1e-9),
        ("gaussian", bell, 1e-9),
    ):
        found = correlation_map(activation, 1.0, 0.0, q, c) * q
        assert found == pytest.approx(expected, abs=within), activation


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_series_of_correlations_ends_in_the_mean_square(activation: str) -> None:
    squares = hermite_squares(activation, 1.3)
    assert (squares >= 0).all()
    assert squares.sum() == pytest.approx(float(mean_square(activation, 1.3)), rel=1e-9)
    assert squares[-1] < 0.01 * squares.sum()


def test_a_relu_has_what_the_papers_say() -> None:
    for sigma_w, sigma_b in ((0.5, 0.1), (1.0, 2.0), (1.3, 0.3)):
        found = mean_field("relu", sigma_w, sigma_b)
        assert found.length == pytest.approx(sigma_b**2 / (1 - sigma_w**2 / 2), rel=1e-9)
        assert found.chi == pytest.approx(sigma_w**2 / 2, rel=1e-12)
        assert found.correlation == 1
        assert found.correlation_scale == pytest.approx(-1 / math.log(sigma_w**2 / 2))
        assert found.length_scale == pytest.approx(-1 / math.log(sigma_w**2 / 2), rel=1e-6)
    beyond = mean_field("relu", 1.5, 0.3)
    assert beyond.length == math.inf
    assert beyond.chaotic
    assert math.isnan(beyond.length_scale)
    assert edge("relu")[:, 0] == pytest.approx(math.sqrt(2))


def test_tanh_has_what_the_papers_say() -> None:
    for sigma_w in (0.5, 0.9, 0.99):  # without biases all signals die below 1
        found = mean_field("tanh", sigma_w, 0.0)
        assert found.length == 0
        assert found.chi == pytest.approx(sigma_w**2)
    found = mean_field("tanh", 2.0, 0.0)
    assert found.chaotic
    assert found.correlation == pytest.approx(0, abs=1e-6)
    curve = edge("tanh")
    assert curve[0] == pytest.approx((1, 0), abs=1e-5)
    rising = np.diff(curve, axis=0)  # biases make order: the edge moves to the right
    assert (rising[:, 0] > 0).all()
    assert (rising[:, 1] >= 0).all()
    # Read off figure 1 of Poole et al. 2016: at sigma_b = 0.3 the edge is near 1.4.
    assert np.interp(0.3, curve[:, 1], curve[:, 0]) == pytest.approx(1.4, abs=0.03)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_on_the_edge_a_difference_keeps_its_size(activation: str) -> None:
    curve = edge(activation)
    assert np.isfinite(curve).any()
    good = curve[np.isfinite(curve).all(axis=1)]
    inside = good[(good[:, 1] > 1e-2) & (good[:, 1] < 5)]
    for sigma_w, sigma_b in inside[:: max(1, len(inside) // 6)]:
        below, above = (mean_field(activation, sigma_w * k, sigma_b) for k in (0.97, 1.03))
        assert below.chi < 1 < above.chi
        assert below.correlation == 1


@settings(max_examples=30, deadline=None)
@given(
    activation=st.sampled_from(["tanh", "sin", "atan", "sigmoid", "gaussian", "elu"]),
    sigma_w=st.floats(0.05, 12),
    sigma_b=st.floats(0, 5),
)
def test_fixed_points_are_fixed(activation: str, sigma_w: float, sigma_b: float) -> None:
    q = fixed_length(activation, sigma_w, sigma_b)
    if q == math.inf or q == 0:
        return
    again = sigma_w**2 * float(mean_square(activation, q)) + sigma_b**2
    assert again == pytest.approx(q, rel=1e-6)
    found = mean_field(activation, sigma_w, sigma_b)
    assert -1 <= found.correlation <= 1
    if found.chaotic and sigma_w < 8:
        c = np.array([found.correlation])
        assert correlation_map(activation, sigma_w, sigma_b, q, c) == pytest.approx(c, abs=1e-6)
        assert found.correlation_scale > 0


def monte_carlo(
    activation: str, sigma_w: float, sigma_b: float, width: int, depth: int, seed: int
) -> tuple[Float64, Float64, Float64]:
    """Length, correlation and growth layer by layer in one wide random network, in float64."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((2, width))
    x[1] = 0.6 * x[0] + 0.8 * x[1]
    tangent = rng.standard_normal(width)
    lengths, correlations, growths = [], [], []
    for _ in range(depth):
        weight = rng.standard_normal((width, width)) * (sigma_w / math.sqrt(width))
        pre = x @ weight.T + sigma_b * rng.standard_normal(width)
        moved = weight @ tangent
        norms = np.sqrt((pre**2).mean(axis=1))
        lengths.append(float((norms**2).mean()))
        correlations.append(float((pre[0] * pre[1]).mean() / norms.prod()))
        x = activate(activation, pre)
        before = float((tangent**2).sum())
        tangent = derivative(activation, pre[0]).astype(np.float64) * moved
        growths.append(float((tangent**2).sum()) / before)
    return np.array(lengths), np.array(correlations), np.array(growths)


@pytest.mark.parametrize(
    ("activation", "sigma_w", "sigma_b"),
    [
        ("tanh", 0.8, 0.3),
        ("tanh", 4.0, 0.5),
        ("relu", 1.0, 0.4),
        ("sin", 1.7, 0.2),
        ("sigmoid", 4.0, 0.5),
        ("gaussian", 3.0, 0.3),
        ("gelu", 1.0, 0.5),
    ],
)
def test_wide_networks_come_to_the_fixed_points(
    activation: str, sigma_w: float, sigma_b: float
) -> None:
    """The mean over layers and networks, within five of its standard errors."""
    width, depth, settled, networks = 1000, 18, 11, 3
    theory = mean_field(activation, sigma_w, sigma_b)
    runs = [monte_carlo(activation, sigma_w, sigma_b, width, depth, k) for k in range(networks)]
    kept = np.array([[part[settled:] for part in run] for run in runs])  # (networks, 3, layers)
    means = kept.mean(axis=2)
    expected = theory.length, theory.correlation, theory.chi
    for k, (name, value) in enumerate(zip(("length", "correlation", "chi"), expected, strict=True)):
        # Layers of one network depend on each other, networks do not. A narrow layer is off by
        # about 1 / width, too.
        error = float(means[:, k].std(ddof=1)) / math.sqrt(networks)
        most = 5 * error + 6 / width * max(abs(value), 0.1)
        assert abs(float(means[:, k].mean()) - value) < most, name
