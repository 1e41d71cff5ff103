"""The engine tiled: correct pixels, independent of tiles; no leaks."""

import itertools
import math
from collections.abc import Iterator
from typing import Any

import moderngl
import numpy as np
import pytest
from rows import EXACT, TILED
from samples import sample, size_of, time_of
from truth import MAGENTA, allowed, check_truth, percentile, reference

from cppn_gl.engines.base import Region
from cppn_gl.engines.geometry import sample_jitters
from cppn_gl.engines.gl import tiled_programs
from cppn_gl.engines.gl.context import open_context
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.shader import ShaderError
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.gl.tiled_programs import (
    GROUP_TEXELS,
    TILE_BYTES,
    TiledPrograms,
    available,
    pack,
)
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.sources import Layers
from cppn_gl.preset.preset import Preset, Viewport
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.quantising import quantise
from cppn_gl.utils.resources import resource
from cppn_gl.utils.tasks import finish, within

gl = pytest.mark.gl
SIZE = (37, 23)
WIDE = Preset().replace(depth=3, width=70, inputs=["x", "r", "t"], weight_scale=0.3, seed=1)
WIDE = WIDE.replace(center=[0.3, 0.1], activation=["sin", "gelu"])


class Tiled:
    """A renderer, as the truth wants one, that draws in tiles alone."""

    def __init__(self, ctx: moderngl.Context):
        self.ctx, self.painter = ctx, Painter(ctx, 420)
        self.programs = self.painter.tiled_programs

    def render(
        self, preset: Preset, size: tuple[int, int] = SIZE, time: float = 0.0, **options: Any
    ) -> np.ndarray:
        dtype, part = options.pop("dtype", "uint8"), options.pop("part", (0, 0, *size))
        budget = options.pop("budget", 0.25)
        planes = Planes(self.ctx, part[2:])
        region = Region.of(size, options.pop("samples", 1)).cut(*part)
        drawing = TILED.begin(self.painter, planes, scene(preset, time), region, **options)
        self.steps = 1
        while not drawing.step(within(budget)):
            self.steps += 1
        assert drawing.done
        assert drawing.step(0.0)
        picture = planes.read()
        planes.release()
        return quantise(picture) if dtype == "uint8" else picture

    def release(self) -> None:
        self.painter.release()


def scene(preset: Preset, time: float = 0.0) -> Scene:
    return Scene(preset.network(), preset.view, preset.animation.clock(time))


@pytest.fixture(scope="module")
def tiled() -> Iterator[Tiled]:
    ctx = open_context()
    with ctx:
        if not available(ctx):
            pytest.skip("OpenGL 4.3 is not to be had")
        one = Tiled(ctx)
        yield one
        assert ctx.error == "GL_NO_ERROR"
        one.release()
    ctx.release()


def explicit(*layers: Layer) -> Preset:
    return Preset(Layers(layers, ("x", "y")))


def varying(widths: list[int], activation: str = "sin", outputs: int = 3) -> Preset:
    """Explicit layers of varying widths, scaled to keep the signal alive."""
    g = np.random.default_rng(0)
    shapes = [(rows, columns) for columns, rows in itertools.pairwise([2, *widths, outputs])]
    return explicit(
        *[
            Layer(g.normal(size=s) * math.sqrt(1.5 / s[1]), g.normal(size=s[0]), activation)
            for s in shapes
        ]
    )


