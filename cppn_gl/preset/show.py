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
from cppn_gl.utils.checks import OneOf, choice, flag, integer, key, number, several, validate

CHANNELS = ("red", "green", "blue")  # the outputs


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
        several(integer(0, max(MAX_WIDTH, MAX_DEPTH)), 2, 2),
        "the unit enlarged: its layer (0: the inputs), and its number from 1",
    )
    connections: bool = key(False, flag, "draw weights as lines, by sign and magnitude")


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
        choice(["one", "channels", "sum"]),
        "surfaces side by side: one; channels (red, green, blue); or sum (hidden units, their "
        "weighted sum, and the sum from above)",
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
class ViewRow:
    """A view: its name, one line of help, its class, and the class of its options, if any.

    `view`: "module:Class", imported when the view is first drawn (help and parsing need no OpenGL),
    or a callable without arguments that makes the view.
    """

    name: str
    help: str
    view: str | Callable[[], Any]
    options: type[Options] | None = None


VIEWS: dict[str, ViewRow] = {
    row.name: row
    for row in (
        ViewRow(
            "picture", "the outputs as colours at every point", "cppn_gl.views.picture:PictureView"
        ),
        ViewRow(
            "sheet",
            "a grid of networks that vary by row and column, see [sweep]",
            "cppn_gl.views.sheet:SheetView",
        ),
        ViewRow(
            "layers",
            "the picture of every layer",
            "cppn_gl.views.layers:LayersView",
            LayersOptions,
        ),
        ViewRow(
            "units",
            "every unit of every layer as a small picture",
            "cppn_gl.views.units.units:UnitsView",
            UnitsOptions,
        ),
        ViewRow(
            "signal",
            "mean, standard deviation and saturation, layer by layer",
            "cppn_gl.views.plots.signal:SignalView",
        ),
        ViewRow(
            "surface",
            "the output as a lit height field",
            "cppn_gl.views.solid.surface:SurfaceView",
            SurfaceOptions,
        ),
        ViewRow(
            "curves",
            "units and outputs along one input, as line plots",
            "cppn_gl.views.plots.curves:CurvesView",
            CurvesOptions,
        ),
        ViewRow(
            "volume",
            "three inputs as a volume, with the moving slice",
            "cppn_gl.views.solid.volume:VolumeView",
            VolumeOptions,
        ),
        ViewRow(
            "regions",
            "the linear regions of a relu network",
            "cppn_gl.views.slopes.regions:RegionsView",
            RegionsOptions,
        ),
        ViewRow(
            "gradient",
            "magnitude of the output's gradient at every point",
            "cppn_gl.views.slopes.gradient:GradientView",
            GradientOptions,
        ),
        ViewRow(
            "sensitivity",
            "change of the output when one layer's weights are perturbed",
            "cppn_gl.views.slopes.sensitivity:SensitivityView",
            SensitivityOptions,
        ),
    )
}
SHIPPED = tuple(VIEWS)  # known in other processes too, unlike views registered later


@dataclass(frozen=True)
class Show:
    """The `[show]` table, without the options that it sets in other tables."""

    view: str = key("picture", choice(VIEWS), "the view shown", short=True)

    def __post_init__(self) -> None:
        validate(self, "show.")


def option_fields(row: ViewRow) -> list["dataclasses.Field[Any]"]:
    """The keys of a view's options: its own first, then those shared with other views."""
    if row.options is None:
        return []
    own = inspect.get_annotations(row.options)
    return sorted(dataclasses.fields(row.options), key=lambda field: field.name not in own)


def holders(option: str) -> tuple[str, ...]:
    """The views with an option of this name."""
    return tuple(
        row.name for row in VIEWS.values() if option in (f.name for f in option_fields(row))
    )


def knobs(row: ViewRow) -> tuple[str, ...]:
    """The options that keys of the window can change: flags, choices, numbers with a step."""
    return tuple(field.name for field in option_fields(row) if _adjustable(field.metadata))


def _adjustable(metadata: Mapping[str, Any]) -> bool:
    check = metadata["check"]
    return check is flag or isinstance(check, OneOf) or "step" in metadata
