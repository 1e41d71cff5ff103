"""Selects an engine that can draw now, so that the window never waits for a shader compiler.

Scene -> pick() -> Pick: the renderer's choice, if its program is compiled here, or was compiled
                   by the helper process, so that the driver's disk cache has it; else the
                   fragment engine, on the same condition; else NumPy, which compiles nothing

The helper is started when something has to be compiled or measured: not for networks that the
native engine draws. Where there can be none, or if the driver does not find the helper's programs,
the window compiles by itself while it is at rest.
"""

import dataclasses
import os
from dataclasses import dataclass
from typing import Any

from cppn_gl.engines.base import Engine
from cppn_gl.engines.gl.compiling import cache_disabled, compile_program
from cppn_gl.engines.names import ENGINES, WITHOUT_OPENGL, with_stand_in, without_opengl
from cppn_gl.engines.tuning import Choice
from cppn_gl.nn.network import Network
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.network_file import packed
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import SHIPPED, VIEWS
from cppn_gl.viewer.helper import Helper
from cppn_gl.viewer.warming import needed
from cppn_gl.views import view_of

QUICK = 0.03  # seconds; a program from the driver's cache takes less


@dataclass(frozen=True)
class Pick:
    """An engine to draw with, and the key of its program.

    `compiles`: the program has to be compiled first. `stand_in`: the engine only draws until a
    better one is compiled.
    """

    engine: Engine
    key: str = ""
    compiles: bool = False
    stand_in: bool = False