# Memory layout.


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("widths", [[], [1], [64], [65, 3, 128]], ids=str)
def test_what_is_packed_reads_back_as_the_draws(widths: list[int], outputs: int) -> None:
    network = varying(widths, outputs=outputs).network()
    packed, parts = pack(network)
    assert len(parts) == max(network.depth - 1, 1)
    for part, layer in zip(parts, network.drawn[1:], strict=bool(widths)):
        assert part.offset % 256 == 0  # the coarsest alignment that a driver may ask for
        columns = packed[part.offset // 4 :][: part.size // 4].reshape(-1, 4 * part.quads)
        rows = len(layer.bias)
        assert np.array_equal(columns[0, :rows], layer.bias)
        assert np.array_equal(columns[1:, :rows], layer.weight.T)
        last = layer is network.drawn[-1]
        filled = columns[:, rows - 1 : rows] if last else 0
        assert (columns[:, rows:] == filled).all()
        assert part.quads == 1 if last else part.quads % 16 == 0


# Comparison with the reference.


@gl
@pytest.mark.parametrize("width", [64, 65, 120, 128])
def test_wide_networks_are_drawn_truly(tiled: Tiled, width: int) -> None:
    preset = WIDE.replace(depth=6, width=width, activation="tanh", init="lecun_normal")
    assert reference(preset, (8, 3), 0.7).std() > 0.01
    check_truth(tiled, preset, SIZE, 0.7)


@gl
@pytest.mark.parametrize(("depth", "width"), [(4, 400), (3, 512), (64, 66)])
def test_the_largest_networks_are_drawn_to_their_last_layer(
    tiled: Tiled, depth: int, width: int
) -> None:
    names = [name for _ in range(5) for name in ACTIVATIONS]
    preset = Preset().replace(
        depth=depth,
        width=width,
        activation=names[: depth - 1] if depth == 64 else "tanh",
        init="lecun_uniform",
        output_activation="sin",
        seed=5,
    )
    assert reference(preset, (8, 3)).std() > 0.01
    check_truth(tiled, preset, (8, 3))


@gl
@pytest.mark.parametrize(
    "widths", [[], [1], [3, 31, 1, 8], [70, 5, 101, 64, 66], [129, 1, 1, 63]], ids=str
)
@pytest.mark.parametrize("outputs", [1, 3])
def test_layers_of_varying_widths_are_drawn_truly(
    tiled: Tiled, widths: list[int], outputs: int
) -> None:
    check_truth(tiled, varying(widths, outputs=outputs), (9, 5))


@gl
@pytest.mark.parametrize("number", range(0, 26, 2))
def test_a_random_network_is_drawn_truly(tiled: Tiled, number: int) -> None:
    check_truth(tiled, sample(number), size_of(number), time_of(number))


@gl
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_drawn_truly(tiled: Tiled, name: str) -> None:
    preset = WIDE.replace(activation=name, output_activation=name, init="glorot_uniform")
    check_truth(tiled, preset, (9, 5), 0.7)


@gl
@pytest.mark.parametrize(
    "view", [Viewport((0.0, 0.0), 1e6), Viewport((1e6, 1e6), 1e-6), Viewport((-3.0, 1e5), 0.5)]
)
def test_far_views_are_drawn_truly(tiled: Tiled, view: Viewport) -> None:
    preset = Preset(view=view).replace(depth=2, width=66, inputs=["x", "r", "y"], weight_scale=0.3)
    check_truth(tiled, preset, (9, 5))


# Values that are not finite.


@gl
def test_what_overflows_float32_is_magenta(tiled: Tiled) -> None:
    preset = Preset().replace(depth=40, width=70, activation="relu", init="normal", weight_scale=20)
    assert (tiled.render(preset, (8, 8), dtype="float32") == MAGENTA).all()
    assert (tiled.render(preset, (8, 8)) == [255, 0, 255]).all()


@gl
@pytest.mark.parametrize("activation", ["identity", "relu", "abs", "softplus"])
@pytest.mark.parametrize("output", ["identity", "sin"])
def test_infinity_is_magenta_where_it_is_and_nowhere_else(
    tiled: Tiled, activation: str, output: str
) -> None:
    # 1e25 · x · 1e30 overflows where |x| > 3e-17, but for x < 0 where the activation is 0 there.
    layers = [Layer([[1e25, 0]], [0], activation), Layer([[1e30]], [0], output)]
    check_truth(tiled, explicit(*layers), (8, 2))
    drawn = tiled.render(explicit(*layers), (8, 2), dtype="float32")
    assert (drawn[:, 5:] == MAGENTA).all()
    assert (drawn[:, :4] == MAGENTA).all() == (activation in ("identity", "abs"))


@gl
@pytest.mark.parametrize("activation", ["relu", "gelu", "softplus", "abs", "leaky_relu", "elu"])
def test_what_is_no_number_in_between_is_magenta(tiled: Tiled, activation: str) -> None:
    # inf - inf in one unit where x > 0; a bounded layer follows, which must not hide it.
    layers = [
        Layer([[1e25, 0]], [0], activation),
        Layer([[1e30], [1e30]], [0, 0], activation),
        Layer([[1, -1], [0, 0]], [0, 0], activation),
        Layer([[0, 1]], [0], "tanh"),
        Layer([[1]], [0], "sigmoid"),
    ]
    check_truth(tiled, explicit(*layers), (8, 2))
    assert (tiled.render(explicit(*layers), (8, 2), dtype="float32")[:, 5:] == MAGENTA).all()


@gl
def test_an_infinite_unit_does_no_harm_behind_a_bounded_one(tiled: Tiled) -> None:
    width = 75  # so that rows and columns are padded
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
    drawn = tiled.render(explicit(*layers), (4, 4), dtype="float32")
    value = 1 / (1 + math.exp(-0.01 * width * math.tanh(0.01 * width)))
    assert np.allclose(drawn, value, atol=1e-6)


# Samples, parts, tiles.


@gl
@pytest.mark.parametrize("output", ["sigmoid", "identity"])
def test_samples_are_the_mean_of_the_reference_at_subpixel_centres(
    tiled: Tiled, output: str
) -> None:
    preset = WIDE.replace(output_activation=output, extent=4)
    shifts = [(0.5 + right, 0.5 + down) for right, down in sample_jitters(2)]
    pictures = [np.clip(reference(preset, (9, 5), shift=s), 0, 1) for s in shifts]
    drawn = tiled.render(preset, (9, 5), samples=2, dtype="float32")
    assert percentile(drawn - np.mean(pictures, axis=0)) <= allowed(preset)


@gl
@pytest.mark.parametrize("samples", [1, 2])
def test_parts_and_tiles_do_not_show(
    tiled: Tiled, monkeypatch: pytest.MonkeyPatch, samples: int
) -> None:
    whole = tiled.render(WIDE, dtype="float32", samples=samples)
    with monkeypatch.context() as patch:  # one after another, as large as is affordable
        patch.setattr("cppn_gl.engines.gl.tiled_drawing.TILE_BYTES", 16 * 70 * GROUP_TEXELS)
        tiles = tiled.render(WIDE, dtype="float32", samples=samples)
    assert tiles.tobytes() == whole.tobytes()
    tiled.painter._rates.clear()
    tiled.painter._last = dict.fromkeys(EXACT, 1.0)  # the smallest tiles
    steps = tiled.render(WIDE, dtype="float32", samples=samples, budget=0.0)
    assert tiled.steps == samples**2 * -(-10 * SIZE[1] // GROUP_TEXELS)
    assert steps.tobytes() == whole.tobytes()
    part = tiled.render(WIDE, dtype="float32", samples=samples, part=(5, 3, 18, 7))
    assert part.tobytes() == whole[3:10, 5:23].tobytes()


@gl
def test_another_picture_may_be_drawn_between_two_steps(tiled: Tiled) -> None:
    other = WIDE.replace(width=90, activation="tanh", outputs=1, extent=3, seed=9)
    expected = [tiled.render(preset, dtype="float32") for preset in (WIDE, other)]
    tiled.painter._rates.clear()
    tiled.painter._last = dict.fromkeys(EXACT, 1.0)
    planes = [Planes(tiled.ctx, SIZE) for _ in range(2)]
    drawings = [
        TILED.begin(tiled.painter, target, scene(preset), Region.of(SIZE))
        for target, preset in zip(planes, (WIDE, other), strict=True)
    ]
    while not all(drawing.done for drawing in drawings):
        for drawing in drawings:
            drawing.step(0.0)
    for target, picture in zip(planes, expected, strict=True):
        assert target.read().tobytes() == picture.tobytes()
        target.release()


# Uploads, compilations, leaks.


@gl
def test_numbers_compile_and_send_nothing(tiled: Tiled) -> None:
    def cost(**keys: Any) -> tuple[int, int]:
        before = tiled.programs.compiled, tiled.programs.uploads
        tiled.render(WIDE.replace(**keys), (4, 4), 1.5)
        return tiled.programs.compiled - before[0], tiled.programs.uploads - before[1]

    tiled.render(WIDE, (4, 4))
    assert cost(weight_scale=0.2) == (0, 0)
    assert cost(extent=5, center=[1, 2], speed=2) == (0, 0)
    assert cost(seed=8) == (0, 1)
    assert cost(width=300) == (0, 1)
    assert cost(depth=5, activation=["gelu", "sin"] * 2, outputs=1) == (0, 1)
    assert cost(activation="sin")[0] <= 2  # layer 1 and hidden layers; the output stays


@gl
def test_no_more_programs_are_kept_than_agreed(
    tiled: Tiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiled_programs, "MAX_KERNELS", 4)
    programs = TiledPrograms(tiled.ctx)
    for name in ("tanh", "sin", "tanh"):
        kernels = programs.load(scene(WIDE.replace(activation=name)))
        assert all(kernel.warm for kernel in kernels)
        assert len(programs) <= 4
    assert programs.compiled == 7
    programs.release()


@gl
def test_everything_is_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    ctx = open_context()
    made: list[Any] = []

    def recording(make: Any) -> Any:
        def made_one(*arguments: Any, **options: Any) -> Any:
            made.append(make(*arguments, **options))
            return made[-1]

        return made_one

    for name in ("buffer", "compute_shader"):
        monkeypatch.setattr(ctx, name, recording(getattr(ctx, name)))
    painter = Painter(ctx, 420)
    planes = Planes(ctx, (5, 3))
    for keys in ({}, {"width": 100}, {"depth": 1, "activation": []}, {"activation": "cos"}):
        finish(TILED.begin(painter, planes, scene(WIDE.replace(**keys)), Region.of((5, 3))))
    painter.release()
    assert len(made) > 10
    assert all(isinstance(one.mglo, moderngl.InvalidObject) for one in made)
    assert ctx.error == "GL_NO_ERROR"
    planes.release()
    painter.release()
    ctx.release()


@gl
def test_a_wrong_shader_is_told_by_its_line(tiled: Tiled, tmp_path: Any) -> None:
    folder = resource("shaders")
    for file in folder.iterdir():
        (tmp_path / file.name).write_text(file.read_text("utf-8"), "utf-8")
    text = (tmp_path / "tiled_first.comp").read_text("utf-8")
    (tmp_path / "tiled_first.comp").write_text(text.replace("locate(", "lost("), "utf-8")
    programs = TiledPrograms(tiled.ctx, tmp_path)
    with pytest.raises(ShaderError, match=r":\d+: .*lost"):
        programs.kernels(WIDE.network())
    programs.release()


def test_an_older_opengl_is_told_apart() -> None:
    class Context:
        version_code = 430
        info = {"GL_MAX_SHADER_STORAGE_BLOCK_SIZE": TILE_BYTES}  # noqa: RUF012

    context: Any = Context()
    assert available(context)
    context.version_code = 420
    assert not available(context)
    context.version_code = 460
    context.info = {"GL_MAX_SHADER_STORAGE_BLOCK_SIZE": TILE_BYTES // 2}
    assert not available(context)
