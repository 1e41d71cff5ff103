"""Resources of the engine `tiled` on one context: compute programs, weights, the units of a tile.

    Network -> pack() -> a buffer of weights, each layer a range of it
    Scene   -> TiledPrograms.load() -> buffers and kernels; bind(layer), then Kernel.run()

The units of a layer at a tile's pixels are in one of two buffers, which alternate as input and
output. tiled.glsl describes the memory layout.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.gl import first, packing
from cppn_gl.engines.gl.first import FirstLayer
from cppn_gl.engines.gl.shader import ShaderError, Source, compose, curves, explain_log
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.features import kinds
from cppn_gl.nn.layers import MAX_WIDTH, Layer
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.cache import LRUCache

MAX_KERNELS = 24

# Constants of the shaders: texels and rows per workgroup in tiled_hidden, units of layer 1 per
# invocation in tiled_first, texels per workgroup in tiled_output.
GROUP_TEXELS, GROUP_ROWS, RUN, OUTPUT_TEXELS = 64, 64, 16, 32

# Size of a layer's units at a tile: two such buffers fit into a large GPU's cache, and each layer
# has 256 workgroups. Every OpenGL 4.3 driver allows a storage block of this size.
TILE_BYTES = 1 << 24
_NEEDED = {
    "GL_MAX_COMPUTE_WORK_GROUP_INVOCATIONS": 256,
    "GL_MAX_COMPUTE_SHADER_STORAGE_BLOCKS": 3,
    "GL_MAX_SHADER_STORAGE_BLOCK_SIZE": TILE_BYTES,
}
_INPUTS, _RESULTS, _WEIGHTS = range(3)  # bindings of the storage buffers


def available(ctx: moderngl.Context) -> bool:
    """Whether a context has OpenGL 4.3, which implies 32 KB of shared memory, and _NEEDED."""
    info: dict[str, Any] = ctx.info
    return ctx.version_code >= 430 and all(int(info.get(k, n)) >= n for k, n in _NEEDED.items())


# A network as bytes.


@dataclass(frozen=True)
class LayerRange:
    """A layer's range of the weight buffer."""

    offset: int  # bytes
    size: int  # bytes
    quads: int  # vec4s per column


