"""Normalised networks of web pages are those of Python, up to the rounding of float32."""

import dataclasses
import random
from typing import Any

import numpy as np
import pytest
from scripts import big, called, same_bits, spec_of

from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.features import Clock
from cppn_gl.nn.network import Network
from cppn_gl.nn.normalize import WHICH, Normalize, normalized
from cppn_gl.nn.sources import Random
from cppn_gl.utils import native

pytestmark = pytest.mark.browser

BODY = """
  const [spec, how, seed] = one;
  const network = modules.network.networkOf(spec);
  const { effective } = modules.network;
  const { normalized } = modules.normalize;
  const found = await normalized(network, how, seed);
  const layers = found.layers.map((_, k) => effective(found, k));
  return {
    layers: layers.map(({ weight, bias }) => [weight, bias]),
    same: found === network,
    again: found === (await normalized(network, how, seed)),
    latent: found.latent, period: found.period, outputs: found.outputs,
  };"""


def how_of(how: Normalize) -> dict[str, Any]:
    """The table as web/preset.js gives it to web/normalize.js."""
    return {
        "which": how.which,
        "regionCenter": how.region_center,
        "regionExtent": how.region_extent,
        "grid": how.grid,
        "gain": how.gain,
        "gainSpread": how.gain_spread,
        "shift": how.shift,
        "shiftSpread": how.shift_spread,
    }


def parameters(network: Network) -> list[Any]:
    return [array for layer in network.layers for array in (layer.weight, layer.bias)]


def assert_close(found: list[Any], wanted: Network, other: Network) -> None:
    """That weights and biases are those wanted, up to what the rounding of float32 makes of them.

    other: the same network, made with activations that are rounded in another way.
    """
    arrays = [array for pair in found for array in pair]
    for mine, one, two in zip(arrays, parameters(wanted), parameters(other), strict=True):
        size, rounding = np.abs(one).max(initial=0), np.abs(one - two).max(initial=0)
        assert np.abs(mine - one.ravel()).max(initial=0) <= 2e-6 * size + 20 * rounding


def both(
    monkeypatch: pytest.MonkeyPatch, network: Network, how: Normalize, seed: int
) -> tuple[Network, Network]:
    """The network normalised with the native library, if there is one, and without."""
    one = normalized(network, how, Clock(), seed)
    with monkeypatch.context() as patch:
        patch.setattr(native, "library", lambda: None)
        return one, normalized(network, how, Clock(), seed)


def test_normalised_networks_are_those_of_python(
    page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pick = random.Random("normalised")
    cases = []
    for number in range(40):
        activation = list(ACTIVATIONS)[number % len(ACTIVATIONS)]
        source = Random(
            depth=pick.choice([1, 2, 3, 4]),
            width=pick.choice([3, 8, 20]),
            inputs=tuple(pick.sample(["x", "y", "r", "t", "cos_t", "z1", "sin_2x", "xy"], 4)),
            activation=activation,
            output_activation=pick.choice(["sigmoid", "tanh", activation]),
            seed=pick.getrandbits(63),
            weight_scale=pick.choice([0.3, 1.0, 2.0]),
        )
        how = Normalize(
            which=pick.choice(WHICH),
            grid=pick.choice([2, 9, 16]),
            region_center=(pick.uniform(-2, 2), 0.3),
            region_extent=pick.uniform(0.1, 3),
            gain=pick.uniform(0.3, 2),
            gain_spread=pick.choice([0.0, 0.4]),
            shift=pick.choice([0.0, -0.5]),
            shift_spread=pick.choice([0.0, 1.0]),
        )
        cases.append((source, how))
    sent = [(spec_of(source), how_of(how), big(source.seed)) for source, how in cases]
    for (source, how), found in zip(cases, called(page, BODY, sent), strict=True):
        network = source.network()
        wanted, other = both(monkeypatch, network, how, source.seed)
        assert (found["same"], found["again"]) == (how.which == "none", True)
        assert found["latent"] == list(wanted.latent)
        assert_close(found["layers"], wanted, other)


def test_units_that_are_constant_keep_their_weights(page: Any) -> None:
    source = Random(depth=2, inputs=("one", "z0"), width=4, seed=3)
    how = Normalize(which="all", grid=4)
    [found] = called(page, BODY, [(spec_of(source), how_of(how), big(3))])
    network = normalized(source.network(), how, Clock(), 3)
    assert same_bits(found["layers"][0][0], network.layers[0].weight)
    assert_close(found["layers"], network, network)


def test_unbounded_networks_do_not_fail(page: Any) -> None:
    source = Random(depth=40, width=5, activation="relu", weight_scale=1000, seed=3)
    how = Normalize(which="all", grid=4, gain=1000)
    [found] = called(page, BODY, [(spec_of(source), how_of(how), big(3))])
    assert all(np.isfinite(array).all() for pair in found["layers"] for array in pair)


def test_deep_wide_ones_are_made_in_slices(page: Any) -> None:
    """A page must go on: the clock is looked at often, and what is no more wanted ends."""
    source = Random(depth=8, width=60, seed=3)
    how = Normalize(which="all", grid=40)
    body = """
      const [spec, how, seed] = one;
      const network = modules.network.networkOf(spec);
      const now = performance.now;
      let looks = 0;
      performance.now = () => 4 * looks++; // 4 ms from each look to the next
      const work = modules.normalize.steps(network, how, seed);
      let slices = 1;
      while (!work.next().done) slices++;
      let asked = 0;
      const stopped = await modules.normalize.normalized(network, how, seed, () => ++asked > 2);
      performance.now = now;
      return [slices, stopped, asked];"""
    sent = (spec_of(source), how_of(how), big(3))
    [[slices, stopped, asked]] = called(page, body, [sent])
    work = 2 * 40 * 40 * sum(map(np.prod, source.shapes))
    assert slices > work / 2e5 / 3  # a few tenths of a millisecond from look to look
    assert (stopped, asked) == (None, 3)


def test_the_weights_that_came_with_the_page_are_taken(page: Any) -> None:
    source = Random(depth=3, width=4, seed=3)
    how = Normalize(which="hidden", grid=4)
    network = normalized(dataclasses.replace(source, seed=8).network(), how, Clock(), 8)
    flat = np.concatenate([array.ravel() for array in parameters(network)])
    body = BODY.replace("networkOf(spec)", "networkOf({ ...spec, normalized: given })")
    body = f"const given = new Float32Array({flat.astype(float).tolist()});" + body
    [found] = called(page, body, [(spec_of(source), how_of(how), big(3))])
    arrays = [array for pair in found["layers"] for array in pair]
    assert all(map(same_bits, arrays, parameters(network)))
