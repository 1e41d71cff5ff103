"""The orbiting camera of surfaces and volumes.

    Orbit (turn, tilt, distance) + size -> Camera.framing() -> the shaders' matrix, pixels of points

The box is centred at the origin with half sides of 1: x to the right, y away from a camera at
turn 0, z up. At the default distance the box fills the picture, centred, from every side.
Towards a tilt of ±90 degrees the camera moves back and its focal length grows, so that the
projection becomes orthographic: the view from above is a map.
"""

import dataclasses
import itertools
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from pyrr import matrix44

from cppn_gl.preset.show import Orbit
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.ladder import ladder

FILL = 0.85  # of the picture's height that the box takes
WIDEST = 0.94  # of the picture's width that it takes at most
LEAST = 0.2  # of half the picture that it takes at least, however much room labels need
ROUND = 1.8  # reach of a box, in half sides, from which on the camera is farther away
FLATTEST = 1e-3  # least cosine of the tilt; the camera moves back by its inverse
REACH = 6.0  # largest distance of the box's points from the origin, at a relief of 5
DEGREES = 90.0  # turned by dragging over half the shorter side
ZOOM = 2**0.25  # factor per step of the wheel
NEAREST, FARTHEST = 1.0, 100.0  # distances


@dataclass(frozen=True)
class Camera:
    """Turn and tilt in degrees, distance in half sides, the picture's size in pixels.

    lens: the focal length, in units of half the picture's shorter side. shift: where the picture
    has the box's centre, to the right and up, in half widths and half heights of the picture.
    """

    turn: float
    tilt: float
    distance: float
    size: tuple[int, int]
    lens: float = 2.0
    shift: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def framing(
        cls,
        orbit: Orbit,
        size: tuple[int, int],
        relief: float,
        room: tuple[float, float] = (0.0, 0.0),
    ) -> "Camera":
        """The camera for which the box of half height `relief` fills the picture, centred.

        `room`: pixels kept free of it at the left and right, above and below. Other distances than
        the default enlarge or reduce the whole picture about its centre.
        """
        far = max(1.0, math.hypot(math.sqrt(2), relief) / ROUND)
        at = cls(orbit.turn, orbit.tilt, Orbit.distance * far, size, 1.0)
        corners = list(itertools.product((-1.0, 1.0), (-1.0, 1.0), (-relief, relief)))
        seen = 2 * at.project(corners)[:, :2] / size - 1  # from -1 to 1
        low, high = seen.min(axis=0), seen.max(axis=0)
        free = 2 - 4 * np.array(room) / size
        most = np.maximum(np.minimum((2 * WIDEST, 2 * FILL), free), LEAST)
        lens = float(np.min(most / np.maximum(high - low, 1e-6)))
        aside = (low + high) / 2 * lens * Orbit.distance / orbit.distance
        return dataclasses.replace(
            at, distance=orbit.distance * far, lens=lens, shift=(-float(aside[0]), float(aside[1]))
        )

    @property
    def _back(self) -> float:
        """The factor on distance and focal length that flattens the perspective."""
        return 1 / max(math.cos(math.radians(self.tilt)), FLATTEST)

    @property
    def flat(self) -> float:
        """0 where the box is seen from the side, 1 from above."""
        return 1 - math.cos(math.radians(self.tilt))

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
        half = self.distance / self.lens / min(width, height)
        return width * half, height * half

    def _rotation(self) -> Any:
        # pyrr's rotations turn row vectors the other way round.
        turned = matrix44.create_from_z_rotation(-math.radians(self.turn))
        raised = matrix44.create_from_x_rotation(math.radians(90 - self.tilt))
        return matrix44.multiply(turned, raised)

    @cached_property
    def matrix(self) -> Float64:
        """Box to clip coordinates, (4, 4), for row vectors, in OpenGL's memory order."""
        width, height = self.size
        lens, far = self.lens * self._back, self.distance * self._back
        moved = matrix44.create_from_translation(np.array([0.0, 0.0, -far]))
        upright = 2 * math.degrees(math.atan2(height, lens * min(width, height)))
        near = max(far - REACH, 0.02)
        seen = matrix44.create_perspective_projection(upright, width / height, near, far + REACH)
        seen[:, :2] += seen[:, 3:] * self.shift
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

    def ground(self, place: tuple[float, float]) -> Float64:
        """The point (x, y) of the plane z = 0 at a pixel, for the view from above or below."""
        at = np.array([2 * place[0] / self.size[0] - 1, 1 - 2 * place[1] / self.size[1]])
        point: Float64 = self.axes[:2, :2].T @ ((at - self.shift) * self.half_size)
        return point


def dragged(orbit: Orbit, du: float, dv: float) -> dict[str, Any]:
    """The keys changed by dragging, for all 3D views: the box follows the pointer."""
    turn = (orbit.turn + DEGREES * du) % 360
    tilt = min(max(orbit.tilt - DEGREES * dv, -90.0), 90.0)
    return {"show.turn": round(turn, 3), "show.tilt": round(tilt, 3)}


def zoomed(orbit: Orbit, steps: int) -> dict[str, Any]:
    """The keys changed by the wheel, for all 3D views; zooming in and out is exactly reversible."""
    distance = ladder(orbit.distance, Orbit.distance, ZOOM, -steps)
    return {"show.distance": min(max(distance, NEAREST), FARTHEST)}
