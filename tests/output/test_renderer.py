"""Pictures tell the truth: against the float64 reference, on every path, in every division."""

import math
import os
import random
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import moderngl
import numpy as np
import pytest
from rows import EXACT, NAMES
from samples import COUNT, FEATURE_NAMES, sample, size_of, time_of
from seers import seen_by
from threads import at_once
from truth import MAGENTA, allowed, check_truth, percentile, reference

import cppn_gl.output.renderer
from cppn_gl import Layer, Network, Preset, Renderer
from cppn_gl.engines.choosing import Chooser
from cppn_gl.engines.geometry import sample_jitters
from cppn_gl.engines.gl import packing
from cppn_gl.engines.gl.baked import weights
from cppn_gl.engines.gl.context import ContextError, open_context
from cppn_gl.engines.gl.shader import ShaderError
from cppn_gl.engines.gl.stream import pipelined
from cppn_gl.engines.names import AUTO, ENGINES, VARIABLE
from cppn_gl.engines.tuning import Choice
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.draws import INITS
from cppn_gl.nn.sources import Layers
from cppn_gl.preset.preset import PresetError, Viewport
from cppn_gl.preset.show import VIEWS
from cppn_gl.views import ALL

gl = pytest.mark.gl
OTHERS = [one for one in NAMES if one.values[0] not in ("fragment", "numpy")]
SHARE = 5  # pictures of the sample that each of the others draws
MOST_BAKED = 600  # weights; more take seconds to compile


@pytest.fixture(scope="module", params=OTHERS)
def other(request: pytest.FixtureRequest, compute_shaders: None) -> Iterator[Renderer]:
    """A renderer by each engine beside the two that draw all of the sample."""
    with Renderer(request.param) as one:
        assert (one.ctx is None) == EXACT[request.param].on_cpu
        yield one
        if one.ctx is not None:
            with one.ctx:
                assert one.ctx.error == "GL_NO_ERROR"


def engine_of(renderer: Renderer) -> str:
    return renderer.engine_for(Preset().replace(depth=2, width=2)).engine


def share(name: str) -> list[int]:
    """The numbers of the sample that an engine draws, by chance, the same on each run."""
    fitting = []
    for number in random.Random(f"share of {name}").sample(range(COUNT), COUNT):
        network = sample(number).network()
        narrow = network.width <= packing.UNROLLED_WIDTH
        if narrow and (EXACT[name].bakes is False or weights(network) <= MOST_BAKED):
            fitting.append(number)
        if len(fitting) == SHARE:
            break
    return fitting


def explicit(*layers: Layer, inputs: tuple[str, ...] = ("x", "y")) -> Preset:
    return Preset(Layers(layers, inputs))


def varying(widths: list[int], activation: str = "sin", seed: int = 0, outputs: int = 3) -> Preset:
    """Explicit layers of varying widths, scaled to keep the signal alive."""
    g = np.random.default_rng(seed)
    layers, fan_in = [], 2
    for rows in [*widths, outputs]:
        weight = g.normal(size=(rows, fan_in)) * math.sqrt(1.5 / fan_in)
        layers.append(Layer(weight, g.normal(size=rows), activation))
        fan_in = rows
    return explicit(*layers)


# The sample.


def test_the_sample_is_wide() -> None:
    specs = [sample(number).spec for number in range(COUNT)]
    assert {s.output_activation for s in specs} == set(ACTIVATIONS)
    assert {name for s in specs for name in s.hidden_activations} == set(ACTIVATIONS)
    assert {s.activation for s in specs if isinstance(s.activation, str)} == set(ACTIVATIONS)
    assert {s.init for s in specs} == set(INITS)
    assert {name for s in specs for name in s.inputs} == set(FEATURE_NAMES)
    assert {s.outputs for s in specs} == {1, 3}
    assert min(s.depth for s in specs) == 1
    assert max(s.depth for s in specs) == 64
    assert max(s.width for s in specs) > 64
    assert {s.weight_scale for s in specs} >= {0, 1000}
    assert sum(not isinstance(s.activation, str) and s.depth > 3 for s in specs) > 10


@gl
@pytest.mark.parametrize("number", range(COUNT))
def test_a_random_network_is_drawn_truly(renderer: Renderer, number: int) -> None:
    check_truth(renderer, sample(number), size_of(number), time_of(number))


@pytest.mark.parametrize("number", range(COUNT))
def test_numpy_draws_a_random_network_truly(number: int) -> None:
    with Renderer("numpy") as renderer:
        check_truth(renderer, sample(number), size_of(number), time_of(number))


@gl
@pytest.mark.parametrize("turn", range(SHARE))
def test_every_engine_draws_its_share_of_random_networks_truly(other: Renderer, turn: int) -> None:
    number = share(engine_of(other))[turn]
    preset = sample(number)
    assert other.engine_for(preset).engine == engine_of(other)
    check_truth(other, preset, size_of(number), time_of(number))


@gl
@pytest.mark.usefixtures("compute_shaders")
@pytest.mark.parametrize("name", ["compute-8", "compute-16", "baked"])
def test_a_network_too_wide_for_an_engine_is_drawn_by_another(name: str) -> None:
    with Renderer(name) as one:
        preset = Preset().replace(depth=2, width=packing.UNROLLED_WIDTH + 1, weight_scale=0.2)
        assert one.engine_for(preset).engine not in (name, "numpy")
        check_truth(one, preset, (9, 5))


