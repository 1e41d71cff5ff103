"""The cost of changes: compilations, uploads, cached objects; and that nothing leaks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import moderngl
import pytest
from census import Census
from rows import COMPUTE, FRAGMENT, NUMPY

from cppn_gl import Preset, Renderer
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.programs import MAX_PROGRAMS
from cppn_gl.engines.gl.shader import ShaderError
from cppn_gl.engines.rates import FIRST_RATE, MAX_RATES
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.features import Clock
from cppn_gl.nn.network import Network
from cppn_gl.preset.preset import Viewport
from cppn_gl.preset.scene import Scene

pytestmark = pytest.mark.gl

SIZE = (8, 5)


def compiled_by(renderer: Renderer, *presets: Preset, **options: Any) -> tuple[int, int]:
    """(programs compiled, uploads of weights) for drawing the presets."""
    painter = renderer.painter
    before = painter.programs.compiled, painter.uploads
    for preset in presets:
        renderer.render(preset, size=SIZE, **options)
    return painter.programs.compiled - before[0], painter.uploads - before[1]


START = Preset().replace(depth=4, width=10, inputs=["x", "y", "t", "r", "z0"], activation="sin")


@pytest.fixture
def warm(renderer: Renderer) -> Renderer:
    renderer.render(START, size=SIZE)
    return renderer


@pytest.mark.parametrize(
    "change",
    [
        {"weight_scale": 0.3},
        {"bias_scale": 0.7},
        {"extent": 0.01},
        {"center": [3, -4]},
        {"speed": 5},
        {"loop": 2},
        {"latent": [0.25]},
        {"title": "another"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_numbers_compile_and_send_nothing(warm: Renderer, change: dict[str, Any]) -> None:
    assert compiled_by(warm, START.replace(**change)) == (0, 0)


def test_time_size_and_samples_compile_and_send_nothing(warm: Renderer) -> None:
    assert compiled_by(warm, START, time=3.0) == (0, 0)
    assert compiled_by(warm, START, samples=3) == (0, 0)
    assert compiled_by(warm, START, dtype="float32") == (0, 0)
    before = warm.painter.programs.compiled
    warm.render(START, size=(9, 9))
    assert warm.painter.programs.compiled == before


def test_another_init_of_the_same_distribution_uploads_nothing(warm: Renderer) -> None:
    assert compiled_by(warm, START.replace(init="he_uniform")) == (0, 0)
    assert compiled_by(warm, START.replace(init="normal")) == (0, 1)


def test_a_seed_is_sent_once_and_compiles_nothing(warm: Renderer) -> None:
    seeds = [START.replace(seed=seed) for seed in (1, 2, 3)]
    assert compiled_by(warm, *seeds) == (0, 3)
    assert compiled_by(warm, seeds[-1]) == (0, 0)


@pytest.mark.parametrize("width", [10, 30])
def test_depth_compiles_once_at_most_over_a_wide_range(renderer: Renderer, width: int) -> None:
    preset = Preset().replace(width=width, activation="cos")
    renderer.render(preset.replace(depth=2), size=SIZE)
    compiled, _ = compiled_by(renderer, *(preset.replace(depth=d) for d in range(2, 41)))
    assert compiled <= 1


def test_width_compiles_once_for_four(renderer: Renderer) -> None:
    preset = Preset().replace(depth=3, activation="abs")
    renderer.render(preset.replace(width=13), size=SIZE)
    assert compiled_by(renderer, *(preset.replace(width=w) for w in (14, 15, 16)))[0] == 0


def test_the_programs_alive_are_few(renderer: Renderer) -> None:
    names = list(ACTIVATIONS)
    with current(renderer):
        for k in range(100):
            network = Network.random(depth=2, width=1 + k % 16, activation=names[k % 13])
            renderer.painter.load(Scene(network, Viewport(), Clock()))
            assert len(renderer.painter.programs) <= MAX_PROGRAMS
    assert compiled_by(renderer, START)[0] <= 1


# Other engines.


@pytest.fixture(scope="module")
def computing(compute_shaders: None) -> Iterator[Renderer]:
    with Renderer("compute-8") as one:
        assert one.ctx is not None
        yield one
        with one.ctx:
            assert one.ctx.error == "GL_NO_ERROR"


def test_a_compute_shader_is_as_cheap_to_change(computing: Renderer) -> None:
    computing.render(START, size=SIZE)
    change = START.replace(weight_scale=0.3, extent=0.1, center=[3, -4], speed=5, latent=[0.25])
    assert compiled_by(computing, change, time=3.0) == (0, 0)
    assert compiled_by(computing, START, samples=3, dtype="float32") == (
        1,
        0,
    )  # the additive program
    assert compiled_by(computing, change, samples=2) == (0, 0)
    assert compiled_by(computing, START.replace(seed=3)) == (0, 1)
    assert compiled_by(computing, *(START.replace(depth=d) for d in range(2, 12)))[0] == 0


def test_baking_compiles_for_each_network_and_not_for_the_view() -> None:
    with Renderer("baked") as baking:
        small = START.replace(depth=2, width=3)
        assert compiled_by(baking, small)[0] == 1
        assert compiled_by(baking, small.replace(extent=0.1, speed=5), time=2.0) == (0, 0)
        assert compiled_by(baking, small.replace(seed=2), small.replace(weight_scale=0.5))[0] == 2


@pytest.mark.usefixtures("compute_shaders")
def test_one_upload_serves_all_engines(renderer: Renderer) -> None:
    painter = renderer.painter
    with current(renderer):
        scene = Scene(Network.random(depth=3, width=9, seed=77), Viewport(), Clock())
        before = painter.uploads
        for engine in (FRAGMENT, COMPUTE[4], FRAGMENT, COMPUTE[8]):
            painter.load(scene, engine.pipeline)
        assert painter.uploads == before + 1


# Rates.


def test_a_rate_is_a_low_guess_until_it_is_measured(renderer: Renderer) -> None:
    with current(renderer) as ctx:
        painter = Painter(ctx, 420)
        one, other = (
            engine.rate_key(painter, START.network()) for engine in (FRAGMENT, COMPUTE[4])
        )
        assert painter.rate(one) == FIRST_RATE / 2
        painter.record(one, work=1e9, seconds=1.0)
        assert painter.rate(one) == 1e9
        assert painter.rate(other) == FIRST_RATE / 2  # independent of other engines
        painter.record(one, work=3e9, seconds=1.0)
        assert painter.rate(one) == 2e9
        painter.record(one, work=1e3, seconds=1e-4)  # only call overhead
        assert painter.rate(one) == 2e9
        painter.record(one, work=9e9, seconds=0.0)
        assert painter.rate(one) > 9e9
        painter.release()


def test_rates_do_not_pile_up(renderer: Renderer) -> None:
    with current(renderer) as ctx:
        painter = Painter(ctx, 420)
        for depth in range(1, 500):
            kind: Any = FRAGMENT, depth
            painter.record(kind, 1e9, 1.0)
        assert len(painter._rates) <= MAX_RATES
        assert NUMPY.rate_key(painter, START.network()) == ("numpy", None)
        painter.release()


# Leaks.


def current(renderer: Renderer) -> moderngl.Context:
    assert renderer.ctx is not None
    return renderer.ctx


def test_nothing_leaks(monkeypatch: pytest.MonkeyPatch) -> None:
    census = Census(monkeypatch)
    renderer = Renderer("fragment")
    presets = [START, START.replace(depth=1), START.replace(seed=3), START.replace(width=40)]
    presets.append(START.replace(depth=64, width=64, activation="tanh"))  # a texture
    sizes = [(8, 5), (3, 3), (8, 5), (1, 9)]
    counts = []
    for k in range(60):
        with current(renderer) as ctx:
            assert ctx.error == "GL_NO_ERROR"
        renderer.render(presets[k % 5], size=sizes[k % 4], dtype=("uint8", "float32")[k // 3 % 2])
        if k % 20 == 19:  # the same preset and size
            counts.append(census.alive())
    assert counts[0] == counts[1] == counts[2]
    assert sum(counts[0].values()) < 40
    assert counts[0]["Program"] == 3 + len(
        renderer.painter.programs
    )  # two of present.frag, one of pack.frag
    with current(renderer) as ctx:
        assert ctx.error == "GL_NO_ERROR"
    renderer.release()
    assert census.alive() == {}


@pytest.mark.usefixtures("compute_shaders")
@pytest.mark.parametrize("engine", ["compute-16", "baked", "tiled"])
def test_no_engine_leaks(monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    census, counts = Census(monkeypatch), []
    with Renderer(engine) as renderer:
        small = START.replace(depth=2, width=3)
        for _ in range(3):
            for preset in (small, small.replace(seed=3), small.replace(depth=1)):
                renderer.render(preset, size=SIZE)
                renderer.render(preset, size=(3, 3), samples=2, dtype="float32")
            counts.append(census.alive())
        assert counts[0] == counts[1] == counts[2]
        renderer.reload(small.network())
        renderer.render(small, size=SIZE)
    assert census.alive() == {}


def test_reloading_leaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    census = Census(monkeypatch)
    with Renderer("fragment") as renderer:
        renderer.render(START, size=SIZE)
        before = census.alive()
        for _ in range(3):
            renderer.reload(START.network())
            renderer.render(START, size=SIZE)
        assert census.alive() == before
    assert census.alive() == {}


def test_a_renderer_that_cannot_be_made_leaks_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    census = Census(monkeypatch)
    (tmp_path / "full.vert").write_text("void main() {}", "utf-8")
    (tmp_path / "present.frag").write_text("wrong", "utf-8")
    (tmp_path / "pack.frag").write_text("wrong", "utf-8")
    with pytest.raises(ShaderError, match=r"present\.frag:1"):
        Renderer("fragment", shaders=tmp_path)
    assert census.alive() == {}
