"""Draws the pictures of the gallery: stills, films, and stills 3840 pixels wide.

    Picture, kind -> Job -> a process each core -> Renderer -> JPEG or WebP, with a stamp

A file that is there is kept if its stamp says that the same code would draw the same: so an
interrupted run goes on where it stopped.

Qualities, measured on frames and pictures of these presets, decoded again:
- Stills are JPEG with colour at full resolution (4:4:4), since WebP halves it: QUALITY.
- Curves are lines and words on flat ground: lossless WebP, smaller than their JPEG.
- Films are WebP of key frames only. A film gets the best of FILM_QUALITIES that fits FILM_LIMIT:
  40 to 46 dB at 84, with errors across the lines between blocks as small as elsewhere (under one
  level), so that no blocks show. Lower ones add a step of their own from frame to frame: 1.5
  levels at 72. AVIF would be smaller, but not every page that shows this repository shows it.
- Pictures 3840 pixels wide are WebP, FULL_QUALITY: in JPEG or losslessly all would be over 30 MB.
"""

import contextlib
import hashlib
import io
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import films
import numpy as np
from PIL import Image

from cppn_gl.cli.commands import COMMANDS
from cppn_gl.cli.shots import shot_of
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.sheet import cells
from cppn_gl.preset.show import SurfaceOptions
from cppn_gl.preset.training_film import training_film
from cppn_gl.utils.alpha import on_checks
from cppn_gl.utils.files import write_atomic
from cppn_gl.utils.threads import VARIABLE
from cppn_gl.views.sheet_layout import natural_size

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "gallery"
STILLS, FULLS = "gallery", "gallery/4k"  # below docs/, as the page links to them

SAMPLES = "auto"  # of stills: more where a picture is steep
FILM_SAMPLES = 2  # the same in all frames, so that nothing flickers
WIDE, FULL = 1200, 3840  # widths in pixels
TALLEST = 1500  # height in pixels of a still sheet
QUALITY, FULL_QUALITY = 88, 88
FILM_QUALITIES = (84, 80, 76, 72, 68, 64)  # the first that fits a film's limit of bytes
FEWEST, MOST = 120, 240  # frames of a film
ALIKE = 0.6  # of a film's frames, at least, are seen to differ from those before
LEVELS = 3.0  # a film has as many frames as make its mean step this large, within these bounds
PROBE = 160  # width in pixels of the frames that moments are found by
DRIFT = 16.0  # seconds shown of an animation without an end, forward and back
TRAINING = 10.0  # seconds of the preset whose time is that of a training
TRAINING_BOUND = 24.0  # levels: the largest step of a training's film, which jumps by nature

PROCESSES = 8  # at most: each holds a picture of 3840 pixels
EVERY = 30  # seconds from one line of progress to the next

LOSSLESS = ("curves",)  # views
SIZES = {
    "layers": (1200, 610),
    "units": (1200, 750),
    "signal": (1200, 750),
    "curves": (1000, 625),
}
OTHERS = (1200, 750)
PANELS = (1200, 500)  # several curves or surfaces side by side
OWN = {  # presets with the proportions of their text, or that take long to draw
    "neylon-wide": (1200, 450),
    "three-planes": (1200, 750),
    "neylon-27": (1000, 1000),
    "neylon-40": (1000, 1000),
    "wide-400-zoom": (960, 960),
    "scale-animated": (280, 280),  # noise at its end, which no codec makes small
}
FILM, FILM_WIDE = (640, 400), 640
TRAINING_FILM = (480, 300)  # all of it changes, and more from frame to frame
OPENING = "breathing"  # the preset of the README's moving picture
OPENING_SIZE, OPENING_FRAMES = (800, 450), 300
STILL = ("boundary-zoom",)  # a film of a fractal takes hours, and every frame is new
FILM_LIMIT = 4_600_000  # bytes
FILM_LIMITS = {OPENING: 6_000_000, "scale-animated": 5_500_000}
_KINDS = [
    "deep",
    "deepest",
    "linear",
    "minibatch",
    "momentum",
    "one-datum",
    "relu",
    "scale",
    "tanh",
    "zoom",
]
_TRAININGS = [f"boundary-{of}" for of in _KINDS]  # a training for each pixel
FULL_OWN = dict.fromkeys(["wide-400-zoom", *_TRAININGS], 1920)  # widths of those that take long
# N×N samples, of the still and of the large file: "auto" takes ten minutes and more for these.
OWN_SAMPLES = {"wide-400-zoom": (2, 1), "width-sheet": (2, 2)}
OWN_SAMPLES |= dict.fromkeys(_TRAININGS, (2, 1))


