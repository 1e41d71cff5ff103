"""Videos: every frame, its colours and its time, decoded again; and no half file."""

import dataclasses
import gc
import io
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.reformatter import Interpolation
from numpy.typing import NDArray
from PIL import Image, ImageSequence

from cppn_gl.output import animated, video, video_formats
from cppn_gl.output.films import Film, rate
from cppn_gl.output.libav import MP4, WEBM
from cppn_gl.output.renderer import Renderer
from cppn_gl.output.sequence import Sequence
from cppn_gl.output.video import VideoWriter, write_video
from cppn_gl.output.video_formats import FORMATS, check_video, video_format
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot, read_shot
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import CaptureError

LOOP = Preset(name="round", title="Round × round").replace(
    depth=3, width=6, inputs=["x", "y", "cos_t", "sin_t"], seed=5, extent=1.5, loop=0.5
)
FILM = Sequence(LOOP, 12, 24, (64, 36))
NAMES = [f"a{row.suffixes[0]}" for row in FORMATS]
BY_PYAV = ["a.mp4", "a.webm"]

ACCURATE = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT

Frames = list[NDArray[np.uint8]]


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer("numpy") as opened:
        yield opened


@pytest.fixture(scope="module")
def drawn(renderer: Renderer) -> Frames:
    return [renderer.render(LOOP, FILM.size, k / FILM.fps) for k in range(FILM.frames + 1)]


def decoded(path: Path) -> tuple[Frames, list[float]]:
    """The frames of a file and their times in seconds, by a decoder that is not ours.

    libavcodec's, or Pillow's for GIF and WebP.
    """
    if path.suffix in (".gif", ".webp"):
        frames, times, now = [], [], 0
        with Image.open(path) as opened:
            assert opened.info["loop"] == 0  # forever
            for frame in ImageSequence.Iterator(opened):
                frames.append(np.asarray(frame.convert("RGB")))
                times.append(now / 1000)
                now += frame.info["duration"]
        return frames, [*times, now / 1000]
    with av.open(str(path)) as opened:
        found = [(rgb(frame), frame.time) for frame in opened.decode(video=0)]
        frames, times = [pixels for pixels, _ in found], [time for _, time in found]
        return frames, [*times, float(opened.duration) / av.time_base]


