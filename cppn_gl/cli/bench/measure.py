"""How long pictures take: ours and the peers' by turns, whole or a band across the middle.

a renderer, peers, network, size, seconds -> Measurement.run -> median ms of each
"""

import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from cppn_gl.cli.bench.peers import Peer, seconds_at_best, seconds_of
from cppn_gl.engines.geometry import pixel_points
from cppn_gl.nn.features import Clock, features
from cppn_gl.nn.network import Network
from cppn_gl.output.renderer import Renderer
from cppn_gl.utils.checks import show
from cppn_gl.utils.worker import Message

OURS, KEPT = "ours", " kept"
ROUNDS, MOST_ROUNDS = 5, 25
ENOUGH = 0.4  # seconds of rounds, after which no more than ROUNDS are made
FIRST_PIXELS, LEAST_PIXELS = 4096, 8192  # of a first look, and of a band that is timed
FIRST_LOOK = 0.05  # seconds; a band this slow tells how slow the picture is
SCAN = 4  # a peer's scan of batch sizes costs about so many pictures
SETTLE = 0.03  # seconds; threads of one library spin on for a while, beside the next one's

Tell = Callable[..., None]
Draw = Callable[[], Any]


class Picture:
    """Our picture, drawn and read back as uint8: the whole, or a band across its middle.

    It takes the network, as a window or a sequence does: weights are not drawn for each frame.
    """

    def __init__(self, renderer: Renderer, network: Network, size: tuple[int, int]):
        self.renderer, self.network, self.size = renderer, network, size
        self.part: Any = None

    def ready(self, rows: int) -> None:
        """Draw `rows` of it from now on."""
        width, height = self.size
        whole = rows == height
        self.part = None if whole else (0, (height - rows) // 2, width, rows)

    def draw(self) -> Any:
        """Draw it."""
        return self.renderer.render(self.network, self.size, part=self.part)


class PeerPicture:
    """The same pixels by a peer."""

    def __init__(self, peer: Peer, network: Network, size: tuple[int, int]):
        self.peer, self.network, self.size = peer, network, size
        self.draw = peer.draw
        peer.load(network)

    def ready(self, rows: int) -> None:
        """Make the inputs of `rows` of it, in float32."""
        top = (self.size[1] - rows) // 2
        x, y = pixel_points(self.size, rows=slice(top, top + rows))
        inputs = features(self.network.inputs, x.ravel(), y.ravel(), Clock())
        self.peer.ready(np.ascontiguousarray(inputs, np.float32))


Subject = Picture | PeerPicture


def rows_of(pixels: int, size: tuple[int, int]) -> int:
    """The rows of a picture that hold at least so many pixels, in fours: all, if it has fewer."""
    return min(size[1], -(-pixels // (4 * size[0])) * 4)


def pace(subject: Subject) -> float:
    """Seconds per row, from a band that grows until it tells; the first draw compiles."""
    height = subject.size[1]
    rows = rows_of(FIRST_PIXELS, subject.size)
    subject.ready(rows)
    subject.draw()
    while True:
        elapsed = seconds_at_best(subject.draw)
        if elapsed > FIRST_LOOK or rows == height:
            return elapsed / rows
        rows = min(height, rows * min(16, max(2, int(1.5 * FIRST_LOOK / max(elapsed, 1e-6)))))
        subject.ready(rows)
        subject.draw()


def rounds(work: dict[str, Draw], ends: float) -> dict[str, list[float]]:
    """Seconds of each piece of work, by turns: what disturbs one round disturbs all of it.

    ROUNDS of them, more of what is short, and fewer where the clock (time.perf_counter) would
    pass `ends`.
    """
    times: dict[str, list[float]] = {name: [] for name in work}
    started = time.perf_counter()
    for done in range(1, MOST_ROUNDS + 1):
        for name, draw in work.items():
            if len(work) > 1:
                time.sleep(SETTLE)
            times[name].append(seconds_of(draw))
        spent = time.perf_counter() - started
        if done >= ROUNDS and spent > ENOUGH:
            break
        if time.perf_counter() + 1.5 * spent / done > ends:
            break
    return times


class Measurement:
    """The pictures of one network and size, by us and by peers.

    `ends` (time.perf_counter) is when whoever asked loses patience; `tell` takes what is known so
    far, and what is being prepared.
    """

    def __init__(
        self, renderer: Renderer, network: Network, size: tuple[int, int], ends: float, tell: Tell
    ):
        self.network, self.size, self.ends, self.tell = network, size, ends, tell
        self.renderer = renderer
        self.subjects: dict[str, Subject] = {OURS: Picture(renderer, network, size)}
        self.failed: dict[str, str] = {}  # why a peer is not there

    def run(self, peers: Mapping[str, Peer], seconds: float) -> Message:
        """Median ms of each, in about `seconds`; what compiles comes before."""
        height = self.size[1]
        paces = self._paces(peers)
        rows = affordable(paces, self.size, min(seconds, self.ends - time.perf_counter()))
        work: dict[str, Draw] = {}
        for name in list(self.subjects):
            work |= self._tried(name, partial(self._prepared, name, rows)) or {}
        self.tell(preparing=None)
        times = rounds(work, self.ends)
        scale = height / rows * 1e3
        ms = {name: statistics.median(values) * scale for name, values in times.items()}
        best = {name: min(values) * scale for name, values in times.items()}
        count = len(times[OURS])
        return {
            "engine": self.renderer.engine_for(self.network).engine,
            "ms": ms[OURS],
            "best_ms": best[OURS],
            "estimated": rows < height or count < ROUNDS,
            "rounds": count,
            "rows": rows,
            "peers": {name: ms[name] for name in peers if name in ms},
            "peers_best": {name: best[name] for name in peers if name in best},
            "peers_kept": {name: ms[name + KEPT] for name in peers if name + KEPT in ms},
            "batches": {name: peer.batch for name, peer in peers.items() if name in ms},
            "failed": self.failed,
        }

    def _paces(self, peers: Mapping[str, Peer]) -> dict[str, float]:
        """Seconds per row of each, from a first look."""
        height = self.size[1]
        paces = {OURS: pace(self.subjects[OURS])}
        engine = self.renderer.engine_for(self.network).engine
        self.tell(engine=engine, ms=paces[OURS] * height * 1e3, estimated=True)
        for name, peer in peers.items():
            found = self._tried(name, partial(PeerPicture, peer, self.network, self.size))
            if found is None:
                continue
            self.subjects[name] = found
            if peer.fixed:  # each look would cost seconds: as fast as its sibling, then
                paces[name] = paces.get("torch", paces[OURS])
            else:
                paces[name] = self._tried(name, partial(pace, found)) or 0.0
        return paces

    def _tried(self, name: str, work: Draw) -> Any:
        """What `work` gives; None where it is a peer's and fails, which ends that peer."""
        self.tell(preparing=name)
        try:
            return work()
        except Exception as error:
            if name == OURS:
                raise
            self.failed[name] = one_line(error)
            self.subjects.pop(name, None)
        return None

    def _prepared(self, name: str, rows: int) -> dict[str, Draw]:
        """What is timed of a subject, warm."""
        subject = self.subjects[name]
        subject.ready(rows)
        if isinstance(subject, PeerPicture):
            subject.peer.choose()
        subject.draw()
        work: dict[str, Draw] = {name: subject.draw}
        if isinstance(subject, PeerPicture) and subject.peer.keeps:
            subject.peer.draw_kept()
            work[name + KEPT] = subject.peer.draw_kept
        return work


def affordable(paces: Mapping[str, float], size: tuple[int, int], seconds: float) -> int:
    """How many rows can be drawn ROUNDS times by all, and prepared, in about so many seconds."""
    row = sum(p * (ROUNDS + (1 if name == OURS else 1 + SCAN)) for name, p in paces.items())
    pauses = SETTLE * ROUNDS * len(paces) if len(paces) > 1 else 0.0
    rows = int(max(0.0, seconds - pauses) / max(row, 1e-9))
    return size[1] if 1.5 * rows >= size[1] else max(rows_of(LEAST_PIXELS, size), rows)


def one_line(error: BaseException) -> str:
    """An error of whatever library, in one line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {show(lines[0], 200)}" if lines else type(error).__name__
