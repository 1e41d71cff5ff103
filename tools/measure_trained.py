"""Measures image networks forward and back, beside PyTorch, by turns in one run.

python tools/measure_trained.py [--torch PYTHON] [--rounds N] [--rows WORD …] [--gl]

PYTHON is an interpreter that has PyTorch and NumPy; without it only ours is measured. Networks:
SqueezeNet v1.1 (extra "trained"; with random weights if it is missing), and small ones with random
weights that are built like VGG and ResNet. "forward" computes all scores, "gradient" these and the
gradient of one of them by the picture, "guided" the same by guided backpropagation, in PyTorch by
hooks.

"native N" is the native library on N threads, "numpy" is NumPy on one. PyTorch runs with as many,
contiguous and channels_last, without gradients of weights. Its numbers must agree with ours.
`--gl`: by compute shaders, too. Times are in milliseconds: the best of all rounds, the median, and
the least processor time of all threads, which depends less on what else the machine does.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cppn_gl.engines.gl.context import open_context
from cppn_gl.engines.gl.vision import GLKernel
from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.vision.native_kernel import NativeKernel
from cppn_gl.nn.vision.network import ImageNetwork, ImageNode
from cppn_gl.nn.vision.operations import (
    Concatenate,
    Conv2d,
    GlobalAvgPool,
    ImageOperation,
    Linear,
    MaxPool2d,
    Sum,
)
from cppn_gl.nn.vision.running import Kernel, NumPyKernel, Pass, backward, finished, forward
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.native import library
from cppn_gl.utils.threads import one_thread

HERE = Path(__file__).parent
PAUSE = 0.05  # seconds between two: the threads of PyTorch spin for a while after their work
KINDS = ("forward", "gradient", "guided")
PEERS = [(n, form) for n in (1, 2) for form in ("contiguous", "channels_last")]


class Builder:
    """Nodes with random weights."""

    def __init__(self) -> None:
        self.nodes: list[ImageNode] = []
        self._rng = np.random.default_rng(0)

    def add(self, of: ImageOperation, inputs: Sequence[int], activation: str = "identity") -> int:
        self.nodes.append(ImageNode(f"{len(self.nodes)}", of, activation, tuple(inputs)))
        return len(self.nodes) - 1

    def conv(
        self, into: int, out: int, kernel: int, before: int, stride: int = 1, act: str = "relu"
    ) -> int:
        scale = np.sqrt(2 / (into * kernel * kernel))
        weight = self._rng.normal(0, scale, (out, into, kernel, kernel)).astype(np.float32)
        bias = self._rng.normal(0, 0.1, out).astype(np.float32)
        pad = kernel // 2
        return self.add(Conv2d(weight, bias, (stride,) * 2, (pad,) * 4), [before], act)

    def pool(self, before: int, size: int = 2, *, ceil: bool = False) -> int:
        return self.add(MaxPool2d((size, size), (2, 2), ceil=ceil), [before])

    def dense(self, into: int, out: int, before: int, activation: str = "identity") -> int:
        weight = self._rng.normal(0, np.sqrt(2 / into), (out, into)).astype(np.float32)
        return self.add(Linear(weight, np.zeros(out, np.float32)), [before], activation)

    def network(self, side: int) -> ImageNetwork:
        return ImageNetwork.of_nodes(self.nodes, 3, (side, side))


def squeezenet() -> ImageNetwork:
    """SqueezeNet v1.1, trained if it is there."""
    try:
        from cppn_gl.nn.vision.squeezenet import read

        nodes = read(None, None).nodes
        return ImageNetwork.of_nodes(nodes, 3, (227, 227))
    except (ImportError, PresetError) as error:
        print(f"SqueezeNet with random weights: {error}")
    b = Builder()
    x = b.conv(3, 64, 3, SOURCE, 2)
    into = 64
    for number, squeezed in enumerate((16, 16, 32, 32, 48, 48, 64, 64)):
        if number in (0, 2, 4):
            x = b.pool(x, 3, ceil=True)
        x, out = b.conv(into, squeezed, 1, x), 4 * squeezed
        x = b.add(Concatenate(), [b.conv(squeezed, out, 1, x), b.conv(squeezed, out, 3, x)])
        into = 2 * out
    b.add(GlobalAvgPool(), [b.conv(into, 1000, 1, x)])
    return b.network(227)


def vgg() -> ImageNetwork:
    """3×3 convolutions of 32 to 128 channels, pools and dense layers; pictures of 128×128."""
    b, x, into = Builder(), SOURCE, 3
    for out in (32, 64, 128):
        x = b.pool(b.conv(out, out, 3, b.conv(into, out, 3, x)))
        into = out
    b.dense(512, 100, b.dense(128 * 16 * 16, 512, x, "relu"))
    return b.network(128)


def resnet() -> ImageNetwork:
    """Residual blocks of 32 to 128 channels; pictures of 128×128."""
    b = Builder()
    x, into = b.conv(3, 32, 7, SOURCE, 2), 32
    for out in (32, 64, 128):
        stride = 1 if out == into else 2
        short = x if out == into else b.conv(into, out, 1, x, stride, "identity")
        inner = b.conv(into, out, 3, x, stride)
        x, into = b.add(Sum(), [short, b.conv(out, out, 3, inner, act="identity")], "relu"), out
        inner = b.conv(out, out, 3, x)
        x = b.add(Sum(), [x, b.conv(out, out, 3, inner, act="identity")], "relu")
    b.dense(into, 100, b.add(GlobalAvgPool(), [x]))
    return b.network(128)


NETWORKS: dict[str, Callable[[], ImageNetwork]] = {
    "squeezenet": squeezenet,
    "vgg-like": vgg,
    "resnet-like": resnet,
}


def save(network: ImageNetwork, source: Float32, folder: Path) -> None:
    """A network and a picture for another program: JSON, and arrays by the number of the stage."""
    arrays, tables = {"source": source}, []
    for k, stage in enumerate(network.stages[: network.logits + 1]):
        of, table = stage.operation, {"type": type(stage.operation).__name__}
        weights = getattr(of, "names", ())
        for name in weights:
            arrays[f"{name} {k}"] = getattr(of, name)
        if is_dataclass(of) and not weights:
            table |= asdict(of)
        if isinstance(of, Conv2d):
            table |= {key: getattr(of, key) for key in ("stride", "padding", "dilation", "groups")}
        tables.append({**table, "inputs": stage.inputs, "activation": stage.activation})
    np.savez(folder / "arrays.npz", **arrays)  # type: ignore[arg-type]
    (folder / "stages.json").write_text(json.dumps(tables))


def ours(network: ImageNetwork, source: Float32, kernel: Kernel, kind: str) -> Float32:
    """The scores, or the gradient of the largest one."""
    done: Pass = finished(forward(network, source, kernel=kernel, until=network.logits))
    if kind == "forward":
        return done.pre[-1].reshape(-1)
    seed = np.zeros(network.stages[network.logits].shape, np.float32)
    seed.reshape(-1)[done.pre[-1].argmax()] = 1
    rule: Any = "guided" if kind == "guided" else "gradient"
    return finished(backward(done, {network.logits: seed}, before=True, rule=rule))


class Peer:
    """PyTorch in a process of its own, which reads commands and prints seconds."""

    def __init__(self, python: str, folder: Path):
        self.folder = folder
        self._process = subprocess.Popen(
            [python, str(HERE / "measure_trained_torch.py"), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def seconds(self, threads: int, form: str, kind: str) -> tuple[float, float]:
        """What one run takes there: wall time and processor time."""
        assert self._process.stdin
        assert self._process.stdout
        print(threads, form, kind, file=self._process.stdin, flush=True)
        wall, own = map(float, self._process.stdout.readline().split())
        return wall, own

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def measured(
    name: str,
    network: ImageNetwork,
    python: str | None,
    rounds: int,
    more: dict[str, Kernel],
) -> None:
    """Print a network's times."""
    source = np.random.default_rng(5).normal(0, 60, network.picture).astype(np.float32)
    kernels: dict[str, Kernel] = {"numpy": NumPyKernel()}
    if library() is not None:
        kernels |= {f"native {n}": NativeKernel(threads=n) for n in (1, 2)}
    kernels |= more
    weights = f"{network.parameters:,} weights".replace(",", " ")
    print(f"\n{name}: {len(network.stages)} stages, {weights}, pictures {network.picture}")
    with tempfile.TemporaryDirectory() as folder:
        save(network, source, Path(folder))
        peer = Peer(python, Path(folder)) if python else None
        try:
            for kind in KINDS:
                _kind(kind, network, source, kernels, peer, rounds)
        finally:
            if peer is not None:
                peer.close()