@gl
@pytest.mark.parametrize(
    ("depth", "width"),
    [  # 12 blocks; then textures
        *((14, 120), (64, 64)),
        pytest.param(14, 400, marks=pytest.mark.nightly),
        pytest.param(64, 512, marks=pytest.mark.nightly),
    ],
)
def test_the_largest_networks_are_drawn_to_their_last_layer(
    renderer: Renderer, depth: int, width: int
) -> None:
    names = [name for _ in range(5) for name in ACTIVATIONS]
    preset = Preset().replace(
        depth=depth,
        width=width,
        activation=names[: depth - 1] if width == 64 else "tanh",
        init="lecun_uniform",  # keeps the signal, and the errors of float32, as they are
        output_activation="sin",
        seed=5,
    )
    assert reference(preset, (4, 2)).std() > 0.01
    check_truth(renderer, preset, (4, 2))


@gl
@pytest.mark.parametrize(
    "widths",
    [[1], [3, 31, 1, 8, 32], [33, 2, 36], [70, 5, 101, 64, 66], [65, 1, 1, 65, 90]],
    ids=str,
)
def test_layers_of_varying_widths_are_drawn_truly(renderer: Renderer, widths: list[int]) -> None:
    check_truth(renderer, varying(widths))


@gl
def test_the_exact_figure(renderer: Renderer) -> None:
    preset = explicit(Layer([[0.4, 1.0]], [-0.3], "sigmoid"))
    drawn = renderer.render(preset, size=(64, 32), dtype="float32")
    for j, i in [(0, 0), (0, 63), (31, 0), (15, 31), (16, 40)]:
        x, y = (2 * i + 1 - 64) / 32, (32 - 2 * j - 1) / 32
        expected = 1 / (1 + math.exp(-(0.4 * x + 1.0 * y - 0.3)))
        assert drawn[j, i] == pytest.approx([expected] * 3, abs=2e-7)
    check_truth(renderer, preset)


SHAPES = [
    ([3, 17, 1, 8], 3),  # odd ones, and one that has fewer columns than rows
    ([1], 1),
    ([5, 2, 7], 1),
    ([], 1),
    ([], 3),
    ([33, 2, 4], 3),
]


@gl
@pytest.mark.parametrize(("widths", "outputs"), SHAPES, ids=str)
def test_every_engine_draws_layers_of_varying_widths_truly(
    other: Renderer, widths: list[int], outputs: int
) -> None:
    check_truth(other, varying(widths, outputs=outputs), (33, 17))


@gl
def test_every_engine_draws_every_activation_truly(other: Renderer) -> None:
    names = list(ACTIVATIONS)
    preset = Preset().replace(
        depth=len(names) + 1,
        width=3,
        activation=names,
        init="lecun_uniform",
        output_activation="cos",
        inputs=["x", "r", "t", "y"],
        seed=4,
    )
    assert reference(preset, (32, 18), 0.7).std() > 0.01
    check_truth(other, preset, time=0.7)


@gl
def test_every_engine_draws_what_fragments_show(renderer: Renderer, other: Renderer) -> None:
    preset = Preset().replace(depth=4, width=7, inputs=["x", "y", "r"], extent=3, seed=5)
    pictures = [one.render(preset, (41, 23)).astype(int) for one in (renderer, other)]
    differing = np.abs(pictures[0] - pictures[1])
    assert differing.max() <= 1
    assert (differing > 0).mean() < 0.01
    exact = [one.render(preset, (41, 23), dtype="float32") for one in (renderer, other)]
    assert percentile(exact[0] - exact[1]) <= allowed(preset)


# Views.


def zoomed(extent: float, center: tuple[float, float], inputs: tuple[str, ...]) -> Preset:
    """A steep first layer, so that something is to be seen in so small a view."""
    network = Network.random(depth=3, width=8, inputs=inputs, seed=2)
    first, *rest = network.layers
    steep = Layer(first.weight / np.float32(extent), first.bias, "sin")
    folded = -(steep.weight[:, :2].astype(float) @ np.array(center))
    kept = steep if "x" not in inputs else Layer(steep.weight, folded % (2 * math.pi), "sin")
    return Preset(Layers((kept, *rest), inputs), Viewport(center, extent))


@gl
@pytest.mark.parametrize("extent", [1e-5, 1e-6])
@pytest.mark.parametrize("center", [(1.3, -0.7), (-12.25, 3.5), (0.0, 0.0), (1e-4, 0.0)])
@pytest.mark.parametrize("inputs", [("x", "y"), ("x", "y", "r"), ("r", "t")], ids="+".join)
def test_a_deep_zoom_stays_sharp(
    renderer: Renderer, extent: float, center: tuple[float, float], inputs: tuple[str, ...]
) -> None:
    check_truth(renderer, zoomed(extent, center, inputs), time=0.5, folded=True)


@gl
def test_a_deep_zoom_stays_sharp_by_every_engine(other: Renderer) -> None:
    for inputs in (("x", "y", "r"), ("r", "t")):
        preset = zoomed(1e-6, (1.3, -0.7), inputs)
        check_truth(other, preset, (33, 17), time=0.5, folded=True)


@gl
def test_a_deep_zoom_shows_neighbouring_pixels_apart(renderer: Renderer) -> None:
    # Here float32 coordinates would repeat: 1.3 and 1.3 + 1e-7 are neighbours in float32.
    preset = explicit(Layer([[4e4, 0.0]], [-5.2e4], "identity"), inputs=("x", "y"))
    preset = preset.replace(center=(1.3, 0.0), extent=1e-5)
    row = renderer.render(preset, size=(64, 8), dtype="float32")[0, :, 0].astype(float)
    steps = np.diff(row)
    assert np.allclose(steps, 4e4 * 2e-5 / 8, rtol=0.05)


