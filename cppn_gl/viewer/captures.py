"""Screenshots and recorded frames: drawn at full resolution without blocking the window.

Shot + Scene -> Task, a time slice per frame -> pixels -> FrameWriter (own threads) -> files
"""

import contextlib
import dataclasses
import os
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import moderngl
import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.base import Region
from cppn_gl.engines.gl.shader import ShaderError
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.names import without_opengl
from cppn_gl.output.capture import FrameWriter
from cppn_gl.output.formats import SUFFIX
from cppn_gl.output.renderer import Renderer
from cppn_gl.output.sequence import frame_path
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.files import CaptureError, check_target, free_name, make_folder
from cppn_gl.utils.tasks import Task, within
from cppn_gl.viewer.engine_selector import EngineSelector
from cppn_gl.views import sampling, view_of
from cppn_gl.views.base import Stage, lay_over

FPS = 30.0  # of a recording
MAX_STILLS = 8  # screenshots waiting to be drawn
CLOSING_SECONDS = 10.0  # time limit for pending screenshots after the window has closed


@dataclass
class _Capture:
    path: Path
    shot: Shot
    scene: Scene
    still: bool
    task: Task | None = None  # None until it is begun, since planes are large
    planes: Planes | None = None
    pixels: NDArray[np.uint8] | None = None  # None until it is drawn