def _kind(
    kind: str,
    network: ImageNetwork,
    source: Float32,
    kernels: dict[str, Kernel],
    peer: Peer | None,
    rounds: int,
) -> None:
    times: dict[str, list[tuple[float, float]]] = {}
    for turn in range(rounds + 1):  # the first warms up
        for name, kernel in kernels.items():
            with one_thread():
                start, own = time.perf_counter(), time.process_time()
                found = ours(network, source, kernel, kind)
                seconds = time.perf_counter() - start, time.process_time() - own
            if turn:
                times.setdefault(name, []).append(seconds)
            time.sleep(PAUSE)
        for threads, form in PEERS if peer is not None else ():
            assert peer is not None
            seconds = peer.seconds(threads, form, kind)
            if turn:
                times.setdefault(f"PyTorch {threads} {form}", []).append(seconds)
            time.sleep(PAUSE)
    print(f"  {kind}")
    for name, several in times.items():
        walls, own = [wall for wall, _ in several], min(own for _, own in several)
        numbers = (1e3 * n for n in (min(walls), statistics.median(walls), own))
        print("    {:24} {:8.1f}   median {:8.1f}   processor {:8.1f}".format(name, *numbers))
    if peer is not None:
        theirs = np.load(peer.folder / f"{kind}.npy").reshape(found.shape)
        off = np.abs(theirs - found).max() / np.abs(found).max()
        print(f"    greatest difference from PyTorch, of the largest number: {off:.1e}")
        for threads in (1, 2):
            if f"native {threads}" in times:
                peers = [t for n, t in times.items() if n.startswith(f"PyTorch {threads}")]
                parts = []
                for which, word in ((0, "time"), (1, "processor time")):
                    own = min(both[which] for both in times[f"native {threads}"])
                    theirs_least = min(both[which] for t in peers for both in t)
                    parts.append(f"{word} {own / theirs_least:.2f}")
                print(f"    native {threads} / PyTorch {threads}: {', '.join(parts)}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", 1)[0])
    parser.add_argument("--torch", metavar="PYTHON", help="an interpreter that has PyTorch")
    parser.add_argument("--rounds", type=int, default=10, help="default: %(default)s")
    parser.add_argument("--rows", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    parser.add_argument("--gl", action="store_true", help="with the compute shaders")
    options = parser.parse_args(arguments)
    more: dict[str, Kernel] = {"OpenGL": GLKernel(open_context())} if options.gl else {}
    for name in options.rows:
        measured(name, NETWORKS[name](), options.torch, options.rounds, more)
    return 0


if __name__ == "__main__":
    sys.exit(main())
