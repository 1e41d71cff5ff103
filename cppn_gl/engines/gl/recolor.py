"""Colours planes of raw outputs by a shader, some rows at a time.

    planes, Color, ValueRange -> recolor.frag (colored.glsl, mappings.glsl) -> planes

The mapping, the value range and the palette are uniforms: changing them compiles nothing.
"""

import time as wall
from typing import Any

import moderngl
import numpy as np

from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.passes import ADDITIVE, Pass
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.preset.color import MAPPINGS, Color, ValueRange

ROWS = [name for name, mapping in MAPPINGS.items() if mapping.palette is not None]
FIRST_RATE = 1e6  # texels per second, until measured


def formulas() -> str:
    """GLSL that must precede colored.glsl."""
    names = list(MAPPINGS)
    chosen = (
        f"if (mapping == {names.index(name)}) return mapping_{name}(of);"
        for name, mapping in MAPPINGS.items()
        if mapping.formula is not None
    )
    return f"#define FORMULAS {' '.join(chosen)}"


def color_uniforms(color: Color, value_range: ValueRange) -> dict[str, Any]:
    """The uniforms of colored.glsl except the palettes: the mapping and the value range."""
    mapping, (low, factor) = MAPPINGS[color.mapping], value_range.affine
    box_low, box_high = np.array(mapping.box, np.float32).T
    return {
        "mapping": list(MAPPINGS).index(color.mapping),
        "palette": ROWS.index(color.mapping) if color.mapping in ROWS else -1,
        "box_low": tuple(box_low),
        "box_size": tuple(box_high - box_low),
        "low": tuple(low),
        "factor": tuple(factor),
        "mean": mapping.channels == 1,
        "invert": color.invert,
    }


def palettes(painter: Painter) -> Any:
    """A texture of the palettes, one row for each of ROWS."""
    table = np.stack([np.asarray(MAPPINGS[name].palette) for name in ROWS])
    texture = painter.ctx.texture(table.shape[1::-1], 3, table.tobytes(), dtype="f4")
    texture.filter = moderngl.NEAREST, moderngl.NEAREST
    return texture


class Recolor:
    """The colouring shader and the palettes on one context."""

    def __init__(self, painter: Painter):
        self.ctx = painter.ctx
        folder = painter.programs.folder
        self._pass = Pass.load(self.ctx, "recolor.frag", formulas(), folder=folder)
        self.palettes = painter.shared(palettes)
        self.rate = FIRST_RATE  # texels per second
        self._drawn: set[bool] = set()  # with blending and without

    def set(self, color: Color, value_range: ValueRange, samples: int) -> None:
        """Set the mapping, the value range and the number of samples per pixel."""
        self._pass.set(**color_uniforms(color, value_range), sample_weight=1 / samples)

    def draw(self, raw: Planes, planes: Planes, first: int, rows: int, *, additive: bool) -> None:
        """Colour some rows of the raw planes, and wait for it. `additive`: add to the planes."""
        if additive not in self._drawn:  # compile before the timing starts
            self._drawn.add(additive)
            self.draw(raw, planes, 0, 0, additive=additive)
        self._pass.set(**raw.samplers, palettes=self.palettes)
        started = wall.perf_counter()
        scissor = (0, first, planes.texels[0], rows)
        blend = ADDITIVE if additive else None
        self._pass.draw(planes.target, (0, 0, *planes.texels), scissor, blend=blend)
        self.ctx.finish()
        if rows:
            now = rows * planes.texels[0] / max(wall.perf_counter() - started, 1e-6)
            self.rate = (self.rate + now) / 2

    def release(self) -> None:
        self._pass.release()
