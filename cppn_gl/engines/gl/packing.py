"""The memory layout of weights, and the GLSL that reads them, both derived from a `Layout`.

    Network -> choose_layout() -> pack()            -> the weights, as vec4 rows
                               -> declarations()    -> the uniform blocks and `vec4 weight(int i)`

Weights are stored unscaled; their scales are in the Layers block. A group of ROWS rows is stored as

    bias vec4 × ceil(ROWS / 4), then for each chunk of four columns: ROWS vec4, one for each row

padded to whole steps by columns of zeros, and to whole groups by repeating the last row: a row of
zeros would give NaN for an infinite input. A single output is repeated to three in the same way. In
an unrolled layout the columns of zeros come first (see rows.glsl).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.base import Region
from cppn_gl.engines.fold import WaveChange, changes
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.features import MAX_INPUTS, kinds
from cppn_gl.nn.layers import MAX_DEPTH, MAX_DRAWN, MAX_WIDTH, Layer
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.arrays import Jitter

Vec4s = NDArray[np.float32]  # (n, 4)

VEC4 = 16  # bytes
TEXTURE_WIDTH = 4096
ES_TEXTURE_WIDTH = 2048  # all that OpenGL ES 3.0 promises

# Up to this width a row's dot product is one unrolled expression. Wider rows use a loop: unrolled,
# they would take seconds to compile.
UNROLLED_WIDTH = 64
UNROLLED_ROWS = 2  # more rows spill a CPU's registers, fewer move the units more often
LOOPED_ROWS = 8
PADDED = 4  # maximum number of rows beyond a layer that may be read
MAX_CHAIN = 4  # blocks selected by a chain of comparisons; with more, a texture is faster
# llvmpipe silently terminates all loops of an invocation after 65,536 iterations in total.
MAX_ITERATIONS = 60_000


@dataclass(frozen=True)
class Limits:
    """The driver's limits: bytes per uniform block, and the number of blocks left for weights.

    `arrays`: whether GLSL 4.20 is supported, with dynamically indexed arrays of blocks. Without it
    each weight access is a chain of comparisons over the blocks, so few blocks are used.
    """

    block_bytes: int = 16_384
    blocks: int = 9
    arrays: bool = True


@dataclass(frozen=True)
class Layout:
    """The memory layout of a network's weights, on which the program that reads them depends.

    units: the length of the shader's arrays of units; rows, chunks: one loop iteration multiplies
    rows × 4·chunks weights; blocks: the number of uniform blocks, 0 for a texture; block_vec4s: the
    size of a block.
    """

    units: int
    rows: int
    chunks: int
    blocks: int
    block_vec4s: int

    @property
    def unrolled(self) -> bool:
        """Whether one iteration covers a whole row."""
        return self.units == 4 * self.chunks

    @property
    def capacity(self) -> int:
        """Minimum number of vec4s to store, so that every declared block is backed by data."""
        return self.blocks * self.block_vec4s

    def stride(self, columns: int) -> int:
        """The vec4s of a group of rows with `columns` columns."""
        padded = self.units if self.unrolled else round_up(columns, 4 * self.chunks)
        return -(-self.rows // 4) + self.rows * (padded // 4)


def round_up(n: int, multiple: int) -> int:
    """The smallest multiple of `multiple` that is at least n."""
    return -(-n // multiple) * multiple


def _shapes(network: Network) -> list[tuple[int, int]]:
    """(rows, columns) of all layers; the output layer has a row for each channel."""
    shapes = [layer.weight.shape for layer in network.drawn]
    return [*shapes[:-1], (network.channels, shapes[-1][1])]


def choose_layout(network: Network, limits: Limits) -> Layout:
    """The layout of a network on a driver: one block, all available blocks, or a texture."""
    width = max(network.width, network.channels)
    block_vec4s = 1 << (min(limits.block_bytes, 65_536) // VEC4).bit_length() - 1
    shapes = _shapes(network)[1:]  # layer 1 has a block of its own
    if width <= UNROLLED_WIDTH:
        units = round_up(width, 4 if width <= 32 else 8)
        candidate = Layout(units, UNROLLED_ROWS, units // 4, 0, block_vec4s)
    else:
        candidate = _looped(width, shapes, block_vec4s)
    needed = sum(-(-r // candidate.rows) * candidate.stride(c) for r, c in shapes)
    count = max(1, -(-needed // block_vec4s))
    if count == 1:
        blocks = 1
    elif limits.arrays:  # always all, so that a deeper network needs no other program
        blocks = limits.blocks if count <= limits.blocks else 0
    else:
        most = min(MAX_CHAIN, limits.blocks)
        blocks = most if count <= most else 0
    return Layout(candidate.units, candidate.rows, candidate.chunks, blocks, block_vec4s)


def _looped(width: int, shapes: list[tuple[int, int]], block_vec4s: int) -> Layout:
    """A looped layout, with enough chunks that all loops together stay within MAX_ITERATIONS."""
    for chunks in (2, 4, 8, 16, 32):
        units = round_up(width, max(LOOPED_ROWS, 4 * chunks))
        padding = 4 * chunks - 1  # maximum number of units set to 0 after each layer
        iterations = MAX_WIDTH + max(MAX_DEPTH, len(shapes)) * (1 + padding)
        for rows, columns in shapes:
            iterations += -(-rows // LOOPED_ROWS) * (1 + -(-columns // (4 * chunks)))
        if iterations <= MAX_ITERATIONS:
            break
    # units must not equal 4 · chunks, which means unrolled
    return Layout(max(units, 8 * chunks), LOOPED_ROWS, chunks, 0, block_vec4s)


def pack(network: Network, layout: Layout) -> Vec4s:
    """The unscaled weights of layers 2 to depth, at least `layout.capacity` vec4s."""
    shapes = _shapes(network)[1:]
    layers = zip(network.drawn[1:], shapes, strict=True)
    parts = [_pack_layer(layer.weight, layer.bias, rows, layout) for layer, (rows, _) in layers]
    used = sum(len(part) for part in parts)
    total = max(layout.capacity, used, 1)
    if not layout.blocks:
        total = round_up(total, TEXTURE_WIDTH)
    packed = np.zeros((total, 4), np.float32)
    if parts:
        packed[:used] = np.concatenate(parts)
    return packed


def same_arrays(a: tuple[Layer, ...], b: tuple[Layer, ...]) -> bool:
    """Whether the layers share their arrays, so that no upload is needed."""
    return len(a) == len(b) and all(
        one.weight is other.weight and one.bias is other.bias
        for one, other in zip(a, b, strict=True)
    )


def _pack_layer(
    weight: Vec4s, bias: NDArray[np.float32], rows: int, layout: Layout
) -> NDArray[np.float32]:
    columns = weight.shape[1]
    groups, biases = -(-rows // layout.rows), -(-layout.rows // 4)
    chunks = (layout.stride(columns) - biases) // layout.rows
    padded = np.zeros((groups * layout.rows, chunks * 4), np.float32)
    row = np.minimum(np.arange(groups * layout.rows), len(weight) - 1)
    start = layout.units - round_up(columns, layout.rows) if layout.unrolled else 0
    padded[:, start : start + columns] = weight[row]
    heads = np.zeros((groups, biases * 4), np.float32)
    heads[:, : layout.rows] = bias[row].reshape(groups, layout.rows)
    body = padded.reshape(groups, layout.rows, chunks, 4).transpose(0, 2, 1, 3)
    heads4 = heads.reshape(groups, biases, 4)
    whole = np.concatenate([heads4, body.reshape(groups, chunks * layout.rows, 4)], axis=1)
    return whole.reshape(-1, 4)


LAYERS = np.dtype([("shape", np.int32, (MAX_DRAWN, 4)), ("scale", np.float32, (MAX_DRAWN, 4))])


def layers_block(network: Network, layout: Layout) -> NDArray[np.void]:
    """The Layers block: (rows, columns, first vec4, activation) and the scales of each layer."""
    block = np.zeros((), LAYERS)
    names, first = list(ACTIVATIONS), 0
    shapes = _shapes(network)
    for i, (layer, scales) in enumerate(zip(network.drawn, network.scales, strict=True)):
        rows, columns = shapes[i]
        block["shape"][i] = rows, columns, first, names.index(layer.activation)
        block["scale"][i, :2] = scales
        if i > 0:
            first += -(-rows // layout.rows) * layout.stride(columns)
    return block


# Parameters of a draw call, in the order of their std140 block.
FRAME = np.dtype(
    [
        ("size", np.int32, 2),  # of the whole picture, in pixels
        ("offset", np.int32, 2),  # of the target's first pixel within the picture
        ("jitter", np.float32, 2),  # of the sample within its pixel, in pixels
        ("center", np.float32, 2),  # of the view, for r
        ("extent", np.float32),
        ("radius", np.float32),  # r at the centre
        ("sample_weight", np.float32),  # 1 / number of samples
        ("depth", np.int32),
        ("outputs", np.int32),
        ("clamped", np.int32),  # 1: each sample is clamped to [0, 1]
        ("alpha", np.float32, 2),  # low and factor: Network.alpha_range
    ]
)


# A wave's angle in fixed point: see features.glsl.
POINT = 48  # bits
WAVE = np.dtype([("angle", np.uint32, 4), ("wave", np.float32, 4)])
FRAME_BYTES = FRAME.itemsize + MAX_INPUTS * WAVE.itemsize


def wave_count(of: Sequence[str]) -> int:
    """The length of the Frame block's arrays of waves, for curved features of these kinds."""
    return len(of) if any(kind.startswith("wave") for kind in of) else 0


