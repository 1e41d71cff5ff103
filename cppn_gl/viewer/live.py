"""The camera of a preset whose input is live: read while it is shown, and closed with it.

explorer's preset, turn by turn -> Live.follow() -> a Camera, in a thread
                                   Live.seeing(preset) -> the preset with the newest picture

The history holds presets without pictures, so that none is kept.
"""

import dataclasses

import numpy as np

from cppn_gl.nn.image_file import StoredImage, of_pixels
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.camera import Camera
from cppn_gl.utils.checks import PresetError

# What is seen before the first picture.
NOTHING = of_pixels(np.full((48, 64, 3), 40, np.uint8))


class Live:
    """The camera of what is shown, if it has one: closed while paused."""

    def __init__(self) -> None:
        self.problem = ""  # of the camera that was opened last
        self._camera: Camera | None = None
        self._count = 0  # of the pictures when one was taken last
        self._picture = NOTHING
        self._name = ""  # of the camera that was asked for last, open or not
        self._seeing: tuple[Preset, StoredImage, Preset] | None = None

    @property
    def busy(self) -> bool:
        """Whether a camera is being read."""
        return self._camera is not None

    def follow(self, preset: Preset, *, running: bool, drawn: bool) -> str:
        """Open, read or close the camera of a preset; words, while it is opened.

        `drawn`: the last picture has been drawn, so that another one is of use.
        """
        name = preset.input.image if preset.input.live and preset.classifies else ""
        if name != self._name:
            self.close()
            self._name = name
        if not name or not running or self.problem:
            self._stop()
            return ""
        if self._camera is None:
            try:
                self._camera = Camera(name).start()
            except PresetError as error:
                self.problem = error.problem
                return ""
            return f"opening {preset.input.label} …"
        if self._camera.problem:
            self.problem = self._camera.problem
            self._stop()
            return ""
        if drawn and self._camera.count != self._count:
            self._count, pixels = self._camera.count, self._camera.newest()
            if pixels is not None:
                self._picture = of_pixels(pixels)
        return ""

    def seeing(self, preset: Preset) -> Preset:
        """A preset with the newest picture, if its input is live."""
        if not preset.input.live or not preset.classifies:
            return preset
        known = self._seeing
        if known is None or known[0] is not preset or known[1] is not self._picture:
            made = dataclasses.replace(preset, input=preset.input.showing(self._picture))
            known = self._seeing = preset, self._picture, made
        return known[2]

    def close(self) -> None:
        """Close the camera, and forget its picture."""
        self._stop()
        self.problem, self._name = "", ""
        self._picture, self._seeing = NOTHING, None

    def _stop(self) -> None:
        if self._camera is not None:
            self._camera.close()
        self._camera, self._count = None, 0


def unseeing(preset: Preset) -> Preset:
    """A preset without the picture of a live input."""
    if not preset.input.live or preset.input.content is None:
        return preset
    return dataclasses.replace(preset, input=preset.input.showing(None))
