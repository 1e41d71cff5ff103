"""Measures steps in slow gradients: runs of equal pixels, and errors that the eye can see.

python tools/measure_runs.py [--size WxH] PRESET …   of a shipped preset, a file or a saved picture

Prints a row for each preset as rounded and as dithered: the longest run of pixels of one colour in
a row, the same without pixels that are clipped, and the mean run; the largest and the root mean
square error of the mean of a square of SIDE×SIDE pixels against the exact picture, in levels of 8
bits. Over a square noise averages out; the error of a step, which is what shows as a contour line,
does not. A pixel is clipped if each of its exact values is 0 or less, or 1 or more.
"""

import argparse

import numpy as np
from numpy.typing import NDArray

from cppn_gl.cli.options import size_value
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.library import load_preset

SIDE = 32


def runs(
    pixels: NDArray[np.uint8], exact: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The lengths of all horizontal runs of equal colours, and of those that are not clipped."""
    clipped = ((exact <= 0) | (exact >= 1)).all(axis=2)
    starts = np.ones(clipped.shape, bool)
    starts[:, 1:] = (pixels[:, 1:] != pixels[:, :-1]).any(axis=2)
    everything = np.diff(np.flatnonzero(starts), append=starts.size)
    starts[:, 1:] |= clipped[:, 1:] != clipped[:, :-1]
    first = np.flatnonzero(starts)
    return everything, np.diff(first, append=starts.size)[~clipped.ravel()[first]]


def errors(pixels: NDArray[np.uint8], exact: NDArray[np.float32]) -> NDArray[np.float64]:
    """The error of the mean of each square, in levels, (rows, columns, 3)."""
    apart = pixels.astype(np.float64) - 255 * np.clip(exact, 0, 1)
    rows, columns = apart.shape[0] // SIDE, apart.shape[1] // SIDE
    squares = apart[: rows * SIDE, : columns * SIDE].reshape(rows, SIDE, columns, SIDE, 3)
    return np.asarray(squares.mean(axis=(1, 3)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("presets", nargs="+", metavar="PRESET")
    parser.add_argument("--size", default="1920x1080", metavar="WxH")
    args = parser.parse_args()
    size = size_value(args.size)
    print("| preset | 8 bits | longest run | not clipped | mean run | largest error | rms error |")
    print("|---|---|---|---|---|---|---|")
    with Renderer() as renderer:
        for name in args.presets:
            preset = load_preset(name)
            exact = renderer.render(preset, size, dtype="float32")
            for dither in (False, True):
                pixels = renderer.render(preset.replace(dither=dither), size)
                (lengths, shades), apart = runs(pixels, exact), errors(pixels, exact)
                rms = np.sqrt(np.mean(apart**2))
                how = "dithered" if dither else "rounded"
                longest = f"{lengths.max()} | {max(shades, default=0)}"
                print(
                    f"| {name} | {how} | {longest} | {lengths.mean():.1f} "
                    f"| {np.abs(apart).max():.2f} | {rms:.3f} |"
                )


if __name__ == "__main__":
    main()
