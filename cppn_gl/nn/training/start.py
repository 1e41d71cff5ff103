"""Where training starts: the network of `[network]`, with the outputs that the data need."""

import dataclasses
from dataclasses import dataclass

from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import MAX_OUTPUTS
from cppn_gl.nn.sources import Layers, NetworkSource, Random
from cppn_gl.nn.training.data import Dataset
from cppn_gl.nn.training.losses import default_loss, output_activation
from cppn_gl.nn.training.options import Train
from cppn_gl.utils.checks import PresetError, integer, key


@dataclass(frozen=True)
class Learner(Random):
    """A random network with one output for each class."""

    outputs: int = key(1, integer(1, MAX_OUTPUTS), "number of outputs, by the data")


def loss_of(train: Train, dataset: Dataset) -> str:
    """The loss, by name: that of the table, or the default of the data's kind."""
    return train.loss or default_loss(dataset.kind)


def outputs_of(dataset: Dataset) -> int:
    """The outputs: one for two classes, else one for each; else one for each value."""
    if dataset.labels is not None:
        return 1 if dataset.classes <= 2 else dataset.classes
    assert dataset.values is not None
    return int(dataset.values.shape[1])


def start_of(spec: NetworkSource, train: Train, dataset: Dataset) -> NetworkSource:
    """The source of the network of step 0.

    A random network gets the outputs and the output activation that the data need. One with weights
    of its own must have as many outputs, and only its output activation changes. Raises
    PresetError.
    """
    outputs = outputs_of(dataset)
    activation = output_activation(dataset.kind, loss_of(train, dataset))
    if isinstance(spec, Random):
        keys = {field.name: getattr(spec, field.name) for field in dataclasses.fields(spec)}
        return Learner(**keys | {"outputs": outputs, "output_activation": activation})
    network = spec.network()
    if network.outputs != outputs:
        problem = f"the network has {network.outputs} outputs; the data need {outputs}"
        raise PresetError(problem, key="train.data")
    *layers, last = network.layers
    last = Layer(last.weight, last.bias, activation)
    return Layers((*layers, last), network.inputs, spec.seed, tuple(network.latent), network.period)
