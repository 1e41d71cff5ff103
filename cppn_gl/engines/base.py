"""What an engine is, and what every engine is given to draw: a region of a picture.

Region.of(size, samples) -> .cut(left, top, width, height) -> a part of it
Engine.begin(painter, target, scene, region) -> Task -> the target holds the outputs

To add an engine: a class in a file of its own, and a row in names.ENGINES.
"""

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.geometry import sample_jitters
from cppn_gl.engines.rates import RateKey
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.tasks import Task

Size = tuple[int, int]  # width, height in pixels
Jitter = tuple[float, float]  # of a sample within its pixel: right and down of its centre


@dataclass(frozen=True)
class Region:
    """A part of a picture of `size`, and the samples of its pixels; all in pixels.

    `offset`: where it lies in the picture, from the left and from the top; `part`: its own size.
    `shape` is the size of the picture that this is a coarse, or a finer, one of: what is measured
    over the whole picture is measured for that, so that it is the same at every size.
    """

    size: Size
    offset: Size
    part: Size
    jitters: tuple[Jitter, ...]
    shape: Size

    @classmethod
    def of(cls, size: Size, samples: int = 1, shape: Size | None = None) -> "Region":
        """The whole of a picture, with samples × samples a pixel."""
        return cls(size, (0, 0), size, tuple(sample_jitters(samples)), shape or size)

    def cut(self, left: int, top: int, width: int, height: int) -> "Region":
        """A part of this region."""
        offset = self.offset[0] + left, self.offset[1] + top
        return dataclasses.replace(self, offset=offset, part=(width, height))

    @property
    def samples(self) -> int:
        """N, for N × N samples a pixel."""
        return math.isqrt(len(self.jitters))

    @property
    def additive(self) -> bool:
        """Whether several samples add up, each clamped; a single one is written as it is."""
        return len(self.jitters) > 1

    def each_sample(self) -> Iterator["Region"]:
        """The same with one sample a pixel, for each of its samples."""
        for jitter in self.jitters:
            yield dataclasses.replace(self, jitters=(jitter,))


@dataclass(frozen=True)
class Device:
    """What engines may ask of an OpenGL context: whether a processor draws, what it can."""

    software: bool
    compute: bool  # compute shaders
    tiled: bool  # with what matrix products need of them


class Raster:
    """A target in memory: a (height, width, 3) float32 `picture`, row 0 on top."""

    def __init__(self, size: Size):
        self.size = size
        self.picture = np.zeros((size[1], size[0], 3), np.float32)

    def write(self, picture: NDArray[np.float32]) -> None:
        """Take a whole picture."""
        self.picture = picture


SURE = 1.0  # a rank so high that no other engine is worth a trial


class Engine:
    """A way of drawing networks. One object serves all networks and contexts.

    `name` is exact: it is what is saved, and says all that a picture's last bit may depend on; up
    to its dash it is the family's, by which the best of several can be asked for. `title` is for
    people, where it is another; `help` says what it draws by. `on_cpu`: it needs no OpenGL.
    `compiles`: it makes one wait for a compiler, for a structure of networks, or, where it `bakes`,
    for each network.
    """

    name = title = help = ""
    on_cpu = False
    compiles = False
    bakes = False

    def __str__(self) -> str:
        return self.name

    @property
    def family(self) -> str:
        """The name that it shares with its like."""
        return self.name.partition("-")[0]

    def problem(self, network: Network | None, device: Device) -> str:
        """Why it cannot draw a network there, or None at all, in words that complete "it …"."""
        return ""

    def rank(self, network: Network, device: Device) -> float:
        """How good a first guess it is for a network, up to SURE; 0: not worth a trial."""
        return 0.0

    def serves(self, network: Network) -> bool:
        """Whether it is not by far too slow for a network that is one of many in a picture."""
        return True

    def rate_key(self, painter: Any, network: Network) -> RateKey:
        """What its rate on such networks is kept under. Compiles nothing."""
        return self.name, None

    def begin(self, painter: Any, target: Any, scene: Scene, region: Region) -> Task:
        """Begin to draw outputs, as they are, into planes or a Raster of the region's own size.

        `painter` is that of the context, or, without one, the Rates.
        """
        raise NotImplementedError

    def program_key(self, painter: Any, network: Network, samples: int = 1) -> str:
        """What it compiles is for, in words that are the same in another process."""
        return f"{self} {painter.structure(network)}"

    def ready(self, painter: Any, network: Network, samples: int = 1) -> bool:
        """Whether what was once compiled is still there."""
        return True

    def compile(self, painter: Any, target: Any, scene: Scene, samples: int = 1) -> None:
        """Compile what it needs, and draw a little with it. Raises ShaderError."""
        self.begin(painter, target, scene, Region.of(target.size, samples)).step(0.0)
