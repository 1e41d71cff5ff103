"""The peers of measure_trainability.py: needs only NumPy, and PyTorch or JAX.

    python measure_trainability_peers.py torch-vmap|torch-bmm|jax FILE.npz

Each line of input trains all networks of the file once; the seconds are printed. The losses before
each step, (steps, n), are written beside the file: FILE.PEER.npy.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Data = dict[str, Any]


def torch_vmap(data: Data) -> Callable[[], Any]:
    """torch.func: vmap of grad_and_value of one network's loss."""
    import torch
    from torch.func import grad_and_value, vmap

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    tensors = {name: torch.tensor(value) for name, value in data.items()}
    inputs, targets = tensors["inputs"], tensors["targets"]

    def loss(one: Any) -> Any:
        w1, b1, w2, b2 = one
        hidden = torch.tanh(inputs @ w1.T + b1)
        return 0.5 * ((torch.tanh(hidden @ w2.T + b2) - targets) ** 2).sum(1).mean()

    step = vmap(grad_and_value(loss))

    def run() -> Any:
        found = []
        with torch.no_grad():
            now = [tensors[name] for name in ("w1", "b1", "w2", "b2")]
            rates = [tensors["rates"].reshape(-1, *[1] * (p.ndim - 1)) for p in now]
            for _ in range(int(data["steps"])):
                gradient, value = step(tuple(now))
                found.append(value)
                now = [p - r * g for p, r, g in zip(now, rates, gradient, strict=True)]
            return torch.stack(found).numpy()

    return run


def torch_bmm(data: Data) -> Callable[[], Any]:
    """Batched products, and the backward pass written by hand, in place where that is possible."""
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    tensors = {name: torch.tensor(value) for name, value in data.items()}
    n, points = len(tensors["rates"]), len(tensors["inputs"])
    inputs = tensors["inputs"].expand(n, -1, -1).contiguous()
    rate = tensors["rates"].reshape(-1, 1, 1)

    def run() -> Any:
        found = []
        with torch.inference_mode():
            w1, w2 = (tensors[name].clone() for name in ("w1", "w2"))
            b1, b2 = (tensors[name][:, None, :].clone() for name in ("b1", "b2"))
            for _ in range(int(data["steps"])):
                hidden = torch.baddbmm(b1, inputs, w1.mT).tanh_()
                outputs = torch.baddbmm(b2, hidden, w2.mT).tanh_()
                off = outputs - tensors["targets"]
                found.append(0.5 * off.square().sum(2).mean(1))
                off *= (1 - outputs.square()) / points
                before = torch.bmm(off, w2).mul_(1 - hidden.square())
                w2 -= rate * torch.bmm(off.mT, hidden)
                b2 -= rate * off.sum(1, keepdim=True)
                w1 -= rate * torch.bmm(before.mT, inputs)
                b1 -= rate * before.sum(1, keepdim=True)
            return torch.stack(found).numpy()

    return run


def jax(data: Data) -> Callable[[], Any]:
    """jit of vmap of a scan over the steps of one network."""
    import jax as library
    from jax import numpy as jnp

    inputs, targets = jnp.asarray(data["inputs"]), jnp.asarray(data["targets"])

    def loss(one: Any) -> Any:
        w1, b1, w2, b2 = one
        hidden = jnp.tanh(inputs @ w1.T + b1)
        return 0.5 * ((jnp.tanh(hidden @ w2.T + b2) - targets) ** 2).sum(1).mean()

    def train(one: Any, rate: Any) -> Any:
        def step(now: Any, _: None) -> Any:
            value, gradient = library.value_and_grad(loss)(now)
            return tuple(p - rate * g for p, g in zip(now, gradient, strict=True)), value

        return library.lax.scan(step, one, None, length=int(data["steps"]))[1]

    all_of_them = library.jit(library.vmap(train))
    start = tuple(jnp.asarray(data[name]) for name in ("w1", "b1", "w2", "b2"))
    rates = jnp.asarray(data["rates"])
    return lambda: np.asarray(all_of_them(start, rates).block_until_ready()).T


PEERS = {"torch-vmap": torch_vmap, "torch-bmm": torch_bmm, "jax": jax}


def main() -> None:
    """Answer each line of the input until it ends."""
    name, path = sys.argv[1], Path(sys.argv[2])
    run = PEERS[name](dict(np.load(path)))
    for number, _ in enumerate(sys.stdin):
        start = time.perf_counter()
        losses = run()
        seconds = time.perf_counter() - start
        if number == 0:  # it is compiled then
            np.save(path.with_suffix(f".{name}.npy"), losses)
        print(seconds, flush=True)


if __name__ == "__main__":
    main()
