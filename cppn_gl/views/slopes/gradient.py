"""How steep the output is at every point: the norm of its derivatives by x and y.

    Scene -> derivatives.frag, or forward mode in NumPy -> Fields -> gradient.frag -> planes
          -> limits(): the scale's ends, from a fixed grid in float64

The size shown is that of the change of display values for a unit of x or y: of all channels the
Frobenius norm of the 3×2 Jacobian. It is the network's own and not the view's, so that zooming out
makes the numbers of the legend, not the picture, say how flat the star is.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.derivatives import FirstLayer
from cppn_gl.engines.cpu.numpy_engine import FEW_UNITS
from cppn_gl.engines.gl.drawing import draw
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.pipeline import Pipeline
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.nn.derivatives import Jets, at_points, outputs
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene, scene_bytes, work_per_pixel
from cppn_gl.preset.show import GradientOptions, OneOutput
from cppn_gl.utils.cache import MB, lru_cache_by_size
from cppn_gl.utils.tasks import Steps, Task
from cppn_gl.utils.threads import one_thread
from cppn_gl.views.base import Hit, Size, Stage, View, Words
from cppn_gl.views.shading import Shading
from cppn_gl.views.slopes.fields import Fields, Shaded, fill
from cppn_gl.views.slopes.legend import Corner, Sheet
from cppn_gl.views.slopes.palette import heat
from cppn_gl.views.ticks import short

DERIVATIVES = Pipeline("derivatives.frag", "derivatives.frag", 1)
CHANNELS = ("red", "green", "blue")
GRID = 16  # points a side that the scale is taken from
GRID_WORK = 4e7  # multiplications that it may take; fewer points for larger networks
MOST_DECADES, FEWEST_DECADES = 4.0, 0.5  # of the scale
KEPT = 4 * MB  # of the networks whose scales are kept
DUAL_WORK = 4.5  # times the picture's: a vector is one pixel, not four, and slopes are more

Floats = NDArray[np.float64]


class GradientView(View):
    """Steepness by colour, from dark to bright."""

    by_engine = False

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        """Begin to draw: derivatives, then their colours."""
        painter, network = stage.painter, scene.network
        low, high = limits(scene)
        shown = channels(scene, scene.options(GradientOptions))

        def part(fields: Fields, band: Region) -> Steps[None]:
            if not on_cpu(painter, network):
                return draw(painter, fields, scene, band, DERIVATIVES)
            places = FirstLayer(network, scene.view, scene.clock)
            return fill(
                painter,
                fields,
                lambda pixels, of: derivative_fields(network, places, pixels, of),
                band,
                kind=(DERIVATIVES.name, None),
                work=self.work(scene),
            )

        def shade(fields: Sequence[Fields], top: int, rows: int) -> None:
            painter.shared(Shading, "gradient.frag", heat)(
                planes,
                fields[0].textures,
                top,
                rows,
                range=(float(np.log(low)), float(np.log(high))),
                channels=shown,
                extent=scene.view.extent,
            )

        return Shaded(painter, planes, "fields", partial(Fields, painter.ctx), [part], shade)

    def work(self, scene: Scene) -> float:
        """Multiplications for one pixel, about."""
        return DUAL_WORK * work_per_pixel(scene.network)

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """The scale, in words, colours and numbers."""
        corner = Corner(size, 4)
        at = corner.inner()
        if at is None:
            return None
        sheet = Sheet(corner)
        channel = scene.options(GradientOptions).channel
        what = "how steep" if channel == "all" else f"how steep {channel} is"
        sheet.fitted(at[0], at[1], what, at[2] - at[0], bold=True)
        sheet.fitted(at[0], at[1] + corner.line, "change per unit of x, y", at[2] - at[0])
        scale = at[0], at[1] + corner.line * 9 // 4, at[2], at[3]
        sheet.scale(scale, heat(), *limits(scene))
        return sheet.pixels()

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """How steep it is at a pixel."""
        x, y = point_of(scene, size, place)
        jets = at_points(scene.network, [x], [y], scene.clock)
        steep = steepness(jets, channels(scene, scene.options(GradientOptions)))[0]
        return Hit(f"changes by {short(steep)} per unit of x, y at ({x:.4g}, {y:.4g})")


def on_cpu(painter: Painter, network: Network) -> bool:
    """Whether NumPy is faster than the shader: on a processor, for more than a few units."""
    return painter.programs.software and network.width > FEW_UNITS


def derivative_fields(
    network: Network, places: FirstLayer, pixels: NDArray[np.integer[Any]], size: Size
) -> list[NDArray[np.float32]]:
    """What derivatives.frag makes of pixels: for red, green and blue (value, d/du, d/dv, 0)."""
    units = outputs(network, places.first_pre_activations(pixels, size))
    return [by_output(units, k) for k in range(3)]


def by_output(units: Jets, output: int) -> NDArray[np.float32]:
    """(N, 4) of an output; the one of a grey network stands for all three."""
    field = np.zeros((units.shape[1], 4), np.float32)
    field[:, :3] = units[..., output % units.shape[2]].T
    field[~np.isfinite(units).all(axis=(0, 2))] = np.nan
    return field


def channels(scene: Scene, options: OneOutput) -> tuple[float, float, float]:
    """1 for each output that counts: one of a grey network, or all, or that of the options."""
    if scene.network.outputs == 1:
        return 1.0, 0.0, 0.0
    red, green, blue = (float(options.channel in ("all", name)) for name in CHANNELS)
    return red, green, blue


def steepness(jets: Jets, counted: Sequence[float]) -> Floats:
    """The norm of the derivatives of the outputs that count, (N,)."""
    slopes = jets[1:] * np.array(counted[: jets.shape[2]])
    with np.errstate(all="ignore"):
        return np.asarray(np.sqrt(np.square(slopes).sum(axis=(0, 2))))


def grid(
    scene: Scene, work: float, side: int = GRID, most: float = GRID_WORK
) -> tuple[Floats, Floats]:
    """Points x, y of a square grid over the view's inner square, whatever the picture's size.

    As many as `most` multiplications allow at `work` for a point, `side` a side at the most.
    """
    side = int(max(4, min(side, np.sqrt(most / work))))
    steps = (2 * np.arange(side) + 1) / side - 1
    u, v = (axis.ravel() for axis in np.meshgrid(steps, steps))
    (x, y), extent = scene.view.center, scene.view.extent
    return x + extent * u, y + extent * v


def point_of(scene: Scene, size: Size, place: tuple[float, float]) -> tuple[float, float]:
    """x and y at a pixel of a picture."""
    unit = 2 * scene.view.extent / min(size)
    x = scene.view.center[0] + (place[0] - size[0] / 2) * unit
    return x, scene.view.center[1] + (size[1] / 2 - place[1]) * unit


@lru_cache_by_size(KEPT, scene_bytes)
def limits(scene: Scene) -> tuple[float, float]:
    """The ends of the scale: what 2 % of the grid's points are below, and 1 % above."""
    x, y = grid(scene, 3 * work_per_pixel(scene.network))
    with one_thread():
        jets = at_points(scene.network, x, y, scene.clock)
    return spread(steepness(jets, channels(scene, scene.options(GradientOptions))))


def spread(sizes: Floats) -> tuple[float, float]:
    """ValueRange of a logarithmic scale for most of some sizes, FEWEST to MOST_DECADES apart."""
    known = sizes[np.isfinite(sizes) & (sizes > 1e-30)]
    if not known.size:
        return 0.1, 1.0  # flat everywhere
    low, high = np.log10(np.quantile(known, [0.02, 0.99]))
    low = max(low, high - MOST_DECADES)
    if high - low < FEWEST_DECADES:
        middle = (low + high) / 2
        low, high = middle - FEWEST_DECADES / 2, middle + FEWEST_DECADES / 2
    return float(10**low), float(10**high)
