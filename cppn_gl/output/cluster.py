"""Many machines: the workers of a Dask cluster draw frames, bands and parts of pictures.

    a shot, Pieces -> Cluster.results() -> jobs.draw_all(), on workers -> bytes or pixels, in order

A worker that ends costs only the jobs it had: others do them, up to FAILURES times each. A bounded
number of jobs is under way, so that memory does not grow with their number. The same engine draws
the same bytes on every machine if it is `reproducible`, and the view does not differ.
"""

import contextlib
import threading
import time as wall
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cppn_gl._version import __version__
from cppn_gl.engines.names import ENGINES
from cppn_gl.engines.tuning import Choice
from cppn_gl.output import jobs
from cppn_gl.output.jobs import ClusterError
from cppn_gl.output.renderer import Part, RendererInfo
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.shot import Shot, usual_samples
from cppn_gl.utils import native
from cppn_gl.utils.arrays import Samples
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.quantising import sixteen_bits
from cppn_gl.views import view_of
from cppn_gl.views.base import LETTERS, lay_over

if TYPE_CHECKING:
    from distributed import Client, Future

PATIENCE = 60.0  # seconds without any worker until the job is given up
POLL = 0.2  # seconds between checks for signals
WATCH = 2.0  # seconds between checks of the workers
AHEAD = 3  # jobs under way for each thread of the workers
FAILURES = 2  # workers that may end during a job; a local cluster gives up with the next one
MOST = 16  # pieces in a job
JOB_WORK, JOB_BYTES = 1e10, 2**22  # multiplications of a job, about, and bytes of its pixels
LONG = 2**16  # characters of a shot's text that are sent once to each worker, not with each job

Result = bytes | NDArray[Any]


class Piece(NamedTuple):
    """A picture at `time` seconds, or its part (left, top, width, height); `label` for errors."""

    label: str
    time: float
    part: Part | None = None


def differs(preset: Preset, engine: str, samples: Samples, *, whole: bool = True) -> str:
    """Why a picture's bytes may differ between machines; "" if they do not.

    `whole`: its overlay is drawn on those machines too.
    """
    view = view_of(preset)
    if whole and view.lettered(preset):
        return f"the view {view.name} {LETTERS}"
    return view.differs(preset, ENGINES[engine], samples)


def check_parts(preset: Preset) -> None:
    """Raise ClusterError if a preset's view cannot be drawn in parts."""
    view = view_of(preset)
    if not view.by_part:
        problem = f"the view {view.name} cannot be drawn in parts"
        raise ClusterError(f"{problem}; workers draw sequences and videos of it")


