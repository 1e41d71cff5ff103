"""Resources of the engines `grid` on one context: programs, weights, textures of units.

    Network -> GridPrograms.prepared() -> Prepared: plan, passes, weights on the device
    Pass   -> Kernel.run(): draws the units of some positions into an Atlas

With compute shaders a storage is one texture, and an invocation computes several positions. With
fragment shaders (OpenGL 3.3) it is four textures, targets of one draw.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import moderngl
import numpy as np

from cppn_gl.engines.gl.grid_plan import QUAD, Limits, Packed, Pass, Plan, pack, plan
from cppn_gl.engines.gl.packing import TEXTURE_WIDTH, VEC4
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.passes import Pass as RenderPass
from cppn_gl.engines.gl.passes import Rect
from cppn_gl.engines.gl.programs import COMPUTE_VERSION, LOCAL, LOCAL_SOFTWARE
from cppn_gl.engines.gl.shader import ShaderError, Source, compose, explain_log
from cppn_gl.engines.gl.targets import release_target
from cppn_gl.engines.grid import contains
from cppn_gl.nn.network import Network
from cppn_gl.utils.arrays import Box, Float32, Size
from cppn_gl.utils.cache import LRUCache

MAX_KERNELS = 48
MAX_PREPARED = 4  # networks whose weights are kept
POOL_SOFTWARE = 128 * 2**20  # bytes of textures that wait to be used again, of a processor
KEPT = 256 * 2**20  # bytes of outputs and features at lattices' points that are kept
PIECE = 256 * 2**20  # bytes of the units that a GPU evaluates at once, to have enough to do
BANKS = 4  # textures of a storage for fragment shaders, all targets of a draw
LARGEST_BLOCK = 65_536  # bytes; larger uniform blocks gain nothing
KINDS = "conv", "max", "avg", "sum"
# Taps whose products may be unrolled, so that neighbouring positions share what they read. Kernels
# of other sizes take a divisor of theirs.
UNROLLED = 1, 3, 5
WEIGHTS_UNIT = 8  # of the texture of weights; units 0 to 7 hold inputs

# Positions of an invocation and groups of a pass, by compute: a processor reads a weight once for
# all positions, a GPU has few registers.
SHAPE, SHAPE_SOFTWARE, SHAPE_FRAGMENT = (4, 4), (8, 2), (1, BANKS)


@dataclass(frozen=True)
class KernelKey:
    """What a program depends on: not the numbers of channels, and not the weights."""

    kind: str
    activation: str
    taps: int = 1  # whose products are unrolled
    groups: int = 1
    inputs: int = 1
    textured: bool = False


def kernel_key(one: Pass, unrolled: Sequence[int]) -> KernelKey:
    """The program of a pass, in which some numbers of taps may be unrolled."""
    step = one.step
    if step.kind != "conv":
        return KernelKey(step.kind, step.activation, inputs=len(step.inputs), textured=one.textured)
    taps = max(taps for taps in unrolled if step.kernel % taps == 0)
    return KernelKey("conv", step.activation, taps, one.count, 1, one.textured)


class Atlas:
    """Textures for the groups of a storage, at `side` (width, height) positions each.

    Group g is rectangle g // banks, `across` of them side by side, of texture g % banks. Sides of
    textures are not powers of two: see `targets.Planes`.
    """

    def __init__(self, ctx: moderngl.Context, side: Size, groups: int, banks: int, largest: int):
        self.key = side, groups
        self.ctx, self.side, self.banks = ctx, side, banks
        slots = -(-groups // banks)
        self.across = max(1, min(slots, largest // side[0]))
        size = self.across * side[0], -(-slots // self.across) * side[1]
        self.size = size[0] | 1 if size[0] > 1 else 3, size[1] | 1 if size[1] > 1 else 3
        self.textures = [
            ctx.texture(self.size, QUAD, dtype="f4") for _ in range(min(banks, groups))
        ]
        for texture in self.textures:
            texture.filter = moderngl.NEAREST, moderngl.NEAREST
        self._targets: dict[tuple[int, int], Any] = {}

    @property
    def bytes(self) -> int:
        return len(self.textures) * self.size[0] * self.size[1] * VEC4

    def corner(self, group: int) -> tuple[int, int]:
        """Where a group's rectangle begins in its texture."""
        slot = group // self.banks
        return slot % self.across * self.side[0], slot // self.across * self.side[1]

    def texture(self, group: int) -> Any:
        """The texture that holds a group; another one for a group that it does not have."""
        bank = group % self.banks
        return self.textures[bank if bank < len(self.textures) else 0]

    def target(self, group: int, count: int) -> Any:
        """A framebuffer of the textures of `count` groups."""
        first = group % self.banks
        if (first, count) not in self._targets:
            textures = self.textures[first : first + count]
            self._targets[first, count] = self.ctx.framebuffer(textures)
        return self._targets[first, count]

    def upload(self, planes: Float32) -> None:
        """Write planes (channels, height, width) of the groups' rectangles' size."""
        channels, height, width = planes.shape
        for first in range(0, channels, QUAD):
            some = planes[first : first + QUAD]
            texels = np.zeros((height, width, QUAD), np.float32)
            texels[..., : len(some)] = some.transpose(1, 2, 0)
            viewport = (*self.corner(first // QUAD), width, height)
            self.texture(first // QUAD).write(texels.tobytes(), viewport=viewport)

    def release(self) -> None:
        for target in self._targets.values():
            release_target(target)
        for texture in self.textures:
            texture.release()


@dataclass(frozen=True)
class Job:
    """A pass over positions `part`: left, top, width, height.

    shift: from the positions to those in the group's rectangle of `into`.
    """

    one: Pass
    inputs: tuple[Atlas, ...]
    into: Atlas
    first: int  # the group of `into` that the pass begins with
    part: Rect
    shift: tuple[int, int] = (0, 0)


class Kernel:
    """A program that does passes, by compute shaders or by fragment shaders."""

    def __init__(self, of: "GridPrograms", key: KernelKey):
        self.ctx, self._by_compute, self.warm = of.ctx, of.by_compute, False
        self.key, self._pixels = key, of.pixels if key.kind == "conv" else 1
        self._local, self._drawn = of.local, None
        if of.by_compute:
            text = source(of, key, "grid.comp")
            try:
                self.program: Any = of.ctx.compute_shader(text.text)
            except moderngl.Error as error:
                raise ShaderError(explain_log(str(error), text.files)) from None
        else:
            vertex = compose("full.vert", version=of.version, folder=of.folder)
            self._drawn = RenderPass(of.ctx, vertex, source(of, key, "grid.frag"))
            self.program = self._drawn.program
        samplers = of.banks if key.kind == "conv" else key.inputs
        self._set(units=list(range(samplers)) if samplers > 1 else 0, texels=WEIGHTS_UNIT)
        if "Terms" in self.program:
            self.program["Terms"].binding = 0

    def _set(self, **uniforms: Any) -> None:
        for name, value in uniforms.items():
            if name in self.program:  # unused uniforms are optimised out
                self.program[name].value = value

    def run(self, job: Job, weights: "Weights") -> None:
        """Do a job. What compute shaders write can be read after a memory barrier."""
        one, step, (left, top, width, height) = job.one, job.one.step, job.part
        pad = (0,) * (4 - len(job.inputs))
        self._set(
            side=job.inputs[0].side,
            across=(*(atlas.across for atlas in job.inputs), *pad),
            kernel=step.kernel,
            dilation=step.dilation,
            start=one.start,
            groups=one.read,
        )
        weights.bind(one)
        if self.key.kind == "conv":
            bound = [job.inputs[0].texture(bank) for bank in range(job.inputs[0].banks)]
        else:
            group = one.first - step.value.first
            groups = [value.first + group for value in step.inputs]
            pairs = list(zip(job.inputs, groups, strict=True))
            bound = [atlas.texture(of) for atlas, of in pairs]
            self._set(slots=(*(of // atlas.banks for atlas, of in pairs), *pad))
        for unit, texture in enumerate(bound):
            texture.use(unit)
        if self._drawn is None:
            self._set(
                part=(left, top, left + width, top + height),
                shift=job.shift,
                written=(job.first, job.into.across),
            )
            job.into.textures[0].bind_to_image(0, read=False, write=True)
            wide = step.dilation * self._pixels
            columns = -(-width // wide) * step.dilation
            groups_x, groups_y = -(-columns // self._local[0]), -(-height // self._local[1])
            self.program.run(max(1, groups_x), max(1, groups_y))
        else:
            corner = job.into.corner(job.first)
            shift = corner[0] + job.shift[0], corner[1] + job.shift[1]
            self._set(shift=shift)
            target = job.into.target(job.first, one.count)
            rect = (left + shift[0], top + shift[1], width, height)
            self._drawn.draw(target, (0, 0, *job.into.size), rect)
        self.warm = True

    def release(self) -> None:
        (self._drawn or self.program).release()


def source(of: "GridPrograms", key: KernelKey, file: str) -> Source:
    """The shader of a kernel, composed for its context."""
    conv = key.kind == "conv"
    pixels, groups = of.pixels if conv else 1, key.groups
    counted = [(group, pixel) for group in range(groups) for pixel in range(pixels)]
    sums = [f"sums[{group * pixels + pixel}]" for group, pixel in counted]
    head = [
        "#define REAL vec4",
        f"#define PRECISE {'precise' if of.by_compute or of.version >= 400 else ''}",
        *(f"#define {name.upper()} {number}" for number, name in enumerate(KINDS)),
        f"#define KIND {key.kind.upper()}",
        f"#define ACTIVATION activation_{key.activation}",
        f"#define TEXTURED {int(key.textured)}",
        f"#define BLOCK {of.limits.block}",
        f"#define BANKS {of.banks}",
        f"#define SAMPLERS {of.banks if conv else key.inputs}",
        f"#define GROUPS {groups}",
        f"#define PIXELS {pixels}",
        f"#define TAPS {key.taps}",
        f"#define LOCAL_X {of.local[0]}",
        f"#define LOCAL_Y {of.local[1]}",
        f"#define EACH_BANK {' '.join(f'READ({bank})' for bank in range(of.banks))}",
        f"#define VALUES {' + '.join(f'VALUE({i})' for i in range(key.inputs))}",
        f"#define LOADS(bank) {_loads(key.taps + pixels - 1)}",
        f"#define PRODUCTS {_products(key.taps, groups, pixels)}",
        "#define STARTS "
        + " ".join(
            f"{one} = term(HEAD * {group});" for one, (group, _) in zip(sums, counted, strict=True)
        ),
        f"#define STORES {_stores(counted, pixels, of.by_compute)}",
        "#define RESULTS "
        + " ".join(f"layout(location = {g}) out vec4 result_{g};" for g in range(groups)),
    ]
    version = max(of.version, COMPUTE_VERSION) if of.by_compute else of.version
    return compose(file, "\n".join(head), version, of.folder)


def _loads(count: int) -> str:
    return " ".join(f"near[{i}] = FETCH(bank, {i});" for i in range(count))


def _products(taps: int, groups: int, pixels: int) -> str:
    """The sums over TAPS taps: each weight, a vec4 of four outputs, is read once."""
    lines = []
    for tap in range(taps):
        for group in range(groups):
            for lane, name in enumerate("xyzw"):
                sums = " ".join(
                    f"sums[{group * pixels + p}] += w * near[{tap + p}].{name};"
                    for p in range(pixels)
                )
                lines.append(
                    f"{{ vec4 w = term(n + {(tap * groups + group) * 4 + lane}); {sums} }}"
                )
    return " ".join(lines)


def _stores(counted: Sequence[tuple[int, int]], pixels: int, by_compute: bool) -> str:
    if by_compute:
        return " ".join(f"STORE({g * pixels + p}, {g}, {p})" for g, p in counted)
    return " ".join(f"result_{g} = finished(sums[{g}], {g});" for g, _ in counted)


class Weights:
    """The packed weights of a network on the device."""

    def __init__(self, ctx: moderngl.Context, packed: Packed, block: int):
        self._block = block * VEC4
        blocks = np.concatenate([packed.blocks, np.zeros((block, 4), np.float32)])
        self._buffer = ctx.buffer(blocks.tobytes())
        self._texture: Any = None
        if len(packed.texels):
            rows = -(-len(packed.texels) // TEXTURE_WIDTH)
            texels = np.zeros((rows * TEXTURE_WIDTH, 4), np.float32)
            texels[: len(packed.texels)] = packed.texels
            self._texture = ctx.texture((TEXTURE_WIDTH, rows), 4, texels.tobytes(), dtype="f4")
            self._texture.filter = moderngl.NEAREST, moderngl.NEAREST

    def bind(self, one: Pass) -> None:
        """Bind the terms of a pass."""
        if one.textured:
            self._texture.use(WEIGHTS_UNIT)
        else:
            self._buffer.bind_to_uniform_block(0, offset=one.start * VEC4, size=self._block)

    def release(self) -> None:
        self._buffer.release()
        if self._texture is not None:
            self._texture.release()


@dataclass(frozen=True, eq=False)
class Prepared:
    """A network's plan and passes, and the programs that they need. `digest`: of its weights."""

    digest: Hashable
    plan: Plan
    packed: Packed
    keys: tuple[KernelKey, ...]


class GridPrograms:
    """Programs, weights and textures of one context, all of them released by `release`."""

    def __init__(self, painter: Painter, by_compute: bool):
        self.ctx, self.by_compute = painter.ctx, by_compute
        software = painter.programs.software
        self.piece = None if software else PIECE
        self._pool_bytes = POOL_SOFTWARE if software else 2 * PIECE
        self.version, self.folder = painter.programs.version, painter.programs.folder
        self.largest = painter.largest
        self.local = LOCAL_SOFTWARE if software else LOCAL
        self.pixels, most = SHAPE_SOFTWARE if software else SHAPE
        if not by_compute:
            self.pixels, most = SHAPE_FRAGMENT
        self.banks = 1 if by_compute else BANKS
        self._unrolled = UNROLLED if by_compute else (1,)
        bytes_of_block = min(painter.limits.block_bytes, LARGEST_BLOCK)
        self.limits = Limits(self.banks, most, bytes_of_block // VEC4)
        self.compiled = self.uploads = 0  # counters, for tests
        self.released = False
        self._kernels: LRUCache[KernelKey, Kernel] = LRUCache(
            MAX_KERNELS, free=lambda kernel: kernel.release()
        )
        self._prepared: LRUCache[Hashable, Prepared] = LRUCache(MAX_PREPARED)
        self._weights: LRUCache[Hashable, Weights] = LRUCache(
            MAX_PREPARED, free=lambda weights: weights.release()
        )
        self._pool: list[Atlas] = []
        self._kept: list[tuple[Hashable, Box, Atlas]] = []  # the least recently used first

    def prepared(self, network: Network) -> Prepared:
        """A network's plan and passes. Draws and sends nothing."""
        key = network.digest

        def make() -> Prepared:
            made = plan(network.stages, len(network.inputs))
            packed = pack(made, self.limits)
            keys = tuple(dict.fromkeys(map(self.key, packed.passes)))
            return Prepared(key, made, packed, keys)

        return self._prepared.get(key, make)

    def weights(self, of: Prepared) -> Weights:
        """The weights of a network, uploaded if they are not yet."""

        def make() -> Weights:
            self.uploads += 1
            return Weights(self.ctx, of.packed, self.limits.block)

        return self._weights.get(of.digest, make)

    def key(self, one: Pass) -> KernelKey:
        """The program of a pass."""
        return kernel_key(one, self._unrolled)

    def kernel(self, key: KernelKey) -> Kernel:
        """A program, compiled. Raises ShaderError."""

        def make() -> Kernel:
            self.compiled += 1
            return Kernel(self, key)

        return self._kernels.get(key, make)

    def ready(self, of: Prepared) -> bool:
        """Whether all programs of a network are compiled and have drawn."""
        found = map(self._kernels.find, of.keys)
        return all(kernel is not None and kernel.warm for kernel in found)

    def warm(self, of: Prepared, key: KernelKey) -> None:
        """Compile a program: many drivers do so when it first draws."""
        kernel = self.kernel(key)
        if kernel.warm:
            return
        one = next(one for one in of.packed.passes if self.key(one) == key)
        near = [self.take((2, 2), value.storage.groups) for value in one.step.inputs]
        into = self.take((2, 2), one.step.value.storage.groups)
        kernel.run(Job(one, tuple(near), into, one.first, (0, 0, 0, 0)), self.weights(of))
        self.ctx.finish()
        for atlas in (*near, into):
            self.give(atlas)

    def run(self, of: Prepared, job: Job) -> None:
        """Do a job."""
        self.kernel(self.key(job.one)).run(job, self.weights(of))

    def take(self, side: Size, groups: int) -> Atlas:
        """Textures for a number of groups; the caller has to give them back."""
        for number, atlas in enumerate(self._pool):
            if atlas.key == (side, groups):
                return self._pool.pop(number)
        return Atlas(self.ctx, side, groups, self.banks, self.largest)

    def give(self, atlas: Atlas) -> None:
        """Give textures back, to be used again."""
        self._pool.append(atlas)
        limit = -1 if self.released else self._pool_bytes
        while self._pool and sum(one.bytes for one in self._pool) > limit:
            self._pool.pop(0).release()

    def kept(self, key: Hashable, box: Box) -> tuple[Box, Atlas] | None:
        """What is kept for a lattice's points that contain a box. It has to be kept again."""
        for number, (of, points, _) in enumerate(self._kept):
            if of == key and contains(points, box):
                return self._kept.pop(number)[1:]
        return None

    def keep(self, key: Hashable, box: Box, atlas: Atlas) -> None:
        """Keep the values at a lattice's points in a box, for samples, colours, or weights."""
        self._kept.append((key, box, atlas))
        limit = -1 if self.released else KEPT
        while self._kept and sum(one.bytes for *_, one in self._kept) > limit:
            self._kept.pop(0)[2].release()

    def forget(self) -> None:
        """Keep no values any more."""
        for *_, atlas in self._kept:
            atlas.release()
        self._kept.clear()

    def release(self) -> None:
        self.released = True
        self._kernels.clear()
        self._weights.clear()
        self.forget()
        for atlas in self._pool:
            atlas.release()
        self._pool.clear()
