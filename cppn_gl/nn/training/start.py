"""Where training starts: the network of `[network]`, with the outputs that the data need."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import MAX_OUTPUTS, Network
from cppn_gl.nn.sources import Layers, NetworkSource, Random
from cppn_gl.nn.training.data import Dataset
from cppn_gl.nn.training.losses import default_loss, output_activation
from cppn_gl.nn.training.options import Train
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.checks import PresetError, integer, key


@dataclass(frozen=True)
class Learner(Random):
    """A random network with one output for each class."""

    outputs: int = key(1, integer(1, MAX_OUTPUTS), "number of outputs, by the data")


_starts: LRUCache[Any, NetworkSource] = LRUCache(
    8 * MB, lambda key, source: 4000 + 8 * sum(rows * columns for rows, columns in source.shapes)
)


def loss_of(train: Train, dataset: Dataset) -> str:
    """The loss, by name: that of the table, or the default of the data's kind.

    Raises PresetError for a loss that has no minimum for these data.
    """
    loss, values = train.loss or default_loss(dataset.kind), dataset.values
    if values is None or loss not in ("hinge", "cross-entropy"):
        return loss
    if loss == "hinge" or (len(values) and not 0 <= values.min() <= values.max() <= 1):
        also = "" if loss == "hinge" else ", or of values from 0 to 1"
        problem = f"{loss} is of classes{also}; expected squared or absolute"
        raise PresetError(problem, key="train.loss")
    return loss


def first_network(preset: Any, dataset: Any) -> tuple[Network, Any]:
    """The network of step 0, and the table that it depends on: [normalize], or [preprocess].

    Raises PresetError.
    """
    if not getattr(preset.spec, "classifies", False):
        return start_of(preset.spec, preset.train, dataset).network(), preset.normalize
    from cppn_gl.nn.vision.image_sets import preprocessing
    from cppn_gl.nn.vision.start import image_start

    how = preprocessing(dataset, preset.preparation)
    return image_start(preset.spec, dataset, how), how


def start_of(spec: NetworkSource, train: Train, dataset: Dataset) -> NetworkSource:
    """The source of the network of step 0.

    A random network gets the outputs and the output activation that the data need. One with weights
    of its own must have as many outputs, and only its output activation changes. Raises
    PresetError.
    """
    outputs = dataset.outputs
    activation = output_activation(dataset.kind, loss_of(train, dataset))
    return _starts.get((spec, outputs, activation), lambda: _start(spec, outputs, activation))


def _start(spec: NetworkSource, outputs: int, activation: str) -> NetworkSource:
    if isinstance(spec, Random):
        keys = {field.name: getattr(spec, field.name) for field in dataclasses.fields(spec)}
        return Learner(**keys | {"outputs": outputs, "output_activation": activation})
    network = spec.network()
    if network.outputs != outputs:
        count = f"{network.outputs} output{'s' * (network.outputs != 1)}"
        problem = f"the network has {count}; the data need {outputs}"
        raise PresetError(problem, key="train.data")
    *layers, last = network.layers
    last = Layer(last.weight, last.bias, activation)
    return Layers((*layers, last), network.inputs, spec.seed, tuple(network.latent), network.period)
