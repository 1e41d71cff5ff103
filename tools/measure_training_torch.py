"""PyTorch's side of measure_training.py: needs only PyTorch. Reads a row as JSON, then commands.

"run N": do N steps, print the seconds. "loss 0": print ½ |y - t|², the mean over all data.
"""

import json
import os
import sys
import time
from pathlib import Path

import torch

ACTIVATIONS = {
    "tanh": torch.nn.Tanh,
    "relu": torch.nn.ReLU,
    "sigmoid": torch.nn.Sigmoid,
    "identity": torch.nn.Identity,
}


def main() -> None:
    """Answer commands until the input ends."""
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    row = json.loads(Path(sys.argv[1]).read_text())
    parts = []
    for layer in row["layers"]:
        weight = torch.tensor(layer["weight"])
        dense = torch.nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            dense.weight.copy_(weight)
            dense.bias.copy_(torch.tensor(layer["bias"]))
        parts += [dense, ACTIVATIONS[layer["activation"]]()]
    model = torch.nn.Sequential(*parts)
    chosen = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[row["optimizer"]]
    optimizer = chosen(model.parameters(), lr=row["rate"])
    inputs, targets = torch.tensor(row["inputs"]), torch.tensor(row["targets"])
    batches = [(inputs[order], targets[order]) for order in torch.tensor(row["order"])]
    done = 0
    for line in sys.stdin:
        word, count = line.split()
        if word == "loss":
            with torch.no_grad():
                print(0.5 * float(((model(inputs) - targets) ** 2).sum(1).mean()), flush=True)
            continue
        start = time.perf_counter()
        for step in range(done, done + int(count)):
            x, wanted = batches[step % len(batches)]
            optimizer.zero_grad()
            loss = 0.5 * ((model(x) - wanted) ** 2).sum(1).mean()
            loss.backward()
            optimizer.step()
        done += int(count)
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main()
