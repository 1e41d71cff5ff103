"""Compares random structures with PyTorch: convolutions, pools, normalisation, branches, sums.

    python -m pip install torch numpy tomli_w   (PyTorch for processors is enough)
    python tools/compare_structures.py [--count 200] [--seed 0]

PyTorch evaluates the nodes of each network by conv2d, max_pool2d and the like. Its
float64 must agree with `evaluate_grid` to float64's precision. Of float32, which engines use, the
errors against float64 are compared: those of the engines `native` and `numpy` must not exceed
FACTOR times PyTorch's own, network by network. Exit status 1 if one does.
"""

import argparse
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

try:
    import torch
    import torch.nn.functional as functional
except ImportError:
    sys.exit("no PyTorch: python -m pip install torch")

from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.grid import GridKernel, NumPyKernel, run
from cppn_gl.nn.native_grid import NativeKernel, unsupported
from cppn_gl.nn.normalize import Normalize
from cppn_gl.nn.operations import FLAT, Add, AvgPool, Concat, Conv, MaxPool, Norm
from cppn_gl.nn.sources import Random
from cppn_gl.nn.statistics import placed

FACTOR = 4.0
ULP = 2.0**-24
EXACT = 1e-11  # of float64, relative to the largest output
LIMIT = 12  # taps to each side

FUNCTIONS: dict[str, Any] = {
    "identity": lambda z: z,
    "relu": torch.relu,
    "leaky_relu": functional.leaky_relu,
    "elu": functional.elu,
    "gelu": functional.gelu,
    "softplus": lambda z: torch.logaddexp(z, torch.zeros_like(z)),
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "sin": torch.sin,
    "cos": torch.cos,
    "gaussian": lambda z: torch.exp(-z * z),
    "atan": torch.atan,
    "abs": torch.abs,
}


def random_blocks(dice: random.Random, count: int, nesting: int = 0) -> list[dict[str, Any]]:
    """Up to `count` blocks of any type; in branches, fewer."""
    blocks = []
    for _ in range(dice.randint(1, count)):
        kinds = ["dense", "conv", "conv", "conv", "max_pool", "avg_pool", "normalize", "activation"]
        kinds += ["nin", "vgg", "inception", "residual", *["concat", "add"] * (nesting < 2)]
        kind = dice.choice(kinds)
        block: dict[str, Any] = {"type": kind}
        if kind in ("dense", "conv", "nin", "vgg", "inception", "residual") and dice.random() < 0.5:
            block["channels"] = dice.choice([1, 2, 3, 4, 6, 8, 12, 16])
        if kind == "conv":
            block["kernel"] = dice.choice([1, 3, 3, 5, 7])
            block["dilation"] = dice.choice([1, 1, 1, 2, 3])
            if dice.random() < 0.3:
                block["groups"] = "depthwise"
                block.pop("channels", None)
        if kind in ("max_pool", "avg_pool"):
            block["size"] = dice.choice([3, 3, 5])
        if kind in ("normalize", "activation", "conv", "dense"):
            block["activation"] = dice.choice(list(ACTIVATIONS))
        if kind == "concat":
            block["branches"] = [
                random_blocks(dice, 2, nesting + 1) if dice.random() < 0.8 else []
                for _ in range(dice.randint(1, 3))
            ]
        if kind == "add":
            last = {"type": "conv", "channels": dice.choice([4, 8]), "kernel": dice.choice([1, 3])}
            block["branches"] = [
                [*random_blocks(dice, 1, nesting + 1), last] for _ in range(dice.randint(2, 3))
            ]
        blocks.append(block)
    return blocks


def random_network(dice: random.Random) -> GraphNetwork:
    """A network of random blocks, or of a name, that reaches at most LIMIT taps."""
    while True:
        keys: dict[str, Any] = {
            "width": dice.choice([4, 6, 8, 10, 16]),
            "activation": dice.choice(list(ACTIVATIONS)),
            "output_activation": dice.choice(["identity", "sigmoid", "tanh"]),
            "outputs": dice.choice([1, 3]),
            "init": dice.choice(["he_normal", "glorot_uniform", "lecun_normal"]),
            "seed": dice.randrange(2**32),
            "bias_scale": 0.5,
        }
        if dice.random() < 0.3:
            keys["structure"] = dice.choice(["conv", "nin", "vgg", "inception", "resnet"])
            keys["depth"] = dice.randint(2, 7)
        else:
            keys["blocks"] = random_blocks(dice, 4)
        network = Random.of(keys).network()
        assert isinstance(network, GraphNetwork)
        which = dice.choice(["none", "none", "hidden", "all"])
        how = Normalize(which, gain=dice.uniform(0.5, 2), gain_spread=0.3, shift_spread=0.5)
        if network.radius <= LIMIT and network.nodes:
            return placed(network, how, keys["seed"])


