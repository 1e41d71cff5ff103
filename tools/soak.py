"""Presses random keys in a real window and prints how the memory of its process grows.

xvfb-run -a python tools/soak.py [--keys 7000] [--size 320x200] [--seed 1] [--limit MB]

The window's own loop runs: each key is followed by turns until a picture is shown, TURNS at most.
With --limit the exit status is 1 where the process was ever larger. Keys that write files, leave
fullscreen or quit are left out.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import glfw  # noqa: E402

from cppn_gl.cli.options import size_value  # noqa: E402
from cppn_gl.preset.library import load_preset  # noqa: E402
from cppn_gl.preset.shot import Shot  # noqa: E402
from cppn_gl.viewer.app import App  # noqa: E402
from cppn_gl.viewer.bindings import by_key  # noqa: E402
from cppn_gl.viewer.window import open_window  # noqa: E402

TURNS = 12
UNUSED = {"quit", "screenshot", "record", "save_preset", "toggle_fullscreen"}
FIRST = "neylon-18"


def resident() -> float:
    """MB of memory that this process has in use, on Linux."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def press(app: App, random_: random.Random) -> None:
    """Press a random key, large or not, with the cursor somewhere; let the window answer."""
    keys = [key for key, (action, _) in by_key().items() if action not in UNUSED]
    app.explorer.cursor = random_.uniform(-1, 1), random_.uniform(-1, 1)
    app.events.pointing = True
    app.events.new_gesture()
    app.events._act(random_.choice(keys), random_.random() < 0.3)
    shown = app.canvas.pictures
    for _ in range(TURNS):
        app._turn(time.perf_counter(), 1 / 60)
        glfw.poll_events()
        if app.canvas.pictures > shown:
            break


def soak(size: tuple[int, int], keys: int, seed: int, folder: Path) -> Iterator[tuple[int, float]]:
    """Keys pressed so far and MB in use, again and again."""
    window: Any = open_window(size)
    app = App(window, Shot(load_preset(FIRST), size), hud=True, output_dir=folder, source=None)
    random_ = random.Random(seed)
    try:
        for number in range(keys):
            press(app, random_)
            if (number + 1) % 100 == 0:
                yield number + 1, resident()
    finally:
        app.close()
        window.destroy()


def main() -> int:
    """Print a line for each hundred keys."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--keys", type=int, default=7000)
    parser.add_argument("--size", type=size_value, default=(320, 200))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=float("inf"))
    options = parser.parse_args()
    most, started = 0.0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder  # the history of the user's own windows is left alone
        for pressed, used in soak(options.size, options.keys, options.seed, Path(folder)):
            most = max(most, used)
            print(
                f"{time.monotonic() - started:6.0f} s {pressed:6} keys {used:6.0f} MB", flush=True
            )
    print(f"at most {most:.0f} MB")
    return int(most > options.limit)


if __name__ == "__main__":
    sys.exit(main())
