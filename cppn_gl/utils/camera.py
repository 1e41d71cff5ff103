"""Pictures of a camera, or of a film that is watched like one. PyAV is optional (extra `camera`).

    is_camera("camera")                 -> True; also "camera:/dev/video1", "camera:film.mp4"
    with Camera("camera") as camera:    a thread reads it until the block ends
        camera.newest()                 -> pixels, or None before the first
    still("camera")                     -> one picture

A camera is opened when a Camera starts and closed when it ends, and no picture but the newest is
kept. A film runs at its own speed, from its beginning again when it ends.
"""

import errno
import importlib
import os
import sys
import threading
import time as wall
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.extras import require

NAME = "camera"
MOST_SIDE = 640  # pixels of a picture: larger ones are reduced
MAX_PIXELS = 2**25  # of a film
OPENING = 5.0  # seconds in which a camera must give its first picture
SETTLING = 0.6  # seconds in which a camera finds its exposure, before a still
PAUSE = 1.0  # seconds between two pictures of a film, at most
_ASKED = "640x480", "30"  # size and pictures a second; a camera takes those that are nearest

Pixels = NDArray[np.uint8]  # (rows, columns, 3), sRGB


def is_camera(name: str) -> bool:
    """Whether the name of an image is that of a camera."""
    return name == NAME or name.startswith(f"{NAME}:")


def target_of(name: str) -> str:
    """What a name says after "camera:", a device or a film; "" for the system's first camera."""
    return name.partition(":")[2]


class Camera:
    """Reads a camera in a thread. Its first fault is `problem`, in one line."""

    def __init__(self, name: str):
        self.name, self.problem = name, ""
        self.count = 0  # pictures so far
        self._frame: Any = None
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cppn_gl-camera", daemon=True)

    def start(self) -> Self:
        """Open the camera and read it. Raises PresetError if the library is missing."""
        require("a camera", "av", "camera")
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop reading, and close the camera."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(PAUSE)
        self._frame = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.close()

    def newest(self) -> Pixels | None:
        """The newest picture, up to MOST_SIDE pixels a side; None if there is none yet."""
        with self._changed:
            frame = self._frame
        if frame is None:
            return None
        scale = min(1.0, MOST_SIDE / max(frame.width, frame.height))
        size = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
        pixels: Pixels = frame.to_ndarray(format="rgb24", width=size[0], height=size[1])
        return pixels

    def wait(self, seconds: float) -> bool:
        """Wait for the first picture, or for a problem; whether there is a picture."""
        with self._changed:
            self._changed.wait_for(lambda: self.count or self.problem, seconds)
        return self.count > 0

    def _run(self) -> None:
        try:
            for frame in self._frames():
                with self._changed:
                    self._frame, self.count = frame, self.count + 1
                    self._changed.notify_all()
                if self._stop.is_set():
                    return
            if not self._stop.is_set():
                raise ValueError("gives no more pictures")
        except Exception as error:  # PyAV raises errors of several kinds
            with self._changed:
                self.problem = f"{self.name}: {_words(error, target_of(self.name))}"
                self._changed.notify_all()

    def _frames(self) -> Iterator[Any]:
        av: Any = importlib.import_module("av")
        target = target_of(self.name)
        if os.path.isfile(target):
            yield from self._film(av, target)
            return
        file, format_, options = _device(av, target)
        with av.open(file, format=format_, options=options) as container:
            yield from container.decode(video=0)

    def _film(self, av: Any, path: str) -> Iterator[Any]:
        with av.open(path) as container:
            if not container.streams.video:
                raise ValueError("has no pictures")
            stream = container.streams.video[0]
            if not 0 < stream.width * stream.height <= MAX_PIXELS:
                raise ValueError(f"pictures of {stream.width}×{stream.height}, which are too large")
            while True:
                began, first, seen = wall.monotonic(), None, False
                for frame in container.decode(stream):
                    seen, first = True, frame.time if first is None else first
                    due = began + (frame.time or 0.0) - (first or 0.0)
                    if self._stop.wait(min(max(0.0, due - wall.monotonic()), PAUSE)):
                        return
                    yield frame
                if not seen:
                    raise ValueError("has no pictures")
                if self._stop.wait(1 / 30):  # a film of one picture
                    return
                container.seek(0)


def _device(av: Any, target: str) -> tuple[str, str, dict[str, str]]:
    """File, format and options by which this system opens a camera."""
    size, rate = _ASKED
    options = {"video_size": size, "framerate": rate}
    if sys.platform == "darwin":
        return f"{target or '0'}:none", "avfoundation", options
    if sys.platform == "win32":
        if not target:
            found = [one.name for one in av.enumerate_input_devices("dshow")]
            if not found:
                raise FileNotFoundError(errno.ENOENT, "")
            target = found[0]
        return f"video={target}", "dshow", options
    return target or "/dev/video0", "v4l2", options


def _words(error: Exception, target: str) -> str:
    """What is wrong with a camera, in one line."""
    number = getattr(error, "errno", None)
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        name = target or ("/dev/video0" if sys.platform.startswith("linux") else "camera")
        return f"there is no {name}; another one is named so: camera:/dev/video1, camera:film.mp4"
    if number in (errno.EACCES, errno.EPERM):
        return "no permission to use it; allow it in the system, or join the group video"
    if number == errno.EBUSY:
        return "used by another program"
    if isinstance(error, ValueError) and number is None:
        return str(error)
    return f"neither a camera nor a film that can be read ({type(error).__name__})"


_stills: dict[str, Pixels] = {}  # one, so that a picture is drawn of the same one throughout


def still(name: str) -> Pixels:
    """One picture, the same whenever it is asked for again. Raises PresetError."""
    if name not in _stills:
        with Camera(name) as camera:
            if not camera.wait(OPENING):
                problem = camera.problem or f"{name}: gives no picture within {OPENING:.0f} seconds"
                raise PresetError(problem, key="input.image")
            if not os.path.isfile(target_of(name)):
                camera._stop.wait(SETTLING)
            pixels = camera.newest()
        assert pixels is not None
        _stills.clear()
        _stills[name] = pixels
    return _stills[name]
