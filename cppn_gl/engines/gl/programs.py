"""Compiled programs: an LRU cache by network structure and pipeline.

Structure, Pipeline (and the network, if baked) -> Programs.get() -> Program.draw() -> planes
"""

from pathlib import Path
from typing import Any, Protocol

import moderngl

from cppn_gl.engines.gl import first, packing
from cppn_gl.engines.gl.baked import bake
from cppn_gl.engines.gl.passes import ADDITIVE, Pass, Rect
from cppn_gl.engines.gl.pipeline import FRAGMENT, Pipeline
from cppn_gl.engines.gl.shader import (
    LANES,
    ShaderError,
    Source,
    Structure,
    compose,
    explain_log,
    picture_source,
)
from cppn_gl.nn.network import Network
from cppn_gl.utils.cache import LRUCache

MAX_PROGRAMS = 16
COMPUTE_VERSION, DOUBLES_VERSION = 430, 400
# Invocations per workgroup. A CPU executes eight at a time; a GPU needs about 64.
LOCAL = (16, 4)
LOCAL_SOFTWARE = (8, 4)


class Target(Protocol):
    """The interface of targets.Planes that programs use. `size`: in pixels."""

    size: tuple[int, int]
    texels: tuple[int, int]
    textures: list[Any]
    target: Any


class Program:
    """A linked program that draws pictures; its uniform blocks are bound to their points."""

    def __init__(self, program: Any):
        self.program = program
        # Whether it has drawn without and with accumulation: many drivers compile at the first
        # draw, and again for blending.
        self.drawn = {False: False, True: False}
        self.network: Network | None = None  # the network of a baked program
        names = {"Frame": packing.FRAME_BINDING, "Layers": packing.LAYERS_BINDING}
        names["First"] = packing.FIRST_BINDING
        for name in program:
            member = program[name]
            if isinstance(member, moderngl.UniformBlock):
                if name in names:
                    member.binding = names[name]
                elif name.removeprefix("Weights").isdigit():
                    member.binding = packing.WEIGHTS_BINDING + int(name.removeprefix("Weights"))
        if "weights" in program and isinstance(program["weights"], moderngl.Uniform):
            program["weights"].value = 0
        if "curved_weights" in program:
            program["curved_weights"].value = first.UNIT

    @property
    def warm(self) -> bool:
        """Whether it has drawn, so that using it compiles nothing."""
        return self.drawn[False]

    def draw(self, planes: Target, rect: Rect, *, additive: bool = False) -> None:
        """Draw a rectangle of texels (left, top, width, height); `additive`: add to the planes."""
        raise NotImplementedError

    def release(self) -> None:
        self.program.release()


class FragmentProgram(Program):
    """Draws by a full-screen triangle with a scissor rectangle."""

    def __init__(self, ctx: moderngl.Context, vertex: Source, fragment: Source):
        self._pass = Pass(ctx, vertex, fragment)
        super().__init__(self._pass.program)

    def draw(self, planes: Target, rect: Rect, *, additive: bool = False) -> None:
        blend = ADDITIVE if additive else None
        self._pass.draw(planes.target, (0, 0, *planes.texels), rect, blend=blend)
        self.drawn[additive] = True

    def release(self) -> None:
        self._pass.release()


class ComputeProgram(Program):
    """Draws by a compute shader."""

    def __init__(
        self, ctx: moderngl.Context, source: Source, pipeline: Pipeline, local: tuple[int, int]
    ):
        try:
            program = ctx.compute_shader(source.text)
        except moderngl.Error as error:
            raise ShaderError(explain_log(str(error), source.files)) from None
        super().__init__(program)
        self.ctx, self.step = ctx, (pipeline.pixels * local[0] // LANES, local[1])

    def draw(self, planes: Target, rect: Rect, *, additive: bool = False) -> None:
        """Dispatch whole workgroups; the shader writes only within `rect`."""
        for k, texture in enumerate(planes.textures):
            texture.bind_to_image(k, read=True, write=True)
        self.program["part"].value = rect
        # At least one group, since some drivers do not compile for none.
        across, down = -(-rect[2] // self.step[0]), -(-rect[3] // self.step[1])
        self.program.run(max(1, across), max(1, down))
        self.ctx.memory_barrier()
        self.drawn[additive] = True


class Programs:
    """Compiles programs on demand; keeps the MAX_PROGRAMS most recently used."""

    def __init__(
        self,
        ctx: moderngl.Context,
        version: int,
        folder: Path | None = None,
        *,
        software: bool = False,
    ):
        self.ctx, self.version, self.folder = ctx, version, folder
        self.software = software
        self.compiled = 0  # number of compilations, for tests
        self._alive: LRUCache[Any, Program] = LRUCache(
            MAX_PROGRAMS, free=lambda program: program.release()
        )

    def __len__(self) -> int:
        return len(self._alive)

    def get(
        self,
        structure: Structure,
        pipeline: Pipeline = FRAGMENT,
        network: Network | None = None,
        *,
        additive: bool = False,
    ) -> Program:
        """The program of a structure, and of `network` if the pipeline is baked.

        `additive`: a compute program that adds to the planes; a fragment program can do both.
        Raises ShaderError.
        """
        additive = additive and pipeline.by_compute
        key = self._key(structure, pipeline, network, additive)
        return self._alive.get(key, lambda: self._build(structure, pipeline, network, additive))

    def ready(
        self,
        structure: Structure,
        pipeline: Pipeline = FRAGMENT,
        network: Network | None = None,
        *,
        additive: bool = False,
    ) -> bool:
        """Whether a program has been compiled and has drawn, so that using it compiles nothing."""
        key = self._key(structure, pipeline, network, additive and pipeline.by_compute)
        program = self._alive.find(key)
        return program is not None and program.drawn[additive]

    def _key(
        self, structure: Structure, pipeline: Pipeline, network: Network | None, additive: bool
    ) -> Any:
        if not pipeline.baked:
            return structure, pipeline, additive
        assert network is not None
        digests = tuple(layer.digest for layer in network.drawn)
        return structure, pipeline, additive, digests, network.scales

    def _build(
        self, structure: Structure, pipeline: Pipeline, network: Network | None, additive: bool
    ) -> Program:
        version = self.version
        doubles = self.software and version >= DOUBLES_VERSION
        local = LOCAL_SOFTWARE if self.software else LOCAL
        replaced = {}
        if pipeline.baked:
            assert network is not None
            replaced = {"rows.glsl": bake(network)}
        if pipeline.by_compute:
            source = picture_source(
                structure,
                version=max(version, COMPUTE_VERSION),
                lanes=pipeline.lanes,
                groups=pipeline.groups,
                file=pipeline.file,
                local=local,
                doubles=doubles,
                additive=additive,
                folder=self.folder,
                replaced=replaced,
            )
            program: Program = ComputeProgram(self.ctx, source, pipeline, local)
        else:
            vertex = compose("full.vert", version=version, folder=self.folder)
            source = picture_source(
                structure,
                version=version,
                lanes=pipeline.lanes,
                file=pipeline.file,
                doubles=doubles,
                dual=pipeline.dual,
                folder=self.folder,
                replaced=replaced,
            )
            program = FragmentProgram(self.ctx, vertex, source)
        program.network = network if replaced else None
        self.compiled += 1
        return program

    def release(self) -> None:
        self._alive.clear()
