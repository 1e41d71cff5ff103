"""The engine selected to draw never makes the window wait for a compiler."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from rows import COMPUTE, EACH, EXACT, FRAGMENT, GRIDS, NATIVE, NUMPY
from windowless import windowless

from cppn_gl.engines.base import Engine
from cppn_gl.engines.names import without_opengl
from cppn_gl.engines.tuning import GUESSED, Choice
from cppn_gl.nn.sources import Random
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.network_file import unpacked
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.show import VIEWS, Options, ViewRow
from cppn_gl.preset.tables import TABLES, register
from cppn_gl.utils.checks import integer, key
from cppn_gl.viewer import engine_selector
from cppn_gl.viewer.engine_selector import EngineSelector, Pick
from cppn_gl.viewer.warming import needed
from cppn_gl.views.picture import SAMPLES

pytestmark = pytest.mark.gl

PRESET = Preset(spec=Random(depth=3, width=5, seed=3))
SCENE = scene_of(PRESET)
SIZE = (40, 30)
STAND_IN = Pick(without_opengl(), stand_in=True)


class Helper:
    """A helper that the test controls."""

    def __init__(self, hello: Any):
        self.hello, self.alive, self.number = hello, True, 0
        self.wanted: list[str] = []
        self.said: list[dict[str, Any]] = []

    def want(self, preset: str, size: tuple[int, int]) -> None:
        self.number += 1
        self.wanted.append(preset)

    def answers(self) -> list[dict[str, Any]]:
        said, self.said = self.said, []
        return said

    def close(self) -> None:
        self.alive = False


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with windowless() as one:
        yield one


class Desk:
    """The selector under test, with a controlled helper and compiler."""

    def __init__(self, renderer: Renderer, monkeypatch: pytest.MonkeyPatch):
        self.engine: Engine = FRAGMENT
        self.why = "measured here"
        self.seconds = 0.005  # that a compilation in the window takes
        self.compiled: list[tuple[Engine, int]] = []
        monkeypatch.delenv("MESA_SHADER_CACHE_DISABLE", raising=False)
        monkeypatch.setattr(engine_selector, "Helper", Helper)
        monkeypatch.setattr(engine_selector, "compile_program", self._compile)
        monkeypatch.setattr(
            renderer, "engine_for", lambda network: Choice(str(self.engine), self.why)
        )
        monkeypatch.setattr(renderer.painter.programs, "ready", lambda *args, **keys: True)
        self.engines = EngineSelector(renderer)

    def _compile(self, painter: Any, scene: Any, engine: Engine, samples: int) -> float:
        self.compiled.append((engine, samples))
        return self.seconds

    def start(self) -> None:
        """Start the helper, as after the first picture."""
        self.engines.start()
        self.engines.want(PRESET, SCENE, SIZE)

    def key(self, engine: Engine, samples: int = 1) -> str:
        return engine.program_key(self.engines.painter, SCENE.network, samples)

    @property
    def helper(self) -> Any:
        return self.engines.helper

    def warm(self, engine: Engine, samples: int = 1, seconds: float = 0.3) -> None:
        """The helper has compiled something."""
        self.helper.said.append({"number": 1, "key": self.key(engine, samples), "seconds": seconds})
        self.engines.update()

    def compile(self, samples: int = 1) -> None:
        """Do what the pick says."""
        pick = self.engines.pick(SCENE, samples)
        assert pick.compiles
        self.engines.compile(pick.key, SCENE, pick.engine, samples)


@pytest.fixture
def desk(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(renderer, monkeypatch)


def test_numpy_until_the_helper_has_compiled(desk: Desk) -> None:
    for rest in (False, True):
        assert desk.engines.pick(SCENE, rest=rest) == STAND_IN
    desk.start()
    for rest in (False, True):
        assert desk.engines.pick(SCENE, rest=rest) == STAND_IN
    desk.warm(FRAGMENT)
    assert desk.engines.pick(SCENE) == Pick(FRAGMENT, desk.key(FRAGMENT), compiles=True)
    desk.compile()
    assert desk.engines.pick(SCENE) == Pick(FRAGMENT, desk.key(FRAGMENT))
    assert desk.engines.pick(SCENE, SAMPLES) == STAND_IN  # blended, which is compiled once more


def test_the_fragment_shader_stands_in(desk: Desk) -> None:
    desk.engine = COMPUTE[8]
    desk.start()
    desk.warm(FRAGMENT)
    assert desk.engines.pick(SCENE).engine == FRAGMENT
    assert desk.engines.pick(SCENE).stand_in
    desk.warm(COMPUTE[8])
    desk.compile()
    assert desk.engines.pick(SCENE) == Pick(COMPUTE[8], desk.key(COMPUTE[8]))
    assert desk.engines.pick(SCENE, SAMPLES).stand_in  # which is a program of its own
    desk.warm(COMPUTE[8], SAMPLES)
    desk.compile(SAMPLES)
    key = desk.key(COMPUTE[8], SAMPLES)
    assert desk.engines.pick(SCENE, SAMPLES) == Pick(COMPUTE[8], key)


@pytest.mark.parametrize("engine", [one for one in EACH if not one.values[0].compiles])
def test_what_needs_no_compiler_draws_at_once_without_a_helper(desk: Desk, engine: Engine) -> None:
    desk.engine = engine
    assert desk.engines.pick(SCENE) == Pick(engine)
    desk.start()
    assert desk.engines.pick(SCENE) == Pick(engine)
    assert desk.helper is None
    assert not desk.engines.pending
    assert not desk.engines.prepare(PRESET, SCENE.network)
    assert desk.compiled == []
    assert desk.engines.words(SCENE) == f"{engine.display_name}, measured here"


def test_the_helper_starts_when_something_has_to_be_compiled(desk: Desk) -> None:
    desk.engine = NUMPY
    desk.start()
    surface = PRESET.replace(view="surface")  # which has shaders of its own
    desk.engines.want(surface, scene_of(surface), SIZE)
    assert len(desk.helper.wanted) == 1
    desk.engine = FRAGMENT
    desk.engines.want(PRESET, SCENE, SIZE)
    assert len(desk.helper.wanted) == 2


def test_the_helper_starts_when_engines_have_to_be_measured(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.engine, desk.why = NUMPY, GUESSED
    for candidates, helped in (([NUMPY], False), ([NUMPY, FRAGMENT], True)):
        monkeypatch.setattr(
            desk.engines.renderer.chooser, "candidates", lambda network, c=candidates: c
        )
        desk.start()
        assert (desk.helper is not None) == helped


def test_an_engine_asked_for_that_cannot_draw_a_network_is_replaced(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.engines.cpu = NATIVE
    monkeypatch.setattr(type(NATIVE), "problem", lambda self, network, device: "cannot")
    assert desk.engines.choice(SCENE.network) == Choice("numpy", "native cannot")
    assert desk.engines.pick(SCENE) == Pick(NUMPY)


def test_without_a_cache_on_the_disk_there_is_no_helper(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESA_SHADER_CACHE_DISABLE", "true")
    desk.start()
    assert desk.helper is None
    assert desk.engines.alone
    assert not desk.engines.pending
    assert desk.engines.pick(SCENE) == STAND_IN
    assert desk.engines.pick(SCENE, rest=True).compiles
    desk.engines.want(PRESET, SCENE, (40, 30))
    desk.engines.update()


def test_a_helper_that_ends_is_done_without(desk: Desk) -> None:
    desk.start()
    desk.engines.want(PRESET, SCENE, (40, 30))
    assert desk.engines.pending
    desk.helper.alive = False
    assert not desk.engines.pending
    assert desk.engines.pick(SCENE, rest=True).compiles
    assert desk.engines.pick(SCENE) == STAND_IN


@pytest.mark.parametrize(
    ("here", "there", "serves"),
    [(0.005, 0.3, True), (0.2, 0.3, False), (0.2, 1.0, True), (0.02, 0.01, True)],
)
def test_it_learns_whether_the_helper_is_of_use(
    desk: Desk, here: float, there: float, serves: bool
) -> None:
    desk.start()
    desk.warm(FRAGMENT, seconds=there)
    desk.seconds = here
    desk.compile()
    desk.warm(FRAGMENT, SAMPLES, seconds=there)
    assert desk.engines.alone != serves
    assert desk.engines.pick(SCENE, SAMPLES).compiles == serves
    assert desk.engines.pick(SCENE, SAMPLES, rest=True).compiles


def test_it_asks_once_for_a_structure(desk: Desk) -> None:
    desk.start()
    for preset in (PRESET, PRESET.replace(seed=9), PRESET.replace(weight_scale=0.3)):
        desk.engines.want(preset, scene_of(preset), (40, 30))
    assert len(desk.helper.wanted) == 1
    for preset in (PRESET.replace(width=40), PRESET.replace(activation="sin")):
        desk.engines.want(preset, scene_of(preset), (40, 30))
    assert len(desk.helper.wanted) == 3
    assert desk.engines.pending
    desk.helper.said.append({"number": 2, "done": True})  # an older one
    desk.engines.update()
    assert desk.engines.pending
    desk.helper.said.append({"number": 3, "done": True})
    desk.engines.update()
    assert not desk.engines.pending


def test_at_rest_one_program_at_a_time(desk: Desk) -> None:
    desk.engine = COMPUTE[4]
    desk.start()
    assert not desk.engines.prepare(PRESET, SCENE.network)  # the helper is at it
    desk.warm(FRAGMENT)
    desk.warm(COMPUTE[4])
    while desk.engines.prepare(PRESET, SCENE.network):
        pass
    assert desk.compiled == [(FRAGMENT, 1), (COMPUTE[4], 1)]
    desk.compiled.clear()
    desk.helper.alive = False
    desk.engines.prepare(PRESET.replace(width=60), scene_of(PRESET.replace(width=60)).network)
    assert desk.compiled == [(FRAGMENT, 1)]


def test_a_mistake_in_a_shader_is_told(desk: Desk) -> None:
    desk.start()
    desk.helper.said.append({"number": 1, "error": "rows.glsl:3: wrong"})
    desk.engines.update()
    assert desk.engines.problem == "rows.glsl:3: wrong"
    desk.warm(FRAGMENT)
    desk.compile()
    first = desk.helper
    desk.engines.forget()
    desk.engines.want(PRESET, SCENE, SIZE)
    assert desk.engines.problem == ""
    assert desk.engines.pick(SCENE) == STAND_IN
    assert desk.helper is not first
    assert not first.alive


def test_words(desk: Desk) -> None:
    desk.engine = COMPUTE[8]
    desk.start()
    assert (
        desk.engines.words(SCENE)
        == f"{STAND_IN.engine.display_name} for now: compute-8 is being compiled"
    )
    desk.warm(FRAGMENT)
    assert desk.engines.words(SCENE) == "fragment for now: compute-8 is being compiled"
    desk.warm(COMPUTE[8])
    assert desk.engines.words(SCENE) == "compute-8, measured here"
    desk.engines.forget()
    desk.start()
    desk.helper.alive = False
    assert desk.engines.words(SCENE).endswith("compute-8 compiles when idle")
    desk.engines.cpu = NUMPY
    assert desk.engines.words(SCENE) == "NumPy, requested"


def test_what_a_preset_needs(desk: Desk) -> None:
    renderer = desk.engines.renderer
    found = [(engine, samples) for _, engine, samples in needed(renderer, PRESET)]
    assert found == [(FRAGMENT, 1), (FRAGMENT, SAMPLES), (FRAGMENT, 1)]
    assert [scene.network.depth for scene, _, _ in needed(renderer, PRESET)][-1] == 64
    desk.engine = COMPUTE[8]
    found = [(engine, samples) for _, engine, samples in needed(renderer, PRESET, deeper=False)]
    assert found == [(FRAGMENT, 1), (COMPUTE[8], 1), (COMPUTE[8], SAMPLES)]
    desk.engine = NUMPY
    assert list(needed(renderer, PRESET)) == []


@pytest.mark.parametrize("engine", GRIDS, ids=str)
def test_what_a_structured_preset_needs(desk: Desk, engine: Engine) -> None:
    preset = PRESET.replace(structure="conv", grid=16)
    network = preset.network()
    desk.engine = engine
    found = list(needed(desk.engines.renderer, preset))
    assert [(of, samples) for _, of, samples in found] == [(engine, 1), (engine, 2)]
    assert desk.engines.pick_for(network) == Pick(without_opengl(network), stand_in=True)
    deeper = preset.replace(depth=5, seed=4, width=7).network()
    keys = {engine.program_key(desk.engines.painter, each) for each in (network, deeper)}
    assert len(keys) == 1
    other = preset.replace(activation="sin").network()
    assert engine.program_key(desk.engines.painter, other) not in keys


def test_each_program_has_a_key_of_its_own(desk: Desk) -> None:
    painter = desk.engines.painter
    presets = [PRESET, PRESET.replace(width=40), PRESET.replace(activation="sin")]
    networks = [preset.network() for preset in presets]
    engines = [e for e in EXACT.values() if e not in GRIDS and e.bakes is False]
    keys = [engine.program_key(painter, network) for network in networks for engine in engines]
    assert len(set(keys)) == len(keys)
    other = PRESET.replace(seed=4, weight_scale=0.2).network()
    assert FRAGMENT.program_key(painter, other) == keys[0]
    baked = EXACT["baked"]
    assert baked.program_key(painter, other) != baked.program_key(painter, networks[0])
    assert FRAGMENT.program_key(painter, other, SAMPLES) != keys[0]


def test_the_helper_hears_nothing_of_views_that_it_does_not_know(desk: Desk) -> None:
    @dataclasses.dataclass(frozen=True)
    class Own(Options):
        size: int = key(1, integer(0, 9), "a size", step=1)

    desk.start()
    shown = Preset().replace(depth=3, **{"volume.opacity": 8})
    desk.engines.want(shown, scene_of(shown), (64, 36))
    assert unpacked(desk.helper.wanted[-1]) == shown
    register(ViewRow("own", "a view of this process", "module:View", Own))
    try:
        own = shown.replace(depth=5, **{"view": "own", "own.size": 3, "sweep.rows": "own.size=1:3"})
        desk.engines.want(own, scene_of(own), (65, 36))
    finally:
        del VIEWS["own"], TABLES["own"]
    assert unpacked(desk.helper.wanted[-1]).spec == own.spec
