"""Peers: other libraries that compute the same picture, for `bench --against`.

    network (tanh, sigmoid out) -> Peer.load; (N, 2) float32 -> Peer.ready -> choose -> draw: (N, 3)

Only `draw` is timed, not computing the inputs, copying the weights or choosing the batch size.
"""

import importlib
import importlib.util
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.network import Network
from cppn_gl.utils.arrays import Float32

PEERS = ("numpy", "torch", "jax")
SAMPLE = 32_768  # points on which smaller batch sizes are compared
NOISY = 0.2  # seconds; a shorter run is repeated
SHORT = 1e-3  # seconds; shorter runs do not end the scan of batch sizes
WORSE = 1.5  # times as slow as the best: larger batches will not be faster


def missing(name: str) -> str | None:
    """Why a peer is not available and how to install it, in one line; None if it is available.

    Does not import it, which takes seconds.
    """
    try:
        found = importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        found = False
    if found:
        return None
    install = f"python -m pip install {name}"
    return f"the Python package {name} is missing; run `{install}`, or leave {name} out"


def open_peers(names: Sequence[str]) -> "dict[str, Peer]":
    """The peers with these names of PEERS. With a GPU, "torch" gives two of them."""
    peers: list[Peer] = []
    if "numpy" in names:
        peers.append(NumpyPeer())
    if "torch" in names:
        torch = importlib.import_module("torch")  # not a dependency, so mypy cannot check it
        peers.append(TorchPeer(torch))
        if torch.cuda.is_available():
            peers.append(CompiledPeer(torch))
    if "jax" in names:
        peers.append(JaxPeer(importlib.import_module("jax")))
    return {peer.name: peer for peer in peers}


def seconds_of(work: Callable[[], Any]) -> float:
    """Time `work`, in seconds."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def seconds_at_best(work: Callable[[], Any]) -> float:
    """Time `work`, in seconds; the better of two runs if it is short."""
    took = seconds_of(work)
    return took if took > NOISY else min(took, seconds_of(work))


class Peer:
    """Evaluates a network at given points, in batches."""

    name = ""
    label = ""  # description in the report
    batches: tuple[int, ...] = ()  # batch sizes in points to try, besides all points at once
    on_gpu = False  # whether results are computed on a GPU, where `draw_on_gpu` leaves them
    fixed = False  # whether a different number of points costs seconds of preparation
    compiles = False  # whether a batch size's first run compiles

    def __init__(self) -> None:
        self.count = self.batch = 0

    def load(self, network: Network) -> None:
        """Take a network's weights. Raises ValueError unless it is tanh with a sigmoid output."""
        *hidden, last = (layer.activation for layer in network.layers)
        if set(hidden) - {"tanh"} or last != "sigmoid":
            raise ValueError("peers only support tanh layers with a sigmoid output layer")
        self._load([(layer.weight, layer.bias) for layer in network.layers])

    def ready(self, inputs: Float32) -> None:
        """Take the points, (N, inputs) float32, and allocate memory. Not timed."""
        self.count = len(inputs)
        self.batch = min(self.count, 8192)
        self._ready(inputs)

    def choose(self) -> None:
        """Find the fastest batch size by a quick scan, from small batches to all points at once."""
        best = float("inf")
        for batch in [*(b for b in self.batches if b < self.count), self.count]:
            count = min(self.count, max(batch, SAMPLE))
            try:
                if self.compiles:
                    self._run(batch, count)
                took = seconds_at_best(partial(self._run, batch, count))
            except (MemoryError, RuntimeError):  # PyTorch raises RuntimeError if out of memory
                if batch == self.count and best == float("inf"):
                    raise
                continue
            if took / count < best:
                best, self.batch = took / count, batch
            elif took / count > WORSE * best and took > SHORT:
                break

    def draw(self) -> Any:
        """The outputs at all points, (N, 3), in main memory."""
        return self._run(self.batch, self.count)

    def draw_on_gpu(self) -> Any:
        """The outputs at all points, left on the GPU if they are computed there."""
        return self.draw()

    def _load(self, layers: list[tuple[Float32, Float32]]) -> None:
        raise NotImplementedError

    def _ready(self, inputs: Float32) -> None:
        raise NotImplementedError

    def _run(self, batch: int, count: int) -> Any:
        """The outputs at the first `count` points, `batch` points at a time."""
        raise NotImplementedError