@gl
@pytest.mark.parametrize(
    "view",
    [
        Viewport((0.0, 0.0), 1e6),
        Viewport((1e6, -1e6), 1e6),
        Viewport((1e6, 1e6), 1e-6),
        Viewport((-3.0, 1e5), 0.5),
    ],
)
def test_far_views_are_drawn_truly(renderer: Renderer, view: Viewport) -> None:
    preset = Preset(view=view).replace(depth=3, width=6, inputs=["x", "r", "y"], weight_scale=0.3)
    check_truth(renderer, preset)


@gl
def test_a_picture_of_several_regions_is_drawn_truly(renderer: Renderer) -> None:
    check_truth(
        renderer, Preset().replace(depth=3, width=5), (cppn_gl.output.renderer.REGION + 35, 1)
    )


@gl
def test_time_moves_what_depends_on_it(renderer: Renderer) -> None:
    preset = Preset().replace(inputs=["x", "y", "t", "cos_t", "sin_t"], speed=0.3, loop=5.0)
    pictures = [renderer.render(preset, size=(8, 8), time=t) for t in (0.0, 1.0, 2.0)]
    assert len({picture.tobytes() for picture in pictures}) == 3
    for time in (0.0, -7.3, 1e4, 123456.75):
        check_truth(renderer, preset, time=time)


# What is not a number.


def overflowing(depth: int, width: int, weight_scale: float) -> Preset:
    return Preset().replace(
        depth=depth, width=width, activation="relu", init="normal", weight_scale=weight_scale
    )


@gl
def test_what_overflows_float32_is_magenta_by_every_engine(other: Renderer) -> None:
    for width in (6, 7):
        preset = overflowing(18, width, 999)
        check_truth(other, preset, (9, 8))  # of which it is a part
        magenta = (other.render(preset, (9, 8)) == [255, 0, 255]).all(axis=-1)
        assert magenta.mean() > 0.3
        assert (other.render(preset, (9, 8), samples=2)[magenta] == [255, 0, 255]).any()


@gl
@pytest.mark.parametrize("activation", ["relu", "abs", "softplus"])
def test_infinity_is_magenta_where_it_is_by_every_engine(other: Renderer, activation: str) -> None:
    layers = [Layer([[1e25, 0]], [0], activation), Layer([[1e30]], [0], "identity")]
    check_truth(other, explicit(*layers), (8, 2))
    assert (other.render(explicit(*layers), (8, 2), dtype="float32")[:, 5:] == MAGENTA).all()


@gl
@pytest.mark.parametrize("width", [4, 5, 7])  # full groups of rows, and some that are filled up
def test_what_fills_a_layer_up_meets_no_infinity(other: Renderer, width: int) -> None:
    preset = explicit(*infinite(width))
    value = 1 / (1 + math.exp(-0.01 * width * math.tanh(0.01 * width)))
    assert np.allclose(other.render(preset, (4, 4), dtype="float32"), value, atol=1e-6)


@gl
@pytest.mark.parametrize("width", [12, 70])
def test_what_overflows_float32_is_magenta(renderer: Renderer, width: int) -> None:
    preset = overflowing(40, width, 20)
    drawn = renderer.render(preset, size=(8, 8), dtype="float32")
    assert (drawn == MAGENTA).all()
    assert (renderer.render(preset, size=(8, 8)) == [255, 0, 255]).all()
    with Renderer("numpy") as other:
        assert (other.render(preset, size=(8, 8), dtype="float32") == MAGENTA).all()


@gl
@pytest.mark.parametrize("activation", ["identity", "relu", "abs", "softplus"])
@pytest.mark.parametrize("output", ["identity", "sin"])
def test_infinity_is_magenta_where_it_is_and_nowhere_else(
    renderer: Renderer, activation: str, output: str
) -> None:
    # 1e25 · x · 1e30 overflows where |x| > 3e-17, but for x < 0 where the activation is 0 there.
    layers = [Layer([[1e25, 0]], [0], activation), Layer([[1e30]], [0], output)]
    check_truth(renderer, explicit(*layers), (8, 2))
    drawn = renderer.render(explicit(*layers), size=(8, 2), dtype="float32")
    assert (drawn[:, 5:] == MAGENTA).all()
    assert (drawn[:, :4] == MAGENTA).all() == (activation in ("identity", "abs"))


def infinite(width: int) -> list[Layer]:
    """A network with one infinite unit, the last, and a bounded layer behind."""
    huge = np.zeros((width, width))
    huge[-1, -1] = 1e30
    gathered = np.eye(width)
    gathered[:, -1] = 1
    small = np.full((width, width), 0.01)
    return [
        Layer(np.zeros((width, 2)), np.full(width, 1e25), "relu"),
        Layer(huge, np.zeros(width), "relu"),  # the last unit is infinite
        Layer(gathered, np.zeros(width), "tanh"),
        Layer(small, np.zeros(width), "tanh"),
        Layer(small[:3], np.zeros(3), "sigmoid"),
    ]


@gl
@pytest.mark.parametrize("width", [29, 30, 75])
def test_an_infinite_unit_does_no_harm_behind_a_bounded_one(renderer: Renderer, width: int) -> None:
    drawn = renderer.render(Network(infinite(width)), size=(4, 4), dtype="float32")
    value = 1 / (1 + math.exp(-0.01 * width * math.tanh(0.01 * width)))
    assert np.allclose(drawn, value, atol=1e-6)


