"""The page "What am I seeing?" of structures: convolutions, modules, their grid, the image.

Preset, network -> structure_words() -> paragraphs with the network's own numbers
"""

from cppn_gl.nn.features import of_image
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.network import Network
from cppn_gl.nn.operations import Conv
from cppn_gl.nn.sources import Random
from cppn_gl.preset.preset import Preset
from cppn_gl.viewer.structuring import block_words
from cppn_gl.views.text import counted, significant

# What the hidden layers of a structure are, in sentences.
MODULES = {
    "conv": "Its hidden layers are {convolutions}, one after another.",
    "nin": "After each convolution come two 1×1 layers, which mix the channels of a point and do "
    "not look around: a small network at every point (network in network, Lin et al. 2013).",
    "vgg": "Its 3×3 convolutions come in pairs. After each pair a max pool keeps, in each channel, "
    "the largest of the 3×3 values around a point. Two 3×3 layers see as far as one of 5×5, with "
    "fewer weights, and bend in between (VGG, Simonyan and Zisserman 2014).",
    "inception": "Each hidden layer is a module of four branches that read the same: 1×1, 3×3, "
    "5×5, and a max pool with a 1×1. Their channels stand side by side in what the module gives "
    "(concatenated): what is near and what is farther off at once (Szegedy et al. 2014).",
    "resnet": "It is made of modules of two 3×3 convolutions whose result is added to what the "
    "module has read: a connection that skips them (residual, He et al. 2015). Signal that the "
    "weights would lose gets past them.",
}
SIDES = {"cover": "filling the square", "contain": "whole within the square"}
MOST = 8  # blocks that are listed


def structure_words(preset: Preset, network: Network, outputs: str) -> list[str]:
    """A network of convolutions in a few paragraphs. `outputs`: what they are, in words."""
    assert isinstance(network, GraphNetwork)
    spec = preset.spec
    assert isinstance(spec, Random)
    found = [_layers(spec, network, outputs), _convolution(network)]
    if network.image is not None:
        found.append(_image(preset, network))
    if spec.boost:
        units = ", ".join(
            f"unit {unit} of layer {layer} × {significant(factor)}"
            for layer, unit, factor in spec.boost
        )
        found.append(f"Boosted, so that all that reads it sees more of it: {units}.")
    return found


def _layers(spec: Random, network: GraphNetwork, outputs: str) -> str:
    """What it is made of."""
    convs = [stage for stage in network.stages[:-1] if isinstance(stage.operation, Conv)]
    last = network.stages[-1].activation
    if spec.blocks:
        listed = [
            f"{block_words(one)[0]}{f' × {one.repeat}' * (one.repeat > 1)}"
            for one in spec.blocks[:MOST]
        ]
        more = " …" if len(spec.blocks) > MOST else ""
        words = f"Its blocks: {', '.join(listed)}{more}."
    else:
        wide = f"{counted(len(convs), 'convolution')} of {spec.kernel}×{spec.kernel}"
        words = MODULES.get(spec.structure, "").replace("{convolutions}", wide)
    return (
        f"{words} In all {counted(len(network.stages), 'layer')}, {len(convs) + 1} with weights, "
        f"of up to {counted(network.width, 'channel')}. The last one, 1×1 with {last}, gives "
        f"{outputs}."
    )


def _convolution(network: GraphNetwork) -> str:
    """What a convolution is, on which grid, and how far it sees."""
    wide = [s for s in network.stages if isinstance(s.operation, Conv) and s.operation.radius]
    if not wide:
        return "No layer looks around: every point has a network of its own, with the same weights."
    stage = max(wide, key=lambda one: one.operation.parameters)
    of = stage.operation
    assert isinstance(of, Conv)
    columns, kernel = of.weight.shape[1], of.kernel
    side, grid = 2 * network.radius + 1, network.grid
    return (
        f"A unit of a convolution looks around: at each point it adds up the values of "
        f"{counted(columns, 'channel')} at {kernel}×{kernel} points, its taps, each times a weight "
        f"of its own ({columns * kernel * kernel} in all), plus a bias, and passes the sum through "
        f"{stage.activation}. The weights are the same everywhere, so that each unit makes a "
        f"picture of its own: a channel. The taps stand on a grid that belongs to the preset, "
        f"{grid} over the side of its square; a larger picture shows the same, only finer. Behind "
        f"all layers an output sees {side}×{side} taps: {100 * side / grid:.0f} % of that side."
    )


def _image(preset: Preset, network: GraphNetwork) -> str:
    """The image that is an input."""
    listed = of_image(network.inputs)
    names = " and ".join(filter(None, (", ".join(listed[:-1]), listed[-1])))
    seen = f"Its inputs {names} are the colours"
    if len(listed) == 1:
        seen = f"Its input {names} is the {'lightness' if names == 'grey' else f'{names} light'}"
    where = SIDES.get(preset.input.fit, "stretched over the square")
    return (
        f"{seen} of the picture {preset.input.label}, {where} of the "
        "grid, and mirrored beyond its edges. The weights have learned nothing of it: what looks "
        "like an edge detector is chance."
    )


def normalised_words(preset: Preset, network: Network) -> str:
    """What normalisation does in a network of convolutions."""
    how = preset.normalize
    which = "hidden layer" if how.which == "hidden" else "layer"
    gain = f"{how.gain:g}" + (" and more or less, drawn for each" if how.gain_spread else "")
    shift = f"{how.shift:g}" + (" and more or less, drawn for each" if how.shift_spread else "")
    return (
        f"Normalised over the whole picture: each channel of every {which} is shifted and scaled "
        f"so that its sums have mean {shift} and standard deviation {gain}, over all "
        f"{network.grid}×{network.grid} taps of the square, wherever you look. So by two numbers "
        "every unit knows of the whole picture, and no signal fades or grows."
    )
