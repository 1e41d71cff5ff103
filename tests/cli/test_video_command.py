"""The command video, and raw frames on standard output, as a person meets them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from cppn_gl.cli.main import main
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.parsing import read_preset

ROOT = Path(__file__).parents[2]
TOML = """\
[network]
depth = 3
width = 6
inputs = ["x", "y", "cos_t", "sin_t"]
seed = 5
[animation]
loop = 0.5
"""
SMALL = ["--size", "16x10", "--engine", "numpy"]
VIDEO = ["video", "small.toml", *SMALL]
RAW = ["sequence", "small.toml", "-o", "-", "--frames", "3", "--fps", "20", *SMALL]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(TOML)
    (tmp_path / "still.toml").write_text(TOML.replace(', "cos_t", "sin_t"', ""))
    return tmp_path


def start(*words: str, **keys: Any) -> "subprocess.Popen[bytes]":
    """A process of its own."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | keys
    command = [sys.executable, "-m", "cppn_gl", *words]
    return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": path}, **pipes)


def counted(path: str) -> tuple[int, float]:
    """The frames of a video, and their rate."""
    with av.open(path) as opened:
        return sum(1 for _ in opened.decode(video=0)), float(opened.streams.video[0].average_rate)


def test_a_video_goes_on_from_the_frames_that_are_kept(run: Run, here: Path) -> None:
    command = [*VIDEO, "-o", "a.webp", "--quality", "100", "--keep-frames", "frames"]
    assert run(*command)[0] == 0
    whole = (here / "a.webp").read_bytes()
    frames = sorted((here / "frames").glob("*.png"))
    assert len(frames) == 15
    frames[3].unlink()  # as an interrupted run leaves it
    kept = {path: path.stat().st_mtime_ns for path in frames if path.exists()}
    (here / "a.webp").unlink()
    assert run(*command)[0] == 0
    assert (here / "a.webp").read_bytes() == whole
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert run(*VIDEO, "-o", "b.webp", "--quality", "100")[0] == 0
    assert (here / "b.webp").read_bytes() == whole
    status, _, err = run(*command, "--seed", "6")
    assert status == 2
    assert "frames" in err


def test_a_video_is_as_long_as_the_loop(run: Run) -> None:
    assert run(*VIDEO, "-o", "a.mp4") == (0, "a.mp4\n", "")
    assert counted("a.mp4") == (15, 30)
    assert run(*VIDEO, "-o", "a.gif") == (
        0,
        "a.gif\n",
        "cppn_gl: the picture returns after 0.5 s, not a whole number of frames\n",
    )
    assert Image.open("a.gif").n_frames == 12


def test_seconds_and_rate_can_be_chosen(run: Run) -> None:
    words = ["--seconds", "0.2", "--fps", "60", "--crf", "30"]
    assert run(*VIDEO, "-o", "a.webm", *words)[0] == 0
    assert counted("a.webm") == (12, 60)


@pytest.mark.parametrize(
    ("seconds", "jumps"), [("0.3", True), ("0.5", False), ("1.1", True), ("1.5", False)]
)
def test_a_film_of_no_whole_number_of_loops_is_said_to_jump(
    run: Run, seconds: str, jumps: bool
) -> None:
    said = f"the picture returns after 0.5 s: a film of {seconds} s jumps where it begins again"
    words = ["--seconds", seconds, "--fps", "20"]
    assert run(*VIDEO, "-o", "a.webp", *words)[2] == (f"cppn_gl: {said}\n" if jumps else "")


