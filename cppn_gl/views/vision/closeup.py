"""The channel looked at: its largest place, what it says in words, and what excites it.

Pass, unit -> facts_of() -> Facts -> lines of text
Scene, unit -> details() -> pictures: the part of the input that the largest place sees, what of it
               reaches the unit (its projection to the input), the first layer's kernel, …
"""

import contextlib
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.vision.growth import feature_of
from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.nn.vision.operations import Conv2d
from cppn_gl.nn.vision.running import Pass
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import ChannelsOptions
from cppn_gl.utils.arrays import Box, Float32
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.tasks import Steps
from cppn_gl.views.text import counted, minus, significant
from cppn_gl.views.vision.bars import percent
from cppn_gl.views.vision.found import cropped, folder_of, mosaic
from cppn_gl.views.vision.passes import Unit, gradient_of, network_of, pass_of, shown_of, values_of
from cppn_gl.views.vision.shades import tinted_input

WHOLE = 0.9  # of the input: a field that covers more of it is not shown apart


class Facts(NamedTuple):
    """A channel in numbers. place: (row, column) of its largest value. rank: from 1, by that.

    active: the part of its places above 0. field: the box of the input that the place sees.
    """

    largest: float
    mean: float
    active: float
    place: tuple[int, int]
    rank: int
    field: Box


def facts_of(done: Pass, unit: Unit, *, before: bool) -> Facts:
    """The facts of a channel."""
    layer, channel = unit
    whole = values_of(done, layer, before=before)
    values = np.nan_to_num(whole[channel])
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    largest = np.nan_to_num(whole.reshape(len(whole), -1)).max(1)
    field = done.network.receptive_field(layer).box(int(row), int(column))
    return Facts(
        float(values.max()),
        float(values.mean()),
        float((values > 0).mean()),
        (int(row), int(column)),
        1 + int((largest > largest[channel]).sum()),
        field,
    )


def words_of(network: ImageNetwork, unit: Unit, facts: Facts) -> list[str]:
    """A channel in words, a line each, the most important first."""
    shape = network.stages[unit[0]].shape
    row, column = facts.place
    single = shape[1:] == (1, 1)
    lines = [f"value {amount(facts.largest)}"]
    if not single:
        lines = [
            f"largest {amount(facts.largest)}, at row {row + 1}, column {column + 1}",
            f"mean {amount(facts.mean)}, above 0 at {percent(facts.active)}",
        ]
    left, top, right, bottom = facts.field
    height, width = network.size
    if right - left >= width and bottom - top >= height and single:
        lines.append("sees the whole picture")
    else:
        stride = network.receptive_field(unit[0]).stride
        step = f", in steps of {stride[1]}" if stride[1] > 1 else ""
        lines.append(f"sees {right - left} × {bottom - top} pixels{step}")
    lines.append(f"{ordinal(facts.rank)} largest of {counted(shape[0], 'channel')}")
    return lines


def amount(value: float) -> str:
    """A value in three digits, or a whole number: 0.0123, 36.9, 1420."""
    return minus(f"{value:.0f}") if 1000 <= abs(value) < 1e6 else significant(value)


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th … 11th … 21st."""
    last = 0 if number % 100 in (11, 12, 13) else number % 10
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"


@dataclass(frozen=True, eq=False)
class Detail:
    """A picture (H, W, 3) about a channel, and its caption. smooth: interpolated if enlarged.

    keys: of the preset that a click on it opens.
    """

    caption: str
    pixels: Float32
    keys: dict[str, Any]
    smooth: bool = True


KERNELS = {"channels.tiles": "kernels"}
OCCLUDED = {
    "show.view": "attribution",
    "attribution.of": "unit",
    "attribution.method": "occlusion",
    "attribution.where": "strongest",
}
GROWN = {"show.view": "synthesis", "synthesis.of": "channel", "synthesis.form": "one"}
BEST = {"show.view": "top_images"}
BACK = {"show.view": "attribution", "attribution.of": "unit", "attribution.method": "deconvnet"}


def details(scene: Scene, unit: Unit, *, before: bool) -> Steps[list[Detail]]:
    """The pictures about a channel, those that say most first."""
    network, done = network_of(scene), (yield from pass_of(scene))
    facts = facts_of(done, unit, before=before)
    planes = scene.preset.preprocess.planes
    found = []
    kernel = kernel_of(network, unit)
    if kernel is not None:
        found.append(
            Detail("its kernel", tinted_input(kernel, planes, abs_max(kernel)), KERNELS, False)
        )
    if facts.largest:
        one = yield from gradient_of(scene, unit, facts.place, "deconvnet", before=before)
        left, top, right, bottom = facts.field
        height, width = network.size
        if (right - left) * (bottom - top) < WHOLE * height * width:
            seen = shown_of(scene).colors
            found.append(Detail("largest here", cropped(seen, facts.field), OCCLUDED))
            part = cropped(tinted_input(one, planes), facts.field)
            found.append(Detail("projected back", part, {**BACK, "attribution.where": "strongest"}))
        else:
            found.append(Detail("projected back", tinted_input(one, planes), BACK))
        if network.stages[unit[0]].shape[1:] != (1, 1):
            every = yield from gradient_of(scene, unit, None, "deconvnet", before=before)
            found.append(Detail("all its places", tinted_input(every, planes), BACK))
    if scene.options(ChannelsOptions).feature:
        with contextlib.suppress(PresetError):  # of what cannot be excited
            grown = yield from feature_of(network, scene.preset.preprocess, *unit)
            found.append(
                Detail("grown for it", np.asarray(grown, np.float32) / np.float32(255), GROWN)
            )
    best = yield from mosaic(scene, unit)
    if best is not None:
        found.append(Detail(f"best of {folder_of(scene.preset).name}", best, BEST))
    return found


def abs_max(values: Float32) -> float:
    return max(float(np.abs(values).max()), 1e-30)


def kernel_of(network: ImageNetwork, unit: Unit) -> Float32 | None:
    """The kernel (inputs, ky, kx) of a channel of a layer that reads the picture; None of others.

    Without a kernel in space there is nothing to see.
    """
    kernels = kernels_of(network, unit[0])
    return None if kernels is None else kernels[unit[1]]


def kernels_of(network: ImageNetwork, layer: int) -> Float32 | None:
    """The kernels (channels, inputs, ky, kx) of a layer that reads the picture; None of others."""
    stage = network.stages[layer]
    of = stage.operation
    if stage.inputs != (SOURCE,) or not isinstance(of, Conv2d) or of.groups != 1:
        return None
    return of.weight if max(of.weight.shape[2:]) > 1 else None
