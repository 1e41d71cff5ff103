"""Points of the plane on their way through a network, in coordinates to be drawn.

    network, places -> travel() -> Journey -> at(position), frame(position), stage(position)

A position is a number from 0, the inputs, to the depth, the outputs. Each layer has three thirds:
W rotates and then stretches space, b shifts it, and the activation bends it, each unit along its
own axis; every movement begins and ends gently. At whole positions, and at the thirds, coordinates
are exactly the units, the weighted sums W y, and W y + b, or projections of them (projection.py).
Between two layers' projections the linear map that fits best moves the points (of units, W itself),
and what it leaves over is added during the stretch.

The frame is the part of space that is seen. While W and b move, it is the same, and holds all that
they do, and the origin. At whole positions it fits the points: it changes while they rest, in the
first tenth of a layer, and follows them while the activation bends space, whose pace is such that
the frame changes by equal factors.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from cppn_gl.nn.features import Clock, constant
from cppn_gl.nn.network import Network
from cppn_gl.preset.show import WarpOptions
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.tasks import Steps
from cppn_gl.utils.threads import one_thread
from cppn_gl.views.text import symbol
from cppn_gl.views.warp.morph import Morph, decomposed, padded
from cppn_gl.views.warp.projection import SHOWN, Projection, of_components, of_units

T = TypeVar("T")

REST = 0.3  # of the first third of a layer, in which only the frame changes
BAND = 0.18  # half the width of the band that a single unit's axis is drawn as, of its length
MARGIN = 1.06  # of frames
THIN = 0.02  # of its longest side that every side of a frame has at least
MOST = 1e100  # coordinates beyond are not drawn
_WORK = 2e7  # multiplications between two yields
_TURNS = (0.25, 0.5, 0.75, 1.0)  # parts of a rotation at which a frame must hold the points


def eased(part: float) -> float:
    """From 0 to 1 with slopes of 0 at both ends; clamped."""
    part = min(max(part, 0.0), 1.0)
    return part * part * (3 - 2 * part)


@dataclass(frozen=True)
class Stage:
    """What happens at a position: layer (from 1; 0: nothing yet), and parts done, each 0 to 1.

    `framed`: how much of the way to the layer's frame is done.
    """

    layer: int
    turned: float = 0.0
    stretched: float = 0.0
    shifted: float = 0.0
    bent: float = 0.0
    framed: float = 0.0

    @classmethod
    def of(cls, position: float, depth: int) -> "Stage":
        position = min(max(position, 0.0), float(depth))
        layer = max(1, math.ceil(position - 1e-9))
        thirds = 3 * (position - layer + 1)
        move = (1 - REST) / 2
        return cls(
            layer,
            eased((thirds - REST) / move),
            eased((thirds - REST - move) / move),
            eased(thirds - 1),
            eased(thirds - 2),
            eased(thirds / REST),
        )


@dataclass(frozen=True, eq=False)
class Frame:
    """A part of space: its centre and its half sides, (3,) each."""

    center: Float64
    half: Float64

    def toward(self, other: "Frame", part: float) -> "Frame":
        """From this one (0) to another (1), by equal factors of size in equal parts.

        All frames between hold what both hold.
        """
        return self.mixed(other, self.share(other, part))

    def share(self, other: "Frame", part: float) -> float:
        """The share of another frame to mix in, so that equal parts are equal factors of size."""
        size, last = float(self.half.max()), float(other.half.max())
        if not 0 < part < 1 or abs(last - size) <= 1e-6 * size:
            return part
        return float((size ** (1 - part) * last**part - size) / (last - size))

    def mixed(self, other: "Frame", part: float) -> "Frame":
        """From this one (0) to another (1), as points that move straight from one to the other."""
        center = (1 - part) * self.center + part * other.center
        return Frame(center, (1 - part) * self.half + part * other.half)


def frame_of(*points: Float64) -> Frame:
    """The frame that holds points, (N, 3) each, with a margin; finite ones only."""
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for some in points:
        along = np.ascontiguousarray(some.T)  # along which minima are found fast
        ends = along.min(axis=1), along.max(axis=1)
        if not np.isfinite(ends).all():
            along = np.where(np.isfinite(along), along, np.nan)
            ends = np.fmin.reduce(along, axis=1), np.fmax.reduce(along, axis=1)
        low, high = np.fmin(low, ends[0]), np.fmax(high, ends[1])
    known = np.isfinite(low) & np.isfinite(high)
    low, high = np.where(known, low, 0.0), np.where(known, high, 0.0)
    half = (high - low) / 2 * MARGIN
    largest = float(half.max())
    return Frame((low + high) / 2, np.maximum(half, largest * THIN if largest > 0 else 1.0))


@dataclass(frozen=True, eq=False)
class Passage:
    """One layer's movements of points (N, 3), from those of the layer before.

    weighted: after W. shift (3,): by b. bent: after the activation. frame: holds what W and b do.
    """

    morph: Morph
    left_over: Float64
    weighted: Float64
    shift: Float64
    bent: Float64
    frame: Frame

    def at(self, before: Float64, stage: Stage) -> Float64:
        """The points at a stage of this layer."""
        if stage.bent >= 1:
            return self.bent
        if not stage.shifted and stage.stretched < 1:
            moved = before @ self.morph.at(stage.turned, stage.stretched).T
            return np.asarray(moved + stage.stretched * self.left_over)
        summed = self.weighted + stage.shifted * self.shift
        return np.asarray((1 - stage.bent) * summed + stage.bent * self.bent)


@dataclass(frozen=True, eq=False)
class Journey:
    """Points (N, 3) of the inputs, their way through the layers, and their outputs (N, k).

    projections, frames: one more than layers.
    """

    start: Float64
    passages: tuple[Passage, ...]
    projections: tuple[Projection, ...]
    frames: tuple[Frame, ...]
    outputs: Float64

    @property
    def depth(self) -> int:
        return len(self.passages)

    @property
    def flat(self) -> bool:
        """Whether no layer is drawn with more than two axes."""
        return all(projection.axes < SHOWN for projection in self.projections)

    def whole(self, layer: int) -> Float64:
        """The points after a layer, (N, 3)."""
        return self.passages[layer - 1].bent if layer else self.start

    def stage(self, position: float) -> Stage:
        """What happens at a position, where the frame's size changes by equal factors."""
        stage = Stage.of(position, self.depth)
        if not stage.bent:
            return stage
        own, last = self.passages[stage.layer - 1].frame, self.frames[stage.layer]
        return replace(stage, bent=own.share(last, stage.bent))

    def at(self, position: float) -> Float64:
        """The points at a position, (N, 3)."""
        stage = self.stage(position)
        return self.passages[stage.layer - 1].at(self.whole(stage.layer - 1), stage)

    def frame(self, position: float) -> Frame:
        """What is seen at a position."""
        stage = self.stage(position)
        own = self.passages[stage.layer - 1].frame
        if stage.framed < 1:
            return self.frames[stage.layer - 1].toward(own, stage.framed)
        if stage.bent:
            return own.mixed(self.frames[stage.layer], stage.bent)
        return own

    def axes(self, position: float) -> Projection:
        """The axes at a position: those of the layer that W leads to, once it begins to stretch."""
        stage = Stage.of(position, self.depth)
        return self.projections[stage.layer if stage.stretched > 0 else stage.layer - 1]

    @property
    def bytes(self) -> float:
        return float(self.start.nbytes * (1 + 3 * self.depth) + self.outputs.nbytes)