def pack(network: Network) -> tuple[NDArray[np.float32], list[LayerRange]]:
    """The unscaled weights of layers 2 to depth, and the range of each layer.

    A layer is stored as its biases, then its columns of weights, each padded with zeros to whole
    workgroups of rows. The output layer has four rows, the last output repeated.
    """
    pieces, parts, at = [], [], 0
    for index, layer in enumerate(network.drawn[1:], 2):
        rows, columns = layer.weight.shape
        last = index == network.depth
        padded = np.zeros(
            (1 + columns, 4 if last else packing.round_up(rows, GROUP_ROWS)), np.float32
        )
        padded[0, :rows], padded[1:, :rows] = layer.bias, layer.weight.T
        if last:
            padded[:, rows:] = padded[:, rows - 1 : rows]
        pieces.append(padded.ravel())
        parts.append(LayerRange(at, padded.nbytes, padded.shape[1] // 4))
        at += padded.nbytes
    if not pieces:  # depth 1: never read, but a buffer must be bound
        return np.zeros(4, np.float32), [LayerRange(0, packing.VEC4, 1)]
    return np.concatenate(pieces), parts


# Programs.


class Kernel:
    """A compute program. Raises ShaderError with the file and line of the first error."""

    def __init__(self, ctx: moderngl.Context, source: Source):
        try:
            self.program: Any = ctx.compute_shader(source.text)
        except moderngl.Error as error:
            raise ShaderError(explain_log(str(error), source.files)) from None
        if "curved_weights" in self.program:
            self.program["curved_weights"].value = first.UNIT
        self.warm = False  # whether it has run; many drivers compile at the first dispatch
        self._set: dict[str, Any] = {}

    def run(self, groups: tuple[int, ...], **uniforms: Any) -> None:
        """Dispatch, followed by a memory barrier for the next layer."""
        for name, value in uniforms.items():
            if self._set.get(name) != value:
                self._set[name] = value
                if self.program.get(name, None) is not None:  # unused uniforms are optimised out
                    self.program[name].value = value
        self.program.run(*groups)
        self.program.ctx.memory_barrier(moderngl.SHADER_STORAGE_BARRIER_BIT)
        self.warm = True


@dataclass(frozen=True)
class KernelKey:
    """The properties of a network that a kernel depends on: not widths, depth and weights."""

    file: str
    hidden: tuple[str, ...] = ()  # the activations that occur
    output: str = "identity"
    curved: tuple[str, ...] = ()  # see `features.kinds`; of layer 1
    alpha: bool = False  # whether the fourth output is alpha


def kernel_keys(network: Network) -> list[KernelKey]:
    """The kernels of layer 1, of the other hidden layers (if any), and of the output layer."""
    used = {layer.activation for layer in network.drawn[:-1]}
    hidden = tuple(name for name in ACTIVATIONS if name in used)
    first = KernelKey("tiled_first.comp", hidden, curved=kinds(network.inputs))
    middle = [KernelKey("tiled_hidden.comp", hidden)] if network.depth > 2 else []
    last, alpha = network.drawn[-1].activation, network.channels == 4
    return [first, *middle, KernelKey("tiled_output.comp", output=last, alpha=alpha)]


def source(of: KernelKey, folder: Path | None = None) -> Source:
    known = list(ACTIVATIONS)
    choices = [f"if (kind == {known.index(n)}) return activation_{n}(x);" for n in of.hidden[:-1]]
    choices.append(f"return activation_{(of.hidden or ('identity',))[-1]}(x);")
    lines = [
        "#define REAL vec4",
        "#define LANE_STEPS vec4(0.0, 2.0, 4.0, 6.0)",
        "#define GROUPS 1",
        *curves(of.curved, 4),
        "#define PRECISE precise",
        "#define SELECT(value, bad, mark) \\",
        "    value = mix(value, REAL(mark), greaterThan(bad, REAL(0.0)))",
        f"#define RUN {RUN}",
        f"#define ALPHA {int(of.alpha)}",
        f"#define HIDDEN_ACTIVATIONS {' '.join(choices)}",
        f"#define OUTPUT_ACTIVATION activation_{of.output}",
        f"layout(std140, binding = {packing.FRAME_BINDING}) uniform Frame {{",
        f"{packing.frame_members(packing.wave_count(of.curved))}\n}} frame;",
        f"layout(std140, binding = {packing.FIRST_BINDING}) uniform First {{",
        f"    vec4 unit[{MAX_WIDTH}];\n}} first;",
    ]
    return compose(of.file, "\n".join(lines), 430, folder)


class TiledPrograms:
    """Kernels (an LRU cache), the weights last uploaded, and buffers of units, on one context."""

    def __init__(self, ctx: moderngl.Context, folder: Path | None = None):
        self.ctx, self.folder = ctx, folder
        self.compiled = self.uploads = 0  # counters, for tests
        self._kernels: LRUCache[KernelKey, Kernel] = LRUCache(
            MAX_KERNELS, free=lambda kernel: kernel.program.release()
        )
        self._frame = ctx.buffer(reserve=packing.FRAME_BYTES)
        self._first = FirstLayer(ctx)
        self._units = [ctx.buffer(reserve=TILE_BYTES) for _ in range(2)]
        self._weights: Any = None
        self._parts: list[LayerRange] = []
        self._loaded: tuple[Layer, ...] = ()

    def __len__(self) -> int:
        return len(self._kernels)

    def kernels(self, network: Network) -> list[Kernel]:
        """The kernels of a network, in the order of `kernel_keys`. Raises ShaderError."""
        return [self._kernel(kind) for kind in kernel_keys(network)]

    def _kernel(self, kind: KernelKey) -> Kernel:
        def make() -> Kernel:
            self.compiled += 1
            return Kernel(self.ctx, source(kind, self.folder))

        return self._kernels.get(kind, make)

    def load(self, scene: Scene) -> list[Kernel]:
        """Upload what differs from the last scene, bind the buffers, and return the kernels."""
        network = scene.network
        kernels = self.kernels(network)
        self._send(network)
        self._frame.bind_to_uniform_block(packing.FRAME_BINDING)
        self._first.load(scene)
        self.bind(0)
        for kernel in kernels:
            if not kernel.warm:  # compile before the timing starts
                kernel.run((1, 1), rows=0, columns=0, count=0, across=1)
                self.ctx.finish()
        return kernels

    def _send(self, network: Network) -> None:
        drawn = network.drawn
        if packing.same_arrays(drawn, self._loaded):
            return
        weights, parts = pack(network)
        self._loaded = ()
        if self._weights is None or self._weights.size != weights.nbytes:
            self._free_weights()
            self._weights = self.ctx.buffer(reserve=weights.nbytes)
        self._weights.write(weights.tobytes())
        self._parts, self._loaded = parts, drawn
        self.uploads += 1

    def frame(self, block: bytes) -> None:
        """Upload a Frame block (packing.frame_block)."""
        self._frame.write(block)

    def bind(self, index: int) -> int:
        """Bind the buffers of layer `index` (from 0); returns the vec4s per column of its weights.

        The two buffers of units alternate as input and output.
        """
        self._units[index % 2].bind_to_storage_buffer(_RESULTS)
        self._units[(index + 1) % 2].bind_to_storage_buffer(_INPUTS)
        part = self._parts[max(index, 1) - 1]
        self._weights.bind_to_storage_buffer(_WEIGHTS, offset=part.offset, size=part.size)
        return part.quads

    def _free_weights(self) -> None:
        if self._weights is not None:
            self._weights.release()
            self._weights = None

    def release(self) -> None:
        self._kernels.clear()
        self._free_weights()
        self._first.release()
        for buffer in (self._frame, *self._units):
            buffer.release()