class GalleryError(Exception):
    """A one-line reason why the presets do not make a complete gallery."""


@dataclass(frozen=True)
class Picture:
    """A picture of the gallery: `words`, of the command line, describe its preset.

    name: of its file, without the suffix.
    """

    name: str
    words: tuple[str, ...]

    @property
    def preset(self) -> Preset:
        """The preset; of one that trains when it is opened, its training as an animation."""
        preset = preset_of(self.words)
        if preset.name in STILL:
            preset = preset.replace(**{"animate.view.extent": []})
        train = preset.train
        trains = preset.learns and train.steps and not preset.moves and not train.checkpoint
        if preset.show.view == "loss_landscape":  # whose plane jumps from step to step
            trains = False
        return training_film(preset, TRAINING) if trains else preset

    @property
    def command(self) -> str:
        return " ".join(("python -m cppn_gl", *self.words))

    @property
    def file(self) -> str:
        """The name of its file in docs/gallery/."""
        preset = self.preset
        webp = preset.animated or preset.show.view in LOSSLESS
        return f"{self.name}.{'webp' if webp else 'jpg'}"

    @property
    def size(self) -> tuple[int, int]:
        """In pixels."""
        return picture_size(self.name, self.preset)

    @property
    def full_size(self) -> tuple[int, int]:
        """The size of the large file, in pixels."""
        width, height = self.size
        wide = FULL_OWN.get(self.name, FULL)
        return wide, round(wide * height / width)


@cache
def preset_of(words: tuple[str, ...]) -> Preset:
    """The preset that words of the command line describe."""
    return shot_of(COMMANDS["view"].parser("view").parse(list(words))).preset


def picture_size(name: str, preset: Preset) -> tuple[int, int]:
    """The size of a still or a film in pixels."""
    view = preset.show.view
    if name in OWN:
        return OWN[name]
    if view == "sheet":
        width, height = natural_size(preset, cells(preset))
        if preset.animated:
            return FILM_WIDE, round(FILM_WIDE * height / width)
        scale = min(WIDE / width, TALLEST / height)
        return round(width * scale), round(height * scale)
    if name == OPENING:
        return OPENING_SIZE
    if preset.animated:
        return TRAINING_FILM if "train.steps" in preset.animate.table else FILM
    panels = preset.options(SurfaceOptions).panels
    several = preset.spec.depth > 1 if view == "curves" else panels != "one"
    return PANELS if several and view in ("curves", "surface") else SIZES.get(view, OTHERS)


# --- Films ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Course:
    """How a film goes through a preset's time: `start` to `end` in seconds.

    back: and back again, slowing down at both ends; if not, the picture of the end is the first.
    faster: how many times as fast it comes back.
    """

    start: float
    end: float
    back: bool
    faster: int = 1

    def time(self, moment: float) -> float:
        """The time in seconds of a moment, 0 to 1."""
        return self.start + moment * (self.end - self.start)


def course_of(preset: Preset) -> Course:
    """The course of a film of a preset. A bounce, or sin_t alone, goes there and back.

    A training goes back, too, but faster: it is no training then.
    """
    animation = preset.animation
    clocks = {"t", "cos_t", "sin_t"} & set(preset.spec.inputs)
    if "train.steps" in preset.animate.table:
        return Course(0.0, animation.seconds, back=True, faster=2)
    if preset.moves:
        return Course(0.0, animation.seconds, animation.ending != "loop")
    if "t" in clocks:
        return Course(0.0, DRIFT, True)
    if clocks == {"sin_t"}:
        return Course(-animation.loop / 4, animation.loop / 4, True)
    return Course(0.0, animation.loop, False)


