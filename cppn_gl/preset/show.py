"""The table of views, and each view's options as a preset table of its own.

VIEWS["volume"] -> help, options: VolumeOptions (the table `[volume]`), view: its class in views/

`[show] view` selects the view. Other keys of `[show]` are options of views: `[show] layer` sets
`layer` for every view that has it.
"""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cppn_gl.nn.layers import MAX_DEPTH, MAX_WIDTH
from cppn_gl.nn.vision.recipe import Recipe
from cppn_gl.nn.vision.shapes import MAX_CHANNELS
from cppn_gl.preset.hyperparameters import AXES
from cppn_gl.utils.checks import (
    OneOf,
    PresetError,
    choice,
    flag,
    integer,
    key,
    line,
    number,
    several,
    show,
    validate,
)

CHANNELS = ("red", "green", "blue")  # the outputs
ATTRIBUTIONS = (  # methods; see nn/vision/attribution.py
    "gradient",
    "input",
    "guided",
    "deconvnet",
    "integrated",
    "smooth",
    "gradcam",
    "occlusion",
)
MAX_STAGES = max(MAX_WIDTH, MAX_DEPTH)  # the largest number of a layer or a unit


@dataclass(frozen=True)
class Options:
    """Base of views' options: a frozen dataclass of keys. `step`: change per key press."""

    def __post_init__(self) -> None:
        table = next((row.name for row in VIEWS.values() if row.options is type(self)), "")
        validate(self, f"{table}.".lstrip("."))


@dataclass(frozen=True)
class Layered(Options):
    """For views with PgUp and PgDn from layer to layer."""

    layer: int = key(0, integer(0, MAX_DEPTH), "the layer shown; 0: the last, or all", step=1)


@dataclass(frozen=True)
class PreActivation(Options):
    """For views that can show pre-activations."""

    before: bool = key(False, flag, "show pre-activations instead of activations")


@dataclass(frozen=True)
class OneOutput(Options):
    """For views of one output, or of the mean of all three."""

    channel: str = key("all", choice(["all", *CHANNELS]), "the output shown: all red green blue")


@dataclass(frozen=True)
class Orbit(Options):
    """For views in perspective: the camera."""

    turn: float = key(
        30.0, number(-3600, 3600), "azimuth of the camera in degrees", step=5, slider=(-180, 180)
    )
    tilt: float = key(30.0, number(-90, 90), "elevation of the camera in degrees", step=5)
    distance: float = key(
        4.0,
        number(1, 100),
        "distance of the camera, in half sides of the box",
        step=0.25,
        slider=(1, 12),
    )


@dataclass(frozen=True)
class LayersOptions(PreActivation, Layered):
    """`[layers]`"""

    layer: int = key(0, integer(0, MAX_DEPTH), "the layer framed; 0: none", step=1)
    before: bool = key(False, flag, "pre-activations above each layer's picture")


@dataclass(frozen=True)
class UnitsOptions(PreActivation, Layered):
    """`[units]`"""

    unit: tuple[int, int] | None = key(
        None,
        several(integer(0, MAX_STAGES), 2, 2),
        "the unit enlarged: its layer (0: the inputs), and its number from 1",
    )
    connections: bool = key(False, flag, "draw weights as lines, by sign and magnitude")
    zoom: bool = key(False, flag, "the unit alone, large, with its weights and statistics")
    pinned: tuple[tuple[int, int], ...] = key(
        (),
        several(several(integer(0, MAX_STAGES), 2, 2), 0, 8),
        "units kept enlarged below the tiles: layer and number of each",
    )


@dataclass(frozen=True)
class SurfaceOptions(OneOutput, PreActivation, Orbit):
    """`[surface]`"""

    relief: float = key(
        0.5, number(0, 5), "height of the surface, in units of its side", step=0.05, slider=(0, 2)
    )
    contours: int = key(
        10,
        integer(0, 100),
        "intervals between contour lines over the range; 0: no lines",
        step=1,
        slider=(0, 40),
    )
    paint: str = key(
        "height",
        choice(["height", "picture"]),
        "colour of the surface: by height, or the picture",
    )
    panels: str = key(
        "one",
        choice(["one", "channels", "sum", "cut"]),
        "surfaces side by side: one; channels (red, green, blue); sum (hidden units, their "
        "weighted sum, and the sum from above); or cut (a plot of the heights along y, and the "
        "surface and its view from above with that line)",
    )


@dataclass(frozen=True)
class CurvesOptions(PreActivation, Layered):
    """`[curves]`"""


@dataclass(frozen=True)
class VolumeOptions(OneOutput, Orbit):
    """`[volume]`"""

    opacity: float = key(
        4.0, number(0, 200), "opacity per unit of length", step=0.5, slider=(0, 20)
    )
    threshold: float = key(0.5, number(0, 1), "values below it are transparent", step=0.05)
    slice: bool = key(True, flag, "show the moving slice in the volume")
    left: float = key(-1.0, number(-1, 1), "clipping: minimum x, from -1 to 1", step=0.1)
    right: float = key(1.0, number(-1, 1), "clipping: maximum x", step=0.1)
    front: float = key(-1.0, number(-1, 1), "clipping: minimum y", step=0.1)
    back: float = key(1.0, number(-1, 1), "clipping: maximum y", step=0.1)
    bottom: float = key(-1.0, number(-1, 1), "clipping: minimum of the third input", step=0.1)
    top: float = key(1.0, number(-1, 1), "clipping: maximum of the third input", step=0.1)


