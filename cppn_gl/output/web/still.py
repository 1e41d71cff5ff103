"""A small still picture of a shot, for a page until its live one is there, or instead of it.

It is drawn without OpenGL where the view can be, and by work that is bounded.
"""

import base64
import io

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.gl.context import ContextError
from cppn_gl.engines.names import without_opengl
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.preset.shot import Shot
from cppn_gl.views import view_of

SIDES = (480, 400, 320, 240, 200, 160, 128, 96, 64)  # pixels of the longer side, best first
QUALITIES = (60, 40, 25)  # of WebP
MAX_BYTES = 6000  # of a still, at most
MAX_WORK = 2**34  # multiplications: a second on two cores, a few where NumPy draws

EMPTY = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="


def still_of(shot: Shot, most: int = MAX_BYTES) -> str:
    """The picture of a shot as a data URL of WebP; EMPTY if it cannot be drawn in a short time.

    `most`: bytes of the WebP. The smallest picture is taken if none fits.
    """
    found = b""
    most = min(most, MAX_BYTES)
    scene = scene_of(shot.preset, shot.time)
    work = view_of(scene.preset).work(scene)
    for side in SIDES:
        size = _within(shot.size, side)
        if work * size[0] * size[1] > MAX_WORK:
            continue
        pixels = _drawn(shot, scene, size)
        if pixels is None:
            return EMPTY
        for quality in QUALITIES:
            found = _webp(pixels, quality)
            if len(found) <= most:
                return _url(found)
    return _url(found) if found else EMPTY


def _url(data: bytes) -> str:
    return f"data:image/webp;base64,{base64.b64encode(data).decode()}"


def _within(size: tuple[int, int], side: int) -> tuple[int, int]:
    """A picture's (width, height) made smaller, if its longer side is more than `side`."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _drawn(shot: Shot, scene: Scene, size: tuple[int, int]) -> NDArray[np.uint8] | None:
    """The pixels, (height, width, 3 or 4); None if they cannot be drawn here."""
    engine = without_opengl(scene.network)
    try:
        with Renderer(str(engine)) as renderer:
            pixels: NDArray[np.uint8] = renderer.render(shot.preset, size, shot.time)
            return pixels
    except ContextError:
        return None


def _webp(pixels: NDArray[np.uint8], quality: int) -> bytes:
    from PIL import Image

    # By method 6 a smooth alpha, kept exactly, takes nine seconds; so is two thirds of the bytes.
    alpha = {"method": 4, "alpha_quality": 60} if pixels.shape[2] == 4 else {"method": 6}
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=quality, **alpha)
    return buffer.getvalue()
