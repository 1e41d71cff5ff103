"""Small pictures of presets, drawn in slices by the window's engines and kept on disk.

Subject (preset, time) -> memory, else a file in the user's cache folder -> pixels
                       -> else drawn FINE times as large, words included -> reduced -> both

The files can be deleted at any time. One that cannot be read is drawn again.
"""

import contextlib
import hashlib
import io
import json
import os
import stat
import threading
import time as wall
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import moderngl
import numpy as np
from numpy.typing import NDArray

from cppn_gl._version import __version__
from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.gl.shader import ShaderError
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.names import without_opengl
from cppn_gl.nn.network import Network
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.network_file import named
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of, work_per_pixel
from cppn_gl.utils.alpha import on_checks
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import CaptureError, make_folder, open_plain, remove_parts, write_atomic
from cppn_gl.utils.resources import user_folder
from cppn_gl.utils.tasks import Stepping, Steps, during, within
from cppn_gl.viewer.engine_selector import EngineSelector
from cppn_gl.views import plain_view, sampling, view_of
from cppn_gl.views.base import Stage, View, lay_over

SIZE = (480, 300)  # pixels of a thumbnail
FINE = 2  # drawn this many times as large, for smooth edges and legible proportions of words
HEAVIEST = 3e10  # multiplications of a thumbnail on a grid: a second or so
LENGTHY = 5e11  # of one of an image network, such as a large sheet that grows: half a minute
HEAVY = 5e5  # multiplications per pixel from which it is drawn at its own size
FORMAT = 1  # of the files
QUALITY = 92  # of their JPEG
MAX_FILE = MB  # a larger file is not one of ours
MAX_FILES, MAX_BYTES = 600, 64 * MB  # of the folder: the oldest are removed
MOST = 120  # thumbnails wanted at once
MEMORY = 1.5 * MOST * 3 * SIZE[0] * SIZE[1]  # bytes
READING = 0.001  # seconds between two looks at a thread that reads
STEPS = 4  # in a time slice: see viewer/canvas.py

Pixels = NDArray[np.uint8]  # (height, width, 3), row 0 on top


@dataclass(frozen=True)
class Subject:
    """What a thumbnail shows: a preset at a time in seconds."""

    preset: Preset = field(repr=False)
    time: float

    @cached_property
    def digest(self) -> str:
        """What its file is named after: all that its pixels depend on."""
        parts = [FORMAT, __version__, SIZE, self.time, named(self.preset)]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]


def default_folder() -> Path | None:
    """The folder in the user's cache folder; None for a user without a home directory."""
    folder = user_folder("cache")
    return folder and folder / "thumbnails"


