"""The choice of engines: first guesses, measurements with a simulated clock, and long jobs."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rows import BAKED, EXACT, NAMES, NATIVE, NUMPY

from cppn_gl.engines import choosing
from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.choosing import BAKE_LIMIT, BAKE_TRIAL, GAIN, SHORT, TUNE_WORTH, Chooser
from cppn_gl.engines.gl import packing
from cppn_gl.engines.gl.baked import weights
from cppn_gl.engines.gl.compiling import Compiled
from cppn_gl.engines.gl.context import ContextInfo
from cppn_gl.engines.gl.shader import Structure, structure
from cppn_gl.engines.tuning import (
    FASTEST,
    GUESSED,
    Choice,
    Measured,
    TuningCache,
    structure_key,
)
from cppn_gl.nn.features import Clock
from cppn_gl.nn.network import Network
from cppn_gl.preset.preset import Viewport
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.utils import native

GPU = ContextInfo("A GPU", "", "4.6", 460, "460", False, 16384, (16384, 16384), 65536, 14, 256)
PROCESSOR = replace(GPU, renderer="llvmpipe", software=True)
TINY, NARROW, BROAD, WIDE = (Network.random(depth=4, width=width) for width in (8, 30, 60, 90))


class Painter:
    """A painter that never draws, with given capabilities and rates."""

    compute = tiled = True
    guess = 1e9

    def rate(self, kind: Any) -> float:
        return self.guess

    def structure(self, network: Network) -> Structure:
        return structure(network, packing.choose_layout(network, packing.Limits(65_536, 12)))


class World:
    """A simulated clock, and each engine's drawing and compile times on it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.rates = dict.fromkeys(EXACT, 1e9)
        self.compiling: dict[str, float] = {}  # seconds, for each engine's first use
        self.drawn: list[str] = []
        self.compiled_elsewhere: list[str] = []  # compiled in another process
        self.problem = ""  # why compiling elsewhere fails

    def perf_counter(self) -> float:
        return self.now

    def begin(
        self, engine: Engine, painter: Any, target: tuple[int, int], scene: Scene, region: Region
    ) -> SimpleNamespace:
        def step(deadline: float) -> bool:
            self.now += self.compiling.pop(name, 0.0)
            assert region.part == target
            work = target[0] * target[1] * work_per_pixel(scene.network)
            if deadline > 0:
                self.drawn.append(name)
                self.now += work / self.rates[name]
            return deadline > 0

        name = str(engine)
        return SimpleNamespace(step=step)

    def compile(self, scene: Scene, engine: Engine, samples: int, limit: float) -> Compiled:
        """Simulates compile_in_worker: late compilations take the whole limit."""
        self.compiled_elsewhere.append(str(engine))
        seconds = self.compiling.get(str(engine), 1.0)
        self.now += min(seconds, limit)
        if self.problem or seconds > limit:
            return Compiled(limit, late=not self.problem, problem=self.problem)
        self.compiling.pop(str(engine), None)
        return Compiled(seconds)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    one = World()
    for engine in EXACT.values():
        monkeypatch.setattr(engine, "begin", partial(one.begin, engine))
    monkeypatch.setattr(choosing, "wall", one)
    monkeypatch.setattr(Chooser, "_compile", lambda self, *asked: one.compile(*asked))
    return one


@pytest.fixture
def cache(tmp_path: Path) -> TuningCache:
    return TuningCache("here", tmp_path / "tuning.json")


def chooser(
    device: ContextInfo = GPU, asked: str = "auto", cache: Any = None, **painter: Any
) -> Chooser:
    one: Any = Painter()
    for name, value in painter.items():
        setattr(one, name, value)
    return Chooser(one, device, asked, cache or TuningCache("here", Path("/none/tuning.json")))


def scene(network: Network) -> Scene:
    return Scene(network, Viewport(), Clock())


def planes(size: tuple[int, int]) -> Any:
    """A stand-in for planes that has only their size."""
    return size


def tuned(one: Chooser, network: Network, **keys: Any) -> str:
    return one.tune(scene(network), (64, 36), planes, **keys).engine


