"""The first layer and the features of web pages are those of Python."""

import math
import random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scripts import called, spec_of

from cppn_gl.engines.base import Region
from cppn_gl.engines.fold import first_layer
from cppn_gl.engines.gl.packing import _waves
from cppn_gl.nn.features import (
    CHANNELS,
    FEATURES,
    Clock,
    curved,
    features,
    kinds,
    latent_count,
    wave,
)
from cppn_gl.nn.sources import Random

pytestmark = pytest.mark.browser

NAMES = [*(name for name in FEATURES if name not in CHANNELS)]
NAMES += ["z0", "z3", "z63", "sin_2x", "cos_17x", "sin_65536y", "cos_300y"]
SIZES = [(640, 360), (33, 17), (1, 1), (1, 9), (7, 1), (16384, 9000)]


def cases(count: int, name: str) -> list[tuple[Random, dict[str, Any]]]:
    """Networks of one or two layers, and views of them from wide to as deep as is allowed."""
    pick = random.Random(name)
    found = []
    for number in range(count):
        source = Random(
            depth=pick.choice([1, 2]),
            width=pick.choice([1, 5, 40]),
            inputs=tuple(pick.sample(NAMES, pick.randint(1, 9))),
            weight_scale=pick.choice([1.0, 0.3, 1000.0]),
            seed=number,
            period=pick.choice([None, 1.0, 0.37, 1e-3, 1e6]),
        )
        far = 10 ** pick.uniform(-6, 6)
        size = pick.choice(SIZES)
        view = {
            "center": pick.choice([[0.0, 0.0], [pick.uniform(-far, far), pick.uniform(-1, 1)]]),
            "extent": 10 ** pick.uniform(-12, 6),
            "clock": [pick.uniform(-100, 100), pick.uniform(-3, 3), pick.uniform(0.1, 30)],
            "size": size,
            "offset": [pick.randrange(size[0]), pick.randrange(size[1])],
            "jitter": pick.choice([[0.0, 0.0], [0.25, -0.25], [pick.uniform(-0.5, 0.5), 0.1]]),
        }
        found.append((source, view))
    return found


def test_the_folded_layer_has_the_bits_of_python(page: Any) -> None:
    body = """
      const [spec, { center, extent, clock: [time, speed, loop] }] = one;
      const network = modules.network.networkOf(spec);
      return modules.fold.firstLayer(network, center, extent, { time, speed, loop });"""
    both = cases(150, "fold")
    found = called(page, body, [(spec_of(source), view) for source, view in both])
    for (source, view), layer in zip(both, found, strict=True):
        network = source.network()
        wanted = first_layer(network, view["center"], view["extent"], Clock(*view["clock"]))
        assert np.array_equal(layer["unit"], wanted[:, :4].ravel())
        assert layer["columns"] == wanted.shape[1] - 4
        if layer["columns"]:
            assert np.array_equal(layer["more"], wanted[:, 4:].ravel())
        else:
            assert layer["more"] is None


def test_waves_are_in_the_same_fixed_point(page: Any) -> None:
    body = """
      const [spec, { center, extent, size, offset, jitter }] = one;
      const network = modules.network.networkOf(spec);
      return modules.fold.waves(network, center, extent, size, offset, jitter);"""
    both = cases(300, "waves")
    found = called(page, body, [(spec_of(source), view) for source, view in both])
    waving = 0
    for (source, view), block in zip(both, found, strict=True):
        scene = SimpleNamespace(
            network=source.network(),
            view=SimpleNamespace(center=tuple(view["center"]), extent=view["extent"]),
        )
        region = Region.of(view["size"]).cut(view["offset"][0], view["offset"][1], 1, 1)
        wanted = _waves(scene, region, tuple(view["jitter"]))  # type: ignore[arg-type]
        waving += bool(wanted)
        assert block.tobytes() == wanted
    assert waving > 100


def test_features_have_the_bits_of_python(page: Any) -> None:
    pick = random.Random("features")
    x = np.array([0.0, -0.0, 1.0, 0.5, *(pick.uniform(-9, 9) for _ in range(60)), 1e5, -1e6])
    y = x[::-1].copy()
    clocks = [(0.0, 1.0, 12.0), (-3.3, 0.5, 7.0), (1e4, -2.0, 0.3)]
    latent = [k / 7 for k in range(64)]
    body = """
      const [inputs, x, y, [time, speed, loop], latent, period] = one;
      return modules.features.features(inputs, x, y, { time, speed, loop }, latent, period);"""
    sent = [
        (NAMES, x.tolist(), y.tolist(), clock, latent, period)
        for clock in clocks
        for period in (2 * math.pi, 1.0, 0.003)
    ]
    for case, found in zip(sent, called(page, body, sent), strict=True):
        *_, clock, _, period = case
        wanted = features(NAMES, x, y, Clock(*clock), latent, period)
        assert np.array_equal(found, wanted.ravel())


def test_names_are_read_as_python_reads_them(page: Any) -> None:
    names = [
        *NAMES,
        "sin_1x",
        "sin_0x",
        "sin_65537x",
        "cos_99999y",
        "z64",
        "z00",
        "z",
        "sin_x ",
        "",
    ]
    names += ["cos_02x", "tan_x", "z7\n"]
    body = """
      const { curved, kinds, latentCount, wave } = modules.features;
      return [curved([one]), kinds([one]), latentCount([one]), wave(one)];"""
    for name, found in zip(names, called(page, body, names), strict=True):
        of = wave(name)
        numbers = None
        if of is not None:
            numbers = {"axis": of.axis, "harmonic": of.harmonic, "quarter": of.quarter}
            numbers["kind"] = of.kind  # type: ignore[assignment]
        assert found == [[*curved([name])], [*kinds([name])], latent_count([name]), numbers], name