class NumpyPeer(Peer):
    """float32 matrix products and np.tanh, in tiles that fit the cache, without allocations."""

    name = "numpy"
    batches = (1024, 2048, 8192, 32_768)

    def __init__(self) -> None:
        super().__init__()
        self.label = f"NumPy {np.__version__}, float32, best tile size"

    def _load(self, layers: list[tuple[Float32, Float32]]) -> None:
        self._layers = [(np.ascontiguousarray(weight.T), bias) for weight, bias in layers]
        self._widths = sorted({len(bias) for _, bias in layers})

    def _ready(self, inputs: Float32) -> None:
        self._inputs = inputs
        self._out = np.empty((self.count, len(self._layers[-1][1])), np.float32)
        self._buffers: dict[tuple[int, int, int], Float32] = {}

    def _run(self, batch: int, count: int) -> Float32:
        with np.errstate(over="ignore"):  # exp(-x) may overflow: 1 / inf = 0 is right
            for start in range(0, count, batch):
                self._tile(start, min(start + batch, count))
        return self._out[:count]

    def _tile(self, start: int, stop: int) -> None:
        y = self._inputs[start:stop]
        for number, (weight, bias) in enumerate(self._layers, 1):
            last = number == len(self._layers)
            z = self._out[start:stop] if last else self._buffer(stop - start, len(bias), number % 2)
            np.matmul(y, weight, out=z)
            z += bias
            if last:
                np.exp(np.negative(z, out=z), out=z)
                np.reciprocal(np.add(z, 1, out=z), out=z)
            else:
                np.tanh(z, out=z)
            y = z

    def _buffer(self, rows: int, columns: int, side: int) -> Float32:
        key = rows, columns, side
        if key not in self._buffers:
            self._buffers = {k: b for k, b in self._buffers.items() if k[0] == rows}
            self._buffers[key] = np.empty((rows, columns), np.float32)
        return self._buffers[key]


class TorchPeer(Peer):
    """PyTorch in inference mode, eager, on the GPU if there is one, else on the CPU."""

    name = "torch"

    def __init__(self, torch: Any):
        super().__init__()
        self.torch = torch
        self.on_gpu = torch.cuda.is_available()
        self._device = torch.device("cuda" if self.on_gpu else "cpu")
        if self.on_gpu:
            self.batches = (2**18, 2**20, 2**22)
            where = f"{torch.cuda.get_device_name()}, float32 without TF32, read back as uint8"
        else:
            self.batches = (1024, 4096, 16_384, 65_536, 262_144)
            where = "result as float32"
        self.label = f"PyTorch {torch.__version__}, {where}, best batch size"

    def _load(self, layers: list[tuple[Float32, Float32]]) -> None:
        send = self._send
        self._layers = [(send(weight), send(bias)) for weight, bias in layers]

    def _send(self, array: Float32) -> Any:
        return self.torch.tensor(array).to(self._device)

    def _ready(self, inputs: Float32) -> None:
        self._inputs = self._send(inputs)
        shape = self.count, len(self._layers[-1][1])
        self._out = self.torch.empty(shape, device=self._device)

    def _forward(self, y: Any) -> Any:
        linear = self.torch.nn.functional.linear
        for weight, bias in self._layers[:-1]:
            y = linear(y, weight, bias).tanh_()
        return linear(y, *self._layers[-1]).sigmoid_()

    def _values(self, batch: int, count: int) -> Any:
        if batch >= count:
            return self._forward(self._inputs[:count])
        for start in range(0, count, batch):
            stop = min(start + batch, count)
            self._out[start:stop] = self._forward(self._inputs[start:stop])
        return self._out[:count]

    def _run(self, batch: int, count: int) -> NDArray[Any]:
        with self.torch.inference_mode():
            values = self._values(batch, count)
            if self.on_gpu:  # quantised on the GPU, which copies a quarter of the bytes
                values = (values * 255 + 0.5).clamp_(0, 255).to(self.torch.uint8).cpu()
            return np.asarray(values.numpy())

    def draw_on_gpu(self) -> Any:
        """The float32 outputs, left on the GPU, after it has finished."""
        with self.torch.inference_mode():
            values = self._values(self.batch, self.count)
            if self.on_gpu:
                self.torch.cuda.synchronize()
            return values


