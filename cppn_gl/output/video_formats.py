"""The table of video formats. Loads neither OpenGL nor an encoder.

To add a format, write a class with the methods of `films.VideoFormat` in a new file and add a row.
Its files open as presets if `preset.readers` has a row for them.
"""

from pathlib import Path

from cppn_gl.output.animated import GIF, WEBP
from cppn_gl.output.films import VideoFormat, rate
from cppn_gl.output.libav import MP4, WEBM
from cppn_gl.utils.files import CaptureError, check_target

FORMATS: list[VideoFormat] = [MP4, WEBM, GIF, WEBP]


def video_format(path: Path) -> VideoFormat:
    """The format with the path's suffix. Raises CaptureError if there is none."""
    for candidate in FORMATS:
        if path.suffix.lower() in candidate.suffixes:
            return candidate
    raise CaptureError(path, f"not the name of a video; expected {video_names()}")


def video_names() -> str:
    """The usual names of files of all formats: "FILE.mp4, FILE.webm or FILE.gif"."""
    *others, last = [f"FILE{candidate.suffixes[0]}" for candidate in FORMATS]
    return f"{', '.join(others)} or {last}"


def check_video(path: Path, size: tuple[int, int], fps: float, *, overwrite: bool = False) -> None:
    """Raise an error if such a video cannot be written, before anything is drawn.

    PresetError for the size or rate, or if PyAV is missing; CaptureError for the file.
    """
    video_format(path).check(size, rate(fps))
    check_target(path, overwrite=overwrite)
