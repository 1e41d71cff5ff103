"""The folder of `[top_images]`, what is known of its pictures, and parts of these.

Preset, network -> found_in() -> TopImages -> mosaic(): the best pictures of a channel as one
"""

import contextlib
from pathlib import Path

from cppn_gl.nn.image_file import read_image
from cppn_gl.nn.network import Network
from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.nn.vision.top_images import TopImages, top_images
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import TopImagesOptions
from cppn_gl.utils.arrays import Box, Float32
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.resources import resource
from cppn_gl.utils.tasks import Steps
from cppn_gl.views.lettering import blank
from cppn_gl.views.vision.drawing import fitted, put
from cppn_gl.views.vision.passes import Unit, network_of, seen_by

ACROSS, APART = 3, 2  # pictures in a row of a mosaic, and pixels between them


def folder_of(preset: Preset) -> Path:
    """The folder of `[top_images]`; without one, that of the pictures that are shipped."""
    named = preset.options(TopImagesOptions).folder
    return Path(named).expanduser() if named else resource("presets")


def found_in(preset: Preset, network: Network) -> TopImages:
    """What is known of a preset's folder."""
    assert isinstance(network, ImageNetwork)
    return top_images(network, preset.preprocess, folder_of(preset))


def found_for(scene: Scene) -> TopImages:
    """The same of a scene."""
    return found_in(scene.preset, scene.network)


def known(scene: Scene) -> TopImages | None:
    """What is known of a folder that is named; None without one."""
    return found_for(scene) if scene.options(TopImagesOptions).folder else None


def looked_up(scene: Scene) -> Steps[None]:
    """Find what is known of a folder that is named; a folder that cannot be read is passed over."""
    found = known(scene)
    if found is not None and not found.live:
        with contextlib.suppress(PresetError):
            yield from found.look_up()


def mosaic(scene: Scene, unit: Unit) -> Steps[Float32 | None]:
    """The best pictures of a channel, as far as they are known, (H, W, 3); None without any.

    In slices: files are read.
    """
    found, network = known(scene), network_of(scene)
    best = found.best(*unit, ACROSS**2) if found is not None else []
    high, wide = (max(1, side // ACROSS) for side in network.size)
    apart = APART * (ACROSS - 1)
    picture, number = blank((ACROSS * wide + apart, ACROSS * high + apart)), 0
    for top in best:
        yield
        with contextlib.suppress(PresetError):  # gone since
            shown = seen_by(scene.preset.preprocess, read_image(top.path))
            box = within(network.receptive_field(unit[0]).box(*top.place), network.size)
            down, across = divmod(number, ACROSS)
            left, upper = across * (wide + APART), down * (high + APART)
            place = left, upper, left + wide, upper + high
            put(picture, place, fitted(cropped(shown.colors, box), place))
            number += 1
    return picture if number else None


def cropped(pixels: Float32, box: Box) -> Float32:
    """What lies in a box of a picture (H, W, 3)."""
    left, top, right, bottom = box
    return pixels[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]


def within(box: Box, size: tuple[int, int]) -> Box:
    """A box moved into a picture of (rows, columns) as far as it fits, and cut to that."""
    left, top, right, bottom = box
    height, width = size
    wide, high = min(right - left, width), min(bottom - top, height)
    left, top = min(max(left, 0), width - wide), min(max(top, 0), height - high)
    return left, top, left + wide, top + high
