"""Measures the window while it trains: pictures a second, the longest turn, steps a second.

python tools/measure_learning.py [--size 960x600] [--rounds 3] [--panel] [PRESET …]

On a virtual display, by turns: Alt+Right is held while the training is paused, and while it trains;
then it trains untouched, at the pace of its opening and as fast as it can. Each row is the median
of the rounds. Without presets: two spirals, 6 hidden layers of 8 units. Measure on an idle machine.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from desktop import Desktop, virtual_display, wait_for  # noqa: E402

from cppn_gl.preset.parsing import parse_preset  # noqa: E402
from cppn_gl.utils.origin import USER  # noqa: E402

SPIRAL = """
format = 1
[network]
depth = 7
width = 8
activation = "tanh"
init = "glorot_normal"
[view]
extent = 6.0
[train]
data = "spiral"
optimizer = "adam"
rate = 0.01
steps = 5000
"""
SECONDS = 3.0  # of each turn
FASTEST = 14  # presses of F, each doubles the pace


def steps(event: dict[str, Any]) -> int:
    """The training step of a picture."""
    return parse_preset(event["preset"], origin=USER).train.steps


def turn(desktop: Desktop, key: str) -> tuple[float, float, float]:
    """Pictures a second, the longest turn in ms, steps a second, while a key is held, or none."""
    count, started = len(desktop.events()), time.monotonic()
    if key:
        desktop.xdotool("keydown", *key.split("+"))
    time.sleep(SECONDS)
    if key:
        desktop.xdotool("keyup", *key.split("+"))
    shown = [one for one in desktop.events()[count:] if one["at"] <= started + SECONDS]
    if len(shown) < 2:
        return len(shown) / SECONDS, 0.0, 0.0
    first, last = shown[0], shown[-1]
    rate = (steps(last) - steps(first)) / (last["at"] - first["at"])
    return len(shown) / SECONDS, max(one["longest"] for one in shown), rate


def press(desktop: Desktop, keys: list[str]) -> None:
    """Press keys one by one."""
    for key in keys:
        desktop.key(key)


def measure(display: str, words: list[str], rounds: int, *, panel: bool) -> dict[str, list[Any]]:
    """The rounds of each kind of turn."""
    found: dict[str, list[Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        desktop = Desktop(display, Path(folder), *words, hud=True)
        try:
            if panel:
                desktop.key("Tab")
            wait_for(lambda: steps(desktop.events()[-1]) > 50, "some steps")
            desktop.key("l")
            time.sleep(1.0)
            for _ in range(rounds):
                for name, key, trains, faster in (
                    ("panned, paused", "alt+Right", False, 0),
                    ("panned, training", "alt+Left", True, 0),
                    ("training", "", True, 0),
                    ("training, as fast as it can", "", True, FASTEST),
                ):
                    press(desktop, ["f"] * faster + ["l"] * trains)
                    time.sleep(0.4)
                    found.setdefault(name, []).append(turn(desktop, key))
                    press(desktop, ["l"] * trains + ["shift+f"] * faster)
                    time.sleep(0.3)
        finally:
            desktop.close()
    return found


def main() -> None:
    """Print a table for each preset."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("preset", nargs="*")
    parser.add_argument("--size", default="960x600")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--panel", action="store_true", help="with the panel open")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, virtual_display("2600x1500x24") as display:
        spiral = Path(folder) / "spiral.toml"
        spiral.write_text(SPIRAL)
        for name in options.preset or [str(spiral)]:
            source = str(Path(name).resolve()) if Path(name).exists() else name
            words = [source, "--size", options.size]
            print(f"\n{Path(name).stem}, {options.size}\n")
            print("| | pictures/s | longest turn, ms | steps/s |\n|---|---|---|---|")
            for kind, rows in measure(display, words, options.rounds, panel=options.panel).items():
                rate, longest, trained = (statistics.median(one) for one in zip(*rows, strict=True))
                print(f"| {kind} | {rate:.0f} | {longest:.0f} | {trained:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
