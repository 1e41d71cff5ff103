"""The expected picture, computed independently of the code that draws it.

A picture is compared with the float64 reference at the pixel centres. The tolerance is a small
multiple of the error that float32 arithmetic makes on the same network.
"""

import functools
import math
from collections import OrderedDict
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.activations import activate
from cppn_gl.nn.network import Network
from cppn_gl.preset.preset import Preset

FLOOR = 2e-6
FACTOR = 10
CACHED = 256  # references to cache
GRID = (32, 18)  # pixels at which the error of float32 is measured
CENTRE = (0.5, 0.5)  # of a pixel
MAGENTA = [1.0, 0.0, 1.0]

Floats = NDArray[Any]


def pixel_inputs(
    preset: Preset,
    size: tuple[int, int],
    time: float = 0.0,
    shift: tuple[float, float] = CENTRE,
) -> NDArray[np.float64]:
    """The input features of every pixel, row by row from the top, at `shift` within each pixel."""
    network, view, animation = preset.network(), preset.view, preset.animation
    width, height = size
    unit = view.extent / (min(size) / 2)
    turn = 2 * math.pi * math.fmod(time, animation.loop) / animation.loop
    rows = []
    for j in range(height):
        for i in range(width):
            x = view.center[0] + (i + shift[0] - width / 2) * unit
            y = view.center[1] + (height / 2 - j - shift[1]) * unit
            known = {"x": x, "y": y, "r": math.hypot(x, y), "one": 1.0}
            known |= {"x2": x * x, "y2": y * y, "xy": x * y}
            known |= {"t": animation.speed * time, "cos_t": math.cos(turn), "sin_t": math.sin(turn)}
            known |= {f"z{k}": z for k, z in enumerate(network.latent)}
            for name in network.inputs:
                if name not in known:
                    known[name] = wave(name, {"x": x, "y": y}, network.period)
            rows.append([known[name] for name in network.inputs])
    return np.array(rows, np.float64)


def wave(name: str, at: dict[str, float], period: float) -> float:
    """sin_x, cos_4y …: turns as a fraction of integers, without rounding until they are reduced."""
    function, _, place = name.partition("_")
    harmonic, axis = int(place[:-1] or 1), place[-1]
    turns = Fraction(at[axis]) * harmonic / Fraction(period)
    return float(getattr(math, function)(2 * math.pi * float(turns - round(turns))))


def in_float32(network: Network, inputs: Floats) -> Floats:
    """The network evaluated in float32, by a matrix product for each layer."""
    y = inputs.astype(np.float32)
    with np.errstate(all="ignore"):
        for layer in network.layers:
            y = activate(layer.activation, y @ layer.weight.T + layer.bias)
    return y


def in_three_channels(outputs: Floats, size: tuple[int, int]) -> Floats:
    return np.broadcast_to(outputs, (len(outputs), 3)).reshape(size[1], size[0], 3)


def by_preset(function: Callable[..., Floats]) -> Callable[..., Floats]:
    """Cache a function of a preset: all engines are compared with the same reference.

    The key is the preset's TOML, since a preset may contain arrays, which are not hashable.
    """
    known: OrderedDict[tuple[object, ...], Floats] = OrderedDict()

    @functools.wraps(function)
    def cached(preset: Preset, *others: Any) -> Floats:
        key = preset.to_toml(), *others
        if key not in known:
            known[key] = function(preset, *others)
            known[key].flags.writeable = False
            if len(known) > CACHED:
                known.popitem(last=False)
        return known[key]

    return cached


@by_preset
def double_outputs(
    preset: Preset, size: tuple[int, int], time: float, shift: tuple[float, float]
) -> Floats:
    """The network's outputs in float64, (pixels, outputs)."""
    return preset.network().evaluate(pixel_inputs(preset, size, time, shift))


@by_preset
def single_outputs(preset: Preset, size: tuple[int, int], time: float, folded: bool) -> Floats:
    """The network's outputs in float32, (pixels, outputs); `folded` as `allowed` says."""
    network, inputs = preset.network(), pixel_inputs(preset, size, time)
    return network.evaluate(inputs, np.float32) if folded else in_float32(network, inputs)


def reference(
    preset: Preset,
    size: tuple[int, int],
    time: float = 0.0,
    shift: tuple[float, float] = CENTRE,
) -> Floats:
    """The picture in float64, (height, width, 3)."""
    return in_three_channels(double_outputs(preset, size, time, shift), size)


def percentile(errors: Floats) -> float:
    """The 99.9th percentile of the absolute errors; 0 for an empty array."""
    return float(np.quantile(np.abs(errors), 0.999)) if errors.size else 0.0


def allowed(preset: Preset, time: float = 0.0, *, folded: bool = False) -> float:
    """The tolerance of a picture: FACTOR times the error of float32 arithmetic, at least FLOOR.

    `folded`: the first layer's pre-activations are computed in float64, as engines have to do when
    the extent is so small that neighbouring pixels have the same coordinates in float32.
    """
    double = double_outputs(preset, GRID, time, CENTRE)
    single = single_outputs(preset, GRID, time, folded)
    finite = np.isfinite(single) & np.isfinite(double)
    return max(FACTOR * percentile(single[finite].astype(float) - double[finite]), FLOOR)


def check_truth(
    renderer: Any,
    preset: Preset,
    size: tuple[int, int] = GRID,
    time: float = 0.0,
    *,
    folded: bool = False,
) -> None:
    """Assert that a picture is correct in float32 and in 8 bits, and magenta where it overflows."""
    drawn = renderer.render(preset, size=size, time=time, dtype="float32")
    assert drawn.shape == (size[1], size[0], 3)
    assert drawn.dtype == np.float32
    single = in_three_channels(single_outputs(preset, size, time, False), size)
    finite = np.isfinite(single).all(axis=-1)
    assert (drawn[~finite] == MAGENTA).all()
    error = percentile(drawn[finite].astype(float) - reference(preset, size, time)[finite])
    limit = allowed(preset, time, folded=folded)
    assert error <= limit, f"error {error:.3g}, allowed {limit:.3g}: {preset!r}"
    in_bytes = renderer.render(preset, size=size, time=time)
    assert in_bytes.dtype == np.uint8
    assert np.abs(in_bytes - np.round(255.0 * np.clip(drawn, 0, 1))).max() <= 1