class Thumbnails:
    """The thumbnails that are wanted: `want` them, `advance` to make them, `find` them.

    version: increases when one more can be found.
    """

    def __init__(
        self,
        ctx: moderngl.Context,
        renderer: Renderer,
        engines: EngineSelector,
        folder: Path | None,
    ):
        self._ctx, self._renderer, self._engines = ctx, renderer, engines
        self._files = Files(folder)
        self._made: LRUCache[str, Pixels] = LRUCache(MEMORY, lambda key, pixels: pixels.nbytes)
        self._wanted: list[Subject] = []
        self._sought: set[str] = set()  # digests of those that are not on disk
        self._job: tuple[Subject, Stepping[Pixels], ExitStack] | None = None
        self.problems: dict[str, str] = {}  # digest -> why it cannot be drawn
        self.version = 0

    def find(self, subject: Subject) -> Pixels | None:
        """A thumbnail; None while there is none."""
        return self._made.find(subject.digest)

    def want(self, subjects: Sequence[Subject]) -> None:
        """Ask for thumbnails, the most important first, instead of those asked for before."""
        self._wanted = list(subjects[:MOST])

    @property
    def busy(self) -> bool:
        """Whether thumbnails that are wanted are still to be made."""
        return any(self._missing(subject) for subject in self._wanted)

    def _missing(self, subject: Subject) -> bool:
        digest = subject.digest
        return self._made.find(digest) is None and digest not in self.problems

    def advance(self, budget: float, *, draws: bool = True) -> bool:
        """Read and, if `draws`, draw for about `budget` seconds; whether there are more now."""
        before, deadline = self.version, within(budget)
        missing = [subject for subject in self._wanted if self._missing(subject)]
        while missing and wall.perf_counter() < deadline:
            unread = next((one for one in missing if one.digest not in self._sought), None)
            if unread is not None:
                self._sought.add(unread.digest)
                pixels = self._files.read(unread.digest)
                if pixels is not None:
                    self._keep(unread, pixels)
                    missing.remove(unread)
                continue
            if not draws:
                break
            if self._job is None:
                owned = ExitStack()
                self._job = missing[0], Stepping(self._drawn(missing[0], owned), owned), owned
            if wall.perf_counter() > deadline - budget / STEPS / 2:
                break
            drawn = self._job[0]
            if self._step(within(budget / STEPS)):
                missing = [subject for subject in missing if subject != drawn]
        return self.version > before

    def _step(self, deadline: float) -> bool:
        """Draw the current one until `deadline`; True when it is finished, or cannot be drawn."""
        assert self._job is not None
        subject, task, _ = self._job
        try:
            if not task.step(deadline):
                return False
            assert task.result is not None
            self._keep(subject, task.result)
            self._files.write(subject.digest, task.result)
        except (PresetError, ShaderError) as error:
            self.problems[subject.digest] = str(error)
            self.version += 1
        self._drop()
        return True

    def _keep(self, subject: Subject, pixels: Pixels) -> None:
        self._made.put(subject.digest, pixels)
        self._sought.discard(subject.digest)  # if it is evicted from memory, it is on disk
        self.version += 1

    def _drawn(self, subject: Subject, owned: ExitStack) -> Steps[Pixels]:
        """Draw a thumbnail, in steps; `owned` holds its planes and tasks."""
        preset = subject.preset.at(subject.time)
        view = view_of(preset)
        if view.unfit(preset):
            view = plain_view(preset)
            preset = preset.replace(**{"show.view": view.name})
        if preset.reads_much:
            reading = beside(lambda: preset.run)
            while not reading.done():
                wall.sleep(READING)
                yield
            reading.result()
        layers = []  # held, or large ones would be drawn twice
        for layer in preset.prepare():
            layers.append(layer)
            yield
        scene = scene_of(preset, subject.time)
        yield
        fine = self._fine(view, scene)
        region = Region.of((round(SIZE[0] * fine), round(SIZE[1] * fine)))
        if preset.classifies and view.effort(scene, region) > LENGTHY:
            view = plain_view(preset)
            scene = scene_of(preset.replace(**{"show.view": view.name}), subject.time)
        planes = Planes(self._ctx, region.part, scene.network.channels)
        owned.callback(planes.release)
        stage = Stage(self._engines.painter, self._engine)
        task = sampling.begin(view, stage, planes, scene, region)
        yield from during(task, owned)
        boxes = view.dithered(preset, region.size)
        pixels = on_checks(self._renderer.presenter.read(planes, boxes))
        yield
        return resized(lay_over(pixels, view.overlay(scene, region.size)), fine)

    def _fine(self, view: View, scene: Scene) -> float:
        """How many times as large a thumbnail is drawn; of slow networks on grids, smaller."""
        if scene.preset.classifies:
            return FINE
        if not view.on_lattice(scene):
            return 1 if work_per_pixel(scene.network) > HEAVY else FINE

        def work(fine: float) -> float:
            return view.effort(scene, Region.of((round(SIZE[0] * fine), round(SIZE[1] * fine))))

        fits = (fine for fine in (FINE, 1, 0.5, 0.25) if work(fine) <= HEAVIEST)
        return next(fits, 0.25)

    def _engine(self, network: Network) -> Engine:
        """An engine that draws a network without compiling first."""
        pick = self._engines.pick_for(network)
        return without_opengl(network) if pick.compiles else pick.engine

    def _drop(self) -> None:
        if self._job is not None:
            self._job[1].release()
            self._job = None

    def release(self) -> None:
        """Free everything, after the files are written."""
        self._drop()
        self._wanted = []
        self._files.close()