@gl
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_true_over_the_whole_of_float32(renderer: Renderer, name: str) -> None:
    check_activation(renderer, name)


@gl
@pytest.mark.usefixtures("compute_shaders")
def test_activations_of_one_pixel_at_a_time_are_as_true() -> None:
    with Renderer("compute-1") as one:  # a REAL is a float there, and no vec4
        for name in ACTIVATIONS:
            check_activation(one, name)


def check_activation(renderer: Renderer, name: str) -> None:
    """One row of pixels for each power of two; the activation of x alone, and its float64 twin."""
    for extent in (1e-6, 1e-3, 1.0, 8.0, 100.0, 1e4, 1e6):
        network = Network([Layer([[1.0]], [0.0], name)], inputs=("x",))
        preset = Preset(Layers(network.drawn, ("x",)), Viewport(extent=extent))
        drawn = renderer.render(preset, size=(64, 2), dtype="float32")[..., 0].astype(float)
        expected = reference(preset, (64, 2))[..., 0]
        # An error of x in its last places, and one of the value in its last places.
        slope = (
            np.abs(np.gradient(expected[0], 2 * extent / 2)) if name not in ("sin", "cos") else 1
        )
        scale = np.finfo(np.float32).eps
        limit = 4 * scale * (np.abs(expected) + 64 * extent * np.minimum(slope, 1)) + 1e-37
        assert (np.abs(drawn - expected) <= limit).all()


# Samples, regions, tiles.


@gl
@pytest.mark.parametrize("output", ["sigmoid", "identity"])
def test_samples_are_the_mean_of_the_reference_at_subpixel_centres(
    renderer: Renderer, output: str
) -> None:
    preset = Preset().replace(depth=3, width=6, extent=4, output_activation=output, seed=3)
    for n in (2, 3):
        shifts = [(0.5 + right, 0.5 + down) for right, down in sample_jitters(n)]
        mean = np.mean([np.clip(reference(preset, (9, 5), shift=s), 0, 1) for s in shifts], axis=0)
        for engine in (renderer, Renderer("numpy")):
            drawn = engine.render(preset, size=(9, 5), samples=n, dtype="float32")
            assert percentile(drawn - mean) <= allowed(preset)
            in_bytes = engine.render(preset, size=(9, 5), samples=n)
            assert np.abs(in_bytes - np.round(255.0 * drawn)).max() <= 1


def check_regions(one: Renderer, patch: pytest.MonkeyPatch, region: int, samples: int) -> None:
    """Regions do not show."""
    preset = Preset().replace(depth=3, width=6, inputs=["x", "y", "r"], center=[0.3, 0.1], seed=1)
    for dtype in ("uint8", "float32"):
        whole = one.render(preset, size=(19, 11), dtype=dtype, samples=samples)
        with patch.context() as changed:
            changed.setattr(cppn_gl.output.renderer, "REGION", region)
            parts = one.render(preset, size=(19, 11), dtype=dtype, samples=samples)
        assert parts.tobytes() == whole.tobytes()


@gl
@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("region", [5, 8, 1])
def test_regions_do_not_show(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch, region: int, samples: int
) -> None:
    check_regions(renderer, monkeypatch, region, samples)


@gl
@pytest.mark.parametrize("samples", [1, 2])
def test_regions_of_no_engine_show(
    other: Renderer, monkeypatch: pytest.MonkeyPatch, samples: int
) -> None:
    check_regions(other, monkeypatch, 5, samples)


@gl
def test_samples_of_every_engine_are_the_mean_of_the_reference(other: Renderer) -> None:
    preset = Preset().replace(depth=3, width=6, extent=4, output_activation="identity", seed=3)
    shifts = [(0.5 + right, 0.5 + down) for right, down in sample_jitters(3)]
    mean = np.mean([np.clip(reference(preset, (9, 5), shift=s), 0, 1) for s in shifts], axis=0)
    drawn = other.render(preset, size=(9, 5), samples=3, dtype="float32")
    assert percentile(drawn - mean) <= allowed(preset)


@gl
@pytest.mark.parametrize("samples", [1, 2])
def test_a_part_by_any_engine_is_a_cut_from_the_whole(other: Renderer, samples: int) -> None:
    preset = Preset().replace(depth=3, width=6, inputs=["x", "r"])
    whole = other.render(preset, (37, 23), samples=samples)
    for left, top, width, height in ((5, 7, 1, 1), (3, 2, 30, 9), (36, 22, 1, 1)):
        cut = other.render(preset, (37, 23), samples=samples, part=(left, top, width, height))
        assert (cut == whole[top : top + height, left : left + width]).all()


@gl
def test_a_picture_is_the_same_on_every_run(renderer: Renderer) -> None:
    pictures = {renderer.render(Preset(), size=(33, 17)).tobytes() for _ in range(3)}
    with Renderer("fragment") as other:
        pictures.add(other.render(Preset(), size=(33, 17)).tobytes())
    assert len(pictures) == 1


# The other paths.

PATHS = [
    {"depth": 1},
    {"depth": 3, "width": 5, "activation": "sin", "inputs": ["r", "y", "t"]},
    {"depth": 4, "width": 20, "activation": ["cos", "gelu", "atan"]},
    {"depth": 27, "width": 30, "weight_scale": 0.55},  # blocks on 64 KB, a texture on 16 KB
    {"depth": 40, "width": 30, "init": "lecun_normal"},
    {"depth": 3, "width": 70, "activation": "elu", "init": "he_normal"},
]


