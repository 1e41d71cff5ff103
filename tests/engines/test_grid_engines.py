"""The engines grid and grid-fragment: true pixels, whatever is drawn at once; nothing is left."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from census import Census
from lattices import expected, scene, structured, tolerance
from rows import EXACT, GRIDS, NATIVE

from cppn_gl.engines import coloring
from cppn_gl.engines import grid as geometry
from cppn_gl.engines.base import Device, Engine, Region
from cppn_gl.engines.cpu.grid import GridEvaluator
from cppn_gl.engines.gl import grid_drawing, grid_programs
from cppn_gl.engines.gl.context import open_context
from cppn_gl.engines.gl.grid_programs import GridPrograms
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.shader import ShaderError
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.rates import Rates
from cppn_gl.nn.blocks import check_blocks
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.layers import Node
from cppn_gl.nn.operations import Conv
from cppn_gl.nn.sources import Random
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.resources import resource
from cppn_gl.utils.tasks import at_once, finish, within

pytestmark = pytest.mark.gl

STRUCTURES = ("conv", "nin", "vgg", "inception", "resnet")
BLOCKS = [
    {"type": "conv", "kernel": 5, "dilation": 2, "channels": 7},
    {"type": "conv", "groups": "depthwise", "channels": 14},
    {"type": "normalize", "activation": "relu"},
    {"type": "conv", "kernel": 1, "groups": 2, "channels": 10},
    {"type": "avg_pool", "size": 3},
    {
        "type": "concat",
        "branches": [
            [{"type": "max_pool", "size": 3}],
            [],
            [{"type": "conv", "kernel": 7, "channels": 3}, {"type": "dense", "channels": 6}],
        ],
    },
    {"type": "add", "branches": [[], [{"type": "conv", "channels": 26}], []]},
    {"type": "activation", "activation": "sin"},
]

each = pytest.mark.parametrize("engine", GRIDS, ids=str)


@pytest.fixture(scope="module")
def shared(compute_shaders: None) -> Iterator[Painter]:
    ctx = open_context()
    one = Painter(ctx, 450, software=True)
    yield one
    with ctx:
        one.release()
    ctx.release()


@pytest.fixture
def painter(shared: Painter) -> Iterator[Painter]:
    """A painter whose context is current, and which keeps no outputs."""
    with shared.ctx:
        for engine in GRIDS:
            engine.forget(shared)
        yield shared
        assert shared.ctx.error == "GL_NO_ERROR"


def drawn(
    painter: Painter,
    engine: Engine,
    of: Scene,
    size: tuple[int, int],
    samples: int = 1,
    part: tuple[int, int, int, int] | None = None,
    budget: float = 0.25,
) -> np.ndarray:
    region = Region.of(size, samples).cut(*part or (0, 0, *size))
    planes = Planes(painter.ctx, region.part, of.network.channels)
    task = engine.begin(painter, planes, of, region)
    while not task.step(within(budget)):
        pass
    picture = planes.read()
    planes.release()
    return picture


def check(painter: Painter, engine: Engine, of: Scene, size: tuple[int, int]) -> None:
    wanted, error = expected(of, size)
    assert wanted.std() > 0.01
    found = drawn(painter, engine, of, size)
    low, factor = of.network.alpha_range
    if of.network.outputs == 4:
        wanted[..., 3] = np.clip((wanted[..., 3] - low) * factor, 0, 1)
    assert np.abs(found - wanted).max() <= tolerance(error)


# True.


@each
@pytest.mark.parametrize(
    ("number", "size"), list(enumerate([(12, 13), (27, 24), (37, 36), (29, 25), (24, 25)]))
)
def test_structures_are_drawn_truly(
    painter: Painter, engine: Engine, number: int, size: tuple[int, int]
) -> None:
    keys = {"normalize.which": "hidden"} if number % 2 else {"inputs": ["x", "r", "t", "y", "one"]}
    preset = structured(
        STRUCTURES[number], center=[0.3, -0.2], outputs=(1, 3, 4)[number % 3], **keys
    )
    check(painter, engine, scene(preset.replace(view="picture"), 0.7), size)


@each
@pytest.mark.parametrize("size", [(15, 12), (26, 24)])
def test_blocks_of_every_type_are_drawn_truly(
    painter: Painter, engine: Engine, size: tuple[int, int]
) -> None:
    spec = Random(blocks=check_blocks(BLOCKS), boost=((1, 2, 3.0), (6, 1, -2.0)), grid=12, seed=3)
    check(painter, engine, scene(Preset(spec=spec)), size)


@each
def test_networks_without_neighbours_are_evaluated_at_the_samples(
    painter: Painter, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grid_drawing, "BLOCK", 4096)  # in several parts
    spec = Random(blocks=check_blocks([{"type": "dense", "channels": 9}]), seed=3)
    of = scene(Preset(spec=spec))
    assert of.network.radius == 0
    check(painter, engine, of, (19, 13))
    wanted, error = expected(of, (19, 13), 2)
    wanted = np.clip(wanted, 0, 1).reshape(13, 2, 19, 2, 3).mean(axis=(1, 3))
    assert np.abs(drawn(painter, engine, of, (19, 13), 2) - wanted).max() <= tolerance(error)


@each
def test_each_layer_has_its_activation(painter: Painter, engine: Engine) -> None:
    preset = structured(activation=["sin", "gelu", "elu"], output_activation="abs", width=3)
    check(painter, engine, scene(preset), (14, 12))


@each
def test_more_weights_than_a_block_holds_come_from_a_texture(
    painter: Painter, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grid_programs, "LARGEST_BLOCK", 2048)
    fresh = Painter(painter.ctx, 450, software=True)
    of = scene(structured(width=13))
    check(fresh, engine, of, (14, 12))
    fresh.release()


def test_version_3_30_of_glsl_is_enough_for_fragment_shaders(painter: Painter) -> None:
    old = Painter(painter.ctx, 330)
    check(old, EXACT["grid-fragment"], scene(structured("inception")), (14, 12))
    old.release()


@each
@pytest.mark.parametrize("structure", ["mlp", "conv"])
def test_an_image_is_seen(painter: Painter, engine: Engine, structure: str) -> None:
    inputs = ["red", "green", "blue", "x"]
    of = scene(structured(structure, inputs=inputs, **{"input.image": "chelsea"}))
    wanted = at_once(coloring.paint(Rates(), of, NATIVE, Region.of((18, 12))))
    assert wanted.std() > 0.01
    assert np.abs(drawn(painter, engine, of, (18, 12)) - wanted).max() < 1e-5


@each
def test_far_views_are_as_sharp_as_those_of_the_processor(painter: Painter, engine: Engine) -> None:
    check(painter, engine, scene(structured(center=[300.0, -40.0], extent=1.5)), (9, 7))


@each
@pytest.mark.parametrize("extent", [1e-6, 1e6])
def test_pixels_that_share_no_taps_are_drawn(
    painter: Painter, engine: Engine, extent: float
) -> None:
    of = scene(structured(depth=3, extent=extent))
    steps = GridEvaluator(of.network, of.view, of.clock).outputs(Region.of((9, 7)))
    assert np.abs(drawn(painter, engine, of, (9, 7)) - at_once(steps)).max() < 2e-5


def test_a_place_just_before_a_point_is_not_rounded_up_to_it() -> None:
    before = np.nextafter(0.0, -1.0)  # less -100 it is 100
    (number, rest), _ = grid_drawing._numbered(np.array([before, 2.25]), first=-100)
    assert (number, rest) == (99, 1)


@each
def test_what_is_not_finite_is_magenta_and_does_not_spread(
    painter: Painter, engine: Engine
) -> None:
    weight = np.zeros((3, 2, 1, 1))
    weight[:, 0] = 1e30
    nodes = [
        Node(Conv(weight, np.zeros(3)), "identity", (-1,)),
        Node(Conv(np.full((3, 3, 1, 1), 1e20), np.zeros(3)), "relu", (0,)),
        Node(Conv(np.full((3, 3, 3, 3), 1e20), np.zeros(3)), "relu", (1,)),
    ]
    preset = structured()
    of = Scene(GraphNetwork(nodes, grid=12), preset.view, scene(preset).clock, preset)
    found = drawn(painter, engine, of, (12, 12))
    assert (found[:, 5:] == [1, 0, 1]).all()
    assert not (found[:, :5] == [1, 0, 1]).all(axis=2).any()


# Samples, parts, tiles, steps.


@each
def test_samples_are_means_of_the_reference(painter: Painter, engine: Engine) -> None:
    of = scene(structured("resnet"))
    wanted, error = expected(of, (13, 9), 3)
    wanted = np.clip(wanted, 0, 1).reshape(9, 3, 13, 3, 3).mean(axis=(1, 3))
    assert np.abs(drawn(painter, engine, of, (13, 9), 3) - wanted).max() <= tolerance(error)


@each
def test_tiles_steps_and_parts_do_not_show(
    painter: Painter, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    of, size, samples = scene(structured("inception", depth=3)), (25, 17), 2
    whole = drawn(painter, engine, of, size, samples)
    engine.forget(painter)
    monkeypatch.setattr(geometry, "PIECE", 1)
    painter._rates.clear()
    painter._last = dict.fromkeys(EXACT, 1.0)
    assert drawn(painter, engine, of, size, samples, budget=0.0).tobytes() == whole.tobytes()
    engine.forget(painter)
    monkeypatch.setattr(geometry, "BLOCK", 8192)
    assert drawn(painter, engine, of, size, samples).tobytes() == whole.tobytes()
    engine.forget(painter)
    monkeypatch.setattr(painter, "largest", 16)
    assert drawn(painter, engine, of, size, samples).tobytes() == whole.tobytes()
    engine.forget(painter)
    part = drawn(painter, engine, of, size, samples, part=(5, 3, 18, 7))
    assert part.tobytes() == whole[3:10, 5:23].tobytes()


@each
def test_another_picture_may_be_drawn_between_two_steps(painter: Painter, engine: Engine) -> None:
    scenes = [scene(structured(name)) for name in ("vgg", "inception")]
    alone = [drawn(painter, engine, of, (20, 14)) for of in scenes]
    engine.forget(painter)
    painter._rates.clear()
    painter._last = dict.fromkeys(EXACT, 1.0)
    planes = [Planes(painter.ctx, (20, 14)) for _ in scenes]
    tasks = [
        engine.begin(painter, target, of, Region.of((20, 14)))
        for target, of in zip(planes, scenes, strict=True)
    ]
    while not all(task.done for task in tasks):  # type: ignore[attr-defined]
        for task in tasks:
            task.step(0.0)
    for target, picture in zip(planes, alone, strict=True):
        assert target.read().tobytes() == picture.tobytes()
        target.release()


@each
def test_colours_of_samples_evaluate_the_lattice_once(
    painter: Painter, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = scene(structured("vgg").replace(mapping="lab"))
    count = itertools.count()
    evaluate = grid_drawing.Drawing._evaluate
    monkeypatch.setattr(
        grid_drawing.Drawing, "_evaluate", lambda *a: (next(count), evaluate(*a))[1]
    )
    region = Region.of((23, 17), 2)
    planes = Planes(painter.ctx, region.part)
    finish(coloring.begin(painter, planes, of, engine, region))
    assert next(count) == 1
    wanted = at_once(coloring.paint(Rates(), of, NATIVE, region))
    assert np.abs(planes.read() - wanted).max() < 1e-4
    planes.release()


# Programs and resources.


@each
def test_numbers_compile_nothing_and_weights_are_sent_once(
    painter: Painter, engine: Engine
) -> None:
    programs = painter.shared(GridPrograms, engine.name == "grid")
    preset = structured("vgg", activation="tanh")

    def cost(**keys: Any) -> tuple[int, int]:
        before = programs.compiled, programs.uploads
        drawn(painter, engine, scene(preset.replace(**keys)), (14, 12))
        return programs.compiled - before[0], programs.uploads - before[1]

    cost()
    assert cost() == (0, 0)
    assert cost(extent=2.0, center=[0.1, 0.2]) == (0, 0)
    assert cost(weight_scale=0.7) == (0, 1)
    assert cost(seed=8, depth=6) == (0, 1)


@each
def test_a_program_is_ready_when_it_is_compiled(engine: Engine) -> None:
    ctx = open_context()
    with ctx:
        painter, of = Painter(ctx, 450, software=True), scene(structured("nin"))
        planes = Planes(ctx, (4, 1))
        assert not engine.ready(painter, of.network)
        engine.compile(painter, planes, of)
        assert engine.ready(painter, of.network)
        programs = painter.shared(GridPrograms, engine.name == "grid")
        compiled = programs.compiled
        finish(engine.begin(painter, planes, of, Region.of((4, 1))))
        assert programs.compiled == compiled
        planes.release()
        painter.release()
    ctx.release()


@each
def test_everything_is_freed(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    census = Census(monkeypatch)
    ctx = open_context()
    with ctx:
        painter = Painter(ctx, 450, software=True)
        planes = Planes(ctx, (14, 12))
        presets = [structured(name) for name in ("vgg", "inception")]
        for preset in presets:
            finish(engine.begin(painter, planes, scene(preset), Region.of((14, 12))))
        engine.forget(painter)
        before = census.alive()
        for _ in range(2):  # the same again: nothing is added
            finish(engine.begin(painter, planes, scene(presets[1]), Region.of((14, 12))))
            engine.forget(painter)
        assert census.alive() == before
        painter._last = dict.fromkeys(EXACT, 1.0)
        painter._rates.clear()
        given_up = engine.begin(painter, planes, scene(presets[0]), Region.of((30, 12)))
        for _ in range(12):
            given_up.step(0.0)
        painter.reload(presets[0].network())  # while it draws
        assert not given_up.step(0.0)
        given_up.release()
        painter.release()
        planes.release()
        assert census.alive() == {}
        assert ctx.error == "GL_NO_ERROR"
    ctx.release()


@each
def test_a_wrong_shader_is_told_by_its_line(
    painter: Painter, engine: Engine, tmp_path: Any
) -> None:
    folder = resource("shaders")
    for file in folder.iterdir():
        (tmp_path / file.name).write_text(file.read_text("utf-8"), "utf-8")
    text = (tmp_path / "grid.glsl").read_text("utf-8")
    (tmp_path / "grid.glsl").write_text(text.replace("at -= kernel", "at -= kernels"), "utf-8")
    broken = Painter(painter.ctx, 450, tmp_path, software=True)
    planes = Planes(painter.ctx, (4, 1))
    with pytest.raises(ShaderError, match=r":\d+: .*kernels"):
        engine.compile(broken, planes, scene(structured()))
    planes.release()
    broken.release()


def test_who_draws_what() -> None:
    network, dense = structured().network(), structured("mlp").network()
    compute, fragment = EXACT["grid"], EXACT["grid-fragment"]
    gpu, software = Device(False, True, True), Device(True, True, True)
    old = Device(software=False, compute=False, tiled=False)
    assert compute.problem(network, gpu) == fragment.problem(network, old) == ""
    assert compute.problem(network, old) == "needs OpenGL 4.3"
    assert "neighbours" in compute.problem(dense, gpu)
    best = max(EXACT.values(), key=lambda e: 0 if e.problem(network, gpu) else e.rank(network, gpu))
    assert best is compute
    assert fragment.rank(network, gpu) > 0
    assert compute.rank(network, software) == fragment.rank(network, software) == 0
