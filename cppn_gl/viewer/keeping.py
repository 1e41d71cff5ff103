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
from cppn_gl.nn.draws import INITS
from cppn_gl.nn.network import Network
from cppn_gl.nn.sources import Random
from cppn_gl.nn.spread import Seen, Spread, Window, points_for, spread_steps
from cppn_gl.preset.color import MAPPINGS
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.tasks import at_once

MIN_SCALE, MAX_SCALE = 1e-4, 1000.0  # limits of the weight scale for keys
FLAT = 0.03  # range of display values below which a picture has no contrast
STATIC, GRAIN = 0.5, 0.25  # noise of a picture that is static, and the most that a search takes
POINTS = 48  # measured for a search
LARGE = 300_000  # parameters: more are not drawn again for a search
TRIALS = 20
# Factors on the spread searched for, if the picture is static, or has too little contrast.
LESS, OTHERS = (0.5, 0.25, 0.12), (2.0, 0.5, 0.25, 4.0)
HARDEST = 6.0  # a larger spread, relative to the one to keep, is taken only if no other will do
ENOUGH = 0.7  # of the contrast to keep
TOLERANCE = 0.03  # of the logarithm of a spread
STRIDE, MIN_SLOPE = 1.5, 0.25  # the longest step of the logarithm of the scale; d log spread / d it


class Probe:
    """Measures a preset's network at any weight scale, at a time, in a window of `size` pixels.

    `network`: one of the same shapes whose draws stand in for those of the preset, if these are of
    another distribution and there are too many to draw now.
    """

    def __init__(
        self,
        preset: Preset,
        time: float,
        size: tuple[int, int],
        points: int = POINTS,
        network: Network | None = None,
    ):
        self.preset = preset.at(time)
        self.window = Window(self.preset.view.center, self.preset.view.extent, size)
        self._clock = self.preset.animation.clock(time)
        self.network = network or self.preset.network()
        self.count = points_for(self.network, points)
        self.large = self.network.parameters > LARGE
        self.scalable = self.preset.spec.redrawable and self.preset.normalize.which == "none"
        self._unit = 1.0  # factor on the draws of `network`, to have the preset's variance
        if network is not None:
            self._unit = _deviation(cast(Random, self.preset.spec)) * math.sqrt(3)
        self._drawn = self.network
        if self.scalable:  # unscaled, so that a trial multiplies the sums instead of every weight
            self._drawn = Network(
                self.network.drawn, self.network.inputs, latent=self.network.latent
            )

    def at(self, scale: float | None = None) -> Generator[None, None, Spread]:
        """The spread at a weight scale, or at the preset's own."""
        factors = None
        if self.scalable:
            spec = cast(Random, self.preset.spec)
            if scale is not None:
                spec = dataclasses.replace(spec, weight_scale=scale)
            pairs = (spec.scales(*layer.weight.shape) for layer in self._drawn.drawn)
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
        own = MAPPINGS[color.mapping].span
        low, high = own or ACTIVATIONS[self.preset.spec.output_activation].span
        return spread.seen(low, high, stretch=color.stretch != "none")


def _deviation(spec: Random) -> float:
    """The standard deviation of a random network's draws before they are scaled."""
    return 1 / math.sqrt(3) if INITS[spec.init][0] == "uniform" else 1.0


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

    def matching(
        self, before: float, contrast: float, start: float
    ) -> Generator[None, None, float | None]:
        """The scale with outputs' pre-activations of spread `before`, if it has that contrast.

        Otherwise that of the trial with most contrast up to it: where all outputs are near one end
        another spread may do, and a smaller one where the picture would be static. None if none
        shows a picture.
        """

        def fits(trial: Trial) -> bool:
            return trial.look.noise <= GRAIN and trial.look.contrast >= ENOUGH * contrast

        trial = yield from self._solved(before, start)
        if fits(trial):
            return trial.scale
        static = trial.look.noise > GRAIN
        for factor in LESS if static else OTHERS:
            if len(self._trials) >= TRIALS:
                break
            trial = yield from self._solved(factor * before, trial.scale)
            if fits(trial) or (static and trial.look.noise <= GRAIN):
                break
        good = [t for t in self._trials if t.look.noise <= GRAIN and t.look.range > FLAT]
        soft = [t for t in good if t.before < HARDEST * before] or good
        best = max(soft, default=None, key=lambda t: min(t.look.contrast, contrast))
        return None if best is None else best.scale

    def _solved(self, before: float, start: float) -> Generator[None, None, Trial]:
        """The scale at which the outputs' pre-activations have a spread, searched from `start`.

        Bisects the logarithm of the scale, guided by secants: the spread is about a power of it.
        """
        target = math.log(max(before, 1e-30))
        low, high = math.log(MIN_SCALE), math.log(MAX_SCALE)
        at = math.log(min(max(start, MIN_SCALE), MAX_SCALE))
        slope = float(self._probe.preset.spec.depth)
        last: tuple[float, float] | None = None
        while True:
            spread = yield from self._probe.at(math.exp(at))
            trial = Trial(math.exp(at), spread.before, self._probe.seen(spread))
            self._trials.append(trial)
            overflow = spread.finite < 1 or not math.isfinite(spread.before)
            error = 100.0 if overflow else math.log(max(spread.before, 1e-30)) - target
            low, high = (low, min(high, at)) if error > 0 else (max(low, at), high)
            close = abs(error) < TOLERANCE or high - low < 1e-6
            if close or len(self._trials) >= TRIALS:
                return trial
            if last is not None and not overflow:
                slope = max((error - last[1]) / (at - last[0]), MIN_SLOPE)
            last = None if overflow else (at, error)
            step = at - min(max(error / slope, -STRIDE), STRIDE)
            if overflow or not low < step < high:
                step = (max(low, at - STRIDE) + min(high, at + STRIDE)) / 2
            at = step


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
        """The weight scale with which `new` keeps the signal of `old`, and how it was found.

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
            if look.range < FLAT or look.noise > STATIC or not spread.before > 0:
                self._origin = None
                return None
            self._origin = old, spread.before, look.contrast
        origin, deviation, contrast = self._origin
        first = cast(Random, origin.spec)
        how = "keeps the signal"
        if dataclasses.replace(after, weight_scale=first.weight_scale) == first:
            scale: float | None = first.weight_scale
        else:
            network = None
            if probe.large and INITS[before.init][0] != INITS[after.init][0]:
                network = probe.network
            trial = Probe(new, time, size, network=network)
            scale = at_once(
                ScaleSearch(trial).matching(deviation, contrast, _same_deviation(first, after))
            )
            if trial.count < POINTS:
                how = f"keeps the signal, measured at {trial.count} points"
        if scale is None or not MIN_SCALE <= scale <= MAX_SCALE:
            self._made = after
            return None
        scale = first.weight_scale if scale == first.weight_scale else float(f"{scale:.4g}")
        self._made = dataclasses.replace(after, weight_scale=scale)
        return scale, how