@gl
def test_the_330_path_is_as_true() -> None:
    with Renderer("fragment", glsl=330) as renderer:
        for keys in PATHS:
            check_truth(renderer, Preset().replace(**keys), time=0.3)


@gl
@pytest.mark.usefixtures("compute_shaders")
def test_compute_shaders_are_as_true_from_any_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    with Renderer("compute-4") as one:
        blocks = set()
        for limits in (one.painter.limits, packing.Limits(16_384, 9)):
            monkeypatch.setattr(one.painter, "limits", limits)
            for keys in PATHS:
                preset = Preset().replace(**keys)
                blocks.add(one.painter.structure(preset.network()).layout.blocks)
                check_truth(one, preset, time=0.3)
        assert {0, 1} < blocks  # a texture, one block, several


@gl
@pytest.mark.usefixtures("compute_shaders")
@pytest.mark.parametrize("name", ["fragment", "compute-8"])
def test_weights_read_as_doubles_give_the_same_pixels(name: str) -> None:
    with Renderer(name) as one, Renderer(name) as other:
        one.painter.programs.software, other.painter.programs.software = True, False
        assert one.info.context is not None
        for keys in PATHS[:4]:
            preset = Preset().replace(**keys)
            pair = [each.render(preset, (33, 9), dtype="float32") for each in (one, other)]
            limit = 0.0 if one.info.context.software else allowed(preset)  # alone reads doubles
            assert percentile(pair[0] - pair[1]) <= limit


@gl
def test_baked_networks_need_no_more_than_glsl_330() -> None:
    with Renderer("baked", glsl=330) as one:
        for keys in PATHS[:2]:
            assert EXACT[one.engine_for(Preset().replace(**keys)).engine].bakes
            check_truth(one, Preset().replace(**keys), time=0.3)


@gl
def test_small_blocks_are_as_true(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renderer.painter, "limits", packing.Limits(16_384, 9))
    for keys in PATHS:
        check_truth(renderer, Preset().replace(**keys), time=0.3)


OLD = """
from test_renderer import PATHS
from threads import at_once
from truth import check_truth
from cppn_gl import Preset, Renderer
from cppn_gl.engines.gl.context import ContextError
with Renderer() as renderer:
    for width in (8, 80):
        preset = Preset().replace(width=width)
        print(renderer.engine_for(preset).engine in ("fragment", "native", "numpy"), end=" ")
for name in ("compute", "compute-8", "tiled", "baked-1"):
    try:
        Renderer(name).release()
    except ContextError as error:
        print(f"The engine {name} needs OpenGL 4.3" in error.message, end=" ")
with Renderer("fragment") as renderer:
    print(renderer.info.context.version_code, renderer.painter.programs.version)
    for keys in PATHS[1:4]:
        check_truth(renderer, Preset().replace(**keys), time=0.3)
"""


@gl
def test_a_driver_of_opengl_3_3_draws_as_truly() -> None:
    here = Path(__file__).parent
    overrides = {"MESA_GL_VERSION_OVERRIDE": "3.3", "MESA_GLSL_VERSION_OVERRIDE": "330"}
    paths = [*map(str, (here, *here.parents[:2])), os.environ.get("PYTHONPATH", "")]
    env = os.environ | overrides | {"PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run([sys.executable, "-c", OLD], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    *said, code, version = done.stdout.split()
    if code != "330":
        pytest.skip(f"a driver of {code} does not heed Mesa's overrides")
    assert version == "330"
    assert said == ["True"] * 6


# Arguments.


@gl
def test_numbers_of_numpy_are_numbers(renderer: Renderer) -> None:
    size = (np.int64(5), np.int32(3))
    drawn = renderer.render(Preset(), size, np.float32(0.5), samples=np.int8(1))
    assert drawn.tobytes() == renderer.render(Preset(), size=(5, 3), time=0.5).tobytes()
    assert renderer.render(Preset(), np.array([5, 3])).shape == (3, 5, 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"size": (0, 0)}, "0 is not an integer from 1"),
        ({"size": (5, -1)}, "-1 is not an integer"),
        ({"size": (5.5, 3)}, "5.5 is not an integer"),
        ({"size": (5,)}, "a list of 1; expected 2"),
        ({"size": (2**40, 1)}, "is not an integer from 1 to 1048576"),
        ({"time": math.nan}, "nan is not a number"),
        ({"time": math.inf}, "inf is not a number"),
        ({"samples": 0}, "0 is neither an integer"),
        ({"samples": 17}, "17 is neither an integer"),
        ({"dtype": "uint32"}, "dtype 'uint32' is not"),
        ({"dtype": np.float32}, "dtype <class"),
    ],
)
@pytest.mark.parametrize("engine", ["numpy", pytest.param("fragment", marks=gl)])
def test_wrong_arguments_are_refused(engine: str, arguments: dict[str, Any], words: str) -> None:
    with Renderer(engine) as renderer, pytest.raises(ValueError, match=words):
        renderer.render(Preset(), **arguments)


@pytest.mark.parametrize("what", ["default", None, Network])
def test_only_presets_and_networks_are_drawn(what: Any) -> None:
    with Renderer("numpy") as renderer, pytest.raises(TypeError, match="a Preset or a Network"):
        renderer.render(what)