def film_frames(
    renderer: Any, preset: Preset, size: tuple[int, int], count: int = 0
) -> list[films.Frame]:
    """The frames of a seamless film with even steps: `count`, or as many as its changes need."""
    course = course_of(preset)
    probe = PROBE, round(PROBE * size[1] / size[0])

    def draw(moment: float, size: tuple[int, int] = probe) -> films.Frame:
        pixels = renderer.render(preset, size, course.time(moment), samples=FILM_SAMPLES)
        return on_checks(pixels)

    def places(count: int) -> list[float]:
        if course.back:
            return films.ramped(count * course.faster // (1 + course.faster))
        return [k / count for k in range(count + 1)]

    moments, levels = films.even_moments(draw, places(count or FEWEST))
    if not count:
        levels *= 1 + course.back / course.faster
        count = 2 * round(min(max(levels / LEVELS, FEWEST), MOST) / 2)
        known = np.linspace(0, 1, len(moments))
        guess = np.interp(np.linspace(0, 1, len(places(count))), known, moments)
        moments, _ = films.even_moments(draw, places(count), list(guess))
    there = [draw(moment, size) for moment in moments]
    return there + there[-2 : 0 : -course.faster] if course.back else there[:-1]


def film(renderer: Any, picture: Picture, stamp: bytes) -> tuple[bytes, str]:
    """A film, and its steps in words. Raises GalleryError if a step is too large."""
    count = OPENING_FRAMES if picture.name == OPENING else 0
    frames = film_frames(renderer, picture.preset, picture.size, count)
    limit = FILM_LIMITS.get(picture.name, FILM_LIMIT)
    for quality in FILM_QUALITIES:
        found = films.encoded(frames, quality, stamp=stamp)
        if len(found) <= limit:
            break
    else:
        raise GalleryError(f"{picture.name}: {len(found)} bytes; the limit is {limit}")
    steps = films.measured(films.decoded(io.BytesIO(found)))
    bound = TRAINING_BOUND if "train.steps" in picture.preset.animate.table else films.BOUND
    # WebP makes one frame of two that hardly differ, as when a training has settled.
    if steps.largest >= bound or steps.frames < ALIKE * len(frames):
        raise GalleryError(f"{picture.name}: {steps}; the bound is {bound:g}")
    return found, f"quality {quality}, {steps}"


# --- Stills ---------------------------------------------------------------------------------------


def still(renderer: Any, picture: Picture, stamp: bytes) -> tuple[bytes, str]:
    """A still picture, and no words. With alpha, over a checkerboard; the large file keeps it."""
    samples, _ = OWN_SAMPLES.get(picture.name, (SAMPLES, SAMPLES))
    pixels = on_checks(renderer.render(picture.preset, picture.size, samples=samples))
    image = Image.fromarray(pixels)
    if picture.preset.show.view in LOSSLESS:
        return _webp(image, stamp, lossless=True), ""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY, subsampling=0, optimize=True, comment=stamp)
    return file.getvalue(), ""


def full(renderer: Any, picture: Picture, stamp: bytes) -> tuple[bytes, str]:
    """The large file of a picture, and no words."""
    _, samples = OWN_SAMPLES.get(picture.name, (SAMPLES, SAMPLES))
    pixels = renderer.render(picture.preset, picture.full_size, samples=samples)
    if picture.preset.show.view in LOSSLESS:
        return _webp(Image.fromarray(pixels), stamp, lossless=True), ""
    return _webp(Image.fromarray(pixels), stamp, quality=FULL_QUALITY), ""


def _webp(image: Image.Image, stamp: bytes, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, "WEBP", method=5, xmp=stamp, **options)
    return file.getvalue()


