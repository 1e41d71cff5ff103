"""The page "What am I seeing?" of trained image networks: what they are, what each map means.

Preset, network, its pass -> seeing_words() -> the network and the layer, in sentences
view, options -> meaning_words() -> what the picture means, and what it does not mean
"""

from typing import TYPE_CHECKING, cast

from cppn_gl.nn.file_source import File
from cppn_gl.preset.preset import Preset
from cppn_gl.viewer.seeing import Unit, unit_words
from cppn_gl.viewer.sight import parameters_words, reads_words, share, top_classes
from cppn_gl.views.text import counted

if TYPE_CHECKING:
    from cppn_gl.nn.vision.network import ImageNetwork
    from cppn_gl.nn.vision.running import Pass
    from cppn_gl.nn.vision.source import Trained

ORDERS = {"rgb": "red, green and blue", "bgr": "blue, green and red", "grey": "grey"}
# By which part of the network, in thirds of its layers with weights, a layer belongs to.
THIRDS = (
    "An early layer: {sees}. That is room for an edge of one direction, a line, a spot of colour, "
    "and its channels answer to such things wherever they are. The maps still look like the "
    "picture.",
    "A middle layer: {sees}. Its channels answer to patterns that several edges make together: "
    "corners, grids, fur, rings, an eye. The maps are coarser, and most of them dark: few channels "
    "answer to one picture.",
    "A late layer: {sees}. Its channels answer to parts of things and to what goes with them: a "
    "head, a wheel, water. Where something is, they know only roughly; what it is, the last layer "
    "adds up from them.",
)
# View, or method of the view `attribution` -> what its picture means, and what it does not mean.
MEANINGS: dict[str, tuple[str, str]] = {
    "channels": (
        "A map is a channel: bright where its kernel answers to what the picture has there. Each "
        "layer is scaled by its own largest values.",
        "Brightness cannot be compared from layer to layer. A channel has no name, and seldom "
        "stands for one thing: what it answers to in other pictures may be something else. A dark "
        "map says that its pattern was not found, not that the channel does nothing.",
    ),
    "gradient": (
        "The slope of the score by each pixel: where it is red, a brighter pixel would raise the "
        "score, where it is blue, lower it.",
        "It is not what the network has looked at: it says what a tiny change would do, not what "
        "is there. Where much speaks for a class already, slopes are small. Neighbouring pixels "
        "differ like noise, because relus and maxima switch from one to the next.",
    ),
    "input": (
        "The gradient times the input, pixel by pixel: how much each pixel adds, if the network is "
        "taken to be linear around this picture.",
        "The network is not linear: the sum of the map is not the score. Where the input is 0, "
        "which is a certain grey and not black, it shows nothing.",
    ),
    "smooth": (
        "The mean of the gradients of many copies of the picture, each with some noise "
        "(SmoothGrad, Smilkov et al. 2017): what changes from copy to copy averages out.",
        "It is smoother, not truer: it says what slopes are like around this picture.",
    ),
    "all": (
        "The same question, asked in several ways. Where they agree, it is safer to believe them.",
        "None of them says why the network decides as it does: each answers a question of its own.",
    ),
    "guided": (
        "The gradient, but on its way back every relu lets pass only what raises the score, and "
        "only where it was active (Springenberg et al. 2015): the edges and patterns that excite. "
        "Blue is no objection: there a darker pixel would raise the score.",
        "It is sharp because it retraces the picture's own edges, and it looks much the same for "
        "another class, or for random weights (Adebayo et al. 2018). Compare before you believe.",
    ),
    "deconvnet": (
        "The unit's value sent back to the pixels (Zeiler and Fergus 2014): every max pool puts it "
        "where the maximum stood, every relu lets pass what is positive. It shows which pattern "
        "of this picture has excited the unit.",
        "It is not what the unit likes best, only what it found here. Like guided backpropagation "
        "it retraces edges, and says little of how much each of them counted.",
    ),
    "integrated": (
        "Gradients, averaged on the straight way from an empty picture to this one, times the "
        "difference (Sundararajan et al. 2017): all values together are the gain in score.",
        "It depends on the empty picture: where the picture has the same colour as that, it shows "
        "nothing, whatever is there. And it counts pixels one by one, not what they are together.",
    ),
    "gradcam": (
        "The maps of a late layer, each weighted by how much it raises the score, added up "
        "(Selvaraju et al. 2017): the region that speaks for the class.",
        "It has no outline: it is as coarse as that layer, and enlarged. What speaks against the "
        "class is left out, and so is anything that earlier layers saw.",
    ),
    "occlusion": (
        "A patch was laid over each place of the picture, and the score computed anew (Zeiler and "
        "Fergus 2014). Red: covering this place lowers the score, so the network needs it. Blue: "
        "covering it raises the score, so it spoke against.",
        "The patch is a thing of its own, which no photograph has: its edges can excite, too. Of "
        "what is there twice, one can be covered without loss, and both look unimportant.",
    ),
    "synthesis": (
        "A picture that began as noise, or as a photograph, and was changed step by step so that "
        "the unit's value grows: what it answers to strongly.",
        "No picture of the training looks like this, and nothing is remembered here one by one. "
        "It is one of many pictures that excite the unit, and it depends on the rules that keep "
        "it from becoming noise: jitter, blur, the frequencies. A unit can answer to quite "
        "different things; this shows one of them.",
    ),
    "top_images": (
        "The nine places, of all the pictures in a folder, to which the channel answers most, cut "
        "out as large as a unit sees.",
        "They are the best of this folder: with few pictures, or all of one kind, the best may be "
        "poor. What they have in common to you need not be what the channel answers to; compare "
        "with the deconvolutions beside them.",
    ),
}