def rgb(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """The colours of a frame, rounded correctly."""
    return frame.reformat(format="rgb24", interpolation=ACCURATE).to_ndarray()


def error(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """The mean difference, in levels of 255."""
    return float(np.abs(a.astype(int) - b).mean())


@pytest.mark.parametrize("name", NAMES)
def test_a_video_has_every_frame_at_its_time_and_can_be_repeated(
    tmp_path: Path, renderer: Renderer, drawn: Frames, name: str
) -> None:
    counted: list[tuple[int, int]] = []
    path = tmp_path / name
    write_video(renderer, FILM, path, progress=lambda *now: counted.append(now))
    assert counted == [(k + 1, 12) for k in range(12)]
    frames, times = decoded(path)
    unit = {"a.gif": 0.01, "a.mp4": 0.0001}.get(name, 0.001)
    assert times == pytest.approx([k / 24 for k in range(13)], abs=0.6 * unit)
    errors = np.array([[error(a, b) for b in drawn[:12]] for a in frames])
    assert errors.argmin(axis=1).tolist() == list(range(12))
    assert error(drawn[0], drawn[12]) == 0  # the next frame would be the first
    assert error(drawn[0], drawn[11]) > 1
    again = tmp_path / f"again{path.suffix}"
    write_video(renderer, FILM, again)
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_a_video_remembers_its_preset(tmp_path: Path, name: str) -> None:
    shot = Shot(LOOP.replace(title='"×" \\ ü'), (8, 6), samples=2, engine="numpy")
    with VideoWriter(tmp_path / name, shot, 10) as writer:
        assert writer.submit(np.zeros((6, 8, 3), np.uint8))
    assert read_shot(tmp_path / name) == shot
    assert not list(tmp_path.glob(".*"))


# Colours


@pytest.mark.parametrize(("name", "most"), [("a.mp4", 1.0), ("a.webm", 1.0), ("a.webp", 1.5)])
@pytest.mark.parametrize("preset", ["neylon-01", "walk"])
def test_the_colours_are_those_of_the_picture(
    tmp_path: Path, renderer: Renderer, name: str, most: float, preset: str
) -> None:
    shot = Shot(load_preset(preset), (320, 180))
    pixels = renderer.render(shot.preset, shot.size)
    with VideoWriter(tmp_path / name, shot, 10) as writer:
        writer.submit(pixels)
    [frame], _ = decoded(tmp_path / name)
    assert error(frame, pixels) < most
    assert np.abs(frame.mean((0, 1)) - pixels.mean((0, 1))).max() < 0.5  # no shift of a channel
    if name in BY_PYAV:  # also as most programs convert it, which round less well
        with av.open(str(tmp_path / name)) as opened:
            assert error(next(opened.decode(video=0)).to_ndarray(format="rgb24"), pixels) < 2


def test_one_color_stays_what_it_is(tmp_path: Path) -> None:
    for color in [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (9, 90, 200)]:
        pixels = np.full((16, 16, 3), color, np.uint8)
        with VideoWriter(tmp_path / "a.mp4", Shot(LOOP, (16, 16)), 10, overwrite=True) as writer:
            writer.submit(pixels)
        [frame], _ = decoded(tmp_path / "a.mp4")
        assert np.abs(frame.astype(int) - pixels).max() <= 3


@pytest.mark.parametrize("name", BY_PYAV)
def test_a_video_says_how_its_colors_are_coded(
    tmp_path: Path, renderer: Renderer, name: str
) -> None:
    write_video(renderer, FILM, tmp_path / name)
    with av.open(str(tmp_path / name)) as opened:
        stream = opened.streams.video[0]
        context = stream.codec_context
        next(opened.decode(video=0))
        assert (context.pix_fmt, context.color_range) == ("yuv420p", 1)  # limited
        assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)
        assert stream.average_rate == 24
        assert opened.metadata["title"] == LOOP.title


def test_an_mp4_has_its_index_in_front(tmp_path: Path, renderer: Renderer) -> None:
    write_video(renderer, FILM, tmp_path / "a.mp4")
    data = (tmp_path / "a.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_transparent_is_shown_over_black(tmp_path: Path, name: str) -> None:
    pixels = np.full((16, 16, 4), (200, 100, 50, 255), np.uint8)
    pixels[:, 8:, 3] = 51  # a fifth
    with VideoWriter(tmp_path / name, Shot(LOOP, (16, 16)), 10) as writer:
        writer.submit(pixels)
    frame = decoded(tmp_path / name)[0][0].astype(int)
    assert np.abs(frame[8, 2] - (200, 100, 50)).max() <= 4
    assert np.abs(frame[8, 13] - (40, 20, 10)).max() <= 4


def test_a_gif_has_palettes_for_as_many_frames_as_are_held(
    tmp_path: Path, renderer: Renderer, drawn: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {}
    for held in (2**28, 3 * drawn[0].nbytes):
        monkeypatch.setattr(animated, "HELD", held)
        write_video(renderer, FILM, tmp_path / "a.gif", overwrite=True)
        frames, _ = decoded(tmp_path / "a.gif")
        assert len(frames) == 12
        sizes[held] = np.mean([error(a, b) for a, b in zip(frames, drawn, strict=False)])
        assert len(np.unique(frames[0].reshape(-1, 3), axis=0)) <= 256
    assert list(sizes.values())[1] <= next(iter(sizes.values())) < 6


def test_a_better_quality_is_nearer_and_larger(tmp_path: Path, renderer: Renderer) -> None:
    shot = Shot(load_preset("neylon-27"), (64, 36))
    pixels = renderer.render(shot.preset, shot.size)
    for name, worse, better in (("a.mp4", 40, 1), ("a.webm", 60, 1), ("a.webp", 5, 99)):
        found = []
        for quality in (worse, better):
            path = tmp_path / f"{quality}{name}"
            with VideoWriter(path, shot, 10, quality=quality) as writer:
                writer.submit(pixels)
            found.append((error(decoded(path)[0][0], pixels), path.stat().st_size))
        assert found[0][0] > found[1][0]
        assert found[0][1] < found[1][1]
    with VideoWriter(tmp_path / "a.webp", shot, 10, quality=100) as writer:
        writer.submit(pixels)
    assert np.array_equal(decoded(tmp_path / "a.webp")[0][0], pixels)


# What cannot be


@pytest.mark.parametrize(
    ("name", "size", "fps", "words"),
    [
        (
            "a.mp4",
            (641, 361),
            30,
            "size: 641x361 has an odd side; MP4 needs an even width and height: the near",
        ),
        ("a.webm", (1, 1), 30, "the nearest is 2x2"),
        ("a.mp4", (16386, 2), 30, "the limit of MP4 is 16384 pixels a side"),
        ("a.webm", (8192, 8192), 30, "35651584 pixels"),
        ("a.gif", (65536, 1), 20, "the limit of GIF is 65535 pixels a side"),
        ("a.webp", (16384, 1), 20, "the limit of WebP is 16383 pixels a side"),
        ("a.gif", (4, 4), 60, "fps: 60 is too many for GIF: at most 50"),
        ("a.gif", (4, 4), 0.001, "fps: 0.001 is too few for GIF: at least 0.0017"),
        ("a.webp", (4, 4), 120, "fps: 120 is too many for WebP: at most 90"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(
    tmp_path: Path, name: str, size: tuple[int, int], fps: float, words: str
) -> None:
    with pytest.raises(PresetError, match=words):
        check_video(tmp_path / name, size, fps)


@pytest.mark.parametrize("name", ["a.avi", "a", "a.mp4.png"])
def test_another_suffix_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CaptureError, match=r"expected FILE\.mp4, FILE\.webm, FILE\.gif or FILE\.w"):
        check_video(tmp_path / name, (4, 4), 20)


def test_upper_case_is_the_same_format() -> None:
    assert video_format(Path("A.MP4")) is MP4


@pytest.mark.parametrize(
    ("fps", "exact"), [(29.97, Fraction(2997, 100)), (0.001, Fraction(1, 1000))]
)
def test_the_rate_is_exact(fps: float, exact: Fraction) -> None:
    assert rate(fps) == exact
    assert rate(24000 / 1001) == Fraction(24000, 1001)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fps", [0.01, 23.976, 50])
def test_any_rate_is_kept(tmp_path: Path, name: str, fps: float) -> None:
    with VideoWriter(tmp_path / name, Shot(LOOP, (16, 16)), fps) as writer:
        for k in range(5):
            while not writer.submit(np.full((16, 16, 3), 50 * k, np.uint8), wait=1):
                pass
    times = decoded(tmp_path / name)[1]
    assert times[:5] == pytest.approx([k / fps for k in range(5)], abs=0.006)


def test_gif_and_webp_need_no_pyav(
    tmp_path: Path, renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    for name in ("a.gif", "a.webp"):
        write_video(renderer, FILM, tmp_path / name)
    with pytest.raises(PresetError, match=r"MP4 needs the library av, of the extra video: python"):
        write_video(renderer, FILM, tmp_path / "a.mp4")
    assert {path.name for path in tmp_path.iterdir()} == {"a.gif", "a.webp"}


@pytest.mark.parametrize("row", [MP4, WEBM])
def test_the_encoders_own_words_are_passed_on(
    tmp_path: Path, renderer: Renderer, monkeypatch: pytest.MonkeyPatch, row: Any
) -> None:
    wrong = {"preset": "nonsense", "cpu-used": "9999"}
    bad = dataclasses.replace(row, options=lambda crf: wrong)
    monkeypatch.setattr(video_formats, "FORMATS", [bad])
    with pytest.raises(CaptureError) as caught:
        write_video(renderer, FILM, tmp_path / f"a{row.suffixes[0]}")
    assert "nonsense" in str(caught.value) or "9999" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert not list(tmp_path.iterdir())


class Failing(io.RawIOBase):
    """A disk that is full after `room` bytes."""

    room = 0

    def write(self, data: Any) -> int:
        self.room -= len(data)
        if self.room < 0:
            raise OSError(28, "No space left on device")
        return len(data)


@pytest.mark.parametrize("room", [0, 1000])
@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_leaves_nothing(
    tmp_path: Path,
    renderer: Renderer,
    name: str,
    room: int,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    opened = video.writing

    def full(path: Path, *, overwrite: bool) -> Any:
        return _Full(opened(path, overwrite=overwrite))

    monkeypatch.setattr(Failing, "room", room)

    monkeypatch.setattr(video, "writing", full)
    with pytest.raises(CaptureError, match="disk is full"):
        write_video(renderer, FILM, tmp_path / name)
    gc.collect()  # a container that was not closed writes once more
    assert capfd.readouterr().err == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("row", [MP4, WEBM])
def test_a_full_disk_is_told_once(
    row: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Also if the libraries write again after the first error: a large frame, the end."""
    monkeypatch.setattr(Failing, "room", 20_000)
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    disk: Any = Failing()
    (tmp_path / "a").touch()
    disk.name, disk.seek, disk.tell = str(tmp_path / "a"), lambda *place: 0, int
    film = Film(Shot(LOOP, (256, 256)), rate(24), 1)

    def encode() -> None:
        encoder = row.begin(disk, film)
        for _ in range(40):
            encoder.add(noise)
        encoder.finish()

    with pytest.raises(OSError, match="No space left"):
        encode()
    gc.collect()  # a container that is not closed writes once more
    assert capfd.readouterr().err == ""


class _Full:
    """A file on a full disk."""

    def __init__(self, inner: Any):
        self._inner = inner

    def __enter__(self) -> Any:
        stream = self._inner.__enter__()
        failing: Any = Failing()
        failing.name = stream.name
        failing.seek, failing.tell = stream.seek, stream.tell
        failing.writable = failing.seekable = lambda: True
        return failing

    def __exit__(self, *error: Any) -> Any:
        return self._inner.__exit__(*error)


@pytest.mark.parametrize("name", NAMES)
def test_a_stopped_video_leaves_nothing(tmp_path: Path, renderer: Renderer, name: str) -> None:
    def stop(done: int, frames: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_video(renderer, FILM, tmp_path / name, progress=stop)
    assert not list(tmp_path.iterdir())


def test_a_file_that_exists_is_kept(tmp_path: Path, renderer: Renderer) -> None:
    (tmp_path / "a.gif").write_bytes(b"mine")
    with pytest.raises(CaptureError, match="already exists"):
        write_video(renderer, FILM, tmp_path / "a.gif")
    assert (tmp_path / "a.gif").read_bytes() == b"mine"
    write_video(renderer, FILM, tmp_path / "a.gif", overwrite=True)
    assert len(decoded(tmp_path / "a.gif")[0]) == 12


def test_no_frames_are_no_video(tmp_path: Path) -> None:
    with (
        pytest.raises(CaptureError, match="no frames"),
        VideoWriter(tmp_path / "a.gif", Shot(LOOP, (8, 8)), 10),
    ):
        pass
    assert not list(tmp_path.iterdir())
