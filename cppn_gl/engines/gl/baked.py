"""The engines `baked`: shaders with the weights as literals, fast to run and slow to compile.

    Network -> bake() -> GLSL that replaces rows.glsl

Layer 1 stays in its uniform block, since the view and the time are folded into it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.base import Device
from cppn_gl.engines.gl.pipeline import NO_COMPUTE, TOO_WIDE, Pipeline, ShaderEngine, wide
from cppn_gl.nn.features import kinds
from cppn_gl.nn.network import Network

COLORS = ("red", "green", "blue")
TERMS = 4  # products per expression: long expressions overflow some compilers' stacks


class Baked(ShaderEngine):
    """Draws by a program made for one network, a fragment or a compute shader."""

    help = "a shader with the weights as literals: fast to run, slow to compile; baked-1: compute"
    bakes = True

    def __init__(self, *, by_compute: bool = False):
        super().__init__(
            Pipeline("baked-1", "picture.comp", 1, baked=True)
            if by_compute
            else Pipeline("baked", baked=True)
        )

    def problem(self, network: Network | None, device: Device) -> str:
        if self.pipeline.by_compute and not device.compute:
            return NO_COMPUTE
        return super().problem(network, device) or (TOO_WIDE if wide(network) else "")

    def rank(self, network: Network, device: Device) -> float:
        """Prefer the compute shader on a GPU, the fragment shader in software."""
        return 0.6 if self.pipeline.by_compute != device.software else 0.3

    def serves(self, network: Network) -> bool:
        return False  # compiling a program for each network takes too long

    def program_key(self, painter: Any, network: Network, samples: int = 1) -> str:
        drawn = b"".join(layer.digest for layer in network.drawn)
        return f"{super().program_key(painter, network, samples)} {drawn.hex()} {network.scales}"


def bake(network: Network) -> str:
    """The GLSL function `network` of one network, row by row, with its effective weights."""
    lines = [
        "void network(REAL u[GROUPS], REAL v, REAL far[GROUPS],",
        "             out REAL red[GROUPS], out REAL green[GROUPS], out REAL blue[GROUPS]) {",
        "REAL s;",
    ]
    last = network.depth - 1
    for index in range(network.depth):
        layer = network.effective(index)
        for row in range(len(layer.bias)):
            if index == 0:
                fold = f"first.unit[{row}]"
                total = f"{fold}.x * u[0] + {fold}.y * v + {fold}.z + {fold}.w * far[0]"
                more = f" MORE_TERMS({row}, 0)" if len(kinds(network.inputs)) > 1 else ""
                lines.append(f"s = {total}{more};")
                lines.append("broken[0] += REAL(isnan(s));")
            else:
                lines += _row(layer.weight[row], float(layer.bias[row]), index)
                lines.append("NOTE_BROKEN(0, s)")
            value = "s" if index == last else f"activation_{layer.activation}(s)"
            lines.append(f"REAL unit{index}_{row} = {value};")
    rows = network.outputs
    for color, name in enumerate(COLORS):
        lines.append(f"{name}[0] = unit{last}_{min(color, rows - 1)};")
    if rows == 4:
        lines.append(f"SET_ALPHA(0, unit{last}_3)")
    return "\n".join([*lines, "}"])


def _row(weight: NDArray[np.float32], bias: float, index: int) -> list[str]:
    """The pre-activation of a row, TERMS products per statement."""
    lines = [f"s = REAL({bias!r});"]
    for start in range(0, len(weight), TERMS):
        terms = [
            f"{literal(float(w))} * unit{index - 1}_{start + k}"
            for k, w in enumerate(weight[start : start + TERMS])
        ]
        lines.append(f"s += {' + '.join(terms)};")
    return lines


def literal(value: float) -> str:
    """A float32 as GLSL, in parentheses if negative."""
    text = repr(value)
    return f"({text})" if text.startswith("-") else text


def weights(network: Network) -> int:
    """The number of literals in a baked program, which determines its compile time."""
    if network.by_grid:
        return 0
    return sum(layer.weight.size + len(layer.bias) for layer in network.drawn[1:])