def by_torch(network: GraphNetwork, array: np.ndarray, dtype: torch.dtype) -> np.ndarray:
    """The outputs whose taps all lie on an array (H, W, inputs), by PyTorch: (h, w, outputs)."""
    source = torch.from_numpy(np.ascontiguousarray(array.transpose(2, 0, 1)))[None].to(dtype)
    values = {-1: source}
    for number, node in enumerate(network.nodes):
        layer, inputs = node.layer, [values[i] for i in node.inputs]
        height = min(one.shape[2] for one in inputs)
        width = min(one.shape[3] for one in inputs)
        inputs = [_cut(one, height, width) for one in inputs]
        values[number] = FUNCTIONS[node.activation](_layer(layer, inputs, dtype))
    return values[len(network.nodes) - 1][0].permute(1, 2, 0).double().numpy()


def _cut(one: torch.Tensor, height: int, width: int) -> torch.Tensor:
    top, left = (one.shape[2] - height) // 2, (one.shape[3] - width) // 2
    return one[:, :, top : top + height, left : left + width]


def _layer(layer: Any, inputs: list[torch.Tensor], dtype: torch.dtype) -> torch.Tensor:
    if isinstance(layer, Conv):
        weight, bias = (torch.tensor(array, dtype=dtype) for array in (layer.weight, layer.bias))
        groups = layer.groups
        return functional.conv2d(inputs[0], weight, bias, dilation=layer.dilation, groups=groups)
    if isinstance(layer, MaxPool):
        return functional.max_pool2d(inputs[0], layer.size, stride=1)
    if isinstance(layer, AvgPool):
        return functional.avg_pool2d(inputs[0], layer.size, stride=1)
    if isinstance(layer, Norm):
        (z,) = inputs
        variance, mean = torch.var_mean(z, (0, 2, 3), correction=0, keepdim=True)
        size = (variance + mean.square()).sqrt()
        std = torch.where(variance.sqrt() > FLAT * size, variance.sqrt(), 1)
        gain, shift = (torch.tensor(array, dtype=dtype) for array in (layer.gain, layer.shift))
        return (z - mean) / std * gain[:, None, None] + shift[:, None, None]
    if isinstance(layer, Concat):
        return torch.cat(inputs, dim=1)
    if isinstance(layer, Add):
        return torch.stack(inputs).sum(dim=0)
    return inputs[0]


def by_kernel(network: GraphNetwork, array: np.ndarray, kernel: GridKernel) -> np.ndarray:
    """The same by the stages that an engine runs, in float32, normalised by float64 statistics."""
    found = network.grid_statistics(array, border="none")
    source = np.ascontiguousarray(array.transpose(2, 0, 1), np.float32)
    *_, (_, _, units) = run(network.with_statistics(found).stages, source, kernel)
    return units.transpose(1, 2, 0).astype(np.float64)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200, help="structures (200)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the structures (0)")
    options = parser.parse_args()
    dice, worst = random.Random(options.seed), 0
    most = {"float64": 0.0, "PyTorch": 0.0, "native": 0.0, "numpy": 0.0}
    ratios: dict[str, list[float]] = {"native": [], "numpy": []}
    layers = 0
    for number in range(options.count):
        network = random_network(dice)
        layers += len(network.stages)
        rng = np.random.default_rng(number)
        sides = [2 * network.radius + dice.randint(6, 40) for _ in range(2)]
        array = rng.normal(size=(*sides, 2)).astype(np.float32).astype(np.float64)
        reference = network.evaluate_grid(array, border="none")
        size = np.abs(reference).max()
        errors = {
            "float64": np.abs(by_torch(network, array, torch.float64) - reference).max() / size,
            "PyTorch": np.abs(by_torch(network, array, torch.float32) - reference).max() / size,
            "numpy": np.abs(by_kernel(network, array, NumPyKernel()) - reference).max() / size,
        }
        if not unsupported(network.stages):
            found = by_kernel(network, array, NativeKernel())
            errors["native"] = np.abs(found - reference).max() / size
        problems = ["float64"] if not errors["float64"] <= EXACT else []
        for name, error in errors.items():
            most[name] = max(most[name], error)
            if name in ratios:
                ratio = error / max(errors["PyTorch"], 4 * ULP)
                ratios[name].append(ratio)
                problems += [name] if not ratio <= FACTOR else []
        if problems:
            worst = 1
            found_errors = ", ".join(f"{name} {error:.1e}" for name, error in errors.items())
            print(f"structure {number}: {found_errors}: {network}")
    print(f"{options.count} structures of {layers} layers; errors relative to the largest output")
    print(f"float64 of PyTorch and evaluate_grid: at most {most['float64']:.1e} apart")
    print(f"float32 of PyTorch: at most {most['PyTorch']:.1e} from float64")
    for name, found in ratios.items():
        if found:
            print(
                f"float32 of the engine {name}: at most {most[name]:.1e}; of PyTorch's error "
                f"{np.median(found):.2f} times in the median, at most {max(found):.2f}"
            )
    return worst


if __name__ == "__main__":
    sys.exit(main())