@dataclass(frozen=True)
class RegionsOptions(Layered):
    """`[regions]`"""

    layer: int = key(0, integer(0, MAX_DEPTH), "regions of the first layers; 0: of all", step=1)


@dataclass(frozen=True)
class GradientOptions(OneOutput):
    """`[gradient]`"""


@dataclass(frozen=True)
class SensitivityOptions(OneOutput, Layered):
    """`[sensitivity]`"""

    layer: int = key(0, integer(0, MAX_DEPTH), "the layer perturbed; 0: the last", step=1)
    noise: float = key(
        0.02,
        number(1e-4, 1),
        "size of the perturbation, relative to the layer's weights",
        step=0.01,
        slider=(0.001, 0.5),
    )


@dataclass(frozen=True)
class ReceptiveOptions(OneOutput):
    """`[receptive]`"""

    unit: tuple[int, int] | None = key(
        None,
        several(integer(0, max(MAX_WIDTH, MAX_DEPTH)), 2, 2),
        "what looks: a layer, and its unit from 1, or 0 for all its units; none: the outputs",
    )
    point: tuple[float, float] | None = key(
        None,
        several(number(-1e6, 1e6), 2, 2),
        "the point x, y that is looked from; none: the centre",
    )
    averaged: int = key(
        0,
        integer(0, 12),
        "the mean over so many points along each side of the picture; 0: the point alone",
        step=1,
    )


@dataclass(frozen=True)
class PaintingOptions(Options):
    """`[painting]`"""

    panes: str = key(
        "beside",
        choice(["beside", "network", "original", "difference"]),
        "what is shown: beside (the network's picture and the original), network, original, or "
        "their difference",
    )


@dataclass(frozen=True)
class WarpOptions(Orbit):
    """`[warp]`"""

    position: float = key(
        1.0,
        number(0, MAX_DEPTH),
        "the place on the way through the layers, 0: the input, to the depth: the output; in each "
        "layer W, b and the activation take a third",
        step=0.05,
    )
    lines: int = key(20, integer(0, 60), "cells along a side of the grid; 0: no lines", step=1)
    sheet: bool = key(True, flag, "paint the plane with what the network says at each point")
    dots: bool = key(True, flag, "draw the points of the data")
    project: str = key(
        "auto",
        choice(["auto", "units", "components"]),
        "what is drawn of layers of more than three units: units, components (the first three "
        "principal components), or auto: the chosen units, else components",
    )
    units: tuple[int, ...] | None = key(
        None,
        several(integer(1, MAX_WIDTH), 2, 3),
        "the units drawn of each layer, by number from 1; none: all, or the first three",
    )


@dataclass(frozen=True)
class AttributionOptions(Options):
    """`[attribution]`"""

    method: str = key(
        "gradcam",
        choice([*ATTRIBUTIONS, "all"]),
        "how: gradient, input (gradient × input), guided (guided backpropagation), deconvnet, "
        "integrated (integrated gradients), smooth (SmoothGrad), gradcam (Grad-CAM), occlusion (a "
        "patch moved over the picture), or all, side by side",
    )
    of: str = key(
        "class",
        choice(["class", "unit"]),
        "what is explained: a class, or the unit looked at ([channels] unit)",
    )
    class_name: str = key(
        "",
        line(200, numbers=True),
        "the class explained: its name, or its number from 1; empty: the most probable one",
        widget="class",
    )
    where: str = key(
        "channel",
        choice(["channel", "strongest", "place"]),
        "which places of the class's or the unit's channel: channel (the mean of all), strongest, "
        "or the one at `place`",
    )
    place: tuple[float, float] = key(
        (0.5, 0.5),
        several(number(0, 1), 2, 2),
        "a point of the picture, from 0 to 1, to the right and down: see `where`",
    )
    mix: float = key(
        0.6,
        number(0, 1),
        "how far the map covers the picture: from 0, the picture alone, to 1, the map",
        step=0.1,
    )
    percentile: float = key(
        99.0,
        number(50, 100),
        "the percentile of the magnitudes that has the most saturated colour",
        step=1,
    )
    cam_layer: int = key(
        0,
        integer(0, MAX_CHANNELS),
        "the layer that Grad-CAM looks at; 0: the last one with several places",
        step=1,
        slider=(0, 128),
    )
    baseline: str = key(
        "mean",
        choice(["mean", "black", "blurred"]),
        "where integrated gradients start: mean (the picture's mean colour), black, or blurred "
        "(the picture)",
    )
    path: int = key(
        32,
        integer(1, 512),
        "steps of integrated gradients from the baseline to the picture",
        step=16,
    )
    patch: float = key(
        0.25,
        number(0.02, 1),
        "side of the patch of occlusion, in shorter sides of the picture",
        step=0.05,
    )
    fill: str = key(
        "grey",
        choice(["grey", "mean", "blurred"]),
        "what the patch shows: grey, mean (the picture's mean colour), or blurred (the picture)",
    )
    positions: int = key(
        16, choice([4, 8, 16, 32]), "places of the patch along each side of the picture"
    )
    cover: tuple[float, float, float] | None = key(
        None,
        several(number(0, 1), 3, 3),
        "in occlusion, one patch that stays: the x and y of its centre, from 0 to 1, to the right "
        "and down, and its side in shorter sides; none: no patch",
    )


