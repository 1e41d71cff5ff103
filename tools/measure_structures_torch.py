"""PyTorch's side of measure_structures.py: needs only PyTorch and NumPy.

Reads stages from a folder, then commands: "THREADS FORMAT" evaluates them and prints the seconds.
The first one writes the outputs (channels, height, width) to the folder.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

FUNCTIONS: dict[str, Any] = {
    "identity": lambda x: x,
    "relu": torch.relu_,
    "tanh": torch.tanh_,
    "sigmoid": torch.sigmoid_,
}
FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


class Stages:
    """The stages, on planes padded with zeros, in a memory format."""

    def __init__(self, folder: Path, form: torch.memory_format):
        described = json.loads((folder / "stages.json").read_text())
        arrays = np.load(folder / "arrays.npz")
        margin = described["radius"]
        inner = slice(margin, -margin or None)
        source = torch.tensor(arrays["source"][None, :, inner, inner])
        self.source = source.contiguous(memory_format=form)
        self.tables = described["stages"]
        self.weights: dict[int, Any] = {}
        self.norms: dict[int, Any] = {}
        for number in range(len(self.tables)):
            if f"weight {number}" in arrays:
                weight = torch.tensor(arrays[f"weight {number}"]).contiguous(memory_format=form)
                self.weights[number] = weight, torch.tensor(arrays[f"bias {number}"])
            if f"norm {number}" in arrays:
                mean, factor, shift = torch.tensor(arrays[f"norm {number}"])
                self.norms[number] = mean, 1 / factor**2, torch.ones_like(mean), shift

    def run(self) -> torch.Tensor:
        last_use = {i: number for number, table in enumerate(self.tables) for i in table["inputs"]}
        values = {-1: self.source}
        for number, table in enumerate(self.tables):
            x = [values[i] for i in table["inputs"]]
            y = self._operation(number, table, x)
            if number in self.norms:
                mean, variance, gain, shift = self.norms[number]
                y = functional.batch_norm(y, mean, variance, gain, shift, eps=0)
            values[number] = FUNCTIONS[table["activation"]](y)
            for i in {i for i in table["inputs"] if last_use[i] == number}:
                del values[i]
        return values[number]

    def _operation(self, number: int, table: dict[str, Any], x: list[torch.Tensor]) -> torch.Tensor:
        kind = table["type"]
        if kind == "Conv":
            weight, bias = self.weights[number]
            reach = weight.shape[2] // 2 * table["dilation"]
            return functional.conv2d(
                x[0],
                weight,
                bias,
                padding=reach,
                dilation=table["dilation"],
                groups=table["groups"],
            )
        if kind == "MaxPool":
            return functional.max_pool2d(x[0], table["size"], 1, table["size"] // 2)
        if kind == "AvgPool":
            return functional.avg_pool2d(x[0], table["size"], 1, table["size"] // 2)
        if kind == "Concat":
            return torch.cat(x, 1)
        return torch.stack(x).sum(0) if len(x) > 2 else sum(x[1:], x[0]) + 0


def main() -> None:
    """Answer commands until the input ends."""
    folder = Path(sys.argv[1])
    networks: dict[str, Stages] = {}
    for line in sys.stdin:
        threads, form = line.split()
        torch.set_num_threads(int(threads))
        with torch.inference_mode():
            if form not in networks:
                networks[form] = Stages(folder, FORMATS[form])
            start = time.perf_counter()
            outputs = networks[form].run()
            seconds = time.perf_counter() - start
        if not (folder / "outputs.npy").exists():
            np.save(folder / "outputs.npy", outputs[0].contiguous().numpy())
        print(seconds, flush=True)


if __name__ == "__main__":
    main()
