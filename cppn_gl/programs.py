"""The programs alive: one for each structure, the most recent few."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import moderngl

from cppn_gl import packing
from cppn_gl.shader import ShaderError, Source, Structure, compose, explain_log, picture_source

MAX_PROGRAMS = 16


class Program:
    """A linked picture program with its blocks bound to their binding points."""

    def __init__(self, ctx: moderngl.Context, vertex: Source, fragment: Source):
        self.program = build(ctx, vertex, fragment)
        names = {"Frame": packing.FRAME_BINDING, "Layers": packing.LAYERS_BINDING}
        names["First"] = packing.FIRST_BINDING
        for name in self.program:
            member = self.program[name]
            if isinstance(member, moderngl.UniformBlock):
                if name in names:
                    member.binding = names[name]
                elif name.removeprefix("Weights").isdigit():
                    member.binding = packing.WEIGHTS_BINDING + int(name.removeprefix("Weights"))
        if "weights" in self.program and isinstance(self.program["weights"], moderngl.Uniform):
            self.program["weights"].value = 0
        self.triangle = ctx.vertex_array(self.program, [])
        self.warm = False  # whether it has drawn; many drivers compile at the first draw

    def draw(self) -> None:
        """Draw over the target in use, within its scissor."""
        self.triangle.render(moderngl.TRIANGLES, vertices=3)
        self.warm = True

    def release(self) -> None:
        """Free the program."""
        self.triangle.release()
        self.program.release()


def build(ctx: moderngl.Context, vertex: Source, fragment: Source) -> Any:
    """Compile and link. Raises ShaderError with the file and line of the first error."""
    try:
        return ctx.program(vertex_shader=vertex.text, fragment_shader=fragment.text)
    except moderngl.Error as error:
        files = vertex.files if "vertex_shader" in str(error) else fragment.files
        raise ShaderError(explain_log(str(error), files)) from None


class Programs:
    """Structure to program, compiled when first asked for; the least recent is freed."""

    def __init__(self, ctx: moderngl.Context, version: int, folder: Path | None = None):
        self.ctx, self.version, self.folder = ctx, version, folder
        self.compiled = 0  # how many, ever: the tests count
        self._alive: OrderedDict[Structure, Program] = OrderedDict()

    def __len__(self) -> int:
        return len(self._alive)

    def get(self, structure: Structure) -> Program:
        """The program of a structure. Raises ShaderError."""
        if structure in self._alive:
            self._alive.move_to_end(structure)
            return self._alive[structure]
        vertex = compose("full.vert", version=self.version, folder=self.folder)
        fragment = picture_source(structure, version=self.version, folder=self.folder)
        program = Program(self.ctx, vertex, fragment)
        self.compiled += 1
        self._alive[structure] = program
        if len(self._alive) > MAX_PROGRAMS:
            self._alive.popitem(last=False)[1].release()
        return program

    def release(self) -> None:
        """Free them all."""
        while self._alive:
            self._alive.popitem()[1].release()
