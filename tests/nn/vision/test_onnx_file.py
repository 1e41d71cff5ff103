"""Networks in .onnx files compute what ONNX says, and hostile files end in one line."""

import hashlib
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from cppn_gl.nn.vision import squeezenet
from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.nn.vision.onnx_file import HANDLERS, model_of, read
from cppn_gl.nn.vision.onnx_wire import read_graph
from cppn_gl.nn.vision.operations import Concatenate, Conv2d, GlobalAvgPool, MaxPool2d, Softmax
from cppn_gl.nn.vision.running import backward, finished, forward
from cppn_gl.utils.checks import PresetError

HERE = Path(__file__).parent
SMALL = (HERE / "small.onnx").read_bytes()
RNG = np.random.default_rng(3)


def drawn(*shape: int) -> Any:
    return RNG.normal(size=shape).astype(np.float32)


def file_of(
    nodes: list[Any],
    shape: tuple[Any, ...] = (1, 3, 6, 7),
    version: int = 20,
    **constants: Any,
) -> bytes:
    """A file with an input x of a shape, constants, and the last node's first output."""
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    opset = helper.make_opsetid("", version)
    return bytes(helper.make_model(graph, opset_imports=[opset]).SerializeToString())


def network_of(data: bytes, size: tuple[int, int] | None = None) -> ImageNetwork:
    model = model_of(read_graph(data), size=size)
    assert model.channels is not None
    assert model.size is not None
    return ImageNetwork.of_nodes(model.nodes, model.channels, model.size)


def assert_same(data: bytes, shape: tuple[int, ...], tolerance: float = 2e-6) -> ImageNetwork:
    """What is read computes what ONNX's own reference does; also (rows, columns, …)."""
    network = network_of(data)
    x = drawn(*shape)
    (expected,) = ReferenceEvaluator(onnx.load_from_string(data)).run(None, {"x": x})
    picture = x[0].reshape(network.picture)
    if len(shape) == 4 and network.picture != shape[1:]:
        picture = x[0].transpose(2, 0, 1)
    *_, found = network.evaluate_image(picture)
    scale = max(1.0, np.abs(expected).max())
    if found.ndim == expected[0].ndim and found.shape != expected[0].shape:
        found = found.transpose(1, 2, 0)
    assert np.abs(found.reshape(expected[0].shape) - expected[0]).max() <= tolerance * scale
    return network


def node(op: str, *inputs: str, out: str = "y", **attributes: Any) -> Any:
    return helper.make_node(op, ["x", *inputs], [out], **attributes)