def test_raw_frames_of_a_preset_with_alpha_are_over_black_and_say_so(
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    assert main([*RAW, "--set", "network.outputs=4"]) == 0
    out, err = capsysbinary.readouterr()
    assert len(out) == 3 * 16 * 10 * 3
    assert err == b"cppn_gl: these frames hold no alpha: they are shown over black\n"


def test_a_preset_that_stands_still_is_said_to(run: Run) -> None:
    words = ["video", "still.toml", *SMALL, "-o", "a.gif", "--seconds", "0.1"]
    status, _, err = run(*words)
    assert (status, err) == (
        0,
        "cppn_gl: nothing in this preset depends on time: all frames are equal\n",
    )
    assert run(*words, "--quiet") == (0, "a.gif\n", "")


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.gif", "a.webp"])
def test_a_picture_is_drawn_again_from_a_video(run: Run, name: str) -> None:
    assert run(*VIDEO, "-o", name, "--seconds", "0.2", "--fps", "20")[0] == 0
    assert run("render", name, "-o", "b.png") == (0, "b.png\n", "")
    assert run("render", "small.toml", *SMALL, "-o", "c.png")[0] == 0
    assert Path("b.png").read_bytes() == Path("c.png").read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "video writes a file: expected -o FILE.mp4, FILE.webm, FILE.gif or FILE.webp"),
        (["-o", "-"], "video writes a file"),
        (["-o", "a.avi"], "not the name of a video"),
        (["-o", "a.mp4", "--time", "1"], "video has no --time"),
        (["-o", "a.mp4", "--crf", "0"], "--crf: 0 is not an integer from 1 to 51"),
        (["-o", "a.mp4", "--quality", "9"], "--quality: MP4 has --crf instead"),
        (["-o", "a.webp", "--crf", "9"], "--crf: WebP has --quality instead"),
        (["-o", "a.gif", "--crf", "9"], "--crf: GIF has no such choice"),
        (["-o", "a.mp4", "--size", "15x9"], "--size: 15x9 has an odd side"),
        (["-o", "a.gif", "--fps", "51"], "--fps: 51 is too many for GIF"),
        (["-o", "a.mp4", "--fps", "x"], "--fps: 'x'"),
        (["-o", "a.mp4", "--seconds", "0"], "--seconds: 0"),
        (["-o", "a.mp4", "--seconds", "9999"], "are 299970 frames; the limit is 100000"),
        (["-o", "no/a.mp4"], "the folder no does not exist"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    run: Run, here: Path, words: list[str], said: str
) -> None:
    status, out, err = run(*VIDEO, *words)
    assert (status, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1
    assert {path.name for path in here.iterdir()} == {"small.toml", "still.toml"}


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("name", ["a.mp4", "a.gif"])
def test_an_interrupted_video_leaves_nothing(here: Path, number: signal.Signals, name: str) -> None:
    process = start(*VIDEO, "-o", name, "--seconds", "600", "--size", "640x360")
    try:
        while not list(here.glob(".a.*.part")):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, out, err) == (128 + number, b"", b"")
    assert {path.name for path in here.iterdir()} == {"small.toml", "still.toml"}


# Raw frames


@pytest.mark.parametrize("bits", [8, 16])
def test_raw_frames_are_the_pixels_row_by_row(here: Path, bits: int) -> None:
    process = start(*RAW, "--bits", str(bits))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
    with Renderer("numpy") as renderer:
        preset, dtype = read_preset(here / "small.toml"), f"uint{bits}"
        drawn = [renderer.render(preset, (16, 10), k / 20, dtype=dtype) for k in range(3)]
    pixels = np.frombuffer(out, f"<u{bits // 8}").reshape(3, 10, 16, 3)
    assert np.array_equal(pixels, np.stack(drawn))


def test_a_closed_pipe_ends_quietly() -> None:
    reading, writing = os.pipe()
    process = start(*RAW, "--size", "640x360", stdout=writing)
    os.close(writing)
    assert len(os.read(reading, 100)) == 100
    os.close(reading)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
def test_a_terminal_gets_no_raw_frames() -> None:
    import pty

    ours, theirs = pty.openpty()
    process = start(*RAW, stdout=theirs)
    os.close(theirs)
    _, err = process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == 2
    assert b"standard output is a terminal" in err
