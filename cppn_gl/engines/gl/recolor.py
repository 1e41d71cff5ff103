"""Colours planes of raw outputs by a shader, some rows at a time.

    planes, Color, ValueRange -> recolor.frag (colored.glsl, mappings.glsl) -> planes
    the same with flat colours, or with contour lines -> printed.frag (lines.glsl) -> planes

The mapping, the value range and the palette are uniforms: changing them compiles nothing.
"""

import time as wall
from functools import partial
from typing import Any

import moderngl
import numpy as np

from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.passes import ADDITIVE, Pass
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.preset.color import MAPPINGS, MAX_COLORS, Color, ValueRange
from cppn_gl.utils.colormaps import SIZE, Palette

FIRST_RATE = 1e6  # texels per second, until measured


def formulas(*, flat: bool = False) -> str:
    """GLSL that must precede colored.glsl; `flat`: for a program that draws flat colours, too."""
    names = list(MAPPINGS)
    chosen = (
        f"if (mapping == {names.index(name)}) return mapping_{name}(of);"
        for name, mapping in MAPPINGS.items()
        if mapping.formula is not None or (mapping.plates and flat)
    )
    return f"{'#define FLAT' if flat else ''}\n#define FORMULAS {' '.join(chosen)}"


flat_formulas = partial(formulas, flat=True)


def color_uniforms(color: Color, value_range: ValueRange) -> dict[str, Any]:
    """The uniforms of colored.glsl except the palette: the mapping and the value range."""
    row, (low, factor), names = color.row, value_range.affine, list(MAPPINGS)
    if row.channels == 1:
        low, factor = low[:1].repeat(3), factor[:1].repeat(3)
    box_low, box_high = np.array(row.box, np.float32).T
    inks = np.zeros((MAX_COLORS, 3), np.float32)
    inks[: len(color.flat)] = color.flat
    return {
        "mapping": names.index(color.mapping) if color.mapping in names else -1,
        "through": color.table is not None,
        "box_low": tuple(box_low),
        "box_size": tuple(box_high - box_low),
        "levels": color.levels,
        "inks": inks.tobytes(),
        "low": tuple(low),
        "factor": tuple(factor),
        "mean": row.channels == 1,
        "invert": color.invert,
    }


class PaletteTexture:
    """The palette of the last colours asked for, as a texture of one row."""

    def __init__(self, painter: Painter):
        self._texture = painter.ctx.texture((SIZE, 1), 3, dtype="f4")
        self._texture.filter = moderngl.NEAREST, moderngl.NEAREST
        self._held: Palette | None = None

    def of(self, color: Color) -> Any:
        """The texture with the palette of a Color; with any other for a mapping without one."""
        table = color.table
        if table is not None and table is not self._held:
            self._texture.write(table.tobytes())
            self._held = table
        return self._texture

    def release(self) -> None:
        self._texture.release()


class Recolor:
    """A colouring shader on one context, of pictures of 3 or 4 channels."""

    file, flat, lines = "recolor.frag", False, False

    def __init__(self, painter: Painter, channels: int = 3):
        self.ctx = painter.ctx
        head = f"{formulas(flat=self.flat)}\n#define ALPHA {int(channels == 4)}"
        head += f"\n#define LINES {int(self.lines)}"
        self._pass = Pass.load(self.ctx, self.file, head, folder=painter.programs.folder)
        self._palette = painter.shared(PaletteTexture)
        self._color = Color()
        self.rate = FIRST_RATE  # texels per second
        self._drawn: set[bool] = set()  # with blending and without

    def set(
        self,
        color: Color,
        value_range: ValueRange,
        samples: int,
        inset: tuple[int, int] = (0, 0),
        stroke: float = 1.0,
    ) -> None:
        """Set the mapping, the value range and the number of samples per pixel.

        `inset`: where the planes begin in the raw planes, in pixels. `stroke`: see `printed`.
        """
        self._color = color
        uniforms = color_uniforms(color, value_range)
        if self.lines:
            ends = tuple(np.clip(np.array(value_range.ends) / color.isolines, -3e38, 3e38))
            uniforms |= {"apart": color.isolines, "stroke": stroke, "ends": ends}
        self._pass.set(**uniforms, sample_weight=1 / samples, inset=inset)

    def draw(self, raw: Planes, planes: Planes, first: int, rows: int, *, additive: bool) -> None:
        """Colour some rows of the raw planes, and wait for it. `additive`: add to the planes."""
        if additive not in self._drawn:  # compile before the timing starts
            self._drawn.add(additive)
            self.draw(raw, planes, 0, 0, additive=additive)
        last = raw.size[0] - 1, raw.size[1] - 1
        self._pass.set(**raw.samplers, last=last, palette=self._palette.of(self._color))
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


class Printing(Recolor):
    """The shader of flat colours."""

    file, flat = "printed.frag", True


class Lined(Printing):
    """The shader of contour lines, over flat colours or continuous ones."""

    lines = True


def straight_pass(painter: Painter) -> Pass:
    """The shader that divides the colours of averaged samples by their alpha."""
    return Pass.load(painter.ctx, "straight.frag", folder=painter.programs.folder)


def recolor_of(color: Color) -> type[Recolor]:
    """What draws in these colours."""
    if color.isolines:
        return Lined
    return Printing if color.levels else Recolor
