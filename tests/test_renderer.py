"""Pictures tell the truth: against the float64 reference, on every path, in every division."""

import math
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import moderngl
import numpy as np
import pytest
from samples import COUNT, FEATURE_NAMES, sample, size_of, time_of
from truth import MAGENTA, allowed, check_truth, percentile, reference

import cppn_gl.renderer
from cppn_gl import Layer, Network, Preset, Renderer, packing
from cppn_gl.activations import ACTIVATIONS
from cppn_gl.context import ContextError, open_context
from cppn_gl.geometry import sample_jitters
from cppn_gl.network import INITS
from cppn_gl.painter import Drawing, Scene
from cppn_gl.preset import LayersSpec, View
from cppn_gl.shader import ShaderError
from cppn_gl.targets import Planes

gl = pytest.mark.gl


def explicit(*layers: Layer, inputs: tuple[str, ...] = ("x", "y")) -> Preset:
    return Preset(LayersSpec(layers, inputs))


def varying(widths: list[int], activation: str = "sin", seed: int = 0) -> Preset:
    """Explicit layers of varying widths, scaled to keep the signal alive."""
    g = np.random.default_rng(seed)
    layers, fan_in = [], 2
    for rows in [*widths, 3]:
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
@pytest.mark.parametrize(
    ("depth", "width"),
    [(14, 120), (14, 400), (64, 64), (64, 512)],  # 12 blocks; then textures
)
def test_the_largest_networks_are_drawn_to_their_last_layer(
    renderer: Renderer, depth: int, width: int
) -> None:
    names = [name for _ in range(5) for name in ACTIVATIONS]
    preset = Preset().replace(
        depth=depth,
        width=width,
        activation=names[: depth - 1] if depth == 64 else "tanh",
        init="lecun_uniform",  # keeps the signal, and the errors of float32, as they are
        output_activation="sin",
        seed=5,
    )
    assert reference(preset, (8, 3)).std() > 0.01
    check_truth(renderer, preset, (8, 3))


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


# Views.


@gl
@pytest.mark.parametrize("extent", [1e-5, 1e-6])
@pytest.mark.parametrize("center", [(1.3, -0.7), (-12.25, 3.5), (0.0, 0.0), (1e-4, 0.0)])
@pytest.mark.parametrize("inputs", [("x", "y"), ("x", "y", "r"), ("r", "t")], ids="+".join)
def test_a_deep_zoom_stays_sharp(
    renderer: Renderer, extent: float, center: tuple[float, float], inputs: tuple[str, ...]
) -> None:
    # A steep first layer, so that something is to be seen in so small a view.
    network = Network.random(depth=3, width=8, inputs=inputs, seed=2)
    first, *rest = network.layers
    steep = Layer(first.weight / np.float32(extent), first.bias, "sin")
    folded = -(steep.weight[:, :2].astype(float) @ np.array(center))
    kept = steep if "x" not in inputs else Layer(steep.weight, folded % (2 * math.pi), "sin")
    preset = Preset(LayersSpec((kept, *rest), inputs), View(center, extent))
    check_truth(renderer, preset, time=0.5, folded=True)


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
    [View((0.0, 0.0), 1e6), View((1e6, -1e6), 1e6), View((1e6, 1e6), 1e-6), View((-3.0, 1e5), 0.5)],
)
def test_far_views_are_drawn_truly(renderer: Renderer, view: View) -> None:
    preset = Preset(view=view).replace(depth=3, width=6, inputs=["x", "r", "y"], weight_scale=0.3)
    check_truth(renderer, preset)


@gl
def test_a_picture_of_several_regions_is_drawn_truly(renderer: Renderer) -> None:
    check_truth(renderer, Preset().replace(depth=3, width=5), (cppn_gl.renderer.REGION + 35, 1))


@gl
def test_time_moves_what_depends_on_it(renderer: Renderer) -> None:
    preset = Preset().replace(inputs=["x", "y", "t", "cos_t", "sin_t"], speed=0.3, loop=5.0)
    pictures = [renderer.render(preset, size=(8, 8), time=t) for t in (0.0, 1.0, 2.0)]
    assert len({picture.tobytes() for picture in pictures}) == 3
    for time in (0.0, -7.3, 1e4, 123456.75):
        check_truth(renderer, preset, time=time)


# What is not a number.


@gl
@pytest.mark.parametrize("width", [12, 70])
def test_what_overflows_float32_is_magenta(renderer: Renderer, width: int) -> None:
    preset = Preset().replace(
        depth=40, width=width, activation="relu", init="normal", weight_scale=20
    )
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


@gl
@pytest.mark.parametrize("width", [30, 75])
def test_an_infinite_unit_does_no_harm_behind_a_bounded_one(renderer: Renderer, width: int) -> None:
    huge = np.zeros((width, width))
    huge[0, 0] = 1e30
    gathered = np.eye(width)
    gathered[:, 0] = 1
    small = np.full((width, width), 0.01)
    layers = [
        Layer(np.zeros((width, 2)), np.full(width, 1e25), "relu"),
        Layer(huge, np.zeros(width), "relu"),  # unit 0 is infinite
        Layer(gathered, np.zeros(width), "tanh"),
        Layer(small, np.zeros(width), "tanh"),
        Layer(small[:3], np.zeros(3), "sigmoid"),
    ]
    drawn = renderer.render(Network(layers), size=(4, 4), dtype="float32")
    assert np.allclose(
        drawn, 1 / (1 + math.exp(-0.01 * width * math.tanh(0.01 * width))), atol=1e-6
    )


