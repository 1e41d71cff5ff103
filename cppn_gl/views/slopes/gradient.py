"""The gradient view: the magnitude of the output's gradient with respect to x and y.

    Scene -> derivatives.frag, or forward mode in NumPy -> GBuffer -> gradient.frag -> planes
          -> limits(): the limits of the colour scale, from a fixed grid in float64

Networks whose units see their neighbours go through GridDerivatives, and their scale is measured at
a few spots, some taps wide.

For all channels together it is the Frobenius norm of the 3×2 Jacobian: the change of display values
per unit of x and y. It does not depend on the extent of the view.
"""

from collections.abc import Hashable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.derivatives import Derivatives
from cppn_gl.engines.cpu.grid_derivatives import GridDerivatives
from cppn_gl.engines.cpu.native import unsupported
from cppn_gl.engines.cpu.numpy_engine import FEW_UNITS
from cppn_gl.engines.gl.drawing import draw
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.pipeline import Pipeline
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.nn import grid_derivatives
from cppn_gl.nn.derivatives import Jets, at_points
from cppn_gl.nn.grid_derivatives import points_work
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene, identity, scene_bytes, work_per_pixel
from cppn_gl.preset.show import CHANNELS, GradientOptions, OneOutput
from cppn_gl.utils.arrays import Float64, Size
from cppn_gl.utils.cache import MB, LRUCache, lru_cache_by_size
from cppn_gl.utils.tasks import Steps, Task, at_once
from cppn_gl.utils.threads import one_thread
from cppn_gl.views.base import Hit, Stage, View, Words, plane_point
from cppn_gl.views.marks import marks_of
from cppn_gl.views.shading import Shading
from cppn_gl.views.slopes.gbuffer import DeferredShading, GBuffer, fill
from cppn_gl.views.slopes.legend import Legend, LegendLayout
from cppn_gl.views.slopes.palette import heat
from cppn_gl.views.text import variable
from cppn_gl.views.ticks import short

DERIVATIVES = Pipeline("derivatives.frag", "derivatives.frag", 1)
GRID = 16  # points along a side of the grid that the scale is measured on
GRID_WORK = 4e7  # multiplications at most; fewer points for larger networks
SPOT, SPOTS_WORK = 4, 1e9  # taps of a spot besides one, along a side; multiplications in all
FAR = 40  # taps to each side
AT_CURSOR = 3e8  # multiplications that a frame waits for
DIGITS = 3  # of the scale's limits: neither the last bits nor their cause are seen
MOST_DECADES, FEWEST_DECADES = 4.0, 0.5  # of the scale
KEPT = 4 * MB  # of the networks whose scales are cached
FEW_BY_LIBRARY = 10  # units: see on_cpu
DUAL_WORK = 4.5  # cost relative to the picture: derivatives too, and a vec4 is one pixel