def test_a_picture_without_end_is_refused() -> None:
    with Renderer("numpy") as renderer, pytest.raises(ValueError, match="more than 268435456"):
        renderer.render(Preset(), size=(2**20, 2**20))


# Engines.


def test_an_unknown_engine_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean 'fragment'"):
        Renderer("fragmnt")


@gl
@pytest.mark.usefixtures("compute_shaders")
def test_the_environment_may_ask_for_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "compute-8")
    with Renderer() as one:
        assert one.info.engine == "compute-8"
        assert one.engine_for(Preset()).engine == "compute-8"
        assert one.plan(Preset(), 1e15).engine == "compute-8"  # asked for is asked for
    with Renderer("fragment") as one:
        assert one.engine_for(Preset()).engine == "fragment"
    monkeypatch.setenv(VARIABLE, "numpy")
    with Renderer() as one:
        assert one.ctx is None
        assert one.engine_for(Preset()).engine == "numpy"


def test_an_environment_that_asks_for_nonsense_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "nonsense")
    with pytest.raises(PresetError, match=r"^CPPN_GL_ENGINE: no engine 'nonsense'"):
        Renderer()
    with Renderer("numpy") as one:  # which does not look
        assert one.info.engine == "numpy"


def no_opengl() -> None:
    raise ContextError("No driver.", "Install one.")


