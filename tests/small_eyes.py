"""A small network that sees pictures, and presets and scenes of it."""

from typing import Any

import numpy as np

from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.vision import operations as of
from cppn_gl.nn.vision.network import ImageNetwork, ImageNode
from cppn_gl.nn.vision.preprocess import Preprocess
from cppn_gl.nn.vision.source import Model, Trained
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of

SIZE = 24, 32  # rows and columns
CLASSES = "cat", "dog", "cup of coffee", "lighthouse", "anchor"
TARGET = 5  # the stage of the scores before their mean


def nodes(channels: int = 3, classes: int = 5, *, ends: bool = True) -> list[ImageNode]:
    """Two branches, a pool, scores as means of channels as in SqueezeNet, unless not `ends`."""
    rng = np.random.default_rng(5)

    def conv(inside: int, outside: int, side: int) -> of.Conv2d:
        weight = rng.normal(size=(outside, inside, side, side)) / np.sqrt(inside * side**2)
        bias = 0.1 * rng.normal(size=outside)
        return of.Conv2d(
            weight.astype(np.float32), bias.astype(np.float32), padding=(side // 2,) * 4
        )

    found = [
        ImageNode("conv1", conv(channels, 6, 3), "relu", (SOURCE,)),
        ImageNode("pool1", of.MaxPool2d((2, 2), (2, 2)), "identity", (0,)),
        ImageNode("narrow", conv(6, 4, 1), "relu", (1,)),
        ImageNode("wide", conv(6, 4, 3), "relu", (1,)),
        ImageNode("both", of.Concatenate(), "identity", (2, 3)),
        ImageNode("scores", conv(8, classes, 1), "relu", (4,)),
        ImageNode("mean", of.GlobalAvgPool(), "identity", (5,)),
        ImageNode("softmax", of.Softmax(), "identity", (6,)),
    ]
    return found if ends else found[: TARGET + 1]


def network(**named: Any) -> ImageNetwork:
    return ImageNetwork.of_nodes(nodes(**named), named.get("channels", 3), SIZE)


def picture(channels: int = 3) -> np.ndarray[Any, np.dtype[np.float32]]:
    """An input of the network."""
    return np.random.default_rng(1).normal(size=(channels, *SIZE)).astype(np.float32)


def preset(order: str = "rgb", *, classes: tuple[str, ...] = CLASSES, **keys: Any) -> Preset:
    """A preset of the small network; `classes` may be empty: it ends before its scores' mean."""
    channels = 1 if order == "grey" else 3
    many = (128.0,) * channels
    how = Preprocess((SIZE[1], SIZE[0]), order, 255.0, many, (64.0,) * channels)
    made = tuple(nodes(channels, ends=bool(classes)))
    name = f"small-{order}-{len(classes)}"
    model = Model(made, name, channels, SIZE, classes, how)
    return Preset(spec=Trained(f"{name}.onnx", weights=model)).replace(
        **{"input.image": "cat", "show.view": "attribution", **keys}
    )


def scene(order: str = "rgb", **keys: Any) -> Scene:
    return scene_of(preset(order, **keys))
