"""A fixed random sample of presets that covers the parameters of a network."""

import random

from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.draws import INITS
from cppn_gl.nn.features import CHANNELS, FEATURES
from cppn_gl.preset.preset import Preset

COUNT = 65
SIZES = [(32, 18), (33, 17), (3, 5), (7, 1), (1, 1), (18, 32), (1, 6)]
DEPTHS = [1, 2, 2, 3, 3, 4, 5, 6, 8, 10, 14, 18, 27, 40, 64]
WIDTHS = [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 16, 20, 27, 30, 31, 32, 33, 50, 66]
SCALES = [0, 0.05, 0.3, 0.7, 1, 1, 1.3, 2, 5, 40, 1000]
EXTENTS = [0.01, 0.3, 1, 1, 2.6, 10, 40]
FEATURE_NAMES = [*(name for name in FEATURES if name not in CHANNELS), "z0", "z1", "z5"]


def sample(number: int) -> Preset:
    """Preset `number`: activations and initialisations in turn, all other settings random."""
    pick, names = random.Random(f"cppn_gl {number}"), list(ACTIVATIONS)
    depth, width = pick.choice(DEPTHS), pick.choice(WIDTHS)
    hidden = names[number % len(names)]
    which = pick.sample(FEATURE_NAMES, pick.randint(1, 6))
    which += [name for name in pick.sample("xyr", 1) if not {"x", "y", "r"} & set(which)]
    several = [pick.choice([hidden, *pick.sample(names, 2)]) for _ in range(depth - 1)]
    return Preset().replace(
        depth=depth,
        width=width,
        inputs=which,
        outputs=pick.choice([1, 3, 3]),
        activation=several if number % 3 == 2 else hidden,
        output_activation=names[(5 * number + number // len(names)) % len(names)],
        init=list(INITS)[number % len(INITS)],
        weight_scale=pick.choice(SCALES),
        bias_scale=pick.choice([None, None, 0, 0.5, 3]),
        seed=pick.getrandbits(63),
        center=[pick.uniform(-2, 2), pick.uniform(-2, 2)],
        extent=pick.choice(EXTENTS),
        speed=pick.uniform(-2, 2),
    )


def size_of(number: int) -> tuple[int, int]:
    """The picture's size: an unusual one for odd numbers."""
    return SIZES[number // 2 % len(SIZES)] if number % 2 else SIZES[0]


def time_of(number: int) -> float:
    return 0.37 * number
