"""Curved features in layer 1: their changes from the view's centre, on every engine."""

import dataclasses
import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from rows import NAMES
from truth import allowed, check_truth, percentile, reference, wave

from cppn_gl import Preset, Renderer
from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.evaluator import places
from cppn_gl.engines.cpu.native import Native
from cppn_gl.engines.cpu.products import Products
from cppn_gl.engines.fold import changes_of
from cppn_gl.engines.gl import packing
from cppn_gl.nn.features import PRODUCTS, Clock, features
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network
from cppn_gl.nn.sources import Layers
from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.tables import Viewport
from cppn_gl.utils.tasks import at_once

SIZE = (67, 41)
PERIODIC = ["sin_x", "cos_x", "sin_y", "cos_y"]
HARMONICS = ["", *(2**k for k in range(1, 10))]
POSITIONAL = [f"{of}_{k}{axis}" for k in HARMONICS for of in ("sin", "cos") for axis in "xy"]
VIEWS = {  # centre, extent, period
    "near": ((0.3, -0.7), 2.0, 2 * math.pi),
    "deep": ((1000.3, -0.7), 1e-6, 2.0),
    "wide": ((3.0, 4.0), 50.0, 1.0),
    "far": ((-1e6, 2e5), 1e-3, 7.0),
}
NUMBERS = ["sin_x", "cos_3y", "sin_1000x", "cos_65536x"]

CASES = {
    "one": {"inputs": ["sin_x"], "extent": 3.0},
    "basic": {"inputs": PERIODIC, "extent": 5.0},
    "others too": {
        "inputs": ["x", "r", "sin_2x", "cos_3y", "one", "z0", "cos_x", "sin_y", "sin_9y"],
        "extent": 5.0,
        "period": 3.3,
    },
    "thousands of turns": {
        "inputs": ["cos_1000x", "sin_65536y"],
        "extent": 3.0,
        "period": 1.0,
        "center": [12.3, -7.1],
        "weight_scale": 0.3,
    },
    "a square": {"inputs": ["x2"], "extent": 2.0, "center": [-1.0, 0.5]},
    "products": {"inputs": ["xy", "y", "y2", "x2"], "extent": 3.0, "weight_scale": 0.3},
    "the Playground's": {
        "inputs": ["x", "y", "x2", "y2", "xy", "sin_x", "sin_y"],
        "extent": 6.0,
        "weight_scale": 0.2,
    },
    "positional": {"inputs": POSITIONAL, "period": 2.0, "extent": 1.2, "weight_scale": 0.2},
}


@pytest.fixture(scope="module", params=NAMES)
def engine(request: pytest.FixtureRequest, compute_shaders: None) -> Iterator[Renderer]:
    with Renderer(request.param) as one:
        yield one


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("where", VIEWS)
def test_a_change_is_exact_however_far_or_small_the_view(where: str, name: str) -> None:
    center, extent, period = VIEWS[where]
    (found,) = changes_of((name,), center, extent, period)
    u, v = places(np.arange(SIZE[0] * SIZE[1]), SIZE)
    side, axis = min(SIZE), "xy".index(name[-1])
    harmonic = int(name.split("_")[1][:-1] or 1)
    at = (u, v)[axis][:: 7 * SIZE[0] + 3]  # 2 x / side, all of whose digits count
    steps = [Fraction(round(place * side), side) for place in at]
    turns = [
        (Fraction(center[axis]) + Fraction(extent) * step) * harmonic / Fraction(period)
        for step in steps
    ]
    angles = [2 * math.pi * float(a - round(a)) for a in turns]
    expected = np.array([getattr(math, name[:3])(angle) for angle in angles])
    start = wave(name, {"x": center[0], "y": center[1]}, period)
    drawn = found.at(u, v)[:: 7 * SIZE[0] + 3]
    assert found.start == pytest.approx(start, abs=1e-15 + harmonic * 1e-15)
    over = abs(extent * harmonic / period)  # turns
    error = np.abs(drawn - (expected - start)).max()
    assert error < min(4e-7, 8e-7 * math.pi * over) + (over + harmonic) * 4e-15


@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize("where", VIEWS)
def test_a_product_is_exact_however_far_or_small_the_view(where: str, name: str) -> None:
    center, extent, _ = VIEWS[where]
    (found,) = changes_of((name,), center, extent, 1.0)
    one, other = PRODUCTS[name]
    folded = [Fraction(a) for a in (found.start, *found.affine, found.factor)]
    places_ = (a[:: 7 * SIZE[0] + 3] for a in places(np.arange(SIZE[0] * SIZE[1]), SIZE))
    for uv in zip(*places_, strict=True):
        bent = Fraction(uv[one]) * Fraction(uv[other])
        drawn = np.float32(found.at(*map(np.float64, uv)))
        assert abs(Fraction(float(drawn)) - bent) <= abs(bent) / 2**24
        x = [Fraction(c) + Fraction(extent) * Fraction(p) for c, p in zip(center, uv, strict=True)]
        terms = [a * b for a, b in zip(folded, (1, *map(Fraction, uv), bent), strict=True)]
        assert abs(sum(terms) - x[one] * x[other]) <= sum(map(abs, terms)) / 2**51


