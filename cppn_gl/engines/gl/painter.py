"""The resources that shaders draw with on one context: programs, buffers, measured rates.

Scene (network, view, clock), Pipeline -> Painter.load() -> buffers and a Program
"""

import math
from collections.abc import Callable
from operator import methodcaller
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import moderngl

from cppn_gl.engines.gl import packing
from cppn_gl.engines.gl.first import FirstLayer
from cppn_gl.engines.gl.pipeline import FRAGMENT, Pipeline
from cppn_gl.engines.gl.programs import COMPUTE_VERSION, Program, Programs, Target
from cppn_gl.engines.gl.shader import ShaderError, Structure, structure
from cppn_gl.engines.gl.tiled_programs import TiledPrograms, available
from cppn_gl.engines.rates import Rates
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.cache import LRUCache

RESERVED_BLOCKS = 3  # uniform blocks Frame, Layers, First


class Releasable(Protocol):
    """An owner of OpenGL objects."""

    def release(self) -> None: ...


Held = TypeVar("Held", bound=Releasable)
P = ParamSpec("P")


class Painter(Rates):
    """Owns the programs, buffers and measured rates of one context, shared by all drawings.

    `version`: the GLSL version to compile for; `folder`: of the shaders; `software`: whether OpenGL
    runs on the CPU.
    """

    def __init__(
        self,
        ctx: moderngl.Context,
        version: int,
        folder: Path | None = None,
        *,
        software: bool = False,
    ):
        super().__init__()
        self.ctx = ctx
        self.programs = Programs(ctx, version, folder, software=software)
        self.compute = version >= 420 and ctx.version_code >= COMPUTE_VERSION
        self.tiled = self.compute and available(ctx)
        self._tiled: TiledPrograms | None = None  # created on demand: its buffers are large
        info = ctx.info
        viewport = info["GL_MAX_VIEWPORT_DIMS"]
        self.largest = min(int(info["GL_MAX_TEXTURE_SIZE"]), *map(int, viewport))  # maximum side
        blocks = int(info["GL_MAX_FRAGMENT_UNIFORM_BLOCKS"])
        if self.compute:  # one layout serves all engines
            blocks = min(blocks, int(info.get("GL_MAX_COMPUTE_UNIFORM_BLOCKS") or 12))
        self.limits = packing.Limits(
            int(info["GL_MAX_UNIFORM_BLOCK_SIZE"]), max(1, blocks - RESERVED_BLOCKS), version >= 420
        )
        self._frame = ctx.buffer(reserve=packing.FRAME_BYTES)
        self._layers = ctx.buffer(reserve=packing.LAYERS.itemsize)
        self._first = FirstLayer(ctx, packing.PADDED)
        self._weights: Any = None
        self._loaded: tuple[Layer, ...] = ()
        self._layout: packing.Layout | None = None
        self.uploads = 0  # number of weight uploads, for tests
        self._shared: LRUCache[Any, Any] = LRUCache(math.inf, free=methodcaller("release"))

    def load(
        self, scene: Scene, pipeline: Pipeline = FRAGMENT, *, additive: bool = False
    ) -> Program:
        """Upload what differs from the last scene, bind the buffers, and return the program.

        `additive`: the program that adds to the target instead of overwriting it.
        """
        network = scene.network
        layout = packing.choose_layout(network, self.limits)
        program = self.programs.get(
            structure(network, layout), pipeline, network, additive=additive
        )
        if layout != self._layout or not packing.same_arrays(network.drawn, self._loaded):
            self._upload(packing.pack(network, layout), layout)
            self._loaded, self._layout = network.drawn, layout
        self._layers.write(packing.layers_block(network, layout).tobytes())
        self._first.load(scene)
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
        size = layout.block_vec4s * packing.VEC4
        for k in range(layout.blocks):
            binding = packing.WEIGHTS_BINDING + k
            self._weights.bind_to_uniform_block(binding, offset=k * size, size=size)
        if not layout.blocks:
            self._weights.use(0)

    @property
    def tiled_programs(self) -> TiledPrograms:
        """The programs and buffers of the engine `tiled`."""
        if self._tiled is None:
            self._tiled = TiledPrograms(self.ctx, self.programs.folder)
        return self._tiled

    def shared(
        self, make: Callable[Concatenate["Painter", P], Held], *args: P.args, **kwargs: P.kwargs
    ) -> Held:
        """The result of `make(painter, *args)`, cached until the shaders are reloaded.

        It is released with the painter. `make` may raise ShaderError.
        """
        key = make, args, tuple(kwargs.items())
        held: Held = self._shared.get(key, lambda: make(self, *args, **kwargs))
        return held

    def frame(self, block: bytes) -> None:
        """Upload a Frame block (packing.frame_block)."""
        self._frame.write(block)

    def structure(self, network: Network) -> Structure | str:
        """The structure of a network on this driver, a text for one on grids. Compiles nothing."""
        if network.by_grid:
            return "grid: " + ", ".join(
                f"{stage.label} {stage.units} {stage.activation}" for stage in network.stages
            )
        return structure(network, packing.choose_layout(network, self.limits))

    def reload(self, network: Network) -> None:
        """Reload the shader files and compile for `network`; a ShaderError keeps the old ones."""
        old = self.programs
        fresh = Programs(old.ctx, old.version, old.folder, software=old.software)
        tiled = TiledPrograms(self.ctx, old.folder) if self._tiled else None
        try:
            of = self.structure(network)
            if not isinstance(of, str):  # programs for grids are compiled when they are needed
                fresh.get(of)
                if tiled is not None:
                    tiled.kernels(network)
        except ShaderError:
            for unusable in (fresh, tiled):
                if unusable is not None:
                    unusable.release()
            raise
        if self._tiled is not None:
            self._tiled.release()
        self.programs, self._tiled = fresh, tiled
        old.release()
        self._shared.clear()

    def release(self) -> None:
        self._shared.clear()
        self.programs.release()
        if self._tiled is not None:
            self._tiled.release()
        for buffer in (self._frame, self._layers, self._first, self._weights):
            if buffer is not None:
                buffer.release()


def draw_nothing(program: Program, planes: Target, *, additive: bool = False) -> None:
    """Force the driver to compile: many drivers do so at the first draw call."""
    program.draw(planes, (0, 0, 0, 0), additive=additive)
    planes.target.ctx.finish()
