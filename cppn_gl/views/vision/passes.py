"""What the views of image networks share: the passes of pictures, kept for a while, and the unit.

Scene -> tensor_of() -> pass_of() -> Pass            all layers' values for the scene's picture
      -> unit_of() -> (layer, channel) from 0        the one that is looked at
      -> gradient_of() -> at the input               of one place of the unit, by a rule
"""

import hashlib
from collections.abc import Hashable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.image_file import StoredImage
from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.nn.vision.preprocess import Preprocess, picture_of
from cppn_gl.nn.vision.running import Pass, Rule, backward, forward
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import ChannelsOptions
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.tasks import Steps, at_once

PASSES, TENSORS, GRADIENTS = 256 * MB, 32 * MB, 32 * MB  # bytes kept
LARGEST = 1e30  # magnitude of a value that is shown
FIRST = 1, 1  # the unit looked at if none is chosen

Unit = tuple[int, int]  # layer and channel, from 0


class Shown(NamedTuple):
    """A picture as a network sees it: pixels (H, W, 3), its tensor, and a key of the two."""

    pixels: NDArray[np.uint8]
    tensor: Float32
    key: bytes

    @property
    def colors(self) -> Float32:
        """The pixels as sRGB values, 0 to 1."""
        return np.asarray(self.pixels, np.float32) / np.float32(255)


_tensors: LRUCache[Hashable, Shown] = LRUCache(
    TENSORS, lambda key, shown: shown.pixels.nbytes + shown.tensor.nbytes
)
_passes: LRUCache[Hashable, Pass] = LRUCache(PASSES, lambda key, done: done.nbytes)
_gradients: LRUCache[Hashable, Float32] = LRUCache(GRADIENTS, lambda key, found: found.nbytes)


def network_of(scene: Scene) -> ImageNetwork:
    """The image network of a scene."""
    assert isinstance(scene.network, ImageNetwork)
    return scene.network


def shown_of(scene: Scene) -> Shown:
    """The scene's picture as its network sees it."""
    return seen_by(scene.preset.preprocess, scene.preset.input.stored)


def seen_by(how: Preprocess, image: StoredImage) -> Shown:
    """An image as a network sees it."""

    def made() -> Shown:
        pixels = picture_of(image)
        tensor = how.tensor(pixels)
        key = hashlib.blake2b(repr(tensor.shape).encode(), digest_size=16)
        key.update(tensor.tobytes())
        return Shown(how.seen(pixels), tensor, key.digest())

    return _tensors.get((image.digest, how), made)


def work_of(network: ImageNetwork) -> float:
    """Multiplications of a pass forward, about."""
    work = 0.0
    for stage in network.stages:
        weight = getattr(stage.operation, "weight", None)
        places = stage.shape.rows * stage.shape.columns
        work += (weight.size if weight is not None else stage.shape.channels) * places
    return work


def key_of(scene: Scene) -> Hashable:
    """What a pass depends on: the network and the picture that it sees."""
    return scene.network.digest, shown_of(scene).key


def pass_of(scene: Scene) -> Steps[Pass]:
    """The pass of the scene's picture, computed in slices unless it is kept."""
    key = key_of(scene)
    done = _passes.find(key)
    if done is None:
        computed = yield from forward(network_of(scene), shown_of(scene).tensor)
        done = _passes.put(key, computed)
    return done


def pass_at_once(scene: Scene) -> Pass:
    """The same, at once: for overlays and hits, when the picture has been painted."""
    return at_once(pass_of(scene))


def unit_of(preset: Preset, network: ImageNetwork) -> Unit:
    """The layer and the channel looked at, from 0: `[channels] unit`, or the nearest there is."""
    layer, channel = preset.options(ChannelsOptions).unit or FIRST
    layer = min(max(layer, 1), len(network.stages)) - 1
    return layer, min(max(channel, 1), network.stages[layer].shape.channels) - 1


def values_of(done: Pass, layer: int, *, before: bool) -> Float32:
    """A layer's values (channels, rows, columns), finite: its units, or its pre-activations."""
    return finite(done.pre[layer] if before else done.units[layer])


def finite(values: Float32) -> Float32:
    """Values of at most LARGEST, so that they can be added; NaN is 0. Mostly themselves."""
    if values.size and max(float(values.max()), -float(values.min())) <= LARGEST:
        return values
    found = np.nan_to_num(values, nan=0.0, posinf=LARGEST, neginf=-LARGEST)
    return np.asarray(np.clip(found, -LARGEST, LARGEST), np.float32)


def gradient_of(
    scene: Scene, unit: Unit, place: tuple[int, int] | None, rule: Rule, *, before: bool = False
) -> Steps[Float32]:
    """The gradient at the input, (channels, H, W), of a unit's place, by a rule.

    None: of all its places, each as much as its value is above 0.
    """
    key = key_of(scene), unit, place, rule, before
    found = _gradients.find(key)
    if found is None:
        done = yield from pass_of(scene)
        layer, channel = unit
        seed = np.zeros_like(done.units[layer])
        if place is None:
            np.maximum(values_of(done, layer, before=before)[channel], 0, out=seed[channel])
        else:
            seed[channel, place[0], place[1]] = 1
        computed = yield from backward(done, {layer: seed}, before=before, rule=rule)
        found = _gradients.put(key, finite(np.asarray(computed, np.float32)))
    return found