@dataclass(frozen=True)
class ChannelsOptions(PreActivation):
    """`[channels]`"""

    unit: tuple[int, int] | None = key(
        None,
        several(integer(1, MAX_CHANNELS), 2, 2),
        "what is looked at: a layer, and its channel, both from 1; none: the first",
        widget="unit",
    )
    pinned: tuple[tuple[int, int], ...] = key(
        (),
        several(several(integer(1, MAX_CHANNELS), 2, 2), 0, 8),
        "channels kept in sight while the picture changes: layer and channel of each",
    )
    tiles: str = key(
        "channels",
        choice(["channels", "kernels"]),
        "the tiles of a layer: its channels, or the kernels of one that reads the picture",
    )
    sort: str = key(
        "number",
        choice(["number", "activity"]),
        "the order of the tiles: by number, or by their largest value",
    )
    scale: str = key(
        "layer",
        choice(["layer", "channel"]),
        "what is as bright as can be: the largest values of the layer, or of each channel",
    )
    boost: float = key(
        1.0, number(0.01, 1000), "factor on the values shown", step=0.25, slider=(0.1, 10)
    )
    gamma: float = key(
        0.8,
        number(0.1, 5),
        "exponent of the values shown: below 1, faint ones are brighter",
        step=0.1,
        slider=(0.2, 2),
    )
    feature: bool = key(
        False, flag, "grow the picture that excites the channel most, which takes some seconds"
    )


@dataclass(frozen=True)
class TopImagesOptions(Options):
    """`[top_images]`"""

    folder: str = key("", line(4096), "folder of the pictures, with those inside it")
    count: int = key(9, integer(1, 9), "pictures shown", step=1)


@dataclass(frozen=True)
class SynthesisOptions(Recipe, Options):
    """`[synthesis]`"""

    form: str = key(
        "one",
        choice(["one", "sheet"]),
        "what is shown: one picture, or a sheet of those of many channels of the layer looked at, "
        "or of many classes",
    )
    first: int = key(
        1, integer(1, MAX_CHANNELS), "in a sheet, the first channel or class", slider=(1, 513)
    )
    count: int = key(
        0,
        integer(0, MAX_CHANNELS),
        "in a sheet, the number of channels or classes; 0: to the last",
        slider=(0, 100),
    )

    @property
    def recipe(self) -> Recipe:
        """What the pictures depend on."""
        return Recipe(**{f.name: getattr(self, f.name) for f in dataclasses.fields(Recipe)})


