"""A picture in any colours: raw outputs, sample by sample, and the shader that colours them.

    begin() -> a plain drawing, where outputs are shown as they are
            -> ColorDrawing.step(budget): the range measured (stretch.py)
                                          -> for each sample: raw planes -> recolor.frag -> planes

Which mapping it is, its range and its palette are uniforms: changing them compiles nothing.
"""

import time as wall
from pathlib import Path
from typing import Any

import moderngl
import numpy as np

from cppn_gl import drawing
from cppn_gl.color import MAPPINGS, Color, Ends
from cppn_gl.engines import FRAGMENT, Engine
from cppn_gl.geometry import sample_jitters
from cppn_gl.painter import Painter
from cppn_gl.programs import build
from cppn_gl.scene import Scene
from cppn_gl.shader import compose
from cppn_gl.stretch import ending
from cppn_gl.targets import Planes
from cppn_gl.unlocked import finish

ROWS = [name for name, mapping in MAPPINGS.items() if mapping.palette is not None]
PALETTE_UNIT = 3  # behind the three planes
FIRST_RATE = 1e6  # texels a second, before any was measured
FEWEST = 4096  # texels at once


class Recolor:
    """The shader that colours planes, and the palettes, on one context."""

    def __init__(self, ctx: moderngl.Context, folder: Path | None = None):
        self.ctx = ctx
        names = list(MAPPINGS)
        formulas = " ".join(
            f"if (mapping == {names.index(name)}) return mapping_{name}(of);"
            for name, mapping in MAPPINGS.items()
            if mapping.formula is not None
        )
        vertex = compose("full.vert", folder=folder)
        head = f"#define FORMULAS {formulas}"
        self.program = build(ctx, vertex, compose("recolor.frag", head, folder=folder))
        for unit, plane in enumerate(("red_plane", "green_plane", "blue_plane", "palettes")):
            self.program[plane].value = unit
        self.triangle = ctx.vertex_array(self.program, [])
        table = np.stack([np.asarray(MAPPINGS[name].palette) for name in ROWS])
        self.palettes = ctx.texture(table.shape[1::-1], 3, table.tobytes(), dtype="f4")
        self.palettes.filter = moderngl.NEAREST, moderngl.NEAREST
        self.rate = FIRST_RATE  # texels a second
        self._drawn: set[bool] = set()  # with blending, and without

    def set(self, color: Color, ends: Ends, samples: int) -> None:
        """Choose a mapping, its range, and how many samples share a pixel."""
        mapping, (low, factor) = MAPPINGS[color.mapping], ends.affine
        box_low, box_high = np.array(mapping.box, np.float32).T
        values: dict[str, Any] = {
            "mapping": list(MAPPINGS).index(color.mapping),
            "palette": ROWS.index(color.mapping) if color.mapping in ROWS else -1,
            "box_low": tuple(box_low),
            "box_size": tuple(box_high - box_low),
            "low": tuple(low),
            "factor": tuple(factor),
            "mean": mapping.channels == 1,
            "invert": color.invert,
            "share": 1 / samples,
        }
        for name, value in values.items():
            self.program[name].value = value

    def draw(self, raw: Planes, planes: Planes, first: int, rows: int, *, added: bool) -> None:
        """Colour some rows of the raw planes; `added` to what is there. Waits until it is done."""
        if added not in self._drawn:  # or compiling is taken for the speed of drawing
            self._drawn.add(added)
            self.draw(raw, planes, 0, 0, added=added)
        for unit, texture in enumerate((*raw.textures, self.palettes)):
            texture.use(unit)
        planes.target.use()
        planes.target.viewport = (0, 0, *planes.texels)
        planes.target.scissor = (0, first, planes.texels[0], rows)
        if added:
            self.ctx.enable(moderngl.BLEND)
            self.ctx.blend_func = moderngl.ONE, moderngl.ONE
        else:
            self.ctx.disable(moderngl.BLEND)
        started = wall.perf_counter()
        self.triangle.render(moderngl.TRIANGLES, vertices=3)
        self.ctx.disable(moderngl.BLEND)
        planes.target.scissor = None  # type: ignore[assignment]
        finish(self.ctx)
        if rows:
            now = rows * planes.texels[0] / max(wall.perf_counter() - started, 1e-6)
            self.rate = (self.rate + now) / 2

    def release(self) -> None:
        """Free the program and the palettes."""
        for one in (self.triangle, self.program, self.palettes):
            one.release()


