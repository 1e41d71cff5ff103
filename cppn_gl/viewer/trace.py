"""Logs each picture that the window shows as a line of JSON, for benchmarks and tests.

`CPPN_GL_TRACE=FILE` turns it on. A line is {"event": "picture", "at": seconds of the monotonic
clock, "scale": 1 for full resolution, "samples": N for N×N per pixel, "engine": what drew it,
"longest": ms of the longest turn of the window's loop since the previous line, "wanted": whether
the picture is of the requested scene, "finished": the same, and at full resolution, "size", "time",
"preset": TOML text}. Where something can be clicked: {"event": "clickable", "places": name to
[x, y, width, height] in pixels of the window}, whenever it changes. What the HUD tells: {"event":
"told", "words": what it is to the text}, whenever it changes.
"""

import json
import os
import time as wall
from collections.abc import Mapping, Sequence
from typing import Any

from cppn_gl.preset.preset import Preset
from cppn_gl.viewer.canvas import Canvas
from cppn_gl.viewer.hud import Panel
from cppn_gl.viewer.layout import Rect

VARIABLE = "CPPN_GL_TRACE"


class Trace:
    """Appends events to a file, or does nothing."""

    def __init__(self) -> None:
        path = os.environ.get(VARIABLE)
        self._pictures = 0  # canvas.pictures when the last event was written
        self._places: dict[str, list[int]] = {}
        self._words: dict[str, str] = {}
        self._file = open(path, "a", encoding="utf-8", buffering=1) if path else None  # noqa: SIM115

    def event(self, name: str, **values: Any) -> None:
        if self._file is not None:
            line = {"event": name, "at": wall.monotonic(), **values}
            self._file.write(json.dumps(line) + "\n")

    def clickable(self, places: Mapping[str, Rect], panels: Sequence[Panel]) -> None:
        """Log where widgets and the spots of panels are, if that has changed."""
        if self._file is None:
            return
        found = {name: [p.x, p.y, p.width, p.height] for name, p in places.items()}
        for panel in panels:
            for spot in panel.spots:
                name = spot.action if isinstance(spot.action, str) else spot.words
                found[name] = [panel.x + spot.x, panel.y + spot.y, spot.width, spot.height]
        if found != self._places:
            self._places = found
            self.event("clickable", places=found)

    def told(self, words: dict[str, str]) -> None:
        """Log what the HUD tells, if that has changed."""
        if self._file is not None and words != self._words:
            self._words = words
            self.event("told", words=words)

    def picture(self, canvas: Canvas, preset: Preset, size: tuple[int, int], **values: Any) -> bool:
        """Log the canvas's picture if it is new; whether it was logged."""
        if self._file is None or canvas.pictures == self._pictures:
            return False
        self._pictures = canvas.pictures
        self.event(
            "picture",
            scale=canvas.scale,
            samples=canvas.samples,
            engine=str(canvas.engine),
            finished=canvas.finished,
            wanted=canvas.current,
            size=size,
            preset=preset.to_toml(),
            **values,
        )
        return True

    @property
    def on(self) -> bool:
        """Whether events are logged."""
        return self._file is not None

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
