"""Values and derivatives at the pixels of a view, in float32, for gradient and linear regions.

u, v -> Derivatives, by the native library or NumPy -> outputs, pre-activations, and derivatives
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.cpu.evaluator import places
from cppn_gl.engines.cpu.native import evaluator
from cppn_gl.engines.fold import AFFINE, changes
from cppn_gl.nn.derivatives import Jets
from cppn_gl.nn.features import Clock
from cppn_gl.nn.network import Network
from cppn_gl.preset.tables import Viewport
from cppn_gl.utils.arrays import Size

Pixels = NDArray[np.integer[Any]]


class Derivatives:
    """A network at a view and a time, in float32 over local coordinates: deep zooms stay sharp.

    u runs to the right and v up; the shorter side of the picture spans [-1, 1]. Arrays are (3, N,
    units) at N pixels: values, and their derivatives by u and v. `pixels`: (N,) indices in reading
    order, in a picture of `size`.
    """

    def __init__(self, network: Network, view: Viewport, clock: Clock):
        self._evaluator = evaluator(network, view, clock)
        self._changes = changes(network, view.center, view.extent)

    def outputs(self, pixels: Pixels, size: Size) -> Jets:
        """The outputs."""
        return self._evaluator.derivatives(self._coordinates(pixels, size), hidden=False)[1]

    def layers(self, pixels: Pixels, size: Size) -> tuple[Sequence[Jets], Jets]:
        """The pre-activations of all layers but the last, and the outputs."""
        return self._evaluator.derivatives(self._coordinates(pixels, size), hidden=True)

    def _coordinates(self, pixels: Pixels, size: Size) -> Jets:
        """The variables of layer 1."""
        coordinates = self._evaluator.coordinates(pixels, size)
        jets = np.zeros((3, *coordinates.shape), np.float32)
        jets[0] = coordinates
        jets[1, :, 0] = jets[2, :, 1] = 1
        u, v = places(pixels, size)
        for column, change in enumerate(self._changes, AFFINE):
            jets[1, :, column], jets[2, :, column] = change.slopes(u, v)
        return jets
