"""Presses random keys in a real window and prints the memory use of its process.

xvfb-run -a python tools/soak.py [--keys 7000] [--size 320x200] [--seed 1] [--limit MB] [PRESET]

After each key the window's loop runs until a picture is shown, for at most TURNS turns. With
--limit the exit status is 1 if the process ever used more. Keys that write files, toggle
fullscreen or quit are not pressed.
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
from cppn_gl.viewer.events import LEFT, RIGHT  # noqa: E402
from cppn_gl.viewer.window import open_window  # noqa: E402

TURNS = 12
UNUSED = {"quit", "screenshot", "record", "save_preset", "toggle_fullscreen"}
FIRST = "neylon-18"
MOUSE = 0.35  # the fraction of presses by the mouse


def resident() -> float:
    """The process's resident memory in MB, on Linux."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def key(app: App, random_: random.Random) -> None:
    """Press a random key, at times with Shift, at a random cursor position."""
    keys = [key for key, (action, _) in by_key().items() if action not in UNUSED]
    app.explorer.cursor = random_.uniform(-1, 1), random_.uniform(-1, 1)
    app.events.pointing = True
    app.events.new_gesture()
    app.events._act(random_.choice(keys), random_.random() < 0.3)


def mouse(app: App, random_: random.Random, size: tuple[int, int]) -> None:
    """Click, double-click, drag or turn the wheel at a random place, often on a widget."""
    boxes = list(app.interface.places.values())
    x, y = random_.randrange(size[0]), random_.randrange(size[1])
    if boxes and random_.random() < 0.7:
        box = random_.choice(boxes)
        x = box.x + random_.randrange(max(1, box.width))
        y = box.y + random_.randrange(max(1, box.height))
    events = app.events
    events._on_move(x, y, 0, 0)
    if random_.random() < 0.2:
        events._on_scroll(0, random_.choice((-1, 1)))
        return
    for _ in range(random_.choice((1, 1, 2))):
        app._turn(time.perf_counter(), 1 / 60)
        button = LEFT if random_.random() < 0.9 else RIGHT
        events._on_press(x, y, button)
        for _ in range(random_.choice((0, 0, 3))):
            x, y = x + random_.randrange(-9, 10), y + random_.randrange(-9, 10)
            events._on_drag(x, y, 0, 0)
            app._turn(time.perf_counter(), 1 / 60)
        events._on_release(x, y, button)
    if events.gui is not None and random_.random() < 0.3:
        events._on_letter(random_.choice("0123456789.-xyz "))


def press(app: App, random_: random.Random, size: tuple[int, int]) -> None:
    """Press a random key or use the mouse, and let the window draw."""
    if random_.random() < MOUSE:
        mouse(app, random_, size)
    else:
        key(app, random_)
    shown = app.canvas.pictures
    for _ in range(TURNS):
        app._turn(time.perf_counter(), 1 / 60)
        glfw.poll_events()
        if app.canvas.pictures > shown:
            break


def soak(
    size: tuple[int, int], keys: int, seed: int, folder: Path, preset: str = FIRST
) -> Iterator[tuple[int, float]]:
    """Press `keys` random keys; yields (keys pressed, MB in use) after every hundred."""
    window: Any = open_window(size)
    app = App(window, Shot(load_preset(preset), size), hud=True, output_dir=folder, source=None)
    for action in UNUSED:  # buttons lead to them too
        setattr(app, f"do_{action}", lambda large=False: None)
    random_ = random.Random(seed)
    try:
        for number in range(keys):
            press(app, random_, size)
            if (number + 1) % 100 == 0:
                yield number + 1, resident()
    finally:
        app.close()
        window.destroy()


def main() -> int:
    """Print a line for every hundred keys; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("preset", nargs="?", default=FIRST)
    parser.add_argument("--keys", type=int, default=7000)
    parser.add_argument("--size", type=size_value, default=(320, 200))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=float("inf"))
    options = parser.parse_args()
    most, started = 0.0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder  # not the user's own history
        run = soak(options.size, options.keys, options.seed, Path(folder), options.preset)
        for pressed, used in run:
            most = max(most, used)
            print(
                f"{time.monotonic() - started:6.0f} s {pressed:6} keys {used:6.0f} MB", flush=True
            )
    print(f"at most {most:.0f} MB")
    return int(most > options.limit)


if __name__ == "__main__":
    sys.exit(main())
