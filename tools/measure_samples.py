"""Measures how good and how costly numbers of samples are, "auto" among them.

python tools/measure_samples.py [--size WxH] PRESET …   a shipped preset, a file, a saved picture

Prints a row for each preset and number: the samples per pixel; the seconds; the root mean square
error against TRUTH×TRUTH samples, and the error that one pixel in a thousand exceeds, in levels of
8 bits. Drawn is the middle of a picture of that size, a third as wide and high, by the native
library. The seconds are the best of ROUNDS by turns.
"""

import argparse
import time as wall
from functools import partial

import numpy as np

from cppn_gl.cli.options import size_value
from cppn_gl.engines.adaptive import area, refined
from cppn_gl.engines.base import Region
from cppn_gl.engines.coloring import paint
from cppn_gl.engines.names import ENGINES
from cppn_gl.engines.rates import Rates
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.utils.arrays import Float32, Samples
from cppn_gl.utils.tasks import Steps, at_once

NUMBERS: tuple[Samples, ...] = (1, 2, 3, 4, "auto")
TRUTH = 16
ROUNDS = 2


def drawn(scene: Scene, region: Region) -> tuple[Float32, int]:
    """The picture of a region, clamped, and the number of samples drawn for it."""
    counted = 0
    one = partial(paint, Rates(), scene, ENGINES["native"])

    def draw(part: Region) -> Steps[Float32]:
        nonlocal counted
        counted += sum(map(area, part.pieces)) * len(part.jitters)
        return one(part)

    picture = at_once(refined(region, draw) if region.adaptive else draw(region))
    return np.clip(picture, 0, 1), counted


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("presets", nargs="+", metavar="PRESET")
    parser.add_argument("--size", default="1920x1080", metavar="WxH")
    args = parser.parse_args()
    width, height = size_value(args.size)
    middle = width // 3, height // 3, width - 2 * (width // 3), height - 2 * (height // 3)
    print("| preset | samples | per pixel | seconds | rms error | 99.9 % |")
    print("|---|---|---|---|---|---|")
    for name in args.presets:
        scene = scene_of(load_preset(name))
        truth, _ = drawn(scene, Region.of((width, height), TRUTH).cut(*middle))
        seconds = dict.fromkeys(NUMBERS, float("inf"))
        rows = {}
        for _ in range(ROUNDS):
            for number in NUMBERS:
                started = wall.perf_counter()
                picture, count = drawn(scene, Region.of((width, height), number).cut(*middle))
                seconds[number] = min(seconds[number], wall.perf_counter() - started)
                apart = 255 * np.abs(picture - truth)
                rms, most = np.sqrt(np.mean(apart**2)), np.quantile(apart.max(axis=2), 0.999)
                rows[number] = count / (middle[2] * middle[3]), rms, most
        for number, (count, rms, most) in rows.items():
            how = number if number == "auto" else f"{number}×{number}"
            print(
                f"| {name} | {how} | {count:.2f} | {seconds[number]:.2f} | {rms:.2f} | {most:.1f} |"
            )


if __name__ == "__main__":
    main()
