"""Compares the trained network with known answers, and its numbers with PyTorch's.

    python tools/compare_trained.py [--pictures FOLDER]

SqueezeNet sees the 20 labelled photographs of the package foolbox 3.3.4 (MIT), which pip fetches
into a temporary folder; or the files imagenet_NN_CLASS.* of a FOLDER. Expected: 13 right at the
first guess, and 20 among the first five. Where torch is installed, SqueezeNet and the network of
tests/nn/vision/small.onnx are compared with its float64: the scores, and the gradient of the best
one by the picture. Exit status 1 if anything differs.
"""

import argparse
import contextlib
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cppn_gl import Classifier
from cppn_gl.nn.image_file import shipped_image
from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.vision import operations as of
from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.nn.vision.onnx_file import read
from cppn_gl.nn.vision.running import backward, finished, forward
from cppn_gl.nn.vision.target import Target

FOOLBOX = "foolbox==3.3.4"
EXPECTED = (13, 20)  # right at the first guess, and among the first five
SMALL = Path(__file__).parents[1] / "tests" / "nn" / "vision" / "small.onnx"
EXACT, SINGLE = 1e-10, 2e-5  # relative errors of float64 and of float32


@contextlib.contextmanager
def pictures(folder: Path | None) -> Iterator[list[Path]]:
    """The labelled photographs, sorted by name."""
    with tempfile.TemporaryDirectory() as temporary:
        if folder is None:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            subprocess.run([*command, "--dest", temporary, FOOLBOX], check=True)
            for wheel in Path(temporary).glob("*.whl"):
                with zipfile.ZipFile(wheel) as archive:
                    archive.extractall(temporary)
            folder = Path(temporary) / "foolbox" / "data"
        found = sorted(folder.glob("imagenet_[0-9][0-9]_*"))
        if not found:
            raise SystemExit(f"{folder}: no files imagenet_NN_CLASS")
        yield found


def guessed(files: list[Path]) -> tuple[int, int]:
    """Print what the network sees in each, and count the right answers."""
    classifier = Classifier("squeezenet")
    first = among = 0
    for path in files:
        (label,) = map(int, re.findall(r"_(\d+)\.\w+$", path.name))
        with Image.open(path) as image:
            names, shares = classifier.probabilities(image)
        best = np.argsort(-shares, kind="stable")[:5]
        first += best[0] == label
        among += label in best
        mark = "1st" if best[0] == label else "top 5" if label in best else "no"
        answer = f"{names[best[0]]} {shares[best[0]]:.2f}"
        print(f"{path.name:22} {names[label]:28.28} {mark:6} {answer}")
    print(f"first {first} of {len(files)}, among the first five {among} of {len(files)}")
    return int(first), int(among)


def torch_units(network: ImageNetwork, x: Any) -> list[tuple[Any, Any]]:
    """The pre-activations and units of each stage, by PyTorch."""
    import torch
    from torch.nn import functional as nn

    def tensor(array: Any) -> Any:
        return torch.tensor(np.array(array), dtype=x.dtype)

    found: list[tuple[Any, Any]] = []
    for stage in network.stages:
        op: Any = stage.operation
        inputs = [x if i == SOURCE else found[i][1] for i in stage.inputs]
        a = inputs[0]
        if isinstance(op, of.Conv2d):
            top, left, bottom, right = op.padding
            a = nn.pad(a, (left, right, top, bottom))
            pre = nn.conv2d(
                a, tensor(op.weight), tensor(op.bias), op.stride, 0, op.dilation, op.groups
            )
        elif isinstance(op, of.Linear):
            pre = nn.linear(a.flatten(1), tensor(op.weight), tensor(op.bias))[..., None, None]
        elif isinstance(op, of.MaxPool2d):
            pre = nn.max_pool2d(a, op.size, op.stride, op.padding[:2], ceil_mode=op.ceil)
        elif isinstance(op, of.AvgPool2d):
            counts = {"count_include_pad": op.count_padding}
            pre = nn.avg_pool2d(a, op.size, op.stride, op.padding[:2], op.ceil, **counts)
        elif isinstance(op, of.Concatenate):
            pre = torch.cat(inputs, 1)
        elif isinstance(op, of.Pad2d):
            top, left, bottom, right = op.padding
            pre = nn.pad(a, (left, right, top, bottom))
        else:
            pre = _FUNCTIONS[type(op)](op, a, inputs)
        units = pre if stage.activation == "identity" else getattr(torch, stage.activation)(pre)
        found.append((pre, units))
    return found


_FUNCTIONS: dict[type, Callable[[Any, Any, list[Any]], Any]] = {
    of.GlobalAvgPool: lambda op, a, inputs: a.mean((2, 3), keepdim=True),
    of.Softmax: lambda op, a, inputs: a.softmax(1),
    of.Sum: lambda op, a, inputs: sum(inputs[1:], start=a),
    of.Product: lambda op, a, inputs: a * inputs[1],
    of.LeakyRelu: lambda op, a, inputs: a.where(a > 0, a * op.factor),
    of.Clip: lambda op, a, inputs: a.clamp(op.low, op.high),
    of.Identity: lambda op, a, inputs: a,
}


def compared(name: str, network: ImageNetwork, picture: Any) -> bool:
    """Print the errors of a network's numbers beside PyTorch's. Return whether they are small."""
    import torch

    x = torch.tensor(picture[None], dtype=torch.float64, requires_grad=True)
    expected = torch_units(network, x)
    reference = list(network.reference(picture))
    scores = expected[network.logits][0].detach().numpy().ravel()
    target = Target.of_class(network, int(scores.argmax()))
    stage = expected[target.stage][0][0, target.channel]
    (stage.mean() if target.place is None else stage[target.place]).backward()
    done = finished(forward(network, picture.astype(np.float32)))
    gradient = finished(backward(done, target.seed(done), before=target.before))
    results = {
        "units, float64": (
            max(
                _error(units, wanted.detach().numpy()[0])
                for (_, units), (_, wanted) in zip(reference, expected, strict=True)
            ),
            EXACT,
        ),
        "scores, float32": (_error(done.logits, scores), SINGLE),
        "gradient, float32": (_error(gradient, x.grad.numpy()[0]), SINGLE),
    }
    for what, (error, limit) in results.items():
        print(f"{name:12} {what:18} largest error {error:.1e} of the largest value")
        if error > limit:
            print(f"  expected at most {limit:.0e}")
    return all(error <= limit for error, limit in results.values())


def _error(found: Any, expected: Any) -> float:
    return float(np.abs(np.asarray(found, np.float64) - expected).max() / np.abs(expected).max())


def main() -> int:
    """Compare everything. Return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="with imagenet_NN_CLASS.*")
    with pictures(parser.parse_args().pictures) as files:
        good = guessed(files) == EXPECTED
    if find_spec("torch") is None:
        print("torch is not installed: its numbers are not compared")
        return int(not good)
    squeezenet = Classifier("squeezenet")
    with Image.open(shipped_image("cat")) as image:
        cat = squeezenet.preset.preprocess.tensor(np.asarray(image.convert("RGB")))
    good &= compared("squeezenet", squeezenet.network, cat.astype(np.float64))
    model = read(SMALL)
    assert model.channels is not None
    assert model.size is not None
    small = ImageNetwork.of_nodes(model.nodes, model.channels, model.size)
    good &= compared("small.onnx", small, np.load(SMALL.with_suffix(".npz"))["x"])
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
