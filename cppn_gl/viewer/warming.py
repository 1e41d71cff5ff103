"""The helper process: compiles shaders and measures engines, so that the window never waits.

a request as a line of JSON on stdin -> compile, draw a pixel, measure the engines
                                     -> lines of JSON on stdout: what is compiled, "done"

The results reach the window through the driver's disk cache of compiled shaders (which reduced a
first draw from 5.4 s to 0.01 s) and through the tuning cache. A newer request cancels the work on
an older one. The process ends when its stdin is closed.
"""

import contextlib
import os
import sys
import time as wall
from collections.abc import Iterator
from pathlib import Path

from cppn_gl.engines.base import Engine
from cppn_gl.engines.gl.compiling import DISK_SECONDS, compile_program
from cppn_gl.engines.gl.context import ContextError
from cppn_gl.engines.gl.programs import Programs
from cppn_gl.engines.gl.shader import ShaderError, Structure
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.names import ENGINES, with_stand_in, without_opengl
from cppn_gl.nn.layers import MAX_DEPTH
from cppn_gl.nn.network import Network
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.network_file import unpacked
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of, shown_network
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.origin import USER
from cppn_gl.utils.tasks import within
from cppn_gl.utils.worker import Requests
from cppn_gl.views import ALL
from cppn_gl.views.base import Stage, View
from cppn_gl.views.sampling import samples_of

NICENESS = 5  # a lower priority than the window's
SMALL = (100, 62)  # pixels of a view that is drawn only to compile its shaders


def deepest(preset: Preset) -> Preset | None:
    """The preset at the greatest depth, which may need another program.

    None for fixed weights, and for structures, whose further layers need no other programs.
    """
    with contextlib.suppress(PresetError):  # a network with explicit weights
        if preset.spec.depth > 1 and not preset.spec.structured:
            return preset.replace(depth=MAX_DEPTH)
    return None


def needed(
    renderer: Renderer, preset: Preset, *, deeper: bool = True
) -> Iterator[tuple[Scene, Engine, int]]:
    """(scene, engine, samples) of each program to compile for a preset, the most urgent first.

    `deeper`: include the programs for greater depths.
    """
    scene = scene_of(preset)
    engine = ENGINES[renderer.engine_for(scene.network).engine]
    if not engine.compiles:
        return
    engines = with_stand_in(engine, scene.network)[::-1]  # what stands in comes first
    for each in engines:
        yield scene, each, 1
    yield scene, engine, samples_of(scene)
    deep = deepest(preset) if deeper else None
    if deep is not None and not (engine.bakes or engine.grids):  # these depend on no depth
        scene = scene_of(deep)
        for each in engines:
            yield scene, each, 1


class OldRequest(Exception):  # noqa: N818, no error
    """Cancels the current request because a newer one is waiting."""


class Warmer:
    """Answers requests, always the newest one."""

    def __init__(self, renderer: Renderer, requests: Requests):
        self.renderer, self._requests = renderer, requests
        self._known: set[str] = set()  # keys of programs compiled by this process
        self._seen: set[tuple[str, Structure | str]] = set()  # views whose shaders compiled
        self._planes: Planes | None = None

    def serve(self) -> None:
        """Answer requests until stdin is closed, which ends the process."""
        while True:
            request = self._requests.get()
            while self._requests.waiting:
                request = self._requests.get()
            number = request["number"]
            with contextlib.suppress(OldRequest):
                preset = None
                try:
                    preset = unpacked(request, origin=USER)
                    self._work(number, preset, tuple(request["size"]))
                except (ShaderError, PresetError) as error:
                    self._requests.tell(number=number, error=str(error))
                self._requests.tell(number=number, done=True)
                if preset is not None:
                    self._compile_views(preset)

    def _compile_views(self, preset: Preset) -> None:
        """Draw every view once at a small size, which compiles its shaders."""
        of = self.renderer.painter.structure(preset.network())
        for view in ALL.values():
            if (view.name, of) in self._seen or not view.own_shaders:
                continue
            self._check_newer()
            shown = preset.replace(view=view.name)
            if not view.unfit(shown):
                with contextlib.suppress(ShaderError):  # reported when the view is shown
                    self._draw_small(view, scene_of(shown))
            self._seen.add((view.name, of))

    def _draw_small(self, view: View, scene: Scene) -> None:
        painter = self.renderer.painter
        planes = Planes(painter.ctx, SMALL, scene.network.channels)
        drawing = view.begin(Stage(painter, without_opengl), planes, scene)
        try:
            while not drawing.step(within(DISK_SECONDS)):
                self._check_newer()
        finally:
            drawing.release()
            planes.release()

    def _work(self, number: int, preset: Preset, size: tuple[int, int]) -> None:
        self._compile(number, preset)
        if self._untuned(shown_network(preset)):
            self._tune(preset, size)
            self._requests.tell(number=number, tuned=True)
            self._compile(number, preset)

    def _compile(self, number: int, preset: Preset) -> None:
        for scene, engine, samples in needed(self.renderer, preset):
            self._check_newer()
            key = engine.program_key(self.renderer.painter, scene.network, samples)
            seconds = 0.0
            if key not in self._known:
                seconds = self._compile_afresh(scene, engine, samples)
                self._known.add(key)
                wall.sleep(DISK_SECONDS)
            self._requests.tell(number=number, key=key, seconds=seconds)

    def _compile_afresh(self, scene: Scene, engine: Engine, samples: int) -> float:
        """Compile a program for a number of samples; returns the seconds.

        Supersampling uses a new program object: llvmpipe's disk cache holds only a program's first
        compilation, not the second one for blending.
        """
        painter = self.renderer.painter
        old = painter.programs
        if samples > 1:
            painter.programs = Programs(old.ctx, old.version, old.folder, software=old.software)
        try:
            return compile_program(painter, scene, engine, samples)
        finally:
            if painter.programs is not old:
                painter.programs.release()
                painter.programs = old

    def _check_newer(self) -> None:
        if self._requests.waiting:
            raise OldRequest

    def _untuned(self, network: Network) -> bool:
        chooser = self.renderer.chooser
        key = chooser.key(network)
        known = chooser.requested in ENGINES or chooser.cache.get(key) is not None
        return not known and len(chooser.candidates(network)) > 1

    def _tune(self, preset: Preset, size: tuple[int, int]) -> None:
        scene = scene_of(preset)

        def planes(part: tuple[int, int]) -> Planes:
            self._check_newer()  # between two engines
            like, held = (part, scene.network.channels), self._planes
            if held is None or (held.size, held.channels) != like:
                if held is not None:
                    held.release()
                self._planes = held = Planes(self.renderer.painter.ctx, *like)
            return held

        self.renderer.chooser.tune(scene, size, planes)


def main() -> int:
    """Run until stdin is closed; the exit status."""
    requests = Requests()
    with contextlib.suppress(AttributeError, OSError):
        os.nice(NICENESS)
    hello = requests.get()
    shaders = Path(hello["shaders"]) if hello["shaders"] else None
    try:
        renderer = Renderer(hello["engine"], glsl=hello["glsl"], shaders=shaders)
    except (ContextError, ShaderError) as error:
        requests.tell(unfit=str(error))
        return 0
    context = renderer.info.context
    here = [context.renderer, context.version] if context else ["", ""]
    if here != hello["driver"]:
        requests.tell(unfit=f"the driver without a window is {' '.join(here)}")
        return 0
    assert renderer.ctx is not None
    requests.tell(ready=True)
    with renderer.ctx:
        Warmer(renderer, requests).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
