"""How a picture is made that excites a part of a network: the keys of the table `[synthesis]`."""

from dataclasses import dataclass
from typing import Any

from cppn_gl.nn.draws import SEED
from cppn_gl.nn.vision.shapes import MAX_CHANNELS
from cppn_gl.utils.checks import choice, flag, integer, key, line, number, several, show

OBJECTIVES = ("channel", "unit", "class", "direction", "layer")
BASES = ("fourier", "pixels", "network")
STARTS = ("noise", "scales", "picture")
MAX_STEPS = 1_000_000
MIN_SIDE, MAX_SIDE = 16, 1024
MAX_HIDDEN = 256
SMOOTH = ("tanh", "sin", "atan", "gaussian", "softplus", "elu", "gelu", "relu")
RATES = {"fourier": 0.08, "pixels": 0.125, "network": 0.005}

_NUMBER = integer(1, MAX_CHANNELS)
_FACTOR = number(-1000, 1000)


def _term(value: Any) -> tuple[int, int, float]:
    if not isinstance(value, list | tuple) or len(value) != 3:
        raise ValueError(f"{show(value)}; expected [layer, channel, factor]")
    layer, channel, factor = value
    return _NUMBER(layer), _NUMBER(channel), _FACTOR(factor)


@dataclass(frozen=True)
class Recipe:
    """All that a picture depends on besides the network: equal recipes give equal pictures."""

    of: str = key(
        "channel",
        choice(OBJECTIVES),
        "what is excited: channel (the mean of the channel looked at, [channels] unit), unit (its "
        "middle place alone), class, direction (a sum of several channels), or layer (the squares "
        "of all units of the layer looked at, as in DeepDream)",
    )
    class_name: str = key(
        "",
        line(200, numbers=True),
        "the class excited: its name, or its number from 1; empty: the first",
    )
    direction: tuple[tuple[int, int, float], ...] = key(
        (),
        several(_term, 0, 64),
        "channels of a direction and their factors, as [[layer, channel, factor], …]",
        widget="list",
    )
    activated: bool = key(
        False,
        flag,
        "excite units after their activation; of some channels the picture then stays grey",
    )
    basis: str = key(
        "fourier",
        choice(BASES),
        "what is changed: fourier (waves, all scales alike, in decorrelated colours; by Adam), "
        "pixels (by the gradient, divided by its largest value), or network (the weights of a "
        "coordinate network, which draws the picture at any size; by Adam)",
    )
    start: str = key(
        "noise",
        choice(STARTS),
        "what it begins from: noise, scales (noise of all scales), or picture (that of [input])",
    )
    size: int = key(
        128,
        integer(MIN_SIDE, MAX_SIDE),
        "pixels of a side; of a picture that it begins from, of the longer one",
        factor=True,
        slider=(64, 512),
    )
    steps: int = key(
        128, integer(0, MAX_STEPS), "the step shown", factor=True, slider=(1, 1000), step=16
    )
    rate: float = key(
        0.0,
        number(0, 100),
        "size of a step: of pixels the largest change of a colour, else Adam's rate; 0: "
        + ", ".join(f"{rate} of {name}" for name, rate in RATES.items()),
        slider=(0, 0.5),
    )
    jitter: float = key(
        16.0,
        number(0, 256),
        "shift before each step, at random, of at most so many pixels to each side",
        step=1,
        slider=(0, 32),
    )
    scale: float = key(
        0.2,
        number(0, 0.9),
        "enlargement or reduction before each step, at random, by at most this part",
        step=0.05,
    )
    rotation: float = key(
        15.0,
        number(0, 180),
        "rotation before each step, at random, by at most so many degrees to each side",
        step=5,
        slider=(0, 45),
    )
    smoothness: float = key(
        1.3,
        number(0, 4),
        "of waves: their strength is 1/frequency to this power; 1 is that of photographs",
        step=0.1,
        slider=(0.5, 2),
    )
    blur: float = key(
        0.7,
        number(0, 32),
        "blur of the picture's gradient: standard deviation in pixels at step 0; see fade",
        step=0.25,
        slider=(0, 4),
    )
    decay: float = key(
        0.025,
        number(0, 0.5),
        "part of the waves, or of the pixels' contrast, that is lost in a step at step 0; not of a "
        "network; see fade",
        step=0.005,
        slider=(0, 0.1),
    )
    fade: int = key(
        0,
        integer(0, MAX_STEPS),
        "steps after which blur and decay are half as strong, and so on; 0: they stay as they are",
        slider=(0, 500),
    )
    octaves: int = key(
        1,
        integer(1, 12),
        "sizes of a picture of pixels, each 1.4 times the one before: it grows from the smallest",
        step=1,
    )
    octave_steps: int = key(
        20, integer(1, MAX_STEPS), "steps at each size but the last", slider=(1, 120)
    )
    network_depth: int = key(
        8, integer(2, 32), "layers of the coordinate network, if basis is network", step=1
    )
    network_width: int = key(
        24,
        integer(1, MAX_HIDDEN),
        "units of its hidden layers",
        factor=True,
        slider=(4, 64),
    )
    network_activation: str = key("sin", choice(SMOOTH), "activation of its hidden layers")
    network_scale: float = key(
        1.7,
        number(0.01, 100),
        "factor on the weights that it begins from: larger ones draw finer patterns",
        factor=True,
        slider=(0.5, 10),
    )
    seed: int = key(
        0, SEED, "seed of the noise and of the shifts", metavar="N|WORDS", widget="seed"
    )