# --- Files ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Job:
    """A file to be drawn. kind: of KINDS."""

    kind: str
    picture: Picture
    folder: Path = FOLDER

    @property
    def size(self) -> tuple[int, int]:
        return self.picture.full_size if self.kind == "full" else self.picture.size

    @property
    def path(self) -> Path:
        if self.kind == "full":
            return self.folder / "4k" / f"{self.picture.name}.webp"
        return self.folder / self.picture.file

    @property
    def cost(self) -> float:
        """A guess at how long it takes, by which the longest are begun first."""
        width, height = self.size
        spec = self.picture.preset.spec
        frames = MOST if self.kind == "film" else 1
        return width * height * frames * spec.depth * (20 + getattr(spec, "width", 0)) ** 2

    @property
    def stamp(self) -> bytes:
        """What the file is drawn from: the code, the preset, the size. Stored in the file."""
        said = f"{self.kind} {self.size} {self.picture.preset.to_toml()}"
        return f"cppn_gl {hashlib.sha256(code() + said.encode()).hexdigest()}".encode()

    @property
    def current(self) -> bool:
        """Whether the file is there, as it would be drawn now."""
        if not self.path.exists():
            return False
        with contextlib.suppress(OSError), Image.open(self.path) as image:
            return self.stamp in (image.info.get("comment"), image.info.get("xmp"))
        return False


KINDS: dict[str, Callable[[Any, Picture, bytes], tuple[bytes, str]]] = {
    "still": still,
    "film": film,
    "full": full,
}


@cache
def code() -> bytes:
    """The digest of everything that makes the pixels: the package without window, and this tool."""
    package = ROOT / "cppn_gl"
    rooms = ("utils", "nn", "preset", "engines", "views", "output")
    paths = [path for room in rooms for path in (package / room).rglob("*.py")]
    paths += [*(ROOT / "shaders").glob("*"), *(ROOT / "native").glob("*.[ch]")]
    paths += [Path(__file__), Path(films.__file__)]
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.read_bytes())
    return digest.digest()


def draw(job: Job) -> tuple[Job, int, float, str]:
    """Draw a file, in a process of the pool: its bytes, seconds, and words about it."""
    start = time.perf_counter()
    found, words = KINDS[job.kind](_renderer(), job.picture, job.stamp)
    job.path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(job.path, found, overwrite=True)
    return job, len(found), time.perf_counter() - start, words


@cache
def _renderer() -> Any:
    from cppn_gl.output.renderer import Renderer

    return Renderer()


def _begin(threads: int) -> None:
    """Begin a process of the pool, which the first one ends when it is interrupted."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ |= {VARIABLE: str(threads), "LP_NUM_THREADS": str(threads)}


def draw_all(jobs: Sequence[Job], *, again: bool = False, processes: int = 0) -> list[str]:
    """Draw the files that are not current, or all if `again`; the problems, a line each.

    `processes`: of one thread each, by default one for each core, since views, text and encoding
    use one core only.
    """
    jobs = sorted(jobs, key=lambda job: -job.cost)
    todo = [job for job in jobs if again or not job.current]
    if len(todo) < len(jobs):
        print(f"{len(jobs) - len(todo)} files are there already", file=sys.stderr)
    processes = min(processes or os.cpu_count() or 1, PROCESSES, len(todo) or 1)
    problems: list[str] = []
    start, done = time.perf_counter(), 0
    threads = max(1, (os.cpu_count() or 1) // processes)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _begin, (threads,)) as pool:
        open_ = {pool.submit(draw, job) for job in todo}
        try:
            while open_:
                finished, open_ = wait(open_, EVERY, FIRST_COMPLETED)
                done += len(finished)
                lines = [_result(future, problems) for future in finished]
                for line in lines or [f"drawing, {time.perf_counter() - start:.0f} s so far"]:
                    print(f"{done}/{len(todo)} {line}", file=sys.stderr, flush=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise
    return problems


def _result(future: Future[Any], problems: list[str]) -> str:
    """A line about a job that is done, or its problem, which is added."""
    try:
        return _line(*future.result())
    except GalleryError as error:
        problems.append(str(error))
        return str(error)


def _line(job: Job, size: int, seconds: float, words: str) -> str:
    width, height = job.size
    name = job.path.relative_to(job.folder)
    said = f"{name}: {width} × {height}, {size // 1000} kB, {seconds:.1f} s"
    return f"{said}; {words}" if words else said


def forget(known: Sequence[Job]) -> None:
    """Delete pictures that are not of these jobs."""
    paths = {job.path for job in known}
    for folder in {path.parent for path in paths}:
        for path in folder.glob("*.*"):
            if path not in paths and path.is_file():
                path.unlink()
