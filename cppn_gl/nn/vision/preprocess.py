"""The table `[preprocess]`: how a picture becomes the input of an image network, and back."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils.arrays import Float32

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Preprocess:
    """The `[preprocess]` table; keys that are None are not given. size is (width, height)."""

    size: tuple[int, int] | None = None
    order: str | None = None  # rgb bgr grey
    range: float | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    fit: str = "stretch"
    resample: str = "bicubic"
    labels: str | tuple[str, ...] = ""

    def tensor(self, pixels: Pixels) -> Float32:
        """sRGB pixels (rows, columns, 3) as the network's input (channels, H, W), contiguous."""
        raise NotImplementedError

    def pixels(self, tensor: Any) -> Pixels:
        """An input (channels, H, W) as pixels (H, W, 3), clipped: for display."""
        raise NotImplementedError

    def seen(self, pixels: Pixels) -> Pixels:
        """The picture as the network sees it: resized, (H, W, 3)."""
        raise NotImplementedError
