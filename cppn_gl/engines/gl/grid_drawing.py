"""Draws networks on grids by OpenGL: stage by stage over the pieces of a lattice, then resampled.

    Scene, Region -> draw() -> for each piece of the lattice: features -> passes -> outputs
                            -> for each sample: outputs -> planes

Where points, phases, tiles and margins are: engines/grid.py. The outputs at a lattice's points stay
on the device, phase by phase, and are kept for other samples and colours.
"""

import time as wall
from collections.abc import Hashable, Iterator
from contextlib import ExitStack
from typing import Any

import moderngl
import numpy as np

from cppn_gl.engines.base import Region
from cppn_gl.engines.gl import packing
from cppn_gl.engines.gl.grid_plan import QUAD, Pass
from cppn_gl.engines.gl.grid_programs import Atlas, GridPrograms, Job, Prepared
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.passes import ADDITIVE, Rect
from cppn_gl.engines.gl.passes import Pass as RenderPass
from cppn_gl.engines.gl.shader import LANES
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.grid import BLOCK, Lattice, Piece, Source, alive, blocks, sample_points
from cppn_gl.engines.grid import Plan as Pieces
from cppn_gl.engines.rates import RateKey
from cppn_gl.nn.features import constant
from cppn_gl.preset.scene import Scene, identity
from cppn_gl.utils.arrays import Box, Float32, Float64
from cppn_gl.utils.tasks import Steps, left, share

WHOLE: Box = (0, 0, 0, 0)  # of what is kept for a piece
ROWS = 8  # of positions that a draw computes at least
TEXELS = 2**18  # that are resampled in a step

Phase = tuple[
    Rect, tuple[int, int]
]  # positions of outputs, and their shift to the lattice's texels


def draw(
    painter: Painter,
    planes: Planes,
    scene: Scene,
    region: Region,
    kind: RateKey,
    owned: ExitStack,
    *,
    by_compute: bool,
) -> Steps[None]:
    """Draw a region into planes of its size. `owned` releases what it holds between steps."""
    drawing = Drawing(painter, scene, kind, by_compute)
    owned.callback(drawing.release)
    planes.target.scissor = None  # type: ignore[assignment]
    planes.target.clear()
    yield from drawing.compiled()
    parts = drawing.parts(region)
    for number, part in enumerate(parts):
        ends = number / len(parts), (number + 1) / len(parts)
        yield from share(drawing.part(part, region, planes), *ends)
    owned.close()


