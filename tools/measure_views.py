"""Measures the window's response time in each view, with real key presses on a virtual display.

python tools/measure_views.py [PRESET …]   default: neylon-18, volume-color and relu-regions

Prints a table for each preset with a row for each view: ms from pressing V to the first picture and
the resolution of that picture; ms to full resolution; pictures per second while ] is held, which
changes the weight scale 16 times per second; the longest turn of the window's loop meanwhile.
Animations are paused. Measure on an idle machine.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from desktop import Desktop, virtual_display, wait_for  # noqa: E402

from cppn_gl.preset.library import load_preset  # noqa: E402
from cppn_gl.preset.parsing import parse_preset  # noqa: E402
from cppn_gl.views import ALL  # noqa: E402

PRESETS = ("neylon-18", "volume-color", "relu-regions")
SIZE = "960x600"
HELD = 2.0  # seconds that the key is held
SETTLING = 8.0  # seconds before the measurement, for the helper to compile and measure engines


def measure(display: str, name: str) -> list[dict[str, Any]]:
    """A row for each view that can show a preset."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        words = (name, "--view", "picture", "--size", SIZE)
        desktop = Desktop(display, Path(folder), *words, hud=True)
        try:
            time.sleep(SETTLING)
            preset = load_preset(name)
            if preset.animated:
                desktop.key("space")
            fitting = [n for n in ALL if not ALL[n].problem(preset.replace(view=n))]
            for _ in fitting:
                count, started = len(desktop.events()), time.monotonic()
                desktop.key("v")
                wait_for(lambda n=count: len(desktop.events()) > n, "a picture")
                first = desktop.events()[count]
                answered = time.monotonic() - started
                desktop.finished()
                whole = time.monotonic() - started
                shown = parse_preset(desktop.events()[-1]["preset"]).show.view
                count = len(desktop.events())
                desktop.xdotool("keydown", "bracketright")
                time.sleep(HELD)
                desktop.xdotool("keyup", "bracketright")
                turned = desktop.events()[count:]
                longest = max((event["longest"] for event in turned), default=0.0)
                rows.append(
                    {
                        "view": shown,
                        "first": 1000 * answered,
                        "scale": first["scale"],
                        "whole": 1000 * whole,
                        "rate": len(turned) / HELD,
                        "longest": longest,
                    }
                )
                desktop.finished()
                desktop.key("z")
                time.sleep(0.2)
                desktop.finished()
        finally:
            desktop.close()
    return rows


def main() -> None:
    """Print the tables."""
    with virtual_display() as display:
        for name in sys.argv[1:] or PRESETS:
            print(f"\n{name}, {SIZE}\n")
            print(
                "| view | first picture, ms | at 1 pixel in | full resolution, ms "
                "| pictures/s, key held | longest turn, ms |"
            )
            print("|---|---|---|---|---|---|")
            for row in measure(display, name):
                print(
                    f"| {row['view']} | {row['first']:.0f} | {row['scale'] ** 2} "
                    f"| {row['whole']:.0f} | {row['rate']:.0f} | {row['longest']:.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
