"""Opens the window, and closes it again whatever happens."""

from collections.abc import Sequence
from pathlib import Path

from cppn_gl.engines.names import AUTO
from cppn_gl.preset.shot import Shot
from cppn_gl.preset.tour import Step
from cppn_gl.viewer.app import App
from cppn_gl.viewer.window import open_window


def run(
    shot: Shot,
    *,
    size: tuple[int, int] | None = None,
    hud: bool = True,
    output_dir: Path | None = None,
    source: Path | None = None,
    fullscreen: bool = False,
    engine: str = AUTO,
    tour: Sequence[Step] = (),
    step: int = 1,
) -> int:
    """Open the window on a shot and stay until it is closed; the exit status.

    `source` is the preset file to watch, `engine` as for Renderer; `tour` has the presets that P
    steps through, with captions, instead of all; `step` is the number, from 1, of the one that the
    shot shows. Raises ContextError where no window, or no such
    engine, can be had.
    """
    window = open_window(size, fullscreen=fullscreen)
    try:
        folder = output_dir or Path()
        app = App(window, shot, hud=hud, output_dir=folder, source=source, engine=engine)
        app.take_tour(tour, step)
        try:
            app.loop()
        finally:
            app.close()
    finally:
        window.destroy()
    return 0