def _waves(scene: Scene, region: Region, jitter: Jitter) -> bytes:
    """The end of the Frame block, for networks that have waves."""
    network, view = scene.network, scene.view
    count, side = wave_count(kinds(network.inputs)), min(region.size)
    if not count:
        return b""
    starts = (
        (1 - region.size[0] + 2 * jitter[0]) / side,
        (region.size[1] - 1 - 2 * jitter[1]) / side,
    )
    steps = 2 / side, -2 / side
    block = np.zeros(count, WAVE)
    for row, change in zip(block, changes(network, view.center, view.extent), strict=True):
        if not isinstance(change, WaveChange):
            continue
        axis, half = change.wave.axis, change.half_turns
        # Scaled so that all of the picture is within an eighth of a turn, if it is.
        most = half * (region.size[axis] + 2) / side
        bits = POINT + max(0, -3 - math.frexp(most)[1])
        start, step = (round(math.ldexp(half * at[axis], bits)) for at in (starts, steps))
        start += region.offset[axis] * step
        row["angle"] = *_halves(start), *_halves(step)
        unit = 2 * math.pi * math.ldexp(1.0, POINT - 32 - bits)
        row["wave"] = unit, change.sine, change.cosine, 4 * math.pi * half
    return block["angle"].tobytes() + block["wave"].tobytes()


