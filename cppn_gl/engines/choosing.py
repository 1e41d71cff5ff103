"""Which engine draws a network: what was asked for, what was measured here, or a first guess.

Chooser(painter, device, asked) -> engine_for(network) -> Choice
                                -> tune(network, …) measures the candidates, and remembers
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
from cppn_gl.engines.tuning import GUESSED, Choice, Measured, TuningCache, structure_key
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.utils.tasks import finish

CPU_GAIN = 1.25  # and one on the host so much faster: making bytes of its picture is not timed
GAIN = 1.05  # a candidate has to be this much faster than the first guess
ROUNDS = 3
ROUND_SECONDS = 0.06  # that a candidate draws in a round, about
BAKE_TRIAL = 500  # weights; so small a network is baked along, to learn what that costs
BAKE_SECONDS = 1.5e-3  # a weight, where it was not measured; twice what a processor took
BAKE_LINEAR = 3000  # weights, up to which compiling takes linear time; beyond it quadratic
BAKE_MARGIN = 1.5  # of the time saved over that of compiling
BAKE_GAIN = 2.0  # how much faster a baked program draws, where it was not measured
BAKE_LIMIT = 60.0  # seconds of compiling at the most
LATE = 1.25  # times as long as it was given takes, at the least, what was not done by then
SHORT = 2.0  # seconds; what compiles for longer does so in another process
TUNE_WORTH = 10.0  # seconds; a longer job measures the engines first
TRIAL_SIZE = (640, 360)


class Chooser:
    """The choice on one context. `asked` is the name of an engine or a family, or "auto".

    `report(what)` is told what takes its time.
    """

    def __init__(
        self,
        painter: Painter,
        device: ContextInfo,
        asked: str,
        cache: TuningCache | None = None,
        *,
        report: Callable[[str], None] = lambda what: None,
    ):
        self._report = report
        self.painter, self.device, self.asked = painter, device, asked
        self._settled: dict[str, Choice] = {}  # structure to the engine of a long job
        self.cache = cache or TuningCache(f"{device.renderer} | {device.version}")

    @property
    def where(self) -> Device:
        """What engines may ask of this context."""
        return Device(self.device.software, self.painter.compute, self.painter.tiled)

    @property
    def problem(self) -> str:
        """Why the engine that was asked for draws nothing here; "" if it can."""
        asked = [e for e in ENGINES.values() if self.asked in (e.name, e.family)]
        problems = [engine.problem(None, self.where) for engine in asked]
        return problems[0] if problems and all(problems) else ""

    def candidates(self, network: Network) -> list[Engine]:
        """What can draw a network here as it changes, the first guess first."""
        able = [
            engine
            for engine in ENGINES.values()
            if (self.asked in (AUTO, *ENGINES) or engine.family == self.asked)
            and not (engine.bakes or engine.problem(network, self.where))
        ]
        found = [engine for engine in able if engine.rank(network, self.where) > 0] or able
        guess = self._best(found, network)
        if self.asked == AUTO and guess.rank(network, self.where) >= SURE:
            return [guess]
        return [guess, *(engine for engine in found if engine is not guess)]

    def _best(self, engines: Iterable[Engine], network: Network) -> Engine:
        return max(engines, key=lambda engine: engine.rank(network, self.where))

    def baked(self, network: Network) -> Engine:
        """How programs are baked here."""
        engines = [e for e in ENGINES.values() if e.bakes and not e.problem(None, self.where)]
        return self._best(engines, network)

    def engine_for(self, network: Network) -> Choice:
        """The engine that draws a network, by its exact name."""
        asked = ENGINES.get(self.asked)
        if asked is not None:
            kin = [e for e in ENGINES.values() if e.family == asked.family]
            able = [engine for engine in kin if not engine.problem(network, self.where)]
            if asked.name == asked.family and able:  # there may be others of its name
                return Choice(self._best(able, network).name, "asked for")
            if asked in able:
                return Choice(asked.name, "asked for")
            instead = self._best(able or [STAND_IN], network)
            return Choice(instead.name, f"{asked} {asked.problem(network, self.where)}")
        if settled := self._settled.get(self.key(network)):
            return settled
        found = self.cache.get(self.key(network))
        known = [str(engine) for engine in self.candidates(network)]
        if found and found.engine in known:
            return Choice(found.engine, f"measured here{_gain(found)}")
        return Choice(known[0], GUESSED)

    def engine_within(
        self, base: Network, network: Network, engine: Engine | None = None
    ) -> Engine:
        """What draws another network in a picture of `base`, such as a cell of a sheet.

        It is the engine of `base`, which the picture remembers, unless that is too slow by far for
        another, as to compile a program for each would be: then a first guess, the same each time.
        `engine` stands for the one of `base`.
        """
        engine = engine or ENGINES[self.engine_for(base).engine]
        if network is base or engine.serves(network):
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
        """Time the candidates on a band of the picture and remember the fastest.

        `bakes`: measure a baked program too, where the network is small.
        """
        self._report("measuring the engines")
        network = scene.network
        candidates = self.candidates(network)
        best: dict[Engine, float] = {}
        for round_ in range(ROUNDS + 1):  # in turns, so that a disturbance hits all alike
            for engine in list(candidates):
                try:
                    rate = self._rate(scene, size, engine, planes)
                except ShaderError:  # a driver's own trouble with one of them
                    if len(candidates) == 1:
                        raise
                    candidates.remove(engine)
                    continue
                if round_ > 0:  # the first compiles, and finds how long a band is
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
        """Keep a measurement, with what is known to take longer to compile.

        What the driver's cache has takes no time, and says nothing.
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
        """Multiplications a second on a band that takes about ROUND_SECONDS."""
        work = work_per_pixel(scene.network) * samples**2
        rate = self.painter.rate(engine.rate_key(self.painter, scene.network))
        rows = max(8, min(size[1], int(ROUND_SECONDS * rate / (work * size[0]))))
        target = planes((size[0], rows))
        region = Region.of(size, samples).cut(0, 0, size[0], rows)
        engine.begin(self.painter, target, scene, region).step(0.0)  # compiles
        started, drawn, elapsed = wall.perf_counter(), 0, 0.0
        while elapsed < ROUND_SECONDS:  # a fast one draws the band more than once
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
        """Compile a baked program, within `limit` seconds, and measure it: its rate, or 0.

        And the seconds of compiling.
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
        """Compile in another process, `limit` seconds at the most."""
        return compile_in_worker(self.painter, scene, engine, samples, limit=limit)

    def compile_asked(self, scene: Scene, samples: int) -> None:
        """Let another process compile the baked program that was asked for, however long.

        Where the driver keeps no programs, it is compiled by whoever draws with it.
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
        """The engine for a long job of so many points (pixels × samples): it draws from now on.

        `bakes`: whether a baked program may; `samples`: N×N a pixel.
        """
        network = scene.network
        key = self.key(network)
        self._settled.pop(key, None)
        if self._seconds(network, points) > TUNE_WORTH and self.cache.get(key) is None:
            self.tune(scene, TRIAL_SIZE, planes, bakes=bakes)
        choice = bakes and self._long(scene, points, planes, samples)
        self._settled[key] = choice or self.engine_for(network)
        return self._settled[key]

    def _seconds(self, network: Network, points: float) -> float:
        """How long the engine of `engine_for` takes, as far as one can tell."""
        engine = ENGINES[self.engine_for(network).engine]
        found = self.cache.get(self.key(network))
        rate = found.rates.get(str(engine), 0.0) if found else 0.0
        rate = rate or self.painter.rate(engine.rate_key(self.painter, network))
        return points * work_per_pixel(network) / rate

    def _long(
        self,
        scene: Scene,
        points: float,
        planes: Callable[[tuple[int, int]], Planes],
        samples: int,
    ) -> Choice | None:
        """A baked program, compiled, where what it saves exceeds what its compilation costs."""
        network = scene.network
        choice, found = self.engine_for(network), self.cache.get(self.key(network))
        if self.asked != AUTO or not found or not self._bakeable(network):
            return None
        baked = self.baked(network).name
        slow, fast = found.rates.get(choice.engine, 0.0), found.rates.get(baked, 0.0)
        work = points * work_per_pixel(network)
        if not slow or (not fast and work / slow <= TUNE_WORTH):
            return None
        saved = work / slow - work / (fast or BAKE_GAIN * slow)
        compiling, limit = _compile_seconds(found, weights(network)), saved / BAKE_MARGIN
        if compiling >= min(limit, BAKE_LIMIT):
            return None
        limit = min(limit, BAKE_LIMIT)
        fast, compiling = self._bake(scene, TRIAL_SIZE, planes, samples, limit)
        if fast <= slow:
            return None
        saved = work / slow - work / fast
        return Choice(baked, f"saves {saved:.0f} s for {compiling:.1f} s of compiling")

    def _bakeable(self, network: Network) -> bool:
        """Whether a network can be baked at all."""
        return weights(network) > 0 and not self.baked(network).problem(network, self.where)

    def key(self, network: Network) -> str:
        """What a measurement of these candidates is kept under."""
        asked = "" if self.asked in (AUTO, *ENGINES) else f", {self.asked}"
        return structure_key(self.painter.structure(network)) + asked


def _compile_seconds(known: Measured, count: int) -> float:
    """How long a baked program of `count` weights takes to compile, as far as one can tell."""
    seconds = (known.bake_seconds or BAKE_SECONDS) * count
    return seconds * max(1.0, count / max(known.bake_weights, BAKE_LINEAR))


def _gain(found: Measured) -> str:
    """How much faster than the next best, in words."""
    live = {n: rate for n, rate in found.rates.items() if not ENGINES[n].bakes and rate > 0}
    mine = live.get(found.engine)
    others = {name: rate for name, rate in live.items() if name != found.engine}
    if not mine or not others:
        return ""
    name = max(others, key=lambda n: others[n])
    gain = mine / others[name]
    return f": {gain:.1f}× {name}" if gain >= GAIN else f", as {name} is"
