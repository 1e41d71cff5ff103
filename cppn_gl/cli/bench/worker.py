"""The benchmark's worker process: opens renderers and peers, draws and times.

a request as a line of JSON on stdin -> Handler.<do> -> lines of JSON on stdout, the last "done"
"""

import dataclasses
import sys
import time
import warnings
from collections.abc import Sequence
from typing import Any

from cppn_gl.cli.bench.measure import Measurement, Tell, error_line
from cppn_gl.cli.bench.peak import cpu_peak, gpu_peak
from cppn_gl.cli.bench.peers import Peer, open_peers, seconds_of
from cppn_gl.engines.gl.context import ContextError
from cppn_gl.nn.sources import Random
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.threads import thread_count
from cppn_gl.utils.worker import Message, Requests

SEED, WEIGHT_SCALE = 7, 0.55
FIRST_SIZE = (640, 360)
GRID = 360


def bench_preset(depth: int, width: int, structure: str = "mlp") -> Preset:
    """The timed network: tanh, sigmoid output, uniform weights, a fixed seed.

    The taps of a structure are as far apart as the pixels of a picture of 360 rows.
    """
    spec = Random(depth=depth, width=width, weight_scale=WEIGHT_SCALE, seed=SEED)
    if structure != "mlp":
        spec = dataclasses.replace(spec, structure=structure, grid=GRID)
    return Preset(spec=spec)


class Handler:
    """Answers requests, one method for each kind. Renderers and peers stay open in between."""

    def __init__(self) -> None:
        self.renderers: dict[str, Renderer] = {}
        self.peers: dict[str, Peer] = {}

    def renderer(self, engine: str) -> Renderer:
        if engine not in self.renderers:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # `hello` reports it
                self.renderers[engine] = Renderer(engine)
        return self.renderers[engine]

    def hello(self, request: Message, tell: Tell) -> Message:
        """Describe the renderer."""
        renderer = self.renderer(request["engine"])
        context = renderer.info.context
        return {
            "renderer": renderer.info.renderer,
            "gl": context.version if context else None,
            "software": context is None or context.software,
            "threads": thread_count(),
            "fallback": str(renderer.fallback) if renderer.fallback else None,
        }

    def open(self, request: Message, tell: Tell) -> Message:
        """Import the peers."""
        self.peers = open_peers(request["names"])
        return {"peers": {name: peer.label for name, peer in self.peers.items()}}

    def peak(self, request: Message, tell: Tell) -> Message:
        """Measure the peak arithmetic rate of this machine."""
        gflops, how = (gpu_peak if request["gpu"] else cpu_peak)(request["seconds"])
        return {"gflops": gflops, "how": how}

    def tune(self, request: Message, tell: Tell) -> Message:
        """Let the renderer find its fastest engine for a network, and save it."""
        choice = self.renderer(request["engine"]).tune(bench_preset(*request["network"]))
        return {"engine": choice.engine}

    def measure(self, request: Message, tell: Tell) -> Message:
        """Median ms of a picture, and of the peers' on the same pixels, within `seconds`.

        Compilation is not counted in `seconds`; the whole request is stopped after `limit` seconds.
        """
        ends = time.perf_counter() + 0.9 * request["limit"]
        network, size = bench_preset(*request["network"]).network(), tuple(request["size"])
        peers = self._requested(request["peers"])
        renderer = self.renderer(request["engine"])
        measurement = Measurement(renderer, network, size, ends, tell)
        return measurement.run(peers, request["seconds"], request["rounds"])

    def _requested(self, names: Sequence[str]) -> dict[str, Peer]:
        missing = [name for name in names if name not in self.peers]
        if missing:  # `open` was answered by an earlier process, which was stopped
            self.peers |= open_peers(["torch" if "torch" in name else name for name in missing])
        return {name: self.peers[name] for name in names if name in self.peers}

    def cold(self, request: Message, tell: Tell) -> Message:
        """Seconds from `began` (time.time()) to the first picture, and those spent on compiling.

        A tiny part of the picture compiles all that the whole needs.
        """
        preset = bench_preset(*request["network"])
        renderer = self.renderer(request["engine"])
        compiled, repeated = compile_seconds(renderer, preset)
        renderer.render(preset, FIRST_SIZE)
        seconds = time.time() - request["began"] - repeated
        return {
            "engine": renderer.engine_for(preset).engine,
            "first_picture_s": seconds,
            "compile_s": compiled,
        }


def compile_seconds(renderer: Renderer, preset: Preset) -> tuple[float, float]:
    """Time a tiny part twice: by how much the first took longer, and the second, in seconds."""
    part = (312, 180, 16, 4)

    def draw() -> Any:
        return renderer.render(preset, FIRST_SIZE, part=part)

    first, second = seconds_of(draw), seconds_of(draw)
    return max(0.0, first - second), second


def main() -> int:
    """Answer requests until stdin ends."""
    requests, handler = Requests(), Handler()
    while True:
        request = requests.get()
        try:
            answer = getattr(handler, request["do"])(request, requests.tell)
        except ContextError as error:
            answer = {"error": str(error), "context": list(error.args)}
        except Exception as error:
            answer = {"error": error_line(error)}
        requests.tell(**answer, done=True)


if __name__ == "__main__":
    sys.exit(main())
