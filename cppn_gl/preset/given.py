"""Presets with explicit weights made from others: one weight changed, or one unit as the picture.

    Preset, time -> given() -> the same picture, of `[[network.layers]]`
                    -> with_weight(), with_bias() -> one number changed
                    -> unit_picture() -> the network that ends at one unit

A unit is (layer, index): layer 0 are the inputs, indices count from 0. Layers count from 1.
"""

import dataclasses

import numpy as np

from cppn_gl.nn.activations import bounds
from cppn_gl.nn.features import latent_count
from cppn_gl.nn.file_source import File
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network
from cppn_gl.nn.normalize import Normalize
from cppn_gl.nn.sources import Layers
from cppn_gl.nn.training.options import Train
from cppn_gl.preset.color import Color
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.show import Show
from cppn_gl.utils.checks import PresetError

MAX_GIVEN = 2**16  # parameters: 1.3 MB of TOML, written in 0.1 s and read in 0.3 s

GOING_ON = ("network.latent", "network.period")  # may move in a network that is given

OF_GRAPH = "the weights of a structure cannot be changed one by one; those of dense layers can"

Unit = tuple[int, int]


def fixed_weights_problem(network: Network) -> str:
    """Why a network cannot be made a given one, as a sentence; "" if it can."""
    if isinstance(network, GraphNetwork):
        return OF_GRAPH
    if network.parameters <= MAX_GIVEN:
        return ""
    return (
        f"this network has {network.parameters:,} weights; in networks of up to {MAX_GIVEN:,} "
        "each can be set"
    )


def given(preset: Preset, time: float = 0.0) -> Preset:
    """The preset with its effective weights at `time` as explicit layers: the same picture.

    Normalisation is part of these weights. What changed them with time is left out; latent
    constants and the period go on changing. Training would start from these weights. Raises
    PresetError if there are more than MAX_GIVEN, or if they must not be redistributed: a preset of
    explicit layers carries them.
    """
    trained = preset.learns and (preset.train.steps or "train.steps" in preset.animate.table)
    if isinstance(preset.spec, Layers) and preset.normalize.which == "none" and not trained:
        return preset
    if isinstance(preset.spec, File) and not preset.spec.redistribute:
        problem = f"the weights of {preset.spec.label} cannot be changed: redistribute = false"
        raise PresetError(problem)
    if preset.spec.structured or preset.classifies:
        raise PresetError(OF_GRAPH)  # before its statistics are measured
    now = preset.at(time)
    network = now.network()
    problem = fixed_weights_problem(network)
    if problem:
        raise PresetError(problem)
    latent = network.latent[: latent_count(network.inputs)] or None
    spec = Layers(network.layers, network.inputs, now.spec.seed, latent, now.spec.period)
    fixed = [
        name
        for name, _ in preset.animate.moving
        if name.startswith(("network.", "normalize.", "train.")) and name not in GOING_ON
    ]
    animation = preset.animation
    if animation.walk and animation.walker == "network":
        animation = dataclasses.replace(animation, walk=())
    return dataclasses.replace(
        preset,
        spec=spec,
        normalize=Normalize(),
        train=dataclasses.replace(now.train, steps=0, checkpoint="", changes=()),
        animate=preset.animate.replace(dict.fromkeys(fixed)),
        animation=animation,
    )


def with_weight(preset: Preset, target: Unit, source: int, value: float) -> Preset:
    """A preset of explicit layers with the weight from unit `source` of the layer before changed.

    Raises PresetError for a value that is not finite or too large, or if there is no such weight.
    """
    return _with(preset, target, source, value)


def with_bias(preset: Preset, unit: Unit, value: float) -> Preset:
    """A preset of explicit layers with one bias changed. Raises PresetError as `with_weight`."""
    return _with(preset, unit, None, value)


def _with(preset: Preset, target: Unit, source: int | None, value: float) -> Preset:
    spec = preset.spec
    assert isinstance(spec, Layers)
    number, index = target
    layer = _layer_of(spec, target)
    if source is not None and not 0 <= source < layer.weight.shape[1]:
        raise PresetError(f"layer {number} has {layer.weight.shape[1]} inputs")
    weight, bias = layer.weight, layer.bias
    with np.errstate(over="ignore"):
        if source is None:
            bias = bias.copy()
            bias[index] = value
        else:
            weight = weight.copy()
            weight[index, source] = value
    changed = Layer(weight, bias, layer.activation)
    layers = (*spec.layers[: number - 1], changed, *spec.layers[number:])
    return dataclasses.replace(preset, spec=dataclasses.replace(spec, layers=layers))


def _layer_of(spec: Layers, unit: Unit) -> Layer:
    """The layer of a unit. Raises PresetError if there is no such unit."""
    number, index = unit
    if number < 1:
        raise PresetError("an input has no weights of its own")
    if number > len(spec.layers):
        raise PresetError(f"this network has {len(spec.layers)} layers")
    layer = spec.layers[number - 1]
    if not 0 <= index < len(layer.bias):
        raise PresetError(f"layer {number} has {len(layer.bias)} units")
    return layer


def unit_picture(preset: Preset, unit: Unit, time: float = 0.0) -> Preset:
    """The preset of one unit's picture: the layers up to it, and its activation in two colours.

    Blue is below 0, red above. Raises PresetError for an input or no unit, and as `given`.
    """
    number, index = unit
    whole = given(preset, time)
    assert isinstance(whole.spec, Layers)
    layer = _layer_of(whole.spec, unit)
    own = slice(index, index + 1)
    last = Layer(layer.weight[own].copy(), layer.bias[own].copy(), layer.activation)
    spec = dataclasses.replace(whole.spec, layers=(*whole.spec.layers[: number - 1], last))
    stretch = "none" if bounds(layer.activation) else "percentile"
    return dataclasses.replace(
        whole,
        spec=spec,
        train=Train(),
        color=Color("diverging", stretch=stretch),
        show=Show(),
        views=(),
        title=f"unit {index + 1} of layer {number}: {preset.title or preset.name}"[:200],
        description="",
        shows="",
    )
