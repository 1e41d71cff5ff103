"""Chooses the engine that draws a network: as requested, as measured before, or a first guess.

Chooser(painter, device, requested) -> engine_for(network) -> Choice
                                -> tune(scene, …): measures the candidates, stores the result
"""

import time as wall
from collections.abc import Callable, Iterable
from dataclasses import replace

from cppn_gl.engines.base import SURE, Device, Engine, Region
from cppn_gl.engines.gl.baked import weights
from cppn_gl.engines.gl.compiling import Compiled, compile_in_worker
from cppn_gl.engines.gl.context import ContextInfo
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.shader import ShaderError
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.names import AUTO, ENGINES, STAND_IN
from cppn_gl.engines.tuning import FASTEST, GUESSED, Choice, Measured, TuningCache, structure_key
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.utils.tasks import finish

GAIN = 1.05  # minimum speedup over the first guess for another engine to replace it
CPU_GAIN = 1.25  # likewise for a CPU engine over shaders: uploading its picture is not timed
ROUNDS = 3
ROUND_SECONDS = 0.06  # approximate drawing time of a candidate in a round
BAKE_TRIAL = 500  # weights up to which tuning also bakes the network, to measure compile times
BAKE_SECONDS = 1.5e-3  # default compile time per weight: twice what one CPU was measured to take
BAKE_LINEAR = 3000  # weights up to which compile time is linear; it is quadratic beyond
BAKE_MARGIN = 1.5  # required ratio of drawing time saved to compile time
BAKE_GAIN = 2.0  # assumed speedup of a baked program that was not measured
BAKE_LIMIT = 60.0  # maximum compile time in seconds
LATE = 1.25  # a compilation that exceeded its limit is assumed to take this many times the limit
SHORT = 2.0  # seconds; longer compilations run in another process
TUNE_WORTH = 10.0  # seconds; longer jobs measure the engines first
TRIAL_SIZE = (640, 360)
GRID_ROWS = 64  # of a band of a network on grids: with fewer, the margins would be measured


