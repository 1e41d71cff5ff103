"""How fast, against what: the benchmark's plan, its budget of seconds, and its report.

    Plan -> Bench.run: requests to a process of its own (worker.py), the most useful first
         -> the report, which is the JSON document -> table.py

Every errand gets its share of the time that is left, and is ended where it takes much more: what
it leaves becomes the others'. So a run ends in time, whatever a driver does. A row that could not
be measured says why.
"""

import os
import platform
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from cppn_gl._version import __version__
from cppn_gl.cli.bench.rows import MEASURED, Pair, Plan, Row, flop_per_pixel, name_of
from cppn_gl.engines.gl.context import ContextError
from cppn_gl.utils.worker import DiedError, LateError, Message, Worker

FORMAT = 1
UNIT = 0.8  # seconds; the least that a measurement of ours is given, and each peer's beside it
PATIENCE = 15.0  # seconds for an errand that compiles, where the budget allows it
COMPILER = 40.0  # seconds more where a peer has a compiler, which takes its time
TUNING, STARTING = 3.0, 2.0  # seconds they may take, before one has been seen
PEAK = 0.6  # seconds
# Whatever a driver calls its cache of compiled shaders: Mesa, older Mesa, NVIDIA.
NO_CACHES = {
    "MESA_SHADER_CACHE_DISABLE": "true",
    "MESA_GLSL_CACHE_DISABLE": "true",
    "__GL_SHADER_DISK_CACHE": "0",
}

BUSY = 0.3  # of its cores, by what others ran in the minute before


def start_worker(environment: Mapping[str, str] | None = None) -> Worker:
    """The process that measures."""
    return Worker("cppn_gl.cli.bench.worker", environment)


