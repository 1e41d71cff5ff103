"""The networks of web pages are those of Python, to the bit, from the same specs."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripts import big, called, same_bits, spec_of

from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.draws import INITS, MAX_SEED
from cppn_gl.nn.network import Network
from cppn_gl.nn.sources import Random
from cppn_gl.output.web.description import describe
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.checks import PresetError

pytestmark = pytest.mark.browser

once = settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
seeds = st.integers(0, MAX_SEED)
factors = st.sampled_from([0.0, 1.0, 0.1, 30.0]) | st.floats(0, 1000)
inputs = st.lists(
    st.sampled_from(["x", "y", "r", "x2", "xy", "sin_x", "cos_3y", "t", "one", "z0", "z7"]),
    min_size=1,
    max_size=5,
    unique=True,
)


@st.composite
def sources(draw: st.DrawFn) -> Random:
    depth, width = draw(st.integers(1, 6)), draw(st.integers(1, 20))
    outputs = draw(st.sampled_from([1, 3, 4]))
    units = [*[width] * (depth - 1), outputs]
    boosts = st.builds(
        lambda layer, unit, factor: (layer, 1 + unit % units[layer - 1], factor),
        st.integers(1, depth),
        st.integers(0, 19),
        st.floats(-100, 100),
    )
    return Random(
        depth=depth,
        width=width,
        inputs=tuple(draw(inputs)),
        outputs=outputs,
        activation=tuple(draw(st.sampled_from([*ACTIVATIONS])) for _ in range(depth - 1)),
        output_activation=draw(st.sampled_from([*ACTIVATIONS])),
        init=draw(st.sampled_from([*INITS])),
        weight_scale=draw(factors),
        bias_scale=draw(st.none() | factors),
        omega=draw(st.none() | st.floats(-100, 100)),
        seed=draw(seeds),
        between=draw(st.none() | st.tuples(seeds, st.floats(0, 1))),
        latent=draw(st.none() | st.just(tuple(k / 7 for k in range(64)))),
        boost=tuple(draw(st.lists(boosts, max_size=3))),
        period=draw(st.none() | st.floats(1e-3, 100)),
    )


SHOWN = """
  const { effective, networkOf, opaque } = modules.network;
  const shown = (network) => ({
    drawn: network.layers.map(({ weight, bias, activation }) => [weight, bias, activation]),
    layers: network.layers.map((_, k) => effective(network, k)).map((l) => [l.weight, l.bias]),
    scales: network.scales, latent: network.latent, period: network.period,
    outputs: network.outputs, channels: network.channels, inputs: network.inputs,
  });"""


def assert_same(found: dict[str, Any], network: Network) -> None:
    assert len(found["drawn"]) == network.depth
    for (*arrays, name), layer in zip(found["drawn"], network.drawn, strict=True):
        assert name == layer.activation
        assert all(map(same_bits, arrays, (layer.weight, layer.bias)))
    for arrays, layer in zip(found["layers"], network.layers, strict=True):
        assert all(map(same_bits, arrays, (layer.weight, layer.bias)))
    for key in ("inputs", "latent"):
        assert tuple(found[key]) == getattr(network, key)
    assert [tuple(pair) for pair in found["scales"]] == list(network.scales)
    for key in ("period", "outputs", "channels"):
        assert found[key] == getattr(network, key)


@once
@given(st.lists(sources(), min_size=30, max_size=40))
def test_random_networks_have_the_bits_of_python(page: Any, cases: list[Random]) -> None:
    body = SHOWN + "const network = networkOf(one); return [network, opaque(network)].map(shown);"
    for source, found in zip(cases, called(page, body, [*map(spec_of, cases)]), strict=True):
        network = source.network()
        assert_same(found[0], network)
        assert_same(found[1], network.opaque)


def test_given_layers_are_taken_as_they_are(page: Any) -> None:
    body = """
      const layers = [[2, 3, "tanh"], [3, 2, "sin"]].map(([rows, columns, activation], k) => ({
        rows, columns, activation, weight: new Float32Array(6).fill(k + 0.5),
        bias: new Float32Array(rows).fill(k) }));
      const spec = { kind: "given", layers, inputs: ["x", "y", "z1"], latent: null, seed: one,
        boost: [[1, 2, 3]] };
      const { effective, networkOf } = modules.network;
      const network = networkOf(spec);
      return [network.layers.map((_, k) => effective(network, k).weight), network.latent,
        network.outputs, network === networkOf({ ...spec })];"""
    [[weights, latent, outputs, same]] = called(page, body, [big(9)])
    assert weights[0].tolist() == [0.5] * 6
    assert weights[1].tolist() == [1.5, 4.5] * 3
    assert tuple(latent) == Random(inputs=("z1",), seed=9).latents
    assert (outputs, same) == (3, True)


def test_another_scale_makes_no_new_weights(page: Any) -> None:
    body = """
      const { networkOf } = modules.network;
      const networks = [1, 0.5].map((weightScale) => networkOf({ ...one, weightScale }));
      const [a, b] = networks.map(({ layers }) => layers.map(({ weight }) => weight));
      return [a.every((weight, k) => weight === b[k]), networks[0] === networkOf(one),
        networks[0] === networks[1]];"""
    sources = [
        Random(depth=4, width=5, between=between, boost=boost)
        for between in (None, (3, 0.5))
        for boost in ((), ((2, 2, 4.0),))
    ]
    assert called(page, body, [*map(spec_of, sources)]) == [[True, True, False]] * len(sources)


def test_networks_that_are_not_in_use_are_let_go(page: Any) -> None:
    """A walk makes a new network for each picture."""
    body = """
      const cache = new modules.cache.Cache(1000);
      const made = [];
      const get = (key) => cache.get(key, () => made.push(key), () => one);
      ["a", "b", "a", "c", "a", "b"].forEach(get);
      return [made.join(""), cache.held.size, cache.bytes];"""
    found = called(page, body, [300, 400, 2000])
    assert found == [["abc", 3, 900], ["abcb", 2, 800], ["abacab", 0, 0]]


def test_the_table_of_initialisations_is_pythons(page: Any) -> None:
    sources = [Random(depth=3, width=7, init=init, weight_scale=1.3) for init in INITS]
    body = SHOWN + "return shown(networkOf(one)).scales;"
    for source, scales in zip(sources, called(page, body, [*map(spec_of, sources)]), strict=True):
        assert [tuple(pair) for pair in scales] == list(source.network().scales)


def test_activations_in_javascript_are_those_of_python(page: Any) -> None:
    x = np.concatenate([np.linspace(-9, 9, 301), [0.0, 1e-9, -1e-9, 25, -25, 1e30, -1e30]])
    body = """
      const [name, x] = one;
      const { apply } = modules.activations.ACTIVATIONS[name];
      return [Float64Array.from(x, apply), Float64Array.of(Infinity, -Infinity, NaN).map(apply)];"""
    found = called(page, body, [(name, x.tolist()) for name in ACTIVATIONS])
    with np.errstate(all="ignore"):
        for (name, row), (values, ends) in zip(ACTIVATIONS.items(), found, strict=True):
            assert np.allclose(values, row.function(x), rtol=1e-12, atol=1e-14), name
            wanted = row.function(np.array([np.inf, -np.inf, np.nan]))
            assert np.array_equal(ends, wanted, equal_nan=True), name


def test_the_table_of_activations_is_in_pythons_order(page: Any) -> None:
    body = "return Object.entries(modules.activations.ACTIVATIONS);"
    [rows] = called(page, body, [0])
    assert [(name, row["bounded"], tuple(row["span"])) for name, row in rows] == [
        (name, row.bounded, row.span) for name, row in ACTIVATIONS.items()
    ]


def test_an_activation_from_outside_needs_its_javascript(monkeypatch: pytest.MonkeyPatch) -> None:
    tanh = ACTIVATIONS["tanh"]
    monkeypatch.setitem(ACTIVATIONS, "own", dataclasses.replace(tanh, js=""))
    shot = Shot(Preset().replace(activation="own", depth=3))
    with pytest.raises(PresetError, match="a page cannot compute own, which has no JavaScript"):
        describe(shot)
    monkeypatch.setitem(ACTIVATIONS, "own", tanh)
    assert describe(shot)["network"]["activation"] == ["own", "own"]


def test_a_spec_has_all_that_a_random_network_depends_on() -> None:
    other = {"activation", "output_activation", "structure", "kernel", "grid", "blocks"}
    names = {field.name for field in dataclasses.fields(Random)} - other - {"last_layer"}
    camel = {"weight_scale": "weightScale", "bias_scale": "biasScale"}
    assert {camel.get(name, name) for name in names} <= set(spec_of(Random()))
