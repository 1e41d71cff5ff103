"""Films of what is shown: what can be chosen, and the process that makes one.

Wishes -> Filming.estimate() -> film_process.py -> seconds
       -> Filming.start()    ->                 -> frames done, then a file or a problem

Nothing here blocks. One film is made at a time.
"""

import contextlib
import glob
import threading
from dataclasses import dataclass
from pathlib import Path

from cppn_gl.output.films import VideoFormat, rate
from cppn_gl.output.sequence import FPS, FRAMES
from cppn_gl.output.video_formats import FORMATS, check_video
from cppn_gl.preset.network_file import packed
from cppn_gl.preset.shot import SIZE, Shot
from cppn_gl.utils.arrays import Samples, Size
from cppn_gl.utils.checks import PresetError, checked
from cppn_gl.utils.files import PART, CaptureError, check_target, free_name
from cppn_gl.utils.worker import DiedError, Worker

MODULE = "cppn_gl.viewer.film_process"
ANY = 64, 64  # a size that every format can have
CLOSING_SECONDS = 2.0  # for the process to end


def missing() -> str:
    """Why some formats cannot be written here, in one line; "" if all can."""
    for one in FORMATS:
        try:
            one.check(ANY, rate(one.fps))
        except PresetError as error:  # a library is missing
            return str(error)
    return ""


def formats() -> list[VideoFormat]:
    """The formats that can be written here."""
    found = []
    for one in FORMATS:
        with contextlib.suppress(PresetError):
            one.check(ANY, rate(one.fps))
            found.append(one)
    return found


def duration(seconds: float) -> str:
    """A time as a person reads it: "12 s", "3 min 20 s", "34 min", "1 h 5 min"."""
    whole = max(1, round(seconds))
    if whole >= 600:
        whole = 60 * round(whole / 60)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    return f"{whole // 3600} h" + (f" {minutes} min" if (minutes := whole % 3600 // 60) else "")


@dataclass(frozen=True)
class Wishes:
    """What is chosen of a film.

    quality: in the format's measure; None if it has none. training: from step 0 to the step shown.
    """

    format: VideoFormat
    size: Size
    seconds: float
    fps: float
    samples: Samples = 1
    quality: int | None = None
    training: bool = False

    @property
    def frames(self) -> int:
        return max(1, round(self.seconds * self.fps))

    @property
    def suffix(self) -> str:
        return self.format.suffixes[0]

    def problem(self, folder: Path) -> str:
        """Why there can be no such film, in one line; "" if there can."""
        try:
            checked(FPS, self.fps, "frames a second")
            checked(FRAMES, self.frames, "frames")
            checked(SIZE, self.size, "size")
            check_video(folder / f"film{self.suffix}", self.size, self.fps, overwrite=True)
        except PresetError as error:
            return str(error)
        except CaptureError as error:
            return error.problem
        return ""


@dataclass
class Job:
    """A film that is being made. since: when its first frame was done, by the monotonic clock."""

    number: int
    path: Path
    frames: int
    done: int = 0
    since: float = 0.0
    at: float = 0.0  # when the last frame was done

    @property
    def left(self) -> float | None:
        """Seconds until it is finished; None while that is unknown."""
        if self.done < 2 or self.at <= self.since:
            return None
        return (self.at - self.since) / (self.done - 1) * (self.frames - self.done)

    @property
    def words(self) -> str:
        """How far it is: "34 %, 12 s left"."""
        if self.done == self.frames:
            return "finishing"
        left = "" if self.left is None else f", {duration(self.left)} left"
        return f"{100 * self.done // self.frames} %{left}"


class Filming:
    """Makes films one at a time. `version` increases with every change.

    seconds: estimated to draw one frame of `of`, what was asked last; None until it is known.
    saved: the last film. problem: why there is none, or no estimate, in one line.
    """

    def __init__(self, engine: str):
        self._engine = engine
        self._worker: Worker | None = None
        self._number = 0
        self._ending: list[threading.Thread] = []
        self.job: Job | None = None
        self.saved: Path | None = None
        self.problem = ""
        self.of: object = None
        self.seconds: float | None = None
        self.version = 0

    @property
    def busy(self) -> bool:
        """Whether a film is being made."""
        return self.job is not None

    def estimate(self, shot: Shot) -> None:
        """Find out how long one frame takes, unless a film is being made."""
        key = shot.preset, shot.size, shot.samples
        if not self.busy and key != self.of:
            self.of, self.seconds = key, None
            self._ask(shot, wants="estimate")

    def start(self, shot: Shot, wishes: Wishes, folder: Path) -> None:
        """Begin a film of a shot, as wished. Raises CaptureError if it cannot be saved there."""
        path = free_name(folder, shot.preset.name, wishes.suffix)
        check_target(path, overwrite=False)
        if self.of is not None and self.seconds is None:  # an estimate is still being made
            self.stop()
        self.problem, self.saved = "", None
        wanted = {"frames": wishes.frames, "fps": wishes.fps, "quality": wishes.quality}
        if self._ask(shot, wants="film", path=str(path.resolve()), **wanted):
            self.job = Job(self._number, path, wishes.frames)

    def _ask(self, shot: Shot, **wanted: object) -> bool:
        """Send a request to the process, which is started for it; whether there is one."""
        self.version += 1
        try:
            self._worker = self._worker or Worker(MODULE, low=True)
        except (OSError, ValueError) as error:
            self.problem = f"no process can be started: {error}"
            return False
        self._number += 1
        about = {"number": self._number, "engine": self._engine, "name": shot.preset.name}
        size = {"size": shot.size, "samples": shot.samples}
        self._worker.send({**about, **size, **packed(shot.preset, local=True), **wanted})
        return True

    def turn(self, now: float) -> Path | None:
        """Take what the process tells; the path of a film that is finished now."""
        finished = None
        try:
            for answer in self._worker.answers() if self._worker else ():
                if answer["number"] != self._number:
                    continue
                self.version += 1
                if "seconds" in answer:
                    self.seconds = answer["seconds"]
                elif "problem" in answer:
                    self.job, self.problem = None, answer["problem"]
                elif self.job is not None and "done" in answer:
                    self.job.since = self.job.since or now
                    self.job.done, self.job.at = answer["done"], now
                elif self.job is not None and "saved" in answer:
                    finished = self.saved = self.job.path
                    self.job = None
        except DiedError as error:
            self.stop()
            self.problem = str(error)
        return finished

    def stop(self) -> None:
        """End the process, and drop a film that is not finished: no part of it is left."""
        worker, self._worker = self._worker, None
        job, self.job, self.of = self.job, None, None
        self.version += 1
        if worker is None:
            return

        def end() -> None:  # a process of some size takes a while to end
            worker.close()
            if job is not None:
                _remove_part(job.path, worker.pid)

        thread = threading.Thread(target=end, name="cppn_gl-filming")
        self._ending = [one for one in self._ending if one.is_alive()] + [thread]
        thread.start()

    def close(self) -> None:
        """End the process, and wait until nothing of an unfinished film is left."""
        self.stop()
        for thread in self._ending:
            thread.join(CLOSING_SECONDS)


def _remove_part(path: Path, pid: int) -> None:
    """Remove the temporary file of a process that was killed while it wrote a film."""
    for part in path.parent.glob(f".{glob.escape(path.name[:40])}.{pid}-*{PART}"):
        with contextlib.suppress(OSError):
            part.unlink()
