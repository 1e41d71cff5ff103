"""Measures trainings a second of small networks, beside PyTorch and JAX, by turns in one run.

python tools/measure_trainability.py [--python PYTHON] [--rounds N] [--growth]

PYTHON is an interpreter that has PyTorch and JAX (default: this one); one that is missing is left
out, with a reason. All train the same networks of one hidden layer, tanh and a squared loss, on 16
points with full batches, each at a rate of its own, in float32 on the processor: torch.func.vmap,
PyTorch's batched products with the backward pass by hand, and JAX's jit of vmap of scan. What they
compile is not counted. The losses must agree. `--growth` measures only ours, by steps, width and
number of trainings, and fits a power to each.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cppn_gl import Preset, Trainer
from cppn_gl.nn.training.dense_trainer import DenseTrainer
from cppn_gl.nn.training.many import Variants, losses
from cppn_gl.utils.native import library
from cppn_gl.utils.tasks import at_once
from cppn_gl.utils.threads import thread_count

SCRIPT = Path(__file__).parent / "measure_trainability_peers.py"
PAUSE = 0.2  # seconds between two: the threads of PyTorch spin for a while after their work
POINTS = 16
FEATURES = (
    *("x", "y", "x2", "y2", "xy", "r", "one", "sin_x", "cos_x", "sin_y", "cos_y"),
    *("sin_2x", "cos_2x", "sin_2y", "cos_2y", "sin_3x"),
)


@dataclass
class Row:
    """`count` trainings of inputs -> width -> 1 with so many steps."""

    inputs: int
    width: int
    steps: int
    count: int

    @property
    def name(self) -> str:
        return f"{self.inputs}→{self.width}→1, {self.steps} steps, {self.count} trainings"

    def trainer(self) -> DenseTrainer:
        found = Trainer(
            Preset().replace(
                **{
                    "network.inputs": FEATURES[: self.inputs],
                    "network.depth": 2,
                    "network.width": self.width,
                    "network.init": "glorot_uniform",
                    "train.data": "moons",
                    "train.points": POINTS,
                    "train.test_fraction": 0,
                    "train.batch": POINTS,
                    "train.loss": "squared",
                }
            )
        )
        assert isinstance(found, DenseTrainer)
        return found

    def variants(self, trainer: DenseTrainer) -> Variants:
        """Rates of 0.01 to 0.3: all converge."""
        return replace(
            Variants.like(trainer, self.count), rates=np.geomspace(0.01, 0.3, self.count)
        )

    def described(self, trainer: DenseTrainer) -> dict[str, Any]:
        """All of it as arrays."""
        found: dict[str, Any] = {"steps": self.steps}
        parts = trainer.problem.split(trainer.state.parameters)
        for number, (weight, bias) in enumerate(parts, 1):
            found[f"w{number}"] = np.repeat(weight[None], self.count, 0)
            found[f"b{number}"] = np.repeat(bias[None], self.count, 0)
        found["rates"] = self.variants(trainer).rates.astype(np.float32)
        return found | {"inputs": trainer.inputs, "targets": trainer.targets}


ROWS = [Row(2, 8, 100, 2048), Row(16, 16, 500, 128)]


class Ours:
    """Our trainings."""

    def __init__(self, row: Row):
        self._row, self._trainer = row, row.trainer()
        self._variants = row.variants(self._trainer)
        self.losses: Any = None

    def run(self) -> float:
        """The seconds that all trainings take."""
        start = time.perf_counter()
        self.losses = at_once(losses(self._trainer, self._variants, self._row.steps))
        return time.perf_counter() - start


class Peer:
    """A process that trains the networks of a file."""

    def __init__(self, python: str, name: str, path: Path):
        self._kept = path.with_suffix(f".{name}.npy")
        threads = str(thread_count())
        self._process = subprocess.Popen(
            [python, str(SCRIPT), name, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": threads, "JAX_PLATFORMS": "cpu"},
        )

    def run(self) -> float:
        assert self._process.stdin
        assert self._process.stdout
        assert self._process.stderr
        try:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
            return float(self._process.stdout.readline())
        except (OSError, ValueError):
            self._process.wait()
            last = self._process.stderr.read().strip().splitlines()
            raise RuntimeError(last[-1] if last else "it ended") from None

    @property
    def losses(self) -> Any:
        return np.load(self._kept)

    def close(self) -> None:
        assert self._process.stdin
        with self._process:
            self._process.stdin.close()


def compare(python: str, rounds: int) -> None:
    """Print a table for each row."""
    for row in ROWS:
        with tempfile.TemporaryDirectory(prefix="cppn_gl-") as folder, ExitStack() as stack:
            path = Path(folder, "row.npz")
            np.savez(path, **row.described(row.trainer()))
            found: dict[str, Any] = {"ours": Ours(row)}
            found["ours"].run()
            for name in ("torch-vmap", "torch-bmm", "jax"):
                peer = Peer(python, name, path)
                stack.callback(peer.close)
                try:
                    peer.run()
                    found[name] = peer
                except RuntimeError as error:
                    print(f"without {name}: {error}", file=sys.stderr)
            ours = found["ours"].losses
            times: dict[str, list[float]] = {name: [] for name in found}
            for _ in range(rounds):
                for name, one in found.items():
                    times[name].append(one.run())
                    time.sleep(PAUSE)
            native = library()
            isa = native.isa if native else "NumPy"
            load = os.getloadavg()[0]
            print(f"\n{row.name}; {isa}, {thread_count()} threads, load {load:.1f}")
            print("| | trainings/s, median | best | ours / it, medians | loss differs by |")
            print("|---|---|---|---|---|")
            for name, all_of_it in times.items():
                median, best = float(np.median(all_of_it)), min(all_of_it)
                off = float(np.abs(found[name].losses / ours - 1).max())
                print(
                    f"| {name} | {row.count / median:,.0f} | {row.count / best:,.0f} "
                    f"| {median / np.median(times['ours']):.1f} | {off:.0e} |",
                    flush=True,
                )


def growth(rounds: int) -> None:
    """Print our times by steps, width and number of trainings, and the power of each."""
    base = Row(2, 16, 200, 2048)
    for name, values in (
        ("steps", (50, 100, 200, 400, 800)),
        ("width", (2, 4, 8, 16, 32, 64)),
        ("count", (128, 512, 2048, 8192)),
    ):
        print(f"\n| {name} | seconds, best | trainings/s |\n|---|---|---|")
        bests = []
        for value in values:
            row = replace(base, **{name: value})
            one = Ours(row)
            one.run()
            bests.append(min(one.run() for _ in range(rounds)))
            print(f"| {value} | {bests[-1]:.4f} | {row.count / bests[-1]:,.0f} |", flush=True)
        some = slice(-3, None)  # the largest ones
        power = np.polyfit(np.log(values[some]), np.log(bests[some]), 1)[0]
        print(f"time grows as {name}^{power:.2f} (of the last three)")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure trainings of many small networks.")
    parser.add_argument("--python", default=sys.executable, help="an interpreter with the peers")
    parser.add_argument("--rounds", type=int, default=7, help="default: %(default)s")
    parser.add_argument("--growth", action="store_true", help="only ours, by size")
    options = parser.parse_args()
    if options.growth:
        growth(options.rounds)
    else:
        compare(options.python, options.rounds)


if __name__ == "__main__":
    main()
