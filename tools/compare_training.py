"""Compares training with PyTorch: gradients, and the steps of every optimizer.

python -m pip install torch numpy threadpoolctl tomli_w tqdm   (PyTorch for processors is enough)
python tools/compare_training.py [--steps 500]

Both get the same weights, batches, rates and masks of dropout. Gradients are compared in float64
(NumPy against autograd). Steps are those of cppn_gl in float32; PyTorch takes them in float64, and
again in float32, whose difference from float64 shows what rounding alone amounts to. Differences
are largest absolute ones of any weight, bias or derivative. Exit status 1 if one is too large.
"""

import argparse
import itertools
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

from cppn_gl import Preset, Trainer
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.training import batches
from cppn_gl.nn.training.gradients import gradient
from cppn_gl.nn.training.losses import LOSSES
from cppn_gl.nn.training.optimizers import BETAS, EPSILON, MOMENTUM, OPTIMIZERS, SQUARES
from cppn_gl.nn.training.schedules import rates
from cppn_gl.nn.training.state import BatchNorm, Problem

GRADIENT = 1e-12  # in float64, relative to the largest derivative
ROUNDING = 20.0  # as many times what PyTorch's own float32 differs by

FUNCTIONS: dict[str, Any] = {
    "identity": lambda x: x,
    "relu": torch.relu,
    "leaky_relu": functional.leaky_relu,
    "elu": functional.elu,
    "gelu": functional.gelu,
    "softplus": functional.softplus,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "sin": torch.sin,
    "cos": torch.cos,
    "gaussian": lambda x: torch.exp(-x * x),
    "atan": torch.atan,
    "abs": torch.abs,
}
TORCH_LOSSES: dict[str, Any] = {
    "cross-entropy": lambda pre, y, t: functional.binary_cross_entropy_with_logits(
        pre, t, reduction="none"
    ),
    "squared": lambda pre, y, t: functional.mse_loss(y, t, reduction="none") / 2,
    "hinge": lambda pre, y, t: torch.relu(1 - t * y),
    "absolute": lambda pre, y, t: functional.l1_loss(y, t, reduction="none"),
}


def optimizer_of(name: str, weights: list[Any], biases: list[Any], l2: float) -> Any:
    """PyTorch's optimizer of this name, with our constants."""
    both = [*weights, *biases]
    if name == "rmsprop":
        return torch.optim.RMSprop(both, alpha=SQUARES, eps=EPSILON)
    if name == "adam":
        return torch.optim.Adam(both, betas=BETAS, eps=EPSILON)
    if name == "adamw":
        groups = [{"params": weights, "weight_decay": l2}, {"params": biases, "weight_decay": 0.0}]
        return torch.optim.AdamW(groups, betas=BETAS, eps=EPSILON)
    momentum = 0.0 if name == "sgd" else MOMENTUM
    return torch.optim.SGD(both, momentum=momentum, nesterov=name == "nesterov", lr=1.0)


def leaves(problem: Problem, parameters: Any, dtype: Any) -> list[tuple[Any, Any]]:
    """Weights and biases of each layer as PyTorch's tensors."""
    return [
        tuple(torch.tensor(part, dtype=dtype, requires_grad=True) for part in pair)
        for pair in problem.split(parameters)
    ]


def torch_loss(problem: Problem, layers: list[Any], x: Any, targets: Any, mask: Any = None) -> Any:
    """The loss of a batch: the mean over points of the sum over outputs."""
    start = 0
    for index, (weight, bias) in enumerate(layers):
        pre = x @ weight.T
        if problem.norms and (norm := problem.norms[index]) is not None:
            gains, shifts = (torch.tensor(a, dtype=x.dtype) for a in (norm.gains, norm.shifts))
            pre = functional.batch_norm(pre, None, None, gains, shifts, training=True, eps=1e-5)
        pre = pre + bias
        x = FUNCTIONS[problem.activations[index]](pre)
        if mask is not None and index < len(layers) - 1:
            x = x * mask[start : start + len(bias)]
            start += len(bias)
    return TORCH_LOSSES[problem.loss](pre, x, targets).sum(dim=1).mean()


