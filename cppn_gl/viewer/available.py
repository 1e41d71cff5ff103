"""Which engine may draw now: the fastest of those that make nobody wait for a compiler.

Scene -> pick() -> Pick: the renderer's choice where its program is compiled, or was by the helper,
                   so that the driver finds it on the disk; else the fragment shader, likewise;
                   else NumPy, which compiles nothing

Where there is no helper, or what it compiles does not serve here, the window compiles by itself,
and only while it rests.
"""

import os
from dataclasses import dataclass

from cppn_gl.engines.gl.compiling import cache_disabled, compile_program
from cppn_gl.engines.names import EXACT, FRAGMENT, NUMPY, TILED, Engine
from cppn_gl.engines.tuning import Choice
from cppn_gl.nn.network import Network
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene
from cppn_gl.viewer.helper import Helper
from cppn_gl.viewer.warming import needed, program_key

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


class Available:
    """The engines of the window's renderer, as far as they are compiled.

    `on_host`: NumPy draws all, because somebody wants that.
    """

    def __init__(self, renderer: Renderer, *, on_host: bool = False):
        self.renderer, self.painter = renderer, renderer.painter
        self.on_host = on_host
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
        if self.on_host or info.context is None or cache_disabled(os.environ):
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
        engine = EXACT[self.choice(scene.network).engine]
        asked = program_key(self.painter, scene.network, engine), size
        if asked != self._asked:
            self._asked = asked
            self.helper.want(preset.to_toml(), size)

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
        if self.on_host:
            return Choice(str(NUMPY), "asked for")
        return self.renderer.engine_for(network)

    def pick(self, scene: Scene, samples: int = 1, *, rest: bool = False) -> Pick:
        """The engine that may draw a scene now; `rest`: nobody minds if it has to be compiled."""
        return self.pick_for(scene.network, samples, rest=rest)

    def pick_for(self, network: Network, samples: int = 1, *, rest: bool = False) -> Pick:
        """As `pick`, for a network."""
        wanted = EXACT[self.choice(network).engine]
        if wanted.on_host:
            return Pick(NUMPY)
        for engine in dict.fromkeys((wanted, FRAGMENT)):
            key = program_key(self.painter, network, engine, samples)
            if self._is_ready(key, network, engine, samples):
                return Pick(engine, key, stand_in=engine != wanted)
            if self._may_compile(key, rest and engine == wanted):
                return Pick(engine, key, compiles=True, stand_in=engine != wanted)
        return Pick(NUMPY, stand_in=True)

    def _is_ready(self, key: str, network: Network, engine: Engine, samples: int) -> bool:
        if key not in self._ready:
            return False
        of = self.painter.structure(network)
        added = samples > 1
        return engine == TILED or self.painter.programs.ready(of, engine, network, added=added)

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
        wanted = EXACT[self.choice(network).engine]
        if wanted.on_host:
            return False
        about = program_key(self.painter, network, wanted)
        if self._todo[0] != about:
            self._todo = about, list(needed(self.renderer, preset, deeper=self.alone))
        todo = self._todo[1]
        while todo:
            scene, engine, samples = todo[0]
            key = program_key(self.painter, scene.network, engine, samples)
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
        name = "NumPy" if pick.engine == NUMPY else str(pick.engine)
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
