"""Where the training of a network that sees pictures starts: see nn/training/start.py."""

from typing import Any

from cppn_gl.nn.vision.image_sets import ImageSet
from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.nn.vision.preprocess import Preprocess
from cppn_gl.utils.checks import PresetError


def image_start(spec: Any, data: ImageSet, how: Preprocess) -> ImageNetwork:
    """The network of step 0, with the names of the data's classes. Raises PresetError.

    `how`: the whole table `[preprocess]`, with what follows from the data.
    """
    shape = how.shape
    network: ImageNetwork = spec.classifying(shape, data.names)
    if network.scores != data.classes:
        problem = f"the network has {network.scores} scores; the data have {data.classes} classes"
        raise PresetError(problem, key="train.data")
    if network.picture != shape:
        problem = f"the network sees pictures of {network.picture}; those of the data are {shape}"
        raise PresetError(problem, key="train.data")
    return network
