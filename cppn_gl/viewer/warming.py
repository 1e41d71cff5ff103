"""Compiles what the live window will need, in a process of its own, so that the window never waits.

a request as a line of JSON on stdin -> compile, draw a pixel, measure the engines
                                     -> lines of JSON on stdout: what is compiled, "done"

What stays is the driver's cache of compiled shaders on the disk, where the window finds them again
(5.4 s became 0.01 s), and the tuning cache. A newer request ends the work on an older one. The
process ends with its stdin.
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
from cppn_gl.engines.names import CPU_ENGINE, ENGINES, STAND_IN
from cppn_gl.nn.layers import MAX_DEPTH
from cppn_gl.nn.network import Network
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.tasks import within
from cppn_gl.utils.worker import Requests
from cppn_gl.views import ALL
from cppn_gl.views.base import Stage, View
from cppn_gl.views.picture import SAMPLES

NICENESS = 5  # below the window, and yet done soon
SMALL = (100, 62)  # pixels of a view that is drawn for the sake of its shaders


def deepest(preset: Preset) -> Preset | None:
    """The preset at the greatest depth, whose weights may need another program."""
    with contextlib.suppress(PresetError):  # a network given by its layers
        if preset.spec.depth > 1:
            return preset.replace(depth=MAX_DEPTH)
    return None


def needed(
    renderer: Renderer, preset: Preset, *, deeper: bool = True
) -> Iterator[tuple[Scene, Engine, int]]:
    """What to compile for a preset, the most urgent first: scene, engine, samples.

    `deeper`: what it needs at a greater depth, too.
    """
    scene = scene_of(preset)
    engine = ENGINES[renderer.engine_for(scene.network).engine]
    if not engine.compiles:
        return
    engines = list(dict.fromkeys((STAND_IN, engine)))
    for one in engines:
        yield scene, one, 1
    yield scene, engine, SAMPLES
    deep = deepest(preset) if deeper else None
    if deep is not None and not engine.bakes:
        scene = scene_of(deep)
        for one in engines:
            yield scene, one, 1


class OldRequest(Exception):  # noqa: N818, no error
    """A newer request waits."""


class Warmer:
    """Answers requests, the newest only. `asked`: the engine that the window was asked for."""

    def __init__(self, renderer: Renderer, requests: Requests):
        self.renderer, self._requests = renderer, requests
        self._known: set[str] = set()  # compiled by this process
        self._seen: set[tuple[str, Structure]] = set()  # views drawn, of networks of a structure
        self._sheet: Planes | None = None

    def serve(self) -> None:
        """Answer requests for ever; the end of stdin ends the process."""
        while True:
            request = self._requests.get()
            while self._requests.waiting:
                request = self._requests.get()
            number = request["number"]
            with contextlib.suppress(OldRequest):
                preset = None
                try:
                    preset = parse_preset(request["preset"])
                    self._work(number, preset, tuple(request["size"]))
                except (ShaderError, PresetError) as error:
                    self._requests.tell(number=number, error=str(error))
                self._requests.tell(number=number, done=True)
                if preset is not None:
                    self._look_through(preset)

    def _look_through(self, preset: Preset) -> None:
        """Draw, small, every other view that a key may bring: their shaders are compiled then."""
        of = self.renderer.painter.structure(preset.network())
        for view in ALL.values():
            if (view.name, of) in self._seen or not view.own_shaders:
                continue
            self._look()
            shown = preset.replace(view=view.name)
            if not view.problem(shown):
                with contextlib.suppress(ShaderError):  # said when it is needed
                    self._draw_small(view, scene_of(shown))
            self._seen.add((view.name, of))

    def _draw_small(self, view: View, scene: Scene) -> None:
        painter = self.renderer.painter
        sheet = Planes(painter.ctx, SMALL)
        drawing = view.begin(Stage(painter, lambda network: CPU_ENGINE), sheet, scene)
        try:
            while not drawing.step(within(DISK_SECONDS)):
                self._look()
        finally:
            drawing.release()
            sheet.release()

    def _work(self, number: int, preset: Preset, size: tuple[int, int]) -> None:
        self._compile(number, preset)
        if self._untuned(preset.network()):
            self._tune(preset, size)
            self._requests.tell(number=number, tuned=True)
            self._compile(number, preset)

    def _compile(self, number: int, preset: Preset) -> None:
        for scene, engine, samples in needed(self.renderer, preset):
            self._look()
            key = engine.program_key(self.renderer.painter, scene.network, samples)
            seconds = 0.0
            if key not in self._known:
                seconds = self._compile_afresh(scene, engine, samples)
                self._known.add(key)
                wall.sleep(DISK_SECONDS)
            self._requests.tell(number=number, key=key, seconds=seconds)

    def _compile_afresh(self, scene: Scene, engine: Engine, samples: int) -> float:
        """Compile for one number of samples.

        llvmpipe keeps on the disk what a program was compiled to first, and not what the same
        program was compiled to once more, for blending.
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

    def _look(self) -> None:
        if self._requests.waiting:
            raise OldRequest

    def _untuned(self, network: Network) -> bool:
        chooser = self.renderer.chooser
        key = chooser.key(network)
        known = chooser.requested in ENGINES or chooser.cache.get(key) is not None
        return not known and len(chooser.candidates(network)) > 1

    def _tune(self, preset: Preset, size: tuple[int, int]) -> None:
        def sheet(part: tuple[int, int]) -> Planes:
            self._look()  # between two engines
            if self._sheet is None or self._sheet.size != part:
                if self._sheet is not None:
                    self._sheet.release()
                self._sheet = Planes(self.renderer.painter.ctx, part)
            return self._sheet

        self.renderer.chooser.tune(scene_of(preset), size, sheet)


def main() -> int:
    """Work until stdin ends."""
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
    found = renderer.info.context
    here = [found.renderer, found.version] if found else ["", ""]
    if here != hello["driver"]:
        requests.tell(unfit=f"without a window {' '.join(here)} draws")
        return 0
    assert renderer.ctx is not None
    requests.tell(ready=True)
    with renderer.ctx:
        Warmer(renderer, requests).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
