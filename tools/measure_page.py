"""Measures pictures a second of a preset's page in Chromium, and of the window's engines beside it.

python tools/measure_page.py [--size WxH] [--seconds N] PRESET …   shipped presets, or files

Prints a row for each preset: pictures a second that its page draws, without a graphics card, when
it has just been opened, and after it has settled, when a program for this one network may be there;
then those of the window's engines `auto` and `fragment`, with one sample a pixel, in the same
minute. A picture of the page includes reading its pixels back. Where other programs use the CPU,
all are slower: their ratios mean more than they do.
"""

import argparse
import itertools
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cppn_gl.cli.options import size_value
from cppn_gl.output.renderer import Renderer
from cppn_gl.output.web.page import page_of
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browser import ARGUMENTS, chromium, problem

SETTLING = 20.0  # seconds at most that a page has to settle
ENGINES = ("auto", "fragment")
DRAW = "([width, height, time]) => cppn.render(width, height, time).then(() => 0)"


def pictures_per_second(draw: Callable[[float], Any], seconds: float) -> float:
    """How often `draw(time)` is done in a second, by the fastest half of its calls."""
    taken, until = [], time.perf_counter() + seconds
    for number in itertools.count():
        started = time.perf_counter()
        if taken and started >= until:
            break
        draw(number / 30)
        taken.append(time.perf_counter() - started)
    fastest = sorted(taken)[: -(-len(taken) // 2)]
    return len(fastest) / sum(fastest)


def of_page(browser: Any, preset: Preset, size: tuple[int, int], seconds: float) -> list[float]:
    """Pictures a second of a page: at first, and settled."""
    width, height = size
    page = browser.new_page(
        viewport={"width": width, "height": height},
        reduced_motion="reduce",  # so that it draws nothing else
    )
    page.set_default_timeout(600_000)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "page.html"
            path.write_bytes(page_of(Shot(preset, size=size)))
            page.goto(path.as_uri(), wait_until="load")

        def draw(at: float) -> None:
            page.evaluate(DRAW, [*size, at])

        draw(0.0)  # compiles
        at_first = pictures_per_second(draw, seconds)
        until = time.perf_counter() + SETTLING
        rates = [at_first]
        while time.perf_counter() < until and max(rates) < 2 * at_first:
            page.wait_for_timeout(1000)  # it settles while nobody asks it for pixels
            rates.append(pictures_per_second(draw, 0.0))
        return [at_first, pictures_per_second(draw, seconds)]
    finally:
        page.close()


def of_engine(engine: str, preset: Preset, size: tuple[int, int], seconds: float) -> float:
    """Pictures a second of one of the window's engines."""
    with Renderer(engine) as renderer:
        renderer.render(preset, size, samples=1)  # compiles
        return pictures_per_second(
            lambda at: renderer.render(preset, size, time=at, samples=1), seconds
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("presets", nargs="+", metavar="PRESET")
    parser.add_argument("--size", default="640x360", metavar="WxH")
    parser.add_argument("--seconds", default=3.0, type=float, metavar="N")
    args = parser.parse_args()
    size = size_value(args.size)
    if missing := problem():
        parser.exit(1, f"{missing}\n")
    from playwright.sync_api import sync_playwright

    print(f"| preset | page | settled | {' | '.join(ENGINES)} |")
    print("|---|---|---|---|---|")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        for name in args.presets:
            preset = load_preset(name)
            rates = of_page(browser, preset, size, args.seconds)
            rates += [of_engine(engine, preset, size, args.seconds) for engine in ENGINES]
            print(f"| {name} | {' | '.join(f'{rate:.2f}' for rate in rates)} |", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
