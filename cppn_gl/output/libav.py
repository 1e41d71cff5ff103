"""MP4 (H.264) and WebM (VP9), by PyAV: the FFmpeg libraries. PyAV is optional (extra `video`).

RGB, 8 bits -> BT.709 Y'CbCr, limited range, 4:2:0 -> encoder -> packets -> container

A file says all of this of itself, so that players show the colours of the frames. The chroma
samples are the means of 2×2 pixels and lie in their centre, which the stream of H.264 says, too.
The shot's text is the container's comment, which other programs keep when they copy the file.
"""

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO

from cppn_gl.output.films import (
    EncodingError,
    Film,
    Frame,
    Quality,
    check_sides,
)
from cppn_gl.preset.readers import MP4 as MP4_READER
from cppn_gl.preset.readers import WEBM as WEBM_READER
from cppn_gl.utils.checks import integer
from cppn_gl.utils.extras import require
from cppn_gl.utils.native import library

LARGEST = 16_384  # pixels a side; x264 takes no more
AREA = 139_264 * 256  # pixels: the limit of the highest level, 6.2, of both H.264 and VP9
BT709 = 1  # the number of these primaries, transfer function and matrix in H.273
LIMITED = 1  # range of the values: 16 to 235, and 16 to 240


def _again(file: BinaryIO) -> BinaryIO:
    """A file that is being written, opened for reading."""
    return open(file.name, "rb")


class _Sink:
    """A file as the libraries write it. They get no error: of a second one they tell on stderr."""

    def __init__(self, file: BinaryIO):
        self._file = file
        self.name, self.tell = file.name, file.tell
        self.error: OSError | None = None  # the first

    def write(self, data: bytes) -> int:
        if self.error is None:
            try:
                return self._file.write(data)
            except OSError as error:
                self.error = error
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if self.error is None:
            try:
                return self._file.seek(offset, whence)  # which writes what is buffered
            except OSError as error:
                self.error = error
        return offset


@dataclass(frozen=True)
class LibavFormat:
    """A container and its encoder: `options` makes the encoder's options of the CRF."""

    name: str
    suffixes: tuple[str, ...]
    container: str
    codec: str
    quality: Quality
    options: Callable[[int], dict[str, str]]
    fps: int = 30
    even: bool = True  # colours are stored for 2×2 pixels (4:2:0)

    def check(self, size: tuple[int, int], fps: Fraction) -> None:
        require(self.name, "av")
        check_sides(self.name, size, LARGEST, AREA, even=self.even)

    def begin(self, file: BinaryIO, film: Film) -> "LibavEncoder":
        return LibavEncoder(self, file, film)


class LibavEncoder:
    """Encodes frames of one size at a constant rate, the first at time 0."""

    def __init__(self, format_: LibavFormat, file: BinaryIO, film: Film):
        self._name, self._av = format_.name, importlib.import_module("av")
        self._step, self._frames = 1 / film.fps, 0
        video = importlib.import_module("av.video.reformatter")
        self._how = {
            "format": "yuv420p",
            "dst_colorspace": video.Colorspace.ITU709,
            "src_color_range": video.ColorRange.JPEG,
            "dst_color_range": video.ColorRange.MPEG,
            # The mean of each 2×2 pixels, correctly rounded: others are wrong by up to 0.07 levels.
            "interpolation": video.Interpolation.AREA | video.Interpolation.ACCURATE_RND,
        }
        try:
            self._open(format_, file, film)
        except (self._av.FFmpegError, ValueError, LookupError) as error:
            raise self._problem(error) from None

    def _open(self, format_: LibavFormat, file: BinaryIO, film: Film) -> None:
        # bitexact: no random numbers. faststart reads the file again when it is complete, to move
        # its index to the front.
        options = {"fflags": "+bitexact"}
        if format_.container == "mp4":
            options["movflags"] = "+faststart"
        self._sink = _Sink(file)
        self._container = self._av.open(
            self._sink,
            "w",
            format=format_.container,
            container_options=options,
            io_open=lambda url, flags, options: _again(file),
        )
        self._container.metadata["title"] = film.shot.preset.title or film.shot.preset.name
        self._container.metadata["comment"] = film.shot.to_text()
        width, height = film.shot.size
        self._stream = self._container.add_stream(
            format_.codec,
            film.fps,
            width=width,
            height=height,
            pix_fmt="yuv420p",
            options=format_.options(film.quality),
        )
        context = self._stream.codec_context
        context.time_base = self._step
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = LIMITED
        # A library's messages come one by one, from several threads; those of opening tell what
        # is wrong with the size or an option.
        logging = self._av.logging
        level = logging.get_level()
        logging.set_level(logging.ERROR)
        try:
            with logging.Capture() as messages:
                self._container.start_encoding()
        except self._av.FFmpegError as error:
            words = [text.strip() for _, _, text in messages if text.strip()]
            raise EncodingError("; ".join(words) or str(error)) from None
        finally:
            logging.set_level(level)

    def add(self, frame: Frame) -> None:
        picture = self._av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(**self._how)
        picture.pts, picture.time_base = self._frames, self._step
        self._frames += 1
        self._mux(picture)

    def finish(self) -> None:
        self._mux(None)
        try:
            self._container.close()
        except self._av.FFmpegError as error:
            self._check()
            raise self._problem(error) from None
        self._check()

    def _check(self) -> None:
        """Raise the error of the file, if there was one."""
        if self._sink.error is not None:
            raise self._sink.error

    def _mux(self, picture: Any) -> None:
        try:
            self._container.mux(self._stream.encode(picture))
        except self._av.FFmpegError as error:
            self._check()
            raise self._problem(error) from None
        self._check()

    def _problem(self, error: Exception) -> Exception:
        """The error in words, or an OSError of the file itself, such as a full disk."""
        if isinstance(error, EncodingError) or (isinstance(error, OSError) and error.errno):
            return error
        return EncodingError(f"the encoder of {self._name} says: {' '.join(str(error).split())}")


def _crf(high: int) -> Quality:
    words = "constant rate factor: a lower one is better and makes a larger file"
    return Quality("crf", words, integer(1, high), 20)


def _x264(crf: int) -> dict[str, str]:
    # Threads for slices, PyAV's choice, give other bytes from time to time; for frames, the same.
    parameters = "chromaloc=1:sliced-threads=0"
    found = library()
    if found is not None and "avx512" in found.isas:
        # x264's AVX-512 code (mbtree) reads memory that nobody has set, unless the width is a
        # multiple of 128 pixels. The bytes are those of AVX2, and the speed too.
        parameters += ":asm=avx2,bmi2"
    return {"crf": str(crf), "preset": "medium", "x264-params": parameters}


def _vp9(crf: int) -> dict[str, str]:
    return {"crf": str(crf), "b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"}


MP4 = LibavFormat(MP4_READER.name, MP4_READER.suffixes, "mp4", "libx264", _crf(51), _x264)
WEBM = LibavFormat(WEBM_READER.name, WEBM_READER.suffixes, "webm", "libvpx-vp9", _crf(63), _vp9)
