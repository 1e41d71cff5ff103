"""Train the example networks with PyTorch: a photograph in three ways, and a signed distance.

python examples/networks/train.py siren|fourier|nerf|distance [--steps N] [--threads N]

Needs torch, safetensors and scikit-image (which brings SciPy); cppn_gl itself needs none of them.
Each run takes some minutes on one core, and writes NAME.safetensors beside this file: the model's
state_dict under PyTorch's own names, with metadata that say what these do not.

Coordinates are those of cppn_gl: x to the right, y up, and the picture's shorter side is [-1, 1].
"""

import argparse
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

FOLDER = Path(__file__).parent
WIDTH = 128


class Sine(nn.Module):
    """sin(ω (W x + b)), with the initialisation of Sitzmann et al. 2020, section 3.2."""

    def __init__(self, inputs: int, outputs: int, omega: float, *, first: bool = False):
        super().__init__()
        self.omega = omega
        self.linear = nn.Linear(inputs, outputs)
        limit = 1 / inputs if first else math.sqrt(6 / inputs) / omega
        nn.init.uniform_(self.linear.weight, -limit, limit)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(self.omega * self.linear(x))


class Siren(nn.Module):
    """A SIREN: sine layers, and a linear output layer (Sitzmann et al. 2020)."""

    def __init__(self, width: int, hidden: int, outputs: int, omega: float):
        super().__init__()
        layers = [Sine(2, width, omega, first=True)]
        layers += [Sine(width, width, omega) for _ in range(hidden - 1)]
        last = nn.Linear(width, outputs)
        limit = math.sqrt(6 / width) / omega
        nn.init.uniform_(last.weight, -limit, limit)
        nn.init.zeros_(last.bias)
        self.net = nn.Sequential(*layers, last)

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)

    def metadata(self) -> dict[str, str]:
        *sines, _ = self.net
        omega = str(sines[0].omega)
        activations = ",".join(["sin"] * len(sines) + ["identity"])
        return {"activations": activations, "omega": omega, "hidden_omega": omega}


def perceptron(inputs: int, hidden: int) -> nn.Sequential:
    """`hidden` layers of WIDTH with ReLU, and three outputs with a sigmoid."""
    sizes = [inputs, *[WIDTH] * hidden]
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(WIDTH, 3), nn.Sigmoid())


class Fourier(nn.Module):
    """Random Fourier features sin(2π B x), cos(2π B x) of a Gaussian B (Tancik et al. 2020)."""

    def __init__(self, features: int = WIDTH, sigma: float = 5.0):
        super().__init__()
        self.register_buffer("B", torch.randn(features, 2) * sigma)
        self.net = perceptron(2 * features, 3)

    def forward(self, x: Tensor) -> Tensor:
        turns = 2 * math.pi * x @ self.B.T
        return self.net(torch.cat([turns.sin(), turns.cos()], -1))

    def metadata(self) -> dict[str, str]:
        return {"activations": "relu,relu,relu,sigmoid", "fourier_order": "sin,cos"}


class Nerf(nn.Module):
    """Positional encoding: x, y, then sin(2ᵏ π x), sin(2ᵏ π y), cos(2ᵏ π x), cos(2ᵏ π y).

    For k from 0, with x and y themselves, in the order of NeRF's code (Mildenhall et al. 2020).
    """

    def __init__(self, frequencies: int = 7):
        super().__init__()
        self.frequencies = frequencies
        self.net = perceptron(2 + 4 * frequencies, 4)

    def forward(self, x: Tensor) -> Tensor:
        encoded = [x]
        for k in range(self.frequencies):
            encoded += [torch.sin(2**k * math.pi * x), torch.cos(2**k * math.pi * x)]
        return self.net(torch.cat(encoded, -1))

    def metadata(self) -> dict[str, str]:
        steps = ["", *(2**k for k in range(1, self.frequencies))]
        waves = [f"{f}_{step}{v}" for step in steps for f in ("sin", "cos") for v in "xy"]
        activations = "relu,relu,relu,relu,sigmoid"
        return {"activations": activations, "inputs": ",".join(["x", "y", *waves]), "period": "2"}


