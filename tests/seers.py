"""Small networks that see pictures, as presets."""

from learners import needed

from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.show import VIEWS

GREY = """
[[network.nodes]]
type = "conv"
name = "block/first"
channels = 6
kernel = 5
activation = "relu"
[[network.nodes]]
type = "max_pool"
name = "block/pool"
[[network.nodes]]
type = "conv"
name = "second"
channels = 3
activation = "tanh"
[[network.nodes]]
type = "global_avg_pool"
[[network.nodes]]
type = "dense"
name = "scores"
channels = 4
[preprocess]
size = [32, 24]
order = "grey"
range = 1
mean = [0.5]
std = [0.5]
labels = ["cat", "cup", "dog", "owl"]
"""
COLOR = """
[network]
seed = 3
[[network.nodes]]
type = "conv"
channels = 5
stride = 2
padding = 1
activation = "relu"
[[network.nodes]]
type = "conv"
channels = 40
activation = "relu"
[preprocess]
size = [20, 30]
order = "bgr"
range = 255
mean = [100, 110, 120]
std = [1, 1, 1]
"""


def grey(**keys: object) -> Preset:
    """Sees 32 × 24 grey pixels: 6 channels, a pool, 3 channels, means, 4 scores of classes."""
    return parse_preset(GREY).replace(**{"show.view": "channels", **keys})


def color(**keys: object) -> Preset:
    """Sees 20 × 30 pixels, blue first: 5 channels, then 40, and no classes."""
    return parse_preset(COLOR).replace(**{"show.view": "channels", **keys})


def seen_by(view: str, otherwise: Preset) -> Preset:
    """A preset that a view shows: `otherwise`, or one that sees pictures."""
    if not VIEWS[view].images:
        return otherwise.replace(**{"show.view": view, **needed(view)})
    short = {"synthesis.steps": 3} if view == "synthesis" else {}
    return grey(**{"show.view": view, **short})
