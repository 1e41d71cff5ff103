"""The memory layout of weights: as documented, and within the limits of drivers."""

import math
import re
from itertools import pairwise

import numpy as np
import pytest

from cppn_gl.engines.fold import first_layer
from cppn_gl.engines.gl import packing
from cppn_gl.engines.gl.packing import FRAME, LAYERS, Layout, Limits
from cppn_gl.nn.features import Clock, features
from cppn_gl.nn.layers import MAX_DEPTH, MAX_WIDTH, Layer
from cppn_gl.nn.network import Network

SMALL, COMMON = Limits(16_384, 9), Limits(65_536, 12)
CHAIN = Limits(65_536, 12, arrays=False)
LOOP_LIMIT = 65_536  # llvmpipe's, for all loops of an invocation together


def zeros(depth: int, width: int, outputs: int = 3) -> Network:
    """A network of a given shape, created quickly: its hidden layers share their arrays."""
    first, hidden = (Layer(np.zeros((width, n)), np.zeros(width), "tanh") for n in (2, width))
    last = Layer(np.zeros((outputs, width if depth > 1 else 2)), np.zeros(outputs), "tanh")
    return Network([*[first, *([hidden] * (depth - 2))][: depth - 1], last])


def varying(widths: list[int]) -> Network:
    g = np.random.default_rng(0)
    shapes = [(b, a) for a, b in pairwise([2, *widths, 3])]
    return Network([Layer(g.normal(size=s), g.normal(size=s[0]), "sin") for s in shapes])


