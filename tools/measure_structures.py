"""Measures the stages of structures on planes, beside PyTorch, by turns in one run.

python tools/measure_structures.py [--torch PYTHON] [--rounds N] [--rows WORD …] [--tiles]

PYTHON is an interpreter that has PyTorch and NumPy (default: this one); without it only ours is
measured. Each row is a network at 640 × 360 points, one for each tap (`grid = 360`).

Ours is the native library on all threads: "stages" runs them over planes of features that have a
margin, so that all outputs are exact; "picture" is the whole way from features to colours, by
tiles. PyTorch is conv2d on planes of 640 × 360, padded with zeros, in inference mode: with one
thread and with two, contiguous and channels_last. Its outputs must agree with ours where the
padding has no influence. Times are in milliseconds, the best of all rounds; GFLOP/s count 2 for
each weight and point of 640 × 360, not our margins. `--tiles`: ours by the size of tiles.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cppn_gl.engines import grid as lattice_grid
from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.grid import GridEvaluator
from cppn_gl.engines.grid import lattices
from cppn_gl.nn.features import Clock
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.grid import run
from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.native_grid import NativeKernel
from cppn_gl.nn.network import Stage
from cppn_gl.nn.operations import Conv
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.tables import Viewport
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.native import library
from cppn_gl.utils.tasks import at_once
from cppn_gl.utils.threads import shared_out, thread_count

HERE = Path(__file__).parent
SIZE = WIDTH, HEIGHT = 640, 360
PAUSE = 0.1  # seconds between two: the threads of PyTorch spin for a while after their work
PEERS = [(threads, form) for threads in (1, 2) for form in ("contiguous", "channels_last")]

NAMES = {  # of activations in PyTorch's torch.nn.functional, or torch
    "identity": "identity",
    "relu": "relu",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
}


@dataclass
class Row:
    """Stages over planes of features (channels, height, width) with their margin."""

    name: str
    stages: Sequence[Stage]
    source: Float32
    network: GraphNetwork | None = None

    @property
    def operations(self) -> float:
        """2 for each weight at each point."""
        weights = [s.operation.weight.size for s in self.stages if isinstance(s.operation, Conv)]
        return 2.0 * sum(weights) * WIDTH * HEIGHT

    @property
    def radius(self) -> int:
        return self.stages[-1].radius

    def outputs(self) -> Float32:
        """What our stages give, (channels, height, width)."""
        for found in run(self.stages, self.source, NativeKernel()):
            assert found is not None
            units = found[2]
        assert units.shape[1:] == (HEIGHT, WIDTH)
        return np.asarray(units)

    def picture(self) -> None:
        """Draw the whole picture, from features to display values."""
        assert self.network
        lattices.clear()
        at_once(GridEvaluator(self.network, Viewport(), Clock()).draw(Region.of(SIZE)))

    def save(self, folder: Path) -> None:
        """Stages and features for another program: JSON, and arrays by the number of the stage."""
        arrays: dict[str, Any] = {"source": self.source}
        tables = []
        for number, stage in enumerate(self.stages):
            of = stage.operation
            table = {"type": type(of).__name__, "inputs": stage.inputs, "activation": "identity"}
            table["activation"] = NAMES[stage.activation]
            table |= {
                key: getattr(of, key) for key in ("size", "dilation", "groups") if hasattr(of, key)
            }
            if isinstance(of, Conv):
                arrays[f"weight {number}"], arrays[f"bias {number}"] = of.weight, of.bias
            if stage.normalize is not None:
                arrays[f"norm {number}"] = np.stack(stage.normalize.terms)
            tables.append(table)
        np.savez(folder / "arrays.npz", **arrays)
        (folder / "stages.json").write_text(json.dumps({"stages": tables, "radius": self.radius}))


def stack(width: int, depth: int = 10) -> Row:
    """3×3 layers of `width` channels over as many features."""
    rng = np.random.default_rng(width)
    stages = []
    for number in range(depth):
        weight = rng.standard_normal((width, width, 3, 3)) * np.sqrt(2 / (9 * width))
        conv = Conv(weight.astype(np.float32), rng.standard_normal(width).astype(np.float32))
        stages.append(Stage(conv, "relu", (number - 1,), width, radius=number + 1))
    assert stages[0].inputs == (SOURCE,)
    source = rng.standard_normal((width, HEIGHT + 2 * depth, WIDTH + 2 * depth))
    return Row(f"{depth} × 3×3, {width} channels", stages, source.astype(np.float32))


def structure(name: str, depth: int, width: int, more: str = "") -> Row:
    """A structure of cppn_gl, over x and y."""
    preset = parse_preset(
        f"[network]\nstructure = '{name}'\ndepth = {depth}\nwidth = {width}\ngrid = {HEIGHT}\n"
        f"activation = 'relu'\noutput_activation = 'tanh'\ninit = 'he_normal'\n{more}"
    )
    network = preset.network()
    assert isinstance(network, GraphNetwork)
    plan = lattice_grid.Plan(network, lattice_grid.Lattice.of(network, Viewport(), Region.of(SIZE)))
    assert plan.lattice.k == 1
    margin, lattice = network.radius, plan.lattice
    left, top, right, bottom = lattice.rectangle(Region.of(SIZE))
    x = lattice.x(np.arange(left - margin, right + margin))
    y = lattice.y(np.arange(top - margin, bottom + margin))
    features = network.features(*np.meshgrid(x, y), Clock())
    source = np.ascontiguousarray(np.moveaxis(features, -1, 0), np.float32)
    words = f"{name}, depth {depth}, width {width}"
    return Row(words, network.stages, source, network)


def rows() -> list[Callable[[], Row]]:
    normal = "[normalize]\nwhich = 'all'\n"
    return [
        lambda: stack(32),
        lambda: stack(10),
        lambda: structure("vgg", 11, 32),
        lambda: structure("vgg", 11, 10),
        lambda: structure("conv", 11, 32, normal),
        lambda: structure("nin", 11, 32),
        lambda: structure("inception", 6, 32),
        lambda: structure("resnet", 11, 32),
    ]


class Torch:
    """PyTorch in another process: it reads a row from a folder, and then commands."""

    def __init__(self, python: str, folder: Path):
        self._process = subprocess.Popen(
            [python, str(HERE / "measure_structures_torch.py"), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.error = 0.0

    def run(self, threads: int, form: str) -> float:
        """Evaluate once; the seconds that it took."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{threads} {form}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"it ended with {self._process.wait()}")
        return float(answer)

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


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


def timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def error(row: Row, folder: Path) -> float:
    """The largest difference between PyTorch's outputs and ours, of values of about 1."""
    ours, theirs = row.outputs(), np.load(folder / "outputs.npy")
    inner = slice(row.radius, -row.radius or None)
    ours, theirs = ours[:, inner, inner], theirs[:, inner, inner]
    return float(np.abs(ours - theirs).max() / max(1.0, np.abs(theirs).max()))


def compare(python: str, rounds: int, words: Sequence[str]) -> None:
    """Print a line for each row."""
    names = ["stages", "picture", *(f"PyTorch {n} {form}" for n, form in PEERS)]
    print(f"| structure | {' | '.join(names)} | ours / best | GFLOP/s | of peak | difference |")
    print("|---" * (len(names) + 5) + "|")
    for make in rows():
        row = make()
        if words and not any(word in row.name for word in words):
            continue
        with tempfile.TemporaryDirectory(prefix="cppn_gl-") as name, ExitStack() as stack:
            folder, found = Path(name), dict[str, Callable[[], float]]()
            found["stages"] = lambda row=row: timed(row.outputs)  # type: ignore[misc]
            if row.network:
                found["picture"] = lambda row=row: timed(row.picture)  # type: ignore[misc]
            row.save(folder)
            difference = float("nan")
            try:
                torch = Torch(python, folder)
                stack.callback(torch.close)
                torch.run(*PEERS[0])
                difference = error(row, folder)
                for peer, label in zip(PEERS, names[2:], strict=True):
                    found[label] = lambda peer=peer, torch=torch: torch.run(*peer)  # type: ignore[misc]
            except (OSError, RuntimeError) as problem:
                print(f"without PyTorch: {problem}", file=sys.stderr)
            times: dict[str, list[float]] = {label: [] for label in found}
            for one in found.values():
                one()
            for _ in range(rounds):
                for label, one in found.items():
                    times[label].append(one())
                    time.sleep(PAUSE)
            top = peak()
        best = {label: min(all) for label, all in times.items()}
        theirs = min((best[label] for label in names[2:] if label in best), default=float("nan"))
        cells = [f"{1e3 * best[label]:.0f}" if label in best else "" for label in names]
        speed = row.operations / best["stages"]
        print(
            f"| {row.name} | {' | '.join(cells)} | {best['stages'] / theirs:.2f} "
            f"| {speed / 1e9:.0f} | {speed / top:.0%} | {difference:.0e} |",
            flush=True,
        )
    print(
        f"\nload {os.getloadavg()[0]:.1f}, {thread_count()} threads, peak {top / 1e9:.0f} GFLOP/s"
    )


def tiles(rounds: int, words: Sequence[str]) -> None:
    """Print the time of pictures by the bytes of a tile's planes."""
    sizes = [2**n * 2**20 for n in range(1, 9)]
    print("| structure | " + " | ".join(f"{size >> 20} MB" for size in sizes) + " |")
    print("|---" * (len(sizes) + 1) + "|")
    for make in rows():
        row = make()
        if row.network is None or (words and not any(word in row.name for word in words)):
            continue
        times: dict[int, list[float]] = {size: [] for size in sizes}
        for _ in range(rounds):
            for size in sizes:
                lattice_grid.PIECE = size
                times[size].append(timed(row.picture))
        cells = " | ".join(f"{1e3 * min(all):.0f}" for all in times.values())
        print(f"| {row.name} | {cells} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--torch", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=9, metavar="N")
    parser.add_argument("--rows", nargs="*", default=[], metavar="WORD", help="whose name has it")
    parser.add_argument("--tiles", action="store_true")
    options = parser.parse_args()
    if options.tiles:
        tiles(options.rounds, options.rows)
    else:
        compare(options.torch, options.rounds, options.rows)


if __name__ == "__main__":
    main()
