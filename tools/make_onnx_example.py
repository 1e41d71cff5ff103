"""Makes tests/nn/vision/small.onnx: a small network exported by PyTorch, with PyTorch's numbers.

python tools/make_onnx_example.py [FOLDER]

Needs torch, onnx and onnxscript. Beside the file it writes small.npz: an input, the output of every
layer that is compared, and the gradient of one output by the input, in float64.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

HERE = Path(__file__).parents[1] / "tests" / "nn" / "vision"


class Small(nn.Module):
    """Of each kind of layer one: for pictures of 2 channels, 13 rows and 17 columns."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 6, (3, 5), stride=(2, 1), padding=(1, 2))
        self.norm = nn.BatchNorm2d(6)
        self.grouped = nn.Conv2d(6, 6, 3, padding=2, dilation=2, groups=3, bias=False)
        self.narrow = nn.Conv2d(6, 4, 1)
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.average = nn.AvgPool2d(3, 2, padding=1, count_include_pad=False)
        self.dropped = nn.Dropout(0.5)
        self.dense = nn.Linear(10 * 2 * 2, 7)
        self.last = nn.Linear(7, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.norm(self.first(x)))
        x = self.pool(x)
        x = torch.cat([x + nn.functional.leaky_relu(self.grouped(x), 0.2), self.narrow(x)], 1)
        x = nn.functional.relu6(x) * torch.sigmoid(x.mean((2, 3), keepdim=True))
        x = self.average(nn.functional.pad(x, (1, 0, 0, 1)))
        x = nn.functional.max_pool2d(x, (1, 2), (1, 2))
        x = torch.tanh(self.dense(self.dropped(torch.flatten(x, 1))))
        return torch.softmax(self.last(x), 1)


def main() -> None:
    """Write both files."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    torch.manual_seed(5)
    model = Small().eval()
    for name, one in model.state_dict().items():
        if name.startswith("norm") and one.is_floating_point():
            one.uniform_(0.5, 1.5)
    x = torch.randn(1, 2, 13, 17)
    path = folder / "small.onnx"
    torch.onnx.export(model, (x,), str(path), dynamo=True, external_data=False, verbose=False)
    stripped(path)
    model, x = model.double(), x.double().requires_grad_()
    y = model(x)
    y[0, 2].log().backward()
    numbers = {"x": x.detach(), "y": y.detach(), "gradient": x.grad}
    np.savez_compressed(folder / "small.npz", **{n: v[0].numpy() for n, v in numbers.items()})
    print(path, path.stat().st_size, (folder / "small.npz").stat().st_size)


def stripped(path: Path) -> None:
    """Without the exporter's notes, which are most of the file and name its own paths."""
    import onnx

    model = onnx.load(path)
    for one in (*model.graph.node, *model.graph.value_info, *model.graph.input, model.graph):
        del one.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
    del model.graph.value_info[:]
    onnx.save(model, path)


main()
