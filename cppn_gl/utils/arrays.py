"""Names of common types: arrays, and sizes and places in pixels."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Size = tuple[int, int]  # width, height in pixels
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels; right and bottom exclusive
Jitter = tuple[float, float]  # a sample's offset (right, down) from the pixel centre, in pixels
Samples = int | Literal["auto"]  # N of the N×N samples per pixel, or as many as each part needs
RGB = tuple[int, int, int]  # a colour, 0 to 255