class Chooser:
    """Chooses engines on one context. `requested`: the name of an engine or a family, or "auto".

    `report(text)` is called before each step that may take long.
    """

    def __init__(
        self,
        painter: Painter,
        device: ContextInfo,
        requested: str,
        cache: TuningCache | None = None,
        *,
        report: Callable[[str], None] = lambda what: None,
    ):
        self._report = report
        self.painter, self.device, self.requested = painter, device, requested
        self._settled: dict[str, Choice] = {}  # structure key to the engine of a long job
        self.cache = cache or TuningCache(f"{device.renderer} | {device.version}")

    @property
    def capabilities(self) -> Device:
        """The capabilities of this context."""
        return Device(self.device.software, self.painter.compute, self.painter.tiled)

    @property
    def problem(self) -> str:
        """Why the requested engine cannot draw here; "" if it can."""
        requested = [e for e in ENGINES.values() if self.requested in (e.name, e.family)]
        problems = [engine.problem(None, self.capabilities) for engine in requested]
        return problems[0] if problems and all(problems) else ""

    def candidates(self, network: Network) -> list[Engine]:
        """Engines (not baked ones) worth measuring for a network here, the first guess first.

        That is the guess alone if it is sure.
        """
        worthwhile = self._worthwhile(network)
        return worthwhile[:1] if self._sure(network, worthwhile[0]) else worthwhile

    def _sure(self, network: Network, engine: Engine) -> bool:
        return self.requested == AUTO and engine.rank(network, self.capabilities) >= SURE

    def _worthwhile(self, network: Network) -> list[Engine]:
        """Engines (not baked ones) that may be fast for a network here, the first guess first."""
        able = [
            engine
            for engine in ENGINES.values()
            if (self.requested in (AUTO, *ENGINES) or engine.family == self.requested)
            and not (engine.bakes or engine.problem(network, self.capabilities))
        ]
        able = able or [self._stand_in(network)]
        worthwhile = [
            engine for engine in able if engine.rank(network, self.capabilities) > 0
        ] or able
        guess = self._best(worthwhile, network)
        return [guess, *(engine for engine in worthwhile if engine is not guess)]

    def _stand_in(self, network: Network) -> Engine:
        """What draws a network that no requested engine can draw."""
        if not STAND_IN.problem(network, self.capabilities):
            return STAND_IN
        able = [
            engine
            for engine in ENGINES.values()
            if not (engine.bakes or engine.problem(network, self.capabilities))
        ]
        return self._best(able, network)

    def _best(self, engines: Iterable[Engine], network: Network) -> Engine:
        return max(engines, key=lambda engine: engine.rank(network, self.capabilities))

    def baked(self, network: Network) -> Engine:
        """The engine that bakes programs here."""
        engines = [
            e for e in ENGINES.values() if e.bakes and not e.problem(None, self.capabilities)
        ]
        return self._best(engines, network)

    def engine_for(self, network: Network) -> Choice:
        """The engine that draws a network, with the reason."""
        requested = ENGINES.get(self.requested)
        if requested is not None:
            kin = [e for e in ENGINES.values() if e.family == requested.family]
            able = [engine for engine in kin if not engine.problem(network, self.capabilities)]
            if requested.name == requested.family and able:  # the name is also that of a family
                return Choice(self._best(able, network).name, "requested")
            if requested in able:
                return Choice(requested.name, "requested")
            instead = self._best(able or [self._stand_in(network)], network)
            return Choice(
                instead.name, f"{requested} {requested.problem(network, self.capabilities)}"
            )
        if self.requested != AUTO:
            kin = [e for e in ENGINES.values() if e.family == self.requested]
            problems = [engine.problem(network, self.capabilities) for engine in kin]
            if all(problems):
                instead = self._stand_in(network)
                return Choice(instead.name, f"{self.requested} {problems[0]}")
        if settled := self._settled.get(self.key(network)):
            return settled
        measured = self.cache.get(self.key(network))
        worthwhile = self._worthwhile(network)
        guess = worthwhile[0]
        sure = self._sure(network, guess)
        # A measurement from before the native library was built does not count against it.
        counts = measured and (guess.name in measured.rates or not sure)
        if measured and counts and measured.engine in map(str, worthwhile):
            return Choice(measured.engine, f"measured here{_gain(measured)}")
        return Choice(guess.name, FASTEST if sure else GUESSED)

    def engine_within(
        self, base: Network, network: Network, engine: Engine | None = None
    ) -> Engine:
        """The engine for another network in a picture of `base`, such as a cell of a sheet.

        This is the engine of `base`, whose name is saved with the picture, unless it would be far
        too slow, like compiling a program for each network, or cannot draw it: then a deterministic
        first guess.
        `engine`: the engine of `base`, if it is already known.
        """
        engine = engine or ENGINES[self.engine_for(base).engine]
        able = not engine.problem(network, self.capabilities)
        if network is base or (able and engine.serves(network)):
            return engine
        return self.candidates(network)[0]

    def tune(
        self,
        scene: Scene,
        size: tuple[int, int],
        planes: Callable[[tuple[int, int]], Planes],
        *,
        bakes: bool = True,
    ) -> Choice:
        """Time engines on a band of the picture and store the fastest.

        Those are the candidates and, if only one engine is sure, the others that may be fast.
        `bakes`: also measure a baked program if the network is small.
        """
        self._report("measuring the engines")
        network = scene.network
        candidates = self._worthwhile(network)
        sure = [engine for engine in candidates if self._sure(network, engine)]
        candidates = sure if len(sure) > 1 else candidates
        best: dict[Engine, float] = {}
        for round_ in range(ROUNDS + 1):  # interleaved, so that a disturbance affects all alike
            for engine in list(candidates):
                try:
                    rate = self._rate(scene, size, engine, planes)
                except ShaderError:  # this driver cannot compile one of them
                    if len(candidates) == 1:
                        raise
                    candidates.remove(engine)
                    continue
                if round_ > 0:  # round 0 compiles and calibrates the band's height
                    best[engine] = max(best.get(engine, 0.0), rate)
        rates = {str(engine): rate for engine, rate in best.items()}
        fastest = max(best, key=lambda engine: best[engine])
        shaders = [engine for engine in best if not engine.on_cpu]
        if fastest.on_cpu and shaders:
            rival = max(shaders, key=lambda engine: best[engine])
            if best[fastest] < CPU_GAIN * best[rival]:
                fastest = rival
        elif best[fastest] < GAIN * best[candidates[0]] and not candidates[0].on_cpu:
            fastest = candidates[0]
        self._remember(network, Measured(str(fastest), rates))
        if bakes and weights(network) <= BAKE_TRIAL:
            self._bake(scene, size, planes)
        self._settled.pop(self.key(network), None)
        return self.engine_for(network)

    def _remember(self, network: Network, measured: Measured) -> None:
        """Store a measurement, keeping the older compile time if that was longer.

        A program found in the driver's cache compiles in no time, which says nothing about others.
        """
        known, count = self.cache.get(self.key(network)), weights(network)
        if known and known.bake_seconds and count:
            new = measured.bake_seconds and _compile_seconds(measured, count)
            if new <= _compile_seconds(known, count):
                bake = known.bake_seconds, known.bake_weights
                measured = replace(measured, bake_seconds=bake[0], bake_weights=bake[1])
        self.cache.put(self.key(network), measured)

    def _rate(
        self,
        scene: Scene,
        size: tuple[int, int],
        engine: Engine,
        planes: Callable[[tuple[int, int]], Planes],
        samples: int = 1,
    ) -> float:
        """Multiplications per second, measured on a band that takes about ROUND_SECONDS."""
        work = work_per_pixel(scene.network) * samples**2
        rate = self.painter.rate(engine.rate_key(self.painter, scene.network))
        fewest = min(size[1], GRID_ROWS) if scene.network.by_grid else 8
        rows = max(fewest, min(size[1], int(ROUND_SECONDS * rate / (work * size[0]))))
        target = planes((size[0], rows))
        region = Region.of(size, samples).cut(0, 0, size[0], rows)
        engine.begin(self.painter, target, scene, region).step(0.0)  # compiles
        started, drawn, elapsed = wall.perf_counter(), 0, 0.0
        while elapsed < ROUND_SECONDS:  # fast engines draw the band repeatedly
            engine.forget(self.painter)
            finish(engine.begin(self.painter, target, scene, region))
            drawn, elapsed = drawn + 1, wall.perf_counter() - started
        return drawn * size[0] * rows * work / elapsed

    def _bake(
        self,
        scene: Scene,
        size: tuple[int, int],
        planes: Callable[[tuple[int, int]], Planes],
        samples: int = 1,
        limit: float = BAKE_LIMIT,
    ) -> tuple[float, float]:
        """Compile a baked program within `limit` seconds and measure it.

        Returns its rate (0 if it was not measured) and the compile time in seconds.
        """
        network = scene.network
        known = self.cache.get(self.key(network))
        if known is None or not self._bakeable(network):
            return 0.0, 0.0
        count, rate, samples = weights(network), 0.0, min(samples, 2)
        baked, expected = self.baked(network), _compile_seconds(known, count)
        self._report(f"compiling a program of {count} weights")
        started = wall.perf_counter()
        if expected > SHORT:
            done = self._compile(scene, baked, samples, limit)
            if done.problem:
                return 0.0, 0.0
            seconds, late = done.seconds * (LATE if done.late else 1.0), done.late
        else:
            few = (size[0], 8)
            region = Region.of(size, samples).cut(0, 0, *few)
            baked.begin(self.painter, planes(few), scene, region).step(0.0)
            seconds, late = wall.perf_counter() - started, False
        rates = dict(known.rates)
        if not late:
            rate = max(self._rate(scene, size, baked, planes, samples) for _ in range(ROUNDS))
            rates[baked.name] = rate
        self._remember(network, Measured(known.engine, rates, seconds / count, count))
        return rate, seconds

    def _compile(self, scene: Scene, engine: Engine, samples: int, limit: float) -> Compiled:
        """Compile in another process, for at most `limit` seconds."""
        return compile_in_worker(self.painter, scene, engine, samples, limit=limit)

    def compile_requested(self, scene: Scene, samples: int) -> None:
        """Compile a requested baked program in another process, without a time limit.

        If that is impossible (the driver has no disk cache), the program is compiled when drawing.
        """
        network = scene.network
        engine = ENGINES[self.engine_for(network).engine]
        if engine.bakes and self._bakeable(network):
            self._report(f"compiling a program of {weights(network)} weights")
            known = self.cache.get(self.key(network)) or Measured(str(engine), {})
            if _compile_seconds(known, weights(network)) > SHORT:
                done = self._compile(scene, engine, samples, float("inf"))
                if done.problem:
                    count = weights(network)
                    self._report(f"compiling a program of {count} weights here: {done.problem}")

    def settle(
        self,
        scene: Scene,
        points: float,
        planes: Callable[[tuple[int, int]], Planes],
        *,
        bakes: bool = True,
        samples: int = 1,
    ) -> Choice:
        """Choose the engine for a long job of `points` pixels × samples, and use it from now on.

        `bakes`: whether a baked program may be chosen; `samples`: N, for N×N samples per pixel.
        """
        network = scene.network
        key = self.key(network)
        self._settled.pop(key, None)
        unknown = len(self.candidates(network)) > 1 and self.cache.get(key) is None
        if unknown and self._seconds(network, points) > TUNE_WORTH:
            self.tune(scene, TRIAL_SIZE, planes, bakes=bakes)
        choice = bakes and self._long(scene, points, planes, samples)
        self._settled[key] = choice or self.engine_for(network)
        return self._settled[key]

    def _seconds(self, network: Network, points: float) -> float:
        """Estimated drawing time of `points` with the engine of `engine_for`."""
        engine = ENGINES[self.engine_for(network).engine]
        measured = self.cache.get(self.key(network))
        rate = measured.rates.get(str(engine), 0.0) if measured else 0.0
        rate = rate or self.painter.rate(engine.rate_key(self.painter, network))
        return points * work_per_pixel(network) / rate

    def _long(
        self,
        scene: Scene,
        points: float,
        planes: Callable[[tuple[int, int]], Planes],
        samples: int,
    ) -> Choice | None:
        """A baked program, compiled, if it saves more drawing time than its compilation takes."""
        network = scene.network
        choice, measured = self.engine_for(network), self.cache.get(self.key(network))
        if self.requested != AUTO or not measured or not self._bakeable(network):
            return None
        baked = self.baked(network).name
        slow, fast = measured.rates.get(choice.engine, 0.0), measured.rates.get(baked, 0.0)
        work = points * work_per_pixel(network)
        if not slow or (not fast and work / slow <= TUNE_WORTH):
            return None
        saved = work / slow - work / (fast or BAKE_GAIN * slow)
        limit = min(saved / BAKE_MARGIN, BAKE_LIMIT)
        if _compile_seconds(measured, weights(network)) >= limit:
            return None
        fast, compiling = self._bake(scene, TRIAL_SIZE, planes, samples, limit)
        if fast <= slow:
            return None
        saved = work / slow - work / fast
        return Choice(baked, f"saves {saved:.0f} s for {compiling:.1f} s of compiling")

    def _bakeable(self, network: Network) -> bool:
        return weights(network) > 0 and not self.baked(network).problem(network, self.capabilities)

    def key(self, network: Network) -> str:
        """The key of a network's measurement in the tuning cache."""
        requested = "" if self.requested in (AUTO, *ENGINES) else f", {self.requested}"
        return structure_key(self.painter.structure(network)) + requested


def _compile_seconds(known: Measured, count: int) -> float:
    """Estimated compile time of a baked program of `count` weights."""
    seconds = (known.bake_seconds or BAKE_SECONDS) * count
    return seconds * max(1.0, count / max(known.bake_weights, BAKE_LINEAR))


def _gain(measured: Measured) -> str:
    """The speedup over the next best engine, in words; "" if unknown."""
    live = {n: rate for n, rate in measured.rates.items() if not ENGINES[n].bakes and rate > 0}
    mine = live.get(measured.engine)
    others = {name: rate for name, rate in live.items() if name != measured.engine}
    if not mine or not others:
        return ""
    name = max(others, key=lambda n: others[n])
    gain = mine / others[name]
    return f": {gain:.1f}× as fast as {name}" if gain >= GAIN else f", equal to {name}"