def travel(
    network: Network,
    clock: Clock,
    places: Float64,
    reference: Sequence[int],
    options: WarpOptions,
) -> Steps[Journey]:
    """The journey of places (N, 2) of the plane; components are those of some rows, `reference`."""
    features = network.features(places[:, 0], places[:, 1], clock)
    fixed = [constant(name, clock, network.latent) for name in network.inputs]
    moving = [k for k, value in enumerate(fixed) if value is None]
    known = features[reference], places[reference]
    projections = yield from _projections(network, *known, moving, options)
    biases = [np.asarray(layer.bias, np.float64) for layer in network.layers]
    given = np.array([value or 0.0 for value in fixed])
    biases[0] = biases[0] + network.layers[0].weight.astype(np.float64) @ given
    count, depth = len(places), network.depth
    found = np.zeros((depth, 2, count, SHOWN))  # after W, after the activation
    outputs = np.zeros((count, network.outputs))
    rows = max(1, int(_WORK / max(layer.weight.size for layer in network.drawn)))
    for first in range(0, count, rows):
        some = slice(first, first + rows)
        for number, (_, pre, units) in enumerate(_steps(network.walk(features[some]))):
            seen = projections[number + 1].seen
            found[number, :, some] = seen(pre - biases[number]), seen(units)
            if number == depth - 1:
                outputs[some] = units
            yield 0.5 + (first + rows * number / depth) / count / 2
    found[np.abs(found) > MOST] = np.nan
    start = projections[0].seen(features[:, moving])
    if projections[0].axes == 1:
        start[:, 1] = places[:, 1] * _band(start[:, 0], places[:, 1])
    passages, frames = [], [frame_of(start)]
    before = start
    for number, layer in enumerate(network.layers):
        weight = layer.weight[:, moving] if number == 0 else layer.weight
        ends = projections[number], projections[number + 1]
        with one_thread():
            passages.append(_passage(weight, biases[number], before, found[number], ends))
        before = passages[-1].bent
        frames.append(frame_of(before))
        yield 1.0
    return Journey(start, tuple(passages), tuple(projections), tuple(frames), outputs)


