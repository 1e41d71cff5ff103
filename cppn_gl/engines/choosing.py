"""Which engine draws a network: what was asked for, what was measured here, or a first guess.

Chooser(painter, device, asked) -> engine_for(network) -> Choice
                                -> tune(network, …) measures the candidates, and remembers
"""

import time as wall
from collections.abc import Callable

from cppn_gl.engines.gl.baked import weights
from cppn_gl.engines.gl.context import ContextInfo
from cppn_gl.engines.gl.drawing import begin
from cppn_gl.engines.gl.packing import UNROLLED_WIDTH
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.shader import ShaderError
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.names import (
    AUTO,
    BAKED,
    BAKED_COMPUTE,
    COMPUTE,
    EXACT,
    FEW_UNITS,
    FRAGMENT,
    NUMPY,
    TILED,
    Engine,
    fits,
)
from cppn_gl.engines.tuning import GUESSED, Choice, Measured, TuningCache, structure_key
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene, work_per_pixel

# Pixels an invocation that are tried: a processor reads each weight once for all of them, while a
# GPU has few registers for the units of many.
ON_PROCESSOR, ON_GPU = (4, 8, 16), (1, 2, 4)
HOST_GAIN = 1.25  # and NumPy so much faster than shaders: making bytes of it is not timed
GAIN = 1.05  # a candidate has to be this much faster than the first guess
ROUNDS = 3
ROUND_SECONDS = 0.06  # that a candidate draws in a round, about
BAKE_TRIAL = 500  # weights; so small a network is baked along, to learn what that costs
BAKE_SECONDS = 1.5e-3  # a weight, where it was not measured; twice what a processor took
BAKE_MARGIN = 1.5  # of the time saved over that of compiling
BAKE_WEIGHTS = 30_000  # at most: compilers take more than linear time
TUNE_WORTH = 10.0  # seconds; a longer job measures the engines first
BAKE_WORTH = 4.0  # times the seconds of compiling; a longer job bakes once, to measure that too
TRIAL_SIZE = (640, 360)