@dataclass(frozen=True)
class LossLandscapeOptions(Orbit):
    """`[loss_landscape]`"""

    plane: str = key(
        "random",
        choice(["random", "path"]),
        "the plane of weights shown: random (two random directions, filter-normalised) or path "
        "(the first two principal components of the way that training took)",
    )
    raised: bool = key(False, flag, "the loss as the height of a surface, not only as colours")
    reach: float = key(
        1.0,
        number(1e-3, 1e3),
        "half the shorter side: in random directions 1 is the size of the weights; of a path 1 "
        "shows all of it",
        step=0.25,
        slider=(0.05, 4),
    )
    directions: int = key(
        0, integer(0, 999_999), "seed of the random directions", step=1, slider=(0, 100)
    )
    measured: str = key(
        "training",
        choice(["training", "tests"]),
        "the points that the loss is measured over: training, or tests",
    )
    limits: tuple[float, float] | None = key(
        None,
        several(number(1e-12, 1e12), 2, 2),
        "the losses at the ends of the colour scale; none: those in sight, rounded",
    )
    relief: float = key(
        0.5, number(0, 5), "height of the surface, in units of its side", step=0.05, slider=(0, 2)
    )
    contours: int = key(
        12,
        integer(0, 100),
        "intervals between contour lines over the scale; 0: no lines",
        step=1,
        slider=(0, 40),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.limits is not None and self.limits[0] >= self.limits[1]:
            problem = f"{show(list(self.limits))}; expected the smaller loss first"
            raise PresetError(problem, key="loss_landscape.limits")


@dataclass(frozen=True)
class TrainabilityOptions(Options):
    """`[trainability]`"""

    across: str = key(
        "first_rate",
        choice(AXES),
        f"the hyperparameter to the right, by its log10: {' '.join(AXES)}",
    )
    up: str = key("last_rate", choice(AXES), f"the hyperparameter upwards: {' '.join(AXES)}")
    train_steps: int = key(
        100,
        integer(2, 10_000),
        "steps of each pixel's training",
        step=20,
        factor=True,
        slider=(10, 1000),
    )
    tone: str = key(
        "equalised",
        choice(["equalised", "fixed"]),
        "brightness: equalised (by rank among the trainings in sight), or fixed (by how fast)",
    )


@dataclass(frozen=True)
class OrderChaosOptions(Options):
    """`[order_chaos]`"""

    measure: str = key(
        "growth",
        choice(["growth", "length"]),
        "what the map shows: growth (of a small difference, per layer), or length (the layers over "
        "which correlations settle)",
    )
    edges: str = key(
        "own",
        choice(["own", "all", "none"]),
        "the theory's edge of chaos: own (of the activation), all (of every activation), none",
    )
    pictures: bool = key(True, flag, "draw small pictures of networks at marked places")
    square: float = key(
        1.0,
        number(1e-3, 1e3),
        "half the side of the square of the plane that is measured and pictured, around 0",
        step=0.25,
        slider=(0.1, 10),
    )
    measured_depth: int = key(
        16,
        integer(4, MAX_DEPTH),
        "layers of the network that is measured; at least those of the preset",
        step=8,
    )
    measured_width: int = key(
        0,
        integer(0, MAX_WIDTH),
        "its units in each layer; at least those of the preset",
        step=32,
        slider=(0, 256),
    )


@dataclass(frozen=True)
class ViewRow:
    """A view: its name, one line of help, its class, and the class of its options, if any.

    `view`: "module:Class", imported when the view is first drawn (help and parsing need no OpenGL),
    or a callable without arguments that makes the view. `reading`: how to read it, in a few
    sentences. `tries`: what to do next, one sentence each; {deeper} stands for the key of that
    action in the window, and sentences about options of the view name them in quotes. `alpha`: it
    shows a fourth output as alpha; the others use three outputs at most. `learned`: what it shows
    of a network that learns: colors trained output height (see preset/learned.py).
    """

    name: str
    help: str
    view: str | Callable[[], Any]
    options: type[Options] | None = None
    reading: str = ""
    tries: tuple[str, ...] = ()
    alpha: bool = False
    learned: str = "colors"
    images: bool | None = False


VIEWS: dict[str, ViewRow] = {
    row.name: row
    for row in (
        ViewRow(
            "picture",
            "the outputs as colours at every point",
            "cppn_gl.views.picture:PictureView",
            reading="Each point of the picture has an x and a y. From these, or from the colours "
            "of an image there, the network computes numbers, its outputs: they are the colour of "
            "that point, by default red, green and blue. Smooth parts are where the outputs hardly "
            "change from point to point. Fine detail is where the layers have multiplied small "
            "differences.",
            tries=(
                "{deeper} and {shallower} add and remove a layer: detail grows with depth.",
                "{stronger} and {weaker} make all weights larger or smaller: too small, and one "
                "colour is left; too large, and the picture breaks into noise.",
                "{zoom_out} shows the network from far away, {zoom_in} from close by: far out "
                "one of x and y is a star of rays.",
                "{next_activation} takes another activation: tanh bends smoothly, relu has edges.",
                "{layer_down} shows the picture one layer earlier.",
            ),
            alpha=True,
        ),
        ViewRow(
            "sheet",
            "a grid of networks that vary by row and column",
            "cppn_gl.views.sheet:SheetView",
            reading="Each cell is the picture of a network of its own. The labels say what "
            "changes from column to column and from row to row; all else is equal. Compare "
            "neighbours.",
            tries=(
                "Click on a cell to explore its network; {leave} returns to the sheet.",
                "{random_seed} draws all networks from another seed.",
                "{deeper}, {stronger} and {zoom_in} change all cells, unless the sheet varies "
                "that itself.",
            ),
            images=None,
        ),
        ViewRow(
            "layers",
            "the picture of every layer",
            "cppn_gl.views.layers:LayersView",
            LayersOptions,
            reading="Cell k is the picture of the network cut off after layer k: the same "
            "weights, one layer more in each cell. The first cells are plain ramps; every layer "
            "bends what the layer before it made, so that detail grows. With the option 'before', "
            "the sums before the activation stand above each picture.",
            tries=(
                "Click on a cell to explore the network that ends there; {leave} returns.",
                "{next_knob} selects the option 'before', {knob_up} switches it.",
                "{stronger} makes the weights larger: from which layer on is it noise?",
            ),
        ),
        ViewRow(
            "units",
            "every unit of every layer as a small picture",
            "cppn_gl.views.units.units:UnitsView",
            UnitsOptions,
            reading="Each tile is one unit: its value at every point of the picture, red where it "
            "is positive and blue where it is negative. Columns are layers, from the inputs at "
            "the left to the outputs at the right. Every unit is a weighted sum of the column "
            "before it, put through the activation. Where a tile is flat at an end of the "
            "activation (of tanh, the deepest red or blue), its unit is saturated: small changes "
            "do nothing. In a structure a tile is a channel; branches of a module lie one below "
            "another, and beside the first channels are their kernels.",
            tries=(
                "Point at a tile to see the unit enlarged, with its weights; click to keep it.",
                "{enter} shows the unit under the pointer alone, {leave} returns.",
                "With a unit kept, point at the panel: labels at its bottom pin the unit, so that "
                "it stays below the tiles, or boost it: it is multiplied, and all that follows "
                "changes.",
                "{knob_up} draws the weights as lines: colour is their sign.",
                "{deeper} adds a column, {wider} a row.",
            ),
            learned="trained",
        ),
        ViewRow(
            "signal",
            "mean, standard deviation and saturation, layer by layer",
            "cppn_gl.views.plots.signal:SignalView",
            reading="The plots follow the values from the inputs (layer 0) to the outputs. "
            "Standard deviation: how much a layer's values differ. If it falls towards 0, all "
            "points get the same colour and the picture fades. Saturated: the part of the units "
            "on a flat end of their activation. If it nears 100 %, the picture breaks into noise. "
            "The dashed line is the signal with no activation, ×√n·σ per layer: with n inputs to a "
            "unit and weights of standard deviation σ, a layer's sums spread √n·σ times as much as "
            "its inputs. The activation then shrinks what it passes on, so it takes somewhat "
            "more than 1 to keep the signal.",
            tries=(
                "{stronger} and {weaker}: find the weight scale at which the line stays level.",
                "{deeper} adds layers: does the signal fade or keep?",
                "{next_activation}: which activations keep the signal, and at which scale?",
            ),
        ),
        ViewRow(
            "surface",
            "the output as a lit height field",
            "cppn_gl.views.solid.surface:SurfaceView",
            SurfaceOptions,
            reading="The plane lies flat, and the output at each point is the height above it. "
            "Lines on the surface join points of equal height. A slope is a place where the "
            "picture changes; a plain is one colour.",
            tries=(
                "Drag to turn it, roll the wheel to come closer.",
                "{next_knob} chooses an option, {knob_up} and {knob_down} change it: 'relief' is "
                "the height, 'paint' the colour, 'panels' the sum of hidden units.",
                "{stronger} makes the slopes steeper, until they are cliffs.",
            ),
            learned="height",
        ),
        ViewRow(
            "learning",
            "loss, accuracy, gradients and units of a network that learns, step by step",
            "cppn_gl.views.plots.learning:LearningView",
            reading="The plots follow the training from step 0 to the step shown, where the line "
            "is; steps are spaced by their logarithm, so that the first ones have room. Loss is "
            "what training makes smaller. If that of the tests, which the network never trains "
            "on, rises while that of the training points falls, it learns the points by heart. "
            "The gradient is how strongly each layer is pushed: where it falls to almost nothing, "
            "a layer stops learning. A dead relu is 0 at every point and cannot come back; a "
            "saturated unit is on a flat end and hardly moves. Of a network that sees pictures the "
            "table counts its answers to tests: a row is what is in the picture, a column what the "
            "network says; right answers are on the diagonal.",
            images=None,
            tries=(
                "Click on a plot to show the network of that step.",
                "{random_seed} starts from other weights: is it as fast?",
                "{next_activation} takes another activation: which layers get a gradient?",
            ),
            learned="trained",
        ),
        ViewRow(
            "curves",
            "units and outputs along one input, as line plots",
            "cppn_gl.views.plots.curves:CurvesView",
            CurvesOptions,
            reading="A cut through the picture along a line. From left to right: the units of the "
            "last hidden layer, their weighted sums with the bias, and the outputs after the "
            "activation. The sums are made of the curves at their left: each output is a mixture "
            "of all units.",
            tries=(
                "Point at a curve to read its value.",
                "{pan_up} and {pan_down} move the line of the cut.",
                "{layer_down} shows the layer before, {wider} adds a unit.",
            ),
            learned="trained",
        ),
        ViewRow(
            "volume",
            "three inputs as a volume, with the moving slice",
            "cppn_gl.views.solid.volume:VolumeView",
            VolumeOptions,
            reading="With a third input the network fills a box: x and y across, the third input "
            "upwards. The picture is one slice through the box, framed. Bright parts are where "
            "the output is large; where it is below the threshold, the box is transparent.",
            tries=(
                "Drag to turn it, roll the wheel to come closer.",
                "{next_knob} chooses an option, {knob_up} and {knob_down} change it: 'opacity', "
                "'threshold', and the sides at which the box is cut open.",
                "{pause} stops or starts the slice, if the third input is time.",
            ),
        ),
        ViewRow(
            "regions",
            "the linear regions of a relu network",
            "cppn_gl.views.slopes.regions:RegionsView",
            RegionsOptions,
            reading="A relu is 0 or passes its sum on unchanged. So the network is linear between "
            "lines where a unit switches, and each line is one unit's switch, coloured by its "
            "layer. Lines of layer 1 are straight; those of later layers bend wherever they cross "
            "an earlier line. Inside one region the colour changes evenly.",
            tries=(
                "Point at a line to see which unit it belongs to.",
                "{layer_up} and {layer_down} show the lines of more or fewer layers.",
                "{wider} adds lines, {deeper} folds them.",
            ),
        ),
        ViewRow(
            "gradient",
            "magnitude of the output's gradient at every point",
            "cppn_gl.views.slopes.gradient:GradientView",
            GradientOptions,
            reading="Bright is where the picture changes fastest from point to point, dark is "
            "where it is nearly even. The scale in the corner is the change of the output per "
            "unit of x and y.",
            tries=(
                "Point anywhere to read the number.",
                "{stronger} and {deeper} raise the slopes: compare the scale in the corner.",
                "{zoom_in}: is there structure at every size?",
            ),
            learned="output",
        ),
        ViewRow(
            "sensitivity",
            "change of the output when one layer's weights are perturbed",
            "cppn_gl.views.slopes.sensitivity:SensitivityView",
            SensitivityOptions,
            reading="The weights of one layer are changed a little at random. Bright is where that "
            "moves the output most. The bars compare the layers, each with its mean change: a tall "
            "bar is a layer on which much depends. The colours mean the same for every layer; "
            "at most 0.5 % of the points change more than the brightest one says.",
            tries=(
                "Click on a bar to change that layer instead.",
                "{layer_up} and {layer_down} choose the layer; {next_knob} selects 'noise', "
                "the size of the change, and {knob_up} and {knob_down} change it.",
                "{stronger}: in a network near noise, early layers matter most.",
            ),
            learned="output",
        ),
        ViewRow(
            "receptive",
            "what an output point sees of the input: its receptive field, measured",
            "cppn_gl.views.slopes.receptive:ReceptiveView",
            ReceptiveOptions,
            reading="A unit behind convolutions sees more than its own point: with every 3×3 layer "
            "one tap more to each side. The large square is all that it can see, each cell a tap, "
            "bright where the output depends much on the input there: the derivative by the "
            "inputs, on a logarithmic scale. The blue frame holds 95 % of the squared "
            "derivatives, in both places: most of the box is hardly seen (Luo et al. 2016).",
            tries=(
                "Point anywhere to measure there; click to keep the point.",
                "{layer_down} looks from the layer before: the box shrinks, layer by layer.",
                "{next_knob} selects 'averaged', {knob_up} takes the mean over many points.",
                "{deeper} adds a layer: the box grows evenly, the frame more slowly.",
            ),
        ),
        ViewRow(
            "painting",
            "what the network has learned of a picture, beside the picture",
            "cppn_gl.views.painting:PaintingView",
            PaintingOptions,
            reading="The network was given x and y of the original's pixels and learned their "
            "colours; beside the original is what it answers. The thin frame is the original's "
            "border: outside it, and between the pixels, nobody told the network anything. The "
            "error is that of all pixels, as a peak signal-to-noise ratio, "
            "10 log(1 / mean squared error) in decibels: 20 dB is a blurred sketch, 30 dB a good "
            "likeness. Of a shape the network has learned the distance to the outline, negative "
            "inside; how far it is off is told in pixels.",
            tries=(
                "{zoom_in}: the original shows its pixels, the network goes on between them.",
                "{zoom_out}: beyond the frame it goes on, too.",
                "{knob_up} shows the network alone, the original, or where they differ.",
            ),
        ),
        ViewRow(
            "warp",
            "the plane and the data as the layers bend them, from input to output",
            "cppn_gl.views.warp.warp:WarpView",
            WarpOptions,
            reading="A grid of the plane goes through the network. Each layer moves space three "
            "times: its weights W rotate and stretch it, its biases b shift it, and its "
            "activation bends it, each unit along its own axis. Axes are units: a layer of two "
            "units is a plane, one of three is space. Of wider layers the principal components "
            "are drawn. The grid has the colour of what the network says at the end. In a "
            "network that has learned, the last layer only cuts space in two by a straight line "
            "or plane; all the layers before bend it until that cut is enough.",
            tries=(
                "{layer_up} and {layer_down} go on and back by a whole layer; click on the bar "
                "at the bottom to go anywhere.",
                "{next_knob} chooses an option, {knob_up} and {knob_down} change it: 'position' "
                "moves on, 'lines' is the number of cells.",
                "Drag to turn space, where layers have three units or more.",
                "{wider} adds a unit: with a third one, space has room to lift what lies inside.",
            ),
            learned="trained",
        ),
        ViewRow(
            "channels",
            "every layer and channel of a network that sees pictures, one channel large",
            "cppn_gl.views.vision.channels:ChannelsView",
            ChannelsOptions,
            reading="At the top are all layers, from the picture to the classes: each small "
            "picture is the mean of a layer's channels. At the right are the channels of one "
            "layer: bright is where a channel has found what it looks for. One of them is large, "
            "beside the picture; the yellow frames are its largest value and what of the picture "
            "that place can see. Below: that part, what in it counted (the value projected back "
            "through the network, as in Zeiler and Fergus 2014), and the same of all places. In "
            "the bars are the classes that the network thinks of, with their shares.",
            tries=(
                "Click on a layer at the top, then on a channel; or walk with {deeper}, "
                "{shallower}, {wider} and {narrower}.",
                "The first layers find edges and colours, the middle ones textures and parts, the "
                "last ones whole things: where does a channel follow the eyes?",
                "Click on the large channel to keep it in sight, then give the network another "
                "picture: does it still find the same thing?",
                "{next_knob} chooses an option, {knob_up} and {knob_down} change it: 'gamma' shows "
                "faint values, 'sort' puts the strongest channels first, 'tiles' shows the "
                "kernels of the first layer.",
            ),
            images=True,
        ),
        ViewRow(
            "top_images",
            "the pictures of a folder that excite a channel most",
            "cppn_gl.views.vision.top_images:TopImagesView",
            TopImagesOptions,
            reading="Each pair is a picture of the folder, cut to what the channel's strongest "
            "place sees of it, and that place projected back through the network: what of the "
            "part counted. The number is the value of the place. Look for what the nine have in "
            "common, and for what they have not: that is what the channel does not care about.",
            tries=(
                "{wider} and {narrower} look at other channels, {deeper} and {shallower} at other "
                "layers.",
                "Click on a picture to see all channels with it.",
                "Set the option 'folder' to your own pictures: some hundred are enough.",
            ),
            images=True,
        ),
        ViewRow(
            "attribution",
            "what in the picture a class, or a channel, of an image network depends on",
            "cppn_gl.views.vision.attribution:AttributionView",
            AttributionOptions,
            reading="Red is above 0, blue below; what that says of the class in the title, or of "
            "the channel, depends on the method. The gradient says how the score would change if a "
            "pixel got a little brighter: red where it would rise, blue where it would fall, and a "
            "dark pupil may speak for the cat. It is noisy, and quiet where the network is already "
            "sure. Guided backpropagation and deconvnet follow only what raises the score, and "
            "draw sharp edges, but almost the same ones for any class. Integrated gradients divide "
            "the score among the pixels. Grad-CAM is coarse and says where. Occlusion is the "
            "plainest: cover a part, and see how far the score falls.",
            tries=(
                "Click on one of the classes at the side: what speaks for that one?",
                "{knob_up} goes through the methods; the last one, all, shows them side by side.",
                "With the method occlusion, click on the picture to put a patch there, and roll "
                "the wheel to change its size: which part is the class recognised by?",
                "With another method, click on the picture: only that place of the channel is "
                "explained, and the frame is what it can see.",
                "{next_knob} chooses an option, {knob_up} and {knob_down} change it: 'mix' shows "
                "more of the map or of the picture, 'of' explains the channel looked at.",
            ),
            images=True,
        ),
        ViewRow(
            "synthesis",
            "the picture that excites a channel, a class or a layer most, while it grows",
            "cppn_gl.views.vision.synthesis:SynthesisView",
            SynthesisOptions,
            reading="This picture was made, not found. It began as noise, and in each step the "
            "network's gradient said how to change every pixel so that the chosen channel answers "
            "more strongly. What is left shows what the channel looks for: edges and colours in "
            "the first layers, then textures, then parts of animals and things. The curve is what "
            "the channel said of the picture, step by step; it is rough because each step sees the "
            "picture shifted, turned and scaled a little, so that nothing counts that only works "
            "at one place.",
            tries=(
                "{train} lets it grow, or pauses; {random_seed} begins from other noise.",
                "{deeper} and {shallower} walk through the layers, {wider} and {narrower} through "
                "the channels: each grows its own picture.",
                "{next_knob} chooses an option, {knob_up} and {knob_down} change it: 'of' class "
                "makes what the network knows of a thing, 'start' picture dreams into the photo.",
                "{knob_down} with 'jitter' or 'decay' at 0: the picture fills with noise.",
            ),
            images=True,
        ),
        ViewRow(
            "loss_landscape",
            "the loss around the weights of a network that learns, and the way training took",
            "cppn_gl.views.losses.landscape:LossLandscapeView",
            LossLandscapeOptions,
            reading="Every point of this map is another network: all weights of the network that "
            "learns, moved along two directions at once. The colour is the loss of that network "
            "on a logarithmic scale, dark where it is small, and lines join equal losses. In the "
            "middle of a random plane are the weights of the step shown; there 1 means that "
            "each unit's weights have moved by their own length, so that maps of different "
            "networks can be compared (Li et al. 2018). Another 'plane' is laid through the way "
            "that training has taken: the white line begins at the ring, its dots are earlier "
            "steps, and it ends at the orange dot. A wide smooth valley is easy to descend. "
            "Ridges, steps and plains far from the valley are where training gets stuck. Almost "
            "all of the way lies outside a random plane: the legend says how much of it is seen.",
            tries=(
                "{train} trains: the weights move, and the landscape with them.",
                "{knob_up} takes the other plane; {next_knob} chooses another option, such as "
                "'raised': the landscape is a surface, to be turned by dragging.",
                "Roll the wheel to see more or less of it.",
                "Click on a dot of the path to go back to that step.",
                "{deeper} adds a layer and {next_activation} takes another activation: does the "
                "valley stay smooth?",
            ),
            learned="trained",
        ),
        ViewRow(
            "trainability",
            "every pixel is a training: which hyperparameters converge, and how fast",
            "cppn_gl.views.trainability.view:TrainabilityView",
            TrainabilityOptions,
            reading="Each pixel trains the network once, from the same start on the same points: "
            "only two hyperparameters differ, one growing to the right and one upwards. Blue "
            "trainings converged, brighter where faster; those from red to yellow diverged, "
            "brighter where they held out longer. The boundary between them is where the largest "
            "rates lie that still train, and it is no smooth line: zoom in, and there are coasts, "
            "islands and tongues at every size, since a little more or less of a rate can decide "
            "hundreds of steps later (Sohl-Dickstein 2024). At the end float32 numbers are too "
            "few to tell pixels apart.",
            tries=(
                "Point at a pixel to read how its training went; click to open that training.",
                "{zoom_in} at the boundary, again and again: is it ever smooth?",
                "{next_knob} chooses an option, {knob_up} and {knob_down} change it: 'across' and "
                "'up' are the two hyperparameters, 'train_steps' sharpens the boundary, 'tone' is "
                "how colours are spread.",
                "{random_seed} starts from other weights: what stays the same?",
            ),
            learned="trained",
        ),
        ViewRow(
            "order_chaos",
            "where deep networks are ordered or chaotic, by weight and bias scale",
            "cppn_gl.views.plots.order_chaos:OrderChaosView",
            OrderChaosOptions,
            reading="Every point of the map is a network of the same draws, with its own weight "
            "scale, to the right, and bias scale, upwards. Two inputs that hardly differ are sent "
            "through its layers. Blue is order: the difference shrinks in each layer, and a deep "
            "network is one flat colour. Red is chaos: it grows, and neighbours have nothing in "
            "common. White is the edge between them, where a signal goes far; deep networks learn "
            "when they begin near it. The line is the edge in theory, of infinitely wide layers "
            "(Poole et al. 2016, Schoenholz et al. 2017). The dot is the network of the preset: "
            "σw is the standard deviation of its weights times the root of the width, σb that of "
            "its biases, and χ₁ the theory's growth of a squared difference. A bias scale that is "
            "not set follows the weight scale, so that the dot moves along the diagonal.",
            tries=(
                "{stronger} and {weaker} move the dot across the edge; drag to move it anywhere.",
                "Click to put the dot there; {enter} opens the picture of the network there.",
                "{next_activation} chooses another activation: its edge is elsewhere, a relu's is "
                "a vertical line.",
                "{wider} and {narrower}: of uniform draws the weight scale at the edge falls with "
                "the width; of lecun, he and glorot it stays.",
                "{next_knob} chooses an option, {knob_up} and {knob_down} change it: 'measure' "
                "shows the length over which correlations settle, 'edges' the other activations.",
            ),
        ),
    )
}
PLAIN = "picture", "channels"  # show all networks of points, all that see whole pictures
SHIPPED = tuple(VIEWS)  # known in other processes too, unlike views registered later


@dataclass(frozen=True)
class Show:
    """The `[show]` table, without the options that it sets in other tables."""

    view: str = key("picture", choice(VIEWS), "the view shown", short=True)

    def __post_init__(self) -> None:
        validate(self, "show.")

    @property
    def row(self) -> ViewRow:
        """The row of the view."""
        return VIEWS[self.view]


def plain(images: bool) -> str:
    """The view that shows any network of points, or any that sees whole pictures."""
    return PLAIN[images] if PLAIN[images] in VIEWS else PLAIN[0]


def option_fields(row: ViewRow) -> list["dataclasses.Field[Any]"]:
    """The keys of a view's options: its own first, then those shared with other views."""
    if row.options is None:
        return []
    own = inspect.get_annotations(row.options)
    return sorted(dataclasses.fields(row.options), key=lambda field: field.name not in own)


def holders(option: str) -> tuple[str, ...]:
    """The views that `[show]` sets an option of this name for: those that have it.

    One of networks that see pictures is among them only if no other view has the option.
    """
    rows = [row for row in VIEWS.values() if option in (f.name for f in option_fields(row))]
    others = [row for row in rows if not row.images]
    return tuple(row.name for row in others or rows)


def knobs(row: ViewRow) -> tuple[str, ...]:
    """The options that keys of the window can change: flags, choices, numbers with a step."""
    return tuple(field.name for field in option_fields(row) if _adjustable(field.metadata))


def _adjustable(metadata: Mapping[str, Any]) -> bool:
    check = metadata["check"]
    return check is flag or isinstance(check, OneOf) or "step" in metadata
