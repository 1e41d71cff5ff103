"""The process that draws and encodes a film for the window, which goes on meanwhile.

a request as a line of JSON on stdin -> "estimate": seconds a frame takes
                                     -> "film": frames drawn and encoded, how many so far, "saved"

What is wrong with a request is answered in one line as "problem". The process ends when its stdin
is closed.
"""

import contextlib
import os
import sys
import time as wall
import warnings
from pathlib import Path
from statistics import median
from typing import Any

from cppn_gl.engines.gl.context import ContextError
from cppn_gl.engines.gl.shader import ShaderError
from cppn_gl.output.renderer import Renderer
from cppn_gl.output.sequence import Sequence
from cppn_gl.output.video import write_video
from cppn_gl.preset.network_file import unpacked
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import CaptureError
from cppn_gl.utils.origin import USER
from cppn_gl.utils.worker import Requests
from cppn_gl.views import view_of

NICENESS = 10  # a lower priority than the window's
TRIAL = 320 * 180  # pixels of a trial frame; a larger frame takes as much longer as it has more
TRIALS = 3  # at least, unless they take
LONG = 5.0  # seconds
TRIAL_SECONDS = 1.0  # short ones are repeated for so long


def trial_size(size: tuple[int, int], *, by_pixel: bool) -> tuple[int, int]:
    """The size of a trial frame, in pixels: smaller if its pixels are drawn one by one."""
    factor = min(1.0, (TRIAL / (size[0] * size[1])) ** 0.5) if by_pixel else 1.0
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def estimate(renderer: Renderer, shot: Shot) -> float:
    """The seconds that drawing one frame takes, about: a few trial frames are drawn."""
    size = trial_size(shot.size, by_pixel=view_of(shot.preset).by_pixel)
    seconds: list[float] = []
    begun = wall.perf_counter()
    while len(seconds) < TRIALS or wall.perf_counter() - begun < TRIAL_SECONDS:
        started = wall.perf_counter()
        renderer.render(shot.preset, size, len(seconds) / 30, samples=shot.samples)
        seconds.append(wall.perf_counter() - started)
        if wall.perf_counter() - begun > LONG:
            break
    # In the first one programs are compiled and caches filled; other processes delay some.
    return median(seconds[1:] or seconds) * shot.size[0] * shot.size[1] / (size[0] * size[1])


def film(renderer: Renderer, shot: Shot, request: dict[str, Any], requests: Requests) -> None:
    """Draw and encode a film, and tell how many frames are done."""
    sequence = Sequence(shot.preset, request["frames"], request["fps"], shot.size, shot.samples)
    renderer.plan(shot.preset, float(shot.points) * sequence.frames, samples=shot.samples)

    def progress(done: int, frames: int) -> None:
        requests.tell(number=request["number"], done=done)

    path = Path(request["path"])
    write_video(renderer, sequence, path, quality=request["quality"], progress=progress)
    requests.tell(number=request["number"], saved=True)


def main() -> int:
    """Run until stdin is closed; the exit status."""
    requests = Requests()
    with contextlib.suppress(AttributeError, OSError):
        os.nice(NICENESS)
    renderer: Renderer | None = None
    while True:
        request = requests.get()
        number = request["number"]
        try:
            if renderer is None:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", RuntimeWarning)  # no OpenGL: another draws
                    renderer = Renderer(request["engine"])
            preset = unpacked(request, name=request["name"], origin=USER)
            shot = Shot(preset, tuple(request["size"]), samples=request["samples"])
            if request["wants"] == "estimate":
                requests.tell(number=number, seconds=estimate(renderer, shot))
            else:
                film(renderer, shot, request, requests)
        except (PresetError, CaptureError, ContextError, ShaderError) as error:
            requests.tell(number=number, problem=str(error))
        except MemoryError:
            requests.tell(number=number, problem="not enough memory; choose a smaller size")


if __name__ == "__main__":
    sys.exit(main())
