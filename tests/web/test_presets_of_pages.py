"""Presets of all kinds give the same networks in web pages and in Python."""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scripts import called

from cppn_gl.engines.fold import first_layer
from cppn_gl.output.web.description import describe
from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.shot import Shot
from cppn_gl.preset.surprise import surprise
from cppn_gl.utils.checks import PresetError

pytestmark = pytest.mark.browser

BODY = """
  const [description, time] = one;
  const { spec, view, clock, normalize } = modules.preset.presetOf(description).at(time);
  const { effective, networkOf } = modules.network;
  const drawn = networkOf(spec);
  const network = await modules.normalize.normalized(drawn, normalize, spec.seed);
  const { unit } = modules.fold.firstLayer(network, view.center, view.extent, clock);
  const layers = network.layers.map((_, k) => effective(network, k));
  const parts = layers.flatMap(({ weight, bias }) => [weight, bias]);
  return {
    given: Boolean(spec.normalized), latent: network.latent, period: network.period,
    activations: layers.map(({ activation }) => activation),
    sums: parts.map(sum), ends: parts.map((array) => array.slice(-40)), unit };
  // A sum of the bits, each times an odd number of its place, modulo 2^32.
  function sum(array) {
    return new Uint32Array(array.buffer, array.byteOffset, array.length).reduce(
      (total, bits, k) => (total + Math.imul(bits, 2 * k + 1)) >>> 0, 0);
  }
"""


def summed(array: Any) -> int:
    """A sum of the bits of float32, each times an odd number of its place, modulo 2^32."""
    bits = np.ascontiguousarray(array).ravel().view(np.uint32).astype(np.uint64)
    return int((bits * (2 * np.arange(len(bits), dtype=np.uint64) + 1)).sum() % 2**32)


def assert_same(found: dict[str, Any], preset: Preset, time: float) -> None:
    """That a page draws a preset's network at a time: its bits, unless it normalises it itself."""
    scene = scene_of(preset, time)
    network = scene.network
    assert found["activations"] == [layer.activation for layer in network.layers]
    assert found["latent"] == list(network.latent)
    assert found["period"] == network.period
    parts = [part for layer in network.layers for part in (layer.weight, layer.bias)]
    if preset.normalize.which == "none" or found["given"]:
        assert found["sums"] == [summed(part) for part in parts]
        folded = first_layer(network, scene.view.center, scene.view.extent, scene.clock)
        assert np.array_equal(found["unit"], folded[:, :4].ravel())
        return
    for mine, part in zip(found["ends"][:2], parts, strict=False):  # deeper ones may be chaotic
        assert np.allclose(mine, part.ravel()[-40:], rtol=1e-4, atol=1e-4 * np.abs(part).max())


def agree(page: Any, presets: Sequence[Preset], times: Sequence[float]) -> int:
    """How many of the presets a page can show; all these have Python's networks."""
    cases = []
    for preset, time in zip(presets, times, strict=True):
        try:
            cases.append((preset, time, describe(Shot(preset, (64, 36), time))))
        except PresetError:
            continue
    found = called(page, BODY, [(description, time) for *_, time, description in cases])
    for (preset, time, _), one in zip(cases, found, strict=True):
        assert_same(one, preset, time)
    return len(cases)


def test_shipped_presets_have_pythons_networks(page: Any) -> None:
    presets = [load_preset(name).replace(**{"show.view": "picture"}) for name in shipped()]
    small = [one for one in presets if not one.learns and sum(map(np.prod, one.spec.shapes)) < 3e5]
    assert agree(page, small, [0.37 * k for k in range(len(small))]) > 20


def test_surprises_have_pythons_networks_with_walks_and_moving_keys(page: Any) -> None:
    pick = random.Random("surprises")
    presets = [surprise(pick.getrandbits(63)) for _ in range(8)]
    changes: list[dict[str, Any]] = [
        {"animation.walk": [pick.getrandbits(63) for _ in range(3)]},
        {"animate.network.weight_scale": [0.3, 2.5], "animate.view.extent": [4.0, 1e-6]},
        {"network.between": [pick.getrandbits(63), 0.3], "network.boost": [[1, 1, 3.3]]},
        {"network.inputs": ["x", "sin_3y", "r", "z1", "cos_t"], "animate.network.depth": [2, 9]},
        {"network.init": "he_normal", "network.omega": 7.0, "view.center": [1e3, -0.1]},
    ]
    presets += [preset.replace(**change) for preset in presets for change in changes]
    times = [pick.uniform(-20, 40) for _ in presets]
    assert agree(page, presets, times) == len(presets)


def test_normalised_surprises_do_so_too(page: Any) -> None:
    pick = random.Random("normalised surprises")
    presets = [
        load_preset("default").replace(
            **{
                "network.seed": pick.getrandbits(63),
                "network.depth": pick.randint(1, 9),
                "network.activation": pick.choice(["tanh", "relu", "sin"]),
                "normalize.which": which,
                "normalize.grid": 9,
                "normalize.shift_spread": 1.0,
                "animation.walk": walk,
            }
        )
        for which in ("hidden", "all")
        for walk in ([], [5, 6])
        for _ in range(3)
    ]
    assert agree(page, presets, [0.7] * len(presets)) == len(presets)
