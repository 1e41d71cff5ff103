"""Forward mode over planes: kernels with slopes beside values give what the reference gives."""

import numpy as np
import pytest

from cppn_gl.nn import native_grid
from cppn_gl.nn.grid import GridKernel, NumPyKernel, run
from cppn_gl.nn.grid_derivatives import forward
from cppn_gl.nn.jets import Jets
from cppn_gl.nn.native_grid import NativeKernel
from cppn_gl.nn.network import Network
from cppn_gl.preset.preset import Preset

SIDE = 40
PRESETS = {
    "pools": {"structure": "vgg", "depth": 6, "width": 6, "activation": "relu"},
    "branches": {"structure": "inception", "depth": 3, "width": 8},
    "sums": {"structure": "resnet", "depth": 4, "width": 5, "boost": [(2, 3, 1.7)]},
    "normalised": {"structure": "conv", "depth": 4, "width": 5, "normalize.which": "hidden"},
}


def kernels(network: Network) -> list[GridKernel]:
    """NumPy's, and the native library's where there is one."""
    native = [] if native_grid.unsupported(network.stages) else [NativeKernel()]
    return [NumPyKernel(), *native]


@pytest.mark.parametrize("name", PRESETS)
def test_planes_are_those_of_the_reference(name: str) -> None:
    network = Preset().replace(**PRESETS[name], **{"network.grid": 32}).network()
    source = np.random.default_rng(5).normal(size=(3, SIDE, SIDE, 2))
    wanted = {number: found for number, *found in filter(None, forward(network.stages, source))}
    planes = source.transpose(0, 3, 1, 2).reshape(6, SIDE, SIDE).astype(np.float32)
    for kernel in kernels(network):
        jets = Jets(network.stages, kernel)
        for result in run(jets.stages, planes, jets, pre=True):
            assert result is not None
            number, *found = result
            for of, reference in zip(found, wanted[number], strict=True):
                assert of is not None
                apart = of.reshape(3, -1, *of.shape[1:]).transpose(0, 2, 3, 1)
                for mine, its in zip(apart, reference, strict=True):
                    # Where two values in a window are nearly equal, either may be the largest.
                    close = np.isclose(mine, its, rtol=1e-4, atol=1e-4 * np.abs(its).max())
                    assert close.mean() > 0.999, (number, type(kernel).__name__)


def test_a_graph_of_one_point_has_no_neighbours() -> None:
    network = Network.random(depth=3, width=4)
    source = np.random.default_rng(6).normal(size=(3, 3, 5, 2))
    *_, (_, _, wanted) = filter(None, forward(network.stages, source))
    jets = Jets(network.stages, NumPyKernel())
    planes = source.transpose(0, 3, 1, 2).reshape(6, 3, 5).astype(np.float32)
    *_, last = run(jets.stages, planes, jets)
    assert last is not None
    found = last[2].reshape(3, 3, 3, 5).transpose(0, 2, 3, 1)
    assert np.allclose(found, wanted, atol=1e-5)
