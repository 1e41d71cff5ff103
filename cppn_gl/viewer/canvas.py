"""The picture in the window: coarse at once, then fine, never longer than a slice of a frame.

    want(scene, size) -> a Drawing at the scale that fits FIRST_SECONDS -> shown when whole
                      -> then, while nothing changes, finer ones up to full resolution

The first drawing of a change is always finished, so that a held key shows something; a refinement
is dropped as soon as something else is wanted.
"""

import math

import moderngl

from cppn_gl import host_drawing
from cppn_gl.host_drawing import HostDrawing
from cppn_gl.packing import UNROLLED_WIDTH
from cppn_gl.painter import Drawing, Painter, Scene, work_per_pixel
from cppn_gl.shader import ShaderError, Structure
from cppn_gl.targets import Planes

FIRST_SECONDS = 0.045  # a picture expected to take longer is shown coarser first
MAX_SCALE = 64
REFINE = 4  # each refinement is this much finer


class Canvas:
    """Draws what is wanted, a little at each frame, and holds the last whole picture."""

    def __init__(
        self, ctx: moderngl.Context, painter: Painter, max_side: int, *, software: bool = False
    ):
        self._ctx, self._painter, self._max_side = ctx, painter, max_side
        self._software = software  # the renderer is: wide networks are NumPy's
        self._wanted: tuple[Scene, tuple[int, int]] | None = None
        self._drawing: Drawing | HostDrawing | None = None
        self._drawing_of: tuple[Scene, tuple[int, int]] | None = None
        self._drawing_scale = 1
        self._refining = False
        self._refused: set[Structure] = set()  # do not compile
        self.front: Planes | None = None
        self._front_of: tuple[Scene, tuple[int, int]] | None = None
        self.scale = 0  # of the picture shown: 1 is full resolution, 0 none yet
        self.pictures = 0  # finished, ever

    @property
    def finished(self) -> bool:
        """Whether what is wanted is shown as fine as it gets."""
        same = self._front_of is not None and self._front_of == self._wanted
        return same and self.scale == self._finest(self._front_of[1] if self._front_of else (1, 1))

    @property
    def shown(self) -> Scene | None:
        """The scene of the picture shown."""
        return self._front_of[0] if self._front_of else None

    @property
    def busy(self) -> bool:
        """Whether a drawing is under way."""
        return self._drawing is not None

    @property
    def current(self) -> bool:
        """Whether what is shown, perhaps coarsely, is what is wanted."""
        return self._front_of is not None and self._front_of == self._wanted

    def want(self, scene: Scene, size: tuple[int, int]) -> None:
        """Ask for a scene at `size` pixels. The same scene object again changes nothing."""
        if self._wanted is not None and self._wanted == (scene, size):
            return
        self._wanted = (scene, size)
        if self._refining:
            self._drop()

    def invalidate(self) -> None:
        """Draw again what is wanted: the shaders have changed."""
        self._drop()
        self._refused.clear()
        self._front_of = None

    def advance(self, budget: float) -> bool:
        """Draw for about `budget` seconds; True when the picture shown has changed.

        Raises ShaderError, once, where a shader that this network needs does not compile; the
        picture shown stays, and nothing of that structure is drawn until `invalidate`.
        """
        if self._wanted is None:
            return False
        if self._drawing is None and not self._begin():
            return False
        assert self._drawing is not None
        try:
            done = self._drawing.step(budget)
        except ShaderError:
            self._refused.add(self._painter.structure(self._drawing.scene.network))
            self._drop()
            raise
        if done:
            self._show()
        return done

    def _begin(self) -> bool:
        """Start the next drawing: coarse for a new scene, finer for the one shown."""
        assert self._wanted is not None
        scene, size = self._wanted
        if self._refused and self._painter.structure(scene.network) in self._refused:
            return False
        finest = self._finest(size)
        if self._front_of == self._wanted:
            if self.scale <= finest:
                return False
            scale, self._refining = max(finest, self.scale // REFINE), True
        else:
            scale, self._refining = self._first_scale(scene, size, finest), False
        coarse = (max(1, -(-size[0] // scale)), max(1, -(-size[1] // scale)))
        kind = HostDrawing if self._on_host(scene) else Drawing
        self._drawing = kind(self._painter, Planes(self._ctx, coarse), scene)
        self._drawing_of, self._drawing_scale = self._wanted, scale
        return True

    def _on_host(self, scene: Scene) -> bool:
        return self._software and scene.network.width > UNROLLED_WIDTH

    def _finest(self, size: tuple[int, int]) -> int:
        """The scale at which the planes fit the driver's limits: 1 for any real screen."""
        return max(1, math.ceil(max(size) / self._max_side))

    def _first_scale(self, scene: Scene, size: tuple[int, int], finest: int) -> int:
        """The power of two whose picture is expected within FIRST_SECONDS; sticky: no flicker."""
        on_host = self._on_host(scene)
        kind = host_drawing.KIND if on_host else self._painter.structure(scene.network)
        work = size[0] * size[1] * work_per_pixel(scene.network)
        seconds = work / self._painter.rate(kind)
        scale = 1
        while scale < MAX_SCALE and seconds / scale**2 > FIRST_SECONDS:
            scale *= 2
        last = self._drawing_scale
        if not self._refining and scale * 2 == last and seconds / scale**2 > FIRST_SECONDS * 0.7:
            scale = last
        return max(scale, finest)

    def _show(self) -> None:
        assert self._drawing is not None
        if self.front is not None:
            self.front.release()
        self.front, self._front_of = self._drawing.planes, self._drawing_of
        self.scale = self._drawing_scale
        self.pictures += 1
        self._drawing = None

    def _drop(self) -> None:
        if self._drawing is not None:
            self._drawing.planes.release()
            self._drawing = None

    def release(self) -> None:
        """Free the planes."""
        self._drop()
        if self.front is not None:
            self.front.release()
            self.front = None