def _halves(fixed: int) -> tuple[int, int]:
    """The upper 32 and the lower 16 of 48 bits."""
    return fixed >> 16 & 0xFFFFFFFF, fixed & 0xFFFF


def frame_block(scene: Scene, region: Region, jitter: Jitter = (0.0, 0.0)) -> bytes:
    """The Frame block of one sample of a region's, up to FRAME_BYTES."""
    view, network = scene.view, scene.network
    block = np.zeros((), FRAME)
    block["size"], block["offset"], block["jitter"] = region.size, region.offset, jitter
    block["center"], block["extent"] = view.center, view.extent
    block["radius"] = float(np.hypot(*view.center))
    block["sample_weight"], block["clamped"] = 1 / len(region.jitters), int(region.additive)
    block["depth"], block["outputs"] = network.depth, network.outputs
    block["alpha"] = network.alpha_range
    return block.tobytes() + _waves(scene, region, jitter)


_GLSL_TYPES = {"i": {1: "int", 2: "ivec2", 4: "ivec4"}, "f": {1: "float", 2: "vec2", 4: "vec4"}}


def members(dtype: np.dtype[np.void]) -> str:
    """GLSL declarations of the members of a std140 block with the memory layout of `dtype`."""
    lines = []
    for name in dtype.names or ():
        field = dtype[name]
        kind, shape = field.base.kind, field.shape
        array = f"[{shape[0]}]" if len(shape) == 2 else ""
        lines.append(f"    {_GLSL_TYPES[kind][shape[-1] if shape else 1]} {name}{array};")
    return "\n".join(lines)


