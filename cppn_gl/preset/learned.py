"""How the network of a preset that learns is shown: itself, or with layers that show its outputs.

    trained network, [color], ViewRow.learned -> shown_as() -> the network of a scene

"trained": the network itself, in views of its structure. "colors": classes in CLASS_COLORS, values
from LOW through PAPER to HIGH; a picture is shown as it is, and so is a distance, whose unit alone
has these colours. With a colour map of one value, or a stretch, a single output is left to that; of
several classes it is the order.
"output": a single output, else colours. "height": a single output, else the largest.
"""

import numpy as np

from cppn_gl.nn.activations import bounds
from cppn_gl.nn.displayed import (
    SIGNED,
    Color,
    Ink,
    Span,
    confidence_layers,
    ink_layers,
    kept,
    order_layers,
)
from cppn_gl.nn.network import Network
from cppn_gl.nn.training.data import Dataset
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.class_colors import CLASS_COLORS, HIGH, LOW, PAPER, area, display


def shown_as(preset: Preset, network: Network, how: str = "") -> Network:
    """A trained network as the view of its preset shows it, or in the way `how`."""
    if preset.classifies:  # it has no picture of its own
        return network
    how, data, color = how or preset.show.row.learned, preset.dataset, preset.color
    if data.kind == "picture" or (data.kind == "distance" and how != "trained"):
        return network
    found, count = inks(data, network), network.outputs
    if how == "height" and count > 1:
        return kept(network, how, lambda: confidence_layers(network), found)
    mapped = (color.mapping, color.stretch) != ("rgb", "none")
    if how == "trained" or (count == 1 and (how != "colors" or mapped)):
        return kept(network, "trained", inks=found)
    if how == "colors" and color.row.channels == 1:
        return kept(network, "order", lambda: order_layers(network), found)
    return kept(network, "colors", lambda: ink_layers(network, found), found)


def inks(data: Dataset, network: Network) -> tuple[Ink, ...]:
    """The name and the colours of each output of a network that learns; not of a picture."""
    paper, span = _color(display(PAPER)), bounds(network.drawn[-1].activation) or SIGNED
    if network.outputs > 1:
        names = class_names(data)
        return tuple(
            Ink(name, (paper, _color(area(color))), span)
            for name, color in zip(names, CLASS_COLORS, strict=False)
        )
    both = _color(area(LOW)), paper, _color(area(HIGH))
    if data.values is not None:
        if data.kind != "distance":
            return (Ink("value", both, value_span(data)),)
        deepest = -float(data.values.min(initial=0.0))  # a shape is far less deep than its picture
        return (Ink("distance", both, (-deepest, deepest) if deepest else SIGNED),)
    return (Ink(class_names(data)[1], both, span),)


def _color(values: Float64) -> Color:
    red, green, blue = values.tolist()
    return red, green, blue


def class_names(data: Dataset) -> tuple[str, ...]:
    """The classes' names; "class 0" … where they have none."""
    return tuple(f"class {name}" if name.isdigit() else name for name in data.names)


def value_span(data: Dataset) -> Span:
    """The values of LOW and HIGH: the data's limits, symmetric about 0 if they have both signs."""
    values = np.asarray(data.values, np.float64)
    if not values.size:  # the data are not there
        return SIGNED
    low, high = float(values.min()), float(values.max())
    if low < 0 < high:
        most = max(-low, high)
        return -most, most
    return (low, high) if low < high else (low - 1, low + 1)
