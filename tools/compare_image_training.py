"""Compares the training of networks that see pictures with PyTorch: gradients, steps, time.

python -m pip install torch   (PyTorch for processors is enough)
python tools/compare_image_training.py [--steps 100] [--rounds 5]

Pictures are drawn at random. Both get the same weights, batches and rates. Gradients are compared
in float64, weights after some steps in float32 (PyTorch's own float32 against its float64 shows
what rounding amounts to). Then both do steps by turns, with as many threads as there are cores, and
with one: milliseconds a step, the best of the rounds. Measure on an idle machine. Exit status 1 if
a difference is too large.
"""

import argparse
import copy
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

try:
    import torch
    from torch import nn
except ImportError:
    sys.exit("no PyTorch: python -m pip install torch")

from cppn_gl.nn.training.state import State
from cppn_gl.nn.vision.drawn import Drawn
from cppn_gl.nn.vision.operations import Conv2d, Linear, MaxPool2d
from cppn_gl.nn.vision.shapes import Shape
from cppn_gl.nn.vision.training import ImageProblem, ImageSteps, batch_gradient, first_state
from cppn_gl.utils.threads import VARIABLE, thread_count

BATCH, SIDE, CLASSES = 32, 28, 10
RATE = 1e-3
GRADIENT = 1e-12  # in float64, relative to the largest derivative
ROUNDING = 20.0  # as many times what PyTorch's own float32 differs by
NODES: tuple[dict[str, Any], ...] = (
    {"type": "conv", "channels": 16, "padding": 1, "activation": "relu"},
    {"type": "max_pool"},
    {"type": "conv", "channels": 32, "padding": 1, "activation": "relu"},
    {"type": "max_pool"},
    {"type": "dense"},
)


def problem_of(optimizer: str) -> ImageProblem:
    """The problem: two convolutions with pools, and a dense layer."""
    tables = tuple(tuple(table.items()) for table in NODES)
    names = tuple(map(str, range(CLASSES)))
    network = Drawn(tables, seed=1).classifying(Shape(1, SIDE, SIDE), names)
    return ImageProblem(network.stages, optimizer)


def torch_network(problem: ImageProblem, dtype: torch.dtype) -> nn.Sequential:
    """The same network with the same weights."""
    layers: list[nn.Module] = []
    for stage in problem.stages:
        operation: Any = stage.operation
        if isinstance(operation, Conv2d):
            out, inside, *kernel = operation.weight.shape
            layer: Any = nn.Conv2d(inside, out, tuple(kernel), padding=operation.padding[0])
        elif isinstance(operation, Linear):
            layers.append(nn.Flatten())
            layer = nn.Linear(*operation.weight.shape[::-1])
        else:
            assert isinstance(operation, MaxPool2d)
            layers.append(nn.MaxPool2d(operation.size))
            continue
        layer.weight.data = torch.tensor(operation.weight)
        layer.bias.data = torch.tensor(operation.bias)
        layers.append(layer)
        if stage.activation == "relu":
            layers.append(nn.ReLU())
    return nn.Sequential(*layers).to(dtype)


def flat(network: nn.Module, *, gradient: bool = False) -> np.ndarray:
    """All parameters, or their gradients, in our order."""
    parts = [p.grad if gradient else p for p in network.parameters()]
    return np.concatenate([np.asarray(part.detach()).ravel() for part in parts])


def optimizer_of(name: str, network: nn.Module) -> torch.optim.Optimizer:
    """PyTorch's optimizer of this name."""
    if name == "adam":
        return torch.optim.Adam(network.parameters(), lr=RATE)
    return torch.optim.SGD(network.parameters(), lr=RATE, momentum=0.9 * (name == "momentum"))


def torch_steps(network: nn.Module, name: str, pictures: Any, labels: Any) -> None:
    """Steps over batches (n, batch, …)."""
    optimizer = optimizer_of(name, network)
    for some, wanted in zip(pictures, labels, strict=True):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(some), wanted).backward()
        optimizer.step()


