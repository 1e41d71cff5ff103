"""Order and chaos, measured: what a random network does to small differences, at any scales.

    Network at scales 1, points of the plane -> Probe.growth(weight scales, bias scales)
                                             -> Probe.depth_scale(…)             (in short steps)

The draws are the network's own; for each place they are multiplied by its two scales. Places go
through the layers in blocks of a fixed shape, so that results do not depend on how the work is cut.

Growth is that of infinitesimal differences, by the Jacobian: a tangent vector of each point is sent
through the layers and normalised after each, so that neither float32 nor the size of a difference
limits it. The depth scale is that of correlations of pairs of points, as in Schoenholz et al.,
"Deep information propagation", 2017. mean_field.py says what both are in wide networks.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from cppn_gl.nn.activations import ACTIVATIONS, activate, derivative
from cppn_gl.nn.derivatives import feature_jets
from cppn_gl.nn.draws import DEVIATIONS, INITS, deviation
from cppn_gl.nn.features import Clock
from cppn_gl.nn.network import Network
from cppn_gl.utils import native
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.tasks import Steps
from cppn_gl.utils.threads import one_thread, shared_out, thread_count

POINTS, FEWEST, UNITS = 24, 4, 240  # points at most and at least; points × units measured, about
PAIRED = 8  # points whose pairs have their correlations measured
MULTIPLICATIONS = 4e6  # of a block in a layer, about
BLOCK = 128  # places in a block, at most
SKIPPED, FLOORS = 2, 8.0  # layers whose correlations do not count; fluctuations that hide others
ROUNDED = 1e-20  # squared differences of correlations that are rounding errors
SETTLING = 4  # one layer of so many is left for lengths to settle
STILL = 1e-12  # mean square of a growth, at least
NONE, ENDLESS = 0.05, 1e4  # depth scales, at least and at most
# Multiples of these, modulo 1, fill a square evenly (powers of the plastic number; Roberts 2018).
_STEP = np.array([0.7548776662466927, 0.5698402909980532])
_TURN = 2.399963229728653  # the golden angle: directions of the tangents

Measure = Callable[[Float32, Float32], Steps[Float64]]


def sigmas(init: str, width: int) -> tuple[float, float]:
    """sigma_w and sigma_b at weight scale 1 and bias scale 1.

    sigma_w: the standard deviation of hidden layers' weights times √width; sigma_b: of biases.
    """
    return math.sqrt(width) * deviation(init, width, width), DEVIATIONS[INITS[init][0]]


def points_of(width: int) -> int:
    """The points of which growth is measured in layers of so many units: more in narrow ones."""
    return min(max(round(UNITS / width), FEWEST), POINTS)


class Probe:
    """A chain of dense layers, ready to be measured at many scales.

    network: with scales 1, at least three layers; the last one is not measured. side: half the side
    of the square around 0 whose points are sent through. stretch: factor on the weights of layers
    2 and on, besides the scale.
    """

    def __init__(self, network: Network, clock: Clock, side: float, stretch: float = 1.0):
        layers, scales = network.drawn[:-1], network.scales
        self.activation = layers[0].activation
        self.depth, self.width = len(layers), len(layers[0].bias)
        self.points = points_of(self.width)
        self.weights = [layer.weight for layer in layers[1:]]
        self.biases = [np.asarray(layer.bias, np.float32) for layer in layers]
        self.factors = [
            (np.float32(w * (stretch if k else 1.0)), np.float32(b))
            for k, (w, b) in enumerate(scales[:-1])
        ]
        self._network, self._clock, self._side = network, clock, side
        self._library = native.library()
        if self._library is not None and self._library.activation(self.activation) is None:
            self._library = None
        if self._library is not None:
            pack = self._library.dense_layer
            self._packed = [pack(weight, None, "identity") for weight in self.weights]

    def growth(self, weight: Float64, bias: Float64) -> Steps[Float64]:
        """The factor per layer on a small difference, (N,), at weight and bias scales (N,).

        The geometric mean over layers of the root mean square over points; NaN where all overflows.
        """
        return self._measured(self._growth, self.points, weight, bias)

    def depth_scale(self, weight: Float64, bias: Float64) -> Steps[Float64]:
        """The layers over which correlations of pairs approach their fixed point, (N,).

        The common fixed point is taken out by the mean over pairs; what remains of a layer is the
        factor exp(-1 / scale) of what remained in the layer before, by least squares: relative to
        what remains, so that late layers count most, but little those where only the fluctuations
        of a narrow network are left.
        """
        return self._measured(self._depth_scale, PAIRED, weight, bias)

    def _measured(
        self, measure: Measure, points: int, weight: Float64, bias: Float64
    ) -> Steps[Float64]:
        size = int(MULTIPLICATIONS / (2 * points * self.width**2))
        size = min(max(size, 1), BLOCK)
        found = np.empty(len(weight))
        starts = range(0, len(weight), size) if size else range(0)
        for group in _groups(starts, thread_count()):
            runs = [self._block(measure, found, weight, bias, first, size) for first in group]
            ended = [False] * len(runs)
            while not all(ended):

                def advance(number: int, runs: list[Iterator[None]] = runs) -> None:
                    ended[number] = next(runs[number], ended) is ended  # noqa: B023

                shared_out(advance, range(len(runs)))
                yield group[0] / len(weight)
        return found

    def _block(
        self,
        measure: Measure,
        found: Float64,
        weight: Float64,
        bias: Float64,
        first: int,
        size: int,
    ) -> Iterator[None]:
        """Measure a block, in short steps; the last one is filled up with its first place."""
        part = slice(first, first + size)
        w, b = (np.full(size, scales[first], np.float32) for scales in (weight, bias))
        count = len(weight[part])
        w[:count], b[:count] = weight[part], bias[part]
        found[part] = (yield from measure(w, b))[:count]

    def _inputs(self, count: int) -> tuple[Float32, Float32]:
        """Layer 1 without biases, of points and of a tangent at each, (count, units)."""
        places = ((0.5 + np.arange(1, count + 1)[:, None] * _STEP) % 1 * 2 - 1) * self._side
        jets = feature_jets(self._network, places[:, 0], places[:, 1], self._clock)
        angle = _TURN * np.arange(count)[:, None]
        moved = np.cos(angle) * jets[1] + np.sin(angle) * jets[2]
        weight = self._network.drawn[0].weight.astype(np.float64)
        sums = [(weight * values[:, None]).sum(axis=2) for values in (jets[0], moved)]
        return sums[0].astype(np.float32), sums[1].astype(np.float32)

    def _through(
        self, count: int, weight: Float32, bias: Float32
    ) -> Iterator[tuple[int, Float32, Float32]]:
        """Each layer's number from 0, pre-activations, and units, (places, points, units)."""
        w, b = weight[:, None, None], bias[:, None, None]
        sums: Float32 = self._inputs(count)[0]
        for layer in range(self.depth):
            across, along = self.factors[layer]
            with np.errstate(all="ignore"):
                pre = np.asarray(w * across * sums + b * along * self.biases[layer], np.float32)
                units = self._activated(pre)
            yield layer, pre, units
            if layer + 1 < self.depth:
                sums = self._product(layer, units)

    def _growth(self, weight: Float32, bias: Float32) -> Steps[Float64]:
        count = self.points
        logs = np.full((self.depth, len(weight)), np.nan)
        alive = np.ones(len(weight), bool)
        fresh = np.float32(1 / math.sqrt(self.width))
        moved: Float32 = self._inputs(count)[1]
        for layer, pre, _ in self._through(count, weight, bias):
            if not ACTIVATIONS[self.activation].bounded:
                alive &= np.isfinite(pre).all(axis=(1, 2))
            yield None
            with np.errstate(all="ignore"):
                moved = self._slopes(pre) * moved
                squares = np.square(moved).sum(axis=2).astype(np.float64)
            lost = ~((squares > 0) & np.isfinite(squares))
            squares[lost] = 0.0
            across = (weight * self.factors[layer][0]).astype(np.float64)
            if layer:
                mean = np.maximum(across**2 * squares.mean(axis=1), STILL)
                logs[layer] = np.where(alive, np.log(mean), np.nan)
            if layer + 1 == self.depth:
                break
            with np.errstate(all="ignore"):
                moved /= np.sqrt(squares)[..., None].astype(np.float32)
            moved[lost] = fresh  # a unit that is not moved says nothing of later layers
            yield None
            moved = self._product(layer, moved)
        settled = logs[1 + (self.depth - 1) // SETTLING :]
        kept = np.where(np.isfinite(settled).any(axis=0), _mean(settled), _mean(logs[1:]))
        return np.exp(kept / 2)

    def _depth_scale(self, weight: Float32, bias: Float32) -> Steps[Float64]:
        one, other = np.triu_indices(PAIRED, 1)
        found = []
        for _, pre, _ in self._through(PAIRED, weight, bias):
            yield None
            with np.errstate(all="ignore"):
                largest = np.abs(pre).max(axis=2, keepdims=True)  # whose square may overflow
                along = pre / np.maximum(largest, np.float32(1e-30))
                along /= np.sqrt(np.square(along).sum(axis=2, keepdims=True))
                apart = np.square(along[:, one] - along[:, other]).sum(axis=2).astype(np.float64)
                found.append(np.nan_to_num(apart - apart.mean(axis=1, keepdims=True)))
        kept = np.array(found[min(SKIPPED, self.depth - 2) :])  # (layers, places, pairs)
        energy = np.square(kept).sum(axis=2)
        floor = energy[-max(1, len(kept) // 4) :].mean(axis=0)
        with np.errstate(all="ignore"):
            late = np.square(np.arange(1.0, len(kept)))[:, None]
            weights = late / (energy[:-1] + FLOORS * floor + ROUNDED)
            top = (weights * (kept[:-1] * kept[1:]).sum(axis=2)).sum(axis=0)
            factor = np.nan_to_num(top / (weights * energy[:-1]).sum(axis=0))
            scale = np.where(factor < 1, -1 / np.log(np.maximum(factor, 1e-30)), ENDLESS)
        return np.clip(scale, NONE, ENDLESS)

    def _activated(self, pre: Float32) -> Float32:
        if self._library is None:
            return np.asarray(activate(self.activation, pre), np.float32)
        return self._library.activate(self.activation, pre)

    def _slopes(self, pre: Float32) -> Float32:
        if self._library is None:
            return np.asarray(derivative(self.activation, pre), np.float32)
        return self._library.differentiate(self.activation, pre)

    def _product(self, layer: int, units: Float32) -> Float32:
        """The products of units of a layer with the next one's weights."""
        shape = units.shape
        flat = np.ascontiguousarray(units).reshape(-1, shape[2])
        if self._library is None:
            with one_thread(), np.errstate(all="ignore"):
                return np.asarray(flat @ self.weights[layer].T, np.float32).reshape(shape)
        out = np.empty_like(flat)
        self._library.dense(self._packed[layer], flat, out)
        return out.reshape(shape)


def _mean(logs: Float64) -> Float64:
    """The mean of each column's finite values; NaN without any."""
    good = np.isfinite(logs)
    count = good.sum(axis=0)
    with np.errstate(all="ignore"):
        return np.asarray(np.where(good, logs, 0.0).sum(axis=0) / np.where(count, count, np.nan))


def _groups(values: Sequence[int], count: int) -> Iterator[list[int]]:
    """Values in groups of `count`."""
    left: Any = iter(values)
    while group := list(islice(left, count)):
        yield group