class Cluster:
    """Workers that draw with one engine; it stands in for a Renderer (frames, posters).

    `where`: their scheduler, in words. `processes`: Dask's nannies of processes of this machine, by
    name; None if the workers may be anywhere.
    """

    def __init__(
        self, client: "Client", engine: str, where: str, processes: dict[Any, Any] | None = None
    ):
        self._client, self._engine, self._where = client, engine, where
        self.processes = processes
        self._threads: dict[str, int] = {}
        self._watched = 0.0
        self._woken = threading.Event()
        self._await_workers()

    @property
    def workers(self) -> int:
        """The number of workers, as last seen."""
        return len(self._threads)

    def seen(self) -> dict[str, int]:
        """The workers that there are now: address to number of threads. Raises ClusterError."""
        with self._telling():
            self._threads = dict(self._client.nthreads())
        return self._threads

    @property
    def info(self) -> RendererInfo:
        """What draws. Other machines' drivers have many names."""
        engine = ENGINES[self._engine]
        name = engine.renderer
        if not engine.reproducible:
            name = "workers"
            if self.processes is not None:
                name = self._client.submit(jobs.renderer_name, self._engine, pure=False).result()
        return RendererInfo(self._engine, name, None)

    def engine_for(self, what: object) -> Choice:
        """The engine, whatever is drawn."""
        return Choice(self._engine, "requested")

    def check(self, preset: Preset, size: tuple[int, int] = (1, 1), samples: Samples = 1) -> None:
        """Raise PresetError if a preset's view cannot be drawn. The workers check the rest."""
        view = view_of(preset)
        if problem := view.unfit(preset):
            raise PresetError(f"the view {view.name} {problem}", key="show.view")

    def frames(
        self, shot: Shot, frames: Iterable[tuple[int, float]], format_: str = ""
    ) -> Generator[Result, None, None]:
        """Frames of a shot, given by number and time: files of a format, or pixels without one.

        In order; a file's pixels where a worker's zlib differs from this one. Close the generator
        if it is not exhausted.
        """
        order = self._order(shot, jobs.FILE if format_ else jobs.PIXELS, format_)
        return self.results(shot, order, (Piece(f"frame {k}", time) for k, time in frames))

    def bands(
        self, shot: Shot, tops: Iterable[tuple[int, int]], format_: str
    ) -> Generator[Result, None, None]:
        """The streams of a poster's bands, given by their first row and number of rows."""
        order = self._order(shot, jobs.BAND, format_)
        width = shot.size[0]
        wanted = (Piece(f"rows {top}+", shot.time, (0, top, width, rows)) for top, rows in tops)
        return self.results(shot, order, wanted)

    def picture(
        self,
        shot: Shot,
        progress: Callable[[int, int], None] | None = None,
        *,
        dtype: str = "",
    ) -> NDArray[Any]:
        """The pixels of one picture, drawn in parts, as Renderer.render gives them.

        `dtype`: their type, if it is not the shot's. `progress(done, parts)` is called after each
        part. Raises ClusterError for a view that is not drawn in parts.
        """
        view, dtype = view_of(shot.preset), dtype or shot.dtype
        check_parts(shot.preset)
        order = self._order(shot, jobs.PIXELS) | {"overlay": False}
        # The overlay comes before the bits.
        order["dtype"] = "uint8" if dtype == "uint8" else "float32"
        boxes = view.parts(shot.preset, shot.size)
        parts = [(a, b, c - a, d - b) for a, b, c, d in boxes]
        wanted = (Piece(f"part {k}", shot.time, part) for k, part in enumerate(parts, 1))
        picture: NDArray[Any] = np.empty(0)
        with contextlib.closing(self.results(shot, order, wanted)) as found:
            for done, ((left, top, width, height), pixels) in enumerate(
                zip(parts, found, strict=True), 1
            ):
                assert not isinstance(pixels, bytes)
                if not picture.size:
                    picture = np.empty((*shot.size[::-1], pixels.shape[2]), pixels.dtype)
                picture[top : top + height, left : left + width] = pixels
                if progress:
                    progress(done, len(parts))
        picture = lay_over(picture, view.overlay(scene_of(shot.preset, shot.time), shot.size))
        return sixteen_bits(picture) if dtype == "uint16" else picture

    def results(
        self, shot: Shot, order: jobs.Order, wanted: Iterable[Piece]
    ) -> Generator[Result, None, None]:
        """What the jobs give, in their order. Raises ClusterError."""
        text: Any = shot.to_text(whole=True)
        if len(text) > LONG:
            text = self._client.submit(jobs.same, text, pure=False)
        queue: deque[tuple[list[Piece], Future[Any]]] = deque()
        left, most, begun = iter(wanted), _pieces(shot), 0
        try:
            while True:
                threads = max(1, sum(self._threads.values()))
                while len(queue) < AHEAD * threads + 2:
                    # The first jobs are small, so that few pieces are shared out, too.
                    pieces = list(islice(left, min(most, 1 + begun // threads)))
                    if not pieces:
                        break
                    queue.append((pieces, self._submit(text, order, pieces)))
                    begun += 1
                if not queue:
                    return
                found = self._result(*queue[0])
                pieces, _ = queue.popleft()
                for piece, result in zip(pieces, found, strict=True):
                    if isinstance(result, str):
                        raise ClusterError(f"{piece.label}: {result}")
                    yield result
        finally:
            for _, future in queue:
                future.release()

    def _order(self, shot: Shot, form: str, format_: str = "") -> jobs.Order:
        hosts = [address.rpartition(":")[0] for address in self._threads]
        return {
            "form": form,
            "format": format_,
            "name": shot.preset.name,
            "engine": self._engine,
            "dtype": shot.dtype,
            "overlay": True,
            "version": __version__,
            "abi": native.ABI,
            "zlib": jobs.compression(),
            "sharing": max(map(hosts.count, hosts), default=1),
        }

    def _submit(self, text: Any, order: jobs.Order, pieces: list[Piece]) -> "Future[Any]":
        what = [(piece.time, piece.part) for piece in pieces]
        future = self._client.submit(jobs.draw_all, text, order, what, pure=False)
        future.add_done_callback(lambda _: self._woken.set())
        return future

    def _result(self, pieces: list[Piece], future: "Future[Any]") -> Any:
        """What a job has given. Raises ClusterError."""
        while True:
            self._await(pieces, future)
            with self._telling(), contextlib.suppress(TimeoutError):  # its worker has ended
                return future.result(PATIENCE)

    def _await(self, pieces: list[Piece], future: "Future[Any]") -> None:
        """Wait until a job is done. Raises ClusterError if it cannot be."""
        while future.status in ("pending", "lost"):  # lost with its worker, and done again
            self._woken.wait(POLL)
            self._woken.clear()
            if wall.monotonic() - self._watched > WATCH:
                self._await_workers()
        if future.status == "error":
            labels = dict.fromkeys((pieces[0].label, pieces[-1].label))
            raise ClusterError(f"{' to '.join(labels)}: {_words(future.exception())}")
        if future.status != "finished":
            raise self._lost()

    def _await_workers(self) -> None:
        """See which workers there are; wait for some. Raises ClusterError after PATIENCE."""
        ends = wall.monotonic() + PATIENCE
        while True:
            self._watched = wall.monotonic()
            if self.seen():
                return
            if self._watched > ends:
                problem = f"{self._where} has had no worker for {PATIENCE:.0f} s"
                raise ClusterError(problem if self.processes else f"{problem}; start some")
            wall.sleep(POLL)

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """Raise ClusterError if the scheduler is lost."""
        from concurrent.futures import CancelledError

        try:
            yield
        except (OSError, TimeoutError, CancelledError):
            raise self._lost() from None
        except Exception as error:
            if type(error).__module__.startswith("distributed"):
                raise self._lost() from None
            raise

    def _lost(self) -> ClusterError:
        return ClusterError(f"{self._where} was lost; run the same command again to continue")


def _pieces(shot: Shot) -> int:
    """The number of pieces of a shot that a job may have: a job costs some milliseconds itself."""
    pixels = shot.size[0] * shot.size[1]
    scene = scene_of(shot.preset, shot.time)
    work = view_of(shot.preset).work(scene) * pixels * usual_samples(shot.samples)
    return max(1, min(MOST, int(JOB_WORK // work), JOB_BYTES // (4 * pixels)))


def _words(error: BaseException | None) -> str:
    """What went wrong with a job, in one line."""
    from distributed.scheduler import KilledWorker

    if isinstance(error, KilledWorker):
        count = error.allowed_failures + 1
        return f"{count} workers ended while they drew it; is their memory too small?"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ModuleNotFoundError):
            return f"scheduler and workers need the client's environment: {cause}"
        cause = cause.__cause__
    return f"unexpected {type(error).__name__}: {' '.join(str(error).split())}"
