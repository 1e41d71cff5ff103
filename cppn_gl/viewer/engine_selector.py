"""Which engine may draw now: the fastest of those that make nobody wait for a compiler.

Scene -> pick() -> Pick: the renderer's choice where its program is compiled, or was by the helper,
                   so that the driver finds it on the disk; else the fragment shader, likewise;
                   else NumPy, which compiles nothing

Where there is no helper, or what it compiles does not serve here, the window compiles by itself,
and only while it rests.
"""

import os
from dataclasses import dataclass

from cppn_gl.engines.base import Engine
from cppn_gl.engines.gl.compiling import cache_disabled, compile_program
from cppn_gl.engines.names import ENGINES, HOST, STAND_IN
from cppn_gl.engines.tuning import Choice
from cppn_gl.nn.network import Network
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import SHIPPED, VIEWS
from cppn_gl.viewer.helper import Helper
from cppn_gl.viewer.warming import needed

QUICK = 0.03  # seconds; a program from the driver's cache takes less


@dataclass(frozen=True)
class Pick:
    """An engine to draw with. `compiles`: its program comes first, and takes a moment.

    `stand_in`: another will draw once it is compiled.
    """

    engine: Engine
    key: str = ""
    compiles: bool = False
    stand_in: bool = False


class EngineSelector:
    """The engines of the window's renderer, as far as they are compiled.

    `host`: an engine without OpenGL that draws all, because somebody wants that.
    """

    def __init__(self, renderer: Renderer, *, host: Engine | None = None):
        self.renderer, self.painter = renderer, renderer.painter
        self.host = host
        self.helper: Helper | None = None
        self.problem = ""  # the helper's, with a shader
        self._started = False
        self._asked: tuple[str, tuple[int, int]] | None = None
        self._done = 0  # the newest request that is answered
        self._ready: set[str] = set()  # compiled here
        self._warm: set[str] = set()  # compiled by the helper
        self._serves = True  # what the helper compiles is found here
        self._cold = 0.0  # seconds of compiling, the longest that the helper told
        self._todo: tuple[object, list[tuple[Scene, Engine, int]]] = (None, [])

    def start(self) -> None:
        """Start the helper. Nothing is asked of it before, so that the first picture is soon."""
        self._started = True
        info = self.renderer.info
        if self.host or info.context is None or cache_disabled(os.environ):
            return
        folder = self.painter.programs.folder
        self.helper = Helper(
            {
                "driver": [info.context.renderer, info.context.version],
                "engine": info.engine,
                "glsl": self.painter.programs.version,
                "shaders": str(folder) if folder else None,
            }
        )

    @property
    def alone(self) -> bool:
        """Whether nobody helps: the window compiles by itself, while it rests."""
        return self._started and not (self.helper and self.helper.alive and self._serves)

    @property
    def pending(self) -> bool:
        """Whether the helper is compiling or measuring what was wanted last."""
        helper = self.helper
        return helper is not None and helper.alive and self._done != helper.number

    def want(self, preset: Preset, scene: Scene, size: tuple[int, int]) -> None:
        """Let the helper compile what a preset needs, and measure what draws it best."""
        if self.helper is None or not self.helper.alive:
            return
        engine = ENGINES[self.choice(scene.network).engine]
        asked = engine.program_key(self.painter, scene.network), size
        if asked != self._asked:
            self._asked = asked
            self.helper.want(_shipped(preset).to_toml(), size)

    def update(self) -> None:
        """Hear what the helper has done."""
        for answer in self.helper.answers() if self.helper else ():
            if "key" in answer:
                self._warm.add(answer["key"])
                self._cold = max(self._cold, answer["seconds"])
            self.problem = answer.get("error", self.problem)
            if "done" in answer:
                self._done = answer["number"]

    def choice(self, network: Network) -> Choice:
        """The engine that is to draw a network, and why."""
        if self.host is not None:
            return Choice(self.host.name, "asked for")
        return self.renderer.engine_for(network)

    def pick(self, scene: Scene, samples: int = 1, *, rest: bool = False) -> Pick:
        """The engine that may draw a scene now; `rest`: nobody minds if it has to be compiled."""
        return self.pick_for(scene.network, samples, rest=rest)

    def pick_for(self, network: Network, samples: int = 1, *, rest: bool = False) -> Pick:
        """As `pick`, for a network."""
        wanted = ENGINES[self.choice(network).engine]
        if not wanted.compiles:
            return Pick(wanted)
        for engine in dict.fromkeys((wanted, STAND_IN)):
            key = engine.program_key(self.painter, network, samples)
            if self._is_ready(key, network, engine, samples):
                return Pick(engine, key, stand_in=engine != wanted)
            if self._may_compile(key, rest and engine == wanted):
                return Pick(engine, key, compiles=True, stand_in=engine != wanted)
        return Pick(HOST, stand_in=True)

    def _is_ready(self, key: str, network: Network, engine: Engine, samples: int) -> bool:
        return key in self._ready and engine.ready(self.painter, network, samples)

    def _may_compile(self, key: str, rest: bool) -> bool:
        return (key in self._warm and (rest or self._serves)) or (rest and self.alone)

    def compile(self, key: str, scene: Scene, engine: Engine, samples: int) -> None:
        """Compile a program, and learn whether the helper's work was of use. Raises ShaderError."""
        seconds = compile_program(self.painter, scene, engine, samples)
        self._ready.add(key)
        if key in self._warm and seconds > max(QUICK, self._cold / 2):
            self._serves = False

    def prepare(self, preset: Preset, network: Network) -> bool:
        """Compile one program that will soon be needed, where that may be; False for none.

        Raises ShaderError.
        """
        wanted = ENGINES[self.choice(network).engine]
        if not wanted.compiles:
            return False
        about = wanted.program_key(self.painter, network)
        if self._todo[0] != about:
            self._todo = about, list(needed(self.renderer, preset, deeper=self.alone))
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
        """What draws, and why, for the HUD."""
        choice, pick = self.choice(scene.network), self.pick(scene)
        name = pick.engine.title or pick.engine.name
        if pick.stand_in:
            state = "waits for a rest to be compiled" if self.alone else "is being compiled"
            return f"{name} meanwhile: {choice.engine} {state}"
        measuring = choice.guessed and self.pending
        return f"{name}, {'being measured' if measuring else choice.why}"

    def forget(self) -> None:
        """The shader files have changed: nothing is compiled any more, here or by the helper."""
        self._ready.clear()
        self._warm.clear()
        self._asked, self._todo, self.problem = None, (None, []), ""
        if self.helper is not None:
            self.close()
            self.start()

    def close(self) -> None:
        """End the helper."""
        if self.helper is not None:
            self.helper.close()
            self._done = 0


def _shipped(preset: Preset) -> Preset:
    """The preset, without what only this process knows where views are registered in it."""
    if tuple(VIEWS) == SHIPPED:
        return preset
    return Preset(preset.spec, preset.view, color=preset.color, normalize=preset.normalize)
