"""The Engine interface, and Region: the part of a picture that an engine draws.

Region.of(size, samples) -> .cut(left, top, width, height) -> a part of it
                         -> .only(boxes) -> the pixels of it that have to be drawn
Engine.begin(painter, target, scene, region) -> Task -> network outputs in the target

To add an engine, write a class in its own file and add an instance to names.ENGINES.
"""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.geometry import sample_jitters
from cppn_gl.engines.rates import RateKey
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.arrays import Box, Jitter, Samples, Size
from cppn_gl.utils.tasks import Task

SIDE = 8  # pixels along a side of the blocks that Region.boxes consist of
CENTRE: Jitter = (0.0, 0.0)


@dataclass(frozen=True)
class Region:
    """A rectangle of a picture of `size`, and the sample positions of its pixels. Unit: pixels.

    `offset`: (left, top) of the rectangle in the picture; `part`: its width and height.
    `shape`: the nominal size of the picture, of which `size` may be a lower or higher resolution.
    Statistics over the whole picture are computed for `shape`, so they are equal at every `size`.
    `boxes`: if given, only their pixels have to be drawn; the others may become anything. They do
    not overlap, are given relative to the part, and consist of whole blocks of SIDE × SIDE pixels
    of the picture, whose last blocks may be cut off.
    `adaptive`: each block has as many samples as it needs (see adaptive.py); engines draw only
    regions that are not adaptive.
    `overlay`: the size of the picture that the view's overlay is laid over. `draft`: a better
    picture follows, so that views need not smooth their edges. `density`: N of the N × N samples
    per pixel that this is a part or one sample of.
    """

    size: Size
    offset: Size
    part: Size
    jitters: tuple[Jitter, ...]
    shape: Size
    overlay: Size
    draft: bool = False
    boxes: tuple[Box, ...] | None = None
    adaptive: bool = False
    density: int = 1

    @classmethod
    def of(
        cls,
        size: Size,
        samples: Samples = 1,
        shape: Size | None = None,
        *,
        overlay: Size | None = None,
        draft: bool = False,
    ) -> "Region":
        """The whole picture, with samples × samples samples per pixel, or adaptive."""
        shape = shape or size
        whole = cls(size, (0, 0), size, (CENTRE,), shape, overlay or shape, draft)
        return whole.sampled(samples)

    def cut(self, left: int, top: int, width: int, height: int) -> "Region":
        """A rectangle of this region, given relative to it."""
        offset = self.offset[0] + left, self.offset[1] + top
        return dataclasses.replace(self, offset=offset, part=(width, height))

    def sampled(self, samples: Samples) -> "Region":
        """The same pixels with another number of samples."""
        adaptive = samples == "auto"
        jitters = (CENTRE,) if samples == "auto" else tuple(sample_jitters(samples))
        density = math.isqrt(len(jitters))
        return dataclasses.replace(self, jitters=jitters, adaptive=adaptive, density=density)

    def only(self, boxes: Sequence[Box]) -> "Region":
        """The same region, of which only some boxes have to be drawn."""
        return dataclasses.replace(self, boxes=tuple(boxes))

    @property
    def samples(self) -> int:
        """N, for N × N samples per pixel; 1 if adaptive."""
        return math.isqrt(len(self.jitters))

    @property
    def sampling(self) -> Samples:
        """N, or "auto" if adaptive."""
        return "auto" if self.adaptive else self.samples

    @property
    def pieces(self) -> Sequence[Box]:
        """The boxes, or the whole part as one."""
        return ((0, 0, *self.part),) if self.boxes is None else self.boxes

    def indices(self) -> NDArray[np.intp] | slice:
        """The pixels that have to be drawn, in reading order, as an index of the part's pixels."""
        if self.boxes is None:
            return slice(None)
        chosen = np.zeros(self.part[::-1], bool)
        for left, top, right, bottom in self.boxes:
            chosen[top:bottom, left:right] = True
        return np.flatnonzero(chosen)

    @property
    def additive(self) -> bool:
        """Whether samples are clamped and accumulated; a single sample overwrites, unclamped."""
        return len(self.jitters) > 1

    def each_sample(self) -> Iterator["Region"]:
        """One region per sample, each with one sample per pixel."""
        for jitter in self.jitters:
            yield dataclasses.replace(self, jitters=(jitter,))