class GradientView(View):
    """Gradient magnitude as colour, from dark to bright."""

    by_engine = False
    plane = continuous = True

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        painter, network = stage.painter, scene.network
        ends: list[float] = []
        shown = channels(scene, scene.options(GradientOptions))

        def fields(gbuffer: GBuffer, band: Region) -> Steps[None]:
            ends[:] = yield from measure(scene)
            if network.by_grid:
                yield from grid_fields(scene, gbuffer, band)
                return
            if not on_cpu(painter, network, FEW_BY_LIBRARY):
                yield from draw(painter, gbuffer, scene, band, DERIVATIVES)
                return
            derivatives = Derivatives(network, scene.view, scene.clock)
            yield from fill(
                painter,
                gbuffer,
                lambda pixels, of: derivative_fields(derivatives, pixels, of),
                band,
                kind=(DERIVATIVES.name, None),
                work=self.work(scene),
            )

        def shade(gbuffers: Sequence[GBuffer], top: int, rows: int) -> None:
            painter.shared(Shading, "gradient.frag", heat)(
                planes,
                gbuffers[0].textures,
                top,
                rows,
                range=tuple(float(np.log(end)) for end in ends),
                channels=shown,
                extent=scene.view.extent,
            )

        return DeferredShading(
            painter, planes, "G-buffer", partial(GBuffer, painter.ctx), [fields], shade
        ).task()

    def work(self, scene: Scene) -> float:
        if scene.network.by_grid:
            return 3 * work_per_pixel(scene.network)
        return DUAL_WORK * work_per_pixel(scene.network)

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """The legend with the colour scale, over the points that the network learns."""
        marks = marks_of(scene, size)
        layout = LegendLayout(size, 4, wide=16.5)
        at = layout.inner()
        if at is None:
            return marks
        legend = Legend(layout)
        channel = scene.options(GradientOptions).channel
        what = "gradient magnitude" if channel == "all" else f"gradient magnitude of {channel}"
        if scene.network.trained.outputs != scene.network.outputs:
            what = "gradient of the colours"
        legend.fitted(at[0], at[1], what, room=at[2] - at[0], bold=True)
        legend.fitted(
            at[0],
            at[1] + layout.line,
            f"change per unit of {variable('x')}, {variable('y')}",
            room=at[2] - at[0],
        )
        scale = at[0], at[1] + layout.line * 9 // 4, at[2], at[3]
        legend.scale(scale, heat(), *limits(scene))
        return legend.over(marks)

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """The gradient magnitude at a pixel."""
        at = plane_point(scene, size, place)
        if scene.network.by_grid:
            if points_work(scene.network) > AT_CURSOR:
                return None
            x, y = np.array([at.x]), np.array([at.y])
            jets = at_once(grid_derivatives.at_points(scene.network, x, y, scene.clock))
        else:
            jets = at_points(scene.network, [at.x], [at.y], scene.clock)
        steep = steepness(jets, channels(scene, scene.options(GradientOptions)))[0]
        return Hit(f"gradient magnitude {short(steep)}")


def on_cpu(painter: Painter, network: Network, few: int = FEW_UNITS) -> bool:
    """Whether the processor is faster than the shader: with software OpenGL, for wider networks.

    `few`: the greatest width at which the shader is as fast as the native library.
    """
    few = FEW_UNITS if unsupported(network) else few
    return painter.programs.software and network.width > few


def grid_fields(scene: Scene, gbuffer: GBuffer, band: Region) -> Steps[None]:
    """The same for a network on a grid: fill a G-buffer with a band of a picture."""
    derivatives = GridDerivatives(scene.network, scene.view, scene.clock)
    jets = yield from derivatives.outputs(band)
    jets[1:] *= np.float32(scene.view.extent)  # local coordinates
    flat = jets.reshape(3, -1, jets.shape[3])
    for k, texture in enumerate(gbuffer.textures):
        texture.write(by_output(flat, k).tobytes())


def derivative_fields(
    derivatives: Derivatives, pixels: NDArray[np.integer[Any]], size: Size
) -> list[NDArray[np.float32]]:
    """The counterpart of derivatives.frag: for red, green and blue (value, d/du, d/dv, 0)."""
    units = derivatives.outputs(pixels, size)
    return [by_output(units, k) for k in range(3)]


def by_output(units: Jets, output: int) -> NDArray[np.float32]:
    """(value, d/du, d/dv, 0) of one output, (N, 4); a grey network's only output serves as all."""
    field = np.zeros((units.shape[1], 4), np.float32)
    field[:, :3] = units[..., output % units.shape[2]].T
    field[~np.isfinite(units).all(axis=(0, 2))] = np.nan
    return field


def channels(scene: Scene, options: OneOutput) -> tuple[float, float, float]:
    """1 for each output that counts: the only one of a grey network, or the option `channel`."""
    if scene.network.outputs == 1:
        return 1.0, 0.0, 0.0
    red, green, blue = (float(options.channel in ("all", name)) for name in CHANNELS)
    return red, green, blue