class ColorDrawing:
    """A picture being drawn, sample by sample: raw by an engine's drawing, then coloured.

    The arguments are those of `begin`. Another scene may be drawn between two steps.
    """

    def __init__(
        self,
        painter: Painter,
        planes: Planes,
        scene: Scene,
        engine: Engine = FRAGMENT,
        *,
        size: tuple[int, int] | None = None,
        offset: tuple[int, int] = (0, 0),
        samples: int = 1,
        shape: tuple[int, int] | None = None,
    ):
        self.painter, self.planes, self.scene, self.engine = painter, planes, scene, engine
        self.size, self.offset = size or planes.size, offset
        self.done = False
        self._jitters = sample_jitters(samples)
        self._samples = len(self._jitters)
        self._ending = ending(scene, shape or self.size)
        self._ends: Ends | None = None
        self._sample: Any = None  # being drawn
        self._row = 0  # the next to be coloured
        self._raw: Planes | None = Planes(painter.ctx, planes.size)
        if self._samples > 1:  # which add up; one writes over what is there
            planes.target.scissor = None  # type: ignore[assignment]
            planes.target.clear()

    def step(self, budget: float) -> bool:
        """Draw for about `budget` seconds; True when all is drawn."""
        deadline = wall.perf_counter() + budget
        while not self.done:
            self._advance(max(deadline - wall.perf_counter(), 0.0))
            if wall.perf_counter() >= deadline:
                break
        return self.done

    def _advance(self, seconds: float) -> None:
        if self._ends is None:
            try:
                next(self._ending)
            except StopIteration as end:
                self._ends = end.value
        elif self._row == 0 and not self._draws(seconds):
            return
        else:
            self._color(self._ends, seconds)

    def _draws(self, seconds: float) -> bool:
        """Draw one sample raw; True when it is drawn."""
        assert self._raw is not None
        if self._sample is None:
            self._sample = drawing.begin(
                self.painter,
                self._raw,
                self.scene,
                self.engine,
                size=self.size,
                offset=self.offset,
                jitters=self._jitters[:1],
            )
        return bool(self._sample.done or self._sample.step(seconds))

    def _color(self, ends: Ends, seconds: float) -> None:
        """Colour as many rows as fit into the time."""
        assert self._raw is not None
        folder = self.painter.programs.folder
        recolor = self.painter.kept("recolor", lambda: Recolor(self.painter.ctx, folder))
        recolor.set(self.scene.preset.color, ends, self._samples)
        width, height = self.planes.texels
        rows = max(int(seconds * recolor.rate), FEWEST) // width
        rows = min(max(rows, 1), height - self._row)
        recolor.draw(self._raw, self.planes, self._row, rows, added=self._samples > 1)
        self._row += rows
        if self._row == height:
            self._row, self._sample, self._jitters = 0, None, self._jitters[1:]
            if not self._jitters:
                self._finish()

    def _finish(self) -> None:
        self.release()
        self.done = True

    def release(self) -> None:
        """Free the raw planes."""
        if self._raw is not None:
            self._raw.release()
            self._raw = None


def begin(
    painter: Painter,
    planes: Planes,
    scene: Scene,
    engine: Engine = FRAGMENT,
    *,
    size: tuple[int, int] | None = None,
    offset: tuple[int, int] = (0, 0),
    samples: int = 1,
    shape: tuple[int, int] | None = None,
) -> drawing.AnyDrawing | ColorDrawing:
    """The drawing of a scene by an engine, in the colours of its preset.

    `size`, `offset` and `samples` are those of `Drawing`. `shape` is the size of the picture that
    these planes are a coarse one of, so that a stretch is the same for both.
    """
    if scene.preset.color.plain:
        return drawing.begin(
            painter, planes, scene, engine, size=size, offset=offset, samples=samples
        )
    return ColorDrawing(
        painter, planes, scene, engine, size=size, offset=offset, samples=samples, shape=shape
    )
