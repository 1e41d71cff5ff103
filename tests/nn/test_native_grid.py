"""The native library's kernel of stages: true, and its bits depend on nothing around."""

from typing import Any

import numpy as np
import pytest

from cppn_gl.nn import native_grid
from cppn_gl.nn.activations import ACTIVATIONS, Activation
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.grid import NumPyKernel, run
from cppn_gl.nn.native_grid import NativeKernel, unsupported
from cppn_gl.nn.sources import Random
from cppn_gl.nn.statistics import complete
from cppn_gl.utils import native
from cppn_gl.utils.native import Library

pytestmark = pytest.mark.native

STRUCTURES = ("conv", "nin", "vgg", "inception", "resnet")
BLOCKS = [
    {"type": "conv", "channels": 8, "kernel": 5, "dilation": 2},
    {"type": "conv", "groups": "depthwise", "channels": 8},
    {"type": "normalize", "activation": "tanh"},
    {"type": "avg_pool", "size": 5},
    {"type": "conv", "channels": 12, "groups": 4, "activation": "sin"},
]


def made(**keys: Any) -> GraphNetwork:
    depth = {} if "blocks" in keys else {"depth": 5}
    network = Random.of({"grid": 24, "width": 9, "init": "he_normal", **depth, **keys}).network()
    assert isinstance(network, GraphNetwork)
    return complete(network)


def source(network: GraphNetwork, height: int = 11, width: int = 45) -> np.ndarray:
    margin = 2 * network.radius
    rng = np.random.default_rng(1)
    return rng.uniform(-1, 1, (2, height + margin, width + margin)).astype("f4")


def found(network: GraphNetwork, planes: np.ndarray, kernel: Any, **keys: Any) -> list[Any]:
    return list(run(network.stages, planes, kernel, **keys))


@pytest.mark.parametrize(
    "keys", [*({"structure": name} for name in STRUCTURES), {"blocks": BLOCKS}]
)
def test_every_stage_is_that_of_numpy_and_the_outputs_the_reference(keys: dict[str, Any]) -> None:
    network = made(**keys)
    planes = source(network)
    ours = found(network, planes, NativeKernel(), pre=True)
    for one, other in zip(ours, found(network, planes, NumPyKernel(), pre=True), strict=True):
        assert one[0] == other[0]
        for values, expected in zip(one[1:], other[1:], strict=True):
            assert np.allclose(values, expected, rtol=1e-4, atol=1e-4)
    grid = planes.transpose(1, 2, 0).astype(np.float64)
    statistics = network.statistics or None
    truth = network.evaluate_grid(grid, statistics=statistics, border="none")
    assert np.allclose(ours[-1][2].transpose(1, 2, 0), truth, atol=1e-4)


def test_bits_do_not_depend_on_threads_calls_tiles_or_instruction_sets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = made(blocks=BLOCKS)
    planes = source(network)
    whole = found(network, planes, NativeKernel())[-1][2]
    margin = 2 * network.radius
    part = found(network, planes[:, 2 : 7 + margin, 13 : 30 + margin], NativeKernel())[-1][2]
    assert part.tobytes() == whole[:, 2:7, 13:30].tobytes()
    for isa in Library(native.PATH).isas:
        kernel = NativeKernel(Library(native.PATH, isa))
        assert found(network, planes, kernel)[-1][2].tobytes() == whole.tobytes()
    for call in (1.0, 1e12):
        monkeypatch.setattr(native_grid, "CALL", call)
        for threads in (1, 3):
            monkeypatch.setattr(native_grid, "thread_count", lambda n=threads: n)
            assert found(network, planes, NativeKernel())[-1][2].tobytes() == whole.tobytes()


def test_what_it_lacks_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    network = made(structure="conv")
    assert unsupported(network.stages) == ""
    monkeypatch.setitem(ACTIVATIONS, "cube", Activation(np.float_power, np.float_power, "", "", ""))
    odd = made(structure="conv", activation="cube")
    assert unsupported(odd.stages) == "has no activation cube"
    monkeypatch.setattr(native, "_found", lambda: (None, "switched off"))
    assert unsupported(network.stages) == "needs the native library: switched off"