def steepness(jets: Jets, counted: Sequence[float]) -> Float64:
    """The norm of the derivatives of the outputs that count, (N,)."""
    slopes = jets[1:] * np.array(counted[: jets.shape[2]])
    with np.errstate(all="ignore"):
        return np.asarray(np.sqrt(np.square(slopes).sum(axis=(0, 2))))


def grid(
    scene: Scene, work: float, side: int = GRID, most: float = GRID_WORK
) -> tuple[Float64, Float64]:
    """Points x, y of a square grid over the central square of the view, at any picture size.

    At most `side` along a side, and at most `most` multiplications at `work` per point.
    """
    side = int(max(4, min(side, np.sqrt(most / work))))
    steps = (2 * np.arange(side) + 1) / side - 1
    u, v = (axis.ravel() for axis in np.meshgrid(steps, steps))
    (x, y), extent = scene.view.center, scene.view.extent
    return x + extent * u, y + extent * v


def limits(scene: Scene) -> tuple[float, float]:
    """The limits of the colour scale: the 2nd and 99th percentiles on the grid."""
    return at_once(measure(scene))


def measure(scene: Scene) -> Steps[tuple[float, float]]:
    """`limits`, interruptible. It depends on the scene alone."""
    if not scene.network.by_grid:
        return _limits(scene)
    counted = channels(scene, scene.options(GradientOptions))
    key = identity(scene.network, scene.clock), scene.view, counted
    found = _measured.find(key)
    if found is not None:
        return found
    jets = yield from _sampled(scene)
    low, high = scale_limits(steepness(jets.astype(np.float64), counted))
    return _measured.put(key, (float(f"{low:.{DIGITS}g}"), float(f"{high:.{DIGITS}g}")))


def _sampled(scene: Scene) -> Steps[Jets]:
    """Outputs and slopes at spots, or, where these reach far, at the pixels of a small picture."""
    network = scene.network
    if far_sighted(network):
        derivatives = GridDerivatives(network, scene.view, scene.clock)
        jets = yield from derivatives.outputs(Region.of((GRID, GRID)))
        return jets.reshape(3, -1, network.outputs)
    x, y, more = spots(scene, points_work(network, SPOT), SPOTS_WORK)
    at_spots = grid_derivatives.at_points(network, x, y, scene.clock, np.float32, more=more)
    return (yield from at_spots)


def far_sighted(network: Network) -> bool:
    """Whether a spot takes so many taps that a whole lattice is not much more."""
    return network.radius > FAR


_measured: LRUCache[Hashable, tuple[float, float]] = LRUCache(64)


def spots(scene: Scene, work: float, most: float) -> tuple[Float64, Float64, int]:
    """Points x, y of a grid over the view, and how many taps more than one are measured there.

    `work`: multiplications at a spot; `most`: of all.
    """
    if not scene.network.radius:
        return *grid(scene, work, GRID, most), 0
    return *grid(scene, work, GRID, most), SPOT


@lru_cache_by_size(KEPT, scene_bytes)
def _limits(scene: Scene) -> tuple[float, float]:
    x, y = grid(scene, 3 * work_per_pixel(scene.network))
    with one_thread():
        jets = at_points(scene.network, x, y, scene.clock)
    return scale_limits(steepness(jets, channels(scene, scene.options(GradientOptions))))


def scale_limits(sizes: Float64) -> tuple[float, float]:
    """Limits of a logarithmic scale for most of the sizes, FEWEST to MOST_DECADES apart."""
    known = sizes[np.isfinite(sizes) & (sizes > 1e-30)]
    if not known.size:
        return 0.1, 1.0  # flat everywhere
    low, high = np.log10(np.quantile(known, [0.02, 0.99]))
    low = max(low, high - MOST_DECADES)
    if high - low < FEWEST_DECADES:
        middle = (low + high) / 2
        low, high = middle - FEWEST_DECADES / 2, middle + FEWEST_DECADES / 2
    return float(10**low), float(10**high)