def settled(one: Chooser, network: Network, points: float) -> str:
    return one.settle(scene(network), points, planes).engine


def points_of(network: Network, seconds: float, rate: float = 1e9) -> float:
    """The number of pixels that take so many seconds."""
    return seconds * rate / work_per_pixel(network)


# The first guess.

without_native = pytest.mark.usefixtures("without_native")


@without_native
@pytest.mark.parametrize(
    ("device", "compute", "tiled", "narrow", "wide"),
    [
        (PROCESSOR, True, True, "fragment", "numpy"),
        (PROCESSOR, False, False, "fragment", "numpy"),
        (GPU, True, True, "compute", "tiled"),
        (GPU, True, False, "compute", "compute-4"),
        (GPU, False, False, "fragment", "fragment"),
    ],
)
def test_the_first_guess(
    device: ContextInfo, compute: bool, tiled: bool, narrow: str, wide: str
) -> None:
    one = chooser(device, compute=compute, tiled=tiled)
    several = wide if device is PROCESSOR else narrow
    for network, kind in ((TINY, narrow), (NARROW, several), (BROAD, several), (WIDE, wide)):
        choice = one.engine_for(network)
        assert choice.engine in EXACT
        assert choice.engine.startswith(kind)
        assert str(one.candidates(network)[0]) == choice.engine
        sure = device is PROCESSOR and network is WIDE
        assert choice.why == (FASTEST if sure else GUESSED)


@without_native
@pytest.mark.parametrize("device", [PROCESSOR, GPU])
@pytest.mark.parametrize("compute", [True, False])
@pytest.mark.parametrize("network", [TINY, NARROW, BROAD, WIDE], ids=repr)
def test_candidates_begin_with_the_guess_and_can_draw(
    device: ContextInfo, compute: bool, network: Network
) -> None:
    one = chooser(device, compute=compute, tiled=compute)
    found = one.candidates(network)
    assert found[0] == one.candidates(network)[0]
    assert len(found) == len(set(found))
    assert not any(engine.problem(network, one.capabilities) for engine in found)
    assert compute or not {engine.family for engine in found} & {"compute", "tiled"}
    assert NUMPY not in found or device.software
    assert "baked" not in {engine.family for engine in found}  # for one network only
    assert ("tiled" in {engine.family for engine in found}) == (
        network is WIDE and device is GPU and compute
    )


@pytest.mark.native
@pytest.mark.parametrize("network", [TINY, NARROW, BROAD, WIDE], ids=repr)
def test_with_software_opengl_native_draws_unmeasured(
    world: World, cache: TuningCache, network: Network
) -> None:
    one = chooser(PROCESSOR, cache=cache)
    assert one.engine_for(network) == Choice("native", FASTEST)
    assert one.candidates(network) == [NATIVE]
    assert settled(one, network, points_of(network, 1e6)) == "native"
    assert world.drawn == []
    assert NATIVE not in chooser(GPU).candidates(network)


@pytest.mark.native
def test_native_is_measured_like_the_others(world: World, cache: TuningCache) -> None:
    one = chooser(PROCESSOR, cache=cache)
    world.rates["native"] = 9e9
    assert tuned(one, NARROW) == "native"
    found = cache.get(structure_key(one.painter.structure(NARROW)))
    assert found is not None
    assert found.rates["native"] == pytest.approx(9e9, rel=1e-3)
    world.rates["native"] = 1e8
    assert tuned(one, NARROW) != "native"


