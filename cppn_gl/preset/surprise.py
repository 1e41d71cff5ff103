"""The preset `random`: a preset drawn whole from a seed, and drawn again until it looks good.

    seed, attempt -> _drawn() -> Preset -> thumbnail -> looks() -> passed(): or the next attempt

Equal seeds give equal presets on every machine and with every engine: choices come from the draws
of nn/draws.py, numbers from utils/elementary.py, and the picture is measured by looks.py.
"""

import dataclasses
import math
import random
from collections.abc import Generator, Iterator, Sequence
from typing import Any, TypeVar

from cppn_gl.nn import draws
from cppn_gl.nn.draws import DEVIATIONS, INITS, SEED, deviation, seed_words
from cppn_gl.nn.sources import Random
from cppn_gl.preset.color import MAPPINGS, Color
from cppn_gl.preset.looks import Looks, looks, thumbnail
from cppn_gl.preset.preset import Animation, Preset, Viewport
from cppn_gl.utils.checks import checked
from cppn_gl.utils.elementary import geometric
from cppn_gl.utils.tasks import at_once

RANDOM = "random"  # the preset's name
TITLE = "A surprise: another preset each time, or that of a seed"

T = TypeVar("T")

ATTEMPTS = 64
WORDS = 64  # random words of an attempt, more than it takes

# What a good picture has: see `Looks`.
CONTRAST = (0.2, 0.36)
DETAIL = (0.025, 0.13)
EDGES = 0.48
FILLED = 0.75
TESTS = 4

# How large the gain √n·σ of a hidden layer may be: between fading away and static.
GAINS = {
    "tanh": (1.5, 3.2),
    "sin": (1.2, 2.2),
    "cos": (1.2, 2.2),
    "gaussian": (1.6, 3.6),
    "atan": (1.5, 3.6),
    "sigmoid": (5.0, 10.0),
    "abs": (1.1, 1.5),
    "relu": (1.5, 2.0),
    "leaky_relu": (1.5, 2.0),
    "elu": (1.4, 2.0),
}
# Choices with their weights.
ACTIVATIONS = (
    ("tanh", 6),
    ("sin", 4),
    ("gaussian", 3),
    ("cos", 2),
    ("atan", 1),
    ("sigmoid", 1),
    ("abs", 2),
    ("relu", 2),
    ("leaky_relu", 1),
    ("elu", 2),
)
PATTERNS = (("one", 5), ("first", 3), ("turns", 2))
INPUTS = (
    (("x", "y"), 5),
    (("x", "y", "r"), 3),
    (("x", "y", "cos_t", "sin_t"), 3),
    (("x", "y", "r", "cos_t", "sin_t"), 2),
    (("x", "y", "t"), 2),
    (("x", "r"), 2),
    (("y", "r", "cos_t", "sin_t"), 2),
    (("x", "y", "r", "z0", "z1"), 1),
)
INIT = (
    ("uniform", 1),
    ("normal", 1),
    ("glorot_uniform", 1),
    ("glorot_normal", 1),
    ("he_uniform", 1),
    ("he_normal", 1),
    ("lecun_uniform", 1),
    ("lecun_normal", 1),
)
MAPPING = (
    ("rgb", 8),
    ("oklch", 4),
    ("lab", 2),
    ("hsv", 1),
    ("viridis", 1),
    ("magma", 1),
    ("inferno", 1),
    ("cividis", 1),
    ("cyclic", 1),
    ("diverging", 1),
    ("grey", 1),
)
OUTPUT = (("sigmoid", 7), ("sin", 1), ("tanh", 1), ("gaussian", 1))
BIAS = (0.4, 1.0)
DEPTHS, WIDTHS = (3, 12), (6, 24)
SPREAD = (1.2, 4.0)  # of layer 1's pre-activations at the picture's edge
MIN_EXTENT, MAX_EXTENT = 0.4, 12.0


class Dice:
    """Choices of an attempt, in order."""

    def __init__(self, seed: int, attempt: int):
        words = draws.words(seed, attempt, draws.CHOICE, 1, WORDS)[0]
        self._words: Iterator[int] = iter(words.tolist())

    def whole(self, low: int, high: int) -> int:
        """An integer from `low` to `high`, both included."""
        return low + (next(self._words) * (high - low + 1) >> 32)

    def among(self, choices: Sequence[tuple[T, int]]) -> T:
        """One of some choices, by their weights."""
        place = self.whole(0, sum(weight for _, weight in choices) - 1)
        for choice, weight in choices:
            place -= weight
            if place < 0:
                return choice
        raise AssertionError("unreachable: the weights are larger than the place")

    def between(self, low: float, high: float) -> float:
        """A number between positive ones, to three digits, all factors equally likely."""
        return _tidy(geometric(low, high, next(self._words) / 2**32))


