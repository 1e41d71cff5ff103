"""Videos and animated pictures: frames in order -> one file.

    Sequence -> drawn(): frames -> VideoWriter: a thread with the format's encoder -> file

What makes the frames and what encodes them are separate: `VideoWriter` takes frames from anywhere.
The formats are in `video_formats`.
"""

import contextlib
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cppn_gl.output.capture import Workers, waiting
from cppn_gl.output.films import Encoder, EncodingError, Film, rate
from cppn_gl.output.sequence import Sequence, check_frames, drawn, frame_path, write_sequence
from cppn_gl.output.video_formats import check_video, video_format
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.alpha import over
from cppn_gl.utils.files import CaptureError, reason, writing

if TYPE_CHECKING:
    from cppn_gl.output.cluster import Cluster
    from cppn_gl.output.renderer import Renderer


class VideoWriter(Workers):
    """Encodes frames into a video on a thread of its own.

    `shot` is the first frame's: the file stores its text, and all frames have its size. `quality`
    is in the format's measure; None is its usual value. As a context manager it completes the file
    on exit; if the block raised, there is no file. Raises the errors of check_video, and
    CaptureError with the encoder's words.
    """

    def __init__(
        self,
        path: Path,
        shot: Shot,
        fps: float,
        *,
        quality: int | None = None,
        overwrite: bool = False,
    ):
        check_video(path, shot.size, fps, overwrite=overwrite)
        super().__init__(workers=1, waiting=waiting(shot.size))
        self._path, self._format = path, video_format(path)
        usual = self._format.quality.usual if self._format.quality else 0
        self._film = Film(shot, rate(fps), usual if quality is None else quality)
        self._encoder: Encoder | None = None
        self._file = contextlib.ExitStack()
        self._stream = self._file.enter_context(writing(path, overwrite=overwrite))

    def submit(self, pixels: NDArray[Any], *, wait: float = 0.0) -> bool:
        """Queue the next frame; False if the queue is still full after `wait` seconds.

        (height, width, 3 or 4) uint8 pixels, row 0 on top; with alpha, they are shown over black.
        They are not copied: do not change them. Raises the first error of an earlier frame.
        """
        return self.take(partial(self._add, pixels), wait=wait)

    def _add(self, pixels: NDArray[Any]) -> None:
        with self._telling():
            if self._encoder is None:  # here, so that its own threads have this one's priority
                self._encoder = self._format.begin(self._stream, self._film)
            self._encoder.add(over(pixels))

    def _finish(self) -> None:
        with self._telling():
            if self._encoder is None:
                raise EncodingError("no frames")
            self._encoder.finish()

    @contextlib.contextmanager
    def _telling(self) -> Any:
        try:
            yield
        except EncodingError as error:
            raise CaptureError(self._path, str(error)) from None
        except OSError as error:
            raise CaptureError(self._path, reason(error)) from None

    def close(self) -> None:
        """Complete the file. Raises the first error, and then there is none."""
        try:
            while not self.take(self._finish, wait=0.2):
                pass
            super().close()
            self._file.close()
        except BaseException as error:
            self._drop(error)
            raise

    def abort(self) -> None:
        """Drop the file."""
        self._drop(InterruptedError())

    def _drop(self, error: BaseException) -> None:
        super().abort()
        with contextlib.suppress(type(error), CaptureError):
            self._file.__exit__(type(error), error, None)
        self._encoder = None


def write_video(
    renderer: "Renderer | Cluster",
    sequence: Sequence,
    path: Path,
    *,
    quality: int | None = None,
    overwrite: bool = False,
    keep: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Draw the frames of a sequence into one video; the suffix of `path` chooses the format.

    `keep`: a folder for the frames, as write_sequence has it, from which an interrupted call goes
    on. `quality`: as for VideoWriter. `progress(done, frames)` is called after each frame. Raises
    PresetError, and CaptureError if the file cannot be written; then there is none.
    """
    check_video(path, sequence.size, sequence.fps, overwrite=overwrite)
    check_frames(renderer, sequence)
    shot = sequence.shot(0, renderer.engine_for(sequence.preset).engine)
    frames = drawn(renderer, sequence) if keep is None else _kept(keep, sequence.frames)
    if keep is not None:
        write_sequence(renderer, sequence, keep, progress=progress)
        progress = None
    with (
        VideoWriter(path, shot, sequence.fps, quality=quality, overwrite=overwrite) as writer,
        contextlib.closing(frames),
    ):
        for done, pixels in enumerate(frames, 1):
            while not writer.submit(pixels, wait=0.2):
                pass
            if progress:
                progress(done, sequence.frames)


def _kept(folder: Path, frames: int) -> Generator[NDArray[Any], None, None]:
    """The pixels of a sequence's files."""
    for frame in range(frames):
        with Image.open(frame_path(folder, frame)) as picture:
            yield np.asarray(picture)
