"""Measures the numbers of docs/learned.md: what layers answer to, and what a covered head changes.

python tools/learned_answers.py            needs the extra "trained"

Of each layer: what a unit sees; the part of its units above 0; how alike its maps of the cat are
when the cat moves by some pixels; and how alike the cat and other things are, by the means of its
channels. Alike: the cosine, 1 for the same.
"""

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.image_file import SHIPPED
from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.nn.vision.running import Pass, finished, forward
from cppn_gl.preset.preset import Preset

LAYERS = ("conv1", *(f"fire{k}/concat" for k in (2, 3, 4, 5, 7, 9)), "conv10")
CAT, PICTURES = "cat", ("cat", "coffee", "lighthouse", "anchor")
MOVED = 8  # pixels to the right
HEAD = 0.44, 0.48, 0.6  # the middle of the cat's face, and a side that covers it
SIDES = 0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7
GREY = 128


def preset_of(image: str) -> Preset:
    return Preset().replace(**{"network.file": "squeezenet", "input.image": image})


def pixels_of(preset: Preset) -> NDArray[np.uint8]:
    """The picture as the network sees it, (H, W, 3)."""
    pixels = preset.input.stored.pixels
    return preset.preprocess.seen(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))


def seen(preset: Preset, pixels: NDArray[np.uint8]) -> Pass:
    network = preset.network()
    assert isinstance(network, ImageNetwork)
    return finished(forward(network, preset.preprocess.tensor(pixels)))


def covered(pixels: NDArray[np.uint8], x: float, y: float, side: float) -> NDArray[np.uint8]:
    """A picture with a grey square around a point, all in parts of its size."""
    rows, columns = pixels.shape[:2]
    half, found = side * min(rows, columns) / 2, pixels.copy()
    top, left = (max(0, round(at - half)) for at in (y * rows, x * columns))
    found[top : round(y * rows + half), left : round(x * columns + half)] = GREY
    return found


def answers(done: Pass, count: int = 3) -> str:
    shares = done.probabilities
    best = np.argsort(-shares)[:count]
    return ", ".join(f"{done.network.classes[k]} {100 * shares[k]:.0f} %" for k in best)


def layers() -> None:
    """Print a row for each layer."""
    passes = {name: seen(of := preset_of(name), pixels_of(of)) for name in PICTURES}
    cat = preset_of(CAT)
    moved = seen(cat, np.roll(pixels_of(cat), MOVED, axis=1))
    network = moved.network
    print("layer          a unit sees   above 0   moved   other things")
    for name in LAYERS:
        k = next(k for k, stage in enumerate(network.stages) if stage.name == name)
        field = network.receptive_field(k).size
        units = {n: done.units[k].astype(np.float64) for n, done in passes.items()}
        means = {n: one.mean(axis=(1, 2)) for n, one in units.items()}
        others = [_cosine(means[CAT], means[n]) for n in PICTURES if n != CAT]
        above = np.mean([(one > 0).mean() for one in units.values()])
        same = _cosine(units[CAT].ravel(), moved.units[k].astype(np.float64).ravel())
        print(
            f"{name:14} {field[1]:4}×{field[0]:<4}     {100 * above:5.0f} %   {same:5.2f}   "
            f"{np.mean(others):8.2f}"
        )


def head() -> None:
    """Print what the network answers while more and more of the head is covered."""
    preset = preset_of("cat")
    pixels = pixels_of(preset)
    for side in SIDES:
        shown = covered(pixels, HEAD[0], HEAD[1], side) if side else pixels
        print(f"{100 * side:3.0f} % of the side covered: {answers(seen(preset, shown))}")
    aside = covered(pixels, 0.85, 0.85, 0.3)
    print(f"a corner covered (30 %): {answers(seen(preset, aside))}")


def _cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


if __name__ == "__main__":
    layers()
    print()
    head()
    print()
    for picture in SHIPPED:
        of = preset_of(picture)
        print(f"{picture}: {answers(seen(of, pixels_of(of)), 5)}")