class Captures:
    """The queue of pictures to be drawn and saved."""

    frame_seconds = 1 / FPS

    def __init__(self, ctx: moderngl.Context, renderer: Renderer, engines: EngineSelector):
        self._ctx, self._renderer, self._engines = ctx, renderer, engines
        self._waiting: deque[_Capture] = deque()
        self._writer: FrameWriter | None = None
        self._folder: Path | None = None
        self._recorded: Path | None = None  # the folder of the last recording
        self._size = (0, 0)
        self._frames = 0
        self._submitted: deque[Path] = deque()  # screenshots that are being written
        self.saved: Path | None = None  # the screenshot that was saved last
        self._named: set[Path] = set()  # file names given to screenshots so far

    @property
    def recording(self) -> bool:
        return self._folder is not None

    @property
    def ready(self) -> bool:
        """Whether the recording is ready for its next frame."""
        return self.recording and not self._waiting

    def fits(self, size: tuple[int, int]) -> bool:
        """Whether `size` is the size of the recording's frames."""
        return self._size == size

    @property
    def busy(self) -> bool:
        """Whether a recording is on, or a capture is waiting to be drawn or to be written."""
        return bool(self._waiting or self._submitted) or self.recording

    @property
    def recorded(self) -> tuple[float, int] | None:
        """The length of the recording so far, in seconds and in frames; None if there is none."""
        return (self._frames / FPS, self._frames) if self.recording else None

    def still(self, shot: Shot, scene: Scene, folder: Path) -> str:
        """Queue a screenshot into `folder`. Raises CaptureError if it cannot be saved there."""
        self._check_size(shot.size, folder)
        if sum(capture.still for capture in self._waiting) >= MAX_STILLS:
            raise CaptureError(folder, f"{MAX_STILLS} screenshots are still being drawn")
        first = path = free_name(folder, shot.preset.name, SUFFIX)
        number = 1
        while path in self._named or os.path.lexists(path):  # a named file may not be written yet
            number += 1
            path = first.with_stem(f"{first.stem}-{number}")
        check_target(path, overwrite=False)
        self._add(path, shot, scene, still=True)
        self._named.add(path)
        return "saving a screenshot …"

    def start(self, shot: Shot, folder: Path) -> str:
        """Begin a recording into a new folder. Raises CaptureError."""
        self._check_size(shot.size, folder)
        target = free_name(folder, shot.preset.name, "")
        check_target(target, overwrite=False)
        make_folder(target)
        self._folder, self._size, self._frames = target, shot.size, 0
        self._recorded = target
        return f"recording into {target}"

    def frame(self, shot: Shot, scene: Scene) -> None:
        """Queue the next frame of the recording."""
        if self._folder is not None and self.fits(shot.size):
            self._add(frame_path(self._folder, self._frames), shot, scene, still=False)
            self._frames += 1

    @property
    def folder(self) -> Path | None:
        """The folder of the last recording."""
        return self._recorded

    def stop(self) -> str:
        """End the recording; a message about it."""
        folder, self._folder = self._folder, None
        frames = "1 frame" if self._frames == 1 else f"{self._frames} frames"
        return f"recorded {frames} in {folder}"

    def _check_size(self, size: tuple[int, int], folder: Path) -> None:
        info = self._renderer.info.context
        limit = min(info.max_texture_size, *info.max_viewport) if info else 0
        if not 1 <= min(size) <= max(size) <= limit:
            problem = f"{size[0]}×{size[1]} pixels, but each side must be 1 to {limit}"
            raise CaptureError(folder, problem)

    def _add(self, path: Path, shot: Shot, scene: Scene, *, still: bool) -> None:
        self._waiting.append(_Capture(path, shot, scene, still))

    def advance(self, budget: float) -> str:
        """Draw for about `budget` seconds; a message when a screenshot is written, else "".

        Raises CaptureError if a file could not be written, which also ends a recording.
        """
        self._check()
        if self._waiting:
            capture = self._waiting[0]
            # If the writer's queue is full, it is tried again at the next frame.
            if self._draw(capture, budget) and self._submit(capture):
                self._waiting.popleft()
                if capture.still:
                    self._submitted.append(capture.path)
        if not self._submitted or not self._submitted[0].exists():  # it appears when complete
            return ""
        self.saved = self._submitted.popleft()
        return f"saved {self.saved}"

    def _draw(self, capture: _Capture, budget: float) -> bool:
        if capture.pixels is not None:
            return True
        try:
            if capture.task is None and not self._begin(capture):
                return False
            assert capture.task is not None
            if not capture.task.step(within(budget)):
                return False
        except ShaderError as error:
            self._fail()
            raise CaptureError(capture.path, str(error)) from None
        assert capture.planes is not None
        scene, size = capture.scene, capture.shot.size
        view = view_of(scene.preset)
        boxes = view.dithered(scene.preset, size)
        pixels = self._renderer.presenter.read(capture.planes, boxes)
        capture.pixels = lay_over(pixels, view.overlay(scene, size))
        self._discard(capture)
        return True

    def _begin(self, capture: _Capture) -> bool:
        """Begin to draw; False if a program had to be compiled first, which took this turn."""
        pick = self._engines.pick(capture.scene)
        view = view_of(capture.scene.preset)
        if pick.compiles and view.by_pixel:
            self._engines.compile(pick.key, capture.scene, pick.engine, 1)
            return False
        base = capture.scene.network
        engine = without_opengl(base) if pick.compiles else pick.engine
        inner = self._renderer.chooser.engine_within  # the choice when the file is rendered again
        capture.shot = dataclasses.replace(capture.shot, engine=str(engine))
        stage = Stage(self._engines.painter, lambda network: inner(base, network, engine))
        region = Region.of(capture.shot.size, capture.shot.samples)
        capture.planes = Planes(self._ctx, region.part, base.channels)
        capture.task = sampling.begin(view, stage, capture.planes, capture.scene, region)
        return True

    def _submit(self, capture: _Capture) -> bool:
        if self._writer is None:
            self._writer = FrameWriter()
        assert capture.pixels is not None
        try:
            return self._writer.submit(capture.path, capture.pixels, capture.shot)
        except Exception as error:
            self._fail()
            raise _as_capture_error(capture.path, error) from None

    def _check(self) -> None:
        """Raise the CaptureError of a file that the writer failed to write, if there is one."""
        if self._writer is not None and self._writer.errors:
            error = self._writer.errors[0]
            self._fail()
            raise _as_capture_error(Path("a picture"), error) from None

    def _fail(self) -> None:
        if self._writer is not None:
            self._writer.abort()
        self._writer = self._folder = None
        self._drop()

    def _drop(self) -> None:
        for capture in self._waiting:
            self._discard(capture)
        self._waiting.clear()
        self._submitted.clear()

    def _discard(self, capture: _Capture) -> bool:
        """Free a capture's resources. Always False, for use in a filter."""
        if capture.task is not None:
            capture.task.release()
        if capture.planes is not None:
            capture.planes.release()
        capture.task = capture.planes = None
        return False

    def close(self) -> None:
        """Finish the pending screenshots and wait until all files are written.

        Raises CaptureError if a file could not be written or a screenshot not be drawn within
        CLOSING_SECONDS. Removes a recording's folder if it is empty.
        """
        self._folder = None
        deadline = time.monotonic() + CLOSING_SECONDS
        self._waiting = deque(
            capture for capture in self._waiting if capture.still or self._discard(capture)
        )
        while self._waiting and time.monotonic() < deadline:
            self.advance(0.25)
        left = [capture.path for capture in self._waiting]
        self._drop()
        writer, self._writer = self._writer, None
        try:
            if writer is not None:
                writer.close()
        except Exception as error:
            raise _as_capture_error(Path("a picture"), error) from None
        finally:
            self._submitted.clear()
            if self._recorded is not None:
                with contextlib.suppress(OSError):
                    self._recorded.rmdir()  # fails if it holds a frame, as it should
        if left:
            problem = f"not saved: {len(left)} screenshots took longer than {CLOSING_SECONDS:g} s"
            raise CaptureError(left[0], problem)


def _as_capture_error(path: Path, error: Exception) -> CaptureError:
    if isinstance(error, CaptureError):
        return error
    return CaptureError(path, f"cannot be written: {str(error) or type(error).__name__}")
