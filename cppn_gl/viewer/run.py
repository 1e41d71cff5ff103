"""Opens the window, runs its loop and closes it, also after an error."""

from pathlib import Path

from cppn_gl.engines.names import AUTO
from cppn_gl.preset.shot import Shot
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
    larger: str = "",
    film: str = "",
    page: int = 0,
    unread: Path | None = None,
) -> int:
    """Open the window on a shot, block until it is closed, and return the exit status.

    `source` is the preset file to watch for changes; `engine` is as for Renderer. `larger`: the
    command that draws a saved picture larger, with {file} and {size} in it; `film`: the one that
    makes a film of a {file}. `page`: of the tour, from 1, where it begins; the shot shows its
    preset. `unread`: a network's file that does not say how it reads pictures, which the window
    asks. Raises ContextError if the window or the
    engine is not available.
    """
    window = open_window(size, fullscreen=fullscreen)
    try:
        folder = output_dir or Path()
        app = App(
            window,
            shot,
            hud=hud,
            output_dir=folder,
            source=source,
            engine=engine,
            larger=larger,
            film=film,
        )
        if page:
            app.take_tour(page)
        if unread is not None:
            app.open_network(unread)
        try:
            app.loop()
        finally:
            app.close()
    finally:
        window.destroy()
    return 0
