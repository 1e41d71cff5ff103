"""Measures training steps a second, beside PyTorch and ConvNetJS, by turns in one run.

python tools/measure_training.py [--torch PYTHON] [--rounds N] [--growth]

PYTHON is an interpreter that has PyTorch (default: this one). ConvNetJS 0.3.0 needs Node and npm,
which installs it into a temporary folder. A peer that is missing is left out, with a reason.

Each row is one network, with the same first weights, data and batches for all. PyTorch is its eager
loop on the processor (zero_grad, forward, backward, step) with batches already gathered, with one
thread and with two. ConvNetJS computes in float64, one sample at a time; its trainer divides
gradients by the batch's size. First all do the same steps, and their losses must agree; then each
is timed for about SLICE seconds by turns. `--growth` measures only ours, by width, depth and batch.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cppn_gl.nn.training.data import dataset_of, targets
from cppn_gl.nn.training.native_steps import NativeSteps
from cppn_gl.nn.training.options import Train
from cppn_gl.nn.training.state import Problem, State
from cppn_gl.utils.native import library
from cppn_gl.utils.threads import shared_out, thread_count

HERE = Path(__file__).parent
SLICE = 0.4  # seconds of one measurement
SHORT = 0.004  # seconds where only ours is measured: other programs do not interrupt each of them
PAUSE = 0.15  # seconds between two: the threads of PyTorch spin for a while after their work
CONVNETJS = "convnetjs@0.3.0"
BATCHES = 64  # different ones, at most


@dataclass
class Row:
    """A network and its training."""

    name: str
    problem: Problem
    rate: float
    inputs: Any  # (N, n_in) float32
    targets: Any  # (N, n_out) float32
    order: Any  # (batches, batch) indices
    checked: int  # steps after which losses are compared

    @property
    def operations(self) -> float:
        """Of a step: 2 a multiply-add, forwards and backwards; not those of layer 1's inputs."""
        rows, columns = self.problem.shapes[0]
        products = 3 * sum(a * b for a, b in self.problem.shapes) - rows * columns
        return 2.0 * products * len(self.order[0])

    def state(self) -> State:
        """Weights uniform on ±√(3 / columns), of variance 1 / columns; biases uniform on ±0.1."""
        rng, parts = np.random.default_rng(7), []
        for rows, columns in self.problem.shapes:
            parts.append(rng.uniform(-1, 1, rows * columns) * np.sqrt(3 / columns))
            parts.append(rng.uniform(-0.1, 0.1, rows))
        parameters = np.concatenate(parts).astype(np.float32)
        return State(0, parameters, np.zeros((self.problem.moments, parameters.size), np.float32))

    def described(self) -> dict[str, Any]:
        """All of it as JSON."""
        weights = [
            {"weight": weight.tolist(), "bias": bias.tolist(), "activation": name}
            for (weight, bias), name in zip(
                self.problem.split(self.state().parameters), self.problem.activations, strict=True
            )
        ]
        return {
            "layers": weights,
            "optimizer": self.problem.optimizer,
            "rate": self.rate,
            "inputs": self.inputs.tolist(),
            "targets": self.targets.tolist(),
            "order": self.order.tolist(),
        }


class Ours:
    """Our steps, `count` at a time, batches gathered in that time as `Trainer` does."""

    def __init__(self, row: Row):
        native = library()
        assert native is not None
        self.row, self.state, self.done = row, row.state(), 0
        self._steps = NativeSteps(row.problem, native)

    def run(self, count: int) -> float:
        """Do so many steps; the seconds that they took."""
        start = time.perf_counter()
        some = max(1, 2**20 // self.row.order.shape[1])
        for first in range(0, count, some):
            number = np.arange(self.done, self.done + min(some, count - first))
            chosen = self.row.order[number % len(self.row.order)]
            rates = np.full(len(number), self.row.rate, np.float32)
            batch = self.row.inputs[chosen], self.row.targets[chosen]
            self._steps.advance(self.state, *batch, rates)
            self.done += len(number)
        return time.perf_counter() - start

    def loss(self) -> float:
        """½ |y - t|², the mean over all data."""
        units = self.row.inputs.astype(np.float64)
        for (weight, bias), name in zip(
            self.row.problem.split(self.state.parameters), self.row.problem.activations, strict=True
        ):
            units = FUNCTIONS[name](units @ weight.T + bias)
        return float(np.square(units - self.row.targets).sum(axis=1).mean() / 2)


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "identity": lambda x: x,
}