class Chooser:
    """The choice on one context. `asked` is an engine's exact name, "compute", or "auto"."""

    def __init__(
        self, painter: Painter, device: ContextInfo, asked: str, cache: TuningCache | None = None
    ):
        self.painter, self.device, self.asked = painter, device, asked
        self._settled: dict[str, Choice] = {}  # structure to the engine of a long job
        self.cache = cache or TuningCache(f"{device.renderer} | {device.version}")

    def candidates(self, network: Network) -> list[Engine]:
        """What can draw a network here as it changes, the first guess first."""
        width = network.width
        if self.device.software and width > UNROLLED_WIDTH and self.asked == AUTO:
            return [NUMPY]  # far faster than what compiles for seconds
        found = [FRAGMENT]
        if self.painter.compute:
            found += [
                COMPUTE[pixels] for pixels in (ON_PROCESSOR if self.device.software else ON_GPU)
            ]
            if width > UNROLLED_WIDTH and self.painter.tiled:
                found.append(TILED)
        if self.device.software:
            found.append(NUMPY)
        if self.asked == "compute":
            found = [engine for engine in found if engine.kind == "compute"]
        found = [engine for engine in found if fits(engine, width)]
        guess = self.guess(network)
        return [guess, *(engine for engine in found if engine != guess)]

    def guess(self, network: Network) -> Engine:
        """The engine before anything is measured.

        A processor multiplies matrices well; a GPU's compute units outnumber those that serve
        fragments, by far in a data centre.
        """
        wide = network.width > UNROLLED_WIDTH
        if self.asked == "compute":
            return self._compute(wide)
        if self.device.software:
            return NUMPY if network.width > FEW_UNITS else FRAGMENT
        if wide and self.painter.tiled:
            return TILED
        return self._compute(wide) if self.painter.compute else FRAGMENT

    def _compute(self, wide: bool) -> Engine:
        """The compute engine to begin with."""
        if wide:
            return COMPUTE[4]
        return COMPUTE[ON_PROCESSOR[1]] if self.device.software else COMPUTE[ON_GPU[0]]

    @property
    def baked(self) -> Engine:
        """How programs are baked here."""
        on_gpu = self.painter.compute and not self.device.software
        return BAKED_COMPUTE if on_gpu else BAKED

    def engine_for(self, network: Network) -> Choice:
        """The engine that draws a network, by its exact name."""
        if self.asked == str(BAKED) and fits(BAKED, network.width):
            return Choice(str(self.baked), "asked for")
        if self.asked in EXACT:
            if fits(EXACT[self.asked], network.width):
                return Choice(self.asked, "asked for")
            instead = COMPUTE[4] if EXACT[self.asked].kind == "compute" else FRAGMENT
            return Choice(str(instead), f"{self.asked} draws up to {UNROLLED_WIDTH} units")
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

        It is the engine of `base`, which the picture remembers, unless that is too slow by far,
        as to compile a program for each would be: then a first guess, the same each time.
        `engine` stands for the one of `base`.
        """
        engine = engine or EXACT[self.engine_for(base).engine]
        if engine.kind == "baked" and network is not base:
            return self.guess(network)
        products = engine in (NUMPY, TILED)
        if products == (network.width > UNROLLED_WIDTH) or engine == NUMPY:
            return engine
        return self.guess(network)

    def tune(
        self,
        scene: Scene,
        size: tuple[int, int],
        planes: Callable[[tuple[int, int]], Planes],
        *,
        bake: bool | None = None,
    ) -> Choice:
        """Time the candidates on a band of the picture and remember the fastest.

        `bake`: measure a baked program too, however long it takes to compile; None: of a small
        network.
        """
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
        shaders = [engine for engine in best if engine != NUMPY]
        if fastest == NUMPY and shaders:
            rival = max(shaders, key=lambda engine: best[engine])
            if best[NUMPY] < HOST_GAIN * best[rival]:
                fastest = rival
        elif best[fastest] < GAIN * best[candidates[0]] and candidates[0] != NUMPY:
            fastest = candidates[0]
        seconds = 0.0
        if weights(network) <= BAKE_TRIAL if bake is None else bake:
            seconds = self._bake_cost(scene, size, planes, rates)
        known = self.cache.get(self.key(network))
        if known is not None:  # what was compiled before takes no time, and says nothing
            seconds = max(seconds, known.bake_seconds)
        self.cache.put(self.key(network), Measured(str(fastest), rates, seconds))
        self._settled.pop(self.key(network), None)
        return self.engine_for(network)

    def _rate(
        self,
        scene: Scene,
        size: tuple[int, int],
        engine: Engine,
        planes: Callable[[tuple[int, int]], Planes],
    ) -> float:
        """Multiplications a second on a band that takes about ROUND_SECONDS."""
        work = work_per_pixel(scene.network)
        rate = self.painter.rate(self.painter.kind(engine, scene.network))
        rows = max(8, min(size[1], int(ROUND_SECONDS * rate / (work * size[0]))))
        target = planes((size[0], rows))
        begin(self.painter, target, scene, engine, size=size).step(0.0)  # compiles
        started, drawn, elapsed = wall.perf_counter(), 0, 0.0
        while elapsed < ROUND_SECONDS:  # a fast one draws the band more than once
            drawing = begin(self.painter, target, scene, engine, size=size)
            while not drawing.step(1.0):
                pass
            drawn, elapsed = drawn + 1, wall.perf_counter() - started
        return drawn * size[0] * rows * work / elapsed

    def _bake_cost(
        self,
        scene: Scene,
        size: tuple[int, int],
        planes: Callable[[tuple[int, int]], Planes],
        rates: dict[str, float],
    ) -> float:
        """Seconds to compile a weight as a literal; the rate of the result goes into `rates`."""
        if not _bakeable(scene.network):
            return 0.0
        started = wall.perf_counter()
        begin(self.painter, planes((size[0], 8)), scene, self.baked, size=size).step(0.0)
        seconds = (wall.perf_counter() - started) / weights(scene.network)
        rates[str(self.baked)] = max(
            self._rate(scene, size, self.baked, planes) for _ in range(ROUNDS)
        )
        return seconds

    def settle(
        self,
        scene: Scene,
        points: float,
        planes: Callable[[tuple[int, int]], Planes],
        *,
        bakes: bool = True,
    ) -> Choice:
        """The engine for a long job of so many points (pixels × samples): it draws from now on.

        `bakes`: whether a baked program may.
        """
        network = scene.network
        self._settled.pop(self.key(network), None)
        seconds = self._seconds(network, points)
        known = self.cache.get(self.key(network))
        soon = weights(network) * BAKE_SECONDS < seconds / BAKE_WORTH
        bake = bakes and soon and _bakeable(network)
        if seconds > TUNE_WORTH and (
            known is None or (bake and str(self.baked) not in known.rates)
        ):
            self.tune(scene, TRIAL_SIZE, planes, bake=bake or (None if bakes else False))
        choice = self._long(network, points) if bakes else self.engine_for(network)
        self._settled[self.key(network)] = choice
        return choice

    def _seconds(self, network: Network, points: float) -> float:
        """How long the engine of `engine_for` takes, as far as one can tell."""
        engine = EXACT[self.engine_for(network).engine]
        found = self.cache.get(self.key(network))
        rate = found.rates.get(str(engine), 0.0) if found else 0.0
        rate = rate or self.painter.rate(self.painter.kind(engine, network))
        return points * work_per_pixel(network) / rate

    def _long(self, network: Network, points: float) -> Choice:
        """A baked program, where what it saves exceeds what its compilation costs."""
        choice = self.engine_for(network)
        found = self.cache.get(self.key(network))
        if self.asked != AUTO or not found or not _bakeable(network):
            return choice
        slow, fast = found.rates.get(choice.engine, 0.0), found.rates.get(str(self.baked), 0.0)
        if not slow or fast <= slow:
            return choice
        work = points * work_per_pixel(network)
        compiling = weights(network) * (found.bake_seconds or BAKE_SECONDS)
        saved = work / slow - work / fast
        if saved < BAKE_MARGIN * compiling:
            return choice
        return Choice(str(self.baked), f"saves {saved:.0f} s for {compiling:.1f} s of compiling")

    def key(self, network: Network) -> str:
        """What a measurement of these candidates is kept under."""
        asked = "" if self.asked in (AUTO, *EXACT) else f", {self.asked}"
        return structure_key(self.painter.structure(network)) + asked


def _bakeable(network: Network) -> bool:
    """Whether a network can be baked at all."""
    return 0 < weights(network) <= BAKE_WEIGHTS and fits(BAKED, network.width)


def _gain(found: Measured) -> str:
    """How much faster than the next best, in words."""
    live = {n: rate for n, rate in found.rates.items() if EXACT[n].kind != "baked" and rate > 0}
    mine = live.get(found.engine)
    others = {name: rate for name, rate in live.items() if name != found.engine}
    if not mine or not others:
        return ""
    name = max(others, key=lambda n: others[n])
    gain = mine / others[name]
    return f": {gain:.1f}× {name}" if gain >= GAIN else f", as {name} is"