@dataclass(frozen=True)
class Device:
    """Capabilities of an OpenGL context."""

    software: bool  # rendered on the CPU
    compute: bool  # has compute shaders
    tiled: bool  # has the limits that the tiled engine needs


class Raster:
    """A render target in main memory: a (height, width, channels) float32 `picture`, row 0 on top.

    `channels`: of a network's picture, 3 or 4.
    """

    def __init__(self, size: Size, channels: int = 3):
        self.size = size
        self.picture = np.zeros((size[1], size[0], channels), np.float32)

    def write(self, picture: NDArray[np.float32]) -> None:
        """Replace the whole picture."""
        self.picture = picture


SURE = 1.0  # at this rank no other engine is measured
POINTS = "evaluates points one by one: no convolutions, and no image as an input"


class Engine:
    """A way of evaluating networks at pixels. One object serves all networks and contexts.

    `name` is saved with a picture and identifies everything that its pixels may depend on. The part
    before the first dash is the family, which can be requested to get its best member. `title`: a
    display name, if different; `help`: one line about how it draws. `on_cpu`: needs no OpenGL.
    `compiles`: needs a shader compiled for each network structure; `bakes`: for each network.
    `grids`: draws networks on grids (`Network.by_grid`).
    `differs`: why its pixels may differ between machines, to complete "it …"; "" if they do not.
    """

    name = title = help = ""
    differs = "draws with OpenGL, whose last bits depend on the driver"
    on_cpu = False
    compiles = False
    bakes = False
    grids = False

    def __str__(self) -> str:
        return self.name

    @property
    def display_name(self) -> str:
        """The title, or the name."""
        return self.title or self.name

    @property
    def renderer(self) -> str:
        """What runs an engine on the CPU, with version or instruction set."""
        return self.display_name

    @property
    def reproducible(self) -> bool:
        """Whether it draws the same bytes on every machine."""
        return not self.differs

    @property
    def family(self) -> str:
        """The part of the name before the dash."""
        return self.name.partition("-")[0]

    def problem(self, network: Network | None, device: Device) -> str:
        """Why it cannot draw a network (None: any) there, to complete "it …"; "" if it can."""
        return POINTS if network is not None and network.by_grid and not self.grids else ""

    def rank(self, network: Network, device: Device) -> float:
        """Priority before anything is measured, from 0 (do not even measure it) to SURE."""
        return 0.0

    def serves(self, network: Network) -> bool:
        """Whether it is fast enough for a network that is one of many in a picture."""
        return True

    def rate_key(self, painter: Any, network: Network) -> RateKey:
        """The key of its measured rate on such networks (see Rates). Compiles nothing."""
        return self.name, None

    def begin(self, painter: Any, target: Any, scene: Scene, region: Region) -> Task:
        """Begin to draw the raw network outputs into planes or a Raster of the region's size.

        The region is not adaptive. An engine that cannot draw boxes alone draws the whole part.
        The target has the channels of the network: alpha, if it has it, is final, and where samples
        are averaged, colours are those of `weighted` (utils/alpha.py).
        `painter`: the context's Painter, or a Rates object without OpenGL.
        """
        raise NotImplementedError

    def forget(self, painter: Any) -> None:
        """Forget outputs that it keeps for other samples and colours, to be timed."""

    def program_key(self, painter: Any, network: Network, samples: int = 1) -> str:
        """A key of the program that it compiles, equal in every process."""
        return f"{self} {painter.structure(network)}"

    def ready(self, painter: Any, network: Network, samples: int = 1) -> bool:
        """Whether its program is compiled and still loaded."""
        return True

    def compile(self, painter: Any, target: Any, scene: Scene, samples: int = 1) -> None:
        """Compile its program by drawing a little with it. Raises ShaderError."""
        self.begin(painter, target, scene, Region.of(target.size, samples)).step(0.0)