@pytest.mark.parametrize(
    "engine", [pytest.param("native", marks=pytest.mark.native), pytest.param("numpy")]
)
def test_without_opengl_the_processor_draws_and_says_so(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    if engine == "numpy":
        request.getfixturevalue("without_native")
    monkeypatch.setattr(cppn_gl.output.renderer, "open_context", no_opengl)
    words = rf"drawing with {EXACT[engine].display_name}: No driver\. Install one\."
    with pytest.warns(RuntimeWarning, match=words):
        renderer = Renderer()
    assert renderer.info.engine == engine
    assert isinstance(renderer.fallback, ContextError)
    assert renderer.render(Preset(), size=(3, 2)).shape == (2, 3, 3)
    choice = renderer.engine_for(Preset())
    assert (choice.engine, choice.why) == (engine, "no OpenGL")
    assert renderer.plan(Preset(), 1e15) == renderer.tune(Preset()) == choice
    assert renderer.tuning_path is None
    for name in ("fragment", "compute", "baked", "tiled"):
        with pytest.raises(ContextError):
            Renderer(name)
    monkeypatch.setenv(VARIABLE, "fragment")
    with pytest.raises(ContextError):
        Renderer()


@gl
@pytest.mark.usefixtures("compute_shaders", "without_native")
@pytest.mark.parametrize(
    ("missing", "names"),
    [
        ({"COMPUTE_VERSION": 999}, ["compute", "compute-1", "tiled", "baked-1"]),
        ({"available": lambda ctx: False}, ["tiled"]),
    ],
    ids=["no compute shaders", "too small storage blocks"],
)
def test_an_engine_that_a_driver_does_not_have_is_refused(
    monkeypatch: pytest.MonkeyPatch, missing: dict[str, Any], names: list[str]
) -> None:
    for name, value in missing.items():
        monkeypatch.setattr(f"cppn_gl.engines.gl.painter.{name}", value)
    for name in names:
        with pytest.raises(ContextError, match=f"The engine {name} needs") as found:
            Renderer(name)
        assert (found.value.hint, found.value.argument) == ("Use the engine fragment.", "engine")
    for name in ("auto", "fragment", "baked"):
        with Renderer(name) as one:
            assert one.engine_for(Preset()).engine in ("fragment", "baked", "compute-1")


@gl
@pytest.mark.parametrize("width", [6, 80])
def test_the_first_guess_draws_and_measures_nothing(tuning: Path, width: int) -> None:
    preset = Preset().replace(depth=2, width=width)
    with Renderer() as one:
        assert one.info.engine == AUTO
        assert one.tuning_path == tuning
        choice = one.engine_for(preset)
        assert choice.engine in EXACT
        assert one.plan(preset, 1000).engine == choice.engine  # a short job
        check_truth(one, preset, (9, 5))
    assert not tuning.exists()


@gl
def test_what_was_tuned_draws_from_then_on(tuning: Path) -> None:
    preset = Preset().replace(depth=2, width=3)
    with Renderer() as one:
        choice = one.tune(preset, size=(16, 8))
        assert choice.engine in EXACT
        assert choice.why.startswith("measured here")
        assert one.engine_for(preset) == choice
        check_truth(one, preset, (9, 5))
    assert tuning.exists()
    with Renderer() as again:
        assert again.engine_for(preset) == choice
        assert again.engine_for(preset.network()) == choice
    with Renderer("fragment") as asked:
        assert asked.engine_for(preset).engine == "fragment"


@gl
@pytest.mark.usefixtures("without_native")
def test_a_long_job_measures_and_is_drawn_as_planned(tuning: Path) -> None:
    preset = Preset().replace(depth=2, width=3)
    with Renderer() as one:
        choice = one.plan(preset, 1e15)
        assert one.engine_for(preset).engine == choice.engine
        assert tuning.exists()
        check_truth(one, preset, (9, 5))


@gl
@pytest.mark.parametrize("view", ["units", "curves", "layers", "gradient", "regions"])
def test_engines_are_not_measured_for_a_view_that_does_not_draw_by_them(
    tuning: Path, view: str
) -> None:
    preset = Preset().replace(depth=2, width=3, activation="relu", view=view)
    with Renderer() as one:
        assert one.plan(preset, 1e15) == one.engine_for(preset)
    assert not tuning.exists()


@gl
@pytest.mark.parametrize(("view", "bakes"), [("signal", True), ("sensitivity", False)])
def test_programs_are_baked_for_the_picture_alone(
    tuning: Path, monkeypatch: pytest.MonkeyPatch, view: str, bakes: bool
) -> None:
    asked: list[bool] = []

    def settle(self: Chooser, *args: Any, bakes: bool = True, samples: int = 1) -> Choice:
        asked.append(bakes)
        return self.engine_for(args[0].network)

    monkeypatch.setattr(Chooser, "settle", settle)
    with Renderer() as one:
        one.plan(Preset().replace(depth=2, width=3, view=view), 1e15)
    assert asked == [bakes]


# Lives.


@gl
def test_renderers_can_be_used_by_turns() -> None:
    presets = [Preset().replace(seed=s, depth=d) for s, d in ((1, 3), (2, 5))]
    with Renderer("fragment") as one:
        expected = [one.render(p, size=(9, 7)).tobytes() for p in presets]
        with Renderer("fragment") as two:
            for _ in range(2):
                assert one.render(presets[0], size=(9, 7)).tobytes() == expected[0]
                assert two.render(presets[1], size=(9, 7)).tobytes() == expected[1]
            two.release()
            assert one.render(presets[1], size=(9, 7)).tobytes() == expected[1]


@gl
def test_a_renderer_can_be_used_from_other_threads() -> None:
    expected = [Renderer("numpy").render(Preset().replace(seed=s), size=(9, 7)) for s in range(4)]
    drawn: dict[int, Any] = {}
    with Renderer("fragment") as renderer:

        def draw(seed: int) -> None:
            drawn[seed] = renderer.render(Preset().replace(seed=seed), size=(9, 7))

        draw(0)
        threads = [threading.Thread(target=draw, args=(seed,)) for seed in (1, 2, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        draw(0)
    for seed, picture in enumerate(expected):
        assert np.abs(drawn[seed].astype(int) - picture).max() <= 1


@pytest.mark.parametrize("engine", ["numpy", pytest.param("fragment", marks=gl)])
def test_a_released_renderer_draws_no_more(engine: str) -> None:
    renderer = Renderer(engine)
    renderer.render(Preset(), size=(2, 2))
    renderer.release()
    renderer.release()
    with pytest.raises(RuntimeError, match="this renderer has been released"):
        renderer.render(Preset(), size=(2, 2))


@gl
def test_a_given_context_stays_with_its_owner() -> None:
    ctx: moderngl.Context = open_context()
    with ctx:
        renderer = Renderer(context=ctx)
        renderer.render(Preset(), size=(4, 3))
        renderer.release()
        assert ctx.error == "GL_NO_ERROR"
        assert ctx.buffer(reserve=16).size == 16  # still current, still alive
        with Renderer("numpy", context=ctx) as other:
            assert other.info.engine == "numpy"
            assert other.render(Preset(), size=(4, 3)).shape == (3, 4, 3)
    ctx.release()


@gl
def test_wrong_shaders_are_an_error_with_file_and_line(tmp_path: Path) -> None:
    from cppn_gl.utils.resources import resource

    for file in resource("shaders").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    present, color = tmp_path / "present.frag", tmp_path / "color.glsl"
    pack = tmp_path / "pack.frag"
    good_pack, good_color = pack.read_text("utf-8"), color.read_text("utf-8")
    with Renderer("fragment", shaders=tmp_path) as renderer:
        expected = renderer.render(Preset(), size=(4, 4)).tobytes()
        color.write_text(good_color + "\nfloat wrong = ;\n", "utf-8")
        line = len(good_color.splitlines()) + 2
        with pytest.raises(ShaderError, match=rf"color\.glsl:{line}: "):
            renderer.reload(Preset().network())
        assert renderer.render(Preset(), size=(4, 4)).tobytes() == expected
        color.write_text(good_color, "utf-8")
        pack.write_text(good_pack.replace("255.0 * values", "127.0 * values"), "utf-8")
        renderer.reload(Preset().network())
        assert renderer.render(Preset(), size=(4, 4)).tobytes() != expected
    present.write_text('#include "none.glsl"', "utf-8")
    with pytest.raises(ShaderError, match=r"present\.frag: cannot read none\.glsl"):
        Renderer("fragment", shaders=tmp_path)


@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("part", [(0, 0, 37, 23), (5, 7, 1, 1), (3, 2, 30, 9), (36, 22, 1, 1)])
def test_a_part_is_a_cut_from_the_whole_picture(
    renderer: Renderer, part: tuple[int, int, int, int], samples: int
) -> None:
    left, top, width, height = part
    for one in (renderer, Renderer("numpy")):
        whole = one.render(Preset().replace(depth=3, width=8), (37, 23), samples=samples)
        cut = one.render(Preset().replace(depth=3, width=8), (37, 23), samples=samples, part=part)
        assert (cut == whole[top : top + height, left : left + width]).all()


@pytest.mark.parametrize("part", [(-1, 0, 5, 5), (0, 0, 0, 5), (30, 0, 8, 5), (0, 0, 5, 24)])
def test_a_part_outside_the_picture_is_refused(
    renderer: Renderer, part: tuple[int, int, int, int]
) -> None:
    with pytest.raises(ValueError, match="is not within the 37×23"):
        renderer.render(Preset().replace(depth=3, width=8), (37, 23), part=part)


@gl
def test_a_part_of_other_than_four_numbers_is_refused(renderer: Renderer) -> None:
    with pytest.raises(ValueError, match=r"expected \(left, top, width, height\)"):
        renderer.render(Preset().replace(depth=3, width=8), (37, 23), part=(0, 0, 1))  # type: ignore[arg-type]


def test_a_part_of_a_picture_too_large_to_draw_can_be_drawn(renderer: Renderer) -> None:
    part = renderer.render(
        Preset().replace(depth=3, width=8), (1_000_000, 1_000_000), part=(500_000, 500_000, 8, 4)
    )
    assert part.shape == (4, 8, 3)


# One picture behind the other.


@gl
@pytest.mark.parametrize("engine", ["fragment", "compute", "tiled", "numpy"])
@pytest.mark.parametrize("region", [2048, 16])
def test_a_picture_begun_is_the_picture_rendered(
    engine: str, region: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cppn_gl.output.renderer, "REGION", region)
    preset = Preset().replace(depth=3, width=6, inputs=["x", "y", "t"])
    times, keys = [k / 7 for k in range(4)], {"size": (37, 21), "samples": 2}
    with Renderer(engine) as one:
        expected = [one.render(preset, time=time, **keys) for time in times]
        found = list(pipelined(lambda time: one.begin(preset, time=time, **keys), times))
        if one.ctx is not None:
            assert one.ctx.error == "GL_NO_ERROR"
    assert all(np.array_equal(*pair) for pair in zip(found, expected, strict=True))


# Views.

SEEN = Preset().replace(
    depth=3, width=5, inputs=["x", "y", "t"], activation="relu", seed=3, cols="seed=1:3"
)


@gl
@pytest.mark.parametrize("name", VIEWS)
def test_numpy_draws_a_view_and_asks_for_opengl_only_where_it_is_needed(
    name: str, renderer: Renderer
) -> None:
    preset = seen_by(name, SEEN)
    expected = renderer.render(preset, (64, 36), 0.3).astype(int)
    with Renderer("numpy") as one:
        assert np.abs(one.render(preset, (64, 36), 0.3) - expected).max() <= 1
        assert (one.ctx is None) == ALL[name].on_cpu(ENGINES["numpy"])
        assert (one.info.engine, one.info.context) == ("numpy", None)
        assert one.engine_for(preset).engine == one.plan(preset, 1e15).engine == "numpy"
        picture = one.render(SEEN, (64, 36), 0.3, dtype="float32")  # still by NumPy itself
        with Renderer("numpy") as other:
            assert np.array_equal(picture, other.render(SEEN, (64, 36), 0.3, dtype="float32"))
    assert one.ctx is None


@gl
def test_numpy_draws_views_on_the_context_that_was_given() -> None:
    ctx: moderngl.Context = open_context()
    with ctx:
        with Renderer("numpy", context=ctx) as one:
            assert one.ctx is None
            assert one.render(SEEN.replace(view="gradient"), (9, 7)).std() > 0
            assert one.ctx is ctx
        assert ctx.error == "GL_NO_ERROR"
        assert ctx.buffer(reserve=16).size == 16  # still current, still alive
    ctx.release()


@gl
def test_several_threads_open_one_context_late() -> None:
    preset = SEEN.replace(view="gradient")
    with Renderer("numpy") as one:
        opened, real = [], cppn_gl.output.renderer.open_context
        start = threading.Barrier(3)

        def opening() -> moderngl.Context:
            opened.append(real())
            return opened[-1]

        def draw() -> None:
            start.wait()
            drawn.append(one.render(preset, (9, 7)).tobytes())

        drawn: list[bytes] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cppn_gl.output.renderer, "open_context", opening)
            threads = [threading.Thread(target=draw) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert len(opened) == 1
        assert len(drawn) == 3
        assert len(set(drawn)) == 1


@gl
def test_a_renderer_that_is_released_opens_nothing() -> None:
    one = Renderer("numpy")
    one.release()
    with pytest.raises(RuntimeError, match="has been released"):
        one.render(SEEN.replace(view="gradient"), (9, 7))
    assert one.ctx is None


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("engine", ["auto", "numpy"])
def test_without_opengl_some_views_are_drawn_and_the_others_say_so(
    name: str, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cppn_gl.output.renderer, "open_context", no_opengl)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        one = Renderer(engine)
    preset = seen_by(name, SEEN)
    with one:
        if ALL[name].on_cpu(ENGINES["numpy"]):
            assert one.render(preset, (64, 36), 0.3).std() > 5
            return
        with pytest.raises(ContextError) as refused:
            one.render(preset, (64, 36), 0.3)
        assert "\n" not in str(refused.value)
        assert one.render(SEEN, (9, 7)).std() > 0  # and it goes on


@gl
def test_the_engine_can_be_asked_for_while_opengl_opens_late() -> None:
    drawn = threading.Event()
    with Renderer("numpy") as renderer:

        def draw() -> None:
            try:
                renderer.render(Preset().replace(view="gradient"), (8, 6))
            finally:
                drawn.set()

        def ask() -> None:
            while not drawn.is_set():
                assert renderer.engine_for(Preset()).engine == "numpy"
                assert renderer.tuning_path is None or renderer.tuning_path.is_absolute()

        at_once([draw, ask])


def test_several_threads_release_one_renderer() -> None:
    for _ in range(20):
        renderer = Renderer("numpy")
        at_once([renderer.release] * 4)