def seeing_words(
    preset: Preset, network: "ImageNetwork", unit: Unit, done: "Pass | None" = None
) -> list[str]:
    """The network and the layer looked at, in a few paragraphs with their own numbers."""
    rows, columns = network.size
    order = ORDERS.get(str(preset.preprocess.order), counted(network.channels_in, "channel"))
    outputs = network.stages[-1].shape.size
    gives = (
        f"a share for each of {len(network.classes):,} classes of things"
        if len(network.classes) > 1
        else counted(outputs, "number")
    )
    found = [
        f"{_trained_words(preset)} Unlike most networks here, it is a function not of a point but "
        f"of a whole picture: {columns}×{rows} pixels go in, as {order}, and {gives} "
        f"come out. It has {parameters_words(network)}.",
        "A convolution slides small kernels over what the layer before gives; each kernel makes "
        "one channel, a map of where its pattern is. A relu keeps what is above 0. A pool keeps "
        "the largest of neighbouring values: the maps become smaller, what is found counts more "
        "than where. So each layer sees farther, and finds patterns of patterns. Nobody chooses "
        "the kernels: training does.",
        origin_words(preset),
    ]
    if done is not None and network.classes:
        named = ", ".join(f"{name} {share(value)}" for name, value in top_classes(done, 3))
        found.append(f"In the picture {preset.input.label} it sees: {named}.")
    found.append(layer_words(network, unit))
    return [words for words in found if words]


def _trained_words(preset: Preset) -> str:
    if isinstance(preset.spec, File) and not preset.learns:
        return "This network has been trained."
    if not preset.learns or not preset.train.steps:
        return "The weights of this network are random: it has not been trained."
    return f"This network has been trained for {counted(preset.train.steps, 'step')}."


def layer_words(network: "ImageNetwork", unit: Unit) -> str:
    """Where the layer looked at stands, and what such layers answer to."""
    layer = unit[0]
    third = third_of(network, layer)
    sees = reads_words(network, layer)
    words = THIRDS[third].format(sees=sees)
    return f"You look at {unit_words(network, unit)}. {words}"


def third_of(network: "ImageNetwork", layer: int) -> int:
    """Which third of the layers with weights a layer, from 1, belongs to: 0, 1 or 2."""
    weighted = [stage.operation.parameters > 0 for stage in network.stages]
    before = sum(weighted[:layer])
    return min(2, 3 * max(0, before - 1) // max(1, sum(weighted)))


def origin_words(preset: Preset) -> str:
    """Where the weights of a trained image network come from; "" of another network."""
    if not preset.classifies or not isinstance(preset.spec, File):
        return ""
    model = cast("Trained", preset.spec).model
    words = f"Its weights: {model.origin}" if model.origin else f"Its weights: {preset.spec.label}"
    return f"{words}. Licence: {model.licence}." if model.licence else f"{words}."


def meaning_words(preset: Preset, view: str) -> tuple[str, str]:
    """What the picture of a view means, and what it does not mean; ("", "") if that is plain."""
    method = view
    if view == "attribution":
        from cppn_gl.preset.show import AttributionOptions

        method = preset.options(AttributionOptions).method
    return MEANINGS.get(method, ("", ""))