def batches(steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures and classes of some steps; a class is where a picture is bright."""
    rng = np.random.default_rng(7)
    labels = rng.integers(0, CLASSES, (steps, BATCH))
    pictures = rng.normal(size=(steps, BATCH, 1, SIDE, SIDE))
    rows = np.arange(SIDE) // 3
    pictures += 2.0 * (rows == labels[..., None])[:, :, None, :, None]
    return pictures.astype(np.float32), labels


def compare_gradients(pictures: np.ndarray, labels: np.ndarray) -> bool:
    """Print the largest difference of the gradients of a batch."""
    problem = problem_of("sgd")
    parameters = first_state(problem).parameters.astype(np.float64)
    double = pictures[0].astype(np.float64)
    ours = batch_gradient(problem, problem.bound(parameters), double, labels[0])
    network = torch_network(problem, torch.float64)
    loss = nn.functional.cross_entropy(network(torch.tensor(double)), torch.tensor(labels[0]))
    loss.backward()
    theirs = flat(network, gradient=True)
    worst = float(np.abs(ours - theirs).max() / np.abs(theirs).max())
    print(f"gradients in float64: largest difference {worst:.1e} of the largest derivative")
    return worst < GRADIENT


def compare_steps(name: str, pictures: np.ndarray, labels: np.ndarray) -> bool:
    """Print how far weights are apart after the steps."""
    problem = problem_of(name)
    state = first_state(problem)
    rates = np.full(len(pictures), RATE, np.float32)
    ImageSteps(problem).advance(state, pictures, labels, rates)
    found = {}
    for dtype in (torch.float64, torch.float32):
        network = torch_network(problem, dtype)
        given = torch.tensor(pictures).to(dtype)
        torch_steps(network, name, given, torch.tensor(labels))
        found[dtype] = flat(network)
    exact, single = found[torch.float64], found[torch.float32]
    ours, rounding = (float(np.abs(one - exact).max()) for one in (state.parameters, single))
    print(f"{name}, {len(pictures)} steps: {ours:.1e}; PyTorch's own float32 {rounding:.1e}")
    return ours < ROUNDING * rounding


def best_ms(work: Callable[[], object], steps: int) -> float:
    """Milliseconds a step of one turn."""
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start) / steps


def compare_time(pictures: np.ndarray, labels: np.ndarray, rounds: int) -> None:
    """Print milliseconds a step, by turns."""
    problem = problem_of("adam")
    steps, rates = ImageSteps(problem), np.full(len(pictures), RATE, np.float32)
    network, given = torch_network(problem, torch.float32), torch.tensor(pictures)
    wanted, start = torch.tensor(labels), first_state(problem)

    def ours() -> None:
        state = State(0, start.parameters.copy(), start.moments.copy())
        steps.advance(state, pictures, labels, rates)

    def theirs() -> None:
        torch_steps(copy.deepcopy(network), "adam", given, wanted)

    times: dict[str, list[float]] = {"cppn_gl": [], "PyTorch": []}
    for _ in range(rounds + 1):  # the first is not counted
        for name, work in (("cppn_gl", ours), ("PyTorch", theirs)):
            times[name].append(best_ms(work, len(pictures)))
    words = ", ".join(f"{name} {min(one[1:]):.1f} ms" for name, one in times.items())
    print(
        f"a step of {BATCH} pictures of {SIDE}×{SIDE}, {torch.get_num_threads()} threads: {words}"
    )


def main() -> None:
    """Compare all of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    pictures, labels = batches(options.steps)
    right = [compare_gradients(pictures, labels)]
    right += [compare_steps(name, pictures, labels) for name in ("sgd", "momentum", "adam")]
    few = slice(0, 20)
    for threads in dict.fromkeys((os.cpu_count() or 1, 1)):
        os.environ[VARIABLE] = str(threads)
        thread_count.cache_clear()
        torch.set_num_threads(threads)
        compare_time(pictures[few], labels[few], options.rounds)
    sys.exit(not all(right))


if __name__ == "__main__":
    main()
