"""The cache of programs: its keys, its size, and that programs are freed."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from census import Census
from rows import BAKED, COMPUTE, EXACT, FRAGMENT

from cppn_gl.engines.gl import programs as module
from cppn_gl.engines.gl.context import open_context
from cppn_gl.engines.gl.packing import Limits, choose_layout
from cppn_gl.engines.gl.painter import draw_nothing
from cppn_gl.engines.gl.pipeline import ShaderEngine
from cppn_gl.engines.gl.programs import ComputeProgram, FragmentProgram, Program, Programs
from cppn_gl.engines.gl.shader import ShaderError, Structure, structure
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.nn.network import Network
from cppn_gl.utils.resources import resource

pytestmark = pytest.mark.gl

NETWORK = Network.random(depth=3, width=4)
SHADERS = [engine for engine in EXACT.values() if isinstance(engine, ShaderEngine)]


def of(network: Network = NETWORK) -> Structure:
    return structure(network, choose_layout(network, Limits()))


def got(programs: Programs, engine: Any, network: Network = NETWORK) -> Program:
    return programs.get(of(network), engine.pipeline, network)


@pytest.fixture(scope="module")
def context() -> Iterator[Any]:
    ctx = open_context()
    if ctx.version_code < 430:
        ctx.release()
        pytest.skip("needs compute shaders: OpenGL 4.3")
    with ctx:
        yield ctx
        assert ctx.error == "GL_NO_ERROR"
    ctx.release()


@pytest.fixture
def programs(context: Any) -> Iterator[Programs]:
    one = Programs(context, 420, software=True)
    yield one
    one.release()


@pytest.mark.parametrize("engine", SHADERS, ids=str)
def test_each_engine_has_a_program_of_its_own(programs: Programs, engine: Any) -> None:
    first = got(programs, engine)
    assert isinstance(first, ComputeProgram if engine.pipeline.by_compute else FragmentProgram)
    assert got(programs, engine) is first
    assert programs.compiled == len(programs) == 1
    got(programs, FRAGMENT if engine != FRAGMENT else COMPUTE[4])
    assert programs.compiled == len(programs) == 2


@pytest.mark.parametrize("engine", SHADERS, ids=str)
def test_a_program_is_ready_once_it_has_drawn(programs: Programs, engine: Any) -> None:
    planes = Planes(programs.ctx, (8, 4))
    assert not programs.ready(of(), engine.pipeline, NETWORK)
    program = got(programs, engine)
    assert not programs.ready(of(), engine.pipeline, NETWORK)
    draw_nothing(program, planes)
    assert programs.ready(of(), engine.pipeline, NETWORK)
    assert programs.compiled == 1
    planes.release()


def test_numbers_need_no_other_program_unless_baked(programs: Programs) -> None:
    other = Network.random(depth=4, width=3, seed=9, weight_scale=0.1)
    for engine in (FRAGMENT, COMPUTE[4]):
        assert got(programs, engine) is got(programs, engine, other)
    assert got(programs, BAKED) is not got(programs, BAKED, other)


SWAPPED = [Network.random(depth=3, width=4, activation=a) for a in (["sin", "abs"], ["abs", "sin"])]
OTHERS = {
    "weights": Network.random(depth=3, width=4, seed=1),
    "weight scale": Network.random(depth=3, width=4, weight_scale=0.5),
    "bias scale": Network.random(depth=3, width=4, bias_scale=0.5),
    "depth": Network.random(depth=4, width=4),
    "width": Network.random(depth=3, width=3),
    "outputs": Network.random(depth=3, width=4, outputs=1),
    "activation": Network.random(depth=3, width=4, activation="sin"),
    "output activation": Network.random(depth=3, width=4, output_activation="sin"),
}


@pytest.mark.parametrize("change", OTHERS)
def test_a_baked_program_is_of_one_network(programs: Programs, change: str) -> None:
    first = got(programs, BAKED)
    assert got(programs, BAKED, OTHERS[change]) is not first
    assert got(programs, BAKED) is first
    again = Network(NETWORK.drawn, NETWORK.inputs, scales=NETWORK.scales)
    assert got(programs, BAKED, again) is first
    assert first.network is NETWORK  # keeps the network alive


def test_a_baked_program_knows_the_order_of_its_activations(programs: Programs) -> None:
    one, other = SWAPPED
    assert of(one) == of(other)
    assert got(programs, BAKED, one) is not got(programs, BAKED, other)


def test_a_baked_program_does_not_depend_on_the_view(programs: Programs) -> None:
    first = got(programs, BAKED)
    other = Network(NETWORK.drawn, ("t", "z0"), latent=(0.5,), scales=NETWORK.scales)
    assert got(programs, BAKED, other) is first


# The size of the cache.


def test_the_least_recent_is_freed_whatever_its_engine(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs._alive.limit = 3
    census = Census(monkeypatch)
    engines = [FRAGMENT, BAKED, COMPUTE[4], COMPUTE[8]]
    first = [got(programs, engine) for engine in engines[:3]]
    got(programs, FRAGMENT)  # so that it is not the least recent
    got(programs, COMPUTE[8])
    assert len(programs) == 3
    assert programs.compiled == 4
    assert sum(n for kind, n in census.alive().items() if kind != "VertexArray") == 3
    assert got(programs, FRAGMENT) is first[0]
    assert not programs.ready(of(), BAKED.pipeline, NETWORK)
    for engine in engines * 2:
        got(programs, engine)
        assert len(programs) <= 3
    programs.release()
    assert len(programs) == 0
    assert census.alive() == {}


def test_networks_that_were_baked_do_not_pile_up(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs._alive.limit = 2
    census = Census(monkeypatch)
    for seed in range(5):
        got(programs, BAKED, Network.random(depth=2, width=2, seed=seed))
    assert len(programs) == 2
    assert census.alive() == {"Program": 2, "VertexArray": 2}


@pytest.mark.parametrize("engine", [FRAGMENT, COMPUTE[8], BAKED], ids=str)
@pytest.mark.parametrize("wrong", ["float wrong = ;", '#include "none.glsl"'])
def test_a_shader_that_does_not_compile_leaves_nothing_behind(
    context: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: Any, wrong: str
) -> None:
    folder = tmp_path / "shaders"
    shutil.copytree(resource("shaders"), folder)
    color = folder / "color.glsl"
    good = color.read_text("utf-8")
    color.write_text(f"{wrong}\n{good}", "utf-8")
    programs, census = Programs(context, 420, folder), Census(monkeypatch)
    with pytest.raises(ShaderError, match=r"color\.glsl:1?"):
        got(programs, engine)
    assert (len(programs), programs.compiled, census.alive()) == (0, 0, {})
    color.write_text(good, "utf-8")
    got(programs, engine)
    assert len(programs) == 1
    programs.release()
    assert census.alive() == {}


def test_a_processor_reads_two_floats_as_a_double(
    context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: list[str] = []
    source = module.picture_source
    monkeypatch.setattr(
        module,
        "picture_source",
        lambda *a, **k: texts.append(source(*a, **k).text) or source(*a, **k),
    )
    for software in (True, False):
        programs = Programs(context, 420, software=software)
        got(programs, COMPUTE[4])
        programs.release()
    assert ["unpackDouble2x32" in text for text in texts] == [True, False]