class Peer:
    """A program that trains: it reads the row from a file, and then commands from its input."""

    def __init__(self, command: list[str], row: Path, environment: dict[str, str] | None = None):
        self._process = subprocess.Popen(
            [*command, str(row)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | (environment or {}),
        )
        self._ask("loss", 0)

    def _ask(self, word: str, count: int) -> float:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{word} {count}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"it ended with {self._process.wait()}")
        return float(answer)

    def run(self, count: int) -> float:
        return self._ask("run", count)

    def loss(self) -> float:
        return self._ask("loss", 0)

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


def network(
    depth: int, width: int, outputs: int, activations: tuple[str, str], optimizer: str
) -> Problem:
    """So many hidden layers over two inputs; the activations of hidden units and of outputs."""
    hidden, last = activations
    widths = [2, *[width] * depth, outputs]
    shapes = tuple((rows, columns) for columns, rows in itertools.pairwise(widths))
    return Problem(shapes, (*[hidden] * depth, last), "squared", optimizer)


def playground() -> Row:
    """The Playground's largest: 500 points of the spiral, half of them tests; batches of 10."""
    train = Train(data="spiral", loss="squared")
    data = dataset_of(train)
    kept = slice(data.training)
    inputs = np.stack([data.x, data.y], 1)[kept].astype(np.float32)
    wanted = targets(data, "squared")[kept].astype(np.float32)
    order = np.random.default_rng(1).permuted(
        np.tile(np.arange(data.training), (BATCHES, 1)), axis=1
    )[:, :10]
    problem = network(6, 8, 1, ("tanh", "tanh"), "sgd")
    return Row("Playground 6x8, batch 10, tanh, sgd", problem, 0.03, inputs, wanted, order, 200)


def painting(hidden: str, optimizer: str, rate: float) -> Row:
    """ConvNetJS's painting: 200 x 200 pixels of a picture of waves, batches of 4096."""
    y, x = np.meshgrid(*2 * [np.linspace(-1, 1, 200)], indexing="ij")
    waves = [np.sin(3 * x + 2 * y), np.cos(5 * x * y), np.sin(4 * np.hypot(x, y))]
    wanted = np.stack(waves, -1).reshape(-1, 3) / 2 + 0.5
    inputs = np.stack([x, y], -1).reshape(-1, 2)
    order = np.random.default_rng(1).integers(0, len(inputs), (16, 4096))
    problem = network(7, 20, 3, (hidden, "sigmoid"), optimizer)
    name = f"painting 7x20, batch 4096, {hidden}, {optimizer}"
    data = inputs.astype(np.float32), wanted.astype(np.float32)
    return Row(name, problem, rate, *data, order, checked=5)


def rows() -> list[Row]:
    return [
        playground(),
        painting("tanh", "adam", 1e-3),
        painting("relu", "adam", 1e-3),
        painting("relu", "sgd", 1e-2),
    ]


def peak() -> float:
    """Floating-point operations a second, on all threads, in registers."""
    native = library()
    assert native is not None
    best, threads = 0.0, range(thread_count())
    for _ in range(100):
        start, done = time.perf_counter(), []
        shared_out(lambda n: done.append(native.peak(150)), threads)  # noqa: B023
        best = max(best, sum(done) / (time.perf_counter() - start))
    return best


def peers(row: Row, torch: str, convnet: Path | None, stack: ExitStack, folder: str) -> Any:
    """All that train the row, by name."""
    path = Path(folder, "row.json")
    path.write_text(json.dumps(row.described()))
    found: dict[str, Any] = {"ours": Ours(row)}
    script = [torch, str(HERE / "measure_training_torch.py")]
    programs: dict[str, tuple[list[str], dict[str, str]]] = {
        f"PyTorch, {threads}": (script, {"OMP_NUM_THREADS": str(threads)}) for threads in (1, 2)
    }
    if convnet and row.problem.optimizer == "sgd":
        programs["ConvNetJS"] = (
            ["node", str(HERE / "measure_training.js")],
            {"NODE_PATH": str(convnet)},
        )
    for name, (command, environment) in programs.items():
        try:
            found[name] = Peer(command, path, environment)
            stack.callback(found[name].close)
        except (OSError, RuntimeError) as error:
            print(f"without {name}: {error}", file=sys.stderr)
    return found