class EngineSelector:
    """Selects among the engines of the window's renderer, and has their programs compiled.

    `cpu`: an engine without OpenGL that the user has requested for everything.
    """

    def __init__(self, renderer: Renderer, *, cpu: Engine | None = None):
        self.renderer, self.painter = renderer, renderer.painter
        self.cpu = cpu
        self.helper: Helper | None = None
        self.problem = ""  # a shader error that the helper reported
        self._hello: dict[str, Any] | None = None  # what a helper is to be told; None: no helper
        self._started = False
        self._asked: tuple[str, tuple[int, int]] | None = None
        self._done = 0  # number of the last answered request
        self._ready: set[str] = set()  # keys of programs compiled here
        self._warm: set[str] = set()  # keys of programs compiled by the helper
        self._serves = True  # the driver finds the helper's programs in its disk cache
        self._cold = 0.0  # the helper's longest compile time, in seconds
        self._todo: tuple[object, list[tuple[Scene, Engine, int]]] = (None, [])

    def start(self) -> None:
        """Let `want` start the helper; called after the first picture, which it would delay."""
        self._started = True
        info = self.renderer.info
        if self.cpu or info.context is None or cache_disabled(os.environ):
            return
        folder = self.painter.programs.folder
        self._hello = {
            "driver": [info.context.renderer, info.context.version],
            "engine": info.engine,
            "glsl": self.painter.programs.version,
            "shaders": str(folder) if folder else None,
        }

    @property
    def alone(self) -> bool:
        """Whether the window has to compile by itself, while it is at rest."""
        helped = self.helper.alive and self._serves if self.helper else self._hello is not None
        return self._started and not helped

    @property
    def pending(self) -> bool:
        """Whether the helper is still working on the last request."""
        helper = self.helper
        return helper is not None and helper.alive and self._done != helper.number

    def want(self, preset: Preset, scene: Scene, size: tuple[int, int]) -> None:
        """Have the helper compile a preset's programs and measure which engine is fastest."""
        if self._hello is None or not self._needs_helper(preset, scene.network):
            return
        if self.helper is None:
            self.helper = Helper(self._hello)
        if not self.helper.alive:
            return
        engine = ENGINES[self.choice(scene.network).engine]
        asked = engine.program_key(self.painter, scene.network), size
        if asked != self._asked:
            self._asked = asked
            self.helper.want(packed(_untrained(_shipped(preset)), local=True), size)

    def _needs_helper(self, preset: Preset, network: Network) -> bool:
        """Whether shaders have to be compiled for a preset, or engines measured."""
        choice = self.choice(network)
        if ENGINES[choice.engine].compiles or view_of(preset).own_shaders:
            return True
        return choice.guessed and len(self.renderer.chooser.candidates(network)) > 1

    def update(self) -> None:
        """Process the helper's answers."""
        for answer in self.helper.answers() if self.helper else ():
            if "key" in answer:
                self._warm.add(answer["key"])
                self._cold = max(self._cold, answer["seconds"])
            self.problem = answer.get("error", self.problem)
            if "done" in answer:
                self._done = answer["number"]

    def choice(self, network: Network) -> Choice:
        """The engine that is to draw a network, and why."""
        if self.cpu is not None:
            if problem := self.cpu.problem(network, WITHOUT_OPENGL):
                return Choice(str(without_opengl(network)), f"{self.cpu} {problem}")
            return Choice(self.cpu.name, "requested")
        return self.renderer.engine_for(network)

    def pick(self, scene: Scene, samples: int = 1, *, rest: bool = False) -> Pick:
        """The engine to draw a scene with now; `rest`: a short pause to compile is acceptable."""
        return self.pick_for(scene.network, samples, rest=rest)

    def pick_for(self, network: Network, samples: int = 1, *, rest: bool = False) -> Pick:
        """Like `pick`, for a network."""
        wanted = ENGINES[self.choice(network).engine]
        if not wanted.compiles:
            return Pick(wanted)
        for engine in with_stand_in(wanted, network):
            key = engine.program_key(self.painter, network, samples)
            if self._is_ready(key, network, engine, samples):
                return Pick(engine, key, stand_in=engine != wanted)
            if self._may_compile(key, rest and engine == wanted):
                return Pick(engine, key, compiles=True, stand_in=engine != wanted)
        return Pick(without_opengl(network), stand_in=True)

    def _is_ready(self, key: str, network: Network, engine: Engine, samples: int) -> bool:
        return key in self._ready and engine.ready(self.painter, network, samples)

    def _may_compile(self, key: str, rest: bool) -> bool:
        return (key in self._warm and (rest or self._serves)) or (rest and self.alone)

    def compile(self, key: str, scene: Scene, engine: Engine, samples: int) -> None:
        """Compile a program, and note whether the driver's cache had it. Raises ShaderError."""
        seconds = compile_program(self.painter, scene, engine, samples)
        self._ready.add(key)
        if key in self._warm and seconds > max(QUICK, self._cold / 2):
            self._serves = False

    def prepare(self, preset: Preset, network: Network) -> bool:
        """Compile one program that will soon be needed; False if there is none to compile now.

        Raises ShaderError.
        """
        wanted = ENGINES[self.choice(network).engine]
        if not wanted.compiles:
            return False
        wanted_key = wanted.program_key(self.painter, network)
        if self._todo[0] != wanted_key:
            self._todo = wanted_key, list(needed(self.renderer, preset, deeper=self.alone))
        todo = self._todo[1]
        while todo:
            scene, engine, samples = todo[0]
            key = engine.program_key(self.painter, scene.network, samples)
            known = self._is_ready(key, scene.network, engine, samples)
            if not known and not self._may_compile(key, rest=True):
                return False
            todo.pop(0)
            if not known:
                self.compile(key, scene, engine, samples)
                return True
        return False

    def words(self, scene: Scene) -> str:
        """The engine that draws, and why, for the HUD."""
        choice, pick = self.choice(scene.network), self.pick(scene)
        name = pick.engine.display_name
        if pick.stand_in:
            state = "compiles when idle" if self.alone else "is being compiled"
            return f"{name} for now: {choice.engine} {state}"
        measuring = choice.guessed and self.pending
        return f"{name}, {'being measured' if measuring else choice.why}"

    def forget(self) -> None:
        """Forget all compiled programs, here and in the helper: the shader files have changed."""
        self._ready.clear()
        self._warm.clear()
        self._asked, self._todo, self.problem = None, (None, []), ""
        self.close()
        self.helper = None

    def close(self) -> None:
        """Stop the helper."""
        if self.helper is not None:
            self.helper.close()
            self._done = 0


def _untrained(preset: Preset) -> Preset:
    """The preset at step 0 of a training, which needs the same programs."""
    return dataclasses.replace(preset, train=preset.train.at_step(0)) if preset.learns else preset


def _shipped(preset: Preset) -> Preset:
    """The preset without its [show] table if views are registered that the helper lacks."""
    if tuple(VIEWS) == SHIPPED:
        return preset
    return Preset(
        preset.spec,
        preset.view,
        color=preset.color,
        normalize=preset.normalize,
        train=preset.train,
    )
