"""What a picture should be, worked out apart from the code that draws it.

A picture is judged against the float64 reference at the pixel centres, and allowed a small
multiple of the error that float32 arithmetic itself makes on the same network.
"""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.network import Network
from cppn_gl.preset import Animation, Preset, View

FLOOR = 2e-6
FACTOR = 10
MAGENTA = (1.0, 0.0, 1.0)


def pixel_inputs(
    network: Network,
    view: View,
    animation: Animation,
    size: tuple[int, int],
    time: float = 0.0,
    shift: tuple[float, float] = (0.5, 0.5),
) -> NDArray[np.float64]:
    """The input features of every pixel, row by row from the top, at `shift` within each pixel."""
    width, height = size
    unit = view.extent / (min(size) / 2)
    turn = 2 * math.pi * math.fmod(time, animation.loop) / animation.loop
    rows = []
    for j in range(height):
        for i in range(width):
            x = view.center[0] + (i + shift[0] - width / 2) * unit
            y = view.center[1] + (height / 2 - j - shift[1]) * unit
            known = {"x": x, "y": y, "r": math.hypot(x, y), "one": 1.0}
            known |= {"t": animation.speed * time, "cos_t": math.cos(turn), "sin_t": math.sin(turn)}
            known |= {f"z{k}": z for k, z in enumerate(network.latent)}
            rows.append([known[name] for name in network.inputs])
    return np.array(rows, np.float64)


def reference(
    preset: Preset, size: tuple[int, int], time: float = 0.0, *, dtype: Any = np.float64
) -> NDArray[Any]:
    """The picture of a preset as (height, width, 3), by `Network.evaluate`."""
    network = preset.network()
    inputs = pixel_inputs(network, preset.view, preset.animation, size, time)
    outputs = network.evaluate(inputs, dtype=dtype)
    return np.broadcast_to(outputs, (len(inputs), 3)).reshape(size[1], size[0], 3)


def percentile(errors: NDArray[Any]) -> float:
    """The 99.9th percentile."""
    return float(np.quantile(np.abs(errors).astype(np.float64), 0.999))


def allowed(single: NDArray[Any], double: NDArray[Any]) -> float:
    """The error a picture may have where float32 arithmetic gives `single` for `double`."""
    return max(FACTOR * percentile(single - double), FLOOR)


def errors_of(
    renderer: Any, preset: Preset, size: tuple[int, int], time: float = 0.0
) -> tuple[float, float]:
    """(the error of the rendered picture, the error it may have)."""
    drawn = renderer.render(preset, size=size, time=time, dtype="float32")
    double = reference(preset, size, time)
    single = reference(preset, size, time, dtype=np.float32)
    return percentile(drawn - double), allowed(single, double)


def check_truth(
    renderer: Any, preset: Preset, size: tuple[int, int] = (32, 18), time: float = 0.0
) -> None:
    """Assert that a picture is true, in float32 and in 8 bits."""
    error, limit = errors_of(renderer, preset, size, time)
    assert error <= limit, f"{error:.3g} > {limit:.3g} for {preset!r}"
    drawn = renderer.render(preset, size=size, time=time, dtype="float32")
    bytes_ = renderer.render(preset, size=size, time=time)
    expected = np.round(255 * np.clip(drawn, 0, 1).astype(np.float64))
    assert np.abs(bytes_ - expected).max() <= 1


def same(pictures: Iterable[NDArray[Any]]) -> bool:
    """Whether all pictures are equal, byte for byte."""
    first, *rest = (np.asarray(p) for p in pictures)
    return all(first.tobytes() == other.tobytes() for other in rest)
