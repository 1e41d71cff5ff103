"""Values and derivatives at the pixels of a view, in float32, for gradient and linear regions.

u, v -> FirstLayer.first_pre_activations() -> nn/derivatives.layers() -> values, derivatives
"""

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.cpu.products import Products
from cppn_gl.engines.fold import first_layer
from cppn_gl.nn.derivatives import Jets
from cppn_gl.nn.features import Clock
from cppn_gl.nn.network import Network
from cppn_gl.preset.tables import Viewport


class FirstLayer:
    """Layer 1 at a view and a time, in float32 over local coordinates, so deep zooms stay sharp.

    u runs to the right and v up; the shorter side of the picture spans [-1, 1].
    """

    def __init__(self, network: Network, view: Viewport, clock: Clock):
        self._products, self._view = Products(network, view, clock), view
        fold = first_layer(network, view.center, view.extent, clock)
        self._radius = "r" in network.inputs
        self._fold = fold[: len(network.drawn[0].bias)]

    def first_pre_activations(self, pixels: NDArray[np.integer], size: tuple[int, int]) -> Jets:
        """Pre-activations of layer 1 with derivatives by u and v, (3, N, rows).

        `pixels`: (N,) indices of pixels in reading order, in a picture of `size`.
        """
        coordinates = self._products.coordinates(pixels, size)
        jets = np.zeros((3, len(pixels), 4 if self._radius else 3), np.float32)
        jets[0] = coordinates
        jets[1, :, 0] = jets[2, :, 1] = 1
        if self._radius:
            u, v = coordinates[:, :2].T.astype(np.float64)
            center, extent = self._view.center, self._view.extent
            x, y = center[0] + extent * u, center[1] + extent * v
            r = np.maximum(np.hypot(x, y), 1e-30)
            jets[1, :, 3], jets[2, :, 3] = extent * x / r, extent * y / r
        with np.errstate(all="ignore"):
            return np.asarray(jets @ self._fold[:, : jets.shape[2]].T)
