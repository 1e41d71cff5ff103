"""Quantisation of pictures in memory."""

import numpy as np
from numpy.typing import NDArray


def quantise(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Display values as 8-bit values: round(255 v), clamped."""
    rounded = np.clip(picture, 0, 1)
    rounded *= np.float32(255)
    rounded += np.float32(0.5)
    return rounded.astype(np.uint8)  # truncates