class Bench:
    """One run. `start` makes a measuring process, given its environment; `clock` is in seconds."""

    def __init__(
        self,
        plan: Plan,
        *,
        start: Callable[[dict[str, str]], Any] = start_worker,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.plan, self._start, self._clock = plan, start, clock
        self._began = clock()
        self.load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None  # not on Windows
        self._worker: Any = None
        self._share, self._tight = plan.budget, False
        self.rows = {(n, s): Row(n, s) for n in plan.networks for s in plan.sizes}
        self.machine: Message = {"renderer": None, "gl": None, "software": None}
        self.peers: dict[str, str] = {}  # name to what it is
        self._beside: list[str] = []  # those of them that are still measured
        self.peak: tuple[float | None, str | None] = (None, None)  # GFLOP/s, how
        self.notes: list[str] = []
        self._failed: dict[Pair, str] = {}
        self._tuning: float | None = None if plan.engine != "auto" else TUNING
        self._starting = STARTING

    @property
    def left(self) -> float:
        """Seconds left of the budget."""
        return self.plan.budget - (self._clock() - self._began)

    @property
    def count(self) -> int:
        """How many errands there are, for the progress."""
        return len(self._errands())

    def run(self, progress: Callable[[int, int], None] | None = None) -> dict[str, Any]:
        """Measure, and return the report. Raises ContextError where the engine cannot be had."""
        try:
            self._open()
            errands = self._errands()
            for done, (units, errand) in enumerate(errands):
                waiting = sum(other for other, _ in errands[done:])
                self._tight = self.left < UNIT * waiting  # not all of it can be measured
                self._share = units * max(UNIT, self.left / waiting)
                errand()
                if progress:
                    progress(done + 1, len(errands))
            self._peak()
        finally:
            self._close()
        return self._report()

    def _errands(self) -> list[tuple[int, Callable[[], None]]]:
        """All that is worth doing, the most useful first: every network at the smallest size.

        Each with its weight: its share of the time is so many units.
        """
        networks = sorted(self.plan.networks, key=flop_per_pixel)
        first, *others = sorted(self.plan.sizes, key=lambda size: size[0] * size[1])
        weight = 1 + len(self._beside)
        errands: list[tuple[int, Callable[[], None]]] = []
        for network in networks:
            if self.plan.engine == "auto":
                errands.append((2, partial(self._tune, network)))
            errands.append((weight, partial(self._measure, network, first)))
        errands.append((1, self._peak))  # again: the best of a few is the machine's
        errands += [(2, partial(self._cold, network)) for network in networks]
        for size in others:
            errands += [(weight, partial(self._measure, network, size)) for network in networks]
        return errands

    # Errands

    def _open(self) -> None:
        """What draws, the peers, and the peak."""
        try:
            answer = self._ask({"do": "hello", "engine": self.plan.engine}, self.left)
        except (LateError, DiedError) as problem:
            self._note(f"starting to draw: {problem}")
            return
        if "error" in answer:
            raise ContextError(*answer.get("context", (answer["error"], "")))
        self.machine = {key: answer[key] for key in self.machine}
        if answer["fallback"]:
            self._note(f"no OpenGL, drawing with NumPy: {answer['fallback']}")
        if self.plan.against:
            self._import_peers()
        self._peak()

    def _import_peers(self) -> None:
        names = list(self.plan.against)
        try:
            answer = self._ask({"do": "open", "names": names}, self.left / 2)
        except (LateError, DiedError) as problem:
            self._note(f"importing {', '.join(names)}: {problem}; measured without")
            return
        if "error" in answer:
            self._note(f"{', '.join(names)} cannot be used: {answer['error']}; measured without")
        self.peers = answer.get("peers", {})
        self._beside = list(self.peers)

    def _peak(self) -> None:
        if self.left < UNIT or self.machine["software"] is None:
            return
        gpu = not self.machine["software"]
        seconds = min(PEAK, self.left / 10)
        request = {"do": "peak", "gpu": gpu, "seconds": seconds}
        try:
            answer = self._ask(request, min(self.left, max(10 * seconds, 5.0)))
        except (LateError, DiedError) as problem:
            self._note(f"the peak: {problem}")
            return
        if "error" in answer:
            self._note(f"the peak: {answer['error']}")
            return
        if answer["gflops"] > (self.peak[0] or 0.0):
            self.peak = answer["gflops"], answer["how"]

    def _tune(self, network: Pair) -> None:
        """Have the renderer find its best engine, where that can be afforded."""
        if self._tuning is None or self.left < UNIT:
            return
        if self._tight or self._tuning > 2 * self._share:
            self._note(f"{name_of(network)} and larger: no time to try all engines")
            self._tuning = None
            return
        began = self._clock()
        request = {"do": "tune", "engine": self.plan.engine, "network": network}
        try:
            answer = self._ask(request, self._patience())
        except (LateError, DiedError) as problem:
            answer = {"error": str(problem)}
        self._tuning = self._clock() - began
        if "error" in answer:
            self._note(f"{name_of(network)}: trying all engines: {answer['error']}")

    def _measure(self, network: Pair, size: Pair) -> None:
        """Fill a row."""
        row = self.rows[network, size]
        if network in self._failed:
            row.reason = self._failed[network]
            return
        for _ in range(1 + len(self._beside)):  # again where a peer stopped it
            if self.left < self._share / 2:
                row.reason = row.reason or self._no_time()
                return
            try:
                answer = self._ask(self._request(network, size), self._patience(peers=True))
            except LateError as late:
                if self._blame(row, late):
                    continue
                return
            except DiedError as problem:
                row.reason = self._failed[network] = str(problem)
                return
            self._fill(row, answer)
            return

    def _request(self, network: Pair, size: Pair) -> Message:
        return {
            "do": "measure",
            "engine": self.plan.engine,
            "network": network,
            "size": size,
            "peers": self._beside,
            "seconds": self._share,
            "limit": self._patience(peers=True),
        }

    def _fill(self, row: Row, answer: Message) -> None:
        if "error" in answer:
            row.reason = answer["error"]
            return
        row.reason = None
        for name in MEASURED:
            setattr(row, name, answer[name])
        for name, problem in answer["failed"].items():
            self._note(f"{name_of(row.network)}, {name}: {problem}")

    def _blame(self, row: Row, late: LateError) -> bool:
        """Keep what a measurement that was ended has told; whether it was a peer's doing."""
        for name in ("engine", "ms", "estimated"):
            setattr(row, name, late.partial.get(name, getattr(row, name)))
        culprit = late.partial.get("preparing")
        if self.left < UNIT:
            row.reason = self._no_time() + (" for more than a first look" if row.ms else "")
        elif culprit in self._beside:
            self._note(f"{name_of(row.network)}: preparing {culprit} {late}; left out from here on")
            row.reason = f"a first look only: preparing {culprit} {late}"
            self._beside.remove(culprit)
            return True
        elif row.ms is None:
            row.reason = self._failed[row.network] = f"compiling and a first look {late}"
        else:
            row.reason = f"a first look only: drawing {late}"
        return False

    def _cold(self, network: Pair) -> None:
        """Time a process from its start to the first picture, with caches off."""
        row = min(
            (r for (n, _), r in self.rows.items() if n == network),
            key=lambda r: r.size[0] * r.size[1],
        )
        if row.ms is None or self.left < UNIT:
            return
        scale = 640 * 360 / (row.size[0] * row.size[1])
        seconds = self._starting + 1.5 * row.ms * scale / 1e3
        if seconds > 2 * self._share:
            self._note(f"{name_of(network)}: no time for a cold start of about {seconds:.0f} s")
            return
        began = self._clock()
        answer = self._cold_answer(network)
        self._starting = max(STARTING / 2, self._clock() - began - row.ms * scale / 1e3)
        for (other, _), one in self.rows.items():
            if other == network:
                one.first_picture_s = answer.get("first_picture_s")
                one.compile_s = answer.get("compile_s")

    def _cold_answer(self, network: Pair) -> Message:
        request = {"do": "cold", "engine": self.plan.engine, "network": network}
        worker = self._start(NO_CACHES)
        try:
            answer: Message = worker.ask(request | {"began": time.time()}, self._patience())
        except (LateError, DiedError) as problem:
            answer = {"error": str(problem)}
        finally:
            worker.close()
        if "error" in answer:
            self._note(f"{name_of(network)}: a cold start: {answer['error']}")
        return answer

    # Time

    def _patience(self, *, peers: bool = False) -> float:
        """Seconds until an errand is ended: a few shares, or what a slow compiler may need."""
        most = PATIENCE + (COMPILER if peers and "torch-compiled" in self._beside else 0.0)
        return max(0.0, min(self.left, max(4 * self._share, min(self.left / 2, most))))

    def _no_time(self) -> str:
        return f"no time left of {self.plan.budget:g} s"

    def _ask(self, request: Message, seconds: float) -> Message:
        """Ask the measuring process, a new one where the last was ended."""
        if self._worker is None:
            self._worker = self._start({})
        try:
            answer: Message = self._worker.ask(request, seconds)
        except (LateError, DiedError):
            self._close()
            raise
        return answer

    def _close(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    # The report

    def _report(self) -> dict[str, Any]:
        if self.load and self.load > BUSY * (os.cpu_count() or 1):
            busy = f"the machine was busy before (load {self.load:.1f} on {os.cpu_count()} cores)"
            self._note(f"{busy}: measure again when it is quiet, peers above all")
        peak, how = self.peak
        for row in self.rows.values():
            if row.ms is None and row.reason is None:
                row.reason = self._no_time()
        return {
            "format": FORMAT,
            "version": __version__,
            **self.machine,
            "engine": self.plan.engine,
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "load": self.load,
            "system": platform.platform(),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "peak_gflops": peak,
            "peak_how": how,
            "flop": "2 x the multiply-adds of all layers, per pixel",
            "peers": self.peers,
            "budget_s": self.plan.budget,
            "elapsed_s": self._clock() - self._began,
            "notes": self.notes,
            "rows": [row.to_json(peak) for row in self.rows.values()],
        }
