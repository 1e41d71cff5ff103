"""Runs the benchmark within a time budget, and makes its report.

    Plan -> Bench.run: requests to a worker process (worker.py), the most useful first
         -> measure: one for each number of threads -> the report, a JSON document -> table.py

Every step gets a fraction of the time left, and is stopped if it takes much longer; what it does
not use is left for the others. So a run ends in time, whatever a driver does. A row that could not
be measured has a reason.
"""

import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from cppn_gl._version import __version__
from cppn_gl.cli.bench.growth import growth_of
from cppn_gl.cli.bench.rows import MEASURED, Pair, Plan, Row, Sizes, flop_per_pixel, name_of
from cppn_gl.engines.gl.context import ContextError
from cppn_gl.utils.worker import DiedError, LateError, Message, Worker

FORMAT = 2
MERGED = ("peaks", "growth", "rows", "notes")  # of the reports of several numbers of threads
UNIT = 0.8  # seconds: the minimum time for our measurement, and for each peer's
PATIENCE = 15.0  # seconds for a step that compiles, if the budget allows it
COMPILER = 40.0  # additional seconds for a peer that compiles
TUNING, STARTING = 3.0, 2.0  # seconds that they are assumed to take before the first one
PEAK = 0.6  # seconds
# Disables the caches of compiled shaders of Mesa, older versions of Mesa, and NVIDIA.
NO_CACHES = {
    "MESA_SHADER_CACHE_DISABLE": "true",
    "MESA_GLSL_CACHE_DISABLE": "true",
    "__GL_SHADER_DISK_CACHE": "0",
}

