"""The weight scale that keeps the signal when the activation or the initialisation changes.

    preset, window, time -> Probe: the spread at any weight scale, without drawing weights again
    Probe, spread before -> ScaleSearch.matching() -> a weight scale    (bounded, on few points)

Two spreads are matched: the contrast of the picture where it can be reached, and the standard
deviation of the outputs' pre-activations, which grows with the weight scale and so can be solved
for. A scale at which the picture would be static is not taken.
"""

import dataclasses
import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import cast

from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.draws import DEVIATIONS, INITS
from cppn_gl.nn.network import Network
from cppn_gl.nn.sources import Random
from cppn_gl.nn.spread import STATIC, Seen, Spread, Window, points_for, spread_steps
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.tasks import at_once

MIN_SCALE, MAX_SCALE = 1e-4, 1000.0  # limits of the weight scale for keys
GRAIN = 0.1  # noise of a picture, at most
POINTS = 48  # measured for a search
LARGE = 300_000  # parameters: more are not drawn again for a search
TRIALS = 16  # to solve for a spread
CALMER = [0.88**k for k in range(1, 11)]  # factors on the scale to try if the picture is static
# To try if it has too little contrast: factors on the spread, then on the scale.
HARDER, LARGER = (2.5, 0.4, 0.15, 7.0), [1.41**k for k in range(1, 11)]
HARDEST = 12.0  # a larger spread, relative to the one to keep, is taken only if no other will do
ENOUGH = 0.7  # of the contrast to keep
TOLERANCE = 0.05  # of the logarithm of a spread
STRIDE, MIN_SLOPE = 1.5, 0.25  # the longest step of the logarithm of the scale; d log spread / d it


class Probe:
    """Measures a preset's network at any weight scale, at a time, in a window of `size` pixels.

    `network`: that of the preset, if it is drawn already; with `stand_in`, one of the same shapes
    whose draws stand in for those of another distribution, if there are too many to draw now.
    """

    def __init__(
        self,
        preset: Preset,
        time: float,
        size: tuple[int, int],
        points: int = POINTS,
        network: Network | None = None,
        *,
        stand_in: bool = False,
    ):
        self.preset = preset.at(time)
        self.window = Window(self.preset.view.center, self.preset.view.extent, size)
        self._clock = self.preset.animation.clock(time)
        self.network = network or self.preset.network()
        self.count = points_for(self.network, points)
        self.scalable = self.preset.spec.redrawable and self.preset.normalize.which == "none"
        self._unit = 1.0  # factor on the draws of `network`, to have the preset's variance
        if stand_in:
            self._unit = _deviation(cast(Random, self.preset.spec)) / DEVIATIONS["uniform"]
        self._drawn = self.network
        if self.scalable:  # unscaled, so that a trial multiplies the sums instead of every weight
            self._drawn = self.network.of_layers(self.network.drawn)

    def at(self, scale: float | None = None) -> Generator[None, None, Spread]:
        """The spread at a weight scale, or at the preset's own."""
        factors = None
        if self.scalable:
            spec = cast(Random, self.preset.spec)
            if scale is not None:
                spec = dataclasses.replace(spec, weight_scale=scale)
            shapes = (layer.weight.shape for layer in self._drawn.drawn)
            pairs = (spec.scales(*shape, first=not n) for n, shape in enumerate(shapes))
            factors = [(self._unit * weight, self._unit * bias) for weight, bias in pairs]
        return (
            yield from spread_steps(
                self._drawn, self.window, self._clock, count=self.count, factors=factors
            )
        )

    def seen(self, spread: Spread) -> Seen:
        """How a spread looks in the preset's colours."""
        color = self.preset.color
        if color.plain:
            return spread.seen()
        own = color.row.span
        low, high = own or ACTIVATIONS[self.preset.spec.output_activation].span
        return spread.seen(low, high, stretch=color.stretch != "none")


def _deviation(spec: Random) -> float:
    """The standard deviation of a random network's draws before they are scaled."""
    return DEVIATIONS[INITS[spec.init][0]]


def _same_deviation(old: Random, new: Random) -> float:
    """The weight scale at which hidden weights keep their standard deviation."""
    fan = (new.width, new.width)
    unit = dataclasses.replace(new, weight_scale=1.0)
    return old.scales(*fan)[0] * _deviation(old) / (unit.scales(*fan)[0] * _deviation(new))


@dataclass(frozen=True)
class Trial:
    """A weight scale, the spread of the outputs' pre-activations there, and the picture."""

    scale: float
    before: float
    look: Seen