class CompiledPeer(TorchPeer):
    """PyTorch with torch.compile, all points at once."""

    name = "torch-compiled"
    fixed = True

    def __init__(self, torch: Any):
        super().__init__(torch)
        self.batches = ()
        self.label = self.label.replace("best batch size", "torch.compile, all pixels at once")

    def _ready(self, inputs: Float32) -> None:
        super()._ready(inputs)
        self.batch = self.count
        self.torch.compiler.reset()  # else it silently runs eagerly after a few shapes
        self._compiled = self.torch.compile(super()._forward, dynamic=False)
        self.draw()

    def _forward(self, y: Any) -> Any:
        return self._compiled(y)


class JaxPeer(Peer):
    """JAX, compiled by jax.jit for each batch size, on its default device."""

    name = "jax"
    compiles = True

    def __init__(self, jax: Any):
        super().__init__()
        self._jax = jax
        device = jax.devices()[0]
        self.on_gpu = device.platform != "cpu"
        if self.on_gpu:
            self.batches = (2**18, 2**20, 2**22)
            where = f"{device.device_kind}, float32 without TF32, read back as uint8"
        else:
            self.batches = (4096, 16_384, 65_536)
            where = "result as float32"
        self.label = f"JAX {jax.__version__}, jit, {where}, best batch size"
        self._compiled = jax.jit(self._forward)

    def _load(self, layers: list[tuple[Float32, Float32]]) -> None:
        send = self._jax.numpy.asarray
        self._layers = [(send(weight.T), send(bias)) for weight, bias in layers]

    def _ready(self, inputs: Float32) -> None:
        self._inputs = inputs
        self._sent: dict[tuple[int, int], Any] = {}  # on the device: points from … to …
        dtype = np.uint8 if self.on_gpu else np.float32
        self._out = np.empty((self.count, len(self._layers[-1][1])), dtype)

    def _forward(self, layers: list[tuple[Any, Any]], y: Any) -> Any:
        numpy = self._jax.numpy
        for weight, bias in layers[:-1]:
            y = numpy.tanh(numpy.matmul(y, weight, precision="highest") + bias)
        weight, bias = layers[-1]
        y = self._jax.nn.sigmoid(numpy.matmul(y, weight, precision="highest") + bias)
        if self.on_gpu:  # quantised on the GPU, as by TorchPeer
            y = numpy.clip(y * 255 + 0.5, 0, 255).astype(numpy.uint8)
        return y

    def _values(self, batch: int, count: int) -> dict[tuple[int, int], Any]:
        """The outputs on the device, by the points from … to …; still being computed."""
        batches = [(k, min(k + batch, count)) for k in range(0, count, batch)]
        if not self._sent.keys() >= set(batches):
            self._sent = {b: self._jax.device_put(self._inputs[slice(*b)]) for b in batches}
        return {b: self._compiled(self._layers, self._sent[b]) for b in batches}

    def _run(self, batch: int, count: int) -> NDArray[Any]:
        values = self._values(batch, count)
        if len(values) == 1:
            return np.asarray(*values.values())
        for (start, stop), value in values.items():
            self._out[start:stop] = value
        return self._out[:count]

    def draw_on_gpu(self) -> Any:
        return self._jax.block_until_ready(self._values(self.batch, self.count))