def passing(names: tuple[str, ...], which: list[int], period: float) -> Network:
    """A network whose outputs are three of its inputs."""
    weight = np.zeros((3, len(names)), np.float32)
    weight[np.arange(3), which] = 1
    return Network([Layer(weight, np.zeros(3), "identity")], names, period=period)


@pytest.mark.native
@pytest.mark.parametrize("where", VIEWS)
def test_the_native_library_has_the_bits_of_numpy(where: str) -> None:
    names = ("r", *PRODUCTS, *NUMBERS, "sin_7y")
    center, extent, period = VIEWS[where]
    view, pixels = Viewport(center, extent), np.arange(SIZE[0] * SIZE[1])
    for which in ([0, 1, 2], [3, 4, 5], [6, 7, 8]):
        network = passing(names, which, period)
        expected = Products(network, view, Clock()).coordinates(pixels, SIZE)
        native = Native(network, view, Clock())
        native._fold[:] = native._fold != 0  # the changes alone, whatever their scale
        native._fold[:, :3] = 0
        native._first = native._library.dense_layer(native._fold, None, "identity")
        drawn = at_once(native.pieces(Region.of(SIZE), lambda: 1e9)).reshape(-1, 3)
        assert np.array_equal(drawn, expected[:, [3 + k for k in which]])


@pytest.mark.gl
@pytest.mark.parametrize("case", CASES)
def test_every_engine_draws_curved_inputs_truly(engine: Renderer, case: str) -> None:
    preset = Preset().replace(depth=3, width=12, **CASES[case])
    assert reference(preset, (9, 5)).std() > 0.01
    check_truth(engine, preset, (33, 17))


@pytest.mark.gl
@pytest.mark.parametrize(
    ("names", "steep"),
    [(("r", "sin_x", "cos_100y", "cos_x"), 3e5), (("xy", "x2", "y", "y2"), 1e3)],
    ids=["waves", "products"],
)
def test_a_deep_zoom_stays_sharp(engine: Renderer, names: tuple[str, ...], steep: float) -> None:
    center, extent = (1234.5, 77.0), 1e-6
    drawn = Network.random(depth=3, width=8, inputs=names, seed=2).layers
    weight = drawn[0].weight * np.float32(steep)  # so that something is to be seen
    start = features(names, *np.array(center)[:, None], Clock())[0]
    first = Layer(weight, -(weight.astype(float) @ start), "sin")
    preset = Preset(Layers((first, *drawn[1:]), names), Viewport(center, extent))
    assert reference(preset, (9, 5)).std() > 0.01
    check_truth(engine, preset, (33, 17), folded=True)


# Tiles.


@pytest.mark.gl
@pytest.mark.parametrize("period", [2.0, 2 * math.pi])
def test_one_period_is_a_tile_without_a_seam(engine: Renderer, period: float) -> None:
    preset = Preset().replace(
        depth=4, width=10, inputs=[*PERIODIC, "sin_3x"], period=period, seed=4
    )
    one = preset.replace(center=[0.4, -0.2], extent=period / 2)
    all_ = preset.replace(center=[0.4, -0.2], extent=3 * period / 2)
    side = 16
    exact = [engine.render(p, (n, n), dtype="float32") for p, n in ((one, side), (all_, 3 * side))]
    assert exact[0].std() > 0.05
    apart = np.abs(np.tile(exact[0], (3, 3, 1)) - exact[1])
    assert apart.max() <= allowed(one)
    eight = [engine.render(p, (n, n)) for p, n in ((one, side), (all_, 3 * side))]
    assert np.abs(np.tile(eight[0], (3, 3, 1)).astype(int) - eight[1]).max() <= 1


@pytest.mark.gl
def test_a_period_further_is_the_same_picture(engine: Renderer) -> None:
    preset = Preset().replace(depth=4, width=10, inputs=PERIODIC, period=0.75, extent=0.5, seed=4)
    here = engine.render(preset.replace(center=[0.25, 0.5]), (33, 17), dtype="float32")
    there = engine.render(preset.replace(center=[0.25 + 12, 0.5 - 75]), (33, 17), dtype="float32")
    assert percentile(here - there) <= allowed(preset)


def test_the_angles_of_a_part_are_those_of_the_whole_picture() -> None:
    preset = Preset().replace(inputs=["sin_17x", "cos_300y"], period=2.0, extent=3.0)
    scene = scene_of(preset)
    size, offset = (7000, 5000), (1024, 333)

    def angles(region: Region) -> tuple[list[int], list[int]]:
        """Those at the first pixel, and the step to the next, as integers of 48 bits."""
        block = packing.frame_block(scene, region)[packing.FRAME.itemsize :]
        rows = np.frombuffer(block, np.uint32)[:8].reshape(2, 4).tolist()
        return [(a << 16) + b for a, b, _, _ in rows], [(c << 16) + d for _, _, c, d in rows]

    whole, steps = angles(Region.of(size))
    part, same = angles(dataclasses.replace(Region.of(size), offset=offset, part=(64, 64)))
    assert steps == same
    assert part == [(a + o * s) % 2**48 for a, o, s in zip(whole, offset, steps, strict=True)]