W, B = drawn(4, 3, 3, 2), drawn(4)
EACH: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "conv": ([node("Conv", "w", "b", pads=[1, 0, 2, 1], strides=[2, 1])], {"w": W, "b": B}),
    "conv same upper": ([node("Conv", "w", auto_pad="SAME_UPPER", strides=[2, 2])], {"w": W}),
    "conv same lower": ([node("Conv", "w", auto_pad="SAME_LOWER", strides=[2, 3])], {"w": W}),
    "conv valid": ([node("Conv", "w", auto_pad="VALID", dilations=[2, 1])], {"w": W}),
    "conv groups": ([node("Conv", "w", group=3)], {"w": drawn(6, 1, 3, 3)}),
    "max pool": ([node("MaxPool", kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1])], {}),
    "max pool ceil": ([node("MaxPool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)], {}),
    "average pool": ([node("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1])], {}),
    "average pool counts": (
        [node("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)],
        {},
    ),
    "global": ([node("GlobalAveragePool")], {}),
    "mean": ([node("ReduceMean", "a", keepdims=0)], {"a": np.array([2, 3])}),
    "mean negative": ([node("ReduceMean", "a")], {"a": np.array([-1, -2])}),
    "norm": (
        [node("BatchNormalization", "a", "b", "c", "d", epsilon=1e-3)],
        {"a": drawn(3), "b": drawn(3), "c": drawn(3), "d": np.abs(drawn(3))},
    ),
    "concat": ([node("Concat", "x", axis=1)], {}),
    "add": ([node("Add", "x")], {}),
    "add constant": ([node("Add", "a")], {"a": drawn(3, 1, 1)}),
    "constant minus": ([helper.make_node("Sub", ["a", "x"], ["y"])], {"a": drawn(1, 3, 1, 1)}),
    "minus constant": ([node("Sub", "a")], {"a": drawn(1)}),
    "mul": ([node("Mul", "x")], {}),
    "mul constant": ([node("Mul", "a")], {"a": np.float32(0.3)}),
    "div constant": ([node("Div", "a")], {"a": drawn(3, 1, 1) + 3}),
    "excite": (
        [
            node("GlobalAveragePool", out="g"),
            helper.make_node("Sigmoid", ["g"], ["s"]),
            helper.make_node("Mul", ["x", "s"], ["y"]),
        ],
        {},
    ),
    "pad": ([node("Pad", "p", "v")], {"p": np.array([0, 0, 1, 2, 0, 0, 3, 0]), "v": np.float32(2)}),
    "pad reflect": ([node("Pad", "p", mode="reflect")], {"p": np.array([0, 0, 1, 2, 0, 0, 3, 0])}),
    "clip": ([node("Clip", "a", "b")], {"a": np.float32(-0.2), "b": np.float32(0.7)}),
    "clip above": ([node("Clip", "", "b")], {"b": np.float32(0.7)}),
    "softmax": ([node("Softmax", axis=1)], {}),
    "log softmax": ([node("LogSoftmax", axis=-3)], {}),
    "dropout": ([node("Dropout", out="d"), helper.make_node("Relu", ["d"], ["y"])], {}),
    "flatten gemm": (
        [node("Flatten", out="f"), helper.make_node("Gemm", ["f", "w", "b"], ["y"], transB=1)],
        {"w": drawn(5, 126), "b": drawn(5)},
    ),
    "gemm factors": (
        [
            node("Flatten", out="f"),
            helper.make_node("Gemm", ["f", "w", "b"], ["y"], alpha=0.5, beta=0.25),
        ],
        {"w": drawn(126, 5), "b": drawn(1, 5)},
    ),
    "matmul add": (
        [
            node("Reshape", "s", out="f"),
            helper.make_node("MatMul", ["f", "w"], ["m"]),
            helper.make_node("Add", ["m", "b"], ["y"]),
        ],
        {"s": np.array([0, -1]), "w": drawn(126, 5), "b": drawn(5)},
    ),
    "reshape": ([node("Reshape", "s")], {"s": np.array([1, 7, 9, 2])}),
    "flat softmax": ([node("Flatten", out="f"), helper.make_node("Softmax", ["f"], ["y"])], {}),
    "flat concat": (
        [
            node("Flatten", out="f"),
            node("ReduceMean", "a", out="m", keepdims=0),
            helper.make_node("Concat", ["f", "m"], ["y"], axis=1),
        ],
        {"a": np.array([2, 3])},
    ),
    "squeeze": (
        [
            node("GlobalAveragePool", out="g"),
            helper.make_node("Squeeze", ["g", "a"], ["s"]),
            helper.make_node("Unsqueeze", ["s", "a"], ["y"]),
        ],
        {"a": np.array([2, 3])},
    ),
    "sizes computed": (
        [
            node("Shape", out="s"),
            helper.make_node("Gather", ["s", "i"], ["n"]),
            helper.make_node("Unsqueeze", ["n", "i0"], ["n1"]),
            helper.make_node("Constant", [], ["m"], value_ints=[-1]),
            helper.make_node("Concat", ["n1", "m"], ["t"], axis=0),
            node("Reshape", "t", out="f"),
            helper.make_node("Relu", ["f"], ["y"]),
        ],
        {"i": np.array(0), "i0": np.array([0])},
    ),
    "prelu": ([node("PRelu", "a")], {"a": np.float32([[[0.3]]])}),
    "leaky": ([node("LeakyRelu", alpha=0.3)], {}),
    "elu": ([node("Elu", alpha=0.7)], {}),
    "hard sigmoid": ([node("HardSigmoid", alpha=0.3, beta=0.4)], {}),
}
PLAIN = (
    *("Relu", "Sigmoid", "Tanh", "Softplus", "Sin", "Cos", "Abs", "Gelu", "Elu", "Selu"),
    *("HardSwish", "Identity"),
)


@pytest.mark.parametrize("name", EACH)
def test_an_operation_computes_what_onnx_says(name: str) -> None:
    nodes, constants = EACH[name]
    assert_same(file_of(nodes, **constants), (1, 3, 6, 7))


@pytest.mark.parametrize("op", PLAIN)
def test_functions_of_single_values(op: str) -> None:
    if op == "Identity":
        nodes = [node(op, out="i"), helper.make_node("Relu", ["i"], ["y"])]
        assert_same(file_of(nodes), (1, 3, 6, 7))
    assert_same(
        file_of([node("GlobalAveragePool", out="g"), helper.make_node(op, ["g"], ["y"])]),
        (1, 3, 6, 7),
    )


@pytest.mark.parametrize("size", [2, 3])
def test_response_norms(size: int) -> None:
    """By the formula of ONNX: its reference sums over too few channels."""
    network = network_of(file_of([node("LRN", size=size, alpha=0.5, beta=0.6, bias=2.0)]))
    x = drawn(3, 6, 7).astype(np.float64)
    (found,) = network.evaluate_image(x)
    for c in range(3):
        near = x[max(0, c - (size - 1) // 2) : c + -(-(size - 1) // 2) + 1]
        expected = x[c] / (2.0 + 0.5 / size * np.square(near).sum(axis=0)) ** 0.6
        np.testing.assert_allclose(found[c], expected, rtol=1e-6)


def test_all_operations_that_are_read_are_tried() -> None:
    tried = {one.op_type for nodes, _ in EACH.values() for one in nodes} | set(PLAIN)
    assert set(HANDLERS) - tried == {"Transpose", "Cast", "Swish", "LRN"}


def test_keras_counts_channels_last() -> None:
    """tf2onnx turns the picture, and the units before a dense layer are in another order."""
    nodes = [
        node("Transpose", out="t", perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["t", "w"], ["c"]),
        helper.make_node("Transpose", ["c"], ["u"], perm=[0, 2, 3, 1]),
        helper.make_node("Add", ["u", "b"], ["v"]),
        helper.make_node("Relu", ["v"], ["r"]),
        helper.make_node("Cast", ["r"], ["k"], to=1),
        helper.make_node("Reshape", ["k", "s"], ["f"]),
        helper.make_node("MatMul", ["f", "m"], ["y"]),
    ]
    constants = {"w": W, "b": B, "s": np.array([-1, 96]), "m": drawn(96, 5)}
    network = assert_same(file_of(nodes, ("n", 6, 7, 3), **constants), (1, 6, 7, 3))
    assert [stage.activation for stage in network.stages] == ["relu", "identity"]
    assert network.picture == (3, 6, 7)


def test_norms_and_activations_become_part_of_the_layer_before() -> None:
    nodes = [
        node("Conv", "w", out="c"),
        helper.make_node("BatchNormalization", ["c", "a", "a", "a", "a"], ["n"]),
        helper.make_node("Relu", ["n"], ["y"]),
    ]
    network = assert_same(file_of(nodes, w=W, a=np.abs(drawn(4))), (1, 3, 6, 7))
    assert [(stage.label, stage.activation) for stage in network.stages] == [("conv 3×2", "relu")]


@pytest.mark.parametrize(
    ("gate", "label"),
    [
        (node("Sigmoid", out="s"), "swish"),
        (node("HardSigmoid", out="s", alpha=1 / 6), "hard swish"),
    ],
)
def test_a_gate_that_exporters_write_as_two_layers_is_one(gate: Any, label: str) -> None:
    network = assert_same(file_of([gate, node("Mul", "s")]), (1, 3, 6, 7))
    assert [stage.label for stage in network.stages] == [label]
    twice = [gate, node("Mul", "s", out="m"), helper.make_node("Add", ["m", "s"], ["y"])]
    assert len(assert_same(file_of(twice), (1, 3, 6, 7)).stages) == 3


def test_a_layer_that_two_read_stays_as_it_is() -> None:
    nodes = [
        node("Conv", "w", out="c"),
        helper.make_node("Identity", ["c"], ["i"]),
        helper.make_node("Relu", ["i"], ["r"]),
        helper.make_node("Add", ["r", "c"], ["y"]),
    ]
    network = assert_same(file_of(nodes, w=W), (1, 3, 6, 7))
    assert len(network.stages) == 3


def test_a_network_exported_by_pytorch_gives_its_numbers() -> None:
    network = network_of(SMALL)
    expected = np.load(HERE / "small.npz")
    *_, found = network.evaluate_image(expected["x"])
    assert np.abs(found.ravel() - expected["y"]).max() < 1e-8  # whose norm is folded in float32
    assert [stage.name for stage in network.stages[:3]] == ["first", "max_pool2d", "grouped"]
    done = finished(forward(network, expected["x"]))
    seed = np.zeros(network.stages[-1].shape, np.float32)
    seed[2] = 1 / expected["y"][2]  # of the logarithm of the third probability
    gradient = finished(backward(done, {len(network.stages) - 1: seed}))
    scale = np.abs(expected["gradient"]).max()
    assert np.abs(gradient - expected["gradient"]).max() < 1e-5 * scale


def test_squeezenet_written_as_onnx_is_squeezenet() -> None:
    model = squeezenet.read()
    network = network_of(_written(model.nodes, (1, 3, 63, 55)))
    expected = ImageNetwork.of_nodes(model.nodes, 3, (63, 55))
    x = 100 * drawn(3, 63, 55)
    for found, wanted in zip(network.evaluate_image(x), expected.evaluate_image(x), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9)
    assert network.stages[network.logits].label == "global avg pool"


def _written(nodes: Any, shape: tuple[int, ...]) -> bytes:
    """Layers as a file."""
    made, constants = [], {}
    for number, one in enumerate(nodes):
        op = one.operation
        inputs = ["x" if i < 0 else f"y{i}" for i in one.inputs]
        kind, attributes = {
            Conv2d: ("Conv", ("stride", "padding")),
            MaxPool2d: ("MaxPool", ("size", "stride", "padding", "ceil")),
            Concatenate: ("Concat", ()),
            GlobalAvgPool: ("GlobalAveragePool", ()),
            Softmax: ("Softmax", ()),
        }[type(op)]
        names = {
            "size": "kernel_shape",
            "stride": "strides",
            "padding": "pads",
            "ceil": "ceil_mode",
        }
        given = {names[name]: getattr(op, name) for name in attributes}
        if kind in ("Concat", "Softmax"):
            given["axis"] = 1
        if kind == "Conv":
            inputs += [f"w{number}", f"b{number}"]
            constants |= {f"w{number}": op.weight, f"b{number}": op.bias}
        out = f"y{number}"
        relu = one.activation == "relu"
        made.append(helper.make_node(kind, inputs, [f"z{number}" if relu else out], **given))
        if relu:
            made.append(helper.make_node("Relu", [f"z{number}"], [out]))
    return file_of(made, shape, **constants)


@pytest.mark.parametrize("kind", ["float64", "float16", "bfloat16", "list"])
def test_weights_of_other_types(kind: str) -> None:
    w = drawn(2, 3, 1, 1)
    exact = (w.view(np.uint32) & 0xFFFF0000).view(np.float32)
    tensor = numpy_helper.from_array(w.astype(kind if kind.startswith("float") else "f4"), "w")
    if kind == "bfloat16":
        bits = (exact.view(np.uint32) >> 16).astype(np.uint16)
        tensor.data_type, tensor.raw_data = TensorProto.BFLOAT16, bits.tobytes()
    elif kind == "list":
        tensor = helper.make_tensor("w", TensorProto.FLOAT16, w.shape, w.ravel())
    model = onnx.load_from_string(file_of([node("Conv", "w")], w=w))
    model.graph.initializer[0].CopyFrom(tensor)
    (stage,) = network_of(model.SerializeToString()).stages
    expected = {"float64": w, "bfloat16": exact}.get(kind, w.astype(np.float16))
    assert np.array_equal(stage.operation.weight, expected.astype(np.float32))


def test_a_file_that_leaves_the_size_free_asks_for_it(tmp_path: Path) -> None:
    data = file_of([node("Relu")], ("batch", 1, "h", None))
    with pytest.raises(PresetError, match=r"size = \[width, height\]") as error:
        network_of(data)
    assert error.value.key == "preprocess.size"
    assert network_of(data, (5, 9)).picture == (1, 5, 9)
    path = tmp_path / "net.onnx"
    path.write_bytes(data)
    model = read(path, size=(5, 9))
    assert model.sha256 == hashlib.sha256(data).hexdigest()


def _external() -> bytes:
    model = onnx.load_from_string(file_of([node("Conv", "w")], w=W))
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return bytes(model.SerializeToString())


def _claims(*dims: int) -> bytes:
    model = onnx.load_from_string(file_of([node("Conv", "w")], w=W))
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.extend(dims)
    return bytes(model.SerializeToString())


REFUSED = {
    "resize": (file_of([node("Resize")]), "operation Resize .* is not known here; export"),
    "misspelt": (file_of([node("Convolve")]), "export the network without it"),
    "another domain": (file_of([node("Relu", domain="my.own")]), "of 'my.own', not of ONNX"),
    "external": (_external(), "'w' is in another file; save the network as a single file"),
    "huge": (_claims(2**40, 2**40), "its shape .* has"),
    "negative": (_claims(-1, 72), "has the shape"),
    "cycle": (
        file_of(
            [helper.make_node("Add", ["x", "b"], ["a"]), helper.make_node("Relu", ["a"], ["b"])]
        ),
        "reads 'b', which nothing before it gives",
    ),
    "not a number": (
        file_of(
            [node("Flatten", out="f"), helper.make_node("Gemm", ["f", "w"], ["y"], alpha=0.0)],
            w=np.full((126, 2), np.inf, np.float32),
        ),
        "numbers up to",
    ),
    "missing": (file_of([node("Conv", "w")]), "reads 'w', which nothing"),
    "twice": (file_of([node("Relu"), node("Relu")]), "'y', which is given twice"),
    "own input": (file_of([node("Relu", out="x")]), "given twice"),
    "no picture": (file_of([helper.make_node("Relu", ["w"], ["y"])], w=W), "no input"),
    "two inputs": (
        onnx.helper.make_model(
            helper.make_graph(
                [node("Add", "z")],
                "g",
                [
                    helper.make_tensor_value_info(n, TensorProto.FLOAT, (1, 3, 6, 7))
                    for n in ("x", "z")
                ],
                [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
            )
        ).SerializeToString(),
        "2 inputs: .*; expected one, the picture",
    ),
    "sound": (file_of([node("Relu")], (1, 3, 100)), "3 dimensions; expected 4"),
    "wide": (file_of([node("Relu")], (1, 3, 10**9, 10**9)), "expected up to"),
    "channels": (file_of([node("Conv", "w")], (1, 2, 6, 7), w=W), "has weights for 3 channels"),
    "training": (
        file_of([node("BatchNormalization", *"aaaa", training_mode=1)], a=B[:3]),
        "in training mode",
    ),
    "computed weight": (
        file_of([node("Conv", "x")], (1, 3, 3, 3)),
        "has a weight that is computed; expected one in the file",
    ),
    "large pad": (file_of([node("Pad", "p")], p=np.array([0, 0, 2**31, 0, 0, 0, 0, 0])), "Pad"),
    "infinite": (file_of([node("Conv", "w")], w=np.full_like(W, np.inf)), "Conv"),
    "not onnx": (b"PK\3\4" + bytes(100), "not an ONNX file"),
    "empty": (b"", "not an ONNX file"),
    "text": (b"hello, this is a text\n" * 10, "not an ONNX file"),
    "many nodes": (
        onnx.helper.make_model(
            helper.make_graph([node("Relu", out=str(n)) for n in range(5000)], "g", [], [])
        ).SerializeToString(),
        "5000 operations; expected 4096 at most",
    ),
}


@pytest.mark.parametrize("op", HANDLERS)
def test_operations_that_lack_their_inputs_are_one_line(op: str) -> None:
    for names in ([], [""], ["", "x"], ["", "", "w"]):
        first = helper.make_node(op, names, ["z"])
        with pytest.raises(PresetError, match=r"^network\.file: [^\n]*$"):
            read(file_of([first, node("Add", "z")], w=W))


@pytest.mark.parametrize("op", ["Clip", "Constant"])
def test_attributes_of_other_types_are_one_line(op: str) -> None:
    tensor = {"Clip": "min", "Constant": "value_int"}[op]
    given = {tensor: numpy_helper.from_array(np.ones(2, np.float32))}
    first = helper.make_node(op, [] if op == "Constant" else ["x"], ["z"], **given)
    with pytest.raises(PresetError, match=r"^network\.file: [^\n]*$"):
        read(file_of([first, node("Add", "z")]))


@pytest.mark.parametrize("name", REFUSED)
def test_other_files_are_refused_in_one_line(name: str, tmp_path: Path) -> None:
    data, words = REFUSED[name]
    path = tmp_path / "net.onnx"
    path.write_bytes(data)
    with pytest.raises(PresetError, match=rf"^network\.file: .*{words}") as error:
        read(path)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400


@pytest.mark.parametrize("op", ["Cast", "Conv", "Concat"])
def test_weights_that_are_used_again_and_again_do_not_fill_the_memory(op: str) -> None:
    large = np.zeros((512, 512, 1, 1), np.float32)  # 1 MiB
    if op == "Conv":
        nodes = [node("Conv", "w", out="c0")]
        nodes += [helper.make_node("Conv", [f"c{n}", "w"], [f"c{n + 1}"]) for n in range(60)]
        data = file_of([*nodes, helper.make_node("Relu", ["c60"], ["y"])], (1, 512, 2, 2), w=large)
    else:
        names = ["w", *(f"w{n}" for n in range(60))]
        more: dict[str, Any] = {"to": 1} if op == "Cast" else {"axis": 0}
        inputs = [[name] * (1 if op == "Cast" else 2) for name in names]
        nodes = [
            helper.make_node(op, one, [name], **more)
            for one, name in zip(inputs, names[1:], strict=False)
        ]
        last = helper.make_node("Conv", ["x", names[-1]], ["y"])
        data = file_of([*nodes, last], (1, 512, 2, 2), w=large)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"would fill the memory|more than 65536 numbers"):
            network_of(data)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 40 * len(data)


def test_messages_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message takes two bytes in a file, and many more in memory."""
    monkeypatch.setattr("cppn_gl.nn.vision.onnx_wire.MAX_FIELDS", 1000)
    with pytest.raises(ValueError, match="more than 1000 entries, which no network has"):
        read_graph(b"\x3a\xd0\x0f" + b"\x0a\x00" * 1000)


def _read_bounded(data: bytes) -> None:
    """Read a file: it is refused in one line, or it is a network; memory is bounded by its size."""
    words = ""
    tracemalloc.start()
    try:
        network_of(data, (8, 8))
    except ValueError as error:
        words = str(error)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert "\n" not in words
    assert peak < 20 * len(data) + 400_000


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(SMALL)))
def test_files_cut_short(length: int) -> None:
    _read_bounded(SMALL[:length])


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_files_with_bytes_changed(data: st.DataObject) -> None:
    changed = bytearray(SMALL)
    # Names and sizes are in the first part of each message: numbers are most of the file.
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    _read_bounded(bytes(changed))
