"""The orbiting camera of surfaces and volumes.

    Orbit (turn, tilt, distance) + size -> Camera -> the shaders' matrix, pixels of points

The box is centred at the origin with half sides of 1: x to the right, y away from a camera at
turn 0, z up. Towards a tilt of ±90 degrees the camera moves back and its focal length grows, so
that the projection becomes orthographic: the view from above is a map.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyrr import matrix44

from cppn_gl.preset.show import Orbit
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.ladder import ladder

LENS = 2.35  # focal length for a flat box: about 46 degrees
GROWTH = 0.1  # relative increase of the focal length for the view from above
FLATTEST = 1e-3  # least cosine of the tilt; the camera moves back by its inverse
REACH = 6.0  # largest distance of the box's points from the origin, at a relief of 5
DEGREES = 90.0  # turned by dragging over half the shorter side
ZOOM = 2**0.25  # factor per step of the wheel
NEAREST, FARTHEST = 1.0, 100.0  # distances


@dataclass(frozen=True)
class Camera:
    """Turn and tilt in degrees, distance in half sides, the picture's size in pixels."""

    turn: float
    tilt: float
    distance: float
    size: tuple[int, int]
    lens: float = LENS  # focal length, in units of half the picture's shorter side

    @classmethod
    def of(cls, orbit: Orbit, size: tuple[int, int], lens: float = LENS) -> "Camera":
        return cls(orbit.turn, orbit.tilt, orbit.distance, size, lens)

    @property
    def _back(self) -> float:
        """The factor on distance and focal length that flattens the perspective."""
        return 1 / max(math.cos(math.radians(self.tilt)), FLATTEST)

    @property
    def flat(self) -> float:
        """0 where the box is seen from the side, 1 from above."""
        return 1 - math.cos(math.radians(self.tilt))

    @property
    def _lens(self) -> float:
        return self.lens * (1 + GROWTH * self.flat)

    @property
    def axes(self) -> Float64:
        """Rows: the directions right, up and towards the camera, in the box's coordinates."""
        rotation: Float64 = self._rotation()[:3, :3].T
        return rotation

    @property
    def eye(self) -> Float64:
        """The position of the camera, in the box's coordinates."""
        place: Float64 = self.axes[2] * self.distance * self._back
        return place

    @property
    def half_size(self) -> tuple[float, float]:
        """Half the picture's width and height in half sides of the box, at the origin's depth."""
        width, height = self.size
        half = self.distance / self._lens / min(width, height)
        return width * half, height * half

    def _rotation(self) -> Any:
        # pyrr's rotations turn row vectors the other way round.
        turned = matrix44.create_from_z_rotation(-math.radians(self.turn))
        raised = matrix44.create_from_x_rotation(math.radians(90 - self.tilt))
        return matrix44.multiply(turned, raised)

    @property
    def matrix(self) -> Float64:
        """Box to clip coordinates, (4, 4), for row vectors, in OpenGL's memory order."""
        width, height = self.size
        lens, far = self._lens * self._back, self.distance * self._back
        moved = matrix44.create_from_translation(np.array([0.0, 0.0, -far]))
        upright = 2 * math.degrees(math.atan2(height, lens * min(width, height)))
        near = max(far - REACH, 0.02)
        seen = matrix44.create_perspective_projection(upright, width / height, near, far + REACH)
        whole: Float64 = matrix44.multiply(matrix44.multiply(self._rotation(), moved), seen)
        return whole

    def project(self, points: Any) -> Float64:
        """Pixels of points (N, 3): x to the right, y down, and depth from -1 (near) to 1 (far).

        NaN for points behind the camera.
        """
        points = np.asarray(points, np.float64).reshape(-1, 3)
        clip = np.hstack([points, np.ones((len(points), 1))]) @ self.matrix
        w = np.where(clip[:, 3:] > 1e-9, clip[:, 3:], np.nan)
        place = clip[:, :3] / w
        width, height = self.size
        x, y = (place[:, 0] + 1) / 2 * width, (1 - place[:, 1]) / 2 * height
        return np.stack([x, y, place[:, 2]], axis=1)


def dragged(orbit: Orbit, du: float, dv: float) -> dict[str, Any]:
    """The keys changed by dragging, for all 3D views: the box follows the pointer."""
    turn = (orbit.turn + DEGREES * du) % 360
    tilt = min(max(orbit.tilt - DEGREES * dv, -90.0), 90.0)
    return {"show.turn": round(turn, 3), "show.tilt": round(tilt, 3)}


def zoomed(orbit: Orbit, steps: int) -> dict[str, Any]:
    """The keys changed by the wheel, for all 3D views; zooming in and out is exactly reversible."""
    distance = ladder(orbit.distance, Orbit.distance, ZOOM, -steps)
    return {"show.distance": min(max(distance, NEAREST), FARTHEST)}