# Limit the threads of our engines, PyTorch, three BLAS libraries, JAX and Mesa's llvmpipe.
THREADS = (
    *("CPPN_GL_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("VECLIB_MAXIMUM_THREADS", "NPROC", "LP_NUM_THREADS"),
)
BUSY = 0.3  # load average per core before the run, above which the report warns


def start_worker(environment: Mapping[str, str] | None = None) -> Worker:
    """Start the process that measures."""
    return Worker("cppn_gl.cli.bench.worker", environment)


Start = Callable[[dict[str, str]], Any]
Clock = Callable[[], float]
Progress = Callable[[int, int], None]


class Bench:
    """One run with `threads` threads, or as many as there are cores.

    `start` starts a measuring process with additional environment variables.
    """

    def __init__(
        self,
        plan: Plan,
        threads: int | None = None,
        *,
        start: Start = start_worker,
        clock: Clock = time.monotonic,
    ):
        self.plan, self._start, self._clock = plan, start, clock
        self._began = clock()
        self.load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None  # not on Windows
        self._worker: Any = None
        self._slice, self._tight = plan.budget, False
        self._threads = threads
        self._environment = dict.fromkeys(THREADS, str(threads)) if threads else {}
        self.rows = {(n, s): Row(n, s, threads) for n, s in plan.cells}
        self.machine: Message = {"renderer": None, "gl": None, "software": None}
        self.peers: dict[str, str] = {}  # name to description
        self._active_peers: list[str] = []  # those that are still measured
        self.peak: tuple[float | None, str | None] = (None, None)  # GFLOP/s, how it was measured
        self.notes: list[str] = []
        self._failed: dict[Sizes, str] = {}
        self._tuning: float | None = None if plan.engine != "auto" else TUNING
        self._starting = STARTING

    @property
    def left(self) -> float:
        """Seconds left of the budget."""
        return self.plan.budget - (self._clock() - self._began)

    @property
    def count(self) -> int:
        """The number of steps, for the progress."""
        return len(self._steps())

    def run(self, progress: Progress | None = None) -> dict[str, Any]:
        """Measure, and return the report. Raises ContextError if the engine is not available."""
        try:
            self._open()
            steps = self._steps()
            for done, (units, step) in enumerate(steps):
                waiting = sum(other for other, _ in steps[done:])
                self._tight = self.left < UNIT * waiting  # too little time for everything
                self._slice = units * max(UNIT, self.left / waiting)
                step()
                if progress:
                    progress(done + 1, len(steps))
            self._peak()
        finally:
            self._close()
        return self._report()

    def _steps(self) -> list[tuple[int, Callable[[], None]]]:
        """All steps with their weights, the most useful first: all networks at the smallest size.

        The time left is divided among the steps in proportion to their weights.
        """
        networks = sorted(dict.fromkeys(n for n, _ in self.plan.cells), key=flop_per_pixel)
        smallest = {network: self._smallest(network).size for network in networks}
        others = [cell for cell in self.plan.cells if cell[1] != smallest[cell[0]]]
        weight = 1 + len(self._active_peers)
        steps: list[tuple[int, Callable[[], None]]] = []
        for network in networks:
            if self.plan.engine == "auto":
                steps.append((2, partial(self._tune, network)))
            steps.append((weight, partial(self._measure, network, smallest[network])))
        steps.append((1, self._peak))  # repeated: the best of several counts
        if not self.plan.growth:
            steps += [(2, partial(self._cold, network)) for network in networks]
        for network, size in sorted(others, key=lambda c: (pixels_of(c[1]), flop_per_pixel(c[0]))):
            steps.append((weight, partial(self._measure, network, size)))
        return steps

    def _smallest(self, network: Sizes) -> Row:
        """The row of a network at its smallest size."""
        rows = (row for row in self.rows.values() if row.network == network)
        return min(rows, key=lambda row: pixels_of(row.size))

    # Errands

    def _open(self) -> None:
        """Open the renderer and the peers, and measure the peak."""
        try:
            answer = self._ask({"do": "hello", "engine": self.plan.engine}, self.left)
        except (LateError, DiedError) as problem:
            self._note(f"opening the renderer: {problem}")
            return
        if "error" in answer:
            raise ContextError(*answer.get("context", (answer["error"], "")))
        self.machine = {key: answer[key] for key in self.machine}
        self._threads = answer["threads"]
        for row in self.rows.values():
            row.threads = self._threads
        if answer["fallback"]:
            self._note(f"no OpenGL, drawing with {answer['renderer']}: {answer['fallback']}")
        if self.plan.against:
            self._import_peers()
        self._peak()

    def _import_peers(self) -> None:
        names = list(self.plan.against)
        try:
            answer = self._ask({"do": "open", "names": names}, self.left / 2)
        except (LateError, DiedError) as problem:
            self._note(f"importing {', '.join(names)}: {problem}; not compared")
            return
        if "error" in answer:
            self._note(f"{', '.join(names)} cannot be used: {answer['error']}; not compared")
        self.peers = answer.get("peers", {})
        self._active_peers = list(self.peers)

    def _peak(self) -> None:
        if self.left < UNIT or self.machine["software"] is None:
            return
        gpu = not self.machine["software"]
        seconds = min(PEAK, self.left / 10)
        request = {"do": "peak", "gpu": gpu, "seconds": seconds}
        try:
            answer = self._ask(request, min(self.left, max(10 * seconds, 5.0)))
        except (LateError, DiedError) as problem:
            self._note(f"measuring the peak: {problem}")
            return
        if "error" in answer:
            self._note(f"measuring the peak: {answer['error']}")
            return
        if answer["gflops"] > (self.peak[0] or 0.0):
            self.peak = answer["gflops"], answer["how"]

    def _tune(self, network: Sizes) -> None:
        """Let the renderer find its fastest engine, if there is enough time."""
        if self._tuning is None or self.left < UNIT:
            return
        if self._tight or self._tuning > 2 * self._slice:
            self._note(f"{name_of(network)} and larger: no time to compare all engines")
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
            self._note(f"{name_of(network)}: comparing all engines: {answer['error']}")

    def _measure(self, network: Sizes, size: Pair) -> None:
        row = self.rows[network, size]
        if network in self._failed:
            row.reason = self._failed[network]
            return
        for _ in range(1 + len(self._active_peers)):  # again without each peer that takes too long
            if self.left < self._slice / 2:
                row.reason = row.reason or self._no_time()
                return
            try:
                answer = self._ask(self._request(network, size), self._patience(peers=True))
            except LateError as late:
                if self._handle_late(row, late):
                    continue
                return
            except DiedError as problem:
                row.reason = self._failed[network] = str(problem)
                return
            self._fill(row, answer)
            return

    def _request(self, network: Sizes, size: Pair) -> Message:
        return {
            "do": "measure",
            "engine": self.plan.engine,
            "network": network,
            "size": size,
            "peers": self._active_peers,
            "seconds": self._slice,
            "rounds": self.plan.rounds,
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

    def _handle_late(self, row: Row, late: LateError) -> bool:
        """Use a stopped measurement's results; return whether a peer was the cause."""
        for name in ("engine", "ms", "estimated"):
            setattr(row, name, late.partial.get(name, getattr(row, name)))
        culprit = late.partial.get("preparing")
        if self.left < UNIT:
            row.reason = self._no_time() + (" for more than a rough estimate" if row.ms else "")
        elif culprit in self._active_peers:
            self._note(f"{name_of(row.network)}: preparing {culprit} {late}; left out from here on")
            row.reason = f"rough estimate only: preparing {culprit} {late}"
            self._active_peers.remove(culprit)
            return True
        elif row.ms is None:
            row.reason = self._failed[row.network] = f"compiling and a rough estimate {late}"
        else:
            row.reason = f"rough estimate only: drawing {late}"
        return False

    def _cold(self, network: Sizes) -> None:
        """Time a process from its start to the first picture, with shader caches disabled."""
        row = self._smallest(network)
        if row.ms is None or self.left < UNIT:
            return
        scale = 640 * 360 / pixels_of(row.size)
        seconds = self._starting + 1.5 * row.ms * scale / 1e3
        if seconds > 2 * self._slice:
            self._note(f"{name_of(network)}: no time for a cold start of about {seconds:.0f} s")
            return
        began = self._clock()
        answer = self._cold_answer(network)
        self._starting = max(STARTING / 2, self._clock() - began - row.ms * scale / 1e3)
        for row in self.rows.values():
            if row.network == network:
                row.first_picture_s = answer.get("first_picture_s")
                row.compile_s = answer.get("compile_s")

    def _cold_answer(self, network: Sizes) -> Message:
        request = {"do": "cold", "engine": self.plan.engine, "network": network}
        worker = self._start(self._environment | NO_CACHES)
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
        """Seconds until a step is stopped: a few times its time, or enough for a slow compiler."""
        most = PATIENCE + (COMPILER if peers and "torch-compiled" in self._active_peers else 0.0)
        return max(0.0, min(self.left, max(4 * self._slice, min(self.left / 2, most))))

    def _no_time(self) -> str:
        return f"no time left of {self.plan.budget:g} s"

    def _ask(self, request: Message, seconds: float) -> Message:
        """Send a request to the measuring process; starts a new one if the last was stopped."""
        if self._worker is None:
            self._worker = self._start(self._environment)
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
            self._note(f"{busy}: results are unreliable, the peers' most of all; repeat when idle")
        peak, how = self.peak
        threads = self._threads if self.machine["software"] else None
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
            "peaks": [{"gflops": peak, "how": how, "threads": threads}] if peak else [],
            "flop": "2 x the multiply-adds of all layers, per pixel",
            "peers": self.peers,
            "budget_s": self.plan.budget,
            "elapsed_s": self._clock() - self._began,
            "notes": self.notes,
            "growth": growth_of([*self.rows.values()], [*self.peers]) if self.plan.growth else [],
            "rows": [row.to_json(peak) for row in self.rows.values()],
        }


def steps_of(plan: Plan) -> int:
    """The number of steps of `measure`, for the progress."""
    return Bench(plan).count * max(1, len(plan.threads))


def measure(
    plan: Plan,
    progress: Progress | None = None,
    *,
    start: Start = start_worker,
    clock: Clock = time.monotonic,
) -> dict[str, Any]:
    """Measure with each number of threads in turn; the report of all, with the rows one by one.

    Raises ContextError if the engine is not available.
    """
    counts = plan.threads or (None,)
    began, total, before = clock(), steps_of(plan), 0
    reports: list[dict[str, Any]] = []
    for number, threads in enumerate(counts):
        left = max(0.0, plan.budget - (clock() - began))
        part = replace(plan, budget=left / (len(counts) - number))
        bench = Bench(part, threads, start=start, clock=clock)
        reports.append(bench.run(progress and partial(_forward, progress, before, total)))
        before += bench.count
    merged = {key: [e for report in reports for e in report[key]] for key in MERGED}
    merged["notes"] = list(dict.fromkeys(merged["notes"]))
    return reports[0] | merged | {"budget_s": plan.budget, "elapsed_s": clock() - began}


def _forward(progress: Progress, before: int, total: int, done: int, _: int) -> None:
    progress(before + done, total)


def pixels_of(size: Pair) -> int:
    """Width × height."""
    return size[0] * size[1]
