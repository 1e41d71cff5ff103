"""Draws networks with the fragment shader: uploads what changed, draws in tiles by a time budget.

Scene (network, view, clock) -> Painter.load() -> buffers; Drawing.step(budget) -> planes
"""

import time as wall
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import moderngl
import numpy as np

from cppn_gl import packing
from cppn_gl.features import Clock
from cppn_gl.geometry import sample_jitters
from cppn_gl.network import MAX_WIDTH, Layer, Network
from cppn_gl.preset import View
from cppn_gl.programs import Program, Programs
from cppn_gl.shader import LANES, Structure, structure
from cppn_gl.targets import Planes

RESERVED_BLOCKS = 3  # Frame, Layers, First
FIRST_RATE = 4e9  # multiplications a second; half of it is the first guess
MAX_RATES = 64
SHORT = 0.002  # seconds
STRIP = 4  # rows of a tile narrower than the picture; software renderers draw 4×4 fragments


@dataclass(frozen=True)
class Scene:
    """What to draw: a network, where to look, what time it is."""

    network: Network
    view: View
    clock: Clock


class Painter:
    """The fragment engine on one context: programs, buffers, and how fast they have been."""

    def __init__(self, ctx: moderngl.Context, version: int, folder: Path | None = None):
        self.ctx = ctx
        self.programs = Programs(ctx, version, folder)
        info = ctx.info
        self.limits = packing.Limits(
            int(info["GL_MAX_UNIFORM_BLOCK_SIZE"]),
            max(1, int(info["GL_MAX_FRAGMENT_UNIFORM_BLOCKS"]) - RESERVED_BLOCKS),
            version >= 420,
        )
        self._frame = ctx.buffer(reserve=packing.FRAME.itemsize)
        self._layers = ctx.buffer(reserve=packing.LAYERS.itemsize)
        self._first = ctx.buffer(reserve=MAX_WIDTH * packing.VEC4)
        self._weights: Any = None
        self._loaded: tuple[Layer, ...] = ()
        self._layout: packing.Layout | None = None
        self.uploads = 0  # of weights, ever: the tests count
        self._rates: dict[Structure | str, float] = {}
        self._last_rate = FIRST_RATE

    def load(self, scene: Scene) -> Program:
        """Send what differs from the last scene, bind it, and give its program."""
        network = scene.network
        layout = packing.layout(network, self.limits)
        program = self.programs.get(structure(network, layout))
        if layout != self._layout or not _same_draws(network.drawn, self._loaded):
            self._upload(packing.pack(network, layout), layout)
            self._loaded, self._layout = network.drawn, layout
        self._layers.write(packing.layers_block(network, layout).tobytes())
        view = scene.view
        units = len(network.drawn[0].bias)
        first = packing.first_layer(network, view.center, view.extent, scene.clock)
        self._first.write(first[:units].tobytes())
        self._bind(layout)
        return program

    def _upload(self, weights: packing.Vec4s, layout: packing.Layout) -> None:
        if self._weights is not None:
            self._weights.release()
            self._weights, self._layout = None, None
        if layout.blocks:
            self._weights = self.ctx.buffer(weights.tobytes())
        else:
            size = (packing.TEXTURE_WIDTH, len(weights) // packing.TEXTURE_WIDTH)
            self._weights = self.ctx.texture(size, 4, weights.tobytes(), dtype="f4")
            self._weights.filter = moderngl.NEAREST, moderngl.NEAREST
        self.uploads += 1

    def _bind(self, layout: packing.Layout) -> None:
        self._frame.bind_to_uniform_block(packing.FRAME_BINDING)
        self._layers.bind_to_uniform_block(packing.LAYERS_BINDING)
        self._first.bind_to_uniform_block(packing.FIRST_BINDING)
        size = layout.block_vec4s * packing.VEC4
        for k in range(layout.blocks):
            binding = packing.WEIGHTS_BINDING + k
            self._weights.bind_to_uniform_block(binding, offset=k * size, size=size)
        if not layout.blocks:
            self._weights.use(0)

    def frame(self, **values: Any) -> None:
        """Write the Frame block."""
        block = np.zeros((), packing.FRAME)
        for name, value in values.items():
            block[name] = value
        self._frame.write(block.tobytes())

    def structure(self, network: Network) -> Structure:
        """The structure of a network on this driver. Compiles nothing."""
        return structure(network, packing.layout(network, self.limits))

    def prepare(self, network: Network, planes: Planes) -> None:
        """Compile what a deeper network of this kind will need, while nobody waits for anything.

        Raises ShaderError. `planes` are only a target to draw nothing on.
        """
        where = packing.deeper(packing.layout(network, self.limits), self.limits)
        if where is None:
            return
        program = self.programs.get(structure(network, where))
        if not program.warm:
            draw_nothing(program, planes)

    def rate(self, kind: Structure | str) -> float:
        """Multiplications a second that a structure has reached, or a low guess."""
        return self._rates.get(kind, self._last_rate / 2)

    def measured(self, kind: Structure | str, work: float, seconds: float) -> None:
        """Remember how fast a tile was: half of the new, half of the old."""
        rate = work / max(seconds, 1e-6)
        old = self._rates.get(kind)
        if seconds < SHORT:  # mostly the cost of a call: at least this fast
            rate = max(rate, old or self._last_rate)
        elif old is not None:
            rate = (rate + old) / 2
        self._rates[kind] = self._last_rate = rate
        if len(self._rates) > MAX_RATES:
            self._rates.pop(next(iter(self._rates)))

    def reload(self, network: Network) -> None:
        """Read the shader files again, and compile for `network`; on ShaderError the old stay."""
        old = self.programs
        fresh = Programs(old.ctx, old.version, old.folder)
        fresh.get(self.structure(network))
        self.programs = fresh
        old.release()

    def release(self) -> None:
        """Free everything."""
        self.programs.release()
        for buffer in (self._frame, self._layers, self._first, self._weights):
            if buffer is not None:
                buffer.release()


def _same_draws(a: tuple[Layer, ...], b: tuple[Layer, ...]) -> bool:
    return len(a) == len(b) and all(
        one.weight is other.weight and one.bias is other.bias
        for one, other in zip(a, b, strict=True)
    )


def draw_nothing(program: Program, planes: Planes) -> None:
    """Make the driver compile: many do so at the first draw, not before."""
    planes.target.use()
    planes.target.scissor = (0, 0, 0, 0)
    program.draw()
    planes.target.ctx.finish()


def work_per_pixel(network: Network) -> float:
    """Multiplications for one pixel; an activation counts as a few."""
    layers = network.drawn
    return sum(layer.weight.size + 8 * len(layer.bias) for layer in layers) + 25


class Drawing:
    """A picture being drawn, tile by tile. The pixels do not depend on the tiles.

    `size` is the whole picture's, `offset` (pixels) where the planes lie in it. Another scene may
    be drawn between two steps.
    """

    def __init__(
        self,
        painter: Painter,
        planes: Planes,
        scene: Scene,
        *,
        size: tuple[int, int] | None = None,
        offset: tuple[int, int] = (0, 0),
        samples: int = 1,
    ):
        self.painter, self.planes, self.scene = painter, planes, scene
        self.size, self.offset = size or planes.size, offset
        self._jitters = sample_jitters(samples)
        self._samples = len(self._jitters)
        self._x = self._y = 0  # the next tile, in texels
        self._strip = 0
        self.done = False
        planes.target.scissor = None  # type: ignore[assignment]
        planes.target.clear()

    @property
    def work_per_texel(self) -> float:
        """Multiplications for one texel of LANES pixels; an activation counts as a few."""
        return LANES * work_per_pixel(self.scene.network)

    def step(self, budget: float) -> bool:
        """Draw for about `budget` seconds, one tile at least; True when all is drawn."""
        if self.done:
            return True
        program = self.painter.load(self.scene)
        self._kind = self.painter.structure(self.scene.network)
        ctx, target = self.painter.ctx, self.planes.target
        target.use()
        target.viewport = (0, 0, *self.planes.texels)
        if self._samples > 1:
            ctx.enable(moderngl.BLEND)
            ctx.blend_func = moderngl.ONE, moderngl.ONE
        else:
            ctx.disable(moderngl.BLEND)
        self._frame()
        if not program.warm:  # or compiling is taken for the speed of drawing
            draw_nothing(program, self.planes)
        started = wall.perf_counter()
        left = budget
        while not self.done:
            self._tile(program, max(left, 0.0))
            left = budget - (wall.perf_counter() - started)
            if left <= 0:
                break
        ctx.disable(moderngl.BLEND)
        return self.done

    def _tile(self, program: Program, seconds: float) -> None:
        width, height = self.planes.texels
        texels = max(1, int(seconds * self.painter.rate(self._kind) / self.work_per_texel))
        if self._x == 0:
            rows = texels // width
            self._strip = min(rows, height - self._y) if rows else min(STRIP, height - self._y)
            columns = width if rows else max(STRIP, texels // self._strip)
        else:
            columns = max(STRIP, texels // self._strip)
        columns = min(columns, width - self._x)
        self.planes.target.scissor = (self._x, self._y, columns, self._strip)
        started = wall.perf_counter()
        program.draw()
        self.painter.ctx.finish()
        elapsed = wall.perf_counter() - started
        self.painter.measured(self._kind, columns * self._strip * self.work_per_texel, elapsed)
        self._x += columns
        if self._x >= width:
            self._x, self._y = 0, self._y + self._strip
        if self._y >= height:
            self._next_sample()

    def _next_sample(self) -> None:
        self._y = 0
        self._jitters = self._jitters[1:]
        if self._jitters:
            self._frame()
        else:
            self.done = True

    def _frame(self) -> None:
        view, network = self.scene.view, self.scene.network
        self.painter.frame(
            size=self.size,
            offset=self.offset,
            jitter=self._jitters[0],
            center=view.center,
            extent=view.extent,
            radius=float(np.hypot(*view.center)),
            share=1 / self._samples,
            depth=network.depth,
            outputs=network.outputs,
            clamped=int(self._samples > 1),
        )
