"""How the network of a preset that learns is shown: itself, or with layers that display its outputs.

    trained network, [color], ViewRow.learned -> shown_as() -> the network of a scene

"trained": the network itself, in views of its structure. "colors": classes in CLASS_COLORS, values
from LOW through PAPER to HIGH; a distance and a picture are shown as they are. With a colour mapping
of one value, or a stretch, a single output is left to that, and of several classes the order is.
"output": a single output itself, else colours. "height": a single output itself, else the largest.
"""

import numpy as np

from cppn_gl.nn.displayed import (
    Span,
    color_layers,
    confidence_layers,
    kept,
    order_layers,
)
from cppn_gl.nn.network import Network
from cppn_gl.nn.training.data import Dataset
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.class_colors import CLASS_COLORS, HIGH, LOW, PAPER, area, display


def shown_as(preset: Preset, network: Network) -> Network:
    """A trained network as the view of its preset shows it."""
    how, data = preset.show.row.learned, preset.dataset
    if how == "trained" and network.outputs == 4:  # none of them is alpha
        return kept(network, how, lambda: [])
    if how == "trained" or data.kind in ("picture", "distance"):
        return network
    if network.outputs > 1:
        if how == "height":
            return kept(network, how, lambda: confidence_layers(network))
        if how == "colors" and preset.color.row.channels == 1:
            return kept(network, "order", lambda: order_layers(network))
        inks = tuple(map(area, CLASS_COLORS[: network.outputs]))
        return kept(network, "colors", lambda: color_layers(network, display(PAPER), inks))
    if how != "colors" or (preset.color.mapping, preset.color.stretch) != ("rgb", "none"):
        return network
    span = None if data.values is None else value_span(data)
    ends = area(LOW), area(HIGH)
    return kept(network, span, lambda: color_layers(network, display(PAPER), ends, span))


def value_span(data: Dataset) -> Span:
    """The values of LOW and of HIGH: those of the data, symmetric about 0 if they have both signs."""
    values = np.asarray(data.values, np.float64)
    low, high = float(values.min()), float(values.max())
    if low < 0 < high:
        most = max(-low, high)
        return -most, most
    return (low, high) if low < high else (low - 1, low + 1)