class Drawing:
    """A drawing in progress of one scene."""

    def __init__(self, painter: Painter, scene: Scene, kind: RateKey, by_compute: bool):
        self.painter, self.scene, self.kind = painter, scene, kind
        self._by_compute = by_compute
        self.network = scene.network
        self.features = Source(scene.network, scene.clock)
        self._held: list[tuple[GridPrograms, Atlas]] = []

    @property
    def programs(self) -> GridPrograms:
        return self.painter.shared(GridPrograms, self._by_compute)

    def compiled(self) -> Steps[Prepared]:
        """Compile what is missing, a program at a time."""
        prepared = self.programs.prepared(self.network)
        for key in prepared.keys:
            yield 0.0
            self.programs.warm(prepared, key)
        return prepared

    def parts(self, region: Region) -> list[Region]:
        """A region in parts, for each of which the outputs are in memory at once."""
        if self.network.radius:
            lattice = Lattice.of(self.network, self.scene.view, region)
            found = blocks(Pieces(self.network, lattice), region)
            return [part for block in found for part in self._fitting(lattice, block)]
        channels = alive(self.network.stages, len(self.network.inputs))
        (width, height), rows = region.part, max(1, BLOCK // (4 * channels * region.part[0]))
        tops = range(0, height, rows)
        return [region.cut(0, top, width, min(rows, height - top)) for top in tops]

    def _fitting(self, lattice: Lattice, part: Region) -> list[Region]:
        """A part, cut into halves until the texture of its points is no larger than it may be."""
        (width, height), side = part.part, _side(lattice, lattice.rectangle(part))
        if max(side) <= self.painter.largest:
            return [part]
        if side[0] > side[1]:
            half = packing.round_up(width // 2, LANES)
            halves = part.cut(0, 0, half, height), part.cut(half, 0, width - half, height)
        else:
            half = height // 2
            halves = part.cut(0, 0, width, half), part.cut(0, half, width, height - half)
        return [one for each in halves for one in self._fitting(lattice, each)]

    def part(self, part: Region, region: Region, planes: Planes) -> Steps[None]:
        """Draw a part of a region, all samples."""
        offset = part.offset[0] - region.offset[0], part.offset[1] - region.offset[1]
        boxes = [box for box in (_within(b, offset, part.part) for b in region.pieces) if box]
        count = len(part.jitters)
        if not self.network.radius:
            for number, sample in enumerate(part.each_sample()):
                points = self._take(*part.part, groups=1)
                ends = number / count, (number + 1) / count
                yield from share(self._direct(sample, points), *ends)
                places = tuple(_numbered(np.arange(side, dtype=float)) for side in part.part)
                how = {"k": 1, "block": part.part, "exact": True}
                yield from self._resample(points, places, offset, boxes, planes, count, how)
                self._give(points)
            return
        lattice = Lattice.of(self.network, self.scene.view, part)
        box = lattice.rectangle(part)
        key = (
            identity(self.network, self.scene.clock),
            self.scene.view,
            lattice.identity,
        )
        found = self.programs.kept(key, box)
        if found is None:
            points = self._take(*_side(lattice, box), groups=1)
            yield from share(self._evaluate(lattice, box, points), 0.0, 0.9)
            found = box, points
        else:
            self._held.append((self.programs, found[1]))
        whole, points = found
        how = {
            "k": lattice.k,
            "block": _block(lattice, whole),
            "exact": lattice.scale == 1,
        }
        for sample in part.each_sample():
            places = tuple(_numbered(lattice.places(sample, axis), whole[axis]) for axis in (0, 1))
            yield from self._resample(points, places, offset, boxes, planes, count, how)
        self._keep(key, whole, points)

    # Evaluating.

    def _evaluate(self, lattice: Lattice, box: Box, points: Atlas) -> Steps[None]:
        """Evaluate the outputs at a lattice's points in a box."""
        pieces = list(Pieces(self.network, lattice, self.programs.piece).pieces(box))
        of = self.network
        constants = (constant(name, self.scene.clock, of.latent) for name in of.inputs)
        about = of.inputs, tuple(constants), of.period
        image = of.image.digest if of.image else b""
        key = about, image, self.scene.view, lattice.identity
        for number, piece in enumerate(pieces):
            ends = number / len(pieces), (number + 1) / len(pieces)
            place = *key, piece.columns, piece.rows, piece.shape, piece.margin
            found = self.programs.kept(place, WHOLE)
            if found is None:
                source = yield from share(self._uploaded(*piece.points()), ends[0], ends[0])
            else:
                source = found[1]
                self._held.append((self.programs, source))
            phases = list(_phases(piece, box))
            yield from share(self._run(source, piece.margin, phases, points), *ends)
            self._keep(place, WHOLE, source)

    def _direct(self, sample: Region, points: Atlas) -> Steps[None]:
        """Evaluate the outputs at the samples themselves."""
        width, height = sample.part
        source = yield from self._uploaded(*sample_points(sample, self.scene.view))
        yield from self._run(source, 0, [((0, 0, width, height), (0, 0))], points)
        self._give(source)

    def _uploaded(self, x: Float64, y: Float64) -> Steps[Atlas]:
        """The features at points, see `Source.filled`, in textures."""
        planes = yield from self.features.filled(x, y)
        channels, height, width = planes.shape
        source = self._take(width, height, groups=-(-channels // QUAD))
        source.upload(planes)
        return source

    def _run(self, source: Atlas, margin: int, phases: list[Phase], points: Atlas) -> Steps[None]:
        """Do all passes over features; their outputs go to the phases' points.

        Draws rows of positions until the time is over, and waits for them at the end of a step.
        """
        prepared = self.programs.prepared(self.network)
        total = prepared.packed.work * source.side[0] * source.side[1]
        step = None
        done = spent = 0.0
        deadline = yield 0.0
        started = wall.perf_counter()
        budget = left(deadline) * self.painter.rate(self.kind)
        for job in self._jobs(prepared, source, margin, phases, points):
            first, top, width, height = job.part
            row, work = 0, job.one.work * width
            if job.one.step is not step:  # what the steps before have written is read
                step = job.one.step
                self._wait()
            while row < height:
                if spent >= budget > 0 or (spent and not budget):
                    self._finish(spent, started)
                    done, spent = done + spent, 0.0
                    deadline = yield done / total
                    started = wall.perf_counter()
                    budget = left(deadline) * self.painter.rate(self.kind)
                rows = min(max(int((budget - spent) / work), ROWS), height - row)
                part = first, top + row, width, rows
                self.programs.run(prepared, Job(**{**vars(job), "part": part}))
                spent, row = spent + rows * work, row + rows
        self._finish(spent, started)

    def _wait(self) -> None:
        """Let what follows read what has been written; fragment shaders need no such barrier."""
        if self._by_compute:
            self.painter.ctx.memory_barrier()

    def _finish(self, work: float, started: float) -> None:
        self._wait()
        self.painter.ctx.finish()
        self.painter.record(self.kind, work, wall.perf_counter() - started)

    def _jobs(
        self,
        prepared: Prepared,
        source: Atlas,
        margin: int,
        phases: list[Phase],
        points: Atlas,
    ) -> Iterator[Job]:
        """The jobs of all passes, in order. Storages are taken and given back between them."""
        made, side = prepared.plan, source.side
        used = {made.source.storage: source}
        numbers = {step: number for number, step in enumerate(made.steps)}
        passes: dict[int, list[Pass]] = {}
        for one in prepared.packed.passes:
            passes.setdefault(numbers[one.step], []).append(one)
        for number, step in enumerate(made.steps):
            value, last = step.value, number == len(made.steps) - 1
            if value.storage not in used and not last:
                used[value.storage] = self._take(*side, groups=value.storage.groups)
            inputs = tuple(used[of.storage] for of in step.inputs)
            for one in passes[number]:
                if last:
                    for part, shift in phases:
                        yield Job(one, inputs, points, 0, part, shift)
                else:
                    edge = margin - value.need
                    part = edge, edge, side[0] - 2 * edge, side[1] - 2 * edge
                    yield Job(one, inputs, used[value.storage], one.first, part)
            for storage in [one for one in used if one.last <= number]:
                atlas = used.pop(storage)
                if atlas is not source:
                    self._give(atlas)

    # Resampling.

    def _resample(
        self,
        points: Atlas,
        places: tuple[Float32, ...],
        offset: tuple[int, int],
        boxes: list[Box],
        planes: Planes,
        samples: int,
        how: dict[str, Any],
    ) -> Steps[None]:
        """Add a sample's display values to boxes of the planes; the only one overwrites.

        places: of the pixels' columns and rows, see `_numbered`; offset: of the first pixel.
        """
        for box in boxes:
            x, across = box[0] // LANES, -(-box[2] // LANES) - box[0] // LANES
            rows = max(1, TEXELS // across)
            for top in range(box[1], box[3], rows):
                yield None
                resampler = self.painter.shared(Resampler, planes.channels)
                rect = x, top, across, min(rows, box[3] - top)
                resampler.draw(self.scene, points, places, offset, planes, rect, samples, how)
        self.painter.ctx.finish()

    # Textures.

    def _take(self, width: int, height: int, *, groups: int) -> Atlas:
        programs = self.programs
        atlas = programs.take((width, height), groups)
        self._held.append((programs, atlas))
        return atlas

    def _give(self, atlas: Atlas) -> None:
        """Give textures back to where they are from."""
        for number, (programs, held) in enumerate(self._held):
            if held is atlas:
                del self._held[number]
                programs.give(atlas)
                return

    def _keep(self, key: Hashable, box: Box, atlas: Atlas) -> None:
        """Let the programs that textures are from keep them, to be found again."""
        for number, (programs, held) in enumerate(self._held):
            if held is atlas:
                del self._held[number]
                programs.keep(key, box, atlas)
                return

    def release(self) -> None:
        for _, atlas in list(self._held):
            self._give(atlas)


class Resampler:
    """The shader that makes display values of outputs, for pictures of 3 or 4 channels."""

    def __init__(self, painter: Painter, channels: int):
        self.ctx = painter.ctx
        head = [
            "#define REAL vec4",
            "#define PRECISE",
            f"#define ALPHA {int(channels == 4)}",
            "#define SELECT(value, bad, mark) \\",
            "    value = mix(value, REAL(mark), greaterThan(bad, REAL(0.0)))",
            "struct Frame { vec2 alpha; float sample_weight; int clamped; };",
            "uniform Frame frame;",
        ]
        self._pass = RenderPass.load(
            self.ctx, "grid_resample.frag", "\n".join(head), folder=painter.programs.folder
        )
        self._places: Any = None
        self._drawn: tuple[Any, ...] = ()

    def draw(
        self,
        scene: Scene,
        points: Atlas,
        places: tuple[Float32, ...],
        offset: tuple[int, int],
        planes: Planes,
        rect: Rect,
        samples: int,
        how: dict[str, Any],
    ) -> None:
        """Draw a rectangle of texels; see `Drawing._resample`."""
        self._upload(places)
        self._pass.set(
            points=points.textures[0],
            places=self._places,
            first=offset,
            last=len(places[0]) - 1,
            outputs=scene.network.outputs,
            **how,
            **{
                "frame.alpha": scene.network.alpha_range,
                "frame.sample_weight": 1 / samples,
                "frame.clamped": int(samples > 1),
            },
        )
        blend = ADDITIVE if samples > 1 else None
        self._pass.draw(planes.target, (0, 0, *planes.texels), rect, blend=blend)

    def _upload(self, places: tuple[Float32, ...]) -> None:
        if self._drawn and all(map(np.array_equal, self._drawn, places)):
            return
        size = max(map(len, places))
        if self._places is None or self._places.size[0] < size:
            if self._places is not None:
                self._places.release()
            self._places = self.ctx.texture((size, 2), 2, dtype="f4")
            self._places.filter = moderngl.NEAREST, moderngl.NEAREST
        for row, along in enumerate(places):
            self._places.write(along.tobytes(), viewport=(0, row, len(along), 1))
        self._drawn = places

    def release(self) -> None:
        self._pass.release()
        if self._places is not None:
            self._places.release()


def _numbered(places: Float64, first: int = 0) -> Float32:
    """Places in points as the number of a point, less `first`, and the distance from it: (n, 2).

    Rounded down before `first` is subtracted, which may round a place up to the next point.
    """
    low = np.floor(places)
    return np.stack([low - first, places - low], axis=-1).astype(np.float32)


def _block(lattice: Lattice, box: Box) -> tuple[int, int]:
    """How many points of a box a phase has at most, along each axis."""
    width, height = (-(-(box[axis + 2] - box[axis]) // lattice.k) for axis in (0, 1))
    return width, height


def _side(lattice: Lattice, box: Box) -> tuple[int, int]:
    """The texels of the phases of a box, side by side, along each axis."""
    phases = (min(lattice.k, box[axis + 2] - box[axis]) for axis in (0, 1))
    width, height = (a * b for a, b in zip(phases, _block(lattice, box), strict=True))
    return width, height


def _phases(piece: Piece, box: Box) -> Iterator[Phase]:
    """Where a piece's outputs are among its positions, and where they belong in the lattice."""
    k, (width, height), margin = piece.lattice.k, piece.shape, piece.margin
    rise = height + 2 * margin
    block = _block(piece.lattice, box)
    for number, corner in enumerate(zip(piece.columns, piece.rows, strict=True)):
        part = margin, number * rise + margin, width, height
        to = [
            (corner[axis] - box[axis]) % k * block[axis] + (corner[axis] - box[axis]) // k
            for axis in (0, 1)
        ]
        yield part, (to[0] - part[0], to[1] - part[1])


def _within(box: Box, offset: tuple[int, int], size: tuple[int, int]) -> Box | None:
    """The part of a box that lies in a rectangle, if any."""
    low = max(box[0], offset[0]), max(box[1], offset[1])
    high = min(box[2], offset[0] + size[0]), min(box[3], offset[1] + size[1])
    return (*low, *high) if low[0] < high[0] and low[1] < high[1] else None