@pytest.mark.native
def test_what_was_measured_without_the_library_does_not_keep_it_from_drawing(
    world: World, cache: TuningCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as hidden:
        hidden.setattr(native, "_found", lambda: (None, "hidden"))
        assert tuned(chooser(PROCESSOR, cache=cache), NARROW) in ("fragment", "numpy")
    assert chooser(PROCESSOR, cache=cache).engine_for(NARROW).engine == "native"


# A requested engine.


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("network", [NARROW, WIDE], ids=repr)
def test_a_requested_engine_draws_unless_it_cannot(name: str, network: Network) -> None:
    one = chooser(PROCESSOR, name)
    choice = one.engine_for(network)
    if not EXACT[name].problem(network, one.capabilities):
        assert (choice.engine, choice.why) == (name, "requested")
    else:
        assert choice.engine == ("fragment" if EXACT[name].bakes else "compute-4")
        assert choice.why == f"{name} supports at most 64 units per layer"


def test_a_requested_engine_does_not_depend_on_measurements(cache: TuningCache) -> None:
    one = chooser(asked="compute-16", cache=cache)
    cache.put(structure_key(one.painter.structure(NARROW)), Measured("compute-8", {}))
    assert one.engine_for(NARROW).engine == "compute-16"


@pytest.mark.parametrize("device", [PROCESSOR, GPU])
def test_compute_alone_leaves_the_pixels_to_be_chosen(
    device: ContextInfo, world: World, cache: TuningCache
) -> None:
    one = chooser(device, "compute", cache)
    for network in (NARROW, WIDE):
        assert {engine.family for engine in one.candidates(network)} == {"compute"}
        assert one.engine_for(network).engine.startswith("compute-")
    assert one.engine_for(WIDE).engine == "compute-4"
    best = str(one.candidates(NARROW)[-1])
    world.rates |= {best: 3e9, "fragment": 9e9}
    assert tuned(one, NARROW) == best


# Measurements.


def test_the_fastest_is_chosen_and_remembered(world: World, cache: TuningCache) -> None:
    one = chooser(cache=cache)
    guess, *others = map(str, one.candidates(NARROW))
    assert len(others) > 1
    for name in others:
        world.rates = dict.fromkeys(EXACT, 1e9) | {name: 2e9}
        assert tuned(one, NARROW) == name
        choice = chooser(cache=cache).engine_for(NARROW)
        assert choice.engine == name
        assert choice.why.startswith("measured here: 2.0× ")
    assert (
        chooser(cache=cache).engine_for(NARROW.__class__.random(depth=9, width=30)).engine == name
    )
    assert chooser(cache=cache).engine_for(TINY).why == "first guess, not measured yet"
    found = cache.get(structure_key(one.painter.structure(NARROW)))
    assert found is not None
    assert found.rates == {n: pytest.approx(world.rates[n], rel=1e-3) for n in (guess, *others)}


def test_the_guess_stays_unless_another_is_clearly_faster(world: World, cache: TuningCache) -> None:
    one = chooser(cache=cache)
    guess, other, *_ = map(str, one.candidates(NARROW))
    world.rates[other] = 1e9 * (GAIN - 0.02)
    assert tuned(one, NARROW) == guess
    world.rates[other] = 1e9 * (GAIN + 0.02)
    assert tuned(one, NARROW) == other


def test_compile_time_is_not_drawing_time(world: World, cache: TuningCache) -> None:
    one = chooser(cache=cache)
    name = str(one.candidates(NARROW)[-1])
    world.rates[name] = 2e9
    world.compiling = dict.fromkeys(EXACT, 1.0) | {name: 100.0}
    assert tuned(one, NARROW) == name


def test_a_disturbance_of_one_round_does_not_decide(
    world: World, cache: TuningCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, rounds = chooser(cache=cache), []
    fast = one.candidates(NARROW)[-1]

    def rate(scene: Scene, size: Any, engine: Engine, planes: Any) -> float:
        rounds.append(engine)
        disturbed = rounds.count(engine) == 3
        return (2e9 if engine == fast else 1e9) / (10 if disturbed else 1)

    monkeypatch.setattr(one, "_rate", rate)
    assert tuned(one, NARROW) == str(fast)
    turns = len(one.candidates(NARROW))
    assert rounds[:turns] == rounds[turns : 2 * turns] == one.candidates(NARROW)


@pytest.mark.parametrize("height", [1, 5, 36, 2000])
@pytest.mark.parametrize("guess", [1.0, 1e9, 1e14])
def test_a_band_is_drawn_and_no_more_than_the_picture(
    world: World, cache: TuningCache, height: int, guess: float
) -> None:
    sizes: list[tuple[int, int]] = []
    one = chooser(cache=cache, guess=guess)

    def asked(size: tuple[int, int]) -> Any:
        sizes.append(size)
        return size

    one.tune(scene(NARROW), (64, height), asked)
    assert {width for width, _ in sizes} == {64}
    assert all(8 <= rows <= max(8, height) for _, rows in sizes)


@pytest.mark.parametrize("engine", ["tiled", "baked", "numpy", "compute-16"])
def test_a_measured_engine_that_is_not_a_candidate_is_ignored(
    cache: TuningCache, engine: str
) -> None:
    one = chooser(GPU, cache=cache, compute=False, tiled=False)
    cache.put(structure_key(one.painter.structure(NARROW)), Measured(engine, {engine: 9e9}))
    assert one.engine_for(NARROW).engine == "fragment"


def test_tuning_also_bakes_small_networks_only(world: World, cache: TuningCache) -> None:
    baked = str(chooser().baked(NARROW))
    world.rates[baked] = 5e9
    assert weights(TINY) <= BAKE_TRIAL < weights(NARROW)
    one = chooser(cache=cache)

    def found(network: Network) -> Measured:
        measured = cache.get(structure_key(one.painter.structure(network)))
        assert measured is not None
        return measured

    world.compiling[baked] = 2.0
    assert tuned(one, TINY) != baked
    assert found(TINY).bake_seconds == pytest.approx(2.0 / weights(TINY), rel=1e-3)
    assert found(TINY).rates[baked] == pytest.approx(5e9, rel=1e-3)
    assert "baked" not in one.engine_for(TINY).why
    tuned(one, NARROW)
    assert baked not in found(NARROW).rates
    tuned(one, Network.random(depth=1))  # has nothing to bake
    other = chooser(cache=TuningCache("another", cache.path))
    tuned(other, TINY, bakes=False)
    measured = other.cache.get(structure_key(other.painter.structure(TINY)))
    assert measured is not None
    assert baked not in measured.rates


# Long jobs.


def test_a_short_job_measures_nothing(world: World, cache: TuningCache) -> None:
    one = chooser(cache=cache)
    expected = one.engine_for(NARROW).engine
    assert settled(one, NARROW, points_of(NARROW, TUNE_WORTH * 0.9)) == expected
    assert world.drawn == []
    assert not cache.path.exists()


def test_a_long_job_measures_first_and_once(world: World, cache: TuningCache) -> None:
    one = chooser(cache=cache)
    name = str(one.candidates(NARROW)[-1])
    world.rates[name] = 2e9
    assert settled(one, NARROW, points_of(NARROW, TUNE_WORTH * 1.2)) == name
    count = len(world.drawn)
    assert count > 0
    again = chooser(cache=cache)
    assert settled(again, NARROW, points_of(NARROW, TUNE_WORTH * 1.2)) == name
    assert len(world.drawn) == count


def test_a_settled_engine_draws_from_then_on(world: World, cache: TuningCache) -> None:
    one = chooser(cache=cache)
    engine = settled(one, NARROW, 100.0)
    key = structure_key(one.painter.structure(NARROW))
    cache.put(key, Measured(str(one.candidates(NARROW)[-1]), {}))  # as another process may do
    assert one.engine_for(NARROW).engine == engine


@without_native
def test_another_long_job_is_settled_by_itself(world: World, cache: TuningCache) -> None:
    one = chooser(PROCESSOR, cache=cache)
    assert settled(one, TINY, 100.0) == "fragment"
    assert settled(one, WIDE, 100.0) == "numpy"
    assert settled(one, TINY, 100.0) == "fragment"


@pytest.mark.parametrize("device", [PROCESSOR, GPU])
@pytest.mark.parametrize(
    ("seconds", "bakes"),
    [
        (100.0, False),  # saves 50 s where compiling takes 40
        (140.0, True),  # saves 70 s
    ],
)
def test_baking_has_to_save_more_than_it_costs(
    cache: TuningCache, world: World, device: ContextInfo, seconds: float, bakes: bool
) -> None:
    one = chooser(device, cache=cache)
    guess, baked = str(one.candidates(NARROW)[0]), str(one.baked(NARROW))
    rates = {guess: 1e9, baked: 2e9}
    each = 40.0 / weights(NARROW)
    cache.put(structure_key(one.painter.structure(NARROW)), Measured(guess, rates, each))
    world.rates |= rates
    assert settled(one, NARROW, points_of(NARROW, seconds)) == (baked if bakes else guess)
    assert set(world.drawn) <= {baked}  # other engines are not measured again
    assert world.compiled_elsewhere == ([baked] if bakes else [])
    assert one.engine_for(NARROW).engine == (baked if bakes else guess)


@without_native
@pytest.mark.parametrize("device", [PROCESSOR, GPU])
def test_a_very_long_job_bakes_to_measure_that_too(
    world: World, cache: TuningCache, device: ContextInfo
) -> None:
    one = chooser(device, cache=cache)
    baked = str(one.baked(NARROW))
    world.rates[baked], world.compiling[baked] = 3e9, 1.0
    choice = one.settle(scene(NARROW), points_of(NARROW, 1000.0), planes)
    assert choice.engine == baked
    assert choice.why == "saves 667 s for 1.0 s of compiling"


def test_a_long_job_of_what_cannot_be_baked_bakes_nothing(world: World, cache: TuningCache) -> None:
    for network in (NARROW, TINY):
        one = chooser(cache=cache)
        world.rates[str(one.baked(NARROW))] = 3e9
        choice = one.settle(scene(network), points_of(network, 1e6), planes, bakes=False)
        assert choice.engine == one.engine_for(network).engine != str(one.baked(NARROW))
        assert world.drawn
        assert str(one.baked(NARROW)) not in world.drawn
        assert settled(one, network, points_of(network, 1e6)) == str(one.baked(NARROW))
        world.drawn.clear()


def test_programs_are_baked_for_what_the_device_has_most_of() -> None:
    assert chooser(PROCESSOR).baked(NARROW) == BAKED
    assert chooser(GPU, compute=False).baked(NARROW) == BAKED
    assert chooser(GPU).baked(NARROW).name == "baked-1"


def test_a_baked_program_that_is_no_faster_is_not_taken(world: World, cache: TuningCache) -> None:
    one = chooser(cache=cache)
    assert settled(one, NARROW, points_of(NARROW, 1e6)) == str(one.candidates(NARROW)[0])
    assert str(one.baked(NARROW)) in world.drawn


def test_what_cannot_be_baked_is_not(world: World, cache: TuningCache) -> None:
    world.rates |= dict.fromkeys((str(BAKED), str(chooser().baked(NARROW))), 9e9)
    for network in (WIDE, Network.random(depth=1)):
        engine = settled(chooser(cache=cache), network, points_of(network, 1e6))
        assert EXACT[engine].bakes is False
    assert not [name for name in world.drawn if EXACT[name].bakes]


# Compile times and limits.


@pytest.mark.parametrize(("depth", "width"), [(27, 30), (64, 30), (64, 64)])
def test_what_is_expected_to_compile_for_long_is_not_baked(
    world: World, cache: TuningCache, depth: int, width: int
) -> None:
    one = chooser(PROCESSOR, cache=cache)
    world.rates[str(BAKED)] = 9e9
    network = Network.random(depth=depth, width=width)
    assert EXACT[settled(one, network, points_of(network, 1e5))].bakes is False
    assert world.compiled_elsewhere == []


def test_what_compiles_quickly_here_is_baked_at_any_size(world: World, cache: TuningCache) -> None:
    one = chooser(PROCESSOR, cache=cache)
    world.rates[str(BAKED)] = 9e9
    network = Network.random(depth=27, width=30)
    key = structure_key(one.painter.structure(network))
    guess = str(one.candidates(network)[0])
    cache.put(key, Measured(guess, {guess: 1e9}, 1e-4, weights(NARROW)))
    assert settled(one, network, points_of(network, 1e4)) == str(BAKED)
    assert world.compiled_elsewhere == [str(BAKED)]


@without_native
def test_a_short_compilation_needs_no_other_process(world: World, cache: TuningCache) -> None:
    one = chooser(PROCESSOR, cache=cache)
    world.rates[str(BAKED)] = 9e9
    assert weights(TINY) * choosing.BAKE_SECONDS < SHORT
    assert settled(one, TINY, points_of(TINY, 1e4)) == str(BAKED)
    assert world.compiled_elsewhere == []


def test_compiling_ends_at_its_limit_and_is_not_tried_again_for_such_a_job(
    world: World, cache: TuningCache
) -> None:
    network = Network.random(depth=6, width=30)
    baked = str(BAKED)
    world.rates[baked], world.compiling[baked] = 9e9, 1e6
    one = chooser(PROCESSOR, cache=cache)
    guess = str(one.candidates(network)[0])
    cache.put(structure_key(one.painter.structure(network)), Measured(guess, {guess: 1e9}))
    for _ in range(2):
        assert settled(one, network, points_of(network, 100.0)) == guess
        assert world.compiled_elsewhere == [baked]
        assert 0 < world.now < BAKE_LIMIT
        assert world.drawn == []
    settled(one, network, points_of(network, 1e4))  # may take longer
    assert world.compiled_elsewhere == [baked, baked]
    assert world.now < 2 * BAKE_LIMIT


def test_nothing_that_takes_long_is_baked_where_the_driver_keeps_no_programs(
    world: World, cache: TuningCache
) -> None:
    network = Network.random(depth=6, width=30)
    world.rates[str(BAKED)], world.problem = 9e9, "no cache"
    one = chooser(PROCESSOR, cache=cache)
    assert EXACT[settled(one, network, points_of(network, 1e5))].bakes is False
    assert str(BAKED) not in world.drawn


# Other networks in the same picture, as in the cells of a sheet.


@without_native
@pytest.mark.parametrize(
    ("device", "asked", "base", "network", "engine"),
    [
        (PROCESSOR, "auto", TINY, TINY, "fragment"),
        (
            PROCESSOR,
            "auto",
            TINY,
            NARROW,
            "fragment",
        ),  # nearly as fast, and the same engine for all cells
        (PROCESSOR, "auto", TINY, WIDE, "numpy"),
        (PROCESSOR, "auto", WIDE, TINY, "numpy"),
        (PROCESSOR, "numpy", TINY, WIDE, "numpy"),
        (PROCESSOR, "fragment", TINY, WIDE, "numpy"),
        (GPU, "auto", TINY, WIDE, "tiled"),
        (GPU, "auto", WIDE, TINY, "compute"),
        (GPU, "fragment", TINY, NARROW, "fragment"),
        (GPU, "numpy", WIDE, TINY, "numpy"),
        (GPU, "baked", TINY, NARROW, "compute"),  # no program is baked for each
        (PROCESSOR, "baked", TINY, NARROW, "numpy"),
    ],
)
def test_what_draws_a_network_within_the_picture_of_another(
    device: ContextInfo, asked: str, base: Network, network: Network, engine: str
) -> None:
    one = chooser(device, asked)
    found = one.engine_within(base, network)
    assert str(found).startswith(engine)
    assert not found.problem(network, one.capabilities)
    assert one.engine_within(base, base) == EXACT[one.engine_for(base).engine]


@pytest.mark.native
@pytest.mark.parametrize("asked", ["auto", "native", "baked"])
def test_native_draws_all_networks_within_a_picture(asked: str) -> None:
    one = chooser(PROCESSOR, asked)  # "baked" bakes no program for each
    for base, network in ((TINY, WIDE), (TINY, NARROW), (NARROW, Network.random(seed=9))):
        assert one.engine_within(base, network) == NATIVE


def test_a_long_job_bakes_for_its_own_network_alone(cache: TuningCache, world: World) -> None:
    one = chooser(cache=cache)
    guess, baked = str(one.candidates(NARROW)[0]), str(one.baked(NARROW))
    rates = {guess: 1e9, baked: 2e9}
    key = structure_key(one.painter.structure(NARROW))
    cache.put(key, Measured(guess, rates, 40.0 / weights(NARROW)))
    world.rates |= rates
    assert settled(one, NARROW, points_of(NARROW, 140.0)) == baked
    assert str(one.engine_within(NARROW, NARROW)) == baked
    assert str(one.engine_within(NARROW, Network.random(depth=4, width=30, seed=9))) == guess