def _steps(walk: Iterator[T]) -> Iterator[T]:
    """What an iterator yields, computed without BLAS's threads, which wait for each other."""
    while True:
        with one_thread():
            found = next(walk, None)
        if found is None:
            return
        yield found


def _projections(
    network: Network, features: Float64, places: Float64, moving: list[int], options: WarpOptions
) -> Steps[list[Projection]]:
    """What is shown of the inputs that are not the same everywhere, and of each layer."""
    for step in _steps(network.walk(features)):
        outputs = step[2]
        yield
    plane = np.concatenate([places, np.zeros((len(places), 1))], axis=1)
    names = [symbol(network.inputs[k]) for k in moving] or [""]
    units = features[:, moving] if moving else np.zeros((len(places), 1))
    wide = len(names) > SHOWN
    found = [_projection(names, units, plane, outputs[:, 0], options, wide=wide)]
    seen = found[0].seen(units)
    for number, (_, _, units) in enumerate(_steps(network.walk(features)), 1):
        of, count = "output" if number == network.depth else "unit", units.shape[1]
        names = [f"{of} {k + 1}" for k in range(count)] if count > 1 else [of]
        wide = count > SHOWN or (options.project == "components" and count == SHOWN)
        found.append(_projection(names, units, seen, outputs[:, 0], options, wide=wide))
        seen = found[-1].seen(units)
        yield number / network.depth / 2
    return found


def _projection(
    names: Sequence[str],
    units: Float64,
    before: Float64,
    score: Float64,
    options: WarpOptions,
    *,
    wide: bool,
) -> Projection:
    """By units or by components; of a layer that is not `wide`, all units or the chosen ones."""
    chosen = options.units or ()
    by_units = options.project == "units" or (options.project == "auto" and bool(chosen))
    if wide and not by_units:
        with one_thread():
            return of_components(units, before, score)
    return of_units(names, chosen if by_units else ())


def _band(along: Float64, across: Float64) -> float:
    """The factor that scales values across an axis (N, …) to a band along values (N,) on it."""
    with np.errstate(all="ignore"):
        length = float(np.nanmax(along, initial=-np.inf) - np.nanmin(along, initial=np.inf)) / 2
        wide = float(np.nanmax(np.abs(across), initial=0.0))
        factor = BAND * length / wide if wide > 0 else 0.0
    return factor if 0 < factor < MOST else 0.0


def _passage(
    weight: Float32,
    bias: Float64,
    before: Float64,
    found: Float64,
    of: tuple[Projection, Projection],
) -> Passage:
    weighted, bent = found
    good = np.isfinite(before).all(axis=1) & np.isfinite(weighted).all(axis=1)
    if of[0].exact:
        matrix = padded(of[1].basis.T @ weight.astype(np.float64) @ of[0].basis)
    else:
        matrix = np.linalg.lstsq(before[good], weighted[good], rcond=1e-9)[0].T
    morph = decomposed(matrix)
    if of[1].axes == 1:  # a line of one unit keeps a little of what is at right angles to it
        across = (before @ morph.rotation().T)[:, 1:]
        thin, bent_thin = (_band(values[:, 0], across) for values in (weighted, bent))
        morph = replace(morph, stretch=np.diag([morph.stretch[0, 0], thin, thin]))
        weighted, bent = weighted.copy(), bent.copy()
        weighted[:, 1:], bent[:, 1:] = thin * across, bent_thin * across
    left_over = weighted - before @ (morph.stretch @ morph.rotation()).T
    shift = of[1].seen(bias[None])[0]
    frame = frame_of(
        np.zeros((1, SHOWN)),
        before,
        *(before @ morph.rotation(part).T for part in _TURNS),
        weighted,
        weighted + shift,
    )
    return Passage(morph, left_over, weighted, shift, bent, frame)
