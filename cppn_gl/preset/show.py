"""The `[show]` table: which view of the network a preset opens with, and how that view stands."""

from dataclasses import dataclass

from cppn_gl.nn.layers import MAX_DEPTH, MAX_WIDTH
from cppn_gl.utils.checks import choice, flag, integer, key, number, several, validate

# Name to one line of help. What draws them stands in views/.
VIEWS: dict[str, str] = {
    "picture": "the outputs as colours at every point",
    "sheet": "a grid of networks, rows and columns varied as [sweep] says",
    "layers": "layer k's picture for every k",
    "units": "every unit of every layer as a small picture",
    "signal": "mean, spread and saturation, layer by layer",
    "surface": "the output as a lit height field",
    "curves": "networks of one input as line plots",
    "volume": "three inputs as a volume, and the moving slice in it",
    "regions": "the linear regions of a relu network",
    "gradient": "how steep the output is at every point",
    "sensitivity": "what a small random change of one layer does to the output",
}


@dataclass(frozen=True)
class Show:
    """The `[show]` table. `step`: by how much a key turns a number; `of`: which views heed it."""

    view: str = key(
        "picture", choice(VIEWS), f"what is shown: {' '.join(VIEWS)}", short=True, of=tuple(VIEWS)
    )
    layer: int = key(
        0,
        integer(0, MAX_DEPTH),
        "the layer that the view is about; 0: the last, or all",
        step=1,
        of=("layers", "units", "curves", "sensitivity", "regions"),
    )
    unit: tuple[int, int] | None = key(
        None,
        several(integer(0, max(MAX_WIDTH, MAX_DEPTH)), 2, 2),
        "the unit enlarged: its layer from 0 (the inputs), its number from 1",
        of=("units",),
    )
    before: bool = key(
        False,
        flag,
        "sums before the activation; layers: above what it makes of them",
        of=("layers", "units", "curves", "surface"),
    )
    connections: bool = key(
        False, flag, "weights as lines between units, by sign and strength", of=("units",)
    )
    channel: str = key(
        "all",
        choice(["all", "red", "green", "blue"]),
        "the output shown: all red green blue",
        of=("surface", "volume", "gradient", "sensitivity"),
    )
    paint: str = key(
        "height",
        choice(["height", "picture"]),
        "a surface is coloured by its height, or by the picture",
        of=("surface",),
    )
    panels: str = key(
        "one",
        choice(["one", "channels", "sum"]),
        "surfaces side by side: one; the three channels; or units, their sum, and it from above",
        of=("surface",),
    )
    contours: int = key(
        10,
        integer(0, 100),
        "bands between contour lines, from the lowest to the highest; 0: none",
        step=1,
        of=("surface",),
    )
    relief: float = key(
        0.5, number(0, 5), "height of a surface, in units of its side", step=0.05, of=("surface",)
    )
    turn: float = key(
        30.0,
        number(-3600, 3600),
        "degrees about the upright axis",
        step=5,
        of=("surface", "volume"),
    )
    tilt: float = key(
        30.0, number(-90, 90), "degrees above the horizon", step=5, of=("surface", "volume")
    )
    distance: float = key(
        4.0, number(1, 100), "of the eye, in half sides", step=0.25, of=("surface", "volume")
    )
    opacity: float = key(
        4.0, number(0, 200), "of a volume, for a length of 1", step=0.5, of=("volume",)
    )
    threshold: float = key(
        0.5, number(0, 1), "values below it are clear in a volume", step=0.05, of=("volume",)
    )
    left: float = key(
        -1.0, number(-1, 1), "what of a volume is kept: x from here on", step=0.1, of=("volume",)
    )
    right: float = key(
        1.0, number(-1, 1), "what of a volume is kept: x up to here", step=0.1, of=("volume",)
    )
    front: float = key(
        -1.0, number(-1, 1), "what of a volume is kept: y from here on", step=0.1, of=("volume",)
    )
    back: float = key(
        1.0, number(-1, 1), "what of a volume is kept: y up to here", step=0.1, of=("volume",)
    )
    bottom: float = key(
        -1.0,
        number(-1, 1),
        "what of a volume is kept: the third input from here on",
        step=0.1,
        of=("volume",),
    )
    top: float = key(
        1.0,
        number(-1, 1),
        "what of a volume is kept: the third input up to here",
        step=0.1,
        of=("volume",),
    )
    slice: bool = key(True, flag, "the moving slice, in place in a volume", of=("volume",))
    noise: float = key(
        0.02,
        number(1e-4, 1),
        "size of the random change, as a share of the layer's weights",
        step=0.01,
        of=("sensitivity",),
    )

    def __post_init__(self) -> None:
        validate(self, "show.")
