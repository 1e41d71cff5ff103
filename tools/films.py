"""Films for the documentation: moments with even steps, animated WebP, and measures of both.

    picture at a moment -> even_moments() -> frames -> encoded() -> decoded() -> measured(): Steps

A film is seamless: its last frame leads back to the first. A step is the mean absolute difference
of two successive frames in levels of 0 to 255, over all pixels and channels. Even steps make an
even speed: what moves by a clock alone stands still here and flashes there.

python tools/films.py FILE …    measures films; the exit status is 1 if one has too large a step
"""

import argparse
import io
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence

Frame = NDArray[np.uint8]  # (height, width, 3)

BOUND = 8.0  # levels: the largest step of a film
FRAME_MS = 40  # milliseconds a frame: 25 frames a second
PASSES = 3  # of even_moments: a fourth changes steps by less than 2 %
RAMP = 0.12  # of the frames from one turning point to the other: at either end, to turn smoothly
SLOWEST = 0.2  # the speed at a turning point; frames that are equal would become one


@dataclass(frozen=True)
class Steps:
    """The steps of a film, from the last frame to the first included.

    mean, largest: in levels. pixel: the largest 99th percentile of a step's pixels, in levels.
    """

    frames: int
    fps: float
    mean: float
    largest: float
    pixel: float

    def __str__(self) -> str:
        return (
            f"{self.frames} frames, {self.fps:.0f}/s, step {self.mean:.2f} on average, "
            f"{self.largest:.2f} at most, pixels {self.pixel:.0f}"
        )


def step(a: Frame, b: Frame) -> float:
    """The step from one frame to another, in levels."""
    return float(np.abs(a.astype(np.int16) - b).mean())


def measured(frames: Iterable[Frame], fps: float = 1000 / FRAME_MS) -> Steps:
    """The steps of frames, which may be decoded one by one."""
    found: list[tuple[float, float]] = []
    first = before = None
    count = 0
    for frame in frames:
        if before is not None:
            found.append(_step(before, frame))
        first, before, count = frame if first is None else first, frame, count + 1
    if first is None or before is None:
        raise ValueError("no frames")
    found.append(_step(before, first))
    means, pixels = zip(*found, strict=True)
    return Steps(count, fps, sum(means) / count, max(means), max(pixels))


def _step(a: Frame, b: Frame) -> tuple[float, float]:
    change = np.abs(a.astype(np.int16) - b)
    return float(change.mean()), float(np.percentile(change, 99))


def ramped(count: int) -> list[float]:
    """`count` + 1 places from 0 to 1: at even speed, but slower near both ends."""
    ends = [min(1.0, distance / RAMP) for distance in _ends(count)]
    speeds = [SLOWEST + (1 - SLOWEST) * math.sin(math.pi / 2 * end) ** 2 for end in ends]
    places = np.concatenate([[0.0], np.cumsum(speeds)])
    return [float(place / places[-1]) for place in places]


def _ends(count: int) -> Iterable[float]:
    """The distance of each interval's middle to the nearer end, as a fraction of the whole."""
    return (min(k + 0.5, count - k - 0.5) / count for k in range(count))


def even_moments(
    draw: Callable[[float], Frame], places: Sequence[float], guess: Sequence[float] = ()
) -> tuple[list[float], float]:
    """Moments from 0 to 1, as many as `places`, and the sum of the steps between them, in levels.

    The step between two moments is proportional to the difference of their places, which go from 0
    to 1. `draw` draws the picture of a moment; a small one is enough. `guess`: moments to start
    from.
    """
    moments = np.asarray(guess or places, float)
    total = 0.0
    for _ in range(PASSES):
        frames = [draw(float(moment)) for moment in moments]
        lengths = [step(a, b) for a, b in pairwise(frames)]
        total = sum(lengths)
        # A picture that rests, as a hundredth of the mean speed, so that moments increase.
        least = 0.01 * total / len(lengths) or 1.0
        gone = np.concatenate([[0.0], np.cumsum(np.maximum(lengths, least))])
        moments = np.interp(np.asarray(places) * gone[-1], gone, moments)
    return [float(moment) for moment in moments], total


def encoded(frames: Sequence[Frame], quality: int, *, stamp: bytes = b"") -> bytes:
    """An animated WebP, repeated for ever. `stamp`: stored as XMP.

    Key frames only: in difference frames, blocks jump visibly.
    """
    images = [Image.fromarray(frame) for frame in frames]
    file = io.BytesIO()
    options: dict[str, Any] = {"quality": quality, "method": 5, "kmin": 0, "kmax": 1}
    options |= {"save_all": True, "append_images": images[1:], "loop": 0, "xmp": stamp}
    images[0].save(file, "WEBP", duration=FRAME_MS, **options)
    return file.getvalue()


def decoded(source: Path | io.BytesIO) -> Iterable[Frame]:
    """The frames of an animated picture, one by one."""
    with Image.open(source) as image:
        for frame in ImageSequence.Iterator(image):
            yield np.asarray(frame.convert("RGB"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the steps of films; the exit status."""
    parser = argparse.ArgumentParser(description="Measures the steps of animated pictures.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--bound", type=float, default=BOUND, help="the largest step allowed")
    options = parser.parse_args(arguments)
    status = 0
    for path in options.files:
        with Image.open(path) as image:
            image.seek(getattr(image, "n_frames", 1) - 1)
            fps = 1000 / image.info.get("duration", FRAME_MS)
        found = measured(decoded(path), fps)
        late = found.largest >= options.bound
        status |= late
        print(f"{path.name}: {found}{', TOO LARGE' if late else ''}")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
