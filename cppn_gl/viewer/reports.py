"""Gathers what the HUD tells: facts, the pointer's values, progress, the recording, saved files."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cppn_gl.viewer import facts
from cppn_gl.viewer.explaining import explanation, film_command, larger_command, open_command
from cppn_gl.viewer.hud import Told
from cppn_gl.viewer.measures import Study
from cppn_gl.viewer.network_map import PointValues
from cppn_gl.viewer.typeset import Run
from cppn_gl.viewer.window import to_pixel
from cppn_gl.views import view_of
from cppn_gl.views.base import Point

if TYPE_CHECKING:
    from cppn_gl.viewer.app import App

POINTER_INTERVAL = 0.1  # seconds between updates of values at a resting pointer
POINT_SLICE = 0.004  # seconds in a turn of computing values at the pointer
STUDY_SLICE = 0.004  # seconds in a turn of measuring what the explanation tells


def saved_words(path: Path, size: tuple[int, int], larger: str = "", note: str = "") -> str:
    """Where a file was saved, how to open it, and to draw it larger; its path is shortened.

    `size`: of the picture in pixels. `larger`: see `larger_command`. `note` follows the path.
    """
    short = shortened(path)
    words = f"saved {short}{note}; open it with: {open_command(short)}"
    return f"{words}; larger: {larger_command(larger, short, size)}" if larger else words


def recorded_words(folder: Path, frames: int, film: str = "") -> str:
    """The same, of a recording; `film`: the command that makes a film of a file."""
    short, count = shortened(folder), "1 frame" if frames == 1 else f"{frames} frames"
    words = f"recorded {count} in {short}"
    if not frames:
        return words
    first = short / "00000.png"
    words = f"{words}; open one with: {open_command(first)}"
    return f"{words}; a film: {film_command(film, first)}" if film else words


def shortened(path: Path) -> Path:
    """A path relative to the current folder, or only its last two parts."""
    full, here = path.resolve(), Path.cwd()
    if full.is_relative_to(here):
        return full.relative_to(here)
    return Path("…", *full.parts[-2:])


class Reports:
    """Fills in the HUD of a window, once a frame."""

    def __init__(self, app: "App"):
        self._app = app
        # Presets' names, files, and the pictures' sizes; newest first.
        self._saved: list[tuple[str, Path, tuple[int, int]]] = []
        self._study = Study()
        self._values = PointValues()
        self._pointed: object = None  # what the pointer's values are of
        self._pointed_at = 0.0

    def update(self, now: float) -> None:
        """Set all that the HUD tells."""
        app, hud = self._app, self._app.hud
        hud.handle = not app.interface.problem
        spot = app.events.pointed_spot
        hud.hint = spot.words if spot is not None else ""
        hud.recording = app.captures.recorded
        still = not (app.explorer.changing or app.events.held)
        hud.progress = app.canvas.progress_words if still else ""
        self._point(now)
        if hud.explain.open and not app.explorer.sees:
            self._study.follow(app.explorer)
            if self._study.advance(STUDY_SLICE):
                hud.explanation = ()
        if hud.wants_lines(now) or (hud.explain.open and not hud.explanation):
            self._tell(now)
        if not hud.explain.open:
            hud.explanation = ()

    @property
    def busy(self) -> bool:
        """Whether something is to be measured: for the open explanation, or at the pointer."""
        studies = self._app.hud.explain.open and not self._app.explorer.sees
        return (studies and self._study.busy) or self._values.busy

    def keep(self, path: Path, words: str) -> str:
        """Remember a saved file; the message `words` stands for its whole path."""
        app = self._app
        self._saved.insert(0, (app.explorer.preset.name, path, app.picture.size))
        self._app.hud.full[words] = str(path.resolve())
        return words

    def _tell(self, now: float) -> None:
        app = self._app
        size, network = app.picture.size, app.shown_network
        engine = (
            f"{app.engines.words(app.scene)}; {app.renderer.info.renderer}{app.rate_words(now)}"
        )
        lines = facts.facts(app.explorer, network.parameters, size)
        app.hud.tell(Told(app.explorer.title, lines, engine), now)
        # The network shown is another one than that explored until the latter is drawn.
        if app.hud.explain.open and not app.follows_network:
            saved = [one for one in self._saved if one[0] == app.explorer.preset.name]
            page = explanation(
                app.explorer,
                network,
                facts=lines,
                names=app.names,
                saved=[path for _, path, _ in saved],
                size=next((of for _, path, of in saved if path.suffix), size),
                larger=app.larger,
                found=self._study.found,
                advice=app.hud.advice,
                engine=engine,
            )
            app.hud.explanation = tuple(page)

    def _point(self, now: float) -> None:
        """Set the values under the pointer, when it has moved or what is shown has changed."""
        app, hud = self._app, self._app.hud
        scene, size = app.canvas.shown, app.picture.size
        if scene is None or not app.events.pointing or min(size) < 1 or not hud.on:
            hud.pointer, self._pointed = (), None
            self._values.forget()
            return
        place = to_pixel(app.explorer.cursor, size)
        if self._values.advance(POINT_SLICE):
            self._pointed = None
        of = scene, size, place, app.canvas.changes
        same_place = isinstance(self._pointed, tuple) and self._pointed[1:3] == of[1:3]
        if of == self._pointed or (same_place and now - self._pointed_at < POINTER_INTERVAL):
            return
        self._pointed, self._pointed_at = of, now
        inside = 0 <= place[0] < size[0] and 0 <= place[1] < size[1]
        hud.pointer = self._runs(place) if inside else ()

    def _runs(self, place: tuple[float, float]) -> tuple[Run, ...]:
        app = self._app
        scene, size = app.canvas.shown, app.picture.size
        assert scene is not None
        view = view_of(scene.preset)
        point: Point | None = view.point(scene, size, place)
        hit = view.hit(scene, size, place)
        rgb = None if point is None else self._color(place)
        if point is not None:
            self._values.follow(point.scene, point.x, point.y)
        words = hit.words if hit is not None else ""
        return facts.pointer_runs(point, min(size), words, rgb, self._values.layers)

    def _color(self, place: tuple[float, float]) -> tuple[int, int, int] | None:
        """The colour at a pixel of the picture, without its alpha."""
        front, size = self._app.canvas.front, self._app.picture.size
        if front is None:
            return None
        x, y = (
            min(int(at * side / whole), side - 1)
            for at, side, whole in zip(place, front.size, size, strict=True)
        )
        found = np.nan_to_num(np.array(front.pixel(x, y)[:3]))
        red, green, blue = (round(255 * float(value)) for value in np.clip(found, 0, 1))
        return red, green, blue
