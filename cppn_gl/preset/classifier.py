"""What a trained network sees in a picture: the classes that it knows, and their probabilities."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from cppn_gl.preset.library import load_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.images import MAX_PIXELS, pixels_of

if TYPE_CHECKING:
    from cppn_gl.nn.vision.network import ImageNetwork
    from cppn_gl.nn.vision.preprocess import Pixels


class Classifier:
    """The network of a preset, as a function of pictures.

    `preset`: one whose network sees pictures, or what `load_preset` takes: its name or its file.
    Raises PresetError if the network sees no pictures, or cannot be read.
    """

    def __init__(self, preset: "Preset | str | Path" = "squeezenet"):
        self.preset = preset if isinstance(preset, Preset) else load_preset(preset)
        if not self.preset.classifies:
            problem = "draws points of the plane; expected a network that sees pictures"
            raise PresetError(problem, key="network.file")
        self.network: ImageNetwork = self.preset.network()  # type: ignore[assignment]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes: "class 1", "class 2" … if they are not known."""
        return tuple(map(self.network.class_name, range(self.network.scores)))

    def probabilities(self, image: Any) -> tuple[tuple[str, ...], Float64]:
        """The names of all classes, and the probability of each, (classes,), whose sum is 1.

        `image`: a Pillow image, or an array (rows, columns, 3) of 8-bit sRGB colours. Raises
        TypeError for anything else.
        """
        from cppn_gl.nn.vision.running import finished, forward

        tensor = self.preset.preprocess.tensor(_pixels(image))
        return self.classes, finished(forward(self.network, tensor)).probabilities

    def top(self, image: Any, count: int = 5) -> list[tuple[str, float]]:
        """The most probable classes, each with its probability."""
        names, shares = self.probabilities(image)
        best = np.argsort(-shares, kind="stable")[:count]
        return [(names[place], float(shares[place])) for place in best]

    def __repr__(self) -> str:
        return f"Classifier({self.preset.spec.label!r}, {self.network.scores} classes)"


def _pixels(image: Any) -> "Pixels":
    """An image as 8-bit sRGB colours (rows, columns, 3)."""
    from PIL import Image, ImageOps

    if isinstance(image, Image.Image):
        levels = pixels_of(ImageOps.exif_transpose(image), MAX_PIXELS) * np.float32(255)
        return cast("Pixels", np.rint(levels).astype(np.uint8))
    found = np.asarray(image)
    if found.dtype != np.uint8 or found.ndim != 3 or found.shape[2] != 3 or not found.size:
        problem = f"an array of {found.dtype} of shape {found.shape}"
        raise TypeError(f"{problem}; expected a Pillow image, or uint8 (rows, columns, 3)")
    return found
