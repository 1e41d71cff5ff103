"""Mean-field theory of wide random networks: order, chaos, and the edge between them.

    activation, sigma_w, sigma_b -> mean_field() -> MeanField: lengths, correlations, depth scales
    activation -> edge_steps() -> the curve in the plane of sigma_w and sigma_b where chi is 1

In a wide layer of weights with variance sigma_w² / n and biases with variance sigma_b² the
pre-activations are Gaussian with variance q, the length, and those of two inputs have a
correlation c. From layer to layer (Poole et al., "Exponential expressivity in deep neural networks
through transient chaos", 2016, arXiv 1606.05340):

    q'   = sigma_w² E[φ(√q z)²] + sigma_b²                  the length map
    q c' = sigma_w² E[φ(√q z1) φ(√q z2)] + sigma_b²         the correlation map, corr(z1, z2) = c
    chi  = sigma_w² E[φ'(√q z)²]                            its slope at c = 1

A small difference of two inputs grows by √chi per layer: chi < 1 is order, chi > 1 chaos. Lengths
and correlations approach fixed points like exp(-layer / scale), with the depth scales of Schoenholz
et al., "Deep information propagation", 2017, arXiv 1611.01232. At the edge that of correlations is
infinite: a deep network can be trained as far as its signal reaches.

Expectations are integrals over z by Gauss and Legendre's rule in short panels that meet at 0, where
activations may have a kink: at least 9 digits up to √q = 20, 5 up to √q = 60. Correlations are
integrated by a series in Hermite polynomials: E[φ(√q z1) φ(√q z2)] = Σ a_k² c^k.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.activations import activate, derivative
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.tasks import Steps, at_once

REACH = 9.0  # |z| integrated
FINE, FINER = 0.1, 3  # width of a panel; halvings of the first one
ORDER = 10  # nodes in a panel
LENGTHS = np.logspace(-6, 5, 287)  # q of the curve's points, about
LEAST, MOST = 1e-9, 1e6  # q that count as 0 and as without bound
ROWS = 8  # lengths integrated in one step
NEARER = 24  # points towards the end of a curve, each half as far from it
TERMS = 128  # of the Hermite series
HALVINGS = 42


@cache
def nodes() -> tuple[Float64, Float64]:
    """Places z and weights, (N,) each: E[f(z)] is the sum of weights times f, z ~ N(0, 1)."""
    inner = [FINE * 0.5**k for k in range(FINER, -1, -1)]
    ends = np.concatenate([[0.0], inner, np.arange(2, round(REACH / FINE) + 1) * FINE])
    at, weight = np.polynomial.legendre.leggauss(ORDER)
    half = np.diff(ends) / 2
    z = (ends[:-1, None] + half[:, None] * (at + 1)).ravel()
    weights = (half[:, None] * weight).ravel() * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    return np.concatenate([-z[::-1], z]), np.concatenate([weights[::-1], weights])


def mean_square(activation: str, lengths: Float64 | float) -> Float64:
    """E[φ(√q z)²] for lengths q, of any shape."""
    return _expected(lambda x: np.square(activate(activation, x)), lengths)


def mean_square_slope(activation: str, lengths: Float64 | float) -> Float64:
    """E[φ'(√q z)²] for lengths q, of any shape."""
    return _expected(lambda x: np.square(derivative(activation, x).astype(np.float64)), lengths)


def _expected(function: Callable[[Float64], Float64], lengths: Float64 | float) -> Float64:
    z, weights = nodes()
    q = np.asarray(lengths, np.float64)
    values = function(np.sqrt(q)[..., None] * z)
    # Not a BLAS product, whose last bits depend on the processor.
    return np.asarray((values * weights).sum(axis=-1))


ROUNDED = 1e-9  # a slope as near to 1 is 1


@dataclass(frozen=True)
class MeanField:
    """What the theory says of wide networks.

    length: the fixed point q of the length map, 0 or inf where it shrinks or grows without bound.
    chi: the slope of the correlation map at 1, at that length. correlation: its stable fixed point.
    length_scale, correlation_scale: depth scales in layers, inf at the edge; NaN where the length
    has no fixed point.
    """

    length: float
    chi: float
    correlation: float
    length_scale: float
    correlation_scale: float

    @property
    def growth(self) -> float:
        """The factor per layer on a small difference."""
        return math.sqrt(self.chi)

    @property
    def chaotic(self) -> bool:
        return self.chi > 1


def mean_field(activation: str, sigma_w: float, sigma_b: float) -> MeanField:
    """The theory's fixed points for one activation in all layers.

    sigma_w: standard deviation of a weight times √fan-in; sigma_b: of a bias; both at least 0.
    """
    length = fixed_length(activation, sigma_w, sigma_b)
    at = min(max(length, LEAST), MOST)  # not 0, where kinks have the slope of one side
    chi = sigma_w**2 * float(mean_square_slope(activation, at))
    if math.isinf(length):
        return MeanField(length, chi, 1.0 if chi <= 1 else math.nan, math.nan, math.nan)
    step = 1e-4 * max(at, LEAST)
    before, after = max(at - step, 0.0), at + step
    ends = mean_square(activation, np.array([before, after]))
    slope = sigma_w**2 * float(ends[1] - ends[0]) / (after - before)
    length_scale = _scale(abs(slope))
    if abs(chi - 1) < ROUNDED:
        chi = 1.0
    if chi <= 1 or length <= LEAST:
        return MeanField(length, chi, 1.0, length_scale, _scale(chi))
    squares = hermite_squares(activation, length)
    correlation = _fixed_correlation(squares, sigma_w, sigma_b, length)
    orders = np.arange(1, len(squares))
    slope = sigma_w**2 * float((orders * squares[1:] * correlation ** (orders - 1)).sum()) / length
    return MeanField(length, chi, correlation, length_scale, _scale(slope))


def _scale(slope: float) -> float:
    """The depth scale of a map with a slope at its fixed point: x' = slope x."""
    if slope <= 0:
        return 0.0
    return -1 / math.log(slope) if slope < 1 else math.inf


def fixed_length(activation: str, sigma_w: float, sigma_b: float, start: float = 1.0) -> float:
    """The fixed point of the length map that lengths from `start` on approach; 0 or inf.

    Where the map has several, that next to `start` on the side to which it leads.
    """

    def grows(q: Float64 | float) -> Float64:
        return np.asarray(sigma_w**2 * mean_square(activation, q) + sigma_b**2 - q)

    up = bool(grows(start) > 0)
    steps = start * 10 ** np.arange(0.0, 6.3, 0.1)
    tried = steps if up else start**2 / steps[: round(10 * -math.log10(LEAST))]
    if not up:
        tried = np.append(tried, LEAST)
    crossed = np.flatnonzero((grows(tried) > 0) != up)
    if not len(crossed):
        return math.inf if up else 0.0
    inner = float(tried[max(crossed[0] - 1, 0)])
    outer = float(tried[crossed[0]])
    for _ in range(HALVINGS):
        middle = math.sqrt(inner * outer)
        if bool(grows(middle) > 0) == up:
            inner = middle
        else:
            outer = middle
    return math.sqrt(inner * outer)


def hermite_squares(activation: str, length: float) -> Float64:
    """a_k² (TERMS,), with E[φ(√q z1) φ(√q z2)] = Σ a_k² c^k; the last one holds the rest."""
    z, weights = nodes()
    values = activate(activation, math.sqrt(length) * z) * weights
    before, now = np.zeros_like(z), np.ones_like(z)  # normalised Hermite polynomials
    found = np.empty(TERMS)
    for k in range(TERMS - 1):
        found[k] = float((values * now).sum()) ** 2
        before, now = now, (z * now - math.sqrt(k) * before) / math.sqrt(k + 1)
    found[-1] = max(float(mean_square(activation, length)) - found[:-1].sum(), 0.0)
    return found


def correlation_map(
    activation: str, sigma_w: float, sigma_b: float, length: float, correlations: Float64
) -> Float64:
    """Correlations (N,), from -1 to 1, one layer on, where lengths are at a fixed point."""
    squares = hermite_squares(activation, length)
    return _mapped(squares, sigma_w, sigma_b, length, np.asarray(correlations, np.float64))


def _mapped(squares: Float64, sigma_w: float, sigma_b: float, q: float, c: Float64) -> Float64:
    total = (squares * c[..., None] ** np.arange(len(squares))).sum(axis=-1)
    return np.asarray((sigma_w**2 * total + sigma_b**2) / q)


def _fixed_correlation(squares: Float64, sigma_w: float, sigma_b: float, length: float) -> float:
    """The fixed point below 1, of a map with a slope above 1 there: a map that is convex from 0."""
    low, high = 0.0, 1 - 1e-9
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _mapped(squares, sigma_w, sigma_b, length, np.array(middle)) > middle:
            low = middle
        else:
            high = middle
    return low


_edges: dict[str, Float64] = {}
NO_BIAS = 1e-9  # sigma_b from which curves are drawn


def edge(activation: str) -> Float64:
    """The edge of chaos: points sigma_w, sigma_b (N, 2) in order, NaN between separate pieces."""
    return at_once(edge_steps(activation))


def edge_steps(activation: str) -> Steps[Float64]:
    """`edge`, interruptible.

    For each length q the weights' variance with chi = 1 is 1 / E[φ'²], and the biases' variance
    that makes q a fixed point is the rest; where it is negative, or where the fixed point is not
    stable, there is no point of the curve. Where q has no say, as with a relu, it is a vertical
    line. Where lengths that start at 1 leave order only by growing without bound, as with softplus,
    the curve is where they begin to.
    """
    if activation in _edges:
        return _edges[activation]
    q = LENGTHS
    parts = []
    for first in range(0, len(q), ROWS):
        parts.append(_on_edge(activation, q[first : first + ROWS]))
        yield None
    points = np.concatenate(parts)
    if np.ptp(points[:, 0]) < 1e-9 * points[0, 0]:  # homogeneous: the length does not matter
        line = np.logspace(-9, 6, 31)
        points = np.stack([np.full(31, points[:, 0].mean()), line], axis=1)
        return _edges.setdefault(activation, points)
    inside: NDArray[np.bool_] = np.logical_and(*np.isfinite(points).T)
    added, places = [], []
    for k in np.flatnonzero(inside[1:] != inside[:-1]):
        within, beyond = (q[k], q[k + 1]) if inside[k] else (q[k + 1], q[k])
        for _ in range(40):
            middle = math.sqrt(within * beyond)
            good = np.isfinite(_on_edge(activation, np.array([middle]))).all()
            within, beyond = (middle, beyond) if good else (within, middle)
        yield None
        start = q[k] if inside[k] else q[k + 1]
        near = within + (start - within) * 0.5 ** np.arange(1, NEARER)
        added.append(_on_edge(activation, near))
        places.append(near)
        yield None
    if added:
        every = np.concatenate([q, *places])
        order = np.argsort(every, kind="stable")
        points = np.concatenate([points, *added])[order]
    yield None
    return _edges.setdefault(activation, _with_unbounded(activation, points))


def _with_unbounded(activation: str, points: Float64) -> Float64:
    """The curve, and before it the part where lengths that start at 1 begin to grow for ever.

    They do where sigma_w² E[φ²] + sigma_b² > q for all q from 1 on.
    """
    q = LENGTHS[LENGTHS >= 1]
    squares = np.concatenate([mean_square(activation, part) for part in np.array_split(q, 12)])
    if squares[-1] < 0.05 * q[-1]:  # bounded, or nearly
        return points
    good = np.isfinite(points).all(axis=1)
    until = float(points[good, 1].min()) if good.any() else float(np.sqrt(q[-1]) / 10)
    if until < 1e-3:  # the curve is complete
        return points
    biases = np.geomspace(NO_BIAS, until, 60)
    weights = np.sqrt(((q - biases[:, None] ** 2) / squares).max(axis=1))
    return np.concatenate([np.stack([weights, biases], axis=1), points[good]])


def _on_edge(activation: str, q: Float64) -> Float64:
    """Points (N, 2) of the edge at lengths q (N,); NaN where there is none."""
    step = 1e-3 * q
    below, values, above = (mean_square(activation, at) for at in (q - step, q, q + step))
    with np.errstate(all="ignore"):
        weights = 1 / mean_square_slope(activation, q)
        biases = q - weights * values
        # Rounding errors of a difference of nearly equal numbers are no biases.
        good = (biases > 1e-9 * q) & (np.abs(weights * (above - below) / (2 * step)) < 1 + 1e-9)
        points = np.sqrt(np.stack([weights, biases], axis=1))
    homogeneous = np.abs(biases) <= 1e-9 * q
    points[~(good | homogeneous)] = np.nan
    points[homogeneous, 1] = 0.0
    return points