def _tidy(value: float) -> float:
    return float(f"{value:.3g}")


def fresh_seed() -> int:
    """A seed by chance, short enough to be remembered."""
    return random.SystemRandom().randrange(1_000_000)


def surprise(seed: Any) -> Preset:
    """The preset `random` of a seed, a number or words. Raises PresetError."""
    return at_once(surprise_steps(seed))


def surprise_steps(seed: Any) -> Generator[None, Any, Preset]:
    """`surprise` as a generator that yields after each attempt: some milliseconds."""
    number = checked(SEED, seed, "network.seed")
    best, most = Preset(), -1
    for attempt in range(ATTEMPTS):
        preset = _drawn(number, attempt)
        count = passed(looks(thumbnail(preset)))
        if count > most:
            best, most = preset, count
        if most == TESTS:
            break
        yield
    title, description = _words(best, seed_words(seed))
    return dataclasses.replace(best, title=title, description=description)


def passed(found: Looks) -> int:
    """How many of the TESTS a picture passes: with all it is worth a look, as far as is known."""
    contrast = CONTRAST[0] <= found.contrast <= CONTRAST[1]
    detail = DETAIL[0] <= found.detail <= DETAIL[1]
    return contrast + detail + (found.edges >= EDGES) + (found.filled >= FILLED)


def _drawn(seed: int, attempt: int) -> Preset:
    dice = Dice(seed, attempt)
    depth, width = dice.whole(*DEPTHS), dice.whole(*WIDTHS)
    hidden = _activations(dice, depth)
    inputs = dice.among(INPUTS)
    init = dice.among(INIT)
    ranges = [GAINS[name] for name in hidden]
    gain = dice.between(min(low for low, _ in ranges), max(high for _, high in ranges))
    scale = _tidy(gain / deviation(init, width, width) / math.sqrt(width))
    first = scale * deviation(init, len(inputs), width)
    spread = dice.between(*SPREAD)
    extent = _tidy(min(max(spread / first, MIN_EXTENT), MAX_EXTENT))
    drawn = DEVIATIONS[INITS[init][0]]
    bias = _tidy(dice.between(*BIAS) * spread / drawn)
    mapping = dice.among(MAPPING)
    output = dice.among(OUTPUT)
    stretched = dice.whole(1, 5) > 2 or mapping != "rgb" or output != "sigmoid"
    spec = Random(
        depth=depth,
        width=width,
        inputs=inputs,
        outputs=1 if MAPPINGS[mapping].channels == 1 and dice.whole(0, 1) else 3,
        activation=hidden[0] if len(set(hidden)) == 1 else hidden,
        output_activation=output,
        init=init,
        weight_scale=scale,
        bias_scale=bias,
        seed=seed,
    )
    return Preset(
        spec=spec,
        view=Viewport(extent=extent),
        animation=Animation(speed=0.2),
        color=Color(mapping, dice.whole(1, 8) == 1, "percentile" if stretched else "none"),
        theme="pictures",
        name=RANDOM,
    )


def _words(preset: Preset, words: str) -> tuple[str, str]:
    """Title and description."""
    spec = preset.spec
    hidden = " and ".join(dict.fromkeys(spec.hidden_activations))
    seed = f'"{words}"' if words else spec.seed
    description = (
        f"{spec.summary}, {hidden}, inputs {', '.join(spec.inputs)}, colours "
        f"{preset.color.mapping}: all of it drawn by chance, with the weights, the view and the "
        f"colours. The preset random with seed {seed} is this one again."
    )
    return words or f"A surprise: {hidden}", description


def _activations(dice: Dice, depth: int) -> tuple[str, ...]:
    """The activations of depth - 1 hidden layers."""
    one, other = dice.among(ACTIVATIONS), dice.among(ACTIVATIONS)
    pattern = dice.among(PATTERNS)
    if pattern == "one":
        return (one,) * (depth - 1)
    if pattern == "first":
        return (other, *(one,) * (depth - 2))
    return tuple((one, other)[k % 2] for k in range(depth - 1))
