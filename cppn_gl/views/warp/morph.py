"""A matrix as movements of space: first a rotation, then a stretch along axes at right angles.

matrix -> decomposed() -> Morph -> at(turned, stretched) -> the matrix on the way

W = P R is the left polar decomposition: R is a rotation, P is symmetric. A mirror image of the
plane is a turn of the plane about a line in it, through the third dimension; one of space is a
stretch by a negative factor, which passes through flat space.
"""

import math
from dataclasses import dataclass

import numpy as np

from cppn_gl.utils.arrays import Float64

_PART = 1e-9  # of the identity added to W, so that lost directions turn as little as possible
_EYE = np.eye(3)


@dataclass(frozen=True, eq=False)
class Morph:
    """A rotation by `angle` (radians, 0 to π) about `axis` (3,), then `stretch` (3, 3)."""

    axis: Float64
    angle: float
    stretch: Float64

    def rotation(self, part: float = 1.0) -> Float64:
        """The rotation by a part of the angle, (3, 3), for column vectors: Rodrigues' formula."""
        x, y, z = self.axis
        cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        angle = part * self.angle
        return np.asarray(_EYE + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross)

    def at(self, turned: float, stretched: float) -> Float64:
        """The matrix when parts of the rotation, and then of the stretch, are done: 0 to 1."""
        return np.asarray(
            ((1 - stretched) * _EYE + stretched * self.stretch) @ self.rotation(turned)
        )


def padded(matrix: Float64) -> Float64:
    """A matrix of up to three rows and columns, with zeros as a (3, 3)."""
    whole = np.zeros((3, 3))
    rows, columns = matrix.shape
    whole[:rows, :columns] = matrix
    return whole


def decomposed(matrix: Float64) -> Morph:
    """The movements that make up a (3, 3) matrix."""
    size = float(np.abs(matrix).max())
    if not 0 < size < math.inf:
        return Morph(np.array([0.0, 0.0, 1.0]), 0.0, np.zeros((3, 3)))
    left, _, right = np.linalg.svd(matrix / size + _PART * _EYE)
    if np.linalg.det(left @ right) < 0:
        left[:, 2] *= -1  # the direction that is stretched least
    axis, angle = _axis_angle(left @ right)
    found = Morph(axis, angle, np.zeros((3, 3)))
    return Morph(axis, angle, matrix @ found.rotation().T)


def _axis_angle(rotation: Float64) -> tuple[Float64, float]:
    """The axis, a unit vector (3,), and the angle, 0 to π, of a rotation."""
    cosine = min(max((float(np.trace(rotation)) - 1) / 2, -1.0), 1.0)
    skew = np.array(
        [
            rotation[2, 1] - rotation[1, 2],
            rotation[0, 2] - rotation[2, 0],
            rotation[1, 0] - rotation[0, 1],
        ]
    )
    sine = float(np.linalg.norm(skew)) / 2
    angle = math.atan2(sine, cosine)
    if sine > 1e-6:
        return skew / (2 * sine), angle
    if cosine > 0:
        return np.array([0.0, 0.0, 1.0]), 0.0
    # Half a turn: R + 1 is twice the projection onto the axis.
    column = (rotation + _EYE)[:, int(np.argmax(np.diag(rotation)))]
    return np.asarray(column / np.linalg.norm(column)), math.pi
