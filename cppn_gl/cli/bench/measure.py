"""Times pictures, ours and the peers' alternately: whole pictures, or a band across the middle.

a renderer, peers, network, size, seconds -> Measurement.run -> median ms of each
"""

import math
import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from cppn_gl.cli.bench.peers import Peer, seconds_at_best, seconds_of
from cppn_gl.cli.bench.rows import MAX_ROUNDS, MIN_ROUNDS
from cppn_gl.engines.geometry import pixel_points
from cppn_gl.nn.features import Clock
from cppn_gl.nn.network import Network
from cppn_gl.output.renderer import Renderer
from cppn_gl.utils.checks import show
from cppn_gl.utils.worker import Message

OURS, ON_GPU = "ours", " on GPU"
ENOUGH = 0.4  # seconds of measuring, after which the rounds asked for are sufficient
FIRST_PIXELS, MIN_PIXELS = 4096, 8192  # the smallest band of the rough estimate, and when timed
FIRST_SECONDS = 0.05  # a band that takes this long gives a rough estimate of the picture
SCAN = 4  # a peer's scan of batch sizes costs about this many pictures
SETTLE = 0.03  # seconds of pause: threads of the last library keep spinning for a while

Tell = Callable[..., None]
Draw = Callable[[], Any]


class Picture:
    """Our picture, drawn and read back as uint8: the whole, or a band across its middle.

    It draws a Network, as the window and sequences do, so sampling the weights is not timed.
    """

    def __init__(self, renderer: Renderer, network: Network, size: tuple[int, int]):
        self.renderer, self.network, self.size = renderer, network, size
        self.part: Any = None

    def ready(self, rows: int) -> None:
        """Set the number of rows that `draw` draws."""
        width, height = self.size
        whole = rows == height
        self.part = None if whole else (0, (height - rows) // 2, width, rows)

    def draw(self) -> Any:
        if self.network.by_grid:
            self.renderer.forget(self.network)
        return self.renderer.render(self.network, self.size, part=self.part)


class PeerPicture:
    """The same pixels, drawn by a peer."""

    def __init__(self, peer: Peer, network: Network, size: tuple[int, int]):
        self.peer, self.network, self.size = peer, network, size
        self.draw = peer.draw
        peer.load(network)

    def ready(self, rows: int) -> None:
        """Set the number of rows that `draw` draws, and compute their float32 inputs."""
        top = (self.size[1] - rows) // 2
        x, y = pixel_points(self.size, rows=slice(top, top + rows))
        inputs = self.network.features(x.ravel(), y.ravel(), Clock())
        self.peer.ready(np.ascontiguousarray(inputs, np.float32))


Subject = Picture | PeerPicture


def rows_of(pixels: int, size: tuple[int, int]) -> int:
    """How many rows contain `pixels` pixels, rounded up to a multiple of 4; at most all rows."""
    return min(size[1], -(-pixels // (4 * size[0])) * 4)


def pace(subject: Subject) -> float:
    """Estimate the seconds per row, from a band that grows until it takes FIRST_SECONDS.

    The first draw compiles, and is not timed.
    """
    height = subject.size[1]
    rows = rows_of(FIRST_PIXELS, subject.size)
    subject.ready(rows)
    subject.draw()
    while True:
        elapsed = seconds_at_best(subject.draw)
        if elapsed > FIRST_SECONDS or rows == height:
            return elapsed / rows
        rows = min(height, rows * min(16, max(2, int(1.5 * FIRST_SECONDS / max(elapsed, 1e-6)))))
        subject.ready(rows)
        subject.draw()


def rounds(
    work: dict[str, Draw], ends: float, least: int = MIN_ROUNDS, due: float = math.inf
) -> dict[str, list[float]]:
    """Time each piece of work in seconds, alternately, so that a disturbance affects all of them.

    At least `least` rounds, up to MAX_ROUNDS if they are short. Only MIN_ROUNDS if
    time.perf_counter() would pass `due`, and fewer if it would pass `ends`.
    """
    times: dict[str, list[float]] = {name: [] for name in work}
    started = time.perf_counter()
    for done in range(1, max(least, MAX_ROUNDS) + 1):
        for name, draw in work.items():
            if len(work) > 1:
                time.sleep(SETTLE)
            times[name].append(seconds_of(draw))
        now = time.perf_counter()
        spent = now - started
        if done >= least and spent > ENOUGH:
            break
        if done >= MIN_ROUNDS and now + spent / done > due:
            break
        if now + 1.5 * spent / done > ends:
            break
    return times


class Measurement:
    """Times one network at one size, for us and for peers.

    `ends` is the deadline, by time.perf_counter(); `tell` receives intermediate results, and the
    name of what is being prepared.
    """

    def __init__(
        self, renderer: Renderer, network: Network, size: tuple[int, int], ends: float, tell: Tell
    ):
        self.network, self.size, self.ends, self.tell = network, size, ends, tell
        self.renderer = renderer
        self.subjects: dict[str, Subject] = {OURS: Picture(renderer, network, size)}
        self.failed: dict[str, str] = {}  # peer to its error

    def run(self, peers: Mapping[str, Peer], seconds: float, least: int = MIN_ROUNDS) -> Message:
        """The median ms of each, measured in about `seconds`, not counting compilation.

        `least`: the number of rounds, if there is time for more than MIN_ROUNDS.
        """
        height, due = self.size[1], time.perf_counter() + seconds
        paces = self._paces(peers)
        rows = affordable(paces, self.size, min(seconds, self.ends - time.perf_counter()))
        work: dict[str, Draw] = {}
        for name in list(self.subjects):
            work |= self._attempt(name, partial(self._prepare, name, rows)) or {}
        self.tell(preparing=None)
        times = rounds(work, self.ends, least, due)
        scale = height / rows * 1e3
        ms = {name: statistics.median(values) * scale for name, values in times.items()}
        best = {name: min(values) * scale for name, values in times.items()}
        count = len(times[OURS])
        return {
            "engine": self.renderer.engine_for(self.network).engine,
            "ms": ms[OURS],
            "best_ms": best[OURS],
            "estimated": rows < height or count < MIN_ROUNDS,
            "rounds": count,
            "rows": rows,
            "peers": {name: ms[name] for name in peers if name in ms},
            "peers_best": {name: best[name] for name in peers if name in best},
            "peers_kept": {name: ms[name + ON_GPU] for name in peers if name + ON_GPU in ms},
            "batches": {name: peer.batch for name, peer in peers.items() if name in ms},
            "failed": self.failed,
        }

    def _paces(self, peers: Mapping[str, Peer]) -> dict[str, float]:
        """A rough estimate of the seconds per row of each."""
        height = self.size[1]
        paces = {OURS: pace(self.subjects[OURS])}
        engine = self.renderer.engine_for(self.network).engine
        self.tell(engine=engine, ms=paces[OURS] * height * 1e3, estimated=True)
        for name, peer in peers.items():
            subject = self._attempt(name, partial(PeerPicture, peer, self.network, self.size))
            if subject is None:
                continue
            self.subjects[name] = subject
            if peer.fixed:  # estimating would cost seconds of compilation: assume torch's pace
                paces[name] = paces.get("torch", paces[OURS])
            else:
                paces[name] = self._attempt(name, partial(pace, subject)) or 0.0
        return paces

    def _attempt(self, name: str, work: Draw) -> Any:
        """The result of `work`; None if it is a peer's and fails, which removes the peer."""
        self.tell(preparing=name)
        try:
            return work()
        except Exception as error:
            if name == OURS:
                raise
            self.failed[name] = error_line(error)
            self.subjects.pop(name, None)
        return None

    def _prepare(self, name: str, rows: int) -> dict[str, Draw]:
        """Warm a subject up, and return the functions to time."""
        subject = self.subjects[name]
        subject.ready(rows)
        if isinstance(subject, PeerPicture):
            subject.peer.choose()
        subject.draw()
        work: dict[str, Draw] = {name: subject.draw}
        if isinstance(subject, PeerPicture) and subject.peer.on_gpu:
            subject.peer.draw_on_gpu()
            work[name + ON_GPU] = subject.peer.draw_on_gpu
        return work


def affordable(paces: Mapping[str, float], size: tuple[int, int], seconds: float) -> int:
    """How many rows all can prepare, and draw MIN_ROUNDS times, in about `seconds`."""
    row = sum(p * (MIN_ROUNDS + (1 if name == OURS else 1 + SCAN)) for name, p in paces.items())
    pauses = SETTLE * MIN_ROUNDS * len(paces) if len(paces) > 1 else 0.0
    rows = int(max(0.0, seconds - pauses) / max(row, 1e-9))
    return size[1] if 1.5 * rows >= size[1] else max(rows_of(MIN_PIXELS, size), rows)


def error_line(error: BaseException) -> str:
    """An error of any library in one line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {show(lines[0], 200)}" if lines else type(error).__name__