# Binding points of the uniform blocks, and the texture unit of the weights.
FRAME_BINDING, LAYERS_BINDING, FIRST_BINDING, WEIGHTS_BINDING = range(4)


def frame_members(waves: int) -> str:
    """GLSL declarations of the Frame block's members, for networks with a number of waves."""
    rest = f"    uvec4 angle[{waves}];\n    vec4 wave[{waves}];" if waves else ""
    return f"{members(FRAME)}\n{rest}"


def declarations(
    layout: Layout,
    *,
    block_arrays: bool,
    doubles: bool = False,
    waves: int = 0,
    texture_width: int = TEXTURE_WIDTH,
) -> str:
    """GLSL declarations of the uniform blocks, and the function `vec4 weight(int i)`.

    `block_arrays`: whether GLSL ≥ 4.20 is supported, with dynamically indexed arrays of blocks.
    Otherwise each block has its own name. `doubles`: load two floats as one double (GLSL 4.00),
    which halves the number of scalar loads in llvmpipe. `waves`: see `wave_count`. `texture_width`:
    in texels, a power of two, if the weights are in a texture.
    """
    parts = [
        f"layout(std140) uniform Frame {{\n{frame_members(waves)}\n}} frame;",
        f"layout(std140) uniform Layers {{\n{members(LAYERS)}\n}} layers;",
        f"layout(std140) uniform First {{\n    vec4 unit[{MAX_WIDTH}];\n}} first;",
        *_weights(layout, block_arrays, doubles, texture_width),
    ]
    return "\n".join(parts)


_DOUBLES = """vec4 halves(dvec2 pair) {
    return uintBitsToFloat(uvec4(unpackDouble2x32(pair.x), unpackDouble2x32(pair.y)));
}"""


def _weights(layout: Layout, block_arrays: bool, doubles: bool, texture_width: int) -> list[str]:
    shift = layout.block_vec4s.bit_length() - 1
    mask = layout.block_vec4s - 1
    kind, take = ("dvec2", "halves") if doubles else ("vec4", "")
    body = f"{{ {kind} w[{layout.block_vec4s}]; }}"
    if not layout.blocks:
        shift, mask = texture_width.bit_length() - 1, texture_width - 1
        fetch = f"texelFetch(weights, ivec2(i & {mask}, i >> {shift}), 0)"
        return ["uniform sampler2D weights;", f"vec4 weight(int i) {{ return {fetch}; }}"]
    head = [_DOUBLES] if doubles else []
    if layout.blocks == 1:
        block = f"layout(std140) uniform Weights0 {body} weights0;"
        return [*head, block, f"vec4 weight(int i) {{ return {take}(weights0.w[i]); }}"]
    if block_arrays:
        binding = f"layout(std140, binding = {WEIGHTS_BINDING})"
        block = f"{binding} uniform Weights {body} weights[{layout.blocks}];"
        value = f"{take}(weights[i >> {shift}].w[i & {mask}])"
        return [*head, block, f"vec4 weight(int i) {{ return {value}; }}"]
    blocks = [f"layout(std140) uniform Weights{k} {body} weights{k};" for k in range(layout.blocks)]
    choices = [
        f"    if (i < {(k + 1) * layout.block_vec4s}) return {take}(weights{k}.w[i & {mask}]);"
        for k in range(layout.blocks - 1)
    ]
    last = f"    return {take}(weights{layout.blocks - 1}.w[i & {mask}]);"
    return [*head, *blocks, "\n".join(["vec4 weight(int i) {", *choices, last, "}"])]
