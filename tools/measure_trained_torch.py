"""PyTorch's side of measure_trained.py: needs only PyTorch and NumPy.

Reads a network from a folder, then commands: "THREADS FORMAT KIND" runs it and prints the seconds
of time and of processor time.
The results of each kind are written to the folder.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


class GuidedReLU(nn.Module):
    """A ReLU whose gradient passes only where it is positive, too."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.ReLU()
        self.inner.register_full_backward_hook(lambda _, into, out: (into[0].clamp(min=0),))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x)


class Stages:
    """The network, in a memory format."""

    def __init__(self, folder: Path, form: Any):
        self.tables = json.loads((folder / "stages.json").read_text())
        arrays = np.load(folder / "arrays.npz")
        self.source = torch.tensor(arrays["source"][None]).contiguous(memory_format=form)
        self.weights = {
            name: self._weight(arrays[name], form) for name in arrays.files if name != "source"
        }

    @staticmethod
    def _weight(array: Any, form: Any) -> torch.Tensor:
        found = torch.tensor(array)
        return found.contiguous(memory_format=form) if found.dim() == 4 else found

    def scores(self, x: torch.Tensor, *, guided: bool) -> torch.Tensor:
        values = {-1: x}
        for k, table in enumerate(self.tables):
            y = self._operation(k, table, [values[i] for i in table["inputs"]])
            if table["activation"] == "relu":
                y = GuidedReLU()(y) if guided else torch.relu_(y)
            values[k] = y
        return y.flatten()

    def _operation(self, k: int, table: dict[str, Any], x: list[torch.Tensor]) -> torch.Tensor:
        kind, weight = table["type"], self.weights.get(f"weight {k}")
        if kind == "Conv2d":
            top, left, bottom, right = table["padding"]
            given = x[0]
            if (top, left) != (bottom, right):
                given, top, left = functional.pad(given, (left, right, top, bottom)), 0, 0
            return functional.conv2d(
                given, weight, self.weights[f"bias {k}"], tuple(table["stride"]), (top, left),
                tuple(table["dilation"]), table["groups"],
            )  # fmt: skip
        if kind == "Linear":
            flat = x[0].contiguous().flatten(1)
            return functional.linear(flat, weight, self.weights[f"bias {k}"])[..., None, None]
        if kind == "MaxPool2d":
            return functional.max_pool2d(
                x[0], table["size"], table["stride"], table["padding"][:2], ceil_mode=table["ceil"]
            )
        if kind == "GlobalAvgPool":
            return x[0].mean((2, 3), keepdim=True)
        if kind == "AvgPool2d":
            return functional.avg_pool2d(
                x[0], table["size"], table["stride"], table["padding"][:2],
                table["ceil"], table["count_padding"],
            )  # fmt: skip
        if kind == "Concatenate":
            return torch.cat(x, 1)
        if kind == "Sum":
            return sum(x[1:], x[0])
        if kind in ("Flatten", "Identity"):
            return x[0]
        raise ValueError(kind)

    def run(self, kind: str) -> torch.Tensor:
        """The scores, or the gradient of the largest one by the picture."""
        if kind == "forward":
            with torch.inference_mode():
                return self.scores(self.source, guided=False)
        x = self.source.clone().requires_grad_()
        self.scores(x, guided=kind == "guided").max().backward()
        assert x.grad is not None
        return x.grad[0]


def main() -> None:
    """Answer commands until the input ends."""
    folder = Path(sys.argv[1])
    networks: dict[str, Stages] = {}
    for line in sys.stdin:
        threads, form, kind = line.split()
        torch.set_num_threads(int(threads))
        if form not in networks:
            networks[form] = Stages(folder, FORMATS[form])
        start, own = time.perf_counter(), time.process_time()
        found = networks[form].run(kind)
        seconds = time.perf_counter() - start, time.process_time() - own
        if not (folder / f"{kind}.npy").exists():
            np.save(folder / f"{kind}.npy", found.contiguous().numpy())
        print(*seconds, flush=True)


if __name__ == "__main__":
    main()
