"""Compares derivatives of random structures with PyTorch's: reverse and forward mode.

    python -m pip install torch numpy tomli_w   (PyTorch for processors is enough)
    python tools/compare_gradients.py [--count 200] [--seed 0]

The structures are those of compare_structures.py, with statistics held fixed. PyTorch
differentiates the outputs at one point by all inputs in their receptive field (autograd). In
float64 our reverse mode, and our forward mode along random directions, must agree with it to
float64's precision. In float32 our reverse mode's error must not exceed FACTOR times PyTorch's own.
Exit status 1 if one does.
"""

import argparse
import random
import sys
from typing import Any

import numpy as np
from compare_structures import FUNCTIONS, ULP, _cut, _layer, random_network, torch

from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.grid_derivatives import forward, gradients
from cppn_gl.nn.operations import Norm
from cppn_gl.utils.tasks import at_once

FACTOR = 8.0  # a slope's error is that of a sum of few numbers: that of PyTorch's may be lucky
EXACT = 1e-10  # of float64, relative to the largest derivative


def outputs(network: GraphNetwork, source: torch.Tensor) -> torch.Tensor:
    """The outputs (1, outputs, 1, 1) at the middle of a patch (1, inputs, side, side)."""
    values = {-1: source}
    for number, node in enumerate(network.nodes):
        inputs = [values[i] for i in node.inputs]
        height, width = (min(one.shape[axis] for one in inputs) for axis in (2, 3))
        inputs = [_cut(one, height, width) for one in inputs]
        if isinstance(node.layer, Norm):
            assert node.layer.statistics is not None
            mean, std, gain, shift = (
                torch.tensor(array, dtype=source.dtype)[:, None, None]
                for array in (*node.layer.statistics, node.layer.gain, node.layer.shift)
            )
            pre = gain * (inputs[0] - mean) / std + shift
        else:
            pre = _layer(node.layer, inputs, source.dtype)
        values[number] = FUNCTIONS[node.activation](pre)
    return values[len(network.nodes) - 1]


def by_torch(network: GraphNetwork, patch: np.ndarray, dtype: torch.dtype) -> np.ndarray:
    """The derivatives of each output by the inputs of a patch, (outputs, side, side, inputs)."""
    source = torch.tensor(patch.transpose(2, 0, 1)[None], dtype=dtype, requires_grad=True)
    found = []
    for output in outputs(network, source)[0, :, 0, 0]:
        (slopes,) = torch.autograd.grad(output, source, retain_graph=True)
        found.append(slopes[0].permute(1, 2, 0).double().numpy())
    return np.array(found)


def reverse(network: GraphNetwork, patch: np.ndarray, dtype: Any) -> np.ndarray:
    """The same by our reverse mode."""
    weights = np.eye(network.outputs, dtype=dtype)
    found = at_once(gradients(network.stages, patch[None].astype(dtype), weights))
    return np.asarray(found[:, 0], np.float64)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200, help="structures (200)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the structures (0)")
    options = parser.parse_args()
    dice, wrong = random.Random(options.seed), 0
    most = {"reverse": 0.0, "forward": 0.0, "PyTorch": 0.0, "float32": 0.0}
    ratios = []
    for number in range(options.count):
        network, rng = random_network(dice), np.random.default_rng(number)
        wide = rng.normal(size=(2 * network.radius + 20, 2 * network.radius + 20, 2))
        network = network.with_statistics(network.grid_statistics(wide, border="none"))
        side = 2 * network.stages[-1].radius + 1
        patch = rng.normal(size=(side, side, 2)).astype(np.float32).astype(np.float64)
        wanted = by_torch(network, patch, torch.float64)
        size = max(np.abs(wanted).max(), 1e-300)
        directions = rng.normal(size=(2, side, side, 2))
        both = np.concatenate([patch[None], directions])
        *_, (_, _, units) = filter(None, forward(network.stages, both))
        along = np.einsum("oijc,dijc->do", wanted, directions)
        errors = {
            "reverse": np.abs(reverse(network, patch, np.float64) - wanted).max() / size,
            "forward": np.abs(units[1:, 0, 0] - along).max() / (size * side),
            "PyTorch": np.abs(by_torch(network, patch, torch.float32) - wanted).max() / size,
            "float32": np.abs(reverse(network, patch, np.float32) - wanted).max() / size,
        }
        most = {name: max(most[name], error) for name, error in errors.items()}
        ratio = errors["float32"] / max(errors["PyTorch"], 4 * ULP)
        ratios.append(ratio)
        if not (errors["reverse"] <= EXACT and errors["forward"] <= EXACT and ratio <= FACTOR):
            wrong = 1
            found = ", ".join(f"{name} {error:.1e}" for name, error in errors.items())
            print(f"structure {number}: {found}: {network}")
    print(f"{options.count} structures; errors relative to the largest derivative")
    print(f"float64, from PyTorch: reverse {most['reverse']:.1e}, forward {most['forward']:.1e}")
    print(f"float32, from float64: PyTorch {most['PyTorch']:.1e}, ours {most['float32']:.1e}")
    print(f"of PyTorch's error: {np.median(ratios):.2f} in the median, at most {max(ratios):.2f}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