def measured(found: dict[str, Any], rounds: int) -> dict[str, list[float]]:
    """Seconds a step of each, by turns."""
    counts = {name: max(1, int(SLICE / (one.run(3) / 3))) for name, one in found.items()}
    times: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(rounds):
        for name, one in found.items():
            times[name].append(one.run(counts[name]) / counts[name])
            time.sleep(PAUSE)
    return times


def compare(torch: str, rounds: int) -> None:
    """Print a table for each row."""
    with tempfile.TemporaryDirectory(prefix="cppn_gl-") as folder:
        convnet = installed(folder)
        for row in rows():
            with ExitStack() as stack:
                found = peers(row, torch, convnet, stack, folder)
                for one in found.values():
                    one.run(row.checked)
                losses = {name: one.loss() for name, one in found.items()}
                agree = np.allclose(list(losses.values()), losses["ours"], rtol=1e-3)
                top = peak()
                times = measured(found, rounds)
            print(f"\n{row.name}; load {os.getloadavg()[0]:.1f}, {thread_count()} threads")
            words = ", ".join(f"{name} {loss:.7f}" for name, loss in losses.items())
            print(f"loss after {row.checked} steps: {words}{'' if agree else '  DIFFERENT'}")
            print("| | steps/s, median | best | GFLOP/s | of peak | ours / it, medians | bests |")
            print("|---|---|---|---|---|---|---|")
            median = {name: float(np.median(all)) for name, all in times.items()}
            for name, all in times.items():
                speed = row.operations / median[name]
                print(
                    f"| {name} | {1 / median[name]:.0f} | {1 / min(all):.0f} | {speed / 1e9:.1f} "
                    f"| {speed / top:.0%} | {median[name] / median['ours']:.1f} "
                    f"| {min(all) / min(times['ours']):.1f} |",
                    flush=True,
                )


def installed(folder: str) -> Path | None:
    """The folder of ConvNetJS, installed by npm; None where that is not possible."""
    try:
        subprocess.run(
            ["npm", "install", "--silent", "--ignore-scripts", "--prefix", folder, CONVNETJS],
            check=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"without ConvNetJS: {error}", file=sys.stderr)
        return None
    return Path(folder, "node_modules")


def growth(rounds: int) -> None:
    """Print times by width, depth and batch."""
    top = peak()
    print(f"load {os.getloadavg()[0]:.1f}, {thread_count()} threads, peak {top / 1e9:.0f} GFLOP/s")
    print("| network | batch | parameters | ms a step, median | best | GFLOP/s at best | of peak |")
    print("|---|---|---|---|---|---|---|")
    sizes = [(7, width, 1024) for width in (4, 8, 16, 20, 32, 64, 128, 256, 512)]
    sizes += [(depth, 32, 1024) for depth in (1, 2, 4, 8, 16, 32, 64)]
    sizes += [(7, 20, batch) for batch in (1, 10, 64, 256, 1024, 4096, 16384)]
    sizes += [(64, 512, 10), (64, 512, 256)]
    for depth, width, batch in sizes:
        rng = np.random.default_rng(1)
        problem = network(depth, width, 3, ("tanh", "sigmoid"), "adam")
        x, y = (rng.uniform(-1, 1, (batch, n)).astype(np.float32) for n in (2, 3))
        row = Row("", problem, 1e-4, x, y, np.arange(batch)[None], 1)
        ours = Ours(row)
        count = max(1, int(SHORT / (ours.run(3) / 3)))
        times: list[float] = []
        end = time.perf_counter() + rounds * SLICE
        while time.perf_counter() < end or len(times) < 3:
            times.append(ours.run(count) / count)
        median = float(np.median(times))
        speed = row.operations / min(times)
        print(
            f"| {depth}x{width} | {batch} | {problem.parameters} | {1e3 * median:.4f} "
            f"| {1e3 * min(times):.4f} | {speed / 1e9:.1f} | {speed / top:.0%} |",
            flush=True,
        )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--torch", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=9, metavar="N")
    parser.add_argument("--growth", action="store_true")
    options = parser.parse_args()
    if options.growth:
        growth(options.rounds)
    else:
        compare(options.torch, options.rounds)


if __name__ == "__main__":
    main()