@gl
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_true_over_the_whole_of_float32(renderer: Renderer, name: str) -> None:
    # One row of pixels for each power of two; the activation of x alone, and its float64 twin.
    for extent in (1e-6, 1e-3, 1.0, 8.0, 100.0, 1e4, 1e6):
        network = Network([Layer([[1.0]], [0.0], name)], inputs=("x",))
        preset = Preset(LayersSpec(network.drawn, ("x",)), View(extent=extent))
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


@gl
@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("region", [5, 8, 1])
def test_regions_do_not_show(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch, region: int, samples: int
) -> None:
    preset = Preset().replace(inputs=["x", "y", "r"], center=[0.3, 0.1], seed=1)
    for dtype in ("uint8", "float32"):
        whole = renderer.render(preset, size=(19, 11), dtype=dtype, samples=samples)
        with monkeypatch.context() as patch:
            patch.setattr(cppn_gl.renderer, "REGION", region)
            parts = renderer.render(preset, size=(19, 11), dtype=dtype, samples=samples)
        assert parts.tobytes() == whole.tobytes()


@gl
@pytest.mark.parametrize("samples", [1, 2])
def test_tiles_do_not_show(renderer: Renderer, samples: int) -> None:
    preset = Preset().replace(inputs=["x", "y", "r"], center=[0.3, 0.1], seed=1)
    size = (37, 21)
    whole = renderer.render(preset, size=size, dtype="float32", samples=samples)
    scene = Scene(preset.network(), preset.view, preset.animation.clock(0.0))
    other = Scene(Network.random(seed=9), View(), preset.animation.clock(1.0))
    assert renderer.ctx is not None
    with renderer.ctx:
        renderer.painter._rates.clear()
        renderer.painter._last_rate = 1.0  # so slow that each tile is the smallest
        planes, else_where = (Planes(renderer.ctx, size) for _ in range(2))
        drawing = Drawing(renderer.painter, planes, scene, samples=samples)
        interlude = Drawing(renderer.painter, else_where, other)
        steps = 0
        while not drawing.step(0.0):
            steps += 1
            interlude.step(0.0)
        assert drawing.step(0.0)
        tiles = planes.read()
        planes.release()
        else_where.release()
    assert steps > 3
    assert tiles.tobytes() == whole.tobytes()


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
def test_small_blocks_are_as_true(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renderer.painter, "limits", packing.Limits(16_384, 9))
    for keys in PATHS:
        check_truth(renderer, Preset().replace(**keys), time=0.3)


OLD = """
from test_renderer import PATHS
from truth import check_truth
from cppn_gl import Preset, Renderer
with Renderer("fragment") as renderer:
    print(renderer.info.context.version_code, renderer.painter.programs.version)
    for keys in PATHS[1:4]:
        check_truth(renderer, Preset().replace(**keys), time=0.3)
"""


@gl
def test_a_driver_of_opengl_3_3_draws_as_truly() -> None:
    here = Path(__file__).parent
    overrides = {"MESA_GL_VERSION_OVERRIDE": "3.3", "MESA_GLSL_VERSION_OVERRIDE": "330"}
    paths = [str(here), str(here.parent), os.environ.get("PYTHONPATH", "")]
    env = os.environ | overrides | {"PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run([sys.executable, "-c", OLD], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    if done.stdout.split()[0] != "330":
        pytest.skip(f"a driver of {done.stdout} does not heed Mesa's overrides")
    assert done.stdout.split() == ["330", "330"]


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
        ({"size": (5,)}, "a list of 1 where 2"),
        ({"size": (2**40, 1)}, "is not an integer from 1 to 1048576"),
        ({"time": math.nan}, "nan is not a number"),
        ({"time": math.inf}, "inf is not a number"),
        ({"samples": 0}, "0 is not an integer"),
        ({"samples": 17}, "17 is not an integer"),
        ({"dtype": "uint16"}, "dtype 'uint16' is not"),
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


def test_an_unknown_engine_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean 'fragment'"):
        Renderer("fragmnt")


def test_without_opengl_numpy_draws_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise ContextError("No driver.", "Install one.")

    monkeypatch.setattr(cppn_gl.renderer, "open_context", none)
    with pytest.warns(RuntimeWarning, match=r"drawing with NumPy: No driver\. Install one\."):
        renderer = Renderer()
    assert renderer.info.engine == "numpy"
    assert isinstance(renderer.fallback, ContextError)
    assert renderer.render(Preset(), size=(3, 2)).shape == (2, 3, 3)
    with pytest.raises(ContextError):
        Renderer("fragment")


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
    from cppn_gl.resources import resource

    for file in resource("shaders").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    present, color = tmp_path / "present.frag", tmp_path / "color.glsl"
    good_present, good_color = present.read_text("utf-8"), color.read_text("utf-8")
    with Renderer("fragment", shaders=tmp_path) as renderer:
        expected = renderer.render(Preset(), size=(4, 4)).tobytes()
        color.write_text(good_color + "\nfloat wrong = ;\n", "utf-8")
        line = len(good_color.splitlines()) + 2
        with pytest.raises(ShaderError, match=rf"color\.glsl:{line}: "):
            renderer.reload(Preset().network())
        assert renderer.render(Preset(), size=(4, 4)).tobytes() == expected
        color.write_text(good_color, "utf-8")
        present.write_text(good_present.replace("255.0 * value", "127.0 * value"), "utf-8")
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
    with pytest.raises(ValueError, match="does not lie within 37×23"):
        renderer.render(Preset().replace(depth=3, width=8), (37, 23), part=part)


def test_a_part_of_a_picture_too_large_to_draw_can_be_drawn(renderer: Renderer) -> None:
    part = renderer.render(
        Preset().replace(depth=3, width=8), (1_000_000, 1_000_000), part=(500_000, 500_000, 8, 4)
    )
    assert part.shape == (4, 8, 3)