def gradients() -> float:
    """The largest difference of gradients, relative to the largest derivative of each."""
    worst = 0.0
    for seed, (name, loss, normalised) in enumerate(
        itertools.product(ACTIVATIONS, LOSSES, (False, True))
    ):
        rng = np.random.default_rng(seed)
        output = {"cross-entropy": "sigmoid", "hinge": "identity"}.get(loss, "tanh")
        norms = tuple(BatchNorm(rng.normal(1, 0.2, n), rng.normal(0, 0.2, n)) for n in (8, 7, 2))
        problem = Problem(
            ((8, 3), (7, 8), (2, 7)), (name, name, output), loss, norms=norms * normalised
        )
        parameters = rng.normal(0, 0.7, problem.parameters)
        x, targets = rng.normal(0, 1, (32, 3)), rng.choice([0.0, 1.0], (32, 2))
        if loss != "cross-entropy":
            targets = 2 * targets - 1
        layers = leaves(problem, parameters, torch.float64)
        torch_loss(problem, layers, torch.tensor(x), torch.tensor(targets)).backward()
        theirs = np.concatenate([part.grad.numpy().ravel() for pair in layers for part in pair])
        ours = gradient(problem, parameters, x, targets)
        worst = max(worst, float(np.abs(ours - theirs).max() / np.abs(theirs).max()))
    return worst


def torch_steps(trainer: Trainer, steps: int, dtype: Any) -> Any:
    """The parameters after PyTorch's steps from the trainer's start, flat, in float64."""
    train, problem = trainer.train, trainer.problem
    layers = leaves(problem, trainer.state.parameters, dtype)
    weights, biases = [w for w, _ in layers], [b for _, b in layers]
    optimizer = optimizer_of(train.optimizer, weights, biases, train.l2)
    points = trainer.dataset.training
    chosen = batches.samples(train.seed, points, train.batch, 0, steps)
    hidden = tuple(rows for rows, _ in problem.shapes[:-1])
    masks = batches.masks(train.seed, train.dropout, hidden, 0, steps)
    inputs, targets = (torch.tensor(a, dtype=dtype) for a in (trainer.inputs, trainer.targets))
    for step, rate in enumerate(rates(train, 0, steps)):
        for group in optimizer.param_groups:
            group["lr"] = float(rate)
        optimizer.zero_grad()
        mask = None if masks is None else torch.tensor(masks[step], dtype=dtype)
        batch = torch.tensor(chosen[step])
        loss = torch_loss(problem, layers, inputs[batch], targets[batch], mask)
        loss = loss + train.l1 * sum(w.abs().sum() for w in weights)
        if not OPTIMIZERS[train.optimizer].decoupled:
            loss = loss + train.l2 / 2 * sum((w * w).sum() for w in weights)
        loss.backward()
        optimizer.step()
    parts = [part.detach().double().numpy().ravel() for pair in layers for part in pair]
    return np.concatenate(parts)


def preset_of(optimizer: str, loss: str) -> Preset:
    rate = 0.03 if optimizer in ("sgd", "momentum", "nesterov") else 0.003
    keys: dict[str, Any] = {"depth": 4, "width": 8, "init": "glorot_uniform", "activation": "tanh"}
    train = {
        "data": "spiral",
        "optimizer": optimizer,
        "loss": loss,
        "rate": rate,
        "schedule": "cosine",
        "l1": 1e-4,
        "l2": 1e-3,
        "dropout": 0.1,
    }
    return Preset().replace(**keys, **{f"train.{name}": value for name, value in train.items()})


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--steps", type=int, default=500)
    steps = options.parse_args().steps
    torch.set_num_threads(1)
    worst = gradients()
    bad = worst > GRADIENT
    count = 2 * len(ACTIVATIONS) * len(LOSSES)
    print(f"PyTorch {torch.__version__}")
    print(f"gradients of {count} networks, float64: largest relative difference {worst:.1e}")
    print(f"after {steps} steps, largest difference from PyTorch in float64:")
    print(f"{'optimizer':<10} {'loss':<14} {'cppn_gl':>10} {'PyTorch, float32':>18}")
    for optimizer, loss in itertools.product(OPTIMIZERS, LOSSES):
        trainer = Trainer(preset_of(optimizer, loss))
        exact, single = (torch_steps(trainer, steps, t) for t in (torch.float64, torch.float32))
        trainer.step(steps)
        ours, theirs = (
            float(np.abs(found - exact).max()) for found in (trainer.state.parameters, single)
        )
        bad |= ours > ROUNDING * theirs
        print(f"{optimizer:<10} {loss:<14} {ours:>10.1e} {theirs:>18.1e}")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
