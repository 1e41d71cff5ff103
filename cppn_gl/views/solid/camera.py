"""The eye that surfaces and volumes are seen by: it goes round the middle of a box.

    Orbit (turn, tilt, distance) + size -> Camera -> the matrix of the shaders, pixels of points

The box lies around the origin, x to the right and y away from an eye at turn 0, z up; its half
sides are 1. Towards a tilt of ±90 degrees the eye steps back and looks through a longer lens, so
that perspective fades away: the view from above is a map, on which heights move nothing.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyrr import matrix44

from cppn_gl.preset.show import Orbit
from cppn_gl.utils.ladder import ladder

Floats = NDArray[np.float64]

LENS = 2.35  # for a box that is not high: some 46 degrees
GROWTH = 0.1  # by which the lens is longer for the view from above, where heights take no room
FLATTEST = 1e-3  # cosine of the tilt: the eye steps back by its inverse, at most
REACH = 6.0  # of the box from the origin; a relief of 5 is 5 half sides high and low
DEGREES = 90.0  # by which dragging over half the shorter side turns
ZOOM = 2**0.25  # for a step of the wheel
NEAREST, FARTHEST = 1.0, 100.0  # distances


@dataclass(frozen=True)
class Camera:
    """An orbiting eye: turn and tilt in degrees, distance in half sides, the picture's size."""

    turn: float
    tilt: float
    distance: float
    size: tuple[int, int]
    lens: float = LENS  # focal length, in halves of the picture's shorter side

    @classmethod
    def of(cls, orbit: Orbit, size: tuple[int, int], lens: float = LENS) -> "Camera":
        """The eye that a view's options ask for."""
        return cls(orbit.turn, orbit.tilt, orbit.distance, size, lens)

    @property
    def _back(self) -> float:
        """How many times farther away the eye is for its lens."""
        return 1 / max(math.cos(math.radians(self.tilt)), FLATTEST)

    @property
    def flat(self) -> float:
        """0 where the box is seen from the side, 1 where it is a map."""
        return 1 - math.cos(math.radians(self.tilt))

    @property
    def _lens(self) -> float:
        return self.lens * (1 + GROWTH * self.flat)

    @property
    def axes(self) -> Floats:
        """Rows: what is to the right, up, and towards the eye, as directions of the box."""
        rotation: Floats = self._rotation()[:3, :3].T
        return rotation

    @property
    def eye(self) -> Floats:
        """Where the eye is, in the box's coordinates."""
        place: Floats = self.axes[2] * self.distance * self._back
        return place

    @property
    def spread(self) -> tuple[float, float]:
        """Half the picture's width and height, in half sides of the box, at the origin."""
        width, height = self.size
        half = self.distance / self._lens / min(width, height)
        return width * half, height * half

    def _rotation(self) -> Any:
        # pyrr's rotations turn row vectors the other way round.
        turned = matrix44.create_from_z_rotation(-math.radians(self.turn))
        raised = matrix44.create_from_x_rotation(math.radians(90 - self.tilt))
        return matrix44.multiply(turned, raised)

    @property
    def matrix(self) -> Floats:
        """Box to clip coordinates, (4, 4), for row vectors; in memory as OpenGL has it."""
        width, height = self.size
        lens, far = self._lens * self._back, self.distance * self._back
        moved = matrix44.create_from_translation(np.array([0.0, 0.0, -far]))
        upright = 2 * math.degrees(math.atan2(height, lens * min(width, height)))
        near = max(far - REACH, 0.02)
        seen = matrix44.create_perspective_projection(upright, width / height, near, far + REACH)
        whole: Floats = matrix44.multiply(matrix44.multiply(self._rotation(), moved), seen)
        return whole

    def project(self, points: Any) -> Floats:
        """Pixels of points (N, 3): x to the right, y down, and the depth, -1 near to 1 far.

        A point behind the eye is not a number.
        """
        points = np.asarray(points, np.float64).reshape(-1, 3)
        clip = np.hstack([points, np.ones((len(points), 1))]) @ self.matrix
        w = np.where(clip[:, 3:] > 1e-9, clip[:, 3:], np.nan)
        place = clip[:, :3] / w
        width, height = self.size
        x, y = (place[:, 0] + 1) / 2 * width, (1 - place[:, 1]) / 2 * height
        return np.stack([x, y, place[:, 2]], axis=1)


def dragged(orbit: Orbit, du: float, dv: float) -> dict[str, Any]:
    """The keys that dragging changes, for all views in perspective: the box follows the pointer."""
    turn = (orbit.turn + DEGREES * du) % 360
    tilt = min(max(orbit.tilt - DEGREES * dv, -90.0), 90.0)
    return {"show.turn": round(turn, 3), "show.tilt": round(tilt, 3)}


def zoomed(orbit: Orbit, steps: int) -> dict[str, Any]:
    """The keys that the wheel changes, for all views in perspective: in, and back exactly."""
    distance = ladder(orbit.distance, Orbit.distance, ZOOM, -steps)
    return {"show.distance": min(max(distance, NEAREST), FARTHEST)}