def stored(network: Network, where: Layout, index: int, packed: np.ndarray) -> np.ndarray:
    """A layer read back from memory: each row as its bias, then its columns."""
    rows, columns, at, _ = map(int, packing.layers_block(network, where)["shape"][index])
    step = 4 * where.chunks
    chunks = where.chunks * math.ceil((where.units if where.unrolled else columns) / step)
    heads, found = math.ceil(where.rows / 4), []
    for _ in range(0, rows, where.rows):
        for r in range(where.rows):
            pieces = [packed[at + heads + chunk * where.rows + r] for chunk in range(chunks)]
            found.append(np.concatenate([[packed[at + r // 4, r % 4]], *pieces]))
        at += heads + chunks * where.rows
    return np.array(found)


def begins(where: Layout, columns: int) -> int:
    """The column at which a layer's weights begin: if unrolled, they are at the end of the row."""
    return where.units - math.ceil(columns / where.rows) * where.rows if where.unrolled else 0


NETWORKS = {
    "1x1": zeros(1, 1),
    "3x1": Network.random(depth=3, width=1, outputs=1),
    "5x4": Network.random(depth=5, width=4),
    "4x5": Network.random(depth=4, width=5),
    "27x30": Network.random(depth=27, width=30),
    "4x33": Network.random(depth=4, width=33),
    "3x64": Network.random(depth=3, width=64),
    "3x65": Network.random(depth=3, width=65),
    "3x97 grey": Network.random(depth=3, width=97, outputs=1),
    "varying": varying([3, 31, 1, 8]),
    "varying, wide": varying([70, 5, 101, 64, 66]),
}


every = pytest.mark.parametrize("name", NETWORKS)
driver = pytest.mark.parametrize("limits", [SMALL, COMMON, CHAIN], ids=["16 KB", "64 KB", "chain"])


@driver
@every
def test_what_is_packed_reads_back_as_the_draws(name: str, limits: Limits) -> None:
    network = NETWORKS[name]
    where = packing.choose_layout(network, limits)
    packed = packing.pack(network, where)
    assert packed.dtype == np.float32
    assert packed.shape[1] == 4
    for index, layer in enumerate(network.drawn[1:], 1):
        rows, columns = layer.weight.shape
        found, first = stored(network, where, index, packed), 1 + begins(where, columns)
        assert np.array_equal(found[:rows, first : first + columns], layer.weight)
        assert np.array_equal(found[:rows, 0], layer.bias)


@driver
@every
def test_columns_are_filled_up_with_zeros_and_rows_with_the_last(name: str, limits: Limits) -> None:
    # A row of zeros would give NaN where an input is infinite; the columns of zeros meet zeros.
    network = NETWORKS[name]
    where = packing.choose_layout(network, limits)
    packed = packing.pack(network, where)
    for index, layer in enumerate(network.drawn[1:], 1):
        rows, columns = layer.weight.shape
        found, first = stored(network, where, index, packed), 1 + begins(where, columns)
        assert not found[:, 1:first].any()
        assert not found[:, first + columns :].any()
        assert (found[rows:] == found[rows - 1]).all()
        assert len(found) == math.ceil(max(rows, 3 * (index == network.depth - 1)) / where.rows) * (
            where.rows
        )


@driver
@every
def test_a_column_of_zeros_meets_no_infinity(name: str, limits: Limits) -> None:
    """Simulates the loops of rows.glsl on unit numbers: which unit each column is multiplied by."""
    network = NETWORKS[name]
    where = packing.choose_layout(network, limits)
    if not where.unrolled:
        return  # steps.glsl clears what it reads beyond a layer
    shape = packing.layers_block(network, where)["shape"]
    for index in range(1, network.depth):
        rows, columns = int(shape[index - 1][0]), network.drawn[index].weight.shape[1]
        units = np.zeros(where.units, int)  # 0 is cleared, n the layer's unit n
        for first in range(0, rows, where.rows):
            units[: -where.rows] = units[where.rows :]
            units[-where.rows :] = np.arange(first, first + where.rows) + 1
        if rows % where.rows:
            units[rows % where.rows - where.rows :] = 0  # FILL
        start = begins(where, columns)
        assert units[start : start + columns].tolist() == list(range(1, columns + 1))
        assert not units[:start].any()
        assert not units[start + columns :].any()


def test_a_single_output_is_repeated_to_three() -> None:
    for width in (5, 97):
        network = Network.random(depth=3, width=width, outputs=1)
        where = packing.choose_layout(network, COMMON)
        found = stored(network, where, 2, packing.pack(network, where))
        assert packing.layers_block(network, where)["shape"][2][0] == 3
        assert len(found) >= 3
        assert (found == found[0]).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_steps_of_the_loops_stay_inside_what_is_stored(name: str) -> None:
    network = NETWORKS[name]
    where = packing.choose_layout(network, COMMON)
    shape = packing.layers_block(network, where)["shape"]
    rows, columns, first, _ = map(int, shape[network.depth - 1])
    end = first + math.ceil(rows / where.rows) * where.stride(columns) if network.depth > 1 else 0
    assert len(packing.pack(network, where)) >= max(end, where.capacity, 1)
    for layer in network.drawn:
        assert math.ceil(len(layer.bias) / where.rows) * where.rows <= where.units


# The choice of a layout.


@pytest.mark.parametrize(
    ("depth", "width", "small", "common", "chain"),
    [
        (1, 1, 1, 1, 1),
        (3, 10, 1, 1, 1),
        (8, 16, 1, 1, 1),
        (10, 30, 9, 1, 1),
        (27, 30, 9, 12, 4),
        (40, 30, 0, 12, 4),
        (14, 40, 9, 12, 4),
        (14, 120, 0, 12, 0),
        (14, 400, 0, 0, 0),
        (64, 64, 0, 0, 0),
        (64, 512, 0, 0, 0),
    ],
)
def test_blocks_first_and_a_texture_where_they_do_not_suffice(
    depth: int, width: int, small: int, common: int, chain: int
) -> None:
    network = zeros(depth, width)
    for limits, blocks in ((SMALL, small), (COMMON, common), (CHAIN, chain)):
        where = packing.choose_layout(network, limits)
        assert where.blocks == blocks
        vec4s = len(packing.pack(network, where))
        if blocks:
            assert vec4s == where.capacity
            assert where.block_vec4s * packing.VEC4 <= limits.block_bytes
            assert blocks <= limits.blocks
        else:
            assert vec4s % packing.TEXTURE_WIDTH == 0
            assert vec4s / packing.TEXTURE_WIDTH <= 2048  # rows; drivers have 16,384 or more


def test_a_block_is_a_power_of_two_that_the_driver_allows() -> None:
    for size in (16_384, 20_000, 65_536, 2**31 - 1):
        vec4s = packing.choose_layout(zeros(2, 2), Limits(size, 9)).block_vec4s
        assert vec4s & (vec4s - 1) == 0
        assert vec4s * packing.VEC4 <= min(size, 65_536) < 2 * vec4s * packing.VEC4


def test_depth_leaves_the_layout_unless_another_storage_is_needed() -> None:
    layouts = [packing.choose_layout(zeros(depth, 30), COMMON) for depth in range(2, MAX_DEPTH + 1)]
    assert sum(a != b for a, b in pairwise(layouts)) == 1


def iterations(network: Network, where: Layout) -> int:
    """The total number of iterations of the loops in rows.glsl or steps.glsl."""
    first, *rest = [layer.weight.shape for layer in network.drawn]
    if where.unrolled:
        groups = [math.ceil(max(rows, 3) / where.rows) for rows, _ in (first, *rest)]
        return len(rest) + sum(groups)
    step = 4 * where.chunks

    def padding(rows: int) -> int:
        return -(-rows // step) * step - rows

    total = first[0] + padding(first[0])
    for rows, columns in rest:
        total += 1 + -(-rows // where.rows) * (1 + -(-columns // step)) + padding(rows)
    return total


@pytest.mark.parametrize(
    "width", [1, 3, 4, 5, 31, 32, 33, 64, 65, 96, 120, 128, 255, 400, 511, 512]
)
def test_the_loops_stay_within_llvmpipes_limit(width: int) -> None:
    for depth in range(1, MAX_DEPTH + 1):
        network = zeros(depth, width)
        where = packing.choose_layout(network, COMMON)
        assert iterations(network, where) <= LOOP_LIMIT
        assert where.units >= max(network.width, network.outputs)
        assert where.unrolled or where.units % (4 * where.chunks) == 0


def test_units_suffice_for_layers_that_narrow_and_widen() -> None:
    for network in (varying([512, 1, 512, 7] * 15), varying([65] + [1] * 60), varying([1, 400])):
        where = packing.choose_layout(network, COMMON)
        assert iterations(network, where) <= LOOP_LIMIT
        assert where.units >= network.width


# The other blocks.

SIZES = {"int": 4, "float": 4, "ivec2": 8, "vec2": 8, "ivec4": 16, "vec4": 16}


def std140(text: str) -> tuple[dict[str, int], int]:
    """The offsets of a block's members, and its size, by the rules of std140."""
    offsets, at = {}, 0
    for kind, name, count in re.findall(r"(\w+) (\w+)(?:\[(\d+)\])?;", text):
        align = 16 if count else SIZES[kind]
        at = -(-at // align) * align
        offsets[name] = at
        at += int(count) * 16 if count else SIZES[kind]
    return offsets, -(-at // 16) * 16


@pytest.mark.parametrize(("block", "dtype"), [("Frame", FRAME), ("Layers", LAYERS)])
def test_numpy_lays_the_blocks_out_as_std140_does(block: str, dtype: np.dtype) -> None:
    text = packing.declarations(packing.choose_layout(zeros(2, 2), COMMON), block_arrays=True)
    members = re.search(rf"uniform {block} {{(.*?)}}", text, re.DOTALL)
    assert members
    offsets, size = std140(members[1])
    assert offsets == {name: dtype.fields[name][1] for name in dtype.names}
    assert size == dtype.itemsize
    assert size <= 16_384


def test_the_layers_block_tells_shapes_activations_and_scales() -> None:
    network = Network.random(
        depth=3, width=5, activation=["cos", "relu"], weight_scale=0.5, bias_scale=0.25
    )
    where = packing.choose_layout(network, COMMON)
    block = packing.layers_block(network, where)
    stride = where.stride(5)
    groups = math.ceil(5 / where.rows)
    assert block["shape"][:3].tolist() == [[5, 2, 0, 9], [5, 5, 0, 1], [3, 5, groups * stride, 7]]
    assert block["scale"][:3, :2].tolist() == [[0.5, 0.25]] * 3
    assert not block["shape"][3:].any()


def test_the_first_layer_holds_the_view_folded_in() -> None:
    network = Network.random(depth=2, width=6, inputs=("y", "one", "z0", "r", "sin_t", "x"), seed=2)
    center, extent, clock = (0.7, -1.3), 1e-5, Clock(3.0, 0.5, 8.0)
    folded = first_layer(network, center, extent, clock)
    assert folded.shape == (MAX_WIDTH, 4)
    assert (folded[6:] == folded[5]).all()  # padding rows
    u, v = np.array([-1.7, 0.0, 0.3]), np.array([0.2, 0.0, -1.0])
    x, y = center[0] + extent * u, center[1] + extent * v
    d = np.hypot(x, y) - np.hypot(*center)
    layer = network.layers[0]
    table = features(network.inputs, x, y, clock, network.latent)
    expected = table @ layer.weight.T.astype(float) + layer.bias
    sums = np.stack([u, v, np.ones(3), d], axis=1) @ folded[:6].T.astype(float)
    assert np.allclose(sums, expected, rtol=3e-7, atol=3e-7)
    # The varying part keeps its precision beside the constant part.
    assert np.allclose(sums - sums[1], expected - expected[1], rtol=1e-5, atol=1e-12)


def test_a_first_layer_beyond_float32_stays_finite() -> None:
    network = Network([Layer(np.full((3, 2), 1e30), np.zeros(3), "tanh")], inputs=("t", "x"))
    folded = first_layer(network, (1e6, 1e6), 1e6, Clock(1e9, 1000.0, 1.0))
    assert np.isfinite(folded).all()


# The GLSL declarations.


@pytest.mark.parametrize("name", ["5x4", "27x30", "3x65"])
@pytest.mark.parametrize("limits", [SMALL, COMMON, CHAIN])
def test_blocks_are_declared_one_by_one_where_arrays_are_not_to_be_had(
    name: str, limits: Limits
) -> None:
    where = packing.choose_layout(NETWORKS[name], limits)
    text = packing.declarations(where, block_arrays=False)
    assert not re.search(r"\}\s*\w+\[", text)
    assert "binding" not in text
    assert re.findall(r"uniform (Weights\d+)", text) == [f"Weights{k}" for k in range(where.blocks)]


def test_one_array_of_blocks_has_a_binding() -> None:
    where = packing.choose_layout(NETWORKS["27x30"], COMMON)
    text = packing.declarations(where, block_arrays=True)
    assert f"binding = {packing.WEIGHTS_BINDING}) uniform Weights {{ vec4 w[4096]; }}" in text
    assert f"weights[{where.blocks}];" in text


@pytest.mark.parametrize("name", ["5x4", "27x30", "3x65"])
@pytest.mark.parametrize("limits", [SMALL, COMMON])
@pytest.mark.parametrize("arrays", [True, False])
def test_doubles_are_the_same_bytes_two_by_two(name: str, limits: Limits, arrays: bool) -> None:
    where = packing.choose_layout(NETWORKS[name], limits)
    plain = packing.declarations(where, block_arrays=arrays)
    text = packing.declarations(where, block_arrays=arrays, doubles=True)
    if not where.blocks:
        assert text == plain  # unchanged for a texture
        return
    count = f"w[{where.block_vec4s}];"
    assert text.count(f"dvec2 {count}") == plain.count(f"vec4 {count}") >= 1
    assert text.count("return halves(") == plain.count("return (weights") >= 1