class ScaleSearch:
    """Searches the weight scale at which a probe shows a picture; remembers all trials."""

    def __init__(self, probe: Probe):
        self._probe = probe
        self._trials: list[Trial] = []
        self._slope = float(probe.preset.spec.depth)  # d log spread / d log scale, lately

    def matching(
        self, before: float, contrast: float, start: float
    ) -> Generator[None, None, Trial]:
        """The scale with outputs' pre-activations of spread `before`, if it has that contrast.

        Otherwise that of the trial with most contrast up to it: where all outputs are near one end
        another spread may do, and a smaller one where the picture would be static.
        """

        def fits(trial: Trial) -> bool:
            return trial.look.noise <= GRAIN and trial.look.contrast >= ENOUGH * contrast

        solved = yield from self._solved(before, start)
        if fits(solved):
            return solved
        static = solved.look.noise > GRAIN
        steps = [factor ** (1 / self._slope) for factor in HARDER]
        for step in CALMER if static else (*steps, *LARGER):
            if not static and step == LARGER[0] and not self._best(before, contrast).look.flat:
                break  # better than what is found there, if anything
            trial = yield from self._tried(min(max(step * solved.scale, MIN_SCALE), MAX_SCALE))
            if fits(trial) or (static and trial.look.noise <= GRAIN):
                break
        return self._best(before, contrast)

    def _best(self, before: float, contrast: float) -> Trial:
        """The trial with most contrast, up to `contrast`, among the calmest ones."""
        calm = min(max(min(t.look.noise for t in self._trials), GRAIN), STATIC / 2)
        good = [t for t in self._trials if t.look.noise <= calm] or self._trials
        soft = [t for t in good if t.before < HARDEST * before] or good
        return max(soft, key=lambda t: min(t.look.contrast, contrast))

    def _solved(self, before: float, start: float) -> Generator[None, None, Trial]:
        """The scale at which the outputs' pre-activations have a spread, searched from `start`.

        Bisects the logarithm of the scale, guided by secants: the spread is about a power of it.
        """
        target = math.log(max(before, 1e-30))
        low, high = math.log(MIN_SCALE), math.log(MAX_SCALE)
        at = math.log(min(max(start, MIN_SCALE), MAX_SCALE))
        last: tuple[float, float] | None = None
        while True:
            trial = yield from self._tried(math.exp(at))
            overflow = not math.isfinite(trial.before)
            error = 100.0 if overflow else math.log(max(trial.before, 1e-30)) - target
            low, high = (low, min(high, at)) if error > 0 else (max(low, at), high)
            close = abs(error) < TOLERANCE or high - low < 1e-6
            if close or len(self._trials) >= TRIALS:
                return trial
            if last is not None and not overflow:
                self._slope = max((error - last[1]) / (at - last[0]), MIN_SLOPE)
            last = None if overflow else (at, error)
            step = at - min(max(error / self._slope, -STRIDE), STRIDE)
            if overflow or not low < step < high:
                step = (max(low, at - STRIDE) + min(high, at + STRIDE)) / 2
            at = step

    def _tried(self, scale: float) -> Generator[None, None, Trial]:
        """The trial of a scale."""
        spread = yield from self._probe.at(scale)
        before = spread.before if spread.finite == 1 else math.inf
        self._trials.append(Trial(scale, before, self._probe.seen(spread)))
        return self._trials[-1]


class Keeper:
    """Finds weight scales that keep the signal, and remembers the one of the first of a series.

    Pressing A through all activations measures each against the first, so that errors do not add
    up, and the way round ends where it began.
    """

    def __init__(self) -> None:
        self._made: Random | None = None  # what the last change gave
        self._origin: tuple[Preset, float, float] | None = None  # with its spread and contrast

    def scale(
        self, old: Preset, new: Preset, time: float, size: tuple[int, int]
    ) -> tuple[float, str] | None:
        """The weight scale with which `new` keeps the signal of `old`, and what it does in words.

        Both are random networks that differ in activation or initialisation. None if the old
        picture has nothing to keep, or if the scale does not matter.
        """
        before, after = cast(Random, old.spec), cast(Random, new.spec)
        probe = Probe(old, time, size)
        if not probe.scalable or not before.weight_scale > 0:
            return None
        if self._origin is None or self._made != before or self._origin[0].view != old.view:
            spread = at_once(probe.at())
            look = probe.seen(spread)
            if look.flat or look.static or not spread.before > 0:
                self._origin = None
                return None
            self._origin = old, spread.before, look.contrast
        origin, deviation, contrast = self._origin
        first = cast(Random, origin.spec)
        says = "keeps the signal"
        if dataclasses.replace(after, weight_scale=first.weight_scale) == first:
            scale = first.weight_scale
        else:
            large = probe.network.parameters > LARGE
            stand_in = large and INITS[before.init][0] != INITS[after.init][0]
            network = probe.network if stand_in else None
            trial = Probe(new, time, size, network=network, stand_in=stand_in)
            start = _same_deviation(first, after)
            best = at_once(ScaleSearch(trial).matching(deviation, contrast, start))
            scale = float(f"{best.scale:.4g}")
            if best.look.flat or best.look.static:
                says = "comes nearest, but none keeps the signal"
            elif trial.count < POINTS:
                says += f", measured at {trial.count} points"
        self._made = dataclasses.replace(after, weight_scale=scale)
        return scale, says
