"""Pictures kept from the window: screenshots and recorded frames, at full resolution.

Shot + Scene -> Drawing, a slice at a time -> pixels -> FrameWriter (its own threads) -> PNG
"""

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from cppn_gl.capture import FrameWriter, check_target, free_name
from cppn_gl.files import make_folder
from cppn_gl.painter import Drawing, Painter, Scene
from cppn_gl.picture import Shot
from cppn_gl.renderer import Renderer
from cppn_gl.targets import Planes

FPS = 30.0  # of a recording


@dataclass
class _Take:
    path: Path
    shot: Shot
    drawing: Drawing
    still: bool
    pixels: NDArray[np.uint8] | None = None  # once it is drawn


class Takes:
    """What is being kept. Nothing here makes the window wait."""

    frame_seconds = 1 / FPS

    def __init__(self, ctx: moderngl.Context, painter: Painter, renderer: Renderer):
        self._ctx, self._painter, self._renderer = ctx, painter, renderer
        self._waiting: deque[_Take] = deque()
        self._writer: FrameWriter | None = None
        self._folder: Path | None = None
        self._size = (0, 0)
        self._frames = 0

    @property
    def recording(self) -> bool:
        """Whether every frame is kept."""
        return self._folder is not None

    @property
    def ready(self) -> bool:
        """Whether the next frame of a recording can be taken."""
        return self.recording and not self._waiting

    @property
    def busy(self) -> bool:
        """Whether anything is still to be drawn."""
        return bool(self._waiting) or self.recording

    @property
    def status(self) -> str:
        """A line for the HUD while recording."""
        return f"recording: {self._frames} frames, {FPS:g}/s" if self.recording else ""

    def still(self, shot: Shot, scene: Scene, folder: Path) -> str:
        """Keep one picture in `folder`. Raises CaptureError where it plainly cannot be."""
        path = free_name(folder, shot.preset.name, ".png")
        while any(take.path == path for take in self._waiting):
            path = path.with_stem(path.stem + "-2")
        check_target(path, overwrite=False)
        self._add(path, shot, scene, still=True)
        return "keeping the picture …"

    def start(self, shot: Shot, folder: Path) -> str:
        """Begin a recording, in a new folder. Raises CaptureError."""
        check_target(folder / "frames", overwrite=True)
        target = free_name(folder, shot.preset.name, "")
        make_folder(target)
        self._folder, self._size, self._frames = target, shot.size, 0
        return f"recording into {target}"

    def frame(self, shot: Shot, scene: Scene) -> None:
        """Keep the next frame of the recording."""
        if self._folder is not None and shot.size == self._size:
            self._add(self._folder / f"{self._frames:05d}.png", shot, scene, still=False)
            self._frames += 1

    def stop(self) -> str:
        """End the recording."""
        folder, self._folder = self._folder, None
        return f"{self._frames} frames in {folder}"

    def _add(self, path: Path, shot: Shot, scene: Scene, *, still: bool) -> None:
        drawing = Drawing(self._painter, Planes(self._ctx, shot.size), scene)
        self._waiting.append(_Take(path, shot, drawing, still))

    def advance(self, budget: float) -> str:
        """Draw for about `budget` seconds; a message where something is done.

        Raises CaptureError where a file could not be written; a recording then ends.
        """
        if not self._waiting:
            return self._check()
        take = self._waiting[0]
        if take.pixels is None:
            if not take.drawing.step(budget):
                return ""
            take.pixels = self._renderer.presenter.read(take.drawing.planes)
            take.drawing.planes.release()
        if not self._submit(take):
            return ""  # the writer is behind: try again at the next frame
        self._waiting.popleft()
        return f"saved {take.path}" if take.still else ""

    def _submit(self, take: _Take) -> bool:
        if self._writer is None:
            self._writer = FrameWriter()
        assert take.pixels is not None
        try:
            return self._writer.submit(take.path, take.pixels, take.shot)
        except Exception:
            self._fail()
            raise

    def _check(self) -> str:
        """Notice a picture that failed after it was taken, while nothing new is."""
        if self._writer is not None and self._writer.errors:
            error = self._writer.errors[0]
            self._fail()
            raise error
        return ""

    def _fail(self) -> None:
        if self._writer is not None:
            self._writer.abort()
        self._writer = self._folder = None
        self._drop()

    def _drop(self) -> None:
        for take in self._waiting:
            if take.pixels is None:
                take.drawing.planes.release()
        self._waiting.clear()

    def close(self) -> Any:
        """Finish the stills that were asked for, then wait until all is written."""
        self._folder = None
        while any(take.still for take in self._waiting):
            self.advance(1.0)
        self._drop()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