def beside(work: Callable[[], object]) -> Future[object]:
    """Work in a thread of its own, for whose end the program does not wait."""
    future: Future[object] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # raised again where the result is asked for
            future.set_exception(error)

    threading.Thread(target=run, name="cppn_gl-reading", daemon=True).start()
    return future


def resized(pixels: Pixels, factor: float) -> Pixels:
    """A picture that was drawn `factor` times as large as a thumbnail, in its size."""
    if factor >= 1:
        return reduced(pixels, round(factor))
    from PIL import Image

    return np.asarray(Image.fromarray(pixels).resize(SIZE, Image.Resampling.BICUBIC))


def reduced(pixels: Pixels, factor: int) -> Pixels:
    """A picture whose sides are divided by `factor`, each pixel the mean of a square."""
    if factor == 1:
        return pixels
    height, width = pixels.shape[0] // factor, pixels.shape[1] // factor
    boxes = pixels.reshape(height, factor, width, factor, 3)
    sums = boxes.sum(axis=(1, 3), dtype=np.uint16)
    return np.asarray((sums + factor**2 // 2) // factor**2, np.uint8)


class Files:
    """Thumbnails on disk, as JPEG files of bounded number and total size; none without a folder.

    They are written by a thread of its own. A file that cannot be written is not kept.
    """

    def __init__(self, folder: Path | None):
        self._folder = folder
        self._writer: ThreadPoolExecutor | None = None

    def _path(self, digest: str) -> Path | None:
        return self._folder and self._folder / f"{digest}.jpg"

    def read(self, digest: str) -> Pixels | None:
        """A thumbnail; None if there is no such file, or a damaged one."""
        path = self._path(digest)
        if path is None:
            return None
        from PIL import Image

        with contextlib.suppress(OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            with open_plain(path) as file:
                content = file.read(MAX_FILE)
            with Image.open(io.BytesIO(content), formats=["JPEG"]) as image:
                if image.size == SIZE and image.mode == "RGB":
                    pixels = np.array(image)
                    with contextlib.suppress(OSError):
                        os.utime(path)  # it was used: others are older
                    return pixels
        return None

    def write(self, digest: str, pixels: Pixels) -> None:
        """Write a thumbnail, soon."""
        path = self._path(digest)
        if path is None:
            return
        if self._writer is None:
            self._writer = ThreadPoolExecutor(1, "cppn_gl-thumbnails")
            self._writer.submit(self._prune)
        self._writer.submit(_write, path, pixels)

    def _prune(self) -> None:
        """Remove the oldest files beyond the limits, and what a killed process has left."""
        assert self._folder is not None
        remove_parts(self._folder, "*.jpg")
        with contextlib.suppress(OSError):
            found = []
            for path in self._folder.glob("*.jpg"):
                with contextlib.suppress(OSError):
                    status = path.lstat()
                    if stat.S_ISREG(status.st_mode):
                        found.append((status.st_mtime, status.st_size, path))
            total = 0
            for number, (_, size, path) in enumerate(sorted(found, reverse=True), 1):
                total += size
                if number > MAX_FILES or total > MAX_BYTES:
                    with contextlib.suppress(OSError):
                        path.unlink()

    def close(self) -> None:
        """Wait until all is written, within the limits of the folder."""
        if self._writer is not None:
            self._writer.submit(self._prune)
            self._writer.shutdown()
            self._writer = None


def _write(path: Path, pixels: Pixels) -> None:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=QUALITY, subsampling=0)
    with contextlib.suppress(CaptureError, OSError):
        make_folder(path.parent)
        write_atomic(path, stream.getvalue(), overwrite=True)
