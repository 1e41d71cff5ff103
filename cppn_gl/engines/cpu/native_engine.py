"""The engine `native`: a kernel in C on all cores of the processor, without OpenGL."""

import time as wall
from typing import Any

from cppn_gl.engines.base import SURE, Device, Engine, Region
from cppn_gl.engines.cpu.native import Native, unsupported
from cppn_gl.engines.rates import RateKey, Rates
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.utils import native
from cppn_gl.utils.tasks import Stepping, Steps, Task

ON_GPU = 0.2  # rank for networks on grids


class NativeEngine(Engine):
    """Draws with the native library, without compiling."""

    name = "native"
    help = "a kernel in C on all cores of the processor: the same bytes on every machine"
    on_cpu = grids = True
    differs = ""

    @property
    def renderer(self) -> str:
        library = native.library()
        return f"native library, {library.isa}" if library else self.name

    def problem(self, network: Network | None, device: Device) -> str:
        if network is not None:
            return unsupported(network)
        return "" if native.library() else f"needs the native library: {native.problem()}"

    def rank(self, network: Network, device: Device) -> float:
        """First choice with software OpenGL: several times as fast as shaders.

        Networks on grids are measured on a GPU, too.
        """
        return SURE if device.software else ON_GPU if network.by_grid else 0.0

    def rate_key(self, painter: Any, network: Network) -> RateKey:
        """By width: narrow layers spend more of the time on activations."""
        return self.name, (network.by_grid, network.width.bit_length())

    def forget(self, painter: Any) -> None:
        from cppn_gl.engines.grid import lattices

        lattices.clear()

    def begin(self, painter: Any, target: Any, scene: Scene, region: Region) -> Task:
        kind = self.rate_key(painter, scene.network)
        draw = _draw_grid if scene.network.by_grid else _draw
        return Stepping(draw(painter, target, scene, region, kind))


def _draw_grid(
    rates: Rates, target: Any, scene: Scene, region: Region, kind: RateKey
) -> Steps[None]:
    from cppn_gl.engines.cpu.grid import drawn
    from cppn_gl.nn.native_grid import NativeKernel

    return drawn(rates, target, scene, region, kind, NativeKernel())


def _draw(rates: Rates, target: Any, scene: Scene, region: Region, kind: RateKey) -> Steps[None]:
    """Draw a region into a target of its size. `kind`: the key of the rate."""
    work = work_per_pixel(scene.network) * region.part[0] * region.part[1] * len(region.jitters)
    pieces = Native(scene.network, scene.view, scene.clock).pieces(region, lambda: rates.rate(kind))
    done = next(pieces)
    while True:
        deadline = yield done
        started, before = wall.perf_counter(), done
        try:
            done = pieces.send(deadline)
        except StopIteration as end:
            rates.record(kind, (1 - before) * work, wall.perf_counter() - started)
            target.write(end.value)
            return
        rates.record(kind, (done - before) * work, wall.perf_counter() - started)