def photograph() -> tuple[Tensor, Tensor]:
    """Chelsea the cat: points (pixels, 2), and colours from 0 to 1 (pixels, 3)."""
    from skimage.data import chelsea

    picture = torch.tensor(chelsea() / 255, dtype=torch.float32)
    height, width = picture.shape[:2]
    side = min(height, width)
    x = (2 * torch.arange(width) + 1 - width) / side
    y = (height - 1 - 2 * torch.arange(height)) / side  # row 0 is on top
    points = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)
    return points.reshape(-1, 2), picture.reshape(-1, 3)


def flower(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A function that is negative inside a flower with a hole, a stem, and two leaves."""
    px, py = x, y - 0.42
    angle, r = np.arctan2(px, py), np.hypot(px, py)
    petals = r - 0.36 - 0.17 * np.cos(6 * angle)
    hole = 0.13 - r
    blossom = np.maximum(petals, hole)
    along = np.clip(y, -0.95, -0.08)
    stem = np.hypot(x - 0.10 * np.sin(3 * (along + 0.2)), y - along) - 0.035
    parts = [blossom, stem]
    for side, height in ((1, -0.55), (-1, -0.38)):
        lx, ly = side * x - 0.42, y - height - 0.12
        u, v = lx * 0.87 + ly * 0.5, -lx * 0.5 + ly * 0.87  # along and across the leaf
        parts.append(np.hypot(u, np.abs(v) + 0.26) - 0.40)  # between two arcs
    return np.minimum.reduce(parts)


def signed_distance(points: np.ndarray) -> np.ndarray:
    """The distance (N,) of points (N, 2) from the flower's outline, negative inside."""
    from scipy.spatial import cKDTree
    from skimage.measure import find_contours

    steps = np.linspace(-2, 2, 2001)  # the outline is within
    x, y = np.meshgrid(steps, steps)
    outlines = find_contours(flower(x, y), 0)
    places = np.concatenate(outlines)[:, ::-1] * (steps[1] - steps[0]) + steps[0]
    distance, _ = cKDTree(places).query(points)
    return np.sign(flower(*points.T)) * distance


def distances() -> tuple[Tensor, Tensor]:
    """Points up to 2.4 to the sides and 1.6 up and down, many near the outline; their distances."""
    random = np.random.default_rng(1)
    points = random.uniform((-2.4, -1.6), (2.4, 1.6), (200_000, 2))
    near = points[np.argsort(np.abs(signed_distance(points)))[:50_000]]
    points = np.concatenate([points[:100_000], near, near + random.normal(0, 0.02, near.shape)])
    values = signed_distance(points)[:, None]
    return torch.tensor(points, dtype=torch.float32), torch.tensor(values, dtype=torch.float32)


def train(model: nn.Module, points: Tensor, values: Tensor, steps: int, rate: float) -> None:
    """Adam on the mean squared error of random batches; the rate falls to 0 along a cosine."""
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for step in range(1, steps + 1):
        batch = torch.randint(len(points), (8192,))
        loss = nn.functional.mse_loss(model(points[batch]), values[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 250 == 0 or step == steps:
            print(f"step {step}: mean squared error {loss.item():.2e}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("network", choices=["siren", "fourier", "nerf", "distance"])
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    if args.network == "distance":
        model, rate, (points, values) = Siren(64, 4, 1, omega=20.0), 1e-3, distances()
    elif args.network == "siren":
        model, rate, (points, values) = Siren(WIDTH, 4, 3, omega=30.0), 1e-3, photograph()
        values = 2 * values - 1  # from -1 to 1, as in the paper
    elif args.network == "fourier":
        model, rate, (points, values) = Fourier(), 2e-3, photograph()
    else:
        model, rate, (points, values) = Nerf(), 2e-3, photograph()
    train(model, points, values, args.steps, rate)
    metadata = model.metadata()
    if args.network == "siren":
        metadata["output_range"] = "-1,1"
    save_file(model.state_dict(), args.folder / f"{args.network}.safetensors", metadata)
    with torch.no_grad():
        error = nn.functional.mse_loss(model(points), values).item()
    span = 2.0 if args.network == "siren" else 1.0
    print(f"all points: root mean square error {math.sqrt(error):.2e}", end="")
    print(f", PSNR {-10 * math.log10(error / span**2):.1f} dB")


if __name__ == "__main__":
    main()
